/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hedge trial: a made-up service is asked many times, one after the other, once alone and once with
 * a hedge after the learned delay, under a budget. The first attempts take the same times either
 * way; a hedge is independent and goes to a node of the same kind. The first reply counts.
 *
 * The loser is cancelled when the other answers. Its late reply is seen (exact), or it is not
 * (censored at that moment).
 */
#ifndef PERF_HEDGE_TRIAL_H
#define PERF_HEDGE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/distribution.h"
#include "resilience/budget.h"
#include "resilience/hedge.h"

#define HEDGE_TRIAL_STEP_NS 1000u /* between requests; shift_at_ns counts in these */

struct hedge_trial_options {
	struct distribution service;
	struct hedge_options hedge;
	struct budget_options budget;
	uint64_t requests;
	uint64_t seed;
	bool is_late_unseen;
};

struct hedge_trial_times {
	uint64_t q50_ns;
	uint64_t q95_ns;
	uint64_t q99_ns;
	uint64_t q999_ns;
};

struct hedge_trial_result {
	struct hedge_trial_times alone;
	struct hedge_trial_times hedged;
	uint64_t hedges;     /* sent */
	uint64_t refused;    /* by the budget */
	uint64_t switched;   /* on or off */
	uint64_t on;         /* requests that came while it was on */
	uint64_t delay_ns;   /* at the end; UINT64_MAX: off */
	uint64_t draws_hash; /* of the first attempts */
};

struct hedge_trial_case {
	const char *name;
	struct distribution service;
	bool has_tail; /* worth a hedge */
};

#define HEDGE_TRIAL_CASES 8u
struct hedge_trial_case hedge_trial_case(uint32_t i);
/* 5 % of the requests, 50 at once. */
extern const struct budget_options hedge_trial_budget;

void hedge_trial_run(const struct hedge_trial_options *o, struct hedge_trial_result *result);

#endif
