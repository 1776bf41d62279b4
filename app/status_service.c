/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/status_service.h"

#include <inttypes.h>

#include "app/status_port.h"
#include "app/status_text.h"
#include "resilience/mode.h"

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

static const char *word_of(const char *const *words, uint64_t count, uint64_t i)
{
	return i < count ? words[i] : "?";
}

static const char *breaker_text(const struct shared_service *s)
{
	static const char *const words[] = {
	        [BREAKER_CLOSED] = "closed",
	        [BREAKER_RESILIENT] = "resilient",
	        [BREAKER_ULTRA_RESILIENT] = "ultra_resilient",
	        [BREAKER_OPEN] = "open",
	        [BREAKER_HALF_OPEN] = "half_open",
	};

	return word_of(words, BREAKER_STATES, load(&s->breaker));
}

static const char *node_text(const struct shared_node *n)
{
	static const char *const words[] = {"healthy", "ejected", "probation"};

	return word_of(words, HEALTH_STATES, load(&n->state));
}

static const char *station_text(const struct shared_node *n)
{
	static const char *const words[] = {"unresolved", "known", "silent"};

	return word_of(words, 3, load(&n->neighbour));
}

const char *status_mode_text(const struct shared *s)
{
	static const char *const words[MODE_COUNT] = {"normal", "pre_safe", "latency",  "safe",
	                                              "ultra",  "recovery", "emergency"};

	return word_of(words, MODE_COUNT, mode_of_word(load(&s->mode)));
}

static void print_service(const struct shared *s, const struct shared_service *x, FILE *out)
{
	struct requester_service_stats stats;
	char mean[16];
	char q95[16];

	SHARED_COPY(&stats, x->stats);
	fprintf(out, "%s %s (%s) from core %s: %s  latency mean %s  q95 %s\n",
	        x->is_recovery != 0 ? "recovery of feed" : "service", x->name, x->codec,
	        s->cores[x->core].name, breaker_text(x), status_duration(load(&x->mean_ns), mean),
	        status_duration(load(&x->q95_ns), q95));
	status_counters_text(out, &counters_service, x->stats, "  ");
	for (uint32_t n = 0; n < x->node_count; n++) {
		uint32_t a = x->nodes[n].address;
		char latency[16];

		fprintf(out, "  node %u.%u.%u.%u:%u %s  station %s  latency %s\n", a >> 24,
		        a >> 16 & 255, a >> 8 & 255, a & 255, x->nodes[n].udp_port,
		        node_text(&x->nodes[n]), station_text(&x->nodes[n]),
		        status_duration(load(&x->nodes[n].latency_ns), latency));
	}
}

void status_services_text(const struct shared *s, FILE *out)
{
	if (s->service_count == 0)
		return;
	fprintf(out, "mode %s\n", status_mode_text(s));
	for (uint32_t i = 0; i < s->core_count; i++) {
		const struct shared_core *c = &s->cores[i];

		if (c->asks == 0)
			continue;
		fprintf(out, "requests of core %s\n", c->name);
		status_counters_text(out, &counters_requester, c->requester, "  ");
		status_counters_text(out, &counters_operations, c->operations, "  operations: ");
	}
	for (uint32_t i = 0; i < s->service_count; i++)
		print_service(s, &s->services[i], out);
}

static void set(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static json_t *node_json(const struct shared_node *n)
{
	json_t *o = json_object();
	char address[32];

	snprintf(address, sizeof(address), "%u.%u.%u.%u:%u", n->address >> 24,
	         n->address >> 16 & 255, n->address >> 8 & 255, n->address & 255, n->udp_port);
	json_object_set_new(o, "address", json_string(address));
	json_object_set_new(o, "state", json_string(node_text(n)));
	json_object_set_new(o, "station", json_string(station_text(n)));
	set(o, "latency_ns", load(&n->latency_ns));
	return o;
}

json_t *status_services_json(const struct shared *s)
{
	json_t *services = json_array();

	for (uint32_t i = 0; i < s->service_count; i++) {
		const struct shared_service *x = &s->services[i];
		json_t *o = status_counters_json(&counters_service, x->stats);
		json_t *nodes = json_array();

		json_object_set_new(o, "name", json_string(x->name));
		json_object_set_new(o, "codec", json_string(x->codec));
		json_object_set_new(o, "core", json_string(s->cores[x->core].name));
		json_object_set_new(o, "port", json_string(s->ports[x->port].name));
		json_object_set_new(o, "recovery", json_boolean(x->is_recovery != 0));
		json_object_set_new(o, "breaker", json_string(breaker_text(x)));
		set(o, "latency_mean_ns", load(&x->mean_ns));
		set(o, "latency_q95_ns", load(&x->q95_ns));
		for (uint32_t n = 0; n < x->node_count; n++)
			json_array_append_new(nodes, node_json(&x->nodes[n]));
		json_object_set_new(o, "nodes", nodes);
		json_array_append_new(services, o);
	}
	return services;
}
