/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Skew: when and on which line first copies came, so that a duplicate tells how much later its line
 * runs. Every SKEW_STRIDE-th position is a sample, whatever packets are cut like: whoever delivers
 * it writes down line and time at the one place the position has, and whoever brings a copy of it
 * looks there. No search, and seven of eight packets of one message cost a compare.
 *
 * Pure bookkeeping in the arbiter's region.
 */
#ifndef DATAPLANE_FEED_SKEW_H
#define DATAPLANE_FEED_SKEW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/line.h"
#include "dataplane/memory/region.h"

#define SKEW_STRIDE      8u    /* positions from sample to sample */
#define SKEW_SAMPLES_MAX 4096u /* so a copy may come 32,768 messages later */

static_assert(LINES_MAX <= SKEW_STRIDE, "a line fits into the low bits of a sampled position");

struct skew_sample {
	uint64_t key; /* position + line + 1; 0: none */
	uint64_t time_ns;
};

struct skew {
	struct skew_sample samples[SKEW_SAMPLES_MAX]; /* of position p: at p / SKEW_STRIDE */
};

struct skew_delivery { /* positions [first, end) */
	uint64_t first;
	uint64_t end;
	uint64_t time_ns;
	uint32_t line;
};

/* The first sampled position of [first, end). False: there is none. */
static inline bool skew_position(uint64_t first, uint64_t end, uint64_t *position)
{
	uint64_t p = (first + SKEW_STRIDE - 1) & ~(uint64_t)(SKEW_STRIDE - 1);

	*position = p;
	return p >= first && p < end; /* p < first: wrapped */
}

/* Slow part of skew_on_delivery(): from a sampled position on. */
void skew_keep(struct skew *s, struct region *r, uint64_t position, const struct skew_delivery *d);

/* To be called for every run delivered. */
static inline void skew_on_delivery(struct skew *s, struct region *r, const struct skew_delivery *d)
{
	uint64_t position;

	if (skew_position(d->first, d->end, &position))
		skew_keep(s, r, position, d);
}

/* How the sampled position came first. False: it was not delivered, or too long ago. */
static inline bool skew_find(const struct skew *s, uint64_t position, uint32_t *line,
                             uint64_t *time_ns)
{
	const struct skew_sample *k = &s->samples[position / SKEW_STRIDE % SKEW_SAMPLES_MAX];
	uint64_t offset = k->key - 1 - position;

	*line = (uint32_t)offset;
	*time_ns = k->time_ns;
	return k->key != 0 && offset < LINES_MAX;
}

void skew_clear(struct skew *s, struct region *r);

#endif
