/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/component.h"

#include "tests/unit/suite.h"

static void test_setting(void)
{
	static const struct component_setting items[] = {{"a", "1"}, {"b", ""}, {"a", "2"}};
	struct component_settings s = {.name = "x", .items = items, .count = 3};
	struct component_settings none = {.name = "x"};

	CU_ASSERT_STRING_EQUAL(component_setting(&s, "a"), "1");
	CU_ASSERT_STRING_EQUAL(component_setting(&s, "b"), "");
	CU_ASSERT_PTR_NULL(component_setting(&s, "c"));
	CU_ASSERT_PTR_NULL(component_setting(&none, "a"));
}

static const struct suite_test tests[] = {
        {"settings by key", test_setting},
};

int main(void)
{
	return SUITE_RUN("shard_component", tests);
}
