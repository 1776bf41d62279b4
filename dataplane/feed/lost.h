/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Lost: the ranges of the current session that were given up, so that a copy that comes after all
 * is known as late and not as a duplicate. They arise in order of position, so a ring holds them
 * sorted. Ranges that touch are one: nothing was delivered between them.
 *
 * When the ring is full the lowest range is forgotten; its messages then count as duplicates, like
 * all that lies far behind. That changes a counter, never what is delivered.
 */
#ifndef DATAPLANE_FEED_LOST_H
#define DATAPLANE_FEED_LOST_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/memory/region.h"

#define LOST_RANGES_MAX 262144u

struct lost_range { /* positions [first, end) */
	uint64_t first;
	uint64_t end;
};

struct lost_ranges {
	uint64_t end;   /* of the highest range; 0: there is none */
	uint32_t begin; /* lowest range in the ring */
	uint32_t count;
	struct lost_range ranges[LOST_RANGES_MAX];
};

void lost_clear(struct lost_ranges *l);
/* Adds a range at or above all others. True: it begins a new maximal range; false: it lengthened
 * the last one. */
bool lost_add(struct lost_ranges *l, struct region *r, uint64_t first, uint64_t end);
/* How many of [first, end) lie in remembered ranges. */
uint64_t lost_overlap(const struct lost_ranges *l, uint64_t first, uint64_t end);

#endif
