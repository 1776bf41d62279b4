/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The states of an operation's slot and what leads from one to the next, as data: the machine
 * (operation.c) moves by this table only, and the diagram in the docs is made from it.
 *
 *   FREE       nobody's
 *   FLYING     1-3 attempts are under way
 *   BACKOFF    no attempt is under way; the next round starts at a time
 *   LINGERING  the outcome has been told; losers that were not cancelled still hold the slot
 */
#ifndef RESILIENCE_OPERATION_TABLE_H
#define RESILIENCE_OPERATION_TABLE_H

#include <assert.h>
#include <stdint.h>

enum operation_state {
	OPERATION_FREE,
	OPERATION_FLYING,
	OPERATION_BACKOFF,
	OPERATION_LINGERING,
	OPERATION_STATE_COUNT
};

enum operation_fact {
	OPERATION_FACT_ADMITTED,      /* submitted, let in, first attempts given out */
	OPERATION_FACT_WON,           /* the first success */
	OPERATION_FACT_WON_LINGERING, /* the same, and losers are left to themselves */
	OPERATION_FACT_ROUND_LOST,    /* every attempt of the round failed; another round follows */
	OPERATION_FACT_ROUND_AT_ONCE, /* the same, without a pause before the next round */
	OPERATION_FACT_BACKOFF_OVER,
	OPERATION_FACT_GIVEN_UP, /* every attempt failed and no round follows */
	OPERATION_FACT_DEADLINE,
	OPERATION_FACT_HOPELESS, /* success has become too unlikely */
	OPERATION_FACT_RECALLED, /* the caller does not want it any more */
	OPERATION_FACT_LOSERS_GONE,
	OPERATION_FACT_COUNT
};

struct operation_transition {
	enum operation_state from;
	enum operation_fact fact;
	enum operation_state to;
	const char *why;
};

extern const struct operation_transition operation_transitions[];
extern const uint32_t operation_transition_count;

/* The same as a matrix; where a fact leads, plus one, 0: it cannot happen there. */
extern const uint8_t operation_table_matrix[OPERATION_STATE_COUNT][OPERATION_FACT_COUNT];

/* Where the fact leads from there; OPERATION_STATE_COUNT: it cannot happen there. */
static inline enum operation_state operation_table_next(enum operation_state from,
                                                        enum operation_fact fact)
{
	assert(from < OPERATION_STATE_COUNT);
	assert(fact < OPERATION_FACT_COUNT);
	uint8_t entry = operation_table_matrix[from][fact];

	return entry == 0 ? OPERATION_STATE_COUNT : (enum operation_state)(entry - 1);
}

const char *operation_table_state_name(enum operation_state s);
const char *operation_table_fact_name(enum operation_fact f);

#endif
