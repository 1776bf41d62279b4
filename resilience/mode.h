/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Mode: how the whole engine behaves, one of seven. The control core merges what the workers
 * published into plain facts and asks mode_update(); the answer goes out as one word that every
 * worker reads once per turn.
 *
 * Each cause (mode_table.h) holds once its measure has reached `enter`, and then, while the engine
 * is in that cause's mode, until it falls below `leave`. The highest available mode with a cause
 * that holds is wanted. Up goes at once. Down goes when no cause has held the present mode for its
 * dwell time, straight to the highest mode that is wanted then: modes whose entry condition is
 * false are skipped. A step down therefore comes no sooner than the dwell time after the mode was
 * entered, and as every cycle has a step down, no mode is left and entered again faster than that.
 * How fast the effects follow is throttle.h's affair: admit fractions ramp.
 *
 * A mode that is not available is as if it did not exist, with its causes. MODE_CAUSE_STALLED ends
 * when the stamp moves or nothing waits any longer; since EMERGENCY rejects all but critical work
 * at once, what waits ends by its deadlines, so the cause cannot keep itself alive. For the same
 * reason probes of breakers pass a closed throttle (mode_table.h): a service that only shed
 * classes use could never be found healthy again.
 *
 * Pure: one owner, no clock, integers only. `struct mode` is plain bytes and may be saved and
 * restored; times in it are the caller's.
 */
#ifndef RESILIENCE_MODE_H
#define RESILIENCE_MODE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/mode_table.h"

struct event_ring;

/* Merged from published counters. A count that exceeds its total is taken as the total.
 *
 * Facts must be able to pass while nothing of the shed classes comes in, or a mode would keep
 * itself alive: a service is unhealthy while its breaker is OPEN or HALF_OPEN (probes lead out),
 * not in RESILIENT (which only traffic leads out of); windows of attempts end by time
 * (mode_window.h). */
struct mode_facts {
	uint32_t components;
	uint32_t components_unhealthy;
	uint32_t components_with_image; /* of the unhealthy: state can be brought back */
	uint32_t services;
	uint32_t services_unhealthy;
	uint32_t services_answering; /* of the unhealthy: at least one node answers */
	uint32_t forecasts;          /* services and components with a forecast warning */
	uint32_t restoring;          /* components being restored */
	uint64_t backlog;            /* of the worst shard, in the unit of its threshold */
	/* Attempts in the publisher's window: that succeeded or failed (cancelled ones did
	 * neither), that succeeded, and that took at least the service's `slow` latency, those
	 * which still wait included. */
	uint64_t attempts;
	uint64_t attempts_succeeded;
	uint64_t attempts_slow;
	uint64_t waiting;  /* work that is accepted and not done; 0: idle is no stall */
	uint64_t progress; /* a stamp that moves whenever anything gets done */
};

struct mode_threshold {
	uint64_t enter; /* holds from here; UINT64_MAX: never */
	uint64_t leave; /* ends below; 1 <= leave <= enter */
};

struct mode_options {
	struct mode_threshold cause[MODE_CAUSES]; /* in the measure's unit */
	struct mode_threshold guard[MODE_GUARDS]; /* ppm; of MODE_GUARD_NONE: unused */
	uint64_t dwell_ns[MODE_COUNT];            /* of NORMAL: unused */
	uint32_t modes;   /* MODE_BIT()s of those available; NORMAL always is */
	uint32_t subject; /* of the events */
};

struct mode {
	uint64_t since_ns;             /* in the present mode */
	uint64_t calm_since_ns;        /* no cause holds it; UINT64_MAX: one does */
	uint64_t progress;             /* last stamp seen... */
	uint64_t progress_ns;          /* ...and when it moved or nothing waited */
	uint64_t spent_ns[MODE_COUNT]; /* up to since_ns */
	uint32_t entered[MODE_COUNT];
	uint32_t transitions;
	uint32_t odd_facts; /* updates with a count above its total */
	uint16_t causes;    /* bits by enum mode_cause: those that hold */
	uint8_t id;         /* enum mode_id */
	uint8_t reason;     /* enum mode_cause of the last transition */
};

/* The report's thresholds. Times are multiples of `second_ns`, so that the same figures serve a
 * faster scale; backlog_limit is in the unit of the facts. All seven modes. */
void mode_options_report(struct mode_options *o, uint64_t second_ns, uint64_t backlog_limit);

/* NULL, or what is wrong with the options. */
const char *mode_options_check(const struct mode_options *o);

/* 0, or -EINVAL: options that mode_options_check() objects to. Starts in NORMAL. */
int mode_init(struct mode *m, const struct mode_options *o, uint64_t now_ns);

/* To be called with fresh facts, and no later than mode_deadline_ns(). True: the mode changed.
 * Pushes an event per transition (at most one per call) unless `events` is NULL. */
bool mode_update(struct mode *m, const struct mode_options *o, const struct mode_facts *f,
                 uint64_t now_ns, struct event_ring *events);

/* When the mode may change although no fact does; UINT64_MAX: never. */
uint64_t mode_deadline_ns(const struct mode *m, const struct mode_options *o,
                          const struct mode_facts *f);

/* What workers read: bits 0-7 the mode, 8-15 the last reason, 16-31 causes, 32-63 transitions. */
uint64_t mode_word(const struct mode *m);

static inline enum mode_id mode_of_word(uint64_t word)
{
	return (enum mode_id)(word & 0xff);
}

#endif
