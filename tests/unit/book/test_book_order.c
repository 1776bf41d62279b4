/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The corner cases of orders, one by one, as docs/books.md states them.
 */
#include "tests/unit/book/fixture.h"

static struct fixture f;
static struct book_change c;

static void start_with(uint32_t orders_max, uint32_t levels_max)
{
	struct book_options o = {
	        .symbols_max = 4, .orders_max = orders_max, .levels_max = levels_max};

	fixture_init(&f, &o);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(book_slot(&f.set, 100 + i, 1000 + i), i);
}

static void start(void)
{
	start_with(64, 256);
}

static void finish(void)
{
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	fixture_finish(&f);
}

static const struct book_set_stats *stats(void)
{
	return book_set_stats(&f.set);
}

static uint64_t best_quantity(uint32_t slot, enum book_side_index side)
{
	const struct book_level *l = book_best(&f.set, book_at(&f.set, slot), side);

	return l == NULL ? 0 : l->quantity;
}

static int64_t best_price(uint32_t slot, enum book_side_index side)
{
	const struct book_level *l = book_best(&f.set, book_at(&f.set, slot), side);

	return l == NULL ? -1 : l->price;
}

static void add(uint32_t slot, uint64_t reference, char side, uint32_t shares, uint32_t price)
{
	book_order_add(&f.set, slot, reference, side, shares, price, &c);
}

struct seen {
	uint64_t references[8];
	uint32_t count;
};

static void see(void *arg, uint64_t reference, uint32_t shares)
{
	struct seen *s = arg;

	CU_ASSERT_TRUE(shares > 0);
	if (s->count < 8)
		s->references[s->count] = reference;
	s->count++;
}

static struct seen queue(uint32_t slot, enum book_side_index side)
{
	struct seen s = {0};
	const struct book_level *l = book_best(&f.set, book_at(&f.set, slot), side);

	if (l != NULL)
		book_level_orders(&f.set, l, see, &s);
	return s;
}

static void test_add_builds_sorted_levels(void)
{
	start();
	add(0, 1, 'B', 100, 5000);
	CU_ASSERT_EQUAL(c.kind, BOOK_ADDED);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_EQUAL(c.side, BOOK_BID);
	CU_ASSERT_EQUAL(c.reference, 1);
	CU_ASSERT_EQUAL(c.price, 5000);
	CU_ASSERT_EQUAL(c.quantity, 100);
	CU_ASSERT_EQUAL(c.other_slot, BOOK_NONE);
	add(0, 2, 'B', 200, 4900);
	CU_ASSERT_FALSE(c.best_changed);
	add(0, 3, 'B', 300, 5000);
	CU_ASSERT_TRUE(c.best_changed);
	add(0, 4, 'S', 10, UINT32_MAX);
	add(0, 5, 'S', 20, 5100);
	CU_ASSERT_EQUAL(best_price(0, BOOK_BID), 5000);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_BID), 400);
	CU_ASSERT_EQUAL(book_best(&f.set, book_at(&f.set, 0), BOOK_BID)->orders, 2);
	CU_ASSERT_EQUAL(best_price(0, BOOK_ASK), 5100);
	CU_ASSERT_EQUAL(book_level(&f.set, book_at(&f.set, 0), BOOK_ASK, 1)->price, UINT32_MAX);
	CU_ASSERT_PTR_NULL(book_level(&f.set, book_at(&f.set, 0), BOOK_ASK, 2));
	CU_ASSERT_EQUAL(stats()->orders_live, 5);
	finish();
}

static void test_sums_are_64_bits_wide(void)
{
	start();
	add(0, 1, 'S', UINT32_MAX, 5000);
	add(0, 2, 'S', UINT32_MAX, 5000);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_ASK), 2ull * UINT32_MAX);
	finish();
}

static void test_nothing_from_zero_shares_or_other_sides(void)
{
	start();
	add(0, 1, 'B', 100, 5000);
	add(0, 1, 'B', 0, 6000);
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	add(0, 1, 'b', 50, 6000);
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	add(0, 2, '\0', 50, 6000);
	CU_ASSERT_EQUAL(stats()->ignored, 3);
	CU_ASSERT_EQUAL(stats()->replaced_references, 0);
	CU_ASSERT_EQUAL(best_price(0, BOOK_BID), 5000);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_BID), 100);
	finish();
}

static void test_second_add_replaces(void)
{
	start();
	add(0, 1, 'B', 100, 5000);
	add(0, 1, 'S', 50, 6000);
	CU_ASSERT_EQUAL(c.kind, BOOK_ADDED);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_EQUAL(c.other_slot, BOOK_NONE);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_BID), 0);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_ASK), 50);
	add(2, 1, 'B', 70, 7000); /* in another book */
	CU_ASSERT_EQUAL(c.slot, 2);
	CU_ASSERT_EQUAL(c.other_slot, 0);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_ASK), 0);
	CU_ASSERT_EQUAL(best_quantity(2, BOOK_BID), 70);
	CU_ASSERT_EQUAL(stats()->replaced_references, 2);
	CU_ASSERT_EQUAL(stats()->orders_live, 1);
	add(2, 1, 'B', 70, 7000); /* the same again: no other best */
	CU_ASSERT_EQUAL(c.kind, BOOK_ADDED);
	CU_ASSERT_FALSE(c.best_changed);
	finish();
}

static void test_executions(void)
{
	start();
	add(0, 1, 'B', 100, 5000);
	CU_ASSERT_TRUE(book_order_execute(&f.set, 1, 30, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_EXECUTED);
	CU_ASSERT_EQUAL(c.price, 5000);
	CU_ASSERT_EQUAL(c.quantity, 30);
	CU_ASSERT_TRUE(c.printable);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_TRUE(book_order_execute_at(&f.set, 1, 20, 5010, false, &c));
	CU_ASSERT_EQUAL(c.price, 5010);
	CU_ASSERT_FALSE(c.printable);
	const struct book *b = book_at(&f.set, 0);

	CU_ASSERT_EQUAL(b->volume, 30);
	CU_ASSERT_EQUAL(b->trades, 1);
	CU_ASSERT_EQUAL(b->notional, 150000);
	CU_ASSERT_EQUAL(b->trade_price, 5010);
	CU_ASSERT_EQUAL(b->trade_quantity, 20);
	CU_ASSERT_TRUE(book_order_execute_at(&f.set, 1, 10, 5020, true, &c));
	CU_ASSERT_EQUAL(b->volume, 40);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_BID), 40);
	CU_ASSERT_TRUE(book_order_execute(&f.set, 1, 0, &c)); /* nothing */
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_EQUAL(b->trades, 2);
	CU_ASSERT_TRUE(book_order_execute(&f.set, 1, 40, &c));
	CU_ASSERT_EQUAL(stats()->orders_live, 0);
	CU_ASSERT_EQUAL(stats()->overtaken, 0);
	CU_ASSERT_FALSE(book_order_execute(&f.set, 1, 1, &c));
	finish();
}

static void test_taking_more_than_rests(void)
{
	start();
	add(0, 1, 'B', 100, 5000);
	add(0, 2, 'B', 100, 5000);
	CU_ASSERT_TRUE(book_order_execute(&f.set, 1, 150, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_EXECUTED);
	CU_ASSERT_EQUAL(c.quantity, 100);
	CU_ASSERT_EQUAL(book_at(&f.set, 0)->volume, 100);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_BID), 100);
	CU_ASSERT_TRUE(book_order_cancel(&f.set, 2, UINT32_MAX, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REMOVED);
	CU_ASSERT_EQUAL(c.quantity, 100);
	CU_ASSERT_EQUAL(stats()->overtaken, 2);
	CU_ASSERT_EQUAL(stats()->orders_live, 0);
	finish();
}

static void test_cancel_and_delete(void)
{
	start();
	add(0, 1, 'S', 100, 5000);
	add(0, 2, 'S', 100, 5001);
	CU_ASSERT_TRUE(book_order_cancel(&f.set, 1, 40, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REDUCED);
	CU_ASSERT_EQUAL(c.quantity, 40);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_TRUE(book_order_cancel(&f.set, 1, 0, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_TRUE(book_order_cancel(&f.set, 2, 100, &c)); /* all of it */
	CU_ASSERT_EQUAL(c.kind, BOOK_REMOVED);
	CU_ASSERT_FALSE(c.best_changed);
	CU_ASSERT_TRUE(book_order_delete(&f.set, 1, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REMOVED);
	CU_ASSERT_EQUAL(c.quantity, 60);
	CU_ASSERT_EQUAL(book_at(&f.set, 0)->volume, 0);
	CU_ASSERT_FALSE(book_order_delete(&f.set, 1, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_FALSE(book_order_cancel(&f.set, 1, 1, &c));
	CU_ASSERT_EQUAL(stats()->orphan_references, 0);
	book_orphan(&f.set); /* said by whoever asked every group */
	CU_ASSERT_EQUAL(stats()->orphan_references, 1);
	finish();
}

static void test_replace_loses_priority(void)
{
	start();
	add(1, 1, 'B', 100, 5000);
	add(1, 2, 'B', 100, 5000);
	CU_ASSERT_TRUE(book_order_replace(&f.set, 1, 3, 100, 5000, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REPLACED);
	CU_ASSERT_EQUAL(c.reference, 3);
	CU_ASSERT_EQUAL(c.slot, 1);
	CU_ASSERT_EQUAL(c.side, BOOK_BID);
	CU_ASSERT_FALSE(c.best_changed); /* as much at the same price */
	struct seen s = queue(1, BOOK_BID);

	CU_ASSERT_EQUAL(s.count, 2);
	CU_ASSERT_EQUAL(s.references[0], 2);
	CU_ASSERT_EQUAL(s.references[1], 3);
	CU_ASSERT_TRUE(book_order_replace(&f.set, 2, 2, 50, 5000, &c)); /* to itself */
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_EQUAL(stats()->replaced_references, 0);
	s = queue(1, BOOK_BID);
	CU_ASSERT_EQUAL(s.references[0], 3);
	CU_ASSERT_EQUAL(s.references[1], 2);
	CU_ASSERT_EQUAL(best_quantity(1, BOOK_BID), 150);
	finish();
}

static void test_replace_corner_cases(void)
{
	start();
	CU_ASSERT_FALSE(book_order_replace(&f.set, 1, 2, 100, 5000, &c)); /* adds nothing */
	CU_ASSERT_EQUAL(stats()->orders_live, 0);
	add(0, 1, 'B', 100, 5000);
	add(1, 2, 'S', 100, 6000);
	add(0, 3, 'B', 100, 5000);
	CU_ASSERT_TRUE(book_order_replace(&f.set, 1, 9, 0, 4000, &c)); /* only removes */
	CU_ASSERT_EQUAL(c.kind, BOOK_REMOVED);
	CU_ASSERT_EQUAL(c.reference, 1);
	CU_ASSERT_EQUAL(c.quantity, 100);
	CU_ASSERT_FALSE(book_order_delete(&f.set, 9, &c));
	/* To a reference that lives in another book: that one goes. */
	CU_ASSERT_TRUE(book_order_replace(&f.set, 3, 2, 70, 4000, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REPLACED);
	CU_ASSERT_EQUAL(c.other_slot, 1);
	CU_ASSERT_EQUAL(best_quantity(1, BOOK_ASK), 0);
	CU_ASSERT_EQUAL(best_price(0, BOOK_BID), 4000);
	CU_ASSERT_EQUAL(stats()->replaced_references, 1);
	CU_ASSERT_EQUAL(stats()->orders_live, 1);
	/* To a reference that lives in the same book. */
	add(0, 4, 'S', 10, 8000);
	CU_ASSERT_TRUE(book_order_replace(&f.set, 2, 4, 70, 4000, &c));
	CU_ASSERT_EQUAL(c.other_slot, BOOK_NONE);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_EQUAL(best_quantity(0, BOOK_ASK), 0);
	CU_ASSERT_EQUAL(stats()->orders_live, 1);
	finish();
}

static void test_orders_max_refuses(void)
{
	start_with(4, 256);
	for (uint32_t i = 0; i < 4; i++)
		add(0, i, 'B', 100, 5000);
	add(1, 4, 'B', 100, 5000);
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_EQUAL(stats()->refused_orders, 1);
	CU_ASSERT_EQUAL(stats()->books_degraded, 1);
	CU_ASSERT_TRUE(book_at(&f.set, 1)->flags & BOOK_DEGRADED);
	CU_ASSERT_FALSE(book_at(&f.set, 0)->flags & BOOK_DEGRADED);
	CU_ASSERT_FALSE(book_order_execute(&f.set, 4, 10, &c)); /* an orphan from now on */
	add(1, 3, 'B', 100, 5000);                              /* replaces, so there is room */
	CU_ASSERT_EQUAL(c.kind, BOOK_ADDED);
	CU_ASSERT_TRUE(book_order_replace(&f.set, 0, 9, 100, 5000, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REPLACED);
	add(1, 5, 'B', 100, 5000);
	CU_ASSERT_EQUAL(stats()->refused_orders, 2);
	CU_ASSERT_EQUAL(stats()->books_degraded, 1);
	book_set_clear(&f.set, 2, 1);
	CU_ASSERT_EQUAL(stats()->books_degraded, 0);
	CU_ASSERT_FALSE(book_at(&f.set, 1)->flags & BOOK_DEGRADED);
	finish();
}

static void test_levels_max_refuses(void)
{
	start_with(64, 8);
	for (uint32_t i = 0; i < 8; i++)
		add(0, i, 'B', 100, 5000 + i);
	/* Eight levels of room: four, then no room of eight beside them. */
	CU_ASSERT_EQUAL(stats()->refused_levels, 4);
	CU_ASSERT_EQUAL(book_at(&f.set, 0)->side[BOOK_BID].count, 4);
	CU_ASSERT_EQUAL(stats()->orders_live, 4);
	CU_ASSERT_FALSE(book_order_delete(&f.set, 7, &c));
	CU_ASSERT_TRUE(book_order_replace(&f.set, 0, 100, 10, 9999, &c)); /* gave up its level */
	CU_ASSERT_EQUAL(c.kind, BOOK_REPLACED);
	add(0, 101, 'B', 10, 9999); /* a level that is there */
	CU_ASSERT_EQUAL(c.kind, BOOK_ADDED);
	/* Not alone at its price: the level stays, the new one has no room, so it only goes. */
	CU_ASSERT_TRUE(book_order_replace(&f.set, 100, 102, 10, 1, &c));
	CU_ASSERT_EQUAL(c.kind, BOOK_REMOVED);
	CU_ASSERT_EQUAL(c.reference, 100);
	CU_ASSERT_EQUAL(stats()->refused_levels, 5);
	/* A refused Add that took a live reference: what happened is that order's removal. */
	add(1, 50, 'S', 10, 100);
	add(1, 51, 'S', 10, 100);
	add(0, 50, 'B', 10, 2);
	CU_ASSERT_EQUAL(c.kind, BOOK_REMOVED);
	CU_ASSERT_EQUAL(c.slot, 1);
	CU_ASSERT_EQUAL(c.side, BOOK_ASK);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_EQUAL(best_quantity(1, BOOK_ASK), 10);
	finish();
}

static void test_a_set_by_level_has_no_orders(void)
{
	start_with(0, 64);
	CU_ASSERT_FALSE(book_order_delete(&f.set, 1, &c));
	CU_ASSERT_FALSE(book_order_replace(&f.set, 1, 2, 3, 4, &c));
	add(0, 1, 'B', 100, 5000);
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_EQUAL(stats()->refused_orders, 1);
	finish();
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"add builds sorted levels", test_add_builds_sorted_levels},
	        {"sums are 64 bits wide", test_sums_are_64_bits_wide},
	        {"nothing from 0 shares or other sides",
	         test_nothing_from_zero_shares_or_other_sides},
	        {"a second add replaces", test_second_add_replaces},
	        {"executions", test_executions},
	        {"taking more than rests", test_taking_more_than_rests},
	        {"cancel and delete", test_cancel_and_delete},
	        {"replace loses priority", test_replace_loses_priority},
	        {"replace, corner cases", test_replace_corner_cases},
	        {"orders_max refuses", test_orders_max_refuses},
	        {"levels_max refuses", test_levels_max_refuses},
	        {"a set by level has no orders", test_a_set_by_level_has_no_orders},
	};

	return SUITE_RUN("book_order", tests);
}
