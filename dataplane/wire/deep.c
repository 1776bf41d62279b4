/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/deep.h"

#include "dataplane/wire/describe.h"

const uint8_t deep_lengths[256] = {
        [IEX_SYSTEM_EVENT] = IEX_SYSTEM_EVENT_BYTES,
        [IEX_DIRECTORY] = IEX_DIRECTORY_BYTES,
        [IEX_TRADING_STATUS] = IEX_TRADING_STATUS_BYTES,
        [IEX_RETAIL_LIQUIDITY] = IEX_RETAIL_LIQUIDITY_BYTES,
        [IEX_OPERATIONAL_HALT] = IEX_OPERATIONAL_HALT_BYTES,
        [IEX_SHORT_SALE] = IEX_SHORT_SALE_BYTES,
        [IEX_TRADE] = IEX_TRADE_BYTES,
        [IEX_OFFICIAL_PRICE] = IEX_OFFICIAL_PRICE_BYTES,
        [IEX_TRADE_BREAK] = IEX_TRADE_BREAK_BYTES,
        [IEX_AUCTION] = IEX_AUCTION_BYTES,
        [DEEP_SECURITY_EVENT] = 18,
        [DEEP_LEVEL_BUY] = 30,
        [DEEP_LEVEL_SELL] = 30,
};

static const struct field security_event[] = {
        {"event", IEX_AT_FLAGS, 1, FIELD_CHAR},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        FIELDS_END,
};
static const struct field level[] = {
        {"flags", IEX_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"size", DEEP_AT_LEVEL_SIZE, 4, FIELD_NUMBER},
        {"price", DEEP_AT_LEVEL_PRICE, 8, FIELD_PRICE_SIGNED},
        FIELDS_END,
};

static const struct field *const own_fields[256] = {
        [DEEP_SECURITY_EVENT] = security_event,
        [DEEP_LEVEL_BUY] = level,
        [DEEP_LEVEL_SELL] = level,
};

int deep_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes)
{
	const struct field *own = bytes > 0 ? own_fields[message[IEX_AT_TYPE]] : NULL;

	return iex_describe(message, bytes, deep_lengths, own, text, text_bytes);
}
