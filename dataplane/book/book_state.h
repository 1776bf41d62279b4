/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The book set's own state in the region, and what every file of this room needs to change a book:
 * marks and the version. Private to dataplane/book/.
 *
 * A book is changed between book_begin() and book_end(). Levels and ladders are written only in
 * between, those of other books only in between theirs, so a reader who saw the same even version
 * before and after its copy has one whole book.
 */
#ifndef DATAPLANE_BOOK_BOOK_STATE_H
#define DATAPLANE_BOOK_BOOK_STATE_H

#include <stdatomic.h>

#include "dataplane/book/book.h"
#include "dataplane/book/level.h"
#include "dataplane/book/order.h"

#define BOOK_SET_MAGIC 0x3274657362674eull /* changes with the layout */

struct book_slot_entry { /* symbol id -> slot; open addressing, at most half full */
	uint32_t symbol_id;
	uint32_t slot_plus_one; /* 0: free */
};

struct book_set_state {
	uint64_t magic;
	struct book_options options;
	_Atomic uint32_t count; /* books; release-stored after the book is made, for readers */
	uint64_t books_offset;  /* all offsets from the region's base */
	uint64_t levels_offset;
	uint64_t keys_offset; /* of the first key; LEVEL_KEYS_BEFORE stand before it */
	uint64_t rungs_offset;
	uint64_t orders_offset;
	uint64_t index_offset;
	uint64_t slots_offset;
	uint32_t slots_mask;
	uint32_t epoch; /* of the last reset, as is good_sequence: where a new book begins */
	uint64_t good_sequence;
	uint32_t generation; /* GAPs since the last reset */
	uint32_t reserved;
	struct order_pool pool;
	struct level_pool levels;
	struct book_set_stats stats;
};

static_assert(sizeof(struct book_set_state) % 8 == 0, "no padding at the end");
static_assert(sizeof(struct book_set_state) <= REGION_PAGE_BYTES, "one page, one mark");

/* For what never crosses a page: orders, books, levels, buckets, the state. */
static inline void book_mark(struct book_set *s, const void *p)
{
	region_mark_one(s->region, p);
}

/* For runs of rungs, which are short most of the time. */
static inline void book_mark_run(struct book_set *s, const void *p, uint64_t bytes)
{
	if (bytes == 0)
		return;
	if (bytes <= REGION_PAGE_BYTES)
		region_mark(s->region, p, bytes);
	else
		region_mark_range(s->region, p, bytes);
}

static inline void book_begin(struct book_set *s, struct book *b)
{
	uint32_t version = atomic_load_explicit(&b->version, memory_order_relaxed);

	assert((version & 1) == 0);
	book_mark(s, b);
	book_mark(s, s->state); /* pools and counters: there is hardly a change without them */
	atomic_store_explicit(&b->version, version + 1, memory_order_relaxed);
	/* The odd version goes first: pairs with the acquire fence of book_view_copy(). */
	atomic_thread_fence(memory_order_release);
}

static inline void book_end(struct book *b)
{
	uint32_t version = atomic_load_explicit(&b->version, memory_order_relaxed);

	assert((version & 1) == 1);
	/* Pairs with the acquire load in book_view_copy(). */
	atomic_store_explicit(&b->version, version + 1, memory_order_release);
}

/* Something did not fit; inside book_begin(). */
static inline void book_degrade(struct book_set *s, struct book *b)
{
	if ((b->flags & BOOK_DEGRADED) == 0)
		s->state->stats.books_degraded++;
	b->flags |= BOOK_DEGRADED;
}

static inline void book_count_trade(struct book *b, int64_t price, uint64_t quantity,
                                    bool printable)
{
	b->trade_price = price;
	b->trade_quantity = quantity;
	if (!printable)
		return;
	b->volume += quantity;
	b->trades++;
	b->notional += (uint64_t)price * quantity;
}

#endif
