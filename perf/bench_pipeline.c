/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pipeline: frames in memory through the whole engine (frame, line, transport, arbiter, log,
 * shards, books, board) on one core and on several, with one shard and with several. Rows:
 *
 *   receive+1     one core receives and moves one shard: run to completion, the default
 *   receive+2     the same with its books in two shards, receive+4 in four: what sharding costs
 *   receive, 1    one core receives, a second one moves the one shard
 *   receive+1, 1  two cores with a shard each, of which the first one also receives
 *   receive, 2    one core receives, a second one moves two shards
 *   receive, 1, 1 one receives, two move a shard each, and so on, as far as there are CPUs
 *
 * A day's frames are made before, or read from a capture. The receiving core goes on as long as the
 * slowest shard is at most half a log behind, so nothing is lost, and the books' hash must be the
 * same in all rows of a day. One core: its CPU time; several: wall time, so all of them should be
 * idle otherwise.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/engine.h"
#include "perf/frames.h"
#include "perf/measure.h"

#define CORES_MAX  5u
#define SHARDS_MAX 4u
#define LOG_BYTES  (16u << 20)
#define GROUPS     4u /* in every layout, so that only their places differ */

struct layout {
	const char *name;
	uint32_t cores;
	uint32_t shards;
	uint32_t core[SHARDS_MAX]; /* of each shard */
};

static const struct layout layouts[] = {
        {"receive+1", 1, 1, {0}},
        {"receive+2", 1, 2, {0, 0}},
        {"receive+4", 1, 4, {0, 0, 0, 0}},
        {"receive, 1", 2, 1, {1}},
        {"receive+1, 1", 2, 2, {0, 1}},
        {"receive, 2", 2, 2, {1, 1}},
        {"receive, 1, 1", 3, 2, {1, 2}},
        {"receive, 1, 1, 1", 4, 3, {1, 2, 3}},
        {"receive, 1, 1, 1, 1", 5, 4, {1, 2, 3, 4}},
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

struct options {
	const char *capture;
	const char *protocol;
	uint64_t messages;
	uint64_t symbols;
	uint64_t live;
	uint64_t per_packet;
	uint64_t rounds;
	uint64_t cpu; /* the first; others follow it, the last CPU is followed by 0 */
	bool json;
};

struct bench {
	const struct layout *layout;
	struct config config;
	struct config_core cores[CORES_MAX];
	struct config_feed feed;
	struct config_shard shards[SHARDS_MAX];
	struct config_group group;
	uint32_t group_shards[SHARDS_MAX];
	struct engine *engine;
	const struct frames *frames;
	uint64_t cpu;
	_Atomic bool done;      /* all is in the log; release, pairs with the workers' acquire */
	_Atomic uint32_t ready; /* workers; relaxed: nothing is passed with it */
};

struct worker {
	struct bench *bench;
	uint32_t core;
	pthread_t thread;
};

static uint64_t cpu_of(const struct bench *b, uint32_t core)
{
	return (b->cpu + core) % (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
}

static void make_config(struct bench *b, const struct options *o)
{
	const struct layout *l = b->layout;
	uint32_t orders = (uint32_t)(o->live + 65536);

	for (uint32_t i = 0; i < l->cores; i++)
		b->cores[i] = (struct config_core){.name = "core", .cpu = CONFIG_NONE};
	for (uint32_t i = 0; i < l->shards; i++) {
		b->shards[i] = (struct config_shard){.name = "shard",
		                                     .core = l->core[i],
		                                     .critical_budget = 256,
		                                     .normal_budget = 256,
		                                     .catch_up_budget = 64};
		b->group_shards[i] = i;
	}
	b->feed = (struct config_feed){.name = "feed",
	                               .protocol = o->protocol,
	                               .gap_hold_max_ns = 1000000000,
	                               .gap_parking_bytes = 8u << 20,
	                               .gap_pieces_max = 1024,
	                               .symbols_max = (uint32_t)o->symbols + 16,
	                               .log_bytes_min = LOG_BYTES,
	                               .log_bytes_max = LOG_BYTES};
	b->group = (struct config_group){.name = "books",
	                                 .shards = b->group_shards,
	                                 .shard_count = l->shards,
	                                 .count = GROUPS,
	                                 .select = CONFIG_SELECT_HASH,
	                                 .symbols_max = (uint32_t)o->symbols + 16,
	                                 .orders_max = orders,
	                                 .levels_max = orders + (1u << 19)};
	b->config = (struct config){
	        .engine = {.name = "bench", .pool_bytes = 64u << 20, .publish_turns = 1u << 30},
	        .cores = b->cores,
	        .feeds = &b->feed,
	        .shards = b->shards,
	        .groups = &b->group,
	        .core_count = l->cores,
	        .feed_count = 1,
	        .shard_count = l->shards,
	        .group_count = 1,
	        .path = "bench",
	};
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct bench *b = w->bench;
	struct engine_core *c = &b->engine->cores[w->core];

	measure_pin(cpu_of(b, w->core));
	atomic_fetch_add_explicit(&b->ready, 1, memory_order_relaxed);
	for (;;) {
		bool done = atomic_load_explicit(&b->done, memory_order_acquire);

		if (engine_core_work(c, measure_now_ns()) != 0)
			continue;
		if (done && engine_core_at_head(c))
			return NULL;
		measure_wait();
	}
}

/* Is there room in the log for a burst, whatever it holds? */
static bool has_room(const struct bench *b)
{
	uint64_t lag_bytes = 0;

	if (log_slowest(&b->engine->feeds[0].receive.log.log, &lag_bytes) == LOG_CURSORS_MAX)
		return true;
	return lag_bytes < LOG_BYTES / 2;
}

/* The receiving core's turns until the day is over and its own shards have applied it. */
static void run_first_core(struct bench *b)
{
	const struct frames *f = b->frames;
	struct engine_core *c = &b->engine->cores[0];
	struct packet burst[PACKET_BURST_MAX];

	for (uint64_t i = 0; i < f->count;) {
		uint64_t now_ns = measure_now_ns();
		uint32_t n = 0;

		if (has_room(b)) {
			for (; n < PACKET_BURST_MAX && i < f->count; n++, i++)
				burst[n] = (struct packet){.data = frames_at(f, i),
				                           .bytes = f->spans[i].bytes,
				                           .time_source = TIME_TURN,
				                           .time_ns = now_ns};
			engine_core_packets(c, burst, n, now_ns);
		}
		if (engine_core_work(c, now_ns) == 0 && n == 0)
			measure_wait();
	}
	atomic_store_explicit(&b->done, true, memory_order_release);
	while (engine_core_work(c, measure_now_ns()) != 0 || !engine_core_at_head(c))
		;
}

static uint64_t run(struct bench *b)
{
	struct worker workers[CORES_MAX];
	uint32_t others = b->layout->cores - 1;

	measure_pin(cpu_of(b, 0));
	for (uint32_t i = 0; i < others; i++) {
		workers[i] = (struct worker){.bench = b, .core = i + 1};
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
			measure_fail("bench_pipeline: no thread");
	}
	while (atomic_load_explicit(&b->ready, memory_order_relaxed) < others)
		usleep(100);
	clockid_t clock = others > 0 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
	uint64_t start_ns = measure_clock_ns(clock);

	run_first_core(b);
	for (uint32_t i = 0; i < others; i++)
		pthread_join(workers[i].thread, NULL);
	return measure_clock_ns(clock) - start_ns;
}

static uint64_t books_hash(const struct engine *e)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);

	if (f == NULL || engine_write_books(e, 0, f) != 0 || fclose(f) != 0)
		measure_fail("bench_pipeline: no books");
	uint64_t hash = measure_hash_bytes(0, text, bytes);

	free(text);
	return hash;
}

static uint64_t orders_live(const struct engine *e)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < e->group_count; i++)
		sum += book_set_stats(&e->groups[i].group.books)->orders_live;
	return sum;
}

struct outcome { /* of a day */
	uint64_t hash;
	uint64_t orders_live;
};

/* ns per message in a fresh engine. */
static double measure(const struct options *o, const struct layout *l, const struct frames *f,
                      struct outcome *outcome)
{
	static struct bench b;
	struct engine_options eo = {.learn_lines = true, .boards = true};
	char error[ENGINE_ERROR_BYTES];

	b = (struct bench){.layout = l, .frames = f, .cpu = o->cpu};
	make_config(&b, o);
	if (engine_create(&b.engine, &b.config, &eo, error) != 0)
		measure_fail("bench_pipeline: %s", error);
	/* Pages are touched before the day, as a live engine's are in its first minutes. */
	madvise(b.engine->state.base, b.engine->state.bytes, MADV_POPULATE_WRITE);
	madvise(b.engine->segments.base, b.engine->segments.bytes, MADV_POPULATE_WRITE);
	uint64_t ns = run(&b);

	if (arbiter_stats(&b.engine->feeds[0].receive.arbiter)->lost_messages != 0)
		measure_fail("bench_pipeline: messages were lost");
	*outcome = (struct outcome){.hash = books_hash(b.engine),
	                            .orders_live = orders_live(b.engine)};
	engine_destroy(b.engine);
	return (double)ns / (double)f->messages;
}

static void rows(const struct options *o, const char *day, const struct frames *f,
                 struct measure_rows *out)
{
	static double values[LAYOUTS][MEASURE_ROUNDS_MAX];
	struct outcome outcomes[LAYOUTS] = {0};
	uint64_t cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);

	/* Layouts take turns within a round, so that a slow moment hits them alike. */
	for (uint32_t round = 0; round < o->rounds; round++)
		for (uint32_t i = 0; i < LAYOUTS; i++)
			if (layouts[i].cores <= cpus)
				values[i][round] = measure(o, &layouts[i], f, &outcomes[i]);
	for (uint32_t i = 0; i < LAYOUTS; i++) {
		if (layouts[i].cores > cpus)
			continue;
		double ns = measure_median(values[i], (uint32_t)o->rounds);

		measure_row(out);
		measure_text(out, "day", day);
		measure_count(out, "messages", f->messages);
		measure_count(out, "packets", f->count);
		measure_count(out, "orders_live", outcomes[i].orders_live);
		measure_text(out, "layout", layouts[i].name);
		measure_count(out, "cores", layouts[i].cores);
		measure_count(out, "shards", layouts[i].shards);
		measure_figure(out, "ns_per_message", ns);
		measure_figure(out, "million_messages_per_s", 1e3 / ns);
		measure_result(out, day, outcomes[i].hash);
	}
}

int main(int argc, char **argv)
{
	struct options o = {.protocol = "itch50",
	                    .messages = 1000000,
	                    .symbols = 8000,
	                    .live = 200000,
	                    .per_packet = 35,
	                    .rounds = 3};
	const struct measure_option table[] = {
	        {.name = "capture", .help = "a file instead of a made-up day", .text = &o.capture},
	        {.name = "protocol", .help = "itch50 (default) or deep10", .text = &o.protocol},
	        {"messages", "of a made-up day", &o.messages, 1, 1000000000, NULL},
	        {"symbols", "of a made-up day; at most in a capture", &o.symbols, 1, 60000, NULL},
	        {"live", "orders at a time", &o.live, 16, 100000000, NULL},
	        {"per-packet", "messages; 0: as in real captures", &o.per_packet, 0, 64, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"cpu", "that receives", &o.cpu, 0, 1023, NULL},
	        {.name = NULL},
	};
	char error[FRAMES_ERROR_BYTES];
	struct measure_rows out;
	struct frames f;

	measure_options(argc, argv, "usage: bench_pipeline [OPTION VALUE]...", table, &o.json);
	struct frames_options fo = {.capture = o.capture,
	                            .protocol = o.protocol,
	                            .seed = 1,
	                            .messages = o.messages,
	                            .symbols = (uint32_t)o.symbols,
	                            .live = (uint32_t)o.live,
	                            .packet_messages = (uint32_t)o.per_packet};

	if (frames_make(&f, &fo, error) != 0)
		measure_fail("bench_pipeline: %s", error);
	char day[64];
	const char *slash = o.capture == NULL ? NULL : strrchr(o.capture, '/');

	if (o.capture == NULL)
		snprintf(day, sizeof(day), "made, %s", o.protocol);
	else
		snprintf(day, sizeof(day), "%s", slash == NULL ? o.capture : slash + 1);
	measure_begin(&out, "pipeline", o.json);
	rows(&o, day, &f, &out);
	measure_end(&out);
	frames_free(&f);
	return 0;
}
