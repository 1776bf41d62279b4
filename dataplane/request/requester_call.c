/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls: what is asked of the requester by those who want something of a service.
 */
#include "dataplane/request/requester_private.h"

#define HASH_PRIME 0x100000001b3ull

/* The bucket of a path at a service (FNV-1a). */
static uint32_t path_bucket(const struct requester *r, const struct requester_call *c)
{
	uint64_t h = 0xcbf29ce484222325ull ^ c->service;

	for (uint32_t i = 0; i < c->request.path_bytes; i++)
		h = (h ^ c->request.path[i]) * HASH_PRIME;
	return (uint32_t)(h ^ h >> 32) & r->write_mask;
}

/* The flight of the operation that was just let in, whatever has become of it since. */
static void begin_flight(struct requester *r, const struct requester_call *c, uint64_t operation)
{
	struct requester_flight *f = &r->flights[requester_slot(operation)];

	f->request = c->request;
	f->serial = 0;
	if (c->request.method == SERVICE_GET)
		return;
	f->bucket = path_bucket(r, c);
	f->serial = ++r->next_serial;
	r->writes[f->bucket] = f->serial;
}

/* How a call ended that was not let in. */
static enum operation_outcome outcome_of(enum operation_verdict verdict)
{
	switch (verdict) {
	case OPERATION_ANSWERED:
		return OPERATION_FALLBACK;
	case OPERATION_REJECTED_HOPELESS:
		return OPERATION_ABANDONED;
	case OPERATION_REJECTED_EXPIRED:
		return OPERATION_TIMEOUT;
	case OPERATION_ACCEPTED:
	case OPERATION_REJECTED_OPEN:
	case OPERATION_REJECTED_THROTTLED:
	case OPERATION_REJECTED_FULL:
	case OPERATION_REJECTED_INVALID:
		break;
	}
	return OPERATION_REJECTED;
}

static void refuse(struct requester *r, const struct requester_call *c,
                   enum operation_verdict verdict, struct requester_done *done)
{
	if (c->service < r->options->service_count)
		r->services[c->service].stats.refused++;
	*done = (struct requester_done){.tag = c->tag,
	                                .service = c->service,
	                                .outcome = (uint8_t)outcome_of(verdict),
	                                .verdict = (uint8_t)verdict,
	                                .node = OPERATION_NODE_UNKNOWN};
}

enum operation_verdict requester_submit(struct requester *r, const struct requester_call *c,
                                        uint64_t now_ns, struct requester_done *done)
{
	if (c->service >= r->options->service_count || c->request.method >= SERVICE_METHODS) {
		refuse(r, c, OPERATION_REJECTED_INVALID, done);
		return OPERATION_REJECTED_INVALID;
	}
	struct requester_service *s = &r->services[c->service];
	const struct operation_request request = {
	        .tag = c->tag,
	        .deadline_ns = c->deadline_ns,
	        .expected_ns = c->expected_ns,
	        .service = c->service,
	        .class = c->class,
	        .repeat = (uint8_t)s->options->codec->repeat(
	                &c->request, c->reorder_safe || s->options->reorder_safe),
	        .parallel_attempts = c->parallel_attempts,
	        .max_retries = c->max_retries,
	        .latency_optimization = c->latency_optimization,
	        .fallback = c->fallback,
	};

	s->stats.submitted++;
	requester_drain_room(r);
	enum operation_verdict verdict =
	        operation_submit(&r->operations, &request, now_ns, &r->out);

	if (verdict != OPERATION_ACCEPTED) {
		assert(r->out.count == 0);
		refuse(r, c, verdict, done);
		return verdict;
	}
	assert(r->out.count > 0);
	uint64_t operation = r->items[0].operation;

	begin_flight(r, c, operation);
	if (requester_drain(r, now_ns, done, 1) == 0)
		*done = (struct requester_done){.tag = c->tag,
		                                .operation = operation,
		                                .service = c->service,
		                                .outcome = REQUESTER_UNDER_WAY,
		                                .verdict = OPERATION_ACCEPTED,
		                                .node = OPERATION_NODE_UNKNOWN};
	r->stats.operations = operation_live(&r->operations);
	return OPERATION_ACCEPTED;
}

bool requester_recall(struct requester *r, uint64_t operation, uint64_t now_ns,
                      struct requester_done *done)
{
	requester_drain_room(r);
	operation_recall(&r->operations, operation, now_ns, &r->out);
	bool ended = requester_drain(r, now_ns, done, 1) != 0;

	r->stats.operations = operation_live(&r->operations);
	return ended;
}
