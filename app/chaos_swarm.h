/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Swarm: worlds by the hundred. A seed decides how large a world is, which of the faults there are
 * in it (each with an even chance, so that many worlds lack what would hide the rest), when and how
 * badly they happen, and which profile lives through it.
 *
 * After: A. Groce et al., "Swarm Testing" (2012).
 */
#ifndef APP_CHAOS_SWARM_H
#define APP_CHAOS_SWARM_H

#include <stdint.h>

#include "perf/scenario.h"

#define CHAOS_SWARM_TEXT_BYTES 160u

/* Fills the scenario; it owns nothing. text: which faults there are. */
void chaos_swarm_make(struct scenario *s, uint64_t seed, char text[CHAOS_SWARM_TEXT_BYTES]);
/* One of the five versions. */
const char *chaos_swarm_profile(uint64_t seed);

#endif
