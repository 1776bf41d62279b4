/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Walker: visits every state that a small world can get into, breadth first, by running the real
 * code. A world is a fixed number of bytes (a machine, and what the test keeps beside it) and a
 * number of choices, each of which leads from one such state to another or is not possible there.
 * So that there are few enough of them, a world
 *
 * - has small options: windows of 3, times of 2 or 3;
 * - stands still: its clock always shows the same time, and passing time moves all the machine's
 *   times into the past;
 * - is canonical: whatever makes no difference any more is made equal (times long past, counts
 *   above their threshold), and what no decision reads is left out.
 *
 * Another machine is added by writing its `step` and `check`; two machines that act on each other
 * are one world that holds both.
 *
 * What can be asked once all is visited: what the checks said on the way; whether from every state
 * some choices can lead to a goal (walker_can_reach()); and, by walker_next(), what a given series
 * of choices does from each state. The first wrong state is printed with the shortest way there.
 */
#ifndef TESTS_UNIT_RESILIENCE_WALKER_H
#define TESTS_UNIT_RESILIENCE_WALKER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALKER_NONE UINT32_MAX

struct walker;

struct walker_world {
	void *context;
	uint32_t bytes;   /* of a state; no padding, or zeroed */
	uint32_t choices; /* 1 or more */
	/* Fills `next` with the canonical state after the choice; false: not possible. */
	bool (*step)(void *context, const void *state, uint32_t choice, void *next);
	/* NULL, or what is wrong with the step. */
	const char *(*check)(void *context, const void *state, uint32_t choice, const void *next);
	void (*print)(void *context, const void *state);
	const char *(*choice_name)(void *context, uint32_t choice);
};

struct walker {
	const struct walker_world *world;
	uint8_t *states;
	uint32_t *next;   /* [state * choices + choice]; WALKER_NONE: not possible */
	uint32_t *parent; /* shortest way back to the beginning */
	uint32_t *table;  /* hash -> state */
	uint32_t count;
	uint32_t max;
	uint32_t table_mask;
	uint64_t steps;
	const char *wrong; /* NULL: nothing */
};

static inline void *walker_memory(uint64_t bytes)
{
	void *p = malloc(bytes);

	if (p == NULL) {
		printf("walker: no memory for %llu bytes\n", (unsigned long long)bytes);
		exit(1);
	}
	return p;
}

/* Room for so many states; running out of it is a failure. */
static inline void walker_open(struct walker *w, const struct walker_world *world, uint32_t max)
{
	uint32_t slots = 16;

	while (slots < max * 2u)
		slots *= 2;
	*w = (struct walker){.world = world, .max = max, .table_mask = slots - 1};
	w->states = walker_memory((uint64_t)max * world->bytes);
	w->next = walker_memory((uint64_t)max * world->choices * sizeof(uint32_t));
	w->parent = walker_memory((uint64_t)max * sizeof(uint32_t));
	w->table = walker_memory((uint64_t)slots * sizeof(uint32_t));
	memset(w->table, 0xff, (uint64_t)slots * sizeof(uint32_t));
}

static inline void walker_close(struct walker *w)
{
	free(w->states);
	free(w->next);
	free(w->parent);
	free(w->table);
}

static inline const void *walker_state(const struct walker *w, uint32_t state)
{
	return w->states + (uint64_t)state * w->world->bytes;
}

static inline uint32_t walker_next(const struct walker *w, uint32_t state, uint32_t choice)
{
	return w->next[(uint64_t)state * w->world->choices + choice];
}

static inline uint64_t walker_hash(const uint8_t *bytes, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes + i, count - i < 8 ? count - i : 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return hash;
}

/* The state's number; a new one when it was never seen. */
static inline uint32_t walker_visit(struct walker *w, const void *state, uint32_t parent)
{
	uint32_t bytes = w->world->bytes;
	uint64_t slot = walker_hash(state, bytes) & w->table_mask;

	while (w->table[slot] != WALKER_NONE) {
		if (memcmp(walker_state(w, w->table[slot]), state, bytes) == 0)
			return w->table[slot];
		slot = (slot + 1) & w->table_mask;
	}
	if (w->count == w->max) {
		w->wrong = "more states than there is room for";
		return WALKER_NONE;
	}
	memcpy(w->states + (uint64_t)w->count * bytes, state, bytes);
	w->parent[w->count] = parent;
	w->table[slot] = w->count;
	return w->count++;
}

/* The choice that leads from one state to another. */
static inline uint32_t walker_choice(const struct walker *w, uint32_t from, uint32_t to)
{
	uint32_t choice = 0;

	while (choice + 1 < w->world->choices && walker_next(w, from, choice) != to)
		choice++;
	return choice;
}

/* Prints the shortest way to the state. */
static inline void walker_print_way(const struct walker *w, uint32_t state)
{
	uint32_t way[256];
	uint32_t length = 0;

	for (uint32_t s = state; s != WALKER_NONE && length < 256; s = w->parent[s])
		way[length++] = s;
	for (uint32_t i = length; i > 0; i--) {
		if (i < length)
			printf("  %s\n",
			       w->world->choice_name(w->world->context,
			                             walker_choice(w, way[i], way[i - 1])));
		w->world->print(w->world->context, walker_state(w, way[i - 1]));
	}
}

static inline void walker_blame(struct walker *w, uint32_t state, const char *what)
{
	if (w->wrong != NULL)
		return;
	w->wrong = what;
	printf("wrong: %s; the way there:\n", what);
	walker_print_way(w, state);
}

static inline void walker_expand(struct walker *w, uint32_t state, void *next)
{
	const struct walker_world *world = w->world;

	for (uint32_t c = 0; c < world->choices && w->wrong == NULL; c++) {
		uint64_t at = (uint64_t)state * world->choices + c;

		w->next[at] = WALKER_NONE;
		if (!world->step(world->context, walker_state(w, state), c, next))
			continue;
		w->steps++;
		const char *wrong = world->check(world->context, walker_state(w, state), c, next);

		if (wrong != NULL) {
			walker_blame(w, state, wrong);
			printf("  %s\n", world->choice_name(world->context, c));
			world->print(world->context, next);
			return;
		}
		w->next[at] = walker_visit(w, next, state);
	}
}

/* Visits all that `first` leads to. True: nothing was wrong. */
static inline bool walker_run(struct walker *w, const void *first)
{
	void *next = walker_memory(w->world->bytes);

	walker_visit(w, first, WALKER_NONE);
	for (uint32_t s = 0; s < w->count && w->wrong == NULL; s++)
		walker_expand(w, s, next);
	free(next);
	if (w->wrong != NULL)
		printf("walker: %s\n", w->wrong);
	return w->wrong == NULL;
}

/* Whether from every state for which `from` holds, allowed choices can lead to one for which `goal`
 * holds. */
static inline bool walker_can_reach(struct walker *w, const char *what,
                                    bool (*from)(void *context, const void *state),
                                    bool (*allowed)(void *context, uint32_t choice),
                                    bool (*goal)(void *context, const void *state))
{
	void *context = w->world->context;
	uint8_t *reaches = walker_memory(w->count + 1ull);
	bool moved = true;

	for (uint32_t s = 0; s < w->count; s++)
		reaches[s] = goal(context, walker_state(w, s));
	while (moved) {
		moved = false;
		for (uint32_t s = w->count; s-- > 0;)
			for (uint32_t c = 0; reaches[s] == 0 && c < w->world->choices; c++) {
				uint32_t to = walker_next(w, s, c);

				if (to == WALKER_NONE || !allowed(context, c) || reaches[to] == 0)
					continue;
				reaches[s] = 1;
				moved = true;
			}
	}
	for (uint32_t s = 0; s < w->count; s++)
		if (reaches[s] == 0 && from(context, walker_state(w, s)))
			walker_blame(w, s, what);
	free(reaches);
	return w->wrong == NULL;
}

#endif
