/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ladder: how gaps heal themselves. Picture a clerk beside the arbiter's turnstile with a list of
 * the numbers that are missing. For each range he (1) waits a moment for the other line, (2) asks
 * the servers for it, a piece per letter and a few letters at a time, asks at once for what a reply
 * left out, (3) notes where only a snapshot would help, and (4) declares missing what nobody can
 * bring in time, so that the stream never waits longer than gap.hold_max.
 *
 * He sends nothing himself. Outputs are values: ASK (whoever owns the operations submits one, whose
 * attempts, hedges, retries and servers' health are its own business), RECALL (it is needed no
 * more), SNAPSHOT. What became of an ask is told to him as a fact:
 *
 *   ladder_poll(l, arbiter, now, out, max)             -> ASK ...
 *   ladder_on_verdict(l, tag, verdict, operation, now)    the operation was accepted, or not
 *   ladder_expects(l, tag, packet)                        before a reply may complete it
 *   fresh = arbiter_on_recovered(arbiter, packet, ...)
 *   ladder_on_done(l, &(struct ladder_end){tag, SUCCESS, messages, fresh}, now)
 *
 * Nothing is asked twice at a time, nothing that is delivered or waits in parking, and nothing
 * while the engine itself is what drops packets (overload). All tables are of fixed size; what does
 * not fit waits in the arbiter's parking, where its time goes on.
 *
 * Pure: no clock, no memory, integers only. One per feed, one owner: the feed's receive core.
 * Positions are zero-based (sequence - 1).
 */
#ifndef DATAPLANE_FEED_LADDER_H
#define DATAPLANE_FEED_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/protocol.h"
#include "resilience/budget.h"
#include "resilience/operation.h"
#include "resilience/service.h"

#define LADDER_RANGES_MAX 64u
#define LADDER_PIECES_MAX 64u
#define LADDER_TAG_BITS   40u /* of a tag that are the ladder's; those above are the caller's */

struct ladder_options {
	uint64_t wait_ns;        /* for another line, at most (gap.wait) */
	uint64_t hold_ns;        /* gap.hold_max; 0: the arbiter publishes GAPs at once, and nothing
	                            is asked */
	uint64_t deadline_ns;    /* recovery of a range, from when it is known; the joining range is
	                            bounded by this alone, all others by hold_ns as well */
	uint64_t retry_ns;       /* until a piece is asked again that nobody brought; doubles */
	uint64_t overload_ns;    /* so long after a sign of overload nothing is asked */
	uint64_t recover_max;    /* messages; a longer range is not asked */
	uint64_t snapshot_above; /* messages; for a longer range a snapshot is wanted */
	uint32_t pieces;         /* asks under way at a time; 1 to LADDER_PIECES_MAX */
	uint32_t reply_messages; /* that fit a reply, until replies have shown it; 1 to 65534 */
	struct budget_options budget; /* of asks */
};

/* Published; ids, units and help in dataplane/stats.h. */
struct ladder_stats {
	uint64_t ranges;            /* taken up */
	uint64_t asks;              /* pieces asked, again and rests included */
	uint64_t asked_messages;    /* in them */
	uint64_t replies;           /* that ended an ask */
	uint64_t recovered;         /* messages that replies brought first */
	uint64_t duplicates;        /* messages of replies that had come by then */
	uint64_t partial;           /* replies with fewer messages than asked */
	uint64_t wrong;             /* replies to something else than what was asked */
	uint64_t again;             /* asks of a piece that was asked before and not answered */
	uint64_t unanswered;        /* asks that ended without a reply */
	uint64_t refused;           /* asks that were not accepted */
	uint64_t recalled;          /* asks taken back: a line brought it, or it was given up */
	uint64_t stale;             /* ends and replies of asks that are over */
	uint64_t storms;            /* ranges above recover_max, not asked */
	uint64_t storm_messages;    /* in them */
	uint64_t overload_messages; /* not asked, since the engine itself drops packets */
	uint64_t snapshots;         /* wanted */
	uint64_t given_up_messages; /* by the ladder, before the arbiter did */
	uint64_t budget_waits;      /* polls in which the budget held asks back */
	uint64_t table_waits;       /* polls in which more ranges were missing than fit the table */
	uint64_t asks_now;          /* gauge: under way */
	uint64_t ranges_now;        /* gauge: not yet fully asked */
	uint64_t reply_messages;    /* gauge: that are reckoned to fit a reply */
	uint64_t current_sequence;  /* gauge: what the stream waits for; 0: nothing */
	uint64_t current_messages;  /* gauge: of its range, still missing */
	uint64_t current_since_ns;  /* gauge: known missing */
	uint64_t current_step;      /* gauge: enum ladder_step */
	uint64_t is_overloaded;     /* gauge */
};

/* Where a range stands. */
enum ladder_step {
	LADDER_IDLE,
	LADDER_LINES,    /* another line may bring it */
	LADDER_SERVERS,  /* servers are asked, or it is its turn soon */
	LADDER_SNAPSHOT, /* too long to ask for; a snapshot is wanted */
	LADDER_GAP,      /* given up as soon as the stream comes to it */
};

enum ladder_output_kind {
	LADDER_ASK,
	LADDER_RECALL,        /* of tag and operation */
	LADDER_WANT_SNAPSHOT, /* a state at or after first_sequence + count */
};

enum ladder_snapshot_reason {
	LADDER_SNAPSHOT_LONG,    /* above snapshot_above; it is being asked as well */
	LADDER_SNAPSHOT_UNASKED, /* above recover_max, too */
};

struct ladder_output {
	uint64_t tag;            /* ASK, RECALL */
	uint64_t operation;      /* RECALL: as told by ladder_on_verdict(); 0: was not */
	uint64_t first_sequence; /* ASK, SNAPSHOT */
	uint64_t count;          /* messages; ASK: at most 65534 */
	uint64_t deadline_ns;    /* ASK: later it would come too late */
	struct session_key session;
	uint8_t kind;   /* enum ladder_output_kind */
	uint8_t reason; /* SNAPSHOT: enum ladder_snapshot_reason */
};

/* How an operation ended. */
struct ladder_end {
	uint64_t tag;
	uint32_t messages; /* SUCCESS: in the reply */
	uint64_t fresh;    /* of these: arbiter_on_recovered() */
	enum operation_outcome outcome;
};

struct ladder_range { /* missing and not asked: [first, end) */
	uint64_t first;
	uint64_t end;
	uint64_t since_ns;
	uint64_t deadline_ns;
	uint8_t step;           /* enum ladder_step */
	uint8_t gap;            /* LADDER_GAP: enum gap_reason */
	bool is_self_inflicted; /* revealed while overloaded */
};

enum ladder_piece_state {
	LADDER_PIECE_FREE,
	LADDER_PIECE_WANTED, /* to be asked (again), from wanted_ns on */
	LADDER_PIECE_ASKED,
	LADDER_PIECE_GAP,
};

struct ladder_piece { /* of a range, being asked: [first, end) */
	uint64_t first;
	uint64_t end;
	uint64_t asked_end; /* of what the present ask asks for */
	uint64_t since_ns;
	uint64_t deadline_ns;
	uint64_t wanted_ns;
	uint64_t operation;
	uint32_t generation; /* in the tag */
	uint8_t state;       /* enum ladder_piece_state */
	uint8_t gap;         /* GAP: enum gap_reason */
	uint8_t failures;    /* in a row */
};

struct ladder {
	struct ladder_options options;
	struct ladder_stats stats;
	struct ladder_range ranges[LADDER_RANGES_MAX]; /* by position */
	struct ladder_piece pieces[LADDER_PIECES_MAX];
	struct budget budget;
	uint64_t tag_base;
	uint64_t seen;      /* position: holes below have been taken up */
	uint64_t settled;   /* the arbiter's counters when pieces were last compared with it */
	uint64_t drops;     /* likewise, of overload */
	uint64_t own_drops; /* given up by the ladder as such */
	uint64_t overload_until_ns;
	uint64_t due_ns;
	uint32_t epoch;
	uint32_t range_count;
	uint32_t piece_count; /* not FREE */
	uint32_t asked_count;
	uint32_t gap_count;  /* ranges and pieces that are to be given up */
	uint32_t reply_room; /* messages that fit a reply, in 32nds */
	bool reply_is_known; /* a reply has been too small for what was asked */
};

/* Sound settings for a hold of hold_ns. */
void ladder_options_standard(struct ladder_options *o, uint64_t hold_ns);
/* NULL, or which option is out of bounds and what they are. */
const char *ladder_options_check(const struct ladder_options *o);
/* Sound settings for the servers of one feed: a service, its nodes. Timeouts follow what is
 * learned, from a millisecond on; a dead server is looked for every 1 to 30 s. */
void ladder_service_options(struct service_options *o, uint32_t nodes);
/* 0 or -EINVAL: options, or a tag_base with bits of the ladder's. */
int ladder_init(struct ladder *l, const struct ladder_options *o, uint64_t tag_base,
                uint64_t now_ns);

/* Once per turn, after the turn's packets, before arbiter_poll(). Returns how many outputs. With
 * max >= 1 nothing is lost: what did not fit comes next time. */
uint32_t ladder_poll(struct ladder *l, struct arbiter *a, uint64_t now_ns,
                     struct ladder_output *out, uint32_t max);
/* The earliest time at which ladder_poll() may have work if nothing else happens. */
static inline uint64_t ladder_deadline_ns(const struct ladder *l)
{
	return l->due_ns;
}

/* What operation_submit() said of an ask. `operation`: for RECALL, 0 where not known. */
void ladder_on_verdict(struct ladder *l, uint64_t tag, enum operation_verdict verdict,
                       uint64_t operation, uint64_t now_ns);
/* Whether the packet can be the answer to the ask; if not, it must not complete it. Counts. */
bool ladder_expects(struct ladder *l, uint64_t tag, const struct arbiter *a,
                    const struct feed_packet *p);
/* To be called when an accepted operation has ended, after its reply went to the arbiter. */
void ladder_on_done(struct ladder *l, const struct ladder_end *end, uint64_t now_ns);
/* To be called when this engine dropped packets of the feed: a port's or a ring's room ran out. */
void ladder_on_drop(struct ladder *l, uint64_t now_ns);

#endif
