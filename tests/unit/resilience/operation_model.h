/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What must hold of a table of operations, whatever happens: a second book-keeping that sees only
 * what goes in and what comes out. It knows no rule of when to send what; it knows what was
 * allowed, who is owed an end, and which attempts are under way.
 */
#ifndef TESTS_UNIT_RESILIENCE_OPERATION_MODEL_H
#define TESTS_UNIT_RESILIENCE_OPERATION_MODEL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/operation.h"

#define MODEL_SERVICES_MAX 8u

struct model_operation {
	uint64_t tag;
	uint64_t deadline_ns; /* the earlier of its own and the service's */
	uint32_t live;        /* attempts */
	uint32_t sent;        /* attempts that may have left */
	uint32_t retries;
	uint32_t next_free;
	uint16_t service;
	uint8_t repeat;
	uint8_t rounds_max;
	bool open;  /* accepted and not done */
	bool holds; /* ... or done, and losers still hold its slot */
};

struct model_attempt {
	uint64_t token;
	uint64_t start_ns;
	uint64_t deadline_ns; /* as SEND said, later by what it waited to be sent */
	uint32_t operation;   /* index */
	uint8_t node;
	bool live;
	bool left; /* known to have been sent, or not known not to have been */
};

struct model_service {
	uint64_t accepted;
	uint64_t successes;
	uint64_t retries;
	uint64_t hedges;
	uint64_t parallel;
};

struct model {
	struct model_operation *operations;
	struct model_attempt *attempts; /* by the token's slot */
	const struct service_options *options;
	const struct operation_options *table;
	uint32_t free;
	uint32_t open;
	uint32_t holding;
	uint32_t live;
	uint64_t accepted;
	uint64_t done;
	uint64_t last_poll_ns;
	uint64_t hash;
	struct model_service services[MODEL_SERVICES_MAX];
	/* The reply that is being told; 0: none. */
	uint64_t told_token;
	bool told_ok;
	const char *broken; /* the first thing that was wrong */
};

#define MODEL_HOLD(m, condition)                                \
	do {                                                    \
		if (!(condition) && (m)->broken == NULL)        \
			(m)->broken = __FILE__ ": " #condition; \
	} while (0)

static inline void model_open(struct model *m, const struct operation_options *table,
                              const struct service_options *options)
{
	*m = (struct model){.table = table, .options = options};
	m->operations = calloc(table->pool.operations_max + 1, sizeof(m->operations[0]));
	m->attempts = calloc(table->pool.attempts_max, sizeof(m->attempts[0]));
	if (m->operations == NULL || m->attempts == NULL)
		abort();
	for (uint32_t i = 0; i <= table->pool.operations_max; i++)
		m->operations[i].next_free = i + 1;
}

static inline void model_close(struct model *m)
{
	free(m->operations);
	free(m->attempts);
}

static inline void model_mix(struct model *m, uint64_t value)
{
	m->hash = (m->hash ^ value) * 0x9e3779b97f4a7c15ull;
	m->hash ^= m->hash >> 29;
}

/* A place for the operation that is about to be submitted; its index goes into the tag. One more
 * than the table has: the table may say that it is full. */
static inline uint32_t model_prepare(struct model *m, const struct operation_request *r,
                                     uint64_t now_ns)
{
	uint32_t i = m->free;
	struct model_operation *o = &m->operations[i];
	const struct service_options *so = &m->options[r->service];
	uint64_t end_ns = deadline_at_ns(now_ns, so->operation_timeout_ns);

	*o = (struct model_operation){
	        .tag = r->tag,
	        .deadline_ns = r->deadline_ns < end_ns ? r->deadline_ns : end_ns,
	        .next_free = o->next_free,
	        .service = (uint16_t)r->service,
	        .repeat = r->repeat,
	        .rounds_max = r->max_retries == OPERATION_ROUNDS_AS_SERVICE ? so->max_retries
	                                                                    : r->max_retries,
	        .open = true,
	        .holds = true};
	return i;
}

static inline void model_submitted(struct model *m, uint32_t i, enum operation_verdict verdict)
{
	if (verdict != OPERATION_ACCEPTED) {
		m->operations[i].open = m->operations[i].holds = false;
		return;
	}
	m->free = m->operations[i].next_free;
	m->open++;
	m->accepted++;
	m->services[m->operations[i].service].accepted++;
	m->holding++;
	MODEL_HOLD(m, m->holding <= m->table->pool.operations_max);
}

static inline struct model_attempt *model_attempt(struct model *m, uint64_t token)
{
	uint64_t slot = token & (OPERATION_SLOTS_MAX - 1);

	return slot < m->table->pool.attempts_max ? &m->attempts[slot] : NULL;
}

/* Whether the attempt is under way. */
static inline bool model_is_live(struct model *m, uint64_t token)
{
	const struct model_attempt *a = model_attempt(m, token);

	return a != NULL && a->live && a->token == token;
}

static inline void model_let_go(struct model *m, uint32_t i)
{
	struct model_operation *o = &m->operations[i];

	if (!o->holds || o->open || o->live != 0)
		return;
	o->holds = false;
	o->next_free = m->free;
	m->free = i;
	m->holding--;
}

static inline void model_end_attempt(struct model *m, struct model_attempt *a)
{
	struct model_operation *o = &m->operations[a->operation];

	MODEL_HOLD(m, a->live);
	MODEL_HOLD(m, o->live > 0);
	a->live = false;
	o->live--;
	m->live--;
	model_let_go(m, a->operation);
}

static inline void model_on_send(struct model *m, const struct operation_output *x, uint64_t now_ns)
{
	uint32_t i = (uint32_t)(x->tag & UINT32_MAX);
	struct model_operation *o = &m->operations[i];
	const struct service_options *so = &m->options[o->service];
	struct model_attempt *a = model_attempt(m, x->token);
	struct model_service *s = &m->services[o->service];

	MODEL_HOLD(m, o->open && o->tag == x->tag && x->service == o->service);
	MODEL_HOLD(m, a != NULL && !a->live && a->token != x->token);
	MODEL_HOLD(m, x->node < so->nodes);
	MODEL_HOLD(m, now_ns < o->deadline_ns);
	MODEL_HOLD(m, x->time_ns > now_ns && x->time_ns <= o->deadline_ns);
	MODEL_HOLD(m, o->live < (o->repeat == OPERATION_FREELY ? so->parallel_max : 1u));
	MODEL_HOLD(m, o->repeat != OPERATION_ONCE || o->sent == 0);
	if (!so->same_node_parallel)
		for (uint32_t k = 0; o->live != 0 && k < m->table->pool.attempts_max; k++)
			MODEL_HOLD(m, !(m->attempts[k].live && m->attempts[k].operation == i &&
			                m->attempts[k].node == x->node));
	o->retries += x->reason == OPERATION_RETRY;
	MODEL_HOLD(m, o->retries <= o->rounds_max);
	s->retries += x->reason == OPERATION_RETRY;
	s->hedges += x->reason == OPERATION_HEDGE;
	s->parallel += x->reason == OPERATION_PARALLEL;
	*a = (struct model_attempt){.token = x->token,
	                            .start_ns = now_ns,
	                            .deadline_ns = x->time_ns,
	                            .operation = i,
	                            .node = x->node,
	                            .live = true,
	                            .left = !m->table->sends_are_reported};
	o->sent += a->left;
	o->live++;
	m->live++;
	MODEL_HOLD(m, m->live <= m->table->pool.attempts_max);
}

static inline void model_on_done(struct model *m, const struct operation_output *x)
{
	uint32_t i = (uint32_t)(x->tag & UINT32_MAX);
	struct model_operation *o = &m->operations[i];
	bool success = x->outcome == OPERATION_SUCCESS;
	const struct model_attempt *told = model_attempt(m, m->told_token);

	MODEL_HOLD(m, o->open && o->tag == x->tag);
	MODEL_HOLD(m, x->outcome < OPERATION_OUTCOMES && x->outcome != OPERATION_REJECTED);
	/* By a reply to an attempt of its own that was under way, and by nothing else. */
	MODEL_HOLD(m, !success || (m->told_token != 0 && m->told_ok && told->operation == i &&
	                           x->token == m->told_token && x->node == told->node));
	MODEL_HOLD(m, success || x->token == 0);
	MODEL_HOLD(m, x->outcome != OPERATION_UNKNOWN || (o->repeat == OPERATION_ONCE && o->sent));
	MODEL_HOLD(m, o->live == 0 || (success && !m->options[o->service].cancel_losers));
	/* Not after the first poll that came a tick after its deadline, or later. */
	MODEL_HOLD(m, o->deadline_ns == UINT64_MAX ||
	                      m->last_poll_ns < o->deadline_ns + m->table->tick_ns);
	o->open = false;
	m->open--;
	model_let_go(m, i);
	m->done++;
	m->services[o->service].successes += success;
}

/* What a call said. `poll`: it was operation_poll(). */
static inline void model_read(struct model *m, const struct operation_outputs *out, uint64_t now_ns)
{
	for (uint32_t n = 0; n < out->count; n++) {
		const struct operation_output *x = &out->items[n];
		struct model_attempt *a = model_attempt(m, x->token);

		model_mix(m, x->token ^ x->tag << 7 ^ x->time_ns << 13);
		model_mix(m, (uint64_t)x->kind << 24 | (uint64_t)x->node << 16 |
		                     (uint64_t)x->reason << 8 | x->outcome);
		switch ((enum operation_output_kind)x->kind) {
		case OPERATION_SEND:
			model_on_send(m, x, now_ns);
			break;
		case OPERATION_CANCEL:
			MODEL_HOLD(m, a != NULL && a->live && a->token == x->token);
			MODEL_HOLD(m, x->outcome == a->left);
			model_end_attempt(m, a);
			break;
		case OPERATION_DONE:
			model_on_done(m, x);
			break;
		}
	}
}

/* Before the outputs of a reply are read. The attempt that is answered has ended. */
static inline void model_tell(struct model *m, uint64_t token, bool ok,
                              enum operation_hearing heard, bool right_node, bool past_deadline)
{
	bool live = model_is_live(m, token) && right_node;

	m->told_token = 0;
	if (!live || past_deadline) {
		MODEL_HOLD(m, heard != OPERATION_HEARD_SUCCESS && heard != OPERATION_HEARD_FAILURE);
		return;
	}
	struct model_attempt *a = model_attempt(m, token);
	struct model_operation *o = &m->operations[a->operation];

	if (o->open) {
		MODEL_HOLD(m, heard == (ok ? OPERATION_HEARD_SUCCESS : OPERATION_HEARD_FAILURE));
		m->told_token = token;
		m->told_ok = ok;
	} else {
		MODEL_HOLD(m, heard == OPERATION_HEARD_LATE);
	}
	o->sent += !a->left; /* who answers was reached */
	model_end_attempt(m, a);
}

/* After the last poll of a turn: nobody who is owed an end is late, no attempt is overdue. */
static inline void model_polled(struct model *m, uint64_t now_ns, bool look_at_all)
{
	m->last_poll_ns = now_ns;
	for (uint32_t i = 0; look_at_all && i <= m->table->pool.operations_max; i++) {
		const struct model_operation *o = &m->operations[i];

		MODEL_HOLD(m, !o->open || o->deadline_ns == UINT64_MAX ||
		                      now_ns < o->deadline_ns + m->table->tick_ns);
	}
	for (uint32_t i = 0; look_at_all && i < m->table->pool.attempts_max; i++) {
		const struct model_attempt *a = &m->attempts[i];

		MODEL_HOLD(m, !a->live || a->deadline_ns == UINT64_MAX ||
		                      now_ns < a->deadline_ns + m->table->tick_ns);
	}
}

static inline void model_sent(struct model *m, struct model_attempt *a, uint64_t now_ns)
{
	struct model_operation *o = &m->operations[a->operation];

	a->left = true;
	o->sent++;
	a->deadline_ns = deadline_at_ns(a->deadline_ns, now_ns - a->start_ns);
	if (a->deadline_ns > o->deadline_ns)
		a->deadline_ns = o->deadline_ns;
}

static inline bool model_within(const struct budget_options *b, uint64_t taken, uint64_t deeds,
                                uint64_t time_ns, uint32_t scale)
{
	uint64_t earned = deeds * b->earn_ppm / BUDGET_TOKEN + 1;
	uint64_t paid = b->period_ns == 0 ? 0 : time_ns / b->period_ns + 1;

	return b->is_unlimited || taken <= scale * (b->burst + earned + paid);
}

/* `scale`: the greatest factor that a mode put on the budgets. */
static inline void model_budgets(struct model *m, uint64_t time_ns, uint32_t scale)
{
	for (uint32_t i = 0; i < m->table->service_count; i++) {
		const struct model_service *s = &m->services[i];
		const struct service_options *o = &m->options[i];

		MODEL_HOLD(m, model_within(&o->retry_budget, s->retries, s->successes, time_ns,
		                           scale));
		MODEL_HOLD(m,
		           model_within(&o->hedge_budget, s->hedges, s->accepted, time_ns, scale));
		MODEL_HOLD(m, model_within(&o->parallel_budget, s->parallel, s->accepted, time_ns,
		                           scale));
	}
}

#endif
