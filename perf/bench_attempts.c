/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attempts: what asking three nodes at once, asking again, hedging and cancelling are worth, and
 * what they cost in requests and held slots. Nothing is timed: this is a simulation (of the real
 * machines, at the report's scale), its figures are the same everywhere.
 *
 * 0-1 s ...  three nodes that answer within these times (uniform, each attempt on its own), 5 % of
 *            the attempts lost, 6 s of time: one attempt, three one after the other, three at once,
 *            as many as the latency rule says (with three retries); and everything switched on
 * bimodal    20 ms, one in twenty ten times as long: with and without a hedge
 * sender     three at once through a sender that needs 15 ms for each: losers cancelled or not
 *
 * "extra" are requests beyond one for each operation; "slots" is how long attempts held theirs.
 */
#include <stdio.h>

#include "perf/measure.h"
#include "perf/operation_trial.h"

#define SECOND 1000000000ull
#define MS     1000000ull

struct scene {
	const char *name;
	const char *way;
	void (*choose)(struct operation_trial_options *o);
	uint64_t from_ns; /* of replies */
	uint64_t to_ns;
};

/* Attempts alone: nobody is ejected, nothing opens, budgets do not matter. */
static void isolate(struct operation_trial_options *o)
{
	o->service.breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	o->service.health.eject_after = 0;
	o->service.health.outlier_ppm = 0;
	o->service.abandon_below_ppm = 0;
	o->service.hedge.is_enabled = false;
	o->service.retry_budget.is_unlimited = true;
	o->service.parallel_budget.is_unlimited = true;
	o->service.latency_optimization = false;
}

static void three_at_once(struct operation_trial_options *o)
{
	isolate(o);
	o->service.parallel_attempts = 3;
	o->service.max_retries = 0;
}

static void three_in_turn(struct operation_trial_options *o)
{
	isolate(o);
	o->service.parallel_max = 1;
	o->service.max_retries = 2;
}

static void latency_rule(struct operation_trial_options *o)
{
	isolate(o);
	o->service.latency_optimization = true;
}

static void one(struct operation_trial_options *o)
{
	isolate(o);
	o->service.max_retries = 0;
}

static void all_of_it(struct operation_trial_options *o)
{
	(void)o;
}

static void bimodal(struct operation_trial_options *o, bool hedged)
{
	isolate(o);
	o->service.hedge.is_enabled = hedged;
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		o->nodes[i].latency = (struct distribution){.kind = DISTRIBUTION_LOGNORMAL,
		                                            .scale_ns = 20 * MS,
		                                            .shape_milli = 250,
		                                            .slow_ppm = 50000,
		                                            .slow_milli = 10000};
}

static void alone(struct operation_trial_options *o)
{
	bimodal(o, false);
}

static void hedged(struct operation_trial_options *o)
{
	bimodal(o, true);
}

static void through_a_sender(struct operation_trial_options *o, bool cancelled)
{
	three_at_once(o);
	o->service.cancel_losers = cancelled;
	o->send_ns = 15 * MS;
	o->interval_ns = 50 * MS;
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		o->nodes[i].latency = (struct distribution){
		        .kind = DISTRIBUTION_UNIFORM, .scale_ns = 30 * MS, .shape_milli = 500};
}

static void cancelled(struct operation_trial_options *o)
{
	through_a_sender(o, true);
}

static void not_cancelled(struct operation_trial_options *o)
{
	through_a_sender(o, false);
}

static const struct scene scenes[] = {
        {"0-1 s", "one", one, 0, SECOND},
        {"0-1 s", "three in turn", three_in_turn, 0, SECOND},
        {"0-1 s", "three at once", three_at_once, 0, SECOND},
        {"0-1 s", "latency rule", latency_rule, 0, SECOND},
        {"0-1 s", "everything", all_of_it, 0, SECOND},
        {"1-2 s", "one", one, SECOND, 2 * SECOND},
        {"1-2 s", "three in turn", three_in_turn, SECOND, 2 * SECOND},
        {"1-2 s", "three at once", three_at_once, SECOND, 2 * SECOND},
        {"1-2 s", "latency rule", latency_rule, SECOND, 2 * SECOND},
        {"1-2 s", "everything", all_of_it, SECOND, 2 * SECOND},
        {"2-3 s", "one", one, 2 * SECOND, 3 * SECOND},
        {"2-3 s", "three in turn", three_in_turn, 2 * SECOND, 3 * SECOND},
        {"2-3 s", "three at once", three_at_once, 2 * SECOND, 3 * SECOND},
        {"2-3 s", "latency rule", latency_rule, 2 * SECOND, 3 * SECOND},
        {"2-3 s", "everything", all_of_it, 2 * SECOND, 3 * SECOND},
        {"bimodal", "alone", alone, 0, 0},
        {"bimodal", "hedged", hedged, 0, 0},
        {"sender", "not cancelled", not_cancelled, 0, 0},
        {"sender", "cancelled", cancelled, 0, 0},
};

static void row(struct measure_rows *out, const struct scene *s, uint64_t operations, uint64_t seed)
{
	struct operation_trial_options o;
	struct operation_trial_result r;
	char group[64];

	operation_trial_standard(&o, SECOND);
	o.operations = operations;
	o.seed = seed;
	for (uint32_t i = 0; s->to_ns != 0 && i < SERVICE_NODES_MAX; i++) {
		uint64_t middle_ns = (s->from_ns + s->to_ns) / 2;

		o.nodes[i].lose_ppm = 50000;
		o.nodes[i].latency = (struct distribution){
		        .kind = DISTRIBUTION_UNIFORM,
		        .scale_ns = middle_ns,
		        .shape_milli = (uint32_t)((s->to_ns - s->from_ns) * 500 / middle_ns)};
		o.service.expected_ns = middle_ns; /* as the report's caller says it */
		o.interval_ns = SECOND / 2;
	}
	s->choose(&o);
	if (operation_trial_run(&o, &r) != 0)
		measure_fail("bench_attempts: %s, %s: refused", s->name, s->way);
	measure_row(out);
	measure_text(out, "replies", s->name);
	measure_text(out, "asked", s->way);
	measure_figure(out, "success_percent", 100 * operation_trial_success(&o, &r));
	measure_figure(out, "q50_ms", (double)r.q50_ns / 1e6);
	measure_figure(out, "q99_ms", (double)r.q99_ns / 1e6);
	measure_figure(out, "extra_percent", 100.0 * ((double)r.requests / (double)operations - 1));
	measure_figure(out, "slots_ms", (double)r.slot_ns / 1e6 / (double)operations);
	snprintf(group, sizeof(group), "%s, %s", s->name, s->way);
	measure_result(out, group, r.hash);
}

int main(int argc, char **argv)
{
	uint64_t operations = 20000;
	uint64_t seed = 1;
	const struct measure_option table[] = {
	        {"operations", "of each row", &operations, 100, 100000000, NULL},
	        {"seed", "of the draws", &seed, 0, UINT64_MAX, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;
	bool json = false;

	measure_options(argc, argv, "usage: bench_attempts [OPTION VALUE]...", table, &json);
	measure_begin(&out, "attempts", json);
	for (uint32_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		row(&out, &scenes[i], operations, seed);
	measure_end(&out);
	return 0;
}
