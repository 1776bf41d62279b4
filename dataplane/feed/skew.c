/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/skew.h"

#include <assert.h>
#include <string.h>

static bool skew_holds(struct skew *s, uint64_t i, uint64_t position)
{
	const struct skew_delivery *d = skew_at(s, i);

	return position >= d->first && position < d->end;
}

void skew_clear(struct skew *s)
{
	s->count = 0;
	memset(s->hint, 0, sizeof(s->hint));
}

const struct skew_delivery *skew_find(struct skew *s, struct region *r, uint32_t line,
                                      uint64_t position)
{
	assert(line < LINES_MAX);
	region_mark(r, s, sizeof(s->count) + sizeof(s->hint));
	uint64_t low = s->count < SKEW_DELIVERIES_MAX ? 0 : s->count - SKEW_DELIVERIES_MAX;
	uint64_t high = s->count;
	uint64_t hint = s->hint[line];

	if (hint >= low && hint < high && skew_holds(s, hint, position)) {
		s->hint[line] = hint + 1;
		return skew_at(s, hint);
	}
	/* The lowest delivery that ends above the position. */
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (skew_at(s, middle)->end > position)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == s->count || !skew_holds(s, low, position))
		return NULL;
	s->hint[line] = low + 1;
	return skew_at(s, low);
}
