/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MoldUDP64 as a service: ranges of messages, asked of re-request servers. The format has no room
 * for a token: a reply is known by where it comes from, its session, and the sequence it begins
 * with, which must be the first one wanted. It may bring fewer messages than asked for, as many as
 * fit; the rest is another request. Bringing more is not an answer.
 *
 * Where the same range was asked of the same node before, a reply may be the earlier request's: it
 * is told as ambiguous, so that no latency is learned from it. Ranges may be asked for freely.
 */
#include "dataplane/request/service_codec.h"

#include <errno.h>

#include "dataplane/feed/mold.h"
#include "dataplane/request/pending.h"
#include "dataplane/wire/bytes.h"

struct codec_mold {
	_Alignas(SERVICE_STATE_ALIGN) struct pending pending;
};

static_assert(SERVICE_COUNT_MAX == MOLD_COUNT_MAX, "what a request can say");
static_assert(MOLD_SESSION_BYTES == 10, "the key's words");

static uint64_t mold_state_bytes(const struct service_codec_options *o)
{
	if (!service_codec_options_check(o))
		return 0;
	return sizeof(struct codec_mold) + pending_bytes(o->attempts_max);
}

static int mold_init(void *state, const struct service_codec_options *o)
{
	struct codec_mold *c = state;

	if (!service_codec_options_check(o))
		return -EINVAL;
	pending_init(&c->pending, c + 1, o->attempts_max);
	return 0;
}

static enum operation_repeat mold_repeat(const struct service_request *r, bool reorder_safe)
{
	(void)r;
	(void)reorder_safe;
	return OPERATION_FREELY;
}

/* Session, where it comes from, first sequence: exactly. */
static struct pending_key key_of(const struct session_key *session, uint64_t first_sequence,
                                 uint32_t node, uint32_t source_port_index)
{
	const uint8_t *name = (const uint8_t *)session->name;
	uint64_t place = (uint64_t)node << 32 | (uint64_t)source_port_index << 16;

	return (struct pending_key){{le64(name), le16(name + 8) | place, first_sequence}};
}

static enum service_encoding mold_encode(void *state, const struct service_request *r,
                                         const struct service_attempt *a, uint8_t *out,
                                         uint32_t capacity, uint32_t *bytes)
{
	struct codec_mold *c = state;
	const struct mold_request m = {
	        .session = r->session, .first_sequence = r->first_sequence, .count = r->count};
	uint8_t request[MOLD_REQUEST_BYTES];

	*bytes = 0;
	if (r->method != SERVICE_GET || r->payload_bytes > 0 || r->path_bytes > 0 ||
	    !mold_request_build(request, &m))
		return SERVICE_UNSPEAKABLE;
	if (capacity < MOLD_REQUEST_BYTES)
		return SERVICE_TOO_LONG;
	const struct pending_key key =
	        key_of(&r->session, r->first_sequence, a->node, a->source_port_index);
	struct pending_slip *slip = pending_add(&c->pending, &key, a->token);

	if (slip == NULL)
		return SERVICE_NO_ID;
	slip->detail = r->count;
	memcpy(out, request, MOLD_REQUEST_BYTES);
	*bytes = MOLD_REQUEST_BYTES;
	return SERVICE_ENCODED;
}

static enum service_decoding mold_decode(void *state, const struct service_arrival *d,
                                         struct service_answer *out)
{
	struct codec_mold *c = state;
	struct feed_packet p;

	*out = (struct service_answer){0};
	if (mold_parse(d->bytes, d->count, &p) != FEED_OK)
		return SERVICE_MALFORMED;
	const struct pending_key key =
	        key_of(&p.session, p.first_sequence, d->node, d->source_port_index);
	const struct pending_slip *slip = pending_by_key(&c->pending, &key);

	if (p.kind != FEED_DATA || slip == NULL || p.block_count > slip->detail)
		return SERVICE_UNEXPECTED;
	out->token = slip->token;
	out->payload = d->bytes;
	out->payload_bytes = d->count;
	out->code = (uint16_t)p.block_count;
	out->ok = true;
	out->ambiguous = slip->is_ambiguous;
	return SERVICE_REPLY;
}

static void mold_forget(void *state, uint64_t token)
{
	struct codec_mold *c = state;

	pending_end(&c->pending, token);
}

const struct service_codec service_codec_mold = {
        .name = "moldudp64",
        .state_bytes = mold_state_bytes,
        .init = mold_init,
        .repeat = mold_repeat,
        .encode = mold_encode,
        .decode = mold_decode,
        .forget = mold_forget,
};
