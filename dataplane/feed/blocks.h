/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Blocks: {u16 length, message} back to back, the shape that MoldUDP64 and IEX-TP share (their byte
 * orders differ). Private to the transports.
 */
#ifndef DATAPLANE_FEED_BLOCKS_H
#define DATAPLANE_FEED_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

struct blocks {
	uint32_t count; /* whole blocks found, at most as many as were asked for */
	uint32_t bytes; /* that they take */
};

/* How many of `count` blocks stand whole in p[0..bytes). big_endian is a constant at every call, so
 * each caller gets a loop of its own. */
static inline struct blocks blocks_walk(const uint8_t *p, uint32_t bytes, uint32_t count,
                                        bool big_endian)
{
	struct blocks b = {0, 0};

	while (b.count < count && bytes - b.bytes >= 2) {
		const uint8_t *at = p + b.bytes;
		uint32_t block_bytes = 2u + (big_endian ? be16(at) : le16(at));

		if (block_bytes > bytes - b.bytes)
			break;
		b.bytes += block_bytes;
		b.count++;
	}
	return b;
}

#endif
