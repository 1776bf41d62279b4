/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "app/attach.h"
#include "app/command.h"
#include "app/status_text.h"

#define COMMAND "status"

struct arguments {
	const char *engine;
	uint64_t watch_s;
	bool json;
	bool counters;
	bool help;
};

static void help(void)
{
	printf("usage: genesis status [OPTION...] [ENGINE]\n\n"
	       "Shows the counters of a running engine: ports, cores, feeds and lines, shards, "
	       "groups. It reads shared memory\n"
	       "and disturbs nobody. ENGINE is its engine.name; it may be left out when one "
	       "runs.\n\n"
	       "  -w, --watch SECONDS  again every so often, until the engine ends or a signal "
	       "comes\n"
	       "  -j, --json           one JSON object with every counter (per round with "
	       "--watch)\n"
	       "  -c, --counters       what each counter means; needs no engine\n"
	       "  -h, --help           this text\n\n"
	       "Exit code: 0 done; 1 no engine, it is dead, or it cannot be read; 2 wrong "
	       "usage.\n");
}

static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
	        {"watch", required_argument, NULL, 'w'},
	        {"json", no_argument, NULL, 'j'},
	        {"counters", no_argument, NULL, 'c'},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "w:jch", options, NULL)) != -1) {
		switch (option) {
		case 'w':
			if (command_number(optarg, 1, 86400, &a->watch_s) != 0)
				return command_usage(
				        COMMAND,
				        "--watch: '%s' is not a number of seconds, 1 to 86400",
				        optarg);
			break;
		case 'j':
			a->json = true;
			break;
		case 'c':
			a->counters = true;
			break;
		case 'h':
			a->help = true;
			return EXIT_OK;
		default:
			return command_usage(COMMAND, "see above");
		}
	}
	if (optind + 1 < argc)
		return command_usage(COMMAND, "give at most one engine");
	a->engine = argv[optind];
	return EXIT_OK;
}

static int show(const struct attach *at, const struct arguments *a)
{
	bool repaint = a->watch_s != 0 && !a->json && isatty(STDOUT_FILENO);

	for (;;) {
		/* Asked before the counters are read: what a dead engine left is shown once and
		 * called so. */
		bool alive = attach_is_alive(at);

		if (repaint)
			fputs("\033[H\033[2J", stdout);
		if (a->json)
			status_json(at->shared, stdout);
		else
			status_text(at->shared, stdout);
		fflush(stdout);
		if (!alive)
			return command_failed(COMMAND,
			                      "engine %s is dead; these were its last counters",
			                      at->shared->engine);
		if (a->watch_s == 0)
			return ferror(stdout) ? EXIT_FAILED : EXIT_OK;
		nanosleep(&(struct timespec){.tv_sec = (time_t)a->watch_s}, NULL);
	}
}

int command_status(int argc, char **argv)
{
	struct arguments a = {0};
	struct attach at;
	char error[ATTACH_ERROR_BYTES];
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.help) {
		help();
		return EXIT_OK;
	}
	if (a.counters) {
		status_counters(stdout);
		return EXIT_OK;
	}
	if (attach_open(&at, a.engine, error) != 0)
		return command_failed(COMMAND, "%s", error);
	rc = show(&at, &a);
	attach_close(&at);
	return rc;
}
