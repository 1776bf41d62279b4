/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

static uint64_t seed = 1;

static const struct throttle_options at_once = {0, 0, true};
static const struct throttle_options ramped = {1000, 500, true};

/* Of any run of requests, not only of those from the start, floor or ceiling of the fraction. */
static void check_fraction(uint32_t ppm)
{
	enum { REQUESTS = 3000 };
	static uint32_t admitted[REQUESTS + 1];
	static const uint32_t lengths[] = {1, 2, 3, 7, 10, 100, 999, 2500};
	struct throttle t;
	uint64_t wrong = 0;

	throttle_init(&t);
	throttle_set_target(&t, &at_once, WORK_NORMAL, ppm, 5);
	for (uint32_t i = 0; i < REQUESTS; i++)
		admitted[i + 1] = admitted[i] + throttle_admit(&t, WORK_NORMAL);
	for (uint32_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		uint64_t n = lengths[k];
		uint64_t floor = n * ppm / THROTTLE_ONE;
		uint64_t ceiling = (n * ppm + THROTTLE_ONE - 1) / THROTTLE_ONE;

		for (uint32_t i = 0; i + n <= REQUESTS; i++) {
			uint64_t got = admitted[i + n] - admitted[i];

			wrong += got < floor || got > ceiling;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(t.class[WORK_NORMAL].admitted, admitted[REQUESTS]);
	CU_ASSERT_EQUAL(t.class[WORK_NORMAL].admitted + t.class[WORK_NORMAL].rejected, REQUESTS);
}

static void test_exact_fraction(void)
{
	static const uint32_t some[] = {0, 1, 333333, 500000, 700000, 800000, 999999, 1000000};
	struct prng p;

	for (uint32_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		check_fraction(some[i]);
	printf(" seed %llu ", (unsigned long long)seed);
	prng_init(&p, seed);
	for (uint32_t i = 0; i < 100; i++)
		check_fraction((uint32_t)prng_below(&p, THROTTLE_ONE + 1));
}

static void test_ramp(void)
{
	struct throttle t;
	struct throttle_class *c = &t.class[WORK_BACKGROUND];

	throttle_init(&t);
	throttle_set_target(&t, &ramped, WORK_BACKGROUND, 200000, 100);
	CU_ASSERT_EQUAL(c->fraction_ppm, 1000000);
	CU_ASSERT(throttle_is_ramping(&t));
	throttle_poll(&t, &ramped, 350); /* half of full scale */
	CU_ASSERT_EQUAL(c->fraction_ppm, 500000);
	throttle_poll(&t, &ramped, 499);
	CU_ASSERT_EQUAL(c->fraction_ppm, 202000);
	throttle_poll(&t, &ramped, 500);
	CU_ASSERT_EQUAL(c->fraction_ppm, 200000);
	CU_ASSERT(!throttle_is_ramping(&t));
	/* Up, slower; turned round on the way: from where it is. */
	throttle_set_target(&t, &ramped, WORK_BACKGROUND, 1000000, 1000);
	throttle_poll(&t, &ramped, 1300);
	CU_ASSERT_EQUAL(c->fraction_ppm, 500000);
	throttle_set_target(&t, &ramped, WORK_BACKGROUND, 0, 1400);
	CU_ASSERT_EQUAL(c->fraction_ppm, 600000);
	throttle_poll(&t, &ramped, 1500);
	CU_ASSERT_EQUAL(c->fraction_ppm, 400000);
	throttle_poll(&t, &ramped, UINT64_MAX);
	CU_ASSERT_EQUAL(c->fraction_ppm, 0);
	CU_ASSERT_EQUAL(t.class[WORK_NORMAL].fraction_ppm, 1000000);
}

/* Where a ramp is depends on the time only, not on who looked when. */
static void test_ramp_is_of_time_alone(void)
{
	struct throttle a;
	struct throttle b;
	struct prng p;
	uint64_t now_ns = 0;

	prng_init(&p, seed);
	throttle_init(&a);
	throttle_init(&b);
	for (uint32_t i = 0; i < 20000; i++) {
		now_ns += prng_below(&p, 40);
		if (prng_below(&p, 20) == 0) {
			uint32_t ppm = (uint32_t)prng_below(&p, THROTTLE_ONE + 1);

			throttle_set_target(&a, &ramped, WORK_NORMAL, ppm, now_ns);
			throttle_set_target(&b, &ramped, WORK_NORMAL, ppm, now_ns);
		}
		throttle_poll(&a, &ramped, now_ns);
		if (prng_below(&p, 3) == 0) {
			throttle_poll(&b, &ramped, now_ns);
			if (a.class[WORK_NORMAL].fraction_ppm != b.class[WORK_NORMAL].fraction_ppm)
				CU_FAIL("differ");
		}
	}
}

/* Over a ramp: the sum of the fractions asked at, within one. */
static void test_sum_over_ramps(void)
{
	struct throttle t;
	struct prng p;
	uint64_t sum_ppm = THROTTLE_ONE / 2;
	uint64_t now_ns = 0;

	prng_init(&p, seed + 1);
	throttle_init(&t);
	for (uint32_t i = 0; i < 100000; i++) {
		now_ns += prng_below(&p, 10);
		if (prng_below(&p, 500) == 0)
			throttle_set_target(&t, &ramped, WORK_NORMAL,
			                    (uint32_t)prng_below(&p, THROTTLE_ONE + 1), now_ns);
		throttle_poll(&t, &ramped, now_ns);
		sum_ppm += t.class[WORK_NORMAL].fraction_ppm;
		(void)throttle_admit(&t, WORK_NORMAL);
		if (t.class[WORK_NORMAL].admitted != sum_ppm / THROTTLE_ONE) {
			CU_FAIL("not the sum");
			break;
		}
	}
}

static void test_modes(void)
{
	struct throttle t;

	throttle_init(&t);
	for (uint32_t id = 0; id < MODE_COUNT; id++) {
		throttle_set_mode(&t, &at_once, &mode_policy_standard, (enum mode_id)id, id);
		for (uint32_t c = 0; c < WORK_CLASSES; c++)
			CU_ASSERT_EQUAL(t.class[c].fraction_ppm,
			                mode_policy_standard.mode[id].class[c].admit_ppm);
		/* Critical work is never throttled by the standard policy. */
		for (uint32_t i = 0; i < 100; i++)
			CU_ASSERT(throttle_admit(&t, WORK_CRITICAL));
	}
	CU_ASSERT(!throttle_admit(&t, WORK_NORMAL)); /* EMERGENCY */

	/* Unless a policy says so. */
	struct mode_policy strict = mode_policy_standard;

	for (uint32_t c = 0; c < WORK_CLASSES; c++)
		strict.mode[MODE_EMERGENCY].class[c].admit_ppm = 0;
	CU_ASSERT_PTR_NULL(mode_policy_check(&strict));
	throttle_set_mode(&t, &at_once, &strict, MODE_EMERGENCY, 99);
	CU_ASSERT(!throttle_admit(&t, WORK_CRITICAL));
}

static void test_disabled(void)
{
	const struct throttle_options off = {.ramp_up_ns = 10, .ramp_down_ns = 10};
	struct throttle t;

	throttle_init(&t);
	throttle_set_mode(&t, &off, &mode_policy_standard, MODE_EMERGENCY, 1000);
	throttle_poll(&t, &off, 2000);
	for (uint32_t c = 0; c < WORK_CLASSES; c++)
		for (uint32_t i = 0; i < 1000; i++)
			if (!throttle_admit(&t, (enum work_class)c))
				CU_FAIL("rejected");
}

static void test_long_ramp(void)
{
	const struct throttle_options years = {UINT64_MAX / 2, UINT64_MAX / 2, true};
	struct throttle t;

	throttle_init(&t);
	throttle_set_target(&t, &years, WORK_NORMAL, 0, 0);
	throttle_poll(&t, &years, UINT64_MAX / 4);
	CU_ASSERT(t.class[WORK_NORMAL].fraction_ppm <= 500001);
	CU_ASSERT(t.class[WORK_NORMAL].fraction_ppm >= 499999);
}

static const struct suite_test tests[] = {
        {"exactly the fraction, of every run", test_exact_fraction},
        {"ramps", test_ramp},
        {"a ramp depends on the time alone", test_ramp_is_of_time_alone},
        {"over ramps, the sum of the fractions", test_sum_over_ramps},
        {"modes and policies", test_modes},
        {"disabled", test_disabled},
        {"a ramp of centuries", test_long_ramp},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	return SUITE_RUN("throttle", tests);
}
