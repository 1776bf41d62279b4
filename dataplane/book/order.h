/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders: a pool of 32-byte orders, two a cache line, and the queue they form at their level.
 *
 * An order is known by its index in the pool. Indices are handed out from the bottom and come back
 * through a list of freed ones, last freed first, so that memory in use follows the orders that are
 * live, whatever the maximum. An order that is free has 0 shares.
 */
#ifndef DATAPLANE_BOOK_ORDER_H
#define DATAPLANE_BOOK_ORDER_H

#include <assert.h>
#include <stdint.h>

#include "dataplane/book/book.h"

struct order {
	uint64_t reference;
	uint32_t price;
	uint32_t shares;
	uint32_t next; /* behind it in time priority, or the next free one */
	uint32_t prev;
	uint32_t slot_side; /* slot * 2 + side */
	uint32_t level;
};

static_assert(sizeof(struct order) == 32, "two orders a cache line");

struct order_pool {    /* in the set's state */
	uint32_t used; /* indices below were handed out at least once since the last reset */
	uint32_t free; /* first of the freed ones */
	uint32_t live;
	uint32_t max;
};

void order_pool_init(struct order_pool *p, uint32_t max);
/* Forgets every order. O(1). */
void order_pool_clear(struct order_pool *p);
/* The index order_take() would return; BOOK_NONE: full. */
uint32_t order_peek(const struct order_pool *p);
uint32_t order_take(struct book_set *s);
void order_release(struct book_set *s, uint32_t index);

/* At the end of the level's queue, and out of it. Sums are the caller's. */
void order_enqueue(struct book_set *s, struct book_level *l, uint32_t index);
void order_dequeue(struct book_set *s, struct book_level *l, uint32_t index);

#endif
