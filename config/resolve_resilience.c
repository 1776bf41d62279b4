/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What no key says of resilience, or follows from what keys say.
 */
#include "config/load.h"

#include <assert.h>
#include <string.h>

void begin_resilience(struct resilience_options *o)
{
	/* service.h reads the quantiles by their place. */
	memcpy(o->service.latency.quantile_ppm, latency_options_default.quantile_ppm,
	       sizeof(o->service.latency.quantile_ppm));
	o->service.nodes = 1;
	o->service.breaker.base_timeout_ns[BREAKER_OPEN] = BREAKER_NEVER; /* nothing is sent */
}

/* A rule begins with what is set. What does not move may lie anywhere: its bounds give way. */
static void begin_rule(struct tuning_rule *r, uint64_t initial)
{
	r->initial = initial;
	if (r->automatic)
		return;
	r->min = r->min < initial ? r->min : initial;
	r->max = r->max > initial ? r->max : initial;
}

void resolve_tuning(struct resilience_options *o)
{
	struct tuning_rule *rule = o->tuning.rule;

	begin_rule(&rule[TUNING_LATENCY_MULTIPLIER], o->service.deadline.expected_multiplier_milli);
	begin_rule(&rule[TUNING_ULTRA_LATENCY], o->service.breaker.ultra_latency_ns);
	begin_rule(&rule[TUNING_RESILIENT_AT], o->service.breaker.resilient_at_ppm);
	begin_rule(&rule[TUNING_HEDGE_QUANTILE], o->service.hedge.delay.level_ppm);
}

int resolve_resilience(struct load *l)
{
	struct config *c = l->config;

	resolve_tuning(&c->resilience);
	for (uint32_t i = 0; i < c->service_count; i++) {
		struct config_service *s = &c->services[i];
		uint32_t nodes = 0;

		while (s->nodes[nodes] != NULL)
			nodes++;
		assert(nodes >= 1 && nodes <= CONFIG_NODES_MAX);
		s->options.nodes = (uint8_t)nodes;
	}
	return 0;
}
