/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/breaker.h"

#include <stddef.h>

#include "resilience/backoff.h"
#include "resilience/breaker_ramp.h"
#include "resilience/event.h"

#define EPOCH_STEP 256u /* the slot of a lease has the bits below */

static_assert(offsetof(struct breaker, gate) == offsetof(struct breaker, state) + 1, "one word");
static_assert(offsetof(struct breaker, openings) == offsetof(struct breaker, state) + 2,
              "one word");
static_assert(offsetof(struct breaker, flags) == offsetof(struct breaker, state) + 3, "one word");
static_assert(BREAKER_CLOSED == 0 && BREAKER_GATE_FREE == 0, "what is usual is zero");
static_assert(BREAKER_LEASES_MAX < EPOCH_STEP, "a lease's slot fits into a ticket");

void breaker_init(struct breaker *b, uint32_t subject)
{
	*b = (struct breaker){
	        .subject = subject,
	        .calm_since_ns = BREAKER_NEVER,
	        .until_ns = BREAKER_NEVER,
	};
}

uint32_t breaker_probes_out(const struct breaker *b)
{
	uint32_t out = 0;

	if (b->state != BREAKER_HALF_OPEN)
		return 0;
	for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
		out += b->lease_until_ns[i] != BREAKER_NEVER;
	assert(out <= BREAKER_LEASES_MAX);
	return out;
}

static uint64_t breaker_first_lease_end(const struct breaker *b)
{
	uint64_t first = BREAKER_NEVER;

	assert(b->state == BREAKER_HALF_OPEN);
	for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
		first = b->lease_until_ns[i] < first ? b->lease_until_ns[i] : first;
	return first;
}

static bool breaker_forecast_counts(const struct breaker *b, const struct breaker_options *o)
{
	return o->forecast_level != 0 && b->forecast >= o->forecast_level;
}

/* Well for long enough that what was before does not count any more. */
static bool breaker_is_settled(const struct breaker *b)
{
	return b->openings == 0 && (b->flags & BREAKER_UNSETTLED) == 0;
}

static bool breaker_is_calm(const struct breaker *b, const struct breaker_options *o)
{
	return b->samples >= o->samples_min &&
	       !window_reaches(b->fail, b->samples, o->clear_at_ppm) &&
	       window_rate_ppm(b->fail_rate) < o->clear_at_ppm && !breaker_forecast_counts(b, o);
}

static bool breaker_is_fast(const struct breaker *b, const struct breaker_options *o)
{
	return b->latency_samples >= o->ultra_min &&
	       b->latency_sum < o->ultra_leave_ns * b->latency_samples;
}

static bool breaker_dwelt(const struct breaker *b, const struct breaker_options *o, uint64_t now_ns)
{
	return b->calm_since_ns != BREAKER_NEVER && now_ns >= b->calm_since_ns + o->dwell_ns;
}

static bool breaker_holds(const struct breaker *b, const struct breaker_options *o,
                          enum breaker_cause cause, uint64_t now_ns)
{
	switch (cause) {
	case BREAKER_CAUSE_NODES_OUT:
		return (b->flags & BREAKER_NODES_OUT) != 0;
	case BREAKER_CAUSE_FAILURE_RATE:
		return b->samples >= o->samples_min &&
		       window_reaches(b->fail, b->samples, o->open_at_ppm);
	case BREAKER_CAUSE_CONSECUTIVE:
		return o->open_after != 0 && b->consecutive >= o->open_after;
	case BREAKER_CAUSE_PROBE_FAILED:
		return (b->flags & BREAKER_PROBE_FAILED) != 0;
	case BREAKER_CAUSE_LEASE_EXPIRED:
		return now_ns >= breaker_first_lease_end(b);
	case BREAKER_CAUSE_PROBES_SLOW:
		return b->probes.succeeded >= o->probes && b->probes.slow >= o->ultra_min;
	case BREAKER_CAUSE_PROBES_GOOD:
		return b->probes.succeeded >= o->probes;
	case BREAKER_CAUSE_OPEN_OVER:
		return now_ns >= b->until_ns && (b->flags & BREAKER_NODES_OUT) == 0;
	case BREAKER_CAUSE_LATENCY:
		return b->latency_samples >= o->ultra_min &&
		       b->latency_sum > o->ultra_latency_ns * b->latency_samples;
	case BREAKER_CAUSE_DEGRADED:
		return b->samples >= o->samples_min &&
		       window_reaches(b->fail, b->samples, o->resilient_at_ppm);
	case BREAKER_CAUSE_FORECAST:
		return breaker_forecast_counts(b, o);
	case BREAKER_CAUSE_FOREBODED:
		return breaker_forecast_counts(b, o) && breaker_is_settled(b);
	case BREAKER_CAUSE_CALM:
	case BREAKER_CAUSE_FAST:
		/* calm_since_ns is what the state waits for: breaker_watch_relief(). */
		return (b->flags & BREAKER_SETTLING) == 0 && breaker_dwelt(b, o, now_ns);
	}
	assert(false);
	return false;
}

/* Since when things are as the present state's way down wants them; or else, since when failures
 * are few enough to forget past openings. A service may be slow for hours without failing. */
static void breaker_watch_relief(struct breaker *b, const struct breaker_options *o,
                                 uint64_t now_ns)
{
	bool down = false;
	bool settling = false;

	switch ((enum breaker_state)b->state) {
	case BREAKER_CLOSED:
		settling = !breaker_is_settled(b) && breaker_is_calm(b, o);
		break;
	case BREAKER_RESILIENT:
		down = breaker_is_calm(b, o);
		break;
	case BREAKER_ULTRA_RESILIENT:
		down = breaker_is_fast(b, o);
		settling = !down && !breaker_is_settled(b) && breaker_is_calm(b, o);
		break;
	case BREAKER_HALF_OPEN: /* its leases lie where calm_since_ns does */
	case BREAKER_OPEN:
		return;
	}
	bool same = settling == ((b->flags & BREAKER_SETTLING) != 0);

	if (!same)
		b->flags ^= BREAKER_SETTLING;
	if (!down && !settling)
		b->calm_since_ns = BREAKER_NEVER;
	else if (!same || b->calm_since_ns == BREAKER_NEVER)
		b->calm_since_ns = now_ns;
	if (settling && breaker_dwelt(b, o, now_ns)) {
		b->openings = 0;
		b->flags &= (uint8_t) ~(BREAKER_UNSETTLED | BREAKER_SETTLING);
		b->calm_since_ns = BREAKER_NEVER;
	}
}

/* Nothing was measured, and what is under way tells nothing. */
static void breaker_forget(struct breaker *b)
{
	b->fail = 0;
	b->slow = 0;
	b->calm_since_ns = BREAKER_NEVER;
	b->until_ns = BREAKER_NEVER;
	b->latency_sum = 0;
	b->fail_rate = 0;
	b->samples = 0;
	b->latency_samples = 0;
	b->consecutive = 0;
	b->ramp = (struct breaker_ramp){0};
	b->flags &= (uint8_t) ~(BREAKER_RAMP_FLAGS | BREAKER_PROBE_FAILED | BREAKER_SETTLING);
	b->epoch += EPOCH_STEP;
}

static uint64_t breaker_open_time(const struct breaker *b, const struct breaker_context *c)
{
	const struct backoff_options backoff = {
	        .base_ns = c->options->open_ns,
	        .max_ns = c->options->open_max_ns,
	        .jitter_ppm = c->options->open_jitter_ppm,
	};

	assert(b->openings > 0);
	return backoff_ns(&backoff, b->openings - 1u, c->prng);
}

static void breaker_enter_open(struct breaker *b, const struct breaker_context *c, uint64_t now_ns)
{
	breaker_forget(b);
	if (b->openings < UINT8_MAX)
		b->openings++;
	b->until_ns = now_ns + breaker_open_time(b, c);
	b->gate = BREAKER_GATE_SHUT;
}

static void breaker_enter_half_open(struct breaker *b, enum breaker_state from)
{
	if (from != BREAKER_OPEN)
		breaker_forget(b);
	for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
		b->lease_until_ns[i] = BREAKER_NEVER;
	b->probes = (struct breaker_probes){0};
	b->gate = BREAKER_GATE_PROBES;
}

/* To a state that lets all in. From one that did not, its own memory starts empty, and slowly. */
static void breaker_enter_working(struct breaker *b, const struct breaker_options *o,
                                  enum breaker_state from, uint64_t now_ns)
{
	b->calm_since_ns = BREAKER_NEVER;
	b->flags &= (uint8_t)~BREAKER_SETTLING;
	if (from != BREAKER_HALF_OPEN && from != BREAKER_OPEN)
		return;
	b->fail = 0;
	b->slow = 0;
	assert(b->samples == 0);
	breaker_ramp_start(b, o, now_ns);
}

static uint64_t breaker_leases_due(const struct breaker *b, uint64_t now_ns)
{
	uint64_t due = 0;

	assert(b->state == BREAKER_HALF_OPEN);
	for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
		due += now_ns >= b->lease_until_ns[i];
	return due;
}

static void breaker_move(struct breaker *b, const struct breaker_context *c,
                         const struct breaker_transition *t, uint64_t now_ns)
{
	struct breaker_counters *counters = &c->counters[b->subject];
	enum breaker_state from = b->state;
	struct event e = {
	        .time_ns = now_ns,
	        .subject = b->subject,
	        .kind = EVENT_BREAKER,
	        .from = b->state,
	        .to = t->to,
	        .reason = t->cause,
	        .value = breaker_failure_ppm(b),
	        .detail = breaker_latency_mean_ns(b),
	};

	assert(t->to != from);
	if (t->cause == BREAKER_CAUSE_LEASE_EXPIRED)
		counters->leases_expired += breaker_leases_due(b, now_ns);
	if (t->cause == BREAKER_CAUSE_CALM) {
		b->openings = 0;
		b->flags &= (uint8_t)~BREAKER_UNSETTLED;
	} else if (t->to == BREAKER_CLOSED) {
		b->flags |= BREAKER_UNSETTLED;
	}
	switch ((enum breaker_state)t->to) {
	case BREAKER_CLOSED:
	case BREAKER_RESILIENT:
	case BREAKER_ULTRA_RESILIENT:
		breaker_enter_working(b, c->options, from, now_ns);
		break;
	case BREAKER_HALF_OPEN:
		breaker_enter_half_open(b, from);
		break;
	case BREAKER_OPEN:
		breaker_enter_open(b, c, now_ns);
		e.detail = b->until_ns;
		break;
	}
	b->state = t->to;
	counters->entered[t->to]++;
	counters->caused[t->cause]++;
	event_push(c->events, &e);
}

static const struct breaker_transition *
breaker_next(const struct breaker *b, const struct breaker_options *o, uint64_t now_ns)
{
	assert(b->state < BREAKER_STATES);
	for (uint32_t i = breaker_rows[b->state]; i < breaker_rows[b->state + 1]; i++) {
		const struct breaker_transition *t = &breaker_transitions[i];

		assert(t->from == b->state);
		if ((o->states & BREAKER_BIT(t->to)) != 0 &&
		    breaker_holds(b, o, (enum breaker_cause)t->cause, now_ns))
			return t;
	}
	return NULL;
}

/* To be called whenever anything changed. One fact may lead on: probes whose mean is high enough
 * for ULTRA_RESILIENT, but not many of them slow. Never in a circle, as every one takes time. */
static void breaker_settle(struct breaker *b, const struct breaker_context *c, uint64_t now_ns)
{
	uint32_t moves = 0;

	breaker_watch_relief(b, c->options, now_ns);
	for (;;) {
		const struct breaker_transition *t = breaker_next(b, c->options, now_ns);

		if (t == NULL)
			break;
		breaker_move(b, c, t, now_ns);
		breaker_watch_relief(b, c->options, now_ns);
		moves++;
		assert(moves < BREAKER_STATES);
	}
	assert((b->flags & BREAKER_PROBE_FAILED) == 0);
}

static struct breaker_grant breaker_lend(struct breaker *b, const struct breaker_context *c,
                                         uint64_t now_ns)
{
	const struct breaker_options *o = c->options;
	uint32_t out = breaker_probes_out(b);

	assert(b->probes.succeeded < o->probes);
	if (out >= o->leases || b->probes.succeeded + out >= o->probes) {
		c->counters[b->subject].rejected++;
		return (struct breaker_grant){BREAKER_REJECT, 0};
	}
	uint32_t slot = 0;

	while (b->lease_until_ns[slot] != BREAKER_NEVER)
		slot++;
	assert(slot < BREAKER_LEASES_MAX);
	b->lease_until_ns[slot] = now_ns + o->lease_ns;
	c->counters[b->subject].probes++;
	return (struct breaker_grant){BREAKER_PROBE, b->epoch | (slot + 1)};
}

struct breaker_grant breaker_allow_slow(struct breaker *b, const struct breaker_context *c,
                                        uint64_t now_ns)
{
	if (b->gate == BREAKER_GATE_SHUT || b->gate == BREAKER_GATE_PROBES)
		breaker_settle(b, c, now_ns);
	switch ((enum breaker_gate)b->gate) {
	case BREAKER_GATE_FREE:
		return (struct breaker_grant){BREAKER_ALLOW, b->epoch};
	case BREAKER_GATE_SHUT:
		c->counters[b->subject].rejected++;
		return (struct breaker_grant){BREAKER_REJECT, 0};
	case BREAKER_GATE_PROBES:
		return breaker_lend(b, c, now_ns);
	case BREAKER_GATE_RAMP:
		return breaker_ramp_allow(b, c, now_ns);
	}
	assert(false);
	return (struct breaker_grant){BREAKER_REJECT, 0};
}

static void breaker_record(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                           bool failed, uint64_t now_ns)
{
	const struct breaker_options *o = c->options;

	assert(b->state != BREAKER_HALF_OPEN);
	if (ticket != b->epoch || b->state == BREAKER_OPEN) {
		c->counters[b->subject].stale++;
		return;
	}
	bool can_only_ease = !failed && b->samples >= o->samples_min;

	b->fail = window_push(b->fail, failed, o->window);
	b->samples = window_seen(b->samples, o->window);
	b->fail_rate = window_rate_push(b->fail_rate, failed, o->rate_shift);
	if (!failed)
		b->consecutive = 0;
	else if (b->consecutive < UINT8_MAX)
		b->consecutive++;
	if (b->gate == BREAKER_GATE_RAMP)
		breaker_ramp_record(b, c, failed);
	if (can_only_ease) {
		/* No rate has risen: nothing can come of it but relief, once that has lasted. */
		breaker_watch_relief(b, o, now_ns);
		if (!breaker_dwelt(b, o, now_ns))
			return;
	}
	breaker_settle(b, c, now_ns);
}

/* Takes the ticket's lease back. False: it has none, or too late: then the lease stays for
 * breaker_settle(). */
static bool breaker_redeem(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                           uint64_t now_ns)
{
	uint32_t slot = ticket % EPOCH_STEP;

	assert(b->state == BREAKER_HALF_OPEN);
	if (ticket - slot != b->epoch || slot == 0 || slot > BREAKER_LEASES_MAX ||
	    b->lease_until_ns[slot - 1] == BREAKER_NEVER) {
		c->counters[b->subject].stale++;
		return false;
	}
	if (now_ns >= b->lease_until_ns[slot - 1])
		return false;
	b->lease_until_ns[slot - 1] = BREAKER_NEVER;
	return true;
}

void breaker_on_success_slow(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                             uint64_t latency_ns, uint64_t now_ns)
{
	if (b->state != BREAKER_HALF_OPEN) {
		breaker_record(b, c, ticket, false, now_ns);
		return;
	}
	if (breaker_redeem(b, c, ticket, now_ns)) {
		b->probes.succeeded++;
		if (latency_ns >= c->options->ultra_latency_ns)
			b->probes.slow++;
	}
	breaker_settle(b, c, now_ns);
}

void breaker_on_failure(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                        uint64_t now_ns)
{
	if (b->state != BREAKER_HALF_OPEN) {
		breaker_record(b, c, ticket, true, now_ns);
		return;
	}
	if (breaker_redeem(b, c, ticket, now_ns))
		b->flags |= BREAKER_PROBE_FAILED;
	breaker_settle(b, c, now_ns);
}

void breaker_on_cancel(struct breaker *b, const struct breaker_context *c, uint32_t ticket,
                       uint64_t now_ns)
{
	if (b->state != BREAKER_HALF_OPEN)
		return;
	if (breaker_redeem(b, c, ticket, now_ns))
		c->counters[b->subject].probes_cancelled++;
	breaker_settle(b, c, now_ns);
}

void breaker_on_latency_slow(struct breaker *b, const struct breaker_context *c, uint64_t now_ns)
{
	assert(b->state != BREAKER_OPEN);
	assert(b->latency_samples > 0);
	breaker_settle(b, c, now_ns);
}

void breaker_on_forecast(struct breaker *b, const struct breaker_context *c, uint8_t level,
                         uint64_t now_ns)
{
	b->forecast = level;
	breaker_settle(b, c, now_ns);
}

void breaker_on_nodes(struct breaker *b, const struct breaker_context *c, uint32_t available,
                      uint64_t now_ns)
{
	if (available == 0)
		b->flags |= BREAKER_NODES_OUT;
	else
		b->flags &= (uint8_t)~BREAKER_NODES_OUT;
	breaker_settle(b, c, now_ns);
}

void breaker_tick(struct breaker *b, const struct breaker_context *c, uint64_t now_ns)
{
	breaker_settle(b, c, now_ns);
}

uint64_t breaker_deadline_ns(const struct breaker *b, const struct breaker_options *o)
{
	switch ((enum breaker_state)b->state) {
	case BREAKER_CLOSED:
	case BREAKER_RESILIENT:
	case BREAKER_ULTRA_RESILIENT:
		return b->calm_since_ns == BREAKER_NEVER ? BREAKER_NEVER
		                                         : b->calm_since_ns + o->dwell_ns;
	case BREAKER_HALF_OPEN:
		return breaker_first_lease_end(b);
	case BREAKER_OPEN:
		return (b->flags & BREAKER_NODES_OUT) != 0 ? BREAKER_NEVER : b->until_ns;
	}
	assert(false);
	return BREAKER_NEVER;
}
