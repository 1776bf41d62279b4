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

static void help(void)
{
	printf("usage: genesis simulate --seed N [OPTION...]\n\n"
	       "Runs the real receiver, arbiter, log, shards and books on a virtual clock: a "
	       "made-up day over two lines that lose,\n"
	       "double, delay and reorder packets. Prints a hash of all component state: the same "
	       "seed gives the same hash on\n"
	       "every machine. Invariants (docs/invariants.md) are checked on the way and at the "
	       "end.\n\n"
	       "  -s, --seed N      the seed; everything follows from it\n"
	       "  -n, --count N     this many seeds, from --seed on (default 1)\n"
	       "  -m, --messages N  messages of the day (default 50000)\n"
	       "  -y, --symbols N   symbols of the day (default 50)\n"
	       "      --cut-seed N  cut the same messages into other packets on the lines\n"
	       "      --lossless    lines that double, delay and reorder, but lose nothing\n"
	       "      --receive W   who polls the lines: together (the feed's core), one (another "
	       "core polls B), apart (a core\n"
	       "                    each); left out: one of these, by the seed\n"
	       "  -h, --help        this text\n\n"
	       "Exit code: 0 all invariants held; 1 one broke (printed with the command that "
	       "repeats it); 2 wrong usage.\n");
}

static const char *const receive_words[] = {
        [SIMULATE_RECEIVE_TOGETHER] = "together",
        [SIMULATE_RECEIVE_ONE] = "one",
        [SIMULATE_RECEIVE_APART] = "apart",
};

struct arguments {
	struct simulate_options o;
	uint64_t count;
	bool seeded;
	bool help;
};

static int receive_from_text(const char *text, enum simulate_receive *receive)
{
	for (enum simulate_receive r = SIMULATE_RECEIVE_TOGETHER; r <= SIMULATE_RECEIVE_APART; r++)
		if (strcmp(receive_words[r], text) == 0) {
			*receive = r;
			return 0;
		}
	return -1;
}

static int parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
	        {"seed", required_argument, NULL, 's'},
	        {"count", required_argument, NULL, 'n'},
	        {"messages", required_argument, NULL, 'm'},
	        {"symbols", required_argument, NULL, 'y'},
	        {"cut-seed", required_argument, NULL, 'c'},
	        {"lossless", no_argument, NULL, 'l'},
	        {"receive", required_argument, NULL, 'r'},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	uint64_t symbols = 50;
	int option;

	a->o.messages = 50000;
	a->count = 1;
	while ((option = getopt_long(argc, argv, "s:n:m:y:h", options, NULL)) != -1) {
		uint64_t *to = NULL;
		uint64_t min = 1;
		uint64_t max = UINT64_MAX / 2;

		switch (option) {
		case 's':
			to = &a->o.seed;
			min = 0;
			a->seeded = true;
			break;
		case 'n':
			to = &a->count;
			break;
		case 'm':
			to = &a->o.messages;
			max = 50000000;
			break;
		case 'y':
			to = &symbols;
			max = 10000;
			break;
		case 'c':
			to = &a->o.cut_seed;
			break;
		case 'l':
			a->o.lossless = true;
			continue;
		case 'r':
			if (receive_from_text(optarg, &a->o.receive) != 0)
				return command_usage(
				        COMMAND,
				        "--receive: '%s' is not one of together, one, apart",
				        optarg);
			continue;
		case 'h':
			a->help = true;
			return EXIT_OK;
		default:
			return command_usage(COMMAND, "see above");
		}
		if (command_number(optarg, min, max, to) != 0)
			return command_usage(
			        COMMAND, "'%s' is not a whole number from %" PRIu64 " to %" PRIu64,
			        optarg, min, max);
	}
	a->o.symbols = (uint32_t)symbols;
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

int command_simulate(int argc, char **argv)
{
	struct arguments a = {0};
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.help) {
		help();
		return EXIT_OK;
	}
	for (uint64_t i = 0; i < a.count; i++, a.o.seed++) {
		int one = simulate_one(&a.o);

		rc = one > rc ? one : rc;
	}
	return rc;
}
