/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Ramp: how a breaker lets a crowd in after HALF_OPEN, a quota of operations per interval. More
 * after an interval in which all went well, half as many after a failure (additive increase,
 * multiplicative decrease), free once the quota is large enough. For breaker.c only.
 */
#ifndef RESILIENCE_BREAKER_RAMP_H
#define RESILIENCE_BREAKER_RAMP_H

#include "resilience/breaker.h"

#define BREAKER_RAMP_FLAGS (BREAKER_RAMP_GOOD | BREAKER_RAMP_BAD)

/* To be called when HALF_OPEN or OPEN ends in a state that lets operations in. */
void breaker_ramp_start(struct breaker *b, const struct breaker_options *o, uint64_t now_ns);
struct breaker_grant breaker_ramp_allow(struct breaker *b, const struct breaker_context *c,
                                        uint64_t now_ns);
/* To be called with every outcome while the gate is BREAKER_GATE_RAMP. One failure halves the
 * quota, the others of the same interval tell nothing new. */
void breaker_ramp_record(struct breaker *b, const struct breaker_context *c, bool failed);

#endif
