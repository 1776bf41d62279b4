/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The aims: what `ultimate` must reach in each of the report's scenarios, the order of the five
 * versions, and that every mechanism is good for something: without it, the scenario that it is for
 * goes worse. Order and mechanism, never decimals of the lower versions.
 */
#include "app/chaos_suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chaos_trial.h"
#include "tests/unit/suite.h"

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
	chaos_suite_finish(&suite);
}

static void every_mechanism_is_good_for_something(void)
{
	struct chaos_trials *t = malloc(sizeof(*t));
	struct config_error e;
	struct chaos_suite whole;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	int rc = chaos_trials_run(t, "ablation", SCENARIO_SECOND_NS, 0, NULL, &e);

	if (rc != 0)
		printf("%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_init(&whole, SCENARIO_SECOND_NS, &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_add_scenario(&whole, NULL, &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_add_profile(&whole, "ultimate", &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_suite_run(&whole, NULL), 0);
	suite = whole;
	for (uint32_t i = 0; i < chaos_trial_count; i++) {
		const struct chaos_trial *x = &chaos_trials[i];

		if (!x->is_ablation)
			continue;
		bool worse =
		        chaos_trial_is_worse(x->metric, &t->results[i], result(x->scenario, 0));

		if (!worse)
			printf("without %s, %s is no worse\n", x->name, x->scenario);
		CU_ASSERT_TRUE(worse);
		CU_ASSERT_EQUAL(t->results[i].broken[0], '\0');
	}
	chaos_suite_finish(&suite);
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

int main(void)
{
	static const struct suite_test tests[] = {
	        {"no invariant breaks", no_invariant_breaks},
	        {"ultimate reaches its aims", ultimate_reaches_its_aims},
	        {"ultimate reaches its global aims", ultimate_reaches_its_global_aims},
	        {"the versions come in order", the_versions_come_in_order},
	        {"lower versions fall for their reason", lower_versions_fall_for_their_reason},
	        {"every mechanism is good for something", every_mechanism_is_good_for_something},
	        {"a second may be a microsecond", a_second_may_be_a_microsecond},
	};

	return SUITE_RUN("chaos_suite", tests);
}
