/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The synthetic day keeps its promises. usage: test_day [SEED [MESSAGES [SYMBOLS]]]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day.h"
#include "tests/unit/suite.h"

static struct day_options options = {.seed = DAY_SEED, .messages = 60000, .symbols = 200};

static uint64_t hash_bytes(uint64_t h, const void *data, uint64_t bytes)
{
	const uint8_t *p = data;

	for (uint64_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static uint64_t hash_of_day(const struct day_options *o)
{
	struct day *d;
	uint8_t m[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	uint64_t h = 0xcbf29ce484222325ull;
	uint32_t bytes;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, o), 0);
	while ((bytes = day_next(d, m, &time_ns)) != 0)
		h = hash_bytes(h, m, bytes);
	day_destroy(d);
	return h;
}

static void test_same_seed_same_bytes(void)
{
	struct day_options other = options;
	struct day_options small = {.seed = 7, .messages = 30000, .symbols = 50};

	uint64_t h = hash_of_day(&options);
	other.no_referee = true;
	CU_ASSERT_EQUAL(h, hash_of_day(&other));
	other.seed++;
	CU_ASSERT_NOT_EQUAL(h, hash_of_day(&other));
	printf("seed %" PRIu64 " hash %016" PRIx64 " ", options.seed, h);
	/* Known on every machine and compiler; changes only when the day is meant to change. */
	CU_ASSERT_EQUAL(hash_of_day(&small), 0x562fc263bedfc48full);
}

static void test_refuses_nonsense(void)
{
	struct day *d;
	struct day_options o = options;

	o.symbols = 0;
	CU_ASSERT_EQUAL(day_create(&d, &o), -EINVAL);
	o.symbols = DAY_SYMBOLS_MAX + 1;
	o.messages = UINT64_MAX;
	CU_ASSERT_EQUAL(day_create(&d, &o), -EINVAL);
	o.symbols = 10;
	o.messages = day_messages_min(10) - 1;
	CU_ASSERT_EQUAL(day_create(&d, &o), -EINVAL);
	o.messages++;
	o.orders_live_max = DAY_ORDERS_LIVE_MIN - 1;
	CU_ASSERT_EQUAL(day_create(&d, &o), -EINVAL);
	day_destroy(NULL);
}

static void test_small_days(void)
{
	for (uint32_t symbols = 1; symbols < 40; symbols += 3) {
		struct day_options o = {.seed = symbols, .symbols = symbols};
		struct day *d;
		uint8_t m[DAY_MESSAGE_BYTES_MAX];
		uint64_t time_ns;
		uint64_t n = 0;

		o.messages = day_messages_min(symbols) + symbols;
		CU_ASSERT_EQUAL_FATAL(day_create(&d, &o), 0);
		while (day_next(d, m, &time_ns) != 0)
			n++;
		CU_ASSERT_EQUAL(n, o.messages);
		CU_ASSERT_EQUAL(m[0], 'S');
		CU_ASSERT_EQUAL(m[11], 'C');
		CU_ASSERT_EQUAL(day_next(d, m, &time_ns), 0);
		day_destroy(d);
	}
}

static void test_lengths_times_and_types(void)
{
	static const char types[] = "SRHYLVWKJhAFECXDUPQBINO";
	static const char events[] = "OSQMEC";
	struct day *d;
	uint8_t m[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	uint64_t before_ns = 0;
	uint64_t by_type[256] = {0};
	uint64_t n = 0;
	uint32_t event = 0;
	uint32_t wrong = 0;
	uint32_t bytes;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &options), 0);
	while ((bytes = day_next(d, m, &time_ns)) != 0) {
		wrong += bytes != day_message_bytes(m[0]);
		wrong += be48(m + 5) != time_ns;
		wrong += time_ns <= before_ns;
		before_ns = time_ns;
		by_type[m[0]]++;
		n++;
		if (m[0] == 'S')
			wrong += event >= 6 || m[11] != events[event++];
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(n, options.messages);
	CU_ASSERT_EQUAL(event, 6);
	CU_ASSERT_TRUE(before_ns < 24 * 3600 * 1000000000ull);
	CU_ASSERT_EQUAL(strlen(types), 23);
	for (uint32_t i = 0; types[i] != 0; i++) {
		CU_ASSERT_TRUE(by_type[(uint8_t)types[i]] > 0);
		printf("%c=%.2f%% ", types[i],
		       100.0 * (double)by_type[(uint8_t)types[i]] / (double)n);
	}
	const struct day_referee_counts *c = day_referee_counts(day_referee(d));

	CU_ASSERT_EQUAL(memcmp(c->by_type, by_type, sizeof(by_type)), 0);
	CU_ASSERT_EQUAL(c->unknown + c->empty + c->orphan_references, 0);
	CU_ASSERT_EQUAL(c->symbols, options.symbols);
	CU_ASSERT_EQUAL(c->orders_live, day_orders_live(d));
	CU_ASSERT_TRUE(c->orders_live > 0);
	CU_ASSERT_EQUAL(by_type['R'], options.symbols);
	/* A real day's mix, within what a filling book allows. */
	CU_ASSERT_TRUE((by_type['A'] + by_type['F']) * 100 > n * 35);
	CU_ASSERT_TRUE(by_type['D'] * 100 > n * 30);
	CU_ASSERT_TRUE((by_type['E'] + by_type['C']) * 100 > n * 3);
	day_destroy(d);
}

/* What must hold for every message given the state before it. */
struct watch {
	uint64_t last_reference;
	uint64_t last_match;
	char state[65536];
	bool listed[65536];
	uint32_t wrong;
};

static void watch_order(struct watch *w, const struct day_referee *r, const uint8_t *m)
{
	const struct day_order *o = day_referee_find(r, be64(m + 11));

	switch (m[0]) {
	case 'A':
	case 'F':
		w->wrong += be64(m + 11) <= w->last_reference || be32(m + 20) == 0;
		w->wrong += !w->listed[be16(m + 1)];
		w->last_reference = be64(m + 11);
		break;
	case 'U':
		w->wrong += o == NULL || be64(m + 19) <= w->last_reference || be32(m + 27) == 0;
		w->last_reference = be64(m + 19);
		break;
	case 'E':
	case 'C':
		w->wrong += w->state[be16(m + 1)] != 'T';
		w->wrong += be64(m + 23) <= w->last_match;
		w->last_match = be64(m + 23);
		w->wrong += o == NULL || be32(m + 19) == 0 || be32(m + 19) > o->shares;
		break;
	case 'X':
		w->wrong += o == NULL || be32(m + 19) == 0 || be32(m + 19) > o->shares;
		break;
	case 'D':
		w->wrong += o == NULL;
		break;
	case 'H':
		w->state[be16(m + 1)] = (char)m[19];
		break;
	case 'R':
		w->wrong += w->listed[be16(m + 1)] || be16(m + 1) == 0;
		w->listed[be16(m + 1)] = true;
		break;
	default:
		break;
	}
}

static void test_orders_are_consistent(void)
{
	static struct watch w;
	struct day_referee *r; /* one message behind the day's own */
	struct day *d;
	uint8_t m[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	uint32_t bytes;
	bool partial_fill = false;

	memset(&w, 0, sizeof(w));
	CU_ASSERT_EQUAL_FATAL(day_create(&d, &options), 0);
	CU_ASSERT_EQUAL_FATAL(day_referee_create(&r), 0);
	while ((bytes = day_next(d, m, &time_ns)) != 0) {
		watch_order(&w, r, m);
		if (m[0] == 'E' && day_referee_find(r, be64(m + 11)) != NULL)
			partial_fill |= day_referee_find(r, be64(m + 11))->shares > be32(m + 19);
		CU_ASSERT_EQUAL_FATAL(day_referee_apply(r, m, bytes), 0);
	}
	CU_ASSERT_EQUAL(w.wrong, 0);
	CU_ASSERT_TRUE(partial_fill);
	day_referee_destroy(r);
	day_destroy(d);
}

/* Best bid below best ask in every book. */
static uint32_t crossed_books(const struct day_referee *r)
{
	struct day_level *l;
	uint64_t count;
	uint32_t crossed = 0;

	CU_ASSERT_EQUAL_FATAL(day_referee_levels(r, &l, &count), 0);
	for (uint64_t i = 1; i < count; i++) {
		bool best_ask = l[i].side == DAY_SELL && l[i - 1].side == DAY_BUY &&
		                memcmp(l[i].symbol, l[i - 1].symbol, 8) == 0;
		uint64_t best_bid = i;

		if (!best_ask)
			continue;
		while (best_bid > 0 && l[best_bid - 1].side == DAY_BUY &&
		       memcmp(l[best_bid - 1].symbol, l[i].symbol, 8) == 0)
			best_bid--;
		crossed += l[best_bid].price >= l[i].price;
	}
	free(l);
	return crossed;
}

static void test_books_never_cross(void)
{
	struct day *d;
	uint8_t m[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	uint32_t crossed = 0;
	uint64_t n = 0;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &options), 0);
	while (day_next(d, m, &time_ns) != 0)
		if (++n % (options.messages / 61) == 0)
			crossed += crossed_books(day_referee(d));
	CU_ASSERT_EQUAL(crossed, 0);
	day_destroy(d);
}

/* Executions hit the oldest order of the best level. */
static void test_executions_keep_priority(void)
{
	struct day_options o = {.seed = options.seed, .messages = 4000, .symbols = 3};
	struct day *d;
	struct day_referee *r;
	uint8_t m[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	uint32_t bytes;
	uint32_t checked = 0;
	uint32_t wrong = 0;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &o), 0);
	CU_ASSERT_EQUAL_FATAL(day_referee_create(&r), 0);
	while ((bytes = day_next(d, m, &time_ns)) != 0) {
		const struct day_order *hit = day_referee_find(r, be64(m + 11));

		if (m[0] == 'E' && hit != NULL && hit->price != 1 && hit->price != 1999999900) {
			struct day_order *all;
			uint64_t count;

			CU_ASSERT_EQUAL_FATAL(day_referee_orders(r, &all, &count), 0);
			for (uint64_t i = 0; i < count; i++) {
				if (all[i].side != hit->side || all[i].price == 1 ||
				    all[i].price == 1999999900 ||
				    memcmp(all[i].symbol, hit->symbol, 8) != 0)
					continue;
				wrong += hit->side == DAY_BUY ? all[i].price > hit->price
				                              : all[i].price < hit->price;
				wrong +=
				        all[i].price == hit->price && all[i].arrival < hit->arrival;
			}
			checked++;
			free(all);
		}
		CU_ASSERT_EQUAL_FATAL(day_referee_apply(r, m, bytes), 0);
	}
	CU_ASSERT_TRUE(checked > 50);
	CU_ASSERT_EQUAL(wrong, 0);
	day_referee_destroy(r);
	day_destroy(d);
}

static void test_live_orders_stay_below_their_maximum(void)
{
	for (uint32_t max = DAY_ORDERS_LIVE_MIN; max < 10000; max *= 4) {
		struct day_options o = {
		        .seed = 3, .messages = 60000, .symbols = 20, .orders_live_max = max};
		struct day *d;
		uint8_t m[DAY_MESSAGE_BYTES_MAX];
		uint64_t time_ns;
		uint32_t most = 0;

		CU_ASSERT_EQUAL_FATAL(day_create(&d, &o), 0);
		while (day_next(d, m, &time_ns) != 0)
			most = day_orders_live(d) > most ? day_orders_live(d) : most;
		CU_ASSERT_TRUE(most <= max);
		CU_ASSERT_TRUE(most > max / 2);
		day_destroy(d);
	}
}

static void test_csv_is_sorted_and_sums_up(void)
{
	struct day *d;
	uint8_t m[DAY_MESSAGE_BYTES_MAX];
	uint64_t time_ns;
	char *text = NULL;
	size_t text_bytes = 0;
	uint64_t orders = 0;
	uint32_t wrong = 0;
	char before[16] = "";
	char before_side = 'S';
	double before_price = 0;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &options), 0);
	while (day_next(d, m, &time_ns) != 0)
		;
	FILE *f = open_memstream(&text, &text_bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(day_write_books_csv(d, f), 0);
	fclose(f);
	CU_ASSERT_EQUAL(strncmp(text, "symbol,side,price,quantity,orders\n", 34), 0);
	for (char *line = text + 34; *line != 0; line = strchr(line, '\n') + 1) {
		char symbol[16], side;
		double price;
		uint64_t quantity, count;
		int fields = sscanf(line, "%15[^,],%c,%lf,%" SCNu64 ",%" SCNu64, symbol, &side,
		                    &price, &quantity, &count);
		int c = strcmp(before, symbol);

		wrong += fields != 5 || quantity == 0 || count == 0;
		wrong += c > 0 || (c == 0 && (before_side == 'S' && side == 'B'));
		if (c == 0 && side == before_side)
			wrong += side == 'B' ? price >= before_price : price <= before_price;
		orders += count;
		memcpy(before, symbol, sizeof(before));
		before_side = side;
		before_price = price;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(orders, day_orders_live(d));
	printf("%zu bytes, hash %016" PRIx64 " ", text_bytes,
	       hash_bytes(0xcbf29ce484222325ull, text, text_bytes));
	free(text);
	day_destroy(d);
}

static const struct suite_test tests[] = {
        {"the same seed gives the same bytes", test_same_seed_same_bytes},
        {"nonsense is refused", test_refuses_nonsense},
        {"small days have exactly their messages", test_small_days},
        {"lengths, times, every type, the mix", test_lengths_times_and_types},
        {"orders are consistent", test_orders_are_consistent},
        {"books never cross", test_books_never_cross},
        {"executions keep price-time priority", test_executions_keep_priority},
        {"live orders stay below their maximum", test_live_orders_stay_below_their_maximum},
        {"the CSV is sorted and sums up", test_csv_is_sorted_and_sums_up},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		options.seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		options.messages = strtoull(argv[2], NULL, 10);
	if (argc > 3)
		options.symbols = (uint32_t)strtoul(argv[3], NULL, 10);
	printf("seed %" PRIu64 ", %" PRIu64 " messages, %" PRIu32 " symbols\n", options.seed,
	       options.messages, options.symbols);
	return SUITE_RUN("day", tests);
}
