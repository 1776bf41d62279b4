/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/tops.h"

#include "dataplane/wire/describe.h"

const uint8_t tops_lengths[256] = {
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
        [TOPS_QUOTE] = 42,
};

static const struct field quote[] = {
        {"flags", IEX_AT_FLAGS, 1, FIELD_FLAGS},
        {"symbol", IEX_AT_SYMBOL, 8, FIELD_TEXT},
        {"bid_size", TOPS_AT_QUOTE_BID_SIZE, 4, FIELD_NUMBER},
        {"bid_price", TOPS_AT_QUOTE_BID_PRICE, 8, FIELD_PRICE_SIGNED},
        {"ask_price", TOPS_AT_QUOTE_ASK_PRICE, 8, FIELD_PRICE_SIGNED},
        {"ask_size", TOPS_AT_QUOTE_ASK_SIZE, 4, FIELD_NUMBER},
        FIELDS_END,
};

int tops_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes)
{
	const struct field *own = bytes > 0 && message[IEX_AT_TYPE] == TOPS_QUOTE ? quote : NULL;

	return iex_describe(message, bytes, tops_lengths, own, text, text_bytes);
}
