/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/book.h"

#include <errno.h>
#include <string.h>

#include "dataplane/book/book_state.h"
#include "dataplane/book/order_index.h"

#define SYMBOLS_MAX (1u << 24)
#define ORDERS_MAX  (1u << 28)
#define LEVELS_MAX  (1u << 28)
#define LINE        64u
#define BOOK_ALIGN  128u /* a book never crosses a page */

static uint32_t slots_capacity(uint32_t symbols_max)
{
	uint32_t capacity = 16;

	while (capacity < 2 * symbols_max)
		capacity *= 2;
	return capacity;
}

static bool options_valid(const struct book_options *o)
{
	if (o->symbols_max == 0 || o->symbols_max > SYMBOLS_MAX)
		return false;
	if (o->levels_max < LEVEL_ROOM_MIN || o->levels_max > LEVELS_MAX)
		return false;
	return o->orders_max <= ORDERS_MAX;
}

static uint64_t keys_bytes(const struct book_options *o)
{
	return ((uint64_t)o->levels_max + LEVEL_KEYS_BEFORE) * sizeof(int64_t);
}

uint64_t book_set_bytes(const struct book_options *o)
{
	if (!options_valid(o))
		return 0;
	uint64_t bytes = 2 * (uint64_t)REGION_PAGE_BYTES; /* the state, wherever the page begins */

	bytes += (uint64_t)o->symbols_max * sizeof(struct book) + BOOK_ALIGN;
	bytes += (uint64_t)slots_capacity(o->symbols_max) * sizeof(struct book_slot_entry) + LINE;
	bytes += (uint64_t)o->levels_max * sizeof(struct book_level) + LINE;
	bytes += keys_bytes(o) + LINE;
	bytes += (uint64_t)o->levels_max * sizeof(uint32_t) + LINE;
	if (o->orders_max != 0) {
		bytes += (uint64_t)o->orders_max * sizeof(struct order) + LINE;
		bytes += order_index_bytes(o->orders_max) + LINE;
	}
	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

static void handle_fill(struct book_set *s, struct region *r, uint64_t state_offset)
{
	struct book_set_state *state = region_at(r, state_offset);
	bool by_order = state->options.orders_max != 0;

	*s = (struct book_set){
	        .region = r,
	        .state = state,
	        .books = region_at(r, state->books_offset),
	        .levels = region_at(r, state->levels_offset),
	        .keys = region_at(r, state->keys_offset),
	        .rungs = region_at(r, state->rungs_offset),
	        .orders = by_order ? region_at(r, state->orders_offset) : NULL,
	        .index = by_order ? region_at(r, state->index_offset) : NULL,
	        .options = state->options,
	        .state_offset = state_offset,
	};
}

int book_set_init(struct book_set *s, struct region *r, const struct book_options *o)
{
	if (!options_valid(o))
		return -EINVAL;
	uint32_t slots = slots_capacity(o->symbols_max);
	uint64_t at = region_place(r, sizeof(struct book_set_state), REGION_PAGE_BYTES);
	struct book_set_state state = {
	        .magic = BOOK_SET_MAGIC,
	        .options = *o,
	        .books_offset = region_place(r, o->symbols_max * sizeof(struct book), BOOK_ALIGN),
	        .slots_offset = region_place(r, slots * sizeof(struct book_slot_entry), LINE),
	        .levels_offset = region_place(r, o->levels_max * sizeof(struct book_level), LINE),
	        .keys_offset = region_place(r, keys_bytes(o), LINE),
	        .rungs_offset = region_place(r, o->levels_max * sizeof(uint32_t), LINE),
	        .slots_mask = slots - 1,
	};

	if (o->orders_max != 0) {
		state.orders_offset = region_place(r, o->orders_max * sizeof(struct order), LINE);
		state.index_offset = region_place(r, order_index_bytes(o->orders_max), LINE);
	}
	if (at == UINT64_MAX || state.books_offset == UINT64_MAX ||
	    state.slots_offset == UINT64_MAX || state.levels_offset == UINT64_MAX ||
	    state.keys_offset == UINT64_MAX || state.rungs_offset == UINT64_MAX ||
	    state.orders_offset == UINT64_MAX || state.index_offset == UINT64_MAX)
		return -ENOSPC;
	state.keys_offset += LEVEL_KEYS_BEFORE * sizeof(int64_t);
	order_pool_init(&state.pool, o->orders_max);
	level_pool_init(&state.levels, o->levels_max);
	memcpy(region_at(r, at), &state, sizeof(state));
	region_mark(r, region_at(r, at), sizeof(state));
	handle_fill(s, r, at);
	if (o->orders_max != 0)
		order_index_init(s->index, r, o->orders_max);
	return 0;
}

static bool part_fits(const struct region *r, uint64_t offset, uint64_t bytes)
{
	return offset % 8 == 0 && offset <= r->bytes && bytes <= r->bytes - offset;
}

int book_set_attach(struct book_set *s, struct region *r, uint64_t state_offset)
{
	if (!part_fits(r, state_offset, sizeof(struct book_set_state)))
		return -EPROTO;
	const struct book_set_state *state = region_at(r, state_offset);
	const struct book_options *o = &state->options;

	if (state->magic != BOOK_SET_MAGIC || !options_valid(o))
		return -EPROTO;
	if (!part_fits(r, state->books_offset, o->symbols_max * sizeof(struct book)) ||
	    !part_fits(r, state->levels_offset, o->levels_max * sizeof(struct book_level)) ||
	    state->keys_offset < LEVEL_KEYS_BEFORE * sizeof(int64_t) ||
	    !part_fits(r, state->keys_offset, o->levels_max * sizeof(int64_t)) ||
	    !part_fits(r, state->rungs_offset, o->levels_max * sizeof(uint32_t)) ||
	    !part_fits(r, state->slots_offset,
	               (state->slots_mask + 1ull) * sizeof(struct book_slot_entry)))
		return -EPROTO;
	if (o->orders_max != 0 &&
	    (!part_fits(r, state->orders_offset, o->orders_max * sizeof(struct order)) ||
	     !part_fits(r, state->index_offset, order_index_bytes(o->orders_max))))
		return -EPROTO;
	handle_fill(s, r, state_offset);
	return 0;
}

static void index_walk_out_side(struct book_set *s, const struct book_side *side)
{
	for (uint32_t n = 0; n < side->count; n++) {
		uint32_t at = level_at(s, side, n)->head;

		for (; at != BOOK_NONE; at = s->orders[at].next) {
			struct order_spot spot =
			        order_index_find(s->index, s->orders, s->orders[at].reference);

			assert(spot.order == at);
			order_index_remove(s->index, s->region, &spot);
		}
	}
}

/* Takes every live order out of the index, one by one. */
static void index_walk_out(struct book_set *s)
{
	for (uint32_t slot = 0; slot < book_count(s); slot++) {
		index_walk_out_side(s, &s->books[slot].side[BOOK_BID]);
		index_walk_out_side(s, &s->books[slot].side[BOOK_ASK]);
	}
	order_index_reset(s->index, s->region);
}

static void book_empty(struct book_set *s, struct book *b)
{
	uint64_t symbol = b->symbol;
	uint32_t symbol_id = b->symbol_id;
	uint32_t version = atomic_load_explicit(&b->version, memory_order_relaxed);

	*b = (struct book){
	        .symbol = symbol,
	        .symbol_id = symbol_id,
	        .version = version,
	        .good_epoch = s->state->epoch,
	        .good_sequence = s->state->good_sequence,
	        .flags = BOOK_HALTED,
	};
}

void book_set_clear(struct book_set *s, uint32_t epoch, uint64_t good_sequence)
{
	struct book_set_state *state = s->state;

	/* Sweeping the table costs its size, walking costs what is live: take the cheaper, so that
	 * few orders in a table that was large once stay cheap. */
	if (s->index != NULL && s->index->entries < s->index->mask / 16)
		index_walk_out(s);
	else if (s->index != NULL)
		order_index_sweep(s->index, s->region);
	state->epoch = epoch;
	state->good_sequence = good_sequence;
	state->generation = 0;
	state->stats.orders_live = 0;
	state->stats.books_degraded = 0;
	order_pool_clear(&state->pool);
	level_pool_clear(&state->levels);
	book_mark(s, state);
	for (uint32_t slot = 0; slot < book_count(s); slot++) {
		book_begin(s, &s->books[slot]);
		book_empty(s, &s->books[slot]);
		book_end(&s->books[slot]);
	}
}

void book_set_on_gap(struct book_set *s)
{
	s->state->generation++;
	book_mark(s, s->state);
}

static struct book_slot_entry *slot_entry(const struct book_set *s, uint32_t symbol_id)
{
	struct book_slot_entry *entries = region_at(s->region, s->state->slots_offset);
	uint32_t i = (symbol_id * 0x9e3779b1u) >> 7;

	for (;; i++) {
		struct book_slot_entry *e = &entries[i & s->state->slots_mask];

		if (e->slot_plus_one == 0 || e->symbol_id == symbol_id)
			return e;
	}
}

uint32_t book_slot(struct book_set *s, uint32_t symbol_id, uint64_t symbol)
{
	struct book_slot_entry *e = slot_entry(s, symbol_id);
	struct book_set_state *state = s->state;

	if (e->slot_plus_one != 0)
		return e->slot_plus_one - 1;
	uint32_t slot = atomic_load_explicit(&state->count, memory_order_relaxed);

	book_mark(s, state);
	if (slot == state->options.symbols_max) {
		state->stats.refused_symbols++;
		return BOOK_NONE;
	}
	struct book *b = &s->books[slot];

	b->symbol = symbol;
	b->symbol_id = symbol_id;
	book_empty(s, b);
	book_mark(s, b);
	*e = (struct book_slot_entry){.symbol_id = symbol_id, .slot_plus_one = slot + 1};
	book_mark(s, e);
	/* Pairs with the acquire load of book_view_count(): a book that is counted is made. */
	atomic_store_explicit(&state->count, slot + 1, memory_order_release);
	return slot;
}

uint32_t book_count(const struct book_set *s)
{
	return atomic_load_explicit(&s->state->count, memory_order_relaxed);
}

const struct book_set_stats *book_set_stats(const struct book_set *s)
{
	return &s->state->stats;
}

void book_orphan(struct book_set *s)
{
	s->state->stats.orphan_references++;
	book_mark(s, s->state);
}

void book_trade(struct book_set *s, uint32_t slot, int64_t price, uint64_t quantity, bool printable,
                struct book_change *c)
{
	assert(slot < book_count(s));
	struct book *b = &s->books[slot];

	*c = (struct book_change){.slot = slot, .other_slot = BOOK_NONE};
	if (quantity == 0) /* a cross that matched nothing */
		return;
	book_begin(s, b);
	book_count_trade(b, price, quantity, printable);
	book_end(b);
	c->kind = BOOK_TRADED;
	c->printable = printable;
	c->price = price;
	c->quantity = quantity;
}

/* True when the value is another. */
static bool status_set(char *word, char value)
{
	bool changed = *word != value;

	*word = value;
	return changed;
}

static bool state_set(struct book *b, char value, const char reason[4])
{
	bool changed = status_set(&b->state, value);

	if (reason != NULL && memcmp(b->reason, reason, sizeof(b->reason)) != 0) {
		memcpy(b->reason, reason, sizeof(b->reason));
		changed = true;
	}
	b->flags = value == 'T' ? b->flags & ~(uint32_t)BOOK_HALTED : b->flags | BOOK_HALTED;
	return changed;
}

void book_status(struct book_set *s, uint32_t slot, enum book_status_word word, char value,
                 const char reason[4], struct book_change *c)
{
	assert(slot < book_count(s));
	struct book *b = &s->books[slot];
	bool changed = false;

	book_begin(s, b);
	switch (word) {
	case BOOK_WORD_STATE:
		changed = state_set(b, value, reason);
		break;
	case BOOK_WORD_OPERATIONAL:
		changed = status_set(&b->operational, value);
		break;
	case BOOK_WORD_SHORT_SALE:
		changed = status_set(&b->short_sale, value);
		break;
	case BOOK_WORD_SECURITY_EVENT:
		changed = status_set(&b->security_event, value);
		break;
	}
	book_end(b);
	*c = (struct book_change){
	        .kind = changed ? BOOK_STATUS : BOOK_CHANGE_NONE,
	        .slot = slot,
	        .other_slot = BOOK_NONE,
	};
}

static bool by_level_confirmed(const struct book_set *s, const struct book *b)
{
	if (s->options.orders_max != 0 || s->state->generation == 0)
		return false;
	return b->generation == s->state->generation && b->side[BOOK_BID].unconfirmed == 0 &&
	       b->side[BOOK_ASK].unconfirmed == 0;
}

bool book_is_good(const struct book_set *s, uint32_t slot, uint32_t gap_epoch,
                  uint64_t gap_end_sequence)
{
	assert(slot < book_count(s));
	const struct book *b = &s->books[slot];

	if (b->good_epoch != gap_epoch ? b->good_epoch > gap_epoch
	                               : b->good_sequence >= gap_end_sequence)
		return true;
	return by_level_confirmed(s, b);
}
