/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What must hold in a set at rest, checked the slow way: every order stands in exactly one queue,
 * every level is the sum of its queue, every array is sorted, nothing is lost.
 */
#include "dataplane/book/book.h"
#include "dataplane/book/book_state.h"
#include "dataplane/book/order_index.h"

struct tally {
	uint64_t orders;
	uint64_t levels;
	uint64_t rooms; /* rungs, used or not */
	uint64_t degraded;
};

static const char *queue_check(const struct book_set *s, const struct book_level *l,
                               uint32_t slot_side, struct tally *t)
{
	uint64_t quantity = 0;
	uint32_t orders = 0;
	uint32_t prev = BOOK_NONE;

	for (uint32_t at = l->head; at != BOOK_NONE; at = s->orders[at].next) {
		if (at >= s->state->pool.used)
			return "queue: order out of bounds";
		const struct order *o = &s->orders[at];

		if (o->prev != prev)
			return "queue: broken backward link";
		if (o->shares == 0)
			return "queue: an order without shares";
		if (o->slot_side != slot_side || o->price != l->price || &s->levels[o->level] != l)
			return "queue: an order of another level";
		if (order_index_find(s->index, s->orders, o->reference).order != at)
			return "queue: an order the index does not find";
		quantity += o->shares;
		if (++orders > s->state->pool.live)
			return "queue: loop";
		prev = at;
	}
	if (l->tail != prev)
		return "queue: wrong tail";
	if (l->quantity != quantity || l->orders != orders)
		return "level: sums are wrong";
	t->orders += orders;
	return NULL;
}

static const char *side_check(const struct book_set *s, uint32_t slot, enum book_side_index index,
                              struct tally *t)
{
	const struct book *b = &s->books[slot];
	const struct book_side *side = &b->side[index];
	uint32_t old = 0;

	if (side->count > side->capacity)
		return "side: more levels than room";
	uint32_t room = level_room(side);

	if (room > s->state->levels.used || side->capacity > s->state->levels.used - room)
		return "side: room out of bounds";
	if (side->first - room > side->capacity - side->count)
		return "side: levels beyond their room";
	if (side->count > 0 && side->best != s->rungs[side->first + side->count - 1])
		return "side: another best";
	for (uint32_t n = 0; n < side->count; n++) {
		const int64_t *key = &s->keys[side->first + n];
		const char *broken = NULL;

		if (s->rungs[side->first + n] >= s->state->levels.made)
			return "side: level out of bounds";
		const struct book_level *l = level_at(s, side, n);

		if (*key != level_key(index, l->price))
			return "side: a key that is not its level's";
		if (n > 0 && key[-1] >= *key)
			return "side: levels not in order";
		if (l->quantity == 0)
			return "side: empty level";
		old += l->generation != b->generation;
		if (s->index != NULL)
			broken = queue_check(s, l, slot * 2 + index, t);
		else if (l->orders != 0 || l->head != BOOK_NONE || l->tail != BOOK_NONE)
			return "side: orders in a book by level";
		if (broken != NULL)
			return broken;
	}
	if (s->index == NULL && side->unconfirmed != old)
		return "side: unconfirmed levels miscounted";
	t->levels += side->count;
	t->rooms += side->capacity;
	return NULL;
}

static const char *slots_check(const struct book_set *s)
{
	const struct book_slot_entry *entries = region_at(s->region, s->state->slots_offset);
	uint32_t count = 0;

	for (uint32_t i = 0; i <= s->state->slots_mask; i++) {
		if (entries[i].slot_plus_one == 0)
			continue;
		count++;
		if (entries[i].slot_plus_one > book_count(s))
			return "slots: entry out of bounds";
		if (s->books[entries[i].slot_plus_one - 1].symbol_id != entries[i].symbol_id)
			return "slots: entry of another book";
	}
	return count == book_count(s) ? NULL : "slots: a book without entry";
}

static const char *pool_check(const struct book_set *s, const struct tally *t)
{
	const struct order_pool *p = &s->state->pool;
	uint64_t free = 0;

	for (uint32_t at = p->free; at != BOOK_NONE; at = s->orders[at].next) {
		if (at >= p->used || s->orders[at].shares != 0)
			return "orders: free list leads to a live one";
		if (++free > p->used)
			return "orders: free list loops";
	}
	if (p->live != t->orders || p->live + free != p->used)
		return "orders: lost";
	if (s->state->stats.orders_live != t->orders)
		return "orders: miscounted";
	if (s->index == NULL)
		return NULL;
	if (s->index->entries != t->orders)
		return "index: not as many as orders";
	return order_index_check(s->index, s->orders);
}

const char *book_set_check(const struct book_set *s)
{
	struct tally t = {0};
	const char *broken = slots_check(s);

	for (uint32_t slot = 0; slot < book_count(s) && broken == NULL; slot++) {
		const struct book *b = &s->books[slot];

		if (atomic_load_explicit(&b->version, memory_order_relaxed) & 1)
			return "book: left open";
		t.degraded += (b->flags & BOOK_DEGRADED) != 0;
		broken = side_check(s, slot, BOOK_BID, &t);
		if (broken == NULL)
			broken = side_check(s, slot, BOOK_ASK, &t);
	}
	if (broken == NULL)
		broken = pool_check(s, &t);
	if (broken == NULL)
		broken = level_pool_check(s, &t.rooms);
	if (broken != NULL)
		return broken;
	if (t.rooms != s->state->levels.used)
		return "levels: rooms lost or shared";
	if (t.levels != s->state->levels.live)
		return "levels: miscounted";
	return t.degraded == s->state->stats.books_degraded ? NULL : "books: degraded miscounted";
}
