/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Estimators: what it costs to learn from one attempt, and to ask. Times of a lognormal service,
 * drawn before. ns of CPU time per call, hot, median and best of the rounds; the ways take turns.
 *
 *   rtt, quantile, latency   on_sample of each alone
 *   learn                    all three
 *   learn and poll           ... and latency_poll() after each, which renews the cache every 256
 *   histogram                resilience/histogram.h: 11 KiB, forgets nothing; for comparison
 *   refresh                  latency_refresh() of two full halves
 *   refresh, censored        ... of which 5 % are censored
 *   deadline                 deadline_timeout() with all terms
 *   within                   latency_within_ppm()
 *   hedge                    hedge_poll(): is it worth it?
 *   budget                   budget_earn(), and budget_take() every 20th time
 */
#include <stdio.h>

#include "perf/distribution.h"
#include "perf/measure.h"
#include "resilience/budget.h"
#include "resilience/deadline.h"
#include "resilience/hedge.h"
#include "resilience/histogram.h"
#include "resilience/latency.h"
#include "resilience/quantile.h"
#include "resilience/rtt.h"

#define DRAWS      8192u /* a power of two */
#define SLOW_CALLS 64u   /* one refresh or hedge poll for so many calls of the others */

enum way {
	RTT,
	QUANTILE,
	LATENCY,
	LEARN,
	LEARN_POLL,
	HISTOGRAM,
	REFRESH,
	REFRESH_CENSORED,
	DEADLINE,
	WITHIN,
	HEDGE,
	BUDGET,
	WAYS
};

static const char *const way_names[WAYS] = {
        "rtt",     "quantile",          "latency",  "learn",  "learn and poll", "histogram",
        "refresh", "refresh, censored", "deadline", "within", "hedge",          "budget"};

struct options {
	uint64_t calls;
	uint64_t rounds;
	uint64_t seed;
	uint64_t cpu;
	bool json;
};

struct bench {
	uint64_t draws[DRAWS];
	struct rtt rtt;
	struct quantile quantile;
	struct latency latency;
	struct latency censored;
	struct hedge hedge;
	struct budget budget;
	struct histogram histogram;
};

static void make(struct bench *b, uint64_t seed)
{
	const struct distribution d = {DISTRIBUTION_LOGNORMAL, 1000000, 500, 0, 0, 0, 0};
	const struct budget_options bo = {.burst = 100, .earn_ppm = 50000, .period_ns = 1000000};
	struct prng random;

	prng_init(&random, seed);
	rtt_init(&b->rtt);
	quantile_init(&b->quantile, &quantile_options_default);
	latency_init(&b->latency, 0);
	latency_init(&b->censored, 0);
	hedge_init(&b->hedge, &hedge_options_default);
	budget_init(&b->budget, &bo, 0);
	histogram_init(&b->histogram);
	for (uint32_t i = 0; i < DRAWS; i++) {
		b->draws[i] = distribution_sample_ns(&d, &random, 0);
		latency_on_sample(&b->latency, &latency_options_default, b->draws[i], SAMPLE_EXACT);
		latency_on_sample(&b->censored, &latency_options_default, b->draws[i],
		                  i % 20 == 0 ? SAMPLE_CENSORED : SAMPLE_EXACT);
		hedge_on_first(&b->hedge, b->draws[i], SAMPLE_EXACT);
		rtt_on_sample(&b->rtt, &rtt_options_default, b->draws[i], SAMPLE_EXACT);
	}
	latency_refresh(&b->latency, &latency_options_default);
	latency_refresh(&b->censored, &latency_options_default);
}

static uint64_t learn(struct bench *b, enum way way, uint64_t calls)
{
	bool has_rtt = way == RTT || way == LEARN || way == LEARN_POLL;
	bool has_quantile = way == QUANTILE || way == LEARN || way == LEARN_POLL;
	bool has_latency = way == LATENCY || way == LEARN || way == LEARN_POLL;

	for (uint64_t i = 0; i < calls; i++) {
		uint64_t ns = b->draws[i & (DRAWS - 1)];

		if (has_rtt)
			rtt_on_sample(&b->rtt, &rtt_options_default, ns, SAMPLE_EXACT);
		if (has_quantile)
			quantile_on_sample(&b->quantile, ns, SAMPLE_EXACT);
		if (has_latency)
			latency_on_sample(&b->latency, &latency_options_default, ns, SAMPLE_EXACT);
		if (way == LEARN_POLL)
			latency_poll(&b->latency, &latency_options_default, i);
	}
	return b->rtt.smoothed ^ b->quantile.estimate ^ b->latency.halves[0].sum_ns ^
	       b->latency.quantile_ns[3];
}

static uint64_t refresh(struct latency *l, uint64_t calls)
{
	uint64_t hash = 0;

	for (uint64_t i = 0; i < calls; i++) {
		latency_refresh(l, &latency_options_default);
		hash += latency_quantile_ns(l, (uint32_t)i % LATENCY_QUANTILES_MAX);
	}
	return hash;
}

static uint64_t timeouts(const struct bench *b, uint64_t calls)
{
	uint64_t hash = 0;

	for (uint64_t i = 0; i < calls; i++) {
		const struct deadline_facts f = {.base_ns = b->draws[i & (DRAWS - 1)] * 4,
		                                 .expected_ns = latency_mean_ns(&b->latency),
		                                 .smoothed_ns = rtt_smoothed_ns(&b->rtt),
		                                 .deviation_ns = rtt_deviation_ns(&b->rtt),
		                                 .tail_ns = latency_quantile_ns(&b->latency, 3),
		                                 .remaining_ns =
		                                         b->draws[(i + 1) & (DRAWS - 1)] * 6};

		hash += deadline_timeout(&deadline_options_default, &f).timeout_ns;
	}
	return hash;
}

static uint64_t run(struct bench *b, enum way way, uint64_t calls)
{
	uint64_t hash = 0;

	switch (way) {
	case RTT:
	case QUANTILE:
	case LATENCY:
	case LEARN:
	case LEARN_POLL:
		return learn(b, way, calls);
	case HISTOGRAM:
		for (uint64_t i = 0; i < calls; i++)
			histogram_record(&b->histogram, b->draws[i & (DRAWS - 1)]);
		return b->histogram.sum;
	case REFRESH:
		return refresh(&b->latency, calls);
	case REFRESH_CENSORED:
		return refresh(&b->censored, calls);
	case DEADLINE:
		return timeouts(b, calls);
	case WITHIN:
		for (uint64_t i = 0; i < calls; i++)
			hash += latency_within_ppm(&b->latency, b->draws[i & (DRAWS - 1)] / 2,
			                           b->draws[(i + 7) & (DRAWS - 1)]);
		return hash;
	case HEDGE:
		for (uint64_t i = 0; i < calls; i++) {
			hedge_poll(&b->hedge, &hedge_options_default, &b->latency);
			hash += b->hedge.gain_milli;
		}
		return hash;
	case BUDGET:
		for (uint64_t i = 0; i < calls; i++) {
			budget_earn(&b->budget);
			if (i % 20 == 0)
				hash += budget_take(&b->budget, i * 100);
		}
		return hash;
	case WAYS:
		break;
	}
	return hash;
}

static bool is_slow(enum way way)
{
	return way == REFRESH || way == REFRESH_CENSORED || way == HEDGE;
}

int main(int argc, char **argv)
{
	struct options o = {.calls = 2000000, .rounds = 9, .seed = 1};
	const struct measure_option table[] = {
	        {"calls", "of a round", &o.calls, 128, 1000000000, NULL},
	        {"rounds", "the median and the best count", &o.rounds, 1, MEASURE_ROUNDS_MAX, NULL},
	        {"seed", "of the draws", &o.seed, 0, UINT64_MAX, NULL},
	        {"cpu", "it runs on", &o.cpu, 0, 1023, NULL},
	        {.name = NULL},
	};
	static double ns[WAYS][MEASURE_ROUNDS_MAX];
	static struct bench b;
	uint64_t hash[WAYS];
	struct measure_rows out;

	measure_options(argc, argv, "usage: bench_estimate [OPTION VALUE]...", table, &o.json);
	measure_pin(o.cpu);
	for (uint32_t i = 0; i < o.rounds; i++)
		for (uint32_t w = 0; w < WAYS; w++) {
			uint64_t calls = is_slow((enum way)w) ? o.calls / SLOW_CALLS : o.calls;

			make(&b, o.seed);
			uint64_t start_ns = measure_cpu_ns();
			uint64_t h = run(&b, (enum way)w, calls);

			ns[w][i] = (double)(measure_cpu_ns() - start_ns) / (double)calls;
			if (i > 0 && h != hash[w])
				measure_fail("bench_estimate: %s: rounds disagree", way_names[w]);
			hash[w] = h;
		}
	measure_begin(&out, "estimate", o.json);
	for (uint32_t w = 0; w < WAYS; w++) {
		double median = measure_median(ns[w], (uint32_t)o.rounds);

		measure_row(&out);
		measure_text(&out, "what", way_names[w]);
		measure_figure(&out, "ns_per_call", median);
		measure_figure(&out, "best_ns_per_call", ns[w][0]); /* sorted */
		measure_result(&out, way_names[w], hash[w]);
	}
	measure_end(&out);
	return 0;
}
