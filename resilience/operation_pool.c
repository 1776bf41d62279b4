/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_pool.h"

#include <errno.h>
#include <string.h>

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
	for (uint32_t i = 0; i < o->operations_max; i++) {
		operations[i].slot = i;
		operations[i].next = i + 1 < o->operations_max ? i + 1 : OPERATION_SLOT_NONE;
	}
	for (uint32_t i = 0; i < o->attempts_max; i++)
		attempts[i].link = i + 1 < o->attempts_max ? i + 1 : OPERATION_SLOT_NONE;
	return 0;
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

uint32_t operation_pool_take_oldest(struct operation_pool *p)
{
	uint32_t attempt = p->attempt_oldest;

	assert(attempt != OPERATION_SLOT_NONE); /* the extras are counted */
	operation_pool_unqueue(p);
	return attempt;
}

void operation_pool_remember(struct operation_pool *p, uint32_t attempt)
{
	p->attempts[attempt].link = OPERATION_SLOT_NONE;
	if (p->attempt_newest == OPERATION_SLOT_NONE)
		p->attempt_oldest = attempt;
	else
		p->attempts[p->attempt_newest].link = attempt;
	p->attempt_newest = attempt;
}
