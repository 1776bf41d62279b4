/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/books_csv.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/directory.h"
#include "tests/unit/suite.h"

struct fixture {
	struct book_set set;
	struct region region;
	uint8_t *base;
	uint8_t *epochs;
};

static void fixture_init(struct fixture *f, uint32_t orders_max)
{
	struct book_options o = {.symbols_max = 16, .orders_max = orders_max, .levels_max = 16384};
	uint64_t bytes =
	        (book_set_bytes(&o) + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);

	f->base = aligned_alloc(REGION_PAGE_BYTES, bytes);
	f->epochs = calloc(bytes / REGION_PAGE_BYTES, 1);
	CU_ASSERT_FATAL(f->base != NULL && f->epochs != NULL);
	memset(f->base, 0, bytes);
	CU_ASSERT_FATAL(region_init(&f->region, f->base, bytes, f->epochs) == 0);
	CU_ASSERT_FATAL(book_set_init(&f->set, &f->region, &o) == 0);
}

static void fixture_finish(struct fixture *f)
{
	free(f->base);
	free(f->epochs);
}

static void expect(const struct books_csv_source *sources, uint32_t count, const uint64_t *only,
                   const char *wanted)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	CU_ASSERT_FATAL(out != NULL);
	CU_ASSERT_EQUAL(books_csv_write(out, sources, count, only), 0);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, wanted);
	free(text);
}

static struct books_csv_source source_of(struct fixture *f, bool by_order)
{
	struct books_csv_source s = {.by_order = by_order};

	CU_ASSERT_FATAL(book_view_attach(&s.view, f->base, f->region.bytes, f->set.state_offset) ==
	                0);
	return s;
}

static void test_by_order(void)
{
	struct fixture f;
	struct book_change c;

	fixture_init(&f, 1024);
	uint32_t zz = book_slot(&f.set, 0, symbol_from_text("ZZ"));
	uint32_t a = book_slot(&f.set, 1, symbol_from_text("A"));
	uint32_t aa = book_slot(&f.set, 2, symbol_from_text("AA"));

	book_slot(&f.set, 3, symbol_from_text("EMPTY"));
	book_order_add(&f.set, zz, 1, 'S', 10, 5, &c);
	book_order_add(&f.set, a, 2, 'B', 100, 10000, &c);
	book_order_add(&f.set, a, 3, 'B', 200, 10000, &c);
	book_order_add(&f.set, a, 4, 'B', 300, 20000, &c);
	book_order_add(&f.set, a, 5, 'S', 1, 2000000000, &c);
	book_order_add(&f.set, aa, 6, 'S', 4294967295u, 30000, &c);
	book_order_add(&f.set, aa, 7, 'S', 4294967295u, 30000, &c);

	struct books_csv_source s = source_of(&f, true);
	uint64_t only = symbol_from_text("AA");

	expect(&s, 1, NULL,
	       "symbol,side,price,quantity,orders\n"
	       "A,B,2.0000,300,1\n"
	       "A,B,1.0000,300,2\n"
	       "A,S,200000.0000,1,1\n"
	       "AA,S,3.0000,8589934590,2\n"
	       "ZZ,S,0.0005,10,1\n");
	expect(&s, 1, &only,
	       "symbol,side,price,quantity,orders\n"
	       "AA,S,3.0000,8589934590,2\n");
	fixture_finish(&f);
}

static void test_by_level(void)
{
	struct fixture f;
	struct book_change c;

	fixture_init(&f, 0);
	uint32_t slot = book_slot(&f.set, 0, symbol_from_text("SPY"));

	book_level_update(&f.set, slot, BOOK_BID, -12345, 7, &c);
	book_level_update(&f.set, slot, BOOK_BID, -5, 8, &c);
	book_level_update(&f.set, slot, BOOK_ASK, 0, 9, &c);
	book_level_update(&f.set, slot, BOOK_ASK, 123456789, 10, &c);
	book_level_update(&f.set, slot, BOOK_ASK, 50000, 11, &c);
	book_level_update(&f.set, slot, BOOK_ASK, 50000, 0, &c);

	struct books_csv_source s = source_of(&f, false);

	expect(&s, 1, NULL,
	       "symbol,side,price,quantity,orders\n"
	       "SPY,B,-0.0005,8,\n"
	       "SPY,B,-1.2345,7,\n"
	       "SPY,S,0.0000,9,\n"
	       "SPY,S,12345.6789,10,\n");
	fixture_finish(&f);
}

/* The same symbol in two groups: the first source is the book. */
static void test_several_sources(void)
{
	struct fixture f[2];
	struct book_change c;

	for (int i = 0; i < 2; i++) {
		fixture_init(&f[i], 64);
		uint32_t slot = book_slot(&f[i].set, 0, symbol_from_text("X"));

		book_order_add(&f[i].set, slot, 1, 'B', 10 + (uint32_t)i, 10000, &c);
	}
	book_order_add(&f[1].set, book_slot(&f[1].set, 1, symbol_from_text("B")), 2, 'B', 5, 10000,
	               &c);

	struct books_csv_source s[2] = {source_of(&f[0], true), source_of(&f[1], true)};

	expect(s, 2, NULL,
	       "symbol,side,price,quantity,orders\n"
	       "B,B,1.0000,5,1\n"
	       "X,B,1.0000,10,1\n");
	fixture_finish(&f[0]);
	fixture_finish(&f[1]);
}

/* More levels than the first buffer holds. */
static void test_deep_book(void)
{
	struct fixture f;
	struct book_change c;
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	uint32_t lines = 0;

	fixture_init(&f, 4096);
	uint32_t slot = book_slot(&f.set, 0, symbol_from_text("DEEP"));

	for (uint32_t i = 0; i < 3000; i++)
		book_order_add(&f.set, slot, i + 1, 'B', 1, 1000 + i * 7919 % 3001, &c);
	struct books_csv_source s = source_of(&f, true);

	CU_ASSERT_EQUAL(books_csv_write(out, &s, 1, NULL), 0);
	fclose(out);
	for (const char *p = text; *p != '\0'; p++)
		lines += *p == '\n';
	CU_ASSERT_EQUAL(lines, 3001);
	free(text);
	fixture_finish(&f);
}

static void test_price(void)
{
	char text[24];

	CU_ASSERT_STRING_EQUAL(books_csv_price(0, text), "0.0000");
	CU_ASSERT_STRING_EQUAL(books_csv_price(1, text), "0.0001");
	CU_ASSERT_STRING_EQUAL(books_csv_price(-12345, text), "-1.2345");
	CU_ASSERT_STRING_EQUAL(books_csv_price(INT64_MAX, text), "922337203685477.5807");
	CU_ASSERT_STRING_EQUAL(books_csv_price(INT64_MIN, text), "-922337203685477.5808");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"by order", test_by_order},
	        {"by level", test_by_level},
	        {"several sources", test_several_sources},
	        {"more levels than the first buffer", test_deep_book},
	        {"price", test_price},
	};

	return SUITE_RUN("books_csv", tests);
}
