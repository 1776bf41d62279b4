/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arbiter inside one session: order, copies, joining, ends, accounts, options.
 */
#include "dataplane/feed/arbiter.h"

#include <errno.h>

#include "tests/unit/feed/arbiter_world.h"
#include "tests/unit/suite.h"

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
	        {"end comes when all is settled", test_end_comes_when_all_is_settled},
	        {"end of input", test_end_of_input},
	        {"line accounts", test_line_accounts},
	        {"options are checked", test_options_are_checked},
	        {"pages are marked", test_pages_are_marked},
	};

	return SUITE_RUN("feed_arbiter", tests);
}
