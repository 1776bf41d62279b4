/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_end.h"

#include "resilience/operation_round.h"

OPERATION_INLINE void operation_end_free(struct operations *t, struct operation *o, uint64_t now_ns)
{
	if (o->due_ns != UINT64_MAX)
		wheel_cancel(t->wheel, o->slot);
	o->due_ns = UINT64_MAX;
	t->stats.operation_time_ns += now_ns - o->submit_ns;
	operation_pool_close(&t->pool, o);
}

OPERATION_INLINE void operation_end_done(struct operations *t, const struct operation *o,
                                         enum operation_outcome outcome,
                                         const struct operation_attempt *winner, uint64_t now_ns,
                                         struct operation_outputs *out)
{
	assert(o->state != OPERATION_FREE);
	t->stats.outcomes[outcome]++;
	*operation_attempt_output(out) = (struct operation_output){
	        .token = winner == NULL ? 0 : winner->token,
	        .operation = operation_attempt_id(o),
	        .tag = o->tag,
	        .time_ns = now_ns - o->submit_ns,
	        .service = o->service,
	        .kind = OPERATION_DONE,
	        .node = winner == NULL ? OPERATION_NODE_UNKNOWN : winner->node,
	        .reason = o->sends,
	        .outcome = (uint8_t)outcome,
	};
}

/* What a failed operation is called. */
static enum operation_outcome operation_end_outcome(const struct operations *t,
                                                    const struct operation *o,
                                                    enum operation_outcome outcome)
{
	const struct service *s = &t->services[o->service];

	/* Whoever may not ask twice has to know that it may have taken effect; another answer
	 * would hide it. */
	if (o->repeat == OPERATION_ONCE && (o->flags & OPERATION_IN_DOUBT) != 0)
		return OPERATION_UNKNOWN;
	if ((o->flags & OPERATION_MAY_FALL_BACK) != 0 &&
	    breaker_may_fall_back(&s->state->breaker, &s->options->breaker))
		return OPERATION_FALLBACK;
	return outcome;
}

/* Ends without a success; its attempts have ended. */
static void operation_end_failed(struct operations *t, struct operation *o,
                                 enum operation_fact fact, enum operation_outcome outcome,
                                 uint64_t now_ns, struct operation_outputs *out)
{
	struct service *s = &t->services[o->service];
	bool recalled = fact == OPERATION_FACT_RECALLED;

	assert(outcome != OPERATION_SUCCESS);
	assert(o->live == 0);
	/* Taken back or never sent: that says nothing about the service. */
	if (recalled || (o->flags & OPERATION_WAS_SENT) == 0)
		service_on_nothing(s, o->ticket, now_ns);
	else
		service_on_failure(s, o->ticket, now_ns);
	if (recalled)
		o->flags &= (uint8_t)~OPERATION_MAY_FALL_BACK;
	operation_end_done(t, o, operation_end_outcome(t, o, outcome), NULL, now_ns, out);
	operation_end_move(o, fact);
	operation_end_free(t, o, now_ns);
}

static enum operation_outcome operation_end_of_round(const struct operation *o)
{
	return (o->flags & OPERATION_TIMED) != 0 ? OPERATION_TIMEOUT : OPERATION_FAILURE;
}

static void operation_end_next_round(struct operations *t, struct operation *o,
                                     enum operation_fact fact, uint64_t now_ns,
                                     struct operation_outputs *out)
{
	struct service *s = &t->services[o->service];
	uint32_t width = operation_round_width(t, s, o);
	uint32_t node = width == 0 ? HEALTH_NONE : operation_round_node(s, o, now_ns);

	if (node == HEALTH_NONE) {
		t->stats.denied_breaker++;
		operation_end_failed(t, o, OPERATION_FACT_GIVEN_UP, operation_end_of_round(o),
		                     now_ns, out);
		return;
	}
	operation_end_move(o, fact);
	operation_round_start(t, s, o, width, node, now_ns, out);
	operation_end_arm(t, o);
}

void operation_end_backoff(struct operations *t, struct operation *o, uint64_t now_ns,
                           struct operation_outputs *out)
{
	assert(o->state == OPERATION_BACKOFF);
	assert(now_ns >= o->event_ns);
	operation_end_next_round(t, o, OPERATION_FACT_BACKOFF_OVER, now_ns, out);
}

/* No attempt of the round is left. */
static void operation_end_round(struct operations *t, struct operation *o, uint64_t now_ns,
                                struct operation_outputs *out)
{
	o->event_ns = UINT64_MAX;
	switch (operation_round_lost(t, o, now_ns)) {
	case OPERATION_ROUND_LATER:
		operation_end_move(o, OPERATION_FACT_ROUND_LOST);
		operation_end_arm(t, o);
		return;
	case OPERATION_ROUND_AT_ONCE:
		operation_end_next_round(t, o, OPERATION_FACT_ROUND_AT_ONCE, now_ns, out);
		return;
	case OPERATION_ROUND_NONE:
		operation_end_failed(t, o, OPERATION_FACT_GIVEN_UP, operation_end_of_round(o),
		                     now_ns, out);
		return;
	case OPERATION_ROUND_HOPELESS:
		operation_end_failed(t, o, OPERATION_FACT_HOPELESS, OPERATION_ABANDONED, now_ns,
		                     out);
		return;
	}
}

/* What the end of an attempt makes of its operation. */
static void operation_end_note(struct operation *o, const struct operation_attempt *a,
                               enum operation_attempt_end end)
{
	bool by_time = end == OPERATION_ATTEMPT_OVERDUE || end == OPERATION_ATTEMPT_UNREACHABLE;

	if (by_time)
		o->flags |= OPERATION_TIMED;
	if (a->state == ATTEMPT_SENT && (by_time || end == OPERATION_ATTEMPT_ENDED))
		o->flags |= OPERATION_IN_DOUBT;
	if (end == OPERATION_ATTEMPT_REFUSED)
		o->flags |= OPERATION_WAS_SENT; /* who answers was reached */
	/* What may go out once only has no other attempt that might have been sent. */
	if (end == OPERATION_ATTEMPT_UNSENT && (o->repeat == OPERATION_ONCE || o->sends == 1))
		o->flags &= (uint8_t)~OPERATION_WAS_SENT;
}

static void operation_end_lose(struct operations *t, struct operation *o, uint32_t position,
                               enum operation_attempt_end end, bool ambiguous, uint64_t now_ns,
                               struct operation_outputs *out)
{
	assert(end != OPERATION_ATTEMPT_SUCCESS || o->state == OPERATION_LINGERING);
	operation_end_note(o, operation_pool_attempt_at(&t->pool, o->attempts[position]), end);
	(void)operation_attempt_end(t, &t->services[o->service], o, position, end, ambiguous,
	                            now_ns, out);
}

void operation_end_attempt(struct operations *t, struct operation *o, uint32_t position,
                           enum operation_attempt_end end, bool ambiguous, uint64_t now_ns,
                           struct operation_outputs *out)
{
	assert(position < o->live);
	operation_end_lose(t, o, position, end, ambiguous, now_ns, out);
	if (o->live != 0)
		return;
	if (o->state == OPERATION_LINGERING) {
		operation_end_move(o, OPERATION_FACT_LOSERS_GONE);
		operation_end_free(t, o, now_ns);
		return;
	}
	operation_end_round(t, o, now_ns, out);
}

static void operation_end_attempts(struct operations *t, struct operation *o,
                                   enum operation_attempt_end end, uint64_t now_ns,
                                   struct operation_outputs *out)
{
	while (o->live != 0)
		operation_end_lose(t, o, 0, end, false, now_ns, out);
}

void operation_end_won(struct operations *t, struct operation *o, uint32_t position, bool ambiguous,
                       uint64_t now_ns, struct operation_outputs *out)
{
	struct service *s = &t->services[o->service];
	const struct operation_attempt *a =
	        operation_pool_attempt_at(&t->pool, o->attempts[position]);
	struct service_reply r = operation_attempt_end(t, s, o, position, OPERATION_ATTEMPT_SUCCESS,
	                                               ambiguous, now_ns, out);

	t->stats.hedges_won += a->reason == OPERATION_HEDGE;
	service_on_success(s, o->ticket, r.latency_ns, now_ns);
	if (__builtin_expect(o->live != 0, 0)) {
		if (!s->options->cancel_losers) {
			operation_end_done(t, o, OPERATION_SUCCESS, a, now_ns, out);
			o->event_ns = UINT64_MAX;
			operation_end_move(o, OPERATION_FACT_WON_LINGERING);
			return;
		}
		operation_end_attempts(t, o, OPERATION_ATTEMPT_LOST, now_ns, out);
	}
	operation_end_done(t, o, OPERATION_SUCCESS, a, now_ns, out);
	operation_end_move(o, OPERATION_FACT_WON);
	operation_end_free(t, o, now_ns);
}

void operation_end_now(struct operations *t, struct operation *o, enum operation_fact fact,
                       uint64_t now_ns, struct operation_outputs *out)
{
	bool recalled = fact == OPERATION_FACT_RECALLED;

	assert(recalled || fact == OPERATION_FACT_DEADLINE);
	operation_end_attempts(t, o, recalled ? OPERATION_ATTEMPT_ENDED : OPERATION_ATTEMPT_OVERDUE,
	                       now_ns, out);
	if (o->state == OPERATION_LINGERING) {
		operation_end_move(o, fact);
		operation_end_free(t, o, now_ns);
		return;
	}
	operation_end_failed(t, o, fact, recalled ? OPERATION_ABANDONED : OPERATION_TIMEOUT, now_ns,
	                     out);
}
