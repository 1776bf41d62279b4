/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Prefetching: an order message touches five places that depend on each other (index bucket, order,
 * book and neighbours in the queue, best levels). One at a time each is a cache miss; for a burst
 * the misses of one stage overlap. Only hints: nothing is changed, what is guessed wrong costs time
 * alone.
 */
#include "dataplane/book/book.h"
#include "dataplane/book/book_state.h"
#include "dataplane/book/order_index.h"

void book_prefetch(const struct book_set *s, uint64_t reference)
{
	if (s->index == NULL)
		return;
	__builtin_prefetch(&s->index->buckets[order_index_home(s->index, order_hash(reference))],
	                   1);
}

/* The likely order: its hash matches in the first bucket. The order itself is not looked at. */
static uint32_t order_guess(const struct order_index *x, uint32_t hash)
{
	const struct order_bucket *b = &x->buckets[order_index_home(x, hash)];
	uint32_t match = order_bucket_match(b, hash);

	return match == 0 ? BOOK_NONE : b->order[__builtin_ctz(match)];
}

static void prefetch_around(const struct book_set *s, const struct order *o)
{
	__builtin_prefetch(&s->books[o->slot_side >> 1], 1);
	if (o->prev != BOOK_NONE)
		__builtin_prefetch(&s->orders[o->prev], 1);
	if (o->next != BOOK_NONE)
		__builtin_prefetch(&s->orders[o->next], 1);
}

/* Where the order's level stood when it was last touched, and the lines beside it: seven times in
 * ten the level is within two of there. The best says whether it is that. */
static void prefetch_level(const struct book_set *s, const struct order *o)
{
	const struct book_side *side = &s->books[o->slot_side >> 1].side[o->slot_side & 1u];
	uint32_t at = side->first + o->place;

	__builtin_prefetch(&s->levels[at], 1);
	__builtin_prefetch(&s->levels[at + 2], 1);
	__builtin_prefetch(&s->levels[at - 2], 1);
	__builtin_prefetch(&s->levels[side->first + side->count - 1]);
}

static void prefetch_best(const struct book_set *s, const struct book_intent *i)
{
	const struct book_side *side =
	        &s->books[i->slot].side[i->side == 'B' ? BOOK_BID : BOOK_ASK];

	__builtin_prefetch(&s->levels[side->first + side->count - 1], 1);
	if (side->count > 2)
		__builtin_prefetch(&s->levels[side->first + side->count - 3], 1);
}

/* The last order of the level that the new one goes behind. */
static void prefetch_tail(const struct book_set *s, const struct book_intent *i)
{
	enum book_side_index index = i->side == 'B' ? BOOK_BID : BOOK_ASK;
	const struct book_side *side = &s->books[i->slot].side[index];
	uint32_t at = level_find(s->levels, side, index, i->price, side->count - 1);

	if (level_is(s->levels, side, at, i->price))
		__builtin_prefetch(&s->orders[s->levels[side->first + at].tail], 1);
}

void book_prefetch_burst(const struct book_set *s, const struct book_intent *intents,
                         uint32_t count)
{
	uint32_t hash[BOOK_BURST_MAX];
	uint32_t order[BOOK_BURST_MAX];
	uint32_t add[BOOK_BURST_MAX];
	uint32_t orders = 0;
	uint32_t adds = 0;

	assert(count <= BOOK_BURST_MAX);
	if (s->index == NULL)
		return;
	for (uint32_t i = 0; i < count; i++) {
		hash[i] = order_hash(intents[i].reference);
		__builtin_prefetch(&s->index->buckets[order_index_home(s->index, hash[i])], 1);
		if (intents[i].slot != BOOK_NONE) {
			__builtin_prefetch(&s->books[intents[i].slot], 1);
			add[adds++] = i;
		}
	}
	for (uint32_t i = 0; i < count; i++) {
		if (intents[i].slot != BOOK_NONE)
			continue;
		uint32_t guess = order_guess(s->index, hash[i]);

		if (guess == BOOK_NONE)
			continue;
		__builtin_prefetch(&s->orders[guess], 1);
		order[orders++] = guess;
	}
	for (uint32_t i = 0; i < adds; i++)
		prefetch_best(s, &intents[add[i]]);
	for (uint32_t i = 0; i < orders; i++)
		prefetch_around(s, &s->orders[order[i]]);
	for (uint32_t i = 0; i < adds; i++)
		prefetch_tail(s, &intents[add[i]]);
	for (uint32_t i = 0; i < orders; i++)
		prefetch_level(s, &s->orders[order[i]]);
}
