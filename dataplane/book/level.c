/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/book/level.h"

#include <string.h>

#include "dataplane/book/book_state.h"

void level_pool_init(struct level_pool *p, uint32_t max)
{
	*p = (struct level_pool){.max = max - max % LEVEL_ROOM_MIN, .free_level = BOOK_NONE};
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

static void rungs_mark(struct book_set *s, uint32_t first, uint64_t count)
{
	book_mark_run(s, &s->keys[first], count * sizeof(*s->keys));
	book_mark_run(s, &s->rungs[first], count * sizeof(*s->rungs));
}

static void rungs_move(struct book_set *s, uint32_t to, uint32_t from, uint32_t count)
{
	memmove(&s->keys[to], &s->keys[from], count * sizeof(*s->keys));
	memmove(&s->rungs[to], &s->rungs[from], count * sizeof(*s->rungs));
}

/* A free room links to the next one of its size through its first rung. */
static void room_release(struct book_set *s, uint32_t first, uint32_t capacity)
{
	struct level_pool *p = &s->state->levels;
	uint32_t class = room_class(capacity);

	s->rungs[first] = p->free[class];
	book_mark(s, &s->rungs[first]);
	p->free[class] = first;
}

static uint32_t room_pop(struct book_set *s, uint32_t class)
{
	struct level_pool *p = &s->state->levels;
	uint32_t first = p->free[class];

	if (first != BOOK_NONE)
		p->free[class] = s->rungs[first];
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

	if (first == BOOK_NONE)
		return false;
	uint32_t room = first;

	if (capacity >= LEVEL_SLIDE_MIN)
		first += (capacity - side->count) / 2;
	if (side->count != 0) {
		rungs_move(s, first, side->first, side->count);
		rungs_mark(s, first, side->count);
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

/* Makes place at one end of a large room where there is none: the ladder slides to the middle, or
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

	rungs_move(s, first, side->first, side->count);
	rungs_mark(s, first, side->count);
	side->first = first;
	return true;
}

/* Free rungs behind the best and before the worst. */
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

static void better_move_up(struct book_set *s, uint32_t from, uint32_t better)
{
	if (better > MOVE_NEAR) {
		rungs_move(s, from + 1, from, better);
		return;
	}
	for (uint32_t n = from + better; n > from; n--) {
		s->keys[n] = s->keys[n - 1];
		s->rungs[n] = s->rungs[n - 1];
	}
}

static void better_move_down(struct book_set *s, uint32_t to, uint32_t better)
{
	if (better > MOVE_NEAR) {
		rungs_move(s, to, to + 1, better);
		return;
	}
	for (uint32_t n = to; n < to + better; n++) {
		s->keys[n] = s->keys[n + 1];
		s->rungs[n] = s->rungs[n + 1];
	}
}

/* Opens rung `at`; returns its index, or BOOK_NONE: no room. */
static uint32_t rung_open(struct book_set *s, struct book_side *side, uint32_t at)
{
	bool worse = side_moves_worse(side, at);

	if (side->count == side->capacity) {
		if (!side_grow(s, side))
			return BOOK_NONE;
		worse = side_moves_worse(side, at);
	}
	if ((worse ? side_before(side) : side_behind(side)) == 0 && !side_slide(s, side, worse))
		return BOOK_NONE;
	if (worse) {
		side->first--;
		rungs_move(s, side->first, side->first + 1, at);
		rungs_mark(s, side->first, at + 1ull);
	} else {
		better_move_up(s, side->first + at, side->count - at);
		rungs_mark(s, side->first + at, side->count - at + 1ull);
	}
	side->count++;
	return side->first + at;
}

static void rung_close(struct book_set *s, struct book_side *side, uint32_t at)
{
	if (side_moves_worse(side, at)) {
		rungs_move(s, side->first + 1, side->first, at);
		side->first++;
		rungs_mark(s, side->first, at);
	} else {
		uint32_t better = side->count - at - 1;

		better_move_down(s, side->first + at, better);
		rungs_mark(s, side->first + at, better);
	}
	side->count--;
}

/* A level that is free. There are as many levels as rungs, so where a rung is free one is. */
static uint32_t level_make(struct book_set *s)
{
	struct level_pool *p = &s->state->levels;
	uint32_t level = p->free_level;

	if (level == BOOK_NONE) {
		assert(p->made < p->max);
		level = p->made++;
	} else {
		p->free_level = s->levels[level].head;
	}
	p->live++;
	return level;
}

static void level_release(struct book_set *s, uint32_t level)
{
	struct level_pool *p = &s->state->levels;

	s->levels[level] = (struct book_level){.head = p->free_level};
	book_mark(s, &s->levels[level]);
	p->free_level = level;
	p->live--;
}

struct book_level *level_insert(struct book_set *s, struct book_side *side,
                                enum book_side_index index, uint32_t at, int64_t price)
{
	assert(at <= side->count);
	uint32_t rung = rung_open(s, side, at);

	if (rung == BOOK_NONE)
		return NULL;
	uint32_t level = level_make(s);

	s->keys[rung] = level_key(index, price);
	s->rungs[rung] = level;
	if (at == side->count - 1)
		side->best = level;
	struct book_level *l = &s->levels[level];

	*l = (struct book_level){.price = price, .head = BOOK_NONE, .tail = BOOK_NONE};
	book_mark(s, l);
	return l;
}

void level_remove(struct book_set *s, struct book_side *side, uint32_t at)
{
	assert(at < side->count);
	level_release(s, s->rungs[side->first + at]);
	rung_close(s, side, at);
	if (at == side->count)
		side->best = at == 0 ? 0 : s->rungs[side->first + at - 1];
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

const char *level_pool_check(const struct book_set *s, uint64_t *rungs)
{
	const struct level_pool *p = &s->state->levels;
	uint64_t free = 0;

	for (uint32_t class = 0; class < LEVEL_CLASSES; class ++) {
		uint64_t capacity = (uint64_t)LEVEL_ROOM_MIN << class;

		for (uint32_t first = p->free[class]; first != BOOK_NONE; first = s->rungs[first]) {
			if (first + capacity > p->used || first % LEVEL_ROOM_MIN != 0)
				return "levels: free room out of bounds";
			*rungs += capacity;
			if (*rungs > p->used)
				return "levels: free rooms overlap or loop";
		}
	}
	for (uint32_t level = p->free_level; level != BOOK_NONE; level = s->levels[level].head) {
		if (level >= p->made || s->levels[level].quantity != 0)
			return "levels: free list leads to a live one";
		if (++free > p->made)
			return "levels: free list loops";
	}
	return p->made == p->live + free ? NULL : "levels: lost";
}
