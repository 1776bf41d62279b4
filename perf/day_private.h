/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the files of the day maker share. day.c walks the script of the day, day_market.c lives the
 * orders, day_admin.c writes what is said about symbols and the market as a whole.
 *
 * Prices of a symbol stand on a ladder of DAY_TICKS ticks around where it opened. The touch lies
 * between tick `mid` (highest bid allowed) and mid + 1 (lowest ask allowed); it moves up only when
 * no ask rests at mid + 1, and down only when no bid rests at mid: so the book cannot cross. Every
 * rung holds its orders as a ring in time priority.
 */
#ifndef PERF_DAY_PRIVATE_H
#define PERF_DAY_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/day.h"
#include "resilience/prng.h"

#define DAY_TICKS    512u
#define DAY_OFF_GRID UINT16_MAX /* a far order, on no rung */
#define DAY_NONE     UINT32_MAX

struct day_symbol {
	char name[8];
	uint32_t price_first; /* of tick 0 */
	uint32_t price_tick;
	uint32_t round_lot;
	uint16_t locate;
	uint16_t mid;
	char state; /* 'H', 'P', 'Q', 'T' */
	char operational;
	uint8_t pad[2];
};

struct day_live { /* an order that rests */
	uint64_t reference;
	uint32_t symbol;
	uint32_t price;
	uint32_t shares;
	uint32_t next, prev; /* ring of its rung */
	uint32_t place;      /* in live[] */
	uint16_t tick;
	uint8_t side; /* enum day_side */
};

enum day_phase {
	DAY_PHASE_START,
	DAY_PHASE_DIRECTORY,
	DAY_PHASE_TRADING,
	DAY_PHASE_SHORT_SALE,
	DAY_PHASE_PARTICIPANTS,
	DAY_PHASE_DECLINE_LEVELS,
	DAY_PHASE_SYSTEM_START,
	DAY_PHASE_PRE_MARKET,
	DAY_PHASE_OPEN,
	DAY_PHASE_OPEN_CROSSES,
	DAY_PHASE_MARKET,
	DAY_PHASE_CLOSE,
	DAY_PHASE_CLOSE_CROSSES,
	DAY_PHASE_AFTER_MARKET,
	DAY_PHASE_SYSTEM_END,
	DAY_PHASE_LAST_WORDS,
	DAY_PHASE_END,
	DAY_PHASE_COUNT,
};

struct day {
	struct day_options options;
	struct prng prng;
	struct day_referee *referee;

	uint32_t phase;    /* enum day_phase; DAY_PHASE_COUNT: over */
	uint64_t in_phase; /* messages given out in it */
	uint64_t phase_messages[DAY_PHASE_COUNT];
	uint64_t time_ns;
	uint64_t phase_end_ns;
	uint8_t *message; /* where the current one goes */

	struct day_symbol *symbols; /* in order of the directory; locates are shuffled */
	uint32_t *by_rank;          /* rank of activity -> symbol */
	uint64_t *rank_weight;      /* cumulated; Zipf with exponent 1 */
	uint32_t *rungs;            /* symbols x DAY_TICKS: first order in time, or DAY_NONE */

	struct day_live *orders; /* slots */
	uint32_t *live;          /* places 0..live_count: slots in use, then the free ones */
	uint32_t live_count;
	uint32_t live_max;

	uint64_t next_reference;
	uint64_t next_match;
	uint64_t last_match; /* of something printable, for a broken trade */
	uint64_t rare_every; /* market messages between two rare ones */
	uint32_t rare_next;
	uint32_t halted; /* symbol on its way through a halt, or DAY_NONE */
	uint32_t operational_halted;
	uint32_t decline_level;

	uint32_t sweep_symbol; /* DAY_NONE: nobody is taking out a level */
	uint32_t sweep_side;
	uint32_t sweep_left;
};

/* day.c: the common head of a message; returns its length. symbol DAY_NONE: locate 0. */
uint32_t day_head(struct day *d, uint8_t type, uint32_t symbol);
/* A symbol by its activity. */
uint32_t day_pick_symbol(struct day *d);
static inline uint32_t day_below(struct day *d, uint32_t bound)
{
	return (uint32_t)prng_below(&d->prng, bound);
}

/* day_market.c: each writes one message and returns its length. */
uint32_t day_market_message(struct day *d);
uint32_t day_market_delete(struct day *d); /* an add when nothing rests */
void day_market_init(struct day *d);
static inline uint32_t day_tick_price(const struct day_symbol *s, uint32_t tick)
{
	return s->price_first + tick * s->price_tick;
}

/* day_admin.c: each writes one message and returns its length. */
void day_admin_name_symbols(struct day *d);
uint32_t day_admin_system(struct day *d, char event);
uint32_t day_admin_directory(struct day *d, uint32_t symbol);
uint32_t day_admin_trading(struct day *d, uint32_t symbol, char state, const char *reason);
uint32_t day_admin_short_sale(struct day *d, uint32_t symbol, char action);
uint32_t day_admin_participant(struct day *d);
uint32_t day_admin_decline_levels(struct day *d);
uint32_t day_admin_cross(struct day *d, uint32_t symbol, char type);
uint32_t day_admin_imbalance(struct day *d, char type);
uint32_t day_admin_broken(struct day *d);
/* The next of the rare kinds, in turn. */
uint32_t day_admin_rare(struct day *d);

#endif
