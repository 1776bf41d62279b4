/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The forecast on made-up traffic: a small form of perf/bench_forecast with bounds, and a hash of
 * every verdict that must be the same on every machine and build type.
 *
 * usage: test_degradation [FIRST_SEED]
 */
#include "perf/degradation.h"

#include <stdio.h>
#include <stdlib.h>

#include "resilience/forecast.h"
#include "tests/unit/suite.h"

#define INTERVAL_NS  1000000ull
#define SEEDS        25u
#define DEFAULT_SEED 5000001u
#define GOLDEN       0xe9fc919518005658ull

static uint64_t first_seed = DEFAULT_SEED;
static uint64_t verdicts;

static void note(uint64_t value)
{
	verdicts = (verdicts ^ value) * 0x9e3779b97f4a7c15ull;
	verdicts ^= verdicts >> 29;
}

/* Plays intervals [0, end); returns the first from `start` on in which a warning was raised. */
static uint32_t play(enum degradation_kind kind, uint64_t seed, uint32_t end, uint32_t *failure,
                     uint32_t *warnings)
{
	struct forecast_options o;
	struct forecast f;
	struct degradation d;
	uint32_t raised = DEGRADATION_NEVER;

	degradation_init(&d, kind, seed);
	*failure = degradation_failure(&d);
	forecast_options_standard(&o, INTERVAL_NS);
	CU_ASSERT_EQUAL(forecast_init(&f, &o, 0), 0);
	for (uint32_t t = 0; t < end && t < *failure; t++) {
		degradation_interval(&d, t);
		for (uint32_t i = 0; i < d.samples; i++) {
			uint64_t latency_ns;

			if (degradation_request(&d, &latency_ns))
				forecast_on_success(&f, latency_ns);
			else
				forecast_on_failure(&f);
		}
		bool changed = forecast_poll(&f, &o, 0, (t + 1ull) * INTERVAL_NS, NULL);

		if (changed && f.level == FORECAST_WARNING && t >= d.start && t < raised)
			raised = t;
	}
	note(raised);
	note((uint64_t)f.latency.level);
	note((uint64_t)f.error.baseline);
	*warnings = f.warnings;
	return raised;
}

static void test_warns_before_failure(void)
{
	static const enum degradation_kind kinds[] = {DEGRADATION_DRIFT, DEGRADATION_STEP,
	                                              DEGRADATION_SAWTOOTH, DEGRADATION_SLOW};
	uint32_t missed = 0;

	printf(" seeds from %llu ", (unsigned long long)first_seed);
	for (uint32_t k = 0; k < 4; k++)
		for (uint32_t i = 0; i < SEEDS; i++) {
			uint32_t failure;
			uint32_t warnings;
			uint32_t raised = play(kinds[k], first_seed + i, 660, &failure, &warnings);

			/* Runs are cut at 660 intervals: what has not failed by then may go on. */
			missed += raised == DEGRADATION_NEVER &&
			          (failure < 660 || kinds[k] == DEGRADATION_SLOW);
		}
	CU_ASSERT(missed <= 1);
}

static void test_healthy_traffic(void)
{
	uint32_t alarms = 0;

	for (uint32_t i = 0; i < 8; i++) {
		uint32_t failure;
		uint32_t warnings;

		(void)play(DEGRADATION_NONE, first_seed + i, 2000, &failure, &warnings);
		CU_ASSERT_EQUAL(failure, DEGRADATION_NEVER);
		alarms += warnings;
	}
	/* 4.4 hours; 0.1 an hour are usual. */
	CU_ASSERT(alarms <= 4);
}

static void test_same_bits_everywhere(void)
{
	printf(" %016llx ", (unsigned long long)verdicts);
	if (first_seed == DEFAULT_SEED)
		CU_ASSERT_EQUAL(verdicts, GOLDEN);
}

/* The failure is where it is said to be, and traffic before it is healthy. */
static void test_traffic(void)
{
	for (uint32_t k = 0; k < DEGRADATION_KINDS; k++)
		for (uint32_t i = 0; i < 20; i++) {
			struct degradation d;

			degradation_init(&d, (enum degradation_kind)k, first_seed + i);
			uint32_t failure = degradation_failure(&d);
			bool fails = k == DEGRADATION_DRIFT || k == DEGRADATION_DECAY ||
			             k == DEGRADATION_STEP || k == DEGRADATION_SAWTOOTH ||
			             k == DEGRADATION_ABRUPT;

			CU_ASSERT_EQUAL(failure != DEGRADATION_NEVER, fails);
			CU_ASSERT(!fails || failure >= d.start);
			for (uint32_t t = 0; t < DEGRADATION_INTERVALS && t <= failure; t++) {
				degradation_interval(&d, t);
				/* A burst adds 5 %. */
				if (t < failure)
					CU_ASSERT(d.failure_ppm < DEGRADATION_FAILURE_PPM + 50000);
				if (t < d.start)
					CU_ASSERT(d.failure_ppm <= 60000);
				if (t == failure)
					CU_ASSERT(d.failure_ppm >= DEGRADATION_FAILURE_PPM);
			}
		}
}

static const struct suite_test tests[] = {
        {"a warning before every failure", test_warns_before_failure},
        {"healthy traffic", test_healthy_traffic},
        {"the same bits everywhere", test_same_bits_everywhere},
        {"the traffic itself", test_traffic},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	return SUITE_RUN("degradation", tests);
}
