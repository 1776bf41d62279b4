/* SPDX-License-Identifier: BSD-3-Clause
 *
 * genesis-make-capture: writes a synthetic day as a capture of two lines, or as a BinaryFILE, with
 * the books that a right reader of it ends up with.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/port/capture.h"
#include "dataplane/wire/bytes.h"
#include "perf/day.h"
#include "perf/day_deep.h"
#include "perf/day_feed.h"

#define MIDNIGHT_NS 1767589200000000000ull /* of 2026-01-05 in New York */

static const char usage_text[] =
        "usage: genesis-make-capture [OPTION]... --out FILE.pcap | --binary FILE.itch\n"
        "\n"
        "  --protocol NAME    itch50 (default), deep10 or tops16\n"
        "  --seed N           same seed, same files (default 1)\n"
        "  --messages N       of the whole day (default 100000)\n"
        "  --symbols N        (default 100)\n"
        "  --runs N           deep10, tops16: restarts of the session plus one (default 3)\n"
        "  --lines N          1 or 2 (default 2)\n"
        "  --loss PPM         packets lost per line, per million\n"
        "  --burst-loss PPM   bursts of loss per packet, per million, of up to 40 packets\n"
        "  --duplicate PPM    packets doubled\n"
        "  --reorder PPM      packets held back by up to 2 ms\n"
        "  --skew NS          line B runs behind line A by this\n"
        "  --out FILE         pcap file (nanoseconds)\n"
        "  --binary FILE      BinaryFILE of the whole day (itch50)\n"
        "  --books FILE       books CSV: of what the lines of --out carried, else of the whole "
        "day\n"
        "  --help\n"
        "\n"
        "Prints what a right reader of the capture counts, as one JSON object.\n";

struct request {
	uint64_t seed;
	uint64_t messages;
	uint32_t symbols;
	uint32_t runs;
	bool by_level; /* IEX: deep10, tops16 */
	bool tops;
	struct day_feed_options feed;
	const char *out;
	const char *binary;
	const char *books;
};

/* One day of either protocol, and a referee for what is read of it. */
struct maker {
	const struct request *request;
	struct day *day;
	struct day_deep *deep;
	struct day_referee *orders;
	struct day_levels *levels;
	struct day_source source;
};

struct totals {
	uint64_t packets;
	uint64_t carried; /* messages, copies included */
	uint64_t missing;
	uint64_t gaps;
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "genesis-make-capture: %s: %s\n", what, strerror(-error));
	return 1;
}

static int open_day(struct maker *m)
{
	const struct request *q = m->request;
	int error;

	if (q->by_level) {
		struct day_deep_options o = {.seed = q->seed,
		                             .messages = q->messages,
		                             .symbols = q->symbols,
		                             .runs = q->runs,
		                             .tops = q->tops};

		error = day_deep_create(&m->deep, &o);
		if (error == 0)
			m->source = day_deep_source(m->deep);
	} else {
		struct day_options o = {.seed = q->seed,
		                        .messages = q->messages,
		                        .symbols = q->symbols,
		                        .no_referee = true};

		error = day_create(&m->day, &o);
		if (error == 0)
			m->source = day_source_of(m->day);
	}
	return error;
}

static void close_day(struct maker *m)
{
	day_destroy(m->day);
	day_deep_destroy(m->deep);
	m->day = NULL;
	m->deep = NULL;
}

static int write_packets(const struct request *q, struct day_feed *feed)
{
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	char text[CAPTURE_ERROR_BYTES];
	struct capture_writer *w;
	struct day_packet p;
	int error = capture_create(&w, q->out, text);

	if (error != 0)
		return error;
	while (error == 0 && day_feed_next(feed, buffer, &p))
		error = capture_write(w, buffer, day_feed_frame(feed, buffer, &p), p.time_ns);
	int finished = capture_finish(w);

	return error != 0 ? error : finished;
}

/* Writes the pcap; the missing ranges are the caller's to free(). */
static int make_capture(struct maker *m, struct totals *t, struct day_range **missing)
{
	struct day_feed *feed;
	int error = open_day(m);

	if (error == 0)
		error = day_feed_create(&feed, &m->request->feed, &m->source);
	if (error != 0) {
		close_day(m);
		return error;
	}
	error = write_packets(m->request, feed);
	if (error == 0)
		error = day_feed_missing(feed, missing, &t->gaps);
	for (uint32_t i = 0; error == 0 && i < m->request->feed.lines; i++) {
		t->packets += day_feed_line_counts(feed, i)->packets;
		t->carried += day_feed_line_counts(feed, i)->messages;
	}
	if (error == 0)
		t->missing = day_ranges_messages(*missing, t->gaps);
	day_feed_destroy(feed);
	close_day(m);
	return error;
}

static int referee_message(struct maker *m, const struct day_source_message *s)
{
	return m->request->by_level ? day_levels_apply(m->levels, s->data, s->bytes)
	                            : day_referee_apply(m->orders, s->data, s->bytes);
}

/* Plays the day once more: into the BinaryFILE, and what was not missing to the referee. */
static int play(struct maker *m, FILE *binary, const struct day_range *missing, uint64_t ranges)
{
	struct day_source_message s;
	uint64_t ordinal = 0;
	uint32_t run = 0;
	int error = open_day(m);

	for (; error == 0 && m->source.next(m->source.state, &s); ordinal++) {
		uint8_t length[2];

		if (s.run != run && m->request->by_level)
			day_levels_reset(m->levels);
		run = s.run;
		put_be16(length, (uint16_t)s.bytes);
		if (binary != NULL && (fwrite(length, 1, 2, binary) != 2 ||
		                       fwrite(s.data, 1, s.bytes, binary) != s.bytes))
			error = -EIO;
		if (error == 0 && !day_ranges_hold(missing, ranges, ordinal))
			error = referee_message(m, &s);
	}
	close_day(m);
	return error;
}

static void print_by_type(const uint64_t by_type[256])
{
	const char *between = "";

	printf("\"by_type\":{");
	for (uint32_t i = 0; i < 256; i++) {
		if (by_type[i] == 0)
			continue;
		printf("%s\"%c\":%" PRIu64, between, (char)i, by_type[i]);
		between = ",";
	}
	printf("}}\n");
}

static void print_totals(const struct maker *m, const struct totals *t)
{
	const struct day_referee_counts *o = day_referee_counts(m->orders);
	const struct day_levels_counts *l = day_levels_counts(m->levels);
	bool by_level = m->request->by_level;
	uint64_t delivered = by_level ? l->messages : o->messages;

	printf("{\"packets\":%" PRIu64 ",\"messages\":%" PRIu64 ",\"duplicates\":%" PRIu64
	       ",\"gaps\":%" PRIu64 ",\"lost_messages\":%" PRIu64 ",",
	       t->packets, delivered, t->carried == 0 ? 0 : t->carried - delivered, t->gaps,
	       t->missing);
	printf("\"orphan_references\":%" PRIu64 ",\"session_resets\":%" PRIu32
	       ",\"symbols\":%" PRIu64 ",\"orders_live\":%" PRIu64 ",",
	       o->orphan_references, by_level ? m->request->runs - 1 : 0,
	       by_level ? l->symbols : o->symbols, o->orders_live);
	print_by_type(by_level ? l->by_type : o->by_type);
}

static int write_books(const struct maker *m)
{
	FILE *f = fopen(m->request->books, "w");

	if (f == NULL)
		return -errno;
	int error = m->request->by_level ? day_levels_write_csv(m->levels, f)
	                                 : day_referee_write_csv(m->orders, f);

	if (fclose(f) != 0 && error == 0)
		error = -errno;
	return error;
}

static int work(struct maker *m)
{
	const struct request *q = m->request;
	struct day_range *missing = NULL;
	struct totals t = {0};
	FILE *binary = NULL;
	int error = q->out == NULL ? 0 : make_capture(m, &t, &missing);

	if (error == -EINVAL) {
		fprintf(stderr,
		        "genesis-make-capture: a day of %" PRIu32 " symbols and %" PRIu64
		        " messages on %" PRIu32 " lines cannot be made\n",
		        q->symbols, q->messages, q->feed.lines);
		return 2;
	}
	if (error != 0)
		return fail(q->out, error);
	if (q->binary != NULL && (binary = fopen(q->binary, "wb")) == NULL)
		error = -errno;
	if (error == 0)
		error = play(m, binary, missing, t.gaps);
	if (binary != NULL && fclose(binary) != 0 && error == 0)
		error = -errno;
	free(missing);
	if (error != 0)
		return fail(q->binary != NULL ? q->binary : q->out, error);
	if (q->books != NULL && (error = write_books(m)) != 0)
		return fail(q->books, error);
	print_totals(m, &t);
	return 0;
}

static bool number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == 0 && text[0] != '-' && *out <= max;
}

enum option_key {
	KEY_PROTOCOL = 256,
	KEY_SEED,
	KEY_MESSAGES,
	KEY_SYMBOLS,
	KEY_RUNS,
	KEY_LINES,
	KEY_LOSS,
	KEY_BURST_LOSS,
	KEY_DUPLICATE,
	KEY_REORDER,
	KEY_SKEW,
	KEY_OUT,
	KEY_BINARY,
	KEY_BOOKS,
	KEY_HELP,
};

static const struct option long_options[] = {
        {"protocol", required_argument, NULL, KEY_PROTOCOL},
        {"seed", required_argument, NULL, KEY_SEED},
        {"messages", required_argument, NULL, KEY_MESSAGES},
        {"symbols", required_argument, NULL, KEY_SYMBOLS},
        {"runs", required_argument, NULL, KEY_RUNS},
        {"lines", required_argument, NULL, KEY_LINES},
        {"loss", required_argument, NULL, KEY_LOSS},
        {"burst-loss", required_argument, NULL, KEY_BURST_LOSS},
        {"duplicate", required_argument, NULL, KEY_DUPLICATE},
        {"reorder", required_argument, NULL, KEY_REORDER},
        {"skew", required_argument, NULL, KEY_SKEW},
        {"out", required_argument, NULL, KEY_OUT},
        {"binary", required_argument, NULL, KEY_BINARY},
        {"books", required_argument, NULL, KEY_BOOKS},
        {"help", no_argument, NULL, KEY_HELP},
        {NULL, 0, NULL, 0},
};

/* Options whose value is text. */
static bool take_text(struct request *q, int key, const char *text)
{
	switch (key) {
	case KEY_PROTOCOL:
		q->tops = strcmp(text, "tops16") == 0;
		q->by_level = q->tops || strcmp(text, "deep10") == 0;
		return q->by_level || strcmp(text, "itch50") == 0;
	case KEY_OUT:
		q->out = text;
		return true;
	case KEY_BINARY:
		q->binary = text;
		return true;
	default:
		q->books = text;
		return true;
	}
}

static bool take_number(struct request *q, int key, const char *text)
{
	struct day_line_options *line = q->feed.line;
	bool large = key == KEY_SEED || key == KEY_MESSAGES;
	uint64_t v;

	if (!number(text, large ? UINT64_MAX : UINT32_MAX, &v))
		return false;
	for (uint32_t i = 0; i < DAY_FEED_LINES_MAX; i++) {
		if (key == KEY_LOSS)
			line[i].loss_ppm = (uint32_t)v;
		if (key == KEY_BURST_LOSS)
			line[i].burst_loss_ppm = (uint32_t)v;
		if (key == KEY_DUPLICATE)
			line[i].duplicate_ppm = (uint32_t)v;
		if (key == KEY_REORDER)
			line[i].reorder_ppm = (uint32_t)v;
	}
	if (key == KEY_SEED)
		q->seed = v;
	if (key == KEY_MESSAGES)
		q->messages = v;
	if (key == KEY_SYMBOLS)
		q->symbols = (uint32_t)v;
	if (key == KEY_RUNS)
		q->runs = (uint32_t)v;
	if (key == KEY_LINES)
		q->feed.lines = (uint32_t)v;
	if (key == KEY_SKEW)
		line[1].skew_ns = v;
	return true;
}

/* 0: go on; else 1 + the exit code. */
static int read_arguments(struct request *q, int argc, char **argv)
{
	int key;

	while ((key = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		bool text = key == KEY_PROTOCOL || key == KEY_OUT || key == KEY_BINARY ||
		            key == KEY_BOOKS;

		if (key == KEY_HELP) {
			fputs(usage_text, stdout);
			return 1;
		}
		if (key == '?' ||
		    !(text ? take_text(q, key, optarg) : take_number(q, key, optarg))) {
			fputs(usage_text, stderr);
			return 3;
		}
	}
	if (optind != argc || (q->out == NULL && q->binary == NULL) || q->runs == 0 ||
	    (q->by_level && q->binary != NULL)) {
		fputs(usage_text, stderr);
		return 3;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct request q = {.seed = 1, .messages = 100000, .symbols = 100, .runs = 3};

	q.feed.lines = 2;
	for (uint32_t i = 0; i < DAY_FEED_LINES_MAX; i++) {
		q.feed.line[i].burst_packets_max = 40;
		q.feed.line[i].reorder_ns = 2000000;
	}
	int stop = read_arguments(&q, argc, argv);

	if (stop != 0)
		return stop - 1;
	q.feed.seed = q.seed;
	q.feed.transport = q.tops ? DAY_IEXTP_TOPS : q.by_level ? DAY_IEXTP_DEEP : DAY_MOLDUDP64;
	q.feed.time_offset_ns = q.by_level ? 0 : MIDNIGHT_NS;
	struct maker m = {.request = &q};

	if (day_referee_create(&m.orders) != 0 ||
	    day_levels_create(&m.levels, q.tops ? DAY_LEVELS_TOPS : DAY_LEVELS_DEEP) != 0)
		return fail("memory", -ENOMEM);
	int code = work(&m);

	day_referee_destroy(m.orders);
	day_levels_destroy(m.levels);
	return code;
}
