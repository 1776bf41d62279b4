/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arguments: THE table of a command: how it is called, what it does, and a row per option. The
 * command line is read along it, and --help, the man page and the bash completion are printed from
 * it (argument_help.c, manual.c, completion.c), so none of them can say something else.
 *
 * Texts are paragraphs separated by an empty line; who prints them breaks the lines. `...` in them
 * is what one types.
 */
#ifndef APP_ARGUMENT_H
#define APP_ARGUMENT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum argument_kind {
	ARGUMENT_END,
	ARGUMENT_HEADING, /* `text` above the rows that follow */
	ARGUMENT_FLAG,    /* bool at offset */
	ARGUMENT_TEXT,    /* const char * at offset, into argv */
	ARGUMENT_NUMBER,  /* uint64_t at offset, min to max */
	ARGUMENT_WORD,    /* int or enum at offset: 1 for the first word of `value`, 2, ... */
	ARGUMENT_TAKE,    /* take() sees to it */
};

struct argument {
	enum argument_kind kind;
	char letter;       /* 0: it has none */
	const char *name;  /* without the dashes */
	const char *value; /* what it takes: "FILE", "N", "kill|trap"; NULL: nothing */
	const char *text;
	size_t offset; /* in the command's struct */
	uint64_t min;
	uint64_t max;
	/* EXIT_OK, or EXIT_USAGE after it has said why. to: the command's struct. */
	int (*take)(void *to, const struct argument *a, const char *value);
	int key; /* take()'s own */
};

struct command {
	const char *name;
	const char *summary; /* half a line */
	const char *usage;   /* behind the name; a line for each form */
	const char *operand; /* what the words that are no options are: "FILE", "ENGINE", "COMMAND";
	                        NULL: there are none */
	const char *text;
	const struct argument *arguments; /* up to ARGUMENT_END; --help needs no row */
	const char *notes;                /* below the options; may be NULL */
	const char *exits;                /* what the exit codes mean */
	int (*run)(int argc, char **argv);
};

/* Reads the options into `to`; optind is then the first word that is none. EXIT_OK; EXIT_USAGE
 * after it has said why; COMMAND_HELPED after it has printed the help that was asked for. */
int argument_parse(const struct command *c, int argc, char **argv, void *to);

void argument_help(const struct command *c, FILE *out);
/* Words of `text` up to its end or an empty line, in lines of at most `columns`; the first line is
 * begun and `at` columns long, the others begin with `indent` blanks. Returns what follows the
 * empty line, or NULL. */
const char *argument_wrap(FILE *out, const char *text, int at, int indent);

#endif
