/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_deep.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_referee.h"
#include "resilience/prng.h"

#define START_NS   1767623400000000000ull /* a Monday in 2026, 14:30 UTC */
#define OPENING    5u                     /* messages per symbol at the start of a run */
#define DEPTH      12u                    /* levels of a side that are used */
#define RUNS_USUAL 3u
#define REST_MIN   96u

static_assert(DAY_DEEP_MESSAGE_BYTES_MAX <= DAY_SOURCE_BYTES_MAX, "a source can hold any message");

struct deep_symbol {
	char name[8];
	int64_t mid; /* 1/10000, between the sides */
	int64_t tick;
	uint64_t trade_id; /* of the last trade, to be broken */
	int64_t trade_price;
	uint32_t trade_size;
	uint32_t reserved;
};

struct day_deep {
	struct day_deep_options options;
	struct prng prng;
	struct day_levels *levels;
	struct deep_symbol *symbols;
	uint64_t time_ns;
	uint64_t in_run;
	uint64_t run_messages;
	uint64_t trade_ids;
	uint64_t rare;
	uint32_t run;
	uint32_t event_symbol; /* of an event whose end has not been sent yet */
	bool event_open;
	uint8_t *message;
};

static uint32_t below(struct day_deep *d, uint32_t bound)
{
	return (uint32_t)prng_below(&d->prng, bound);
}

static enum day_levels_feed feed_of(const struct day_deep *d)
{
	return d->options.tops ? DAY_LEVELS_TOPS : DAY_LEVELS_DEEP;
}

static uint64_t messages_of_run(const struct day_deep_options *o, uint32_t run)
{
	return o->messages / o->runs + (run < o->messages % o->runs);
}

static void name_symbols(struct day_deep *d)
{
	for (uint32_t i = 0; i < d->options.symbols; i++) {
		struct deep_symbol *s = &d->symbols[i];
		uint32_t v = i * 7 + 11; /* four letters hold 456,976 */
		uint32_t n = 0;

		memset(s->name, ' ', 8);
		for (; v > 0 || n == 0; v /= 26)
			s->name[n++] = (char)('A' + v % 26);
		if (below(d, 20) == 0)
			s->name[n++] = '+'; /* a warrant */
		s->tick = below(d, 16) == 0 ? 1 : 100;
		s->mid = (int64_t)(2000 + below(d, 40000)) * s->tick;
	}
}

int day_deep_create(struct day_deep **out, const struct day_deep_options *o)
{
	struct day_deep_options options = *o;

	if (options.runs == 0)
		options.runs = RUNS_USUAL;
	if (o->symbols == 0 || o->symbols > DAY_DEEP_SYMBOLS_MAX ||
	    o->messages < options.runs * (OPENING * (uint64_t)o->symbols + REST_MIN))
		return -EINVAL;
	struct day_deep *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	d->options = options;
	d->symbols = calloc(o->symbols, sizeof(*d->symbols));
	if (d->symbols == NULL || day_levels_create(&d->levels, feed_of(d)) != 0) {
		day_deep_destroy(d);
		return -ENOMEM;
	}
	prng_init(&d->prng, o->seed);
	name_symbols(d);
	d->run_messages = messages_of_run(&d->options, 0);
	d->time_ns = START_NS;
	*out = d;
	return 0;
}

void day_deep_destroy(struct day_deep *d)
{
	if (d == NULL)
		return;
	day_levels_destroy(d->levels);
	free(d->symbols);
	free(d);
}

/* Type, flags, time, and the symbol where there is one. */
static uint8_t *head(struct day_deep *d, char type, char flags, const struct deep_symbol *s)
{
	uint8_t *m = d->message;

	memset(m, 0, day_levels_message_bytes(feed_of(d), (uint8_t)type));
	m[0] = (uint8_t)type;
	m[1] = (uint8_t)flags;
	put_le64(m + 2, d->time_ns);
	if (s != NULL)
		memcpy(m + 10, s->name, 8);
	return m;
}

/* What is said of every symbol at the start of a run. */
static void write_opening(struct day_deep *d, uint64_t n)
{
	const struct deep_symbol *s = &d->symbols[n / OPENING];
	uint8_t *m;

	switch (n % OPENING) {
	case 0:
		m = head(d, 'D', 0, s);
		put_le32(m + 18, 100);
		put_le64(m + 22, (uint64_t)s->mid);
		m[30] = 1;
		break;
	case 1:
		m = head(d, 'H', 'T', s);
		memcpy(m + 18, "    ", 4);
		break;
	case 2:
		head(d, 'O', 'N', s);
		break;
	case 3:
		m = head(d, 'P', 0, s);
		m[18] = ' ';
		break;
	default:
		head(d, 'I', ' ', s);
		break;
	}
}

static void write_level(struct day_deep *d)
{
	uint32_t pick = d->event_open ? d->event_symbol : below(d, d->options.symbols);
	struct deep_symbol *s = &d->symbols[pick];
	bool buy = below(d, 2) == 0;
	uint32_t steps = below(d, below(d, 3) == 0 ? DEPTH : 3);
	int64_t away = (int64_t)(1 + steps) * s->tick;

	if (!d->event_open && below(d, 30) == 0)
		s->mid += below(d, 2) == 0 ? s->tick : -s->tick;
	int64_t price = buy ? s->mid - away : s->mid + away;

	if (below(d, 500) == 0)
		price = -(int64_t)(1 + below(d, 99999));
	d->event_open = below(d, 8) == 0;
	d->event_symbol = pick;
	uint8_t *m = head(d, buy ? '8' : '5', d->event_open ? 0 : 1, s);
	uint32_t size = below(d, 3) == 0 ? 0 : 100 * (1 + below(d, 50));

	if (size > 0 && below(d, 4) == 0)
		size -= below(d, 99); /* an odd lot in it */
	put_le32(m + 18, size);
	put_le64(m + 22, (uint64_t)price);
}

/* Both sides; now and then one of them is empty, seldom with a price left standing. */
static void write_quote(struct day_deep *d)
{
	struct deep_symbol *s = &d->symbols[below(d, d->options.symbols)];
	uint8_t *m = head(d, 'Q', below(d, 50) == 0 ? (char)0x40 : 0, s);

	if (below(d, 3) == 0)
		s->mid += below(d, 2) == 0 ? s->tick : -s->tick;
	for (uint32_t side = 0; side < 2; side++) {
		int64_t away = (int64_t)(1 + below(d, 2)) * s->tick;
		int64_t price = side == 0 ? s->mid - away : s->mid + away;
		uint32_t size = below(d, 12) == 0 ? 0 : 100 * (1 + below(d, 50));

		if (below(d, 500) == 0)
			price = -(int64_t)(1 + below(d, 99999));
		if (size == 0 && below(d, 4) != 0)
			price = 0;
		put_le32(m + (side == 0 ? 18 : 38), size);
		put_le64(m + (side == 0 ? 22 : 30), (uint64_t)price);
	}
}

static void write_trade(struct day_deep *d, struct deep_symbol *s, char type)
{
	bool first = s->trade_id == 0; /* nothing to break yet */
	uint8_t *m = head(d, first ? 'T' : type, 0, s);

	if (m[0] == 'T') {
		s->trade_size = 1 + below(d, 400);
		s->trade_price = s->mid;
		s->trade_id = ++d->trade_ids;
	}
	put_le32(m + 18, s->trade_size);
	put_le64(m + 22, (uint64_t)s->trade_price);
	put_le64(m + 30, s->trade_id);
}

static void write_auction(struct day_deep *d, const struct deep_symbol *s)
{
	uint8_t *m = head(d, 'A', 'C', s);

	put_le32(m + 18, below(d, 100000));
	put_le64(m + 22, (uint64_t)s->mid);
	put_le64(m + 30, (uint64_t)(s->mid + s->tick));
	put_le32(m + 38, below(d, 10000));
	m[42] = (uint8_t) "BSN"[below(d, 3)];
	m[43] = 0;
	put_le32(m + 44, (uint32_t)(d->time_ns / 1000000000u) + 600);
	put_le64(m + 48, (uint64_t)(s->mid - s->tick));
	put_le64(m + 56, (uint64_t)s->mid);
	put_le64(m + 64, (uint64_t)(s->mid - 20 * s->tick));
	put_le64(m + 72, (uint64_t)(s->mid + 20 * s->tick));
}

/* The kinds that come seldom, in turn. */
static void write_rare(struct day_deep *d, uint64_t turn)
{
	struct deep_symbol *s = &d->symbols[below(d, d->options.symbols)];
	uint8_t *m;

	switch (turn % 8) {
	case 0:
		write_trade(d, s, 'T');
		break;
	case 1:
		write_trade(d, s, 'B');
		break;
	case 2:
		m = head(d, 'X', below(d, 2) == 0 ? 'Q' : 'M', s);
		put_le64(m + 18, (uint64_t)s->mid);
		break;
	case 3:
		write_auction(d, s);
		break;
	case 4:
		if (d->options.tops)
			head(d, 'I', "ABC "[below(d, 4)], s);
		else
			head(d, 'E', below(d, 2) == 0 ? 'O' : 'C', s);
		break;
	case 5:
		m = head(d, 'H', "HOPT"[below(d, 4)], s);
		memcpy(m + 18, "T1  ", 4);
		break;
	case 6:
		head(d, 'O', below(d, 2) == 0 ? 'O' : 'N', s);
		break;
	default:
		m = head(d, 'P', (char)below(d, 2), s);
		m[18] = 'A';
		break;
	}
}

static void write_message(struct day_deep *d)
{
	uint64_t opening = OPENING * (uint64_t)d->options.symbols;
	uint64_t n = d->in_run;

	if (n == 0)
		head(d, 'S', 'O', NULL);
	else if (n <= opening)
		write_opening(d, n - 1);
	else if (n == opening + 1)
		head(d, 'S', 'S', NULL);
	else if (n == opening + 2)
		head(d, 'S', 'R', NULL);
	else if (n + 1 == d->run_messages)
		head(d, 'S', 'M', NULL);
	else if (!d->event_open && n % 8 == 0)
		write_rare(d, d->rare++);
	else if (d->event_open || below(d, 6) != 0)
		d->options.tops ? write_quote(d) : write_level(d);
	else
		write_trade(d, &d->symbols[below(d, d->options.symbols)], 'T');
}

uint32_t day_deep_next(struct day_deep *d, uint8_t *message, uint64_t *time_ns, uint32_t *run)
{
	if (d->in_run == d->run_messages) {
		if (d->run + 1 == d->options.runs)
			return 0;
		d->run++;
		d->in_run = 0;
		d->run_messages = messages_of_run(&d->options, d->run);
		d->time_ns += DAY_DEEP_RUN_GAP_NS;
		d->event_open = false;
		day_levels_reset(d->levels);
	}
	d->time_ns += 1 + below(d, below(d, 16) == 0 ? 20000000 : 5000);
	d->message = message;
	write_message(d);
	d->in_run++;
	uint32_t bytes = day_levels_message_bytes(feed_of(d), message[0]);

	assert(bytes != 0);
	if (day_levels_apply(d->levels, message, bytes) != 0)
		abort(); /* a tool for tests: without memory there is no day */
	*time_ns = d->time_ns;
	*run = d->run;
	return bytes;
}

const struct day_levels *day_deep_levels(const struct day_deep *d)
{
	return d->levels;
}

int day_deep_write_books_csv(const struct day_deep *d, FILE *out)
{
	return day_levels_write_csv(d->levels, out);
}

static bool next_of_day(void *state, struct day_source_message *m)
{
	m->bytes = day_deep_next(state, m->data, &m->time_ns, &m->run);
	return m->bytes != 0;
}

struct day_source day_deep_source(struct day_deep *d)
{
	return (struct day_source){.next = next_of_day, .state = d};
}
