/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Slow is not dead: when a breaker becomes ULTRA_RESILIENT, and when not. The last tests are small
 * worlds of three nodes in which operations have timeouts and up to three attempts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "resilience/breaker.h"

#include "tests/unit/suite.h"

#include "tests/unit/resilience/breaker_fixture.h"

#define EXPECT(f, s) CU_ASSERT_EQUAL((f)->breaker.state, s)

static struct fixture fixture;

static void three_measurements(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_measure(f, 0, 2500 * MS);
	fixture_measure(f, 0, 2500 * MS);
	EXPECT(f, BREAKER_CLOSED);
	fixture_measure(f, 0, 1100 * MS);
	EXPECT(f, BREAKER_ULTRA_RESILIENT); /* 6.1 / 3 */
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_LATENCY);
	CU_ASSERT_EQUAL(fixture_event(f).detail, 6100 * MS / 3);
	fixture_init(f);
	for (uint32_t i = 0; i < 100; i++)
		fixture_measure(f, 0, 2000 * MS);
	EXPECT(f, BREAKER_CLOSED); /* above, not at */
	CU_ASSERT_EQUAL(breaker_latency_mean_ns(&f->breaker), 2000 * MS);
	CU_ASSERT_EQUAL(breaker_slow_count(&f->breaker), 64);
}

/* Up to the window's size the plain mean, then an exponential one that forgets. */
static void the_mean(void)
{
	struct fixture *f = &fixture;
	uint64_t sum = 0;

	fixture_init(f);
	for (uint64_t i = 1; i <= 16; i++) {
		fixture_measure(f, 0, i * MS);
		sum += i * MS;
		CU_ASSERT_EQUAL(breaker_latency_mean_ns(&f->breaker), sum / i);
	}
	for (uint32_t i = 0; i < 400; i++)
		fixture_measure(f, 0, 1234567);
	CU_ASSERT(breaker_latency_mean_ns(&f->breaker) >= 1234567);
	CU_ASSERT(breaker_latency_mean_ns(&f->breaker) <= 1234568);
}

static void one_outlier_is_clamped(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	for (uint32_t i = 0; i < 16; i++)
		fixture_measure(f, 0, 500 * MS);
	fixture_measure(f, 0, UINT64_MAX);
	EXPECT(f, BREAKER_CLOSED);
	CU_ASSERT_EQUAL(breaker_latency_mean_ns(&f->breaker), (15 * 500 + 8000) * MS / 16);
}

static void fast_must_last(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	for (uint32_t i = 0; i < 16; i++)
		fixture_measure(f, 0, 2500 * MS);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	for (uint32_t i = 0; i < 100; i++)
		fixture_measure(f, 0, 1600 * MS);
	fixture_wait(f, 100 * SECOND);
	EXPECT(f, BREAKER_ULTRA_RESILIENT); /* below, not at */
	fixture_measure(f, 0, 100 * MS);
	fixture_wait(f, f->options.dwell_ns - 1);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	fixture_measure(f, 0, 9 * SECOND); /* begins anew */
	fixture_wait(f, 1);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	for (uint32_t i = 0; i < 100; i++)
		fixture_measure(f, 0, 100 * MS);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options),
	                f->now_ns + f->options.dwell_ns);
	fixture_wait(f, f->options.dwell_ns);
	EXPECT(f, BREAKER_RESILIENT);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_FAST);
}

static void slow_probes(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 2500 * MS);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_PROBES_SLOW);
	CU_ASSERT_EQUAL(breaker_latency_mean_ns(&f->breaker), 2500 * MS);
	CU_ASSERT_EQUAL(f->breaker.gate, BREAKER_GATE_RAMP); /* the ramp applies here too */
	uint32_t in = 0;

	for (uint32_t i = 0; i < 1000; i++)
		in += fixture_allow(f) == BREAKER_ALLOW;
	CU_ASSERT_EQUAL(in, f->options.ramp_start);
}

/* It opened once; hours later it is still slow, but has not failed any more. */
static void slow_settles(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	f->options.open_jitter_ppm = 0;
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 2500 * MS);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	fixture_successes(f, 10);
	fixture_measure(f, f->breaker.epoch, 2500 * MS);
	fixture_wait(f, f->options.dwell_ns - 1);
	CU_ASSERT_EQUAL(f->breaker.openings, 1);
	fixture_wait(f, 1);
	CU_ASSERT_EQUAL(f->breaker.openings, 0);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	fixture_failures(f, 10);
	EXPECT(f, BREAKER_OPEN);
	CU_ASSERT_EQUAL(breaker_deadline_ns(&f->breaker, &f->options), f->now_ns + SECOND);
}

/* What counts towards forgetting does not count towards the way down. */
static void fast_begins_when_it_is_fast(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	fixture_probes(f, 2500 * MS);
	fixture_successes(f, 10);
	fixture_wait(f, f->options.dwell_ns - 1);
	for (uint32_t i = 0; i < 100; i++)
		fixture_measure(f, f->breaker.epoch, 100 * MS);
	fixture_wait(f, f->options.dwell_ns - 1);
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	fixture_wait(f, 1);
	EXPECT(f, BREAKER_RESILIENT);
}

/* Two slow probes of three are too few, but the mean says so at once: one call, two events. */
static void slow_on_average(void)
{
	struct fixture *f = &fixture;

	fixture_init(f);
	fixture_open(f);
	fixture_probe(f);
	uint64_t before = f->ring.head;

	for (uint32_t i = 0; i < 3; i++) {
		uint64_t latency_ns = i == 0 ? 1900 * MS : 2500 * MS;

		CU_ASSERT_EQUAL(fixture_allow(f), BREAKER_PROBE);
		fixture_measure(f, f->ticket, latency_ns);
		fixture_succeed(f, f->ticket, latency_ns);
	}
	EXPECT(f, BREAKER_ULTRA_RESILIENT);
	CU_ASSERT_EQUAL(f->ring.head, before + 2);
	CU_ASSERT_EQUAL(fixture_event(f).reason, BREAKER_CAUSE_LATENCY);
}

/* A small world: operations start every `every_ns` at three nodes; the world keeps what is still to
 * happen in a list. */
enum world_kind { WORLD_REPLY, WORLD_GIVE_UP };

struct world_event {
	uint64_t time_ns;
	uint32_t operation;
	uint8_t attempt;
	uint8_t kind;
	bool done;
};

struct world_operation {
	uint64_t start_ns;
	uint32_t ticket;
	uint8_t attempts;
	uint8_t over;
};

struct world {
	uint64_t mean_ns;    /* of a node, +-50 % */
	uint32_t dead_nodes; /* of three; the last ones */
	uint32_t operations;
	uint64_t every_ns;
	uint64_t known_ns; /* latency that the callers expect; 0: unknown */
	bool learns;       /* ...and learn from every reply, as SRTT does */
	uint32_t succeeded;
	uint32_t failed;
};

#define WORLD_EVENTS_MAX 16384u

static struct world_event todo[WORLD_EVENTS_MAX];
static uint32_t todo_count;

static void world_add(uint64_t time_ns, uint32_t operation, uint32_t attempt, enum world_kind kind)
{
	CU_ASSERT_FATAL(todo_count < WORLD_EVENTS_MAX);
	todo[todo_count++] = (struct world_event){.time_ns = time_ns,
	                                          .operation = operation,
	                                          .attempt = (uint8_t)attempt,
	                                          .kind = (uint8_t)kind};
}

static uint64_t world_timeout(const struct fixture *f, const struct world *w)
{
	uint64_t base_ns = breaker_base_timeout_ns(&f->breaker, &f->options);
	uint64_t expected_ns = w->known_ns / 2 * 5;

	return base_ns > expected_ns ? base_ns : expected_ns;
}

static void world_start(struct fixture *f, const struct world *w, struct world_operation *o,
                        uint32_t number)
{
	if (fixture_allow(f) == BREAKER_REJECT) {
		*o = (struct world_operation){.over = 1};
		return;
	}
	uint32_t wanted = breaker_parallel(&f->breaker, &f->options);

	*o = (struct world_operation){
	        .start_ns = f->now_ns,
	        .ticket = f->ticket,
	        .attempts = (uint8_t)(wanted > 1 ? wanted : 1),
	};
	for (uint32_t i = 0; i < o->attempts; i++) {
		uint32_t node = (number + i) % 3;

		if (node < 3 - w->dead_nodes)
			world_add(f->now_ns + w->mean_ns / 2 + prng_below(&f->prng, w->mean_ns),
			          number, i, WORLD_REPLY);
	}
	world_add(f->now_ns + world_timeout(f, w), number, 0, WORLD_GIVE_UP);
}

static void world_happen(struct fixture *f, struct world *w, struct world_operation *o,
                         const struct world_event *e)
{
	uint64_t latency_ns = e->time_ns - o->start_ns;

	f->now_ns = e->time_ns;
	breaker_tick(&f->breaker, &f->context, f->now_ns);
	if (e->kind == WORLD_REPLY) {
		fixture_measure(f, o->ticket, latency_ns);
		if (w->learns)
			w->known_ns =
			        w->known_ns == 0 ? latency_ns : (w->known_ns * 7 + latency_ns) / 8;
		if (o->over == 0) {
			fixture_succeed(f, o->ticket, latency_ns);
			w->succeeded++;
		}
	} else if (o->over == 0) {
		for (uint32_t i = 0; i < o->attempts; i++)
			breaker_on_latency(&f->breaker, &f->context, o->ticket, latency_ns,
			                   BREAKER_CENSORED, f->now_ns);
		fixture_fail(f, o->ticket);
		w->failed++;
	}
	o->over = 1;
}

/* The earliest event before `until_ns`, taken out; NULL: none. */
static const struct world_event *world_next(uint64_t until_ns)
{
	static struct world_event taken;
	uint32_t first = UINT32_MAX;

	for (uint32_t i = 0; i < todo_count; i++)
		if (todo[i].time_ns < until_ns &&
		    (first == UINT32_MAX || todo[i].time_ns < todo[first].time_ns))
			first = i;
	if (first == UINT32_MAX)
		return NULL;
	taken = todo[first];
	todo[first] = todo[--todo_count];
	return &taken;
}

static void world_run(struct fixture *f, struct world *w, uint64_t seed)
{
	struct world_operation *all = calloc(w->operations, sizeof(*all));
	uint64_t start_ns = f->now_ns;
	const struct world_event *e;

	CU_ASSERT_PTR_NOT_NULL_FATAL(all);
	prng_init(&f->prng, seed);
	todo_count = 0;
	for (uint32_t i = 0; i < w->operations; i++) {
		uint64_t at_ns = start_ns + i * w->every_ns;

		while ((e = world_next(at_ns)) != NULL)
			world_happen(f, w, &all[e->operation], e);
		f->now_ns = at_ns;
		breaker_tick(&f->breaker, &f->context, f->now_ns);
		world_start(f, w, &all[i], i);
	}
	while ((e = world_next(UINT64_MAX)) != NULL)
		world_happen(f, w, &all[e->operation], e);
	free(all);
}

/* Three nodes of 2.1 s +-50 %, for hours: one entry, and it stays. Measuring the first success of
 * three only would show 1.6 s and swing. */
static void steady_and_slow_enters_once(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct fixture *f = &fixture;
		struct world w = {
		        .mean_ns = 2100 * MS,
		        .operations = 10000,
		        .every_ns = 500 * MS,
		        .known_ns = 2100 * MS,
		};

		fixture_init(f);
		world_run(f, &w, seed);
		CU_ASSERT_EQUAL(fixture_entered(f, BREAKER_ULTRA_RESILIENT), 1);
		CU_ASSERT_EQUAL(f->breaker.state, BREAKER_ULTRA_RESILIENT);
		CU_ASSERT_EQUAL(w.failed, 0);
		CU_ASSERT_EQUAL(w.succeeded, w.operations);
	}
}

/* The same world, but nobody knows what to expect. The first operations time out after 1.0 s; five
 * in a row may even open the breaker. Their replies come late and teach the callers, whose
 * estimators do not forget on OPEN as the breaker does; without that every probe of HALF_OPEN would
 * time out after 1.0 s again, for ever. */
static void late_replies_teach(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct fixture *f = &fixture;
		struct world w = {
		        .mean_ns = 2100 * MS,
		        .operations = 10000,
		        .every_ns = 500 * MS,
		        .learns = true,
		};

		fixture_init(f);
		world_run(f, &w, seed);
		CU_ASSERT_EQUAL(f->breaker.state, BREAKER_ULTRA_RESILIENT);
		CU_ASSERT(w.succeeded >= 9900);
		CU_ASSERT(fixture_entered(f, BREAKER_OPEN) <= 1);
		/* Once, or twice when the early failures made half of the first ten. */
		CU_ASSERT(fixture_entered(f, BREAKER_ULTRA_RESILIENT) >= 1);
		CU_ASSERT(fixture_entered(f, BREAKER_ULTRA_RESILIENT) <=
		          1 + fixture_entered(f, BREAKER_OPEN));
	}
}

/* Fast nodes, then all or two of three dead: timeouts of 1 s to 3 s are no latency. */
static void dead_is_not_slow(void)
{
	for (uint32_t dead = 1; dead <= 3; dead++) {
		struct fixture *f = &fixture;
		struct world w = {
		        .mean_ns = 300 * MS,
		        .operations = 5000,
		        .every_ns = 500 * MS,
		        .dead_nodes = dead,
		};

		fixture_init(f);
		for (uint32_t s = 0; s < BREAKER_STATES; s++) /* longer than ultra_latency */
			f->options.base_timeout_ns[s] = 3 * SECOND;
		world_run(f, &w, dead);
		CU_ASSERT_EQUAL(fixture_entered(f, BREAKER_ULTRA_RESILIENT), 0);
		CU_ASSERT(f->counters[FIXTURE_SUBJECT].censored > 0);
		CU_ASSERT(w.failed > 0);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"three measurements", three_measurements},
	        {"the mean", the_mean},
	        {"one outlier is clamped", one_outlier_is_clamped},
	        {"fast must last", fast_must_last},
	        {"slow probes", slow_probes},
	        {"slow settles", slow_settles},
	        {"fast begins when it is fast", fast_begins_when_it_is_fast},
	        {"slow on average", slow_on_average},
	        {"steady and slow enters once", steady_and_slow_enters_once},
	        {"late replies teach", late_replies_teach},
	        {"dead is not slow", dead_is_not_slow},
	};

	return SUITE_RUN("breaker_latency", tests);
}
