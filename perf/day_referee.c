/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_referee.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_symbols.h"

#define SLOTS_MIN 1024u

struct day_referee {
	struct day_referee_counts counts;
	struct day_order *orders; /* open addressing by reference, linear, at most half full */
	uint64_t slots;           /* a power of two */
	uint64_t arrivals;
	struct day_symbols symbols;
	char directory[65536][8]; /* locate -> symbol of its R message; zero: not seen */
	bool listed[65536];
};

uint32_t day_message_bytes(uint8_t type)
{
	static const uint8_t bytes[256] = {
	        ['S'] = 12, ['R'] = 39, ['H'] = 25, ['Y'] = 20, ['L'] = 26, ['V'] = 35,
	        ['W'] = 12, ['K'] = 28, ['J'] = 35, ['h'] = 21, ['A'] = 36, ['F'] = 40,
	        ['E'] = 31, ['C'] = 36, ['X'] = 23, ['D'] = 19, ['U'] = 35, ['P'] = 44,
	        ['Q'] = 40, ['B'] = 19, ['I'] = 50, ['N'] = 20, ['O'] = 48,
	};

	return bytes[type];
}

/* Where a type's stock field stands; 0: it has none. */
static uint32_t stock_offset(uint8_t type)
{
	switch (type) {
	case 'R':
	case 'H':
	case 'Y':
	case 'K':
	case 'J':
	case 'h':
	case 'N':
	case 'O':
		return 11;
	case 'L':
		return 15;
	case 'A':
	case 'F':
	case 'P':
		return 24;
	case 'Q':
		return 19;
	case 'I':
		return 28;
	default:
		return 0;
	}
}

int day_referee_create(struct day_referee **out)
{
	struct day_referee *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	r->slots = SLOTS_MIN;
	r->orders = calloc(r->slots, sizeof(*r->orders));
	if (r->orders == NULL) {
		day_referee_destroy(r);
		return -ENOMEM;
	}
	*out = r;
	return 0;
}

void day_referee_destroy(struct day_referee *r)
{
	if (r == NULL)
		return;
	free(r->orders);
	day_symbols_finish(&r->symbols);
	free(r);
}

/* The order's slot, or the free slot where it would go. */
static struct day_order *slot_of(const struct day_referee *r, uint64_t reference)
{
	uint64_t i = day_symbols_mix(reference) & (r->slots - 1);

	while (r->orders[i].shares != 0 && r->orders[i].reference != reference)
		i = (i + 1) & (r->slots - 1);
	return &r->orders[i];
}

const struct day_order *day_referee_find(const struct day_referee *r, uint64_t reference)
{
	const struct day_order *o = slot_of(r, reference);

	return o->shares == 0 ? NULL : o;
}

static int grow_orders(struct day_referee *r)
{
	struct day_order *old = r->orders;
	uint64_t old_slots = r->slots;

	if ((r->counts.orders_live + 1) * 2 <= r->slots)
		return 0;
	r->orders = calloc(old_slots * 2, sizeof(*old));
	if (r->orders == NULL) {
		r->orders = old;
		return -ENOMEM;
	}
	r->slots = old_slots * 2;
	for (uint64_t i = 0; i < old_slots; i++)
		if (old[i].shares != 0)
			*slot_of(r, old[i].reference) = old[i];
	free(old);
	return 0;
}

/* Takes an order out and puts those behind it where a search will find them. */
static void remove_order(struct day_referee *r, struct day_order *o)
{
	uint64_t i = (uint64_t)(o - r->orders);

	assert(o->shares != 0);
	assert(r->counts.orders_live > 0);
	o->shares = 0;
	r->counts.orders_live--;
	for (i = (i + 1) & (r->slots - 1); r->orders[i].shares != 0; i = (i + 1) & (r->slots - 1)) {
		struct day_order moved = r->orders[i];

		r->orders[i].shares = 0;
		*slot_of(r, moved.reference) = moved;
	}
}

static int add_order(struct day_referee *r, const struct day_order *n)
{
	int error = grow_orders(r);

	if (error != 0)
		return error;
	struct day_order *o = slot_of(r, n->reference);

	if (o->shares == 0)
		r->counts.orders_live++;
	*o = *n;
	o->arrival = ++r->arrivals;
	return 0;
}

static int on_add(struct day_referee *r, const uint8_t *m)
{
	struct day_order n = {.reference = be64(m + 11),
	                      .shares = be32(m + 20),
	                      .price = be32(m + 32),
	                      .time_ns = be48(m + 5),
	                      .locate = be16(m + 1),
	                      .side = m[19] == 'B' ? DAY_BUY : DAY_SELL};

	if (n.shares == 0 || (m[19] != 'B' && m[19] != 'S'))
		return 0;
	if (m[0] == 'F')
		memcpy(n.attribution, m + 36, sizeof(n.attribution));
	memcpy(n.symbol, r->listed[n.locate] ? r->directory[n.locate] : (const char *)m + 24, 8);
	return add_order(r, &n);
}

static int on_replace(struct day_referee *r, const uint8_t *m)
{
	struct day_order *o = slot_of(r, be64(m + 11));

	if (o->shares == 0) {
		r->counts.orphan_references++;
		return 0;
	}
	struct day_order n = *o;

	remove_order(r, o);
	n.reference = be64(m + 19);
	n.shares = be32(m + 27);
	n.price = be32(m + 31);
	n.time_ns = be48(m + 5);
	return n.shares == 0 ? 0 : add_order(r, &n);
}

static void on_take(struct day_referee *r, uint64_t reference, uint32_t shares)
{
	struct day_order *o = slot_of(r, reference);

	if (o->shares == 0)
		r->counts.orphan_references++;
	else if (shares >= o->shares)
		remove_order(r, o);
	else
		o->shares -= shares;
}

int day_referee_apply(struct day_referee *r, const uint8_t *message, uint32_t bytes)
{
	r->counts.messages++;
	if (bytes == 0) {
		r->counts.empty++;
		return 0;
	}
	uint8_t type = message[0];

	if (day_message_bytes(type) == 0 || bytes < day_message_bytes(type)) {
		r->counts.unknown++;
		return 0;
	}
	r->counts.by_type[type]++;
	uint32_t stock = stock_offset(type);

	if (stock != 0 && day_symbols_add(&r->symbols, message + stock) != 0)
		return -ENOMEM;
	r->counts.symbols = r->symbols.count;
	switch (type) {
	case 'R':
		memcpy(r->directory[be16(message + 1)], message + 11, 8);
		r->listed[be16(message + 1)] = true;
		return 0;
	case 'A':
	case 'F':
		return on_add(r, message);
	case 'E':
	case 'C':
	case 'X':
		on_take(r, be64(message + 11), be32(message + 19));
		return 0;
	case 'D':
		on_take(r, be64(message + 11), UINT32_MAX);
		return 0;
	case 'U':
		return on_replace(r, message);
	default:
		return 0;
	}
}

void day_referee_reset(struct day_referee *r)
{
	memset(r->orders, 0, r->slots * sizeof(*r->orders));
	memset(r->listed, 0, sizeof(r->listed));
	r->counts.orders_live = 0;
}

const struct day_referee_counts *day_referee_counts(const struct day_referee *r)
{
	return &r->counts;
}

static int by_arrival(const void *a, const void *b)
{
	const struct day_order *x = a;
	const struct day_order *y = b;

	return (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

int day_referee_orders(const struct day_referee *r, struct day_order **orders, uint64_t *count)
{
	struct day_order *all = calloc(r->counts.orders_live + 1, sizeof(*all));
	uint64_t n = 0;

	if (all == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < r->slots; i++)
		if (r->orders[i].shares != 0)
			all[n++] = r->orders[i];
	assert(n == r->counts.orders_live);
	qsort(all, n, sizeof(*all), by_arrival);
	*orders = all;
	*count = n;
	return 0;
}

/* Symbol bytewise, B before S, best price first. */
static int by_level(const void *a, const void *b)
{
	const struct day_level *x = a;
	const struct day_level *y = b;
	int c = memcmp(x->symbol, y->symbol, 8);

	if (c != 0)
		return c;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	c = (x->price > y->price) - (x->price < y->price);
	return x->side == DAY_BUY ? -c : c;
}

int day_referee_levels(const struct day_referee *r, struct day_level **levels, uint64_t *count)
{
	struct day_level *all = calloc(r->counts.orders_live + 1, sizeof(*all));
	uint64_t n = 0;
	uint64_t kept = 0;

	if (all == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < r->slots; i++) {
		const struct day_order *o = &r->orders[i];

		if (o->shares == 0)
			continue;
		all[n] = (struct day_level){
		        .side = o->side, .price = o->price, .quantity = o->shares, .orders = 1};
		memcpy(all[n++].symbol, o->symbol, 8);
	}
	qsort(all, n, sizeof(*all), by_level);
	for (uint64_t i = 0; i < n; i++) {
		if (kept > 0 && by_level(&all[kept - 1], &all[i]) == 0) {
			all[kept - 1].quantity += all[i].quantity;
			all[kept - 1].orders++;
		} else {
			all[kept++] = all[i];
		}
	}
	*levels = all;
	*count = kept;
	return 0;
}

int day_referee_write_csv(const struct day_referee *r, FILE *out)
{
	struct day_level *levels;
	uint64_t count;
	int error = day_referee_levels(r, &levels, &count);

	if (error != 0)
		return error;
	fprintf(out, "symbol,side,price,quantity,orders\n");
	for (uint64_t i = 0; i < count; i++) {
		const struct day_level *l = &levels[i];
		int width = 8;

		while (width > 0 && l->symbol[width - 1] == ' ')
			width--;
		fprintf(out, "%.*s,%c,%" PRIu32 ".%04" PRIu32 ",%" PRIu64 ",%" PRIu64 "\n", width,
		        l->symbol, l->side == DAY_BUY ? 'B' : 'S', l->price / 10000,
		        l->price % 10000, l->quantity, l->orders);
	}
	free(levels);
	return ferror(out) ? -EIO : 0;
}
