/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/request/codec_fixture.h"

static bool is_out(const char *text)
{
	return the.bytes == strlen(text) && memcmp(the.out, text, the.bytes) == 0;
}

static void test_requests(void)
{
	struct service_request r = codec_request(SERVICE_GET, "prices/last");

	codec_start_standard(&service_codec_text);
	CU_ASSERT_EQUAL(codec_encode(&r, 0x0123456789abcdef), SERVICE_ENCODED);
	CU_ASSERT_TRUE(is_out("GET 0123456789abcdef prices/last\n"));
	r = codec_request(SERVICE_PUT, "a");
	r.payload = (const uint8_t *)"one\ntwo";
	r.payload_bytes = 7;
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_ENCODED);
	CU_ASSERT_TRUE(is_out("PUT 0000000000000001 a\none\ntwo"));
	r = codec_request(SERVICE_POST, "");
	CU_ASSERT_EQUAL(codec_encode(&r, UINT64_MAX), SERVICE_ENCODED);
	CU_ASSERT_TRUE(is_out("POST ffffffffffffffff \n"));
	r = codec_request(SERVICE_DELETE, "a?b%20c");
	CU_ASSERT_EQUAL(codec_encode(&r, 2), SERVICE_ENCODED);
	CU_ASSERT_TRUE(is_out("DELETE 0000000000000002 a?b%20c\n"));
}

static void test_what_cannot_be_said(void)
{
	static const char *const bad[] = {"with blank", "two\nlines", "tab\t", "\x7f", "\xc3\xbc"};
	struct service_request r;

	codec_start_standard(&service_codec_text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = codec_request(SERVICE_GET, bad[i]);
		CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
		CU_ASSERT_EQUAL(the.bytes, 0);
	}
	r = codec_request(SERVICE_METHODS, "a");
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = codec_request(SERVICE_PUT, "a");
	r.payload = the.out;
	r.payload_bytes = UINT32_MAX;
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_TOO_LONG);
	/* Nothing of it is remembered. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("0000000000000001 200\n")), SERVICE_UNEXPECTED);
}

static void test_every_capacity(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "path");

	codec_start_standard(&service_codec_text);
	for (uint32_t capacity = 0; capacity < 40; capacity++) {
		const struct service_attempt a = {.token = capacity + 1};
		uint8_t *out = malloc(capacity + 1);

		out[capacity] = 0xaa;
		CU_ASSERT_EQUAL(the.codec->encode(the.state, &r, &a, out, capacity, &the.bytes),
		                capacity < 26 ? SERVICE_TOO_LONG : SERVICE_ENCODED);
		CU_ASSERT_EQUAL(the.bytes, capacity < 26 ? 0 : 26);
		CU_ASSERT_EQUAL(out[capacity], 0xaa);
		free(out);
		the.codec->forget(the.state, a.token);
	}
}

static void test_replies(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "a");

	codec_start_standard(&service_codec_text);
	codec_encode_at(&r, 0xa7, 1, 1);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a7 200\nhello"), 1, 1), SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.token, 0xa7);
	CU_ASSERT_TRUE(the.answer.ok);
	CU_ASSERT_FALSE(the.answer.ambiguous);
	CU_ASSERT_EQUAL(the.answer.code, 200);
	CU_ASSERT_EQUAL(the.answer.payload_bytes, 5);
	CU_ASSERT_EQUAL(memcmp(the.answer.payload, "hello", 5), 0);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a7 404\n"), 1, 1), SERVICE_REPLY);
	CU_ASSERT_FALSE(the.answer.ok);
	CU_ASSERT_EQUAL(the.answer.code, 404);
	CU_ASSERT_EQUAL(the.answer.payload_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a7 102\n"), 1, 1), SERVICE_PROGRESS);
	CU_ASSERT_EQUAL(the.answer.token, 0xa7);
	/* From elsewhere, or to another port, it is nobody's answer. */
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a7 200\n"), 0, 1), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a7 200\n"), 1, 0), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a8 200\n"), 1, 1), SERVICE_UNEXPECTED);
	/* Late replies are known. */
	the.codec->forget(the.state, 0xa7);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("00000000000000a7 200\n"), 1, 1), SERVICE_REPLY);
}

static void test_malformed_replies(void)
{
	static const char good[] = "00000000000000a7 200\n";
	const struct service_request r = codec_request(SERVICE_GET, "a");

	codec_start_standard(&service_codec_text);
	codec_encode(&r, 0xa7);
	for (uint32_t cut = 0; cut < sizeof(good) - 1; cut++)
		CU_ASSERT_EQUAL(codec_decode((const uint8_t *)good, cut), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("00000000000000A7 200\n")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("00000000000000a7-200\n")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("00000000000000a7 2x0\n")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("00000000000000a7 020\n")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("00000000000000a7 2000")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("000000000000g0a7 200\n")), SERVICE_MALFORMED);
}

static void test_as_many_as_may_be(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "a");

	service_codec_defaults(&the.options);
	the.options.attempts_max = 2;
	codec_start(&service_codec_text);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(codec_encode(&r, 2), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(codec_encode(&r, 3), SERVICE_NO_ID);
	CU_ASSERT_EQUAL(the.bytes, 0);
	the.codec->forget(the.state, 1);
	CU_ASSERT_EQUAL(codec_encode(&r, 3), SERVICE_ENCODED);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"requests", test_requests},
	        {"what cannot be said", test_what_cannot_be_said},
	        {"every capacity", test_every_capacity},
	        {"replies", test_replies},
	        {"malformed replies", test_malformed_replies},
	        {"as many as may be", test_as_many_as_may_be},
	};
	int rc = SUITE_RUN("request_codec_text", tests);

	free(the.state);
	return rc;
}
