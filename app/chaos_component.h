/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Component of a world of chaos: a real shard with one group, whose book has a small component on
 * top of it (the asker). The asker's state is in the group's region and depends on the messages
 * only: how many, which, in what order. What an event asks for it puts into an outbox beside the
 * state, which the world empties.
 *
 * A component has lives. Death takes its shard, its region and its cursors; a next life begins with
 * nothing, at the oldest record that its feed's log holds, and what it does until it is where the
 * former life was is replay: state is rebuilt, nothing is asked twice. (Checkpoint images will
 * begin a life in between: chaos_component_begin() is the place.)
 */
#ifndef APP_CHAOS_COMPONENT_H
#define APP_CHAOS_COMPONENT_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chaos_feed.h"
#include "dataplane/shard/group.h"
#include "dataplane/shard/shard.h"

#define CHAOS_OUTBOX_MAX 64u

struct chaos_component_state { /* in the region */
	uint64_t events;
	uint64_t last_sequence;
	uint64_t digest; /* of which events came, in order */
	uint64_t gaps;
	uint64_t missing;
};

struct chaos_component {
	struct component_settings settings; /* first: how the asker finds the way here */
	struct group_component part;
	struct group group;
	struct group_options options;
	struct shard *shard; /* NULL: it is dead */
	const struct chaos_feed *feed;
	uint8_t *memory;
	uint64_t memory_bytes;
	uint64_t region_bytes;
	struct chaos_ask outbox[CHAOS_OUTBOX_MAX];
	uint32_t outbox_count;
	uint32_t index;
	uint64_t name;     /* its symbol */
	uint64_t disorder; /* messages that came twice or out of order */
	uint32_t lives;
	bool is_critical;
};

/* Begins a life at the oldest record there is. 0 or -errno. */
int chaos_component_begin(struct chaos_component *c, const struct chaos_feed *feed, uint32_t index,
                          bool is_critical);
/* Ends it; the state is gone. Harmless when dead. */
void chaos_component_end(struct chaos_component *c);
/* Moves on by records until at least one event is in the outbox or it is at the head. True: there
 * is one. */
bool chaos_component_step(struct chaos_component *c, uint64_t now_ns);
const struct chaos_component_state *chaos_component_state(const struct chaos_component *c);
/* Whether both have the same state, byte for byte. */
bool chaos_component_equal(const struct chaos_component *a, const struct chaos_component *b);
uint64_t chaos_component_hash(const struct chaos_component *c);

#endif
