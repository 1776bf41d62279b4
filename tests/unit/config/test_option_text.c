/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "config/option.h"
#include "tests/unit/suite.h"

static void expect_allowed(const char *path, const char *wanted)
{
	char text[OPTION_ALLOWED_BYTES];

	option_allowed_text(option_find(path), text);
	CU_ASSERT_STRING_EQUAL(text, wanted);
}

static void what_is_allowed_has_the_bounds(void)
{
	expect_allowed("ports[].queues", "a whole number, 1 to 16");
	expect_allowed("feeds[].gap.hold_max",
	               "a duration, 0 to 1h, with its unit (ns, us, ms, s, m, h)");
	expect_allowed("feeds[].log.min",
	               "a size, 4MiB to 128GiB in steps of 2MiB, with its unit (B, KiB, MiB, GiB)");
	expect_allowed("cores[].idle", "spin, pause or yield");
	expect_allowed("feeds[].join", "first or one");
	expect_allowed("cores[].cpu", "a CPU number, 0 to 1023, or none");
	expect_allowed("ports[].promiscuous", "yes or no");
	expect_allowed("ports[].core", "the name of a core");
	expect_allowed("groups[].shard", "the name of a shard");
	expect_allowed("groups[].shards", "the name of a shard, or a list of 1 to 64");
	expect_allowed("engine.eal", "a list of up to 32 texts");
	expect_allowed("ports", "a list of 1 to 16 mappings");
	expect_allowed("resilience.breaker.open_at",
	               "a percentage, 0.0002% to 100%, with its sign (%)");
	expect_allowed("resilience.timeout.expected_multiplier",
	               "a number, 0.001 to 1000, with up to 3 decimals");
	expect_allowed("resilience.timeout.closed",
	               "a duration, 1ns to 1h, or none, with its unit (ns, us, ms, s, m, h)");
	expect_allowed(
	        "resilience.fallback.states",
	        "all, none, or a list of closed, resilient, ultra_resilient, half_open or open");
	expect_allowed("resilience.modes.policy.safe.parallel",
	               "a whole number, 1 to 3; or a list of 3 of these");
}

static void every_row_has_its_words(void)
{
	char text[OPTION_ALLOWED_BYTES];

	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		option_allowed_text(o, text);
		CU_ASSERT(strlen(text) > 5);
		CU_ASSERT(strlen(text) < sizeof(text) - 1); /* nothing was cut */
		CU_ASSERT(option_type_text(o)[0] != '\0');
		option_bounds_text(o, text);
		CU_ASSERT(strlen(text) < sizeof(text) - 1);
	}
}

static void units_are_those_of_the_type(void)
{
	CU_ASSERT_STRING_EQUAL(option_unit_text(option_find("feeds[].reset_grace")),
	                       "ns, us, ms, s, m, h");
	CU_ASSERT_STRING_EQUAL(option_unit_text(option_find("engine.pool")), "B, KiB, MiB, GiB");
	CU_ASSERT_STRING_EQUAL(option_unit_text(option_find("engine.publish_turns")), "");
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"what is allowed has the bounds", what_is_allowed_has_the_bounds},
	        {"every row has its words", every_row_has_its_words},
	        {"units are those of the type", units_are_those_of_the_type},
	};

	return SUITE_RUN("config_option_text", tests);
}
