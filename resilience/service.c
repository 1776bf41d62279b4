/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/service.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "resilience/prng.h"

#define SERVICE_Q95         1u /* places in latency_options.quantile_ppm */
#define SERVICE_Q999        3u
#define SERVICE_EPOCH_SHIFT 8u /* of breaker.h: a ticket's upper bits are the breaker's epoch */

void service_options_report(struct service_options *o, uint64_t second_ns)
{
	assert(o != NULL);
	assert(second_ns >= 1000);
	*o = (struct service_options){
	        .rtt = rtt_options_default,
	        .latency = latency_options_default,
	        .deadline = deadline_options_default,
	        .hedge = hedge_options_default,
	        .retry_budget = {.burst = 10, .earn_ppm = 200000, .period_ns = second_ns},
	        .hedge_budget = {.burst = 10, .earn_ppm = 50000},
	        .parallel_budget = {.burst = 100, .earn_ppm = 1000000, .period_ns = second_ns / 10},
	        .throttle = {.ramp_up_ns = second_ns,
	                     .ramp_down_ns = second_ns / 10,
	                     .enabled = true},
	        .poll_ns = second_ns / 100,
	        .operation_timeout_ns = UINT64_MAX,
	        .parallel_two_ns = second_ns,
	        .parallel_three_ns = 2 * second_ns,
	        .backoff = {.base_ns = second_ns / 10,
	                    .max_ns = 2 * second_ns,
	                    .jitter_ppm = 500000},
	        .abandon_below_ppm = 50000,
	        .abandon_try_every = 16,
	        .nodes = 1,
	        .choice = SERVICE_CHOOSE_BEST,
	        .parallel_attempts = 1,
	        .parallel_max = SERVICE_PARALLEL_MAX,
	        .max_retries = 3,
	        .latency_optimization = true,
	        .learn_expected = true,
	        .cancel_losers = true,
	};
	breaker_options_report(&o->breaker, second_ns);
	health_options_standard(&o->health, second_ns);
	forecast_options_standard(&o->forecast, second_ns);
}

static const char *service_options_check_parts(const struct service_options *o)
{
	const char *why = breaker_options_check(&o->breaker);

	if (why == NULL)
		why = health_options_check(&o->health);
	if (why == NULL)
		why = forecast_options_check(&o->forecast);
	if (why != NULL)
		return why;
	if (rtt_options_check(&o->rtt) != 0)
		return "rtt";
	if (latency_options_check(&o->latency) != 0)
		return "latency";
	if (deadline_options_check(&o->deadline) != 0)
		return "deadline";
	if (hedge_options_check(&o->hedge) != 0)
		return "hedge";
	if (budget_options_check(&o->retry_budget) != 0)
		return "retry_budget";
	if (budget_options_check(&o->hedge_budget) != 0)
		return "hedge_budget";
	if (budget_options_check(&o->parallel_budget) != 0)
		return "parallel_budget";
	return NULL;
}

const char *service_options_check(const struct service_options *o)
{
	const char *why = service_options_check_parts(o);

	assert(o != NULL);
	if (why != NULL)
		return why;
	if (o->nodes == 0 || o->nodes > SERVICE_NODES_MAX)
		return "nodes: 1 to 8";
	if (o->choice > SERVICE_CHOOSE_BEST)
		return "choice: primary, in turn, best";
	if (o->parallel_attempts == 0 || o->parallel_attempts > SERVICE_PARALLEL_MAX)
		return "parallel_attempts: 1 to 3";
	if (o->parallel_max == 0 || o->parallel_max > SERVICE_PARALLEL_MAX)
		return "parallel_max: 1 to 3";
	if (o->max_retries > SERVICE_ROUNDS_MAX)
		return "max_retries: 0 to 100";
	if (o->parallel_two_ns > o->parallel_three_ns)
		return "parallel_two: at most parallel_three";
	if (o->poll_ns == 0)
		return "poll: more than 0";
	if (o->operation_timeout_ns == 0)
		return "operation_timeout: more than 0";
	if (o->backoff.max_ns > BACKOFF_TIME_MAX || o->backoff.base_ns > o->backoff.max_ns)
		return "backoff: at most its greatest, that at most 2^53";
	if (o->backoff.jitter_ppm > BACKOFF_JITTER_MAX)
		return "backoff: jitter 0 to 0.9";
	if (o->abandon_below_ppm > SERVICE_PPM)
		return "abandon_below: 0 to 1";
	return NULL;
}

static int service_bind(struct service *s, const struct service_setup *u)
{
	if (service_options_check(u->options) != NULL)
		return -EINVAL;
	assert(u->state != NULL);
	assert(u->breaker_counters != NULL);
	assert(u->health_counters != NULL);
	assert(u->prng != NULL);
	*s = (struct service){
	        .state = u->state,
	        .options = u->options,
	        .breaker = {.options = &u->options->breaker,
	                    .counters = u->breaker_counters,
	                    .events = u->events,
	                    .prng = u->prng},
	        .health = {.options = &u->options->health,
	                   .counters = u->health_counters,
	                   .events = u->events,
	                   .prng = u->prng},
	        .subject = u->subject,
	};
	return 0;
}

static uint32_t service_times_ppm(uint32_t a_ppm, uint32_t b_ppm)
{
	return (uint32_t)((uint64_t)a_ppm * b_ppm / SERVICE_PPM);
}

/* Of an attempt; 0: unknown. */
static uint64_t service_learned_ns(const struct service *s)
{
	if (s->options->learn_expected && s->state->breaker.latency_samples != 0)
		return breaker_latency_mean_ns(&s->state->breaker);
	return s->options->expected_ns;
}

/* The time for 95 % of the replies, if that is enough with the worst node; UINT64_MAX: it is to be
 * looked at more closely. */
static uint64_t service_hope_ns(const struct service *s)
{
	const struct service_state *st = s->state;
	uint32_t worst_ppm = SERVICE_PPM;

	if (s->options->abandon_below_ppm == 0)
		return 0;
	for (uint32_t i = 0; i < st->health.count; i++) {
		uint32_t ppm = health_success_ppm(&st->health, i);

		worst_ppm = ppm < worst_ppm ? ppm : worst_ppm;
	}
	if (service_times_ppm(worst_ppm, 950000) < s->options->abandon_below_ppm)
		return UINT64_MAX;
	return latency_quantile_ns(&st->latency, SERVICE_Q95);
}

void service_look(struct service *s)
{
	struct service_view *v = &s->state->view;

	v->expected_ns = service_learned_ns(s);
	v->timeout_ns = service_timeout_now_ns(s, v->expected_ns, false);
	v->hope_ns = service_hope_ns(s);
	v->breaker = s->state->breaker.state;
	v->unseen = 0;
}

/* What an opening forgets. Node health goes on: it is what says which node to probe. */
static void service_forget(struct service *s, uint64_t now_ns)
{
	struct service_state *st = s->state;

	rtt_init(&st->rtt);
	latency_init(&st->latency, now_ns);
	hedge_init(&st->hedge, &s->options->hedge);
	service_look(s);
}

int service_init(struct service *s, const struct service_setup *u, uint64_t now_ns)
{
	int error = service_bind(s, u);

	if (error != 0)
		return error;
	struct service_state *st = s->state;
	const struct service_options *o = s->options;

	memset(st, 0, sizeof(*st));
	breaker_init(&st->breaker, u->subject);
	error = health_init(&st->health, u->subject, o->nodes);
	if (error == 0)
		error = forecast_init(&st->forecast, &o->forecast, now_ns);
	if (error != 0)
		return error;
	service_forget(s, now_ns);
	budget_init(&st->retry_budget, &o->retry_budget, now_ns);
	budget_init(&st->hedge_budget, &o->hedge_budget, now_ns);
	budget_init(&st->parallel_budget, &o->parallel_budget, now_ns);
	throttle_init(&st->throttle);
	return 0;
}

/* Whether the bytes can be a service's with these options. */
static bool service_is_sound(const struct service_state *st, const struct service_options *o)
{
	return breaker_is_sound(&st->breaker, &o->breaker) && health_is_sound(&st->health) &&
	       st->health.count == o->nodes && rtt_is_sound(&st->rtt) &&
	       latency_is_sound(&st->latency) && hedge_is_sound(&st->hedge, &o->hedge) &&
	       budget_is_sound(&st->retry_budget) && budget_is_sound(&st->hedge_budget) &&
	       budget_is_sound(&st->parallel_budget) && throttle_is_sound(&st->throttle) &&
	       forecast_is_sound(&st->forecast);
}

int service_resume(struct service *s, const struct service_setup *u, uint64_t now_ns)
{
	struct service_state *st = u->state;

	if (service_options_check(u->options) != NULL || !service_is_sound(st, u->options))
		return -EINVAL;
	int error = service_bind(s, u);

	assert(error == 0);
	/* Attempts that were out then are not any more. */
	for (uint32_t i = 0; i < st->health.count; i++)
		st->health.nodes[i].pending = 0;
	throttle_resume(&st->throttle, now_ns);
	forecast_resume(&st->forecast, now_ns);
	service_poll(s, now_ns);
	return error;
}

void service_set_options(struct service *s, const struct service_options *o)
{
	assert(service_options_check(o) == NULL);
	assert(o->nodes == s->options->nodes);
	s->options = o;
	s->breaker.options = &o->breaker;
	s->health.options = &o->health;
	/* What a moving quantile steps by is in its state. */
	hedge_set_options(&s->state->hedge, &o->hedge);
	service_look(s);
}

void service_set_mode(struct service *s, const struct mode_policy *policy, enum mode_id mode,
                      uint64_t now_ns)
{
	struct service_state *st = s->state;
	const struct service_options *o = s->options;
	const struct throttle before = st->throttle;
	uint32_t milli = 0;

	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		uint32_t of_class = policy->mode[mode].class[i].budget_milli;

		milli = of_class > milli ? of_class : milli;
	}
	budget_scale(&st->retry_budget, &o->retry_budget, milli, now_ns);
	budget_scale(&st->hedge_budget, &o->hedge_budget, milli, now_ns);
	budget_scale(&st->parallel_budget, &o->parallel_budget, milli, now_ns);
	throttle_set_mode(&st->throttle, &o->throttle, policy, mode, now_ns);
	throttle_push_events(&st->throttle, &before, s->subject, now_ns, s->breaker.events);
}

/* To be called after whatever may have opened the breaker. */
static void service_notice(struct service *s, uint64_t now_ns)
{
	struct service_state *st = s->state;

	if (st->breaker.state == st->last_breaker)
		return;
	bool forgets = st->breaker.state == BREAKER_OPEN && st->last_breaker != BREAKER_HALF_OPEN;

	st->last_breaker = st->breaker.state;
	/* What came in while it was open is what the next probes need. */
	if (forgets)
		service_forget(s, now_ns);
	else
		service_look(s);
}

void service_notice_nodes(struct service *s, uint64_t now_ns)
{
	struct service_state *st = s->state;

	breaker_on_nodes(&st->breaker, &s->breaker, st->health.available, now_ns);
	service_notice(s, now_ns);
}

static void service_move_ramps(struct service *s, uint64_t now_ns)
{
	struct throttle *t = &s->state->throttle;
	const struct throttle before = *t;

	throttle_poll(t, &s->options->throttle, now_ns);
	throttle_push_events(t, &before, s->subject, now_ns, s->breaker.events);
}

void service_poll(struct service *s, uint64_t now_ns)
{
	struct service_state *st = s->state;
	const struct service_options *o = s->options;

	if (health_deadline_ns(&st->health) <= now_ns &&
	    health_tick(&st->health, &s->health, now_ns))
		service_notice_nodes(s, now_ns);
	if (breaker_deadline_ns(&st->breaker, &o->breaker) <= now_ns)
		breaker_tick(&st->breaker, &s->breaker, now_ns);
	if (latency_poll(&st->latency, &o->latency, now_ns))
		hedge_poll(&st->hedge, &o->hedge, &st->latency);
	if (forecast_poll(&st->forecast, &o->forecast, s->subject, now_ns, s->breaker.events))
		breaker_on_forecast(&st->breaker, &s->breaker, st->forecast.level, now_ns);
	if (throttle_is_ramping(&st->throttle))
		service_move_ramps(s, now_ns);
	service_notice(s, now_ns);
	service_look(s);
}

uint64_t service_deadline_ns(const struct service *s, uint64_t now_ns)
{
	uint64_t due_ns = deadline_at_ns(now_ns, s->options->poll_ns);
	uint64_t health_ns = health_deadline_ns(&s->state->health);
	uint64_t breaker_ns = breaker_deadline_ns(&s->state->breaker, &s->options->breaker);

	due_ns = health_ns < due_ns ? health_ns : due_ns;
	due_ns = breaker_ns < due_ns ? breaker_ns : due_ns;
	return due_ns > now_ns ? due_ns : now_ns + 1;
}

/* ---- facts ---- */

static bool service_is_stale(struct service *s, uint32_t ticket)
{
	bool is_stale = (ticket ^ s->state->breaker.epoch) >> SERVICE_EPOCH_SHIFT != 0;

	s->state->counters.stale += is_stale;
	return is_stale;
}

/* Nobody waits for it any longer. */
static void service_on_end(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	breaker_on_latency(&s->state->breaker, &s->breaker, r->ticket, r->latency_ns,
	                   BREAKER_CENSORED, now_ns);
}

static void service_on_node_failure(struct service *s, const struct service_reply *r,
                                    uint64_t now_ns)
{
	service_on_end(s, r, now_ns);
	forecast_on_failure(&s->state->forecast);
	if (health_on_failure(&s->state->health, &s->health, r->node, now_ns))
		service_notice_nodes(s, now_ns);
	service_saw(s);
}

void service_on_refusal(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	s->state->counters.refusals++;
	service_on_node_failure(s, r, now_ns);
}

void service_on_overdue(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	s->state->counters.overdue++;
	if (r->is_alone)
		hedge_on_first(&s->state->hedge, service_latency_ns(r), SAMPLE_CENSORED);
	service_on_node_failure(s, r, now_ns);
}

void service_on_unreachable(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	s->state->counters.unreachable++;
	service_on_node_failure(s, r, now_ns);
}

/* Whether a node on probation has been overtaken by the hedge beside it. If that said nothing, a
 * dead one would stay on probation, asked by one after the other, as long as hedges save them. */
static bool service_was_overtaken(const struct service *s, const struct service_reply *r)
{
	return r->is_alone && s->state->health.nodes[r->node].state == HEALTH_PROBATION &&
	       r->latency_ns > hedge_delay_ns(&s->state->hedge, &s->options->hedge);
}

void service_on_cancel(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	bool overtaken = service_was_overtaken(s, r);

	if (r->is_alone)
		hedge_on_first(&s->state->hedge, service_latency_ns(r), SAMPLE_CENSORED);
	service_on_end(s, r, now_ns);
	if (!overtaken)
		health_on_cancel(&s->state->health, &s->health, r->node);
	else if (health_on_failure(&s->state->health, &s->health, r->node, now_ns))
		service_notice_nodes(s, now_ns);
}

void service_on_unsent(struct service *s, uint32_t node)
{
	health_on_cancel(&s->state->health, &s->health, node);
}

void service_on_late(struct service *s, const struct service_reply *r, uint64_t now_ns)
{
	s->state->counters.late++;
	s->state->counters.spurious += r->was_overdue;
	service_learn(s, r, now_ns);
	if (!r->is_ambiguous)
		health_on_late(&s->state->health, &s->health, r->node, r->latency_ns, now_ns);
	service_saw(s);
}

void service_on_unheard(struct service *s, const struct service_reply *r)
{
	struct service_state *st = s->state;

	st->counters.unheard++;
	if (service_is_stale(s, r->ticket))
		return;
	rtt_on_sample(&st->rtt, &s->options->rtt, service_latency_ns(r), SAMPLE_CENSORED);
	latency_on_sample(&st->latency, &s->options->latency, service_latency_ns(r),
	                  SAMPLE_CENSORED);
}

void service_on_failure(struct service *s, uint32_t ticket, uint64_t now_ns)
{
	breaker_on_failure(&s->state->breaker, &s->breaker, ticket, now_ns);
	service_notice(s, now_ns);
}

void service_on_nothing(struct service *s, uint32_t ticket, uint64_t now_ns)
{
	breaker_on_cancel(&s->state->breaker, &s->breaker, ticket, now_ns);
}

/* ---- questions ---- */

struct breaker_grant service_allow(struct service *s, uint64_t now_ns)
{
	struct breaker_grant g = breaker_allow(&s->state->breaker, &s->breaker, now_ns);

	if (g.verdict != BREAKER_ALLOW)
		service_notice(s, now_ns); /* a lease that had expired opens it again */
	return g;
}

uint64_t service_timeout_now_ns(const struct service *s, uint64_t expected_ns, bool learned)
{
	const struct service_state *st = s->state;
	const struct service_options *o = s->options;
	bool known = rtt_is_known(&st->rtt, &o->rtt);
	struct deadline_options terms = o->deadline;
	const struct deadline_facts f = {
	        .base_ns = breaker_base_timeout_ns(&st->breaker, &o->breaker),
	        .expected_ns = expected_ns,
	        .smoothed_ns = known ? rtt_smoothed_ns(&st->rtt) : 0,
	        .deviation_ns = known ? rtt_deviation_ns(&st->rtt) : 0,
	        .tail_ns = latency_quantile_ns(&st->latency, SERVICE_Q999),
	        .remaining_ns = UINT64_MAX,
	};

	if (learned)
		terms.terms |= DEADLINE_EXPECTED | DEADLINE_RTT | DEADLINE_TAIL;
	return deadline_timeout(&terms, &f).timeout_ns;
}

/* The turn-th node and those after it, the first that is free. */
static uint32_t service_node_in_turn(uint32_t nodes, uint32_t except, uint32_t turn)
{
	for (uint32_t i = 0; i < nodes; i++) {
		uint32_t node = (turn + i) % nodes;

		if ((except & 1u << node) == 0)
			return node;
	}
	return HEALTH_NONE;
}

uint32_t service_node_fixed(const struct service *s, uint32_t except, uint32_t turn)
{
	const struct service_options *o = s->options;

	if (o->choice == SERVICE_CHOOSE_PRIMARY)
		return (except & 1u) == 0 ? 0 : HEALTH_NONE;
	assert(o->choice == SERVICE_CHOOSE_IN_TURN);
	return service_node_in_turn(o->nodes, except, turn);
}

uint64_t service_backoff_ns(const struct service *s, uint32_t round)
{
	const struct backoff_options *o = &s->options->backoff;

	assert(round >= 1);
	assert(round <= SERVICE_ROUNDS_MAX);
	return o->base_ns == 0 ? 0 : backoff_ns(o, round - 1, s->breaker.prng);
}

uint32_t service_success_ppm(const struct service *s, uint32_t attempts, uint64_t within_ns,
                             uint64_t now_ns)
{
	uint32_t within_ppm = latency_within_ppm(&s->state->latency, 0, within_ns);
	uint32_t miss_ppm = SERVICE_PPM;
	uint32_t except = 0;

	for (uint32_t i = 0; i < attempts; i++) {
		uint32_t node = service_node(s, except, i, now_ns);

		if (node == HEALTH_NONE && s->options->same_node_parallel)
			node = service_node(s, 0, i, now_ns);
		if (node == HEALTH_NONE)
			break;
		uint32_t success_ppm = health_success_ppm(&s->state->health, node);

		except |= 1u << node;
		miss_ppm = service_times_ppm(
		        miss_ppm, SERVICE_PPM - service_times_ppm(success_ppm, within_ppm));
	}
	assert(miss_ppm <= SERVICE_PPM);
	return SERVICE_PPM - miss_ppm;
}

enum service_hope service_hope_slow(struct service *s, uint32_t attempts, uint64_t within_ns,
                                    uint64_t now_ns)
{
	const struct service_options *o = s->options;

	if (o->abandon_below_ppm == 0 ||
	    service_success_ppm(s, attempts, within_ns, now_ns) >= o->abandon_below_ppm)
		return SERVICE_HOPE;
	s->state->counters.hopeless++;
	/* Somebody must try, or it would stay hopeless for good. */
	if (o->abandon_try_every != 0 && ++s->state->hopeless_turn % o->abandon_try_every == 0)
		return SERVICE_HOPE_TRIED;
	return SERVICE_HOPELESS;
}
