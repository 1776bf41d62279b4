/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The inside of a shard. Per feed and class a *lane*: its cursor, its view, its routes, its board
 * rows waiting to be written, and the catch-up of its detached groups. A *member* is a group as its
 * lane sees it. A *walk* is one record on its way through a lane.
 *
 * Files: shard.c builds it and makes the turn; walk.c takes a record apart; look_ahead.c asks the
 * cache for what comes; apply_itch.c, apply_deep.c and apply_tops.c say what a message does,
 * apply_iex.c what the latter two do alike; publish.c keeps the board; catch_up.c detached groups;
 * actors.c what components consume besides their feed, replay.c the same once more.
 */
#ifndef DATAPLANE_SHARD_SHARD_PRIVATE_H
#define DATAPLANE_SHARD_SHARD_PRIVATE_H

#include "dataplane/book/book_ahead.h"
#include "dataplane/shard/component_inputs.h"
#include "dataplane/shard/feed_view.h"
#include "dataplane/shard/input.h"
#include "dataplane/shard/route.h"
#include "dataplane/shard/shard.h"

#define SHARD_CLASSES      2u
#define SHARD_LATENCY_MAX  256u /* records per turn whose latency is recorded */
#define SHARD_COMMANDS_MAX 16u  /* that wait for a turn */
#define SHARD_INPUT_GROUPS_MAX                                            \
	((LOG_RECORD_PAYLOAD_MAX - (uint32_t)sizeof(struct input_turn)) / \
	 (uint32_t)sizeof(struct input_position))
#define PUBLISH_ROWS_MAX 4096u /* board rows written per lane and turn; the rest waits */

/* Who moves a group now. */
enum mover { MOVER_NONE, MOVER_CLASS, MOVER_CATCH_UP };

struct lane;

struct member {
	struct group *group;
	struct lane *lane;
	uint32_t *slot_link; /* slot -> link in the lane's routes; ROUTE_NONE: not known yet */
	uint32_t link_count; /* links of its own in use */
	uint8_t mover;       /* enum mover */
	bool wants_messages; /* some component has on_message */
	bool has_components;
	bool detach_wish;
	bool reattach_wish;
	bool returning;         /* detached, and to be attached again */
	uint32_t actor;         /* its first one */
	uint32_t actor_count;   /* components of its that have inputs */
	uint64_t logged_offset; /* position in the last TURN that named it */
};

/* A component that has inputs. */
struct actor {
	struct component_context *context;
	const struct component_ops *ops;
	struct member *member;
	struct input_place place;
	struct actor_reply *replies; /* one per slot: those that wait to be delivered */
};

struct actor_reply {
	uint64_t number; /* 0: none */
	uint32_t payload_bytes;
	uint16_t code;
	uint8_t outcome;
	uint8_t reserved;
	uint8_t payload[COMPONENT_BYTES_MAX];
};

struct actor_command {
	uint32_t actor;
	uint32_t bytes;
	uint8_t payload[COMPONENT_BYTES_MAX];
};

struct actors {
	struct input_log log;
	struct actor *items;
	uint32_t count;
	uint32_t slots; /* of all of them */
	struct component_watch watch;
	struct component_asked *waiting; /* replies to deliver, a ring, oldest first */
	uint32_t waiting_first;
	uint32_t waiting_count;
	struct actor_command *commands; /* likewise */
	uint32_t commands_first;
	uint32_t commands_count;
	uint32_t asked_next;              /* first of watch.asked that nobody has taken */
	struct input_position *positions; /* room for a TURN: one per group */
	struct member *replaying;         /* NULL: nobody */
	uint64_t replay_turn;             /* of its last input */
};

/* A symbol's row on the board, beside its link. */
struct publish_row {
	uint64_t sequence; /* of the last change that matters to the row */
	uint64_t time_ns;
	uint64_t published_sequence;
	uint32_t epoch;
	uint32_t published_epoch; /* 0: never published */
	uint8_t flags;            /* enum board_flags, as published */
	bool owned;               /* this link's group is the one that writes the row */
	bool dirty;               /* in the lane's queue */
	bool open;                /* by level: a change waits for its event to be complete */
	bool refused;             /* another shard writes it */
	uint8_t pad[3];
};

static_assert(sizeof(struct publish_row) == 40, "no padding");

struct publish_queue { /* links whose rows are to be written, first come first served */
	uint32_t *links;
	uint32_t capacity;
	uint32_t first;
	uint32_t count;
};

struct catch_up {
	struct log_cursor cursor;
	struct feed_view view; /* at the cursor, while running */
	struct feed_view base; /* at base_offset, while holding */
	uint64_t base_offset;  /* oldest position that a detached group may still need */
	uint32_t members;      /* in the run */
	bool holding;          /* groups are detached */
	bool running;
	bool replaying; /* the run is a replay's: it goes as far as that says */
};

struct look_ahead {                    /* of the walk that is under way */
	const struct log_cursor *from; /* the walk's */
	struct log_cursor cursor;      /* its own, with the same claim */
	const uint8_t *at;             /* the next block of its record */
	const uint8_t *end;
	uint32_t left; /* blocks of the record */
	uint32_t lead; /* messages it has seen and the walk has not */
	bool dry;      /* at the head that the walk knows */
	struct book_ahead books;
};

struct lane {
	struct shard *shard;
	bool used;         /* the class has groups on this feed */
	bool first_class;  /* no class of this shard comes before it on this feed */
	bool by_reference; /* one group that takes everything: orders are found by reference
	                      alone */
	uint8_t class;     /* enum group_class */
	uint8_t feed;
	const struct shard_feed_setup *setup;
	struct board *board;
	struct log_cursor cursor;
	struct feed_view view;
	struct route_table routes;
	struct publish_row *rows; /* by link */
	struct publish_queue queue;
	uint32_t *members; /* indices, in the order of the shard's groups */
	uint32_t member_count;
	struct catch_up catch_up;
	struct look_ahead look;
};

struct shard {
	struct shard_options options;
	struct shard_stats stats;
	struct histogram latency;
	struct member *members; /* one per group */
	struct lane lanes[SHARD_FEEDS_MAX][SHARD_CLASSES];
	uint64_t times[SHARD_LATENCY_MAX]; /* receive times of the last turn's records */
	uint32_t time_count;
	bool wishes; /* some member has one */
	struct actors actors;
};

enum walk_event {
	EVENT_NONE,     /* the message belongs to no event that has an end */
	EVENT_OPEN,     /* by level: more messages of the same event follow */
	EVENT_COMPLETE, /* by level: the book is whole again */
};

struct walk { /* one record, one lane, one mover */
	struct shard *shard;
	struct lane *lane;
	struct feed_view *view; /* the mover's */
	const struct record *record;
	uint64_t offset; /* of the record */
	/* The message at hand: */
	const uint8_t *bytes;
	uint32_t length;
	uint8_t mover; /* enum mover */
	uint8_t event; /* enum walk_event */
	bool last;     /* of the record */
	bool look;     /* somebody looks ahead */
	uint64_t sequence;
};

/* -- route decisions (shard.c) -- */

/* The first link of the symbol's chain, decided now if it was not; ROUTE_NONE: no group takes it.
 */
uint32_t lane_route(struct shard *s, struct lane *l, uint32_t symbol);
/* Symbol for a name as of the wire; VIEW_NONE: the directory has no room for it. */
uint32_t lane_symbol(const struct lane *l, uint64_t name);

/* -- walk.c -- */

/* Takes one record through the lane. True: its messages were looked at. */
bool walk_record(struct walk *w);
/* Does this walk bring the member something it has not had? */
static inline bool walk_moves(const struct walk *w, const struct member *m)
{
	if (m->mover != w->mover)
		return false;
	if (__builtin_expect(w->mover == MOVER_CLASS, 1))
		return true;
	/* Sequences are compared as positions from zero. Only the record in which the group stands
	 * holds something it has had. */
	return w->offset > m->group->offset ||
	       (w->offset == m->group->offset && w->sequence - 1 >= m->group->sequence - 1);
}
/* The member's slot for the link's symbol, made now if need be; BOOK_NONE: refused. */
uint32_t walk_slot(struct walk *w, struct route_link *k);
/* A message reaches the member. */
static inline void walk_count(struct walk *w, struct member *m)
{
	w->shard->stats.delivered++;
	m->group->stats.messages++;
	if (w->mover == MOVER_CATCH_UP)
		m->group->stats.caught_up_messages++;
}
/* What the book did, to board and components; false: the group was quarantined. */
bool walk_change(struct walk *w, struct member *m, uint32_t slot, const struct book_change *c);
/* The raw message, to the components that want it; slot BOOK_NONE: feed-wide. */
void walk_message(struct walk *w, struct member *m, uint32_t slot);
/* A feed-wide message, to every member of the lane. */
void walk_message_all(struct walk *w);
void walk_system_event(struct walk *w, char code);

/* The message at w, by its format. */
void apply_itch(struct walk *w);
void apply_deep(struct walk *w);
void apply_tops(struct walk *w);
/* What the message will touch, as far as that can be said before it is applied; false: no order. */
bool apply_itch_intent(const struct walk *w, const uint8_t *m, uint32_t length,
                       struct book_intent *intent);
/* The books that likely have the message's order; NULL: nobody can say. */
const struct book_set *apply_itch_set(const struct walk *w, const uint8_t *m);

/* -- look_ahead.c -- */

/* The walk will read from here on. */
void look_ahead_begin(struct walk *w, const struct log_cursor *from);
/* The walk comes to its next message. */
void look_ahead_step(const struct walk *w);

/* -- publish.c -- */

/* The book was given a message; c says whether that changed it. */
void publish_change(struct walk *w, struct member *m, uint32_t slot, const struct book_change *c);
/* A session reset at this position: all rows of the member are to be written again. */
void publish_reset(struct member *m, uint32_t epoch, uint64_t sequence, uint64_t time_ns);
/* The member's state is another (attached, detached, quarantined): its rows tell. */
void publish_state(struct member *m);
/* Writes what waits, at most PUBLISH_ROWS_MAX rows. */
void publish_flush(struct shard *s, struct lane *l);
void publish_position(const struct shard *s, struct lane *l);
/* Link of a slot in use. */
uint32_t member_link(struct member *m, uint32_t slot);

/* -- catch_up.c -- */

/* Carries out what control wished for; at the beginning of a turn. */
void catch_up_wishes(struct shard *s);
/* The member is empty and waits at the log's beginning. */
int catch_up_restart(struct shard *s, struct member *m);
/* A component of the member failed on the message at w (sequence, last): it is moved no more. */
void catch_up_quarantine(struct walk *w, struct member *m, bool event);
/* A component of the member failed on an input, between two turns. */
void catch_up_quarantine_at_rest(struct shard *s, struct member *m);
/* The lane's run becomes the member's replay, from the base on; false: it is under way already, or
 * the member is not one that waits. */
bool catch_up_replay_begin(struct shard *s, struct member *m);
/* Moves it up to that offset: records that lie wholly before it. False: the log is not so far. */
bool catch_up_replay_to(struct shard *s, struct member *m, uint64_t offset);
/* The member waits where its replay stands, with the wish to return. */
void catch_up_replay_end(struct shard *s, struct member *m);
/* The lane's catch-up, after its class cursor has moved. Returns records moved past. */
uint32_t catch_up_step(struct shard *s, struct lane *l);
/* From the oldest position that the lane's detached groups hold to the class cursor's. */
uint64_t catch_up_lag_bytes(const struct lane *l);

/* -- actors.c -- */

/* After the members; the memory is laid out. */
void actors_init(struct shard *s);
/* At the beginning of a turn: delivers what has come. */
void actors_begin(struct shard *s, uint64_t now_ns);
/* At its end: writes how far groups went. */
void actors_end(struct shard *s);
/* Delivers; the member goes into quarantine if it fails. */
void actors_reply(struct shard *s, struct actor *a, const struct input_reply *r,
                  const uint8_t *payload);
void actors_timer(struct shard *s, struct actor *a, uint32_t timer);
void actors_command(struct shard *s, struct actor *a, const uint8_t *bytes, uint32_t count);
/* The actor at the place; NULL: there is none. */
struct actor *actors_at(struct shard *s, const struct input_place *place);
/* Whether what the member's components ask, and their timers, is noted (not in a replay). */
void actors_watch(struct shard *s, const struct member *m, bool watched);
/* What the member's components ask and nobody has taken is taken back. */
void actors_forget(struct shard *s, const struct member *m);
/* The member has lost all it had: its components ask nothing and wait for nothing. */
void actors_restart(struct shard *s, struct member *m);
/* The time that its callbacks see. */
void actors_set_now(struct member *m, uint64_t now_ns);

#endif
