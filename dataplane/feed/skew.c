/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/skew.h"

#include <string.h>

void skew_keep(struct skew *s, struct region *r, uint64_t position, const struct skew_delivery *d)
{
	const uint64_t all = (uint64_t)SKEW_STRIDE * SKEW_SAMPLES_MAX;

	assert(position % SKEW_STRIDE == 0);
	assert(position < d->end);
	if (d->end - position > all) /* the last ones stay */
		position += (d->end - position - all + SKEW_STRIDE - 1) & ~(SKEW_STRIDE - 1ull);
	for (;; position += SKEW_STRIDE) {
		struct skew_sample *k = &s->samples[position / SKEW_STRIDE % SKEW_SAMPLES_MAX];

		k->key = position + d->line + 1;
		k->time_ns = d->time_ns;
		region_mark_one(r, k);
		if (d->end - position <= SKEW_STRIDE)
			return;
	}
}

void skew_clear(struct skew *s, struct region *r)
{
	memset(s, 0, sizeof(*s));
	region_mark_range(r, s, sizeof(*s));
}
