/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The control core: what the workers published becomes facts, facts a mode, and the mode goes to
 * all operation engines.
 */
#include "app/chaos_world.h"

#include <assert.h>
#include <errno.h>

#define LOOK_TICKS 10u /* between two looks, in NORMAL */

int chaos_control_start(struct chaos_world *w)
{
	int rc = event_ring_init(&w->ring, w->events, CHAOS_EVENTS_MAX);

	w->control_ns = w->scenario->tick_ns * LOOK_TICKS;
	w->result->healthy_least = w->member_count;
	return rc == 0 ? mode_init(&w->mode, &w->profile->mode, 0) : rc;
}

static uint32_t bits(uint32_t history, uint32_t count)
{
	uint32_t seen = count < CHAOS_HISTORY ? count : CHAOS_HISTORY;

	return (uint32_t)__builtin_popcount(history & ((1u << seen) - 1));
}

bool chaos_control_is_healthy(const struct chaos_world *w, const struct chaos_member *m)
{
	uint32_t seen = m->history_count < CHAOS_HISTORY ? m->history_count : CHAOS_HISTORY;
	bool is_stuck = m->oldest_ns != UINT64_MAX &&
	                w->now_ns > m->oldest_ns + 2 * w->scenario->budget_ns && m->out > 0;

	/* What was long ago says nothing. */
	bool is_old = w->now_ns > m->heard_ns + w->scenario->window_ns;

	return m->is_alive && !m->is_restoring && !is_stuck &&
	       (is_old || seen < CHAOS_HISTORY / 2 ||
	        2 * bits(m->history, m->history_count) <= seen);
}

static bool is_open(const struct chaos_core *c, uint32_t service)
{
	enum breaker_state s = (enum breaker_state)c->states[service].breaker.state;

	return s == BREAKER_OPEN || s == BREAKER_HALF_OPEN;
}

static void facts_of_services(const struct chaos_world *w, struct mode_facts *f)
{
	f->services = w->scenario->service_count;
	for (uint32_t i = 0; i < f->services; i++) {
		uint32_t open = 0;
		bool answering = false;
		bool forecast = false;

		for (uint32_t k = 0; k < w->scenario->cores; k++) {
			const struct chaos_core *c = &w->cores[k];

			open += is_open(c, i);
			answering |= c->states[i].health.available > 0;
			forecast |= c->states[i].forecast.level == FORECAST_WARNING;
		}
		bool unhealthy = 2 * open >= w->scenario->cores;

		f->services_unhealthy += unhealthy;
		f->services_answering += unhealthy && answering;
		f->forecasts += forecast;
	}
}

static void facts_of_components(const struct chaos_world *w, struct mode_facts *f)
{
	f->components = w->member_count;
	for (uint32_t i = 0; i < f->components; i++) {
		const struct chaos_member *m = &w->members[i];
		bool healthy = chaos_control_is_healthy(w, m);

		f->components_unhealthy += !healthy;
		f->components_with_image += !healthy && (m->is_alive || m->is_waiting);
		f->restoring += m->is_waiting || m->is_restoring;
		f->waiting += m->pending + m->out;
	}
	for (uint32_t k = 0; k < w->scenario->cores; k++) {
		const struct chaos_core *c = &w->cores[k];
		uint64_t backlog = world_day_backlog(w, k);

		for (uint32_t i = 0; i < c->member_count; i++)
			backlog += w->members[c->members[i]].pending +
			           w->members[c->members[i]].inbox_count;
		f->backlog = backlog > f->backlog ? backlog : f->backlog;
	}
	/* The profile's limit is in events of its own scale; the scenario says what is much. */
	f->backlog = f->backlog * w->profile->mode.cause[MODE_CAUSE_BACKLOG].enter /
	             w->scenario->backlog_events;
}

/* Attempts that still wait and are slow already. */
static uint64_t slow_waiting(const struct chaos_world *w)
{
	uint64_t slow_ns = w->profile->service.breaker.ultra_latency_ns;
	uint64_t count = 0;

	for (uint32_t i = 0; i < w->item_count; i++)
		count += w->items[i].state == CHAOS_ITEM_OUT &&
		         w->now_ns - w->items[i].submit_ns >= slow_ns;
	return count;
}

static void turn_window(struct chaos_world *w)
{
	uint64_t part_ns = w->scenario->window_ns / CHAOS_WINDOWS + 1;

	while (w->now_ns - w->window_since_ns >= part_ns) {
		w->window_since_ns += part_ns;
		w->window_at = (w->window_at + 1) % CHAOS_WINDOWS;
		w->window[w->window_at] = (struct chaos_window){0};
	}
}

static void facts_of_attempts(struct chaos_world *w, struct mode_facts *f)
{
	uint64_t overdue = 0;

	for (uint32_t k = 0; w->scenario->service_count > 0 && k < w->scenario->cores; k++)
		overdue += w->cores[k].operations.stats.overdue;
	if (overdue > w->overdue && w->now_ns < w->result->failed_ns)
		w->result->failed_ns = w->now_ns;
	w->window[w->window_at].attempts += overdue - w->overdue;
	w->overdue = overdue;
	for (uint32_t i = 0; i < CHAOS_WINDOWS; i++) {
		f->attempts += w->window[i].attempts;
		f->attempts_succeeded += w->window[i].succeeded;
		f->attempts_slow += w->window[i].slow;
	}
	f->attempts_slow += slow_waiting(w);
	turn_window(w);
}

static void count_health(struct chaos_world *w, const struct mode_facts *f)
{
	uint32_t healthy = f->components - f->components_unhealthy;

	if (healthy < w->result->healthy_least)
		w->result->healthy_least = healthy;
	if (f->components_unhealthy > 0)
		w->sick_ns = w->now_ns;
}

/* The mode has changed from `old`, in which the engine was since `since_ns`. */
static void apply(struct chaos_world *w, enum mode_id old, uint64_t since_ns)
{
	enum mode_id id = (enum mode_id)w->mode.id;

	if (w->mode.reason == MODE_CAUSE_FORECAST && w->now_ns < w->result->forecast_ns)
		w->result->forecast_ns = w->now_ns;
	if (id < old && w->now_ns - since_ns < w->profile->mode.dwell_ns[old])
		chaos_broken(w, 9, "mode %s was left after %llu ns, before its dwell time",
		             mode_name(old), (unsigned long long)(w->now_ns - since_ns));
	for (uint32_t k = 0; w->scenario->service_count > 0 && k < w->scenario->cores; k++) {
		operation_set_mode(&w->cores[k].operations, &w->profile->policy, id, w->now_ns);
		chaos_item_arm(w, k);
	}
}

void chaos_control_look(struct chaos_world *w)
{
	struct mode_facts f = {.progress = w->progress};
	enum mode_id old = (enum mode_id)w->mode.id;
	uint64_t since_ns = w->mode.since_ns;

	for (uint32_t k = 0; k < w->scenario->cores; k++) {
		chaos_feed_poll(&w->cores[k].feed, w->now_ns);
		chaos_core_collect(w, k);
	}
	world_day_tick(w);
	facts_of_services(w, &f);
	facts_of_components(w, &f);
	facts_of_attempts(w, &f);
	count_health(w, &f);
	if (mode_update(&w->mode, &w->profile->mode, &f, w->now_ns, &w->ring))
		apply(w, old, since_ns);
	chaos_tuning_look(w);
	w->control_ns = w->scenario->tick_ns * LOOK_TICKS *
	                w->profile->policy.mode[w->mode.id].publish_milli / 1000;
	w->control_ns = w->control_ns == 0 ? 1 : w->control_ns;
	chaos_queue_put(&w->queue, &(struct chaos_event){.time_ns = w->now_ns + w->control_ns,
	                                                 .kind = CHAOS_CONTROL});
}
