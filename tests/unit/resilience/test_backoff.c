/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/backoff.h"

#include "resilience/prng.h"
#include "tests/unit/suite.h"

static void doubles_up_to_the_greatest(void)
{
	const struct backoff_options o = {.base_ns = 100, .max_ns = 1000};
	static const uint64_t expected[] = {100, 200, 400, 800, 1000, 1000};

	for (uint32_t i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(backoff_ns(&o, i, NULL), expected[i]);
	CU_ASSERT_EQUAL(backoff_ns(&o, UINT32_MAX, NULL), 1000);
}

static void jitter_is_taken_off(void)
{
	const struct backoff_options o = {.base_ns = 1000, .max_ns = 8000, .jitter_ppm = 250000};
	struct prng p;

	prng_init(&p, 5);
	for (uint32_t doublings = 0; doublings < 6; doublings++) {
		uint64_t top = doublings < 3 ? 1000ull << doublings : 8000;
		uint64_t least = UINT64_MAX;
		uint64_t most = 0;

		for (uint32_t i = 0; i < 20000; i++) {
			uint64_t t = backoff_ns(&o, doublings, &p);

			CU_ASSERT_FATAL(t <= top && t >= top - top / 4);
			least = t < least ? t : least;
			most = t > most ? t : most;
		}
		/* All of the range is used, at the greatest time too. */
		CU_ASSERT(least < top - top / 4 + top / 100);
		CU_ASSERT(most > top - top / 100);
	}
}

static void extremes(void)
{
	const struct backoff_options one = {.base_ns = 1, .max_ns = 1, .jitter_ppm = 900000};
	const struct backoff_options all = {.base_ns = BACKOFF_TIME_MAX,
	                                    .max_ns = BACKOFF_TIME_MAX,
	                                    .jitter_ppm = BACKOFF_JITTER_MAX};
	struct prng p;

	prng_init(&p, 6);
	CU_ASSERT_EQUAL(backoff_ns(&one, 70, &p), 1);
	for (uint32_t i = 0; i < 1000; i++) {
		uint64_t t = backoff_ns(&all, i, &p);

		CU_ASSERT(t >= BACKOFF_TIME_MAX / 10);
		CU_ASSERT(t <= BACKOFF_TIME_MAX);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"doubles up to the greatest", doubles_up_to_the_greatest},
	        {"jitter is taken off", jitter_is_taken_off},
	        {"extremes", extremes},
	};

	return SUITE_RUN("backoff", tests);
}
