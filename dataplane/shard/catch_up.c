/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Catching up: groups that are not moved by their class's cursor.
 *
 * Per lane one cursor with a claim of its own. While nobody is detached it is drawn along with the
 * class cursor. When the first group is detached, both stand at the same place: the class's view is
 * copied as the *base*, and the claim stays there. Bringing groups back is a *run*: a copy of the
 * base's view walks forward from the base, a budgeted number of records a turn, and gives each
 * returning group what lies beyond its own position. When the run stands where the class cursor
 * stands, at the end of a turn, its groups are attached again: the class's view and the run's are
 * then equal by construction.
 *
 * Groups that are detached but not in the run wait, and keep the claim at the base. A run that
 * passes the oldest of them leaves a new base there; so the log never holds more than the oldest
 * waiting group needs, and a view never has to go backwards. A group whose wish to return comes
 * when the run has passed it waits for the next run.
 *
 * Quarantined groups hold nothing: they come back from an image, not from the log.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dataplane/shard/shard_private.h"

/* The claim of the lane's catch-up: nothing before it is needed. */
static void claim_store(struct lane *l, uint64_t position)
{
	struct log_cursor *c = &l->catch_up.cursor;

	/* Release pairs with the writer's acquire before it reuses a segment, as in
	 * cursor_release(); the cursor's own position may be further on. */
	atomic_store_explicit(&c->log.control->cursors[c->slot].position, position,
	                      memory_order_release);
}

static void base_set(struct lane *l, const struct feed_view *view, uint64_t offset)
{
	feed_view_copy(&l->catch_up.base, view);
	l->catch_up.base_offset = offset;
}

/* The oldest position of the groups that are detached and not in the run; UINT64_MAX: none. */
static uint64_t waiting_oldest(const struct shard *s, const struct lane *l)
{
	uint64_t oldest = UINT64_MAX;

	for (uint32_t i = 0; i < l->member_count; i++) {
		const struct member *m = &s->members[l->members[i]];

		if (m->group->state == GROUP_DETACHED && m->mover == MOVER_NONE &&
		    m->group->offset < oldest)
			oldest = m->group->offset;
	}
	return oldest;
}

/* The member stands where the run stands, unless it is further on. */
static void run_position(const struct lane *l, struct member *m)
{
	struct group *g = m->group;
	const struct catch_up *c = &l->catch_up;

	if (c->cursor.position <= g->offset)
		return;
	g->offset = c->cursor.position;
	g->sequence = c->view.next_sequence;
	g->epoch = c->view.epoch;
}

static void detach(struct shard *s, struct member *m)
{
	struct lane *l = m->lane;
	struct group *g = m->group;

	assert(m->mover == MOVER_CLASS);
	assert(g->state == GROUP_ATTACHED);
	if (waiting_oldest(s, l) == UINT64_MAX || l->catch_up.base_offset > l->cursor.position)
		base_set(l, &l->view, l->cursor.position);
	l->catch_up.holding = true;
	g->state = GROUP_DETACHED;
	g->offset = l->cursor.position;
	g->sequence = l->view.next_sequence;
	g->epoch = l->view.epoch;
	g->stats.detached_times++;
	m->mover = MOVER_NONE;
	m->returning = false;
	s->stats.groups_detached++;
	publish_state(m);
}

/* Out of the run again, to wait where the run stands. */
static void leave_run(struct shard *s, struct member *m)
{
	struct lane *l = m->lane;
	struct catch_up *c = &l->catch_up;

	/* The base is older than the run only for groups that wait. */
	if (waiting_oldest(s, l) == UINT64_MAX || c->base_offset > c->cursor.position)
		base_set(l, &c->view, c->cursor.position);
	run_position(l, m);
	m->mover = MOVER_NONE;
	m->returning = false;
	c->members--;
}

void catch_up_wishes(struct shard *s)
{
	if (!s->wishes)
		return;
	s->wishes = false;
	for (uint32_t i = 0; i < s->options.group_count; i++) {
		struct member *m = &s->members[i];

		if (m->detach_wish && m->group->state == GROUP_ATTACHED)
			detach(s, m);
		else if (m->detach_wish && m->mover == MOVER_CATCH_UP)
			leave_run(s, m);
		else if (m->detach_wish)
			m->returning = false;
		if (m->reattach_wish && m->group->state == GROUP_DETACHED)
			m->returning = true;
		m->detach_wish = false;
		m->reattach_wish = false;
	}
}

void catch_up_quarantine(struct walk *w, struct member *m, bool event)
{
	struct group *g = m->group;
	struct lane *l = m->lane;
	bool whole = event || w->last;

	assert(m->mover == w->mover);
	assert(g->state != GROUP_QUARANTINED);
	l->catch_up.members -= m->mover == MOVER_CATCH_UP;
	w->shard->stats.groups_quarantined++;
	if (g->state == GROUP_DETACHED)
		w->shard->stats.groups_detached--;
	g->state = GROUP_QUARANTINED;
	g->offset = whole ? w->offset + w->record->bytes : w->offset;
	g->sequence = event ? w->view->next_sequence : w->sequence + 1;
	g->epoch = w->view->epoch;
	m->mover = MOVER_NONE;
	m->returning = false;
	publish_state(m);
}

void catch_up_quarantine_at_rest(struct shard *s, struct member *m)
{
	struct group *g = m->group;
	const struct lane *l = m->lane;

	assert(m->mover == MOVER_CLASS || l->catch_up.replaying);
	s->stats.groups_quarantined++;
	if (m->mover == MOVER_CLASS) {
		g->offset = l->cursor.position;
		g->sequence = l->view.next_sequence;
		g->epoch = l->view.epoch;
	} else {
		m->lane->catch_up.members--;
		s->stats.groups_detached--;
	}
	g->state = GROUP_QUARANTINED;
	m->mover = MOVER_NONE;
	m->returning = false;
	publish_state(m);
}

/* Slots are made anew as the group meets its symbols again. */
static void forget_slots(struct lane *l, struct member *m, uint32_t index)
{
	for (uint32_t i = 0; i < l->routes.link_count; i++)
		if (l->routes.links[i].member == index)
			l->routes.links[i].slot = SLOT_UNMADE;
	memset(m->slot_link, 0xff, m->group->options.books.symbols_max * sizeof(*m->slot_link));
}

int catch_up_restart(struct shard *s, struct member *m)
{
	struct lane *l = m->lane;
	struct group *g = m->group;
	const char *why;

	if (m->mover != MOVER_NONE || m->detach_wish || l->catch_up.replaying)
		return -EBUSY;
	if (log_tail(&l->cursor.log) != 0)
		return -ESTALE;
	bool was_quarantined = g->state == GROUP_QUARANTINED;
	int rc = group_restart(g, &why);

	/* It could be built once: the same again cannot fail, unless a component's start does. */
	if (rc != 0)
		return rc;
	forget_slots(l, m, (uint32_t)(m - s->members));
	actors_restart(s, m);
	/* The base is what the oldest of all who wait needs: now the view of who has read nothing.
	 */
	feed_view_init(&l->catch_up.base, l->catch_up.base.locates, l->view.takes_all,
	               l->setup->protocol->by_order ? 0 : UINT64_MAX);
	l->catch_up.base_offset = 0;
	l->catch_up.holding = true;
	claim_store(l, 0);
	s->stats.groups_quarantined -= was_quarantined;
	s->stats.groups_detached += was_quarantined;
	g->state = GROUP_DETACHED;
	g->offset = 0;
	g->sequence = 1;
	g->epoch = 0;
	m->returning = false;
	return 0;
}

/* Groups that want to return and that the run has not passed join it. */
static void run_join(struct shard *s, struct lane *l)
{
	struct catch_up *c = &l->catch_up;

	for (uint32_t i = 0; i < l->member_count; i++) {
		struct member *m = &s->members[l->members[i]];

		if (!m->returning || m->mover != MOVER_NONE)
			continue;
		if (!c->running) {
			cursor_seek(&c->cursor, c->base_offset);
			feed_view_copy(&c->view, &c->base);
			c->running = true;
		}
		if (c->cursor.position <= m->group->offset) {
			m->mover = MOVER_CATCH_UP;
			c->members++;
		}
	}
}

/* The run stands where the class stands. A replay may have brought a group further than that: it
 * stays in the run until the class has come to it. */
static void run_finish(struct shard *s, struct lane *l)
{
	assert(l->catch_up.view.next_sequence == l->view.next_sequence);
	assert(l->catch_up.view.epoch == l->view.epoch);
	for (uint32_t i = 0; i < l->member_count; i++) {
		struct member *m = &s->members[l->members[i]];

		if (m->mover != MOVER_CATCH_UP || m->group->offset > l->cursor.position)
			continue;
		m->mover = MOVER_CLASS;
		m->returning = false;
		l->catch_up.members--;
		m->group->state = GROUP_ATTACHED;
		s->stats.groups_detached--;
		s->stats.caught_up++;
		publish_state(m);
	}
	l->catch_up.running = l->catch_up.members != 0;
}

/* The next record before the class cursor, or NULL; *offset is its place. */
static const struct record *run_next(struct lane *l, uint64_t *offset)
{
	struct log_cursor *c = &l->catch_up.cursor;
	struct log_cursor before = *c;

	if (c->position >= l->cursor.position)
		return NULL;
	const struct record *r = cursor_next(c);

	if (r == NULL)
		return NULL;
	*offset = c->position - r->bytes;
	/* The class may stand before the rest of a segment and the run's step over it. */
	if (*offset >= l->cursor.position) {
		*c = before;
		return NULL;
	}
	return r;
}

static uint32_t run_step(struct shard *s, struct lane *l)
{
	struct catch_up *c = &l->catch_up;
	uint64_t waiting = waiting_oldest(s, l);
	uint32_t moved = 0;
	uint64_t offset;
	struct walk w = {.shard = s, .lane = l, .view = &c->view, .mover = MOVER_CATCH_UP};

	look_ahead_begin(&w, &c->cursor);
	while (moved < s->options.catch_up_budget && c->members > 0) {
		const struct record *r = run_next(l, &offset);

		if (r == NULL) {
			if (waiting <= c->cursor.position && c->base_offset < waiting)
				base_set(l, &c->view, waiting);
			if (c->cursor.position <= l->cursor.position)
				run_finish(s, l); /* else the class has yet to come here */
			break;
		}
		if (waiting != UINT64_MAX && c->base_offset < waiting && offset >= waiting)
			base_set(l, &c->view, waiting);
		w.record = r;
		w.offset = offset;
		walk_record(&w);
		moved++;
	}
	return moved;
}

uint32_t catch_up_step(struct shard *s, struct lane *l)
{
	struct catch_up *c = &l->catch_up;

	if (!c->holding) {
		claim_store(l, l->cursor.position);
		return 0;
	}
	if (c->replaying) /* the base's claim holds what it may need */
		return 0;
	run_join(s, l);
	uint32_t moved = c->running ? run_step(s, l) : 0;

	for (uint32_t i = 0; c->running && i < l->member_count; i++)
		if (s->members[l->members[i]].mover == MOVER_CATCH_UP)
			run_position(l, &s->members[l->members[i]]);
	bool waiting = waiting_oldest(s, l) != UINT64_MAX;

	if (c->running && c->members == 0)
		c->running = false;
	c->holding = waiting || c->running;
	uint64_t claim = l->cursor.position;

	if (waiting && c->base_offset < claim)
		claim = c->base_offset;
	if (c->running && c->cursor.position < claim)
		claim = c->cursor.position;
	claim_store(l, claim);
	return moved;
}

/* -- replay: the run of one member, which goes as far as its input log says -- */

bool catch_up_replay_begin(struct shard *s, struct member *m)
{
	struct catch_up *c = &m->lane->catch_up;

	catch_up_wishes(s);
	if (c->running || m->group->state != GROUP_DETACHED || m->mover != MOVER_NONE)
		return false;
	cursor_seek(&c->cursor, c->base_offset);
	feed_view_copy(&c->view, &c->base);
	c->running = true;
	c->replaying = true;
	c->members = 1;
	m->mover = MOVER_CATCH_UP;
	m->returning = false;
	return true;
}

bool catch_up_replay_to(struct shard *s, struct member *m, uint64_t offset)
{
	struct lane *l = m->lane;
	struct log_cursor *c = &l->catch_up.cursor;
	struct walk w = {.shard = s, .lane = l, .view = &l->catch_up.view, .mover = MOVER_CATCH_UP};

	assert(l->catch_up.replaying);
	look_ahead_begin(&w, c);
	while (c->position < offset && m->mover == MOVER_CATCH_UP) {
		w.record = cursor_next(c);
		if (w.record == NULL)
			return false;
		w.offset = c->position - w.record->bytes;
		walk_record(&w);
	}
	if (m->mover == MOVER_CATCH_UP)
		run_position(l, m);
	return true;
}

void catch_up_replay_end(struct shard *s, struct member *m)
{
	struct catch_up *c = &m->lane->catch_up;

	assert(c->replaying);
	if (m->mover == MOVER_CATCH_UP) {
		leave_run(s, m);
		m->returning = true;
	}
	c->running = false;
	c->replaying = false;
	c->holding = true;
}

uint64_t catch_up_lag_bytes(const struct lane *l)
{
	const struct catch_up *c = &l->catch_up;

	if (!c->holding)
		return 0;
	uint64_t held = atomic_load_explicit(
	        &c->cursor.log.control->cursors[c->cursor.slot].position, memory_order_relaxed);

	return l->cursor.position - held;
}
