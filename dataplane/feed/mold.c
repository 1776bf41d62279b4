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
