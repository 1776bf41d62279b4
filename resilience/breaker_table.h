/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Breaker table: when a breaker leaves which state for which other one, as data. Whenever something
 * happened, breaker.c walks the rows of the present state from the top; the first one whose `to`
 * the options have and whose cause holds is taken. Danger stands above relief, and a row whose
 * target may be lacking is followed by the one that is used then.
 *
 * docs/resilience/breaker.md shows what is written here; a test keeps it so.
 */
#ifndef RESILIENCE_BREAKER_TABLE_H
#define RESILIENCE_BREAKER_TABLE_H

#include <stdint.h>

enum breaker_state {
	BREAKER_CLOSED,          /* all is well */
	BREAKER_RESILIENT,       /* some fail: parallel attempts, fallback */
	BREAKER_ULTRA_RESILIENT, /* answers, but extremely slowly: more attempts, longer timeouts */
	BREAKER_HALF_OPEN,       /* a few probes find out */
	BREAKER_OPEN,            /* nobody is let in */
};

#define BREAKER_STATES     5u
#define BREAKER_BIT(state) (1u << (unsigned)(state))
#define BREAKER_ALL        ((1u << BREAKER_STATES) - 1)

/* Why a state is left; the reason of a breaker's events. */
enum breaker_cause {
	BREAKER_CAUSE_NODES_OUT,    /* every node is ejected */
	BREAKER_CAUSE_FAILURE_RATE, /* >= open_at of the window */
	BREAKER_CAUSE_CONSECUTIVE,  /* open_after operations failed in a row */
	BREAKER_CAUSE_PROBE_FAILED,
	BREAKER_CAUSE_LEASE_EXPIRED, /* a probe did not report in time */
	BREAKER_CAUSE_PROBES_SLOW,   /* all succeeded, enough of them slowly */
	BREAKER_CAUSE_PROBES_GOOD,   /* all succeeded */
	BREAKER_CAUSE_OPEN_OVER,     /* the open time is over, and a node is there */
	BREAKER_CAUSE_LATENCY,       /* mean latency above ultra_latency */
	BREAKER_CAUSE_DEGRADED,      /* >= resilient_at of the window */
	BREAKER_CAUSE_FORECAST,      /* degradation is forecast */
	BREAKER_CAUSE_FOREBODED,     /* likewise, where there is no RESILIENT to go to */
	BREAKER_CAUSE_CALM, /* failures below clear_at, forecast calm, for the dwell time */
	BREAKER_CAUSE_FAST, /* mean latency below ultra_leave for the dwell time */
};

#define BREAKER_CAUSES 14u

struct breaker_transition {
	uint8_t from; /* enum breaker_state */
	uint8_t to;
	uint8_t cause;
	uint8_t reserved;
};

#define BREAKER_TRANSITIONS 27u

/* Sorted by `from`. */
extern const struct breaker_transition breaker_transitions[BREAKER_TRANSITIONS];
/* The rows of a state: from breaker_rows[state] to below breaker_rows[state + 1]. */
extern const uint8_t breaker_rows[BREAKER_STATES + 1];

const char *breaker_state_name(enum breaker_state state);
const char *breaker_cause_name(enum breaker_cause cause);
/* For people, in terms of the options. */
const char *breaker_cause_text(enum breaker_cause cause);

#endif
