/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Frames to a host, one after the other out of one input: it parses ARP, IPv4, ICMP and IGMP, and
 * whatever it says in return must be a frame that it could take itself.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/host/host.h"
#include "dataplane/wire/arp.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ether.h"
#include "dataplane/wire/igmp.h"
#include "dataplane/wire/ipv4.h"
#include "tests/fuzz/target.h"

#define ADDRESS  0x0a010203u
#define GROUP    0xef010101u
#define MAC      0x020000000003ull
#define MTU      576u
#define POLL_MAX 64u

static void check(const uint8_t *frame, uint32_t bytes)
{
	struct ether e;
	struct ipv4 ip;
	struct arp a;

	if (bytes < ETHER_FRAME_BYTES_MIN || bytes > MTU + HOST_HEADER_BYTES ||
	    !ether_parse(frame, bytes, &e) || e.source != MAC)
		abort();
	if (e.type == ETHER_TYPE_ARP) {
		if (!arp_parse(e.payload, e.payload_bytes, &a))
			abort();
		return;
	}
	if (e.type != ETHER_TYPE_IPV4 || ipv4_parse(e.payload, e.payload_bytes, &ip) != IPV4_OK ||
	    ip.source != ADDRESS)
		abort();
}

static void poll(struct host *h, uint64_t now_ns, uint8_t *out)
{
	uint32_t bytes;

	for (uint32_t i = 0; (bytes = host_poll(h, now_ns, out)) != 0; i++) {
		check(out, bytes);
		if (i == POLL_MAX)
			abort(); /* it does not end */
	}
}

/* Puts the checksums right: with wrong ones nothing gets far. */
static void repair(uint8_t *frame, uint32_t bytes)
{
	struct ether e;

	if (!ether_parse(frame, bytes, &e) || e.type != ETHER_TYPE_IPV4 ||
	    e.payload_bytes < IPV4_HEADER_BYTES)
		return;
	uint8_t *ip = frame + (e.payload - frame);
	uint32_t header_bytes = (ip[0] & 15u) * 4u;
	uint32_t total_bytes = be16(ip + 2);

	if (header_bytes < IPV4_HEADER_BYTES || header_bytes > e.payload_bytes)
		return;
	put_le16(ip + 10, 0);
	put_le16(ip + 10, checksum_of(ip, header_bytes));
	if (total_bytes > e.payload_bytes || total_bytes < header_bytes + 4)
		return;
	put_le16(ip + header_bytes + 2, 0);
	put_le16(ip + header_bytes + 2, checksum_of(ip + header_bytes, total_bytes - header_bytes));
}

/* The input: frames behind two bytes each, the length (11 bits) and how long after the one before
 * (seconds). Each stands in memory of its own size, so that a sanitizer sees a byte too far. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const struct host_options o = {
	        .mac = MAC, .address = ADDRESS, .prefix_bits = 24, .mtu = MTU, .seed = 1};
	static struct host h;
	uint8_t *out = malloc(MTU + HOST_HEADER_BYTES);
	uint64_t now_ns = 1;

	if (out == NULL || host_init(&h, &o) != 0 || host_join(&h, GROUP, 0) != 0 ||
	    host_join(&h, GROUP + 1, 0x0a000001) != 0)
		abort();
	host_on_link_up(&h, now_ns);
	while (bytes >= 2) {
		uint32_t length = (uint32_t)(data[0] & 7u) << 8 | data[1];

		now_ns += (uint64_t)(data[0] >> 3) * 1000000000u;
		data += 2;
		bytes -= 2;
		if (length > bytes)
			length = (uint32_t)bytes;
		uint8_t *frame = malloc(length + 1);

		if (frame == NULL)
			abort();
		memcpy(frame, data, length);
		repair(frame, length);
		uint32_t answer = host_on_frame(&h, frame, length, now_ns, out);

		free(frame);
		if (answer != 0)
			check(out, answer);
		poll(&h, now_ns, out);
		data += length;
		bytes -= length;
	}
	host_leave(&h);
	poll(&h, now_ns, out);
	free(out);
	return 0;
}

/* A frame at `frame` gets its length written before it. */
static size_t measured(uint8_t *input, uint32_t bytes)
{
	put_be16(input, (uint16_t)(bytes | 1u << 11));
	return bytes + 2;
}

static size_t seed_query(uint8_t *input)
{
	static const uint8_t query[] = {0x11, 10, 0,  0, 239, 1, 1,  2, 2, 125,
	                                0,    2,  10, 0, 0,   1, 10, 0, 0, 2};
	const struct ether e = {
	        .destination = ether_of_group(GROUP), .source = 1, .type = ETHER_TYPE_IPV4};
	const struct ipv4 ip = {.source = 0x0a010201,
	                        .destination = GROUP + 1,
	                        .protocol = IPV4_PROTOCOL_IGMP,
	                        .ttl = 1,
	                        .router_alert = true,
	                        .payload_bytes = sizeof(query)};
	uint8_t *frame = input + 2;
	uint32_t at = ether_build(frame, &e);

	at += ipv4_build(frame + at, &ip);
	memcpy(frame + at, query, sizeof(query));
	return measured(input, at + (uint32_t)sizeof(query));
}

static size_t seed_ping(uint8_t *input)
{
	static const uint8_t ping[] = {8, 0, 0x96, 0x9a, 0, 1, 0, 2, 'a', 'b'};
	const struct ether e = {.destination = MAC, .source = 1, .type = ETHER_TYPE_IPV4};
	const struct ipv4 ip = {.source = 0x0a010201,
	                        .destination = ADDRESS,
	                        .protocol = IPV4_PROTOCOL_ICMP,
	                        .ttl = 64,
	                        .payload_bytes = sizeof(ping)};
	uint8_t *frame = input + 2;
	uint32_t at = ether_build(frame, &e);

	at += ipv4_build(frame + at, &ip);
	memcpy(frame + at, ping, sizeof(ping));
	return measured(input, at + (uint32_t)sizeof(ping));
}

static size_t seed_arp(uint8_t *input)
{
	const struct ether e = {
	        .destination = ETHER_BROADCAST, .source = 1, .type = ETHER_TYPE_ARP};
	const struct arp a = {.operation = ARP_REQUEST,
	                      .sender_mac = 1,
	                      .sender_address = 0x0a010201,
	                      .target_address = ADDRESS};
	uint32_t at = ether_build(input + 2, &e);

	return measured(input, at + arp_build(input + 2 + at, &a));
}

const struct fuzz_seed *fuzz_seeds(uint32_t *count)
{
	static uint8_t all[512];
	static uint8_t ping[128];
	static uint8_t arp[128];
	static struct fuzz_seed seeds[3];
	size_t bytes = seed_arp(all);

	bytes += seed_query(all + bytes);
	bytes += seed_ping(all + bytes);
	bytes += seed_query(all + bytes);
	seeds[0] = (struct fuzz_seed){all, bytes};
	seeds[1] = (struct fuzz_seed){ping, seed_ping(ping)};
	seeds[2] = (struct fuzz_seed){arp, seed_arp(arp)};
	*count = 3;
	return seeds;
}
