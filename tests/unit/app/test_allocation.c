/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The hot path allocates nothing: every call to the allocator from the project's own code passes
 * through the wrappers below (linked with --wrap), which count while the engine takes its turns. A
 * whole impaired day goes through.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/world_engine.h"
#include "perf/day.h"
#include "perf/day_feed.h"
#include "tests/unit/allocation_guard.h"
#include "tests/unit/suite.h"

#define MESSAGES 30000u
#define SYMBOLS  100u
#define START_NS 1767571200000000000ull

static void test_guard_sees(void)
{
	calls = 0;
	guarded = true;
	void *volatile p = malloc(100);

	free(p);
	guarded = false;
	CU_ASSERT_EQUAL(calls, 2);
}

static void turn(struct world_engine *w, const struct packet *packet)
{
	guarded = true;
	engine_core_packets(&w->engine->cores[world_engine_line_core(w, packet->port)], packet, 1,
	                    packet->time_ns);
	for (uint32_t i = 0; i < w->core_count; i++) {
		engine_core_work(&w->engine->cores[i], packet->time_ns);
		engine_core_publish(&w->engine->cores[i]);
	}
	guarded = false;
}

static void test_day(void)
{
	struct day_options d = {
	        .seed = 1, .messages = MESSAGES, .symbols = SYMBOLS, .no_referee = true};
	struct day_feed_options fo = {
	        .seed = 1, .transport = DAY_MOLDUDP64, .lines = 2, .time_offset_ns = START_NS};
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	struct world_engine w;
	struct day *day;
	struct day_feed *feed;

	for (int i = 0; i < 2; i++) {
		fo.line[i].loss_ppm = 20000;
		fo.line[i].duplicate_ppm = 10000;
		fo.line[i].reorder_ppm = 10000;
		fo.line[i].reorder_ns = 1000000;
	}
	CU_ASSERT_EQUAL_FATAL(day_create(&day, &d), 0);
	struct day_source source = day_source_of(day);

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&feed, &fo, &source), 0);
	CU_ASSERT_EQUAL_FATAL(
	        world_engine_create(&w, &(struct world_engine_options){.lines = feed,
	                                                               .messages = MESSAGES,
	                                                               .symbols = SYMBOLS,
	                                                               .cores = WORLD_CORES_MAX,
	                                                               .budget = 64,
	                                                               .receive = WORLD_RECEIVE_ONE,
	                                                               .boards = true}),
	        0);
	calls = 0;
	while (day_feed_next(feed, buffer, &p)) {
		struct packet packet = {.data = buffer,
		                        .bytes = day_feed_frame(feed, buffer, &p),
		                        .port = p.line,
		                        .time_source = TIME_CAPTURE,
		                        .time_ns = p.time_ns};

		turn(&w, &packet);
	}
	CU_ASSERT_EQUAL(calls, 0);
	/* It was a day worth the name. */
	CU_ASSERT_TRUE(w.engine->feeds[0].scan->counts.messages > MESSAGES / 2);
	CU_ASSERT_TRUE(arbiter_stats(&w.engine->feeds[0].receive.arbiter)->healed > 0);
	world_engine_destroy(&w);
	day_feed_destroy(feed);
	day_destroy(day);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the guard sees", test_guard_sees},
	        {"a whole day without an allocation", test_day},
	};

	return SUITE_RUN("allocation", tests);
}
