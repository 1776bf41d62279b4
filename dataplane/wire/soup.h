/* SPDX-License-Identifier: BSD-3-Clause
 *
 * SoupBinTCP: packets in a byte stream: {u16 length, big-endian, of what follows; u8 type;
 * payload}. The stream cuts where it likes: the reader gathers bytes in a buffer of the caller's
 * and hands out whole packets. Sequence numbers are not in the packets but counted: the login's
 * answer says the number of the next sequenced one.
 *
 * Numbers and names of logins are ASCII: names padded with blanks on the right, session and
 * sequence on the left. Pure, bounded by the buffer; one owner. Spec: Nasdaq SoupBinTCP 3.00.
 */
#ifndef DATAPLANE_WIRE_SOUP_H
#define DATAPLANE_WIRE_SOUP_H

#include <stdbool.h>
#include <stdint.h>

#define SOUP_LENGTH_BYTES   2u
#define SOUP_HEADER_BYTES   3u     /* length and type */
#define SOUP_PAYLOAD_MAX    65534u /* after the type */
#define SOUP_PACKET_MAX     (SOUP_HEADER_BYTES + SOUP_PAYLOAD_MAX)
#define SOUP_USER_BYTES     6u
#define SOUP_PASSWORD_BYTES 10u
#define SOUP_SESSION_BYTES  10u
#define SOUP_SEQUENCE_BYTES 20u

#define SOUP_LOGIN_PAYLOAD \
	(SOUP_USER_BYTES + SOUP_PASSWORD_BYTES + SOUP_SESSION_BYTES + SOUP_SEQUENCE_BYTES)
#define SOUP_ACCEPTED_PAYLOAD (SOUP_SESSION_BYTES + SOUP_SEQUENCE_BYTES)
#define SOUP_LOGIN_BYTES      (SOUP_HEADER_BYTES + SOUP_LOGIN_PAYLOAD)
#define SOUP_ACCEPTED_BYTES   (SOUP_HEADER_BYTES + SOUP_ACCEPTED_PAYLOAD)
#define SOUP_REJECTED_BYTES   (SOUP_HEADER_BYTES + 1u)

#define SOUP_HEARTBEAT_NS 1000000000ull  /* either side, when it has sent nothing for so long */
#define SOUP_DEAD_NS      15000000000ull /* the link, when nothing has come for so long */

enum soup_type {
	SOUP_DEBUG = '+',
	SOUP_LOGIN_ACCEPTED = 'A',
	SOUP_LOGIN_REJECTED = 'J',
	SOUP_SEQUENCED = 'S',
	SOUP_SERVER_HEARTBEAT = 'H',
	SOUP_END_OF_SESSION = 'Z',
	SOUP_LOGIN_REQUEST = 'L',
	SOUP_UNSEQUENCED = 'U',
	SOUP_CLIENT_HEARTBEAT = 'R',
	SOUP_LOGOUT_REQUEST = 'O',
};

enum soup_reject { SOUP_NOT_AUTHORISED = 'A', SOUP_NO_SESSION = 'S' };

/* ---- reading ---- */

struct soup_packet {
	const uint8_t *payload; /* into the reader's buffer, until soup_reader_room() */
	uint32_t payload_bytes;
	uint8_t type;
};

enum soup_verdict {
	SOUP_PACKET,   /* *out is filled */
	SOUP_MORE,     /* no whole packet yet */
	SOUP_TOO_LONG, /* a packet that the buffer can never hold: the stream is lost */
	SOUP_EMPTY,    /* length 0, no type: the stream is lost */
};

/* Process-local. */
struct soup_reader {
	uint8_t *buffer; /* the caller's */
	uint32_t capacity;
	uint32_t begin; /* bytes read */
	uint32_t end;   /* bytes there */
};

/* capacity >= SOUP_HEADER_BYTES; SOUP_PACKET_MAX takes every packet that can be. */
void soup_reader_init(struct soup_reader *r, uint8_t *buffer, uint32_t capacity);
/* Where the next bytes of the stream go, and how many there is room for: read() right there, then
 * soup_reader_filled(). Packets handed out before are gone. 0 bytes: take packets out first. */
uint8_t *soup_reader_room(struct soup_reader *r, uint32_t *bytes);
void soup_reader_filled(struct soup_reader *r, uint32_t bytes);
/* The same by copying: returns how many bytes were taken; the rest after packets are taken out. */
uint32_t soup_reader_take(struct soup_reader *r, const uint8_t *bytes, uint32_t count);
enum soup_verdict soup_reader_next(struct soup_reader *r, struct soup_packet *out);

/* ---- logins ---- */

/* Zero terminated, without their padding. */
struct soup_login {
	char user[SOUP_USER_BYTES + 1];
	char password[SOUP_PASSWORD_BYTES + 1];
	char session[SOUP_SESSION_BYTES + 1]; /* "": the current one */
	uint64_t sequence; /* first wanted; 0: what comes from now on; 1: from the beginning */
};

struct soup_accepted {
	char session[SOUP_SESSION_BYTES + 1];
	uint64_t sequence; /* of the next sequenced packet */
};

/* False: not of that shape; *out is not filled then. */
bool soup_parse_login(const struct soup_packet *p, struct soup_login *out);
bool soup_parse_accepted(const struct soup_packet *p, struct soup_accepted *out);
bool soup_parse_rejected(const struct soup_packet *p, uint8_t *reason);

/* `bytes` characters, blanks, then decimal digits to the end. False: anything else, or beyond 2^64
 * - 1. */
bool soup_parse_number(const uint8_t *p, uint32_t bytes, uint64_t *out);
/* Decimal, padded on the left with blanks; `bytes` is 20. */
void soup_put_number(uint8_t *p, uint64_t value);

/* ---- writing: returns the bytes written ---- */

uint32_t soup_build_login(uint8_t *out, const struct soup_login *l);       /* SOUP_LOGIN_BYTES */
uint32_t soup_build_accepted(uint8_t *out, const struct soup_accepted *a); /* SOUP_ACCEPTED_BYTES */
uint32_t soup_build_rejected(uint8_t *out, enum soup_reject reason);       /* SOUP_REJECTED_BYTES */
/* Heartbeats, end of session, logout: SOUP_HEADER_BYTES. */
uint32_t soup_build_empty(uint8_t *out, enum soup_type type);
/* Sequenced and unsequenced data, debug: header and payload. 0: longer than capacity or than
 * SOUP_PAYLOAD_MAX. */
uint32_t soup_build(uint8_t *out, uint32_t capacity, enum soup_type type, const uint8_t *payload,
                    uint32_t payload_bytes);

#endif
