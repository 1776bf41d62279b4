/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The simulator's promises: invariants hold, the same seed gives the same hashes on every machine
 * and build type (golden file), the same messages in other packets or by other cores give the same
 * state, who dies is restored or counted as lost, and what is broken on purpose is noticed.
 *
 * usage: test_simulate [print]   print: writes the golden file's lines to standard output
 */
#include "app/simulate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/profile.h"
#include "tests/unit/suite.h"

#define SEEDS    6u
#define MESSAGES 20000u
#define SYMBOLS  50u
#define GOLDEN   GENESIS_SOURCE_ROOT "/tests/golden/simulate.txt"

static struct simulate_options options_of(uint64_t seed, const char *profile)
{
	static struct resilience_options loaded;
	struct config_error error;

	CU_ASSERT_EQUAL_FATAL(config_profile_load(profile, &loaded, &error), 0);
	return (struct simulate_options){.seed = seed,
	                                 .messages = MESSAGES,
	                                 .symbols = SYMBOLS,
	                                 .profile = &loaded,
	                                 .profile_name = profile};
}

static struct chaos_result run(const struct simulate_options *o)
{
	struct chaos_result r;

	CU_ASSERT_EQUAL_FATAL(simulate(o, &r), 0);
	if (r.broken[0] != '\0' && o->plant == WORLD_PLANT_NOTHING)
		printf("seed %" PRIu64 ": %s\n", o->seed, r.broken);
	CU_ASSERT_EQUAL(r.broken[0] == '\0', o->plant == WORLD_PLANT_NOTHING);
	CU_ASSERT_EQUAL(r.day.delivered + r.day.lost, r.day.messages);
	return r;
}

static void test_golden(void)
{
	FILE *f = fopen(GOLDEN, "r");
	uint64_t seed;
	uint64_t hash;
	uint64_t state;
	unsigned lines = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fscanf(f, "%" SCNu64 " %" SCNx64 " %" SCNx64 "\n", &seed, &hash, &state) == 3) {
		struct simulate_options o = options_of(seed, "ultimate");
		struct chaos_result r = run(&o);

		if (r.hash != hash || r.day.state_hash != state)
			printf("%" PRIu64 " %016" PRIx64 " %016" PRIx64
			       ", golden file says %016" PRIx64 " %016" PRIx64 "\n",
			       seed, r.hash, r.day.state_hash, hash, state);
		CU_ASSERT_EQUAL(r.hash, hash);
		CU_ASSERT_EQUAL(r.day.state_hash, state);
		lines++;
	}
	fclose(f);
	CU_ASSERT_EQUAL(lines, SEEDS);
}

static uint64_t state_of_cut(uint64_t seed, uint64_t cut_seed)
{
	struct simulate_options o = options_of(seed, "ultimate");

	o.cut_seed = cut_seed;
	o.lossless = true;
	return run(&o).day.state_hash;
}

static void test_other_cuts(void)
{
	uint64_t state = state_of_cut(11, 0);

	CU_ASSERT_EQUAL(state_of_cut(11, 1), state);
	CU_ASSERT_EQUAL(state_of_cut(11, 2), state);
	CU_ASSERT_NOT_EQUAL(state_of_cut(12, 0), state);
}

/* Lines of one feed on ports of one core, of two, of three: one state, losses, stalls and deaths
 * included. */
static void test_other_cores(void)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct simulate_options o = options_of(seed, "ultimate");
		struct chaos_result r[WORLD_RECEIVE_APART + 1];

		for (int i = WORLD_RECEIVE_BY_SEED; i <= WORLD_RECEIVE_APART; i++) {
			o.receive = (enum world_receive)i;
			r[i] = run(&o);
			CU_ASSERT_EQUAL(r[i].day.dropped, 0);
			CU_ASSERT_EQUAL(r[i].day.state_hash, r[0].day.state_hash);
			CU_ASSERT_EQUAL(r[i].day.lost, r[0].day.lost);
		}
		CU_ASSERT_EQUAL(r[WORLD_RECEIVE_TOGETHER].day.handed_over, 0);
		CU_ASSERT_EQUAL(r[WORLD_RECEIVE_APART].day.handed_over,
		                r[WORLD_RECEIVE_APART].day.packets);
		CU_ASSERT_TRUE(r[WORLD_RECEIVE_ONE].day.handed_over > 0);
	}
}

/* Deaths change when things happen, never what becomes of the books. */
static void test_deaths(void)
{
	struct simulate_options o = options_of(2, "ultimate");
	struct simulate_world w;
	struct chaos_result r[2];

	simulate_make(&w, &o);
	for (unsigned i = 0; i < 2; i++) {
		w.day.kill_ppm = i * 1000000;
		CU_ASSERT_EQUAL_FATAL(simulate_run(&w, &o, &r[i]), 0);
		CU_ASSERT_STRING_EQUAL(r[i].broken, "");
		CU_ASSERT_EQUAL(r[i].day.groups_lost, 0);
	}
	CU_ASSERT_EQUAL(r[0].day.killed, 0);
	CU_ASSERT_TRUE(r[1].day.killed >= WORLD_GROUPS);
	CU_ASSERT_TRUE(r[1].day.restored >= WORLD_GROUPS);
	CU_ASSERT_EQUAL(r[0].day.state_hash, r[1].day.state_hash);
	CU_ASSERT_NOT_EQUAL(r[0].hash, r[1].hash);
	/* The same questions, each asked once, whoever heard the answer. */
	CU_ASSERT_EQUAL(r[0].day.asked + r[0].day.unasked, r[1].day.asked + r[1].day.unasked);
}

/* Who has no recovery loses its dead, and the world goes on. */
static void test_without_recovery(void)
{
	struct simulate_options o = options_of(2, "original");
	struct simulate_world w;
	struct chaos_result r;

	simulate_make(&w, &o);
	w.day.kill_ppm = 1000000;
	CU_ASSERT_EQUAL_FATAL(simulate_run(&w, &o, &r), 0);
	CU_ASSERT_STRING_EQUAL(r.broken, "");
	CU_ASSERT_EQUAL(r.day.killed, WORLD_GROUPS);
	CU_ASSERT_EQUAL(r.day.restored, 0);
	CU_ASSERT_EQUAL(r.day.groups_lost, WORLD_GROUPS);
}

/* A core that stands still is behind on market data, and drops what its port cannot hold; all of
 * it is known. */
static void test_stall(void)
{
	struct simulate_options o = options_of(4, "ultimate");
	struct simulate_world w;
	struct chaos_result r[2];

	o.receive = WORLD_RECEIVE_TOGETHER;
	for (unsigned i = 0; i < 2; i++) {
		simulate_make(&w, &o);
		w.day.port_packets = 512;
		w.scenario.fault_count = i;
		w.scenario.faults[0] = (struct scenario_fault){.kind = SCENARIO_CORE_STALL,
		                                               .at_ns = 10 * SCENARIO_SECOND_NS,
		                                               .for_ns = 20 * SCENARIO_SECOND_NS,
		                                               .core = SCENARIO_NONE};
		CU_ASSERT_EQUAL_FATAL(simulate_run(&w, &o, &r[i]), 0);
		CU_ASSERT_STRING_EQUAL(r[i].broken, "");
	}
	CU_ASSERT_EQUAL(r[0].day.dropped, 0);
	CU_ASSERT_TRUE(r[1].day.dropped > 0);
	CU_ASSERT_TRUE(r[1].day.lost > r[0].day.lost);
	/* Operations lag with the books. */
	CU_ASSERT_TRUE(r[1].in_time < r[0].in_time);
}

/* Questions that find a service dead end all the same. */
static void test_outage(void)
{
	struct simulate_options o = options_of(5, "ultimate");
	struct simulate_world w;
	struct chaos_result r;

	simulate_make(&w, &o);
	w.scenario.fault_count = 1;
	w.scenario.faults[0] = (struct scenario_fault){.kind = SCENARIO_BLACK_HOLE,
	                                               .at_ns = 10 * SCENARIO_SECOND_NS,
	                                               .for_ns = 20 * SCENARIO_SECOND_NS,
	                                               .service = SCENARIO_NONE,
	                                               .node = SCENARIO_NONE,
	                                               .core = SCENARIO_NONE};
	CU_ASSERT_EQUAL_FATAL(simulate_run(&w, &o, &r), 0);
	CU_ASSERT_STRING_EQUAL(r.broken, "");
	CU_ASSERT_EQUAL(r.day.asked, r.day.ended);
	CU_ASSERT_TRUE(r.day.succeeded < r.day.asked * 3 / 4);
	CU_ASSERT_TRUE(r.mode_transitions > 0);
}

/* What is left to itself follows the services; what is frozen, or is not `auto`, does not. */
static void test_tuning(void)
{
	struct simulate_options o = options_of(7, "ultimate");
	struct resilience_options tuned = *o.profile;
	struct chaos_result r[3];
	uint64_t changes[3] = {0};

	for (unsigned i = 0; i < 3; i++) {
		o.profile = &tuned;
		for (unsigned p = 0; i == 1 && p < TUNING_PARAMETERS; p++) {
			struct tuning_rule *rule = &tuned.tuning.rule[p];

			rule->automatic = true;
			rule->samples_min = 50;
			rule->interval_ns = SCENARIO_SECOND_NS;
			rule->min = rule->initial / 2;
			rule->max = p == TUNING_HEDGE_QUANTILE ? 990000 : 2 * rule->initial;
		}
		tuned.tuning_is_frozen = i == 2;
		r[i] = run(&o);
		for (unsigned p = 0; p < TUNING_PARAMETERS; p++)
			changes[i] += r[i].tuning_changes[p];
	}
	CU_ASSERT_EQUAL(changes[0], 0);
	CU_ASSERT_TRUE(changes[1] > 3);
	CU_ASSERT_TRUE(r[1].tuning_changes[TUNING_ULTRA_LATENCY] > 0);
	CU_ASSERT_TRUE(r[1].tuning_changes[TUNING_LATENCY_MULTIPLIER] > 0);
	CU_ASSERT_EQUAL(changes[2], 0);
	CU_ASSERT_NOT_EQUAL(r[1].hash, r[0].hash);
	CU_ASSERT_EQUAL(r[1].day.state_hash, r[0].day.state_hash);
	tuned.tuning_is_frozen = false;
	CU_ASSERT_EQUAL(run(&o).hash, r[1].hash);
}

static void test_plants(void)
{
	static const struct {
		enum world_plant plant;
		const char *says;
	} rows[] = {
	        {WORLD_PLANT_TWICE, "invariant 1 at step "},
	        {WORLD_PLANT_LOST, "invariant 4 at step "},
	        {WORLD_PLANT_DOUBLE, "invariant 4 at step "},
	        {WORLD_PLANT_POSITION, "invariant 1 at step "},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct simulate_options o = options_of(2, "ultimate");
		struct simulate_world w;
		struct chaos_result r;

		o.plant = rows[i].plant;
		simulate_make(&w, &o);
		w.day.kill_ppm = 1000000;
		CU_ASSERT_EQUAL_FATAL(simulate_run(&w, &o, &r), 0);
		CU_ASSERT_EQUAL(strncmp(r.broken, rows[i].says, strlen(rows[i].says)), 0);
	}
}

/* What a swarm's seed makes is the same with memory of former worlds as without. */
static void test_reuse(void)
{
	struct chaos_reuse reuse = {0};

	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct simulate_options o = options_of(seed, chaos_swarm_profile(seed));

		o.is_swarm = true;
		o.messages = 0;
		o.symbols = 0;
		uint64_t hash = run(&o).hash;

		o.reuse = &reuse;
		CU_ASSERT_EQUAL(run(&o).hash, hash);
	}
	CU_ASSERT_PTR_NOT_NULL(reuse.memory[0]);
	chaos_reuse_finish(&reuse);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"golden hashes", test_golden},
	        {"other cuts, same bytes", test_other_cuts},
	        {"other cores, same bytes", test_other_cores},
	        {"deaths change no state", test_deaths},
	        {"without recovery groups are lost", test_without_recovery},
	        {"a stalled core is behind and drops", test_stall},
	        {"an outage ends all questions", test_outage},
	        {"what is auto is tuned", test_tuning},
	        {"what is planted is found", test_plants},
	        {"memory of former worlds", test_reuse},
	};

	if (argc > 1 && strcmp(argv[1], "print") == 0) {
		struct resilience_options profile;
		struct config_error error;

		if (config_profile_load("ultimate", &profile, &error) != 0)
			return 1;
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct simulate_options o = {.seed = seed,
			                             .messages = MESSAGES,
			                             .symbols = SYMBOLS,
			                             .profile = &profile,
			                             .profile_name = "ultimate"};
			struct chaos_result r;

			if (simulate(&o, &r) != 0 || r.broken[0] != '\0')
				return 1;
			printf("%" PRIu64 " %016" PRIx64 " %016" PRIx64 "\n", seed, r.hash,
			       r.day.state_hash);
		}
		return 0;
	}
	return SUITE_RUN("simulate", tests);
}
