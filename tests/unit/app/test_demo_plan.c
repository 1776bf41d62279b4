/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/demo_plan.h"

#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/exchange_options.h"
#include "config/config.h"
#include "tests/unit/suite.h"

#define SECOND 1000000000ull

static struct demo_plan plan_of(enum demo_ports ports, uint64_t seconds)
{
	return (struct demo_plan){.program = "/x/genesis",
	                          .folder = "/tmp",
	                          .engine = "demo-1",
	                          .ports = ports,
	                          .seed = 3,
	                          .seconds = seconds};
}

static void parse(const struct demo_plan *p, struct exchange_options *o)
{
	static struct demo_command c;
	char *argv[DEMO_WORDS_MAX + 1];

	demo_plan_exchange(p, &c);
	for (uint32_t i = 1; i <= c.count; i++)
		argv[i - 1] = i < c.count ? c.words[i] : NULL;
	const struct command command = {.name = "exchange", .arguments = exchange_arguments};

	CU_ASSERT_EQUAL(exchange_options_parse(o, &command, (int)c.count - 1, argv), EXIT_OK);
}

/* The exchange understands it, at every length, and ends when the show does. */
static void test_the_exchange_understands(void)
{
	static const uint64_t lengths[] = {1, 2, 3, 7, 20, 600};
	struct exchange_options o;

	for (uint32_t k = 0; k < DEMO_PORTS_COUNT; k++)
		for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			struct demo_plan p = plan_of((enum demo_ports)k, lengths[i]);

			parse(&p, &o);
			CU_ASSERT_EQUAL(o.seed, 3);
			CU_ASSERT_EQUAL(o.line_count, 2);
			uint64_t end_ns = exchange_pace_message_ns(&o.pace, o.messages, 0);

			CU_ASSERT_TRUE(end_ns >= lengths[i] * SECOND - SECOND / 1000);
			CU_ASSERT_TRUE(end_ns <= lengths[i] * SECOND + SECOND / 1000);
		}
}

/* What the acts announce happens in them, and on the right lines. */
static void test_acts_say_what_happens(void)
{
	struct demo_plan p = plan_of(DEMO_RINGS, 20);
	struct exchange_options o;
	const struct day_line_options *a = &o.line[0].impairments;
	const struct day_line_options *b = &o.line[1].impairments;

	parse(&p, &o);
	CU_ASSERT_EQUAL(demo_plan_act(&p, 0), 0);
	CU_ASSERT_EQUAL(o.pace.window_count, 3);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(demo_plan_act(&p, o.pace.windows[i].from_ns), 1);
	for (uint32_t i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(demo_plan_act(&p, a->losses[i].from_ns), 2);
		CU_ASSERT_EQUAL(demo_plan_act(&p, b->losses[i].from_ns), 2);
		/* Apart by far more than the skew: no message is lost on both. */
		CU_ASSERT_TRUE(a->losses[i].from_ns + a->losses[i].for_ns + SECOND / 10 <
		               b->losses[i].from_ns);
	}
	CU_ASSERT_EQUAL(demo_plan_act(&p, a->blackouts[0].from_ns), DEMO_ACT_GAP);
	CU_ASSERT_EQUAL(b->blackouts[0].from_ns, a->blackouts[0].from_ns);
	CU_ASSERT_EQUAL(demo_plan_act(&p, a->blackouts[1].from_ns), 4);
	CU_ASSERT_EQUAL(demo_plan_act(&p, a->blackouts[1].from_ns + a->blackouts[1].for_ns), 5);
	CU_ASSERT_EQUAL(b->blackouts[1].for_ns, 0);
	CU_ASSERT_EQUAL(demo_plan_act(&p, UINT64_MAX), DEMO_ACTS - 1);
	for (uint32_t i = 0; i < DEMO_ACTS; i++)
		CU_ASSERT_TRUE(strlen(demo_act_text(i)) < 73); /* of 80 columns */
}

static void test_the_engine_understands(void)
{
	static const char *const protocols[] = {"itch50", NULL};
	char folder[] = "/tmp/genesis-plan-XXXXXX";
	char path[DEMO_PATH_BYTES];

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	for (uint32_t k = 0; k < DEMO_PORTS_COUNT; k++) {
		struct demo_plan p = plan_of((enum demo_ports)k, 20);
		struct config_error error;
		struct config c;

		snprintf(p.folder, sizeof(p.folder), "%s", folder);
		demo_plan_path(&p, "engine.yaml", path);
		CU_ASSERT_EQUAL(demo_plan_write_config(&p), 0);
		CU_ASSERT_EQUAL_FATAL(config_load(&c, path,
		                                  &(struct config_context){.protocols = protocols},
		                                  &error),
		                      0);
		CU_ASSERT_EQUAL(c.port_count, 2);
		config_finish(&c);
		remove(path);
	}
	remove(folder);
}

static void test_the_command_as_one_types_it(void)
{
	struct demo_plan p = plan_of(DEMO_AF_XDP, 20);
	static struct demo_command c;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	demo_plan_exchange(&p, &c);
	demo_command_print(&c, out);
	fclose(out);
	for (uint32_t i = 1; i < c.count; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(text, c.words[i]));
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
		CU_ASSERT_TRUE(strcspn(line, "\n") < 80);
	free(text);
}

static const struct suite_test tests[] = {
        {"the exchange understands", test_the_exchange_understands},
        {"acts say what happens", test_acts_say_what_happens},
        {"the engine understands", test_the_engine_understands},
        {"the command as one types it", test_the_command_as_one_types_it},
};

int main(void)
{
	return SUITE_RUN("demo_plan", tests);
}
