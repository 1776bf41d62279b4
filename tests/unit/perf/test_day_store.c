/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct day_store *made(void)
{
	struct day_store *s;

	CU_ASSERT_EQUAL_FATAL(day_store_create(&s), 0);
	return s;
}

static bool is(const struct day_store *s, uint32_t run, uint64_t sequence, const char *text)
{
	uint32_t bytes;
	const uint8_t *data = day_store_find(s, run, sequence, &bytes);

	return text == NULL
	               ? data == NULL
	               : data != NULL && bytes == strlen(text) && memcmp(data, text, bytes) == 0;
}

static int add(struct day_store *s, uint32_t run, uint64_t sequence, const char *text)
{
	return day_store_add(s, run, sequence, (const uint8_t *)text, (uint32_t)strlen(text));
}

static void only_what_was_told_of_is_known(void)
{
	struct day_store *s = made();

	CU_ASSERT_EQUAL(day_store_run_now(s), UINT32_MAX);
	CU_ASSERT_EQUAL(day_store_open(s, 0, "GENESIS001"), 0);
	for (uint64_t i = 1; i <= 3; i++)
		CU_ASSERT_EQUAL(add(s, 0, i, (const char *[]){"", "one", "two", "three"}[i]), 0);
	CU_ASSERT_TRUE(is(s, 0, 1, NULL));
	CU_ASSERT_EQUAL(day_store_told(s, 0), 1);
	day_store_tell(s, 0, 3);
	day_store_tell(s, 0, 2);
	CU_ASSERT_EQUAL(day_store_told(s, 0), 3);
	CU_ASSERT_EQUAL(day_store_run_now(s), 0);
	CU_ASSERT_TRUE(is(s, 0, 1, "one") && is(s, 0, 2, "two") && is(s, 0, 3, NULL));
	CU_ASSERT_TRUE(is(s, 0, 0, NULL) && is(s, 1, 1, NULL) && is(s, 99, 1, NULL));
	CU_ASSERT_EQUAL(day_store_messages(s), 3);
	day_store_tell(s, 0, UINT64_MAX);
	CU_ASSERT_TRUE(is(s, 0, 3, "three") && is(s, 0, 4, NULL));
	CU_ASSERT_TRUE(is(s, 0, UINT64_MAX - 1, NULL));
	day_store_destroy(s);
}

static void sessions_have_names(void)
{
	struct day_store *s = made();

	CU_ASSERT_EQUAL(day_store_open(s, 0, "GENESIS001"), 0);
	CU_ASSERT_EQUAL(day_store_open(s, 1, "GENESIS002"), 0);
	CU_ASSERT_EQUAL(day_store_open(s, 1, "other     "), 0);
	CU_ASSERT_EQUAL(day_store_open(s, DAY_STORE_RUNS_MAX, "GENESIS003"), -EINVAL);
	CU_ASSERT_EQUAL(day_store_run(s, (const uint8_t *)"GENESIS002"), 1);
	CU_ASSERT_EQUAL(day_store_run(s, (const uint8_t *)"GENESIS003"), UINT32_MAX);
	CU_ASSERT_EQUAL(memcmp(day_store_session(s, 1), "GENESIS002", 10), 0);
	CU_ASSERT_EQUAL(add(s, 0, 1, "a"), 0);
	CU_ASSERT_EQUAL(add(s, 1, 1, "b"), 0);
	day_store_tell(s, 1, 2);
	day_store_tell(s, 0, 2);
	CU_ASSERT_TRUE(is(s, 0, 1, "a") && is(s, 1, 1, "b"));
	CU_ASSERT_EQUAL(day_store_run_now(s), 1);
	day_store_tell(s, 7, 2); /* not open */
	CU_ASSERT_EQUAL(day_store_run_now(s), 1);
	day_store_destroy(s);
}

/* As of two lines of a capture that begins in the middle of a session. */
static void messages_come_in_any_order(void)
{
	struct day_store *s = made();
	const uint64_t base = 1ull << 40;

	CU_ASSERT_EQUAL(day_store_open(s, 0, "S         "), 0);
	CU_ASSERT_EQUAL(add(s, 0, base, "first"), 0);
	CU_ASSERT_EQUAL(add(s, 0, base + 9000, "far"), 0);
	CU_ASSERT_EQUAL(add(s, 0, base - 100, "before"), 0);
	CU_ASSERT_EQUAL(add(s, 0, base, "again"), 0);
	CU_ASSERT_EQUAL(add(s, 0, base + 1, ""), 0);
	CU_ASSERT_EQUAL(add(s, 0, base + DAY_STORE_SPAN_MAX, "out"), -ERANGE);
	CU_ASSERT_EQUAL(add(s, 0, 1, "out"), -ERANGE);
	day_store_tell(s, 0, UINT64_MAX);
	CU_ASSERT_TRUE(is(s, 0, base, "first") && is(s, 0, base + 9000, "far"));
	CU_ASSERT_TRUE(is(s, 0, base - 100, "before") && is(s, 0, base + 1, ""));
	CU_ASSERT_TRUE(is(s, 0, base + 2, NULL) && is(s, 0, base + 5000, NULL));
	CU_ASSERT_EQUAL(day_store_messages(s), 4);
	day_store_destroy(s);
}

static void many_messages_stay_where_they_are(void)
{
	struct day_store *s = made();
	uint8_t data[50];
	uint32_t bytes;

	CU_ASSERT_EQUAL(day_store_open(s, 0, "S         "), 0);
	CU_ASSERT_EQUAL(day_store_add(s, 0, 1, (const uint8_t *)"x", 1), 0);
	day_store_tell(s, 0, UINT64_MAX);
	const uint8_t *first = day_store_find(s, 0, 1, &bytes);

	for (uint32_t i = 2; i < 200000; i++) {
		memset(data, (int)(i % 251), sizeof(data));
		CU_ASSERT_EQUAL(day_store_add(s, 0, i, data, i % 50), 0);
	}
	CU_ASSERT_TRUE(day_store_find(s, 0, 1, &bytes) == first && first[0] == 'x');
	for (uint32_t i = 2; i < 200000; i++) {
		const uint8_t *at = day_store_find(s, 0, i, &bytes);

		CU_ASSERT_TRUE(at != NULL && bytes == i % 50 &&
		               (bytes == 0 || at[bytes - 1] == i % 251));
	}
	day_store_destroy(s);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"only what was told of is known", only_what_was_told_of_is_known},
	        {"sessions have names", sessions_have_names},
	        {"messages come in any order", messages_come_in_any_order},
	        {"many messages stay where they are", many_messages_stay_where_they_are},
	};

	return SUITE_RUN("day_store", tests);
}
