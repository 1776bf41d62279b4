/* SPDX-License-Identifier: BSD-3-Clause
 *
 * usage: test_tuning [SEED]
 */
#include "resilience/tuning.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/event.h"
#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define INTERVAL 1000u
#define ULTRA    2000000u /* ns */

static uint64_t seed = 1;

struct world {
	struct tuning_options options;
	struct tuning tuning;
	struct event memory[1024];
	struct event_ring ring;
	uint64_t now_ns;
};

static void start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->ring = (struct event_ring){.events = w->memory, .mask = 1023};
	tuning_options_standard(&w->options, INTERVAL, ULTRA);
	w->options.subject = 3;
	CU_ASSERT_EQUAL(tuning_init(&w->tuning, &w->options, 0), 0);
}

static uint32_t observe(struct world *w, const struct tuning_observation *seen)
{
	w->now_ns += INTERVAL;
	return tuning_observe(&w->tuning, &w->options, seen, w->now_ns, &w->ring);
}

/* A service whose share of replies later than multiplier x mean halves with every 0.25 more of it:
 * 1/8 at 1, 2^-9 at 2.5, 2^-10 at 2.75, 2^-12 at 3.25. */
static uint64_t spurious_of(uint64_t attempts, uint64_t multiplier_milli)
{
	uint64_t halvings = 3 + (multiplier_milli - 1000) / 250;

	return attempts >> halvings;
}

static void test_multiplier(void)
{
	struct world w;
	uint64_t value = 0;

	start(&w);
	for (uint32_t i = 0; i < 100; i++) {
		value = tuning_get(&w.tuning, TUNING_LATENCY_MULTIPLIER);
		(void)observe(&w,
		              &(struct tuning_observation){.attempts = 100000,
		                                           .spurious = spurious_of(100000, value)});
	}
	/* From too many spurious timeouts up to between 200 and 1000 ppm, and there it stays. */
	CU_ASSERT(value > 2500);
	CU_ASSERT(spurious_of(1000000, value) <= 1000);
	CU_ASSERT(spurious_of(1000000, value) >= 200);
	uint32_t changes = w.tuning.parameter[TUNING_LATENCY_MULTIPLIER].changes;

	CU_ASSERT(changes > 0);
	CU_ASSERT(changes < 10);
	CU_ASSERT_EQUAL(w.ring.head, changes);
	CU_ASSERT_EQUAL(w.memory[0].kind, EVENT_TUNING);
	CU_ASSERT_EQUAL(w.memory[0].subject, 3);
	CU_ASSERT_EQUAL(w.memory[0].from, TUNING_LATENCY_MULTIPLIER);
	CU_ASSERT_EQUAL(w.memory[0].reason, TUNING_SPURIOUS_MANY);
	CU_ASSERT_EQUAL(w.memory[0].detail, 2500);
	CU_ASSERT_EQUAL(w.memory[0].value, 2625);
	/* A service that never is late: down, to the bound, not below. */
	for (uint32_t i = 0; i < 100; i++)
		(void)observe(&w, &(struct tuning_observation){.attempts = 100000});
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_LATENCY_MULTIPLIER), 1000);
	CU_ASSERT_EQUAL(w.tuning.parameter[TUNING_LATENCY_MULTIPLIER].reason, TUNING_SPURIOUS_FEW);
	for (uint32_t i = 0; i < 100; i++)
		(void)observe(&w, &(struct tuning_observation){.attempts = 10, .spurious = 10});
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_LATENCY_MULTIPLIER), 1000);
	for (uint32_t i = 0; i < 100; i++)
		(void)observe(&w,
		              &(struct tuning_observation){.attempts = 10000, .spurious = 10000});
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_LATENCY_MULTIPLIER), 5000);
}

static void test_ultra_latency(void)
{
	struct world w;
	struct tuning_observation seen = {.attempts = 5000, .latency_ns = 100000, .calm = true};

	start(&w);
	for (uint32_t i = 0; i < 200; i++)
		(void)observe(&w, &seen);
	/* Four times the level, within the band. */
	uint64_t value = tuning_get(&w.tuning, TUNING_ULTRA_LATENCY);

	CU_ASSERT(value >= 360000);
	CU_ASSERT(value <= 450000);
	/* What happens in an upheaval does not teach. */
	seen = (struct tuning_observation){
	        .attempts = 5000, .latency_ns = 900000, .failures = 4000};
	for (uint32_t i = 0; i < 200; i++)
		(void)observe(&w, &seen);
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_ULTRA_LATENCY), value);
	/* Nor a single reading. */
	seen.calm = true;
	seen.failures = 0;
	(void)observe(&w, &seen);
	CU_ASSERT(tuning_get(&w.tuning, TUNING_ULTRA_LATENCY) <= value * 11 / 10);
	/* The bounds hold; near enough to one is there. */
	for (uint32_t i = 0; i < 1000; i++)
		(void)observe(&w, &seen);
	CU_ASSERT(tuning_get(&w.tuning, TUNING_ULTRA_LATENCY) <= ULTRA);
	CU_ASSERT(tuning_get(&w.tuning, TUNING_ULTRA_LATENCY) >= ULTRA / 10 * 9);
	seen.latency_ns = 1;
	for (uint32_t i = 0; i < 2000; i++)
		(void)observe(&w, &seen);
	CU_ASSERT(tuning_get(&w.tuning, TUNING_ULTRA_LATENCY) <= ULTRA / 20 * 111 / 100);
}

static void test_resilient_at(void)
{
	struct world w;
	struct tuning_observation seen = {.attempts = 10000, .failures = 300, .calm = true};

	start(&w);
	for (uint32_t i = 0; i < 300; i++)
		(void)observe(&w, &seen);
	/* 3 % is normal here: cautious at five times that. */
	uint64_t value = tuning_get(&w.tuning, TUNING_RESILIENT_AT);

	CU_ASSERT(value >= 135000);
	CU_ASSERT(value <= 165000);
	/* An outage does not make failing normal. */
	seen = (struct tuning_observation){.attempts = 10000, .failures = 9000};
	for (uint32_t i = 0; i < 300; i++)
		(void)observe(&w, &seen);
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_RESILIENT_AT), value);
	seen = (struct tuning_observation){.attempts = 10000, .failures = 0, .calm = true};
	for (uint32_t i = 0; i < 3000; i++)
		(void)observe(&w, &seen);
	CU_ASSERT(tuning_get(&w.tuning, TUNING_RESILIENT_AT) <= 56000);
}

static void test_hedge_quantile(void)
{
	struct world w;

	start(&w);
	/* A heavy tail: hedges win, but no more than 5 % extra. */
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t tail = 1000000 - tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE);
		uint64_t hedges = 100000 * tail / 1000000;

		(void)observe(&w, &(struct tuning_observation){.operations = 100000,
		                                               .hedges = hedges,
		                                               .hedges_won = hedges / 2});
		CU_ASSERT(100000 * tail <= 5000ull * 1000000);
	}
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE), 950000);
	/* No tail: they gain nothing, fewer of them. */
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t tail = 1000000 - tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE);

		(void)observe(&w, &(struct tuning_observation){.operations = 100000,
		                                               .hedges = 100000 * tail / 1000000,
		                                               .hedges_won = 10});
	}
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE), 990000);
	CU_ASSERT_EQUAL(w.tuning.parameter[TUNING_HEDGE_QUANTILE].reason, TUNING_HEDGES_LOSE);
	/* They win again: more. */
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t tail = 1000000 - tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE);
		uint64_t hedges = 100000 * tail / 1000000;

		(void)observe(&w, &(struct tuning_observation){.operations = 100000,
		                                               .hedges = hedges,
		                                               .hedges_won = hedges});
	}
	CU_ASSERT(tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE) < 960000);
	CU_ASSERT(tuning_get(&w.tuning, TUNING_HEDGE_QUANTILE) >= 950000);
	CU_ASSERT_EQUAL(w.tuning.parameter[TUNING_HEDGE_QUANTILE].reason, TUNING_HEDGES_WIN);
	/* More extra requests than allowed, whatever they win. */
	(void)observe(&w, &(struct tuning_observation){
	                          .operations = 1000, .hedges = 500, .hedges_won = 500});
	CU_ASSERT_EQUAL(w.tuning.parameter[TUNING_HEDGE_QUANTILE].reason, TUNING_HEDGES_COSTLY);
}

static struct tuning_observation random_observation(struct prng *p)
{
	uint64_t attempts = prng_next(p) >> (20 + prng_below(p, 44));

	/* Sums that do not add up are among them. */
	return (struct tuning_observation){
	        .attempts = attempts,
	        .failures = attempts * prng_below(p, 110) / 100,
	        .spurious = prng_next(p) >> (20 + prng_below(p, 44)),
	        .operations = prng_next(p) >> (20 + prng_below(p, 44)),
	        .hedges = prng_next(p) >> (20 + prng_below(p, 44)),
	        .hedges_won = prng_next(p) >> (20 + prng_below(p, 44)),
	        .latency_ns = prng_next(p) >> prng_below(p, 64),
	        .calm = prng_below(p, 4) != 0,
	};
}

/* Whatever is observed: bounds, step and rate hold, every change is an event, and twice the same is
 * the same. */
static void test_property(void)
{
	static struct world w;
	static struct world twin;
	uint64_t changed_ns[TUNING_PARAMETERS] = {0};
	uint64_t changes = 0;
	struct prng p;

	printf(" seed %llu ", (unsigned long long)seed);
	prng_init(&p, seed);
	start(&w);
	start(&twin);
	for (uint32_t i = 0; i < 100000; i++) {
		struct tuning before = w.tuning;
		struct tuning_observation seen = random_observation(&p);
		uint64_t head = w.ring.head;

		w.now_ns += prng_below(&p, INTERVAL);
		twin.now_ns = w.now_ns;
		uint32_t changed = tuning_observe(&w.tuning, &w.options, &seen, w.now_ns, &w.ring);

		(void)tuning_observe(&twin.tuning, &twin.options, &seen, w.now_ns, NULL);
		CU_ASSERT_EQUAL(w.ring.head - head, (uint64_t)__builtin_popcount(changed));
		for (uint32_t k = 0; k < TUNING_PARAMETERS; k++) {
			const struct tuning_rule *r = &w.options.rule[k];
			uint64_t old = before.parameter[k].value;
			uint64_t now = w.tuning.parameter[k].value;
			uint64_t base = k == TUNING_HEDGE_QUANTILE ? 1000000 - old : old;
			uint64_t step = now > old ? now - old : old - now;

			CU_ASSERT_EQUAL(now != old, (changed >> k & 1) != 0);
			if (now == old)
				continue;
			CU_ASSERT(now >= r->min);
			CU_ASSERT(now <= r->max);
			CU_ASSERT(step <= base * r->step_ppm / 1000000 || step == 1);
			CU_ASSERT(w.now_ns - changed_ns[k] >= r->interval_ns);
			changed_ns[k] = w.now_ns;
			changes++;
		}
	}
	CU_ASSERT(changes > 1000);
	CU_ASSERT_EQUAL(memcmp(&w.tuning, &twin.tuning, sizeof(w.tuning)), 0);
}

static void test_frozen_and_fixed(void)
{
	struct world w;
	struct tuning_observation bad = {.attempts = 1000000, .spurious = 1000000};

	start(&w);
	tuning_freeze(&w.tuning, true);
	struct tuning before = w.tuning;

	for (uint32_t i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(observe(&w, &bad), 0);
	CU_ASSERT_EQUAL(memcmp(&before, &w.tuning, sizeof(before)), 0);
	tuning_freeze(&w.tuning, false);
	CU_ASSERT_EQUAL(observe(&w, &bad), 1u << TUNING_LATENCY_MULTIPLIER);
	/* One that is not automatic stays, whatever happens. */
	w.options.rule[TUNING_LATENCY_MULTIPLIER].automatic = false;
	CU_ASSERT_EQUAL(tuning_init(&w.tuning, &w.options, w.now_ns), 0);
	for (uint32_t i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(observe(&w, &bad), 0);
	CU_ASSERT_EQUAL(tuning_get(&w.tuning, TUNING_LATENCY_MULTIPLIER), 2500);
}

static void test_options(void)
{
	struct tuning_options good;
	struct tuning t;

	tuning_options_standard(&good, INTERVAL, ULTRA);
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		struct tuning_options o = good;
		struct tuning_rule *r = &o.rule[i];

		CU_ASSERT_EQUAL(tuning_init(&t, &o, 0), 0);
		r->min = r->initial + 1;
		CU_ASSERT_EQUAL(tuning_init(&t, &o, 0), -EINVAL);
		*r = good.rule[i];
		r->max = r->initial - 1;
		CU_ASSERT_EQUAL(tuning_init(&t, &o, 0), -EINVAL);
		*r = good.rule[i];
		r->min = 0;
		CU_ASSERT_EQUAL(tuning_init(&t, &o, 0), -EINVAL);
		*r = good.rule[i];
		r->step_ppm = 1000000;
		CU_ASSERT_EQUAL(tuning_init(&t, &o, 0), -EINVAL);
		r->automatic = false;
		CU_ASSERT_EQUAL(tuning_init(&t, &o, 0), 0);
		CU_ASSERT(strcmp(tuning_parameter_name((enum tuning_parameter)i), "?") != 0);
	}
	for (uint32_t i = 0; i < TUNING_REASONS; i++)
		CU_ASSERT(strcmp(tuning_reason_name((enum tuning_reason)i), "?") != 0);
	good.rule[TUNING_HEDGE_QUANTILE].max = 1000000;
	CU_ASSERT_EQUAL(tuning_init(&t, &good, 0), -EINVAL);
}

static const struct suite_test tests[] = {
        {"latency_multiplier", test_multiplier},
        {"ultra_latency", test_ultra_latency},
        {"resilient_at", test_resilient_at},
        {"hedge_quantile", test_hedge_quantile},
        {"bounds, steps, rate, events, twice the same", test_property},
        {"frozen, and not automatic", test_frozen_and_fixed},
        {"options", test_options},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	return SUITE_RUN("tuning", tests);
}
