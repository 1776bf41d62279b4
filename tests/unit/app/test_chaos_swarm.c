/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_swarm.h"

#include <string.h>

#include "app/chaos.h"
#include "app/chaos_script.h"
#include "config/profile.h"
#include "tests/unit/suite.h"

static void a_seed_makes_one_world(void)
{
	static struct scenario a;
	static struct scenario b;
	char text[2][CHAOS_SWARM_TEXT_BYTES];

	for (uint64_t seed = 0; seed < 50; seed++) {
		chaos_swarm_make(&a, seed, text[0]);
		chaos_swarm_make(&b, seed, text[1]);
		CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
		CU_ASSERT_STRING_EQUAL(text[0], text[1]);
		chaos_swarm_make(&b, seed + 1, text[1]);
		CU_ASSERT_NOT_EQUAL(memcmp(&a, &b, sizeof(a)), 0);
	}
}

static void worlds_are_sound(void)
{
	static struct scenario s;
	char text[CHAOS_SWARM_TEXT_BYTES];
	unsigned seen[SCENARIO_FAULT_KINDS] = {0};

	for (uint64_t seed = 0; seed < 1000; seed++) {
		chaos_swarm_make(&s, seed, text);
		CU_ASSERT_PTR_NULL(chaos_script_check(&s));
		CU_ASSERT_TRUE(s.cores <= s.components);
		CU_ASSERT_TRUE(scenario_events(&s) > 0);
		for (uint32_t i = 0; i < s.load_count; i++)
			CU_ASSERT_TRUE(s.loads[i].until_ns <= s.end_ns);
		for (uint32_t i = 0; i < s.fault_count; i++)
			seen[s.faults[i].kind]++;
	}
	for (unsigned k = 0; k < SCENARIO_FAULT_KINDS; k++)
		CU_ASSERT_TRUE(seen[k] > 400 && seen[k] < 600);
}

/* Who gives up no invariant keeps them all, and ends the same way each time. */
static void worlds_hold_together(void)
{
	static struct scenario s;
	char text[CHAOS_SWARM_TEXT_BYTES];

	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct resilience_options o;
		struct config_error e;
		struct chaos_result r[2];

		chaos_swarm_make(&s, seed, text);
		CU_ASSERT_EQUAL_FATAL(config_profile_load(chaos_swarm_profile(seed), &o, &e), 0);
		for (unsigned i = 0; i < 2; i++) {
			CU_ASSERT_EQUAL_FATAL(chaos_run(&(struct chaos_options){.scenario = &s,
			                                                        .profile = &o,
			                                                        .seed = seed},
			                                &r[i]),
			                      0);
			CU_ASSERT_STRING_EQUAL(r[i].broken, "");
		}
		CU_ASSERT_EQUAL(r[0].hash, r[1].hash);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"a seed makes one world", a_seed_makes_one_world},
	        {"worlds are sound", worlds_are_sound},
	        {"worlds hold together", worlds_hold_together},
	};

	return SUITE_RUN("chaos_swarm", tests);
}
