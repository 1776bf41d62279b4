/* SPDX-License-Identifier: BSD-3-Clause
 *
 * docs/resilience/modes.md shows what the tables of modes say.
 *
 * usage: test_mode_page PAGE [--write]
 */
#include "resilience/mode.h"

#include "tests/unit/resilience/page.h"

#define SECOND_NS     1000000000ull
#define BACKLOG_LIMIT 1000u

static void say_value(struct text *t, enum mode_measure m, uint64_t value)
{
	switch (m) {
	case MODE_MEASURE_FORECASTS:
	case MODE_MEASURE_RESTORING:
	case MODE_MEASURE_SLOW_ATTEMPTS:
		say(t, "%u", (unsigned)value);
		return;
	case MODE_MEASURE_UNHEALTHY_PPM:
		say_percent(t, value);
		return;
	case MODE_MEASURE_BACKLOG:
		if (value == BACKLOG_LIMIT)
			say(t, "the limit");
		else
			say(t, "%.2g of it", (double)value / BACKLOG_LIMIT);
		return;
	case MODE_MEASURE_IDLE_NS:
		say(t, "%.2g s", (double)value / (double)SECOND_NS);
		return;
	}
}

static void say_guard(struct text *t, const struct mode_options *o, enum mode_guard g, bool enter)
{
	uint64_t ppm = enter ? o->guard[g].enter : o->guard[g].leave;

	switch (g) {
	case MODE_GUARD_NONE:
		return;
	case MODE_GUARD_RECOVERABLE:
		say(t, ", recoverable ");
		say_percent(t, ppm);
		return;
	case MODE_GUARD_SUCCEEDING:
		say(t, ", success ");
		say_percent(t, ppm);
		return;
	}
}

static struct mode_options report(void)
{
	struct mode_options o;

	mode_options_report(&o, SECOND_NS, BACKLOG_LIMIT);
	return o;
}

static void write_diagram(struct text *t)
{
	const struct mode_options o = report();

	say(t, "```mermaid\nstateDiagram-v2\n    [*] --> %s\n", mode_name(MODE_NORMAL));
	for (uint32_t id = MODE_NORMAL + 1; id < MODE_COUNT; id++) {
		const char *separator = "";

		say(t, "    %s --> %s: ", mode_name((enum mode_id)(id - 1)),
		    mode_name((enum mode_id)id));
		for (uint32_t i = 0; i < MODE_CAUSES; i++) {
			if (mode_conditions[i].mode != id)
				continue;
			say(t, "%s%s", separator, mode_conditions[i].name);
			separator = " or ";
		}
		say(t, "\n    %s --> %s: %s for %.2g s\n", mode_name((enum mode_id)id),
		    mode_name((enum mode_id)(id - 1)), mode_cause_name(MODE_CAUSE_OVER),
		    (double)o.dwell_ns[id] / (double)SECOND_NS);
	}
	say(t, "```\n");
}

static void write_causes(struct text *t)
{
	const struct mode_options o = report();

	say(t, "| mode | cause | what is measured | holds from | until below |\n");
	say(t, "|---|---|---|---|---|\n");
	for (uint32_t id = MODE_COUNT; id-- > 0;)
		for (uint32_t i = 0; i < MODE_CAUSES; i++) {
			const struct mode_condition *c = &mode_conditions[i];

			if (c->mode != id)
				continue;
			say(t, "| %s | `%s` | %s | ", mode_name(c->mode), c->name, c->text);
			say_value(t, c->measure, o.cause[i].enter);
			say_guard(t, &o, c->guard, true);
			say(t, " | ");
			say_value(t, c->measure, o.cause[i].leave);
			say_guard(t, &o, c->guard, false);
			say(t, " |\n");
		}
}

static void say_factor(struct text *t, uint32_t milli)
{
	if (milli == 1000)
		say(t, "| ");
	else
		say(t, "| x %.3g ", milli / 1000.0);
}

static void write_policy(struct text *t)
{
	const struct mode_policy *p = &mode_policy_standard;
	static const char *const classes[WORK_CLASSES] = {"critical", "normal", "background"};

	say(t,
	    "| mode | class | admitted | attempts at once | hedges | budgets | checkpoint interval "
	    "| latency optimization |\n|---|---|---|---|---|---|---|---|\n");
	for (uint32_t id = 0; id < MODE_COUNT; id++)
		for (uint32_t c = 0; c < WORK_CLASSES; c++) {
			const struct mode_class_policy *k = &p->mode[id].class[c];

			say(t, "| %s | %s | ", c == 0 ? mode_name((enum mode_id)id) : "",
			    classes[c]);
			say_percent(t, k->admit_ppm);
			if (k->parallel == 1)
				say(t, " | 1 ");
			else
				say(t, " | at least %u ", k->parallel);
			say(t, "| %s ", k->hedge ? "yes" : "no");
			say_factor(t, k->budget_milli);
			say_factor(t, k->checkpoint_milli);
			say(t, "| %s |\n", k->latency_optimization ? "all" : "on request");
		}
	say(t, "\n| mode | counters published every | restored first | timeouts "
	       "|\n|---|---|---|---|\n");
	for (uint32_t id = 0; id < MODE_COUNT; id++) {
		const struct mode_policy_row *r = &p->mode[id];

		say(t, "| %s ", mode_name((enum mode_id)id));
		say_factor(t, r->publish_milli);
		say(t, "| %s | %s |\n", r->restore_critical_first ? "critical" : "",
		    r->dynamic_timeout ? "dynamic" : "");
	}
}

int main(int argc, char **argv)
{
	static const struct section sections[] = {
	        {"diagram", write_diagram},
	        {"causes", write_causes},
	        {"policy", write_policy},
	};

	return page_run(argc, argv, sections, sizeof(sections) / sizeof(sections[0]));
}
