/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Referee: the books as the words of docs/replay.md say, in the most obvious way there is. A table
 * of live orders by reference and nothing else; levels are summed up only when somebody asks. It
 * shares no code with dataplane/book and knows no market but ITCH 5.0, so that the two can be held
 * against each other.
 *
 * Takes any bytes, hostile ones too: every message gets counted as replay counts it. Allocates as
 * it needs; one owner.
 */
#ifndef PERF_DAY_REFEREE_H
#define PERF_DAY_REFEREE_H

#include <stdint.h>
#include <stdio.h>

enum day_side { DAY_BUY, DAY_SELL };

struct day_referee_counts {
	uint64_t messages;
	uint64_t empty;
	uint64_t unknown; /* unknown type, or shorter than its specification */
	uint64_t by_type[256];
	uint64_t orphan_references;
	uint64_t orders_live;
	uint64_t symbols; /* distinct, not blank, over all sessions */
};

struct day_order {
	uint64_t reference;
	uint64_t arrival; /* counts up: time priority within a level */
	char symbol[8];   /* as on the wire, padded with spaces */
	uint64_t time_ns; /* of the message that made it, since midnight */
	uint32_t price;   /* 4 decimals */
	uint32_t shares;  /* 0: free slot */
	uint16_t side;    /* enum day_side */
	uint16_t locate;
	char attribution[4]; /* a market participant's; zero: not said */
};

struct day_level {
	char symbol[8];
	uint32_t side; /* enum day_side */
	uint32_t price;
	uint64_t quantity;
	uint64_t orders;
};

struct day_referee;

/* Length of a type's message by the specification; 0: not a type of ITCH 5.0. */
uint32_t day_message_bytes(uint8_t type);

/* 0 or -ENOMEM. */
int day_referee_create(struct day_referee **out);
void day_referee_destroy(struct day_referee *r); /* NULL is fine */

/* One message, in order. 0 or -ENOMEM (then the referee is of no more use). */
int day_referee_apply(struct day_referee *r, const uint8_t *message, uint32_t bytes);
/* A session reset: no orders, no directory; counts go on. */
void day_referee_reset(struct day_referee *r);

const struct day_referee_counts *day_referee_counts(const struct day_referee *r);
/* The live order of a reference, or NULL. Valid until the next apply. */
const struct day_order *day_referee_find(const struct day_referee *r, uint64_t reference);
/* All live orders, by arrival. *orders is the caller's to free(); 0 or -ENOMEM. */
int day_referee_orders(const struct day_referee *r, struct day_order **orders, uint64_t *count);
/* All levels, in the order of the CSV. *levels is the caller's to free(); 0 or -ENOMEM. */
int day_referee_levels(const struct day_referee *r, struct day_level **levels, uint64_t *count);
/* The books CSV of docs/replay.md. 0, -ENOMEM or -EIO. */
int day_referee_write_csv(const struct day_referee *r, FILE *out);

#endif
