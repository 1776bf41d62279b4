/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Latency: the distribution of the last samples, small enough to have one per service (under 4 KiB;
 * resilience/histogram.h is 11 KiB and never forgets).
 *
 * Two halves in turn: samples go into the newer; when it holds `half_samples`, or is `half_ns` old,
 * the older is cleared and becomes the newer. What is read is both together, so it covers between
 * one and two halves. Each half is a log-linear histogram: 1 ns to 73 minutes, 16 buckets per
 * octave, so that a bucket is at most 1/16 wide and a quantile (its bucket's upper edge) at most
 * 6.25 % high: well within the 1.25 that the timeout puts on top. Counts are 16 bits, which
 * half_samples <= 65,535 makes safe: 624 buckets in 1,248 bytes. Censored samples are counted
 * apart, 4 buckets per octave.
 *
 * Recording is an increment. Everything read comes from a cache that latency_poll() renews off the
 * hot path (half a microsecond) once `refresh_samples` have come, sooner while there are few: four
 * quantiles, the mean, and the survival curve at 4 points per octave, straight lines between.
 *
 * Censored samples ("at least this long") count exactly: the curve is Kaplan and Meier's product,
 * in which they take part in every bucket below theirs and in none above. Where the longest samples
 * are censored, the curve does not reach 0, and what is left may have been lost: a quantile beyond
 * is the longest exact sample, so that a timeout made of it does not chase its own censored ones.
 * The mean counts that rest as if it ended with the longest sample. Ambiguous samples are left out.
 *
 * Small numbers: of n samples the k-th longest is taken for the quantile with chance k / (n + 1) of
 * being exceeded (Weibull's plotting position). A quantile for which n is too few (q99.9 under 999)
 * is the longest sample. All is unknown (0) under `samples_min` exact samples, and after a time
 * without samples that is longer than two halves.
 *
 * Pure, one owner, plain bytes without pointers.
 *
 * E. Kaplan, P. Meier, "Nonparametric Estimation from Incomplete Observations" (1958); G. Tene,
 * HdrHistogram (the buckets).
 */
#ifndef RESILIENCE_LATENCY_H
#define RESILIENCE_LATENCY_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "resilience/sample.h"

#define LATENCY_SUB_BITS      4u
#define LATENCY_BUCKETS       ((42u - LATENCY_SUB_BITS + 1u) << LATENCY_SUB_BITS)
#define LATENCY_POINT_BITS    2u
#define LATENCY_POINTS        ((42u - LATENCY_POINT_BITS + 1u) << LATENCY_POINT_BITS)
#define LATENCY_QUANTILES_MAX 4u
#define LATENCY_PPM           1000000u
#define LATENCY_SAMPLES_MAX   65535u

struct latency_options {
	uint32_t half_samples;    /* 1 .. 65,535 */
	uint32_t refresh_samples; /* the cache is renewed after so many; at least 1 */
	uint32_t samples_min;     /* known from so many on; at least 1 */
	uint32_t quantile_ppm[LATENCY_QUANTILES_MAX]; /* ascending, below 10^6 */
	uint64_t half_ns;                             /* UINT64_MAX: by count only */
};

struct latency_half {
	uint64_t sum_ns; /* exact samples */
	uint32_t exact;
	uint32_t censored;
	uint16_t buckets[LATENCY_BUCKETS];
	uint16_t cut[LATENCY_POINTS]; /* censored samples */
};

struct latency {
	struct latency_half halves[2];
	uint64_t half_since_ns;
	uint32_t newer;          /* 0, 1: index of the half that is written */
	uint32_t unread;         /* samples since the cache was renewed; stops at its maximum */
	uint32_t rotations;      /* ever, modulo 2^32 */
	uint32_t rotations_seen; /* by the last poll */
	/* the cache */
	uint32_t samples; /* exact ones; 0: nothing is known */
	uint32_t censored;
	uint64_t mean_ns;
	uint64_t max_ns; /* of the longest: its bucket's upper edge, if censored the lower one */
	uint64_t exact_max_ns; /* of the longest exact one */
	uint64_t quantile_ns[LATENCY_QUANTILES_MAX];
	uint32_t survival_ppm[LATENCY_POINTS]; /* chance to take longer than the point's upper edge
	                                        */
};

/* 4096 samples a half, by count only; renewed every 256; known from 64; q50, q95, q99, q99.9. */
extern const struct latency_options latency_options_default;

/* 0 or -EINVAL. */
int latency_options_check(const struct latency_options *o);
/* Also forgets everything (the breaker opened). */
void latency_init(struct latency *l, uint64_t now_ns);
/* To be called by the way. Rotates when a half's time is over, renews the cache when enough samples
 * have come or a half has gone. True: the cache was renewed. */
bool latency_poll(struct latency *l, const struct latency_options *o, uint64_t now_ns);
/* Renews the cache now. */
void latency_refresh(struct latency *l, const struct latency_options *o);
void latency_rotate(struct latency *l);

/* Whether saved bytes can be taken back; if not, init. */
bool latency_is_sound(const struct latency *l);

/* Cached; 0: not known. i is the place in options.quantile_ppm. */
static inline uint64_t latency_quantile_ns(const struct latency *l, uint32_t i)
{
	assert(i < LATENCY_QUANTILES_MAX);
	return l->quantile_ns[i];
}

/* Of the last samples, censored ones included; 0: not known. */
static inline uint64_t latency_mean_ns(const struct latency *l)
{
	return l->mean_ns;
}

/* Chance that an attempt takes longer than ns; 10^6 when nothing is known. */
uint32_t latency_survival_ppm(const struct latency *l, uint64_t ns);
/* Chance that a reply comes within the next within_ns when waited_ns have passed without: what
 * "abandon early" asks. That there is a reply at all is taken for granted: multiply by the node's
 * success rate. 10^6 when nothing is known, so that nothing is given up for want of knowledge. */
uint32_t latency_within_ppm(const struct latency *l, uint64_t waited_ns, uint64_t within_ns);

/* Buckets with 2^bits of them per octave. */
static inline uint32_t latency_bucket(uint64_t ns, uint32_t bits)
{
	uint64_t v = sample_clamp(ns);

	if (v < (1u << bits))
		return (uint32_t)v;
	uint32_t exponent = 63u - (uint32_t)__builtin_clzll(v) - bits;

	return (exponent << bits) + (uint32_t)(v >> exponent);
}

/* Longest time of a bucket. */
static inline uint64_t latency_bucket_max_ns(uint32_t i, uint32_t bits)
{
	if (i < (2u << bits))
		return i;
	uint32_t exponent = (i >> bits) - 1;
	uint64_t base = (uint64_t)(i & ((1u << bits) - 1)) + (1u << bits);

	return ((base + 1) << exponent) - 1;
}

static inline void latency_on_sample(struct latency *l, const struct latency_options *o,
                                     uint64_t ns, enum sample_kind kind)
{
	struct latency_half *h = &l->halves[l->newer];

	if (kind == SAMPLE_AMBIGUOUS)
		return;
	if (h->exact + h->censored >= o->half_samples) {
		latency_rotate(l);
		h = &l->halves[l->newer];
	}
	sample_count(&l->unread);
	if (kind == SAMPLE_EXACT) {
		h->exact++;
		h->sum_ns += sample_clamp(ns);
		h->buckets[latency_bucket(ns, LATENCY_SUB_BITS)]++;
	} else {
		h->censored++;
		h->cut[latency_bucket(ns, LATENCY_POINT_BITS)]++;
	}
}

#endif
