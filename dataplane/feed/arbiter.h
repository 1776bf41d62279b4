/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arbiter: many lines in, one stream out. Picture a turnstile that knows the next number: whoever
 * brings it first passes, copies are turned away, those who come early wait beside it (parking),
 * and when a number has been waited for long enough it is declared missing (GAP) and the next one
 * passes.
 *
 * Works per message sequence, not per packet: lines may cut the stream differently. Never asks for
 * a clock, never allocates: time is given, parking takes segments from the shared pool. Writes the
 * log: DATA, GAP, RESET, END.
 *
 * Sessions: MoldUDP64 by session string; a rewind inside a session changes nothing. IEX-TP
 * (protocol->restarts_at_one): a new session id, or first sequence 1 after a higher one with a send
 * time later than any in the run; what was sent before the run began belongs to a run already left.
 * reset_grace keeps the old session open that long for the slower line. Absence: a sequence is
 * known missing when any header claims a later one. It is given up when hold_packets further
 * packets of the feed and hold_ns have passed since then, when parking is full, when its session is
 * left, or at the end of the input.
 *
 * With a ladder (ladder.h) missing messages are asked for: hold_packets and the lines' skew do not
 * count then; a hole is given up when the ladder says so, after hold_ns at the latest. What servers
 * bring comes in by arbiter_on_recovered() and counts as a line of its own, number line_count, that
 * has no part in the lines' skew and health.
 *
 * One owner: the feed's receive core. Inner positions are zero-based (sequence - 1), so 2^64 needs
 * no special case.
 */
#ifndef DATAPLANE_FEED_ARBITER_H
#define DATAPLANE_FEED_ARBITER_H

#include <stdint.h>

#include "dataplane/feed/line.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/log/log.h"
#include "dataplane/memory/region.h"

enum arbiter_join { ARBITER_JOIN_FIRST_SEEN, ARBITER_JOIN_FROM_ONE };

struct arbiter_options {
	uint64_t hold_ns;        /* gap.hold_max; 0: publish the GAP at once */
	uint64_t hold_packets;   /* and this many further packets of the feed (replay: 1024) */
	uint64_t reset_grace_ns; /* 0: leave a session at the first packet of the next */
	uint32_t parking_segments_max;
	uint32_t parking_pieces_max; /* pieces of stream that may wait at a time */
	uint32_t line_count;         /* <= LINES_MAX */
	bool learned_wait; /* gap.wait: not hold_ns but what the lines' skew says, at most hold_ns
	                    */
	bool ladder;       /* a ladder asks for what is missing; line_count < LINES_MAX */
	uint64_t join_hold_ns; /* with a ladder, ARBITER_JOIN_FROM_ONE: in place of hold_ns for what
	                          lies before the first message seen of a session */
	enum arbiter_join join;
};

/* Published counters; ids, units and help in dataplane/stats.h. */
struct arbiter_stats {
	uint64_t packets;    /* datagrams given to arbiter_on_packet() */
	uint64_t duplicates; /* messages already delivered, waiting, or below the joining point */
	uint64_t late;       /* messages that came after their range was given up */
	uint64_t parked;     /* messages that had to wait (out of order) */
	uint64_t healed;     /* messages once known missing that a line still brought */
	uint64_t healed_by_other_line; /* of these: by another line than the one that revealed the
	                                  absence */
	uint64_t healed_by_recovery;   /* of these: by a server */
	uint64_t recovered_refused;    /* packets of servers that cannot be what was asked for */
	uint64_t gaps;                 /* maximal missing ranges given up */
	uint64_t lost_messages;
	uint64_t lost_by_reason[GAP_REASON_COUNT];
	uint64_t session_resets;
	uint64_t sessions_ended;        /* END records */
	uint64_t stale_session_packets; /* of a session already left */
	uint64_t rewinds;        /* packets wholly below the stream's next message, by more than a
	                            duplicate would explain */
	uint64_t parking_bytes;  /* gauge */
	uint64_t parking_pieces; /* gauge */
	uint64_t wait_ns; /* gauge: how long a missing message was waited for when one last was */
	uint64_t parking_full; /* times something did not fit and a range was given up for it */
};

struct arbiter_state; /* in the region: indices only, arbiter.c */

struct arbiter { /* process-local handle */
	struct arbiter_state *state;
	struct region *region;
	struct segment_pool *pool; /* parking takes segments from it, as a user of its own */
	struct log_writer *log;
	struct message_scan *scan;
	const struct protocol *protocol;
	struct arbiter_options options;
	uint64_t horizon_ns; /* arbiter_set_horizon() */
	uint32_t pool_user;
};

struct arbiter_setup {
	struct region *region; /* at least arbiter_bytes() left */
	struct segment_pool *pool;
	struct log_writer *log;
	struct message_scan *scan;
	const struct protocol *protocol;
	struct arbiter_options options;
};

/* Bytes of region an arbiter with these options takes. */
uint64_t arbiter_bytes(const struct arbiter_options *o);
/* Places the state in the region and registers with the pool. 0, -EINVAL, -ENOSPC. */
int arbiter_init(struct arbiter *a, const struct arbiter_setup *s);

/* A parsed datagram of `line`. Appends what it completes; the caller publishes the log once per
 * burst. */
void arbiter_on_packet(struct arbiter *a, uint32_t line, const struct feed_packet *p,
                       uint64_t now_ns, uint8_t time_source);
/* A datagram of the feed that brought nothing (malformed): it counts as a further packet. */
void arbiter_on_malformed(struct arbiter *a, uint32_t line, uint64_t now_ns);

/* Once per turn: gives up what has been waited for long enough, ends a grace. */
void arbiter_poll(struct arbiter *a, uint64_t now_ns);
/* What was received later than horizon_ns may still wait before the arbiter, packets of other lines
 * among it: until told otherwise no hole and no grace ages beyond. UINT64_MAX (at first): nothing
 * waits. */
static inline void arbiter_set_horizon(struct arbiter *a, uint64_t horizon_ns)
{
	a->horizon_ns = horizon_ns;
}
/* The earliest time at which arbiter_poll() may have work; UINT64_MAX: none. */
uint64_t arbiter_deadline_ns(const struct arbiter *a);
/* A replayed input is over: everything still missing is given up with GAP_INPUT. */
void arbiter_on_input_end(struct arbiter *a, uint64_t now_ns);

/* ---- for the ladder: positions are zero-based, sequence - 1 ---- */

struct arbiter_hole { /* messages known missing: [first, end) */
	uint64_t first;
	uint64_t end;
	uint64_t since_ns; /* known */
	uint32_t line;     /* that revealed it */
	bool is_joining;   /* lies before the first message seen of the session */
};

/* Fills `out` with holes at or after *from, in order, and moves *from behind what was looked at: a
 * call looks at no more than ARBITER_HOLES_PIECES waiting pieces. */
#define ARBITER_HOLES_PIECES 256u
uint32_t arbiter_holes(const struct arbiter *a, uint64_t *from, struct arbiter_hole *out,
                       uint32_t max);
/* The first messages in [*first, *end) that are missing; narrows the range to them. False: none
 * is. */
bool arbiter_missing(const struct arbiter *a, uint64_t *first, uint64_t *end);
/* The stream waits for a message in [first, end): gives up what is missing there, up to the next
 * message that waits. False: it does not wait for one of them. */
bool arbiter_give_up(struct arbiter *a, uint64_t first, uint64_t end, enum gap_reason reason,
                     uint64_t now_ns);
/* What lies below was asked for: given up by age, it is GAP_UNANSWERED. */
void arbiter_note_asked(struct arbiter *a, uint64_t end);
/* How long another line may still bring what one lacks: by the lines' skew if that is learned, at
 * most max_ns; 0 when no two lines are waited for. */
uint64_t arbiter_line_wait_ns(const struct arbiter *a, uint64_t max_ns);
/* A server's packet, read. Returns how many of its messages nobody had brought before. */
uint64_t arbiter_on_recovered(struct arbiter *a, const struct feed_packet *p, uint64_t now_ns,
                              uint8_t time_source);
/* Position of the next message to be delivered; 0 before the first packet. */
uint64_t arbiter_expected(const struct arbiter *a);

const struct arbiter_stats *arbiter_stats(const struct arbiter *a);
/* With a ladder, line_count is the line of what servers brought. */
const struct line_stats *arbiter_line_stats(const struct arbiter *a, uint32_t line);
/* Epoch and end (first sequence after it) of the last GAP record; epoch 0: there was none. */
void arbiter_last_gap(const struct arbiter *a, uint32_t *epoch, uint64_t *end_sequence);
uint32_t arbiter_epoch(const struct arbiter *a);
/* Next sequence to be delivered (1-based; 0 before the first packet). */
uint64_t arbiter_next_sequence(const struct arbiter *a);
const struct session_key *arbiter_session(const struct arbiter *a);

#endif
