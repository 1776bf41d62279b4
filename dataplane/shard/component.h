/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Component: what a user plugs into the engine. A book is one; strategies stand on top of it.
 *
 * A component lives in a group: one book set and the components that depend on it, of one class
 * (critical or normal), on one shard, in one region. It is called synchronously, in sequence order,
 * each message at most once. Its state is the block `state`, given to it zeroed, inside the group's
 * region: no pointers in it, and every write is marked (component_mark), so that it can be
 * checkpointed, moved and compared byte by byte. State may depend on sequence and message bytes
 * only: no clock, no randomness, no addresses. Callbacks must not block, allocate or make system
 * calls.
 *
 * A strategy is a shared object that exports `const struct component_ops genesis_component`; a
 * configuration names it (docs/components.md shows VWAP per symbol). This header and what it
 * includes are its whole interface; the functions of book.h that only read are there for it too.
 */
#ifndef DATAPLANE_SHARD_COMPONENT_H
#define DATAPLANE_SHARD_COMPONENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "dataplane/book/book.h"
#include "dataplane/memory/region.h"

#define COMPONENT_ABI         2u
#define COMPONENT_VALUES_MAX  8u
#define COMPONENT_DEPENDS_MAX 4u

enum component_verdict {
	COMPONENT_OK,
	COMPONENT_FAILED, /* its state can no longer be trusted: the group is quarantined, counted,
	                     shown */
};

/* Settings from the configuration, text as written there; the component parses and checks its own.
 */
struct component_setting {
	const char *key;
	const char *value;
};

struct component_settings {
	const char *name; /* of this component in the configuration */
	const struct component_setting *items;
	uint32_t count;
};

/* NULL when absent. */
const char *component_setting(const struct component_settings *s, const char *key);

struct component_context {
	void *state;
	const struct component_settings *settings;
	const struct book_set *books; /* the group's */
	struct region *region;
	uint64_t values[COMPONENT_VALUES_MAX]; /* published with the counters; labels in
	                                          component_ops.values */
	uint32_t symbols_max;                  /* slots are 0 .. symbols_max - 1 */
};

static inline void component_mark(struct component_context *c, const void *p, uint64_t bytes)
{
	region_mark_range(c->region, p, bytes);
}

struct component_message { /* a raw message of one of the group's symbols, or a feed-wide one (slot
	                      BOOK_NONE) */
	const uint8_t *bytes;
	uint32_t length;
	uint32_t slot;
	uint32_t epoch;
	uint32_t reserved;
	uint64_t sequence;
};

enum component_event_kind {
	COMPONENT_GAP,   /* [sequence, sequence + missing) will not come: books may be wrong */
	COMPONENT_RESET, /* a new session begins: books are empty */
	COMPONENT_END,   /* the exchange ended the session */
};

struct component_event {
	uint8_t kind; /* enum component_event_kind */
	uint32_t epoch;
	uint64_t sequence;
	uint64_t missing;
};

struct component_value { /* names one of context->values */
	const char *id;
	const char *unit;
	const char *help;
};

struct component_ops {
	uint32_t abi;                                  /* COMPONENT_ABI */
	const char *name;                              /* type name, "vwap" */
	const char *help;                              /* one line */
	const char *depends_on[COMPONENT_DEPENDS_MAX]; /* type names; must stand before it in the
	                                                  same group */
	struct component_value values[COMPONENT_VALUES_MAX];

	/* Bytes of state for these settings. 0 with *error set (static text) when the settings are
	 * wrong. */
	uint64_t (*state_bytes)(const struct component_settings *s, uint32_t symbols_max,
	                        const char **error);
	/* Before the loops start; 0 or -errno. May be NULL. */
	int (*start)(struct component_context *c);
	/* After the group's book applied a message and something changed. May be NULL. */
	enum component_verdict (*on_book_change)(struct component_context *c,
	                                         const struct book_change *change);
	/* Every message of the group's symbols, after the book. May be NULL. */
	enum component_verdict (*on_message)(struct component_context *c,
	                                     const struct component_message *m);
	/* GAP, RESET, END. May be NULL. */
	enum component_verdict (*on_event)(struct component_context *c,
	                                   const struct component_event *e);
	/* Writes a report in CSV, first line the header; called by the control side when the group
	 * is at rest. May be NULL. */
	void (*report)(const struct component_context *c, FILE *out);
};

#endif
