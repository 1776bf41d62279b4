/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/wheel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define DIGIT_MASK (WHEEL_SLOTS - 1)

__extension__ typedef unsigned __int128 uint128;

static_assert(WHEEL_LEVELS * WHEEL_DIGIT_BITS >= 64, "every tick has its place");
static_assert(sizeof(struct wheel_node) == 16, "four nodes a cache line");
static_assert(offsetof(struct wheel, nodes) % 16 == 0, "nodes do not cross lines");

uint64_t wheel_bytes(const struct wheel_options *o)
{
	assert(o != NULL);
	if (o->timers == 0 || o->timers > WHEEL_TIMERS_MAX || o->tick_ns == 0)
		return 0;
	return sizeof(struct wheel) +
	       ((uint64_t)WHEEL_HEADS + o->timers) * sizeof(struct wheel_node);
}

/* Ticks that are over, and what is left of the next one. Multiplying by the reciprocal gives one
 * or two too few at most; a division would cost more than all the rest. */
static inline uint64_t whole_ticks(const struct wheel *w, uint64_t ns, uint64_t *rest_ns)
{
	uint64_t ticks = (uint64_t)((uint128)ns * w->reciprocal >> 64);
	uint64_t rest = ns - ticks * w->tick_ns;

	while (rest >= w->tick_ns) {
		rest -= w->tick_ns;
		ticks++;
	}
	*rest_ns = rest;
	return ticks;
}

static inline uint64_t tick_of_deadline(const struct wheel *w, uint64_t deadline_ns)
{
	uint64_t rest_ns;
	uint64_t ticks = whole_ticks(w, deadline_ns, &rest_ns);

	return ticks + (rest_ns != 0);
}

int wheel_init(void *memory, uint64_t bytes, const struct wheel_options *o, uint64_t now_ns)
{
	struct wheel *w = memory;
	uint64_t rest_ns;

	assert(memory != NULL);
	assert((uintptr_t)memory % _Alignof(struct wheel) == 0);
	if (wheel_bytes(o) == 0 || bytes < wheel_bytes(o))
		return -EINVAL;
	memset(w, 0, sizeof(*w));
	w->tick_ns = o->tick_ns;
	w->reciprocal = UINT64_MAX / o->tick_ns;
	w->timers = o->timers;
	w->moves_max = o->moves_max == 0 ? UINT32_MAX : o->moves_max;
	w->moving = WHEEL_NONE;
	w->present = whole_ticks(w, now_ns, &rest_ns);
	w->origin = w->present;
	for (uint32_t i = 0; i < WHEEL_HEADS; i++)
		w->nodes[i] = (struct wheel_node){.next = i, .previous = i};
	for (uint32_t i = 0; i < o->timers; i++)
		w->nodes[WHEEL_HEADS + i] = (struct wheel_node){.next = WHEEL_NONE};
	return 0;
}

static inline uint32_t level_of(uint64_t tick, uint64_t origin)
{
	return (63u - (uint32_t)__builtin_clzll((tick ^ origin) | 1)) / WHEEL_DIGIT_BITS;
}

static inline uint32_t slot_at(uint64_t tick, uint64_t origin)
{
	uint32_t level = level_of(tick, origin);

	return level * WHEEL_SLOTS + ((uint32_t)(tick >> (level * WHEEL_DIGIT_BITS)) & DIGIT_MASK);
}

/* At the end of the slot's ring. */
static inline void link_node(struct wheel *w, uint32_t node, uint32_t slot)
{
	struct wheel_node *head = &w->nodes[slot];
	uint32_t last = head->previous;

	w->nodes[node].next = slot;
	w->nodes[node].previous = last;
	w->nodes[last].next = node;
	head->previous = node;
	if (last != slot)
		return; /* it was in use */
	uint32_t level = slot / WHEEL_SLOTS;

	w->used[level] |= 1ull << (slot % WHEEL_SLOTS);
	w->levels |= 1u << level;
}

/* A ring whose neighbours on both sides are the same is empty, and that neighbour is its head. */
static inline void unlink_node(struct wheel *w, uint32_t node)
{
	uint32_t next = w->nodes[node].next;
	uint32_t previous = w->nodes[node].previous;

	w->nodes[next].previous = previous;
	w->nodes[previous].next = next;
	if (next != previous)
		return;
	assert(next < WHEEL_HEADS);
	uint32_t level = next / WHEEL_SLOTS;

	w->used[level] &= ~(1ull << (next % WHEEL_SLOTS));
	if (w->used[level] == 0)
		w->levels &= ~(1u << level);
}

void wheel_arm(struct wheel *w, uint32_t id, uint64_t deadline_ns)
{
	uint32_t node = WHEEL_HEADS + id;

	assert(id < w->timers);
	if (w->nodes[node].next != WHEEL_NONE) {
		unlink_node(w, node);
		w->armed--;
		w->nodes[node].next = WHEEL_NONE;
	}
	if (deadline_ns == UINT64_MAX)
		return;
	uint64_t tick = tick_of_deadline(w, deadline_ns);

	tick = tick > w->present ? tick : w->present;
	w->nodes[node].tick = tick;
	link_node(w, node, slot_at(tick, w->origin));
	w->armed++;
	assert(w->armed <= w->timers);
}

bool wheel_cancel(struct wheel *w, uint32_t id)
{
	uint32_t node = WHEEL_HEADS + id;

	assert(id < w->timers);
	if (w->nodes[node].next == WHEEL_NONE)
		return false;
	assert(w->armed > 0);
	unlink_node(w, node);
	w->nodes[node].next = WHEEL_NONE;
	w->armed--;
	return true;
}

/* The first slot in use: levels are in order of time, and so are a level's slots, because what is
 * in use lies beyond the present's digit. At level 0 it may be the present's own. */
static inline uint32_t first_slot(const struct wheel *w)
{
	assert(w->levels != 0);
	uint32_t level = (uint32_t)__builtin_ctz(w->levels);

	assert(w->used[level] != 0);
	return level * WHEEL_SLOTS + (uint32_t)__builtin_ctzll(w->used[level]);
}

/* The first tick of a slot in use. */
static inline uint64_t slot_tick(const struct wheel *w, uint32_t slot)
{
	uint32_t shift = slot / WHEEL_SLOTS * WHEEL_DIGIT_BITS;
	uint64_t digit = (uint64_t)(slot % WHEEL_SLOTS) << shift;
	uint32_t above = shift + WHEEL_DIGIT_BITS;

	assert(slot < WHEEL_HEADS);
	return above >= 64 ? digit : (w->present >> above << above) | digit;
}

/* Timers of the slot being moved take their places below, in order. While that goes on, `origin` is
 * the tick before: new timers of this slot's time queue up behind its old ones, as they must. */
static uint32_t move_down(struct wheel *w, uint32_t moves_max)
{
	uint32_t slot = w->moving;
	uint32_t moves = 0;

	assert(slot >= WHEEL_SLOTS);
	assert(w->origin == w->present - 1);
	while (moves < moves_max && w->nodes[slot].next != slot) {
		uint32_t node = w->nodes[slot].next;

		assert(w->nodes[node].tick >= w->present);
		unlink_node(w, node);
		link_node(w, node, slot_at(w->nodes[node].tick, w->present));
		moves++;
	}
	if (w->nodes[slot].next == slot) {
		w->moving = WHEEL_NONE;
		w->origin = w->present;
	}
	w->moves += moves;
	return moves;
}

static uint32_t expire(struct wheel *w, uint32_t slot, uint32_t *out, uint32_t max)
{
	uint32_t count = 0;

	assert(slot < WHEEL_SLOTS);
	while (count < max && w->nodes[slot].next != slot) {
		uint32_t node = w->nodes[slot].next;

		assert(node >= WHEEL_HEADS);
		unlink_node(w, node);
		w->nodes[node].next = WHEEL_NONE;
		out[count++] = node - WHEEL_HEADS;
	}
	w->armed -= count;
	w->expired += count;
	return count;
}

/* Goes on to the slot's first tick. */
static void enter(struct wheel *w, uint32_t slot, uint64_t tick)
{
	assert(tick >= w->present);
	assert(w->moving == WHEEL_NONE);
	w->present = tick;
	w->origin = tick;
	if (slot >= WHEEL_SLOTS) {
		w->moving = slot;
		w->origin = tick - 1;
	}
}

uint32_t wheel_poll(struct wheel *w, uint64_t now_ns, uint32_t *out, uint32_t max)
{
	uint32_t count = 0;
	uint32_t moves = 0;
	uint64_t rest_ns;
	uint64_t now = whole_ticks(w, now_ns, &rest_ns);

	if (now < w->present)
		return 0;
	while (count < max && moves < w->moves_max) {
		if (w->moving != WHEEL_NONE) {
			moves += move_down(w, w->moves_max - moves);
			continue;
		}
		uint32_t slot = w->levels == 0 ? WHEEL_NONE : first_slot(w);
		uint64_t tick = slot == WHEEL_NONE ? UINT64_MAX : slot_tick(w, slot);

		if (tick > now || slot == WHEEL_NONE) {
			w->present = now;
			w->origin = now;
			break;
		}
		enter(w, slot, tick);
		if (slot < WHEEL_SLOTS)
			count += expire(w, slot, out + count, max - count);
	}
	assert(count <= max);
	return count;
}

uint64_t wheel_next_due_ns(const struct wheel *w)
{
	if (w->armed == 0)
		return UINT64_MAX;
	uint64_t tick = w->moving != WHEEL_NONE ? w->present : slot_tick(w, first_slot(w));
	uint64_t ns;

	assert(tick >= w->present);
	return __builtin_mul_overflow(tick, w->tick_ns, &ns) ? UINT64_MAX : ns;
}

static const char *check_slot(const struct wheel *w, uint32_t slot, uint32_t *armed)
{
	uint32_t previous = slot;

	for (uint32_t i = w->nodes[slot].next; i != slot; i = w->nodes[i].next) {
		if (i < WHEEL_HEADS || i - WHEEL_HEADS >= w->timers || *armed > w->armed)
			return "a ring leads astray";
		if (w->nodes[i].previous != previous)
			return "a ring is not the same backward";
		if (w->nodes[i].tick < w->present)
			return "a timer lies in the past";
		/* While a slot is moved down, timers lie by the one origin or the other. */
		if (slot_at(w->nodes[i].tick, w->origin) != slot &&
		    slot_at(w->nodes[i].tick, w->present) != slot)
			return "a timer lies in the wrong slot";
		previous = i;
		(*armed)++;
	}
	return w->nodes[slot].previous == previous ? NULL : "a ring has another end";
}

const char *wheel_check(const struct wheel *w)
{
	uint32_t armed = 0;

	for (uint32_t slot = 0; slot < WHEEL_HEADS; slot++) {
		bool is_used = w->nodes[slot].next != slot;
		uint32_t level = slot / WHEEL_SLOTS;
		const char *wrong = check_slot(w, slot, &armed);

		if (wrong != NULL)
			return wrong;
		if (is_used != (w->used[level] >> (slot % WHEEL_SLOTS) & 1))
			return "a slot's bit is wrong";
		if ((w->used[level] != 0) != (w->levels >> level & 1))
			return "a level's bit is wrong";
	}
	return armed == w->armed ? NULL : "timers are lost";
}
