/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ARP: which MAC has this IPv4 address? Requests and replies for Ethernet and IPv4; any other kind
 * is refused. Pure; RFC 826, 5227.
 */
#ifndef DATAPLANE_WIRE_ARP_H
#define DATAPLANE_WIRE_ARP_H

#include <stdbool.h>
#include <stdint.h>

#define ARP_BYTES 28u

enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp {
	enum arp_operation operation;
	uint64_t sender_mac;     /* as in ether.h */
	uint32_t sender_address; /* host order; 0: a probe, the sender has no address yet */
	uint64_t target_mac;
	uint32_t target_address;
};

/* False: too short, not Ethernet and IPv4, or another operation. */
bool arp_parse(const uint8_t *p, uint32_t bytes, struct arp *out);
/* Writes ARP_BYTES; returns them. */
uint32_t arp_build(uint8_t *p, const struct arp *a);

#endif
