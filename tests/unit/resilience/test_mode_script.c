/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The degraded-mode script: load, failures and latency in turn, seen by the control core ten times
 * a second. All seven modes are visited, each for its reason, and the end is NORMAL; with fewer
 * modes, those that there are. Beside it: facts at random, flapping as fast as they like.
 *
 * usage: test_mode_script [SEED]
 */
#include <stdio.h>
#include <stdlib.h>

#include "resilience/event.h"
#include "resilience/mode.h"
#include "resilience/prng.h"
#include "resilience/throttle.h"
#include "tests/unit/resilience/mode_world.h"
#include "tests/unit/suite.h"

#define MS       1000000ull
#define SECOND   (1000 * MS)
#define TICK     (100 * MS)
#define RAMP     (2 * SECOND)
#define CAPACITY 64u

struct phase {
	const char *what;
	uint32_t seconds;
	struct mode_facts facts;
	bool stuck;
};

#define OF_20 \
	.components = 20, .services = 10, .attempts = 100, .attempts_succeeded = 99, .waiting = 1

static const struct phase script[] = {
        {"all is well", 10, {OF_20}, false},
        {"load: a backlog grows", 5, {OF_20, .backlog = BACKLOG_LIMIT / 2}, false},
        {"load: above its limit", 5, {OF_20, .backlog = BACKLOG_LIMIT}, false},
        {"load: still more than half of it", 5, {OF_20, .backlog = BACKLOG_LIMIT / 2}, false},
        {"load: over", 10, {OF_20}, false},
        {"failures: forecast", 5, {OF_20, .forecasts = 1}, false},
        {"failures: 4 of 10 services",
         5,
         {OF_20, .services_unhealthy = 4, .services_answering = 4},
         false},
        {"failures: 6 of 10 services, a node of each answers",
         5,
         {OF_20, .services_unhealthy = 6, .services_answering = 6},
         false},
        {"failures: 17 of 20 components", 5, {OF_20, .components_unhealthy = 17}, false},
        {"failures: they are being restored",
         5,
         {OF_20, .components_unhealthy = 11, .components_with_image = 11, .restoring = 11},
         false},
        {"failures: the last one",
         5,
         {OF_20, .components_unhealthy = 1, .components_with_image = 1, .restoring = 1},
         false},
        {"failures: over", 10, {OF_20}, false},
        {"latency: slow, not failing", 5, {OF_20, .attempts_slow = 30}, false},
        {"latency: over", 10, {OF_20}, false},
        {"nothing moves", 10, {OF_20}, true},
        {"it moves again", 10, {OF_20}, false},
};

struct world {
	struct mode_options options;
	struct throttle_options throttle_options;
	struct mode mode;
	struct throttle throttle;
	struct event memory[CAPACITY];
	struct event_ring ring;
	uint64_t now_ns;
	uint64_t progress;
	uint32_t step_max_ppm; /* greatest step of a fraction within a tick */
};

static void start(struct world *w, uint32_t set)
{
	*w = (struct world){.throttle_options = {RAMP, RAMP, true}, .ring.mask = CAPACITY - 1};
	w->ring.events = w->memory;
	mode_options_report(&w->options, SECOND, BACKLOG_LIMIT);
	w->options.modes = set;
	CU_ASSERT_EQUAL(mode_init(&w->mode, &w->options, 0), 0);
	throttle_init(&w->throttle);
}

static void tick(struct world *w, const struct mode_facts *facts, bool stuck)
{
	struct mode_facts f = *facts;
	uint32_t before_ppm[WORK_CLASSES];

	w->now_ns += TICK;
	w->progress += !stuck;
	f.progress = w->progress;
	if (mode_update(&w->mode, &w->options, &f, w->now_ns, &w->ring))
		throttle_set_mode(&w->throttle, &w->throttle_options, &mode_policy_standard,
		                  (enum mode_id)w->mode.id, w->now_ns);
	for (uint32_t c = 0; c < WORK_CLASSES; c++)
		before_ppm[c] = w->throttle.class[c].fraction_ppm;
	throttle_poll(&w->throttle, &w->throttle_options, w->now_ns);
	for (uint32_t c = 0; c < WORK_CLASSES; c++) {
		uint32_t now_ppm = w->throttle.class[c].fraction_ppm;
		uint32_t step =
		        now_ppm > before_ppm[c] ? now_ppm - before_ppm[c] : before_ppm[c] - now_ppm;

		w->step_max_ppm = step > w->step_max_ppm ? step : w->step_max_ppm;
	}
}

static void play(struct world *w)
{
	for (uint32_t i = 0; i < sizeof(script) / sizeof(script[0]); i++)
		for (uint64_t t = 0; t < script[i].seconds * SECOND; t += TICK)
			tick(w, &script[i].facts, script[i].stuck);
}

struct step {
	enum mode_id to;
	enum mode_cause reason;
};

static const struct step all_seven[] = {
        {MODE_SAFE, MODE_CAUSE_BACKLOG},      {MODE_NORMAL, MODE_CAUSE_OVER},
        {MODE_PRE_SAFE, MODE_CAUSE_FORECAST}, {MODE_SAFE, MODE_CAUSE_UNHEALTHY},
        {MODE_ULTRA, MODE_CAUSE_RECOVERABLE}, {MODE_EMERGENCY, MODE_CAUSE_COLLAPSED},
        {MODE_RECOVERY, MODE_CAUSE_OVER},     {MODE_NORMAL, MODE_CAUSE_OVER},
        {MODE_LATENCY, MODE_CAUSE_SLOW},      {MODE_NORMAL, MODE_CAUSE_OVER},
        {MODE_EMERGENCY, MODE_CAUSE_STALLED}, {MODE_NORMAL, MODE_CAUSE_OVER},
};

static void test_all_seven(void)
{
	struct world w;

	start(&w, MODE_ALL);
	play(&w);
	CU_ASSERT_EQUAL(w.ring.head, sizeof(all_seven) / sizeof(all_seven[0]));
	for (uint32_t i = 0; i < sizeof(all_seven) / sizeof(all_seven[0]); i++) {
		const struct event *e = &w.memory[i];

		printf("\n    %5.1f s  %-9s -> %-9s %s", (double)e->time_ns / (double)SECOND,
		       mode_name((enum mode_id)e->from), mode_name((enum mode_id)e->to),
		       mode_cause_name((enum mode_cause)e->reason));
		CU_ASSERT_EQUAL(e->to, all_seven[i].to);
		CU_ASSERT_EQUAL(e->reason, all_seven[i].reason);
	}
	printf(" ");
	CU_ASSERT_EQUAL(w.mode.id, MODE_NORMAL);
	for (uint32_t id = 0; id < MODE_COUNT; id++)
		CU_ASSERT(w.mode.entered[id] > 0);
	/* The transition is smooth: full scale takes the ramp's time. */
	CU_ASSERT(w.step_max_ppm > 0);
	CU_ASSERT(w.step_max_ppm <= THROTTLE_ONE * TICK / RAMP);
	CU_ASSERT_EQUAL(w.throttle.class[WORK_CRITICAL].rejected, 0);
	for (uint32_t c = 0; c < WORK_CLASSES; c++)
		CU_ASSERT_EQUAL(w.throttle.class[c].fraction_ppm, THROTTLE_ONE);
}

/* With fewer modes the same script visits those that there are; only a mode of which the causes
 * never come alone stays aside. */
static void test_fewer_modes(void)
{
	for (uint32_t k = 0; k < MODE_SETS; k++) {
		struct world w;

		start(&w, mode_sets[k]);
		play(&w);
		for (uint32_t id = 0; id < MODE_COUNT; id++)
			CU_ASSERT_EQUAL(w.mode.entered[id] > 0, (mode_sets[k] & MODE_BIT(id)) != 0);
		CU_ASSERT_EQUAL(w.mode.id, MODE_NORMAL);
	}
}

static uint64_t seed = 1;

static struct mode_facts random_facts(struct prng *p)
{
	struct seen s = seen_at((uint32_t)prng_below(p, SEEN_COUNT));

	return facts_of(&s);
}

static void test_flapping(void)
{
	struct world w;
	struct prng p;
	uint64_t entered_ns[MODE_COUNT] = {0};
	uint64_t read = 0;

	printf(" seed %llu ", (unsigned long long)seed);
	prng_init(&p, seed);
	start(&w, MODE_ALL);
	for (uint32_t i = 0; i < 200000; i++) {
		/* Mostly calm, else a mode above would rarely be left. */
		struct mode_facts f = {0};
		bool wild = (i / 100) % 2 == 0 && prng_below(&p, 4) == 0;

		if (wild)
			f = random_facts(&p);
		tick(&w, &f, false);
		if (w.ring.head == read)
			continue;
		const struct event *e = &w.memory[read++ & (CAPACITY - 1)];

		CU_ASSERT_EQUAL(w.ring.head, read);
		if (e->to < e->from)
			CU_ASSERT(e->time_ns - entered_ns[e->from] >= w.options.dwell_ns[e->from]);
		entered_ns[e->to] = e->time_ns;
	}
	CU_ASSERT(read > 1000);
	for (uint32_t i = 0; i < 100; i++)
		tick(&w, &(struct mode_facts){0}, false);
	CU_ASSERT_EQUAL(w.mode.id, MODE_NORMAL);
}

static const struct suite_test tests[] = {
        {"load, failures, latency: all seven modes, ends in NORMAL", test_all_seven},
        {"the same with fewer modes", test_fewer_modes},
        {"flapping facts", test_flapping},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	return SUITE_RUN("mode_script", tests);
}
