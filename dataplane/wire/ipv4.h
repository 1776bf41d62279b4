/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IPv4 packets that are no market data: what hosts say to each other (ICMP, IGMP). Lengths come
 * from the header, never from the frame; the header's checksum is always verified. frame.h reads
 * market data, and does so with less. Pure; RFC 791, 1122, router alert 2113.
 */
#ifndef DATAPLANE_WIRE_IPV4_H
#define DATAPLANE_WIRE_IPV4_H

#include <stdbool.h>
#include <stdint.h>

#define IPV4_PROTOCOL_ICMP 1u
#define IPV4_PROTOCOL_IGMP 2u
#define IPV4_HEADER_BYTES  20u /* without options */
#define IPV4_ALERT_BYTES   24u /* with router alert */
#define IPV4_TTL_DEFAULT   64u
#define IPV4_TOS_CONTROL   0xc0u /* internetwork control */

enum ipv4_verdict {
	IPV4_OK,
	IPV4_MALFORMED, /* shorter than it says, not version 4, lengths that contradict each other
	                 */
	IPV4_BAD_CHECKSUM,
	IPV4_FRAGMENT, /* fields but for the payload are filled */
};

struct ipv4 {
	uint32_t source; /* host order */
	uint32_t destination;
	uint16_t id;
	uint8_t protocol;
	uint8_t ttl;
	uint8_t tos;
	bool router_alert;
	const uint8_t *payload;
	uint32_t payload_bytes;
};

/* p[0..bytes): from the IP header on; what follows the packet is padding. */
enum ipv4_verdict ipv4_parse(const uint8_t *p, uint32_t bytes, struct ipv4 *out);
/* Writes the header of a packet of payload_bytes, which are to stand behind it, with the router
 * alert option where wanted; unfragmented, checksum right. Returns its length, 20 or 24. */
uint32_t ipv4_build(uint8_t *p, const struct ipv4 *h);

/* May a frame be for the host that has this address: ARP, IGMP, or ICMP to the address? Looks at
 * types alone, to be asked of frames that are no UDP datagrams. */
bool ipv4_host_may_want(const uint8_t *frame, uint32_t bytes, uint32_t address);

static inline bool ipv4_is_multicast(uint32_t address)
{
	return address >> 28 == 0xe;
}

#endif
