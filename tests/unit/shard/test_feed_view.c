/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

static struct view_locate *locates(void)
{
	return world_memory(feed_view_bytes(true), 64);
}

static void test_reset(void)
{
	struct feed_view v;
	struct view_locate *l = locates();
	char session[24] = "ABC";

	CU_ASSERT_EQUAL(feed_view_bytes(false), 0);
	feed_view_init(&v, l, false, 0);
	CU_ASSERT_EQUAL(v.next_sequence, 1);
	CU_ASSERT_EQUAL(v.interest, VIEW_INTEREST_LEAST);
	feed_view_locate(&v, 700)->symbol = 3;
	feed_view_locate(&v, 65535)->link = 4;
	feed_view_take(&v, 70);
	CU_ASSERT_EQUAL(v.interest, VIEW_INTEREST_LEAST | 1ull << 6);
	v.system_event = 'Q';
	feed_view_reset(&v, 2, 50, session);
	CU_ASSERT_EQUAL(v.epoch, 2);
	CU_ASSERT_EQUAL(v.next_sequence, 50);
	CU_ASSERT_EQUAL(v.interest, VIEW_INTEREST_LEAST);
	CU_ASSERT_EQUAL(v.system_event, 0);
	CU_ASSERT_STRING_EQUAL(v.session.name, "ABC");
	CU_ASSERT_EQUAL(feed_view_peek(&v, 700)->symbol, VIEW_NONE);
	CU_ASSERT_EQUAL(feed_view_peek(&v, 65535)->link, ROUTE_NONE);
	free(l);
}

/* Hashes of symbols mean the same in every session; who takes all looks at all. */
static void test_interest_over_sessions(void)
{
	struct feed_view v;
	char session[24] = "";
	struct view_locate *l = locates();

	feed_view_init(&v, NULL, false, 0);
	feed_view_take(&v, 5);
	feed_view_reset(&v, 2, 1, session);
	CU_ASSERT_EQUAL(v.interest, VIEW_INTEREST_LEAST | 1ull << 5);
	feed_view_init(&v, l, true, 0);
	CU_ASSERT_EQUAL(v.interest, UINT64_MAX);
	feed_view_reset(&v, 2, 1, session);
	CU_ASSERT_EQUAL(v.interest, UINT64_MAX);
	free(l);
}

static void test_gap(void)
{
	struct feed_view v;

	feed_view_init(&v, NULL, false, 0);
	v.epoch = 3;
	feed_view_gap(&v, 10, 5);
	CU_ASSERT_EQUAL(v.next_sequence, 15);
	CU_ASSERT_EQUAL(v.gap_epoch, 3);
	CU_ASSERT_EQUAL(v.gap_end_sequence, 15);
}

static void test_copy(void)
{
	struct feed_view a;
	struct feed_view b;
	struct view_locate *la = locates();
	struct view_locate *lb = locates();

	feed_view_init(&a, la, false, 0);
	feed_view_init(&b, lb, false, 0);
	feed_view_locate(&a, 9)->symbol = 1;
	feed_view_locate(&b, 500)->symbol = 2; /* of an earlier life */
	a.next_sequence = 77;
	feed_view_copy(&b, &a);
	CU_ASSERT_EQUAL(b.next_sequence, 77);
	CU_ASSERT_PTR_EQUAL(b.locates, lb);
	CU_ASSERT_EQUAL(memcmp(la, lb, feed_view_bytes(true)), 0);
	free(la);
	free(lb);
}

static const struct suite_test tests[] = {
        {"a reset forgets locates", test_reset},
        {"interest over sessions", test_interest_over_sessions},
        {"gaps", test_gap},
        {"copies", test_copy},
};

int main(void)
{
	return SUITE_RUN("shard_feed_view", tests);
}
