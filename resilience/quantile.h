/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Quantile: one moving quantile in 32 bytes, by multiplication: a sample above the estimate lifts
 * it by the factor 1 + gain x p, one at or below it lowers it by 1 - gain x (1 - p). In balance the
 * fraction p lies at or below. Steps are relative, so seconds and microseconds behave alike.
 *
 * Level shifts: a run of samples on one side that has a chance of less than 10^-4 doubles the step,
 * every further such run again, up to 16 times; the first sample on the other side ends that. With
 * the default gain (1/32) and p = 0.95, a level that rises tenfold is followed within 100
 * samples, one that falls to a tenth within 600, to an eighth of the new quantile
 * (tests/unit/resilience/test_quantile.c). The first sample is
 * the first estimate, and the first 128 samples take larger steps. Known from `samples_min` on;
 * the default is 64, about 3 / (1 - p).
 *
 * Standing still, the estimate strays by about sqrt(gain x p (1 - p) / 2 f) in relative terms, f
 * being the density at the quantile per factor e: 4 % for a lognormal of sigma 0.25, 9 % for 1.
 *
 * Where the distribution has a gap exactly at p, the estimate is drawn nowhere and strays within
 * the gap: ask for a p that is a little off (hedge.h does).
 *
 * Censored samples ("at least this long") count when they are longer than the estimate: then they
 * are above it for certain. Shorter ones say nothing and are left out, which errs low where losers
 * are cancelled early; feed it attempts whose outcome is known up to the quantile (hedge.h).
 * Ambiguous samples move nothing.
 *
 * Pure, one owner, plain bytes without pointers.
 *
 * After A. Yazidi, H. Hammer, "Multiplicative Update Methods for Incremental Quantile Estimation"
 * (2017), with the idea of growing steps from Q. Ma, S. Muthukrishnan, M. Sandler, "Frugal
 * Streaming for Estimating Quantiles" (2013).
 */
#ifndef RESILIENCE_QUANTILE_H
#define RESILIENCE_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/sample.h"

#define QUANTILE_FRACTION_BITS 8u
#define QUANTILE_FACTOR_BITS   24u
#define QUANTILE_BOOST_MAX     4u
#define QUANTILE_EARLY_SAMPLES 128u
#define QUANTILE_ESTIMATE_MIN  (1u << QUANTILE_FRACTION_BITS)

struct quantile_options {
	uint32_t level_ppm;   /* p; 10,000 .. 990,000 */
	uint32_t gain_shift;  /* gain 2^-shift; 2 .. 12 */
	uint32_t samples_min; /* known from so many on; at least 1 */
};

struct quantile {
	uint64_t estimate; /* ns x 2^8; 0 before the first sample */
	uint32_t up;       /* factors of a step x 2^24 */
	uint32_t down;     /* ... */
	uint16_t run_up;   /* so many on one side are improbable */
	uint16_t run_down; /* ... */
	uint16_t run;      /* of the current side */
	uint8_t boost;     /* doublings of the step */
	uint8_t is_above;  /* side of the last sample */
	uint32_t samples;  /* that counted; stops at its maximum */
	uint32_t left_out; /* censored ones that said nothing; stops at its maximum */
};

/* q95, 1/32, 64. */
extern const struct quantile_options quantile_options_default;

/* 0 or -EINVAL. */
int quantile_options_check(const struct quantile_options *o);
void quantile_init(struct quantile *q, const struct quantile_options *o);
/* Another level or gain from now on; the estimate goes on from where it is. */
void quantile_set_options(struct quantile *q, const struct quantile_options *o);
/* Forgets the samples. */
void quantile_clear(struct quantile *q);

/* Whether saved bytes can be taken back under these options; if not, init. */
bool quantile_is_sound(const struct quantile *q, const struct quantile_options *o);

static inline bool quantile_is_known(const struct quantile *q, const struct quantile_options *o)
{
	return q->samples >= o->samples_min;
}

/* A step up or down, doubled `boost` times. */
static inline void quantile_move(struct quantile *q, bool is_above, uint32_t boost)
{
	__extension__ typedef unsigned __int128 uint128;
	uint32_t factor = (is_above ? q->up : q->down) << boost;
	uint64_t step = (uint64_t)((uint128)q->estimate * factor >> QUANTILE_FACTOR_BITS);
	uint64_t estimate = is_above ? q->estimate + step : q->estimate - step;

	/* From nothing, no multiplication leads up. */
	q->estimate = estimate > QUANTILE_ESTIMATE_MIN ? estimate : QUANTILE_ESTIMATE_MIN;
}

/* Slow part of what follows: the first samples, those that are not exact, and those that begin a
 * run or make it improbable. */
void quantile_on_sample_slow(struct quantile *q, uint64_t ns, enum sample_kind kind);

static inline void quantile_on_sample(struct quantile *q, uint64_t ns, enum sample_kind kind)
{
	bool is_above = sample_clamp(ns) << QUANTILE_FRACTION_BITS > q->estimate;

	if (__builtin_expect(kind != SAMPLE_EXACT || is_above != q->is_above ||
	                             q->samples < QUANTILE_EARLY_SAMPLES ||
	                             q->run >= (is_above ? q->run_up : q->run_down),
	                     0)) {
		quantile_on_sample_slow(q, ns, kind);
		return;
	}
	q->run++;
	quantile_move(q, is_above, q->boost);
	sample_count(&q->samples);
}

/* 0 before the first sample. */
static inline uint64_t quantile_ns(const struct quantile *q)
{
	return q->estimate >> QUANTILE_FRACTION_BITS;
}

#endif
