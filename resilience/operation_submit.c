/* SPDX-License-Identifier: BSD-3-Clause
 *
 * operation_submit() of operation.h: is the request sound, does the breaker let it in, does the
 * mode, is there a slot, a node, and hope; then its first round.
 */
#include "resilience/operation.h"

#include "resilience/operation_end.h"
#include "resilience/operation_round.h"

static bool operation_submit_is_valid(const struct operations *t, const struct operation_request *r)
{
	return r->service < t->options->service_count && r->class < WORK_CLASSES &&
	       r->repeat <= OPERATION_FREELY && r->parallel_attempts <= OPERATION_PARALLEL_MAX &&
	       r->latency_optimization <= OPERATION_OFF &&
	       (r->max_retries <= SERVICE_ROUNDS_MAX ||
	        r->max_retries == OPERATION_ROUNDS_AS_SERVICE);
}

static void operation_submit_fill(struct operation *o, const struct operation_request *r,
                                  const struct service_options *so, struct breaker_grant grant,
                                  uint64_t now_ns)
{
	uint64_t end_ns = deadline_at_ns(now_ns, so->operation_timeout_ns);
	bool optimized =
	        r->latency_optimization == OPERATION_ON ||
	        (r->latency_optimization == OPERATION_AS_SERVICE && so->latency_optimization);

	o->tag = r->tag;
	o->submit_ns = now_ns;
	o->deadline_ns = r->deadline_ns < end_ns ? r->deadline_ns : end_ns;
	o->expected_ns = r->expected_ns;
	o->event_ns = UINT64_MAX;
	o->due_ns = UINT64_MAX;
	o->ticket = grant.ticket;
	o->service = (uint16_t)r->service;
	o->class = r->class;
	o->repeat = r->repeat;
	o->flags = (uint8_t)((grant.verdict == BREAKER_PROBE ? OPERATION_PROBE : 0) |
	                     (r->fallback ? OPERATION_MAY_FALL_BACK : 0) |
	                     (optimized ? OPERATION_OPTIMIZED : 0));
	o->sends = 0;
	o->round = 0;
	o->rounds_max =
	        r->max_retries == OPERATION_ROUNDS_AS_SERVICE ? so->max_retries : r->max_retries;
	o->asked = 0;
	o->parallel = r->parallel_attempts == 0 ? so->parallel_attempts : r->parallel_attempts;
}

/* Let in by the breaker: does the mode let it in too, and is there a point in it? */
static enum operation_verdict operation_submit_start(struct operations *t,
                                                     const struct operation_request *r,
                                                     struct breaker_grant grant, uint64_t now_ns,
                                                     struct operation_outputs *out)
{
	struct service *s = &t->services[r->service];
	bool probe = grant.verdict == BREAKER_PROBE;

	if (!(probe && t->policy->class[r->class].probes != 0) &&
	    !throttle_admit(&s->state->throttle, (enum work_class)r->class))
		return OPERATION_REJECTED_THROTTLED;
	struct operation *o = operation_pool_open(&t->pool);

	if (o == NULL)
		return OPERATION_REJECTED_FULL;
	operation_submit_fill(o, r, s->options, grant, now_ns);
	uint32_t width = operation_round_width(t, s, o);
	uint32_t node = width == 0 ? HEALTH_NONE : operation_round_node(s, o, now_ns);

	if (node == HEALTH_NONE) {
		operation_pool_close(&t->pool, o);
		return OPERATION_REJECTED_OPEN;
	}
	uint64_t within_ns = o->deadline_ns == UINT64_MAX ? UINT64_MAX : o->deadline_ns - now_ns;
	enum service_hope hope = probe ? SERVICE_HOPE : service_hope(s, width, within_ns, now_ns);

	if (hope == SERVICE_HOPELESS) {
		operation_pool_close(&t->pool, o);
		return OPERATION_REJECTED_HOPELESS;
	}
	t->stats.hopeless_tried += hope == SERVICE_HOPE_TRIED;
	budget_earn(&s->state->hedge_budget);
	budget_earn(&s->state->parallel_budget);
	operation_end_move(o, OPERATION_FACT_ADMITTED);
	operation_round_start(t, s, o, width, node, now_ns, out);
	operation_end_arm(t, o);
	return OPERATION_ACCEPTED;
}

static enum operation_verdict operation_submit_judge(struct operations *t,
                                                     const struct operation_request *r,
                                                     uint64_t now_ns, struct operation_outputs *out)
{
	if (!operation_submit_is_valid(t, r))
		return OPERATION_REJECTED_INVALID;
	if (now_ns >= r->deadline_ns)
		return OPERATION_REJECTED_EXPIRED;
	struct service *s = &t->services[r->service];
	struct breaker_grant grant = service_allow(s, now_ns);
	enum operation_verdict verdict = OPERATION_REJECTED_OPEN;

	if (grant.verdict != BREAKER_REJECT) {
		verdict = operation_submit_start(t, r, grant, now_ns, out);
		if (verdict == OPERATION_ACCEPTED)
			return verdict;
		service_on_nothing(s, grant.ticket, now_ns);
	}
	if (r->fallback && breaker_may_fall_back(&s->state->breaker, &s->options->breaker))
		return OPERATION_ANSWERED;
	return verdict;
}

enum operation_verdict operation_submit(struct operations *t, const struct operation_request *r,
                                        uint64_t now_ns, struct operation_outputs *out)
{
	assert(out->capacity - out->count >= OPERATION_OUTPUTS_PER_FACT);
	enum operation_verdict verdict = operation_submit_judge(t, r, now_ns, out);

	t->stats.submitted++;
	t->stats.verdicts[verdict]++;
	return verdict;
}
