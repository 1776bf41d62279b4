/* SPDX-License-Identifier: BSD-3-Clause
 *
 * CoAP as a service (RFC 7252). Requests are non-confirmable: repeating is the operation engine's
 * business, which knows more of the nodes than a retransmission timer does. Each is sent once, with
 * the attempt's token as its 8-byte token and a message id that this pair of source port and node
 * has not used within NON_LIFETIME.
 *
 * What comes back:
 *
 *   response, NON or CON      known by its token; a CON wants an empty ACK back, every copy of it
 *   response in an ACK        likewise, and by its message id (5.3.2); nobody must send one to a
 *                             NON, some do
 *   empty ACK                 known by its message id: the node has it, a response will follow
 *   RST                       known by its message id: the node does not want it
 *   anything else in a CON    rejected with RST (4.2), a ping among it
 *   anything else             ignored
 *
 * The operation engine knows duplicates by the token; a response twice is told twice.
 */
#include "dataplane/request/service_codec.h"

#include <assert.h>
#include <errno.h>

#include "dataplane/request/message_ids.h"
#include "dataplane/request/pending.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/coap.h"

#define TOKEN_BYTES   8u
#define CODE_CONTINUE COAP_CODE(2, 31) /* RFC 7959: more of a request's blocks; we send none */

struct codec_coap {
	_Alignas(SERVICE_STATE_ALIGN) struct pending pending;
	struct message_ids *ids; /* by node, then source port */
	uint64_t lifetime_ns;
	struct service_coap_options options;
	uint32_t nodes;
	uint32_t source_ports;
	uint32_t live[SERVICE_NODES_MAX]; /* attempts */
};

static const uint8_t codes[SERVICE_METHODS] = {
        [SERVICE_GET] = COAP_GET,
        [SERVICE_PUT] = COAP_PUT,
        [SERVICE_POST] = COAP_POST,
        [SERVICE_DELETE] = COAP_DELETE,
};

static_assert(COAP_HEADER_BYTES == SERVICE_RECEIPT_BYTES, "a receipt is an empty message");

/* Up to where the slips begin. */
static uint64_t ids_bytes(const struct service_codec_options *o)
{
	uint64_t bytes = (uint64_t)o->nodes * o->source_ports * sizeof(struct message_ids);

	return (bytes + SERVICE_STATE_ALIGN - 1) / SERVICE_STATE_ALIGN * SERVICE_STATE_ALIGN;
}

static uint64_t coap_state_bytes(const struct service_codec_options *o)
{
	if (!service_codec_options_check(o))
		return 0;
	return sizeof(struct codec_coap) + ids_bytes(o) + pending_bytes(o->attempts_max);
}

static int coap_init(void *state, const struct service_codec_options *o)
{
	struct codec_coap *c = state;

	if (!service_codec_options_check(o))
		return -EINVAL;
	*c = (struct codec_coap){
	        .ids = (struct message_ids *)(void *)(c + 1),
	        .lifetime_ns = o->coap.non_lifetime_ns != 0 ? o->coap.non_lifetime_ns
	                                                    : o->coap.max_latency_ns,
	        .options = o->coap,
	        .nodes = o->nodes,
	        .source_ports = o->source_ports,
	};
	for (uint32_t i = 0; i < o->nodes * o->source_ports; i++)
		message_ids_init(&c->ids[i], o->coap.first_id);
	pending_init(&c->pending, (uint8_t *)(c + 1) + ids_bytes(o), o->attempts_max);
	return 0;
}

static enum operation_repeat coap_repeat(const struct service_request *r, bool reorder_safe)
{
	return service_method_repeat(r->method, reorder_safe);
}

/* A message id where it is used. */
static struct pending_key key_of(uint16_t id, uint32_t node, uint32_t source_port_index)
{
	return (struct pending_key){
	        {(uint64_t)node << 32 | (uint64_t)source_port_index << 16 | id, 0, 0}};
}

/* All but the id, which is not taken before the message is known to fit. */
static enum coap_writing write_request(const struct codec_coap *c, const struct service_request *r,
                                       uint64_t token, uint8_t *out, uint32_t capacity,
                                       uint32_t *bytes)
{
	struct coap_writer w;
	uint8_t token_bytes[TOKEN_BYTES];

	put_be64(token_bytes, token);
	coap_write(&w, out, capacity,
	           &(struct coap_header){.token = token_bytes,
	                                 .type = COAP_NON,
	                                 .code = codes[r->method],
	                                 .token_bytes = TOKEN_BYTES});
	coap_write_path(&w, r->path, r->path_bytes);
	if (r->payload_bytes > 0 && c->options.content_format != COAP_FORMAT_NONE)
		coap_write_option_uint(&w, COAP_CONTENT_FORMAT, c->options.content_format);
	coap_write_payload(&w, r->payload, r->payload_bytes);
	return coap_write_end(&w, bytes);
}

/* RFC 7252, 5.8: GET and DELETE have no payload that would mean anything. */
static bool is_speakable(const struct service_request *r)
{
	if (r->method == SERVICE_GET || r->method == SERVICE_DELETE)
		return r->payload_bytes == 0;
	return r->method < SERVICE_METHODS;
}

static enum service_encoding coap_encode(void *state, const struct service_request *r,
                                         const struct service_attempt *a, uint8_t *out,
                                         uint32_t capacity, uint32_t *bytes)
{
	struct codec_coap *c = state;
	uint32_t written;
	uint16_t id;

	assert(a->node < c->nodes);
	assert(a->source_port_index < c->source_ports);
	*bytes = 0;
	if (!is_speakable(r))
		return SERVICE_UNSPEAKABLE;
	enum coap_writing v = write_request(c, r, a->token, out, capacity, &written);

	if (v != COAP_WRITTEN)
		return v == COAP_FULL ? SERVICE_TOO_LONG : SERVICE_UNSPEAKABLE;
	if (c->options.nstart != 0 && c->live[a->node] >= c->options.nstart)
		return SERVICE_NO_ID;
	if (pending_is_full(&c->pending))
		return SERVICE_NO_ID;
	if (!message_ids_take(&c->ids[a->node * c->source_ports + a->source_port_index], a->now_ns,
	                      c->lifetime_ns, &id))
		return SERVICE_NO_ID;
	put_be16(out + 2, id);
	const struct pending_key key = key_of(id, a->node, a->source_port_index);
	struct pending_slip *slip = pending_add(&c->pending, &key, a->token);

	slip->node = a->node;
	slip->detail = a->source_port_index;
	c->live[a->node]++;
	*bytes = written;
	return SERVICE_ENCODED;
}

/* What a CON wants back; other types want nothing. */
static void put_receipt(struct service_answer *out, enum coap_type type, uint16_t id,
                        enum coap_type receipt)
{
	if (type == COAP_CON)
		out->receipt_bytes = (uint8_t)coap_build_empty(out->receipt, receipt, id);
}

/* Not an answer to anything; a CON is rejected. */
static enum service_decoding unexpected(struct service_answer *out, const struct coap_message *m)
{
	put_receipt(out, m->type, m->id, COAP_RST);
	return SERVICE_UNEXPECTED;
}

static enum service_decoding decode_empty(const struct codec_coap *c,
                                          const struct service_arrival *d,
                                          const struct coap_message *m, struct service_answer *out)
{
	const struct pending_key key = key_of(m->id, d->node, d->source_port_index);
	const struct pending_slip *slip = pending_by_key(&c->pending, &key);

	if (m->type == COAP_CON || slip == NULL)
		return unexpected(out, m);
	out->token = slip->token;
	return m->type == COAP_ACK ? SERVICE_PROGRESS : SERVICE_REFUSED_PACKET;
}

/* The slip that a response answers; NULL: none. */
static const struct pending_slip *
find_slip(const struct codec_coap *c, const struct service_arrival *d, const struct coap_message *m)
{
	if (m->token_bytes != TOKEN_BYTES)
		return NULL;
	const struct pending_slip *slip = pending_by_token(&c->pending, be64(m->token));

	if (slip == NULL || slip->node != d->node || slip->detail != d->source_port_index)
		return NULL;
	if (m->type == COAP_ACK && (uint16_t)slip->key.words[0] != m->id)
		return NULL;
	return slip;
}

static bool is_in_blocks(const struct coap_message *m)
{
	return m->block2.more || m->block2.number > 0 || m->code == CODE_CONTINUE;
}

static enum service_decoding coap_decode(void *state, const struct service_arrival *d,
                                         struct service_answer *out)
{
	const struct codec_coap *c = state;
	struct coap_message m;
	enum coap_type type;
	uint16_t id;

	*out = (struct service_answer){0};
	enum coap_verdict v = coap_parse(d->bytes, d->count, &m);

	if (v == COAP_OTHER_VERSION || v == COAP_MALFORMED) {
		if (coap_peek(d->bytes, d->count, &type, &id))
			put_receipt(out, type, id, COAP_RST);
		return SERVICE_MALFORMED;
	}
	if (m.code == COAP_EMPTY)
		return decode_empty(c, d, &m, out);
	const struct pending_slip *slip = find_slip(c, d, &m);

	if (!coap_is_response(m.code) || slip == NULL)
		return unexpected(out, &m);
	out->token = slip->token;
	out->code = m.code;
	if (v == COAP_CRITICAL) {
		put_receipt(out, m.type, m.id, COAP_RST);
		return SERVICE_UNUSABLE;
	}
	put_receipt(out, m.type, m.id, COAP_ACK);
	if (is_in_blocks(&m))
		return SERVICE_UNUSABLE;
	out->payload = m.payload;
	out->payload_bytes = m.payload_bytes;
	out->ok = m.code >> 5 == 2;
	return SERVICE_REPLY;
}

static void coap_forget(void *state, uint64_t token)
{
	struct codec_coap *c = state;
	const struct pending_slip *slip = pending_end(&c->pending, token);

	if (slip != NULL)
		c->live[slip->node]--;
}

const struct service_codec service_codec_coap = {
        .name = "coap",
        .state_bytes = coap_state_bytes,
        .init = coap_init,
        .repeat = coap_repeat,
        .encode = coap_encode,
        .decode = coap_decode,
        .forget = coap_forget,
};
