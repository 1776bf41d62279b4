/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/trouble.h"

#include "tests/unit/suite.h"

static void it_holds_from_its_start_to_before_its_end(void)
{
	const struct trouble t = {.kind = TROUBLE_STALL, .at_ns = 10, .for_ns = 5};

	CU_ASSERT_FALSE(trouble_holds(&t, 9));
	CU_ASSERT_TRUE(trouble_holds(&t, 10));
	CU_ASSERT_TRUE(trouble_holds(&t, 14));
	CU_ASSERT_FALSE(trouble_holds(&t, 15));
}

static void what_is_taken_away(void)
{
	struct prng p;
	uint32_t lost = 0;

	prng_init(&p, 1);
	for (enum trouble_kind k = TROUBLE_STALL; k <= TROUBLE_SLOW_DOWN; k++)
		CU_ASSERT_EQUAL(
		        trouble_loses(&(struct trouble){.kind = k, .share_ppm = 1000000}, &p),
		        k == TROUBLE_BLACK_HOLE);
	for (uint32_t i = 0; i < 10000; i++)
		lost += trouble_loses(&(struct trouble){.kind = TROUBLE_LOSS, .share_ppm = 300000},
		                      &p);
	CU_ASSERT_TRUE(lost > 2800 && lost < 3200);
}

static struct trouble_answer met(struct trouble t, uint64_t now_ns)
{
	struct trouble_answer a = {.latency_ns = 1000, .held_until_ns = now_ns, .is_good = true};

	trouble_meet(&t, now_ns, &a);
	return a;
}

static void what_becomes_of_an_answer(void)
{
	struct trouble t = {.at_ns = 100, .for_ns = 100000, .factor_milli = 3000};
	struct trouble_answer a;

	t.kind = TROUBLE_STALL;
	a = met(t, 150);
	CU_ASSERT_TRUE(a.held_until_ns == 100100 && a.latency_ns == 1000 && a.is_good);
	t.kind = TROUBLE_FAIL;
	a = met(t, 150);
	CU_ASSERT_TRUE(a.held_until_ns == 150 && a.latency_ns == 1000 && !a.is_good);
	t.kind = TROUBLE_SLOW;
	a = met(t, 150);
	CU_ASSERT_TRUE(a.held_until_ns == 150 && a.latency_ns == 3000 && a.is_good);
	t.kind = TROUBLE_SLOW_START;
	CU_ASSERT_TRUE(met(t, 100).latency_ns > 2900);
	CU_ASSERT_TRUE(met(t, 50100).latency_ns > 1900 && met(t, 50100).latency_ns < 2100);
	CU_ASSERT_EQUAL(met(t, 100099).latency_ns, 1000);
	t.kind = TROUBLE_SLOW_DOWN;
	CU_ASSERT_EQUAL(met(t, 100).latency_ns, 1000);
	CU_ASSERT_TRUE(met(t, 50100).latency_ns > 1900 && met(t, 50100).latency_ns < 2100);
	CU_ASSERT_TRUE(met(t, 100099).latency_ns > 2900);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"it holds from its start to before its end",
	         it_holds_from_its_start_to_before_its_end},
	        {"what is taken away", what_is_taken_away},
	        {"what becomes of an answer", what_becomes_of_an_answer},
	};

	return SUITE_RUN("trouble", tests);
}
