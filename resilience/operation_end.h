/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How operations move on and end: the only place where their state changes (by operation_table.h),
 * where their timer is armed, and where DONE is said. Part of the operations' table (operation.h).
 */
#ifndef RESILIENCE_OPERATION_END_H
#define RESILIENCE_OPERATION_END_H

#include "resilience/operation.h"
#include "resilience/operation_attempt.h"
#include "resilience/operation_table.h"

/* The fact must be possible in the operation's state. */
static inline void operation_end_move(struct operation *o, enum operation_fact fact)
{
	assert(o->state < OPERATION_STATE_COUNT);
	uint8_t entry = operation_table_matrix[o->state][fact];

	assert(entry != 0);
	o->state = (uint8_t)(entry - 1);
}

/* Arms the timer for the next thing that is due. One that comes too early is harmless: it is only
 * armed anew. */
OPERATION_INLINE void operation_end_arm(struct operations *t, struct operation *o)
{
	uint64_t due_ns = o->deadline_ns < o->event_ns ? o->deadline_ns : o->event_ns;

	assert(o->state != OPERATION_FREE);
	for (uint32_t i = 0; i < o->live; i++) {
		uint64_t attempt_ns =
		        operation_pool_attempt_at(&t->pool, o->attempts[i])->deadline_ns;

		due_ns = attempt_ns < due_ns ? attempt_ns : due_ns;
	}
	if (due_ns == o->due_ns)
		return;
	o->due_ns = due_ns;
	wheel_arm(t->wheel, o->slot, due_ns);
}

/* To be called when attempt `position` ended and did not win: the operation goes on with the
 * others, with another round, or ends. */
void operation_end_attempt(struct operations *t, struct operation *o, uint32_t position,
                           enum operation_attempt_end end, bool ambiguous, uint64_t now_ns,
                           struct operation_outputs *out);

/* To be called when attempt `position` is answered in time. */
void operation_end_won(struct operations *t, struct operation *o, uint32_t position, bool ambiguous,
                       uint64_t now_ns, struct operation_outputs *out);

/* To be called when the operation's time is over, or its caller takes it back (fact RECALLED). */
void operation_end_now(struct operations *t, struct operation *o, enum operation_fact fact,
                       uint64_t now_ns, struct operation_outputs *out);

/* The round that was set for event_ns. */
void operation_end_backoff(struct operations *t, struct operation *o, uint64_t now_ns,
                           struct operation_outputs *out);

#endif
