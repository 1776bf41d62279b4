/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Session: whose packet is this? The arbiter is inside one session (for IEX-TP: one run of it) and
 * may have a next one waiting at the door. Everything else is either a session never seen, which
 * is new, or one that was left, whose late packets mean nothing any more.
 *
 * The names of the last SESSION_LEFT_MAX left sessions are remembered, found by hash; one left
 * longer ago would be taken for new. Pure bookkeeping in the arbiter's region.
 */
#ifndef DATAPLANE_FEED_SESSION_H
#define DATAPLANE_FEED_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/feed/protocol.h"

#define SESSION_LEFT_MAX 16384u

enum session_verdict {
	SESSION_CURRENT,
	SESSION_NEXT,  /* of the session that waits for the current one to end */
	SESSION_STALE, /* of one already left */
	SESSION_NEW,
};

struct session_run {
	struct session_key key;
	uint64_t began_ns;           /* send time of the packet that began it */
	uint64_t sent_ns_max;        /* latest send time in it */
	uint64_t first_sequence_max; /* highest first sequence in it */
	uint32_t restarted;          /* began by a restart under the same key */
	uint32_t reserved;
};

struct session_left {
	struct session_key key;
	uint32_t next; /* left session of the same hash, plus one; 0: none */
	uint32_t reserved;
};

struct sessions {
	struct session_run current;
	struct session_run next;
	uint32_t has_current;
	uint32_t has_next;
	uint32_t left_count;
	uint32_t left_at; /* where the next one left goes */
	/* From here on only session_enter() writes. */
	struct session_left left[SESSION_LEFT_MAX];
	uint32_t left_first[SESSION_LEFT_MAX]; /* by hash: a left session, plus one; 0: none */
};

static inline bool session_key_equal(const struct session_key *a, const struct session_key *b)
{
	uint64_t x[3];
	uint64_t y[3];

	memcpy(x, a->name, sizeof(x));
	memcpy(y, b->name, sizeof(y));
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2])) == 0;
}

/* A packet was accepted as one of this run. */
static inline void session_note(struct session_run *r, const struct feed_packet *p)
{
	if (p->send_time_ns > r->sent_ns_max)
		r->sent_ns_max = p->send_time_ns;
	if (p->first_sequence > r->first_sequence_max)
		r->first_sequence_max = p->first_sequence;
}

/* The common case, decided in a few compares: true means SESSION_CURRENT, false means ask
 * session_classify(). */
static inline bool session_plainly_current(const struct sessions *s, bool restarts_at_one,
                                           const struct feed_packet *p)
{
	if (!session_key_equal(&s->current.key, &p->session))
		return false;
	if (s->has_next != 0 || s->has_current == 0)
		return false;
	if (!restarts_at_one)
		return true;
	return p->first_sequence != 1 && p->send_time_ns >= s->current.began_ns;
}

enum session_verdict session_classify(const struct sessions *s, bool restarts_at_one,
                                      const struct feed_packet *p);
/* Puts the packet's session at the door. */
void session_await(struct sessions *s, const struct feed_packet *p);
/* Leaves the current session, if there is one, and enters the waiting one. */
void session_enter(struct sessions *s);

#endif
