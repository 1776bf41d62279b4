/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Bash completion: a function that knows commands, options and what options take. It stands alone:
 * no package of helpers is needed.
 */
#include <stdbool.h>
#include <string.h>

#include "app/manual.h"

/* Values that stand for themselves: "kill|trap", "itch50". */
static bool is_words(const char *value)
{
	return strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_|") == strlen(value);
}

/* What completes a value of this kind, as a command of the script. */
static void guess(FILE *out, const char *value)
{
	if (strcmp(value, "FILE") == 0) {
		fputs("_genesis_files", out);
	} else if (strcmp(value, "ENGINE") == 0) {
		fputs("_genesis_words \"$(_genesis_engines)\"", out);
	} else if (strcmp(value, "PROFILE") == 0) {
		fputs("_genesis_words 'original optimized extreme ultra ultimate us-scale'", out);
	} else if (strcmp(value, "COMMAND") == 0) {
		fputs("_genesis_words \"$commands\"", out);
	} else if (is_words(value)) {
		fputs("_genesis_words '", out);
		for (; *value != '\0'; value++)
			fputc(*value == '|' ? ' ' : *value, out);
		fputc('\'', out);
	} else {
		fputc(':', out); /* a number, a name: nothing to offer */
	}
}

static void command_values(const struct command *c, FILE *out)
{
	for (const struct argument *a = c->arguments; a->kind != ARGUMENT_END; a++) {
		if (a->kind == ARGUMENT_HEADING || a->value == NULL)
			continue;
		fprintf(out, "\t%s:--%s", c->name, a->name);
		if (a->letter != '\0')
			fprintf(out, " | %s:-%c", c->name, a->letter);
		fputs(") ", out);
		guess(out, a->value);
		fputs("; return ;;\n", out);
	}
}

static void command_options(const struct command *c, FILE *out)
{
	fprintf(out, "\t%s:-*) _genesis_words '", c->name);
	for (const struct argument *a = c->arguments; a->kind != ARGUMENT_END; a++)
		if (a->kind != ARGUMENT_HEADING)
			fprintf(out, "--%s ", a->name);
	fputs("--help' ;;\n", out);
	if (c->operand == NULL)
		return;
	fprintf(out, "\t%s:*) ", c->name);
	guess(out, c->operand);
	fputs(" ;;\n", out);
}

void completion_bash(const struct command *const *commands, FILE *out)
{
	fprintf(out,
	        "# bash completion for genesis %s; printed by `genesis help --completion`.\n"
	        "_genesis_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
	        "_genesis_files() {\n"
	        "\tcompopt -o filenames 2>/dev/null\n"
	        "\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	        "}\n"
	        "_genesis_engines() {\n"
	        "\tlocal f\n"
	        "\tfor f in /dev/shm/genesis-*.control; do\n"
	        "\t\tf=${f#/dev/shm/genesis-}\n"
	        "\t\t[ \"$f\" = '*.control' ] || printf '%%s ' \"${f%%.control}\"\n"
	        "\tdone\n"
	        "}\n"
	        "_genesis() {\n"
	        "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	        "\tCOMPREPLY=()\n"
	        "\tlocal commands='",
	        GENESIS_VERSION);
	for (const struct command *const *c = commands; *c != NULL; c++)
		fprintf(out, "%s ", (*c)->name);
	fputs("'\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\t_genesis_words \"$commands --help --version\"\n\t\treturn\n\tfi\n\tcase "
	      "${COMP_WORDS[1]}:$prev in\n",
	      out);
	for (const struct command *const *c = commands; *c != NULL; c++)
		command_values(*c, out);
	fputs("\tesac\n\tcase ${COMP_WORDS[1]}:$cur in\n", out);
	for (const struct command *const *c = commands; *c != NULL; c++)
		command_options(*c, out);
	fputs("\tesac\n}\ncomplete -F _genesis genesis\n", out);
}
