/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of trials, and what each changes of `ultimate`.
 */
#include "app/chaos_trial.h"

#include <assert.h>

/* ---- the report's lessons ---- */

/* What else would add attempts is off, so that only these are compared. */
static void attempts_alone(struct resilience_options *o)
{
	o->service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	o->service.hedge.is_enabled = false;
	o->service.latency_optimization = false;
	o->service.abandon_below_ppm = 0;
	o->service.retry_budget.is_unlimited = true;
	o->service.parallel_budget.is_unlimited = true;
	o->mode.modes = MODE_BIT(MODE_NORMAL);
}

static void parallel(struct resilience_options *o, uint32_t attempts)
{
	attempts_alone(o);
	o->service.parallel_attempts = (uint8_t)attempts;
	o->service.parallel_max = (uint8_t)attempts;
	o->service.max_retries = 0;
}

static void sequential(struct resilience_options *o, uint32_t attempts)
{
	attempts_alone(o);
	o->service.parallel_attempts = 1;
	o->service.parallel_max = 1;
	o->service.max_retries = (uint8_t)(attempts - 1);
}

/* The expected latency alone decides, one attempt after the other. */
static void multiplier(struct resilience_options *o, uint32_t milli)
{
	sequential(o, 4);
	o->service.deadline.terms = DEADLINE_EXPECTED;
	o->service.deadline.expected_multiplier_milli = milli;
}

static void timeouts_by_state(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.deadline.terms = DEADLINE_BASE;
	o->service.hedge.is_enabled = false;
}

static void timeouts_fixed(struct resilience_options *o, uint32_t value)
{
	timeouts_by_state(o, value);
	for (uint32_t i = 0; i < BREAKER_STATES; i++)
		o->service.breaker.base_timeout_ns[i] =
		        o->service.breaker.base_timeout_ns[BREAKER_CLOSED];
}

static void nothing(struct resilience_options *o, uint32_t value)
{
	(void)o;
	(void)value;
}

static void without_mode(struct resilience_options *o, uint32_t mode)
{
	o->mode.modes &= ~MODE_BIT(mode);
}

static void without_restore(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->recovery.may_replay = false;
	o->recovery.checkpoint = RECOVERY_NONE;
}

/* ---- ablations ---- */

static void without_parallel(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.parallel_max = 1;
}

static void without_expected(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.deadline.terms = DEADLINE_BASE;
}

static void without_retry(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.max_retries = 0;
}

static void without_breaker(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
}

static void without_async(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->processing.order = PROCESSING_SEQUENTIAL;
}

static void without_batch(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->processing.batch = 1;
}

static void without_elastic(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->processing.segments_min = o->processing.segments_max;
}

static void without_adaptive(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->processing.parallelism_max = o->processing.parallelism_min;
}

static void without_secondary(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.choice = SERVICE_CHOOSE_PRIMARY;
	o->service.parallel_max = 1;
}

static void without_hedge(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.hedge.is_enabled = false;
}

static void without_ejection(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.health.eject_after = 0;
	o->service.health.outlier_ppm = 0;
	o->service.choice = SERVICE_CHOOSE_IN_TURN;
}

static void without_priorities(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->processing.has_priorities = false;
}

static void without_forecast(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.forecast.detectors = 0;
	o->service.breaker.forecast_level = 0;
}

static void without_throttle(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.throttle.enabled = false;
}

static void without_abandoning(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.abandon_below_ppm = 0;
}

static void without_retry_budget(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.retry_budget.is_unlimited = true;
}

static void without_hedge_budget(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.hedge_budget.is_unlimited = true;
}

static void without_parallel_budget(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.parallel_budget.is_unlimited = true;
}

static void without_fallback(struct resilience_options *o, uint32_t value)
{
	(void)value;
	o->service.breaker.fallback = 0;
}

/* ---- tuning ---- */

/* All four, ten times as often as the profile would: a scenario is short. */
static void automatic(struct resilience_options *o, uint32_t is_frozen)
{
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		o->tuning.rule[i].automatic = true;
		o->tuning.rule[i].interval_ns /= 10;
	}
	o->tuning_is_frozen = is_frozen != 0;
}

#define EXTREME  "extreme-latency"
#define SLOW     "slow-service"
#define OVERLOAD "overload"
#define CAPACITY "lost-capacity"
#define QUICK    "quick-service"

const struct chaos_trial chaos_trials[] = {
        {"attempts", "3 in parallel", EXTREME, parallel, 3, false, CHAOS_SUCCESS},
        {"attempts", "3 one after the other", EXTREME, sequential, 3, false, CHAOS_SUCCESS},
        {"multiplier", "1.0", EXTREME, multiplier, 1000, false, CHAOS_SUCCESS},
        {"multiplier", "1.5", EXTREME, multiplier, 1500, false, CHAOS_SUCCESS},
        {"multiplier", "2.0", EXTREME, multiplier, 2000, false, CHAOS_SUCCESS},
        {"multiplier", "2.5", EXTREME, multiplier, 2500, false, CHAOS_SUCCESS},
        {"multiplier", "3.0", EXTREME, multiplier, 3000, false, CHAOS_SUCCESS},
        {"multiplier", "3.5", EXTREME, multiplier, 3500, false, CHAOS_SUCCESS},
        {"multiplier", "4.0", EXTREME, multiplier, 4000, false, CHAOS_SUCCESS},
        {"multiplier", "4.5", EXTREME, multiplier, 4500, false, CHAOS_SUCCESS},
        {"multiplier", "5.0", EXTREME, multiplier, 5000, false, CHAOS_SUCCESS},
        {"timeouts", "by state", SLOW, timeouts_by_state, 0, false, CHAOS_SUCCESS},
        {"timeouts", "fixed", SLOW, timeouts_fixed, 0, false, CHAOS_SUCCESS},
        {"mode LATENCY", "on", EXTREME, nothing, 0, false, CHAOS_P99},
        {"mode LATENCY", "off", EXTREME, without_mode, MODE_LATENCY, false, CHAOS_P99},
        {"restore", "by replay", "massive-failure", nothing, 0, false, CHAOS_SUCCESS},
        {"restore", "not at all", "massive-failure", without_restore, 0, false, CHAOS_SUCCESS},
        {"lost capacity", "as it is", CAPACITY, nothing, 0, false, CHAOS_SUCCESS},
        {"lost capacity", "one attempt at a time", CAPACITY, without_parallel, 0, false,
         CHAOS_SUCCESS},
        {"tuning", "fixed", QUICK, nothing, 0, false, CHAOS_SUCCESS},
        {"tuning", "auto", QUICK, automatic, 0, false, CHAOS_SUCCESS},
        {"tuning", "auto, frozen", QUICK, automatic, 1, false, CHAOS_SUCCESS},
        {"ablation", "parallel attempts", EXTREME, without_parallel, 0, true, CHAOS_SUCCESS},
        {"ablation", "dynamic timeout", EXTREME, without_expected, 0, true, CHAOS_SUCCESS},
        {"ablation", "retry", "node-failure", without_retry, 0, true, CHAOS_SUCCESS},
        {"ablation", "secondary nodes", "node-failure", without_secondary, 0, true, CHAOS_SUCCESS},
        {"ablation", "node ejection", "node-failure", without_ejection, 0, true, CHAOS_REQUESTS},
        {"ablation", "hedge", "gray-failure", without_hedge, 0, true, CHAOS_P99},
        {"ablation", "breaker", "degraded-mode", without_breaker, 0, true, CHAOS_OVERDUE},
        {"ablation", "asynchronous", "high-load", without_async, 0, true, CHAOS_SUCCESS},
        {"ablation", "batches", "high-load", without_batch, 0, true, CHAOS_SUCCESS},
        {"ablation", "elastic queues", "high-load", without_elastic, 0, true, CHAOS_SUCCESS},
        {"ablation", "adaptive parallelism", "high-load", without_adaptive, 0, true, CHAOS_SUCCESS},
        {"ablation", "priorities", "high-load", without_priorities, 0, true, CHAOS_CRITICAL},
        {"ablation", "restore", "massive-failure", without_restore, 0, true, CHAOS_SUCCESS},
        {"ablation", "forecast", QUICK, without_forecast, 0, true, CHAOS_SUCCESS},
        {"ablation", "fallback", "brownout", without_fallback, 0, true, CHAOS_IN_TIME},
        {"ablation", "throttle", OVERLOAD, without_throttle, 0, true, CHAOS_CRITICAL_SUCCESS},
        {"ablation", "mode SAFE", OVERLOAD, without_mode, MODE_SAFE, true, CHAOS_CRITICAL_SUCCESS},
        {"ablation", "hedge budget", OVERLOAD, without_hedge_budget, 0, true, CHAOS_SUCCESS},
        {"ablation", "retry budget", "flaky-service", without_retry_budget, 0, true,
         CHAOS_REQUESTS},
        {"ablation", "parallel budget", "long-answers", without_parallel_budget, 0, true,
         CHAOS_REQUESTS},
        {"ablation", "abandon early", "late-bursts", without_abandoning, 0, true, CHAOS_OVERDUE},
        {"ablation", "mode LATENCY", "degraded-mode", without_mode, MODE_LATENCY, true,
         CHAOS_SUCCESS},
};

const uint32_t chaos_trial_count = sizeof(chaos_trials) / sizeof(chaos_trials[0]);

static_assert(sizeof(chaos_trials) / sizeof(chaos_trials[0]) <= CHAOS_TRIALS_MAX, "room for all");
