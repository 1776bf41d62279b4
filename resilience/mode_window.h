/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mode window: what happened lately, from counters that only ever grow. The control core hands over
 * the workers' totals; the facts get the differences over the last `window_ns`, in steps of an
 * eighth: an event leaves the window between window_ns and 9/8 window_ns after it was counted,
 * also when nothing else happens any more. So no mode is held by what is long over.
 *
 * Totals that fall (a worker started afresh) begin a new window. One owner, plain bytes, integers.
 */
#ifndef RESILIENCE_MODE_WINDOW_H
#define RESILIENCE_MODE_WINDOW_H

#include <stdint.h>

#include "resilience/mode.h"

#define MODE_WINDOW_STEPS 8u

struct mode_totals { /* of all services and cores */
	uint64_t attempts;
	uint64_t succeeded;
	uint64_t slow;
};

struct mode_window {
	uint64_t step_ns;
	uint64_t step_end_ns; /* of the present step */
	/* Totals at the beginning of the last steps, the present one's at `at`, the oldest behind
	 * it. */
	struct mode_totals begin[MODE_WINDOW_STEPS + 1];
	struct mode_totals last;
	uint32_t at;
	uint32_t restarts; /* totals that fell */
};

/* 0, or -EINVAL: a window shorter than its steps in nanoseconds. What the totals (NULL: zeros) hold
 * by now is not in the window. */
int mode_window_init(struct mode_window *w, uint64_t window_ns, const struct mode_totals *totals,
                     uint64_t now_ns);

/* Sets the three facts of attempts. */
void mode_window_update(struct mode_window *w, const struct mode_totals *totals, uint64_t now_ns,
                        struct mode_facts *f);

#endif
