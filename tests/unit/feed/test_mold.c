/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/mold.h"
#include "dataplane/wire/bytes.h"
#include "tests/unit/suite.h"

static uint8_t packet[2048];
static uint32_t packet_bytes;
static struct feed_packet out;

static void header(uint64_t sequence, uint32_t count)
{
	memcpy(packet, "000010059B", 10);
	put_be64(packet + 10, sequence);
	put_be16(packet + 18, (uint16_t)count);
	packet_bytes = 20;
}

static void block(uint32_t bytes)
{
	put_be16(packet + packet_bytes, (uint16_t)bytes);
	memset(packet + packet_bytes + 2, 'x', bytes);
	packet_bytes += 2 + bytes;
}

/* Parses from a heap block of exactly that size, so that a sanitizer sees a byte too many. */
static enum feed_verdict parse(void)
{
	uint8_t *exact = malloc(packet_bytes + 1);

	memcpy(exact, packet, packet_bytes);
	memset(&out, 0xee, sizeof(out));
	enum feed_verdict v = mold_parse(exact, packet_bytes, &out);

	CU_ASSERT_EQUAL(mold_recognise(exact, packet_bytes), v == FEED_OK);
	free(exact);
	return v;
}

static void test_data(void)
{
	static const struct session_key session = {"000010059B"};

	header(14764496, 3);
	block(36);
	block(0); /* an empty message is a message */
	block(19);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	CU_ASSERT_EQUAL(memcmp(&out.session, &session, sizeof(session)), 0);
	CU_ASSERT_EQUAL(out.first_sequence, 14764496);
	CU_ASSERT_EQUAL(out.kind, FEED_DATA);
	CU_ASSERT_EQUAL(out.claimed_count, 3);
	CU_ASSERT_EQUAL(out.block_count, 3);
	CU_ASSERT_EQUAL(out.block_bytes, 38 + 2 + 21);
	CU_ASSERT_EQUAL(out.send_time_ns, 0);
}

static void test_blocks_point_into_the_datagram(void)
{
	header(1, 1);
	block(5);
	CU_ASSERT_EQUAL(mold_parse(packet, packet_bytes, &out), FEED_OK);
	CU_ASSERT_PTR_EQUAL(out.blocks, packet + 20);
}

static void test_short_header(void)
{
	header(1, 0);
	for (packet_bytes = 0; packet_bytes < 20; packet_bytes++)
		CU_ASSERT_EQUAL(parse(), FEED_MALFORMED);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
}

static void test_heartbeat_and_end(void)
{
	header(8, 0);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	CU_ASSERT_EQUAL(out.kind, FEED_HEARTBEAT);
	CU_ASSERT_EQUAL(out.claimed_count, 0);
	header(8, 0xffff);
	CU_ASSERT_EQUAL(parse(), FEED_OK);
	CU_ASSERT_EQUAL(out.kind, FEED_END);
	CU_ASSERT_EQUAL(out.claimed_count, 0);
	CU_ASSERT_EQUAL(out.block_count, 0);
}

static void test_bytes_after_heartbeat_or_end(void)
{
	static const uint32_t counts[] = {0, 0xffff};

	for (unsigned i = 0; i < 2; i++) {
		header(8, counts[i]);
		block(19);
		CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
		CU_ASSERT_EQUAL(out.kind, i == 0 ? FEED_HEARTBEAT : FEED_END);
		CU_ASSERT_EQUAL(out.first_sequence, 8);
		CU_ASSERT_EQUAL(out.block_count, 0);
		CU_ASSERT_EQUAL(out.block_bytes, 0);
		CU_ASSERT_EQUAL(out.claimed_count, 0);
		packet_bytes = 21;
		CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	}
}

static void test_trailing_bytes(void)
{
	header(5, 2);
	block(19);
	block(19);
	packet_bytes += 1;
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 2);
	CU_ASSERT_EQUAL(out.claimed_count, 2);
	CU_ASSERT_EQUAL(out.block_bytes, 42);
}

static void test_overrun(void)
{
	/* Cut at every length: the whole blocks stand, the claim stays. */
	header(5, 3);
	block(10);
	block(0);
	block(7);
	uint32_t whole = packet_bytes;

	for (uint32_t bytes = 20; bytes < whole; bytes++) {
		uint32_t blocks = bytes < 32 ? 0 : bytes < 34 ? 1 : 2;

		packet_bytes = bytes;
		CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
		CU_ASSERT_EQUAL(out.kind, FEED_DATA);
		CU_ASSERT_EQUAL(out.claimed_count, 3);
		CU_ASSERT_EQUAL(out.block_count, blocks);
		CU_ASSERT_EQUAL(out.block_bytes, (blocks > 0) * 12u + (blocks > 1) * 2u);
	}
}

static void test_request_is_damaged(void)
{
	/* Same shape as a downstream packet: a count and no blocks. */
	header(5, 3);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.block_count, 0);
	CU_ASSERT_EQUAL(out.claimed_count, 3);
}

static void test_count_bounds(void)
{
	header(1, 0xfffe);
	CU_ASSERT_EQUAL(parse(), FEED_DAMAGED);
	CU_ASSERT_EQUAL(out.claimed_count, 65534);
	CU_ASSERT_EQUAL(out.kind, FEED_DATA);
}

static void test_sequence_bounds(void)
{
	static const struct {
		uint64_t sequence;
		uint32_t count;
		enum feed_verdict verdict;
	} cases[] = {
	        {0, 0, FEED_MALFORMED},
	        {0, 1, FEED_MALFORMED},
	        {0, 0xffff, FEED_MALFORMED},
	        {UINT64_MAX, 0, FEED_OK},
	        {UINT64_MAX, 0xffff, FEED_OK},
	        {UINT64_MAX, 1, FEED_OK}, /* sequence + count == 2^64 */
	        {UINT64_MAX, 2, FEED_MALFORMED},
	        {UINT64_MAX - 1, 2, FEED_OK},
	        {UINT64_MAX - 1, 3, FEED_MALFORMED},
	        {UINT64_MAX - 65533, 0xfffe, FEED_DAMAGED},
	        {UINT64_MAX - 65532, 0xfffe, FEED_MALFORMED},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		header(cases[i].sequence, cases[i].count);
		for (uint32_t n = 0; n < cases[i].count && n < 3; n++)
			if (cases[i].count < 4)
				block(1);
		CU_ASSERT_EQUAL(parse(), cases[i].verdict);
	}
}

static void test_malformed_leaves_out_alone(void)
{
	struct feed_packet before;

	header(0, 1);
	block(1);
	memset(&out, 0x5a, sizeof(out));
	before = out;
	CU_ASSERT_EQUAL(mold_parse(packet, packet_bytes, &out), FEED_MALFORMED);
	CU_ASSERT_EQUAL(memcmp(&before, &out, sizeof(out)), 0);
}

static void test_session_must_print_to_be_recognised(void)
{
	for (unsigned at = 0; at < 10; at++) {
		header(1, 0);
		CU_ASSERT_TRUE(mold_recognise(packet, packet_bytes));
		packet[at] = 0;
		CU_ASSERT_FALSE(mold_recognise(packet, packet_bytes));
		packet[at] = 0x7f;
		CU_ASSERT_FALSE(mold_recognise(packet, packet_bytes));
		/* ... but a line that exists takes it: the session is bytes. */
		CU_ASSERT_EQUAL(mold_parse(packet, packet_bytes, &out), FEED_OK);
		packet[at] = ' ';
		CU_ASSERT_TRUE(mold_recognise(packet, packet_bytes));
	}
}

static void test_requests(void)
{
	const struct mold_request r = {
	        .session = {"000010059B"}, .first_sequence = 0x1234, .count = 0x5678};
	struct mold_request back;
	uint8_t bytes[MOLD_REQUEST_BYTES + 1];

	CU_ASSERT_TRUE(mold_request_build(bytes, &r));
	CU_ASSERT_EQUAL(memcmp(bytes, "000010059B\0\0\0\0\0\0\x12\x34\x56\x78", 20), 0);
	memset(&back, 0xee, sizeof(back));
	CU_ASSERT_TRUE(mold_request_parse(bytes, 20, &back));
	CU_ASSERT_EQUAL(memcmp(&back.session, &r.session, sizeof(r.session)), 0);
	CU_ASSERT_EQUAL(back.first_sequence, r.first_sequence);
	CU_ASSERT_EQUAL(back.count, r.count);
	for (uint32_t cut = 0; cut <= 21; cut++)
		CU_ASSERT_EQUAL(mold_request_parse(bytes, cut, &back), cut == 20);
	/* A session is bytes, zeros among them. */
	struct mold_request odd = r;

	memcpy(odd.session.name, "a\0b\0\xff\0\0\0\0c", 10);
	CU_ASSERT_TRUE(mold_request_build(bytes, &odd));
	CU_ASSERT_TRUE(mold_request_parse(bytes, 20, &back));
	CU_ASSERT_EQUAL(memcmp(&back.session, &odd.session, sizeof(odd.session)), 0);
	odd.session.name[10] = 'x';
	CU_ASSERT_FALSE(mold_request_build(bytes, &odd));
}

/* No sequence 0, none beyond 2^64 - 1, at least one message, at most what a packet counts. */
static void test_request_bounds(void)
{
	static const struct {
		uint64_t first;
		uint32_t count;
		bool good;
	} rows[] = {{1, 1, true},          {1, 0xfffe, true},
	            {UINT64_MAX, 1, true}, {UINT64_MAX - 1, 2, true},
	            {0, 1, false},         {1, 0, false},
	            {1, 0xffff, false},    {1, 0x10001, false},
	            {UINT64_MAX, 2, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mold_request r = {.session = {"000010059B"},
		                               .first_sequence = rows[i].first,
		                               .count = rows[i].count};
		struct mold_request back;
		uint8_t bytes[MOLD_REQUEST_BYTES] = {0};

		CU_ASSERT_EQUAL(mold_request_build(bytes, &r), rows[i].good);
		if (!rows[i].good)
			CU_ASSERT_EQUAL(bytes[0], 0);
		header(rows[i].first, rows[i].count);
		if (rows[i].count <= UINT16_MAX)
			CU_ASSERT_EQUAL(mold_request_parse(packet, 20, &back), rows[i].good);
	}
}

static const struct suite_test tests[] = {
        {"data", test_data},
        {"blocks point into the datagram", test_blocks_point_into_the_datagram},
        {"short header", test_short_header},
        {"heartbeat and end", test_heartbeat_and_end},
        {"bytes after heartbeat or end", test_bytes_after_heartbeat_or_end},
        {"trailing bytes", test_trailing_bytes},
        {"overrun at every length", test_overrun},
        {"a request is damaged", test_request_is_damaged},
        {"count bounds", test_count_bounds},
        {"sequence bounds", test_sequence_bounds},
        {"malformed leaves out alone", test_malformed_leaves_out_alone},
        {"recognised sessions print", test_session_must_print_to_be_recognised},
        {"requests", test_requests},
        {"request bounds", test_request_bounds},
};

int main(void)
{
	return SUITE_RUN("mold", tests);
}
