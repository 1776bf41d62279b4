/* SPDX-License-Identifier: BSD-3-Clause
 *
 * State: what a day has come to at some point of it, and snapshots of that as a snapshot service
 * tells it, in messages of ITCH 5.0: the last system event, and of each stock the directory, the
 * last trading action, Reg SHO restriction and retail interest; then every live order as an added
 * one, in the order they came. Whoever applies these to empty books has the books.
 *
 * Orders are the referee's (day_referee.h): no code of dataplane/book. Allocates; one owner.
 */
#ifndef PERF_DAY_STATE_H
#define PERF_DAY_STATE_H

#include <stdint.h>

#include "perf/day_referee.h"

struct day_state;

/* Frozen: messages, each behind its length in two bytes. free() it. */
struct day_snapshot {
	uint64_t messages;
	uint64_t bytes;
	uint8_t blocks[];
};

/* 0 or -ENOMEM. */
int day_state_create(struct day_state **out);
void day_state_destroy(struct day_state *s); /* NULL is fine */
/* One message, in order; any bytes. 0 or -ENOMEM (then the state is of no more use). */
int day_state_apply(struct day_state *s, const uint8_t *message, uint32_t bytes);
/* Another session: nothing is known. */
void day_state_reset(struct day_state *s);
const struct day_referee *day_state_books(const struct day_state *s);
/* *out is the caller's to free(). 0 or -ENOMEM. */
int day_state_snapshot(const struct day_state *s, struct day_snapshot **out);

#endif
