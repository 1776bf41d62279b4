/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A check that finds nothing is worth nothing: break each thing once and see that it is found.
 */
#include "tests/unit/book/fixture.h"

static struct fixture f;

static void start(void)
{
	const struct book_options o = {.symbols_max = 4, .orders_max = 64, .levels_max = 256};
	struct book_change c;

	fixture_init(&f, &o);
	for (uint32_t i = 0; i < 3; i++)
		book_slot(&f.set, i, i + 1);
	for (uint32_t i = 0; i < 40; i++)
		book_order_add(&f.set, i % 3, i, i % 2 ? 'B' : 'S', 100, 1000 + i % 7, &c);
	for (uint32_t i = 0; i < 5; i++)
		book_order_delete(&f.set, i, &c);
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
}

static void found(void)
{
	CU_ASSERT_PTR_NOT_NULL(book_set_check(&f.set));
	fixture_finish(&f);
}

static struct book_level *some_level(void)
{
	const struct book_side *side = &f.set.books[0].side[BOOK_BID];

	CU_ASSERT_TRUE_FATAL(side->count >= 2);
	return level_at(&f.set, side, 0);
}

static uint32_t some_rung(void)
{
	return f.set.books[0].side[BOOK_BID].first;
}

static void test_levels(void)
{
	start();
	some_level()->quantity++;
	found();
	start();
	some_level()->orders++;
	found();
	start();
	some_level()->price++;
	found();
	start();
	f.set.keys[some_rung()]++;
	some_level()->price++;
	found();
	start();
	f.set.keys[some_rung()] = f.set.keys[some_rung() + 1];
	found();
	start();
	f.set.rungs[some_rung()] = f.set.rungs[some_rung() + 1];
	found();
	start();
	f.set.rungs[some_rung()] = 1u << 20;
	found();
	start();
	f.set.books[0].side[BOOK_BID].best = f.set.rungs[some_rung()];
	found();
	start();
	f.set.state->levels.made++;
	found();
	start();
	f.set.orders[some_level()->head].level++;
	found();
	start();
	f.set.books[0].side[BOOK_BID].count--;
	found();
	start();
	f.set.books[0].side[BOOK_BID].first = 1u << 20;
	found();
	start();
	f.set.books[0].side[BOOK_BID].capacity = f.set.books[0].side[BOOK_BID].count - 1;
	found();
	start();
	f.set.state->levels.live++;
	found();
	start();
	f.set.state->levels.used += LEVEL_ROOM_MIN;
	found();
	start();
	f.set.state->levels.free[0] = f.set.state->levels.used;
	found();
}

static void test_orders(void)
{
	start();
	f.set.orders[some_level()->head].prev = some_level()->tail;
	found();
	start();
	some_level()->tail = some_level()->tail + 1;
	found();
	start();
	f.set.orders[some_level()->head].shares = 0;
	found();
	start();
	f.set.orders[some_level()->head].slot_side ^= 1;
	found();
	start();
	f.set.orders[some_level()->head].reference ^= 1;
	found();
	start();
	f.set.state->stats.orders_live++;
	found();
	start();
	f.set.state->pool.live++;
	found();
	start();
	f.set.state->pool.free = some_level()->head;
	found();
	start();
	f.set.orders[f.set.state->pool.free].next = f.set.state->pool.free;
	found();
}

static struct order_bucket *some_bucket(void)
{
	struct order_bucket *b = f.set.index->buckets;

	while (b->count == 0 || b->count == ORDER_BUCKET_ENTRIES)
		b++;
	return b;
}

static void test_index(void)
{
	start();
	some_bucket()->hash[0]++;
	found();
	start();
	some_bucket()->count--;
	found();
	start();
	some_bucket()->hash[some_bucket()->count] = 1;
	found();
	start();
	some_bucket()->next = 1;
	found();
	start();
	f.set.index->entries++;
	found();
	start();
	f.set.index->overflow_used++;
	found();
}

static void test_books_and_slots(void)
{
	start();
	f.set.books[1].version++;
	found();
	start();
	f.set.books[1].flags |= BOOK_DEGRADED;
	found();
	start();
	f.set.books[1].symbol_id = 3;
	found();
	start();
	f.set.state->count++;
	found();
}

static void test_by_level(void)
{
	const struct book_options o = {.symbols_max = 1, .levels_max = 64};
	struct book_change c;

	for (uint32_t i = 0; i < 3; i++) {
		fixture_init(&f, &o);
		book_slot(&f.set, 0, 1);
		book_level_update(&f.set, 0, BOOK_BID, 1, 1, &c);
		book_level_update(&f.set, 0, BOOK_BID, 2, 1, &c);
		CU_ASSERT_PTR_NULL(book_set_check(&f.set));
		if (i == 0)
			some_level()->quantity = 0;
		if (i == 1)
			some_level()->orders = 1;
		if (i == 2)
			f.set.books[0].side[BOOK_BID].unconfirmed = 1;
		found();
	}
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"levels", test_levels},     {"orders", test_orders},
	        {"index", test_index},       {"books and slots", test_books_and_slots},
	        {"by level", test_by_level},
	};

	return SUITE_RUN("book_check", tests);
}
