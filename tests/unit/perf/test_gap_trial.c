/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Gaps on both lines heal themselves: what the ladder promises, in a made-up world. Figures are of
 * a simulation and the same on every machine.
 */
#include "perf/gap_trial.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/suite.h"

#define MS  1000000ull
#define RTT ((uint64_t)GAP_TRIAL_RTT_NS)

static struct gap_trial_options world;
static struct gap_trial_result r;

static void run(void)
{
	CU_ASSERT_EQUAL_FATAL(gap_trial_run(&world, &r), 0);
	printf("\n    %" PRIu64 " gaps, %" PRIu64 " messages lost, q50 %.2f q99 %.2f RTT, %" PRIu64
	       " asks, %" PRIu64 " requests ",
	       r.gaps, r.lost, (double)r.q50_ns / (double)RTT, (double)r.q99_ns / (double)RTT,
	       r.asks, r.requests);
	/* Whatever happened. */
	CU_ASSERT_EQUAL(r.disorder, 0);
	CU_ASSERT_EQUAL(r.overdue, 0);
	CU_ASSERT_EQUAL(r.excess, 0);
	CU_ASSERT_EQUAL(r.needless, 0);
	CU_ASSERT_EQUAL(r.left, 0);
}

static void expect_whole(void)
{
	CU_ASSERT_EQUAL(r.delivered + r.lost + r.joined - 1, r.messages);
}

/* Three servers, one dead, one slow. */
static void test_one_dead(void)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		gap_trial_standard(&world);
		world.seed = seed;
		run();
		expect_whole();
		CU_ASSERT(r.gaps >= 1000);
		CU_ASSERT_EQUAL(r.lost, 0);
		CU_ASSERT(r.health.ejections != 0);
		CU_ASSERT(r.measured >= 990);
		CU_ASSERT(r.q50_ns * 10 <= 12 * RTT);
		CU_ASSERT(r.q99_ns <= 2 * RTT);
		CU_ASSERT((r.requests - r.asks) * 20 <= r.asks);
	}
}

static void test_requests_are_lost_too(void)
{
	gap_trial_standard(&world);
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		world.nodes[i].lose_ppm = 5000;
	run();
	expect_whole();
	CU_ASSERT_EQUAL(r.lost, 0);
	CU_ASSERT(r.q99_ns <= 2 * RTT);
	CU_ASSERT((r.requests - r.asks) * 20 <= r.asks);
	uint64_t q99_ns = r.q99_ns;

	gap_trial_fixed(&world);
	run();
	expect_whole();
	CU_ASSERT_EQUAL(r.lost, 0);
	CU_ASSERT(r.max_ns >= 1000 * MS);
	CU_ASSERT(r.q99_ns >= 100 * q99_ns);
}

/* For a fifth of the day nobody answers: GAPs instead of growth, and then all is well again. */
static void test_all_dead(void)
{
	gap_trial_standard(&world);
	uint64_t day_ns = world.packets * world.interval_ns;

	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++) {
		world.nodes[i].mute_from_ns = day_ns * 3 / 10;
		world.nodes[i].mute_until_ns = day_ns * 5 / 10;
	}
	run();
	expect_whole();
	CU_ASSERT(r.lost != 0);
	CU_ASSERT_EQUAL(r.lost, r.arbiter.lost_by_reason[GAP_REFUSED] +
	                                r.arbiter.lost_by_reason[GAP_UNANSWERED]);
	CU_ASSERT(r.arbiter.lost_by_reason[GAP_REFUSED] != 0);
	CU_ASSERT(r.breaker.entered[BREAKER_OPEN] != 0);
	CU_ASSERT(r.last_lost_ns < day_ns * 5 / 10 + 5000 * MS);
	CU_ASSERT(r.measured > r.gaps * 6 / 10);
	CU_ASSERT(r.wait_max_ns <= world.ladder.hold_ns + world.tick_ns);
	CU_ASSERT(r.operations_max <= world.ladder.pieces);
	CU_ASSERT(r.parking_bytes_max < 1u << 20);
	/* An open breaker asks nobody. */
	CU_ASSERT(r.requests_all < 2 * r.gaps);
}

static void test_long_gaps(void)
{
	gap_trial_standard(&world);
	world.long_every = 10;
	world.long_packets = 100;
	world.nodes[0] = world.nodes[1] = world.nodes[2];
	run();
	expect_whole();
	CU_ASSERT_EQUAL(r.lost, 0);
	/* What fits a reply was learned. */
	CU_ASSERT(r.ladder.reply_messages >= 25 && r.ladder.reply_messages <= 40);
	CU_ASSERT(r.ladder.partial * 4 < r.ladder.replies);
}

static void test_joining_late(void)
{
	gap_trial_standard(&world);
	world.packets = 20000;
	world.nodes[0] = world.nodes[1] = world.nodes[2];
	world.join_late = 50000;
	run();
	expect_whole();
	CU_ASSERT_EQUAL(r.joined, 1);
	CU_ASSERT_EQUAL(r.lost, 0);
	CU_ASSERT_EQUAL(r.ladder.storms, 0);
	world.ladder.recover_max = 40000; /* too much to ask for */
	run();
	expect_whole();
	CU_ASSERT_EQUAL(r.lost, 50000);
	CU_ASSERT_EQUAL(r.arbiter.lost_by_reason[GAP_REFUSED], 50000);
	CU_ASSERT_EQUAL(r.ladder.storms, 1);
}

static void test_a_line_that_lies(void)
{
	gap_trial_standard(&world);
	world.packets = 4000;
	world.storm_at = 2000;
	run();
	CU_ASSERT(r.ladder.storms >= 1);
	CU_ASSERT(r.ladder.storm_messages >= 1ull << 40);
	CU_ASSERT(r.ladder.asks < 100);
	CU_ASSERT(r.operations_max <= world.ladder.pieces);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"one server is dead, one slow", test_one_dead},
	        {"requests are lost too", test_requests_are_lost_too},
	        {"all are dead for a while", test_all_dead},
	        {"long gaps", test_long_gaps},
	        {"joining late", test_joining_late},
	        {"a line that lies", test_a_line_that_lies},
	};

	return SUITE_RUN("gap_trial", tests);
}
