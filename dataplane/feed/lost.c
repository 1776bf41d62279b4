/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/lost.h"

#include <assert.h>

static_assert((LOST_RANGES_MAX & (LOST_RANGES_MAX - 1)) == 0, "index by mask");

static uint32_t lost_index(const struct lost_ranges *l, uint32_t i)
{
	return (l->begin + i) & (LOST_RANGES_MAX - 1);
}

void lost_clear(struct lost_ranges *l)
{
	l->end = 0;
	l->begin = 0;
	l->count = 0;
}

bool lost_add(struct lost_ranges *l, struct region *r, uint64_t first, uint64_t end)
{
	assert(first < end);
	assert(first >= l->end);
	bool is_new = l->count == 0 || first != l->end;

	if (is_new) {
		if (l->count == LOST_RANGES_MAX)
			l->begin = lost_index(l, 1);
		else
			l->count++;
		l->ranges[lost_index(l, l->count - 1)].first = first;
	}
	struct lost_range *last = &l->ranges[lost_index(l, l->count - 1)];

	last->end = end;
	l->end = end;
	region_mark(r, last, sizeof(*last));
	region_mark(r, l, sizeof(l->end) + sizeof(l->begin) + sizeof(l->count));
	return is_new;
}

uint64_t lost_overlap(const struct lost_ranges *l, uint64_t first, uint64_t end)
{
	uint32_t low = 0;
	uint32_t high = l->count;

	/* The lowest range that ends above first. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (l->ranges[lost_index(l, middle)].end > first)
			high = middle;
		else
			low = middle + 1;
	}
	uint64_t messages = 0;

	for (; low < l->count; low++) {
		const struct lost_range *g = &l->ranges[lost_index(l, low)];

		if (g->first >= end)
			break;
		messages += (g->end < end ? g->end : end) - (g->first > first ? g->first : first);
	}
	return messages;
}
