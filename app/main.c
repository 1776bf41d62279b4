/* SPDX-License-Identifier: BSD-3-Clause
 *
 * genesis: one program, its commands.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/clock.h"
#include "app/command.h"
#include "dataplane/feed/protocol.h"

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

static int complain(const char *command, const char *format, va_list arguments)
{
	fprintf(stderr, "genesis %s: ", command);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int command_usage(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(command, format, arguments);
	va_end(arguments);
	fprintf(stderr, "See `genesis %s --help`.\n", command);
	return EXIT_USAGE;
}

int command_failed(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(command, format, arguments);
	va_end(arguments);
	return EXIT_FAILED;
}

int command_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);

	if (errno != 0 || *end != '\0' || v < min || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

int command_address(const char *text, uint32_t *address, uint16_t *port)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');
	struct in_addr in;
	uint64_t number;

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (inet_pton(AF_INET, host, &in) != 1 || command_number(colon + 1, 1, 65535, &number) != 0)
		return -EINVAL;
	*address = ntohl(in.s_addr);
	*port = (uint16_t)number;
	return 0;
}

int command_load_config(const char *command, const char *path, struct config *c)
{
	const struct protocol *const *all = protocol_all();
	const char *names[8] = {NULL};
	struct config_error error;

	for (size_t i = 0; all[i] != NULL && i + 1 < sizeof(names) / sizeof(names[0]); i++)
		names[i] = all[i]->name;
	if (config_load(c, path, &(struct config_context){.protocols = names}, &error) == 0)
		return EXIT_OK;
	fprintf(stderr, "genesis %s: %s\n", command, error.text);
	return EXIT_USAGE;
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
