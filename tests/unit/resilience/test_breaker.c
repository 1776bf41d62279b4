/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/breaker.h"

#include <stdint.h>

#include "tests/unit/suite.h"

#include "tests/unit/resilience/breaker_fixture.h"

#define EXPECT(f, s) CU_ASSERT_EQUAL((f)->breaker.state, s)

static struct fixture fixture;

static void closed_lets_all_in(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	for (uint32_t i = 0; i < 10000; i++) {
		CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_ALLOW);
		fixture_succeed(f, f->ticket, 100 * MS);
		f->now_ns += MS;
	}
	EXPECT(f, BREAKER_CLOSED);
	CU_ASSERT_EQUAL(f->ring.head, 0);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
}

static void failures_in_a_row_open(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_successes(f, 64);
	for (uint32_t i = 0; i < 100; i++) {
		fixture_failures(f, 4); /* one less than open_after */
		fixture_successes(f, 64);
		CU_ASSERT_NOT_EQUAL_FATAL(f->breaker.state, BREAKER_OPEN);
	}
	fixture_failures(f, 4);
	CU_ASSERT_NOT_EQUAL(f->breaker.state, BREAKER_OPEN);
	fixture_failures(f, 1);
	EXPECT(f, BREAKER_OPEN);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_CONSECUTIVE);
}

static void a_rate_needs_samples(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	for (uint32_t i = 0; i < 4; i++) {
		fixture_failures(f, 1);
		fixture_successes(f, 1);
	}
	fixture_failures(f, 1);
	EXPECT(f, BREAKER_CLOSED); /* 5 of 9, which is no rate yet */
	fixture_successes(f, 1);   /* a success makes it one: 5 of 10 */
	EXPECT(f, BREAKER_OPEN);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_FAILURE_RATE);
	CU_ASSERT_EQUAL(fixture_event(f).value, 500000);
}

static void some_failures_make_it_resilient(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_successes(f, 63);
	fixture_failures(f, 2);
	fixture_successes(f, 2);
	fixture_failures(f, 4);
	EXPECT(f, BREAKER_CLOSED); /* 6 of 64 are 9.4 % */
	fixture_successes(f, 1);
	fixture_failures(f, 1);
	EXPECT(f, BREAKER_RESILIENT); /* 7 of 64 are 10.9 % */
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_DEGRADED);
	CU_ASSERT_EQUAL(fixture_event(f).value, 109375);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_ALLOW);
}

/* RESILIENT, nothing but successes in both memories; the dwell time began just now. */
static void make_calm(struct fixture *f)
{
	fixture_init(f);
	fixture_successes(f, 20);
	fixture_failures(f, 3);
	CU_ASSERT_EQUAL_FATAL(f->breaker.state, BREAKER_RESILIENT);
	uint32_t count = 0;

	while (breaker_deadline_ns(&f->breaker, &f->options) == BREAKER_NEVER && count++ < 1000)
		fixture_successes(f, 1);
	CU_ASSERT_EQUAL_FATAL(breaker_deadline_ns(&f->breaker, &f->options),
	                      f->now_ns + f->options.dwell_ns);
}

static void calm_must_last(void)
{
	struct fixture *f = &fixture;

	make_calm(f);
	fixture_wait(f, f->options.dwell_ns - 1);
	EXPECT(f, BREAKER_RESILIENT);
	fixture_wait(f, 1);
	EXPECT(f, BREAKER_CLOSED);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_CALM);

	make_calm(f);
	fixture_wait(f, f->options.dwell_ns - 1);
	fixture_failures(f, 3); /* 3 of 64 are calm, 4 are not */
	fixture_failures(f, 1);
	fixture_wait(f, 1);
	EXPECT(f, BREAKER_RESILIENT);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
}

/* The window has forgotten the failures long before the rate with the longer memory has. */
static void the_longer_memory_counts(void)
{
	struct fixture *f = &fixture;

	make_calm(f);
	f->options.window = 8;
	f->options.samples_min = 8;
	fixture_init(f);
	f->options.window = 8;
	f->options.samples_min = 8;
	f->options.rate_shift = 8;
	for (uint32_t i = 0; i < 400; i++) {
		fixture_failures(f, 1);
		fixture_successes(f, 2);
	}
	EXPECT(f, BREAKER_RESILIENT);
	fixture_successes(f, 8);
	CU_ASSERT_EQUAL(breaker_failure_ppm(&f->breaker), 0);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
	fixture_successes(f, 1000);
	CU_ASSERT_NOT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
}

static void open_rejects_for_its_time(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	uint64_t end_ns = breaker_deadline_ns(&f->breaker, &f->options);

	CU_ASSERT(end_ns <= f->now_ns + f->options.open_ns);
	CU_ASSERT(end_ns >= f->now_ns + f->options.open_ns / 10 * 8);
	CU_ASSERT_EQUAL(fixture_event(f).detail, end_ns);
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_REJECT);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].rejected, 1000);
	f->now_ns = end_ns - 1;
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT);
	EXPECT(f, BREAKER_OPEN);
	f->now_ns = end_ns;
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE); /* no tick was needed */
	EXPECT(f, BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_OPEN_OVER);
}

static void measurements_are_cleared_on_open(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_successes(f, 40);
	for (uint32_t i = 0; i < 20; i++)
		fixture_measure(f, f->breaker.epoch, 1500 * MS);
	fixture_open(f);
	CU_ASSERT_EQUAL(f->breaker.fail, 0);
	CU_ASSERT_EQUAL(f->breaker.slow, 0);
	CU_ASSERT_EQUAL(f->breaker.samples, 0);
	CU_ASSERT_EQUAL(f->breaker.fail_rate, 0);
	CU_ASSERT_EQUAL(f->breaker.consecutive, 0);
	CU_ASSERT_EQUAL(f->breaker.latency_samples, 0);
	CU_ASSERT_EQUAL(breaker_latency_mean_ns(&f->breaker), 0);
	CU_ASSERT_TRUE(breaker_is_sound(&f->breaker, &f->options));
}

static void what_began_before_is_stale(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_ALLOW);
	uint32_t old = f->ticket;

	fixture_open(f);
	struct breaker before = f->breaker;

	fixture_succeed(f, old, 100 * MS);
	fixture_fail(f, old);
	fixture_measure(f, old, 9 * SECOND);
	CU_ASSERT_EQUAL(memcmp(&before, &f->breaker, sizeof(before)), 0);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].stale, 3);
	fixture_probe(f);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	fixture_fail(f, old);
	fixture_succeed(f, old, 100 * MS);
	fixture_measure(f, old, 9 * SECOND);
	EXPECT(f, BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(breaker_probes_out(&f->breaker), 1);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].stale, 6);
	fixture_succeed(f, f->ticket, 100 * MS);
}

static void a_forecast_makes_it_resilient(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_successes(f, 500);
	breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
	EXPECT(f, BREAKER_RESILIENT);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_FORECAST);
	fixture_successes(f, 500);
	fixture_wait(f, 100 * SECOND);
	EXPECT(f, BREAKER_RESILIENT);
	breaker_on_forecast(&f->breaker, &f->context, 0, f->now_ns);
	fixture_wait(f, 5 * SECOND - 1);
	EXPECT(f, BREAKER_RESILIENT);
	fixture_wait(f, 1);
	EXPECT(f, BREAKER_CLOSED);

	fixture_init(f);
	f->options.forecast_level = 0;
	breaker_on_forecast(&f->breaker, &f->context, 255, f->now_ns);
	EXPECT(f, BREAKER_CLOSED);
	f->options.forecast_level = 2;
	breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
	EXPECT(f, BREAKER_CLOSED);
	breaker_on_forecast(&f->breaker, &f->context, 2, f->now_ns);
	EXPECT(f, BREAKER_RESILIENT);
}

static void without_nodes_it_is_open(void)
{
	struct fixture *f = &fixture;

	for (uint32_t from = 0; from < 3; from++) {
		fixture_init(f);
		if (from == 1)
			breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
		if (from == 2) {
			fixture_open(f);
			fixture_probe(f);
		}
		breaker_on_nodes(&f->breaker, &f->context, 1, f->now_ns);
		CU_ASSERT_NOT_EQUAL(f->breaker.state, BREAKER_OPEN);
		breaker_on_nodes(&f->breaker, &f->context, 0, f->now_ns);
		EXPECT(f, BREAKER_OPEN);
		CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_NODES_OUT);
		CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
		fixture_wait(f, 1000 * SECOND);
		EXPECT(f, BREAKER_OPEN);
		CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT);
		breaker_on_nodes(&f->breaker, &f->context, 2, f->now_ns);
		EXPECT(f, BREAKER_HALF_OPEN);
	}
	fixture_init(f);
	breaker_on_nodes(&f->breaker, &f->context, 0, f->now_ns);
	breaker_on_nodes(&f->breaker, &f->context, 1, f->now_ns);
	EXPECT(f, BREAKER_OPEN); /* its time has to pass all the same */
}

static void original_has_no_breaker(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.states = BREAKER_BIT(BREAKER_CLOSED);
	CU_ASSERT_PTR_NULL(breaker_options_check(&f->options));
	for (uint32_t i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_ALLOW);
		fixture_fail(f, f->ticket);
		fixture_measure(f, f->ticket, 100 * SECOND);
	}
	breaker_on_nodes(&f->breaker, &f->context, 0, f->now_ns);
	breaker_on_forecast(&f->breaker, &f->context, 9, f->now_ns);
	fixture_wait(f, 1000 * SECOND);
	EXPECT(f, BREAKER_CLOSED);
	CU_ASSERT_EQUAL(f->ring.head, 0);
	CU_ASSERT_EQUAL(f->breaker.consecutive, 255); /* and no further */
}

static void what_a_state_asks_for(void)
{
	static const uint64_t base_ms[] = {1000, 1500, 3000, 1000};
	static const uint32_t parallel[] = {0, 2, 3, 1, 0};
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.fallback = BREAKER_BIT(BREAKER_RESILIENT);
	for (uint32_t s = 0; s < BREAKER_STATES; s++) {
		f->breaker.state = (uint8_t)s;
		if (s != BREAKER_OPEN)
			CU_ASSERT_EQUAL(breaker_base_timeout_ns(&f->breaker, &f->options),
			                base_ms[s] * MS);
		CU_ASSERT_EQUAL(breaker_parallel(&f->breaker, &f->options), parallel[s]);
		CU_ASSERT_EQUAL(breaker_may_fall_back(&f->breaker, &f->options),
		                s == BREAKER_RESILIENT);
	}
}

/* Plain bytes: a copy elsewhere goes on as if nothing had been. */
static void bytes_can_be_moved(void)
{
	struct fixture *f = &fixture;
	static struct fixture g;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	fixture_init(&g);
	g.now_ns = f->now_ns;
	g.ticket = f->ticket;
	g.prng = f->prng;
	memcpy(&g.breaker, &f->breaker, sizeof(g.breaker));
	CU_ASSERT_TRUE(breaker_is_sound(&g.breaker, &g.options));
	struct fixture *both[] = {f, &g};

	for (uint32_t i = 0; i < 2; i++) {
		fixture_succeed(both[i], both[i]->ticket, 100 * MS);
		fixture_allow(both[i]);
		fixture_allow(both[i]);
		fixture_fail(both[i], both[i]->ticket);
		fixture_probe(both[i]);
	}
	CU_ASSERT_EQUAL(memcmp(&g.breaker, &f->breaker, sizeof(g.breaker)), 0);
}

static void events_tell_all(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	fixture_recover(f);
	static const uint8_t path[] = {BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN,
	                               BREAKER_RESILIENT, BREAKER_CLOSED};
	struct event out[8];
	uint64_t position = 0;

	CU_ASSERT_EQUAL_FATAL(event_read(&f->ring, &position, out, 8, NULL), 4);
	for (uint32_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(out[i].kind, EVENT_BREAKER);
		CU_ASSERT_EQUAL(out[i].subject, FIXTURE_SUBJECT);
		CU_ASSERT_EQUAL(out[i].from, path[i]);
		CU_ASSERT_EQUAL(out[i].to, path[i + 1]);
		CU_ASSERT(i == 0 || out[i].time_ns >= out[i - 1].time_ns);
		CU_ASSERT_EQUAL(fixture_entered(f, (enum breaker_state)path[i + 1]), 1);
		CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].caused[out[i].reason], 1);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"CLOSED lets all in", closed_lets_all_in},
	        {"failures in a row open", failures_in_a_row_open},
	        {"a rate needs samples", a_rate_needs_samples},
	        {"some failures make it RESILIENT", some_failures_make_it_resilient},
	        {"calm must last", calm_must_last},
	        {"the longer memory counts", the_longer_memory_counts},
	        {"OPEN rejects for its time", open_rejects_for_its_time},
	        {"measurements are cleared on OPEN", measurements_are_cleared_on_open},
	        {"what began before is stale", what_began_before_is_stale},
	        {"a forecast makes it RESILIENT", a_forecast_makes_it_resilient},
	        {"without nodes it is OPEN", without_nodes_it_is_open},
	        {"original has no breaker", original_has_no_breaker},
	        {"what a state asks for", what_a_state_asks_for},
	        {"bytes can be moved", bytes_can_be_moved},
	        {"events tell all", events_tell_all},
	};

	return SUITE_RUN("breaker", tests);
}
