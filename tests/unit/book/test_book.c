/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "tests/unit/book/fixture.h"

static const struct book_options options = {.symbols_max = 3, .orders_max = 100, .levels_max = 512};

static void test_options_are_checked(void)
{
	const struct book_options wrong[] = {
	        {.symbols_max = 0, .orders_max = 1, .levels_max = 64},
	        {.symbols_max = UINT32_MAX, .orders_max = 1, .levels_max = 64},
	        {.symbols_max = 1, .orders_max = UINT32_MAX, .levels_max = 64},
	        {.symbols_max = 1, .orders_max = 1, .levels_max = 0},
	        {.symbols_max = 1, .orders_max = 1, .levels_max = UINT32_MAX},
	};
	struct fixture f;
	struct book_set s;

	CU_ASSERT_EQUAL_FATAL(fixture_region(&f, 1 << 20), 0);
	for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(book_set_bytes(&wrong[i]), 0);
		CU_ASSERT_EQUAL(book_set_init(&s, &f.region, &wrong[i]), -EINVAL);
	}
	fixture_finish(&f);
}

static void test_region_too_small(void)
{
	struct fixture f;
	struct book_set s;

	for (uint64_t bytes = REGION_PAGE_BYTES; bytes < book_set_bytes(&options);
	     bytes += REGION_PAGE_BYTES) {
		CU_ASSERT_EQUAL_FATAL(fixture_region(&f, bytes), 0);
		f.region.used_bytes = 100; /* something else stands before it */
		int r = book_set_init(&s, &f.region, &options);

		CU_ASSERT_TRUE(r == -ENOSPC || (r == 0 && f.region.used_bytes <= bytes));
		fixture_finish(&f);
	}
	CU_ASSERT_EQUAL_FATAL(fixture_region(&f, book_set_bytes(&options)), 0);
	f.region.used_bytes = 100;
	CU_ASSERT_EQUAL(book_set_init(&s, &f.region, &options), 0);
	fixture_finish(&f);
}

/* Room for 64 M orders is address space, not memory: init touches a few pages. */
static void test_init_touches_little(void)
{
	const struct book_options large = {
	        .symbols_max = 65535, .orders_max = 1u << 26, .levels_max = 1u << 24};
	struct fixture f;
	uint64_t pages = 0;

	fixture_init(&f, &large);
	unsigned char *resident = malloc(f.bytes / REGION_PAGE_BYTES);

	CU_ASSERT_EQUAL(mincore(f.memory, f.bytes, resident), 0);
	for (uint64_t i = 0; i < f.bytes / REGION_PAGE_BYTES; i++)
		pages += resident[i] & 1;
	CU_ASSERT_TRUE(pages <= 4 || f.bytes / REGION_PAGE_BYTES / pages > 100);
	free(resident);
	fixture_finish(&f);
}

static void test_slots(void)
{
	struct fixture f;

	fixture_init(&f, &options);
	CU_ASSERT_EQUAL(book_slot(&f.set, 7, 77), 0);
	CU_ASSERT_EQUAL(book_slot(&f.set, 0, 88), 1);
	CU_ASSERT_EQUAL(book_slot(&f.set, 7, 77), 0);
	CU_ASSERT_EQUAL(book_slot(&f.set, 0xffffff, 99), 2);
	CU_ASSERT_EQUAL(book_count(&f.set), 3);
	CU_ASSERT_EQUAL(book_slot(&f.set, 8, 78), BOOK_NONE);
	CU_ASSERT_EQUAL(book_slot(&f.set, 8, 78), BOOK_NONE);
	CU_ASSERT_EQUAL(book_set_stats(&f.set)->refused_symbols, 2);
	CU_ASSERT_EQUAL(book_at(&f.set, 1)->symbol, 88);
	CU_ASSERT_EQUAL(book_at(&f.set, 2)->symbol_id, 0xffffff);
	CU_ASSERT_PTR_NULL(book_best(&f.set, book_at(&f.set, 0), BOOK_BID));
	CU_ASSERT_EQUAL(book_at(&f.set, 0)->flags, BOOK_HALTED);
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	fixture_finish(&f);
}

static void test_trades(void)
{
	struct fixture f;
	struct book_change c;

	fixture_init(&f, &options);
	book_slot(&f.set, 0, 1);
	const struct book *b = book_at(&f.set, 0);

	book_trade(&f.set, 0, 12345, 100, true, &c);
	CU_ASSERT_EQUAL(c.kind, BOOK_TRADED);
	CU_ASSERT_FALSE(c.best_changed);
	CU_ASSERT_EQUAL(b->volume, 100);
	book_trade(&f.set, 0, 12350, 50, false, &c);
	CU_ASSERT_FALSE(c.printable);
	CU_ASSERT_EQUAL(b->volume, 100);
	CU_ASSERT_EQUAL(b->trades, 1);
	CU_ASSERT_EQUAL(b->trade_price, 12350);
	CU_ASSERT_EQUAL(b->trade_quantity, 50);
	book_trade(&f.set, 0, 0, 0, true, &c); /* a cross that matched nothing */
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	CU_ASSERT_EQUAL(b->trade_price, 12350);
	CU_ASSERT_EQUAL(b->trades, 1);
	CU_ASSERT_EQUAL(b->notional, 1234500);
	fixture_finish(&f);
}

static void test_status(void)
{
	struct fixture f;
	struct book_change c;

	fixture_init(&f, &options);
	book_slot(&f.set, 0, 1);
	const struct book *b = book_at(&f.set, 0);

	book_status(&f.set, 0, BOOK_WORD_STATE, 'T', "    ", &c);
	CU_ASSERT_EQUAL(c.kind, BOOK_STATUS);
	CU_ASSERT_EQUAL(b->state, 'T');
	CU_ASSERT_FALSE(b->flags & BOOK_HALTED);
	book_status(&f.set, 0, BOOK_WORD_STATE, 'T', "    ", &c);
	CU_ASSERT_EQUAL(c.kind, BOOK_CHANGE_NONE);
	book_status(&f.set, 0, BOOK_WORD_STATE, 'T', "LUDP", &c); /* another reason is news */
	CU_ASSERT_EQUAL(c.kind, BOOK_STATUS);
	book_status(&f.set, 0, BOOK_WORD_STATE, 'H', "IPO1", &c);
	CU_ASSERT_TRUE(b->flags & BOOK_HALTED);
	CU_ASSERT_EQUAL(memcmp(b->reason, "IPO1", 4), 0);
	book_status(&f.set, 0, BOOK_WORD_OPERATIONAL, 'H', NULL, &c);
	book_status(&f.set, 0, BOOK_WORD_SHORT_SALE, '1', NULL, &c);
	book_status(&f.set, 0, BOOK_WORD_SECURITY_EVENT, 'O', NULL, &c);
	CU_ASSERT_EQUAL(c.kind, BOOK_STATUS);
	CU_ASSERT_EQUAL(b->operational, 'H');
	CU_ASSERT_EQUAL(b->short_sale, '1');
	CU_ASSERT_EQUAL(b->security_event, 'O');
	CU_ASSERT_EQUAL(memcmp(b->reason, "IPO1", 4), 0);
	fixture_finish(&f);
}

static void fill(struct book_set *s, uint64_t first, uint32_t orders)
{
	struct book_change c;

	for (uint32_t i = 0; i < orders; i++)
		book_order_add(s, i % 3, first + i, i % 2 ? 'B' : 'S', 100, 5000 + i % 7, &c);
}

static void test_clear(uint32_t orders, uint32_t left)
{
	const struct book_options o = {.symbols_max = 3, .orders_max = 20000, .levels_max = 256};
	struct fixture f;
	struct book_change c;

	fixture_init(&f, &o);
	for (uint32_t i = 0; i < 3; i++)
		book_slot(&f.set, i, i + 1);
	fill(&f.set, 1, orders);
	for (uint32_t i = 0; i < orders - left; i++)
		CU_ASSERT_TRUE(book_order_delete(&f.set, i + 1, &c));
	book_trade(&f.set, 0, 1, 1, true, &c);
	book_status(&f.set, 0, BOOK_WORD_STATE, 'T', "    ", &c);
	book_set_clear(&f.set, 5, 42);
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	CU_ASSERT_EQUAL(book_count(&f.set), 3);
	CU_ASSERT_EQUAL(book_set_stats(&f.set)->orders_live, 0);
	for (uint32_t i = 0; i < 3; i++) {
		const struct book *b = book_at(&f.set, i);

		CU_ASSERT_EQUAL(b->symbol, i + 1);
		CU_ASSERT_PTR_NULL(book_best(&f.set, b, BOOK_BID));
		CU_ASSERT_PTR_NULL(book_best(&f.set, b, BOOK_ASK));
		CU_ASSERT_EQUAL(b->volume + b->trades + b->notional + b->trade_quantity, 0);
		CU_ASSERT_EQUAL(b->state, 0);
		CU_ASSERT_EQUAL(b->flags, BOOK_HALTED);
		CU_ASSERT_EQUAL(b->good_epoch, 5);
		CU_ASSERT_EQUAL(b->good_sequence, 42);
	}
	for (uint32_t i = 0; i < orders; i++)
		CU_ASSERT_FALSE(book_order_delete(&f.set, i + 1, &c));
	fill(&f.set, 7, orders);
	CU_ASSERT_EQUAL(book_set_stats(&f.set)->orders_live, orders);
	CU_ASSERT_PTR_NULL(book_set_check(&f.set));
	fixture_finish(&f);
}

static void test_clear_by_sweep(void)
{
	test_clear(20000, 20000);
	test_clear(50, 50);
}

static void test_clear_by_walk(void)
{
	test_clear(20000, 30);
	test_clear(20000, 0);
}

static void test_good_since(void)
{
	struct fixture f;

	fixture_init(&f, &options);
	CU_ASSERT_EQUAL(book_slot(&f.set, 0, 1), 0);
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 0, 0)); /* no GAP ever */
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 1, 10));
	book_set_clear(&f.set, 1, 10);
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 1, 10));
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 1, 11));
	CU_ASSERT_TRUE(book_is_good(&f.set, 0, 0, 1000)); /* of a session that is over */
	CU_ASSERT_FALSE(book_is_good(&f.set, 0, 2, 1));
	CU_ASSERT_EQUAL(book_slot(&f.set, 1, 2), 1); /* first seen now: empty since the reset */
	CU_ASSERT_TRUE(book_is_good(&f.set, 1, 1, 10));
	CU_ASSERT_FALSE(book_is_good(&f.set, 1, 1, 11));
	book_set_on_gap(&f.set); /* a set by order does not heal by itself */
	CU_ASSERT_FALSE(book_is_good(&f.set, 1, 1, 11));
	fixture_finish(&f);
}

/* The region copied to another address goes on as if nothing had happened. */
static void test_attach_elsewhere(void)
{
	struct fixture f;
	struct fixture copy;
	struct book_change c;

	fixture_init(&f, &options);
	for (uint32_t i = 0; i < 3; i++)
		book_slot(&f.set, i, i + 1);
	fill(&f.set, 1, 60);
	CU_ASSERT_EQUAL_FATAL(fixture_region(&copy, f.bytes), 0);
	memcpy(copy.memory, f.memory, f.bytes);
	CU_ASSERT_EQUAL(book_set_attach(&copy.set, &copy.region, f.set.state_offset), 0);
	CU_ASSERT_PTR_NULL(book_set_check(&copy.set));
	for (uint32_t i = 0; i < 50; i++) {
		CU_ASSERT_TRUE(book_order_replace(&f.set, i + 1, i + 1000, 7, 4000 + i, &c));
		CU_ASSERT_TRUE(book_order_replace(&copy.set, i + 1, i + 1000, 7, 4000 + i, &c));
	}
	CU_ASSERT_EQUAL(memcmp(copy.memory, f.memory, f.bytes), 0);
	CU_ASSERT_EQUAL(book_set_attach(&copy.set, &copy.region, 4096 + 64), -EPROTO);
	CU_ASSERT_EQUAL(book_set_attach(&copy.set, &copy.region, UINT64_MAX - 7), -EPROTO);
	copy.set.state->options.orders_max = 1u << 27; /* would lie outside */
	CU_ASSERT_EQUAL(book_set_attach(&copy.set, &copy.region, f.set.state_offset), -EPROTO);
	fixture_finish(&copy);
	fixture_finish(&f);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"options are checked", test_options_are_checked},
	        {"region too small", test_region_too_small},
	        {"init touches little", test_init_touches_little},
	        {"slots", test_slots},
	        {"trades", test_trades},
	        {"status", test_status},
	        {"clear by sweep", test_clear_by_sweep},
	        {"clear by walk", test_clear_by_walk},
	        {"good since", test_good_since},
	        {"attach elsewhere", test_attach_elsewhere},
	};

	return SUITE_RUN("book", tests);
}
