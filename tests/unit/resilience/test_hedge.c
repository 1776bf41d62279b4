/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What hedges gain and cost over distributions is in tests/unit/perf/test_hedge_trial.c.
 */
#include "resilience/hedge.h"

#include <errno.h>

#include "tests/unit/suite.h"

#define US 1000u

static const struct hedge_options *const o = &hedge_options_default;
static struct latency l;
static struct hedge h;

static void learn(uint64_t ns, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		latency_on_sample(&l, &latency_options_default, ns, SAMPLE_EXACT);
		hedge_on_first(&h, ns, SAMPLE_EXACT);
	}
}

/* One in twenty takes slow_ns. */
static void learn_two(uint64_t fast_ns, uint64_t slow_ns, uint32_t twenties)
{
	for (uint32_t i = 0; i < twenties; i++) {
		learn(fast_ns, 19);
		learn(slow_ns, 1);
	}
	latency_refresh(&l, &latency_options_default);
}

static void start(const struct hedge_options *options)
{
	latency_init(&l, 0);
	hedge_init(&h, options);
}

static void test_options(void)
{
	struct hedge_options bad = *o;

	CU_ASSERT_EQUAL(hedge_options_check(o), 0);
	bad.gain_off_milli = bad.gain_on_milli + 1;
	CU_ASSERT_EQUAL(hedge_options_check(&bad), -EINVAL);
	bad = *o;
	bad.gain_on_milli = 1001;
	CU_ASSERT_EQUAL(hedge_options_check(&bad), -EINVAL);
	bad = *o;
	bad.target_ppm = 0;
	CU_ASSERT_EQUAL(hedge_options_check(&bad), -EINVAL);
	bad = *o;
	bad.delay.gain_shift = 0;
	CU_ASSERT_EQUAL(hedge_options_check(&bad), -EINVAL);
}

static void test_off_without_knowledge(void)
{
	start(o);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, o), UINT64_MAX);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, o), UINT64_MAX);
	learn_two(1000 * US, 10000 * US, 12); /* 240 < 256 */
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, o), UINT64_MAX);
	learn_two(1000 * US, 10000 * US, 1);
	hedge_poll(&h, o, &l);
	CU_ASSERT_NOT_EQUAL(hedge_delay_ns(&h, o), UINT64_MAX);
}

static void test_on_where_a_tail_can_be_cut(void)
{
	start(o);
	learn_two(1000 * US, 10000 * US, 200);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
	CU_ASSERT(h.gain_milli > 600);
	CU_ASSERT(hedge_delay_ns(&h, o) >= 900 * US);
	CU_ASSERT(hedge_delay_ns(&h, o) < 3000 * US);
	CU_ASSERT_EQUAL(h.switched, 1);
}

/* Where all take alike, and where the slow ones are hardly slower than a second attempt would be.
 */
static void test_off_without_tail(void)
{
	start(o);
	learn(1000 * US, 4000);
	latency_refresh(&l, &latency_options_default);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, o), UINT64_MAX);
	start(o);
	learn_two(1000 * US, 1500 * US, 200);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, o), UINT64_MAX);
}

/* All take 1 ms, but one in twenty is lost and times out at 3: the first one's time has no tail,
 * and yet a second one helps. */
static void test_on_where_attempts_are_lost(void)
{
	start(o);
	for (uint32_t i = 0; i < 200; i++) {
		learn(1000 * US, 19);
		latency_on_sample(&l, &latency_options_default, 3000 * US, SAMPLE_CENSORED);
		hedge_on_first(&h, 3000 * US, SAMPLE_CENSORED);
	}
	latency_refresh(&l, &latency_options_default);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
	CU_ASSERT(hedge_delay_ns(&h, o) < 2000 * US);
}

/* However high the moving quantile has strayed: the gap's lower end. */
static void test_lower_end_of_gap(void)
{
	start(o);
	learn_two(1000 * US, 10000 * US, 200);
	for (uint32_t i = 0; i < 100; i++)
		hedge_on_first(&h, 9000 * US, SAMPLE_EXACT);
	CU_ASSERT(quantile_ns(&h.first) > 7000 * US);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
	CU_ASSERT(hedge_delay_ns(&h, o) >= 1000 * US);
	CU_ASSERT(hedge_delay_ns(&h, o) <= 1250 * US);
}

/* The tail goes: off; it comes again: on. */
static void test_switches(void)
{
	start(o);
	learn_two(1000 * US, 10000 * US, 200);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
	learn_two(1000 * US, 1000 * US, 500);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(h.is_on, 0);
	learn_two(1000 * US, 10000 * US, 500);
	hedge_poll(&h, o, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
	CU_ASSERT_EQUAL(h.switched, 3);
}

/* Between the two thresholds it stays what it is. */
static void test_hysteresis(void)
{
	struct hedge_options x = *o;

	start(o);
	learn_two(1000 * US, 10000 * US, 200);
	hedge_poll(&h, o, &l);
	uint32_t gain_milli = h.gain_milli;

	x.gain_on_milli = gain_milli + 1;
	x.gain_off_milli = gain_milli;
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
	x.gain_off_milli = gain_milli + 1;
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(h.is_on, 0);
	x.gain_off_milli = 0;
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(h.is_on, 0);
	x.gain_on_milli = gain_milli;
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(h.is_on, 1);
}

static void test_disabled_and_least_delay(void)
{
	struct hedge_options x = *o;

	x.is_enabled = false;
	start(&x);
	learn_two(1000 * US, 10000 * US, 200);
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, &x), UINT64_MAX);
	x.is_enabled = true;
	x.delay_min_ns = 5000 * US;
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, &x), 5000 * US);
	/* So late that nothing is gained. */
	x.delay_min_ns = 50000 * US;
	hedge_poll(&h, &x, &l);
	CU_ASSERT_EQUAL(hedge_delay_ns(&h, &x), UINT64_MAX);
}

static void test_no_time_at_all(void)
{
	start(o);
	learn_two(0, 10000 * US, 200);
	hedge_poll(&h, o, &l);
	CU_ASSERT(hedge_delay_ns(&h, o) >= 1);
	learn_two(0, 0, 200);
	hedge_poll(&h, o, &l);
	CU_ASSERT(hedge_delay_ns(&h, o) >= 1);
	CU_ASSERT_TRUE(hedge_is_sound(&h, o));
}

static void test_sound(void)
{
	struct hedge bad;

	start(o);
	CU_ASSERT_TRUE(hedge_is_sound(&h, o));
	learn_two(1000 * US, 10000 * US, 200);
	hedge_poll(&h, o, &l);
	CU_ASSERT_TRUE(hedge_is_sound(&h, o));
	bad = h;
	bad.is_on = 2;
	CU_ASSERT_FALSE(hedge_is_sound(&bad, o));
	bad = h;
	bad.gain_milli = 1001;
	CU_ASSERT_FALSE(hedge_is_sound(&bad, o));
	bad = h;
	bad.delay_max_ns = 0;
	CU_ASSERT_FALSE(hedge_is_sound(&bad, o));
	bad = h;
	quantile_clear(&bad.first);
	CU_ASSERT_FALSE(hedge_is_sound(&bad, o));
	bad = h;
	bad.first.down = 0;
	CU_ASSERT_FALSE(hedge_is_sound(&bad, o));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"off without knowledge", test_off_without_knowledge},
	        {"on where a tail can be cut", test_on_where_a_tail_can_be_cut},
	        {"on where attempts are lost", test_on_where_attempts_are_lost},
	        {"lower end of a gap", test_lower_end_of_gap},
	        {"off without a tail", test_off_without_tail},
	        {"switches", test_switches},
	        {"no time at all", test_no_time_at_all},
	        {"sound", test_sound},
	        {"hysteresis", test_hysteresis},
	        {"disabled, least delay", test_disabled_and_least_delay},
	};

	return SUITE_RUN("hedge", tests);
}
