/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A round of an operation: one to three attempts that are given out together, a hedge that may
 * follow a single one, and what comes after they have all failed. Part of the operations' table
 * (operation.h).
 */
#ifndef RESILIENCE_OPERATION_ROUND_H
#define RESILIENCE_OPERATION_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/operation.h"
#include "resilience/operation_attempt.h"

static inline const struct mode_class_policy *operation_round_policy(const struct operations *t,
                                                                     const struct operation *o)
{
	return &t->policy->class[o->class];
}

/* By how long an attempt takes. */
static inline uint32_t operation_round_latency_rule(const struct service *s,
                                                    const struct operation *o)
{
	uint64_t expected_ns = service_expected_ns(s, o->expected_ns);

	if (expected_ns > s->options->parallel_three_ns)
		return 3;
	return expected_ns > s->options->parallel_two_ns ? 2 : 1;
}

static inline uint32_t operation_round_more(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* A probe of the present half-open time, not of an earlier one. */
static inline bool operation_round_is_probe(const struct service *s, const struct operation *o)
{
	return (o->flags & OPERATION_PROBE) != 0 && (o->ticket ^ s->state->breaker.epoch) >> 8 == 0;
}

/* How many attempts at once the rules ask for; 0: the breaker lets none of it out now. */
OPERATION_INLINE uint32_t operation_round_width(const struct operations *t, const struct service *s,
                                                const struct operation *o)
{
	const struct breaker *b = &s->state->breaker;
	const struct mode_class_policy *policy = operation_round_policy(t, o);
	uint32_t width = o->parallel;

	if (b->state == BREAKER_OPEN)
		return 0;
	if (b->state == BREAKER_HALF_OPEN)
		return operation_round_is_probe(s, o) ? 1 : 0;
	if (o->repeat != OPERATION_FREELY)
		return 1;
	if ((o->flags & OPERATION_OPTIMIZED) != 0 || policy->latency_optimization != 0)
		width = operation_round_more(width, operation_round_latency_rule(s, o));
	width = operation_round_more(width, breaker_parallel(b, &s->options->breaker));
	width = operation_round_more(width, policy->parallel);
	assert(width >= 1);
	return width < s->options->parallel_max ? width : s->options->parallel_max;
}

/* The node for the round's first attempt; HEALTH_NONE: nobody is left to ask. */
OPERATION_INLINE uint32_t operation_round_node(const struct service *s, const struct operation *o,
                                               uint64_t now_ns)
{
	uint32_t node = service_node(s, 0, o->round, now_ns);

	/* Those that failed in the last round only if there are no others. */
	if (o->asked != 0 && s->options->choice == SERVICE_CHOOSE_BEST && node != HEALTH_NONE &&
	    (o->asked & 1u << node) != 0) {
		uint32_t other = service_node(s, o->asked, o->round, now_ns);

		node = other != HEALTH_NONE ? other : node;
	}
	return node;
}

/* Slow part of what follows: further attempts as nodes, slots and the budget allow. */
void operation_round_add(struct operations *t, struct operation *o, uint32_t width, uint64_t now_ns,
                         struct operation_outputs *out);

/* Gives out the first attempt to `node`, and up to `width` in all as nodes, slots and the budget
 * allow. Sets the time of the hedge. */
OPERATION_INLINE void operation_round_start(struct operations *t, struct service *s,
                                            struct operation *o, uint32_t width, uint32_t node,
                                            uint64_t now_ns, struct operation_outputs *out)
{
	enum operation_reason reason = o->round == 0 ? OPERATION_FIRST : OPERATION_RETRY;

	assert(width >= 1);
	assert(o->live == 0);
	o->asked = 0;
	o->flags &= (uint8_t)~OPERATION_TIMED;
	o->event_ns = UINT64_MAX;
	bool started = operation_attempt_start(t, s, o, node, reason, width == 1, now_ns, out);

	assert(started);
	if (width > 1) {
		operation_round_add(t, o, width, now_ns, out);
		return;
	}
	if (o->repeat == OPERATION_FREELY && operation_round_policy(t, o)->hedge != 0 &&
	    s->options->parallel_max > 1 && s->state->breaker.state != BREAKER_HALF_OPEN)
		o->event_ns = deadline_at_ns(now_ns,
		                             hedge_delay_ns(&s->state->hedge, &s->options->hedge));
}

/* To be called when event_ns of a FLYING operation has come. */
void operation_round_hedge(struct operations *t, struct operation *o, uint64_t now_ns,
                           struct operation_outputs *out);

enum operation_round_verdict {
	OPERATION_ROUND_LATER, /* event_ns is set */
	OPERATION_ROUND_AT_ONCE,
	OPERATION_ROUND_NONE,
	OPERATION_ROUND_HOPELESS,
};

/* To be called when no attempt of the round is left and none succeeded. Takes from the retry budget
 * when a round follows. */
enum operation_round_verdict operation_round_lost(struct operations *t, struct operation *o,
                                                  uint64_t now_ns);

#endif
