/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/mode_window.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BEGINNINGS (MODE_WINDOW_STEPS + 1)

static void begin_with(struct mode_window *w, const struct mode_totals *totals)
{
	for (uint32_t i = 0; i < BEGINNINGS; i++)
		w->begin[i] = *totals;
	w->last = *totals;
}

int mode_window_init(struct mode_window *w, uint64_t window_ns, const struct mode_totals *totals,
                     uint64_t now_ns)
{
	if (window_ns < MODE_WINDOW_STEPS)
		return -EINVAL;
	memset(w, 0, sizeof(*w));
	w->step_ns = window_ns / MODE_WINDOW_STEPS;
	w->step_end_ns = now_ns + w->step_ns;
	if (totals != NULL)
		begin_with(w, totals);
	return 0;
}

/* Steps that ended since the last call began with what was known then. */
static void advance(struct mode_window *w, uint64_t now_ns)
{
	if (now_ns < w->step_end_ns)
		return;
	uint64_t ended = (now_ns - w->step_end_ns) / w->step_ns + 1;

	w->step_end_ns += ended * w->step_ns;
	for (uint64_t i = 0; i < ended && i < BEGINNINGS; i++) {
		w->at = (w->at + 1) % BEGINNINGS;
		w->begin[w->at] = w->last;
	}
	assert(now_ns < w->step_end_ns);
}

static bool has_fallen(const struct mode_totals *now, const struct mode_totals *before)
{
	return now->attempts < before->attempts || now->succeeded < before->succeeded ||
	       now->slow < before->slow;
}

void mode_window_update(struct mode_window *w, const struct mode_totals *totals, uint64_t now_ns,
                        struct mode_facts *f)
{
	assert(w->step_ns > 0);
	advance(w, now_ns);
	if (has_fallen(totals, &w->last)) {
		begin_with(w, totals);
		w->restarts++;
	}
	w->last = *totals;
	const struct mode_totals *oldest = &w->begin[(w->at + 1) % BEGINNINGS];

	f->attempts = totals->attempts - oldest->attempts;
	f->attempts_succeeded = totals->succeeded - oldest->succeeded;
	f->attempts_slow = totals->slow - oldest->slow;
}
