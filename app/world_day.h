/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inside a world: its market data. Packets are happenings; they wait at the port of the core that
 * polls their line until that core has a turn, in which it takes all of them, moves its shards, and
 * pays for it in virtual time. A line's own core only passes on and is always there.
 *
 * A book group is a member of its core like any component: what its asker notes are its events,
 * done when their operation has ended. It dies in two steps: from the death on nothing of it is
 * asked or heard; at its shard's next turn it is detached and what it had is gone. Restored, it
 * reads the log from the start, beside those that live, and asks nothing twice.
 *
 *     world_messages.c  the day itself
 *     world_engine.c    the engine
 *     world_asker.c     what asks in a group
 *     world_day.c       packets, ports, turns
 *     world_group.c     groups as members: questions, deaths, restoration
 *     world_check.c     the end: accounts, the reference engine, the referee
 */
#ifndef APP_WORLD_DAY_H
#define APP_WORLD_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "app/world.h"
#include "app/world_engine.h"
#include "app/world_messages.h"
#include "perf/day_feed.h"
#include "resilience/prng.h"

struct chaos_event;
struct chaos_item;
struct chaos_member;
struct chaos_world;

/* Of the feed's core: first come, first served. A turn takes all, and it begins again at its
 * beginning: no more memory is touched than ever waits. */
struct world_port {
	struct packet *packets;
	uint8_t *bytes;
	uint64_t memory_bytes;
	uint32_t capacity; /* packets of data */
	uint32_t count;
	uint64_t used_bytes;
};

enum world_group_state {
	WORLD_GROUP_LIVE,
	WORLD_GROUP_DYING, /* its shard has yet to detach it */
	WORLD_GROUP_EMPTY, /* what it had is gone; it may be restored */
	WORLD_GROUP_BACK,  /* it reads the log */
};

struct world_group {
	struct engine_group *engine;
	uint32_t shard_index; /* within its shard */
	uint64_t died_offset; /* of the log */
	uint8_t *answered;    /* a bit for each of its questions */
	enum world_group_state state;
};

struct world_day {
	struct world_day_options options;
	struct world_messages messages;
	struct world_engine engine;
	struct day_feed *feed;
	struct world_port port;
	struct world_group groups[WORLD_GROUPS];
	uint8_t frame[DAY_FEED_FRAME_BYTES]; /* of the packet that comes next */
	struct day_packet next;
	bool is_over;        /* no packet is left */
	uint8_t *brought;    /* a bit for each message: some packet of it was taken */
	uint64_t message_ns; /* what a packet or a record costs a core */
	uint64_t planted;    /* how often what is broken on purpose was */
	struct prng prng;
};

/* Engine, lines, ports; adds no member yet. 0 or -errno. */
int world_day_create(struct chaos_world *w, const struct world_day_options *o);
void world_day_destroy(struct chaos_world *w); /* harmless without a day */
/* The first packet and all deaths, into the queue. */
void world_day_plan(struct chaos_world *w);
/* A packet has come. */
void world_day_packet(struct chaos_world *w);
/* The core's share of market data in this turn. Returns what it costs; 0: there was nothing. */
uint64_t world_day_turn(struct chaos_world *w, uint32_t core);
/* Cores look at the clock: holes age. */
void world_day_tick(struct chaos_world *w);
/* How far the core's shards are behind. */
uint64_t world_day_backlog(const struct chaos_world *w, uint32_t core);
/* Everything that is still to come, at once, and to the end of it. */
void world_day_finish(struct chaos_world *w);

/* Members of the day's groups, critical ones first, after the components. */
void world_group_join(struct chaos_world *w);
/* After a core's turn: what its groups have noted, who is gone, who is back. */
void world_group_look(struct chaos_world *w, uint32_t core);
/* Takes its next question; its number among all events. */
uint64_t world_group_ask(const struct chaos_world *w, struct chaos_member *m);
/* An item of a group has ended, and somebody heard of it or not. */
void world_group_ended(struct chaos_world *w, const struct chaos_item *x, bool is_good,
                       bool is_orphan);
/* Whether this end is one that is lost on purpose. */
bool world_group_is_lost(struct chaos_world *w, const struct chaos_item *x);
void world_group_kill(struct chaos_world *w, struct chaos_member *m);
/* 0; -EAGAIN: its shard had no turn since it died; else -errno: it is lost. */
int world_group_restore(struct chaos_world *w, struct chaos_member *m);
/* Groups that live and have read all, a bit each. */
uint32_t world_group_whole(const struct chaos_world *w);

/* All of it at the end. 0 or -errno. */
int world_check_end(struct chaos_world *w);

#endif
