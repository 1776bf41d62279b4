/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/histogram.h"

#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define LIMIT ((1ull << 48) - 1)

static void test_bucket_edges(void)
{
	/* Every bucket's largest value falls into it, the next one into the next. */
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t max = histogram_bucket_max(i);

		CU_ASSERT_EQUAL(histogram_bucket(max), i);
		if (i + 1 < HISTOGRAM_BUCKETS)
			CU_ASSERT_EQUAL(histogram_bucket(max + 1), i + 1);
	}
	CU_ASSERT_EQUAL(histogram_bucket_max(HISTOGRAM_BUCKETS - 1), LIMIT);
	CU_ASSERT_EQUAL(histogram_bucket(LIMIT + 1), HISTOGRAM_BUCKETS - 1);
	CU_ASSERT_EQUAL(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	for (uint64_t v = 0; v < 64; v++)
		CU_ASSERT_EQUAL(histogram_bucket_max(histogram_bucket(v)), v);
}

static void test_relative_width(void)
{
	for (uint32_t i = 1; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t below = histogram_bucket_max(i - 1);
		uint64_t max = histogram_bucket_max(i);

		CU_ASSERT(max > below);
		/* Width is at most 1/32 of the smallest value in it (or 1). */
		CU_ASSERT(max - below == 1 || (max - below) * 32 <= below + 1);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

#define VALUES 20000u

static void test_quantiles(void)
{
	static const uint32_t wanted[] = {1,      1000,   100000, 500000, 900000,
	                                  990000, 999000, 999999, 1000000};
	static uint64_t values[VALUES];
	static struct histogram h;
	struct prng p;

	for (uint64_t seed = 1; seed <= 5; seed++) {
		uint64_t sum = 0;

		prng_init(&p, seed);
		histogram_init(&h);
		for (uint32_t i = 0; i < VALUES; i++) {
			values[i] = prng_next(&p) >> (16 + prng_below(&p, 48));
			sum += values[i];
			histogram_record(&h, values[i]);
		}
		qsort(values, VALUES, sizeof(values[0]), compare);
		CU_ASSERT_EQUAL(h.count, VALUES);
		CU_ASSERT_EQUAL(h.sum, sum);
		CU_ASSERT_EQUAL(h.min, values[0]);
		CU_ASSERT_EQUAL(h.max, values[VALUES - 1]);
		for (uint32_t q = 0; q < sizeof(wanted) / sizeof(wanted[0]); q++) {
			uint64_t rank = ((uint64_t)VALUES * wanted[q] + 999999) / 1000000;
			uint64_t exact = values[rank - 1];
			uint64_t got = histogram_quantile(&h, wanted[q]);

			CU_ASSERT(got >= exact);
			CU_ASSERT(got - exact <= exact / 32);
		}
		CU_ASSERT_EQUAL(histogram_quantile(&h, 1000000), values[VALUES - 1]);
	}
}

static void test_empty_and_merge(void)
{
	static struct histogram a;
	static struct histogram b;

	histogram_init(&a);
	CU_ASSERT_EQUAL(histogram_quantile(&a, 500000), 0);
	CU_ASSERT_EQUAL(a.min, UINT64_MAX);
	histogram_init(&b);
	histogram_record(&a, 10);
	histogram_record(&b, 5);
	histogram_record(&b, 1ull << 60);
	histogram_merge(&a, &b);
	CU_ASSERT_EQUAL(a.count, 3);
	CU_ASSERT_EQUAL(a.sum, (1ull << 60) + 15);
	CU_ASSERT_EQUAL(a.min, 5);
	CU_ASSERT_EQUAL(a.max, 1ull << 60);
	CU_ASSERT_EQUAL(histogram_quantile(&a, 1), 5);
	CU_ASSERT_EQUAL(histogram_quantile(&a, 500000), 10);
	/* Beyond the last bucket's edge all that is known is the bucket. */
	CU_ASSERT_EQUAL(histogram_quantile(&a, 1000000), LIMIT);
	histogram_init(&b);
	histogram_merge(&a, &b);
	CU_ASSERT_EQUAL(a.count, 3);
	CU_ASSERT_EQUAL(a.min, 5);
}

/* Counts near 2^64 must not overflow the rank. */
static void test_large_counts(void)
{
	static struct histogram h;

	histogram_init(&h);
	h.count = UINT64_MAX;
	h.max = 100;
	h.buckets[histogram_bucket(7)] = UINT64_MAX / 2;
	h.buckets[histogram_bucket(50)] = UINT64_MAX - UINT64_MAX / 2;
	CU_ASSERT_EQUAL(histogram_quantile(&h, 400000), 7);
	CU_ASSERT_EQUAL(histogram_quantile(&h, 600000), 50);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"bucket edges", test_bucket_edges},
	        {"relative width", test_relative_width},
	        {"quantiles against sorted data", test_quantiles},
	        {"empty, merge, beyond the last bucket", test_empty_and_merge},
	        {"large counts", test_large_counts},
	};

	return SUITE_RUN("histogram", tests);
}
