/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "dataplane/shard/shard_private.h"

uint32_t walk_slot(struct walk *w, struct route_link *k)
{
	if (__builtin_expect(k->slot < SLOT_UNMADE, 1))
		return k->slot;
	if (k->slot == BOOK_NONE)
		return BOOK_NONE;
	struct member *m = &w->shard->members[k->member];
	bool blank = k->symbol == blank_symbol(&w->lane->routes);
	uint64_t name = blank ? SYMBOL_BLANK : directory_name(w->lane->setup->directory, k->symbol);

	k->slot = book_slot(&m->group->books, blank ? SYMBOL_NONE : k->symbol, name);
	if (k->slot == BOOK_NONE)
		return BOOK_NONE;
	assert(k->slot < m->group->options.books.symbols_max);
	m->slot_link[k->slot] = (uint32_t)(k - w->lane->routes.links);
	return k->slot;
}

bool walk_change(struct walk *w, struct member *m, uint32_t slot, const struct book_change *c)
{
	if (w->lane->board != NULL)
		publish_change(w, m, slot, c);
	if (c->kind == BOOK_CHANGE_NONE)
		return true;
	m->group->stats.book_changes++;
	if (!m->has_components || group_on_change(m->group, c))
		return true;
	catch_up_quarantine(w, m, false);
	return false;
}

void walk_message(struct walk *w, struct member *m, uint32_t slot)
{
	if (!m->wants_messages)
		return;
	struct component_message message = {
	        .bytes = w->bytes,
	        .length = w->length,
	        .slot = slot,
	        .epoch = w->view->epoch,
	        .sequence = w->sequence,
	};

	if (!group_on_message(m->group, &message))
		catch_up_quarantine(w, m, false);
}

void walk_message_all(struct walk *w)
{
	for (uint32_t i = 0; i < w->lane->member_count; i++) {
		struct member *m = &w->shard->members[w->lane->members[i]];

		if (!walk_moves(w, m))
			continue;
		walk_count(w, m);
		walk_message(w, m, BOOK_NONE);
	}
}

void walk_system_event(struct walk *w, char code)
{
	struct lane *l = w->lane;

	w->view->system_event = code;
	/* One class per shard writes the word. Shards that stand at different places write the same
	 * codes in the same order, so the word is right once the last of them has come by. */
	if (l->board == NULL || w->mover != MOVER_CLASS || !l->first_class)
		return;
	atomic_store_explicit(&l->board->control->system_event, (uint8_t)code,
	                      memory_order_relaxed);
}

static inline void walk_apply(struct walk *w, enum message_format format)
{
	switch (format) {
	case FORMAT_ITCH:
		apply_itch(w);
		break;
	case FORMAT_DEEP:
		apply_deep(w);
		break;
	case FORMAT_TOPS:
		apply_tops(w);
		break;
	}
}

static void walk_data(struct walk *w)
{
	const struct record *r = w->record;
	const struct protocol *p = w->lane->setup->protocol;
	const uint8_t *at = record_payload(r);
	const uint8_t *end = at + r->payload_bytes;

	w->sequence = r->first_sequence;
	for (uint32_t left = r->count; left > 0 && end - at >= 2; w->sequence++) {
		uint32_t length = protocol_block_length(p, at);

		/* Lengths were checked when the record was appended. */
		if ((uint64_t)(end - at) < 2u + (uint64_t)length)
			break;
		if (w->look)
			look_ahead_step(w);
		w->bytes = at + 2;
		w->length = length;
		w->last = --left == 0;
		w->event = EVENT_NONE;
		walk_apply(w, (enum message_format)p->format);
		at += 2u + length;
		w->shard->stats.messages++;
	}
	w->view->next_sequence = r->first_sequence + r->count;
}

/* GAP, RESET, END: to every member that this walk moves, after its books. */
static void walk_event_all(struct walk *w, const struct component_event *e)
{
	for (uint32_t i = 0; i < w->lane->member_count; i++) {
		struct member *m = &w->shard->members[w->lane->members[i]];

		/* An event is a record of its own: who stands at or before it has not had it. */
		if (m->mover != w->mover ||
		    (w->mover == MOVER_CATCH_UP && w->offset < m->group->offset))
			continue;
		if (e->kind == COMPONENT_GAP)
			book_set_on_gap(&m->group->books);
		if (e->kind == COMPONENT_RESET) {
			book_set_clear(&m->group->books, e->epoch, e->sequence);
			publish_reset(m, e->epoch, e->sequence, w->record->time_ns);
		}
		if (m->has_components && !group_on_event(m->group, e))
			catch_up_quarantine(w, m, true);
	}
}

static void walk_gap(struct walk *w)
{
	struct record_gap gap;

	if (w->record->payload_bytes < sizeof(gap))
		return;
	memcpy(&gap, record_payload(w->record), sizeof(gap));
	w->view->epoch = w->record->epoch;
	feed_view_gap(w->view, w->record->first_sequence, gap.missing);
	w->shard->stats.gaps_seen += w->mover == MOVER_CLASS;
	walk_event_all(w, &(struct component_event){
	                          .kind = COMPONENT_GAP,
	                          .epoch = w->view->epoch,
	                          .sequence = w->record->first_sequence,
	                          .missing = gap.missing,
	                  });
}

static void walk_reset(struct walk *w)
{
	struct record_reset reset = {0};

	if (w->record->payload_bytes >= sizeof(reset))
		memcpy(&reset, record_payload(w->record), sizeof(reset));
	feed_view_reset(w->view, w->record->epoch, w->record->first_sequence, reset.session);
	w->shard->stats.resets_seen += w->mover == MOVER_CLASS;
	walk_event_all(w, &(struct component_event){
	                          .kind = COMPONENT_RESET,
	                          .epoch = w->record->epoch,
	                          .sequence = w->record->first_sequence,
	                  });
}

static void walk_end(struct walk *w)
{
	w->view->epoch = w->record->epoch;
	w->view->next_sequence = w->record->first_sequence;
	w->shard->stats.ends_seen += w->mover == MOVER_CLASS;
	walk_event_all(w, &(struct component_event){
	                          .kind = COMPONENT_END,
	                          .epoch = w->view->epoch,
	                          .sequence = w->record->first_sequence,
	                  });
}

bool walk_record(struct walk *w)
{
	struct shard_stats *stats = &w->shard->stats;
	const struct record *r = w->record;

	stats->records++;
	w->sequence = r->first_sequence;
	w->last = true;
	if (__builtin_expect(r->kind == RECORD_DATA, 1)) {
		w->view->epoch = r->epoch;
		if ((r->interest & w->view->interest) == 0) {
			stats->records_skipped++;
			w->view->next_sequence = r->first_sequence + r->count;
			return false;
		}
		walk_data(w);
		return true;
	}
	switch ((enum record_kind)r->kind) {
	case RECORD_GAP:
		walk_gap(w);
		break;
	case RECORD_RESET:
		walk_reset(w);
		break;
	case RECORD_END:
		walk_end(w);
		break;
	case RECORD_DATA:
	case RECORD_PAD:
		break;
	}
	return false;
}
