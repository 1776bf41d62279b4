/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Options: all of resilience in one struct. Every mechanism that may be lacking has a value here
 * that says so; which ones are on is data (config/profiles/), never a name that code asks for.
 *
 * | mechanism        | lacking                                                                 |
 * |------------------|-------------------------------------------------------------------------|
 * | breaker          | service.breaker.states: CLOSED only; each other state by its bit        |
 * | its forecast     | service.breaker.forecast_level 0; service.forecast.detectors 0          |
 * | its ramp         | service.breaker.ramp_interval_ns 0                                      |
 * | retry            | service.max_retries 0; backoff.base_ns 0; backoff.jitter_ppm 0          |
 * | secondary nodes  | service.choice SERVICE_CHOOSE_PRIMARY                                   |
 * | node ejection    | service.health: eject_after 0 and outlier_ppm 0                         |
 * | parallel         | service.parallel_max 1                                                  |
 * | hedge            | service.hedge.is_enabled false                                          |
 * | abandon early    | service.abandon_below_ppm 0                                             |
 * | token buckets    | ..._budget.is_unlimited                                                 |
 * | timeout          | service.deadline.terms 0; operation_timeout_ns UINT64_MAX               |
 * | fallback         | service.breaker.fallback 0                                              |
 * | throttle         | service.throttle.enabled false; its ramp: both ramps 0                  |
 * | modes            | mode.modes: NORMAL only; each other one by its bit                      |
 * | tuning           | tuning.rule[].automatic false                                           |
 *
 * Processing and recovery are executed by whoever runs components; their options are only values
 * here. Plain bytes, no pointers; read once, then const.
 */
#ifndef RESILIENCE_OPTIONS_H
#define RESILIENCE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/mode.h"
#include "resilience/mode_table.h"
#include "resilience/service.h"
#include "resilience/tuning.h"

enum processing_order {
	PROCESSING_SEQUENTIAL,   /* the next event when all operations of this one have ended */
	PROCESSING_ASYNCHRONOUS, /* operations are under way while further events are processed */
};

/* How a component's events are worked off. */
struct processing_options {
	uint32_t batch;           /* events that are taken from a queue at a time; 1: one by one */
	uint32_t segments_min;    /* that each queue keeps; 1 or more */
	uint32_t segments_max;    /* equal: fixed queues; greater: elastic ones */
	uint32_t parallelism_min; /* events at a time; 1 or more */
	uint32_t parallelism_max; /* equal: fixed; greater: follows the load */
	uint8_t order;            /* enum processing_order */
	bool waits_unbounded;     /* operations have no deadline: each is awaited, however long */
	bool has_priorities;      /* events of an earlier class go first */
};

enum recovery_checkpoint {
	RECOVERY_NONE,         /* no checkpoints */
	RECOVERY_FULL,         /* all of the state each time */
	RECOVERY_DIFFERENTIAL, /* what has changed */
};

/* How a dead component comes back. */
struct recovery_options {
	uint64_t interval_ns; /* between two checkpoints, before the mode's factor */
	uint8_t checkpoint;   /* enum recovery_checkpoint */
	bool is_compressed;
	bool has_replica;    /* a partner holds the images too */
	bool critical_first; /* images are taken and components restored in order of class */
	bool may_replay;     /* without an image by its log from the start; false: it is lost */
};

#define RESILIENCE_INVARIANTS            10u
#define RESILIENCE_INVARIANT_BIT(number) (1u << ((number)-1)) /* from 1, docs/invariants.md */

struct resilience_options {
	struct service_options service; /* of every service that does not say otherwise */
	struct mode_options mode;
	struct mode_policy policy;
	struct tuning_options tuning; /* rule[].initial follows the options that it tunes */
	struct processing_options processing;
	struct recovery_options recovery;
	uint32_t invariants_given_up; /* RESILIENCE_INVARIANT_BIT()s: breaking them is a result */
	bool tuning_is_frozen;        /* nothing is tuned or learned for tuning */
};

#endif
