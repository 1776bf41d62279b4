/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Tuning: parameters that are `auto` follow what is observed, within bounds. Four of a service,
 * each with one rule:
 *
 * - latency_multiplier (milli): expected latency times this is a timeout. Raised one step when more
 *   than `high_ppm` of the attempts timed out although the reply came later (spurious timeouts),
 *   lowered one step when fewer than `low_ppm` did.
 * - ultra_latency (ns): the mean latency from which a service is extremely slow. Follows
 *   `factor_milli` times the long-run level of its latency.
 * - resilient_at (ppm): the failure rate that makes a breaker cautious. Follows `factor_milli`
 *   times the base failure rate.
 * - hedge_quantile (ppm): the quantile of latency at which a hedge is sent. What is stepped is the
 *   tail, 10^6 - quantile: widened when more than `high_ppm` of the hedges win, and the extra
 *   requests stay under `extra_max_ppm`; narrowed when fewer than `low_ppm` win or there are too
 *   many.
 *
 * The two that follow a level learn from calm times only: an outage must not teach that failing is
 * normal. They move when they are further than `low_ppm` from where they belong. Common to all: a
 * change needs `samples_min` observations since the last decision, is at most `step_ppm` of the
 * value, comes at most once per `interval_ns`, is an event with its reason, and never leaves [min,
 * max]. The band between low and high in which nothing happens keeps a rule from swinging. One
 * switch freezes everything; frozen, nothing is learned either.
 *
 * Deterministic, integers only, one owner (the control core), plain bytes: learned values survive
 * with a checkpoint.
 */
#ifndef RESILIENCE_TUNING_H
#define RESILIENCE_TUNING_H

#include <stdbool.h>
#include <stdint.h>

struct event_ring;

enum tuning_parameter {
	TUNING_LATENCY_MULTIPLIER,
	TUNING_ULTRA_LATENCY,
	TUNING_RESILIENT_AT,
	TUNING_HEDGE_QUANTILE,
};

#define TUNING_PARAMETERS 4u

enum tuning_reason {
	TUNING_NONE,
	TUNING_SPURIOUS_MANY, /* more spurious timeouts than high_ppm */
	TUNING_SPURIOUS_FEW,  /* fewer than low_ppm */
	TUNING_LATENCY_LEVEL, /* the long-run latency is elsewhere */
	TUNING_FAILURE_LEVEL, /* the base failure rate is elsewhere */
	TUNING_HEDGES_WIN,    /* hedging gains, more of it is affordable */
	TUNING_HEDGES_LOSE,   /* extra requests without gain */
	TUNING_HEDGES_COSTLY, /* more extra requests than extra_max_ppm */
};

#define TUNING_REASONS 8u

struct tuning_rule {
	uint64_t initial; /* and the value for good unless automatic */
	uint64_t min;
	uint64_t max;
	uint64_t interval_ns; /* between two changes, at least */
	uint32_t step_ppm;    /* of the value, at most; below 10^6 */
	uint32_t samples_min;
	uint32_t low_ppm;
	uint32_t high_ppm;
	uint32_t factor_milli;  /* of the two that follow a level */
	uint32_t extra_max_ppm; /* of hedge_quantile: hedges per operation */
	bool automatic;
};

struct tuning_options {
	struct tuning_rule rule[TUNING_PARAMETERS];
	uint32_t level_shift; /* long-run levels move by 1 / 2^shift of the difference */
	uint32_t subject;     /* of the events */
};

/* What happened since the last call. */
struct tuning_observation {
	uint64_t attempts; /* that ended or timed out */
	uint64_t failures; /* of these, timeouts included */
	uint64_t spurious; /* timeouts whose reply came later */
	uint64_t operations;
	uint64_t hedges; /* sent */
	uint64_t hedges_won;
	uint64_t latency_ns; /* a middle latency of the time (median or mean); 0: unknown */
	bool calm;           /* breaker closed, no forecast, mode NORMAL */
};

struct tuning_value {
	uint64_t value;
	uint64_t changed_ns; /* of the last change or the start */
	/* Since the last decision: of how many... how many count. */
	uint64_t samples;
	uint64_t hits;
	uint64_t base; /* hedge_quantile: operations */
	uint32_t changes;
	uint32_t reason; /* enum tuning_reason of the last change */
};

struct tuning {
	struct tuning_value parameter[TUNING_PARAMETERS];
	uint64_t latency_level_ns;  /* long-run, in calm times; 0: not known */
	uint64_t failure_level_ppb; /* long-run, in calm times */
	uint8_t failures_known;     /* whether there were any calm times */
	uint8_t frozen;
	uint8_t reserved[6];
};

/* Sound rules, all automatic, at most a change per interval and parameter; ultra_latency starts at
 * the given threshold. */
void tuning_options_standard(struct tuning_options *o, uint64_t interval_ns,
                             uint64_t ultra_latency_ns);

/* NULL, or what is wrong with the options. */
const char *tuning_options_check(const struct tuning_options *o);

/* 0, or -EINVAL: options that tuning_options_check() objects to. Not frozen. */
int tuning_init(struct tuning *t, const struct tuning_options *o, uint64_t now_ns);

/* To be called by the control core with the difference of two published sets of counters. Returns
 * bits (1 << enum tuning_parameter) of those that changed, each pushed as an event unless `events`
 * is NULL. */
uint32_t tuning_observe(struct tuning *t, const struct tuning_options *o,
                        const struct tuning_observation *seen, uint64_t now_ns,
                        struct event_ring *events);

void tuning_freeze(struct tuning *t, bool frozen);

static inline uint64_t tuning_get(const struct tuning *t, enum tuning_parameter p)
{
	return t->parameter[p].value;
}

const char *tuning_parameter_name(enum tuning_parameter p);
const char *tuning_reason_name(enum tuning_reason r);

#endif
