/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ITCH: the 23 message types of Nasdaq TotalView-ITCH 5.0, where their fields stand, and readers
 * for those that books and strategies live on.
 *
 * A message starts with its type; integers are unsigned big-endian; text is ASCII, left-justified,
 * blank-padded. Prices are in 1/10000 (the three decline levels of V in 1/100000000). Readers check
 * no bounds: ask itch_length() first. A message may be longer than its type's length (later
 * versions append fields), never shorter.
 *
 * Spec: Nasdaq TotalView-ITCH 5.0, revisions up to April 2023 ('h', 'O').
 */
#ifndef DATAPLANE_WIRE_ITCH_H
#define DATAPLANE_WIRE_ITCH_H

#include <stdint.h>

#include "dataplane/wire/bytes.h"

enum itch_type {
	ITCH_SYSTEM_EVENT = 'S',
	ITCH_STOCK_DIRECTORY = 'R',
	ITCH_TRADING_ACTION = 'H',
	ITCH_REG_SHO = 'Y',
	ITCH_PARTICIPANT_POSITION = 'L',
	ITCH_MWCB_LEVELS = 'V',
	ITCH_MWCB_STATUS = 'W',
	ITCH_IPO_QUOTING = 'K',
	ITCH_LULD_COLLAR = 'J',
	ITCH_OPERATIONAL_HALT = 'h',
	ITCH_ADD = 'A',
	ITCH_ADD_MPID = 'F',
	ITCH_EXECUTED = 'E',
	ITCH_EXECUTED_PRICE = 'C',
	ITCH_CANCEL = 'X',
	ITCH_DELETE = 'D',
	ITCH_REPLACE = 'U',
	ITCH_TRADE = 'P',
	ITCH_CROSS_TRADE = 'Q',
	ITCH_BROKEN_TRADE = 'B',
	ITCH_IMBALANCE = 'I',
	ITCH_RETAIL_INTEREST = 'N',
	ITCH_DIRECT_LISTING = 'O',
};

#define ITCH_TYPES 23u

enum itch_side {
	ITCH_BUY = 'B',
	ITCH_SELL = 'S',
};

enum itch_event { /* of ITCH_SYSTEM_EVENT */
	          ITCH_EVENT_START_OF_MESSAGES = 'O',
	          ITCH_EVENT_START_OF_SYSTEM_HOURS = 'S',
	          ITCH_EVENT_START_OF_MARKET_HOURS = 'Q',
	          ITCH_EVENT_END_OF_MARKET_HOURS = 'M',
	          ITCH_EVENT_END_OF_SYSTEM_HOURS = 'E',
	          ITCH_EVENT_END_OF_MESSAGES = 'C',
};

enum itch_trading_state { /* of ITCH_TRADING_ACTION */
	                  ITCH_STATE_HALTED = 'H',
	                  ITCH_STATE_PAUSED = 'P',
	                  ITCH_STATE_QUOTATION_ONLY = 'Q',
	                  ITCH_STATE_TRADING = 'T',
};

/* Offsets. Fields of 8 bytes unless said otherwise. */
enum itch_offset {
	ITCH_AT_TYPE = 0,      /* 1 */
	ITCH_AT_LOCATE = 1,    /* 2 */
	ITCH_AT_TRACKING = 3,  /* 2 */
	ITCH_AT_TIMESTAMP = 5, /* 6 */

	ITCH_AT_SYSTEM_EVENT_CODE = 11, /* 1 */

	ITCH_AT_DIRECTORY_STOCK = 11,
	ITCH_AT_DIRECTORY_CATEGORY = 19,     /* 1 */
	ITCH_AT_DIRECTORY_STATUS = 20,       /* 1 */
	ITCH_AT_DIRECTORY_LOT_SIZE = 21,     /* 4 */
	ITCH_AT_DIRECTORY_LOTS_ONLY = 25,    /* 1 */
	ITCH_AT_DIRECTORY_ISSUE_CLASS = 26,  /* 1 */
	ITCH_AT_DIRECTORY_ISSUE_TYPE = 27,   /* 2 */
	ITCH_AT_DIRECTORY_AUTHENTICITY = 29, /* 1 */
	ITCH_AT_DIRECTORY_THRESHOLD = 30,    /* 1 */
	ITCH_AT_DIRECTORY_IPO = 31,          /* 1 */
	ITCH_AT_DIRECTORY_LULD_TIER = 32,    /* 1 */
	ITCH_AT_DIRECTORY_ETP = 33,          /* 1 */
	ITCH_AT_DIRECTORY_ETP_LEVERAGE = 34, /* 4 */
	ITCH_AT_DIRECTORY_INVERSE = 38,      /* 1 */

	ITCH_AT_ACTION_STOCK = 11,
	ITCH_AT_ACTION_STATE = 19,    /* 1 */
	ITCH_AT_ACTION_RESERVED = 20, /* 1 */
	ITCH_AT_ACTION_REASON = 21,   /* 4 */

	ITCH_AT_REG_SHO_STOCK = 11,
	ITCH_AT_REG_SHO_ACTION = 19, /* 1 */

	ITCH_AT_PARTICIPANT_MPID = 11, /* 4 */
	ITCH_AT_PARTICIPANT_STOCK = 15,
	ITCH_AT_PARTICIPANT_PRIMARY = 23, /* 1 */
	ITCH_AT_PARTICIPANT_MODE = 24,    /* 1 */
	ITCH_AT_PARTICIPANT_STATE = 25,   /* 1 */

	ITCH_AT_MWCB_LEVEL1 = 11,
	ITCH_AT_MWCB_LEVEL2 = 19,
	ITCH_AT_MWCB_LEVEL3 = 27,
	ITCH_AT_MWCB_BREACHED = 11, /* 1, of ITCH_MWCB_STATUS */

	ITCH_AT_IPO_STOCK = 11,
	ITCH_AT_IPO_RELEASE = 19,   /* 4, seconds since midnight */
	ITCH_AT_IPO_QUALIFIER = 23, /* 1 */
	ITCH_AT_IPO_PRICE = 24,     /* 4 */

	ITCH_AT_COLLAR_STOCK = 11,
	ITCH_AT_COLLAR_REFERENCE = 19, /* 4 */
	ITCH_AT_COLLAR_UPPER = 23,     /* 4 */
	ITCH_AT_COLLAR_LOWER = 27,     /* 4 */
	ITCH_AT_COLLAR_EXTENSION = 31, /* 4 */

	ITCH_AT_HALT_STOCK = 11,
	ITCH_AT_HALT_MARKET = 19, /* 1 */
	ITCH_AT_HALT_ACTION = 20, /* 1 */

	ITCH_AT_ADD_REFERENCE = 11,
	ITCH_AT_ADD_SIDE = 19,   /* 1 */
	ITCH_AT_ADD_SHARES = 20, /* 4 */
	ITCH_AT_ADD_STOCK = 24,
	ITCH_AT_ADD_PRICE = 32,       /* 4 */
	ITCH_AT_ADD_ATTRIBUTION = 36, /* 4, of ITCH_ADD_MPID */

	ITCH_AT_EXECUTED_REFERENCE = 11,
	ITCH_AT_EXECUTED_SHARES = 19, /* 4 */
	ITCH_AT_EXECUTED_MATCH = 23,
	ITCH_AT_EXECUTED_PRINTABLE = 31, /* 1, of ITCH_EXECUTED_PRICE */
	ITCH_AT_EXECUTED_PRICE = 32,     /* 4, of ITCH_EXECUTED_PRICE */

	ITCH_AT_CANCEL_REFERENCE = 11,
	ITCH_AT_CANCEL_SHARES = 19, /* 4 */

	ITCH_AT_DELETE_REFERENCE = 11,

	ITCH_AT_REPLACE_REFERENCE = 11,
	ITCH_AT_REPLACE_NEW_REFERENCE = 19,
	ITCH_AT_REPLACE_SHARES = 27, /* 4 */
	ITCH_AT_REPLACE_PRICE = 31,  /* 4 */

	ITCH_AT_TRADE_REFERENCE = 11,
	ITCH_AT_TRADE_SIDE = 19,   /* 1 */
	ITCH_AT_TRADE_SHARES = 20, /* 4 */
	ITCH_AT_TRADE_STOCK = 24,
	ITCH_AT_TRADE_PRICE = 32, /* 4 */
	ITCH_AT_TRADE_MATCH = 36,

	ITCH_AT_CROSS_SHARES = 11,
	ITCH_AT_CROSS_STOCK = 19,
	ITCH_AT_CROSS_PRICE = 27, /* 4 */
	ITCH_AT_CROSS_MATCH = 31,
	ITCH_AT_CROSS_TYPE = 39, /* 1 */

	ITCH_AT_BROKEN_MATCH = 11,

	ITCH_AT_IMBALANCE_PAIRED = 11,
	ITCH_AT_IMBALANCE_SHARES = 19,
	ITCH_AT_IMBALANCE_DIRECTION = 27, /* 1 */
	ITCH_AT_IMBALANCE_STOCK = 28,
	ITCH_AT_IMBALANCE_FAR = 36,       /* 4 */
	ITCH_AT_IMBALANCE_NEAR = 40,      /* 4 */
	ITCH_AT_IMBALANCE_REFERENCE = 44, /* 4 */
	ITCH_AT_IMBALANCE_CROSS = 48,     /* 1 */
	ITCH_AT_IMBALANCE_VARIATION = 49, /* 1 */

	ITCH_AT_RETAIL_STOCK = 11,
	ITCH_AT_RETAIL_INTEREST = 19, /* 1 */

	ITCH_AT_LISTING_STOCK = 11,
	ITCH_AT_LISTING_OPEN_ELIGIBILITY = 19, /* 1 */
	ITCH_AT_LISTING_MIN_PRICE = 20,        /* 4 */
	ITCH_AT_LISTING_MAX_PRICE = 24,        /* 4 */
	ITCH_AT_LISTING_NEAR_PRICE = 28,       /* 4 */
	ITCH_AT_LISTING_NEAR_TIME = 32,
	ITCH_AT_LISTING_LOWER = 40, /* 4 */
	ITCH_AT_LISTING_UPPER = 44, /* 4 */
};

/* Per type byte: the length by specification and where the stock's symbol stands; 0: unknown type,
 * no symbol. */
extern const uint8_t itch_lengths[256];
extern const uint8_t itch_stock_offsets[256];

static inline uint32_t itch_length(uint8_t type)
{
	return itch_lengths[type];
}

/* Common to all types. */

static inline uint8_t itch_type(const uint8_t *m)
{
	return m[ITCH_AT_TYPE];
}

/* The stock's number of the day; 0: the message is not about one stock. */
static inline uint16_t itch_locate(const uint8_t *m)
{
	return be16(m + ITCH_AT_LOCATE);
}

static inline uint16_t itch_tracking(const uint8_t *m)
{
	return be16(m + ITCH_AT_TRACKING);
}

/* Nanoseconds since midnight, exchange time. */
static inline uint64_t itch_timestamp_ns(const uint8_t *m)
{
	return be48(m + ITCH_AT_TIMESTAMP);
}

/* The symbol of a type that carries one, as its 8 raw bytes (see directory.h). */
static inline uint64_t itch_stock(const uint8_t *m)
{
	assert(itch_stock_offsets[m[ITCH_AT_TYPE]] != 0);
	return le64(m + itch_stock_offsets[m[ITCH_AT_TYPE]]);
}

static inline uint8_t itch_system_event_code(const uint8_t *m)
{
	return m[ITCH_AT_SYSTEM_EVENT_CODE];
}

static inline uint8_t itch_action_state(const uint8_t *m)
{
	return m[ITCH_AT_ACTION_STATE];
}

/* Which of the three levels of the market-wide circuit breaker was breached: '1', '2', '3'. */
static inline uint8_t itch_mwcb_breached(const uint8_t *m)
{
	return m[ITCH_AT_MWCB_BREACHED];
}

static inline uint8_t itch_halt_action(const uint8_t *m)
{
	return m[ITCH_AT_HALT_ACTION];
}

/* ITCH_ADD, ITCH_ADD_MPID. */

static inline uint64_t itch_add_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_ADD_REFERENCE);
}

static inline uint8_t itch_add_side(const uint8_t *m)
{
	return m[ITCH_AT_ADD_SIDE];
}

static inline uint32_t itch_add_shares(const uint8_t *m)
{
	return be32(m + ITCH_AT_ADD_SHARES);
}

static inline uint64_t itch_add_stock(const uint8_t *m)
{
	return le64(m + ITCH_AT_ADD_STOCK);
}

static inline uint32_t itch_add_price(const uint8_t *m)
{
	return be32(m + ITCH_AT_ADD_PRICE);
}

/* ITCH_EXECUTED, ITCH_EXECUTED_PRICE; printable and price only of the latter. */

static inline uint64_t itch_executed_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_EXECUTED_REFERENCE);
}

static inline uint32_t itch_executed_shares(const uint8_t *m)
{
	return be32(m + ITCH_AT_EXECUTED_SHARES);
}

static inline uint64_t itch_executed_match(const uint8_t *m)
{
	return be64(m + ITCH_AT_EXECUTED_MATCH);
}

static inline uint8_t itch_executed_printable(const uint8_t *m)
{
	return m[ITCH_AT_EXECUTED_PRINTABLE];
}

static inline uint32_t itch_executed_price(const uint8_t *m)
{
	return be32(m + ITCH_AT_EXECUTED_PRICE);
}

/* ITCH_CANCEL. */

static inline uint64_t itch_cancel_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_CANCEL_REFERENCE);
}

static inline uint32_t itch_cancel_shares(const uint8_t *m)
{
	return be32(m + ITCH_AT_CANCEL_SHARES);
}

/* ITCH_DELETE. */

static inline uint64_t itch_delete_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_DELETE_REFERENCE);
}

/* ITCH_REPLACE. */

static inline uint64_t itch_replace_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_REPLACE_REFERENCE);
}

static inline uint64_t itch_replace_new_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_REPLACE_NEW_REFERENCE);
}

static inline uint32_t itch_replace_shares(const uint8_t *m)
{
	return be32(m + ITCH_AT_REPLACE_SHARES);
}

static inline uint32_t itch_replace_price(const uint8_t *m)
{
	return be32(m + ITCH_AT_REPLACE_PRICE);
}

/* ITCH_TRADE. */

static inline uint64_t itch_trade_reference(const uint8_t *m)
{
	return be64(m + ITCH_AT_TRADE_REFERENCE);
}

static inline uint8_t itch_trade_side(const uint8_t *m)
{
	return m[ITCH_AT_TRADE_SIDE];
}

static inline uint32_t itch_trade_shares(const uint8_t *m)
{
	return be32(m + ITCH_AT_TRADE_SHARES);
}

static inline uint32_t itch_trade_price(const uint8_t *m)
{
	return be32(m + ITCH_AT_TRADE_PRICE);
}

static inline uint64_t itch_trade_match(const uint8_t *m)
{
	return be64(m + ITCH_AT_TRADE_MATCH);
}

/* ITCH_CROSS_TRADE. */

static inline uint64_t itch_cross_shares(const uint8_t *m)
{
	return be64(m + ITCH_AT_CROSS_SHARES);
}

static inline uint32_t itch_cross_price(const uint8_t *m)
{
	return be32(m + ITCH_AT_CROSS_PRICE);
}

/* One line of text with every field; as snprintf. See describe.h. */
int itch_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes);

#endif
