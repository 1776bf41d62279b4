/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Board: what it costs to tell the world the top of a book, and to look at it. The board's two-slot
 * latch beside a plain seqlock and a mutex per row, all with the same 120 bytes.
 *
 *   alone      one thread updates rows in turn, then reads them in turn; its CPU time
 *   contended  one thread updates rows in turn, another reads them in turn as fast as it can; wall
 *              time, so both CPUs should be idle otherwise
 *
 * Every word of a row is derived from its number of updates, and a reader checks all of them: a
 * torn row ends the benchmark. A retry is a look in vain: the row changed meanwhile.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/shard/board.h"
#include "perf/measure.h"

enum way { WAY_BOARD, WAY_SEQLOCK, WAY_MUTEX, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = {"board", "seqlock", "mutex"};

struct seqlock_row { /* as in a text book: odd while it is being written */
	_Atomic uint64_t version;
	_Atomic uint64_t words[BOARD_WORDS];
} __attribute__((aligned(64)));

struct mutex_row {
	pthread_mutex_t mutex;
	struct board_top top;
} __attribute__((aligned(64)));

struct bench {
	enum way way;
	uint32_t rows;
	uint64_t updates;
	uint64_t cpu[2];
	struct board board;
	struct seqlock_row *seqlock;
	struct mutex_row *mutex;
	_Atomic bool ready; /* by the reader; as `done` by the writer relaxed: nothing is passed */
	_Atomic bool done;
	uint64_t reads;
	uint64_t retries;
	uint64_t read_ns;
};

struct figures {
	double update_ns;
	double read_ns;
	double retries; /* per million reads */
	uint64_t hash;
};

static void fill(struct board_top *t, uint64_t n)
{
	uint64_t words[BOARD_WORDS];

	for (uint32_t i = 0; i < BOARD_WORDS; i++)
		words[i] = n + i;
	memcpy(t, words, sizeof(*t));
}

/* The number of updates that the row tells of. */
static uint64_t check(const struct board_top *t)
{
	uint64_t words[BOARD_WORDS];
	uint64_t wrong = 0;

	memcpy(words, t, sizeof(words));
	for (uint32_t i = 1; i < BOARD_WORDS; i++)
		wrong |= words[i] ^ (words[0] + i);
	if (wrong != 0)
		measure_fail("bench_board: a torn row");
	return words[0];
}

static void seqlock_write(struct seqlock_row *r, const struct board_top *t)
{
	uint64_t version = atomic_load_explicit(&r->version, memory_order_relaxed);
	uint64_t words[BOARD_WORDS];

	memcpy(words, t, sizeof(words));
	atomic_store_explicit(&r->version, version + 1, memory_order_relaxed);
	/* Pairs with the reader's acquire fence: who saw a new word sees the odd version. */
	atomic_thread_fence(memory_order_release);
	for (uint32_t i = 0; i < BOARD_WORDS; i++)
		atomic_store_explicit(&r->words[i], words[i], memory_order_relaxed);
	atomic_store_explicit(&r->version, version + 2, memory_order_release);
}

static bool seqlock_read(const struct seqlock_row *r, struct board_top *t)
{
	uint64_t version = atomic_load_explicit(&r->version, memory_order_acquire);
	uint64_t words[BOARD_WORDS];

	if ((version & 1) != 0)
		return false;
	for (uint32_t i = 0; i < BOARD_WORDS; i++)
		words[i] = atomic_load_explicit(&r->words[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&r->version, memory_order_relaxed) != version)
		return false;
	memcpy(t, words, sizeof(*t));
	return true;
}

static inline void update(struct bench *b, uint32_t row, const struct board_top *t)
{
	switch (b->way) {
	case WAY_BOARD:
		board_write(&b->board, row, t);
		break;
	case WAY_SEQLOCK:
		seqlock_write(&b->seqlock[row], t);
		break;
	case WAY_MUTEX:
		pthread_mutex_lock(&b->mutex[row].mutex);
		b->mutex[row].top = *t;
		pthread_mutex_unlock(&b->mutex[row].mutex);
		break;
	case WAY_COUNT:
		abort();
	}
}

static inline bool look(struct bench *b, uint32_t row, struct board_top *t)
{
	switch (b->way) {
	case WAY_BOARD:
		return board_read(&b->board, row, t, 1) == 0;
	case WAY_SEQLOCK:
		return seqlock_read(&b->seqlock[row], t);
	case WAY_MUTEX:
		pthread_mutex_lock(&b->mutex[row].mutex);
		*t = b->mutex[row].top;
		pthread_mutex_unlock(&b->mutex[row].mutex);
		return true;
	case WAY_COUNT:
		break;
	}
	abort();
}

static void update_all(struct bench *b)
{
	struct board_top t;
	uint32_t row = 0;

	for (uint64_t n = 1; n <= b->updates; n++) {
		fill(&t, n);
		update(b, row, &t);
		row = row + 1 == b->rows ? 0 : row + 1;
	}
}

/* Reads rows in turn: `reads` of them, or (0) until the writer is done. */
static uint64_t read_all(struct bench *b, uint64_t reads)
{
	struct board_top t;
	uint64_t sum = 0;
	uint32_t row = 0;

	for (uint64_t n = 0; reads == 0 || n < reads; n++) {
		if (reads == 0 && atomic_load_explicit(&b->done, memory_order_relaxed))
			break;
		if (look(b, row, &t))
			sum += check(&t);
		else
			b->retries++;
		b->reads++;
		row = row + 1 == b->rows ? 0 : row + 1;
	}
	return sum;
}

static void *reader(void *arg)
{
	struct bench *b = arg;

	measure_pin(b->cpu[1]);
	atomic_store_explicit(&b->ready, true, memory_order_relaxed);
	uint64_t start_ns = measure_now_ns();

	read_all(b, 0);
	b->read_ns = measure_now_ns() - start_ns;
	return NULL;
}

static uint64_t rows_hash(struct bench *b)
{
	struct board_top t;
	uint64_t hash = 0;

	for (uint32_t i = 0; i < b->rows; i++)
		if (look(b, i, &t))
			hash = measure_hash(hash, check(&t));
	return hash;
}

static void open_ways(struct bench *b)
{
	struct board_top t;
	uint64_t bytes = board_bytes(b->rows);

	if (b->way == WAY_BOARD &&
	    board_init(&b->board, measure_memory(bytes), bytes, b->rows, 0) != 0)
		measure_fail("bench_board: no board of %u rows", b->rows);
	if (b->way == WAY_SEQLOCK)
		b->seqlock = measure_memory(b->rows * sizeof(*b->seqlock));
	if (b->way == WAY_MUTEX)
		b->mutex = measure_memory(b->rows * sizeof(*b->mutex));
	for (uint32_t i = 0; i < b->rows; i++) {
		if (b->way == WAY_MUTEX)
			pthread_mutex_init(&b->mutex[i].mutex, NULL);
		fill(&t, 0);
		update(b, i, &t);
	}
}

static void close_ways(struct bench *b)
{
	free(b->board.control);
	free(b->seqlock);
	free(b->mutex);
}

static void round_alone(struct bench *b, struct figures *f)
{
	uint64_t start_ns = measure_cpu_ns();

	update_all(b);
	uint64_t middle_ns = measure_cpu_ns();

	read_all(b, b->updates);
	f->update_ns = (double)(middle_ns - start_ns) / (double)b->updates;
	b->read_ns = measure_cpu_ns() - middle_ns;
}

static void round_contended(struct bench *b, struct figures *f)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, reader, b) != 0)
		measure_fail("bench_board: no thread");
	while (!atomic_load_explicit(&b->ready, memory_order_relaxed))
		sched_yield();
	uint64_t start_ns = measure_now_ns();

	update_all(b);
	f->update_ns = (double)(measure_now_ns() - start_ns) / (double)b->updates;
	atomic_store_explicit(&b->done, true, memory_order_relaxed);
	pthread_join(thread, NULL);
}

static struct figures measure_round(struct bench *b, bool contended)
{
	struct figures f;

	open_ways(b);
	if (contended)
		round_contended(b, &f);
	else
		round_alone(b, &f);
	f.read_ns = b->reads == 0 ? 0 : (double)b->read_ns / (double)b->reads;
	f.retries = b->reads == 0 ? 0 : 1e6 * (double)b->retries / (double)b->reads;
	f.hash = rows_hash(b);
	close_ways(b);
	return f;
}

struct options {
	uint64_t updates;
	uint64_t rows;
	uint64_t rounds;
	uint64_t cpu[2];
	bool json;
};

/* Ways take turns within a round, so that a slow moment of the machine hits them alike. */
static void measure(const struct options *o, bool contended, struct measure_rows *out)
{
	static double values[WAY_COUNT][3][MEASURE_ROUNDS_MAX];
	uint64_t hash[WAY_COUNT] = {0};

	for (uint32_t round = 0; round < o->rounds; round++)
		for (enum way w = WAY_BOARD; w < WAY_COUNT; w++) {
			struct bench b = {.way = w,
			                  .rows = (uint32_t)o->rows,
			                  .updates = o->updates,
			                  .cpu = {o->cpu[0], o->cpu[1]}};
			struct figures f = measure_round(&b, contended);

			values[w][0][round] = f.update_ns;
			values[w][1][round] = f.read_ns;
			values[w][2][round] = f.retries;
			hash[w] = f.hash;
		}
	for (enum way w = WAY_BOARD; w < WAY_COUNT; w++) {
		measure_row(out);
		measure_text(out, "where", contended ? "contended" : "alone");
		measure_text(out, "way", way_names[w]);
		measure_figure(out, "update_ns", measure_median(values[w][0], (uint32_t)o->rounds));
		measure_figure(out, "read_ns", measure_median(values[w][1], (uint32_t)o->rounds));
		measure_figure(out, "retries_per_million",
		               measure_median(values[w][2], (uint32_t)o->rounds));
		measure_result(out, "rows", hash[w]);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.updates = 2000000, .rows = 1024, .rounds = 5, .cpu = {0, 1}};
	const struct measure_option table[] = {
	        {"updates", "per round", &o.updates, 1, UINT64_MAX, NULL},
	        {"rows", "of the board", &o.rows, 1, 65536, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"cpu", "of the writer", &o.cpu[0], 0, 1023, NULL},
	        {"reader-cpu", "of the reader", &o.cpu[1], 0, 1023, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_board [OPTION VALUE]...", table, &o.json);
	bool two = measure_has_cpus(o.cpu[0], o.cpu[1]);

	measure_pin(o.cpu[0]);
	measure_begin(&out, "board", o.json);
	measure(&o, false, &out);
	if (two)
		measure(&o, true, &out);
	measure_end(&out);
	if (!two)
		fprintf(stderr, "bench_board: one CPU only, contended is not measured\n");
	return 0;
}
