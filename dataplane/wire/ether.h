/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ethernet headers of frames that are no market data: who to whom, in which VLAN, of what type.
 * 0-2 tags are read (0x8100, 0x88a8, 0x9100), at most one is written. Pure.
 */
#ifndef DATAPLANE_WIRE_ETHER_H
#define DATAPLANE_WIRE_ETHER_H

#include <stdbool.h>
#include <stdint.h>

#define ETHER_MAC_BYTES        6u
#define ETHER_HEADER_BYTES_MAX 18u /* as written: with one tag */
#define ETHER_FRAME_BYTES_MIN  60u /* without checksum; shorter frames are padded */
#define ETHER_TYPE_IPV4        0x0800u
#define ETHER_TYPE_ARP         0x0806u

struct ether {
	uint64_t destination; /* MAC, the first octet in bits 40-47 */
	uint64_t source;
	uint16_t vlan; /* outermost VLAN id; 0: no tag, or a tag for priority only */
	uint16_t type;
	uint8_t tag_count;
	const uint8_t *payload; /* behind the type, to the frame's end: padding included */
	uint32_t payload_bytes;
};

#define ETHER_BROADCAST 0xffffffffffffull

/* False: shorter than its headers, or more than two tags. Fills *out only on true. */
bool ether_parse(const uint8_t *frame, uint32_t bytes, struct ether *out);
/* Writes destination, source, a tag where vlan is not 0, and type. Returns 14 or 18. */
uint32_t ether_build(uint8_t *frame, const struct ether *e);
/* The address of a multicast group: its lower 23 bits (RFC 1112). */
uint64_t ether_of_group(uint32_t group);
/* A locally administered address out of an IPv4 address, for devices that have none. */
uint64_t ether_of_address(uint32_t address);

#endif
