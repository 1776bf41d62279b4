/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/book/fixture.h"

static void sides_init(struct fixture *f, uint32_t levels_max)
{
	struct book_options o = {.symbols_max = 64, .levels_max = levels_max};

	fixture_init(f, &o);
}

/* The slow way to say where a price belongs. */
static uint32_t position_of(const struct fixture *f, const struct book_side *side,
                            enum book_side_index index, int64_t price)
{
	uint32_t at = 0;

	while (at < side->count) {
		int64_t p = f->set.levels[side->first + at].price;

		if (index == BOOK_BID ? p >= price : p <= price)
			break;
		at++;
	}
	return at;
}

static void test_find_from_any_hint(void)
{
	struct fixture f;
	const int64_t prices[] = {INT64_MIN, INT64_MIN + 1, -7, 0, 1, 4, 5, 99, INT64_MAX};

	sides_init(&f, 64);
	for (int i = BOOK_BID; i <= BOOK_ASK; i++) {
		enum book_side_index index = (enum book_side_index)i;
		struct book_side side = {0};

		CU_ASSERT_EQUAL(level_find(f.set.levels, &side, index, 5, UINT32_MAX), 0);
		for (uint32_t n = 0; n < 9; n++) {
			uint32_t at = position_of(&f, &side, index, prices[n]);

			CU_ASSERT_PTR_NOT_NULL_FATAL(level_insert(&f.set, &side, at, prices[n]));
		}
		for (int64_t price = -10; price < 110; price++)
			for (uint32_t hint = 0; hint < 12; hint++)
				CU_ASSERT_EQUAL(level_find(f.set.levels, &side, index, price, hint),
				                position_of(&f, &side, index, price));
		for (uint32_t n = 0; n < 9; n++)
			for (uint32_t hint = 0; hint < 12; hint++) {
				uint32_t at =
				        level_find(f.set.levels, &side, index, prices[n], hint);

				CU_ASSERT_TRUE(level_is(f.set.levels, &side, at, prices[n]));
			}
		CU_ASSERT_FALSE(level_is(f.set.levels, &side, 9, 0));
	}
	fixture_finish(&f);
}

static void test_room_grows_shrinks_comes_back(void)
{
	struct fixture f;
	struct book_side side = {0};

	sides_init(&f, 1024);
	for (uint32_t i = 0; i < 100; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(level_insert(&f.set, &side, side.count, i));
		CU_ASSERT_TRUE(side.capacity >= side.count);
		CU_ASSERT_TRUE(side.capacity < 2 * side.count + LEVEL_ROOM_MIN);
	}
	CU_ASSERT_EQUAL(side.capacity, 128);
	for (uint32_t i = 100; i > 1; i--) {
		level_remove(&f.set, &side, 0);
		for (uint32_t n = 0; n < side.count; n++)
			CU_ASSERT_EQUAL(f.set.levels[side.first + n].price, 101 - i + n);
	}
	CU_ASSERT_TRUE(side.capacity <= 4 * LEVEL_ROOM_MIN);
	level_remove(&f.set, &side, 0);
	CU_ASSERT_EQUAL(f.set.state->levels.live, 0);
	uint64_t levels = side.capacity;

	CU_ASSERT_PTR_NULL(level_pool_check(&f.set, &levels));
	CU_ASSERT_EQUAL(levels, f.set.state->levels.used);
	/* The same again needs no new room. */
	uint32_t used = f.set.state->levels.used;

	for (uint32_t i = 0; i < 100; i++)
		CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, &side, side.count, i));
	CU_ASSERT_TRUE(f.set.state->levels.used <= used + LEVEL_ROOM_MIN);
	fixture_finish(&f);
}

/* When all is used up a larger room that is free is cut for a small need, and refusal leaves the
 * side as it was. */
static void test_full_array_refuses(void)
{
	struct fixture f;
	struct book_side a = {0};
	struct book_side b[8] = {0};

	sides_init(&f, 32 + 16 + 8 + 4 + 2); /* two levels too few for anything */
	for (uint32_t i = 0; i < 32; i++)
		CU_ASSERT_PTR_NOT_NULL_FATAL(level_insert(&f.set, &a, a.count, i));
	CU_ASSERT_PTR_NULL(level_insert(&f.set, &a, a.count, 32));
	CU_ASSERT_EQUAL(a.count, 32);
	CU_ASSERT_EQUAL(f.set.levels[a.first + 31].price, 31);
	for (uint32_t i = 0; i < 7; i++)
		CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, &b[i], 0, i));
	CU_ASSERT_PTR_NULL(level_insert(&f.set, &b[7], 0, 7));
	CU_ASSERT_EQUAL(b[7].capacity, 0);
	for (uint32_t i = 0; i < 7; i++) {
		CU_ASSERT_EQUAL(b[i].capacity, LEVEL_ROOM_MIN);
		CU_ASSERT_EQUAL(f.set.levels[b[i].first].price, i);
	}
	while (a.count != 0)
		level_remove(&f.set, &a, a.count - 1);
	CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, &b[7], 0, 7));
	fixture_finish(&f);
}

static void test_random_sides(void)
{
	struct fixture f;
	struct prng prng;
	struct book_side sides[32] = {0};

	sides_init(&f, 32768);
	prng_init(&prng, 11);
	for (uint32_t n = 0; n < 200000; n++) {
		struct book_side *side = &sides[prng_below(&prng, 32)];
		bool grow = prng_below(&prng, 16) < ((n / 20000) % 2 == 0 ? 11u : 5u);
		int64_t price = (int64_t)prng_below(&prng, 300);
		uint32_t hint = (uint32_t)prng_below(&prng, 64);
		uint32_t at = level_find(f.set.levels, side, BOOK_ASK, price, hint);

		if (grow && !level_is(f.set.levels, side, at, price))
			CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, side, at, price));
		if (!grow && side->count > 0)
			level_remove(&f.set, side, (uint32_t)prng_below(&prng, side->count));
	}
	uint64_t rooms = 0;
	uint64_t live = 0;

	for (uint32_t i = 0; i < 32; i++) {
		for (uint32_t n = 1; n < sides[i].count; n++)
			CU_ASSERT_TRUE(f.set.levels[sides[i].first + n].price <
			               f.set.levels[sides[i].first + n - 1].price);
		rooms += sides[i].capacity;
		live += sides[i].count;
		CU_ASSERT_TRUE(sides[i].capacity <= 4 * LEVEL_ROOM_MIN ||
		               sides[i].capacity <= 4 * sides[i].count);
	}
	CU_ASSERT_PTR_NULL(level_pool_check(&f.set, &rooms));
	CU_ASSERT_EQUAL(rooms, f.set.state->levels.used);
	CU_ASSERT_EQUAL(live, f.set.state->levels.live);
	fixture_finish(&f);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"finds from any hint", test_find_from_any_hint},
	        {"a room grows, shrinks, comes back", test_room_grows_shrinks_comes_back},
	        {"a full array refuses", test_full_array_refuses},
	        {"random sides", test_random_sides},
	};

	return SUITE_RUN("level", tests);
}
