/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/status_number.h"

#include <stdlib.h>
#include <string.h>

#include "app/status_port.h"
#include "tests/unit/suite.h"

static void check(uint64_t value, const char *wanted)
{
	json_t *v = status_number(value);
	char *text = json_dumps(v, JSON_ENCODE_ANY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_STRING_EQUAL(text, wanted);
	free(text);
	json_decref(v);
}

static void test_numbers(void)
{
	check(0, "0");
	check(1, "1");
	check((1ull << 53) + 1, "9007199254740993");
	check(INT64_MAX, "9223372036854775807");
	check(1ull << 63, "\"9223372036854775808\"");
	check(UINT64_MAX - 1, "\"18446744073709551614\"");
	check(UINT64_MAX, "\"18446744073709551615\"");
}

/* As a table of counters shows it. */
static void test_counters(void)
{
	static const struct counter counters[] = {{.id = "small"}, {.id = "huge"}};
	const struct counter_table table = {.counters = counters, .count = 2};
	_Atomic uint64_t words[] = {12, UINT64_MAX - 5};
	json_t *o = status_counters_json(&table, words);

	CU_ASSERT_EQUAL(json_integer_value(json_object_get(o, "small")), 12);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(o, "huge")),
	                       "18446744073709551610");
	json_decref(o);
}

static const struct suite_test tests[] = {
        {"numbers", test_numbers},
        {"counters", test_counters},
};

int main(void)
{
	return SUITE_RUN("status number", tests);
}
