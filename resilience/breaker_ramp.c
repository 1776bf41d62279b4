/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/breaker_ramp.h"

void breaker_ramp_start(struct breaker *b, const struct breaker_options *o, uint64_t now_ns)
{
	b->ramp = (struct breaker_ramp){0};
	b->until_ns = BREAKER_NEVER;
	b->gate = BREAKER_GATE_FREE;
	assert((b->flags & BREAKER_RAMP_FLAGS) == 0);
	if (o->ramp_interval_ns == 0)
		return;
	b->ramp.quota = o->ramp_start;
	b->until_ns = now_ns + o->ramp_interval_ns;
	b->gate = BREAKER_GATE_RAMP;
}

/* An interval of the ramp is over. What was not tried teaches nothing: without outcomes the quota
 * stays. */
static void breaker_ramp_turn(struct breaker *b, const struct breaker_context *c, uint64_t now_ns)
{
	const struct breaker_options *o = c->options;
	uint32_t quota = b->ramp.quota;

	assert(b->gate == BREAKER_GATE_RAMP);
	if ((b->flags & BREAKER_RAMP_FLAGS) == BREAKER_RAMP_GOOD)
		quota += o->ramp_step;
	b->flags &= (uint8_t)~BREAKER_RAMP_FLAGS;
	b->ramp.used = 0;
	b->until_ns = now_ns + o->ramp_interval_ns;
	if (quota < o->ramp_end) {
		b->ramp.quota = (uint16_t)quota;
		return;
	}
	b->ramp.quota = 0;
	b->until_ns = BREAKER_NEVER;
	b->gate = BREAKER_GATE_FREE;
	c->counters[b->subject].ramps++;
}

struct breaker_grant breaker_ramp_allow(struct breaker *b, const struct breaker_context *c,
                                        uint64_t now_ns)
{
	if (now_ns >= b->until_ns)
		breaker_ramp_turn(b, c, now_ns);
	if (b->gate == BREAKER_GATE_RAMP && b->ramp.used >= b->ramp.quota) {
		c->counters[b->subject].held_back++;
		return (struct breaker_grant){BREAKER_REJECT, 0};
	}
	if (b->gate == BREAKER_GATE_RAMP)
		b->ramp.used++;
	return (struct breaker_grant){BREAKER_ALLOW, b->epoch};
}

void breaker_ramp_record(struct breaker *b, const struct breaker_context *c, bool failed)
{
	const struct breaker_options *o = c->options;
	uint16_t half = b->ramp.quota / 2;

	assert(b->ramp.quota > 0);
	if (!failed) {
		b->flags |= BREAKER_RAMP_GOOD;
		return;
	}
	if ((b->flags & BREAKER_RAMP_BAD) == 0) {
		b->ramp.quota = half > o->ramp_start ? half : o->ramp_start;
		c->counters[b->subject].ramp_backoffs++;
	}
	b->flags |= BREAKER_RAMP_BAD;
}
