/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/throttle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/event.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

static uint64_t seed = 1;

static const struct throttle_options at_once = {0, 0, true};
static const struct throttle_options ramped = {1000, 500, true};

/* Of any run of requests, not only of those from the start, floor or ceiling of the fraction. */
static void check_fraction(uint32_t ppm)
{
	enum { REQUESTS = 3000 };
	static uint32_t admitted[REQUESTS + 1];
	static const uint32_t lengths[] = {1, 2, 3, 7, 10, 100, 999, 2500};
	struct throttle t;
	uint64_t wrong = 0;

	throttle_init(&t);
	throttle_set_target(&t, &at_once, WORK_NORMAL, ppm, 5);
	for (uint32_t i = 0; i < REQUESTS; i++)
		admitted[i + 1] = admitted[i] + throttle_admit(&t, WORK_NORMAL);
	for (uint32_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
		uint64_t n = lengths[k];
		uint64_t floor = n * ppm / THROTTLE_ONE;
		uint64_t ceiling = (n * ppm + THROTTLE_ONE - 1) / THROTTLE_ONE;

		for (uint32_t i = 0; i + n <= REQUESTS; i++) {
			uint64_t got = admitted[i + n] - admitted[i];

			wrong += got < floor || got > ceiling;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(t.class[WORK_NORMAL].admitted, admitted[REQUESTS]);
	CU_ASSERT_EQUAL(t.class[WORK_NORMAL].admitted + t.class[WORK_NORMAL].rejected, REQUESTS);
}

static void test_exact_fraction(void)
{
	static const uint32_t some[] = {0, 1, 333333, 500000, 700000, 800000, 999999, 1000000};
	struct prng p;

	for (uint32_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		check_fraction(some[i]);
	printf(" seed %llu ", (unsigned long long)seed);
	prng_init(&p, seed);
	for (uint32_t i = 0; i < 100; i++)
		check_fraction((uint32_t)prng_below(&p, THROTTLE_ONE + 1));
}

static void test_ramp(void)
{
	struct throttle t;
	struct throttle_class *c = &t.class[WORK_BACKGROUND];

	throttle_init(&t);
	throttle_set_target(&t, &ramped, WORK_BACKGROUND, 200000, 100);
	CU_ASSERT_EQUAL(c->fraction_ppm, 1000000);
	CU_ASSERT(throttle_is_ramping(&t));
	throttle_poll(&t, &ramped, 350); /* half of full scale */
	CU_ASSERT_EQUAL(c->fraction_ppm, 500000);
	throttle_poll(&t, &ramped, 499);
	CU_ASSERT_EQUAL(c->fraction_ppm, 202000);
	throttle_poll(&t, &ramped, 500);
	CU_ASSERT_EQUAL(c->fraction_ppm, 200000);
	CU_ASSERT(!throttle_is_ramping(&t));
	/* Up, slower; turned round on the way: from where it is. */
	throttle_set_target(&t, &ramped, WORK_BACKGROUND, 1000000, 1000);
	throttle_poll(&t, &ramped, 1300);
	CU_ASSERT_EQUAL(c->fraction_ppm, 500000);
	throttle_set_target(&t, &ramped, WORK_BACKGROUND, 0, 1400);
	CU_ASSERT_EQUAL(c->fraction_ppm, 600000);
	throttle_poll(&t, &ramped, 1500);
	CU_ASSERT_EQUAL(c->fraction_ppm, 400000);
	throttle_poll(&t, &ramped, UINT64_MAX);
	CU_ASSERT_EQUAL(c->fraction_ppm, 0);
	CU_ASSERT_EQUAL(t.class[WORK_NORMAL].fraction_ppm, 1000000);
}

/* Where a ramp is depends on the time only, not on who looked when. */
static void test_ramp_is_of_time_alone(void)
{
	struct throttle a;
	struct throttle b;
	struct prng p;
	uint64_t now_ns = 0;

	prng_init(&p, seed);
	throttle_init(&a);
	throttle_init(&b);
	for (uint32_t i = 0; i < 20000; i++) {
		now_ns += prng_below(&p, 40);
		if (prng_below(&p, 20) == 0) {
			uint32_t ppm = (uint32_t)prng_below(&p, THROTTLE_ONE + 1);

			throttle_set_target(&a, &ramped, WORK_NORMAL, ppm, now_ns);
			throttle_set_target(&b, &ramped, WORK_NORMAL, ppm, now_ns);
		}
		throttle_poll(&a, &ramped, now_ns);
		if (prng_below(&p, 3) == 0) {
			throttle_poll(&b, &ramped, now_ns);
			if (a.class[WORK_NORMAL].fraction_ppm != b.class[WORK_NORMAL].fraction_ppm)
				CU_FAIL("differ");
		}
	}
}

/* Over a ramp: the sum of the fractions asked at, within one. */
static void test_sum_over_ramps(void)
{
	struct throttle t;
	struct prng p;
	uint64_t sum_ppm = THROTTLE_ONE / 2;
	uint64_t now_ns = 0;

	prng_init(&p, seed + 1);
	throttle_init(&t);
	for (uint32_t i = 0; i < 100000; i++) {
		now_ns += prng_below(&p, 10);
		if (prng_below(&p, 500) == 0)
			throttle_set_target(&t, &ramped, WORK_NORMAL,
			                    (uint32_t)prng_below(&p, THROTTLE_ONE + 1), now_ns);
		throttle_poll(&t, &ramped, now_ns);
		sum_ppm += t.class[WORK_NORMAL].fraction_ppm;
		(void)throttle_admit(&t, WORK_NORMAL);
		if (t.class[WORK_NORMAL].admitted != sum_ppm / THROTTLE_ONE) {
			CU_FAIL("not the sum");
			break;
		}
	}
}

static void test_modes(void)
{
	struct throttle t;

	throttle_init(&t);
	for (uint32_t id = 0; id < MODE_COUNT; id++) {
		throttle_set_mode(&t, &at_once, &mode_policy_standard, (enum mode_id)id, id);
		for (uint32_t c = 0; c < WORK_CLASSES; c++)
			CU_ASSERT_EQUAL(t.class[c].fraction_ppm,
			                mode_policy_standard.mode[id].class[c].admit_ppm);
		/* Critical work is never throttled by the standard policy. */
		for (uint32_t i = 0; i < 100; i++)
			CU_ASSERT(throttle_admit(&t, WORK_CRITICAL));
	}
	CU_ASSERT(!throttle_admit(&t, WORK_NORMAL)); /* EMERGENCY */

	/* Unless a policy says so. */
	struct mode_policy strict = mode_policy_standard;

	for (uint32_t c = 0; c < WORK_CLASSES; c++)
		strict.mode[MODE_EMERGENCY].class[c].admit_ppm = 0;
	CU_ASSERT_PTR_NULL(mode_policy_check(&strict));
	throttle_set_mode(&t, &at_once, &strict, MODE_EMERGENCY, 99);
	CU_ASSERT(!throttle_admit(&t, WORK_CRITICAL));
}

static void test_disabled(void)
{
	const struct throttle_options off = {.ramp_up_ns = 10, .ramp_down_ns = 10};
	struct throttle t;

	throttle_init(&t);
	throttle_set_mode(&t, &off, &mode_policy_standard, MODE_EMERGENCY, 1000);
	throttle_poll(&t, &off, 2000);
	for (uint32_t c = 0; c < WORK_CLASSES; c++)
		for (uint32_t i = 0; i < 1000; i++)
			if (!throttle_admit(&t, (enum work_class)c))
				CU_FAIL("rejected");
}

static void test_long_ramp(void)
{
	const struct throttle_options years = {UINT64_MAX / 2, UINT64_MAX / 2, true};
	struct throttle t;

	throttle_init(&t);
	throttle_set_target(&t, &years, WORK_NORMAL, 0, 0);
	throttle_poll(&t, &years, UINT64_MAX / 4);
	CU_ASSERT(t.class[WORK_NORMAL].fraction_ppm <= 500001);
	CU_ASSERT(t.class[WORK_NORMAL].fraction_ppm >= 499999);
}

static struct event memory[64];
static struct event_ring ring = {.events = memory, .mask = 63};

static void set_and_tell(struct throttle *t, const struct throttle_options *o, uint32_t ppm,
                         uint64_t now_ns)
{
	const struct throttle before = *t;

	throttle_set_target(t, o, WORK_NORMAL, ppm, now_ns);
	throttle_push_events(t, &before, 7, now_ns, &ring);
}

static void poll_and_tell(struct throttle *t, const struct throttle_options *o, uint64_t now_ns)
{
	const struct throttle before = *t;

	throttle_poll(t, o, now_ns);
	throttle_push_events(t, &before, 7, now_ns, &ring);
}

static void check_event(uint64_t position, uint64_t time_ns, enum throttle_event why,
                        uint32_t to_ppm, uint32_t from_ppm)
{
	const struct event *e = &memory[position];

	CU_ASSERT_EQUAL(ring.head, position + 1);
	CU_ASSERT_EQUAL(e->time_ns, time_ns);
	CU_ASSERT_EQUAL(e->kind, EVENT_THROTTLE);
	CU_ASSERT_EQUAL(e->subject, 7);
	CU_ASSERT_EQUAL(e->from, WORK_NORMAL);
	CU_ASSERT_EQUAL(e->to, WORK_NORMAL);
	CU_ASSERT_EQUAL(e->reason, why);
	CU_ASSERT_EQUAL(e->value, to_ppm);
	CU_ASSERT_EQUAL(e->detail, from_ppm);
}

static void test_events(void)
{
	const struct throttle_options ramp = {1000, 1000, true};
	struct throttle t;

	ring.head = 0;
	throttle_init(&t);
	set_and_tell(&t, &ramp, THROTTLE_ONE, 5); /* as it is */
	CU_ASSERT_EQUAL(ring.head, 0);
	set_and_tell(&t, &ramp, 500000, 1000);
	check_event(0, 1000, THROTTLE_BEGINS, 500000, THROTTLE_ONE);
	for (uint64_t now_ns = 1001; now_ns < 1500; now_ns += 7)
		poll_and_tell(&t, &ramp, now_ns);
	CU_ASSERT_EQUAL(ring.head, 1); /* no steps */
	poll_and_tell(&t, &ramp, 1500);
	check_event(1, 1500, THROTTLE_ENDS, 500000, THROTTLE_ONE);
	poll_and_tell(&t, &ramp, 1600);
	CU_ASSERT_EQUAL(ring.head, 2);
	/* Turned round on its way. */
	set_and_tell(&t, &ramp, 0, 2000);
	check_event(2, 2000, THROTTLE_BEGINS, 0, 500000);
	poll_and_tell(&t, &ramp, 2100);
	set_and_tell(&t, &ramp, THROTTLE_ONE, 2200);
	check_event(3, 2200, THROTTLE_BEGINS, THROTTLE_ONE, 300000);
	poll_and_tell(&t, &ramp, 9000);
	check_event(4, 9000, THROTTLE_ENDS, THROTTLE_ONE, 300000);
	/* At once. */
	set_and_tell(&t, &at_once, 200000, 9001);
	check_event(5, 9001, THROTTLE_ENDS, 200000, THROTTLE_ONE);
	poll_and_tell(&t, &at_once, 9002);
	CU_ASSERT_EQUAL(ring.head, 6);
}

/* Bytes from anywhere, and sound ones with some bits turned: either refused, or they go on. */
static void test_saved_bytes(void)
{
	const struct throttle_options ramp = {1000, 3000, true};
	struct prng random;
	uint32_t sound = 0;

	prng_init(&random, seed);
	for (uint32_t round = 0; round < 100000; round++) {
		struct throttle t;
		uint64_t now_ns = prng_next(&random) >> prng_below(&random, 64);
		uint64_t flips = 1 + prng_below(&random, 4);

		throttle_init(&t);
		throttle_set_target(&t, &ramp, WORK_NORMAL, (uint32_t)prng_below(&random, 1000001),
		                    prng_below(&random, 3000));
		throttle_poll(&t, &ramp, 3000 + prng_below(&random, 3000));
		CU_ASSERT_TRUE_FATAL(throttle_is_sound(&t));
		if (round % 8 == 0)
			flips = 8 * sizeof(t);
		for (uint64_t i = 0; i < flips; i++)
			((uint8_t *)&t)[prng_below(&random, sizeof(t))] ^=
			        (uint8_t)(1u << prng_below(&random, 8));
		if (!throttle_is_sound(&t))
			continue;
		sound++;
		throttle_resume(&t, now_ns);
		throttle_poll(&t, &ramp, now_ns);
		for (uint32_t c = 0; c < WORK_CLASSES; c++)
			(void)throttle_admit(&t, (enum work_class)c);
		throttle_set_mode(&t, &ramp, &mode_policy_standard, MODE_EMERGENCY, now_ns);
		throttle_poll(&t, &ramp, UINT64_MAX);
		CU_ASSERT_TRUE_FATAL(throttle_is_sound(&t));
		CU_ASSERT_FALSE(throttle_is_ramping(&t));
	}
	CU_ASSERT(sound > 1000);
	CU_ASSERT(sound < 99000);
}

static const struct suite_test tests[] = {
        {"exactly the fraction, of every run", test_exact_fraction},
        {"ramps", test_ramp},
        {"a ramp depends on the time alone", test_ramp_is_of_time_alone},
        {"over ramps, the sum of the fractions", test_sum_over_ramps},
        {"modes and policies", test_modes},
        {"disabled", test_disabled},
        {"a ramp of centuries", test_long_ramp},
        {"events", test_events},
        {"saved bytes", test_saved_bytes},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	return SUITE_RUN("throttle", tests);
}
