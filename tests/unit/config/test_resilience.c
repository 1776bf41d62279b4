/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The sections resilience and services: defaults, what is inherited, relations between keys.
 */
#include "config/load.h"
#include "config/option.h"
#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

#define SECOND 1000000000ull

static struct config c;
static struct config_error error;

static void load(const char *text)
{
	int status = context_load(&c, text, &error);

	if (status != 0)
		printf("\n%s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

static void expect_error(const char *text, const char *wanted)
{
	CU_ASSERT_NOT_EQUAL_FATAL(context_load(&c, text, &error), 0);
	if (strstr(error.text, wanted) == NULL)
		printf("\n%s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, wanted));
}

/* The struct that the row's field is a member of. */
static const char *base_of(const struct option *o, const struct resilience_options *r)
{
	size_t offset = 0;

	for (const struct option *p = option_parent(o); option_parent(p) != NULL;
	     p = option_parent(p))
		offset += p->offset;
	return (const char *)r + offset;
}

static bool is_key(const struct option *o)
{
	return strncmp(o->path, "resilience.", 11) == 0 && !option_is_section(o);
}

/* The machines' own idea of the report's figures is the table's. What is the engine's (gives_up,
 * processing, checkpoint) no machine knows. */
static void defaults_are_those_of_the_machines(void)
{
	static struct resilience_options wanted;
	uint32_t compared = 0;

	load(CONTEXT_LEAST);
	CU_ASSERT_FALSE(c.has_resilience);
	wanted = c.resilience;
	service_options_report(&wanted.service, SECOND);
	mode_options_report(&wanted.mode, SECOND, 65536);
	wanted.policy = mode_policy_standard;
	tuning_options_standard(&wanted.tuning, 10 * SECOND, 2 * SECOND);
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++)
		wanted.tuning.rule[i].automatic = false;
	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o))
		for (uint32_t i = 0; is_key(o) && (i == 0 || i < o->values); i++) {
			size_t offset = (size_t)i * o->item_bytes;
			uint64_t a = store_read_number(o, base_of(o, &wanted) + offset);
			uint64_t b = store_read_number(o, base_of(o, &c.resilience) + offset);

			if (a != b)
				printf("\n%s: a machine says %llu\n", o->path,
				       (unsigned long long)a);
			CU_ASSERT_EQUAL(a, b);
			compared++;
		}
	CU_ASSERT(compared > 300);
	/* What has no key. */
	CU_ASSERT_EQUAL(memcmp(wanted.service.latency.quantile_ppm,
	                       c.resilience.service.latency.quantile_ppm,
	                       sizeof(wanted.service.latency.quantile_ppm)),
	                0);
	CU_ASSERT_EQUAL(wanted.service.breaker.base_timeout_ns[BREAKER_OPEN],
	                c.resilience.service.breaker.base_timeout_ns[BREAKER_OPEN]);
	CU_ASSERT_EQUAL(c.resilience.service.nodes, 1);
	CU_ASSERT_EQUAL(c.resilience.tuning.rule[TUNING_HEDGE_QUANTILE].initial, 945000);
	CU_ASSERT_EQUAL(c.resilience.invariants_given_up, 0);
	config_finish(&c);
}

static void keys_go_where_they_belong(void)
{
	load(CONTEXT_LEAST
	     "resilience:\n"
	     "  gives_up: [3, 10]\n"
	     "  breaker: {open_at: 60 %, states: [open, half_open], ramp: {interval: none}}\n"
	     "  timeout: {terms: [base, tail], closed: none, expected_multiplier: 3.125}\n"
	     "  modes:\n"
	     "    available: [ultra]\n"
	     "    policy: {safe: {admit: [100%, 25%, 0], budget: 2}}\n"
	     "  processing: {wait: unbounded}\n"
	     "  checkpoint: {kind: full}\n");
	const struct resilience_options *o = &c.resilience;

	CU_ASSERT(c.has_resilience);
	CU_ASSERT_EQUAL(o->invariants_given_up,
	                RESILIENCE_INVARIANT_BIT(3) | RESILIENCE_INVARIANT_BIT(10));
	CU_ASSERT_EQUAL(o->service.breaker.open_at_ppm, 600000);
	CU_ASSERT_EQUAL(o->service.breaker.states, BREAKER_BIT(BREAKER_CLOSED) |
	                                                   BREAKER_BIT(BREAKER_OPEN) |
	                                                   BREAKER_BIT(BREAKER_HALF_OPEN));
	CU_ASSERT_EQUAL(o->service.breaker.ramp_interval_ns, 0);
	CU_ASSERT_EQUAL(o->service.breaker.ramp_start, 4);
	CU_ASSERT_EQUAL(o->service.breaker.base_timeout_ns[BREAKER_CLOSED], UINT64_MAX);
	CU_ASSERT_EQUAL(o->service.deadline.terms, DEADLINE_BASE | DEADLINE_TAIL);
	CU_ASSERT_EQUAL(o->service.deadline.expected_multiplier_milli, 3125);
	CU_ASSERT_EQUAL(o->tuning.rule[TUNING_LATENCY_MULTIPLIER].initial, 3125);
	CU_ASSERT_EQUAL(o->mode.modes, MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_ULTRA));
	CU_ASSERT_EQUAL(o->policy.mode[MODE_SAFE].class[WORK_NORMAL].admit_ppm, 250000);
	CU_ASSERT_EQUAL(o->policy.mode[MODE_SAFE].class[WORK_BACKGROUND].budget_milli, 2000);
	CU_ASSERT_EQUAL(o->policy.mode[MODE_SAFE].class[WORK_BACKGROUND].hedge, 0);
	CU_ASSERT(o->processing.waits_unbounded);
	CU_ASSERT_EQUAL(o->recovery.checkpoint, RECOVERY_FULL);
	config_finish(&c);
}

/* Whatever the order in the file. */
static void services_inherit(void)
{
	load("services:\n"
	     "  - nodes: [\"10.0.0.1:7000\", backup]\n"
	     "  - name: orders\n"
	     "    nodes: [a]\n"
	     "    class: critical\n"
	     "    operations: {deadline: [50ms, 1s, none], retries: 0}\n"
	     "    breaker: {open_after: 9, ramp: {start: 1}}\n"
	     "    timeout: {expected: 3ms}\n" CONTEXT_LEAST
	     "resilience:\n  breaker: {window: 32, ramp: {step: 8}}\n  retry: {max: 2}\n");
	CU_ASSERT_EQUAL_FATAL(c.service_count, 2);
	const struct config_service *a = &c.services[0];
	const struct config_service *b = &c.services[1];

	CU_ASSERT_STRING_EQUAL(a->name, "service0");
	CU_ASSERT_STRING_EQUAL(a->nodes[1], "backup");
	CU_ASSERT_EQUAL(a->class, WORK_NORMAL);
	CU_ASSERT_EQUAL(a->options.nodes, 2);
	CU_ASSERT_EQUAL(a->options.breaker.window, 32);
	CU_ASSERT_EQUAL(a->options.breaker.open_after, 5);
	CU_ASSERT_EQUAL(a->operations[WORK_CRITICAL].deadline_ns, UINT64_MAX);
	CU_ASSERT_EQUAL(a->operations[WORK_CRITICAL].max_retries, CONFIG_RETRIES_AS_SERVICE);
	CU_ASSERT_EQUAL(b->class, WORK_CRITICAL);
	CU_ASSERT_EQUAL(b->options.nodes, 1);
	CU_ASSERT_EQUAL(b->options.breaker.window, 32);
	CU_ASSERT_EQUAL(b->options.breaker.open_after, 9);
	CU_ASSERT_EQUAL(b->options.breaker.ramp_start, 1);
	CU_ASSERT_EQUAL(b->options.breaker.ramp_step, 8);
	CU_ASSERT_EQUAL(b->options.max_retries, 2);
	CU_ASSERT_EQUAL(b->options.expected_ns, 3000000);
	CU_ASSERT_EQUAL(b->operations[WORK_NORMAL].deadline_ns, SECOND);
	CU_ASSERT_EQUAL(b->operations[WORK_BACKGROUND].deadline_ns, UINT64_MAX);
	CU_ASSERT_EQUAL(b->operations[WORK_BACKGROUND].max_retries, 0);
	CU_ASSERT_EQUAL(c.resilience.service.breaker.ramp_start, 4);
	config_finish(&c);
}

static void relations_are_checked(void)
{
	expect_error(CONTEXT_LEAST "resilience:\n  breaker:\n    clear_at: 10%\n",
	             "t.yaml:9: resilience.breaker.clear_at: breaker.clear_at is 10%, "
	             "breaker.resilient_at is 10%; the first is less than the second");
	/* The key that is there is blamed. */
	expect_error(CONTEXT_LEAST "resilience:\n  breaker:\n    resilient_at: 5%\n",
	             "t.yaml:9: resilience.breaker.resilient_at: breaker.clear_at is 5%");
	expect_error(CONTEXT_LEAST "resilience:\n  breaker: {states: [half_open]}\n",
	             "resilience.breaker.states: half_open without open");
	expect_error(CONTEXT_LEAST "resilience:\n  breaker: {latency_shift: 1}\n",
	             "resilience.breaker.latency_shift: ultra_samples is 3");
	expect_error(CONTEXT_LEAST "resilience:\n  modes: {enter: {backlog: 100}}\n",
	             "resilience.modes.enter.backlog: modes.leave.backlog is 32768");
	expect_error(CONTEXT_LEAST
	             "resilience:\n  modes: {policy: {ultra: {admit: [50%, 60%, 0]}}}\n",
	             "resilience.modes.policy.ultra.admit: lets in more of a later class");
	expect_error(CONTEXT_LEAST "resilience:\n  tuning: {ultra_latency: {auto: yes, max: 1s}}\n",
	             "breaker.ultra_latency begins at 2s, which is not between min and max");
	expect_error(CONTEXT_LEAST
	             "services:\n  - {nodes: [a]}\n  - {nodes: [a], retry: {backoff: 3s}}\n",
	             "t.yaml:9: services[1].retry.backoff: retry.backoff is 3s, retry.backoff_max "
	             "is 2s; the first is at most the second");
	expect_error(CONTEXT_LEAST "services:\n  - {nodes: [a, b, a]}\n",
	             "services[0].nodes: \"a\" stands twice");
	expect_error(CONTEXT_LEAST
	             "services:\n  - {name: x, nodes: [a]}\n  - {name: x, nodes: [b]}\n",
	             "services[1].name: \"x\" is the name of services[0] already");
}

/* Which pairs are related is data; that the machines refuse nothing else is seen by trying: every
 * number at its bounds, alone, is taken, or refused for a relation. */
static void bounds_are_those_of_the_machines(void)
{
	static char text[1024];

	for (const struct option *o = option_after(NULL); o != NULL; o = option_after(o)) {
		char value[2][VALUE_TEXT_BYTES];
		uint64_t number[2] = {o->min, o->max};

		if (strncmp(o->path, "resilience.", 11) != 0 ||
		    (o->type != OPTION_COUNT && o->type != OPTION_DURATION &&
		     o->type != OPTION_PERCENT && o->type != OPTION_MULTIPLIER))
			continue;
		for (uint32_t i = 0; i < 2; i++) {
			if (o->type == OPTION_DURATION)
				value_print_duration(number[i], value[i]);
			else if (o->type == OPTION_PERCENT)
				value_print_percent(number[i], value[i]);
			else if (o->type == OPTION_MULTIPLIER)
				value_print_multiplier(number[i], value[i]);
			else
				snprintf(value[i], sizeof(value[i]), "%llu",
				         (unsigned long long)number[i]);
			size_t used =
			        (size_t)snprintf(text, sizeof(text), CONTEXT_LEAST "resilience:\n");
			const char *at = o->path + 11;

			/* {a: {b: value}} */
			for (const char *dot; (dot = strchr(at, '.')) != NULL; at = dot + 1)
				used += (size_t)snprintf(
				        text + used, sizeof(text) - used, "%s%.*s: {",
				        at == o->path + 11 ? "  " : "", (int)(dot - at), at);
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s: %s",
			                         at == o->path + 11 ? "  " : "", at, value[i]);
			for (const char *dot = o->path + 11; (dot = strchr(dot, '.')) != NULL;
			     dot++)
				used += (size_t)snprintf(text + used, sizeof(text) - used, "}");
			int status = context_load(&c, text, &error);

			if (status != 0 && strstr(error.text, "does not fit together") != NULL)
				printf("\n%s: %s\n%s\n", o->path, value[i], error.text);
			CU_ASSERT(status == 0 ||
			          strstr(error.text, "does not fit together") == NULL);
			if (status == 0)
				config_finish(&c);
		}
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"defaults are those of the machines", defaults_are_those_of_the_machines},
	        {"keys go where they belong", keys_go_where_they_belong},
	        {"services inherit", services_inherit},
	        {"relations are checked", relations_are_checked},
	        {"bounds are those of the machines", bounds_are_those_of_the_machines},
	};

	return SUITE_RUN("config_resilience", tests);
}
