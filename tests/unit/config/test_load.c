/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config c;
static struct config_error error;

static void expect_refused(const char *text, uint32_t line, const char *part)
{
	CU_ASSERT_EQUAL(context_load(&c, text, &error), -22);
	if (error.line != line || strstr(error.text, part) == NULL)
		printf("\n%s\n", error.text);
	CU_ASSERT_EQUAL(error.line, line);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, part));
}

static void the_first_error_in_the_file_is_reported(void)
{
	expect_refused("engine: {pool: 1, name: A B}\n" CONTEXT_LEAST, 1, "engine.pool");
	expect_refused("engine: {name: A B, pool: 1}\n" CONTEXT_LEAST, 1, "engine.name");
	/* A key that is wrong comes before a key that is missing. */
	expect_refused("ports:\n  - name: a\n    quues: 1\n", 3, "ports[0].quues");
	expect_refused("ports:\n  - name: a\n    queues: 1\n", 2, "ports[0].device: is missing");
}

static void paths_are_those_of_the_key(void)
{
	expect_refused(CONTEXT_LEAST "groups:\n  - name: a\n  - name: b\n    components:\n"
	                             "      - {type: x}\n      - {type: x y}\n",
	               12, "groups[1].components[1].type: ");
	expect_refused(CONTEXT_PORTS "feeds:\n  - lines:\n      - {address: 239.0.0.1:1}\n"
	                             "      - {address: 239.0.0.2:0}\n",
	               6, "feeds[0].lines[1].address: ");
	/* Behind a list, the path is the section's again. */
	expect_refused("cores:\n  - name: a\nengine:\n  pol: 1\n", 4, " engine.pol: ");
}

static void sections_inside_have_their_defaults(void)
{
	CU_ASSERT_EQUAL_FATAL(context_load(&c, CONTEXT_LEAST, &error), 0);
	CU_ASSERT_STRING_EQUAL(c.engine.name, "genesis");
	CU_ASSERT_EQUAL(c.engine.dpdk_memory_mib, 128);
	CU_ASSERT_EQUAL(c.engine.control_cpu, CONFIG_NONE);
	CU_ASSERT_EQUAL(c.feeds[0].gap_hold_max_ns, 50000000);
	CU_ASSERT_EQUAL(c.feeds[0].gap_pieces_max, 65536);
	CU_ASSERT_EQUAL(c.feeds[0].log_bytes_min, 8u << 20);
	config_finish(&c);
	CU_ASSERT_EQUAL_FATAL(
	        context_load(&c, CONTEXT_LEAST "    gap:\n      pieces: 17\n", &error), 0);
	CU_ASSERT_EQUAL(c.feeds[0].gap_hold_max_ns, 50000000);
	CU_ASSERT_EQUAL(c.feeds[0].gap_pieces_max, 17);
	config_finish(&c);
}

static void names_follow_the_place_in_the_list(void)
{
	CU_ASSERT_EQUAL_FATAL(
	        context_load(&c,
	                     "cores: [{}, {}, {name: x}]\n" CONTEXT_PORTS
	                     "feeds: [{protocol: itch50, lines: [{address: 239.0.0.1:1}, "
	                     "{address: 239.0.0.1:2}, {address: 239.0.0.1:3}]}]\n",
	                     &error),
	        0);
	CU_ASSERT_STRING_EQUAL(c.cores[0].name, "core0");
	CU_ASSERT_STRING_EQUAL(c.cores[1].name, "core1");
	CU_ASSERT_STRING_EQUAL(c.cores[2].name, "x");
	CU_ASSERT_STRING_EQUAL(c.feeds[0].lines[0].name, "A");
	CU_ASSERT_STRING_EQUAL(c.feeds[0].lines[2].name, "C");
	config_finish(&c);
}

static void items_fill_their_own_struct(void)
{
	CU_ASSERT_EQUAL_FATAL(context_load(&c,
	                                   CONTEXT_LEAST
	                                   "groups:\n"
	                                   "  - components:\n"
	                                   "      - {type: x, settings: {a: 1, b: 2}}\n"
	                                   "      - {type: y, report: '-'}\n"
	                                   "  - {class: normal, components: [{type: z}]}\n",
	                                   &error),
	                      0);
	CU_ASSERT_EQUAL(c.group_count, 2);
	const struct config_group *g = &c.groups[0];

	CU_ASSERT_EQUAL(g->component_count, 2);
	CU_ASSERT_EQUAL(g->class, CONFIG_CRITICAL);
	CU_ASSERT_STRING_EQUAL(g->components[0].name, "x");
	CU_ASSERT_EQUAL(g->components[0].setting_count, 2);
	CU_ASSERT_STRING_EQUAL(g->components[0].settings[1].key, "b");
	CU_ASSERT_STRING_EQUAL(g->components[0].settings[1].value, "2");
	CU_ASSERT_PTR_NULL(g->components[0].report);
	CU_ASSERT_EQUAL(g->components[1].setting_count, 0);
	CU_ASSERT_STRING_EQUAL(g->components[1].report, "-");
	CU_ASSERT_PTR_NULL(g->components[1].library);
	CU_ASSERT_EQUAL(c.groups[1].component_count, 1);
	CU_ASSERT_EQUAL(c.groups[1].class, CONFIG_NORMAL);
	config_finish(&c);
}

/* The most a file may have of everything. */
static void limits_are_taken(void)
{
	char text[8192];
	size_t used = 0;

	used += (size_t)snprintf(text + used, sizeof(text) - used, "cores:\n");
	for (uint32_t i = 0; i < CONFIG_CORES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "  - {}\n");
	size_t cores_end = used;

	snprintf(text + used, sizeof(text) - used, CONTEXT_LEAST);
	CU_ASSERT_EQUAL_FATAL(context_load(&c, text, &error), 0);
	CU_ASSERT_EQUAL(c.core_count, CONFIG_CORES_MAX);
	config_finish(&c);
	snprintf(text + cores_end, sizeof(text) - cores_end, "  - {}\n" CONTEXT_LEAST);
	expect_refused(text, 1, "cores: has 65 items; a list of 1 to 64 mappings");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the first error in the file is reported",
	         the_first_error_in_the_file_is_reported},
	        {"paths are those of the key", paths_are_those_of_the_key},
	        {"sections inside have their defaults", sections_inside_have_their_defaults},
	        {"names follow the place in the list", names_follow_the_place_in_the_list},
	        {"items fill their own struct", items_fill_their_own_struct},
	        {"limits are taken", limits_are_taken},
	};

	return SUITE_RUN("config_load", tests);
}
