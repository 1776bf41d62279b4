/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/scenario.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

#define FILE_NAME "s.yaml"

static int load(struct scenario *s, const char *text, struct config_error *e)
{
	return scenario_load_text(s, text, strlen(text), FILE_NAME, e);
}

/* The text is refused with these words. */
static void refused(const char *text, const char *words)
{
	struct scenario s;
	struct config_error e;

	CU_ASSERT_NOT_EQUAL_FATAL(load(&s, text, &e), 0);
	if (strstr(e.text, words) == NULL)
		printf("\"%s\" is not in \"%s\"\n", words, e.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, words));
	CU_ASSERT_PTR_NULL(s.arena);
}

static void what_is_written_is_read(void)
{
	struct scenario s;
	struct config_error e;
	int rc = load(
	        &s,
	        "name: a\nend: 10s\ncritical: 12.5%\nscore: restored\nkeep_log: yes\n"
	        "services:\n"
	        "  - {name: x, latency_min: 1ms, latency_max: 2ms, loss: 500ppm}\n"
	        "  - {name: y, shape: 1.25, served_by: 3, asks: x, nodes: 2}\n"
	        "loads:\n  - {until: 5s, every: 10ms, burst: 2, first: 4, asks: [y, x]}\n"
	        "faults:\n  - {kind: slow, at: 1s, for: 2s, service: y, node: 1, factor: 2.5}\n"
	        "  - {kind: kill, at: 3s, share: 60%}\n",
	        &e);

	if (rc != 0)
		printf("%s\n", e.text);
	CU_ASSERT_EQUAL_FATAL(rc, 0);
	CU_ASSERT_STRING_EQUAL(s.name, "a");
	CU_ASSERT_EQUAL(s.end_ns, 10 * SCENARIO_SECOND_NS);
	CU_ASSERT_EQUAL(s.critical_ppm, 125000);
	CU_ASSERT_EQUAL(s.score, SCENARIO_RESTORED);
	CU_ASSERT_TRUE(s.keep_log);
	CU_ASSERT_EQUAL(s.service_count, 2);
	CU_ASSERT_EQUAL(s.services[0].loss_ppm, 500);
	CU_ASSERT_EQUAL(s.services[0].hosts, SCENARIO_NONE);
	CU_ASSERT_EQUAL(s.services[1].shape_milli, 1250);
	CU_ASSERT_EQUAL(s.services[1].hosts, 3);
	CU_ASSERT_EQUAL(s.services[1].asks, 0);
	CU_ASSERT_EQUAL(s.loads[0].asks, 3);
	CU_ASSERT_EQUAL(s.loads[0].count, s.components - 4);
	CU_ASSERT_EQUAL(s.faults[0].factor_milli, 2500);
	CU_ASSERT_EQUAL(s.faults[0].service, 1);
	CU_ASSERT_EQUAL(s.faults[0].node, 1);
	CU_ASSERT_EQUAL(s.faults[1].service, SCENARIO_NONE);
	CU_ASSERT_EQUAL(s.faults[1].share_ppm, 600000);
	CU_ASSERT_EQUAL(scenario_events(&s), 1000);
	scenario_finish(&s);
}

static void errors_say_where_and_what(void)
{
	refused("name: a\nend: 10s\ncomponents: many\n",
	        FILE_NAME ":3: components: cannot be read");
	refused("name: a\nend: 10s\ncomponets: 3\n", "did you mean \"components\"?");
	refused("name: a\n", "end: is missing");
	refused("name: a\nend: 10\n", "end: cannot be read; a duration");
	refused("name: a\nend: 10s\ncritical: 120%\n", "critical: is out of bounds");
	refused("name: a\nend: 10s\nscore: event\n", "did you mean \"events\"?");
	refused("name: a\nend: 10s\nservices:\n  - {name: x}\n  - {name: x}\n",
	        FILE_NAME ":5: services[1].name: there is another service of that name");
	refused("name: a\nend: 10s\nservices:\n  - {nodes: 3}\n", "services[0].name: is missing");
	refused("name: a\nend: 10s\nservices:\n  - {name: orders}\nloads:\n"
	        "  - {until: 1s, every: 1ms, asks: [oders]}\n",
	        "there is no service \"oders\"; did you mean \"orders\"?");
	refused("name: a\nend: 10s\nfaults:\n  - {kind: stal, at: 1s}\n",
	        FILE_NAME ":4: faults[0].kind: \"stal\" is not allowed, did you mean \"stall\"?");
	refused("name: a\nend: 10s\nloads:\n  - {until: 11s, every: 1s}\n", "beyond the end");
	refused("name: a\nend: 10s\nloads:\n  - {until: 1s, every: 1s, first: 19, count: 2}\n",
	        "not so many components");
	refused("name: a\nend: 10s\nservices:\n  - {name: x, latency_min: 2s, latency_max: 1s}\n",
	        "latency_min is above latency_max");
	refused("name: a\nend: 10s\nloads: 3\n", "loads: is no list");
	refused("- 1\n", "not a mapping");
}

static void a_second_can_be_a_microsecond(void)
{
	struct scenario s;
	struct config_error e;

	CU_ASSERT_EQUAL_FATAL(load(&s,
	                           "name: a\nend: 10s\nevent_cost: 1ms\nservices:\n"
	                           "  - {name: x, latency_min: 250ms, latency_max: 1s}\nloads:\n"
	                           "  - {until: 5s, every: 10ms}\n",
	                           &e),
	                      0);
	scenario_rescale(&s, 1000);
	CU_ASSERT_EQUAL(s.end_ns, 10000);
	CU_ASSERT_EQUAL(s.event_ns, 1);
	CU_ASSERT_EQUAL(s.services[0].latency_min_ns, 250);
	CU_ASSERT_EQUAL(s.loads[0].every_ns, 10);
	CU_ASSERT_EQUAL(scenario_events(&s), 500);
	scenario_finish(&s);
}

static void the_projects_own_can_be_read(void)
{
	static const char *const names[] = {"cascade",      "cascade-mutual",     "degraded-mode",
	                                    "gray-failure", "extreme-latency",    "high-load",
	                                    "node-failure", "massive-failure",    "high-load-128",
	                                    "slow-service", "massive-failure-128"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct scenario s;
		struct config_error e;
		char path[256];

		snprintf(path, sizeof(path), "%s/perf/chaos/%s.yaml", GENESIS_SOURCE_ROOT,
		         names[i]);
		int rc = scenario_load(&s, path, &e);

		if (rc != 0)
			printf("%s\n", e.text);
		CU_ASSERT_EQUAL_FATAL(rc, 0);
		CU_ASSERT_STRING_EQUAL(s.name, names[i]);
		CU_ASSERT_TRUE(scenario_events(&s) > 0);
		scenario_finish(&s);
	}
}

static void a_file_that_is_not_there(void)
{
	struct scenario s;
	struct config_error e;

	CU_ASSERT_NOT_EQUAL(scenario_load(&s, "/nonexistent/x.yaml", &e), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "cannot be read"));
	scenario_finish(&s);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"what is written is read", what_is_written_is_read},
	        {"errors say where and what", errors_say_where_and_what},
	        {"a second can be a microsecond", a_second_can_be_a_microsecond},
	        {"the project's own can be read", the_projects_own_can_be_read},
	        {"a file that is not there", a_file_that_is_not_there},
	};

	return SUITE_RUN("scenario", tests);
}
