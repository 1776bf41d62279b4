/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Skew: when and on which line the last first copies came, so that a duplicate tells how much later
 * its line runs. A ring of deliveries in order of position. Lines mostly move in step, so each
 * keeps a hint of where its next duplicate will be found; only a lost hint costs a search.
 */
#ifndef DATAPLANE_FEED_SKEW_H
#define DATAPLANE_FEED_SKEW_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/line.h"
#include "dataplane/memory/region.h"

#define SKEW_DELIVERIES_MAX 1024u

struct skew_delivery { /* positions [first, end) */
	uint64_t first;
	uint64_t end;
	uint64_t time_ns;
	uint32_t line;
	uint32_t reserved;
};

struct skew {
	uint64_t count; /* ever; delivery i is at i modulo the size */
	uint64_t hint[LINES_MAX];
	struct skew_delivery deliveries[SKEW_DELIVERIES_MAX];
};

static inline struct skew_delivery *skew_at(struct skew *s, uint64_t i)
{
	return &s->deliveries[i % SKEW_DELIVERIES_MAX];
}

/* To be called for every run delivered, in order. */
static inline void skew_on_delivery(struct skew *s, struct region *r,
                                    const struct skew_delivery *delivery)
{
	struct skew_delivery *d = skew_at(s, s->count++);

	*d = *delivery;
	region_mark(r, d, sizeof(*d));
	region_mark(r, s, sizeof(s->count) + sizeof(s->hint));
}

void skew_clear(struct skew *s);
/* The remembered delivery that holds the position, or NULL. */
const struct skew_delivery *skew_find(struct skew *s, struct region *r, uint32_t line,
                                      uint64_t position);

#endif
