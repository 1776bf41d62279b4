/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/arp.h"

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/ether.h"

#define HARDWARE_ETHERNET 1u
#define ADDRESS_BYTES     4u

bool arp_parse(const uint8_t *p, uint32_t bytes, struct arp *out)
{
	if (bytes < ARP_BYTES || be16(p) != HARDWARE_ETHERNET || be16(p + 2) != ETHER_TYPE_IPV4 ||
	    p[4] != ETHER_MAC_BYTES || p[5] != ADDRESS_BYTES)
		return false;
	uint16_t operation = be16(p + 6);

	if (operation != ARP_REQUEST && operation != ARP_REPLY)
		return false;
	*out = (struct arp){
	        .operation = operation,
	        .sender_mac = be48(p + 8),
	        .sender_address = be32(p + 14),
	        .target_mac = be48(p + 18),
	        .target_address = be32(p + 24),
	};
	return true;
}

uint32_t arp_build(uint8_t *p, const struct arp *a)
{
	put_be16(p, HARDWARE_ETHERNET);
	put_be16(p + 2, ETHER_TYPE_IPV4);
	p[4] = ETHER_MAC_BYTES;
	p[5] = ADDRESS_BYTES;
	put_be16(p + 6, (uint16_t)a->operation);
	put_be48(p + 8, a->sender_mac);
	put_be32(p + 14, a->sender_address);
	put_be48(p + 18, a->target_mac);
	put_be32(p + 24, a->target_address);
	return ARP_BYTES;
}
