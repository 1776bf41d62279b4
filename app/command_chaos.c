/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chaos_suite.h"
#include "app/chaos_table.h"
#include "app/command.h"

#define COMMAND "chaos"

enum scale { SCALE_LEFT_OUT, SCALE_SECONDS, SCALE_MICROSECONDS };

struct arguments {
	const char *scenario;
	const char *profile;
	const char *plot;
	uint64_t seed;
	int scale; /* enum scale */
	bool json;
	bool measured;
	bool keys;
};

static const struct argument arguments[] = {
        {ARGUMENT_TEXT, .letter = 's', .name = "scenario", .value = "S",
         .text = "a scenario by name (`perf/chaos/S.yaml`) or path; left out: all that are not "
                 "large",
         .offset = offsetof(struct arguments, scenario)},
        {ARGUMENT_TEXT, .letter = 'p', .name = "profile", .value = "P",
         .text = "a profile by name or path; `all` (the default): the report's five versions",
         .offset = offsetof(struct arguments, profile)},
        {ARGUMENT_NUMBER, .letter = 'n', .name = "seed", .value = "N",
         .text = "other dice than the scenario's own", .offset = offsetof(struct arguments, seed),
         .min = 1, .max = UINT64_MAX / 2},
        {ARGUMENT_WORD, .letter = 't', .name = "time-scale", .value = "s|us",
         .text = "what a second of scenario and profile is: a second (the default), or a "
                 "microsecond",
         .offset = offsetof(struct arguments, scale)},
        {ARGUMENT_FLAG, .letter = 'm', .name = "measured",
         .text = "also measure the report's lessons, and `ultimate` less one mechanism each",
         .offset = offsetof(struct arguments, measured)},
        {ARGUMENT_FLAG, .letter = 'j', .name = "json", .text = "one JSON document",
         .offset = offsetof(struct arguments, json)},
        {ARGUMENT_TEXT, .name = "plot", .value = "FILE",
         .text = "draws success by scenario and profile with gnuplot: `.svg` or `.png`",
         .offset = offsetof(struct arguments, plot)},
        {ARGUMENT_FLAG, .name = "keys", .text = "print the keys of scenario files as markdown",
         .offset = offsetof(struct arguments, keys)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_chaos = {
        .name = COMMAND,
        .summary = "live through scenarios of failure, profile by profile",
        .usage = "[OPTION...]",
        .text = "Runs real logs, shards, operation engines, breakers and modes on a virtual clock "
                "through scenarios (perf/chaos/): load, deaths, extreme latency, cascades. Prints "
                "the tables of the report that Genesis grew out of, our measured figure first and "
                "the report's in brackets. The same seed gives the same hash on every machine.\n\n"
                "Invariants (docs/invariants.md) are checked on the way and at the end, but for "
                "those that a profile gives up.",
        .arguments = arguments,
        .exits = "0 all invariants held; 1 one broke (printed with the command that repeats it), "
                 "or something could not be done; 2 wrong usage, scenario or profile.",
        .run = enter,
};

static void tell(void *to, const char *scenario, const char *profile, uint32_t done, uint32_t all)
{
	(void)to;
	fprintf(stderr, "\r\033[K%3" PRIu32 "/%" PRIu32 "  %s  %s", done, all, scenario, profile);
	fflush(stderr);
}

static int say_broken(const struct chaos_suite *s, const struct arguments *a)
{
	uint32_t i;
	uint32_t k;

	if (!chaos_suite_broken(s, &i, &k))
		return EXIT_OK;
	const struct chaos_result *r = &chaos_suite_cell(s, i, k)->result;

	command_failed(COMMAND, "%s, %s, seed %" PRIu64 ": %s", s->scenarios[i].name,
	               s->profile_names[k], r->seed, r->broken);
	fprintf(stderr,
	        "repeat with: genesis chaos --scenario %s --profile %s --seed %" PRIu64 "%s\n",
	        a->scenario != NULL ? a->scenario : s->scenarios[i].name, s->profile_names[k],
	        r->seed, a->scale == SCALE_MICROSECONDS ? " --time-scale us" : "");
	return EXIT_FAILED;
}

static int draw(const struct chaos_suite *s, const char *path)
{
	int rc = chaos_plot(s, path);

	if (rc == -ENOENT)
		return command_failed(COMMAND, "--plot: gnuplot is not installed (Debian: apt "
		                               "install gnuplot-nox)");
	if (rc != 0)
		return command_failed(COMMAND, "--plot %s: %s", path,
		                      rc == -EINVAL ? "ends in neither .svg nor .png"
		                                    : strerror(-rc));
	return EXIT_OK;
}

static int run(struct chaos_suite *s, const struct arguments *a)
{
	struct chaos_progress progress = {.tell = tell};
	const struct chaos_progress *p = isatty(STDERR_FILENO) ? &progress : NULL;
	struct chaos_trials *trials = a->measured ? malloc(sizeof(*trials)) : NULL;
	struct config_error error = {0};
	int rc = a->measured && trials == NULL ? -ENOMEM : chaos_suite_run(s, p);

	if (rc == 0 && a->measured)
		rc = chaos_trials_run(trials, NULL, s->second_ns, a->seed, p, &error);
	if (p != NULL)
		fprintf(stderr, "\r\033[K");
	if (rc != 0) {
		free(trials);
		return command_failed(COMMAND, "cannot be run: %s",
		                      error.text[0] != '\0' ? error.text : strerror(-rc));
	}
	if (a->json) {
		chaos_json_print(s, trials, stdout);
	} else {
		chaos_table_print(s, stdout);
		if (trials != NULL)
			chaos_table_print_trials(trials, stdout);
	}
	free(trials);
	fflush(stdout);
	int exit = say_broken(s, a);
	int drawn = a->plot == NULL ? EXIT_OK : draw(s, a->plot);

	return exit != EXIT_OK ? exit : drawn;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct config_error error = {0};
	static struct chaos_suite suite;
	int rc = argument_parse(&command_chaos, argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (optind != argc)
		return command_usage(COMMAND, "takes options only, not '%s'", argv[optind]);
	if (a.keys) {
		scenario_print_keys(stdout);
		return EXIT_OK;
	}
	rc = chaos_suite_init(&suite, a.scale == SCALE_MICROSECONDS ? 1000 : SCENARIO_SECOND_NS,
	                      &error);
	suite.seed = a.seed;
	if (rc == 0)
		rc = chaos_suite_add_scenario(&suite, a.scenario, &error);
	if (rc == 0)
		rc = chaos_suite_add_profile(&suite, a.profile, &error);
	if (rc != 0) {
		command_failed(COMMAND, "%s", error.text);
		chaos_suite_finish(&suite);
		return EXIT_USAGE;
	}
	rc = run(&suite, &a);
	chaos_suite_finish(&suite);
	return rc;
}
