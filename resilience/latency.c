/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/latency.h"

#include <errno.h>
#include <string.h>

#define SURVIVAL_BITS 40u /* times 2^18 samples is 58 bits */
#define SURVIVAL_ALL  (1ull << SURVIVAL_BITS)
#define WEIGHT_BITS   20u /* times 42 bits of ns is 62 */

const struct latency_options latency_options_default = {
        .half_samples = 4096,
        .refresh_samples = 256,
        .samples_min = 64,
        .quantile_ppm = {500000, 950000, 990000, 999000},
        .half_ns = UINT64_MAX};

static_assert(sizeof(struct latency) <= 4096, "one page per service");
static_assert(LATENCY_SUB_BITS == 4 && LATENCY_POINT_BITS == 2, "octaves are skipped in words");
static_assert(LATENCY_SAMPLES_MAX <= UINT16_MAX, "a bucket may hold a whole half");

int latency_options_check(const struct latency_options *o)
{
	assert(o != NULL);
	if (o->half_samples == 0 || o->half_samples > LATENCY_SAMPLES_MAX)
		return -EINVAL;
	if (o->refresh_samples == 0 || o->samples_min == 0 || o->half_ns == 0)
		return -EINVAL;
	for (uint32_t i = 0; i < LATENCY_QUANTILES_MAX; i++) {
		if (o->quantile_ppm[i] >= LATENCY_PPM)
			return -EINVAL;
		if (i > 0 && o->quantile_ppm[i] < o->quantile_ppm[i - 1])
			return -EINVAL;
	}
	return 0;
}

void latency_init(struct latency *l, uint64_t now_ns)
{
	assert(l != NULL);
	memset(l, 0, sizeof(*l));
	l->half_since_ns = now_ns;
}

void latency_rotate(struct latency *l)
{
	assert(l->newer <= 1);
	l->newer ^= 1;
	memset(&l->halves[l->newer], 0, sizeof(l->halves[0]));
	l->rotations++;
}

static bool rotate_by_time(struct latency *l, const struct latency_options *o, uint64_t now_ns)
{
	bool is_rotated = l->rotations != l->rotations_seen;

	if (is_rotated)
		l->half_since_ns = now_ns;
	if (now_ns >= l->half_since_ns && now_ns - l->half_since_ns >= o->half_ns) {
		bool is_stale = (now_ns - l->half_since_ns) / 2 >= o->half_ns;

		latency_rotate(l);
		if (is_stale)
			latency_rotate(l);
		l->half_since_ns = now_ns;
		is_rotated = true;
	}
	l->rotations_seen = l->rotations;
	return is_rotated;
}

bool latency_poll(struct latency *l, const struct latency_options *o, uint64_t now_ns)
{
	bool is_rotated = rotate_by_time(l, o, now_ns);
	uint32_t few = l->samples / 4;

	assert(o->refresh_samples > 0);
	assert(l->rotations_seen == l->rotations);
	if (!is_rotated && l->unread <= few && l->unread < o->refresh_samples)
		return false;
	latency_refresh(l, o);
	return true;
}

/* The walk up the buckets: how much of the distribution lies above, and who is still in it. Between
 * two cuts the curve falls in proportion to those still in it; it is divided only where it is read.
 */
struct walk {
	uint64_t risk;          /* samples not shorter, and one that never ends (Weibull) */
	uint64_t cut_survival;  /* x 2^40, at the last cut */
	uint64_t cut_risk;      /* right after it */
	uint64_t sum_ns;        /* of the samples since */
	uint64_t mean;          /* of those before, ns x 2^20 */
	uint64_t quantile_risk; /* the next quantile is reached when no more are in it */
	uint32_t quantile;
	uint32_t survival_ppm;
};

static uint64_t bucket_middle_ns(uint32_t i)
{
	uint64_t min_ns = i == 0 ? 0 : latency_bucket_max_ns(i - 1, LATENCY_SUB_BITS) + 1;

	return min_ns + (latency_bucket_max_ns(i, LATENCY_SUB_BITS) - min_ns) / 2;
}

static uint64_t survival(const struct walk *w)
{
	assert(w->risk <= w->cut_risk);
	return w->cut_survival * w->risk / w->cut_risk;
}

static void aim_at_quantile(struct walk *w, const struct latency_options *o)
{
	uint64_t above;

	w->quantile_risk = 0;
	if (w->quantile == LATENCY_QUANTILES_MAX)
		return;
	/* Rounded up, so that a whole number of samples stays one; 2^-40 of 2^18 samples is less
	 * than the millionth by which any other share would miss it. */
	above = (SURVIVAL_ALL * (LATENCY_PPM - o->quantile_ppm[w->quantile]) + LATENCY_PPM - 1) /
	        LATENCY_PPM;
	w->quantile_risk =
	        above >= w->cut_survival ? w->cut_risk : above * w->cut_risk / w->cut_survival;
}

/* Those cut here are known to last up to here, no longer. */
static void walk_cut(struct walk *w, const struct latency_options *o, uint32_t count)
{
	uint64_t here = survival(w);

	assert(count < w->risk);
	w->mean += w->sum_ns / w->cut_risk * (w->cut_survival >> (SURVIVAL_BITS - WEIGHT_BITS));
	w->sum_ns = 0;
	w->risk -= count;
	w->cut_risk = w->risk;
	w->cut_survival = here;
	aim_at_quantile(w, o);
}

static void walk_bucket(struct walk *w, struct latency *l, const struct latency_options *o,
                        uint32_t i, uint32_t count)
{
	assert(count < w->risk);
	w->risk -= count;
	w->sum_ns += count * bucket_middle_ns(i);
	l->max_ns = latency_bucket_max_ns(i, LATENCY_SUB_BITS);
	l->exact_max_ns = l->max_ns;
	while (w->risk <= w->quantile_risk) {
		l->quantile_ns[w->quantile++] = l->max_ns;
		aim_at_quantile(w, o);
	}
}

static void walk_point(struct walk *w, struct latency *l, const struct latency_options *o,
                       uint32_t point)
{
	const uint16_t *a = l->halves[0].buckets;
	const uint16_t *b = l->halves[1].buckets;
	uint64_t min_ns = point == 0 ? 0 : latency_bucket_max_ns(point - 1, LATENCY_POINT_BITS) + 1;
	uint64_t max_ns = latency_bucket_max_ns(point, LATENCY_POINT_BITS);
	uint32_t end = latency_bucket(max_ns, LATENCY_SUB_BITS);
	uint32_t cut = (uint32_t)l->halves[0].cut[point] + l->halves[1].cut[point];

	assert(end < LATENCY_BUCKETS);
	if (cut > 0) {
		walk_cut(w, o, cut);
		l->max_ns = min_ns;
	}
	for (uint32_t i = latency_bucket(min_ns, LATENCY_SUB_BITS); i <= end; i++)
		if ((a[i] | b[i]) != 0)
			walk_bucket(w, l, o, i, (uint32_t)a[i] + b[i]);
	w->survival_ppm = (uint32_t)(survival(w) * LATENCY_PPM >> SURVIVAL_BITS);
}

static uint64_t words(const void *memory, uint32_t count)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)memory + i * sizeof(word), sizeof(word));
		any |= word;
	}
	return any;
}

/* Sixteen buckets at once; the first sixteen hold 0 .. 15 ns and are twelve points, all others an
 * octave and four. Most are empty. */
static void walk_octave(struct walk *w, struct latency *l, const struct latency_options *o,
                        uint32_t octave)
{
	uint32_t point = octave == 0 ? 0 : 4 * octave + 8;
	uint32_t end = 4 * octave + 12;
	uint64_t any = 0;

	assert(end <= LATENCY_POINTS);
	for (uint32_t i = 0; i < 2; i++) {
		any |= words(&l->halves[i].buckets[octave << LATENCY_SUB_BITS], 4);
		any |= words(&l->halves[i].cut[point], (end - point) / 4);
	}
	for (; point < end; point++) {
		if (any != 0)
			walk_point(w, l, o, point);
		l->survival_ppm[point] = w->survival_ppm;
	}
}

/* What is left at the end lasts at least as long as the longest. */
static uint64_t walk_mean(struct walk *w, uint64_t max_ns)
{
	uint64_t rest = survival(w) >> (SURVIVAL_BITS - WEIGHT_BITS);

	assert(w->cut_risk > 0);
	w->mean += w->sum_ns / w->cut_risk * (w->cut_survival >> (SURVIVAL_BITS - WEIGHT_BITS));
	assert(max_ns <= SAMPLE_NS_MAX);
	return (w->mean + rest * max_ns) >> WEIGHT_BITS;
}

void latency_refresh(struct latency *l, const struct latency_options *o)
{
	uint32_t exact = l->halves[0].exact + l->halves[1].exact;
	uint32_t censored = l->halves[0].censored + l->halves[1].censored;
	struct walk w = {.risk = (uint64_t)exact + censored + 1,
	                 .cut_risk = (uint64_t)exact + censored + 1,
	                 .cut_survival = SURVIVAL_ALL,
	                 .survival_ppm = LATENCY_PPM};

	assert(exact + censored <= 2 * LATENCY_SAMPLES_MAX);
	l->unread = 0;
	l->samples = exact >= o->samples_min ? exact : 0;
	l->censored = censored;
	l->mean_ns = 0;
	l->max_ns = 0;
	l->exact_max_ns = 0;
	memset(l->quantile_ns, 0, sizeof(l->quantile_ns));
	if (l->samples == 0)
		return;
	aim_at_quantile(&w, o);
	for (uint32_t i = 0; i < LATENCY_BUCKETS >> LATENCY_SUB_BITS; i++)
		walk_octave(&w, l, o, i);
	assert(w.risk == 1);
	while (w.quantile < LATENCY_QUANTILES_MAX)
		l->quantile_ns[w.quantile++] = l->exact_max_ns;
	l->mean_ns = censored == 0 ? (l->halves[0].sum_ns + l->halves[1].sum_ns) / exact
	                           : walk_mean(&w, l->max_ns);
}

uint32_t latency_survival_ppm(const struct latency *l, uint64_t ns)
{
	uint64_t v = sample_clamp(ns);
	uint32_t point = latency_bucket(v, LATENCY_POINT_BITS);

	assert(point < LATENCY_POINTS);
	if (l->samples == 0)
		return LATENCY_PPM;
	uint64_t edge_ns = latency_bucket_max_ns(point, LATENCY_POINT_BITS);
	uint64_t high_ns = edge_ns < l->max_ns ? edge_ns : l->max_ns; /* the curve ends there */
	uint64_t high = l->survival_ppm[point];

	if (point == 0 || v >= high_ns)
		return (uint32_t)high;
	uint64_t low_ns = latency_bucket_max_ns(point - 1, LATENCY_POINT_BITS);
	uint64_t low = l->survival_ppm[point - 1];

	assert(low >= high);
	return (uint32_t)(low - (low - high) * (v - low_ns) / (high_ns - low_ns));
}

uint32_t latency_within_ppm(const struct latency *l, uint64_t waited_ns, uint64_t within_ns)
{
	uint64_t end_ns = within_ns < UINT64_MAX - waited_ns ? waited_ns + within_ns : UINT64_MAX;

	if (l->samples == 0)
		return LATENCY_PPM;
	uint64_t waiting = latency_survival_ppm(l, waited_ns);
	uint64_t late = latency_survival_ppm(l, end_ns);

	assert(late <= waiting);
	assert(waiting <= LATENCY_PPM);
	return waiting == 0 ? 0 : (uint32_t)((waiting - late) * LATENCY_PPM / waiting);
}

static bool half_is_sound(const struct latency_half *h)
{
	uint64_t exact = 0;
	uint64_t censored = 0;

	for (uint32_t i = 0; i < LATENCY_BUCKETS; i++)
		exact += h->buckets[i];
	for (uint32_t i = 0; i < LATENCY_POINTS; i++)
		censored += h->cut[i];
	if (exact != h->exact || censored != h->censored)
		return false;
	return exact + censored <= LATENCY_SAMPLES_MAX && h->sum_ns <= exact * SAMPLE_NS_MAX;
}

bool latency_is_sound(const struct latency *l)
{
	assert(l != NULL);
	if (l->newer > 1 || !half_is_sound(&l->halves[0]) || !half_is_sound(&l->halves[1]))
		return false;
	if (l->max_ns > SAMPLE_NS_MAX || l->exact_max_ns > SAMPLE_NS_MAX)
		return false;
	for (uint32_t i = 0; i < LATENCY_POINTS && l->samples > 0; i++)
		if (l->survival_ppm[i] > (i == 0 ? LATENCY_PPM : l->survival_ppm[i - 1]))
			return false;
	return true;
}
