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

static uint32_t lend(struct fixture *f)
{
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	return f->ticket;
}

static void probes_are_few(void)
{
	struct fixture *f = &fixture;
	uint32_t out[3];

	fixture_init(f);
	f->options.probes = 5;
	fixture_open(f);
	fixture_probe(f);
	for (uint32_t i = 0; i < 3; i++) {
		out[i] = lend(f);
		CU_ASSERT_EQUAL(breaker_probes_out(&f->breaker), i + 1);
	}
	for (uint32_t i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT);
	fixture_succeed(f, out[1], 100 * MS);
	fixture_succeed(f, out[1], 100 * MS); /* not twice */
	CU_ASSERT_EQUAL(f->breaker.probes.succeeded, 1);
	out[1] = lend(f);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT); /* three are out */
	fixture_succeed(f, out[0], 100 * MS);
	fixture_succeed(f, out[2], 100 * MS);
	out[0] = lend(f);                                  /* the fifth and last */
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT); /* though only two are out */
	fixture_succeed(f, out[0], 100 * MS);
	EXPECT(f, BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT);
	fixture_succeed(f, out[1], 100 * MS);
	EXPECT(f, BREAKER_RESILIENT);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_PROBES_GOOD);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].probes, 5);
}

static void a_failed_probe_opens_again(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	uint32_t first = f->ticket;

	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	fixture_fail(f, f->ticket);
	EXPECT(f, BREAKER_OPEN);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_PROBE_FAILED);
	fixture_probe(f);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	CU_ASSERT_NOT_EQUAL(f->ticket, first);
	fixture_succeed(f, first, 0); /* of the last time */
	CU_ASSERT_EQUAL(f->breaker.probes.succeeded, 0);
}

static void a_silent_probe_is_a_failed_one(void)
{
	struct fixture *f = &fixture;

	for (uint32_t way = 0; way < 4; way++) {
		fixture_init(f);
		fixture_open(f);
		fixture_probe(f);
		CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
		CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
		uint32_t silent = f->ticket;
		uint64_t end_ns = f->now_ns + f->options.lease_ns;

		f->now_ns += SECOND;
		CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
		CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), end_ns);
		f->now_ns = end_ns - 1;
		fixture_wait(f, 0);
		EXPECT(f, BREAKER_HALF_OPEN);
		f->now_ns = end_ns;
		if (way == 0) {
			fixture_wait(f, 0);
		} else if (way == 1) {
			CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_REJECT);
		} else if (way == 2) {
			fixture_succeed(f, silent, SECOND); /* due means too late */
		} else {
			breaker_on_cancel(&f->breaker, &f->context, silent, f->now_ns);
		}
		EXPECT(f, BREAKER_OPEN);
		CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_LEASE_EXPIRED);
		CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].leases_expired, 1);
	}
}

static void a_cancelled_probe_makes_room(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	for (uint32_t i = 0; i < 1000; i++) {
		CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_PROBE);
		breaker_on_cancel(&f->breaker, &f->context, f->ticket, f->now_ns);
	}
	EXPECT(f, BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].probes_cancelled, 1000);
	CU_ASSERT_EQUAL(breaker_probes_out(&f->breaker), 0);
	fixture_probes(f, 100 * MS);
	EXPECT(f, BREAKER_RESILIENT);
	breaker_on_cancel(&f->breaker, &f->context, f->ticket, f->now_ns);
	EXPECT(f, BREAKER_RESILIENT);
}

/* The open time of the n-th opening in a row, with and without jitter. */
static void the_open_time_grows(void)
{
	struct fixture *f = &fixture;

	for (uint32_t jitter = 0; jitter <= 200000; jitter += 200000) {
		uint64_t top_ns = SECOND;
		uint32_t jittered = 0;

		fixture_init(f);
		f->options.open_jitter_ppm = jitter;
		fixture_open(f);
		for (uint32_t i = 0; i < 300; i++) {
			uint64_t open_ns =
			        breaker_deadline_ns(&f->breaker, &f->options) - f->now_ns;

			CU_ASSERT_FATAL(open_ns <= top_ns);
			CU_ASSERT_FATAL(open_ns >= top_ns - top_ns / 1000000 * jitter);
			jittered += open_ns != top_ns;
			fixture_probe(f);
			CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_PROBE);
			fixture_fail(f, f->ticket);
			CU_ASSERT_EQUAL_FATAL(f->breaker.state, BREAKER_OPEN);
			top_ns = top_ns * 2 < 30 * SECOND ? top_ns * 2 : 30 * SECOND;
		}
		CU_ASSERT_EQUAL(jittered > 290, jitter != 0);
		CU_ASSERT_EQUAL(f->breaker.openings, 255); /* and no further */
	}
}

/* Successes up to the end of the ramp and of the dwell time. */
static void recover(struct fixture *f)
{
	for (uint32_t i = 0; i < 3000 && f->breaker.state != BREAKER_CLOSED; i++) {
		if (fixture_allow(f) == BREAKER_ALLOW)
			fixture_succeed(f, f->ticket, 100 * MS);
		f->now_ns += 10 * MS;
	}
	EXPECT(f, BREAKER_CLOSED);
}

static void calm_makes_the_open_time_short_again(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.open_jitter_ppm = 0;
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	fixture_failures(f, 5); /* without having been calm */
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + 2 * SECOND);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	recover(f);
	fixture_failures(f, 5);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + SECOND);
}

/* Without RESILIENT, CLOSED itself has to last before an opening is the first again. */
static void closed_settles(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.open_jitter_ppm = 0;
	f->options.ramp_interval_ns = 0;
	f->options.states = BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_OPEN) |
	                    BREAKER_BIT(BREAKER_HALF_OPEN);
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	EXPECT(f, BREAKER_CLOSED);
	fixture_successes(f, 5);
	fixture_failures(f, 5);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + 2 * SECOND);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	fixture_successes(f, 10);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + 5 * SECOND);
	fixture_wait(f, 5 * SECOND);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), BREAKER_NEVER);
	fixture_failures(f, 5);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + SECOND);
}

/* As many callers as you like: in no interval more get in than the quota, which grows by
 * ramp_step. */
static void no_stampede_after_half_open(void)
{
	struct fixture *f = &fixture;
	uint32_t quota;

	fixture_init(f);
	quota = f->options.ramp_start;
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	EXPECT(f, BREAKER_RESILIENT);
	while (quota < f->options.ramp_end) {
		uint32_t in = 0;

		for (uint32_t i = 0; i < 10000; i++)
			if (fixture_allow(f) == BREAKER_ALLOW) {
				in++;
				fixture_succeed(f, f->ticket, 100 * MS);
			}
		CU_ASSERT_EQUAL_FATAL(in, quota);
		f->now_ns += f->options.ramp_interval_ns;
		quota += f->options.ramp_step;
	}
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].ramps, 0);
	for (uint32_t i = 0; i < 10000; i++)
		CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_ALLOW);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].ramps, 1);
	CU_ASSERT(f->counters[FIXTURE_SUBJECT].held_back > 100000);
}

static uint32_t ramp_interval(struct fixture *f, uint32_t failures)
{
	uint32_t in = 0;

	f->now_ns += f->options.ramp_interval_ns;
	for (uint32_t i = 0; i < 1000; i++) {
		if (fixture_allow(f) != BREAKER_ALLOW)
			continue;
		in++;
		if (failures > 0) {
			fixture_fail(f, f->ticket);
			failures--;
		} else {
			fixture_succeed(f, f->ticket, 100 * MS);
		}
	}
	return in;
}

static void the_ramp_backs_off(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.open_after = 0;
	fixture_failures(f, 10);
	fixture_probe(f);
	fixture_probes(f, 100 * MS);
	CU_ASSERT_EQUAL(ramp_interval(f, 0), 4); /* the first was not used: it stays */
	CU_ASSERT_EQUAL(ramp_interval(f, 0), 8);
	CU_ASSERT_EQUAL(ramp_interval(f, 0), 12);
	CU_ASSERT_EQUAL(ramp_interval(f, 0), 16);
	/* Halved once, at once, however many fail: 20 / 2, and no more get in this time. */
	CU_ASSERT_EQUAL(ramp_interval(f, 3), 10);
	CU_ASSERT_EQUAL(ramp_interval(f, 0), 10); /* 10 was the quota of a bad interval: no step */
	CU_ASSERT_EQUAL(ramp_interval(f, 0), 14);
	CU_ASSERT_EQUAL(ramp_interval(f, 1), 9);
	CU_ASSERT_EQUAL(ramp_interval(f, 1), 4); /* never below ramp_start */
	CU_ASSERT_EQUAL(ramp_interval(f, 1), 4);
	CU_ASSERT_EQUAL(f->counters[FIXTURE_SUBJECT].ramp_backoffs, 4);
	CU_ASSERT_TRUE(breaker_is_sound(&f->breaker, &f->options));
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

static void without_resilient_a_forecast_probes(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.open_jitter_ppm = 0;
	f->options.states = BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_OPEN) |
	                    BREAKER_BIT(BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_ALLOW);
	uint32_t before = f->ticket;

	breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
	EXPECT(f, BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_FOREBODED);
	fixture_fail(f, before); /* from before: no probe */
	EXPECT(f, BREAKER_HALF_OPEN);
	fixture_probes(f, 100 * MS);
	EXPECT(f, BREAKER_CLOSED);
	/* The forecast is still there, but the probes have shown that it is not yet true. */
	fixture_successes(f, 100);
	breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
	fixture_wait(f, 100 * SECOND);
	EXPECT(f, BREAKER_CLOSED);
	breaker_on_forecast(&f->breaker, &f->context, 0, f->now_ns);
	fixture_wait(f, SECOND);
	breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
	EXPECT(f, BREAKER_CLOSED);
	breaker_on_forecast(&f->breaker, &f->context, 0, f->now_ns);
	fixture_wait(f, 5 * SECOND);
	breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
	EXPECT(f, BREAKER_HALF_OPEN);
	CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
	fixture_fail(f, f->ticket);
	EXPECT(f, BREAKER_OPEN); /* for the first time: it was no opening before */
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + SECOND);
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
	recover(f);
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
	        {"probes are few", probes_are_few},
	        {"a failed probe opens again", a_failed_probe_opens_again},
	        {"a silent probe is a failed one", a_silent_probe_is_a_failed_one},
	        {"a cancelled probe makes room", a_cancelled_probe_makes_room},
	        {"the open time grows up to a cap", the_open_time_grows},
	        {"calm makes it short again", calm_makes_the_open_time_short_again},
	        {"CLOSED settles", closed_settles},
	        {"no stampede after HALF_OPEN", no_stampede_after_half_open},
	        {"the ramp backs off", the_ramp_backs_off},
	        {"a forecast makes it RESILIENT", a_forecast_makes_it_resilient},
	        {"without RESILIENT a forecast probes", without_resilient_a_forecast_probes},
	        {"without nodes it is OPEN", without_nodes_it_is_open},
	        {"original has no breaker", original_has_no_breaker},
	        {"what a state asks for", what_a_state_asks_for},
	        {"bytes can be moved", bytes_can_be_moved},
	        {"events tell all", events_tell_all},
	};

	return SUITE_RUN("breaker", tests);
}
