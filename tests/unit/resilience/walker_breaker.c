/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every state that a small breaker can get into, under every profile's set of states, with every
 * choice of the world around it. usage: walker_breaker [small|large]
 *
 * Checked in every step: the breaker is sound; what changed its state is a row of the table; no
 * more probes are out than leases; OPEN lets nobody in; a lease that is over ends HALF_OPEN at the
 * next call; no state is entered twice within the shorter of dwell and open time (walked once per
 * watched state). From every state: a good world can lead to CLOSED with its gate free; a bad one
 * to OPEN; and HALF_OPEN with a probe out is left by time alone.
 */
#include <stddef.h>

#include "resilience/breaker.h"
#include "resilience/event.h"
#include "resilience/prng.h"

#include "tests/unit/resilience/walker.h"

#define NOW  1000000ull /* always */
#define FAST 1ull
#define SLOW 5ull
#define SOON 255u /* instead of `since`: too soon */

enum choice {
	CHOICE_TIME, /* one unit passes, nobody calls */
	CHOICE_TICK,
	CHOICE_ALLOW,
	CHOICE_SUCCESS,
	CHOICE_FAILURE,
	CHOICE_MEASURE_FAST,
	CHOICE_MEASURE_SLOW,
	CHOICE_FORECAST,
	CHOICE_FORECAST_OVER,
	CHOICE_NODES_OUT,
	CHOICE_NODES_BACK,
	CHOICE_PROBE_GOOD, /* of either slot, from here */
	CHOICE_PROBE_GOOD_2,
	CHOICE_PROBE_SLOW,
	CHOICE_PROBE_SLOW_2,
	CHOICE_PROBE_BAD,
	CHOICE_PROBE_BAD_2,
	CHOICE_PROBE_CANCEL,
	CHOICE_PROBE_CANCEL_2,
	CHOICE_COUNT
};

#define SEEDS 3u /* of the jitter, for steps that open */

static const char *const choice_names[CHOICE_COUNT] = {"time",
                                                       "tick",
                                                       "allow",
                                                       "success",
                                                       "failure",
                                                       "measure fast",
                                                       "measure slow",
                                                       "forecast",
                                                       "forecast over",
                                                       "nodes out",
                                                       "nodes back",
                                                       "probe 1 good",
                                                       "probe 2 good",
                                                       "probe 1 slow",
                                                       "probe 2 slow",
                                                       "probe 1 bad",
                                                       "probe 2 bad",
                                                       "probe 1 cancelled",
                                                       "probe 2 cancelled"};

struct state {
	struct breaker breaker;
	uint8_t out;     /* a bit per probe that is out, by the test's own count */
	uint8_t since;   /* the watched state was entered, up to `apart` */
	uint8_t verdict; /* of the last step: 1 + enum breaker_verdict; 0: it was no ALLOW */
	uint8_t moves;   /* of the last step */
	uint32_t seen;   /* causes of these */
	uint8_t filling[56];
};

static_assert(sizeof(struct state) == 128, "no padding");

struct small {
	struct breaker_options options;
	enum breaker_state watched;
	uint8_t apart; /* time between two entries into it, at least */
	struct breaker_counters counters[1];
};

static uint64_t aged(uint64_t time_ns, uint64_t past)
{
	if (time_ns == BREAKER_NEVER)
		return BREAKER_NEVER;
	return time_ns < NOW - past ? NOW - past : time_ns;
}

static void canonical(const struct small *m, struct breaker *b)
{
	const struct breaker_options *o = &m->options;

	b->epoch = 0;
	if (b->state == BREAKER_HALF_OPEN) {
		for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
			b->lease_until_ns[i] = aged(b->lease_until_ns[i], 0);
	} else {
		b->slow = 0; /* for people only */
		b->calm_since_ns = aged(b->calm_since_ns, o->dwell_ns);
		b->until_ns = aged(b->until_ns, 0);
	}
	if (o->open_after == 0 || b->consecutive > o->open_after)
		b->consecutive = o->open_after;
	for (; b->openings > 1 && o->open_ns << (b->openings - 2) >= o->open_max_ns; b->openings--)
		;
}

static void pass(struct breaker *b)
{
	if (b->state == BREAKER_HALF_OPEN) {
		for (uint32_t i = 0; i < BREAKER_LEASES_MAX; i++)
			b->lease_until_ns[i] -= b->lease_until_ns[i] != BREAKER_NEVER;
		return;
	}
	b->calm_since_ns -= b->calm_since_ns != BREAKER_NEVER;
	b->until_ns -= b->until_ns != BREAKER_NEVER;
}

static bool letting_in(const struct state *s)
{
	return s->breaker.state != BREAKER_HALF_OPEN && s->breaker.state != BREAKER_OPEN;
}

/* The outcome of a probe, as `kind` of the four. */
static bool probe(struct state *s, const struct breaker_context *c, uint32_t kind, uint32_t slot)
{
	uint32_t ticket = s->breaker.epoch | (slot + 1);

	if ((s->out >> slot & 1) == 0)
		return false;
	s->out &= (uint8_t) ~(1u << slot);
	if (kind < 2)
		breaker_on_success(&s->breaker, c, ticket, kind == 0 ? FAST : SLOW, NOW);
	else if (kind == 2)
		breaker_on_failure(&s->breaker, c, ticket, NOW);
	else
		breaker_on_cancel(&s->breaker, c, ticket, NOW);
	return true;
}

static bool act(struct state *s, const struct breaker_context *c, enum choice choice)
{
	struct breaker *b = &s->breaker;
	struct breaker_grant g;

	switch (choice) {
	case CHOICE_TIME:
		pass(b);
		return true;
	case CHOICE_TICK:
		breaker_tick(b, c, NOW);
		return true;
	case CHOICE_ALLOW:
		g = breaker_allow(b, c, NOW);
		s->verdict = (uint8_t)(1 + g.verdict);
		if (g.verdict == BREAKER_PROBE)
			s->out |= (uint8_t)(1u << (g.ticket % 256 - 1));
		return true;
	case CHOICE_SUCCESS:
		breaker_on_success(b, c, b->epoch, FAST, NOW);
		return letting_in(s);
	case CHOICE_FAILURE:
		breaker_on_failure(b, c, b->epoch, NOW);
		return true;
	case CHOICE_MEASURE_FAST:
		breaker_on_latency(b, c, b->epoch, FAST, BREAKER_MEASURED, NOW);
		return true;
	case CHOICE_MEASURE_SLOW:
		breaker_on_latency(b, c, b->epoch, SLOW, BREAKER_MEASURED, NOW);
		return true;
	case CHOICE_FORECAST:
		breaker_on_forecast(b, c, 1, NOW);
		return c->options->forecast_level != 0;
	case CHOICE_FORECAST_OVER:
		breaker_on_forecast(b, c, 0, NOW);
		return c->options->forecast_level != 0;
	case CHOICE_NODES_OUT:
		breaker_on_nodes(b, c, 0, NOW);
		return true;
	case CHOICE_NODES_BACK:
		breaker_on_nodes(b, c, 1, NOW);
		return true;
	case CHOICE_PROBE_GOOD:
	case CHOICE_PROBE_GOOD_2:
	case CHOICE_PROBE_SLOW:
	case CHOICE_PROBE_SLOW_2:
	case CHOICE_PROBE_BAD:
	case CHOICE_PROBE_BAD_2:
	case CHOICE_PROBE_CANCEL:
	case CHOICE_PROBE_CANCEL_2:
		return probe(s, c, (choice - CHOICE_PROBE_GOOD) / 2,
		             (choice - CHOICE_PROBE_GOOD) % 2);
	case CHOICE_COUNT:
		break;
	}
	abort();
}

/* What the events of one step say. */
static bool follow(const struct small *m, struct state *s, const struct event_ring *ring)
{
	bool too_soon = false;

	s->moves = (uint8_t)ring->head;
	s->seen = 0;
	for (uint64_t i = 0; i < ring->head; i++) {
		const struct event *e = &ring->events[i];

		s->seen |= 1u << e->reason;
		if (e->from == BREAKER_HALF_OPEN)
			s->out = 0; /* their leases are void */
		if (e->to != m->watched)
			continue;
		too_soon = too_soon || s->since < m->apart;
		s->since = 0;
	}
	return too_soon;
}

static bool step(void *context, const void *from, uint32_t choice, void *next)
{
	struct small *m = context;
	struct state *s = next;
	struct event events[8];
	struct event_ring ring;
	struct prng prng;
	const struct breaker_context c = {&m->options, m->counters, &ring, &prng};
	uint32_t seed = choice / CHOICE_COUNT;

	memcpy(s, from, sizeof(*s));
	event_ring_init(&ring, events, 8);
	prng_init(&prng, seed);
	uint8_t out = s->out;

	s->verdict = 0;
	if (choice % CHOICE_COUNT == CHOICE_TIME && s->since < m->apart)
		s->since++;
	if (!act(s, &c, (enum choice)(choice % CHOICE_COUNT)))
		return false;
	bool too_soon = follow(m, s, &ring);

	/* A probe let in by the step that led to HALF_OPEN is out all the same. */
	if (s->breaker.state == BREAKER_HALF_OPEN && s->verdict == 1 + BREAKER_PROBE)
		s->out |= out;
	s->since = too_soon ? SOON : s->since;
	canonical(m, &s->breaker);
	return seed == 0 || (s->seen != 0 && s->breaker.state == BREAKER_OPEN);
}

static bool is_row(uint8_t from, const struct state *s)
{
	for (uint32_t i = 0; i < BREAKER_TRANSITIONS; i++) {
		const struct breaker_transition *t = &breaker_transitions[i];

		if (t->from == from && t->to == s->breaker.state && (s->seen >> t->cause & 1) != 0)
			return true;
	}
	return false;
}

/* All calls but a measurement that changes nothing look at the time. */
static bool attends(uint32_t choice)
{
	uint32_t c = choice % CHOICE_COUNT;

	return c != CHOICE_TIME && c != CHOICE_MEASURE_FAST && c != CHOICE_MEASURE_SLOW;
}

static bool lease_over(const struct breaker *b)
{
	bool over = false;

	for (uint32_t i = 0; b->state == BREAKER_HALF_OPEN && i < BREAKER_LEASES_MAX; i++)
		over = over || b->lease_until_ns[i] <= NOW;
	return over;
}

static const char *check(void *context, const void *from, uint32_t choice, const void *next)
{
	const struct small *m = context;
	const struct state *a = from;
	const struct state *b = next;
	uint32_t out = (uint32_t)__builtin_popcount(b->out);

	if (!breaker_is_sound(&b->breaker, &m->options))
		return "unsound";
	if (b->since == SOON)
		return "a state entered twice too soon";
	if (b->moves == 0 && a->breaker.state != b->breaker.state)
		return "a change without an event";
	if (b->moves == 1 && !is_row(a->breaker.state, b))
		return "a transition that is not in the table";
	if (b->moves > 2)
		return "more than two transitions at once";
	if (out != breaker_probes_out(&b->breaker) || out > m->options.leases)
		return "probes out that are not lent";
	if (b->verdict == 1 + BREAKER_ALLOW && !letting_in(b))
		return "let in where only probes may be";
	if (b->verdict == 1 + BREAKER_PROBE && b->breaker.state != BREAKER_HALF_OPEN)
		return "a probe that is none";
	if (attends(choice) && lease_over(&a->breaker) && b->breaker.state != BREAKER_OPEN)
		return "a lease that was over did not open";
	return NULL;
}

static void print(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	printf("%s gate %u fail %llx/%u in a row %u mean %llu/%u openings %u flags %u out %u since "
	       "%u\n",
	       breaker_state_name((enum breaker_state)s->breaker.state), s->breaker.gate,
	       letting_in(s) ? (unsigned long long)s->breaker.fail : 0ull, s->breaker.samples,
	       s->breaker.consecutive, (unsigned long long)s->breaker.latency_sum,
	       s->breaker.latency_samples, s->breaker.openings, s->breaker.flags, s->out, s->since);
}

static const char *choice_name(void *context, uint32_t choice)
{
	(void)context;
	return choice_names[choice % CHOICE_COUNT];
}

static bool all(void *context, const void *state)
{
	(void)context;
	(void)state;
	return true;
}

static bool good(void *context, uint32_t choice)
{
	(void)context;
	return choice == CHOICE_TIME || choice == CHOICE_ALLOW || choice == CHOICE_SUCCESS ||
	       choice == CHOICE_MEASURE_FAST || choice == CHOICE_FORECAST_OVER ||
	       choice == CHOICE_NODES_BACK || choice == CHOICE_PROBE_GOOD ||
	       choice == CHOICE_PROBE_GOOD_2;
}

static bool bad(void *context, uint32_t choice)
{
	(void)context;
	return choice == CHOICE_TIME || choice == CHOICE_ALLOW || choice == CHOICE_FAILURE ||
	       choice == CHOICE_PROBE_BAD || choice == CHOICE_PROBE_BAD_2;
}

static bool is_home(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	return s->breaker.state == BREAKER_CLOSED && s->breaker.gate == BREAKER_GATE_FREE &&
	       s->breaker.openings == 0;
}

static bool is_open(void *context, const void *state)
{
	const struct state *s = state;

	(void)context;
	return s->breaker.state == BREAKER_OPEN;
}

/* With a probe out, time and ticks alone. */
static void check_half_open(struct walker *w, const struct small *m)
{
	for (uint32_t s = 0; s < w->count && w->wrong == NULL; s++) {
		uint32_t at = s;
		const struct state *state = walker_state(w, s);

		if (state->breaker.state != BREAKER_HALF_OPEN || state->out == 0)
			continue;
		for (uint64_t i = 0; i < m->options.lease_ns; i++)
			at = walker_next(w, walker_next(w, at, CHOICE_TIME), CHOICE_TICK);
		state = walker_state(w, at);
		if (state->breaker.state != BREAKER_OPEN)
			walker_blame(w, s, "HALF_OPEN is not left by time alone");
	}
}

static bool walk(struct small *m, uint32_t room, uint64_t *states, uint64_t *steps)
{
	struct walker_world world = {
	        .context = m,
	        .bytes = sizeof(struct state),
	        .choices = CHOICE_COUNT * (m->options.open_jitter_ppm == 0 ? 1 : SEEDS),
	        .step = step,
	        .check = check,
	        .print = print,
	        .choice_name = choice_name,
	};
	struct state first;
	struct walker w;

	memset(&first, 0, sizeof(first));
	breaker_init(&first.breaker, 0);
	first.since = m->apart;
	walker_open(&w, &world, room);
	bool right = walker_run(&w, &first) &&
	             walker_can_reach(&w, "no way to CLOSED", all, good, is_home);

	if (right && (m->options.states & BREAKER_BIT(BREAKER_OPEN)) != 0)
		right = walker_can_reach(&w, "no way to OPEN", all, bad, is_open);
	if (right)
		check_half_open(&w, m);
	*states += w.count;
	*steps += w.steps;
	right = w.wrong == NULL;
	walker_close(&w);
	return right;
}

static void small_options(struct breaker_options *o, uint32_t states, bool large)
{
	breaker_options_report(o, 1000000);
	o->states = (uint8_t)states;
	o->window = 3;
	o->samples_min = 2;
	o->resilient_at_ppm = 300000;
	o->clear_at_ppm = 100000;
	o->open_at_ppm = 600000;
	o->open_after = 3;
	o->rate_shift = 0;
	o->ultra_latency_ns = 3;
	o->ultra_leave_ns = 2;
	o->ultra_min = large ? 2 : 1;
	o->latency_shift = large ? 1 : 0;
	o->dwell_ns = 3;
	o->open_ns = 3;
	o->open_max_ns = 6;
	o->open_jitter_ppm = 0;
	o->lease_ns = 3;
	o->probes = 3;
	o->leases = 2;
	o->ramp_interval_ns = 2;
	o->ramp_start = 1;
	o->ramp_step = 1;
	o->ramp_end = 3;
}

int main(int argc, char **argv)
{
	bool large = argc > 1 && strcmp(argv[1], "large") == 0;
	/* The profiles' sets of states, then those that nobody has but could. */
	static const uint8_t sets[] = {0x19, 0x1b, 0x1f, 0x11, 0x13, 0x17, 0x15, 0x1d, 0x03, 0x07};
	uint32_t set_count = large ? sizeof(sets) : 3;
	static struct small m;
	uint64_t states = 0;
	uint64_t steps = 0;
	bool right = true;

	for (uint32_t i = 0; i < set_count && right; i++)
		for (uint32_t watched = 0; watched < BREAKER_STATES && right; watched++) {
			if ((sets[i] & BREAKER_BIT(watched)) == 0)
				continue;
			small_options(&m.options, sets[i], large);
			if (breaker_options_check(&m.options) != NULL) {
				printf("%s\n", breaker_options_check(&m.options));
				return 1;
			}
			m.watched = (enum breaker_state)watched;
			m.apart = 3;
			right = walk(&m, large ? 2u << 20 : 1u << 16, &states, &steps);
		}
	/* Once more with open times of 1 to 6. */
	if (right) {
		small_options(&m.options, BREAKER_ALL, large);
		m.options.open_ns = 2;
		m.options.open_jitter_ppm = 500000;
		m.options.ramp_interval_ns = 0;
		m.apart = 1;
		right = walk(&m, large ? 2u << 20 : 1u << 16, &states, &steps);
	}
	printf("walker_breaker: %llu states, %llu steps, %s\n", (unsigned long long)states,
	       (unsigned long long)steps, right ? "all right" : "wrong");
	return right ? 0 : 1;
}
