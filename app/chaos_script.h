/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Script: what the world does to attempts. An attempt sent at a time to a node of a service gets
 * its answer, good or bad, at another time, or never: by the service's law, and by the faults that
 * hold then. Every attempt has dice of its own, thrown by (seed, event, attempt): two profiles that
 * live through one scenario meet the same latencies, operation by operation.
 */
#ifndef APP_CHAOS_SCRIPT_H
#define APP_CHAOS_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/scenario.h"

#define CHAOS_NEVER UINT64_MAX

struct chaos_attempt {
	uint64_t seed;    /* of the run */
	uint64_t event;   /* whose operation it is of */
	uint64_t base_ns; /* the operation's latency */
	uint64_t now_ns;
	uint32_t attempt; /* of the operation, from 0 */
	uint32_t service;
	uint32_t node;
};

struct chaos_fate {
	uint64_t time_ns; /* CHAOS_NEVER: nothing is heard of it */
	bool is_good;
};

/* NULL, or which service cannot be made up. */
const char *chaos_script_check(const struct scenario *s);
/* Latency of an operation: evenly between the service's bounds. */
uint64_t chaos_script_base_ns(const struct scenario *s, uint64_t seed, uint32_t service,
                              uint64_t event);
struct chaos_fate chaos_script_fate(const struct scenario *s, const struct chaos_attempt *a);
/* Whether the attempt is lost on the way to a node that is a component. */
bool chaos_script_is_lost(const struct scenario *s, const struct chaos_attempt *a);
/* When the core may have its next turn: now, or the end of its stall. */
uint64_t chaos_script_core_ns(const struct scenario *s, uint32_t core, uint64_t now_ns);

#endif
