/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Publishing: which board rows are to be written, and when.
 *
 * A change that a row would show puts the row's link into the lane's queue, once; at the end of the
 * turn the queue is written, each row once, with the book as it stands then. Rows of a class whose
 * symbol is taken by the critical class too, or by an earlier group, are not written. A row is
 * never written for a position before the one it shows, so a group that is caught up from an older
 * state stays silent until it passes what was published.
 */
#include <assert.h>

#include "dataplane/shard/shard_private.h"

uint32_t member_link(struct member *m, uint32_t slot)
{
	struct lane *l = m->lane;

	assert(slot < book_count(&m->group->books));
	if (m->slot_link[slot] != ROUTE_NONE)
		return m->slot_link[slot];
	/* The group came with this book (restored): its link is on its symbol's chain. */
	uint32_t id = book_at(&m->group->books, slot)->symbol_id;
	uint32_t symbol = id == SYMBOL_NONE ? blank_symbol(&l->routes) : id;
	uint32_t link = symbol > l->routes.symbols_max ? ROUTE_NONE : l->routes.first[symbol];

	while (link < ROUTE_MULTI && &l->shard->members[l->routes.links[link].member] != m)
		link = l->routes.links[link].next;
	if (link >= ROUTE_MULTI)
		return ROUTE_NONE;
	m->slot_link[slot] = link;
	l->routes.links[link].slot = slot;
	return link;
}

static void publish_queue_push(struct publish_queue *q, uint32_t link)
{
	assert(q->count < q->capacity);
	uint32_t at = q->first + q->count++;

	q->links[at < q->capacity ? at : at - q->capacity] = link;
}

static uint32_t publish_queue_pop(struct publish_queue *q)
{
	assert(q->count > 0);
	uint32_t link = q->links[q->first];

	q->first = q->first + 1 == q->capacity ? 0 : q->first + 1;
	q->count--;
	return link;
}

/* Would the row look different? */
static bool publish_matters(const struct publish_row *row, const struct book *b,
                            const struct book_change *c)
{
	switch ((enum book_change_kind)c->kind) {
	case BOOK_CHANGE_NONE:
	case BOOK_ADDED:
	case BOOK_REDUCED:
	case BOOK_REMOVED:
	case BOOK_REPLACED:
	case BOOK_LEVEL_SET:
		return c->best_changed ||
		       ((b->flags & BOOK_DEGRADED) != 0) != ((row->flags & BOARD_DEGRADED) != 0);
	case BOOK_TRADE_BROKEN:
		return false;
	case BOOK_EXECUTED:
	case BOOK_TRADED:
	case BOOK_STATUS:
	case BOOK_CLEARED:
		return true;
	}
	return true;
}

/* By level a book can become good again by updates that change nothing in its row. The first one
 * after a GAP has it written, as suspect or good, and while it is suspect each one does. */
static bool publish_confirms(const struct walk *w, const struct publish_row *row)
{
	const struct feed_view *v = w->view;

	if (w->lane->setup->protocol->by_order || v->gap_epoch != v->epoch || row->epoch == 0)
		return false;
	return (row->flags & BOARD_SUSPECT) != 0 ||
	       row->published_sequence - 1 < v->gap_end_sequence - 1;
}

static void publish_mark(struct lane *l, uint32_t link, uint32_t epoch, uint64_t sequence,
                         uint64_t time_ns)
{
	struct publish_row *row = &l->rows[link];

	row->epoch = epoch;
	row->sequence = sequence;
	row->time_ns = time_ns;
	if (row->dirty)
		return;
	row->dirty = true;
	publish_queue_push(&l->queue, link);
}

static void publish_slot(struct walk *w, struct member *m, uint32_t slot,
                         const struct book_change *c)
{
	uint32_t link = member_link(m, slot);

	if (link == ROUTE_NONE || !w->lane->rows[link].owned)
		return;
	struct publish_row *row = &w->lane->rows[link];
	bool matters = publish_matters(row, book_at(&m->group->books, slot), c) ||
	               publish_confirms(w, row);

	if (w->event == EVENT_OPEN) {
		row->open = row->open || matters;
		return;
	}
	if (w->event == EVENT_COMPLETE) {
		matters = matters || row->open;
		row->open = false;
	}
	/* A trade in the middle of an event waits for the event's end, too. */
	if (matters && !row->open)
		publish_mark(w->lane, link, w->view->epoch, w->sequence, w->record->time_ns);
}

void publish_change(struct walk *w, struct member *m, uint32_t slot, const struct book_change *c)
{
	publish_slot(w, m, slot, c);
	if (c->kind != BOOK_CHANGE_NONE && c->other_slot != BOOK_NONE) {
		struct book_change other = {.kind = BOOK_REMOVED, .best_changed = true};

		publish_slot(w, m, c->other_slot, &other);
	}
}

void publish_reset(struct member *m, uint32_t epoch, uint64_t sequence, uint64_t time_ns)
{
	struct lane *l = m->lane;

	for (uint32_t slot = 0; l->board != NULL && slot < book_count(&m->group->books); slot++) {
		uint32_t link = member_link(m, slot);

		if (link == ROUTE_NONE || !l->rows[link].owned)
			continue;
		l->rows[link].open = false;
		publish_mark(l, link, epoch, sequence, time_ns);
	}
}

void publish_state(struct member *m)
{
	struct lane *l = m->lane;

	for (uint32_t slot = 0; l->board != NULL && slot < book_count(&m->group->books); slot++) {
		uint32_t link = member_link(m, slot);

		if (link == ROUTE_NONE || !l->rows[link].owned || l->rows[link].epoch == 0)
			continue;
		const struct publish_row *row = &l->rows[link];

		publish_mark(l, link, row->epoch, row->sequence, row->time_ns);
	}
}

static void publish_side(const struct book_set *s, const struct book *b, struct board_top *t)
{
	const struct book_level *bid = book_best(s, b, BOOK_BID);
	const struct book_level *ask = book_best(s, b, BOOK_ASK);

	if (bid != NULL) {
		t->bid_price = bid->price;
		t->bid_quantity = bid->quantity;
		t->bid_orders = bid->orders;
	}
	if (ask != NULL) {
		t->ask_price = ask->price;
		t->ask_quantity = ask->quantity;
		t->ask_orders = ask->orders;
	}
}

/* State of the book against the last GAP that its mover has seen. */
static void publish_goodness(const struct member *m, uint32_t slot, struct board_top *t)
{
	const struct book *b = book_at(&m->group->books, slot);
	const struct feed_view *v =
	        m->mover == MOVER_CATCH_UP ? &m->lane->catch_up.view : &m->lane->view;

	t->good_sequence = b->good_sequence;
	if (v->gap_epoch == 0)
		return;
	if (!book_is_good(&m->group->books, slot, v->gap_epoch, v->gap_end_sequence)) {
		t->flags |= BOARD_SUSPECT;
		return;
	}
	/* Positions from zero: an end of 2^64 is written as 0. */
	if (b->good_epoch == v->gap_epoch && b->good_sequence - 1 < v->gap_end_sequence - 1) {
		t->flags |= BOARD_HEURISTIC;
		t->good_sequence = v->gap_end_sequence;
	}
}

static void publish_top(const struct shard *s, const struct member *m, uint32_t slot,
                        const struct publish_row *row, struct board_top *t)
{
	const struct book *b = book_at(&m->group->books, slot);

	*t = (struct board_top){
	        .symbol = b->symbol,
	        .trade_price = b->trade_price,
	        .trade_quantity = b->trade_quantity,
	        .volume = b->volume,
	        .trades = b->trades,
	        .sequence = row->sequence,
	        .epoch = row->epoch,
	        .time_ns = row->time_ns,
	        .state = b->state,
	        .operational = b->operational,
	        .short_sale = b->short_sale,
	        .security_event = b->security_event,
	        .shard = s->options.id,
	};
	publish_side(&m->group->books, b, t);
	publish_goodness(m, slot, t);
	if (m->group->state != GROUP_ATTACHED)
		t->flags |= BOARD_STALE;
	if ((b->flags & BOOK_DEGRADED) != 0)
		t->flags |= BOARD_DEGRADED;
	if ((b->flags & BOOK_HALTED) != 0)
		t->flags |= BOARD_HALTED;
}

static void publish_row_write(struct shard *s, struct lane *l, uint32_t link)
{
	const struct route_link *k = &l->routes.links[link];
	struct publish_row *row = &l->rows[link];
	struct board_top t;

	row->dirty = false;
	if (k->symbol >= l->board->control->rows_max || row->refused)
		return;
	/* The group was emptied since, and has not met the symbol again. */
	if (k->slot >= SLOT_UNMADE)
		return;
	/* Muted: the board shows a later position already. */
	if (row->epoch < row->published_epoch ||
	    (row->epoch == row->published_epoch && row->sequence - 1 < row->published_sequence - 1))
		return;
	if (row->published_epoch == 0 && !board_claim(l->board, k->symbol, s->options.id)) {
		row->refused = true;
		s->stats.board_refused++;
		return;
	}
	publish_top(s, &s->members[k->member], k->slot, row, &t);
	board_write(l->board, k->symbol, &t);
	s->stats.board_writes++;
	row->published_epoch = row->epoch;
	row->published_sequence = row->sequence;
	row->flags = (uint8_t)t.flags;
}

void publish_flush(struct shard *s, struct lane *l)
{
	for (uint32_t n = 0; n < PUBLISH_ROWS_MAX && l->queue.count > 0; n++)
		publish_row_write(s, l, publish_queue_pop(&l->queue));
}

void publish_position(const struct shard *s, struct lane *l)
{
	if (l->board == NULL)
		return;
	board_set_position(l->board, s->options.id, l->class,
	                   &(struct board_position){
	                           .epoch = l->view.epoch,
	                           .sequence = l->view.next_sequence,
	                           .lag_bytes = cursor_lag_bytes(&l->cursor),
	                   });
}
