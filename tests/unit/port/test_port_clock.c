/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port clock: a device clock of any rate, read late by random amounts, is mapped closely; drift is
 * followed; steps start anew. usage: test_port_port_clock [SEED [COUNT]]
 */
#include "dataplane/port/port_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define START_NS 1692662400000000000ull
#define POLL_NS  250000000ull

static uint64_t seed = 1;
static uint64_t seeds = 200;

/* A clock that shows start at START_NS and has ticks_per_s. */
struct device {
	uint64_t start;
	double ticks_per_s;
};

static uint64_t device_ticks(const struct device *d, uint64_t now_ns)
{
	return d->start + (uint64_t)((double)(now_ns - START_NS) * d->ticks_per_s / 1e9);
}

/* The device is read up to delay_max_ns after now. */
static void observe(struct port_clock *c, const struct device *d, struct prng *p, uint64_t now_ns,
                    uint64_t delay_max_ns)
{
	port_clock_on_read(c, now_ns, device_ticks(d, now_ns + prng_below(p, delay_max_ns + 1)));
}

static int64_t error_ns(const struct port_clock *c, const struct device *d, uint64_t now_ns)
{
	return (int64_t)(port_clock_time_ns(&c->map, device_ticks(d, now_ns)) - now_ns);
}

static void nothing_is_mapped_before_the_first_rate(void)
{
	const struct device d = {5, 1e9};
	struct port_clock c;
	struct prng p;

	prng_init(&p, seed);
	port_clock_init(&c);
	CU_ASSERT_FALSE(port_clock_is_known(&c.map));
	for (uint64_t t = 0; t < PORT_CLOCK_STRETCH_FIRST_NS; t += POLL_NS) {
		observe(&c, &d, &p, START_NS + t, 0);
		CU_ASSERT_FALSE(port_clock_is_known(&c.map));
	}
	observe(&c, &d, &p, START_NS + PORT_CLOCK_STRETCH_FIRST_NS, 0);
	CU_ASSERT_TRUE(port_clock_is_known(&c.map));
	CU_ASSERT_EQUAL(port_clock_time_ns(&c.map, 5), START_NS);
	/* before and after */
	CU_ASSERT_EQUAL(port_clock_time_ns(&c.map, 6), START_NS + 1);
	CU_ASSERT_EQUAL(port_clock_time_ns(&c.map, 4), START_NS - 1);
}

static uint64_t bound_ns(uint64_t t)
{
	if (t < 4000000000ull)
		return 100000;
	return t < 20000000000ull ? 40000 : 20000;
}

/* Any rate from 1 MHz to 4 GHz, readings late by up to 20 us: never further off than that after
 * 20 s, and never wild. */
static void random_clocks_are_mapped_closely(void)
{
	for (uint64_t s = seed; s < seed + seeds; s++) {
		struct port_clock c;
		struct prng p;

		prng_init(&p, s);
		const struct device d = {prng_next(&p) >> 8,
		                         1e6 + (double)prng_below(&p, 4000000000)};
		uint64_t t = 0;

		port_clock_init(&c);
		for (; t < 120000000000ull; t += POLL_NS + prng_below(&p, 1000000)) {
			observe(&c, &d, &p, START_NS + t, 20000);
			if (!port_clock_is_known(&c.map))
				continue;
			int64_t e = error_ns(&c, &d, START_NS + t);

			if ((uint64_t)llabs(e) > bound_ns(t)) {
				printf("seed %" PRIu64 ", %" PRIu64 " ns: %" PRId64 " ns off\n", s,
				       t, e);
				CU_FAIL("off");
				return;
			}
		}
		CU_ASSERT_EQUAL(c.restarts, 0);
	}
}

/* 50 parts per million, then minus 50: no oscillator of a NIC changes that much at once. */
static void drift_is_followed(void)
{
	struct device d = {1000, 1e9 * (1 + 50e-6)};
	struct port_clock c;
	struct prng p;
	uint64_t now_ns = START_NS;

	prng_init(&p, seed);
	port_clock_init(&c);
	for (; now_ns < START_NS + 60000000000ull; now_ns += POLL_NS)
		observe(&c, &d, &p, now_ns, 2000);
	CU_ASSERT_TRUE(llabs(error_ns(&c, &d, now_ns)) < 5000);
	d.start = device_ticks(&d, now_ns);
	d.ticks_per_s = 1e9 * (1 - 50e-6);
	uint64_t turn_ns = now_ns;

	for (; now_ns < turn_ns + 60000000000ull; now_ns += POLL_NS)
		port_clock_on_read(&c, now_ns, device_ticks(&d, now_ns - turn_ns + START_NS));
	int64_t e = (int64_t)(port_clock_time_ns(&c.map,
	                                         device_ticks(&d, now_ns - turn_ns + START_NS)) -
	                      now_ns);

	CU_ASSERT_TRUE(llabs(e) < 20000);
	CU_ASSERT_EQUAL(c.restarts, 0);
}

static void a_step_starts_anew(void)
{
	const struct device d = {1000, 1e9};
	struct port_clock c;
	struct prng p;
	uint64_t now_ns = START_NS;

	prng_init(&p, seed);
	port_clock_init(&c);
	for (; now_ns < START_NS + 3000000000ull; now_ns += POLL_NS)
		observe(&c, &d, &p, now_ns, 0);
	/* The engine's clock is set back by a second, then forward: the device's goes on. */
	port_clock_on_read(&c, now_ns - 1000000000, device_ticks(&d, now_ns));
	CU_ASSERT_FALSE(port_clock_is_known(&c.map));
	CU_ASSERT_EQUAL(c.restarts, 1);
	port_clock_on_read(&c, now_ns + POLL_NS - 1000000000, device_ticks(&d, now_ns + POLL_NS));
	port_clock_on_read(&c, now_ns + 8 * POLL_NS - 1000000000,
	                   device_ticks(&d, now_ns + 8 * POLL_NS));
	CU_ASSERT_TRUE(port_clock_is_known(&c.map));
	CU_ASSERT_EQUAL(port_clock_time_ns(&c.map, device_ticks(&d, now_ns)), now_ns - 1000000000);
}

static void clocks_that_stand_or_run_back_map_nothing(void)
{
	struct port_clock c;

	port_clock_init(&c);
	for (uint64_t t = 0; t < 10; t++)
		port_clock_on_read(&c, START_NS + t * 1000000000, 77);
	CU_ASSERT_FALSE(port_clock_is_known(&c.map));
	for (uint64_t t = 0; t < 10; t++)
		port_clock_on_read(&c, START_NS + t * 1000000000, 77 - t);
	CU_ASSERT_FALSE(port_clock_is_known(&c.map));
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"nothing is mapped before the first rate",
	         nothing_is_mapped_before_the_first_rate},
	        {"random clocks are mapped closely", random_clocks_are_mapped_closely},
	        {"drift is followed", drift_is_followed},
	        {"a step starts anew", a_step_starts_anew},
	        {"clocks that stand or run back map nothing",
	         clocks_that_stand_or_run_back_map_nothing},
	};

	seed = argc > 1 ? strtoull(argv[1], NULL, 10) : seed;
	seeds = argc > 2 ? strtoull(argv[2], NULL, 10) : seeds;
	printf("seeds %" PRIu64 " to %" PRIu64 "\n", seed, seed + seeds - 1);
	return SUITE_RUN("port_clock", tests);
}
