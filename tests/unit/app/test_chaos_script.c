/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_script.h"

#include <string.h>

#include "tests/unit/suite.h"

#define S SCENARIO_SECOND_NS

static struct scenario scenario(const char *faults)
{
	struct scenario s;
	struct config_error e;
	char text[512];

	snprintf(text, sizeof(text),
	         "name: a\nend: 100s\nservices:\n"
	         "  - {name: x, latency_min: 100ms, latency_max: 100ms, law: constant}\n"
	         "  - {name: y, latency_min: 1s, latency_max: 2s}\n%s",
	         faults);
	CU_ASSERT_EQUAL_FATAL(scenario_load_text(&s, text, strlen(text), "s", &e), 0);
	CU_ASSERT_PTR_NULL(chaos_script_check(&s));
	return s;
}

static struct chaos_attempt attempt(uint64_t now_ns)
{
	return (struct chaos_attempt){.seed = 1, .event = 7, .base_ns = S / 10, .now_ns = now_ns};
}

static void an_operation_has_its_own_latency(void)
{
	struct scenario s = scenario("");
	uint64_t sum = 0;

	CU_ASSERT_EQUAL(chaos_script_base_ns(&s, 1, 0, 5), S / 10);
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t ns = chaos_script_base_ns(&s, 1, 1, i);

		CU_ASSERT_TRUE(ns >= S && ns <= 2 * S);
		CU_ASSERT_EQUAL(ns, chaos_script_base_ns(&s, 1, 1, i));
		sum += ns;
	}
	CU_ASSERT_TRUE(sum > 1450 * S && sum < 1550 * S);
	scenario_finish(&s);
}

static void attempts_have_their_own_dice(void)
{
	struct scenario s = scenario("");
	struct chaos_attempt a = attempt(0);
	uint64_t first;

	a.service = 1;
	first = chaos_script_fate(&s, &a).time_ns;
	CU_ASSERT_EQUAL(chaos_script_fate(&s, &a).time_ns, first);
	a.attempt = 1;
	CU_ASSERT_NOT_EQUAL(chaos_script_fate(&s, &a).time_ns, first);
	a.attempt = 0;
	a.event++;
	CU_ASSERT_NOT_EQUAL(chaos_script_fate(&s, &a).time_ns, first);
	scenario_finish(&s);
}

static void a_stall_answers_when_it_is_over(void)
{
	struct scenario s = scenario("faults: [{kind: stall, at: 10s, for: 5s, service: x}]\n");
	struct chaos_attempt a = attempt(12 * S);
	struct chaos_fate f = chaos_script_fate(&s, &a);

	CU_ASSERT_EQUAL(f.time_ns, 15 * S + S / 10);
	CU_ASSERT_TRUE(f.is_good);
	a.now_ns = 15 * S;
	CU_ASSERT_EQUAL(chaos_script_fate(&s, &a).time_ns, 15 * S + S / 10);
	a.now_ns = 10 * S - 1;
	CU_ASSERT_EQUAL(chaos_script_fate(&s, &a).time_ns, 10 * S - 1 + S / 10);
	a.now_ns = 12 * S;
	a.service = 1; /* not its service */
	CU_ASSERT_TRUE(chaos_script_fate(&s, &a).time_ns < 13 * S);
	scenario_finish(&s);
}

static void faults_do_what_they_say(void)
{
	struct scenario s = scenario("faults:\n  - {kind: fail, at: 10s, for: 5s, node: 1}\n"
	                             "  - {kind: black_hole, at: 20s, for: 5s}\n"
	                             "  - {kind: slow, at: 30s, for: 5s, factor: 3}\n"
	                             "  - {kind: slow_start, at: 40s, for: 10s, factor: 11}\n"
	                             "  - {kind: core_stall, at: 60s, for: 1s, core: 1}\n"
	                             "  - {kind: slow_down, at: 70s, for: 10s, factor: 11}\n");
	struct chaos_attempt a = attempt(11 * S);

	CU_ASSERT_TRUE(chaos_script_fate(&s, &a).is_good);
	a.node = 1;
	CU_ASSERT_FALSE(chaos_script_fate(&s, &a).is_good);
	a.now_ns = 21 * S;
	CU_ASSERT_EQUAL(chaos_script_fate(&s, &a).time_ns, CHAOS_NEVER);
	CU_ASSERT_TRUE(chaos_script_is_lost(&s, &a));
	a.now_ns = 31 * S;
	CU_ASSERT_EQUAL(chaos_script_fate(&s, &a).time_ns, 31 * S + 3 * S / 10);
	a.now_ns = 40 * S;
	CU_ASSERT_TRUE(chaos_script_fate(&s, &a).time_ns > 40 * S + S);
	a.now_ns = 49 * S;
	CU_ASSERT_TRUE(chaos_script_fate(&s, &a).time_ns < 49 * S + 3 * S / 10);
	a.now_ns = 70 * S;
	CU_ASSERT_EQUAL(chaos_script_fate(&s, &a).time_ns, 70 * S + S / 10);
	a.now_ns = 75 * S;
	CU_ASSERT_TRUE(chaos_script_fate(&s, &a).time_ns > 75 * S + 59 * S / 100);
	CU_ASSERT_TRUE(chaos_script_fate(&s, &a).time_ns < 75 * S + 61 * S / 100);
	CU_ASSERT_EQUAL(chaos_script_core_ns(&s, 1, 60 * S + 5), 61 * S);
	CU_ASSERT_EQUAL(chaos_script_core_ns(&s, 0, 60 * S + 5), 60 * S + 5);
	scenario_finish(&s);
}

static void losses_come_as_often_as_they_should(void)
{
	struct scenario s = scenario("faults: [{kind: loss, at: 0s, for: 50s, share: 5%}]\n");
	struct chaos_attempt a = attempt(S);
	unsigned lost = 0;

	for (a.event = 0; a.event < 20000; a.event++)
		lost += chaos_script_is_lost(&s, &a);
	CU_ASSERT_TRUE(lost > 900 && lost < 1100);
	scenario_finish(&s);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"an operation has its own latency", an_operation_has_its_own_latency},
	        {"attempts have their own dice", attempts_have_their_own_dice},
	        {"a stall answers when it is over", a_stall_answers_when_it_is_over},
	        {"faults do what they say", faults_do_what_they_say},
	        {"losses come as often as they should", losses_come_as_often_as_they_should},
	};

	return SUITE_RUN("chaos_script", tests);
}
