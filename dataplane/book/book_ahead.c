/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/book_ahead.h"

#include "dataplane/book/book_state.h"
#include "dataplane/book/order_index.h"

static_assert((BOOK_AHEAD_ITEMS & (BOOK_AHEAD_ITEMS - 1)) == 0, "a ring");
static_assert(BOOK_AHEAD_ITEMS > 3 * BOOK_AHEAD_STEP,
              "nothing is overwritten before its last stage");

static struct book_ahead_item *item_at(struct book_ahead_ring *r, uint32_t n)
{
	return &r->items[n & (BOOK_AHEAD_ITEMS - 1)];
}

static void prefetch_bucket(const struct book_set *s, uint32_t hash)
{
	__builtin_prefetch(&s->index->buckets[order_index_home(s->index, hash)], 1);
}

/* The keys that a search looks at first, and the levels beside them: LEVEL_SCAN before rung `end`
 * of the side. */
static void prefetch_ladder(const struct book_set *s, const struct book_side *side, uint32_t end)
{
	int64_t last = (int64_t)side->first + end - 1;

	__builtin_prefetch(&s->keys[last - (LEVEL_SCAN - 1)], 1);
	__builtin_prefetch(&s->keys[last], 1);
	__builtin_prefetch(&s->rungs[last], 1);
}

static const struct book_side *side_at(const struct book_set *s, uint32_t slot_side)
{
	return &s->books[slot_side >> 1].side[slot_side & 1u];
}

/* Where the order likely is: its hash matches in the first bucket. */
static void order_look(struct book_ahead_item *i)
{
	const struct order_index *x = i->set->index;
	const struct order_bucket *b = &x->buckets[order_index_home(x, i->hash)];
	uint32_t match = order_bucket_match(b, i->hash);

	i->found = match == 0 ? BOOK_NONE : b->order[__builtin_ctz(match)];
	if (match != 0)
		__builtin_prefetch(&i->set->orders[i->found], 1);
}

static void order_look_around(struct book_ahead_item *i)
{
	const struct book_set *s = i->set;

	if (i->found == BOOK_NONE)
		return;
	const struct order *o = &s->orders[i->found];

	__builtin_prefetch(&s->levels[o->level], 1);
	__builtin_prefetch(&s->books[o->slot_side >> 1], 1);
	/* Without a neighbour itself, which is no branch. */
	__builtin_prefetch(o->prev != BOOK_NONE ? &s->orders[o->prev] : o, 1);
	__builtin_prefetch(o->next != BOOK_NONE ? &s->orders[o->next] : o, 1);
}

/* The level may end. */
static void order_look_at_ladder(struct book_ahead_item *i)
{
	const struct book_set *s = i->set;

	if (i->found == BOOK_NONE)
		return;
	const struct order *o = &s->orders[i->found];
	const struct book_level *l = &s->levels[o->level];

	if (l->orders <= 1)
		prefetch_ladder(s, side_at(s, o->slot_side), l->place + LEVEL_SCAN / 2);
}

static void add_look(struct book_ahead_item *i)
{
	const struct book_side *side = side_at(i->set, i->slot_side);

	prefetch_ladder(i->set, side, side->count);
}

static void add_look_for_level(struct book_ahead_item *i)
{
	const struct book_set *s = i->set;
	const struct book_side *side = side_at(s, i->slot_side);
	int64_t key = level_key((enum book_side_index)(i->slot_side & 1u), i->price);
	uint32_t at = level_find(s, side, key);

	if (!level_is(s, side, at, key))
		return;
	i->found = s->rungs[side->first + at];
	__builtin_prefetch(&s->levels[i->found], 1);
}

/* Who stands last where it goes. */
static void add_look_at_tail(struct book_ahead_item *i)
{
	if (i->found != BOOK_NONE)
		__builtin_prefetch(&i->set->orders[i->set->levels[i->found].tail], 1);
}

static void orders_advance(struct book_ahead_ring *r, uint32_t step)
{
	while (r->added - r->stage[0] >= step)
		order_look(item_at(r, r->stage[0]++));
	while (r->stage[0] - r->stage[1] >= step)
		order_look_around(item_at(r, r->stage[1]++));
	while (r->stage[1] - r->stage[2] >= step)
		order_look_at_ladder(item_at(r, r->stage[2]++));
}

static void adds_advance(struct book_ahead_ring *r, uint32_t step)
{
	while (r->added - r->stage[0] >= step)
		add_look(item_at(r, r->stage[0]++));
	while (r->stage[0] - r->stage[1] >= step)
		add_look_for_level(item_at(r, r->stage[1]++));
	while (r->stage[1] - r->stage[2] >= step)
		add_look_at_tail(item_at(r, r->stage[2]++));
}

static void ring_init(struct book_ahead_ring *r)
{
	r->added = r->stage[0] = r->stage[1] = r->stage[2] = 0;
}

void book_ahead_init(struct book_ahead *a)
{
	ring_init(&a->orders);
	ring_init(&a->adds);
}

void book_ahead_add(struct book_ahead *a, const struct book_set *s, const struct book_intent *i)
{
	if (s->index == NULL)
		return;
	uint32_t hash = order_hash(i->reference);

	prefetch_bucket(s, hash);
	if (i->slot != BOOK_NONE) {
		struct book_ahead_item *item = item_at(&a->adds, a->adds.added++);

		item->set = s;
		item->slot_side = i->slot * 2 + (i->side != 'B');
		item->price = i->price;
		item->found = BOOK_NONE;
		__builtin_prefetch(&s->books[i->slot], 1);
		adds_advance(&a->adds, BOOK_AHEAD_STEP);
		return;
	}
	struct book_ahead_item *item = item_at(&a->orders, a->orders.added++);

	item->set = s;
	item->hash = hash;
	if (i->new_reference != 0)
		prefetch_bucket(s, order_hash(i->new_reference));
	orders_advance(&a->orders, BOOK_AHEAD_STEP);
}

void book_ahead_finish(struct book_ahead *a)
{
	orders_advance(&a->orders, 1);
	adds_advance(&a->adds, 1);
}
