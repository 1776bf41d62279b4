/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What hedges are for, at small size and with fixed seeds; perf/bench_hedge shows the rest.
 *
 *     test_hedge_trial [SEED [REQUESTS]]
 */
#include "perf/hedge_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static uint64_t seed = 1;
static uint64_t requests = 100000;

static struct hedge_trial_result run(uint32_t i, bool is_late_unseen)
{
	const struct hedge_trial_options o = {.service = hedge_trial_case(i).service,
	                                      .hedge = hedge_options_default,
	                                      .budget = hedge_trial_budget,
	                                      .requests = requests,
	                                      .seed = seed,
	                                      .is_late_unseen = is_late_unseen};
	struct hedge_trial_result r;

	hedge_trial_run(&o, &r);
	return r;
}

/* 5 % take ten times as long: q99 down by 65 % for 6 % more requests at most, with both kinds of
 * bimodal service, and whether late replies of losers are seen or not. */
static void test_bimodal(void)
{
	uint32_t seen = 0;

	printf("seed %llu: ", (unsigned long long)seed);
	for (uint32_t i = 0; i < HEDGE_TRIAL_CASES; i++)
		for (uint32_t unseen = 0; unseen < 2; unseen++) {
			if (strstr(hedge_trial_case(i).name, "x10") == NULL)
				continue;
			struct hedge_trial_result r = run(i, unseen != 0);

			printf("q99 %llu %%, extra %llu ppm ",
			       (unsigned long long)(r.hedged.q99_ns * 100 / r.alone.q99_ns),
			       (unsigned long long)(r.hedges * 1000000 / requests));
			CU_ASSERT(r.hedged.q99_ns * 100 <= r.alone.q99_ns * 35);
			CU_ASSERT(r.hedges * 100 <= requests * 6);
			seen++;
		}
	CU_ASSERT_EQUAL(seen, 4);
}

/* No tail to cut: next to no hedge. */
static void test_light_tails(void)
{
	for (uint32_t i = 0; i < HEDGE_TRIAL_CASES; i++) {
		if (hedge_trial_case(i).has_tail)
			continue;
		struct hedge_trial_result r = run(i, i % 2 != 0);

		CU_ASSERT(r.hedges * 1000 <= requests * 5);
		CU_ASSERT(r.on * 100 <= requests * 5);
	}
}

static void test_heavy_tails(void)
{
	for (uint32_t i = 0; i < HEDGE_TRIAL_CASES; i++) {
		if (!hedge_trial_case(i).has_tail)
			continue;
		struct hedge_trial_result r = run(i, false);

		CU_ASSERT(r.hedged.q99_ns * 100 <= r.alone.q99_ns * 82);
		CU_ASSERT(r.hedged.q50_ns <= r.alone.q50_ns);
		CU_ASSERT(r.hedges * 100 <= requests * 5 + 10000);
		CU_ASSERT(r.on * 10 >= requests * 9);
	}
}

/* The budget holds the line when far more is asked for. */
static void test_budget(void)
{
	struct hedge_trial_options o = {.service = hedge_trial_case(4).service,
	                                .hedge = hedge_options_default,
	                                .budget = hedge_trial_budget,
	                                .requests = requests,
	                                .seed = seed};
	struct hedge_trial_result r;

	o.hedge.delay.level_ppm = 500000;
	o.hedge.gain_off_milli = 1;
	o.hedge.gain_on_milli = 1;
	hedge_trial_run(&o, &r);
	CU_ASSERT(r.refused > requests / 5);
	CU_ASSERT(r.hedges <= o.budget.burst + requests / 20);
	CU_ASSERT(r.hedges + 20 >= requests / 20);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"bimodal", test_bimodal},
	        {"light tails", test_light_tails},
	        {"heavy tails", test_heavy_tails},
	        {"budget", test_budget},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		requests = strtoull(argv[2], NULL, 10);
	return SUITE_RUN("hedge_trial", tests);
}
