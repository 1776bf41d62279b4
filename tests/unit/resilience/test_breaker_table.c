/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every state, every fact, every set of states that a profile may have: where does the breaker go?
 * What is expected is written here once more, in other words than the table's.
 */
#include "resilience/breaker_table.h"

#include <stdio.h>

#include "tests/unit/suite.h"

#include "tests/unit/resilience/breaker_fixture.h"

enum fact {
	FACT_SUCCESS,
	FACT_FAILURE,
	FACT_RATE_RESILIENT, /* 7 of 64 operations fail, never 2 in a row */
	FACT_RATE_OPEN,      /* 32 of 64, likewise */
	FACT_CONSECUTIVE,    /* 5 in a row, after enough successes */
	FACT_SLOW,           /* 3 measurements of 2.5 s */
	FACT_CENSORED,       /* 100 attempts without a reply after 9 s */
	FACT_FAST,           /* many measurements of 0.1 s, then the dwell time */
	FACT_CALM,           /* many successes, then the dwell time */
	FACT_FORECAST,
	FACT_FORECAST_OVER,
	FACT_NODES_OUT,
	FACT_NODES_BACK,
	FACT_PROBES_GOOD, /* as many operations as there are probes are let in if possible, succeed
	                   */
	FACT_PROBES_SLOW, /* ... after 2.5 s */
	FACT_PROBES_TWO_SLOW,
	FACT_PROBE_FAILED,
	FACT_PROBE_SILENT,   /* one is let in if possible, its lease passes */
	FACT_PROBE_CANCELED, /* one is let in if possible and withdrawn */
	FACT_STALE,          /* outcomes with the tickets of another life */
	FACT_ALLOW,          /* a hundred callers */
	FACT_TIME,           /* a minute */
	FACT_COUNT
};

static const char *const fact_names[FACT_COUNT] = {"success",
                                                   "failure",
                                                   "rate >= resilient_at",
                                                   "rate >= open_at",
                                                   "consecutive",
                                                   "slow",
                                                   "censored",
                                                   "fast",
                                                   "calm",
                                                   "forecast",
                                                   "forecast over",
                                                   "nodes out",
                                                   "nodes back",
                                                   "probes good",
                                                   "probes slow",
                                                   "two probes slow",
                                                   "probe failed",
                                                   "probe silent",
                                                   "probe cancelled",
                                                   "stale",
                                                   "allow",
                                                   "time"};

/* Columns: CLOSED, RESILIENT, ULTRA_RESILIENT, HALF_OPEN, OPEN. A dot: stays. In OPEN whatever
 * takes time ends in HALF_OPEN. */
static const char *const wanted[FACT_COUNT] = {
        [FACT_SUCCESS] = ".....",        [FACT_FAILURE] = ".....",
        [FACT_RATE_RESILIENT] = "R....", [FACT_RATE_OPEN] = "OOO..",
        [FACT_CONSECUTIVE] = "OOO..",    [FACT_SLOW] = "UU...",
        [FACT_CENSORED] = ".....",       [FACT_FAST] = "..R.H",
        [FACT_CALM] = ".C..H",           [FACT_FORECAST] = "R....",
        [FACT_FORECAST_OVER] = ".....",  [FACT_NODES_OUT] = "OOOO.",
        [FACT_NODES_BACK] = ".....",     [FACT_PROBES_GOOD] = "...R.",
        [FACT_PROBES_SLOW] = "...U.",    [FACT_PROBES_TWO_SLOW] = "...R.",
        [FACT_PROBE_FAILED] = "...O.",   [FACT_PROBE_SILENT] = "...OH",
        [FACT_PROBE_CANCELED] = ".....", [FACT_STALE] = ".....",
        [FACT_ALLOW] = ".....",          [FACT_TIME] = "....H",
};

static struct fixture fixture;
static uint64_t seen[BREAKER_TRANSITIONS];

static bool has(uint32_t states, enum breaker_state s)
{
	return (states & BREAKER_BIT(s)) != 0;
}

/* The first of two states that there is. */
static enum breaker_state either(uint32_t states, enum breaker_state a, enum breaker_state b)
{
	return has(states, a) ? a : b;
}

/* Where it goes when `to` is lacking. */
static enum breaker_state instead(uint32_t states, enum breaker_state from, enum fact fact,
                                  enum breaker_state to)
{
	enum breaker_state up = either(states, BREAKER_RESILIENT, BREAKER_CLOSED);

	switch (to) {
	case BREAKER_CLOSED:
		break;
	case BREAKER_RESILIENT:
		if (fact == FACT_FORECAST)
			return either(states, BREAKER_HALF_OPEN,
			              either(states, BREAKER_OPEN, BREAKER_CLOSED));
		return BREAKER_CLOSED;
	case BREAKER_ULTRA_RESILIENT:
		return from == BREAKER_HALF_OPEN ? up : from;
	case BREAKER_HALF_OPEN:
		return up;
	case BREAKER_OPEN:
		/* So many failures are at least a reason for RESILIENT. */
		return from == BREAKER_CLOSED && fact == FACT_RATE_OPEN ? up : from;
	}
	return to;
}

static enum breaker_state expected(uint32_t states, enum breaker_state from, enum fact fact)
{
	static const char letters[] = "CRUHO";
	char c = wanted[fact][from];

	if (c == '.')
		return from;
	enum breaker_state to = (enum breaker_state)(strchr(letters, c) - letters);

	return has(states, to) ? to : instead(states, from, fact, to);
}

static void enter(struct fixture *f, uint32_t states, enum breaker_state state)
{
	fixture_init(f);
	f->options.states = (uint8_t)states;
	fixture_successes(f, 64);
	switch (state) {
	case BREAKER_CLOSED:
		break;
	case BREAKER_RESILIENT:
		for (uint32_t i = 0; i < 7; i++) {
			fixture_failures(f, 1);
			fixture_successes(f, 1);
		}
		break;
	case BREAKER_ULTRA_RESILIENT:
		for (uint32_t i = 0; i < 3; i++)
			fixture_measure(f, f->breaker.epoch, 2500 * MS);
		break;
	case BREAKER_OPEN:
		fixture_open(f);
		break;
	case BREAKER_HALF_OPEN:
		fixture_open(f);
		fixture_probe(f);
		break;
	}
	CU_ASSERT_EQUAL_FATAL(f->breaker.state, state);
}

static void probes(struct fixture *f, uint32_t slow)
{
	for (uint32_t i = 0; i < f->options.probes; i++) {
		fixture_allow(f);
		fixture_succeed(f, f->ticket, i < slow ? 2500 * MS : 100 * MS);
	}
}

static void operations(struct fixture *f, uint32_t count, uint32_t every)
{
	for (uint32_t i = 0; i < count; i++) {
		if (i % every == 0)
			fixture_failures(f, 1);
		else
			fixture_successes(f, 1);
	}
}

static void apply(struct fixture *f, enum fact fact)
{
	uint32_t other = f->breaker.epoch - 256;

	switch (fact) {
	case FACT_SUCCESS:
		fixture_successes(f, 1);
		break;
	case FACT_FAILURE:
		fixture_failures(f, 1);
		break;
	case FACT_RATE_RESILIENT:
		operations(f, 63, 9);
		break;
	case FACT_RATE_OPEN:
		operations(f, 64, 2);
		break;
	case FACT_CONSECUTIVE:
		fixture_successes(f, 64);
		fixture_failures(f, 5);
		break;
	case FACT_SLOW:
		for (uint32_t i = 0; i < 3; i++)
			fixture_measure(f, f->breaker.epoch, 2500 * MS);
		break;
	case FACT_CENSORED:
		for (uint32_t i = 0; i < 100; i++)
			breaker_on_latency(&f->breaker, &f->context, f->breaker.epoch, 9 * SECOND,
			                   BREAKER_CENSORED, f->now_ns);
		break;
	case FACT_FAST:
		for (uint32_t i = 0; i < 100; i++)
			fixture_measure(f, f->breaker.epoch, 100 * MS);
		fixture_wait(f, f->options.dwell_ns);
		break;
	case FACT_CALM:
		fixture_successes(f, 500);
		fixture_wait(f, f->options.dwell_ns);
		break;
	case FACT_FORECAST:
		breaker_on_forecast(&f->breaker, &f->context, 1, f->now_ns);
		break;
	case FACT_FORECAST_OVER:
		breaker_on_forecast(&f->breaker, &f->context, 0, f->now_ns);
		break;
	case FACT_NODES_OUT:
		breaker_on_nodes(&f->breaker, &f->context, 0, f->now_ns);
		break;
	case FACT_NODES_BACK:
		breaker_on_nodes(&f->breaker, &f->context, 1, f->now_ns);
		break;
	case FACT_PROBES_GOOD:
		probes(f, 0);
		break;
	case FACT_PROBES_SLOW:
		probes(f, 3);
		break;
	case FACT_PROBES_TWO_SLOW:
		probes(f, 2);
		break;
	case FACT_PROBE_FAILED:
		fixture_allow(f);
		fixture_fail(f, f->ticket);
		break;
	case FACT_PROBE_SILENT:
		fixture_allow(f);
		fixture_wait(f, f->options.lease_ns);
		break;
	case FACT_PROBE_CANCELED:
		fixture_allow(f);
		breaker_on_cancel(&f->breaker, &f->context, f->ticket, f->now_ns);
		break;
	case FACT_STALE:
		for (uint32_t i = 0; i < 20; i++) {
			fixture_fail(f, other);
			fixture_succeed(f, other | 1, 9 * SECOND);
			fixture_measure(f, other, 9 * SECOND);
		}
		break;
	case FACT_ALLOW:
		for (uint32_t i = 0; i < 100; i++)
			fixture_allow(f);
		break;
	case FACT_TIME:
		fixture_wait(f, 60 * SECOND);
		break;
	case FACT_COUNT:
		CU_FAIL_FATAL("no fact");
	}
}

/* Every event must be a row of the table. */
static void account(const struct fixture *f)
{
	for (uint64_t k = 0; k < f->ring.head; k++) {
		const struct event *e = &f->events[k];
		uint32_t rows = 0;

		for (uint32_t i = 0; i < BREAKER_TRANSITIONS; i++) {
			const struct breaker_transition *t = &breaker_transitions[i];

			if (t->from != e->from || t->to != e->to || t->cause != e->reason)
				continue;
			seen[i]++;
			rows++;
		}
		CU_ASSERT_EQUAL(rows, 1);
	}
}

static bool states_are_valid(uint32_t states)
{
	return has(states, BREAKER_CLOSED) &&
	       (has(states, BREAKER_OPEN) || !has(states, BREAKER_HALF_OPEN));
}

static void every_state_and_fact(void)
{
	struct fixture *f = &fixture;
	uint32_t pairs = 0;

	for (uint32_t states = 0; states <= BREAKER_ALL; states++)
		for (uint32_t s = 0; states_are_valid(states) && s < BREAKER_STATES; s++)
			for (uint32_t fact = 0; fact < FACT_COUNT; fact++) {
				if (!has(states, (enum breaker_state)s))
					continue;
				enter(f, states, (enum breaker_state)s);
				apply(f, (enum fact)fact);
				enum breaker_state to =
				        expected(states, (enum breaker_state)s, (enum fact)fact);

				if (f->breaker.state != to)
					printf("\nstates %#x, %s, %s: %s, expected %s", states,
					       breaker_state_name((enum breaker_state)s),
					       fact_names[fact],
					       breaker_state_name(
					               (enum breaker_state)f->breaker.state),
					       breaker_state_name(to));
				CU_ASSERT_EQUAL(f->breaker.state, to);
				CU_ASSERT_TRUE(breaker_is_sound(&f->breaker, &f->options));
				account(f);
				pairs++;
			}
	printf("\n%u pairs ", pairs);
	/* 12 sets of states: all have CLOSED, 6 RESILIENT, 6 ULTRA_RESILIENT, 8 OPEN, 4 HALF_OPEN.
	 */
	CU_ASSERT_EQUAL(pairs, 36 * FACT_COUNT);
}

/* The pairs above took every row. */
static void every_row_was_taken(void)
{
	for (uint32_t i = 0; i < BREAKER_TRANSITIONS; i++) {
		const struct breaker_transition *t = &breaker_transitions[i];

		if (seen[i] == 0)
			printf("\nnever: %s to %s by %s",
			       breaker_state_name((enum breaker_state)t->from),
			       breaker_state_name((enum breaker_state)t->to),
			       breaker_cause_name((enum breaker_cause)t->cause));
		CU_ASSERT(seen[i] > 0);
	}
}

static void rows_are_found(void)
{
	CU_ASSERT_EQUAL(breaker_rows[0], 0);
	CU_ASSERT_EQUAL(breaker_rows[BREAKER_STATES], BREAKER_TRANSITIONS);
	for (uint32_t s = 0; s < BREAKER_STATES; s++) {
		CU_ASSERT(breaker_rows[s] < breaker_rows[s + 1]);
		for (uint32_t i = breaker_rows[s]; i < breaker_rows[s + 1]; i++) {
			CU_ASSERT_EQUAL(breaker_transitions[i].from, s);
			CU_ASSERT_NOT_EQUAL(breaker_transitions[i].to, s);
		}
	}
}

/* Whatever states there are: from each of them rows lead to CLOSED. */
static void every_state_has_a_way_out(void)
{
	for (uint32_t states = 0; states <= BREAKER_ALL; states++) {
		uint32_t home = BREAKER_BIT(BREAKER_CLOSED);

		if (!states_are_valid(states))
			continue;
		for (uint32_t turn = 0; turn < BREAKER_STATES; turn++)
			for (uint32_t i = 0; i < BREAKER_TRANSITIONS; i++)
				if ((home & BREAKER_BIT(breaker_transitions[i].to)) != 0)
					home |= BREAKER_BIT(breaker_transitions[i].from) & states;
		CU_ASSERT_EQUAL(home, states);
	}
}

static void names(void)
{
	for (uint32_t a = 0; a < BREAKER_CAUSES; a++) {
		CU_ASSERT(strlen(breaker_cause_text((enum breaker_cause)a)) > 0);
		for (uint32_t b = 0; b < a; b++)
			CU_ASSERT_STRING_NOT_EQUAL(breaker_cause_name((enum breaker_cause)a),
			                           breaker_cause_name((enum breaker_cause)b));
	}
	for (uint32_t a = 0; a < BREAKER_STATES; a++)
		CU_ASSERT(strlen(breaker_state_name((enum breaker_state)a)) > 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"every state and fact", every_state_and_fact},
	        {"every row was taken", every_row_was_taken},
	        {"rows are found", rows_are_found},
	        {"every state has a way out", every_state_has_a_way_out},
	        {"names", names},
	};

	return SUITE_RUN("breaker_table", tests);
}
