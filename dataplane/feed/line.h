/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Line: one of the paths (A, B, ...) on which a feed's packets come, and what it is worth. Pure
 * bookkeeping, owned by the feed's receive core: how often it was first, what it lost, how far
 * behind the other it runs.
 *
 * Loss is per line: sequences that the line's own packets jumped over and did not bring later
 * (reorder within the line lowers it again). Skew is how much later a duplicate came than the first
 * copy (skew.h); kept as TCP keeps round trips (resilience/rtt.h), and its maximum.
 */
#ifndef DATAPLANE_FEED_LINE_H
#define DATAPLANE_FEED_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/rtt.h"

#define LINES_MAX 8u

/* How far behind its highest message a line's late ones still lower its loss. */
#define LINE_WINDOW_MESSAGES 4096u

struct line_stats {
	uint64_t packets;
	uint64_t bytes;
	uint64_t messages; /* brought, duplicates included */
	uint64_t wins;     /* messages whose first copy it brought */
	uint64_t duplicates;
	uint64_t late;
	uint64_t lost; /* gauge: messages it jumped over and has not brought since */
	uint64_t malformed;
	uint64_t heartbeats;
	uint64_t skew_ns;           /* gauge: how much later its copies come, smoothed */
	uint64_t skew_deviation_ns; /* gauge: mean deviation of that */
	uint64_t skew_ns_max;
	uint64_t last_seen_ns; /* gauge */
	uint64_t state;        /* gauge: enum health_state (line_health.h) */
};

struct line { /* in the arbiter's region; positions are sequences - 1 */
	struct line_stats stats;
	struct rtt skew;
	uint64_t next;         /* position after the highest it claimed in this session */
	uint32_t joined;       /* next is set */
	uint32_t missing_bits; /* set in its window */
};

/* Which of the last LINE_WINDOW_MESSAGES positions before line.next it has not brought: position x
 * is bit x modulo the size. */
struct line_window {
	uint64_t missing[LINE_WINDOW_MESSAGES / 64];
};

/* What one packet of the line spans: [first, present_end) as messages, up to claimed_end by its
 * header. */
struct line_span {
	uint64_t first;
	uint64_t present_end;
	uint64_t claimed_end;
};

/* Slow part of line_on_span(). */
void line_on_jump(struct line *l, struct line_window *w, const struct line_span *s);

/* To be called for every packet of the current session. True: the window was written to. */
static inline bool line_on_span(struct line *l, struct line_window *w, const struct line_span *s)
{
	if (__builtin_expect(l->joined != 0 && s->first == l->next && l->missing_bits == 0 &&
	                             s->present_end == s->claimed_end,
	                     1)) {
		l->next = s->claimed_end;
		return false;
	}
	line_on_jump(l, w, s);
	return true;
}

/* To be called at a new session: its numbers begin anew; what was lost stays counted. */
void line_on_session(struct line *l, struct line_window *w);
extern const struct rtt_options line_skew_options;
/* To be called when a copy came late_ns after another line's first copy. */
void line_on_skew(struct line *l, uint64_t late_ns);

#endif
