/* SPDX-License-Identifier: BSD-3-Clause
 *
 * OPEN, HALF_OPEN, and what comes after: probes, leases, open times, the ramp.
 */
#include "resilience/breaker.h"

#include <stdint.h>

#include "tests/unit/suite.h"

#include "tests/unit/resilience/breaker_fixture.h"

#define EXPECT(f, s) CU_ASSERT_EQUAL((f)->breaker.state, s)

static struct fixture fixture;

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
	fixture_recover(f);
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

int main(void)
{
	static const struct suite_test tests[] = {
	        {"probes are few", probes_are_few},
	        {"a failed probe opens again", a_failed_probe_opens_again},
	        {"a silent probe is a failed one", a_silent_probe_is_a_failed_one},
	        {"a cancelled probe makes room", a_cancelled_probe_makes_room},
	        {"the open time grows up to a cap", the_open_time_grows},
	        {"calm makes it short again", calm_makes_the_open_time_short_again},
	        {"CLOSED settles", closed_settles},
	        {"no stampede after HALF_OPEN", no_stampede_after_half_open},
	        {"the ramp backs off", the_ramp_backs_off},
	        {"without RESILIENT a forecast probes", without_resilient_a_forecast_probes},
	};

	return SUITE_RUN("breaker_probe", tests);
}
