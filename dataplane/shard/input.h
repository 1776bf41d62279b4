/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Input log: what the components of a shard consumed besides their feeds, in a small log of the
 * same format as a feed's (docs/formats/log.md), with other kinds of records. Only shards whose
 * components have inputs have one.
 *
 * Picture a diary. In a turn the shard first hands over what came for its components (REPLY, TIMER,
 * COMMAND), each written down before, then moves them along their feeds, and closes the page with a
 * TURN: what time it was, and how far each group went. Only then may requests leave, and each is
 * written down (SENT) before it does. Who reads the diary from an image's page on and does the same
 * again comes to the same state, byte for byte, and knows of every request whether it may have
 * left:
 *
 *     SENT and REPLY   the reply is in the diary: nothing is asked
 *     SENT alone       it may have reached a node: asked again if it may be repeated, else UNKNOWN
 *     neither          it never left: it is asked as if for the first time
 *
 * A page without its TURN is of a turn that did not end: nothing of it left the process, so that
 * how its groups went on from there is free.
 *
 * In the header of a record: first_sequence is the turn's number, from 1; time_ns its now; interest
 * all bits; count, epoch 0.
 *
 * Pure; one owner, the shard's.
 */
#ifndef DATAPLANE_SHARD_INPUT_H
#define DATAPLANE_SHARD_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/log/log.h"
#include "dataplane/shard/component.h"

enum input_kind { /* besides enum record_kind: PAD means the same, the others are no feed's */
	          INPUT_TURN = 16,
	          INPUT_REPLY,
	          INPUT_TIMER,
	          INPUT_COMMAND,
	          INPUT_SENT,
};

#define INPUT_KINDS 5u

struct input_place { /* a component: group of the shard, component of the group */
	uint32_t group;
	uint32_t component;
};

struct input_position {    /* of a group, when the turn ended */
	uint64_t offset;   /* in its feed's log */
	uint64_t sequence; /* next one to apply */
	uint32_t epoch;
	uint32_t group;
};

struct input_turn {
	uint32_t count; /* of positions behind it: groups with inputs that have moved */
	uint32_t reserved;
};

struct input_reply { /* the payload behind it */
	struct input_place place;
	uint64_t number;
	uint32_t slot;
	uint32_t payload_bytes;
	uint16_t code;
	uint8_t outcome; /* enum component_outcome */
	uint8_t reserved[5];
};

struct input_timer {
	struct input_place place;
	uint32_t timer;
	uint32_t reserved;
};

struct input_command { /* the bytes behind it */
	struct input_place place;
	uint32_t bytes;
	uint32_t reserved;
};

struct input_sent {
	struct input_place place;
	uint64_t number;
	uint32_t slot;
	uint32_t reserved;
};

static_assert(sizeof(struct input_position) == 24, "the log's format");
static_assert(sizeof(struct input_turn) == 8, "the log's format");
static_assert(sizeof(struct input_reply) == 32, "the log's format");
static_assert(sizeof(struct input_timer) == 16, "the log's format");
static_assert(sizeof(struct input_command) == 16, "the log's format");
static_assert(sizeof(struct input_sent) == 24, "the log's format");

struct input_stats {
	uint64_t records[INPUT_KINDS]; /* by kind - INPUT_TURN */
	uint64_t refused;              /* the log had no room: what was to be written waits */
};

struct input_log {
	struct log_writer *writer;
	struct input_stats stats;
	uint64_t turn; /* number of the present one */
	uint64_t now_ns;
	bool is_open; /* something was written in this turn */
};

/* The log goes on after `turn` turns; 0: it is new. */
void input_log_init(struct input_log *l, struct log_writer *writer, uint64_t turn);
void input_log_begin(struct input_log *l, uint64_t now_ns);

/* False: no room in the log now; nothing was written, and what it is about must wait. */
bool input_log_reply(struct input_log *l, const struct input_reply *r, const uint8_t *payload);
bool input_log_timer(struct input_log *l, const struct input_timer *t);
bool input_log_command(struct input_log *l, const struct input_command *c, const uint8_t *bytes);
bool input_log_sent(struct input_log *l, const struct input_sent *s);
/* Ends the turn. */
bool input_log_turn(struct input_log *l, const struct input_position *positions, uint32_t count);

static inline void input_log_publish(struct input_log *l)
{
	log_writer_publish(l->writer);
}

/* ---- reading ---- */

struct input { /* a record, taken apart; points into it */
	uint64_t turn;
	uint64_t now_ns;
	enum input_kind kind;
	union {
		struct {
			const struct input_position *positions;
			uint32_t count;
		} turn_end;
		struct input_reply reply;
		struct input_timer timer;
		struct input_command command;
		struct input_sent sent;
	} of;
	const uint8_t *bytes; /* REPLY, COMMAND */
};

/* False: it is none of these, or does not hold what it says. */
bool input_parse(const struct record *r, struct input *out);

#endif
