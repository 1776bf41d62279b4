/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Books by level, and walking the orders of a level.
 *
 * After a GAP of the feed nobody knows which levels were touched in it. Each level carries the
 * number of GAPs (generation) at its last update; a book counts per side the levels that are older
 * than the newest GAP. book_set_on_gap() only moves the generation; a book learns of it at its next
 * update, when all its levels become unconfirmed at once.
 */
#include "dataplane/book/book.h"
#include "dataplane/book/book_state.h"

static void learn_of_gaps(struct book_set *s, struct book *b)
{
	if (b->generation == s->state->generation)
		return;
	b->generation = s->state->generation;
	b->flags &= ~(uint32_t)BOOK_HEURISTIC;
	b->side[BOOK_BID].unconfirmed = b->side[BOOK_BID].count;
	b->side[BOOK_ASK].unconfirmed = b->side[BOOK_ASK].count;
}

/* After an update: is everything that is there newer than the last GAP? */
static void book_confirm(struct book *b)
{
	if (b->generation != 0 && b->side[BOOK_BID].unconfirmed == 0 &&
	    b->side[BOOK_ASK].unconfirmed == 0)
		b->flags |= BOOK_HEURISTIC;
}

/* Sets or removes a level that is there. True: it changed. */
static bool level_change(struct book_set *s, struct book_side *side, uint32_t at, uint64_t quantity,
                         uint32_t generation)
{
	struct book_level *l = level_at(s, side, at);
	bool changed = l->quantity != quantity;

	if (l->generation != generation) {
		assert(side->unconfirmed > 0);
		side->unconfirmed--;
	}
	if (quantity == 0) {
		level_remove(s, side, at);
		return true;
	}
	l->quantity = quantity;
	l->generation = generation;
	book_mark(s, l);
	return changed;
}

static bool level_add(struct book_set *s, struct book *b, enum book_side_index index, uint32_t at,
                      int64_t price, uint64_t quantity)
{
	struct book_level *l = level_insert(s, &b->side[index], index, at, price);

	book_mark(s, s->state);
	if (l == NULL) {
		s->state->stats.refused_levels++;
		book_degrade(s, b);
		return false;
	}
	l->quantity = quantity;
	l->generation = b->generation;
	return true;
}

void book_level_update(struct book_set *s, uint32_t slot, enum book_side_index side, int64_t price,
                       uint64_t quantity, struct book_change *c)
{
	assert(s->options.orders_max == 0);
	assert(slot < book_count(s));
	assert(side == BOOK_BID || side == BOOK_ASK);
	struct book *b = &s->books[slot];
	struct book_side *levels = &b->side[side];
	bool changed = false;

	book_begin(s, b);
	learn_of_gaps(s, b);
	int64_t key = level_key(side, price);
	uint32_t at = level_find(s, levels, key);
	bool best = at + 1 >= levels->count;

	if (level_is(s, levels, at, key)) {
		changed = level_change(s, levels, at, quantity, b->generation);
	} else if (quantity != 0) {
		best = at == levels->count;
		changed = level_add(s, b, side, at, price, quantity);
	}
	book_confirm(b);
	book_mark(s, s->state);
	book_end(b);
	*c = (struct book_change){
	        .kind = changed ? BOOK_LEVEL_SET : BOOK_CHANGE_NONE,
	        .side = (uint8_t)side,
	        .best_changed = changed && best,
	        .slot = slot,
	        .price = price,
	        .quantity = quantity,
	        .other_slot = BOOK_NONE,
	};
}

static struct book_change level_news(uint32_t slot, enum book_side_index side, int64_t price,
                                     uint64_t quantity)
{
	return (struct book_change){
	        .kind = BOOK_LEVEL_SET,
	        .side = (uint8_t)side,
	        .best_changed = true,
	        .slot = slot,
	        .price = price,
	        .quantity = quantity,
	        .other_slot = BOOK_NONE,
	};
}

/* One side of a quote; returns the number of changes. */
static uint32_t quote_side(struct book_set *s, uint32_t slot, enum book_side_index index,
                           const struct book_quote *q, struct book_change *c)
{
	struct book *b = &s->books[slot];
	struct book_side *side = &b->side[index];
	int64_t price = q->price[index];
	uint64_t quantity = q->quantity[index];
	uint32_t n = 0;

	assert(side->count <= 1);
	if (side->count == 1) {
		int64_t old = s->levels[side->best].price;
		bool stays = old == price && quantity != 0;
		bool changed = level_change(s, side, 0, stays ? quantity : 0, b->generation);

		if (changed)
			c[n++] = level_news(slot, index, old, stays ? quantity : 0);
		if (stays)
			return n;
	}
	if (quantity != 0 && level_add(s, b, index, 0, price, quantity))
		c[n++] = level_news(slot, index, price, quantity);
	return n;
}

uint32_t book_level_quote(struct book_set *s, uint32_t slot, const struct book_quote *q,
                          struct book_change c[BOOK_QUOTE_CHANGES_MAX])
{
	assert(s->options.orders_max == 0);
	assert(slot < book_count(s));
	struct book *b = &s->books[slot];

	book_begin(s, b);
	learn_of_gaps(s, b);
	uint32_t n = quote_side(s, slot, BOOK_BID, q, c);

	n += quote_side(s, slot, BOOK_ASK, q, c + n);
	book_confirm(b);
	book_mark(s, s->state);
	book_end(b);
	assert(n <= BOOK_QUOTE_CHANGES_MAX);
	return n;
}

void book_level_orders(const struct book_set *s, const struct book_level *l,
                       book_order_visit *visit, void *arg)
{
	for (uint32_t at = l->head; at != BOOK_NONE; at = s->orders[at].next)
		visit(arg, s->orders[at].reference, s->orders[at].shares);
}
