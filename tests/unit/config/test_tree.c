/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/tree.h"

#include <string.h>

#include "tests/unit/suite.h"

static const char text[] = "feeds:\n"             /* 1 */
                           "  - name: x\n"        /* 2 */
                           "    lines:\n"         /* 3 */
                           "      - name: A\n"    /* 4 */
                           "        port: p\n"    /* 5 */
                           "      - name: B\n"    /* 6 */
                           "engine: {name: e}\n"; /* 7 */

static struct arena *arena;

static const struct tree_node *read_tree(void)
{
	struct config_error e;
	const struct report r = {&e, "t"};
	struct tree_node *root = NULL;

	arena = arena_create();
	CU_ASSERT_EQUAL_FATAL(yaml_read(arena, &r, text, strlen(text), &root), 0);
	return root;
}

static void members_are_found_by_key(void)
{
	const struct tree_node *root = read_tree();

	CU_ASSERT_EQUAL(root->count, 2);
	CU_ASSERT_PTR_EQUAL(tree_member(root, "feeds"), root->first);
	CU_ASSERT_PTR_EQUAL(tree_member(root, "engine"), root->last);
	CU_ASSERT_PTR_NULL(tree_member(root, "feed"));
	CU_ASSERT_PTR_NULL(tree_member(root, "feedsx"));
	CU_ASSERT_PTR_NULL(tree_member(root, ""));
	arena_destroy(arena);
}

static void nodes_are_found_by_path(void)
{
	const struct tree_node *root = read_tree();

	CU_ASSERT_PTR_EQUAL(tree_at(root, ""), root);
	CU_ASSERT_STRING_EQUAL(tree_at(root, "feeds[0].lines[1].name")->text, "B");
	CU_ASSERT_STRING_EQUAL(tree_at(root, "feeds[0].lines[0].port")->text, "p");
	CU_ASSERT_STRING_EQUAL(tree_at(root, "engine.name")->text, "e");
	CU_ASSERT_PTR_NULL(tree_at(root, "feeds[1]"));
	CU_ASSERT_PTR_NULL(tree_at(root, "feeds[0].lines[2].name"));
	CU_ASSERT_PTR_NULL(tree_at(root, "feeds.name"));
	CU_ASSERT_PTR_NULL(tree_at(root, "engine[0]"));
	CU_ASSERT_PTR_NULL(tree_at(root, "engine.name.x"));
	arena_destroy(arena);
}

static void lines_fall_back_to_what_is_above(void)
{
	const struct tree_node *root = read_tree();

	CU_ASSERT_EQUAL(tree_line(root, "feeds[0].lines[0].port"), 5);
	CU_ASSERT_EQUAL(tree_line(root, "feeds[0].lines[1].port"), 6);
	CU_ASSERT_EQUAL(tree_line(root, "feeds[0].lines"), 3);
	CU_ASSERT_EQUAL(tree_line(root, "feeds[0].gap.hold_max"), 2);
	CU_ASSERT_EQUAL(tree_line(root, "engine.pool"), 7);
	CU_ASSERT_EQUAL(tree_line(root, "cores[3].name"), 1);
	arena_destroy(arena);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"members are found by key", members_are_found_by_key},
	        {"nodes are found by path", nodes_are_found_by_path},
	        {"lines fall back to what is above", lines_fall_back_to_what_is_above},
	};

	return SUITE_RUN("config_tree", tests);
}
