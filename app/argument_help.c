/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "app/argument.h"

#define COLUMNS    100
#define TEXT_AT    26 /* where an option's text begins; a longer option has a line for itself */
#define OPTION_MAX (TEXT_AT - 2)

const char *argument_wrap(FILE *out, const char *text, int at, int indent)
{
	int column = at;

	while (*text != '\0') {
		int bytes = (int)strcspn(text, " \n");

		if (column > at && column + 1 + bytes > COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			column = at = indent;
		} else if (column > at) {
			fputc(' ', out);
			column++;
		}
		fwrite(text, 1, (size_t)bytes, out);
		column += bytes;
		text += bytes;
		if (strncmp(text, "\n\n", 2) == 0) {
			fputc('\n', out);
			return text + 2;
		}
		text += *text != '\0';
	}
	fputc('\n', out);
	return NULL;
}

static void paragraphs(FILE *out, const char *text)
{
	while (text != NULL) {
		text = argument_wrap(out, text, 0, 0);
		fputc('\n', out);
	}
}

static void row(FILE *out, char letter, const char *name, const char *value, const char *text)
{
	int column = letter == '\0' ? fprintf(out, "      --%s", name)
	                            : fprintf(out, "  -%c, --%s", letter, name);

	if (value != NULL)
		column += fprintf(out, " %s", value);
	if (column > OPTION_MAX) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", TEXT_AT - column, "");
	argument_wrap(out, text, TEXT_AT, TEXT_AT);
}

static void usage(const struct command *c, FILE *out)
{
	const char *before = "usage: ";

	for (const char *form = c->usage;; form++) {
		int bytes = (int)strcspn(form, "\n");

		fprintf(out, "%sgenesis %s%s%.*s\n", before, c->name, bytes == 0 ? "" : " ", bytes,
		        form);
		form += bytes;
		if (*form == '\0')
			break;
		before = "       ";
	}
	fputc('\n', out);
}

void argument_help(const struct command *c, FILE *out)
{
	usage(c, out);
	paragraphs(out, c->text);
	for (const struct argument *a = c->arguments; a->kind != ARGUMENT_END; a++) {
		if (a->kind != ARGUMENT_HEADING) {
			row(out, a->letter, a->name, a->value, a->text);
			continue;
		}
		if (a != c->arguments)
			fputc('\n', out);
		argument_wrap(out, a->text, 0, 0);
	}
	row(out, 'h', "help", NULL, "this text");
	fputc('\n', out);
	paragraphs(out, c->notes);
	fprintf(out, "Exit code: ");
	argument_wrap(out, c->exits, 11, 11);
}
