/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every option of the table is given its bounds and what lies beyond, without a file around it.
 */
#include <inttypes.h>

#include "config/load.h"
#include "config/value.h"
#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config_error error;
static union {
	char bytes[8192];
	struct config_group group;
	struct config_feed feed;
	uint64_t align;
} base;

/* Stores a text into a zeroed section. */
static int store(const struct option *o, const char *text)
{
	struct arena *a = arena_create();
	struct load l = {.arena = a, .context = &context, .report = {&error, "t"}};
	const struct tree_node node = {.kind = TREE_SCALAR, .line = 1, .text = text};
	const struct load_value v = {.option = o, .node = &node, .base = &base};

	l.references_end = &l.references;
	snprintf(l.path, sizeof(l.path), "%s", o->path);
	memset(&base, 0, sizeof(base));
	memset(&error, 0, sizeof(error));
	int status = store_value(&l, &v);

	arena_destroy(a);
	return status;
}

static int store_number_text(const struct option *o, uint64_t value)
{
	char text[VALUE_TEXT_BYTES];

	if (o->type == OPTION_DURATION)
		value_print_duration(value, text);
	else if (o->type == OPTION_BYTES)
		value_print_bytes(value, text);
	else if (o->type == OPTION_PERCENT)
		value_print_percent(value, text);
	else if (o->type == OPTION_MULTIPLIER)
		value_print_multiplier(value, text);
	else
		snprintf(text, sizeof(text), "%" PRIu64, value);
	return store(o, text);
}

static void expect_taken(const struct option *o, uint64_t value)
{
	uint64_t divisor = o->divisor == 0 ? 1 : o->divisor;

	CU_ASSERT_EQUAL(store_number_text(o, value), 0);
	CU_ASSERT_EQUAL(store_read_number(o, &base), value / divisor);
}

static void numbers_are_taken_up_to_their_bounds(void)
{
	uint32_t tried = 0;

	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		if (o->type != OPTION_COUNT && o->type != OPTION_DURATION &&
		    o->type != OPTION_BYTES && o->type != OPTION_PERCENT &&
		    o->type != OPTION_MULTIPLIER && o->type != OPTION_CPU)
			continue;
		tried++;
		expect_taken(o, o->min);
		expect_taken(o, o->max);
		CU_ASSERT_NOT_EQUAL(store_number_text(o, o->max + 1), 0);
		CU_ASSERT_NOT_EQUAL(store_number_text(o, o->max + (o->step == 0 ? 1 : o->step)), 0);
		if (o->min > 0)
			CU_ASSERT_NOT_EQUAL(
			        store_number_text(o, o->min - (o->step == 0 ? 1 : o->step)), 0);
		if (o->step > 1)
			CU_ASSERT_NOT_EQUAL(store_number_text(o, o->min + 1), 0);
		CU_ASSERT_NOT_EQUAL(store(o, "99999999999999999999999"), 0);
		CU_ASSERT_NOT_EQUAL(store(o, "x"), 0);
	}
	CU_ASSERT(tried > 20);
}

static void every_default_is_taken(void)
{
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		/* Lists are spelled by the loader: test_resilience.c. */
		if (o->fallback == NULL || strpbrk(o->fallback, "{[") != NULL)
			continue;
		int status = store(o, o->fallback);

		if (status != 0)
			printf("\n%s\n", error.text);
		CU_ASSERT_EQUAL(status, 0);
	}
}

static void words_are_their_place_in_the_enum(void)
{
	const struct option *idle = option_find("cores[].idle");

	CU_ASSERT_EQUAL(store(idle, "pause"), 0);
	CU_ASSERT_EQUAL(store_read_number(idle, &base), CONFIG_IDLE_PAUSE);
	CU_ASSERT_EQUAL(store(idle, "yield"), 0);
	CU_ASSERT_EQUAL(store_read_number(idle, &base), CONFIG_IDLE_YIELD);
	CU_ASSERT_NOT_EQUAL(store(idle, "Pause"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "did you mean \"pause\"?"));
}

static void texts_are_bounded(void)
{
	char text[300];
	const struct option *device = option_find("ports[].device");

	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	CU_ASSERT_EQUAL(store(device, text), 0);
	text[255] = 'x';
	text[256] = '\0';
	CU_ASSERT_NOT_EQUAL(store(device, text), 0);
	const struct option *name = option_find("cores[].name");

	text[31] = '\0';
	CU_ASSERT_EQUAL(store(name, text), 0);
	text[31] = 'x';
	text[32] = '\0';
	CU_ASSERT_NOT_EQUAL(store(name, text), 0);
	CU_ASSERT_EQUAL(store(option_find("engine.name"), text), 0);
	CU_ASSERT_NOT_EQUAL(store(option_find("engine.name"), "a.b"), 0);
}

static void no_cpu_is_none(void)
{
	const struct option *cpu = option_find("cores[].cpu");

	CU_ASSERT_EQUAL(store(cpu, "none"), 0);
	CU_ASSERT_EQUAL(store_read_number(cpu, &base), CONFIG_NONE);
	CU_ASSERT_NOT_EQUAL(store(cpu, "4294967295"), 0); /* which would be none */
}

static void symbols_have_four_forms(void)
{
	const struct option *symbols = option_find("groups[].symbols");

	CU_ASSERT_EQUAL(store(symbols, "all"), 0);
	CU_ASSERT_EQUAL(base.group.select, CONFIG_SELECT_ALL);
	CU_ASSERT_EQUAL(store(symbols, "hash"), 0);
	CU_ASSERT_EQUAL(base.group.select, CONFIG_SELECT_HASH);
	CU_ASSERT_EQUAL(store(symbols, "A?"), 0);
	CU_ASSERT_EQUAL(base.group.select, CONFIG_SELECT_PATTERN);
	CU_ASSERT_STRING_EQUAL(base.group.pattern, "A?");
	CU_ASSERT_NOT_EQUAL(store(symbols, "ALL"), 0); /* a symbol; [ALL] is meant */
}

static void a_word_stands_for_a_number(void)
{
	const struct option *closed = option_find("resilience.timeout.closed");

	CU_ASSERT_EQUAL(store(closed, "none"), 0);
	CU_ASSERT_EQUAL(store_read_number(closed, &base), UINT64_MAX);
	CU_ASSERT_NOT_EQUAL(store(closed, "never"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "1ns to 1h, or none"));
	CU_ASSERT_NOT_EQUAL(store(closed, "0"), 0);
}

static void flags_are_words(void)
{
	const struct option *states = option_find("resilience.breaker.states");
	const struct option *terms = option_find("resilience.timeout.terms");

	CU_ASSERT_EQUAL(store(terms, "none"), 0);
	CU_ASSERT_EQUAL(store_read_number(terms, &base), 0);
	CU_ASSERT_EQUAL(store(terms, "all"), 0);
	CU_ASSERT_EQUAL(store_read_number(terms, &base), DEADLINE_ALL);
	CU_ASSERT_EQUAL(store(terms, "expected"), 0);
	CU_ASSERT_EQUAL(store_read_number(terms, &base), DEADLINE_EXPECTED);
	/* CLOSED is always there. */
	CU_ASSERT_EQUAL(store(states, "open"), 0);
	CU_ASSERT_EQUAL(store_read_number(states, &base),
	                BREAKER_BIT(BREAKER_OPEN) | BREAKER_BIT(BREAKER_CLOSED));
	CU_ASSERT_NOT_EQUAL(store(states, "opne"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "did you mean \"open\"?"));
}

static void one_value_stands_for_all(void)
{
	const struct option *admit = option_find("resilience.modes.policy.safe.admit");

	CU_ASSERT_EQUAL(store(admit, "12.5%"), 0);
	for (uint32_t i = 0; i < WORK_CLASSES; i++)
		CU_ASSERT_EQUAL(store_read_number(admit, base.bytes + i * admit->item_bytes),
		                125000);
	CU_ASSERT_NOT_EQUAL(store(admit, "101%"), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"numbers are taken up to their bounds", numbers_are_taken_up_to_their_bounds},
	        {"every default is taken", every_default_is_taken},
	        {"words are their place in the enum", words_are_their_place_in_the_enum},
	        {"texts are bounded", texts_are_bounded},
	        {"no CPU is none", no_cpu_is_none},
	        {"symbols have four forms", symbols_have_four_forms},
	        {"a word stands for a number", a_word_stands_for_a_number},
	        {"flags are words", flags_are_words},
	        {"one value stands for all", one_value_stands_for_all},
	};

	return SUITE_RUN("config_store", tests);
}
