/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Parking: where messages wait that came before their turn.
 *
 * Two things in one place. The index holds pieces of the stream, never overlapping, ordered by
 * position (a skip list of fixed nodes, so every step is O(log n) and nothing is allocated). A
 * piece of length zero is a marker: nothing waits there, but somebody claimed everything below it.
 * So each hole ends at exactly one piece, and that piece remembers when the hole's absence was
 * seen. The store holds the bytes: 2 MiB segments of the shared pool, filled front to back, each
 * given back when its last byte is taken out.
 *
 * The state lies in a region: indices only, index 0 is the list's head and means "none". One owner.
 */
#ifndef DATAPLANE_FEED_PARKING_H
#define DATAPLANE_FEED_PARKING_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/log/segment.h"
#include "dataplane/memory/region.h"
#include "resilience/prng.h"

#define PARKING_LEVELS       10u /* 4^10 pieces before a search gets longer than O(log n) */
#define PARKING_SEGMENTS_MAX 65536u
#define PARKING_PIECES_MAX   (1u << 24)
#define PARKING_BYTES_MAX    (SEGMENT_BYTES - SEGMENT_FIRST_RECORD) /* of one stored run */

struct parking_spot {  /* where bytes lie */
	uint32_t slot; /* in the segment table */
	uint32_t offset;
};

struct parking_absence { /* when, and by whom, the hole before a piece was revealed */
	uint64_t ns;
	uint64_t packets; /* the feed's datagrams by then */
	uint32_t line;
	uint32_t reserved;
};

struct parking_piece {
	uint64_t first; /* position */
	uint64_t end;   /* position after the last message; == first: a marker */
	struct parking_absence absence;
	uint64_t time_ns; /* when it arrived */
	struct parking_spot spot;
	uint32_t bytes;
	uint8_t line;
	uint8_t time_source;
	uint8_t levels;
	uint8_t reserved;
	uint32_t next[PARKING_LEVELS];
};

static_assert(sizeof(struct parking_piece) == 104, "no padding in the region");

struct parking_segment {
	uint32_t segment; /* in the pool */
	uint32_t used;    /* bytes from its start; 0: this slot is free */
	uint32_t live;    /* stored runs in it */
	uint32_t reserved;
};

struct parking { /* in the region, followed by the segment table and the pieces */
	uint32_t segments_max;
	uint32_t pieces_max;
	uint32_t pieces; /* linked, markers included */
	uint32_t fresh;  /* pieces never used yet start here */
	uint32_t free;   /* head of the list of used ones, through next[0] */
	uint32_t last;   /* highest piece */
	uint32_t segments_held;
	uint32_t filling; /* slot + 1 that new bytes go to; 0: none */
	uint64_t bytes;   /* stored */
	struct prng random;
};

struct parking_room { /* process-local handle, cheap to make */
	struct parking *state;
	struct parking_segment *segments;
	struct parking_piece *pieces; /* [0] is the head */
	struct region *region;
	struct segment_pool *pool;
	uint32_t user;
};

/* A place in the list: at every level the last piece that begins before a position. Valid until the
 * list changes by another path. */
struct parking_path {
	uint32_t before[PARKING_LEVELS];
};

uint64_t parking_bytes(uint32_t segments_max, uint32_t pieces_max);
/* Formats zeroed memory. */
void parking_init(struct parking *p, uint32_t segments_max, uint32_t pieces_max);
struct parking_room parking_room(struct parking *p, struct region *r, struct segment_pool *pool,
                                 uint32_t user);

/* Copies bytes (1..PARKING_BYTES_MAX) into a segment. False: no space, nothing changed. */
bool parking_store(struct parking_room *k, const void *bytes, uint32_t count,
                   struct parking_spot *spot);
void parking_unstore(struct parking_room *k, struct parking_spot spot, uint32_t count);

/* A free piece, not yet linked; 0: all are in use. */
uint32_t parking_take(struct parking_room *k);
/* Gives a piece back that is not linked. Its bytes are the caller's to unstore. */
void parking_put(struct parking_room *k, uint32_t piece);

void parking_seek(const struct parking_room *k, uint64_t position, struct parking_path *path);
/* Links a piece right after the path. */
void parking_link(struct parking_room *k, const struct parking_path *path, uint32_t piece);
/* Unlinks the piece right after the path. */
void parking_unlink(struct parking_room *k, const struct parking_path *path);
/* Unlinks the lowest piece. */
void parking_unlink_first(struct parking_room *k);

static inline uint32_t parking_first(const struct parking_room *k)
{
	return k->pieces[0].next[0];
}

static inline uint32_t parking_after(const struct parking_room *k, const struct parking_path *path)
{
	return k->pieces[path->before[0]].next[0];
}

/* Where the highest piece ends; 0 when there is none. */
static inline uint64_t parking_end(const struct parking_room *k)
{
	return k->pieces[k->state->last].end;
}

static inline const uint8_t *parking_at(const struct parking_room *k, struct parking_spot spot)
{
	assert(spot.slot < k->state->segments_max);
	return segment_at(k->pool, k->segments[spot.slot].segment) + spot.offset;
}

#endif
