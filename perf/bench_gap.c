/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Gaps that heal themselves: how long a gap on both lines lasts from the first request on, what it
 * costs in requests, and what is lost, beside a client of one server that asks again after a second
 * (the same machines, configured so). Nothing is timed: this is a simulation, its figures are the
 * same everywhere.
 */
#include <stdio.h>

#include "perf/gap_trial.h"
#include "perf/measure.h"

#define MS 1000000ull

struct scene {
	const char *servers;
	const char *client;
	void (*choose)(struct gap_trial_options *o);
};

static void one_dead(struct gap_trial_options *o)
{
	(void)o;
}

static void all_well(struct gap_trial_options *o)
{
	o->nodes[0] = o->nodes[1] = o->nodes[2];
}

/* One request in 200 is lost. */
static void lossy(struct gap_trial_options *o)
{
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		o->nodes[i].lose_ppm = 5000;
}

static void fixed(struct gap_trial_options *o)
{
	gap_trial_fixed(o);
}

/* It asks the next one every time a second is over; the first is dead. */
static void fixed_in_turn(struct gap_trial_options *o)
{
	const struct gap_trial_node dead = o->nodes[0];

	gap_trial_fixed(o);
	o->nodes[0] = dead;
	o->service.nodes = 3;
	o->service.choice = SERVICE_CHOOSE_IN_TURN;
}

static void lossy_fixed(struct gap_trial_options *o)
{
	lossy(o);
	gap_trial_fixed(o);
}

static void long_gaps(struct gap_trial_options *o)
{
	o->long_every = 10;
	o->long_packets = 100;
}

static void all_dead(struct gap_trial_options *o)
{
	uint64_t day_ns = o->packets * o->interval_ns;

	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++) {
		o->nodes[i].mute_from_ns = day_ns * 3 / 10;
		o->nodes[i].mute_until_ns = day_ns * 5 / 10;
	}
}

static const struct scene scenes[] = {
        {"well", "ladder", all_well},
        {"one dead, one slow", "ladder", one_dead},
        {"one dead, one slow, 0.5 % lost", "ladder", lossy},
        {"one dead, one slow, long gaps", "ladder", long_gaps},
        {"all dead for a fifth", "ladder", all_dead},
        {"one, well", "fixed 1 s", fixed},
        {"one dead, one slow", "fixed 1 s, in turn", fixed_in_turn},
        {"one, 0.5 % lost", "fixed 1 s", lossy_fixed},
};

static void check(const struct scene *s, const struct gap_trial_result *r)
{
	if (r->disorder + r->overdue + r->excess + r->needless + r->left != 0)
		measure_fail("bench_gap: %s, %s: a promise was broken", s->servers, s->client);
	if (r->delivered + r->lost + r->joined - 1 != r->messages)
		measure_fail("bench_gap: %s, %s: %lld messages are unaccounted for", s->servers,
		             s->client,
		             (long long)(r->messages - r->delivered - r->lost - r->joined + 1));
}

static double rtts(uint64_t ns)
{
	return (double)ns / GAP_TRIAL_RTT_NS;
}

static void row(struct measure_rows *out, const struct scene *s, uint64_t gaps, uint64_t seed)
{
	struct gap_trial_options o;
	struct gap_trial_result r;
	char group[64];

	gap_trial_standard(&o);
	o.packets = (gaps + 1) * o.gap_every;
	o.seed = seed;
	s->choose(&o);
	if (gap_trial_run(&o, &r) != 0)
		measure_fail("bench_gap: %s, %s: refused", s->servers, s->client);
	check(s, &r);
	measure_row(out);
	measure_text(out, "servers", s->servers);
	measure_text(out, "client", s->client);
	measure_count(out, "gaps", r.gaps);
	measure_count(out, "measured", r.measured);
	measure_count(out, "lost", r.lost);
	measure_figure(out, "q50_rtt", rtts(r.q50_ns));
	measure_figure(out, "q99_rtt", rtts(r.q99_ns));
	measure_figure(out, "max_rtt", rtts(r.max_ns));
	measure_figure(out, "extra_percent", 100.0 * ((double)r.requests / (double)r.asks - 1));
	measure_figure(out, "waited_ms", (double)r.wait_max_ns / 1e6);
	snprintf(group, sizeof(group), "%s, %s", s->servers, s->client);
	measure_result(out, group, r.hash);
}

int main(int argc, char **argv)
{
	uint64_t gaps = 1000;
	uint64_t seed = 1;
	const struct measure_option table[] = {
	        {"gaps", "on both lines, of each row", &gaps, 20, 1000000, NULL},
	        {"seed", "of the draws", &seed, 0, UINT64_MAX, NULL},
	        {.name = NULL},
	};
	struct measure_rows out;
	bool json = false;

	measure_options(argc, argv, "usage: bench_gap [OPTION VALUE]...", table, &json);
	measure_begin(&out, "gap", json);
	for (uint32_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		row(&out, &scenes[i], gaps, seed);
	measure_end(&out);
	return 0;
}
