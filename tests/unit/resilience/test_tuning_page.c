/* SPDX-License-Identifier: BSD-3-Clause
 *
 * docs/resilience/tuning.md shows the standard rules.
 *
 * usage: test_tuning_page PAGE [--write]
 */
#include "resilience/tuning.h"

#include "tests/unit/resilience/page.h"

#define SECOND_NS 1000000000ull

static void say_value(struct text *t, enum tuning_parameter p, uint64_t value)
{
	switch (p) {
	case TUNING_LATENCY_MULTIPLIER:
		say(t, "%.4g", (double)value / 1000);
		return;
	case TUNING_ULTRA_LATENCY:
		say(t, "%.4g s", (double)value / (double)SECOND_NS);
		return;
	case TUNING_RESILIENT_AT:
	case TUNING_HEDGE_QUANTILE:
		say_percent(t, value);
		return;
	}
}

static void write_rules(struct text *t)
{
	struct tuning_options o;

	/* The report's threshold of extreme latency: two of its seconds. */
	tuning_options_standard(&o, SECOND_NS, 2 * SECOND_NS);
	say(t,
	    "| parameter | starts at | min | max | step | needs | low | high | factor | extra |\n"
	    "|---|---|---|---|---|---|---|---|---|---|\n");
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		const struct tuning_rule *r = &o.rule[i];
		enum tuning_parameter p = (enum tuning_parameter)i;

		say(t, "| `%s` | ", tuning_parameter_name(p));
		say_value(t, p, r->initial);
		say(t, " | ");
		say_value(t, p, r->min);
		say(t, " | ");
		say_value(t, p, r->max);
		say(t, " | ");
		say_percent(t, r->step_ppm);
		say(t, " | %u | ", r->samples_min);
		say_percent(t, r->low_ppm);
		say(t, " | ");
		if (r->high_ppm != 0)
			say_percent(t, r->high_ppm);
		say(t, " | ");
		if (r->factor_milli != 0)
			say(t, "%.3g", r->factor_milli / 1000.0);
		say(t, " | ");
		if (r->extra_max_ppm != 0)
			say_percent(t, r->extra_max_ppm);
		say(t, " |\n");
	}
}

int main(int argc, char **argv)
{
	static const struct section sections[] = {{"rules", write_rules}};

	return page_run(argc, argv, sections, 1);
}
