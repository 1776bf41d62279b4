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

void rtt_on_sample_slow(struct rtt *r, const struct rtt_options *o, uint64_t ns,
                        enum sample_kind kind)
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
		rtt_move(r, o, sample);
	}
	sample_count(kind == SAMPLE_EXACT ? &r->samples : &r->censored);
}

bool rtt_is_sound(const struct rtt *r)
{
	const uint64_t limit = SAMPLE_NS_MAX << RTT_FRACTION_BITS;

	assert(r != NULL);
	if (r->smoothed > limit || r->deviation > limit)
		return false;
	return r->samples > 0 || (r->smoothed == 0 && r->deviation == 0);
}
