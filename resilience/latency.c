/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/latency.h"

#include <errno.h>
#include <string.h>

#define SURVIVAL_BITS 40u /* times 2^18 samples is 58 bits */
#define SURVIVAL_ALL  (1ull << SURVIVAL_BITS)
#define WEIGHT_BITS   20u /* times 42 bits of ns is 62 */
#define WORD_BUCKETS  4u  /* looked at together */

const struct latency_options latency_options_default = {
        .half_samples = 4096,
        .refresh_samples = 128,
        .samples_min = 64,
        .quantile_ppm = {500000, 950000, 990000, 999000},
        .half_ns = UINT64_MAX};

static_assert(sizeof(struct latency) <= 4096, "one page per service");
static_assert(LATENCY_BUCKETS % WORD_BUCKETS == 0, "buckets are skipped in words");
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

/* The walk up the buckets: how much of the distribution lies above, and who is still in it. */
struct walk {
	uint64_t survival; /* x 2^40 */
	uint64_t risk;     /* samples not shorter, and one that never ends (Weibull) */
	uint64_t mean;     /* so far, ns x 2^20 */
	uint32_t quantile; /* next to be reached */
};

static uint64_t bucket_middle_ns(uint32_t i)
{
	uint64_t min_ns = i == 0 ? 0 : latency_bucket_max_ns(i - 1, LATENCY_SUB_BITS) + 1;

	return min_ns + (latency_bucket_max_ns(i, LATENCY_SUB_BITS) - min_ns) / 2;
}

/* What may lie above a quantile. */
static uint64_t above(uint32_t quantile_ppm)
{
	return SURVIVAL_ALL * (LATENCY_PPM - quantile_ppm) / LATENCY_PPM;
}

static void walk_bucket(struct walk *w, struct latency *l, const struct latency_options *o,
                        uint32_t i, uint32_t count)
{
	uint64_t before = w->survival;

	assert(count < w->risk);
	w->survival = before * (w->risk - count) / w->risk;
	w->risk -= count;
	w->mean += ((before - w->survival) >> (SURVIVAL_BITS - WEIGHT_BITS)) * bucket_middle_ns(i);
	l->max_ns = latency_bucket_max_ns(i, LATENCY_SUB_BITS);
	while (w->quantile < LATENCY_QUANTILES_MAX &&
	       w->survival <= above(o->quantile_ppm[w->quantile]))
		l->quantile_ns[w->quantile++] = l->max_ns;
}

static uint64_t word(const uint16_t *buckets)
{
	uint64_t w;

	memcpy(&w, buckets, sizeof(w));
	return w;
}

/* Buckets [i, end) of both halves. */
static void walk_buckets(struct walk *w, struct latency *l, const struct latency_options *o,
                         uint32_t i, uint32_t end)
{
	const uint16_t *a = l->halves[0].buckets;
	const uint16_t *b = l->halves[1].buckets;

	assert(end <= LATENCY_BUCKETS);
	while (i < end) {
		if (i + WORD_BUCKETS <= end && (word(a + i) | word(b + i)) == 0) {
			i += WORD_BUCKETS;
			continue;
		}
		if ((a[i] | b[i]) != 0)
			walk_bucket(w, l, o, i, (uint32_t)a[i] + b[i]);
		i++;
	}
}

static void walk_points(struct walk *w, struct latency *l, const struct latency_options *o)
{
	uint32_t next = 0;
	uint32_t point = 0;

	for (; point < LATENCY_POINTS && w->risk > 1; point++) {
		uint64_t edge_ns = latency_bucket_max_ns(point, LATENCY_POINT_BITS);
		uint32_t end = latency_bucket(edge_ns, LATENCY_SUB_BITS) + 1;
		uint32_t cut = (uint32_t)l->halves[0].cut[point] + l->halves[1].cut[point];

		/* They are known to last up to here, no longer. */
		w->risk -= cut;
		if (cut > 0 && point > 0)
			l->max_ns = latency_bucket_max_ns(point - 1, LATENCY_POINT_BITS) + 1;
		walk_buckets(w, l, o, next, end);
		next = end;
		l->survival_ppm[point] = (uint32_t)(w->survival * LATENCY_PPM >> SURVIVAL_BITS);
	}
	for (; point < LATENCY_POINTS; point++)
		l->survival_ppm[point] = (uint32_t)(w->survival * LATENCY_PPM >> SURVIVAL_BITS);
}

void latency_refresh(struct latency *l, const struct latency_options *o)
{
	uint32_t exact = l->halves[0].exact + l->halves[1].exact;
	uint32_t censored = l->halves[0].censored + l->halves[1].censored;
	struct walk w = {.survival = SURVIVAL_ALL, .risk = (uint64_t)exact + censored + 1};

	assert(exact + censored <= 2 * LATENCY_SAMPLES_MAX);
	l->unread = 0;
	l->samples = exact >= o->samples_min ? exact : 0;
	l->censored = censored;
	l->mean_ns = 0;
	l->max_ns = 0;
	memset(l->quantile_ns, 0, sizeof(l->quantile_ns));
	if (l->samples == 0)
		return;
	walk_points(&w, l, o);
	assert(w.risk == 1);
	while (w.quantile < LATENCY_QUANTILES_MAX)
		l->quantile_ns[w.quantile++] = l->max_ns;
	l->mean_ns = censored == 0
	                     ? (l->halves[0].sum_ns + l->halves[1].sum_ns) / exact
	                     : (w.mean >> WEIGHT_BITS) +
	                               ((w.survival >> (SURVIVAL_BITS - WEIGHT_BITS)) * l->max_ns >>
	                                WEIGHT_BITS);
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
