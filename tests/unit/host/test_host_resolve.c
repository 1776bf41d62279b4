/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Stations that are sought: asked, believed when asked, forgotten when silent.
 */
#include <errno.h>

#include "dataplane/wire/arp.h"
#include "tests/unit/host/host_world.h"

#define OTHER_MAC 0x0200000000bbull

static int station;

static void seek(void)
{
	fresh_with(HOST_IGMP_OFF, 0, 1);
	station = host_seek(&host, PEER);
	CU_ASSERT_EQUAL_FATAL(station, 0);
	host_on_link_up(&host, now_ns);
}

/* Questions said since forget(): how many, and where the last one went. */
static uint32_t asked(uint64_t *mac)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < said_count; i++) {
		const uint8_t *f = said[i].frame;

		if (be16(f + 12) != 0x0806 || be16(f + 20) != 1 || be32(f + 38) != PEER)
			continue;
		CU_ASSERT_EQUAL(be48(f + 22), MAC);
		CU_ASSERT_EQUAL(be32(f + 28), ADDRESS);
		CU_ASSERT_EQUAL(be48(f + 6), MAC);
		*mac = be48(f);
		count++;
	}
	return count;
}

static void say_arp(uint16_t operation, uint64_t mac, uint32_t address, uint32_t target)
{
	uint8_t f[60] = {0};
	uint8_t out[FRAME_MAX];

	put_be48(f, MAC);
	put_be48(f + 6, mac);
	put_be16(f + 12, 0x0806);
	const struct arp a = {.operation = (enum arp_operation)operation,
	                      .sender_mac = mac,
	                      .sender_address = address,
	                      .target_mac = MAC,
	                      .target_address = target};

	arp_build(f + 14, &a);
	host_on_frame(&host, f, sizeof(f), now_ns, out);
}

static void test_next_hop(void)
{
	fresh_with(HOST_IGMP_OFF, 0, 1);
	CU_ASSERT_EQUAL(host_next_hop(&host, PEER), PEER);
	CU_ASSERT_EQUAL(host_next_hop(&host, 0x0a010301), 0);
	host.options.gateway = PEER;
	CU_ASSERT_EQUAL(host_next_hop(&host, 0x0a010301), PEER);
	CU_ASSERT_EQUAL(host_next_hop(&host, PEER + 5), PEER + 5);
	CU_ASSERT_EQUAL(host_seek(&host, ADDRESS), -EINVAL);
	CU_ASSERT_EQUAL(host_seek(&host, 0x0a0102ff), -EINVAL);
	CU_ASSERT_EQUAL(host_seek(&host, 0x0a010301), -EINVAL);
	CU_ASSERT_EQUAL(host_seek(&host, GROUP), -EINVAL);
	CU_ASSERT_EQUAL(host_seek(&host, PEER), 0);
	CU_ASSERT_EQUAL(host_seek(&host, PEER), 0);
	for (uint32_t i = 1; i < 254 && i <= HOST_NEIGHBOURS_MAX; i++)
		host_seek(&host, 0x0a010200 + i);
	CU_ASSERT_EQUAL(host.neighbour_count, 252); /* all but ourselves */
}

static void test_answer(void)
{
	uint64_t mac = 0;

	seek();
	forget();
	pass(1500 * MS);
	CU_ASSERT_EQUAL(asked(&mac), 2);
	CU_ASSERT_EQUAL(mac, ETHER_BROADCAST);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_UNKNOWN);
	say_arp(ARP_REPLY, PEER_MAC, PEER, ADDRESS);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_KNOWN);
	CU_ASSERT_EQUAL(host.neighbours[0].mac, PEER_MAC);
	CU_ASSERT_EQUAL(host.stats.neighbours, 1);
	forget();
	pass(29 * SECOND);
	CU_ASSERT_EQUAL(asked(&mac), 0);
	pass(1500 * MS); /* asked itself, to be sure */
	CU_ASSERT_EQUAL(asked(&mac), 1);
	CU_ASSERT_EQUAL(mac, PEER_MAC);
	say_arp(ARP_REPLY, OTHER_MAC, PEER, ADDRESS);
	CU_ASSERT_EQUAL(host.neighbours[0].mac, OTHER_MAC);
	CU_ASSERT_EQUAL(host.stats.arp_answers, 2);
}

/* Unasked, from others, for others, with no station's MAC: none of it is believed. */
static void test_not_believed(void)
{
	uint64_t mac = 0;

	seek();
	pass(10 * MS);
	say_arp(ARP_REPLY, PEER_MAC, PEER + 1, ADDRESS);
	say_arp(ARP_REPLY, PEER_MAC, PEER, ADDRESS + 1);
	say_arp(ARP_REQUEST, PEER_MAC, PEER, PEER);
	say_arp(ARP_REPLY, 0, PEER, ADDRESS);
	say_arp(ARP_REPLY, 0x01005e000001, PEER, ADDRESS);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_UNKNOWN);
	say_arp(ARP_REPLY, PEER_MAC, PEER, ADDRESS);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_KNOWN);
	say_arp(ARP_REPLY, OTHER_MAC, PEER, ADDRESS); /* the question was answered */
	CU_ASSERT_EQUAL(host.neighbours[0].mac, PEER_MAC);
	/* But the question is asked again for it. */
	forget();
	pass(1100 * MS);
	CU_ASSERT_EQUAL(asked(&mac), 1);
	say_arp(ARP_REPLY, OTHER_MAC, PEER, ADDRESS);
	CU_ASSERT_EQUAL(host.neighbours[0].mac, OTHER_MAC);
}

static void test_silence(void)
{
	uint64_t mac = 0;

	seek();
	pass(2900 * MS);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_UNKNOWN);
	pass(200 * MS);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_SILENT);
	pass(100 * SECOND);
	forget();
	pass(64 * SECOND);
	CU_ASSERT_EQUAL(asked(&mac), 2); /* every 32 s */
	forget();
	host_want(&host, 0, now_ns);
	pass(1100 * MS);
	CU_ASSERT_EQUAL(asked(&mac), 1);
	CU_ASSERT_EQUAL(mac, ETHER_BROADCAST);
	say_arp(ARP_REPLY, PEER_MAC, PEER, ADDRESS);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_KNOWN);
	/* Known, and then gone: itself twice, everybody once, then silent. */
	forget();
	pass(32500 * MS);
	CU_ASSERT_EQUAL(asked(&mac), 3);
	CU_ASSERT_EQUAL(mac, ETHER_BROADCAST);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_KNOWN);
	pass(SECOND);
	CU_ASSERT_EQUAL(host.neighbours[0].state, HOST_NEIGHBOUR_SILENT);
	CU_ASSERT_EQUAL(host.neighbours[0].mac, 0);
	CU_ASSERT_EQUAL(host.stats.neighbours, 0);
	/* A link that comes up begins anew. */
	forget();
	host_on_link_up(&host, now_ns);
	pass(10 * MS);
	CU_ASSERT_EQUAL(asked(&mac), 1);
	host_leave(&host);
	forget();
	pass(60 * SECOND);
	CU_ASSERT_EQUAL(asked(&mac), 0);
}

static const struct suite_test tests[] = {
        {"next hop, and who can be sought", test_next_hop},
        {"question and answer", test_answer},
        {"what is not believed", test_not_believed},
        {"silence", test_silence},
};

int main(void)
{
	return SUITE_RUN("host_resolve", tests);
}
