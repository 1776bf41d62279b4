/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/component.h"

#include <assert.h>
#include <string.h>

#include "dataplane/shard/component_inputs.h"

const char *component_setting(const struct component_settings *s, const char *key)
{
	assert(s != NULL);
	assert(key != NULL);
	for (uint32_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].key, key) == 0)
			return s->items[i].value;
	return NULL;
}

uint32_t component_service(const struct component_context *c, const char *name)
{
	for (uint32_t i = 0; i < c->service_count; i++)
		if (strcmp(c->services[i], name) == 0)
			return i;
	return COMPONENT_SERVICE_NONE;
}

static bool is_askable(const struct component_context *c, const struct component_request *r)
{
	if (r->service >= c->service_count || r->path_bytes > COMPONENT_PATH_MAX ||
	    r->payload_bytes > COMPONENT_BYTES_MAX)
		return false;
	return r->method <= COMPONENT_DELETE && r->critical <= COMPONENT_NO &&
	       r->latency_optimization <= COMPONENT_NO && r->parallel_attempts <= 3;
}

static void note_asked(const struct component_context *c, uint32_t slot)
{
	struct component_watch *w = c->watch;

	assert(w->asked_count < w->asked_max);
	w->asked[w->asked_count++] = (struct component_asked){.actor = c->actor, .slot = slot};
}

uint64_t component_request(struct component_context *c, const struct component_request *r)
{
	struct component_inputs *i = c->inputs;

	assert(i != NULL); /* it has requests_max */
	if (!is_askable(c, r) || i->free == COMPONENT_SLOT_NONE)
		return 0;
	struct component_slot *s = &i->slots[i->free];
	bool is_timed = r->timeout_ns != 0 && r->timeout_ns < UINT64_MAX - c->now_ns;

	i->free = s->next;
	i->open++;
	*s = (struct component_slot){
	        .number = ++i->asked,
	        .tag = r->tag,
	        .deadline_ns = is_timed ? c->now_ns + r->timeout_ns : UINT64_MAX,
	        .expected_ns = r->expected_ns,
	        .service = r->service,
	        .payload_bytes = r->payload_bytes,
	        .path_bytes = (uint8_t)r->path_bytes,
	        .state = COMPONENT_SLOT_ASKED,
	        .method = r->method,
	        .critical = r->critical,
	        .parallel_attempts = r->parallel_attempts,
	        .max_retries = r->max_retries,
	        .latency_optimization = r->latency_optimization,
	        .fallback = r->fallback,
	};
	if (r->path_bytes != 0)
		memcpy(s->path, r->path, r->path_bytes);
	if (r->payload_bytes != 0)
		memcpy(s->payload, r->payload, r->payload_bytes);
	component_mark(c, s, sizeof(*s));
	component_mark(c, i, sizeof(*i));
	if (c->watch != NULL)
		note_asked(c, (uint32_t)(s - i->slots));
	return s->number;
}

void component_timer(struct component_context *c, uint32_t timer, uint64_t due_ns)
{
	assert(c->inputs != NULL);
	assert(timer < COMPONENT_TIMERS_MAX);
	c->inputs->timer_ns[timer] = due_ns;
	component_mark(c, c->inputs, sizeof(*c->inputs));
	if (c->watch != NULL && due_ns < c->watch->due_ns)
		c->watch->due_ns = due_ns;
}
