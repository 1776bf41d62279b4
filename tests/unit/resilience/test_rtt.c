/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/rtt.h"

#include <errno.h>
#include <stdlib.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

static const struct rtt_options *const o = &rtt_options_default;

static void test_options(void)
{
	CU_ASSERT_EQUAL(rtt_options_check(o), 0);
	CU_ASSERT_EQUAL(rtt_options_check(&(struct rtt_options){0, 3, 2}), -EINVAL);
	CU_ASSERT_EQUAL(rtt_options_check(&(struct rtt_options){1, 13, 2}), -EINVAL);
	CU_ASSERT_EQUAL(rtt_options_check(&(struct rtt_options){1, 3, 13}), -EINVAL);
}

static void test_first_sample(void)
{
	struct rtt r;

	rtt_init(&r);
	CU_ASSERT_FALSE(rtt_is_known(&r, o));
	CU_ASSERT_EQUAL(rtt_smoothed_ns(&r), 0);
	rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
	CU_ASSERT_TRUE(rtt_is_known(&r, o));
	CU_ASSERT_EQUAL(rtt_smoothed_ns(&r), 1000);
	CU_ASSERT_EQUAL(rtt_deviation_ns(&r), 500);
}

/* RFC 6298, 2.3, worked out by hand: RTTVAR first, from the SRTT before. */
static void test_further_samples(void)
{
	struct rtt r;

	rtt_init(&r);
	rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
	rtt_on_sample(&r, o, 2000, SAMPLE_EXACT);
	CU_ASSERT_EQUAL(rtt_deviation_ns(&r), 625); /* 3/4 x 500 + 1/4 x 1000 */
	CU_ASSERT_EQUAL(rtt_smoothed_ns(&r), 1125); /* 7/8 x 1000 + 1/8 x 2000 */
	rtt_on_sample(&r, o, 125, SAMPLE_EXACT);
	CU_ASSERT_EQUAL(rtt_deviation_ns(&r), 718); /* 3/4 x 625 + 1/4 x 1000 = 718.75 */
	CU_ASSERT_EQUAL(rtt_smoothed_ns(&r), 1000); /* 7/8 x 1125 + 1/8 x 125 */
}

static void test_known_from(void)
{
	const struct rtt_options few = {.samples_min = 3, .smooth_shift = 3, .deviation_shift = 2};
	struct rtt r;

	rtt_init(&r);
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(rtt_is_known(&r, &few));
		rtt_on_sample(&r, &few, 10, SAMPLE_EXACT);
	}
	CU_ASSERT_TRUE(rtt_is_known(&r, &few));
}

/* Karn: nothing moves. */
static void test_ambiguous(void)
{
	struct rtt r;
	struct rtt before;

	rtt_init(&r);
	rtt_on_sample(&r, o, 5000, SAMPLE_AMBIGUOUS);
	CU_ASSERT_FALSE(rtt_is_known(&r, o));
	rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
	before = r;
	rtt_on_sample(&r, o, 900000, SAMPLE_AMBIGUOUS);
	CU_ASSERT_EQUAL(r.smoothed, before.smoothed);
	CU_ASSERT_EQUAL(r.deviation, before.deviation);
	CU_ASSERT_EQUAL(r.samples, 1);
}

/* At least this long: up or nothing, and never known by it. */
static void test_censored(void)
{
	struct rtt r;
	struct rtt exact;

	rtt_init(&r);
	rtt_on_sample(&r, o, 5000, SAMPLE_CENSORED);
	CU_ASSERT_EQUAL(r.smoothed, 0);
	rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
	exact = r;
	rtt_on_sample(&r, o, 1000, SAMPLE_CENSORED);
	rtt_on_sample(&r, o, 10, SAMPLE_CENSORED);
	CU_ASSERT_EQUAL(r.smoothed, exact.smoothed);
	CU_ASSERT_EQUAL(r.deviation, exact.deviation);
	rtt_on_sample(&r, o, 700000, SAMPLE_CENSORED); /* at most twice SRTT */
	rtt_on_sample(&exact, o, 2000, SAMPLE_EXACT);
	CU_ASSERT_EQUAL(r.smoothed, exact.smoothed);
	CU_ASSERT_EQUAL(r.deviation, exact.deviation);
	CU_ASSERT_EQUAL(r.samples, 1);
	CU_ASSERT_EQUAL(r.censored, 1);
}

/* A share p that is lost, seen as censored at whatever the timeout is, lifts SRTT to about (1 - p)
 * / (1 - 2 p): bounded, and gone when the losses are. */
static void test_losses_are_bounded(void)
{
	static const uint32_t losses_ppm[] = {50000, 200000, 400000};
	static const uint64_t most_ns[] = {1150, 1500, 3600};

	for (uint32_t k = 0; k < 3; k++) {
		struct prng random;
		struct rtt r;
		uint64_t sum_ns = 0;

		prng_init(&random, 2);
		rtt_init(&r);
		rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
		for (uint32_t i = 0; i < 20000; i++) {
			uint64_t timeout_ns = rtt_smoothed_ns(&r) + 4 * rtt_deviation_ns(&r);

			if (prng_chance_ppm(&random, losses_ppm[k]))
				rtt_on_sample(&r, o, 2 * timeout_ns, SAMPLE_CENSORED);
			else
				rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
			sum_ns += rtt_smoothed_ns(&r);
		}
		CU_ASSERT(sum_ns / 20000 > 1000);
		CU_ASSERT(sum_ns / 20000 < most_ns[k]);
		for (uint32_t i = 0; i < 200; i++)
			rtt_on_sample(&r, o, 1000, SAMPLE_EXACT);
		CU_ASSERT(rtt_smoothed_ns(&r) <= 1001);
	}
}

/* From a nanosecond to the longest; no drift from rounding. */
static void test_settles_at_any_scale(void)
{
	static const uint64_t levels_ns[] = {1, 100, 250000, 1000000000, SAMPLE_NS_MAX};

	for (uint32_t k = 0; k < 5; k++) {
		struct rtt r;

		rtt_init(&r);
		rtt_on_sample(&r, o, levels_ns[k] / 3, SAMPLE_EXACT);
		for (uint32_t i = 0; i < 400; i++)
			rtt_on_sample(&r, o, levels_ns[k], SAMPLE_EXACT);
		CU_ASSERT(rtt_smoothed_ns(&r) <= levels_ns[k]);
		CU_ASSERT(rtt_smoothed_ns(&r) >= levels_ns[k] - 1);
		CU_ASSERT_EQUAL(rtt_deviation_ns(&r), 0);
		rtt_on_sample(&r, o, UINT64_MAX, SAMPLE_EXACT);
		CU_ASSERT(rtt_smoothed_ns(&r) <= SAMPLE_NS_MAX);
	}
}

/* Uniform 500 .. 1500: mean 1000, mean deviation 250. */
static void test_mean_and_deviation(void)
{
	struct prng random;
	struct rtt r;
	uint64_t smoothed_ns = 0;
	uint64_t deviation_ns = 0;

	prng_init(&random, 1);
	rtt_init(&r);
	for (uint32_t i = 0; i < 20000; i++) {
		rtt_on_sample(&r, o, 500 + prng_below(&random, 1001), SAMPLE_EXACT);
		smoothed_ns += rtt_smoothed_ns(&r);
		deviation_ns += rtt_deviation_ns(&r);
	}
	CU_ASSERT(smoothed_ns / 20000 >= 980 && smoothed_ns / 20000 <= 1020);
	CU_ASSERT(deviation_ns / 20000 >= 245 && deviation_ns / 20000 <= 275);
}

static void test_sound(void)
{
	struct rtt r;
	struct rtt bad;

	rtt_init(&r);
	CU_ASSERT_TRUE(rtt_is_sound(&r));
	for (uint32_t i = 0; i < 100; i++)
		rtt_on_sample(&r, o, UINT64_MAX >> (i % 64), SAMPLE_EXACT);
	CU_ASSERT_TRUE(rtt_is_sound(&r));
	bad = r;
	bad.smoothed = UINT64_MAX;
	CU_ASSERT_FALSE(rtt_is_sound(&bad));
	bad = r;
	bad.deviation = UINT64_MAX;
	CU_ASSERT_FALSE(rtt_is_sound(&bad));
	bad = r;
	bad.samples = 0;
	CU_ASSERT_FALSE(rtt_is_sound(&bad));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"sound", test_sound},
	        {"first sample", test_first_sample},
	        {"further samples", test_further_samples},
	        {"known from", test_known_from},
	        {"ambiguous samples", test_ambiguous},
	        {"censored samples", test_censored},
	        {"losses are bounded", test_losses_are_bounded},
	        {"settles at any scale", test_settles_at_any_scale},
	        {"mean and deviation", test_mean_and_deviation},
	};

	return SUITE_RUN("rtt", tests);
}
