/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/iex.h"

#include "dataplane/wire/describe.h"

static const struct field prefix[] = {
        {"timestamp", IEX_AT_TIMESTAMP, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field system_event[] = {
        {"event", IEX_AT_FLAGS, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field directory[] = {
        {"flags", IEX_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"lot_size", IEX_AT_DIRECTORY_LOT_SIZE, 4, FIELD_NUMBER},
        {"adjusted_close", IEX_AT_DIRECTORY_PRICE, 8, FIELD_PRICE_SIGNED},
        {"luld_tier", IEX_AT_DIRECTORY_LULD_TIER, 1, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field trading_status[] = {
        {"state", IEX_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"reason", IEX_AT_STATUS_REASON, 4, FIELD_TEXT},
        FIELDS_END,
};
static const struct field retail_liquidity[] = {
        {"indicator", IEX_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        FIELDS_END,
};
static const struct field operational_halt[] = {
        {"state", IEX_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        FIELDS_END,
};
static const struct field short_sale[] = {
        {"restricted", IEX_AT_FLAGS, 1, FIELD_NUMBER},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"detail", IEX_AT_SHORT_SALE_DETAIL, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field trade[] = {
        {"flags", IEX_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"size", IEX_AT_TRADE_SIZE, 4, FIELD_NUMBER},
        {"price", IEX_AT_TRADE_PRICE, 8, FIELD_PRICE_SIGNED},
        {"id", IEX_AT_TRADE_ID, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field official_price[] = {
        {"kind", IEX_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"price", IEX_AT_OFFICIAL_PRICE, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};
static const struct field auction[] = {
        {"kind", IEX_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"paired", IEX_AT_AUCTION_PAIRED, 4, FIELD_NUMBER},
        {"reference_price", IEX_AT_AUCTION_REFERENCE_PRICE, 8, FIELD_PRICE_SIGNED},
        {"indicative_price", IEX_AT_AUCTION_INDICATIVE_PRICE, 8, FIELD_PRICE_SIGNED},
        {"imbalance", IEX_AT_AUCTION_IMBALANCE, 4, FIELD_NUMBER},
        {"side", IEX_AT_AUCTION_SIDE, 1, FIELD_CHAR},
        {"extension", IEX_AT_AUCTION_EXTENSION, 1, FIELD_NUMBER},
        {"time_s", IEX_AT_AUCTION_TIME, 4, FIELD_NUMBER},
        {"book_price", IEX_AT_AUCTION_BOOK_PRICE, 8, FIELD_PRICE_SIGNED},
        {"collar_reference", IEX_AT_AUCTION_COLLAR_REFERENCE, 8, FIELD_PRICE_SIGNED},
        {"lower", IEX_AT_AUCTION_LOWER, 8, FIELD_PRICE_SIGNED},
        {"upper", IEX_AT_AUCTION_UPPER, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};

static const struct field *const fields[256] = {
        [IEX_SYSTEM_EVENT] = system_event,
        [IEX_DIRECTORY] = directory,
        [IEX_TRADING_STATUS] = trading_status,
        [IEX_RETAIL_LIQUIDITY] = retail_liquidity,
        [IEX_OPERATIONAL_HALT] = operational_halt,
        [IEX_SHORT_SALE] = short_sale,
        [IEX_TRADE] = trade,
        [IEX_OFFICIAL_PRICE] = official_price,
        [IEX_TRADE_BREAK] = trade,
        [IEX_AUCTION] = auction,
};

int iex_describe(const uint8_t *message, uint32_t bytes, const uint8_t lengths[256],
                 const struct field *own, char *text, uint32_t text_bytes)
{
	uint8_t type = bytes > 0 ? message[IEX_AT_TYPE] : 0;
	struct describe_format f = {
	        .length = lengths[type],
	        .big_endian = false,
	        .prefix = prefix,
	        .fields = own != NULL ? own : fields[type],
	};

	return describe_message(message, bytes, &f, text, text_bytes);
}
