/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Log-linear histogram (HDR style): values 0 .. 2^48 in buckets of at most 1/32 relative width;
 * larger ones land in the last. Adding is a shift, a count-leading-zeros and an increment. Pure,
 * one owner; readers merge copies.
 */
#ifndef RESILIENCE_HISTOGRAM_H
#define RESILIENCE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5u
#define HISTOGRAM_BUCKETS  ((48u - HISTOGRAM_SUB_BITS + 1u) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint64_t min; /* UINT64_MAX while empty */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_init(struct histogram *h);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* Upper edge of the bucket in which the quantile (0 < parts_per_million <= 10^6) lies, never above
 * max; 0 when empty. */
uint64_t histogram_quantile(const struct histogram *h, uint32_t parts_per_million);
/* Largest value that falls into bucket i. */
uint64_t histogram_bucket_max(uint32_t i);

static inline uint32_t histogram_bucket(uint64_t value)
{
	const uint64_t limit = (1ull << 48) - 1;
	uint64_t v = value > limit ? limit : value;

	if (v < (1u << HISTOGRAM_SUB_BITS))
		return (uint32_t)v;
	uint32_t exponent = 63u - (uint32_t)__builtin_clzll(v) - HISTOGRAM_SUB_BITS;

	return (uint32_t)((exponent << HISTOGRAM_SUB_BITS) + (uint32_t)(v >> exponent));
}

static inline void histogram_record(struct histogram *h, uint64_t value)
{
	h->count++;
	h->sum += value;
	h->max = value > h->max ? value : h->max;
	h->min = value < h->min ? value : h->min;
	h->buckets[histogram_bucket(value)]++;
}

#endif
