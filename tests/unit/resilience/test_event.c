/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/event.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

#define CAPACITY 8u

static struct event memory[CAPACITY];
static struct event_ring ring;

static void push(uint64_t number)
{
	const struct event e = {.time_ns = number, .subject = (uint32_t)number, .kind = EVENT_MODE};

	event_push(&ring, &e);
}

static void fresh(void)
{
	CU_ASSERT_EQUAL_FATAL(event_ring_init(&ring, memory, CAPACITY), 0);
}

static void capacities(void)
{
	struct event_ring r;

	CU_ASSERT_EQUAL(event_ring_init(&r, memory, 0), -EINVAL);
	CU_ASSERT_EQUAL(event_ring_init(&r, memory, 3), -EINVAL);
	CU_ASSERT_EQUAL(event_ring_init(&r, memory, 12), -EINVAL);
	CU_ASSERT_EQUAL(event_ring_init(&r, NULL, 8), -EINVAL);
	CU_ASSERT_EQUAL(event_ring_init(&r, memory, 1), 0);
	CU_ASSERT_EQUAL(event_ring_init(&r, memory, 8), 0);
}

static void read_in_order(void)
{
	struct event out[CAPACITY];
	uint64_t position = 0;
	uint64_t missed = 99;

	fresh();
	CU_ASSERT_EQUAL(event_read(&ring, &position, out, CAPACITY, &missed), 0);
	CU_ASSERT_EQUAL(missed, 0);
	for (uint64_t i = 0; i < 5; i++)
		push(i);
	CU_ASSERT_EQUAL(event_read(&ring, &position, out, 3, &missed), 3);
	CU_ASSERT_EQUAL(missed, 0);
	CU_ASSERT_EQUAL(position, 3);
	for (uint64_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(out[i].time_ns, i);
	CU_ASSERT_EQUAL(event_read(&ring, &position, out, 3, NULL), 2);
	CU_ASSERT_EQUAL(out[0].time_ns, 3);
	CU_ASSERT_EQUAL(out[1].subject, 4);
	CU_ASSERT_EQUAL(event_read(&ring, &position, out, 3, NULL), 0);
}

static void the_oldest_are_overwritten(void)
{
	struct event out[CAPACITY];
	uint64_t position = 0;
	uint64_t missed = 0;

	fresh();
	for (uint64_t i = 0; i < CAPACITY; i++)
		push(i);
	CU_ASSERT_EQUAL(event_read(&ring, &position, out, 1, &missed), 1);
	CU_ASSERT_EQUAL(missed, 0);
	CU_ASSERT_EQUAL(out[0].time_ns, 0);
	for (uint64_t i = CAPACITY; i < 3 * CAPACITY; i++)
		push(i);
	/* 24 were pushed, 16 to 23 are there; this reader had passed one. */
	CU_ASSERT_EQUAL(event_read(&ring, &position, out, CAPACITY, &missed), CAPACITY);
	CU_ASSERT_EQUAL(missed, 15);
	for (uint64_t i = 0; i < CAPACITY; i++)
		CU_ASSERT_EQUAL(out[i].time_ns, 16 + i);
	CU_ASSERT_EQUAL(position, 24);
}

/* Two readers, whatever they do: what one reads and what it missed are all there was, in order. */
static void nothing_is_lost_unsaid(void)
{
	uint64_t position[2] = {0};
	uint64_t told[2] = {0};
	uint64_t number = 0;
	uint64_t dice = 1;

	fresh();
	for (uint32_t i = 0; i < 20000; i++) {
		dice = dice * 6364136223846793005ull + 1442695040888963407ull;
		for (uint64_t k = dice >> 60; k > 0; k--)
			push(number++);
		struct event out[CAPACITY];
		uint32_t who = dice >> 40 & 1;
		uint64_t missed = 0;
		uint32_t count = (uint32_t)(dice >> 50 & 7);
		uint32_t got = event_read(&ring, &position[who], out, count, &missed);

		CU_ASSERT_FATAL(got <= count);
		for (uint32_t k = 0; k < got; k++)
			CU_ASSERT_EQUAL_FATAL(out[k].time_ns, told[who] + missed + k);
		told[who] += missed + got;
		CU_ASSERT_EQUAL_FATAL(told[who], position[who]);
	}
	CU_ASSERT_EQUAL(ring.head, number);
}

static void nobody_wants_to_know(void)
{
	const struct event e = {.time_ns = 1};
	uint64_t before = ring.head;

	event_push(NULL, &e);
	CU_ASSERT_EQUAL(ring.head, before);
}

static void every_kind_has_its_own_name(void)
{
	for (unsigned a = 0; a < EVENT_KINDS; a++)
		for (unsigned b = 0; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(event_kind_name((enum event_kind)a),
			                           event_kind_name((enum event_kind)b));
	CU_ASSERT_STRING_EQUAL(event_kind_name(EVENT_BREAKER), "breaker");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"capacities are powers of two", capacities},
	        {"read in order", read_in_order},
	        {"the oldest are overwritten", the_oldest_are_overwritten},
	        {"nothing is lost unsaid", nothing_is_lost_unsaid},
	        {"without a ring nothing happens", nobody_wants_to_know},
	        {"every kind has its own name", every_kind_has_its_own_name},
	};

	return SUITE_RUN("event", tests);
}
