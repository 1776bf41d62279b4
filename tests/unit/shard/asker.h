/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Asker: a component for tests that lives on its inputs: it asks now and then, arms timers, and
 * folds all that it is told, with the time, into one word. What it does next depends on that word.
 *
 *     settings: fail_reply, fail_timer, fail_command: fails at the n-th (from 1)
 */
#ifndef TESTS_UNIT_SHARD_ASKER_H
#define TESTS_UNIT_SHARD_ASKER_H

#include "dataplane/shard/component_inputs.h"
#include "dataplane/shard/group.h"
#include "tests/unit/shard/probe.h"

#define ASKER_OPEN    8u
#define ASKER_NUMBERS 65536u

struct asker_state {
	uint64_t fold;
	uint64_t messages;
	uint64_t asked;
	uint64_t refused;
	uint64_t replies;
	uint64_t timers;
	uint64_t commands;
	uint64_t outcomes[COMPONENT_OUTCOMES];
	uint64_t twice; /* replies to a request that had one, or to none */
	uint8_t answered[ASKER_NUMBERS];
};

static inline void asker_fold(struct component_context *c, uint64_t v)
{
	struct asker_state *a = c->state;

	a->fold = (a->fold ^ v) * 0x9e3779b97f4a7c15ull;
	a->fold ^= a->fold >> 29;
	component_mark(c, a, offsetof(struct asker_state, answered));
}

static inline uint64_t asker_state_bytes(const struct component_settings *s, uint32_t symbols_max,
                                         const char **error)
{
	(void)s;
	(void)symbols_max;
	(void)error;
	return sizeof(struct asker_state);
}

static inline int asker_start(struct component_context *c)
{
	component_timer(c, 0, 0); /* in the first turn */
	return 0;
}

static inline void asker_ask(struct component_context *c)
{
	struct asker_state *a = c->state;
	uint8_t payload[40];
	const struct component_request r = {
	        .tag = a->fold,
	        .timeout_ns = a->fold >> 60 == 0 ? 0 : 1000 + (a->fold & 0xfff),
	        .path = "orders/1/state",
	        .path_bytes = 6 + (uint32_t)(a->fold >> 8 & 7),
	        .payload = payload,
	        .payload_bytes = (uint32_t)(a->fold >> 16 & 31),
	        .method = (uint8_t)(a->fold >> 24 & 3),
	        .max_retries = COMPONENT_RETRIES_AS_SERVICE,
	};

	memset(payload, (int)(a->fold & 0xff), sizeof(payload));
	uint64_t number = component_request(c, &r);

	a->asked += number != 0;
	a->refused += number == 0;
	asker_fold(c, number);
}

static inline enum component_verdict asker_on_message(struct component_context *c,
                                                      const struct component_message *m)
{
	struct asker_state *a = c->state;

	a->messages++;
	asker_fold(c, m->sequence ^ c->now_ns << 20);
	if ((a->fold & 15) == 0)
		asker_ask(c);
	if ((a->fold & 0x3f0) == 0)
		component_timer(c, a->fold >> 32 & 7, c->now_ns + (a->fold >> 40 & 1023));
	return COMPONENT_OK;
}

static inline enum component_verdict asker_on_reply(struct component_context *c,
                                                    const struct component_reply *r)
{
	struct asker_state *a = c->state;

	asker_fold(c, r->number ^ r->tag ^ r->outcome ^ (uint64_t)r->code << 32 ^ c->now_ns << 8);
	for (uint32_t i = 0; i < r->payload_bytes; i++)
		asker_fold(c, r->payload[i]);
	a->outcomes[r->outcome]++;
	if (r->number == 0 || r->number > a->asked || a->answered[r->number % ASKER_NUMBERS] != 0)
		a->twice++;
	a->answered[r->number % ASKER_NUMBERS] = 1;
	component_mark(c, &a->answered[r->number % ASKER_NUMBERS], 1);
	if ((a->fold & 3) == 0)
		asker_ask(c);
	return ++a->replies == probe_number(c->settings, "fail_reply") ? COMPONENT_FAILED
	                                                               : COMPONENT_OK;
}

static inline enum component_verdict asker_on_timer(struct component_context *c, uint32_t timer)
{
	struct asker_state *a = c->state;

	asker_fold(c, timer ^ c->now_ns);
	if ((a->fold & 1) == 0)
		asker_ask(c);
	if (timer == 0)
		component_timer(c, 0, c->now_ns + 500 + (a->fold & 255));
	return ++a->timers == probe_number(c->settings, "fail_timer") ? COMPONENT_FAILED
	                                                              : COMPONENT_OK;
}

static inline enum component_verdict asker_on_command(struct component_context *c,
                                                      const uint8_t *bytes, uint32_t count)
{
	struct asker_state *a = c->state;

	for (uint32_t i = 0; i < count; i++)
		asker_fold(c, bytes[i] + c->now_ns);
	return ++a->commands == probe_number(c->settings, "fail_command") ? COMPONENT_FAILED
	                                                                  : COMPONENT_OK;
}

static const struct component_ops asker_ops = {
        .abi = COMPONENT_ABI,
        .name = "asker",
        .help = "lives on its inputs",
        .depends_on = {"book"},
        .state_bytes = asker_state_bytes,
        .start = asker_start,
        .on_message = asker_on_message,
        .on_reply = asker_on_reply,
        .on_timer = asker_on_timer,
        .on_command = asker_on_command,
        .requests_max = ASKER_OPEN,
};

static const char *const asker_services[] = {"orders"};
static const struct component_settings asker_settings = {.name = "asker"};
static const struct group_component asker_part = {.ops = &asker_ops, .settings = &asker_settings};

/* A group with an asker and nothing else. */
static inline struct group_options asker_group(enum group_class class, struct selector selector)
{
	return (struct group_options){
	        .name = "asking",
	        .class = class,
	        .selector = selector,
	        .books = {.symbols_max = 64, .orders_max = 4096, .levels_max = 4096},
	        .components = &asker_part,
	        .component_count = 1,
	        .services = asker_services,
	        .service_count = 1,
	};
}

static inline struct asker_state *asker_of(struct group *g)
{
	return g->contexts[0].state;
}

#endif
