/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IEX: the ten message types that stand in DEEP 1.0 and TOPS 1.6 byte for byte alike, where their
 * fields stand, and readers for those that books and strategies live on. What only one of the two
 * says is in deep.h and tops.h.
 *
 * A message starts with its type and one byte of flags or status; integers are little-endian; text
 * is ASCII, left-justified, blank-padded. Prices are signed, in 1/10000. Readers check no bounds:
 * ask the protocol for the type's length first. A message may be longer, never shorter.
 *
 * Spec: IEX DEEP Specification 1.0, IEX TOPS Specification 1.6. The auction message's length and
 * the order of its fields rest on the specifications alone: no public capture at hand carries one.
 */
#ifndef DATAPLANE_WIRE_IEX_H
#define DATAPLANE_WIRE_IEX_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

struct field;

enum iex_type {
	IEX_SYSTEM_EVENT = 'S',
	IEX_DIRECTORY = 'D',
	IEX_TRADING_STATUS = 'H',
	IEX_RETAIL_LIQUIDITY = 'I',
	IEX_OPERATIONAL_HALT = 'O',
	IEX_SHORT_SALE = 'P',
	IEX_TRADE = 'T',
	IEX_OFFICIAL_PRICE = 'X',
	IEX_TRADE_BREAK = 'B',
	IEX_AUCTION = 'A',
};

#define IEX_TYPES 10u

/* Their lengths, for the protocols' tables. */
enum iex_bytes {
	IEX_SYSTEM_EVENT_BYTES = 10,
	IEX_DIRECTORY_BYTES = 31,
	IEX_TRADING_STATUS_BYTES = 22,
	IEX_RETAIL_LIQUIDITY_BYTES = 18,
	IEX_OPERATIONAL_HALT_BYTES = 18,
	IEX_SHORT_SALE_BYTES = 19,
	IEX_TRADE_BYTES = 38,
	IEX_OFFICIAL_PRICE_BYTES = 26,
	IEX_TRADE_BREAK_BYTES = 38,
	IEX_AUCTION_BYTES = 80,
};

enum iex_event { /* of IEX_SYSTEM_EVENT */
	         IEX_EVENT_START_OF_MESSAGES = 'O',
	         IEX_EVENT_START_OF_SYSTEM_HOURS = 'S',
	         IEX_EVENT_START_OF_MARKET_HOURS = 'R',
	         IEX_EVENT_END_OF_MARKET_HOURS = 'M',
	         IEX_EVENT_END_OF_SYSTEM_HOURS = 'E',
	         IEX_EVENT_END_OF_MESSAGES = 'C',
};

enum iex_trading_state { /* of IEX_TRADING_STATUS */
	                 IEX_STATE_HALTED = 'H',
	                 IEX_STATE_ACCEPTING =
	                         'O', /* halt over, orders are accepted for an auction */
	                 IEX_STATE_PAUSED = 'P',
	                 IEX_STATE_TRADING = 'T',
};

/* Sale condition flag of a trade: part of a single-price cross (an auction). */
#define IEX_SALE_CROSS 0x08u

/* Offsets. Fields of 8 bytes unless said otherwise. */
enum iex_offset {
	IEX_AT_TYPE = 0,  /* 1 */
	IEX_AT_FLAGS = 1, /* 1: flags, status, event or kind, by type */
	IEX_AT_TIMESTAMP = 2,
	IEX_AT_SYMBOL = 10, /* all types but IEX_SYSTEM_EVENT */

	IEX_AT_DIRECTORY_LOT_SIZE = 18, /* 4 */
	IEX_AT_DIRECTORY_PRICE = 22,
	IEX_AT_DIRECTORY_LULD_TIER = 30, /* 1 */

	IEX_AT_STATUS_REASON = 18, /* 4 */

	IEX_AT_SHORT_SALE_DETAIL = 18, /* 1 */

	IEX_AT_TRADE_SIZE = 18, /* 4; IEX_TRADE_BREAK as well */
	IEX_AT_TRADE_PRICE = 22,
	IEX_AT_TRADE_ID = 30,

	IEX_AT_OFFICIAL_PRICE = 18,

	IEX_AT_AUCTION_PAIRED = 18, /* 4 */
	IEX_AT_AUCTION_REFERENCE_PRICE = 22,
	IEX_AT_AUCTION_INDICATIVE_PRICE = 30,
	IEX_AT_AUCTION_IMBALANCE = 38, /* 4 */
	IEX_AT_AUCTION_SIDE = 42,      /* 1 */
	IEX_AT_AUCTION_EXTENSION = 43, /* 1 */
	IEX_AT_AUCTION_TIME = 44,      /* 4, seconds since the epoch */
	IEX_AT_AUCTION_BOOK_PRICE = 48,
	IEX_AT_AUCTION_COLLAR_REFERENCE = 56,
	IEX_AT_AUCTION_LOWER = 64,
	IEX_AT_AUCTION_UPPER = 72,
};

/* Common to all types. */

static inline uint8_t iex_type(const uint8_t *m)
{
	return m[IEX_AT_TYPE];
}

static inline uint8_t iex_flags(const uint8_t *m)
{
	return m[IEX_AT_FLAGS];
}

/* Nanoseconds since the Unix epoch. */
static inline uint64_t iex_timestamp_ns(const uint8_t *m)
{
	return le64(m + IEX_AT_TIMESTAMP);
}

/* Of a type that the protocol knows. */
static inline bool iex_has_symbol(uint8_t type)
{
	return type != IEX_SYSTEM_EVENT;
}

/* The symbol as its 8 raw bytes (see directory.h); only where iex_has_symbol(). */
static inline uint64_t iex_symbol(const uint8_t *m)
{
	return le64(m + IEX_AT_SYMBOL);
}

/* IEX_TRADE, IEX_TRADE_BREAK. */

static inline uint32_t iex_trade_size(const uint8_t *m)
{
	return le32(m + IEX_AT_TRADE_SIZE);
}

static inline int64_t iex_trade_price(const uint8_t *m)
{
	return (int64_t)le64(m + IEX_AT_TRADE_PRICE);
}

static inline uint64_t iex_trade_id(const uint8_t *m)
{
	return le64(m + IEX_AT_TRADE_ID);
}

/* IEX_OFFICIAL_PRICE. */

static inline int64_t iex_official_price(const uint8_t *m)
{
	return (int64_t)le64(m + IEX_AT_OFFICIAL_PRICE);
}

/* One line of text with every field; as snprintf. See describe.h. lengths: per type byte, of the
 * protocol; own: the fields of a type that is the protocol's alone, else NULL. */
int iex_describe(const uint8_t *message, uint32_t bytes, const uint8_t lengths[256],
                 const struct field *own, char *text, uint32_t text_bytes);

#endif
