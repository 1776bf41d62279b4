/* SPDX-License-Identifier: BSD-3-Clause
 *
 * DEEP: the 13 message types of IEX DEEP 1.0, where their fields stand, and readers for those that
 * books and strategies live on.
 *
 * A message starts with its type and one byte of flags or status; integers are little-endian; text
 * is ASCII, left-justified, blank-padded. Prices are signed, in 1/10000. Readers check no bounds:
 * ask deep_length() first. A message may be longer than its type's length, never shorter.
 *
 * Spec: IEX DEEP Specification 1.0 (price levels, not orders). The auction message's length and the
 * order of its fields rest on the specification alone: no public capture at hand carries one.
 */
#ifndef DATAPLANE_WIRE_DEEP_H
#define DATAPLANE_WIRE_DEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

enum deep_type {
	DEEP_SYSTEM_EVENT = 'S',
	DEEP_DIRECTORY = 'D',
	DEEP_TRADING_STATUS = 'H',
	DEEP_RETAIL_LIQUIDITY = 'I',
	DEEP_OPERATIONAL_HALT = 'O',
	DEEP_SHORT_SALE = 'P',
	DEEP_SECURITY_EVENT = 'E',
	DEEP_LEVEL_BUY = '8',
	DEEP_LEVEL_SELL = '5',
	DEEP_TRADE = 'T',
	DEEP_OFFICIAL_PRICE = 'X',
	DEEP_TRADE_BREAK = 'B',
	DEEP_AUCTION = 'A',
};

#define DEEP_TYPES 13u

enum deep_event { /* of DEEP_SYSTEM_EVENT */
	          DEEP_EVENT_START_OF_MESSAGES = 'O',
	          DEEP_EVENT_START_OF_SYSTEM_HOURS = 'S',
	          DEEP_EVENT_START_OF_MARKET_HOURS = 'R',
	          DEEP_EVENT_END_OF_MARKET_HOURS = 'M',
	          DEEP_EVENT_END_OF_SYSTEM_HOURS = 'E',
	          DEEP_EVENT_END_OF_MESSAGES = 'C',
};

enum deep_trading_state { /* of DEEP_TRADING_STATUS */
	                  DEEP_STATE_HALTED = 'H',
	                  DEEP_STATE_ACCEPTING =
	                          'O', /* halt over, orders are accepted for an auction */
	                  DEEP_STATE_PAUSED = 'P',
	                  DEEP_STATE_TRADING = 'T',
};

/* Of a price level update's flags: the book is consistent after this message. Not set: more updates
 * of the same event follow. */
#define DEEP_EVENT_COMPLETE 0x01u

/* Offsets. Fields of 8 bytes unless said otherwise. */
enum deep_offset {
	DEEP_AT_TYPE = 0,  /* 1 */
	DEEP_AT_FLAGS = 1, /* 1: flags, status, event or kind, by type */
	DEEP_AT_TIMESTAMP = 2,
	DEEP_AT_SYMBOL = 10, /* all types but DEEP_SYSTEM_EVENT */

	DEEP_AT_DIRECTORY_LOT_SIZE = 18, /* 4 */
	DEEP_AT_DIRECTORY_PRICE = 22,
	DEEP_AT_DIRECTORY_LULD_TIER = 30, /* 1 */

	DEEP_AT_STATUS_REASON = 18, /* 4 */

	DEEP_AT_SHORT_SALE_DETAIL = 18, /* 1 */

	DEEP_AT_LEVEL_SIZE = 18, /* 4 */
	DEEP_AT_LEVEL_PRICE = 22,

	DEEP_AT_TRADE_SIZE = 18, /* 4; DEEP_TRADE_BREAK as well */
	DEEP_AT_TRADE_PRICE = 22,
	DEEP_AT_TRADE_ID = 30,

	DEEP_AT_OFFICIAL_PRICE = 18,

	DEEP_AT_AUCTION_PAIRED = 18, /* 4 */
	DEEP_AT_AUCTION_REFERENCE_PRICE = 22,
	DEEP_AT_AUCTION_INDICATIVE_PRICE = 30,
	DEEP_AT_AUCTION_IMBALANCE = 38, /* 4 */
	DEEP_AT_AUCTION_SIDE = 42,      /* 1 */
	DEEP_AT_AUCTION_EXTENSION = 43, /* 1 */
	DEEP_AT_AUCTION_TIME = 44,      /* 4, seconds since the epoch */
	DEEP_AT_AUCTION_BOOK_PRICE = 48,
	DEEP_AT_AUCTION_COLLAR_REFERENCE = 56,
	DEEP_AT_AUCTION_LOWER = 64,
	DEEP_AT_AUCTION_UPPER = 72,
};

/* Per type byte: the length by specification; 0: unknown type. */
extern const uint8_t deep_lengths[256];

static inline uint32_t deep_length(uint8_t type)
{
	return deep_lengths[type];
}

/* Common to all types. */

static inline uint8_t deep_type(const uint8_t *m)
{
	return m[DEEP_AT_TYPE];
}

static inline uint8_t deep_flags(const uint8_t *m)
{
	return m[DEEP_AT_FLAGS];
}

/* Nanoseconds since the Unix epoch. */
static inline uint64_t deep_timestamp_ns(const uint8_t *m)
{
	return le64(m + DEEP_AT_TIMESTAMP);
}

static inline bool deep_has_symbol(uint8_t type)
{
	return deep_lengths[type] > DEEP_AT_SYMBOL;
}

/* The symbol as its 8 raw bytes (see directory.h); only where deep_has_symbol(). */
static inline uint64_t deep_symbol(const uint8_t *m)
{
	return le64(m + DEEP_AT_SYMBOL);
}

/* DEEP_LEVEL_BUY, DEEP_LEVEL_SELL. */

static inline bool deep_level_event_complete(const uint8_t *m)
{
	return (m[DEEP_AT_FLAGS] & DEEP_EVENT_COMPLETE) != 0;
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

/* DEEP_TRADE, DEEP_TRADE_BREAK. */

static inline uint32_t deep_trade_size(const uint8_t *m)
{
	return le32(m + DEEP_AT_TRADE_SIZE);
}

static inline int64_t deep_trade_price(const uint8_t *m)
{
	return (int64_t)le64(m + DEEP_AT_TRADE_PRICE);
}

static inline uint64_t deep_trade_id(const uint8_t *m)
{
	return le64(m + DEEP_AT_TRADE_ID);
}

/* DEEP_OFFICIAL_PRICE. */

static inline int64_t deep_official_price(const uint8_t *m)
{
	return (int64_t)le64(m + DEEP_AT_OFFICIAL_PRICE);
}

/* One line of text with every field; as snprintf. See describe.h. */
int deep_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes);

#endif
