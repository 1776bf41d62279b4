/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Simulation: one seed, one world. Market data over two bad lines (world.h) and services that fail
 * (chaos.h) on the same cores, one virtual clock, one queue of happenings. Here is only decided
 * which world a seed means:
 *
 *   plain      a calm service world with short stalls; some book groups die
 *   scenario   a scenario's world, with the day laid over it
 *   swarm      a world that the seed makes up, with a random half of all faults
 *
 * The same options give the same result, hash included, on every machine and build type.
 */
#ifndef APP_SIMULATE_H
#define APP_SIMULATE_H

#include "app/chaos.h"
#include "app/chaos_swarm.h"

struct simulate_options {
	uint64_t seed;
	uint64_t cut_seed; /* 0: from seed. Another one cuts the same messages into other packets on
	                      the lines */
	uint64_t messages; /* of the day; 0: as the world is */
	uint32_t symbols;  /* 0: likewise */
	enum world_receive receive;
	bool lossless; /* no message is lost on both lines */
	bool is_swarm;
	const struct scenario *scenario; /* NULL: plain, or the swarm's */
	const struct resilience_options *profile;
	const char *profile_name;
	enum world_plant plant;
	struct chaos_reuse *reuse; /* NULL: no memory is kept from run to run */
};

struct simulate_world {
	struct scenario scenario; /* owns nothing */
	struct world_day_options day;
	char faults[CHAOS_SWARM_TEXT_BYTES]; /* swarm: which ones there are */
};

void simulate_make(struct simulate_world *w, const struct simulate_options *o);
/* 0, and result->broken says whether an invariant broke; or -errno: it could not be run. */
int simulate(const struct simulate_options *o, struct chaos_result *result);
/* A world that was made, so that who says what it is need not make it twice. */
int simulate_run(const struct simulate_world *w, const struct simulate_options *o,
                 struct chaos_result *result);

#endif
