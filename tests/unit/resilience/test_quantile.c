/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/quantile.h"

#include <errno.h>
#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define US 1000u

static const struct quantile_options *const o = &quantile_options_default;

static void test_options(void)
{
	CU_ASSERT_EQUAL(quantile_options_check(o), 0);
	CU_ASSERT_EQUAL(quantile_options_check(&(struct quantile_options){9999, 5, 1}), -EINVAL);
	CU_ASSERT_EQUAL(quantile_options_check(&(struct quantile_options){990001, 5, 1}), -EINVAL);
	CU_ASSERT_EQUAL(quantile_options_check(&(struct quantile_options){950000, 1, 1}), -EINVAL);
	CU_ASSERT_EQUAL(quantile_options_check(&(struct quantile_options){950000, 13, 1}), -EINVAL);
	CU_ASSERT_EQUAL(quantile_options_check(&(struct quantile_options){950000, 5, 0}), -EINVAL);
}

/* Uniform over [level / 2, level x 3 / 2]: q is at level x (1 / 2 + p). */
static uint64_t draw(struct prng *random, uint64_t level_ns)
{
	return level_ns / 2 + prng_below(random, level_ns + 1);
}

static void settle(struct quantile *q, struct prng *random, uint64_t level_ns, uint32_t samples)
{
	for (uint32_t i = 0; i < samples; i++)
		quantile_on_sample(q, draw(random, level_ns), SAMPLE_EXACT);
}

static void test_known_from(void)
{
	struct quantile q;

	quantile_init(&q, o);
	CU_ASSERT_EQUAL(quantile_ns(&q), 0);
	for (uint32_t i = 0; i < o->samples_min; i++) {
		CU_ASSERT_FALSE(quantile_is_known(&q, o));
		quantile_on_sample(&q, 1000, SAMPLE_EXACT);
	}
	CU_ASSERT_TRUE(quantile_is_known(&q, o));
	quantile_clear(&q);
	CU_ASSERT_FALSE(quantile_is_known(&q, o));
	CU_ASSERT_EQUAL(quantile_ns(&q), 0);
	quantile_on_sample(&q, 777, SAMPLE_EXACT);
	CU_ASSERT_EQUAL(quantile_ns(&q), 777);
}

/* The asked fraction lies at or below, at any scale and level. */
static void test_fraction_below(void)
{
	static const uint64_t scales_ns[] = {300, 50 * US, 200000 * US, 3000000000};
	static const uint32_t levels_ppm[] = {100000, 500000, 900000, 950000, 990000};

	for (uint32_t s = 0; s < 4; s++)
		for (uint32_t k = 0; k < 5; k++) {
			const struct quantile_options x = {levels_ppm[k], 5, 64};
			struct prng random;
			struct quantile q;
			uint64_t below = 0;

			prng_init(&random, 17 + s);
			quantile_init(&q, &x);
			settle(&q, &random, scales_ns[s], 5000);
			for (uint32_t i = 0; i < 50000; i++) {
				uint64_t ns = draw(&random, scales_ns[s]);

				below += ns <= quantile_ns(&q);
				quantile_on_sample(&q, ns, SAMPLE_EXACT);
			}
			CU_ASSERT(below * 20 + 4000 >= levels_ppm[k]);
			CU_ASSERT(below * 20 <= levels_ppm[k] + 4000);
		}
}

/* How many samples until the estimate lies within an eighth of the new q95. */
static uint32_t follow(uint64_t from_ns, uint64_t to_ns, uint64_t seed)
{
	uint64_t target_ns = to_ns / 2 + to_ns * 95 / 100;
	struct prng random;
	struct quantile q;

	prng_init(&random, seed);
	quantile_init(&q, o);
	settle(&q, &random, from_ns, 5000);
	for (uint32_t i = 1; i < 5000; i++) {
		settle(&q, &random, to_ns, 1);
		uint64_t ns = quantile_ns(&q);

		if (ns >= target_ns - target_ns / 8 && ns <= target_ns + target_ns / 8)
			return i;
	}
	return 5000;
}

/* What the header promises. */
static void test_level_shifts(void)
{
	uint32_t up = 0;
	uint32_t down = 0;
	uint32_t down_little = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		uint32_t n = follow(100 * US, 1000 * US, seed);

		up = n > up ? n : up;
		n = follow(1000 * US, 100 * US, seed);
		down = n > down ? n : down;
		n = follow(200 * US, 100 * US, seed);
		down_little = n > down_little ? n : down_little;
	}
	printf("seeds 1..200: x10 in %u, /10 in %u, /2 in %u samples ", up, down, down_little);
	CU_ASSERT(up <= 100);
	CU_ASSERT(down <= 600);
	CU_ASSERT(down_little <= 400);
}

static void test_censored(void)
{
	struct quantile q;
	struct quantile exact;

	quantile_init(&q, o);
	quantile_on_sample(&q, 5000, SAMPLE_CENSORED);
	CU_ASSERT_EQUAL(quantile_ns(&q), 0);
	quantile_on_sample(&q, 1000, SAMPLE_EXACT);
	exact = q;
	quantile_on_sample(&q, 1000, SAMPLE_CENSORED); /* not above */
	CU_ASSERT_EQUAL(quantile_ns(&q), 1000);
	CU_ASSERT_EQUAL(q.left_out, 2);
	quantile_on_sample(&q, 1001, SAMPLE_CENSORED);
	quantile_on_sample(&exact, 900000, SAMPLE_EXACT);
	CU_ASSERT_EQUAL(q.estimate, exact.estimate);
	quantile_on_sample(&q, 900000, SAMPLE_AMBIGUOUS);
	CU_ASSERT_EQUAL(q.estimate, exact.estimate);
	CU_ASSERT_EQUAL(q.samples, 2);
}

/* Cancelled when late, as first attempts are: the estimate stays where it was without. */
static void test_censored_above_delay(void)
{
	struct prng random;
	struct quantile q;
	uint64_t sum_ns = 0;

	prng_init(&random, 5);
	quantile_init(&q, o);
	settle(&q, &random, 100 * US, 1000);
	for (uint32_t i = 0; i < 50000; i++) {
		uint64_t ns = draw(&random, 100 * US);
		uint64_t cut_ns = quantile_ns(&q) + 1;

		if (ns > cut_ns)
			quantile_on_sample(&q, cut_ns, SAMPLE_CENSORED);
		else
			quantile_on_sample(&q, ns, SAMPLE_EXACT);
		sum_ns += quantile_ns(&q);
	}
	CU_ASSERT(sum_ns / 50000 > 140 * US && sum_ns / 50000 < 149 * US);
}

static void test_extremes(void)
{
	struct quantile q;

	quantile_init(&q, o);
	for (uint32_t i = 0; i < 1000; i++)
		quantile_on_sample(&q, 0, SAMPLE_EXACT);
	CU_ASSERT_EQUAL(quantile_ns(&q), 1);
	for (uint32_t i = 0; i < 1000; i++)
		quantile_on_sample(&q, UINT64_MAX, SAMPLE_EXACT);
	CU_ASSERT(quantile_ns(&q) > SAMPLE_NS_MAX / 8 * 7);
	CU_ASSERT(quantile_ns(&q) < SAMPLE_NS_MAX / 2 * 3);
}

static void test_sound(void)
{
	struct prng random;
	struct quantile q;
	struct quantile bad;

	prng_init(&random, 8);
	quantile_init(&q, o);
	CU_ASSERT_TRUE(quantile_is_sound(&q, o));
	for (uint32_t i = 0; i < 20000; i++) {
		quantile_on_sample(&q, prng_next(&random) >> prng_below(&random, 64), SAMPLE_EXACT);
		CU_ASSERT_TRUE_FATAL(quantile_is_sound(&q, o));
	}
	/* The longest samples, the largest steps. */
	const struct quantile_options wild = {990000, 2, 64};

	quantile_init(&bad, &wild);
	for (uint32_t i = 0; i < 2000; i++) {
		quantile_on_sample(&bad, i % 3 == 0 ? 1 : UINT64_MAX, SAMPLE_EXACT);
		CU_ASSERT_TRUE_FATAL(quantile_is_sound(&bad, &wild));
	}
	bad = q;
	bad.up++;
	CU_ASSERT_FALSE(quantile_is_sound(&bad, o));
	bad = q;
	bad.run_down = 0;
	CU_ASSERT_FALSE(quantile_is_sound(&bad, o));
	bad = q;
	bad.boost = QUANTILE_BOOST_MAX + 1;
	CU_ASSERT_FALSE(quantile_is_sound(&bad, o));
	bad = q;
	bad.run = UINT16_MAX;
	CU_ASSERT_FALSE(quantile_is_sound(&bad, o));
	bad = q;
	bad.estimate = UINT64_MAX;
	CU_ASSERT_FALSE(quantile_is_sound(&bad, o));
	bad = q;
	bad.samples = 0;
	CU_ASSERT_FALSE(quantile_is_sound(&bad, o));
	/* Saved under another level. */
	CU_ASSERT_FALSE(quantile_is_sound(&q, &(struct quantile_options){500000, 5, 64}));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"sound", test_sound},
	        {"known from", test_known_from},
	        {"fraction below", test_fraction_below},
	        {"level shifts", test_level_shifts},
	        {"censored samples", test_censored},
	        {"censored above the delay", test_censored_above_delay},
	        {"extremes", test_extremes},
	};

	return SUITE_RUN("quantile", tests);
}
