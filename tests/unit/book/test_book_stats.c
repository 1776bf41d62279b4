/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/stats.h"
#include "tests/unit/book/fixture.h"

static void is(uint64_t offset, const char *id, bool gauge)
{
	CU_ASSERT_TRUE_FATAL(offset / 8 < counters_books.count);
	CU_ASSERT_STRING_EQUAL(counters_books.counters[offset / 8].id, id);
	CU_ASSERT_EQUAL(counters_books.counters[offset / 8].gauge, gauge);
}

static void test_names_stand_where_their_counters_do(void)
{
	CU_ASSERT_STRING_EQUAL(counters_books.name, "books");
	is(offsetof(struct book_set_stats, orders_live), "orders_live", true);
	is(offsetof(struct book_set_stats, orphan_references), "orphan_references", false);
	is(offsetof(struct book_set_stats, replaced_references), "replaced_references", false);
	is(offsetof(struct book_set_stats, refused_symbols), "refused_symbols", false);
	is(offsetof(struct book_set_stats, refused_orders), "refused_orders", false);
	is(offsetof(struct book_set_stats, refused_levels), "refused_levels", false);
	is(offsetof(struct book_set_stats, ignored), "ignored", false);
	is(offsetof(struct book_set_stats, overtaken), "overtaken", false);
	is(offsetof(struct book_set_stats, books_degraded), "books_degraded", true);
	for (uint32_t i = 0; i < counters_books.count; i++) {
		CU_ASSERT_TRUE(counters_books.counters[i].unit[0] != '\0');
		CU_ASSERT_TRUE(counters_books.counters[i].help[0] != '\0');
	}
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"names stand where their counters do", test_names_stand_where_their_counters_do},
	};

	return SUITE_RUN("book_stats", tests);
}
