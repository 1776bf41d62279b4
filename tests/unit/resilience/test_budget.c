/* SPDX-License-Identifier: BSD-3-Clause
 *
 * With a property test: over no window, between any two grants, more than the bound.
 *
 *     test_resilience_budget [SEED [SEEDS]]
 */
#include "resilience/budget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define GRANTS_MAX 3000u

__extension__ typedef unsigned __int128 uint128;

static uint64_t first_seed = 1;
static uint64_t seeds = 12;

static void test_options(void)
{
	CU_ASSERT_EQUAL(budget_options_check(&(struct budget_options){.burst = 1}), 0);
	CU_ASSERT_EQUAL(budget_options_check(&(struct budget_options){.earn_ppm = 1000001}),
	                -EINVAL);
	CU_ASSERT_EQUAL(budget_options_check(
	                        &(struct budget_options){.period_ns = BUDGET_PERIOD_NS_MAX + 1}),
	                -EINVAL);
}

static void test_burst_then_nothing(void)
{
	const struct budget_options o = {.burst = 3};
	struct budget b;

	budget_init(&b, &o, 100);
	CU_ASSERT_EQUAL(budget_left(&b, 100), 3);
	for (uint32_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(budget_take(&b, 100), i < 3);
	CU_ASSERT_FALSE(budget_take(&b, UINT64_MAX));
	CU_ASSERT_EQUAL(b.granted, 3);
	CU_ASSERT_EQUAL(b.refused, 3);
	budget_init(&b, &(struct budget_options){.burst = 0, .earn_ppm = 1000000, .period_ns = 1},
	            0);
	budget_earn(&b);
	CU_ASSERT_FALSE(budget_take(&b, 1000));
}

static void test_time(void)
{
	const struct budget_options o = {.burst = 2, .period_ns = 1000};
	struct budget b;

	budget_init(&b, &o, 5000);
	CU_ASSERT_TRUE(budget_take(&b, 5000));
	CU_ASSERT_TRUE(budget_take(&b, 5000));
	CU_ASSERT_FALSE(budget_take(&b, 5999));
	CU_ASSERT_TRUE(budget_take(&b, 6001));
	CU_ASSERT_FALSE(budget_take(&b, 6500));
	CU_ASSERT_FALSE(budget_take(&b, 100)); /* backward */
	CU_ASSERT_EQUAL(budget_left(&b, 1000000), 2);
	CU_ASSERT_TRUE(budget_take(&b, 1000000));
	CU_ASSERT_TRUE(budget_take(&b, 1000000));
	CU_ASSERT_FALSE(budget_take(&b, 1000999));
}

/* 20 % of successes. */
static void test_deeds(void)
{
	const struct budget_options o = {.burst = 100, .earn_ppm = 200000};
	struct budget b;
	uint32_t granted = 0;

	budget_init(&b, &o, 0);
	while (budget_take(&b, 0))
		granted++;
	CU_ASSERT_EQUAL(granted, 100);
	granted = 0;
	for (uint32_t i = 1; i <= 1000; i++) {
		budget_earn(&b);
		granted += budget_take(&b, 0);
		CU_ASSERT_EQUAL(granted, i / 5);
	}
}

static void test_unlimited(void)
{
	const struct budget_options o = {.is_unlimited = true};
	struct budget b;

	budget_init(&b, &o, 0);
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(budget_take(&b, 0));
	CU_ASSERT_EQUAL(b.granted, 1000);
	CU_ASSERT_EQUAL(budget_left(&b, 0), UINT32_MAX);
	budget_scale(&b, &o, 0, 0);
	CU_ASSERT_FALSE(budget_take(&b, 0));
}

static void test_scale(void)
{
	const struct budget_options o = {.burst = 10, .earn_ppm = 100000, .period_ns = 3000};
	struct budget b;
	uint32_t granted = 0;

	budget_init(&b, &o, 0);
	budget_scale(&b, &o, 3000, 0);
	CU_ASSERT_EQUAL(b.earn_ppm, 300000);
	CU_ASSERT_EQUAL(b.period_ns, 1000);
	CU_ASSERT_EQUAL(budget_left(&b, 0), 10); /* room for more, not more */
	CU_ASSERT_EQUAL(budget_left(&b, 1000000), 30);
	budget_scale(&b, &o, 1000, 1000000);
	CU_ASSERT_EQUAL(budget_left(&b, 1000000), 10);
	budget_scale(&b, &o, 0, 1000000);
	CU_ASSERT_FALSE(budget_take(&b, 2000000));
	budget_scale(&b, &o, 1000, 2000000);
	CU_ASSERT_FALSE(budget_take(&b, 2000000));
	while (budget_take(&b, 2000000 + 3000 * 4 + 10))
		granted++;
	CU_ASSERT_EQUAL(granted, 4);
}

static void test_sound(void)
{
	const struct budget_options o = {.burst = 10, .earn_ppm = 100000, .period_ns = 3000};
	struct budget b;
	struct budget bad;

	budget_init(&b, &o, 0);
	CU_ASSERT_TRUE(budget_is_sound(&b));
	bad = b;
	bad.level_ppm = b.capacity_ppm + 1;
	CU_ASSERT_FALSE(budget_is_sound(&bad));
	bad = b;
	bad.period_ns = UINT64_MAX;
	CU_ASSERT_FALSE(budget_is_sound(&bad));
	bad = b;
	bad.earn_ppm = BUDGET_TOKEN + 1;
	CU_ASSERT_FALSE(budget_is_sound(&bad));
	bad = b;
	bad.is_unlimited = 2;
	CU_ASSERT_FALSE(budget_is_sound(&bad));
}

struct grant {
	uint64_t time_ns;
	uint64_t deeds; /* before it */
};

/* How many windows between two grants exceed the bound, exactly. */
static uint64_t excesses(const struct budget_options *o, const struct grant *g, uint32_t count)
{
	uint64_t excess = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = i; k < count; k++) {
			uint128 taken = (uint128)(k - i + 1) * BUDGET_TOKEN;
			uint128 bound = (uint128)o->burst * BUDGET_TOKEN +
			                (uint128)(g[k].deeds - g[i].deeds) * o->earn_ppm;

			if (o->period_ns != 0)
				bound += (uint128)(g[k].time_ns - g[i].time_ns) * BUDGET_TOKEN /
				         o->period_ns;
			excess += taken > bound;
		}
	return excess;
}

static uint64_t seed_excesses(uint64_t seed, uint64_t *shortfall)
{
	static struct grant grants[GRANTS_MAX];
	struct prng random;
	uint64_t now_ns = 0;
	uint64_t deeds = 0;
	uint32_t count = 0;
	struct budget b;

	prng_init(&random, seed);
	const struct budget_options o = {
	        .burst = 1 + (uint32_t)prng_below(&random, 30),
	        .earn_ppm = seed % 3 == 0 ? 0 : 1 + (uint32_t)prng_below(&random, 300000),
	        .period_ns = seed % 4 == 1 ? 0 : 1 + prng_below(&random, 5000)};
	bool is_greedy = seed % 2 == 0;

	prng_init(&random, seed);
	now_ns = prng_next(&random) >> 20;
	budget_init(&b, &o, now_ns);
	uint64_t start_ns = now_ns;

	for (uint64_t i = 0; i < 20000 && count < GRANTS_MAX; i++) {
		now_ns += prng_below(&random, 3) == 0 ? prng_below(&random, 3000) : 0;
		if (!is_greedy && prng_below(&random, 200) == 0)
			now_ns += prng_below(&random, 300000);
		if (prng_below(&random, 2) == 0) {
			budget_earn(&b);
			deeds++;
		}
		/* Greedy takes all there is; else at random, so that it fills and empties. */
		while ((is_greedy || prng_below(&random, 4) == 0) && count < GRANTS_MAX &&
		       budget_take(&b, now_ns))
			grants[count++] = (struct grant){now_ns, deeds};
	}
	uint128 earned = (uint128)o.burst * BUDGET_TOKEN + (uint128)deeds * o.earn_ppm;

	if (o.period_ns != 0)
		earned += (uint128)(now_ns - start_ns) * BUDGET_TOKEN / o.period_ns;
	*shortfall =
	        is_greedy && count < GRANTS_MAX ? (uint64_t)(earned / BUDGET_TOKEN) - count : 0;
	return excesses(&o, grants, count);
}

static void test_never_exceeded(void)
{
	for (uint64_t seed = first_seed; seed < first_seed + seeds; seed++) {
		uint64_t shortfall = 0;
		uint64_t excess = seed_excesses(seed, &shortfall);

		if (excess != 0 || shortfall > 40)
			printf("seed %llu: %llu windows over the bound, %llu tokens lost\n",
			       (unsigned long long)seed, (unsigned long long)excess,
			       (unsigned long long)shortfall);
		CU_ASSERT_EQUAL(excess, 0);
		/* Nor withheld: who takes all loses at most what comes at once into a full one. */
		CU_ASSERT(shortfall <= 40);
	}
	printf("seeds %llu..%llu ", (unsigned long long)first_seed,
	       (unsigned long long)(first_seed + seeds - 1));
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"burst, then nothing", test_burst_then_nothing},
	        {"time", test_time},
	        {"deeds", test_deeds},
	        {"unlimited", test_unlimited},
	        {"scale", test_scale},
	        {"sound", test_sound},
	        {"never exceeded over any window", test_never_exceeded},
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seeds = strtoull(argv[2], NULL, 10);
	return SUITE_RUN("budget", tests);
}
