/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/directory.h"
#include "dataplane/shard/group.h"

#include "tests/unit/suite.h"

static bool pattern(const char *p, const char *symbol)
{
	struct selector s = {.kind = SELECT_PATTERN, .pattern = p};

	return selector_matches(&s, *symbol == '\0' ? SYMBOL_BLANK : symbol_from_text(symbol));
}

static void test_pattern(void)
{
	CU_ASSERT(pattern("*", "AAPL"));
	CU_ASSERT(pattern("*", ""));
	CU_ASSERT(pattern("A*", "AAPL"));
	CU_ASSERT_FALSE(pattern("A*", "BAPL"));
	CU_ASSERT(pattern("*L", "AAPL"));
	CU_ASSERT(pattern("A*P*", "AAPL"));
	CU_ASSERT(pattern("*A*A*", "AAPL"));
	CU_ASSERT_FALSE(pattern("*A*A*A*", "AAPL"));
	CU_ASSERT(pattern("????", "AAPL"));
	CU_ASSERT_FALSE(pattern("???", "AAPL"));
	CU_ASSERT_FALSE(pattern("?????", "AAPL"));
	CU_ASSERT_FALSE(pattern("?", ""));
	CU_ASSERT(pattern("", ""));
	CU_ASSERT_FALSE(pattern("", "A"));
	CU_ASSERT(pattern("ABCDEFGH", "ABCDEFGH"));
	CU_ASSERT_FALSE(pattern("ABCDEFGHI", "ABCDEFGH"));
}

static void test_brackets(void)
{
	CU_ASSERT(pattern("[A-M]*", "AAPL"));
	CU_ASSERT(pattern("[A-M]*", "M"));
	CU_ASSERT_FALSE(pattern("[A-M]*", "N"));
	CU_ASSERT(pattern("[!A-M]*", "N"));
	CU_ASSERT(pattern("[^A-M]*", "N"));
	CU_ASSERT_FALSE(pattern("[!A-M]*", "B"));
	CU_ASSERT(pattern("[XYA]APL", "AAPL"));
	CU_ASSERT(pattern("A[.+-]B", "A-B"));
	CU_ASSERT(pattern("A[]]", "A]"));
	CU_ASSERT(pattern("A[", "A[")); /* not ended: itself */
	CU_ASSERT_FALSE(pattern("A[B", "AB"));
	CU_ASSERT(pattern("*[0-9]", "AB7"));
}

static void test_list_and_all(void)
{
	uint64_t names[2] = {symbol_from_text("AAPL"), symbol_from_text("B")};
	struct selector s = {.kind = SELECT_LIST, .names = names, .name_count = 2};
	struct selector all = {.kind = SELECT_ALL};

	CU_ASSERT(selector_matches(&s, symbol_from_text("B")));
	CU_ASSERT_FALSE(selector_matches(&s, symbol_from_text("BB")));
	CU_ASSERT(selector_matches(&all, SYMBOL_BLANK));
}

static void test_hash_parts(void)
{
	char text[9];
	uint32_t parts[5] = {0};

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t taken = 0;

		snprintf(text, sizeof(text), "S%u", i);
		for (uint32_t p = 0; p < 5; p++) {
			struct selector s = {.kind = SELECT_HASH, .part = p, .parts = 5};

			if (selector_matches(&s, symbol_from_text(text))) {
				taken++;
				parts[p]++;
			}
		}
		CU_ASSERT_EQUAL(taken, 1);
	}
	for (uint32_t p = 0; p < 5; p++)
		CU_ASSERT(parts[p] > 100);
}

static const struct suite_test tests[] = {
        {"patterns", test_pattern},
        {"brackets", test_brackets},
        {"lists and all", test_list_and_all},
        {"every symbol in one part", test_hash_parts},
};

int main(void)
{
	return SUITE_RUN("shard_selector", tests);
}
