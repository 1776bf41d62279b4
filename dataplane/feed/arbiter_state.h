/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arbiter's state in its region: indices and positions only. What every packet touches comes
 * first, in one page; parking follows the struct.
 */
#ifndef DATAPLANE_FEED_ARBITER_STATE_H
#define DATAPLANE_FEED_ARBITER_STATE_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/line_health.h"
#include "dataplane/feed/lost.h"
#include "dataplane/feed/outlet.h"
#include "dataplane/feed/parking.h"
#include "dataplane/feed/session.h"
#include "dataplane/feed/skew.h"
#include "dataplane/feed/waiting.h"

struct arbiter_state {
	uint64_t expected;  /* position of the next message to deliver */
	uint64_t now_ns;    /* as last given */
	uint64_t datagrams; /* of the feed, malformed ones too: holes age by them */
	uint64_t end_position;
	uint64_t grace_end_ns; /* UINT64_MAX: no session waits */
	uint64_t gap_end_sequence;
	uint32_t gap_epoch;
	uint32_t epoch;
	uint32_t joined;      /* expected is set in this session */
	uint32_t end_known;   /* an END said where the session ends ... */
	uint32_t ended;       /* ... and its record is written */
	uint32_t time_source; /* of the last packet */
	uint64_t join_end;    /* position of the first message seen of the session */
	uint64_t asked_end;   /* arbiter_note_asked() */
	struct arbiter_stats stats;
	struct line lines[LINES_MAX];
	struct line_health health;
	struct waiting waiting;
	struct sessions sessions;
	/* Less often touched from here on. */
	struct line_window windows[LINES_MAX];
	struct outlet outlet;
	alignas(16) struct skew skew; /* see the assertion below */
	struct lost_ranges lost;
};

#define ARBITER_HOT_BYTES      offsetof(struct arbiter_state, sessions.left)
#define ARBITER_PARKING_OFFSET ((sizeof(struct arbiter_state) + 63) & ~(uint64_t)63)

static_assert(offsetof(struct arbiter_state, skew) % sizeof(struct skew_sample) == 0,
              "a sample never crosses a page");
static_assert(ARBITER_HOT_BYTES <= REGION_PAGE_BYTES, "one page is marked per packet");

static inline struct parking_room arbiter_parking(const struct arbiter *a)
{
	uint8_t *base = (uint8_t *)a->state + ARBITER_PARKING_OFFSET;

	return parking_room((struct parking *)(void *)base, a->region, a->pool, a->pool_user);
}

#endif
