/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/iextp.h"
#include "dataplane/wire/bytes.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

static uint8_t packet[2048];
static uint32_t packet_bytes;
static struct feed_packet out;

static void header(uint64_t sequence, uint32_t count)
{
	memset(packet, 0, 40);
	packet[0] = 1;
	put_le16(packet + 2, 0x8004);
	put_le32(packet + 4, 1);
	put_le32(packet + 8, 0x43810000);
	put_le16(packet + 14, (uint16_t)count);
	put_le64(packet + 16, 777);
	put_le64(packet + 24, sequence);
	put_le64(packet + 32, 0x14b8acb84635);
	packet_bytes = 40;
}

static void block(uint32_t bytes)
{
	put_le16(packet + packet_bytes, (uint16_t)bytes);
	memset(packet + packet_bytes + 2, 'x', bytes);
	packet_bytes += 2 + bytes;
	put_le16(packet + 12, (uint16_t)(packet_bytes - 40));
}

static enum feed_verdict parse(void)
{
	uint8_t *exact = malloc(packet_bytes + 1);

	memcpy(exact, packet, packet_bytes);
	memset(&out, 0xee, sizeof(out));
	enum feed_verdict v = iextp_parse_deep(exact, packet_bytes, &out);

	CU_ASSERT_EQUAL(iextp_recognise_deep(exact, packet_bytes), v == FEED_OK);
	free(exact);
	return v;
}

static void test_data(void)
{
	static const struct session_key session = {"8004:1:43810000"};

	header(9, 3);
	block(30);
	block(0);
	block(38);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	CU_ASSERT_EQUAL(memcmp(&out.session, &session, sizeof(session)), 0);
	CU_ASSERT_EQUAL(out.first_sequence, 9);
	CU_ASSERT_EQUAL(out.send_time_ns, 0x14b8acb84635);
	CU_ASSERT_EQUAL(out.kind, FEED_DATA);
	CU_ASSERT_EQUAL(out.claimed_count, 3);
	CU_ASSERT_EQUAL(out.block_count, 3);
	CU_ASSERT_EQUAL(out.block_bytes, 74);
	CU_ASSERT_EQUAL(iextp_parse_deep(packet, packet_bytes, &out), FEED_OK);
	CU_ASSERT_PTR_EQUAL(out.blocks, packet + 40);
}

static void test_session_names(void)
{
	struct prng p;

	prng_init(&p, 20170425);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t channel = (uint32_t)(prng_next(&p) >> (32 + prng_below(&p, 33) % 32));
		uint32_t session = (uint32_t)(prng_next(&p) >> (32 + prng_below(&p, 33) % 32));
		struct session_key want = {{0}};

		channel = i == 0 ? 0 : i == 1 ? UINT32_MAX : channel;
		header(1, 0);
		put_le32(packet + 4, channel);
		put_le32(packet + 8, session);
		snprintf(want.name, sizeof(want.name), "8004:%" PRIx32 ":%08" PRIx32, channel,
		         session);
		CU_ASSERT_EQUAL(iextp_parse_deep(packet, packet_bytes, &out), FEED_OK);
		CU_ASSERT_EQUAL(memcmp(&out.session, &want, sizeof(want)), 0);
	}
}

static void test_malformed(void)
{
	header(1, 0);
	for (packet_bytes = 0; packet_bytes < 40; packet_bytes++)
		CU_ASSERT_EQUAL(parse(), FEED_MALFORMED);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	packet[0] = 2;
	CU_ASSERT_EQUAL(parse(), FEED_MALFORMED);
	header(1, 0);
	put_le16(packet + 2, 0x8003);
	CU_ASSERT_EQUAL(parse(), FEED_MALFORMED);
	CU_ASSERT_EQUAL(iextp_parse(packet, packet_bytes, IEXTP_TOPS, &out), FEED_OK);
	CU_ASSERT_STRING_EQUAL(out.session.name, "8003:1:43810000");
	CU_ASSERT_EQUAL(iextp_parse_tops(packet, packet_bytes, &out), FEED_OK);
	CU_ASSERT_TRUE(iextp_recognise_tops(packet, packet_bytes));
	CU_ASSERT_FALSE(iextp_recognise_deep(packet, packet_bytes));
	header(1, 0);
	packet[1] = 0xff; /* reserved: says nothing */
	CU_ASSERT_EQUAL(parse(), FEED_OK);
}

static void test_heartbeat(void)
{
	header(105211, 0);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	CU_ASSERT_EQUAL(out.kind, FEED_HEARTBEAT);
	CU_ASSERT_EQUAL(out.claimed_count, 0);
	block(18); /* declared, but not counted */
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.kind, FEED_HEARTBEAT);
	CU_ASSERT_EQUAL(out.block_count, 0);
}

static void test_payload_length_beyond_datagram(void)
{
	header(1, 2);
	block(18);
	block(18);
	put_le16(packet + 12, 41);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 2);
	put_le16(packet + 12, 0xffff);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 2);
	CU_ASSERT_EQUAL(out.block_bytes, 40);
}

static void test_payload_length_bounds_the_blocks(void)
{
	header(1, 2);
	block(18);
	block(18);
	/* The second block stands in the datagram but not in the payload. */
	put_le16(packet + 12, 39);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 1);
	CU_ASSERT_EQUAL(out.claimed_count, 2);
	put_le16(packet + 12, 0);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 0);
	CU_ASSERT_EQUAL(out.claimed_count, 2);
}

static void test_trailing_bytes(void)
{
	header(1, 1);
	block(18);
	packet_bytes += 2; /* after the payload */
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 1);
	put_le16(packet + 12, 22); /* in the payload, after the last block */
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 1);
	CU_ASSERT_EQUAL(out.block_bytes, 20);
}

static void test_overrun(void)
{
	header(5, 3);
	block(10);
	block(0);
	block(7);
	uint32_t whole = packet_bytes;

	for (uint32_t bytes = 40; bytes < whole; bytes++) {
		uint32_t blocks = bytes < 52 ? 0 : bytes < 54 ? 1 : 2;

		packet_bytes = bytes;
		CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
		CU_ASSERT_EQUAL(out.claimed_count, 3);
		CU_ASSERT_EQUAL(out.block_count, blocks);
	}
}

static void test_sequence_bounds(void)
{
	header(0, 0);
	CU_ASSERT_EQUAL(parse(), FEED_MALFORMED);
	header(UINT64_MAX, 0);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	header(UINT64_MAX, 1);
	block(1);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	header(UINT64_MAX, 2);
	block(1);
	block(1);
	CU_ASSERT_EQUAL(parse(), FEED_MALFORMED);
	/* 0xffff is a count like any other here. */
	header(1, 0xffff);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.kind, FEED_DATA);
	CU_ASSERT_EQUAL(out.claimed_count, 0xffff);
}

static const struct suite_test tests[] = {
        {"data", test_data},
        {"session names", test_session_names},
        {"malformed", test_malformed},
        {"heartbeat", test_heartbeat},
        {"payload length beyond the datagram", test_payload_length_beyond_datagram},
        {"payload length bounds the blocks", test_payload_length_bounds_the_blocks},
        {"trailing bytes", test_trailing_bytes},
        {"overrun at every length", test_overrun},
        {"sequence bounds", test_sequence_bounds},
};

int main(void)
{
	return SUITE_RUN("iextp", tests);
}
