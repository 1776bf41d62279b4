/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The slots of operations and attempts, in the caller's memory: taken, given back, never more than
 * the options say.
 *
 * An attempt that ended without a reply (cancelled, timed out) is free at once, but its reply may
 * still come, and what it tells about the node's latency is worth having. So free attempts wait in
 * two lists: those that have had their reply are taken again first, the last one back first (it is
 * in the cache); those whose reply may come later are taken only when the first list is empty, the
 * oldest first, and are remembered until then or until the owner forgets them. Memory does not grow
 * for it.
 *
 * A token names one use of one attempt slot: 24 bits of slot, 40 bits of a count of all uses. The
 * same token returns after 2^40 attempts; the first one is the caller's choice, so that replies to
 * an earlier run are foreign to this one.
 *
 * Every live operation has one attempt slot to itself (attempts_max >= operations_max); further
 * ones come from the rest, and where that is used up a parallel attempt or a hedge does not happen.
 * Thus no round of an accepted operation ever lacks a slot.
 */
#ifndef RESILIENCE_OPERATION_POOL_H
#define RESILIENCE_OPERATION_POOL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resilience/operation_table.h"

#define OPERATION_SLOT_BITS    24u
#define OPERATION_SLOTS_MAX    (1u << OPERATION_SLOT_BITS)
#define OPERATION_PARALLEL_MAX 3u
#define OPERATION_SLOT_NONE    UINT32_MAX

/* What every operation goes through is put together into one function for each fact: in pieces, a
 * third of its time would go into calls, and into looking up again what the caller knew. */
#define OPERATION_INLINE static inline __attribute__((always_inline))

enum attempt_state {
	ATTEMPT_UNUSED,    /* free, never used */
	ATTEMPT_QUEUED,    /* live: given out, not known to be sent */
	ATTEMPT_SENT,      /* live */
	ATTEMPT_CLOSED,    /* free: there is nothing more to hear of it */
	ATTEMPT_CANCELLED, /* free: it lost; its reply may come */
	ATTEMPT_OVERDUE,   /* free: it timed out; its reply may come */
};

struct operation_attempt {
	uint64_t token;
	uint64_t start_ns;    /* given out, then sent */
	uint64_t deadline_ns; /* live: of this attempt, UINT64_MAX: none but the operation's; free:
	                         when it ended */
	uint32_t link;        /* live: its operation; free: the next free one */
	uint32_t ticket;      /* the breaker's, of its operation */
	uint16_t service;
	uint8_t node;
	uint8_t state;    /* enum attempt_state */
	uint8_t reason;   /* enum operation_reason */
	uint8_t is_alone; /* first of its round, with no other beside it but a hedge */
	uint8_t reserved[2];
};

static_assert(sizeof(struct operation_attempt) == 40, "no padding");

enum operation_flag {
	OPERATION_PROBE = 1,         /* the breaker leased it */
	OPERATION_MAY_FALL_BACK = 2, /* the caller has another answer */
	OPERATION_WAS_SENT = 4,      /* an attempt may have reached its node */
	OPERATION_OPTIMIZED = 8,     /* the latency rule applies */
	OPERATION_TIMED = 16,        /* an attempt of this round ended by time */
	OPERATION_IN_DOUBT = 32,     /* an attempt was sent and nothing was heard of it */
};

struct operation {
	uint64_t tag;
	uint64_t submit_ns;
	uint64_t deadline_ns;
	uint64_t expected_ns; /* of an attempt, given; 0: what the service has learned */
	uint64_t event_ns;    /* FLYING: the hedge, BACKOFF: the next round; UINT64_MAX: none */
	uint64_t due_ns;      /* for what time its timer is armed; UINT64_MAX: it is not */
	uint32_t attempts[OPERATION_PARALLEL_MAX]; /* slots of those under way, dense */
	uint32_t generation;                       /* uses of this slot */
	uint32_t next;                             /* while free */
	uint32_t ticket;                           /* the breaker's */
	uint16_t service;
	uint8_t state; /* enum operation_state */
	uint8_t class;
	uint8_t repeat; /* enum operation_repeat */
	uint8_t flags;  /* enum operation_flag */
	uint8_t live;   /* attempts under way */
	uint8_t sends;  /* attempts given out; saturating */
	uint8_t round;  /* 0: the first */
	uint8_t rounds_max;
	uint8_t asked;    /* nodes asked in this round, a bit each */
	uint8_t parallel; /* wanted by the caller or the service; 1 to 3 */
	uint32_t slot;    /* its own */
};

static_assert(sizeof(struct operation) == 88, "no padding");

/* Plain bytes but for the two arrays, which are the caller's. */
struct operation_pool {
	struct operation *operations;
	struct operation_attempt *attempts;
	uint64_t next_use; /* of tokens */
	uint32_t operations_max;
	uint32_t attempts_max;
	uint32_t operation_free; /* list, last back first out */
	uint32_t attempt_warm;   /* list of free attempts, last back first out */
	uint32_t attempt_oldest; /* queue of free attempts whose reply may come */
	uint32_t attempt_newest;
	uint32_t operations_live;
	uint32_t attempts_live;
	uint32_t extras_live; /* attempts beyond the first of their operation */
};

struct operation_pool_options {
	uint32_t operations_max; /* 1 to OPERATION_SLOTS_MAX */
	uint32_t attempts_max;   /* operations_max to OPERATION_SLOTS_MAX */
	uint64_t first_use;      /* below 2^40: another for every start of the program */
};

/* The arrays have operations_max and attempts_max members. 0 or -EINVAL. */
int operation_pool_init(struct operation_pool *p, const struct operation_pool_options *o,
                        struct operation *operations, struct operation_attempt *attempts);

/* No reply is expected any more of the oldest one that is remembered (there is one). */
void operation_pool_forget_oldest(struct operation_pool *p);

static inline struct operation *operation_pool_at(const struct operation_pool *p, uint32_t slot)
{
	assert(slot < p->operations_max);
	return &p->operations[slot];
}

static inline struct operation_attempt *operation_pool_attempt_at(const struct operation_pool *p,
                                                                  uint32_t attempt)
{
	assert(attempt < p->attempts_max);
	return &p->attempts[attempt];
}

/* The attempt that has, or last had, this token; NULL: none. */
static inline struct operation_attempt *operation_pool_find(const struct operation_pool *p,
                                                            uint64_t token)
{
	uint64_t index = token & (OPERATION_SLOTS_MAX - 1);

	if (index >= p->attempts_max || p->attempts[index].token != token ||
	    p->attempts[index].state == ATTEMPT_UNUSED)
		return NULL;
	return &p->attempts[index];
}

/* Whether an operation that has one attempt already may have another. */
static inline bool operation_pool_has_extra(const struct operation_pool *p)
{
	return p->extras_live < p->attempts_max - p->operations_max;
}

/* The oldest free attempt whose reply may come; NULL: none. */
static inline struct operation_attempt *operation_pool_oldest(const struct operation_pool *p)
{
	return p->attempt_oldest == OPERATION_SLOT_NONE ? NULL : &p->attempts[p->attempt_oldest];
}

static inline bool operation_pool_is_live(const struct operation_attempt *a)
{
	return a->state == ATTEMPT_QUEUED || a->state == ATTEMPT_SENT;
}

/* A free one in its state FREE, or NULL. */
OPERATION_INLINE struct operation *operation_pool_open(struct operation_pool *p)
{
	if (p->operation_free == OPERATION_SLOT_NONE)
		return NULL;
	struct operation *o = operation_pool_at(p, p->operation_free);

	assert(o->state == OPERATION_FREE);
	assert(o->live == 0);
	p->operation_free = o->next;
	p->operations_live++;
	o->generation++;
	return o;
}

OPERATION_INLINE void operation_pool_close(struct operation_pool *p, struct operation *o)
{
	assert(o->state == OPERATION_FREE);
	assert(o->live == 0);
	assert(p->operations_live > 0);
	o->next = p->operation_free;
	p->operation_free = o->slot;
	p->operations_live--;
}

/* Slow parts of what follows: the oldest free attempt whose reply may come is taken, or one becomes
 * the newest of them. */
uint32_t operation_pool_take_oldest(struct operation_pool *p);
void operation_pool_remember(struct operation_pool *p, uint32_t attempt);

/* An attempt for the operation, live and QUEUED, with its token; appended to the operation's.
 * NULL: it has as many as it may, or the slots beyond the first are used up. */
OPERATION_INLINE struct operation_attempt *operation_pool_attempt_open(struct operation_pool *p,
                                                                       struct operation *o)
{
	if (__builtin_expect(o->live != 0, 0)) {
		if (o->live == OPERATION_PARALLEL_MAX || !operation_pool_has_extra(p))
			return NULL;
		p->extras_live++;
	}
	uint32_t attempt = p->attempt_warm;

	if (__builtin_expect(attempt == OPERATION_SLOT_NONE, 0))
		attempt = operation_pool_take_oldest(p);
	else
		p->attempt_warm = p->attempts[attempt].link;
	struct operation_attempt *a = operation_pool_attempt_at(p, attempt);

	assert(!operation_pool_is_live(a));
	a->token = p->next_use << OPERATION_SLOT_BITS | attempt;
	p->next_use = (p->next_use + 1) & ((1ull << 40) - 1);
	a->link = o->slot;
	a->state = ATTEMPT_QUEUED;
	o->attempts[o->live++] = attempt;
	p->attempts_live++;
	return a;
}

/* The operation's attempt `position` is free now, in one of the three free states. */
OPERATION_INLINE void operation_pool_attempt_close(struct operation_pool *p, struct operation *o,
                                                   uint32_t position, enum attempt_state state)
{
	assert(position < o->live);
	uint32_t attempt = o->attempts[position];
	struct operation_attempt *a = operation_pool_attempt_at(p, attempt);

	assert(operation_pool_is_live(a));
	assert(a->link == o->slot);
	p->attempts_live--;
	if (__builtin_expect(--o->live != 0, 0)) {
		p->extras_live--;
		o->attempts[position] = o->attempts[o->live];
	}
	a->state = (uint8_t)state;
	assert(!operation_pool_is_live(a));
	if (state != ATTEMPT_CLOSED) {
		operation_pool_remember(p, attempt);
		return;
	}
	a->link = p->attempt_warm;
	p->attempt_warm = attempt;
}

/* The same by number, for those who have no pointer. */
static inline uint32_t operation_pool_take(struct operation_pool *p)
{
	const struct operation *o = operation_pool_open(p);

	return o == NULL ? OPERATION_SLOT_NONE : o->slot;
}

static inline void operation_pool_give(struct operation_pool *p, uint32_t slot)
{
	operation_pool_close(p, operation_pool_at(p, slot));
}

static inline uint32_t operation_pool_attempt_take(struct operation_pool *p, uint32_t slot)
{
	const struct operation_attempt *a =
	        operation_pool_attempt_open(p, operation_pool_at(p, slot));

	return a == NULL ? OPERATION_SLOT_NONE : (uint32_t)(a - p->attempts);
}

static inline void operation_pool_attempt_give(struct operation_pool *p, uint32_t slot,
                                               uint32_t position, enum attempt_state state)
{
	operation_pool_attempt_close(p, operation_pool_at(p, slot), position, state);
}

#endif
