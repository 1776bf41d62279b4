/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/degradation.h"

#include <assert.h>

#define OCTAVE 65536

static uint32_t between(struct prng *p, uint32_t low, uint32_t high)
{
	assert(high >= low);
	return low + (uint32_t)prng_below(p, high - low + 1);
}

/* About a normal deviate, times `scale`: twelve uniform 16-bit numbers less their mean have a
 * variance of one (in units of 65536). */
static int32_t normal(struct prng *p, int32_t scale)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < 3; i++) {
		uint64_t r = prng_next(p);

		sum += (int64_t)((r & 0xffff) + (r >> 16 & 0xffff) + (r >> 32 & 0xffff) +
		                 (r >> 48));
	}
	return (int32_t)((sum - 6 * 65535) * scale / 65536);
}

void degradation_init(struct degradation *d, enum degradation_kind kind, uint64_t seed)
{
	struct prng *p = &d->prng;

	prng_init(p, seed * DEGRADATION_KINDS + (uint64_t)kind);
	d->kind = kind;
	d->start = between(p, 300, 600);
	d->samples = between(p, 20, 200);
	d->base = (int32_t)between(p, 17 * OCTAVE, 27 * OCTAVE);
	d->spread = (int32_t)between(p, OCTAVE * 3 / 10, OCTAVE * 8 / 10);
	d->noise = (int32_t)between(p, OCTAVE / 100, OCTAVE / 40);
	d->wander = 0;
	d->wave = (int32_t)between(p, 0, OCTAVE * 15 / 100);
	d->wave_period = between(p, 1800, 7200);
	d->wave_phase = between(p, 0, d->wave_period - 1);
	d->error_ppm = between(p, 0, 10000);
	d->length = 0;
	d->height = 0;
	d->step_error_ppm = 0;
	d->busy_until = 0;
	switch (kind) {
	case DEGRADATION_NONE:
	case DEGRADATION_BUSY:
	case DEGRADATION_ABRUPT:
		break;
	case DEGRADATION_DRIFT:
		d->length = between(p, 120, 600);
		break;
	case DEGRADATION_DECAY:
		d->length = between(p, 3000, 7000);
		break;
	case DEGRADATION_STEP:
		d->length = between(p, 20, 120);
		d->height = (int32_t)between(p, OCTAVE * 585 / 1000, OCTAVE * 1585 / 1000);
		d->step_error_ppm = between(p, 10000, 40000);
		break;
	case DEGRADATION_SAWTOOTH:
		d->length = between(p, 20, 60);
		d->height = (int32_t)between(p, OCTAVE * 3 / 10, OCTAVE * 6 / 10);
		break;
	case DEGRADATION_SLOW:
		d->height = OCTAVE * 1585 / 1000;
		break;
	}
}

/* How much slower, and what failure rate comes on top. */
static int32_t worse(const struct degradation *d, uint32_t t, uint32_t *error_ppm)
{
	*error_ppm = 0;
	if (d->kind == DEGRADATION_BUSY)
		return t < d->busy_until ? d->height : 0;
	if (d->kind == DEGRADATION_NONE || t < d->start)
		return 0;
	uint32_t in = t - d->start;

	switch (d->kind) {
	case DEGRADATION_NONE:
	case DEGRADATION_BUSY:
		return 0;
	case DEGRADATION_DRIFT:
	case DEGRADATION_DECAY: {
		uint64_t way = in < d->length ? in : d->length;

		*error_ppm =
		        (uint32_t)(200000 * way * way * way / d->length / d->length / d->length);
		return (int32_t)(2 * OCTAVE * way / d->length);
	}
	case DEGRADATION_STEP:
		*error_ppm = in < d->length ? d->step_error_ppm : 200000;
		return d->height;
	case DEGRADATION_SAWTOOTH: {
		int32_t peak = d->height + (int32_t)(in / d->length) * (OCTAVE * 3 / 10);
		int32_t now = peak * (int32_t)(in % d->length + 1) / (int32_t)d->length;
		int32_t over = now - OCTAVE * 8 / 10;

		*error_ppm = over > 0 ? (uint32_t)((int64_t)over * 100000 / OCTAVE) : 0;
		return now;
	}
	case DEGRADATION_SLOW:
		return d->height;
	case DEGRADATION_ABRUPT:
		*error_ppm = 300000;
		return 0;
	}
	return 0;
}

static int32_t wave_at(const struct degradation *d, uint32_t t)
{
	/* A triangle between -wave and +wave. */
	uint32_t half = d->wave_period / 2;
	uint32_t at = (t + d->wave_phase) % (2 * half);
	uint32_t up = at < half ? at : 2 * half - at;

	return (int32_t)((int64_t)d->wave * 2 * up / half) - d->wave;
}

static void busy_spell(struct degradation *d, uint32_t t)
{
	if (t < d->busy_until || prng_below(&d->prng, 800) != 0)
		return;
	d->busy_until = t + between(&d->prng, 60, 300);
	d->height = (int32_t)between(&d->prng, OCTAVE * 263 / 1000, OCTAVE * 585 / 1000);
}

void degradation_interval(struct degradation *d, uint32_t t)
{
	uint32_t error_ppm;

	if (d->kind == DEGRADATION_BUSY)
		busy_spell(d, t);
	int32_t slower = worse(d, t, &error_ppm);
	bool hiccup = prng_below(&d->prng, 300) == 0;
	bool burst = prng_below(&d->prng, 1000) == 0;

	d->wander += normal(&d->prng, d->noise) - d->wander / 10;
	d->level = d->base + d->wander + wave_at(d, t) + slower + (hiccup ? OCTAVE : 0);
	d->failure_ppm = d->error_ppm + error_ppm + (burst ? 50000 : 0);
}

bool degradation_request(struct degradation *d, uint64_t *latency_ns)
{
	if (prng_chance_ppm(&d->prng, d->failure_ppm))
		return false;
	int32_t octaves = d->level + normal(&d->prng, d->spread);

	assert(octaves > 16 * OCTAVE / 2);
	assert(octaves < 48 * OCTAVE);
	/* 2^x, linear between powers of two: what the forecast takes the logarithm of. */
	*latency_ns = ((uint64_t)OCTAVE | ((uint32_t)octaves & 0xffff)) << (octaves >> 16) >> 16;
	return true;
}

uint32_t degradation_failure(const struct degradation *d)
{
	for (uint32_t t = d->start; t < DEGRADATION_INTERVALS; t++) {
		uint32_t error_ppm;

		(void)worse(d, t, &error_ppm);
		if (d->error_ppm + error_ppm >= DEGRADATION_FAILURE_PPM)
			return t;
	}
	return DEGRADATION_NEVER;
}

const char *degradation_name(enum degradation_kind kind)
{
	switch (kind) {
	case DEGRADATION_NONE:
		return "healthy";
	case DEGRADATION_BUSY:
		return "healthy, busy spells";
	case DEGRADATION_DRIFT:
		return "slow drift";
	case DEGRADATION_DECAY:
		return "slow decay";
	case DEGRADATION_STEP:
		return "step";
	case DEGRADATION_SAWTOOTH:
		return "sawtooth";
	case DEGRADATION_SLOW:
		return "latency x3, success stays";
	case DEGRADATION_ABRUPT:
		return "abrupt";
	}
	return "?";
}
