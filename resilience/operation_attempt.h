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

static inline uint64_t operation_attempt_id(const struct operations *t, uint32_t slot)
{
	return (uint64_t)operation_pool_at(&t->pool, slot)->generation << 32 | slot;
}

/* Gives out an attempt to the node. False: there is no slot for another one. `is_alone`: it is the
 * only one of its round. */
bool operation_attempt_start(struct operations *t, uint32_t slot, uint32_t node,
                             enum operation_reason reason, bool is_alone, uint64_t now_ns,
                             struct operation_outputs *out);

/* Ends the operation's attempt `position`: tells the service, frees the slot, and says CANCEL where
 * the caller may still wait for a reply. `ambiguous`: of a reply, Karn's rule. */
void operation_attempt_end(struct operations *t, uint32_t slot, uint32_t position,
                           enum operation_attempt_end end, bool ambiguous, uint64_t now_ns,
                           struct operation_outputs *out);

/* A reply to an attempt that has ended. */
enum operation_hearing operation_attempt_late(struct operations *t, struct operation_attempt *a,
                                              const struct operation_reply *r, uint64_t now_ns);

/* Gives up waiting for late replies whose time is over, a few per call. */
void operation_attempt_forget(struct operations *t, uint64_t now_ns);

#endif
