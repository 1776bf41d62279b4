/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_round.h"

#include "resilience/operation_attempt.h"

static_assert(SERVICE_PARALLEL_MAX == OPERATION_PARALLEL_MAX, "one bound");
static_assert(OPERATION_OUTPUTS_PER_FACT >= 2 * OPERATION_PARALLEL_MAX + 1,
              "three cancelled, three sent or done");

static const struct mode_class_policy *operation_round_policy(const struct operations *t,
                                                              const struct operation *o)
{
	return &t->policy->class[o->class];
}

/* A probe of the present half-open time, not of an earlier one. */
static bool operation_round_is_probe(const struct service *s, const struct operation *o)
{
	return (o->flags & OPERATION_PROBE) != 0 && (o->ticket ^ s->state->breaker.epoch) >> 8 == 0;
}

static uint32_t operation_round_latency_rule(const struct service *s, const struct operation *o)
{
	uint64_t expected_ns = service_expected_ns(s, o->expected_ns);

	if (expected_ns > s->options->parallel_three_ns)
		return 3;
	return expected_ns > s->options->parallel_two_ns ? 2 : 1;
}

static uint32_t operation_round_more(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

uint32_t operation_round_width(const struct operations *t, const struct operation *o)
{
	const struct service *s = &t->services[o->service];
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

uint32_t operation_round_node(const struct operations *t, const struct operation *o,
                              uint64_t now_ns)
{
	const struct service *s = &t->services[o->service];
	uint32_t node = service_node(s, 0, o->round, now_ns);

	/* Those that failed in the last round only if there are no others. */
	if (o->asked != 0 && s->options->choice == SERVICE_CHOOSE_BEST && node != HEALTH_NONE &&
	    (o->asked & 1u << node) != 0) {
		uint32_t other = service_node(s, o->asked, o->round, now_ns);

		node = other != HEALTH_NONE ? other : node;
	}
	return node;
}

/* A node beside those that are asked already in this round. */
static uint32_t operation_round_other_node(const struct service *s, const struct operation *o,
                                           uint32_t number, uint64_t now_ns)
{
	uint32_t turn = (uint32_t)o->round + number;
	uint32_t node = service_node(s, o->asked, turn, now_ns);

	if (node == HEALTH_NONE && s->options->same_node_parallel)
		node = service_node(s, 0, turn, now_ns);
	return node;
}

static void operation_round_add(struct operations *t, uint32_t slot, uint32_t width,
                                uint64_t now_ns, struct operation_outputs *out)
{
	struct operation *o = operation_pool_at(&t->pool, slot);
	struct service *s = &t->services[o->service];

	for (uint32_t i = 1; i < width; i++) {
		uint32_t node = operation_round_other_node(s, o, i, now_ns);

		if (node == HEALTH_NONE)
			return;
		if (!operation_pool_has_extra(&t->pool)) {
			t->stats.attempts_full++;
			return;
		}
		if (operation_round_policy(t, o)->budget_milli == 0 ||
		    !budget_take(&s->state->parallel_budget, now_ns)) {
			t->stats.denied_parallel++;
			return;
		}
		bool started = operation_attempt_start(t, slot, node, OPERATION_PARALLEL, false,
		                                       now_ns, out);

		assert(started);
	}
}

void operation_round_start(struct operations *t, uint32_t slot, uint32_t width, uint32_t node,
                           uint64_t now_ns, struct operation_outputs *out)
{
	struct operation *o = operation_pool_at(&t->pool, slot);
	struct service *s = &t->services[o->service];
	enum operation_reason reason = o->round == 0 ? OPERATION_FIRST : OPERATION_RETRY;

	assert(width >= 1);
	assert(o->live == 0);
	o->asked = 0;
	o->flags &= (uint8_t)~OPERATION_TIMED;
	o->event_ns = UINT64_MAX;
	bool started = operation_attempt_start(t, slot, node, reason, width == 1, now_ns, out);

	assert(started);
	if (width > 1) {
		operation_round_add(t, slot, width, now_ns, out);
		return;
	}
	if (o->repeat == OPERATION_FREELY && operation_round_policy(t, o)->hedge != 0 &&
	    s->options->parallel_max > 1 && s->state->breaker.state != BREAKER_HALF_OPEN)
		o->event_ns = deadline_at_ns(now_ns,
		                             hedge_delay_ns(&s->state->hedge, &s->options->hedge));
}

void operation_round_hedge(struct operations *t, uint32_t slot, uint64_t now_ns,
                           struct operation_outputs *out)
{
	struct operation *o = operation_pool_at(&t->pool, slot);
	struct service *s = &t->services[o->service];
	enum breaker_state state = (enum breaker_state)s->state->breaker.state;

	assert(o->state == OPERATION_FLYING);
	assert(o->live == 1);
	o->event_ns = UINT64_MAX;
	if (state == BREAKER_OPEN || state == BREAKER_HALF_OPEN ||
	    operation_round_policy(t, o)->hedge == 0)
		return;
	uint32_t node = operation_round_other_node(s, o, 1, now_ns);

	if (node == HEALTH_NONE)
		return;
	if (!operation_pool_has_extra(&t->pool)) {
		t->stats.attempts_full++;
		return;
	}
	if (operation_round_policy(t, o)->budget_milli == 0 ||
	    !budget_take(&s->state->hedge_budget, now_ns)) {
		t->stats.denied_hedge++;
		return;
	}
	bool started = operation_attempt_start(t, slot, node, OPERATION_HEDGE, false, now_ns, out);

	assert(started);
}

enum operation_round_verdict operation_round_lost(struct operations *t, uint32_t slot,
                                                  uint64_t now_ns)
{
	struct operation *o = operation_pool_at(&t->pool, slot);
	struct service *s = &t->services[o->service];

	assert(o->live == 0);
	if (o->repeat == OPERATION_ONCE && (o->flags & OPERATION_WAS_SENT) != 0)
		return OPERATION_ROUND_NONE;
	if (o->round >= o->rounds_max)
		return OPERATION_ROUND_NONE;
	uint64_t start_ns = deadline_at_ns(now_ns, service_backoff_ns(s, o->round + 1u));
	uint32_t width = operation_round_width(t, o);

	if (width == 0) {
		t->stats.denied_breaker++;
		return OPERATION_ROUND_NONE;
	}
	if (start_ns >= o->deadline_ns)
		return OPERATION_ROUND_NONE;
	uint64_t within_ns = o->deadline_ns == UINT64_MAX ? UINT64_MAX : o->deadline_ns - start_ns;

	if (service_hope(s, width, within_ns, now_ns) == SERVICE_HOPELESS)
		return OPERATION_ROUND_HOPELESS;
	if (operation_round_policy(t, o)->budget_milli == 0 ||
	    !budget_take(&s->state->retry_budget, now_ns)) {
		t->stats.denied_retry++;
		return OPERATION_ROUND_NONE;
	}
	o->round++;
	o->event_ns = start_ns;
	return start_ns > now_ns ? OPERATION_ROUND_LATER : OPERATION_ROUND_AT_ONCE;
}
