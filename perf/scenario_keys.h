/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Keys of a scenario file: THE table. A row per key: where it stands, what it may be, where it
 * goes. The loader, its error messages and the table in docs/chaos.md come from it.
 */
#ifndef PERF_SCENARIO_KEYS_H
#define PERF_SCENARIO_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/scenario.h"

enum scenario_part { SCENARIO_TOP, SCENARIO_SERVICE, SCENARIO_LOAD, SCENARIO_FAULT };

#define SCENARIO_PARTS 4u

enum scenario_type {
	SCENARIO_TEXT,
	SCENARIO_COUNT,    /* whole number */
	SCENARIO_DURATION, /* with a unit */
	SCENARIO_SHARE,    /* "5%" or "50000ppm" */
	SCENARIO_FACTOR,   /* "2.5", kept in thousandths */
	SCENARIO_FLAG,     /* yes or no */
	SCENARIO_WORD,     /* one of `words`; its place is the value */
	SCENARIO_NAMED,    /* the name of a service; its place is the value */
	SCENARIO_NAMES,    /* names of services; a bit each */
	SCENARIO_PLACE,    /* a count that may be left out: SCENARIO_NONE */
};

struct scenario_key {
	const char *name;
	const char *help;
	const char *fallback; /* as it would stand in the file; NULL: required; "": none */
	const char *const *words;
	uint64_t min;
	uint64_t max;
	uint32_t offset;
	uint8_t width;
	uint8_t part; /* enum scenario_part */
	uint8_t type; /* enum scenario_type */
};

extern const struct scenario_key scenario_keys[];
extern const uint32_t scenario_key_count;

/* Lists of the top: "services", "loads", "faults" by part; NULL for the top. */
const char *scenario_part_key(enum scenario_part part);
const struct scenario_key *scenario_key_find(enum scenario_part part, const char *name);
/* What the key allows, in words. */
void scenario_key_allowed(const struct scenario_key *k, char *out, uint32_t bytes);

#endif
