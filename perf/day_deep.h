/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A synthetic day of IEX DEEP 1.0, or of TOPS 1.6, from a seed: several runs in one session, as
 * captures show them. Each run starts over with system event, directory and states of every symbol,
 * then level updates (TOPS: quotes, one-sided and empty ones among them), trades, breaks and the
 * rarer types. All types come when there is room for them. Some prices are negative: the format
 * allows it.
 *
 * As with day.h: same options, same bytes; a referee (day_levels.h) has read every message.
 */
#ifndef PERF_DAY_DEEP_H
#define PERF_DAY_DEEP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "perf/day_feed.h"
#include "perf/day_levels.h"

#define DAY_DEEP_MESSAGE_BYTES_MAX 80u
#define DAY_DEEP_SYMBOLS_MAX       10000u
#define DAY_DEEP_RUN_GAP_NS        60000000000ull /* of silence between two runs */

struct day_deep_options {
	uint64_t seed;
	uint64_t messages; /* of all runs together, at least runs x (5 x symbols + 96) */
	uint32_t symbols;  /* 1 .. DAY_DEEP_SYMBOLS_MAX */
	uint32_t runs;     /* 0: 3 */
	bool tops;         /* quotes instead of levels */
};

struct day_deep;

int day_deep_create(struct day_deep **out,
                    const struct day_deep_options *o); /* 0, -EINVAL, -ENOMEM */
void day_deep_destroy(struct day_deep *d);             /* NULL is fine */
/* The next message, its time (ns since the Unix epoch, strictly increasing) and run (from 0).
 * Returns its length; 0 at the end. */
uint32_t day_deep_next(struct day_deep *d, uint8_t *message, uint64_t *time_ns, uint32_t *run);
/* The books of the run that the last message belongs to. */
const struct day_levels *day_deep_levels(const struct day_deep *d);
int day_deep_write_books_csv(const struct day_deep *d, FILE *out);
/* For day_feed, with DAY_IEXTP_DEEP or DAY_IEXTP_TOPS. The day stays the caller's. */
struct day_source day_deep_source(struct day_deep *d);

#endif
