/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/breaker_table.h"

#include <assert.h>
#include <stddef.h>

#define ROW(from, to, cause)                                           \
	{                                                              \
		BREAKER_##from, BREAKER_##to, BREAKER_CAUSE_##cause, 0 \
	}

/* clang-format off */
const struct breaker_transition breaker_transitions[BREAKER_TRANSITIONS] = {
	ROW(CLOSED, OPEN, NODES_OUT),
	ROW(CLOSED, OPEN, FAILURE_RATE),
	ROW(CLOSED, OPEN, CONSECUTIVE),
	ROW(CLOSED, ULTRA_RESILIENT, LATENCY),
	ROW(CLOSED, RESILIENT, DEGRADED),
	ROW(CLOSED, RESILIENT, FORECAST),
	ROW(CLOSED, HALF_OPEN, FOREBODED),
	ROW(CLOSED, OPEN, FOREBODED),
	ROW(RESILIENT, OPEN, NODES_OUT),
	ROW(RESILIENT, OPEN, FAILURE_RATE),
	ROW(RESILIENT, OPEN, CONSECUTIVE),
	ROW(RESILIENT, ULTRA_RESILIENT, LATENCY),
	ROW(RESILIENT, CLOSED, CALM),
	ROW(ULTRA_RESILIENT, OPEN, NODES_OUT),
	ROW(ULTRA_RESILIENT, OPEN, FAILURE_RATE),
	ROW(ULTRA_RESILIENT, OPEN, CONSECUTIVE),
	ROW(ULTRA_RESILIENT, RESILIENT, FAST),
	ROW(ULTRA_RESILIENT, CLOSED, FAST),
	ROW(HALF_OPEN, OPEN, NODES_OUT),
	ROW(HALF_OPEN, OPEN, PROBE_FAILED),
	ROW(HALF_OPEN, OPEN, LEASE_EXPIRED),
	ROW(HALF_OPEN, ULTRA_RESILIENT, PROBES_SLOW),
	ROW(HALF_OPEN, RESILIENT, PROBES_GOOD),
	ROW(HALF_OPEN, CLOSED, PROBES_GOOD),
	ROW(OPEN, HALF_OPEN, OPEN_OVER),
	ROW(OPEN, RESILIENT, OPEN_OVER),
	ROW(OPEN, CLOSED, OPEN_OVER),
};
/* clang-format on */

const uint8_t breaker_rows[BREAKER_STATES + 1] = {0, 8, 13, 18, 24, 27};

const char *breaker_state_name(enum breaker_state state)
{
	static const char *const names[BREAKER_STATES] = {
	        [BREAKER_CLOSED] = "CLOSED",
	        [BREAKER_RESILIENT] = "RESILIENT",
	        [BREAKER_ULTRA_RESILIENT] = "ULTRA_RESILIENT",
	        [BREAKER_HALF_OPEN] = "HALF_OPEN",
	        [BREAKER_OPEN] = "OPEN",
	};

	assert((unsigned)state < BREAKER_STATES);
	assert(names[state] != NULL);
	return names[state];
}

static const struct {
	const char *name;
	const char *text;
} causes[BREAKER_CAUSES] = {
        [BREAKER_CAUSE_NODES_OUT] = {"nodes out", "every node is ejected"},
        [BREAKER_CAUSE_FAILURE_RATE] =
                {"failure rate", "failure rate over the window >= open_at, with samples_min"},
        [BREAKER_CAUSE_CONSECUTIVE] = {"consecutive failures",
                                       "open_after operations in a row failed"},
        [BREAKER_CAUSE_PROBE_FAILED] = {"probe failed", "a probe failed"},
        [BREAKER_CAUSE_LEASE_EXPIRED] = {"lease expired", "a probe did not report within lease_ns"},
        [BREAKER_CAUSE_PROBES_SLOW] = {"probes slow",
                                       "all probes succeeded, ultra_min of them slowly"},
        [BREAKER_CAUSE_PROBES_GOOD] = {"probes good", "all probes succeeded"},
        [BREAKER_CAUSE_OPEN_OVER] = {"open time over",
                                     "the open time is over and a node is not ejected"},
        [BREAKER_CAUSE_LATENCY] = {"latency",
                                   "mean latency > ultra_latency, with ultra_min measurements"},
        [BREAKER_CAUSE_DEGRADED] =
                {"degraded", "failure rate over the window >= resilient_at, with samples_min"},
        [BREAKER_CAUSE_FORECAST] = {"forecast", "degradation is forecast"},
        [BREAKER_CAUSE_FOREBODED] =
                {"foreboded", "degradation is forecast, where RESILIENT is lacking; settled"},
        [BREAKER_CAUSE_CALM] = {"calm", "both failure rates < clear_at, with samples_min, and no "
                                        "forecast, for the dwell time"},
        [BREAKER_CAUSE_FAST] = {"fast again", "mean latency < ultra_leave for the dwell time"},
};

const char *breaker_cause_name(enum breaker_cause cause)
{
	assert((unsigned)cause < BREAKER_CAUSES);
	assert(causes[cause].name != NULL);
	return causes[cause].name;
}

const char *breaker_cause_text(enum breaker_cause cause)
{
	assert((unsigned)cause < BREAKER_CAUSES);
	assert(causes[cause].text != NULL);
	return causes[cause].text;
}
