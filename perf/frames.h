/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Frames: a day's packets in memory, made before anything is measured: a made-up ITCH 5.0, DEEP
 * 1.0 or TOPS 1.6 day on one line without impairments, or a capture.
 *
 * Allocates; one owner; read-only once made.
 */
#ifndef PERF_FRAMES_H
#define PERF_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/protocol.h"

#define FRAMES_ERROR_BYTES 256u

struct frames_options {
	const char *capture;  /* NULL: a made-up day */
	const char *protocol; /* "itch50", "deep10", "tops16"; of the capture too */
	uint64_t seed;        /* of a made-up day, as all below */
	uint64_t messages;
	uint32_t symbols;
	uint32_t live;            /* orders, at most; 0: what suits the number of messages */
	uint32_t packet_messages; /* in every packet; 0: as in real captures */
};

struct frame_span {
	uint64_t offset;
	uint32_t bytes;
	uint32_t messages; /* 0: heartbeats, and whatever is no packet of the feed */
};

struct frames {
	const struct protocol *protocol;
	uint8_t *bytes;
	struct frame_span *spans;
	uint64_t used; /* of bytes */
	uint64_t room;
	uint64_t count;
	uint64_t count_room;
	uint64_t messages;
};

/* 0 or -errno with one clear line. */
int frames_make(struct frames *f, const struct frames_options *o, char error[FRAMES_ERROR_BYTES]);
void frames_free(struct frames *f); /* accepts a zeroed struct */

/* The packet of frame i; false: it brings no messages. */
bool frames_packet(const struct frames *f, uint64_t i, struct feed_packet *p);

static inline const uint8_t *frames_at(const struct frames *f, uint64_t i)
{
	return f->bytes + f->spans[i].offset;
}

#endif
