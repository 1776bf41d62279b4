/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/lost.h"

#include <string.h>

#include "tests/unit/suite.h"

static _Alignas(REGION_PAGE_BYTES)
        uint8_t memory[(sizeof(struct lost_ranges) / REGION_PAGE_BYTES + 1) * REGION_PAGE_BYTES];
static uint8_t page_epoch[sizeof(memory) / REGION_PAGE_BYTES];
static struct region region;

static struct lost_ranges *open_ranges(void)
{
	memset(memory, 0, sizeof(memory));
	CU_ASSERT_EQUAL_FATAL(region_init(&region, memory, sizeof(memory), page_epoch), 0);
	return (struct lost_ranges *)(void *)memory;
}

static void test_overlap(void)
{
	struct lost_ranges *l = open_ranges();

	CU_ASSERT_EQUAL(lost_overlap(l, 0, UINT64_MAX), 0);
	CU_ASSERT(lost_add(l, &region, 10, 20));
	CU_ASSERT(lost_add(l, &region, 30, 31));
	CU_ASSERT_EQUAL(lost_overlap(l, 0, 10), 0);
	CU_ASSERT_EQUAL(lost_overlap(l, 20, 30), 0);
	CU_ASSERT_EQUAL(lost_overlap(l, 31, 99), 0);
	CU_ASSERT_EQUAL(lost_overlap(l, 0, 11), 1);
	CU_ASSERT_EQUAL(lost_overlap(l, 12, 14), 2);
	CU_ASSERT_EQUAL(lost_overlap(l, 15, 31), 6);
	CU_ASSERT_EQUAL(lost_overlap(l, 0, 99), 11);
	CU_ASSERT_EQUAL(l->end, 31);
}

static void test_touching_ranges_are_one(void)
{
	struct lost_ranges *l = open_ranges();

	CU_ASSERT(lost_add(l, &region, 0, 5));
	CU_ASSERT(!lost_add(l, &region, 5, 9));
	CU_ASSERT(lost_add(l, &region, 10, UINT64_MAX));
	CU_ASSERT_EQUAL(l->count, 2);
	CU_ASSERT_EQUAL(lost_overlap(l, 0, UINT64_MAX), UINT64_MAX - 1);
	lost_clear(l);
	/* A new session may begin where the old one's range ended. */
	CU_ASSERT(lost_add(l, &region, 0, 1));
}

static void test_forgets_the_lowest(void)
{
	struct lost_ranges *l = open_ranges();

	for (uint64_t i = 0; i < LOST_RANGES_MAX + 10; i++)
		CU_ASSERT(lost_add(l, &region, 2 * i, 2 * i + 1));
	CU_ASSERT_EQUAL(l->count, LOST_RANGES_MAX);
	CU_ASSERT_EQUAL(lost_overlap(l, 0, 20), 0);
	CU_ASSERT_EQUAL(lost_overlap(l, 0, 21), 1);
	CU_ASSERT_EQUAL(lost_overlap(l, 0, UINT64_MAX), LOST_RANGES_MAX);
	CU_ASSERT_EQUAL(lost_overlap(l, 2 * LOST_RANGES_MAX, 2 * LOST_RANGES_MAX + 1), 1);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"overlap", test_overlap},
	        {"touching ranges are one", test_touching_ranges_are_one},
	        {"forgets the lowest", test_forgets_the_lowest},
	};

	return SUITE_RUN("feed_lost", tests);
}
