/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define ROOM 64u

static uint64_t seed = 1;

static void what_waits_leaves_in_the_order_of_time(void)
{
	void *memory = malloc(serve_queue_bytes(ROOM));
	const struct serve_peer peer = {.mac = 7, .address = 8, .port = 9};
	struct serve_queue q;

	serve_queue_init(&q, memory, ROOM);
	CU_ASSERT_EQUAL(serve_queue_next_ns(&q), UINT64_MAX);
	CU_ASSERT_PTR_NULL(serve_queue_pop(&q, UINT64_MAX - 1));
	CU_ASSERT_TRUE(serve_queue_push(&q, 30, &peer, (const uint8_t *)"c", 1));
	CU_ASSERT_TRUE(serve_queue_push(&q, 10, &peer, (const uint8_t *)"a", 1));
	CU_ASSERT_TRUE(serve_queue_push(&q, 20, &peer, (const uint8_t *)"bb", 2));
	CU_ASSERT_EQUAL(serve_queue_next_ns(&q), 10);
	CU_ASSERT_PTR_NULL(serve_queue_pop(&q, 9));
	const struct serve_reply *r = serve_queue_pop(&q, 10);

	CU_ASSERT_TRUE_FATAL(r != NULL);
	CU_ASSERT_TRUE(r->bytes == 1 && r->data[0] == 'a');
	CU_ASSERT_TRUE(r->peer.mac == 7 && r->peer.address == 8 && r->peer.port == 9);
	r = serve_queue_pop(&q, 100);
	CU_ASSERT_TRUE(r != NULL && r->bytes == 2 && r->data[1] == 'b');
	r = serve_queue_pop(&q, 100);
	CU_ASSERT_TRUE(r != NULL && r->data[0] == 'c');
	CU_ASSERT_PTR_NULL(serve_queue_pop(&q, 100));
	free(memory);
}

static void what_finds_no_room_is_counted(void)
{
	void *memory = malloc(serve_queue_bytes(2));
	const struct serve_peer peer = {0};
	struct serve_queue q;

	serve_queue_init(&q, memory, 2);
	CU_ASSERT_TRUE(serve_queue_push(&q, 2, &peer, (const uint8_t *)"", 0));
	CU_ASSERT_TRUE(serve_queue_push(&q, 1, &peer, (const uint8_t *)"", 0));
	CU_ASSERT_FALSE(serve_queue_push(&q, 0, &peer, (const uint8_t *)"", 0));
	CU_ASSERT_EQUAL(q.dropped, 1);
	CU_ASSERT_EQUAL(serve_queue_pop(&q, 9)->time_ns, 1);
	CU_ASSERT_TRUE(serve_queue_push(&q, 0, &peer, (const uint8_t *)"", 0));
	CU_ASSERT_EQUAL(serve_queue_pop(&q, 9)->time_ns, 0);
	free(memory);
}

/* Against a list that is searched from the front. */
static void it_is_a_sorted_list(void)
{
	void *memory = malloc(serve_queue_bytes(ROOM));
	struct {
		uint64_t time_ns;
		uint32_t number;
	} list[ROOM];
	uint32_t count = 0;
	struct serve_queue q;
	struct prng p;

	prng_init(&p, seed);
	serve_queue_init(&q, memory, ROOM);
	for (uint32_t i = 0; i < 100000; i++) {
		if (prng_below(&p, 100) < 52) {
			uint64_t time_ns = prng_below(&p, 1000);
			bool pushed = serve_queue_push(&q, time_ns, &(struct serve_peer){.port = 1},
			                               (const uint8_t *)&i, sizeof(i));

			CU_ASSERT_EQUAL(pushed, count < ROOM);
			if (pushed) {
				list[count].time_ns = time_ns;
				list[count++].number = i;
			}
			continue;
		}
		uint64_t now_ns = prng_below(&p, 1500);
		const struct serve_reply *r = serve_queue_pop(&q, now_ns);
		uint32_t first = 0;

		for (uint32_t k = 1; k < count; k++)
			if (list[k].time_ns < list[first].time_ns)
				first = k;
		if (count == 0 || list[first].time_ns > now_ns) {
			CU_ASSERT_PTR_NULL(r);
			continue;
		}
		uint32_t number = 0;

		CU_ASSERT_TRUE_FATAL(r != NULL);
		memcpy(&number, r->data, sizeof(number));
		CU_ASSERT_EQUAL(number, list[first].number);
		memmove(&list[first], &list[first + 1], (count - first - 1) * sizeof(list[0]));
		count--;
	}
	free(memory);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"what waits leaves in the order of time", what_waits_leaves_in_the_order_of_time},
	        {"what finds no room is counted", what_finds_no_room_is_counted},
	        {"it is a sorted list", it_is_a_sorted_list},
	};

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	printf("seed %llu\n", (unsigned long long)seed);
	return SUITE_RUN("serve_queue", tests);
}
