/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the shard's tests share: a world of one feed (pool, log, directory, board) that a script is
 * written to, groups, and a shard over them.
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
#include "dataplane/wire/packet.h"
#include "resilience/prng.h"
#include "tests/unit/shard/script.h"

#define WORLD_GROUPS_MAX 300u

static inline void *world_memory(uint64_t bytes, uint64_t align)
{
	void *p = aligned_alloc(align, (bytes + align - 1) / align * align);

	if (p == NULL)
		abort();
	memset(p, 0, (bytes + align - 1) / align * align);
	return p;
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

/* -- an input log of its own -- */

struct input_world {
	struct segment_pool pool;
	struct log_writer log;
	void *memory[2];
};

static inline void input_world_init(struct input_world *w)
{
	struct log_options o = {.segments_min = 2, .segments_max = WORLD_SEGMENTS - 1};

	*w = (struct input_world){0};
	w->memory[0] = world_memory(segment_pool_bytes(WORLD_SEGMENTS), SEGMENT_BYTES);
	w->memory[1] = world_memory(log_control_bytes(WORLD_SEGMENTS), 64);
	if (segment_pool_init(&w->pool, w->memory[0], segment_pool_bytes(WORLD_SEGMENTS),
	                      WORLD_SEGMENTS) != 0 ||
	    log_writer_init(&w->log, w->memory[1], log_control_bytes(WORLD_SEGMENTS), &w->pool,
	                    &o) != 0)
		abort();
}

static inline void input_world_finish(struct input_world *w)
{
	free(w->memory[0]);
	free(w->memory[1]);
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

static inline void shard_box_start_with(struct shard_box *b, struct world *w, uint32_t id,
                                        const struct group_options *groups, uint32_t count,
                                        bool with_board, struct log_writer *inputs)
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
	        .inputs = inputs,
	};
	uint64_t bytes = shard_bytes(&o);

	b->memory = world_memory(bytes, 64);
	if (bytes == 0 || shard_init(&b->shard, b->memory, bytes, &o) != 0)
		abort();
}

static inline void shard_box_start(struct shard_box *b, struct world *w, uint32_t id,
                                   const struct group_options *groups, uint32_t count,
                                   bool with_board)
{
	shard_box_start_with(b, w, id, groups, count, with_board, NULL);
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

#endif
