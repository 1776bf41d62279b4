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

static void deliver(struct skew *s, uint32_t line, uint64_t first, uint64_t count)
{
	skew_on_delivery(
	        s, &region,
	        &(struct skew_delivery){
	                .first = first, .end = first + count, .time_ns = first * 10, .line = line});
}

/* What is known of the first sample in [first, first + count); UINT64_MAX: nothing. */
static uint64_t find(struct skew *s, uint32_t line, uint64_t first, uint64_t count)
{
	uint64_t position;
	uint64_t time_ns;
	uint32_t found;

	if (!skew_position(first, first + count, &position) ||
	    !skew_find(s, position, &found, &time_ns))
		return UINT64_MAX;
	CU_ASSERT_EQUAL(found, line);
	return time_ns;
}

static void test_positions(void)
{
	uint64_t position;

	CU_ASSERT_FALSE(skew_position(1, 8, &position));
	CU_ASSERT_TRUE(skew_position(1, 9, &position));
	CU_ASSERT_EQUAL(position, 8);
	CU_ASSERT_TRUE(skew_position(0, 1, &position));
	CU_ASSERT_EQUAL(position, 0);
	CU_ASSERT_FALSE(skew_position(5, 5, &position));
	CU_ASSERT_FALSE(skew_position(UINT64_MAX - 3, UINT64_MAX, &position)); /* wraps */
	CU_ASSERT_TRUE(skew_position(UINT64_MAX - 7, UINT64_MAX, &position));
}

static void test_finds(void)
{
	struct skew *s = open_skew();

	CU_ASSERT_EQUAL(find(s, 0, 0, 1), UINT64_MAX); /* zeroes are no sample */
	for (uint32_t line = 0; line < LINES_MAX; line++) {
		uint64_t base = 100 * SKEW_STRIDE * line;

		deliver(s, line, base + 10, 6); /* 10-15: none of them */
		deliver(s, line, base + 16, 1);
		deliver(s, line, base + 20, 20); /* 24, 32; 17-19 were given up */
		CU_ASSERT_EQUAL(find(s, line, base + 8, 2), UINT64_MAX);
		CU_ASSERT_EQUAL(find(s, line, base + 16, 1), (base + 16) * 10);
		/* The copy is cut in its own way. */
		CU_ASSERT_EQUAL(find(s, line, base + 12, 10), (base + 16) * 10);
		CU_ASSERT_EQUAL(find(s, line, base + 24, 1), (base + 20) * 10);
		CU_ASSERT_EQUAL(find(s, line, base + 25, 15), (base + 20) * 10);
		CU_ASSERT_EQUAL(find(s, line, base + 40, 1), UINT64_MAX);
	}
	skew_clear(s, &region);
	CU_ASSERT_EQUAL(find(s, 0, 16, 1), UINT64_MAX);
}

static void test_remembers_the_last(void)
{
	const uint64_t all = (uint64_t)SKEW_STRIDE * SKEW_SAMPLES_MAX;
	struct skew *s = open_skew();

	for (uint64_t i = 0; i < 3 * all; i++) {
		deliver(s, 1, i, 1);
		if (i >= 500 && (i - 500) % SKEW_STRIDE == 0) /* in step, 500 behind */
			CU_ASSERT_EQUAL(find(s, 1, i - 500, 1), (i - 500) * 10);
	}
	CU_ASSERT_EQUAL(find(s, 1, 2 * all - SKEW_STRIDE, 1), UINT64_MAX);
	CU_ASSERT_EQUAL(find(s, 1, 2 * all, 1), 2 * all * 10);
	/* A run longer than all that is remembered. */
	deliver(s, 1, 4 * all + 3, all + 3 * SKEW_STRIDE);
	CU_ASSERT_EQUAL(find(s, 1, 4 * all + SKEW_STRIDE, 1), UINT64_MAX);
	CU_ASSERT_EQUAL(find(s, 1, 5 * all + 2 * SKEW_STRIDE, 1), (4 * all + 3) * 10);
	CU_ASSERT_EQUAL(find(s, 1, 4 * all + 4 * SKEW_STRIDE, 1), (4 * all + 3) * 10);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"positions", test_positions},
	        {"finds", test_finds},
	        {"remembers the last", test_remembers_the_last},
	};

	return SUITE_RUN("feed_skew", tests);
}
