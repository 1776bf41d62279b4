/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/book/fixture.h"

/* A hint is no change, whatever is asked for: what is there, what is not, empty books. */
static void prefetch_changes_nothing(uint32_t orders_max)
{
	const struct book_options o = {
	        .symbols_max = 4, .orders_max = orders_max, .levels_max = 256};
	struct book_intent intents[BOOK_BURST_MAX];
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
	for (uint32_t i = 0; i < BOOK_BURST_MAX; i++) {
		intents[i] = (struct book_intent){
		        .reference = i * 3,
		        .slot = i % 5 == 4 ? BOOK_NONE : i % 5,
		        .price = 990 + i % 30,
		        .side = i % 2 ? 'B' : 'S',
		};
		book_prefetch(&f.set, i * 3);
	}
	book_prefetch_burst(&f.set, intents, BOOK_BURST_MAX);
	book_prefetch_burst(&f.set, intents, 0);
	CU_ASSERT_EQUAL(memcmp(before, f.memory, f.bytes), 0);
	for (uint64_t i = 0; i < f.bytes / REGION_PAGE_BYTES; i++)
		CU_ASSERT_EQUAL(f.page_epoch[i], 0);
	free(before);
	fixture_finish(&f);
}

static void test_by_order(void)
{
	prefetch_changes_nothing(128);
}

static void test_by_level(void)
{
	prefetch_changes_nothing(0);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"changes nothing, by order", test_by_order},
	        {"changes nothing, by level", test_by_level},
	};

	return SUITE_RUN("book_prefetch", tests);
}
