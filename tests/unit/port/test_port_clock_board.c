/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port clock board: what a reader gets is always one update, never parts of two.
 */
#include "dataplane/port/port_clock_board.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdalign.h>

#include "tests/unit/suite.h"

#define READS 2000000u

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

/* A slot across two cache lines: its words do not arrive together. */
struct race {
	alignas(64) char before[40];
	struct port_clock_board board;
	atomic_bool stop;
};

static void *publish_until_stopped(void *argument)
{
	struct race *r = argument;

	for (uint64_t i = 1; !atomic_load_explicit(&r->stop, memory_order_relaxed); i++)
		port_clock_board_publish(&r->board, &(struct port_clock_map){i, 2 * i, 3 * i});
	return NULL;
}

static void readers_see_whole_updates(void)
{
	struct race r = {0};
	struct port_clock_map m = {0};
	pthread_t writer;
	uint64_t last = 0;
	uint64_t torn = 0;
	uint64_t back = 0;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, publish_until_stopped, &r), 0);
	for (uint32_t seen = 0; seen < READS;) {
		if (!port_clock_board_read(&r.board, &m))
			continue;
		torn += m.time_ns != 2 * m.ticks || m.ns_per_tick_q32 != 3 * m.ticks;
		back += m.ticks < last;
		last = m.ticks;
		seen++;
	}
	atomic_store_explicit(&r.stop, true, memory_order_relaxed);
	pthread_join(writer, NULL);
	printf("(%" PRIu64 " updates) ", atomic_load(&r.board.version));
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
