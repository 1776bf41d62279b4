/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A requester with services whose nodes are scripted: frames that it sends are taken from its ring
 * and read back, replies come in as datagrams. The services speak a codec of the test's own, a
 * letter and a token, so that what is tested is the requester and not a codec.
 */
#ifndef TESTS_UNIT_REQUEST_REQUESTER_WORLD_H
#define TESTS_UNIT_REQUEST_REQUESTER_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "dataplane/request/requester.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define MS              1000000ull
#define SECOND          1000000000ull
#define WORLD_SERVICES  2u
#define WORLD_NODES     3u
#define WORLD_SLOTS     1024u
#define WORLD_PENDING   8192u
#define WORLD_MAC       0x020000000001ull
#define WORLD_ADDRESS   0x0a000001u
#define WORLD_NODE(n)   (0x0a000101u + (n))
#define WORLD_NODE_MAC  0x0200000000f0ull
#define WORLD_NODE_PORT 5683u
#define WORLD_SOURCE    40000u
#define WORLD_PATH_MAX  200u

/* What the test's codec remembers: by the slot of the token. */
struct scripted_state {
	uint64_t tokens[WORLD_PENDING];
	uint8_t nodes[WORLD_PENDING];
	uint32_t ports[WORLD_PENDING];
	uint32_t under_way;
	uint32_t not_forgotten; /* attempts that were not when their slot was used again */
	bool no_ids;
};

static inline uint64_t scripted_bytes(const struct service_codec_options *o)
{
	(void)o;
	return sizeof(struct scripted_state);
}

static inline int scripted_init(void *state, const struct service_codec_options *o)
{
	(void)o;
	memset(state, 0, sizeof(struct scripted_state));
	return 0;
}

static inline enum operation_repeat scripted_repeat(const struct service_request *r, bool safe)
{
	if (r->method == SERVICE_GET)
		return OPERATION_FREELY;
	return r->method == SERVICE_POST || !safe ? OPERATION_ONCE : OPERATION_AGAIN;
}

static inline enum service_encoding scripted_encode(void *state, const struct service_request *r,
                                                    const struct service_attempt *a, uint8_t *out,
                                                    uint32_t capacity, uint32_t *bytes)
{
	struct scripted_state *s = state;
	uint32_t slot = (uint32_t)(a->token & 0xffffff) % WORLD_PENDING;

	*bytes = 0;
	if (s->no_ids)
		return SERVICE_NO_ID;
	if (r->path_bytes == 1 && r->path[0] == '!')
		return SERVICE_UNSPEAKABLE;
	if (r->path_bytes > WORLD_PATH_MAX || capacity < 10 + r->path_bytes)
		return SERVICE_TOO_LONG;
	s->not_forgotten += s->tokens[slot] != 0;
	s->tokens[slot] = a->token;
	s->nodes[slot] = (uint8_t)a->node;
	s->ports[slot] = a->source_port_index;
	s->under_way++;
	out[0] = 'Q';
	out[1] = r->method;
	memcpy(out + 2, &a->token, 8);
	memcpy(out + 10, r->path, r->path_bytes);
	*bytes = 10 + r->path_bytes;
	return SERVICE_ENCODED;
}

static inline void scripted_forget(void *state, uint64_t token)
{
	struct scripted_state *s = state;
	uint32_t slot = (uint32_t)(token & 0xffffff) % WORLD_PENDING;

	if (s->tokens[slot] != token)
		return;
	s->tokens[slot] = 0;
	s->under_way--;
}

static inline enum service_decoding scripted_verdict(uint8_t kind)
{
	return kind == 'P'   ? SERVICE_PROGRESS
	       : kind == 'R' ? SERVICE_REFUSED_PACKET
	       : kind == 'U' ? SERVICE_UNUSABLE
	                     : SERVICE_REPLY;
}

/* "Y" yes, "N" no, "P" progress, "R" reset, "U" unusable, each with the token; then the payload.
 * "C" is yes, and wants a receipt. */
static inline enum service_decoding scripted_decode(void *state, const struct service_arrival *d,
                                                    struct service_answer *out)
{
	const struct scripted_state *s = state;

	*out = (struct service_answer){0};
	if (d->count < 9 || memchr("YNPRUC", d->bytes[0], 6) == NULL)
		return SERVICE_MALFORMED;
	memcpy(&out->token, d->bytes + 1, 8);
	uint32_t slot = (uint32_t)(out->token & 0xffffff) % WORLD_PENDING;

	if (out->token == 0 || s->tokens[slot] != out->token || s->nodes[slot] != d->node ||
	    s->ports[slot] != d->source_port_index)
		return SERVICE_UNEXPECTED;
	out->payload = d->bytes + 9;
	out->payload_bytes = d->count - 9;
	out->code = d->bytes[0];
	out->ok = d->bytes[0] == 'Y' || d->bytes[0] == 'C';
	if (d->bytes[0] == 'C') {
		out->receipt_bytes = 2;
		memcpy(out->receipt, "OK", 2);
	}
	return scripted_verdict(d->bytes[0]);
}

static const struct service_codec scripted = {
        .name = "scripted",
        .state_bytes = scripted_bytes,
        .init = scripted_init,
        .repeat = scripted_repeat,
        .encode = scripted_encode,
        .decode = scripted_decode,
        .forget = scripted_forget,
};

/* A request as it left. */
struct sent {
	uint64_t token;
	uint64_t mac;
	uint32_t service;
	uint32_t node;
	uint16_t source_port;
	uint8_t method;
	uint32_t path_bytes;
	uint8_t path[WORLD_PATH_MAX];
};

struct requester_world {
	struct service_options resilience[WORLD_SERVICES];
	struct requester_service_options services[WORLD_SERVICES];
	struct requester_options options;
	struct neighbour neighbour_items[16];
	struct neighbours neighbours;
	struct requester requester;
	void *memory;
	void *slots;
	struct frame_ring ring;
	uint64_t now_ns;
	struct requester_done done[64];
};

/* One attempt to the primary, no breaker, nothing learned. */
static inline void requester_world_plain(struct service_options *o)
{
	service_options_report(o, SECOND);
	o->breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	o->breaker.fallback = 0;
	o->breaker.parallel[BREAKER_CLOSED] = 0;
	o->health.eject_after = 0;
	o->health.outlier_ppm = 0;
	o->deadline.terms = DEADLINE_NONE;
	o->hedge.is_enabled = false;
	o->retry_budget = o->hedge_budget = o->parallel_budget =
	        (struct budget_options){.is_unlimited = true};
	o->forecast.detectors = 0;
	o->breaker.forecast_level = 0;
	o->throttle.enabled = false;
	o->backoff.base_ns = 0;
	o->abandon_below_ppm = 0;
	o->choice = SERVICE_CHOOSE_PRIMARY;
	o->max_retries = 0;
	o->latency_optimization = false;
	o->learn_expected = false;
	o->nodes = WORLD_NODES;
}

/* To be changed before requester_world_open(). */
static inline void requester_world_defaults(struct requester_world *w)
{
	memset(w, 0, sizeof(*w));
	struct service_codec_options codec;

	service_codec_defaults(&codec);
	neighbours_init(&w->neighbours, w->neighbour_items, 16);
	for (uint32_t i = 0; i < WORLD_SERVICES; i++) {
		struct requester_service_options *s = &w->services[i];

		requester_world_plain(&w->resilience[i]);
		*s = (struct requester_service_options){
		        .resilience = &w->resilience[i],
		        .codec = &scripted,
		        .coap = codec.coap,
		        .slow_ns = SECOND,
		        .attempts_max = 1024,
		        .source_port = (uint16_t)(WORLD_SOURCE + 10 * i),
		        .source_ports = 2,
		};
		for (uint32_t n = 0; n < WORLD_NODES; n++)
			s->nodes[n] =
			        (struct requester_node){.address = WORLD_NODE(n),
			                                .udp_port = (uint16_t)(WORLD_NODE_PORT + i),
			                                .neighbour = (uint32_t)neighbours_add(
			                                        &w->neighbours, 0, WORLD_NODE(n))};
	}
	w->options = (struct requester_options){.services = w->services,
	                                        .neighbours = &w->neighbours,
	                                        .tick_ns = MS,
	                                        .late_ns = 10 * SECOND,
	                                        .first_use = 77,
	                                        .seed = 1,
	                                        .service_count = WORLD_SERVICES,
	                                        .operations_max = 64,
	                                        .attempts_max = 128,
	                                        .frame_bytes_max = 1526};
}

static inline void requester_world_know(struct requester_world *w)
{
	for (uint32_t i = 0; i < w->neighbours.count; i++)
		neighbours_set(&w->neighbours, i, NEIGHBOUR_KNOWN, WORLD_NODE_MAC + i);
}

static inline bool requester_world_open(struct requester_world *w)
{
	uint64_t bytes = requester_bytes(&w->options);
	const char *why = NULL;

	w->now_ns = 1000 * SECOND;
	if (bytes == 0)
		return false;
	w->memory = aligned_alloc(REQUESTER_ALIGN, bytes);
	w->slots = malloc(frame_ring_bytes(WORLD_SLOTS, 1526));
	if (w->memory == NULL || w->slots == NULL ||
	    requester_init(&w->requester, w->memory, &w->options, w->now_ns, &why) != 0)
		return false;
	frame_ring_init(&w->ring, w->slots, WORLD_SLOTS, 1526);
	const struct requester_port port = {.out = &w->ring,
	                                    .mac = WORLD_MAC,
	                                    .address = WORLD_ADDRESS,
	                                    .frame_bytes_max = 1526,
	                                    .vlan = 7};

	requester_set_port(&w->requester, 0, &port);
	requester_world_know(w);
	return true;
}

static inline void requester_world_close(struct requester_world *w)
{
	free(w->memory);
	free(w->slots);
}

static inline struct scripted_state *requester_world_codec(const struct requester_world *w,
                                                           uint32_t service)
{
	return w->requester.services[service].codec_state;
}

/* The oldest frame that waits, read back; false: none does. */
static inline bool requester_world_take(struct requester_world *w, struct sent *out)
{
	static const struct frame_options verified = {.verify_ip_checksum = true,
	                                              .verify_udp_checksum = true};
	struct datagram d;

	if (frame_ring_count(&w->ring) == 0)
		return false;
	const struct frame_slot *s = frame_ring_at(&w->ring, 0);

	if (frame_parse(s->data, s->bytes, &verified, &d) != FRAME_OK ||
	    be48(s->data + 6) != WORLD_MAC || d.source_address != WORLD_ADDRESS ||
	    d.vlan_count != 1 || d.vlan[0] != 7)
		abort();
	memset(out, 0, sizeof(*out));
	out->mac = be48(s->data);
	out->source_port = d.source_port;
	out->service = d.destination_port - WORLD_NODE_PORT;
	out->node = d.destination_address - WORLD_NODE(0);
	out->path_bytes = d.payload_bytes; /* a receipt */
	if (d.payload_bytes >= 10 && d.payload[0] == 'Q') {
		out->method = d.payload[1];
		memcpy(&out->token, d.payload + 2, 8);
		out->path_bytes -= 10;
	}
	memcpy(out->path, d.payload + d.payload_bytes - out->path_bytes, out->path_bytes);
	frame_ring_release(&w->ring, 1);
	return true;
}

/* The datagram that answers it. */
static inline struct datagram requester_world_answer(const struct sent *s, char kind,
                                                     uint8_t bytes[64])
{
	bytes[0] = (uint8_t)kind;
	memcpy(bytes + 1, &s->token, 8);
	memcpy(bytes + 9, "data", 4);
	return (struct datagram){.payload = bytes,
	                         .payload_bytes = 13,
	                         .source_address = WORLD_NODE(s->node),
	                         .destination_address = WORLD_ADDRESS,
	                         .source_port = (uint16_t)(WORLD_NODE_PORT + s->service),
	                         .destination_port = s->source_port};
}

static inline uint32_t requester_world_hear(struct requester_world *w, const struct datagram *d)
{
	return requester_on_datagram(&w->requester, d, 0, w->now_ns, w->done);
}

static inline uint32_t requester_world_reply(struct requester_world *w, const struct sent *s,
                                             char kind)
{
	uint8_t bytes[64];
	struct datagram d = requester_world_answer(s, kind, bytes);
	uint32_t ended = requester_world_hear(w, &d);

	if (ended != 0)
		w->done[0].payload = NULL; /* it goes with the datagram */
	return ended;
}

static inline struct requester_call requester_world_call(uint32_t service, const char *path)
{
	return (struct requester_call){
	        .request = {.path = (const uint8_t *)path, .path_bytes = (uint32_t)strlen(path)},
	        .tag = requester_tag(REQUESTER_COMPONENT, 42),
	        .deadline_ns = UINT64_MAX,
	        .service = service,
	        .class = WORK_NORMAL,
	        .max_retries = OPERATION_ROUNDS_AS_SERVICE};
}

static inline enum operation_verdict requester_world_submit(struct requester_world *w,
                                                            const struct requester_call *c)
{
	return requester_submit(&w->requester, c, w->now_ns, w->done);
}

static inline uint32_t requester_world_poll(struct requester_world *w)
{
	return requester_poll(&w->requester, w->now_ns, w->done, 64);
}

#endif
