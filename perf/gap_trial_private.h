/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of the gap trial share: the exchange with its lines and log (gap_trial_feed.c),
 * the servers (gap_trial_node.c), and the caller between them (gap_trial.c).
 */
#ifndef PERF_GAP_TRIAL_PRIVATE_H
#define PERF_GAP_TRIAL_PRIVATE_H

#include "dataplane/log/cursor.h"
#include "dataplane/log/log.h"
#include "perf/gap_trial.h"
#include "resilience/prng.h"

#define TRIAL_EVENTS_MAX  (1u << 16)
#define TRIAL_OUTPUTS_MAX 256u
#define TRIAL_BLOCKS_MAX  65536u
#define TRIAL_LIVE_MAX    1024u /* operations */
#define TRIAL_SEGMENTS    48u

enum trial_what { TRIAL_PACKET, TRIAL_REPLY };

enum trial_wrong { TRIAL_RIGHT, TRIAL_OTHER_RANGE, TRIAL_OTHER_SESSION, TRIAL_TOO_MANY };

struct trial_event {
	uint64_t time_ns;
	uint64_t token; /* REPLY */
	uint64_t tag;
	uint64_t first; /* sequence */
	uint64_t asked; /* REPLY: messages, from `first` on */
	uint64_t claim; /* PACKET: a heartbeat's next sequence; 0: it is none */
	uint32_t count; /* messages in it */
	uint32_t order;
	uint8_t what; /* enum trial_what */
	uint8_t line;
	uint8_t node;
	uint8_t wrong; /* enum trial_wrong */
};

struct trial_gap { /* lost on both lines: [first, end) */
	uint64_t first;
	uint64_t end;
	uint64_t request_ns; /* 0: not asked */
	bool measured;
	bool lost;
};

struct trial_ask { /* of one of the ladder's slots */
	uint64_t tag;
	uint64_t first;
	uint64_t count;
};

struct trial {
	const struct gap_trial_options *options;
	struct gap_trial_result *result;
	uint64_t start_ns;
	uint64_t now_ns;
	/* The exchange. */
	struct prng random;
	uint64_t next_sequence;
	uint64_t packet;
	uint64_t lose_until; /* packet: both lines lose those below */
	struct trial_gap *gaps;
	uint64_t gap_at; /* the first one not yet settled */
	uint8_t *have;   /* a byte per sequence: it was given to the arbiter */
	uint64_t have_max;
	struct trial_event heap[TRIAL_EVENTS_MAX];
	uint32_t events;
	uint32_t order;
	uint8_t blocks[TRIAL_BLOCKS_MAX];
	/* The engine. */
	struct segment_pool pool;
	struct log_writer log;
	struct log_cursor cursor;
	uint64_t read_sequence; /* next one from the log */
	struct region region;
	struct message_scan *scan;
	struct arbiter arbiter;
	struct ladder ladder;
	struct operation_options table_options;
	struct service_state *state;
	struct service service;
	struct prng jitter;
	struct prng fate; /* of requests */
	struct operations table;
	struct operation_output items[TRIAL_OUTPUTS_MAX];
	struct operation_outputs out;
	struct operation operations[TRIAL_LIVE_MAX];
	struct operation_attempt attempts[3 * TRIAL_LIVE_MAX];
	struct trial_ask asks[LADDER_PIECES_MAX];
	uint64_t *samples; /* of healing */
};

/* ---- gap_trial_feed.c ---- */

extern const struct protocol trial_protocol;
/* Blocks of messages [first, first + count) into t->blocks; as many as fit `bytes` and the
 * buffer. */
struct feed_packet trial_build(struct trial *t, uint64_t first, uint32_t count, uint32_t bytes);
/* The exchange sends its next packet, at its time; the lines bring it or lose it. False: the day is
 * over. */
bool trial_send(struct trial *t);
uint64_t trial_send_ns(const struct trial *t);
/* Checks what has come out. */
void trial_read_log(struct trial *t);
void trial_give(struct trial *t, const struct feed_packet *p);

/* ---- gap_trial_node.c ---- */

void trial_add(struct trial *t, struct trial_event e);
struct trial_event trial_take(struct trial *t);
/* Whether servers that are dead from the start on have been found, if they can be. */
bool trial_measures(const struct trial *t);
/* A request leaves for its node. */
void trial_request(struct trial *t, const struct operation_output *s);
/* The packet that a reply brings. */
struct feed_packet trial_reply(struct trial *t, const struct trial_event *e);

#endif
