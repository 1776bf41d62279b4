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

/* How many attempts at once the rules ask for; 0: the breaker lets none of it out now. */
uint32_t operation_round_width(const struct operations *t, const struct operation *o);

/* The node for the round's first attempt; HEALTH_NONE: nobody is left to ask. */
uint32_t operation_round_node(const struct operations *t, const struct operation *o,
                              uint64_t now_ns);

/* Gives out the first attempt to `node`, and up to `width` in all as nodes, slots and the budget
 * allow. Sets the time of the hedge. */
void operation_round_start(struct operations *t, uint32_t slot, uint32_t width, uint32_t node,
                           uint64_t now_ns, struct operation_outputs *out);

/* To be called when event_ns of a FLYING operation has come. */
void operation_round_hedge(struct operations *t, uint32_t slot, uint64_t now_ns,
                           struct operation_outputs *out);

enum operation_round_verdict {
	OPERATION_ROUND_LATER, /* event_ns is set */
	OPERATION_ROUND_AT_ONCE,
	OPERATION_ROUND_NONE,
	OPERATION_ROUND_HOPELESS,
};

/* To be called when no attempt of the round is left and none succeeded. Takes from the retry budget
 * when a round follows. */
enum operation_round_verdict operation_round_lost(struct operations *t, uint32_t slot,
                                                  uint64_t now_ns);

#endif
