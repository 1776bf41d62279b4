/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/probe.h"
#include "tests/unit/shard/scene.h"

#include "tests/unit/suite.h"

static struct scene *scene_all(void)
{
	struct group_options o = group_all(64, 0);

	return scene_create(&protocol_tops16, &o, 1, 64);
}

static void test_quotes_and_states(void)
{
	struct scene *s = scene_all();

	tops_quote(&s->script, "ZIEXT", 0, 0, 0, 0);
	tops_quote(&s->script, "ZIEXT", 100, 99000, 99500, 300);
	tops_quote(&s->script, "ZIEXT", 200, 98000, -5, 400);
	deep_trade(&s->script, 'T', "ZIEXT", 40, 99500);
	deep_trade(&s->script, 'B', "ZIEXT", 40, 99500);
	deep_status(&s->script, 'H', "ZIEXT", 'T');
	deep_status(&s->script, 'O', "ZIEXT", 'N');
	deep_status(&s->script, 'P', "ZIEXT", 1);
	deep_status(&s->script, 'E', "ZIEXT", 'O'); /* not of this protocol */
	deep_level(&s->script, "ZIEXT", 'B', 1, 1, true);
	script_message(&s->script, 'S', 10)[1] = 'R';
	scene_play(s, 4);
	const struct book *b = box_book(&s->box.groups[0], "ZIEXT");

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->side[BOOK_BID].count, 1);
	CU_ASSERT_EQUAL(b->side[BOOK_ASK].count, 1);
	CU_ASSERT_EQUAL(b->volume, 40);
	CU_ASSERT_EQUAL(b->state, 'T');
	CU_ASSERT_EQUAL(b->operational, 'N');
	CU_ASSERT_EQUAL(b->short_sale, 1);
	CU_ASSERT_EQUAL(b->security_event, 0);
	CU_ASSERT_EQUAL(memcmp(b->reason, "MCB3", 4), 0);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->trades_broken, 1);
	CU_ASSERT_EQUAL(atomic_load(&s->world.board.control->system_event), 'R');
	struct board_top t = top(s, 0);

	CU_ASSERT_EQUAL(t.bid_price, 98000);
	CU_ASSERT_EQUAL(t.bid_quantity, 200);
	CU_ASSERT_EQUAL(t.bid_orders, 0);
	CU_ASSERT_EQUAL(t.ask_price, -5);
	CU_ASSERT_EQUAL(t.ask_quantity, 400);
	CU_ASSERT_EQUAL(t.volume, 40);
	scene_destroy(s);
}

/* Components hear of each level that went or came; the row is written once. */
static void test_one_row_per_quote(void)
{
	struct group_component c = {.ops = &probe_ops};
	struct group_options o = group_all(64, 0);

	o.components = &c;
	o.component_count = 1;
	struct scene *s = scene_create(&protocol_tops16, &o, 1, 64);
	const struct probe_state *p = s->box.groups[0].group.contexts[0].state;

	tops_quote(&s->script, "A", 100, 10000, 10100, 100);
	scene_play(s, 1);
	uint64_t writes = shard_stats(s->box.shard)->board_writes;

	CU_ASSERT_EQUAL(writes, 1);
	CU_ASSERT_EQUAL(p->changes, 2);
	CU_ASSERT_EQUAL(p->messages, 1);
	tops_quote(&s->script, "A", 100, 10010, 10110, 100);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->board_writes, writes + 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_price, 10010);
	CU_ASSERT_EQUAL(top(s, 0).ask_price, 10110);
	CU_ASSERT_EQUAL(p->changes, 6);
	CU_ASSERT_EQUAL(p->messages, 2);
	tops_quote(&s->script, "A", 100, 10010, 10110, 100); /* nothing new */
	scene_play(s, 1);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->board_writes, writes + 1);
	CU_ASSERT_EQUAL(p->changes, 6);
	CU_ASSERT_EQUAL(p->messages, 3);
	tops_quote(&s->script, "A", 0, 10010, 0, 0);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_quantity, 0);
	CU_ASSERT_EQUAL(top(s, 0).bid_price, 0);
	CU_ASSERT_EQUAL(top(s, 0).ask_quantity, 0);
	CU_ASSERT_EQUAL(p->changes, 8);
	scene_destroy(s);
}

/* After a GAP a book is suspect until its next quote, whatever that says. */
static void test_good_again(void)
{
	struct scene *s = scene_all();

	tops_quote(&s->script, "A", 100, 10000, 10100, 100);
	tops_quote(&s->script, "Q", 100, 10000, 10100, 100);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), 0);
	script_gap(&s->script, 7);
	deep_status(&s->script, 'H', "A", 'T');
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_SUSPECT);
	tops_quote(&s->script, "A", 100, 10000, 10100, 100);
	tops_quote(&s->script, "Q", 0, 0, 10200, 100);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_HEURISTIC);
	CU_ASSERT_EQUAL(top(s, 1).flags & (BOARD_SUSPECT | BOARD_HEURISTIC), BOARD_HEURISTIC);
	CU_ASSERT_EQUAL(top(s, 1).bid_quantity, 0);
	CU_ASSERT_EQUAL(top(s, 1).ask_price, 10200);
	script_reset(&s->script);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).epoch, 2);
	CU_ASSERT_EQUAL(top(s, 0).bid_quantity, 0);
	scene_destroy(s);
}

static void test_parts(void)
{
	struct group_options o[2] = {group_all(64, 0), group_all(64, 0)};

	o[0].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "A*"};
	o[1].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "*B"};
	o[1].class = CLASS_NORMAL;
	struct scene *s = scene_create(&protocol_tops16, o, 2, 64);

	tops_quote(&s->script, "AB", 1, 10000, 0, 0);
	tops_quote(&s->script, "AC", 2, 10000, 0, 0);
	tops_quote(&s->script, "CB", 3, 10000, 0, 0);
	tops_quote(&s->script, "CD", 4, 10000, 0, 0);
	tops_quote(&s->script, "AB", 5, 10000, 0, 0);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "AB", BOOK_BID), 5);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "AC", BOOK_BID), 2);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[1], "AB", BOOK_BID), 5);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[1], "CB", BOOK_BID), 3);
	CU_ASSERT_PTR_NULL(box_book(&s->box.groups[1], "CD"));
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->unroutable, 4);
	scene_destroy(s);
}

static const struct suite_test tests[] = {
        {"quotes, trades, states", test_quotes_and_states},
        {"one row per quote", test_one_row_per_quote},
        {"good again after a gap", test_good_again},
        {"parts", test_parts},
};

int main(void)
{
	return SUITE_RUN("shard_apply_tops", tests);
}
