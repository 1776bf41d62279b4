/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/tree.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct config_error error;
static struct arena *arena;
static struct tree_node *root;

/* Reads bytes; the tree lives until finish(). */
static int read_bytes(const char *text, size_t bytes)
{
	const struct report r = {&error, "t"};

	memset(&error, 0, sizeof(error));
	root = NULL;
	arena = arena_create();
	return yaml_read(arena, &r, text, bytes, &root);
}

static int read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void finish(void)
{
	arena_destroy(arena);
	arena = NULL;
}

static void nodes_know_where_they_stand(void)
{
	CU_ASSERT_EQUAL_FATAL(read_text("# c\na: 1\nbc:\n  - x\n  - \"y\"\n  - {k:   v}\nd:\n"), 0);
	const struct tree_node *a = tree_member(root, "a");
	const struct tree_node *bc = tree_member(root, "bc");
	const struct tree_node *d = tree_member(root, "d");
	const struct tree_node *v = tree_at(root, "bc[2].k");

	CU_ASSERT_EQUAL(root->kind, TREE_MAPPING);
	CU_ASSERT_EQUAL(root->count, 3);
	CU_ASSERT_EQUAL(a->line, 2);
	CU_ASSERT_EQUAL(a->column, 4);
	CU_ASSERT_EQUAL(a->key_column, 1);
	CU_ASSERT_EQUAL(bc->kind, TREE_LIST);
	CU_ASSERT_EQUAL(bc->key_line, 3);
	CU_ASSERT_EQUAL(bc->line, 4);
	CU_ASSERT_EQUAL(bc->count, 3);
	CU_ASSERT_FALSE(bc->first->quoted);
	CU_ASSERT_TRUE(bc->first->next->quoted);
	CU_ASSERT_STRING_EQUAL(bc->first->next->text, "y");
	CU_ASSERT_EQUAL(v->line, 6);
	CU_ASSERT_EQUAL(v->column, 11);
	CU_ASSERT_EQUAL(v->key_column, 6);
	CU_ASSERT_TRUE(tree_is_nothing(d));
	CU_ASSERT_FALSE(tree_is_nothing(a));
	finish();
	CU_ASSERT_EQUAL_FATAL(read_text("d: ''\n"), 0);
	CU_ASSERT_FALSE(tree_is_nothing(root->first));
	finish();
}

static void line_ends_and_byte_order_marks_do_not_matter(void)
{
	CU_ASSERT_EQUAL_FATAL(read_text("\xef\xbb\xbf"
	                                "a: 1\r\nb: 2\r\n"),
	                      0);
	CU_ASSERT_STRING_EQUAL(root->first->text, "1");
	CU_ASSERT_STRING_EQUAL(root->first->key, "a");
	CU_ASSERT_EQUAL(root->last->line, 2);
	finish();
	CU_ASSERT_EQUAL_FATAL(read_text("---\na: 1\n...\n"), 0);
	finish();
}

/* "a: &a [x, x]\nb: [*a, *a]...": nothing is ever unfolded. */
static void nothing_unfolds(void)
{
	CU_ASSERT_NOT_EQUAL(read_text("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"), 0);
	CU_ASSERT_EQUAL(error.line, 1);
	finish();
	CU_ASSERT_NOT_EQUAL(read_text("b: *a\n"), 0);
	finish();
	CU_ASSERT_NOT_EQUAL(read_text("&k a: 1\n"), 0);
	finish();
	CU_ASSERT_NOT_EQUAL(read_text("*k : 1\n"), 0);
	finish();
	CU_ASSERT_NOT_EQUAL(read_text("a: !!binary aaaa\n"), 0);
	finish();
	CU_ASSERT_NOT_EQUAL(read_text("a: !x {b: 1}\n"), 0);
	finish();
}

static void expect_error(const char *part)
{
	if (strstr(error.text, part) == NULL)
		printf("\n%s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
}

static void depth_is_bounded(void)
{
	char text[4 * TREE_DEPTH_MAX + 8];

	memset(text, 0, sizeof(text));
	memset(text, '[', TREE_DEPTH_MAX);
	memset(text + TREE_DEPTH_MAX, ']', TREE_DEPTH_MAX);
	CU_ASSERT_EQUAL(read_text(text), 0);
	finish();
	memset(text, '[', TREE_DEPTH_MAX + 1);
	CU_ASSERT_NOT_EQUAL(read_text(text), 0);
	expect_error("nested too deeply");
	finish();
}

/* count times `unit` behind `head`. */
static char *repeat(const char *head, const char *unit, size_t count)
{
	size_t bytes = strlen(unit);
	size_t used = strlen(head);
	char *text = calloc(1, used + count * bytes + 1);

	if (text == NULL)
		abort();
	memcpy(text, head, used);
	for (size_t i = 0; i < count; i++)
		memcpy(text + used + i * bytes, unit, bytes);
	return text;
}

static void nodes_and_bytes_are_bounded(void)
{
	char *text = repeat("", "- a\n", TREE_NODES_MAX - 1);

	CU_ASSERT_EQUAL(read_text(text), 0);
	finish();
	free(text);
	text = repeat("", "- a\n", TREE_NODES_MAX);
	CU_ASSERT_NOT_EQUAL(read_text(text), 0);
	expect_error("too many values");
	finish();
	free(text);
	text = repeat("a: 1\n", "#", TREE_FILE_BYTES_MAX - 5);
	CU_ASSERT_EQUAL(read_text(text), 0);
	finish();
	free(text);
	text = repeat("a: 1\n", "#", TREE_FILE_BYTES_MAX - 4);
	CU_ASSERT_NOT_EQUAL(read_text(text), 0);
	expect_error("too long");
	finish();
	free(text);
}

static void members_are_bounded(void)
{
	char text[TREE_MEMBERS_MAX * 8 + 16];
	size_t used = 0;

	for (uint32_t i = 0; i < TREE_MEMBERS_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "k%u: 1\n", i);
	CU_ASSERT_EQUAL(read_text(text), 0);
	finish();
	snprintf(text + used, sizeof(text) - used, "k: 1\n");
	CU_ASSERT_NOT_EQUAL(read_text(text), 0);
	expect_error("too many keys");
	finish();
}

static void every_cut_of_a_file_is_a_verdict(void)
{
	static const char text[] =
	        "a: {b: [1, \"\\u00e9\xc3\xa9\"], c: 'x'}\nd:\n  - e: |\n      f\n";

	for (size_t bytes = 0; bytes < sizeof(text) - 1; bytes++) {
		char *cut = malloc(bytes + 1); /* exact, for the sanitizers */

		if (cut == NULL)
			abort();
		memcpy(cut, text, bytes);
		int status = read_bytes(cut, bytes);

		CU_ASSERT(status == 0 || error.text[0] != '\0');
		finish();
		free(cut);
	}
}

static void text_is_printable_utf8(void)
{
	static const struct {
		const char *text;
		size_t bytes;
	} wrong[] = {
	        {"a: \xff", 4},
	        {"a: \xc0\x80", 5},
	        {"a: \xed\xa0\x80", 6},
	        {"a: b\0c", 6},
	        {"a: \"\\0\"", 7},
	        {"a: \"\\x1b[0m\"", 12},
	        {"a: \"\\x80\"", 9},
	        {"a: \"\\u2028\"", 11},
	        {"a: \"\\ufeff\"", 11},
	        {"a: \"\\uffff\"", 11},
	        {"a: \"b\\nc\"", 9},
	        {"a: \"\\x7f\"", 9},
	        {"\xff\xfe"
	         "a\0:\0 \0b\0",
	         10}, /* UTF-16 */
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_NOT_EQUAL(read_bytes(wrong[i].text, wrong[i].bytes), 0);
		CU_ASSERT_EQUAL(error.line, 1);
		finish();
	}
	CU_ASSERT_EQUAL_FATAL(read_text("a: \"\\u00e9\\t\\U0001F600\"\n"), 0);
	CU_ASSERT_STRING_EQUAL(root->first->text, "\xc3\xa9\t\xf0\x9f\x98\x80");
	finish();
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"nodes know where they stand", nodes_know_where_they_stand},
	        {"line ends and byte order marks do not matter",
	         line_ends_and_byte_order_marks_do_not_matter},
	        {"nothing unfolds", nothing_unfolds},
	        {"depth is bounded", depth_is_bounded},
	        {"nodes and bytes are bounded", nodes_and_bytes_are_bounded},
	        {"members are bounded", members_are_bounded},
	        {"every cut of a file is a verdict", every_cut_of_a_file_is_a_verdict},
	        {"text is printable UTF-8", text_is_printable_utf8},
	};

	return SUITE_RUN("config_yaml", tests);
}
