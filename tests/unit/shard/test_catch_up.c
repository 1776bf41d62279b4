/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Detach, catch up, rejoin; random ones by seed: test_catch_up [SEED [DAYS]].
 */
#include <errno.h>

#include "tests/unit/shard/probe.h"
#include "tests/unit/shard/random_day.h"
#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

static uint64_t seed = 1;
static uint32_t days = 3;
static uint32_t restarts; /* in random days, of groups that lost all they had */

struct scene {
	struct world world;
	struct script script;
	struct shard_box calm; /* shard 0: never disturbed */
	struct shard_box box;  /* shard 1 */
};

static struct scene *scene_create_for(const struct protocol *p, const struct group_options *o,
                                      uint32_t count)
{
	struct scene *s = calloc(1, sizeof(*s));

	world_init(&s->world, p, 1024);
	shard_box_start(&s->calm, &s->world, 0, o, count, false);
	shard_box_start(&s->box, &s->world, 1, o, count, true);
	return s;
}

static struct scene *scene_create(const struct group_options *o, uint32_t count)
{
	return scene_create_for(&protocol_itch50, o, count);
}

static void scene_destroy(struct scene *s)
{
	shard_box_finish(&s->calm);
	shard_box_finish(&s->box);
	script_free(&s->script);
	world_finish(&s->world);
	free(s);
}

static void check_equal(const struct scene *s)
{
	for (uint32_t i = 0; i < s->box.count; i++) {
		CU_ASSERT_EQUAL(s->box.groups[i].group.state, GROUP_ATTACHED);
		CU_ASSERT(box_equal(&s->calm.groups[i], &s->box.groups[i]));
	}
}

/* Plays `count` more messages of the script, cut at random. */
static void play(struct scene *s, uint32_t *at, uint32_t count, struct prng *p)
{
	uint32_t to = *at + count < s->script.count ? *at + count : s->script.count;

	world_play_part(&s->world, &s->script, *at, to, 0, p);
	*at = to;
}

static uint32_t some_groups(struct group_options o[6])
{
	static const struct selector selectors[6] = {
	        {.kind = SELECT_HASH, .part = 0, .parts = 3},
	        {.kind = SELECT_HASH, .part = 2, .parts = 3},
	        {.kind = SELECT_PATTERN, .pattern = "[A-B]*"},
	        {.kind = SELECT_ALL},
	        {.kind = SELECT_HASH, .part = 1, .parts = 3},
	        {.kind = SELECT_PATTERN, .pattern = "*C"},
	};

	for (uint32_t i = 0; i < 6; i++) {
		o[i] = group_all(128, 4096);
		o[i].class = i < 3 ? CLASS_CRITICAL : CLASS_NORMAL;
		o[i].selector = selectors[i];
	}
	return 6;
}

static void one_random_day(const struct protocol *protocol, uint64_t day_seed)
{
	struct group_options o[6];
	uint32_t count = some_groups(o);

	for (uint32_t i = 0; i < count && !protocol->by_order; i++)
		o[i].books.orders_max = 0;
	struct scene *s = scene_create_for(protocol, o, count);
	struct prng p;
	uint32_t at = 0;

	prng_init(&p, day_seed);
	struct day_options day = {.seed = day_seed,
	                          .symbols = 60,
	                          .messages = 12000,
	                          .hostile = true,
	                          .sessions = true};

	if (protocol->by_order)
		day_make(&s->script, day);
	else
		deep_day_make(&s->script, day);
	while (at < s->script.count || !shard_at_head(s->box.shard)) {
		if (prng_below(&p, 3) == 0)
			play(s, &at, (uint32_t)prng_below(&p, 400), &p);
		if (prng_below(&p, 4) == 0)
			shard_detach(s->box.shard, (uint32_t)prng_below(&p, 6));
		for (uint32_t i = 0; i < 6; i++)
			if (prng_below(&p, at < s->script.count ? 20 : 2) == 0)
				shard_reattach(s->box.shard, i);
		shard_step(s->box.shard, 1);
		if (prng_below(&p, 40) == 0)
			restarts += shard_restart(s->box.shard, (uint32_t)prng_below(&p, 6)) == 0;
		if (at >= s->script.count && prng_below(&p, 300) == 0)
			break;
	}
	play(s, &at, s->script.count, &p);
	for (uint32_t i = 0; i < 6; i++)
		shard_reattach(s->box.shard, i);
	while (shard_step(s->box.shard, 1) > 0 || !shard_at_head(s->box.shard))
		;
	shard_box_run(&s->calm, 1);
	check_equal(s);
	CU_ASSERT(shard_stats(s->box.shard)->caught_up > 0);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->groups_detached, 0);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->catch_up_lag_bytes, 0);
	scene_destroy(s);
}

static void test_random(void)
{
	restarts = 0;
	for (uint32_t day = 0; day < days; day++)
		one_random_day(&protocol_itch50, seed + day);
	CU_ASSERT(restarts > 0);
}

static void test_random_by_level(void)
{
	restarts = 0;
	for (uint32_t day = 0; day < days; day++)
		one_random_day(&protocol_deep10, seed + day);
	CU_ASSERT(restarts > 0);
}

/* Position of the lane's catch-up claim. */
static uint64_t claim(const struct scene *s)
{
	const struct log_cursor *c = &s->box.shard->lanes[0][CLASS_CRITICAL].catch_up.cursor;

	return atomic_load(&c->log.control->cursors[c->slot].position);
}

static uint64_t at_class(const struct scene *s)
{
	return s->box.shard->lanes[0][CLASS_CRITICAL].cursor.position;
}

/* The claim stays at the oldest waiting group, moves with the run, and leaves a new base. */
static void test_claims(void)
{
	struct group_options o[3] = {group_all(64, 4096), group_all(64, 4096), group_all(64, 4096)};
	struct scene *s = scene_create(o, 3);
	struct prng p;
	uint32_t at = 0;
	uint64_t positions[3];

	prng_init(&p, seed);
	day_make(&s->script, (struct day_options){.seed = 3, .symbols = 60, .messages = 9000});
	for (uint32_t i = 0; i < 3; i++) {
		play(s, &at, 2000, &p);
		shard_box_run(&s->box, 1);
		CU_ASSERT_EQUAL(claim(s), i == 0 ? at_class(s) : positions[0]);
		shard_detach(s->box.shard, i);
		shard_step(s->box.shard, 1);
		positions[i] = at_class(s);
		CU_ASSERT_EQUAL(s->box.groups[i].group.offset, positions[i]);
		CU_ASSERT_EQUAL(claim(s), positions[0]);
		CU_ASSERT_EQUAL(shard_stats(s->box.shard)->groups_detached, i + 1);
	}
	play(s, &at, 2000, &p);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(claim(s), positions[0]);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->catch_up_lag_bytes, at_class(s) - positions[0]);
	/* The youngest returns: the oldest still holds the log. */
	shard_reattach(s->box.shard, 2);
	shard_step(s->box.shard, 1);
	CU_ASSERT_FALSE(shard_at_head(s->box.shard));
	CU_ASSERT_EQUAL(s->box.groups[2].group.state, GROUP_DETACHED);
	shard_box_run(&s->box, 1);
	CU_ASSERT(shard_at_head(s->box.shard));
	CU_ASSERT_EQUAL(s->box.groups[2].group.state, GROUP_ATTACHED);
	CU_ASSERT_EQUAL(claim(s), positions[0]);
	/* The oldest returns: the run leaves a base where the middle one waits. */
	shard_reattach(s->box.shard, 0);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(s->box.groups[0].group.state, GROUP_ATTACHED);
	CU_ASSERT_EQUAL(claim(s), positions[1]);
	shard_reattach(s->box.shard, 1);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(claim(s), at_class(s));
	shard_box_run(&s->calm, 1);
	check_equal(s);
	CU_ASSERT(s->box.groups[0].group.stats.caught_up_messages >
	          s->box.groups[1].group.stats.caught_up_messages);
	scene_destroy(s);
}

/* A group that stands inside a record gets the rest of it, and nothing twice. */
static void test_inside_a_record(void)
{
	struct group_options o = group_all(64, 4096);
	struct scene *s = scene_create(&o, 1);
	struct group *g = &s->box.groups[0].group;
	struct book_change c;

	script_reset(&s->script);
	itch_directory(&s->script, 1, "AA");
	for (uint32_t i = 0; i < 10; i++)
		itch_add(&s->script, (struct add){1, "AA", 1 + i, 'B', 100, 10000});
	world_play_part(&s->world, &s->script, 0, 2, 10, NULL);
	shard_box_run(&s->box, 1);
	shard_detach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	world_play_part(&s->world, &s->script, 2, s->script.count, 10, NULL);
	/* As if it had been brought to this place elsewhere. */
	for (uint32_t i = 0; i < 4; i++)
		book_order_add(&g->books, 0, 1 + i, 'B', 100, 10000, &c);
	g->sequence += 4;
	shard_reattach(s->box.shard, 0);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(g->stats.caught_up_messages, 6);
	shard_box_run(&s->calm, 1);
	check_equal(s);
	scene_destroy(s);
}

/* Detached again in the middle of its run, it waits where the run stood. */
static void test_detach_in_the_run(void)
{
	struct group_options o = group_all(64, 4096);
	struct scene *s = scene_create(&o, 1);
	struct prng p;
	uint32_t at = 0;

	prng_init(&p, seed);
	day_make(&s->script, (struct day_options){.seed = 4, .symbols = 60, .messages = 9000});
	play(s, &at, 1000, &p);
	shard_box_run(&s->box, 1);
	shard_detach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	uint64_t from = s->box.groups[0].group.offset;

	play(s, &at, 6000, &p);
	shard_box_run(&s->box, 1);
	shard_reattach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	shard_step(s->box.shard, 1);
	shard_detach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	CU_ASSERT(s->box.groups[0].group.offset > from);
	CU_ASSERT(s->box.groups[0].group.offset < at_class(s));
	CU_ASSERT_EQUAL(claim(s), s->box.groups[0].group.offset);
	CU_ASSERT(shard_at_head(s->box.shard)); /* nothing is under way */
	shard_reattach(s->box.shard, 0);
	play(s, &at, 6000, &p);
	shard_box_run(&s->box, 1);
	shard_box_run(&s->calm, 1);
	check_equal(s);
	scene_destroy(s);
}

/* Who lost everything reads the log from its beginning, beside those who live. */
static void test_restart(void)
{
	struct group_options o[2] = {group_all(64, 4096), group_all(64, 4096)};
	struct scene *s = scene_create(o, 2);
	struct group *g = &s->box.groups[0].group;
	struct prng p;
	uint32_t at = 0;

	prng_init(&p, seed);
	day_make(&s->script, (struct day_options){.seed = 6, .symbols = 60, .messages = 9000});
	play(s, &at, 5000, &p);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(shard_restart(s->box.shard, 0), -EBUSY);
	shard_detach(s->box.shard, 0);
	CU_ASSERT_EQUAL(shard_restart(s->box.shard, 0), -EBUSY); /* not carried out yet */
	shard_step(s->box.shard, 1);
	uint64_t messages = g->stats.messages;

	CU_ASSERT(book_count(&g->books) > 0);
	CU_ASSERT_EQUAL(shard_restart(s->box.shard, 0), 0);
	CU_ASSERT_EQUAL(book_count(&g->books), 0);
	CU_ASSERT_EQUAL(g->state, GROUP_DETACHED);
	CU_ASSERT_EQUAL(g->stats.messages, messages);
	CU_ASSERT_EQUAL(claim(s), 0);
	/* The others go on, and the log is held. */
	play(s, &at, 2000, &p);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(book_count(&g->books), 0);
	CU_ASSERT_EQUAL(claim(s), 0);
	shard_reattach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	CU_ASSERT_EQUAL(shard_restart(s->box.shard, 0), -EBUSY); /* on its way */
	play(s, &at, 2000, &p);
	shard_box_run(&s->box, 1);
	shard_box_run(&s->calm, 1);
	check_equal(s);
	CU_ASSERT_EQUAL(claim(s), at_class(s));
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->groups_detached, 0);
	scene_destroy(s);
}

/* Without the beginning of the log nothing is given up. */
static void test_restart_too_late(void)
{
	struct group_options o = group_all(128, 4096);
	struct scene *s = scene_create(&o, 1);
	struct prng p;
	uint32_t at = 0;

	prng_init(&p, seed);
	day_make(&s->script, (struct day_options){.seed = 7, .symbols = 60, .messages = 150000});
	while (at < s->script.count) {
		play(s, &at, 5000, &p);
		shard_box_run(&s->box, 1);
		shard_box_run(&s->calm, 1);
	}
	CU_ASSERT(log_tail(&s->world.log.log) > 0);
	shard_detach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	CU_ASSERT_EQUAL(shard_restart(s->box.shard, 0), -ESTALE);
	shard_reattach(s->box.shard, 0);
	shard_box_run(&s->box, 1);
	check_equal(s);
	scene_destroy(s);
}

/* Rows of a detached group say so, and say so no more when it is back; the board never goes back.
 */
static void test_rows(void)
{
	struct group_options o = group_all(64, 4096);
	struct scene *s = scene_create(&o, 1);
	struct board_top t;

	script_reset(&s->script);
	itch_directory(&s->script, 1, "AA");
	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 100, 10000});
	itch_add(&s->script, (struct add){1, "AA", 2, 'B', 100, 20000});
	itch_add(&s->script, (struct add){1, "AA", 3, 'B', 100, 30000});
	world_play_part(&s->world, &s->script, 0, 3, 1, NULL);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL_FATAL(board_read(&s->world.board, 0, &t, 1), 0);
	CU_ASSERT_EQUAL(t.flags & BOARD_STALE, 0);
	CU_ASSERT_EQUAL(t.sequence, 2);
	shard_detach(s->box.shard, 0);
	shard_step(s->box.shard, 1);
	world_play_part(&s->world, &s->script, 3, 5, 1, NULL);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL_FATAL(board_read(&s->world.board, 0, &t, 1), 0);
	CU_ASSERT_EQUAL(t.flags & BOARD_STALE, BOARD_STALE);
	CU_ASSERT_EQUAL(t.sequence, 2);
	CU_ASSERT_EQUAL(t.bid_price, 10000);
	shard_reattach(s->box.shard, 0);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL_FATAL(board_read(&s->world.board, 0, &t, 1), 0);
	CU_ASSERT_EQUAL(t.flags & BOARD_STALE, 0);
	CU_ASSERT_EQUAL(t.sequence, 4);
	CU_ASSERT_EQUAL(t.bid_price, 30000);
	scene_destroy(s);
}

/* Detached groups hold the log: the writer must not reuse what they still need. */
static void test_holds_the_log(void)
{
	struct group_options o = group_all(128, 4096);
	struct scene *s = scene_create(&o, 1);
	struct prng p;
	uint32_t at = 0;

	prng_init(&p, seed);
	day_make(&s->script, (struct day_options){.seed = 5, .symbols = 60, .messages = 150000});
	play(s, &at, 1000, &p);
	shard_box_run(&s->box, 1);
	shard_box_run(&s->calm, 1);
	shard_detach(s->box.shard, 0);
	while (at < s->script.count) {
		play(s, &at, 5000, &p);
		shard_box_run(&s->box, 1);
		shard_box_run(&s->calm, 1);
	}
	CU_ASSERT(log_head(&s->world.log.log) > 2ull * SEGMENT_BYTES);
	shard_reattach(s->box.shard, 0);
	while (!shard_at_head(s->box.shard))
		shard_step(s->box.shard, 1);
	check_equal(s);
	scene_destroy(s);
}

/* -- quarantine -- */

struct patient { /* a group whose probe fails where the setting says */
	struct component_setting item;
	struct component_settings settings;
	struct group_component component;
	struct group_options options;
};

static void patient_make(struct patient *p, const char *key, const char *at, enum group_class class)
{
	p->item = (struct component_setting){key, at};
	p->settings = (struct component_settings){.name = "p", .items = &p->item, .count = 1};
	p->component = (struct group_component){.ops = &probe_ops, .settings = &p->settings};
	p->options = group_all(64, 4096);
	p->options.class = class;
	p->options.components = &p->component;
	p->options.component_count = 1;
}

static void ten_adds(struct scene *s)
{
	script_reset(&s->script);
	for (uint32_t i = 0; i < 10; i++)
		itch_add(&s->script, (struct add){1, "AA", 1 + i, 'B', 100, 10000});
}

static const struct probe_state *probe_of(const struct scene *s, uint32_t group)
{
	return s->box.groups[group].group.contexts[0].state;
}

/* One fails in the middle of a record: it stops there, the others go on. */
static void test_quarantine(void)
{
	struct patient p[3];
	struct group_options o[3];
	struct board_top t;

	for (uint32_t i = 0; i < 3; i++) {
		patient_make(&p[i], "fail_change", i == 0 ? "4" : "0",
		             i == 2 ? CLASS_NORMAL : CLASS_CRITICAL);
		o[i] = p[i].options;
	}
	struct scene *s = scene_create(o, 3);
	const struct group *g = &s->box.groups[0].group;

	ten_adds(s);
	world_play(&s->world, &s->script, 10);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(g->state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(g->sequence, 5);
	CU_ASSERT_EQUAL(g->epoch, 1);
	CU_ASSERT_EQUAL(g->offset, at_class(s) - record_bytes(380));
	CU_ASSERT_EQUAL(g->stats.failures, 1);
	CU_ASSERT_EQUAL(probe_of(s, 0)->changes, 4);
	CU_ASSERT_EQUAL(probe_of(s, 0)->messages, 3);
	CU_ASSERT_EQUAL(probe_of(s, 1)->changes, 10);
	CU_ASSERT_EQUAL(probe_of(s, 2)->messages, 10);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->groups_quarantined, 1);
	CU_ASSERT_EQUAL(claim(s), at_class(s));
	CU_ASSERT_EQUAL_FATAL(board_read(&s->world.board, 0, &t, 1), 0);
	CU_ASSERT_EQUAL(t.flags & BOARD_STALE, BOARD_STALE);
	CU_ASSERT_EQUAL(t.bid_quantity, 400);
	/* Nothing but a restore brings it back. */
	shard_reattach(s->box.shard, 0);
	shard_detach(s->box.shard, 0);
	ten_adds(s);
	world_play(&s->world, &s->script, 10);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(g->state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(g->sequence, 5);
	CU_ASSERT_EQUAL(probe_of(s, 0)->changes, 4);
	CU_ASSERT(shard_at_head(s->box.shard));
	scene_destroy(s);
}

/* On the last message of a record it stands before the next; on an event behind the event. */
static void test_quarantine_places(void)
{
	struct patient p[2];
	struct group_options o[2];

	patient_make(&p[0], "fail_message", "10", CLASS_CRITICAL);
	patient_make(&p[1], "fail_event", "2", CLASS_CRITICAL);
	o[0] = p[0].options;
	o[1] = p[1].options;
	struct scene *s = scene_create(o, 2);

	ten_adds(s);
	script_gap(&s->script, 5);
	script_gap(&s->script, 5);
	world_play_part(&s->world, &s->script, 0, 12, 10, NULL);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(s->box.groups[0].group.state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(s->box.groups[0].group.sequence, 11);
	CU_ASSERT_EQUAL(s->box.groups[0].group.offset, at_class(s) - record_bytes(16));
	CU_ASSERT_EQUAL(s->box.groups[1].group.state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(s->box.groups[1].group.sequence, 16);
	CU_ASSERT_EQUAL(s->box.groups[1].group.offset, at_class(s));
	world_play_part(&s->world, &s->script, 12, 13, 10, NULL);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(probe_of(s, 1)->events, 2);
	CU_ASSERT_EQUAL(probe_of(s, 0)->events, 1);
	scene_destroy(s);
}

/* A failure while catching up ends the run of that group alone. */
static void test_quarantine_in_the_run(void)
{
	struct patient p[2];
	struct group_options o[2];

	patient_make(&p[0], "fail_change", "7", CLASS_CRITICAL);
	patient_make(&p[1], "fail_change", "0", CLASS_CRITICAL);
	o[0] = p[0].options;
	o[1] = p[1].options;
	struct scene *s = scene_create(o, 2);

	shard_detach(s->box.shard, 0);
	shard_detach(s->box.shard, 1);
	shard_step(s->box.shard, 1);
	ten_adds(s);
	world_play(&s->world, &s->script, 3);
	shard_box_run(&s->box, 1);
	shard_reattach(s->box.shard, 0);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(s->box.groups[0].group.state, GROUP_QUARANTINED);
	CU_ASSERT_EQUAL(s->box.groups[0].group.sequence, 8);
	CU_ASSERT_EQUAL(s->box.groups[1].group.state, GROUP_DETACHED);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->groups_detached, 1);
	CU_ASSERT(shard_at_head(s->box.shard));
	shard_reattach(s->box.shard, 1);
	shard_box_run(&s->box, 1);
	CU_ASSERT_EQUAL(s->box.groups[1].group.state, GROUP_ATTACHED);
	CU_ASSERT_EQUAL(probe_of(s, 1)->changes, 10);
	CU_ASSERT_EQUAL(probe_of(s, 1)->events, 1);
	CU_ASSERT_EQUAL(claim(s), at_class(s));
	scene_destroy(s);
}

static const struct suite_test tests[] = {
        {"random detaching changes nothing in the end", test_random},
        {"random detaching by level", test_random_by_level},
        {"claims on the log", test_claims},
        {"a group inside a record", test_inside_a_record},
        {"detached in the middle of a run", test_detach_in_the_run},
        {"restarted, it reads everything again", test_restart},
        {"no restart without the log's beginning", test_restart_too_late},
        {"board rows of a detached group", test_rows},
        {"detached groups hold the log", test_holds_the_log},
        {"one fails, the others go on", test_quarantine},
        {"where a failed group stands", test_quarantine_places},
        {"a failure in the run", test_quarantine_in_the_run},
};

int main(int argc, char **argv)
{
	seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	days = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : 3;
	printf("seed %llu, %u days\n", (unsigned long long)seed, days);
	return SUITE_RUN("shard_catch_up", tests);
}
