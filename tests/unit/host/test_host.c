/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "tests/unit/host/host_world.h"

static int init(uint64_t mac, uint32_t address, uint8_t prefix_bits, uint32_t mtu)
{
	const struct host_options o = {
	        .mac = mac, .address = address, .prefix_bits = prefix_bits, .mtu = mtu};

	return host_init(&host, &o);
}

static void test_whose_address(void)
{
	CU_ASSERT_EQUAL(init(MAC, ADDRESS, 24, 1500), 0);
	CU_ASSERT_EQUAL(init(MAC, ADDRESS, 32, HOST_MTU_MIN), 0);
	CU_ASSERT_EQUAL(init(MAC, 0x0a010200, 31, 1500), 0);
	CU_ASSERT_EQUAL(init(MAC, 0x0a010200, 24, 1500), -EINVAL); /* the network */
	CU_ASSERT_EQUAL(init(MAC, 0x0a0102ff, 24, 1500), -EINVAL); /* everybody */
	CU_ASSERT_EQUAL(init(MAC, UINT32_MAX, 32, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(MAC, 0, 32, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(MAC, GROUP, 32, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(MAC, ADDRESS, 0, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(MAC, ADDRESS, 33, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(0, ADDRESS, 24, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(MAC | 1ull << 40, ADDRESS, 24, 1500), -EINVAL);
	CU_ASSERT_EQUAL(init(MAC, ADDRESS, 24, HOST_MTU_MIN - 1), -EINVAL);
}

static void test_joining(void)
{
	fresh(HOST_IGMP_V3);
	CU_ASSERT_EQUAL(host_join(&host, ADDRESS, 0), -EINVAL);
	CU_ASSERT_EQUAL(host_join(&host, IGMP_ALL_HOSTS, 0), 0);
	CU_ASSERT_EQUAL(host.group_count, 0);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, SOURCE), 0);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, SOURCE), 0);
	CU_ASSERT_EQUAL(host.group_count, 1);
	CU_ASSERT_EQUAL(host.groups[0].source_count, 1);
	for (uint32_t i = 1; i < HOST_SOURCES_MAX; i++)
		CU_ASSERT_EQUAL(host_join(&host, GROUP, SOURCE + i), 0);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, SOURCE + HOST_SOURCES_MAX), -EMFILE);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, 0), 0); /* any swallows them */
	CU_ASSERT_EQUAL(host.groups[0].source_count, 0);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, SOURCE), 0);
	CU_ASSERT_EQUAL(host.groups[0].source_count, 0);
	for (uint32_t i = 1; i < HOST_GROUPS_MAX; i++)
		CU_ASSERT_EQUAL(host_join(&host, GROUP + i, 0), 0);
	CU_ASSERT_EQUAL(host_join(&host, GROUP + HOST_GROUPS_MAX, 0), -EMFILE);
	CU_ASSERT_EQUAL(host.stats.groups, HOST_GROUPS_MAX);
	fresh(HOST_IGMP_OFF);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, 0), 0);
	CU_ASSERT_EQUAL(host.stats.groups, 0);
}

static void test_nothing_after_leaving(void)
{
	static const uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0,
	                                0xaa, 8,    6,    0,    1,    8,    0,  6, 4, 0, 1,
	                                2,    0,    0,    0,    0,    0xaa, 10, 1, 2, 1, 0,
	                                0,    0,    0,    0,    0,    10,   1,  2, 3};

	fresh(HOST_IGMP_V3);
	host_join(&host, GROUP, 0);
	host_on_link_up(&host, now_ns);
	hear(arp, sizeof(arp));
	CU_ASSERT_EQUAL(said_count, 1);
	host_leave(&host);
	poll_now();
	forget();
	hear(arp, sizeof(arp));
	host_on_link_up(&host, now_ns);
	host_leave(&host);
	pass(20 * SECOND);
	CU_ASSERT_EQUAL(said_count, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"whose address", test_whose_address},
	        {"joining", test_joining},
	        {"nothing after leaving", test_nothing_after_leaving},
	};
	return SUITE_RUN("host", tests);
}
