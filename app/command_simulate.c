/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/chaos.h"
#include "app/chaos_suite.h"
#include "app/chaos_swarm.h"
#include "app/clock.h"
#include "app/command.h"
#include "app/simulate.h"
#include "config/profile.h"
#include "perf/day.h"

#define COMMAND "simulate"
#define HOUR_NS (3600 * (uint64_t)1000000000)

static const char *const receive_words[] = {
        [SIMULATE_RECEIVE_TOGETHER] = "together",
        [SIMULATE_RECEIVE_ONE] = "one",
        [SIMULATE_RECEIVE_APART] = "apart",
};

struct arguments {
	struct simulate_options o;
	uint64_t count;
	uint64_t symbols;
	uint64_t hours;
	const char *scenario;
	const char *profile;
	bool swarm;
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
        {ARGUMENT_HEADING, .text = "Services, faults and deaths (as in `genesis chaos`)"},
        {ARGUMENT_TEXT, .name = "scenario", .value = "S",
         .text = "after the day, live through this scenario with the seed's dice",
         .offset = offsetof(struct arguments, scenario)},
        {ARGUMENT_TEXT, .name = "profile", .value = "P",
         .text = "who lives through it (default `ultimate`; with `--swarm`: by the seed)",
         .offset = offsetof(struct arguments, profile)},
        {ARGUMENT_FLAG, .name = "swarm",
         .text = "after the day, live through a world that the seed makes up: its size, services, "
                 "lines, and a random half of all faults",
         .offset = offsetof(struct arguments, swarm)},
        {ARGUMENT_NUMBER, .name = "hours", .value = "H",
         .text = "go on with further seeds until so many virtual hours have gone by in these "
                 "worlds",
         .offset = offsetof(struct arguments, hours), .min = 1, .max = 100000},
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
                "With `--scenario` or `--swarm` also real operation engines, breakers and modes "
                "among scripted services, lossy lines, stalls and deaths. "
                "Invariants (docs/invariants.md) are checked on the way and at the end.",
        .arguments = arguments,
        .exits = "0 all invariants held; 1 one broke (printed with the command that repeats it); 2 "
                 "wrong usage.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	a->o.messages = 0;
	a->symbols = 50;
	a->count = 1;
	int rc = argument_parse(&command_simulate, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	/* A swarm is about the worlds. */
	if (a->o.messages == 0)
		a->o.messages = a->swarm ? 5000 : 50000;
	a->o.symbols = (uint32_t)a->symbols;
	if (a->swarm && a->scenario != NULL)
		return command_usage(COMMAND, "--swarm makes up its own scenarios");
	if ((a->profile != NULL || a->hours > 0) && !a->swarm && a->scenario == NULL)
		return command_usage(COMMAND, "--profile and --hours want --scenario or --swarm");
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

/* Virtual and CPU time of the worlds, all together. */
struct spent {
	uint64_t virtual_ns;
	uint64_t cpu_ns;
	uint64_t worlds;
};

static int say_broken(const struct arguments *a, const struct chaos_result *r)
{
	if (r->broken[0] == '\0')
		return EXIT_OK;
	command_failed(COMMAND, "seed %" PRIu64 ": %s", a->o.seed, r->broken);
	fprintf(stderr, "repeat with: genesis simulate --seed %" PRIu64, a->o.seed);
	if (a->swarm)
		fprintf(stderr, " --swarm");
	else
		fprintf(stderr, " --scenario %s", a->scenario);
	if (a->profile != NULL)
		fprintf(stderr, " --profile %s", a->profile);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

static int load_scenario(const struct arguments *a, struct scenario *s,
                         char faults[CHAOS_SWARM_TEXT_BYTES])
{
	struct config_error error = {0};
	char path[CHAOS_PATH_BYTES];

	faults[0] = '\0';
	if (a->swarm) {
		chaos_swarm_make(s, a->o.seed, faults);
		return EXIT_OK;
	}
	if (chaos_suite_find_scenario(a->scenario, path, &error) == 0 &&
	    scenario_load(s, path, &error) == 0)
		return EXIT_OK;
	command_failed(COMMAND, "%s", error.text);
	return EXIT_USAGE;
}

static int live_one(const struct arguments *a, struct spent *spent)
{
	struct scenario s;
	struct chaos_result r;
	struct config_error error = {0};
	struct resilience_options profile;
	char faults[CHAOS_SWARM_TEXT_BYTES];
	const char *name = a->profile != NULL ? a->profile
	                   : a->swarm         ? chaos_swarm_profile(a->o.seed)
	                                      : "ultimate";
	int rc = load_scenario(a, &s, faults);

	if (rc != EXIT_OK)
		return rc;
	if (config_profile_load(name, &profile, &error) != 0) {
		scenario_finish(&s);
		command_failed(COMMAND, "%s", error.text);
		return EXIT_USAGE;
	}
	uint64_t start_ns = clock_cpu_ns();

	rc = chaos_run(&(struct chaos_options){.scenario = &s,
	                                       .profile = &profile,
	                                       .profile_name = name,
	                                       .seed = a->o.seed},
	               &r);
	spent->cpu_ns += clock_cpu_ns() - start_ns;
	spent->virtual_ns += s.end_ns;
	spent->worlds++;
	printf("seed %" PRIu64 "  hash %016" PRIx64 "  %s  %s  events %" PRIu64
	       "  given up %" PRIu64 "  operations %" PRIu64 "  succeeded %" PRIu64
	       "  deaths %" PRIu64 "  restored %" PRIu64 "  steps %" PRIu64 "%s%s\n",
	       a->o.seed, r.hash, s.name, name, r.events, r.given_up, r.operations, r.succeeded,
	       r.killed, r.restored, r.steps, faults[0] == '\0' ? "" : "  faults: ", faults);
	fflush(stdout);
	if (a->swarm)
		s.arena = NULL;
	scenario_finish(&s);
	if (rc != 0)
		return command_failed(COMMAND, "seed %" PRIu64 ": cannot be run: %s", a->o.seed,
		                      strerror(-rc));
	return say_broken(a, &r);
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct spent spent = {0};
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	for (uint64_t i = 0; i < a.count || spent.virtual_ns < a.hours * HOUR_NS; i++, a.o.seed++) {
		int one = i < a.count ? simulate_one(&a.o) : EXIT_OK;

		rc = one > rc ? one : rc;
		if (!a.swarm && a.scenario == NULL)
			continue;
		one = live_one(&a, &spent);
		rc = one > rc ? one : rc;
		if (one == EXIT_USAGE)
			return one;
	}
	if (spent.worlds > 0)
		printf("%" PRIu64
		       " worlds, %.2f virtual hours in %.2f CPU seconds: %.3f hours per CPU "
		       "second\n",
		       spent.worlds, (double)spent.virtual_ns / (double)HOUR_NS,
		       (double)spent.cpu_ns / 1e9,
		       (double)spent.virtual_ns / (double)HOUR_NS /
		               ((double)spent.cpu_ns / 1e9 + 1e-9));
	return rc;
}
