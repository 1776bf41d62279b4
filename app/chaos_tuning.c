/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Thresholds that are `auto`: the control core adds up what all cores saw of a service, hands the
 * difference to the service's tuning, and what changed is an event and goes to all cores. Without
 * anything that is `auto` there is none of it.
 */
#include "app/chaos_world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define MILLI 1000u

static bool is_automatic(const struct tuning_options *o)
{
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++)
		if (o->rule[i].automatic)
			return true;
	return false;
}

int chaos_tuning_create(struct chaos_world *w)
{
	const struct resilience_options *o = w->profile;
	int rc = 0;

	if (!is_automatic(&o->tuning))
		return 0;
	w->tuned = calloc(w->scenario->service_count + 1u, sizeof(*w->tuned));
	if (w->tuned == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < w->scenario->service_count; i++) {
		struct chaos_tuned *t = &w->tuned[i];

		t->options = o->tuning;
		t->options.subject = i;
		rc = tuning_init(&t->tuning, &t->options, 0);
		tuning_freeze(&t->tuning, o->tuning_is_frozen);
	}
	return rc;
}

void chaos_tuning_destroy(struct chaos_world *w)
{
	free(w->tuned);
	w->tuned = NULL;
}

void chaos_tuning_on_send(struct chaos_world *w, struct chaos_item *x,
                          const struct operation_output *o)
{
	if (w->tuned == NULL || o->reason != OPERATION_HEDGE)
		return;
	x->hedge = o->token;
	w->tuned[x->service].seen.hedges++;
}

void chaos_tuning_on_done(struct chaos_world *w, const struct chaos_item *x,
                          const struct operation_output *o)
{
	if (w->tuned == NULL)
		return;
	struct tuning_observation *seen = &w->tuned[x->service].seen;

	seen->operations++;
	seen->hedges_won +=
	        o->outcome == OPERATION_SUCCESS && x->hedge != 0 && o->token == x->hedge;
}

/* What the cores counted of attempts; the mean latency of those that know one. */
static void add_up(const struct chaos_world *w, uint32_t service, struct tuning_observation *out)
{
	uint64_t latency_ns = 0;
	uint32_t known = 0;

	out->calm = w->mode.id == MODE_NORMAL;
	out->attempts = 0;
	out->failures = 0;
	out->spurious = 0;
	for (uint32_t k = 0; k < w->scenario->cores; k++) {
		const struct service_state *st = &w->cores[k].states[service];
		const struct service_counters *c = &st->counters;
		uint64_t failures = c->refusals + c->overdue + c->unreachable;

		out->attempts += c->replies + failures;
		out->failures += failures;
		out->spurious += c->spurious;
		out->calm &=
		        st->breaker.state == BREAKER_CLOSED && st->forecast.level == FORECAST_CALM;
		if (st->breaker.latency_samples == 0)
			continue;
		latency_ns += breaker_latency_mean_ns(&st->breaker);
		known++;
	}
	out->latency_ns = known == 0 ? 0 : latency_ns / known;
}

static struct tuning_observation since(const struct tuning_observation *now,
                                       const struct tuning_observation *then)
{
	return (struct tuning_observation){
	        .attempts = now->attempts - then->attempts,
	        .failures = now->failures - then->failures,
	        .spurious = now->spurious - then->spurious,
	        .operations = now->operations - then->operations,
	        .hedges = now->hedges - then->hedges,
	        .hedges_won = now->hedges_won - then->hedges_won,
	        .latency_ns = now->latency_ns,
	        .calm = now->calm,
	};
}

/* Thresholds at which a state is left again follow those at which it is entered. */
static void set(struct chaos_world *w, uint32_t service)
{
	const struct service_options *as_given = &w->profile->service;
	const struct tuning *t = &w->tuned[service].tuning;
	struct service_options *o = &w->service_options[service];
	struct breaker_options *b = &o->breaker;

	o->deadline.expected_multiplier_milli = (uint32_t)tuning_get(t, TUNING_LATENCY_MULTIPLIER);
	b->ultra_latency_ns = tuning_get(t, TUNING_ULTRA_LATENCY);
	b->ultra_leave_ns =
	        b->ultra_latency_ns *
	        (as_given->breaker.ultra_leave_ns * MILLI / as_given->breaker.ultra_latency_ns) /
	        MILLI;
	b->resilient_at_ppm = (uint32_t)tuning_get(t, TUNING_RESILIENT_AT);
	b->clear_at_ppm =
	        (uint32_t)((uint64_t)b->resilient_at_ppm * as_given->breaker.clear_at_ppm /
	                   as_given->breaker.resilient_at_ppm);
	o->hedge.delay.level_ppm = (uint32_t)tuning_get(t, TUNING_HEDGE_QUANTILE);
	for (uint32_t k = 0; k < w->scenario->cores; k++)
		service_set_options(&w->cores[k].services[service], o);
}

/* What was pushed of it since `from`. */
static uint64_t events_since(const struct chaos_world *w, uint64_t from)
{
	uint64_t count = 0;
	struct event e;

	while (from < w->ring.head && event_read(&w->ring, &from, &e, 1, NULL) == 1)
		count += e.kind == EVENT_TUNING && e.reason != TUNING_NONE;
	return count;
}

static void count(struct chaos_world *w, const struct tuning *t, uint32_t changed)
{
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		if ((changed & 1u << i) == 0)
			continue;
		w->result->tuning_changes[i]++;
		w->result->tuning_reasons[t->parameter[i].reason]++;
	}
}

void chaos_tuning_look(struct chaos_world *w)
{
	for (uint32_t i = 0; w->tuned != NULL && i < w->scenario->service_count; i++) {
		struct chaos_tuned *t = &w->tuned[i];

		add_up(w, i, &t->seen);
		struct tuning_observation o = since(&t->seen, &t->told);

		uint64_t from = w->ring.head;

		t->told = t->seen;
		uint32_t changed = tuning_observe(&t->tuning, &t->options, &o, w->now_ns, &w->ring);

		if (changed != 0)
			set(w, i);
		count(w, &t->tuning, changed);
		w->result->tuning_events += events_since(w, from);
		for (uint32_t p = 0; i == 0 && p < TUNING_PARAMETERS; p++)
			w->result->tuning_value[p] =
			        tuning_get(&t->tuning, (enum tuning_parameter)p);
	}
}
