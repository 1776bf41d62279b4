/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Segment pool: 2 MiB segments that all logs and the arbiters' parking share.
 *
 * Lives in one mapping (a named hugetlbfs file, so it survives the process): a control page, then
 * the segments. A segment begins with a header that says whose it is, so that ownership can be
 * rebuilt after a crash. Taking and giving back happen once per 2 MiB, by any core, without a lock:
 * a tagged stack of free indices (the tag defeats ABA). The holder may write to all of a segment,
 * its header too: the pool keeps its own books in the control page.
 *
 * Every user has a floor that is set aside for it and a ceiling it may not pass; between them,
 * first come, first served. Rules: sum of floors <= segments (checked at start).
 */
#ifndef DATAPLANE_LOG_SEGMENT_H
#define DATAPLANE_LOG_SEGMENT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#define SEGMENT_BYTES     (2u << 20)
#define SEGMENT_SHIFT     21u
#define SEGMENT_NONE      UINT32_MAX
#define SEGMENT_USERS_MAX 64u
#define SEGMENT_MAGIC     0x315f4745534e4547ull /* "GENSEG_1" */
#define SEGMENT_UNLINKED  UINT64_MAX /* base_offset of a segment that is no part of a log */

struct segment_header {
	uint64_t magic;
	uint32_t owner;       /* user id in the pool; SEGMENT_NONE: free */
	uint32_t generation;  /* +1 each time the segment is taken */
	uint64_t base_offset; /* log offset of the segment's first byte */
	uint64_t first_sequence;
	uint32_t epoch;
	uint32_t reserved[7];
};

static_assert(sizeof(struct segment_header) == 64, "one cache line; the log's format");

#define SEGMENT_FIRST_RECORD ((uint32_t)sizeof(struct segment_header))

struct segment_pool_control; /* in shared memory, segment.c */

struct segment_pool { /* process-local handle */
	struct segment_pool_control *control;
	uint8_t *segments;
	uint32_t count;
};

/* Bytes for a pool of `count` segments; the mapping must be 2 MiB aligned. The control page is a
 * whole 2 MiB page, of which 16 bytes per segment are used. */
uint64_t segment_pool_bytes(uint32_t count);
/* Formats zeroed memory. 0 or -EINVAL (alignment, bytes, or a count of 0 or beyond 130,804). */
int segment_pool_init(struct segment_pool *p, void *base, uint64_t bytes, uint32_t count);
/* Attaches to a formatted pool (a reader in another process). 0, or -EPROTO: not such a pool. */
int segment_pool_attach(struct segment_pool *p, void *base, uint64_t bytes);

/* Registers a user before the loops start. Returns its id, or -ENOSPC when floors exceed the pool,
 * -EINVAL, -EMFILE. */
int segment_pool_user(struct segment_pool *p, uint32_t floor, uint32_t ceiling);

/* Any core. SEGMENT_NONE when the user is at its ceiling or only other users' floors are left. */
uint32_t segment_take(struct segment_pool *p, uint32_t user);
void segment_give(struct segment_pool *p, uint32_t user, uint32_t segment);
/* The holder uses its segment afresh without going through the pool: next generation, unlinked. */
void segment_renew(struct segment_pool *p, uint32_t user, uint32_t segment);

static inline uint8_t *segment_at(const struct segment_pool *p, uint32_t segment)
{
	return p->segments + ((uint64_t)segment << SEGMENT_SHIFT);
}

/* For display: segments the user holds now, and the pool's free ones. */
uint32_t segment_pool_held(const struct segment_pool *p, uint32_t user);
uint32_t segment_pool_free(const struct segment_pool *p);

#endif
