/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ARP: the address is announced, answered for and defended. Other hosts' addresses are sought in
 * host_resolve.c.
 */
#include "dataplane/host/host_private.h"
#include "dataplane/wire/arp.h"

#define ANNOUNCEMENTS        2u /* RFC 5227, 1.1 */
#define ANNOUNCE_INTERVAL_NS (2 * HOST_SECOND_NS)
#define DEFEND_INTERVAL_NS   (10 * HOST_SECOND_NS)

void host_start_arp(struct host *h, uint64_t now_ns)
{
	h->announce_left = ANNOUNCEMENTS;
	h->announce_ns = now_ns;
}

static uint32_t announce(struct host *h, uint8_t *out)
{
	const struct arp a = {
	        .operation = ARP_REQUEST,
	        .sender_mac = h->options.mac,
	        .sender_address = h->options.address,
	        .target_address = h->options.address,
	};
	uint8_t *p = host_begin(h, ETHER_BROADCAST, ETHER_TYPE_ARP, out);

	h->stats.arp_announcements++;
	return host_end(out, p + arp_build(p, &a));
}

uint32_t host_poll_arp(struct host *h, uint64_t now_ns, uint8_t *out)
{
	if (now_ns < h->announce_ns)
		return 0;
	h->announce_ns = --h->announce_left > 0 ? now_ns + ANNOUNCE_INTERVAL_NS : UINT64_MAX;
	return announce(h, out);
}

/* Somebody else says that the address is his: he is told once per while that it is ours, and people
 * are told by a counter. Going on regardless is what a server does (RFC 5227, 2.4 b and c). */
static uint32_t defend(struct host *h, const struct arp *a, uint64_t now_ns, uint8_t *out)
{
	h->stats.arp_conflicts++;
	h->conflict_mac = a->sender_mac;
	if (now_ns < h->defend_ns)
		return 0;
	h->defend_ns = now_ns + DEFEND_INTERVAL_NS;
	return announce(h, out);
}

static uint32_t reply(struct host *h, const struct arp *question, uint8_t *out)
{
	const struct arp a = {
	        .operation = ARP_REPLY,
	        .sender_mac = h->options.mac,
	        .sender_address = h->options.address,
	        .target_mac = question->sender_mac,
	        .target_address = question->sender_address,
	};
	uint8_t *p = host_begin(h, question->sender_mac, ETHER_TYPE_ARP, out);

	h->stats.arp_replies++;
	return host_end(out, p + arp_build(p, &a));
}

uint32_t host_on_arp(struct host *h, const struct ether *e, uint64_t now_ns, uint8_t *out)
{
	struct arp a;

	if (!arp_parse(e->payload, e->payload_bytes, &a)) {
		h->stats.malformed++;
		return 0;
	}
	if (a.sender_address == h->options.address) {
		if (a.sender_mac != h->options.mac)
			return defend(h, &a, now_ns, out);
		h->stats.ignored++;
		return 0;
	}
	if (host_hear_neighbour(h, &a, now_ns))
		return 0;
	if (a.operation != ARP_REQUEST || a.target_address != h->options.address) {
		h->stats.ignored++;
		return 0;
	}
	h->stats.arp_requests++;
	return reply(h, &a, out);
}
