/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Line: one of the paths (A, B, ...) on which a feed's packets come, and what it is worth. Pure
 * bookkeeping, owned by the feed's receive core: how often it was first, what it lost, how far
 * behind the other it runs.
 *
 * Loss is per line: sequences that the line's own packets jumped over and did not bring later
 * (reorder within the line lowers it again). Skew is how much later a duplicate came than the first
 * copy, from a small ring of recent first copies; EWMA (1/16) and maximum.
 */
#ifndef DATAPLANE_FEED_LINE_H
#define DATAPLANE_FEED_LINE_H

#include <stdint.h>

#define LINES_MAX 8u

struct line_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t messages; /* brought, duplicates included */
	uint64_t wins;     /* messages whose first copy it brought */
	uint64_t duplicates;
	uint64_t late;
	uint64_t lost; /* gauge: messages it jumped over and has not brought since */
	uint64_t malformed;
	uint64_t heartbeats;
	uint64_t
	        skew_ns; /* gauge: EWMA of how much later than the first copy its duplicates come */
	uint64_t skew_ns_max;
	uint64_t last_seen_ns; /* gauge */
};

#endif
