/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_table.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define LABEL_COLUMNS 30
#define CELL_COLUMNS  27
#define PPM           1000000u

void chaos_table_time(uint64_t ns, char out[CHAOS_CELL_BYTES])
{
	if (ns == UINT64_MAX)
		snprintf(out, CHAOS_CELL_BYTES, "never");
	else if (ns >= 10000000)
		snprintf(out, CHAOS_CELL_BYTES, "%" PRIu64 ".%02" PRIu64 "s", ns / 1000000000,
		         ns / 10000000 % 100);
	else
		snprintf(out, CHAOS_CELL_BYTES, "%" PRIu64 ".%02" PRIu64 "us", ns / 1000,
		         ns / 10 % 100);
}

static void percent(uint32_t ppm, char out[CHAOS_CELL_BYTES])
{
	snprintf(out, CHAOS_CELL_BYTES, "%" PRIu32 ".%02" PRIu32 "%%", ppm / 10000,
	         ppm / 100 % 100);
}

static void recovery_cell(const struct chaos_result *r, char out[CHAOS_CELL_BYTES])
{
	char time[CHAOS_CELL_BYTES];

	if (r->healthy == 0) {
		snprintf(out, CHAOS_CELL_BYTES, "total failure");
	} else if (r->healthy < r->components) {
		snprintf(out, CHAOS_CELL_BYTES, "partial %" PRIu32 "/%" PRIu32, r->healthy,
		         r->components);
	} else if (r->recovered_ns == 0) {
		snprintf(out, CHAOS_CELL_BYTES, "never ill");
	} else {
		chaos_table_time(r->recovered_ns, time);
		snprintf(out, CHAOS_CELL_BYTES, "full in %.40s", time);
	}
}

static void modes_cell(const struct chaos_result *r, char out[CHAOS_CELL_BYTES])
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = MODE_NORMAL + 1; i < MODE_COUNT && used < CHAOS_CELL_BYTES; i++)
		if ((r->modes_visited & MODE_BIT(i)) != 0)
			used += (size_t)snprintf(out + used, CHAOS_CELL_BYTES - used, "%s%s",
			                         used == 0 ? "" : " ", mode_name((enum mode_id)i));
	if (used == 0)
		snprintf(out, CHAOS_CELL_BYTES, "none");
}

void chaos_table_cell(const struct scenario *s, const struct chaos_result *r,
                      char out[CHAOS_CELL_BYTES])
{
	switch (s->score) {
	case SCENARIO_OPERATIONS:
	case SCENARIO_EVENTS:
	case SCENARIO_RESTORED:
		percent(r->success_ppm, out);
		return;
	case SCENARIO_RECOVERY:
		recovery_cell(r, out);
		return;
	case SCENARIO_MODES:
		modes_cell(r, out);
		return;
	}
}

static void print_cell(FILE *out, const char *ours, const char *theirs)
{
	char cell[2 * CHAOS_CELL_BYTES];

	if (theirs[0] == '\0')
		snprintf(cell, sizeof(cell), "%s", ours);
	else
		snprintf(cell, sizeof(cell), "%s [%s]", ours, theirs);
	fprintf(out, " %-*s", CELL_COLUMNS, cell);
}

static void print_head(const struct chaos_suite *s, const char *title, FILE *out)
{
	fprintf(out, "\n%-*s", LABEL_COLUMNS, title);
	for (uint32_t k = 0; k < s->profile_count; k++)
		fprintf(out, " %-*s", CELL_COLUMNS, s->profile_names[k]);
	fputc('\n', out);
}

static void print_scenarios(const struct chaos_suite *s, FILE *out)
{
	char ours[CHAOS_CELL_BYTES];

	print_head(s, "Scenario: ours [the report's]", out);
	for (uint32_t i = 0; i < s->scenario_count; i++) {
		const struct scenario *x = &s->scenarios[i];

		fprintf(out, "%-*.*s", LABEL_COLUMNS, LABEL_COLUMNS, x->name);
		for (uint32_t k = 0; k < s->profile_count; k++) {
			chaos_table_cell(x, &chaos_suite_cell(s, i, k)->result, ours);
			print_cell(out, ours,
			           figures_cell(&s->figures, "scenarios", x->row,
			                        s->profile_names[k]));
		}
		fputc('\n', out);
	}
}

/* By service of the scenario whose services are the report's classes of latency. */
static void print_latencies(const struct chaos_suite *s, FILE *out)
{
	char ours[CHAOS_CELL_BYTES];

	for (uint32_t i = 0; i < s->scenario_count; i++) {
		const struct scenario *x = &s->scenarios[i];

		if (x->score != SCENARIO_OPERATIONS || strcmp(x->row, "extreme_latency") != 0)
			continue;
		print_head(s, "Latency: ours [the report's]", out);
		for (uint32_t v = 0; v < x->service_count; v++) {
			const char *name = x->services[v].name;
			const struct figures_row *row = figures_row(&s->figures, "latency", name);

			fprintf(out, "%-*s", LABEL_COLUMNS, row == NULL ? name : row->label);
			for (uint32_t k = 0; k < s->profile_count; k++) {
				const struct chaos_service_result *r =
				        &chaos_suite_cell(s, i, k)->result.services[v];

				percent(r->operations == 0
				                ? 0
				                : (uint32_t)(r->succeeded * PPM / r->operations),
				        ours);
				print_cell(out, ours,
				           figures_cell(&s->figures, "latency", name,
				                        s->profile_names[k]));
			}
			fputc('\n', out);
		}
	}
}

enum global_row {
	GLOBAL_SUCCESS,
	GLOBAL_MEAN,
	GLOBAL_WORST,
	GLOBAL_DURATION,
	GLOBAL_COMPONENTS,
	GLOBAL_OVERHEAD,
	GLOBAL_MEMORY,
};

static const struct {
	const char *key; /* of the report's row; "": it has none */
	const char *label;
} global_rows[] = {
        [GLOBAL_SUCCESS] = {"success", "success, weighted"},
        [GLOBAL_MEAN] = {"", "success, plain mean"},
        [GLOBAL_WORST] = {"", "success, worst scenario"},
        [GLOBAL_DURATION] = {"duration", "duration (virtual)"},
        [GLOBAL_COMPONENTS] = {"components", "active components at the end"},
        [GLOBAL_OVERHEAD] = {"overhead", "CPU per event, world included"},
        [GLOBAL_MEMORY] = {"memory", "memory, peak"},
};

static void global_cell(const struct chaos_global *g, enum global_row row,
                        char out[CHAOS_CELL_BYTES])
{
	switch (row) {
	case GLOBAL_SUCCESS:
		percent(g->weighted_ppm, out);
		return;
	case GLOBAL_MEAN:
		percent(g->mean_ppm, out);
		return;
	case GLOBAL_WORST:
		percent(g->worst_ppm, out);
		return;
	case GLOBAL_DURATION:
		chaos_table_time(g->duration_ns, out);
		return;
	case GLOBAL_COMPONENTS:
		percent(g->active_ppm, out);
		return;
	case GLOBAL_OVERHEAD:
		snprintf(out, CHAOS_CELL_BYTES, "%" PRIu64 "ns",
		         g->events == 0 ? 0 : g->cpu_ns / g->events);
		return;
	case GLOBAL_MEMORY:
		snprintf(out, CHAOS_CELL_BYTES, "%" PRIu64 "MiB", g->memory_bytes >> 20);
		return;
	}
}

static void print_global(const struct chaos_suite *s, FILE *out)
{
	char ours[CHAOS_CELL_BYTES];
	struct chaos_global g;

	chaos_suite_global(s, 0, &g);
	if (g.events == 0)
		return;
	print_head(s, "Global: ours [the report's]", out);
	for (enum global_row row = GLOBAL_SUCCESS; row <= GLOBAL_MEMORY; row++) {
		fprintf(out, "%-*s", LABEL_COLUMNS, global_rows[row].label);
		for (uint32_t k = 0; k < s->profile_count; k++) {
			chaos_suite_global(s, k, &g);
			global_cell(&g, row, ours);
			print_cell(out, ours,
			           figures_cell(&s->figures, "global", global_rows[row].key,
			                        s->profile_names[k]));
		}
		fputc('\n', out);
	}
}

static void print_details(const struct chaos_suite *s, FILE *out)
{
	fprintf(out, "\n%-22s %-10s %8s %8s %8s %8s %8s %8s %6s %6s %5s %9s %9s %16s\n", "Details",
	        "profile", "events", "given up", "in time", "asked", "answered", "attempts",
	        "deaths", "back", "well", "p50", "p99", "hash");
	for (uint32_t i = 0; i < s->scenario_count; i++)
		for (uint32_t k = 0; k < s->profile_count; k++) {
			const struct chaos_result *r = &chaos_suite_cell(s, i, k)->result;
			char p50[CHAOS_CELL_BYTES];
			char p99[CHAOS_CELL_BYTES];

			chaos_table_time(r->p50_ns, p50);
			chaos_table_time(r->p99_ns, p99);
			fprintf(out,
			        "%-22.22s %-10s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64
			        " %8" PRIu64 " %8" PRIu64 " %6" PRIu64 " %6" PRIu64 " %5" PRIu32
			        " %9s %9s %016" PRIx64 "\n",
			        s->scenarios[i].name, s->profile_names[k], r->events, r->given_up,
			        r->in_time, r->operations, r->succeeded, r->attempts, r->killed,
			        r->restored, r->healthy, p50, p99, r->hash);
		}
}

void chaos_table_print(const struct chaos_suite *s, FILE *out)
{
	print_scenarios(s, out);
	print_latencies(s, out);
	print_global(s, out);
	print_details(s, out);
	fprintf(out, "\nhash %016" PRIx64 "\n", chaos_suite_hash(s));
}

/* What the row is measured by, with the mechanism and without it. */
static void print_measure(const struct chaos_trials *t, uint32_t i, FILE *out)
{
	const struct chaos_trial *x = &chaos_trials[i];

	if (x->is_ablation)
		fprintf(out, "  %-16s %9" PRIu64 " -> %9" PRIu64, chaos_metric_name(x->metric),
		        chaos_metric_value(x->metric, &t->whole[i]),
		        chaos_metric_value(x->metric, &t->results[i]));
	fputc('\n', out);
}

void chaos_table_print_trials(const struct chaos_trials *t, FILE *out)
{
	const char *group = "";

	for (uint32_t i = 0; i < chaos_trial_count; i++) {
		const struct chaos_trial *x = &chaos_trials[i];
		const struct chaos_result *r = &t->results[i];
		char p50[CHAOS_CELL_BYTES];
		char p99[CHAOS_CELL_BYTES];

		if (r->events == 0)
			continue; /* was not tried */
		if (strcmp(group, x->group) != 0)
			fprintf(out, "\n%-24s %-16s %9s %8s %8s %9s %9s %8s %6s%s\n", x->group,
			        "scenario", "success", "p50", "p99", "requests", "slot time",
			        "in time", "well",
			        x->is_ablation ? "  measured by           with ->   without" : "");
		group = x->group;
		chaos_table_time(r->p50_ns, p50);
		chaos_table_time(r->p99_ns, p99);
		fprintf(out,
		        "%s%-*s %-16s %5" PRIu32 ".%02" PRIu32 "%% %8s %8s %9" PRIu64 " %8" PRIu64
		        "s %8" PRIu64 " %3" PRIu32 "/%" PRIu32,
		        x->is_ablation ? "- " : "", x->is_ablation ? 22 : 24, x->name, x->scenario,
		        r->success_ppm / 10000, r->success_ppm / 100 % 100, p50, p99, r->attempts,
		        r->attempt_ns / 1000000000, r->in_time, r->healthy, r->components);
		print_measure(t, i, out);
	}
}
