/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/probe.h"
#include "tests/unit/shard/shard_world.h"

#include <errno.h>

#include "tests/unit/suite.h"

static struct shard_options options(struct world *w, struct group *const *groups, uint32_t count)
{
	return (struct shard_options){
	        .feed_count = 1,
	        .feeds = {{.protocol = w->protocol,
	                   .log = &w->log.log,
	                   .directory = &w->directory,
	                   .board = &w->board}},
	        .groups = groups,
	        .group_count = count,
	        .critical_budget = 8,
	        .normal_budget = 2,
	        .catch_up_budget = 1,
	};
}

static void test_init_refuses(void)
{
	struct world w;
	struct group_options o = group_all(16, 64);
	struct group_box b;
	struct group *groups[1] = {&b.group};
	struct shard *s;

	world_init(&w, &protocol_itch50, 64);
	box_init(&b, &o);
	struct shard_options good = options(&w, groups, 1);
	uint64_t bytes = shard_bytes(&good);
	uint8_t *memory = world_memory(bytes, 64);

	CU_ASSERT(bytes > 0);
	CU_ASSERT_EQUAL(shard_init(&s, memory, bytes - 1, &good), -EINVAL);
	CU_ASSERT_EQUAL(shard_init(&s, memory + 8, bytes, &good), -EINVAL);
	struct shard_options bad = good;

	bad.critical_budget = 0;
	CU_ASSERT_EQUAL(shard_init(&s, memory, bytes, &bad), -EINVAL);
	bad = good;
	bad.id = BOARD_SHARDS_MAX;
	CU_ASSERT_EQUAL(shard_bytes(&bad), 0);
	bad = good;
	bad.feeds[0].protocol = &protocol_deep10; /* the group's books are by order */
	CU_ASSERT_EQUAL(shard_init(&s, memory, bytes, &bad), -EINVAL);
	b.group.options.feed = 1;
	CU_ASSERT_EQUAL(shard_init(&s, memory, bytes, &good), -EINVAL);
	b.group.options.feed = 0;
	/* No cursor left, then one: none may stay behind. */
	int slots[LOG_CURSORS_MAX];

	for (uint32_t i = 0; i < LOG_CURSORS_MAX - 1; i++)
		slots[i] = log_cursor_register(&w.log.log, LOG_CLAIM_LIVE, false);
	CU_ASSERT_EQUAL(shard_init(&s, memory, bytes, &good), -EMFILE);
	memset(memory, 0, bytes);
	log_cursor_unregister(&w.log.log, (uint32_t)slots[0]);
	CU_ASSERT_EQUAL(shard_init(&s, memory, bytes, &good), 0);
	free(memory);
	box_finish(&b);
	world_finish(&w);
}

/* Critical to the head first; normal by its budget, lagging; both end alike. */
static void test_critical_before_normal(void)
{
	struct world w;
	struct script script = {0};
	struct group_options o[2] = {group_all(64, 1024), group_all(64, 1024)};
	struct group_box b[2];
	struct group *groups[2] = {&b[0].group, &b[1].group};
	struct shard *s;

	o[0].class = CLASS_NORMAL; /* the order of groups decides nothing */
	world_init(&w, &protocol_itch50, 64);
	for (int i = 0; i < 2; i++)
		box_init(&b[i], &o[i]);
	struct shard_options so = options(&w, groups, 2);
	uint64_t bytes = shard_bytes(&so);
	void *memory = world_memory(bytes, 64);

	CU_ASSERT_EQUAL_FATAL(shard_init(&s, memory, bytes, &so), 0);
	script_reset(&script);
	for (uint32_t i = 1; i < 8; i++)
		itch_add(&script, (struct add){1, "AA", i, 'B', 100, 10000});
	world_play(&w, &script, 1);
	CU_ASSERT_EQUAL(shard_step(s, 5000), 8 + 2);
	CU_ASSERT_EQUAL(b[1].group.stats.messages, 7);
	CU_ASSERT_EQUAL(b[0].group.stats.messages, 1);
	CU_ASSERT_EQUAL(shard_stats(s)->critical_lag_bytes, 0);
	CU_ASSERT_EQUAL(shard_stats(s)->normal_lag_bytes, 6 * record_bytes(38));
	CU_ASSERT_EQUAL(shard_stats(s)->critical_lag_messages, 0);
	CU_ASSERT_EQUAL(shard_stats(s)->normal_lag_messages, 6);
	CU_ASSERT_FALSE(shard_at_head(s));
	CU_ASSERT_EQUAL(shard_step(s, 6000), 2);
	CU_ASSERT_EQUAL(shard_step(s, 6000), 2);
	CU_ASSERT_EQUAL(shard_step(s, 6000), 2);
	CU_ASSERT_EQUAL(shard_step(s, 6000), 0);
	CU_ASSERT(shard_at_head(s));
	CU_ASSERT(box_equal(&b[0], &b[1]));
	CU_ASSERT_EQUAL(shard_stats(s)->turns, 5);
	CU_ASSERT_EQUAL(shard_stats(s)->busy_turns, 4);
	CU_ASSERT_EQUAL(shard_stats(s)->normal_lag_bytes, 0);
	CU_ASSERT_EQUAL(shard_stats(s)->normal_lag_messages, 0);
	free(memory);
	for (int i = 0; i < 2; i++)
		box_finish(&b[i]);
	script_free(&script);
	world_finish(&w);
}

/* What critical groups leave is what normal ones get. */
static void test_normal_waits_while_critical_is_behind(void)
{
	struct world w;
	struct script script = {0};
	struct group_options o[2] = {group_all(64, 1024), group_all(64, 1024)};
	struct group_box b[2];
	struct group *groups[2] = {&b[0].group, &b[1].group};
	struct shard *s;

	o[0].class = CLASS_NORMAL; /* the order of groups decides nothing */
	world_init(&w, &protocol_itch50, 64);
	for (int i = 0; i < 2; i++)
		box_init(&b[i], &o[i]);
	struct shard_options so = options(&w, groups, 2);
	uint64_t bytes = shard_bytes(&so);
	void *memory = world_memory(bytes, 64);

	CU_ASSERT_EQUAL_FATAL(shard_init(&s, memory, bytes, &so), 0);
	script_reset(&script);
	for (uint32_t i = 1; i < 12; i++)
		itch_add(&script, (struct add){1, "AA", i, 'B', 100, 10000});
	world_play(&w, &script, 1);
	CU_ASSERT_EQUAL(shard_step(s, 5000), 8);
	CU_ASSERT_TRUE(shard_stats(s)->critical_lag_messages > 0);
	CU_ASSERT_EQUAL(shard_stats(s)->normal_lag_messages, 11);
	CU_ASSERT_EQUAL(shard_step(s, 5000), 4 + 2);
	CU_ASSERT_EQUAL(shard_stats(s)->critical_lag_messages, 0);
	CU_ASSERT_EQUAL(shard_step(s, 5000), 2);
	free(memory);
	for (int i = 0; i < 2; i++)
		box_finish(&b[i]);
	script_free(&script);
	world_finish(&w);
}

/* Latency: to the next turn's clock, own clocks only, a bounded list. */
static void test_latency(void)
{
	struct world w;
	struct script script = {0};
	struct group_options o = group_all(64, 1024);
	struct shard_box *box = calloc(1, sizeof(*box));

	world_init(&w, &protocol_itch50, 64);
	shard_box_start(box, &w, 0, &o, 1, true);
	script_reset(&script);
	for (uint32_t i = 1; i <= 3; i++)
		itch_add(&script, (struct add){1, "AA", i, 'B', 100, 10000});
	world_play(&w, &script, 1);
	const struct histogram *h = shard_latency(box->shard);

	shard_step(box->shard, 2000);
	CU_ASSERT_EQUAL(h->count, 0);
	shard_step(box->shard, 3000);
	CU_ASSERT_EQUAL(h->count, 3);
	CU_ASSERT_EQUAL(h->max, 3000 - 1002);
	/* Recorded times are of another clock. */
	script.count = 0;
	itch_add(&script, (struct add){1, "AA", 9, 'B', 100, 10000});
	world_item(&w, &script.items[0]);
	struct record *r = world_record(&w, RECORD_DATA, w.bytes);

	r->count = 1;
	r->time_source = TIME_CAPTURE;
	memcpy(r + 1, w.blocks, w.bytes);
	log_writer_commit(&w.log, r);
	log_writer_publish(&w.log);
	shard_step(box->shard, 4000);
	shard_step(box->shard, 5000);
	CU_ASSERT_EQUAL(h->count, 3);
	shard_box_finish(box);
	free(box);
	script_free(&script);
	world_finish(&w);
}

/* GAP, RESET and END reach components once, in their place. */
static void test_events(void)
{
	struct world w;
	struct script script = {0};
	struct group_component c = {.ops = &probe_ops};
	struct group_options o = group_all(64, 1024);
	struct shard_box *box = calloc(1, sizeof(*box));

	o.components = &c;
	o.component_count = 1;
	world_init(&w, &protocol_itch50, 64);
	shard_box_start(box, &w, 0, &o, 1, true);
	script_reset(&script);
	itch_add(&script, (struct add){1, "AA", 1, 'B', 100, 10000});
	script_gap(&script, 4);
	itch_system(&script, 'C');
	script_end(&script);
	script_reset(&script);
	world_play(&w, &script, 9);
	shard_box_run(box, 1);
	const struct probe_state *p = box->groups[0].group.contexts[0].state;

	CU_ASSERT_EQUAL(p->events, 4);
	CU_ASSERT_EQUAL(p->log[0].kind, COMPONENT_RESET);
	CU_ASSERT_EQUAL(p->log[0].epoch, 1);
	CU_ASSERT_EQUAL(p->log[0].sequence, 1);
	CU_ASSERT_EQUAL(p->log[1].kind, COMPONENT_GAP);
	CU_ASSERT_EQUAL(p->log[1].sequence, 2);
	CU_ASSERT_EQUAL(p->log[1].missing, 4);
	CU_ASSERT_EQUAL(p->log[2].kind, COMPONENT_END);
	CU_ASSERT_EQUAL(p->log[2].sequence, 7);
	CU_ASSERT_EQUAL(p->log[3].kind, COMPONENT_RESET);
	CU_ASSERT_EQUAL(p->log[3].epoch, 2);
	CU_ASSERT_EQUAL(p->feed_wide, 1);
	CU_ASSERT_EQUAL(p->messages, 2);
	CU_ASSERT_EQUAL(p->last_sequence, 6);
	CU_ASSERT_EQUAL(shard_stats(box->shard)->gaps_seen, 1);
	CU_ASSERT_EQUAL(shard_stats(box->shard)->resets_seen, 2);
	CU_ASSERT_EQUAL(shard_stats(box->shard)->ends_seen, 1);
	CU_ASSERT_STRING_EQUAL(box->shard->lanes[0][CLASS_CRITICAL].view.session.name,
	                       "S000000002");
	shard_box_finish(box);
	free(box);
	script_free(&script);
	world_finish(&w);
}

/* Two feeds in one shard, one by order, one by level. */
static void test_two_feeds(void)
{
	struct world w[2];
	struct script script = {0};
	struct group_options o[2] = {group_all(64, 1024), group_all(64, 0)};
	struct group_box b[2];
	struct group *groups[2] = {&b[0].group, &b[1].group};
	struct shard *s;

	o[1].feed = 1;
	world_init(&w[0], &protocol_itch50, 64);
	world_init(&w[1], &protocol_deep10, 64);
	for (int i = 0; i < 2; i++)
		box_init(&b[i], &o[i]);
	struct shard_options so = options(&w[0], groups, 2);

	so.feed_count = 2;
	so.feeds[1] = options(&w[1], groups, 2).feeds[0];
	uint64_t bytes = shard_bytes(&so);
	void *memory = world_memory(bytes, 64);

	CU_ASSERT_EQUAL_FATAL(shard_init(&s, memory, bytes, &so), 0);
	script_reset(&script);
	itch_add(&script, (struct add){1, "AA", 1, 'B', 100, 10000});
	world_play(&w[0], &script, 1);
	script.count = 1;
	deep_level(&script, "AA", 'S', 300, 10000, true);
	world_play(&w[1], &script, 1);
	while (shard_step(s, 1) > 0)
		;
	CU_ASSERT_EQUAL(box_resting(&b[0], "AA", BOOK_BID), 100);
	CU_ASSERT_EQUAL(box_resting(&b[1], "AA", BOOK_ASK), 300);
	free(memory);
	for (int i = 0; i < 2; i++) {
		box_finish(&b[i]);
		world_finish(&w[i]);
	}
	script_free(&script);
}

/* A shard that has gone holds nothing: the log moves on without it. */
static void test_finish(void)
{
	struct world w;
	struct script script = {0};
	struct group_options o = group_all(64, 1024);
	struct shard_box *box = calloc(1, sizeof(*box));
	uint64_t lag;

	world_init(&w, &protocol_itch50, 64);
	shard_box_start(box, &w, 0, &o, 1, false);
	script_reset(&script);
	itch_add(&script, (struct add){1, "AA", 1, 'B', 100, 10000});
	world_play(&w, &script, 1);
	CU_ASSERT_NOT_EQUAL(log_slowest(&w.log.log, &lag), LOG_CURSORS_MAX);
	CU_ASSERT_TRUE(lag > 0);
	shard_finish(box->shard);
	CU_ASSERT_EQUAL(log_slowest(&w.log.log, &lag), LOG_CURSORS_MAX);
	shard_box_finish(box);
	free(box);
	script_free(&script);
	world_finish(&w);
}

static const struct suite_test tests[] = {
        {"options refused", test_init_refuses},
        {"critical before normal", test_critical_before_normal},
        {"normal waits while critical is behind", test_normal_waits_while_critical_is_behind},
        {"latency", test_latency},
        {"events", test_events},
        {"two feeds", test_two_feeds},
        {"finish", test_finish},
};

int main(void)
{
	return SUITE_RUN("shard_shard", tests);
}
