/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Distribution: random times of made-up services, by seed, with the same bits on every machine: no
 * floating point, no libm. Used by benchmarks, tests and scripted services.
 *
 *   constant    scale
 *   uniform     scale +- shape
 *   lognormal   scale x e^(shape x z), z standard normal; scale is the median
 *   Pareto      scale x U^(-1 / shape); scale is the least
 *
 * Each may be slow by chance (bimodal: 5 % take ten times as long) and shifted from a time on.
 *
 * How, in fixed point with 32 binary fractions: log2 by squaring the mantissa, a bit for each; 2^x
 * as product of 2^(2^-k), one for each bit of x; z by Marsaglia's polar method, which needs only
 * log and roots. All within 2^-28 of the true value (tests/unit/perf/test_distribution.c).
 *
 * G. Marsaglia, T. Bray, "A Convenient Method for Generating Normal Variables" (1964).
 */
#ifndef PERF_DISTRIBUTION_H
#define PERF_DISTRIBUTION_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/prng.h"

#define DISTRIBUTION_FRACTION_BITS    32u
#define DISTRIBUTION_SCALE_NS_MAX     (1ull << 43) /* 2.4 hours */
#define DISTRIBUTION_FACTOR_MILLI_MAX 100000u

enum distribution_kind {
	DISTRIBUTION_CONSTANT,
	DISTRIBUTION_UNIFORM,
	DISTRIBUTION_LOGNORMAL,
	DISTRIBUTION_PARETO
};

struct distribution {
	enum distribution_kind kind;
	uint64_t scale_ns;
	uint32_t shape_milli; /* uniform: of the scale, <= 1; lognormal: sigma, <= 4; Pareto: >= 0.5
	                       */
	uint32_t slow_ppm;    /* chance to be slow; 0: never */
	uint32_t slow_milli;  /* how many times as long */
	uint32_t shift_milli; /* from shift_at_ns on all take so many times as long; 0: no shift */
	uint64_t shift_at_ns;
};

bool distribution_is_valid(const struct distribution *d);
/* How long a request sent now takes; at least 1, at most 2^62. now_ns counts from where shift_at_ns
 * does. */
uint64_t distribution_sample_ns(const struct distribution *d, struct prng *p, uint64_t now_ns);

/* Standard normal, x 2^32. */
int64_t distribution_normal(struct prng *p);
/* Of x > 0, x 2^32. */
int64_t distribution_log2(uint64_t x);
/* value x 2^exponent, the exponent x 2^32 and within +-40; stops at 2^62. */
uint64_t distribution_exp2(uint64_t value, int64_t exponent);
/* Square root, rounded down. */
uint32_t distribution_root(uint64_t x);

#endif
