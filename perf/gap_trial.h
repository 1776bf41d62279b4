/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Gap trial: a feed of two lines that lose packets, one by itself or both at the same place, and
 * re-request servers that answer late, in part, twice, wrongly or not at all, on a virtual clock.
 * Between them stand the real arbiter, log, ladder, operations and service. The same seed gives the
 * same answer everywhere; nothing here measures the machine.
 *
 * Whatever happens is checked all the way: messages come out of the log once, in order and with
 * their bytes; what does not is in a GAP; the stream never waits longer than it may; asks are as
 * few as allowed, and for nothing that is there.
 */
#ifndef PERF_GAP_TRIAL_H
#define PERF_GAP_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/ladder.h"
#include "perf/distribution.h"
#include "resilience/operation.h"

struct gap_trial_node {
	struct distribution latency;
	uint32_t lose_ppm;      /* of requests */
	uint32_t partial_ppm;   /* replies that hold fewer messages than they could */
	uint32_t duplicate_ppm; /* replies that come twice */
	uint32_t wrong_ppm;     /* replies of another range, another session, or with too many */
	uint64_t mute_from_ns;  /* since the start: takes requests and never answers */
	uint64_t mute_until_ns;
};

struct gap_trial_options {
	struct service_options service; /* nodes: how many of those below */
	struct gap_trial_node nodes[SERVICE_NODES_MAX];
	struct ladder_options ladder;
	uint64_t packets; /* on each line */
	uint64_t interval_ns;
	uint64_t skew_ns;   /* of the second line, +- half of it */
	uint64_t join_late; /* messages sent before the feed is joined; asked from the first on */
	uint64_t storm_at; /* packet at which the second line claims 2^40 messages more; 0: never */
	uint64_t gap_every; /* packets; 0: both lines never lose the same on purpose */
	uint64_t tick_ns;
	uint64_t seed;
	uint32_t gap_packets_max; /* lost in a row on both lines: 1 to that */
	uint32_t long_every;      /* so many gaps, one is of long_packets; 0: none */
	uint32_t long_packets;
	uint32_t lose_ppm;     /* of each line's packets, by itself */
	uint32_t messages_max; /* in a packet: 1 to that */
	uint32_t reply_bytes;  /* of messages that fit a reply */
	uint32_t parking_segments;
};

struct gap_trial_result {
	uint64_t messages;  /* sent by the exchange */
	uint64_t joined;    /* sequence from which on the feed was joined */
	uint64_t delivered; /* by the log, in order and whole */
	uint64_t lost;      /* in GAP records */
	uint64_t gaps;      /* that both lines lost on purpose */
	uint64_t measured;  /* of these: healed by servers, after the first ejection of a node if
	                       one is dead from the start on */
	uint64_t q50_ns;    /* of these, from the first request to the last missing message */
	uint64_t q99_ns;
	uint64_t max_ns;
	uint64_t requests;     /* sent to nodes from then on */
	uint64_t asks;         /* operations accepted from then on */
	uint64_t requests_all; /* from the beginning on */
	uint64_t asks_all;
	uint64_t last_lost_ns; /* since the start: when something was last given up */
	uint64_t wait_max_ns;  /* that the stream waited for a missing message */
	uint64_t parking_bytes_max;
	uint64_t operations_max; /* under way */
	/* What must not be. */
	uint64_t disorder; /* messages twice, out of order or with other bytes */
	uint64_t overdue;  /* turns after which the stream waited longer than it may */
	uint64_t excess;   /* asks beyond those allowed at a time */
	uint64_t needless; /* messages asked for that were there */
	uint64_t left;     /* operations and missing messages at the end */
	struct ladder_stats ladder;
	struct arbiter_stats arbiter;
	struct operation_stats operations;
	struct breaker_counters breaker;
	struct health_counters health;
	uint64_t hash;
};

/* Round trips of 200 us with jitter; 1,000 gaps on both lines, one packet in 200 lost on each line
 * besides. Three servers: the first is dead, the second slow (five round trips), the third well. */
void gap_trial_standard(struct gap_trial_options *o);
/* A client of one server, asked again after a second: by configuration of the same machines. */
void gap_trial_fixed(struct gap_trial_options *o);

#define GAP_TRIAL_RTT_NS 200000u

/* Allocates what it needs. 0, -EINVAL or -ENOMEM. */
int gap_trial_run(const struct gap_trial_options *o, struct gap_trial_result *r);

#endif
