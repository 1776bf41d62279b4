/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What an ITCH 5.0 message does. Semantics: TotalView-ITCH 5.0 section 4; corner cases as in
 * docs/replay.md.
 *
 *     A F          order added to the symbol's book
 *     E C X D U    order found by reference; C counts as volume only when printable
 *     P Q          trade that touches no order, printable; Q of 0 shares is no trade
 *     B            components hear of the broken trade; volume stays (matches are not kept)
 *     R            the locate's symbol for this session
 *     H h Y        trading state, operational halt, short-sale state
 *     S V W        feed-wide, raw to every group; S is also kept in the view and the board
 *     others       raw to the symbol's groups
 *
 * Symbol of a message that carries a stock: what the directory message said of its locate in this
 * session, else the message's own. A message that carries none belongs to the groups that take its
 * locate's symbol. Where one group takes everything, orders are found by reference whatever the
 * locate; else a wrong locate leads to an orphan. A locate seen with symbols of different groups
 * sends its orders to all groups of the lane in turn; what none of them has is counted as orphan
 * here and in no group's book, since a group must not depend on what others hold.
 */
#include <assert.h>

#include "dataplane/shard/shard_private.h"
#include "dataplane/wire/itch.h"

static bool itch_known(const uint8_t *m, uint32_t length)
{
	return length != 0 && itch_length(m[0]) != 0 && length >= itch_length(m[0]);
}

static bool itch_is_order(uint8_t type)
{
	return type == ITCH_EXECUTED || type == ITCH_EXECUTED_PRICE || type == ITCH_CANCEL ||
	       type == ITCH_DELETE || type == ITCH_REPLACE;
}

static_assert(ITCH_AT_EXECUTED_REFERENCE == ITCH_AT_ADD_REFERENCE, "one place for all of them");
static_assert(ITCH_AT_CANCEL_REFERENCE == ITCH_AT_ADD_REFERENCE, "one place for all of them");
static_assert(ITCH_AT_DELETE_REFERENCE == ITCH_AT_ADD_REFERENCE, "one place for all of them");
static_assert(ITCH_AT_REPLACE_REFERENCE == ITCH_AT_ADD_REFERENCE, "one place for all of them");

bool apply_itch_intent(const struct walk *w, const uint8_t *m, uint32_t length,
                       struct book_intent *intent)
{
	if (!itch_known(m, length))
		return false;
	bool add = m[0] == ITCH_ADD || m[0] == ITCH_ADD_MPID;

	if (!add && !itch_is_order(m[0]))
		return false;
	*intent = (struct book_intent){.reference = itch_add_reference(m), .slot = BOOK_NONE};
	if (m[0] == ITCH_REPLACE)
		intent->new_reference = itch_replace_new_reference(m);
	if (!add)
		return true;
	const struct route_table *t = &w->lane->routes;
	const struct view_locate *e = feed_view_peek(w->view, itch_locate(m));
	uint32_t link = e->symbol != VIEW_NONE ? t->first[e->symbol] : e->link;

	if (link < ROUTE_MULTI && t->links[link].slot < SLOT_UNMADE) {
		intent->slot = t->links[link].slot;
		intent->price = itch_add_price(m);
		intent->side = (char)itch_add_side(m);
	}
	return true;
}

const struct book_set *apply_itch_set(const struct walk *w, const uint8_t *m)
{
	uint32_t link = feed_view_peek(w->view, itch_locate(m))->link;

	if (link >= ROUTE_MULTI)
		return NULL;
	return &w->shard->members[w->lane->routes.links[link].member].group->books;
}

/* An order message to one book set; false: it has no such order. */
static bool itch_order(struct book_set *s, const uint8_t *m, struct book_change *c)
{
	switch (m[0]) {
	case ITCH_EXECUTED:
		return book_order_execute(s, itch_executed_reference(m), itch_executed_shares(m),
		                          c);
	case ITCH_EXECUTED_PRICE:
		return book_order_execute_at(s, itch_executed_reference(m), itch_executed_shares(m),
		                             itch_executed_price(m),
		                             itch_executed_printable(m) == 'Y', c);
	case ITCH_CANCEL:
		return book_order_cancel(s, itch_cancel_reference(m), itch_cancel_shares(m), c);
	case ITCH_DELETE:
		return book_order_delete(s, itch_delete_reference(m), c);
	default:
		assert(m[0] == ITCH_REPLACE);
		return book_order_replace(s, itch_replace_reference(m),
		                          itch_replace_new_reference(m), itch_replace_shares(m),
		                          itch_replace_price(m), c);
	}
}

/* Asks one member for the order; true: it had it. */
static bool itch_order_member(struct walk *w, struct member *m)
{
	struct book_change c;

	if (!itch_order(&m->group->books, w->bytes, &c))
		return false;
	walk_count(w, m);
	if (walk_change(w, m, c.slot, &c))
		walk_message(w, m, c.slot);
	return true;
}

/* Several routes share the locate: everybody is asked. */
static void itch_order_all(struct walk *w)
{
	bool asked = false;
	bool found = false;

	for (uint32_t i = 0; i < w->lane->member_count; i++) {
		struct member *m = &w->shard->members[w->lane->members[i]];

		if (!walk_moves(w, m))
			continue;
		asked = true;
		found = itch_order_member(w, m) || found;
	}
	w->shard->stats.orphan_references += asked && !found;
}

static void itch_order_routed(struct walk *w)
{
	struct lane *l = w->lane;
	uint32_t link =
	        l->by_reference ? ROUTE_NONE : feed_view_peek(w->view, itch_locate(w->bytes))->link;
	bool asked = false;
	bool found = false;

	if (l->by_reference) {
		struct member *m = &w->shard->members[l->members[0]];

		if (!walk_moves(w, m))
			return;
		if (itch_order_member(w, m))
			return;
		book_orphan(&m->group->books);
		w->shard->stats.orphan_references++;
		return;
	}
	if (link == ROUTE_MULTI) {
		itch_order_all(w);
		return;
	}
	if (link == ROUTE_NONE)
		w->shard->stats.unroutable++;
	for (; link != ROUTE_NONE; link = l->routes.links[link].next) {
		struct member *m = &w->shard->members[l->routes.links[link].member];

		if (!walk_moves(w, m))
			continue;
		asked = true;
		if (itch_order_member(w, m))
			found = true;
		else
			book_orphan(&m->group->books);
	}
	w->shard->stats.orphan_references += asked && !found;
}

/* Order messages with this locate go to the symbol's groups from now on. */
static void itch_bind_locate(struct walk *w, uint32_t locate, uint32_t link)
{
	struct view_locate *e = feed_view_locate(w->view, locate);

	if (link == ROUTE_NONE)
		return;
	feed_view_take(w->view, locate);
	if (e->link == ROUTE_NONE)
		e->link = link;
	else if (e->link != ROUTE_MULTI && !route_same_members(&w->lane->routes, e->link, link))
		e->link = ROUTE_MULTI;
}

/* First link of the groups that take the message's symbol, ROUTE_NONE: nobody here. */
static uint32_t itch_route_stock(struct walk *w)
{
	uint32_t locate = itch_locate(w->bytes);
	const struct view_locate *e = feed_view_peek(w->view, locate);

	if (e->symbol != VIEW_NONE)
		return lane_route(w->shard, w->lane, e->symbol);
	uint32_t symbol = lane_symbol(w->lane, itch_stock(w->bytes));

	if (symbol == VIEW_NONE)
		return ROUTE_NONE;
	uint32_t link = lane_route(w->shard, w->lane, symbol);

	itch_bind_locate(w, locate, link);
	return link;
}

static void itch_list_locate(struct walk *w)
{
	uint32_t locate = itch_locate(w->bytes);
	uint32_t symbol = lane_symbol(w->lane, itch_stock(w->bytes));

	if (symbol == VIEW_NONE)
		return;
	feed_view_locate(w->view, locate)->symbol = symbol;
	itch_bind_locate(w, locate, lane_route(w->shard, w->lane, symbol));
}

static const char no_reason[4] = {' ', ' ', ' ', ' '};

static void itch_trade(struct book_set *s, uint32_t slot, const uint8_t *m, struct book_change *c)
{
	bool cross = m[0] == ITCH_CROSS_TRADE;
	uint64_t shares = cross ? itch_cross_shares(m) : itch_trade_shares(m);

	if (shares == 0)
		return;
	book_trade(s, slot, cross ? itch_cross_price(m) : itch_trade_price(m), shares, true, c);
	c->cross = cross;
	c->reference = cross ? be64(m + ITCH_AT_CROSS_MATCH) : itch_trade_match(m);
}

/* A message that carries a stock, to one book. */
static void itch_stock_book(struct book_set *s, uint32_t slot, const uint8_t *m,
                            struct book_change *c)
{
	switch (m[0]) {
	case ITCH_ADD:
	case ITCH_ADD_MPID:
		book_order_add(s, slot, itch_add_reference(m), (char)itch_add_side(m),
		               itch_add_shares(m), itch_add_price(m), c);
		break;
	case ITCH_TRADE:
	case ITCH_CROSS_TRADE:
		itch_trade(s, slot, m, c);
		break;
	case ITCH_TRADING_ACTION:
		book_status(s, slot, BOOK_WORD_STATE, (char)itch_action_state(m),
		            (const char *)m + ITCH_AT_ACTION_REASON, c);
		break;
	case ITCH_OPERATIONAL_HALT:
		book_status(s, slot, BOOK_WORD_OPERATIONAL, (char)itch_halt_action(m), no_reason,
		            c);
		break;
	case ITCH_REG_SHO:
		book_status(s, slot, BOOK_WORD_SHORT_SALE, (char)m[ITCH_AT_REG_SHO_ACTION],
		            no_reason, c);
		break;
	default:
		break; /* no book cares */
	}
}

static void itch_stock_routed(struct walk *w)
{
	uint32_t link = itch_route_stock(w);

	if (link == ROUTE_NONE)
		w->shard->stats.unroutable++;
	while (link != ROUTE_NONE) {
		struct route_link *k = &w->lane->routes.links[link];
		struct member *m = &w->shard->members[k->member];
		struct book_change c = {.kind = BOOK_CHANGE_NONE};

		link = k->next;
		if (!walk_moves(w, m))
			continue;
		uint32_t slot = walk_slot(w, k);

		if (slot == BOOK_NONE)
			continue;
		walk_count(w, m);
		itch_stock_book(&m->group->books, slot, w->bytes, &c);
		if (walk_change(w, m, slot, &c))
			walk_message(w, m, slot);
	}
}

/* A broken trade names a match and a locate; where the locate is shared nobody knows whose trade it
 * was. */
static void itch_broken(struct walk *w)
{
	uint32_t link = feed_view_peek(w->view, itch_locate(w->bytes))->link;

	if (link == ROUTE_MULTI || link == ROUTE_NONE) {
		w->shard->stats.unroutable++;
		return;
	}
	w->shard->stats.trades_broken++;
	while (link != ROUTE_NONE) {
		struct route_link *k = &w->lane->routes.links[link];
		struct member *m = &w->shard->members[k->member];
		struct book_change c = {.kind = BOOK_TRADE_BROKEN,
		                        .reference = be64(w->bytes + ITCH_AT_BROKEN_MATCH),
		                        .other_slot = BOOK_NONE};

		link = k->next;
		if (!walk_moves(w, m))
			continue;
		c.slot = walk_slot(w, k);
		if (c.slot == BOOK_NONE)
			continue;
		walk_count(w, m);
		if (walk_change(w, m, c.slot, &c))
			walk_message(w, m, c.slot);
	}
}

void apply_itch(struct walk *w)
{
	if (!itch_known(w->bytes, w->length))
		return;
	switch (w->bytes[0]) {
	case ITCH_EXECUTED:
	case ITCH_EXECUTED_PRICE:
	case ITCH_CANCEL:
	case ITCH_DELETE:
	case ITCH_REPLACE:
		itch_order_routed(w);
		break;
	case ITCH_STOCK_DIRECTORY:
		itch_list_locate(w);
		itch_stock_routed(w);
		break;
	case ITCH_SYSTEM_EVENT:
		walk_system_event(w, (char)itch_system_event_code(w->bytes));
		walk_message_all(w);
		break;
	case ITCH_MWCB_LEVELS:
	case ITCH_MWCB_STATUS:
		walk_message_all(w);
		break;
	case ITCH_BROKEN_TRADE:
		itch_broken(w);
		break;
	default:
		itch_stock_routed(w);
		break;
	}
}
