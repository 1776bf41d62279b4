/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ring of frames, alone and between two threads (under thread sanitizer as well). Argument:
 * frames.
 */
#include "dataplane/wire/frame_ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

#define SLOTS     8u
#define FRAME_MAX 100u

static struct frame_ring ring;
static uint64_t frames_wanted = 300000;

static void fresh(void)
{
	static uint8_t memory[SLOTS * (FRAME_MAX + 16)] __attribute__((aligned(8)));

	CU_ASSERT_FATAL(frame_ring_bytes(SLOTS, FRAME_MAX) <= sizeof(memory));
	frame_ring_init(&ring, memory, SLOTS, FRAME_MAX);
}

static void test_in_order(void)
{
	uint8_t frame[FRAME_MAX];

	fresh();
	CU_ASSERT_EQUAL(frame_ring_count(&ring), 0);
	for (uint32_t round = 0; round < 3 * SLOTS; round++) {
		for (uint8_t i = 0; i < 3; i++) {
			memset(frame, (int)(round + i), sizeof(frame));
			CU_ASSERT(frame_ring_push(&ring, frame, 10u + i));
		}
		CU_ASSERT_EQUAL_FATAL(frame_ring_count(&ring), 3);
		for (uint8_t i = 0; i < 3; i++) {
			const struct frame_slot *s = frame_ring_at(&ring, i);

			CU_ASSERT_EQUAL(s->bytes, 10u + i);
			CU_ASSERT_EQUAL(s->data[0], (uint8_t)(round + i));
			CU_ASSERT_EQUAL(s->data[9 + i], (uint8_t)(round + i));
		}
		frame_ring_release(&ring, 3);
	}
	CU_ASSERT_EQUAL(frame_ring_count(&ring), 0);
	CU_ASSERT_EQUAL(frame_ring_dropped(&ring), 0);
}

static void test_full(void)
{
	const uint8_t frame[4] = {1, 2, 3, 4};

	fresh();
	for (uint32_t i = 0; i < SLOTS; i++)
		CU_ASSERT(frame_ring_push(&ring, frame, sizeof(frame)));
	CU_ASSERT_FALSE(frame_ring_push(&ring, frame, sizeof(frame)));
	CU_ASSERT_EQUAL(frame_ring_dropped(&ring), 1);
	CU_ASSERT_EQUAL(frame_ring_count(&ring), SLOTS);
	frame_ring_release(&ring, 1);
	CU_ASSERT(frame_ring_push(&ring, frame, sizeof(frame)));
	CU_ASSERT_FALSE(frame_ring_push(&ring, frame, sizeof(frame)));
	CU_ASSERT_EQUAL(frame_ring_dropped(&ring), 2);
}

static void test_too_long(void)
{
	static const uint8_t frame[FRAME_MAX + 16];

	fresh();
	CU_ASSERT(frame_ring_push(&ring, frame, FRAME_MAX));
	CU_ASSERT_FALSE(frame_ring_push(&ring, frame, sizeof(frame)));
	CU_ASSERT_EQUAL(frame_ring_count(&ring), 1);
	CU_ASSERT_EQUAL(frame_ring_dropped(&ring), 1);
}

static void *produce(void *unused)
{
	uint8_t frame[FRAME_MAX];

	for (uint64_t n = 0; n < frames_wanted;) {
		uint32_t bytes = 8 + (uint32_t)(n % (FRAME_MAX - 8));

		memset(frame, (int)n, sizeof(frame));
		memcpy(frame, &n, sizeof(n));
		if (frame_ring_push(&ring, frame, bytes))
			n++;
		else
			sched_yield();
	}
	return unused;
}

/* The frame with number n, every byte of it? */
static bool is_whole(const struct frame_slot *s, uint64_t n)
{
	uint64_t number;

	if (s->bytes != 8 + n % (FRAME_MAX - 8))
		return false;
	memcpy(&number, s->data, sizeof(number));
	for (uint32_t i = 8; i < s->bytes; i++)
		if (s->data[i] != (uint8_t)n)
			return false;
	return number == n;
}

static void test_between_threads(void)
{
	pthread_t producer;
	uint64_t n = 0;
	uint64_t wrong = 0;

	fresh();
	CU_ASSERT_EQUAL_FATAL(pthread_create(&producer, NULL, produce, NULL), 0);
	while (n < frames_wanted) {
		uint32_t count = frame_ring_count(&ring);

		for (uint32_t i = 0; i < count; i++)
			wrong += !is_whole(frame_ring_at(&ring, i), n + i);
		n += count;
		if (count != 0)
			frame_ring_release(&ring, count);
		else
			sched_yield();
	}
	pthread_join(producer, NULL);
	CU_ASSERT_EQUAL(n, frames_wanted);
	CU_ASSERT_EQUAL(wrong, 0);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"in order", test_in_order},
	        {"full", test_full},
	        {"too long", test_too_long},
	        {"between threads", test_between_threads},
	};

	if (argc > 1)
		frames_wanted = strtoull(argv[1], NULL, 10);
	return SUITE_RUN("frame ring", tests);
}
