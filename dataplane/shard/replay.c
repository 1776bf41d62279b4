/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Replay: a group lives through its past once more, from its feed's log and the shard's input log.
 * Both are read only; what its components ask meanwhile has been asked before, and is only
 * remembered.
 */
#include <assert.h>
#include <errno.h>

#include "dataplane/shard/shard_private.h"

int shard_replay_begin(struct shard *s, uint32_t group)
{
	assert(group < s->options.group_count);
	struct member *m = &s->members[group];

	if (s->actors.replaying != NULL || m->lane->catch_up.running)
		return -EBUSY;
	if (m->actor_count == 0 || !catch_up_replay_begin(s, m))
		return -EINVAL;
	s->actors.replaying = m;
	s->actors.replay_turn = 0;
	actors_watch(s, m, false);
	return 0;
}

static enum shard_replay verdict_of(const struct member *m)
{
	return m->mover == MOVER_CATCH_UP ? SHARD_REPLAYED : SHARD_REPLAY_FAILED;
}

static enum shard_replay replay_turn(struct shard *s, struct member *m, const struct input *in)
{
	uint32_t group = (uint32_t)(m - s->members);

	for (uint32_t i = 0; i < in->of.turn_end.count; i++) {
		const struct input_position *p = &in->of.turn_end.positions[i];

		if (p->group != group)
			continue;
		if (p->offset < m->group->offset)
			return SHARD_REPLAY_DAMAGED;
		if (!catch_up_replay_to(s, m, p->offset))
			return SHARD_REPLAY_NOT_YET;
		if (m->mover == MOVER_CATCH_UP &&
		    (p->sequence != m->group->sequence || p->epoch != m->group->epoch))
			return SHARD_REPLAY_DAMAGED;
	}
	return verdict_of(m);
}

static const struct input_place *place_of(const struct input *in)
{
	switch (in->kind) {
	case INPUT_REPLY:
		return &in->of.reply.place;
	case INPUT_TIMER:
		return &in->of.timer.place;
	case INPUT_COMMAND:
		return &in->of.command.place;
	case INPUT_SENT:
		return &in->of.sent.place;
	case INPUT_TURN:
		break;
	}
	return NULL;
}

static enum shard_replay replay_one(struct shard *s, struct actor *a, const struct input *in)
{
	struct component_inputs *i = a->context->inputs;

	switch (in->kind) {
	case INPUT_REPLY:
		if (!component_inputs_has(i, in->of.reply.slot, in->of.reply.number))
			return SHARD_REPLAY_DAMAGED;
		actors_reply(s, a, &in->of.reply, in->bytes);
		break;
	case INPUT_TIMER:
		if (i->timer_ns[in->of.timer.timer] > in->now_ns)
			return SHARD_REPLAY_DAMAGED;
		actors_timer(s, a, in->of.timer.timer);
		break;
	case INPUT_COMMAND:
		actors_command(s, a, in->bytes, in->of.command.bytes);
		break;
	case INPUT_SENT:
		if (!component_inputs_has(i, in->of.sent.slot, in->of.sent.number))
			return SHARD_REPLAY_DAMAGED;
		component_inputs_sent(a->context, in->of.sent.slot);
		break;
	case INPUT_TURN:
		break;
	}
	s->stats.inputs_replayed++;
	return verdict_of(a->member);
}

enum shard_replay shard_replay_input(struct shard *s, const struct record *r)
{
	struct member *m = s->actors.replaying;
	struct input in;

	assert(m != NULL);
	if (!input_parse(r, &in) || in.turn < s->actors.replay_turn)
		return SHARD_REPLAY_DAMAGED;
	if (m->mover != MOVER_CATCH_UP)
		return SHARD_REPLAY_FAILED;
	s->actors.replay_turn = in.turn;
	actors_set_now(m, in.now_ns);
	if (in.kind == INPUT_TURN)
		return replay_turn(s, m, &in);
	const struct input_place *place = place_of(&in);
	struct actor *a = actors_at(s, place);

	if (a == NULL ||
	    a->member != m) /* another group's, or of one that is no longer configured */
		return SHARD_REPLAYED;
	return replay_one(s, a, &in);
}

/* The open request after number `after`. */
static uint32_t next_open(const struct component_inputs *in, uint64_t after)
{
	uint32_t next = COMPONENT_SLOT_NONE;

	for (uint32_t i = 0; i < in->slot_count; i++)
		if (in->slots[i].number > after &&
		    (next == COMPONENT_SLOT_NONE || in->slots[i].number < in->slots[next].number))
			next = i;
	return next;
}

/* What the member's components ask and nobody has answered: to be taken by shard_next_request(), in
 * the order in which it was asked, in place of what was noted of them before. */
static void ask_again(struct shard *s, const struct member *m)
{
	struct actors *x = &s->actors;
	struct component_watch *w = &x->watch;

	actors_forget(s, m);
	for (uint32_t n = 0; n < m->actor_count; n++) {
		const struct component_inputs *in = x->items[m->actor + n].context->inputs;
		uint64_t after = 0;
		uint32_t slot;

		while ((slot = next_open(in, after)) != COMPONENT_SLOT_NONE) {
			after = in->slots[slot].number;
			assert(w->asked_count < w->asked_max);
			w->asked[w->asked_count++] =
			        (struct component_asked){.actor = m->actor + n, .slot = slot};
		}
	}
}

void shard_replay_end(struct shard *s)
{
	struct member *m = s->actors.replaying;

	assert(m != NULL);
	s->actors.replaying = NULL;
	actors_watch(s, m, true);
	s->actors.watch.due_ns = 0;
	ask_again(s, m);
	catch_up_replay_end(s, m);
	if (m->group->state != GROUP_QUARANTINED)
		s->wishes = s->wishes || m->returning;
}
