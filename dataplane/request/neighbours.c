/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/request/neighbours.h"

#include <assert.h>
#include <errno.h>

#define MAC_BITS 48u

void neighbours_init(struct neighbours *n, struct neighbour *items, uint32_t max)
{
	*n = (struct neighbours){.items = items, .max = max};
}

int neighbours_add(struct neighbours *n, uint8_t port, uint32_t address)
{
	for (uint32_t i = 0; i < n->count; i++)
		if (n->items[i].port == port && n->items[i].address == address)
			return (int)i;
	if (n->count == n->max || n->count == NEIGHBOURS_MAX)
		return -EMFILE;
	struct neighbour *e = &n->items[n->count];

	e->address = address;
	e->port = port;
	e->is_static = 0;
	e->reserved = 0;
	atomic_init(&e->word, 0);
	atomic_init(&e->wanted, 0);
	return (int)n->count++;
}

int neighbours_add_static(struct neighbours *n, uint8_t port, uint32_t address, uint64_t mac)
{
	int index = neighbours_add(n, port, address);

	if (index < 0)
		return index;
	n->items[index].is_static = 1;
	atomic_store_explicit(&n->items[index].word, (uint64_t)NEIGHBOUR_KNOWN << MAC_BITS | mac,
	                      memory_order_relaxed);
	return 0;
}

void neighbours_set(struct neighbours *n, uint32_t index, enum neighbour_state state, uint64_t mac)
{
	assert(index < n->count);
	assert(mac >> MAC_BITS == 0);
	if (n->items[index].is_static != 0)
		return;
	uint64_t word = (uint64_t)state << MAC_BITS | (state == NEIGHBOUR_KNOWN ? mac : 0);

	if (word != neighbours_word(n, index))
		atomic_store_explicit(&n->items[index].word, word, memory_order_relaxed);
}

bool neighbours_take_wanted(struct neighbours *n, uint32_t index)
{
	struct neighbour *e = &n->items[index];

	assert(index < n->count);
	if (atomic_load_explicit(&e->wanted, memory_order_relaxed) == 0)
		return false;
	atomic_store_explicit(&e->wanted, 0, memory_order_relaxed);
	return true;
}
