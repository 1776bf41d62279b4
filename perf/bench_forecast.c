/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Forecast: how long before the failure the warning comes, how often it does not, and how often it
 * comes for nothing, over degradations and healthy hours made by seed (degradation.h), with all
 * detectors and with each kind of them alone. Beside it what a breaker sees by itself: failure rate
 * of the last 64 requests >= 10 %. One interval is a second of the report's scale.
 *
 * Delay is counted from the change to the warning, lead from the warning to the failure, where
 * there is one; both of those warned, however late. A run whose warning was up before the change
 * began, by a false alarm, counts as missed unless it warns again in time. Settings were chosen by
 * seeds from 1 on; the default seeds are others. And the cost of a sample: CPU time, the least of
 * the rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/degradation.h"
#include "perf/measure.h"
#include "resilience/forecast.h"

#define INTERVAL_NS 1000000000ull
#define RUNS_MAX    100000u
#define PATIENCE    60u /* intervals after a change that brings no failure */
#define HOUR        3600u

struct options {
	uint64_t runs; /* of each kind */
	uint64_t hours;
	uint64_t seed;
	uint64_t rounds;
	bool json;
};

struct lens {
	const char *name;
	uint32_t detectors; /* 0: the last 64 requests' failures alone */
};

#define SHIFTS (FORECAST_BIT(FORECAST_LATENCY_SHIFT) | FORECAST_BIT(FORECAST_ERROR_SHIFT))
#define TRENDS (FORECAST_BIT(FORECAST_LATENCY_TREND) | FORECAST_BIT(FORECAST_ERROR_TREND))
#define BOUNDS (FORECAST_BIT(FORECAST_LATENCY_BOUND) | FORECAST_BIT(FORECAST_ERROR_BOUND))

static const struct lens lenses[] = {
        {"all", FORECAST_DETECTORS_ALL},
        {"shift", SHIFTS},
        {"trend", TRENDS},
        {"bound", BOUNDS},
        {"window of 64", 0},
};

#define LENSES (sizeof(lenses) / sizeof(lenses[0]))

/* What watches a run through one lens. */
struct watch {
	struct forecast_options options;
	struct forecast forecast;
	uint64_t window;
	uint64_t requests;
	uint32_t detectors;
	bool over;   /* in this interval */
	bool warned; /* at the end of the last interval */
};

static void watch_init(struct watch *w, const struct lens *l)
{
	memset(w, 0, sizeof(*w));
	forecast_options_standard(&w->options, INTERVAL_NS);
	w->detectors = l->detectors;
	w->options.detectors = l->detectors;
	if (forecast_init(&w->forecast, &w->options, 0) != 0)
		measure_fail("bench_forecast: options");
}

static void watch_request(struct watch *w, bool good, uint64_t latency_ns)
{
	if (w->detectors != 0) {
		if (good)
			forecast_on_success(&w->forecast, latency_ns);
		else
			forecast_on_failure(&w->forecast);
		return;
	}
	w->window = w->window << 1 | !good;
	w->requests++;
	w->over = w->over || (w->requests >= 64 && __builtin_popcountll(w->window) >= 7);
}

/* True: a warning was raised in this interval. */
static bool watch_close(struct watch *w, uint32_t t)
{
	bool up = w->over;

	if (w->detectors != 0) {
		(void)forecast_poll(&w->forecast, &w->options, 0, (t + 1ull) * INTERVAL_NS, NULL);
		up = w->forecast.level == FORECAST_WARNING;
	}
	bool raised = up && !w->warned;

	w->warned = up;
	w->over = false;
	return raised;
}

/* All lenses see the same requests. */
static void play(struct watch *watches, struct degradation *d, uint32_t t)
{
	degradation_interval(d, t);
	for (uint32_t i = 0; i < d->samples; i++) {
		uint64_t latency_ns = 0;
		bool good = degradation_request(d, &latency_ns);

		for (uint32_t k = 0; k < LENSES; k++)
			watch_request(&watches[k], good, latency_ns);
	}
}

struct outcome {
	uint64_t hash;
	uint32_t runs;
	uint32_t missed;
	uint32_t leads;
	double *lead;  /* intervals from the warning to the failure */
	double *delay; /* from the change to the warning */
};

static void add_outcome(struct outcome *out, const struct degradation *d, uint32_t failure,
                        uint32_t raised)
{
	bool fails = failure != DEGRADATION_NEVER;
	bool warned = raised != DEGRADATION_NEVER;
	/* Known at the end of the interval; a failure in that very interval was not forecast. What
	 * comes out of the blue cannot be: there its delay is shown. */
	bool in_time = warned && (!fails || d->kind == DEGRADATION_ABRUPT || raised < failure);

	out->runs++;
	out->hash = measure_hash(out->hash, raised);
	out->missed += !in_time;
	if (!warned)
		return;
	out->delay[out->leads] = (double)(raised + 1 - d->start);
	out->lead[out->leads++] = fails ? (double)failure - (double)(raised + 1) : 0;
}

static void run_one(struct outcome *outcomes, enum degradation_kind kind, uint64_t seed)
{
	struct degradation d;
	struct watch watches[LENSES];
	uint32_t raised[LENSES];
	uint32_t waiting = LENSES;

	degradation_init(&d, kind, seed);
	for (uint32_t k = 0; k < LENSES; k++) {
		watch_init(&watches[k], &lenses[k]);
		raised[k] = DEGRADATION_NEVER;
	}
	uint32_t failure = degradation_failure(&d);
	uint32_t end = (failure != DEGRADATION_NEVER ? failure : d.start) + PATIENCE;

	for (uint32_t t = 0; t < end && waiting > 0; t++) {
		play(watches, &d, t);
		for (uint32_t k = 0; k < LENSES; k++)
			if (watch_close(&watches[k], t) && t >= d.start &&
			    raised[k] == DEGRADATION_NEVER) {
				raised[k] = t;
				waiting--;
			}
	}
	for (uint32_t k = 0; k < LENSES; k++)
		add_outcome(&outcomes[k], &d, failure, raised[k]);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *sorted, uint32_t count, uint32_t percent)
{
	if (count == 0)
		return 0;
	uint32_t rank = (count * percent + 99) / 100;

	return sorted[rank == 0 ? 0 : rank - 1];
}

static void leads(struct measure_rows *r, struct outcome *out, bool fails)
{
	if (out->leads == 0)
		return;
	qsort(out->delay, out->leads, sizeof(*out->delay), compare);
	measure_figure(r, "delay_p50_s", quantile(out->delay, out->leads, 50));
	measure_figure(r, "delay_p90_s", quantile(out->delay, out->leads, 90));
	if (!fails)
		return;
	/* Of leads the bad end is the low one. */
	qsort(out->lead, out->leads, sizeof(*out->lead), compare);
	measure_figure(r, "lead_p10_s", quantile(out->lead, out->leads, 10));
	measure_figure(r, "lead_p50_s", quantile(out->lead, out->leads, 50));
	measure_figure(r, "lead_p90_s", quantile(out->lead, out->leads, 90));
}

static void degraded_rows(struct measure_rows *r, const struct options *o,
                          enum degradation_kind kind)
{
	struct outcome outcomes[LENSES] = {0};

	for (uint32_t k = 0; k < LENSES; k++) {
		outcomes[k].lead = measure_memory(o->runs * sizeof(double));
		outcomes[k].delay = measure_memory(o->runs * sizeof(double));
	}
	for (uint64_t n = 0; n < o->runs; n++)
		run_one(outcomes, kind, o->seed + n);
	for (uint32_t k = 0; k < LENSES; k++) {
		measure_row(r);
		measure_text(r, "traffic", degradation_name(kind));
		measure_text(r, "detectors", lenses[k].name);
		measure_count(r, "runs", outcomes[k].runs);
		measure_count(r, "missed", outcomes[k].missed);
		leads(r, &outcomes[k], kind != DEGRADATION_SLOW);
		measure_count(r, "hash", outcomes[k].hash);
		free(outcomes[k].lead);
		free(outcomes[k].delay);
	}
}

struct alarms {
	uint64_t raised;
	uint64_t intervals; /* at WARNING */
	uint64_t hash;
};

static void healthy_rows(struct measure_rows *r, const struct options *o,
                         enum degradation_kind kind)
{
	struct alarms alarms[LENSES] = {0};

	/* A new service every hour. */
	for (uint64_t h = 0; h < o->hours; h++) {
		struct degradation d;
		struct watch watches[LENSES];

		degradation_init(&d, kind, o->seed + h);
		for (uint32_t k = 0; k < LENSES; k++)
			watch_init(&watches[k], &lenses[k]);
		for (uint32_t t = 0; t < HOUR; t++) {
			play(watches, &d, t);
			for (uint32_t k = 0; k < LENSES; k++) {
				bool raised = watch_close(&watches[k], t);

				alarms[k].raised += raised;
				alarms[k].intervals += watches[k].warned;
				alarms[k].hash =
				        raised ? measure_hash(alarms[k].hash, t) : alarms[k].hash;
			}
		}
	}
	for (uint32_t k = 0; k < LENSES; k++) {
		measure_row(r);
		measure_text(r, "traffic", degradation_name(kind));
		measure_text(r, "detectors", lenses[k].name);
		measure_count(r, "runs", o->hours);
		measure_figure(r, "false_per_hour", (double)alarms[k].raised / (double)o->hours);
		measure_figure(r, "warned_percent",
		               100.0 * (double)alarms[k].intervals / (double)(o->hours * HOUR));
		measure_count(r, "hash", alarms[k].hash);
	}
}

/* What a sample costs, the poll of its interval included. */
static void cost_row(struct measure_rows *r, const struct options *o)
{
	enum { SAMPLES = 100, INTERVALS = 5000 };
	static uint64_t latency_ns[SAMPLES * 16];
	struct degradation d;
	struct watch w;
	double least = 0;
	uint64_t hash = 0;

	degradation_init(&d, DEGRADATION_NONE, o->seed);
	degradation_interval(&d, 0);
	for (uint32_t i = 0; i < SAMPLES * 16; i++)
		while (!degradation_request(&d, &latency_ns[i]))
			;
	for (uint64_t n = 0; n < o->rounds; n++) {
		watch_init(&w, &lenses[0]);
		uint64_t start_ns = measure_cpu_ns();

		for (uint32_t t = 0; t < INTERVALS; t++) {
			const uint64_t *from = &latency_ns[t % 16 * SAMPLES];

			for (uint32_t i = 0; i < SAMPLES; i++)
				forecast_on_success(&w.forecast, from[i]);
			(void)forecast_poll(&w.forecast, &w.options, 0, (t + 1ull) * INTERVAL_NS,
			                    NULL);
		}
		double ns = (double)(measure_cpu_ns() - start_ns) / (SAMPLES * INTERVALS);

		least = n == 0 || ns < least ? ns : least;
		hash = measure_hash(hash, (uint64_t)w.forecast.latency.baseline);
	}
	measure_row(r);
	measure_text(r, "traffic", "cost");
	measure_text(r, "detectors", lenses[0].name);
	measure_figure(r, "ns_per_sample", least);
	measure_count(r, "hash", hash);
}

int main(int argc, char **argv)
{
	struct options o = {.runs = 250, .hours = 100, .seed = 1000001, .rounds = 5};
	const struct measure_option table[] = {
	        {"runs", "of each kind of degradation", &o.runs, 1, RUNS_MAX, NULL},
	        {"hours", "of healthy traffic", &o.hours, 1, RUNS_MAX, NULL},
	        {"seed", "the first; each run has its own", &o.seed, 0, UINT32_MAX, NULL},
	        {"rounds", "of the cost; the least counts", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {.name = NULL},
	};
	struct measure_rows r;

	measure_options(argc, argv, "usage: bench_forecast [OPTION VALUE]...", table, &o.json);
	measure_begin(&r, "forecast", o.json);
	for (uint32_t k = DEGRADATION_DRIFT; k < DEGRADATION_KINDS; k++)
		degraded_rows(&r, &o, (enum degradation_kind)k);
	healthy_rows(&r, &o, DEGRADATION_NONE);
	healthy_rows(&r, &o, DEGRADATION_BUSY);
	cost_row(&r, &o);
	measure_end(&r);
	return 0;
}
