/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Queue: what is still to happen in a world of chaos, by time; what comes at the same time comes in
 * the order in which it was put in. A binary heap that grows as it needs.
 */
#ifndef APP_CHAOS_QUEUE_H
#define APP_CHAOS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

enum chaos_happening {
	CHAOS_BURST,    /* a: load; token: its bursts so far */
	CHAOS_LINE,     /* a: component, b: line, token: event, value: its arrival */
	CHAOS_TURN,     /* a: core */
	CHAOS_TURN_END, /* a: core */
	CHAOS_REPLY,    /* a: core, b: node and whether it is good, token: the attempt's */
	CHAOS_REQUEST, /* a: component, b: node, class and core of who asks, token: the attempt's */
	CHAOS_POLL,    /* a: core */
	CHAOS_KILL,    /* a: component, b: times still to be killed */
	CHAOS_RESTART, /* a: core */
	CHAOS_CONTROL,
	CHAOS_PACKET, /* the day's next one */
};

struct chaos_event {
	uint64_t time_ns;
	uint64_t order;
	uint64_t token;
	uint64_t value_ns;
	uint64_t sequence;
	uint32_t a;
	uint32_t b;
	uint32_t kind; /* enum chaos_happening */
	uint32_t service;
};

struct chaos_queue {
	struct chaos_event *events;
	uint64_t count;
	uint64_t capacity;
	uint64_t order; /* of the next one */
	bool failed;    /* out of memory: something was lost */
};

void chaos_queue_init(struct chaos_queue *q);
void chaos_queue_finish(struct chaos_queue *q);
/* e->order is set here. */
void chaos_queue_put(struct chaos_queue *q, const struct chaos_event *e);
/* False: nothing is left. */
bool chaos_queue_take(struct chaos_queue *q, struct chaos_event *out);

#endif
