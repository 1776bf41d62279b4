/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/hedge_trial.h"

#include <assert.h>
#include <string.h>

#include "resilience/histogram.h"

#define MS 1000000u

const struct budget_options hedge_trial_budget = {
        .burst = 50, .earn_ppm = 50000, .period_ns = 0, .is_unlimited = false};

struct hedge_trial_case hedge_trial_case(uint32_t i)
{
	static const struct hedge_trial_case cases[HEDGE_TRIAL_CASES] = {
	        {"constant", {DISTRIBUTION_CONSTANT, MS, 0, 0, 0, 0, 0}, false},
	        {"uniform 20 %", {DISTRIBUTION_UNIFORM, MS, 200, 0, 0, 0, 0}, false},
	        {"lognormal 0.25", {DISTRIBUTION_LOGNORMAL, MS, 250, 0, 0, 0, 0}, false},
	        {"lognormal 0.5", {DISTRIBUTION_LOGNORMAL, MS, 500, 0, 0, 0, 0}, false},
	        {"lognormal 1", {DISTRIBUTION_LOGNORMAL, MS, 1000, 0, 0, 0, 0}, true},
	        {"Pareto 2.5", {DISTRIBUTION_PARETO, MS, 2500, 0, 0, 0, 0}, true},
	        {"bimodal 5 % x10", {DISTRIBUTION_LOGNORMAL, MS, 100, 50000, 10000, 0, 0}, true},
	        {"two values 5 % x10", {DISTRIBUTION_CONSTANT, MS, 0, 50000, 10000, 0, 0}, true},
	};

	assert(i < HEDGE_TRIAL_CASES);
	assert(distribution_is_valid(&cases[i].service));
	return cases[i];
}

struct trial {
	struct prng first;
	struct prng second;
	struct hedge hedge;
	struct budget budget;
	struct latency latency;
	struct histogram alone;
	struct histogram hedged;
	uint64_t now_ns;
};

static void learn(struct trial *t, uint64_t ns, bool is_winner, uint64_t waited_ns, bool is_first,
                  const struct hedge_trial_options *o)
{
	bool is_cut = !is_winner && o->is_late_unseen;
	enum sample_kind kind = is_cut ? SAMPLE_CENSORED : SAMPLE_EXACT;

	ns = is_cut ? waited_ns : ns;
	if (is_first)
		hedge_on_first(&t->hedge, ns, kind);
	latency_on_sample(&t->latency, &latency_options_default, ns, kind);
	if (latency_poll(&t->latency, &latency_options_default, t->now_ns))
		hedge_poll(&t->hedge, &o->hedge, &t->latency);
}

static void ask(struct trial *t, const struct hedge_trial_options *o, struct hedge_trial_result *r)
{
	uint64_t delay_ns = hedge_delay_ns(&t->hedge, &o->hedge);
	uint64_t first_ns = distribution_sample_ns(&o->service, &t->first, t->now_ns);
	uint64_t done_ns = first_ns;

	budget_earn(&t->budget);
	r->on += delay_ns != UINT64_MAX;
	if (first_ns > delay_ns && budget_take(&t->budget, t->now_ns)) {
		uint64_t second_ns = distribution_sample_ns(&o->service, &t->second, t->now_ns);
		bool is_first = first_ns <= delay_ns + second_ns;

		done_ns = is_first ? first_ns : delay_ns + second_ns;
		learn(t, first_ns, is_first, done_ns, true, o);
		learn(t, second_ns, !is_first, done_ns - delay_ns, false, o);
	} else {
		learn(t, first_ns, true, 0, true, o);
	}
	histogram_record(&t->alone, first_ns);
	histogram_record(&t->hedged, done_ns);
	r->draws_hash = (r->draws_hash ^ first_ns) * 0x9e3779b97f4a7c15ull;
	r->draws_hash ^= r->draws_hash >> 29;
}

static struct hedge_trial_times times(const struct histogram *h)
{
	return (struct hedge_trial_times){
	        .q50_ns = histogram_quantile(h, 500000),
	        .q95_ns = histogram_quantile(h, 950000),
	        .q99_ns = histogram_quantile(h, 990000),
	        .q999_ns = histogram_quantile(h, 999000),
	};
}

void hedge_trial_run(const struct hedge_trial_options *o, struct hedge_trial_result *result)
{
	struct trial t;

	assert(distribution_is_valid(&o->service));
	assert(o->requests > 0);
	memset(&t, 0, sizeof(t));
	memset(result, 0, sizeof(*result));
	prng_init(&t.first, o->seed);
	prng_init(&t.second, ~o->seed);
	hedge_init(&t.hedge, &o->hedge);
	budget_init(&t.budget, &o->budget, 0);
	latency_init(&t.latency, 0);
	histogram_init(&t.alone);
	histogram_init(&t.hedged);
	for (uint64_t i = 0; i < o->requests; i++) {
		ask(&t, o, result);
		t.now_ns += HEDGE_TRIAL_STEP_NS;
	}
	result->alone = times(&t.alone);
	result->hedged = times(&t.hedged);
	result->hedges = t.budget.granted;
	result->refused = t.budget.refused;
	result->switched = t.hedge.switched;
	result->delay_ns = hedge_delay_ns(&t.hedge, &o->hedge);
}
