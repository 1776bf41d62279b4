/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/frame.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ether.h"

#define ETHER_BYTES    14u
#define VLAN_TAG_BYTES 4u
#define IPV4_BYTES_MIN 20u
#define UDP_BYTES      8u

#define IPV4_MORE_FRAGMENTS  0x2000u
#define IPV4_DONT_FRAGMENT   0x4000u
#define IPV4_FRAGMENT_OFFSET 0x1fffu
#define IP_PROTOCOL_UDP      17u
#define IPV4_TTL             64u

static_assert(FRAME_HEADER_BYTES == ETHER_BYTES + IPV4_BYTES_MIN + UDP_BYTES,
              "frame_build() writes no VLAN tag and no IP options");

static_assert(FRAME_BYTES_MIN == ETHER_FRAME_BYTES_MIN, "the same least");

static const char *const verdict_names[] = {
        [FRAME_OK] = "ok",
        [FRAME_RUNT] = "runt",
        [FRAME_VLAN_DEPTH] = "vlan_depth",
        [FRAME_NOT_IPV4] = "not_ipv4",
        [FRAME_BAD_IP_HEADER] = "bad_ip_header",
        [FRAME_IP_BEYOND_CAPTURE] = "ip_beyond_capture",
        [FRAME_FRAGMENT] = "fragment",
        [FRAME_NOT_UDP] = "not_udp",
        [FRAME_BAD_UDP_LENGTH] = "bad_udp_length",
        [FRAME_BAD_CHECKSUM] = "bad_checksum",
};
static_assert(sizeof(verdict_names) / sizeof(verdict_names[0]) == FRAME_VERDICT_COUNT,
              "every verdict has a name");

const char *frame_verdict_name(enum frame_verdict v)
{
	assert((unsigned)v < FRAME_VERDICT_COUNT);
	return verdict_names[v];
}

/* Folded sum over pseudo header and datagram: 0xffff when a checksum that is included is right. */
static uint16_t udp_sum(const uint8_t *ip, const uint8_t *udp, uint32_t udp_bytes)
{
	uint64_t sum = checksum_add(0, ip + 12, 8);

	sum += __builtin_bswap16((uint16_t)IP_PROTOCOL_UDP);
	sum += __builtin_bswap16((uint16_t)udp_bytes);
	return checksum_fold(checksum_add(sum, udp, udp_bytes));
}

static bool is_vlan(uint16_t ether_type)
{
	return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100;
}

/* IPv4 and UDP of a frame whose Ethernet part ends before ip. */
static enum frame_verdict parse_ipv4(const uint8_t *ip, uint32_t bytes,
                                     const struct frame_options *o, struct datagram *d)
{
	if (bytes < IPV4_BYTES_MIN)
		return FRAME_RUNT;
	if (ip[0] >> 4 != 4)
		return FRAME_NOT_IPV4;
	uint32_t header_bytes = (ip[0] & 15u) * 4u;
	uint32_t total_bytes = be16(ip + 2);

	if (header_bytes < IPV4_BYTES_MIN || total_bytes < header_bytes)
		return FRAME_BAD_IP_HEADER;
	if (total_bytes > bytes)
		return FRAME_IP_BEYOND_CAPTURE;
	if (o->verify_ip_checksum && checksum_fold(checksum_add(0, ip, header_bytes)) != 0xffff)
		return FRAME_BAD_CHECKSUM;
	if ((be16(ip + 6) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)) != 0)
		return FRAME_FRAGMENT;
	if (ip[9] != IP_PROTOCOL_UDP)
		return FRAME_NOT_UDP;
	const uint8_t *udp = ip + header_bytes;
	uint32_t room = total_bytes - header_bytes;

	if (room < UDP_BYTES)
		return FRAME_BAD_UDP_LENGTH;
	uint32_t udp_bytes = be16(udp + 4);

	if (udp_bytes < UDP_BYTES || udp_bytes > room)
		return FRAME_BAD_UDP_LENGTH;
	if (o->verify_udp_checksum && be16(udp + 6) != 0 && udp_sum(ip, udp, udp_bytes) != 0xffff)
		return FRAME_BAD_CHECKSUM;
	d->payload = udp + UDP_BYTES;
	d->payload_bytes = udp_bytes - UDP_BYTES;
	d->source_address = be32(ip + 12);
	d->destination_address = be32(ip + 16);
	d->source_port = be16(udp);
	d->destination_port = be16(udp + 2);
	return FRAME_OK;
}

enum frame_verdict frame_parse(const uint8_t *data, uint32_t bytes, const struct frame_options *o,
                               struct datagram *out)
{
	struct datagram d = {0};
	uint32_t at = ETHER_BYTES; /* first byte after the EtherType that counts */

	if (bytes < ETHER_BYTES)
		return FRAME_RUNT;
	uint16_t ether_type = be16(data + at - 2);

	while (is_vlan(ether_type)) {
		if (d.vlan_count == FRAME_VLAN_MAX)
			return FRAME_VLAN_DEPTH;
		if (bytes - at < VLAN_TAG_BYTES)
			return FRAME_RUNT;
		d.vlan[d.vlan_count++] = be16(data + at) & 0x0fff;
		at += VLAN_TAG_BYTES;
		ether_type = be16(data + at - 2);
	}
	if (ether_type != ETHER_TYPE_IPV4)
		return FRAME_NOT_IPV4;
	enum frame_verdict v = parse_ipv4(data + at, bytes - at, o, &d);

	if (v == FRAME_OK)
		*out = d;
	return v;
}

static void put_mac(uint8_t *mac, uint32_t address)
{
	if (address >> 28 == 0xe) { /* RFC 1112: the lower 23 bits of the group */
		put_be16(mac, 0x0100);
		put_be32(mac + 2, 0x5e000000u | (address & 0x007fffffu));
	} else {
		put_be16(mac, 0x0200);
		put_be32(mac + 2, address);
	}
}

/* IPv4 and UDP headers in front of the payload; unfragmented, checksums right. */
static void put_headers(uint8_t *ip, uint32_t payload_bytes, const struct frame_address *a)
{
	uint8_t *udp = ip + IPV4_BYTES_MIN;
	uint32_t udp_bytes = UDP_BYTES + payload_bytes;

	assert(payload_bytes <= UINT16_MAX - IPV4_BYTES_MIN - UDP_BYTES);
	ip[0] = 0x45;
	ip[1] = 0;
	put_be16(ip + 2, (uint16_t)(IPV4_BYTES_MIN + udp_bytes));
	put_be16(ip + 4, 0);
	put_be16(ip + 6, IPV4_DONT_FRAGMENT);
	ip[8] = IPV4_TTL;
	ip[9] = IP_PROTOCOL_UDP;
	put_le16(ip + 10, 0);
	put_be32(ip + 12, a->source_address);
	put_be32(ip + 16, a->destination_address);
	put_le16(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_BYTES_MIN)));
	put_be16(udp, a->source_port);
	put_be16(udp + 2, a->destination_port);
	put_be16(udp + 4, (uint16_t)udp_bytes);
	put_le16(udp + 6, 0);
	uint16_t checksum = (uint16_t)~udp_sum(ip, udp, udp_bytes);

	/* 0 would mean "no checksum"; 0xffff is the same sum. */
	put_le16(udp + 6, checksum == 0 ? 0xffff : checksum);
}

uint32_t frame_build(uint8_t *frame, uint32_t payload_bytes, const struct frame_address *a)
{
	put_mac(frame, a->destination_address);
	put_mac(frame + 6, a->source_address);
	put_be16(frame + 12, ETHER_TYPE_IPV4);
	put_headers(frame + ETHER_BYTES, payload_bytes, a);
	return FRAME_HEADER_BYTES + payload_bytes;
}

uint32_t frame_build_path(uint8_t *frame, uint32_t payload_bytes, const struct frame_path *p)
{
	const struct ether e = {.destination = p->destination_mac,
	                        .source = p->source_mac,
	                        .vlan = p->vlan,
	                        .type = ETHER_TYPE_IPV4};
	uint32_t bytes = frame_path_bytes(p->vlan) + payload_bytes;

	put_headers(frame + ether_build(frame, &e), payload_bytes, &p->address);
	if (bytes >= FRAME_BYTES_MIN)
		return bytes;
	memset(frame + bytes, 0, FRAME_BYTES_MIN - bytes);
	return FRAME_BYTES_MIN;
}
