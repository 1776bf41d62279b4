/* SPDX-License-Identifier: BSD-3-Clause
 *
 * docs/resilience/operations.md shows what the table of states says, and the options of a service.
 *
 * usage: test_operation_page PAGE [--write]
 */
#include "resilience/operation_table.h"
#include "resilience/service.h"

#include "tests/unit/resilience/page.h"

#define SECOND_NS 1000000000ull

static void write_diagram(struct text *t)
{
	say(t, "```mermaid\nstateDiagram-v2\n    [*] --> FREE\n");
	for (uint32_t i = 0; i < operation_transition_count; i++) {
		const struct operation_transition *r = &operation_transitions[i];

		say(t, "    %s --> %s: %s\n", operation_table_state_name(r->from),
		    operation_table_state_name(r->to), operation_table_fact_name(r->fact));
	}
	say(t, "```\n");
}

static void write_transitions(struct text *t)
{
	enum operation_state from = OPERATION_STATE_COUNT;

	say(t, "| from | fact | to | because |\n|---|---|---|---|\n");
	for (uint32_t i = 0; i < operation_transition_count; i++) {
		const struct operation_transition *r = &operation_transitions[i];

		say(t, "| %s | %s | %s | %s |\n",
		    r->from == from ? "" : operation_table_state_name(r->from),
		    operation_table_fact_name(r->fact), operation_table_state_name(r->to), r->why);
		from = r->from;
	}
}

static void say_time(struct text *t, const char *name, uint64_t ns, const char *what)
{
	if (ns == UINT64_MAX)
		say(t, "| `%s` | none | %s |\n", name, what);
	else
		say(t, "| `%s` | %.4g s | %s |\n", name, (double)ns / (double)SECOND_NS, what);
}

static void say_number(struct text *t, const char *name, uint64_t value, const char *what)
{
	say(t, "| `%s` | %u | %s |\n", name, (unsigned)value, what);
}

static void say_flag(struct text *t, const char *name, bool value, const char *what)
{
	say(t, "| `%s` | %s | %s |\n", name, value ? "on" : "off", what);
}

static void say_ppm(struct text *t, const char *name, uint32_t ppm, const char *what)
{
	say(t, "| `%s` | ", name);
	say_percent(t, ppm);
	say(t, " | %s |\n", what);
}

static void say_budget(struct text *t, const char *name, const struct budget_options *b,
                       const char *of)
{
	say(t, "| `%s` | %u at once, ", name, b->burst);
	say_percent(t, b->earn_ppm);
	if (b->period_ns != 0)
		say(t, ", 1 per %.4g s", (double)b->period_ns / (double)SECOND_NS);
	say(t, " | %s |\n", of);
}

static void write_options(struct text *t)
{
	static const char *const choices[] = {"primary", "in turn", "best"};
	struct service_options o;

	service_options_report(&o, SECOND_NS);
	say(t, "| option | at the report's scale | what |\n|---|---|---|\n");
	say(t, "| `choice` | %s | which node: the first always, the next in turn, the best |\n",
	    choices[o.choice]);
	say_number(t, "parallel_attempts", o.parallel_attempts,
	           "attempts at once, of an operation that does not say");
	say_number(t, "parallel_max", o.parallel_max,
	           "whatever asks for more; 1: never two at a time");
	say_flag(t, "latency_optimization", o.latency_optimization, "the latency rule applies");
	say_time(t, "parallel_two_ns", o.parallel_two_ns, "expected above: two at once");
	say_time(t, "parallel_three_ns", o.parallel_three_ns, "expected above: three");
	say_flag(t, "same_node_parallel", o.same_node_parallel,
	         "with fewer nodes than attempts a node may be asked twice");
	say_flag(t, "cancel_losers", o.cancel_losers,
	         "off: they hold their slots until they end by themselves");
	say_number(t, "max_retries", o.max_retries, "rounds after the first");
	say_time(t, "backoff.base_ns", o.backoff.base_ns,
	         "before the second round, doubled for each further one; 0: none");
	say_time(t, "backoff.max_ns", o.backoff.max_ns, "the longest");
	say_ppm(t, "backoff.jitter_ppm", o.backoff.jitter_ppm, "up to this part is taken off");
	say_budget(t, "retry_budget", &o.retry_budget, "of successes: rounds after the first");
	say_budget(t, "hedge_budget", &o.hedge_budget, "of operations: hedges");
	say_budget(t, "parallel_budget", &o.parallel_budget,
	           "of operations: attempts beside the first of a round");
	say_time(t, "operation_timeout_ns", o.operation_timeout_ns,
	         "of an operation, whatever its deadline");
	say_time(t, "expected_ns", o.expected_ns,
	         "of an attempt, while nothing is learned; 0: unknown");
	say_flag(t, "learn_expected", o.learn_expected, "the mean latency is the expected one");
	say_ppm(t, "abandon_below_ppm", o.abandon_below_ppm,
	        "chance of success below which an operation ends; 0: none does");
	say_number(t, "abandon_try_every", o.abandon_try_every,
	           "of those so many, one is sent all the same; 0: none");
	say_time(t, "poll_ns", o.poll_ns, "between two looks at what time alone changes, at most");
}

int main(int argc, char **argv)
{
	static const struct section sections[] = {{"diagram", write_diagram},
	                                          {"transitions", write_transitions},
	                                          {"options", write_options}};

	return page_run(argc, argv, sections, 3);
}
