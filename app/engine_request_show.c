/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What requesters show the world, and what the control core makes of it: the mode. It reads what
 * the cores published, so its facts are at most one publication old.
 */
#include <stdio.h>
#include <string.h>

#include "app/engine_build.h"
#include "app/engine_request.h"

#define WINDOW_NS 5000000000ull /* of attempts, for the mode */

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

static void describe_service(struct engine *e, struct engine_requester *r, uint32_t i)
{
	const struct requester_service_options *o = &r->services[i];
	struct engine_asked *a = &r->asked[i];
	struct shared_service *s = &e->shared->services[e->requests.shown];

	a->shown = e->requests.shown++;
	snprintf(s->name, sizeof(s->name), "%s",
	         a->service == CONFIG_NONE ? e->config->feeds[a->feed].name
	                                   : e->config->services[a->service].name);
	snprintf(s->codec, sizeof(s->codec), "%s", o->codec->name);
	s->core = r->core->index;
	s->port = o->port;
	s->is_recovery = a->service == CONFIG_NONE;
	s->node_count = o->resilience->nodes;
	for (uint32_t n = 0; n < s->node_count; n++) {
		s->nodes[n].address = o->nodes[n].address;
		s->nodes[n].udp_port = o->nodes[n].udp_port;
	}
}

/* Those for which the block has no room are asked all the same, and not shown. */
void engine_requests_describe(struct engine *e)
{
	e->requests.shown = 0;
	for (uint32_t c = 0; e->requests.cores != NULL && c < e->config->core_count; c++) {
		struct engine_requester *r = e->requests.cores[c];

		if (r == NULL)
			continue;
		e->shared->cores[c].asks = 1;
		for (uint32_t i = 0; i < r->service_count; i++) {
			r->asked[i].shown = CONFIG_NONE;
			if (e->requests.shown < SHARED_SERVICES_MAX)
				describe_service(e, r, i);
		}
	}
	e->shared->service_count = e->requests.shown;
	if (e->requests.count != 0)
		mode_init(&e->requests.mode, &e->config->resilience.mode, e->shared->started_ns);
	if (e->requests.count != 0)
		mode_window_init(&e->requests.window, WINDOW_NS, NULL, e->shared->started_ns);
}

static void publish_service(struct engine_requester *r, uint32_t i)
{
	const struct service *m = requester_machine(&r->requester, i);
	const struct service_state *st = m->state;
	struct shared_service *s = &r->core->engine->shared->services[r->asked[i].shown];

	store(&s->breaker, st->breaker.state);
	store(&s->mean_ns, latency_mean_ns(&st->latency));
	store(&s->q95_ns, latency_quantile_ns(&st->latency, 1));
	SHARED_PUBLISH(s->stats, &r->requester.services[i].stats);
	for (uint32_t n = 0; n < s->node_count; n++) {
		const struct health_node *h = &st->health.nodes[n];
		uint64_t word =
		        neighbours_word(r->options.neighbours, r->services[i].nodes[n].neighbour);

		store(&s->nodes[n].state, h->state);
		store(&s->nodes[n].latency_ns, h->measured != 0 ? h->latency_ns : 0);
		store(&s->nodes[n].neighbour, neighbours_state(word));
	}
}

void engine_request_publish(struct engine_requester *r)
{
	struct shared_core *c = &r->core->engine->shared->cores[r->core->index];

	SHARED_PUBLISH(c->requester, &r->requester.stats);
	SHARED_PUBLISH(c->operations, &r->requester.operations.stats);
	for (uint32_t i = 0; i < r->service_count; i++)
		if (r->asked[i].shown != CONFIG_NONE)
			publish_service(r, i);
}

/* ---- control ---- */

static void add_service(const struct shared_service *s, struct mode_facts *f, struct mode_totals *t)
{
	struct requester_service_stats stats;
	uint64_t breaker = load(&s->breaker);
	bool answers = false;

	SHARED_COPY(&stats, s->stats);
	for (uint32_t n = 0; n < s->node_count; n++)
		answers |= load(&s->nodes[n].state) != HEALTH_EJECTED;
	f->services++;
	if (breaker == BREAKER_OPEN || breaker == BREAKER_HALF_OPEN) {
		f->services_unhealthy++;
		f->services_answering += answers;
	}
	t->slow += stats.slow;
}

static void add_core(const struct shared_core *c, struct mode_facts *f, struct mode_totals *t)
{
	struct operation_stats o;
	struct requester_stats q;

	SHARED_COPY(&o, c->operations);
	SHARED_COPY(&q, c->requester);
	t->succeeded += o.heard[OPERATION_HEARD_SUCCESS];
	t->attempts += o.heard[OPERATION_HEARD_SUCCESS] + o.heard[OPERATION_HEARD_FAILURE] +
	               o.overdue + o.unreachable;
	f->waiting += q.operations;
	for (uint32_t i = 0; i < OPERATION_OUTCOMES; i++)
		f->progress += o.outcomes[i];
}

void engine_requests_control(struct engine *e, uint64_t now_ns)
{
	struct shared *s = e->shared;
	struct mode_facts facts = {0};
	struct mode_totals totals = {0};

	if (e->requests.count == 0)
		return;
	for (uint32_t i = 0; i < s->service_count; i++)
		add_service(&s->services[i], &facts, &totals);
	for (uint32_t i = 0; i < s->core_count; i++)
		if (s->cores[i].asks != 0)
			add_core(&s->cores[i], &facts, &totals);
	mode_window_update(&e->requests.window, &totals, now_ns, &facts);
	if (mode_update(&e->requests.mode, &e->config->resilience.mode, &facts, now_ns, NULL))
		store(&s->mode, mode_word(&e->requests.mode));
}
