/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Frame: Ethernet, 0-2 VLAN tags (0x8100, 0x88a8, 0x9100), IPv4 (options allowed), UDP -> payload.
 *
 * Lengths come from IP and UDP, never from the frame: captures and switches add trailers. IP and
 * UDP checksums are verified only when asked for, since official captures carry wrong ones. Pure;
 * reads data[0..bytes) only.
 */
#ifndef DATAPLANE_WIRE_FRAME_H
#define DATAPLANE_WIRE_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

#define FRAME_VLAN_MAX     2u
#define FRAME_HEADER_BYTES 42u /* without tags and options */
#define FRAME_BYTES_MIN    60u /* Ethernet's, without its checksum */

enum frame_verdict {
	FRAME_OK,
	FRAME_RUNT,              /* shorter than its own headers */
	FRAME_VLAN_DEPTH,        /* more than FRAME_VLAN_MAX tags */
	FRAME_NOT_IPV4,          /* other EtherType, or IP version not 4 */
	FRAME_BAD_IP_HEADER,     /* header length < 20, or total length < header length */
	FRAME_IP_BEYOND_CAPTURE, /* IP total length beyond the captured bytes */
	FRAME_FRAGMENT,          /* MF set or offset not 0 */
	FRAME_NOT_UDP,
	FRAME_BAD_UDP_LENGTH, /* UDP length < 8 or beyond the IP payload */
	FRAME_BAD_CHECKSUM,   /* only when verification was asked for */
	FRAME_VERDICT_COUNT,
};

struct frame_options {
	bool verify_ip_checksum;
	bool verify_udp_checksum; /* a checksum of 0 means "none" and passes */
};

struct datagram {
	const uint8_t *payload;
	uint32_t payload_bytes;
	uint32_t source_address;      /* host order */
	uint32_t destination_address; /* host order */
	uint16_t source_port;
	uint16_t destination_port;
	uint16_t vlan[FRAME_VLAN_MAX]; /* VLAN ids, outermost first */
	uint8_t vlan_count;
};

/* Fills *out only on FRAME_OK. */
enum frame_verdict frame_parse(const uint8_t *data, uint32_t bytes, const struct frame_options *o,
                               struct datagram *out);

/* The frame that almost all are: no tag, no IP options, no fragment, nothing to verify. True: *out
 * is what frame_parse() would make of it, ports and addresses included. False: ask frame_parse().
 */
static inline bool frame_parse_plain(const uint8_t *data, uint32_t bytes,
                                     const struct frame_options *o, struct datagram *out)
{
	if (bytes < FRAME_HEADER_BYTES || o->verify_ip_checksum || o->verify_udp_checksum)
		return false;
	/* EtherType, version, length; then fragment bits (DF and the reserved one may be set), and
	 * the protocol. Masks in the order of a little-endian load. */
	uint32_t head = le32(data + 12) & 0x00ffffff;
	uint32_t middle = le32(data + 20) & 0xff00ff3f;
	uint32_t total_bytes = be16(data + 16);
	uint32_t udp_bytes = be16(data + 38);

	if (head != 0x00450008 || middle != 0x11000000)
		return false;
	if (total_bytes > bytes - 14 || udp_bytes < 8 || udp_bytes + 20 > total_bytes)
		return false;
	out->payload = data + FRAME_HEADER_BYTES;
	out->payload_bytes = udp_bytes - 8;
	out->source_address = be32(data + 26);
	out->destination_address = be32(data + 30);
	out->source_port = be16(data + 34);
	out->destination_port = be16(data + 36);
	out->vlan_count = 0;
	return true;
}

/* Stable lower-case id of a verdict ("bad_udp_length"), for counters and text. */
const char *frame_verdict_name(enum frame_verdict v);

/* Writes Ethernet + IPv4 + UDP headers (FRAME_HEADER_BYTES, no VLAN, correct checksums) in front of
 * payload_bytes that already stand at frame + FRAME_HEADER_BYTES. Returns the frame's length. For
 * multicast destinations the MAC is derived from the group (RFC 1112), for others it is a locally
 * administered one derived from the address. */
struct frame_address {
	uint32_t source_address;
	uint32_t destination_address;
	uint16_t source_port;
	uint16_t destination_port;
};
uint32_t frame_build(uint8_t *frame, uint32_t payload_bytes, const struct frame_address *a);

/* The same for one that goes to a known station, perhaps in a VLAN: headers in front of
 * payload_bytes that already stand at frame + frame_path_bytes(). A frame shorter than Ethernet's
 * least is padded with zeros: the frame must have room for FRAME_BYTES_MIN. */
struct frame_path {
	uint64_t destination_mac; /* as in ether.h */
	uint64_t source_mac;
	struct frame_address address;
	uint16_t vlan; /* 0: untagged */
};

static inline uint32_t frame_path_bytes(uint16_t vlan)
{
	return vlan == 0 ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + 4;
}

uint32_t frame_build_path(uint8_t *frame, uint32_t payload_bytes, const struct frame_path *p);

#endif
