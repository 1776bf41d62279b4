/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a line is worth: its loss with reorder taken back, and how far it runs behind.
 */
#include "dataplane/feed/line.h"

#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

static struct line line;
static struct line_window window;

static void reset(void)
{
	memset(&line, 0, sizeof(line));
	memset(&window, 0, sizeof(window));
}

static void span(uint64_t first, uint64_t present, uint64_t claimed)
{
	line_on_span(&line, &window, &(struct line_span){first, first + present, first + claimed});
}

static void test_begins_where_it_joins(void)
{
	reset();
	span(1000, 2, 2);
	span(1002, 0, 0);
	CU_ASSERT_EQUAL(line.stats.lost, 0);
	CU_ASSERT_EQUAL(line.next, 1002);
	span(3, 2, 2); /* what lay below was never jumped over */
	CU_ASSERT_EQUAL(line.stats.lost, 0);
}

static void test_jump_and_return(void)
{
	reset();
	span(0, 1, 1);
	span(11, 1, 1); /* 1-10 */
	CU_ASSERT_EQUAL(line.stats.lost, 10);
	span(4, 3, 3);
	CU_ASSERT_EQUAL(line.stats.lost, 7);
	span(4, 3, 3); /* a copy gives nothing back twice */
	CU_ASSERT_EQUAL(line.stats.lost, 7);
	span(9, 5, 5); /* across what it has, and on */
	CU_ASSERT_EQUAL(line.stats.lost, 5);
	CU_ASSERT_EQUAL(line.next, 14);
}

static void test_overrun_and_heartbeat(void)
{
	reset();
	span(0, 2, 5);
	CU_ASSERT_EQUAL(line.stats.lost, 3);
	span(7, 0, 0);
	CU_ASSERT_EQUAL(line.stats.lost, 5);
	span(2, 5, 5);
	CU_ASSERT_EQUAL(line.stats.lost, 0);
	CU_ASSERT_EQUAL(line.missing_bits, 0);
}

static void test_window_is_bounded(void)
{
	reset();
	span(0, 1, 1);
	span(2, 1, 1); /* 1 is missing */
	span(3, LINE_WINDOW_MESSAGES - 2, LINE_WINDOW_MESSAGES - 2);
	span(1, 1, 1); /* just inside */
	CU_ASSERT_EQUAL(line.stats.lost, 0);

	reset();
	span(0, 1, 1);
	span(2, 1, 1);
	span(3, LINE_WINDOW_MESSAGES - 1, LINE_WINDOW_MESSAGES - 1);
	span(1, 1, 1); /* just out of it: stays lost */
	CU_ASSERT_EQUAL(line.stats.lost, 1);
	CU_ASSERT_EQUAL(line.missing_bits, 0);
}

static void test_hostile_jumps(void)
{
	reset();
	span(0, 1, 1);
	span(UINT64_MAX - 1, 1, 1);
	CU_ASSERT_EQUAL(line.stats.lost, UINT64_MAX - 2);
	CU_ASSERT_EQUAL(line.missing_bits, LINE_WINDOW_MESSAGES - 1);
	line_on_session(&line, &window);
	span(0, 1, 1);
	span(UINT64_MAX, 0, 0);
	CU_ASSERT_EQUAL(line.stats.lost, UINT64_MAX); /* stays there, never wraps */
	CU_ASSERT_EQUAL(line.missing_bits, LINE_WINDOW_MESSAGES);
	span(UINT64_MAX - LINE_WINDOW_MESSAGES, LINE_WINDOW_MESSAGES, LINE_WINDOW_MESSAGES);
	CU_ASSERT_EQUAL(line.missing_bits, 0);
}

static void test_session_begins_anew(void)
{
	reset();
	span(0, 1, 1);
	span(5, 1, 1);
	line_on_session(&line, &window);
	span(0, 1, 1);
	span(1, 9, 9);
	CU_ASSERT_EQUAL(line.stats.lost, 4);
	CU_ASSERT_EQUAL(line.missing_bits, 0);
}

/* Against a plain list of what was jumped over. */
static void test_against_a_list(void)
{
	enum { POSITIONS = 20000 };
	static uint8_t missing[POSITIONS + 64];
	struct prng random;
	uint64_t next = 0;
	uint64_t lost = 0;

	reset();
	memset(missing, 0, sizeof(missing));
	prng_init(&random, 3);
	span(0, 0, 0);
	while (next < POSITIONS) {
		uint64_t back = prng_below(&random, 100);
		uint64_t first = prng_below(&random, 3) == 0
		                         ? (next > back ? next - back : 0)
		                         : next + prng_below(&random, 2) * prng_below(&random, 30);
		uint64_t claimed = prng_below(&random, 20);
		uint64_t present = prng_below(&random, 4) == 0 ? claimed / 2 : claimed;

		if (first + claimed >= POSITIONS)
			break;
		for (; next < first + claimed; next++)
			missing[next] = 1;
		for (uint64_t p = first; p < first + present; p++)
			missing[p] = 0;
		for (; next < first; next++) /* a heartbeat ahead */
			missing[next] = 1;
		span(first, present, claimed);
	}
	for (uint64_t p = 0; p < next; p++)
		lost += missing[p];
	CU_ASSERT_EQUAL(line.stats.lost, lost);
	CU_ASSERT(lost > 100);
}

static void test_skew(void)
{
	reset();
	line_on_skew(&line, 1600);
	CU_ASSERT_EQUAL(line.stats.skew_ns, 1600);
	CU_ASSERT_EQUAL(line.stats.skew_deviation_ns, 800);
	line_on_skew(&line, 3200);
	CU_ASSERT_EQUAL(line.stats.skew_ns, 1800); /* an eighth of the way */
	CU_ASSERT_EQUAL(line.stats.skew_ns_max, 3200);
	line_on_skew(&line, UINT64_MAX);
	CU_ASSERT_EQUAL(line.stats.skew_ns_max, UINT64_MAX);
	CU_ASSERT(line.stats.skew_ns > SAMPLE_NS_MAX / 16);
	for (uint32_t i = 0; i < 2000; i++)
		line_on_skew(&line, 0);
	CU_ASSERT(line.stats.skew_ns < 16);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"begins where it joins", test_begins_where_it_joins},
	        {"jump and return", test_jump_and_return},
	        {"overrun and heartbeat", test_overrun_and_heartbeat},
	        {"the window is bounded", test_window_is_bounded},
	        {"hostile jumps", test_hostile_jumps},
	        {"a session begins anew", test_session_begins_anew},
	        {"against a list", test_against_a_list},
	        {"skew", test_skew},
	};

	return SUITE_RUN("feed_line", tests);
}
