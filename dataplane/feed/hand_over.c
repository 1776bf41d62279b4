/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/hand_over.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static uint64_t item_bytes(uint32_t payload_bytes)
{
	return (sizeof(struct hand_over_item) + payload_bytes + HAND_OVER_ALIGN - 1) &
	       ~(uint64_t)(HAND_OVER_ALIGN - 1);
}

static struct hand_over_item *item_at(const struct hand_over *h, uint64_t at)
{
	return (struct hand_over_item *)(void *)(h->ring + at);
}

int hand_over_init(struct hand_over *h, void *ring, uint64_t ring_bytes)
{
	if (ring == NULL || ring_bytes < HAND_OVER_BYTES_MIN || ring_bytes % HAND_OVER_ALIGN != 0)
		return -EINVAL;
	*h = (struct hand_over){.ring = ring, .ring_bytes = ring_bytes};
	return 0;
}

static uint64_t next_at(const struct hand_over *h, uint64_t at, uint64_t bytes)
{
	return at + bytes == h->ring_bytes ? 0 : at + bytes;
}

/* Items are never cut: what does not fit before the ring's end goes to its beginning. */
static uint64_t bytes_to_skip(const struct hand_over *h, uint64_t bytes)
{
	uint64_t left = h->ring_bytes - h->giver.at;

	return bytes <= left ? 0 : left;
}

static bool has_room(struct hand_over *h, uint64_t bytes)
{
	if (h->giver.written + bytes - h->giver.released <= h->ring_bytes)
		return true;
	h->giver.released = atomic_load_explicit(&h->released, memory_order_acquire);
	return h->giver.written + bytes - h->giver.released <= h->ring_bytes;
}

/* Room for the item at the giver's place, its header written; NULL: there is none. */
static struct hand_over_item *begin(struct hand_over *h, const struct hand_over_item *item)
{
	uint64_t bytes = item_bytes(item->bytes);
	uint64_t skip = bytes_to_skip(h, bytes);

	assert(item->bytes <= HAND_OVER_ITEM_MAX);
	assert(item->is_skip == 0);
	if (!has_room(h, skip + bytes))
		return NULL;
	if (skip != 0) {
		/* Less than a header may be left: the taker knows that no item begins there. */
		if (skip >= sizeof(struct hand_over_item))
			*item_at(h, h->giver.at) = (struct hand_over_item){.is_skip = 1};
		h->giver.at = 0;
	}
	*item_at(h, h->giver.at) = *item;
	struct hand_over_item *begun = item_at(h, h->giver.at);

	h->giver.at = next_at(h, h->giver.at, bytes);
	h->giver.written += skip + bytes;
	return begun;
}

bool hand_over_put(struct hand_over *h, const struct hand_over_item *item, const uint8_t *payload)
{
	struct hand_over_item *to = begin(h, item);

	if (to == NULL)
		return false;
	memcpy(to + 1, payload, item->bytes);
	return true;
}

bool hand_over_put_two(struct hand_over *h, const struct hand_over_item *item, const uint8_t *first,
                       uint32_t first_bytes, const uint8_t *second)
{
	assert(first_bytes <= item->bytes);
	struct hand_over_item *to = begin(h, item);

	if (to == NULL)
		return false;
	memcpy(to + 1, first, first_bytes);
	memcpy((uint8_t *)(to + 1) + first_bytes, second, item->bytes - first_bytes);
	return true;
}

const struct hand_over_item *hand_over_front(struct hand_over *h)
{
	if (h->taker.taken == h->taker.published)
		return NULL;
	uint64_t left = h->ring_bytes - h->taker.at;

	if (left < sizeof(struct hand_over_item) || item_at(h, h->taker.at)->is_skip != 0) {
		/* A skip is published together with the item behind it. */
		h->taker.taken += left;
		h->taker.at = 0;
		assert(h->taker.taken != h->taker.published);
	}
	return item_at(h, h->taker.at);
}

const struct hand_over_item *hand_over_take(struct hand_over *h)
{
	const struct hand_over_item *item = hand_over_front(h);

	if (item == NULL)
		return NULL;
	uint64_t bytes = item_bytes(item->bytes);

	h->taker.at = next_at(h, h->taker.at, bytes);
	h->taker.taken += bytes;
	return item;
}
