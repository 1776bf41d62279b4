/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Shard: one worker core's groups, moved along by cursors on the feeds' logs.
 *
 * Per feed three cursors: critical runs first and stays at the head; normal runs with a budget when
 * no critical one is behind, and may lag; catch-up (per class) starts at the oldest detached
 * group's position and delivers to each group only what lies beyond its own, until it meets the
 * class cursor on a turn boundary and the group is attached again. Each cursor has its own
 * feed_view: the feed-wide state (ITCH locate -> symbol, system event, session) as of its own
 * position.
 *
 * Routing: symbol id -> the groups of this class that take it, decided when the symbol is first
 * seen. Records whose interest mask has no bit of the class are skipped with one AND. An order
 * message finds its order by reference alone; where several groups of a class could have it (a feed
 * that uses one locate for two symbols), they are asked in turn.
 *
 * One owner. shard_step() is the whole turn's share of a shard; no clock, no syscall, no
 * allocation, no lock.
 */
#ifndef DATAPLANE_SHARD_SHARD_H
#define DATAPLANE_SHARD_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/directory.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/log/cursor.h"
#include "dataplane/shard/board.h"
#include "dataplane/shard/group.h"
#include "dataplane/shard/input.h"
#include "resilience/histogram.h"

#define SHARD_FEEDS_MAX 8u

struct shard_feed_setup {
	const struct protocol *protocol;
	const struct log *log;
	const struct directory *directory;
	struct board *board; /* may be NULL (tests) */
};

struct shard_options {
	uint32_t id; /* < BOARD_SHARDS_MAX */
	uint32_t feed_count;
	struct shard_feed_setup feeds[SHARD_FEEDS_MAX];
	struct group *const *groups; /* initialised groups of this shard, owned by the caller */
	uint32_t group_count;
	uint32_t critical_budget; /* records per turn and feed; also bounds the turn */
	uint32_t normal_budget;   /* 0 in a turn that leaves a critical cursor behind */
	uint32_t catch_up_budget;
	/* The input log, of this shard alone, as its only writer; NULL: no group has inputs. */
	struct log_writer *inputs;
	uint64_t input_turns; /* that it holds already; 0: it is new */
};

struct shard_stats {
	uint64_t turns;
	uint64_t records;           /* looked at */
	uint64_t records_skipped;   /* by interest mask */
	uint64_t messages;          /* walked */
	uint64_t delivered;         /* given to a group */
	uint64_t orphan_references; /* no group of the class had the order */
	uint64_t unroutable;        /* no group takes the symbol */
	uint64_t gaps_seen;
	uint64_t resets_seen;
	uint64_t ends_seen;
	uint64_t board_writes;
	uint64_t groups_detached;    /* gauge */
	uint64_t groups_quarantined; /* gauge */
	uint64_t critical_lag_bytes; /* gauge, worst feed */
	uint64_t normal_lag_bytes;   /* gauge */
	uint64_t busy_turns;         /* turns that moved a cursor */
	uint64_t catch_up_lag_bytes; /* gauge: from the oldest position that detached groups hold to
	                                their class's, worst */
	uint64_t caught_up;          /* times a detached group was attached again */
	uint64_t trades_broken;      /* break messages that met a group */
	uint64_t routes_refused;     /* a group's share of a symbol that no link was left for */
	uint64_t board_refused;      /* rows another shard writes */
	uint64_t latency_unrecorded; /* records applied beyond the turn's latency list */
	uint64_t critical_lag_messages; /* gauge, worst feed */
	uint64_t normal_lag_messages;   /* gauge */
	uint64_t requests;              /* that components made and the owner took */
	uint64_t requests_sent;         /* that may have left */
	uint64_t replies;               /* delivered to components */
	uint64_t replies_unexpected;    /* to no request that is under way */
	uint64_t replies_too_long;      /* beyond COMPONENT_BYTES_MAX: told as failures */
	uint64_t timers;                /* told */
	uint64_t commands;              /* told */
	uint64_t commands_refused;      /* to nobody, too long, or no room */
	uint64_t inputs_refused;        /* times the input log had no room: inputs wait */
	uint64_t inputs_replayed;
};

struct shard;          /* shard_private.h */
struct component_slot; /* component_inputs.h */

uint64_t shard_bytes(const struct shard_options *o);
/* Builds the shard in the given zeroed memory and registers its cursors. 0, -EINVAL, -EMFILE
 * (cursors). */
int shard_init(struct shard **out, void *memory, uint64_t bytes, const struct shard_options *o);

/* Gives back the claims of its cursors, so that the logs may go on without it; the memory is the
 * caller's again. On the owner's thread. */
void shard_finish(struct shard *s);

/* One turn at time now_ns. Returns the records moved past (0: idle). */
uint32_t shard_step(struct shard *s, uint64_t now_ns);

/* Control's wishes, carried out at the next turn boundary by the owner (call on the owner's
 * thread). */
void shard_detach(struct shard *s, uint32_t group);
void shard_reattach(struct shard *s, uint32_t group);

/* A group that is not attached loses all it has (group_restart()) and waits at the beginning of its
 * log, which is held from now on: shard_reattach() has it read everything again. On the owner's
 * thread, between two turns. A group with inputs lives through its input log then, too
 * (shard_replay_begin()). 0; -EBUSY: it is attached, or on its way back; -ESTALE: the log's
 * beginning is gone (then it has lost nothing yet). */
int shard_restart(struct shard *s, uint32_t group);

const struct shard_stats *shard_stats(const struct shard *s);
/* Wire-to-book: from a record's receive time to the turn after the one that applied it (an upper
 * bound). */
struct histogram *shard_latency(struct shard *s);
/* All class cursors of all feeds stand at the head they last saw, no catch-up is under way. */
bool shard_at_head(const struct shard *s);

/* ---- inputs of components (input.h); on the owner's thread ---- */

/* Components of the groups that have inputs, and how many requests they may have under way. */
void shard_count_inputs(const struct shard_options *o, uint32_t *components, uint32_t *requests);

struct shard_request { /* of a component, with its bytes, which stay as they are until its reply */
	const struct component_slot *what;
	uint64_t number;
	uint32_t actor; /* the shard's number of the component */
	uint32_t slot;
	bool may_have_been_sent; /* before a replay: asked again only if it may be repeated, else
	                            its reply is UNKNOWN */
};

struct shard_reply {
	uint64_t number;
	const uint8_t *payload;
	uint32_t actor;
	uint32_t slot;
	uint32_t payload_bytes;
	uint16_t code;
	uint8_t outcome; /* enum component_outcome */
};

/* After a turn: the next request that nobody has taken yet. False: there is none. */
bool shard_next_request(struct shard *s, struct shard_request *out);
/* To be called before the request's first packet can leave; then shard_publish_inputs(), once for
 * all of a turn, and only then may they. False: the input log has no room, it must not leave. */
bool shard_on_sent(struct shard *s, const struct shard_request *r);
/* A request ended: the component is told in the next turn (in which its group is attached). The
 * payload is copied. False: no such request is under way, or it has its reply. */
bool shard_on_reply(struct shard *s, const struct shard_reply *r);
/* Tells component `component` of group `group` in the next turn. False: refused, see stats. */
bool shard_on_command(struct shard *s, const struct input_place *to, const uint8_t *bytes,
                      uint32_t count);
void shard_publish_inputs(struct shard *s);
/* When a component's timer may be due; UINT64_MAX: none is armed. */
uint64_t shard_due_ns(const struct shard *s);

/* ---- replay of a group's inputs ----
 *
 * The group is detached and stands where its state was saved (or at the beginning). Between begin
 * and end the input log's records are given to it in order, from the first TURN behind that place
 * on; those of other groups are stepped over. The other groups may be moved meanwhile. Nothing is
 * asked or sent. */

enum shard_replay {
	SHARD_REPLAYED,
	SHARD_REPLAY_NOT_YET, /* the feed's log is not so far: give the record again later */
	SHARD_REPLAY_DAMAGED, /* no input record, or one that cannot be of this group's past */
	SHARD_REPLAY_FAILED,  /* a component failed: the group is in quarantine */
};

/* 0, -EBUSY (another group is replayed, or catches up), -EINVAL (not detached, or without inputs).
 */
int shard_replay_begin(struct shard *s, uint32_t group);
enum shard_replay shard_replay_input(struct shard *s, const struct record *r);
/* The group returns to its class by itself; its open requests come from shard_next_request(), those
 * among them that its owner has under way already, too: it knows them by actor and number. */
void shard_replay_end(struct shard *s);

#endif
