/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Small worlds, each for one thing that a world does.
 */
#include "app/chaos.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/profile.h"
#include "tests/unit/suite.h"

#define CALM                                                      \
	"name: a\nend: 12s\ncores: 2\ncomponents: 4\nservices:\n" \
	"  - {name: x, latency_min: 20ms, latency_max: 40ms}\n"   \
	"loads:\n  - {until: 8s, every: 20ms, asks: [x]}\n"

static struct chaos_result run(const char *text, const char *profile, uint64_t seed)
{
	struct scenario s;
	struct config_error e;
	struct resilience_options o;
	struct chaos_result r;
	int rc = scenario_load_text(&s, text, strlen(text), "s", &e);

	if (rc != 0)
		printf("%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_EQUAL_FATAL(config_profile_load(profile, &o, &e), 0);
	CU_ASSERT_EQUAL_FATAL(chaos_run(&(struct chaos_options){.scenario = &s,
	                                                        .profile = &o,
	                                                        .profile_name = profile,
	                                                        .seed = seed},
	                                &r),
	                      0);
	if (r.broken[0] != '\0')
		printf("%s: %s\n", profile, r.broken);
	CU_ASSERT_EQUAL(r.broken[0], '\0');
	CU_ASSERT_EQUAL(r.events, r.processed + r.given_up + (r.events - r.processed - r.given_up));
	scenario_finish(&s);
	return r;
}

static void calm_is_calm_in_all_profiles(void)
{
	static const char *const profiles[] = {"original", "optimized", "extreme", "ultra",
	                                       "ultimate"};

	for (unsigned i = 0; i < 5; i++) {
		struct chaos_result r = run(CALM, profiles[i], 0);

		CU_ASSERT_EQUAL(r.events, 400);
		CU_ASSERT_EQUAL(r.processed, 400);
		CU_ASSERT_EQUAL(r.operations, 400);
		CU_ASSERT_EQUAL(r.succeeded, 400);
		CU_ASSERT_EQUAL(r.state_equal, 4);
		CU_ASSERT_EQUAL(r.healthy, 4);
		CU_ASSERT_EQUAL(r.modes_visited, MODE_BIT(MODE_NORMAL));
	}
}

/* Classes have their shares, and what a component asks is of its class. */
static void work_has_classes(void)
{
	struct chaos_result r = run("critical: 25%\nbackground: 34%\n" CALM, "ultimate", 0);

	CU_ASSERT_EQUAL(r.classes[WORK_CRITICAL].operations, 100);
	CU_ASSERT_EQUAL(r.classes[WORK_NORMAL].operations, 200);
	CU_ASSERT_EQUAL(r.classes[WORK_BACKGROUND].operations, 100);
	for (unsigned i = 0; i < WORK_CLASSES; i++) {
		CU_ASSERT_EQUAL(r.classes[i].succeeded, r.classes[i].operations);
		CU_ASSERT_EQUAL(r.classes[i].in_time, r.classes[i].events);
		CU_ASSERT_EQUAL(r.classes[i].shed, 0);
	}
}

static void same_seed_same_hash(void)
{
	uint64_t a = run(CALM, "ultimate", 5).hash;

	CU_ASSERT_EQUAL(run(CALM, "ultimate", 5).hash, a);
	CU_ASSERT_NOT_EQUAL(run(CALM, "ultimate", 6).hash, a);
}

static void sequential_waits_for_ever(void)
{
	/* The first attempt that is lost stops a component for good. */
	const char *text = "budget: 1s\n" CALM "faults:\n  - {kind: black_hole, at: 2s, for: 1s}\n";
	struct chaos_result r = run(text, "original", 0);

	CU_ASSERT_EQUAL(r.healthy, 0);
	CU_ASSERT_TRUE(r.succeeded < 120);
	CU_ASSERT_TRUE(r.given_up_invariants[4] > 0);
	r = run(text, "ultimate", 0);
	CU_ASSERT_EQUAL(r.healthy, 4);
	CU_ASSERT_EQUAL(r.processed, 400);
}

static void the_dead_are_restored_bit_for_bit(void)
{
	const char *text =
	        "keep_log: yes\n" CALM
	        "faults:\n  - {kind: kill, at: 4s, share: 50%, twice: 100%, again: 2s}\n";
	struct chaos_result r = run(text, "ultimate", 0);

	CU_ASSERT_EQUAL(r.killed, 4);
	CU_ASSERT_EQUAL(r.restored, 4);
	CU_ASSERT_EQUAL(r.state_equal, 4);
	CU_ASSERT_EQUAL(r.success_ppm, run(text, "ultimate", 0).success_ppm);
	CU_ASSERT_TRUE(r.replayed > 0);
	CU_ASSERT_TRUE((r.modes_visited & MODE_BIT(MODE_RECOVERY)) != 0);
	r = run(text, "original", 0);
	CU_ASSERT_EQUAL(r.killed, 2);
	CU_ASSERT_EQUAL(r.restored, 0);
	CU_ASSERT_EQUAL(r.state_equal, 2);
}

static void nothing_is_asked_twice_in_replay(void)
{
	const char *text =
	        "keep_log: yes\n" CALM "faults:\n  - {kind: kill, at: 4s, share: 100%}\n";
	struct chaos_result r = run(text, "optimized", 0);

	CU_ASSERT_EQUAL(r.killed, 4);
	CU_ASSERT_EQUAL(r.state_equal, 4);
	CU_ASSERT_TRUE(r.attempts <= r.events);
	CU_ASSERT_EQUAL(r.processed + r.orphans, r.events);
}

static void a_full_queue_gives_up_and_says_so(void)
{
	const char *text = "name: a\nend: 20s\ncores: 2\ncomponents: 4\nevent_bytes: 60000\n"
	                   "segments: 4\nevent_cost: 10ms\n"
	                   "loads:\n  - {until: 1ms, every: 1s, burst: 400}\n";
	struct chaos_result r = run(text, "optimized", 0);

	CU_ASSERT_TRUE(r.given_up > 0);
	CU_ASSERT_EQUAL(r.given_up + r.processed, r.events);
	CU_ASSERT_EQUAL(r.state_equal, 0); /* they know of a GAP, their twins do not */
}

static void a_core_that_stalls_goes_on(void)
{
	const char *text = CALM "faults:\n  - {kind: core_stall, at: 2s, for: 2s, core: 0}\n";
	struct chaos_result r = run(text, "ultimate", 0);

	CU_ASSERT_EQUAL(r.processed, 400);
	CU_ASSERT_EQUAL(r.state_equal, 4);
	CU_ASSERT_TRUE(r.critical_ns / (r.critical + 1) <= 2 * SCENARIO_SECOND_NS);
}

static void components_answer_each_other(void)
{
	const char *text = "name: a\nend: 12s\ncores: 2\ncomponents: 4\nservices:\n"
	                   "  - {name: x, latency_min: 20ms, latency_max: 40ms}\n"
	                   "  - {name: y, nodes: 2, served_by: 0, asks: x}\n"
	                   "loads:\n  - {until: 8s, every: 20ms, first: 2, count: 2, asks: [y]}\n";
	struct chaos_result r = run(text, "ultimate", 0);

	CU_ASSERT_EQUAL(r.succeeded, 400);
	CU_ASSERT_TRUE(r.attempts >= 800); /* the question, and the one behind it */
	/* Two hops and the answer of x. */
	CU_ASSERT_TRUE(r.p50_ns > 20 * SCENARIO_SECOND_NS / 1000);
}

static void what_may_not_be_repeated_is_not(void)
{
	static const char *const repeats[] = {"once", "freely"};
	uint64_t attempts[2];

	for (unsigned i = 0; i < 2; i++) {
		char text[512];

		snprintf(text, sizeof(text),
		         "name: a\nend: 20s\ncores: 2\ncomponents: 4\nservices:\n"
		         "  - {name: x, latency_min: 20ms, latency_max: 40ms, loss: 5%%, repeat: "
		         "%s}\n"
		         "loads:\n  - {until: 8s, every: 20ms, asks: [x]}\n",
		         repeats[i]);
		attempts[i] = run(text, "ultimate", 0).attempts;
	}
	CU_ASSERT_TRUE(attempts[0] <= 400);
	CU_ASSERT_TRUE(attempts[1] > 400);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"calm is calm in all profiles", calm_is_calm_in_all_profiles},
	        {"work has classes", work_has_classes},
	        {"same seed, same hash", same_seed_same_hash},
	        {"sequential waits for ever", sequential_waits_for_ever},
	        {"the dead are restored bit for bit", the_dead_are_restored_bit_for_bit},
	        {"nothing is asked twice in replay", nothing_is_asked_twice_in_replay},
	        {"a full queue gives up and says so", a_full_queue_gives_up_and_says_so},
	        {"a core that stalls goes on", a_core_that_stalls_goes_on},
	        {"components answer each other", components_answer_each_other},
	        {"what may not be repeated is not", what_may_not_be_repeated_is_not},
	};

	return SUITE_RUN("chaos", tests);
}
