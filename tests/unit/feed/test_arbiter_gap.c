/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arbiter inside one session: holes, and when they are given up.
 */
#include "dataplane/feed/arbiter.h"

#include "tests/unit/feed/arbiter_world.h"
#include "tests/unit/suite.h"

static void test_gap_needs_packets_and_time(void)
{
	const struct arbiter_stats *s = open_default(); /* 4 packets, 1000 ns */

	AT(0, .first = 1, .count = 1);
	AT(100, .first = 3, .count = 1); /* 2 is missing since 100 */
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), UINT64_MAX);
	AT(2000, .first = 4, .count = 1);
	arbiter_poll(&world.arbiter, 3000);
	AT(3000, .first = 5, .count = 1);
	arbiter_on_malformed(&world.arbiter, 0, 1099); /* counts as a packet of the feed */
	EXPECT_LOG(&world, "R1 D1");
	world_close(&world);

	s = open_default();
	AT(0, .first = 1, .count = 1);
	AT(100, .first = 3, .count = 1);
	for (uint64_t i = 0; i < 6; i++)
		AT(1099, .first = 4 + i, .count = 1);
	EXPECT_LOG(&world, "R1 D1");
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), 1100);
	arbiter_poll(&world.arbiter, 1099);
	EXPECT_LOG(&world, "R1 D1");
	arbiter_poll(&world.arbiter, 1100);
	EXPECT_LOG(&world, "R1 D1 G2a D3 D4 D5 D6 D7 D8 D9");
	EXPECT_EQUAL(s->gaps, 1);
	EXPECT_EQUAL(s->lost_messages, 1);
	EXPECT_EQUAL(s->lost_by_reason[GAP_AGE], 1);
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), UINT64_MAX);
	world_close(&world);
}

static void test_deciding_packet_may_still_heal(void)
{
	const struct arbiter_stats *s = open_default();

	AT(0, .first = 1, .count = 1);
	AT(0, .first = 3, .count = 1);
	AT(5000, .first = 4, .count = 1);
	AT(5000, .first = 5, .count = 1);
	AT(5000, .first = 6, .count = 1);
	AT(5000, .first = 2, .count = 1); /* the fourth packet after: it is what was missing */
	EXPECT_LOG(&world, "R1 D1 D2 D3 D4 D5 D6");
	EXPECT_EQUAL(s->gaps, 0);
	EXPECT_EQUAL(s->healed_by_other_line, 0);
	world_close(&world);
}

/* What is missing may be among the packets that wait before the arbiter. */
static void test_nothing_ages_beyond_the_horizon(void)
{
	struct arbiter_options o = double_options();
	struct world w;

	o.hold_packets = 0;
	o.reset_grace_ns = 1000;
	CU_ASSERT_EQUAL_FATAL(world_open(&w, &double_mold, &o), 0);
	SEND_AT(&w, 0, .line = 0, .first = 1, .count = 1);
	SEND_AT(&w, 100, .line = 0, .first = 3, .count = 1);
	arbiter_set_horizon(&w.arbiter, 1099);
	arbiter_poll(&w.arbiter, 5000);
	SEND_AT(&w, 5000, .line = 0, .first = 4, .count = 1);
	EXPECT_LOG(&w, "R1 D1");
	SEND_AT(&w, 90, .line = 1, .first = 2, .count = 1);
	EXPECT_LOG(&w, "R1 D1 D2 D3 D4");
	SEND_AT(&w, 5000, .line = 0, .first = 6, .count = 1);
	arbiter_set_horizon(&w.arbiter, 5999);
	arbiter_poll(&w.arbiter, 7000);
	EXPECT_LOG(&w, "R1 D1 D2 D3 D4");
	arbiter_set_horizon(&w.arbiter, 6000);
	arbiter_poll(&w.arbiter, 7000);
	EXPECT_LOG(&w, "R1 D1 D2 D3 D4 G5a D6");
	/* The old session stays open as long. */
	SEND_AT(&w, 7000, .line = 0, .first = 1, .count = 1, .session = 'B');
	arbiter_set_horizon(&w.arbiter, 7999);
	arbiter_poll(&w.arbiter, 9000);
	SEND_AT(&w, 6900, .line = 1, .first = 7, .count = 1);
	EXPECT_LOG(&w, "R1 D1 D2 D3 D4 G5a D6 D7");
	arbiter_set_horizon(&w.arbiter, UINT64_MAX);
	arbiter_poll(&w.arbiter, 9000);
	EXPECT_LOG(&w, "R1 D1 D2 D3 D4 G5a D6 D7 R1 D1");
	world_close(&w);
}

static void test_hold_nothing(void)
{
	struct arbiter_options o = double_options();

	o.hold_ns = 0;
	o.hold_packets = 0;
	const struct arbiter_stats *s = open_with(o);

	SEND(.first = 1, .count = 1);
	SEND(.first = 4, .count = 2);
	SEND(.line = 1, .first = 2, .count = 2);
	SEND(.first = 9, .kind = FEED_HEARTBEAT);
	EXPECT_LOG(&world, "R1 D1 G2-3a D4-5 G6-8a");
	EXPECT_EQUAL(s->late, 2);
	EXPECT_EQUAL(s->duplicates, 0);
	EXPECT_EQUAL(s->gaps, 2);
	EXPECT_EQUAL(LINE(1)->late, 2);
	world_close(&world);
}

static void test_time_may_step_back(void)
{
	const struct arbiter_stats *s = open_default();

	AT(1000000, .first = 1, .count = 1);
	AT(1000000, .first = 3, .count = 1);
	for (uint64_t i = 0; i < 8; i++)
		AT(5, .first = 4 + i, .count = 1);
	EXPECT_EQUAL(s->gaps, 0);
	arbiter_poll(&world.arbiter, 1001000);
	EXPECT_EQUAL(s->gaps, 1);
	world_close(&world);
}

static void test_every_hole_has_its_own_moment(void)
{
	struct arbiter_options o = double_options();

	o.hold_packets = 0;
	open_with(o);
	AT(0, .first = 1, .count = 1);
	AT(100, .first = 4, .kind = FEED_HEARTBEAT); /* 2-3 missing since 100 */
	AT(500, .first = 8, .count = 1);             /* 4-7 since 500 */
	AT(600, .line = 1, .first = 3, .count = 3);  /* splits both: 2 | 3-5 | 6-7 */
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), 1100);
	arbiter_poll(&world.arbiter, 1100);
	EXPECT_LOG(&world, "R1 D1 G2a D3-5");
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), 1500);
	arbiter_poll(&world.arbiter, 1499);
	EXPECT_LOG(&world, "R1 D1 G2a D3-5");
	arbiter_poll(&world.arbiter, 1500);
	EXPECT_LOG(&world, "R1 D1 G2a D3-5 G6-7a D8");
	world_close(&world);
}

static void test_a_marker_goes_when_it_marks_nothing(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.first = 1, .count = 1);
	SEND(.first = 9, .kind = FEED_HEARTBEAT);
	EXPECT_EQUAL(s->parking_pieces, 1);
	SEND(.first = 7, .count = 2); /* ends where the marker stands */
	EXPECT_EQUAL(s->parking_pieces, 1);
	SEND(.first = 9, .kind = FEED_HEARTBEAT);
	SEND(.first = 12, .kind = FEED_HEARTBEAT);
	EXPECT_EQUAL(s->parking_pieces, 2);
	SEND(.first = 11, .count = 3); /* over it */
	EXPECT_EQUAL(s->parking_pieces, 2);
	EXPECT_EQUAL(s->healed, 3);
	world_close(&world);
}

static void test_touching_gaps_are_one(void)
{
	struct arbiter_options o = double_options();

	o.hold_packets = 0;
	const struct arbiter_stats *s = open_with(o);

	AT(0, .first = 1, .count = 1);
	AT(100, .first = 4, .kind = FEED_HEARTBEAT);
	AT(500, .first = 6, .kind = FEED_HEARTBEAT);
	AT(600, .first = 7, .count = 1);
	arbiter_poll(&world.arbiter, 1100);
	arbiter_poll(&world.arbiter, 1500);
	arbiter_poll(&world.arbiter, 1600);
	EXPECT_LOG(&world, "R1 D1 G2-3a G4-5a G6a D7");
	EXPECT_EQUAL(s->gaps, 1);
	EXPECT_EQUAL(s->lost_messages, 5);
	uint32_t epoch = 0;
	uint64_t end = 0;

	arbiter_last_gap(&world.arbiter, &epoch, &end);
	EXPECT_EQUAL(epoch, 1);
	EXPECT_EQUAL(end, 7);
	world_close(&world);
}

static void test_late_and_duplicate_are_told_apart(void)
{
	struct arbiter_options o = double_options();

	o.hold_ns = 0;
	o.hold_packets = 0;
	const struct arbiter_stats *s = open_with(o);

	SEND(.first = 1, .count = 2);
	SEND(.first = 5, .count = 2);             /* 3-4 given up */
	SEND(.first = 9, .count = 2);             /* 7-8 given up */
	SEND(.line = 1, .first = 1, .count = 12); /* 3-4, 7-8 late; 11-12 new */
	SEND(.line = 1, .first = 4, .count = 1);
	EXPECT_EQUAL(s->late, 5);
	EXPECT_EQUAL(s->duplicates, 6);
	EXPECT_LOG(&world, "R1 D1-2 G3-4a D5-6 G7-8a D9-10 D11-12");
	world_close(&world);
}

/* Line B runs 2 ms behind: what A lacks is given up when B should have brought it long ago, not
 * only after hold_ns. */
static void test_wait_is_learned(void)
{
	const uint64_t ms = 1000000;
	struct arbiter_options o = double_options();
	uint64_t n = 1;
	uint64_t now = 100 * ms;

	o.hold_ns = 50 * ms;
	o.hold_packets = 0;
	o.learned_wait = true;
	const struct arbiter_stats *s = open_with(o);

	for (; n <= 2000; n++, now += ms / 10) {
		AT(now, .line = 0, .first = n, .count = 1);
		if (n > 20)
			AT(now, .line = 1, .first = n - 20, .count = 1);
		arbiter_poll(&world.arbiter, now);
	}
	EXPECT_EQUAL(LINE(1)->skew_ns, 2 * ms);
	EXPECT_EQUAL(s->gaps, 0);
	AT(now, .line = 0, .first = n + 1, .count = 1); /* n is missing */
	arbiter_poll(&world.arbiter, now + 5 * ms - 1);
	EXPECT_EQUAL(s->gaps, 0);
	EXPECT_EQUAL(s->wait_ns, 5 * ms);
	arbiter_poll(&world.arbiter, now + 5 * ms);
	EXPECT_EQUAL(s->gaps, 1);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), n + 2);
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"a gap needs packets and time", test_gap_needs_packets_and_time},
	        {"the deciding packet may still heal", test_deciding_packet_may_still_heal},
	        {"nothing ages beyond the horizon", test_nothing_ages_beyond_the_horizon},
	        {"hold nothing", test_hold_nothing},
	        {"the wait is learned", test_wait_is_learned},
	        {"time may step back", test_time_may_step_back},
	        {"every hole has its own moment", test_every_hole_has_its_own_moment},
	        {"a marker goes when it marks nothing", test_a_marker_goes_when_it_marks_nothing},
	        {"touching gaps are one", test_touching_gaps_are_one},
	        {"late and duplicate are told apart", test_late_and_duplicate_are_told_apart},
	};

	return SUITE_RUN("feed_arbiter_gap", tests);
}
