/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

static uint32_t first[5];
static struct route_link links[16];

static struct route_table table(uint32_t capacity)
{
	struct route_table t = {
	        .first = first, .links = links, .symbols_max = 4, .link_capacity = capacity};

	route_init(&t);
	return t;
}

static void test_chains(void)
{
	struct route_table t = table(16);

	CU_ASSERT_EQUAL(t.first[4], ROUTE_UNDECIDED);
	CU_ASSERT_EQUAL(blank_symbol(&t), 4);
	uint32_t a = route_append(&t, 0, 7, true, ROUTE_NONE);
	uint32_t b = route_append(&t, 0, 9, true, a);
	uint32_t c = route_append(&t, 1, 7, true, ROUTE_NONE);
	uint32_t d = route_append(&t, 1, 9, true, c);
	uint32_t e = route_append(&t, 2, 9, true, ROUTE_NONE);

	CU_ASSERT_EQUAL(links[a].next, b);
	CU_ASSERT_EQUAL(links[b].next, ROUTE_NONE);
	CU_ASSERT_EQUAL(links[b].slot, SLOT_UNMADE);
	CU_ASSERT(route_same_members(&t, a, c));
	CU_ASSERT(route_same_members(&t, b, e));
	CU_ASSERT(route_same_members(&t, d, e));
	CU_ASSERT_FALSE(route_same_members(&t, a, e));
	CU_ASSERT_FALSE(route_same_members(&t, e, a));
	CU_ASSERT_FALSE(route_same_members(&t, a, ROUTE_NONE));
	CU_ASSERT(route_same_members(&t, ROUTE_NONE, ROUTE_NONE));
}

/* One member that takes more than it has room for cannot use up what is others'. */
static void test_rest(void)
{
	struct route_table t = table(8);
	uint32_t made = 0;

	for (uint32_t i = 0; i < 9; i++)
		made += route_append(&t, i % 4, 0, false, ROUTE_NONE) != ROUTE_NONE;
	CU_ASSERT_EQUAL(made, 5);
	CU_ASSERT_EQUAL(t.refused, 4);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_NOT_EQUAL(route_append(&t, 0, 1, true, ROUTE_NONE), ROUTE_NONE);
}

static const struct suite_test tests[] = {
        {"chains", test_chains},
        {"the common rest", test_rest},
};

int main(void)
{
	return SUITE_RUN("shard_route", tests);
}
