/* SPDX-License-Identifier: BSD-3-Clause
 *
 * VWAP: volume-weighted average price per symbol, from the trades that count as volume.
 *
 * The shortest useful component: it sits on the books of its group, is told of every change, and
 * keeps one row per book. docs/components.md walks through it.
 *
 *     settings: crosses: yes (default) | no     do auctions count?
 *     report:   symbol,vwap,shares              one line per symbol that traded
 *
 * A session reset begins a new average. A broken trade stays in: the feed's break names a match,
 * and matches are not kept.
 */
#include <string.h>

#include "dataplane/shard/component.h"

/* Price x shares of a day exceeds 64 bits. */
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 wide_bits;

struct vwap_row {              /* of one symbol, by slot */
	uint64_t notional_low; /* sum of price x shares, 128 bits, two's complement */
	uint64_t notional_high;
	uint64_t shares;
};

struct vwap_state {
	uint64_t trades;
	uint64_t symbols; /* that have traded in this session */
	uint64_t crosses; /* 1: auctions count */
	struct vwap_row rows[];
};

enum { VWAP_TRADES, VWAP_SYMBOLS };

static uint64_t vwap_state_bytes(const struct component_settings *s, uint32_t symbols_max,
                                 const char **error)
{
	for (uint32_t i = 0; i < s->count; i++) {
		if (strcmp(s->items[i].key, "crosses") != 0) {
			*error = "unknown setting; there is one: crosses";
			return 0;
		}
		if (strcmp(s->items[i].value, "yes") != 0 && strcmp(s->items[i].value, "no") != 0) {
			*error = "crosses must be yes or no";
			return 0;
		}
	}
	return sizeof(struct vwap_state) + symbols_max * sizeof(struct vwap_row);
}

static int vwap_start(struct component_context *c)
{
	struct vwap_state *v = c->state;
	const char *crosses = component_setting(c->settings, "crosses");

	v->crosses = crosses == NULL || strcmp(crosses, "yes") == 0;
	component_mark(c, v, sizeof(*v));
	return 0;
}

static wide vwap_notional(const struct vwap_row *r)
{
	return (wide)((wide_bits)r->notional_high << 64 | r->notional_low);
}

static enum component_verdict vwap_on_book_change(struct component_context *c,
                                                  const struct book_change *change)
{
	struct vwap_state *v = c->state;
	bool trade = change->kind == BOOK_EXECUTED || change->kind == BOOK_TRADED;

	if (!trade || !change->printable || (change->cross && !v->crosses))
		return COMPONENT_OK;
	struct vwap_row *r = &v->rows[change->slot];
	wide notional = vwap_notional(r) + (wide)change->price * (wide)change->quantity;

	v->trades++;
	v->symbols += r->shares == 0;
	r->notional_low = (uint64_t)notional;
	r->notional_high = (uint64_t)((wide_bits)notional >> 64);
	r->shares += change->quantity;
	component_mark(c, v, sizeof(*v));
	component_mark(c, r, sizeof(*r));
	c->values[VWAP_TRADES] = v->trades;
	c->values[VWAP_SYMBOLS] = v->symbols;
	return COMPONENT_OK;
}

static enum component_verdict vwap_on_event(struct component_context *c,
                                            const struct component_event *e)
{
	struct vwap_state *v = c->state;

	if (e->kind != COMPONENT_RESET)
		return COMPONENT_OK;
	v->trades = 0;
	v->symbols = 0;
	memset(v->rows, 0, c->symbols_max * sizeof(v->rows[0]));
	component_mark(c, v, sizeof(*v) + c->symbols_max * sizeof(v->rows[0]));
	c->values[VWAP_TRADES] = 0;
	c->values[VWAP_SYMBOLS] = 0;
	return COMPONENT_OK;
}

/* Six decimals, rounded to the nearest; prices have four. */
static void vwap_print(FILE *out, const struct vwap_row *r)
{
	wide notional = vwap_notional(r);
	wide size = notional < 0 ? -notional : notional;
	uint64_t whole = (uint64_t)((size * 100 + r->shares / 2) / r->shares);

	fprintf(out, "%s%llu.%06llu", notional < 0 ? "-" : "",
	        (unsigned long long)(whole / 1000000), (unsigned long long)(whole % 1000000));
}

static void vwap_report(const struct component_context *c, FILE *out)
{
	const struct vwap_state *v = c->state;

	fputs("symbol,vwap,shares\n", out);
	for (uint32_t slot = 0; slot < c->symbols_max; slot++) {
		const struct vwap_row *r = &v->rows[slot];
		char symbol[9] = {0};

		if (r->shares == 0)
			continue;
		memcpy(symbol, &book_at(c->books, slot)->symbol, 8);
		for (int i = 7; i >= 0 && symbol[i] == ' '; i--)
			symbol[i] = '\0';
		fprintf(out, "%s,", symbol);
		vwap_print(out, r);
		fprintf(out, ",%llu\n", (unsigned long long)r->shares);
	}
}

extern const struct component_ops genesis_component;

const struct component_ops genesis_component = {
        .abi = COMPONENT_ABI,
        .name = "vwap",
        .help = "volume-weighted average price per symbol",
        .depends_on = {"book"},
        .values =
                {
                        [VWAP_TRADES] = {"trades", "trades", "Trades averaged in this session."},
                        [VWAP_SYMBOLS] = {"symbols", "symbols",
                                          "Symbols that traded in this session."},
                },
        .state_bytes = vwap_state_bytes,
        .start = vwap_start,
        .on_book_change = vwap_on_book_change,
        .on_event = vwap_on_event,
        .report = vwap_report,
};
