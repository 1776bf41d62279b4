/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Stream: the arbiter's work inside one session. Think of a number line: below `expected` all is
 * settled (delivered or lost); from there on lie islands of waiting messages (parking) with holes
 * between them. A packet's messages are laid over it: what is settled or waiting is turned away,
 * what is next is delivered, what is ahead becomes an island. When the first hole closes, or is
 * given up, the island behind it goes out.
 */
#ifndef DATAPLANE_FEED_STREAM_H
#define DATAPLANE_FEED_STREAM_H

#include <stdint.h>

#include "dataplane/feed/arbiter_state.h"

/* A packet on its way through, with a cursor over its blocks: they are only walked when a packet is
 * not taken whole, and then once. */
struct stream_arrival {
	const struct feed_packet *packet;
	uint64_t first; /* position of its first message */
	uint64_t end;   /* of the messages present */
	uint64_t claimed_end;
	uint64_t time_ns;
	uint64_t walked; /* position of the block at `offset` */
	uint32_t offset;
	uint32_t line;
	uint8_t time_source;
};

struct stream_run { /* messages ready to be delivered, and where they came from */
	uint64_t first;
	uint64_t end;
	const uint8_t *blocks;
	uint64_t time_ns;
	uint32_t bytes;
	uint32_t line;
	uint8_t time_source;
};

struct stream_arrival stream_arrival(const struct feed_packet *p, uint32_t line, uint64_t time_ns,
                                     uint8_t time_source);
/* A packet of the current session; its first one begins it. */
void stream_take(struct arbiter *a, struct stream_arrival *v);
/* A server's packet of the current session. */
void stream_take_recovered(struct arbiter *a, struct stream_arrival *v);
/* Delivers a run that begins at `expected`. */
void stream_deliver(struct arbiter *a, const struct stream_run *run);
/* Gives up what was waited for long enough. */
void stream_give_up_due(struct arbiter *a);
/* There is a hole: gives it up, up to `end`. */
void stream_give_up_to(struct arbiter *a, uint64_t end, enum gap_reason reason);
/* Gives up every hole: everything claimed is settled then. */
void stream_give_up_all(struct arbiter *a, enum gap_reason reason);
/* When the first hole is due; UINT64_MAX: there is none, or it waits for packets first. */
uint64_t stream_due_ns(const struct arbiter *a);
/* Copies the parking's gauges to where they are published. */
void stream_publish_gauges(struct arbiter *a);

/* Copies of settled messages came: how much later than another line's first copy? */
static inline void stream_sample_skew(struct arbiter *a, uint32_t line, uint64_t first,
                                      uint64_t end, uint64_t time_ns)
{
	uint64_t position;
	uint64_t first_ns;
	uint32_t first_line;

	if (!skew_position(first, end, &position) ||
	    !skew_find(&a->state->skew, position, &first_line, &first_ns))
		return;
	if (first_line != line && time_ns >= first_ns)
		line_on_skew(&a->state->lines[line], time_ns - first_ns);
}

/* What the line brought and what it jumped over. */
static inline void stream_account_line(struct arbiter *a, uint32_t line,
                                       const struct line_span *span)
{
	struct arbiter_state *s = a->state;
	struct line_window *w = &s->windows[line];
	struct line *l = &s->lines[line];

	l->stats.messages += span->present_end - span->first;
	if (line_on_span(l, w, span))
		region_mark(a->region, w, sizeof(*w));
}

/* Positions are zero-based; the sequence after 2^64 - 1 has no name, so it stays there. */
static inline uint64_t stream_sequence(uint64_t position)
{
	return position == UINT64_MAX ? UINT64_MAX : position + 1;
}

#endif
