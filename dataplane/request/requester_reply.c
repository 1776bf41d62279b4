/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Replies: what comes to the core's source ports, and what it is worth.
 */
#include "dataplane/request/requester_private.h"

/* Was it sent to where the service is asked from? */
static bool is_ours(const struct requester *r, const struct requester_service *s,
                    const struct datagram *d, uint8_t port)
{
	const struct requester_port *p = &r->ports[s->options->port];

	/* A device may have taken the tag off. */
	if (d->vlan_count != 0 && d->vlan[0] != p->vlan && d->vlan[0] != 0)
		return false;
	return port == s->options->port && d->destination_address == p->address;
}

/* Is it what the caller wants? Of an attempt that has ended nobody knows; it completes nothing. */
static bool is_expected(const struct requester *r, const struct service_answer *a)
{
	const struct operation_pool *pool = &r->operations.pool;
	const struct operation_attempt *attempt = operation_pool_find(pool, a->token);

	if (r->options->expects == NULL || attempt == NULL || !operation_pool_is_live(attempt))
		return true;
	return r->options->expects(r->options->context, operation_pool_at(pool, attempt->link)->tag,
	                           a);
}

/* Tells operations what the node says to the attempt. */
static uint32_t hear(struct requester *r, struct requester_service *s, uint32_t node,
                     const struct service_answer *a, bool ok, uint64_t now_ns,
                     struct requester_done *done)
{
	const struct operation_reply reply = {
	        .token = a->token, .node = (uint8_t)node, .ok = ok, .ambiguous = a->ambiguous};

	requester_drain_room(r);
	enum operation_hearing heard = operation_on_reply(&r->operations, &reply, now_ns, &r->out);

	/* However it was heard, there is nothing more to come. */
	if (heard != OPERATION_HEARD_FOREIGN)
		s->options->codec->forget(s->codec_state, a->token);
	if (requester_drain(r, now_ns, done, 1) == 0)
		return 0;
	done->code = a->code;
	done->payload = a->payload;
	done->payload_bytes = a->payload_bytes;
	if (heard == OPERATION_HEARD_FAILURE)
		done->node = (uint8_t)node;
	return 1;
}

static uint32_t on_arrival(struct requester *r, struct requester_service *s,
                           const struct datagram *d, uint32_t node, uint64_t now_ns,
                           struct requester_done *done)
{
	const struct service_arrival arrival = {
	        .bytes = d->payload,
	        .now_ns = now_ns,
	        .count = d->payload_bytes,
	        .node = node,
	        .source_port_index = (uint32_t)(d->destination_port - s->options->source_port)};
	struct service_answer a = {0};
	enum service_decoding decoding = s->options->codec->decode(s->codec_state, &arrival, &a);

	if (a.receipt_bytes != 0)
		requester_frame_receipt(r, d, s, node, &a);
	switch (decoding) {
	case SERVICE_REPLY:
		if (a.ok && !is_expected(r, &a)) {
			r->stats.unexpected++;
			break;
		}
		r->stats.replies++;
		s->stats.replies++;
		return hear(r, s, node, &a, a.ok, now_ns, done);
	case SERVICE_PROGRESS:
		r->stats.progress++;
		return 0;
	case SERVICE_REFUSED_PACKET:
		r->stats.refused++;
		s->stats.replies++;
		return hear(r, s, node, &a, false, now_ns, done);
	case SERVICE_UNUSABLE:
		r->stats.unusable++;
		s->stats.replies++;
		return hear(r, s, node, &a, false, now_ns, done);
	case SERVICE_MALFORMED:
		r->stats.malformed++;
		break;
	case SERVICE_UNEXPECTED:
		r->stats.unexpected++;
		break;
	}
	s->stats.bad_replies++;
	return 0;
}

uint32_t requester_on_datagram(struct requester *r, const struct datagram *d, uint8_t port,
                               uint64_t now_ns, struct requester_done *done)
{
	uint32_t service = requester_node_service(r, d->destination_port);

	r->stats.datagrams++;
	if (service == REQUESTER_NO_SERVICE) {
		r->stats.foreign++;
		return 0;
	}
	struct requester_service *s = &r->services[service];
	uint32_t node = is_ours(r, s, d, port) ? requester_node_of(s, d) : REQUESTER_NO_NODE;

	if (node == REQUESTER_NO_NODE) {
		r->stats.foreign++;
		s->stats.bad_replies++;
		return 0;
	}
	uint32_t ended = on_arrival(r, s, d, node, now_ns, done);

	r->stats.operations = operation_live(&r->operations);
	return ended;
}
