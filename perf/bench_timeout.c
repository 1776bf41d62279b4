/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Timeouts: how often each way to choose them ends a legitimate attempt, and how late it finds a
 * dead server. Nothing is timed: this is a simulation, its figures are the same everywhere.
 *
 *   mean        multiplier x mean of the last 64
 *   RFC 6298    SRTT + 4 x RTTVAR
 *   full        the greatest of both and of 1.25 x q99.9, capped at N x SRTT
 *   full, blind the same, late replies are never seen: what timed out is a censored sample
 *   ideal       the fixed timeout that lets 0.1 % through: what one would set who knew
 *
 * --sweep 1: instead, `mean` and `full` with other multipliers than 2.5, a row each, all stationary
 * services side by side.
 *
 * The base is 0, so that the other terms show. *learning*: of the first 1,000 attempts; *shift*: of
 * the 1,000 after the level shift; *spurious*: of all others. A dead server is found after the
 * timeout: its median and q99 are told in medians of the service's time.
 */
#include <stdio.h>

#include "perf/measure.h"
#include "perf/timeout_trial.h"

#define MULTIPLIER_MIN  1000u
#define MULTIPLIER_MAX  5000u
#define MULTIPLIER_STEP 500u

struct options {
	uint64_t attempts;
	uint64_t seed;
	uint64_t sweep;
	bool json;
};

static double percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void row(struct measure_rows *out, const struct timeout_trial_case *c, const char *method,
                const struct timeout_trial_options *o)
{
	struct timeout_trial_result r;

	timeout_trial_run(o, &r);
	measure_row(out);
	measure_text(out, "service", c->name);
	measure_text(out, "method", method);
	measure_figure(out, "spurious_percent", percent(r.rest, r.rest_attempts));
	measure_figure(out, "learning_percent", percent(r.early, TIMEOUT_TRIAL_EARLY));
	if (!c->is_stationary)
		measure_figure(out, "shift_percent", percent(r.shift, TIMEOUT_TRIAL_EARLY));
	measure_figure(out, "found_median", (double)r.timeout_median_ns / (double)r.median_ns);
	measure_figure(out, "found_q99", (double)r.timeout_q99_ns / (double)r.median_ns);
	measure_result(out, c->name, r.draws_hash);
}

static void service(struct measure_rows *out, const struct options *bo, uint32_t i)
{
	const struct timeout_trial_case c = timeout_trial_case(i, bo->attempts);
	struct timeout_trial_options o = {.service = c.service,
	                                  .deadline = deadline_options_default,
	                                  .attempts = bo->attempts,
	                                  .seed = bo->seed};
	struct timeout_trial_result r;

	o.deadline.terms = DEADLINE_EXPECTED;
	row(out, &c, "mean x 2.5", &o);
	o.deadline.terms = DEADLINE_RTT;
	row(out, &c, "RFC 6298", &o);
	o.deadline.terms = DEADLINE_ALL;
	row(out, &c, "full", &o);
	o.is_late_unseen = true;
	row(out, &c, "full, blind", &o);
	o.is_late_unseen = false;
	timeout_trial_run(&o, &r);
	o.fixed_ns = r.q999_ns;
	row(out, &c, "ideal", &o);
}

static void sweep(struct measure_rows *out, const struct options *bo, const char *method,
                  uint32_t terms, uint32_t multiplier_milli)
{
	uint64_t hash = 0;

	measure_row(out);
	measure_text(out, "method", method);
	measure_figure(out, "multiplier", multiplier_milli / 1000.0);
	for (uint32_t i = 0; i < TIMEOUT_TRIAL_CASES; i++) {
		const struct timeout_trial_case c = timeout_trial_case(i, bo->attempts);
		struct timeout_trial_options o = {.service = c.service,
		                                  .deadline = deadline_options_default,
		                                  .attempts = bo->attempts,
		                                  .seed = bo->seed};
		struct timeout_trial_result r;
		char key[64];

		if (!c.is_stationary)
			continue;
		o.deadline.terms = terms;
		o.deadline.expected_multiplier_milli = multiplier_milli;
		timeout_trial_run(&o, &r);
		snprintf(key, sizeof(key), "%s_percent", c.key);
		measure_figure(out, key, percent(r.rest, r.rest_attempts));
		snprintf(key, sizeof(key), "%s_found", c.key);
		measure_figure(out, key, (double)r.timeout_median_ns / (double)r.median_ns);
		hash = measure_hash(hash, r.draws_hash);
	}
	measure_result(out, "draws", hash);
}

int main(int argc, char **argv)
{
	struct options o = {.attempts = 1000000, .seed = 1};
	const struct measure_option table[] = {
	        {"attempts", "of each service", &o.attempts, 4000, 1000000000, NULL},
	        {"seed", "of the draws", &o.seed, 0, UINT64_MAX, NULL},
	        {"sweep", "1: other multipliers", &o.sweep, 0, 1, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_timeout [OPTION VALUE]...", table, &o.json);
	measure_begin(&out, "timeout", o.json);
	for (uint32_t i = 0; i < TIMEOUT_TRIAL_CASES && o.sweep == 0; i++)
		service(&out, &o, i);
	for (uint32_t m = MULTIPLIER_MIN; m <= MULTIPLIER_MAX && o.sweep != 0; m += MULTIPLIER_STEP)
		sweep(&out, &o, "mean", DEADLINE_EXPECTED, m);
	for (uint32_t m = MULTIPLIER_MIN; m <= MULTIPLIER_MAX && o.sweep != 0; m += MULTIPLIER_STEP)
		sweep(&out, &o, "full", DEADLINE_ALL, m);
	measure_end(&out);
	return 0;
}
