/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/book_ahead.h"
#include "tests/unit/book/fixture.h"

/* A hint is no change, whatever is asked for: what is there, what is not, empty books. */
static void ahead_changes_nothing(uint32_t orders_max)
{
	const struct book_options o = {
	        .symbols_max = 4, .orders_max = orders_max, .levels_max = 256};
	struct book_ahead ahead;
	struct book_change c;
	struct fixture f;

	fixture_init(&f, &o);
	for (uint32_t i = 0; i < 4; i++)
		book_slot(&f.set, i, i + 1);
	for (uint32_t i = 0; orders_max != 0 && i < 100; i++)
		book_order_add(&f.set, i % 3, i, i % 2 ? 'B' : 'S', 100, 1000 + i % 6, &c);
	void *before = malloc(f.bytes);

	memcpy(before, f.memory, f.bytes);
	memset(f.page_epoch, 0, f.bytes / REGION_PAGE_BYTES);
	book_ahead_init(&ahead);
	for (uint32_t i = 0; i < 300; i++) {
		struct book_intent intent = {
		        .reference = i / 3,
		        .new_reference = i % 4 == 0 ? i : 0,
		        .slot = i % 5 == 4 ? BOOK_NONE : i % 5 % 4,
		        .price = 990 + i % 30,
		        .side = i % 2 ? 'B' : 'S',
		};

		book_ahead_add(&ahead, &f.set, &intent);
		if (i % 70 == 69)
			book_ahead_finish(&ahead);
	}
	book_ahead_finish(&ahead);
	book_ahead_finish(&ahead);
	CU_ASSERT_EQUAL(memcmp(before, f.memory, f.bytes), 0);
	for (uint64_t i = 0; i < f.bytes / REGION_PAGE_BYTES; i++)
		CU_ASSERT_EQUAL(f.page_epoch[i], 0);
	free(before);
	fixture_finish(&f);
}

static void test_by_order(void)
{
	ahead_changes_nothing(128);
}

static void test_by_level(void)
{
	ahead_changes_nothing(0);
}

/* However few or many there are and of which kind: once finished, every one went all the way. */
static void test_everything_passes_all_stages(void)
{
	const struct book_options o = {.symbols_max = 1, .orders_max = 64, .levels_max = 64};
	struct book_ahead ahead;
	struct fixture f;

	fixture_init(&f, &o);
	book_slot(&f.set, 0, 1);
	for (uint32_t count = 0; count < 200; count++) {
		uint32_t adds = 0;

		book_ahead_init(&ahead);
		ahead.adds.added = ahead.adds.stage[0] = ahead.adds.stage[1] = ahead.adds.stage[2] =
		        UINT32_MAX - 20; /* counters may wrap */
		for (uint32_t i = 0; i < count; i++) {
			bool add = (i * 7 + count) % 3 == 0;
			struct book_intent intent = {.reference = i, .slot = add ? 0 : BOOK_NONE};

			adds += add;
			book_ahead_add(&ahead, &f.set, &intent);
			CU_ASSERT_TRUE(ahead.adds.added - ahead.adds.stage[2] <= BOOK_AHEAD_ITEMS);
			CU_ASSERT_TRUE(ahead.orders.added - ahead.orders.stage[2] <=
			               BOOK_AHEAD_ITEMS);
		}
		book_ahead_finish(&ahead);
		CU_ASSERT_EQUAL(ahead.adds.added, UINT32_MAX - 20 + adds);
		CU_ASSERT_EQUAL(ahead.orders.added, count - adds);
		CU_ASSERT_EQUAL(ahead.adds.stage[2], ahead.adds.added);
		CU_ASSERT_EQUAL(ahead.orders.stage[2], ahead.orders.added);
	}
	fixture_finish(&f);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"changes nothing, by order", test_by_order},
	        {"changes nothing, by level", test_by_level},
	        {"everything passes all stages", test_everything_passes_all_stages},
	};

	return SUITE_RUN("book_ahead", tests);
}
