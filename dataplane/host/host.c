/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/host/host.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dataplane/host/host_private.h"

#define MAC_GROUP_BIT (1ull << 40)

static_assert(HOST_HEADER_BYTES == ETHER_HEADER_BYTES_MAX, "one tag");
static_assert(HOST_MTU_MIN >= ETHER_FRAME_BYTES_MIN, "a padded frame fits");

/* The bits that tell the hosts of the network apart; none with /31 and /32, where every address is
 * a host's (RFC 3021). */
static uint32_t host_bits(uint8_t prefix_bits)
{
	return prefix_bits >= 31 ? 0 : UINT32_MAX >> prefix_bits;
}

bool host_is_no_host(const struct host *h, uint32_t address)
{
	uint32_t bits = host_bits(h->options.prefix_bits);
	bool ours = ((address ^ h->options.address) & ~bits) == 0;

	return address == 0 || address == UINT32_MAX || ipv4_is_multicast(address) ||
	       (ours && bits != 0 && ((address & bits) == 0 || (address & bits) == bits));
}

int host_init(struct host *h, const struct host_options *o)
{
	if (o->mac == 0 || (o->mac & MAC_GROUP_BIT) != 0 || o->mtu < HOST_MTU_MIN ||
	    o->prefix_bits == 0 || o->prefix_bits > 32)
		return -EINVAL;
	memset(h, 0, sizeof(*h));
	h->options = *o;
	if (host_is_no_host(h, o->address))
		return -EINVAL;
	h->announce_ns = UINT64_MAX;
	prng_init(&h->prng, o->seed);
	host_init_igmp(h);
	return 0;
}

void host_on_link_up(struct host *h, uint64_t now_ns)
{
	if (h->closed)
		return;
	host_start_arp(h, now_ns);
	host_start_resolve(h, now_ns);
	host_start_igmp(h, now_ns);
}

uint8_t *host_begin(const struct host *h, uint64_t mac, uint16_t type, uint8_t *out)
{
	const struct ether e = {.destination = mac,
	                        .source = h->options.mac,
	                        .vlan = h->options.vlan,
	                        .type = type};

	return out + ether_build(out, &e);
}

uint32_t host_end(uint8_t *out, uint8_t *end)
{
	uint32_t bytes = (uint32_t)(end - out);

	if (bytes >= ETHER_FRAME_BYTES_MIN)
		return bytes;
	memset(end, 0, ETHER_FRAME_BYTES_MIN - bytes);
	return ETHER_FRAME_BYTES_MIN;
}

static uint32_t on_ipv4(struct host *h, const struct ether *e, uint64_t now_ns, uint8_t *out)
{
	struct ipv4 ip;

	switch (ipv4_parse(e->payload, e->payload_bytes, &ip)) {
	case IPV4_OK:
		break;
	case IPV4_MALFORMED:
		h->stats.malformed++;
		return 0;
	case IPV4_BAD_CHECKSUM:
		h->stats.bad_checksum++;
		return 0;
	case IPV4_FRAGMENT:
		h->stats.fragments++;
		return 0;
	}
	if (ip.protocol == IPV4_PROTOCOL_ICMP)
		return host_on_icmp(h, e, &ip, now_ns, out);
	if (ip.protocol == IPV4_PROTOCOL_IGMP)
		host_on_igmp(h, &ip, now_ns);
	else
		h->stats.ignored++;
	return 0;
}

uint32_t host_on_frame(struct host *h, const uint8_t *frame, uint32_t bytes, uint64_t now_ns,
                       uint8_t *out)
{
	struct ether e;

	if (h->closed)
		return 0;
	if (!ether_parse(frame, bytes, &e)) {
		h->stats.malformed++;
		return 0;
	}
	/* Another VLAN's, or our own frame that came round. */
	if (e.vlan != h->options.vlan || e.tag_count > 1 || e.source == h->options.mac) {
		h->stats.ignored++;
		return 0;
	}
	if (e.type == ETHER_TYPE_ARP)
		return host_on_arp(h, &e, now_ns, out);
	if (e.type == ETHER_TYPE_IPV4)
		return on_ipv4(h, &e, now_ns, out);
	h->stats.ignored++;
	return 0;
}

uint32_t host_poll(struct host *h, uint64_t now_ns, uint8_t *out)
{
	uint32_t bytes = host_poll_arp(h, now_ns, out);

	if (bytes == 0 && !h->closed)
		bytes = host_poll_resolve(h, now_ns, out);
	return bytes != 0 ? bytes : host_poll_igmp(h, now_ns, out);
}

void host_leave(struct host *h)
{
	if (h->closed)
		return;
	h->closed = true;
	h->announce_ns = UINT64_MAX;
	host_leave_igmp(h);
}
