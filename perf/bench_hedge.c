/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hedges: what a second attempt at the moving q95 gains and costs, with a budget of 5 % of the
 * requests. Nothing is timed: this is a simulation, its figures are the same everywhere.
 *
 * Times in milliseconds; the service's median is 1 (Pareto: its least). "late": late replies of
 * cancelled losers are seen; "cut": they are not, a loser is a censored sample.
 */
#include <stdio.h>

#include "perf/hedge_trial.h"
#include "perf/measure.h"

struct options {
	uint64_t requests;
	uint64_t seed;
	bool json;
};

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static void row(struct measure_rows *out, uint32_t i, const struct options *bo, bool is_late_unseen)
{
	struct hedge_trial_case c = hedge_trial_case(i);
	const struct hedge_trial_options o = {.service = c.service,
	                                      .hedge = hedge_options_default,
	                                      .budget = hedge_trial_budget,
	                                      .requests = bo->requests,
	                                      .seed = bo->seed,
	                                      .is_late_unseen = is_late_unseen};
	struct hedge_trial_result r;

	hedge_trial_run(&o, &r);
	measure_row(out);
	measure_text(out, "service", c.name);
	measure_text(out, "losers", is_late_unseen ? "cut" : "late");
	measure_figure(out, "q99_alone_ms", ms(r.alone.q99_ns));
	measure_figure(out, "q99_ms", ms(r.hedged.q99_ns));
	measure_figure(out, "q99_change_percent",
	               100.0 * (ms(r.hedged.q99_ns) / ms(r.alone.q99_ns) - 1));
	measure_figure(out, "q999_alone_ms", ms(r.alone.q999_ns));
	measure_figure(out, "q999_ms", ms(r.hedged.q999_ns));
	measure_figure(out, "extra_percent", 100.0 * (double)r.hedges / (double)bo->requests);
	measure_count(out, "refused", r.refused);
	measure_count(out, "switched", r.switched);
	measure_figure(out, "on_percent", 100.0 * (double)r.on / (double)bo->requests);
	measure_figure(out, "delay_ms", r.delay_ns == UINT64_MAX ? 0 : ms(r.delay_ns));
	measure_result(out, c.name, r.draws_hash);
}

int main(int argc, char **argv)
{
	struct options o = {.requests = 1000000, .seed = 1};
	const struct measure_option table[] = {
	        {"requests", "to each service", &o.requests, 1000, 1000000000, NULL},
	        {"seed", "of the draws", &o.seed, 0, UINT64_MAX, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_hedge [OPTION VALUE]...", table, &o.json);
	measure_begin(&out, "hedge", o.json);
	for (uint32_t i = 0; i < HEDGE_TRIAL_CASES; i++) {
		row(&out, i, &o, false);
		row(&out, i, &o, true);
	}
	measure_end(&out);
	return 0;
}
