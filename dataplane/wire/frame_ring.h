/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Frame ring: whole frames, copied, from one thread to another: bounded, no lock, no system call,
 * no allocation. For the rare frames that are not market data; what finds no room is dropped and
 * counted, nobody waits.
 *
 * Thread rule: one producer (push), one consumer (count, at, release). init: before either.
 */
#ifndef DATAPLANE_WIRE_FRAME_RING_H
#define DATAPLANE_WIRE_FRAME_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FRAME_RING_SLOTS_MAX 4096u

struct frame_slot {
	uint32_t bytes;
	uint8_t data[];
};

struct frame_ring {
	uint8_t *slots; /* constant after init, as the next two */
	uint32_t slot_bytes;
	uint32_t slot_count; /* a power of two */

	/* The producer's line. head is release-stored once the slot is filled; it pairs with the
	 * consumer's acquire load in frame_ring_count(). dropped is relaxed: a counter. */
	alignas(64) _Atomic uint64_t head;
	uint64_t tail_seen; /* the producer's last look at tail */
	_Atomic uint64_t dropped;

	/* The consumer's line. tail is release-stored once the slots were read; it pairs with the
	 * producer's acquire load in frame_ring_push(). */
	alignas(64) _Atomic uint64_t tail;
};

/* Memory for slot_count frames (a power of two up to FRAME_RING_SLOTS_MAX) of up to
 * frame_bytes_max.
 */
uint64_t frame_ring_bytes(uint32_t slot_count, uint32_t frame_bytes_max);
/* The caller keeps memory (8-byte aligned, frame_ring_bytes()) until both sides are done. */
void frame_ring_init(struct frame_ring *r, void *memory, uint32_t slot_count,
                     uint32_t frame_bytes_max);

/* False: no room, or longer than frame_bytes_max; counted. */
bool frame_ring_push(struct frame_ring *r, const uint8_t *frame, uint32_t bytes);
uint64_t frame_ring_dropped(const struct frame_ring *r); /* any thread */

/* Frames that wait: one acquire load. */
static inline uint32_t frame_ring_count(const struct frame_ring *r)
{
	return (uint32_t)(atomic_load_explicit(&r->head, memory_order_acquire) -
	                  atomic_load_explicit(&r->tail, memory_order_relaxed));
}

/* The index-th frame that waits, index < frame_ring_count(); valid until it is released. */
const struct frame_slot *frame_ring_at(const struct frame_ring *r, uint32_t index);
/* Gives back the oldest `count` frames. */
void frame_ring_release(struct frame_ring *r, uint32_t count);

#endif
