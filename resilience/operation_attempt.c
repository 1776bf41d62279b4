/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_attempt.h"

#define OPERATION_ATTEMPT_FORGET_MAX 16u /* a call */

static struct service_reply operation_attempt_reply(const struct operation_attempt *a,
                                                    bool ambiguous, uint64_t now_ns)
{
	return (struct service_reply){
	        .node = a->node,
	        .ticket = a->ticket,
	        .latency_ns = now_ns > a->start_ns ? now_ns - a->start_ns : 0,
	        .is_alone = a->is_alone != 0,
	        .is_ambiguous = ambiguous,
	};
}

/* The oldest of those whose late reply is awaited gets none. */
static void operation_attempt_unheard(struct operations *t)
{
	const struct operation_attempt *a = operation_pool_oldest(&t->pool);

	if (a->state != ATTEMPT_CLOSED) {
		struct service_reply r = operation_attempt_reply(a, false, a->deadline_ns);

		service_on_unheard(&t->services[a->service], &r);
	}
	operation_pool_forget_oldest(&t->pool);
}

void operation_attempt_forget(struct operations *t, uint64_t now_ns)
{
	for (uint32_t i = 0; i < OPERATION_ATTEMPT_FORGET_MAX; i++) {
		const struct operation_attempt *a = operation_pool_oldest(&t->pool);

		if (a == NULL || now_ns < deadline_at_ns(a->deadline_ns, t->options->late_ns))
			return;
		operation_attempt_unheard(t);
	}
}

static uint64_t operation_attempt_deadline_ns(const struct operations *t, const struct operation *o,
                                              uint64_t now_ns)
{
	const struct service *s = &t->services[o->service];
	uint64_t remaining_ns = o->deadline_ns == UINT64_MAX ? UINT64_MAX : o->deadline_ns - now_ns;

	assert(o->deadline_ns > now_ns);
	return deadline_at_ns(now_ns, service_timeout_ns(s, o->expected_ns, remaining_ns,
	                                                 t->policy->dynamic_timeout != 0));
}

bool operation_attempt_start(struct operations *t, uint32_t slot, uint32_t node,
                             enum operation_reason reason, bool is_alone, uint64_t now_ns,
                             struct operation_outputs *out)
{
	struct operation *o = operation_pool_at(&t->pool, slot);

	assert(reason < OPERATION_SEND_REASONS);
	assert(node < t->services[o->service].options->nodes);
	/* A slot of which a reply may come is only taken when there is no other. */
	if (t->pool.attempt_warm == OPERATION_SLOT_NONE && operation_pool_oldest(&t->pool) != NULL)
		operation_attempt_unheard(t);
	uint32_t attempt = operation_pool_attempt_take(&t->pool, slot);

	if (attempt == OPERATION_SLOT_NONE)
		return false;
	struct operation_attempt *a = operation_pool_attempt_at(&t->pool, attempt);

	a->start_ns = now_ns;
	a->deadline_ns = operation_attempt_deadline_ns(t, o, now_ns);
	a->ticket = o->ticket;
	a->service = o->service;
	a->node = (uint8_t)node;
	a->reason = (uint8_t)reason;
	a->is_alone = is_alone;
	if (!t->options->sends_are_reported) {
		a->state = ATTEMPT_SENT;
		o->flags |= OPERATION_WAS_SENT;
	}
	o->asked |= (uint8_t)(1u << node);
	o->sends = (uint8_t)(o->sends + (o->sends < UINT8_MAX));
	service_on_send(&t->services[o->service], node);
	t->stats.attempts[reason]++;
	*operation_attempt_output(out) = (struct operation_output){
	        .token = a->token,
	        .operation = operation_attempt_id(t, slot),
	        .tag = o->tag,
	        .time_ns = a->deadline_ns,
	        .service = o->service,
	        .kind = OPERATION_SEND,
	        .node = (uint8_t)node,
	        .reason = (uint8_t)reason,
	};
	return true;
}

static void operation_attempt_cancel(struct operations *t, uint32_t slot,
                                     const struct operation_attempt *a,
                                     enum operation_reason reason, struct operation_outputs *out)
{
	*operation_attempt_output(out) = (struct operation_output){
	        .token = a->token,
	        .operation = operation_attempt_id(t, slot),
	        .tag = operation_pool_at(&t->pool, slot)->tag,
	        .service = a->service,
	        .kind = OPERATION_CANCEL,
	        .node = a->node,
	        .reason = (uint8_t)reason,
	        .outcome = a->state == ATTEMPT_SENT,
	};
}

/* What an end makes of the slot, and whether the caller has to be told. */
struct operation_attempt_rule {
	uint8_t state; /* enum attempt_state of one that was sent */
	uint8_t tells;
	uint8_t reason; /* enum operation_reason of the CANCEL */
};

static const struct operation_attempt_rule operation_attempt_rules[] = {
        [OPERATION_ATTEMPT_SUCCESS] = {ATTEMPT_CLOSED, 0, 0},
        [OPERATION_ATTEMPT_REFUSED] = {ATTEMPT_CLOSED, 0, 0},
        [OPERATION_ATTEMPT_OVERDUE] = {ATTEMPT_OVERDUE, 1, OPERATION_OVERDUE},
        [OPERATION_ATTEMPT_UNREACHABLE] = {ATTEMPT_OVERDUE, 1, OPERATION_OVERDUE},
        [OPERATION_ATTEMPT_UNSENT] = {ATTEMPT_CLOSED, 0, 0},
        [OPERATION_ATTEMPT_LOST] = {ATTEMPT_CANCELLED, 1, OPERATION_LOST},
        [OPERATION_ATTEMPT_ENDED] = {ATTEMPT_CANCELLED, 1, OPERATION_ENDED},
};

/* The service learns how an attempt that may have reached its node has ended. */
static void operation_attempt_tell(struct operations *t, struct service *s,
                                   const struct service_reply *r, enum operation_attempt_end end,
                                   uint64_t now_ns)
{
	switch (end) {
	case OPERATION_ATTEMPT_SUCCESS:
		service_on_reply(s, r, now_ns);
		return;
	case OPERATION_ATTEMPT_REFUSED:
		service_on_refusal(s, r, now_ns);
		return;
	case OPERATION_ATTEMPT_OVERDUE:
		t->stats.overdue++;
		service_on_overdue(s, r, now_ns);
		return;
	case OPERATION_ATTEMPT_UNREACHABLE:
		t->stats.unreachable++;
		service_on_unreachable(s, r, now_ns);
		return;
	case OPERATION_ATTEMPT_UNSENT:
		t->stats.unsent++;
		service_on_unsent(s, r->node);
		return;
	case OPERATION_ATTEMPT_LOST:
		t->stats.cancelled++;
		service_on_cancel(s, r, now_ns);
		return;
	case OPERATION_ATTEMPT_ENDED:
		service_on_cancel(s, r, now_ns);
		return;
	}
}

void operation_attempt_end(struct operations *t, uint32_t slot, uint32_t position,
                           enum operation_attempt_end end, bool ambiguous, uint64_t now_ns,
                           struct operation_outputs *out)
{
	const struct operation *o = operation_pool_at(&t->pool, slot);

	assert(position < o->live);
	struct operation_attempt *a = operation_pool_attempt_at(&t->pool, o->attempts[position]);
	struct service *s = &t->services[a->service];
	struct service_reply r = operation_attempt_reply(a, ambiguous, now_ns);
	const struct operation_attempt_rule *rule = &operation_attempt_rules[end];
	bool has_left = a->state == ATTEMPT_SENT || end == OPERATION_ATTEMPT_SUCCESS ||
	                end == OPERATION_ATTEMPT_REFUSED;

	t->stats.attempt_time_ns += r.latency_ns;
	if (rule->tells)
		operation_attempt_cancel(t, slot, a, (enum operation_reason)rule->reason, out);
	if (has_left) {
		operation_attempt_tell(t, s, &r, end, now_ns);
	} else { /* nobody's failure, and no reply will come */
		t->stats.unneeded += rule->tells;
		t->stats.unsent += !rule->tells;
		service_on_unsent(s, a->node);
	}
	operation_pool_attempt_give(&t->pool, slot, position,
	                            has_left ? (enum attempt_state)rule->state : ATTEMPT_CLOSED);
	a->deadline_ns = now_ns;
}

enum operation_hearing operation_attempt_late(struct operations *t, struct operation_attempt *a,
                                              const struct operation_reply *r, uint64_t now_ns)
{
	assert(!operation_pool_is_live(a));
	if (a->state == ATTEMPT_CLOSED)
		return OPERATION_HEARD_DUPLICATE;
	struct service_reply reply = operation_attempt_reply(a, r->ambiguous, now_ns);

	reply.was_overdue = a->state == ATTEMPT_OVERDUE;
	/* A late no tells nothing that its timeout has not told. */
	if (r->ok)
		service_on_late(&t->services[a->service], &reply, now_ns);
	a->state = ATTEMPT_CLOSED;
	return OPERATION_HEARD_LATE;
}
