/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Levels: the kernel of books by price level, as bench_book is the one of books by order: a DEEP
 * day's messages are read, their symbols looked up, their levels set, and the best of that side
 * looked at. No log, no shard, no board. The day is made up, or that of a capture, of which all
 * runs go into the same books.
 *
 * CPU time of the thread; the second of two passes over the day is measured, into cleared books, so
 * that first touches of memory are not in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/book/book.h"
#include "dataplane/feed/directory.h"
#include "dataplane/wire/deep.h"
#include "perf/frames.h"
#include "perf/measure.h"

struct options {
	const char *capture;
	uint64_t messages;
	uint64_t symbols;
	uint64_t rounds;
	uint64_t seed;
	bool json;
};

struct bench {
	struct frames frames;
	struct feed_packet *packets;
	uint64_t count;
	struct directory directory;
	struct book_set books;
	struct region regions[2]; /* of the directory and of the books */
};

static void make_region(struct region *r, uint64_t bytes)
{
	bytes = (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
	if (region_init(r, measure_memory(bytes), bytes,
	                measure_memory(bytes / REGION_PAGE_BYTES)) != 0)
		measure_fail("bench_levels: no region");
}

/* Ids in order of appearance; slots are made in the same order, so a slot is its symbol's id. */
static void learn(struct bench *b, const uint8_t *m)
{
	int is_new = 0;

	if (deep_length(m[0]) == 0 || m[0] == IEX_SYSTEM_EVENT)
		return;
	uint32_t id = directory_learn(&b->directory, iex_symbol(m), &is_new);

	if (is_new != 0 && book_slot(&b->books, id, iex_symbol(m)) != id)
		measure_fail("bench_levels: too many symbols");
}

typedef void visit(struct bench *b, const uint8_t *message);

static inline void walk(struct bench *b, visit *each)
{
	for (uint64_t i = 0; i < b->count; i++) {
		const uint8_t *p = b->packets[i].blocks;
		const uint8_t *end = p + b->packets[i].block_bytes;

		while (p < end) {
			uint32_t bytes = le16(p);

			if (bytes > 0 && bytes >= deep_length(p[2]))
				each(b, p + 2);
			p += 2 + bytes;
		}
	}
}

static uint64_t bests;
static uint64_t updates;

static void apply(struct bench *b, const uint8_t *m)
{
	struct book_change c;

	if (m[0] != DEEP_LEVEL_BUY && m[0] != DEEP_LEVEL_SELL)
		return;
	enum book_side_index side = m[0] == DEEP_LEVEL_BUY ? BOOK_BID : BOOK_ASK;
	updates++;
	uint32_t slot = directory_find(&b->directory, iex_symbol(m));

	book_level_update(&b->books, slot, side, deep_level_price(m), deep_level_size(m), &c);
	const struct book_level *best = book_best(&b->books, book_at(&b->books, slot), side);

	bests = measure_hash(bests,
	                     best == NULL ? 0 : (uint64_t)best->price ^ best->quantity << 32);
}

static uint64_t books_hash(const struct book_set *s)
{
	uint64_t hash = 0;

	for (uint32_t slot = 0; slot < book_count(s); slot++)
		for (uint32_t side = 0; side < 2; side++) {
			const struct book_level *l;

			for (uint32_t n = 0;
			     (l = book_level(s, book_at(s, slot), (enum book_side_index)side, n)) !=
			     NULL;
			     n++)
				hash = measure_hash(measure_hash(hash, (uint64_t)l->price),
				                    l->quantity);
		}
	return measure_hash(hash, bests);
}

static void make(struct bench *b, const struct options *o)
{
	struct frames_options fo = {.capture = o->capture,
	                            .protocol = "deep10",
	                            .seed = o->seed,
	                            .messages = o->messages,
	                            .symbols = (uint32_t)o->symbols};
	struct book_options bo = {.symbols_max = (uint32_t)o->symbols + 16,
	                          .levels_max = 512 * (uint32_t)o->symbols + 65536};
	char error[FRAMES_ERROR_BYTES];

	if (frames_make(&b->frames, &fo, error) != 0)
		measure_fail("bench_levels: %s", error);
	b->packets = measure_memory(b->frames.count * sizeof(*b->packets));
	for (uint64_t i = 0; i < b->frames.count; i++)
		b->count += frames_packet(&b->frames, i, &b->packets[b->count]);
	make_region(&b->regions[0], directory_bytes(bo.symbols_max));
	make_region(&b->regions[1], book_set_bytes(&bo));
	if (directory_init(&b->directory, &b->regions[0], bo.symbols_max) != 0 ||
	    book_set_init(&b->books, &b->regions[1], &bo) != 0)
		measure_fail("bench_levels: no books");
	walk(b, learn);
}

static void release(struct bench *b)
{
	for (uint32_t i = 0; i < 2; i++) {
		free(b->regions[i].base);
		free(b->regions[i].page_epoch);
	}
	free(b->packets);
	frames_free(&b->frames);
}

static double measure(struct bench *b, uint64_t *hash)
{
	uint64_t start_ns = 0;

	for (uint32_t i = 0; i < 2; i++) {
		book_set_clear(&b->books, i + 1, 1);
		bests = 0;
		updates = 0;
		start_ns = measure_cpu_ns();
		walk(b, apply);
	}
	double ns = (double)(measure_cpu_ns() - start_ns) / (double)b->frames.messages;
	const char *broken = book_set_check(&b->books);

	if (broken != NULL || book_set_stats(&b->books)->refused_levels != 0)
		measure_fail("bench_levels: wrong books: %s",
		             broken == NULL ? "levels were refused" : broken);
	*hash = books_hash(&b->books);
	return ns;
}

int main(int argc, char **argv)
{
	struct options o = {.messages = 2000000, .symbols = 8000, .rounds = 5, .seed = 1};
	const struct measure_option table[] = {
	        {.name = "capture", .help = "a file instead of a made-up day", .text = &o.capture},
	        {"messages", "of a made-up day", &o.messages, 1, 100000000, NULL},
	        {"symbols", "of a made-up day; at most in a capture", &o.symbols, 1, 10000, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"seed", "of a made-up day", &o.seed, 0, UINT64_MAX, NULL},
	        {.name = NULL},
	};
	static struct bench b;
	double ns[MEASURE_ROUNDS_MAX];
	uint64_t hash = 0;
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_levels [OPTION VALUE]...", table, &o.json);
	make(&b, &o);
	for (uint32_t i = 0; i < o.rounds; i++) {
		uint64_t h;

		ns[i] = measure(&b, &h);
		if (i > 0 && h != hash)
			measure_fail("bench_levels: rounds disagree");
		hash = h;
	}
	const char *slash = o.capture == NULL ? NULL : strrchr(o.capture, '/');
	const char *day = o.capture == NULL ? "made, deep10"
	                  : slash == NULL   ? o.capture
	                                    : slash + 1;
	double median_ns = measure_median(ns, (uint32_t)o.rounds);

	measure_begin(&out, "levels", o.json);
	measure_row(&out);
	measure_text(&out, "day", day);
	measure_count(&out, "messages", b.frames.messages);
	measure_count(&out, "level_updates", updates);
	measure_count(&out, "symbols", directory_count(&b.directory));
	measure_figure(&out, "ns_per_message", median_ns);
	measure_figure(&out, "ns_per_update",
	               median_ns * (double)b.frames.messages / (double)updates);
	measure_result(&out, day, hash);
	measure_end(&out);
	release(&b);
	return 0;
}
