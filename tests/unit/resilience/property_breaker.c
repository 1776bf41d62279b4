/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Random breakers in random worlds: what must hold whatever happens. usage: property_breaker
 * OPERATIONS FIRST_SEED. Every seed is one breaker with random options that lives through phases of
 * success, failure, slowness and silence, while forecasts and nodes come and go.
 *
 * Kept beside it, in the simplest way there is: the outcomes that count, the probes that are out,
 * when which state was entered. Checked after every step:
 *
 * - every event is a row of the table, and its cause held;
 * - no state that must be left is kept: not CLOSED with half of the window failed, not HALF_OPEN
 *   with a lease that is over;
 * - no state is entered twice within the dwell time or the shortest open time, and relief lasted
 *   the dwell time;
 * - never more probes out than leases, no probe but in HALF_OPEN, nobody let in by OPEN;
 * - no interval of a ramp lets in more than its quota, and a quota grows by no more than a step;
 * - from where it ended, a good world leads to CLOSED, and a bad one to OPEN.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "resilience/backoff.h"
#include "resilience/breaker.h"
#include "resilience/event.h"
#include "resilience/prng.h"

#define EVENTS           64u
#define FLYING_MAX       32u
#define OPERATIONS_ROUND 500u

struct flying { /* an operation that was let in and has not reported */
	uint32_t ticket;
	uint32_t life;
	uint64_t lease_end_ns; /* BREAKER_NEVER: no probe */
	bool used;
};

struct phase {
	uint32_t fail_ppm;
	uint32_t silent_ppm;
	uint32_t cancel_ppm;
	uint64_t latency_ns; /* twice that at most */
	uint32_t steps;
};

struct run {
	struct breaker breaker;
	struct breaker_options options;
	struct breaker_counters counters[1];
	struct breaker_context context;
	struct event_ring ring;
	struct event events[EVENTS];
	struct prng jitter;
	struct prng dice;
	uint64_t now_ns;
	uint64_t read; /* events */
	struct flying flying[FLYING_MAX];
	struct phase phase;
	/* What the test itself knows. */
	uint32_t life; /* begins anew whenever the past is forgotten */
	enum breaker_state state;
	uint64_t entered_ns[BREAKER_STATES]; /* BREAKER_NEVER: not yet */
	bool outcomes[64];                   /* newest first; true: failed */
	uint32_t outcome_count;
	uint32_t in_a_row;
	bool nodes_out;
	bool forecast;
	uint32_t quota; /* of the ramp, when last looked at */
	uint64_t in_interval;
	uint64_t interval_end_ns;
	const char *wrong;
};

static uint64_t total_operations;
static uint64_t total_events[BREAKER_CAUSES];
static uint64_t total_probes;
static uint64_t total_held_back;
static uint64_t hash; /* of all events: the same on every machine and build */

static bool chance(struct run *r, uint32_t ppm)
{
	return prng_chance_ppm(&r->dice, ppm);
}

static uint64_t between(struct run *r, uint64_t min, uint64_t max)
{
	return min + prng_below(&r->dice, max - min + 1);
}

static void expect(struct run *r, bool holds, const char *what)
{
	if (!holds && r->wrong == NULL)
		r->wrong = what;
}

static void random_options(struct run *r)
{
	struct breaker_options *o = &r->options;
	uint64_t unit = 1ull << between(r, 10, 36); /* a microsecond to a minute */

	do {
		breaker_options_report(o, 1000000000);
		o->states = (uint8_t)(between(r, 0, 15) << 1 | 1);
		o->window = (uint8_t)between(r, 1, 64);
		o->samples_min = (uint8_t)between(r, 1, o->window);
		o->resilient_at_ppm = (uint32_t)between(r, 2, 400000);
		o->clear_at_ppm = (uint32_t)between(r, 1, o->resilient_at_ppm - 1);
		o->open_at_ppm = (uint32_t)between(r, o->resilient_at_ppm, 1000000);
		o->open_after = (uint8_t)between(r, 0, 8);
		o->ultra_latency_ns = between(r, unit / 2, unit);
		o->ultra_leave_ns = o->ultra_latency_ns * 4 / 5;
		o->dwell_ns = between(r, 1, 8 * unit);
		o->open_ns = between(r, 1, 2 * unit);
		o->open_max_ns = between(r, o->open_ns, 16 * unit);
		o->open_jitter_ppm = (uint32_t)between(r, 0, 500000);
		o->lease_ns = between(r, unit, 8 * unit);
		o->probes = (uint8_t)between(r, 1, 6);
		o->leases = (uint8_t)between(r, 1, 4);
		o->ramp_interval_ns = chance(r, 300000) ? 0 : between(r, 1, unit);
		o->ramp_start = (uint16_t)between(r, 1, 8);
		o->ramp_step = (uint16_t)between(r, 1, 8);
		o->ramp_end = (uint16_t)between(r, o->ramp_start + 1, 40);
		o->rate_shift = (uint8_t)between(r, 0, 8);
		o->latency_shift = (uint8_t)between(r, 2, 6);
		o->forecast_level = (uint8_t)between(r, 0, 2);
	} while (breaker_options_check(o) != NULL);
}

static void random_phase(struct run *r)
{
	static const uint32_t fail[] = {0, 0, 20000, 120000, 300000, 700000, 1000000};

	r->phase = (struct phase){
	        .fail_ppm = fail[prng_below(&r->dice, 7)],
	        .silent_ppm = chance(r, 300000) ? 100000 : 0,
	        .cancel_ppm = chance(r, 300000) ? 100000 : 0,
	        .latency_ns = chance(r, 400000) ? r->options.ultra_latency_ns
	                                        : r->options.ultra_latency_ns / 8,
	        .steps = (uint32_t)between(r, 1, 200),
	};
}

static bool has(const struct run *r, enum breaker_state s)
{
	return (r->options.states & BREAKER_BIT(s)) != 0;
}

static uint32_t failed(const struct run *r)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < r->outcome_count; i++)
		count += r->outcomes[i];
	return count;
}

static bool rate_at_least(const struct run *r, uint32_t ppm)
{
	return r->outcome_count >= r->options.samples_min &&
	       (uint64_t)failed(r) * 1000000 >= (uint64_t)ppm * r->outcome_count;
}

static void note_outcome(struct run *r, bool bad)
{
	uint32_t count =
	        r->outcome_count < r->options.window ? r->outcome_count + 1 : r->options.window;

	for (uint32_t i = count - 1; i > 0; i--)
		r->outcomes[i] = r->outcomes[i - 1];
	r->outcomes[0] = bad;
	r->outcome_count = count;
	r->in_a_row = bad ? r->in_a_row + 1 : 0;
}

static bool working(enum breaker_state s)
{
	return s == BREAKER_CLOSED || s == BREAKER_RESILIENT || s == BREAKER_ULTRA_RESILIENT;
}

static uint64_t shortest_open(const struct run *r)
{
	const struct breaker_options *o = &r->options;

	return o->open_ns - (o->open_ns / 1000000 * o->open_jitter_ppm +
	                     o->open_ns % 1000000 * o->open_jitter_ppm / 1000000);
}

static uint32_t probes_out(const struct run *r)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < FLYING_MAX; i++)
		count += r->flying[i].used && r->flying[i].life == r->life &&
		         r->flying[i].lease_end_ns != BREAKER_NEVER;
	return count;
}

static bool lease_over(const struct run *r)
{
	for (uint32_t i = 0; i < FLYING_MAX; i++)
		if (r->flying[i].used && r->flying[i].life == r->life &&
		    r->flying[i].lease_end_ns != BREAKER_NEVER &&
		    r->now_ns >= r->flying[i].lease_end_ns)
			return true;
	return false;
}

/* The parts of a cause that the test can tell for itself. */
static bool cause_held(const struct run *r, const struct event *e)
{
	uint64_t stayed_ns = e->time_ns - r->entered_ns[e->from];

	switch ((enum breaker_cause)e->reason) {
	case BREAKER_CAUSE_NODES_OUT:
		return r->nodes_out;
	case BREAKER_CAUSE_FAILURE_RATE:
		return rate_at_least(r, r->options.open_at_ppm);
	case BREAKER_CAUSE_CONSECUTIVE:
		return r->options.open_after != 0 && r->in_a_row >= r->options.open_after;
	case BREAKER_CAUSE_LEASE_EXPIRED:
		return lease_over(r);
	case BREAKER_CAUSE_OPEN_OVER:
		return !r->nodes_out && stayed_ns >= shortest_open(r);
	case BREAKER_CAUSE_DEGRADED:
		return rate_at_least(r, r->options.resilient_at_ppm);
	case BREAKER_CAUSE_FORECAST:
		return r->forecast && has(r, BREAKER_RESILIENT);
	case BREAKER_CAUSE_FOREBODED:
		return r->forecast && !has(r, BREAKER_RESILIENT);
	case BREAKER_CAUSE_CALM:
		return stayed_ns >= r->options.dwell_ns && !r->forecast &&
		       !rate_at_least(r, r->options.clear_at_ppm);
	case BREAKER_CAUSE_FAST:
		return stayed_ns >= r->options.dwell_ns;
	case BREAKER_CAUSE_PROBES_SLOW:
	case BREAKER_CAUSE_PROBES_GOOD:
		return probes_out(r) == 0;
	case BREAKER_CAUSE_PROBE_FAILED:
	case BREAKER_CAUSE_LATENCY:
		return true;
	}
	return false;
}

static bool is_row(const struct event *e)
{
	for (uint32_t i = 0; i < BREAKER_TRANSITIONS; i++)
		if (breaker_transitions[i].from == e->from && breaker_transitions[i].to == e->to &&
		    breaker_transitions[i].cause == e->reason)
			return true;
	return false;
}

static void follow(struct run *r, const struct event *e)
{
	uint64_t shortest_ns =
	        shortest_open(r) < r->options.dwell_ns ? shortest_open(r) : r->options.dwell_ns;
	uint64_t last_ns = r->entered_ns[e->to];

	expect(r, e->from == r->state && e->time_ns == r->now_ns, "an event does not follow");
	expect(r, is_row(e), "a transition is not in the table");
	expect(r, has(r, (enum breaker_state)e->to), "a state that the options lack");
	expect(r, cause_held(r, e), "a transition's cause did not hold");
	expect(r, last_ns == BREAKER_NEVER || e->time_ns - last_ns >= shortest_ns,
	       "a state entered again too soon");
	if (e->to == BREAKER_OPEN)
		expect(r,
		       e->detail - e->time_ns >= shortest_open(r) &&
		               e->detail - e->time_ns <= r->options.open_max_ns,
		       "an open time out of its bounds");
	if (e->to == BREAKER_OPEN || e->reason == BREAKER_CAUSE_FOREBODED)
		r->life++;
	if (!working((enum breaker_state)e->from) || !working((enum breaker_state)e->to)) {
		r->outcome_count = 0;
		r->in_a_row = 0;
		r->quota = 0;
	}
	hash = (hash ^ e->time_ns ^ e->detail ^ e->value << 32 ^ e->reason) * 0x9e3779b97f4a7c15ull;
	hash ^= hash >> 29;
	r->entered_ns[e->to] = e->time_ns;
	r->state = (enum breaker_state)e->to;
	total_events[e->reason]++;
}

static void check_ramp(struct run *r)
{
	uint32_t quota = working(r->state) ? r->breaker.ramp.quota : 0;
	uint64_t end_ns = quota == 0 ? 0 : r->breaker.until_ns;

	if (quota != 0 && r->quota != 0)
		expect(r, quota <= r->quota + r->options.ramp_step, "a ramp jumps");
	if (end_ns != r->interval_end_ns)
		r->in_interval = 0;
	r->interval_end_ns = end_ns;
	r->quota = quota;
}

static void read_events(struct run *r)
{
	uint64_t missed;
	struct event e;

	while (event_read(&r->ring, &r->read, &e, 1, &missed) == 1) {
		expect(r, missed == 0, "events missed");
		follow(r, &e);
	}
}

static void check(struct run *r)
{
	read_events(r);
	expect(r, r->state == r->breaker.state, "the state changed without an event");
	expect(r, breaker_is_sound(&r->breaker, &r->options), "unsound");
	if (working(r->state) && has(r, BREAKER_OPEN)) {
		expect(r, !rate_at_least(r, r->options.open_at_ppm), "not OPEN by failure rate");
		expect(r, r->options.open_after == 0 || r->in_a_row < r->options.open_after,
		       "not OPEN by failures in a row");
		expect(r, !r->nodes_out, "not OPEN without nodes");
	}
	if (r->state == BREAKER_CLOSED && has(r, BREAKER_RESILIENT)) {
		expect(r, !rate_at_least(r, r->options.resilient_at_ppm), "not RESILIENT");
		expect(r, !r->forecast, "not RESILIENT by forecast");
	}
	if (r->state == BREAKER_HALF_OPEN) {
		expect(r, probes_out(r) == breaker_probes_out(&r->breaker), "a lost probe");
		expect(r, probes_out(r) <= r->options.leases, "more probes than leases");
		expect(r, !lease_over(r), "HALF_OPEN with a lease that is over");
	}
	check_ramp(r);
}

static void let_in(struct run *r)
{
	struct breaker_grant g = breaker_allow(&r->breaker, &r->context, r->now_ns);
	uint32_t slot = 0;

	total_operations++;
	read_events(r);
	check_ramp(r);
	if (g.verdict == BREAKER_REJECT) {
		check(r);
		expect(r, !working(r->state) || r->quota != 0, "rejected for no reason");
		expect(r, r->quota == 0 || r->in_interval >= r->quota, "held back too early");
		return;
	}
	expect(r, (g.verdict == BREAKER_PROBE) == (r->state == BREAKER_HALF_OPEN), "no probe");
	expect(r, r->state != BREAKER_OPEN, "OPEN let one in");
	if (r->quota != 0)
		expect(r, ++r->in_interval <= r->quota, "a stampede");
	while (slot < FLYING_MAX && r->flying[slot].used)
		slot++;
	if (slot == FLYING_MAX) { /* one is forgotten, but never a probe that could be missed */
		for (slot = 0; r->flying[slot].life == r->life &&
		               r->flying[slot].lease_end_ns != BREAKER_NEVER;)
			slot++;
	}
	r->flying[slot] = (struct flying){
	        .ticket = g.ticket,
	        .life = r->life,
	        .lease_end_ns = g.verdict == BREAKER_PROBE ? r->now_ns + r->options.lease_ns
	                                                   : BREAKER_NEVER,
	        .used = true,
	};
	total_probes += g.verdict == BREAKER_PROBE;
	check(r);
}

static void report(struct run *r, struct flying *f)
{
	uint64_t latency_ns = between(r, 1, 2 * r->phase.latency_ns);
	bool probe = f->lease_end_ns != BREAKER_NEVER;
	bool bad = chance(r, r->phase.fail_ppm);
	bool counts = f->life == r->life && !probe && working(r->state);

	if (probe && f->life == r->life && r->now_ns >= f->lease_end_ns) {
		/* Too late: the breaker takes it for lost, and so does the test. */
		breaker_on_success(&r->breaker, &r->context, f->ticket, latency_ns, r->now_ns);
		check(r);
		return;
	}
	if (chance(r, r->phase.silent_ppm)) {
		f->used = probe && f->life == r->life;
		return;
	}
	if (chance(r, r->phase.cancel_ppm)) {
		f->used = false;
		breaker_on_cancel(&r->breaker, &r->context, f->ticket, r->now_ns);
		check(r);
		return;
	}
	breaker_on_latency(&r->breaker, &r->context, f->ticket, latency_ns,
	                   bad ? BREAKER_CENSORED : BREAKER_MEASURED, r->now_ns);
	check(r);
	counts = counts && working(r->state) && f->life == r->life;
	f->used = false;
	if (counts)
		note_outcome(r, bad);
	if (bad)
		breaker_on_failure(&r->breaker, &r->context, f->ticket, r->now_ns);
	else
		breaker_on_success(&r->breaker, &r->context, f->ticket, latency_ns, r->now_ns);
	check(r);
}

static void report_one(struct run *r)
{
	uint32_t first = (uint32_t)prng_below(&r->dice, FLYING_MAX);

	for (uint32_t i = 0; i < FLYING_MAX; i++)
		if (r->flying[(first + i) % FLYING_MAX].used) {
			report(r, &r->flying[(first + i) % FLYING_MAX]);
			return;
		}
}

static void outside(struct run *r)
{
	if (chance(r, 500000)) {
		uint8_t level = (uint8_t)prng_below(&r->dice, 3);

		r->forecast = r->options.forecast_level != 0 && level >= r->options.forecast_level;
		breaker_on_forecast(&r->breaker, &r->context, level, r->now_ns);
	} else {
		uint32_t available = (uint32_t)prng_below(&r->dice, 3);

		r->nodes_out = available == 0;
		breaker_on_nodes(&r->breaker, &r->context, available, r->now_ns);
	}
	check(r);
}

static void pass_time(struct run *r)
{
	uint64_t deadline_ns = breaker_deadline_ns(&r->breaker, &r->options);

	if (chance(r, 100000) && deadline_ns != BREAKER_NEVER && deadline_ns > r->now_ns)
		r->now_ns = deadline_ns - prng_below(&r->dice, 2); /* exactly, or just before */
	else
		r->now_ns += prng_below(&r->dice,
		                        r->options.ultra_latency_ns >> prng_below(&r->dice, 12));
	if (chance(r, 500000)) {
		breaker_tick(&r->breaker, &r->context, r->now_ns);
		check(r);
	}
}

/* A world in which everything succeeds at once, or nothing does. */
static void lead(struct run *r, bool good)
{
	enum breaker_state to = good ? BREAKER_CLOSED : BREAKER_OPEN;

	r->phase = (struct phase){.fail_ppm = good ? 0 : 1000000, .latency_ns = 1};
	r->forecast = false;
	r->nodes_out = false;
	breaker_on_forecast(&r->breaker, &r->context, 0, r->now_ns);
	check(r);
	breaker_on_nodes(&r->breaker, &r->context, 1, r->now_ns);
	check(r);
	for (uint32_t i = 0; i < 20000; i++) {
		bool home = r->state == to && (!good || r->breaker.gate == BREAKER_GATE_FREE);

		if (home || r->wrong != NULL)
			return;
		r->now_ns += 1 + r->options.dwell_ns / 64 + r->options.open_max_ns / 64 +
		             r->options.ramp_interval_ns / 2;
		breaker_tick(&r->breaker, &r->context, r->now_ns);
		check(r);
		let_in(r);
		report_one(r);
	}
	expect(r, false, good ? "a good world does not lead to CLOSED" : "a bad one not to OPEN");
}

static const char *round_run(struct run *r, uint64_t seed)
{
	*r = (struct run){.now_ns = 1ull << 40};
	prng_init(&r->dice, seed);
	prng_init(&r->jitter, seed + 1);
	random_options(r);
	random_phase(r);
	event_ring_init(&r->ring, r->events, EVENTS);
	r->context = (struct breaker_context){
	        .options = &r->options,
	        .counters = r->counters,
	        .events = &r->ring,
	        .prng = &r->jitter,
	};
	for (uint32_t i = 0; i < BREAKER_STATES; i++)
		r->entered_ns[i] = BREAKER_NEVER;
	r->entered_ns[BREAKER_CLOSED] = 0;
	breaker_init(&r->breaker, 0);
	uint64_t end = total_operations + OPERATIONS_ROUND;

	while (total_operations < end && r->wrong == NULL) {
		if (r->phase.steps-- == 0)
			random_phase(r);
		let_in(r);
		for (uint64_t i = prng_below(&r->dice, 3); i > 0; i--)
			report_one(r);
		if (chance(r, 10000))
			outside(r);
		pass_time(r);
	}
	lead(r, seed % 2 == 0 || !has(r, BREAKER_OPEN) || r->options.open_after == 0);
	lead(r, true);
	total_held_back += r->counters[0].held_back;
	return r->wrong;
}

int main(int argc, char **argv)
{
	uint64_t operations = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	static struct run run;
	uint32_t wrong = 0;

	printf("property_breaker: %" PRIu64 " operations from seed %" PRIu64 "\n", operations,
	       seed);
	for (; total_operations < operations && wrong < 10; seed++) {
		const char *what = round_run(&run, seed);

		if (what == NULL)
			continue;
		printf("seed %" PRIu64 " at %" PRIu64 " ns in %s: %s; again: property_breaker 1 "
		       "%" PRIu64 "\n",
		       seed, run.now_ns, breaker_state_name(run.state), what, seed);
		wrong++;
	}
	printf("%" PRIu64 " operations, %" PRIu64 " probes, %" PRIu64
	       " held back, %u wrong, seeds up to %" PRIu64 ", hash %016" PRIx64 "\n",
	       total_operations, total_probes, total_held_back, wrong, seed - 1, hash);
	for (uint32_t i = 0; i < BREAKER_CAUSES; i++) {
		printf("%10" PRIu64 " x %s\n", total_events[i],
		       breaker_cause_name((enum breaker_cause)i));
		/* A world in which something never happens shows nothing about it. */
		if (operations >= 100000 && total_events[i] == 0)
			wrong++;
	}
	return wrong == 0 ? 0 : 1;
}
