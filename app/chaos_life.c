/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Deaths and restarts. A core brings back one component at a time, each after `restart`; who comes
 * first is a matter of the profile.
 */
#include "app/chaos_world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* The first `count` of a shuffled deck. */
static void shuffle(struct prng *p, uint32_t *deck, uint32_t size, uint32_t count)
{
	assert(count <= size);
	for (uint32_t i = 0; i < size; i++)
		deck[i] = i;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t j = i + (uint32_t)prng_below(p, size - i);
		uint32_t card = deck[i];

		deck[i] = deck[j];
		deck[j] = card;
	}
}

static void plan(struct chaos_world *w, const struct scenario_fault *f)
{
	uint32_t deck[SCENARIO_COMPONENTS_MAX];
	uint32_t size = w->scenario->components;
	uint32_t count = (uint32_t)((uint64_t)size * f->share_ppm / 1000000);

	shuffle(&w->prng, deck, size, count);
	for (uint32_t i = 0; i < count; i++)
		chaos_queue_put(&w->queue,
		                &(struct chaos_event){.time_ns = f->at_ns + f->for_ns / count * i,
		                                      .kind = CHAOS_KILL,
		                                      .a = deck[i],
		                                      .b = prng_chance_ppm(&w->prng, f->twice_ppm),
		                                      .value_ns = f->again_ns});
}

void chaos_life_plan(struct chaos_world *w)
{
	w->fault_ns = UINT64_MAX;
	for (uint32_t i = 0; i < w->scenario->fault_count; i++) {
		const struct scenario_fault *f = &w->scenario->faults[i];

		if (f->at_ns < w->fault_ns)
			w->fault_ns = f->at_ns;
		if (f->kind == SCENARIO_KILL)
			plan(w, f);
	}
}

bool chaos_life_is_recoverable(const struct chaos_world *w, const struct chaos_member *m)
{
	return w->profile->recovery.checkpoint != RECOVERY_NONE &&
	       w->profile->recovery.may_replay &&
	       (m->group != NULL ? !m->is_lost : chaos_feed_is_whole(&w->cores[m->core].feed));
}

static void call_for_restart(struct chaos_world *w, uint32_t core)
{
	if (w->cores[core].is_restart_due)
		return;
	w->cores[core].is_restart_due = true;
	chaos_queue_put(&w->queue,
	                &(struct chaos_event){.time_ns = w->now_ns + w->scenario->restart_ns,
	                                      .kind = CHAOS_RESTART,
	                                      .a = core});
}

void chaos_life_kill(struct chaos_world *w, const struct chaos_event *e)
{
	struct chaos_member *m = &w->members[e->a];

	if (e->b > 0)
		chaos_queue_put(&w->queue, &(struct chaos_event){.time_ns = w->now_ns + e->value_ns,
		                                                 .kind = CHAOS_KILL,
		                                                 .a = e->a});
	if (!m->is_alive)
		return;
	if (m->group != NULL)
		world_group_kill(w, m);
	else
		chaos_component_end(&m->component);
	m->is_alive = false;
	m->is_restoring = false;
	m->out = 0;
	m->pending = 0;
	m->seen = 0;
	m->inbox_count = 0;
	m->oldest_ns = UINT64_MAX;
	m->death = ++w->deaths;
	w->result->killed++;
	m->is_waiting = chaos_life_is_recoverable(w, m);
	m->is_lost = !m->is_waiting;
	if (m->is_waiting)
		call_for_restart(w, m->core);
}

static uint32_t choose(const struct chaos_world *w, const struct chaos_core *c)
{
	bool critical_first = w->profile->recovery.critical_first ||
	                      w->profile->policy.mode[w->mode.id].restore_critical_first != 0;
	uint32_t best = CHAOS_NONE;

	for (uint32_t i = 0; i < c->member_count; i++) {
		const struct chaos_member *m = &w->members[c->members[i]];

		if (!m->is_waiting)
			continue;
		const struct chaos_member *b = best == CHAOS_NONE ? NULL : &w->members[best];
		bool by_class = b != NULL && critical_first && m->is_critical != b->is_critical;

		if (b == NULL || (by_class && m->is_critical) || (!by_class && m->death < b->death))
			best = c->members[i];
	}
	return best;
}

/* THE place where it is decided from what the dead come back. One rung so far: the log, from its
 * start; an image will be the one before it. 0; -EAGAIN: not yet; else -errno: nothing brings it
 * back. */
static int restore(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m)
{
	if (!chaos_life_is_recoverable(w, m))
		return -ESTALE;
	return m->group != NULL ? world_group_restore(w, m)
	                        : chaos_component_begin(&m->component, &c->feed, m->component.index,
	                                                m->is_critical);
}

static void begin(struct chaos_world *w, struct chaos_core *c, struct chaos_member *m)
{
	int rc = restore(w, c, m);

	m->is_waiting = rc == -EAGAIN;
	m->is_lost = rc != 0 && rc != -EAGAIN;
	if (rc != 0)
		return;
	m->is_alive = true;
	m->is_restoring = m->appended > 0 || m->group != NULL;
	m->pending = m->appended;
	m->window = chaos_core_window(w);
	m->history = 0;
	m->history_count = 0;
	w->result->restored++;
}

void chaos_life_restart(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];
	uint32_t member = choose(w, c);

	assert(c->is_restart_due);
	c->is_restart_due = false;
	if (member == CHAOS_NONE)
		return;
	begin(w, c, &w->members[member]);
	chaos_core_wake(w, core);
	if (choose(w, c) != CHAOS_NONE)
		call_for_restart(w, core);
}
