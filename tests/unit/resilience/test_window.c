/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/window.h"

#include "tests/unit/suite.h"

/* Against a plain list of booleans, for every size. */
static void as_a_list(void)
{
	uint64_t dice = 7;

	for (uint32_t size = 1; size <= WINDOW_BITS_MAX; size++) {
		bool list[300] = {false};
		uint64_t bits = 0;
		uint8_t samples = 0;

		for (uint32_t i = 0; i < 300; i++) {
			dice = dice * 6364136223846793005ull + 1442695040888963407ull;
			list[i] = dice >> 62 == 0;
			bits = window_push(bits, list[i], size);
			samples = window_seen(samples, size);
			uint32_t seen = i + 1 < size ? i + 1 : size;
			uint32_t set = 0;

			for (uint32_t k = 0; k < seen; k++)
				set += list[i - k];
			CU_ASSERT_EQUAL_FATAL(samples, seen);
			CU_ASSERT_EQUAL_FATAL(window_count(bits), set);
			CU_ASSERT_EQUAL_FATAL(window_ppm(bits, samples), set * 1000000u / seen);
			for (uint32_t ppm = 0; ppm <= 1000000; ppm += 50000)
				CU_ASSERT_EQUAL_FATAL(window_reaches(bits, samples, ppm),
				                      (uint64_t)set * 1000000 >=
				                              (uint64_t)ppm * seen);
		}
	}
}

static void without_samples(void)
{
	CU_ASSERT_FALSE(window_reaches(0, 0, 0));
	CU_ASSERT_EQUAL(window_ppm(0, 0), 0);
}

static void exact_at_the_threshold(void)
{
	CU_ASSERT_TRUE(window_reaches(1, 10, 100000));
	CU_ASSERT_FALSE(window_reaches(1, 10, 100001));
	CU_ASSERT_FALSE(window_reaches(1, 11, 100000));
	CU_ASSERT_TRUE(window_reaches(UINT64_MAX, 64, 1000000));
}

static void the_rate_follows(void)
{
	for (uint32_t shift = 0; shift <= 15; shift++) {
		uint32_t rate = 0;

		for (uint32_t i = 0; i < 30u << shift; i++) {
			uint32_t before = rate;

			rate = window_rate_push(rate, true, shift);
			CU_ASSERT_FATAL(rate >= before && rate <= WINDOW_RATE_ONE);
		}
		CU_ASSERT(window_rate_ppm(rate) >= 999900);
		for (uint32_t i = 0; i < 30u << shift; i++)
			rate = window_rate_push(rate, false, shift);
		CU_ASSERT(window_rate_ppm(rate) <= 100);
	}
	CU_ASSERT_EQUAL(window_rate_push(0, true, 0), WINDOW_RATE_ONE);
	CU_ASSERT_EQUAL(window_rate_ppm(window_rate_push(0, true, 1)), 500000);
	CU_ASSERT_EQUAL(window_rate_ppm(window_rate_push(WINDOW_RATE_ONE, false, 2)), 750000);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"as a list of booleans", as_a_list},
	        {"without samples", without_samples},
	        {"exact at the threshold", exact_at_the_threshold},
	        {"the rate follows", the_rate_follows},
	};

	return SUITE_RUN("window", tests);
}
