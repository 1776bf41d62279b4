/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a day says about symbols and the market: directory, states, halts, imbalances, crosses.
 */
#include <assert.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_private.h"

#define LETTERS_1_TO_4 475254u /* names of one to four letters */

static const char participants[][5] = {"GSCO", "MSCO", "UBSS", "CDRG", "NITE", "JPMS"};

/* Bijective base 26: 0 -> A, 25 -> Z, 26 -> AA, ... */
static void letters(char name[8], uint32_t number)
{
	char reversed[8];
	uint32_t n = 0;

	memset(name, ' ', 8);
	for (uint64_t v = (uint64_t)number + 1; v > 0; v = (v - 1) / 26)
		reversed[n++] = (char)('A' + (v - 1) % 26);
	for (uint32_t i = 0; i < n; i++)
		name[i] = reversed[n - 1 - i];
}

void day_admin_name_symbols(struct day *d)
{
	uint32_t start = day_below(d, LETTERS_1_TO_4);

	/* The step shares no factor with the number of names, so none comes twice. */
	for (uint32_t i = 0; i < d->options.symbols; i++) {
		struct day_symbol *s = &d->symbols[i];
		uint32_t kind = day_below(d, 100);

		letters(s->name, (uint32_t)((start + i * 7919ull) % LETTERS_1_TO_4));
		s->locate = (uint16_t)(i + 1);
		s->state = 'H';
		s->operational = 'T';
		s->round_lot = kind == 0 ? 1 : kind < 4 ? 10 : 100;
		s->mid = (uint16_t)(DAY_TICKS / 2 - 20 + day_below(d, 40));
		if (day_below(d, 32) == 0) { /* below a dollar: steps of 1/100 cent */
			s->price_tick = 1;
			s->price_first = 200 + day_below(d, 9000);
		} else {
			uint32_t root = 20 + day_below(d, 200);

			s->price_tick = root > 190 ? 500 : 100;
			s->price_first = 10000 + root * root * root / 100 * 100;
		}
	}
	/* Locates are given in no order that means anything. */
	for (uint32_t i = d->options.symbols; i > 1; i--) {
		uint32_t j = day_below(d, i);
		uint16_t locate = d->symbols[i - 1].locate;

		d->symbols[i - 1].locate = d->symbols[j].locate;
		d->symbols[j].locate = locate;
	}
}

uint32_t day_admin_system(struct day *d, char event)
{
	uint32_t bytes = day_head(d, 'S', DAY_NONE);

	d->message[11] = (uint8_t)event;
	return bytes;
}

uint32_t day_admin_directory(struct day *d, uint32_t symbol)
{
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'R', symbol);
	uint8_t *m = d->message;
	bool fund = day_below(d, 4) == 0;

	memcpy(m + 11, s->name, 8);
	m[19] = (uint8_t) "QGSNAPZ"[day_below(d, 7)];
	m[20] = day_below(d, 100) == 0 ? 'D' : 'N';
	put_be32(m + 21, s->round_lot);
	m[25] = 'N';
	m[26] = fund ? 'Q' : 'C';
	memcpy(m + 27, fund ? "I " : "Z ", 2);
	m[29] = 'P';
	m[30] = 'N';
	m[31] = day_below(d, 500) == 0 ? 'Y' : 'N';
	m[32] = day_below(d, 8) == 0 ? '1' : '2';
	m[33] = fund ? 'Y' : 'N';
	put_be32(m + 34, 0);
	m[38] = 'N';
	return bytes;
}

uint32_t day_admin_trading(struct day *d, uint32_t symbol, char state, const char *reason)
{
	struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'H', symbol);

	memcpy(d->message + 11, s->name, 8);
	d->message[19] = (uint8_t)state;
	d->message[20] = ' ';
	memcpy(d->message + 21, reason, 4);
	s->state = state;
	return bytes;
}

uint32_t day_admin_short_sale(struct day *d, uint32_t symbol, char action)
{
	uint32_t bytes = day_head(d, 'Y', symbol);

	memcpy(d->message + 11, d->symbols[symbol].name, 8);
	d->message[19] = (uint8_t)action;
	return bytes;
}

uint32_t day_admin_participant(struct day *d)
{
	uint32_t symbol = day_pick_symbol(d);
	uint32_t bytes = day_head(d, 'L', symbol);
	uint8_t *m = d->message;

	memcpy(m + 11, participants[day_below(d, 6)], 4);
	memcpy(m + 15, d->symbols[symbol].name, 8);
	m[23] = day_below(d, 2) == 0 ? 'Y' : 'N';
	m[24] = 'N';
	m[25] = (uint8_t) "AAAAEWSD"[day_below(d, 8)];
	return bytes;
}

uint32_t day_admin_decline_levels(struct day *d)
{
	uint32_t bytes = day_head(d, 'V', DAY_NONE);
	uint64_t index = (400000 + day_below(d, 100000)) * 1000000ull; /* 8 decimals */

	put_be64(d->message + 11, index / 100 * 93);
	put_be64(d->message + 19, index / 100 * 87);
	put_be64(d->message + 27, index / 100 * 80);
	return bytes;
}

static uint32_t decline_status(struct day *d)
{
	if (d->decline_level == 3)
		return day_admin_participant(d);
	uint32_t bytes = day_head(d, 'W', DAY_NONE);

	d->message[11] = (uint8_t)('1' + d->decline_level++);
	return bytes;
}

uint32_t day_admin_cross(struct day *d, uint32_t symbol, char type)
{
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'Q', symbol);
	uint8_t *m = d->message;
	bool crossed = day_below(d, 5) != 0;

	put_be64(m + 11, crossed ? 100ull * (1 + day_below(d, 100000)) : 0);
	memcpy(m + 19, s->name, 8);
	put_be32(m + 27, crossed ? day_tick_price(s, s->mid) : 0);
	d->next_match += 1 + day_below(d, 3);
	put_be64(m + 31, d->next_match);
	m[39] = (uint8_t)type;
	return bytes;
}

uint32_t day_admin_imbalance(struct day *d, char type)
{
	uint32_t symbol = day_pick_symbol(d);
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'I', symbol);
	uint8_t *m = d->message;
	uint32_t near = day_tick_price(s, s->mid);

	put_be64(m + 11, day_below(d, 5000000));
	put_be64(m + 19, day_below(d, 100000));
	m[27] = (uint8_t) "BSN"[day_below(d, 3)];
	memcpy(m + 28, s->name, 8);
	put_be32(m + 36, near + 2 * s->price_tick);
	put_be32(m + 40, near);
	put_be32(m + 44, near + s->price_tick);
	m[48] = (uint8_t)type;
	m[49] = (uint8_t) "L1259ABC"[day_below(d, 8)];
	return bytes;
}

uint32_t day_admin_broken(struct day *d)
{
	uint32_t bytes = day_head(d, 'B', DAY_NONE);

	put_be64(d->message + 11, d->last_match);
	return bytes;
}

static uint32_t retail_interest(struct day *d)
{
	uint32_t symbol = day_pick_symbol(d);
	uint32_t bytes = day_head(d, 'N', symbol);

	memcpy(d->message + 11, d->symbols[symbol].name, 8);
	d->message[19] = (uint8_t) "BSAN"[day_below(d, 4)];
	return bytes;
}

static uint32_t new_issue(struct day *d)
{
	uint32_t symbol = day_pick_symbol(d);
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'K', symbol);
	uint8_t *m = d->message;

	memcpy(m + 11, s->name, 8);
	put_be32(m + 19, (uint32_t)(d->time_ns / 1000000000u) + 600 + day_below(d, 1200));
	m[23] = day_below(d, 8) == 0 ? 'C' : 'A';
	put_be32(m + 24, day_tick_price(s, s->mid));
	return bytes;
}

static uint32_t auction_collar(struct day *d)
{
	uint32_t symbol = day_pick_symbol(d);
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'J', symbol);
	uint8_t *m = d->message;
	uint32_t reference = day_tick_price(s, s->mid);

	memcpy(m + 11, s->name, 8);
	put_be32(m + 19, reference);
	put_be32(m + 23, reference + reference / 20);
	put_be32(m + 27, reference - reference / 20);
	put_be32(m + 31, day_below(d, 3));
	return bytes;
}

static uint32_t direct_listing(struct day *d)
{
	uint32_t symbol = day_pick_symbol(d);
	const struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'O', symbol);
	uint8_t *m = d->message;
	uint32_t price = day_tick_price(s, s->mid);

	memcpy(m + 11, s->name, 8);
	m[19] = day_below(d, 2) == 0 ? 'Y' : 'N';
	put_be32(m + 20, price - price / 5);
	put_be32(m + 24, price + price / 5);
	put_be32(m + 28, price);
	put_be64(m + 32, d->time_ns);
	put_be32(m + 40, price - price / 10);
	put_be32(m + 44, price + price / 10);
	return bytes;
}

/* A halt takes four rare moments: halted, quotation only, the cross, trading again. */
static uint32_t halt(struct day *d)
{
	if (d->halted == DAY_NONE) {
		d->halted = day_pick_symbol(d);
		return day_admin_trading(d, d->halted, 'H', "T1  ");
	}
	uint32_t symbol = d->halted;

	if (d->symbols[symbol].state == 'H')
		return day_admin_trading(d, symbol, 'Q', "T3  ");
	if (d->symbols[symbol].state == 'Q') {
		d->symbols[symbol].state = 'q'; /* crossed, not yet trading; never sent */
		return day_admin_cross(d, symbol, 'H');
	}
	d->halted = DAY_NONE;
	return day_admin_trading(d, symbol, 'T', "    ");
}

static uint32_t operational_halt(struct day *d)
{
	bool resume = d->operational_halted != DAY_NONE;
	uint32_t symbol = resume ? d->operational_halted : day_pick_symbol(d);
	struct day_symbol *s = &d->symbols[symbol];
	uint32_t bytes = day_head(d, 'h', symbol);

	s->operational = resume ? 'T' : 'H';
	d->operational_halted = resume ? DAY_NONE : symbol;
	memcpy(d->message + 11, s->name, 8);
	d->message[19] = 'Q';
	d->message[20] = (uint8_t)s->operational;
	return bytes;
}

uint32_t day_admin_rare(struct day *d)
{
	switch (d->rare_next++ % 16) {
	case 0:
		return new_issue(d);
	case 1:
	case 4:
	case 9:
	case 12:
		return halt(d);
	case 2:
		return retail_interest(d);
	case 3:
		return day_admin_participant(d);
	case 5:
	case 10:
		return operational_halt(d);
	case 6:
		return auction_collar(d);
	case 7:
		return direct_listing(d);
	case 8:
		return decline_status(d);
	case 11:
		return day_admin_broken(d);
	case 13:
		return day_admin_imbalance(d, 'H');
	case 14:
		return day_admin_short_sale(d, day_pick_symbol(d), '1');
	default:
		return day_admin_participant(d);
	}
}
