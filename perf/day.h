/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Day: a synthetic TotalView-ITCH 5.0 trading day from a seed, message by message, for tests,
 * benchmarks and the demo.
 *
 * It is consistent as a real day is: the system events in their places; every symbol with its
 * directory, trading action and short-sale message before its first order; order references that
 * increase with gaps and are only used while they live; books that never cross; executions at the
 * best price, from the front of the queue; halted symbols do not trade; all 23 types come when
 * there is room for them. The mix is a real day's: adds about 45 %, deletes 42 %, replaces 5 %,
 * executions 5 %, cancels 2 %.
 *
 * The same options give the same bytes on every machine (integers only). The day keeps a referee
 * (day_referee.h) that has read every message given out, so that its books can be compared with
 * those of the engine at any point.
 *
 * Allocates in day_create(); one owner.
 */
#ifndef PERF_DAY_H
#define PERF_DAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "perf/day_referee.h"

#define DAY_MESSAGE_BYTES_MAX 64u /* room for any message */
#define DAY_SYMBOLS_MAX       65535u
#define DAY_ORDERS_LIVE_MIN   16u
#define DAY_SEED              20260105u

struct day_options {
	uint64_t seed;
	uint64_t messages;        /* of the whole day, at least day_messages_min(symbols) */
	uint32_t symbols;         /* 1 .. DAY_SYMBOLS_MAX; locates 1..symbols, shuffled */
	uint32_t orders_live_max; /* at least DAY_ORDERS_LIVE_MIN; 0: what suits the number of
	                             messages */
	bool no_referee;          /* saves its time and memory; day_referee() is then NULL */
};

struct day;

uint64_t day_messages_min(uint32_t symbols);
/* 0, -EINVAL or -ENOMEM. */
int day_create(struct day **out, const struct day_options *o);
void day_destroy(struct day *d); /* NULL is fine */

/* Writes the next message (at most DAY_MESSAGE_BYTES_MAX bytes) and its time in ns since midnight,
 * which increases strictly. Returns its length; 0 at the end of the day. */
uint32_t day_next(struct day *d, uint8_t *message, uint64_t *time_ns);

/* The books after the last message given out. */
const struct day_referee *day_referee(const struct day *d);
/* Orders resting now; known without the referee too. */
uint32_t day_orders_live(const struct day *d);
/* day_referee_write_csv() of the day's referee. */
int day_write_books_csv(const struct day *d, FILE *out);

#endif
