/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Levels: a sorted array per side, best price last, all in one big array of the set.
 *
 * A side lives in a room of 4, 8, 16, ... levels. It moves to a room of twice the size when it is
 * full, to one of half the size when three quarters are empty, and gives a larger room back when it
 * is empty. Rooms given back wait in a list per size; when a list is empty, a room is cut from the
 * untouched end of the array, or else a larger one is halved. So levels_max counts room: twice the
 * levels that are live at the worst moment is comfortable.
 *
 * Changes near the best move little. In a room of LEVEL_SLIDE_MIN levels or more the array need not
 * begin where its room begins: a change among the worst moves those that are worse instead, so what
 * a change costs is bounded by the nearer end, not by the best. Such rooms are aligned to their
 * size, which tells where they begin.
 */
#ifndef DATAPLANE_BOOK_LEVEL_H
#define DATAPLANE_BOOK_LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/book/book.h"

#define LEVEL_ROOM_MIN    4u
#define LEVEL_CLASSES     27u /* rooms of 4 << class levels */
#define LEVEL_SLIDE_MIN   1024u
#define LEVEL_ROOMS_ALIGN (LEVEL_ROOM_MIN * 32u)

struct level_pool {                   /* in the set's state */
	uint32_t used;                /* levels ever cut from the array since the last reset */
	uint32_t max;                 /* multiple of LEVEL_ROOM_MIN */
	uint32_t live;                /* levels in use */
	uint32_t free[LEVEL_CLASSES]; /* first level of the first room of this size, or BOOK_NONE */
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
struct book_level *level_insert(struct book_set *s, struct book_side *side, uint32_t at,
                                int64_t price);
void level_remove(struct book_set *s, struct book_side *side, uint32_t at);

/* Checks the free lists; adds what they hold to *levels. NULL or what is broken. */
const char *level_pool_check(const struct book_set *s, uint64_t *levels);

/* Position of the price, or where it would be inserted: the first level that is as good or better.
 * Looks at the hint, then further and further away from it (galloping), so what is near is cheap.
 * Hints: the best for what is new; for an order, where its level stood when it was last touched,
 * which stays right until a level comes or goes that is worse. */
static inline uint32_t level_find(const struct book_level *levels, const struct book_side *side,
                                  enum book_side_index index, int64_t price, uint32_t hint)
{
	const struct book_level *first = levels + side->first;
	int64_t key = level_key(index, price);
	uint32_t low = 0;
	uint32_t high = side->count;
	uint32_t step = 1;

	if (hint < side->count && level_key(index, first[hint].price) < key) {
		low = hint + 1;
		while (low + step - 1 < high &&
		       level_key(index, first[low + step - 1].price) < key) {
			low += step;
			step *= 2;
		}
		if (low + step - 1 < high)
			high = low + step - 1;
	} else {
		if (hint < side->count)
			high = hint;
		while (high >= step && level_key(index, first[high - step].price) >= key) {
			high -= step;
			step *= 2;
		}
		if (high >= step)
			low = high - step + 1;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (level_key(index, first[middle].price) < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool level_is(const struct book_level *levels, const struct book_side *side,
                            uint32_t at, int64_t price)
{
	return at < side->count && levels[side->first + at].price == price;
}

#endif
