/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Cursors register at the tail while the writer turns segments over as fast as it can (records of
 * full length whose payload nobody fills). Whatever a claim was given must stay: the record under
 * it is looked at again and again. Argument: segments to turn over.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "dataplane/log/cursor.h"
#include "tests/unit/log/fixture.h"

#define NEWCOMERS 1u

static uint64_t segments_wanted = 20000;
static _Atomic uint64_t writer_done;

struct newcomer {
	pthread_t thread;
	struct log log;
	uint64_t visits;
	uint64_t held; /* visits that found a record */
	uint64_t wrong;
};

static void *newcomer_run(void *arg)
{
	struct newcomer *n = arg;

	while (!atomic_load_explicit(&writer_done, memory_order_acquire)) {
		struct log_cursor c;
		int slot = log_cursor_register(&n->log, LOG_CLAIM_LIVE, true);

		if (slot < 0) {
			n->wrong++;
			break;
		}
		cursor_init(&c, &n->log, (uint32_t)slot);
		const struct record *r = cursor_next(&c);

		if (r != NULL) {
			uint64_t sequence = r->first_sequence;
			uint64_t position = c.position - r->bytes;

			/* The sequence is the record's number, hence follows from the place. */
			n->wrong += r->time_ns != position;
			for (uint32_t i = 0; i < 50; i++)
				n->wrong +=
				        *(volatile const uint64_t *)&r->first_sequence != sequence;
			n->held++;
		}
		log_cursor_unregister(&n->log, (uint32_t)slot);
		n->visits++;
	}
	return NULL;
}

static uint64_t write_all(struct log_fixture *f)
{
	struct log_writer *w = &f->writer;
	uint64_t refused = 0;

	while (w->write_offset < segments_wanted * SEGMENT_BYTES) {
		struct record *r = log_writer_reserve(w, LOG_RECORD_PAYLOAD_MAX);

		if (r == NULL) {
			log_writer_publish(w);
			sched_yield();
			refused++;
			continue;
		}
		r->first_sequence = f->next++;
		r->time_ns = w->write_offset;
		r->payload_bytes = LOG_RECORD_PAYLOAD_MAX;
		r->kind = RECORD_DATA;
		log_writer_commit(w, r);
		if (f->next % 8 == 0)
			log_writer_publish(w);
	}
	atomic_store_explicit(&writer_done, 1, memory_order_release);
	return refused;
}

int main(int argc, char **argv)
{
	struct pool_fixture pool;
	struct log_fixture log;
	struct newcomer newcomers[NEWCOMERS] = {0};
	uint64_t wrong = 0;

	if (argc > 1)
		segments_wanted = strtoull(argv[1], NULL, 10);
	pool_fixture_open(&pool, 4);
	if (log_fixture_open(&log, &pool.pool, 2, 4) != 0)
		return 1;
	for (uint32_t i = 0; i < NEWCOMERS; i++) {
		newcomers[i].log = log.writer.log;
		if (pthread_create(&newcomers[i].thread, NULL, newcomer_run, &newcomers[i]) != 0)
			return 1;
	}
	uint64_t refused = write_all(&log);

	for (uint32_t i = 0; i < NEWCOMERS; i++) {
		pthread_join(newcomers[i].thread, NULL);
		printf("newcomer %u: visits %llu, held %llu, wrong %llu\n", i,
		       (unsigned long long)newcomers[i].visits,
		       (unsigned long long)newcomers[i].held,
		       (unsigned long long)newcomers[i].wrong);
		wrong += newcomers[i].wrong;
	}
	printf("writer: segments %llu, refused %llu\n", (unsigned long long)segments_wanted,
	       (unsigned long long)refused);
	log_fixture_close(&log);
	pool_fixture_close(&pool);
	return wrong == 0 ? 0 : 1;
}
