/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "resilience/backoff.h"
#include "resilience/breaker.h"

#define PPM            WINDOW_PPM
#define RATE_SHIFT_MAX 15u
#define MEAN_SHIFT_MAX 7u
#define SCALE_MIN_NS   1000u /* the report's figures have three digits */

static_assert(BACKOFF_TIME_MAX * BREAKER_LATENCY_CLAMP * (1ull << MEAN_SHIFT_MAX) <= 1ull << 62,
              "a sum of latencies cannot overflow");

void breaker_options_report(struct breaker_options *o, uint64_t second_ns)
{
	uint64_t ms = second_ns / 1000;

	assert(second_ns >= SCALE_MIN_NS);
	assert(second_ns <= BACKOFF_TIME_MAX / 1000);
	*o = (struct breaker_options){
	        .base_timeout_ns = {[BREAKER_CLOSED] = 1000 * ms,
	                            [BREAKER_RESILIENT] = 1500 * ms,
	                            [BREAKER_ULTRA_RESILIENT] = 3000 * ms,
	                            [BREAKER_HALF_OPEN] = 1000 * ms,
	                            [BREAKER_OPEN] = BREAKER_NEVER},
	        .ultra_latency_ns = 2000 * ms,
	        .ultra_leave_ns = 1600 * ms,
	        .dwell_ns = 5000 * ms,
	        .open_ns = 1000 * ms,
	        .open_max_ns = 30000 * ms,
	        .lease_ns = 10000 * ms,
	        .ramp_interval_ns = 100 * ms,
	        .resilient_at_ppm = 100000,
	        .clear_at_ppm = 50000,
	        .open_at_ppm = 500000,
	        .open_jitter_ppm = 200000,
	        .ramp_start = 4,
	        .ramp_step = 4,
	        .ramp_end = 64,
	        .states = BREAKER_ALL,
	        .fallback = BREAKER_ALL,
	        .window = 64,
	        .samples_min = 10,
	        .open_after = 5,
	        .ultra_min = 3,
	        .probes = 3,
	        .leases = 3,
	        .rate_shift = 6,
	        .latency_shift = 4,
	        .forecast_level = 1,
	        .parallel = {[BREAKER_RESILIENT] = 2,
	                     [BREAKER_ULTRA_RESILIENT] = 3,
	                     [BREAKER_HALF_OPEN] = 1},
	};
	assert(breaker_options_check(o) == NULL);
}

static bool within(uint64_t value, uint64_t min, uint64_t max)
{
	return value >= min && value <= max;
}

static const char *check_states(const struct breaker_options *o)
{
	if ((o->states & BREAKER_BIT(BREAKER_CLOSED)) == 0 || (o->states & ~BREAKER_ALL) != 0)
		return "states: CLOSED, and others there are";
	if ((o->states & BREAKER_BIT(BREAKER_HALF_OPEN)) != 0 &&
	    (o->states & BREAKER_BIT(BREAKER_OPEN)) == 0)
		return "states: HALF_OPEN needs OPEN";
	if ((o->fallback & ~BREAKER_ALL) != 0)
		return "fallback: states there are";
	for (uint32_t i = 0; i < BREAKER_STATES; i++) {
		if (o->parallel[i] > BREAKER_PARALLEL_MAX)
			return "parallel: 0 to 3";
		if (i != BREAKER_OPEN && (o->states & BREAKER_BIT(i)) != 0 &&
		    o->base_timeout_ns[i] == 0)
			return "base_timeout_ns: 1 or more";
	}
	return NULL;
}

static const char *check_rates(const struct breaker_options *o)
{
	if (!within(o->window, 1, WINDOW_BITS_MAX))
		return "window: 1 to 64";
	if (!within(o->samples_min, 1, o->window))
		return "samples_min: 1 to window";
	if (!within(o->resilient_at_ppm, 2, PPM))
		return "resilient_at_ppm: 2 to 1000000";
	if (!within(o->clear_at_ppm, 1, o->resilient_at_ppm - 1))
		return "clear_at_ppm: 1 to below resilient_at_ppm";
	if (!within(o->open_at_ppm, o->resilient_at_ppm, PPM))
		return "open_at_ppm: resilient_at_ppm to 1000000";
	if (o->rate_shift > RATE_SHIFT_MAX)
		return "rate_shift: 0 to 15";
	return NULL;
}

static const char *check_latency(const struct breaker_options *o)
{
	if (!within(o->ultra_latency_ns, 1, BACKOFF_TIME_MAX))
		return "ultra_latency_ns: 1 to 2^53";
	if (o->ultra_leave_ns >= o->ultra_latency_ns)
		return "ultra_leave_ns: below ultra_latency_ns";
	if (o->latency_shift > MEAN_SHIFT_MAX)
		return "latency_shift: 0 to 7";
	if (!within(o->ultra_min, 1, 1u << o->latency_shift))
		return "ultra_min: 1 to 2^latency_shift";
	return NULL;
}

static const char *check_times(const struct breaker_options *o)
{
	if (!within(o->dwell_ns, 1, BACKOFF_TIME_MAX))
		return "dwell_ns: 1 to 2^53";
	if (!within(o->open_max_ns, 1, BACKOFF_TIME_MAX))
		return "open_max_ns: 1 to 2^53";
	if (!within(o->open_ns, 1, o->open_max_ns))
		return "open_ns: 1 to open_max_ns";
	if (o->open_jitter_ppm > BACKOFF_JITTER_MAX)
		return "open_jitter_ppm: 0 to 900000";
	if (!within(o->lease_ns, 1, BACKOFF_TIME_MAX))
		return "lease_ns: 1 to 2^53";
	return NULL;
}

static const char *check_admission(const struct breaker_options *o)
{
	if (!within(o->probes, 1, BREAKER_PROBES_MAX))
		return "probes: 1 to 100";
	if (!within(o->leases, 1, BREAKER_LEASES_MAX))
		return "leases: 1 to 4";
	if (o->ramp_interval_ns == 0)
		return NULL;
	if (o->ramp_interval_ns > BACKOFF_TIME_MAX)
		return "ramp_interval_ns: 0 to 2^53";
	if (o->ramp_start == 0)
		return "ramp_start: 1 or more";
	if (o->ramp_step == 0)
		return "ramp_step: 1 or more";
	if (o->ramp_end <= o->ramp_start)
		return "ramp_end: above ramp_start";
	return NULL;
}

const char *breaker_options_check(const struct breaker_options *o)
{
	static const char *(*const checks[])(const struct breaker_options *) = {
	        check_states, check_rates, check_latency, check_times, check_admission};
	const char *wrong = NULL;

	assert(o != NULL);
	for (uint32_t i = 0; wrong == NULL && i < sizeof(checks) / sizeof(checks[0]); i++)
		wrong = checks[i](o);
	return wrong;
}
