/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Suite: scenarios x profiles, each lived through once; what the tables of `genesis chaos` are made
 * of. Profiles and scenarios are read at the report's scale and brought to another one together.
 */
#ifndef APP_CHAOS_SUITE_H
#define APP_CHAOS_SUITE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/chaos.h"
#include "perf/figures.h"

#define CHAOS_SCENARIOS_MAX 24u
#define CHAOS_PROFILES_MAX  8u
#define CHAOS_PATH_BYTES    512u

struct chaos_cell {
	struct chaos_result result;
};

struct chaos_suite {
	struct scenario scenarios[CHAOS_SCENARIOS_MAX];
	struct resilience_options profiles[CHAOS_PROFILES_MAX];
	const char *profile_names[CHAOS_PROFILES_MAX];
	struct figures figures;
	struct chaos_cell *cells; /* scenario by scenario */
	uint32_t scenario_count;
	uint32_t profile_count;
	uint64_t second_ns;
	uint64_t seed; /* 0: the scenarios' */
};

/* What a step of work is about to be; NULL: nobody wants to know. */
struct chaos_progress {
	void (*tell)(void *to, const char *scenario, const char *profile, uint32_t done,
	             uint32_t all);
	void *to;
};

/* Reads the report's figures. 0 or -errno with *error filled. */
int chaos_suite_init(struct chaos_suite *s, uint64_t second_ns, struct config_error *error);
/* Path of a scenario by name or path. 0; -ENOENT: no such name, *error says which ones there are.
 */
int chaos_suite_find_scenario(const char *name, char path[CHAOS_PATH_BYTES],
                              struct config_error *error);
/* A scenario by name or path, or, with NULL, all that are not large. */
int chaos_suite_add_scenario(struct chaos_suite *s, const char *name, struct config_error *error);
/* A profile by name or path, or, with NULL or "all", the five versions. */
int chaos_suite_add_profile(struct chaos_suite *s, const char *name, struct config_error *error);
/* 0 or -errno; broken invariants are in the results. */
int chaos_suite_run(struct chaos_suite *s, const struct chaos_progress *progress);
void chaos_suite_finish(struct chaos_suite *s); /* accepts a zeroed struct */

const struct chaos_cell *chaos_suite_cell(const struct chaos_suite *s, uint32_t scenario,
                                          uint32_t profile);
/* The first result with a broken invariant; false: there is none. */
bool chaos_suite_broken(const struct chaos_suite *s, uint32_t *scenario, uint32_t *profile);
/* Over all results. */
uint64_t chaos_suite_hash(const struct chaos_suite *s);

struct chaos_global {
	uint32_t weighted_ppm; /* by operations and events */
	uint32_t mean_ppm;
	uint32_t worst_ppm;
	uint64_t duration_ns; /* virtual, until the last event had been processed, summed */
	uint64_t cpu_ns;
	uint64_t events;
	uint64_t memory_bytes; /* the greatest */
	uint32_t active_ppm;   /* components healthy at the end */
};

/* Over the suite's scenarios at report scale that the report has too. */
void chaos_suite_global(const struct chaos_suite *s, uint32_t profile, struct chaos_global *out);

#endif
