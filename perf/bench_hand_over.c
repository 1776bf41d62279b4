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
 * at a time, which a driver would lack. */
#include <getopt.h>
#include <pthread.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/feed/hand_over.h"
#include "dataplane/port/eal.h"

#define BURST        32u
#define HEADER_BYTES 42u
#define BUFFERS      8192u
#define RING_SLOTS   4096u
#define RING_BYTES   (1u << 20)
#define SINK_BYTES   (4u << 20)
#define ROUNDS_MAX   99u

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
	uint32_t cpu;
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
	uint64_t sum;
	uint8_t *sink;
};

static void pin(uint32_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		fprintf(stderr, "bench_hand_over: cannot pin to CPU %u\n", cpu);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void wait_a_little(void)
{
	static _Thread_local uint32_t waits;

	if (++waits % 1024 == 0)
		sched_yield();
	else
		rte_pause();
}

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
			wait_a_little();
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
		wait_a_little();
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

static void append(struct bench *b, const uint8_t *payload)
{
	uint64_t bytes = (40u + b->payload_bytes + 7u) & ~7u;
	uint64_t word;

	if (b->at + bytes > SINK_BYTES)
		b->at = 0;
	memcpy(b->sink + b->at + 40, payload, b->payload_bytes);
	memcpy(&word, payload, sizeof(word));
	b->sum += word;
	b->at += bytes;
	b->taken++;
}

static void take_copies(struct bench *b)
{
	const struct hand_over_item *item;

	if (!hand_over_look(&b->hand_over))
		wait_a_little();
	for (uint32_t n = 0; n < BURST && (item = hand_over_take(&b->hand_over)) != NULL; n++)
		append(b, (const uint8_t *)(item + 1));
	hand_over_release(&b->hand_over);
}

static void take_pointers(struct bench *b)
{
	struct element e[BURST];
	struct rte_mbuf *m[BURST];
	uint32_t n = rte_ring_sc_dequeue_burst_elem(b->there, e, sizeof(e[0]), BURST, NULL);

	if (n == 0)
		wait_a_little();
	for (uint32_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(e[i].m, const void *));
	for (uint32_t i = 0; i < n; i++) {
		append(b, rte_pktmbuf_mtod_offset(e[i].m, const uint8_t *, HEADER_BYTES));
		m[i] = e[i].m;
	}
	if (b->way == WAY_FREE)
		rte_pktmbuf_free_bulk(m, n);
	else
		while (n != 0 && rte_ring_sp_enqueue_bulk(b->back, (void **)m, n, NULL) == 0)
			wait_a_little();
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

	pin(b->cpu);
	while (b->taken < b->packets)
		take(b);
	if (registered)
		eal_thread_unregister();
	return NULL;
}

static double round_run(struct bench *b, bool two_cores)
{
	clockid_t clock = two_cores ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
	uint64_t start = clock_ns(clock);
	pthread_t thread;

	b->given = b->taken = b->at = b->sum = b->held_max = b->out = 0;
	hand_over_init(&b->hand_over, b->bytes, RING_BYTES);
	if (two_cores && pthread_create(&thread, NULL, taker_run, b) != 0)
		exit(1);
	while (b->given < b->packets) {
		if (!give(b))
			wait_a_little();
		if (!two_cores)
			take(b);
	}
	if (two_cores)
		pthread_join(thread, NULL);
	while (b->taken < b->packets)
		take(b);
	uint64_t ns = clock_ns(clock) - start;

	if (b->way == WAY_RETURN)
		give_free(b);
	return (double)ns / (double)b->packets;
}

static struct rte_ring *ring_make(const char *name)
{
	struct rte_ring *r = rte_ring_create_elem(name, sizeof(struct element), RING_SLOTS,
	                                          SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	if (r == NULL)
		exit(1);
	return r;
}

static void bench_open(struct bench *b)
{
	struct rte_mbuf *m;

	b->pool = rte_pktmbuf_pool_create("bench", BUFFERS, 256, 0, 2048 + RTE_PKTMBUF_HEADROOM,
	                                  SOCKET_ID_ANY);
	b->there = ring_make("there");
	b->back =
	        rte_ring_create("back", 2 * BUFFERS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	b->bytes = aligned_alloc(4096, RING_BYTES);
	b->sink = aligned_alloc(4096, SINK_BYTES);
	if (b->pool == NULL || b->back == NULL || b->bytes == NULL || b->sink == NULL)
		exit(1);
	memset(b->bytes, 0, RING_BYTES);
	memset(b->sink, 0, SINK_BYTES);
	for (uint32_t i = 0; i < BUFFERS && (m = rte_pktmbuf_alloc(b->pool)) != NULL; i++) {
		memset(m->buf_addr, (int)i, m->buf_len);
		rte_pktmbuf_free(m);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Ways take turns within a round, so that a slow moment of the machine hits them alike. */
static void row(struct bench *b, uint32_t rounds, bool two_cores)
{
	static double ns[WAY_COUNT][ROUNDS_MAX];
	uint64_t held[WAY_COUNT] = {0};

	for (uint32_t r = 0; r < rounds; r++)
		for (enum way w = WAY_COPY; w < WAY_COUNT; w++) {
			b->way = w;
			ns[w][r] = round_run(b, two_cores);
			held[w] = b->held_max > held[w] ? b->held_max : held[w];
		}
	for (enum way w = WAY_COPY; w < WAY_COUNT; w++)
		qsort(ns[w], rounds, sizeof(ns[w][0]), compare);
	printf("%-9s  %7u ", two_cores ? "two cores" : "same core", b->payload_bytes);
	for (enum way w = WAY_COPY; w < WAY_COUNT; w++)
		printf("  %7.1f %7.1f", ns[w][rounds / 2], ns[w][0]);
	printf("   %5llu %5llu\n", (unsigned long long)held[WAY_FREE],
	       (unsigned long long)held[WAY_RETURN]);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"packets", required_argument, NULL, 'p'},
	                                        {"rounds", required_argument, NULL, 'r'},
	                                        {"cpus", required_argument, NULL, 'c'},
	                                        {NULL, 0, NULL, 0}};
	static const uint32_t payloads[] = {64, 200, 1400};
	static struct bench b;
	uint64_t packets = 2000000;
	uint32_t rounds = 9;
	uint32_t cpu[2] = {0, 1};
	char error[EAL_ERROR_BYTES];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			packets = strtoull(optarg, NULL, 10);
		else if (c == 'r')
			rounds = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c != 'c' || sscanf(optarg, "%u,%u", &cpu[0], &cpu[1]) != 2)
			packets = 0;
	}
	if (optind != argc || packets == 0 || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr,
		        "usage: bench_hand_over [--packets N] [--rounds N (up to %u)] "
		        "[--cpus GIVER,TAKER]\n",
		        ROUNDS_MAX);
		return 2;
	}
	struct eal_options eo = {.program = "bench_hand_over", .memory_mib = 128, .main_cpu = -1};

	if (eal_start(&eo, error) != 0) {
		fprintf(stderr, "bench_hand_over: %s\n", error);
		return 77;
	}
	bench_open(&b);
	b.packets = packets / BURST * BURST + BURST;
	b.cpu = cpu[1];
	pin(cpu[0]);
	printf("ns per packet, median and best of %u rounds of %llu packets\n", rounds,
	       (unsigned long long)b.packets);
	printf("           payload              copy             free           return   held: "
	       "free "
	       "return\n");
	for (int two = 0; two <= (cpu[0] != cpu[1]); two++)
		for (uint32_t i = 0; i < 3; i++) {
			b.payload_bytes = payloads[i];
			row(&b, rounds, two != 0);
		}
	eal_stop();
	return 0;
}
