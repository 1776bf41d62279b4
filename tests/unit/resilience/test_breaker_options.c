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

/* Saved by a clock that was far ahead of this one; then by one far behind. */
static void restored_under_another_clock(void)
{
	static struct fixture f;
	struct breaker saved[3];

	fixture_init(&f);
	fixture_open(&f);
	saved[0] = f.breaker;
	fixture_probe(&f);
	CU_ASSERT_EQUAL(fixture_allow(&f), BREAKER_PROBE);
	saved[1] = f.breaker;
	for (uint32_t i = 0; i < 3; i++) {
		fixture_succeed(&f, f.ticket, MS);
		fixture_allow(&f);
	}
	saved[2] = f.breaker;
	for (uint32_t i = 0; i < 3; i++)
		for (uint64_t now_ns = SECOND; now_ns < 1u << 30; now_ns += 1u << 28) {
			struct breaker b = saved[i];
			uint64_t longest_ns = i == 0   ? f.options.open_max_ns
			                      : i == 1 ? f.options.lease_ns
			                               : f.options.ramp_interval_ns;

			CU_ASSERT_TRUE(breaker_restore(&b, &f.options, 3, now_ns));
			CU_ASSERT_TRUE(breaker_is_sound(&b, &f.options));
			CU_ASSERT_EQUAL(b.state, saved[i].state);
			if (i < 2) {
				CU_ASSERT_EQUAL(breaker_deadline_ns(&b, &f.options),
				                now_ns + longest_ns);
			}
			b.subject = 0;
			f.context.counters = f.counters;
			breaker_tick(&b, &f.context, now_ns + longest_ns);
			CU_ASSERT_EQUAL(b.state, i == 0   ? BREAKER_HALF_OPEN
			                         : i == 1 ? BREAKER_OPEN
			                                  : BREAKER_RESILIENT);
			b = saved[i];
			CU_ASSERT_TRUE(
			        breaker_restore(&b, &f.options, FIXTURE_SUBJECT, 1ull << 60));
			CU_ASSERT_EQUAL(memcmp(&b, &saved[i], sizeof(b)), 0);
		}
}

/* What is taken for sound can be used: no assert, and sound it stays. Bytes of real breakers, some
 * of them changed. */
static void forged_bytes_do_no_harm(void)
{
	static struct fixture f;
	struct breaker real[4];
	struct prng dice;
	uint32_t taken = 0;

	fixture_init(&f);
	real[0] = f.breaker;
	fixture_open(&f);
	real[1] = f.breaker;
	fixture_probe(&f);
	fixture_allow(&f);
	real[2] = f.breaker;
	for (uint32_t i = 0; i < 3; i++) {
		fixture_succeed(&f, f.ticket, 3 * SECOND);
		fixture_allow(&f);
	}
	real[3] = f.breaker;
	prng_init(&dice, 3);
	for (uint32_t i = 0; i < 200000; i++) {
		struct breaker *b = &f.breaker;
		uint8_t *bytes = (uint8_t *)b;

		*b = real[prng_below(&dice, 4)];
		for (uint64_t k = prng_below(&dice, 4); k > 0; k--)
			bytes[prng_below(&dice, sizeof(*b))] =
			        (uint8_t)(prng_next(&dice) >> prng_below(&dice, 8) & 0xff);
		f.now_ns = prng_below(&dice, 2000 * SECOND) + 1;
		if (!breaker_restore(b, &f.options, FIXTURE_SUBJECT, f.now_ns))
			continue;
		taken++;
		for (uint32_t k = 0; k < 12; k++) {
			uint64_t what = prng_below(&dice, 6);

			f.now_ns += prng_below(&dice, SECOND);
			if (what == 0)
				fixture_allow(&f);
			else if (what == 1)
				fixture_succeed(&f, b->epoch | (uint32_t)prng_below(&dice, 3), MS);
			else if (what == 2)
				fixture_fail(&f, b->epoch | (uint32_t)prng_below(&dice, 3));
			else if (what == 3)
				fixture_measure(&f, b->epoch, prng_next(&dice));
			else
				fixture_wait(&f, what == 4 ? 1 : 9 * SECOND);
			CU_ASSERT_TRUE_FATAL(breaker_is_sound(b, &f.options));
		}
	}
	CU_ASSERT(taken > 20000);
	CU_ASSERT(taken < 199000);
}

static void nonsense_is_as_new(void)
{
	static struct fixture f;
	struct breaker b;
	struct breaker fresh;

	fixture_init(&f);
	memset(&b, 0xa5, sizeof(b));
	CU_ASSERT_FALSE(breaker_restore(&b, &f.options, 7, SECOND));
	breaker_init(&fresh, 7);
	CU_ASSERT_EQUAL(memcmp(&b, &fresh, sizeof(b)), 0);
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
	        {"restored under another clock", restored_under_another_clock},
	        {"forged bytes do no harm", forged_bytes_do_no_harm},
	        {"nonsense is as new", nonsense_is_as_new},
	};

	return SUITE_RUN("breaker_options", tests);
}
