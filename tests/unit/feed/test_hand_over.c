/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ring between two receivers: order, wrapping, fullness; and one giver and one taker on threads
 * of their own, every byte checked. To be run under thread sanitizer as well. Arguments: items,
 * seed.
 */
#include "dataplane/feed/hand_over.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define RING_BYTES HAND_OVER_BYTES_MIN

static uint64_t items_wanted = 2000000;
static uint64_t seed = 1;
static alignas(64) uint8_t ring[RING_BYTES];
static struct hand_over h;

static void fresh(void)
{
	memset(ring, 0xa5, sizeof(ring));
	CU_ASSERT_EQUAL(hand_over_init(&h, ring, sizeof(ring)), 0);
}

static bool put(uint64_t number, uint32_t bytes)
{
	static uint8_t payload[HAND_OVER_ITEM_MAX];
	const struct hand_over_item item = {.time_ns = number,
	                                    .bytes = bytes,
	                                    .feed = (uint8_t)(number % 7),
	                                    .line = (uint8_t)(number % 3),
	                                    .time_source = (uint8_t)(number % 4)};

	memset(payload, (int)(number & 0xff), bytes);
	return hand_over_put(&h, &item, payload);
}

static bool is_item(const struct hand_over_item *i, uint64_t number)
{
	const uint8_t *payload = (const uint8_t *)(i + 1);

	if (i->time_ns != number || i->feed != number % 7 || i->line != number % 3 ||
	    i->time_source != number % 4)
		return false;
	for (uint32_t k = 0; k < i->bytes; k++)
		if (payload[k] != (number & 0xff))
			return false;
	return true;
}

static void test_sizes(void)
{
	CU_ASSERT_EQUAL(hand_over_init(&h, ring, RING_BYTES - 8), -EINVAL);
	CU_ASSERT_EQUAL(hand_over_init(&h, ring, RING_BYTES + 4), -EINVAL);
	CU_ASSERT_EQUAL(hand_over_init(&h, NULL, RING_BYTES), -EINVAL);
}

static void test_nothing_is_seen_before_it_is_published(void)
{
	fresh();
	CU_ASSERT_FALSE(hand_over_look(&h));
	CU_ASSERT_TRUE(put(0, 60));
	CU_ASSERT_TRUE(put(1, 0));
	CU_ASSERT_FALSE(hand_over_look(&h));
	CU_ASSERT_PTR_NULL(hand_over_front(&h));
	hand_over_publish(&h);
	CU_ASSERT_PTR_NULL(hand_over_take(&h)); /* it has not looked */
	CU_ASSERT_TRUE(hand_over_look(&h));
	CU_ASSERT_EQUAL(hand_over_waiting_bytes(&h), 16 + 64 + 16);
	CU_ASSERT_TRUE(is_item(hand_over_front(&h), 0));
	CU_ASSERT_TRUE(is_item(hand_over_take(&h), 0));
	CU_ASSERT_TRUE(is_item(hand_over_take(&h), 1));
	CU_ASSERT_PTR_NULL(hand_over_take(&h));
	CU_ASSERT_EQUAL(hand_over_waiting_bytes(&h), 0);
}

static void test_a_full_ring_refuses_until_room_is_given_back(void)
{
	uint64_t count = 0;

	fresh();
	while (put(count, 112)) /* 128 bytes each */
		count++;
	CU_ASSERT_EQUAL(count, RING_BYTES / 128);
	CU_ASSERT_FALSE(put(count, 0));
	hand_over_publish(&h);
	CU_ASSERT_TRUE(hand_over_look(&h));
	CU_ASSERT_TRUE(is_item(hand_over_take(&h), 0));
	CU_ASSERT_FALSE(put(count, 112)); /* taken, but still being read */
	hand_over_release(&h);
	CU_ASSERT_FALSE(put(count, 113));
	CU_ASSERT_TRUE(put(count, 112));
	hand_over_publish(&h);
	hand_over_look(&h);
	for (uint64_t i = 1; i <= count; i++)
		CU_ASSERT_TRUE(is_item(hand_over_take(&h), i));
	CU_ASSERT_PTR_NULL(hand_over_take(&h));
}

/* Every length of the rest at the ring's end, too short for a header included. */
static void test_items_are_never_cut(void)
{
	for (uint32_t rest = 0; rest <= 256; rest += 8) {
		uint64_t number = 0;
		uint64_t left = RING_BYTES - rest;

		fresh();
		for (; left >= 65536; left -= 32768) {
			CU_ASSERT_TRUE(put(number++, 32768 - 16));
			hand_over_publish(&h);
			hand_over_look(&h);
			CU_ASSERT_TRUE(is_item(hand_over_take(&h), number - 1));
			hand_over_release(&h);
		}
		CU_ASSERT_TRUE(put(number++, (uint32_t)left - 16));
		CU_ASSERT_TRUE(put(number++, 200)); /* behind it, or at the beginning */
		CU_ASSERT_TRUE(put(number++, HAND_OVER_ITEM_MAX));
		hand_over_publish(&h);
		CU_ASSERT_TRUE(hand_over_look(&h));
		for (uint64_t i = 3; i > 0; i--)
			CU_ASSERT_TRUE(is_item(hand_over_take(&h), number - i));
		CU_ASSERT_PTR_NULL(hand_over_take(&h));
	}
}

struct taker {
	pthread_t thread;
	uint64_t taken;
	uint64_t wrong;
};

static void *take_all(void *argument)
{
	struct taker *t = argument;
	struct prng p;

	prng_init(&p, seed + 1);
	while (t->taken < items_wanted) {
		const struct hand_over_item *i;
		uint64_t budget = 1 + prng_below(&p, 64);

		if (!hand_over_look(&h))
			sched_yield();
		for (; budget > 0 && (i = hand_over_take(&h)) != NULL; budget--)
			t->wrong += !is_item(i, t->taken++);
		hand_over_release(&h);
	}
	return NULL;
}

static void test_threads(void)
{
	struct taker t = {0};
	struct prng p;
	uint64_t refused = 0;
	uint64_t number = 0;

	fresh();
	prng_init(&p, seed);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t.thread, NULL, take_all, &t), 0);
	while (number < items_wanted) {
		uint64_t burst = 1 + prng_below(&p, 64);

		for (; burst > 0 && number < items_wanted; burst--) {
			bool is_long = prng_chance_ppm(&p, 500);
			uint32_t bytes = (uint32_t)prng_below(&p, is_long ? 60000 : 100);

			if (!put(number, bytes)) {
				refused++;
				sched_yield();
				break;
			}
			number++;
		}
		hand_over_publish(&h);
	}
	pthread_join(t.thread, NULL);
	printf(" seed %" PRIu64 ": %" PRIu64 " items, refused %" PRIu64 " times ", seed, t.taken,
	       refused);
	CU_ASSERT_EQUAL(t.wrong, 0);
	CU_ASSERT_EQUAL(t.taken, items_wanted);
	CU_ASSERT_FALSE(hand_over_look(&h));
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"sizes", test_sizes},
	        {"nothing is seen before it is published",
	         test_nothing_is_seen_before_it_is_published},
	        {"a full ring refuses until room is given back",
	         test_a_full_ring_refuses_until_room_is_given_back},
	        {"items are never cut", test_items_are_never_cut},
	        {"threads", test_threads},
	};

	if (argc > 1)
		items_wanted = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	return SUITE_RUN("hand_over", tests);
}
