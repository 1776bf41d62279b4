/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hand-over: datagrams on their way from the core that polls their port to the core that owns their
 * feed. A ring of bytes between exactly two threads; what is handed over is copied, so the port has
 * its buffers back at once, whatever its driver is, and what waits is bounded in bytes
 * (docs/decisions/0006-hand-over.md).
 *
 * The giver puts items, as many as a burst has, and publishes them with one release store; it never
 * waits: an item that finds no room is refused, and the caller counts it. The taker looks once per
 * turn (one acquire load), takes items in place, and gives their room back with one release store.
 * Items come out in the order they were put in.
 *
 * Thread rule: hand_over_init: before both. put, publish: the giver. look to release: the taker.
 * Each writes cache lines of its own; in the ring's bytes only the giver writes.
 */
#ifndef DATAPLANE_FEED_HAND_OVER_H
#define DATAPLANE_FEED_HAND_OVER_H

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define HAND_OVER_ITEM_MAX  65535u /* bytes of a payload; no datagram has more */
#define HAND_OVER_BYTES_MIN (256u << 10)
#define HAND_OVER_ALIGN     8u
#define HAND_OVER_REPLY     255u /* item.feed: no feed's; an answer to what was asked */

struct hand_over_item {   /* the payload follows, padded to HAND_OVER_ALIGN */
	uint64_t time_ns; /* of receipt, see time_source */
	uint32_t bytes;   /* of payload */
	uint8_t feed;     /* the taking receiver's number of it */
	uint8_t line;
	uint8_t time_source; /* enum time_source */
	uint8_t is_skip;     /* no item: the ring goes on at its beginning */
};

static_assert(sizeof(struct hand_over_item) == 16, "no padding");

struct hand_over {
	alignas(64) uint8_t *ring;
	uint64_t ring_bytes;
	/* Bytes since the beginning. Release by the giver, once per burst; pairs with the taker's
	 * acquire in hand_over_look(): the items before it are complete. */
	alignas(64) _Atomic uint64_t published;
	/* Release by the taker, once per turn; pairs with the giver's acquire in hand_over_put():
	 * the taker has read what is written over now. */
	alignas(64) _Atomic uint64_t released;
	alignas(64) struct { /* the giver's own */
		uint64_t written;
		uint64_t released; /* as last seen */
		uint64_t at;       /* place in the ring */
	} giver;
	alignas(64) struct { /* the taker's own */
		uint64_t taken;
		uint64_t published; /* as last seen */
		uint64_t at;
	} taker;
};

/* 0 or -EINVAL: ring_bytes is no multiple of HAND_OVER_ALIGN or less than HAND_OVER_BYTES_MIN. */
int hand_over_init(struct hand_over *h, void *ring, uint64_t ring_bytes);

/* False: no room; nothing has changed. item->bytes is at most HAND_OVER_ITEM_MAX. */
bool hand_over_put(struct hand_over *h, const struct hand_over_item *item, const uint8_t *payload);

/* The same with a payload in two pieces; item->bytes is that of both. */
bool hand_over_put_two(struct hand_over *h, const struct hand_over_item *item, const uint8_t *first,
                       uint32_t first_bytes, const uint8_t *second);

static inline void hand_over_publish(struct hand_over *h)
{
	atomic_store_explicit(&h->published, h->giver.written, memory_order_release);
}

/* What was published until now can be taken. True: something waits. */
static inline bool hand_over_look(struct hand_over *h)
{
	h->taker.published = atomic_load_explicit(&h->published, memory_order_acquire);
	return h->taker.taken != h->taker.published;
}

/* The next item of those looked at, NULL: none. Its payload is at item + 1; both stay as they are
 * until hand_over_release(). */
const struct hand_over_item *hand_over_front(struct hand_over *h);
/* The same, and goes past it. */
const struct hand_over_item *hand_over_take(struct hand_over *h);

/* What was taken may be written over. */
static inline void hand_over_release(struct hand_over *h)
{
	atomic_store_explicit(&h->released, h->taker.taken, memory_order_release);
}

/* Taker: bytes that waited when it looked last and still do. */
static inline uint64_t hand_over_waiting_bytes(const struct hand_over *h)
{
	return h->taker.published - h->taker.taken;
}

#endif
