/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DEEP: the 13 message types of IEX DEEP 1.0: those of iex.h, price levels and security events.
 *
 * Spec: IEX DEEP Specification 1.0 (price levels, not orders).
 */
#ifndef DATAPLANE_WIRE_DEEP_H
#define DATAPLANE_WIRE_DEEP_H

#include "dataplane/wire/iex.h"

enum deep_type { /* besides enum iex_type */
	         DEEP_SECURITY_EVENT = 'E',
	         DEEP_LEVEL_BUY = '8',
	         DEEP_LEVEL_SELL = '5',
};

#define DEEP_TYPES (IEX_TYPES + 3u)

/* Of a price level update's flags: the book is consistent after this message. Not set: more updates
 * of the same event follow. */
#define DEEP_EVENT_COMPLETE 0x01u

enum deep_offset {
	DEEP_AT_LEVEL_SIZE = 18, /* 4 */
	DEEP_AT_LEVEL_PRICE = 22,
};

/* Per type byte: the length by specification; 0: unknown type. */
extern const uint8_t deep_lengths[256];

static inline uint32_t deep_length(uint8_t type)
{
	return deep_lengths[type];
}

/* DEEP_LEVEL_BUY, DEEP_LEVEL_SELL. */

static inline bool deep_level_event_complete(const uint8_t *m)
{
	return (m[IEX_AT_FLAGS] & DEEP_EVENT_COMPLETE) != 0;
}

/* Shares at the level from now on; 0 removes it. */
static inline uint32_t deep_level_size(const uint8_t *m)
{
	return le32(m + DEEP_AT_LEVEL_SIZE);
}

static inline int64_t deep_level_price(const uint8_t *m)
{
	return (int64_t)le64(m + DEEP_AT_LEVEL_PRICE);
}

/* As iex_describe(). */
int deep_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes);

#endif
