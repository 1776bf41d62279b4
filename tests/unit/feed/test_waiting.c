/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The grace between two sessions: the old one stays open, the next one's packets wait.
 */
#include "dataplane/feed/waiting.h"

#include "tests/unit/suite.h"
#include "tests/unit/feed/feed_double.h"

static struct world world;

#define AT(now_ns, ...) world_send_at(&world, now_ns, (struct send){__VA_ARGS__})

static const struct arbiter_stats *open_with(const struct protocol *p, uint32_t segments)
{
	struct arbiter_options o = double_options();

	o.reset_grace_ns = 500;
	o.parking_segments_max = segments;
	CU_ASSERT_EQUAL_FATAL(world_open(&world, p, &o), 0);
	return arbiter_stats(&world.arbiter);
}

static void test_slower_line_may_finish(void)
{
	const struct arbiter_stats *s = open_with(&double_mold, 8);

	AT(10, .session = 'A', .first = 1, .count = 2);
	AT(20, .session = 'A', .first = 4, .count = 1);
	AT(30, .session = 'B', .first = 1, .count = 2);
	AT(31, .session = 'B', .first = 3, .count = 0, .kind = FEED_HEARTBEAT);
	EXPECT_LOG(&world, "R1 D1-2");
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), 530);
	CU_ASSERT(s->parking_bytes > 0);
	AT(40, .session = 'A', .line = 1, .first = 3, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 D3 D4");
	EXPECT_EQUAL(s->session_resets, 0);
	arbiter_poll(&world.arbiter, 529);
	EXPECT_LOG(&world, "R1 D1-2 D3 D4");
	arbiter_poll(&world.arbiter, 530);
	EXPECT_LOG(&world, "R1 D1-2 D3 D4 R1 D1-2");
	EXPECT_EQUAL(s->session_resets, 1);
	EXPECT_EQUAL(s->gaps, 0);
	EXPECT_EQUAL(s->parking_bytes, 0);
	EXPECT_EQUAL(segment_double.held, 0);
	/* Waiting did not change when they came. */
	EXPECT_EQUAL(log_double.records[5]->time_ns, 30);
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), UINT64_MAX);
	world_close(&world);
}

static void test_end_ends_the_grace(void)
{
	open_with(&double_mold, 8);
	AT(10, .session = 'A', .first = 1, .count = 2);
	AT(30, .session = 'B', .first = 1, .count = 2);
	AT(40, .session = 'A', .first = 4, .kind = FEED_END);
	EXPECT_LOG(&world, "R1 D1-2");
	AT(50, .session = 'A', .line = 1, .first = 3, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 D3 E4 R1 D1-2");
	world_close(&world);
}

static void test_a_packet_after_the_grace(void)
{
	open_with(&double_mold, 8);
	AT(10, .session = 'A', .first = 1, .count = 2);
	AT(30, .session = 'B', .first = 1, .count = 2);
	AT(530, .session = 'A', .first = 3, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 R1 D1-2");
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->stale_session_packets, 1);
	world_close(&world);
}

static void test_out_of_order_while_waiting(void)
{
	const struct arbiter_stats *s = open_with(&double_mold, 8);

	AT(10, .session = 'A', .first = 1, .count = 2);
	AT(30, .session = 'B', .first = 1, .count = 2);
	AT(31, .session = 'B', .first = 6, .count = 2);
	AT(32, .session = 'B', .line = 1, .first = 1, .count = 4);
	AT(33, .session = 'A', .first = 9, .kind = FEED_HEARTBEAT);
	arbiter_poll(&world.arbiter, 600);
	EXPECT_LOG(&world, "R1 D1-2 G3-8s R1 D1-2 D3-4");
	EXPECT_EQUAL(s->duplicates, 2);
	AT(601, .session = 'B', .first = 5, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 G3-8s R1 D1-2 D3-4 D5 D6-7");
	world_close(&world);
}

static void test_third_session_ends_the_grace(void)
{
	const struct arbiter_stats *s = open_with(&double_mold, 8);

	AT(10, .session = 'A', .first = 1, .count = 1);
	AT(20, .session = 'B', .first = 1, .count = 1);
	AT(30, .session = 'C', .first = 1, .count = 1);
	EXPECT_LOG(&world, "R1 D1 R1 D1");
	AT(40, .session = 'A', .first = 2, .count = 1);
	EXPECT_EQUAL(s->stale_session_packets, 1);
	arbiter_on_input_end(&world.arbiter, 50);
	EXPECT_LOG(&world, "R1 D1 R1 D1 R1 D1");
	EXPECT_EQUAL(s->session_resets, 2);
	world_close(&world);
}

static void test_overflow_ends_the_grace(void)
{
	const struct arbiter_stats *s = open_with(&double_mold, 1); /* 1 MiB may wait */
	uint64_t first = 1;

	AT(10, .session = 'A', .first = 1, .count = 1);
	for (; s->session_resets == 0 && first < 200000; first += 1000)
		AT(20, .session = 'B', .first = first, .count = 1000);
	CU_ASSERT(first > 80000 && first < 110000);
	EXPECT_EQUAL(s->gaps, 0);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), first);
	EXPECT_EQUAL(scan_double.messages, first);
	EXPECT_EQUAL(segment_double.held, 0);
	world_close(&world);
}

static void test_no_memory_means_no_grace(void)
{
	open_with(&double_mold, 1);
	segment_double.limit = 0;
	AT(10, .session = 'A', .first = 1, .count = 1);
	AT(20, .session = 'B', .first = 1, .count = 1);
	AT(30, .session = 'B', .first = 2, .count = 1);
	EXPECT_LOG(&world, "R1 D1 R1 D1 D2");
	world_close(&world);
}

static void test_a_run_waits_too(void)
{
	open_with(&double_iex, 8);
	AT(10, .first = 1, .count = 3, .sent_ns = 100);
	AT(20, .first = 6, .count = 1, .sent_ns = 102);
	AT(30, .first = 1, .count = 2, .sent_ns = 200);
	AT(40, .line = 1, .first = 4, .count = 2, .sent_ns = 101);
	AT(50, .line = 1, .first = 3, .count = 1, .sent_ns = 201);
	EXPECT_LOG(&world, "R1 D1-3 D4-5 D6");
	arbiter_poll(&world.arbiter, 530);
	EXPECT_LOG(&world, "R1 D1-3 D4-5 D6 R1 D1-2 D3");
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the slower line may finish", test_slower_line_may_finish},
	        {"the end ends the grace", test_end_ends_the_grace},
	        {"a packet after the grace", test_a_packet_after_the_grace},
	        {"out of order while waiting", test_out_of_order_while_waiting},
	        {"a third session ends the grace", test_third_session_ends_the_grace},
	        {"overflow ends the grace", test_overflow_ends_the_grace},
	        {"no memory means no grace", test_no_memory_means_no_grace},
	        {"a run waits too", test_a_run_waits_too},
	};

	return SUITE_RUN("feed_waiting", tests);
}
