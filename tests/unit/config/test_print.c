/* SPDX-License-Identifier: BSD-3-Clause
 *
 * config_print(). That all golden files survive print -> load -> print is test_golden.c's.
 */
#include "config/option.h"
#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config c;
static struct config_error error;

static char *printed(const char *text)
{
	int status = context_load(&c, text, &error);

	if (status != 0)
		printf("\n%s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	char *out = context_print(&c);

	config_finish(&c);
	return out;
}

static void every_key_is_printed(void)
{
	size_t bytes = 0;
	char *yaml = context_read(GENESIS_SOURCE_ROOT "/tests/golden/config/good/everything.yaml",
	                          &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(yaml);
	char *out = printed(yaml);
	char key[64];

	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		snprintf(key, sizeof(key), "%s:", option_key(o));
		CU_ASSERT_EQUAL(strstr(out, key) != NULL, !o->alias);
	}
	free(out);
	free(yaml);
}

static void text_survives_whatever_it_holds(void)
{
	static const char text[] =
	        CONTEXT_LEAST "groups:\n  - components:\n      - type: x\n        settings:\n"
	                      "          \"a: b\": \"# \\\" \\\\ \\t ' é\"\n"
	                      "          '- x': '*p'\n          '?': ' blanks '\n          '': x\n";
	/* An empty key is the one thing that is refused. */
	CU_ASSERT_NOT_EQUAL(context_load(&c, text, &error), 0);
	char good[sizeof(text)];

	memcpy(good, text, sizeof(text));
	*strstr(good, "          '': x") = '\0';
	char *once = printed(good);
	char *twice = printed(once);

	CU_ASSERT_STRING_EQUAL(once, twice);
	CU_ASSERT_PTR_NOT_NULL(strstr(once, "\"a: b\": \"# \\\" \\\\ \\t ' é\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(once, "\"?\": \" blanks \"\n"));
	free(once);
	free(twice);
}

static void what_is_absent_is_not_printed(void)
{
	char *out = printed(CONTEXT_LEAST);

	CU_ASSERT_PTR_NULL(strstr(out, "  eal:"));
	CU_ASSERT_PTR_NULL(strstr(out, "resilience"));
	CU_ASSERT_PTR_NULL(strstr(out, "services"));
	CU_ASSERT_PTR_NULL(strstr(out, "components"));
	CU_ASSERT_PTR_NULL(strstr(out, "shard:"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "shards: [shard]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out, "cpu: none"));
	free(out);
}

static void items_and_sections_are_indented(void)
{
	char *out = printed(CONTEXT_LEAST);

	CU_ASSERT_PTR_NOT_NULL(strstr(out, "\nfeeds:\n"
	                                   "  - name: feed0\n"
	                                   "    protocol: itch50\n"
	                                   "    core: worker\n"
	                                   "    lines:\n"
	                                   "      - name: A\n"
	                                   "        port: port0\n"
	                                   "        address: 239.0.0.1:26477\n"
	                                   "        source: none\n"
	                                   "    gap:\n"
	                                   "      hold_max: 50ms\n"));
	free(out);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"every key is printed", every_key_is_printed},
	        {"text survives whatever it holds", text_survives_whatever_it_holds},
	        {"what is absent is not printed", what_is_absent_is_not_printed},
	        {"items and sections are indented", items_and_sections_are_indented},
	};

	return SUITE_RUN("config_print", tests);
}
