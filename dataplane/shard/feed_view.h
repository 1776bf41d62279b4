/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Feed view: what a cursor knows about its feed as a whole, as of its own position: session, epoch,
 * next sequence, the last GAP, the system event, and for feeds with locates which symbol a locate
 * stands for. Two cursors at different positions never share one. A view only moves forward, along
 * with its cursor; a catch-up cursor starts with a copy of the class cursor's.
 *
 * Interest: the bits of the record's interest mask for which the class must look. It grows with the
 * symbols that the class takes. A locate means something within its session only, so for feeds with
 * locates the mask starts again with each session; symbol hashes mean the same for ever.
 *
 * Private to the room; in the shard's memory, not in a region: it is rebuilt from the log.
 */
#ifndef DATAPLANE_SHARD_FEED_VIEW_H
#define DATAPLANE_SHARD_FEED_VIEW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/protocol.h"

#define VIEW_LOCATES 65536u
#define VIEW_NONE    UINT32_MAX

/* A class that takes nothing yet still looks into records that concern everybody (all bits set). */
#define VIEW_INTEREST_LEAST 1ull

struct view_locate {
	uint32_t symbol; /* told by the directory message of this session; VIEW_NONE: none came */
	uint32_t link;   /* where order messages go: first link of a route, ROUTE_NONE or
	                    ROUTE_MULTI (route.h) */
};

struct feed_view {
	uint64_t next_sequence;
	uint64_t interest;
	uint64_t gap_end_sequence; /* of the last GAP; gap_epoch 0: there was none */
	uint32_t gap_epoch;
	uint32_t epoch;
	struct session_key session;
	char system_event;           /* as on the wire; 0: none yet */
	bool takes_all;              /* some group takes every symbol */
	uint32_t locates_used;       /* entries from here on are untouched */
	struct view_locate *locates; /* NULL: the feed has none */
};

/* Bytes of the locate table. */
uint64_t feed_view_bytes(bool by_locate);
/* locates: feed_view_bytes() of memory, or NULL. interest: what the class looks for already. */
void feed_view_init(struct feed_view *v, struct view_locate *locates, bool takes_all,
                    uint64_t interest);
/* At a RESET: a new session; locates mean nothing any more. */
void feed_view_reset(struct feed_view *v, uint32_t epoch, uint64_t first_sequence,
                     const char session[24]);
/* At a GAP [first, first + missing). */
void feed_view_gap(struct feed_view *v, uint64_t first_sequence, uint64_t missing);
void feed_view_copy(struct feed_view *to, const struct feed_view *from);

/* The class takes a symbol with this interest bit. */
static inline void feed_view_take(struct feed_view *v, uint32_t bit)
{
	v->interest |= 1ull << (bit & 63);
}

/* To be written to; see feed_view_peek(). */
static inline struct view_locate *feed_view_locate(struct feed_view *v, uint32_t locate)
{
	assert(locate < VIEW_LOCATES);
	if (locate >= v->locates_used)
		v->locates_used = locate + 1;
	return &v->locates[locate];
}

static inline const struct view_locate *feed_view_peek(const struct feed_view *v, uint32_t locate)
{
	assert(locate < VIEW_LOCATES);
	return &v->locates[locate];
}

#endif
