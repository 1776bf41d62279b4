/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port clock board: the clock mapping on its way from the control core (one writer) to the queues'
 * cores. Two slots: the writer fills the one that is not current, so a reader never waits; it only
 * checks that no second update came while it read, and then does without for one burst.
 */
#ifndef DATAPLANE_PORT_PORT_CLOCK_BOARD_H
#define DATAPLANE_PORT_PORT_CLOCK_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/port/port_clock.h"

struct port_clock_board {
	_Atomic uint64_t version; /* slot = version & 1; zeroed: version 0, slot 0, no mapping */
	struct {
		_Atomic uint64_t ticks;
		_Atomic uint64_t time_ns;
		_Atomic uint64_t ns_per_tick_q32;
	} slot[2];
};

/* Each store of the slot is a release and pairs with the acquire load of the same word below: a
 * reader who sees any of them sees the version of the update before too, and so notices that the
 * slot is not the one it came for. */
static inline void port_clock_board_publish(struct port_clock_board *b,
                                            const struct port_clock_map *m)
{
	uint64_t version = atomic_load_explicit(&b->version, memory_order_relaxed) + 1;
	uint64_t slot = version & 1;

	atomic_store_explicit(&b->slot[slot].ticks, m->ticks, memory_order_release);
	atomic_store_explicit(&b->slot[slot].time_ns, m->time_ns, memory_order_release);
	atomic_store_explicit(&b->slot[slot].ns_per_tick_q32, m->ns_per_tick_q32,
	                      memory_order_release);
	atomic_store_explicit(&b->version, version, memory_order_release);
}

/* false: there is no mapping, or it changed under way. */
static inline bool port_clock_board_read(const struct port_clock_board *b, struct port_clock_map *m)
{
	uint64_t version = atomic_load_explicit(&b->version, memory_order_acquire);
	uint64_t slot = version & 1;

	m->ticks = atomic_load_explicit(&b->slot[slot].ticks, memory_order_acquire);
	m->time_ns = atomic_load_explicit(&b->slot[slot].time_ns, memory_order_acquire);
	m->ns_per_tick_q32 =
	        atomic_load_explicit(&b->slot[slot].ns_per_tick_q32, memory_order_acquire);
	/* Two updates on, the slot is being filled again. */
	return atomic_load_explicit(&b->version, memory_order_relaxed) == version &&
	       port_clock_is_known(m);
}

#endif
