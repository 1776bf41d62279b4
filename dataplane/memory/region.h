/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Region: one block of state that can be copied, saved and mapped again anywhere.
 *
 * Everything a group, a directory or an arbiter must not lose lives in a region: indices and
 * offsets, never pointers, padding zeroed, so that equal input gives equal bytes and a recovery
 * test is a memcmp. The handle below is private to the process; only base[0..bytes) is state.
 * Whoever writes to a page marks it: page_epoch[page] becomes the region's current epoch, and a
 * checkpoint copies the pages marked since its last cut. Marking is a store, no syscall, no branch.
 *
 * Rooms never allocate: the memory (2 MiB pages where they exist) and the page_epoch array are
 * given by app/. Thread rule: one owner; others may read base[] only under the rules of
 * book_read.h.
 */
#ifndef DATAPLANE_MEMORY_REGION_H
#define DATAPLANE_MEMORY_REGION_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define REGION_PAGE_BYTES 4096u
#define REGION_PAGE_SHIFT 12u

struct region {
	uint8_t *base;       /* REGION_PAGE_BYTES aligned, zeroed by the giver */
	uint64_t bytes;      /* multiple of REGION_PAGE_BYTES */
	uint8_t *page_epoch; /* bytes / REGION_PAGE_BYTES bytes, outside the region */
	uint64_t used_bytes; /* handed out by region_place() */
	uint8_t epoch;       /* value that region_mark() stores; moved by checkpoints only */
};

/* Takes over the memory. 0, or -EINVAL when base or bytes are not page aligned. The epoch starts at
 * 1 (0 = never written). */
int region_init(struct region *r, void *base, uint64_t bytes, uint8_t *page_epoch);

/* Hands out the next `bytes` at `align` (a power of two); only while starting. Returns the offset,
 * or UINT64_MAX: full. */
uint64_t region_place(struct region *r, uint64_t bytes, uint64_t align);

static inline void *region_at(const struct region *r, uint64_t offset)
{
	return r->base + offset;
}

/* To be called before or after every write to an object that never crosses a page, on the same
 * turn.
 */
static inline void region_mark_one(struct region *r, const void *p)
{
	uint64_t offset = (uint64_t)((const uint8_t *)p - r->base);

	r->page_epoch[offset >> REGION_PAGE_SHIFT] = r->epoch;
}

/* The same for [p, p + bytes), up to a page. */
static inline void region_mark(struct region *r, const void *p, uint64_t bytes)
{
	uint64_t offset = (uint64_t)((const uint8_t *)p - r->base);
	uint64_t first = offset >> REGION_PAGE_SHIFT;
	uint64_t last = (offset + bytes - 1) >> REGION_PAGE_SHIFT;

	r->page_epoch[first] = r->epoch;
	r->page_epoch[last] =
	        r->epoch; /* objects are smaller than a page; larger ones use region_mark_range() */
}

/* As region_mark(), for ranges longer than a page. */
void region_mark_range(struct region *r, const void *p, uint64_t bytes);

#endif
