/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/arena.h"

#include <string.h>

#include "tests/unit/suite.h"

static void memory_is_zeroed_and_aligned(void)
{
	struct arena *a = arena_create();
	static const uint8_t zeros[512];

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	for (uint64_t bytes = 0; bytes <= 500; bytes++) {
		uint8_t *p = arena_take(a, bytes);

		CU_ASSERT_PTR_NOT_NULL_FATAL(p);
		CU_ASSERT_EQUAL((uintptr_t)p % 16, 0);
		CU_ASSERT_EQUAL(memcmp(p, zeros, bytes), 0);
		memset(p, 0xff, bytes); /* the next one must not lie in it */
	}
	arena_destroy(a);
}

static void large_blocks_are_whole(void)
{
	struct arena *a = arena_create();
	char *small = arena_text(a, "before", 6);
	uint8_t *large = arena_take(a, 1u << 20);

	CU_ASSERT_PTR_NOT_NULL_FATAL(large);
	memset(large, 0xff, 1u << 20);
	CU_ASSERT_STRING_EQUAL(small, "before");
	arena_destroy(a);
}

static void texts_are_copied_and_terminated(void)
{
	struct arena *a = arena_create();
	char source[] = "abcdef";
	char *text = arena_text(a, source, 3);

	source[0] = 'x';
	CU_ASSERT_STRING_EQUAL(text, "abc");
	CU_ASSERT_STRING_EQUAL(arena_text(a, source, 0), "");
	arena_destroy(a);
}

static void memory_is_bounded(void)
{
	struct arena *a = arena_create();
	uint64_t taken = 0;

	CU_ASSERT_PTR_NULL(arena_take(a, ARENA_BYTES_MAX + 1));
	CU_ASSERT_PTR_NULL(arena_take(a, UINT64_MAX));
	while (taken <= 2 * ARENA_BYTES_MAX && arena_take(a, 10000) != NULL)
		taken += 10000;
	CU_ASSERT(taken <= ARENA_BYTES_MAX);
	CU_ASSERT(taken > ARENA_BYTES_MAX / 2);
	arena_destroy(a);
	arena_destroy(NULL);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"memory is zeroed and aligned", memory_is_zeroed_and_aligned},
	        {"large blocks are whole", large_blocks_are_whole},
	        {"texts are copied and terminated", texts_are_copied_and_terminated},
	        {"memory is bounded", memory_is_bounded},
	};

	return SUITE_RUN("config_arena", tests);
}
