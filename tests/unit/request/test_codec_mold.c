/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/mold.h"
#include "dataplane/wire/bytes.h"
#include "tests/unit/request/codec_fixture.h"

static uint8_t packet[256];
static uint32_t packet_bytes;

static struct service_request range(uint64_t first_sequence, uint32_t count)
{
	return (struct service_request){.session = {"000010059B"},
	                                .first_sequence = first_sequence,
	                                .count = count,
	                                .method = SERVICE_GET};
}

/* A reply with that many messages of two bytes. */
static void reply(const char *session, uint64_t first_sequence, uint32_t count)
{
	memcpy(packet, session, 10);
	put_be64(packet + 10, first_sequence);
	put_be16(packet + 18, (uint16_t)count);
	packet_bytes = 20;
	for (uint32_t i = 0; count != MOLD_COUNT_END && i < count; i++) {
		memcpy(packet + packet_bytes, "\0\2ab", 4);
		packet_bytes += 4;
	}
}

static enum service_decoding decode(uint32_t node, uint32_t port)
{
	return codec_decode_at(packet, packet_bytes, node, port);
}

static void test_request(void)
{
	const struct service_request r = range(0x0102030405060708, 500);

	codec_start_standard(&service_codec_mold);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(the.bytes, 20);
	CU_ASSERT_EQUAL(memcmp(the.out,
	                       "000010059B"
	                       "\x01\x02\x03\x04\x05\x06\x07\x08\x01\xf4",
	                       20),
	                0);
}

static void test_what_cannot_be_said(void)
{
	struct service_request r = range(1, 1);

	codec_start_standard(&service_codec_mold);
	r.method = SERVICE_PUT;
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = range(1, 1);
	r.payload_bytes = 1;
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = range(0, 1);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = range(1, 0);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = range(1, MOLD_COUNT_MAX + 1);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = range(UINT64_MAX, 2);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	r = range(1, 1);
	memcpy(r.session.name, "8004:1:43810000", 15); /* of another transport */
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_UNSPEAKABLE);
	CU_ASSERT_EQUAL(the.bytes, 0);
	r = range(UINT64_MAX, 1);
	CU_ASSERT_EQUAL(codec_encode(&r, 1), SERVICE_ENCODED);
	r = range(1, MOLD_COUNT_MAX);
	CU_ASSERT_EQUAL(codec_encode(&r, 2), SERVICE_ENCODED);
	const struct service_attempt a = {.token = 3};

	CU_ASSERT_EQUAL(the.codec->encode(the.state, &r, &a, the.out, 19, &the.bytes),
	                SERVICE_TOO_LONG);
	CU_ASSERT_EQUAL(the.bytes, 0);
}

static void test_replies(void)
{
	const struct service_request r = range(100, 3);

	codec_start_standard(&service_codec_mold);
	codec_encode_at(&r, 77, 2, 1);
	for (uint32_t count = 1; count <= 3; count++) {
		reply("000010059B", 100, count);
		CU_ASSERT_EQUAL(decode(2, 1), SERVICE_REPLY);
		CU_ASSERT_EQUAL(the.answer.token, 77);
		CU_ASSERT_TRUE(the.answer.ok);
		CU_ASSERT_FALSE(the.answer.ambiguous);
		CU_ASSERT_EQUAL(the.answer.code, count);
		/* The whole datagram, for the arbiter. */
		CU_ASSERT_EQUAL(the.answer.payload_bytes, packet_bytes);
		CU_ASSERT_EQUAL(memcmp(the.answer.payload, packet, packet_bytes), 0);
		CU_ASSERT_EQUAL(the.answer.receipt_bytes, 0);
	}
}

static void test_what_is_no_answer(void)
{
	const struct service_request r = range(100, 3);

	codec_start_standard(&service_codec_mold);
	codec_encode_at(&r, 77, 2, 1);
	reply("000010059B", 100, 4); /* more than asked for */
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("000010059B", 99, 3);
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("000010059B", 101, 2);
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("000010059C", 100, 3);
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("X00010059B", 100, 3);
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("000010059B", 100, 0); /* a heartbeat */
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("000010059B", 100, MOLD_COUNT_END);
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_UNEXPECTED);
	reply("000010059B", 100, 3);
	CU_ASSERT_EQUAL(decode(1, 1), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(decode(2, 0), SERVICE_UNEXPECTED);
	CU_ASSERT_EQUAL(decode(2, 1), SERVICE_REPLY);
}

static void test_every_truncation(void)
{
	const struct service_request r = range(100, 3);

	codec_start_standard(&service_codec_mold);
	codec_encode(&r, 77);
	reply("000010059B", 100, 3);
	uint32_t whole = packet_bytes;

	for (packet_bytes = 0; packet_bytes < whole; packet_bytes++)
		CU_ASSERT_EQUAL(decode(0, 0), SERVICE_MALFORMED);
	CU_ASSERT_EQUAL(decode(0, 0), SERVICE_REPLY);
	packet_bytes = whole + 1; /* bytes after the last message */
	CU_ASSERT_EQUAL(decode(0, 0), SERVICE_MALFORMED);
}

/* The same range asked again of the same node: the reply may be the first one's. */
static void test_asked_again(void)
{
	const struct service_request r = range(100, 3);

	codec_start_standard(&service_codec_mold);
	codec_encode_at(&r, 1, 0, 0);
	codec_encode_at(&r, 2, 1, 0); /* another node: no doubt there */
	the.codec->forget(the.state, 1);
	reply("000010059B", 100, 3);
	CU_ASSERT_EQUAL(decode(0, 0), SERVICE_REPLY); /* late, and known */
	CU_ASSERT_EQUAL(the.answer.token, 1);
	CU_ASSERT_EQUAL(codec_encode_at(&r, 3, 0, 0), SERVICE_ENCODED);
	CU_ASSERT_EQUAL(decode(0, 0), SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.token, 3);
	CU_ASSERT_TRUE(the.answer.ambiguous);
	CU_ASSERT_EQUAL(decode(1, 0), SERVICE_REPLY);
	CU_ASSERT_EQUAL(the.answer.token, 2);
	CU_ASSERT_FALSE(the.answer.ambiguous);
}

static void test_as_many_as_may_be(void)
{
	service_codec_defaults(&the.options);
	the.options.attempts_max = 2;
	codec_start(&service_codec_mold);
	for (uint32_t i = 0; i < 3; i++) {
		const struct service_request r = range(100 + i, 3);

		CU_ASSERT_EQUAL(codec_encode(&r, 1 + i), i < 2 ? SERVICE_ENCODED : SERVICE_NO_ID);
	}
	CU_ASSERT_EQUAL(the.bytes, 0);
	reply("000010059B", 102, 1);
	CU_ASSERT_EQUAL(decode(0, 0), SERVICE_UNEXPECTED);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"request", test_request},
	        {"what cannot be said", test_what_cannot_be_said},
	        {"replies", test_replies},
	        {"what is no answer", test_what_is_no_answer},
	        {"every truncation", test_every_truncation},
	        {"asked again", test_asked_again},
	        {"as many as may be", test_as_many_as_may_be},
	};
	int rc = SUITE_RUN("request_codec_mold", tests);

	free(the.state);
	return rc;
}
