/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/line_health.h"

#include <string.h>

#include "tests/unit/suite.h"

#define INTERVAL LINE_HEALTH_INTERVAL_NS
#define MS       1000000ull

static struct line_health health;
static struct line lines[LINES_MAX];
static uint64_t now_ns;

static void open_lines(uint32_t count)
{
	memset(lines, 0, sizeof(lines));
	now_ns = 5 * INTERVAL;
	line_health_init(&health, count);
	line_health_poll(&health, lines, now_ns);
}

/* An interval in which each line brought so many packets of one message, and lost so many. */
static void pass(const uint64_t *brought, const uint64_t *lost)
{
	for (uint32_t i = 0; i < health.health.count; i++) {
		lines[i].stats.packets += brought[i];
		lines[i].stats.messages += brought[i];
		lines[i].stats.lost += lost != NULL ? lost[i] : 0;
	}
	now_ns += INTERVAL;
	CU_ASSERT_FALSE(line_health_poll(&health, lines, now_ns - 1));
	CU_ASSERT_TRUE(line_health_poll(&health, lines, now_ns));
}

static void test_silent_line_is_not_waited_for(void)
{
	open_lines(2);
	for (uint32_t i = 0; i < LINE_HEALTH_EJECT_AFTER; i++) {
		CU_ASSERT_TRUE(line_is_waited_for(&health, 1));
		pass((uint64_t[]){100, 0}, NULL);
	}
	CU_ASSERT_FALSE(line_is_waited_for(&health, 1));
	CU_ASSERT_TRUE(line_is_waited_for(&health, 0));
	CU_ASSERT_EQUAL(lines[1].stats.state, HEALTH_EJECTED);
	/* Still silent: out again after every chance. */
	for (uint32_t i = 0; i < 100; i++)
		pass((uint64_t[]){100, 0}, NULL);
	CU_ASSERT_NOT_EQUAL(lines[1].stats.state, HEALTH_ADMITTED);
	/* Back: within the longest ejection and one interval. */
	for (uint32_t i = 0; i < 10; i++)
		pass((uint64_t[]){100, 100}, NULL);
	CU_ASSERT_EQUAL(lines[1].stats.state, HEALTH_ADMITTED);
}

static void test_silence_of_all_is_nobodys_failure(void)
{
	open_lines(3);
	for (uint32_t i = 0; i < 50; i++)
		pass((uint64_t[]){0, 0, 0}, NULL);
	/* Too few to tell. */
	for (uint32_t i = 0; i < 50; i++)
		pass((uint64_t[]){LINE_HEALTH_PACKETS_MIN / 2, 0, 0}, NULL);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_TRUE(line_is_waited_for(&health, i));
}

static void test_loss(void)
{
	open_lines(2);
	for (uint32_t i = 0; i < 20; i++)
		pass((uint64_t[]){100, 60}, (uint64_t[]){0, 40});
	CU_ASSERT_TRUE(line_is_waited_for(&health, 1)); /* it brings most */
	for (uint32_t i = 0; i < LINE_HEALTH_EJECT_AFTER; i++)
		pass((uint64_t[]){100, 10}, (uint64_t[]){0, 90});
	CU_ASSERT_FALSE(line_is_waited_for(&health, 1));
	/* `lost` is a gauge: what came late after all lowers it. */
	lines[1].stats.lost = 0;
	for (uint32_t i = 0; i < 10; i++)
		pass((uint64_t[]){100, 100}, NULL);
	CU_ASSERT_EQUAL(lines[1].stats.state, HEALTH_ADMITTED);
}

static void test_wait(void)
{
	open_lines(3);
	CU_ASSERT_EQUAL(line_wait_ns(&health, lines, 50 * MS), 50 * MS); /* nothing is known */
	for (uint32_t i = 0; i < 400; i++)
		line_on_skew(&lines[1], 2 * MS);
	/* Steady: two and a half times the delay. */
	CU_ASSERT_EQUAL(line_wait_ns(&health, lines, 50 * MS), 5 * MS);
	CU_ASSERT_EQUAL(line_wait_ns(&health, lines, 3 * MS), 3 * MS);
	/* Unsteady: the spread counts. */
	for (uint32_t i = 0; i < 400; i++)
		line_on_skew(&lines[1], i % 2 == 0 ? 0 : 4 * MS);
	CU_ASSERT(line_wait_ns(&health, lines, 50 * MS) > 8 * MS);
	/* The slower line counts, while it is there. */
	for (uint32_t i = 0; i < 400; i++)
		line_on_skew(&lines[2], 12 * MS);
	CU_ASSERT(line_wait_ns(&health, lines, 50 * MS) >= 29 * MS);
	for (uint32_t i = 0; i < LINE_HEALTH_EJECT_AFTER; i++)
		pass((uint64_t[]){100, 100, 0}, NULL);
	CU_ASSERT(line_wait_ns(&health, lines, 50 * MS) < 29 * MS);
	/* In step: a moment all the same. */
	open_lines(2);
	for (uint32_t i = 0; i < 400; i++)
		line_on_skew(&lines[1], 100);
	CU_ASSERT(line_wait_ns(&health, lines, 50 * MS) >= 10000);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"a silent line is not waited for", test_silent_line_is_not_waited_for},
	        {"silence of all is nobody's failure", test_silence_of_all_is_nobodys_failure},
	        {"loss", test_loss},
	        {"wait", test_wait},
	};

	return SUITE_RUN("feed_line_health", tests);
}
