/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What does it cost to hand packets to consumers? One log with cursors, beside DPDK's ring used in
 * the usual ways:
 *
 *   log       packets are copied into the log once; every consumer is a cursor
 *   pointers  a ring per consumer, 8-byte elements that point to the received packets. Nothing is
 *             kept: the packet must stay until the slowest consumer is done, and there is no replay
 *   mpmc      the same through rings that many may feed and empty (one of each does)
 *   copies    a ring per consumer whose elements are the packets
 *   slab      packets are copied once into slots used in turn, a ring of pointers per consumer
 *
 * Packets hold 1 or 35 message blocks of 2 + 36 bytes. A producer hands them over in bursts of 32;
 * a consumer walks them: length and first byte of every message go into its hash, which must be the
 * same for every consumer and every way. "same core": one thread does producer's and consumers'
 * bursts in turn; its CPU time. "two cores": the producer on one, all consumers on the other; wall
 * time, so both CPUs should be idle otherwise. Per message, production and all consumers together;
 * 0 consumers: appending alone. */
#include <pthread.h>
#include <rte_ring.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/log/cursor.h"
#include "dataplane/log/log.h"
#include "dataplane/wire/bytes.h"
#include "perf/measure.h"

#define BURST         32u
#define MESSAGE_BYTES 36u
#define BLOCK_BYTES   (2u + MESSAGE_BYTES)
#define PACKETS       1024u /* distinct ones, used in turn; a multiple of BURST */
#define CONSUMERS_MAX 4u
#define RING_SLOTS    1024u
#define SLAB_SLOTS    (4u * RING_SLOTS)

enum way { WAY_LOG, WAY_POINTERS, WAY_MPMC, WAY_COPIES, WAY_SLAB, WAY_COUNT };

static const char *const way_names[WAY_COUNT] = {"log_ns", "pointers_ns", "mpmc_ns", "copies_ns",
                                                 "slab_ns"};

struct options {
	uint64_t messages;
	uint64_t rounds;
	uint64_t segments; /* the log's floor */
	uint64_t cpu[2];
	bool json;
};

struct consumer {
	struct log_cursor cursor;
	struct rte_ring *ring;
	uint8_t *scratch; /* copies: where elements are dequeued to */
	uint64_t hash;
	uint64_t packets;
	uint8_t pad[64];
};

struct bench {
	enum way way;
	uint32_t messages_per_packet;
	uint32_t consumer_count;
	uint32_t packet_bytes;
	uint32_t stride_bytes; /* of packets in memory: packet_bytes, 4-byte aligned */
	uint64_t bursts;
	uint64_t consumer_cpu;
	uint8_t *packets;
	uint8_t *slab;
	uint64_t produced;
	struct segment_pool pool;
	struct log_writer log;
	struct consumer consumers[CONSUMERS_MAX];
};

static void packets_make(struct bench *b)
{
	b->packets = measure_memory((size_t)PACKETS * b->stride_bytes);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint8_t *p = b->packets + (size_t)i * b->stride_bytes;

		for (uint32_t m = 0; m < b->messages_per_packet; m++, p += BLOCK_BYTES) {
			put_be16(p, MESSAGE_BYTES);
			for (uint32_t k = 0; k < MESSAGE_BYTES; k++)
				p[2 + k] = (uint8_t)(i * 31 + m * 7 + k);
		}
	}
}

static struct rte_ring *ring_make(uint32_t element_bytes, unsigned int flags)
{
	ssize_t bytes = rte_ring_get_memsize_elem(element_bytes, RING_SLOTS);
	struct rte_ring *r = bytes < 0 ? NULL : measure_memory((size_t)bytes);

	if (r == NULL || rte_ring_init(r, "bench", RING_SLOTS, flags) != 0)
		measure_fail("bench_log: no ring of %u elements of %u bytes", RING_SLOTS,
		             element_bytes);
	return r;
}

static void log_make(struct bench *b, uint32_t segments)
{
	const struct log_options o = {.segments_min = segments, .segments_max = segments};
	uint64_t bytes = log_control_bytes(segments);

	if (segment_pool_init(&b->pool, measure_memory(segment_pool_bytes(segments)),
	                      segment_pool_bytes(segments), segments) != 0 ||
	    log_writer_init(&b->log, measure_memory(bytes), bytes, &b->pool, &o) != 0)
		measure_fail("bench_log: no log of %u segments", segments);
	for (uint32_t i = 0; i < b->consumer_count; i++)
		cursor_init(&b->consumers[i].cursor, &b->log.log,
		            (uint32_t)log_cursor_register(&b->log.log, LOG_CLAIM_LIVE, false));
}

static void bench_open(struct bench *b, const struct options *o)
{
	b->packet_bytes = b->messages_per_packet * BLOCK_BYTES;
	b->stride_bytes = (b->packet_bytes + 3) & ~3u;
	b->bursts = o->messages / b->messages_per_packet / BURST + 1;
	b->consumer_cpu = o->cpu[1];
	packets_make(b);
	if (b->way == WAY_SLAB)
		b->slab = measure_memory((size_t)SLAB_SLOTS * b->stride_bytes);
	if (b->way == WAY_LOG)
		log_make(b, (uint32_t)o->segments);
	for (uint32_t i = 0; b->way != WAY_LOG && i < b->consumer_count; i++) {
		bool is_copy = b->way == WAY_COPIES;
		unsigned int flags = b->way == WAY_MPMC ? 0 : RING_F_SP_ENQ | RING_F_SC_DEQ;

		b->consumers[i].ring = ring_make(is_copy ? b->stride_bytes : sizeof(void *), flags);
		if (is_copy)
			b->consumers[i].scratch = measure_memory((size_t)BURST * b->stride_bytes);
	}
}

static void bench_close(struct bench *b)
{
	for (uint32_t i = 0; i < b->consumer_count; i++) {
		free(b->consumers[i].ring);
		free(b->consumers[i].scratch);
	}
	free(b->slab);
	free(b->packets);
	free(b->pool.control);
	free(b->log.log.control);
}

static inline const uint8_t *packet_at(const struct bench *b, uint64_t i)
{
	return b->packets + (i % PACKETS) * b->stride_bytes;
}

static void produce_log(struct bench *b)
{
	for (uint32_t i = 0; i < BURST; i++) {
		struct record *r;

		while ((r = log_writer_reserve(&b->log, b->packet_bytes)) == NULL) {
			log_writer_publish(&b->log);
			measure_wait();
		}
		*r = (struct record){.first_sequence = b->produced * b->messages_per_packet + 1,
		                     .time_ns = b->produced,
		                     .interest = UINT64_MAX,
		                     .payload_bytes = b->packet_bytes,
		                     .epoch = 1,
		                     .count = (uint16_t)b->messages_per_packet,
		                     .kind = RECORD_DATA};
		memcpy(r + 1, packet_at(b, b->produced), b->packet_bytes);
		log_writer_commit(&b->log, r);
		b->produced++;
	}
	log_writer_publish(&b->log);
}

/* Pointers to the packets as they are, or to copies in the slab. A slot is used again after
 * SLAB_SLOTS packets; no ring lets the producer get further ahead than RING_SLOTS and a burst. */
static void produce_pointers(struct bench *b)
{
	void *pointers[BURST];

	for (uint32_t i = 0; i < BURST; i++) {
		const uint8_t *p = packet_at(b, b->produced);

		if (b->way == WAY_SLAB) {
			uint8_t *slot = b->slab + (b->produced % SLAB_SLOTS) * b->stride_bytes;

			memcpy(slot, p, b->packet_bytes);
			p = slot;
		}
		pointers[i] = (void *)(uintptr_t)p;
		b->produced++;
	}
	for (uint32_t i = 0; i < b->consumer_count; i++)
		while (rte_ring_enqueue_bulk(b->consumers[i].ring, pointers, BURST, NULL) == 0)
			measure_wait();
}

static void produce_copies(struct bench *b)
{
	const uint8_t *p = packet_at(b, b->produced);

	for (uint32_t i = 0; i < b->consumer_count; i++)
		while (rte_ring_sp_enqueue_bulk_elem(b->consumers[i].ring, p, b->stride_bytes,
		                                     BURST, NULL) == 0)
			measure_wait();
	b->produced += BURST;
}

static void produce(struct bench *b)
{
	switch (b->way) {
	case WAY_LOG:
		produce_log(b);
		break;
	case WAY_POINTERS:
	case WAY_MPMC:
	case WAY_SLAB:
		produce_pointers(b);
		break;
	case WAY_COPIES:
		produce_copies(b);
		break;
	case WAY_COUNT:
		abort();
	}
}

static inline uint64_t walk(const uint8_t *p, uint32_t messages, uint64_t hash)
{
	for (uint32_t i = 0; i < messages; i++) {
		uint32_t bytes = be16(p);

		hash = (hash << 1 | hash >> 63) ^ (uint64_t)(bytes << 8 | p[2]);
		p += 2 + bytes;
	}
	return hash;
}

/* One burst, or as much of it as is there. */
static void consume(const struct bench *b, struct consumer *c)
{
	void *pointers[BURST];
	uint32_t n = 0;
	const struct record *r;

	switch (b->way) {
	case WAY_LOG:
		for (; n < BURST && (r = cursor_next(&c->cursor)) != NULL; n++)
			c->hash = walk(record_payload(r), r->count, c->hash);
		cursor_release(&c->cursor);
		break;
	case WAY_POINTERS:
	case WAY_MPMC:
	case WAY_SLAB:
		n = rte_ring_dequeue_burst(c->ring, pointers, BURST, NULL);
		for (uint32_t i = 0; i < n; i++)
			c->hash = walk(pointers[i], b->messages_per_packet, c->hash);
		break;
	case WAY_COPIES:
		n = rte_ring_sc_dequeue_burst_elem(c->ring, c->scratch, b->stride_bytes, BURST,
		                                   NULL);
		for (uint32_t i = 0; i < n; i++)
			c->hash = walk(c->scratch + (size_t)i * b->stride_bytes,
			               b->messages_per_packet, c->hash);
		break;
	case WAY_COUNT:
		abort();
	}
	c->packets += n;
	if (n == 0)
		measure_wait();
}

static void *consumers_run(void *arg)
{
	struct bench *b = arg;
	uint64_t wanted = b->bursts * BURST;

	measure_pin(b->consumer_cpu);
	for (uint32_t done = 0; done < b->consumer_count;) {
		done = 0;
		for (uint32_t i = 0; i < b->consumer_count; i++) {
			if (b->consumers[i].packets < wanted)
				consume(b, &b->consumers[i]);
			done += b->consumers[i].packets == wanted;
		}
	}
	return NULL;
}

/* One round in fresh memory; ns per message. *hash: what consumers made of it, 0 when they differ.
 */
static double bench_round(struct bench *b, const struct options *o, bool two_cores, uint64_t *hash)
{
	pthread_t thread;

	bench_open(b, o);
	/* One thread's own time is not disturbed by who else wants its CPU; two threads that wait
	 * for each other need the wall's. */
	clockid_t clock = two_cores ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
	uint64_t start = measure_clock_ns(clock);

	if (two_cores && pthread_create(&thread, NULL, consumers_run, b) != 0)
		measure_fail("bench_log: no thread");
	for (uint64_t k = 0; k < b->bursts; k++) {
		produce(b);
		for (uint32_t i = 0; !two_cores && i < b->consumer_count; i++)
			consume(b, &b->consumers[i]);
	}
	if (two_cores)
		pthread_join(thread, NULL);
	uint64_t ns = measure_clock_ns(clock) - start;

	*hash = b->consumers[0].hash;
	for (uint32_t i = 0; i < b->consumer_count; i++)
		if (b->consumers[i].hash != *hash || b->consumers[i].packets != b->bursts * BURST)
			*hash = 0;
	bench_close(b);
	return (double)ns / (double)(b->bursts * BURST * b->messages_per_packet);
}

struct row {
	bool two_cores;
	uint32_t messages_per_packet;
	uint32_t consumers;
	double ns[WAY_COUNT]; /* median; 0: not measured */
	uint64_t hash;
	bool is_same; /* all ways and rounds gave the same hash */
};

/* Ways take turns within a round, so that a slow moment of the machine hits them alike. */
static void row_measure(struct row *row, const struct options *o)
{
	static double ns[WAY_COUNT][MEASURE_ROUNDS_MAX];
	static struct bench b;

	row->is_same = true;
	for (uint32_t round = 0; round < o->rounds; round++) {
		for (enum way w = WAY_LOG; w < WAY_COUNT; w++) {
			uint64_t hash;

			if (row->consumers == 0 && w != WAY_LOG)
				continue;
			b = (struct bench){.way = w,
			                   .messages_per_packet = row->messages_per_packet,
			                   .consumer_count = row->consumers};
			ns[w][round] = bench_round(&b, o, row->two_cores, &hash);
			if (round == 0 && w == WAY_LOG)
				row->hash = hash;
			row->is_same = row->is_same && hash == row->hash &&
			               (hash != 0 || row->consumers == 0);
		}
	}
	for (enum way w = WAY_LOG; w < WAY_COUNT; w++) {
		if (row->consumers == 0 && w != WAY_LOG)
			continue;
		row->ns[w] = measure_median(ns[w], (uint32_t)o->rounds);
	}
}

static void row_print(const struct row *r, struct measure_rows *out)
{
	char group[48];

	measure_row(out);
	measure_text(out, "where", r->two_cores ? "two cores" : "same core");
	measure_count(out, "messages_per_packet", r->messages_per_packet);
	measure_count(out, "readers", r->consumers);
	for (enum way w = WAY_LOG; w < WAY_COUNT; w++)
		if (r->ns[w] > 0)
			measure_figure(out, way_names[w], r->ns[w]);
	snprintf(group, sizeof(group), "%u messages per packet", r->messages_per_packet);
	if (r->consumers > 0)
		measure_result(out, group, r->hash);
}

static void run(const struct options *o, bool has_two, struct measure_rows *out)
{
	static const uint32_t per_packet[] = {1, 35};
	static const uint32_t consumers[] = {0, 1, 2, 4};

	for (int two = 0; two <= (int)has_two; two++)
		for (uint32_t p = 0; p < 2; p++)
			for (uint32_t c = (uint32_t)two; c < 4; c++) {
				struct row row = {.two_cores = two != 0,
				                  .messages_per_packet = per_packet[p],
				                  .consumers = consumers[c]};

				row_measure(&row, o);
				if (!row.is_same)
					measure_fail("bench_log: readers did not all get the same");
				row_print(&row, out);
			}
}

int main(int argc, char **argv)
{
	struct options o = {.messages = 2000000, .rounds = 5, .segments = 8, .cpu = {0, 1}};
	const struct measure_option table[] = {
	        {"messages", "per round", &o.messages, 1, 1000000000, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"segments", "of the log", &o.segments, 2, LOG_SEGMENTS_MAX, NULL},
	        {"cpu", "of the producer", &o.cpu[0], 0, 1023, NULL},
	        {"reader-cpu", "of the consumers", &o.cpu[1], 0, 1023, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_log [OPTION VALUE]...", table, &o.json);
	bool has_two = measure_has_cpus(o.cpu[0], o.cpu[1]);

	measure_pin(o.cpu[0]);
	measure_begin(&out, "log", o.json);
	run(&o, has_two, &out);
	measure_end(&out);
	if (!has_two)
		fprintf(stderr, "bench_log: one CPU only, two cores are not measured\n");
	return 0;
}
