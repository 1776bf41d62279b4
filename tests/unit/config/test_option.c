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

static bool stands_before(const struct option *a, const struct option *b)
{
	while (a != NULL && a != b)
		a = option_after(a);
	return a != NULL;
}

/* No row of another section between. */
static bool stands_in_its_block(const struct option *section, const struct option *o)
{
	for (const struct option *i = option_after(section); i != o; i = option_after(i))
		CU_ASSERT_FATAL(strncmp(i->path, section->path, strlen(section->path)) == 0);
	return true;
}

static void every_row_stands_behind_its_section(void)
{
	uint32_t count = 0;
	uint32_t rows = 0;
	char path[128];

	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		count++;
		parent_path(o, path, sizeof(path));
		const struct option *parent = path[0] == '\0' ? NULL : option_find(path);

		CU_ASSERT_PTR_EQUAL(option_find(o->path), o); /* no path twice */
		CU_ASSERT_PTR_EQUAL(option_child(parent, option_key(o)), o);
		CU_ASSERT_PTR_EQUAL(option_parent(o), parent);
		rows += path[0] == '\0' ? 0 : stands_in_its_block(parent, o);
		if (path[0] == '\0')
			continue;
		CU_ASSERT_PTR_NOT_NULL_FATAL(parent);
		CU_ASSERT(stands_before(parent, o));
		CU_ASSERT(option_is_section(parent));
		bool is_list = strstr(o->path + strlen(path), "[].") == o->path + strlen(path);

		CU_ASSERT_EQUAL(is_list, parent->type == OPTION_MAPPINGS);
	}
	CU_ASSERT(count > 350);
	CU_ASSERT(rows > 300);
}

/* Required, a default in the table, or one that is worked out: one of the three. */
static void every_row_says_what_happens_without_it(void)
{
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		int ways = o->required + (o->fallback != NULL) + (o->computed != NULL);

		if (ways != (o->type != OPTION_MAPPING))
			printf("\n%s\n", o->path);
		CU_ASSERT_EQUAL(ways, o->type != OPTION_MAPPING);
	}
}

/* The words' bits fit the field, and so do those that are always set. */
static void check_flags(const struct option *o)
{
	uint32_t count = 0;

	if (o->type != OPTION_FLAGS)
		return;
	while (o->words[count] != NULL)
		count++;
	CU_ASSERT(count <= o->width * 8u);
	CU_ASSERT(o->min < 1ull << count);
}

static void every_row_is_complete(void)
{
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		bool is_number = o->type == OPTION_COUNT || o->type == OPTION_DURATION ||
		                 o->type == OPTION_BYTES || o->type == OPTION_PERCENT ||
		                 o->type == OPTION_MULTIPLIER || o->type == OPTION_CPU ||
		                 o->type == OPTION_ENUM || o->type == OPTION_REFERENCE;

		CU_ASSERT(strlen(o->help) > 10 && o->help[strlen(o->help) - 1] == '.');
		CU_ASSERT_PTR_NULL(strstr(o->help, "\n"));
		CU_ASSERT(o->min <= o->max);
		CU_ASSERT_EQUAL(o->words != NULL,
		                o->type == OPTION_ENUM || o->type == OPTION_FLAGS);
		CU_ASSERT_EQUAL(o->item_bytes != 0, o->type == OPTION_MAPPINGS || o->values != 0);
		if (is_number || o->type == OPTION_FLAGS)
			CU_ASSERT(o->width == 1 || o->width == 2 || o->width == 4 || o->width == 8);
		if (o->type == OPTION_BOOL)
			CU_ASSERT_EQUAL(o->width, 1);
		if (o->word != NULL) {
			/* No number in a file may mean the same. */
			CU_ASSERT(o->word_value < o->min || o->word_value > o->max);
			CU_ASSERT(o->width == 8 || o->word_value <= UINT8_MAX);
		}
		check_flags(o);
		if (o->step != 0) {
			CU_ASSERT_EQUAL(o->min % o->step, 0);
			CU_ASSERT_EQUAL(o->max % o->step, 0);
		}
		uint64_t most = o->max / (o->divisor == 0 ? 1 : o->divisor);

		if (is_number && o->width == 4)
			CU_ASSERT(most < UINT32_MAX); /* CONFIG_NONE is no value */
		if (is_number && o->width == 2)
			CU_ASSERT(most <= UINT16_MAX);
		if (is_number && o->width == 1)
			CU_ASSERT(most <= UINT8_MAX);
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

static void a_section_like_another_has_its_keys(void)
{
	const struct option *mine = option_find("services[].breaker");
	const struct option *theirs = option_find("resilience.breaker");

	CU_ASSERT_PTR_EQUAL(option_next(mine, NULL), option_next(theirs, NULL));
	CU_ASSERT_PTR_EQUAL(option_child(mine, "window"), option_child(theirs, "window"));
	CU_ASSERT_STRING_EQUAL(option_child(mine, "window")->path, "resilience.breaker.window");
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		if (o->like == NULL)
			continue;
		CU_ASSERT_PTR_NOT_NULL_FATAL(option_find(o->like));
		CU_ASSERT_EQUAL(option_find(o->like)->type, OPTION_MAPPING);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"every row stands behind its section", every_row_stands_behind_its_section},
	        {"every row says what happens without it", every_row_says_what_happens_without_it},
	        {"every row is complete", every_row_is_complete},
	        {"sections list their own keys only", sections_list_their_own_keys_only},
	        {"keys are found in their section", keys_are_found_in_their_section},
	        {"a section like another has its keys", a_section_like_another_has_its_keys},
	};

	return SUITE_RUN("config_option", tests);
}
