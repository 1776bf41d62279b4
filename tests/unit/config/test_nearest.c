/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/nearest.h"

#include <stddef.h>

#include "tests/unit/suite.h"

static void distance_counts_letters(void)
{
	static const struct {
		const char *a;
		const char *b;
		uint32_t distance;
	} cases[] = {
	        {"", "", 0},         {"", "abc", 3},           {"abc", "", 3},
	        {"port", "port", 0}, {"port", "ports", 1},     {"port", "sport", 1},
	        {"port", "part", 1}, {"port", "prot", 1},      {"port", "opt", 2},
	        {"PORT", "port", 0}, {"kitten", "sitting", 3}, {"abcd", "dcba", 3},
	        {"ca", "abc", 3}, /* swapped letters are not changed again */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
		CU_ASSERT_EQUAL(nearest_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
}

static void long_words_are_far(void)
{
	char word[NEAREST_WORD_MAX + 2];

	for (size_t i = 0; i < sizeof(word); i++)
		word[i] = 'a';
	word[NEAREST_WORD_MAX] = '\0';
	CU_ASSERT_EQUAL(nearest_distance(word, word), 0);
	CU_ASSERT_EQUAL(nearest_distance(word, ""), NEAREST_WORD_MAX);
	word[NEAREST_WORD_MAX] = 'a';
	word[NEAREST_WORD_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(nearest_distance(word, word), UINT32_MAX);
}

static const char *best(const char *word, const char *const *candidates)
{
	struct nearest n;

	nearest_init(&n, word);
	for (; *candidates != NULL; candidates++)
		nearest_offer(&n, *candidates);
	return n.best;
}

static void the_nearest_is_found_or_none(void)
{
	static const char *const keys[] = {"hold_max", "parking", "pieces", "a", NULL};

	CU_ASSERT_STRING_EQUAL(best("hold_mx", keys), "hold_max");
	CU_ASSERT_STRING_EQUAL(best("holdmax", keys), "hold_max");
	CU_ASSERT_STRING_EQUAL(best("HOLD_MAX", keys), "hold_max");
	CU_ASSERT_STRING_EQUAL(best("piece", keys), "pieces");
	CU_ASSERT_STRING_EQUAL(best("praking", keys), "parking");
	CU_ASSERT_PTR_NULL(best("colour", keys));
	CU_ASSERT_PTR_NULL(best("b", keys)); /* another letter is no typo */
	CU_ASSERT_PTR_NULL(best("", keys));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"distance counts letters", distance_counts_letters},
	        {"long words are far", long_words_are_far},
	        {"the nearest is found, or none", the_nearest_is_found_or_none},
	};

	return SUITE_RUN("config_nearest", tests);
}
