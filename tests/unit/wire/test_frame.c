/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/frame.h"
#include "tests/unit/suite.h"

static const struct frame_options lenient = {false, false};
static const struct frame_options strict = {true, true};
static const struct frame_address address = {
        .source_address = 0xc0a80102,
        .destination_address = 0xe9360c6f,
        .source_port = 4000,
        .destination_port = 26477,
};
static const char text[] = "payload of odd length";
#define TEXT_BYTES ((uint32_t)sizeof(text) - 1)

static uint8_t frame[256];
static uint32_t frame_bytes;

static void fresh(void)
{
	memset(frame, 0xee, sizeof(frame));
	memcpy(frame + FRAME_HEADER_BYTES, text, TEXT_BYTES);
	frame_bytes = frame_build(frame, TEXT_BYTES, &address);
}

/* Opens a hole of `bytes` at `at`. */
static void insert(uint32_t at, uint32_t bytes)
{
	memmove(frame + at + bytes, frame + at, frame_bytes - at);
	memset(frame + at, 0, bytes);
	frame_bytes += bytes;
}

static void insert_vlan(uint16_t ether_type, uint16_t tci)
{
	insert(12, 4);
	put_be16(frame + 12, ether_type);
	put_be16(frame + 14, tci);
}

static enum frame_verdict parse(void)
{
	struct datagram d;

	return frame_parse(frame, frame_bytes, &lenient, &d);
}

static void test_build_and_parse(void)
{
	struct datagram d;

	fresh();
	CU_ASSERT_EQUAL(frame_bytes, FRAME_HEADER_BYTES + TEXT_BYTES);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &strict, &d), FRAME_OK);
	CU_ASSERT_EQUAL(d.payload_bytes, TEXT_BYTES);
	CU_ASSERT_EQUAL(memcmp(d.payload, text, TEXT_BYTES), 0);
	CU_ASSERT_EQUAL(d.source_address, address.source_address);
	CU_ASSERT_EQUAL(d.destination_address, address.destination_address);
	CU_ASSERT_EQUAL(d.source_port, address.source_port);
	CU_ASSERT_EQUAL(d.destination_port, address.destination_port);
	CU_ASSERT_EQUAL(d.vlan_count, 0);
	/* RFC 1112: 23 bits of the group; others: locally administered, unicast. */
	CU_ASSERT_EQUAL(memcmp(frame, "\x01\x00\x5e\x36\x0c\x6f", 6), 0);
	CU_ASSERT_EQUAL(memcmp(frame + 6, "\x02\x00\xc0\xa8\x01\x02", 6), 0);
}

static void test_build_known_checksums(void)
{
	/* Worked out by hand: header words 4500 0022 0000 4000 4011 ---- 0a00 0001 0a00 0002 sum to
	 * 0xd936, so the checksum is its complement. */
	const struct frame_address a = {0x0a000001, 0x0a000002, 1, 2};

	memset(frame + FRAME_HEADER_BYTES, 0, 6);
	CU_ASSERT_EQUAL(frame_build(frame, 6, &a), 48);
	CU_ASSERT_EQUAL(be16(frame + 24), (uint16_t)~0xd936);
	/* 0a00 + 0001 + 0a00 + 0002 + 0011 + 000e + 0001 + 0002 + 000e = 1433 */
	CU_ASSERT_EQUAL(be16(frame + 40), (uint16_t)~0x1433);
}

static void test_build_checksum_zero_is_sent_as_ones(void)
{
	/* The payload's one word makes the sum 0xffff, whose complement would mean "none". */
	const struct frame_address a = {0x0a000001, 0x0a000002, 1, 2};
	struct datagram d;

	put_be16(frame + FRAME_HEADER_BYTES, (uint16_t)(0xffff - (0x1433 - 8)));
	CU_ASSERT_EQUAL(frame_build(frame, 2, &a), 44);
	CU_ASSERT_EQUAL(be16(frame + 40), 0xffff);
	CU_ASSERT_EQUAL(frame_parse(frame, 44, &strict, &d), FRAME_OK);
}

static void test_empty_payload(void)
{
	struct datagram d;

	frame_bytes = frame_build(frame, 0, &address);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &strict, &d), FRAME_OK);
	CU_ASSERT_EQUAL(d.payload_bytes, 0);
}

static void test_vlan_tags(void)
{
	static const uint16_t types[] = {0x8100, 0x88a8, 0x9100};
	struct datagram d;

	for (unsigned i = 0; i < 3; i++) {
		fresh();
		insert_vlan(types[i], 0xe08d); /* priority bits are not part of the id */
		CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &strict, &d), FRAME_OK);
		CU_ASSERT_EQUAL(d.vlan_count, 1);
		CU_ASSERT_EQUAL(d.vlan[0], 0x08d);
		insert_vlan(0x88a8, 7);
		CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &strict, &d), FRAME_OK);
		CU_ASSERT_EQUAL(d.vlan_count, 2);
		CU_ASSERT_EQUAL(d.vlan[0], 7);
		CU_ASSERT_EQUAL(d.vlan[1], 0x08d);
		CU_ASSERT_EQUAL(memcmp(d.payload, text, TEXT_BYTES), 0);
		insert_vlan(0x8100, 1);
		CU_ASSERT_EQUAL(parse(), FRAME_VLAN_DEPTH);
	}
}

static void test_trailer_is_not_payload(void)
{
	struct datagram d;

	for (uint32_t trailer = 1; trailer < 40; trailer++) {
		fresh();
		frame_bytes += trailer;
		CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &strict, &d), FRAME_OK);
		CU_ASSERT_EQUAL(d.payload_bytes, TEXT_BYTES);
	}
}

static void test_ip_options(void)
{
	struct datagram d;

	for (uint32_t words = 1; words <= 10; words++) {
		fresh();
		insert(34, words * 4);
		frame[14] = (uint8_t)(0x40 | (5 + words));
		put_be16(frame + 16, (uint16_t)(frame_bytes - 14));
		CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &lenient, &d), FRAME_OK);
		CU_ASSERT_EQUAL(d.payload_bytes, TEXT_BYTES);
		CU_ASSERT_EQUAL(memcmp(d.payload, text, TEXT_BYTES), 0);
		CU_ASSERT_EQUAL(d.destination_port, address.destination_port);
	}
}

static void test_runts(void)
{
	struct datagram d;

	/* Every prefix of a good frame has a verdict; none reads beyond its end (sanitizers). */
	for (uint32_t tags = 0; tags <= 2; tags++) {
		fresh();
		for (uint32_t i = 0; i < tags; i++)
			insert_vlan(0x8100, 1);
		for (uint32_t bytes = 0; bytes < frame_bytes; bytes++) {
			uint8_t exact[256];
			enum frame_verdict want =
			        bytes < 34 + 4 * tags ? FRAME_RUNT : FRAME_IP_BEYOND_CAPTURE;

			memcpy(exact, frame, bytes);
			d.payload = NULL;
			CU_ASSERT_EQUAL(frame_parse(exact, bytes, &strict, &d), want);
			CU_ASSERT_PTR_NULL(d.payload); /* filled only when all is well */
		}
	}
}

static void test_not_ipv4(void)
{
	fresh();
	put_be16(frame + 12, 0x86dd);
	CU_ASSERT_EQUAL(parse(), FRAME_NOT_IPV4);
	put_be16(frame + 12, 46); /* an 802.3 length */
	CU_ASSERT_EQUAL(parse(), FRAME_NOT_IPV4);
	fresh();
	frame[14] = 0x65;
	CU_ASSERT_EQUAL(parse(), FRAME_NOT_IPV4);
}

static void test_bad_ip_header(void)
{
	fresh();
	frame[14] = 0x44;
	CU_ASSERT_EQUAL(parse(), FRAME_BAD_IP_HEADER);
	fresh();
	put_be16(frame + 16, 19);
	CU_ASSERT_EQUAL(parse(), FRAME_BAD_IP_HEADER);
	fresh();
	frame[14] = 0x4f; /* 60 bytes of header, more than the packet has */
	CU_ASSERT_EQUAL(parse(), FRAME_BAD_IP_HEADER);
}

static void test_ip_beyond_capture(void)
{
	fresh();
	put_be16(frame + 16, (uint16_t)(frame_bytes - 14 + 1));
	CU_ASSERT_EQUAL(parse(), FRAME_IP_BEYOND_CAPTURE);
}

static void test_fragments(void)
{
	fresh();
	put_be16(frame + 20, 0x2000);
	CU_ASSERT_EQUAL(parse(), FRAME_FRAGMENT);
	put_be16(frame + 20, 0x0001);
	CU_ASSERT_EQUAL(parse(), FRAME_FRAGMENT);
	put_be16(frame + 20, 0x1fff);
	CU_ASSERT_EQUAL(parse(), FRAME_FRAGMENT);
	put_be16(frame + 20, 0x4000);
	CU_ASSERT_EQUAL(parse(), FRAME_OK);
	put_be16(frame + 20, 0x8000); /* the reserved bit says nothing about fragments */
	CU_ASSERT_EQUAL(parse(), FRAME_OK);
}

static void test_not_udp(void)
{
	fresh();
	frame[23] = 6;
	CU_ASSERT_EQUAL(parse(), FRAME_NOT_UDP);
}

static void test_udp_length(void)
{
	struct datagram d;

	fresh();
	put_be16(frame + 38, 7);
	CU_ASSERT_EQUAL(parse(), FRAME_BAD_UDP_LENGTH);
	put_be16(frame + 38, (uint16_t)(8 + TEXT_BYTES + 1));
	CU_ASSERT_EQUAL(parse(), FRAME_BAD_UDP_LENGTH);
	put_be16(frame + 16, 20 + 7); /* no room for a UDP header */
	CU_ASSERT_EQUAL(parse(), FRAME_BAD_UDP_LENGTH);
	/* Shorter than the IP payload: UDP's own word counts. */
	fresh();
	put_be16(frame + 38, 8 + 3);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &lenient, &d), FRAME_OK);
	CU_ASSERT_EQUAL(d.payload_bytes, 3);
}

static void test_checksums_are_verified_only_on_demand(void)
{
	const struct frame_options only_ip = {true, false};
	const struct frame_options only_udp = {false, true};
	struct datagram d;

	fresh();
	frame[22] ^= 1; /* TTL: in the IP checksum, not in UDP's */
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &only_ip, &d), FRAME_BAD_CHECKSUM);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &only_udp, &d), FRAME_OK);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &lenient, &d), FRAME_OK);
	fresh();
	frame[frame_bytes - 1] ^= 1; /* the odd last byte */
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &only_udp, &d), FRAME_BAD_CHECKSUM);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &only_ip, &d), FRAME_OK);
	put_be16(frame + 40, 0);
	CU_ASSERT_EQUAL(frame_parse(frame, frame_bytes, &only_udp, &d), FRAME_OK);
}

/* frame_parse_plain() takes exactly those frames that have neither tags nor options, and reads them
 * as frame_parse() does. */
static void check_plain(uint32_t bytes)
{
	struct datagram d = {0};
	struct datagram p = {0};
	enum frame_verdict v = frame_parse(frame, bytes, &lenient, &d);
	bool plain = frame_parse_plain(frame, bytes, &lenient, &p);

	CU_ASSERT_EQUAL(plain, v == FRAME_OK && d.vlan_count == 0 && frame[14] == 0x45);
	if (!plain)
		return;
	CU_ASSERT_PTR_EQUAL(p.payload, d.payload);
	CU_ASSERT_EQUAL(p.payload_bytes, d.payload_bytes);
	CU_ASSERT_EQUAL(p.source_address, d.source_address);
	CU_ASSERT_EQUAL(p.destination_address, d.destination_address);
	CU_ASSERT_EQUAL(p.source_port, d.source_port);
	CU_ASSERT_EQUAL(p.destination_port, d.destination_port);
	CU_ASSERT_EQUAL(p.vlan_count, 0);
}

static void test_plain_is_parse(void)
{
	struct datagram d;

	fresh();
	for (uint32_t bytes = 0; bytes <= frame_bytes; bytes++)
		check_plain(bytes);
	for (uint32_t at = 0; at < FRAME_HEADER_BYTES; at++)
		for (uint32_t value = 0; value < 256; value++) {
			fresh();
			frame[at] = (uint8_t)value;
			check_plain(frame_bytes);
		}
	/* Both lengths at once. */
	for (uint32_t total = 0; total < 80; total++)
		for (uint32_t udp = 0; udp < 80; udp++) {
			fresh();
			put_be16(frame + 16, (uint16_t)total);
			put_be16(frame + 38, (uint16_t)udp);
			check_plain(frame_bytes);
		}
	fresh();
	CU_ASSERT_FALSE(frame_parse_plain(frame, frame_bytes, &strict, &d));
}

/* A frame to a known station, tagged or not, short or not: read back with both checksums verified.
 */
static void test_build_path(void)
{
	struct frame_path p = {.destination_mac = 0x020102030405,
	                       .source_mac = 0x0200000000aa,
	                       .address = {.source_address = 0x0a010203,
	                                   .destination_address = 0x0a010204,
	                                   .source_port = 40000,
	                                   .destination_port = 5683}};
	uint8_t built[256];

	for (uint32_t vlan = 0; vlan <= 4094; vlan += 2047)
		for (uint32_t bytes = 0; bytes <= 100; bytes++) {
			uint32_t head = frame_path_bytes((uint16_t)vlan);
			struct datagram d;

			memset(built, 0xee, sizeof(built));
			for (uint32_t i = 0; i < bytes; i++)
				built[head + i] = (uint8_t)(i * 7 + vlan);
			p.vlan = (uint16_t)vlan;
			uint32_t total = frame_build_path(built, bytes, &p);

			CU_ASSERT_EQUAL(total, head + bytes < 60 ? 60 : head + bytes);
			CU_ASSERT_EQUAL(built[total], 0xee);
			CU_ASSERT_EQUAL_FATAL(frame_parse(built, total, &strict, &d), FRAME_OK);
			CU_ASSERT_EQUAL(be48(built), 0x020102030405);
			CU_ASSERT_EQUAL(be48(built + 6), 0x0200000000aa);
			CU_ASSERT_EQUAL(d.vlan_count, vlan != 0);
			CU_ASSERT_TRUE(vlan == 0 || d.vlan[0] == vlan);
			CU_ASSERT_EQUAL(d.payload_bytes, bytes);
			CU_ASSERT_EQUAL(d.source_address, 0x0a010203);
			CU_ASSERT_EQUAL(d.destination_address, 0x0a010204);
			CU_ASSERT_EQUAL(d.source_port, 40000);
			CU_ASSERT_EQUAL(d.destination_port, 5683);
			for (uint32_t i = 0; i < bytes; i++)
				CU_ASSERT_EQUAL(d.payload[i], (uint8_t)(i * 7 + vlan));
		}
}

static void test_verdict_names(void)
{
	for (unsigned v = 0; v < FRAME_VERDICT_COUNT; v++)
		CU_ASSERT_TRUE(strlen(frame_verdict_name((enum frame_verdict)v)) > 0);
	CU_ASSERT_STRING_EQUAL(frame_verdict_name(FRAME_BAD_UDP_LENGTH), "bad_udp_length");
}

static const struct suite_test tests[] = {
        {"build and parse", test_build_and_parse},
        {"plain is parse", test_plain_is_parse},
        {"checksums worked out by hand", test_build_known_checksums},
        {"a UDP checksum of 0 is sent as 0xffff", test_build_checksum_zero_is_sent_as_ones},
        {"empty payload", test_empty_payload},
        {"0-2 VLAN tags, not 3", test_vlan_tags},
        {"trailers are not payload", test_trailer_is_not_payload},
        {"IP options", test_ip_options},
        {"runts of every length", test_runts},
        {"not IPv4", test_not_ipv4},
        {"bad IP header", test_bad_ip_header},
        {"IP beyond the capture", test_ip_beyond_capture},
        {"fragments", test_fragments},
        {"not UDP", test_not_udp},
        {"UDP length", test_udp_length},
        {"checksums only on demand", test_checksums_are_verified_only_on_demand},
        {"a frame to a station, in a VLAN", test_build_path},
        {"verdict names", test_verdict_names},
};

int main(void)
{
	return SUITE_RUN("frame", tests);
}
