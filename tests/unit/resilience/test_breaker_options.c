/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/breaker.h"

#include "tests/unit/suite.h"

#include "tests/unit/resilience/breaker_fixture.h"

/* The message for the options after one change; it begins with the option's name. */
#define REFUSED(field, bad)                                                      \
	do {                                                                     \
		struct breaker_options o;                                        \
                                                                                 \
		breaker_options_report(&o, SECOND);                              \
		o.field = bad;                                                   \
		const char *wrong = breaker_options_check(&o);                   \
                                                                                 \
		CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);                             \
		CU_ASSERT_EQUAL(strncmp(wrong, #field, strcspn(wrong, ":")), 0); \
	} while (0)

#define TAKEN(field, good)                                     \
	do {                                                   \
		struct breaker_options o;                      \
                                                               \
		breaker_options_report(&o, SECOND);            \
		o.field = good;                                \
		CU_ASSERT_PTR_NULL(breaker_options_check(&o)); \
	} while (0)

static void the_report_at_every_scale(void)
{
	struct breaker_options o;

	for (uint64_t second = 1000; second <= 1000 * SECOND; second *= 10) {
		breaker_options_report(&o, second);
		CU_ASSERT_PTR_NULL(breaker_options_check(&o));
		CU_ASSERT_EQUAL(o.base_timeout_ns[BREAKER_RESILIENT], second / 10 * 15);
		CU_ASSERT_EQUAL(o.ultra_latency_ns, 2 * second);
		CU_ASSERT_EQUAL(o.ultra_leave_ns, second / 10 * 16);
	}
}

static void states(void)
{
	REFUSED(states, 0);
	REFUSED(states, BREAKER_ALL & ~BREAKER_BIT(BREAKER_CLOSED));
	REFUSED(states, 0xff);
	REFUSED(states, BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_HALF_OPEN));
	TAKEN(states, BREAKER_BIT(BREAKER_CLOSED));
	TAKEN(states, BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_OPEN));
	REFUSED(fallback, 0x80);
	REFUSED(parallel[BREAKER_RESILIENT], 4);
	REFUSED(base_timeout_ns[BREAKER_HALF_OPEN], 0);
	TAKEN(base_timeout_ns[BREAKER_CLOSED], BREAKER_NEVER);
}

static void rates(void)
{
	REFUSED(window, 0);
	REFUSED(window, 65);
	REFUSED(samples_min, 0);
	REFUSED(samples_min, 65);
	REFUSED(resilient_at_ppm, 1);
	REFUSED(clear_at_ppm, 0);
	REFUSED(clear_at_ppm, 100000);
	REFUSED(open_at_ppm, 99999);
	REFUSED(open_at_ppm, 1000001);
	REFUSED(rate_shift, 16);
}

static void times(void)
{
	REFUSED(ultra_latency_ns, 0);
	REFUSED(ultra_latency_ns, 1ull << 54);
	REFUSED(ultra_leave_ns, 2 * SECOND);
	REFUSED(latency_shift, 8);
	REFUSED(ultra_min, 0);
	REFUSED(ultra_min, 17);
	REFUSED(dwell_ns, 0);
	REFUSED(open_max_ns, 0);
	REFUSED(open_ns, 0);
	REFUSED(open_ns, 31 * SECOND);
	REFUSED(open_jitter_ppm, 900001);
	REFUSED(lease_ns, 0);
	REFUSED(lease_ns, UINT64_MAX);
}

static void admission(void)
{
	REFUSED(probes, 0);
	REFUSED(probes, 101);
	REFUSED(leases, 0);
	REFUSED(leases, 5);
	REFUSED(ramp_interval_ns, UINT64_MAX);
	REFUSED(ramp_start, 0);
	REFUSED(ramp_step, 0);
	REFUSED(ramp_end, 4);
	TAKEN(ramp_interval_ns, 0);
}

static void forged_bytes_are_refused(void)
{
	static struct fixture f;

	fixture_init(&f);
	CU_ASSERT_TRUE(breaker_is_sound(&f.breaker, &f.options));
	struct breaker b = f.breaker;

	b.state = BREAKER_STATES;
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	b = f.breaker;
	b.gate = 9;
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	b = f.breaker;
	b.epoch = 3;
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	b = f.breaker;
	b.fail = 2;
	b.samples = 1;
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	b = f.breaker;
	b.samples = 65;
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	b = f.breaker;
	b.latency_sum = 1;
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	b = f.breaker;
	b.state = BREAKER_OPEN; /* with the gate of CLOSED */
	CU_ASSERT_FALSE(breaker_is_sound(&b, &f.options));
	fixture_open(&f);
	CU_ASSERT_TRUE(breaker_is_sound(&f.breaker, &f.options));
	f.options.states = BREAKER_BIT(BREAKER_CLOSED); /* a profile without OPEN */
	CU_ASSERT_FALSE(breaker_is_sound(&f.breaker, &f.options));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the report's figures at every scale", the_report_at_every_scale},
	        {"states", states},
	        {"rates", rates},
	        {"times", times},
	        {"admission", admission},
	        {"forged bytes are refused", forged_bytes_are_refused},
	};

	return SUITE_RUN("breaker_options", tests);
}
