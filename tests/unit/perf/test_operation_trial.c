/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each mechanism has an option that switches it off. Here everything is on, in a made-up world in
 * which one mechanism matters; then that one is switched off, and the difference must be the one it
 * is there for. Figures are of a simulation and the same on every machine.
 */
#include "perf/operation_trial.h"

#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/suite.h"

#define SECOND 1000000000ull
#define MS     1000000ull

static struct operation_trial_options world;
static struct operation_trial_result with;
static struct operation_trial_result without;

static void begin(void)
{
	operation_trial_standard(&world, SECOND);
}

static void run(struct operation_trial_result *r)
{
	CU_ASSERT_EQUAL_FATAL(operation_trial_run(&world, r), 0);
	uint64_t ended = 0;

	for (uint32_t i = 0; i < OPERATION_OUTCOMES; i++)
		ended += r->ended[i];
	CU_ASSERT_EQUAL(ended, world.operations); /* each exactly once */
	printf("\n    success %5.2f %%  q50 %5.0f ms  q99 %5.0f ms  requests %" PRIu64
	       "  slots %.0f s ",
	       100.0 * operation_trial_success(&world, r), (double)r->q50_ns / 1e6,
	       (double)r->q99_ns / 1e6, r->requests, (double)r->slot_ns / 1e9);
}

/* Runs the world as it is, then with the assignment. */
#define ABLATE(assignment)        \
	do {                      \
		run(&with);       \
		world.assignment; \
		run(&without);    \
	} while (0)

static uint64_t failed(const struct operation_trial_result *r)
{
	return world.operations - r->ended[OPERATION_SUCCESS];
}

static void lose(uint32_t ppm)
{
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		world.nodes[i].lose_ppm = ppm;
}

static void answer_after(struct distribution d)
{
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		world.nodes[i].latency = d;
}

static void mute(uint32_t from_node, uint64_t from_ns, uint64_t until_ns)
{
	for (uint32_t i = from_node; i < SERVICE_NODES_MAX; i++) {
		world.nodes[i].mute_from_ns = from_ns;
		world.nodes[i].mute_until_ns = until_ns;
	}
}

/* All nodes mute for 40 of 100 s: an open breaker does not ask them. */
static void test_breaker(void)
{
	begin();
	mute(0, 20 * SECOND, 60 * SECOND);
	world.service.health.eject_after = 0; /* or it would open the breaker, or not ask */
	world.service.health.outlier_ppm = 0;
	world.service.abandon_below_ppm = 0;
	ABLATE(service.breaker.states = BREAKER_BIT(BREAKER_CLOSED));
	CU_ASSERT(with.breaker.entered[BREAKER_OPEN] > 0);
	CU_ASSERT_EQUAL(without.breaker.entered[BREAKER_OPEN], 0);
	CU_ASSERT(with.requests_in_outage * 4 < without.requests_in_outage);
	CU_ASSERT(with.slot_ns * 2 < without.slot_ns);
	/* What is gained in the outage is not lost after it. */
	CU_ASSERT(with.ended[OPERATION_SUCCESS] + 100 > without.ended[OPERATION_SUCCESS]);
}

static void test_retry(void)
{
	begin();
	lose(100000);
	world.service.hedge.is_enabled = false;
	ABLATE(service.max_retries = 0);
	CU_ASSERT(failed(&with) * 20 < failed(&without));
}

/* Nodes that answer no for half a second, now and then all of them: rounds at once are over before
 * that is. */
static void test_backoff(void)
{
	begin();
	world.operations = 20;
	world.interval_ns = 10 * MS;
	for (uint32_t i = 0; i < 3; i++) {
		world.nodes[i].refuse_until_ns = 500 * MS;
		world.nodes[i].latency.scale_ns = 10 * MS;
	}
	world.service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	world.service.health.eject_after = 0;
	world.service.retry_budget.is_unlimited = true;
	world.service.backoff.jitter_ppm = 0;
	ABLATE(service.backoff.base_ns = 0);
	CU_ASSERT_EQUAL(failed(&with), 0);
	CU_ASSERT_EQUAL(without.ended[OPERATION_FAILURE], world.operations);
}

/* Everything fails: without a budget every operation is asked four times. */
static void test_retry_budget(void)
{
	begin();
	mute(0, 20 * SECOND, 60 * SECOND);
	world.service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	world.service.health.eject_after = 0;
	world.service.health.outlier_ppm = 0;
	world.service.abandon_below_ppm = 0;
	world.service.hedge.is_enabled = false;
	world.service.latency_optimization = false;
	ABLATE(service.retry_budget.is_unlimited = true);
	CU_ASSERT(without.requests_in_outage > 2 * with.requests_in_outage);
	CU_ASSERT_EQUAL(without.stats.denied_retry, 0);
	CU_ASSERT(with.stats.denied_retry > 100);
}

/* The primary is mute: somebody else has to be asked. */
static void test_secondary_nodes(void)
{
	begin();
	world.nodes[0].mute_until_ns = UINT64_MAX;
	ABLATE(service.choice = SERVICE_CHOOSE_PRIMARY);
	CU_ASSERT(failed(&with) < world.operations / 100);
	CU_ASSERT_EQUAL(failed(&without), world.operations);
}

/* One node of three loses most: it is left alone. */
static void test_ejection(void)
{
	begin();
	world.nodes[0].lose_ppm = 900000;
	world.nodes[0].latency.scale_ns = 20 * MS; /* and is quick with the rest */
	world.service.hedge.is_enabled = false;
	run(&with);
	world.service.health.eject_after = 0;
	world.service.health.outlier_ppm = 0;
	run(&without);
	CU_ASSERT(with.health.ejections > 0);
	CU_ASSERT_EQUAL(without.health.ejections, 0);
	CU_ASSERT(with.requests + 100 < without.requests);
	CU_ASSERT(with.q99_ns <= without.q99_ns);
}

/* Slow, legitimate: 2-3 s, 5 % lost, 6 s of time: three at once. */
static void extreme(void)
{
	begin();
	world.operations = 1000;
	world.interval_ns = SECOND / 2;
	answer_after((struct distribution){
	        .kind = DISTRIBUTION_UNIFORM, .scale_ns = 2500 * MS, .shape_milli = 200});
	lose(50000);
}

static void test_parallel(void)
{
	extreme();
	ABLATE(service.parallel_max = 1);
	CU_ASSERT(failed(&with) * 4 < failed(&without));
	CU_ASSERT(with.q99_ns < without.q99_ns);
	CU_ASSERT(with.requests > 2 * world.operations);
}

static void test_latency_rule(void)
{
	extreme();
	world.service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	ABLATE(service.latency_optimization = false);
	CU_ASSERT(with.stats.attempts[OPERATION_PARALLEL] > 1500);
	CU_ASSERT_EQUAL(without.stats.attempts[OPERATION_PARALLEL], 0);
	CU_ASSERT(with.q99_ns < without.q99_ns);
}

static void test_parallel_budget(void)
{
	extreme();
	world.service.parallel_budget = (struct budget_options){.burst = 50, .earn_ppm = 100000};
	ABLATE(service.parallel_budget.is_unlimited = true);
	CU_ASSERT(with.stats.attempts[OPERATION_PARALLEL] <= 50 + 100);
	CU_ASSERT(without.stats.attempts[OPERATION_PARALLEL] > 1000);
}

/* Nodes that take 2-3 s: a timeout of 1 s ends nearly all of them. */
static void test_expected_in_the_timeout(void)
{
	extreme();
	world.service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	world.service.expected_ns = 2500 * MS;
	world.service.deadline.terms = DEADLINE_BASE | DEADLINE_EXPECTED;
	ABLATE(service.deadline.terms = DEADLINE_BASE);
	CU_ASSERT(failed(&with) < world.operations / 50);
	CU_ASSERT(without.ended[OPERATION_SUCCESS] < world.operations / 20);
	CU_ASSERT(without.stats.heard[OPERATION_HEARD_LATE] > 100);
}

/* What is lost is noticed by a timeout of the attempt, or by nothing until the end. */
static void test_attempt_timeout(void)
{
	begin();
	lose(100000);
	world.service.hedge.is_enabled = false;
	ABLATE(service.deadline.terms = DEADLINE_NONE);
	CU_ASSERT(failed(&with) * 20 < failed(&without));
	CU_ASSERT(with.slot_ns * 2 < without.slot_ns);
}

static void bimodal(void)
{
	begin();
	world.operations = 20000;
	answer_after((struct distribution){.kind = DISTRIBUTION_LOGNORMAL,
	                                   .scale_ns = 20 * MS,
	                                   .shape_milli = 250,
	                                   .slow_ppm = 50000,
	                                   .slow_milli = 10000});
	world.service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
}

/* One in twenty takes ten times as long: a second request cuts that, at 5 % more requests. */
static void test_hedge(void)
{
	bimodal();
	ABLATE(service.hedge.is_enabled = false);
	CU_ASSERT(with.q99_ns * 2 < without.q99_ns);
	CU_ASSERT(with.requests * 100 <= without.requests * 106);
	CU_ASSERT(with.stats.hedges_won > 200);
}

static void test_hedge_budget(void)
{
	bimodal();
	world.service.hedge_budget = (struct budget_options){.burst = 10, .earn_ppm = 10000};
	ABLATE(service.hedge_budget.is_unlimited = true);
	CU_ASSERT(with.stats.attempts[OPERATION_HEDGE] <= 10 + 200);
	CU_ASSERT(without.stats.attempts[OPERATION_HEDGE] > 600);
}

/* Losers that have not left need not leave, and give their slots back at once. */
static void test_cancel(void)
{
	begin();
	world.service.parallel_attempts = 3;
	world.service.parallel_budget.is_unlimited = true;
	world.interval_ns = 50 * MS;
	world.send_ns = 15 * MS; /* three for each would take 45 of 50 ms */
	answer_after((struct distribution){
	        .kind = DISTRIBUTION_UNIFORM, .scale_ns = 30 * MS, .shape_milli = 500});
	ABLATE(service.cancel_losers = false);
	CU_ASSERT(with.stats.unneeded > 100);
	CU_ASSERT(with.requests + 100 < without.requests);
	CU_ASSERT(with.slot_ns < without.slot_ns);
	CU_ASSERT(with.q99_ns <= without.q99_ns);
}

/* Less time than replies take: there is no point in asking. */
static void test_abandon(void)
{
	begin();
	world.time_ns = 60 * MS; /* they take about 100, 2 % are quicker */
	world.service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	world.service.health.eject_after = 0;
	world.service.health.outlier_ppm = 0;
	ABLATE(service.abandon_below_ppm = 0);
	CU_ASSERT(with.ended[OPERATION_ABANDONED] > world.operations / 2);
	CU_ASSERT_EQUAL(without.ended[OPERATION_ABANDONED], 0);
	CU_ASSERT(with.requests * 2 < without.requests);
	CU_ASSERT(with.slot_ns * 2 < without.slot_ns);
}

static void test_fallback(void)
{
	begin();
	world.fallback = true;
	mute(0, 20 * SECOND, 60 * SECOND);
	ABLATE(service.breaker.fallback = 0);
	CU_ASSERT_EQUAL(with.ended[OPERATION_SUCCESS] + with.ended[OPERATION_FALLBACK],
	                world.operations);
	CU_ASSERT_EQUAL(without.ended[OPERATION_FALLBACK], 0);
	CU_ASSERT(without.ended[OPERATION_SUCCESS] < world.operations * 3 / 4);
}

/* SAFE lets half of the normal class in. */
static void test_throttle(void)
{
	begin();
	world.mode = MODE_SAFE;
	world.class = WORK_NORMAL;
	ABLATE(service.throttle.enabled = false);
	CU_ASSERT(with.ended[OPERATION_REJECTED] >= world.operations * 49 / 100);
	CU_ASSERT(with.ended[OPERATION_REJECTED] <= world.operations * 51 / 100);
	CU_ASSERT_EQUAL(without.ended[OPERATION_REJECTED], 0);
}

/* The global timeout of a profile that has no other. */
static void test_operation_timeout(void)
{
	begin();
	lose(100000);
	world.service.deadline.terms = DEADLINE_NONE;
	world.service.hedge.is_enabled = false;
	world.service.operation_timeout_ns = 2330 * MS;
	ABLATE(service.operation_timeout_ns = UINT64_MAX);
	CU_ASSERT(with.slot_ns * 3 < without.slot_ns * 2);
}

/* A request that must not be repeated loses all that repeating gives, and is sent once. */
static void test_once(void)
{
	begin();
	lose(100000);
	ABLATE(repeat = OPERATION_ONCE);
	CU_ASSERT(failed(&with) * 20 < failed(&without));
	CU_ASSERT(without.requests <= world.operations);
	CU_ASSERT(without.ended[OPERATION_UNKNOWN] > 0);
	CU_ASSERT_EQUAL(without.ended[OPERATION_TIMEOUT], 0);
}

/* Steady 2.1 s +- 50 %: into ULTRA_RESILIENT once, not in and out. */
static void test_ultra_resilient_is_entered_once(void)
{
	begin();
	world.operations = 1000;
	world.interval_ns = SECOND / 2;
	answer_after((struct distribution){
	        .kind = DISTRIBUTION_UNIFORM, .scale_ns = 2100 * MS, .shape_milli = 500});
	ABLATE(service.breaker.states = BREAKER_ALL & ~BREAKER_BIT(BREAKER_ULTRA_RESILIENT));
	CU_ASSERT_EQUAL(with.breaker.entered[BREAKER_ULTRA_RESILIENT], 1);
	CU_ASSERT_EQUAL(with.breaker.entered[BREAKER_OPEN], 0);
	CU_ASSERT(operation_trial_success(&world, &with) >= 0.999);
}

/* Always 2.1 s where the timeout is 1 s, and one attempt only: the breaker opens, and late replies
 * are all that can tell it from a dead service. Without learning it never closes again. */
static void test_slow_is_not_dead(void)
{
	begin();
	world.operations = 1000;
	world.interval_ns = SECOND / 2;
	answer_after((struct distribution){.kind = DISTRIBUTION_CONSTANT, .scale_ns = 2100 * MS});
	world.service.max_retries = 0;
	world.service.parallel_max = 1;
	ABLATE(service.deadline.terms = DEADLINE_BASE);
	CU_ASSERT(with.breaker.entered[BREAKER_OPEN] > 0);
	CU_ASSERT(with.ended[OPERATION_SUCCESS] > world.operations * 9 / 10);
	CU_ASSERT(without.ended[OPERATION_SUCCESS] < world.operations / 10);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"breaker", test_breaker},
	        {"retry", test_retry},
	        {"backoff", test_backoff},
	        {"retry budget", test_retry_budget},
	        {"secondary nodes", test_secondary_nodes},
	        {"ejection", test_ejection},
	        {"parallel attempts", test_parallel},
	        {"latency rule", test_latency_rule},
	        {"parallel budget", test_parallel_budget},
	        {"expected latency in the timeout", test_expected_in_the_timeout},
	        {"timeout of attempts", test_attempt_timeout},
	        {"hedge", test_hedge},
	        {"hedge budget", test_hedge_budget},
	        {"cancelled losers", test_cancel},
	        {"abandon", test_abandon},
	        {"fallback", test_fallback},
	        {"throttle", test_throttle},
	        {"timeout of operations", test_operation_timeout},
	        {"once", test_once},
	        {"slow is not dead", test_slow_is_not_dead},
	        {"ultra resilient once", test_ultra_resilient_is_entered_once},
	};

	return SUITE_RUN("operation_trial", tests);
}
