/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Wheel: timers by number, as a hierarchical timing wheel. The caller says what number means what.
 *
 * Time counts in ticks of `tick_ns`; a deadline is rounded up to its tick. A tick is a number of
 * eleven 6-bit digits: eleven levels of 64 slots hold any 64-bit tick, so there is no horizon and
 * no overflow list; 64 slots, because then one word says which of them are in use and the next one
 * is a count of trailing zeros. A timer lies at the level of the highest digit in which its tick
 * differs from the present, in the slot of that digit. When the present reaches a slot above level
 * 0, its timers move down: at most once per level, so a timer a million ticks away moves three
 * times if it lives to its end, and never if it is cancelled before.
 *
 *   arm, cancel, re-arm   O(1); nodes are linked in rings by index
 *   poll                  at most `max` expired numbers and `moves_max` moves down per call; what
 * is left comes in the next call order                 by tick; those of one tick in the order in
 * which they were armed never early           expired at now means deadline <= now never late by
 * more than one tick, if polled, and not held back by the two bounds jumps of the clock    forward
 * over any distance cost what lies in between, not the distance; backward: nothing expires until
 * the time is reached again
 *
 * A deadline that has passed when it is armed comes with the next poll.
 *
 * Memory: struct wheel, then a node of 16 bytes for each slot (704) and each timer, in one block
 * from the caller, who may copy or map it anywhere: no pointers inside. Pure, one owner.
 *
 * G. Varghese, T. Lauck, "Hashed and Hierarchical Timing Wheels" (1987), scheme 7.
 */
#ifndef RESILIENCE_WHEEL_H
#define RESILIENCE_WHEEL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define WHEEL_DIGIT_BITS 6u
#define WHEEL_SLOTS      (1u << WHEEL_DIGIT_BITS)
#define WHEEL_LEVELS     11u
#define WHEEL_HEADS      (WHEEL_LEVELS * WHEEL_SLOTS)
#define WHEEL_TIMERS_MAX (1u << 30)
#define WHEEL_NONE       UINT32_MAX

struct wheel_options {
	uint32_t timers;    /* numbers 0 .. timers - 1 */
	uint32_t moves_max; /* timers moved down in one poll; 0: no bound */
	uint64_t tick_ns;
};

struct wheel_node {
	uint32_t next; /* node indices; WHEEL_NONE: not armed */
	uint32_t previous;
	uint64_t tick;
};

struct wheel {
	uint64_t tick_ns;
	uint64_t reciprocal; /* of tick_ns */
	uint64_t present;    /* all ticks before it are done */
	uint64_t origin; /* what places are chosen by: present, or one before while moving down */
	uint32_t timers;
	uint32_t moves_max;
	uint32_t armed;
	uint32_t moving; /* slot being moved down, WHEEL_NONE: none */
	uint32_t levels; /* bit per level with used slots */
	uint32_t reserved;
	uint64_t used[WHEEL_LEVELS]; /* bit per used slot */
	uint64_t moves;              /* ever */
	uint64_t expired;            /* ever */
	struct wheel_node nodes[];   /* WHEEL_HEADS rings' heads, then the timers */
};

/* What the memory must hold, a multiple of 8; 0: options are out of bounds. */
uint64_t wheel_bytes(const struct wheel_options *o);
/* Makes a wheel of the memory (8-byte aligned), which is then used as struct wheel. 0 or -EINVAL.
 * now_ns is the present. */
int wheel_init(void *memory, uint64_t bytes, const struct wheel_options *o, uint64_t now_ns);
/* Arms or re-arms. UINT64_MAX is no deadline: it is as cancel. */
void wheel_arm(struct wheel *w, uint32_t id, uint64_t deadline_ns);
/* False: it was not armed. */
bool wheel_cancel(struct wheel *w, uint32_t id);
/* Fills out[] with expired numbers, which are then not armed; returns how many. Fewer than max and
 * wheel_next_due_ns() <= now: there is more. */
uint32_t wheel_poll(struct wheel *w, uint64_t now_ns, uint32_t *out, uint32_t max);
/* Until then poll has nothing to do; never after the first deadline's tick, but it may be before
 * it (timers to be moved down). UINT64_MAX: nothing is armed. */
uint64_t wheel_next_due_ns(const struct wheel *w);
/* Costly self-examination, for tests and for saved bytes that are taken back: what is wrong, or
 * NULL. The memory must hold wheel->timers. */
const char *wheel_check(const struct wheel *w);

static inline bool wheel_is_armed(const struct wheel *w, uint32_t id)
{
	assert(id < w->timers);
	return w->nodes[WHEEL_HEADS + id].next != WHEEL_NONE;
}

/* Timers that are armed. */
static inline uint32_t wheel_count(const struct wheel *w)
{
	return w->armed;
}

#endif
