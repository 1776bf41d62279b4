/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation_attempt.h"

#define OPERATION_ATTEMPT_FORGET_MAX 16u /* a call */

/* The oldest of those whose late reply is awaited gets none. */
void operation_attempt_unheard(struct operations *t)
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

void operation_attempt_cancel(const struct operation *o, const struct operation_attempt *a,
                              enum operation_reason reason, struct operation_outputs *out)
{
	*operation_attempt_output(out) = (struct operation_output){
	        .token = a->token,
	        .operation = operation_attempt_id(o),
	        .tag = o->tag,
	        .service = a->service,
	        .kind = OPERATION_CANCEL,
	        .node = a->node,
	        .reason = (uint8_t)reason,
	        .outcome = a->state == ATTEMPT_SENT,
	};
}

/* The service learns how an attempt that may have reached its node, and had no success, ended. */
void operation_attempt_tell(struct operations *t, struct service *s, const struct service_reply *r,
                            enum operation_attempt_end end, uint64_t now_ns)
{
	switch (end) {
	case OPERATION_ATTEMPT_SUCCESS:
		break;
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
	assert(false);
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
