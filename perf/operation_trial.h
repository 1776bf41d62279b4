/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Operation trial: a caller with a made-up service, on a virtual clock. Operations are submitted at
 * random times, attempts go through a sender that needs its time for each, nodes answer after
 * random times, refuse, lose, or are mute for a while. What becomes of the operations is counted
 * and timed. The same seed gives the same answer everywhere; nothing here measures the machine.
 *
 * What a node does with the n-th operation's k-th attempt is drawn from the seed, n and k alone, so
 * that trials with other options meet the same fate as far as they ask alike.
 */
#ifndef PERF_OPERATION_TRIAL_H
#define PERF_OPERATION_TRIAL_H

#include <stdint.h>

#include "perf/distribution.h"
#include "resilience/operation.h"

#define OPERATION_TRIAL_LIVE_MAX 8192u

struct operation_trial_node {
	struct distribution latency;
	uint32_t refuse_ppm;
	uint32_t lose_ppm;
	uint64_t mute_from_ns; /* since the start: takes requests and never answers */
	uint64_t mute_until_ns;
	uint64_t refuse_from_ns; /* since the start: answers no, at once */
	uint64_t refuse_until_ns;
};

struct operation_trial_options {
	struct service_options service;
	struct operation_trial_node nodes[SERVICE_NODES_MAX];
	uint64_t operations;
	uint64_t interval_ns; /* between submissions, on average */
	uint64_t time_ns;     /* an operation has */
	uint64_t send_ns;     /* the sender needs for each attempt; 0: none */
	uint64_t tick_ns;
	uint64_t seed;
	enum mode_id mode;
	uint8_t class;
	uint8_t repeat; /* enum operation_repeat */
	bool fallback;
};

struct operation_trial_result {
	uint64_t ended[OPERATION_OUTCOMES]; /* verdicts included: rejected, fallback, abandoned */
	uint64_t requests;                  /* that left the sender */
	uint64_t requests_in_outage;        /* of these: to a node that was mute or refusing */
	uint64_t q50_ns;                    /* of successes, from submission */
	uint64_t q99_ns;
	uint64_t q999_ns;
	uint64_t slot_ns; /* attempts' slots, held, over all */
	struct operation_stats stats;
	struct breaker_counters breaker;
	struct health_counters health;
	uint64_t hash;
};

/* The report's figures with everything on, at `second_ns`, three nodes that answer after a tenth
 * of a second; 2,000 operations. */
void operation_trial_standard(struct operation_trial_options *o, uint64_t second_ns);

/* Allocates what it needs. 0, -EINVAL or -ENOMEM. */
int operation_trial_run(const struct operation_trial_options *o, struct operation_trial_result *r);

static inline double operation_trial_success(const struct operation_trial_options *o,
                                             const struct operation_trial_result *r)
{
	return (double)r->ended[OPERATION_SUCCESS] / (double)o->operations;
}

#endif
