/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/level.h"

#include <string.h>

#include "dataplane/book/book_state.h"

void level_pool_init(struct level_pool *p, uint32_t max)
{
	*p = (struct level_pool){.max = max - max % LEVEL_ROOM_MIN};
	for (uint32_t i = 0; i < LEVEL_CLASSES; i++)
		p->free[i] = BOOK_NONE;
}

void level_pool_clear(struct level_pool *p)
{
	level_pool_init(p, p->max);
}

static uint32_t room_class(uint32_t capacity)
{
	assert(capacity >= LEVEL_ROOM_MIN);
	assert((capacity & (capacity - 1)) == 0);
	return (uint32_t)__builtin_ctz(capacity / LEVEL_ROOM_MIN);
}

/* A free room links to the next one of its size through `head` of its first level. */
static void room_release(struct book_set *s, uint32_t first, uint32_t capacity)
{
	struct level_pool *p = &s->state->levels;
	uint32_t class = room_class(capacity);

	s->levels[first] = (struct book_level){.head = p->free[class]};
	book_mark(s, &s->levels[first]);
	p->free[class] = first;
}

static uint32_t room_pop(struct book_set *s, uint32_t class)
{
	struct level_pool *p = &s->state->levels;
	uint32_t first = p->free[class];

	if (first != BOOK_NONE)
		p->free[class] = s->levels[first].head;
	return first;
}

/* From the untouched end of the array. What is skipped to align a large room becomes free rooms. */
static uint32_t room_cut(struct book_set *s, uint32_t capacity)
{
	struct level_pool *p = &s->state->levels;
	uint32_t skip = capacity < LEVEL_SLIDE_MIN ? 0 : -p->used & (capacity - 1);

	if (p->max - p->used < (uint64_t)capacity + skip)
		return BOOK_NONE;
	for (uint32_t piece; skip != 0; skip -= piece) {
		/* The lowest bit set: `used` gets rounder with each, so every piece is aligned. */
		piece = p->used & -p->used;
		room_release(s, p->used, piece);
		p->used += piece;
	}
	uint32_t first = p->used;

	p->used += capacity;
	return first;
}

static uint32_t room_take(struct book_set *s, uint32_t capacity)
{
	uint32_t class = room_class(capacity);
	uint32_t first = room_pop(s, class);

	if (first != BOOK_NONE)
		return first;
	first = room_cut(s, capacity);
	if (first != BOOK_NONE)
		return first;
	for (uint32_t larger = class + 1; larger < LEVEL_CLASSES; larger++) {
		first = room_pop(s, larger);
		if (first == BOOK_NONE)
			continue;
		for (uint32_t half = LEVEL_ROOM_MIN << larger; half > capacity;) {
			half /= 2;
			room_release(s, first + half, half);
		}
		return first;
	}
	return BOOK_NONE;
}

static bool side_move(struct book_set *s, struct book_side *side, uint32_t capacity)
{
	uint32_t first = room_take(s, capacity);
	uint64_t bytes = (uint64_t)side->count * sizeof(struct book_level);

	if (first == BOOK_NONE)
		return false;
	uint32_t room = first;

	if (capacity >= LEVEL_SLIDE_MIN)
		first += (capacity - side->count) / 2;
	if (bytes != 0) {
		memcpy(&s->levels[first], &s->levels[side->first], bytes);
		book_mark_run(s, &s->levels[first], bytes);
	}
	if (side->capacity != 0)
		room_release(s, level_room(side), side->capacity);
	side->first = first;
	side->capacity = capacity;
	assert(level_room(side) == room);
	(void)room;
	return true;
}

static bool side_grow(struct book_set *s, struct book_side *side)
{
	if (side->capacity == 0)
		return side_move(s, side, LEVEL_ROOM_MIN);
	if (side->capacity >= LEVEL_ROOM_MIN << (LEVEL_CLASSES - 1))
		return false;
	return side_move(s, side, side->capacity * 2);
}

/* Makes place at one end of a large room where there is none: the array slides to the middle, or
 * moves to a larger room when little is free, so that it slides at most once per capacity / 16
 * insertions.
 */
static bool side_slide(struct book_set *s, struct book_side *side, bool before)
{
	uint32_t free = side->capacity - side->count;

	if (free < side->capacity / 8 && side_grow(s, side))
		return true;
	if (free == 0)
		return false;
	uint32_t first = level_room(side) + (before ? (free + 1) / 2 : free / 2);
	uint32_t low = first < side->first ? first : side->first;
	uint32_t high = first < side->first ? side->first : first;

	memmove(&s->levels[first], &s->levels[side->first],
	        (uint64_t)side->count * sizeof(struct book_level));
	book_mark_run(s, &s->levels[low],
	              (high - low + (uint64_t)side->count) * sizeof(struct book_level));
	side->first = first;
	return true;
}

/* Free levels behind the best and before the worst. */
static uint32_t side_behind(const struct book_side *side)
{
	return level_room(side) + side->capacity - side->first - side->count;
}

static uint32_t side_before(const struct book_side *side)
{
	return side->first - level_room(side);
}

/* Whether a change at `at` moves the worse levels rather than the better ones. */
static bool side_moves_worse(const struct book_side *side, uint32_t at)
{
	return side->capacity >= LEVEL_SLIDE_MIN && at < side->count / 2;
}

/* Near the best there is little to move, less than a call costs. */
#define MOVE_NEAR 4u

static void move_up(struct book_level *l, uint32_t better)
{
	if (better > MOVE_NEAR) {
		memmove(l + 1, l, better * sizeof(*l));
		return;
	}
	for (uint32_t n = better; n > 0; n--)
		l[n] = l[n - 1];
}

static void move_down(struct book_level *l, uint32_t better)
{
	if (better > MOVE_NEAR) {
		memmove(l, l + 1, better * sizeof(*l));
		return;
	}
	for (uint32_t n = 0; n < better; n++)
		l[n] = l[n + 1];
}

struct book_level *level_insert(struct book_set *s, struct book_side *side, uint32_t at,
                                int64_t price)
{
	assert(at <= side->count);
	bool worse = side_moves_worse(side, at);

	if (side->count == side->capacity) {
		if (!side_grow(s, side))
			return NULL;
		worse = side_moves_worse(side, at);
	}
	if ((worse ? side_before(side) : side_behind(side)) == 0 && !side_slide(s, side, worse))
		return NULL;
	struct book_level *l = &s->levels[side->first + at];

	if (worse) {
		side->first--;
		memmove(&s->levels[side->first], &s->levels[side->first + 1], at * sizeof(*l));
		l--;
		book_mark_run(s, &s->levels[side->first], (at + 1ull) * sizeof(*l));
	} else {
		uint32_t better = side->count - at;

		move_up(l, better);
		book_mark_run(s, l, (better + 1ull) * sizeof(*l));
	}
	*l = (struct book_level){.price = price, .head = BOOK_NONE, .tail = BOOK_NONE};
	side->count++;
	s->state->levels.live++;
	return l;
}

void level_remove(struct book_set *s, struct book_side *side, uint32_t at)
{
	assert(at < side->count);
	struct book_level *l = &s->levels[side->first + at];

	if (side_moves_worse(side, at)) {
		struct book_level *first = &s->levels[side->first];

		memmove(first + 1, first, at * sizeof(*l));
		*first = (struct book_level){0};
		book_mark_run(s, first, (at + 1ull) * sizeof(*l));
		side->first++;
	} else {
		uint32_t better = side->count - at - 1;

		move_down(l, better);
		l[better] = (struct book_level){0};
		book_mark_run(s, l, (better + 1ull) * sizeof(*l));
	}
	side->count--;
	s->state->levels.live--;
	if (side->capacity == LEVEL_ROOM_MIN)
		return;
	if (side->count == 0) {
		room_release(s, level_room(side), side->capacity);
		side->first = 0;
		side->capacity = 0;
	} else if (side->capacity > 4 * LEVEL_ROOM_MIN && side->count <= side->capacity / 4) {
		/* Without a smaller room it stays where it is. */
		(void)side_move(s, side, side->capacity / 2);
	}
}

const char *level_pool_check(const struct book_set *s, uint64_t *levels)
{
	const struct level_pool *p = &s->state->levels;

	for (uint32_t class = 0; class < LEVEL_CLASSES; class ++) {
		uint64_t capacity = (uint64_t)LEVEL_ROOM_MIN << class;

		for (uint32_t first = p->free[class]; first != BOOK_NONE;
		     first = s->levels[first].head) {
			if (first + capacity > p->used || first % LEVEL_ROOM_MIN != 0)
				return "levels: free room out of bounds";
			*levels += capacity;
			if (*levels > p->used)
				return "levels: free rooms overlap or loop";
		}
	}
	return NULL;
}
