/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The synthetic DEEP and TOPS days, their referee, and their runs on IEX-TP lines. usage:
 * test_day_deep [SEED [MESSAGES]]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day_deep.h"
#include "perf/day_referee.h"
#include "tests/unit/suite.h"

#define HASH_START 0xcbf29ce484222325ull

static struct day_deep_options options = {
        .seed = 20260105, .messages = 40000, .symbols = 60, .runs = 4};
static struct day_deep_options tops = {
        .seed = 20260105, .messages = 40000, .symbols = 60, .runs = 4, .tops = true};

static uint64_t hash_bytes(uint64_t h, const void *data, uint64_t bytes)
{
	const uint8_t *p = data;

	for (uint64_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static uint64_t hash_of_day(const struct day_deep_options *o)
{
	struct day_deep *d;
	uint8_t m[DAY_DEEP_MESSAGE_BYTES_MAX];
	uint64_t time_ns, h = HASH_START;
	uint32_t bytes, run;

	CU_ASSERT_EQUAL_FATAL(day_deep_create(&d, o), 0);
	while ((bytes = day_deep_next(d, m, &time_ns, &run)) != 0)
		h = hash_bytes(h, m, bytes);
	day_deep_destroy(d);
	return h;
}

static void test_same_seed_same_bytes(void)
{
	struct day_deep_options other = options;
	struct day_deep_options small = {.seed = 7, .messages = 9000, .symbols = 50};
	uint64_t h = hash_of_day(&options);

	CU_ASSERT_EQUAL(h, hash_of_day(&options));
	other.seed++;
	CU_ASSERT_NOT_EQUAL(h, hash_of_day(&other));
	printf("seed %" PRIu64 " hash %016" PRIx64 " ", options.seed, h);
	/* Known on every machine and compiler; changes only when the day is meant to change. */
	CU_ASSERT_EQUAL(hash_of_day(&small), 0x7e57edcdb6b3368dull);
	small.tops = true;
	CU_ASSERT_EQUAL(hash_of_day(&small), 0x5083ff178cadc6a9ull);
}

static void lengths_times_types_and_runs(const struct day_deep_options *o, const char *types)
{
	enum day_levels_feed feed = o->tops ? DAY_LEVELS_TOPS : DAY_LEVELS_DEEP;
	struct day_deep *d;
	uint8_t m[DAY_DEEP_MESSAGE_BYTES_MAX];
	uint64_t time_ns, before_ns = 0, n = 0, wrong = 0;
	uint64_t by_type[256] = {0};
	uint32_t bytes, run, before_run = UINT32_MAX, runs = 0;

	CU_ASSERT_EQUAL_FATAL(day_deep_create(&d, o), 0);
	while ((bytes = day_deep_next(d, m, &time_ns, &run)) != 0) {
		if (run != before_run) {
			wrong += m[0] != 'S' || m[1] != 'O' || run != runs++;
			wrong += before_ns != 0 && time_ns < before_ns + DAY_DEEP_RUN_GAP_NS;
			before_run = run;
		}
		wrong += bytes != day_levels_message_bytes(feed, m[0]) || le64(m + 2) != time_ns;
		wrong += time_ns <= before_ns;
		before_ns = time_ns;
		by_type[m[0]]++;
		n++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(n, o->messages);
	CU_ASSERT_EQUAL(runs, o->runs);
	for (uint32_t i = 0; types[i] != 0; i++) {
		CU_ASSERT_TRUE(by_type[(uint8_t)types[i]] > 0);
		printf("%c=%.2f%% ", types[i],
		       100.0 * (double)by_type[(uint8_t)types[i]] / (double)n);
	}
	const struct day_levels_counts *c = day_levels_counts(day_deep_levels(d));

	CU_ASSERT_EQUAL(memcmp(c->by_type, by_type, sizeof(by_type)), 0);
	CU_ASSERT_EQUAL(c->unknown + c->empty, 0);
	CU_ASSERT_EQUAL(c->symbols, o->symbols);
	day_deep_destroy(d);
}

static void test_lengths_times_types_and_runs(void)
{
	lengths_times_types_and_runs(&options, "SDHIOPE85TXBA");
	lengths_times_types_and_runs(&tops, "SDHIOPQTXBA");
}

static void test_refuses_nonsense(void)
{
	struct day_deep *d;
	struct day_deep_options o = {.seed = 1, .messages = 1000};

	CU_ASSERT_EQUAL(day_deep_create(&d, &o), -EINVAL);
	o.symbols = DAY_DEEP_SYMBOLS_MAX + 1;
	CU_ASSERT_EQUAL(day_deep_create(&d, &o), -EINVAL);
	o.symbols = 100;
	CU_ASSERT_EQUAL(day_deep_create(&d, &o), -EINVAL);
	day_deep_destroy(NULL);
}

static void send_level(struct day_levels *l, char type, const char *symbol, uint32_t size,
                       int64_t price)
{
	uint8_t m[30] = {(uint8_t)type, 1};

	memcpy(m + 10, symbol, 8);
	put_le32(m + 18, size);
	put_le64(m + 22, (uint64_t)price);
	CU_ASSERT_EQUAL(day_levels_apply(l, m, sizeof(m)), 0);
}

static void expect_csv(const struct day_levels *l, const char *rows)
{
	char *text = NULL;
	size_t bytes;
	FILE *f = open_memstream(&text, &bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(day_levels_write_csv(l, f), 0);
	fclose(f);
	CU_ASSERT_EQUAL(strncmp(text, "symbol,side,price,quantity,orders\n", 34), 0);
	CU_ASSERT_STRING_EQUAL(text + 34, rows);
	free(text);
}

static void test_levels_by_hand(void)
{
	struct day_levels *l;
	const uint8_t odd[30] = {'8'};

	CU_ASSERT_EQUAL_FATAL(day_levels_create(&l, DAY_LEVELS_DEEP), 0);
	send_level(l, '8', "ZIEXT   ", 100, 699000);
	send_level(l, '8', "ZIEXT   ", 50, 698900);
	send_level(l, '5', "ZIEXT   ", 70, 699100);
	send_level(l, '5', "ZIEXT   ", 80, 699200);
	send_level(l, '8', "AB      ", UINT32_MAX, -12345);
	send_level(l, '8', "AB      ", 1, -1);
	send_level(l, '8', "ZIEXT   ", 60, 698900);
	send_level(l, '5', "ZIEXT   ", 0, 699100);
	send_level(l, '5', "ZIEXT   ", 0, 5); /* one that was not there */
	expect_csv(l, "AB,B,-0.0001,1,\n"
	              "AB,B,-1.2345,4294967295,\n"
	              "ZIEXT,B,69.9000,100,\n"
	              "ZIEXT,B,69.8900,60,\n"
	              "ZIEXT,S,69.9200,80,\n");
	CU_ASSERT_EQUAL(day_levels_apply(l, odd, 29), 0);
	CU_ASSERT_EQUAL(day_levels_apply(l, odd, 0), 0);
	CU_ASSERT_EQUAL(day_levels_counts(l)->unknown, 1);
	CU_ASSERT_EQUAL(day_levels_counts(l)->empty, 1);
	day_levels_reset(l);
	expect_csv(l, "");
	send_level(l, '8', "AB      ", 1, INT64_MIN);
	expect_csv(l, "AB,B,-922337203685477.5808,1,\n");
	CU_ASSERT_EQUAL(day_levels_counts(l)->symbols, 2);
	day_levels_destroy(l);
}

static void send_quote(struct day_levels *l, const char *symbol, uint32_t bid_size, int64_t bid,
                       int64_t ask, uint32_t ask_size)
{
	uint8_t m[42] = {'Q'};

	memcpy(m + 10, symbol, 8);
	put_le32(m + 18, bid_size);
	put_le64(m + 22, (uint64_t)bid);
	put_le64(m + 30, (uint64_t)ask);
	put_le32(m + 38, ask_size);
	CU_ASSERT_EQUAL(day_levels_apply(l, m, sizeof(m)), 0);
}

static void test_quotes_by_hand(void)
{
	struct day_levels *l;
	const uint8_t level[30] = {'8'};

	CU_ASSERT_EQUAL_FATAL(day_levels_create(&l, DAY_LEVELS_TOPS), 0);
	send_quote(l, "ZIEXT   ", 0, 0, 0, 0);
	expect_csv(l, "");
	send_quote(l, "ZIEXT   ", 9700, 990500, 990700, 1000);
	send_quote(l, "AB      ", 1, -5, 7, 0);
	send_quote(l, "CD      ", 1, 10000, 10100, 1);
	send_quote(l, "CD      ", 0, 10000, 10000, 2);
	expect_csv(l, "AB,B,-0.0005,1,\n"
	              "CD,S,1.0000,2,\n"
	              "ZIEXT,B,99.0500,9700,\n"
	              "ZIEXT,S,99.0700,1000,\n");
	CU_ASSERT_EQUAL(day_levels_apply(l, level, sizeof(level)), 0);
	CU_ASSERT_EQUAL(day_levels_counts(l)->unknown, 1);
	CU_ASSERT_EQUAL(day_levels_counts(l)->symbols, 3);
	day_levels_reset(l);
	expect_csv(l, "");
	day_levels_destroy(l);
}

static void test_the_csv_is_sorted(void)
{
	struct day_deep *d;
	struct day_deep_level *levels;
	uint8_t m[DAY_DEEP_MESSAGE_BYTES_MAX];
	uint64_t time_ns, count;
	uint32_t run, wrong = 0, negative = 0;

	CU_ASSERT_EQUAL_FATAL(day_deep_create(&d, &options), 0);
	while (day_deep_next(d, m, &time_ns, &run) != 0)
		;
	CU_ASSERT_EQUAL_FATAL(day_levels_list(day_deep_levels(d), &levels, &count), 0);
	CU_ASSERT_TRUE(count > options.symbols);
	for (uint64_t i = 0; i < count; i++) {
		const struct day_deep_level *x = &levels[i > 0 ? i - 1 : 0];
		const struct day_deep_level *y = &levels[i];
		int c = memcmp(x->symbol, y->symbol, 8);

		wrong += y->size == 0;
		negative += y->price < 0;
		if (i == 0)
			continue;
		wrong += c > 0 || (c == 0 && x->side > y->side);
		if (c == 0 && x->side == y->side)
			wrong += y->side == DAY_BUY ? x->price <= y->price : x->price >= y->price;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(negative > 0);
	free(levels);
	day_deep_destroy(d);
}

/* One line, as a reader of IEX-TP sees it. */
static void runs_on_a_line(const struct day_deep_options *day)
{
	struct day_feed_options o = {
	        .seed = 5, .transport = day->tops ? DAY_IEXTP_TOPS : DAY_IEXTP_DEEP, .lines = 1};
	struct day_deep *d;
	struct day_deep *again;
	struct day_feed *f;
	uint8_t buffer[DAY_FEED_FRAME_BYTES], m[DAY_DEEP_MESSAGE_BYTES_MAX];
	struct day_packet p;
	uint64_t expected = 1, offset = 0, sent_ns = 0, time_ns, n = 0;
	uint32_t run = 0, message_run, wrong = 0;

	CU_ASSERT_EQUAL_FATAL(day_deep_create(&d, day), 0);
	CU_ASSERT_EQUAL_FATAL(day_deep_create(&again, day), 0);
	struct day_source source = day_deep_source(d);

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		const uint8_t *h = buffer + FRAME_HEADER_BYTES;
		uint32_t at = 40;

		if (p.run != run) {
			wrong += p.kind != DAY_PACKET_HEARTBEAT || le64(h + 24) != 1 ||
			         le64(h + 32) <= sent_ns;
			run = p.run;
			expected = 1;
			offset = 0;
		}
		wrong += h[0] != 1 || le16(h + 2) != (day->tops ? 0x8003 : 0x8004) ||
		         le32(h + 8) != 0x43810000;
		wrong += le16(h + 12) + 40u != p.payload_bytes || le16(h + 14) != p.messages;
		wrong += le64(h + 16) != offset || le64(h + 24) != expected;
		wrong += le64(h + 32) < sent_ns || le64(h + 32) > p.time_ns;
		sent_ns = le64(h + 32);
		for (uint32_t i = 0; i < p.messages; i++) {
			uint32_t bytes = day_deep_next(again, m, &time_ns, &message_run);

			wrong += le16(h + at) != bytes || memcmp(h + at + 2, m, bytes) != 0;
			wrong += message_run != p.run;
			at += 2 + bytes;
			n++;
		}
		wrong += at != p.payload_bytes;
		expected += p.messages;
		offset += at - 40;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(n, day->messages);
	CU_ASSERT_EQUAL(run + 1, day->runs);
	day_feed_destroy(f);
	day_deep_destroy(d);
	day_deep_destroy(again);
}

static void test_runs_on_a_line(void)
{
	runs_on_a_line(&options);
	runs_on_a_line(&tops);
}

/* Losses of several runs are told apart. */
static void test_missing_ranges_know_their_run(void)
{
	struct day_feed_options o = {.seed = 9,
	                             .transport = DAY_IEXTP_DEEP,
	                             .lines = 1,
	                             .line = {{.loss_ppm = 1000000}}};
	struct day_deep *d;
	struct day_feed *f;
	struct day_range *missing;
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	uint64_t count, sum = 0;

	CU_ASSERT_EQUAL_FATAL(day_deep_create(&d, &options), 0);
	struct day_source source = day_deep_source(d);

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p))
		CU_ASSERT_EQUAL(p.messages, 0);
	CU_ASSERT_EQUAL_FATAL(day_feed_missing(f, &missing, &count), 0);
	CU_ASSERT_EQUAL_FATAL(count, options.runs);
	for (uint32_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(missing[i].run, i);
		CU_ASSERT_EQUAL(missing[i].sequence, 1);
		CU_ASSERT_EQUAL(missing[i].ordinal, sum);
		sum += missing[i].count;
	}
	CU_ASSERT_EQUAL(sum, options.messages);
	free(missing);
	day_feed_destroy(f);
	day_deep_destroy(d);
}

static const struct suite_test tests[] = {
        {"the same seed gives the same bytes", test_same_seed_same_bytes},
        {"lengths, times, every type, runs", test_lengths_times_types_and_runs},
        {"nonsense is refused", test_refuses_nonsense},
        {"levels by hand", test_levels_by_hand},
        {"quotes by hand", test_quotes_by_hand},
        {"the CSV is sorted", test_the_csv_is_sorted},
        {"runs on a line", test_runs_on_a_line},
        {"missing ranges know their run", test_missing_ranges_know_their_run},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		options.seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		options.messages = strtoull(argv[2], NULL, 10);
	printf("seed %" PRIu64 ", %" PRIu64 " messages\n", options.seed, options.messages);
	return SUITE_RUN("day_deep", tests);
}
