/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Timeout trial: a made-up service is asked many times, one after the other, with the timeout that
 * the estimators give before each attempt. It never fails: every timeout is a spurious one. The
 * same seed draws the same times whatever the timeout is.
 *
 * Attempts may be lost by chance: they are samples censored at their timeout, which was right and
 * is not counted.
 *
 * After a timeout the late reply is seen (and trains), or it is not: then the attempt is a censored
 * sample.
 *
 * What a long timeout costs is how late a dead server is found: an attempt that was sent to one
 * ends after its timeout. The timeouts are told in medians of the service's time, so that being
 * right by waiting forever shows.
 */
#ifndef PERF_TIMEOUT_TRIAL_H
#define PERF_TIMEOUT_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/distribution.h"
#include "resilience/deadline.h"

#define TIMEOUT_TRIAL_EARLY                                                  \
	1000u /* attempts that count apart, at the start and after the shift \
	       */
#define TIMEOUT_TRIAL_MEAN_WINDOW 64u
#define TIMEOUT_TRIAL_STEP_NS     1000u /* shift_at_ns of the distribution counts in these */

struct timeout_trial_options {
	struct distribution service;
	struct deadline_options deadline;
	uint64_t base_ns;
	uint64_t attempts;
	uint64_t seed;
	uint64_t fixed_ns; /* instead of what the estimators say; 0: them */
	uint32_t loss_ppm; /* chance to be lost */
	bool is_late_unseen;
};

struct timeout_trial_result {
	uint64_t early; /* spurious ones, of the first TIMEOUT_TRIAL_EARLY */
	uint64_t shift; /* ... of as many from the shift on */
	uint64_t rest;
	uint64_t rest_attempts;
	uint64_t median_ns; /* of the service, before the shift */
	uint64_t q999_ns;
	uint64_t timeout_median_ns; /* over `rest` */
	uint64_t timeout_q99_ns;
	uint64_t at_base; /* of rest_attempts, those whose timeout was the base */
	uint64_t draws_hash;
};

struct timeout_trial_case {
	const char *name;
	const char *key; /* in names of JSON */
	struct distribution service;
	bool is_stationary;
};

#define TIMEOUT_TRIAL_CASES 7u
/* Median (Pareto: least) 1 ms. Those of shift_at_ns are set for a trial of so many attempts. */
struct timeout_trial_case timeout_trial_case(uint32_t i, uint64_t attempts);

void timeout_trial_run(const struct timeout_trial_options *o, struct timeout_trial_result *result);

#endif
