/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The simulator's promises: invariants hold, the same seed gives the same hash on every machine and
 * build type (golden file), the same messages in other packets give the same bytes, and another
 * seed gives another hash.
 *
 * usage: test_simulate [print]   print: writes the golden file's lines to standard output
 */
#include "app/simulate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define SEEDS    6u
#define MESSAGES 20000u
#define SYMBOLS  50u
#define GOLDEN   GENESIS_SOURCE_ROOT "/tests/golden/simulate.txt"

static uint64_t run(uint64_t seed, uint64_t cut_seed, bool lossless)
{
	struct simulate_options o = {.seed = seed,
	                             .cut_seed = cut_seed,
	                             .messages = MESSAGES,
	                             .symbols = SYMBOLS,
	                             .lossless = lossless};
	struct simulate_result r;

	CU_ASSERT_EQUAL_FATAL(simulate(&o, &r), 0);
	if (r.broken[0] != '\0')
		printf("seed %" PRIu64 ": %s\n", seed, r.broken);
	CU_ASSERT_EQUAL(r.broken[0], '\0');
	CU_ASSERT_EQUAL(r.delivered + r.lost, r.messages);
	return r.hash;
}

static void test_golden(void)
{
	FILE *f = fopen(GOLDEN, "r");
	uint64_t seed;
	uint64_t hash;
	unsigned lines = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fscanf(f, "%" SCNu64 " %" SCNx64 "\n", &seed, &hash) == 2) {
		uint64_t now = run(seed, 0, false);

		if (now != hash)
			printf("seed %" PRIu64 ": hash %016" PRIx64 ", golden file says %016" PRIx64
			       "\n",
			       seed, now, hash);
		CU_ASSERT_EQUAL(now, hash);
		lines++;
	}
	fclose(f);
	CU_ASSERT_EQUAL(lines, SEEDS);
}

static void test_other_cuts(void)
{
	uint64_t hash = run(11, 0, true);

	CU_ASSERT_EQUAL(run(11, 1, true), hash);
	CU_ASSERT_EQUAL(run(11, 2, true), hash);
	CU_ASSERT_NOT_EQUAL(run(12, 0, true), hash);
}

/* Lines of one feed on ports of one core, of two, of three: one hash, losses and stalls included.
 */
static void test_other_cores(void)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct simulate_options o = {
		        .seed = seed, .messages = MESSAGES, .symbols = SYMBOLS};
		struct simulate_result r[SIMULATE_RECEIVE_APART + 1];

		for (int i = SIMULATE_RECEIVE_BY_SEED; i <= SIMULATE_RECEIVE_APART; i++) {
			o.receive = (enum simulate_receive)i;
			CU_ASSERT_EQUAL_FATAL(simulate(&o, &r[i]), 0);
			CU_ASSERT_STRING_EQUAL(r[i].broken, "");
			CU_ASSERT_EQUAL(r[i].hash, r[0].hash);
			CU_ASSERT_EQUAL(r[i].lost, r[0].lost);
		}
		CU_ASSERT_EQUAL(r[SIMULATE_RECEIVE_TOGETHER].handed_over, 0);
		CU_ASSERT_EQUAL(r[SIMULATE_RECEIVE_APART].handed_over,
		                r[SIMULATE_RECEIVE_APART].packets);
		CU_ASSERT_TRUE(r[SIMULATE_RECEIVE_ONE].handed_over > 0);
	}
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"golden hashes", test_golden},
	        {"other cuts, same bytes", test_other_cuts},
	        {"other cores, same bytes", test_other_cores},
	};

	if (argc > 1 && strcmp(argv[1], "print") == 0) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct simulate_options o = {
			        .seed = seed, .messages = MESSAGES, .symbols = SYMBOLS};
			struct simulate_result r;

			if (simulate(&o, &r) != 0 || r.broken[0] != '\0')
				return 1;
			printf("%" PRIu64 " %016" PRIx64 "\n", seed, r.hash);
		}
		return 0;
	}
	return SUITE_RUN("simulate", tests);
}
