/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A book set as naive as it can be: one array of live orders in time order, searched from end to
 * end. What the real one must equal.
 */
#ifndef TESTS_UNIT_BOOK_MODEL_H
#define TESTS_UNIT_BOOK_MODEL_H

#include <string.h>

#include "dataplane/book/book.h"

#define MODEL_ORDERS_MAX 1024u
#define MODEL_SLOTS_MAX  64u

struct model_order {
	uint64_t reference;
	uint32_t slot;
	uint32_t side;
	uint32_t shares;
	uint32_t price;
};

struct model_book {
	int64_t trade_price;
	uint64_t trade_quantity;
	uint64_t volume;
	uint64_t trades;
	uint64_t notional;
};

struct model {
	struct model_order orders[MODEL_ORDERS_MAX];
	uint32_t count;
	uint32_t orders_max;
	struct model_book books[MODEL_SLOTS_MAX];
	struct book_set_stats stats;
};

struct model_best {
	uint32_t price[2];
	uint64_t quantity[2];
};

static inline uint32_t model_find(const struct model *m, uint64_t reference)
{
	for (uint32_t i = 0; i < m->count; i++)
		if (m->orders[i].reference == reference)
			return i;
	return BOOK_NONE;
}

static inline void model_drop(struct model *m, uint32_t i)
{
	memmove(&m->orders[i], &m->orders[i + 1], (m->count - i - 1) * sizeof(m->orders[0]));
	m->count--;
	m->stats.orders_live--;
}

static inline struct model_best model_best(const struct model *m, uint32_t slot)
{
	struct model_best best = {0};

	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_order *o = &m->orders[i];
		uint32_t s = o->side;

		if (o->slot != slot)
			continue;
		if (best.quantity[s] == 0 ||
		    (s == BOOK_BID ? o->price > best.price[s] : o->price < best.price[s])) {
			best.price[s] = o->price;
			best.quantity[s] = 0;
		}
		if (o->price == best.price[s])
			best.quantity[s] += o->shares;
	}
	return best;
}

/* Level of (slot, side, price): quantity and number of orders. */
static inline uint64_t model_level(const struct model *m, const struct model_order *at,
                                   uint32_t *orders)
{
	uint64_t quantity = 0;

	*orders = 0;
	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_order *o = &m->orders[i];

		if (o->slot == at->slot && o->side == at->side && o->price == at->price) {
			quantity += o->shares;
			++*orders;
		}
	}
	return quantity;
}

static inline void model_rest(struct model *m, const struct model_order *o, struct book_change *c,
                              uint8_t kind)
{
	uint32_t old = model_find(m, o->reference);

	if (old != BOOK_NONE) {
		m->stats.replaced_references++;
		if (m->orders[old].slot != o->slot)
			c->other_slot = m->orders[old].slot;
		model_drop(m, old);
	}
	if (m->count == m->orders_max) {
		m->stats.refused_orders++;
		return;
	}
	m->orders[m->count++] = *o;
	m->stats.orders_live++;
	c->kind = kind;
	c->side = (uint8_t)o->side;
	c->slot = o->slot;
	c->reference = o->reference;
	c->price = o->price;
	c->quantity = o->shares;
}

static inline void model_add(struct model *m, uint32_t slot, uint64_t reference, char side,
                             uint32_t shares, uint32_t price, struct book_change *c)
{
	struct model_order o = {reference, slot, side == 'S', shares, price};

	*c = (struct book_change){.slot = slot, .other_slot = BOOK_NONE};
	if (shares == 0 || (side != 'B' && side != 'S')) {
		m->stats.ignored++;
		return;
	}
	model_rest(m, &o, c, BOOK_ADDED);
}

/* Takes shares off the order; returns how many. */
static inline uint32_t model_take(struct model *m, uint32_t i, uint32_t shares)
{
	struct model_order *o = &m->orders[i];

	if (shares > o->shares) {
		m->stats.overtaken++;
		shares = o->shares;
	}
	o->shares -= shares;
	if (o->shares == 0)
		model_drop(m, i);
	return shares;
}

static inline void model_trade(struct model *m, uint32_t slot, int64_t price, uint64_t quantity,
                               bool printable)
{
	struct model_book *b = &m->books[slot];

	b->trade_price = price;
	b->trade_quantity = quantity;
	if (printable) {
		b->volume += quantity;
		b->trades++;
		b->notional += (uint64_t)price * quantity;
	}
}

struct model_execution {
	uint64_t reference;
	uint32_t shares;
	uint32_t price;
	bool at_price; /* else at the order's own */
	bool printable;
};

static inline bool model_execute(struct model *m, const struct model_execution *e,
                                 struct book_change *c)
{
	uint32_t i = model_find(m, e->reference);

	*c = (struct book_change){.reference = e->reference, .other_slot = BOOK_NONE};
	if (i == BOOK_NONE)
		return false;
	struct model_order o = m->orders[i];
	uint32_t taken = model_take(m, i, e->shares);
	uint32_t price = e->at_price ? e->price : o.price;

	c->slot = o.slot;
	if (taken == 0)
		return true;
	model_trade(m, o.slot, price, taken, e->printable);
	c->kind = BOOK_EXECUTED;
	c->side = (uint8_t)o.side;
	c->printable = e->printable;
	c->price = price;
	c->quantity = taken;
	return true;
}

static inline bool model_cancel(struct model *m, uint64_t reference, uint32_t shares,
                                struct book_change *c)
{
	uint32_t i = model_find(m, reference);

	*c = (struct book_change){.reference = reference, .other_slot = BOOK_NONE};
	if (i == BOOK_NONE)
		return false;
	struct model_order o = m->orders[i];
	uint32_t taken = model_take(m, i, shares);

	c->slot = o.slot;
	if (taken == 0)
		return true;
	c->kind = taken == o.shares ? BOOK_REMOVED : BOOK_REDUCED;
	c->side = (uint8_t)o.side;
	c->price = o.price;
	c->quantity = taken;
	return true;
}

static inline bool model_delete(struct model *m, uint64_t reference, struct book_change *c)
{
	uint32_t i = model_find(m, reference);

	return model_cancel(m, reference, i == BOOK_NONE ? 0 : m->orders[i].shares, c);
}

static inline bool model_replace(struct model *m, uint64_t reference, uint64_t new_reference,
                                 uint32_t shares, uint32_t price, struct book_change *c)
{
	bool known = model_delete(m, reference, c);

	if (!known || shares == 0)
		return known;
	struct model_order o = {new_reference, c->slot, c->side, shares, price};

	model_rest(m, &o, c, BOOK_REPLACED);
	return true;
}

#endif
