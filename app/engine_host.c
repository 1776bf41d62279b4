/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/engine_host.h"

#include <assert.h>
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/clock.h"
#include "dataplane/wire/ether.h"
#include "dataplane/wire/ipv4.h"

#define RING_SLOTS     64u
#define LEAVE_WAITS_MS 100

static_assert(CONFIG_PORTS_MAX <= RECEIVER_PORTS_MAX, "a receiver tells all ports apart");
static_assert(CONFIG_FEEDS_MAX * CONFIG_LINES_MAX < PORT_GROUPS_MAX,
              "a port lets in every line's group, and 224.0.0.1");
static_assert(CONFIG_FEEDS_MAX * CONFIG_LINES_MAX <= HOST_GROUPS_MAX, "and a host joins them");
static_assert(CONFIG_FEEDS_MAX * CONFIG_LINES_MAX <= HOST_SOURCES_MAX, "");
static_assert(CONFIG_FRAME_HOST_MIN == HOST_MTU_MIN + PORT_FRAME_OVERHEAD_BYTES, "");
static_assert(RING_SLOTS <= PACKET_BURST_MAX, "all that waits is one burst");
static_assert((int)CONFIG_IGMP_V3 == (int)HOST_IGMP_V3 &&
                      (int)CONFIG_IGMP_V2 == (int)HOST_IGMP_V2 &&
                      (int)CONFIG_IGMP_OFF == (int)HOST_IGMP_OFF,
              "the same words");

static int join_lines(struct host *h, const struct config *c, uint32_t port)
{
	for (uint32_t f = 0; f < c->feed_count; f++)
		for (uint32_t n = 0; n < c->feeds[f].line_count; n++) {
			const struct config_line *l = &c->feeds[f].lines[n];

			if (l->port != port || !ipv4_is_multicast(l->address))
				continue;
			int rc = host_join(h, l->address, l->source);

			if (rc != 0)
				return rc;
		}
	return 0;
}

/* The stations of the port that are asked, or lead to who is asked. */
static int seek_neighbours(struct engine_host *h, const struct engine *e, uint32_t port)
{
	const struct neighbours *n = &e->requests.neighbours;

	for (uint32_t i = 0; i < n->count; i++) {
		if (n->items[i].port != port || n->items[i].is_static != 0)
			continue;
		int index = host_seek(&h->host, n->items[i].address);

		if (index < 0)
			return index;
		h->neighbours[index] = (uint16_t)i;
		h->neighbour_count = h->host.neighbour_count;
	}
	return 0;
}

static int init_host(struct engine_host *h, const struct engine *e, uint32_t port)
{
	const struct config_port *cp = &e->config->ports[port];
	uint64_t mac = port_mac(e->ports[port]);
	const struct host_options o = {
	        .mac = mac != 0 ? mac : ether_of_address(cp->address),
	        .address = cp->address,
	        .gateway = cp->gateway,
	        .prefix_bits = (uint8_t)cp->prefix_bits,
	        .vlan = (uint16_t)cp->vlan,
	        .igmp = (enum host_igmp)cp->igmp,
	        .mtu = cp->frame_bytes_max - PORT_FRAME_OVERHEAD_BYTES,
	        .seed = clock_now_ns() ^ mac,
	};
	int rc = host_init(&h->host, &o);

	e->shared->ports[port].mac = o.mac;
	rc = rc != 0 ? rc : seek_neighbours(h, e, port);
	return rc != 0 ? rc : join_lines(&h->host, e->config, port);
}

int engine_host_open(struct engine *e, uint32_t port, char error[ENGINE_ERROR_BYTES])
{
	const struct config_port *cp = &e->config->ports[port];
	struct engine_core *core = &e->cores[cp->core];
	uint64_t ring_bytes = frame_ring_bytes(RING_SLOTS, cp->frame_bytes_max);
	struct engine_host *h = aligned_alloc(alignof(struct engine_host), sizeof(*h));
	uint8_t *rings = malloc(2 * ring_bytes);
	uint8_t *out = malloc(cp->frame_bytes_max);

	static_assert(PORT_FRAME_OVERHEAD_BYTES >= HOST_HEADER_BYTES, "a frame has room in out");
	if (h == NULL || rings == NULL || out == NULL) {
		free(h);
		free(rings);
		free(out);
		snprintf(error, ENGINE_ERROR_BYTES, "port %s: no memory for its address", cp->name);
		return -ENOMEM;
	}
	memset(h, 0, sizeof(*h));
	h->out = out;
	h->queue = port_queue(e->ports[port], 0);
	frame_ring_init(&h->received, rings, RING_SLOTS, cp->frame_bytes_max);
	frame_ring_init(&h->to_send, rings + ring_bytes, RING_SLOTS, cp->frame_bytes_max);
	e->hosts[port] = h;
	int rc = init_host(h, e, port);

	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES, "port %s: cannot use its address: %s", cp->name,
		         strerror(-rc));
		return rc;
	}
	receiver_add_host(&core->receiver, port, &h->received, cp->address);
	core->hosts[core->host_count++] = h;
	return 0;
}

void engine_host_close(struct engine *e, uint32_t port)
{
	struct engine_host *h = e->hosts[port];

	if (h == NULL)
		return;
	receiver_add_host(&e->cores[e->config->ports[port].core].receiver, port, NULL, 0);
	free(h->received.slots);
	free(h->out);
	free(h);
	e->hosts[port] = NULL;
}

static void say(struct engine_host *h, uint32_t bytes)
{
	if (bytes != 0)
		frame_ring_push(&h->to_send, h->out, bytes);
}

static void say_what_is_due(struct engine_host *h, uint64_t now_ns)
{
	uint32_t bytes;

	while ((bytes = host_poll(&h->host, now_ns, h->out)) != 0)
		say(h, bytes);
}

static void hear(struct engine_host *h, uint64_t now_ns)
{
	uint32_t count = frame_ring_count(&h->received);

	for (uint32_t i = 0; i < count; i++) {
		const struct frame_slot *s = frame_ring_at(&h->received, i);

		say(h, host_on_frame(&h->host, s->data, s->bytes, now_ns, h->out));
	}
	if (count != 0)
		frame_ring_release(&h->received, count);
}

/* What the host knows of stations goes to the cores, their wishes to the host. */
static void pass_neighbours(struct engine_host *h, struct neighbours *to, uint64_t now_ns)
{
	static_assert((int)HOST_NEIGHBOUR_KNOWN == (int)NEIGHBOUR_KNOWN &&
	                      (int)HOST_NEIGHBOUR_SILENT == (int)NEIGHBOUR_SILENT,
	              "the same words");
	for (uint32_t i = 0; i < h->neighbour_count; i++) {
		const struct host_neighbour *n = &h->host.neighbours[i];

		neighbours_set(to, h->neighbours[i], (enum neighbour_state)n->state, n->mac);
		if (neighbours_take_wanted(to, h->neighbours[i]))
			host_want(&h->host, i, now_ns);
	}
}

static void tell_conflict(struct engine_host *h, const struct config_port *cp)
{
	uint64_t mac = h->host.conflict_mac;

	if (mac == h->conflict_told)
		return;
	h->conflict_told = mac;
	fprintf(stderr,
	        "genesis: port %s: its address %u.%u.%u.%u is used by another station, "
	        "%02x:%02x:%02x:%02x:%02x:%02x; give one of the two another\n",
	        cp->name, cp->address >> 24, cp->address >> 16 & 255, cp->address >> 8 & 255,
	        cp->address & 255, (unsigned)(mac >> 40), (unsigned)(mac >> 32 & 255),
	        (unsigned)(mac >> 24 & 255), (unsigned)(mac >> 16 & 255),
	        (unsigned)(mac >> 8 & 255), (unsigned)(mac & 255));
}

static void publish(struct engine_host *h, struct shared_port *s)
{
	h->host.stats.receive_dropped = frame_ring_dropped(&h->received);
	h->host.stats.send_dropped = frame_ring_dropped(&h->to_send);
	SHARED_PUBLISH(s->host, &h->host.stats);
	atomic_store_explicit(&s->querier, h->host.querier, memory_order_relaxed);
	atomic_store_explicit(&s->conflict_mac, h->host.conflict_mac, memory_order_relaxed);
}

void engine_hosts_poll(struct engine *e, uint64_t now_ns)
{
	for (uint32_t i = 0; i < e->port_count; i++) {
		struct engine_host *h = e->hosts[i];

		if (h == NULL)
			continue;
		bool link_up = port_stats(e->ports[i])->link_up != 0;

		if (link_up && !h->link_up)
			host_on_link_up(&h->host, now_ns);
		h->link_up = link_up;
		hear(h, now_ns);
		say_what_is_due(h, now_ns);
		pass_neighbours(h, &e->requests.neighbours, now_ns);
		tell_conflict(h, &e->config->ports[i]);
		publish(h, &e->shared->ports[i]);
	}
}

static bool all_is_sent(const struct engine *e)
{
	for (uint32_t i = 0; i < e->port_count; i++)
		if (e->hosts[i] != NULL && frame_ring_count(&e->hosts[i]->to_send) != 0)
			return false;
	return true;
}

void engine_hosts_leave(struct engine *e)
{
	const struct timespec wait = {.tv_nsec = 1000000};

	for (uint32_t i = 0; i < e->port_count; i++) {
		struct engine_host *h = e->hosts[i];

		if (h == NULL)
			continue;
		host_leave(&h->host);
		say_what_is_due(h, clock_now_ns());
		publish(h, &e->shared->ports[i]);
	}
	for (int i = 0; i < LEAVE_WAITS_MS && !all_is_sent(e); i++)
		nanosleep(&wait, NULL);
}

bool engine_has_hosts(const struct engine *e)
{
	for (uint32_t i = 0; i < e->port_count; i++)
		if (e->hosts[i] != NULL)
			return true;
	return false;
}

void engine_host_send(struct engine_host *h)
{
	struct port_frame frames[RING_SLOTS];
	uint32_t count = frame_ring_count(&h->to_send);
	uint32_t sent;

	for (uint32_t i = 0; i < count; i++) {
		const struct frame_slot *s = frame_ring_at(&h->to_send, i);

		frames[i] = (struct port_frame){.data = s->data, .bytes = s->bytes};
	}
	port_send_burst(h->queue, frames, count, &sent);
	frame_ring_release(&h->to_send, count);
}

const char *engine_host_note(const struct config *c, uint32_t port,
                             char text[ENGINE_HOST_TEXT_BYTES])
{
	const struct config_port *p = &c->ports[port];
	uint32_t groups = 0;

	for (uint32_t f = 0; f < c->feed_count; f++)
		for (uint32_t n = 0; n < c->feeds[f].line_count; n++)
			groups += c->feeds[f].lines[n].port == port &&
			          ipv4_is_multicast(c->feeds[f].lines[n].address);
	if (groups == 0 || p->igmp != CONFIG_IGMP_OFF)
		return NULL;
	snprintf(text, ENGINE_HOST_TEXT_BYTES,
	         "port %s: Genesis itself joins none of its groups (%s): they must be sent here "
	         "anyway",
	         p->name, p->address == 0 ? "it has no address" : "igmp: off");
	return text;
}
