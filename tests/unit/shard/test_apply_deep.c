/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/probe.h"
#include "tests/unit/shard/random_day.h"
#include "tests/unit/shard/scene.h"

#include "tests/unit/suite.h"

static struct scene *scene_all(void)
{
	struct group_options o = group_all(64, 0);

	return scene_create(&protocol_deep10, &o, 1, 64);
}

static void test_levels_and_states(void)
{
	struct scene *s = scene_all();

	deep_level(&s->script, "ZIEXT", 'B', 100, 99000, true);
	deep_level(&s->script, "ZIEXT", 'B', 200, 99500, true);
	deep_level(&s->script, "ZIEXT", 'B', 0, 99000, true);
	deep_level(&s->script, "ZIEXT", 'S', 300, -5, true);
	deep_trade(&s->script, 'T', "ZIEXT", 40, 99500);
	deep_trade(&s->script, 'B', "ZIEXT", 40, 99500);
	deep_status(&s->script, 'H', "ZIEXT", 'T');
	deep_status(&s->script, 'O', "ZIEXT", 'H');
	deep_status(&s->script, 'P', "ZIEXT", 1);
	deep_status(&s->script, 'E', "ZIEXT", 'O');
	script_message(&s->script, 'S', 10)[1] = 'R';
	scene_play(s, 4);
	const struct book *b = box_book(&s->box.groups[0], "ZIEXT");

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "ZIEXT", BOOK_BID), 200);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "ZIEXT", BOOK_ASK), 300);
	CU_ASSERT_EQUAL(b->volume, 40);
	CU_ASSERT_EQUAL(b->state, 'T');
	CU_ASSERT_EQUAL(b->operational, 'H');
	CU_ASSERT_EQUAL(b->short_sale, 1);
	CU_ASSERT_EQUAL(b->security_event, 'O');
	CU_ASSERT_EQUAL(memcmp(b->reason, "MCB3", 4), 0);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->trades_broken, 1);
	CU_ASSERT_EQUAL(atomic_load(&s->world.board.control->system_event), 'R');
	CU_ASSERT_EQUAL(top(s, 0).ask_price, -5);
	CU_ASSERT_EQUAL(top(s, 0).bid_orders, 0);
	scene_destroy(s);
}

/* The row waits for the end of the event; a trade in its middle waits, too. Components do not. */
static void test_event_flag(void)
{
	struct group_component c = {.ops = &probe_ops};
	struct group_options o = group_all(64, 0);

	o.components = &c;
	o.component_count = 1;
	struct scene *s = scene_create(&protocol_deep10, &o, 1, 64);
	const struct probe_state *p = s->box.groups[0].group.contexts[0].state;

	deep_level(&s->script, "A", 'B', 100, 10000, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_price, 10000);
	deep_level(&s->script, "A", 'B', 100, 10100, false);
	deep_level(&s->script, "B", 'B', 100, 10200, true);
	deep_trade(&s->script, 'T', "A", 10, 10100);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_price, 10000);
	CU_ASSERT_EQUAL(top(s, 0).volume, 0);
	CU_ASSERT_EQUAL(top(s, 1).bid_price, 10200);
	CU_ASSERT_EQUAL(p->changes, 4);
	/* The end of the event changes nothing itself. */
	deep_level(&s->script, "A", 'B', 0, 5, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_price, 10100);
	CU_ASSERT_EQUAL(top(s, 0).volume, 10);
	CU_ASSERT_EQUAL(top(s, 0).sequence, 5);
	CU_ASSERT_EQUAL(p->changes, 4);
	CU_ASSERT_EQUAL(p->messages, 5);
	scene_destroy(s);
}

/* After a GAP a book is suspect until all its levels were told again. */
static void test_good_again(void)
{
	struct scene *s = scene_all();

	deep_level(&s->script, "A", 'B', 100, 10000, true);
	deep_level(&s->script, "A", 'S', 100, 10100, true);
	deep_level(&s->script, "Q", 'S', 100, 10100, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), 0);
	script_gap(&s->script, 7);
	deep_level(&s->script, "A", 'B', 100, 10000, true);
	scene_play(s, 1);
	uint32_t epoch;
	uint64_t end;

	board_gap_read(&s->world.board, &epoch, &end);
	CU_ASSERT_EQUAL(end, 11);
	CU_ASSERT(top(s, 0).good_sequence < end);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_SUSPECT);
	deep_level(&s->script, "A", 'B', 150, 10000, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_SUSPECT);
	deep_level(&s->script, "A", 'S', 100, 10100, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_HEURISTIC);
	CU_ASSERT_EQUAL(top(s, 0).good_sequence, end);
	/* Told again as it was, it is good; not written again after that. */
	deep_level(&s->script, "Q", 'S', 100, 10100, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 1).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_HEURISTIC);
	uint64_t writes = shard_stats(s->box.shard)->board_writes;

	deep_level(&s->script, "Q", 'S', 100, 10100, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->board_writes, writes);
	deep_level(&s->script, "R", 'S', 100, 10100, true);
	script_gap(&s->script, 1);
	scene_play(s, 1);
	board_gap_read(&s->world.board, &epoch, &end);
	/* Nobody told its book again: the feed's word alone makes it suspect. */
	CU_ASSERT(top(s, 1).good_sequence < end);
	script_reset(&s->script);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), 0);
	CU_ASSERT_EQUAL(top(s, 0).epoch, 2);
	CU_ASSERT_EQUAL(top(s, 0).bid_quantity, 0);
	CU_ASSERT_EQUAL(top(s, 1).epoch, 2);
	scene_destroy(s);
}

static void test_parts(void)
{
	struct group_options o[2] = {group_all(64, 0), group_all(64, 0)};

	o[0].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "A*"};
	o[1].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "[BC]*"};
	o[1].class = CLASS_NORMAL;
	struct scene *s = scene_create(&protocol_deep10, o, 2, 64);
	char text[9];

	for (uint32_t i = 0; i < 100; i++) /* more than the directory holds */
		deep_level(&s->script, day_symbol(i, text), 'B', i + 1, 10000, true);
	deep_level(&s->script, "", 'B', 1, 10000, true);
	scene_play(s, 1);
	for (uint32_t i = 0; i < 60; i++)
		deep_level(&s->script, day_symbol(i, text), 'B', i + 2, 10000, true);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(book_count(&s->box.groups[0].group.books), 26);
	CU_ASSERT_EQUAL(book_count(&s->box.groups[1].group.books), 64 - 26);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "AB", BOOK_BID), 3);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[1], "BB", BOOK_BID), 29);
	CU_ASSERT(shard_stats(s->box.shard)->records_skipped > 20);
	scene_destroy(s);
}

/* A shard that begins when the directory knows symbols already still looks for its own. */
static void test_late_shard(void)
{
	struct group_options o = group_all(64, 0);

	o.selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "B*"};
	struct scene *s = scene_create(&protocol_deep10, &o, 1, 64);
	struct shard_box *late = calloc(1, sizeof(*late));
	char text[9];

	for (uint32_t i = 0; i < 60; i++)
		deep_level(&s->script, day_symbol(i, text), 'B', i + 1, 10000, true);
	scene_play(s, 1);
	struct feed_view *v = &s->box.shard->lanes[0][CLASS_CRITICAL].view;

	shard_box_start(late, &s->world, 1, &o, 1, true);
	CU_ASSERT_EQUAL(late->shard->lanes[0][CLASS_CRITICAL].view.interest, v->interest);
	shard_box_run(late, 1);
	CU_ASSERT(box_equal(&late->groups[0], &s->box.groups[0]));
	/* The rows belong to the first. */
	CU_ASSERT_EQUAL(shard_stats(late->shard)->board_refused, 26);
	CU_ASSERT_EQUAL(shard_stats(late->shard)->board_writes, 0);
	shard_box_finish(late);
	free(late);
	scene_destroy(s);
}

static const struct suite_test tests[] = {
        {"levels, trades, states", test_levels_and_states},
        {"the event flag", test_event_flag},
        {"good again after a gap", test_good_again},
        {"parts", test_parts},
        {"a late shard", test_late_shard},
};

int main(void)
{
	return SUITE_RUN("shard_apply_deep", tests);
}
