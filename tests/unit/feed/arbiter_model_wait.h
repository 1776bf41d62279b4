/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How long the naive arbiter waits (gap.wait: learned). It remembers of each line the mean and the
 * mean deviation of how late its copies come, in fractions of 256, and says: two and a half times
 * the mean, or the mean and four deviations, at least 50 us, of the slowest line; of none known, or
 * beyond what is allowed: that.
 */
#ifndef TESTS_UNIT_FEED_ARBITER_MODEL_WAIT_H
#define TESTS_UNIT_FEED_ARBITER_MODEL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/line.h"

#define MODEL_SAMPLES_MIN 8u
#define MODEL_WAIT_NS_MIN 50000

struct model_skew {
	int64_t mean;
	int64_t deviation;
	uint32_t samples;
	bool ejected; /* as the arbiter publishes it: tests/unit/feed/test_line_health.c */
};

static struct model_skew model_skews[LINES_MAX];

static void model_skew_sample(uint32_t line, uint64_t late_ns)
{
	struct model_skew *s = &model_skews[line];
	int64_t late = (int64_t)late_ns * 256;

	if (s->samples++ == 0) {
		s->mean = late;
		s->deviation = late / 2;
		return;
	}
	int64_t off = late > s->mean ? late - s->mean : s->mean - late;

	s->deviation += (off - s->deviation) / 4;
	s->mean += (late - s->mean) / 8;
}

static int64_t model_line_wait(const struct model_skew *s)
{
	int64_t mean = s->mean / 256;
	int64_t wait = mean * 5 / 2;
	int64_t spread = mean + 4 * (s->deviation / 256);

	if (mean != 0 && spread > wait)
		wait = spread;
	return wait > MODEL_WAIT_NS_MIN ? wait : MODEL_WAIT_NS_MIN;
}

static uint64_t model_learned_wait_ns(uint32_t lines, uint64_t max_ns)
{
	int64_t wait = 0;

	for (uint32_t i = 0; i < lines; i++) {
		const struct model_skew *s = &model_skews[i];

		if (s->ejected || s->samples < MODEL_SAMPLES_MIN)
			continue;
		wait = model_line_wait(s) > wait ? model_line_wait(s) : wait;
	}
	return wait == 0 || (uint64_t)wait > max_ns ? max_ns : (uint64_t)wait;
}

#endif
