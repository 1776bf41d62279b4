/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A requester's memory, its turn, its mode.
 */
#include "dataplane/request/requester.h"

#include <errno.h>
#include <string.h>

#include "dataplane/request/requester_private.h"
#include "resilience/prng.h"

/* What a poll makes operations say at a time: half of the outputs' room. */
#define POLL_OUTPUTS (REQUESTER_OUTPUTS_MAX / 2)

static_assert(POLL_OUTPUTS >= REQUESTER_DONE_MIN, "a poll moves something");
static_assert(REQUESTER_DONE_MIN == OPERATION_OUTPUTS_PER_FACT, "and so does the smallest");

struct room { /* memory given out in order; base NULL: only measured */
	uint8_t *base;
	uint64_t used;
};

static void *take(struct room *m, uint64_t bytes)
{
	void *p = m->base == NULL ? NULL : m->base + m->used;

	m->used += (bytes + REQUESTER_ALIGN - 1) & ~(uint64_t)(REQUESTER_ALIGN - 1);
	return p;
}

struct parts {
	struct service_state *states;
	struct breaker_counters *breaker_counters;
	struct health_counters *health_counters;
	struct operation *operations;
	struct operation_attempt *attempts;
	void *wheel;
};

static uint32_t power_of_two(uint32_t least)
{
	uint32_t n = 1;

	while (n < least)
		n *= 2;
	return n;
}

static uint32_t source_ports(const struct requester_options *o)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < o->service_count; i++)
		count += o->services[i].source_ports;
	return count;
}

static struct operation_options operation_options_of(const struct requester_options *o)
{
	return (struct operation_options){
	        .pool = {.operations_max = o->operations_max,
	                 .attempts_max = o->attempts_max,
	                 .first_use = o->first_use},
	        .tick_ns = o->tick_ns,
	        .late_ns = o->late_ns,
	        .service_count = o->service_count,
	        .sends_are_reported = true,
	};
}

static struct service_codec_options codec_options_of(const struct requester_service_options *o)
{
	return (struct service_codec_options){.nodes = o->resilience->nodes,
	                                      .source_ports = o->source_ports,
	                                      .attempts_max = o->attempts_max,
	                                      .coap = o->coap};
}

/* NULL, or what is wrong. */
static const char *check(const struct requester_options *o)
{
	if (o->service_count == 0 || o->service_count > REQUESTER_SERVICES_MAX)
		return "no service, or too many";
	if (o->frame_bytes_max < FRAME_BYTES_MIN || o->attempts_max < o->operations_max)
		return "frames or attempts out of bounds";
	const struct operation_options t = operation_options_of(o);

	if (operation_wheel_bytes(&t) == 0)
		return "operations out of bounds";
	for (uint32_t i = 0; i < o->service_count; i++) {
		const struct requester_service_options *s = &o->services[i];
		const struct service_codec_options codec = codec_options_of(s);
		const char *why = service_options_check(s->resilience);

		if (why != NULL)
			return why;
		if (s->source_port == 0 || s->source_ports == 0 ||
		    s->source_ports > UINT16_MAX - s->source_port + 1u)
			return "source ports out of bounds";
		if (s->port >= REQUESTER_PORTS_MAX)
			return "no such port";
		if (!service_codec_options_check(&codec))
			return "the codec's options are out of bounds";
	}
	return NULL;
}

/* All parts in order; of a requester that is only measured, they are NULL. */
static void place(struct requester *r, struct room *m, struct parts *p,
                  const struct requester_options *o)
{
	const struct operation_options t = operation_options_of(o);

	r->write_mask = power_of_two(2 * o->operations_max) - 1;
	r->route_mask = power_of_two(2 * source_ports(o)) - 1;
	r->services = take(m, o->service_count * sizeof(*r->services));
	r->machines = take(m, o->service_count * sizeof(*r->machines));
	r->flights = take(m, (uint64_t)o->operations_max * sizeof(*r->flights));
	r->writes = take(m, (r->write_mask + 1ull) * sizeof(*r->writes));
	r->routes = take(m, (r->route_mask + 1ull) * sizeof(*r->routes));
	r->frame = take(m, o->frame_bytes_max);
	r->prng = take(m, sizeof(*r->prng));
	p->states = take(m, o->service_count * sizeof(*p->states));
	p->breaker_counters = take(m, o->service_count * sizeof(*p->breaker_counters));
	p->health_counters = take(m, o->service_count * sizeof(*p->health_counters));
	p->operations = take(m, (uint64_t)o->operations_max * sizeof(*p->operations));
	p->attempts = take(m, (uint64_t)o->attempts_max * sizeof(*p->attempts));
	p->wheel = take(m, operation_wheel_bytes(&t));
}

static uint64_t codec_bytes(const struct requester_service_options *s)
{
	const struct service_codec_options o = codec_options_of(s);

	return s->codec->state_bytes(&o);
}

uint64_t requester_bytes(const struct requester_options *o)
{
	struct requester r = {0};
	struct room m = {0};
	struct parts p;

	if (check(o) != NULL)
		return 0;
	place(&r, &m, &p, o);
	for (uint32_t i = 0; i < o->service_count; i++)
		take(&m, codec_bytes(&o->services[i]));
	return m.used;
}

static int init_service(struct requester *r, uint32_t i, struct room *m, const struct parts *p,
                        uint64_t now_ns)
{
	const struct requester_service_options *o = &r->options->services[i];
	const struct service_codec_options codec = codec_options_of(o);
	struct requester_service *s = &r->services[i];
	const struct service_setup u = {.state = &p->states[i],
	                                .options = o->resilience,
	                                .breaker_counters = p->breaker_counters,
	                                .health_counters = p->health_counters,
	                                .prng = r->prng,
	                                .subject = i};

	s->options = o;
	s->codec_state = take(m, codec_bytes(o));
	for (uint32_t n = 0; n < o->source_ports; n++) {
		uint16_t source_port = (uint16_t)(o->source_port + n);

		if (requester_has_source_port(r, source_port))
			return -EINVAL;
		requester_node_route(r, source_port, i);
	}
	int rc = o->codec->init(s->codec_state, &codec);

	return rc != 0 ? rc : service_init(&r->machines[i], &u, now_ns);
}

int requester_init(struct requester *r, void *memory, const struct requester_options *o,
                   uint64_t now_ns, const char **why)
{
	struct room m = {.base = memory};
	struct parts p;

	*why = check(o);
	if (*why != NULL)
		return -EINVAL;
	memset(r, 0, sizeof(*r));
	memset(memory, 0, requester_bytes(o));
	r->options = o;
	r->operation_options = operation_options_of(o);
	r->out = (struct operation_outputs){.items = r->items, .capacity = REQUESTER_OUTPUTS_MAX};
	place(r, &m, &p, o);
	prng_init(r->prng, o->seed);
	*why = "a source port is two services', or a machine refuses its options";
	for (uint32_t i = 0; i < o->service_count; i++) {
		int rc = init_service(r, i, &m, &p, now_ns);

		if (rc != 0)
			return rc;
	}
	const struct operation_setup u = {.options = &r->operation_options,
	                                  .operations = p.operations,
	                                  .attempts = p.attempts,
	                                  .services = r->machines,
	                                  .wheel = p.wheel,
	                                  .wheel_bytes =
	                                          operation_wheel_bytes(&r->operation_options)};

	*why = "operations refuse their options";
	return operation_init(&r->operations, &u, now_ns);
}

void requester_set_port(struct requester *r, uint32_t port, const struct requester_port *p)
{
	assert(port < REQUESTER_PORTS_MAX);
	assert(p->out == NULL || (p->frame_bytes_max >= FRAME_BYTES_MIN &&
	                          p->frame_bytes_max <= r->options->frame_bytes_max));
	r->ports[port] = *p;
}

uint32_t requester_poll(struct requester *r, uint64_t now_ns, struct requester_done *done,
                        uint32_t max)
{
	uint32_t ended = 0;
	bool more = operation_deadline_ns(&r->operations) <= now_ns;

	assert(max >= REQUESTER_DONE_MIN);
	while (more && max - ended >= REQUESTER_DONE_MIN) {
		uint32_t room = max - ended < POLL_OUTPUTS ? max - ended : POLL_OUTPUTS;

		/* Whatever is said ends one operation at most: no more end than may be said. */
		requester_drain_room(r);
		r->out.capacity = room;
		more = operation_poll(&r->operations, now_ns, &r->out);
		r->out.capacity = REQUESTER_OUTPUTS_MAX;
		ended += requester_drain(r, now_ns, done + ended, max - ended);
	}
	r->stats.operations = operation_live(&r->operations);
	return ended;
}

void requester_set_mode(struct requester *r, const struct mode_policy *policy, enum mode_id mode,
                        uint64_t now_ns)
{
	if (r->policy == policy && r->mode == (uint64_t)mode)
		return;
	r->policy = policy;
	r->mode = (uint64_t)mode;
	operation_set_mode(&r->operations, policy, mode, now_ns);
}
