/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/breaker_table.h"

#include <assert.h>
#include <stddef.h>

#define CLOSED    BREAKER_BIT(BREAKER_CLOSED)
#define RESILIENT BREAKER_BIT(BREAKER_RESILIENT)
#define ULTRA     BREAKER_BIT(BREAKER_ULTRA_RESILIENT)
#define HALF_OPEN BREAKER_BIT(BREAKER_HALF_OPEN)
#define OPEN      BREAKER_BIT(BREAKER_OPEN)

const struct breaker_transition breaker_transitions[] = {
        {CLOSED | RESILIENT | ULTRA | HALF_OPEN, BREAKER_OPEN, BREAKER_CAUSE_NODES_OUT, 0},
        {CLOSED | RESILIENT | ULTRA, BREAKER_OPEN, BREAKER_CAUSE_FAILURE_RATE, 0},
        {CLOSED | RESILIENT | ULTRA, BREAKER_OPEN, BREAKER_CAUSE_CONSECUTIVE, 0},
        {HALF_OPEN, BREAKER_OPEN, BREAKER_CAUSE_PROBE_FAILED, 0},
        {HALF_OPEN, BREAKER_OPEN, BREAKER_CAUSE_LEASE_EXPIRED, 0},
        {HALF_OPEN, BREAKER_ULTRA_RESILIENT, BREAKER_CAUSE_PROBES_SLOW, 0},
        {HALF_OPEN, BREAKER_RESILIENT, BREAKER_CAUSE_PROBES_GOOD, 0},
        {HALF_OPEN, BREAKER_CLOSED, BREAKER_CAUSE_PROBES_GOOD, 0},
        {OPEN, BREAKER_HALF_OPEN, BREAKER_CAUSE_OPEN_OVER, 0},
        {OPEN, BREAKER_RESILIENT, BREAKER_CAUSE_OPEN_OVER, 0},
        {OPEN, BREAKER_CLOSED, BREAKER_CAUSE_OPEN_OVER, 0},
        {CLOSED | RESILIENT, BREAKER_ULTRA_RESILIENT, BREAKER_CAUSE_LATENCY, 0},
        {CLOSED, BREAKER_RESILIENT, BREAKER_CAUSE_DEGRADED, 0},
        {CLOSED, BREAKER_RESILIENT, BREAKER_CAUSE_FORECAST, 0},
        {CLOSED, BREAKER_HALF_OPEN, BREAKER_CAUSE_FOREBODED, 0},
        {CLOSED, BREAKER_OPEN, BREAKER_CAUSE_FOREBODED, 0},
        {RESILIENT, BREAKER_CLOSED, BREAKER_CAUSE_CALM, 0},
        {ULTRA, BREAKER_RESILIENT, BREAKER_CAUSE_FAST, 0},
        {ULTRA, BREAKER_CLOSED, BREAKER_CAUSE_FAST, 0},
};

const uint32_t breaker_transition_count =
        sizeof(breaker_transitions) / sizeof(breaker_transitions[0]);

static_assert(sizeof(breaker_transitions) / sizeof(breaker_transitions[0]) <=
                      BREAKER_TRANSITIONS_MAX,
              "walked in one go");

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
