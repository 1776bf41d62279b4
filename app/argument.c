/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/argument.h"

#include <assert.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "app/command.h"

#define ARGUMENTS_MAX 64
#define KEY_FIRST     256 /* of the table's rows; below are letters */

struct getopt_table {
	struct option options[ARGUMENTS_MAX + 2];
	char letters[2 * ARGUMENTS_MAX + 2];
};

static void make_table(const struct argument *arguments, struct getopt_table *t)
{
	size_t options = 0;
	size_t letters = 0;

	for (int i = 0; arguments[i].kind != ARGUMENT_END; i++) {
		const struct argument *a = &arguments[i];

		assert(i < ARGUMENTS_MAX);
		if (a->kind == ARGUMENT_HEADING)
			continue;
		assert((a->value == NULL) == (a->kind == ARGUMENT_FLAG));
		t->options[options++] =
		        (struct option){a->name, a->value == NULL ? no_argument : required_argument,
		                        NULL, KEY_FIRST + i};
		if (a->letter != '\0')
			t->letters[letters++] = a->letter;
		if (a->letter != '\0' && a->value != NULL)
			t->letters[letters++] = ':';
	}
	t->options[options++] = (struct option){"help", no_argument, NULL, 'h'};
	t->options[options] = (struct option){0};
	t->letters[letters++] = 'h';
	t->letters[letters] = '\0';
}

static const struct argument *find(const struct argument *arguments, int key)
{
	if (key >= KEY_FIRST)
		return &arguments[key - KEY_FIRST];
	for (const struct argument *a = arguments; a->kind != ARGUMENT_END; a++)
		if (a->letter == key)
			return a;
	return NULL;
}

/* Which of the words "a|b|c", from 1; 0: none of them. */
static int word_index(const char *words, const char *value)
{
	for (int n = 1;; n++) {
		size_t bytes = strcspn(words, "|");

		if (strlen(value) == bytes && strncmp(words, value, bytes) == 0)
			return n;
		if (words[bytes] == '\0')
			return 0;
		words += bytes + 1;
	}
}

static int take(const struct command *c, const struct argument *a, const char *value, void *to)
{
	void *field = (uint8_t *)to + a->offset;

	switch (a->kind) {
	case ARGUMENT_FLAG:
		*(bool *)field = true;
		break;
	case ARGUMENT_TEXT:
		*(const char **)field = value;
		break;
	case ARGUMENT_NUMBER:
		if (command_number(value, a->min, a->max, field) != 0)
			return command_usage(c->name,
			                     "--%s: '%s' is not a whole number from %" PRIu64
			                     " to %" PRIu64,
			                     a->name, value, a->min, a->max);
		break;
	case ARGUMENT_WORD:
		*(int *)field = word_index(a->value, value);
		if (*(int *)field == 0)
			return command_usage(c->name, "--%s: '%s' is not one of %s", a->name, value,
			                     a->value);
		break;
	case ARGUMENT_TAKE:
		return a->take(to, a, value);
	case ARGUMENT_END:
	case ARGUMENT_HEADING:
		break;
	}
	return EXIT_OK;
}

int argument_parse(const struct command *c, int argc, char **argv, void *to)
{
	struct getopt_table t;
	int key;

	make_table(c->arguments, &t);
	optind = 1;
	while ((key = getopt_long(argc, argv, t.letters, t.options, NULL)) != -1) {
		const struct argument *a = find(c->arguments, key);

		if (a == NULL && key == 'h') {
			argument_help(c, stdout);
			return COMMAND_HELPED;
		}
		if (a == NULL)
			return command_usage(c->name, "see above");
		int rc = take(c, a, optarg, to);

		if (rc != EXIT_OK)
			return rc;
	}
	return EXIT_OK;
}
