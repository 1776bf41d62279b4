/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From an attempt to a frame in its port's ring.
 */
#include "dataplane/request/requester_private.h"

#include <string.h>

/* Puts the payload's datagram, which stands in the frame, into the ring. */
static bool push(struct requester *r, const struct requester_port *p, uint64_t mac,
                 const struct frame_address *address, uint32_t payload_bytes)
{
	const struct frame_path path = {
	        .destination_mac = mac, .source_mac = p->mac, .address = *address, .vlan = p->vlan};
	uint32_t bytes = frame_build_path(r->frame, payload_bytes, &path);

	if (!frame_ring_push(p->out, r->frame, bytes))
		return false;
	r->stats.sent_bytes += bytes;
	return true;
}

/* The request in the codec's words, from the first source port in turn that has an id for it. */
static enum service_encoding encode(struct requester *r, struct requester_service *s,
                                    const struct operation_output *x, uint8_t *out,
                                    uint32_t capacity, uint64_t now_ns, uint32_t *bytes,
                                    uint32_t *source_port)
{
	const struct requester_service_options *o = s->options;
	const struct service_request *request = &r->flights[requester_slot(x->operation)].request;
	struct service_attempt a = {.token = x->token, .now_ns = now_ns, .node = x->node};
	enum service_encoding encoding = SERVICE_NO_ID;

	for (uint32_t i = 0; i < o->source_ports && encoding == SERVICE_NO_ID; i++) {
		if (++s->source_turn >= o->source_ports)
			s->source_turn = 0;
		a.source_port_index = s->source_turn;
		encoding = o->codec->encode(s->codec_state, request, &a, out, capacity, bytes);
	}
	*source_port = o->source_port + a.source_port_index;
	return encoding;
}

static enum requester_sending refuse(struct requester *r, enum service_encoding encoding)
{
	switch (encoding) {
	case SERVICE_ENCODED:
		break;
	case SERVICE_NO_ID:
		r->stats.unsent_id++;
		return REQUESTER_UNSENT;
	case SERVICE_TOO_LONG:
		r->stats.too_long++;
		return REQUESTER_NEVER;
	case SERVICE_UNSPEAKABLE:
		break;
	}
	r->stats.unspeakable++;
	return REQUESTER_NEVER;
}

/* The word of a station that has no MAC. The first attempt that finds it silent tells operations of
 * the node, for all others that are under way to it. */
static enum requester_sending no_mac(struct requester *r, const struct operation_output *x,
                                     uint32_t neighbour, uint64_t word, uint64_t now_ns)
{
	struct requester_service *s = &r->services[x->service];
	uint8_t bit = (uint8_t)(1u << x->node);

	neighbours_want(r->options->neighbours, neighbour);
	if (neighbours_state(word) != NEIGHBOUR_SILENT) {
		r->stats.unsent_mac++;
		return REQUESTER_UNSENT;
	}
	if ((s->silent & bit) == 0)
		operation_on_node_unreachable(&r->operations, x->service, x->node, now_ns);
	s->silent |= bit;
	r->stats.unreachable++;
	return REQUESTER_UNREACHABLE;
}

enum requester_sending requester_frame_attempt(struct requester *r,
                                               const struct operation_output *x, uint64_t now_ns)
{
	struct requester_service *s = &r->services[x->service];
	const struct requester_service_options *o = s->options;
	const struct requester_node *node = &o->nodes[x->node];
	const struct requester_port *p = &r->ports[o->port];
	uint64_t word = neighbours_word(r->options->neighbours, node->neighbour);
	uint32_t head = frame_path_bytes(p->vlan);
	uint32_t bytes = 0;
	uint32_t source_port;

	if (p->out == NULL) {
		r->stats.unsent_port++;
		return REQUESTER_UNSENT;
	}
	if (neighbours_state(word) != NEIGHBOUR_KNOWN)
		return no_mac(r, x, node->neighbour, word, now_ns);
	s->silent &= (uint8_t) ~(1u << x->node);
	enum service_encoding encoding = encode(r, s, x, r->frame + head, p->frame_bytes_max - head,
	                                        now_ns, &bytes, &source_port);

	if (encoding != SERVICE_ENCODED)
		return refuse(r, encoding);
	const struct frame_address address = {.source_address = p->address,
	                                      .destination_address = node->address,
	                                      .source_port = (uint16_t)source_port,
	                                      .destination_port = node->udp_port};

	if (!push(r, p, neighbours_mac(word), &address, bytes)) {
		o->codec->forget(s->codec_state, x->token);
		r->stats.unsent_room++;
		return REQUESTER_UNSENT;
	}
	r->stats.sent++;
	s->stats.attempts++;
	s->stats.hedges += x->reason == OPERATION_HEDGE;
	return REQUESTER_SENT;
}

void requester_frame_receipt(struct requester *r, const struct datagram *d,
                             const struct requester_service *s, uint32_t node,
                             const struct service_answer *a)
{
	const struct requester_port *p = &r->ports[s->options->port];
	const struct requester_node *to = &s->options->nodes[node];
	uint64_t word = neighbours_word(r->options->neighbours, to->neighbour);
	const struct frame_address address = {.source_address = p->address,
	                                      .destination_address = to->address,
	                                      .source_port = d->destination_port,
	                                      .destination_port = to->udp_port};

	assert(a->receipt_bytes <= SERVICE_RECEIPT_BYTES);
	if (p->out != NULL && neighbours_state(word) == NEIGHBOUR_KNOWN) {
		memcpy(r->frame + frame_path_bytes(p->vlan), a->receipt, a->receipt_bytes);
		if (push(r, p, neighbours_mac(word), &address, a->receipt_bytes)) {
			r->stats.receipts++;
			return;
		}
	}
	r->stats.receipts_unsent++;
}
