/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Receive: how many packets per second does one core take from a port into the log? Five ways over
 * the same port, taking turns:
 *
 *   engine   port -> frame -> line -> MoldUDP64 -> arbiter -> scan -> log, a clock read per burst
 *   copy     the same when the other line has brought everything before: nothing goes into the log
 *   port     port_receive() alone
 *   rxonly   rte_eth_rx_burst() and rte_pktmbuf_free() alone, as testpmd's rxonly does
 *   testpmd  dpdk-testpmd --forward-mode=rxonly itself, in a process of its own
 *
 * Ports: net_null (zeros, which the frame parser refuses: driver and refusal, no more), net_pcap
 * repeating a file of real frames (infinite_rx), and an in-process ring that is filled, not timed,
 * and then emptied. The same frames come again and again; before each pass the arbiter is put back
 * to the moment before the first, not timed, so every message is new to it, and the log goes on.
 *
 * CPU time of the receiving thread, testpmd's too. What a pass wrote into the log is hashed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "app/memory.h"
#include "dataplane/feed/directory.h"
#include "dataplane/feed/receiver.h"
#include "dataplane/log/cursor.h"
#include "dataplane/port/capture.h"
#include "dataplane/port/eal.h"
#include "dataplane/port/port.h"
#include "perf/frames.h"
#include "perf/measure.h"
#include "perf/testpmd.h"

#define EAL_MIB       192u
#define BUFFERS       20480u
#define RING_PACKETS  512u
#define TESTPMD_BURST 32u
#define LOG_SEGMENTS  16u
#define SYMBOLS       1000u
#define ROUND_PASSES  8u
#define NULL_DEVICE   "net_null0,size=64"
#define RING_DEVICE   "net_ring_bench"

enum way { WAY_ENGINE, WAY_COPY, WAY_PORT, WAY_RXONLY, WAY_TESTPMD, WAY_COUNT };
enum kind { KIND_NULL, KIND_PCAP, KIND_RING };

static const char *const way_keys[WAY_COUNT] = {"engine_mpps", "copy_mpps", "port_mpps",
                                                "rxonly_mpps", "testpmd_mpps"};
static const char *const kind_names[] = {"net_null", "net_pcap", "net_ring"};

struct options {
	uint64_t packets; /* of a pass */
	uint64_t rounds;
	uint64_t cpu[2];
	uint64_t testpmd_ms; /* 0: leave it out */
	uint64_t per_packet; /* messages; 0: 1 and 35 */
	const char *port;    /* only this kind; NULL: all */
	bool json;
};

struct bench {
	const struct options *options;
	enum kind kind;
	struct frames frames;
	uint64_t first; /* frame of a pass; those before it are the day's morning */
	char device[128];
	struct port *port;
	struct port_queue *queue;
	uint16_t ethdev;
	struct eal_ring_port *ring;
	bool huge_pages;

	struct receiver receiver;
	struct receiver_feed feed;
	struct message_scan scan;
	struct directory directory;
	struct region region;
	struct segment_pool pool;
	uint8_t *saved; /* region after the morning */
	struct log_cursor cursor;
	uint64_t hash;
};

static void make_feed(struct bench *b)
{
	struct receiver_feed *f = &b->feed;
	struct arbiter_setup setup = {.region = &b->region,
	                              .pool = &b->pool,
	                              .log = &f->log,
	                              .scan = &b->scan,
	                              .protocol = &protocol_itch50,
	                              .options = {.hold_ns = 1000000000,
	                                          .parking_segments_max = 2,
	                                          .parking_pieces_max = 1024,
	                                          .line_count = 2}};
	struct log_options lo = {.segments_min = LOG_SEGMENTS, .segments_max = LOG_SEGMENTS};
	uint64_t region_bytes = arbiter_bytes(&setup.options) + directory_bytes(2 * SYMBOLS) +
	                        2 * REGION_PAGE_BYTES;
	uint64_t pool_bytes = segment_pool_bytes(LOG_SEGMENTS + 4);
	uint64_t log_bytes = log_control_bytes(LOG_SEGMENTS);

	region_bytes &= ~(uint64_t)(REGION_PAGE_BYTES - 1);
	receiver_init(&b->receiver, &(struct frame_options){0}, true);
	if (region_init(&b->region, measure_memory(region_bytes), region_bytes,
	                measure_memory(region_bytes / REGION_PAGE_BYTES)) != 0 ||
	    segment_pool_init(&b->pool, measure_memory(pool_bytes), pool_bytes, LOG_SEGMENTS + 4) !=
	            0 ||
	    log_writer_init(&f->log, measure_memory(log_bytes), log_bytes, &b->pool, &lo) != 0 ||
	    directory_init(&b->directory, &b->region, 2 * SYMBOLS) != 0)
		measure_fail("bench_receive: no feed");
	message_scan_init(&b->scan, &b->directory);
	f->scan = &b->scan;
	f->protocol = &protocol_itch50;
	if (arbiter_init(&f->arbiter, &setup) != 0 || receiver_add_feed(&b->receiver, f) != 0)
		measure_fail("bench_receive: no arbiter");
	cursor_init(&b->cursor, &f->log.log,
	            (uint32_t)log_cursor_register(&f->log.log, LOG_CLAIM_LIVE, false));
}

static void free_feed(struct bench *b)
{
	free(b->region.base);
	free(b->region.page_epoch);
	free(b->pool.control);
	free(b->feed.log.log.control);
	free(b->saved);
}

/* Lets the log go on, hashing what lies between. */
static uint64_t read_log(struct bench *b)
{
	const struct record *r;
	uint64_t hash = 0;

	while ((r = cursor_next(&b->cursor)) != NULL) {
		hash = measure_hash(hash, r->first_sequence << 16 | r->count);
		hash = measure_hash_bytes(hash, record_payload(r), r->payload_bytes);
	}
	cursor_release(&b->cursor);
	return hash;
}

/* The day's morning goes in, from memory; then the arbiter's state is kept. */
static void play_morning(struct bench *b)
{
	for (uint64_t i = 0; i < b->first; i++) {
		struct packet p = {.data = frames_at(&b->frames, i),
		                   .bytes = b->frames.spans[i].bytes,
		                   .time_source = TIME_TURN,
		                   .time_ns = measure_now_ns()};

		receiver_on_packets(&b->receiver, &p, 1, p.time_ns);
		read_log(b);
	}
	b->saved = measure_memory(b->region.bytes);
	memcpy(b->saved, b->region.base, b->region.bytes);
}

static void make_day(struct bench *b, uint32_t per_packet)
{
	/* A morning of some messages per symbol, and then enough for a pass. */
	uint64_t morning = 16 * SYMBOLS;
	struct frames_options o = {.protocol = "itch50",
	                           .seed = 1,
	                           .messages = morning + 2 * b->options->packets * per_packet,
	                           .symbols = SYMBOLS,
	                           .packet_messages = per_packet};
	char error[FRAMES_ERROR_BYTES];

	if (frames_make(&b->frames, &o, error) != 0)
		measure_fail("bench_receive: %s", error);
	b->first = morning / per_packet;
	if (b->first + b->options->packets > b->frames.count)
		measure_fail("bench_receive: the day is too short");
}

static void write_pcap(struct bench *b, const char *path)
{
	char error[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;

	if (capture_create(&w, path, error) != 0)
		measure_fail("bench_receive: %s", error);
	for (uint64_t i = b->first; i < b->first + b->options->packets; i++)
		if (capture_write(w, frames_at(&b->frames, i), b->frames.spans[i].bytes, i) != 0)
			measure_fail("bench_receive: %s: cannot write", path);
	if (capture_finish(w) != 0)
		measure_fail("bench_receive: %s: cannot write", path);
}

static void open_port(struct bench *b)
{
	struct port_options o = {.name = "bench",
	                         .device = b->device,
	                         .queues = 1,
	                         .descriptors = 512,
	                         .buffers = b->kind == KIND_PCAP ? BUFFERS : 4096,
	                         .socket = -1};
	char error[PORT_ERROR_BYTES];

	if (b->kind == KIND_RING &&
	    eal_ring_port_create(&b->ring, RING_DEVICE, RING_PACKETS, error) != 0)
		measure_fail("bench_receive: %s", error);
	if (port_open(&b->port, &o, error) != 0 || port_start(b->port, error) != 0)
		measure_fail("bench_receive: %s", error);
	b->queue = port_queue(b->port, 0);
	/* The name is the part of the device string before its arguments. */
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(b->device, ","), b->device);
	if (rte_eth_dev_get_port_by_name(name, &b->ethdev) != 0)
		measure_fail("bench_receive: no device %s", name);
}

static void close_port(struct bench *b)
{
	port_release(b->queue);
	port_stop(b->port);
	port_close(b->port);
	if (b->kind == KIND_RING)
		eal_ring_port_destroy(b->ring);
}

static uint32_t receive_engine(struct bench *b, uint32_t max)
{
	struct packet packets[PACKET_BURST_MAX];
	uint64_t now_ns = measure_now_ns();
	uint32_t n = port_receive(b->queue, packets, max, now_ns);

	receiver_on_packets(&b->receiver, packets, n, now_ns);
	receiver_poll(&b->receiver, now_ns);
	return n;
}

static uint32_t receive_rxonly(struct bench *b, uint32_t max)
{
	struct rte_mbuf *buffers[TESTPMD_BURST];
	uint16_t n = rte_eth_rx_burst(b->ethdev, 0, buffers,
	                              (uint16_t)(max < TESTPMD_BURST ? max : TESTPMD_BURST));

	for (uint16_t i = 0; i < n; i++)
		rte_pktmbuf_free(buffers[i]);
	return n;
}

static void receive(struct bench *b, enum way way, uint64_t count)
{
	struct packet packets[PACKET_BURST_MAX];

	while (count > 0) {
		uint32_t max = count < PACKET_BURST_MAX ? (uint32_t)count : PACKET_BURST_MAX;

		if (way == WAY_ENGINE || way == WAY_COPY)
			count -= receive_engine(b, max);
		else if (way == WAY_PORT)
			count -= port_receive(b->queue, packets, max, 0);
		else
			count -= receive_rxonly(b, max);
	}
	port_release(b->queue);
}

/* All packets of the day's frames once; CPU time. */
static uint64_t pass(struct bench *b, enum way way)
{
	uint64_t packets = b->options->packets;
	uint64_t spent_ns = 0;

	if (way == WAY_ENGINE && b->kind != KIND_NULL)
		memcpy(b->region.base, b->saved, b->region.bytes);
	for (uint64_t done = 0; done < packets;) {
		uint64_t n = packets - done;

		if (b->kind == KIND_RING)
			n = n < RING_PACKETS ? n : RING_PACKETS;
		for (uint64_t i = 0; b->kind == KIND_RING && i < n; i++) {
			uint64_t at = b->first + done + i;

			if (eal_ring_port_send(b->ring, frames_at(&b->frames, at),
			                       b->frames.spans[at].bytes) != 0)
				measure_fail("bench_receive: the ring is full");
		}
		uint64_t start_ns = measure_cpu_ns();

		receive(b, way, n);
		spent_ns += measure_cpu_ns() - start_ns;
		done += n;
	}
	return spent_ns;
}

/* Millions of packets per second. */
static double measure_way(struct bench *b, enum way way)
{
	uint64_t spent_ns = 0;

	for (uint32_t i = 0; i <= ROUND_PASSES; i++) {
		uint64_t ns = pass(b, way);

		if (way == WAY_ENGINE) {
			uint64_t hash = read_log(b);

			if (b->hash != 0 && hash != b->hash)
				measure_fail("bench_receive: two passes wrote different logs");
			b->hash = hash;
		}
		spent_ns += i == 0 ? 0 : ns; /* the first one warms up */
	}
	return (double)b->options->packets * ROUND_PASSES * 1e3 / (double)spent_ns;
}

static bool measure_testpmd(struct bench *b, double *mpps)
{
	struct testpmd_options o = {.device = b->device,
	                            .buffers = b->kind == KIND_PCAP ? BUFFERS : 4096,
	                            .memory_mib = EAL_MIB,
	                            .huge_pages = b->huge_pages,
	                            .cpu = b->options->cpu[0],
	                            .other_cpu = b->options->cpu[1],
	                            .measure_ms = b->options->testpmd_ms};
	char reason[128];

	if (b->kind == KIND_RING || b->options->testpmd_ms == 0)
		return false;
	if (testpmd_rxonly(&o, mpps, reason) != 0) {
		fprintf(stderr, "bench_receive: %s beside %s: %s\n", "testpmd", kind_names[b->kind],
		        reason);
		return false;
	}
	*mpps /= 1e6;
	return true;
}

static void report(struct bench *b, uint32_t per_packet, const double mpps[WAY_COUNT],
                   struct measure_rows *out)
{
	char group[48];

	measure_row(out);
	measure_text(out, "port", kind_names[b->kind]);
	measure_count(out, "messages_per_packet", per_packet);
	for (enum way w = WAY_ENGINE; w < WAY_COUNT; w++)
		if (mpps[w] > 0)
			measure_figure(out, way_keys[w], mpps[w]);
	if (per_packet > 0)
		measure_figure(out, "engine_ns_per_message",
		               1e3 / (mpps[WAY_ENGINE] * (double)per_packet));
	measure_figure(out, "of_rxonly", mpps[WAY_ENGINE] / mpps[WAY_RXONLY]);
	if (mpps[WAY_TESTPMD] > 0)
		measure_figure(out, "of_testpmd", mpps[WAY_ENGINE] / mpps[WAY_TESTPMD]);
	if (per_packet > 0 && mpps[WAY_TESTPMD] > 0)
		measure_figure(out, "copy_of_testpmd", mpps[WAY_COPY] / mpps[WAY_TESTPMD]);
	snprintf(group, sizeof(group), "%u messages per packet", per_packet);
	if (b->kind != KIND_NULL) /* of zeros nothing is kept */
		measure_result(out, group, b->hash);
}

static void bench(const struct options *o, enum kind kind, uint32_t per_packet, bool huge_pages,
                  struct measure_rows *out)
{
	static struct bench b;
	static double values[WAY_COUNT][MEASURE_ROUNDS_MAX];
	double mpps[WAY_COUNT] = {0};
	char path[] = "/tmp/genesis-bench-XXXXXX";

	b = (struct bench){.options = o, .kind = kind, .huge_pages = huge_pages};
	make_feed(&b);
	if (kind != KIND_NULL) {
		make_day(&b, per_packet);
		play_morning(&b);
	}
	if (kind == KIND_PCAP) {
		int fd = mkstemp(path);

		if (fd < 0)
			measure_fail("bench_receive: %s: %s", path, strerror(errno));
		close(fd);
		write_pcap(&b, path);
		snprintf(b.device, sizeof(b.device), "net_pcap0,rx_pcap=%s,infinite_rx=1", path);
	} else {
		snprintf(b.device, sizeof(b.device), "%s",
		         kind == KIND_NULL ? NULL_DEVICE : RING_DEVICE);
	}
	open_port(&b);
	uint32_t testpmd_rounds = 0;

	for (uint32_t round = 0; round < o->rounds; round++) {
		for (enum way w = WAY_ENGINE; w < WAY_TESTPMD; w++)
			values[w][round] = measure_way(&b, w);
		if (testpmd_rounds == round &&
		    measure_testpmd(&b, &values[WAY_TESTPMD][testpmd_rounds]))
			testpmd_rounds++;
	}
	for (enum way w = WAY_ENGINE; w < WAY_TESTPMD; w++)
		mpps[w] = measure_median(values[w], (uint32_t)o->rounds);
	close_port(&b);
	if (testpmd_rounds > 0)
		mpps[WAY_TESTPMD] = measure_median(values[WAY_TESTPMD], testpmd_rounds);
	if (kind == KIND_PCAP)
		unlink(path);
	report(&b, per_packet, mpps, out);
	frames_free(&b.frames);
	free_feed(&b);
}

static bool is_wanted(const struct options *o, enum kind kind, uint32_t per_packet)
{
	if (o->port != NULL && strcmp(o->port, kind_names[kind]) != 0)
		return false;
	return o->per_packet == 0 || per_packet == 0 || o->per_packet == per_packet;
}

int main(int argc, char **argv)
{
	struct options o = {.packets = 8192, .rounds = 5, .cpu = {0, 1}, .testpmd_ms = 1000};
	const struct measure_option table[] = {
	        {"packets", "of a pass", &o.packets, 64, 16384, NULL},
	        {"rounds", "the median counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"testpmd", "milliseconds per round; 0: leave it out", &o.testpmd_ms, 0, 60000,
	         NULL},
	        {"cpu", "that receives", &o.cpu[0], 0, 1023, NULL},
	        {"other-cpu", "for testpmd's command line", &o.cpu[1], 0, 1023, NULL},
	        {"per-packet", "only 1 or 35 messages; 0: both", &o.per_packet, 0, 35, NULL},
	        {"port", "only net_null, net_pcap or net_ring", NULL, 0, 0, &o.port},
	        {.name = NULL},
	};
	struct eal_options eo = {.program = "bench_receive",
	                         .huge_pages = memory_huge_pages_free() >= EAL_MIB,
	                         .memory_mib = EAL_MIB};
	char error[EAL_ERROR_BYTES];
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_receive [OPTION VALUE]...", table, &o.json);
	eo.main_cpu = (int)o.cpu[0];
	if (eal_start(&eo, error) != 0)
		measure_fail("bench_receive: %s", error);
	measure_pin(o.cpu[0]);
	measure_begin(&out, "receive", o.json);
	if (is_wanted(&o, KIND_NULL, 0))
		bench(&o, KIND_NULL, 0, eo.huge_pages, &out);
	for (uint32_t per_packet = 1; per_packet <= 35; per_packet += 34)
		for (enum kind k = KIND_PCAP; k <= KIND_RING; k++)
			if (is_wanted(&o, k, per_packet))
				bench(&o, k, per_packet, eo.huge_pages, &out);
	measure_end(&out);
	eal_stop();
	return 0;
}
