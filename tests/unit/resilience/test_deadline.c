/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/deadline.h"

#include <errno.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define MS 1000000u

static const struct deadline_options *const o = &deadline_options_default;

static void test_options(void)
{
	struct deadline_options bad = *o;

	CU_ASSERT_EQUAL(deadline_options_check(o), 0);
	bad.terms = 32;
	CU_ASSERT_EQUAL(deadline_options_check(&bad), -EINVAL);
	bad = *o;
	bad.tail_multiplier_milli = 1000001;
	CU_ASSERT_EQUAL(deadline_options_check(&bad), -EINVAL);
	bad = *o;
	bad.expected_multiplier_milli = UINT32_MAX;
	CU_ASSERT_EQUAL(deadline_options_check(&bad), -EINVAL);
}

/* Each term in turn is the greatest. */
static void test_each_term(void)
{
	static const struct {
		struct deadline_facts facts;
		uint64_t timeout_ns;
		enum deadline_term term;
	} rows[] = {
	        {{100 * MS, 30 * MS, 30 * MS, MS, 40 * MS, UINT64_MAX}, 100 * MS, DEADLINE_BASE},
	        {{70 * MS, 30 * MS, 30 * MS, MS, 40 * MS, UINT64_MAX}, 75 * MS, DEADLINE_EXPECTED},
	        {{70 * MS, 30 * MS, 30 * MS, 20 * MS, 40 * MS, UINT64_MAX}, 110 * MS, DEADLINE_RTT},
	        {{70 * MS, 30 * MS, 30 * MS, 20 * MS, 100 * MS, UINT64_MAX},
	         125 * MS,
	         DEADLINE_TAIL},
	        {{70 * MS, 30 * MS, 30 * MS, 20 * MS, 100 * MS, 90 * MS},
	         90 * MS,
	         DEADLINE_REMAINING},
	        {{70 * MS, 30 * MS, 30 * MS, 20 * MS, 100 * MS, 0}, 0, DEADLINE_REMAINING},
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct deadline_answer a = deadline_timeout(o, &rows[i].facts);

		CU_ASSERT_EQUAL(a.timeout_ns, rows[i].timeout_ns);
		CU_ASSERT_EQUAL(a.term, rows[i].term);
	}
}

static void test_terms_are_options(void)
{
	const struct deadline_facts f = {70 * MS, 30 * MS, 30 * MS, 20 * MS, 100 * MS, UINT64_MAX};
	struct deadline_options x = *o;

	x.terms = DEADLINE_BASE;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 70 * MS);
	x.terms = DEADLINE_BASE | DEADLINE_EXPECTED;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 75 * MS);
	x.terms = DEADLINE_RTT;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 110 * MS);
	x.terms = DEADLINE_TAIL;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 125 * MS);
	/* No term: the remaining budget alone. */
	x.terms = 0;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, UINT64_MAX);
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).term, DEADLINE_NONE);
	CU_ASSERT_EQUAL(
	        deadline_timeout(&x, &(struct deadline_facts){.remaining_ns = 5}).timeout_ns, 5);
}

static void test_unknown(void)
{
	struct deadline_options x = *o;
	struct deadline_facts f = {.base_ns = 70 * MS, .remaining_ns = UINT64_MAX};

	CU_ASSERT_EQUAL(deadline_timeout(o, &f).timeout_ns, 70 * MS);
	/* Nothing known of what is switched on: the base after all. */
	x.terms = DEADLINE_TAIL;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 70 * MS);
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).term, DEADLINE_BASE);
	f.base_ns = 0;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, UINT64_MAX);
	/* A tail without SRTT has no scale for its cap. */
	f.tail_ns = 100 * MS;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, UINT64_MAX);
	x.tail_cap_milli = 0;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 125 * MS);
}

/* 10 ms +- 1, rarely 5 s: the cap of 32 x 10 ms leaves the base of 1 s as it is. */
static void test_fast_stable_service_keeps_base(void)
{
	const struct deadline_facts f = {.base_ns = 1000 * MS,
	                                 .expected_ns = 20 * MS,
	                                 .smoothed_ns = 10 * MS,
	                                 .deviation_ns = MS,
	                                 .tail_ns = 5000u * (uint64_t)MS,
	                                 .remaining_ns = UINT64_MAX};
	struct deadline_options x = *o;

	CU_ASSERT_EQUAL(deadline_timeout(o, &f).timeout_ns, 1000 * MS);
	CU_ASSERT_EQUAL(deadline_timeout(o, &f).term, DEADLINE_BASE);
	x.terms = DEADLINE_TAIL;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 320 * MS);
	x.tail_cap_milli = 0;
	CU_ASSERT_EQUAL(deadline_timeout(&x, &f).timeout_ns, 6250 * (uint64_t)MS);
}

static void test_never_overflows(void)
{
	const struct deadline_facts f = {0,          UINT64_MAX / 2, UINT64_MAX,
	                                 UINT64_MAX, UINT64_MAX,     UINT64_MAX};

	CU_ASSERT_EQUAL(deadline_timeout(o, &f).timeout_ns, UINT64_MAX);
	CU_ASSERT_EQUAL(deadline_at_ns(5, 6), 11);
	CU_ASSERT_EQUAL(deadline_at_ns(5, UINT64_MAX), UINT64_MAX);
	CU_ASSERT_EQUAL(deadline_at_ns(5, UINT64_MAX - 5), UINT64_MAX);
	CU_ASSERT_EQUAL(deadline_at_ns(UINT64_MAX, 0), UINT64_MAX);
	CU_ASSERT_EQUAL(deadline_at_ns(0, 7), 7);
}

/* Beside the formula in wide arithmetic. */
static void test_formula(void)
{
	struct prng random;

	prng_init(&random, 3);
	for (uint32_t i = 0; i < 100000; i++) {
		const struct deadline_facts f = {
		        .base_ns = prng_next(&random) >> (24 + prng_below(&random, 40)),
		        .expected_ns = prng_next(&random) >> (24 + prng_below(&random, 40)),
		        .smoothed_ns = 1 + (prng_next(&random) >> (24 + prng_below(&random, 39))),
		        .deviation_ns = prng_next(&random) >> (24 + prng_below(&random, 40)),
		        .tail_ns = prng_next(&random) >> (24 + prng_below(&random, 40)),
		        .remaining_ns = prng_next(&random) >> prng_below(&random, 40)};
		uint64_t tail_ns = f.tail_ns * 5 / 4;
		uint64_t cap_ns = f.smoothed_ns * 32;
		uint64_t terms[4] = {f.base_ns, f.expected_ns * 5 / 2,
		                     f.smoothed_ns + 4 * f.deviation_ns,
		                     tail_ns < cap_ns ? tail_ns : cap_ns};
		uint64_t expected_ns = 0;

		for (uint32_t k = 0; k < 4; k++)
			expected_ns = terms[k] > expected_ns ? terms[k] : expected_ns;
		expected_ns = expected_ns < f.remaining_ns ? expected_ns : f.remaining_ns;
		CU_ASSERT_EQUAL_FATAL(deadline_timeout(o, &f).timeout_ns, expected_ns);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"each term", test_each_term},
	        {"terms are options", test_terms_are_options},
	        {"unknown", test_unknown},
	        {"a fast, stable service keeps its base", test_fast_stable_service_keeps_base},
	        {"never overflows", test_never_overflows},
	        {"formula", test_formula},
	};

	return SUITE_RUN("deadline", tests);
}
