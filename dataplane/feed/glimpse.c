/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/glimpse.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void glimpse_defaults(struct glimpse_options *o)
{
	*o = (struct glimpse_options){
	        .heartbeat_ns = SOUP_HEARTBEAT_NS,
	        .dead_ns = SOUP_DEAD_NS,
	        .login_ns = GLIMPSE_LOGIN_NS,
	        .messages_max = UINT64_MAX,
	};
}

/* Zero terminated and printable. */
static bool is_name(const char *name, uint32_t bytes)
{
	uint32_t i = 0;

	while (i < bytes && name[i] >= ' ' && name[i] <= '~')
		i++;
	return i < bytes && name[i] == 0;
}

int glimpse_init(struct glimpse *g, const struct glimpse_options *o, uint8_t *buffer,
                 uint32_t capacity)
{
	if (capacity < GLIMPSE_BUFFER_MIN || o->heartbeat_ns == 0 || o->login_ns == 0 ||
	    o->heartbeat_ns >= o->dead_ns || o->messages_max == 0 ||
	    !is_name(o->user, sizeof(o->user)) || !is_name(o->password, sizeof(o->password)) ||
	    !is_name(o->session, sizeof(o->session)))
		return -EINVAL;
	*g = (struct glimpse){.options = *o};
	soup_reader_init(&g->reader, buffer, capacity);
	return 0;
}

/* ---- how it ends ---- */

__attribute__((format(printf, 3, 4))) static enum glimpse_step
fail(struct glimpse *g, enum glimpse_fault fault, const char *format, ...)
{
	va_list a;

	if (g->state == GLIMPSE_BROKEN || g->state == GLIMPSE_COMPLETE)
		return GLIMPSE_FAILED;
	va_start(a, format);
	vsnprintf(g->text, sizeof(g->text), format, a);
	va_end(a);
	g->state = GLIMPSE_BROKEN;
	g->fault = (uint8_t)fault;
	g->out_bytes = 0;
	return GLIMPSE_FAILED;
}

static bool is_open(const struct glimpse *g)
{
	return g->state == GLIMPSE_LOGGING_IN || g->state == GLIMPSE_RECEIVING;
}

/* ---- what is sent ---- */

/* Room for more is there unless the connection takes nothing: then it is dead before long. */
static bool put_out(struct glimpse *g, enum soup_type type)
{
	if (g->out_bytes + SOUP_HEADER_BYTES > sizeof(g->out))
		return false;
	g->out_bytes += soup_build_empty(g->out + g->out_bytes, type);
	return true;
}

void glimpse_on_connected(struct glimpse *g, uint64_t now_ns)
{
	struct soup_login l = {.sequence = 1};

	if (g->state != GLIMPSE_NOT_CONNECTED)
		return;
	memcpy(l.user, g->options.user, sizeof(l.user));
	memcpy(l.password, g->options.password, sizeof(l.password));
	memcpy(l.session, g->options.session, sizeof(l.session));
	g->out_bytes = soup_build_login(g->out, &l);
	g->state = GLIMPSE_LOGGING_IN;
	g->connected_ns = now_ns;
	g->received_ns = now_ns;
	g->sent_ns = now_ns;
}

const uint8_t *glimpse_outgoing(const struct glimpse *g, uint32_t *bytes)
{
	*bytes = g->out_bytes;
	return g->out_bytes > 0 ? g->out : NULL;
}

void glimpse_sent(struct glimpse *g, uint32_t bytes)
{
	assert(bytes <= g->out_bytes);
	memmove(g->out, g->out + bytes, g->out_bytes - bytes);
	g->out_bytes -= bytes;
}

/* ---- what comes ---- */

uint8_t *glimpse_room(struct glimpse *g, uint32_t *bytes)
{
	return soup_reader_room(&g->reader, bytes);
}

void glimpse_on_bytes(struct glimpse *g, uint32_t bytes, uint64_t now_ns)
{
	soup_reader_filled(&g->reader, bytes);
	g->stats.bytes += bytes;
	if (bytes > 0)
		g->received_ns = now_ns;
}

void glimpse_on_closed(struct glimpse *g)
{
	g->is_closed = true;
	if (g->state == GLIMPSE_NOT_CONNECTED)
		fail(g, GLIMPSE_CLOSED, "snapshot: no connection to the server");
}

static enum glimpse_step on_accepted(struct glimpse *g, const struct soup_packet *p)
{
	struct soup_accepted a;

	if (g->state != GLIMPSE_LOGGING_IN || p->payload_bytes != SOUP_ACCEPTED_PAYLOAD)
		return fail(g, GLIMPSE_BAD_PACKET, "snapshot: unexpected or broken login answer");
	if (!soup_parse_accepted(p, &a))
		return fail(
		        g, GLIMPSE_BAD_DIGITS,
		        "snapshot: session or sequence of the login answer is no text or number");
	if (g->options.session[0] != 0 && strcmp(g->options.session, a.session) != 0)
		return fail(g, GLIMPSE_WRONG_START,
		            "snapshot: server is in session '%s', not in '%s'", a.session,
		            g->options.session);
	if (a.sequence != 1)
		return fail(g, GLIMPSE_WRONG_START,
		            "snapshot: server begins with message %" PRIu64 ", not with the first",
		            a.sequence);
	memcpy(g->session, a.session, sizeof(g->session));
	g->state = GLIMPSE_RECEIVING;
	return GLIMPSE_WAIT;
}

static enum glimpse_step on_rejected(struct glimpse *g, const struct soup_packet *p)
{
	uint8_t reason;

	if (g->state != GLIMPSE_LOGGING_IN || !soup_parse_rejected(p, &reason))
		return fail(g, GLIMPSE_BAD_PACKET, "snapshot: unexpected or broken login refusal");
	if (reason == SOUP_NOT_AUTHORISED)
		return fail(g, GLIMPSE_REJECTED_LOGIN,
		            "snapshot: login rejected: user '%s' or its password is not known",
		            g->options.user);
	if (reason == SOUP_NO_SESSION)
		return fail(g, GLIMPSE_REJECTED_SESSION,
		            "snapshot: login rejected: session '%s' is not available",
		            g->options.session);
	return fail(g, GLIMPSE_REJECTED_OTHERWISE, "snapshot: login rejected: reason 0x%02x",
	            reason);
}

/* The last message: where the live feed goes on. */
static enum glimpse_step on_snapshot(struct glimpse *g, const struct soup_packet *p)
{
	uint64_t sequence;

	if (p->payload_bytes != GLIMPSE_SNAPSHOT_BYTES)
		return fail(g, GLIMPSE_BAD_PACKET, "snapshot: last message has %u bytes, not %u",
		            p->payload_bytes, GLIMPSE_SNAPSHOT_BYTES);
	if (!soup_parse_number(p->payload + 1, SOUP_SEQUENCE_BYTES, &sequence) || sequence == 0)
		return fail(
		        g, GLIMPSE_BAD_DIGITS,
		        "snapshot: sequence of the last message is no number from 1 to 2^64 - 1");
	g->feed_sequence = sequence;
	g->state = GLIMPSE_COMPLETE;
	put_out(g, SOUP_LOGOUT_REQUEST);
	return GLIMPSE_DONE;
}

static enum glimpse_step on_sequenced(struct glimpse *g, const struct soup_packet *p,
                                      struct glimpse_message *out)
{
	if (g->state != GLIMPSE_RECEIVING)
		return fail(g, GLIMPSE_BAD_PACKET, "snapshot: data before the login's answer");
	if (p->payload_bytes > 0 && p->payload[0] == GLIMPSE_SNAPSHOT_TYPE)
		return on_snapshot(g, p);
	if (g->stats.messages == g->options.messages_max)
		return fail(g, GLIMPSE_TOO_MANY, "snapshot: more than %" PRIu64 " messages",
		            g->options.messages_max);
	*out = (struct glimpse_message){
	        .data = p->payload, .bytes = p->payload_bytes, .number = ++g->stats.messages};
	return GLIMPSE_MESSAGE;
}

/* WAIT: nothing for the caller in it. */
static enum glimpse_step on_packet(struct glimpse *g, const struct soup_packet *p,
                                   struct glimpse_message *out)
{
	switch (p->type) {
	case SOUP_LOGIN_ACCEPTED:
		return on_accepted(g, p);
	case SOUP_LOGIN_REJECTED:
		return on_rejected(g, p);
	case SOUP_SEQUENCED:
		return on_sequenced(g, p, out);
	case SOUP_END_OF_SESSION:
		return fail(g, GLIMPSE_SESSION_ENDED,
		            "snapshot: session ended after %" PRIu64
		            " messages, before the snapshot",
		            g->stats.messages);
	case SOUP_SERVER_HEARTBEAT:
		if (p->payload_bytes != 0)
			return fail(g, GLIMPSE_BAD_PACKET, "snapshot: heartbeat with data");
		g->stats.heartbeats_received++;
		return GLIMPSE_WAIT;
	default: /* debug, unsequenced data, what is no server's business, what comes one day */
		g->stats.ignored++;
		return GLIMPSE_WAIT;
	}
}

static enum glimpse_step on_nothing(struct glimpse *g)
{
	if (!g->is_closed)
		return GLIMPSE_WAIT;
	return fail(g, GLIMPSE_CLOSED,
	            "snapshot: connection closed after %" PRIu64 " messages, before the snapshot",
	            g->stats.messages);
}

enum glimpse_step glimpse_next(struct glimpse *g, struct glimpse_message *out)
{
	enum glimpse_step step = GLIMPSE_WAIT;
	struct soup_packet p;

	if (g->state == GLIMPSE_COMPLETE)
		return GLIMPSE_DONE;
	if (!is_open(g))
		return g->state == GLIMPSE_BROKEN ? GLIMPSE_FAILED : GLIMPSE_WAIT;
	while (step == GLIMPSE_WAIT) {
		switch (soup_reader_next(&g->reader, &p)) {
		case SOUP_PACKET:
			step = on_packet(g, &p, out);
			break;
		case SOUP_MORE:
			return on_nothing(g);
		case SOUP_TOO_LONG:
			return fail(g, GLIMPSE_TOO_LONG,
			            "snapshot: packet of more than the %u bytes there are for one",
			            g->reader.capacity);
		case SOUP_EMPTY:
			return fail(g, GLIMPSE_BAD_PACKET, "snapshot: packet without a type");
		}
	}
	return step;
}

/* ---- time ---- */

static uint64_t later(uint64_t from_ns, uint64_t by_ns)
{
	return from_ns > UINT64_MAX - by_ns ? UINT64_MAX : from_ns + by_ns;
}

void glimpse_poll(struct glimpse *g, uint64_t now_ns)
{
	if (!is_open(g))
		return;
	if (now_ns >= later(g->received_ns, g->options.dead_ns)) {
		fail(g, GLIMPSE_DEAD, "snapshot: nothing came for %" PRIu64 " ms",
		     (now_ns - g->received_ns) / 1000000u);
		return;
	}
	if (g->state == GLIMPSE_LOGGING_IN &&
	    now_ns >= later(g->connected_ns, g->options.login_ns)) {
		fail(g, GLIMPSE_NO_LOGIN, "snapshot: no answer to the login within %" PRIu64 " ms",
		     g->options.login_ns / 1000000u);
		return;
	}
	if (now_ns >= later(g->sent_ns, g->options.heartbeat_ns)) {
		g->stats.heartbeats_sent += put_out(g, SOUP_CLIENT_HEARTBEAT);
		g->sent_ns = now_ns;
	}
}

uint64_t glimpse_deadline_ns(const struct glimpse *g)
{
	if (!is_open(g))
		return UINT64_MAX;
	uint64_t due_ns = later(g->sent_ns, g->options.heartbeat_ns);
	uint64_t dead_ns = later(g->received_ns, g->options.dead_ns);
	uint64_t login_ns = g->state == GLIMPSE_LOGGING_IN
	                            ? later(g->connected_ns, g->options.login_ns)
	                            : UINT64_MAX;

	due_ns = dead_ns < due_ns ? dead_ns : due_ns;
	return login_ns < due_ns ? login_ns : due_ns;
}
