/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/manual.h"

#define CONFIG_PAGE "genesis.yaml"

struct arguments {
	bool man;
	bool completion;
};

static const struct argument arguments[] = {
        {ARGUMENT_FLAG, .letter = 'm', .name = "man", .offset = offsetof(struct arguments, man),
         .text = "print a man page instead, for `man -l -`: without COMMAND genesis(1); with "
                 "`" CONFIG_PAGE "` that of the configuration"},
        {ARGUMENT_FLAG, .letter = 'c', .name = "completion",
         .offset = offsetof(struct arguments, completion),
         .text = "print the completion for bash instead, for `source <(...)`"},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_help = {
        .name = "help",
        .summary = "explain a command; print man pages and bash completion",
        .usage = "[OPTION...] [COMMAND]",
        .operand = "COMMAND",
        .text = "Prints what `genesis COMMAND --help` does; without COMMAND the list of commands.",
        .arguments = arguments,
        .exits = "0 done; 2 there is no such command.",
        .run = enter,
};

static int man(const char *page, const struct command *c)
{
	if (page == NULL)
		manual_program(command_all, stdout);
	else if (c != NULL)
		manual_command(c, stdout);
	else if (strcmp(page, CONFIG_PAGE) == 0)
		manual_config(stdout);
	else
		return command_usage("help", "there is no command '%s'", page);
	return EXIT_OK;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	int rc = argument_parse(&command_help, argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (optind + 1 < argc)
		return command_usage("help", "give at most one command");
	const char *name = argv[optind];
	const struct command *c = name == NULL ? NULL : command_find(name);

	if (a.completion)
		completion_bash(command_all, stdout);
	else if (a.man)
		return man(name, c);
	else if (name == NULL)
		command_list(stdout);
	else if (c == NULL)
		return command_usage("help", "there is no command '%s'", name);
	else
		argument_help(c, stdout);
	return EXIT_OK;
}
