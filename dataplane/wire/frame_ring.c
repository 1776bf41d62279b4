/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/frame_ring.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define SLOT_ALIGN 8u

static_assert(offsetof(struct frame_ring, head) % 64 == 0, "the producer has a line of its own");
static_assert(offsetof(struct frame_ring, tail) - offsetof(struct frame_ring, head) == 64,
              "and so has the consumer");
static_assert(sizeof(struct frame_ring) == 192, "three lines: constants, producer, consumer");
static_assert(offsetof(struct frame_slot, data) == 4, "a slot is a length and the frame");

static uint32_t slot_bytes_of(uint32_t frame_bytes_max)
{
	return ((uint32_t)sizeof(struct frame_slot) + frame_bytes_max + SLOT_ALIGN - 1) &
	       ~(SLOT_ALIGN - 1);
}

uint64_t frame_ring_bytes(uint32_t slot_count, uint32_t frame_bytes_max)
{
	return (uint64_t)slot_count * slot_bytes_of(frame_bytes_max);
}

void frame_ring_init(struct frame_ring *r, void *memory, uint32_t slot_count,
                     uint32_t frame_bytes_max)
{
	assert(slot_count != 0 && slot_count <= FRAME_RING_SLOTS_MAX);
	assert((slot_count & (slot_count - 1)) == 0);
	memset(r, 0, sizeof(*r));
	r->slots = memory;
	r->slot_bytes = slot_bytes_of(frame_bytes_max);
	r->slot_count = slot_count;
}

static struct frame_slot *slot_of(const struct frame_ring *r, uint64_t position)
{
	uint64_t index = position & (r->slot_count - 1);

	return (struct frame_slot *)(void *)(r->slots + index * r->slot_bytes);
}

bool frame_ring_push(struct frame_ring *r, const uint8_t *frame, uint32_t bytes)
{
	uint64_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	/* Acquire pairs with the release in frame_ring_release(): the slot was read before it is
	 * written again. */
	if (head - r->tail_seen == r->slot_count)
		r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	if (head - r->tail_seen == r->slot_count ||
	    bytes > r->slot_bytes - sizeof(struct frame_slot)) {
		atomic_store_explicit(&r->dropped,
		                      atomic_load_explicit(&r->dropped, memory_order_relaxed) + 1,
		                      memory_order_relaxed);
		return false;
	}
	struct frame_slot *s = slot_of(r, head);

	s->bytes = bytes;
	memcpy(s->data, frame, bytes);
	/* Release pairs with the acquire in frame_ring_count(). */
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

uint64_t frame_ring_dropped(const struct frame_ring *r)
{
	return atomic_load_explicit(&r->dropped, memory_order_relaxed);
}

const struct frame_slot *frame_ring_at(const struct frame_ring *r, uint32_t index)
{
	assert(index < r->slot_count);
	return slot_of(r, atomic_load_explicit(&r->tail, memory_order_relaxed) + index);
}

void frame_ring_release(struct frame_ring *r, uint32_t count)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	assert(count <= r->slot_count);
	atomic_store_explicit(&r->tail, tail + count, memory_order_release);
}
