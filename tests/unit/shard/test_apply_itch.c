/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/shard/random_day.h"
#include "tests/unit/shard/scene.h"

#include "tests/unit/suite.h"

static struct scene *scene_all(void)
{
	struct group_options o = group_all(64, 1024);

	return scene_create(&protocol_itch50, &o, 1, 64);
}

static void test_order_life(void)
{
	struct scene *s = scene_all();
	const struct group_box *g = &s->box.groups[0];

	itch_directory(&s->script, 1, "AAPL");
	itch_add(&s->script, (struct add){1, "AAPL", 10, 'B', 500, 1000000});
	itch_add(&s->script, (struct add){1, "AAPL", 11, 'S', 300, 1010000});
	itch_execute(&s->script, 1, 10, 100);
	itch_execute_at(&s->script, 1, 10, 50, 1005000, 'N');
	itch_cancel(&s->script, 1, 10, 25);
	scene_play(s, 100);
	CU_ASSERT_EQUAL(box_resting(g, "AAPL", BOOK_BID), 325);
	CU_ASSERT_EQUAL(box_resting(g, "AAPL", BOOK_ASK), 300);
	CU_ASSERT_EQUAL(box_book(g, "AAPL")->volume, 100);
	CU_ASSERT_EQUAL(box_book(g, "AAPL")->trade_price, 1005000);
	itch_replace(&s->script, 1, 10, 20, 700, 990000);
	itch_delete(&s->script, 1, 11);
	itch_delete(&s->script, 1, 10);
	scene_play(s, 100);
	CU_ASSERT_EQUAL(box_resting(g, "AAPL", BOOK_BID), 700);
	CU_ASSERT_EQUAL(box_resting(g, "AAPL", BOOK_ASK), 0);
	CU_ASSERT_EQUAL(book_set_stats(&g->group.books)->orphan_references, 1);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->orphan_references, 1);
	scene_destroy(s);
}

/* The directory's symbol, when it came before in the session; else the Add's own. */
static void test_symbol_of_an_add(void)
{
	struct scene *s = scene_all();
	const struct group_box *g = &s->box.groups[0];

	itch_add(&s->script, (struct add){1, "OWN", 10, 'B', 100, 10000});
	itch_directory(&s->script, 1, "LISTED");
	itch_add(&s->script, (struct add){1, "OWN", 11, 'B', 200, 10000});
	itch_directory(&s->script, 2, "");
	itch_add(&s->script, (struct add){2, "OWN", 12, 'B', 400, 10000});
	script_reset(&s->script);
	scene_play(s, 2);
	/* Everything was emptied by the reset; the books stay known. */
	CU_ASSERT_EQUAL(box_resting(g, "OWN", BOOK_BID), 0);
	CU_ASSERT_PTR_NOT_NULL(box_book(g, "LISTED"));
	CU_ASSERT_PTR_NOT_NULL(box_book(g, ""));
	itch_add(&s->script, (struct add){1, "OWN", 10, 'B', 100, 10000});
	itch_directory(&s->script, 1, "LISTED");
	itch_add(&s->script, (struct add){1, "OWN", 11, 'B', 200, 10000});
	itch_directory(&s->script, 2, "");
	itch_add(&s->script, (struct add){2, "OWN", 12, 'B', 400, 10000});
	itch_add(&s->script, (struct add){3, "", 13, 'B', 800, 10000});
	itch_delete(&s->script, 9, 11);
	scene_play(s, 2);
	CU_ASSERT_EQUAL(box_resting(g, "OWN", BOOK_BID), 100);
	CU_ASSERT_EQUAL(box_resting(g, "LISTED", BOOK_BID), 0);
	CU_ASSERT_EQUAL(box_resting(g, "", BOOK_BID), 1200);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->orphan_references, 0);
	scene_destroy(s);
}

static void test_trades_and_states(void)
{
	struct scene *s = scene_all();
	const struct group_box *g = &s->box.groups[0];

	itch_action(&s->script, 7, "XYZ", 'T');
	itch_trade(&s->script, 7, "XYZ", 300, 50000);
	itch_cross(&s->script, 7, "XYZ", 1ull << 40, 51000);
	itch_cross(&s->script, 7, "XYZ", 0, 52000);
	uint8_t *m = itch_message(&s->script, 'Y', 20, 7);

	put_symbol(m + 11, "XYZ");
	m[19] = '1';
	m = itch_message(&s->script, 'h', 21, 7);
	put_symbol(m + 11, "XYZ");
	m[19] = 'Q';
	m[20] = 'H';
	itch_message(&s->script, 'B', 19, 7);
	itch_message(&s->script, 'B', 19, 8);
	scene_play(s, 3);
	const struct book *b = box_book(g, "XYZ");

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL(b->volume, 300 + (1ull << 40));
	CU_ASSERT_EQUAL(b->trades, 2);
	CU_ASSERT_EQUAL(b->trade_price, 51000);
	CU_ASSERT_EQUAL(b->state, 'T');
	CU_ASSERT_EQUAL(b->short_sale, '1');
	CU_ASSERT_EQUAL(b->operational, 'H');
	CU_ASSERT_EQUAL(memcmp(b->reason, "NONE", 4), 0);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->trades_broken, 1);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->unroutable, 1);
	scene_destroy(s);
}

static void test_system_event(void)
{
	struct scene *s = scene_all();

	itch_system(&s->script, 'Q');
	scene_play(s, 1);
	CU_ASSERT_EQUAL(s->box.shard->lanes[0][CLASS_CRITICAL].view.system_event, 'Q');
	CU_ASSERT_EQUAL(atomic_load(&s->world.board.control->system_event), 'Q');
	scene_destroy(s);
}

static void test_unknown_and_short(void)
{
	struct scene *s = scene_all();

	script_message(&s->script, 'z', 30);
	itch_message(&s->script, 'A', 35, 1);
	itch_message(&s->script, 'D', 18, 1);
	script_add(&s->script, RECORD_DATA);
	uint8_t *m = itch_message(&s->script, 'A', 60, 1); /* longer than known: accepted */

	put_be64(m + 11, 5);
	m[19] = 'B';
	put_be32(m + 20, 100);
	put_symbol(m + 24, "LONG");
	put_be32(m + 32, 10000);
	scene_play(s, 10);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "LONG", BOOK_BID), 100);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->delivered, 1);
	CU_ASSERT_EQUAL(s->box.shard->lanes[0][CLASS_CRITICAL].view.next_sequence, 6);
	scene_destroy(s);
}

/* Two groups by pattern: orders follow the locate; a wrong locate leads to an orphan. */
static void test_two_groups_by_locate(void)
{
	struct group_options o[2] = {group_all(64, 1024), group_all(64, 1024)};

	o[0].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "A*"};
	o[1].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "B*"};
	struct scene *s = scene_create(&protocol_itch50, o, 2, 64);

	itch_directory(&s->script, 1, "AA");
	itch_directory(&s->script, 2, "BB");
	itch_directory(&s->script, 3, "CC");
	itch_add(&s->script, (struct add){1, "AA", 10, 'B', 100, 10000});
	itch_add(&s->script, (struct add){2, "BB", 11, 'B', 200, 10000});
	itch_add(&s->script, (struct add){3, "CC", 12, 'B', 400, 10000});
	itch_delete(&s->script, 2, 10); /* AA's order by BB's locate */
	itch_execute(&s->script, 2, 11, 50);
	itch_execute(&s->script, 3, 12, 50);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "AA", BOOK_BID), 100);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[1], "BB", BOOK_BID), 150);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->orphan_references, 1);
	CU_ASSERT_EQUAL(book_set_stats(&s->box.groups[1].group.books)->orphan_references, 1);
	CU_ASSERT_EQUAL(book_count(&s->box.groups[0].group.books), 1);
	scene_destroy(s);
}

/* A locate used with symbols of both groups: its orders are looked for in both. */
static void test_shared_locate(void)
{
	struct group_options o[2] = {group_all(64, 1024), group_all(64, 1024)};

	o[0].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "A*"};
	o[1].selector = (struct selector){.kind = SELECT_PATTERN, .pattern = "B*"};
	struct scene *s = scene_create(&protocol_itch50, o, 2, 64);

	itch_add(&s->script, (struct add){5, "AA", 10, 'B', 100, 10000});
	itch_add(&s->script, (struct add){5, "BB", 11, 'B', 200, 10000});
	itch_execute(&s->script, 5, 10, 10);
	itch_execute(&s->script, 5, 11, 20);
	itch_delete(&s->script, 5, 12);
	itch_message(&s->script, 'B', 19, 5);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "AA", BOOK_BID), 90);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[1], "BB", BOOK_BID), 180);
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->orphan_references, 1);
	CU_ASSERT_EQUAL(book_set_stats(&s->box.groups[0].group.books)->orphan_references, 0);
	CU_ASSERT_EQUAL(s->box.shard->lanes[0][0].view.locates[5].link, ROUTE_MULTI);
	/* A new session, a new meaning. */
	script_reset(&s->script);
	itch_add(&s->script, (struct add){5, "BB", 11, 'B', 200, 10000});
	scene_play(s, 1);
	CU_ASSERT_NOT_EQUAL(s->box.shard->lanes[0][0].view.locates[5].link, ROUTE_MULTI);
	scene_destroy(s);
}

/* A symbol that two groups take goes to both; each counts its own. */
static void test_symbol_in_two_groups(void)
{
	struct group_options o[2] = {group_all(64, 1024), group_all(64, 1024)};
	uint64_t names[1] = {symbol_from_text("AA")};

	o[1].selector = (struct selector){.kind = SELECT_LIST, .names = names, .name_count = 1};
	struct scene *s = scene_create(&protocol_itch50, o, 2, 64);

	itch_directory(&s->script, 1, "AA");
	itch_directory(&s->script, 2, "BB");
	itch_add(&s->script, (struct add){1, "AA", 10, 'B', 100, 10000});
	itch_add(&s->script, (struct add){2, "BB", 11, 'B', 100, 10000});
	itch_execute(&s->script, 1, 10, 30);
	itch_execute(&s->script, 2, 11, 40);
	scene_play(s, 1);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "AA", BOOK_BID), 70);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[1], "AA", BOOK_BID), 70);
	CU_ASSERT_EQUAL(box_resting(&s->box.groups[0], "BB", BOOK_BID), 60);
	CU_ASSERT_PTR_NULL(box_book(&s->box.groups[1], "BB"));
	CU_ASSERT_EQUAL(shard_stats(s->box.shard)->orphan_references, 0);
	scene_destroy(s);
}

/* More symbols than the group or the directory has room for. */
static void test_symbols_beyond_room(void)
{
	struct group_options o = group_all(3, 1024);
	struct scene *s = scene_create(&protocol_itch50, &o, 1, 64);
	char text[9];

	for (uint16_t i = 0; i < 80; i++) {
		itch_directory(&s->script, (uint16_t)(i + 1), day_symbol(i, text));
		itch_add(&s->script,
		         (struct add){(uint16_t)(i + 1), text, 10u + i, 'B', 100, 10000});
		itch_execute(&s->script, (uint16_t)(i + 1), 10u + i, 10);
	}
	scene_play(s, 7);
	const struct group *g = &s->box.groups[0].group;

	CU_ASSERT_EQUAL(book_count(&g->books), 3);
	CU_ASSERT_EQUAL(book_set_stats(&g->books)->orders_live, 3);
	CU_ASSERT_EQUAL(book_set_stats(&g->books)->refused_symbols, 64 - 3);
	CU_ASSERT_EQUAL(s->world.directory.refused, 16);
	CU_ASSERT(shard_stats(s->box.shard)->unroutable >= 16);
	scene_destroy(s);
}

static const struct suite_test tests[] = {
        {"an order's life", test_order_life},
        {"whose symbol an Add has", test_symbol_of_an_add},
        {"trades and states", test_trades_and_states},
        {"system events go to view and board", test_system_event},
        {"unknown, short, empty and longer messages", test_unknown_and_short},
        {"two groups by locate", test_two_groups_by_locate},
        {"a locate shared by groups", test_shared_locate},
        {"a symbol in two groups", test_symbol_in_two_groups},
        {"symbols beyond room", test_symbols_beyond_room},
};

int main(void)
{
	return SUITE_RUN("shard_apply_itch", tests);
}
