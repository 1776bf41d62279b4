/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/arp.h"
#include "tests/unit/host/host_world.h"

static void hear_arp(const struct arp *a, uint64_t destination, uint64_t source)
{
	uint8_t frame[64];
	const struct ether e = {
	        .destination = destination, .source = source, .type = ETHER_TYPE_ARP};
	uint32_t at = ether_build(frame, &e);

	hear(frame, at + arp_build(frame + at, a));
}

static void ask(uint32_t target, uint32_t sender)
{
	const struct arp a = {.operation = ARP_REQUEST,
	                      .sender_mac = PEER_MAC,
	                      .sender_address = sender,
	                      .target_address = target};

	hear_arp(&a, ETHER_BROADCAST, PEER_MAC);
}

static void claim(void)
{
	const struct arp a = {.operation = ARP_REQUEST,
	                      .sender_mac = PEER_MAC,
	                      .sender_address = ADDRESS,
	                      .target_address = ADDRESS};

	hear_arp(&a, ETHER_BROADCAST, PEER_MAC);
}

static void check_announcement(uint32_t i)
{
	static const uint8_t want[42] = {
	        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0, 0, 0, 3, 8, 6, 0, 1, 8, 0,  6, 4, 0,
	        1,    2,    0,    0,    0,    0,    3, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3};

	CU_ASSERT_FATAL(i < said_count);
	CU_ASSERT_EQUAL(said[i].bytes, 60);
	CU_ASSERT_EQUAL(memcmp(said[i].frame, want, sizeof(want)), 0);
	for (uint32_t n = sizeof(want); n < 60; n++)
		CU_ASSERT_EQUAL(said[i].frame[n], 0);
}

static void test_announces_twice(void)
{
	fresh(HOST_IGMP_OFF);
	pass(SECOND);
	CU_ASSERT_EQUAL(said_count, 0);
	host_on_link_up(&host, now_ns);
	pass(10 * SECOND);
	CU_ASSERT_EQUAL_FATAL(said_count, 2);
	check_announcement(0);
	check_announcement(1);
	CU_ASSERT_EQUAL(said[1].ns - said[0].ns, 2 * SECOND);
	host_on_link_up(&host, now_ns); /* the link was away */
	pass(10 * SECOND);
	CU_ASSERT_EQUAL(said_count, 4);
	CU_ASSERT_EQUAL(host.stats.arp_announcements, 4);
}

static void test_replies(void)
{
	static const uint8_t want[42] = {2,  0, 0, 0, 0, 0xaa, 2, 0, 0, 0,    0,  3, 8, 6,
	                                 0,  1, 8, 0, 6, 4,    0, 2, 2, 0,    0,  0, 0, 3,
	                                 10, 1, 2, 3, 2, 0,    0, 0, 0, 0xaa, 10, 1, 2, 1};

	fresh(HOST_IGMP_OFF);
	ask(ADDRESS, PEER);
	CU_ASSERT_EQUAL_FATAL(said_count, 1);
	CU_ASSERT_EQUAL(memcmp(said[0].frame, want, sizeof(want)), 0);
	ask(ADDRESS, 0); /* a probe: somebody asks before he takes the address */
	CU_ASSERT_EQUAL(said_count, 2);
	CU_ASSERT_EQUAL(host.stats.arp_requests, 2);
	CU_ASSERT_EQUAL(host.stats.arp_replies, 2);
}

static void test_others_are_left_alone(void)
{
	const struct arp reply = {.operation = ARP_REPLY,
	                          .sender_mac = PEER_MAC,
	                          .sender_address = PEER,
	                          .target_mac = MAC,
	                          .target_address = ADDRESS};
	const struct arp own = {.operation = ARP_REQUEST,
	                        .sender_mac = MAC,
	                        .sender_address = ADDRESS,
	                        .target_address = ADDRESS};

	fresh(HOST_IGMP_OFF);
	ask(ADDRESS + 1, PEER);
	hear_arp(&reply, MAC, PEER_MAC);
	hear_arp(&own, ETHER_BROADCAST, MAC);      /* ours, come round */
	hear_arp(&own, ETHER_BROADCAST, PEER_MAC); /* ours, by a proxy */
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.ignored, 4);
	CU_ASSERT_EQUAL(host.stats.arp_conflicts, 0);
}

static void test_conflict(void)
{
	fresh(HOST_IGMP_OFF);
	claim();
	CU_ASSERT_EQUAL_FATAL(said_count, 1);
	check_announcement(0);
	CU_ASSERT_EQUAL(host.conflict_mac, PEER_MAC);
	for (int i = 0; i < 9; i++) { /* not again within ten seconds */
		pass(SECOND);
		claim();
	}
	CU_ASSERT_EQUAL(said_count, 1);
	CU_ASSERT_EQUAL(host.stats.arp_conflicts, 10);
	pass(SECOND);
	claim();
	CU_ASSERT_EQUAL(said_count, 2);
	ask(ADDRESS, PEER); /* it goes on */
	CU_ASSERT_EQUAL(said_count, 3);
}

static void test_malformed(void)
{
	uint8_t frame[40] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0xaa, 8, 6};

	fresh(HOST_IGMP_OFF);
	for (uint32_t n = 0; n <= sizeof(frame); n++)
		hear(frame, n);
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.malformed, sizeof(frame) + 1);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"announces twice", test_announces_twice},
	        {"replies", test_replies},
	        {"others are left alone", test_others_are_left_alone},
	        {"conflict", test_conflict},
	        {"malformed", test_malformed},
	};
	return SUITE_RUN("host arp", tests);
}
