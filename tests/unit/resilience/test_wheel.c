/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/wheel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define TIMERS 1000u
#define OUT    1024u

static struct wheel *w;
static uint32_t out[OUT];

static void make(uint64_t tick_ns, uint32_t moves_max, uint64_t now_ns)
{
	const struct wheel_options o = {
	        .timers = TIMERS, .moves_max = moves_max, .tick_ns = tick_ns};

	w = malloc(wheel_bytes(&o));
	CU_ASSERT_PTR_NOT_NULL_FATAL(w);
	CU_ASSERT_EQUAL_FATAL(wheel_init(w, wheel_bytes(&o), &o, now_ns), 0);
}

static void finish(void)
{
	CU_ASSERT_PTR_NULL(wheel_check(w));
	free(w);
}

static void test_options(void)
{
	const struct wheel_options none = {.timers = 0, .tick_ns = 1};
	const struct wheel_options many = {.timers = WHEEL_TIMERS_MAX + 1, .tick_ns = 1};
	const struct wheel_options still = {.timers = 1, .tick_ns = 0};
	const struct wheel_options good = {.timers = 3, .tick_ns = 1};
	_Alignas(16) static uint8_t memory[16384];

	CU_ASSERT_EQUAL(wheel_bytes(&none), 0);
	CU_ASSERT_EQUAL(wheel_bytes(&many), 0);
	CU_ASSERT_EQUAL(wheel_bytes(&still), 0);
	CU_ASSERT_EQUAL(wheel_bytes(&good),
	                sizeof(struct wheel) + (WHEEL_HEADS + 3) * sizeof(struct wheel_node));
	CU_ASSERT_EQUAL(wheel_init(memory, sizeof(memory), &none, 0), -EINVAL);
	CU_ASSERT_EQUAL(wheel_init(memory, wheel_bytes(&good) - 1, &good, 0), -EINVAL);
	CU_ASSERT_EQUAL(wheel_init(memory, wheel_bytes(&good), &good, 0), 0);
}

/* A deadline is rounded up to its tick: never early, late by less than a tick. */
static void test_never_early_one_tick_late(void)
{
	static const uint64_t ticks_ns[] = {1, 3, 1000, 1 << 20, 1000000007, 1ull << 62};

	for (uint32_t k = 0; k < sizeof(ticks_ns) / sizeof(ticks_ns[0]); k++) {
		uint64_t tick_ns = ticks_ns[k];

		for (uint64_t part = 0; part < 4; part++) {
			uint64_t deadline_ns = tick_ns + tick_ns * part / 4;
			uint64_t due_ns =
			        part == 0 || tick_ns * part / 4 == 0 ? tick_ns : 2 * tick_ns;

			make(tick_ns, 0, 0);
			wheel_arm(w, 7, deadline_ns);
			CU_ASSERT_EQUAL(wheel_next_due_ns(w), due_ns);
			CU_ASSERT_EQUAL(wheel_poll(w, due_ns - 1, out, OUT), 0);
			CU_ASSERT_TRUE(wheel_is_armed(w, 7));
			CU_ASSERT_EQUAL(wheel_poll(w, due_ns, out, OUT), 1);
			CU_ASSERT_EQUAL(out[0], 7);
			CU_ASSERT_FALSE(wheel_is_armed(w, 7));
			CU_ASSERT_EQUAL(wheel_next_due_ns(w), UINT64_MAX);
			finish();
		}
	}
}

static void test_arm_cancel_rearm(void)
{
	make(10, 0, 1000);
	CU_ASSERT_FALSE(wheel_cancel(w, 3));
	wheel_arm(w, 3, 2000);
	wheel_arm(w, 4, 2000);
	CU_ASSERT_EQUAL(wheel_count(w), 2);
	CU_ASSERT_TRUE(wheel_cancel(w, 3));
	CU_ASSERT_FALSE(wheel_cancel(w, 3));
	CU_ASSERT_EQUAL(wheel_count(w), 1);
	wheel_arm(w, 4, 5000); /* later */
	CU_ASSERT_EQUAL(wheel_poll(w, 4990, out, OUT), 0);
	wheel_arm(w, 4, 4995); /* sooner */
	CU_ASSERT_EQUAL(wheel_poll(w, 5000, out, OUT), 1);
	CU_ASSERT_EQUAL(out[0], 4);
	wheel_arm(w, 4, 6000);
	wheel_arm(w, 4, UINT64_MAX); /* no deadline */
	CU_ASSERT_FALSE(wheel_is_armed(w, 4));
	CU_ASSERT_EQUAL(wheel_count(w), 0);
	CU_ASSERT_EQUAL(wheel_poll(w, UINT64_MAX, out, OUT), 0);
	finish();
}

/* What has passed when it is armed comes with the next poll, at the same time even. */
static void test_past_deadlines(void)
{
	make(10, 0, 0);
	CU_ASSERT_EQUAL(wheel_poll(w, 57, out, OUT), 0);
	wheel_arm(w, 1, 41);
	wheel_arm(w, 2, 0);
	CU_ASSERT(wheel_next_due_ns(w) <= 57);
	CU_ASSERT_EQUAL(wheel_poll(w, 57, out, OUT), 2);
	CU_ASSERT_EQUAL(out[0], 1);
	CU_ASSERT_EQUAL(out[1], 2);
	finish();
}

/* By tick, and in the order of arming within one, also when they come down from other levels. */
static void test_order(void)
{
	make(1, 0, 0);
	wheel_arm(w, 10, 70000); /* level 2 */
	wheel_arm(w, 11, 70001);
	CU_ASSERT_EQUAL(wheel_poll(w, 69000, out, OUT), 0);
	wheel_arm(w, 12, 70000); /* level 1 */
	CU_ASSERT_EQUAL(wheel_poll(w, 69990, out, OUT), 0);
	wheel_arm(w, 13, 70000); /* level 0 */
	wheel_arm(w, 14, 69999);
	CU_ASSERT_EQUAL(wheel_poll(w, 80000, out, OUT), 5);
	for (uint32_t i = 0; i < 5; i++) {
		static const uint32_t expected[5] = {14, 10, 12, 13, 11};

		CU_ASSERT_EQUAL(out[i], expected[i]);
	}
	finish();
}

/* Never more than max; what is left comes next, and what is armed meanwhile behind it. */
static void test_bounded_poll(void)
{
	uint32_t count;
	uint32_t seen = 0;

	make(1, 0, 0);
	for (uint32_t i = 0; i < TIMERS; i++)
		wheel_arm(w, i, 100000 + i / 300);
	while ((count = wheel_poll(w, 200000, out, 7)) > 0) {
		CU_ASSERT(count <= 7);
		for (uint32_t i = 0; i < count; i++)
			CU_ASSERT_EQUAL(out[i], (seen + i) % TIMERS);
		seen += count;
		if (seen == 7)
			wheel_arm(w, 0, 100003);
		CU_ASSERT(wheel_next_due_ns(w) <= 200000 || wheel_count(w) == 0);
	}
	CU_ASSERT_EQUAL(seen, TIMERS + 1);
	CU_ASSERT_EQUAL(wheel_count(w), 0);
	CU_ASSERT_EQUAL(wheel_poll(w, 200000, out, 0), 0);
	finish();
}

/* A crowded slot above level 0 is moved down in pieces. Meanwhile timers of its time are armed,
 * cancelled and re-armed; order and count hold. */
static void test_bounded_moves(void)
{
	uint32_t polls = 0;
	uint32_t seen = 0;
	uint32_t last = 0;

	make(1, 10, 0);
	for (uint32_t i = 0; i < 500; i++)
		wheel_arm(w, i, 64 * 64 + (i / 100));
	for (; wheel_count(w) > 0; polls++) {
		uint32_t count = wheel_poll(w, 64 * 64 * 2 - 1, out, 64);

		CU_ASSERT_PTR_NULL_FATAL(wheel_check(w));
		if (polls == 3) {
			CU_ASSERT_EQUAL(seen + count, 0);
			wheel_arm(w, 500, 64 * 64);           /* behind 0..99 */
			wheel_arm(w, 501, 5);                 /* has passed: behind 500 */
			CU_ASSERT_TRUE(wheel_cancel(w, 5));   /* already below */
			CU_ASSERT_TRUE(wheel_cancel(w, 450)); /* not yet */
			wheel_arm(w, 6, 64 * 64);
			CU_ASSERT(wheel_next_due_ns(w) <= 64 * 64);
		}
		for (uint32_t i = 0; i < count; i++, seen++) {
			bool is_late = out[i] == 500 || out[i] == 501 || out[i] == 6;

			CU_ASSERT(out[i] != 5 && out[i] != 450);
			if (is_late)
				CU_ASSERT(last == 99 || last >= 500 || last == 6);
			CU_ASSERT(is_late || out[i] >= last || last >= 500 || last == 6);
			last = out[i];
		}
	}
	CU_ASSERT_EQUAL(seen, 500);
	CU_ASSERT(polls >= 50);
	CU_ASSERT_EQUAL(last, 499);
	finish();
}

static void test_far_and_jumps(void)
{
	static const uint64_t deadlines_ns[] = {
	        1,          63,         64,         4095,       4096,          1u << 31,
	        1ull << 40, 1ull << 59, 1ull << 60, 1ull << 63, UINT64_MAX - 1};
	const uint32_t count = sizeof(deadlines_ns) / sizeof(deadlines_ns[0]);

	make(1, 0, 0);
	for (uint32_t i = 0; i < count; i++)
		wheel_arm(w, i, deadlines_ns[count - 1 - i]);
	CU_ASSERT_EQUAL(wheel_poll(w, 1ull << 59, out, OUT), 8);
	CU_ASSERT_EQUAL(out[0], count - 1);
	CU_ASSERT_EQUAL(out[7], count - 8);
	CU_ASSERT_EQUAL(wheel_poll(w, 5, out, OUT), 0); /* backward */
	CU_ASSERT_EQUAL(wheel_poll(w, (1ull << 60) - 1, out, OUT), 0);
	CU_ASSERT_EQUAL(wheel_poll(w, UINT64_MAX - 1, out, OUT), 3);
	CU_ASSERT_EQUAL(wheel_count(w), 0);
	finish();
	/* Ticks so long that the last one never is over. */
	make(1ull << 63, 0, 0);
	wheel_arm(w, 0, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(wheel_next_due_ns(w), UINT64_MAX);
	CU_ASSERT_EQUAL(wheel_poll(w, UINT64_MAX, out, OUT), 0);
	CU_ASSERT_TRUE(wheel_cancel(w, 0));
	finish();
}

/* Following next_due leads to the deadline in at most one step per level, and never past it. */
static void test_next_due(void)
{
	uint64_t now_ns = 12345;
	uint32_t steps = 0;

	make(10, 0, now_ns);
	CU_ASSERT_EQUAL(wheel_next_due_ns(w), UINT64_MAX);
	wheel_arm(w, 0, 987654321987654321);
	while (wheel_count(w) > 0 && steps < 20) {
		uint64_t due_ns = wheel_next_due_ns(w);

		CU_ASSERT(due_ns > now_ns);
		CU_ASSERT(due_ns < 987654321987654321 + 10);
		now_ns = due_ns;
		wheel_poll(w, now_ns, out, OUT);
		steps++;
	}
	CU_ASSERT(now_ns >= 987654321987654321);
	CU_ASSERT(steps <= WHEEL_LEVELS);
	finish();
}

/* Plain bytes: a copy elsewhere goes on alike. */
static void test_moves_in_memory(void)
{
	const struct wheel_options o = {.timers = TIMERS, .moves_max = 5, .tick_ns = 10};
	static uint32_t other[OUT];

	make(10, 5, 0);
	for (uint32_t i = 0; i < TIMERS; i++)
		wheel_arm(w, i, (i * 7919) % 100000);
	wheel_poll(w, 30000, out, 13);
	struct wheel *copy = malloc(wheel_bytes(&o));

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, w, wheel_bytes(&o));
	for (uint64_t now_ns = 30000; now_ns < 200000; now_ns += 10) {
		uint32_t count = wheel_poll(w, now_ns, out, 13);

		CU_ASSERT_EQUAL_FATAL(wheel_poll(copy, now_ns, other, 13), count);
		CU_ASSERT_EQUAL(memcmp(out, other, count * sizeof(out[0])), 0);
	}
	CU_ASSERT_EQUAL(wheel_count(copy), 0);
	CU_ASSERT_EQUAL(memcmp(copy, w, wheel_bytes(&o)), 0);
	free(copy);
	finish();
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"never early, at most one tick late", test_never_early_one_tick_late},
	        {"arm, cancel, re-arm", test_arm_cancel_rearm},
	        {"past deadlines", test_past_deadlines},
	        {"order", test_order},
	        {"bounded poll", test_bounded_poll},
	        {"bounded moves", test_bounded_moves},
	        {"far deadlines and jumps", test_far_and_jumps},
	        {"next due", test_next_due},
	        {"moves in memory", test_moves_in_memory},
	};

	return SUITE_RUN("wheel", tests);
}
