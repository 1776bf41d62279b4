/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the timeouts are for, at small size and with fixed seeds; perf/bench_timeout shows the rest.
 *
 *     test_timeout_trial [SEED [ATTEMPTS]]
 */
#include "perf/timeout_trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/suite.h"

static uint64_t seed = 1;
static uint64_t attempts = 60000;

static struct timeout_trial_result run(uint32_t i, uint32_t terms, bool is_late_unseen)
{
	struct timeout_trial_options o = {.service = timeout_trial_case(i, attempts).service,
	                                  .deadline = deadline_options_default,
	                                  .attempts = attempts,
	                                  .seed = seed,
	                                  .is_late_unseen = is_late_unseen};
	struct timeout_trial_result r;

	o.deadline.terms = terms;
	timeout_trial_run(&o, &r);
	return r;
}

static uint64_t ppm(const struct timeout_trial_result *r)
{
	return r->rest * 1000000 / r->rest_attempts;
}

/* At most 0.1 % of legitimate calls. If late replies are never seen, those of one in twenty that
 * take ten times as long cannot be told from lost ones: there, and only there, it may fail. */
static void test_full_form(void)
{
	printf("seed %llu: ", (unsigned long long)seed);
	for (uint32_t i = 0; i < TIMEOUT_TRIAL_CASES; i++)
		for (uint32_t unseen = 0; unseen < 2; unseen++) {
			struct timeout_trial_result r = run(i, DEADLINE_ALL, unseen != 0);

			printf("%llu ", (unsigned long long)ppm(&r));
			if (unseen != 0 && timeout_trial_case(i, attempts).service.slow_ppm > 0)
				continue;
			CU_ASSERT(ppm(&r) <= 1000);
			/* While it learns, and after a shift: at most 3 %. */
			CU_ASSERT(r.early <= 30);
			CU_ASSERT(r.shift <= 30);
		}
	printf("ppm ");
}

/* Not by waiting forever: what one would set who knew (q99.9) is exceeded by
 * three quarters at most. */
static void test_finds_dead_servers(void)
{
	for (uint32_t i = 0; timeout_trial_case(i, attempts).is_stationary; i++) {
		struct timeout_trial_result r = run(i, DEADLINE_ALL, false);

		CU_ASSERT(r.timeout_median_ns < r.q999_ns * 7 / 4);
		CU_ASSERT(r.timeout_q99_ns < r.q999_ns * 4);
	}
}

/* Why not less: each simple form fails somewhere by far. */
static void test_simple_forms(void)
{
	uint64_t mean_ppm = 0;
	uint64_t rtt_ppm = 0;

	for (uint32_t i = 0; timeout_trial_case(i, attempts).is_stationary; i++) {
		struct timeout_trial_result r = run(i, DEADLINE_EXPECTED, false);

		mean_ppm = ppm(&r) > mean_ppm ? ppm(&r) : mean_ppm;
		r = run(i, DEADLINE_RTT, false);
		rtt_ppm = ppm(&r) > rtt_ppm ? ppm(&r) : rtt_ppm;
	}
	CU_ASSERT(mean_ppm > 50000);
	CU_ASSERT(rtt_ppm > 30000);
}

/* A service that becomes three times as slow, whose late replies nobody sees: censored samples lift
 * the timeout all the same. */
static void test_shift_unseen(void)
{
	struct timeout_trial_result seen = run(5, DEADLINE_ALL, false);
	struct timeout_trial_result unseen = run(5, DEADLINE_ALL, true);

	CU_ASSERT(seen.shift <= 10);
	CU_ASSERT(unseen.shift <= 20);
	CU_ASSERT_EQUAL(seen.draws_hash, unseen.draws_hash);
}

/* Attempts that are lost are censored at the very timeout that is learned from them: it must not
 * run away, nor shrink to cut legitimate ones. */
static void test_losses(void)
{
	static const uint32_t losses_ppm[] = {10000, 50000, 200000, 400000};

	for (uint32_t i = 0; timeout_trial_case(i, attempts).is_stationary; i++)
		for (uint32_t k = 0; k < 4; k++) {
			struct timeout_trial_options o = {
			        .service = timeout_trial_case(i, attempts).service,
			        .deadline = deadline_options_default,
			        .attempts = attempts,
			        .seed = seed,
			        .loss_ppm = losses_ppm[k]};
			struct timeout_trial_result r;

			timeout_trial_run(&o, &r);
			CU_ASSERT(ppm(&r) <= 1000);
			CU_ASSERT(r.timeout_median_ns < r.q999_ns * (k < 3 ? 4 : 6));
		}
}

/* Fast and stable against its base, 50 medians: it keeps exactly that. */
static void test_keeps_base(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		struct timeout_trial_options o = {.service =
		                                          timeout_trial_case(i, attempts).service,
		                                  .deadline = deadline_options_default,
		                                  .base_ns = 50000000,
		                                  .attempts = attempts,
		                                  .seed = seed};
		struct timeout_trial_result r;

		timeout_trial_run(&o, &r);
		CU_ASSERT_EQUAL(r.at_base, r.rest_attempts);
		CU_ASSERT_EQUAL(r.rest, 0);
	}
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"full form", test_full_form},
	        {"finds dead servers", test_finds_dead_servers},
	        {"simple forms", test_simple_forms},
	        {"losses", test_losses},
	        {"keeps its base", test_keeps_base},
	        {"shift, late replies unseen", test_shift_unseen},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		attempts = strtoull(argv[2], NULL, 10);
	return SUITE_RUN("timeout_trial", tests);
}
