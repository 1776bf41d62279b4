/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a host says about its groups.
 */
#include "tests/unit/host/host_world.h"

/* The first thing said after the announcement. */
static void joined(enum host_igmp igmp)
{
	host_on_link_up(&host, now_ns);
	poll_now();
	CU_ASSERT_EQUAL(host.options.igmp, igmp);
	CU_ASSERT_EQUAL(be16(said[0].frame + 12), 0x0806);
}

static void test_join_v3(void)
{
	static const uint8_t want[] = {4,   0, 0, 0, 239, 1, 1, 1, 5,  0, 0, 2,
	                               239, 1, 1, 2, 10,  9, 9, 1, 10, 9, 9, 2};

	fresh(HOST_IGMP_V3);
	host_join(&host, GROUP, 0);
	host_join(&host, GROUP + 1, SOURCE);
	host_join(&host, GROUP + 1, SOURCE + 1);
	joined(HOST_IGMP_V3);
	CU_ASSERT_EQUAL_FATAL(said_count, 2);
	const uint8_t *igmp = igmp_of(1, IGMP_V3_ROUTERS);

	CU_ASSERT_EQUAL(igmp[0], 0x22);
	CU_ASSERT_EQUAL(be16(igmp + 6), 2);
	CU_ASSERT_EQUAL(memcmp(igmp + 8, want, sizeof(want)), 0);
	CU_ASSERT_EQUAL(be16(ip_of(1) + 2), 24 + 8 + sizeof(want));
}

static void test_leave_v3(void)
{
	static const uint8_t want[] = {3, 0, 0,   0, 239, 1, 1,  1, 6, 0,
	                               0, 1, 239, 1, 1,   2, 10, 9, 9, 1};

	fresh(HOST_IGMP_V3);
	host_join(&host, GROUP, 0);
	host_join(&host, GROUP + 1, SOURCE);
	joined(HOST_IGMP_V3);
	forget();
	host_leave(&host);
	poll_now();
	CU_ASSERT_EQUAL_FATAL(said_count, 2); /* twice, at once */
	for (uint32_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(be16(igmp_of(i, IGMP_V3_ROUTERS) + 6), 2);
		CU_ASSERT_EQUAL(memcmp(igmp_of(i, IGMP_V3_ROUTERS) + 8, want, sizeof(want)), 0);
	}
	CU_ASSERT_EQUAL(host.stats.igmp_leaves, 2);
	CU_ASSERT_EQUAL(host.stats.groups, 0);
	pass(20 * SECOND);
	CU_ASSERT_EQUAL(said_count, 2);
}

static void test_v2(void)
{
	fresh(HOST_IGMP_V2);
	host_join(&host, GROUP, 0);
	host_join(&host, GROUP + 1, SOURCE); /* version 2 cannot say from whom */
	joined(HOST_IGMP_V2);
	CU_ASSERT_EQUAL_FATAL(said_count, 3);
	for (uint32_t i = 0; i < 2; i++) {
		const uint8_t *igmp = igmp_of(1 + i, GROUP + i);

		CU_ASSERT_EQUAL(igmp[0], 0x16);
		CU_ASSERT_EQUAL(be32(igmp + 4), GROUP + i);
		CU_ASSERT_EQUAL(be16(ip_of(1 + i) + 2), 32);
	}
	pass(20 * SECOND);
	CU_ASSERT_EQUAL(host.stats.igmp_reports, 4); /* once more within ten seconds */
	forget();
	host_leave(&host);
	poll_now();
	CU_ASSERT_EQUAL_FATAL(said_count, 4);
	CU_ASSERT_EQUAL(igmp_of(0, IGMP_ALL_ROUTERS)[0], 0x17);
	CU_ASSERT_EQUAL(be32(igmp_of(0, IGMP_ALL_ROUTERS) + 4), GROUP);
	CU_ASSERT_EQUAL(be32(igmp_of(1, IGMP_ALL_ROUTERS) + 4), GROUP + 1);
	CU_ASSERT_EQUAL(be32(igmp_of(2, IGMP_ALL_ROUTERS) + 4), GROUP);
}

static void test_v1_has_no_leave(void)
{
	fresh(HOST_IGMP_V3);
	host_join(&host, GROUP, 0);
	host.version = 1;
	host.v1_until_ns = UINT64_MAX;
	joined(HOST_IGMP_V3);
	CU_ASSERT_EQUAL_FATAL(said_count, 2);
	CU_ASSERT_EQUAL(igmp_of(1, GROUP)[0], 0x12);
	host_leave(&host);
	poll_now();
	CU_ASSERT_EQUAL(said_count, 2);
}

/* Every group is in one of the reports, once, however many that takes. */
static void test_many_groups(void)
{
	bool seen[HOST_GROUPS_MAX] = {false};
	uint32_t records = 0;

	fresh(HOST_IGMP_V3);
	for (uint32_t i = 0; i < HOST_GROUPS_MAX; i++)
		for (uint32_t s = 0; s < 5 * i % HOST_SOURCES_MAX; s++)
			CU_ASSERT_EQUAL(host_join(&host, GROUP + i, SOURCE + s), 0);
	joined(HOST_IGMP_V3);
	CU_ASSERT(said_count > 5);
	for (uint32_t i = 1; i < said_count; i++) {
		const uint8_t *igmp = igmp_of(i, IGMP_V3_ROUTERS);
		const uint8_t *record = igmp + 8;

		CU_ASSERT(said[i].bytes <= MTU + 14);
		for (uint32_t n = be16(igmp + 6); n > 0; n--) {
			uint32_t group = be32(record + 4) - GROUP;

			CU_ASSERT_FATAL(group < HOST_GROUPS_MAX && !seen[group]);
			seen[group] = true;
			records++;
			CU_ASSERT_EQUAL(be16(record + 2), 5 * group % HOST_SOURCES_MAX);
			record += 8 + 4 * be16(record + 2);
		}
		CU_ASSERT_PTR_EQUAL(record, igmp + be16(ip_of(i) + 2) - 24);
	}
	CU_ASSERT_EQUAL(records, host.group_count);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"join, version 3", test_join_v3},
	        {"leave, version 3", test_leave_v3},
	        {"version 2", test_v2},
	        {"version 1 has no leave", test_v1_has_no_leave},
	        {"many groups", test_many_groups},
	};
	return SUITE_RUN("host report", tests);
}
