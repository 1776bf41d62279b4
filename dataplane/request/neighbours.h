/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Neighbours: which stations are asked, or lead to who is asked, and which MAC each has. A small
 * table that is made before the cores start: every next hop of every node has its entry then, and
 * no entry ever moves. The control core, which resolves (dataplane/host), writes an entry's word;
 * each core that is about to send reads it.
 *
 * A word is the whole truth about an entry: the state in bits 48-55, the MAC below. So a reader
 * never sees half of one and half of another, and nothing else has to be ordered with it: all
 * loads and stores are relaxed.
 *
 * Thread rule: neighbours_init, _add: before the others. _set, _take_wanted: one thread, control.
 * _word, _want: any.
 */
#ifndef DATAPLANE_REQUEST_NEIGHBOURS_H
#define DATAPLANE_REQUEST_NEIGHBOURS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define NEIGHBOURS_MAX 4096u

enum neighbour_state {
	NEIGHBOUR_UNKNOWN, /* not yet resolved: nobody's fault */
	NEIGHBOUR_KNOWN,
	NEIGHBOUR_SILENT, /* asked for several times, and nobody has the address */
};

struct neighbour {
	uint32_t address; /* host order; constant after _add, as the next two */
	uint8_t port;     /* index of the port that it is reached by */
	uint8_t is_static;
	uint16_t reserved;
	_Atomic uint64_t word;
	/* 1: a core wanted to send. Set by cores, taken by control; a wish that is set while it is
	 * being taken is seen or will be set again by the next send. */
	_Atomic uint64_t wanted;
};

struct neighbours {
	struct neighbour *items; /* the caller's */
	uint32_t count;
	uint32_t max;
};

void neighbours_init(struct neighbours *n, struct neighbour *items, uint32_t max);
/* The entry of an address at a port: a new one, or the one that there is. -EMFILE: no room. */
int neighbours_add(struct neighbours *n, uint8_t port, uint32_t address);
/* An entry that is configured: it is known and never changes. 0 or -EMFILE. */
int neighbours_add_static(struct neighbours *n, uint8_t port, uint32_t address, uint64_t mac);

static inline uint64_t neighbours_word(const struct neighbours *n, uint32_t index)
{
	return atomic_load_explicit(&n->items[index].word, memory_order_relaxed);
}

static inline enum neighbour_state neighbours_state(uint64_t word)
{
	return (enum neighbour_state)(word >> 48);
}

static inline uint64_t neighbours_mac(uint64_t word)
{
	return word & 0xffffffffffffull;
}

/* The entry's MAC is needed and not known. */
static inline void neighbours_want(struct neighbours *n, uint32_t index)
{
	if (atomic_load_explicit(&n->items[index].wanted, memory_order_relaxed) == 0)
		atomic_store_explicit(&n->items[index].wanted, 1, memory_order_relaxed);
}

void neighbours_set(struct neighbours *n, uint32_t index, enum neighbour_state state, uint64_t mac);
/* Was it wanted since the last call? */
bool neighbours_take_wanted(struct neighbours *n, uint32_t index);

#endif
