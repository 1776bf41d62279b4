/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/timeout_trial.h"

#include <assert.h>
#include <string.h>

#include "resilience/histogram.h"
#include "resilience/latency.h"
#include "resilience/rtt.h"

#define MS 1000000u

struct timeout_trial_case timeout_trial_case(uint32_t i, uint64_t attempts)
{
	const uint64_t shift_at_ns = attempts / 2 * TIMEOUT_TRIAL_STEP_NS;
	const struct timeout_trial_case cases[TIMEOUT_TRIAL_CASES] = {
	        {"lognormal 0.25",
	         "lognormal_025",
	         {DISTRIBUTION_LOGNORMAL, MS, 250, 0, 0, 0, 0},
	         true},
	        {"lognormal 0.5",
	         "lognormal_05",
	         {DISTRIBUTION_LOGNORMAL, MS, 500, 0, 0, 0, 0},
	         true},
	        {"lognormal 1",
	         "lognormal_1",
	         {DISTRIBUTION_LOGNORMAL, MS, 1000, 0, 0, 0, 0},
	         true},
	        {"Pareto 2.5", "pareto", {DISTRIBUTION_PARETO, MS, 2500, 0, 0, 0, 0}, true},
	        {"bimodal 5 % x10",
	         "bimodal",
	         {DISTRIBUTION_LOGNORMAL, MS, 100, 50000, 10000, 0, 0},
	         true},
	        {"shift x3",
	         "shift_up",
	         {DISTRIBUTION_LOGNORMAL, MS, 250, 0, 0, 3000, shift_at_ns},
	         false},
	        {"shift to 1/3",
	         "shift_down",
	         {DISTRIBUTION_LOGNORMAL, MS, 250, 0, 0, 333, shift_at_ns},
	         false},
	};

	assert(i < TIMEOUT_TRIAL_CASES);
	assert(attempts > 0);
	return cases[i];
}

/* Mean of the last so many times that were seen. */
struct window {
	uint64_t ns[TIMEOUT_TRIAL_MEAN_WINDOW];
	uint64_t sum_ns;
	uint64_t count;
};

static void window_add(struct window *w, uint64_t ns)
{
	uint64_t *slot = &w->ns[w->count++ % TIMEOUT_TRIAL_MEAN_WINDOW];

	w->sum_ns += ns - *slot;
	*slot = ns;
}

static uint64_t window_mean(const struct window *w)
{
	uint64_t n = w->count < TIMEOUT_TRIAL_MEAN_WINDOW ? w->count : TIMEOUT_TRIAL_MEAN_WINDOW;

	return n == 0 ? 0 : w->sum_ns / n;
}

struct trial {
	struct prng random;
	struct prng losses;
	struct rtt rtt;
	struct latency latency;
	struct window window;
	struct histogram times;
	struct histogram timeouts;
};

static uint64_t timeout_ns(const struct trial *t, const struct timeout_trial_options *o)
{
	const struct deadline_facts facts = {
	        .base_ns = o->base_ns,
	        .expected_ns = window_mean(&t->window),
	        .smoothed_ns = rtt_smoothed_ns(&t->rtt),
	        .deviation_ns = rtt_deviation_ns(&t->rtt),
	        .tail_ns = latency_quantile_ns(&t->latency, 3),
	        .remaining_ns = UINT64_MAX,
	};

	return o->fixed_ns != 0 ? o->fixed_ns : deadline_timeout(&o->deadline, &facts).timeout_ns;
}

static void learn(struct trial *t, uint64_t ns, enum sample_kind kind, uint64_t now_ns)
{
	if (kind == SAMPLE_EXACT)
		window_add(&t->window, ns);
	rtt_on_sample(&t->rtt, &rtt_options_default, ns, kind);
	latency_on_sample(&t->latency, &latency_options_default, ns, kind);
	latency_poll(&t->latency, &latency_options_default, now_ns);
}

static void count(struct trial *t, const struct timeout_trial_options *o, uint64_t i,
                  uint64_t timeout, bool is_spurious, struct timeout_trial_result *r)
{
	uint64_t shift = o->service.shift_milli == 0
	                         ? UINT64_MAX
	                         : o->service.shift_at_ns / TIMEOUT_TRIAL_STEP_NS;

	if (i < TIMEOUT_TRIAL_EARLY) {
		r->early += is_spurious;
	} else if (i >= shift && i - shift < TIMEOUT_TRIAL_EARLY) {
		r->shift += is_spurious;
	} else {
		r->rest += is_spurious;
		r->rest_attempts++;
		r->at_base += timeout == o->base_ns;
		histogram_record(&t->timeouts, timeout);
	}
}

void timeout_trial_run(const struct timeout_trial_options *o, struct timeout_trial_result *result)
{
	struct trial t;

	assert(distribution_is_valid(&o->service));
	assert(deadline_options_check(&o->deadline) == 0);
	memset(&t, 0, sizeof(t));
	memset(result, 0, sizeof(*result));
	prng_init(&t.random, o->seed);
	prng_init(&t.losses, ~o->seed);
	rtt_init(&t.rtt);
	latency_init(&t.latency, 0);
	histogram_init(&t.times);
	histogram_init(&t.timeouts);
	for (uint64_t i = 0; i < o->attempts; i++) {
		uint64_t now_ns = i * TIMEOUT_TRIAL_STEP_NS;
		uint64_t timeout = timeout_ns(&t, o);
		uint64_t ns = distribution_sample_ns(&o->service, &t.random, now_ns);
		bool is_spurious = ns > timeout;

		if (o->loss_ppm > 0 && prng_chance_ppm(&t.losses, o->loss_ppm)) {
			learn(&t, timeout, SAMPLE_CENSORED, now_ns);
			continue;
		}
		count(&t, o, i, timeout, is_spurious, result);
		if (o->service.shift_milli == 0 || now_ns < o->service.shift_at_ns)
			histogram_record(&t.times, ns);
		result->draws_hash = (result->draws_hash ^ ns) * 0x9e3779b97f4a7c15ull;
		result->draws_hash ^= result->draws_hash >> 29;
		if (is_spurious && o->is_late_unseen)
			learn(&t, timeout, SAMPLE_CENSORED, now_ns);
		else
			learn(&t, ns, SAMPLE_EXACT, now_ns);
	}
	result->median_ns = histogram_quantile(&t.times, 500000);
	result->q999_ns = histogram_quantile(&t.times, 999000);
	result->timeout_median_ns = histogram_quantile(&t.timeouts, 500000);
	result->timeout_q99_ns = histogram_quantile(&t.timeouts, 990000);
}
