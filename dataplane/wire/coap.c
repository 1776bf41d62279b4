/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/coap.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define EXTENDED_1      13u /* a nibble: one more byte, plus 13 */
#define EXTENDED_2      14u /* two more bytes, plus 269 */
#define EXTENDED_1_FROM 13u
#define EXTENDED_2_FROM 269u
#define LENGTH_MAX      (EXTENDED_2_FROM + UINT16_MAX)

enum { IN_REQUEST = 1, IN_RESPONSE = 2 };

/* The options that are understood, by whoever uses this; any other is unknown. */
static const struct known_option {
	uint16_t number;
	uint8_t bytes_min;
	uint8_t bytes_max;
	uint8_t where;
	bool repeats;
} known_options[] = {
        {COAP_URI_HOST, 1, 255, IN_REQUEST, false},
        {COAP_URI_PORT, 0, 2, IN_REQUEST, false},
        {COAP_URI_PATH, 0, COAP_SEGMENT_BYTES_MAX, IN_REQUEST, true},
        {COAP_CONTENT_FORMAT, 0, 2, IN_REQUEST | IN_RESPONSE, false},
        {COAP_URI_QUERY, 0, 255, IN_REQUEST, true},
        {COAP_ACCEPT, 0, 2, IN_REQUEST, false},
        {COAP_BLOCK2, 0, 3, IN_REQUEST | IN_RESPONSE, false},
        {COAP_BLOCK1, 0, 3, IN_REQUEST | IN_RESPONSE, false},
};

/* ---- reading ---- */

/* The rest of an option's delta or length. False: reserved, or beyond the end. */
static bool read_extended(const uint8_t *p, uint32_t bytes, uint32_t *at, uint32_t *value)
{
	if (*value < EXTENDED_1)
		return true;
	if (*value == EXTENDED_1 && bytes - *at >= 1) {
		*value = EXTENDED_1_FROM + p[*at];
		*at += 1;
		return true;
	}
	if (*value == EXTENDED_2 && bytes - *at >= 2) {
		*value = EXTENDED_2_FROM + be16(p + *at);
		*at += 2;
		return true;
	}
	return false;
}

/* The option at w->at, which is not at the end. */
static bool read_option(const uint8_t *p, uint32_t bytes, struct coap_walk *w,
                        struct coap_option *out)
{
	uint32_t at = w->at;
	uint32_t delta = p[at] >> 4;
	uint32_t length = p[at] & 15u;

	at++;
	if (!read_extended(p, bytes, &at, &delta) || !read_extended(p, bytes, &at, &length))
		return false;
	if (length > bytes - at || w->number + delta > UINT16_MAX)
		return false;
	out->number = w->number + delta;
	out->value = p + at;
	out->bytes = length;
	w->number = out->number;
	w->at = at + length;
	return true;
}

uint64_t coap_option_number(const struct coap_option *o)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < o->bytes && i < 8; i++)
		v = v << 8 | o->value[i];
	return v;
}

static const struct known_option *find_known(uint8_t code, const struct coap_option *o)
{
	uint8_t where = coap_is_request(code) ? IN_REQUEST : IN_RESPONSE;

	for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++) {
		const struct known_option *k = &known_options[i];

		if (k->number == o->number)
			return (k->where & where) != 0 && o->bytes >= k->bytes_min &&
			                       o->bytes <= k->bytes_max
			               ? k
			               : NULL;
	}
	return NULL;
}

static bool note_block(struct coap_block *b, uint32_t value)
{
	if ((value & 7u) == 7u)
		return false; /* reserved */
	b->number = value >> 4;
	b->more = (value & 8u) != 0;
	b->bytes = (uint16_t)(16u << (value & 7u));
	return true;
}

/* False: it is as if the option was not known. */
static bool note_option(struct coap_message *m, const struct coap_option *o, bool is_again)
{
	const struct known_option *k = find_known(m->code, o);

	if (k == NULL || (is_again && !k->repeats))
		return false;
	if (o->number == COAP_CONTENT_FORMAT)
		m->content_format = (uint32_t)coap_option_number(o);
	if (o->number == COAP_BLOCK1)
		return note_block(&m->block1, (uint32_t)coap_option_number(o));
	if (o->number == COAP_BLOCK2)
		return note_block(&m->block2, (uint32_t)coap_option_number(o));
	return true;
}

/* Options and payload: p[at..bytes). */
static bool parse_rest(const uint8_t *p, uint32_t bytes, uint32_t at, struct coap_message *m)
{
	struct coap_walk w = {.at = at};
	struct coap_option o;
	uint32_t last = UINT32_MAX;

	m->options = p + at;
	for (uint32_t count = 0; w.at < bytes && p[w.at] != COAP_PAYLOAD_MARKER; count++) {
		if (count == COAP_OPTIONS_MAX || !read_option(p, bytes, &w, &o))
			return false;
		if (!note_option(m, &o, o.number == last) && (o.number & 1u) != 0 &&
		    m->critical == 0)
			m->critical = (uint16_t)o.number;
		last = o.number;
	}
	m->option_bytes = w.at - at;
	if (w.at == bytes)
		return true;
	m->payload = p + w.at + 1;
	m->payload_bytes = bytes - w.at - 1;
	return m->payload_bytes > 0;
}

/* RFC 7252, table 1 and 4.2: which codes may come in which types. */
static bool is_allowed(uint8_t type, uint8_t code)
{
	if (code == COAP_EMPTY)
		return type != COAP_NON;
	if (coap_is_response(code))
		return type != COAP_RST;
	return coap_is_request(code) && (type == COAP_CON || type == COAP_NON);
}

bool coap_peek(const uint8_t *p, uint32_t bytes, enum coap_type *type, uint16_t *id)
{
	if (bytes < COAP_HEADER_BYTES || p[0] >> 6 != COAP_VERSION)
		return false;
	*type = (enum coap_type)(p[0] >> 4 & 3u);
	*id = be16(p + 2);
	return true;
}

enum coap_verdict coap_parse(const uint8_t *p, uint32_t bytes, struct coap_message *out)
{
	if (bytes >= 1 && p[0] >> 6 != COAP_VERSION)
		return COAP_OTHER_VERSION;
	if (bytes < COAP_HEADER_BYTES)
		return COAP_MALFORMED;
	struct coap_message m = {
	        .token = p + COAP_HEADER_BYTES,
	        .content_format = COAP_FORMAT_NONE,
	        .id = be16(p + 2),
	        .type = p[0] >> 4 & 3u,
	        .code = p[1],
	        .token_bytes = p[0] & 15u,
	};

	if (m.token_bytes > COAP_TOKEN_BYTES_MAX || !is_allowed(m.type, m.code) ||
	    m.token_bytes > bytes - COAP_HEADER_BYTES)
		return COAP_MALFORMED;
	if (m.code == COAP_EMPTY && bytes != COAP_HEADER_BYTES)
		return COAP_MALFORMED;
	if (!parse_rest(p, bytes, COAP_HEADER_BYTES + m.token_bytes, &m))
		return COAP_MALFORMED;
	*out = m;
	return m.critical == 0 ? COAP_OK : COAP_CRITICAL;
}

bool coap_option_next(const struct coap_message *m, struct coap_walk *w, struct coap_option *out)
{
	return w->at < m->option_bytes && read_option(m->options, m->option_bytes, w, out);
}

/* Whether our paths can say it. */
static bool is_segment(const uint8_t *p, uint32_t bytes)
{
	if (bytes == 0 || bytes > COAP_SEGMENT_BYTES_MAX || memchr(p, '/', bytes) != NULL)
		return false;
	return p[0] != '.' || (bytes != 1 && (bytes != 2 || p[1] != '.'));
}

uint32_t coap_path(const struct coap_message *m, char *out, uint32_t capacity)
{
	struct coap_walk w = {0};
	struct coap_option o;
	uint32_t bytes = 0;

	while (coap_option_next(m, &w, &o)) {
		if (o.number != COAP_URI_PATH)
			continue;
		uint32_t slash = bytes > 0;

		if (!is_segment(o.value, o.bytes) || o.bytes + slash > capacity - bytes)
			return UINT32_MAX;
		if (slash != 0)
			out[bytes] = '/';
		memcpy(out + bytes + slash, o.value, o.bytes);
		bytes += slash + o.bytes;
	}
	return bytes;
}

/* ---- writing ---- */

/* Room for so many more bytes, or NULL for good. */
static uint8_t *take(struct coap_writer *w, uint64_t bytes)
{
	if (w->verdict != COAP_WRITTEN)
		return NULL;
	if (bytes > w->capacity - w->bytes) {
		w->verdict = COAP_FULL;
		return NULL;
	}
	uint8_t *at = w->out + w->bytes;

	w->bytes += (uint32_t)bytes;
	return at;
}

void coap_write(struct coap_writer *w, uint8_t *out, uint32_t capacity, const struct coap_header *h)
{
	assert(h->token_bytes <= COAP_TOKEN_BYTES_MAX);
	assert(h->type <= COAP_RST);
	*w = (struct coap_writer){.out = out, .capacity = capacity};
	uint8_t *p = take(w, COAP_HEADER_BYTES + h->token_bytes);

	if (p == NULL)
		return;
	p[0] = (uint8_t)(COAP_VERSION << 6 | h->type << 4 | h->token_bytes);
	p[1] = h->code;
	put_be16(p + 2, h->id);
	if (h->token_bytes > 0)
		memcpy(p + COAP_HEADER_BYTES, h->token, h->token_bytes);
}

static uint32_t nibble_of(uint32_t value)
{
	return value < EXTENDED_1_FROM ? value : value < EXTENDED_2_FROM ? EXTENDED_1 : EXTENDED_2;
}

static uint8_t *put_extended(uint8_t *p, uint32_t value)
{
	if (value >= EXTENDED_2_FROM) {
		put_be16(p, (uint16_t)(value - EXTENDED_2_FROM));
		return p + 2;
	}
	if (value >= EXTENDED_1_FROM)
		*p++ = (uint8_t)(value - EXTENDED_1_FROM);
	return p;
}

void coap_write_option(struct coap_writer *w, uint32_t number, const uint8_t *value, uint32_t bytes)
{
	assert(number >= w->number && number <= UINT16_MAX);
	assert(!w->has_payload);
	uint32_t delta = number - w->number;
	uint8_t head[5];
	uint8_t *end = head + 1;

	head[0] = (uint8_t)(nibble_of(delta) << 4 | nibble_of(bytes));
	end = put_extended(end, delta);
	end = put_extended(end, bytes);
	uint32_t head_bytes = (uint32_t)(end - head);
	/* A length that cannot be said fits nowhere. */
	uint8_t *p = take(w, bytes > LENGTH_MAX ? UINT64_MAX : head_bytes + (uint64_t)bytes);

	if (p == NULL)
		return;
	memcpy(p, head, head_bytes);
	if (bytes > 0)
		memcpy(p + head_bytes, value, bytes);
	w->number = number;
}

void coap_write_option_uint(struct coap_writer *w, uint32_t number, uint32_t value)
{
	uint8_t bytes[4];
	uint32_t skip = 0;

	put_be32(bytes, value);
	while (skip < 4 && bytes[skip] == 0)
		skip++;
	coap_write_option(w, number, bytes + skip, 4 - skip);
}

void coap_write_path(struct coap_writer *w, const uint8_t *path, uint32_t bytes)
{
	uint32_t segments = 0;
	uint32_t at = 0;

	if (bytes == 0)
		return;
	while (at <= bytes && w->verdict == COAP_WRITTEN) {
		const uint8_t *slash = at < bytes ? memchr(path + at, '/', bytes - at) : NULL;
		uint32_t end = slash != NULL ? (uint32_t)(slash - path) : bytes;

		if (++segments > COAP_SEGMENTS_MAX || !is_segment(path + at, end - at)) {
			w->verdict = COAP_BAD_PATH;
			return;
		}
		coap_write_option(w, COAP_URI_PATH, path + at, end - at);
		at = end + 1;
	}
}

void coap_write_payload(struct coap_writer *w, const uint8_t *payload, uint32_t bytes)
{
	assert(!w->has_payload);
	if (bytes == 0)
		return;
	uint8_t *p = take(w, 1 + (uint64_t)bytes);

	if (p == NULL)
		return;
	p[0] = COAP_PAYLOAD_MARKER;
	memcpy(p + 1, payload, bytes);
	w->has_payload = true;
}

enum coap_writing coap_write_end(const struct coap_writer *w, uint32_t *bytes)
{
	*bytes = w->verdict == COAP_WRITTEN ? w->bytes : 0;
	return (enum coap_writing)w->verdict;
}

uint32_t coap_build_empty(uint8_t *out, enum coap_type type, uint16_t id)
{
	assert(type == COAP_ACK || type == COAP_RST);
	out[0] = (uint8_t)(COAP_VERSION << 6 | type << 4);
	out[1] = COAP_EMPTY;
	put_be16(out + 2, id);
	return COAP_HEADER_BYTES;
}
