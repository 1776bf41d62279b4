/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_levels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_referee.h"
#include "perf/day_symbols.h"

#define SLOTS_MIN 1024u

struct slot {
	struct day_deep_level level; /* stays when its size goes to 0 */
	uint64_t used;
};

struct day_levels {
	enum day_levels_feed feed;
	struct day_levels_counts counts;
	struct day_symbols symbols;
	struct slot *slots; /* open addressing by symbol, side and, but for TOPS, price; at
	                       most half full */
	uint64_t slot_count;
	uint64_t used;
};

uint32_t day_levels_message_bytes(enum day_levels_feed feed, uint8_t type)
{
	static const uint8_t deep[256] = {
	        ['S'] = 10, ['D'] = 31, ['H'] = 22, ['I'] = 18, ['O'] = 18, ['P'] = 19, ['E'] = 18,
	        ['8'] = 30, ['5'] = 30, ['T'] = 38, ['X'] = 26, ['B'] = 38, ['A'] = 80,
	};
	static const uint8_t tops[256] = {
	        ['S'] = 10, ['D'] = 31, ['H'] = 22, ['I'] = 18, ['O'] = 18, ['P'] = 19,
	        ['Q'] = 42, ['T'] = 38, ['X'] = 26, ['B'] = 38, ['A'] = 80,
	};

	return feed == DAY_LEVELS_DEEP ? deep[type] : tops[type];
}

int day_levels_create(struct day_levels **out, enum day_levels_feed feed)
{
	struct day_levels *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return -ENOMEM;
	l->feed = feed;
	l->slot_count = SLOTS_MIN;
	l->slots = calloc(l->slot_count, sizeof(*l->slots));
	if (l->slots == NULL) {
		free(l);
		return -ENOMEM;
	}
	*out = l;
	return 0;
}

void day_levels_destroy(struct day_levels *l)
{
	if (l == NULL)
		return;
	day_symbols_finish(&l->symbols);
	free(l->slots);
	free(l);
}

static struct slot *slot_of(const struct day_levels *l, const struct day_deep_level *v)
{
	bool by_price = l->feed == DAY_LEVELS_DEEP;
	uint64_t price = by_price ? (uint64_t)v->price : 0;
	uint64_t key = le64((const uint8_t *)v->symbol) * 31 + price * 2 + v->side;
	uint64_t i = day_symbols_mix(key) & (l->slot_count - 1);

	for (; l->slots[i].used != 0; i = (i + 1) & (l->slot_count - 1)) {
		const struct day_deep_level *at = &l->slots[i].level;

		if ((!by_price || at->price == v->price) && at->side == v->side &&
		    memcmp(at->symbol, v->symbol, 8) == 0)
			break;
	}
	return &l->slots[i];
}

/* Doubles the table; empty levels are left behind. */
static int grow(struct day_levels *l)
{
	struct slot *old = l->slots;
	uint64_t old_count = l->slot_count;

	l->slots = calloc(old_count * 2, sizeof(*old));
	if (l->slots == NULL) {
		l->slots = old;
		return -ENOMEM;
	}
	l->slot_count = old_count * 2;
	l->used = 0;
	for (uint64_t i = 0; i < old_count; i++) {
		if (old[i].used == 0 || old[i].level.size == 0)
			continue;
		*slot_of(l, &old[i].level) = old[i];
		l->used++;
	}
	free(old);
	return 0;
}

static int set_level(struct day_levels *l, const struct day_deep_level *v)
{
	if ((l->used + 1) * 2 > l->slot_count && grow(l) != 0)
		return -ENOMEM;
	struct slot *s = slot_of(l, v);

	l->used += s->used == 0;
	s->used = 1;
	s->level = *v;
	return 0;
}

static int update(struct day_levels *l, const uint8_t *m)
{
	struct day_deep_level v = {.price = (int64_t)le64(m + 22),
	                           .size = le32(m + 18),
	                           .side = m[0] == '8' ? DAY_BUY : DAY_SELL};

	memcpy(v.symbol, m + 10, 8);
	return set_level(l, &v);
}

/* Both sides of the symbol, whatever they were. */
static int quote(struct day_levels *l, const uint8_t *m)
{
	struct day_deep_level bid = {
	        .price = (int64_t)le64(m + 22), .size = le32(m + 18), .side = DAY_BUY};
	struct day_deep_level ask = {
	        .price = (int64_t)le64(m + 30), .size = le32(m + 38), .side = DAY_SELL};

	memcpy(bid.symbol, m + 10, 8);
	memcpy(ask.symbol, m + 10, 8);
	int error = set_level(l, &bid);

	return error != 0 ? error : set_level(l, &ask);
}

int day_levels_apply(struct day_levels *l, const uint8_t *message, uint32_t bytes)
{
	l->counts.messages++;
	if (bytes == 0) {
		l->counts.empty++;
		return 0;
	}
	uint8_t type = message[0];

	uint32_t known_bytes = day_levels_message_bytes(l->feed, type);

	if (known_bytes == 0 || bytes < known_bytes) {
		l->counts.unknown++;
		return 0;
	}
	l->counts.by_type[type]++;
	if (type != 'S' && day_symbols_add(&l->symbols, message + 10) != 0)
		return -ENOMEM;
	l->counts.symbols = l->symbols.count;
	if (l->feed == DAY_LEVELS_TOPS)
		return type == 'Q' ? quote(l, message) : 0;
	return type == '8' || type == '5' ? update(l, message) : 0;
}

void day_levels_reset(struct day_levels *l)
{
	memset(l->slots, 0, l->slot_count * sizeof(*l->slots));
	l->used = 0;
}

const struct day_levels_counts *day_levels_counts(const struct day_levels *l)
{
	return &l->counts;
}

static int by_level(const void *a, const void *b)
{
	const struct day_deep_level *x = a;
	const struct day_deep_level *y = b;
	int c = memcmp(x->symbol, y->symbol, 8);

	if (c != 0)
		return c;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	c = (x->price > y->price) - (x->price < y->price);
	return x->side == DAY_BUY ? -c : c;
}

int day_levels_list(const struct day_levels *l, struct day_deep_level **levels, uint64_t *count)
{
	struct day_deep_level *all = calloc(l->used + 1, sizeof(*all));
	uint64_t n = 0;

	if (all == NULL)
		return -ENOMEM;
	for (uint64_t i = 0; i < l->slot_count; i++)
		if (l->slots[i].used != 0 && l->slots[i].level.size != 0)
			all[n++] = l->slots[i].level;
	qsort(all, n, sizeof(*all), by_level);
	*levels = all;
	*count = n;
	return 0;
}

int day_levels_write_csv(const struct day_levels *l, FILE *out)
{
	struct day_deep_level *levels;
	uint64_t count;
	int error = day_levels_list(l, &levels, &count);

	if (error != 0)
		return error;
	fprintf(out, "symbol,side,price,quantity,orders\n");
	for (uint64_t i = 0; i < count; i++) {
		const struct day_deep_level *v = &levels[i];
		uint64_t price = v->price < 0 ? -(uint64_t)v->price : (uint64_t)v->price;
		int width = 8;

		while (width > 0 && v->symbol[width - 1] == ' ')
			width--;
		fprintf(out, "%.*s,%c,%s%" PRIu64 ".%04" PRIu64 ",%" PRIu32 ",\n", width, v->symbol,
		        v->side == DAY_BUY ? 'B' : 'S', v->price < 0 ? "-" : "", price / 10000,
		        price % 10000, v->size);
	}
	free(levels);
	return ferror(out) ? -EIO : 0;
}
