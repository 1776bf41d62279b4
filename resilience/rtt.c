/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/rtt.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define SHIFT_MAX 12u

const struct rtt_options rtt_options_default = {
        .samples_min = 1, .smooth_shift = 3, .deviation_shift = 2};

int rtt_options_check(const struct rtt_options *o)
{
	assert(o != NULL);
	if (o->samples_min == 0)
		return -EINVAL;
	return o->smooth_shift <= SHIFT_MAX && o->deviation_shift <= SHIFT_MAX ? 0 : -EINVAL;
}

void rtt_init(struct rtt *r)
{
	assert(r != NULL);
	memset(r, 0, sizeof(*r));
}

/* Towards the sample by 2^-shift of the way. Whether it lies above or below cannot be foretold, so
 * there is no branch: the sign is a mask. Steps are cut toward zero on both sides alike; a shift of
 * a negative number would draw the value down. */
static inline uint64_t approach(uint64_t value, uint64_t towards, uint32_t shift)
{
	uint64_t difference = towards - value;
	uint64_t sign = -(difference >> 63); /* both are far below 2^63 */
	uint64_t step = ((difference ^ sign) - sign) >> shift;

	return value + ((step ^ sign) - sign);
}

static inline uint64_t distance(uint64_t a, uint64_t b)
{
	uint64_t difference = a - b;
	uint64_t sign = -(difference >> 63);

	return (difference ^ sign) - sign;
}

void rtt_on_sample(struct rtt *r, const struct rtt_options *o, uint64_t ns, enum sample_kind kind)
{
	uint64_t sample = sample_clamp(ns) << RTT_FRACTION_BITS;

	assert(o->smooth_shift <= SHIFT_MAX);
	assert(o->deviation_shift <= SHIFT_MAX);
	if (kind == SAMPLE_AMBIGUOUS)
		return;
	if (kind == SAMPLE_CENSORED && (r->samples == 0 || sample <= r->smoothed))
		return;
	if (kind == SAMPLE_CENSORED && sample > 2 * r->smoothed)
		sample = 2 * r->smoothed;
	if (r->samples == 0) {
		r->smoothed = sample;
		r->deviation = sample / 2;
	} else {
		/* In this order: RFC 6298, 2.3. */
		r->deviation =
		        approach(r->deviation, distance(sample, r->smoothed), o->deviation_shift);
		r->smoothed = approach(r->smoothed, sample, o->smooth_shift);
	}
	if (kind == SAMPLE_EXACT)
		r->samples += r->samples < UINT32_MAX;
	else
		r->censored += r->censored < UINT32_MAX;
}

bool rtt_is_sound(const struct rtt *r)
{
	const uint64_t limit = SAMPLE_NS_MAX << RTT_FRACTION_BITS;

	assert(r != NULL);
	if (r->smoothed > limit || r->deviation > limit)
		return false;
	return r->samples > 0 || (r->smoothed == 0 && r->deviation == 0);
}
