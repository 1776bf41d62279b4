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
};

static const struct argument arguments[] = {
        {ARGUMENT_NUMBER, .letter = 'w', .name = "watch", .value = "SECONDS",
         .text = "again every so often, until the engine ends or a signal comes",
         .offset = offsetof(struct arguments, watch_s), .min = 1, .max = 86400},
        {ARGUMENT_FLAG, .letter = 'j', .name = "json",
         .text = "one JSON object with every counter (per round with `--watch`)",
         .offset = offsetof(struct arguments, json)},
        {ARGUMENT_FLAG, .letter = 'c', .name = "counters",
         .text = "what each counter means; needs no engine",
         .offset = offsetof(struct arguments, counters)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_status = {
        .name = COMMAND,
        .summary = "show the counters of a running engine",
        .usage = "[OPTION...] [ENGINE]",
        .operand = "ENGINE",
        .text = "Shows the counters of a running engine: ports, cores, feeds and lines, shards, "
                "groups. It reads shared memory and disturbs nobody. ENGINE is its engine.name; it "
                "may be left out when one runs.",
        .arguments = arguments,
        .exits = "0 done; 1 no engine, it is dead, or it cannot be read; 2 wrong usage.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	int rc = argument_parse(&command_status, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
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

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct attach at;
	char error[ATTACH_ERROR_BYTES];
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
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
