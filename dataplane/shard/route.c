/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/route.h"

#include <assert.h>

void route_init(struct route_table *t)
{
	for (uint32_t i = 0; i <= t->symbols_max; i++)
		t->first[i] = ROUTE_UNDECIDED;
	t->link_count = 0;
	t->rest = t->symbols_max + 1;
	assert(t->link_capacity >= t->rest);
}

uint32_t route_append(struct route_table *t, uint32_t symbol, uint32_t member, bool own,
                      uint32_t tail)
{
	assert(symbol <= t->symbols_max);
	if (!own) {
		if (t->rest == 0) {
			t->refused++;
			return ROUTE_NONE;
		}
		t->rest--;
	}
	assert(t->link_count < t->link_capacity);
	uint32_t link = t->link_count++;

	t->links[link] = (struct route_link){
	        .member = member,
	        .slot = SLOT_UNMADE,
	        .next = ROUTE_NONE,
	        .symbol = symbol,
	};
	if (tail != ROUTE_NONE)
		t->links[tail].next = link;
	return link;
}

bool route_same_members(const struct route_table *t, uint32_t a, uint32_t b)
{
	while (a != ROUTE_NONE && b != ROUTE_NONE) {
		if (t->links[a].member != t->links[b].member)
			return false;
		a = t->links[a].next;
		b = t->links[b].next;
	}
	return a == b;
}
