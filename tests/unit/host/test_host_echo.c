/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/host/host_world.h"

#define ECHO_AT 34u /* Ethernet and IPv4 */

static uint8_t frame[2000];

struct ping {
	uint64_t destination_mac;
	uint32_t source;
	uint32_t destination;
	uint32_t data_bytes;
};

static const struct ping good = {MAC, PEER, ADDRESS, 56};

static uint32_t build(const struct ping *p)
{
	const struct ether e = {
	        .destination = p->destination_mac, .source = PEER_MAC, .type = ETHER_TYPE_IPV4};
	const struct ipv4 ip = {.source = p->source,
	                        .destination = p->destination,
	                        .protocol = IPV4_PROTOCOL_ICMP,
	                        .ttl = 7,
	                        .tos = 0x10,
	                        .payload_bytes = 8 + p->data_bytes};
	uint32_t at = ether_build(frame, &e);

	at += ipv4_build(frame + at, &ip);
	memset(frame + at, 0, 8);
	frame[at] = 8;
	put_be32(frame + at + 4, 0x12345678);
	for (uint32_t i = 0; i < p->data_bytes; i++)
		frame[at + 8 + i] = (uint8_t)i;
	put_le16(frame + at + 2, checksum_of(frame + at, 8 + p->data_bytes));
	return at + 8 + p->data_bytes;
}

static void hear_ping(const struct ping *p)
{
	uint32_t bytes = build(p);

	hear(frame, bytes);
}

static void check_reply(uint32_t data_bytes)
{
	const uint8_t *ip = ip_of(0);
	uint32_t bytes = ECHO_AT + 8 + data_bytes;

	CU_ASSERT_EQUAL(said[0].bytes, bytes < 60 ? 60 : bytes);
	CU_ASSERT_EQUAL(be48(said[0].frame), PEER_MAC);
	CU_ASSERT_EQUAL(be48(said[0].frame + 6), MAC);
	CU_ASSERT_EQUAL(ip[0], 0x45);
	CU_ASSERT_EQUAL(ip[1], 0x10);
	CU_ASSERT_EQUAL(be16(ip + 2), 28 + data_bytes);
	CU_ASSERT_EQUAL(ip[8], 64);
	CU_ASSERT_EQUAL(be32(ip + 12), ADDRESS);
	CU_ASSERT_EQUAL(be32(ip + 16), PEER);
	CU_ASSERT(checksum_is_right(ip, 20));
	CU_ASSERT(checksum_is_right(ip + 20, 8 + data_bytes));
	CU_ASSERT_EQUAL(ip[20], 0);
	CU_ASSERT_EQUAL(memcmp(ip + 24, frame + ECHO_AT + 4, 4 + data_bytes), 0);
}

static void test_reply(void)
{
	static const uint32_t sizes[] = {0, 1, 17, 18, 19, 56, 1471, 1472};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ping p = good;

		fresh(HOST_IGMP_OFF);
		p.data_bytes = sizes[i];
		hear_ping(&p);
		CU_ASSERT_EQUAL_FATAL(said_count, 1);
		check_reply(sizes[i]);
	}
	CU_ASSERT_EQUAL(host.stats.echo_requests, 1);
	CU_ASSERT_EQUAL(host.stats.echo_replies, 1);
}

static void test_longer_than_a_frame(void)
{
	struct ping p = good;

	fresh(HOST_IGMP_OFF);
	p.data_bytes = 1473;
	hear_ping(&p);
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.echo_limited, 1);
}

static void test_not_everybody_is_answered(void)
{
	static const struct ping others[] = {
	        {ETHER_BROADCAST, PEER, ADDRESS, 8},
	        {PEER_MAC, PEER, ADDRESS, 8},
	        {MAC, PEER, ADDRESS + 1, 8},
	        {MAC, PEER, 0x0a0102ff, 8},
	        {MAC, 0, ADDRESS, 8},
	        {MAC, UINT32_MAX, ADDRESS, 8},
	        {MAC, GROUP, ADDRESS, 8},
	        {MAC, 0x0a0102ff, ADDRESS, 8},
	        {MAC, 0x0a010200, ADDRESS, 8},
	};
	const uint32_t count = sizeof(others) / sizeof(others[0]);

	fresh(HOST_IGMP_OFF);
	for (uint32_t i = 0; i < count; i++)
		hear_ping(&others[i]);
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.ignored, count);
}

static void test_faults(void)
{
	uint32_t bytes;

	fresh(HOST_IGMP_OFF);
	bytes = build(&good);
	frame[ECHO_AT + 20]++;
	hear(frame, bytes);
	CU_ASSERT_EQUAL(host.stats.bad_checksum, 1);
	bytes = build(&good);
	frame[14 + 8]++;
	hear(frame, bytes);
	CU_ASSERT_EQUAL(host.stats.bad_checksum, 2);
	bytes = build(&good);
	frame[14 + 6] = 0x20;
	put_le16(frame + 14 + 10, 0);
	put_le16(frame + 14 + 10, checksum_of(frame + 14, 20));
	hear(frame, bytes);
	CU_ASSERT_EQUAL(host.stats.fragments, 1);
	bytes = build(&good);
	hear(frame, bytes - 1);
	CU_ASSERT_EQUAL(host.stats.malformed, 1);
	bytes = build(&good);
	frame[ECHO_AT] = 13; /* timestamp */
	put_le16(frame + ECHO_AT + 2, 0);
	put_le16(frame + ECHO_AT + 2, checksum_of(frame + ECHO_AT, 64));
	hear(frame, bytes);
	CU_ASSERT_EQUAL(host.stats.ignored, 1);
	CU_ASSERT_EQUAL(said_count, 0);
}

static void test_limit(void)
{
	fresh(HOST_IGMP_OFF);
	for (uint32_t i = 0; i < HOST_ECHO_PER_S + 5; i++) {
		forget();
		hear_ping(&good);
	}
	CU_ASSERT_EQUAL(host.stats.echo_replies, HOST_ECHO_PER_S);
	CU_ASSERT_EQUAL(host.stats.echo_limited, 5);
	pass(SECOND);
	hear_ping(&good);
	CU_ASSERT_EQUAL(host.stats.echo_replies, HOST_ECHO_PER_S + 1);
}

static void test_vlan(void)
{
	uint32_t bytes;

	fresh_with(HOST_IGMP_OFF, 5, 1);
	bytes = build(&good);
	hear(frame, bytes);
	CU_ASSERT_EQUAL(host.stats.ignored, 1); /* untagged */
	memmove(frame + 16, frame + 12, bytes - 12);
	put_be32(frame + 12, 0x81000006);
	hear(frame, bytes + 4);
	CU_ASSERT_EQUAL(host.stats.ignored, 2); /* another */
	put_be32(frame + 12, 0x8100a005);
	hear(frame, bytes + 4);
	CU_ASSERT_EQUAL_FATAL(said_count, 1);
	CU_ASSERT_EQUAL(said[0].bytes, bytes + 4);
	CU_ASSERT_EQUAL(be32(said[0].frame + 12), 0x81000005);
	CU_ASSERT_EQUAL(be16(said[0].frame + 16), 0x0800);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"reply", test_reply},
	        {"longer than a frame", test_longer_than_a_frame},
	        {"not everybody is answered", test_not_everybody_is_answered},
	        {"faults", test_faults},
	        {"limit", test_limit},
	        {"VLAN", test_vlan},
	};
	return SUITE_RUN("host echo", tests);
}
