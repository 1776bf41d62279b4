/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Levels: where they stay, and how they are sorted.
 *
 * A level is made once and stays where it is until it is empty, so an order knows its level by
 * index and nothing has to be searched when it trades or goes. What is sorted is a *ladder* per
 * side: the levels' keys (the price, turned round for asks, so that the best has the largest) and
 * beside them their indices, best last. Changes near the best move little, and one cache line holds
 * eight keys, which one comparison looks at together.
 *
 * A ladder lives in a room of 4, 8, 16, ... rungs. It moves to a room of twice the size when it is
 * full, to one of half the size when three quarters are empty, and gives a larger room back when it
 * is empty. Rooms given back wait in a list per size; when a list is empty, a room is cut from the
 * untouched end of the array, or else a larger one is halved. So levels_max counts room: twice the
 * levels that are live at the worst moment is comfortable.
 *
 * In a room of LEVEL_SLIDE_MIN rungs or more the ladder need not begin where its room begins: a
 * change among the worst moves those that are worse instead, so what a change costs is bounded by
 * the nearer end, not by the best. Such rooms are aligned to their size, which tells where they
 * begin.
 */
#ifndef DATAPLANE_BOOK_LEVEL_H
#define DATAPLANE_BOOK_LEVEL_H

#include <stdbool.h>
#include <stdint.h>
#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "dataplane/book/book.h"

#define LEVEL_ROOM_MIN    4u
#define LEVEL_CLASSES     27u /* rooms of 4 << class rungs */
#define LEVEL_SLIDE_MIN   1024u
#define LEVEL_SCAN        8u /* keys looked at together; so many stand before the first room */
#define LEVEL_SCANS_MAX   4u /* from the best on; beyond that a search by halves */
#define LEVEL_KEYS_BEFORE LEVEL_SCAN

struct level_pool {                   /* in the set's state */
	uint32_t used;                /* rungs ever cut from the array since the last reset */
	uint32_t max;                 /* multiple of LEVEL_ROOM_MIN */
	uint32_t live;                /* levels in use */
	uint32_t made;                /* levels below were in use since the last reset */
	uint32_t free_level;          /* first of the freed ones, or BOOK_NONE */
	uint32_t free[LEVEL_CLASSES]; /* first rung of the first room of this size, or BOOK_NONE */
};

/* Turns both sides the same way round: of two keys the better price has the larger. */
static inline int64_t level_key(enum book_side_index side, int64_t price)
{
	return price ^ -(int64_t)(side == BOOK_ASK);
}

/* Where the side's room begins. */
static inline uint32_t level_room(const struct book_side *side)
{
	return side->capacity < LEVEL_SLIDE_MIN ? side->first : side->first & ~(side->capacity - 1);
}

void level_pool_init(struct level_pool *p, uint32_t max);
void level_pool_clear(struct level_pool *p);

/* Makes a level at position `at` of the side (see level_find()); its fields but the price are
 * empty. NULL: no room. */
struct book_level *level_insert(struct book_set *s, struct book_side *side,
                                enum book_side_index index, uint32_t at, int64_t price);
void level_remove(struct book_set *s, struct book_side *side, uint32_t at);

/* Checks the free lists; adds the rungs they hold to *rungs. NULL or what is broken. */
const char *level_pool_check(const struct book_set *s, uint64_t *rungs);

/* Of the LEVEL_SCAN keys before `end`: bit i is set where key i is as good as `key` or better. */
static inline uint32_t level_scan(const int64_t *end, int64_t key)
{
	const int64_t *keys = end - LEVEL_SCAN;
#if defined(__AVX512F__)
	return _mm512_cmpge_epi64_mask(_mm512_loadu_si512((const void *)keys),
	                               _mm512_set1_epi64((long long)key));
#elif defined(__AVX2__)
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)keys);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(keys + 4));
	__m256i wanted = _mm256_set1_epi64x((long long)key);
	int worse = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(wanted, low))) |
	            _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(wanted, high))) << 4;

	return (uint32_t)worse ^ 0xffu;
#else
	uint32_t good = 0;

	for (uint32_t i = 0; i < LEVEL_SCAN; i++)
		good |= (uint32_t)(keys[i] >= key) << i;
	return good;
#endif
}

/* Position of the key, or where it would be inserted: the first rung that is as good or better.
 * From the best on, a line of keys at a time without a branch on any of them; what lies deep is
 * searched by halves. */
static inline uint32_t level_find(const struct book_set *s, const struct book_side *side,
                                  int64_t key)
{
	const int64_t *first = s->keys + side->first;
	uint32_t high = side->count;
	uint32_t low = 0;

	for (uint32_t n = 0; n < LEVEL_SCANS_MAX; n++) {
		/* Keys before the first one are another room's. */
		uint32_t others = high < LEVEL_SCAN ? LEVEL_SCAN - high : 0;
		uint32_t good =
		        (uint32_t)__builtin_popcount(level_scan(first + high, key) >> others);

		if (good < LEVEL_SCAN || high == LEVEL_SCAN)
			return high - good;
		high -= LEVEL_SCAN;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (first[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Position of a key that is there, looked for around where it once was: that stays right until a
 * worse level comes or goes, and deep levels are far from the best. */
static inline uint32_t level_find_near(const struct book_set *s, const struct book_side *side,
                                       int64_t key, uint32_t place)
{
	const int64_t *first = s->keys + side->first;
	uint32_t end = place + LEVEL_SCAN / 2;

	end = end < side->count ? end : side->count;
	for (uint32_t n = 0; n < LEVEL_SCANS_MAX; n++) {
		uint32_t others = end < LEVEL_SCAN ? LEVEL_SCAN - end : 0;
		uint32_t good =
		        (uint32_t)__builtin_popcount(level_scan(first + end, key) >> others);

		if (good != 0 && first[end - good] == key)
			return end - good;
		if (good == 0)
			end = end + LEVEL_SCAN < side->count ? end + LEVEL_SCAN : side->count;
		else if (end > LEVEL_SCAN)
			end -= LEVEL_SCAN;
	}
	return level_find(s, side, key);
}

static inline bool level_is(const struct book_set *s, const struct book_side *side, uint32_t at,
                            int64_t key)
{
	return at < side->count && s->keys[side->first + at] == key;
}

/* The level on rung `at`. */
static inline struct book_level *level_at(const struct book_set *s, const struct book_side *side,
                                          uint32_t at)
{
	return &s->levels[s->rungs[side->first + at]];
}

#endif
