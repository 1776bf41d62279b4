/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/apply_iex.h"

#include <assert.h>

static const char no_reason[4] = {' ', ' ', ' ', ' '};

/* A message to one book. */
static void iex_book(struct book_set *s, uint32_t slot, const uint8_t *m, struct book_change *c)
{
	char word = (char)iex_flags(m);

	switch (iex_type(m)) {
	case IEX_TRADE:
		if (iex_trade_size(m) == 0)
			break;
		book_trade(s, slot, iex_trade_price(m), iex_trade_size(m), true, c);
		c->reference = iex_trade_id(m);
		c->cross = (iex_flags(m) & IEX_SALE_CROSS) != 0;
		break;
	case IEX_TRADE_BREAK:
		*c = (struct book_change){.kind = BOOK_TRADE_BROKEN,
		                          .slot = slot,
		                          .reference = iex_trade_id(m),
		                          .price = iex_trade_price(m),
		                          .quantity = iex_trade_size(m),
		                          .other_slot = BOOK_NONE};
		break;
	case IEX_TRADING_STATUS:
		book_status(s, slot, BOOK_WORD_STATE, word, (const char *)m + IEX_AT_STATUS_REASON,
		            c);
		break;
	case IEX_OPERATIONAL_HALT:
		book_status(s, slot, BOOK_WORD_OPERATIONAL, word, no_reason, c);
		break;
	case IEX_SHORT_SALE:
		book_status(s, slot, BOOK_WORD_SHORT_SALE, word, no_reason, c);
		break;
	default:
		break; /* no book cares */
	}
}

bool apply_iex_common(struct walk *w, struct member *m, uint32_t slot)
{
	struct book_change c = {.kind = BOOK_CHANGE_NONE};

	iex_book(&m->group->books, slot, w->bytes, &c);
	return walk_change(w, m, slot, &c);
}

void apply_iex_system(struct walk *w)
{
	assert(iex_type(w->bytes) == IEX_SYSTEM_EVENT);
	walk_system_event(w, (char)iex_flags(w->bytes));
	walk_message_all(w);
}

void apply_iex_routed(struct walk *w, apply_iex_book *book)
{
	assert(iex_has_symbol(iex_type(w->bytes)));
	struct lane *l = w->lane;
	uint64_t name = iex_symbol(w->bytes);
	uint32_t symbol = lane_symbol(l, name);
	uint32_t link = symbol == VIEW_NONE ? ROUTE_NONE : lane_route(w->shard, l, symbol);

	if (link == ROUTE_NONE) {
		w->shard->stats.unroutable++;
		return;
	}
	feed_view_take(w->view, (uint32_t)symbol_hash(name));
	w->shard->stats.trades_broken += iex_type(w->bytes) == IEX_TRADE_BREAK;
	while (link != ROUTE_NONE) {
		struct route_link *k = &l->routes.links[link];
		struct member *m = &w->shard->members[k->member];

		link = k->next;
		if (!walk_moves(w, m))
			continue;
		uint32_t slot = walk_slot(w, k);

		if (slot == BOOK_NONE)
			continue;
		walk_count(w, m);
		if (book(w, m, slot))
			walk_message(w, m, slot);
	}
}
