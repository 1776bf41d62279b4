/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Simulation: the real engine in a made-up world, from one seed. A day is made up and sent over two
 * lines that lose, double, delay and reorder; the real receiver, arbiter, log, shards and books
 * read it, turned by one thread on a virtual clock, every core at its own random pace; the lines
 * may be polled by other cores than the feed's, which then hand over what they receive. The same
 * seed gives the same bytes: result.hash is over all component state, on every machine and build
 * type.
 *
 * Checked (numbers of docs/invariants.md): 1 every message at most once and in order, and state
 * that depends on the messages only: a second engine gets the same messages cut into other packets
 * and must end byte for byte the same; 2 what was not delivered is exactly what no line carried,
 * and known as GAPs; 7 nothing outgrows its bounds; books equal the day's referee.
 */
#ifndef APP_SIMULATE_H
#define APP_SIMULATE_H

#include <stdbool.h>
#include <stdint.h>

#define SIMULATE_ERROR_BYTES 512u

enum simulate_receive {                            /* who polls the two lines */
	                SIMULATE_RECEIVE_BY_SEED,  /* one of the following */
	                SIMULATE_RECEIVE_TOGETHER, /* the feed's core */
	                SIMULATE_RECEIVE_ONE,      /* the feed's core A, another one B */
	                SIMULATE_RECEIVE_APART,    /* a core each, the feed's neither */
};

struct simulate_options {
	uint64_t seed;
	uint64_t cut_seed; /* 0: from seed. Another one cuts the same messages into other packets on
	                      the lines */
	uint64_t messages;
	uint32_t symbols;
	enum simulate_receive receive;
	bool lossless; /* no message is lost on both lines: state is then compared byte for byte */
};

struct simulate_result {
	uint64_t hash; /* of the state of all components */
	uint64_t packets;
	uint64_t messages; /* of the day */
	uint64_t delivered;
	uint64_t lost;
	uint64_t gaps;
	uint64_t duplicates;
	uint64_t healed;
	uint64_t handed_over;              /* packets that came to the feed's core from another */
	uint64_t virtual_ns;               /* how long the day took on the virtual clock */
	char broken[SIMULATE_ERROR_BYTES]; /* "" or "invariant N: what", at which packet */
};

/* What BY_SEED means for this seed. */
enum simulate_receive simulate_receive_of(const struct simulate_options *o);
/* 0, and result->broken says whether an invariant broke; or -errno: it could not be run at all. */
int simulate(const struct simulate_options *o, struct simulate_result *result);

#endif
