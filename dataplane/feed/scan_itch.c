/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "dataplane/feed/directory.h"
#include "dataplane/feed/scan.h"
#include "dataplane/wire/itch.h"

/* What the walk needs to know of a type, in one load. */
struct type_entry {
	uint16_t stock_mask;  /* 0xffff for types that carry a stock, else 0 */
	uint8_t length;       /* 0: unknown */
	uint8_t stock_offset; /* 0: none (the type byte and what follows is read, and not used) */
	uint32_t rare;        /* 1: feed-wide, or the directory message: off the fast path */
};

#define STOCK(type_length, offset)                                                      \
	{                                                                               \
		.stock_mask = 0xffff, .length = (type_length), .stock_offset = (offset) \
	}
#define BY_LOCATE(type_length)          \
	{                               \
		.length = (type_length) \
	}
#define FEED_WIDE(type_length)                     \
	{                                          \
		.length = (type_length), .rare = 1 \
	}

/* Lengths and offsets once more, because the walk wants them side by side; a unit test holds them
 * against itch.h. */
static const struct type_entry types[256] = {
        [ITCH_SYSTEM_EVENT] = FEED_WIDE(12),
        [ITCH_MWCB_LEVELS] = FEED_WIDE(35),
        [ITCH_MWCB_STATUS] = FEED_WIDE(12),
        [ITCH_STOCK_DIRECTORY] = {.stock_mask = 0xffff,
                                  .length = 39,
                                  .stock_offset = ITCH_AT_DIRECTORY_STOCK,
                                  .rare = 1},
        [ITCH_TRADING_ACTION] = STOCK(25, ITCH_AT_ACTION_STOCK),
        [ITCH_REG_SHO] = STOCK(20, ITCH_AT_REG_SHO_STOCK),
        [ITCH_PARTICIPANT_POSITION] = STOCK(26, ITCH_AT_PARTICIPANT_STOCK),
        [ITCH_IPO_QUOTING] = STOCK(28, ITCH_AT_IPO_STOCK),
        [ITCH_LULD_COLLAR] = STOCK(35, ITCH_AT_COLLAR_STOCK),
        [ITCH_OPERATIONAL_HALT] = STOCK(21, ITCH_AT_HALT_STOCK),
        [ITCH_ADD] = STOCK(36, ITCH_AT_ADD_STOCK),
        [ITCH_ADD_MPID] = STOCK(40, ITCH_AT_ADD_STOCK),
        [ITCH_TRADE] = STOCK(44, ITCH_AT_TRADE_STOCK),
        [ITCH_CROSS_TRADE] = STOCK(40, ITCH_AT_CROSS_STOCK),
        [ITCH_IMBALANCE] = STOCK(50, ITCH_AT_IMBALANCE_STOCK),
        [ITCH_RETAIL_INTEREST] = STOCK(20, ITCH_AT_RETAIL_STOCK),
        [ITCH_DIRECT_LISTING] = STOCK(48, ITCH_AT_LISTING_STOCK),
        [ITCH_EXECUTED] = BY_LOCATE(31),
        [ITCH_EXECUTED_PRICE] = BY_LOCATE(36),
        [ITCH_CANCEL] = BY_LOCATE(23),
        [ITCH_DELETE] = BY_LOCATE(19),
        [ITCH_REPLACE] = BY_LOCATE(35),
        [ITCH_BROKEN_TRADE] = BY_LOCATE(19),
};

static_assert(sizeof(struct type_entry) == 8, "one load");

/* Off the fast path: feed-wide, directory, locate 0, a stock not seen with this locate before, or
 * one not listed. Returns the message's interest. */
static __attribute__((noinline)) uint64_t scan_rare(struct message_scan *s, const uint8_t *m,
                                                    const struct type_entry *t)
{
	uint32_t locate = itch_locate(m);
	uint64_t bit = 1ull << (locate & 63);

	if (t->stock_mask == 0)
		return t->rare != 0 || locate == 0 ? INTEREST_ALL : bit;
	uint64_t stock = le64(m + t->stock_offset);

	if (stock != s->locate_symbol[locate]) {
		directory_learn(s->directory, stock, NULL);
		/* Release: pairs with the acquire in message_scan_locate(). */
		__atomic_store_n(&s->locate_symbol[locate], stock, __ATOMIC_RELEASE);
	}
	if (itch_type(m) == ITCH_STOCK_DIRECTORY) {
		s->locate_listed[locate >> 6] |= bit;
		return INTEREST_ALL;
	}
	bool listed = (s->locate_listed[locate >> 6] & bit) != 0;

	return listed && locate != 0 ? bit : INTEREST_ALL;
}

/* The hot loop. Its one unpredictable question, "does this type carry a stock?", is answered with
 * masks instead of a branch: types without one look at entry 0 of the tables and ignore what they
 * see there. */
uint64_t scan_itch(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count)
{
	const uint8_t *p = blocks;
	const uint8_t *end = blocks + bytes;
	uint64_t interest = 0;

	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *m = p + 2;
		uint32_t length = be16(p);

		p = m + length;
		assert(p <= end);
		if (length == 0) {
			s->counts.empty++;
			continue;
		}
		const struct type_entry *t = &types[m[ITCH_AT_TYPE]];

		if (t->length == 0 || length < t->length) {
			s->counts.unknown++;
			continue;
		}
		s->counts.by_type[m[ITCH_AT_TYPE]]++;
		uint32_t locate = itch_locate(m);
		uint32_t index = locate & t->stock_mask;
		uint64_t bit = 1ull << (locate & 63);
		uint64_t changed = le64(m + t->stock_offset) ^ s->locate_symbol[index];
		uint64_t unlisted = ~s->locate_listed[index >> 6] & bit;

		if ((((changed | unlisted) != 0) & t->stock_mask) | t->rare | (locate == 0))
			interest |= scan_rare(s, m, t);
		else
			interest |= bit;
	}
	s->counts.messages += count;
	return interest;
}

struct message_subject scan_itch_subject(const uint8_t *message, uint32_t bytes)
{
	const struct type_entry *t = bytes == 0 ? NULL : &types[message[ITCH_AT_TYPE]];

	if (t == NULL || t->length == 0 || bytes < t->length)
		return (struct message_subject){0};
	/* Feed-wide messages carry locate 0. */
	return (struct message_subject){
	        .name = t->stock_mask == 0 ? 0 : le64(message + t->stock_offset),
	        .locate = itch_locate(message),
	};
}
