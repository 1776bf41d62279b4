/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A component's inputs, as they stand in its group's region: its timers and its requests that are
 * under way, with all their bytes. So an image of the region knows what was asked and not yet
 * answered, and a replay from it comes to the same numbers in the same slots.
 *
 * Free slots are a list, last out first in: which one a request gets depends on the component's own
 * requests and replies alone. Indices, no pointers; unused bytes are zero.
 */
#ifndef DATAPLANE_SHARD_COMPONENT_INPUTS_H
#define DATAPLANE_SHARD_COMPONENT_INPUTS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/shard/component.h"

#define COMPONENT_SLOT_NONE UINT32_MAX

enum component_slot_state {
	COMPONENT_SLOT_FREE,
	COMPONENT_SLOT_ASKED, /* the shard's owner has not heard of it yet */
	COMPONENT_SLOT_SENT,  /* it may have reached a node (input.h, SENT) */
};

struct component_slot {
	uint64_t number; /* 0: free */
	uint64_t tag;
	uint64_t deadline_ns; /* UINT64_MAX: as the service says */
	uint64_t expected_ns;
	uint32_t next; /* while free */
	uint32_t service;
	uint32_t payload_bytes;
	uint8_t path_bytes;
	uint8_t state; /* enum component_slot_state */
	uint8_t method;
	uint8_t critical;
	uint8_t parallel_attempts;
	uint8_t max_retries;
	uint8_t latency_optimization;
	uint8_t fallback;
	uint8_t reserved[4];
	char path[COMPONENT_PATH_MAX];
	uint8_t payload[COMPONENT_BYTES_MAX];
};

static_assert(sizeof(struct component_slot) == 56 + COMPONENT_PATH_MAX + COMPONENT_BYTES_MAX,
              "no padding");
static_assert(COMPONENT_PATH_MAX <= UINT8_MAX, "a path's length is a byte");

struct component_inputs {
	uint64_t asked;                          /* requests so far */
	uint64_t timer_ns[COMPONENT_TIMERS_MAX]; /* UINT64_MAX: not armed */
	uint32_t slot_count;
	uint32_t free; /* first free slot */
	uint32_t open; /* slots in use */
	uint32_t reserved;
	struct component_slot slots[];
};

/* What the shard sees of its components' doings without looking at each: process-local. */
struct component_asked {
	uint32_t actor;
	uint32_t slot;
};

struct component_watch {
	uint64_t due_ns;               /* no timer is due before */
	struct component_asked *asked; /* requests that nobody has taken yet, in order */
	uint32_t asked_count;
	uint32_t asked_max; /* as many as there are slots */
};

static inline uint64_t component_inputs_bytes(uint32_t requests_max)
{
	return sizeof(struct component_inputs) +
	       (uint64_t)requests_max * sizeof(struct component_slot);
}

/* In zeroed memory of component_inputs_bytes(). */
void component_inputs_init(struct component_inputs *i, uint32_t requests_max);
/* The request is under way, in that slot. */
static inline bool component_inputs_has(const struct component_inputs *i, uint32_t slot,
                                        uint64_t number)
{
	return slot < i->slot_count && number != 0 && i->slots[slot].number == number;
}

/* It was sent; marks what it writes. */
void component_inputs_sent(struct component_context *c, uint32_t slot);
/* It has ended: the slot is free, its bytes are zero. */
void component_inputs_free(struct component_context *c, uint32_t slot);
void component_inputs_disarm(struct component_context *c, uint32_t timer);
/* The earliest of its timers; UINT64_MAX: none is armed. */
uint64_t component_inputs_due_ns(const struct component_inputs *i);

#endif
