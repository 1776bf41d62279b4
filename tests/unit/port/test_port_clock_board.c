/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port clock board: what a reader gets is always one update, never parts of two.
 */
#include "dataplane/port/port_clock_board.h"

#include <pthread.h>

#include "tests/unit/suite.h"

#define UPDATES 2000000u

static void nothing_before_the_first_update(void)
{
	struct port_clock_board b = {0};
	struct port_clock_map m;

	CU_ASSERT_FALSE(port_clock_board_read(&b, &m));
	port_clock_board_publish(&b, &(struct port_clock_map){.ticks = 1, .time_ns = 2});
	CU_ASSERT_FALSE(port_clock_board_read(&b, &m)); /* a mapping without a rate is none */
	port_clock_board_publish(&b, &(struct port_clock_map){1, 2, 3});
	CU_ASSERT_TRUE(port_clock_board_read(&b, &m));
	CU_ASSERT_EQUAL(m.ticks, 1);
	CU_ASSERT_EQUAL(m.time_ns, 2);
	CU_ASSERT_EQUAL(m.ns_per_tick_q32, 3);
}

static void *publish_all(void *argument)
{
	for (uint64_t i = 1; i <= UPDATES; i++)
		port_clock_board_publish(argument, &(struct port_clock_map){i, 2 * i, 3 * i});
	return NULL;
}

static void readers_see_whole_updates(void)
{
	struct port_clock_board b = {0};
	struct port_clock_map m = {0};
	pthread_t writer;
	uint64_t last = 0;
	uint64_t torn = 0;
	uint64_t back = 0;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, publish_all, &b), 0);
	while (last < UPDATES) {
		if (!port_clock_board_read(&b, &m))
			continue;
		torn += m.time_ns != 2 * m.ticks || m.ns_per_tick_q32 != 3 * m.ticks;
		back += m.ticks < last;
		last = m.ticks;
	}
	pthread_join(writer, NULL);
	CU_ASSERT_EQUAL(torn, 0);
	CU_ASSERT_EQUAL(back, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"nothing before the first update", nothing_before_the_first_update},
	        {"readers see whole updates", readers_see_whole_updates},
	};

	return SUITE_RUN("port_clock_board", tests);
}
