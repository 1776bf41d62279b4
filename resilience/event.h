/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Event: one change that somebody will want to know about later: when, who, from, to, why. 32
 * bytes, written by the machines of this room into a ring that was allocated before the loops
 * started. The writer never waits and never fails: it overwrites the oldest. A reader keeps its
 * own position (the number of events it has passed) and is told how many it missed.
 *
 * What `from`, `to`, `reason` and the two values mean is the kind's affair:
 *
 * kind            subject   from, to               reason                value, detail
 * EVENT_BREAKER   service   enum breaker_state     enum breaker_cause    failure rate in ppm;
 *                                                                        OPEN: open until (ns),
 *                                                                        else mean latency (ns)
 * EVENT_NODE      service   enum health_state      enum health_cause     node; ejected until (ns)
 * EVENT_FORECAST  subject   enum forecast_level    enum forecast_detector  the machine's own
 * EVENT_MODE      engine    enum mode_id           enum mode_cause         the machine's own
 * EVENT_TUNING    subject   parameter (both)       enum tuning_reason      new value; old value
 * EVENT_THROTTLE  service   class (both)           enum throttle_event   fraction aimed at; where
 *                                                                        its ramp began (ppm)
 * EVENT_HEDGE     service   off, on                the machine's own       the machine's own
 *
 * One owner writes and reads; no atomics. The ring's memory is the caller's.
 */
#ifndef RESILIENCE_EVENT_H
#define RESILIENCE_EVENT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum event_kind {
	EVENT_BREAKER,
	EVENT_NODE,
	EVENT_FORECAST,
	EVENT_MODE,
	EVENT_TUNING,
	EVENT_THROTTLE,
	EVENT_HEDGE,
};

#define EVENT_KINDS 7u

struct event {
	uint64_t time_ns;
	uint32_t subject;
	uint8_t kind; /* enum event_kind */
	uint8_t from;
	uint8_t to;
	uint8_t reason;
	uint64_t value;
	uint64_t detail;
};

static_assert(sizeof(struct event) == 32, "two events a cache line");

struct event_ring {
	struct event *events;
	uint64_t mask;
	uint64_t head; /* events ever pushed; the next one's position */
};

/* 0 or -EINVAL: capacity is no power of two, or 0. `events` has room for `capacity` and lives as
 * long as the ring. */
int event_ring_init(struct event_ring *r, struct event *events, uint64_t capacity);

/* NULL as the ring: nobody wants to know. */
static inline void event_push(struct event_ring *r, const struct event *e)
{
	if (r == NULL)
		return;
	r->events[r->head & r->mask] = *e;
	r->head++;
}

/* Copies at most `count` events, oldest first, from *position on and moves it behind them; *missed
 * (may be NULL) is how many had been overwritten before that. Returns how many were copied. A
 * position of 0 starts with the oldest there is. */
uint32_t event_read(const struct event_ring *r, uint64_t *position, struct event *out,
                    uint32_t count, uint64_t *missed);

const char *event_kind_name(enum event_kind kind);

#endif
