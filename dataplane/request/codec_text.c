/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text: the smallest codec there can be, and the one to begin one's own with. A request is one line
 * and then its payload, a reply likewise:
 *
 *   GET 00000000000000a7 prices/last\n            00000000000000a7 200\nhello
 *   METHOD TOKEN PATH\n PAYLOAD                   TOKEN CODE\n PAYLOAD
 *
 * The token is 16 hexadecimal digits (small letters), the code three decimal ones: 1xx "I have it",
 * 2xx yes, anything else no. A path is printable ASCII without blanks. Each packet is one datagram.
 */
#include "dataplane/request/service_codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "dataplane/request/pending.h"

#define TOKEN_DIGITS 16u
#define CODE_DIGITS  3u
#define HEAD_BYTES   (TOKEN_DIGITS + 1u + CODE_DIGITS + 1u) /* of a reply */

struct codec_text {
	_Alignas(SERVICE_STATE_ALIGN) struct pending pending;
};

static const char *const methods[SERVICE_METHODS] = {"GET ", "PUT ", "POST ", "DELETE "};

static uint64_t text_state_bytes(const struct service_codec_options *o)
{
	if (!service_codec_options_check(o))
		return 0;
	return sizeof(struct codec_text) + pending_bytes(o->attempts_max);
}

static int text_init(void *state, const struct service_codec_options *o)
{
	struct codec_text *c = state;

	if (!service_codec_options_check(o))
		return -EINVAL;
	pending_init(&c->pending, c + 1, o->attempts_max);
	return 0;
}

static enum operation_repeat text_repeat(const struct service_request *r, bool reorder_safe)
{
	return service_method_repeat(r->method, reorder_safe);
}

static void put_token(uint8_t *p, uint64_t token)
{
	for (uint32_t i = 0; i < TOKEN_DIGITS; i++)
		p[i] = (uint8_t) "0123456789abcdef"[token >> (60 - 4 * i) & 15];
}

static bool take_token(const uint8_t *p, uint64_t *token)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < TOKEN_DIGITS; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			v = v << 4 | (uint64_t)(p[i] - '0');
		else if (p[i] >= 'a' && p[i] <= 'f')
			v = v << 4 | (uint64_t)(p[i] - 'a' + 10);
		else
			return false;
	}
	*token = v;
	return true;
}

static bool is_path(const uint8_t *path, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		if (path[i] <= ' ' || path[i] > '~')
			return false;
	return true;
}

static enum service_encoding text_encode(void *state, const struct service_request *r,
                                         const struct service_attempt *a, uint8_t *out,
                                         uint32_t capacity, uint32_t *bytes)
{
	struct codec_text *c = state;

	*bytes = 0;
	if (r->method >= SERVICE_METHODS || !is_path(r->path, r->path_bytes))
		return SERVICE_UNSPEAKABLE;
	uint32_t method_bytes = (uint32_t)strlen(methods[r->method]);
	uint64_t needed =
	        method_bytes + TOKEN_DIGITS + 1u + (uint64_t)r->path_bytes + 1u + r->payload_bytes;

	if (needed > capacity)
		return SERVICE_TOO_LONG;
	const struct pending_key key = {{a->token, a->node, a->source_port_index}};

	if (pending_add(&c->pending, &key, a->token) == NULL)
		return SERVICE_NO_ID;
	memcpy(out, methods[r->method], method_bytes);
	out += method_bytes;
	put_token(out, a->token);
	out += TOKEN_DIGITS;
	*out++ = ' ';
	if (r->path_bytes > 0)
		memcpy(out, r->path, r->path_bytes);
	out += r->path_bytes;
	*out++ = '\n';
	if (r->payload_bytes > 0)
		memcpy(out, r->payload, r->payload_bytes);
	*bytes = (uint32_t)needed;
	return SERVICE_ENCODED;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static enum service_decoding text_decode(void *state, const struct service_arrival *d,
                                         struct service_answer *out)
{
	struct codec_text *c = state;
	const uint8_t *code = d->bytes + TOKEN_DIGITS + 1;
	uint64_t token;

	*out = (struct service_answer){0};
	if (d->count < HEAD_BYTES || d->bytes[TOKEN_DIGITS] != ' ' || !take_token(d->bytes, &token))
		return SERVICE_MALFORMED;
	if (code[0] == '0' || !is_digit(code[0]) || !is_digit(code[1]) || !is_digit(code[2]) ||
	    code[3] != '\n')
		return SERVICE_MALFORMED;
	/* The key has node and port: an answer from elsewhere is not found. */
	const struct pending_key key = {{token, d->node, d->source_port_index}};

	if (pending_by_key(&c->pending, &key) == NULL)
		return SERVICE_UNEXPECTED;
	out->token = token;
	out->code = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
	if (code[0] == '1')
		return SERVICE_PROGRESS;
	out->ok = code[0] == '2';
	out->payload = d->bytes + HEAD_BYTES;
	out->payload_bytes = d->count - HEAD_BYTES;
	return SERVICE_REPLY;
}

static void text_forget(void *state, uint64_t token)
{
	struct codec_text *c = state;

	pending_end(&c->pending, token);
}

const struct service_codec service_codec_text = {
        .name = "text",
        .state_bytes = text_state_bytes,
        .init = text_init,
        .repeat = text_repeat,
        .encode = text_encode,
        .decode = text_decode,
        .forget = text_forget,
};
