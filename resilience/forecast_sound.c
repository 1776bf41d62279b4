/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What holds of every forecast between two calls, whatever options it lives under: so narrow that
 * no sum or product of the next interval can overflow.
 */
#include <assert.h>
#include <stddef.h>

#include "resilience/forecast.h"

#define VALUE_MAX (1ll << 30) /* 64 octaves in Q16, 8 bits below; a million ppm is less */
/* A line that follows may overshoot what it follows, but not by that much. */
#define FOLLOWED_MAX (16 * VALUE_MAX)

static bool sound_value(int64_t v)
{
	return v >= 0 && v <= VALUE_MAX;
}

static bool sound_line(int64_t v)
{
	return v >= -FOLLOWED_MAX && v <= FOLLOWED_MAX;
}

static bool sound_metric(const struct forecast_metric *m)
{
	if (!sound_value(m->baseline) || !sound_value(m->deviation) || !sound_value(m->last[0]) ||
	    !sound_value(m->last[1]))
		return false;
	if (!sound_line(m->level) || !sound_line(m->slope))
		return false;
	/* A learned bound lies above a level by a factor, of 64 octaves at most. */
	if (m->bound != INT64_MAX && (m->bound < 0 || m->bound > 2 * VALUE_MAX))
		return false;
	return m->cusum_milli <= (uint64_t)UINT32_MAX + UINT32_MAX / 4 &&
	       m->taught <= FORECAST_WARM_UP_MAX;
}

bool forecast_is_sound(const struct forecast *f)
{
	assert(f != NULL);
	if ((uint64_t)f->latencies + f->failures != f->samples ||
	    f->latency_sum > (uint64_t)f->latencies * 64 * FORECAST_OCTAVE)
		return false;
	if (!sound_metric(&f->latency) || !sound_metric(&f->error) || f->error.bound == INT64_MAX)
		return false;
	if ((f->firing & ~FORECAST_DETECTORS_ALL) != 0 || f->cause >= FORECAST_DETECTORS)
		return false;
	switch ((enum forecast_level)f->level) {
	case FORECAST_CALM:
		return f->firing == 0 && f->quiet_since_ns == UINT64_MAX;
	case FORECAST_WARNING:
		return f->warnings > 0 && (f->firing == 0 || f->quiet_since_ns == UINT64_MAX);
	}
	return false;
}

static uint64_t not_ahead(uint64_t time_ns, uint64_t now_ns)
{
	return time_ns < now_ns ? time_ns : now_ns;
}

void forecast_resume(struct forecast *f, uint64_t now_ns)
{
	assert(forecast_is_sound(f));
	f->interval_start_ns = not_ahead(f->interval_start_ns, now_ns);
	f->since_ns = not_ahead(f->since_ns, now_ns);
	if (f->quiet_since_ns != UINT64_MAX)
		f->quiet_since_ns = not_ahead(f->quiet_since_ns, now_ns);
}
