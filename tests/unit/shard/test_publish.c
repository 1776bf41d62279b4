/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/scene.h"

#include "tests/unit/suite.h"

static uint64_t writes(const struct scene *s)
{
	return shard_stats(s->box.shard)->board_writes;
}

static void test_row(void)
{
	struct group_options o = group_all(16, 64);
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 16);

	itch_directory(&s->script, 1, "AA");
	itch_action(&s->script, 1, "AA", 'T');
	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 100, 10000});
	itch_add(&s->script, (struct add){1, "AA", 2, 'B', 50, 10000});
	itch_add(&s->script, (struct add){1, "AA", 3, 'S', 70, 11000});
	itch_execute(&s->script, 1, 3, 30);
	scene_play(s, 6);
	struct board_top t = top(s, 0);

	CU_ASSERT_EQUAL(t.symbol, symbol_from_text("AA"));
	CU_ASSERT_EQUAL(t.bid_price, 10000);
	CU_ASSERT_EQUAL(t.bid_quantity, 150);
	CU_ASSERT_EQUAL(t.bid_orders, 2);
	CU_ASSERT_EQUAL(t.ask_price, 11000);
	CU_ASSERT_EQUAL(t.ask_quantity, 40);
	CU_ASSERT_EQUAL(t.ask_orders, 1);
	CU_ASSERT_EQUAL(t.trade_price, 11000);
	CU_ASSERT_EQUAL(t.trade_quantity, 30);
	CU_ASSERT_EQUAL(t.volume, 30);
	CU_ASSERT_EQUAL(t.sequence, 6);
	CU_ASSERT_EQUAL(t.epoch, 1);
	CU_ASSERT_EQUAL(t.flags, 0);
	CU_ASSERT_EQUAL(t.state, 'T');
	CU_ASSERT_EQUAL(t.shard, SCENE_SHARD);
	CU_ASSERT_EQUAL(t.time_ns, s->world.now_ns);
	CU_ASSERT_EQUAL(writes(s), 1); /* one turn, one write */
	scene_destroy(s);
}

static void test_only_on_change(void)
{
	struct group_options o = group_all(16, 64);
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 16);

	itch_directory(&s->script, 1, "AA");
	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 100, 10000});
	scene_play(s, 1);
	uint64_t before = writes(s);

	itch_add(&s->script, (struct add){1, "AA", 2, 'B', 100, 9000}); /* deeper */
	itch_delete(&s->script, 1, 77);                                 /* unknown */
	itch_cancel(&s->script, 1, 2, 10);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(writes(s), before);
	itch_cancel(&s->script, 1, 1, 10);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(writes(s), before + 1);
	scene_destroy(s);
}

/* The critical class owns the row of a symbol that both classes take. */
static void test_owner(void)
{
	struct group_options o[3] = {group_all(16, 64), group_all(16, 64), group_all(16, 64)};

	o[0].class = CLASS_NORMAL;
	o[1].class = CLASS_NORMAL;
	o[2].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "A*"};
	struct scene *s = scene_create(&protocol_itch50, o, 3, 16);
	struct shard *shard = s->box.shard;

	itch_directory(&s->script, 1, "AA");
	itch_directory(&s->script, 2, "BB");
	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 100, 10000});
	itch_add(&s->script, (struct add){2, "BB", 2, 'B', 100, 10000});
	scene_play(s, 1);
	const struct lane *normal = &shard->lanes[0][CLASS_NORMAL];
	const struct lane *critical = &shard->lanes[0][CLASS_CRITICAL];

	CU_ASSERT(critical->rows[critical->routes.first[0]].owned);
	CU_ASSERT_FALSE(normal->rows[normal->routes.first[0]].owned);
	CU_ASSERT(normal->rows[normal->routes.first[1]].owned);
	CU_ASSERT_FALSE(normal->rows[normal->routes.links[normal->routes.first[1]].next].owned);
	CU_ASSERT_EQUAL(writes(s), 2);
	CU_ASSERT_EQUAL(top(s, 0).bid_quantity, 100);
	CU_ASSERT_EQUAL(top(s, 1).bid_quantity, 100);
	struct board_position p;

	board_get_position(&s->world.board, 3, CLASS_NORMAL, &p);
	CU_ASSERT_EQUAL(p.sequence, 5);
	CU_ASSERT_EQUAL(p.epoch, 1);
	scene_destroy(s);
}

/* A second Add of a live reference changes another book, too. */
static void test_displaced_order(void)
{
	struct group_options o = group_all(16, 64);
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 16);

	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 100, 10000});
	itch_add(&s->script, (struct add){2, "BB", 2, 'B', 200, 10000});
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_quantity, 100);
	itch_add(&s->script, (struct add){2, "BB", 1, 'B', 300, 10000});
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).bid_quantity, 0);
	CU_ASSERT_EQUAL(top(s, 1).bid_quantity, 500);
	scene_destroy(s);
}

static void test_suspect(void)
{
	struct group_options o = group_all(16, 64);
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 16);

	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 100, 10000});
	script_gap(&s->script, 3);
	itch_add(&s->script, (struct add){1, "AA", 2, 'B', 100, 10001});
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & BOARD_SUSPECT, BOARD_SUSPECT);
	CU_ASSERT_EQUAL(top(s, 0).sequence, 5);
	script_reset(&s->script);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(top(s, 0).flags & BOARD_SUSPECT, 0);
	CU_ASSERT_EQUAL(top(s, 0).flags & BOARD_HALTED, BOARD_HALTED);
	scene_destroy(s);
}

static void test_degraded(void)
{
	struct group_options o = group_all(16, 2);
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 16);

	for (uint64_t i = 1; i <= 40; i++)
		itch_add(&s->script, (struct add){1, "AA", i, 'B', 100, 10000 - (uint32_t)i});
	scene_play(s, 1);
	CU_ASSERT(book_set_stats(&s->box.groups[0].group.books)->refused_orders > 0);
	CU_ASSERT_EQUAL(top(s, 0).flags & BOARD_DEGRADED, BOARD_DEGRADED);
	scene_destroy(s);
}

/* More rows than a turn writes: the rest waits, nothing is lost, nobody says "at head" before. */
static void test_bounded_turn(void)
{
	struct group_options o = group_all(10000, 16384);

	o.books.levels_max = 1u << 17;
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 10000);
	char text[9];

	for (uint32_t i = 0; i < 9000; i++) {
		snprintf(text, sizeof(text), "S%u", i);
		itch_directory(&s->script, (uint16_t)(i + 1), text);
		itch_add(&s->script, (struct add){(uint16_t)(i + 1), text, i + 1, 'B', 100, 10000});
	}
	scene_play(s, 38);
	CU_ASSERT_EQUAL(writes(s), 9000);
	script_reset(&s->script);
	world_play(&s->world, &s->script, 1);
	shard_step(s->box.shard, 1);
	CU_ASSERT_EQUAL(writes(s), 9000 + PUBLISH_ROWS_MAX);
	CU_ASSERT_FALSE(shard_at_head(s->box.shard));
	while (!shard_at_head(s->box.shard))
		shard_step(s->box.shard, 1);
	CU_ASSERT_EQUAL(writes(s), 18000);
	for (uint32_t i = 0; i < 9000; i++)
		CU_ASSERT_EQUAL(top(s, i).bid_quantity, 0);
	scene_destroy(s);
}

static const struct suite_test tests[] = {
        {"a row", test_row},
        {"written only on change", test_only_on_change},
        {"who owns a row", test_owner},
        {"an order displaced from another book", test_displaced_order},
        {"suspect after a gap", test_suspect},
        {"degraded", test_degraded},
        {"a bounded share of a turn", test_bounded_turn},
};

int main(void)
{
	return SUITE_RUN("shard_publish", tests);
}
