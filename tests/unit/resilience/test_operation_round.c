/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How many attempts at once, to which nodes, when another, and what stops them.
 */
#include "resilience/operation_round.h"

#include "tests/unit/suite.h"
#include "tests/unit/resilience/operation_world.h"

static struct world world;

#define STATS   (&world.table.stats)
#define SERVICE (&world.service_options[0])

static void test_latency_rule(void)
{
	static const struct {
		uint64_t expected_ns;
		const char *said;
	} rows[] = {
	        {0, "S0f"},
	        {1 * SECOND, "S0f"},
	        {1 * SECOND + 1, "S0f S1p"},
	        {2 * SECOND, "S0f S1p"},
	        {2 * SECOND + 1, "S0f S1p S2p"},
	        {UINT64_MAX, "S0f S1p S2p"},
	};

	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(world_open(&world));
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SUBMIT(&world, .expected_ns = rows[i].expected_ns,
		       .latency_optimization = OPERATION_ON);
		EXPECT_SAID(&world, rows[i].said);
		SUBMIT(&world, .expected_ns = rows[i].expected_ns);
		EXPECT_SAID(&world, "S0f");
	}
	world_close(&world);
}

/* The service's word, which the operation overrides either way. */
static void test_latency_rule_of_the_service(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	SERVICE->latency_optimization = true;
	SERVICE->expected_ns = 1500 * MS;
	SERVICE->learn_expected = true;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .latency_optimization = OPERATION_OFF);
	EXPECT_SAID(&world, "S0f");
	SUBMIT(&world, .tag = 1);
	EXPECT_SAID(&world, "S0f S1p");
	/* What is learned replaces it: the mean of attempts. */
	world_pass(&world, 100 * MS);
	world_reply(&world, 0, true);
	EXPECT_SAID(&world, "Ds");
	SUBMIT(&world, .tag = 2);
	EXPECT_SAID(&world, "S0f");
	world_close(&world);
}

/* The greatest of all that ask, never above the service's limit. */
static void test_width_is_the_greatest(void)
{
	static const struct mode_class_policy always = {1000000, 1000, 1000, 1, 1, 0, 1};
	struct mode_policy policy = mode_policy_standard;

	for (uint32_t caller = 1; caller <= 3; caller++)
		for (uint32_t breaker = 0; breaker <= 3; breaker++)
			for (uint32_t mode = 1; mode <= 3; mode++)
				for (uint32_t max = 1; max <= 3; max++) {
					uint32_t most = caller > breaker ? caller : breaker;

					most = most > mode ? most : mode;
					most = most < max ? most : max;
					policy.mode[MODE_ULTRA].class[WORK_CRITICAL] = always;
					policy.mode[MODE_ULTRA].class[WORK_CRITICAL].parallel =
					        (uint8_t)mode;
					world_defaults(&world);
					SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
					SERVICE->parallel_max = (uint8_t)max;
					SERVICE->breaker.parallel[BREAKER_CLOSED] =
					        (uint8_t)breaker;
					CU_ASSERT_FATAL(world_open(&world));
					operation_set_mode(&world.table, &policy, MODE_ULTRA,
					                   world.now_ns);
					SUBMIT(&world, .parallel_attempts = (uint8_t)caller);
					CU_ASSERT_EQUAL(world.sends, most);
					world_close(&world);
				}
}

static void test_only_what_may_be_repeated(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	SERVICE->max_retries = 1;
	CU_ASSERT_FATAL(world_open(&world));
	struct operation_request r = {.repeat = OPERATION_AGAIN,
	                              .parallel_attempts = 3,
	                              .max_retries = OPERATION_ROUNDS_AS_SERVICE};

	world_submit_request(&world, r);
	EXPECT_SAID(&world, "S0f");
	world_reply(&world, 0, false);
	EXPECT_SAID(&world, "S1r");
	world_reply(&world, 1, false);
	EXPECT_SAID(&world, "Df");
	r.repeat = OPERATION_ONCE;
	world_submit_request(&world, r);
	world_reply(&world, 2, false);
	EXPECT_SAID(&world, "S0f Df");
	world_close(&world);
}

static void test_nodes(void)
{
	world_defaults(&world);
	SERVICE->nodes = 2;
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	EXPECT_SAID(&world, "S0f S1p"); /* one a node */
	world_close(&world);

	world_defaults(&world);
	SERVICE->nodes = 2;
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	SERVICE->same_node_parallel = true;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	EXPECT_SAID(&world, "S0f S1p S0p");
	world_close(&world);

	world_defaults(&world); /* the primary only */
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	EXPECT_SAID(&world, "S0f");
	world_close(&world);
}

/* Least peak-EWMA latency x (pending + 1). */
static void test_best_node_first(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_BEST;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	world_pass(&world, 10 * MS);
	world_reply(&world, 2, true); /* node 2 is the fast one */
	EXPECT_SAID(&world, "S0f S1p S2p C0l C1l Ds");
	world_pass(&world, 5 * MS);
	world_reply(&world, 1, true); /* late: node 1 */
	world_pass(&world, 200 * MS);
	world_reply(&world, 0, true); /* node 0 */
	SUBMIT(&world, .parallel_attempts = 3);
	EXPECT_SAID(&world, "S2f S1p S0p");
	operation_recall(&world.table, world.ids[3], world.now_ns, &world.out);
	world_read(&world);
	EXPECT_SAID(&world, "C2e C0e C1e Da");
	/* With one attempt out the second best is better. */
	SUBMIT(&world, .parallel_attempts = 1);
	SUBMIT(&world, .parallel_attempts = 1);
	EXPECT_SAID(&world, "S2f S1f");
	world_close(&world);
}

static void test_retries_go_elsewhere(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_BEST;
	SERVICE->max_retries = 2;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	world_reply(&world, 0, false);
	world_reply(&world, 1, false);
	world_reply(&world, 2, false);
	EXPECT_SAID(&world, "S0f S1r S0r Df");
	CU_ASSERT_EQUAL(STATS->attempts[OPERATION_RETRY], 2);
	world_close(&world);

	world_defaults(&world); /* no secondary nodes */
	SERVICE->max_retries = 2;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	world_reply(&world, 0, false);
	world_reply(&world, 1, false);
	world_reply(&world, 2, false);
	EXPECT_SAID(&world, "S0f S0r S0r Df");
	world_close(&world);
}

/* A round is lost when the last of its attempts is. */
static void test_rounds_of_several(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	SERVICE->max_retries = 1;
	SERVICE->deadline.terms = DEADLINE_BASE;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 2);
	world_reply(&world, 0, false);
	EXPECT_SAID(&world, "S0f S1p");
	world_pass(&world, 1001 * MS);
	EXPECT_SAID(&world, "C1o S1r S2p");
	world_reply(&world, 3, true);
	EXPECT_SAID(&world, "C1l Ds");
	CU_ASSERT_EQUAL(world.last.reason, 4);
	CU_ASSERT_EQUAL(world_reply(&world, 1, true), OPERATION_HEARD_LATE);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_backoff(void)
{
	world_defaults(&world);
	SERVICE->max_retries = 3;
	SERVICE->backoff = (struct backoff_options){.base_ns = 100 * MS, .max_ns = 250 * MS};
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	static const uint64_t pauses_ns[] = {100 * MS, 200 * MS, 250 * MS};

	for (uint32_t i = 0; i < 3; i++) {
		world.text[0] = 0;
		world_reply(&world, i, false);
		EXPECT_SAID(&world, "");
		world_pass(&world, pauses_ns[i] - 1);
		EXPECT_SAID(&world, "");
		world_pass(&world, MS);
		EXPECT_SAID(&world, "S0r");
	}
	world_reply(&world, 3, false);
	EXPECT_SAID(&world, "Df");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

/* With jitter those who failed together come back apart, never later than without. */
static void test_jitter(void)
{
	uint64_t first_ns = UINT64_MAX;
	uint64_t last_ns = 0;

	world_defaults(&world);
	SERVICE->max_retries = 1;
	SERVICE->backoff = (struct backoff_options){
	        .base_ns = 100 * MS, .max_ns = 100 * MS, .jitter_ppm = 500000};
	CU_ASSERT_FATAL(world_open(&world));
	for (uint32_t i = 0; i < 50; i++)
		SUBMIT(&world, .tag = i);
	uint64_t start_ns = world.now_ns;

	for (uint32_t i = 0; i < 50; i++)
		world_reply(&world, i, false);
	for (uint32_t sends = world.sends; world.now_ns < start_ns + SECOND;) {
		world_pass(&world, MS);
		if (world.sends == sends)
			continue;
		sends = world.sends;
		first_ns = first_ns < world.now_ns ? first_ns : world.now_ns;
		last_ns = world.now_ns;
	}
	CU_ASSERT_EQUAL(world.sends, 100);
	CU_ASSERT(first_ns >= start_ns + 50 * MS);
	CU_ASSERT(first_ns < start_ns + 60 * MS);
	CU_ASSERT(last_ns > start_ns + 90 * MS);
	CU_ASSERT(last_ns <= start_ns + 101 * MS);
	world_close(&world);
}

/* A round that could start only after the deadline is not waited for. */
static void test_no_round_after_the_deadline(void)
{
	world_defaults(&world);
	SERVICE->max_retries = 3;
	SERVICE->backoff = (struct backoff_options){.base_ns = SECOND, .max_ns = SECOND};
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .deadline_ns = world.now_ns + SECOND);
	world_reply(&world, 0, false);
	EXPECT_SAID(&world, "S0f Df");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

/* The time may also end between two rounds (the breaker's, when it opened meanwhile). */
static void test_open_ends_rounds(void)
{
	world_defaults(&world);
	SERVICE->max_retries = 3;
	SERVICE->backoff = (struct backoff_options){.base_ns = SECOND, .max_ns = SECOND};
	SERVICE->breaker.states = BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_OPEN);
	SERVICE->breaker.open_ns = SERVICE->breaker.open_max_ns = 30 * SECOND;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	SUBMIT(&world, .tag = 2);
	world_reply(&world, 0, false);
	EXPECT_SAID(&world, "S0f S0f");
	for (uint32_t i = 0; i < 64 && world.states[0].breaker.state != BREAKER_OPEN; i++) {
		world_submit_request(&world, (struct operation_request){.max_retries = 0});
		world_reply(&world, world.sends - 1, false);
	}
	CU_ASSERT_EQUAL(world.states[0].breaker.state, BREAKER_OPEN);
	world.text[0] = 0;
	world_reply(&world, 1, false); /* no round is even planned */
	EXPECT_SAID(&world, "Df");
	world_pass(&world, 1001 * MS); /* and the one that was does not start */
	EXPECT_SAID(&world, "Df");
	CU_ASSERT_EQUAL(STATS->denied_breaker, 2);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_retry_budget(void)
{
	world_defaults(&world);
	SERVICE->max_retries = 100;
	SERVICE->retry_budget = (struct budget_options){.burst = 3, .earn_ppm = 200000};
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	for (uint32_t i = 0; i < 4; i++)
		world_reply(&world, i, false);
	EXPECT_SAID(&world, "S0f S0r S0r S0r Df");
	CU_ASSERT_EQUAL(STATS->denied_retry, 1);
	/* Five successes earn one. */
	for (uint32_t i = 0; i < 5; i++) {
		SUBMIT(&world, .tag = 2);
		world_reply(&world, world.sends - 1, true);
	}
	world.text[0] = 0;
	SUBMIT(&world, .tag = 3);
	world_reply(&world, world.sends - 1, false);
	world_reply(&world, world.sends - 1, false);
	EXPECT_SAID(&world, "S0f S0r Df");
	world_close(&world);
}

/* An empty budget stops new attempts, none that is under way. */
static void test_parallel_budget(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	SERVICE->parallel_budget = (struct budget_options){.burst = 3};
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	SUBMIT(&world, .parallel_attempts = 3);
	SUBMIT(&world, .parallel_attempts = 3);
	EXPECT_SAID(&world, "S0f S1p S2p S0f S1p S0f");
	CU_ASSERT_EQUAL(STATS->denied_parallel, 2);
	world_reply(&world, 2, true);
	world_reply(&world, 4, true);
	EXPECT_SAID(&world, "C0l C1l Ds C0l Ds");
	world_close(&world);
}

static void test_slots_for_more_are_full(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	world.options.pool.operations_max = 4;
	world.options.pool.attempts_max = 5;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	SUBMIT(&world, .parallel_attempts = 3);
	EXPECT_SAID(&world, "S0f S1p S0f");
	CU_ASSERT_EQUAL(STATS->attempts_full, 2);
	world_close(&world);
}

/* Enough fast replies that the service knows itself, with a tail that is worth a hedge. */
static void warm_up(uint32_t operations)
{
	for (uint32_t i = 0; i < operations; i++) {
		SUBMIT(&world, .class = WORK_NORMAL);
		world_pass(&world, i % 25 == 7 ? 100 * MS : 10 * MS);
		world_reply(&world, (world.sends - 1) % WORLD_TOKENS_MAX, true);
		world.text[0] = 0;
	}
}

static void hedging(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_BEST;
	SERVICE->hedge = hedge_options_default;
	SERVICE->hedge_budget = (struct budget_options){.is_unlimited = true};
}

static void test_hedge(void)
{
	hedging();
	CU_ASSERT_FATAL(world_open(&world));
	operation_set_mode(&world.table, &mode_policy_standard, MODE_SAFE, world.now_ns);
	warm_up(600);
	operation_set_mode(&world.table, &mode_policy_standard, MODE_NORMAL, world.now_ns);
	uint64_t delay_ns = hedge_delay_ns(&world.states[0].hedge, &SERVICE->hedge);

	CU_ASSERT_FATAL(delay_ns != UINT64_MAX);
	CU_ASSERT(delay_ns >= 9 * MS);
	CU_ASSERT(delay_ns < 40 * MS);
	world.sends = 0;
	SUBMIT(&world, .tag = 1);
	world_pass(&world, delay_ns - 1);
	CU_ASSERT_EQUAL(world.sends, 1);
	world_pass(&world, MS);
	CU_ASSERT_EQUAL(world.sends, 2);
	CU_ASSERT_EQUAL(STATS->attempts[OPERATION_HEDGE], 1);
	world_pass(&world, 5 * MS);
	world_reply(&world, 1, true);
	CU_ASSERT_EQUAL(STATS->hedges_won, 1);
	CU_ASSERT_EQUAL(STATS->cancelled, 1);
	world.text[0] = 0;
	/* Two at once ask for no third. */
	SUBMIT(&world, .parallel_attempts = 2);
	world_pass(&world, SECOND);
	CU_ASSERT_EQUAL(world.sends, 4);
	/* Nor is one hedged that may only be asked one after the other. */
	struct operation_request r = {.repeat = OPERATION_AGAIN};

	world_submit_request(&world, r);
	world_pass(&world, SECOND);
	CU_ASSERT_EQUAL(world.sends, 5);
	/* Nor where the mode forbids. */
	operation_set_mode(&world.table, &mode_policy_standard, MODE_SAFE, world.now_ns);
	SUBMIT(&world, .class = WORK_NORMAL);
	world_pass(&world, SECOND);
	CU_ASSERT_EQUAL(world.sends, 6);
	SUBMIT(&world, .class = WORK_CRITICAL);
	world_pass(&world, SECOND);
	CU_ASSERT_EQUAL(world.sends, 8);
	world_close(&world);
}

static void test_hedge_needs_another_node(void)
{
	hedging();
	SERVICE->nodes = 1;
	CU_ASSERT_FATAL(world_open(&world));
	warm_up(600);
	CU_ASSERT_EQUAL(STATS->attempts[OPERATION_HEDGE], 0);
	world_close(&world);

	hedging();
	SERVICE->nodes = 1;
	SERVICE->same_node_parallel = true;
	CU_ASSERT_FATAL(world_open(&world));
	warm_up(600);
	CU_ASSERT(STATS->attempts[OPERATION_HEDGE] > 0);
	world_close(&world);
}

static void test_hedge_budget(void)
{
	hedging();
	SERVICE->hedge_budget = (struct budget_options){.burst = 2};
	CU_ASSERT_FATAL(world_open(&world));
	warm_up(1200);
	CU_ASSERT_EQUAL(STATS->attempts[OPERATION_HEDGE], 2);
	CU_ASSERT(STATS->denied_hedge > 0);
	world_close(&world);
}

/* The first one fails before the hedge is due: the round is over, there is none. */
static void test_no_hedge_after_failure(void)
{
	hedging();
	SERVICE->max_retries = 1;
	SERVICE->backoff = (struct backoff_options){.base_ns = SECOND, .max_ns = SECOND};
	CU_ASSERT_FATAL(world_open(&world));
	operation_set_mode(&world.table, &mode_policy_standard, MODE_SAFE, world.now_ns);
	warm_up(600);
	operation_set_mode(&world.table, &mode_policy_standard, MODE_NORMAL, world.now_ns);
	world.sends = 0;
	SUBMIT(&world, .tag = 1);
	world_reply(&world, 0, false);
	world_pass(&world, SECOND / 2);
	CU_ASSERT_EQUAL(world.sends, 1);
	world_close(&world);
}

static void test_abandon(void)
{
	world_defaults(&world);
	SERVICE->abandon_below_ppm = 50000;
	SERVICE->abandon_try_every = 4;
	SERVICE->max_retries = 1;
	CU_ASSERT_FATAL(world_open(&world));
	/* Nothing is known: nothing is given up. */
	CU_ASSERT_EQUAL(SUBMIT(&world, .deadline_ns = world.now_ns + 1), OPERATION_ACCEPTED);
	world_pass(&world, MS);
	for (uint32_t i = 0; i < 200; i++) {
		SUBMIT(&world, .tag = 1);
		world_pass(&world, 100 * MS);
		world_reply(&world, (world.sends - 1) % WORLD_TOKENS_MAX, true);
	}
	world.text[0] = 0;
	/* Replies take 100 ms: with 50 ms there is no point, with 200 ms there is. */
	uint32_t accepted = 0;

	for (uint32_t i = 0; i < 8; i++)
		accepted +=
		        SUBMIT(&world, .deadline_ns = world.now_ns + 50 * MS) == OPERATION_ACCEPTED;
	CU_ASSERT_EQUAL(accepted, 2); /* somebody must try */
	CU_ASSERT_EQUAL(STATS->verdicts[OPERATION_REJECTED_HOPELESS], 6);
	CU_ASSERT_EQUAL(STATS->hopeless_tried, 2);
	CU_ASSERT_EQUAL(SUBMIT(&world, .deadline_ns = world.now_ns + 200 * MS), OPERATION_ACCEPTED);
	/* The same before another round. */
	world_pass(&world, 160 * MS);
	world.text[0] = 0;
	world_reply(&world, (world.sends - 1) % WORLD_TOKENS_MAX, false);
	EXPECT_SAID(&world, "Da");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

/* Without cancelling a loser holds slot and timer until its own end. */
static void test_losers_linger(void)
{
	world_defaults(&world);
	SERVICE->choice = SERVICE_CHOOSE_IN_TURN;
	SERVICE->cancel_losers = false;
	SERVICE->deadline.terms = DEADLINE_BASE;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 3);
	world_pass(&world, 100 * MS);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_SUCCESS);
	EXPECT_SAID(&world, "S0f S1p S2p Ds");
	CU_ASSERT_EQUAL(world.table.pool.attempts_live, 2);
	CU_ASSERT_EQUAL(operation_live(&world.table), 1);
	world_pass(&world, 100 * MS);
	CU_ASSERT_EQUAL(world_reply(&world, 1, true), OPERATION_HEARD_LATE);
	world_pass(&world, 801 * MS);
	EXPECT_SAID(&world, "C2o");
	CU_ASSERT_EQUAL(STATS->attempt_time_ns / MS, 100 + 200 + 1000);
	CU_ASSERT_EQUAL(STATS->outcomes[OPERATION_SUCCESS], 1);
	CU_ASSERT_TRUE(world_is_empty(&world));
	/* The slots may be taken back. */
	SUBMIT(&world, .parallel_attempts = 2);
	world_reply(&world, 3, true);
	CU_ASSERT_FALSE(operation_recall(&world.table, world.ids[3], world.now_ns, &world.out));
	world_read(&world);
	EXPECT_SAID(&world, "S0f S1p Ds C1e");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"latency rule", test_latency_rule},
	        {"latency rule of the service", test_latency_rule_of_the_service},
	        {"width is the greatest", test_width_is_the_greatest},
	        {"only what may be repeated", test_only_what_may_be_repeated},
	        {"nodes", test_nodes},
	        {"best node first", test_best_node_first},
	        {"retries go elsewhere", test_retries_go_elsewhere},
	        {"rounds of several", test_rounds_of_several},
	        {"backoff", test_backoff},
	        {"jitter", test_jitter},
	        {"no round after the deadline", test_no_round_after_the_deadline},
	        {"open ends rounds", test_open_ends_rounds},
	        {"retry budget", test_retry_budget},
	        {"parallel budget", test_parallel_budget},
	        {"slots for more are full", test_slots_for_more_are_full},
	        {"hedge", test_hedge},
	        {"a hedge needs another node", test_hedge_needs_another_node},
	        {"hedge budget", test_hedge_budget},
	        {"no hedge after a failure", test_no_hedge_after_failure},
	        {"abandon", test_abandon},
	        {"losers linger", test_losers_linger},
	};

	return SUITE_RUN("operation_round", tests);
}
