/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Port clock: which Unix time is this tick of the NIC's clock? Pure; the caller brings both times.
 *
 * The control core observes pairs (now, ticks): it read its own clock, then the device's. The
 * device is always read a little later than the now that stands beside it, so every pair says "at
 * most": the true line of the clock runs along the *upper* edge of the observed points, and the
 * pairs that were disturbed least touch it. The rate is the slope between the best points of two
 * stretches of time, the offset follows better points at once and lets go of old ones slowly, so
 * that a drifting clock is followed. A step of either clock starts anew.
 *
 * Nothing is mapped before the first rate is known.
 */
#ifndef DATAPLANE_PORT_PORT_CLOCK_H
#define DATAPLANE_PORT_PORT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define PORT_CLOCK_STRETCH_FIRST_NS 1000000000ull /* until the first rate */
#define PORT_CLOCK_STRETCH_NS       8000000000ull /* between rates, doubling from the first */
#define PORT_CLOCK_STEP_NS          10000000ull   /* beyond this it is no drift */

/* What the receiving cores need. ns_per_tick_q32 == 0: no mapping. */
struct port_clock_map {
	uint64_t ticks;
	uint64_t time_ns;         /* at ticks */
	uint64_t ns_per_tick_q32; /* 32.32 */
};

/* ISO C has no type of 128 bits. */
__extension__ typedef __int128 port_clock_wide;

struct port_clock_point {
	uint64_t now_ns;
	uint64_t ticks;
};

struct port_clock {
	struct port_clock_map map;
	struct port_clock_map reference; /* the map at the start of the stretch: points are compared
	                                    by their distance to one fixed line */
	struct port_clock_point anchor;  /* best point of the last stretch */
	struct port_clock_point best;    /* best point of this stretch's second half so far */
	int64_t best_error_ns;
	uint64_t stretch_start_ns;
	uint64_t stretch_ns;
	uint64_t restarts; /* steps seen */
	bool started;
};

void port_clock_init(struct port_clock *c);
/* To be called with a device clock read right after now_ns was. */
void port_clock_on_read(struct port_clock *c, uint64_t now_ns, uint64_t ticks);

static inline bool port_clock_is_known(const struct port_clock_map *m)
{
	return m->ns_per_tick_q32 != 0;
}

static inline uint64_t port_clock_time_ns(const struct port_clock_map *m, uint64_t ticks)
{
	port_clock_wide delta = (int64_t)(ticks - m->ticks);

	return m->time_ns +
	       (uint64_t)(int64_t)((delta * (port_clock_wide)m->ns_per_tick_q32) >> 32);
}

#endif
