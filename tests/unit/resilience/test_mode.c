/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/mode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "resilience/event.h"
#include "tests/unit/resilience/mode_world.h"
#include "tests/unit/suite.h"

#define SECOND 1000u
#define NOW    1000000u

static struct mode_options report(uint32_t set)
{
	struct mode_options o;

	mode_options_report(&o, SECOND, BACKLOG_LIMIT);
	o.modes = set;
	return o;
}

/* A mode that has been in `id` for a while, held by `held`; nothing has moved for idle_ns. */
static struct mode in_mode(enum mode_id id, uint32_t held, uint64_t idle_ns, uint64_t calm_since_ns)
{
	return (struct mode){
	        .since_ns = NOW - 50 * SECOND,
	        .calm_since_ns = calm_since_ns,
	        .progress = 7,
	        .progress_ns = NOW - idle_ns,
	        .causes = (uint16_t)held,
	        .id = (uint8_t)id,
	        .reason = MODE_CAUSE_OVER,
	};
}

struct tally {
	uint64_t pairs;
	uint64_t wrong;
};

static bool agrees(const struct mode *m, bool changed, enum mode_id from, enum mode_id to,
                   bool may_go_down)
{
	if (to > from || (to < from && may_go_down))
		return changed && m->id == to && m->since_ns == NOW &&
		       m->calm_since_ns == UINT64_MAX;
	if (to == from)
		return !changed && m->id == from && m->calm_since_ns == UINT64_MAX;
	return !changed && m->id == from && m->calm_since_ns != UINT64_MAX;
}

static void check_pair(struct tally *t, const struct mode_options *o, enum mode_id id,
                       uint32_t held, const struct seen *s, uint64_t idle_ns)
{
	uint64_t enter_ns = o->cause[MODE_CAUSE_STALLED].enter;
	uint64_t leave_ns = o->cause[MODE_CAUSE_STALLED].leave;
	uint32_t enters = causes_expected(s, idle_ns, enter_ns, leave_ns, false);
	uint32_t stays = causes_expected(s, idle_ns, enter_ns, leave_ns, true);
	enum mode_id wanted = wanted_expected(o->modes, id, held, enters, stays);
	/* Just calm; calm for a bit less than the dwell time; for as long. */
	uint64_t calm_ns[3] = {UINT64_MAX, NOW - o->dwell_ns[id] + 1, NOW - o->dwell_ns[id]};
	struct mode_facts f = facts_of(s);

	f.waiting = 1;
	f.progress = 7;
	for (uint32_t i = 0; i < 3; i++) {
		/* Bits of other modes' causes must not matter. */
		uint32_t noise =
		        (uint32_t)(t->pairs * 2654435761u >> 7) & ((1u << MODE_CAUSES) - 1);
		struct mode m =
		        in_mode(id, held | (noise & ~causes_of_mode(id)), idle_ns, calm_ns[i]);
		struct mode_facts facts = f;

		bool changed = mode_update(&m, o, &facts, NOW, NULL);

		t->pairs++;
		if (!agrees(&m, changed, id, wanted, i == 2)) {
			if (t->wrong++ == 0)
				printf("in %s (held %x, set %x): unhealthy %u forecasts %u backlog "
				       "%u "
				       "restoring %u slow %u succeeded %u recoverable %u idle %u: "
				       "%s instead of %s\n",
				       mode_name(id), held, o->modes, s->unhealthy, s->forecasts,
				       s->backlog, s->restoring, s->slow, s->succeeded,
				       s->recoverable, (unsigned)idle_ns,
				       mode_name((enum mode_id)m.id), mode_name(wanted));
		}
	}
}

static void test_every_mode_with_every_fact(void)
{
	struct tally t = {0, 0};

	for (uint32_t k = 0; k < MODE_SETS; k++) {
		struct mode_options o = report(mode_sets[k]);
		const uint64_t idle_ns[3] = {0, o.cause[MODE_CAUSE_STALLED].leave,
		                             o.cause[MODE_CAUSE_STALLED].enter};

		for (uint32_t id = 0; id < MODE_COUNT; id++) {
			uint32_t own = causes_of_mode((enum mode_id)id);

			if ((o.modes & MODE_BIT(id)) == 0)
				continue;
			/* All subsets of what may hold it. */
			for (uint32_t held = own;; held = (held - 1) & own) {
				for (uint32_t i = 0; i < SEEN_COUNT * 3; i++) {
					struct seen s = seen_at(i / 3);

					check_pair(&t, &o, (enum mode_id)id, held, &s,
					           idle_ns[i % 3]);
				}
				if (held == 0)
					break;
			}
		}
	}
	printf(" %llu pairs ", (unsigned long long)t.pairs);
	CU_ASSERT(t.pairs > 1000000);
	CU_ASSERT_EQUAL(t.wrong, 0);
}

static bool enters(const struct mode_facts *f, enum mode_id to)
{
	struct mode_options o = report(MODE_ALL);
	struct mode m;

	CU_ASSERT_EQUAL(mode_init(&m, &o, NOW), 0);
	bool changed = mode_update(&m, &o, f, NOW, NULL);

	CU_ASSERT_EQUAL(changed, m.id != MODE_NORMAL);
	return m.id == to;
}

/* The report's numbers, exactly, by components and by services. */
static void test_thresholds(void)
{
	static const struct {
		uint32_t unhealthy; /* of 1000 */
		enum mode_id to;
	} steps[] = {{99, MODE_NORMAL}, {100, MODE_PRE_SAFE}, {299, MODE_PRE_SAFE},
	             {300, MODE_SAFE},  {499, MODE_SAFE},     {500, MODE_ULTRA},
	             {799, MODE_ULTRA}, {800, MODE_EMERGENCY}};

	for (uint32_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct mode_facts c = {.components = 1000,
		                       .components_unhealthy = steps[i].unhealthy,
		                       .components_with_image = steps[i].unhealthy};
		struct mode_facts s = {.services = 1000,
		                       .services_unhealthy = steps[i].unhealthy,
		                       .services_answering = steps[i].unhealthy};

		CU_ASSERT(enters(&c, steps[i].to));
		CU_ASSERT(enters(&s, steps[i].to));
		/* The worse kind counts, they are not mixed. */
		c.services = 1000000;
		s.components = 1000000;
		CU_ASSERT(enters(&c, steps[i].to));
		CU_ASSERT(enters(&s, steps[i].to));
	}
	CU_ASSERT(enters(
	        &(struct mode_facts){.attempts = 10, .attempts_succeeded = 9, .attempts_slow = 3},
	        MODE_LATENCY));
	CU_ASSERT(enters(
	        &(struct mode_facts){.attempts = 10, .attempts_succeeded = 9, .attempts_slow = 2},
	        MODE_NORMAL));
	CU_ASSERT(enters(
	        &(struct mode_facts){.attempts = 10, .attempts_succeeded = 8, .attempts_slow = 9},
	        MODE_NORMAL));
	CU_ASSERT(enters(&(struct mode_facts){.attempts_slow = 9}, MODE_NORMAL));
	CU_ASSERT(enters(&(struct mode_facts){.backlog = BACKLOG_LIMIT - 1}, MODE_NORMAL));
	CU_ASSERT(enters(&(struct mode_facts){.backlog = BACKLOG_LIMIT}, MODE_SAFE));
	CU_ASSERT(enters(&(struct mode_facts){.restoring = 1}, MODE_RECOVERY));
	CU_ASSERT(enters(&(struct mode_facts){.forecasts = 1}, MODE_PRE_SAFE));
	/* Half is broken, but a service of which no node answers is not recoverable. */
	CU_ASSERT(enters(&(struct mode_facts){.services = 2, .services_unhealthy = 1}, MODE_SAFE));
	CU_ASSERT(enters(&(struct mode_facts){0}, MODE_NORMAL));
}

static void test_odd_facts(void)
{
	struct mode_options o = report(MODE_ALL);
	struct mode m;
	/* More unhealthy than there are, or more than UINT64_MAX / 10^6: no overflow, no surprise.
	 */
	struct mode_facts f = {
	        .components = 3, .components_unhealthy = 7, .components_with_image = 9};

	CU_ASSERT_EQUAL(mode_init(&m, &o, NOW), 0);
	CU_ASSERT(mode_update(&m, &o, &f, NOW, NULL));
	CU_ASSERT_EQUAL(m.id, MODE_EMERGENCY);
	CU_ASSERT_EQUAL(m.odd_facts, 1);
	CU_ASSERT(enters(&(struct mode_facts){.attempts = UINT64_MAX,
	                                      .attempts_succeeded = UINT64_MAX - 1,
	                                      .attempts_slow = UINT64_MAX},
	                 MODE_LATENCY));
	CU_ASSERT(enters(&(struct mode_facts){.attempts = UINT64_MAX,
	                                      .attempts_succeeded = UINT64_MAX / 2,
	                                      .attempts_slow = UINT64_MAX},
	                 MODE_NORMAL));
	/* No components, no services: nothing of them is unhealthy. */
	CU_ASSERT(enters(&(struct mode_facts){.waiting = 1}, MODE_NORMAL));
}

static void test_stall(void)
{
	struct mode_options o = report(MODE_ALL);
	uint64_t limit_ns = o.cause[MODE_CAUSE_STALLED].enter;
	struct mode_facts f = {.waiting = 1, .progress = 3};
	struct mode m;

	CU_ASSERT_EQUAL(mode_init(&m, &o, NOW), 0);
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 10, NULL));
	CU_ASSERT_EQUAL(mode_deadline_ns(&m, &o, &f), NOW + 10 + limit_ns);
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 10 + limit_ns - 1, NULL));
	/* A stamp that moves, up or around, is progress. */
	f.progress = 2;
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 10 + limit_ns, NULL));
	/* Nothing waits: an idle engine is no stalled one. */
	f.waiting = 0;
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 9 * limit_ns, NULL));
	CU_ASSERT_EQUAL(mode_deadline_ns(&m, &o, &f), UINT64_MAX);
	f.waiting = 5;
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 10 * limit_ns - 1, NULL));
	CU_ASSERT(mode_update(&m, &o, &f, NOW + 10 * limit_ns, NULL));
	CU_ASSERT_EQUAL(m.id, MODE_EMERGENCY);
	CU_ASSERT_EQUAL(m.reason, MODE_CAUSE_STALLED);
	CU_ASSERT_EQUAL(mode_deadline_ns(&m, &o, &f), UINT64_MAX);
	/* What waited ended by its deadlines: that is enough to leave. */
	f.waiting = 0;
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 11 * limit_ns, NULL));
	uint64_t due_ns = mode_deadline_ns(&m, &o, &f);

	CU_ASSERT_EQUAL(due_ns, NOW + 11 * limit_ns + o.dwell_ns[MODE_EMERGENCY]);
	CU_ASSERT(!mode_update(&m, &o, &f, due_ns - 1, NULL));
	CU_ASSERT(mode_update(&m, &o, &f, due_ns, NULL));
	CU_ASSERT_EQUAL(m.id, MODE_NORMAL);
}

static void test_events_and_counters(void)
{
	struct event memory[8];
	struct event_ring ring = {.events = memory, .mask = 7};
	struct mode_options o = report(MODE_ALL);
	struct mode_facts f = {
	        .components = 10, .components_unhealthy = 6, .components_with_image = 6};
	struct mode m;

	o.subject = 42;
	CU_ASSERT_EQUAL(mode_init(&m, &o, NOW), 0);
	CU_ASSERT(mode_update(&m, &o, &f, NOW + 5, &ring));
	CU_ASSERT_EQUAL(ring.head, 1);
	CU_ASSERT_EQUAL(memory[0].time_ns, NOW + 5);
	CU_ASSERT_EQUAL(memory[0].subject, 42);
	CU_ASSERT_EQUAL(memory[0].kind, EVENT_MODE);
	CU_ASSERT_EQUAL(memory[0].from, MODE_NORMAL);
	CU_ASSERT_EQUAL(memory[0].to, MODE_ULTRA);
	CU_ASSERT_EQUAL(memory[0].reason, MODE_CAUSE_RECOVERABLE);
	CU_ASSERT_EQUAL(memory[0].value, 600000);
	CU_ASSERT_EQUAL(memory[0].detail, 5);
	CU_ASSERT_EQUAL(mode_of_word(mode_word(&m)), MODE_ULTRA);
	CU_ASSERT_EQUAL(mode_word(&m) >> 32, 1);
	CU_ASSERT_EQUAL(mode_word(&m) >> 8 & 0xff, MODE_CAUSE_RECOVERABLE);
	f.components_unhealthy = 0;
	f.components_with_image = 0;
	CU_ASSERT(!mode_update(&m, &o, &f, NOW + 100, &ring));
	CU_ASSERT(mode_update(&m, &o, &f, NOW + 100 + o.dwell_ns[MODE_ULTRA], &ring));
	CU_ASSERT_EQUAL(ring.head, 2);
	CU_ASSERT_EQUAL(memory[1].to, MODE_NORMAL);
	CU_ASSERT_EQUAL(memory[1].reason, MODE_CAUSE_OVER);
	CU_ASSERT_EQUAL(memory[1].detail, 95 + o.dwell_ns[MODE_ULTRA]);
	CU_ASSERT_EQUAL(m.entered[MODE_ULTRA], 1);
	CU_ASSERT_EQUAL(m.entered[MODE_NORMAL], 2);
	CU_ASSERT_EQUAL(m.spent_ns[MODE_ULTRA], 95 + o.dwell_ns[MODE_ULTRA]);
	CU_ASSERT_EQUAL(m.spent_ns[MODE_NORMAL], 5);
	CU_ASSERT_EQUAL(mode_word(&m) >> 32, 2);
	/* Of two causes of a mode the first of the table is named. */
	f = (struct mode_facts){.components = 10, .components_unhealthy = 1, .forecasts = 3};
	CU_ASSERT(mode_update(&m, &o, &f, NOW + 99 * SECOND, &ring));
	CU_ASSERT_EQUAL(memory[2].to, MODE_PRE_SAFE);
	CU_ASSERT_EQUAL(memory[2].reason, MODE_CAUSE_FORECAST);
	CU_ASSERT_EQUAL(memory[2].value, 3);
}

static void test_options(void)
{
	struct mode_options good = report(MODE_ALL);
	struct mode_options o = good;
	struct mode m;

	CU_ASSERT_EQUAL(mode_init(&m, &o, 0), 0);
	o.modes = MODE_BIT(MODE_SAFE);
	CU_ASSERT_EQUAL(mode_init(&m, &o, 0), -EINVAL);
	o.modes = 1u << MODE_COUNT | 1;
	CU_ASSERT_EQUAL(mode_init(&m, &o, 0), -EINVAL);
	for (uint32_t i = 0; i < MODE_CAUSES; i++) {
		o = good;
		o.cause[i].leave = 0;
		CU_ASSERT_EQUAL(mode_init(&m, &o, 0), -EINVAL);
		o.cause[i].leave = o.cause[i].enter + 1;
		CU_ASSERT_EQUAL(mode_init(&m, &o, 0), -EINVAL);
		/* Off. */
		o.cause[i] = (struct mode_threshold){UINT64_MAX, 1};
		CU_ASSERT_EQUAL(mode_init(&m, &o, 0), 0);
	}
	o = good;
	o.guard[MODE_GUARD_SUCCEEDING].enter = 1000001;
	CU_ASSERT_EQUAL(mode_init(&m, &o, 0), -EINVAL);
	for (uint32_t id = 1; id < MODE_COUNT; id++) {
		o = good;
		o.dwell_ns[id] = 0;
		CU_ASSERT_EQUAL(mode_init(&m, &o, 0), -EINVAL);
		o.modes &= ~MODE_BIT(id);
		CU_ASSERT_EQUAL(mode_init(&m, &o, 0), 0);
	}
	/* A cause that is off stays off whatever the measure; no deadline overflows. */
	o = good;
	o.cause[MODE_CAUSE_BACKLOG] = (struct mode_threshold){UINT64_MAX, 1};
	o.cause[MODE_CAUSE_STALLED] = (struct mode_threshold){UINT64_MAX, 1};
	CU_ASSERT_EQUAL(mode_init(&m, &o, NOW), 0);
	struct mode_facts f = {.backlog = UINT64_MAX, .waiting = 1};

	CU_ASSERT(!mode_update(&m, &o, &f, UINT64_MAX - 1, NULL));
	CU_ASSERT_EQUAL(mode_deadline_ns(&m, &o, &f), UINT64_MAX);
}

static const struct suite_test tests[] = {
        {"every (mode, fact) pair does what the rules say", test_every_mode_with_every_fact},
        {"the report's thresholds, exactly", test_thresholds},
        {"odd facts", test_odd_facts},
        {"stall and progress", test_stall},
        {"events, counters, word", test_events_and_counters},
        {"options", test_options},
};

int main(void)
{
	return SUITE_RUN("mode", tests);
}
