/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/mold.h"

#include <assert.h>
#include <string.h>

#include "dataplane/feed/blocks.h"

static_assert(MOLD_SESSION_BYTES < sizeof(((struct session_key *)0)->name),
              "a session's name stays zero terminated");

enum feed_verdict mold_parse(const uint8_t *payload, uint32_t bytes, struct feed_packet *out)
{
	if (bytes < MOLD_HEADER_BYTES)
		return FEED_MALFORMED;
	uint64_t sequence = be64(payload + MOLD_SEQUENCE);
	uint32_t header_count = be16(payload + MOLD_COUNT);
	uint32_t count = header_count == MOLD_COUNT_END ? 0 : header_count;

	/* sequence + count <= 2^64, in arithmetic modulo 2^64. */
	if (sequence == 0 || (count > 0 && sequence > 0 - (uint64_t)count))
		return FEED_MALFORMED;
	uint32_t room = bytes - MOLD_HEADER_BYTES;
	struct blocks b = blocks_walk(payload + MOLD_HEADER_BYTES, room, count, true);

	/* Word by word, as they are read back: a load that spans two stores waits for both to reach
	 * the cache. */
	const uint64_t name[3] = {le64(payload), le16(payload + 8), 0};

	memcpy(out->session.name, name, sizeof(name));
	out->first_sequence = sequence;
	out->send_time_ns = 0;
	out->blocks = payload + MOLD_HEADER_BYTES;
	out->block_bytes = b.bytes;
	out->claimed_count = count;
	out->block_count = b.count;
	out->kind = header_count == MOLD_COUNT_END ? FEED_END
	            : count == 0                   ? FEED_HEARTBEAT
	                                           : FEED_DATA;
	return b.count == count && b.bytes == room ? FEED_OK : FEED_DAMAGED;
}

bool mold_recognise(const uint8_t *payload, uint32_t bytes)
{
	struct feed_packet p;

	if (mold_parse(payload, bytes, &p) != FEED_OK)
		return false;
	for (uint32_t i = 0; i < MOLD_SESSION_BYTES; i++)
		if (payload[i] < 0x20 || payload[i] > 0x7e)
			return false;
	return true;
}

/* The session's bytes go out as they came, whatever they are; names of other transports are longer.
 */
static bool is_session(const struct session_key *k)
{
	for (uint32_t i = MOLD_SESSION_BYTES; i < sizeof(k->name); i++)
		if (k->name[i] != 0)
			return false;
	return true;
}

static bool is_in_bounds(const struct mold_request *r)
{
	/* first_sequence + count <= 2^64, in arithmetic modulo 2^64. */
	return r->first_sequence >= 1 && r->count >= 1 && r->count <= MOLD_COUNT_MAX &&
	       r->first_sequence <= 0 - (uint64_t)r->count;
}

bool mold_request_build(uint8_t *out, const struct mold_request *r)
{
	if (!is_in_bounds(r) || !is_session(&r->session))
		return false;
	memcpy(out, r->session.name, MOLD_SESSION_BYTES);
	put_be64(out + MOLD_SEQUENCE, r->first_sequence);
	put_be16(out + MOLD_COUNT, (uint16_t)r->count);
	return true;
}

bool mold_request_parse(const uint8_t *payload, uint32_t bytes, struct mold_request *out)
{
	if (bytes != MOLD_REQUEST_BYTES)
		return false;
	struct mold_request r = {
	        .first_sequence = be64(payload + MOLD_SEQUENCE),
	        .count = be16(payload + MOLD_COUNT),
	};

	memcpy(r.session.name, payload, MOLD_SESSION_BYTES);
	if (!is_in_bounds(&r))
		return false;
	*out = r;
	return true;
}
