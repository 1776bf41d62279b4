/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/deep.h"

#include "dataplane/wire/describe.h"

const uint8_t deep_lengths[256] = {
        [DEEP_SYSTEM_EVENT] = 10,     [DEEP_DIRECTORY] = 31,
        [DEEP_TRADING_STATUS] = 22,   [DEEP_RETAIL_LIQUIDITY] = 18,
        [DEEP_OPERATIONAL_HALT] = 18, [DEEP_SHORT_SALE] = 19,
        [DEEP_SECURITY_EVENT] = 18,   [DEEP_LEVEL_BUY] = 30,
        [DEEP_LEVEL_SELL] = 30,       [DEEP_TRADE] = 38,
        [DEEP_OFFICIAL_PRICE] = 26,   [DEEP_TRADE_BREAK] = 38,
        [DEEP_AUCTION] = 80,
};

static const struct field prefix[] = {
        {"timestamp", DEEP_AT_TIMESTAMP, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field system_event[] = {
        {"event", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field directory[] = {
        {"flags", DEEP_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"lot_size", DEEP_AT_DIRECTORY_LOT_SIZE, 4, FIELD_NUMBER},
        {"adjusted_close", DEEP_AT_DIRECTORY_PRICE, 8, FIELD_PRICE_SIGNED},
        {"luld_tier", DEEP_AT_DIRECTORY_LULD_TIER, 1, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field trading_status[] = {
        {"state", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"reason", DEEP_AT_STATUS_REASON, 4, FIELD_TEXT},
        FIELDS_END,
};
static const struct field retail_liquidity[] = {
        {"indicator", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        FIELDS_END,
};
static const struct field operational_halt[] = {
        {"state", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        FIELDS_END,
};
static const struct field short_sale[] = {
        {"restricted", DEEP_AT_FLAGS, 1, FIELD_NUMBER},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"detail", DEEP_AT_SHORT_SALE_DETAIL, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field security_event[] = {
        {"event", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        FIELDS_END,
};
static const struct field level[] = {
        {"flags", DEEP_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"size", DEEP_AT_LEVEL_SIZE, 4, FIELD_NUMBER},
        {"price", DEEP_AT_LEVEL_PRICE, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};
static const struct field trade[] = {
        {"flags", DEEP_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"size", DEEP_AT_TRADE_SIZE, 4, FIELD_NUMBER},
        {"price", DEEP_AT_TRADE_PRICE, 8, FIELD_PRICE_SIGNED},
        {"id", DEEP_AT_TRADE_ID, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field official_price[] = {
        {"kind", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"price", DEEP_AT_OFFICIAL_PRICE, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};
static const struct field auction[] = {
        {"kind", DEEP_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", DEEP_AT_SYMBOL, 8, FIELD_TEXT},
        {"paired", DEEP_AT_AUCTION_PAIRED, 4, FIELD_NUMBER},
        {"reference_price", DEEP_AT_AUCTION_REFERENCE_PRICE, 8, FIELD_PRICE_SIGNED},
        {"indicative_price", DEEP_AT_AUCTION_INDICATIVE_PRICE, 8, FIELD_PRICE_SIGNED},
        {"imbalance", DEEP_AT_AUCTION_IMBALANCE, 4, FIELD_NUMBER},
        {"side", DEEP_AT_AUCTION_SIDE, 1, FIELD_CHAR},
        {"extension", DEEP_AT_AUCTION_EXTENSION, 1, FIELD_NUMBER},
        {"time_s", DEEP_AT_AUCTION_TIME, 4, FIELD_NUMBER},
        {"book_price", DEEP_AT_AUCTION_BOOK_PRICE, 8, FIELD_PRICE_SIGNED},
        {"collar_reference", DEEP_AT_AUCTION_COLLAR_REFERENCE, 8, FIELD_PRICE_SIGNED},
        {"lower", DEEP_AT_AUCTION_LOWER, 8, FIELD_PRICE_SIGNED},
        {"upper", DEEP_AT_AUCTION_UPPER, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};

static const struct field *const fields[256] = {
        [DEEP_SYSTEM_EVENT] = system_event,
        [DEEP_DIRECTORY] = directory,
        [DEEP_TRADING_STATUS] = trading_status,
        [DEEP_RETAIL_LIQUIDITY] = retail_liquidity,
        [DEEP_OPERATIONAL_HALT] = operational_halt,
        [DEEP_SHORT_SALE] = short_sale,
        [DEEP_SECURITY_EVENT] = security_event,
        [DEEP_LEVEL_BUY] = level,
        [DEEP_LEVEL_SELL] = level,
        [DEEP_TRADE] = trade,
        [DEEP_OFFICIAL_PRICE] = official_price,
        [DEEP_TRADE_BREAK] = trade,
        [DEEP_AUCTION] = auction,
};

int deep_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes)
{
	uint8_t type = bytes > 0 ? message[DEEP_AT_TYPE] : 0;
	struct describe_format f = {
	        .length = deep_length(type),
	        .big_endian = false,
	        .prefix = prefix,
	        .fields = fields[type],
	};

	return describe_message(message, bytes, &f, text, text_bytes);
}
