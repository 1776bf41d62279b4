/* SPDX-License-Identifier: BSD-3-Clause
 *
 * World: market data in a world of chaos. A made-up day comes over two lines that lose, double,
 * delay and reorder; the real receiver, arbiter, log, shards and books read it on the same cores,
 * and in the same turns, as the world's components; book groups ask the world's services, and die
 * as components do. One clock, one queue of happenings, one seed.
 *
 * Checked besides what chaos.h names (numbers of docs/invariants.md): 1 a second engine that gets
 * the same messages cut into other packets ends with the same bytes, whoever has died meanwhile and
 * was restored; where nothing was lost, books are the day's referee's; 2 what was not delivered is
 * exactly what no line brought, and known as GAPs; 4 what a group asks ends once; 7 nothing
 * outgrows its bounds.
 */
#ifndef APP_WORLD_H
#define APP_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#define WORLD_CLASSES 2u
#define WORLD_PARTS   4u /* groups of each class */
#define WORLD_GROUPS  (WORLD_CLASSES * WORLD_PARTS)

enum world_receive {                         /* who polls the two lines */
	             WORLD_RECEIVE_BY_SEED,  /* one of the following */
	             WORLD_RECEIVE_TOGETHER, /* the feed's core */
	             WORLD_RECEIVE_ONE,      /* the feed's core A, another one B */
	             WORLD_RECEIVE_APART,    /* a core each, the feed's neither */
};

/* What is broken on purpose, so that a test can see the checks bite. */
enum world_plant {
	WORLD_PLANT_NOTHING,
	WORLD_PLANT_TWICE,    /* a message reaches a group a second time */
	WORLD_PLANT_LOST,     /* a group never hears how one of its operations ended */
	WORLD_PLANT_DOUBLE,   /* a group hears of an operation's end twice */
	WORLD_PLANT_POSITION, /* a group is restored from where it died, not from the start */
};

#define WORLD_PLANTS 5u

struct world_day_options {
	uint64_t cut_seed; /* 0: the run's. Another one cuts the same messages into other packets */
	uint64_t messages;
	uint64_t from_ns; /* the day is spread over [from, until) of the world's time */
	uint64_t until_ns;
	uint32_t symbols;
	uint32_t port_packets; /* that wait at a port at most; what comes then is dropped */
	uint32_t kill_ppm;     /* share of the book groups that die on the day */
	enum world_receive receive;
	bool lossless; /* lines lose nothing that both carry */
	enum world_plant plant;
};

struct world_day_result {
	uint64_t packets;
	uint64_t messages; /* of the day */
	uint64_t delivered;
	uint64_t lost;
	uint64_t gaps;
	uint64_t duplicates;
	uint64_t healed;
	uint64_t handed_over;  /* packets that came to the feed's core from another */
	uint64_t dropped;      /* packets that found a port or a ring full */
	uint64_t lag_messages; /* how far a shard was behind, at the most */
	uint64_t asked;        /* operations of book groups */
	uint64_t ended;
	uint64_t succeeded;
	uint64_t orphans;  /* ended after their group had died */
	uint64_t unasked;  /* noted, and not asked before the end */
	uint64_t killed;   /* deaths of groups */
	uint64_t restored; /* that were given their log again */
	uint64_t groups;
	uint64_t groups_lost; /* that are dead at the end */
	uint64_t state_hash;  /* of the groups' regions and what was counted of messages */
};

#endif
