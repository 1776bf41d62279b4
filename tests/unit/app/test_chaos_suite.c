/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The aims: what `ultimate` must reach in each of the report's scenarios, the order of the five
 * versions, and that every mechanism is good for something: without it, the scenario that it is for
 * goes worse. Order and mechanism, never decimals of the lower versions. A golden file has each
 * result's hash and main figures, so that a change of behaviour that nobody meant shows as one.
 *
 * usage: test_chaos_suite [print|--write]   print: the golden file's lines to standard output;
 *                                           --write: into the file
 */
#include "app/chaos_suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chaos_trial.h"
#include "config/profile.h"
#include "tests/unit/suite.h"

#define GOLDEN GENESIS_SOURCE_ROOT "/tests/golden/chaos.txt"

enum { ORIGINAL, OPTIMIZED, EXTREME, ULTRA, ULTIMATE };

static struct chaos_suite suite;

static const struct chaos_result *result(const char *scenario, uint32_t profile)
{
	for (uint32_t i = 0; i < suite.scenario_count; i++)
		if (strcmp(suite.scenarios[i].name, scenario) == 0)
			return &chaos_suite_cell(&suite, i, profile)->result;
	CU_FAIL_FATAL("no such scenario");
	return NULL;
}

static const struct scenario *scenario(const char *name)
{
	for (uint32_t i = 0; i < suite.scenario_count; i++)
		if (strcmp(suite.scenarios[i].name, name) == 0)
			return &suite.scenarios[i];
	return NULL;
}

static void at_least(const char *what, uint64_t value, uint64_t least)
{
	if (value < least)
		printf("%s: %" PRIu64 ", aim %" PRIu64 "\n", what, value, least);
	CU_ASSERT_TRUE(value >= least);
}

static void no_invariant_breaks(void)
{
	struct config_error e;
	uint32_t i;
	uint32_t k;
	int rc = chaos_suite_init(&suite, SCENARIO_SECOND_NS, &e);

	if (rc == 0)
		rc = chaos_suite_add_scenario(&suite, NULL, &e);
	if (rc == 0)
		rc = chaos_suite_add_profile(&suite, "all", &e);
	if (rc != 0)
		printf("%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_run(&suite, NULL), 0);
	if (chaos_suite_broken(&suite, &i, &k)) {
		printf("%s, %s: %s\n", suite.scenarios[i].name, suite.profile_names[k],
		       chaos_suite_cell(&suite, i, k)->result.broken);
		CU_FAIL("an invariant broke");
	}
}

static void ultimate_reaches_its_aims(void)
{
	const struct chaos_result *r = result("extreme-latency", ULTIMATE);

	for (uint32_t v = 0; v < scenario("extreme-latency")->service_count; v++)
		at_least(scenario("extreme-latency")->services[v].name,
		         r->services[v].succeeded * 1000000 / r->services[v].operations, 999000);
	at_least("high load", result("high-load", ULTIMATE)->success_ppm, 1000000);
	at_least("massive failure", result("massive-failure", ULTIMATE)->success_ppm, 1000000);
	CU_ASSERT_EQUAL(result("massive-failure", ULTIMATE)->state_equal, 20);
	r = result("cascade", ULTIMATE);
	CU_ASSERT_EQUAL(r->healthy, r->components);
	/* The outage lasts 12 s. */
	CU_ASSERT_TRUE(r->recovered_ns <= 24 * SCENARIO_SECOND_NS);
	r = result("degraded-mode", ULTIMATE);
	CU_ASSERT_EQUAL(r->modes_visited, MODE_ALL);
	CU_ASSERT_EQUAL(r->mode_last, MODE_NORMAL);
}

static void ultimate_reaches_its_global_aims(void)
{
	struct chaos_global g;

	chaos_suite_global(&suite, ULTIMATE, &g);
	at_least("weighted", g.weighted_ppm, 999000);
	at_least("worst scenario", g.worst_ppm, 995000);
	CU_ASSERT_EQUAL(g.active_ppm, 1000000);
}

static void the_versions_come_in_order(void)
{
	static const uint32_t order[] = {ULTIMATE, OPTIMIZED, EXTREME, ULTRA, ORIGINAL};

	for (uint32_t i = 0; i + 1 < 5; i++) {
		const struct chaos_result *better = result("extreme-latency", order[i]);
		const struct chaos_result *worse = result("extreme-latency", order[i + 1]);

		CU_ASSERT_TRUE(better->success_ppm > worse->success_ppm);
	}
	for (uint32_t i = ORIGINAL; i < ULTIMATE; i++)
		CU_ASSERT_TRUE(result("high-load", i)->success_ppm <
		               result("high-load", i + 1)->success_ppm);
}

static void lower_versions_fall_for_their_reason(void)
{
	/* Without restore those who die are lost, and only they. */
	const struct chaos_result *r = result("massive-failure", ORIGINAL);

	CU_ASSERT_EQUAL(r->success_ppm, 0);
	CU_ASSERT_EQUAL(r->restored, 0);
	CU_ASSERT_EQUAL(r->state_equal, 8);
	/* Two that wait for each other wait for ever; those with deadlines do not. */
	CU_ASSERT_EQUAL(result("cascade-mutual", ORIGINAL)->healthy, 0);
	CU_ASSERT_EQUAL(result("cascade-mutual", OPTIMIZED)->healthy, 2);
	/* What a profile has no mode for it does not enter. */
	CU_ASSERT_EQUAL(result("degraded-mode", ORIGINAL)->modes_visited, MODE_BIT(MODE_NORMAL));
	CU_ASSERT_EQUAL(result("degraded-mode", OPTIMIZED)->modes_visited,
	                MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_SAFE));
	/* Timeouts blind to the expected latency: nothing above 1.5 s comes through. */
	r = result("extreme-latency", ULTRA);
	CU_ASSERT_EQUAL(r->services[2].succeeded, 0);
	/* One global timeout of 2.33 s cuts the slowest class. */
	r = result("extreme-latency", EXTREME);
	CU_ASSERT_TRUE(r->services[2].succeeded < r->services[2].operations / 2);
	CU_ASSERT_TRUE(r->services[0].succeeded > r->services[0].operations * 9 / 10);
	/* Fixed queues give up what elastic ones lend each other room for. */
	CU_ASSERT_TRUE(result("high-load", EXTREME)->given_up > 0);
	CU_ASSERT_EQUAL(result("high-load", ULTRA)->given_up, 0);
}

static uint64_t share_ppm(uint64_t part, uint64_t whole)
{
	CU_ASSERT_TRUE(whole > 0);
	return whole == 0 ? 0 : part * 1000000 / whole;
}

/* In overload background work goes first, then normal work, and critical work not at all. */
static void shedding_starts_from_the_back(void)
{
	static const char *const scenarios[] = {"overload", "degraded-mode"};

	for (uint32_t i = 0; i < 2; i++)
		for (uint32_t k = EXTREME; k <= ULTIMATE; k++) {
			const struct chaos_class_result *c = result(scenarios[i], k)->classes;

			CU_ASSERT_EQUAL(c[WORK_CRITICAL].shed, 0);
			for (uint32_t class = WORK_NORMAL; class <= WORK_BACKGROUND; class ++) {
				const struct chaos_class_result *x = &c[class];
				const struct chaos_class_result *before = &c[class - 1];

				CU_ASSERT_TRUE(share_ppm(x->shed, x->operations) >
				               share_ppm(before->shed, before->operations));
			}
		}
	for (uint32_t i = 0; i < 2; i++) {
		const struct chaos_class_result *c = result(scenarios[i], ULTIMATE)->classes;

		for (uint32_t class = WORK_NORMAL; class <= WORK_BACKGROUND; class ++)
			CU_ASSERT_TRUE(share_ppm(c[class - 1].succeeded, c[class - 1].operations) >
			               share_ppm(c[class].succeeded, c[class].operations));
	}
	const struct chaos_class_result *c = result("overload", ULTIMATE)->classes;

	CU_ASSERT_EQUAL(c[WORK_CRITICAL].succeeded, c[WORK_CRITICAL].operations);
}

/* Rows of the table of mechanisms, as they show in what happens. */
static void throttle_and_fallback_come_with_their_versions(void)
{
	for (uint32_t k = ORIGINAL; k <= ULTIMATE; k++) {
		const struct chaos_result *r = result("overload", k);
		uint64_t shed = r->classes[WORK_NORMAL].shed + r->classes[WORK_BACKGROUND].shed;

		CU_ASSERT_EQUAL(shed > 0, k >= EXTREME);
	}
	/* SAFE is there, and sheds nothing without a throttle. */
	CU_ASSERT_TRUE((result("overload", OPTIMIZED)->modes_visited & MODE_BIT(MODE_SAFE)) != 0);
	for (uint32_t k = ORIGINAL; k <= EXTREME; k++)
		CU_ASSERT_EQUAL(result("brownout", k)->fallbacks, 0);
	/* In RESILIENT only, and everywhere. */
	CU_ASSERT_TRUE(result("brownout", ULTRA)->fallbacks > 0);
	CU_ASSERT_TRUE(result("brownout", ULTIMATE)->fallbacks >
	               result("brownout", ULTRA)->fallbacks);
	CU_ASSERT_EQUAL(result("brownout", ULTIMATE)->in_time, 30000);
	CU_ASSERT_TRUE(result("brownout", ULTRA)->in_time < 30000);
}

/* The time at which the first fault of that kind begins. */
static uint64_t fault_ns(const char *name, enum scenario_fault_kind kind)
{
	const struct scenario *s = scenario(name);

	for (uint32_t i = 0; i < s->fault_count; i++)
		if (s->faults[i].kind == kind)
			return s->faults[i].at_ns;
	CU_FAIL_FATAL("no such fault");
	return 0;
}

/* A service slows down, and only later fails: caution comes in between, because of a forecast. */
static void a_forecast_comes_before_failures(void)
{
	static const char *const scenarios[] = {"degraded-mode", "brownout"};

	for (uint32_t i = 0; i < 2; i++) {
		const struct chaos_result *r = result(scenarios[i], ULTIMATE);

		CU_ASSERT_TRUE(r->forecast_ns > fault_ns(scenarios[i], SCENARIO_SLOW_DOWN));
		CU_ASSERT_TRUE(r->forecast_ns < fault_ns(scenarios[i], SCENARIO_LOSS));
		CU_ASSERT_TRUE(r->failed_ns > fault_ns(scenarios[i], SCENARIO_LOSS));
		CU_ASSERT_TRUE(r->failed_ns < UINT64_MAX);
		/* Without PRE_SAFE there is nothing to enter. */
		CU_ASSERT_EQUAL(result(scenarios[i], ULTRA)->forecast_ns, UINT64_MAX);
	}
}

/* ---- the golden file ---- */

static void golden_lines(FILE *out)
{
	fputs("# scenario profile success_ppm events in_time answered fallbacks shed requests "
	      "transitions hash\n",
	      out);
	for (uint32_t i = 0; i < suite.scenario_count; i++)
		for (uint32_t k = 0; k < suite.profile_count; k++) {
			const struct chaos_result *r = &chaos_suite_cell(&suite, i, k)->result;
			uint64_t shed = 0;

			for (uint32_t c = 0; c < WORK_CLASSES; c++)
				shed += r->classes[c].shed;
			fprintf(out,
			        "%s %s %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			        " %" PRIu64 " %" PRIu64 " %" PRIu32 " %016" PRIx64 "\n",
			        suite.scenarios[i].name, suite.profile_names[k], r->success_ppm,
			        r->events, r->in_time, r->succeeded, r->fallbacks, shed,
			        r->attempts, r->mode_transitions, r->hash);
		}
}

static void results_are_those_of_the_golden_file(void)
{
	FILE *golden = fopen(GOLDEN, "r");
	char *now = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&now, &bytes);
	char line[256];
	const char *at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(golden);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	golden_lines(f);
	fclose(f);
	at = now;
	while (fgets(line, sizeof(line), golden) != NULL) {
		size_t length = strcspn(at, "\n") + (strchr(at, '\n') != NULL);

		if (strlen(line) != length || strncmp(line, at, length) != 0)
			printf("golden file: %snow:         %.*s", line, (int)length, at);
		CU_ASSERT_EQUAL(strlen(line), length);
		CU_ASSERT_EQUAL(strncmp(line, at, length), 0);
		at += length;
	}
	CU_ASSERT_EQUAL(*at, '\0');
	fclose(golden);
	free(now);
}

static void finish(void)
{
	CU_ASSERT_TRUE(suite.scenario_count > 0);
	chaos_suite_finish(&suite);
}

static int write_golden(FILE *out)
{
	struct config_error e = {0};
	int rc = out == NULL ? -1 : chaos_suite_init(&suite, SCENARIO_SECOND_NS, &e);

	if (rc == 0)
		rc = chaos_suite_add_scenario(&suite, NULL, &e);
	if (rc == 0)
		rc = chaos_suite_add_profile(&suite, "all", &e);
	if (rc == 0)
		rc = chaos_suite_run(&suite, NULL);
	if (rc == 0)
		golden_lines(out);
	else
		fprintf(stderr, "%s\n", e.text);
	chaos_suite_finish(&suite);
	return rc == 0 ? 0 : 1;
}

static void every_mechanism_is_good_for_something(void)
{
	struct chaos_trials *t = malloc(sizeof(*t));
	struct config_error e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	int rc = chaos_trials_run(t, "ablation", SCENARIO_SECOND_NS, 0, NULL, &e);

	if (rc != 0)
		printf("%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	for (uint32_t i = 0; i < chaos_trial_count; i++) {
		const struct chaos_trial *x = &chaos_trials[i];

		if (!x->is_ablation)
			continue;
		bool worse = chaos_trial_is_worse(x->metric, &t->results[i], &t->whole[i]);

		if (!worse)
			printf("without %s, %s is no worse\n", x->name, x->scenario);
		CU_ASSERT_TRUE(worse);
		CU_ASSERT_EQUAL(t->results[i].broken[0], '\0');
		CU_ASSERT_EQUAL(t->whole[i].broken[0], '\0');
	}
	free(t);
}

static uint64_t sum(const uint64_t *values, uint32_t count)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < count; i++)
		all += values[i];
	return all;
}

static const struct chaos_result *trial(const struct chaos_trials *t, const char *name)
{
	for (uint32_t i = 0; i < chaos_trial_count; i++)
		if (t->results[i].events > 0 && strcmp(chaos_trials[i].name, name) == 0)
			return &t->results[i];
	CU_FAIL_FATAL("no such trial");
	return NULL;
}

/* Thresholds that follow what is observed are no worse than fixed ones, and say what they do. */
static void thresholds_tune_themselves(void)
{
	struct chaos_trials *t = malloc(sizeof(*t));
	struct resilience_options o;
	struct config_error e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	CU_ASSERT_EQUAL_FATAL(chaos_trials_run(t, "tuning", SCENARIO_SECOND_NS, 0, NULL, &e), 0);
	CU_ASSERT_EQUAL_FATAL(config_profile_load("ultimate", &o, &e), 0);
	const struct chaos_result *fixed = trial(t, "fixed");
	const struct chaos_result *tuned = trial(t, "auto");
	const struct chaos_result *frozen = trial(t, "auto, frozen");

	CU_ASSERT_TRUE(tuned->success_ppm >= fixed->success_ppm);
	for (uint32_t p = 0; p < TUNING_PARAMETERS; p++) {
		CU_ASSERT_TRUE(tuned->tuning_changes[p] > 0);
		CU_ASSERT_TRUE(tuned->tuning_value[p] >= o.tuning.rule[p].min);
		CU_ASSERT_TRUE(tuned->tuning_value[p] <= o.tuning.rule[p].max);
		CU_ASSERT_NOT_EQUAL(tuned->tuning_value[p], o.tuning.rule[p].initial);
		CU_ASSERT_EQUAL(frozen->tuning_value[p], o.tuning.rule[p].initial);
	}
	CU_ASSERT_EQUAL(tuned->tuning_reasons[TUNING_NONE], 0);
	CU_ASSERT_EQUAL(sum(tuned->tuning_reasons, TUNING_REASONS),
	                sum(tuned->tuning_changes, TUNING_PARAMETERS));
	CU_ASSERT_EQUAL(tuned->tuning_events, sum(tuned->tuning_changes, TUNING_PARAMETERS));
	CU_ASSERT_EQUAL(sum(fixed->tuning_changes, TUNING_PARAMETERS), 0);
	CU_ASSERT_EQUAL(sum(frozen->tuning_changes, TUNING_PARAMETERS), 0);
	CU_ASSERT_EQUAL(frozen->succeeded, fixed->succeeded);
	CU_ASSERT_EQUAL(frozen->attempts, fixed->attempts);
	free(t);
}

/* At microseconds everything is as it is at seconds. */
static void a_second_may_be_a_microsecond(void)
{
	struct config_error e;
	struct chaos_suite s;

	CU_ASSERT_EQUAL_FATAL(chaos_suite_init(&s, 1000, &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_add_scenario(&s, "extreme-latency", &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_add_profile(&s, "ultimate", &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_run(&s, NULL), 0);
	CU_ASSERT_EQUAL(s.cells[0].result.broken[0], '\0');
	at_least("extreme latency at microseconds", s.cells[0].result.success_ppm, 999000);
	chaos_suite_finish(&s);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"no invariant breaks", no_invariant_breaks},
	        {"ultimate reaches its aims", ultimate_reaches_its_aims},
	        {"ultimate reaches its global aims", ultimate_reaches_its_global_aims},
	        {"the versions come in order", the_versions_come_in_order},
	        {"lower versions fall for their reason", lower_versions_fall_for_their_reason},
	        {"shedding starts from the back", shedding_starts_from_the_back},
	        {"throttle and fallback come with their versions",
	         throttle_and_fallback_come_with_their_versions},
	        {"a forecast comes before failures", a_forecast_comes_before_failures},
	        {"results are those of the golden file", results_are_those_of_the_golden_file},
	        {"the suite is given back", finish},
	        {"thresholds tune themselves", thresholds_tune_themselves},
	        {"every mechanism is good for something", every_mechanism_is_good_for_something},
	        {"a second may be a microsecond", a_second_may_be_a_microsecond},
	};

	if (argc > 1 && strcmp(argv[1], "print") == 0)
		return write_golden(stdout);
	if (argc > 1 && strcmp(argv[1], "--write") == 0)
		return write_golden(fopen(GOLDEN, "w"));
	return SUITE_RUN("chaos_suite", tests);
}
