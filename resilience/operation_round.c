/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_round.h"

#include "resilience/operation_attempt.h"

static_assert(SERVICE_PARALLEL_MAX == OPERATION_PARALLEL_MAX, "one bound");
static_assert(OPERATION_OUTPUTS_PER_FACT >= 2 * OPERATION_PARALLEL_MAX + 1,
              "three cancelled, three sent or done");

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

void operation_round_add(struct operations *t, struct operation *o, uint32_t width, uint64_t now_ns,
                         struct operation_outputs *out)
{
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
		bool started = operation_attempt_start(t, s, o, node, OPERATION_PARALLEL, false,
		                                       now_ns, out);

		assert(started);
	}
}

void operation_round_hedge(struct operations *t, struct operation *o, uint64_t now_ns,
                           struct operation_outputs *out)
{
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
	bool started = operation_attempt_start(t, s, o, node, OPERATION_HEDGE, false, now_ns, out);

	assert(started);
}

enum operation_round_verdict operation_round_lost(struct operations *t, struct operation *o,
                                                  uint64_t now_ns)
{
	struct service *s = &t->services[o->service];

	assert(o->live == 0);
	if (o->repeat == OPERATION_ONCE && (o->flags & OPERATION_WAS_SENT) != 0)
		return OPERATION_ROUND_NONE;
	if (o->round >= o->rounds_max)
		return OPERATION_ROUND_NONE;
	uint64_t start_ns = deadline_at_ns(now_ns, service_backoff_ns(s, o->round + 1u));
	uint32_t width = operation_round_width(t, s, o);

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
