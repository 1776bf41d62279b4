/* SPDX-License-Identifier: BSD-3-Clause
 *
 * RTT: smoothed round-trip time and its mean deviation, as TCP keeps them, in integers.
 *
 *   first sample R     SRTT = R, RTTVAR = R / 2
 *   each further one   RTTVAR += (|SRTT - R| - RTTVAR) / 4, then SRTT += (R - SRTT) / 8
 *
 * Both are kept in ns with 8 binary fractions; the gains 1/8 and 1/4 are options (shifts). Known
 * from `samples_min` samples on; RFC 6298 uses them from the first one, which is the default.
 *
 * Censored samples ("at least this long") count only when longer than SRTT, as if exact but at most
 * twice SRTT: they can move it up, never down, and not far at once. So a service that has become
 * slower is followed even if its late replies are never seen (an eighth more for each), and losses,
 * which say nothing about time, lift it by a bounded factor, (1 - p) / (1 - 2 p) for a share p
 * below one half; at one half the breaker opens. They do not make the estimate known. Ambiguous
 * samples move nothing.
 *
 * Pure, one owner, plain bytes without pointers.
 *
 * Spec: RFC 6298; V. Jacobson, M. Karels, "Congestion Avoidance and Control" (1988).
 */
#ifndef RESILIENCE_RTT_H
#define RESILIENCE_RTT_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/sample.h"

#define RTT_FRACTION_BITS 8u

struct rtt_options {
	uint32_t samples_min;     /* known from so many exact samples on; at least 1 */
	uint32_t smooth_shift;    /* gain of SRTT 2^-shift; 3: 1/8 */
	uint32_t deviation_shift; /* gain of RTTVAR 2^-shift; 2: 1/4 */
};

struct rtt {
	uint64_t smoothed;  /* ns x 2^8 */
	uint64_t deviation; /* ns x 2^8 */
	uint32_t samples;   /* exact ones; stops at its maximum */
	uint32_t censored;  /* those that counted; stops at its maximum */
};

/* RFC 6298: 1, 3, 2. */
extern const struct rtt_options rtt_options_default;

/* 0 or -EINVAL. */
int rtt_options_check(const struct rtt_options *o);
/* Also forgets everything. A zeroed struct is the same. */
void rtt_init(struct rtt *r);

/* Towards the sample by 2^-shift of the way. Whether it lies above or below cannot be foretold, so
 * there is no branch: the sign is a mask. Steps are cut toward zero on both sides alike; a shift of
 * a negative number would draw the value down. */
static inline uint64_t rtt_approach(uint64_t value, uint64_t towards, uint32_t shift)
{
	uint64_t difference = towards - value;
	uint64_t sign = -(difference >> 63); /* both are far below 2^63 */
	uint64_t step = ((difference ^ sign) - sign) >> shift;

	return value + ((step ^ sign) - sign);
}

static inline uint64_t rtt_distance(uint64_t a, uint64_t b)
{
	uint64_t difference = a - b;
	uint64_t sign = -(difference >> 63);

	return (difference ^ sign) - sign;
}

/* By one more sample, ns x 2^8. In this order: RFC 6298, 2.3. */
static inline void rtt_move(struct rtt *r, const struct rtt_options *o, uint64_t sample)
{
	r->deviation =
	        rtt_approach(r->deviation, rtt_distance(sample, r->smoothed), o->deviation_shift);
	r->smoothed = rtt_approach(r->smoothed, sample, o->smooth_shift);
}

/* Slow part of what follows: first samples, and those that are not exact. */
void rtt_on_sample_slow(struct rtt *r, const struct rtt_options *o, uint64_t ns,
                        enum sample_kind kind);

static inline void rtt_on_sample(struct rtt *r, const struct rtt_options *o, uint64_t ns,
                                 enum sample_kind kind)
{
	if (__builtin_expect(kind != SAMPLE_EXACT || r->samples == 0, 0)) {
		rtt_on_sample_slow(r, o, ns, kind);
		return;
	}
	rtt_move(r, o, sample_clamp(ns) << RTT_FRACTION_BITS);
	sample_count(&r->samples);
}

/* Whether saved bytes can be taken back; if not, init. */
bool rtt_is_sound(const struct rtt *r);

static inline bool rtt_is_known(const struct rtt *r, const struct rtt_options *o)
{
	return r->samples >= o->samples_min;
}

/* 0 before the first sample. */
static inline uint64_t rtt_smoothed_ns(const struct rtt *r)
{
	return r->smoothed >> RTT_FRACTION_BITS;
}

static inline uint64_t rtt_deviation_ns(const struct rtt *r)
{
	return r->deviation >> RTT_FRACTION_BITS;
}

#endif
