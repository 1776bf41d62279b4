/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/component_inputs.h"

#include <string.h>

void component_inputs_init(struct component_inputs *i, uint32_t requests_max)
{
	assert(requests_max <= COMPONENT_OPEN_MAX);
	i->slot_count = requests_max;
	i->free = requests_max == 0 ? COMPONENT_SLOT_NONE : 0;
	for (uint32_t n = 0; n < requests_max; n++)
		i->slots[n].next = n + 1 < requests_max ? n + 1 : COMPONENT_SLOT_NONE;
	for (uint32_t n = 0; n < COMPONENT_TIMERS_MAX; n++)
		i->timer_ns[n] = UINT64_MAX;
}

static void mark_head(struct component_context *c)
{
	component_mark(c, c->inputs, sizeof(*c->inputs));
}

void component_inputs_sent(struct component_context *c, uint32_t slot)
{
	struct component_slot *s = &c->inputs->slots[slot];

	assert(slot < c->inputs->slot_count);
	assert(s->number != 0);
	s->state = COMPONENT_SLOT_SENT;
	component_mark(c, s, sizeof(*s));
}

void component_inputs_free(struct component_context *c, uint32_t slot)
{
	struct component_inputs *i = c->inputs;

	assert(slot < i->slot_count);
	assert(i->slots[slot].number != 0);
	assert(i->open > 0);
	memset(&i->slots[slot], 0, sizeof(i->slots[slot]));
	i->slots[slot].next = i->free;
	i->free = slot;
	i->open--;
	component_mark(c, &i->slots[slot], sizeof(i->slots[slot]));
	mark_head(c);
}

void component_inputs_disarm(struct component_context *c, uint32_t timer)
{
	assert(timer < COMPONENT_TIMERS_MAX);
	c->inputs->timer_ns[timer] = UINT64_MAX;
	mark_head(c);
}

uint64_t component_inputs_due_ns(const struct component_inputs *i)
{
	uint64_t due_ns = UINT64_MAX;

	for (uint32_t n = 0; n < COMPONENT_TIMERS_MAX; n++)
		if (i->timer_ns[n] < due_ns)
			due_ns = i->timer_ns[n];
	return due_ns;
}
