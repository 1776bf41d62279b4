/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each detector by itself, and what raises and ends a warning. How well all of them do on traffic
 * that is not made up for them: tests/unit/perf/test_degradation.c and perf/bench_forecast.
 */
#include "resilience/forecast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/event.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define MS      1000000ull
#define SUBJECT 9u
#define SAMPLES 100u

struct world {
	struct forecast_options options;
	struct forecast forecast;
	struct event memory[16];
	struct event_ring ring;
	struct prng prng;
	uint64_t now_ns;
};

static void start(struct world *w, uint64_t interval_ns)
{
	memset(w, 0, sizeof(*w));
	w->ring = (struct event_ring){.events = w->memory, .mask = 15};
	prng_init(&w->prng, 1);
	forecast_options_standard(&w->options, interval_ns);
}

static void begin(struct world *w)
{
	CU_ASSERT_EQUAL(forecast_init(&w->forecast, &w->options, w->now_ns), 0);
}

/* One interval: latency in units of a thousandth interval +-10 %, failures of SAMPLES. */
static bool interval(struct world *w, uint64_t latency, uint32_t failures)
{
	uint64_t unit_ns = w->options.interval_ns / 1000;

	for (uint32_t i = 0; i < failures; i++)
		forecast_on_failure(&w->forecast);
	for (uint32_t i = failures; i < SAMPLES; i++)
		forecast_on_success(&w->forecast,
		                    latency * unit_ns * (90 + prng_below(&w->prng, 21)) / 100);
	w->now_ns += w->options.interval_ns;
	return forecast_poll(&w->forecast, &w->options, SUBJECT, w->now_ns, &w->ring);
}

/* How many such intervals until the level changes; `most` if it does not. */
static uint32_t until_change(struct world *w, uint64_t latency, uint32_t failures, uint32_t most)
{
	for (uint32_t n = 1; n <= most; n++)
		if (interval(w, latency, failures))
			return n;
	return most;
}

static void teach(struct world *w)
{
	begin(w);
	CU_ASSERT_EQUAL(until_change(w, 100, 0, 300), 300);
	CU_ASSERT_EQUAL(w->forecast.level, FORECAST_CALM);
}

static void test_octaves(void)
{
	struct prng p;

	for (uint32_t i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(forecast_octaves(1ull << i), i << 16);
	CU_ASSERT_EQUAL(forecast_octaves(0), 0);
	CU_ASSERT_EQUAL(forecast_octaves(3), (1u << 16) + (1u << 15));
	CU_ASSERT_EQUAL(forecast_octaves(UINT64_MAX), (64u << 16) - 1);
	prng_init(&p, 1);
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t a = prng_next(&p) >> prng_below(&p, 64);
		uint64_t b = prng_next(&p) >> prng_below(&p, 64);

		if (a < b && forecast_octaves(a) > forecast_octaves(b))
			CU_FAIL("not monotone");
	}
}

static void test_step(void)
{
	struct world w;

	start(&w, 100 * MS);
	teach(&w);
	/* Half again as slow: within three intervals; back to normal: calm after the leave time. */
	CU_ASSERT(until_change(&w, 150, 0, 100) <= 3);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_WARNING);
	CU_ASSERT_EQUAL(w.forecast.cause, FORECAST_LATENCY_SHIFT);
	CU_ASSERT_EQUAL(w.ring.head, 1);
	CU_ASSERT_EQUAL(w.memory[0].kind, EVENT_FORECAST);
	CU_ASSERT_EQUAL(w.memory[0].subject, SUBJECT);
	CU_ASSERT_EQUAL(w.memory[0].time_ns, w.now_ns);
	CU_ASSERT_EQUAL(w.memory[0].from, FORECAST_CALM);
	CU_ASSERT_EQUAL(w.memory[0].to, FORECAST_WARNING);
	CU_ASSERT_EQUAL(w.memory[0].reason, FORECAST_LATENCY_SHIFT);
	uint32_t calm_after = until_change(&w, 100, 0, 200);

	CU_ASSERT(calm_after > w.options.leave_ns / w.options.interval_ns);
	CU_ASSERT(calm_after < 40);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_CALM);
	CU_ASSERT_EQUAL(w.ring.head, 2);
	CU_ASSERT_EQUAL(w.memory[1].to, FORECAST_CALM);
	CU_ASSERT_EQUAL(w.forecast.warnings, 1);
}

static void test_single_outlier(void)
{
	struct world w;

	start(&w, 100 * MS);
	teach(&w);
	/* One interval, however bad, says nothing yet. */
	CU_ASSERT(!interval(&w, 700, 0));
	CU_ASSERT_EQUAL(until_change(&w, 100, 0, 100), 100);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_CALM);
}

static void test_errors(void)
{
	struct world w;

	start(&w, 100 * MS);
	teach(&w);
	CU_ASSERT(until_change(&w, 100, 8, 100) <= 3);
	CU_ASSERT(w.forecast.cause == FORECAST_ERROR_SHIFT ||
	          w.forecast.cause == FORECAST_ERROR_BOUND);
	CU_ASSERT(until_change(&w, 100, 0, 200) < 100);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_CALM);
	/* All fail: nothing is known of latency, all of errors. */
	CU_ASSERT(until_change(&w, 100, SAMPLES, 100) <= 2);
	CU_ASSERT_EQUAL(forecast_until_ns(&w.forecast, &w.options), 0);
}

/* The baseline goes along with a decay this slow; the bound does not. */
static void test_slow_decay(void)
{
	struct world w;
	uint32_t fired[2] = {0, 0};

	for (uint32_t with_bound = 0; with_bound < 2; with_bound++) {
		start(&w, 100 * MS);
		w.options.detectors = FORECAST_BIT(FORECAST_LATENCY_SHIFT);
		w.options.baseline_shift = 4;
		if (with_bound != 0)
			w.options.detectors |= FORECAST_BIT(FORECAST_LATENCY_BOUND);
		teach(&w);
		/* Four times as slow over 15,000 intervals. */
		for (uint32_t i = 0; i < 15000 && fired[with_bound] == 0; i++)
			if (interval(&w, 100 + i / 50, 0))
				fired[with_bound] = i;
	}
	CU_ASSERT_EQUAL(fired[0], 0);
	CU_ASSERT_EQUAL(w.forecast.cause, FORECAST_LATENCY_BOUND);
	/* Twice as slow is at 5,000. */
	CU_ASSERT(fired[1] > 4500);
	CU_ASSERT(fired[1] < 5500);
}

static void test_given_bound(void)
{
	struct world w;

	start(&w, 100 * MS);
	w.options.detectors = FORECAST_BIT(FORECAST_LATENCY_BOUND);
	w.options.latency_bound_ns = 50 * MS;
	begin(&w);
	/* Beyond it from the beginning: seen as soon as the warm-up is over. */
	CU_ASSERT_EQUAL(until_change(&w, 600, 0, 1000), w.options.warm_up + 1);
	CU_ASSERT_EQUAL(w.forecast.cause, FORECAST_LATENCY_BOUND);
	/* Just below it is not enough to leave, half of it is. */
	CU_ASSERT_EQUAL(until_change(&w, 495, 0, 100), 100);
	CU_ASSERT(until_change(&w, 250, 0, 100) < 60);
}

static void test_trend(void)
{
	struct world w;
	uint32_t at = 0;

	start(&w, 100 * MS);
	w.options.detectors = FORECAST_BIT(FORECAST_LATENCY_TREND);
	teach(&w);
	/* One percent of the start per interval: doubled, and at the bound, after 100. */
	for (uint32_t i = 0; i < 100 && at == 0; i++)
		if (interval(&w, 100 + i, 0))
			at = i;
	CU_ASSERT(at > 10);
	CU_ASSERT(at < 60);
	CU_ASSERT_EQUAL(w.forecast.cause, FORECAST_LATENCY_TREND);
	uint64_t until_ns = forecast_until_ns(&w.forecast, &w.options);

	CU_ASSERT(until_ns <= w.options.horizon_ns);
	CU_ASSERT(until_ns >= (100 - at) / 3 * w.options.interval_ns);
}

/* What stays and is within the bound becomes normal after a while. */
static void test_harmless_change(void)
{
	struct world w;

	start(&w, 100 * MS);
	teach(&w);
	CU_ASSERT(until_change(&w, 140, 0, 100) < 10);
	CU_ASSERT(until_change(&w, 140, 0, 20000) < 20000);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_CALM);
	CU_ASSERT_EQUAL(until_change(&w, 140, 0, 5000), 5000);
	/* Beyond the bound never does. */
	CU_ASSERT(until_change(&w, 250, 0, 100) < 10);
	CU_ASSERT_EQUAL(until_change(&w, 250, 0, 20000), 20000);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_WARNING);
}

static void test_few_samples(void)
{
	struct world w;

	start(&w, 100 * MS);
	teach(&w);
	CU_ASSERT(until_change(&w, 200, 0, 100) < 10);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_WARNING);
	/* Nobody asks any more: the warning is forgotten, what was learned is not. */
	int64_t baseline = w.forecast.latency.baseline;
	uint32_t polls = 0;

	while (!forecast_poll(&w.forecast, &w.options, SUBJECT, w.now_ns, NULL) && polls++ < 1000)
		w.now_ns += w.options.interval_ns / 2;
	CU_ASSERT(polls < 100);
	CU_ASSERT_EQUAL(w.forecast.level, FORECAST_CALM);
	CU_ASSERT_EQUAL(w.forecast.latency.baseline, baseline);
	/* One sample an interval: gathered until they are enough. */
	uint32_t closed = w.forecast.intervals;

	for (uint32_t i = 0; i < w.options.samples_min * 4; i++) {
		forecast_on_success(&w.forecast, 10 * MS);
		w.now_ns += w.options.interval_ns;
		(void)forecast_poll(&w.forecast, &w.options, SUBJECT, w.now_ns, NULL);
	}
	CU_ASSERT_EQUAL(w.forecast.intervals, closed + 4);
}

/* The same traffic at microseconds, 2^20 times slower, and at seconds. */
static void test_time_scale(void)
{
	static const uint64_t scales_ns[3] = {128000, 128000ull << 20, 128000000000};
	uint32_t raised[3] = {0, 0, 0};

	for (uint32_t k = 0; k < 3; k++) {
		struct world w;

		start(&w, scales_ns[k]);
		teach(&w);
		for (uint32_t i = 0; i < 400 && raised[k] == 0; i++)
			if (interval(&w, 100 + i / 4, i > 100))
				raised[k] = i;
	}
	CU_ASSERT(raised[0] > 0);
	CU_ASSERT_EQUAL(raised[0], raised[1]);
	/* By another factor the logarithm, linear between powers of two, is a bit bent. */
	CU_ASSERT(raised[0] <= raised[2] + 10);
	CU_ASSERT(raised[2] <= raised[0] + 10);
}

/* Detectors that are not allowed to fire do not. */
static void test_detectors_off(void)
{
	for (uint32_t d = 0; d < FORECAST_DETECTORS; d++) {
		struct world w;

		start(&w, 100 * MS);
		w.options.detectors = FORECAST_BIT(d);
		teach(&w);
		for (uint32_t i = 0; i < 100; i++) {
			(void)interval(&w, 100 + 2 * i, i / 3);
			CU_ASSERT_EQUAL(w.forecast.firing & ~FORECAST_BIT(d), 0);
		}
		CU_ASSERT_EQUAL(w.forecast.level, FORECAST_WARNING);
		CU_ASSERT_EQUAL(w.forecast.cause, d);
		CU_ASSERT(strcmp(forecast_detector_name((enum forecast_detector)d), "?") != 0);
	}
}

static void refused(void (*spoil)(struct forecast_options *o))
{
	struct forecast_options o;
	struct forecast f;

	forecast_options_standard(&o, 1000);
	CU_ASSERT_EQUAL(forecast_init(&f, &o, 0), 0);
	spoil(&o);
	CU_ASSERT_EQUAL(forecast_init(&f, &o, 0), -EINVAL);
}

static void no_interval(struct forecast_options *o)
{
	o->interval_ns = 0;
}

static void no_warm_up(struct forecast_options *o)
{
	o->warm_up = 0;
}

static void no_bound(struct forecast_options *o)
{
	o->bound_milli = 1000;
}

static void no_samples(struct forecast_options *o)
{
	o->samples_min = 0;
}

static void wild_shift(struct forecast_options *o)
{
	o->slope_shift = 40;
}

static void no_confirmation(struct forecast_options *o)
{
	o->trend_confirm = 0;
}

static void unknown_detector(struct forecast_options *o)
{
	o->detectors = 1u << FORECAST_DETECTORS;
}

static void test_options(void)
{
	refused(no_interval);
	refused(no_warm_up);
	refused(no_bound);
	refused(no_samples);
	refused(wild_shift);
	refused(no_confirmation);
	refused(unknown_detector);
}

static void live_on(struct world *w, uint32_t intervals)
{
	for (uint32_t i = 0; i < intervals; i++) {
		for (uint32_t k = 0; k < 10; k++) {
			if (prng_chance_ppm(&w->prng, 100000))
				forecast_on_failure(&w->forecast);
			else
				forecast_on_success(&w->forecast, prng_next(&w->prng) >>
				                                          prng_below(&w->prng, 64));
		}
		w->now_ns += w->options.interval_ns;
		(void)forecast_poll(&w->forecast, &w->options, SUBJECT, w->now_ns, &w->ring);
		(void)forecast_until_ns(&w->forecast, &w->options);
	}
}

/* Every forecast that lived is sound; of bytes from anywhere, and of such ones with some bits
 * turned, those that are not refused live on. */
static void test_saved_bytes(void)
{
	struct world w;
	uint32_t sound = 0;

	start(&w, MS);
	w.options.warm_up = 4;
	begin(&w);
	printf("\n    seed 1\n");
	for (uint32_t round = 0; round < 20000; round++) {
		struct forecast saved;
		uint64_t flips = round % 8 == 0 ? 8 * sizeof(saved) : 1 + prng_below(&w.prng, 4);

		live_on(&w, 1);
		CU_ASSERT_TRUE_FATAL(forecast_is_sound(&w.forecast));
		saved = w.forecast;
		for (uint64_t i = 0; i < flips; i++)
			((uint8_t *)&w.forecast)[prng_below(&w.prng, sizeof(saved))] ^=
			        (uint8_t)(1u << prng_below(&w.prng, 8));
		if (forecast_is_sound(&w.forecast)) {
			uint64_t now_ns = w.now_ns;

			sound++;
			w.now_ns = prng_next(&w.prng) >> (2 + prng_below(&w.prng, 62));
			forecast_resume(&w.forecast, w.now_ns);
			live_on(&w, 20);
			/* A line may start where none that lived does, and swing; far from
			 * overflow. */
			CU_ASSERT_TRUE_FATAL(labs(w.forecast.latency.level) < 1ll << 40);
			CU_ASSERT_TRUE_FATAL(labs(w.forecast.error.level) < 1ll << 40);
			w.now_ns = now_ns;
		}
		w.forecast = saved;
	}
	CU_ASSERT(sound > 1000);
	CU_ASSERT(sound < 19000);
}

static const struct suite_test tests[] = {
        {"octaves", test_octaves},
        {"a step is found, and left", test_step},
        {"one outlier is none", test_single_outlier},
        {"errors", test_errors},
        {"a slow decay meets the bound", test_slow_decay},
        {"a given bound", test_given_bound},
        {"a trend is seen before it arrives", test_trend},
        {"a harmless change becomes normal", test_harmless_change},
        {"few samples, none", test_few_samples},
        {"any time scale", test_time_scale},
        {"each detector alone", test_detectors_off},
        {"options", test_options},
        {"saved bytes", test_saved_bytes},
};

int main(void)
{
	return SUITE_RUN("forecast", tests);
}
