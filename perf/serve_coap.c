/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/serve_coap.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define NOT_ACCEPTABLE COAP_CODE(4, 6)
#define METHOD_LAST    7u
#define LINK_FORMAT    40u
#define RETRY_AFTER_S  1u /* Max-Age of 5.03 */
#define DIRECTORY      ".well-known/core"

/* What is said back, before it is a message. */
struct saying {
	const uint8_t *payload;
	uint32_t payload_bytes;
	uint32_t format;
	uint8_t code;
	const struct serve_resource *about; /* of a content */
};

/* What the options of a request say. */
struct asked {
	char path[SERVE_PATH_BYTES];
	uint32_t path_bytes; /* UINT32_MAX: none that can be */
	uint32_t accept;     /* SERVE_FORMAT_NONE: any */
};

uint64_t serve_coap_bytes(uint32_t room)
{
	return SERVE_COAP_SEEN_MAX * sizeof(struct serve_coap_seen) + serve_queue_bytes(room);
}

void serve_coap_init(struct serve_coap *c, struct serve_resources *resources,
                     const struct serve_script *script, void *memory, uint32_t room)
{
	static_assert(sizeof(struct serve_coap_seen) % 8 == 0, "the queue behind it is aligned");
	*c = (struct serve_coap){
	        .resources = resources, .script = script, .seen = memory, .next_id = 1};
	memset(memory, 0, SERVE_COAP_SEEN_MAX * sizeof(*c->seen));
	serve_queue_init(&c->queue, c->seen + SERVE_COAP_SEEN_MAX, room);
}

static void push(struct serve_coap *c, uint64_t time_ns, const struct serve_peer *peer,
                 const uint8_t *data, uint32_t bytes)
{
	if (!serve_queue_push(&c->queue, time_ns, peer, data, bytes))
		c->counts.full++;
}

/* ---- what has been seen ---- */

static struct serve_coap_seen *find_seen(struct serve_coap *c, const struct serve_peer *peer,
                                         uint16_t id, uint64_t now_ns)
{
	for (uint32_t i = 0; i < SERVE_COAP_SEEN_MAX; i++) {
		struct serve_coap_seen *s = &c->seen[i];

		if (s->until_ns > now_ns && s->id == id && s->port == peer->port &&
		    s->address == peer->address)
			return s;
	}
	return NULL;
}

static struct serve_coap_seen *remember(struct serve_coap *c, const struct serve_peer *peer,
                                        uint16_t id, uint64_t now_ns)
{
	struct serve_coap_seen *s = &c->seen[c->seen_next];

	c->seen_next = (c->seen_next + 1) % SERVE_COAP_SEEN_MAX;
	s->until_ns = now_ns + SERVE_COAP_LIFETIME_NS;
	s->reply_ns = UINT64_MAX;
	s->address = peer->address;
	s->port = peer->port;
	s->id = id;
	s->bytes = 0;
	return s;
}

/* ---- what is asked for ---- */

static void read_options(const struct coap_message *m, struct asked *a)
{
	struct coap_walk w = {0};
	struct coap_option o;

	*a = (struct asked){.accept = SERVE_FORMAT_NONE};
	a->path_bytes = coap_path(m, a->path, sizeof(a->path));
	while (coap_option_next(m, &w, &o))
		if (o.number == COAP_ACCEPT)
			a->accept = (uint32_t)coap_option_number(&o);
}

static struct saying plain(uint8_t code)
{
	return (struct saying){.code = code, .format = SERVE_FORMAT_NONE};
}

/* As much of the directory as fits. */
static struct saying list(const struct serve_coap *c, char text[SERVE_CONTENT_BYTES])
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < c->resources->room; i++) {
		const struct serve_resource *r = &c->resources->list[i];

		if (!r->is_used || bytes + r->path_bytes + 4 > SERVE_CONTENT_BYTES)
			continue;
		if (bytes > 0)
			text[bytes++] = ',';
		text[bytes++] = '<';
		text[bytes++] = '/';
		memcpy(text + bytes, r->path, r->path_bytes);
		bytes += r->path_bytes;
		text[bytes++] = '>';
	}
	return (struct saying){.payload = (const uint8_t *)text,
	                       .payload_bytes = bytes,
	                       .format = LINK_FORMAT,
	                       .code = COAP_CONTENT};
}

static struct saying get(const struct serve_resource *r, const struct asked *a)
{
	if (r == NULL)
		return plain(COAP_NOT_FOUND);
	if (a->accept != SERVE_FORMAT_NONE && r->format != SERVE_FORMAT_NONE &&
	    a->accept != r->format)
		return plain(NOT_ACCEPTABLE);
	return (struct saying){.payload = r->content,
	                       .payload_bytes = r->content_bytes,
	                       .format = r->format,
	                       .code = COAP_CONTENT,
	                       .about = r};
}

/* PUT and POST: from the front, or at the end. */
static struct saying write_content(struct serve_coap *c, struct serve_resource *r,
                                   const struct coap_message *m, const struct asked *a)
{
	bool is_new = r == NULL;
	uint32_t at = is_new || m->code == COAP_PUT ? 0 : r->content_bytes;

	if (m->block1.more || m->block1.number > 0 || m->payload_bytes > SERVE_CONTENT_BYTES - at)
		return plain(COAP_TOO_LARGE);
	if (is_new)
		r = serve_resources_add(c->resources, a->path, a->path_bytes);
	if (r == NULL)
		return plain(COAP_UNAVAILABLE);
	if (m->payload_bytes > 0)
		memcpy(r->content + at, m->payload, m->payload_bytes);
	r->content_bytes = at + m->payload_bytes;
	r->format = m->content_format;
	return plain(is_new ? COAP_CREATED : COAP_CHANGED);
}

static struct saying remove_resource(struct serve_coap *c, struct serve_resource *r)
{
	if (r != NULL)
		serve_resources_remove(c->resources, r);
	return plain(COAP_DELETED);
}

static struct saying obey(struct serve_coap *c, const struct coap_message *m,
                          char text[SERVE_CONTENT_BYTES])
{
	struct asked a;

	static_assert(COAP_FORMAT_NONE == SERVE_FORMAT_NONE, "one word for it");
	read_options(m, &a);
	if (a.path_bytes == UINT32_MAX)
		return plain(COAP_BAD_REQUEST);
	if (a.path_bytes == strlen(DIRECTORY) && memcmp(a.path, DIRECTORY, a.path_bytes) == 0)
		return m->code == COAP_GET ? list(c, text) : plain(COAP_METHOD_NOT_ALLOWED);
	struct serve_resource *r = serve_resources_find(c->resources, a.path, a.path_bytes);

	switch (m->code) {
	case COAP_GET:
		return get(r, &a);
	case COAP_PUT:
	case COAP_POST:
		return write_content(c, r, m, &a);
	case COAP_DELETE:
		return remove_resource(c, r);
	default:
		return plain(COAP_METHOD_NOT_ALLOWED);
	}
}

/* ---- what is said ---- */

static uint32_t write_message(const struct coap_message *m, const struct saying *s, uint16_t id,
                              uint8_t out[SERVE_COAP_REPLY_BYTES])
{
	const struct coap_header h = {.token = m->token,
	                              .id = id,
	                              .type = m->type == COAP_CON ? COAP_ACK : COAP_NON,
	                              .code = s->code,
	                              .token_bytes = m->token_bytes};
	struct coap_writer w;
	uint32_t bytes;

	coap_write(&w, out, SERVE_COAP_REPLY_BYTES, &h);
	if (s->format != SERVE_FORMAT_NONE)
		coap_write_option_uint(&w, COAP_CONTENT_FORMAT, s->format);
	if (s->code == COAP_UNAVAILABLE)
		coap_write_option_uint(&w, COAP_MAX_AGE, RETRY_AFTER_S);
	coap_write_payload(&w, s->payload, s->payload_bytes);
	enum coap_writing written = coap_write_end(&w, &bytes);

	assert(written == COAP_WRITTEN);
	return written == COAP_WRITTEN ? bytes : 0;
}

static void count_code(struct serve_coap *c, uint8_t code)
{
	c->more.success += code >> 5 == 2;
	c->more.client_errors += code >> 5 == 4;
	c->more.server_errors += code >> 5 == 5;
	c->counts.unknown += code == COAP_NOT_FOUND;
}

/* Makes the answer wrong; SERVE_RIGHT: it could not be. */
static enum serve_wrong spoil(const struct serve_coap *c, const struct coap_message *m,
                              enum serve_wrong wrong, struct saying *s)
{
	if (wrong == SERVE_WRONG_TOKEN && m->token_bytes == 0)
		return SERVE_RIGHT;
	if (wrong != SERVE_WRONG_RANGE)
		return wrong;
	const struct serve_resource *other =
	        s->about == NULL ? NULL : serve_resources_other(c->resources, s->about);

	if (other == NULL)
		return SERVE_RIGHT;
	s->payload = other->content;
	s->payload_bytes = other->content_bytes;
	s->format = other->format;
	return wrong;
}

static void answer(struct serve_coap *c, const struct coap_message *m,
                   const struct serve_peer *peer, struct saying *s, const struct serve_fate *fate,
                   struct serve_coap_seen *seen)
{
	uint8_t *out = seen->reply;
	enum serve_wrong wrong = spoil(c, m, fate->wrong, s);
	uint32_t bytes = write_message(m, s, m->type == COAP_CON ? m->id : c->next_id++, out);

	count_code(c, s->code);
	if (wrong == SERVE_WRONG_TOKEN)
		out[COAP_HEADER_BYTES] ^= 1;
	if (wrong == SERVE_WRONG_TRUNCATED)
		bytes = m->token_bytes == 0 ? COAP_HEADER_BYTES - 1
		                            : COAP_HEADER_BYTES + m->token_bytes / 2u;
	if (wrong != SERVE_RIGHT)
		c->counts.wrong[wrong]++;
	push(c, fate->time_ns, peer, out, bytes);
	if (wrong == SERVE_WRONG_DUPLICATE)
		push(c, fate->time_ns, peer, out, bytes);
	seen->reply_ns = fate->time_ns;
	seen->bytes = m->type == COAP_CON ? bytes : 0;
}

/* What is no request, or none that can be understood. */
static void reject(struct serve_coap *c, const uint8_t *payload, uint32_t bytes,
                   const struct serve_peer *peer, uint64_t now_ns)
{
	uint8_t reset[COAP_HEADER_BYTES];
	enum coap_type type;
	uint16_t id;

	if (!coap_peek(payload, bytes, &type, &id) || type != COAP_CON)
		return;
	c->more.resets++;
	push(c, now_ns, peer, reset, coap_build_empty(reset, COAP_RST, id));
}

static void repeat(struct serve_coap *c, const struct serve_coap_seen *s,
                   const struct serve_peer *peer, uint64_t now_ns)
{
	c->counts.repeated++;
	if (s->bytes > 0 && s->reply_ns <= now_ns)
		push(c, now_ns, peer, s->reply, s->bytes);
}

static void on_request(struct serve_coap *c, const struct coap_message *m,
                       const struct serve_peer *peer, const struct serve_fate *fate,
                       bool is_critical, uint64_t now_ns)
{
	char text[SERVE_CONTENT_BYTES];
	struct saying s;

	if (is_critical)
		s = plain(COAP_BAD_OPTION);
	else if (!fate->is_good)
		s = plain(COAP_UNAVAILABLE);
	else
		s = obey(c, m, text);
	c->counts.failed += !is_critical && !fate->is_good;
	c->more.methods[m->code <= METHOD_LAST ? m->code : 0]++;
	answer(c, m, peer, &s, fate, remember(c, peer, m->id, now_ns));
}

void serve_coap_on_request(struct serve_coap *c, const uint8_t *payload, uint32_t bytes,
                           const struct serve_peer *peer, uint64_t now_ns)
{
	struct coap_message m;

	assert(now_ns >= c->start_ns);
	c->counts.requests++;
	enum coap_verdict verdict = coap_parse(payload, bytes, &m);
	struct serve_fate fate =
	        serve_script_fate(c->script, c->counts.requests, now_ns - c->start_ns);

	/* An unknown option of a NON is no reason to answer (RFC 7252, 5.4.1). */
	bool is_request = (verdict == COAP_OK || verdict == COAP_CRITICAL) &&
	                  coap_is_request(m.code) && (m.type == COAP_CON || m.type == COAP_NON) &&
	                  (verdict == COAP_OK || m.type == COAP_CON);

	if (fate.time_ns == SERVE_NEVER) {
		c->counts.lost++;
		return;
	}
	if (!is_request) {
		c->counts.malformed++;
		c->more.methods[0]++;
		reject(c, payload, bytes, peer, now_ns);
		return;
	}
	const struct serve_coap_seen *seen = find_seen(c, peer, m.id, now_ns);

	fate.time_ns += c->start_ns;
	if (seen != NULL)
		repeat(c, seen, peer, now_ns);
	else
		on_request(c, &m, peer, &fate, verdict == COAP_CRITICAL, now_ns);
}

const struct serve_reply *serve_coap_poll(struct serve_coap *c, uint64_t now_ns)
{
	const struct serve_reply *r = serve_queue_pop(&c->queue, now_ns);

	c->counts.replies += r != NULL;
	return r;
}
