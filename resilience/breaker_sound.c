/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What holds of every breaker between two calls, and how bytes that come from elsewhere become one.
 */
#include "resilience/backoff.h"
#include "resilience/breaker_ramp.h"

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
	/* Not this ultra_latency's: it may have been tuned since. */
	uint64_t clamp = BACKOFF_TIME_MAX * BREAKER_LATENCY_CLAMP;

	if (b->samples > o->window || b->latency_samples > 1u << o->latency_shift ||
	    b->fail_rate > WINDOW_RATE_ONE || b->latency_sum > clamp * b->latency_samples)
		return false;
	if (b->state == BREAKER_OPEN)
		return b->samples == 0 && b->latency_samples == 0 && b->fail == 0 && b->slow == 0 &&
		       b->fail_rate == 0 && b->consecutive == 0;
	if (b->state == BREAKER_HALF_OPEN)
		return b->samples == 0 && b->fail_rate == 0 && b->consecutive == 0;
	return (b->fail & ~(b->samples == 0 ? 0 : UINT64_MAX >> (WINDOW_BITS_MAX - b->samples))) ==
	       0;
}

bool breaker_is_sound(const struct breaker *b, const struct breaker_options *o)
{
	if (b->state >= BREAKER_STATES || (o->states & BREAKER_BIT(b->state)) == 0)
		return false;
	uint8_t flags = BREAKER_NODES_OUT | BREAKER_UNSETTLED;

	if (b->state == BREAKER_CLOSED || b->state == BREAKER_ULTRA_RESILIENT)
		flags |= BREAKER_SETTLING;
	if (b->gate == BREAKER_GATE_RAMP)
		flags |= BREAKER_RAMP_FLAGS;
	if (b->epoch % 256 != 0 || (b->flags & ~flags) != 0)
		return false;
	return sound_gate(b, o) && sound_measurements(b, o);
}

static uint64_t sooner(uint64_t time_ns, uint64_t latest_ns)
{
	return time_ns == BREAKER_NEVER || time_ns < latest_ns ? time_ns : latest_ns;
}

bool breaker_restore(struct breaker *b, const struct breaker_options *o, uint32_t subject,
                     uint64_t now_ns)
{
	if (!breaker_is_sound(b, o)) {
		breaker_init(b, subject);
		return false;
	}
	b->subject = subject;
	if (b->state == BREAKER_HALF_OPEN) {
		for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
			b->lease_until_ns[i] = sooner(b->lease_until_ns[i], now_ns + o->lease_ns);
		return true;
	}
	uint64_t longest_ns = b->state == BREAKER_OPEN ? o->open_max_ns : o->ramp_interval_ns;

	b->until_ns = sooner(b->until_ns, now_ns + longest_ns);
	b->calm_since_ns = sooner(b->calm_since_ns, now_ns);
	return true;
}
