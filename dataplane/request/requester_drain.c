/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What operations say is done: SENDs are sent, CANCELs forgotten, DONEs handed out. A SEND that
 * fails is a fact by itself, after which the operation says more; that is read too, until nothing
 * is left.
 *
 * It ends: an operation that cannot send has as many rounds as its options allow. It fits: a poll
 * fills half of the room at most, and a SEND that failed makes its operation say a few things in
 * its place, but only when it was the last of its round.
 */
#include "dataplane/request/requester_private.h"

#include <string.h>

static_assert(REQUESTER_OUTPUTS_MAX >= 4 * OPERATION_OUTPUTS_PER_FACT, "");

void requester_drain_room(struct requester *r)
{
	if (r->first_output != 0) {
		r->out.count -= r->first_output;
		memmove(r->items, r->items + r->first_output, r->out.count * sizeof(r->items[0]));
		r->first_output = 0;
	}
	r->out.capacity = REQUESTER_OUTPUTS_MAX;
	assert(r->out.capacity - r->out.count >= OPERATION_OUTPUTS_PER_FACT);
}

/* A write of which a copy may be out, and after which another one to its path was submitted. */
static bool is_superseded(const struct requester *r, const struct operation_output *x)
{
	const struct requester_flight *f = &r->flights[requester_slot(x->operation)];

	return x->reason != OPERATION_FIRST && f->serial != 0 && r->writes[f->bucket] != f->serial;
}

static bool is_live(const struct requester *r, uint64_t token)
{
	const struct operation_attempt *a = operation_pool_find(&r->operations.pool, token);

	return a != NULL && operation_pool_is_live(a);
}

static bool is_once(const struct requester *r, uint64_t operation)
{
	return operation_pool_at(&r->operations.pool, requester_slot(operation))->repeat ==
	       OPERATION_ONCE;
}

static enum requester_sending try_send(struct requester *r, const struct operation_output *x,
                                       uint64_t now_ns)
{
	if (!is_superseded(r, x))
		return requester_frame_attempt(r, x, now_ns);
	r->stats.superseded++;
	return REQUESTER_NEVER;
}

static void on_send(struct requester *r, const struct operation_output *x, uint64_t now_ns)
{
	struct operations *t = &r->operations;

	if (!is_live(r, x->token)) /* what was read before it has ended it */
		return;
	enum requester_sending sending = try_send(r, x, now_ns);

	requester_drain_room(r);
	switch (sending) {
	case REQUESTER_SENT:
		operation_on_sent(t, x->token, now_ns);
		return;
	case REQUESTER_UNREACHABLE:
		/* As if it had left: that the node is not there is its failure. What may be sent
		 * once only has certainly not been, and its caller may rely on that. */
		if (!is_once(r, x->operation)) {
			operation_on_sent(t, x->token, now_ns);
			operation_on_unreachable(t, x->token, now_ns, &r->out);
			return;
		}
		operation_on_unsent(t, x->token, now_ns, &r->out);
		return;
	case REQUESTER_UNSENT:
		operation_on_unsent(t, x->token, now_ns, &r->out);
		return;
	case REQUESTER_NEVER:
		operation_recall(t, x->operation, now_ns, &r->out);
		return;
	}
}

static void forget(struct requester *r, const struct operation_output *x)
{
	const struct requester_service *s = &r->services[x->service];

	if (x->token != 0)
		s->options->codec->forget(s->codec_state, x->token);
}

static void on_done(struct requester *r, const struct operation_output *x,
                    struct requester_done *done)
{
	assert(x->outcome < OPERATION_OUTCOMES);
	struct requester_service *s = &r->services[x->service];

	s->stats.outcomes[x->outcome]++;
	s->stats.slow += x->outcome == OPERATION_SUCCESS && x->time_ns >= s->options->slow_ns;
	*done = (struct requester_done){.tag = x->tag,
	                                .operation = x->operation,
	                                .latency_ns = x->time_ns,
	                                .service = x->service,
	                                .outcome = x->outcome,
	                                .verdict = OPERATION_ACCEPTED,
	                                .node = x->node};
}

uint32_t requester_drain(struct requester *r, uint64_t now_ns, struct requester_done *done,
                         uint32_t max)
{
	uint32_t ended = 0;

	while (r->first_output < r->out.count) {
		const struct operation_output x = r->items[r->first_output++];

		switch ((enum operation_output_kind)x.kind) {
		case OPERATION_SEND:
			on_send(r, &x, now_ns);
			break;
		case OPERATION_CANCEL:
			forget(r, &x);
			break;
		case OPERATION_DONE:
			forget(r, &x);
			assert(ended < max);
			on_done(r, &x, &done[ended++]);
			break;
		}
	}
	r->first_output = 0;
	r->out.count = 0;
	return ended;
}
