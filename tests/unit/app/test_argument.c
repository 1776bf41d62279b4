/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/argument.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "app/command.h"
#include "tests/unit/suite.h"

struct target {
	bool flag;
	const char *text;
	uint64_t number;
	int word;
	char taken[32];
	int key;
};

static int take(void *to, const struct argument *a, const char *value)
{
	struct target *t = to;

	snprintf(t->taken, sizeof(t->taken), "%s", value);
	t->key = a->key;
	return strcmp(value, "bad") == 0 ? EXIT_USAGE : EXIT_OK;
}

static const struct argument rows[] = {
        {ARGUMENT_HEADING, .text = "Things"},
        {ARGUMENT_FLAG, .letter = 'f', .name = "flag", .text = "a flag",
         .offset = offsetof(struct target, flag)},
        {ARGUMENT_TEXT, .letter = 't', .name = "text", .value = "FILE", .text = "a file",
         .offset = offsetof(struct target, text)},
        {ARGUMENT_NUMBER, .name = "number", .value = "N", .text = "a number", .min = 2, .max = 5,
         .offset = offsetof(struct target, number)},
        {ARGUMENT_WORD, .letter = 'w', .name = "word", .value = "kill|trap", .text = "a word",
         .offset = offsetof(struct target, word)},
        {ARGUMENT_TAKE, .name = "some-very-long-option", .value = "one|two",
         .text = "a text that is so long that it does not fit into the rest of a line of one "
                 "hundred columns",
         .take = take, .key = 7},
        {ARGUMENT_END},
};

static const struct command command = {
        .name = "try",
        .summary = "try it",
        .usage = "[OPTION...] WORD\n--flag",
        .text = "First `one`.\n\nSecond.",
        .arguments = rows,
        .exits = "0 done.",
};

static int parse(struct target *t, const char *const *words)
{
	char *argv[8] = {(char *)(uintptr_t) "try"};
	int argc = 1;

	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	*t = (struct target){0};
	return argument_parse(&command, argc, argv, t);
}

#define PARSE(t, ...) parse(t, (const char *const[]){__VA_ARGS__, NULL})

static void test_parse(void)
{
	struct target t;

	CU_ASSERT_EQUAL(PARSE(&t, "word"), EXIT_OK);
	CU_ASSERT_EQUAL(optind, 1);
	CU_ASSERT(!t.flag && t.text == NULL && t.number == 0);
	CU_ASSERT_EQUAL(PARSE(&t, "-f", "--text", "x", "--number=5", "word"), EXIT_OK);
	CU_ASSERT_EQUAL(optind, 5);
	CU_ASSERT(t.flag);
	CU_ASSERT_STRING_EQUAL(t.text, "x");
	CU_ASSERT_EQUAL(t.number, 5);
	CU_ASSERT_EQUAL(PARSE(&t, "-ty", "--some-very-long-option", "two"), EXIT_OK);
	CU_ASSERT_STRING_EQUAL(t.text, "y");
	CU_ASSERT_STRING_EQUAL(t.taken, "two");
	CU_ASSERT_EQUAL(t.key, 7);
	CU_ASSERT_EQUAL(t.word, 0);
	CU_ASSERT_EQUAL(PARSE(&t, "--word", "kill"), EXIT_OK);
	CU_ASSERT_EQUAL(t.word, 1);
	CU_ASSERT_EQUAL(PARSE(&t, "-w", "trap"), EXIT_OK);
	CU_ASSERT_EQUAL(t.word, 2);
}

static void test_wrong(void)
{
	struct target t;

	CU_ASSERT_EQUAL(PARSE(&t, "--nothing"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "-x"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "--text"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "--flag=1"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "--number", "1"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "--number", "6"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "--number", "3x"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&t, "--some-very-long-option", "bad"), EXIT_USAGE);
	for (const char *const *w =
	             (const char *const[]){"", "Kill", "kil", "killer", "kill|trap", NULL};
	     *w != NULL; w++)
		CU_ASSERT_EQUAL(PARSE(&t, "--word", *w), EXIT_USAGE);
}

static void test_help(void)
{
	static const char want[] = "usage: genesis try [OPTION...] WORD\n"
	                           "       genesis try --flag\n"
	                           "\n"
	                           "First `one`.\n"
	                           "\n"
	                           "Second.\n"
	                           "\n"
	                           "Things\n"
	                           "  -f, --flag              a flag\n"
	                           "  -t, --text FILE         a file\n"
	                           "      --number N          a number\n"
	                           "  -w, --word kill|trap    a word\n"
	                           "      --some-very-long-option one|two\n"
	                           "                          a text that is so long that it does "
	                           "not fit into the rest "
	                           "of a line of one\n"
	                           "                          hundred columns\n"
	                           "  -h, --help              this text\n"
	                           "\n"
	                           "Exit code: 0 done.\n";
	char text[2048] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	argument_help(&command, out);
	fclose(out);
	CU_ASSERT_STRING_EQUAL(text, want);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"parse", test_parse}, {"wrong", test_wrong}, {"help", test_help}};

	return SUITE_RUN("argument", tests);
}
