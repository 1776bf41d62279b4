/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Books by order: what A, F, E, C, X, D and U do.
 *
 * Two halves make every message: rest() puts an order into a book, take() takes shares off one. A
 * replacement is both. Everything a message changes in one book happens within one odd version.
 */
#include "dataplane/book/book.h"
#include "dataplane/book/book_state.h"
#include "dataplane/book/order_index.h"

struct best { /* of both sides, to see whether they are others afterwards */
	int64_t price[2];
	uint64_t quantity[2];
};

struct new_order {
	uint64_t reference;
	uint32_t hash;
	uint32_t slot_side;
	uint32_t shares;
	uint32_t price;
};

static enum book_side_index side_of(const struct order *o)
{
	return (enum book_side_index)(o->slot_side & 1u);
}

static struct book *book_of(const struct book_set *s, const struct order *o)
{
	return &s->books[o->slot_side >> 1];
}

static struct best best_now(const struct book_set *s, const struct book *b)
{
	struct best best = {0};

	for (int i = BOOK_BID; i <= BOOK_ASK; i++) {
		const struct book_level *l = book_best(s, b, (enum book_side_index)i);

		if (l != NULL) {
			best.price[i] = l->price;
			best.quantity[i] = l->quantity;
		}
	}
	return best;
}

static bool best_differs(const struct best *x, const struct best *y)
{
	return x->price[0] != y->price[0] || x->quantity[0] != y->quantity[0] ||
	       x->price[1] != y->price[1] || x->quantity[1] != y->quantity[1];
}

static struct order_spot find(const struct book_set *s, uint64_t reference)
{
	if (s->index == NULL)
		return (struct order_spot){.order = BOOK_NONE};
	return order_index_find(s->index, s->orders, reference);
}

static void change_clear(struct book_change *c, uint64_t reference)
{
	*c = (struct book_change){.reference = reference, .other_slot = BOOK_NONE};
}

/* The last order of its level went. */
static void level_end(struct book_set *s, struct book_side *side, const struct order *o)
{
	int64_t key = level_key(side_of(o), o->price);
	uint32_t at = level_find_near(s, side, key, s->levels[o->level].place);

	assert(level_is(s, side, at, key));
	level_remove(s, side, at);
}

/* Takes shares (at most what rests) off an order; one that has none left is gone. True: the best of
 * its side changed. */
static bool take(struct book_set *s, const struct order_spot *spot, uint32_t shares)
{
	struct order *o = &s->orders[spot->order];
	struct book_side *side = &book_of(s, o)->side[side_of(o)];
	struct book_level *l = &s->levels[o->level];
	bool best = side->best == o->level;

	assert(l->price == o->price);
	assert(shares <= o->shares);
	assert(shares <= l->quantity);
	l->quantity -= shares;
	o->shares -= shares;
	book_mark(s, l);
	if (o->shares != 0) {
		book_mark(s, o);
		return best;
	}
	l->orders--;
	if (l->orders == 0) {
		assert(l->quantity == 0);
		level_end(s, side, o);
	} else {
		order_dequeue(s, l, spot->order);
	}
	order_index_remove(s->index, s->region, spot);
	order_release(s, spot->order);
	s->state->stats.orders_live--;
	return best;
}

/* Level of the price, made if need be; NULL: no room. */
static struct book_level *level_for(struct book_set *s, struct book_side *side,
                                    enum book_side_index index, int64_t price)
{
	int64_t key = level_key(index, price);
	uint32_t at = level_find(s, side, key);
	struct book_level *l = level_is(s, side, at, key) ? level_at(s, side, at)
	                                                  : level_insert(s, side, index, at, price);

	if (l != NULL)
		l->place = at;
	return l;
}

static bool refuse(struct book_set *s, struct book *b, uint64_t *counter)
{
	++*counter;
	book_degrade(s, b);
	return false;
}

/* Takes an order from the pool and makes it known; BOOK_NONE: no room for it. */
static uint32_t order_make(struct book_set *s, const struct new_order *n)
{
	uint32_t index = order_peek(&s->state->pool);

	if (index == BOOK_NONE)
		return BOOK_NONE;
	order_take(s);
	s->orders[index] = (struct order){
	        .reference = n->reference,
	        .price = n->price,
	        .shares = n->shares,
	        .slot_side = n->slot_side,
	};
	book_mark(s, &s->orders[index]);
	if (order_index_insert(s->index, s->region, n->hash, index))
		return index;
	order_release(s, index);
	return BOOK_NONE;
}

/* Undoes order_make(). */
static void order_unmake(struct book_set *s, uint32_t index)
{
	struct order_spot spot = find(s, s->orders[index].reference);

	assert(spot.order == index);
	order_index_remove(s->index, s->region, &spot);
	order_release(s, index);
}

/* Puts an order whose reference is not live into its book. False: refused, counted. */
static bool rest(struct book_set *s, const struct new_order *n, bool *best)
{
	struct book *b = &s->books[n->slot_side >> 1];
	enum book_side_index index = (enum book_side_index)(n->slot_side & 1u);
	struct book_side *side = &b->side[index];
	uint32_t order = order_make(s, n);

	*best = false;
	if (order == BOOK_NONE)
		return refuse(s, b, &s->state->stats.refused_orders);
	struct book_level *l = level_for(s, side, index, n->price);

	if (l == NULL) {
		order_unmake(s, order);
		return refuse(s, b, &s->state->stats.refused_levels);
	}
	s->orders[order].level = (uint32_t)(l - s->levels);
	order_enqueue(s, l, order);
	l->quantity += n->shares;
	l->orders++;
	book_mark(s, l);
	s->state->stats.orders_live++;
	*best = side->best == s->orders[order].level;
	return true;
}

static void report_order(const struct order *o, struct book_change *c)
{
	c->side = (uint8_t)side_of(o);
	c->slot = o->slot_side >> 1;
	c->price = o->price;
	c->quantity = o->shares;
}

/* The feed gives out a reference that is live: the order that had it goes. `changing` is the slot
 * whose book is open already. */
static void displace(struct book_set *s, const struct order_spot *spot, uint32_t changing)
{
	const struct order *o = &s->orders[spot->order];
	uint32_t slot = o->slot_side >> 1;
	struct book *b = &s->books[slot];

	s->state->stats.replaced_references++;
	if (slot == changing) {
		take(s, spot, o->shares);
		return;
	}
	book_begin(s, b);
	take(s, spot, o->shares);
	book_end(b);
}

/* A second Add of a live reference. */
static void add_displacing(struct book_set *s, const struct new_order *n,
                           const struct order_spot *old, struct book_change *c)
{
	struct book_change gone = {.kind = BOOK_REMOVED, .reference = n->reference};
	uint32_t slot = n->slot_side >> 1;
	struct book *b = &s->books[slot];
	bool best;

	report_order(&s->orders[old->order], &gone);
	struct best before = best_now(s, b);
	struct best other_before = best_now(s, &s->books[gone.slot]);

	book_begin(s, b);
	displace(s, old, slot);
	bool added = rest(s, n, &best);

	book_end(b);
	struct best after = best_now(s, b);
	struct best other_after = best_now(s, &s->books[gone.slot]);

	if (added) {
		c->kind = BOOK_ADDED;
		c->best_changed = best_differs(&before, &after);
		c->other_slot = gone.slot == slot ? BOOK_NONE : gone.slot;
		return;
	}
	*c = gone; /* all that happened to a book */
	c->best_changed = best_differs(&other_before, &other_after);
	c->other_slot = BOOK_NONE;
}

void book_order_add(struct book_set *s, uint32_t slot, uint64_t reference, char side,
                    uint32_t shares, uint32_t price, struct book_change *c)
{
	assert(slot < book_count(s));
	enum book_side_index index = side == 'B' ? BOOK_BID : BOOK_ASK;
	struct new_order n = {
	        .reference = reference,
	        .slot_side = slot * 2 + index,
	        .shares = shares,
	        .price = price,
	};

	*c = (struct book_change){
	        .side = (uint8_t)index,
	        .slot = slot,
	        .reference = reference,
	        .price = price,
	        .quantity = shares,
	        .other_slot = BOOK_NONE,
	};
	if (shares == 0 || (side != 'B' && side != 'S')) {
		s->state->stats.ignored++;
		book_mark(s, s->state);
		return;
	}
	struct order_spot old = find(s, reference);

	n.hash = old.hash;
	if (old.order != BOOK_NONE) {
		add_displacing(s, &n, &old, c);
		return;
	}
	book_begin(s, &s->books[slot]);
	bool added = rest(s, &n, &c->best_changed);

	book_end(&s->books[slot]);
	c->kind = added ? BOOK_ADDED : BOOK_CHANGE_NONE;
}

static uint32_t taken_of(struct book_set *s, const struct order *o, uint32_t shares)
{
	if (shares > o->shares) {
		s->state->stats.overtaken++;
		book_mark(s, s->state);
		return o->shares;
	}
	return shares;
}

struct execution {
	uint32_t shares;
	uint32_t price;
	bool at_price; /* else at the order's own */
	bool printable;
};

static bool execute(struct book_set *s, uint64_t reference, const struct execution *e,
                    struct book_change *c)
{
	struct order_spot spot = find(s, reference);

	change_clear(c, reference);
	if (spot.order == BOOK_NONE)
		return false;
	struct order *o = &s->orders[spot.order];
	struct book *b = book_of(s, o);
	uint32_t taken = taken_of(s, o, e->shares);

	report_order(o, c);
	c->quantity = taken;
	if (e->at_price)
		c->price = e->price;
	if (taken == 0)
		return true;
	book_begin(s, b);
	c->best_changed = take(s, &spot, taken);
	book_count_trade(b, c->price, taken, e->printable);
	book_end(b);
	c->kind = BOOK_EXECUTED;
	c->printable = e->printable;
	return true;
}

bool book_order_execute(struct book_set *s, uint64_t reference, uint32_t shares,
                        struct book_change *c)
{
	struct execution e = {.shares = shares, .printable = true};

	return execute(s, reference, &e, c);
}

bool book_order_execute_at(struct book_set *s, uint64_t reference, uint32_t shares, uint32_t price,
                           bool printable, struct book_change *c)
{
	struct execution e = {
	        .shares = shares, .price = price, .at_price = true, .printable = printable};

	return execute(s, reference, &e, c);
}

static void cancel(struct book_set *s, const struct order_spot *spot, uint32_t shares,
                   struct book_change *c)
{
	struct order *o = &s->orders[spot->order];
	struct book *b = book_of(s, o);

	assert(shares > 0);
	c->kind = shares == o->shares ? BOOK_REMOVED : BOOK_REDUCED;
	book_begin(s, b);
	c->best_changed = take(s, spot, shares);
	book_end(b);
}

bool book_order_cancel(struct book_set *s, uint64_t reference, uint32_t shares,
                       struct book_change *c)
{
	struct order_spot spot = find(s, reference);

	change_clear(c, reference);
	if (spot.order == BOOK_NONE)
		return false;
	uint32_t taken = taken_of(s, &s->orders[spot.order], shares);

	report_order(&s->orders[spot.order], c);
	c->quantity = taken;
	if (taken != 0)
		cancel(s, &spot, taken, c);
	return true;
}

bool book_order_delete(struct book_set *s, uint64_t reference, struct book_change *c)
{
	struct order_spot spot = find(s, reference);

	change_clear(c, reference);
	if (spot.order == BOOK_NONE)
		return false;
	report_order(&s->orders[spot.order], c);
	cancel(s, &spot, s->orders[spot.order].shares, c);
	return true;
}

/* The order is removed and added again, behind all others at its price. */
static void replace(struct book_set *s, const struct order_spot *spot, struct new_order *n,
                    struct book_change *c)
{
	uint32_t slot = n->slot_side >> 1;
	struct book *b = &s->books[slot];
	struct best before = best_now(s, b);
	bool best;

	book_begin(s, b);
	take(s, spot, s->orders[spot->order].shares);
	struct order_spot other = find(s, n->reference);

	n->hash = other.hash;
	if (other.order != BOOK_NONE) {
		uint32_t other_slot = s->orders[other.order].slot_side >> 1;

		c->other_slot = other_slot == slot ? BOOK_NONE : other_slot;
		displace(s, &other, slot);
	}
	bool added = rest(s, n, &best);

	book_end(b);
	struct best after = best_now(s, b);

	c->kind = added ? BOOK_REPLACED : BOOK_REMOVED;
	c->best_changed = best_differs(&before, &after);
	if (added) {
		c->reference = n->reference;
		c->price = n->price;
		c->quantity = n->shares;
	}
}

bool book_order_replace(struct book_set *s, uint64_t reference, uint64_t new_reference,
                        uint32_t shares, uint32_t price, struct book_change *c)
{
	struct order_spot spot = find(s, reference);

	change_clear(c, reference);
	if (spot.order == BOOK_NONE)
		return false;
	report_order(&s->orders[spot.order], c);
	if (shares == 0) {
		cancel(s, &spot, s->orders[spot.order].shares, c);
		return true;
	}
	struct new_order n = {
	        .reference = new_reference,
	        .slot_side = s->orders[spot.order].slot_side,
	        .shares = shares,
	        .price = price,
	};

	replace(s, &spot, &n, c);
	return true;
}
