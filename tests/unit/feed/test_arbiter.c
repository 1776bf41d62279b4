/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arbiter inside one session: order, copies, holes, giving up, limits.
 */
#include "dataplane/feed/arbiter.h"

#include <errno.h>

#include "tests/unit/suite.h"
#include "tests/unit/feed/feed_double.h"

static struct world world;

static const struct arbiter_stats *open_with(struct arbiter_options o)
{
	int error = world_open(&world, &double_mold, &o);

	CU_ASSERT_EQUAL_FATAL(error, 0);
	return arbiter_stats(&world.arbiter);
}

static const struct arbiter_stats *open_default(void)
{
	return open_with(double_options());
}

#define SEND(...)         world_send_at(&world, 1, (struct send){__VA_ARGS__})
#define AT(now_ns, ...)   world_send_at(&world, now_ns, (struct send){__VA_ARGS__})
#define LINE(line_number) arbiter_line_stats(&world.arbiter, line_number)

static void test_first_packet_sets_the_place(void)
{
	open_default();
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 0);
	EXPECT_EQUAL(arbiter_epoch(&world.arbiter), 0);
	SEND(.first = 10, .count = 3);
	EXPECT_LOG(&world, "R10 D10-12");
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 13);
	EXPECT_EQUAL(arbiter_epoch(&world.arbiter), 1);
	EXPECT_EQUAL(arbiter_session(&world.arbiter)->name[0], 'A');
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->session_resets, 0);
	EXPECT_EQUAL(scan_double.resets, 0);
	/* Below the joining point: not missed, only repeated. */
	SEND(.first = 8, .count = 2);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->duplicates, 2);
	world_close(&world);
}

static void test_heartbeat_or_end_may_come_first(void)
{
	open_default();
	SEND(.first = 7, .kind = FEED_HEARTBEAT);
	EXPECT_LOG(&world, "R7");
	SEND(.first = 7, .count = 1);
	EXPECT_LOG(&world, "R7 D7");
	EXPECT_EQUAL(LINE(0)->heartbeats, 1);
	world_close(&world);
	open_default();
	SEND(.first = 7, .kind = FEED_END);
	EXPECT_LOG(&world, "R7 E7");
	world_close(&world);
}

static void test_join_from_one(void)
{
	struct arbiter_options o = double_options();

	o.join = ARBITER_JOIN_FROM_ONE;
	open_with(o);
	SEND(.first = 4, .count = 2);
	EXPECT_LOG(&world, "R1");
	SEND(.line = 1, .first = 1, .count = 3);
	EXPECT_LOG(&world, "R1 D1-3 D4-5");
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->healed, 3);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->healed_by_other_line, 3);
	world_close(&world);
}

static void test_record_says_all(void)
{
	open_default();
	AT(77, .first = 5, .count = 2);
	const struct record *r = log_double.records[1];

	EXPECT_EQUAL(r->kind, RECORD_DATA);
	EXPECT_EQUAL(r->first_sequence, 5);
	EXPECT_EQUAL(r->count, 2);
	EXPECT_EQUAL(r->epoch, 1);
	EXPECT_EQUAL(r->time_ns, 77);
	EXPECT_EQUAL(r->time_source, TIME_CAPTURE);
	EXPECT_EQUAL(r->interest, 0x42);
	EXPECT_EQUAL(log_double.records[0]->interest, UINT64_MAX);
	EXPECT_EQUAL(log_double.records[0]->count, 0);
	world_close(&world);
}

static void test_first_copy_wins(void)
{
	const struct arbiter_stats *s = open_default();

	AT(100, .line = 0, .first = 1, .count = 4);
	AT(150, .line = 1, .first = 1, .count = 4);
	AT(200, .line = 1, .first = 5, .count = 5);
	AT(230, .line = 0, .first = 5, .count = 5);
	EXPECT_LOG(&world, "R1 D1-4 D5-9");
	EXPECT_EQUAL(s->packets, 4);
	EXPECT_EQUAL(s->duplicates, 9);
	EXPECT_EQUAL(LINE(0)->wins, 4);
	EXPECT_EQUAL(LINE(0)->duplicates, 5);
	EXPECT_EQUAL(LINE(1)->wins, 5);
	EXPECT_EQUAL(LINE(1)->duplicates, 4);
	EXPECT_EQUAL(LINE(1)->messages, 9);
	EXPECT_EQUAL(LINE(1)->packets, 2);
	EXPECT_EQUAL(LINE(1)->skew_ns, 50);
	EXPECT_EQUAL(LINE(0)->skew_ns, 30);
	EXPECT_EQUAL(LINE(1)->last_seen_ns, 200);
	EXPECT_EQUAL(scan_double.messages, 9);
	world_close(&world);
}

static void test_lines_may_cut_differently(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.line = 0, .first = 1, .count = 3);
	SEND(.line = 1, .first = 2, .count = 5); /* 2-3 known */
	SEND(.line = 0, .first = 4, .count = 8); /* 4-6 known */
	EXPECT_LOG(&world, "R1 D1-3 D4-6 D7-11");
	EXPECT_EQUAL(s->duplicates, 5);
	EXPECT_EQUAL(scan_double.messages, 11);
	EXPECT_EQUAL(scan_double.overrun, 0);
	world_close(&world);
}

static void test_early_ones_wait(void)
{
	const struct arbiter_stats *s = open_default();

	AT(10, .first = 1, .count = 1);
	AT(20, .first = 6, .count = 2);
	AT(30, .line = 1, .first = 3, .count = 1);
	EXPECT_EQUAL(s->parking_pieces, 2);
	EXPECT_EQUAL(segment_double.held, 1);
	AT(40, .line = 1, .first = 2, .count = 8); /* all of 2-9; brings 2, 4-5, 8-9 */
	EXPECT_LOG(&world, "R1 D1 D2 D3 D4-5 D6-7 D8-9");
	EXPECT_EQUAL(s->duplicates, 3);
	EXPECT_EQUAL(s->parked, 3);
	EXPECT_EQUAL(s->parking_pieces, 0);
	EXPECT_EQUAL(s->parking_bytes, 0);
	EXPECT_EQUAL(segment_double.held, 0);
	EXPECT_EQUAL(s->healed, 4); /* 2-5 were known missing since 6 came (3 counts too) */
	EXPECT_EQUAL(s->healed_by_other_line, 4);
	/* Each keeps the time it came at. */
	EXPECT_EQUAL(log_double.records[3]->time_ns, 30);
	EXPECT_EQUAL(log_double.records[5]->time_ns, 20);
	EXPECT_EQUAL(log_double.records[6]->time_ns, 40);
	world_close(&world);
}

static void test_waiting_copies_are_duplicates(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.first = 1, .count = 1);
	SEND(.first = 5, .count = 4);
	SEND(.line = 1, .first = 4, .count = 3); /* 4 is new, 5-6 wait */
	SEND(.line = 1, .first = 7, .count = 3); /* 7-8 wait, 9 is new */
	EXPECT_EQUAL(s->duplicates, 4);
	EXPECT_EQUAL(s->parked, 6);
	SEND(.first = 2, .count = 2);
	EXPECT_LOG(&world, "R1 D1 D2-3 D4 D5-8 D9");
	world_close(&world);
}

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

static void test_end_comes_when_all_is_settled(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.first = 1, .count = 2);
	SEND(.first = 5, .kind = FEED_END); /* 3-4 missing */
	SEND(.line = 1, .first = 5, .kind = FEED_END);
	EXPECT_LOG(&world, "R1 D1-2");
	SEND(.line = 1, .first = 3, .count = 2);
	EXPECT_LOG(&world, "R1 D1-2 D3-4 E5");
	SEND(.first = 5, .kind = FEED_END);
	/* It ends nothing by itself. */
	SEND(.first = 5, .count = 1);
	SEND(.first = 6, .kind = FEED_END);
	EXPECT_LOG(&world, "R1 D1-2 D3-4 E5 D5");
	EXPECT_EQUAL(s->sessions_ended, 1);
	EXPECT_EQUAL(LINE(0)->heartbeats, 0);
	world_close(&world);
}

static void test_end_of_input(void)
{
	const struct arbiter_stats *s = open_default();

	SEND(.first = 1, .count = 1);
	SEND(.first = 3, .count = 1);
	SEND(.first = 6, .count = 1, .claimed = 3);
	SEND(.first = 12, .kind = FEED_END);
	arbiter_on_input_end(&world.arbiter, 2);
	EXPECT_LOG(&world, "R1 D1 G2i D3 G4-5i D6 G7-8i G9-11i E12");
	EXPECT_EQUAL(s->gaps, 3);
	EXPECT_EQUAL(s->lost_by_reason[GAP_INPUT], 8);
	EXPECT_EQUAL(segment_double.held, 0);
	arbiter_on_input_end(&world.arbiter, 3);
	EXPECT_EQUAL(s->gaps, 3);
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

static void test_line_accounts(void)
{
	open_default();
	SEND(.line = 1, .first = 1, .count = 2);
	SEND(.line = 1, .first = 5, .count = 1);
	EXPECT_EQUAL(LINE(1)->lost, 2);
	SEND(.line = 1, .first = 3, .count = 1); /* only reordered */
	EXPECT_EQUAL(LINE(1)->lost, 1);
	SEND(.line = 0, .first = 4, .count = 1); /* the other line joins here */
	EXPECT_EQUAL(LINE(0)->lost, 0);
	arbiter_on_malformed(&world.arbiter, 1, 9);
	EXPECT_EQUAL(LINE(1)->malformed, 1);
	EXPECT_EQUAL(LINE(1)->packets, 4);
	EXPECT_EQUAL(LINE(1)->last_seen_ns, 9);
	EXPECT_EQUAL(LINE(0)->bytes, 20 + 2 + 13);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->packets,
	             4); /* the malformed one is the line's */
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

static void test_options_are_checked(void)
{
	struct arbiter_options o = double_options();

	o.line_count = LINES_MAX + 1;
	EXPECT_EQUAL((uint64_t)world_open(&world, &double_mold, &o), (uint64_t)-EINVAL);
	world_close(&world);
	o.line_count = 1;
	o.parking_segments_max = 0;
	CU_ASSERT_EQUAL(world_open(&world, &double_mold, &o), -EINVAL);
	world_close(&world);
	o = double_options();
	CU_ASSERT_EQUAL_FATAL(world_open(&world, &double_mold, &o), 0);
	struct arbiter_setup again = {
	        .region = &world.region,
	        .pool = &world.pool,
	        .log = &world.writer,
	        .protocol = &double_mold,
	        .options = o,
	};
	struct arbiter second;

	CU_ASSERT_EQUAL(arbiter_init(&second, &again), -ENOSPC);
	world_close(&world);
}

/* Every byte of state that changes lies in a page marked since. */
static void test_pages_are_marked(void)
{
	open_default();
	uint64_t bytes = world.region.bytes;
	uint8_t *before = malloc(bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	world.region.epoch = 2;
	for (uint32_t step = 0; step < 200; step++) {
		memcpy(before, world.region.base, bytes);
		memset(world.page_epoch, 0, bytes / REGION_PAGE_BYTES);
		uint64_t first = 1 + step * 3 % 97 + step * 2;

		if (step % 50 == 49)
			SEND(.first = first + 5, .kind = FEED_HEARTBEAT);
		else
			AT(step * 40, .line = step % 2, .first = first, .count = 1 + step % 3,
			   .session = (char)('A' + step / 130));
		log_double.refuse = step % 60 > 50;
		for (uint64_t page = 0; page < bytes / REGION_PAGE_BYTES; page++)
			if (memcmp(before + page * REGION_PAGE_BYTES,
			           world.region.base + page * REGION_PAGE_BYTES,
			           REGION_PAGE_BYTES) != 0)
				CU_ASSERT_EQUAL(world.page_epoch[page], 2);
	}
	free(before);
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the first packet sets the place", test_first_packet_sets_the_place},
	        {"a heartbeat or an end may come first", test_heartbeat_or_end_may_come_first},
	        {"join from one", test_join_from_one},
	        {"a record says all", test_record_says_all},
	        {"the first copy wins", test_first_copy_wins},
	        {"lines may cut differently", test_lines_may_cut_differently},
	        {"early ones wait", test_early_ones_wait},
	        {"waiting copies are duplicates", test_waiting_copies_are_duplicates},
	        {"a gap needs packets and time", test_gap_needs_packets_and_time},
	        {"the deciding packet may still heal", test_deciding_packet_may_still_heal},
	        {"nothing ages beyond the horizon", test_nothing_ages_beyond_the_horizon},
	        {"hold nothing", test_hold_nothing},
	        {"time may step back", test_time_may_step_back},
	        {"every hole has its own moment", test_every_hole_has_its_own_moment},
	        {"a marker goes when it marks nothing", test_a_marker_goes_when_it_marks_nothing},
	        {"touching gaps are one", test_touching_gaps_are_one},
	        {"late and duplicate are told apart", test_late_and_duplicate_are_told_apart},
	        {"overrun claims", test_overrun_claims},
	        {"end comes when all is settled", test_end_comes_when_all_is_settled},
	        {"end of input", test_end_of_input},
	        {"pieces run out", test_pieces_run_out},
	        {"bytes run out", test_bytes_run_out},
	        {"the pool runs dry", test_pool_runs_dry},
	        {"hostile jump", test_hostile_jump},
	        {"2^64 in one claim", test_two_to_the_64_in_one_claim},
	        {"a rewind is only counted", test_rewind_is_only_counted},
	        {"line accounts", test_line_accounts},
	        {"more than a record holds", test_more_than_a_record_holds},
	        {"options are checked", test_options_are_checked},
	        {"pages are marked", test_pages_are_marked},
	};

	return SUITE_RUN("feed_arbiter", tests);
}
