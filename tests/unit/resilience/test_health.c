/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/health.h"

#include <errno.h>
#include <string.h>

#include "resilience/breaker.h"
#include "resilience/event.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define SECOND 1000000000ull
#define MS     1000000ull
#define EVENTS 256u

static struct health health;
static struct health_options options;
static struct health_counters counters[4];
static struct event events[EVENTS];
static struct event_ring ring;
static struct prng prng;
static struct health_context context = {&options, counters, &ring, &prng};
static uint64_t now_ns;

static void fresh(uint32_t nodes)
{
	now_ns = 1000 * SECOND;
	memset(counters, 0, sizeof(counters));
	health_options_standard(&options, SECOND);
	options.eject_jitter_ppm = 0;
	prng_init(&prng, 1);
	CU_ASSERT_EQUAL_FATAL(event_ring_init(&ring, events, EVENTS), 0);
	CU_ASSERT_EQUAL_FATAL(health_init(&health, 2, nodes), 0);
}

static bool succeed(uint32_t node, uint64_t latency_ns)
{
	health_on_send(&health, node);
	return health_on_success(&health, &context, node, latency_ns, now_ns);
}

static bool fail(uint32_t node)
{
	health_on_send(&health, node);
	return health_on_failure(&health, &context, node, now_ns);
}

static uint32_t best(uint32_t except)
{
	return health_best(&health, &options, except, now_ns);
}

static void node_counts(void)
{
	struct health h;

	CU_ASSERT_EQUAL(health_init(&h, 0, 0), -EINVAL);
	CU_ASSERT_EQUAL(health_init(&h, 0, 9), -EINVAL);
	CU_ASSERT_EQUAL(health_init(&h, 0, 8), 0);
	CU_ASSERT_TRUE(health_is_sound(&h));
}

static void the_fastest_and_least_asked(void)
{
	fresh(3);
	CU_ASSERT_EQUAL(best(0), 0); /* nothing known: the primary */
	succeed(0, 300 * MS);
	succeed(1, 100 * MS);
	succeed(2, 200 * MS);
	CU_ASSERT_EQUAL(best(0), 1);
	CU_ASSERT_EQUAL(best(2), 2);
	CU_ASSERT_EQUAL(best(6), 0);
	CU_ASSERT_EQUAL(best(7), HEALTH_NONE);
	health_on_send(&health, 1);
	CU_ASSERT_EQUAL(best(0), 1); /* 200 against 200: the first */
	health_on_send(&health, 1);
	CU_ASSERT_EQUAL(best(0), 2); /* 300 against 200 */
	health_on_send(&health, 2);
	CU_ASSERT_EQUAL(best(0), 0);
	health_on_cancel(&health, &context, 1);
	health_on_cancel(&health, &context, 1);
	CU_ASSERT_EQUAL(best(0), 1);
}

static void ties_go_to_the_first(void)
{
	fresh(8);
	for (uint32_t i = 8; i > 0; i--)
		succeed(i - 1, 100 * MS);
	for (uint32_t i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(best((1u << i) - 1), i);
}

static void latency_jumps_up_and_comes_down_slowly(void)
{
	fresh(1);
	succeed(0, 100 * MS);
	succeed(0, 900 * MS);
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 900 * MS);
	succeed(0, 100 * MS); /* no time has passed: nothing is forgotten */
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 900 * MS);
	now_ns += options.half_life_ns;
	succeed(0, 100 * MS);
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 500 * MS);
	/* By time alone as well; 2^-(1/4) is 0.841. */
	now_ns += options.half_life_ns / 4;
	uint64_t left_ns = health_latency_ns(&health, &options, 0, now_ns);

	CU_ASSERT(left_ns > 420 * MS && left_ns < 421 * MS);
	now_ns += 100 * options.half_life_ns;
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 0);
	now_ns += UINT64_MAX / 4;
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 0);
	succeed(0, 100 * MS);
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 100 * MS);
}

/* Measured so often that no time seems to pass between two measurements. */
static void a_peak_comes_down_however_often(void)
{
	for (uint64_t every_ns = 1000; every_ns <= 10 * MS; every_ns *= 10) {
		fresh(1);
		options.half_life_ns = 100 * MS;
		succeed(0, 900 * MS);
		for (uint64_t t = 0; t < 2 * options.half_life_ns; t += every_ns) {
			now_ns += every_ns;
			succeed(0, 100 * MS);
		}
		uint64_t left_ns = health_latency_ns(&health, &options, 0, now_ns);

		CU_ASSERT(left_ns >= 299 * MS && left_ns <= 305 * MS);
	}
}

static void decay_never_rises(void)
{
	uint64_t before = UINT64_MAX;

	fresh(1);
	succeed(0, UINT64_MAX); /* counts as 2^46 */
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 1ull << 46);
	for (uint32_t i = 0; i < 6000; i++) {
		uint64_t left = health_latency_ns(&health, &options, 0, now_ns);

		CU_ASSERT_FATAL(left <= before);
		before = left;
		now_ns += options.half_life_ns / 100;
	}
	CU_ASSERT_EQUAL(before, 0);
}

/* Nobody asks a node that was slow once; in time it looks good enough to be tried again. */
static void a_slow_node_is_tried_again(void)
{
	fresh(2);
	succeed(0, 8000 * MS);
	uint32_t turns = 0;

	while (best(0) == 1 && turns++ < 1000) {
		succeed(1, 100 * MS);
		now_ns += SECOND;
	}
	CU_ASSERT(turns >= 5);
	CU_ASSERT(turns < 100);
	CU_ASSERT_EQUAL(best(0), 0);
}

static void a_late_reply_only_measures(void)
{
	fresh(2);
	health_on_send(&health, 0);
	CU_ASSERT_FALSE(health_on_failure(&health, &context, 0, now_ns));
	health_on_late(&health, &context, 0, 2100 * MS, now_ns);
	CU_ASSERT_EQUAL(health_latency_ns(&health, &options, 0, now_ns), 2100 * MS);
	CU_ASSERT_EQUAL(health.nodes[0].bad, 1);
	CU_ASSERT_EQUAL(health.nodes[0].pending, 0);
	CU_ASSERT_EQUAL(health.nodes[0].samples, 1);
}

static void failures_in_a_row_eject(void)
{
	fresh(2);
	for (uint32_t i = 0; i < 4; i++)
		CU_ASSERT_FALSE(fail(0));
	succeed(0, MS);
	for (uint32_t i = 0; i < 4; i++)
		CU_ASSERT_FALSE(fail(0));
	CU_ASSERT_EQUAL(health.available, 2);
	CU_ASSERT_TRUE(fail(0));
	CU_ASSERT_EQUAL(health.available, 1);
	CU_ASSERT_EQUAL(health.nodes[0].state, HEALTH_EJECTED);
	CU_ASSERT_EQUAL(health_deadline_ns(&health), now_ns + SECOND);
	CU_ASSERT_EQUAL(best(0), 1);
	CU_ASSERT_EQUAL(best(2), HEALTH_NONE); /* never an ejected one */
	const struct event *e = &events[ring.head - 1];

	CU_ASSERT_EQUAL(e->kind, EVENT_NODE);
	CU_ASSERT_EQUAL(e->subject, 2);
	CU_ASSERT_EQUAL(e->from, HEALTH_ADMITTED);
	CU_ASSERT_EQUAL(e->to, HEALTH_EJECTED);
	CU_ASSERT_EQUAL(e->reason, HEALTH_CAUSE_CONSECUTIVE);
	CU_ASSERT_EQUAL(e->value, 0);
	CU_ASSERT_EQUAL(e->detail, now_ns + SECOND);
	/* What was out when it was ejected changes nothing. */
	CU_ASSERT_FALSE(fail(0));
	CU_ASSERT_FALSE(succeed(0, MS));
	CU_ASSERT_EQUAL(health.nodes[0].state, HEALTH_EJECTED);
}

/* 60 % against 100 %, never five in a row. */
static void an_outlier_is_ejected(void)
{
	fresh(3);
	options.outlier_ppm = 300000;
	uint32_t turns = 0;

	for (bool moved = false; !moved && turns < 1000; turns++) {
		succeed(0, MS);
		succeed(2, MS);
		moved = turns % 5 < 2 ? fail(1) : succeed(1, MS);
	}
	CU_ASSERT(turns > 9);
	CU_ASSERT(turns < 200);
	CU_ASSERT_EQUAL(health.nodes[1].state, HEALTH_EJECTED);
	CU_ASSERT_EQUAL(events[ring.head - 1].reason, HEALTH_CAUSE_OUTLIER);
	CU_ASSERT_EQUAL(health.available, 2);
}

/* All are equally bad: nobody lies outside. That is the breaker's affair. */
static void no_outlier_among_equals(void)
{
	fresh(3);
	for (uint32_t i = 0; i < 1000; i++)
		for (uint32_t n = 0; n < 3; n++)
			CU_ASSERT_FALSE_FATAL(i % 5 < 4 ? fail(n) : succeed(n, MS));
	CU_ASSERT_EQUAL(health.available, 3);
	CU_ASSERT(health_success_ppm(&health, 0) < 400000);
}

static void eject(uint32_t node)
{
	for (uint32_t i = 0; i < options.eject_after; i++)
		fail(node);
	CU_ASSERT_EQUAL_FATAL(health.nodes[node].state, HEALTH_EJECTED);
}

static void probation(void)
{
	fresh(2);
	succeed(1, 900 * MS);
	succeed(0, 100 * MS);
	eject(0);
	CU_ASSERT_FALSE(health_tick(&health, &context, now_ns + SECOND - 1));
	now_ns += SECOND;
	CU_ASSERT_TRUE(health_tick(&health, &context, now_ns));
	CU_ASSERT_EQUAL(health.nodes[0].state, HEALTH_PROBATION);
	CU_ASSERT_EQUAL(health.available, 2);
	CU_ASSERT_EQUAL(health_deadline_ns(&health), UINT64_MAX);
	CU_ASSERT_EQUAL(best(0), 0);
	health_on_send(&health, 0); /* one at a time... */
	CU_ASSERT_EQUAL(best(0), 1);
	CU_ASSERT_EQUAL(best(2), 0); /* ...unless there is nobody else */
	CU_ASSERT_TRUE(health_on_success(&health, &context, 0, 100 * MS, now_ns));
	CU_ASSERT_EQUAL(health.nodes[0].state, HEALTH_ADMITTED);
	CU_ASSERT_EQUAL(counters[2].ejections, 1);
	CU_ASSERT_EQUAL(counters[2].probations, 1);
	CU_ASSERT_EQUAL(counters[2].readmissions, 1);
	/* A clean slate: it takes five failures again. */
	for (uint32_t i = 0; i < 4; i++)
		CU_ASSERT_FALSE(fail(0));
	CU_ASSERT_TRUE(fail(0));
}

/* Never measured, and another node is faster than the guess: time makes up for it. */
static void probation_ends(void)
{
	fresh(2);
	eject(1);
	now_ns += SECOND;
	health_tick(&health, &context, now_ns);
	CU_ASSERT_EQUAL(health.nodes[1].state, HEALTH_PROBATION);
	uint32_t turns = 0;

	while (best(0) == 0 && turns++ < 1000) {
		succeed(0, 100 * MS);
		now_ns += SECOND;
	}
	CU_ASSERT(turns > 5);
	CU_ASSERT(turns < 30);
	CU_ASSERT_EQUAL(best(0), 1);
}

static void ejections_grow_and_settle(void)
{
	uint64_t expected_ns = SECOND;

	fresh(2);
	eject(0);
	for (uint32_t i = 0; i < 300; i++) {
		CU_ASSERT_EQUAL_FATAL(health_deadline_ns(&health), now_ns + expected_ns);
		now_ns = health_deadline_ns(&health);
		CU_ASSERT_TRUE_FATAL(health_tick(&health, &context, now_ns));
		CU_ASSERT_TRUE_FATAL(fail(0)); /* on probation one is enough */
		expected_ns = expected_ns * 2 < 30 * SECOND ? expected_ns * 2 : 30 * SECOND;
	}
	health.nodes[0].ejections = 3;
	now_ns = health_deadline_ns(&health);
	health_tick(&health, &context, now_ns);
	for (uint32_t i = 0; i < 1 + 2u * options.settle_successes; i++)
		succeed(0, MS);
	CU_ASSERT_EQUAL(health.nodes[0].ejections, 1);
	eject(0);
	CU_ASSERT_EQUAL(health_deadline_ns(&health), now_ns + 2 * SECOND);
}

static void all_may_be_ejected(void)
{
	fresh(3);
	for (uint32_t n = 0; n < 3; n++)
		eject(n);
	CU_ASSERT_EQUAL(health.available, 0);
	CU_ASSERT_EQUAL(best(0), HEALTH_NONE);
	now_ns += SECOND;
	CU_ASSERT_TRUE(health_tick(&health, &context, now_ns));
	CU_ASSERT_EQUAL(health.available, 3);
	CU_ASSERT_EQUAL(best(0), 0);
}

/* As a service wires them: what the nodes say, the breaker hears. */
static void nodes_and_breaker(void)
{
	struct breaker_options o;
	struct breaker_counters breaker_counters[3] = {0};
	const struct breaker_context c = {&o, breaker_counters, &ring, &prng};
	struct breaker b;

	fresh(3);
	breaker_options_report(&o, SECOND);
	o.open_after = 0; /* so that only the nodes can open it */
	breaker_init(&b, 2);
	for (uint32_t n = 0; n < 3; n++)
		for (uint32_t i = 0; i < options.eject_after; i++) {
			CU_ASSERT_EQUAL(b.state, BREAKER_CLOSED);
			if (fail(n))
				breaker_on_nodes(&b, &c, health.available, now_ns);
		}
	CU_ASSERT_EQUAL(best(0), HEALTH_NONE);
	CU_ASSERT_EQUAL(b.state, BREAKER_OPEN);
	CU_ASSERT_EQUAL(breaker_counters[2].caused[BREAKER_CAUSE_NODES_OUT], 1);
	now_ns = health_deadline_ns(&health);
	CU_ASSERT_EQUAL(breaker_allow(&b, &c, now_ns).verdict, BREAKER_REJECT);
	CU_ASSERT_TRUE(health_tick(&health, &context, now_ns));
	breaker_on_nodes(&b, &c, health.available, now_ns);
	CU_ASSERT_EQUAL(b.state, BREAKER_HALF_OPEN);
	uint32_t tickets[3];

	for (uint32_t i = 0; i < 3; i++) { /* one to each, as all are on probation */
		struct breaker_grant g = breaker_allow(&b, &c, now_ns);

		CU_ASSERT_EQUAL(g.verdict, BREAKER_PROBE);
		CU_ASSERT_EQUAL_FATAL(best(0), i);
		health_on_send(&health, i);
		tickets[i] = g.ticket;
	}
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(health_on_success(&health, &context, i, MS, now_ns));
		breaker_on_success(&b, &c, tickets[i], MS, now_ns);
	}
	CU_ASSERT_EQUAL(b.state, BREAKER_RESILIENT);
	CU_ASSERT_EQUAL(counters[2].readmissions, 3);
}

static void restored_under_another_clock(void)
{
	struct health copy;

	fresh(2);
	succeed(1, 100 * MS);
	eject(0);
	health_on_send(&health, 1);
	copy = health;
	CU_ASSERT_TRUE(health_restore(&copy, &options, 3, 2, SECOND));
	CU_ASSERT_TRUE(health_is_sound(&copy));
	CU_ASSERT_EQUAL(copy.subject, 3);
	CU_ASSERT_EQUAL(copy.nodes[1].pending, 0);
	CU_ASSERT_EQUAL(health_deadline_ns(&copy), SECOND + options.eject_max_ns);
	CU_ASSERT_EQUAL(health_latency_ns(&copy, &options, 1, SECOND), 100 * MS);
	copy = health;
	CU_ASSERT_TRUE(health_restore(&copy, &options, 2, 2, now_ns));
	CU_ASSERT_EQUAL(health_deadline_ns(&copy), health_deadline_ns(&health));
	CU_ASSERT_FALSE(health_restore(&copy, &options, 2, 3, now_ns)); /* of another service */
	CU_ASSERT_EQUAL(copy.available, 3);
	memset(&copy, 0xa5, sizeof(copy));
	CU_ASSERT_FALSE(health_restore(&copy, &options, 2, 8, now_ns));
	CU_ASSERT_TRUE(health_is_sound(&copy));
}

static void switched_off(void)
{
	fresh(2);
	options.eject_after = 0;
	options.outlier_ppm = 0;
	for (uint32_t i = 0; i < 1000; i++) {
		succeed(1, MS);
		CU_ASSERT_FALSE_FATAL(fail(0));
	}
	CU_ASSERT_EQUAL(health.available, 2);
	CU_ASSERT_EQUAL(health.nodes[0].bad, 255);
}

static void unpaired_outcomes_are_counted(void)
{
	fresh(1);
	health_on_cancel(&health, &context, 0);
	health_on_success(&health, &context, 0, MS, now_ns);
	CU_ASSERT_EQUAL(counters[2].unpaired, 2);
	CU_ASSERT_EQUAL(health.nodes[0].pending, 0);
}

static void options_have_bounds(void)
{
	struct health_options good;

	health_options_standard(&good, 1000);
	CU_ASSERT_PTR_NULL(health_options_check(&good));
	health_options_standard(&good, SECOND);
	CU_ASSERT_PTR_NULL(health_options_check(&good));
	struct health_options bad[9];

	for (uint32_t i = 0; i < 9; i++)
		bad[i] = good;
	bad[0].eject_max_ns = 0;
	bad[1].eject_ns = 0;
	bad[2].eject_ns = good.eject_max_ns + 1;
	bad[3].eject_jitter_ppm = 900001;
	bad[4].half_life_ns = 15;
	bad[5].latency_initial_ns = UINT64_MAX;
	bad[6].outlier_ppm = 1000001;
	bad[7].settle_successes = 0;
	bad[8].samples_min = 0;
	for (uint32_t i = 0; i < 9; i++)
		CU_ASSERT_PTR_NOT_NULL(health_options_check(&bad[i]));
}

/* Every state with every fact, as a picture in words; and every row of the table is taken. */
static void every_state_and_fact(void)
{
	/* Columns: success, failure, failures in a row, ejection over. */
	static const char *const wanted[HEALTH_STATES] = {"..E.", "...P", "AEE."};
	static const char letters[] = "AEP";
	uint32_t rows = 0;

	for (uint32_t s = 0; s < HEALTH_STATES; s++)
		for (uint32_t fact = 0; fact < 4; fact++) {
			fresh(1);
			if (s != HEALTH_ADMITTED)
				eject(0);
			if (s == HEALTH_PROBATION) {
				now_ns += SECOND;
				health_tick(&health, &context, now_ns);
			}
			uint64_t before = ring.head;

			if (fact == 0)
				succeed(0, MS);
			for (uint32_t i = 0; i < (fact == 1 ? 1u : fact == 2 ? 5u : 0u); i++)
				fail(0);
			if (fact == 3)
				health_tick(&health, &context, now_ns + SECOND);
			char c = wanted[s][fact];
			uint32_t to = c == '.' ? s : (uint32_t)(strchr(letters, c) - letters);

			CU_ASSERT_EQUAL(health.nodes[0].state, to);
			CU_ASSERT_EQUAL(ring.head - before, c != '.');
			CU_ASSERT_TRUE(health_is_sound(&health));
			rows += c != '.';
		}
	/* All but OUTLIER's; PROBATION fails in two columns. */
	CU_ASSERT_EQUAL(rows, health_transition_count);
}

/* Random facts; what is true of nodes stays true. */
static void nodes_stay_sound(void)
{
	struct prng p;

	fresh(8);
	options.eject_jitter_ppm = 500000;
	prng_init(&p, 42);
	for (uint32_t i = 0; i < 200000; i++) {
		uint32_t node = (uint32_t)prng_below(&p, 8);
		uint64_t what = prng_below(&p, 100);

		now_ns += prng_below(&p, 50 * MS);
		if (what < 40)
			health_on_send(&health, node);
		else if (what < 60)
			health_on_success(&health, &context, node, prng_below(&p, SECOND), now_ns);
		else if (what < 60 + 30 * (node % 2))
			health_on_failure(&health, &context, node, now_ns);
		else if (what < 92)
			health_on_cancel(&health, &context, node);
		else
			health_tick(&health, &context, now_ns);
		uint32_t b = best((uint32_t)what);

		CU_ASSERT_TRUE_FATAL(health_is_sound(&health));
		CU_ASSERT_FATAL(b == HEALTH_NONE || health.nodes[b].state != HEALTH_EJECTED);
		CU_ASSERT_FATAL(health_deadline_ns(&health) == UINT64_MAX ||
		                health.available < health.count);
	}
	CU_ASSERT(counters[2].ejections > 100);
	CU_ASSERT(counters[2].readmissions > 100);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"node counts", node_counts},
	        {"the fastest and least asked", the_fastest_and_least_asked},
	        {"ties go to the first", ties_go_to_the_first},
	        {"latency jumps up, comes down slowly", latency_jumps_up_and_comes_down_slowly},
	        {"a peak comes down however often", a_peak_comes_down_however_often},
	        {"decay never rises", decay_never_rises},
	        {"a slow node is tried again", a_slow_node_is_tried_again},
	        {"a late reply only measures", a_late_reply_only_measures},
	        {"failures in a row eject", failures_in_a_row_eject},
	        {"an outlier is ejected", an_outlier_is_ejected},
	        {"no outlier among equals", no_outlier_among_equals},
	        {"probation", probation},
	        {"probation ends", probation_ends},
	        {"ejections grow and settle", ejections_grow_and_settle},
	        {"all may be ejected", all_may_be_ejected},
	        {"nodes and breaker", nodes_and_breaker},
	        {"restored under another clock", restored_under_another_clock},
	        {"switched off", switched_off},
	        {"unpaired outcomes are counted", unpaired_outcomes_are_counted},
	        {"options have bounds", options_have_bounds},
	        {"every state and fact", every_state_and_fact},
	        {"nodes stay sound", nodes_stay_sound},
	};

	return SUITE_RUN("health", tests);
}
