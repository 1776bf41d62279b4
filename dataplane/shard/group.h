/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Group: a book set and the components on top of it; the unit of position, checkpoint, quarantine,
 * adoption and move. One class, one shard, one region. Which symbols it takes is said by its
 * selector.
 */
#ifndef DATAPLANE_SHARD_GROUP_H
#define DATAPLANE_SHARD_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/book/book.h"
#include "dataplane/memory/region.h"
#include "dataplane/shard/component.h"

#define GROUP_COMPONENTS_MAX 16u

enum group_class { CLASS_CRITICAL, CLASS_NORMAL };

enum selector_kind {
	SELECT_ALL,
	SELECT_LIST,    /* names[count] */
	SELECT_PATTERN, /* shell pattern on the trimmed symbol: "A*", "[A-M]*", "?" */
	SELECT_HASH,    /* symbol_hash(name) % parts == part */
};

struct selector {
	enum selector_kind kind;
	const uint64_t *names;
	uint32_t name_count;
	uint32_t part;
	uint32_t parts;
	const char *pattern;
};

bool selector_matches(const struct selector *s, uint64_t symbol);

enum group_state {
	GROUP_ATTACHED,    /* moved by its class's cursor */
	GROUP_DETACHED,    /* waits for, or is moved by, the catch-up cursor */
	GROUP_QUARANTINED, /* a component failed: not moved until restored */
};

struct group_component {
	const struct component_ops *ops;
	const struct component_settings *settings;
};

struct group_options {
	const char *name;
	uint32_t feed; /* index in the shard's feeds */
	enum group_class class;
	struct selector selector;
	struct book_options books;
	const struct group_component
	        *components; /* in order of dependence; the book itself is not listed */
	uint32_t component_count;
	const char *const *services; /* that its components may ask; the caller's */
	uint32_t service_count;
};

struct group_stats {
	uint64_t messages;
	uint64_t book_changes;
	uint64_t detached_times;
	uint64_t failures;
	uint64_t caught_up_messages;
};

struct group {
	struct group_options options;
	struct region region;
	struct book_set books;
	struct component_context contexts[GROUP_COMPONENTS_MAX];
	struct group_stats stats;
	enum group_state state;
	uint64_t offset;   /* log offset of the next record, while not attached */
	uint64_t sequence; /* next sequence to apply, while not attached */
	uint32_t epoch;
};

/* Region bytes the group needs; 0 with *error (static text) set when a component refuses its
 * settings. */
uint64_t group_bytes(const struct group_options *o, const char **error);
/* Checks dependencies, places books and component states, starts components. 0, -EINVAL with *error
 * set, -ENOSPC. */
int group_init(struct group *g, const struct group_options *o, void *base, uint64_t bytes,
               uint8_t *page_epoch, const char **error);

/* Its state is gone: the region as it was given, everything placed and started anew. What it is
 * told in options, and what was counted of it, stays; so do state and position, which are its
 * shard's (shard_restart()). 0 or as group_init(). */
int group_restart(struct group *g, const char **error);

/* Hands a change, message or event to the components in order; false: one failed (the group is then
 * quarantined). */
bool group_on_change(struct group *g, const struct book_change *c);
bool group_on_message(struct group *g, const struct component_message *m);
bool group_on_event(struct group *g, const struct component_event *e);

/* Some component of it has inputs. */
bool group_has_inputs(const struct group_options *o);

#endif
