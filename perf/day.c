/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_private.h"

#define MINUTE_NS (60 * 1000000000ull)
#define HOUR_NS   (60 * MINUTE_NS)

static const uint64_t phase_end_ns[DAY_PHASE_COUNT] = {
        [DAY_PHASE_START] = 3 * HOUR_NS + 1,
        [DAY_PHASE_DIRECTORY] = 3 * HOUR_NS + 20 * MINUTE_NS,
        [DAY_PHASE_TRADING] = 3 * HOUR_NS + 30 * MINUTE_NS,
        [DAY_PHASE_SHORT_SALE] = 3 * HOUR_NS + 40 * MINUTE_NS,
        [DAY_PHASE_PARTICIPANTS] = 3 * HOUR_NS + 55 * MINUTE_NS,
        [DAY_PHASE_DECLINE_LEVELS] = 4 * HOUR_NS - 1,
        [DAY_PHASE_SYSTEM_START] = 4 * HOUR_NS,
        [DAY_PHASE_PRE_MARKET] = 9 * HOUR_NS + 30 * MINUTE_NS - 1,
        [DAY_PHASE_OPEN] = 9 * HOUR_NS + 30 * MINUTE_NS,
        [DAY_PHASE_OPEN_CROSSES] = 9 * HOUR_NS + 31 * MINUTE_NS,
        [DAY_PHASE_MARKET] = 16 * HOUR_NS - 1,
        [DAY_PHASE_CLOSE] = 16 * HOUR_NS,
        [DAY_PHASE_CLOSE_CROSSES] = 16 * HOUR_NS + MINUTE_NS,
        [DAY_PHASE_AFTER_MARKET] = 20 * HOUR_NS - 1,
        [DAY_PHASE_SYSTEM_END] = 20 * HOUR_NS,
        [DAY_PHASE_LAST_WORDS] = 20 * HOUR_NS + 4 * MINUTE_NS,
        [DAY_PHASE_END] = 20 * HOUR_NS + 5 * MINUTE_NS,
};

uint64_t day_messages_min(uint32_t symbols)
{
	return 3ull * symbols + 64;
}

static uint64_t at_most(uint64_t v, uint64_t max)
{
	return v < max ? v : max;
}

/* How many messages each phase gets; they sum up to options.messages. */
static void plan(struct day *d)
{
	uint64_t *n = d->phase_messages;
	uint64_t symbols = d->options.symbols;
	uint64_t left = d->options.messages - 3 * symbols;
	uint64_t sum = 0;

	n[DAY_PHASE_START] = 1;
	n[DAY_PHASE_DIRECTORY] = symbols;
	n[DAY_PHASE_TRADING] = symbols;
	n[DAY_PHASE_SHORT_SALE] = symbols;
	n[DAY_PHASE_PARTICIPANTS] = at_most(left / 200 + 1, 4 * symbols);
	n[DAY_PHASE_DECLINE_LEVELS] = 1;
	n[DAY_PHASE_SYSTEM_START] = 1;
	n[DAY_PHASE_PRE_MARKET] = left / 16;
	n[DAY_PHASE_OPEN] = 1;
	n[DAY_PHASE_OPEN_CROSSES] = at_most(left / 100 + 1, symbols);
	n[DAY_PHASE_CLOSE] = 1;
	n[DAY_PHASE_CLOSE_CROSSES] = at_most(left / 100 + 1, symbols);
	n[DAY_PHASE_AFTER_MARKET] = left / 32;
	n[DAY_PHASE_SYSTEM_END] = 1;
	n[DAY_PHASE_LAST_WORDS] = at_most(left / 1000 + 1, 1000);
	n[DAY_PHASE_END] = 1;
	for (uint32_t i = 0; i < DAY_PHASE_COUNT; i++)
		sum += n[i];
	assert(sum < d->options.messages);
	n[DAY_PHASE_MARKET] = d->options.messages - sum;
	d->rare_every = n[DAY_PHASE_MARKET] / 120;
	if (d->rare_every < 40)
		d->rare_every = 40;
	if (d->rare_every > 1000)
		d->rare_every = 1000;
}

static uint32_t live_max(const struct day_options *o)
{
	uint64_t max = o->orders_live_max;

	if (max == 0)
		max = at_most(o->messages / 48 + 64, 2000000);
	return (uint32_t)max;
}

static bool allocate(struct day *d)
{
	size_t symbols = d->options.symbols;

	d->symbols = calloc(symbols, sizeof(*d->symbols));
	d->by_rank = calloc(symbols, sizeof(*d->by_rank));
	d->rank_weight = calloc(symbols, sizeof(*d->rank_weight));
	d->rungs = calloc(symbols * DAY_TICKS, sizeof(*d->rungs));
	d->orders = calloc(d->live_max, sizeof(*d->orders));
	d->live = calloc(d->live_max, sizeof(*d->live));
	return d->symbols != NULL && d->by_rank != NULL && d->rank_weight != NULL &&
	       d->rungs != NULL && d->orders != NULL && d->live != NULL &&
	       (d->options.no_referee || day_referee_create(&d->referee) == 0);
}

/* Who is traded much: a random order of the symbols, weights 1, 1/2, 1/3, ... */
static void rank_symbols(struct day *d)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < d->options.symbols; i++) {
		uint32_t j = day_below(d, i + 1);

		d->by_rank[i] = d->by_rank[j];
		d->by_rank[j] = i;
		sum += (1ull << 32) / (i + 1);
		d->rank_weight[i] = sum;
	}
}

int day_create(struct day **out, const struct day_options *o)
{
	if (o->symbols == 0 || o->symbols > DAY_SYMBOLS_MAX ||
	    o->messages < day_messages_min(o->symbols) ||
	    (o->orders_live_max != 0 && o->orders_live_max < DAY_ORDERS_LIVE_MIN))
		return -EINVAL;
	struct day *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -ENOMEM;
	d->options = *o;
	d->live_max = live_max(o);
	if (!allocate(d)) {
		day_destroy(d);
		return -ENOMEM;
	}
	prng_init(&d->prng, o->seed);
	plan(d);
	rank_symbols(d);
	day_admin_name_symbols(d);
	day_market_init(d);
	d->next_reference = 1000 + day_below(d, 9000);
	d->next_match = 10000 + day_below(d, 9000);
	d->halted = DAY_NONE;
	d->operational_halted = DAY_NONE;
	d->sweep_symbol = DAY_NONE;
	d->time_ns = 3 * HOUR_NS;
	*out = d;
	return 0;
}

void day_destroy(struct day *d)
{
	if (d == NULL)
		return;
	day_referee_destroy(d->referee);
	free(d->symbols);
	free(d->by_rank);
	free(d->rank_weight);
	free(d->rungs);
	free(d->orders);
	free(d->live);
	free(d);
}

uint32_t day_pick_symbol(struct day *d)
{
	uint32_t low = 0;
	uint32_t high = d->options.symbols - 1;
	uint64_t at = prng_below(&d->prng, d->rank_weight[high]);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (d->rank_weight[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return d->by_rank[low];
}

uint32_t day_head(struct day *d, uint8_t type, uint32_t symbol)
{
	uint8_t *m = d->message;
	uint32_t bytes = day_message_bytes(type);

	assert(bytes != 0);
	assert(bytes <= DAY_MESSAGE_BYTES_MAX);
	memset(m, 0, bytes);
	m[0] = type;
	put_be16(m + 1, symbol == DAY_NONE ? 0 : d->symbols[symbol].locate);
	put_be16(m + 3, (uint16_t)(day_below(d, 8) == 0 ? day_below(d, 6) * 2 : 0));
	put_be48(m + 5, d->time_ns);
	return bytes;
}

/* Spreads the phase's messages over its time: bursts a few microseconds apart, and leaps. */
static void advance_time(struct day *d)
{
	uint64_t end_ns = phase_end_ns[d->phase];
	uint64_t messages_left = d->phase_messages[d->phase] - d->in_phase;
	uint64_t room_ns =
	        end_ns > d->time_ns + messages_left ? end_ns - d->time_ns - messages_left : 0;
	uint64_t mean_ns = room_ns / messages_left;

	if (messages_left == 1 && d->phase_messages[d->phase] == 1)
		d->time_ns = end_ns > d->time_ns ? end_ns : d->time_ns + 1;
	else if (day_below(d, 64) != 0)
		d->time_ns += 1 + prng_below(&d->prng, at_most(mean_ns, 20000) + 1);
	else
		d->time_ns += 1 + at_most(prng_below(&d->prng, 120 * mean_ns + 1), room_ns);
}

static uint32_t last_words(struct day *d)
{
	if (d->live_count > 0 && day_below(d, 4) != 0)
		return day_market_delete(d);
	return day_admin_broken(d);
}

static uint32_t market_or_rare(struct day *d)
{
	uint64_t near_end = d->phase_messages[d->phase] - d->in_phase;

	if (d->in_phase % d->rare_every == d->rare_every - 1)
		return day_admin_rare(d);
	if (d->phase == DAY_PHASE_PRE_MARKET && near_end < 2000 && day_below(d, 20) == 0)
		return day_admin_imbalance(d, 'O');
	if (d->phase == DAY_PHASE_MARKET && near_end < 2000 && day_below(d, 40) == 0)
		return day_admin_imbalance(d, 'C');
	return day_market_message(d);
}

/* Writes the message that stands at the current place of the script. */
static uint32_t write_message(struct day *d)
{
	uint32_t n = (uint32_t)d->in_phase;

	switch ((enum day_phase)d->phase) {
	case DAY_PHASE_START:
		return day_admin_system(d, 'O');
	case DAY_PHASE_DIRECTORY:
		return day_admin_directory(d, n);
	case DAY_PHASE_TRADING:
		return day_admin_trading(d, n, 'T', "    ");
	case DAY_PHASE_SHORT_SALE:
		return day_admin_short_sale(d, n, day_below(d, 50) == 0 ? '2' : '0');
	case DAY_PHASE_PARTICIPANTS:
		return day_admin_participant(d);
	case DAY_PHASE_DECLINE_LEVELS:
		return day_admin_decline_levels(d);
	case DAY_PHASE_SYSTEM_START:
		return day_admin_system(d, 'S');
	case DAY_PHASE_PRE_MARKET:
	case DAY_PHASE_MARKET:
	case DAY_PHASE_AFTER_MARKET:
		return market_or_rare(d);
	case DAY_PHASE_OPEN:
		return day_admin_system(d, 'Q');
	case DAY_PHASE_OPEN_CROSSES:
		return day_admin_cross(d, d->by_rank[n], 'O');
	case DAY_PHASE_CLOSE:
		return day_admin_system(d, 'M');
	case DAY_PHASE_CLOSE_CROSSES:
		return day_admin_cross(d, d->by_rank[n], 'C');
	case DAY_PHASE_SYSTEM_END:
		return day_admin_system(d, 'E');
	case DAY_PHASE_LAST_WORDS:
		return last_words(d);
	case DAY_PHASE_END:
		return day_admin_system(d, 'C');
	case DAY_PHASE_COUNT:
		break;
	}
	return 0;
}

uint32_t day_next(struct day *d, uint8_t *message, uint64_t *time_ns)
{
	while (d->phase < DAY_PHASE_COUNT && d->in_phase == d->phase_messages[d->phase]) {
		d->phase++;
		d->in_phase = 0;
	}
	if (d->phase == DAY_PHASE_COUNT)
		return 0;
	advance_time(d);
	d->message = message;
	uint32_t bytes = write_message(d);

	d->in_phase++;
	assert(bytes == day_message_bytes(message[0]));
	if (d->referee != NULL && day_referee_apply(d->referee, message, bytes) != 0)
		abort(); /* a tool for tests: without memory there is no day */
	*time_ns = d->time_ns;
	return bytes;
}

const struct day_referee *day_referee(const struct day *d)
{
	return d->referee;
}

uint32_t day_orders_live(const struct day *d)
{
	return d->live_count;
}

int day_write_books_csv(const struct day *d, FILE *out)
{
	return d->referee == NULL ? -EINVAL : day_referee_write_csv(d->referee, out);
}
