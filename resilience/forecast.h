/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Forecast: is this service or component about to degrade? One per subject. Samples are gathered
 * over an interval; each closed interval is one step of two metrics, the logarithm of latency (so
 * that a given factor weighs the same at microseconds and at seconds) and the error rate. Three
 * kinds of detectors look at each:
 *
 * - shift: a CUSUM against a slow baseline (mean and mean absolute deviation). It adds up how far
 *   each interval lies above the baseline less a slack, and fires at a limit: small changes that
 *   stay are found, large ones at once, single ones are not.
 * - trend: Holt's level and slope, over the median of the last three intervals, so that a single
 *   hiccup is not seen as one. It fires when the line reaches the bound within the horizon, for
 *   several intervals in a row.
 * - bound: the level itself against an absolute healthy bound, given or else learned once during
 *   warm-up. The baselines follow slowly what lasts, which would let a slow enough decay pass for
 *   normal; the bound does not move.
 *
 * Any detector that fires raises the level to WARNING. It returns to CALM when all are below their
 * leave thresholds for `leave_ns`. The baselines learn four times slower while the level is
 * WARNING: an upheaval should not teach, but a change that turns out to be harmless and stays
 * becomes the normal state after a while.
 *
 * Recording is an addition and a logarithm by shifts. Integers only: Q16 octaves (65536: twice as
 * slow), ppm, thousandths of a deviation. Plain bytes, one owner; nothing is known of seconds.
 *
 * After: E. S. Page, "Continuous Inspection Schemes" (1954); C. C. Holt, "Forecasting seasonals and
 * trends by exponentially weighted moving averages" (1957).
 */
#ifndef RESILIENCE_FORECAST_H
#define RESILIENCE_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

struct event_ring;

enum forecast_level { FORECAST_CALM, FORECAST_WARNING };

enum forecast_detector {
	FORECAST_LATENCY_SHIFT,
	FORECAST_LATENCY_TREND,
	FORECAST_LATENCY_BOUND,
	FORECAST_ERROR_SHIFT,
	FORECAST_ERROR_TREND,
	FORECAST_ERROR_BOUND,
};

#define FORECAST_DETECTORS     6u
#define FORECAST_DETECTORS_ALL ((1u << FORECAST_DETECTORS) - 1)
#define FORECAST_BIT(detector) (1u << (unsigned)(detector))
#define FORECAST_OCTAVE        65536 /* one doubling of latency */
#define FORECAST_WARM_UP_MAX   65535u

struct forecast_options {
	uint64_t interval_ns;
	uint64_t horizon_ns; /* a trend that reaches the bound within this warns */
	uint64_t leave_ns;   /* all quiet for so long ends a warning */
	uint64_t
	        latency_bound_ns; /* healthy below; 0: learned, bound_milli x the warm-up's level */
	uint32_t bound_milli;
	uint32_t error_bound_ppm; /* healthy below */
	uint32_t detectors;       /* FORECAST_BIT()s of those that may fire */
	uint32_t samples_min;     /* an interval with fewer stays open */
	uint32_t warm_up;         /* intervals that only teach, 1 to FORECAST_WARM_UP_MAX */
	uint32_t baseline_shift;  /* a baseline moves by 1 / 2^shift of the difference */
	uint32_t level_shift;     /* Holt's level, likewise */
	uint32_t slope_shift;     /* Holt's slope, likewise */
	uint32_t deviation_floor; /* Q16 octaves: the latency of no service is steadier than this */
	uint32_t latency_slack_milli; /* deviations above the baseline that do not count */
	uint32_t latency_limit_milli; /* sum of deviations that fires */
	uint32_t error_slack_ppm;     /* failures above twice the baseline's that do not count */
	uint32_t error_limit_milli;   /* sum of failures that fires, in thousandths of one */
	uint32_t trend_gate_milli; /* deviations above the baseline below which no trend counts */
	uint32_t trend_confirm;    /* intervals in a row */
};

struct forecast_metric { /* Q16 octaves, or ppm; with 8 more bits below */
	int64_t baseline;
	int64_t deviation;
	int64_t level;
	int64_t slope;   /* per interval */
	int64_t bound;   /* INT64_MAX until known */
	int64_t last[2]; /* intervals: level and slope follow the median of three */
	uint64_t cusum_milli;
	uint32_t confirmed; /* intervals in a row in which the trend reached the bound in time */
	uint32_t taught;    /* intervals of the warm-up seen */
};

struct forecast {
	/* The open interval. */
	uint64_t interval_start_ns;
	uint64_t latency_sum; /* Q16 octaves */
	uint32_t latencies;
	uint32_t samples;
	uint32_t failures;
	uint32_t intervals; /* closed, saturating */
	struct forecast_metric latency;
	struct forecast_metric error;
	uint64_t since_ns;       /* at the present level */
	uint64_t quiet_since_ns; /* while WARNING: no detector above its leave threshold; else
	                            UINT64_MAX */
	uint32_t warnings;       /* ever */
	uint8_t level;           /* enum forecast_level */
	uint8_t firing;          /* FORECAST_BIT()s */
	uint8_t cause;           /* enum forecast_detector that raised the last warning */
	uint8_t reserved;
};

/* Sound settings around an interval; everything may be changed. docs/resilience/forecast.md has
 * what they were chosen by. */
void forecast_options_standard(struct forecast_options *o, uint64_t interval_ns);

/* NULL, or what is wrong with the options. */
const char *forecast_options_check(const struct forecast_options *o);

/* 0, or -EINVAL: options that forecast_options_check() objects to. */
int forecast_init(struct forecast *f, const struct forecast_options *o, uint64_t now_ns);

/* Whether saved bytes can be taken back, with any sound options; if not, init. */
bool forecast_is_sound(const struct forecast *f);
/* To be called with bytes that are sound before anything else: their clock may have been ahead of
 * this one. */
void forecast_resume(struct forecast *f, uint64_t now_ns);

/* log2 in Q16, linear between powers of two: monotone, exact at them, at most 0.09 octaves off. */
static inline uint32_t forecast_octaves(uint64_t value)
{
	uint64_t v = value == 0 ? 1 : value;
	uint32_t exponent = 63u - (uint32_t)__builtin_clzll(v);
	uint64_t fraction = (v << (63u - exponent)) << 1; /* the leading one falls off */

	return exponent << 16 | (uint32_t)(fraction >> 48);
}

/* An attempt, or a component's turn, that did what it should, and the time it took. */
static inline void forecast_on_success(struct forecast *f, uint64_t latency_ns)
{
	f->latency_sum += forecast_octaves(latency_ns);
	f->latencies++;
	f->samples++;
}

/* One that failed. How long that took says nothing about the latency of those that do not. */
static inline void forecast_on_failure(struct forecast *f)
{
	f->samples++;
	f->failures++;
}

/* To be called at least once per interval, more often is harmless. True: the level changed; pushes
 * an event for it unless `events` is NULL. */
bool forecast_poll(struct forecast *f, const struct forecast_options *o, uint32_t subject,
                   uint64_t now_ns, struct event_ring *events);

/* How long until latency or error rate reach their bounds, if the present slope lasts; 0: one is
 * beyond it; UINT64_MAX: neither is on its way. */
uint64_t forecast_until_ns(const struct forecast *f, const struct forecast_options *o);

const char *forecast_detector_name(enum forecast_detector d);

#endif
