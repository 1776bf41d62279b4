/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What holds of every breaker between two calls. Bytes that come from a checkpoint have to be asked
 * before they are used; tests ask after every step.
 */
#include <stddef.h>

#include "resilience/breaker.h"

static bool sound_gate(const struct breaker *b, const struct breaker_options *o)
{
	switch ((enum breaker_state)b->state) {
	case BREAKER_CLOSED:
	case BREAKER_RESILIENT:
	case BREAKER_ULTRA_RESILIENT:
		if (b->gate == BREAKER_GATE_FREE)
			return b->ramp.quota == 0 && b->until_ns == BREAKER_NEVER;
		return b->gate == BREAKER_GATE_RAMP && o->ramp_interval_ns != 0 &&
		       b->ramp.quota >= o->ramp_start && b->ramp.quota < o->ramp_end &&
		       b->until_ns != BREAKER_NEVER;
	case BREAKER_HALF_OPEN:
		return b->gate == BREAKER_GATE_PROBES && b->probes.succeeded < o->probes &&
		       b->probes.slow <= b->probes.succeeded &&
		       breaker_probes_out(b) <= o->leases &&
		       breaker_probes_out(b) + b->probes.succeeded <= o->probes;
	case BREAKER_OPEN:
		return b->gate == BREAKER_GATE_SHUT && b->openings > 0 &&
		       b->until_ns != BREAKER_NEVER;
	}
	return false;
}

static bool sound_measurements(const struct breaker *b, const struct breaker_options *o)
{
	uint64_t clamp = o->ultra_latency_ns * BREAKER_LATENCY_CLAMP;

	if (b->samples > o->window || b->latency_samples > 1u << o->latency_shift ||
	    b->fail_rate > WINDOW_RATE_ONE || b->latency_sum > clamp * b->latency_samples)
		return false;
	if (b->state == BREAKER_OPEN)
		return b->samples == 0 && b->latency_samples == 0 && b->fail == 0 && b->slow == 0 &&
		       b->fail_rate == 0 && b->consecutive == 0;
	if (b->state == BREAKER_HALF_OPEN)
		return b->samples == 0;
	return (b->fail & ~(b->samples == 0 ? 0 : UINT64_MAX >> (WINDOW_BITS_MAX - b->samples))) ==
	       0;
}

bool breaker_is_sound(const struct breaker *b, const struct breaker_options *o)
{
	if (b->state >= BREAKER_STATES || (o->states & BREAKER_BIT(b->state)) == 0)
		return false;
	if (b->epoch % 256 != 0)
		return false;
	return sound_gate(b, o) && sound_measurements(b, o);
}
