/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/operation_trial.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/histogram.h"
#include "resilience/prng.h"

#define TRIAL_OUTPUTS_MAX  64u
#define TRIAL_ARRIVALS_MAX (1u << 17)
#define TRIAL_QUEUE_MAX    (1u << 15) /* a power of two */
#define TRIAL_ATTEMPTS     256u       /* of one operation, that get draws of their own */

enum trial_what { TRIAL_REPLY, TRIAL_REFUSAL };

struct trial_arrival {
	uint64_t time_ns;
	uint64_t token;
	uint32_t order;
	uint8_t what;
	uint8_t node;
};

struct trial_waiting {  /* at the sender */
	uint64_t token; /* 0: cancelled */
	uint64_t draw;  /* what its node will do with it */
	uint8_t node;
};

struct trial {
	const struct operation_trial_options *options;
	struct operation_trial_result *result;
	uint64_t start_ns;
	uint64_t now_ns;
	struct operation_options table_options;
	struct service_state state;
	struct service service;
	struct prng jitter;
	struct operations table;
	struct operation_output items[TRIAL_OUTPUTS_MAX];
	struct operation_outputs out;
	struct trial_arrival heap[TRIAL_ARRIVALS_MAX];
	uint32_t arrivals;
	uint32_t order;
	struct trial_waiting queue[TRIAL_QUEUE_MAX];
	uint64_t queue_head;
	uint64_t queue_tail;
	uint64_t send_free_ns; /* when the sender is done with the last */
	struct histogram latency;
	struct operation operations[OPERATION_TRIAL_LIVE_MAX];
	struct operation_attempt attempts[3 * OPERATION_TRIAL_LIVE_MAX];
	uint32_t asked[OPERATION_TRIAL_LIVE_MAX]; /* attempts of the slot's operation so far */
};

void operation_trial_standard(struct operation_trial_options *o, uint64_t second_ns)
{
	*o = (struct operation_trial_options){
	        .operations = 2000,
	        .interval_ns = second_ns / 20,
	        .time_ns = 6 * second_ns,
	        .tick_ns = second_ns / 1000,
	        .seed = 1,
	        .repeat = OPERATION_FREELY,
	};
	service_options_report(&o->service, second_ns);
	o->service.nodes = 3;
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		o->nodes[i].latency = (struct distribution){.kind = DISTRIBUTION_LOGNORMAL,
		                                            .scale_ns = second_ns / 10,
		                                            .shape_milli = 250};
}

/* ---- what is to come ---- */

static bool trial_before(const struct trial_arrival *a, const struct trial_arrival *b)
{
	return a->time_ns < b->time_ns || (a->time_ns == b->time_ns && a->order < b->order);
}

static void trial_add(struct trial *t, struct trial_arrival a)
{
	uint32_t i = t->arrivals;

	if (i == TRIAL_ARRIVALS_MAX)
		return; /* lost */
	a.order = t->order++;
	t->arrivals++;
	for (; i > 0 && trial_before(&a, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
		t->heap[i] = t->heap[(i - 1) / 2];
	t->heap[i] = a;
}

static struct trial_arrival trial_take(struct trial *t)
{
	struct trial_arrival first = t->heap[0];
	struct trial_arrival last = t->heap[--t->arrivals];
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < t->arrivals; i = child) {
		child += child + 1 < t->arrivals &&
		         trial_before(&t->heap[child + 1], &t->heap[child]);
		if (!trial_before(&t->heap[child], &last))
			break;
		t->heap[i] = t->heap[child];
	}
	t->heap[i] = last;
	return first;
}

/* ---- the network and the nodes ---- */

static bool trial_is_within(uint64_t time_ns, uint64_t from_ns, uint64_t until_ns)
{
	return time_ns >= from_ns && time_ns < until_ns;
}

/* The request leaves: what the node does with it is decided by its draw. */
static void trial_leave(struct trial *t, const struct trial_waiting *w)
{
	const struct operation_trial_node *n = &t->options->nodes[w->node];
	uint64_t since_ns = t->now_ns - t->start_ns;
	bool mute = trial_is_within(since_ns, n->mute_from_ns, n->mute_until_ns);
	bool refusing = trial_is_within(since_ns, n->refuse_from_ns, n->refuse_until_ns);
	struct trial_arrival a = {.token = w->token, .node = w->node};
	struct prng fate;

	prng_init(&fate, w->draw);
	t->result->requests++;
	t->result->requests_in_outage += mute || refusing;
	operation_on_sent(&t->table, w->token, t->now_ns);
	bool lost = prng_chance_ppm(&fate, n->lose_ppm);
	bool refused = prng_chance_ppm(&fate, n->refuse_ppm);
	uint64_t latency_ns = distribution_sample_ns(&n->latency, &fate, since_ns);

	if (lost || mute)
		return;
	a.what = refused || refusing ? TRIAL_REFUSAL : TRIAL_REPLY;
	a.time_ns = t->now_ns + (refusing ? t->options->tick_ns : latency_ns);
	trial_add(t, a);
}

static void trial_queue(struct trial *t, const struct operation_output *s)
{
	uint32_t slot = (uint32_t)s->operation;

	t->asked[slot] = s->reason == OPERATION_FIRST ? 0 : t->asked[slot] + 1;
	uint64_t attempt = t->asked[slot] % TRIAL_ATTEMPTS;
	struct trial_waiting w = {.token = s->token,
	                          .draw = t->options->seed + s->tag * TRIAL_ATTEMPTS + attempt,
	                          .node = s->node};

	if (t->options->send_ns == 0) {
		trial_leave(t, &w);
		return;
	}
	if (t->queue_head - t->queue_tail == TRIAL_QUEUE_MAX) {
		operation_on_unsent(&t->table, s->token, t->now_ns, &t->out);
		return;
	}
	if (t->queue_head == t->queue_tail && t->send_free_ns < t->now_ns)
		t->send_free_ns = t->now_ns;
	t->queue[t->queue_head++ % TRIAL_QUEUE_MAX] = w;
}

/* One that has not left need not. */
static void trial_unqueue(struct trial *t, uint64_t token)
{
	for (uint64_t i = t->queue_tail; i < t->queue_head; i++)
		if (t->queue[i % TRIAL_QUEUE_MAX].token == token)
			t->queue[i % TRIAL_QUEUE_MAX].token = 0;
}

static void trial_send(struct trial *t)
{
	while (t->queue_tail < t->queue_head) {
		const struct trial_waiting *w = &t->queue[t->queue_tail % TRIAL_QUEUE_MAX];

		if (w->token != 0) {
			if (t->send_free_ns + t->options->send_ns > t->now_ns)
				return;
			t->send_free_ns += t->options->send_ns;
			trial_leave(t, w);
		}
		t->queue_tail++;
	}
}

/* ---- the caller ---- */

static void trial_read(struct trial *t)
{
	for (uint32_t i = 0; i < t->out.count; i++) {
		const struct operation_output x = t->items[i];

		t->result->hash = (t->result->hash ^ x.tag ^ x.time_ns ^ (uint64_t)x.kind << 56) *
		                  0x9e3779b97f4a7c15ull;
		switch ((enum operation_output_kind)x.kind) {
		case OPERATION_SEND:
			trial_queue(t, &x);
			break;
		case OPERATION_CANCEL:
			if (x.outcome == 0)
				trial_unqueue(t, x.token);
			break;
		case OPERATION_DONE:
			t->result->ended[x.outcome]++;
			if (x.outcome == OPERATION_SUCCESS)
				histogram_record(&t->latency, x.time_ns);
			break;
		}
	}
	t->out.count = 0;
}

static void trial_submit(struct trial *t, uint64_t number)
{
	const struct operation_request r = {.tag = number,
	                                    .deadline_ns = t->now_ns + t->options->time_ns,
	                                    .class = t->options->class,
	                                    .repeat = t->options->repeat,
	                                    .max_retries = OPERATION_ROUNDS_AS_SERVICE,
	                                    .fallback = t->options->fallback};
	enum operation_verdict v = operation_submit(&t->table, &r, t->now_ns, &t->out);

	t->result->hash = (t->result->hash ^ v) * 0x9e3779b97f4a7c15ull;
	if (v == OPERATION_ANSWERED)
		t->result->ended[OPERATION_FALLBACK]++;
	else if (v == OPERATION_REJECTED_HOPELESS)
		t->result->ended[OPERATION_ABANDONED]++;
	else if (v != OPERATION_ACCEPTED)
		t->result->ended[OPERATION_REJECTED]++;
	trial_read(t);
}

static void trial_arrive(struct trial *t)
{
	while (t->arrivals != 0 && t->heap[0].time_ns <= t->now_ns) {
		struct trial_arrival a = trial_take(t);
		struct operation_reply r = {
		        .token = a.token, .node = a.node, .ok = a.what == TRIAL_REPLY};

		operation_on_reply(&t->table, &r, t->now_ns, &t->out);
		trial_read(t);
	}
}

static void trial_turn(struct trial *t)
{
	trial_arrive(t);
	trial_send(t);
	while (operation_poll(&t->table, t->now_ns, &t->out))
		trial_read(t);
	trial_read(t);
}

static uint64_t trial_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* To the next moment at which something happens, `limit_ns` at the latest; timers by whole ticks.
 */
static void trial_pass(struct trial *t, uint64_t limit_ns)
{
	uint64_t next_ns = operation_deadline_ns(&t->table);
	uint64_t tick_ns = t->options->tick_ns;

	if (next_ns != UINT64_MAX)
		next_ns = (next_ns / tick_ns + 1) * tick_ns;
	if (t->arrivals != 0)
		next_ns = trial_min(next_ns, t->heap[0].time_ns);
	if (t->queue_tail < t->queue_head)
		next_ns = trial_min(next_ns, t->send_free_ns + t->options->send_ns);
	next_ns = trial_min(next_ns, limit_ns);
	t->now_ns = next_ns > t->now_ns ? next_ns : t->now_ns + 1;
}

static int trial_open(struct trial *t, void **wheel)
{
	const struct operation_trial_options *o = t->options;

	t->start_ns = t->now_ns = 1000 * o->tick_ns;
	t->out = (struct operation_outputs){.items = t->items, .capacity = TRIAL_OUTPUTS_MAX};
	t->table_options = (struct operation_options){
	        .pool = {.operations_max = OPERATION_TRIAL_LIVE_MAX,
	                 .attempts_max = 3 * OPERATION_TRIAL_LIVE_MAX,
	                 .first_use = 1},
	        .tick_ns = o->tick_ns,
	        .late_ns = 2 * o->time_ns,
	        .service_count = 1,
	        .sends_are_reported = true,
	};
	uint64_t bytes = operation_wheel_bytes(&t->table_options);
	const struct service_setup su = {.state = &t->state,
	                                 .options = &o->service,
	                                 .breaker_counters = &t->result->breaker,
	                                 .health_counters = &t->result->health,
	                                 .prng = &t->jitter};
	struct operation_setup u = {.options = &t->table_options,
	                            .operations = t->operations,
	                            .attempts = t->attempts,
	                            .services = &t->service,
	                            .wheel_bytes = bytes};

	prng_init(&t->jitter, o->seed);
	histogram_init(&t->latency);
	if (bytes == 0 || service_init(&t->service, &su, t->now_ns) != 0)
		return -EINVAL;
	u.wheel = *wheel = aligned_alloc(8, (bytes + 7) / 8 * 8);
	if (*wheel == NULL)
		return -ENOMEM;
	int error = operation_init(&t->table, &u, t->now_ns);

	if (error == 0)
		operation_set_mode(&t->table, &mode_policy_standard, o->mode, t->now_ns);
	return error;
}

static void trial_play(struct trial *t)
{
	const struct operation_trial_options *o = t->options;
	struct prng arrivals;
	uint64_t next_ns = t->now_ns;

	prng_init(&arrivals, o->seed ^ 0x5851f42d4c957f2dull);
	for (uint64_t n = 0; n < o->operations; n++) {
		next_ns += prng_below(&arrivals, 2 * o->interval_ns) + 1;
		while (t->now_ns < next_ns) {
			trial_pass(t, next_ns);
			trial_turn(t);
		}
		trial_submit(t, n);
	}
	for (uint64_t end_ns = t->now_ns + 3 * o->time_ns; t->now_ns < end_ns;) {
		trial_pass(t, end_ns);
		trial_turn(t);
	}
}

int operation_trial_run(const struct operation_trial_options *o, struct operation_trial_result *r)
{
	struct trial *t = aligned_alloc(alignof(struct trial), sizeof(*t)); /* holds a breaker */
	void *wheel = NULL;

	if (t == NULL)
		return -ENOMEM;
	memset(t, 0, sizeof(*t));
	memset(r, 0, sizeof(*r));
	t->options = o;
	t->result = r;
	int error = trial_open(t, &wheel);

	if (error == 0) {
		trial_play(t);
		r->stats = t->table.stats;
		r->slot_ns = t->table.stats.attempt_time_ns;
		r->q50_ns = histogram_quantile(&t->latency, 500000);
		r->q99_ns = histogram_quantile(&t->latency, 990000);
		r->q999_ns = histogram_quantile(&t->latency, 999000);
		/* Whatever happened, nothing is left behind. */
		error = operation_live(&t->table) == 0 ? 0 : -EBUSY;
	}
	free(wheel);
	free(t);
	return error;
}
