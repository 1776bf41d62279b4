/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/iextp.h"

#include <assert.h>
#include <string.h>

#include "dataplane/feed/blocks.h"

/* The four (eight) hex digits of v as text, most significant first: every packet needs its
 * session's name, so this is arithmetic on all digits at once. */
static uint64_t hex_digits(uint32_t v)
{
	uint64_t x = v;

	/* One nibble per byte, the most significant one first in memory. */
	x = (x | x << 16) & 0x0000ffff0000ffffull;
	x = (x | x << 8) & 0x00ff00ff00ff00ffull;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0full;
	x = __builtin_bswap64(x);
	uint64_t above_nine = (x + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;

	return x + 0x3030303030303030ull + above_nine * ('a' - '9' - 1);
}

/* "8004:1:43810000": protocol id and session in full, the channel without leading zeros. */
static void session_name(const uint8_t *payload, struct session_key *k)
{
	uint32_t channel = le32(payload + IEXTP_AT_CHANNEL);
	uint32_t digits = channel == 0 ? 1 : (35u - (uint32_t)__builtin_clz(channel)) / 4u;
	char *at = k->name;
	uint64_t text = hex_digits((uint32_t)le16(payload + IEXTP_AT_PROTOCOL) << 16);

	static_assert(4 + 1 + 8 + 1 + 8 < sizeof(k->name), "stays zero terminated");
	memset(k, 0, sizeof(*k));
	memcpy(at, &text, 4);
	at[4] = ':';
	at += 5;
	text = hex_digits(channel << (4 * (8 - digits)));
	memcpy(at, &text, 8);
	at[digits] = ':';
	at += digits + 1;
	text = hex_digits(le32(payload + IEXTP_AT_SESSION));
	memcpy(at, &text, 8);
}

enum feed_verdict iextp_parse(const uint8_t *payload, uint32_t bytes, enum iextp_protocol id,
                              struct feed_packet *out)
{
	if (bytes < IEXTP_HEADER_BYTES || payload[IEXTP_AT_VERSION] != IEXTP_VERSION ||
	    le16(payload + IEXTP_AT_PROTOCOL) != id)
		return FEED_MALFORMED;
	uint64_t sequence = le64(payload + IEXTP_AT_SEQUENCE);
	uint32_t count = le16(payload + IEXTP_AT_COUNT);

	/* sequence + count <= 2^64, in arithmetic modulo 2^64. */
	if (sequence == 0 || (count > 0 && sequence > 0 - (uint64_t)count))
		return FEED_MALFORMED;
	uint32_t room = bytes - IEXTP_HEADER_BYTES;
	uint32_t declared = le16(payload + IEXTP_AT_PAYLOAD_LENGTH);
	struct blocks b = blocks_walk(payload + IEXTP_HEADER_BYTES,
	                              declared < room ? declared : room, count, false);

	session_name(payload, &out->session);
	out->first_sequence = sequence;
	out->send_time_ns = le64(payload + IEXTP_AT_SEND_TIME);
	out->blocks = payload + IEXTP_HEADER_BYTES;
	out->block_bytes = b.bytes;
	out->claimed_count = count;
	out->block_count = b.count;
	out->kind = count == 0 ? FEED_HEARTBEAT : FEED_DATA;
	return b.count == count && b.bytes == declared && declared == room ? FEED_OK : FEED_DAMAGED;
}

enum feed_verdict iextp_parse_deep(const uint8_t *payload, uint32_t bytes, struct feed_packet *out)
{
	return iextp_parse(payload, bytes, IEXTP_DEEP, out);
}

enum feed_verdict iextp_parse_tops(const uint8_t *payload, uint32_t bytes, struct feed_packet *out)
{
	return iextp_parse(payload, bytes, IEXTP_TOPS, out);
}

static bool iextp_recognise(const uint8_t *payload, uint32_t bytes, enum iextp_protocol id)
{
	struct feed_packet p;

	return iextp_parse(payload, bytes, id, &p) == FEED_OK;
}

bool iextp_recognise_deep(const uint8_t *payload, uint32_t bytes)
{
	return iextp_recognise(payload, bytes, IEXTP_DEEP);
}

bool iextp_recognise_tops(const uint8_t *payload, uint32_t bytes)
{
	return iextp_recognise(payload, bytes, IEXTP_TOPS);
}
