/* SPDX-License-Identifier: BSD-3-Clause
 *
 * CoAP messages (RFC 7252): read and written, not understood. A message is 4 bytes (version, type,
 * token length, code, message id), a token of 0 to 8 bytes, options in ascending order of their
 * numbers, each as the difference to the one before, and, after a byte 0xff, a payload that is not
 * empty. What a message means to whoever waits for it is the word of dataplane/request.
 *
 * Two rules of the format are easily got wrong, and kept here: a critical option (odd number) that
 * is not known, not allowed twice, or of a length out of its bounds makes the message unusable,
 * while an elective one (even number) is then passed over as if it was not there (5.4.1, 5.4.3,
 * 5.4.5); and a message that is not of version 1 is nothing at all (3).
 *
 * Paths are bytes: "a/b/c" is split at its slashes into Uri-Path options, nothing else. A percent
 * sign is a percent sign, a question mark a question mark, "." and ".." are refused (5.10.1).
 *
 * Pure; reads only [p, p + bytes); allocates nothing. RFC 7252; Block1, Block2, Size2: RFC 7959;
 * Observe: RFC 7641.
 */
#ifndef DATAPLANE_WIRE_COAP_H
#define DATAPLANE_WIRE_COAP_H

#include <stdbool.h>
#include <stdint.h>

#define COAP_PORT              5683u
#define COAP_VERSION           1u
#define COAP_HEADER_BYTES      4u
#define COAP_TOKEN_BYTES_MAX   8u
#define COAP_OPTIONS_MAX       64u  /* in one message; our limit, more is malformed */
#define COAP_SEGMENT_BYTES_MAX 255u /* of a path */
#define COAP_SEGMENTS_MAX      16u  /* of a path; our limit */
#define COAP_PAYLOAD_MARKER    0xffu

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

/* Codes are class * 32 + detail: class 0 requests, 2 success, 4 and 5 errors. */
#define COAP_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))

enum coap_code {
	COAP_EMPTY = 0,
	COAP_GET = 1,
	COAP_POST = 2,
	COAP_PUT = 3,
	COAP_DELETE = 4,
	COAP_CREATED = COAP_CODE(2, 1),
	COAP_DELETED = COAP_CODE(2, 2),
	COAP_VALID = COAP_CODE(2, 3),
	COAP_CHANGED = COAP_CODE(2, 4),
	COAP_CONTENT = COAP_CODE(2, 5),
	COAP_BAD_REQUEST = COAP_CODE(4, 0),
	COAP_BAD_OPTION = COAP_CODE(4, 2),
	COAP_NOT_FOUND = COAP_CODE(4, 4),
	COAP_METHOD_NOT_ALLOWED = COAP_CODE(4, 5),
	COAP_TOO_LARGE = COAP_CODE(4, 13),
	COAP_INTERNAL_ERROR = COAP_CODE(5, 0),
	COAP_UNAVAILABLE = COAP_CODE(5, 3),
};

enum coap_option_number {
	COAP_IF_MATCH = 1,
	COAP_URI_HOST = 3,
	COAP_ETAG = 4,
	COAP_IF_NONE_MATCH = 5,
	COAP_OBSERVE = 6,
	COAP_URI_PORT = 7,
	COAP_LOCATION_PATH = 8,
	COAP_URI_PATH = 11,
	COAP_CONTENT_FORMAT = 12,
	COAP_MAX_AGE = 14,
	COAP_URI_QUERY = 15,
	COAP_ACCEPT = 17,
	COAP_LOCATION_QUERY = 20,
	COAP_BLOCK2 = 23,
	COAP_BLOCK1 = 27,
	COAP_SIZE2 = 28,
	COAP_PROXY_URI = 35,
	COAP_PROXY_SCHEME = 39,
	COAP_SIZE1 = 60,
};

enum coap_format { /* Content-Format; RFC 7252, 12.3 */
	           COAP_TEXT = 0,
	           COAP_OCTETS = 42,
	           COAP_JSON = 50,
};

#define COAP_FORMAT_NONE UINT32_MAX

/* ---- reading ---- */

enum coap_verdict {
	COAP_OK,
	/* Filled like OK, but it carries a critical option that cannot be understood: a CON is to
	 * be rejected (or a request answered 4.02), anything else ignored. */
	COAP_CRITICAL,
	/* Broken, or of a reserved class. The header may be told, to reject a CON: see
	 * coap_peek(). */
	COAP_MALFORMED,
	COAP_OTHER_VERSION, /* to be ignored in silence */
};

/* A block option (RFC 7959, 2.2). */
struct coap_block {
	uint32_t number;
	uint16_t bytes; /* of a block, 16 to 1024; 0: the message has no such option */
	bool more;      /* blocks follow */
};

/* Points into the datagram. */
struct coap_message {
	const uint8_t *token;
	const uint8_t *options; /* for coap_option_next() */
	const uint8_t *payload; /* NULL: none */
	uint32_t option_bytes;
	uint32_t payload_bytes;
	uint32_t content_format; /* COAP_FORMAT_NONE: not said */
	struct coap_block block1;
	struct coap_block block2;
	uint16_t id;
	uint16_t critical; /* number of the first option that made it COAP_CRITICAL, else 0 */
	uint8_t type;      /* enum coap_type */
	uint8_t code;
	uint8_t token_bytes;
};

/* Fills *out on COAP_OK and COAP_CRITICAL. */
enum coap_verdict coap_parse(const uint8_t *p, uint32_t bytes, struct coap_message *out);
/* Type and id alone, of any message of version 1 that has a header: what rejecting needs. */
bool coap_peek(const uint8_t *p, uint32_t bytes, enum coap_type *type, uint16_t *id);

static inline bool coap_is_request(uint8_t code)
{
	return code >> 5 == 0 && code != COAP_EMPTY;
}

static inline bool coap_is_response(uint8_t code)
{
	return code >> 5 == 2 || code >> 5 == 4 || code >> 5 == 5;
}

struct coap_option {
	const uint8_t *value;
	uint32_t bytes;
	uint32_t number;
};

/* Where a walk stands; {0} is the beginning. */
struct coap_walk {
	uint32_t at;
	uint32_t number;
};

/* The next option of a message that was parsed, whether it is known or not; false: no more. */
bool coap_option_next(const struct coap_message *m, struct coap_walk *w, struct coap_option *out);
/* An option's value as a number (0 to 8 bytes, big-endian, leading zeros allowed). */
uint64_t coap_option_number(const struct coap_option *o);
/* The Uri-Path joined by slashes, "a/b/c", "" for none, not terminated. Returns its length;
 * UINT32_MAX: longer than capacity, or a segment is empty or has a slash in it, which our paths
 * cannot say. */
uint32_t coap_path(const struct coap_message *m, char *out, uint32_t capacity);

/* ---- writing ---- */

enum coap_writing {
	COAP_WRITTEN,
	COAP_FULL,     /* it does not fit */
	COAP_BAD_PATH, /* an empty segment (a slash at either end, two in a row), "." or "..", one
	                  longer than COAP_SEGMENT_BYTES_MAX, or more than COAP_SEGMENTS_MAX */
};

/* Writes front to back: header and token, options in ascending order, payload. What goes wrong
 * sticks: only the verdict of coap_write_end() need be looked at. Process-local. */
struct coap_writer {
	uint8_t *out;
	uint32_t capacity;
	uint32_t bytes;
	uint32_t number; /* of the last option */
	uint8_t verdict; /* enum coap_writing */
	bool has_payload;
};

struct coap_header {
	const uint8_t *token;
	uint16_t id;
	uint8_t type; /* enum coap_type */
	uint8_t code;
	uint8_t token_bytes; /* at most COAP_TOKEN_BYTES_MAX */
};

void coap_write(struct coap_writer *w, uint8_t *out, uint32_t capacity,
                const struct coap_header *h);
/* `number` is not below that of the option before. */
void coap_write_option(struct coap_writer *w, uint32_t number, const uint8_t *value,
                       uint32_t bytes);
/* In as few bytes as it takes; 0 takes none. */
void coap_write_option_uint(struct coap_writer *w, uint32_t number, uint32_t value);
/* As Uri-Path options; nothing for an empty path. */
void coap_write_path(struct coap_writer *w, const uint8_t *path, uint32_t bytes);
/* The last part; nothing when it is empty. */
void coap_write_payload(struct coap_writer *w, const uint8_t *payload, uint32_t bytes);
/* *bytes: of the message; 0 when it was not written. */
enum coap_writing coap_write_end(const struct coap_writer *w, uint32_t *bytes);

/* An empty message: acknowledgement or reset. Writes and returns COAP_HEADER_BYTES. */
uint32_t coap_build_empty(uint8_t *out, enum coap_type type, uint16_t id);

#endif
