/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the shard's tests share: a world of one feed (pool, log, directory, board), a script of
 * messages and events that can be written to the log in any cut, groups, and a shard over them.
 */
#ifndef TESTS_UNIT_SHARD_SHARD_WORLD_H
#define TESTS_UNIT_SHARD_SHARD_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/protocol.h"
#include "dataplane/log/log.h"
#include "dataplane/shard/shard.h"
#include "dataplane/shard/shard_private.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/packet.h"
#include "resilience/prng.h"

#define WORLD_GROUPS_MAX 300u

static inline void *world_memory(uint64_t bytes, uint64_t align)
{
	void *p = aligned_alloc(align, (bytes + align - 1) / align * align);

	if (p == NULL)
		abort();
	memset(p, 0, (bytes + align - 1) / align * align);
	return p;
}

/* -- the script -- */

struct script_item {
	uint8_t kind; /* enum record_kind */
	uint8_t length;
	uint64_t missing;
	uint8_t bytes[64];
};

struct script {
	struct script_item *items;
	uint32_t count;
	uint32_t capacity;
};

static inline struct script_item *script_add(struct script *s, uint8_t kind)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity == 0 ? 1024 : 2 * s->capacity;
		s->items = realloc(s->items, s->capacity * sizeof(*s->items));
		if (s->items == NULL)
			abort();
	}
	struct script_item *i = &s->items[s->count++];

	*i = (struct script_item){.kind = kind};
	return i;
}

static inline void script_free(struct script *s)
{
	free(s->items);
	*s = (struct script){0};
}

static inline uint8_t *script_message(struct script *s, char type, uint8_t length)
{
	struct script_item *i = script_add(s, RECORD_DATA);

	i->length = length;
	i->bytes[0] = (uint8_t)type;
	return i->bytes;
}

static inline void script_reset(struct script *s)
{
	script_add(s, RECORD_RESET);
}

static inline void script_end(struct script *s)
{
	script_add(s, RECORD_END);
}

static inline void script_gap(struct script *s, uint64_t missing)
{
	script_add(s, RECORD_GAP)->missing = missing;
}

/* ITCH */

static inline uint8_t *itch_message(struct script *s, char type, uint8_t length, uint16_t locate)
{
	uint8_t *m = script_message(s, type, length);

	put_be16(m + 1, locate);
	return m;
}

static inline void put_symbol(uint8_t *p, const char *text)
{
	uint64_t name = text[0] == '\0' ? SYMBOL_BLANK : symbol_from_text(text);

	memcpy(p, &name, sizeof(name));
}

static inline void itch_directory(struct script *s, uint16_t locate, const char *symbol)
{
	put_symbol(itch_message(s, 'R', 39, locate) + 11, symbol);
}

struct add {
	uint16_t locate;
	const char *symbol;
	uint64_t reference;
	char side;
	uint32_t shares;
	uint32_t price;
};

static inline void itch_add(struct script *s, struct add a)
{
	uint8_t *m = itch_message(s, 'A', 36, a.locate);

	put_be64(m + 11, a.reference);
	m[19] = (uint8_t)a.side;
	put_be32(m + 20, a.shares);
	put_symbol(m + 24, a.symbol);
	put_be32(m + 32, a.price);
}

static inline void itch_execute(struct script *s, uint16_t locate, uint64_t reference,
                                uint32_t shares)
{
	uint8_t *m = itch_message(s, 'E', 31, locate);

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
}

static inline void itch_execute_at(struct script *s, uint16_t locate, uint64_t reference,
                                   uint32_t shares, uint32_t price, char printable)
{
	uint8_t *m = itch_message(s, 'C', 36, locate);

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
	m[31] = (uint8_t)printable;
	put_be32(m + 32, price);
}

static inline void itch_cancel(struct script *s, uint16_t locate, uint64_t reference,
                               uint32_t shares)
{
	uint8_t *m = itch_message(s, 'X', 23, locate);

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
}

static inline void itch_delete(struct script *s, uint16_t locate, uint64_t reference)
{
	put_be64(itch_message(s, 'D', 19, locate) + 11, reference);
}

static inline void itch_replace(struct script *s, uint16_t locate, uint64_t reference,
                                uint64_t new_reference, uint32_t shares, uint32_t price)
{
	uint8_t *m = itch_message(s, 'U', 35, locate);

	put_be64(m + 11, reference);
	put_be64(m + 19, new_reference);
	put_be32(m + 27, shares);
	put_be32(m + 31, price);
}

static inline void itch_trade(struct script *s, uint16_t locate, const char *symbol,
                              uint32_t shares, uint32_t price)
{
	uint8_t *m = itch_message(s, 'P', 44, locate);

	m[19] = 'B';
	put_be32(m + 20, shares);
	put_symbol(m + 24, symbol);
	put_be32(m + 32, price);
}

static inline void itch_cross(struct script *s, uint16_t locate, const char *symbol,
                              uint64_t shares, uint32_t price)
{
	uint8_t *m = itch_message(s, 'Q', 40, locate);

	put_be64(m + 11, shares);
	put_symbol(m + 19, symbol);
	put_be32(m + 27, price);
	m[39] = 'O';
}

static inline void itch_action(struct script *s, uint16_t locate, const char *symbol, char state)
{
	uint8_t *m = itch_message(s, 'H', 25, locate);

	put_symbol(m + 11, symbol);
	m[19] = (uint8_t)state;
	memcpy(m + 21, "NONE", 4);
}

static inline void itch_system(struct script *s, char code)
{
	itch_message(s, 'S', 12, 0)[11] = (uint8_t)code;
}

/* DEEP */

static inline void deep_level(struct script *s, const char *symbol, char side, uint32_t size,
                              int64_t price, bool complete)
{
	uint8_t *m = script_message(s, side == 'B' ? '8' : '5', 30);

	m[1] = complete;
	put_symbol(m + 10, symbol);
	put_le32(m + 18, size);
	put_le64(m + 22, (uint64_t)price);
}

static inline void deep_trade(struct script *s, char type, const char *symbol, uint32_t size,
                              int64_t price)
{
	uint8_t *m = script_message(s, type, 38);

	put_symbol(m + 10, symbol);
	put_le32(m + 18, size);
	put_le64(m + 22, (uint64_t)price);
	put_le64(m + 30, 77);
}

static inline void deep_status(struct script *s, char type, const char *symbol, char word)
{
	uint8_t length = type == 'H' ? 22 : type == 'P' ? 19 : 18;
	uint8_t *m = script_message(s, type, length);

	m[1] = (uint8_t)word;
	put_symbol(m + 10, symbol);
	if (type == 'H')
		memcpy(m + 18, "MCB3", 4);
}

/* TOPS; its other messages are DEEP's */

static inline void tops_quote(struct script *s, const char *symbol, uint32_t bid_size, int64_t bid,
                              int64_t ask, uint32_t ask_size)
{
	uint8_t *m = script_message(s, 'Q', 42);

	put_symbol(m + 10, symbol);
	put_le32(m + 18, bid_size);
	put_le64(m + 22, (uint64_t)bid);
	put_le64(m + 30, (uint64_t)ask);
	put_le32(m + 38, ask_size);
}

/* -- the feed -- */

struct world {
	const struct protocol *protocol;
	struct segment_pool pool;
	struct log_writer log;
	struct region region;
	struct directory directory;
	struct message_scan *scan;
	struct board board;
	void *memory[5];
	uint32_t epoch;
	uint64_t next; /* sequence */
	uint64_t now_ns;
	uint32_t records;
	uint8_t blocks[4096];
	uint32_t bytes;
	uint32_t count;
};

#define WORLD_SEGMENTS 8u

static inline void world_init(struct world *w, const struct protocol *p, uint32_t symbols_max)
{
	uint64_t bytes = directory_bytes(symbols_max);

	*w = (struct world){.protocol = p, .next = 1, .epoch = 0, .now_ns = 1000};
	w->memory[0] = world_memory(segment_pool_bytes(WORLD_SEGMENTS), SEGMENT_BYTES);
	w->memory[1] = world_memory(log_control_bytes(WORLD_SEGMENTS), 64);
	w->memory[2] = world_memory(bytes, REGION_PAGE_BYTES);
	w->memory[3] = world_memory(bytes / REGION_PAGE_BYTES, 64);
	w->memory[4] = world_memory(board_bytes(symbols_max), 64);
	w->scan = world_memory(sizeof(*w->scan), 64);
	struct log_options o = {.segments_min = 2, .segments_max = WORLD_SEGMENTS - 1};

	if (segment_pool_init(&w->pool, w->memory[0], segment_pool_bytes(WORLD_SEGMENTS),
	                      WORLD_SEGMENTS) != 0 ||
	    log_writer_init(&w->log, w->memory[1], log_control_bytes(WORLD_SEGMENTS), &w->pool,
	                    &o) != 0 ||
	    region_init(&w->region, w->memory[2], bytes, w->memory[3]) != 0 ||
	    directory_init(&w->directory, &w->region, symbols_max) != 0 ||
	    board_init(&w->board, w->memory[4], board_bytes(symbols_max), symbols_max, 0) != 0)
		abort();
	message_scan_init(w->scan, &w->directory);
}

static inline void world_finish(struct world *w)
{
	for (uint32_t i = 0; i < 5; i++)
		free(w->memory[i]);
	free(w->scan);
}

static inline struct record *world_record(struct world *w, uint8_t kind, uint32_t payload)
{
	struct record *r = log_writer_reserve(&w->log, payload);

	if (r == NULL)
		abort();
	*r = (struct record){.first_sequence = w->next,
	                     .time_ns = ++w->now_ns,
	                     .interest = UINT64_MAX,
	                     .payload_bytes = payload,
	                     .epoch = w->epoch,
	                     .kind = kind,
	                     .time_source = TIME_TURN};
	w->records++;
	return r;
}

/* Ends the record under construction. */
static inline void world_cut(struct world *w)
{
	if (w->count == 0)
		return;
	struct record *r = world_record(w, RECORD_DATA, w->bytes);

	r->count = (uint16_t)w->count;
	memcpy(r + 1, w->blocks, w->bytes);
	r->interest = w->protocol->scan(w->scan, w->blocks, w->bytes, w->count);
	log_writer_commit(&w->log, r);
	w->next += w->count;
	w->bytes = 0;
	w->count = 0;
}

static inline void world_block(struct world *w, const struct script_item *i)
{
	if (w->bytes + 2u + i->length > sizeof(w->blocks))
		world_cut(w);
	uint8_t *p = w->blocks + w->bytes;

	if (w->protocol->blocks_big_endian)
		put_be16(p, i->length);
	else
		put_le16(p, i->length);
	memcpy(p + 2, i->bytes, i->length);
	w->bytes += 2u + i->length;
	w->count++;
}

/* One item; the caller cuts. */
static inline void world_item(struct world *w, const struct script_item *i)
{
	struct record *r;

	if (i->kind == RECORD_DATA) {
		world_block(w, i);
		return;
	}
	world_cut(w);
	switch ((enum record_kind)i->kind) {
	case RECORD_RESET:
		w->epoch++;
		w->next = 1;
		message_scan_reset(w->scan);
		r = world_record(w, RECORD_RESET, sizeof(struct record_reset));
		memset(r + 1, 0, sizeof(struct record_reset));
		snprintf((char *)(r + 1), sizeof(struct record_reset), "S%09u", w->epoch);
		log_writer_commit(&w->log, r);
		break;
	case RECORD_GAP:
		r = world_record(w, RECORD_GAP, sizeof(struct record_gap));
		memcpy(r + 1, &(struct record_gap){.missing = i->missing},
		       sizeof(struct record_gap));
		log_writer_commit(&w->log, r);
		w->next += i->missing;
		board_gap(&w->board, w->epoch, w->next);
		break;
	case RECORD_END:
		log_writer_commit(&w->log, world_record(w, RECORD_END, 0));
		break;
	case RECORD_DATA:
	case RECORD_PAD:
		abort();
	}
}

/* Items [from, to), a record for every `per_record` messages (0: cut by `cut`). */
static inline void world_play_part(struct world *w, const struct script *s, uint32_t from,
                                   uint32_t to, uint32_t per_record, struct prng *cut)
{
	for (uint32_t i = from; i < to; i++) {
		world_item(w, &s->items[i]);
		uint32_t limit = per_record != 0 ? per_record : 1 + (uint32_t)prng_below(cut, 40);

		if (w->count >= limit)
			world_cut(w);
	}
	world_cut(w);
	log_writer_publish(&w->log);
}

static inline void world_play(struct world *w, const struct script *s, uint32_t per_record)
{
	world_play_part(w, s, 0, s->count, per_record, NULL);
}

/* -- groups and shards -- */

struct group_box {
	struct group group;
	uint8_t *base;
	uint8_t *pages;
	uint64_t bytes;
};

static inline void box_init(struct group_box *b, const struct group_options *o)
{
	const char *error;

	b->bytes = group_bytes(o, &error);
	if (b->bytes == 0) {
		fprintf(stderr, "group: %s\n", error);
		abort();
	}
	b->base = world_memory(b->bytes, REGION_PAGE_BYTES);
	b->pages = world_memory(b->bytes / REGION_PAGE_BYTES, 64);
	if (group_init(&b->group, o, b->base, b->bytes, b->pages, &error) != 0) {
		fprintf(stderr, "group: %s\n", error);
		abort();
	}
}

static inline void box_finish(struct group_box *b)
{
	free(b->base);
	free(b->pages);
}

static inline bool box_equal(const struct group_box *a, const struct group_box *b)
{
	return a->bytes == b->bytes && memcmp(a->base, b->base, a->bytes) == 0;
}

struct shard_box {
	struct shard *shard;
	void *memory;
	struct group_box groups[WORLD_GROUPS_MAX];
	struct group *pointers[WORLD_GROUPS_MAX];
	uint32_t count;
};

static inline void shard_box_start(struct shard_box *b, struct world *w, uint32_t id,
                                   const struct group_options *groups, uint32_t count,
                                   bool with_board)
{
	for (uint32_t i = 0; i < count; i++) {
		box_init(&b->groups[i], &groups[i]);
		b->pointers[i] = &b->groups[i].group;
	}
	b->count = count;
	struct shard_options o = {
	        .id = id,
	        .feed_count = 1,
	        .feeds = {{.protocol = w->protocol,
	                   .log = &w->log.log,
	                   .directory = &w->directory,
	                   .board = with_board ? &w->board : NULL}},
	        .groups = b->pointers,
	        .group_count = count,
	        .critical_budget = 64,
	        .normal_budget = 64,
	        .catch_up_budget = 16,
	};
	uint64_t bytes = shard_bytes(&o);

	b->memory = world_memory(bytes, 64);
	if (bytes == 0 || shard_init(&b->shard, b->memory, bytes, &o) != 0)
		abort();
}

static inline void shard_box_finish(struct shard_box *b)
{
	for (uint32_t i = 0; i < b->count; i++)
		box_finish(&b->groups[i]);
	free(b->memory);
}

/* Steps until nothing moves. */
static inline void shard_box_run(struct shard_box *b, uint64_t now_ns)
{
	while (shard_step(b->shard, now_ns) > 0)
		;
}

static inline struct group_options group_all(uint32_t symbols, uint32_t orders)
{
	return (struct group_options){
	        .name = "all",
	        .class = CLASS_CRITICAL,
	        .selector = {.kind = SELECT_ALL},
	        .books = {.symbols_max = symbols, .orders_max = orders, .levels_max = 16384},
	};
}

/* The book of a symbol in a group, or NULL. */
static inline const struct book *box_book(const struct group_box *b, const char *symbol)
{
	uint64_t name = symbol[0] == '\0' ? SYMBOL_BLANK : symbol_from_text(symbol);

	for (uint32_t i = 0; i < book_count(&b->group.books); i++)
		if (book_at(&b->group.books, i)->symbol == name)
			return book_at(&b->group.books, i);
	return NULL;
}

/* Shares resting on a side of a symbol's book. */
static inline uint64_t box_resting(const struct group_box *b, const char *symbol,
                                   enum book_side_index side)
{
	const struct book *book = box_book(b, symbol);
	uint64_t sum = 0;

	for (uint32_t n = 0; book != NULL && n < book->side[side].count; n++)
		sum += book_level(&b->group.books, book, side, n)->quantity;
	return sum;
}

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
