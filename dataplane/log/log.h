/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Log: single producer, many consumers, append-only; the arbitrated in-order stream of one feed.
 *
 * The feed's receive core is the only writer. Everything else is a cursor. Offsets are bytes since
 * the log began and only grow; a directory ring maps offset >> 21 to a segment. Three ranks of
 * claims on old segments: LIVE is never revoked (docs/feeds.md, "Overload", says why); IMAGE may be
 * revoked; FOLLOWER has no claim at all and is told what it missed (follower.h).
 *
 * Old segments stay readable up to the floor and are written over only when the next one is needed.
 * While claims hold more than the floor the log grows by borrowing from the pool, up to its
 * ceiling; it gives back what no claim holds when it needs its next segment, and in
 * log_writer_trim().
 *
 * Memory order: the writer fills a record with plain stores, then publishes `head` with release; a
 * cursor loads `head` with acquire, which makes every byte before it visible. A cursor publishes
 * its own position with release; the writer loads it with acquire before it reuses a segment, so
 * the cursor's reads are done by then. `tail` is stored, followed by a seq_cst fence, before any
 * byte of the old segment is overwritten; followers re-check it after copying.
 *
 * Writer's thread: log_writer_*. One core per cursor. No syscall, no allocation, no lock.
 */
#ifndef DATAPLANE_LOG_LOG_H
#define DATAPLANE_LOG_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/log/record.h"
#include "dataplane/log/segment.h"

#define LOG_CURSORS_MAX  128u
#define LOG_SEGMENTS_MAX 65536u /* directory entries: 128 GiB of log in flight */
#define LOG_RECORD_PAYLOAD_MAX \
	65544u /* a block of the longest message there can be, 2 + 65535 bytes */

enum log_claim { LOG_CLAIM_FREE, LOG_CLAIM_LIVE, LOG_CLAIM_IMAGE };

struct log_cursor_slot { /* one cache line, written by the cursor's owner only (claim: also by
	                    control) */
	_Atomic uint64_t position; /* free slots and those being claimed: 0, "holds everything" */
	_Atomic uint32_t claim;    /* enum log_claim */
	uint32_t reserved;
	_Atomic uint64_t revoked; /* IMAGE: 1 when the writer took the claim away */
	uint8_t pad[40];
};

struct log_control { /* shared memory, position-independent */
	uint64_t magic;
	uint32_t segments_max; /* directory entries, a power of two */
	uint32_t log_id;
	uint32_t user; /* the writer's, in the pool: owner in its segments' headers */
	uint8_t pad0[44];
	_Atomic uint64_t head; /* writer: bytes published */
	/* Writer, before the head: what the record at its end leads to. For display: how many
	 * messages a cursor is behind. */
	_Atomic uint64_t head_sequence;
	_Atomic uint32_t head_epoch;
	uint8_t pad1[44];
	_Atomic uint64_t tail; /* writer: oldest byte still held */
	_Atomic uint64_t dropped_appends;
	uint8_t pad2[48];
	struct log_cursor_slot cursors[LOG_CURSORS_MAX];
	_Atomic uint32_t
	        directory[]; /* (offset >> SEGMENT_SHIFT) & (segments_max - 1) -> segment */
};

struct log { /* process-local handle: writer, cursors and followers each have a copy */
	struct log_control *control;
	struct segment_pool *pool;
	uint32_t mask;
};

struct log_options {
	uint32_t log_id;
	uint32_t segments_min; /* floor in the pool, at least 2 */
	uint32_t segments_max; /* ceiling, rounded up to a power of two for the directory */
};

struct log_stats { /* writer's counters */
	uint64_t records;
	uint64_t bytes;
	uint64_t segments_taken;
	uint64_t segments_given;
	uint64_t append_refused; /* no segment: pool dry or ceiling reached */
	uint64_t claims_revoked;
	uint64_t segments_held; /* gauge */
};

struct log_writer {
	struct log log;
	struct log_stats stats;
	uint64_t write_offset; /* next byte; >= committed */
	uint64_t tail;         /* a multiple of SEGMENT_BYTES */
	uint64_t committed;    /* end of the last record: what publish makes the head */
	uint64_t published;    /* the head others see */
	uint64_t sequence;     /* next one after the last record */
	uint32_t epoch;        /* of the last record */
	uint8_t *segment_end;  /* end of the current segment */
	uint8_t *write;        /* address of write_offset; NULL before the first segment */
	uint32_t user;         /* in the pool */
	uint32_t segments_min;
	uint32_t reserved_bytes; /* by the last reserve, not yet committed */
	bool dirty;              /* something to publish */
};

uint64_t log_control_bytes(uint32_t segments_max);
/* Formats zeroed control memory and registers with the pool. 0, -EINVAL, -ENOSPC (floors), -EMFILE
 * (users of the pool). */
int log_writer_init(struct log_writer *w, void *control, uint64_t bytes, struct segment_pool *pool,
                    const struct log_options *o);
/* 0, or -EPROTO. */
int log_attach(struct log *l, void *control, uint64_t bytes, struct segment_pool *pool);

/* Room for one record of payload_bytes (<= LOG_RECORD_PAYLOAD_MAX): the caller fills header and
 * payload, then commits. NULL: no segment can be had; counted, nothing blocks. May be called again
 * without a commit (the former is forgotten). */
struct record *log_writer_reserve(struct log_writer *w, uint32_t payload_bytes);
/* r->payload_bytes must be what was reserved, or less; sets r->bytes and zeroes the padding. */
void log_writer_commit(struct log_writer *w, struct record *r);
/* Release store of the head; once per burst. */
void log_writer_publish(struct log_writer *w);
/* For quiet turns: gives back what is above the floor and no claim holds. A compare when there is
 * nothing above the floor, else a look at all claims. */
void log_writer_trim(struct log_writer *w);

/* Any core, while the writer runs. Returns the slot or -EMFILE. Starts at the head (from_tail: at
 * the oldest byte held). What lies from the slot's position on stays until the owner moves it. To
 * start in between, at a place that another claim still holds: register from the tail, then
 * cursor_seek() to it. */
int log_cursor_register(struct log *l, enum log_claim claim, bool from_tail);
void log_cursor_unregister(struct log *l, uint32_t slot);

/* The LIVE claim furthest behind the head and its distance; LOG_CURSORS_MAX: there is none. For
 * display. */
uint32_t log_slowest(const struct log *l, uint64_t *lag_bytes);

/* Owner of an IMAGE claim: moves it forward, to the older image's position. */
static inline void log_claim_move(struct log *l, uint32_t slot, uint64_t position)
{
	/* Release: pairs with the writer's acquire before it reuses a segment. */
	atomic_store_explicit(&l->control->cursors[slot].position, position, memory_order_release);
}

/* True once the writer has taken an IMAGE claim away; what lies before the tail is gone. The owner
 * unregisters and registers anew. */
static inline bool log_claim_revoked(const struct log *l, uint32_t slot)
{
	return atomic_load_explicit(&l->control->cursors[slot].revoked, memory_order_acquire) != 0;
}

static inline uint64_t log_head(const struct log *l)
{
	return atomic_load_explicit(&l->control->head, memory_order_acquire);
}

/* Sequence numbers from `sequence` of `epoch` to the head; of the head's session only, where that
 * is a later one. */
static inline uint64_t log_messages_behind(const struct log *l, uint32_t epoch, uint64_t sequence)
{
	const struct log_control *c = l->control;
	uint64_t head = atomic_load_explicit(&c->head_sequence, memory_order_relaxed);

	if (atomic_load_explicit(&c->head_epoch, memory_order_relaxed) != epoch)
		sequence = 1;
	return head > sequence ? head - sequence : 0;
}

static inline uint64_t log_tail(const struct log *l)
{
	return atomic_load_explicit(&l->control->tail, memory_order_acquire);
}

/* Where the record at or after `position` begins: behind a segment's header, or in the next segment
 * when no record fits before the end of this one. */
static inline uint64_t log_record_position(uint64_t position)
{
	uint64_t in = position & (SEGMENT_BYTES - 1);

	if (in + sizeof(struct record) > SEGMENT_BYTES)
		return position - in + SEGMENT_BYTES + SEGMENT_FIRST_RECORD;
	return in == 0 ? position + SEGMENT_FIRST_RECORD : position;
}

static inline uint8_t *log_address(const struct log *l, uint64_t offset)
{
	uint32_t s = atomic_load_explicit(
	        &l->control->directory[(offset >> SEGMENT_SHIFT) & l->mask], memory_order_relaxed);

	return segment_at(l->pool, s) + (offset & (SEGMENT_BYTES - 1));
}

#endif
