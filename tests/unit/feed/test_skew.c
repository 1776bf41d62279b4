/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/skew.h"

#include <string.h>

#include "tests/unit/suite.h"

static _Alignas(REGION_PAGE_BYTES)
        uint8_t memory[(sizeof(struct skew) / REGION_PAGE_BYTES + 1) * REGION_PAGE_BYTES];
static uint8_t page_epoch[sizeof(memory) / REGION_PAGE_BYTES];
static struct region region;

static struct skew *open_skew(void)
{
	memset(memory, 0, sizeof(memory));
	CU_ASSERT_EQUAL_FATAL(region_init(&region, memory, sizeof(memory), page_epoch), 0);
	return (struct skew *)(void *)memory;
}

static void deliver(struct skew *s, uint64_t first, uint64_t count)
{
	skew_on_delivery(s, &region,
	                 &(struct skew_delivery){
	                         .first = first, .end = first + count, .time_ns = first * 10});
}

static void test_finds(void)
{
	struct skew *s = open_skew();

	CU_ASSERT_PTR_NULL(skew_find(s, &region, 0, 0));
	deliver(s, 10, 5);
	deliver(s, 15, 1);
	deliver(s, 20, 3); /* 16-19 were given up */
	for (uint32_t line = 0; line < LINES_MAX; line++) {
		CU_ASSERT_PTR_NULL(skew_find(s, &region, line, 9));
		CU_ASSERT_PTR_NULL(skew_find(s, &region, line, 16));
		CU_ASSERT_PTR_NULL(skew_find(s, &region, line, 23));
		for (uint64_t p = 10; p < 15; p++)
			CU_ASSERT_EQUAL(skew_find(s, &region, line, p)->time_ns, 100);
		CU_ASSERT_EQUAL(skew_find(s, &region, line, 15)->time_ns, 150);
		CU_ASSERT_EQUAL(skew_find(s, &region, line, 22)->time_ns, 200);
	}
	skew_clear(s);
	CU_ASSERT_PTR_NULL(skew_find(s, &region, 0, 10));
}

static void test_remembers_the_last(void)
{
	struct skew *s = open_skew();

	for (uint64_t i = 0; i < 3 * SKEW_DELIVERIES_MAX; i++) {
		deliver(s, 2 * i, 2);
		if (i > 100) /* in step, 50 behind */
			CU_ASSERT_EQUAL(skew_find(s, &region, 1, 2 * (i - 50) + 1)->first,
			                2 * (i - 50));
	}
	uint64_t oldest = 2 * 2 * SKEW_DELIVERIES_MAX;

	CU_ASSERT_PTR_NULL(skew_find(s, &region, 0, oldest - 1));
	CU_ASSERT_EQUAL(skew_find(s, &region, 0, oldest)->first, oldest);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"finds", test_finds},
	        {"remembers the last", test_remembers_the_last},
	};

	return SUITE_RUN("feed_skew", tests);
}
