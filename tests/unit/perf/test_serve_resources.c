/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_resources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static void what_is_added_is_found_until_it_is_removed(void)
{
	void *memory = malloc(serve_resources_bytes(3));
	struct serve_resources s;

	serve_resources_init(&s, memory, 3);
	CU_ASSERT_PTR_NULL(serve_resources_find(&s, "a", 1));
	CU_ASSERT_PTR_NULL(serve_resources_find(&s, "", 0));
	struct serve_resource *a = serve_resources_add(&s, "a", 1);
	struct serve_resource *b = serve_resources_add(&s, "a/b", 3);
	struct serve_resource *root = serve_resources_add(&s, "", 0);

	CU_ASSERT_TRUE_FATAL(a != NULL && b != NULL && root != NULL);
	CU_ASSERT_TRUE(a->content_bytes == 0 && a->format == SERVE_FORMAT_NONE);
	CU_ASSERT_PTR_NULL(serve_resources_add(&s, "c", 1));
	CU_ASSERT_TRUE(serve_resources_find(&s, "a", 1) == a);
	CU_ASSERT_TRUE(serve_resources_find(&s, "a/b", 3) == b);
	CU_ASSERT_TRUE(serve_resources_find(&s, "", 0) == root);
	CU_ASSERT_PTR_NULL(serve_resources_find(&s, "a/", 2));
	serve_resources_remove(&s, b);
	CU_ASSERT_EQUAL(s.count, 2);
	CU_ASSERT_PTR_NULL(serve_resources_find(&s, "a/b", 3));
	CU_ASSERT_PTR_NOT_NULL(serve_resources_add(&s, "c", 1));
	free(memory);
}

static void another_is_the_next_one_round(void)
{
	void *memory = malloc(serve_resources_bytes(4));
	struct serve_resources s;

	serve_resources_init(&s, memory, 4);
	struct serve_resource *a = serve_resources_add(&s, "a", 1);

	CU_ASSERT_PTR_NULL(serve_resources_other(&s, a));
	struct serve_resource *b = serve_resources_add(&s, "b", 1);
	struct serve_resource *c = serve_resources_add(&s, "c", 1);

	CU_ASSERT_TRUE(serve_resources_other(&s, a) == b);
	CU_ASSERT_TRUE(serve_resources_other(&s, c) == a);
	serve_resources_remove(&s, b);
	CU_ASSERT_TRUE(serve_resources_other(&s, a) == c);
	free(memory);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"what is added is found until it is removed",
	         what_is_added_is_found_until_it_is_removed},
	        {"another is the next one round", another_is_the_next_one_round},
	};

	return SUITE_RUN("serve_resources", tests);
}
