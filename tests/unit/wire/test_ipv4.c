/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ipv4.h"

#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "tests/unit/suite.h"

/* 192.168.1.2 to 224.0.0.22: IGMP of 8 bytes, TTL 1, TOS 0xc0, router alert; sum done by hand. */
static const uint8_t alert[] = {0x46, 0xc0, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02, 0x82,
                                0x57, 192,  168,  1,    2,    224,  0,    0,    22,   0x94, 0x04,
                                0x00, 0x00, 1,    2,    3,    4,    5,    6,    7,    8};
#define HEADER 24u

static uint8_t packet[64];

static void fresh(void)
{
	memcpy(packet, alert, sizeof(alert));
}

static enum ipv4_verdict parse(struct ipv4 *ip)
{
	put_le16(packet + 10, 0);
	put_le16(packet + 10, checksum_of(packet, (packet[0] & 15u) * 4u));
	return ipv4_parse(packet, sizeof(alert), ip);
}

static void test_parse(void)
{
	struct ipv4 ip;

	CU_ASSERT_EQUAL(ipv4_parse(alert, sizeof(alert), &ip), IPV4_OK);
	CU_ASSERT_EQUAL(ip.source, 0xc0a80102);
	CU_ASSERT_EQUAL(ip.destination, 0xe0000016);
	CU_ASSERT_EQUAL(ip.protocol, IPV4_PROTOCOL_IGMP);
	CU_ASSERT_EQUAL(ip.ttl, 1);
	CU_ASSERT_EQUAL(ip.tos, 0xc0);
	CU_ASSERT(ip.router_alert);
	CU_ASSERT_PTR_EQUAL(ip.payload, alert + HEADER);
	CU_ASSERT_EQUAL(ip.payload_bytes, 8);
}

static void test_padding_is_not_payload(void)
{
	struct ipv4 ip;

	memset(packet, 0xee, sizeof(packet));
	fresh();
	CU_ASSERT_EQUAL(ipv4_parse(packet, sizeof(packet), &ip), IPV4_OK);
	CU_ASSERT_EQUAL(ip.payload_bytes, 8);
}

static void test_malformed(void)
{
	struct ipv4 ip;

	for (uint32_t n = 0; n < sizeof(alert); n++)
		CU_ASSERT_EQUAL(ipv4_parse(alert, n, &ip), IPV4_MALFORMED);
	fresh();
	packet[0] = 0x66;
	CU_ASSERT_EQUAL(ipv4_parse(packet, sizeof(alert), &ip), IPV4_MALFORMED);
	packet[0] = 0x44;
	CU_ASSERT_EQUAL(ipv4_parse(packet, sizeof(alert), &ip), IPV4_MALFORMED);
	fresh();
	packet[3] = 23; /* ends inside its header */
	CU_ASSERT_EQUAL(ipv4_parse(packet, sizeof(alert), &ip), IPV4_MALFORMED);
	fresh();
	packet[12]++;
	CU_ASSERT_EQUAL(ipv4_parse(packet, sizeof(alert), &ip), IPV4_BAD_CHECKSUM);
}

static void test_fragments(void)
{
	struct ipv4 ip;

	fresh();
	packet[6] = 0x20; /* more */
	CU_ASSERT_EQUAL(parse(&ip), IPV4_FRAGMENT);
	CU_ASSERT_EQUAL(ip.protocol, IPV4_PROTOCOL_IGMP);
	packet[6] = 0x40; /* never fragment: whole */
	CU_ASSERT_EQUAL(parse(&ip), IPV4_OK);
	packet[6] = 0;
	packet[7] = 1; /* offset */
	CU_ASSERT_EQUAL(parse(&ip), IPV4_FRAGMENT);
}

static void test_options(void)
{
	static const struct {
		uint8_t option[4];
		bool alert;
	} cases[] = {
	        {{0x94, 4, 0, 0}, true}, {{0x94, 3, 0, 0}, false}, {{1, 1, 1, 1}, false},
	        {{7, 3, 4, 0}, false},   {{0, 0x94, 4, 0}, false}, {{7, 1, 0, 0}, false},
	        {{7, 5, 0, 0}, false},   {{1, 1, 1, 0x94}, false},
	};
	struct ipv4 ip;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fresh();
		memcpy(packet + 20, cases[i].option, 4);
		CU_ASSERT_EQUAL(parse(&ip), IPV4_OK);
		CU_ASSERT_EQUAL(ip.router_alert, cases[i].alert);
	}
}

static void test_build(void)
{
	struct ipv4 h = {.source = 0xc0a80102,
	                 .destination = 0xe0000016,
	                 .protocol = IPV4_PROTOCOL_IGMP,
	                 .ttl = 1,
	                 .tos = IPV4_TOS_CONTROL,
	                 .router_alert = true,
	                 .payload_bytes = 8};
	struct ipv4 ip;

	CU_ASSERT_EQUAL(ipv4_build(packet, &h), HEADER);
	CU_ASSERT_EQUAL(memcmp(packet, alert, HEADER), 0);
	h.router_alert = false;
	h.id = 0x1234;
	CU_ASSERT_EQUAL(ipv4_build(packet, &h), IPV4_HEADER_BYTES);
	CU_ASSERT_EQUAL(ipv4_parse(packet, 28, &ip), IPV4_OK);
	CU_ASSERT_EQUAL(ip.id, 0x1234);
	CU_ASSERT_FALSE(ip.router_alert);
}

static uint8_t frame[64] = {1, 0, 0x5e, 0, 0, 22, 2, 0, 0, 0, 0, 2, 8, 0};

static bool is_wanted(uint8_t protocol, uint32_t bytes)
{
	memcpy(frame + 14, alert, sizeof(alert));
	frame[14 + 9] = protocol;
	return ipv4_host_may_want(frame, bytes, 0xe0000016);
}

static void test_what_a_host_may_want(void)
{
	static const uint8_t arp[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 8, 6};
	static const uint8_t ipv6[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x86, 0xdd};

	CU_ASSERT(ipv4_host_may_want(arp, sizeof(arp), 0));
	CU_ASSERT_FALSE(ipv4_host_may_want(ipv6, sizeof(ipv6), 0));
	CU_ASSERT(is_wanted(IPV4_PROTOCOL_IGMP, 46));
	CU_ASSERT(is_wanted(IPV4_PROTOCOL_ICMP, 46)); /* to the address */
	CU_ASSERT_FALSE(ipv4_host_may_want(frame, 46, 0x0a000001));
	CU_ASSERT_FALSE(is_wanted(17, 46));
	CU_ASSERT_FALSE(is_wanted(6, 46));
	for (uint32_t n = 0; n < 34; n++)
		CU_ASSERT_FALSE(is_wanted(IPV4_PROTOCOL_IGMP, n));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"parse", test_parse},
	        {"padding is not payload", test_padding_is_not_payload},
	        {"malformed", test_malformed},
	        {"fragments", test_fragments},
	        {"options", test_options},
	        {"build", test_build},
	        {"what a host may want", test_what_a_host_may_want},
	};
	return SUITE_RUN("ipv4", tests);
}
