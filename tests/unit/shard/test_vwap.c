/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The VWAP example as a user has it: a shared object, loaded, on the books of a group.
 */
#include <dlfcn.h>

#include "tests/unit/shard/shard_world.h"

#include "tests/unit/suite.h"

static const struct component_ops *vwap;

struct scene {
	struct world world;
	struct script script;
	struct shard_box box;
	struct group_component component;
	char report[4096];
};

static struct scene *scene_create(const struct protocol *p,
                                  const struct component_settings *settings)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct group_options o = group_all(64, p->by_order ? 1024 : 0);

	s->component = (struct group_component){.ops = vwap, .settings = settings};
	o.components = &s->component;
	o.component_count = 1;
	world_init(&s->world, p, 64);
	shard_box_start(&s->box, &s->world, 0, &o, 1, true);
	script_reset(&s->script);
	return s;
}

static const char *scene_report(struct scene *s)
{
	FILE *out = fmemopen(s->report, sizeof(s->report), "w");
	struct group *g = &s->box.groups[0].group;

	world_play(&s->world, &s->script, 3);
	s->script.count = 0;
	shard_box_run(&s->box, 1);
	vwap->report(&g->contexts[0], out);
	fclose(out);
	return s->report;
}

static void scene_destroy(struct scene *s)
{
	shard_box_finish(&s->box);
	script_free(&s->script);
	world_finish(&s->world);
	free(s);
}

static void play_itch(struct scene *s)
{
	itch_directory(&s->script, 1, "AA");
	itch_add(&s->script, (struct add){1, "AA", 1, 'B', 1000, 100000});
	itch_execute(&s->script, 1, 1, 100);                 /* 100 at 10.0000 */
	itch_execute_at(&s->script, 1, 1, 200, 110000, 'Y'); /* 200 at 11.0000 */
	itch_execute_at(&s->script, 1, 1, 200, 990000, 'N'); /* does not count */
	itch_trade(&s->script, 1, "AA", 300, 120000);        /* 300 at 12.0000 */
	itch_cross(&s->script, 1, "AA", 400, 130000);        /* 400 at 13.0000 */
	itch_trade(&s->script, 2, "BB", 3, 10000);
	itch_trade(&s->script, 2, "BB", 3, 10001);
	itch_directory(&s->script, 3, "QUIET");
}

static void test_crosses(void)
{
	struct component_setting item = {"crosses", "yes"};
	struct component_settings settings = {.name = "vwap", .items = &item, .count = 1};
	struct scene *s = scene_create(&protocol_itch50, &settings);

	play_itch(s);
	/* (1000 + 2200 + 3600 + 5200) / 1000 */
	CU_ASSERT_STRING_EQUAL(scene_report(s), "symbol,vwap,shares\nAA,12.000000,1000\n"
	                                        "BB,1.000050,6\n");
	CU_ASSERT_EQUAL(s->box.groups[0].group.contexts[0].values[0], 6);
	CU_ASSERT_EQUAL(s->box.groups[0].group.contexts[0].values[1], 2);
	/* A new session begins a new average. */
	script_reset(&s->script);
	itch_trade(&s->script, 2, "BB", 7, 20000);
	CU_ASSERT_STRING_EQUAL(scene_report(s), "symbol,vwap,shares\nBB,2.000000,7\n");
	scene_destroy(s);
}

static void test_no_crosses(void)
{
	struct component_setting item = {"crosses", "no"};
	struct component_settings settings = {.name = "vwap", .items = &item, .count = 1};
	struct scene *s = scene_create(&protocol_itch50, &settings);

	play_itch(s);
	/* (1000 + 2200 + 3600) / 600 */
	CU_ASSERT_STRING_EQUAL(scene_report(s), "symbol,vwap,shares\nAA,11.333333,600\n"
	                                        "BB,1.000050,6\n");
	scene_destroy(s);
}

/* Crosses of a whole day's size: the sum leaves 64 bits. */
static void test_wide(void)
{
	struct component_settings settings = {.name = "vwap"};
	struct scene *s = scene_create(&protocol_itch50, &settings);

	for (int i = 0; i < 3; i++)
		itch_cross(&s->script, 1, "BRK", 1ull << 40, 2000000000);
	CU_ASSERT_STRING_EQUAL(scene_report(s),
	                       "symbol,vwap,shares\nBRK,200000.000000,3298534883328\n");
	scene_destroy(s);
}

static void test_by_level(void)
{
	struct component_settings settings = {.name = "vwap"};
	struct scene *s = scene_create(&protocol_deep10, &settings);

	deep_trade(&s->script, 'T', "ZIEXT", 100, 100000);
	deep_trade(&s->script, 'T', "ZIEXT", 300, -20000);
	deep_trade(&s->script, 'T', "ZIEXT", 0, 990000);
	deep_trade(&s->script, 'B', "ZIEXT", 100, 100000);
	CU_ASSERT_STRING_EQUAL(scene_report(s), "symbol,vwap,shares\nZIEXT,1.000000,400\n");
	scene_destroy(s);
}

static void test_settings(void)
{
	struct component_setting item = {"crosses", "maybe"};
	struct component_settings settings = {.name = "mine", .items = &item, .count = 1};
	struct group_component component = {.ops = vwap, .settings = &settings};
	struct group_options o = group_all(64, 1024);
	const char *error = NULL;

	o.components = &component;
	o.component_count = 1;
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	CU_ASSERT_STRING_EQUAL(error, "component mine: crosses must be yes or no");
	item = (struct component_setting){"cross", "yes"};
	CU_ASSERT_EQUAL(group_bytes(&o, &error), 0);
	CU_ASSERT_STRING_EQUAL(error, "component mine: unknown setting; there is one: crosses");
}

static const struct suite_test tests[] = {
        {"trades that count, crosses too", test_crosses},
        {"without crosses", test_no_crosses},
        {"sums beyond 64 bits", test_wide},
        {"on a feed by level", test_by_level},
        {"settings it refuses", test_settings},
};

int main(void)
{
	void *module = dlopen(VWAP_MODULE, RTLD_NOW | RTLD_LOCAL);

	if (module == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	vwap = dlsym(module, "genesis_component");
	if (vwap == NULL)
		return 1;
	return SUITE_RUN("shard_vwap", tests);
}
