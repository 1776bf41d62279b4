/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/option.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

/* The path of the section that a row belongs to: "feeds[].gap.hold_max" -> "feeds[].gap". */
static void parent_path(const struct option *o, char *out, size_t bytes)
{
	size_t above = (size_t)(option_key(o) - o->path);

	snprintf(out, bytes, "%.*s", (int)(above == 0 ? 0 : above - 1), o->path);
	size_t used = strlen(out);

	if (used > 2 && strcmp(out + used - 2, "[]") == 0)
		out[used - 2] = '\0';
}

static void every_row_stands_behind_its_section(void)
{
	uint32_t count;
	const struct option *t = option_table(&count);
	char path[128];

	CU_ASSERT(count > 50);
	for (uint32_t i = 0; i < count; i++) {
		parent_path(&t[i], path, sizeof(path));
		const struct option *parent = path[0] == '\0' ? NULL : option_find(path);

		CU_ASSERT_PTR_EQUAL(option_find(t[i].path), &t[i]); /* no path twice */
		CU_ASSERT_PTR_EQUAL(option_child(parent, option_key(&t[i])), &t[i]);
		if (path[0] == '\0')
			continue;
		CU_ASSERT_PTR_NOT_NULL_FATAL(parent);
		CU_ASSERT(parent < &t[i]);
		CU_ASSERT(option_is_section(parent));
		bool is_list = strstr(t[i].path + strlen(path), "[].") == t[i].path + strlen(path);

		CU_ASSERT_EQUAL(is_list, parent->type == OPTION_MAPPINGS);
	}
}

/* Required, a default in the table, or one that is worked out: one of the three. */
static void every_row_says_what_happens_without_it(void)
{
	uint32_t count;
	const struct option *t = option_table(&count);

	for (uint32_t i = 0; i < count; i++) {
		int ways = t[i].required + (t[i].fallback != NULL) + (t[i].computed != NULL);

		if (ways != (t[i].type != OPTION_MAPPING))
			printf("\n%s\n", t[i].path);
		CU_ASSERT_EQUAL(ways, t[i].type != OPTION_MAPPING);
	}
}

static void every_row_is_complete(void)
{
	uint32_t count;
	const struct option *t = option_table(&count);

	for (uint32_t i = 0; i < count; i++) {
		const struct option *o = &t[i];
		bool is_number = o->type == OPTION_COUNT || o->type == OPTION_DURATION ||
		                 o->type == OPTION_BYTES || o->type == OPTION_CPU ||
		                 o->type == OPTION_ENUM || o->type == OPTION_REFERENCE;

		CU_ASSERT(strlen(o->help) > 10 && o->help[strlen(o->help) - 1] == '.');
		CU_ASSERT_PTR_NULL(strstr(o->help, "\n"));
		CU_ASSERT(o->min <= o->max);
		CU_ASSERT_EQUAL(o->words != NULL, o->type == OPTION_ENUM);
		CU_ASSERT_EQUAL(o->item_bytes != 0, o->type == OPTION_MAPPINGS);
		if (is_number)
			CU_ASSERT(o->width == 2 || o->width == 4 || o->width == 8);
		if (o->step != 0) {
			CU_ASSERT_EQUAL(o->min % o->step, 0);
			CU_ASSERT_EQUAL(o->max % o->step, 0);
		}
		uint64_t most = o->max / (o->divisor == 0 ? 1 : o->divisor);

		if (is_number && o->width == 4)
			CU_ASSERT(most < UINT32_MAX); /* CONFIG_NONE is no value */
		if (is_number && o->width == 2)
			CU_ASSERT(most <= UINT16_MAX);
	}
}

static void sections_list_their_own_keys_only(void)
{
	const struct option *gap = option_find("feeds[].gap");
	const struct option *o = option_next(gap, NULL);

	CU_ASSERT_STRING_EQUAL(option_key(o), "hold_max");
	o = option_next(gap, o);
	CU_ASSERT_STRING_EQUAL(option_key(o), "wait");
	o = option_next(gap, o);
	CU_ASSERT_STRING_EQUAL(option_key(o), "parking");
	o = option_next(gap, o);
	CU_ASSERT_STRING_EQUAL(option_key(o), "pieces");
	CU_ASSERT_PTR_NULL(option_next(gap, o));
	o = option_next(NULL, NULL);
	CU_ASSERT_STRING_EQUAL(o->path, "engine");
	CU_ASSERT_STRING_EQUAL(option_next(NULL, o)->path, "cores");
}

static void keys_are_found_in_their_section(void)
{
	CU_ASSERT_STRING_EQUAL(option_child(NULL, "feeds")->path, "feeds");
	CU_ASSERT_PTR_NULL(option_child(NULL, "hold_max"));
	CU_ASSERT_PTR_NULL(option_child(option_find("feeds"), "hold_max"));
	CU_ASSERT_PTR_NULL(option_child(option_find("feeds"), "lines[]"));
	CU_ASSERT_PTR_NULL(option_child(option_find("feeds"), "gap.hold_max"));
	CU_ASSERT_PTR_NULL(option_child(option_find("feeds"), ""));
	CU_ASSERT_PTR_NULL(option_find("feeds[].nothing"));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"every row stands behind its section", every_row_stands_behind_its_section},
	        {"every row says what happens without it", every_row_says_what_happens_without_it},
	        {"every row is complete", every_row_is_complete},
	        {"sections list their own keys only", sections_list_their_own_keys_only},
	        {"keys are found in their section", keys_are_found_in_their_section},
	};

	return SUITE_RUN("config_option", tests);
}
