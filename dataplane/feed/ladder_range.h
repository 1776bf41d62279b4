/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ladder's ranges: what is missing and not asked yet, in order of position. Part of the ladder
 * (ladder.h).
 */
#ifndef DATAPLANE_FEED_LADDER_RANGE_H
#define DATAPLANE_FEED_LADDER_RANGE_H

#include "dataplane/feed/ladder.h"

/* Takes up holes that were not there before. */
void ladder_range_scan(struct ladder *l, const struct arbiter *a, uint64_t now_ns);
/* The range climbs as far as it can. True: it is to be asked now. False with due_ns lowered: later.
 * May add one output; false as well when there is no room for it. */
bool ladder_range_climb(struct ladder *l, const struct arbiter *a, uint32_t range, uint64_t now_ns,
                        struct ladder_output *out, uint32_t *count, uint32_t max);
/* To be given up for that reason as soon as the stream comes to it. */
void ladder_range_give_up(struct ladder *l, uint32_t range, enum gap_reason reason);
/* Drops what is settled or asked in full, and moves the others' beginnings to what is missing. */
void ladder_range_prune(struct ladder *l, const struct arbiter *a);
void ladder_range_clear(struct ladder *l);

#endif
