/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A breaker with everything around it, and short words for what happens to it. Times are in
 * seconds of 10^9.
 */
#ifndef TESTS_UNIT_RESILIENCE_BREAKER_FIXTURE_H
#define TESTS_UNIT_RESILIENCE_BREAKER_FIXTURE_H

#include "resilience/breaker.h"
#include "resilience/event.h"
#include "resilience/prng.h"

#define SECOND         1000000000ull
#define MS             1000000ull
#define FIXTURE_EVENTS 4096u

struct fixture {
	struct breaker breaker;
	struct breaker_options options;
	struct breaker_context context;
	struct breaker_counters counters[8];
	struct event_ring ring;
	struct event events[FIXTURE_EVENTS];
	struct prng prng;
	uint64_t now_ns;
	uint32_t ticket; /* of the last grant */
};

#define FIXTURE_SUBJECT 5u

static inline void fixture_init(struct fixture *f)
{
	*f = (struct fixture){.now_ns = 1000 * SECOND};
	breaker_options_report(&f->options, SECOND);
	prng_init(&f->prng, 1);
	CU_ASSERT_EQUAL_FATAL(event_ring_init(&f->ring, f->events, FIXTURE_EVENTS), 0);
	f->context = (struct breaker_context){
	        .options = &f->options,
	        .counters = f->counters,
	        .events = &f->ring,
	        .prng = &f->prng,
	};
	breaker_init(&f->breaker, FIXTURE_SUBJECT);
}

static inline void fixture_wait(struct fixture *f, uint64_t ns)
{
	f->now_ns += ns;
	breaker_tick(&f->breaker, &f->context, f->now_ns);
}

static inline enum breaker_verdict fixture_allow(struct fixture *f)
{
	struct breaker_grant g = breaker_allow(&f->breaker, &f->context, f->now_ns);

	f->ticket = g.ticket;
	return (enum breaker_verdict)g.verdict;
}

static inline void fixture_succeed(struct fixture *f, uint32_t ticket, uint64_t latency_ns)
{
	breaker_on_success(&f->breaker, &f->context, ticket, latency_ns, f->now_ns);
}

static inline void fixture_fail(struct fixture *f, uint32_t ticket)
{
	breaker_on_failure(&f->breaker, &f->context, ticket, f->now_ns);
}

static inline void fixture_measure(struct fixture *f, uint32_t ticket, uint64_t latency_ns)
{
	breaker_on_latency(&f->breaker, &f->context, ticket, latency_ns, BREAKER_MEASURED,
	                   f->now_ns);
}

static inline void fixture_successes(struct fixture *f, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fixture_succeed(f, f->breaker.epoch, 100 * MS);
}

static inline void fixture_failures(struct fixture *f, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fixture_fail(f, f->breaker.epoch);
}

static inline void fixture_open(struct fixture *f)
{
	fixture_failures(f, f->options.open_after);
	CU_ASSERT_EQUAL_FATAL(f->breaker.state, BREAKER_OPEN);
}

/* OPEN until its time is over, then HALF_OPEN. */
static inline void fixture_probe(struct fixture *f)
{
	CU_ASSERT_EQUAL_FATAL(f->breaker.state, BREAKER_OPEN);
	f->now_ns = breaker_deadline_ns(&f->breaker, &f->options);
	breaker_tick(&f->breaker, &f->context, f->now_ns);
	CU_ASSERT_EQUAL_FATAL(f->breaker.state, BREAKER_HALF_OPEN);
}

/* All probes in turn, each after `latency_ns`. */
static inline void fixture_probes(struct fixture *f, uint64_t latency_ns)
{
	for (uint32_t i = 0; i < f->options.probes; i++) {
		CU_ASSERT_EQUAL_FATAL(fixture_allow(f), BREAKER_PROBE);
		f->now_ns += latency_ns;
		fixture_measure(f, f->ticket, latency_ns);
		fixture_succeed(f, f->ticket, latency_ns);
	}
}

/* Successes up to the end of the ramp and of the dwell time. */
static inline void fixture_recover(struct fixture *f)
{
	for (uint32_t i = 0; i < 3000 && f->breaker.state != BREAKER_CLOSED; i++) {
		if (fixture_allow(f) == BREAKER_ALLOW)
			fixture_succeed(f, f->ticket, 100 * MS);
		f->now_ns += 10 * MS;
	}
	CU_ASSERT_EQUAL_FATAL(f->breaker.state, BREAKER_CLOSED);
}

/* The last event. */
static inline struct event fixture_event(const struct fixture *f)
{
	CU_ASSERT_FATAL(f->ring.head > 0);
	return f->events[(f->ring.head - 1) % FIXTURE_EVENTS];
}

/* Entries into a state since the beginning. */
static inline uint64_t fixture_entered(const struct fixture *f, enum breaker_state state)
{
	return f->counters[FIXTURE_SUBJECT].entered[state];
}

#endif
