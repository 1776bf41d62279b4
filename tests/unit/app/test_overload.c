/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Overload: a feed's core that receives a flat-out day, and a shard on another core whose normal
 * groups do a quarter of what comes. One thread turns both, so the ratio is exact and a run is the
 * same every time. With room, the log grows by segments, critical books stay at the head, and
 * normal ones catch up afterwards with nothing lost; without, memory stays in its bounds, what does
 * not fit is a counted GAP, and the core that receives goes on.
 *
 * usage: test_overload [messages]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/books_csv.h"
#include "app/engine.h"
#include "perf/day.h"
#include "perf/day_feed.h"
#include "tests/unit/suite.h"

#define NORMAL_BUDGET 16u
#define BURST         (4u * NORMAL_BUDGET) /* packets per turn: four times the normal class's */
#define START_NS      1767571200000000000ull
#define SEGMENT_MIB   2u

static uint64_t messages = 500000;

static const char text[] = "engine: {name: overload, pool: %uMiB, huge_pages: no}\n"
                           "cores: [{name: receive}, {name: books}]\n"
                           "ports: [{device: none, core: receive}]\n"
                           "feeds:\n"
                           "  - protocol: itch50\n"
                           "    lines: [{address: '239.0.0.1:1'}]\n"
                           "    symbols_max: 128\n"
                           "    gap: {parking: 2MiB, pieces: 1024}\n"
                           "    log: {min: 4MiB, max: %uMiB}\n"
                           "shards: [{name: s, core: books, critical_budget: 1024, "
                           "normal_budget: 16}]\n"
                           "groups:\n"
                           "  - {name: c, class: critical, symbols_max: 128}\n"
                           "  - {name: n, class: normal, symbols_max: 128}\n";

struct overload {
	struct config config;
	struct engine *engine;
	struct day *day;
	struct day_feed *feed;
	uint64_t packets;
	uint64_t now_ns;
	uint64_t segments_max; /* most that the log held */
	uint64_t critical_lag_max;
	uint64_t normal_lag_max; /* messages */
};

static const struct log_stats *log_of(const struct overload *x)
{
	return &x->engine->feeds[0].receive.log.stats;
}

static const struct shard_stats *shard_of(const struct overload *x)
{
	return shard_stats(x->engine->shards[0]);
}

static const struct arbiter_stats *arbiter_of(const struct overload *x)
{
	return arbiter_stats(&x->engine->feeds[0].receive.arbiter);
}

static void overload_open(struct overload *x, uint32_t pool_mib, uint32_t log_mib)
{
	static const char *const protocols[] = {"itch50", NULL};
	const struct config_context context = {.protocols = protocols};
	const struct engine_options eo = {.learn_lines = true, .boards = true};
	const struct day_options d = {.seed = 3, .messages = messages, .symbols = 50};
	const struct day_feed_options fo = {
	        .seed = 3, .transport = DAY_MOLDUDP64, .lines = 1, .time_offset_ns = START_NS};
	struct config_error ce;
	char error[ENGINE_ERROR_BYTES];
	char yaml[2048];

	*x = (struct overload){.now_ns = START_NS};
	snprintf(yaml, sizeof(yaml), text, pool_mib, log_mib);
	CU_ASSERT_EQUAL_FATAL(
	        config_load_text(&x->config, yaml, strlen(yaml), "overload", &context, &ce), 0);
	CU_ASSERT_EQUAL_FATAL(engine_create(&x->engine, &x->config, &eo, error), 0);
	CU_ASSERT_EQUAL_FATAL(day_create(&x->day, &d), 0);
	struct day_source source = day_source_of(x->day);

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&x->feed, &fo, &source), 0);
}

static void overload_close(struct overload *x)
{
	engine_destroy(x->engine);
	config_finish(&x->config);
	day_feed_destroy(x->feed);
	day_destroy(x->day);
}

static void note(struct overload *x)
{
	const struct shard_stats *s = shard_of(x);

	if (log_of(x)->segments_held > x->segments_max)
		x->segments_max = log_of(x)->segments_held;
	if (s->critical_lag_messages > x->critical_lag_max)
		x->critical_lag_max = s->critical_lag_messages;
	if (s->normal_lag_messages > x->normal_lag_max)
		x->normal_lag_max = s->normal_lag_messages;
}

/* Every turn both cores: a burst comes in, the shard does its budgets. False: the day is over. */
static bool overload_turn(struct overload *x)
{
	static uint8_t frames[BURST][DAY_FEED_FRAME_BYTES];
	struct packet burst[BURST];
	struct day_packet p;
	uint32_t n = 0;

	while (n < BURST && day_feed_next(x->feed, frames[n], &p)) {
		burst[n] = (struct packet){.data = frames[n],
		                           .bytes = day_feed_frame(x->feed, frames[n], &p),
		                           .time_source = TIME_TURN};
		n++;
	}
	x->now_ns += 10000;
	x->packets += n;
	engine_core_packets(&x->engine->cores[0], burst, n, x->now_ns);
	engine_core_work(&x->engine->cores[0], x->now_ns);
	engine_core_work(&x->engine->cores[1], x->now_ns);
	note(x);
	return n == BURST;
}

static void overload_settle(struct overload *x)
{
	do {
		x->now_ns += 10000;
		engine_core_work(&x->engine->cores[0], x->now_ns);
	} while (engine_core_work(&x->engine->cores[1], x->now_ns) != 0 ||
	         !engine_core_at_head(&x->engine->cores[1]));
	/* The log gives back what nobody holds in quiet turns. */
	for (int i = 0; i < 1000; i++)
		engine_core_work(&x->engine->cores[0], x->now_ns);
}

static bool books_are_the_referee_s(const struct overload *x, uint32_t group)
{
	struct book_view view;
	const struct group *g = &x->engine->groups[group].group;
	struct books_csv_source source = {.by_order = true};
	char *ours = NULL;
	char *theirs = NULL;
	size_t bytes[2] = {0, 0};
	FILE *a = open_memstream(&ours, &bytes[0]);
	FILE *b = open_memstream(&theirs, &bytes[1]);
	int rc = book_view_attach(&view, g->region.base, g->region.bytes, g->books.state_offset);

	source.view = view;
	if (rc == 0)
		rc = books_csv_write(a, &source, 1, NULL);
	if (rc == 0)
		rc = day_write_books_csv(x->day, b);
	fclose(a);
	fclose(b);
	bool equal = rc == 0 && bytes[0] == bytes[1] && memcmp(ours, theirs, bytes[0]) == 0;

	free(ours);
	free(theirs);
	return equal;
}

static void test_with_room_nothing_is_lost(void)
{
	static struct overload x;

	overload_open(&x, 512, 448);
	while (overload_turn(&x))
		;
	/* While it lasts: what came in was all taken, critical groups have it, the log has grown.
	 */
	uint64_t counted = x.engine->feeds[0].scan->counts.messages;

	CU_ASSERT_EQUAL(x.engine->cores[0].receiver.stats.feed_packets, x.packets);
	CU_ASSERT_EQUAL(counted, messages);
	CU_ASSERT_EQUAL(x.critical_lag_max, 0);
	CU_ASSERT_TRUE(books_are_the_referee_s(&x, 0));
	CU_ASSERT_TRUE(x.segments_max > 2);
	CU_ASSERT_EQUAL(shard_of(&x)->critical_lag_bytes, 0);
	CU_ASSERT_TRUE(shard_of(&x)->normal_lag_bytes > SEGMENT_BYTES);
	/* A quarter of the records was done. */
	CU_ASSERT_TRUE(x.normal_lag_max > messages / 2);
	CU_ASSERT_FALSE(books_are_the_referee_s(&x, 1));
	overload_settle(&x);
	CU_ASSERT_EQUAL(shard_of(&x)->normal_lag_bytes, 0);
	CU_ASSERT_EQUAL(shard_of(&x)->normal_lag_messages, 0);
	CU_ASSERT_TRUE(books_are_the_referee_s(&x, 1));
	CU_ASSERT_EQUAL(arbiter_of(&x)->lost_messages, 0);
	CU_ASSERT_EQUAL(log_of(&x)->append_refused, 0);
	CU_ASSERT_EQUAL(log_of(&x)->segments_held, 2);
	printf(" %" PRIu64 " messages, normal behind by up to %" PRIu64 ", log of up to %" PRIu64
	       " segments ",
	       messages, x.normal_lag_max, x.segments_max);
	overload_close(&x);
}

/* Either the log's ceiling or the pool ends its growth; there are two runs of either kind, which
 * must be alike. */
static void test_without_room_gaps_are_counted(void)
{
	static struct overload x;
	static const uint32_t mib[4][2] = {{64, 6}, {64, 6}, {12, 448}, {12, 448}};
	uint64_t hashes[4];

	for (unsigned i = 0; i < 4; i++) {
		uint64_t pool_segments = mib[i][0] / SEGMENT_MIB;

		overload_open(&x, mib[i][0], mib[i][1]);
		while (overload_turn(&x))
			CU_ASSERT_EQUAL(x.engine->cores[0].receiver.stats.feed_packets, x.packets);
		const struct arbiter_stats *a = arbiter_of(&x);
		uint64_t delivered = x.engine->feeds[0].scan->counts.messages;

		/* It took every packet, every turn; nothing was kept outside the log. */
		CU_ASSERT_EQUAL(x.engine->cores[0].receiver.stats.feed_packets, x.packets);
		CU_ASSERT_EQUAL(a->parked, 0);
		CU_ASSERT_TRUE(a->lost_by_reason[GAP_OVERLOAD] > 0);
		CU_ASSERT_EQUAL(a->lost_by_reason[GAP_OVERLOAD], a->lost_messages);
		CU_ASSERT_EQUAL(delivered + a->lost_messages, messages);
		CU_ASSERT_TRUE(log_of(&x)->append_refused > 0);
		CU_ASSERT_EQUAL(x.segments_max,
		                i < 2 ? mib[i][1] / SEGMENT_MIB : pool_segments - 1);
		CU_ASSERT_EQUAL(x.critical_lag_max, 0);
		overload_settle(&x);
		CU_ASSERT_EQUAL(shard_of(&x)->normal_lag_bytes, 0);
		/* Both classes were told of every gap, and have had the same. */
		CU_ASSERT_TRUE(a->gaps > 0);
		CU_ASSERT_TRUE(shard_of(&x)->gaps_seen >= 2 * a->gaps);
		CU_ASSERT_EQUAL(x.engine->groups[0].group.stats.messages,
		                x.engine->groups[1].group.stats.messages);
		CU_ASSERT_EQUAL(log_of(&x)->segments_held, 2);
		hashes[i] = a->gaps * 1000003 + a->lost_messages * 31 + shard_of(&x)->delivered;
		if (i % 2 == 0)
			printf(" %" PRIu64 " of %" PRIu64 " lost in %" PRIu64 " gaps ",
			       a->lost_messages, messages, a->gaps);
		overload_close(&x);
	}
	CU_ASSERT_EQUAL(hashes[0], hashes[1]);
	CU_ASSERT_EQUAL(hashes[2], hashes[3]);
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"with room nothing is lost", test_with_room_nothing_is_lost},
	        {"without room gaps are counted", test_without_room_gaps_are_counted},
	};

	if (argc > 1)
		messages = strtoull(argv[1], NULL, 10);
	return SUITE_RUN("overload", tests);
}
