/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/histogram.h"

#include <string.h>

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof(*h));
	h->min = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	into->count += from->count;
	into->sum += from->sum;
	into->max = from->max > into->max ? from->max : into->max;
	into->min = from->min < into->min ? from->min : into->min;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t histogram_bucket_max(uint32_t i)
{
	if (i < (2u << HISTOGRAM_SUB_BITS))
		return i;
	uint32_t exponent = (i >> HISTOGRAM_SUB_BITS) - 1;
	uint64_t base =
	        (uint64_t)(i & ((1u << HISTOGRAM_SUB_BITS) - 1)) + (1u << HISTOGRAM_SUB_BITS);

	return ((base + 1) << exponent) - 1;
}

uint64_t histogram_quantile(const struct histogram *h, uint32_t parts_per_million)
{
	if (h->count == 0)
		return 0;
	/* Rank of the wanted value, 1-based, rounded up; split so that it cannot overflow. */
	uint64_t rank = h->count / 1000000 * parts_per_million +
	                (h->count % 1000000 * parts_per_million + 999999) / 1000000;
	uint64_t seen = 0;

	rank = rank == 0 ? 1 : rank;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= rank) {
			uint64_t edge = histogram_bucket_max(i);

			return edge < h->max ? edge : h->max;
		}
	}
	return h->max;
}
