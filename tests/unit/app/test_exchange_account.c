/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_account.h"

#include <string.h>

#include "dataplane/wire/bytes.h"
#include "tests/unit/suite.h"

static struct exchange_packets packets;

/* A packet of `whole` empty messages that claims `claimed`. */
static struct exchange_packet *add(uint32_t run, uint64_t sequence, uint16_t claimed,
                                   uint16_t whole)
{
	uint8_t frame[FRAME_HEADER_BYTES + 20 + 2 * 64] = {0};
	struct exchange_packet p = {.run = run,
	                            .sequence = sequence,
	                            .claimed = claimed,
	                            .whole = whole,
	                            .bytes = sizeof(frame),
	                            .sent = true};

	CU_ASSERT_EQUAL_FATAL(exchange_packets_add(&packets, &p, frame), 0);
	return &packets.list[packets.count - 1];
}

static struct exchange_account account(bool all)
{
	struct exchange_account a;

	CU_ASSERT_EQUAL_FATAL(exchange_account_make(&a, &packets, all), 0);
	exchange_packets_finish(&packets);
	return a;
}

static void expect(struct exchange_account *a, uint64_t delivered, uint64_t lost, uint64_t ranges)
{
	CU_ASSERT_EQUAL(a->delivered, delivered);
	CU_ASSERT_EQUAL(a->lost, lost);
	CU_ASSERT_EQUAL(a->range_count, ranges);
	CU_ASSERT_EQUAL(day_referee_counts(a->books)->messages, delivered);
}

static void test_the_other_line_heals(void)
{
	add(0, 1, 0, 0);
	add(0, 1, 3, 3);
	add(0, 6, 2, 2);
	add(0, 3, 3, 3)->line = 1; /* cut otherwise: overlaps, and fills 4 and 5 */
	add(0, 8, 0, 0);
	struct exchange_account a = account(false);

	expect(&a, 7, 0, 0);
	CU_ASSERT_EQUAL(a.line[0].packets, 4);
	CU_ASSERT_EQUAL(a.line[1].messages, 3);
	exchange_account_finish(&a);
}

static void test_what_no_line_carried(void)
{
	add(0, 5, 2, 2); /* the first seen: the stream begins at 5 */
	add(0, 1, 4, 4); /* before it */
	add(0, 9, 1, 1);
	add(0, 12, 5, 2); /* 14 to 16 are claimed, not there */
	add(0, 20, 0, 0);
	struct exchange_account a = account(false);

	expect(&a, 5, 2 + 2 + 6, 3);
	CU_ASSERT_EQUAL(a.ranges[0].sequence, 7);
	CU_ASSERT_EQUAL(a.ranges[0].count, 2);
	CU_ASSERT_EQUAL(a.ranges[1].sequence, 10);
	CU_ASSERT_EQUAL(a.ranges[2].sequence, 14);
	CU_ASSERT_EQUAL(a.ranges[2].count, 6);
	exchange_account_finish(&a);
}

static void test_damaged_and_unsent_bring_nothing(void)
{
	add(0, 1, 2, 2);
	add(0, 3, 2, 2)->corrupt = true;
	add(0, 5, 2, 2);
	add(0, 7, 2, 2)->sent = false;
	struct exchange_account a = account(false);

	expect(&a, 4, 2, 1);
	CU_ASSERT_EQUAL(a.line[0].packets, 3);
	CU_ASSERT_EQUAL(a.line[0].corrupt_packets, 1);
	exchange_account_finish(&a);
	add(0, 1, 2, 2);
	add(0, 3, 2, 2)->sent = false;
	a = account(true);
	expect(&a, 4, 0, 0);
	exchange_account_finish(&a);
}

static void test_a_session_that_was_left_is_over(void)
{
	add(0, 1, 2, 2);
	add(0, 5, 0, 0);
	add(1, 1, 1, 1);
	add(0, 3, 2, 2); /* too late */
	add(1, 2, 1, 1);
	struct exchange_account a = account(false);

	expect(&a, 4, 2, 1);
	CU_ASSERT_EQUAL(a.sessions, 2);
	CU_ASSERT_EQUAL(a.stale_packets, 1);
	CU_ASSERT_EQUAL(a.ranges[0].run, 0);
	exchange_account_finish(&a);
}

static void test_reads_a_header(void)
{
	uint8_t payload[64] = "SESSION  1";
	struct exchange_mold m;

	put_be64(payload + 10, 7);
	put_be16(payload + 18, 2);
	put_be16(payload + 20, 4);
	put_be16(payload + 26, 36); /* beyond the end */
	CU_ASSERT_TRUE(exchange_mold_read(&m, payload, sizeof(payload)));
	CU_ASSERT_EQUAL(m.sequence, 7);
	CU_ASSERT_EQUAL(m.claimed, 2);
	CU_ASSERT_EQUAL(m.whole, 2);
	CU_ASSERT_TRUE(exchange_mold_read(&m, payload, sizeof(payload) - 1));
	CU_ASSERT_EQUAL(m.whole, 1);
	CU_ASSERT_TRUE(exchange_mold_read(&m, payload, 21));
	CU_ASSERT_EQUAL(m.whole, 0);
	CU_ASSERT_FALSE(exchange_mold_read(&m, payload, 19));
	put_be16(payload + 18, 0xffff);
	CU_ASSERT_TRUE(exchange_mold_read(&m, payload, 20));
	CU_ASSERT_EQUAL(m.kind, DAY_PACKET_END);
	CU_ASSERT_EQUAL(m.claimed, 0);
	put_be16(payload + 18, 2);
	put_be64(payload + 10, UINT64_MAX - 1);
	CU_ASSERT_FALSE(exchange_mold_read(&m, payload, sizeof(payload)));
	put_be64(payload + 10, 0);
	CU_ASSERT_FALSE(exchange_mold_read(&m, payload, sizeof(payload)));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the other line heals", test_the_other_line_heals},
	        {"what no line carried", test_what_no_line_carried},
	        {"damaged and unsent bring nothing", test_damaged_and_unsent_bring_nothing},
	        {"a session that was left is over", test_a_session_that_was_left_is_over},
	        {"reads a header", test_reads_a_header},
	};

	return SUITE_RUN("exchange_account", tests);
}
