/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Follower: how long after the writer has published a record does a reader hold it? The writer
 * appends records at a steady pace from one CPU, each with the time just before its publication in
 * it; the reader spins on the other and notes the time when it has the record:
 *
 *   cursor            a thread with a cursor: reads the record where it lies
 *   follower          a thread without a claim: copies the record out and checks that it still held
 *   follower process  the same in a process of its own, over shared memory
 *
 * One clock reading is in every figure. The log holds all that is written, so nothing may be
 * missed, and all readers' hashes must be the writer's.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataplane/log/cursor.h"
#include "dataplane/log/follower.h"
#include "perf/measure.h"
#include "resilience/histogram.h"

#define PAYLOAD_BYTES 38u /* one message of 36 bytes */

enum way { WAY_CURSOR, WAY_FOLLOWER, WAY_PROCESS, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = {"cursor", "follower", "follower process"};

struct shared {                 /* between writer and reader, beside the log */
	_Atomic uint32_t ready; /* reader, release: pairs with the writer's acquire */
	uint64_t records;       /* what the reader got */
	uint64_t missed;
	uint64_t hash;
	struct histogram latency_ns;
};

struct bench {
	enum way way;
	uint64_t records;
	uint64_t interval_ns;
	uint64_t cpu[2];
	struct segment_pool pool;
	struct log_writer writer;
	struct log_cursor cursor;
	struct shared *shared;
	uint8_t *mapped;
	uint64_t mapped_bytes;
};

/* Shared with a child process, zeroed and touched: no page fault while it is measured. */
static uint8_t *map(struct bench *b, uint64_t bytes)
{
	b->mapped_bytes = bytes + SEGMENT_BYTES;
	b->mapped = mmap(NULL, b->mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                 -1, 0);
	if (b->mapped == MAP_FAILED)
		measure_fail("bench_follower: no memory for %llu bytes",
		             (unsigned long long)b->mapped_bytes);
	memset(b->mapped, 0, b->mapped_bytes);
	return b->mapped + (SEGMENT_BYTES - (uintptr_t)b->mapped % SEGMENT_BYTES);
}

static void note(struct shared *s, const struct record *r)
{
	/* Times of two CPUs of one machine: never before, if only just. */
	uint64_t now_ns = measure_now_ns();

	histogram_record(&s->latency_ns, now_ns > r->time_ns ? now_ns - r->time_ns : 0);
	s->hash = measure_hash(s->hash, r->first_sequence ^ (uint64_t)record_payload(r)[2] << 56);
	s->records++;
}

static void read_cursor(struct bench *b)
{
	const struct record *r;

	while (b->shared->records < b->records) {
		r = cursor_next(&b->cursor);
		if (r == NULL)
			continue;
		note(b->shared, r);
		cursor_release(&b->cursor);
	}
}

static void read_follower(struct bench *b)
{
	static _Alignas(8) uint8_t buffer[LOG_RECORD_PAYLOAD_MAX + 64];
	struct record *r = (struct record *)(void *)buffer;
	struct log_follower f;

	follower_init(&f, &b->writer.log, true);
	while (b->shared->records + b->shared->missed < b->records)
		switch (follower_next(&f, r, sizeof(buffer))) {
		case FOLLOWER_RECORD:
			note(b->shared, r);
			break;
		case FOLLOWER_AT_HEAD:
			break;
		case FOLLOWER_MISSED:
		case FOLLOWER_CORRUPT:
			b->shared->missed = b->records;
			break;
		}
}

static void *reader(void *arg)
{
	struct bench *b = arg;

	measure_pin(b->cpu[1]);
	/* Release: pairs with the writer's acquire. */
	atomic_store_explicit(&b->shared->ready, 1, memory_order_release);
	if (b->way == WAY_CURSOR)
		read_cursor(b);
	else
		read_follower(b);
	return NULL;
}

static uint64_t write_records(struct bench *b)
{
	uint64_t hash = 0;
	uint64_t due_ns = measure_now_ns() + 1000000;

	for (uint64_t n = 1; n <= b->records; n++, due_ns += b->interval_ns) {
		struct record *r = log_writer_reserve(&b->writer, PAYLOAD_BYTES);

		if (r == NULL)
			measure_fail("bench_follower: the log is full");
		*r = (struct record){.first_sequence = n,
		                     .interest = UINT64_MAX,
		                     .payload_bytes = PAYLOAD_BYTES,
		                     .epoch = 1,
		                     .count = 1,
		                     .kind = RECORD_DATA};
		memset(r + 1, (int)(n & 0xff), PAYLOAD_BYTES);
		hash = measure_hash(hash, n ^ (n & 0xff) << 56);
		while (measure_now_ns() < due_ns)
			;
		r->time_ns = measure_now_ns();
		log_writer_commit(&b->writer, r);
		log_writer_publish(&b->writer);
	}
	return hash;
}

static void make_log(struct bench *b)
{
	uint64_t all_bytes = b->records * record_bytes(PAYLOAD_BYTES);
	uint32_t segments = (uint32_t)(all_bytes / (SEGMENT_BYTES - 4096)) + 3;
	struct log_options o = {.segments_min = segments, .segments_max = segments};
	uint64_t pool_bytes = segment_pool_bytes(segments);
	uint64_t log_bytes = (log_control_bytes(segments) + 63) & ~63ull;
	uint8_t *base = map(b, pool_bytes + log_bytes + sizeof(*b->shared));

	if (segment_pool_init(&b->pool, base, pool_bytes, segments) != 0 ||
	    log_writer_init(&b->writer, base + pool_bytes, log_bytes, &b->pool, &o) != 0)
		measure_fail("bench_follower: no log of %u segments", segments);
	b->shared = (struct shared *)(void *)(base + pool_bytes + log_bytes);
	histogram_init(&b->shared->latency_ns);
	if (b->way == WAY_CURSOR)
		cursor_init(&b->cursor, &b->writer.log,
		            (uint32_t)log_cursor_register(&b->writer.log, LOG_CLAIM_LIVE, false));
}

static void bench(struct bench *b, struct measure_rows *out)
{
	pthread_t thread;
	pid_t child = 0;
	char group[32];

	make_log(b);
	if (b->way == WAY_PROCESS && (child = fork()) == 0) {
		reader(b);
		_exit(0);
	}
	if (child < 0 || (b->way != WAY_PROCESS && pthread_create(&thread, NULL, reader, b) != 0))
		measure_fail("bench_follower: no reader");
	while (atomic_load_explicit(&b->shared->ready, memory_order_acquire) == 0)
		usleep(1000);
	uint64_t hash = write_records(b);

	if (b->way == WAY_PROCESS)
		waitpid(child, NULL, 0);
	else
		pthread_join(thread, NULL);
	if (b->shared->hash != hash || b->shared->missed != 0)
		measure_fail("bench_follower: %s did not get what was written", way_names[b->way]);
	const struct histogram *h = &b->shared->latency_ns;

	measure_row(out);
	measure_text(out, "reader", way_names[b->way]);
	measure_count(out, "records_per_s", 1000000000u / b->interval_ns);
	measure_count(out, "p50_ns", histogram_quantile(h, 500000));
	measure_count(out, "p99_ns", histogram_quantile(h, 990000));
	measure_count(out, "p999_ns", histogram_quantile(h, 999000));
	measure_count(out, "max_ns", h->max);
	snprintf(group, sizeof(group), "%llu records", (unsigned long long)b->records);
	measure_result(out, group, hash);
	munmap(b->mapped, b->mapped_bytes);
}

int main(int argc, char **argv)
{
	uint64_t records = 1000000;
	uint64_t rate = 0;
	uint64_t cpu[2] = {0, 1};
	bool json = false;
	const struct measure_option table[] = {
	        {"records", "at most; fewer at rates that would take more than 2 s", &records, 1,
	         10000000, NULL},
	        {"rate", "records per second; 0: 10000, 100000 and 1000000", &rate, 0, 100000000,
	         NULL},
	        {"cpu", "of the writer", &cpu[0], 0, 1023, NULL},
	        {"reader-cpu", "of the reader", &cpu[1], 0, 1023, NULL},
	        {.name = NULL},
	};
	const uint64_t rates[] = {10000, 100000, 1000000};
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_follower [OPTION VALUE]...", table, &json);
	if (!measure_has_cpus(cpu[0], cpu[1])) {
		printf("SKIP: needs two CPUs\n");
		return MEASURE_SKIP;
	}
	measure_pin(cpu[0]);
	measure_begin(&out, "follower", json);
	for (uint32_t i = 0; i < (rate == 0 ? 3 : 1); i++)
		for (enum way w = WAY_CURSOR; w < WAY_COUNT; w++) {
			uint64_t per_s = rate == 0 ? rates[i] : rate;
			struct bench b = {.way = w,
			                  .records = records < 2 * per_s ? records : 2 * per_s,
			                  .interval_ns = 1000000000u / per_s,
			                  .cpu = {cpu[0], cpu[1]}};

			bench(&b, &out);
		}
	measure_end(&out);
	return 0;
}
