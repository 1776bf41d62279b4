/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Golden files: what good configurations resolve to (.out), and what is said about bad ones (.err).
 * `test_golden --write` writes the .out and .err anew; read the difference before it is committed.
 */
#include <glob.h>
#include <libgen.h>

#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

#define GOLDEN GENESIS_SOURCE_ROOT "/tests/golden/config/"

static bool writing;

/* Compares with NAME.yaml's NAME.suffix, or writes it. */
static void expect_file(const char *yaml, const char *suffix, const char *got)
{
	char path[512];
	size_t bytes = 0;

	snprintf(path, sizeof(path), "%.*s%s", (int)(strlen(yaml) - strlen(".yaml")), yaml, suffix);
	if (writing) {
		FILE *f = fopen(path, "wb");

		if (f == NULL || fputs(got, f) < 0 || fclose(f) != 0)
			CU_FAIL_FATAL("cannot write the golden file");
		return;
	}
	char *wanted = context_read(path, &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(wanted);
	if (strcmp(wanted, got) != 0)
		printf("\n%s\nwanted: %sgot:    %s", path, wanted, got);
	CU_ASSERT_STRING_EQUAL(wanted, got);
	free(wanted);
}

/* Prints it, loads what was printed, and prints that: the same? */
static void expect_round_trip(const char *yaml, const char *printed)
{
	struct config c;
	struct config_error e;
	int status = context_load(&c, printed, &e);

	if (status != 0)
		printf("\n%s: what is printed does not load: %s\n", yaml, e.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	char *again = context_print(&c);

	CU_ASSERT_STRING_EQUAL(printed, again);
	free(again);
	config_finish(&c);
}

static void check_good(const char *yaml)
{
	struct config c;
	struct config_error e;
	int status = config_load(&c, yaml, &context, &e);

	if (status != 0)
		printf("\n%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	CU_ASSERT_STRING_EQUAL(e.text, "");
	CU_ASSERT_STRING_EQUAL(c.path, yaml);
	char *printed = context_print(&c);

	expect_round_trip(yaml, printed);
	if (strstr(yaml, GOLDEN) != NULL)
		expect_file(yaml, ".out", printed);
	free(printed);
	config_finish(&c);
	CU_ASSERT_PTR_NULL(c.arena);
}

static void check_bad(const char *yaml)
{
	struct config c;
	struct config_error e;
	size_t bytes = 0;
	char name[512];
	char *text = context_read(yaml, &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	snprintf(name, sizeof(name), "%s", yaml);
	int status = config_load_text(&c, text, bytes, basename(name), &context, &e);

	if (status == 0)
		printf("\n%s: loads\n", yaml);
	CU_ASSERT_EQUAL_FATAL(status, -22);
	CU_ASSERT_PTR_NULL(c.arena);
	/* FILE:LINE: KEY: what; allowed */
	char head[600];

	snprintf(head, sizeof(head), "%s:%u: ", basename(name), e.line);
	CU_ASSERT_EQUAL(strncmp(e.text, head, strlen(head)), 0);
	CU_ASSERT(e.line >= 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text + strlen(head), ": "));
	CU_ASSERT_PTR_NOT_NULL(strchr(e.text, ';'));
	CU_ASSERT_PTR_NULL(strchr(e.text, '\n'));
	char line[CONFIG_ERROR_BYTES + 1];

	snprintf(line, sizeof(line), "%s\n", e.text);
	expect_file(yaml, ".err", line);
	free(text);
}

static unsigned each(const char *pattern, void (*check)(const char *yaml))
{
	glob_t found;

	CU_ASSERT_EQUAL_FATAL(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check(found.gl_pathv[i]);
	unsigned count = (unsigned)found.gl_pathc;

	globfree(&found);
	return count;
}

static void good_files(void)
{
	CU_ASSERT(each(GOLDEN "good/*.yaml", check_good) >= 10);
}

static void bad_files(void)
{
	CU_ASSERT(each(GOLDEN "bad/*.yaml", check_bad) >= 40);
}

static void examples(void)
{
	CU_ASSERT(each(GENESIS_SOURCE_ROOT "/config/examples/*.yaml", check_good) >= 4);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"good files resolve to what they should", good_files},
	        {"bad files are refused in one exact line", bad_files},
	        {"the examples load", examples},
	};

	writing = argc > 1 && strcmp(argv[1], "--write") == 0;
	return SUITE_RUN("config_golden", tests);
}
