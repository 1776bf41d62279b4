/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One writer, three cursors, two followers and a core that keeps registering and leaving, on a pool
 * that is too small for comfort. Every reader checks every byte. To be run under thread sanitizer
 * as well. Arguments: records, seed.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "dataplane/log/cursor.h"
#include "dataplane/log/follower.h"
#include "resilience/prng.h"
#include "tests/unit/log/fixture.h"

#define CURSORS      3u
#define FOLLOWERS    2u
#define BUFFER_BYTES (sizeof(struct record) + LOG_RECORD_PAYLOAD_MAX + 8)

static uint64_t records_wanted = 4000000;
static _Atomic uint64_t writer_done;

struct reader {
	pthread_t thread;
	struct log log;
	int slot;
	uint32_t index;
	uint64_t read;
	uint64_t wrong;
	uint64_t missed;
	uint64_t visits;
	uint64_t revoked;
};

struct writer {
	pthread_t thread;
	struct log_fixture log;
	uint64_t seed;
	uint64_t waited;
};

static void *writer_run(void *arg)
{
	struct writer *w = arg;
	struct prng prng;

	prng_init(&prng, w->seed);
	while (w->log.next <= records_wanted) {
		uint64_t burst = 1 + prng_below(&prng, 32);

		for (uint64_t i = 0; i < burst && w->log.next <= records_wanted; i++) {
			bool is_long = prng_chance_ppm(&prng, 500);
			uint32_t bytes = (uint32_t)prng_below(&prng, is_long ? 60000 : 100);

			while (!log_append(&w->log, bytes)) {
				w->waited++;
				log_writer_publish(&w->log.writer);
				sched_yield();
			}
		}
		log_writer_publish(&w->log.writer);
		if (prng_chance_ppm(&prng, 10000))
			log_writer_trim(&w->log.writer);
	}
	atomic_store_explicit(&writer_done, 1, memory_order_release);
	return NULL;
}

/* Reads everything from the first record on; each cursor with a pace of its own. */
static void *cursor_run(void *arg)
{
	struct reader *r = arg;
	struct log_cursor c;
	struct prng prng;

	prng_init(&prng, r->index);
	cursor_init(&c, &r->log, (uint32_t)r->slot);
	while (r->read < records_wanted) {
		uint64_t budget = 1 + prng_below(&prng, 1ull << (4 + 3 * r->index));
		const struct record *record = NULL;

		while (budget-- > 0 && (record = cursor_next(&c)) != NULL)
			r->wrong += !record_check(record, ++r->read);
		cursor_release(&c);
		if (record == NULL)
			sched_yield();
	}
	r->wrong += cursor_next(&c) != NULL;
	return NULL;
}

/* Sequences only grow, and grow by one unless it was told that it missed something. */
static void *follower_run(void *arg)
{
	struct reader *r = arg;
	struct log_follower f;
	struct record *buffer = aligned_alloc(8, BUFFER_BYTES);
	uint64_t last = 0;
	bool missed = true;
	bool is_last_look = false;

	follower_init(&f, &r->log, true);
	for (;;) {
		enum follower_verdict v = follower_next(&f, buffer, BUFFER_BYTES);

		if (v == FOLLOWER_RECORD) {
			uint64_t sequence = buffer->first_sequence;

			r->read++;
			r->wrong += !record_check(buffer, sequence);
			r->wrong += missed ? sequence <= last : sequence != last + 1;
			last = sequence;
			missed = false;
		} else if (v == FOLLOWER_MISSED) {
			missed = true;
		} else if (v == FOLLOWER_CORRUPT) {
			r->wrong++;
			break;
		} else if (is_last_look) {
			break;
		} else {
			is_last_look = atomic_load_explicit(&writer_done, memory_order_acquire);
			sched_yield();
		}
	}
	r->wrong += last != records_wanted;
	r->missed = f.missed_times;
	free(buffer);
	return NULL;
}

/* Comes, reads a little from the tail, claims an image, goes. */
static void *visitor_run(void *arg)
{
	struct reader *r = arg;

	while (!atomic_load_explicit(&writer_done, memory_order_acquire)) {
		int slot = log_cursor_register(&r->log, LOG_CLAIM_LIVE, true);
		int image = log_cursor_register(&r->log, LOG_CLAIM_IMAGE, r->visits % 2 == 0);
		struct log_cursor c;
		const struct record *record;
		uint64_t expected = 0;

		if (slot < 0 || image < 0) {
			r->wrong++;
			break;
		}
		cursor_init(&c, &r->log, (uint32_t)slot);
		for (uint32_t i = 0; i < 200 && (record = cursor_next(&c)) != NULL; i++) {
			expected = expected == 0 ? record->first_sequence : expected + 1;
			r->wrong += !record_check(record, expected);
			r->read++;
			if (i % 32 == 0)
				cursor_release(&c);
		}
		log_cursor_unregister(&r->log, (uint32_t)slot);
		sched_yield();
		r->revoked += log_claim_revoked(&r->log, (uint32_t)image);
		log_cursor_unregister(&r->log, (uint32_t)image);
		r->visits++;
	}
	return NULL;
}

static uint64_t report(const char *what, const struct reader *r)
{
	printf("%s %u: read %llu, wrong %llu, missed %llu times, visits %llu, revoked %llu\n", what,
	       r->index, (unsigned long long)r->read, (unsigned long long)r->wrong,
	       (unsigned long long)r->missed, (unsigned long long)r->visits,
	       (unsigned long long)r->revoked);
	return r->wrong;
}

int main(int argc, char **argv)
{
	struct pool_fixture pool;
	struct writer w = {.seed = 1};
	struct reader readers[CURSORS + FOLLOWERS + 1] = {0};
	uint64_t wrong = 0;

	if (argc > 1)
		records_wanted = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		w.seed = strtoull(argv[2], NULL, 10);
	printf("records %llu, seed %llu\n", (unsigned long long)records_wanted,
	       (unsigned long long)w.seed);
	pool_fixture_open(&pool, 5);
	if (log_fixture_open(&w.log, &pool.pool, 2, 4) != 0)
		return 1;
	for (uint32_t i = 0; i < CURSORS + FOLLOWERS + 1; i++) {
		readers[i] = (struct reader){.log = w.log.writer.log, .index = i};
		if (i < CURSORS)
			readers[i].slot =
			        log_cursor_register(&readers[i].log, LOG_CLAIM_LIVE, false);
		if (pthread_create(&readers[i].thread, NULL,
		                   i < CURSORS               ? cursor_run
		                   : i < CURSORS + FOLLOWERS ? follower_run
		                                             : visitor_run,
		                   &readers[i]) != 0)
			return 1;
	}
	if (pthread_create(&w.thread, NULL, writer_run, &w) != 0)
		return 1;
	pthread_join(w.thread, NULL);
	for (uint32_t i = 0; i < CURSORS + FOLLOWERS + 1; i++) {
		pthread_join(readers[i].thread, NULL);
		wrong += report(i < CURSORS               ? "cursor"
		                : i < CURSORS + FOLLOWERS ? "follower"
		                                          : "visitor",
		                &readers[i]);
	}
	const struct log_stats *s = &w.log.writer.stats;

	printf("writer: records %llu, bytes %llu, waited %llu, taken %llu, given %llu, revoked "
	       "%llu\n",
	       (unsigned long long)s->records, (unsigned long long)s->bytes,
	       (unsigned long long)w.waited, (unsigned long long)s->segments_taken,
	       (unsigned long long)s->segments_given, (unsigned long long)s->claims_revoked);
	wrong += s->records != records_wanted;
	wrong += segment_pool_held(&pool.pool, w.log.writer.user) !=
	         w.log.writer.stats.segments_held;
	wrong += s->segments_taken - s->segments_given != w.log.writer.stats.segments_held;
	log_fixture_close(&w.log);
	pool_fixture_close(&pool);
	return wrong == 0 ? 0 : 1;
}
