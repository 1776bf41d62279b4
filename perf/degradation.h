/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Degradation: the traffic of a made-up service, interval by interval, healthy at first, then going
 * wrong in one of six ways. Everything is drawn from the seed: how many requests an interval has
 * (20-200), the level of latency (131 us to 134 ms), its spread per request (0.3-0.8 octaves),
 * noise that persists over intervals, a slow wave over the day, base failure rate (0-1 %), hiccups
 * of one interval (twice as slow; 5 % failures).
 *
 * Failure, what a forecast should come before, is the interval in which the true failure rate
 * reaches 10 %. Integers only: the same seed gives the same samples on every machine.
 */
#ifndef PERF_DEGRADATION_H
#define PERF_DEGRADATION_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/prng.h"

enum degradation_kind {
	DEGRADATION_NONE,  /* healthy all the time */
	DEGRADATION_BUSY,  /* healthy, but now and then 1.2-1.5x slower for 1-5 minutes */
	DEGRADATION_DRIFT, /* slower and slower up to 4x, over 120-600 intervals, then failures */
	DEGRADATION_DECAY, /* the same over 3,000-7,000 intervals */
	DEGRADATION_STEP,  /* at once 1.5-3x slower and 1-4 % failures; fails after 20-120 */
	DEGRADATION_SAWTOOTH, /* slower, back, slower...; each tooth higher, the high ones fail */
	DEGRADATION_SLOW,     /* at once 3x slower, failures as ever: never fails */
	DEGRADATION_ABRUPT,   /* at once 30 % failures: nothing announces it */
};

#define DEGRADATION_KINDS       8u
#define DEGRADATION_INTERVALS   8000u /* a run's length at most */
#define DEGRADATION_FAILURE_PPM 100000u
#define DEGRADATION_NEVER       UINT32_MAX

struct degradation {
	struct prng prng;
	enum degradation_kind kind;
	uint32_t start; /* the first interval that is not healthy */
	uint32_t samples;
	/* Q16 octaves. */
	int32_t base;
	int32_t spread;
	int32_t noise; /* how far the persistent noise moves per interval */
	int32_t wander;
	int32_t wave;
	uint32_t wave_period;
	uint32_t wave_phase;
	uint32_t error_ppm;
	uint32_t length; /* of the drift, of a tooth, until failure after a step */
	int32_t height;  /* of the step, of the first tooth */
	uint32_t step_error_ppm;
	uint32_t busy_until;
	/* This interval. */
	int32_t level; /* latency's */
	uint32_t failure_ppm;
};

void degradation_init(struct degradation *d, enum degradation_kind kind, uint64_t seed);
/* To be called for t = 0, 1, 2...: sets level and failure_ppm. */
void degradation_interval(struct degradation *d, uint32_t t);
/* One request of the interval: true and a latency, or false: failed. */
bool degradation_request(struct degradation *d, uint64_t *latency_ns);
/* The interval in which the true failure rate reaches 10 %, or DEGRADATION_NEVER. */
uint32_t degradation_failure(const struct degradation *d);
const char *degradation_name(enum degradation_kind kind);

#endif
