/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Floating point and libm are the judges here, never the makers.
 */
#include "perf/distribution.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

#define MS      1000000u
#define SAMPLES 200000u
#define ONE     4294967296.0 /* 2^32 */

static const struct distribution constant = {DISTRIBUTION_CONSTANT, MS, 0, 0, 0, 0, 0};
static const struct distribution uniform = {DISTRIBUTION_UNIFORM, MS, 200, 0, 0, 0, 0};
static const struct distribution lognormal = {DISTRIBUTION_LOGNORMAL, MS, 500, 0, 0, 0, 0};
static const struct distribution pareto = {DISTRIBUTION_PARETO, MS, 2500, 0, 0, 0, 0};
static const struct distribution bimodal = {DISTRIBUTION_LOGNORMAL, MS, 100, 50000, 10000, 0, 0};
static const struct distribution shift = {DISTRIBUTION_UNIFORM, MS, 100, 0, 0, 3000, 5000};

static void test_log2_exp2(void)
{
	struct prng random;

	prng_init(&random, 1);
	CU_ASSERT_EQUAL(distribution_log2(1), 0);
	CU_ASSERT_EQUAL(distribution_log2(1ull << 63), 63ll << 32);
	CU_ASSERT_EQUAL(distribution_exp2(1000, 0), 1000);
	CU_ASSERT_EQUAL(distribution_exp2(1000, 3ll << 32), 8000);
	CU_ASSERT_EQUAL(distribution_exp2(1000, -(3ll << 32)), 125);
	CU_ASSERT_EQUAL(distribution_exp2(1ull << 62, INT64_MAX), 1ull << 62);
	CU_ASSERT_EQUAL(distribution_exp2(1000, INT64_MIN), 0);
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t x = prng_next(&random) >> prng_below(&random, 63);
		double y = (double)(int64_t)(prng_next(&random) >> 27) / ONE - 16; /* -16 .. 16 */

		x += x == 0;
		CU_ASSERT_FATAL(fabs((double)distribution_log2(x) / ONE - log2((double)x)) < 1e-9);
		double power = (double)distribution_exp2(1ull << 40, (int64_t)(y * ONE));

		CU_ASSERT_FATAL(fabs(power / exp2(40 + y) - 1) < 1e-6);
	}
}

static void test_root(void)
{
	struct prng random;

	prng_init(&random, 2);
	CU_ASSERT_EQUAL(distribution_root(0), 0);
	CU_ASSERT_EQUAL(distribution_root(UINT64_MAX), UINT32_MAX);
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t x = prng_next(&random) >> prng_below(&random, 64);
		uint64_t root = distribution_root(x);

		CU_ASSERT_FATAL(root * root <= x);
		CU_ASSERT_FATAL(root == UINT32_MAX || (root + 1) * (root + 1) > x);
	}
}

/* Moments, symmetry and tails; the bounds are five standard errors. */
static void test_normal(void)
{
	static const struct {
		double z;
		double chance; /* to be above */
	} tails[] = {{0, 0.5}, {1, 0.158655}, {2, 0.0227501}, {3, 0.00134990}, {4, 0.0000316712}};
	const uint32_t count = 1000000;
	uint32_t above[5] = {0};
	uint32_t below[5] = {0};
	struct prng random;
	double sum = 0;
	double squares = 0;

	prng_init(&random, 3);
	for (uint32_t i = 0; i < count; i++) {
		double z = (double)distribution_normal(&random) / ONE;

		sum += z;
		squares += z * z;
		for (uint32_t k = 0; k < 5; k++) {
			above[k] += z > tails[k].z;
			below[k] += z < -tails[k].z;
		}
	}
	CU_ASSERT(fabs(sum / count) < 0.005);
	CU_ASSERT(fabs(squares / count - 1) < 0.0071);
	for (uint32_t k = 0; k < 5; k++) {
		double expected = tails[k].chance * count;

		CU_ASSERT(fabs(above[k] - expected) < 5 * sqrt(expected));
		CU_ASSERT(fabs(below[k] - expected) < 5 * sqrt(expected));
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t *draw(const struct distribution *d, uint64_t now_ns)
{
	static uint64_t samples[SAMPLES];
	struct prng random;

	prng_init(&random, 7);
	for (uint32_t i = 0; i < SAMPLES; i++)
		samples[i] = distribution_sample_ns(d, &random, now_ns);
	qsort(samples, SAMPLES, sizeof(samples[0]), by_size);
	return samples;
}

static double at(const uint64_t *sorted, double p)
{
	return (double)sorted[(uint32_t)(p * SAMPLES)] / MS;
}

static void test_shapes(void)
{
	const uint64_t *s = draw(&constant, 0);

	CU_ASSERT_EQUAL(s[0], MS);
	CU_ASSERT_EQUAL(s[SAMPLES - 1], MS);
	s = draw(&uniform, 0);
	CU_ASSERT(s[0] >= 800000 && s[0] < 801000);
	CU_ASSERT(s[SAMPLES - 1] <= 1200000 && s[SAMPLES - 1] > 1199000);
	CU_ASSERT(fabs(at(s, 0.25) - 0.9) < 0.003);
	s = draw(&lognormal, 0);
	CU_ASSERT(fabs(at(s, 0.5) - 1) < 0.01);
	CU_ASSERT(fabs(at(s, 0.95) / exp(0.5 * 1.644854) - 1) < 0.02);
	CU_ASSERT(fabs(at(s, 0.999) / exp(0.5 * 3.090232) - 1) < 0.06);
	s = draw(&pareto, 0);
	CU_ASSERT(s[0] >= MS);
	CU_ASSERT(fabs(at(s, 0.5) / pow(2, 0.4) - 1) < 0.01);
	CU_ASSERT(fabs(at(s, 0.99) / pow(100, 0.4) - 1) < 0.05);
	CU_ASSERT(fabs(at(s, 0.999) / pow(1000, 0.4) - 1) < 0.12);
	s = draw(&bimodal, 0);
	CU_ASSERT(at(s, 0.945) < 1.6);
	CU_ASSERT(at(s, 0.955) > 6);
}

static void test_shift(void)
{
	CU_ASSERT(at(draw(&shift, 4999), 0.9999) < 1.101);
	CU_ASSERT(at(draw(&shift, 5000), 0.0001) > 2.69);
}

static void test_validity(void)
{
	struct distribution bad = constant;

	CU_ASSERT_TRUE(distribution_is_valid(&constant));
	bad.scale_ns = 0;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
	bad = constant;
	bad.scale_ns = DISTRIBUTION_SCALE_NS_MAX + 1;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
	bad = uniform;
	bad.shape_milli = 1001;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
	bad = lognormal;
	bad.shape_milli = 4001;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
	bad = pareto;
	bad.shape_milli = 499;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
	bad = bimodal;
	bad.slow_milli = 100001;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
	bad.kind = 77;
	CU_ASSERT_FALSE(distribution_is_valid(&bad));
}

/* The widest of all neither overflow nor vanish. */
static void test_extremes(void)
{
	static const struct distribution wide[] = {
	        {DISTRIBUTION_PARETO, DISTRIBUTION_SCALE_NS_MAX, 500, 500000, 100000, 100000, 0},
	        {DISTRIBUTION_LOGNORMAL, DISTRIBUTION_SCALE_NS_MAX, 4000, 500000, 100000, 100000,
	         0},
	        {DISTRIBUTION_LOGNORMAL, 1, 4000, 0, 0, 0, 0},
	        {DISTRIBUTION_UNIFORM, 1, 1000, 0, 0, 1, 0},
	};
	struct prng random;

	prng_init(&random, 5);
	for (uint32_t k = 0; k < 4; k++)
		for (uint32_t i = 0; i < 20000; i++) {
			uint64_t ns = distribution_sample_ns(&wide[k], &random, 1);

			CU_ASSERT_FATAL(ns >= 1 && ns <= 1ull << 62);
		}
}

/* The same bits on every machine: from an independent program in whole numbers of any size. */
static void test_same_everywhere(void)
{
	static const struct {
		const struct distribution *d;
		uint64_t hash;
	} rows[] = {
	        {&uniform, 0x93e733adbd6632fu},
	        {&lognormal, 0x1457f8cf62350facu},
	        {&pareto, 0xd68dc8b389f550e7u},
	        {&bimodal, 0x74af81a4ebe6fbd0u},
	};

	for (uint32_t k = 0; k < 4; k++) {
		struct prng random;
		uint64_t hash = 0;

		prng_init(&random, 42);
		for (uint32_t i = 0; i < 10000; i++) {
			hash = (hash ^ distribution_sample_ns(rows[k].d, &random, 0)) *
			       0x9e3779b97f4a7c15ull;
			hash ^= hash >> 29;
		}
		CU_ASSERT_EQUAL(hash, rows[k].hash);
		if (hash != rows[k].hash)
			printf("row %u: 0x%llx ", k, (unsigned long long)hash);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"log2 and exp2", test_log2_exp2},
	        {"root", test_root},
	        {"normal", test_normal},
	        {"shapes", test_shapes},
	        {"shift", test_shift},
	        {"validity", test_validity},
	        {"extremes", test_extremes},
	        {"same everywhere", test_same_everywhere},
	};

	return SUITE_RUN("distribution", tests);
}
