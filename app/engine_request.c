/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A requester's turn: the mode, what ended, probes, and the frames of its ports.
 */
#include "app/engine_build.h"
#include "app/engine_input.h"
#include "app/engine_request.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What ends by time in a turn at most; the rest in the next. */
#define DONE_MAX 32u

static_assert(DONE_MAX >= REQUESTER_DONE_MIN, "");
static_assert(CONFIG_FORMAT_NONE > UINT32_MAX, "no number of a file means it");

static void on_probe(struct engine_requester *r, const struct requester_done *done)
{
	r->asked[done->service].is_probed = false;
}

/* The caller of a call that ended. */
static void tell(struct engine_requester *r, const struct requester_done *done, uint64_t now_ns)
{
	switch (requester_asker(done->tag)) {
	case REQUESTER_LADDER:
		engine_recovery_done(r, done, now_ns);
		break;
	case REQUESTER_PROBE:
		on_probe(r, done);
		break;
	case REQUESTER_COMPONENT:
		engine_input_done(r->core->engine, done);
		break;
	}
}

static void on_reply(void *context, const struct datagram *d, uint8_t port, uint64_t now_ns)
{
	struct engine_requester *r = context;
	struct requester_done done;

	if (requester_on_datagram(&r->requester, d, port, now_ns, &done) != 0)
		tell(r, &done, now_ns);
}

static void probe(struct engine_requester *r, uint32_t service, uint64_t now_ns)
{
	struct engine_asked *a = &r->asked[service];
	const struct config_service *c = &r->core->engine->config->services[a->service];
	struct requester_done done;
	const struct requester_call call = {
	        .request = {.path = (const uint8_t *)c->probe.path,
	                    .path_bytes = (uint32_t)strlen(c->probe.path),
	                    .method = SERVICE_GET},
	        .tag = requester_tag(REQUESTER_PROBE, service),
	        .deadline_ns = now_ns + c->probe.every_ns,
	        .service = service,
	        .class = (uint8_t)c->class,
	        .max_retries = OPERATION_ROUNDS_AS_SERVICE};

	a->probe_ns = now_ns + c->probe.every_ns;
	if (a->is_probed)
		return;
	requester_submit(&r->requester, &call, now_ns, &done);
	a->is_probed = done.outcome == REQUESTER_UNDER_WAY;
}

static void probe_all(struct engine_requester *r, uint64_t now_ns)
{
	for (uint32_t i = 0; i < r->service_count; i++)
		if (now_ns >= r->asked[i].probe_ns)
			probe(r, i, now_ns);
}

static void read_mode(struct engine_requester *r, uint64_t now_ns)
{
	struct engine *e = r->core->engine;
	uint64_t word = atomic_load_explicit(&e->shared->mode, memory_order_relaxed);

	if (word == r->mode_word)
		return;
	r->mode_word = word;
	requester_set_mode(&r->requester, &e->config->resilience.policy, mode_of_word(word),
	                   now_ns);
}

uint32_t engine_request_step(struct engine_requester *r, uint64_t now_ns)
{
	struct requester_done done[DONE_MAX];

	read_mode(r, now_ns);
	uint32_t ended = engine_recovery_step(r, now_ns);
	uint32_t count = requester_poll(&r->requester, now_ns, done, DONE_MAX);

	for (uint32_t i = 0; i < count; i++)
		tell(r, &done[i], now_ns);
	probe_all(r, now_ns);
	return ended + count;
}

/* What the device has no room for waits for the next turn. */
void engine_request_send(struct engine_sender *s)
{
	struct port_frame frames[PACKET_BURST_MAX];
	uint32_t count = frame_ring_count(s->ring);
	uint32_t sent = 0;

	count = count < PACKET_BURST_MAX ? count : PACKET_BURST_MAX;
	if (s->queue == NULL || count == 0)
		return;
	for (uint32_t i = 0; i < count; i++) {
		const struct frame_slot *slot = frame_ring_at(s->ring, i);

		frames[i] = (struct port_frame){.data = slot->data, .bytes = slot->bytes};
	}
	enum port_send verdict = port_send_burst(s->queue, frames, count, &sent);

	/* One that will never go must not stand in the way of others; the port has counted it. */
	frame_ring_release(s->ring, sent + (verdict == PORT_SEND_TOO_LONG));
}

bool engine_requests_use(const struct engine *e, uint32_t core, uint32_t port)
{
	const struct engine_requester *r =
	        e->requests.cores == NULL ? NULL : e->requests.cores[core];

	for (uint32_t i = 0; r != NULL && i < r->service_count; i++)
		if (r->services[i].port == port)
			return true;
	return false;
}

void engine_requests_open(struct engine *e)
{
	for (uint32_t i = 0; e->requests.cores != NULL && i < e->config->core_count; i++) {
		struct engine_requester *r = e->requests.cores[i];

		for (uint32_t p = 0; r != NULL && p < e->config->port_count; p++) {
			const struct config_port *cp = &e->config->ports[p];
			struct engine_sender *s = &r->senders[p];

			if (s->ring == NULL)
				continue;
			const struct requester_port port = {.out = s->ring,
			                                    .mac = e->shared->ports[p].mac,
			                                    .address = cp->address,
			                                    .frame_bytes_max =
			                                            cp->frame_bytes_max -
			                                            PORT_FRAME_OVERHEAD_BYTES + 18,
			                                    .vlan = (uint16_t)cp->vlan};

			s->queue = port_queue(e->ports[p], 0);
			requester_set_port(&r->requester, p, &port);
		}
	}
}

void engine_requests_close(struct engine *e)
{
	for (uint32_t i = 0; e->requests.cores != NULL && i < e->config->core_count; i++)
		for (uint32_t p = 0; e->requests.cores[i] != NULL && p < CONFIG_PORTS_MAX; p++)
			e->requests.cores[i]->senders[p].queue = NULL;
}

/* Its own source ports: here where this core polls the port, else by an exit of the core that does.
 */
int engine_requests_build_replies(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	for (uint32_t i = 0; e->requests.cores != NULL && i < e->config->core_count; i++) {
		struct engine_requester *r = e->requests.cores[i];

		for (uint32_t n = 0; r != NULL && n < r->service_count; n++) {
			const struct requester_service_options *o = &r->services[n];
			const struct config_port *port = &e->config->ports[o->port];
			struct receiver *polls = &e->cores[port->core].receiver;
			uint32_t exit = engine_lines_exit(e, port->core, i);

			receiver_set_replies(&e->cores[i].receiver, on_reply, r);
			for (uint32_t k = 0; k < o->source_ports; k++) {
				int rc = receiver_add_reply(polls, port->address,
				                            (uint16_t)(o->source_port + k), exit);

				if (rc == 0)
					continue;
				snprintf(error, ENGINE_ERROR_BYTES,
				         "port %s: UDP port %u cannot be one of answers: %s",
				         port->name, o->source_port + k,
				         rc == -EEXIST ? "it is a line's" : "too many of them");
				return rc;
			}
		}
	}
	return 0;
}
