/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Request: what a request of a core costs, all the way: submitted, put into CoAP's words, into a
 * frame with right checksums, into the ring of its port; and back, from the frame of its answer to
 * the end of its operation. A service of three nodes with everything switched on, at the report's
 * figures with a second scaled to a millisecond. The nodes are in this process: they take the
 * frames out of the ring and answer each.
 *
 * Requests come in bursts of `burst`: all are submitted, then all are answered, then time passes
 * and timers are polled. Beside it `bare_ns`: the same packets and answers without requester,
 * codec and operations: the frame is built around the ready bytes of a request, and the answer's
 * token compared. What is between the two is what guarding a request costs. With burst 1 the
 * figures are the time that a request spends in this core on its way and back.
 *
 * CPU time of the thread, median of the rounds; ways take turns within a round. The hash is over
 * the answers' payloads in order, and the same for both.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/request/requester.h"
#include "perf/measure.h"
#include "resilience/prng.h"

#define SECOND_NS   1000000ull /* of the report's figures */
#define LATENCY_NS  20000ull   /* of answers */
#define BURST_MAX   4096u
#define NODES       3u
#define FRAME_MAX   1514u
#define SLOTS       4096u
#define ADDRESS     0x0a000001u
#define NODE(n)     (0x0a000101u + (n))
#define COAP_PORT   5683u
#define SOURCE_PORT 40000u
#define SOURCES     8u
#define TOKEN_AT    4u
#define TOKEN_BYTES 8u

enum way { WAY_REQUEST, WAY_BARE, WAY_COUNT };

struct bench {
	uint64_t operations;
	uint64_t burst;
	uint64_t rounds;
	uint64_t now_ns;
	uint64_t hash;
	uint64_t ended;
	struct service_options resilience;
	struct requester_service_options service;
	struct requester_options options;
	struct neighbour neighbour_items[NODES];
	struct neighbours neighbours;
	struct requester requester;
	struct frame_ring ring;
	struct requester_port port;
	uint8_t request[64]; /* of the bare way: ready bytes */
	uint32_t request_bytes;
	uint64_t token;
};

static const uint8_t path[] = "book/AAPL";

static void choose_options(struct bench *b)
{
	struct service_options *o = &b->resilience;
	struct service_codec_options codec;

	service_options_report(o, SECOND_NS);
	o->nodes = NODES;
	service_codec_defaults(&codec);
	codec.coap.max_latency_ns = 10 * LATENCY_NS;
	neighbours_init(&b->neighbours, b->neighbour_items, NODES);
	b->service = (struct requester_service_options){.resilience = o,
	                                                .codec = &service_codec_coap,
	                                                .coap = codec.coap,
	                                                .slow_ns = UINT64_MAX,
	                                                .attempts_max = 4 * BURST_MAX,
	                                                .source_port = SOURCE_PORT,
	                                                .source_ports = SOURCES};
	for (uint32_t i = 0; i < NODES; i++) {
		neighbours_add_static(&b->neighbours, 0, NODE(i), 0x020000000000ull + NODE(i));
		b->service.nodes[i] = (struct requester_node){
		        .address = NODE(i), .neighbour = i, .udp_port = COAP_PORT};
	}
	b->options = (struct requester_options){.services = &b->service,
	                                        .neighbours = &b->neighbours,
	                                        .tick_ns = SECOND_NS / 1000,
	                                        .late_ns = SECOND_NS,
	                                        .first_use = 1,
	                                        .seed = 1,
	                                        .service_count = 1,
	                                        .operations_max = BURST_MAX,
	                                        .attempts_max = 2 * BURST_MAX,
	                                        .frame_bytes_max = FRAME_MAX};
}

static void open_bench(struct bench *b)
{
	const char *why = NULL;

	choose_options(b);
	uint64_t bytes = requester_bytes(&b->options);

	b->now_ns = 1000 * SECOND_NS;
	if (bytes == 0 ||
	    requester_init(&b->requester, measure_memory(bytes), &b->options, b->now_ns, &why) != 0)
		measure_fail("bench_request: %s", why == NULL ? "options out of bounds" : why);
	frame_ring_init(&b->ring, measure_memory(frame_ring_bytes(SLOTS, FRAME_MAX)), SLOTS,
	                FRAME_MAX);
	b->port = (struct requester_port){.out = &b->ring,
	                                  .mac = 0x020000000001,
	                                  .address = ADDRESS,
	                                  .frame_bytes_max = FRAME_MAX};
	requester_set_port(&b->requester, 0, &b->port);
}

/* A node's answer to the frame in the slot, in `out`; its length. NON 2.05 with what it is numbered
 * by as payload. */
static uint32_t answer(const struct frame_slot *s, uint64_t number, uint8_t *out)
{
	static const struct frame_options any = {0};
	struct datagram d;

	if (!frame_parse_plain(s->data, s->bytes, &any, &d) || d.payload_bytes < 12)
		measure_fail("bench_request: what was sent is no request");
	uint8_t *p = out + FRAME_HEADER_BYTES;
	const struct frame_path back = {.destination_mac = be48(s->data + 6),
	                                .source_mac = be48(s->data),
	                                .address = {.source_address = d.destination_address,
	                                            .destination_address = d.source_address,
	                                            .source_port = d.destination_port,
	                                            .destination_port = d.source_port}};

	p[0] = 0x58; /* NON, a token of 8 */
	p[1] = 0x45; /* 2.05 */
	put_be16(p + 2, (uint16_t)number);
	memcpy(p + TOKEN_AT, d.payload + TOKEN_AT, TOKEN_BYTES);
	p[12] = 0xff;
	put_be64(p + 13, number);
	return frame_build_path(out, 21, &back);
}

static void submit_all(struct bench *b)
{
	const struct requester_call c = {
	        .request = {.path = path, .path_bytes = sizeof(path) - 1, .method = SERVICE_GET},
	        .deadline_ns = b->now_ns + SECOND_NS,
	        .class = WORK_NORMAL,
	        .max_retries = OPERATION_ROUNDS_AS_SERVICE};
	struct requester_done done;

	for (uint64_t i = 0; i < b->burst; i++)
		if (requester_submit(&b->requester, &c, b->now_ns, &done) != OPERATION_ACCEPTED ||
		    done.outcome != REQUESTER_UNDER_WAY)
			measure_fail("bench_request: a request was not let in");
}

static void send_bare(struct bench *b)
{
	uint8_t frame[128];

	for (uint64_t i = 0; i < b->burst; i++) {
		uint32_t node = (uint32_t)(i % NODES);
		const struct frame_path p = {.destination_mac = 0x020000000000ull + NODE(node),
		                             .source_mac = b->port.mac,
		                             .address = {.source_address = ADDRESS,
		                                         .destination_address = NODE(node),
		                                         .source_port = SOURCE_PORT,
		                                         .destination_port = COAP_PORT}};

		memcpy(frame + FRAME_HEADER_BYTES, b->request, b->request_bytes);
		put_be64(frame + FRAME_HEADER_BYTES + TOKEN_AT, b->token + i);
		if (!frame_ring_push(&b->ring, frame,
		                     frame_build_path(frame, b->request_bytes, &p)))
			measure_fail("bench_request: the ring is full");
	}
}

static void end_one(struct bench *b, const uint8_t *payload)
{
	b->hash = measure_hash(b->hash, be64(payload));
	b->ended++;
}

static void hear(struct bench *b, enum way way, const struct datagram *d, uint64_t i)
{
	struct requester_done done;

	if (way == WAY_BARE) {
		if (be64(d->payload + TOKEN_AT) == b->token + i)
			end_one(b, d->payload + 13);
	} else if (requester_on_datagram(&b->requester, d, 0, b->now_ns, &done) == 1 &&
	           done.outcome == OPERATION_SUCCESS) {
		end_one(b, done.payload);
	}
}

static void burst(struct bench *b, enum way way)
{
	static const struct frame_options any = {0};
	struct requester_done done[64];
	uint8_t frame[128];
	struct datagram d;

	if (way == WAY_REQUEST)
		submit_all(b);
	else
		send_bare(b);
	b->now_ns += LATENCY_NS;
	uint32_t count = frame_ring_count(&b->ring);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t bytes = answer(frame_ring_at(&b->ring, i), b->ended, frame);

		if (!frame_parse_plain(frame, bytes, &any, &d))
			measure_fail("bench_request: an answer is no datagram");
		hear(b, way, &d, i);
	}
	frame_ring_release(&b->ring, count);
	b->token += b->burst;
	b->now_ns += SECOND_NS / 100;
	if (way == WAY_REQUEST && requester_poll(&b->requester, b->now_ns, done, 64) != 0)
		measure_fail("bench_request: a request timed out");
}

/* Nanoseconds of CPU per request. */
static double run(struct bench *b, enum way way)
{
	uint64_t bursts = b->operations / b->burst;

	b->ended = 0;
	b->hash = 0;
	uint64_t from_ns = measure_cpu_ns();

	for (uint64_t i = 0; i < bursts; i++)
		burst(b, way);
	uint64_t took_ns = measure_cpu_ns() - from_ns;

	if (b->ended != bursts * b->burst)
		measure_fail("bench_request: %llu of %llu requests were answered",
		             (unsigned long long)b->ended, (unsigned long long)(bursts * b->burst));
	return (double)took_ns / (double)b->ended;
}

/* The bytes of a request, as the requester sends it. */
static void learn_request(struct bench *b)
{
	static const struct frame_options any = {0};
	uint64_t wanted = b->burst;
	struct datagram d;

	b->burst = 1;
	submit_all(b);
	const struct frame_slot *s = frame_ring_at(&b->ring, 0);

	if (!frame_parse_plain(s->data, s->bytes, &any, &d) || d.payload_bytes > sizeof(b->request))
		measure_fail("bench_request: what was sent is no request");
	memcpy(b->request, d.payload, d.payload_bytes);
	b->request_bytes = d.payload_bytes;
	b->now_ns += LATENCY_NS;
	uint8_t frame[128];
	uint32_t bytes = answer(s, 0, frame);

	frame_parse_plain(frame, bytes, &any, &d);
	hear(b, WAY_REQUEST, &d, 0);
	frame_ring_release(&b->ring, 1);
	b->burst = wanted;
}

static void bench(struct measure_rows *rows, uint64_t operations, uint64_t size, uint64_t rounds)
{
	struct bench *b = measure_memory(sizeof(*b));
	double ns[WAY_COUNT][MEASURE_ROUNDS_MAX];
	uint64_t hash[WAY_COUNT] = {0};

	*b = (struct bench){.operations = operations, .burst = size};
	open_bench(b);
	learn_request(b);
	for (uint32_t i = 0; i < rounds; i++)
		for (uint32_t n = 0; n < WAY_COUNT; n++) {
			enum way way = (enum way)((i + n) % WAY_COUNT);

			ns[way][i] = run(b, way);
			hash[way] = b->hash;
		}
	if (hash[WAY_REQUEST] != hash[WAY_BARE])
		measure_fail("bench_request: the two ways had other answers");
	double request_ns = measure_median(ns[WAY_REQUEST], (uint32_t)rounds);

	measure_row(rows);
	measure_count(rows, "burst", size);
	measure_figure(rows, "request_ns", request_ns);
	measure_figure(rows, "best_ns", ns[WAY_REQUEST][0]);
	measure_figure(rows, "bare_ns", measure_median(ns[WAY_BARE], (uint32_t)rounds));
	measure_figure(rows, "requests_per_us", 1000 / request_ns);
	measure_result(rows, size == 1 ? "one" : size == 64 ? "burst" : "many", hash[WAY_REQUEST]);
}

int main(int argc, char **argv)
{
	uint64_t operations = 1048576;
	uint64_t rounds = 9;
	uint64_t cpu = UINT64_MAX;
	bool json;
	const struct measure_option options[] = {
	        {.name = "operations",
	         .help = "requests of a round",
	         .number = &operations,
	         .min = 4096,
	         .max = 1u << 30},
	        {.name = "rounds",
	         .help = "rounds",
	         .number = &rounds,
	         .min = 1,
	         .max = MEASURE_ROUNDS_MAX},
	        {.name = "cpu", .help = "the CPU to run on", .number = &cpu, .max = 1023},
	        {0}};
	struct measure_rows rows;

	measure_options(argc, argv, "What a request costs, and what its packets alone cost.",
	                options, &json);
	if (cpu != UINT64_MAX)
		measure_pin(cpu);
	measure_begin(&rows, "request", json);
	bench(&rows, operations, 1, rounds);
	bench(&rows, operations, 64, rounds);
	bench(&rows, operations, 1024, rounds);
	measure_end(&rows);
	return 0;
}
