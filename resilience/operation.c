/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/operation.h"

#include <errno.h>

#include "resilience/operation_attempt.h"
#include "resilience/operation_end.h"
#include "resilience/operation_round.h"

#define OPERATION_POLL_BATCH  16u /* timers taken at a time */
#define OPERATION_SWEEP_SLOTS 64u /* looked at per poll when a node became unreachable */

/* ---- the table ---- */

static struct wheel_options operation_wheel_options(const struct operation_options *o)
{
	return (struct wheel_options){.timers = o->pool.operations_max + o->service_count,
	                              .moves_max = o->moves_max,
	                              .tick_ns = o->tick_ns};
}

uint64_t operation_wheel_bytes(const struct operation_options *o)
{
	struct wheel_options w = operation_wheel_options(o);

	if (o->pool.operations_max == 0 || o->pool.operations_max > OPERATION_SLOTS_MAX ||
	    o->service_count == 0 || o->service_count > OPERATION_SERVICES_MAX)
		return 0;
	return wheel_bytes(&w);
}

int operation_init(struct operations *t, const struct operation_setup *u, uint64_t now_ns)
{
	const struct operation_options *o = u->options;
	struct wheel_options w = operation_wheel_options(o);

	assert(u->services != NULL);
	if (operation_wheel_bytes(o) == 0)
		return -EINVAL;
	*t = (struct operations){.wheel = u->wheel,
	                         .services = u->services,
	                         .policy = &mode_policy_standard.mode[MODE_NORMAL],
	                         .options = o,
	                         .sweep_at = OPERATION_SLOT_NONE};
	int error = operation_pool_init(&t->pool, &o->pool, u->operations, u->attempts);

	if (error == 0)
		error = wheel_init(u->wheel, u->wheel_bytes, &w, now_ns);
	if (error != 0)
		return error;
	for (uint32_t i = 0; i < o->service_count; i++)
		wheel_arm(t->wheel, o->pool.operations_max + i,
		          service_deadline_ns(&t->services[i], now_ns));
	return 0;
}

void operation_set_mode(struct operations *t, const struct mode_policy *policy, enum mode_id mode,
                        uint64_t now_ns)
{
	assert(policy != NULL);
	assert((unsigned)mode < MODE_COUNT);
	t->policy = &policy->mode[mode];
	for (uint32_t i = 0; i < t->options->service_count; i++)
		service_set_mode(&t->services[i], policy, mode, now_ns);
}

/* ---- facts ---- */

/* Which one of its operation the live attempt is. */
static uint32_t operation_position(const struct operation *o, const struct operation_attempt *a)
{
	uint32_t attempt = (uint32_t)(a->token & (OPERATION_SLOTS_MAX - 1));
	uint32_t position = 0;

	while (position + 1 < o->live && o->attempts[position] != attempt)
		position++;
	assert(o->attempts[position] == attempt);
	return position;
}

static struct operation_attempt *operation_live_attempt(const struct operations *t, uint64_t token)
{
	struct operation_attempt *a = operation_pool_find(&t->pool, token);

	return a != NULL && operation_pool_is_live(a) ? a : NULL;
}

void operation_on_sent(struct operations *t, uint64_t token, uint64_t now_ns)
{
	struct operation_attempt *a = operation_live_attempt(t, token);

	if (a == NULL || a->state == ATTEMPT_SENT)
		return;
	struct operation *o = operation_pool_at(&t->pool, a->link);
	uint64_t waited_ns = now_ns > a->start_ns ? now_ns - a->start_ns : 0;

	a->state = ATTEMPT_SENT;
	a->start_ns = now_ns;
	o->flags |= OPERATION_WAS_SENT;
	/* The timer is left: it comes too early, if at all, and is then armed anew. */
	a->deadline_ns = deadline_at_ns(a->deadline_ns, waited_ns);
	a->deadline_ns = a->deadline_ns < o->deadline_ns ? a->deadline_ns : o->deadline_ns;
}

void operation_on_unsent(struct operations *t, uint64_t token, uint64_t now_ns,
                         struct operation_outputs *out)
{
	const struct operation_attempt *a = operation_live_attempt(t, token);

	assert(out->capacity - out->count >= OPERATION_OUTPUTS_PER_FACT);
	/* One that was reported as sent was. */
	if (a == NULL || (t->options->sends_are_reported && a->state == ATTEMPT_SENT))
		return;
	struct operation *o = operation_pool_at(&t->pool, a->link);

	operation_end_attempt(t, o, operation_position(o, a), OPERATION_ATTEMPT_UNSENT, false,
	                      now_ns, out);
}

static enum operation_hearing operation_hear(struct operations *t, const struct operation_reply *r,
                                             uint64_t now_ns, struct operation_outputs *out)
{
	struct operation_attempt *a = operation_pool_find(&t->pool, r->token);

	if (a == NULL || (r->node != OPERATION_NODE_UNKNOWN && r->node != a->node))
		return OPERATION_HEARD_FOREIGN;
	if (!operation_pool_is_live(a))
		return operation_attempt_late(t, a, r, now_ns);
	struct operation *o = operation_pool_at(&t->pool, a->link);
	uint32_t position = operation_position(o, a);

	/* Its time was over before the reply came, only the poll had not come by. */
	if (now_ns >= o->deadline_ns) {
		operation_end_now(t, o, OPERATION_FACT_DEADLINE, now_ns, out);
		return operation_attempt_late(t, a, r, now_ns);
	}
	if (o->state == OPERATION_LINGERING) {
		operation_end_attempt(t, o, position,
		                      r->ok ? OPERATION_ATTEMPT_SUCCESS : OPERATION_ATTEMPT_REFUSED,
		                      r->ambiguous, now_ns, out);
		return OPERATION_HEARD_LATE;
	}
	if (r->ok) {
		operation_end_won(t, o, position, r->ambiguous, now_ns, out);
		return OPERATION_HEARD_SUCCESS;
	}
	operation_end_attempt(t, o, position, OPERATION_ATTEMPT_REFUSED, r->ambiguous, now_ns, out);
	return OPERATION_HEARD_FAILURE;
}

enum operation_hearing operation_on_reply(struct operations *t, const struct operation_reply *r,
                                          uint64_t now_ns, struct operation_outputs *out)
{
	assert(out->capacity - out->count >= OPERATION_OUTPUTS_PER_FACT);
	enum operation_hearing heard = operation_hear(t, r, now_ns, out);

	t->stats.heard[heard]++;
	return heard;
}

void operation_on_unreachable(struct operations *t, uint64_t token, uint64_t now_ns,
                              struct operation_outputs *out)
{
	const struct operation_attempt *a = operation_live_attempt(t, token);

	assert(out->capacity - out->count >= OPERATION_OUTPUTS_PER_FACT);
	if (a == NULL)
		return;
	struct operation *o = operation_pool_at(&t->pool, a->link);

	operation_end_attempt(t, o, operation_position(o, a), OPERATION_ATTEMPT_UNREACHABLE, false,
	                      now_ns, out);
}

void operation_on_node_unreachable(struct operations *t, uint32_t service, uint32_t node,
                                   uint64_t now_ns)
{
	if (service >= t->options->service_count || node >= t->services[service].options->nodes)
		return;
	/* Whatever was given out up to now; what comes later may be answered again. */
	t->services[service].unreachable_ns[node] = now_ns;
	t->sweep_at = 0;
}

bool operation_recall(struct operations *t, uint64_t operation, uint64_t now_ns,
                      struct operation_outputs *out)
{
	uint64_t slot = operation & UINT32_MAX;

	assert(out->capacity - out->count >= OPERATION_OUTPUTS_PER_FACT);
	if (slot >= t->pool.operations_max)
		return false;
	struct operation *o = operation_pool_at(&t->pool, (uint32_t)slot);

	if (operation_attempt_id(o) != operation || o->state == OPERATION_FREE)
		return false;
	bool was_done = o->state == OPERATION_LINGERING;

	operation_end_now(t, o, OPERATION_FACT_RECALLED, now_ns, out);
	return !was_done;
}

/* ---- time ---- */

/* Ends the attempts whose time is over. False: the operation moved on by it. */
static bool operation_expire_attempts(struct operations *t, struct operation *o, uint64_t now_ns,
                                      struct operation_outputs *out)
{
	for (uint32_t i = o->live; i-- > 0;) {
		const struct operation_attempt *a =
		        operation_pool_attempt_at(&t->pool, o->attempts[i]);

		if (now_ns < a->deadline_ns)
			continue;
		bool last = o->live == 1;

		operation_end_attempt(t, o, i, OPERATION_ATTEMPT_OVERDUE, false, now_ns, out);
		if (last)
			return false;
	}
	return true;
}

static void operation_on_timer(struct operations *t, struct operation *o, uint64_t now_ns,
                               struct operation_outputs *out)
{
	assert(o->state != OPERATION_FREE);
	o->due_ns = UINT64_MAX;
	if (now_ns >= o->deadline_ns) {
		operation_end_now(t, o, OPERATION_FACT_DEADLINE, now_ns, out);
		return;
	}
	if (o->state == OPERATION_BACKOFF) {
		if (now_ns >= o->event_ns)
			operation_end_backoff(t, o, now_ns, out);
		else
			operation_end_arm(t, o);
		return;
	}
	if (!operation_expire_attempts(t, o, now_ns, out))
		return;
	if (now_ns >= o->event_ns)
		operation_round_hedge(t, o, now_ns, out);
	operation_end_arm(t, o);
}

/* Attempts to nodes that have become unreachable, a bounded number of slots per poll. */
static void operation_sweep(struct operations *t, uint64_t now_ns, struct operation_outputs *out)
{
	for (uint32_t n = 0; n < OPERATION_SWEEP_SLOTS && t->sweep_at != OPERATION_SLOT_NONE; n++) {
		struct operation *o = operation_pool_at(&t->pool, t->sweep_at);

		if (out->capacity - out->count < OPERATION_OUTPUTS_PER_FACT)
			return;
		t->sweep_at =
		        o->slot + 1 < t->pool.operations_max ? o->slot + 1 : OPERATION_SLOT_NONE;
		for (uint32_t i = o->live; i-- > 0;) {
			const struct operation_attempt *a =
			        operation_pool_attempt_at(&t->pool, o->attempts[i]);
			bool last = o->live == 1;

			if (a->start_ns > t->services[a->service].unreachable_ns[a->node])
				continue;
			operation_end_attempt(t, o, i, OPERATION_ATTEMPT_UNREACHABLE, false, now_ns,
			                      out);
			if (last)
				break;
		}
	}
}

bool operation_poll(struct operations *t, uint64_t now_ns, struct operation_outputs *out)
{
	uint32_t due[OPERATION_POLL_BATCH];

	assert(out->count <= out->capacity);
	for (;;) {
		uint32_t room = (out->capacity - out->count) / OPERATION_OUTPUTS_PER_FACT;
		uint32_t max = room < OPERATION_POLL_BATCH ? room : OPERATION_POLL_BATCH;

		if (max == 0)
			return operation_deadline_ns(t) <= now_ns;
		uint32_t count = wheel_poll(t->wheel, now_ns, due, max);

		for (uint32_t i = 0; i < count; i++) {
			if (due[i] < t->pool.operations_max) {
				operation_on_timer(t, operation_pool_at(&t->pool, due[i]), now_ns,
				                   out);
				continue;
			}
			struct service *s = &t->services[due[i] - t->pool.operations_max];

			service_poll(s, now_ns);
			wheel_arm(t->wheel, due[i], service_deadline_ns(s, now_ns));
		}
		if (count < max)
			break;
	}
	operation_attempt_forget(t, now_ns);
	operation_sweep(t, now_ns, out);
	return operation_deadline_ns(t) <= now_ns;
}
