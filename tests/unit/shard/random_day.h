/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Scripts of random days, ITCH and DEEP, from a seed: plain ones and hostile ones.
 */
#ifndef TESTS_UNIT_SHARD_RANDOM_DAY_H
#define TESTS_UNIT_SHARD_RANDOM_DAY_H

#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/shard/script.h"

/* -- a random ITCH day -- */

struct day_options {
	uint64_t seed;
	uint32_t symbols; /* below 676 */
	uint32_t messages;
	bool hostile;  /* wrong and shared locates, unknown references, odd messages */
	bool sessions; /* RESET, GAP and END now and then */
};

struct day_order {
	uint64_t reference;
	uint16_t locate;
	uint32_t shares;
};

static inline const char *day_symbol(uint32_t i, char text[9])
{
	snprintf(text, 9, "%c%c", 'A' + (char)(i / 26), 'A' + (char)(i % 26));
	return text;
}

struct day {
	struct prng prng;
	struct script *script;
	struct day_options o;
	struct day_order live[4096];
	uint32_t live_count;
	uint64_t reference;
};

static inline void day_open(struct day *d)
{
	char text[9];

	script_reset(d->script);
	d->live_count = 0;
	d->reference = 1;
	itch_system(d->script, 'O');
	/* Two thirds are listed; the rest come with their orders alone. */
	for (uint32_t i = 0; i < d->o.symbols; i++) {
		if (prng_below(&d->prng, 3) == 0)
			continue;
		itch_directory(d->script, (uint16_t)(i + 1), day_symbol(i, text));
		itch_action(d->script, (uint16_t)(i + 1), day_symbol(i, text), 'T');
	}
}

static inline void day_add(struct day *d, uint16_t locate, const char *symbol)
{
	struct add a = {.locate = locate,
	                .symbol = symbol,
	                .reference = d->reference,
	                .side = prng_below(&d->prng, 2) ? 'B' : 'S',
	                .shares = 100 * (1 + (uint32_t)prng_below(&d->prng, 9))};

	d->reference += 1 + prng_below(&d->prng, 3);
	a.price = a.side == 'B' ? 99900 + 100 * (uint32_t)prng_below(&d->prng, 12)
	                        : 101000 + 100 * (uint32_t)prng_below(&d->prng, 12);
	itch_add(d->script, a);
	if (d->live_count < 4096)
		d->live[d->live_count++] = (struct day_order){a.reference, locate, a.shares};
}

static inline void day_order(struct day *d)
{
	uint32_t at = (uint32_t)prng_below(&d->prng, d->live_count);
	struct day_order *o = &d->live[at];
	uint16_t locate = o->locate;
	uint64_t reference = o->reference;
	uint32_t take = 1 + (uint32_t)prng_below(&d->prng, o->shares);
	bool gone = false;

	if (d->o.hostile && prng_below(&d->prng, 20) == 0)
		locate = (uint16_t)prng_below(&d->prng, d->o.symbols + 70);
	if (d->o.hostile && prng_below(&d->prng, 40) == 0)
		reference = prng_below(&d->prng, 100000);
	switch (prng_below(&d->prng, 5)) {
	case 0:
		itch_execute(d->script, locate, reference, take);
		gone = take == o->shares;
		o->shares -= take;
		break;
	case 1:
		itch_execute_at(d->script, locate, reference, take, 100500,
		                prng_below(&d->prng, 2) ? 'Y' : 'N');
		gone = take == o->shares;
		o->shares -= take;
		break;
	case 2:
		itch_cancel(d->script, locate, reference, take);
		gone = take == o->shares;
		o->shares -= take;
		break;
	case 3:
		itch_delete(d->script, locate, reference);
		gone = true;
		break;
	default:
		itch_replace(d->script, locate, reference, d->reference, 500,
		             99500 + 100 * (uint32_t)prng_below(&d->prng, 40));
		o->reference = d->reference;
		o->shares = 500;
		d->reference += 1 + prng_below(&d->prng, 3);
		break;
	}
	if (gone)
		d->live[at] = d->live[--d->live_count];
}

static inline void day_odd(struct day *d, uint16_t locate, const char *symbol)
{
	char text[9];

	switch (prng_below(&d->prng, 8)) {
	case 0: /* another symbol by the same locate */
		day_add(d, locate, day_symbol((uint32_t)prng_below(&d->prng, d->o.symbols), text));
		break;
	case 1: /* the locate is listed anew */
		itch_directory(d->script, locate,
		               day_symbol((uint32_t)prng_below(&d->prng, d->o.symbols), text));
		break;
	case 2:
		script_message(d->script, 'Z', 20);
		break;
	case 3:
		itch_message(d->script, 'A', 35, locate);
		break;
	case 4:
		script_add(d->script, RECORD_DATA);
		break;
	case 5:
		day_add(d, locate, "");
		break;
	case 6:
		day_add(d, (uint16_t)(65535 - prng_below(&d->prng, 3)), symbol);
		break;
	default:
		itch_message(d->script, 'B', 19, locate);
		break;
	}
}

static inline void day_make(struct script *s, struct day_options o)
{
	struct day *d = calloc(1, sizeof(*d));
	char text[9];

	if (d == NULL)
		abort();
	d->script = s;
	d->o = o;
	prng_init(&d->prng, o.seed);
	day_open(d);
	while (s->count < o.messages) {
		uint32_t i = (uint32_t)prng_below(&d->prng, o.symbols);
		uint16_t locate = (uint16_t)(i + 1);
		uint64_t what = prng_below(&d->prng, 100);

		day_symbol(i, text);
		if (o.sessions && prng_below(&d->prng, 400) == 0)
			script_gap(s, 1 + prng_below(&d->prng, 20));
		else if (o.sessions && prng_below(&d->prng, 1500) == 0) {
			script_end(s);
			day_open(d);
		} else if (o.hostile && what < 5)
			day_odd(d, locate, text);
		else if (what < 45 || d->live_count == 0)
			day_add(d, locate, text);
		else if (what < 92)
			day_order(d);
		else if (what < 94)
			itch_trade(s, locate, text, 300, 100700);
		else if (what < 96)
			itch_cross(s, locate, text, 12345678901ull, 100800);
		else if (what < 98)
			itch_action(s, locate, text, prng_below(&d->prng, 2) ? 'T' : 'H');
		else
			itch_system(s, 'Q');
	}
	free(d);
}

/* -- a random DEEP day -- */

static inline void deep_day_make(struct script *s, struct day_options o)
{
	struct prng p;
	char text[9];

	prng_init(&p, o.seed);
	script_reset(s);
	while (s->count < o.messages) {
		uint32_t i = (uint32_t)prng_below(&p, o.symbols);
		uint64_t what = prng_below(&p, 100);
		bool bid = prng_below(&p, 2) != 0;

		day_symbol(i, text);
		if (o.sessions && prng_below(&p, 400) == 0)
			script_gap(s, 1 + prng_below(&p, 20));
		else if (o.sessions && prng_below(&p, 1500) == 0) {
			script_end(s);
			script_reset(s);
		} else if (o.hostile && what < 2)
			deep_level(s, "", 'B', 100, (int64_t)prng_next(&p), true);
		else if (o.hostile && what < 4)
			script_message(s, what == 2 ? 'Z' : '8', 29);
		else if (what < 75)
			deep_level(s, text, bid ? 'B' : 'S', 100 * (uint32_t)prng_below(&p, 4),
			           (bid ? 99000 : 101000) + 100 * (int64_t)prng_below(&p, 12),
			           prng_below(&p, 3) != 0);
		else if (what < 90)
			deep_trade(s, what < 88 ? 'T' : 'B', text, 100, 100000);
		else
			deep_status(s, "HOPE"[prng_below(&p, 4)], text, "THP"[prng_below(&p, 3)]);
	}
}

#endif
