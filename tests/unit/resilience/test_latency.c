/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/latency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define US 1000u

static const struct latency_options *const o = &latency_options_default;

static void record(struct latency *l, uint64_t ns, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++)
		latency_on_sample(l, o, ns, SAMPLE_EXACT);
}

/* Within a bucket: not below, at most 1/16 above. */
static bool is_near(uint64_t ns, uint64_t expected_ns)
{
	return ns >= expected_ns && ns <= expected_ns + expected_ns / 16;
}

static void test_options(void)
{
	struct latency_options bad = *o;

	CU_ASSERT_EQUAL(latency_options_check(o), 0);
	bad.half_samples = 65536;
	CU_ASSERT_EQUAL(latency_options_check(&bad), -EINVAL);
	bad = *o;
	bad.samples_min = 0;
	CU_ASSERT_EQUAL(latency_options_check(&bad), -EINVAL);
	bad = *o;
	bad.half_ns = 0;
	CU_ASSERT_EQUAL(latency_options_check(&bad), -EINVAL);
	bad = *o;
	bad.quantile_ppm[3] = 1000000;
	CU_ASSERT_EQUAL(latency_options_check(&bad), -EINVAL);
	bad = *o;
	bad.quantile_ppm[0] = 999999;
	CU_ASSERT_EQUAL(latency_options_check(&bad), -EINVAL);
}

/* Every value is in the bucket whose edges enclose it; the width is as promised. */
static void test_buckets(void)
{
	static const uint32_t bits[] = {LATENCY_SUB_BITS, LATENCY_POINT_BITS};
	static const uint32_t counts[] = {LATENCY_BUCKETS, LATENCY_POINTS};

	for (uint32_t k = 0; k < 2; k++) {
		CU_ASSERT_EQUAL(latency_bucket(UINT64_MAX, bits[k]), counts[k] - 1);
		CU_ASSERT_EQUAL(latency_bucket_max_ns(counts[k] - 1, bits[k]), SAMPLE_NS_MAX);
		CU_ASSERT_EQUAL(latency_bucket(0, bits[k]), 0);
		for (uint32_t i = 1; i < counts[k]; i++) {
			uint64_t max_ns = latency_bucket_max_ns(i, bits[k]);
			uint64_t min_ns = latency_bucket_max_ns(i - 1, bits[k]) + 1;

			CU_ASSERT_EQUAL_FATAL(latency_bucket(max_ns, bits[k]), i);
			CU_ASSERT_EQUAL_FATAL(latency_bucket(min_ns, bits[k]), i);
			CU_ASSERT_FATAL((max_ns - min_ns) << bits[k] <= min_ns);
		}
	}
}

static void test_known_from(void)
{
	struct latency l;

	latency_init(&l, 0);
	record(&l, 1000, o->samples_min - 1);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 0), 0);
	CU_ASSERT_EQUAL(latency_mean_ns(&l), 0);
	CU_ASSERT_EQUAL(latency_survival_ppm(&l, 1u << 30), LATENCY_PPM);
	CU_ASSERT_EQUAL(latency_within_ppm(&l, 0, 0), LATENCY_PPM);
	for (uint32_t i = 0; i < 500; i++) /* lower bounds alone make nothing known */
		latency_on_sample(&l, o, 1000, SAMPLE_CENSORED);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(latency_mean_ns(&l), 0);
	latency_on_sample(&l, o, 1000, SAMPLE_AMBIGUOUS);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(latency_mean_ns(&l), 0);
	record(&l, 1000, 1);
	latency_refresh(&l, o);
	CU_ASSERT(is_near(latency_quantile_ns(&l, 0), 1000));
}

/* 1 .. n: the plotting position, worked out by hand. */
static void test_small_numbers(void)
{
	struct latency_options few = *o;
	struct latency l;

	few.samples_min = 1;
	latency_init(&l, 0);
	latency_on_sample(&l, &few, 7, SAMPLE_EXACT);
	latency_refresh(&l, &few);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 0), 7);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 3), 7);
	latency_on_sample(&l, &few, 9, SAMPLE_EXACT);
	latency_on_sample(&l, &few, 11, SAMPLE_EXACT);
	latency_refresh(&l, &few);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 0), 9);  /* 2 of 3 + 1 may exceed */
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 1), 11); /* too few: the longest */
	CU_ASSERT_EQUAL(latency_mean_ns(&l), 9);
	/* q99 of 99 is the longest, of 199 the second. */
	latency_init(&l, 0);
	record(&l, 10, 97);
	record(&l, 20, 1);
	record(&l, 30, 1);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 2), 30);
	record(&l, 10, 100);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 2), 20);
}

static void test_quantiles(void)
{
	struct latency l;

	latency_init(&l, 0);
	for (uint32_t i = 1; i <= 4000; i++)
		record(&l, i * US, 1);
	latency_refresh(&l, o);
	CU_ASSERT(is_near(latency_quantile_ns(&l, 0), 2000 * US));
	CU_ASSERT(is_near(latency_quantile_ns(&l, 1), 3800 * US));
	CU_ASSERT(is_near(latency_quantile_ns(&l, 2), 3960 * US));
	CU_ASSERT(is_near(latency_quantile_ns(&l, 3), 3996 * US));
	CU_ASSERT_EQUAL(latency_mean_ns(&l), 2000500);
	CU_ASSERT(is_near(l.max_ns, 4000 * US));
}

/* Between one half and two; what is older is gone. */
static void test_rotation_by_count(void)
{
	struct latency l;

	latency_init(&l, 0);
	record(&l, 100, o->half_samples);
	record(&l, 200, 1);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(l.samples, o->half_samples + 1);
	record(&l, 200, o->half_samples - 1);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(l.samples, 2 * o->half_samples);
	CU_ASSERT(latency_survival_ppm(&l, 150) >= 500000);
	CU_ASSERT(latency_survival_ppm(&l, 150) <= 500100);
	record(&l, 200, 1);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(l.samples, o->half_samples + 1);
	CU_ASSERT(is_near(latency_quantile_ns(&l, 0), 200));
	CU_ASSERT_EQUAL(latency_survival_ppm(&l, 150), LATENCY_PPM);
}

static void test_full_halves(void)
{
	struct latency_options big = *o;
	struct latency l;

	big.half_samples = LATENCY_SAMPLES_MAX;
	latency_init(&l, 0);
	for (uint32_t i = 0; i < 3 * LATENCY_SAMPLES_MAX; i++)
		latency_on_sample(&l, &big, 1000, SAMPLE_EXACT);
	latency_refresh(&l, &big);
	CU_ASSERT_EQUAL(l.samples, 2 * LATENCY_SAMPLES_MAX);
	CU_ASSERT(is_near(latency_quantile_ns(&l, 3), 1000));
	CU_ASSERT(latency_survival_ppm(&l, 2000) <= 8);
}

static void test_rotation_by_time(void)
{
	struct latency_options timed = *o;
	struct latency l;

	timed.half_ns = 1000;
	latency_init(&l, 5000);
	for (uint32_t i = 0; i < 100; i++)
		latency_on_sample(&l, &timed, 100, SAMPLE_EXACT);
	CU_ASSERT_TRUE(latency_poll(&l, &timed, 5999));
	CU_ASSERT_EQUAL(l.samples, 100);
	CU_ASSERT_TRUE(latency_poll(&l, &timed, 6000)); /* one half old */
	CU_ASSERT_EQUAL(l.samples, 100);
	CU_ASSERT_FALSE(latency_poll(&l, &timed, 6999));
	CU_ASSERT_TRUE(latency_poll(&l, &timed, 7000)); /* gone */
	CU_ASSERT_EQUAL(l.samples, 0);
	CU_ASSERT_EQUAL(latency_quantile_ns(&l, 0), 0);
	for (uint32_t i = 0; i < 100; i++)
		latency_on_sample(&l, &timed, 100, SAMPLE_EXACT);
	CU_ASSERT_TRUE(latency_poll(&l, &timed, 7500));
	CU_ASSERT_EQUAL(l.samples, 100);
	CU_ASSERT_TRUE(latency_poll(&l, &timed, 9000)); /* silent for two halves */
	CU_ASSERT_EQUAL(l.samples, 0);
	CU_ASSERT_FALSE(latency_poll(&l, &timed, 100)); /* backward */
}

/* Few samples renew often, many after refresh_samples. */
static void test_refresh(void)
{
	struct latency l;
	uint32_t renewed = 0;

	latency_init(&l, 0);
	CU_ASSERT_FALSE(latency_poll(&l, o, 0));
	for (uint32_t i = 0; i < o->samples_min; i++) {
		record(&l, 1000, 1);
		latency_poll(&l, o, 0);
	}
	CU_ASSERT_EQUAL(l.samples, o->samples_min);
	record(&l, 1000, 2000);
	CU_ASSERT_TRUE(latency_poll(&l, o, 0));
	CU_ASSERT_FALSE(latency_poll(&l, o, 0));
	for (uint32_t i = 0; i < 10 * o->refresh_samples; i++) {
		record(&l, 1000, 1);
		renewed += latency_poll(&l, o, 0);
	}
	CU_ASSERT_EQUAL(renewed, 10);
}

static void test_survival(void)
{
	struct latency l;

	latency_init(&l, 0);
	for (uint32_t i = 1; i <= 4000; i++)
		record(&l, i * US, 1);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(latency_survival_ppm(&l, 0), LATENCY_PPM);
	for (uint32_t i = 100; i <= 4000; i += 37) {
		int64_t expected = 1000000 - 250 * (int64_t)i;

		CU_ASSERT_FATAL(llabs((int64_t)latency_survival_ppm(&l, i * US) - expected) <
		                15000);
	}
	for (uint64_t ns = 1; ns < 1ull << 40; ns += 1 + ns / 100)
		CU_ASSERT_FATAL(latency_survival_ppm(&l, ns) >= latency_survival_ppm(&l, ns + 1));
	CU_ASSERT(latency_survival_ppm(&l, SAMPLE_NS_MAX) < 300);
	CU_ASSERT(latency_survival_ppm(&l, UINT64_MAX) < 300);
}

/* Two kinds, 1 ms and 10 ms, 5 %: who has waited 2 ms waits for a slow one. */
static void test_within(void)
{
	struct latency l;

	latency_init(&l, 0);
	record(&l, 1000 * US, 3800);
	record(&l, 10000 * US, 200);
	latency_refresh(&l, o);
	CU_ASSERT(latency_within_ppm(&l, 0, 2000 * US) > 948000);
	CU_ASSERT(latency_within_ppm(&l, 0, 2000 * US) < 951000);
	CU_ASSERT(latency_within_ppm(&l, 2000 * US, 3000 * US) < 1000);
	CU_ASSERT(latency_within_ppm(&l, 2000 * US, 20000 * US) > 990000);
	CU_ASSERT(latency_within_ppm(&l, 50000 * US, 50000 * US) < 10);
	CU_ASSERT(latency_within_ppm(&l, 5, UINT64_MAX) > 999000);
	CU_ASSERT_EQUAL(latency_within_ppm(&l, 0, 0), 0);
}

/* Efron's worked idea: what is cut shares its weight among those after it. 100 of 1 ms, 100 cut at
 * 4 ms, 50 of 10 ms and 50 of 20 ms: of the 200 that last over 1 ms half end at 10. */
static void test_censored_curve(void)
{
	struct latency l;

	latency_init(&l, 0);
	record(&l, 1000 * US, 100);
	for (uint32_t i = 0; i < 100; i++)
		latency_on_sample(&l, o, 4000 * US, SAMPLE_CENSORED);
	record(&l, 10000 * US, 50);
	record(&l, 20000 * US, 50);
	latency_refresh(&l, o);
	CU_ASSERT_EQUAL(l.samples, 200);
	CU_ASSERT_EQUAL(l.censored, 100);
	uint32_t after_1 = latency_survival_ppm(&l, 2000 * US);
	uint32_t after_10 = latency_survival_ppm(&l, 13000 * US);

	CU_ASSERT(after_1 > 664000 && after_1 < 670000);
	CU_ASSERT(after_10 > 330000 && after_10 < 340000);
	CU_ASSERT(is_near(latency_quantile_ns(&l, 0), 10000 * US));
	CU_ASSERT(is_near(latency_quantile_ns(&l, 1), 20000 * US));
	/* 1/3 x 1 + 1/3 x 10 + 1/3 x 20 */
	CU_ASSERT(latency_mean_ns(&l) > 10100 * US && latency_mean_ns(&l) < 10900 * US);
}

/* All that lasted were cut, perhaps lost: quantiles end with the longest that was seen. */
static void test_censored_end(void)
{
	struct latency l;

	latency_init(&l, 0);
	record(&l, 1000 * US, 900);
	for (uint32_t i = 0; i < 100; i++)
		latency_on_sample(&l, o, 1u << 22, SAMPLE_CENSORED);
	latency_refresh(&l, o);
	CU_ASSERT(is_near(latency_quantile_ns(&l, 1), 1000 * US));
	CU_ASSERT(is_near(latency_quantile_ns(&l, 3), 1000 * US));
	CU_ASSERT_EQUAL(l.max_ns, 1u << 22);
	CU_ASSERT(latency_mean_ns(&l) > 1300 * US && latency_mean_ns(&l) < 1350 * US);
	CU_ASSERT(latency_survival_ppm(&l, 1u << 30) > 99000);
}

/* The curve from samples cut at random times is the one from whole samples. */
static void test_censored_is_unbiased(void)
{
	struct prng random;
	struct latency cut;
	struct latency whole;

	prng_init(&random, 9);
	latency_init(&cut, 0);
	latency_init(&whole, 0);
	for (uint32_t i = 0; i < 8000; i++) {
		uint64_t ns =
		        1 + (prng_below(&random, 3000 * US) * prng_below(&random, 3000)) / 3000;
		uint64_t end_ns = prng_below(&random, 6000 * US);

		latency_on_sample(&whole, o, ns, SAMPLE_EXACT);
		if (end_ns < ns)
			latency_on_sample(&cut, o, end_ns, SAMPLE_CENSORED);
		else
			latency_on_sample(&cut, o, ns, SAMPLE_EXACT);
	}
	latency_refresh(&cut, o);
	latency_refresh(&whole, o);
	CU_ASSERT(cut.censored > 500);
	for (uint64_t ns = 100 * US; ns < 3000 * US; ns += 100 * US) {
		int64_t difference = (int64_t)latency_survival_ppm(&cut, ns) -
		                     (int64_t)latency_survival_ppm(&whole, ns);

		CU_ASSERT_FATAL(llabs(difference) < 25000);
	}
	CU_ASSERT(latency_mean_ns(&cut) > latency_mean_ns(&whole) / 100 * 96);
	CU_ASSERT(latency_mean_ns(&cut) < latency_mean_ns(&whole) / 100 * 104);
}

/* Beside sorting all samples. */
static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void test_against_sorting(void)
{
	static uint64_t sorted[8192];
	struct prng random;

	prng_init(&random, 4);
	for (uint32_t round = 0; round < 40; round++) {
		uint32_t count = 64 + (uint32_t)prng_below(&random, 8000);
		struct latency l;

		latency_init(&l, 0);
		for (uint32_t i = 0; i < count; i++) {
			sorted[i] = prng_next(&random) >> (22 + prng_below(&random, 42));
			latency_on_sample(&l, o, sorted[i], SAMPLE_EXACT);
		}
		latency_refresh(&l, o);
		qsort(sorted, count, sizeof(sorted[0]), by_size);
		for (uint32_t k = 0; k < LATENCY_QUANTILES_MAX; k++) {
			uint64_t exceed =
			        (uint64_t)(count + 1) * (1000000 - o->quantile_ppm[k]) / 1000000;
			uint32_t rank = exceed == 0 ? count - 1 : count - (uint32_t)exceed;
			uint32_t bucket = latency_bucket(sorted[rank], LATENCY_SUB_BITS);

			CU_ASSERT_EQUAL_FATAL(latency_quantile_ns(&l, k),
			                      latency_bucket_max_ns(bucket, LATENCY_SUB_BITS));
		}
	}
}

static void test_sound(void)
{
	static struct latency l;
	static struct latency bad;
	struct prng random;

	prng_init(&random, 6);
	latency_init(&l, 0);
	CU_ASSERT_TRUE(latency_is_sound(&l));
	for (uint32_t i = 0; i < 20000; i++) {
		latency_on_sample(&l, o, prng_next(&random) >> prng_below(&random, 64),
		                  prng_below(&random, 8) == 0 ? SAMPLE_CENSORED : SAMPLE_EXACT);
		latency_poll(&l, o, 0);
		CU_ASSERT_TRUE_FATAL(i % 500 != 0 || latency_is_sound(&l));
	}
	bad = l;
	bad.newer = 2;
	CU_ASSERT_FALSE(latency_is_sound(&bad));
	bad = l;
	bad.halves[1].buckets[300]++;
	CU_ASSERT_FALSE(latency_is_sound(&bad));
	bad = l;
	bad.halves[0].cut[30]++;
	CU_ASSERT_FALSE(latency_is_sound(&bad));
	bad = l;
	bad.halves[0].sum_ns = UINT64_MAX;
	CU_ASSERT_FALSE(latency_is_sound(&bad));
	bad = l;
	bad.survival_ppm[100] = LATENCY_PPM + 1;
	CU_ASSERT_FALSE(latency_is_sound(&bad));
	bad = l;
	bad.max_ns = UINT64_MAX;
	CU_ASSERT_FALSE(latency_is_sound(&bad));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"buckets", test_buckets},
	        {"sound", test_sound},
	        {"known from", test_known_from},
	        {"small numbers", test_small_numbers},
	        {"quantiles", test_quantiles},
	        {"rotation by count", test_rotation_by_count},
	        {"full halves", test_full_halves},
	        {"rotation by time", test_rotation_by_time},
	        {"refresh", test_refresh},
	        {"survival", test_survival},
	        {"within", test_within},
	        {"censored curve", test_censored_curve},
	        {"censored end", test_censored_end},
	        {"censored is unbiased", test_censored_is_unbiased},
	        {"against sorting", test_against_sorting},
	};

	return SUITE_RUN("latency", tests);
}
