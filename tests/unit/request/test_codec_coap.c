/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/coap.h"
#include "tests/unit/request/codec_fixture.h"

#define TOKEN   0x0102030405060708ull
#define TOKEN_S "\x01\x02\x03\x04\x05\x06\x07\x08"

/* One GET under way: token TOKEN, message id 0x1234, node 0, port 0. */
static void ask(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "a");

	service_codec_defaults(&the.options);
	the.options.nodes = 3;
	the.options.source_ports = 2;
	the.options.coap.first_id = 0x1234;
	codec_start(&service_codec_coap);
	CU_ASSERT_EQUAL_FATAL(codec_encode(&r, TOKEN), SERVICE_ENCODED);
}

static bool has_receipt(const char *bytes)
{
	return the.answer.receipt_bytes == 4 && memcmp(the.answer.receipt, bytes, 4) == 0;
}

static void test_requests(void)
{
	struct service_request r;

	ask();
	CU_ASSERT_EQUAL(the.bytes, 14);
	CU_ASSERT_EQUAL(memcmp(the.out,
	                       "\x58\x01\x12\x34" TOKEN_S "\xb1"
	                       "a",
	                       14),
	                0);
	r = codec_request(SERVICE_PUT, "rates/eur");
	r.payload = (const uint8_t *)"1.08";
	r.payload_bytes = 4;
	CU_ASSERT_EQUAL(codec_encode(&r, 2), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(the.bytes, 12 + 6 + 4 + 2 + 5);
	CU_ASSERT_EQUAL(memcmp(the.out,
	                       "\x58\x03\x12\x35\0\0\0\0\0\0\0\x02\xb5rates\x03"
	                       "eur\x11\x2a\xff"
	                       "1.08",
	                       29),
	                0);
	r = codec_request(SERVICE_POST, "");
	CU_ASSERT_EQUAL(codec_encode(&r, 3), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(memcmp(the.out, "\x58\x02\x12\x36\0\0\0\0\0\0\0\x03", 12), 0);
	CU_ASSERT_EQUAL(the.bytes, 12);
	r = codec_request(SERVICE_DELETE, "x%2Fy");
	CU_ASSERT_EQUAL(codec_encode(&r, 4), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(memcmp(the.out, "\x58\x04\x12\x37\0\0\0\0\0\0\0\x04\xb5x%2Fy", 18), 0);
}

static void test_no_content_format(void)
{
	struct service_request r = codec_request(SERVICE_POST, "");

	service_codec_defaults(&the.options);
	the.options.coap.content_format = COAP_FORMAT_NONE;
	codec_start(&service_codec_coap);
	r.payload = (const uint8_t *)"x";
	r.payload_bytes = 1;
	CU_ASSERT_EQUAL(codec_encode(&r, 3), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(memcmp(the.out, "\x58\x02\0\0\0\0\0\0\0\0\0\x03\xffx", 14), 0);
}

static void test_what_cannot_be_said(void)
{
	static const char *const bad[] = {"/", "/a", "a/", "a//b", ".", "a/.."};
	struct service_request r;
	const struct service_attempt a = {.token = 9};

	ask();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r = codec_request(SERVICE_GET, bad[i]);
		CU_ASSERT_EQUAL(codec_encode(&r, 9), SERVICE_UNSPEAKABLE);
		CU_ASSERT_EQUAL(the.bytes, 0);
	}
	r = codec_request(SERVICE_METHODS, "a");
	CU_ASSERT_EQUAL(codec_encode(&r, 9), SERVICE_UNSPEAKABLE);
	r = codec_request(SERVICE_GET, "a"); /* a payload would mean nothing */
	r.payload_bytes = 1;
	CU_ASSERT_EQUAL(codec_encode(&r, 9), SERVICE_UNSPEAKABLE);
	r.method = SERVICE_DELETE;
	CU_ASSERT_EQUAL(codec_encode(&r, 9), SERVICE_UNSPEAKABLE);
	r = codec_request(SERVICE_GET, "a");
	for (uint32_t capacity = 0; capacity < 14; capacity++) {
		CU_ASSERT_EQUAL(the.codec->encode(the.state, &r, &a, the.out, capacity, &the.bytes),
		                SERVICE_TOO_LONG);
		CU_ASSERT_EQUAL(the.bytes, 0);
	}
	/* None of these took a message id. */
	CU_ASSERT_EQUAL(codec_encode(&r, 9), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(be16(the.out + 2), 0x1235);
}

static void test_replies(void)
{
	ask();
	/* NON, 2.05, with a content format and an unknown elective option. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\xab\xcd" TOKEN_S "\xc1\x2a\x20\xffhello")),
	                SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.token, TOKEN);
	CU_ASSERT_TRUE(the.answer.ok);
	CU_ASSERT_FALSE(the.answer.ambiguous);
	CU_ASSERT_EQUAL(the.answer.code, COAP_CONTENT);
	CU_ASSERT_EQUAL(the.answer.payload_bytes, 5);
	CU_ASSERT_EQUAL(memcmp(the.answer.payload, "hello", 5), 0);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	/* CON: the same, and wants an acknowledgement, every copy. */
	for (uint32_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(codec_decode(BYTES("\x48\x45\xab\xcd" TOKEN_S)), SERVICE_REPLY);
		CU_ASSERT_TRUE(has_receipt("\x60\x00\xab\xcd"));
		CU_ASSERT_EQUAL(the.answer.payload_bytes, 0);
	}
	/* In the acknowledgement, by the request's own id alone. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x68\x45\x12\x34" TOKEN_S)), SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x68\x45\x12\x35" TOKEN_S)), SERVICE_UNEXPECTED);
	/* The late one is known, and acknowledged. */
	the.codec->forget(the.state, TOKEN);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x48\x45\xab\xce" TOKEN_S)), SERVICE_REPLY);
	CU_ASSERT_TRUE(has_receipt("\x60\x00\xab\xce"));
}

static void test_codes(void)
{
	ask();
	for (uint32_t code = 1; code < 256; code++) {
		uint8_t p[12] = {0x58, (uint8_t)code, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8};
		uint32_t class = code >> 5;
		enum service_decoding expected = code == COAP_CODE(2, 31) ? SERVICE_UNUSABLE
		                                 : class == 2 || class == 4 || class == 5
		                                         ? SERVICE_REPLY
		                                 : class == 0 ? SERVICE_UNEXPECTED
		                                              : SERVICE_MALFORMED;

		CU_ASSERT_EQUAL(codec_decode(p, 12), expected);
		if (expected == SERVICE_REPLY) {
			CU_ASSERT_EQUAL(the.answer.ok, class == 2);
			CU_ASSERT_EQUAL(the.answer.code, code);
		}
	}
}

static void test_progress_and_reset(void)
{
	ask();
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x60\x00\x12\x34")), SERVICE_PROGRESS);
	CU_ASSERT_EQUAL(the.answer.token, TOKEN);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x70\x00\x12\x34")), SERVICE_REFUSED_PACKET);
	CU_ASSERT_EQUAL(the.answer.token, TOKEN);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	/* Of another id, node, port: nobody's. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x70\x00\x12\x35")), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("\x70\x00\x12\x34"), 1, 0), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("\x70\x00\x12\x34"), 0, 1), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("\x60\x00\x12\x34"), 1, 0), SERVICE_UNEXPECTED);
}

static void test_what_is_no_answer(void)
{
	ask();
	/* Another token, a shorter one, none. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07\x01\x02\x03\x04\x05\x06\x07\x09")),
	                SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x57\x45\x00\x07\x01\x02\x03\x04\x05\x06\x07")),
	                SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x50\x45\x12\x34")), SERVICE_UNEXPECTED);
	/* Seven bytes, and then an option that looks like the eighth. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x57\x45\x00\x07" TOKEN_S "12345678")),
	                SERVICE_UNEXPECTED);
	/* Of a CON these are rejected. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x40\x45\x00\x07")), SERVICE_UNEXPECTED);
	CU_ASSERT_TRUE(has_receipt("\x70\x00\x00\x07"));
	/* From another node, or to another port. */
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("\x58\x45\x00\x07" TOKEN_S), 1, 0),
	                SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(codec_decode_at(BYTES("\x58\x45\x00\x07" TOKEN_S), 0, 1),
	                SERVICE_UNEXPECTED);
	/* A request to us, a ping. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x01\x00\x07" TOKEN_S)), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x48\x01\x00\x07" TOKEN_S)), SERVICE_UNEXPECTED);
	CU_ASSERT_TRUE(has_receipt("\x70\x00\x00\x07"));
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x40\x00\xbe\xef")), SERVICE_UNEXPECTED);
	CU_ASSERT_TRUE(has_receipt("\x70\x00\xbe\xef"));
	/* Its id is the node's, whatever ours are. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x40\x00\x12\x34")), SERVICE_UNEXPECTED);
	CU_ASSERT_TRUE(has_receipt("\x70\x00\x12\x34"));
}

static void test_malformed(void)
{
	ask();
	CU_ASSERT_EQUAL(codec_decode(BYTES("")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07" TOKEN_S "\xff")), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x48\x45\x00\x07" TOKEN_S "\xff")), SERVICE_MALFORMED);
	CU_ASSERT_TRUE(has_receipt("\x70\x00\x00\x07"));
	/* Another version is ignored in silence. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x88\x45\x00\x07" TOKEN_S)), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
}

static void test_unusable(void)
{
	ask();
	/* Block2 with more to come; the last block of a larger one; a block that is all. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x48\x45\x00\x07" TOKEN_S "\xd1\x0a\x0e\xffx")),
	                SERVICE_UNUSABLE);
	CU_ASSERT_EQUAL(the.answer.token, TOKEN);
	CU_ASSERT_TRUE(has_receipt("\x60\x00\x00\x07"));
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07" TOKEN_S "\xd1\x0a\x16\xffx")),
	                SERVICE_UNUSABLE);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07" TOKEN_S "\xd1\x0a\x06\xffx")),
	                SERVICE_REPLY);
	/* A critical option that is not known (9): not understood, so a CON is rejected. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07" TOKEN_S "\x90")), SERVICE_UNUSABLE);
	CU_ASSERT_EQUAL(the.answer.token, TOKEN);
	CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x48\x45\x00\x07" TOKEN_S "\x90")), SERVICE_UNUSABLE);
	CU_ASSERT_TRUE(has_receipt("\x70\x00\x00\x07"));
}

static void test_message_ids(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "a");
	uint64_t token = 1;

	service_codec_defaults(&the.options);
	the.options.nodes = 2;
	the.options.source_ports = 2;
	the.options.attempts_max = 4;
	the.options.coap.max_latency_ns = 1000000;
	codec_start(&service_codec_coap);
	for (uint32_t i = 0; i < 65536; i++) {
		CU_ASSERT_EQUAL_FATAL(codec_encode(&r, token), SERVICE_ENCODED);
		the.codec->forget(the.state, token++);
	}
	CU_ASSERT_EQUAL(codec_encode(&r, token), SERVICE_NO_ID);
	CU_ASSERT_EQUAL(the.bytes, 0);
	/* Each pair of node and port has its own; time gives them back. */
	CU_ASSERT_EQUAL(codec_encode_at(&r, token++, 1, 0), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(be16(the.out + 2), 0);
	CU_ASSERT_EQUAL(codec_encode_at(&r, token++, 0, 1), SERVICE_ENCODED);
	the.now_ns += 1000000;
	CU_ASSERT_EQUAL(codec_encode(&r, token++), SERVICE_ENCODED);
	/* A lifetime that is said goes before MAX_LATENCY. */
	the.options.coap.non_lifetime_ns = 500;
	codec_start(&service_codec_coap);
	for (uint32_t i = 0; i < 65537; i++) {
		the.now_ns += i == 65536 ? 500 : 0;
		CU_ASSERT_EQUAL_FATAL(codec_encode(&r, token), SERVICE_ENCODED);
		the.codec->forget(the.state, token++);
	}
}

/* RST by an id that is in use again: the later request's. */
static void test_id_used_again(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "a");

	service_codec_defaults(&the.options);
	the.options.attempts_max = 70000;
	codec_start(&service_codec_coap);
	for (uint64_t token = 1; token <= 65537; token++) {
		the.now_ns += token == 65537 ? 2000000000u : 0;
		CU_ASSERT_EQUAL_FATAL(codec_encode(&r, token), SERVICE_ENCODED);
	}
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x70\x00\x00\x00")), SERVICE_REFUSED_PACKET);
	CU_ASSERT_EQUAL(the.answer.token, 65537);
	/* By its token the earlier one is still known, and there is no doubt about it. */
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07\0\0\0\0\0\0\0\x01")), SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.token, 1);
	CU_ASSERT_EQUAL(codec_decode(BYTES("\x58\x45\x00\x07\0\0\0\0\0\x01\0\x01")), SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.token, 65537);
	CU_ASSERT_FALSE(the.answer.ambiguous);
}

static void test_nstart(void)
{
	const struct service_request r = codec_request(SERVICE_GET, "a");

	service_codec_defaults(&the.options);
	the.options.nodes = 2;
	the.options.source_ports = 2;
	the.options.coap.nstart = 2;
	codec_start(&service_codec_coap);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 1, 0, 0), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 2, 0, 1), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 3, 0, 0), SERVICE_NO_ID);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 3, 0, 1), SERVICE_NO_ID);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 3, 1, 0), SERVICE_ENCODED);
	the.codec->forget(the.state, 2);
	the.codec->forget(the.state, 2); /* counts once */
	CU_ASSERT_EQUAL(codec_encode_at(&r, 4, 0, 0), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 5, 0, 0), SERVICE_NO_ID);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"requests", test_requests},
	        {"no content format", test_no_content_format},
	        {"what cannot be said", test_what_cannot_be_said},
	        {"replies", test_replies},
	        {"codes", test_codes},
	        {"progress and reset", test_progress_and_reset},
	        {"what is no answer", test_what_is_no_answer},
	        {"malformed", test_malformed},
	        {"unusable", test_unusable},
	        {"message ids", test_message_ids},
	        {"id used again", test_id_used_again},
	        {"nstart", test_nstart},
	};
	int rc = SUITE_RUN("request_codec_coap", tests);

	free(the.state);
	return rc;
}
