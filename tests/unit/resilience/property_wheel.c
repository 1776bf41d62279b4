/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Property: a wheel under random arms, re-arms, cancels, polls and jumps of the clock does what a
 * sorted list does, in the same order.
 *
 * The model is a heap of (tick, order of arming, number), from which what was cancelled or re-armed
 * drops out when it comes up. Each seed draws its own tick, number of timers, bounds of a poll and
 * reach of deadlines; some also start near the end of time. After each poll: exactly the model's
 * first ones have come, none early, none held back unless by a bound; next_due is not late.
 *
 *     property_wheel [SEED [OPERATIONS [SEEDS]]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "resilience/prng.h"
#include "resilience/wheel.h"

#define OUT_MAX 256u

struct entry {
	uint64_t tick;
	uint64_t order;
	uint32_t id;
};

struct world {
	struct prng random;
	struct wheel *wheel;
	struct wheel_options options;
	uint64_t now_ns;
	uint32_t reach_bits; /* of deadlines and steps */
	uint64_t order;
	uint64_t *order_of; /* per number; 0: not armed */
	uint64_t *deadline_of;
	struct entry *heap;
	uint64_t heap_count;
	uint32_t armed;
	uint64_t fired;
	uint64_t bounded; /* polls that left something */
};

static bool is_before(const struct entry *a, const struct entry *b)
{
	return a->tick < b->tick || (a->tick == b->tick && a->order < b->order);
}

static void heap_push(struct world *x, struct entry e)
{
	uint64_t i = x->heap_count++;

	while (i > 0 && is_before(&e, &x->heap[(i - 1) / 2])) {
		x->heap[i] = x->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	x->heap[i] = e;
}

static void heap_pop(struct world *x)
{
	struct entry e = x->heap[--x->heap_count];
	uint64_t i = 0;

	for (uint64_t child; (child = 2 * i + 1) < x->heap_count; i = child) {
		if (child + 1 < x->heap_count && is_before(&x->heap[child + 1], &x->heap[child]))
			child++;
		if (!is_before(&x->heap[child], &e))
			break;
		x->heap[i] = x->heap[child];
	}
	x->heap[i] = e;
}

/* The model's first timer, or NULL. */
static const struct entry *model_first(struct world *x)
{
	while (x->heap_count > 0 && x->order_of[x->heap[0].id] != x->heap[0].order)
		heap_pop(x);
	return x->heap_count == 0 ? NULL : &x->heap[0];
}

/* 2^0 .. 2^bits, every power as likely. */
static uint64_t some(struct world *x, uint32_t bits)
{
	return prng_next(&x->random) >> (63 - prng_below(&x->random, bits + 1)) >> 1;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return b < UINT64_MAX - a ? a + b : UINT64_MAX;
}

static void do_arm(struct world *x, uint32_t id)
{
	uint64_t deadline_ns = later(x->now_ns, some(x, x->reach_bits));
	uint32_t kind = (uint32_t)prng_below(&x->random, 16);

	if (kind == 0) /* has passed */
		deadline_ns = x->now_ns - prng_below(&x->random, x->now_ns + 1) % 100000;
	if (kind == 1) /* on a boundary */
		deadline_ns = deadline_ns / x->options.tick_ns * x->options.tick_ns;
	x->armed -= x->order_of[id] != 0;
	x->order_of[id] = 0;
	wheel_arm(x->wheel, id, deadline_ns);
	if (deadline_ns == UINT64_MAX)
		return;
	uint64_t tick = deadline_ns / x->options.tick_ns + (deadline_ns % x->options.tick_ns != 0);

	tick = tick > x->wheel->present ? tick : x->wheel->present;
	x->order_of[id] = ++x->order;
	x->deadline_of[id] = deadline_ns;
	x->armed++;
	heap_push(x, (struct entry){tick, x->order, id});
}

static const char *do_cancel(struct world *x, uint32_t id)
{
	bool was_armed = x->order_of[id] != 0;

	x->armed -= was_armed;
	x->order_of[id] = 0;
	return wheel_cancel(x->wheel, id) == was_armed ? NULL : "cancel is wrong about it";
}

static const char *after_poll(struct world *x, uint32_t count, uint32_t max)
{
	const struct entry *first = model_first(x);
	bool is_left = first != NULL && first->tick <= x->now_ns / x->options.tick_ns;
	uint64_t due_ns = wheel_next_due_ns(x->wheel);

	x->bounded += is_left;
	if (is_left && count < max && x->options.moves_max == 0)
		return "a timer is late";
	if (is_left && due_ns > x->now_ns)
		return "next_due hides what is left";
	if (first == NULL)
		return due_ns == UINT64_MAX ? NULL : "next_due sees what is not there";
	return due_ns / x->options.tick_ns <= first->tick ? NULL : "next_due is late";
}

static const char *do_poll(struct world *x)
{
	static uint32_t out[OUT_MAX];
	uint32_t max = 1 + (uint32_t)prng_below(&x->random, OUT_MAX);
	uint32_t count = wheel_poll(x->wheel, x->now_ns, out, max);

	if (count > max)
		return "more than asked for";
	for (uint32_t i = 0; i < count; i++) {
		const struct entry *first = model_first(x);

		if (first == NULL || first->id != out[i])
			return "another timer was due first";
		if (first->tick > x->now_ns / x->options.tick_ns ||
		    x->deadline_of[out[i]] > x->now_ns)
			return "a timer is early";
		x->order_of[out[i]] = 0;
		x->armed--;
		x->fired++;
	}
	if (wheel_count(x->wheel) != x->armed)
		return "another number is armed";
	return after_poll(x, count, max);
}

/* Waits as an idle owner would, or for a random time. */
static void do_step(struct world *x)
{
	uint64_t due_ns = wheel_next_due_ns(x->wheel);

	if (prng_below(&x->random, 4) == 0 && due_ns != UINT64_MAX && due_ns > x->now_ns)
		x->now_ns = due_ns;
	else
		x->now_ns = later(x->now_ns, some(x, x->reach_bits - 6));
}

static const char *world_run(struct world *x, uint64_t operations)
{
	uint32_t polls_in_16 = 1 + (uint32_t)prng_below(&x->random, 4);
	const char *wrong = NULL;

	for (uint64_t i = 0; i < operations && wrong == NULL; i++) {
		uint32_t id = (uint32_t)prng_below(&x->random, x->options.timers);
		uint32_t what = (uint32_t)prng_below(&x->random, 16);

		if (what < polls_in_16) {
			do_step(x);
			wrong = do_poll(x);
		} else if (what < 12) {
			do_arm(x, id);
		} else {
			wrong = do_cancel(x, id);
		}
		if (wrong == NULL && (i % 65536 == 0 || i + 1 == operations))
			wrong = wheel_check(x->wheel);
	}
	return wrong;
}

static const char *seed_run(uint64_t seed, uint64_t operations)
{
	static const uint64_t ticks_ns[] = {1, 7, 64, 1000, 1 << 20, 999999937};
	struct world x = {.now_ns = 0};

	prng_init(&x.random, seed);
	x.options.tick_ns = ticks_ns[prng_below(&x.random, 6)];
	x.options.timers = 1u << (2 + seed % 4 * 5); /* 4, 128, 4096, 131072 */
	x.options.moves_max = seed % 3 == 0 ? 1 + (uint32_t)prng_below(&x.random, 300) : 0;
	x.reach_bits = 12 + (uint32_t)prng_below(&x.random, 46);
	x.now_ns = seed % 5 == 0 ? UINT64_MAX - (1ull << (x.reach_bits + 4))
	                         : prng_next(&x.random) >> 8;
	x.wheel = malloc(wheel_bytes(&x.options));
	x.order_of = calloc(x.options.timers, sizeof(*x.order_of));
	x.deadline_of = calloc(x.options.timers, sizeof(*x.deadline_of));
	x.heap = malloc((operations + 1) * sizeof(*x.heap));
	if (x.wheel == NULL || x.order_of == NULL || x.deadline_of == NULL || x.heap == NULL ||
	    wheel_init(x.wheel, wheel_bytes(&x.options), &x.options, x.now_ns) != 0)
		abort();
	const char *wrong = world_run(&x, operations);

	printf("seed %" PRIu64 ": %u timers, tick %" PRIu64 " ns, moves %u, reach 2^%u: %" PRIu64
	       " expired, %" PRIu64 " moved, %" PRIu64 " polls left some: %s\n",
	       seed, x.options.timers, x.options.tick_ns, x.options.moves_max, x.reach_bits,
	       x.fired, x.wheel->moves, x.bounded, wrong == NULL ? "as the model" : wrong);
	if (wrong != NULL)
		printf("again: property_wheel %" PRIu64 " %" PRIu64 " 1\n", seed, operations);
	free(x.wheel);
	free(x.order_of);
	free(x.deadline_of);
	free(x.heap);
	return wrong;
}

int main(int argc, char **argv)
{
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t operations = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
	uint64_t seeds = argc > 3 ? strtoull(argv[3], NULL, 10) : 20;
	uint32_t wrong = 0;

	for (uint64_t seed = first; seed < first + seeds; seed++)
		wrong += seed_run(seed, operations) != NULL;
	printf("%" PRIu64 " operations, %u wrong seeds\n", seeds * operations, wrong);
	return wrong == 0 ? 0 : 1;
}
