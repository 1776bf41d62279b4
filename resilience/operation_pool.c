/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_pool.h"

#include <errno.h>
#include <string.h>

#define OPERATION_SLOT_BITS 24u

static_assert(OPERATION_SLOTS_MAX == 1u << OPERATION_SLOT_BITS, "a slot fits into a token");

int operation_pool_init(struct operation_pool *p, const struct operation_pool_options *o,
                        struct operation *operations, struct operation_attempt *attempts)
{
	if (o->operations_max == 0 || o->attempts_max < o->operations_max ||
	    o->attempts_max > OPERATION_SLOTS_MAX || o->first_use >> 40 != 0)
		return -EINVAL;
	assert(operations != NULL);
	assert(attempts != NULL);
	*p = (struct operation_pool){.operations = operations,
	                             .attempts = attempts,
	                             .next_use = o->first_use,
	                             .operations_max = o->operations_max,
	                             .attempts_max = o->attempts_max,
	                             .attempt_oldest = OPERATION_SLOT_NONE,
	                             .attempt_newest = OPERATION_SLOT_NONE};
	memset(operations, 0, o->operations_max * sizeof(operations[0]));
	memset(attempts, 0, o->attempts_max * sizeof(attempts[0]));
	for (uint32_t i = 0; i < o->operations_max; i++)
		operations[i].next = i + 1 < o->operations_max ? i + 1 : OPERATION_SLOT_NONE;
	for (uint32_t i = 0; i < o->attempts_max; i++)
		attempts[i].link = i + 1 < o->attempts_max ? i + 1 : OPERATION_SLOT_NONE;
	return 0;
}

uint32_t operation_pool_take(struct operation_pool *p)
{
	uint32_t slot = p->operation_free;

	if (slot == OPERATION_SLOT_NONE)
		return slot;
	struct operation *o = operation_pool_at(p, slot);

	assert(o->state == OPERATION_FREE);
	assert(o->live == 0);
	p->operation_free = o->next;
	p->operations_live++;
	o->generation++;
	return slot;
}

void operation_pool_give(struct operation_pool *p, uint32_t slot)
{
	struct operation *o = operation_pool_at(p, slot);

	assert(o->state == OPERATION_FREE);
	assert(o->live == 0);
	assert(p->operations_live > 0);
	o->next = p->operation_free;
	p->operation_free = slot;
	p->operations_live--;
}

static void operation_pool_unqueue(struct operation_pool *p)
{
	p->attempt_oldest = p->attempts[p->attempt_oldest].link;
	if (p->attempt_oldest == OPERATION_SLOT_NONE)
		p->attempt_newest = OPERATION_SLOT_NONE;
}

void operation_pool_forget_oldest(struct operation_pool *p)
{
	uint32_t attempt = p->attempt_oldest;

	assert(attempt != OPERATION_SLOT_NONE);
	assert(!operation_pool_is_live(&p->attempts[attempt]));
	operation_pool_unqueue(p);
	p->attempts[attempt].state = ATTEMPT_CLOSED;
	p->attempts[attempt].link = p->attempt_warm;
	p->attempt_warm = attempt;
}

static uint32_t operation_pool_attempt_free(struct operation_pool *p)
{
	uint32_t attempt = p->attempt_warm;

	if (attempt != OPERATION_SLOT_NONE) {
		p->attempt_warm = p->attempts[attempt].link;
		return attempt;
	}
	attempt = p->attempt_oldest;
	assert(attempt != OPERATION_SLOT_NONE); /* the extras are counted */
	operation_pool_unqueue(p);
	return attempt;
}

uint32_t operation_pool_attempt_take(struct operation_pool *p, uint32_t slot)
{
	struct operation *o = operation_pool_at(p, slot);
	bool extra = o->live != 0;

	if (o->live == OPERATION_PARALLEL_MAX)
		return OPERATION_SLOT_NONE;
	if (extra && !operation_pool_has_extra(p))
		return OPERATION_SLOT_NONE;
	uint32_t attempt = operation_pool_attempt_free(p);
	struct operation_attempt *a = operation_pool_attempt_at(p, attempt);

	assert(!operation_pool_is_live(a));
	a->token = p->next_use << OPERATION_SLOT_BITS | attempt;
	p->next_use = (p->next_use + 1) & ((1ull << 40) - 1);
	a->link = slot;
	a->state = ATTEMPT_QUEUED;
	o->attempts[o->live++] = attempt;
	p->attempts_live++;
	p->extras_live += extra;
	return attempt;
}

/* Last in the queue of those whose reply may come. */
static void operation_pool_remember(struct operation_pool *p, uint32_t attempt)
{
	p->attempts[attempt].link = OPERATION_SLOT_NONE;
	if (p->attempt_newest == OPERATION_SLOT_NONE)
		p->attempt_oldest = attempt;
	else
		p->attempts[p->attempt_newest].link = attempt;
	p->attempt_newest = attempt;
}

void operation_pool_attempt_give(struct operation_pool *p, uint32_t slot, uint32_t position,
                                 enum attempt_state state)
{
	struct operation *o = operation_pool_at(p, slot);

	assert(position < o->live);
	uint32_t attempt = o->attempts[position];
	struct operation_attempt *a = operation_pool_attempt_at(p, attempt);

	assert(operation_pool_is_live(a));
	assert(a->link == slot);
	p->attempts_live--;
	p->extras_live -= o->live > 1;
	o->attempts[position] = o->attempts[--o->live];
	a->state = (uint8_t)state;
	assert(!operation_pool_is_live(a));
	if (state == ATTEMPT_CLOSED) {
		a->link = p->attempt_warm;
		p->attempt_warm = attempt;
	} else {
		operation_pool_remember(p, attempt);
	}
}
