/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The end: what is still out, whether all that is missing is known, whether components are what
 * they would be undisturbed, and what came of it all.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "app/chaos_world.h"

#define PPM 1000000u

/* ---- the twin: the same events, undisturbed; without the padding, which no component reads ----
 */

struct twin {
	struct chaos_world *w;
	struct chaos_feed *feeds;
	struct chaos_component *components;
	struct segment_pool pool;
	void *memory;
	uint64_t bytes;
};

static int twin_create(struct twin *t)
{
	const struct scenario *s = t->w->scenario;
	uint32_t segments = s->cores * 6;
	int rc;

	t->feeds = calloc(s->cores, sizeof(*t->feeds));
	t->components = calloc(s->components, sizeof(*t->components));
	t->bytes = segment_pool_bytes(segments);
	t->memory = chaos_world_take(t->w->options, 1, &t->bytes);
	if (t->feeds == NULL || t->components == NULL || t->memory == NULL)
		return -ENOMEM;
	rc = segment_pool_init(&t->pool, t->memory, t->bytes, segments);
	for (uint32_t i = 0; rc == 0 && i < s->cores; i++)
		rc = chaos_feed_create(
		        &t->feeds[i], &t->pool,
		        &(struct chaos_feed_options){.id = i,
		                                     .components = s->components,
		                                     .segments_min = 2,
		                                     .segments_max = 4,
		                                     .lines = 1,
		                                     .event_bytes = CHAOS_MESSAGE_BYTES_MIN});
	for (uint32_t i = 0; rc == 0 && i < s->components; i++)
		rc = chaos_component_begin(&t->components[i], &t->feeds[i % s->cores], i,
		                           t->w->members[i].is_critical);
	return rc;
}

static void twin_destroy(struct twin *t)
{
	for (uint32_t i = 0; t->components != NULL && i < t->w->scenario->components; i++)
		chaos_component_end(&t->components[i]);
	for (uint32_t i = 0; t->feeds != NULL && i < t->w->scenario->cores; i++)
		chaos_feed_destroy(&t->feeds[i]);
	free(t->feeds);
	free(t->components);
	chaos_world_give(t->w->options, 1, t->memory, t->bytes);
}

static void twin_drain(struct twin *t)
{
	for (uint32_t i = 0; i < t->w->scenario->components; i++)
		while (chaos_component_step(&t->components[i], t->w->now_ns))
			t->components[i].outbox_count = 0;
	for (uint32_t i = 0; i < t->w->scenario->cores; i++) {
		struct chaos_ask ask;

		while (chaos_feed_appended(&t->feeds[i], &ask))
			;
	}
}

/* The twin has the real world's plan, and a world without time. */
static void twin_live(struct twin *t)
{
	const struct scenario *s = t->w->scenario;
	struct chaos_queue q;
	struct chaos_event e;
	uint64_t event = 0;
	uint64_t undrained = 0;

	chaos_queue_init(&q);
	for (uint32_t i = 0; i < s->load_count; i++)
		if (s->loads[i].from_ns < s->loads[i].until_ns)
			chaos_queue_put(
			        &q, &(struct chaos_event){.time_ns = s->loads[i].from_ns, .a = i});
	while (chaos_queue_take(&q, &e)) {
		const struct scenario_load *l = &s->loads[e.a];

		for (uint32_t i = 0; i < l->burst; i++) {
			uint64_t n = e.token * l->burst + i;
			uint32_t c = l->first + (uint32_t)(n % l->count);

			struct chaos_feed *f = &t->feeds[c % s->cores];

			chaos_feed_bring(f,
			                 &(struct chaos_ask){.event = event++,
			                                     .arrival_ns = e.time_ns,
			                                     .component = c,
			                                     .service = chaos_core_asks(l, n)},
			                 chaos_feed_next(f), 0, e.time_ns);
			undrained += CHAOS_MESSAGE_BYTES_MIN;
			if (undrained > SEGMENT_BYTES / 2) {
				twin_drain(t);
				undrained = 0;
			}
		}
		e.token++;
		e.time_ns += l->every_ns;
		if (e.time_ns < l->until_ns)
			chaos_queue_put(&q, &e);
	}
	twin_drain(t);
	chaos_queue_finish(&q);
}

/* Both have walked to the head: what is left there is none of theirs. */
static bool is_equal(struct chaos_member *m, const struct chaos_component *twin)
{
	const struct chaos_component_state *a;
	const struct chaos_component_state *b = chaos_component_state(twin);

	if (!m->is_alive || m->pending > 0 || m->is_restoring)
		return false;
	if (chaos_component_step(&m->component, 0))
		return false; /* an event more than were put in */
	a = chaos_component_state(&m->component);
	return a->digest == b->digest && a->events == b->events &&
	       chaos_component_equal(&m->component, twin);
}

static int compare_twin(struct chaos_world *w)
{
	struct twin t = {.w = w};
	int rc = twin_create(&t);

	if (rc == 0)
		twin_live(&t);
	for (uint32_t i = 0; rc == 0 && i < w->scenario->components; i++) {
		struct chaos_member *m = &w->members[i];
		bool equal = is_equal(m, &t.components[i]);

		w->result->state_equal += equal;
		w->result->state_differs += !equal;
		if (!equal && m->is_alive && !m->is_restoring && m->pending == 0 &&
		    chaos_feed_lost(&w->cores[m->core].feed) == 0)
			chaos_broken(w, 1, "component %u differs from its undisturbed twin", i);
	}
	twin_destroy(&t);
	return rc;
}

/* ---- what is left ---- */

static void check_items(struct chaos_world *w)
{
	for (uint32_t i = 0; i < w->item_count; i++) {
		const struct chaos_item *x = &w->items[i];

		if (x->state != CHAOS_ITEM_OUT)
			continue;
		if (x->deadline_ns == UINT64_MAX
		            ? w->now_ns > x->submit_ns + w->scenario->budget_ns
		            : w->now_ns > x->deadline_ns + w->scenario->tick_ns)
			chaos_broken(w, 4, "an operation of component %u has not ended in time",
			             x->component);
		if (x->deadline_ns == UINT64_MAX && w->members[x->component].pending > 0)
			chaos_broken(w, 3, "component %u waits", x->component);
	}
}

/* Every event is in the log, or known to be missing. */
static void check_feeds(struct chaos_world *w)
{
	uint64_t appended = 0;

	for (uint32_t i = 0; i < w->scenario->cores; i++) {
		struct chaos_feed *f = &w->cores[i].feed;
		uint64_t here = 0;

		chaos_feed_end(f, w->now_ns);
		chaos_core_collect(w, i);
		for (uint32_t k = 0; k < w->cores[i].member_count; k++)
			here += w->members[w->cores[i].members[k]].appended;
		w->result->given_up += chaos_feed_lost(f);
		appended += here;
		if (here + f->announced + chaos_feed_lost(f) != f->sequence - 1)
			chaos_broken(w, 2,
			             "core %u: %" PRIu64 " came, %" PRIu64 " taken, %" PRIu64
			             " known to be missing",
			             i, f->sequence - 1 - f->announced, here, chaos_feed_lost(f));
		if (f->log.stats.segments_held > f->log.log.mask + 1u)
			chaos_broken(w, 7, "core %u: the log has %" PRIu64 " segments", i,
			             f->log.stats.segments_held);
	}
	if (appended + w->result->given_up != w->result->events)
		chaos_broken(w, 2,
		             "%" PRIu64 " events came, %" PRIu64 " were taken, %" PRIu64
		             " given up",
		             w->result->events, appended, w->result->given_up);
}

static void count_members(struct chaos_world *w)
{
	struct chaos_result *r = w->result;

	r->components = w->member_count;
	for (uint32_t i = 0; i < r->components; i++) {
		const struct chaos_member *m = &w->members[i];
		bool is_whole = m->is_alive && !m->is_restoring;

		r->healthy +=
		        chaos_control_is_healthy(w, m) && m->pending < w->scenario->backlog_events;
		if (m->death == 0)
			continue;
		r->killed_events += m->appended;
		r->killed_processed += is_whole ? m->seen : 0;
	}
	if (w->sick_ns == 0)
		r->recovered_ns = 0;
	else if (r->healthy < r->components || w->fault_ns == UINT64_MAX)
		r->recovered_ns = UINT64_MAX;
	else
		r->recovered_ns = w->sick_ns > w->fault_ns ? w->sick_ns - w->fault_ns : 0;
}

static void count_modes(struct chaos_world *w)
{
	struct chaos_result *r = w->result;

	for (uint32_t i = 0; i < MODE_COUNT; i++) {
		r->mode_entered[i] = w->mode.entered[i];
		r->mode_ns[i] = w->mode.spent_ns[i];
		if (w->mode.entered[i] > 0)
			r->modes_visited |= MODE_BIT(i);
	}
	r->mode_ns[w->mode.id] += w->now_ns - w->mode.since_ns;
	r->mode_transitions = w->mode.transitions;
	r->mode_last = w->mode.id;
}

static void count_engines(struct chaos_world *w)
{
	struct chaos_result *r = w->result;

	for (uint32_t k = 0; k < w->scenario->cores; k++) {
		const struct chaos_core *c = &w->cores[k];

		for (uint32_t i = 0; i < w->scenario->service_count; i++)
			for (uint32_t s = 0; s < BREAKER_STATES; s++)
				r->breaker_entered[s] += c->breaker_counters[i].entered[s];
		if (w->scenario->service_count == 0)
			continue;
		r->attempt_ns += c->operations.stats.attempt_time_ns;
		r->hedges += c->operations.stats.attempts[OPERATION_HEDGE];
		r->cancelled += c->operations.stats.cancelled;
		r->overdue += c->operations.stats.overdue;
		r->denied_retry += c->operations.stats.denied_retry;
		r->denied_hedge += c->operations.stats.denied_hedge;
		r->denied_parallel += c->operations.stats.denied_parallel;
	}
	r->p50_ns = histogram_quantile(&w->latency, PPM / 2);
	r->p99_ns = histogram_quantile(&w->latency, PPM / 100 * 99);
}

static uint32_t share_ppm(uint64_t part, uint64_t whole)
{
	return whole == 0 ? PPM : (uint32_t)(part * PPM / whole);
}

static uint32_t success_ppm(const struct chaos_world *w)
{
	const struct chaos_result *r = w->result;

	switch (w->scenario->score) {
	case SCENARIO_OPERATIONS:
		return share_ppm(r->succeeded, r->operations);
	case SCENARIO_EVENTS:
		return share_ppm(r->in_time, r->events);
	case SCENARIO_RESTORED:
		return share_ppm(r->killed_processed, r->killed_events);
	case SCENARIO_RECOVERY:
		return share_ppm(r->healthy, r->components);
	case SCENARIO_MODES: /* one less when it does not end in NORMAL */
		return share_ppm((uint64_t)__builtin_popcount(r->modes_visited) -
		                         (r->mode_last != MODE_NORMAL),
		                 MODE_COUNT);
	}
	return 0;
}

static uint64_t hash_of(const struct chaos_world *w)
{
	uint64_t hash = XXH3_64bits(w->result, offsetof(struct chaos_result, hash));

	for (uint32_t i = 0; i < w->scenario->components; i++) {
		uint64_t h = chaos_component_hash(&w->members[i].component);

		hash = XXH3_64bits_withSeed(&h, sizeof(h), hash);
	}
	if (w->day != NULL)
		hash = XXH3_64bits_withSeed(&w->result->day, sizeof(w->result->day), hash);
	return hash;
}

int chaos_check_end(struct chaos_world *w)
{
	check_items(w);
	check_feeds(w);
	int rc = compare_twin(w);

	count_members(w);
	count_modes(w);
	count_engines(w);
	if (rc == 0)
		rc = world_check_end(w);
	w->result->steps = w->steps;
	w->result->success_ppm = success_ppm(w);
	w->result->hash = hash_of(w);
	return w->queue.failed ? -ENOMEM : rc;
}
