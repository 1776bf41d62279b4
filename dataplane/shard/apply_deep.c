/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an IEX DEEP 1.0 message does. Semantics: IEX DEEP Specification 1.0.
 *
 *     8 5      quantity of a price level, 0 removes it
 *     T        trade, printable
 *     B        components hear of the broken trade; volume stays
 *     H O P E  trading state, operational halt, short-sale state, security event
 *     S        system event: view, board, raw to every group
 *     others   raw to the symbol's groups
 *
 * Every T counts as volume: DEEP reports each execution once and IEX counts extended-hours, odd-lot
 * and trade-through-exempt executions as its volume; whoever wants only some of them reads the sale
 * condition flags in on_message. Auction and official prices (A, X) are no executions.
 *
 * A level update without the event flag is followed by more of the same event. Books and components
 * get each at once; the board's row is written when the event is complete, so nobody outside sees a
 * book that is crossed for the moment.
 */
#include <assert.h>

#include "dataplane/shard/shard_private.h"
#include "dataplane/wire/deep.h"

/* Sale condition flag of a trade: part of a single-price cross (an auction). */
#define DEEP_SALE_CROSS 0x08u

static const char no_reason[4] = {' ', ' ', ' ', ' '};

/* A message to one book. */
static void deep_book(struct book_set *s, uint32_t slot, const uint8_t *m, struct book_change *c)
{
	char word = (char)m[DEEP_AT_FLAGS];

	switch (m[0]) {
	case DEEP_LEVEL_BUY:
	case DEEP_LEVEL_SELL:
		book_level_update(s, slot, m[0] == DEEP_LEVEL_BUY ? BOOK_BID : BOOK_ASK,
		                  deep_level_price(m), deep_level_size(m), c);
		break;
	case DEEP_TRADE:
		if (deep_trade_size(m) == 0)
			break;
		book_trade(s, slot, deep_trade_price(m), deep_trade_size(m), true, c);
		c->reference = deep_trade_id(m);
		c->cross = (deep_flags(m) & DEEP_SALE_CROSS) != 0;
		break;
	case DEEP_TRADE_BREAK:
		*c = (struct book_change){.kind = BOOK_TRADE_BROKEN,
		                          .slot = slot,
		                          .reference = deep_trade_id(m),
		                          .price = deep_trade_price(m),
		                          .quantity = deep_trade_size(m),
		                          .other_slot = BOOK_NONE};
		break;
	case DEEP_TRADING_STATUS:
		book_status(s, slot, BOOK_WORD_STATE, word, (const char *)m + DEEP_AT_STATUS_REASON,
		            c);
		break;
	case DEEP_OPERATIONAL_HALT:
		book_status(s, slot, BOOK_WORD_OPERATIONAL, word, no_reason, c);
		break;
	case DEEP_SHORT_SALE:
		book_status(s, slot, BOOK_WORD_SHORT_SALE, word, no_reason, c);
		break;
	case DEEP_SECURITY_EVENT:
		book_status(s, slot, BOOK_WORD_SECURITY_EVENT, word, no_reason, c);
		break;
	default:
		break; /* no book cares */
	}
}

static void deep_routed(struct walk *w)
{
	struct lane *l = w->lane;
	uint64_t name = deep_symbol(w->bytes);
	uint32_t symbol = lane_symbol(l, name);
	uint32_t link = symbol == VIEW_NONE ? ROUTE_NONE : lane_route(w->shard, l, symbol);

	if (link == ROUTE_NONE) {
		w->shard->stats.unroutable++;
		return;
	}
	feed_view_take(w->view, (uint32_t)symbol_hash(name));
	w->shard->stats.trades_broken += w->bytes[0] == DEEP_TRADE_BREAK;
	while (link != ROUTE_NONE) {
		struct route_link *k = &l->routes.links[link];
		struct member *m = &w->shard->members[k->member];
		struct book_change c = {.kind = BOOK_CHANGE_NONE};

		link = k->next;
		if (!walk_moves(w, m))
			continue;
		uint32_t slot = walk_slot(w, k);

		if (slot == BOOK_NONE)
			continue;
		walk_count(w, m);
		deep_book(&m->group->books, slot, w->bytes, &c);
		if (walk_change(w, m, slot, &c))
			walk_message(w, m, slot);
	}
}

void apply_deep(struct walk *w)
{
	const uint8_t *m = w->bytes;

	if (w->length == 0 || deep_length(m[0]) == 0 || w->length < deep_length(m[0]))
		return;
	if (m[0] == DEEP_SYSTEM_EVENT) {
		walk_system_event(w, (char)m[DEEP_AT_FLAGS]);
		walk_message_all(w);
		return;
	}
	if (m[0] == DEEP_LEVEL_BUY || m[0] == DEEP_LEVEL_SELL)
		w->event = deep_level_event_complete(m) ? EVENT_COMPLETE : EVENT_OPEN;
	deep_routed(w);
}
