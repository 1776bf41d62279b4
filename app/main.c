/* SPDX-License-Identifier: BSD-3-Clause
 *
 * genesis: one program, its commands.
 */
#include <stdio.h>
#include <string.h>

#include "app/clock.h"
#include "app/command.h"

const struct command *const command_all[] = {
        &command_run,      &command_check,    &command_replay, &command_books,
        &command_status,   &command_simulate, &command_chaos,  &command_demo,
        &command_exchange, &command_version,  &command_help,   NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = command_all; *c != NULL; c++)
		if (strcmp(name, (*c)->name) == 0)
			return *c;
	return NULL;
}

void command_list(FILE *out)
{
	fprintf(out, "genesis %s: a market-data engine\n\nusage: genesis COMMAND [OPTION...]\n\n",
	        GENESIS_VERSION);
	for (const struct command *const *c = command_all; *c != NULL; c++)
		fprintf(out, "  %-10s %s\n", (*c)->name, (*c)->summary);
	fprintf(out, "\n`genesis COMMAND --help` explains one.\n");
}

int main(int argc, char **argv)
{
	clock_start();
	if (argc < 2) {
		command_list(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		command_list(stdout);
		return EXIT_OK;
	}
	const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
	const struct command *c = command_find(name);

	if (c == NULL) {
		fprintf(stderr, "genesis: there is no command '%s'.\n\n", argv[1]);
		command_list(stderr);
		return EXIT_USAGE;
	}
	int rc = c->run(argc - 1, argv + 1);

	return rc == COMMAND_HELPED ? EXIT_OK : rc;
}
