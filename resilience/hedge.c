/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/hedge.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#define MILLI 1000u
#define PPM   1000000u

const struct hedge_options hedge_options_default = {
        .delay = {.level_ppm = 945000, .gain_shift = 5, .samples_min = 64},
        .target_ppm = 10000,
        .gain_on_milli = 150,
        .gain_off_milli = 80,
        .samples_min = 256,
        .delay_min_ns = 0,
        .is_enabled = true};

int hedge_options_check(const struct hedge_options *o)
{
	assert(o != NULL);
	if (o->gain_on_milli > MILLI || o->gain_off_milli > o->gain_on_milli)
		return -EINVAL;
	if (o->target_ppm == 0 || o->target_ppm >= PPM)
		return -EINVAL;
	return quantile_options_check(&o->delay);
}

void hedge_init(struct hedge *h, const struct hedge_options *o)
{
	assert(h != NULL);
	assert(hedge_options_check(o) == 0);
	*h = (struct hedge){.delay_max_ns = UINT64_MAX};
	quantile_init(&h->first, &o->delay);
}

void hedge_set_options(struct hedge *h, const struct hedge_options *o)
{
	assert(h != NULL);
	assert(hedge_options_check(o) == 0);
	quantile_set_options(&h->first, &o->delay);
}

/* Chance that neither the first attempt has answered after ns, nor a second one that was sent after
 * the delay. */
static uint64_t late_ppm(const struct latency *l, uint64_t ns, uint64_t delay_ns)
{
	uint64_t first = latency_survival_ppm(l, ns);

	return ns < delay_ns ? first : first * latency_survival_ppm(l, ns - delay_ns) / PPM;
}

/* The least time that only target_ppm exceed, up to 1/512. */
static uint64_t quantile_with(const struct latency *l, uint64_t delay_ns, uint32_t target_ppm)
{
	uint64_t low = 0;
	uint64_t high = l->max_ns;

	assert(l->samples > 0);
	assert(high <= SAMPLE_NS_MAX);
	while (high - low > 1 + high / 512) {
		uint64_t middle = low + (high - low) / 2;

		if (late_ppm(l, middle, delay_ns) <= target_ppm)
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* Replies within a nanosecond are measured as 0; to wait for so long would be no wait. */
static uint64_t at_least_one(uint64_t ns)
{
	return ns > 0 ? ns : 1;
}

/* The first point of the survival curve at which only so many are left, rounded up to the point's
 * edge: what lies below is a single kind of attempt, and the edge must not cut it. */
static uint64_t curve_edge(const struct latency *l, uint32_t left_ppm)
{
	uint32_t low = 0;
	uint32_t high = LATENCY_POINTS;

	assert(l->samples > 0);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (l->survival_ppm[middle] <= left_ppm)
			high = middle;
		else
			low = middle + 1;
	}
	assert(low == high);
	return low == LATENCY_POINTS ? UINT64_MAX
	                             : at_least_one(latency_bucket_max_ns(low, LATENCY_POINT_BITS));
}

static uint64_t delay(const struct hedge *h, const struct hedge_options *o)
{
	uint64_t ns = at_least_one(quantile_ns(&h->first));

	assert(h->delay_max_ns > 0);
	ns = ns < h->delay_max_ns ? ns : h->delay_max_ns;
	return ns > o->delay_min_ns ? ns : o->delay_min_ns;
}

static uint32_t gain_milli(const struct hedge *h, const struct hedge_options *o,
                           const struct latency *l)
{
	uint64_t delay_ns = delay(h, o);
	uint64_t alone_ns = quantile_with(l, UINT64_MAX, o->target_ppm);

	assert(alone_ns <= SAMPLE_NS_MAX);
	if (alone_ns <= delay_ns)
		return 0;
	uint64_t hedged_ns = quantile_with(l, delay_ns, o->target_ppm);

	assert(hedged_ns <= SAMPLE_NS_MAX);
	return hedged_ns >= alone_ns ? 0 : (uint32_t)((alone_ns - hedged_ns) * MILLI / alone_ns);
}

void hedge_poll(struct hedge *h, const struct hedge_options *o, const struct latency *l)
{
	bool is_known = l->samples >= o->samples_min && quantile_is_known(&h->first, &o->delay);
	uint32_t limit = h->is_on != 0 ? o->gain_off_milli : o->gain_on_milli;

	assert(h->is_on <= 1);
	assert(o->gain_off_milli <= o->gain_on_milli);
	h->delay_max_ns = is_known ? curve_edge(l, PPM - o->delay.level_ppm) : UINT64_MAX;
	h->gain_milli = o->is_enabled && is_known ? gain_milli(h, o, l) : 0;
	bool is_on = o->is_enabled && is_known && h->gain_milli >= limit && h->gain_milli > 0;

	h->switched += is_on != (h->is_on != 0);
	h->is_on = is_on;
}

uint64_t hedge_delay_now_ns(const struct hedge *h, const struct hedge_options *o)
{
	assert(h->is_on == 1);
	return o->is_enabled ? delay(h, o) : UINT64_MAX;
}

bool hedge_is_sound(const struct hedge *h, const struct hedge_options *o)
{
	assert(h != NULL);
	if (h->is_on > 1 || h->gain_milli > MILLI || h->delay_max_ns == 0)
		return false;
	/* Only who knows is on. */
	if (h->is_on == 1 && h->first.samples == 0)
		return false;
	return quantile_is_sound(&h->first, &o->delay);
}
