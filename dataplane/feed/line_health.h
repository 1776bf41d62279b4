/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Line health: which lines are worth waiting for, and for how long. Lines are nodes of
 * resilience/health.h, and an interval in which the feed moved is an attempt at each of them: one
 * that brought nothing in it, or lost more than half of what passed, failed. A line that fails
 * LINE_HEALTH_EJECT_AFTER intervals in a row is not waited for until it brings something again.
 *
 * How long: the line's skew (resilience/rtt.h) through resilience/deadline.h, a multiple of the
 * usual delay or the delay and its spread, whichever is more. The longest of the lines that are
 * waited for counts; while none is known, all that is allowed.
 *
 * Bookkeeping in the arbiter's region; one owner, time is given.
 */
#ifndef DATAPLANE_FEED_LINE_HEALTH_H
#define DATAPLANE_FEED_LINE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/line.h"
#include "resilience/health.h"

#define LINE_HEALTH_INTERVAL_NS 10000000u /* 10 ms */
#define LINE_HEALTH_PACKETS_MIN 8u        /* of the other lines: then the feed moved */
#define LINE_HEALTH_EJECT_AFTER 3u

static_assert(LINES_MAX <= HEALTH_NODES_MAX, "a line is a node");

struct line_health_mark { /* as it stood when an interval began */
	uint64_t packets;
	uint64_t messages;
	uint64_t lost;
};

struct line_health {
	struct health health;
	struct line_health_mark marks[LINES_MAX];
	uint64_t due_ns; /* end of the interval */
};

void line_health_init(struct line_health *h, uint32_t lines);

/* Slow part of line_health_poll(). */
void line_health_look(struct line_health *h, struct line *lines, uint64_t now_ns);

/* Once per turn. True: an interval was over. */
static inline bool line_health_poll(struct line_health *h, struct line *lines, uint64_t now_ns)
{
	if (__builtin_expect(now_ns < h->due_ns, 1))
		return false;
	line_health_look(h, lines, now_ns);
	return true;
}

static inline bool line_is_waited_for(const struct line_health *h, uint32_t line)
{
	return h->health.nodes[line].state != HEALTH_EJECTED;
}

/* How long a message that one line lacks may be on its way on another, at most max_ns. */
uint64_t line_wait_ns(const struct line_health *h, const struct line *lines, uint64_t max_ns);

#endif
