/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Order index: reference -> order, for any references, in memory that follows what is live.
 *
 * A linear hash table (Litwin 1980) of one-cache-line buckets. A bucket holds up to seven pairs of
 * (32 bits of hash, order); the reference itself stands in the order, which the caller needs
 * anyway, so a hit costs one line here and one there. More than seven go into overflow buckets
 * chained behind. When there are more than ORDER_INDEX_LOAD entries a bucket, the table doubles in
 * place, two buckets split per insertion: nothing is ever moved at once, nothing is looked up
 * twice, and the part of the array that was never needed is never touched. Removal moves the
 * chain's last entry into the hole: no tombstones.
 *
 * Hostile references can be made to collide (the hash must be the same on every machine, so it has
 * no secret). A chain has at most ORDER_INDEX_CHAIN_MAX overflow buckets; an order beyond is
 * refused. With references that do not conspire, the chance of a chain of that length is below
 * 10^-25 per bucket.
 */
#ifndef DATAPLANE_BOOK_ORDER_INDEX_H
#define DATAPLANE_BOOK_ORDER_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "dataplane/book/order.h"
#include "dataplane/memory/region.h"

#define ORDER_BUCKET_ENTRIES  7u
#define ORDER_INDEX_LOAD      5u
#define ORDER_INDEX_CHAIN_MAX 6u
#define ORDER_INDEX_SPLITS    2u  /* per insertion while growing */
#define ORDER_INDEX_MASK_MIN  15u /* buckets of an empty index, less one */

struct order_bucket {
	uint32_t hash[ORDER_BUCKET_ENTRIES];
	uint32_t count;
	uint32_t order[ORDER_BUCKET_ENTRIES];
	uint32_t next; /* overflow bucket (index in buckets[]), 0: none */
};

static_assert(sizeof(struct order_bucket) == 64, "one cache line");

struct order_index {       /* in the region */
	uint32_t mask;     /* buckets of this round, less one */
	uint32_t split;    /* buckets below were split already and use one more bit */
	uint32_t growing;  /* a round is under way */
	uint32_t mask_max; /* buckets at most, less one; overflow buckets come behind */
	uint32_t entries;
	uint32_t overflow_used;
	uint32_t overflow_free; /* first of the freed ones, 0: none */
	uint32_t overflow_max;
	uint8_t pad[32];
	struct order_bucket buckets[];
};

static_assert(sizeof(struct order_index) == 64, "buckets start on a line");

struct order_spot {     /* where an order was found */
	uint32_t order; /* BOOK_NONE: nowhere */
	uint32_t hash;
	uint32_t bucket;
	uint32_t position;
};

uint64_t order_index_bytes(uint32_t orders_max);
/* Formats zeroed memory of order_index_bytes(), 64 bytes aligned. Touches the header only. */
void order_index_init(struct order_index *x, struct region *r, uint32_t orders_max);

/* Adds an order whose reference is not there. False: refused (chain or overflow full). */
bool order_index_insert(struct order_index *x, struct region *r, uint32_t hash, uint32_t order);
/* Removes the order that order_index_find() found; nothing else happened to the index since. */
void order_index_remove(struct order_index *x, struct region *r, const struct order_spot *spot);
/* Forgets everything by sweeping the buckets in use. */
void order_index_sweep(struct order_index *x, struct region *r);
/* After every entry was removed: back to the smallest table. */
void order_index_reset(struct order_index *x, struct region *r);
/* NULL, or what is broken. */
const char *order_index_check(const struct order_index *x, const struct order *orders);

/* Full avalanche over 64 bits (two multiplications, the constants of MurmurHash3's finalizer), cut
 * to 32. */
static inline uint32_t order_hash(uint64_t reference)
{
	uint64_t h = reference;

	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdull;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ull;
	return (uint32_t)(h >> 32);
}

static inline uint32_t order_index_home(const struct order_index *x, uint32_t hash)
{
	uint32_t home = hash & x->mask;
	uint32_t wide = hash & (x->mask * 2 + 1);

	return home < x->split ? wide : home;
}

/* Bit i: entry i has this hash. */
static inline uint32_t order_bucket_match(const struct order_bucket *b, uint32_t hash)
{
	uint32_t match = 0;
#ifdef __AVX2__
	__m256i line = _mm256_loadu_si256((const __m256i *)(const void *)b);
	__m256i same = _mm256_cmpeq_epi32(line, _mm256_set1_epi32((int)hash));

	match = (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(same));
#else
	for (uint32_t i = 0; i < ORDER_BUCKET_ENTRIES; i++)
		match |= (uint32_t)(b->hash[i] == hash) << i;
#endif
	return match & ((1u << b->count) - 1);
}

static inline struct order_spot order_index_find(const struct order_index *x,
                                                 const struct order *orders, uint64_t reference)
{
	uint32_t hash = order_hash(reference);
	uint32_t at = order_index_home(x, hash);

	for (;;) {
		const struct order_bucket *b = &x->buckets[at];

		for (uint32_t m = order_bucket_match(b, hash); m != 0; m &= m - 1) {
			uint32_t i = (uint32_t)__builtin_ctz(m);

			if (orders[b->order[i]].reference == reference)
				return (struct order_spot){b->order[i], hash, at, i};
		}
		if (b->next == 0)
			return (struct order_spot){BOOK_NONE, hash, at, 0};
		at = b->next;
	}
}

#endif
