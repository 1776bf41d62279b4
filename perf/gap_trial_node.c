/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The gap trial's servers, and what is on its way.
 */
#include "perf/gap_trial_private.h"

/* ---- what is to come ---- */

static bool trial_before(const struct trial_event *a, const struct trial_event *b)
{
	return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->order < b->order);
}

void trial_add(struct trial *t, struct trial_event e)
{
	uint32_t i = t->events;

	if (i == TRIAL_EVENTS_MAX)
		return; /* lost */
	e.order = t->order++;
	t->events++;
	for (; i > 0 && trial_before(&e, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = e;
}

struct trial_event trial_take(struct trial *t)
{
	struct trial_event first = t->heap[0];
	struct trial_event last = t->heap[--t->events];
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < t->events; i = child) {
		child +=
		        child + 1 < t->events && trial_before(&t->heap[child + 1], &t->heap[child]);
		if (!trial_before(&t->heap[child], &last))
			break;
		t->heap[i] = t->heap[child];
	}
	t->heap[i] = last;
	return first;
}

/* ---- servers ---- */

/* What the node has of what was asked; 0: it says nothing. */
static uint32_t trial_holds(const struct trial *t, const struct trial_ask *ask)
{
	if (ask->first >= t->next_sequence)
		return 0;
	uint64_t held = t->next_sequence - ask->first;

	return (uint32_t)(held < ask->count ? held : ask->count);
}

bool trial_measures(const struct trial *t)
{
	bool dead = false;

	for (uint32_t i = 0; i < t->options->service.nodes; i++)
		dead |= t->options->nodes[i].mute_from_ns == 0 &&
		        t->options->nodes[i].mute_until_ns != 0;
	return !dead || t->options->service.health.eject_after == 0 ||
	       t->result->health.ejections != 0;
}

void trial_request(struct trial *t, const struct operation_output *s)
{
	const struct gap_trial_node *n = &t->options->nodes[s->node];
	const struct trial_ask *ask = &t->asks[s->tag % 256];
	uint64_t since_ns = t->now_ns - t->start_ns;
	struct trial_event e = {.what = TRIAL_REPLY,
	                        .token = s->token,
	                        .tag = s->tag,
	                        .first = ask->first,
	                        .asked = ask->count,
	                        .count = trial_holds(t, ask),
	                        .node = s->node};
	bool mute = since_ns >= n->mute_from_ns && since_ns < n->mute_until_ns;

	t->result->requests_all++;
	t->result->requests += trial_measures(t);
	bool lost = prng_chance_ppm(&t->fate, n->lose_ppm);
	bool partial = prng_chance_ppm(&t->fate, n->partial_ppm);
	bool twice = prng_chance_ppm(&t->fate, n->duplicate_ppm);
	bool wrong = prng_chance_ppm(&t->fate, n->wrong_ppm);
	uint64_t latency_ns = distribution_sample_ns(&n->latency, &t->fate, since_ns);

	if (lost || mute || e.count == 0 || ask->tag != s->tag)
		return;
	if (partial)
		e.count = 1 + (uint32_t)prng_below(&t->fate, e.count);
	if (wrong)
		e.wrong = (uint8_t)(TRIAL_OTHER_RANGE + prng_below(&t->fate, TRIAL_TOO_MANY));
	e.time_ns = t->now_ns + latency_ns;
	trial_add(t, e);
	if (!twice)
		return;
	e.time_ns += prng_below(&t->fate, latency_ns);
	trial_add(t, e);
}

struct feed_packet trial_reply(struct trial *t, const struct trial_event *e)
{
	uint32_t bytes = t->options->reply_bytes;

	switch ((enum trial_wrong)e->wrong) {
	case TRIAL_OTHER_RANGE:
		return trial_build(t, e->first + 1, e->count, bytes);
	case TRIAL_TOO_MANY:
		return trial_build(t, e->first, (uint32_t)e->asked + 1, UINT32_MAX);
	case TRIAL_OTHER_SESSION: {
		struct feed_packet p = trial_build(t, e->first, e->count, bytes);

		p.session.name[0] = 'X';
		return p;
	}
	case TRIAL_RIGHT:
		break;
	}
	return trial_build(t, e->first, e->count, bytes);
}
