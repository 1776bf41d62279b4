/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What fuzz targets of transports check: a parsed datagram keeps its promises (protocol.h).
 */
#ifndef TESTS_FUZZ_TRANSPORT_H
#define TESTS_FUZZ_TRANSPORT_H

#include <stdlib.h>

#include "dataplane/feed/protocol.h"

static inline void transport_check(const struct protocol *p, const uint8_t *data, uint32_t bytes)
{
	struct feed_packet out;
	enum feed_verdict v = p->parse(data, bytes, &out);

	if (p->recognise(data, bytes) && v != FEED_OK)
		abort();
	if (v == FEED_MALFORMED)
		return;
	if (out.blocks != data + p->header_bytes || out.block_bytes > bytes - p->header_bytes ||
	    out.block_count > out.claimed_count)
		abort();
	if (v == FEED_OK &&
	    (out.block_count != out.claimed_count || out.block_bytes != bytes - p->header_bytes))
		abort();
	if ((out.kind == FEED_DATA) != (out.claimed_count > 0) || out.first_sequence == 0)
		abort();
	/* The last message is numbered 2^64 - 1 at most. */
	if (out.claimed_count > 0 &&
	    out.first_sequence + (out.claimed_count - 1) < out.first_sequence)
		abort();
	uint32_t at = 0;

	for (uint32_t i = 0; i < out.block_count; i++)
		at += 2 + protocol_block_length(p, out.blocks + at);
	if (at != out.block_bytes)
		abort();
}

#endif
