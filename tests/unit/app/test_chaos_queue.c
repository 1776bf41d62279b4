/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_queue.h"

#include <inttypes.h>
#include <stdio.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define SEED  20260105u
#define COUNT 5000u

static void by_time_then_in_order(void)
{
	struct chaos_queue q;
	struct chaos_event e;
	struct prng p;
	uint64_t last_ns = 0;
	uint64_t last_order = 0;
	uint32_t taken = 0;

	printf("seed %u\n", SEED);
	prng_init(&p, SEED);
	chaos_queue_init(&q);
	for (uint32_t i = 0; i < COUNT; i++)
		chaos_queue_put(&q, &(struct chaos_event){.time_ns = prng_below(&p, 100), .a = i});
	while (chaos_queue_take(&q, &e)) {
		CU_ASSERT_TRUE(e.time_ns > last_ns ||
		               (e.time_ns == last_ns && (taken == 0 || e.order > last_order)));
		CU_ASSERT_EQUAL(e.order, e.a);
		last_ns = e.time_ns;
		last_order = e.order;
		taken++;
		if (taken % 7 == 0 && q.order < 2 * COUNT)
			chaos_queue_put(
			        &q, &(struct chaos_event){.time_ns = last_ns + prng_below(&p, 50),
			                                  .a = (uint32_t)q.order});
	}
	CU_ASSERT_EQUAL(taken, q.order);
	CU_ASSERT_FALSE(q.failed);
	chaos_queue_finish(&q);
}

static void empty(void)
{
	struct chaos_queue q;
	struct chaos_event e;

	chaos_queue_init(&q);
	CU_ASSERT_FALSE(chaos_queue_take(&q, &e));
	chaos_queue_put(&q, &(struct chaos_event){.time_ns = 3});
	CU_ASSERT_TRUE(chaos_queue_take(&q, &e));
	CU_ASSERT_EQUAL(e.time_ns, 3);
	CU_ASSERT_FALSE(chaos_queue_take(&q, &e));
	chaos_queue_finish(&q);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"by time, then in order", by_time_then_in_order},
	        {"empty", empty},
	};

	return SUITE_RUN("chaos_queue", tests);
}
