/* SPDX-License-Identifier: BSD-3-Clause
 *
 * docs/resilience/breaker.md shows what the tables of breakers and nodes say, and their options.
 *
 * usage: test_breaker_page PAGE [--write]
 */
#include "resilience/breaker.h"
#include "resilience/health.h"

#include "tests/unit/resilience/page.h"

#define SECOND_NS 1000000000ull

static void write_diagram(struct text *t)
{
	say(t, "```mermaid\nstateDiagram-v2\n    [*] --> %s\n", breaker_state_name(BREAKER_CLOSED));
	for (uint32_t from = 0; from < BREAKER_STATES; from++)
		for (uint32_t to = 0; to < BREAKER_STATES; to++) {
			const char *separator = "";

			for (uint32_t i = breaker_rows[from]; i < breaker_rows[from + 1]; i++) {
				const struct breaker_transition *r = &breaker_transitions[i];

				if (r->to != to)
					continue;
				if (*separator == '\0')
					say(t, "    %s --> %s: ",
					    breaker_state_name((enum breaker_state)from),
					    breaker_state_name((enum breaker_state)to));
				say(t, "%s%s", separator,
				    breaker_cause_name((enum breaker_cause)r->cause));
				separator = ", ";
			}
			if (*separator != '\0')
				say(t, "\n");
		}
	say(t, "```\n");
}

static void write_transitions(struct text *t)
{
	uint32_t from = BREAKER_STATES;

	say(t, "| from | to | cause | when |\n|---|---|---|---|\n");
	for (uint32_t i = 0; i < BREAKER_TRANSITIONS; i++) {
		const struct breaker_transition *r = &breaker_transitions[i];

		say(t, "| %s | %s | %s | %s |\n",
		    r->from == from ? "" : breaker_state_name((enum breaker_state)r->from),
		    breaker_state_name((enum breaker_state)r->to),
		    breaker_cause_name((enum breaker_cause)r->cause),
		    breaker_cause_text((enum breaker_cause)r->cause));
		from = r->from;
	}
}

static void write_states(struct text *t)
{
	struct breaker_options o;

	breaker_options_report(&o, SECOND_NS);
	say(t, "| state | base timeout | attempts at once | fallback |\n|---|---|---|---|\n");
	for (uint32_t s = 0; s < BREAKER_STATES; s++) {
		say(t, "| %s | ", breaker_state_name((enum breaker_state)s));
		if (o.base_timeout_ns[s] != BREAKER_NEVER)
			say(t, "%.1f s", (double)o.base_timeout_ns[s] / (double)SECOND_NS);
		if (o.parallel[s] == 0)
			say(t, " | %s", s == BREAKER_OPEN ? "none" : "by other rules");
		else
			say(t, " | %s%u", s == BREAKER_RESILIENT ? "at least " : "", o.parallel[s]);
		say(t, " | %s |\n", (o.fallback & BREAKER_BIT(s)) != 0 ? "yes" : "no");
	}
}

static void say_time(struct text *t, const char *name, uint64_t ns, const char *what)
{
	say(t, "| `%s` | %g s | %s |\n", name, (double)ns / (double)SECOND_NS, what);
}

static void say_rate(struct text *t, const char *name, uint32_t ppm, const char *what)
{
	say(t, "| `%s` | ", name);
	say_percent(t, ppm);
	say(t, " | %s |\n", what);
}

static void say_number(struct text *t, const char *name, uint32_t value, const char *what)
{
	say(t, "| `%s` | %u | %s |\n", name, value, what);
}

static void say_head(struct text *t)
{
	say(t, "| option | at the report's scale | what |\n|---|---|---|\n");
}

static void write_options(struct text *t)
{
	struct breaker_options o;

	breaker_options_report(&o, SECOND_NS);
	say_head(t);
	say_number(t, "window", o.window,
	           "operations that the failure rate is taken over, up to 64");
	say_number(t, "samples_min", o.samples_min, "operations from which a rate counts");
	say_rate(t, "resilient_at_ppm", o.resilient_at_ppm, "failure rate that makes RESILIENT");
	say_rate(t, "clear_at_ppm", o.clear_at_ppm, "both failure rates below: calm");
	say_rate(t, "open_at_ppm", o.open_at_ppm, "failure rate that opens");
	say_number(t, "open_after", o.open_after, "failures in a row that open; 0: none do");
	say_number(t, "rate_shift", o.rate_shift,
	           "the longer failure rate moves by 1 / 2^n of the difference");
	say_time(t, "ultra_latency_ns", o.ultra_latency_ns, "mean latency above: ULTRA_RESILIENT");
	say_time(t, "ultra_leave_ns", o.ultra_leave_ns, "mean latency below: out of it");
	say_number(t, "ultra_min", o.ultra_min,
	           "measurements from which the mean counts; slow ones among the probes");
	say_number(t, "latency_shift", o.latency_shift, "the mean is over 2^n measurements");
	say_time(t, "dwell_ns", o.dwell_ns, "how long relief must last to be believed");
	say_time(t, "open_ns", o.open_ns, "the first open time");
	say_time(t, "open_max_ns", o.open_max_ns, "the longest one");
	say_rate(t, "open_jitter_ppm", o.open_jitter_ppm, "up to this part of it is taken off");
	say_number(t, "probes", o.probes, "that must succeed to leave HALF_OPEN");
	say_number(t, "leases", o.leases, "probes at once, up to 4");
	say_time(t, "lease_ns", o.lease_ns, "in which a probe must report");
	say_time(t, "ramp_interval_ns", o.ramp_interval_ns, "of the ramp; 0: there is none");
	say_number(t, "ramp_start", o.ramp_start, "operations in the first interval");
	say_number(t, "ramp_step", o.ramp_step, "more after an interval with successes only");
	say_number(t, "ramp_end", o.ramp_end, "from here all are let in");
	say_number(t, "forecast_level", o.forecast_level,
	           "from this level a forecast counts; 0: there is no forecast");
}

static void write_node_diagram(struct text *t)
{
	say(t, "```mermaid\nstateDiagram-v2\n    [*] --> %s\n", health_state_name(HEALTH_ADMITTED));
	for (uint32_t i = 0; i < health_transition_count; i++)
		say(t, "    %s --> %s: %s\n",
		    health_state_name((enum health_state)health_transitions[i].from),
		    health_state_name((enum health_state)health_transitions[i].to),
		    health_cause_name((enum health_cause)health_transitions[i].cause));
	say(t, "```\n");
}

static void write_node_transitions(struct text *t)
{
	say(t, "| from | to | cause | when |\n|---|---|---|---|\n");
	for (uint32_t i = 0; i < health_transition_count; i++) {
		const struct health_transition *r = &health_transitions[i];

		say(t, "| %s | %s | %s | %s |\n", health_state_name((enum health_state)r->from),
		    health_state_name((enum health_state)r->to),
		    health_cause_name((enum health_cause)r->cause),
		    health_cause_text((enum health_cause)r->cause));
	}
}

static void write_node_options(struct text *t)
{
	struct health_options o;

	health_options_standard(&o, SECOND_NS);
	say_head(t);
	say_number(t, "eject_after", o.eject_after, "failures in a row that eject; 0: none do");
	say_rate(t, "outlier_ppm", o.outlier_ppm,
	         "success rate so far below the best other node's ejects; 0: it does not");
	say_number(t, "samples_min", o.samples_min, "attempts from which a rate counts");
	say_number(t, "rate_shift", o.rate_shift, "the rate moves by 1 / 2^n of the difference");
	say_time(t, "eject_ns", o.eject_ns, "the first ejection");
	say_time(t, "eject_max_ns", o.eject_max_ns, "the longest one");
	say_rate(t, "eject_jitter_ppm", o.eject_jitter_ppm, "up to this part of it is taken off");
	say_number(t, "settle_successes", o.settle_successes,
	           "in a row make the next ejection one doubling shorter");
	say_time(t, "half_life_ns", o.half_life_ns, "of the peak latency");
	say_time(t, "latency_initial_ns", o.latency_initial_ns,
	         "taken for a node that was never measured");
}

int main(int argc, char **argv)
{
	static const struct section sections[] = {
	        {"diagram", write_diagram},
	        {"transitions", write_transitions},
	        {"states", write_states},
	        {"options", write_options},
	        {"node diagram", write_node_diagram},
	        {"node transitions", write_node_transitions},
	        {"node options", write_node_options},
	};

	return page_run(argc, argv, sections, sizeof(sections) / sizeof(sections[0]));
}
