/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Referee of a feed by price levels: a table of levels, each set to what the last update said (IEX
 * DEEP 1.0) or the last quote left of it (IEX TOPS 1.6). See day_referee.h for why it is so plain.
 */
#ifndef PERF_DAY_LEVELS_H
#define PERF_DAY_LEVELS_H

#include <stdint.h>
#include <stdio.h>

struct day_levels_counts {
	uint64_t messages;
	uint64_t empty;
	uint64_t unknown;
	uint64_t by_type[256];
	uint64_t symbols; /* distinct, not blank, over all runs */
};

struct day_deep_level {
	char symbol[8];
	int64_t price;
	uint32_t size; /* 0: gone */
	uint32_t side; /* enum day_side */
};

struct day_levels;

enum day_levels_feed { DAY_LEVELS_DEEP, DAY_LEVELS_TOPS };

/* Length of a type's message by the specification; 0: not a type of the feed. */
uint32_t day_levels_message_bytes(enum day_levels_feed feed, uint8_t type);

/* 0 or -ENOMEM. */
int day_levels_create(struct day_levels **out, enum day_levels_feed feed);
void day_levels_destroy(struct day_levels *l); /* NULL is fine */
/* One message, in order. 0 or -ENOMEM. */
int day_levels_apply(struct day_levels *l, const uint8_t *message, uint32_t bytes);
/* A new run: no levels; counts go on. */
void day_levels_reset(struct day_levels *l);
const struct day_levels_counts *day_levels_counts(const struct day_levels *l);
/* All levels that hold something, in the order of the CSV; *levels is the caller's to free(). */
int day_levels_list(const struct day_levels *l, struct day_deep_level **levels, uint64_t *count);
/* The books CSV of docs/replay.md, `orders` empty. 0, -ENOMEM or -EIO. */
int day_levels_write_csv(const struct day_levels *l, FILE *out);

#endif
