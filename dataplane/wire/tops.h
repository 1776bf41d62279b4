/* SPDX-License-Identifier: BSD-3-Clause
 *
 * TOPS: the 11 message types of IEX TOPS 1.6: those of iex.h, and the quote.
 *
 * A quote says the whole displayed top of one symbol, both sides at once: what it does not show is
 * not there. IEX writes a side without orders as size 0 and price 0.
 *
 * Spec: IEX TOPS Specification 1.6 (best bid and offer, last sale). Security events ('E') are
 * DEEP's; a feed that sends them here counts them as unknown.
 */
#ifndef DATAPLANE_WIRE_TOPS_H
#define DATAPLANE_WIRE_TOPS_H

#include "dataplane/wire/iex.h"

enum tops_type { /* besides enum iex_type */
	         TOPS_QUOTE = 'Q',
};

#define TOPS_TYPES (IEX_TYPES + 1u)

/* Of a quote's flags. They say nothing that the trading status does not: no book heeds them. */
#define TOPS_QUOTE_HALTED       0x80u /* halted, paused or otherwise not available for trading */
#define TOPS_QUOTE_OUT_OF_HOURS 0x40u /* pre- or post-market session */

enum tops_offset {
	TOPS_AT_QUOTE_BID_SIZE = 18, /* 4 */
	TOPS_AT_QUOTE_BID_PRICE = 22,
	TOPS_AT_QUOTE_ASK_PRICE = 30,
	TOPS_AT_QUOTE_ASK_SIZE = 38, /* 4 */
};

/* Per type byte: the length by specification; 0: unknown type. */
extern const uint8_t tops_lengths[256];

static inline uint32_t tops_length(uint8_t type)
{
	return tops_lengths[type];
}

/* TOPS_QUOTE. Shares at the best price of a side; 0: nobody quotes there, whatever the price. */

static inline uint32_t tops_quote_bid_size(const uint8_t *m)
{
	return le32(m + TOPS_AT_QUOTE_BID_SIZE);
}

static inline int64_t tops_quote_bid_price(const uint8_t *m)
{
	return (int64_t)le64(m + TOPS_AT_QUOTE_BID_PRICE);
}

static inline int64_t tops_quote_ask_price(const uint8_t *m)
{
	return (int64_t)le64(m + TOPS_AT_QUOTE_ASK_PRICE);
}

static inline uint32_t tops_quote_ask_size(const uint8_t *m)
{
	return le32(m + TOPS_AT_QUOTE_ASK_SIZE);
}

/* As iex_describe(). */
int tops_describe(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes);

#endif
