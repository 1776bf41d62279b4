/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What does it cost to hand a received packet to the core of its feed, on a port whose buffers are
 * DPDK's? Three ways:
 *
 *   copy     the payload is copied into dataplane/feed/hand_over.h; the buffer goes back at once
 *   free     a ring of (buffer, time, line); the taker frees the buffer, on its own core
 *   return   the same, and a second ring of buffers back to the giver, which frees them
 *
 * The giver takes a burst of 32 buffers from the pool, as a driver does, and reads each header; the
 * payloads were written before, once for all, and the pool is larger than the caches, as with a NIC
 * that writes them. The taker appends each payload to a log: it copies it into one of two segments
 * and adds up its words. "two cores": wall time from the first to the last packet; "same core": one
 * thread does both in turn, its CPU time. `held`: most buffers that were out of the giver's hands
 * at a time, which a driver would lack.
 *
 * The hash is of what the taker got, each packet's number and first word in order, and of the log
 * it wrote; all ways must show the same. */
#include <pthread.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/hand_over.h"
#include "dataplane/port/eal.h"
#include "perf/measure.h"

#define BURST        32u
#define HEADER_BYTES 42u
#define BUFFERS      8192u
#define RING_SLOTS   4096u
#define RING_BYTES   (1u << 20)
#define SINK_BYTES   (4u << 20)

enum way { WAY_COPY, WAY_FREE, WAY_RETURN, WAY_COUNT };

struct element {
	struct rte_mbuf *m;
	uint64_t time_ns;
	uint64_t line;
};

struct bench {
	enum way way;
	uint32_t payload_bytes;
	uint64_t packets;
	uint64_t cpu; /* the taker's */
	struct rte_mempool *pool;
	struct rte_ring *there;
	struct rte_ring *back;
	struct hand_over hand_over;
	uint8_t *bytes;
	alignas(64) uint64_t given; /* the giver's */
	uint64_t held_max;
	uint64_t out;
	uint64_t seen;
	alignas(64) uint64_t taken; /* the taker's */
	uint64_t at;
	uint64_t hash;
	uint8_t *sink;
};

/* Buffers that came back. */
static void give_free(struct bench *b)
{
	void *m[BURST];
	uint32_t n;

	while ((n = rte_ring_sc_dequeue_burst(b->back, m, BURST, NULL)) != 0) {
		rte_pktmbuf_free_bulk((struct rte_mbuf **)(void *)m, n);
		b->out -= n;
	}
}

static void give_copies(struct bench *b, struct rte_mbuf **m)
{
	for (uint32_t i = 0; i < BURST; i++) {
		struct hand_over_item item = {.time_ns = b->given + i, .bytes = b->payload_bytes};
		const uint8_t *p = rte_pktmbuf_mtod(m[i], const uint8_t *);

		while (!hand_over_put(&b->hand_over, &item, p + HEADER_BYTES)) {
			hand_over_publish(&b->hand_over);
			measure_wait();
		}
	}
	hand_over_publish(&b->hand_over);
	rte_pktmbuf_free_bulk(m, BURST);
}

static void give_pointers(struct bench *b, struct rte_mbuf **m)
{
	struct element e[BURST];

	for (uint32_t i = 0; i < BURST; i++)
		e[i] = (struct element){m[i], b->given + i, 0};
	b->out += BURST;
	while (rte_ring_sp_enqueue_bulk_elem(b->there, e, sizeof(e[0]), BURST, NULL) == 0) {
		if (b->way == WAY_RETURN)
			give_free(b);
		measure_wait();
	}
	uint64_t out = b->way == WAY_RETURN ? b->out : rte_ring_count(b->there);

	b->held_max = out > b->held_max ? out : b->held_max;
	if (b->way == WAY_RETURN)
		give_free(b);
}

/* False: the driver has no buffers now. */
static bool give(struct bench *b)
{
	struct rte_mbuf *m[BURST];

	if (rte_pktmbuf_alloc_bulk(b->pool, m, BURST) != 0) {
		if (b->way == WAY_RETURN)
			give_free(b);
		return false;
	}
	for (uint32_t i = 0; i < BURST; i++)
		rte_prefetch0(rte_pktmbuf_mtod(m[i], const void *));
	for (uint32_t i = 0; i < BURST; i++)
		b->seen += *rte_pktmbuf_mtod_offset(m[i], const uint8_t *, HEADER_BYTES - 1);
	if (b->way == WAY_COPY)
		give_copies(b, m);
	else
		give_pointers(b, m);
	b->given += BURST;
	return true;
}

static void append(struct bench *b, uint64_t number, const uint8_t *payload)
{
	uint64_t bytes = (40u + b->payload_bytes + 7u) & ~7u;
	uint64_t word;

	if (b->at + bytes > SINK_BYTES)
		b->at = 0;
	memcpy(b->sink + b->at + 40, payload, b->payload_bytes);
	memcpy(&word, payload, sizeof(word));
	b->hash = measure_hash(b->hash, number ^ word);
	b->at += bytes;
	b->taken++;
}

static void take_copies(struct bench *b)
{
	const struct hand_over_item *item;

	if (!hand_over_look(&b->hand_over))
		measure_wait();
	for (uint32_t n = 0; n < BURST && (item = hand_over_take(&b->hand_over)) != NULL; n++)
		append(b, item->time_ns, (const uint8_t *)(item + 1));
	hand_over_release(&b->hand_over);
}

static void take_pointers(struct bench *b)
{
	struct element e[BURST];
	struct rte_mbuf *m[BURST];
	uint32_t n = rte_ring_sc_dequeue_burst_elem(b->there, e, sizeof(e[0]), BURST, NULL);

	if (n == 0)
		measure_wait();
	for (uint32_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(e[i].m, const void *));
	for (uint32_t i = 0; i < n; i++) {
		append(b, e[i].time_ns,
		       rte_pktmbuf_mtod_offset(e[i].m, const uint8_t *, HEADER_BYTES));
		m[i] = e[i].m;
	}
	if (b->way == WAY_FREE)
		rte_pktmbuf_free_bulk(m, n);
	else
		while (n != 0 && rte_ring_sp_enqueue_bulk(b->back, (void **)m, n, NULL) == 0)
			measure_wait();
}

static void take(struct bench *b)
{
	if (b->way == WAY_COPY)
		take_copies(b);
	else
		take_pointers(b);
}

static void *taker_run(void *argument)
{
	struct bench *b = argument;
	bool registered = eal_thread_register() == 0;

	measure_pin(b->cpu);
	while (b->taken < b->packets)
		take(b);
	if (registered)
		eal_thread_unregister();
	return NULL;
}

static double round_run(struct bench *b, bool two_cores)
{
	pthread_t thread;

	b->given = b->taken = b->at = b->hash = b->held_max = b->out = 0;
	memset(b->sink, 0, SINK_BYTES);
	hand_over_init(&b->hand_over, b->bytes, RING_BYTES);
	uint64_t start_ns = two_cores ? measure_now_ns() : measure_cpu_ns();

	if (two_cores && pthread_create(&thread, NULL, taker_run, b) != 0)
		measure_fail("bench_hand_over: no second thread");
	while (b->given < b->packets) {
		if (!give(b))
			measure_wait();
		if (!two_cores)
			take(b);
	}
	if (two_cores)
		pthread_join(thread, NULL);
	while (b->taken < b->packets)
		take(b);
	uint64_t end_ns = two_cores ? measure_now_ns() : measure_cpu_ns();

	if (b->way == WAY_RETURN)
		give_free(b);
	b->hash = measure_hash_bytes(b->hash, b->sink, SINK_BYTES);
	return (double)(end_ns - start_ns) / (double)b->packets;
}

static struct rte_ring *ring_make(const char *name)
{
	struct rte_ring *r = rte_ring_create_elem(name, sizeof(struct element), RING_SLOTS,
	                                          SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	if (r == NULL)
		measure_fail("bench_hand_over: no ring");
	return r;
}

/* All payloads get the same bytes, as no way takes its buffers in the order of another. The pool's
 * cache hands out what came back last, so all are taken before any goes back. */
static void fill_buffers(struct bench *b)
{
	static struct rte_mbuf *m[BUFFERS];

	if (rte_pktmbuf_alloc_bulk(b->pool, m, BUFFERS) != 0)
		measure_fail("bench_hand_over: the pool has fewer than %u buffers", BUFFERS);
	for (uint32_t i = 0; i < BUFFERS; i++)
		for (uint32_t at = 0; at < m[i]->buf_len; at++)
			((uint8_t *)m[i]->buf_addr)[at] = (uint8_t)(at * 7 + 1);
	rte_pktmbuf_free_bulk(m, BUFFERS);
}

static void bench_open(struct bench *b)
{
	b->pool = rte_pktmbuf_pool_create("bench", BUFFERS, 256, 0, 2048 + RTE_PKTMBUF_HEADROOM,
	                                  SOCKET_ID_ANY);
	b->there = ring_make("there");
	b->back =
	        rte_ring_create("back", 2 * BUFFERS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	b->bytes = aligned_alloc(4096, RING_BYTES);
	b->sink = aligned_alloc(4096, SINK_BYTES);
	if (b->pool == NULL || b->back == NULL || b->bytes == NULL || b->sink == NULL)
		measure_fail("bench_hand_over: no memory");
	memset(b->bytes, 0, RING_BYTES);
	fill_buffers(b);
}

/* Ways take turns within a round, so that a slow moment of the machine hits them alike. */
static void row(struct bench *b, uint64_t rounds, bool two_cores, struct measure_rows *out)
{
	static const char *const keys[WAY_COUNT][3] = {
	        {"copy_ns", "copy_best_ns", NULL},
	        {"free_ns", "free_best_ns", "free_held"},
	        {"return_ns", "return_best_ns", "return_held"},
	};
	static double ns[WAY_COUNT][MEASURE_ROUNDS_MAX];
	uint64_t held[WAY_COUNT] = {0};
	uint64_t hash = 0;
	char group[32];

	for (uint64_t r = 0; r < rounds; r++)
		for (enum way w = WAY_COPY; w < WAY_COUNT; w++) {
			b->way = w;
			ns[w][r] = round_run(b, two_cores);
			held[w] = b->held_max > held[w] ? b->held_max : held[w];
			if (r + w != 0 && b->hash != hash)
				measure_fail("bench_hand_over: two ways brought different packets");
			hash = b->hash;
		}
	measure_row(out);
	measure_text(out, "where", two_cores ? "two cores" : "same core");
	measure_count(out, "payload_bytes", b->payload_bytes);
	for (enum way w = WAY_COPY; w < WAY_COUNT; w++) {
		measure_figure(out, keys[w][0], measure_median(ns[w], (uint32_t)rounds));
		measure_figure(out, keys[w][1], ns[w][0]); /* sorted by then */
		if (keys[w][2] != NULL)
			measure_count(out, keys[w][2], held[w]);
	}
	snprintf(group, sizeof(group), "%u bytes", b->payload_bytes);
	measure_result(out, group, hash);
}

int main(int argc, char **argv)
{
	static const uint32_t payloads[] = {64, 200, 1400};
	static struct bench b;
	uint64_t packets = 2000000;
	uint64_t rounds = 9;
	uint64_t cpu[2] = {0, 1};
	bool json = false;
	const struct measure_option table[] = {
	        {"packets", "per round", &packets, 1, UINT32_MAX, NULL},
	        {"rounds", "the median counts", &rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"cpu", "of the giver", &cpu[0], 0, 1023, NULL},
	        {"taker-cpu", "of the taker", &cpu[1], 0, 1023, NULL},
	        {.name = NULL},
	};
	const struct eal_options eo = {
	        .program = "bench_hand_over", .memory_mib = 128, .main_cpu = -1};
	char error[EAL_ERROR_BYTES];
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_hand_over [OPTION VALUE]...", table, &json);
	bool two = measure_has_cpus(cpu[0], cpu[1]);

	if (eal_start(&eo, error) != 0) {
		printf("SKIP: %s\n", error);
		return MEASURE_SKIP;
	}
	bench_open(&b);
	b.packets = packets / BURST * BURST + BURST;
	b.cpu = cpu[1];
	measure_pin(cpu[0]);
	measure_begin(&out, "hand_over", json);
	for (int i = 0; i < (two ? 6 : 3); i++) {
		b.payload_bytes = payloads[i % 3];
		row(&b, rounds, i >= 3, &out);
	}
	measure_end(&out);
	if (!two)
		fprintf(stderr, "bench_hand_over: one CPU only, two cores are not measured\n");
	eal_stop();
	return 0;
}
