/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/service.h"

#include <errno.h>
#include <string.h>

#include "resilience/event.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define SECOND 1000000000ull
#define MS     1000000ull

static struct service_options options;
static struct service_state state;
static struct service service;
static struct breaker_counters breaker_counters[3];
static struct health_counters health_counters[3];
static struct event events[64];
static struct event_ring ring;
static struct prng prng;
static uint64_t now_ns;

static struct service_setup setup(void)
{
	return (struct service_setup){.state = &state,
	                              .options = &options,
	                              .breaker_counters = breaker_counters,
	                              .health_counters = health_counters,
	                              .events = &ring,
	                              .prng = &prng,
	                              .subject = 2};
}

static void defaults(void)
{
	service_options_report(&options, SECOND);
	options.nodes = 3;
	memset(breaker_counters, 0, sizeof(breaker_counters));
	memset(health_counters, 0, sizeof(health_counters));
	event_ring_init(&ring, events, 64);
	prng_init(&prng, 1);
	now_ns = 1000 * SECOND;
}

static void open_service(void)
{
	struct service_setup u = setup();

	CU_ASSERT_EQUAL_FATAL(service_init(&service, &u, now_ns), 0);
}

static struct service_reply reply(uint32_t node, uint64_t latency_ns)
{
	return (struct service_reply){.node = node,
	                              .ticket = state.breaker.epoch,
	                              .latency_ns = latency_ns,
	                              .is_alone = true};
}

/* One operation of one attempt that is answered. */
static void answered(uint32_t node, uint64_t latency_ns)
{
	struct service_reply r = reply(node, latency_ns);

	service_on_send(&service, node);
	now_ns += latency_ns;
	service_on_reply(&service, &r, now_ns);
	service_on_success(&service, r.ticket, latency_ns, now_ns);
}

static void refused(uint32_t node)
{
	struct service_reply r = reply(node, MS);

	service_on_send(&service, node);
	now_ns += MS;
	service_on_refusal(&service, &r, now_ns);
	service_on_failure(&service, r.ticket, now_ns);
}

/* As an operation would: wherever the service sends it. */
static void refused_by_all(void)
{
	while (state.breaker.state != BREAKER_OPEN)
		refused(0);
}

static void test_options_are_checked(void)
{
	struct service_options good;

	defaults();
	good = options;
	CU_ASSERT_PTR_NULL(service_options_check(&options));
#define BAD(assignment)                                                  \
	do {                                                             \
		options = good;                                          \
		options.assignment;                                      \
		CU_ASSERT_PTR_NOT_NULL(service_options_check(&options)); \
	} while (0)
	BAD(nodes = 0);
	BAD(nodes = SERVICE_NODES_MAX + 1);
	BAD(choice = 3);
	BAD(parallel_attempts = 0);
	BAD(parallel_attempts = 4);
	BAD(parallel_max = 0);
	BAD(parallel_max = 4);
	BAD(max_retries = SERVICE_ROUNDS_MAX + 1);
	BAD(parallel_two_ns = good.parallel_three_ns + 1);
	BAD(poll_ns = 0);
	BAD(operation_timeout_ns = 0);
	BAD(backoff.base_ns = good.backoff.max_ns + 1);
	BAD(backoff.max_ns = UINT64_MAX);
	BAD(backoff.jitter_ppm = BACKOFF_JITTER_MAX + 1);
	BAD(abandon_below_ppm = SERVICE_PPM + 1);
	BAD(breaker.window = 0);
	BAD(health.half_life_ns = 0);
	BAD(rtt.samples_min = 0);
	BAD(latency.half_samples = 0);
	BAD(deadline.terms = 0xffff);
	BAD(hedge.delay.level_ppm = 0);
	BAD(forecast.interval_ns = 0);
	BAD(retry_budget.earn_ppm = BUDGET_TOKEN + 1);
	BAD(hedge_budget.earn_ppm = BUDGET_TOKEN + 1);
	BAD(parallel_budget.earn_ppm = BUDGET_TOKEN + 1);
#undef BAD
	struct service_setup u = setup();

	CU_ASSERT_EQUAL(service_init(&service, &u, now_ns), -EINVAL);
}

/* Seconds and microseconds are the same machine. */
static void test_report_at_any_scale(void)
{
	struct service_options slow;
	struct service_options fast;

	service_options_report(&slow, SECOND);
	service_options_report(&fast, 1000000);
	CU_ASSERT_PTR_NULL(service_options_check(&slow));
	CU_ASSERT_PTR_NULL(service_options_check(&fast));
	CU_ASSERT_EQUAL(slow.parallel_three_ns, 2 * SECOND);
	CU_ASSERT_EQUAL(slow.parallel_two_ns, SECOND);
	CU_ASSERT_EQUAL(slow.max_retries, 3);
	CU_ASSERT_EQUAL(slow.backoff.base_ns, 1000 * fast.backoff.base_ns);
	CU_ASSERT_EQUAL(slow.poll_ns, 1000 * fast.poll_ns);
}

/* The base of the breaker's state, 2.5 x expected, what is learned; never beyond the rest. */
static void test_timeout(void)
{
	defaults();
	options.deadline.terms = DEADLINE_BASE | DEADLINE_EXPECTED;
	open_service();
	CU_ASSERT_EQUAL(service_timeout_ns(&service, 0, UINT64_MAX, false), SECOND);
	CU_ASSERT_EQUAL(service_timeout_ns(&service, 100 * MS, UINT64_MAX, false), SECOND);
	CU_ASSERT_EQUAL(service_timeout_ns(&service, SECOND, UINT64_MAX, false), 2500 * MS);
	CU_ASSERT_EQUAL(service_timeout_ns(&service, SECOND, 300 * MS, false), 300 * MS);
	/* Blind to it, unless the mode says otherwise. */
	options.deadline.terms = DEADLINE_BASE;
	CU_ASSERT_EQUAL(service_timeout_ns(&service, SECOND, UINT64_MAX, false), SECOND);
	CU_ASSERT_EQUAL(service_timeout_ns(&service, SECOND, UINT64_MAX, true), 2500 * MS);
	options.deadline.terms = DEADLINE_NONE;
	CU_ASSERT_EQUAL(service_timeout_ns(&service, SECOND, UINT64_MAX, false), UINT64_MAX);
	CU_ASSERT_EQUAL(service_timeout_ns(&service, SECOND, 7, false), 7);
}

static void test_timeout_learns(void)
{
	defaults();
	open_service();
	for (uint32_t i = 0; i < 40; i++)
		answered(0, i % 2 == 0 ? 500 * MS : 1500 * MS);
	/* SRTT about 1 s, RTTVAR about 0.5 s. */
	uint64_t timeout_ns = service_timeout_ns(&service, 0, UINT64_MAX, false);

	CU_ASSERT(timeout_ns > 2500 * MS);
	CU_ASSERT(timeout_ns < 3500 * MS);
}

static void test_expected(void)
{
	defaults();
	options.expected_ns = 70 * MS;
	open_service();
	CU_ASSERT_EQUAL(service_expected_ns(&service, 5), 5);
	CU_ASSERT_EQUAL(service_expected_ns(&service, 0), 70 * MS);
	answered(0, 30 * MS);
	answered(0, 50 * MS);
	CU_ASSERT_EQUAL(service_expected_ns(&service, 0), 40 * MS);
	options.learn_expected = false;
	service_set_options(&service, &options);
	CU_ASSERT_EQUAL(service_expected_ns(&service, 0), 70 * MS);
}

static void test_choice(void)
{
	defaults();
	open_service();
	options.choice = SERVICE_CHOOSE_PRIMARY;
	CU_ASSERT_EQUAL(service_node(&service, 0, 2, now_ns), 0);
	CU_ASSERT_EQUAL(service_node(&service, 1, 2, now_ns), HEALTH_NONE);
	options.choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_EQUAL(service_node(&service, 0, 0, now_ns), 0);
	CU_ASSERT_EQUAL(service_node(&service, 0, 4, now_ns), 1);
	CU_ASSERT_EQUAL(service_node(&service, 2, 4, now_ns), 2);
	CU_ASSERT_EQUAL(service_node(&service, 6, 4, now_ns), 0);
	CU_ASSERT_EQUAL(service_node(&service, 7, 4, now_ns), HEALTH_NONE);
	options.choice = SERVICE_CHOOSE_BEST;
	answered(0, 30 * MS);
	answered(1, 10 * MS);
	answered(2, 20 * MS);
	CU_ASSERT_EQUAL(service_node(&service, 0, 0, now_ns), 1);
	CU_ASSERT_EQUAL(service_node(&service, 2, 0, now_ns), 2);
	CU_ASSERT_EQUAL(service_node(&service, 6, 0, now_ns), 0);
	CU_ASSERT_EQUAL(service_node(&service, 7, 0, now_ns), HEALTH_NONE);
}

static void test_backoff(void)
{
	defaults();
	options.backoff = (struct backoff_options){.base_ns = 100, .max_ns = 1000, .jitter_ppm = 0};
	open_service();
	CU_ASSERT_EQUAL(service_backoff_ns(&service, 1), 100);
	CU_ASSERT_EQUAL(service_backoff_ns(&service, 2), 200);
	CU_ASSERT_EQUAL(service_backoff_ns(&service, 4), 800);
	CU_ASSERT_EQUAL(service_backoff_ns(&service, 5), 1000);
	CU_ASSERT_EQUAL(service_backoff_ns(&service, SERVICE_ROUNDS_MAX), 1000);
	options.backoff.base_ns = 0;
	CU_ASSERT_EQUAL(service_backoff_ns(&service, 1), 0);
}

/* What an attempt teaches, row by row of the table in service.h. */
static void test_what_an_attempt_teaches(void)
{
	struct service_reply r;

	defaults();
	open_service();
	r = reply(0, 20 * MS);
	service_on_send(&service, 0);
	service_on_reply(&service, &r, now_ns);
	CU_ASSERT_EQUAL(state.rtt.samples, 1);
	CU_ASSERT_EQUAL(state.latency.halves[0].exact, 1);
	CU_ASSERT_EQUAL(state.hedge.first.samples, 1);
	CU_ASSERT_EQUAL(state.breaker.latency_samples, 1);
	CU_ASSERT_EQUAL(state.forecast.samples, 1);
	CU_ASSERT_EQUAL(state.health.nodes[0].samples, 1);

	service_on_send(&service, 0);
	service_on_refusal(&service, &r, now_ns);
	service_on_send(&service, 0);
	service_on_unreachable(&service, &r, now_ns);
	CU_ASSERT_EQUAL(state.rtt.samples, 1); /* a no takes no time */
	CU_ASSERT_EQUAL(state.breaker.latency_samples, 1);
	CU_ASSERT_EQUAL(state.forecast.failures, 2);
	CU_ASSERT_EQUAL(state.health.nodes[0].bad, 2);

	service_on_send(&service, 0);
	service_on_overdue(&service, &r, now_ns);
	CU_ASSERT_EQUAL(state.latency.halves[0].censored, 0);
	CU_ASSERT_EQUAL(state.health.nodes[0].bad, 3);
	service_on_unheard(&service, &r);
	CU_ASSERT_EQUAL(state.latency.halves[0].censored, 1);

	service_on_send(&service, 0);
	service_on_cancel(&service, &r, now_ns);
	CU_ASSERT_EQUAL(state.health.nodes[0].bad, 3); /* says nothing */
	CU_ASSERT_EQUAL(state.forecast.samples, 4);
	service_on_unheard(&service, &r);
	CU_ASSERT_EQUAL(state.latency.halves[0].censored, 2);

	service_on_send(&service, 0);
	service_on_cancel(&service, &r, now_ns);
	service_on_late(&service, &r, now_ns);
	CU_ASSERT_EQUAL(state.rtt.samples, 2);
	CU_ASSERT_EQUAL(state.breaker.latency_samples, 2);
	CU_ASSERT_EQUAL(state.health.nodes[0].bad, 3);

	service_on_send(&service, 0);
	service_on_unsent(&service, 0);
	CU_ASSERT_EQUAL(state.forecast.samples, 4);
	CU_ASSERT_EQUAL(state.health.nodes[0].pending, 0);
	CU_ASSERT_EQUAL(health_counters[2].unpaired, 0);
	CU_ASSERT_EQUAL(breaker_counters[2].censored, 5);
}

/* Karn: which sending was answered? The node did answer, though. */
static void test_ambiguous(void)
{
	defaults();
	open_service();
	struct service_reply r = reply(0, 20 * MS);

	r.is_ambiguous = true;
	service_on_send(&service, 0);
	service_on_reply(&service, &r, now_ns);
	CU_ASSERT_EQUAL(state.rtt.samples, 0);
	CU_ASSERT_EQUAL(state.latency.halves[0].exact, 0);
	CU_ASSERT_EQUAL(state.hedge.first.samples, 0);
	CU_ASSERT_EQUAL(state.breaker.latency_samples, 0);
	CU_ASSERT_EQUAL(state.health.nodes[0].samples, 1);
}

/* Opening forgets what was measured. */
static void test_opening_forgets(void)
{
	defaults();
	open_service();
	answered(0, 20 * MS);
	struct service_reply before = reply(0, 20 * MS);

	service_on_send(&service, 0);
	refused_by_all();
	CU_ASSERT_EQUAL(state.rtt.samples, 0);
	CU_ASSERT_EQUAL(state.latency.halves[0].exact, 0);
	CU_ASSERT_EQUAL(state.hedge.first.samples, 0);
	/* A late reply still says how long a reply takes, only not to the breaker. */
	service_on_reply(&service, &before, now_ns);
	CU_ASSERT_EQUAL(state.rtt.samples, 1);
	CU_ASSERT_EQUAL(state.breaker.latency_samples, 0);
	service_on_unheard(&service, &before);
	CU_ASSERT_EQUAL(state.latency.halves[0].censored, 0);
	CU_ASSERT_EQUAL(state.counters.stale, 1);
	CU_ASSERT_EQUAL(service_allow(&service, now_ns).verdict, BREAKER_REJECT);
}

/* All nodes ejected: the breaker opens, whatever the rate; a node on probation lets it probe. */
static void test_all_nodes_out(void)
{
	defaults();
	options.breaker.open_after = 0;
	options.breaker.samples_min = 64;
	options.breaker.open_ns = 100 * MS;
	open_service();
	for (uint32_t node = 0; node < 3; node++)
		for (uint32_t i = 0; i < 5; i++)
			refused(node);
	CU_ASSERT_EQUAL(state.health.available, 0);
	CU_ASSERT_EQUAL(state.breaker.state, BREAKER_OPEN);
	CU_ASSERT_EQUAL(breaker_counters[2].caused[BREAKER_CAUSE_NODES_OUT], 1);
	now_ns += SECOND;
	CU_ASSERT(service_deadline_ns(&service, now_ns) <= now_ns + options.poll_ns);
	service_poll(&service, now_ns);
	CU_ASSERT(state.health.available > 0);
	CU_ASSERT_EQUAL(service_allow(&service, now_ns).verdict, BREAKER_PROBE);
}

/* Node 0 out and its time over: it is on probation. */
static void put_on_probation(void)
{
	for (uint32_t i = 0; i < options.health.eject_after; i++)
		refused(0);
	now_ns += 2 * options.health.eject_max_ns;
	service_poll(&service, now_ns);
	CU_ASSERT_EQUAL(state.health.nodes[0].state, HEALTH_PROBATION);
}

/* An attempt at node 0 alone, cancelled after so long because the hedge beside it won. */
static void overtaken_after(uint64_t latency_ns)
{
	const struct service_reply r = reply(0, latency_ns);

	service_on_send(&service, 0);
	now_ns += latency_ns;
	service_on_cancel(&service, &r, now_ns);
}

/* A dead node on probation that hedges cover up for must not stay there; one whose loser was not
 * even late has said nothing. */
static void test_probation_overtaken(void)
{
	defaults();
	options.breaker.open_after = 0;
	options.breaker.samples_min = 64;
	open_service();
	for (uint32_t i = 0; i < 400; i++)
		answered(1 + i % 2, i % 20 == 0 ? 100 * MS : 10 * MS);
	service_poll(&service, now_ns);
	uint64_t delay_ns = hedge_delay_ns(&state.hedge, &options.hedge);

	CU_ASSERT_FATAL(delay_ns != UINT64_MAX);
	put_on_probation();
	overtaken_after(delay_ns / 2);
	CU_ASSERT_EQUAL(state.health.nodes[0].state, HEALTH_PROBATION);
	overtaken_after(delay_ns + 1);
	CU_ASSERT_EQUAL(state.health.nodes[0].state, HEALTH_EJECTED);
}

static void test_success_chance(void)
{
	defaults();
	options.health.outlier_ppm = 0;
	options.health.eject_after = 0;
	open_service();
	CU_ASSERT_EQUAL(service_success_ppm(&service, 1, 1, now_ns), SERVICE_PPM);
	for (uint32_t i = 0; i < 300; i++)
		answered(i % 3, i % 2 == 0 ? 10 * MS : 100 * MS);
	latency_refresh(&state.latency, &options.latency);
	service_poll(&service, now_ns);
	uint32_t one = service_success_ppm(&service, 1, 50 * MS, now_ns);
	uint32_t two = service_success_ppm(&service, 2, 50 * MS, now_ns);

	CU_ASSERT(one > 450000 && one < 550000); /* the fast half */
	CU_ASSERT(two > 700000 && two < 800000);
	CU_ASSERT(service_success_ppm(&service, 1, 1000 * MS, now_ns) > 990000);
	CU_ASSERT(service_success_ppm(&service, 1, MS, now_ns) < 50000);
	CU_ASSERT_EQUAL(service_hope(&service, 1, 50 * MS, now_ns), SERVICE_HOPE);
	CU_ASSERT_EQUAL(service_hope(&service, 1, MS, now_ns), SERVICE_HOPELESS);
	options.abandon_below_ppm = 0;
	service_set_options(&service, &options);
	CU_ASSERT_EQUAL(service_hope(&service, 1, MS, now_ns), SERVICE_HOPE);
}

/* Nodes that always fail make it hopeless, too; some are sent, so it can become better. */
static void test_hopeless_nodes(void)
{
	uint32_t tried = 0;

	defaults();
	options.health.outlier_ppm = 0;
	options.health.eject_after = 0;
	options.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	open_service();
	for (uint32_t i = 0; i < 300; i++)
		refused(i % 3);
	for (uint32_t i = 0; i < 160; i++)
		tried += service_hope(&service, 1, SECOND, now_ns) == SERVICE_HOPE_TRIED;
	CU_ASSERT_EQUAL(tried, 10);
	CU_ASSERT_EQUAL(state.counters.hopeless, 160);
	for (uint32_t i = 0; i < 30; i++)
		answered(i % 3, MS);
	CU_ASSERT_EQUAL(service_hope(&service, 1, SECOND, now_ns), SERVICE_HOPE);
}

static void test_mode_scales_budgets(void)
{
	defaults();
	options.retry_budget = (struct budget_options){.burst = 10, .earn_ppm = 100000};
	open_service();
	service_set_mode(&service, &mode_policy_standard, MODE_ULTRA, now_ns);
	for (uint32_t i = 0; i < 1000; i++)
		budget_earn(&state.retry_budget);
	CU_ASSERT_EQUAL(budget_left(&state.retry_budget, now_ns), 30);
	service_set_mode(&service, &mode_policy_standard, MODE_NORMAL, now_ns);
	CU_ASSERT_EQUAL(budget_left(&state.retry_budget, now_ns), 10);
}

static void test_resume(void)
{
	static struct service_state saved;

	defaults();
	open_service();
	answered(1, 20 * MS);
	refused(2);
	service_on_send(&service, 0); /* under way when it ended */
	saved = state;
	defaults();
	open_service();
	state = saved;
	struct service_setup u = setup();

	memset(&service, 0xff, sizeof(service));
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), 0);
	CU_ASSERT_EQUAL(state.rtt.samples, 1);
	CU_ASSERT_EQUAL(state.health.nodes[2].bad, 1);
	CU_ASSERT_EQUAL(state.health.nodes[0].pending, 0);
	answered(1, 20 * MS);
	CU_ASSERT_EQUAL(state.rtt.samples, 2);
	/* Bytes that cannot be a service's. */
	state = saved;
	state.breaker.state = 77;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), -EINVAL);
	state = saved;
	state.latency.newer = 2;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), -EINVAL);
	state = saved;
	state.hedge.is_on = 2;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), -EINVAL);
	state = saved;
	state.health.count = 2;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), -EINVAL);
	state = saved;
	state.forecast.level = 2;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), -EINVAL);
	state = saved;
	state.throttle.class[WORK_NORMAL].credit_ppm = THROTTLE_ONE;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), -EINVAL);
	/* Of a clock that was ahead. */
	state = saved;
	state.forecast.interval_start_ns = now_ns + 5;
	state.throttle.class[WORK_NORMAL].ramp_start_ns = UINT64_MAX;
	state.throttle.class[WORK_NORMAL].target_ppm = 0;
	CU_ASSERT_EQUAL(service_resume(&service, &u, now_ns), 0);
	CU_ASSERT_EQUAL(state.throttle.class[WORK_NORMAL].ramp_start_ns, now_ns);
}

static void test_other_options(void)
{
	struct service_options tuned;

	defaults();
	open_service();
	tuned = options;
	tuned.breaker.base_timeout_ns[BREAKER_CLOSED] = 7 * SECOND;
	service_set_options(&service, &tuned);
	CU_ASSERT_EQUAL(service_timeout_ns(&service, 0, UINT64_MAX, false), 7 * SECOND);
	CU_ASSERT_PTR_EQUAL(service.breaker.options, &tuned.breaker);
	CU_ASSERT_PTR_EQUAL(service.health.options, &tuned.health);
}

/* The hedge's moving quantile goes to where its new level is, from where it stands. */
static void test_other_quantile(void)
{
	struct service_options tuned;

	defaults();
	open_service();
	tuned = options;
	tuned.hedge.delay.level_ppm = 500000;
	for (uint32_t i = 0; i < 2000; i++)
		answered(0, (1 + i % 100) * MS);
	uint64_t before_ns = quantile_ns(&state.hedge.first);

	CU_ASSERT_TRUE(before_ns > 80 * MS);
	service_set_options(&service, &tuned);
	CU_ASSERT_EQUAL(quantile_ns(&state.hedge.first), before_ns);
	CU_ASSERT_TRUE(quantile_is_sound(&state.hedge.first, &tuned.hedge.delay));
	for (uint32_t i = 0; i < 2000; i++)
		answered(0, (1 + i * 37 % 100) * MS);
	CU_ASSERT_TRUE(quantile_ns(&state.hedge.first) > 35 * MS);
	CU_ASSERT_TRUE(quantile_ns(&state.hedge.first) < 65 * MS);
}

/* A forecast makes the breaker careful before anything failed. */
static void test_forecast_reaches_the_breaker(void)
{
	defaults();
	forecast_options_standard(&options.forecast, 100 * MS);
	open_service();
	for (uint32_t i = 0; i < 20000 && state.breaker.state == BREAKER_CLOSED; i++) {
		/* 200 a second, one on top of the other when they get slow */
		struct service_reply r = reply(0, i < 10000 ? 5 * MS : 200 * MS);

		service_on_send(&service, 0);
		now_ns += 5 * MS;
		service_on_reply(&service, &r, now_ns);
		service_on_success(&service, r.ticket, r.latency_ns, now_ns);
		service_poll(&service, now_ns);
	}
	CU_ASSERT_EQUAL(state.breaker.state, BREAKER_RESILIENT);
	CU_ASSERT_EQUAL(state.forecast.level, FORECAST_WARNING);
	CU_ASSERT_EQUAL(breaker_counters[2].caused[BREAKER_CAUSE_FORECAST], 1);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"a node on probation is overtaken", test_probation_overtaken},
	        {"options are checked", test_options_are_checked},
	        {"the report at any scale", test_report_at_any_scale},
	        {"timeout", test_timeout},
	        {"timeout learns", test_timeout_learns},
	        {"expected", test_expected},
	        {"choice", test_choice},
	        {"backoff", test_backoff},
	        {"what an attempt teaches", test_what_an_attempt_teaches},
	        {"ambiguous", test_ambiguous},
	        {"opening forgets", test_opening_forgets},
	        {"all nodes out", test_all_nodes_out},
	        {"chance of success", test_success_chance},
	        {"hopeless nodes", test_hopeless_nodes},
	        {"the mode scales budgets", test_mode_scales_budgets},
	        {"resume", test_resume},
	        {"other options", test_other_options},
	        {"another quantile", test_other_quantile},
	        {"the forecast reaches the breaker", test_forecast_reaches_the_breaker},
	};

	return SUITE_RUN("service", tests);
}
