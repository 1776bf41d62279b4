/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/book/fixture.h"

static const struct book_options options = {.symbols_max = 1, .orders_max = 4, .levels_max = 16};

static void test_indices_from_the_bottom_last_freed_first(void)
{
	struct fixture f;

	fixture_init(&f, &options);
	for (uint32_t i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(order_peek(&f.set.state->pool), i);
		CU_ASSERT_EQUAL(order_take(&f.set), i);
		f.set.orders[i].shares = 1;
	}
	CU_ASSERT_EQUAL(order_peek(&f.set.state->pool), BOOK_NONE);
	order_release(&f.set, 1);
	order_release(&f.set, 3);
	CU_ASSERT_EQUAL(f.set.orders[3].shares, 0);
	CU_ASSERT_EQUAL(f.set.state->pool.live, 2);
	CU_ASSERT_EQUAL(order_take(&f.set), 3);
	CU_ASSERT_EQUAL(order_take(&f.set), 1);
	CU_ASSERT_EQUAL(order_peek(&f.set.state->pool), BOOK_NONE);
	order_pool_clear(&f.set.state->pool);
	CU_ASSERT_EQUAL(order_peek(&f.set.state->pool), 0);
	fixture_finish(&f);
}

static void queue_is(const struct fixture *f, const struct book_level *l, const uint32_t *orders,
                     uint32_t count)
{
	uint32_t at = l->head;
	uint32_t prev = BOOK_NONE;

	for (uint32_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL_FATAL(at, orders[i]);
		CU_ASSERT_EQUAL(f->set.orders[at].prev, prev);
		prev = at;
		at = f->set.orders[at].next;
	}
	CU_ASSERT_EQUAL(at, BOOK_NONE);
	CU_ASSERT_EQUAL(l->tail, prev);
}

static void test_queue_keeps_time_priority(void)
{
	struct fixture f;
	struct book_level l = {.head = BOOK_NONE, .tail = BOOK_NONE};

	fixture_init(&f, &options);
	for (uint32_t i = 0; i < 4; i++)
		order_enqueue(&f.set, &l, i);
	queue_is(&f, &l, (const uint32_t[]){0, 1, 2, 3}, 4);
	order_dequeue(&f.set, &l, 1); /* middle */
	queue_is(&f, &l, (const uint32_t[]){0, 2, 3}, 3);
	order_dequeue(&f.set, &l, 0); /* first */
	queue_is(&f, &l, (const uint32_t[]){2, 3}, 2);
	order_dequeue(&f.set, &l, 3); /* last */
	queue_is(&f, &l, (const uint32_t[]){2}, 1);
	order_enqueue(&f.set, &l, 0);
	queue_is(&f, &l, (const uint32_t[]){2, 0}, 2);
	order_dequeue(&f.set, &l, 2);
	order_dequeue(&f.set, &l, 0);
	queue_is(&f, &l, NULL, 0);
	fixture_finish(&f);
}

int main(void)
{
	const struct suite_test tests[] = {
	        {"indices from the bottom, last freed first",
	         test_indices_from_the_bottom_last_freed_first},
	        {"queue keeps time priority", test_queue_keeps_time_priority},
	};

	return SUITE_RUN("order", tests);
}
