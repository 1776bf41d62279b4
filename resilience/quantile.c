/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/quantile.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#define PPM       1000000u
#define LEVEL_MIN 10000u
#define LEVEL_MAX 990000u
#define SHIFT_MIN 2u
#define SHIFT_MAX 12u
/* A run is improbable under 10^-4. */
#define IMPROBABLE_PPM 100u

const struct quantile_options quantile_options_default = {
        .level_ppm = 950000, .gain_shift = 5, .samples_min = 64};

int quantile_options_check(const struct quantile_options *o)
{
	assert(o != NULL);
	if (o->level_ppm < LEVEL_MIN || o->level_ppm > LEVEL_MAX || o->samples_min == 0)
		return -EINVAL;
	return o->gain_shift >= SHIFT_MIN && o->gain_shift <= SHIFT_MAX ? 0 : -EINVAL;
}

static uint32_t factor(uint32_t chance_ppm, uint32_t gain_shift)
{
	uint64_t f = ((uint64_t)chance_ppm << (QUANTILE_FACTOR_BITS - gain_shift)) / PPM;

	return f == 0 ? 1 : (uint32_t)f;
}

/* The least n with chance^n under 10^-4; the bounds of the level keep it under 1,000. */
static uint16_t improbable_run(uint32_t chance_ppm)
{
	uint64_t ppm = PPM;
	uint16_t n = 0;

	assert(chance_ppm > 0);
	assert(chance_ppm < PPM);
	while (ppm >= IMPROBABLE_PPM) {
		ppm = ppm * chance_ppm / PPM;
		n++;
	}
	return n;
}

void quantile_init(struct quantile *q, const struct quantile_options *o)
{
	assert(q != NULL);
	assert(quantile_options_check(o) == 0);
	*q = (struct quantile){
	        .up = factor(o->level_ppm, o->gain_shift),
	        .down = factor(PPM - o->level_ppm, o->gain_shift),
	        .run_up = improbable_run(PPM - o->level_ppm),
	        .run_down = improbable_run(o->level_ppm),
	};
}

void quantile_set_options(struct quantile *q, const struct quantile_options *o)
{
	struct quantile fresh;

	quantile_init(&fresh, o);
	q->up = fresh.up;
	q->down = fresh.down;
	q->run_up = fresh.run_up;
	q->run_down = fresh.run_down;
	q->run = 0;
	q->boost = 0;
}

void quantile_clear(struct quantile *q)
{
	assert(q->up > 0);
	assert(q->down > 0);
	*q = (struct quantile){
	        .up = q->up, .down = q->down, .run_up = q->run_up, .run_down = q->run_down};
}

/* Larger steps at the start: x 8 under 8 samples, x 4 under 32, x 2 under 128. */
static inline uint32_t early_boost(uint32_t samples)
{
	if (samples >= QUANTILE_EARLY_SAMPLES)
		return 0;
	return samples < 8 ? 3 : samples < 32 ? 2 : 1;
}

static inline void count_run(struct quantile *q, bool is_above)
{
	if (q->is_above != is_above) {
		q->is_above = is_above;
		q->run = 0;
		q->boost = 0;
	}
	if (++q->run > (is_above ? q->run_up : q->run_down)) {
		q->run = 1;
		q->boost = (uint8_t)(q->boost + (q->boost < QUANTILE_BOOST_MAX));
	}
}

void quantile_on_sample_slow(struct quantile *q, uint64_t ns, enum sample_kind kind)
{
	uint64_t sample = sample_clamp(ns) << QUANTILE_FRACTION_BITS;
	bool is_above = sample > q->estimate;

	assert(q->up > 0);
	assert(q->boost <= QUANTILE_BOOST_MAX);
	if (kind == SAMPLE_AMBIGUOUS)
		return;
	if (kind == SAMPLE_CENSORED && (q->samples == 0 || !is_above)) {
		sample_count(&q->left_out);
		return;
	}
	if (q->samples == 0) {
		/* From nothing, no multiplication leads up. */
		q->estimate = sample > QUANTILE_ESTIMATE_MIN ? sample : QUANTILE_ESTIMATE_MIN;
	} else {
		count_run(q, is_above);
		uint32_t early = early_boost(q->samples);

		quantile_move(q, is_above, q->boost > early ? q->boost : early);
	}
	sample_count(&q->samples);
}

bool quantile_is_sound(const struct quantile *q, const struct quantile_options *o)
{
	struct quantile fresh;

	assert(q != NULL);
	quantile_init(&fresh, o);
	if (q->up != fresh.up || q->down != fresh.down)
		return false;
	if (q->run_up != fresh.run_up || q->run_down != fresh.run_down)
		return false;
	if (q->boost > QUANTILE_BOOST_MAX || q->is_above > 1)
		return false;
	if (q->run > q->run_up && q->run > q->run_down)
		return false;
	/* The largest step of the largest gain leads to less than five times the longest sample. */
	return (q->samples > 0) == (q->estimate > 0) &&
	       q->estimate < SAMPLE_NS_MAX << (QUANTILE_FRACTION_BITS + 3);
}
