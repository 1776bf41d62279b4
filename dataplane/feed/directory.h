/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Directory: the symbols of one feed, name <-> small dense id.
 *
 * Append-only for the engine's life: an id, once given, means the same symbol in every session, so
 * shards may keep routes and boards by id. Ids are given in stream order by the log's writer, hence
 * equal on every machine for equal input. What is bound to a session (ITCH's locate -> symbol)
 * lives with each cursor (shard/feed_view.h), because cursors stand at different positions. Lives
 * in a region: open addressing, no pointers. A full directory refuses (counted), it never grows:
 * hostile symbols cannot exhaust memory.
 *
 * Thread rule: one writer (the feed's receive core); any reader. The entry's id is stored before
 * the release store of its name; readers load the name with acquire. Readers of the log see every
 * symbol of records before the head they acquired.
 */
#ifndef DATAPLANE_FEED_DIRECTORY_H
#define DATAPLANE_FEED_DIRECTORY_H

#include <stdatomic.h>
#include <stdint.h>

#include "dataplane/memory/region.h"

#define SYMBOL_NONE UINT32_MAX

/* A symbol is its 8 raw bytes as one little-endian word, right-padded with spaces, as in ITCH and
 * IEX. Blank (8 spaces) and zero are no symbols. */
#define SYMBOL_BLANK 0x2020202020202020ull

struct directory_entry {
	_Atomic uint64_t name; /* 0: free */
	uint32_t id;
	uint32_t reserved;
};

struct directory {
	struct region *region;
	struct directory_entry *entries; /* capacity a power of two, >= 2 x symbols_max */
	_Atomic uint64_t *names;         /* id -> name */
	_Atomic uint32_t *count;         /* in the region; release-stored after names[] */
	uint32_t mask;
	uint32_t symbols_max;
	uint64_t refused; /* writer's counter: symbols beyond symbols_max */
};

/* Bytes of region a directory of symbols_max symbols takes. */
uint64_t directory_bytes(uint32_t symbols_max);
/* Places the directory in the region. 0, -EINVAL, or -ENOSPC when the region is too small. */
int directory_init(struct directory *d, struct region *r, uint32_t symbols_max);

/* Where it stands in its region, for directory_attach(). */
static inline const void *directory_base(const struct directory *d)
{
	return d->count;
}
/* A reader's handle on a directory of symbols_max symbols whose base it has mapped; `bytes` are
 * mapped from there. 0 or -EPROTO. */
int directory_attach(struct directory *d, void *base, uint64_t bytes, uint32_t symbols_max);

/* Multiplicative hash; also gives IEX symbols their interest bit. Stable across machines and
 * releases. */
static inline uint64_t symbol_hash(uint64_t name)
{
	uint64_t h = name * 0x9e3779b97f4a7c15ull;

	return h ^ (h >> 32);
}

/* Any reader: the id, or SYMBOL_NONE. */
static inline uint32_t directory_find(const struct directory *d, uint64_t name)
{
	for (uint32_t i = (uint32_t)symbol_hash(name) & d->mask;; i = (i + 1) & d->mask) {
		uint64_t n = atomic_load_explicit(&d->entries[i].name, memory_order_acquire);

		if (n == 0)
			return SYMBOL_NONE; /* first, so that 0 itself finds no free entry */
		if (n == name)
			return d->entries[i].id;
	}
}

/* The writer: the id, given now if new; SYMBOL_NONE for blank, zero, or a full directory. *is_new
 * (may be NULL). */
uint32_t directory_learn(struct directory *d, uint64_t name, int *is_new);

static inline uint32_t directory_count(const struct directory *d)
{
	return atomic_load_explicit(d->count, memory_order_acquire);
}

/* The name of an id below directory_count(). */
static inline uint64_t directory_name(const struct directory *d, uint32_t id)
{
	return atomic_load_explicit(&d->names[id], memory_order_relaxed);
}

/* Writes the symbol trimmed on the right into text[9]; returns text. Non-printable bytes become
 * '?'. */
const char *symbol_text(uint64_t name, char text[9]);
/* From text (1-8 bytes); 0 when empty or too long. */
uint64_t symbol_from_text(const char *text);

#endif
