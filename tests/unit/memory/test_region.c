/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/memory/region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define PAGES 8u

static _Alignas(REGION_PAGE_BYTES) uint8_t memory[PAGES * REGION_PAGE_BYTES];
static uint8_t epochs[PAGES];

static struct region open_region(void)
{
	struct region r;

	memset(memory, 0, sizeof(memory));
	memset(epochs, 0, sizeof(epochs));
	CU_ASSERT_EQUAL_FATAL(region_init(&r, memory, sizeof(memory), epochs), 0);
	return r;
}

/* The epochs as a word, page 0 in the lowest byte. */
static uint64_t marks(void)
{
	uint64_t m;

	memcpy(&m, epochs, sizeof(m));
	return m;
}

static void test_init(void)
{
	struct region r;

	CU_ASSERT_EQUAL(region_init(&r, NULL, sizeof(memory), epochs), -EINVAL);
	CU_ASSERT_EQUAL(region_init(&r, memory, sizeof(memory), NULL), -EINVAL);
	CU_ASSERT_EQUAL(region_init(&r, memory, 0, epochs), -EINVAL);
	CU_ASSERT_EQUAL(region_init(&r, memory + 64, REGION_PAGE_BYTES, epochs), -EINVAL);
	CU_ASSERT_EQUAL(region_init(&r, memory, REGION_PAGE_BYTES + 64, epochs), -EINVAL);
	r = open_region();
	CU_ASSERT_EQUAL(r.epoch, 1);
	CU_ASSERT_EQUAL(r.used_bytes, 0);
	CU_ASSERT_PTR_EQUAL(region_at(&r, 100), memory + 100);
}

static void test_place(void)
{
	struct region r = open_region();

	CU_ASSERT_EQUAL(region_place(&r, 10, 1), 0);
	CU_ASSERT_EQUAL(region_place(&r, 10, 8), 16);
	CU_ASSERT_EQUAL(region_place(&r, 0, 64), 64);
	CU_ASSERT_EQUAL(region_place(&r, 1, 64), 64);
	CU_ASSERT_EQUAL(region_place(&r, 1, REGION_PAGE_BYTES), REGION_PAGE_BYTES);
	/* Refused, and nothing is used up by it. */
	uint64_t used = r.used_bytes;

	CU_ASSERT_EQUAL(region_place(&r, sizeof(memory), 1), UINT64_MAX);
	CU_ASSERT_EQUAL(region_place(&r, UINT64_MAX, 1), UINT64_MAX);
	CU_ASSERT_EQUAL(region_place(&r, UINT64_MAX - 64, 64), UINT64_MAX);
	CU_ASSERT_EQUAL(r.used_bytes, used);
	CU_ASSERT_EQUAL(region_place(&r, sizeof(memory) - 2 * REGION_PAGE_BYTES, REGION_PAGE_BYTES),
	                2 * REGION_PAGE_BYTES);
	CU_ASSERT_EQUAL(r.used_bytes, sizeof(memory));
	CU_ASSERT_EQUAL(region_place(&r, 0, 1), sizeof(memory));
	CU_ASSERT_EQUAL(region_place(&r, 1, 1), UINT64_MAX);
}

static void test_mark(void)
{
	struct region r = open_region();

	region_mark(&r, memory + 2 * REGION_PAGE_BYTES, 1);
	CU_ASSERT_EQUAL(marks(), 0x0000000000010000u);
	r.epoch = 2;
	/* The last byte of a page, then one byte more. */
	region_mark(&r, memory + 4 * REGION_PAGE_BYTES - 8, 8);
	CU_ASSERT_EQUAL(marks(), 0x0000000002010000u);
	region_mark(&r, memory + 4 * REGION_PAGE_BYTES - 8, 9);
	CU_ASSERT_EQUAL(marks(), 0x0000000202010000u);
	r.epoch = 3;
	region_mark(&r, memory + sizeof(memory) - 1, 1);
	CU_ASSERT_EQUAL(marks(), 0x0300000202010000u);
}

static void test_mark_range(void)
{
	struct region r = open_region();

	region_mark_range(&r, memory + 100, 0);
	CU_ASSERT_EQUAL(marks(), 0);
	region_mark_range(&r, memory + REGION_PAGE_BYTES, 3 * REGION_PAGE_BYTES);
	CU_ASSERT_EQUAL(marks(), 0x0000000001010100u);
	r.epoch = 9;
	region_mark_range(&r, memory + REGION_PAGE_BYTES - 1, REGION_PAGE_BYTES + 2);
	CU_ASSERT_EQUAL(marks(), 0x0000000001090909u);
	region_mark_range(&r, memory, sizeof(memory));
	CU_ASSERT_EQUAL(marks(), 0x0909090909090909u);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"init", test_init},
	        {"place", test_place},
	        {"mark", test_mark},
	        {"mark range", test_mark_range},
	};

	return SUITE_RUN("region", tests);
}
