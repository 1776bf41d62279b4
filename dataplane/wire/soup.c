/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/soup.h"

#include <assert.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

/* Payload of a login request. */
#define LOGIN_PASSWORD SOUP_USER_BYTES
#define LOGIN_SESSION  (LOGIN_PASSWORD + SOUP_PASSWORD_BYTES)
#define LOGIN_SEQUENCE (LOGIN_SESSION + SOUP_SESSION_BYTES)

/* ---- reading ---- */

void soup_reader_init(struct soup_reader *r, uint8_t *buffer, uint32_t capacity)
{
	assert(capacity >= SOUP_HEADER_BYTES);
	*r = (struct soup_reader){.buffer = buffer, .capacity = capacity};
}

uint8_t *soup_reader_room(struct soup_reader *r, uint32_t *bytes)
{
	if (r->begin > 0) {
		memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
		r->end -= r->begin;
		r->begin = 0;
	}
	*bytes = r->capacity - r->end;
	return r->buffer + r->end;
}

void soup_reader_filled(struct soup_reader *r, uint32_t bytes)
{
	assert(bytes <= r->capacity - r->end);
	r->end += bytes;
}

uint32_t soup_reader_take(struct soup_reader *r, const uint8_t *bytes, uint32_t count)
{
	uint32_t room_bytes;
	uint8_t *room = soup_reader_room(r, &room_bytes);
	uint32_t taken = count < room_bytes ? count : room_bytes;

	if (taken > 0)
		memcpy(room, bytes, taken);
	soup_reader_filled(r, taken);
	return taken;
}

enum soup_verdict soup_reader_next(struct soup_reader *r, struct soup_packet *out)
{
	const uint8_t *p = r->buffer + r->begin;
	uint32_t there = r->end - r->begin;

	if (there < SOUP_LENGTH_BYTES)
		return SOUP_MORE;
	uint32_t length = be16(p); /* of type and payload */

	if (length == 0)
		return SOUP_EMPTY;
	if (SOUP_LENGTH_BYTES + length > r->capacity)
		return SOUP_TOO_LONG;
	if (SOUP_LENGTH_BYTES + length > there)
		return SOUP_MORE;
	out->type = p[SOUP_LENGTH_BYTES];
	out->payload = p + SOUP_HEADER_BYTES;
	out->payload_bytes = length - 1;
	r->begin += SOUP_LENGTH_BYTES + length;
	return SOUP_PACKET;
}

/* ---- logins ---- */

/* Printable ASCII without the blanks around it, zero terminated; out has bytes + 1. */
static bool take_name(char *out, const uint8_t *p, uint32_t bytes)
{
	uint32_t begin = 0;

	while (bytes > 0 && p[bytes - 1] == ' ')
		bytes--;
	while (begin < bytes && p[begin] == ' ')
		begin++;
	for (uint32_t i = begin; i < bytes; i++)
		if (p[i] < ' ' || p[i] > '~')
			return false;
	memcpy(out, p + begin, bytes - begin);
	out[bytes - begin] = 0;
	return true;
}

/* The caller's names fit: struct soup_login. */
static void put_name(uint8_t *out, const char *name, uint32_t bytes, bool on_the_right)
{
	uint32_t length = (uint32_t)strlen(name);

	assert(length <= bytes);
	memset(out, ' ', bytes);
	memcpy(out + (on_the_right ? bytes - length : 0), name, length);
}

bool soup_parse_number(const uint8_t *p, uint32_t bytes, uint64_t *out)
{
	uint64_t value = 0;
	uint32_t at = 0;

	while (at < bytes && p[at] == ' ')
		at++;
	if (at == bytes)
		return false;
	for (; at < bytes; at++) {
		uint64_t digit = (uint64_t)p[at] - '0';

		if (p[at] < '0' || p[at] > '9' || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

void soup_put_number(uint8_t *p, uint64_t value)
{
	uint32_t at = SOUP_SEQUENCE_BYTES;

	memset(p, ' ', SOUP_SEQUENCE_BYTES);
	do {
		p[--at] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value > 0);
}

bool soup_parse_login(const struct soup_packet *p, struct soup_login *out)
{
	struct soup_login l;

	if (p->type != SOUP_LOGIN_REQUEST || p->payload_bytes != SOUP_LOGIN_PAYLOAD ||
	    !take_name(l.user, p->payload, SOUP_USER_BYTES) ||
	    !take_name(l.password, p->payload + LOGIN_PASSWORD, SOUP_PASSWORD_BYTES) ||
	    !take_name(l.session, p->payload + LOGIN_SESSION, SOUP_SESSION_BYTES) ||
	    !soup_parse_number(p->payload + LOGIN_SEQUENCE, SOUP_SEQUENCE_BYTES, &l.sequence))
		return false;
	*out = l;
	return true;
}

bool soup_parse_accepted(const struct soup_packet *p, struct soup_accepted *out)
{
	struct soup_accepted a;

	if (p->type != SOUP_LOGIN_ACCEPTED || p->payload_bytes != SOUP_ACCEPTED_PAYLOAD ||
	    !take_name(a.session, p->payload, SOUP_SESSION_BYTES) ||
	    !soup_parse_number(p->payload + SOUP_SESSION_BYTES, SOUP_SEQUENCE_BYTES, &a.sequence))
		return false;
	*out = a;
	return true;
}

bool soup_parse_rejected(const struct soup_packet *p, uint8_t *reason)
{
	if (p->type != SOUP_LOGIN_REJECTED || p->payload_bytes != 1)
		return false;
	*reason = p->payload[0];
	return true;
}

/* ---- writing ---- */

/* Returns where the payload goes. */
static uint8_t *put_header(uint8_t *out, uint8_t type, uint32_t payload_bytes)
{
	put_be16(out, (uint16_t)(1 + payload_bytes));
	out[SOUP_LENGTH_BYTES] = type;
	return out + SOUP_HEADER_BYTES;
}

uint32_t soup_build_login(uint8_t *out, const struct soup_login *l)
{
	uint8_t *p = put_header(out, SOUP_LOGIN_REQUEST, SOUP_LOGIN_PAYLOAD);

	put_name(p, l->user, SOUP_USER_BYTES, false);
	put_name(p + LOGIN_PASSWORD, l->password, SOUP_PASSWORD_BYTES, false);
	put_name(p + LOGIN_SESSION, l->session, SOUP_SESSION_BYTES, true);
	soup_put_number(p + LOGIN_SEQUENCE, l->sequence);
	return SOUP_LOGIN_BYTES;
}

uint32_t soup_build_accepted(uint8_t *out, const struct soup_accepted *a)
{
	uint8_t *p = put_header(out, SOUP_LOGIN_ACCEPTED, SOUP_ACCEPTED_PAYLOAD);

	put_name(p, a->session, SOUP_SESSION_BYTES, true);
	soup_put_number(p + SOUP_SESSION_BYTES, a->sequence);
	return SOUP_ACCEPTED_BYTES;
}

uint32_t soup_build_rejected(uint8_t *out, enum soup_reject reason)
{
	*put_header(out, SOUP_LOGIN_REJECTED, 1) = (uint8_t)reason;
	return SOUP_REJECTED_BYTES;
}

uint32_t soup_build_empty(uint8_t *out, enum soup_type type)
{
	put_header(out, (uint8_t)type, 0);
	return SOUP_HEADER_BYTES;
}

uint32_t soup_build(uint8_t *out, uint32_t capacity, enum soup_type type, const uint8_t *payload,
                    uint32_t payload_bytes)
{
	if (payload_bytes > SOUP_PAYLOAD_MAX || SOUP_HEADER_BYTES + payload_bytes > capacity)
		return 0;
	uint8_t *p = put_header(out, (uint8_t)type, payload_bytes);

	if (payload_bytes > 0)
		memcpy(p, payload, payload_bytes);
	return SOUP_HEADER_BYTES + payload_bytes;
}
