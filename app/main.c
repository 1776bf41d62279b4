/* SPDX-License-Identifier: BSD-3-Clause
 *
 * genesis: one program, its commands.
 */
#include <stdio.h>
#include <string.h>

#include "app/clock.h"
#include "app/command.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

static const struct command commands[] = {
        {"run", command_run, "run the engine of a configuration"},
        {"check", command_check, "check a configuration; print it resolved, with cores and memory"},
        {"replay", command_replay, "read captures through the engine and give books and counters"},
        {"books", command_books, "show the books of a running engine"},
        {"status", command_status, "show the counters of a running engine"},
        {"simulate", command_simulate, "run the engine on a virtual clock from a seed"},
        {"demo", command_demo,
         "a made-up day on two lossy lines through a live engine, checked at the end"},
        {"exchange", command_exchange,
         "a test venue: send a made-up or recorded day on two impaired lines"},
        {"version", command_version, "say which version this is"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *out)
{
	fprintf(out, "genesis %s: a market-data engine\n\nusage: genesis COMMAND [OPTION...]\n\n",
	        GENESIS_VERSION);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n`genesis COMMAND --help` explains one.\n");
}

int main(int argc, char **argv)
{
	clock_start();
	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		help(stdout);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--version") == 0)
		return command_version(argc - 1, argv + 1);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "genesis: there is no command '%s'.\n\n", argv[1]);
	help(stderr);
	return EXIT_USAGE;
}
