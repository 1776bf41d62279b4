/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Book groups as members of a world: what they ask, how they die and come back.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>

#include "app/chaos_world.h"
#include "app/world_asker.h"
#include "app/world_day.h"

/* An event's number: apart from those of all loads, one for each group and question. */
#define EVENT_OF_GROUP (1ull << 62)
#define EVENT_SHIFT    48u
#define EVENT_QUESTION ((1ull << EVENT_SHIFT) - 1)
#define TWICE_MESSAGES 20u /* that a group has had when one reaches it twice on purpose */

static uint32_t index_of(const struct chaos_world *w, const struct chaos_member *m)
{
	return (uint32_t)(m->group - w->day->groups);
}

static struct chaos_member *member_of(struct chaos_world *w, uint32_t group)
{
	return &w->members[w->scenario->components + group];
}

static struct shard *shard_of(const struct chaos_world *w, const struct world_group *g)
{
	return w->day->engine.engine->shards[g->engine->shard];
}

void world_group_join(struct chaos_world *w)
{
	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		struct chaos_member *m = member_of(w, i);

		m->group = &w->day->groups[i];
		m->core = m->group->engine->shard;
		m->is_critical = m->group->engine->group.options.class == CLASS_CRITICAL;
		m->class = m->is_critical ? WORK_CRITICAL : WORK_NORMAL;
		m->component.index = w->scenario->components + i;
		m->component.lives = 1;
	}
}

/* A message that it has had reaches it again. */
static void plant_twice(struct chaos_world *w, struct world_group *g)
{
	const struct world_asker_state *s = world_asker_state(&g->engine->group);
	uint8_t byte = 'S';

	if (w->day->options.plant != WORLD_PLANT_TWICE || w->day->planted > 0 ||
	    s->messages < TWICE_MESSAGES)
		return;
	w->day->planted++;
	group_on_message(&g->engine->group,
	                 &(struct component_message){.bytes = &byte,
	                                             .length = 1,
	                                             .slot = BOOK_NONE,
	                                             .epoch = s->epoch,
	                                             .sequence = s->last_sequence});
}

static void look_at_life(struct chaos_world *w, struct chaos_member *m)
{
	struct world_group *g = m->group;
	const struct world_asker_state *s = world_asker_state(&g->engine->group);

	plant_twice(w, g);
	if (s->disorder > 0)
		chaos_broken(w, 1, "group %s: message %" PRIu64 " came twice or out of order",
		             g->engine->name, s->last_sequence);
	if (m->is_restoring && g->engine->group.state == GROUP_ATTACHED) {
		m->is_restoring = false;
		g->state = WORLD_GROUP_LIVE;
	}
	m->pending = s->asks > m->seen_ever ? s->asks - m->seen_ever : 0;
}

void world_group_look(struct chaos_world *w, uint32_t core)
{
	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		struct chaos_member *m = member_of(w, i);
		struct world_group *g = m->group;

		if (m->core != core)
			continue;
		if (m->is_alive)
			look_at_life(w, m);
		/* Detached in the turn that was: what it had goes now. */
		if (g->state != WORLD_GROUP_DYING)
			continue;
		g->died_offset = g->engine->group.offset;
		int rc = shard_restart(shard_of(w, g), g->shard_index);

		if (rc != -EBUSY)
			g->state = WORLD_GROUP_EMPTY;
		/* The log has lost its beginning: nothing brings the group back. */
		if (rc != 0 && rc != -EBUSY)
			m->is_lost = true;
	}
}

uint64_t world_group_ask(const struct chaos_world *w, struct chaos_member *m)
{
	uint64_t question = m->seen_ever++;

	assert(m->pending > 0);
	assert(question <= EVENT_QUESTION);
	m->pending--;
	return EVENT_OF_GROUP | (uint64_t)index_of(w, m) << EVENT_SHIFT | question;
}

static void note_end(struct chaos_world *w, struct world_group *g, uint64_t question)
{
	uint8_t *byte = &g->answered[question / 8];
	uint8_t bit = (uint8_t)(1u << question % 8);

	if ((*byte & bit) != 0)
		chaos_broken(w, 4, "group %s: question %" PRIu64 " was answered twice",
		             g->engine->name, question);
	*byte |= bit;
}

void world_group_ended(struct chaos_world *w, const struct chaos_item *x, bool is_good,
                       bool is_orphan)
{
	struct chaos_member *m = &w->members[x->component];
	struct world_day_result *r = &w->result->day;

	if (m->group == NULL || x->is_request)
		return;
	r->ended++;
	r->orphans += is_orphan;
	r->succeeded += is_good && !is_orphan;
	note_end(w, m->group, x->event & EVENT_QUESTION);
	if (w->day->options.plant == WORLD_PLANT_DOUBLE && w->day->planted++ == 0)
		note_end(w, m->group, x->event & EVENT_QUESTION);
}

bool world_group_is_lost(struct chaos_world *w, const struct chaos_item *x)
{
	return w->day != NULL && w->day->options.plant == WORLD_PLANT_LOST &&
	       w->members[x->component].group != NULL && w->day->planted++ == 0;
}

void world_group_kill(struct chaos_world *w, struct chaos_member *m)
{
	struct world_group *g = m->group;

	g->state = WORLD_GROUP_DYING;
	shard_detach(shard_of(w, g), g->shard_index);
	w->result->day.killed++;
	chaos_core_wake(w, m->core);
}

int world_group_restore(struct chaos_world *w, struct chaos_member *m)
{
	struct world_group *g = m->group;

	if (m->is_lost)
		return -ESTALE;
	if (g->state != WORLD_GROUP_EMPTY)
		return -EAGAIN;
	if (w->day->options.plant == WORLD_PLANT_POSITION && w->day->planted++ == 0)
		g->engine->group.offset = g->died_offset;
	shard_reattach(shard_of(w, g), g->shard_index);
	g->state = WORLD_GROUP_BACK;
	m->component.lives++;
	w->result->day.restored++;
	return 0;
}

uint32_t world_group_whole(const struct chaos_world *w)
{
	uint32_t groups = 0;

	for (uint32_t i = 0; i < WORLD_GROUPS; i++)
		if (w->day->groups[i].state == WORLD_GROUP_LIVE)
			groups |= 1u << i;
	return groups;
}
