/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/itch.h"

#include "dataplane/wire/describe.h"

const uint8_t itch_lengths[256] = {
        [ITCH_SYSTEM_EVENT] = 12,
        [ITCH_STOCK_DIRECTORY] = 39,
        [ITCH_TRADING_ACTION] = 25,
        [ITCH_REG_SHO] = 20,
        [ITCH_PARTICIPANT_POSITION] = 26,
        [ITCH_MWCB_LEVELS] = 35,
        [ITCH_MWCB_STATUS] = 12,
        [ITCH_IPO_QUOTING] = 28,
        [ITCH_LULD_COLLAR] = 35,
        [ITCH_OPERATIONAL_HALT] = 21,
        [ITCH_ADD] = 36,
        [ITCH_ADD_MPID] = 40,
        [ITCH_EXECUTED] = 31,
        [ITCH_EXECUTED_PRICE] = 36,
        [ITCH_CANCEL] = 23,
        [ITCH_DELETE] = 19,
        [ITCH_REPLACE] = 35,
        [ITCH_TRADE] = 44,
        [ITCH_CROSS_TRADE] = 40,
        [ITCH_BROKEN_TRADE] = 19,
        [ITCH_IMBALANCE] = 50,
        [ITCH_RETAIL_INTEREST] = 20,
        [ITCH_DIRECT_LISTING] = 48,
};

const uint8_t itch_stock_offsets[256] = {
        [ITCH_STOCK_DIRECTORY] = ITCH_AT_DIRECTORY_STOCK,
        [ITCH_TRADING_ACTION] = ITCH_AT_ACTION_STOCK,
        [ITCH_REG_SHO] = ITCH_AT_REG_SHO_STOCK,
        [ITCH_PARTICIPANT_POSITION] = ITCH_AT_PARTICIPANT_STOCK,
        [ITCH_IPO_QUOTING] = ITCH_AT_IPO_STOCK,
        [ITCH_LULD_COLLAR] = ITCH_AT_COLLAR_STOCK,
        [ITCH_OPERATIONAL_HALT] = ITCH_AT_HALT_STOCK,
        [ITCH_ADD] = ITCH_AT_ADD_STOCK,
        [ITCH_ADD_MPID] = ITCH_AT_ADD_STOCK,
        [ITCH_TRADE] = ITCH_AT_TRADE_STOCK,
        [ITCH_CROSS_TRADE] = ITCH_AT_CROSS_STOCK,
        [ITCH_IMBALANCE] = ITCH_AT_IMBALANCE_STOCK,
        [ITCH_RETAIL_INTEREST] = ITCH_AT_RETAIL_STOCK,
        [ITCH_DIRECT_LISTING] = ITCH_AT_LISTING_STOCK,
};

static const struct field prefix[] = {
        {"locate", ITCH_AT_LOCATE, 2, FIELD_NUMBER},
        {"tracking", ITCH_AT_TRACKING, 2, FIELD_NUMBER},
        {"timestamp", ITCH_AT_TIMESTAMP, 6, FIELD_NUMBER},
        FIELDS_END,
};

static const struct field system_event[] = {
        {"event", ITCH_AT_SYSTEM_EVENT_CODE, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field stock_directory[] = {
        {"stock", ITCH_AT_DIRECTORY_STOCK, 8, FIELD_TEXT},
        {"category", ITCH_AT_DIRECTORY_CATEGORY, 1, FIELD_CHAR},
        {"financial_status", ITCH_AT_DIRECTORY_STATUS, 1, FIELD_CHAR},
        {"lot_size", ITCH_AT_DIRECTORY_LOT_SIZE, 4, FIELD_NUMBER},
        {"round_lots_only", ITCH_AT_DIRECTORY_LOTS_ONLY, 1, FIELD_CHAR},
        {"issue_class", ITCH_AT_DIRECTORY_ISSUE_CLASS, 1, FIELD_CHAR},
        {"issue_type", ITCH_AT_DIRECTORY_ISSUE_TYPE, 2, FIELD_TEXT},
        {"authenticity", ITCH_AT_DIRECTORY_AUTHENTICITY, 1, FIELD_CHAR},
        {"short_sale_threshold", ITCH_AT_DIRECTORY_THRESHOLD, 1, FIELD_CHAR},
        {"ipo", ITCH_AT_DIRECTORY_IPO, 1, FIELD_CHAR},
        {"luld_tier", ITCH_AT_DIRECTORY_LULD_TIER, 1, FIELD_CHAR},
        {"etp", ITCH_AT_DIRECTORY_ETP, 1, FIELD_CHAR},
        {"etp_leverage", ITCH_AT_DIRECTORY_ETP_LEVERAGE, 4, FIELD_NUMBER},
        {"inverse", ITCH_AT_DIRECTORY_INVERSE, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field trading_action[] = {
        {"stock", ITCH_AT_ACTION_STOCK, 8, FIELD_TEXT},
        {"state", ITCH_AT_ACTION_STATE, 1, FIELD_CHAR},
        {"reserved", ITCH_AT_ACTION_RESERVED, 1, FIELD_CHAR},
        {"reason", ITCH_AT_ACTION_REASON, 4, FIELD_TEXT},
        FIELDS_END,
};
static const struct field reg_sho[] = {
        {"stock", ITCH_AT_REG_SHO_STOCK, 8, FIELD_TEXT},
        {"action", ITCH_AT_REG_SHO_ACTION, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field participant_position[] = {
        {"mpid", ITCH_AT_PARTICIPANT_MPID, 4, FIELD_TEXT},
        {"stock", ITCH_AT_PARTICIPANT_STOCK, 8, FIELD_TEXT},
        {"primary", ITCH_AT_PARTICIPANT_PRIMARY, 1, FIELD_CHAR},
        {"mode", ITCH_AT_PARTICIPANT_MODE, 1, FIELD_CHAR},
        {"state", ITCH_AT_PARTICIPANT_STATE, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field mwcb_levels[] = {
        {"level1", ITCH_AT_MWCB_LEVEL1, 8, FIELD_PRICE8},
        {"level2", ITCH_AT_MWCB_LEVEL2, 8, FIELD_PRICE8},
        {"level3", ITCH_AT_MWCB_LEVEL3, 8, FIELD_PRICE8},
        FIELDS_END,
};
static const struct field mwcb_status[] = {
        {"breached", ITCH_AT_MWCB_BREACHED, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field ipo_quoting[] = {
        {"stock", ITCH_AT_IPO_STOCK, 8, FIELD_TEXT},
        {"release_s", ITCH_AT_IPO_RELEASE, 4, FIELD_NUMBER},
        {"qualifier", ITCH_AT_IPO_QUALIFIER, 1, FIELD_CHAR},
        {"price", ITCH_AT_IPO_PRICE, 4, FIELD_PRICE4},
        FIELDS_END,
};
static const struct field luld_collar[] = {
        {"stock", ITCH_AT_COLLAR_STOCK, 8, FIELD_TEXT},
        {"reference_price", ITCH_AT_COLLAR_REFERENCE, 4, FIELD_PRICE4},
        {"upper", ITCH_AT_COLLAR_UPPER, 4, FIELD_PRICE4},
        {"lower", ITCH_AT_COLLAR_LOWER, 4, FIELD_PRICE4},
        {"extension", ITCH_AT_COLLAR_EXTENSION, 4, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field operational_halt[] = {
        {"stock", ITCH_AT_HALT_STOCK, 8, FIELD_TEXT},
        {"market", ITCH_AT_HALT_MARKET, 1, FIELD_CHAR},
        {"action", ITCH_AT_HALT_ACTION, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field add[] = {
        {"reference", ITCH_AT_ADD_REFERENCE, 8, FIELD_NUMBER},
        {"side", ITCH_AT_ADD_SIDE, 1, FIELD_CHAR},
        {"shares", ITCH_AT_ADD_SHARES, 4, FIELD_NUMBER},
        {"stock", ITCH_AT_ADD_STOCK, 8, FIELD_TEXT},
        {"price", ITCH_AT_ADD_PRICE, 4, FIELD_PRICE4},
        FIELDS_END,
};
static const struct field add_mpid[] = {
        {"reference", ITCH_AT_ADD_REFERENCE, 8, FIELD_NUMBER},
        {"side", ITCH_AT_ADD_SIDE, 1, FIELD_CHAR},
        {"shares", ITCH_AT_ADD_SHARES, 4, FIELD_NUMBER},
        {"stock", ITCH_AT_ADD_STOCK, 8, FIELD_TEXT},
        {"price", ITCH_AT_ADD_PRICE, 4, FIELD_PRICE4},
        {"attribution", ITCH_AT_ADD_ATTRIBUTION, 4, FIELD_TEXT},
        FIELDS_END,
};
static const struct field executed[] = {
        {"reference", ITCH_AT_EXECUTED_REFERENCE, 8, FIELD_NUMBER},
        {"shares", ITCH_AT_EXECUTED_SHARES, 4, FIELD_NUMBER},
        {"match", ITCH_AT_EXECUTED_MATCH, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field executed_price[] = {
        {"reference", ITCH_AT_EXECUTED_REFERENCE, 8, FIELD_NUMBER},
        {"shares", ITCH_AT_EXECUTED_SHARES, 4, FIELD_NUMBER},
        {"match", ITCH_AT_EXECUTED_MATCH, 8, FIELD_NUMBER},
        {"printable", ITCH_AT_EXECUTED_PRINTABLE, 1, FIELD_CHAR},
        {"price", ITCH_AT_EXECUTED_PRICE, 4, FIELD_PRICE4},
        FIELDS_END,
};
static const struct field cancel[] = {
        {"reference", ITCH_AT_CANCEL_REFERENCE, 8, FIELD_NUMBER},
        {"shares", ITCH_AT_CANCEL_SHARES, 4, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field delete_order[] = {
        {"reference", ITCH_AT_DELETE_REFERENCE, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field replace[] = {
        {"reference", ITCH_AT_REPLACE_REFERENCE, 8, FIELD_NUMBER},
        {"new_reference", ITCH_AT_REPLACE_NEW_REFERENCE, 8, FIELD_NUMBER},
        {"shares", ITCH_AT_REPLACE_SHARES, 4, FIELD_NUMBER},
        {"price", ITCH_AT_REPLACE_PRICE, 4, FIELD_PRICE4},
        FIELDS_END,
};
static const struct field trade[] = {
        {"reference", ITCH_AT_TRADE_REFERENCE, 8, FIELD_NUMBER},
        {"side", ITCH_AT_TRADE_SIDE, 1, FIELD_CHAR},
        {"shares", ITCH_AT_TRADE_SHARES, 4, FIELD_NUMBER},
        {"stock", ITCH_AT_TRADE_STOCK, 8, FIELD_TEXT},
        {"price", ITCH_AT_TRADE_PRICE, 4, FIELD_PRICE4},
        {"match", ITCH_AT_TRADE_MATCH, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field cross_trade[] = {
        {"shares", ITCH_AT_CROSS_SHARES, 8, FIELD_NUMBER},
        {"stock", ITCH_AT_CROSS_STOCK, 8, FIELD_TEXT},
        {"price", ITCH_AT_CROSS_PRICE, 4, FIELD_PRICE4},
        {"match", ITCH_AT_CROSS_MATCH, 8, FIELD_NUMBER},
        {"cross", ITCH_AT_CROSS_TYPE, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field broken_trade[] = {
        {"match", ITCH_AT_BROKEN_MATCH, 8, FIELD_NUMBER},
        FIELDS_END,
};
static const struct field imbalance[] = {
        {"paired", ITCH_AT_IMBALANCE_PAIRED, 8, FIELD_NUMBER},
        {"imbalance", ITCH_AT_IMBALANCE_SHARES, 8, FIELD_NUMBER},
        {"direction", ITCH_AT_IMBALANCE_DIRECTION, 1, FIELD_CHAR},
        {"stock", ITCH_AT_IMBALANCE_STOCK, 8, FIELD_TEXT},
        {"far_price", ITCH_AT_IMBALANCE_FAR, 4, FIELD_PRICE4},
        {"near_price", ITCH_AT_IMBALANCE_NEAR, 4, FIELD_PRICE4},
        {"reference_price", ITCH_AT_IMBALANCE_REFERENCE, 4, FIELD_PRICE4},
        {"cross", ITCH_AT_IMBALANCE_CROSS, 1, FIELD_CHAR},
        {"variation", ITCH_AT_IMBALANCE_VARIATION, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field retail_interest[] = {
        {"stock", ITCH_AT_RETAIL_STOCK, 8, FIELD_TEXT},
        {"interest", ITCH_AT_RETAIL_INTEREST, 1, FIELD_CHAR},
        FIELDS_END,
};
static const struct field direct_listing[] = {
        {"stock", ITCH_AT_LISTING_STOCK, 8, FIELD_TEXT},
        {"open_eligibility", ITCH_AT_LISTING_OPEN_ELIGIBILITY, 1, FIELD_CHAR},
        {"min_price", ITCH_AT_LISTING_MIN_PRICE, 4, FIELD_PRICE4},
        {"max_price", ITCH_AT_LISTING_MAX_PRICE, 4, FIELD_PRICE4},
        {"near_price", ITCH_AT_LISTING_NEAR_PRICE, 4, FIELD_PRICE4},
        {"near_time", ITCH_AT_LISTING_NEAR_TIME, 8, FIELD_NUMBER},
        {"lower", ITCH_AT_LISTING_LOWER, 4, FIELD_PRICE4},
        {"upper", ITCH_AT_LISTING_UPPER, 4, FIELD_PRICE4},
        FIELDS_END,
};

static const struct field *const fields[256] = {
        [ITCH_SYSTEM_EVENT] = system_event,
        [ITCH_STOCK_DIRECTORY] = stock_directory,
        [ITCH_TRADING_ACTION] = trading_action,
        [ITCH_REG_SHO] = reg_sho,
        [ITCH_PARTICIPANT_POSITION] = participant_position,
        [ITCH_MWCB_LEVELS] = mwcb_levels,
        [ITCH_MWCB_STATUS] = mwcb_status,
        [ITCH_IPO_QUOTING] = ipo_quoting,
        [ITCH_LULD_COLLAR] = luld_collar,
        [ITCH_OPERATIONAL_HALT] = operational_halt,
        [ITCH_ADD] = add,
        [ITCH_ADD_MPID] = add_mpid,
        [ITCH_EXECUTED] = executed,
        [ITCH_EXECUTED_PRICE] = executed_price,
        [ITCH_CANCEL] = cancel,
        [ITCH_DELETE] = delete_order,
        [ITCH_REPLACE] = replace,
        [ITCH_TRADE] = trade,
        [ITCH_CROSS_TRADE] = cross_trade,
        [ITCH_BROKEN_TRADE] = broken_trade,
        [ITCH_IMBALANCE] = imbalance,
        [ITCH_RETAIL_INTEREST] = retail_interest,
        [ITCH_DIRECT_LISTING] = direct_listing,
};

int itch_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes)
{
	uint8_t type = bytes > 0 ? message[ITCH_AT_TYPE] : 0;
	struct describe_format f = {
	        .length = itch_length(type),
	        .big_endian = true,
	        .prefix = prefix,
	        .fields = fields[type],
	};

	return describe_message(message, bytes, &f, text, text_bytes);
}
