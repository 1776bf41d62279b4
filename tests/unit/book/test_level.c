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
		int64_t p = level_at(&f->set, side, at)->price;

		if (index == BOOK_BID ? p >= price : p <= price)
			break;
		at++;
	}
	return at;
}

/* As many levels as several scans and a search by halves take, and rooms of others before and
 * behind whose keys must not count. */
static void test_find(void)
{
	static const uint32_t counts[] = {0, 1, 7, 8, 9, 31, 32, 33, 40, 100, 1000, 1500};
	const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};

	for (uint32_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		for (int i = BOOK_BID; i <= BOOK_ASK; i++) {
			enum book_side_index index = (enum book_side_index)i;
			struct book_side side[3] = {{0}};
			struct fixture f;

			sides_init(&f, 16384);
			for (uint32_t n = 0; n < counts[c]; n++) {
				int64_t price = index == BOOK_BID ? 3 * n : -3 * (int64_t)n;

				for (uint32_t k = 0; k < 3; k++)
					level_insert(&f.set, &side[k], index, n, price);
			}
			int64_t limit = 3 * (int64_t)counts[c] + 5;

			for (int64_t price = -limit; price < limit; price++)
				CU_ASSERT_EQUAL(
				        level_find(&f.set, &side[1], level_key(index, price)),
				        position_of(&f, &side[1], index, price));
			for (uint32_t n = 0; n < 6; n++)
				CU_ASSERT_EQUAL(
				        level_find(&f.set, &side[1], level_key(index, ends[n])),
				        position_of(&f, &side[1], index, ends[n]));
			for (uint32_t n = 0; n < counts[c]; n++)
				CU_ASSERT_TRUE(level_is(
				        &f.set, &side[1], n,
				        level_key(index, level_at(&f.set, &side[1], n)->price)));
			for (uint32_t n = 0; n < counts[c]; n++)
				for (uint32_t place = 0; place < counts[c] + 20; place += 7)
					CU_ASSERT_EQUAL(
					        level_find_near(&f.set, &side[1],
					                        f.set.keys[side[1].first + n],
					                        place),
					        n);
			CU_ASSERT_FALSE(level_is(&f.set, &side[1], counts[c], 0));
			fixture_finish(&f);
		}
}

static void test_room_grows_shrinks_comes_back(void)
{
	struct fixture f;
	struct book_side side = {0};

	sides_init(&f, 1024);
	for (uint32_t i = 0; i < 100; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(level_insert(&f.set, &side, BOOK_BID, side.count, i));
		CU_ASSERT_TRUE(side.capacity >= side.count);
		CU_ASSERT_TRUE(side.capacity < 2 * side.count + LEVEL_ROOM_MIN);
	}
	CU_ASSERT_EQUAL(side.capacity, 128);
	for (uint32_t i = 100; i > 1; i--) {
		level_remove(&f.set, &side, 0);
		for (uint32_t n = 0; n < side.count; n++)
			CU_ASSERT_EQUAL(level_at(&f.set, &side, n)->price, 101 - i + n);
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
		CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, &side, BOOK_BID, side.count, i));
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
		CU_ASSERT_PTR_NOT_NULL_FATAL(level_insert(&f.set, &a, BOOK_BID, a.count, i));
	CU_ASSERT_PTR_NULL(level_insert(&f.set, &a, BOOK_BID, a.count, 32));
	CU_ASSERT_EQUAL(a.count, 32);
	CU_ASSERT_EQUAL(level_at(&f.set, &a, 31)->price, 31);
	for (uint32_t i = 0; i < 7; i++)
		CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, &b[i], BOOK_BID, 0, i));
	CU_ASSERT_PTR_NULL(level_insert(&f.set, &b[7], BOOK_BID, 0, 7));
	CU_ASSERT_EQUAL(b[7].capacity, 0);
	for (uint32_t i = 0; i < 7; i++) {
		CU_ASSERT_EQUAL(b[i].capacity, LEVEL_ROOM_MIN);
		CU_ASSERT_EQUAL(level_at(&f.set, &b[i], 0)->price, i);
	}
	while (a.count != 0)
		level_remove(&f.set, &a, a.count - 1);
	CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, &b[7], BOOK_BID, 0, 7));
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
		int64_t key = level_key(BOOK_ASK, price);
		uint32_t at = level_find(&f.set, side, key);

		if (grow && !level_is(&f.set, side, at, key))
			CU_ASSERT_PTR_NOT_NULL(level_insert(&f.set, side, BOOK_ASK, at, price));
		if (!grow && side->count > 0)
			level_remove(&f.set, side, (uint32_t)prng_below(&prng, side->count));
	}
	uint64_t rooms = 0;
	uint64_t live = 0;

	for (uint32_t i = 0; i < 32; i++) {
		for (uint32_t n = 1; n < sides[i].count; n++)
			CU_ASSERT_TRUE(level_at(&f.set, &sides[i], n)->price <
			               level_at(&f.set, &sides[i], n - 1)->price);
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

#define LARGE_MAX 8192u

struct large { /* a side and what must stand in it, worst first */
	struct book_side side;
	int64_t prices[LARGE_MAX];
	uint32_t count;
};

static void large_check(const struct fixture *f, const struct large *l)
{
	uint32_t room = level_room(&l->side);

	CU_ASSERT_EQUAL_FATAL(l->side.count, l->count);
	CU_ASSERT_TRUE(l->count == 0 || l->side.first >= room);
	CU_ASSERT_TRUE(l->side.first + l->count <= room + l->side.capacity);
	for (uint32_t n = 0; n < l->count; n++)
		CU_ASSERT_EQUAL_FATAL(level_at(&f->set, &l->side, n)->price, l->prices[n]);
}

static bool large_insert(struct fixture *f, struct large *l, uint32_t at, int64_t price)
{
	struct book_level *level = level_insert(&f->set, &l->side, BOOK_BID, at, price);

	if (level == NULL)
		return false;
	CU_ASSERT_EQUAL(level->price, price);
	CU_ASSERT_EQUAL(level->quantity, 0);
	memmove(&l->prices[at + 1], &l->prices[at], (l->count - at) * sizeof(l->prices[0]));
	l->prices[at] = price;
	l->count++;
	return true;
}

static void large_remove(struct fixture *f, struct large *l, uint32_t at)
{
	level_remove(&f->set, &l->side, at);
	l->count--;
	memmove(&l->prices[at], &l->prices[at + 1], (l->count - at) * sizeof(l->prices[0]));
}

/* Sides that grow and shrink at either end and in the middle. */
static void test_large_sides_change_at_both_ends(void)
{
	static struct large sides[3];
	struct fixture f;
	struct prng prng;
	int64_t price = 0;

	sides_init(&f, 1u << 18);
	prng_init(&prng, 12);
	for (uint32_t n = 0; n < 150000; n++) {
		struct large *l = &sides[prng_below(&prng, 3)];
		bool grow = prng_below(&prng, 16) < ((n / 50000) % 2 == 0 ? 12u : 3u);
		uint32_t room = l->count + grow;
		uint32_t phase = (n / 5000) % 4; /* worst, best, anywhere, near either end */
		uint32_t at = 0;

		if (room == 0 || (grow && l->count == LARGE_MAX))
			continue;
		if (phase == 1 || (phase == 3 && (n & 1) != 0))
			at = room - 1;
		else if (phase == 2)
			at = (uint32_t)prng_below(&prng, room);
		if (grow) {
			CU_ASSERT_TRUE_FATAL(large_insert(&f, l, at, price++));
		} else {
			large_remove(&f, l, at);
		}
		if (n % 997 == 0)
			large_check(&f, l);
	}
	uint64_t rooms = 0;

	for (uint32_t i = 0; i < 3; i++) {
		large_check(&f, &sides[i]);
		rooms += sides[i].side.capacity;
	}
	CU_ASSERT_PTR_NULL(level_pool_check(&f.set, &rooms));
	CU_ASSERT_EQUAL(rooms, f.set.state->levels.used);
	fixture_finish(&f);
}

/* What is worse than all others moves nobody: the array grows towards its room's beginning. */
static void test_the_worst_moves_nobody(void)
{
	static struct large l;
	struct fixture f;
	uint32_t slides = 0;

	sides_init(&f, 1u << 16);
	for (uint32_t n = 0; n < LARGE_MAX; n++) {
		uint32_t best = l.side.first + l.side.count;

		CU_ASSERT_TRUE_FATAL(large_insert(&f, &l, 0, -(int64_t)n));
		slides += n >= LEVEL_SLIDE_MIN && l.side.first + l.side.count != best;
	}
	large_check(&f, &l);
	CU_ASSERT_TRUE(slides <= 20);
	for (uint32_t n = 0; n < LARGE_MAX / 2 - 10; n++) {
		uint32_t best = l.side.first + l.side.count;

		large_remove(&f, &l, 0);
		CU_ASSERT_EQUAL(l.side.first + l.side.count, best);
	}
	large_check(&f, &l);
	fixture_finish(&f);
}

/* A room that cannot be exchanged for a larger one is used to its last level. */
static void test_a_large_room_fills_to_the_last(void)
{
	for (uint32_t front = 0; front < 2; front++) {
		static struct large l;
		struct fixture f;

		l = (struct large){0};
		sides_init(&f, 4095);
		while (large_insert(&f, &l, front != 0 ? 0 : l.count, l.count))
			;
		CU_ASSERT_EQUAL(l.count, l.side.capacity);
		CU_ASSERT_EQUAL(l.count, 1024);
		large_check(&f, &l);
		large_remove(&f, &l, 512);
		CU_ASSERT_TRUE(large_insert(&f, &l, front != 0 ? 0 : l.count, 5000));
		large_check(&f, &l);
		fixture_finish(&f);
	}
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"finds", test_find},
	        {"a room grows, shrinks, comes back", test_room_grows_shrinks_comes_back},
	        {"a full array refuses", test_full_array_refuses},
	        {"random sides", test_random_sides},
	        {"large sides change at both ends", test_large_sides_change_at_both_ends},
	        {"the worst moves nobody", test_the_worst_moves_nobody},
	        {"a large room fills to the last", test_a_large_room_fills_to_the_last},
	};

	return SUITE_RUN("level", tests);
}
