/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_station.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/exchange_send.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ether.h"
#include "dataplane/wire/ipv4.h"

#define MTU         1496u /* of the sender's ports */
#define FRAME_BYTES (MTU + HOST_HEADER_BYTES)
#define ADDRESS_NET 32u /* addresses are asked for and answered one by one */

static_assert(FRAME_HEADER_BYTES + SERVE_REPLY_BYTES <= FRAME_BYTES + 4, "an answer is a frame");
static_assert(EXCHANGE_ERROR_BYTES >= PORT_ERROR_BYTES, "");

int exchange_station_open(struct exchange_station *s, const char *device, struct port *port,
                          char error[PORT_ERROR_BYTES])
{
	char text[EXCHANGE_ERROR_BYTES] = "";
	int rc = 0;

	*s = (struct exchange_station){.port = port, .device = device, .is_own = port == NULL};
	if (port == NULL)
		rc = exchange_sender_open_port(&s->port, device, device, text);
	if (rc != 0)
		snprintf(error, PORT_ERROR_BYTES, "%.*s", (int)PORT_ERROR_BYTES - 1, text);
	else
		s->mac = port_mac(s->port);
	return rc;
}

int exchange_station_add(struct exchange_station *s, uint32_t address)
{
	for (uint32_t i = 0; i < s->host_count; i++)
		if (s->hosts[i]->options.address == address)
			return 0;
	if (s->mac == 0)
		s->mac = ether_of_address(address);
	struct host_options o = {.mac = s->mac,
	                         .address = address,
	                         .prefix_bits = ADDRESS_NET,
	                         .igmp = HOST_IGMP_OFF,
	                         .mtu = MTU,
	                         .seed = address};
	struct host *h = malloc(sizeof(*h));
	int rc = h == NULL ? -ENOMEM : host_init(h, &o);

	if (rc != 0)
		free(h);
	else
		s->hosts[s->host_count++] = h;
	return rc;
}

static void send(struct exchange_station *s, const uint8_t *frame, uint32_t bytes)
{
	struct port_frame f = {.data = frame, .bytes = bytes};
	uint32_t sent;

	port_send_burst(port_queue(s->port, 0), &f, 1, &sent);
	s->stats.refused += sent == 0;
}

static bool is_ours(const struct exchange_station *s, uint32_t address)
{
	for (uint32_t i = 0; i < s->host_count; i++)
		if (s->hosts[i]->options.address == address)
			return true;
	return false;
}

/* For hosts, if for anybody: ARP and ping. */
static void to_hosts(struct exchange_station *s, const struct packet *p, uint64_t now_ns)
{
	uint8_t out[FRAME_BYTES];

	for (uint32_t i = 0; i < s->host_count; i++) {
		struct host *h = s->hosts[i];

		if (!ipv4_host_may_want(p->data, p->bytes, h->options.address))
			continue;
		uint32_t bytes = host_on_frame(h, p->data, p->bytes, now_ns, out);

		if (bytes != 0)
			send(s, out, bytes);
	}
}

static void take(struct exchange_station *s, const struct packet *p,
                 const struct exchange_listener *l, uint64_t now_ns)
{
	const struct frame_options verified = {.verify_ip_checksum = true};
	struct datagram d;
	enum frame_verdict verdict = frame_parse(p->data, p->bytes, &verified, &d);

	s->stats.frames++;
	if (verdict == FRAME_NOT_IPV4 || verdict == FRAME_NOT_UDP) {
		to_hosts(s, p, now_ns);
		return;
	}
	if (verdict != FRAME_OK || d.vlan_count != 0 || !is_ours(s, d.destination_address))
		return;
	s->stats.datagrams++;
	l->hear(l->state, &d,
	        &(struct serve_peer){.mac = be48(p->data + ETHER_MAC_BYTES),
	                             .address = d.source_address,
	                             .port = d.source_port},
	        now_ns);
}

uint32_t exchange_station_receive(struct exchange_station *s, const struct exchange_listener *l,
                                  uint64_t now_ns)
{
	struct packet packets[PACKET_BURST_MAX];
	uint32_t count = port_receive(port_queue(s->port, 0), packets, PACKET_BURST_MAX, now_ns);

	for (uint32_t i = 0; i < count; i++)
		take(s, &packets[i], l, now_ns);
	return count;
}

void exchange_station_poll(struct exchange_station *s, uint64_t now_ns)
{
	uint8_t out[FRAME_BYTES];
	uint32_t bytes;

	port_poll(s->port, now_ns);
	bool link_up = port_stats(s->port)->link_up != 0;

	for (uint32_t i = 0; i < s->host_count; i++) {
		if (link_up && !s->link_up)
			host_on_link_up(s->hosts[i], now_ns);
		while ((bytes = host_poll(s->hosts[i], now_ns, out)) != 0)
			send(s, out, bytes);
	}
	s->link_up = link_up;
}

void exchange_station_send(struct exchange_station *s, uint32_t address, uint16_t port,
                           const struct serve_reply *r)
{
	uint8_t frame[FRAME_HEADER_BYTES + SERVE_REPLY_BYTES] = {0};

	memcpy(frame + FRAME_HEADER_BYTES, r->data, r->bytes);
	uint32_t bytes = frame_build(frame, r->bytes,
	                             &(struct frame_address){.source_address = address,
	                                                     .destination_address = r->peer.address,
	                                                     .source_port = port,
	                                                     .destination_port = r->peer.port});

	/* To the station it came from, which may be a router. */
	put_be48(frame, r->peer.mac);
	put_be48(frame + ETHER_MAC_BYTES, s->mac);
	send(s, frame, bytes < ETHER_FRAME_BYTES_MIN ? ETHER_FRAME_BYTES_MIN : bytes);
}

void exchange_station_close(struct exchange_station *s)
{
	for (uint32_t i = 0; i < s->host_count; i++)
		free(s->hosts[i]);
	if (s->is_own && s->port != NULL)
		port_close(s->port);
	*s = (struct exchange_station){0};
}
