/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Orders and trades of a day: who comes, who goes, who meets whom. See day_private.h for the
 * ladder.
 */
#include <assert.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_private.h"

#define DISTANCE_MAX 100u /* ticks from the touch */
#define MID_MIN      (DISTANCE_MAX + 8u)
#define MID_MAX      (DAY_TICKS - DISTANCE_MAX - 8u)

static_assert(MID_MIN < MID_MAX, "the touch has room to move");

void day_market_init(struct day *d)
{
	for (size_t i = 0; i < (size_t)d->options.symbols * DAY_TICKS; i++)
		d->rungs[i] = DAY_NONE;
	for (uint32_t i = 0; i < d->live_max; i++)
		d->live[i] = i;
}

static uint32_t *rung_of(struct day *d, uint32_t symbol, uint32_t tick)
{
	assert(tick < DAY_TICKS);
	return &d->rungs[(size_t)symbol * DAY_TICKS + tick];
}

/* Puts an order at the end of its rung's queue. */
static void rest(struct day *d, const struct day_live *order)
{
	assert(d->live_count < d->live_max);
	uint32_t slot = d->live[d->live_count];
	struct day_live *o = &d->orders[slot];

	*o = *order;
	o->place = d->live_count++;
	if (o->tick == DAY_OFF_GRID)
		return;
	uint32_t *first = rung_of(d, o->symbol, o->tick);

	if (*first == DAY_NONE) {
		*first = slot;
		o->next = slot;
		o->prev = slot;
		return;
	}
	struct day_live *head = &d->orders[*first];

	o->next = *first;
	o->prev = head->prev;
	d->orders[head->prev].next = slot;
	head->prev = slot;
}

static void leave(struct day *d, uint32_t slot)
{
	struct day_live *o = &d->orders[slot];

	assert(d->live_count > 0);
	assert(d->live[o->place] == slot);
	if (o->tick != DAY_OFF_GRID) {
		uint32_t *first = rung_of(d, o->symbol, o->tick);

		if (o->next == slot)
			*first = DAY_NONE;
		else if (*first == slot)
			*first = o->next;
		d->orders[o->next].prev = o->prev;
		d->orders[o->prev].next = o->next;
	}
	uint32_t last = d->live[--d->live_count];

	d->live[o->place] = last;
	d->orders[last].place = o->place;
	d->live[d->live_count] = slot;
}

/* Mostly at the touch or a few ticks behind it. */
static uint32_t distance(struct day *d)
{
	uint32_t ticks = 0;

	if (day_below(d, 24) == 0)
		return day_below(d, DISTANCE_MAX);
	while (ticks < DISTANCE_MAX - 1 && day_below(d, 10) < 7)
		ticks++;
	return ticks;
}

static uint32_t shares(struct day *d, const struct day_symbol *s)
{
	uint32_t kind = day_below(d, 100);

	if (kind < 60)
		return s->round_lot * (1 + day_below(d, 5));
	if (kind < 95)
		return 1 + day_below(d, s->round_lot + 99);
	if (kind < 99)
		return s->round_lot * (5 + day_below(d, 95));
	return 100 * (1 + day_below(d, 9999));
}

/* The touch takes a step when nobody stands in its way. */
static void drift(struct day *d, uint32_t symbol)
{
	struct day_symbol *s = &d->symbols[symbol];

	if (day_below(d, 2) == 0) {
		if (s->mid < MID_MAX && *rung_of(d, symbol, s->mid + 1u) == DAY_NONE)
			s->mid++;
	} else if (s->mid > MID_MIN && *rung_of(d, symbol, s->mid) == DAY_NONE) {
		s->mid--;
	}
}

/* Where and how much; side and symbol are set. */
static void price_order(struct day *d, struct day_live *o)
{
	const struct day_symbol *s = &d->symbols[o->symbol];

	if (day_below(d, 2000) == 0) { /* a quote far out */
		o->tick = DAY_OFF_GRID;
		o->price = o->side == DAY_BUY ? 1 : 1999999900;
		o->shares = day_below(d, 4) == 0 ? UINT32_MAX : 100;
		return;
	}
	uint32_t ticks = distance(d);

	o->tick = (uint16_t)(o->side == DAY_BUY ? s->mid - ticks : s->mid + 1u + ticks);
	o->price = day_tick_price(s, o->tick);
	o->shares = shares(d, s);
}

static uint64_t take_reference(struct day *d)
{
	d->next_reference += 1 + (day_below(d, 4) == 0 ? day_below(d, 40) : 0);
	return d->next_reference;
}

static uint64_t take_match(struct day *d)
{
	d->next_match += 1 + day_below(d, 3);
	return d->next_match;
}

/* An add, or a delete when no more may rest. */
static uint32_t add(struct day *d)
{
	if (d->live_count == d->live_max)
		return day_market_delete(d);
	static const char participants[][5] = {"GSCO", "MSCO", "UBSS", "CDRG", "NITE", "JPMS"};
	bool attributed = day_below(d, 25) == 0;
	struct day_live o = {.symbol = day_pick_symbol(d)};

	o.side = (uint8_t)day_below(d, 2);
	if (day_below(d, 4) == 0)
		drift(d, o.symbol);
	price_order(d, &o);
	o.reference = take_reference(d);
	uint32_t bytes = day_head(d, attributed ? 'F' : 'A', o.symbol);
	uint8_t *m = d->message;

	put_be64(m + 11, o.reference);
	m[19] = o.side == DAY_BUY ? 'B' : 'S';
	put_be32(m + 20, o.shares);
	memcpy(m + 24, d->symbols[o.symbol].name, 8);
	put_be32(m + 32, o.price);
	if (attributed)
		memcpy(m + 36, participants[day_below(d, 6)], 4);
	rest(d, &o);
	return bytes;
}

uint32_t day_market_delete(struct day *d)
{
	if (d->live_count == 0)
		return add(d);
	uint32_t slot = d->live[day_below(d, d->live_count)];
	uint32_t bytes = day_head(d, 'D', d->orders[slot].symbol);

	put_be64(d->message + 11, d->orders[slot].reference);
	leave(d, slot);
	return bytes;
}

static uint32_t cancel(struct day *d)
{
	uint32_t slot = d->live[day_below(d, d->live_count)];
	struct day_live *o = &d->orders[slot];

	if (o->shares < 2)
		return day_market_delete(d);
	uint32_t bytes = day_head(d, 'X', o->symbol);
	/* Once in a while all of it: an order may end by a cancel too. */
	uint32_t taken = day_below(d, 32) == 0 ? o->shares : 1 + day_below(d, o->shares - 1);

	put_be64(d->message + 11, o->reference);
	put_be32(d->message + 19, taken);
	o->shares -= taken;
	if (o->shares == 0)
		leave(d, slot);
	return bytes;
}

static uint32_t replace(struct day *d)
{
	uint32_t slot = d->live[day_below(d, d->live_count)];
	struct day_live o = d->orders[slot];
	uint64_t old_reference = o.reference;

	leave(d, slot);
	drift(d, o.symbol);
	price_order(d, &o);
	o.reference = take_reference(d);
	uint32_t bytes = day_head(d, 'U', o.symbol);

	put_be64(d->message + 11, old_reference);
	put_be64(d->message + 19, o.reference);
	put_be32(d->message + 27, o.shares);
	put_be32(d->message + 31, o.price);
	rest(d, &o);
	return bytes;
}

/* The order that trades next on a side: front of the queue at the best price. */
static uint32_t front(struct day *d, uint32_t symbol, uint32_t side)
{
	uint32_t mid = d->symbols[symbol].mid;

	for (uint32_t ticks = 0; ticks < DAY_TICKS; ticks++) {
		uint32_t tick = side == DAY_BUY ? mid - ticks : mid + 1 + ticks;

		if (tick >= DAY_TICKS)
			break; /* also below 0 */
		if (*rung_of(d, symbol, tick) != DAY_NONE)
			return *rung_of(d, symbol, tick);
	}
	return DAY_NONE;
}

static bool trades(const struct day *d, uint32_t symbol)
{
	return d->symbols[symbol].state == 'T' && d->symbols[symbol].operational != 'H';
}

/* What changes hands when `slot` is hit; the order shrinks or leaves. */
static uint32_t fill(struct day *d, uint32_t slot)
{
	struct day_live *o = &d->orders[slot];
	bool whole = d->sweep_symbol != DAY_NONE || day_below(d, 2) == 0;
	uint32_t taken = whole ? o->shares : 1 + day_below(d, o->shares);

	o->shares -= taken;
	if (o->shares == 0)
		leave(d, slot);
	return taken;
}

static uint32_t execute(struct day *d, uint32_t slot)
{
	struct day_live *o = &d->orders[slot];
	uint32_t bytes = day_head(d, 'E', o->symbol);

	put_be64(d->message + 11, o->reference);
	d->last_match = take_match(d);
	put_be64(d->message + 23, d->last_match);
	put_be32(d->message + 19, fill(d, slot));
	return bytes;
}

static uint32_t execute_at(struct day *d, uint32_t slot)
{
	struct day_live *o = &d->orders[slot];
	uint32_t bytes = day_head(d, 'C', o->symbol);
	bool printable = day_below(d, 5) != 0;
	uint32_t tick = d->symbols[o->symbol].price_tick;
	uint64_t match = take_match(d);

	put_be64(d->message + 11, o->reference);
	put_be64(d->message + 23, match);
	d->message[31] = printable ? 'Y' : 'N';
	put_be32(d->message + 32, o->side == DAY_BUY ? o->price + tick : o->price - tick);
	put_be32(d->message + 19, fill(d, slot));
	if (printable)
		d->last_match = match;
	return bytes;
}

/* An execution, or an add when nothing can trade. */
static uint32_t trade(struct day *d, bool at_another_price)
{
	uint32_t symbol = day_pick_symbol(d);
	uint32_t side = day_below(d, 2);

	if (d->sweep_symbol != DAY_NONE) {
		symbol = d->sweep_symbol;
		side = d->sweep_side;
	}
	uint32_t slot = trades(d, symbol) ? front(d, symbol, side) : DAY_NONE;

	if (slot == DAY_NONE) {
		d->sweep_symbol = DAY_NONE;
		return add(d);
	}
	if (d->sweep_symbol != DAY_NONE && --d->sweep_left == 0)
		d->sweep_symbol = DAY_NONE;
	else if (d->sweep_symbol == DAY_NONE && day_below(d, 24) == 0) {
		d->sweep_symbol = symbol;
		d->sweep_side = side;
		d->sweep_left = 2 + day_below(d, 12);
	}
	return at_another_price ? execute_at(d, slot) : execute(d, slot);
}

/* A trade against an order that was never shown. */
static uint32_t hidden_trade(struct day *d)
{
	uint32_t symbol = day_pick_symbol(d);

	if (!trades(d, symbol))
		return add(d);
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'P', symbol);
	uint8_t *m = d->message;

	m[19] = 'B';
	put_be32(m + 20, shares(d, s));
	memcpy(m + 24, s->name, 8);
	put_be32(m + 32, day_tick_price(s, s->mid) + day_below(d, s->price_tick + 1));
	d->last_match = take_match(d);
	put_be64(m + 36, d->last_match);
	return bytes;
}

/* How many orders ought to rest now: the book fills in the first quarter of the trading day. */
static uint64_t wanted(const struct day *d)
{
	uint64_t full = d->live_max - d->live_max / 8;
	uint64_t quarter = d->phase_messages[DAY_PHASE_MARKET] / 4 + 1;

	if (d->phase == DAY_PHASE_AFTER_MARKET)
		return full / 2;
	if (d->phase == DAY_PHASE_MARKET)
		return d->in_phase >= quarter ? full : full / 8 + full * d->in_phase / quarter;
	return full / 8;
}

uint32_t day_market_message(struct day *d)
{
	uint32_t kind = day_below(d, 1000);
	uint64_t want = wanted(d);

	if (d->sweep_symbol != DAY_NONE && d->phase == DAY_PHASE_MARKET)
		return trade(d, false);
	if (d->live_count < 8)
		return add(d);
	/* While the book fills, every other delete is an add. */
	if (d->live_count < want && kind >= 455 && kind < 656)
		return add(d);
	if (d->live_count > want && kind < 100 && d->live_count * 8ull > want * 9)
		return day_market_delete(d);
	if (kind < 455)
		return add(d);
	if (kind < 858)
		return day_market_delete(d);
	if (kind < 910)
		return replace(d);
	if (kind < 930)
		return cancel(d);
	if (d->phase != DAY_PHASE_MARKET)
		return kind < 965 ? day_market_delete(d) : hidden_trade(d);
	if (kind < 980)
		return trade(d, false);
	if (kind < 990)
		return trade(d, true);
	return hidden_trade(d);
}
