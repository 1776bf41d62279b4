/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A table of operations with its services, for tests that tell it facts and read what it says.
 * Outputs are compared as text, a word each:
 *
 *   S<node><why>  SEND     f first, p parallel, h hedge, r retry
 *   C<node><why>  CANCEL   l lost, o overdue, e ended
 *   D<outcome>    DONE     s success, b fallback, f failure, t timeout, a abandoned, u unknown
 */
#ifndef TESTS_UNIT_RESILIENCE_OPERATION_WORLD_H
#define TESTS_UNIT_RESILIENCE_OPERATION_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/event.h"
#include "resilience/operation.h"
#include "resilience/prng.h"

#define WORLD_SERVICES_MAX   8u
#define WORLD_OPERATIONS_MAX 4096u
#define WORLD_ATTEMPTS_MAX   8192u
#define WORLD_TOKENS_MAX     64u
#define WORLD_OUTPUTS_MAX    256u
#define WORLD_TEXT_BYTES     4096u

#define SECOND 1000000000ull
#define MS     1000000ull

struct world {
	struct operation_options options;
	struct service_options service_options[WORLD_SERVICES_MAX];
	struct service_state states[WORLD_SERVICES_MAX];
	struct service services[WORLD_SERVICES_MAX];
	struct breaker_counters breaker_counters[WORLD_SERVICES_MAX];
	struct health_counters health_counters[WORLD_SERVICES_MAX];
	struct event events[256];
	struct event_ring ring;
	struct prng prng;
	struct operation operations[WORLD_OPERATIONS_MAX];
	struct operation_attempt attempts[WORLD_ATTEMPTS_MAX];
	struct operations table;
	void *wheel;
	uint64_t now_ns;
	struct operation_output items[WORLD_OUTPUTS_MAX];
	struct operation_outputs out;
	struct operation_output last;      /* the last DONE */
	uint64_t tokens[WORLD_TOKENS_MAX]; /* of the SENDs since world_open() */
	uint64_t ids[WORLD_TOKENS_MAX];
	uint32_t sends;
	char text[WORLD_TEXT_BYTES];
};

/* Everything off: one attempt to the primary, no timeout, no retry, no breaker. */
static inline void world_plain(struct service_options *o)
{
	service_options_report(o, SECOND);
	o->breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	o->breaker.fallback = 0;
	o->breaker.parallel[BREAKER_CLOSED] = 0;
	o->health.eject_after = 0;
	o->health.outlier_ppm = 0;
	o->deadline.terms = DEADLINE_NONE;
	o->hedge.is_enabled = false;
	o->retry_budget = o->hedge_budget = o->parallel_budget =
	        (struct budget_options){.is_unlimited = true};
	o->forecast.detectors = 0;
	o->breaker.forecast_level = 0;
	o->throttle.enabled = false;
	o->backoff.base_ns = 0;
	o->abandon_below_ppm = 0;
	o->choice = SERVICE_CHOOSE_PRIMARY;
	o->max_retries = 0;
	o->latency_optimization = false;
	o->learn_expected = false;
}

/* One plain service of three nodes; to be changed before world_open(). */
static inline void world_defaults(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->options = (struct operation_options){
	        .pool = {.operations_max = 64, .attempts_max = 192, .first_use = 1000},
	        .tick_ns = MS,
	        .late_ns = 10 * SECOND,
	        .service_count = 1,
	};
	for (uint32_t i = 0; i < WORLD_SERVICES_MAX; i++) {
		world_plain(&w->service_options[i]);
		w->service_options[i].nodes = 3;
	}
}

/* False: something was refused. */
static inline bool world_open(struct world *w)
{
	uint64_t bytes = operation_wheel_bytes(&w->options);

	w->now_ns = 1000 * SECOND;
	w->out = (struct operation_outputs){.items = w->items, .capacity = WORLD_OUTPUTS_MAX};
	prng_init(&w->prng, 1);
	event_ring_init(&w->ring, w->events, 256);
	if (bytes == 0)
		return false;
	w->wheel = aligned_alloc(8, (bytes + 7) / 8 * 8);
	if (w->wheel == NULL)
		return false;
	for (uint32_t i = 0; i < w->options.service_count; i++) {
		struct service_setup u = {.state = &w->states[i],
		                          .options = &w->service_options[i],
		                          .breaker_counters = w->breaker_counters,
		                          .health_counters = w->health_counters,
		                          .events = &w->ring,
		                          .prng = &w->prng,
		                          .subject = i};

		if (service_init(&w->services[i], &u, w->now_ns) != 0)
			return false;
	}
	struct operation_setup u = {.options = &w->options,
	                            .operations = w->operations,
	                            .attempts = w->attempts,
	                            .services = w->services,
	                            .wheel = w->wheel,
	                            .wheel_bytes = bytes};

	return operation_init(&w->table, &u, w->now_ns) == 0;
}

static inline void world_close(struct world *w)
{
	free(w->wheel);
	w->wheel = NULL;
}

/* Moves the outputs into text and remembers the tokens. */
static inline void world_read(struct world *w)
{
	static const char sends[] = "fphr";
	static const char cancels[] = "----loe";
	static const char outcomes[] = "sbftRau";

	for (uint32_t i = 0; i < w->out.count; i++) {
		const struct operation_output *x = &w->items[i];
		size_t at = strlen(w->text);
		const char *gap = at == 0 ? "" : " ";

		if (x->kind == OPERATION_SEND) {
			snprintf(w->text + at, sizeof(w->text) - at, "%sS%u%c", gap, x->node,
			         sends[x->reason]);
			w->tokens[w->sends % WORLD_TOKENS_MAX] = x->token;
			w->ids[w->sends++ % WORLD_TOKENS_MAX] = x->operation;
		} else if (x->kind == OPERATION_CANCEL) {
			snprintf(w->text + at, sizeof(w->text) - at, "%sC%u%c", gap, x->node,
			         cancels[x->reason]);
		} else {
			snprintf(w->text + at, sizeof(w->text) - at, "%sD%c", gap,
			         outcomes[x->outcome]);
			w->last = *x;
		}
	}
	w->out.count = 0;
}

static inline enum operation_verdict world_submit_request(struct world *w,
                                                          struct operation_request r)
{
	if (r.deadline_ns == 0)
		r.deadline_ns = w->now_ns + 6 * SECOND;
	enum operation_verdict v = operation_submit(&w->table, &r, w->now_ns, &w->out);

	world_read(w);
	return v;
}

/* A request that may be repeated freely, with the service's defaults, 6 s of time, class critical.
 */
#define SUBMIT(w, ...)                                                                    \
	world_submit_request(                                                             \
	        w, (struct operation_request){.repeat = OPERATION_FREELY,                 \
	                                      .max_retries = OPERATION_ROUNDS_AS_SERVICE, \
	                                      __VA_ARGS__})

static inline enum operation_hearing world_reply(struct world *w, uint32_t send, bool ok)
{
	struct operation_reply r = {
	        .token = w->tokens[send], .node = OPERATION_NODE_UNKNOWN, .ok = ok};
	enum operation_hearing h = operation_on_reply(&w->table, &r, w->now_ns, &w->out);

	world_read(w);
	return h;
}

/* Time goes on, with a poll every tick. */
static inline void world_pass(struct world *w, uint64_t ns)
{
	uint64_t end_ns = w->now_ns + ns;

	while (w->now_ns < end_ns) {
		uint64_t step_ns = end_ns - w->now_ns < w->options.tick_ns ? end_ns - w->now_ns
		                                                           : w->options.tick_ns;

		w->now_ns += step_ns;
		while (operation_poll(&w->table, w->now_ns, &w->out))
			world_read(w);
		world_read(w);
	}
}

/* Nothing is held by anybody. */
static inline bool world_is_empty(const struct world *w)
{
	const struct operation_pool *p = &w->table.pool;

	return p->operations_live == 0 && p->attempts_live == 0 && p->extras_live == 0 &&
	       wheel_count(w->table.wheel) == w->options.service_count;
}

/* Whether that was said since it was last asked. */
static inline bool world_said(struct world *w, const char *expected, int line)
{
	bool same = strcmp(w->text, expected) == 0;

	if (!same)
		printf("\nline %d: said \"%s\", expected \"%s\"\n", line, w->text, expected);
	w->text[0] = 0;
	return same;
}

#define EXPECT_SAID(w, expected) CU_ASSERT(world_said(w, expected, __LINE__))

#endif
