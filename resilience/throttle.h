/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Throttle: lets in a fraction of each class, exactly. Error diffusion instead of dice: every
 * request adds the fraction to a credit, a whole credit lets it in. While a fraction p stands, of
 * any n requests in a row floor(n x p) or ceil(n x p) are let in; over a ramp, the sum of the
 * fractions asked at, within one.
 *
 * A new target is approached at a constant rate, full scale in `ramp_up_ns` and `ramp_down_ns`: the
 * smooth transition between modes. The fraction at a moment depends on that moment only, not on how
 * often throttle_poll() was called before. Each owner (a worker) has its own; deterministic; plain
 * bytes.
 *
 * A breaker's probes are not asked about here where the policy's `probes` is set (mode_table.h).
 */
#ifndef RESILIENCE_THROTTLE_H
#define RESILIENCE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/mode_table.h"

struct event_ring;

#define THROTTLE_ONE 1000000u /* ppm: all */

struct throttle_options {
	uint64_t ramp_up_ns;   /* from nothing to all; 0: at once */
	uint64_t ramp_down_ns; /* from all to nothing; 0: at once */
	bool enabled;          /* false: everything is let in whatever the mode */
};

struct throttle_class {
	uint64_t ramp_start_ns;
	uint64_t admitted;
	uint64_t rejected;
	uint32_t from_ppm; /* at ramp_start_ns */
	uint32_t target_ppm;
	uint32_t fraction_ppm; /* at the last poll */
	uint32_t credit_ppm;   /* below THROTTLE_ONE */
};

/* Why there is an event. */
enum throttle_event {
	THROTTLE_BEGINS, /* a ramp to another fraction */
	THROTTLE_ENDS,   /* the fraction is reached, at once perhaps */
};

struct throttle {
	struct throttle_class class[WORK_CLASSES];
};

/* Everything is let in. */
void throttle_init(struct throttle *t);

/* To be called when the mode or the policy has changed; harmless else. */
void throttle_set_mode(struct throttle *t, const struct throttle_options *o,
                       const struct mode_policy *policy, enum mode_id mode, uint64_t now_ns);

/* For a class that is not steered by modes. Starts from the fraction reached by now. */
void throttle_set_target(struct throttle *t, const struct throttle_options *o,
                         enum work_class class, uint32_t target_ppm, uint64_t now_ns);

/* Moves the ramps; once per turn. */
void throttle_poll(struct throttle *t, const struct throttle_options *o, uint64_t now_ns);

/* Pushes an event for each class whose ramp began or ended between a copy of before and now; so one
 * at its start and one at its end, none for its steps, and a single one for a change at once. */
void throttle_push_events(const struct throttle *t, const struct throttle *before, uint32_t subject,
                          uint64_t now_ns, struct event_ring *events);

/* Whether saved bytes can be taken back; if not, init. */
bool throttle_is_sound(const struct throttle *t);
/* To be called with bytes that are sound before anything else: their clock may have been ahead of
 * this one. */
void throttle_resume(struct throttle *t, uint64_t now_ns);

/* Whether a ramp is under way: until it ends throttle_poll() has something to do. */
bool throttle_is_ramping(const struct throttle *t);

static inline bool throttle_admit(struct throttle *t, enum work_class class)
{
	struct throttle_class *c = &t->class[class];

	if (__builtin_expect(c->fraction_ppm == THROTTLE_ONE, 1)) {
		/* A whole credit comes and goes. */
		c->admitted++;
		return true;
	}
	uint32_t credit_ppm = c->credit_ppm + c->fraction_ppm;
	bool whole = credit_ppm >= THROTTLE_ONE;

	c->credit_ppm = whole ? credit_ppm - THROTTLE_ONE : credit_ppm;
	c->admitted += whole;
	c->rejected += !whole;
	return whole;
}

#endif
