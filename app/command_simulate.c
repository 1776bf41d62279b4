/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/chaos_suite.h"
#include "app/clock.h"
#include "app/command.h"
#include "app/simulate.h"
#include "config/profile.h"
#include "perf/day.h"
#include "perf/figures.h"

#define COMMAND "simulate"
#define HOUR_NS (3600 * (uint64_t)1000000000)

static const char *const receive_words[] = {
        [WORLD_RECEIVE_TOGETHER] = "together",
        [WORLD_RECEIVE_ONE] = "one",
        [WORLD_RECEIVE_APART] = "apart",
};

static const char *const plant_words[] = {
        [WORLD_PLANT_TWICE] = "twice",
        [WORLD_PLANT_LOST] = "lost",
        [WORLD_PLANT_DOUBLE] = "double",
        [WORLD_PLANT_POSITION] = "position",
};

static_assert(sizeof(plant_words) / sizeof(plant_words[0]) == WORLD_PLANTS, "a word for each");

struct arguments {
	struct simulate_options o;
	uint64_t count;
	uint64_t symbols;
	uint64_t hours;
	const char *scenario;
	const char *profile;
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
        {ARGUMENT_NUMBER, .name = "hours", .value = "H",
         .text = "go on with further seeds until so many virtual hours have gone by",
         .offset = offsetof(struct arguments, hours), .min = 1, .max = 100000},
        {ARGUMENT_HEADING, .text = "Services, faults and deaths (as in `genesis chaos`)"},
        {ARGUMENT_TEXT, .name = "scenario", .value = "S",
         .text = "a scenario by name or path; left out: a calm world with short stalls, in which "
                 "some book groups die",
         .offset = offsetof(struct arguments, scenario)},
        {ARGUMENT_FLAG, .name = "swarm",
         .text = "a world that the seed makes up: its size, services, lines, a small day, and a "
                 "random half of all faults",
         .offset = offsetof(struct arguments, o.is_swarm)},
        {ARGUMENT_TEXT, .name = "profile", .value = "P",
         .text = "who lives through it (default `ultimate`; with `--swarm`: by the seed)",
         .offset = offsetof(struct arguments, profile)},
        {ARGUMENT_HEADING, .text = "Market data"},
        {ARGUMENT_NUMBER, .letter = 'm', .name = "messages", .value = "N",
         .text = "messages of the day (default 50000; with `--swarm`: 300 to 2000, by the seed)",
         .offset = offsetof(struct arguments, o.messages), .min = 1, .max = 50000000},
        {ARGUMENT_NUMBER, .letter = 'y', .name = "symbols", .value = "N",
         .text = "symbols of the day (default 50; with `--swarm`: 5 to 24, by the seed)",
         .offset = offsetof(struct arguments, symbols), .min = 1, .max = 10000},
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
        {ARGUMENT_HEADING, .text = "Tests of the simulator itself"},
        {ARGUMENT_WORD, .name = "plant", .value = "twice|lost|double|position",
         .text = "break the world on purpose, to see that it is noticed: a book group gets a "
                 "message twice, never hears how an operation ended, hears it twice, or is "
                 "restored "
                 "from a wrong position",
         .offset = offsetof(struct arguments, o.plant)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_simulate = {
        .name = COMMAND,
        .summary = "run a whole world on a virtual clock from a seed",
        .usage = "--seed N [OPTION...]",
        .text = "Runs one world on a virtual clock: a made-up day over two lines that lose, "
                "double, "
                "delay and reorder packets, read by the real receiver, arbiter, log, shards and "
                "books; on the same cores real operation engines, breakers and modes among "
                "scripted "
                "services, which components and book groups ask; cores that stall, components and "
                "book groups that die and are restored from the log, where the profile does that. "
                "Prints a hash of all that happened and one of the state of books: the same seed "
                "gives the same hashes on every machine. "
                "Invariants (docs/invariants.md) are checked on the way and at the end.",
        .arguments = arguments,
        .exits = "0 all invariants held; 1 one broke (printed with seed, step and the command that "
                 "repeats it); 2 wrong usage, said before anything runs.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	a->count = 1;
	int rc = argument_parse(&command_simulate, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	a->o.symbols = (uint32_t)a->symbols;
	if (a->o.is_swarm && a->scenario != NULL)
		return command_usage(COMMAND, "--swarm makes up its own scenarios");
	if (optind != argc)
		return command_usage(COMMAND, "takes options only, not '%s'", argv[optind]);
	if (!a->seeded)
		return command_usage(COMMAND, "give --seed");
	if (a->o.messages != 0 && a->o.symbols != 0 &&
	    a->o.messages < day_messages_min(a->o.symbols))
		return command_usage(COMMAND,
		                     "--messages: a day of %u symbols has at least %" PRIu64,
		                     a->o.symbols, day_messages_min(a->o.symbols));
	return EXIT_OK;
}

/* What worlds are made from, read before the first of them. */
struct sources {
	struct scenario scenario;
	struct resilience_options profiles[FIGURES_VERSIONS]; /* of a swarm; else the first */
};

static int load_sources(struct arguments *a, struct sources *s)
{
	struct config_error error = {0};
	char path[CHAOS_PATH_BYTES];
	bool by_seed = a->o.is_swarm && a->profile == NULL;
	int rc = 0;

	if (a->scenario != NULL) {
		rc = chaos_suite_find_scenario(a->scenario, path, &error);
		if (rc == 0)
			rc = scenario_load(&s->scenario, path, &error);
		a->o.scenario = &s->scenario;
	}
	if (!by_seed)
		a->o.profile_name = a->profile != NULL ? a->profile : "ultimate";
	for (uint32_t i = 0; rc == 0 && i < (by_seed ? FIGURES_VERSIONS : 1); i++)
		rc = config_profile_load(by_seed ? figures_versions[i] : a->o.profile_name,
		                         &s->profiles[i], &error);
	a->o.profile = &s->profiles[0];
	if (rc == 0)
		return EXIT_OK;
	command_failed(COMMAND, "%s", error.text);
	return EXIT_USAGE;
}

static void choose_profile(struct arguments *a, const struct sources *s)
{
	if (!a->o.is_swarm || a->profile != NULL)
		return;
	a->o.profile_name = chaos_swarm_profile(a->o.seed);
	for (uint32_t i = 0; i < FIGURES_VERSIONS; i++)
		if (strcmp(figures_versions[i], a->o.profile_name) == 0)
			a->o.profile = &s->profiles[i];
}

static void print_repeat(const struct arguments *a)
{
	const struct simulate_options *o = &a->o;

	fprintf(stderr, "repeat with: genesis simulate --seed %" PRIu64, o->seed);
	if (o->is_swarm)
		fprintf(stderr, " --swarm");
	if (a->scenario != NULL)
		fprintf(stderr, " --scenario %s", a->scenario);
	if (a->profile != NULL)
		fprintf(stderr, " --profile %s", a->profile);
	if (o->messages != 0)
		fprintf(stderr, " --messages %" PRIu64, o->messages);
	if (o->symbols != 0)
		fprintf(stderr, " --symbols %u", o->symbols);
	if (o->cut_seed != 0)
		fprintf(stderr, " --cut-seed %" PRIu64, o->cut_seed);
	if (o->lossless)
		fprintf(stderr, " --lossless");
	if (o->receive != WORLD_RECEIVE_BY_SEED)
		fprintf(stderr, " --receive %s", receive_words[o->receive]);
	if (o->plant != WORLD_PLANT_NOTHING)
		fprintf(stderr, " --plant %s", plant_words[o->plant]);
	fputc('\n', stderr);
}

static void print_result(const struct simulate_world *w, const struct simulate_options *o,
                         const struct chaos_result *r)
{
	const struct world_day_result *d = &r->day;
	uint64_t tuned = 0;

	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++)
		tuned += r->tuning_changes[i];
	printf("seed %" PRIu64 "  hash %016" PRIx64 "  state %016" PRIx64 "  %s  %s  steps %" PRIu64
	       "  packets %" PRIu64 "  dropped %" PRIu64 "  messages %" PRIu64
	       "  delivered %" PRIu64 "  lost %" PRIu64 " in %" PRIu64 " gaps  duplicates %" PRIu64
	       "  healed %" PRIu64 "  handed over %" PRIu64 "  behind %" PRIu64,
	       o->seed, r->hash, d->state_hash, w->scenario.name, o->profile_name, r->steps,
	       d->packets, d->dropped, d->messages, d->delivered, d->lost, d->gaps, d->duplicates,
	       d->healed, d->handed_over, d->lag_messages);
	printf("  asked %" PRIu64 "  ended %" PRIu64 "  well %" PRIu64 "  groups killed %" PRIu64
	       "  restored %" PRIu64 "  lost %" PRIu64 "  events %" PRIu64 "  given up %" PRIu64
	       "  operations %" PRIu64 "  succeeded %" PRIu64 "  deaths %" PRIu64
	       "  restored %" PRIu64 "  tuned %" PRIu64 "%s%s\n",
	       d->asked, d->ended, d->succeeded, d->killed, d->restored, d->groups_lost, r->events,
	       r->given_up, r->operations, r->succeeded, r->killed, r->restored, tuned,
	       w->faults[0] == '\0' ? "" : "  faults: ", w->faults);
	fflush(stdout);
}

/* Virtual and CPU time of the worlds, all together. */
struct spent {
	uint64_t virtual_ns;
	uint64_t cpu_ns;
	uint64_t worlds;
};

static int live_one(struct arguments *a, const struct sources *s, struct spent *spent)
{
	struct simulate_world w;
	struct chaos_result r;
	uint64_t start_ns = clock_cpu_ns();

	choose_profile(a, s);
	simulate_make(&w, &a->o);
	int rc = simulate_run(&w, &a->o, &r);

	spent->cpu_ns += clock_cpu_ns() - start_ns;
	spent->virtual_ns += w.scenario.end_ns;
	spent->worlds++;
	if (rc != 0)
		return command_failed(COMMAND, "seed %" PRIu64 ": cannot be run: %s", a->o.seed,
		                      strerror(-rc));
	print_result(&w, &a->o, &r);
	if (r.broken[0] == '\0')
		return EXIT_OK;
	command_failed(COMMAND, "seed %" PRIu64 ": %s", a->o.seed, r.broken);
	print_repeat(a);
	return EXIT_FAILED;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct spent spent = {0};
	struct sources s = {0};
	struct chaos_reuse reuse = {0};
	int rc = parse(argc, argv, &a);

	if (rc == EXIT_OK)
		rc = load_sources(&a, &s);
	a.o.reuse = &reuse;
	if (rc == EXIT_OK) {
		for (; spent.worlds < a.count || spent.virtual_ns < a.hours * HOUR_NS; a.o.seed++) {
			int one = live_one(&a, &s, &spent);

			rc = one > rc ? one : rc;
		}
		printf("%" PRIu64 " worlds, %.2f virtual hours in %.2f CPU seconds: %.3f hours per "
		       "CPU second\n",
		       spent.worlds, (double)spent.virtual_ns / (double)HOUR_NS,
		       (double)spent.cpu_ns / 1e9,
		       (double)spent.virtual_ns / (double)HOUR_NS /
		               ((double)spent.cpu_ns / 1e9 + 1e-9));
	}
	chaos_reuse_finish(&reuse);
	scenario_finish(&s.scenario);
	return rc;
}
