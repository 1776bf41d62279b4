/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Actors: the components of a shard that have inputs. What comes for them waits until a turn begins
 * in which their group is attached, is written to the input log, and is delivered; a group that is
 * detached or in quarantine keeps it waiting. input.h says in what order and why.
 */
#include <assert.h>
#include <string.h>

#include "dataplane/shard/shard_private.h"

void shard_count_inputs(const struct shard_options *o, uint32_t *actors, uint32_t *slots)
{
	*actors = 0;
	*slots = 0;
	for (uint32_t i = 0; i < o->group_count; i++) {
		const struct group_options *g = &o->groups[i]->options;

		for (uint32_t c = 0; c < g->component_count; c++) {
			if (!component_has_inputs(g->components[c].ops))
				continue;
			++*actors;
			*slots += g->components[c].ops->requests_max;
		}
	}
}

static void take_member(struct shard *s, uint32_t index, uint32_t *next)
{
	struct member *m = &s->members[index];
	const struct group_options *o = &m->group->options;

	m->actor = *next;
	m->logged_offset = UINT64_MAX;
	for (uint32_t c = 0; c < o->component_count; c++) {
		if (!component_has_inputs(o->components[c].ops))
			continue;
		struct actor *a = &s->actors.items[*next];

		a->context = &m->group->contexts[c];
		a->ops = o->components[c].ops;
		a->member = m;
		a->place = (struct input_place){.group = index, .component = c};
		a->context->watch = &s->actors.watch;
		a->context->actor = (*next)++;
		m->actor_count++;
	}
}

void actors_init(struct shard *s)
{
	struct actors *x = &s->actors;
	uint32_t next = 0;

	if (x->count == 0)
		return;
	input_log_init(&x->log, s->options.inputs, s->options.input_turns);
	x->watch.asked_max = x->slots;
	x->watch.due_ns = 0; /* the first turn looks at all */
	for (uint32_t i = 0; i < s->options.group_count; i++)
		take_member(s, i, &next);
	assert(next == x->count);
}

struct actor *actors_at(struct shard *s, const struct input_place *place)
{
	if (place->group >= s->options.group_count)
		return NULL;
	const struct member *m = &s->members[place->group];

	for (uint32_t i = 0; i < m->actor_count; i++)
		if (s->actors.items[m->actor + i].place.component == place->component)
			return &s->actors.items[m->actor + i];
	return NULL;
}

void actors_watch(struct shard *s, const struct member *m, bool watched)
{
	for (uint32_t i = 0; i < m->actor_count; i++)
		s->actors.items[m->actor + i].context->watch = watched ? &s->actors.watch : NULL;
}

void actors_forget(struct shard *s, const struct member *m)
{
	struct actors *x = &s->actors;
	struct component_watch *w = &x->watch;
	uint32_t kept = x->asked_next;

	for (uint32_t i = kept; i < w->asked_count; i++)
		if (x->items[w->asked[i].actor].member != m)
			w->asked[kept++] = w->asked[i];
	w->asked_count = kept;
}

void actors_restart(struct shard *s, struct member *m)
{
	if (m->actor_count == 0)
		return;
	actors_forget(s, m);
	actors_watch(s, m, true);
	for (uint32_t i = 0; i < m->actor_count; i++)
		s->actors.items[m->actor + i].context->actor = m->actor + i;
	m->logged_offset = UINT64_MAX;
	s->actors.watch.due_ns = 0;
}

void actors_set_now(struct member *m, uint64_t now_ns)
{
	for (uint32_t i = 0; i < m->group->options.component_count; i++)
		m->group->contexts[i].now_ns = now_ns;
}

/* ---- delivering ---- */

static void judge(struct shard *s, struct actor *a, enum component_verdict verdict)
{
	if (verdict == COMPONENT_OK)
		return;
	a->member->group->stats.failures++;
	catch_up_quarantine_at_rest(s, a->member);
}

void actors_reply(struct shard *s, struct actor *a, const struct input_reply *r,
                  const uint8_t *payload)
{
	const struct component_reply reply = {
	        .number = r->number,
	        .tag = a->context->inputs->slots[r->slot].tag,
	        .payload = payload,
	        .payload_bytes = r->payload_bytes,
	        .code = r->code,
	        .outcome = r->outcome,
	};

	assert(component_inputs_has(a->context->inputs, r->slot, r->number));
	/* Before the component is told: it may ask again at once. */
	component_inputs_free(a->context, r->slot);
	judge(s, a, a->ops->on_reply(a->context, &reply));
}

void actors_timer(struct shard *s, struct actor *a, uint32_t timer)
{
	component_inputs_disarm(a->context, timer);
	if (a->ops->on_timer != NULL)
		judge(s, a, a->ops->on_timer(a->context, timer));
}

void actors_command(struct shard *s, struct actor *a, const uint8_t *bytes, uint32_t count)
{
	if (a->ops->on_command != NULL)
		judge(s, a, a->ops->on_command(a->context, bytes, count));
}

static bool is_attached(const struct actor *a)
{
	return a->member->mover == MOVER_CLASS;
}

/* True: done with it, delivered or not wanted any more. */
static bool deliver_reply(struct shard *s, struct component_asked which)
{
	struct actor *a = &s->actors.items[which.actor];
	struct actor_reply *held = &a->replies[which.slot];
	const struct input_reply r = {
	        .place = a->place,
	        .number = held->number,
	        .slot = which.slot,
	        .payload_bytes = held->payload_bytes,
	        .code = held->code,
	        .outcome = held->outcome,
	};

	/* The group came back from a state in which it had not asked that yet. */
	if (held->number == 0 ||
	    !component_inputs_has(a->context->inputs, which.slot, held->number)) {
		held->number = 0;
		s->stats.replies_unexpected++;
		return true;
	}
	if (!is_attached(a) || !input_log_reply(&s->actors.log, &r, held->payload))
		return false;
	held->number = 0;
	s->stats.replies++;
	actors_reply(s, a, &r, held->payload);
	return true;
}

static void deliver_replies(struct shard *s)
{
	struct actors *x = &s->actors;

	for (uint32_t left = x->waiting_count; left > 0; left--) {
		struct component_asked which = x->waiting[x->waiting_first];

		x->waiting_first = x->waiting_first + 1 == x->slots ? 0 : x->waiting_first + 1;
		x->waiting_count--;
		if (deliver_reply(s, which))
			continue;
		x->waiting[(x->waiting_first + x->waiting_count) % x->slots] = which;
		x->waiting_count++;
	}
}

static void deliver_commands(struct shard *s)
{
	struct actors *x = &s->actors;

	while (x->commands_count > 0) {
		const struct actor_command *c = &x->commands[x->commands_first];
		struct actor *a = &x->items[c->actor];
		const struct input_command r = {.place = a->place, .bytes = c->bytes};

		if (!is_attached(a) || !input_log_command(&x->log, &r, c->payload))
			return;
		s->stats.commands++;
		x->commands_first = (x->commands_first + 1) % SHARD_COMMANDS_MAX;
		x->commands_count--;
		actors_command(s, a, c->payload, c->bytes);
	}
}

/* Timers that are due, by component and number; true: some had to wait. */
static bool deliver_timers_of(struct shard *s, struct actor *a, uint64_t now_ns)
{
	const struct component_inputs *i = a->context->inputs;

	for (uint32_t t = 0; t < COMPONENT_TIMERS_MAX; t++) {
		const struct input_timer r = {.place = a->place, .timer = t};

		if (now_ns < i->timer_ns[t])
			continue;
		if (!is_attached(a) || !input_log_timer(&s->actors.log, &r))
			return true;
		s->stats.timers++;
		actors_timer(s, a, t);
	}
	return false;
}

static void deliver_timers(struct shard *s, uint64_t now_ns)
{
	struct actors *x = &s->actors;

	if (now_ns < x->watch.due_ns)
		return;
	x->watch.due_ns = UINT64_MAX;
	for (uint32_t i = 0; i < x->count; i++) {
		struct actor *a = &x->items[i];
		uint64_t due_ns = deliver_timers_of(s, a, now_ns)
		                          ? 0
		                          : component_inputs_due_ns(a->context->inputs);

		if (due_ns < x->watch.due_ns)
			x->watch.due_ns = due_ns;
	}
}

void actors_begin(struct shard *s, uint64_t now_ns)
{
	struct actors *x = &s->actors;

	input_log_begin(&x->log, now_ns);
	for (uint32_t i = 0; i < s->options.group_count; i++)
		if (s->members[i].actor_count != 0 && &s->members[i] != x->replaying)
			actors_set_now(&s->members[i], now_ns);
	if (x->waiting_count != 0)
		deliver_replies(s);
	if (x->commands_count != 0)
		deliver_commands(s);
	deliver_timers(s, now_ns);
}

/* ---- the turn's end ---- */

/* Where a member stands that a cursor has moved; false: nobody moves it. */
static bool position_of(const struct shard *s, const struct member *m, struct input_position *out)
{
	const struct lane *l = m->lane;
	bool is_run = m->mover == MOVER_CATCH_UP;

	if (m->mover == MOVER_NONE || m == s->actors.replaying)
		return false;
	*out = (struct input_position){
	        .offset = is_run ? m->group->offset : l->cursor.position,
	        .sequence = is_run ? m->group->sequence : l->view.next_sequence,
	        .epoch = is_run ? m->group->epoch : l->view.epoch,
	};
	return true;
}

void actors_end(struct shard *s)
{
	struct actors *x = &s->actors;
	uint32_t count = 0;

	for (uint32_t i = 0; i < s->options.group_count; i++) {
		const struct member *m = &s->members[i];
		struct input_position *p = &x->positions[count];

		if (m->actor_count == 0 || !position_of(s, m, p) || p->offset == m->logged_offset)
			continue;
		p->group = i;
		count++;
	}
	if ((count != 0 || x->log.is_open) && input_log_turn(&x->log, x->positions, count))
		for (uint32_t i = 0; i < count; i++)
			s->members[x->positions[i].group].logged_offset = x->positions[i].offset;
	s->stats.inputs_refused = x->log.stats.refused;
	input_log_publish(&x->log);
}

/* ---- what the owner calls ---- */

bool shard_next_request(struct shard *s, struct shard_request *out)
{
	struct actors *x = &s->actors;

	if (x->asked_next == x->watch.asked_count) {
		x->asked_next = 0;
		x->watch.asked_count = 0;
		return false;
	}
	const struct component_asked *which = &x->watch.asked[x->asked_next++];
	const struct component_slot *slot =
	        &x->items[which->actor].context->inputs->slots[which->slot];

	*out = (struct shard_request){
	        .what = slot,
	        .number = slot->number,
	        .actor = which->actor,
	        .slot = which->slot,
	        .may_have_been_sent = slot->state == COMPONENT_SLOT_SENT,
	};
	s->stats.requests++;
	return true;
}

bool shard_on_sent(struct shard *s, const struct shard_request *r)
{
	struct actors *x = &s->actors;

	assert(r->actor < x->count);
	struct actor *a = &x->items[r->actor];
	const struct input_sent sent = {.place = a->place, .number = r->number, .slot = r->slot};

	assert(component_inputs_has(a->context->inputs, r->slot, r->number));
	if (a->context->inputs->slots[r->slot].state == COMPONENT_SLOT_SENT)
		return true;
	if (!input_log_sent(&x->log, &sent))
		return false;
	component_inputs_sent(a->context, r->slot);
	s->stats.requests_sent++;
	return true;
}

bool shard_on_reply(struct shard *s, const struct shard_reply *r)
{
	struct actors *x = &s->actors;
	struct actor *a = r->actor < x->count ? &x->items[r->actor] : NULL;

	assert(r->outcome < COMPONENT_OUTCOMES);
	if (a == NULL || !component_inputs_has(a->context->inputs, r->slot, r->number) ||
	    a->replies[r->slot].number == r->number) {
		s->stats.replies_unexpected++;
		return false;
	}
	struct actor_reply *held = &a->replies[r->slot];
	bool is_too_long = r->payload_bytes > COMPONENT_BYTES_MAX;

	held->number = r->number;
	held->code = r->code;
	held->outcome = is_too_long ? COMPONENT_FAILURE : r->outcome;
	held->payload_bytes = is_too_long ? 0 : r->payload_bytes;
	if (held->payload_bytes != 0)
		memcpy(held->payload, r->payload, held->payload_bytes);
	s->stats.replies_too_long += is_too_long;
	assert(x->waiting_count < x->slots);
	x->waiting[(x->waiting_first + x->waiting_count++) % x->slots] =
	        (struct component_asked){.actor = r->actor, .slot = r->slot};
	return true;
}

bool shard_on_command(struct shard *s, const struct input_place *to, const uint8_t *bytes,
                      uint32_t count)
{
	struct actors *x = &s->actors;
	const struct actor *a = actors_at(s, to);

	if (a == NULL || a->ops->on_command == NULL || count > COMPONENT_BYTES_MAX ||
	    x->commands_count == SHARD_COMMANDS_MAX) {
		s->stats.commands_refused++;
		return false;
	}
	struct actor_command *c =
	        &x->commands[(x->commands_first + x->commands_count++) % SHARD_COMMANDS_MAX];

	c->actor = (uint32_t)(a - x->items);
	c->bytes = count;
	if (count != 0)
		memcpy(c->payload, bytes, count);
	return true;
}

void shard_publish_inputs(struct shard *s)
{
	if (s->actors.count != 0)
		input_log_publish(&s->actors.log);
}

uint64_t shard_due_ns(const struct shard *s)
{
	return s->actors.count == 0 ? UINT64_MAX : s->actors.watch.due_ns;
}
