/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A node's options and names.
 */
#include <stddef.h>

#include "resilience/backoff.h"
#include "resilience/health.h"
#include "resilience/window.h"

#define RATE_SHIFT_MAX   15u
#define HALF_LIFE_MIN_NS 64u
#define HALF_LIFE_MAX_NS (BACKOFF_TIME_MAX >> 1)
#define SCALE_MIN_NS     1000u

void health_options_standard(struct health_options *o, uint64_t second_ns)
{
	uint64_t ms = second_ns / 1000;

	assert(second_ns >= SCALE_MIN_NS);
	assert(second_ns <= BACKOFF_TIME_MAX / 1000);
	*o = (struct health_options){
	        .eject_ns = 1000 * ms,
	        .eject_max_ns = 30000 * ms,
	        .half_life_ns = 5000 * ms,
	        .latency_initial_ns = 1000 * ms,
	        .eject_jitter_ppm = 200000,
	        .outlier_ppm = 500000,
	        .settle_successes = 16,
	        .eject_after = 5,
	        .samples_min = 10,
	        .rate_shift = 5,
	};
	assert(health_options_check(o) == NULL);
}

const char *health_options_check(const struct health_options *o)
{
	if (o->eject_max_ns == 0 || o->eject_max_ns > BACKOFF_TIME_MAX)
		return "eject_max_ns: 1 to 2^53";
	if (o->eject_ns == 0 || o->eject_ns > o->eject_max_ns)
		return "eject_ns: 1 to eject_max_ns";
	if (o->eject_jitter_ppm > BACKOFF_JITTER_MAX)
		return "eject_jitter_ppm: 0 to 900000";
	if (o->half_life_ns < HALF_LIFE_MIN_NS || o->half_life_ns > HALF_LIFE_MAX_NS)
		return "half_life_ns: 64 to 2^52";
	if (o->latency_initial_ns > 1ull << 46)
		return "latency_initial_ns: 0 to 2^46";
	if (o->outlier_ppm > WINDOW_PPM)
		return "outlier_ppm: 0 to 1000000";
	if (o->settle_successes == 0)
		return "settle_successes: 1 or more";
	if (o->samples_min == 0)
		return "samples_min: 1 or more";
	if (o->rate_shift > RATE_SHIFT_MAX)
		return "rate_shift: 0 to 15";
	return NULL;
}

const char *health_state_name(enum health_state state)
{
	static const char *const names[HEALTH_STATES] = {
	        [HEALTH_ADMITTED] = "ADMITTED",
	        [HEALTH_EJECTED] = "EJECTED",
	        [HEALTH_PROBATION] = "PROBATION",
	};

	assert((unsigned)state < HEALTH_STATES);
	assert(names[state] != NULL);
	return names[state];
}

static const struct {
	const char *name;
	const char *text;
} causes[HEALTH_CAUSES] = {
        [HEALTH_CAUSE_CONSECUTIVE] = {"consecutive failures",
                                      "eject_after attempts in a row failed"},
        [HEALTH_CAUSE_OUTLIER] = {"outlier",
                                  "success rate at least outlier_ppm below the best other "
                                  "node's, both with samples_min"},
        [HEALTH_CAUSE_EJECT_OVER] = {"ejection over", "the ejection time is over"},
        [HEALTH_CAUSE_SUCCESS] = {"success", "an attempt succeeded"},
        [HEALTH_CAUSE_FAILURE] = {"failure", "an attempt failed"},
};

const char *health_cause_name(enum health_cause cause)
{
	assert((unsigned)cause < HEALTH_CAUSES);
	assert(causes[cause].name != NULL);
	return causes[cause].name;
}

const char *health_cause_text(enum health_cause cause)
{
	assert((unsigned)cause < HEALTH_CAUSES);
	assert(causes[cause].text != NULL);
	return causes[cause].text;
}
