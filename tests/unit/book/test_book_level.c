/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/prng.h"
#include "tests/unit/book/fixture.h"

static struct fixture f;
static struct book_change c;

static void start(uint32_t levels_max)
{
	struct book_options o = {.symbols_max = 2, .levels_max = levels_max};

	fixture_init(&f, &o);
	book_slot(&f.set, 0, 1);
	book_slot(&f.set, 1, 2);
}

static void finish(void)
{
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	fixture_finish(&f);
}

static void set(enum book_side_index side, int64_t price, uint64_t quantity)
{
	book_level_update(&f.set, 0, side, price, quantity, &c);
}

static void test_set_change_remove(void)
{
	start(64);
	set(BOOK_BID, 100, 5);
	CU_ASSERT_EQUAL(c.kind, BOOK_LEVEL_SET);
	CU_ASSERT_TRUE(c.best_changed);
	CU_ASSERT_EQUAL(c.price, 100);
	CU_ASSERT_EQUAL(c.quantity, 5);
	set(BOOK_BID, 90, 7);
	CU_ASSERT_FALSE(c.best_changed);
	set(BOOK_BID, 90, 7); /* as it was */
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	set(BOOK_BID, 90, UINT64_MAX);
	CU_ASSERT_EQUAL(c.kind, BOOK_LEVEL_SET);
	CU_ASSERT_FALSE(c.best_changed);
	set(BOOK_BID, 95, 0); /* was not there */
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	set(BOOK_BID, 100, 0);
	CU_ASSERT_EQUAL(c.kind, BOOK_LEVEL_SET);
	CU_ASSERT_EQUAL(c.quantity, 0);
	CU_ASSERT_TRUE(c.best_changed);
	const struct book_level *best = book_best(&f.set, book_at(&f.set, 0), BOOK_BID);

	CU_ASSERT_EQUAL(best->price, 90);
	CU_ASSERT_EQUAL(best->orders, 0);
	CU_ASSERT_EQUAL(best->head, BOOK_NONE);
	finish();
}

static void test_negative_prices_both_sides(void)
{
	const int64_t prices[] = {-1, INT64_MIN, 0, INT64_MAX, 12345};

	start(64);
	for (uint32_t i = 0; i < 5; i++) {
		set(BOOK_BID, prices[i], 1 + i);
		set(BOOK_ASK, prices[i], 1 + i);
	}
	const struct book *b = book_at(&f.set, 0);

	CU_ASSERT_EQUAL(book_best(&f.set, b, BOOK_BID)->price, INT64_MAX);
	CU_ASSERT_EQUAL(book_best(&f.set, b, BOOK_ASK)->price, INT64_MIN);
	CU_ASSERT_EQUAL(book_level(&f.set, b, BOOK_ASK, 1)->price, -1);
	CU_ASSERT_EQUAL(book_level(&f.set, b, BOOK_BID, 4)->price, INT64_MIN);
	finish();
}

static void test_gap_and_confirmation(void)
{
	start(64);
	const struct book *b = book_at(&f.set, 0);

	set(BOOK_BID, 100, 5);
	set(BOOK_BID, 99, 5);
	set(BOOK_ASK, 101, 5);
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 0, 50));
	book_set_on_gap(&f.set);
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 0, 50));
	set(BOOK_BID, 100, 5); /* the same again confirms */
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_EQUAL(b->side[BOOK_BID].unconfirmed, 1);
	CU_ASSERT_EQUAL(b->side[BOOK_ASK].unconfirmed, 1);
	set(BOOK_ASK, 102, 9); /* a new one confirms nothing */
	CU_ASSERT_EQUAL(b->side[BOOK_ASK].unconfirmed, 1);
	set(BOOK_BID, 99, 0); /* one that goes is no question any more */
	CU_ASSERT_EQUAL(b->side[BOOK_BID].unconfirmed, 0);
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 0, 50));
	CU_ASSERT_FALSE(b->flags & BOOK_HEURISTIC);
	set(BOOK_ASK, 101, 4);
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 0, 50));
	CU_ASSERT_TRUE(b->flags & BOOK_HEURISTIC);
	book_set_on_gap(&f.set); /* the next one */
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 0, 60));
	set(BOOK_ASK, 101, 4);
	CU_ASSERT_FALSE(b->flags & BOOK_HEURISTIC);
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	/* Nothing was heard of the other book: an empty one may miss levels, too. */
	CU_ASSERT_FALSE(book_is_good(&f.set, 1, 0, 60));
	book_level_update(&f.set, 1, BOOK_BID, 1, 1, &c);
	CU_ASSERT_TRUE(book_is_good(&f.set, 1, 0, 60));
	book_set_clear(&f.set, 1, 70);
	CU_ASSERT_EQUAL(b->flags, BOOK_HALTED);
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 1, 70));
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 1, 71));
	finish();
}

static void test_levels_max_refuses(void)
{
	start(8);
	for (int64_t price = 0; price < 6; price++)
		set(BOOK_BID, price, 1);
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_EQUAL(book_set_stats(&f.set)->refused_levels, 2);
	CU_ASSERT_EQUAL(book_set_stats(&f.set)->books_degraded, 1);
	CU_ASSERT_TRUE(book_at(&f.set, 0)->flags & BOOK_DEGRADED);
	set(BOOK_BID, 3, 77); /* those that are there still work */
	CU_ASSERT_EQUAL(book_best(&f.set, book_at(&f.set, 0), BOOK_BID)->quantity, 77);
	finish();
}

static uint32_t quote(uint64_t bid_quantity, int64_t bid, int64_t ask, uint64_t ask_quantity,
                      struct book_change changes[BOOK_QUOTE_CHANGES_MAX])
{
	struct book_quote q = {.price = {bid, ask}, .quantity = {bid_quantity, ask_quantity}};

	memset(changes, 0xee, BOOK_QUOTE_CHANGES_MAX * sizeof(*changes));
	return book_level_quote(&f.set, 0, &q, changes);
}

static bool change_is(const struct book_change *n, enum book_side_index side, int64_t price,
                      uint64_t quantity)
{
	return n->kind == BOOK_LEVEL_SET && n->side == side && n->price == price &&
	       n->quantity == quantity && n->best_changed && n->slot == 0 &&
	       n->other_slot == BOOK_NONE && !n->printable && !n->cross && n->reference == 0;
}

static void test_quote(void)
{
	struct book_change n[BOOK_QUOTE_CHANGES_MAX];

	start(16);
	const struct book *b = book_at(&f.set, 0);

	CU_ASSERT_EQUAL(quote(0, 0, 0, 0, n), 0); /* nobody quotes */
	CU_ASSERT_EQUAL(quote(5, 100, 0, 0, n), 1);
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_BID, 100, 5));
	CU_ASSERT_EQUAL(b->side[BOOK_ASK].count, 0);
	CU_ASSERT_EQUAL(quote(5, 100, 101, 7, n), 1);
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_ASK, 101, 7));
	CU_ASSERT_EQUAL(quote(5, 100, 101, 7, n), 0); /* as it was */
	CU_ASSERT_EQUAL(quote(6, 100, 101, 7, n), 1);
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_BID, 100, 6));
	uint32_t version = atomic_load(&b->version);

	CU_ASSERT_EQUAL(quote(8, 102, 103, 9, n), 4);
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_BID, 100, 0));
	CU_ASSERT_TRUE(change_is(&n[1], BOOK_BID, 102, 8));
	CU_ASSERT_TRUE(change_is(&n[2], BOOK_ASK, 101, 0));
	CU_ASSERT_TRUE(change_is(&n[3], BOOK_ASK, 103, 9));
	CU_ASSERT_EQUAL(atomic_load(&b->version), version + 2); /* one step for readers */
	CU_ASSERT_EQUAL(quote(0, 102, 103, 9, n), 1);           /* a price alone is no quote */
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_BID, 102, 0));
	CU_ASSERT_EQUAL(quote(1, 0, -5, 1, n), 3); /* a price of 0 or below is a price */
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_BID, 0, 1));
	CU_ASSERT_TRUE(change_is(&n[2], BOOK_ASK, -5, 1));
	CU_ASSERT_EQUAL(book_best(&f.set, b, BOOK_ASK)->price, -5);
	CU_ASSERT_EQUAL(b->side[BOOK_BID].count + b->side[BOOK_ASK].count, 2);
	finish();
}

/* One quote after a GAP tells the whole book. */
static void test_quote_confirms(void)
{
	struct book_change n[BOOK_QUOTE_CHANGES_MAX];

	start(16);
	quote(5, 100, 101, 7, n);
	book_set_on_gap(&f.set);
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 0, 50));
	CU_ASSERT_EQUAL(quote(5, 100, 101, 7, n), 0);
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 0, 50));
	book_set_on_gap(&f.set);
	CU_ASSERT_EQUAL(quote(5, 99, 101, 0, n), 3);
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 0, 60));
	finish();
}

static void test_quote_without_room(void)
{
	struct book_change n[BOOK_QUOTE_CHANGES_MAX];

	start(4); /* one room */
	CU_ASSERT_EQUAL(quote(5, 100, 101, 7, n), 1);
	CU_ASSERT_TRUE(change_is(&n[0], BOOK_BID, 100, 5));
	CU_ASSERT_EQUAL(book_set_stats(&f.set)->refused_levels, 1);
	CU_ASSERT_TRUE(book_at(&f.set, 0)->flags & BOOK_DEGRADED);
	finish();
}

#define PRICES 200

static void test_random_against_array(void)
{
	struct prng prng;
	uint64_t model[2][PRICES] = {{0}};

	start(1024);
	prng_init(&prng, 3);
	for (uint32_t n = 0; n < 200000; n++) {
		uint32_t side = (uint32_t)prng_below(&prng, 2);
		uint32_t price = (uint32_t)prng_below(&prng, PRICES);
		uint64_t quantity = prng_below(&prng, 3);

		if (prng_below(&prng, 1000) == 0)
			book_set_on_gap(&f.set);
		set((enum book_side_index)side, price, quantity);
		CU_ASSERT_EQUAL(c.kind == BOOK_LEVEL_SET, model[side][price] != quantity);
		model[side][price] = quantity;
		if (n % 1000 == 0)
			CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	}
	for (uint32_t side = 0; side < 2; side++) {
		uint32_t n = 0;

		for (uint32_t i = 0; i < PRICES; i++) {
			uint32_t price = side == BOOK_BID ? PRICES - 1 - i : i;

			if (model[side][price] == 0)
				continue;
			const struct book_level *l = book_level(&f.set, book_at(&f.set, 0),
			                                        (enum book_side_index)side, n++);

			CU_ASSERT_PTR_NOT_NULL_FATAL(l);
			CU_ASSERT_EQUAL(l->price, price);
			CU_ASSERT_EQUAL(l->quantity, model[side][price]);
		}
		CU_ASSERT_EQUAL(book_at(&f.set, 0)->side[side].count, n);
	}
	finish();
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"set, change, remove", test_set_change_remove},
	        {"negative prices, both sides", test_negative_prices_both_sides},
	        {"GAP and confirmation", test_gap_and_confirmation},
	        {"levels_max refuses", test_levels_max_refuses},
	        {"a quote", test_quote},
	        {"a quote confirms", test_quote_confirms},
	        {"a quote without room", test_quote_without_room},
	        {"random against an array", test_random_against_array},
	};

	return SUITE_RUN("book_level", tests);
}
