/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Codecs: what it costs to put a request into words, to understand its reply, and to forget it,
 * while `live` of them are under way. Nothing is sent.
 *
 *   encode   a request into a datagram (CoAP, text: GET of a path; MoldUDP64: a range)
 *   decode   its reply, which is told by token
 *   stray    a reply that nobody asked for, otherwise the same
 *   forget   the attempt ended
 *   copy     request and reply copied and nothing else: the least that touching them costs
 *
 * Requests come in bursts of `live`: all are encoded, replies are made (not timed), then strays,
 * replies and endings come in an order of their own. CPU time of the thread, median of the rounds.
 * The hash is over what was encoded and told; it is the same in every round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/mold.h"
#include "dataplane/request/service_codec.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/coap.h"
#include "perf/measure.h"
#include "resilience/prng.h"

#define LIVE_MAX      16384u
#define SLOT_BYTES    256u
#define PAYLOAD_BYTES 64u       /* of a reply */
#define BURST_NS      400000000 /* of virtual time: message ids are enough for LIVE_MAX */
#define NODES         3u

struct slot {
	uint8_t request[SLOT_BYTES];
	uint8_t reply[SLOT_BYTES];
	uint8_t stray[SLOT_BYTES];
	uint32_t request_bytes;
	uint32_t reply_bytes;
	uint32_t node;
	uint32_t turn; /* whose reply comes when: an order of the slots */
	uint64_t token;
};

enum part { PART_ENCODE, PART_STRAY, PART_DECODE, PART_FORGET, PART_COPY, PART_COUNT };

static const char *const part_keys[PART_COUNT] = {"encode_ns", "stray_ns", "decode_ns", "forget_ns",
                                                  "copy_ns"};

struct bench {
	const struct service_codec *codec;
	/* Makes reply and stray of a request. */
	void (*reply)(struct slot *s);
	void *state;
	struct slot *slots;
	uint32_t live;
	uint64_t now_ns;
	uint64_t token;
	uint64_t hash;
	uint64_t part_ns[PART_COUNT]; /* of this round */
};

/* ---- nodes ---- */

static void reply_coap(struct slot *s)
{
	static const uint8_t payload[PAYLOAD_BYTES] = {1};
	struct coap_message m;
	struct coap_writer w;

	if (coap_parse(s->request, s->request_bytes, &m) != COAP_OK)
		measure_fail("bench_codec: a request is not CoAP");
	coap_write(&w, s->reply, SLOT_BYTES,
	           &(struct coap_header){.token = m.token,
	                                 .id = (uint16_t)~m.id,
	                                 .type = COAP_NON,
	                                 .code = COAP_CONTENT,
	                                 .token_bytes = m.token_bytes});
	coap_write_option_uint(&w, COAP_CONTENT_FORMAT, COAP_OCTETS);
	coap_write_payload(&w, payload, sizeof(payload));
	coap_write_end(&w, &s->reply_bytes);
	memcpy(s->stray, s->reply, s->reply_bytes);
	s->stray[COAP_HEADER_BYTES] ^= 0xff;
}

static void reply_text(struct slot *s)
{
	memcpy(s->reply, s->request + 4, 16);
	memcpy(s->reply + 16, " 200\n", 5);
	memset(s->reply + 21, '.', PAYLOAD_BYTES);
	s->reply_bytes = 21 + PAYLOAD_BYTES;
	memcpy(s->stray, s->reply, s->reply_bytes);
	memset(s->stray, 'f', 4);
}

static void reply_mold(struct slot *s)
{
	memcpy(s->reply, s->request, MOLD_COUNT);
	put_be16(s->reply + MOLD_COUNT, 2);
	for (uint32_t i = 0; i < 2; i++) {
		uint8_t *block = s->reply + MOLD_HEADER_BYTES + i * (PAYLOAD_BYTES / 2);

		put_be16(block, PAYLOAD_BYTES / 2 - 2);
		memset(block + 2, 'm', PAYLOAD_BYTES / 2 - 2);
	}
	s->reply_bytes = MOLD_HEADER_BYTES + PAYLOAD_BYTES;
	memcpy(s->stray, s->reply, s->reply_bytes);
	s->stray[0] ^= 1;
}

/* ---- one burst, part by part ---- */

static void encode_all(struct bench *b)
{
	static const char path[] = "prices/last/EURUSD";
	struct service_request r = {.path = (const uint8_t *)path, .path_bytes = sizeof(path) - 1};

	if (b->codec == &service_codec_mold)
		r = (struct service_request){.session = {"000010059B"}, .count = 40};
	for (uint32_t i = 0; i < b->live; i++) {
		struct slot *s = &b->slots[i];

		s->token = ++b->token;
		s->node = i % NODES;
		if (b->codec == &service_codec_mold)
			r.first_sequence = s->token * 40;
		const struct service_attempt a = {
		        .token = s->token, .now_ns = b->now_ns, .node = s->node};

		if (b->codec->encode(b->state, &r, &a, s->request, SLOT_BYTES, &s->request_bytes) !=
		    SERVICE_ENCODED)
			measure_fail("bench_codec: %s does not encode", b->codec->name);
	}
}

static void decode_all(struct bench *b, bool strays)
{
	struct service_answer out;

	for (uint32_t i = 0; i < b->live; i++) {
		const struct slot *s = &b->slots[b->slots[i].turn];
		const struct service_arrival d = {.bytes = strays ? s->stray : s->reply,
		                                  .now_ns = b->now_ns,
		                                  .count = s->reply_bytes,
		                                  .node = s->node};
		enum service_decoding v = b->codec->decode(b->state, &d, &out);

		if (v != (strays ? SERVICE_UNEXPECTED : SERVICE_REPLY) ||
		    out.token != (strays ? 0 : s->token))
			measure_fail("bench_codec: %s: wrong verdict %u", b->codec->name, v);
		b->hash = measure_hash(b->hash, out.token ^ out.payload_bytes ^ out.code);
	}
}

static void forget_all(struct bench *b)
{
	for (uint32_t i = 0; i < b->live; i++)
		b->codec->forget(b->state, b->slots[b->slots[i].turn].token);
}

static void copy_all(struct bench *b)
{
	uint8_t to[SLOT_BYTES];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < b->live; i++) {
		const struct slot *s = &b->slots[b->slots[i].turn];

		memcpy(to, s->request, s->request_bytes);
		__asm__ volatile("" : : "r"(to) : "memory");
		sum += to[s->request_bytes - 1];
		memcpy(to, s->reply, s->reply_bytes);
		__asm__ volatile("" : : "r"(to) : "memory");
		sum += to[s->reply_bytes - 1];
	}
	b->hash = measure_hash(b->hash, sum);
}

static void part(struct bench *b, enum part p)
{
	uint64_t start_ns = measure_cpu_ns();

	switch (p) {
	case PART_ENCODE:
		encode_all(b);
		break;
	case PART_STRAY:
		decode_all(b, true);
		break;
	case PART_DECODE:
		decode_all(b, false);
		break;
	case PART_FORGET:
		forget_all(b);
		break;
	case PART_COPY:
		copy_all(b);
		break;
	case PART_COUNT:
		break;
	}
	b->part_ns[p] += measure_cpu_ns() - start_ns;
}

static void burst(struct bench *b)
{
	b->now_ns += BURST_NS;
	part(b, PART_ENCODE);
	for (uint32_t i = 0; i < b->live; i++) {
		b->hash =
		        measure_hash_bytes(b->hash, b->slots[i].request, b->slots[i].request_bytes);
		b->reply(&b->slots[i]);
	}
	part(b, PART_STRAY);
	part(b, PART_DECODE);
	part(b, PART_FORGET);
	part(b, PART_COPY);
}

/* ---- rounds ---- */

static void shuffle(struct slot *slots, uint32_t count)
{
	struct prng p;

	prng_init(&p, 1);
	for (uint32_t i = 0; i < count; i++)
		slots[i].turn = i;
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = (uint32_t)prng_below(&p, i);
		uint32_t turn = slots[i - 1].turn;

		slots[i - 1].turn = slots[j].turn;
		slots[j].turn = turn;
	}
}

/* The state as at the beginning: every round does the same. */
static void restart(struct bench *b)
{
	struct service_codec_options o;

	service_codec_defaults(&o);
	o.nodes = NODES;
	o.attempts_max = b->live;
	if (b->state == NULL)
		b->state = measure_memory(b->codec->state_bytes(&o));
	if (b->state == NULL || b->codec->init(b->state, &o) != 0)
		measure_fail("bench_codec: %s does not start", b->codec->name);
	b->now_ns = 1;
	b->token = 0x5000000;
	b->hash = 0;
	memset(b->part_ns, 0, sizeof(b->part_ns));
}

static void row(struct measure_rows *out, struct bench *b, uint64_t requests, uint64_t rounds)
{
	double ns[PART_COUNT][MEASURE_ROUNDS_MAX];
	uint32_t bursts = (uint32_t)((requests + b->live - 1) / b->live);
	uint64_t hash = 0;

	shuffle(b->slots, b->live);
	for (uint32_t i = 0; i < rounds; i++) {
		restart(b);
		burst(b); /* warm */
		memset(b->part_ns, 0, sizeof(b->part_ns));
		for (uint32_t j = 0; j < bursts; j++)
			burst(b);
		for (uint32_t p = 0; p < PART_COUNT; p++)
			ns[p][i] = (double)b->part_ns[p] / (double)bursts / (double)b->live;
		if (i > 0 && b->hash != hash)
			measure_fail("bench_codec: %s: a round differs", b->codec->name);
		hash = b->hash;
	}
	measure_row(out);
	measure_text(out, "codec", b->codec->name);
	measure_count(out, "live", b->live);
	measure_count(out, "request_bytes", b->slots[0].request_bytes);
	measure_count(out, "reply_bytes", b->slots[0].reply_bytes);
	for (uint32_t p = 0; p < PART_COUNT; p++)
		measure_figure(out, part_keys[p], measure_median(ns[p], (uint32_t)rounds));
	char group[64];

	snprintf(group, sizeof(group), "%s, %u", b->codec->name, b->live);
	measure_result(out, group, hash);
	free(b->state);
	b->state = NULL;
}

int main(int argc, char **argv)
{
	static const struct {
		const struct service_codec *codec;
		void (*reply)(struct slot *s);
	} ways[] = {{&service_codec_coap, reply_coap},
	            {&service_codec_text, reply_text},
	            {&service_codec_mold, reply_mold}};
	static const uint32_t lives[] = {1024, LIVE_MAX};
	uint64_t requests = 1u << 20;
	uint64_t rounds = 9;
	const struct measure_option table[] = {
	        {"requests", "of each row and round", &requests, 1, 1u << 30, NULL},
	        {"rounds", "of which the median is shown", &rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;
	bool json = false;

	measure_options(argc, argv, "usage: bench_codec [OPTION VALUE]...", table, &json);
	struct slot *slots = measure_memory(LIVE_MAX * sizeof(*slots));

	measure_begin(&out, "codec", json);
	for (uint32_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		for (uint32_t j = 0; j < sizeof(lives) / sizeof(lives[0]); j++) {
			struct bench b = {.codec = ways[i].codec,
			                  .reply = ways[i].reply,
			                  .slots = slots,
			                  .live = lives[j]};

			row(&out, &b, requests, rounds);
		}
	measure_end(&out);
	free(slots);
	return 0;
}
