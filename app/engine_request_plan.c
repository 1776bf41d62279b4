/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who asks whom: worked out of the configuration before memory is mapped, then placed in it.
 */
#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/engine_build.h"
#include "app/engine_request.h"
#include "dataplane/feed/ladder.h"
#include "dataplane/feed/protocol.h"

#define TICK_NS      50000u        /* of timeouts */
#define LATE_NS      2000000000ull /* so long replies are awaited that come late */
#define FIRST_USE_NS 1000u         /* tokens of a later start are greater: one a microsecond */

static_assert(CONFIG_PORTS_MAX <= REQUESTER_PORTS_MAX, "");
static_assert(CONFIG_SERVICES_MAX + CONFIG_FEEDS_MAX <= REQUESTER_SERVICES_MAX, "");
static_assert(CONFIG_NODES_MAX == SERVICE_NODES_MAX, "");

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

static uint32_t next_hop(const struct config_port *p, uint32_t address)
{
	bool is_near = p->prefix_bits != 0 &&
	               ((p->address ^ address) & UINT32_MAX << (32 - p->prefix_bits)) == 0;

	return is_near ? address : p->gateway;
}

/* NULL, or why requests cannot go to the service. */
static const char *service_fault(const struct config *c, const struct config_service *s,
                                 uint32_t *node)
{
	const struct config_port *p = &c->ports[s->port];

	*node = 0;
	if (p->address == 0)
		return "is to be reached by a port without an address (ports[].address)";
	for (*node = 0; s->nodes[*node] != NULL; (*node)++) {
		if (s->addresses[*node].address == 0)
			return "has a node that is no ADDRESS:PORT";
		if (next_hop(p, s->addresses[*node].address) == 0)
			return "has a node in another network, and its port has no gateway";
	}
	return NULL;
}

static bool core_has_shard(const struct config *c, uint32_t core)
{
	for (uint32_t i = 0; i < c->shard_count; i++)
		if (c->shards[i].core == core)
			return true;
	return false;
}

static int add_node(struct engine *e, struct requester_service_options *o, uint32_t index,
                    const struct config_node *node)
{
	uint32_t hop = next_hop(&e->config->ports[o->port], node->address);
	int neighbour = neighbours_add(&e->requests.neighbours, o->port, hop);

	if (neighbour < 0)
		return neighbour;
	o->nodes[index] = (struct requester_node){.address = node->address,
	                                          .neighbour = (uint32_t)neighbour,
	                                          .udp_port = node->udp_port};
	return 0;
}

static struct requester_service_options *add_service(struct engine_requester *r, uint32_t service,
                                                     uint32_t feed)
{
	r->asked[r->service_count] =
	        (struct engine_asked){.service = service, .feed = feed, .probe_ns = UINT64_MAX};
	return &r->services[r->service_count++];
}

static int plan_service(struct engine *e, struct engine_requester *r, uint32_t core, uint32_t i)
{
	const struct config_service *s = &e->config->services[i];
	struct requester_service_options *o = add_service(r, i, 0);
	int rc = 0;

	*o = (struct requester_service_options){
	        .resilience = &s->options,
	        .codec = s->codec == CONFIG_CODEC_COAP ? &service_codec_coap : &service_codec_text,
	        .coap = {.max_latency_ns = s->coap.max_latency_ns,
	                 .non_lifetime_ns = s->coap.non_lifetime_ns,
	                 .nstart = s->coap.nstart,
	                 .content_format = (uint32_t)s->coap.content_format,
	                 .first_id = (uint16_t)(clock_now_ns() >> 10)},
	        .slow_ns = s->options.breaker.ultra_latency_ns,
	        .attempts_max = s->attempts_max,
	        .source_port = (uint16_t)(s->source_port + core * s->source_ports),
	        .source_ports = (uint16_t)s->source_ports,
	        .port = (uint8_t)s->port,
	        .reorder_safe = s->reorder_safe,
	};
	if (s->probe.path != NULL)
		r->asked[r->service_count - 1].probe_ns = 0;
	for (uint32_t n = 0; rc == 0 && s->nodes[n] != NULL; n++)
		rc = add_node(e, o, n, &s->addresses[n]);
	return rc;
}

static int plan_recovery(struct engine *e, struct engine_requester *r, uint32_t feed)
{
	const struct config_recovery *c = &e->config->feeds[feed].recovery;
	struct requester_service_options *o = add_service(r, CONFIG_NONE, feed);
	struct service_codec_options codec;
	int rc = 0;

	service_codec_defaults(&codec);
	ladder_service_options(&e->requests.recovery[feed], c->server_count);
	*o = (struct requester_service_options){
	        .resilience = &e->requests.recovery[feed],
	        .codec = &service_codec_mold,
	        .coap = codec.coap,
	        .slow_ns = UINT64_MAX,
	        .attempts_max = 4 * LADDER_PIECES_MAX,
	        .source_port = (uint16_t)c->source_port,
	        .source_ports = 1,
	        .port = (uint8_t)c->port,
	};
	for (uint32_t n = 0; rc == 0 && n < c->server_count; n++)
		rc = add_node(e, o, n, &c->nodes[n]);
	return rc;
}

static int plan_services(struct engine *e, struct engine_requester *r, uint32_t core,
                         char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	bool all = e->options.requests == ENGINE_REQUESTS_ALL;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < c->service_count; i++) {
		const struct config_service *s = &c->services[i];
		uint32_t node;
		const char *why = service_fault(c, s, &node);

		if (why == NULL) {
			rc = plan_service(e, r, core, i);
		} else if (all) {
			snprintf(error, ENGINE_ERROR_BYTES, "%s:%u: service %s %s%s%.80s%s",
			         c->path, s->line, s->name, why,
			         s->nodes[node] == NULL ? "" : " (\"",
			         s->nodes[node] == NULL ? "" : s->nodes[node],
			         s->nodes[node] == NULL ? "" : "\")");
			return -EINVAL;
		}
	}
	return rc;
}

static int plan_core(struct engine *e, uint32_t core, char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	uint32_t max = c->service_count + c->feed_count + 1;
	struct engine_requester *r = aligned_alloc(alignof(struct engine_requester), sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	memset(r, 0, sizeof(*r));
	e->requests.cores[core] = r;
	r->core = &e->cores[core];
	r->services = calloc(max, sizeof(*r->services));
	r->asked = calloc(max, sizeof(*r->asked));
	if (r->services == NULL || r->asked == NULL)
		return -ENOMEM;
	int rc = core_has_shard(c, core) ? plan_services(e, r, core, error) : 0;

	for (uint32_t i = 0; rc == 0 && i < c->feed_count; i++)
		if (c->feeds[i].core == core && c->feeds[i].recovery.server_count != 0)
			rc = plan_recovery(e, r, i);
	r->options = (struct requester_options){
	        .services = r->services,
	        .neighbours = &e->requests.neighbours,
	        .expects = engine_recovery_expects,
	        .context = r,
	        .tick_ns = TICK_NS,
	        .late_ns = LATE_NS,
	        .first_use = (clock_now_ns() / FIRST_USE_NS & ((1ull << 40) - 1)) | 1,
	        .seed = clock_now_ns() ^ core,
	        .service_count = r->service_count,
	        .operations_max = c->engine.operations,
	        .attempts_max = 2 * c->engine.operations,
	};
	for (uint32_t p = 0; p < c->port_count; p++)
		if (c->ports[p].frame_bytes_max > r->options.frame_bytes_max)
			r->options.frame_bytes_max = c->ports[p].frame_bytes_max;
	if (rc == 0 && r->service_count != 0) {
		r->bytes = requester_bytes(&r->options);
		e->requests.count++;
		if (r->bytes == 0) {
			snprintf(error, ENGINE_ERROR_BYTES,
			         "core %s: the options of its requests do not fit together",
			         c->cores[core].name);
			return -EINVAL;
		}
	}
	return rc;
}

static void free_core(struct engine *e, uint32_t core)
{
	struct engine_requester *r = e->requests.cores[core];

	if (r == NULL)
		return;
	free(r->services);
	free(r->asked);
	free(r);
	e->requests.cores[core] = NULL;
}

int engine_requests_plan(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	uint32_t nodes = (c->service_count + c->feed_count) * CONFIG_NODES_MAX +
	                 c->port_count * CONFIG_NEIGHBOURS_MAX;
	int rc = 0;

	if (e->options.requests == ENGINE_REQUESTS_NONE)
		return 0;
	snprintf(error, ENGINE_ERROR_BYTES, "no memory for requests, or too many stations");
	e->requests.cores = calloc(c->core_count, sizeof(struct engine_requester *));
	e->requests.neighbour_items = calloc(nodes, sizeof(struct neighbour));
	if (e->requests.cores == NULL || e->requests.neighbour_items == NULL)
		return -ENOMEM;
	neighbours_init(&e->requests.neighbours, e->requests.neighbour_items, nodes);
	for (uint32_t p = 0; rc == 0 && p < c->port_count; p++)
		for (uint32_t n = 0; rc == 0 && n < c->ports[p].neighbour_count; n++)
			rc = neighbours_add_static(&e->requests.neighbours, (uint8_t)p,
			                           c->ports[p].neighbours[n].address,
			                           c->ports[p].neighbours[n].mac);
	for (uint32_t i = 0; rc == 0 && i < c->core_count; i++) {
		rc = plan_core(e, i, error);
		if (rc == 0 && e->requests.cores[i]->service_count == 0)
			free_core(e, i);
	}
	return rc;
}

void engine_requests_free(struct engine *e)
{
	for (uint32_t i = 0; e->requests.cores != NULL && i < e->config->core_count; i++)
		free_core(e, i);
	free(e->requests.cores);
	free(e->requests.neighbour_items);
	e->requests = (struct engine_requests){0};
}

static uint64_t ring_bytes(const struct config_port *p)
{
	return frame_ring_bytes(ENGINE_REQUEST_SLOTS, p->frame_bytes_max);
}

uint64_t engine_requests_bytes(const struct engine *e)
{
	const struct config *c = e->config;
	uint64_t bytes = 0;

	for (uint32_t i = 0; e->requests.cores != NULL && i < c->core_count; i++) {
		if (e->requests.cores[i] == NULL)
			continue;
		bytes += page_up(e->requests.cores[i]->bytes) + REGION_PAGE_BYTES;
		for (uint32_t p = 0; p < c->port_count; p++)
			if (engine_requests_use(e, i, p))
				bytes += page_up(sizeof(struct frame_ring)) +
				         page_up(ring_bytes(&c->ports[p])) + 2 * REGION_PAGE_BYTES;
	}
	return bytes;
}

static void build_rings(struct engine *e, struct engine_requester *r)
{
	for (uint32_t p = 0; p < e->config->port_count; p++) {
		const struct config_port *cp = &e->config->ports[p];
		struct engine_core *polls = &e->cores[cp->core];
		struct engine_sender *s = &r->senders[p];

		if (!engine_requests_use(e, r->core->index, p))
			continue;
		s->ring = memory_place(&e->state, sizeof(*s->ring), REGION_PAGE_BYTES);
		frame_ring_init(s->ring, memory_place(&e->state, ring_bytes(cp), REGION_PAGE_BYTES),
		                ENGINE_REQUEST_SLOTS, cp->frame_bytes_max);
		s->next = polls->senders;
		polls->senders = s;
	}
}

int engine_requests_build(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && e->requests.cores != NULL && i < c->core_count; i++) {
		struct engine_requester *r = e->requests.cores[i];
		const char *why = NULL;

		if (r == NULL)
			continue;
		e->cores[i].requester = r;
		build_rings(e, r);
		rc = requester_init(&r->requester,
		                    memory_place(&e->state, r->bytes, REGION_PAGE_BYTES),
		                    &r->options, clock_now_ns(), &why);
		if (rc != 0)
			snprintf(error, ENGINE_ERROR_BYTES, "core %s: its requests: %s",
			         c->cores[i].name, why);
	}
	for (uint32_t i = 0; rc == 0 && e->requests.cores != NULL && i < c->feed_count; i++)
		if (c->feeds[i].recovery.server_count != 0)
			rc = engine_recovery_init(e, i, error);
	return rc;
}
