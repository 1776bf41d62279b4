/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config c;
static struct config_error error;

static void load(const char *text)
{
	int status = context_load(&c, text, &error);

	if (status != 0)
		printf("\n%s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

static void the_least_file_is_whole(void)
{
	load(CONTEXT_LEAST);
	CU_ASSERT_EQUAL(c.core_count, 1);
	CU_ASSERT_STRING_EQUAL(c.cores[0].name, "worker");
	CU_ASSERT_EQUAL(c.cores[0].cpu, CONFIG_NONE);
	CU_ASSERT_EQUAL(c.cores[0].idle, CONFIG_IDLE_YIELD);
	CU_ASSERT_EQUAL(c.ports[0].core, 0);
	CU_ASSERT_EQUAL(c.feeds[0].lines[0].port, 0);
	CU_ASSERT_EQUAL(c.feeds[0].lines[0].address, 0xef000001);
	CU_ASSERT_EQUAL(c.feeds[0].lines[0].udp_port, 26477);
	CU_ASSERT_EQUAL(c.shard_count, 1);
	CU_ASSERT_STRING_EQUAL(c.shards[0].name, "shard");
	CU_ASSERT_EQUAL(c.shards[0].core, 0);
	CU_ASSERT_EQUAL(c.shards[0].catch_up_budget, 64);
	CU_ASSERT_EQUAL(c.group_count, 1);
	CU_ASSERT_STRING_EQUAL(c.groups[0].name, "books");
	CU_ASSERT_EQUAL(c.groups[0].feed, 0);
	CU_ASSERT_EQUAL(c.groups[0].count, 1);
	CU_ASSERT_EQUAL(c.groups[0].shard_count, 1);
	CU_ASSERT_EQUAL(c.groups[0].shards[0], 0);
	CU_ASSERT_EQUAL(c.groups[0].select, CONFIG_SELECT_ALL);
	CU_ASSERT_EQUAL(c.groups[0].symbols_max, 16384);
	CU_ASSERT_PTR_NOT_NULL(c.engine.eal);
	CU_ASSERT_PTR_NULL(c.engine.eal[0]);
	config_finish(&c);
}

static void names_become_indices(void)
{
	load("groups:\n"
	     "  - {name: g, feed: y, symbols: hash, count: 4, shards: [s1, s0]}\n"
	     "  - {name: h, feed: x, shard: s1}\n"
	     "shards: [{name: s0, core: k1}, {name: s1, core: k0}]\n"
	     "feeds:\n"
	     "  - {name: x, protocol: itch50, lines: [{port: b, address: 239.0.0.1:1}]}\n"
	     "  - {name: y, protocol: deep10, lines: [{port: a, address: 239.0.0.2:2}]}\n"
	     "ports: [{name: a, device: d0, core: k1}, {name: b, device: d1}]\n"
	     "cores: [{name: k0}, {name: k1}]\n");
	CU_ASSERT_EQUAL(c.groups[0].feed, 1);
	CU_ASSERT_EQUAL(c.groups[0].shard_count, 2);
	CU_ASSERT_EQUAL(c.groups[0].shards[0], 1);
	CU_ASSERT_EQUAL(c.groups[0].shards[1], 0);
	CU_ASSERT_EQUAL(c.groups[0].line, 2);
	CU_ASSERT_EQUAL(c.groups[1].feed, 0);
	CU_ASSERT_EQUAL(c.groups[1].shards[0], 1);
	CU_ASSERT_EQUAL(c.groups[1].line, 3);
	CU_ASSERT_EQUAL(c.shards[0].core, 1);
	CU_ASSERT_EQUAL(c.shards[1].core, 0);
	CU_ASSERT_EQUAL(c.feeds[0].lines[0].port, 1);
	CU_ASSERT_EQUAL(c.feeds[1].lines[0].port, 0);
	CU_ASSERT_EQUAL(c.ports[0].core, 1);
	CU_ASSERT_EQUAL(c.ports[1].core, 0);
	config_finish(&c);
}

static void a_feed_is_where_its_first_line_is(void)
{
	load("cores: [{name: x}, {name: y, hand_over: 2MiB}]\n"
	     "ports: [{name: a, device: d0, core: y}, {name: b, device: d1, core: x}]\n"
	     "feeds:\n"
	     "  - {protocol: itch50, lines: [{port: a, address: 239.0.0.1:1}, "
	     "{port: b, address: 239.0.0.1:1}]}\n"
	     "  - {protocol: itch50, core: x, lines: [{port: a, address: 239.0.0.2:1}]}\n");
	CU_ASSERT_EQUAL(c.feeds[0].core, 1);
	CU_ASSERT_EQUAL(c.feeds[1].core, 0);
	CU_ASSERT_EQUAL(c.cores[0].hand_over_bytes, 1u << 20);
	CU_ASSERT_EQUAL(c.cores[1].hand_over_bytes, 2u << 20);
	config_finish(&c);
}

static void idle_follows_the_cpu(void)
{
	load("cores: [{name: a, cpu: 3}, {name: b}, {name: d, cpu: 4, idle: "
	     "pause}]\n" CONTEXT_LEAST);
	CU_ASSERT_EQUAL(c.cores[0].idle, CONFIG_IDLE_SPIN);
	CU_ASSERT_EQUAL(c.cores[1].idle, CONFIG_IDLE_YIELD);
	CU_ASSERT_EQUAL(c.cores[2].idle, CONFIG_IDLE_PAUSE);
	config_finish(&c);
}

static void room_follows_the_selection(void)
{
	load(CONTEXT_PORTS
	     "feeds: [{protocol: itch50, symbols_max: 1000, lines: [{address: 239.0.0.1:1}]}]\n"
	     "groups:\n"
	     "  - {symbols: 'A*'}\n"
	     "  - {symbols: [A, B]}\n"
	     "  - {symbols: hash, count: 10}\n"
	     "  - {symbols: hash, count: 1}\n"
	     "  - {symbols: all, symbols_max: 7, orders_max: 8, levels_max: 16}\n");
	CU_ASSERT_EQUAL(c.groups[0].symbols_max, 1000);
	CU_ASSERT_EQUAL(c.groups[0].orders_max, 2097152);
	CU_ASSERT_EQUAL(c.groups[0].levels_max, 1048576);
	CU_ASSERT_EQUAL(c.groups[1].symbols_max, 2);
	CU_ASSERT_EQUAL(c.groups[1].orders_max, 131072);
	CU_ASSERT_EQUAL(c.groups[1].levels_max, 32768);
	CU_ASSERT_EQUAL(c.groups[2].symbols_max, 264);
	CU_ASSERT_EQUAL(c.groups[2].orders_max, 2 * 2097152 / 10 + 1024);
	CU_ASSERT_EQUAL(c.groups[2].levels_max, 2 * 1048576 / 10 + 1024);
	CU_ASSERT_EQUAL(c.groups[3].symbols_max, 1000);
	CU_ASSERT_EQUAL(c.groups[3].orders_max, 2097152);
	CU_ASSERT_EQUAL(c.groups[4].symbols_max, 7);
	CU_ASSERT_EQUAL(c.groups[4].orders_max, 8);
	CU_ASSERT_EQUAL(c.groups[4].levels_max, 16);
	config_finish(&c);
}

static void shards_are_dealt_up_to_count(void)
{
	load("shards: [{}, {}, {}]\n" CONTEXT_LEAST
	     "groups: [{symbols: hash, count: 2}, {symbols: hash, count: 9}, {}]\n");
	CU_ASSERT_EQUAL(c.groups[0].shard_count, 2);
	CU_ASSERT_EQUAL(c.groups[0].shards[1], 1);
	CU_ASSERT_EQUAL(c.groups[1].shard_count, 3);
	CU_ASSERT_EQUAL(c.groups[1].shards[2], 2);
	CU_ASSERT_EQUAL(c.groups[2].shard_count, 1);
	CU_ASSERT_EQUAL(c.groups[2].shards[0], 0);
	config_finish(&c);
}

static void every_feed_has_its_books(void)
{
	load(CONTEXT_PORTS
	     "feeds:\n"
	     "  - {name: x, protocol: itch50, lines: [{address: 239.0.0.1:1}]}\n"
	     "  - {name: y, protocol: tops16, symbols_max: 9, lines: [{address: 239.0.0.2:1}]}\n");
	CU_ASSERT_EQUAL(c.group_count, 2);
	CU_ASSERT_STRING_EQUAL(c.groups[0].name, "x");
	CU_ASSERT_STRING_EQUAL(c.groups[1].name, "y");
	CU_ASSERT_EQUAL(c.groups[1].feed, 1);
	CU_ASSERT_EQUAL(c.groups[1].symbols_max, 9);
	config_finish(&c);
}

static void unknown_names_show_the_nearest(void)
{
	CU_ASSERT_NOT_EQUAL(context_load(&c,
	                                 "ports: [{device: d, core: recieve}]\n"
	                                 "cores: [{name: books}, {name: receive}]\n" CONTEXT_FEEDS,
	                                 &error),
	                    0);
	CU_ASSERT_STRING_EQUAL(error.text,
	                       "t.yaml:1: ports[0].core: there is no core \"recieve\", "
	                       "did you mean \"receive\"?; the cores are books, receive");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the least file is whole", the_least_file_is_whole},
	        {"names become indices", names_become_indices},
	        {"a feed is where its first line is", a_feed_is_where_its_first_line_is},
	        {"idle follows the CPU", idle_follows_the_cpu},
	        {"room follows the selection", room_follows_the_selection},
	        {"shards are dealt up to count", shards_are_dealt_up_to_count},
	        {"every feed has its books", every_feed_has_its_books},
	        {"unknown names show the nearest", unknown_names_show_the_nearest},
	};

	return SUITE_RUN("config_resolve", tests);
}
