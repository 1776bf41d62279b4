/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Items: from a question to its one end, through the real operation engine; attempts go to the
 * script or to other components.
 */
#include "app/chaos_world.h"

#include <assert.h>
#include <inttypes.h>

static_assert((int)SCENARIO_ONCE == (int)OPERATION_ONCE, "the operations' words");
static_assert((int)SCENARIO_FREELY == (int)OPERATION_FREELY, "the operations' words");

uint32_t chaos_item_take(struct chaos_world *w)
{
	uint32_t item = w->item_free;

	if (item == CHAOS_NONE || w->items == NULL)
		return CHAOS_NONE;
	w->item_free = w->items[item].next;
	w->items[item] = (struct chaos_item){.next = CHAOS_NONE, .service = CHAOS_NO_SERVICE};
	w->items_out++;
	return item;
}

static void give(struct chaos_world *w, uint32_t item)
{
	assert(w->items[item].state != CHAOS_ITEM_FREE);
	w->items[item].state = CHAOS_ITEM_FREE;
	w->items[item].next = w->item_free;
	w->item_free = item;
	w->items_out--;
}

/* The component has died since. */
static bool is_orphan(const struct chaos_world *w, const struct chaos_item *x)
{
	const struct chaos_member *m = &w->members[x->component];

	return !m->is_alive || m->component.lives != x->life;
}

void chaos_item_drop(struct chaos_world *w, uint32_t item)
{
	w->result->orphans++;
	world_group_ended(w, &w->items[item], false, true);
	give(w, item);
}

static void answer(struct chaos_world *w, const struct chaos_item *x, bool is_good)
{
	chaos_queue_put(&w->queue,
	                &(struct chaos_event){.time_ns = w->now_ns + w->scenario->hop_ns,
	                                      .kind = CHAOS_REPLY,
	                                      .a = x->request.core,
	                                      .b = (uint32_t)x->request.node << 1 | is_good,
	                                      .token = x->request.token,
	                                      .service = x->request.service});
}

static void count_event(struct chaos_world *w, const struct chaos_item *x, bool is_good,
                        bool is_fallback)
{
	struct chaos_result *r = w->result;
	struct chaos_class_result *class = &r->classes[x->class];
	bool in_time =
	        (is_good || is_fallback) && w->now_ns <= x->arrival_ns + w->scenario->deadline_ns;

	r->processed++;
	r->in_time += in_time;
	class->in_time += in_time;
	class->shed += x->is_shed;
	class->fallbacks += is_fallback;
	r->done_ns = w->now_ns;
	r->critical += x->class == WORK_CRITICAL;
	r->critical_ns += x->class == WORK_CRITICAL ? w->now_ns - x->arrival_ns : 0;
	if (x->service == CHAOS_NO_SERVICE)
		return;
	struct chaos_service_result *v = &r->services[x->service];
	bool in_budget = is_good && w->now_ns <= x->arrival_ns + w->scenario->budget_ns;

	v->succeeded += in_budget;
	r->succeeded += in_budget;
	class->succeeded += in_budget;
	v->fallbacks += is_fallback;
	r->fallbacks += is_fallback;
	v->latency_ns += in_budget ? w->now_ns - x->arrival_ns : 0;
	if (in_budget)
		histogram_record(&w->latency, w->now_ns - x->submit_ns);
}

/* Adaptive parallelism: more while it goes well and events wait, half as many when it does not. */
static void adapt(struct chaos_world *w, struct chaos_member *m, bool is_good)
{
	const struct processing_options *p = &w->profile->processing;

	if (p->order == PROCESSING_SEQUENTIAL)
		return;
	if (!is_good)
		m->window = m->window / 2 > p->parallelism_min ? m->window / 2 : p->parallelism_min;
	else if (m->pending + m->inbox_count > 0 && m->window < p->parallelism_max)
		m->window++;
}

/* Remembers for the component's health how the operation went. */
static void remember(const struct chaos_world *w, struct chaos_member *m, bool is_good)
{
	m->history = m->history << 1 | !is_good;
	m->history_count++;
	m->heard_ns = w->now_ns;
}

static void end(struct chaos_world *w, uint32_t item, bool is_good, bool is_fallback)
{
	struct chaos_item *x = &w->items[item];
	struct chaos_member *m = &w->members[x->component];

	if (is_orphan(w, x)) {
		chaos_item_drop(w, item);
		return;
	}
	if (x->is_request)
		answer(w, x, is_good);
	else if (m->group != NULL)
		world_group_ended(w, x, is_good, false);
	else
		count_event(w, x, is_good, is_fallback);
	if (!x->is_shed)
		remember(w, m, is_good || is_fallback);
	assert(m->out > 0);
	m->out--;
	m->oldest_ns = UINT64_MAX;
	if (!x->is_shed)
		adapt(w, m, is_good);
	w->progress++;
	give(w, item);
	chaos_core_wake(w, m->core);
}

static struct chaos_attempt attempt_of(const struct chaos_world *w, const struct chaos_item *x,
                                       uint32_t node)
{
	return (struct chaos_attempt){.seed = w->options->seed,
	                              .event = x->event,
	                              .base_ns = x->base_ns,
	                              .now_ns = w->now_ns,
	                              .attempt = x->sends,
	                              .service = x->service,
	                              .node = node};
}

/* To a component of this world: it is asked over a ring, after a hop. */
static void send_hosted(struct chaos_world *w, uint32_t core, const struct chaos_item *x,
                        const struct operation_output *o)
{
	const struct scenario_service *v = &w->scenario->services[x->service];
	struct chaos_attempt a = attempt_of(w, x, o->node);

	if (chaos_script_is_lost(w->scenario, &a))
		return;
	/* A probe decides for all that wait behind it: on its way nobody sheds it. */
	bool is_probe = w->cores[core].states[x->service].breaker.state == BREAKER_HALF_OPEN;
	uint8_t class = is_probe ? WORK_CRITICAL : x->class;

	chaos_queue_put(&w->queue,
	                &(struct chaos_event){.time_ns = w->now_ns + w->scenario->hop_ns,
	                                      .kind = CHAOS_REQUEST,
	                                      .a = v->hosts + o->node,
	                                      .b = core << 16 | (uint32_t) class << 8 | o->node,
	                                      .token = o->token,
	                                      .value_ns = x->event,
	                                      .service = x->service});
}

static void send(struct chaos_world *w, uint32_t core, const struct operation_output *o)
{
	struct chaos_item *x = &w->items[o->tag];

	if (x->state != CHAOS_ITEM_OUT) {
		chaos_broken(w, 4, "an attempt for an operation that has ended");
		return;
	}
	if (w->scenario->services[x->service].hosts != SCENARIO_NONE) {
		send_hosted(w, core, x, o);
	} else {
		struct chaos_attempt a = attempt_of(w, x, o->node);
		struct chaos_fate f = chaos_script_fate(w->scenario, &a);

		if (f.time_ns != CHAOS_NEVER)
			chaos_queue_put(&w->queue, &(struct chaos_event){
			                                   .time_ns = f.time_ns,
			                                   .kind = CHAOS_REPLY,
			                                   .a = core,
			                                   .b = (uint32_t)o->node << 1 | f.is_good,
			                                   .token = o->token,
			                                   .value_ns = w->now_ns,
			                                   .service = o->service});
	}
	if (x->sends > 0 && w->scenario->services[x->service].repeat == SCENARIO_ONCE)
		chaos_broken(w, 5, "event %" PRIu64 ": asked twice, and may be asked once only",
		             x->event);
	x->sends++;
	w->result->attempts++;
	chaos_tuning_on_send(w, x, o);
}

static void done(struct chaos_world *w, const struct operation_output *o)
{
	struct chaos_item *x = &w->items[o->tag];

	if (x->state != CHAOS_ITEM_OUT) {
		chaos_broken(w, 4, "an operation ended twice");
		return;
	}
	if (world_group_is_lost(w, x))
		return;
	if (x->deadline_ns != UINT64_MAX && w->now_ns > x->deadline_ns + w->scenario->tick_ns)
		chaos_broken(w, 4, "an operation ended %" PRIu64 " ns after its deadline",
		             w->now_ns - x->deadline_ns);
	w->result->outcomes[o->outcome]++;
	chaos_tuning_on_done(w, x, o);
	end(w, (uint32_t)o->tag, o->outcome == OPERATION_SUCCESS, o->outcome == OPERATION_FALLBACK);
}

static void process_outputs(struct chaos_world *w, uint32_t core, struct operation_outputs *out)
{
	for (uint32_t i = 0; i < out->count; i++) {
		const struct operation_output o = out->items[i];

		switch ((enum operation_output_kind)o.kind) {
		case OPERATION_SEND:
			send(w, core, &o);
			break;
		case OPERATION_CANCEL:
			break; /* it is on its way; nobody calls it back */
		case OPERATION_DONE:
			done(w, &o);
			break;
		}
	}
	out->count = 0;
}

static struct operation_outputs outputs(struct chaos_world *w)
{
	return (struct operation_outputs){.items = w->outputs, .capacity = CHAOS_OUTPUTS_MAX};
}

void chaos_item_arm(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];
	uint64_t due_ns = operation_deadline_ns(&c->operations);

	due_ns = due_ns <= w->now_ns ? w->now_ns + 1 : due_ns;
	if (due_ns == UINT64_MAX || due_ns >= c->poll_at_ns)
		return;
	c->poll_at_ns = due_ns;
	chaos_queue_put(&w->queue,
	                &(struct chaos_event){.time_ns = due_ns, .kind = CHAOS_POLL, .a = core});
}

static void refused(struct chaos_world *w, uint32_t item, enum operation_verdict verdict)
{
	/* What the mode sheds says nothing about the component's health, and is no reason to have
	 * fewer at a time. */
	w->items[item].is_shed = verdict == OPERATION_REJECTED_THROTTLED;
	end(w, item, false, verdict == OPERATION_ANSWERED);
}

void chaos_item_submit(struct chaos_world *w, uint32_t item)
{
	struct chaos_item *x = &w->items[item];
	struct chaos_member *m = &w->members[x->component];
	struct operation_outputs out = outputs(w);

	assert(x->state == CHAOS_ITEM_READY);
	x->state = CHAOS_ITEM_OUT;
	x->submit_ns = w->now_ns;
	if (is_orphan(w, x)) {
		chaos_item_drop(w, item);
		return;
	}
	if (x->service == CHAOS_NO_SERVICE) {
		end(w, item, true, false);
		return;
	}
	x->base_ns = chaos_script_base_ns(w->scenario, w->options->seed, x->service, x->event);
	x->deadline_ns = w->profile->processing.waits_unbounded
	                         ? UINT64_MAX
	                         : x->arrival_ns + w->scenario->budget_ns;
	m->oldest_ns = w->now_ns;
	struct operation_request r = {
	        .tag = item,
	        .deadline_ns = x->deadline_ns,
	        .expected_ns = w->scenario->services[x->service].says_expected ? x->base_ns : 0,
	        .service = x->service,
	        .class = x->class,
	        .repeat = (uint8_t)w->scenario->services[x->service].repeat,
	        .max_retries = OPERATION_ROUNDS_AS_SERVICE,
	        .fallback = w->scenario->has_fallback,
	};
	struct operations *t = &w->cores[m->core].operations;
	enum operation_verdict verdict = operation_submit(t, &r, w->now_ns, &out);
	uint32_t core = m->core;

	w->result->verdicts[verdict]++;
	if (verdict != OPERATION_ACCEPTED)
		refused(w, item, verdict);
	process_outputs(w, core, &out);
	chaos_item_arm(w, core);
}

static void count_window(struct chaos_world *w, const struct chaos_event *e, bool is_good)
{
	struct chaos_window *n = &w->window[w->window_at];

	if (!is_good && w->now_ns < w->result->failed_ns)
		w->result->failed_ns = w->now_ns;
	n->attempts++;
	n->succeeded += is_good;
	n->slow += e->value_ns != 0 &&
	           w->now_ns - e->value_ns >= w->profile->service.breaker.ultra_latency_ns;
}

void chaos_item_reply(struct chaos_world *w, const struct chaos_event *e)
{
	struct operations *t = &w->cores[e->a].operations;
	struct operation_outputs out = outputs(w);
	struct operation_reply r = {
	        .token = e->token, .node = (uint8_t)(e->b >> 1), .ok = (e->b & 1) != 0};

	operation_on_reply(t, &r, w->now_ns, &out);
	count_window(w, e, r.ok);
	process_outputs(w, e->a, &out);
	chaos_item_arm(w, e->a);
}

void chaos_item_request(struct chaos_world *w, const struct chaos_event *e)
{
	struct chaos_member *m = &w->members[e->a];

	if (!m->is_alive)
		return; /* nobody answers */
	if (m->inbox_count == CHAOS_INBOX_MAX)
		return; /* a full ring: it is dropped, as a packet would be */
	m->inbox[(m->inbox_first + m->inbox_count++) % CHAOS_INBOX_MAX] = (struct chaos_request){
	        .token = e->token,
	        .event = e->value_ns,
	        .arrival_ns = w->now_ns,
	        .core = e->b >> 16,
	        .class = (uint8_t)(e->b >> 8),
	        .node = (uint8_t)e->b,
	        .service = e->service,
	};
	chaos_core_wake(w, m->core);
}

void chaos_item_poll(struct chaos_world *w, const struct chaos_event *e)
{
	struct chaos_core *c = &w->cores[e->a];
	struct operation_outputs out = outputs(w);
	bool more = true;

	if (e->time_ns != c->poll_at_ns)
		return; /* an earlier one has been there */
	c->poll_at_ns = UINT64_MAX;
	while (more) {
		more = operation_poll(&c->operations, w->now_ns, &out);
		process_outputs(w, e->a, &out);
	}
	chaos_item_arm(w, e->a);
}
