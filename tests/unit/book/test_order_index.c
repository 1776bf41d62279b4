/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/book/fixture.h"

struct table { /* an index with orders of its own: order i has references[i] */
	struct fixture memory;
	struct order_index *index;
	struct order *orders;
	uint32_t orders_max;
};

static void table_init(struct table *t, uint32_t orders_max)
{
	uint64_t bytes = order_index_bytes(orders_max) + 2 * REGION_PAGE_BYTES;

	bytes -= bytes % REGION_PAGE_BYTES;
	CU_ASSERT_EQUAL_FATAL(fixture_region(&t->memory, bytes), 0);
	uint64_t at = region_place(&t->memory.region, order_index_bytes(orders_max), 64);

	CU_ASSERT_NOT_EQUAL_FATAL(at, UINT64_MAX);
	t->index = region_at(&t->memory.region, at);
	t->orders = calloc(orders_max, sizeof(*t->orders));
	t->orders_max = orders_max;
	CU_ASSERT_PTR_NOT_NULL_FATAL(t->orders);
	order_index_init(t->index, &t->memory.region, orders_max);
}

static void table_finish(struct table *t)
{
	free(t->orders);
	fixture_finish(&t->memory);
}

static bool insert(struct table *t, uint32_t order, uint64_t reference)
{
	t->orders[order].reference = reference;
	return order_index_insert(t->index, &t->memory.region, order_hash(reference), order);
}

static void remove_at(struct table *t, uint64_t reference)
{
	struct order_spot spot = order_index_find(t->index, t->orders, reference);

	CU_ASSERT_NOT_EQUAL_FATAL(spot.order, BOOK_NONE);
	order_index_remove(t->index, &t->memory.region, &spot);
}

static uint32_t find(const struct table *t, uint64_t reference)
{
	return order_index_find(t->index, t->orders, reference).order;
}

static uint64_t pages_marked(const struct table *t)
{
	uint64_t pages = 0;

	for (uint64_t i = 0; i < t->memory.bytes / REGION_PAGE_BYTES; i++)
		pages += t->memory.page_epoch[i] != 0;
	return pages;
}

static void test_find_what_was_inserted(void)
{
	struct table t;

	table_init(&t, 100000);
	CU_ASSERT_EQUAL(find(&t, 0), BOOK_NONE);
	for (uint32_t i = 0; i < 100000; i++)
		CU_ASSERT_TRUE(insert(&t, i, i * 7ull));
	for (uint32_t i = 0; i < 100000; i++) {
		CU_ASSERT_EQUAL(find(&t, i * 7ull), i);
		CU_ASSERT_EQUAL(find(&t, i * 7ull + 1), BOOK_NONE);
	}
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	for (uint32_t i = 0; i < 100000; i += 2)
		remove_at(&t, i * 7ull);
	for (uint32_t i = 0; i < 100000; i++)
		CU_ASSERT_EQUAL(find(&t, i * 7ull), i % 2 == 0 ? BOOK_NONE : i);
	CU_ASSERT_EQUAL(t.index->entries, 50000);
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	table_finish(&t);
}

/* Growth is spread: an insertion splits at most ORDER_INDEX_SPLITS buckets. */
static void test_grows_in_small_steps(void)
{
	struct table t;

	table_init(&t, 1u << 16);
	for (uint32_t i = 0; i < 1u << 16; i++) {
		uint32_t before = t.index->mask + 1 + t.index->split;

		CU_ASSERT_TRUE(insert(&t, i, i));
		uint32_t after = t.index->mask + 1 + t.index->split;

		CU_ASSERT_TRUE(after - before <= ORDER_INDEX_SPLITS);
		/* A round ends before the next must begin. */
		CU_ASSERT_TRUE(i < 100 || i < after * (ORDER_INDEX_LOAD + 1));
	}
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	table_finish(&t);
}

/* 16 M orders could come; 1,000 do: a few pages. */
static void test_touches_what_is_live(void)
{
	struct table t;

	table_init(&t, 1u << 24);
	for (uint32_t i = 0; i < 1000; i++)
		CU_ASSERT_TRUE(insert(&t, i, i * 1000003ull));
	CU_ASSERT_TRUE(pages_marked(&t) * REGION_PAGE_BYTES <= 1000 * 40 + 3 * REGION_PAGE_BYTES);
	table_finish(&t);
}

/* References made to fall into one bucket however large the table is: a chain of bounded length,
 * then refusal; everybody else is served but the few that fall into that bucket. */
static void test_collisions_are_refused(void)
{
	struct table t;
	uint32_t taken = 0;
	const uint32_t chain = (ORDER_INDEX_CHAIN_MAX + 1) * ORDER_BUCKET_ENTRIES;

	table_init(&t, 4096);
	for (uint32_t i = 0; i < 1000; i++)
		taken += insert(&t, i, reference_of_hash((uint64_t)i << 48));
	CU_ASSERT_TRUE(taken >= chain);
	CU_ASSERT_TRUE(taken < 100);
	CU_ASSERT_EQUAL(t.index->entries, taken);
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	for (uint32_t i = 0; i < chain; i++)
		CU_ASSERT_EQUAL(find(&t, reference_of_hash((uint64_t)i << 48)), i);
	CU_ASSERT_EQUAL(find(&t, reference_of_hash(999ull << 48)), BOOK_NONE);
	uint32_t others = 0;

	for (uint32_t i = 1000; i < 4000; i++)
		others += insert(&t, i, i);
	CU_ASSERT_TRUE(others > 3000 - 30);
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	for (uint32_t i = 0; i < chain; i += 3)
		remove_at(&t, reference_of_hash((uint64_t)i << 48));
	for (uint32_t i = 0; i < chain; i++)
		CU_ASSERT_EQUAL(find(&t, reference_of_hash((uint64_t)i << 48)),
		                i % 3 == 0 ? BOOK_NONE : i);
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	table_finish(&t);
}

/* Many chains at once use up the overflow buckets: refusal, nothing broken, room again later. */
static void test_overflow_is_bounded(void)
{
	struct table t;
	uint32_t refused = 0;

	table_init(&t, 20000);
	for (uint32_t i = 0; i < 20000; i++)
		refused += !insert(&t, i,
		                   reference_of_hash((uint64_t)(i % 400) << 32 | (uint64_t)i << 50 |
		                                     (i / 16384)));
	CU_ASSERT_TRUE(refused > 0);
	CU_ASSERT_EQUAL(t.index->entries, 20000 - refused);
	CU_ASSERT_TRUE(t.index->overflow_used <= t.index->overflow_max);
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	order_index_sweep(t.index, &t.memory.region);
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	for (uint32_t i = 0; i < 20000; i++)
		CU_ASSERT_TRUE(insert(&t, i, i));
	CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	table_finish(&t);
}

/* 32 bits of hash are not the reference. */
static void test_equal_hashes_are_told_apart(void)
{
	struct table t;

	table_init(&t, 100);
	for (uint32_t i = 0; i < 20; i++)
		CU_ASSERT_TRUE(insert(&t, i, reference_of_hash(0xabcdef0100000000ull + i)));
	for (uint32_t i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(find(&t, reference_of_hash(0xabcdef0100000000ull + i)), i);
	CU_ASSERT_EQUAL(find(&t, reference_of_hash(0xabcdef0100000000ull + 20)), BOOK_NONE);
	table_finish(&t);
}

static void test_random_against_array(void)
{
	struct table t;
	struct prng prng;
	const uint32_t references = 30000;
	uint32_t *at = malloc(references * sizeof(*at)); /* reference -> order */
	uint32_t *unused = malloc(references * sizeof(*unused));
	uint32_t unused_count = references;

	table_init(&t, references);
	prng_init(&prng, 7);
	for (uint32_t i = 0; i < references; i++) {
		at[i] = BOOK_NONE;
		unused[i] = i;
	}
	for (uint32_t n = 0; n < 400000; n++) {
		uint32_t i = (uint32_t)prng_below(&prng, references);
		/* Waves: full, then nearly empty, several times. */
		bool wants = prng_below(&prng, 8) < ((n / 50000) % 2 == 0 ? 7u : 1u);
		uint64_t reference = i * 0x100000001ull;

		CU_ASSERT_EQUAL(find(&t, reference), at[i]);
		if (wants && at[i] == BOOK_NONE) {
			at[i] = unused[--unused_count];
			CU_ASSERT_TRUE(insert(&t, at[i], reference));
		} else if (!wants && at[i] != BOOK_NONE) {
			remove_at(&t, reference);
			unused[unused_count++] = at[i];
			at[i] = BOOK_NONE;
		}
		if (n % 20000 == 0)
			CU_ASSERT_PTR_NULL(order_index_check(t.index, t.orders));
	}
	CU_ASSERT_EQUAL(t.index->entries, references - unused_count);
	free(at);
	free(unused);
	table_finish(&t);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"finds what was inserted", test_find_what_was_inserted},
	        {"grows in small steps", test_grows_in_small_steps},
	        {"touches what is live", test_touches_what_is_live},
	        {"collisions are refused", test_collisions_are_refused},
	        {"overflow is bounded", test_overflow_is_bounded},
	        {"equal hashes are told apart", test_equal_hashes_are_told_apart},
	        {"random against an array", test_random_against_array},
	};

	return SUITE_RUN("order_index", tests);
}
