/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Trials: one profile, one mechanism changed, one scenario: what is it good for? Two kinds. The
 * report's lessons: parallel or sequential attempts, the multiplier of the expected latency,
 * timeouts by state or fixed, the mode LATENCY, restoring by replay or not at all; and where
 * capacity lacks, and thresholds that tune themselves. And ablations: a mechanism of `ultimate`
 * switched off, in the scenario that it is for.
 *
 * A trial is a row of a table: a name, a scenario, a change of the options.
 */
#ifndef APP_CHAOS_TRIAL_H
#define APP_CHAOS_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chaos.h"

#define CHAOS_TRIALS_MAX 64u

/* What an ablation makes worse. */
enum chaos_metric {
	CHAOS_SUCCESS,          /* less */
	CHAOS_IN_TIME,          /* fewer events */
	CHAOS_P99,              /* longer */
	CHAOS_REQUESTS,         /* more attempts */
	CHAOS_OVERDUE,          /* more attempts that waited in vain */
	CHAOS_CRITICAL,         /* critical events take longer */
	CHAOS_CRITICAL_SUCCESS, /* fewer critical operations are answered */
};

struct chaos_trial {
	const char *group; /* rows of one group are compared with each other */
	const char *name;
	const char *scenario;
	void (*change)(struct resilience_options *o, uint32_t value);
	uint32_t value;
	bool is_ablation; /* compared with `ultimate` as it is */
	enum chaos_metric metric;
};

extern const struct chaos_trial chaos_trials[];
extern const uint32_t chaos_trial_count;

struct chaos_trials { /* what was measured; by index of the table */
	struct chaos_result results[CHAOS_TRIALS_MAX];
	struct chaos_result whole[CHAOS_TRIALS_MAX]; /* of ablations: `ultimate` as it is */
	uint32_t count;
};

struct chaos_suite;
struct chaos_progress;
struct config_error;

const char *chaos_metric_name(enum chaos_metric metric);
uint64_t chaos_metric_value(enum chaos_metric metric, const struct chaos_result *r);
/* Whether a is worse than b. */
bool chaos_trial_is_worse(enum chaos_metric metric, const struct chaos_result *a,
                          const struct chaos_result *b);
/* All of them, or those of a group. 0 or -errno. */
int chaos_trials_run(struct chaos_trials *t, const char *group, uint64_t second_ns, uint64_t seed,
                     const struct chaos_progress *progress, struct config_error *error);

#endif
