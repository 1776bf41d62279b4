/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One attempt of an operation, from SEND to its end and what may still be heard of it. Here is the
 * only place where attempts are given out and ended, so here they are paired: every SEND has one
 * end, and every end tells the service once. Part of the operations' table (operation.h).
 */
#ifndef RESILIENCE_OPERATION_ATTEMPT_H
#define RESILIENCE_OPERATION_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/deadline.h"
#include "resilience/operation.h"

enum operation_attempt_end {
	OPERATION_ATTEMPT_SUCCESS,     /* its reply completes the operation */
	OPERATION_ATTEMPT_REFUSED,     /* its reply is a no */
	OPERATION_ATTEMPT_OVERDUE,     /* no reply in its time, or its operation's */
	OPERATION_ATTEMPT_UNREACHABLE, /* it did not arrive */
	OPERATION_ATTEMPT_UNSENT,      /* it never left */
	OPERATION_ATTEMPT_LOST,        /* another one won */
	OPERATION_ATTEMPT_ENDED,       /* its operation ended without a success */
};

static inline struct operation_output *operation_attempt_output(struct operation_outputs *out)
{
	assert(out->count < out->capacity);
	return &out->items[out->count++];
}

/* The caller's name of the operation that is in the slot now. */
static inline uint64_t operation_attempt_id(const struct operation *o)
{
	return (uint64_t)o->generation << 32 | o->slot;
}

/* Slow parts of what follows. */
void operation_attempt_unheard(struct operations *t);
void operation_attempt_cancel(const struct operation *o, const struct operation_attempt *a,
                              enum operation_reason reason, struct operation_outputs *out);
void operation_attempt_tell(struct operations *t, struct service *s, const struct service_reply *r,
                            enum operation_attempt_end end, uint64_t now_ns);

/* As long as the service says, but not beyond its operation. */
OPERATION_INLINE uint64_t operation_attempt_deadline_ns(const struct operations *t,
                                                        const struct operation *o,
                                                        const struct service *s, uint64_t now_ns)
{
	bool learned = t->policy->dynamic_timeout != 0;
	uint64_t timeout_ns = service_timeout_ns(s, o->expected_ns, UINT64_MAX, learned);
	uint64_t deadline_ns = deadline_at_ns(now_ns, timeout_ns);

	assert(o->deadline_ns > now_ns);
	return deadline_ns < o->deadline_ns ? deadline_ns : o->deadline_ns;
}

/* Gives out an attempt to the node. False: there is no slot for another one. `is_alone`: it is the
 * only one of its round. */
OPERATION_INLINE bool operation_attempt_start(struct operations *t, struct service *s,
                                              struct operation *o, uint32_t node,
                                              enum operation_reason reason, bool is_alone,
                                              uint64_t now_ns, struct operation_outputs *out)
{
	assert(node < s->options->nodes);
	/* A slot of which a reply may come is only taken when there is no other. */
	if (t->pool.attempt_warm == OPERATION_SLOT_NONE && operation_pool_oldest(&t->pool) != NULL)
		operation_attempt_unheard(t);
	struct operation_attempt *a = operation_pool_attempt_open(&t->pool, o);

	if (a == NULL)
		return false;
	a->start_ns = now_ns;
	a->deadline_ns = operation_attempt_deadline_ns(t, o, s, now_ns);
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
	service_on_send(s, node);
	t->stats.attempts[reason]++;
	*operation_attempt_output(out) = (struct operation_output){
	        .token = a->token,
	        .operation = operation_attempt_id(o),
	        .tag = o->tag,
	        .time_ns = a->deadline_ns,
	        .service = o->service,
	        .kind = OPERATION_SEND,
	        .node = (uint8_t)node,
	        .reason = (uint8_t)reason,
	};
	return true;
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

static inline struct service_reply operation_attempt_reply(const struct operation_attempt *a,
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

/* Ends the operation's attempt `position`: tells the service, frees the slot, and says CANCEL where
 * the caller may still wait for a reply. `ambiguous`: of a reply, Karn's rule. Returns what the
 * service was told. */
OPERATION_INLINE struct service_reply operation_attempt_end(struct operations *t, struct service *s,
                                                            struct operation *o, uint32_t position,
                                                            enum operation_attempt_end end,
                                                            bool ambiguous, uint64_t now_ns,
                                                            struct operation_outputs *out)
{
	assert(position < o->live);
	struct operation_attempt *a = operation_pool_attempt_at(&t->pool, o->attempts[position]);
	struct service_reply r = operation_attempt_reply(a, ambiguous, now_ns);
	const struct operation_attempt_rule *rule = &operation_attempt_rules[end];
	bool replied = end == OPERATION_ATTEMPT_SUCCESS || end == OPERATION_ATTEMPT_REFUSED;
	bool has_left = replied || a->state == ATTEMPT_SENT;

	if (rule->tells)
		operation_attempt_cancel(o, a, (enum operation_reason)rule->reason, out);
	operation_pool_attempt_close(&t->pool, o, position,
	                             has_left ? (enum attempt_state)rule->state : ATTEMPT_CLOSED);
	a->deadline_ns = now_ns;
	t->stats.attempt_time_ns += r.latency_ns;
	if (end == OPERATION_ATTEMPT_SUCCESS) {
		service_on_reply(s, &r, now_ns);
	} else if (has_left) {
		operation_attempt_tell(t, s, &r, end, now_ns);
	} else { /* nobody's failure, and no reply will come */
		t->stats.unneeded += rule->tells;
		t->stats.unsent += !rule->tells;
		service_on_unsent(s, r.node);
	}
	return r;
}

/* A reply to an attempt that has ended. */
enum operation_hearing operation_attempt_late(struct operations *t, struct operation_attempt *a,
                                              const struct operation_reply *r, uint64_t now_ns);

/* Gives up waiting for late replies whose time is over, a few per call. */
void operation_attempt_forget(struct operations *t, uint64_t now_ns);

#endif
