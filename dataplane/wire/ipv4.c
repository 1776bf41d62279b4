/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ipv4.h"

#include <assert.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ether.h"

#define FRAGMENT_MASK       0x3fffu /* more fragments, offset */
#define OPTION_END          0u
#define OPTION_NOP          1u
#define OPTION_ROUTER_ALERT 0x94u
#define ROUTER_ALERT        0x94040000u /* "every router shall examine this packet" */

static_assert(IPV4_ALERT_BYTES == IPV4_HEADER_BYTES + sizeof(uint32_t), "one option");

/* Options that contradict themselves end the search: what stands before them counts. */
static bool has_router_alert(const uint8_t *options, uint32_t bytes)
{
	uint32_t at = 0;

	while (at < bytes && options[at] != OPTION_END) {
		if (options[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (bytes - at < 2 || options[at + 1] < 2 || options[at + 1] > bytes - at)
			return false;
		if (options[at] == OPTION_ROUTER_ALERT && options[at + 1] == 4)
			return true;
		at += options[at + 1];
	}
	return false;
}

enum ipv4_verdict ipv4_parse(const uint8_t *p, uint32_t bytes, struct ipv4 *out)
{
	if (bytes < IPV4_HEADER_BYTES || p[0] >> 4 != 4)
		return IPV4_MALFORMED;
	uint32_t header_bytes = (p[0] & 15u) * 4u;
	uint32_t total_bytes = be16(p + 2);

	if (header_bytes < IPV4_HEADER_BYTES || total_bytes < header_bytes || total_bytes > bytes)
		return IPV4_MALFORMED;
	if (!checksum_is_right(p, header_bytes))
		return IPV4_BAD_CHECKSUM;
	*out = (struct ipv4){
	        .source = be32(p + 12),
	        .destination = be32(p + 16),
	        .id = be16(p + 4),
	        .protocol = p[9],
	        .ttl = p[8],
	        .tos = p[1],
	        .router_alert =
	                has_router_alert(p + IPV4_HEADER_BYTES, header_bytes - IPV4_HEADER_BYTES),
	};
	if ((be16(p + 6) & FRAGMENT_MASK) != 0)
		return IPV4_FRAGMENT;
	out->payload = p + header_bytes;
	out->payload_bytes = total_bytes - header_bytes;
	return IPV4_OK;
}

uint32_t ipv4_build(uint8_t *p, const struct ipv4 *h)
{
	uint32_t header_bytes = h->router_alert ? IPV4_ALERT_BYTES : IPV4_HEADER_BYTES;

	assert(h->payload_bytes <= UINT16_MAX - header_bytes);
	p[0] = (uint8_t)(0x40 | header_bytes / 4);
	p[1] = h->tos;
	put_be16(p + 2, (uint16_t)(header_bytes + h->payload_bytes));
	put_be16(p + 4, h->id);
	put_be16(p + 6, 0);
	p[8] = h->ttl;
	p[9] = h->protocol;
	put_le16(p + 10, 0);
	put_be32(p + 12, h->source);
	put_be32(p + 16, h->destination);
	if (h->router_alert)
		put_be32(p + IPV4_HEADER_BYTES, ROUTER_ALERT);
	put_le16(p + 10, checksum_of(p, header_bytes));
	return header_bytes;
}

bool ipv4_host_may_want(const uint8_t *frame, uint32_t bytes, uint32_t address)
{
	struct ether e;

	if (!ether_parse(frame, bytes, &e))
		return false;
	if (e.type == ETHER_TYPE_ARP)
		return true;
	if (e.type != ETHER_TYPE_IPV4 || e.payload_bytes < IPV4_HEADER_BYTES)
		return false;
	if (e.payload[9] == IPV4_PROTOCOL_ICMP)
		return be32(e.payload + 16) == address;
	return e.payload[9] == IPV4_PROTOCOL_IGMP;
}
