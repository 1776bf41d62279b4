/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/clock.h"
#include "app/command.h"
#include "app/simulate.h"
#include "perf/day.h"

#define COMMAND "simulate"

static const char *const receive_words[] = {
        [SIMULATE_RECEIVE_TOGETHER] = "together",
        [SIMULATE_RECEIVE_ONE] = "one",
        [SIMULATE_RECEIVE_APART] = "apart",
};

struct arguments {
	struct simulate_options o;
	uint64_t count;
	uint64_t symbols;
	bool seeded;
};

static int take_seed(void *to, const struct argument *o, const char *value)
{
	struct arguments *a = to;

	a->seeded = true;
	return command_number(value, 0, UINT64_MAX / 2, &a->o.seed) == 0
	               ? EXIT_OK
	               : command_usage(COMMAND, "--%s: '%s' is not a whole number", o->name, value);
}

static const struct argument arguments[] = {
        {ARGUMENT_TAKE, .letter = 's', .name = "seed", .value = "N",
         .text = "the seed; everything follows from it", .take = take_seed},
        {ARGUMENT_NUMBER, .letter = 'n', .name = "count", .value = "N",
         .text = "this many seeds, from `--seed` on (default 1)",
         .offset = offsetof(struct arguments, count), .min = 1, .max = UINT64_MAX / 2},
        {ARGUMENT_NUMBER, .letter = 'm', .name = "messages", .value = "N",
         .text = "messages of the day (default 50000)",
         .offset = offsetof(struct arguments, o.messages), .min = 1, .max = 50000000},
        {ARGUMENT_NUMBER, .letter = 'y', .name = "symbols", .value = "N",
         .text = "symbols of the day (default 50)", .offset = offsetof(struct arguments, symbols),
         .min = 1, .max = 10000},
        {ARGUMENT_NUMBER, .name = "cut-seed", .value = "N",
         .text = "cut the same messages into other packets on the lines",
         .offset = offsetof(struct arguments, o.cut_seed), .min = 1, .max = UINT64_MAX / 2},
        {ARGUMENT_FLAG, .name = "lossless",
         .text = "lines that double, delay and reorder, but lose nothing",
         .offset = offsetof(struct arguments, o.lossless)},
        {ARGUMENT_WORD, .name = "receive", .value = "together|one|apart",
         .text = "who polls the lines: the feed's core, another core polls B, or a core each; left "
                 "out: one of these, by the seed",
         .offset = offsetof(struct arguments, o.receive)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_simulate = {
        .name = COMMAND,
        .summary = "run the engine on a virtual clock from a seed",
        .usage = "--seed N [OPTION...]",
        .text = "Runs the real receiver, arbiter, log, shards and books on a virtual clock: a "
                "made-up day over two lines that lose, double, delay and reorder packets. Prints a "
                "hash of all component state: the same seed gives the same hash on every machine. "
                "Invariants (docs/invariants.md) are checked on the way and at the end.",
        .arguments = arguments,
        .exits = "0 all invariants held; 1 one broke (printed with the command that repeats it); 2 "
                 "wrong usage.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	a->o.messages = 50000;
	a->symbols = 50;
	a->count = 1;
	int rc = argument_parse(&command_simulate, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	a->o.symbols = (uint32_t)a->symbols;
	if (optind != argc)
		return command_usage(COMMAND, "takes options only, not '%s'", argv[optind]);
	if (!a->seeded)
		return command_usage(COMMAND, "give --seed");
	if (a->o.messages < day_messages_min(a->o.symbols))
		return command_usage(COMMAND,
		                     "--messages: a day of %u symbols has at least %" PRIu64,
		                     a->o.symbols, day_messages_min(a->o.symbols));
	return EXIT_OK;
}

static int simulate_one(const struct simulate_options *o)
{
	struct simulate_result r;
	uint64_t start_ns = clock_monotonic_ns();
	int rc = simulate(o, &r);

	if (rc != 0)
		return command_failed(COMMAND, "seed %" PRIu64 ": cannot be run: %s", o->seed,
		                      strerror(-rc));
	double real_s = (double)(clock_monotonic_ns() - start_ns) / 1e9;

	printf("seed %" PRIu64 "  hash %016" PRIx64 "  packets %" PRIu64 "  messages %" PRIu64
	       "  delivered %" PRIu64 "  lost %" PRIu64 " in %" PRIu64 " gaps  duplicates %" PRIu64
	       "  healed %" PRIu64 "  handed over %" PRIu64 "  virtual %.0f s in %.2f s\n",
	       o->seed, r.hash, r.packets, r.messages, r.delivered, r.lost, r.gaps, r.duplicates,
	       r.healed, r.handed_over, (double)r.virtual_ns / 1e9, real_s);
	fflush(stdout);
	if (r.broken[0] == '\0')
		return EXIT_OK;
	command_failed(COMMAND, "seed %" PRIu64 ": %s", o->seed, r.broken);
	fprintf(stderr,
	        "repeat with: genesis simulate --seed %" PRIu64 " --messages %" PRIu64
	        " --symbols %u",
	        o->seed, o->messages, o->symbols);
	if (o->receive != SIMULATE_RECEIVE_BY_SEED)
		fprintf(stderr, " --receive %s", receive_words[o->receive]);
	if (o->cut_seed != 0)
		fprintf(stderr, " --cut-seed %" PRIu64, o->cut_seed);
	fprintf(stderr, "%s\n", o->lossless ? " --lossless" : "");
	return EXIT_FAILED;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	for (uint64_t i = 0; i < a.count; i++, a.o.seed++) {
		int one = simulate_one(&a.o);

		rc = one > rc ? one : rc;
	}
	return rc;
}
