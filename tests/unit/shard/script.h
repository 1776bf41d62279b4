/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A script of messages and events that can be written to a log in any cut: ITCH, DEEP, TOPS.
 */
#ifndef TESTS_UNIT_SHARD_SCRIPT_H
#define TESTS_UNIT_SHARD_SCRIPT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/directory.h"
#include "dataplane/log/log.h"
#include "dataplane/wire/bytes.h"

struct script_item {
	uint8_t kind; /* enum record_kind */
	uint8_t length;
	uint64_t missing;
	uint8_t bytes[64];
};

struct script {
	struct script_item *items;
	uint32_t count;
	uint32_t capacity;
};

static inline struct script_item *script_add(struct script *s, uint8_t kind)
{
	if (s->count == s->capacity) {
		s->capacity = s->capacity == 0 ? 1024 : 2 * s->capacity;
		s->items = realloc(s->items, s->capacity * sizeof(*s->items));
		if (s->items == NULL)
			abort();
	}
	struct script_item *i = &s->items[s->count++];

	*i = (struct script_item){.kind = kind};
	return i;
}

static inline void script_free(struct script *s)
{
	free(s->items);
	*s = (struct script){0};
}

static inline uint8_t *script_message(struct script *s, char type, uint8_t length)
{
	struct script_item *i = script_add(s, RECORD_DATA);

	i->length = length;
	i->bytes[0] = (uint8_t)type;
	return i->bytes;
}

static inline void script_reset(struct script *s)
{
	script_add(s, RECORD_RESET);
}

static inline void script_end(struct script *s)
{
	script_add(s, RECORD_END);
}

static inline void script_gap(struct script *s, uint64_t missing)
{
	script_add(s, RECORD_GAP)->missing = missing;
}

/* ITCH */

static inline uint8_t *itch_message(struct script *s, char type, uint8_t length, uint16_t locate)
{
	uint8_t *m = script_message(s, type, length);

	put_be16(m + 1, locate);
	return m;
}

static inline void put_symbol(uint8_t *p, const char *text)
{
	uint64_t name = text[0] == '\0' ? SYMBOL_BLANK : symbol_from_text(text);

	memcpy(p, &name, sizeof(name));
}

static inline void itch_directory(struct script *s, uint16_t locate, const char *symbol)
{
	put_symbol(itch_message(s, 'R', 39, locate) + 11, symbol);
}

struct add {
	uint16_t locate;
	const char *symbol;
	uint64_t reference;
	char side;
	uint32_t shares;
	uint32_t price;
};

static inline void itch_add(struct script *s, struct add a)
{
	uint8_t *m = itch_message(s, 'A', 36, a.locate);

	put_be64(m + 11, a.reference);
	m[19] = (uint8_t)a.side;
	put_be32(m + 20, a.shares);
	put_symbol(m + 24, a.symbol);
	put_be32(m + 32, a.price);
}

static inline void itch_execute(struct script *s, uint16_t locate, uint64_t reference,
                                uint32_t shares)
{
	uint8_t *m = itch_message(s, 'E', 31, locate);

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
}

static inline void itch_execute_at(struct script *s, uint16_t locate, uint64_t reference,
                                   uint32_t shares, uint32_t price, char printable)
{
	uint8_t *m = itch_message(s, 'C', 36, locate);

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
	m[31] = (uint8_t)printable;
	put_be32(m + 32, price);
}

static inline void itch_cancel(struct script *s, uint16_t locate, uint64_t reference,
                               uint32_t shares)
{
	uint8_t *m = itch_message(s, 'X', 23, locate);

	put_be64(m + 11, reference);
	put_be32(m + 19, shares);
}

static inline void itch_delete(struct script *s, uint16_t locate, uint64_t reference)
{
	put_be64(itch_message(s, 'D', 19, locate) + 11, reference);
}

static inline void itch_replace(struct script *s, uint16_t locate, uint64_t reference,
                                uint64_t new_reference, uint32_t shares, uint32_t price)
{
	uint8_t *m = itch_message(s, 'U', 35, locate);

	put_be64(m + 11, reference);
	put_be64(m + 19, new_reference);
	put_be32(m + 27, shares);
	put_be32(m + 31, price);
}

static inline void itch_trade(struct script *s, uint16_t locate, const char *symbol,
                              uint32_t shares, uint32_t price)
{
	uint8_t *m = itch_message(s, 'P', 44, locate);

	m[19] = 'B';
	put_be32(m + 20, shares);
	put_symbol(m + 24, symbol);
	put_be32(m + 32, price);
}

static inline void itch_cross(struct script *s, uint16_t locate, const char *symbol,
                              uint64_t shares, uint32_t price)
{
	uint8_t *m = itch_message(s, 'Q', 40, locate);

	put_be64(m + 11, shares);
	put_symbol(m + 19, symbol);
	put_be32(m + 27, price);
	m[39] = 'O';
}

static inline void itch_action(struct script *s, uint16_t locate, const char *symbol, char state)
{
	uint8_t *m = itch_message(s, 'H', 25, locate);

	put_symbol(m + 11, symbol);
	m[19] = (uint8_t)state;
	memcpy(m + 21, "NONE", 4);
}

static inline void itch_system(struct script *s, char code)
{
	itch_message(s, 'S', 12, 0)[11] = (uint8_t)code;
}

/* DEEP */

static inline void deep_level(struct script *s, const char *symbol, char side, uint32_t size,
                              int64_t price, bool complete)
{
	uint8_t *m = script_message(s, side == 'B' ? '8' : '5', 30);

	m[1] = complete;
	put_symbol(m + 10, symbol);
	put_le32(m + 18, size);
	put_le64(m + 22, (uint64_t)price);
}

static inline void deep_trade(struct script *s, char type, const char *symbol, uint32_t size,
                              int64_t price)
{
	uint8_t *m = script_message(s, type, 38);

	put_symbol(m + 10, symbol);
	put_le32(m + 18, size);
	put_le64(m + 22, (uint64_t)price);
	put_le64(m + 30, 77);
}

static inline void deep_status(struct script *s, char type, const char *symbol, char word)
{
	uint8_t length = type == 'H' ? 22 : type == 'P' ? 19 : 18;
	uint8_t *m = script_message(s, type, length);

	m[1] = (uint8_t)word;
	put_symbol(m + 10, symbol);
	if (type == 'H')
		memcpy(m + 18, "MCB3", 4);
}

/* TOPS; its other messages are DEEP's */

static inline void tops_quote(struct script *s, const char *symbol, uint32_t bid_size, int64_t bid,
                              int64_t ask, uint32_t ask_size)
{
	uint8_t *m = script_message(s, 'Q', 42);

	put_symbol(m + 10, symbol);
	put_le32(m + 18, bid_size);
	put_le64(m + 22, (uint64_t)bid);
	put_le64(m + 30, (uint64_t)ask);
	put_le32(m + 38, ask_size);
}

#endif
