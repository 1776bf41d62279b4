/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/backoff.h"

#include <assert.h>

#include "resilience/prng.h"

#define PPM 1000000u

uint64_t backoff_ns(const struct backoff_options *o, uint32_t doublings, struct prng *prng)
{
	uint64_t time_ns = o->base_ns;

	assert(o->base_ns > 0);
	assert(o->max_ns <= BACKOFF_TIME_MAX);
	for (uint32_t i = 0; i < doublings && time_ns < o->max_ns; i++)
		time_ns *= 2;
	time_ns = time_ns < o->max_ns ? time_ns : o->max_ns;
	/* Split so that it cannot overflow. */
	uint64_t jitter = time_ns / PPM * o->jitter_ppm + time_ns % PPM * o->jitter_ppm / PPM;

	assert(jitter < time_ns);
	return jitter == 0 ? time_ns : time_ns - prng_below(prng, jitter + 1);
}
