/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arbiter inside one session: claims beyond reason, and what happens when room runs out.
 */
#include "dataplane/feed/arbiter.h"

#include "tests/unit/feed/arbiter_world.h"
#include "tests/unit/suite.h"

static void test_overrun_claims(void)
{
	struct arbiter_options o = double_options();

	o.hold_packets = 0;
	const struct arbiter_stats *s = open_with(o);

	AT(0, .first = 1, .count = 2, .claimed = 6);             /* 3-6 never came */
	AT(10, .line = 1, .first = 1, .count = 3, .claimed = 4); /* brings 3 */
	EXPECT_LOG(&world, "R1 D1-2 D3");
	EXPECT_EQUAL(s->duplicates, 2);
	EXPECT_EQUAL(s->healed, 1);
	EXPECT_EQUAL(LINE(0)->lost, 4);
	EXPECT_EQUAL(LINE(1)->lost, 1);
	arbiter_poll(&world.arbiter, 1000);
	EXPECT_LOG(&world, "R1 D1-2 D3 G4-6a");
	EXPECT_EQUAL(s->lost_messages, 3);
	/* A packet may bring nothing and still claim. */
	AT(2000, .first = 7, .count = 0, .claimed = 2);
	arbiter_on_input_end(&world.arbiter, 2001);
	EXPECT_LOG(&world, "R1 D1-2 D3 G4-6a G7-8i");
	EXPECT_EQUAL(s->gaps, 1);
	EXPECT_EQUAL(s->lost_messages, 5);
	world_close(&world);
}

static void test_pieces_run_out(void)
{
	struct arbiter_options o = double_options();

	o.parking_pieces_max = 2;
	const struct arbiter_stats *s = open_with(o);

	SEND(.first = 1, .count = 1);
	SEND(.first = 3, .count = 1);
	SEND(.first = 5, .count = 1);
	SEND(.first = 7, .count = 1); /* the third piece: 2 is given up for it */
	EXPECT_LOG(&world, "R1 D1 G2p D3");
	SEND(.first = 9, .kind = FEED_HEARTBEAT); /* a marker needs one as well */
	EXPECT_LOG(&world, "R1 D1 G2p D3 G4p D5");
	EXPECT_EQUAL(s->parking_full, 2);
	EXPECT_EQUAL(s->lost_by_reason[GAP_PARKING], 2);
	SEND(.line = 1, .first = 2, .count = 8);
	EXPECT_LOG(&world, "R1 D1 G2p D3 G4p D5 D6 D7 D8-9");
	EXPECT_EQUAL(s->late, 2);
	world_close(&world);
}

static void test_bytes_run_out(void)
{
	struct arbiter_options o = double_options();

	o.parking_segments_max = 1;
	o.hold_packets = 1u << 30;
	const struct arbiter_stats *s = open_with(o);
	uint32_t sent = 0;

	EXPECT_EQUAL(segment_double.ceiling, 1);
	SEND(.first = 1, .count = 1);
	while (s->parking_full == 0) /* 2, 1003, 2004, ... are missing */
		SEND(.first = 3 + 1001 * (uint64_t)sent++, .count = 1000);
	CU_ASSERT(sent > SEGMENT_BYTES / 13000 && sent < SEGMENT_BYTES / 10000);
	/* One segment: it is free again when the last piece in it is out; then the new one fits. */
	EXPECT_EQUAL(s->gaps, sent - 1);
	EXPECT_EQUAL(s->lost_by_reason[GAP_PARKING], sent - 1);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 3 + 1001 * (uint64_t)(sent - 1) - 1);
	EXPECT_EQUAL(s->parking_pieces, 1);
	EXPECT_EQUAL(segment_double.held, 1);
	world_close(&world);
}

static void test_pool_runs_dry(void)
{
	const struct arbiter_stats *s = open_default();

	segment_double.limit = 0;
	SEND(.first = 1, .count = 1);
	SEND(.first = 4, .count = 2);
	EXPECT_LOG(&world, "R1 D1 G2-3p D4-5");
	EXPECT_EQUAL(s->parking_full, 1);
	SEND(.first = 8, .kind = FEED_HEARTBEAT); /* takes no bytes */
	SEND(.first = 6, .count = 2);
	EXPECT_LOG(&world, "R1 D1 G2-3p D4-5 D6-7");
	world_close(&world);
}

static void test_hostile_jump(void)
{
	const struct arbiter_stats *s = open_default();

	AT(0, .first = 1, .count = 1);
	AT(0, .first = UINT64_MAX, .count = 1); /* the highest sequence there is */
	AT(0, .first = 2, .count = 1);          /* the stream goes on below */
	AT(0, .line = 1, .first = UINT64_MAX, .count = 1);
	EXPECT_LOG(&world, "R1 D1 D2");
	EXPECT_EQUAL(s->duplicates, 1);
	EXPECT_EQUAL(LINE(0)->lost, UINT64_MAX - 2 - 0);
	AT(5000, .first = 3, .count = 1);
	AT(5000, .first = 4, .count = 1);
	EXPECT_LOG(&world, "R1 D1 D2 D3 D4 G5-18446744073709551614a D18446744073709551615");
	EXPECT_EQUAL(s->lost_messages, UINT64_MAX - 5);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), UINT64_MAX);
	AT(6000, .first = 5, .count = 2);
	EXPECT_EQUAL(s->late, 2);
	AT(6000, .first = UINT64_MAX, .kind = FEED_HEARTBEAT);
	AT(6000, .first = UINT64_MAX, .kind = FEED_END);
	EXPECT_EQUAL(s->rewinds, 1);
	EXPECT_LOG(&world, "R1 D1 D2 D3 D4 G5-18446744073709551614a D18446744073709551615 "
	                   "E18446744073709551615");
	world_close(&world);
}

static void test_two_to_the_64_in_one_claim(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.first = UINT64_MAX - 2, .count = 1);
	SEND(.first = UINT64_MAX, .count = 0, .claimed = 1);
	arbiter_on_input_end(&world.arbiter, 2);
	EXPECT_LOG(&world, "R18446744073709551613 D18446744073709551613 "
	                   "G18446744073709551614-18446744073709551615i");
	EXPECT_EQUAL(s->lost_messages, 2);
	uint32_t epoch = 0;
	uint64_t end = 0;

	arbiter_last_gap(&world.arbiter, &epoch, &end);
	EXPECT_EQUAL(end, UINT64_MAX);
	world_close(&world);
}

static void test_rewind_is_only_counted(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.first = 100000, .count = 1);
	SEND(.first = 34463, .count = 1); /* the copy of a packet 65536 back */
	SEND(.first = 34464, .count = 1);
	EXPECT_EQUAL(s->rewinds, 1);
	SEND(.first = 1, .count = 3);
	SEND(.first = 1, .kind = FEED_HEARTBEAT);
	EXPECT_EQUAL(s->rewinds, 3);
	EXPECT_EQUAL(s->duplicates, 5);
	EXPECT_EQUAL(s->session_resets, 0);
	SEND(.first = 100001, .count = 1);
	EXPECT_LOG(&world, "R100000 D100000 D100001");
	world_close(&world);
}

static void test_more_than_a_record_holds(void)
{
	open_default();
	static uint8_t blocks[2 * 70000];
	struct feed_packet p = {
	        .session = {.name = "A"},
	        .first_sequence = 1,
	        .blocks = blocks,
	        .block_bytes = sizeof(blocks),
	        .claimed_count = 70000, /* empty messages */
	        .block_count = 70000,
	};

	arbiter_on_packet(&world.arbiter, 0, &p, 1, TIME_NONE);
	EXPECT_EQUAL(scan_double.messages, 70000);
	EXPECT_EQUAL(log_double.count, 1 + 3); /* 65536 bytes hold 32768 of them */
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 70001);
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"overrun claims", test_overrun_claims},
	        {"pieces run out", test_pieces_run_out},
	        {"bytes run out", test_bytes_run_out},
	        {"the pool runs dry", test_pool_runs_dry},
	        {"hostile jump", test_hostile_jump},
	        {"2^64 in one claim", test_two_to_the_64_in_one_claim},
	        {"a rewind is only counted", test_rewind_is_only_counted},
	        {"more than a record holds", test_more_than_a_record_holds},
	};

	return SUITE_RUN("feed_arbiter_limits", tests);
}
