/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/neighbours.h"

#include <errno.h>

#include "tests/unit/suite.h"

static struct neighbour items[4];
static struct neighbours table;

static void test_entries(void)
{
	neighbours_init(&table, items, 4);
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 10), 0);
	CU_ASSERT_EQUAL(neighbours_add(&table, 1, 10), 1); /* at another port: another station */
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 11), 2);
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 10), 0);
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 12), 3);
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 13), -EMFILE);
	CU_ASSERT_EQUAL(neighbours_add_static(&table, 0, 13, 1), -EMFILE);
	CU_ASSERT_EQUAL(table.count, 4);
}

static void test_words(void)
{
	uint64_t word;

	neighbours_init(&table, items, 4);
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 10), 0);
	CU_ASSERT_EQUAL(neighbours_state(neighbours_word(&table, 0)), NEIGHBOUR_UNKNOWN);
	neighbours_set(&table, 0, NEIGHBOUR_KNOWN, 0xffeeddccbbaa);
	word = neighbours_word(&table, 0);
	CU_ASSERT_EQUAL(neighbours_state(word), NEIGHBOUR_KNOWN);
	CU_ASSERT_EQUAL(neighbours_mac(word), 0xffeeddccbbaa);
	neighbours_set(&table, 0, NEIGHBOUR_SILENT, 0xffeeddccbbaa);
	word = neighbours_word(&table, 0);
	CU_ASSERT_EQUAL(neighbours_state(word), NEIGHBOUR_SILENT);
	CU_ASSERT_EQUAL(neighbours_mac(word), 0);
}

static void test_static(void)
{
	neighbours_init(&table, items, 4);
	CU_ASSERT_EQUAL(neighbours_add_static(&table, 0, 10, 0x020000000001), 0);
	CU_ASSERT_EQUAL(neighbours_add(&table, 0, 10), 0);
	neighbours_set(&table, 0, NEIGHBOUR_SILENT, 0);
	CU_ASSERT_EQUAL(neighbours_state(neighbours_word(&table, 0)), NEIGHBOUR_KNOWN);
	CU_ASSERT_EQUAL(neighbours_mac(neighbours_word(&table, 0)), 0x020000000001);
}

static void test_wanted(void)
{
	neighbours_init(&table, items, 4);
	neighbours_add(&table, 0, 10);
	CU_ASSERT_FALSE(neighbours_take_wanted(&table, 0));
	neighbours_want(&table, 0);
	neighbours_want(&table, 0);
	CU_ASSERT_TRUE(neighbours_take_wanted(&table, 0));
	CU_ASSERT_FALSE(neighbours_take_wanted(&table, 0));
}

static const struct suite_test tests[] = {
        {"entries", test_entries},
        {"words", test_words},
        {"static ones", test_static},
        {"wishes", test_wanted},
};

int main(void)
{
	return SUITE_RUN("neighbours", tests);
}
