/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/replay.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/stats.h"

#define COMMAND "replay"

/* Counters go up to 2^64 - 1 (lost messages do get there), which is more than a JSON library's
 * signed integer takes; all names are plain ASCII. */
static void add(const char *before, const char *key, uint64_t value)
{
	printf("%s\"%s\":%" PRIu64, before, key, value);
}

static void print_by_type(const struct message_counts *m)
{
	const char *before = "";

	printf(",\"by_type\":{");
	for (unsigned t = 0; t < 256; t++) {
		/* A type that the protocol knows is a printable letter or digit. */
		char key[2] = {(char)t, '\0'};

		if (m->by_type[t] == 0)
			continue;
		add(before, key, m->by_type[t]);
		before = ",";
	}
	putchar('}');
}

static void print_ignored(const struct receiver_stats *s)
{
	printf(",\"ignored_packets\":{");
	for (unsigned v = 1; v < FRAME_VERDICT_COUNT; v++)
		add(v == 1 ? "" : ",", frame_verdict_name(v), s->frames[v]);
	add(",", "unknown_destination", s->unknown_destination);
	putchar('}');
}

static int print_json(const struct replay *r, const struct replay_totals *t)
{
	add("{", "packets", t->packets);
	add(",", "messages", t->messages);
	add(",", "duplicates", t->duplicates);
	add(",", "gaps", t->gaps);
	add(",", "lost_messages", t->lost_messages);
	add(",", "late_messages", t->late_messages);
	add(",", "malformed_packets", t->malformed_packets);
	add(",", "empty_messages", t->empty_messages);
	add(",", "unknown_messages", t->unknown_messages);
	add(",", "orphan_references", t->orphan_references);
	add(",", "session_resets", t->session_resets);
	add(",", "symbols", t->symbols);
	add(",", "orders_live", t->orders_live);
	print_by_type(t->counts);
	print_ignored(t->receiver);
	add(",", "stale_session_packets", t->arbiter->stale_session_packets);
	add(",", "healed_messages", t->arbiter->healed);
	add(",", "refused_symbols", t->refused_symbols);
	add(",", "refused_orders", t->refused_orders);
	add(",", "refused_levels", t->refused_levels);
	add(",", "inputs", r->inputs);
	add(",", "cut_captures", r->cut_captures);
	printf("}\n");
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EIO;
}

static void print_text(const struct replay *r, const struct replay_totals *t)
{
	printf("packets            %12" PRIu64 "   of the feed's lines\n", t->packets);
	printf("messages           %12" PRIu64 "   delivered in order\n", t->messages);
	for (unsigned i = 0; i < 256; i++)
		if (t->counts->by_type[i] != 0)
			printf("  type %c           %12" PRIu64 "\n", (char)i,
			       t->counts->by_type[i]);
	printf("  empty            %12" PRIu64 "\n", t->empty_messages);
	printf("  unknown          %12" PRIu64 "   unknown type, or shorter than its type\n",
	       t->unknown_messages);
	printf("duplicates         %12" PRIu64 "   messages that came again\n", t->duplicates);
	printf("gaps               %12" PRIu64 "   ranges that no line brought\n", t->gaps);
	printf("lost messages      %12" PRIu64 "\n", t->lost_messages);
	printf("late messages      %12" PRIu64 "   came after they were given up\n",
	       t->late_messages);
	printf("healed messages    %12" PRIu64 "   missing at first, then brought\n",
	       t->arbiter->healed);
	printf("malformed packets  %12" PRIu64 "\n", t->malformed_packets);
	printf("session resets     %12" PRIu64 "\n", t->session_resets);
	printf("symbols            %12" PRIu64 "\n", t->symbols);
	printf("orders live        %12" PRIu64 "\n", t->orders_live);
	printf("orphan references  %12" PRIu64 "   about orders that are not there\n",
	       t->orphan_references);
	if (t->refused_symbols + t->refused_orders + t->refused_levels != 0)
		printf("refused            %12" PRIu64 " symbols, %" PRIu64 " orders, %" PRIu64
		       " levels   did not fit: the books are not complete\n",
		       t->refused_symbols, t->refused_orders, t->refused_levels);
	for (unsigned v = 1; v < FRAME_VERDICT_COUNT; v++)
		if (t->receiver->frames[v] != 0)
			printf("ignored packets    %12" PRIu64 "   %s\n", t->receiver->frames[v],
			       frame_verdict_name(v));
	if (t->receiver->unknown_destination != 0)
		printf("ignored packets    %12" PRIu64 "   not for a line of the feed\n",
		       t->receiver->unknown_destination);
	if (r->cut_captures != 0)
		printf("cut captures       %12" PRIu64 "   ended in the middle of a record\n",
		       r->cut_captures);
}

static int write_books(const struct replay *r, const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");

	if (out == NULL)
		return command_failed(COMMAND, "%s: %s", path, strerror(errno));
	int rc = replay_write_books(r, out);

	if (out != stdout && fclose(out) != 0 && rc == 0)
		rc = -errno;
	return rc == 0 ? EXIT_OK : command_failed(COMMAND, "%s: %s", path, strerror(-rc));
}

struct arguments {
	struct replay_options options;
	struct replay_line lines[LINES_MAX];
	const char *books;
	const char *config;
	bool json;
};

static int take_protocol(void *to, const struct argument *o, const char *value)
{
	struct arguments *a = to;

	a->options.protocol = value;
	return protocol_find(value) != NULL
	               ? EXIT_OK
	               : command_usage(COMMAND, "--%s: '%s' is not one of %s", o->name, value,
	                               "itch50, deep10, tops16");
}

static int take_speed(void *to, const struct argument *o, const char *value)
{
	struct arguments *a = to;
	char *end;

	a->options.speed = strtod(value, &end);
	return *end == '\0' && end != value && a->options.speed > 0 && a->options.speed <= 1e6
	               ? EXIT_OK
	               : command_usage(COMMAND,
	                               "--%s: '%s' is not a number above 0, at most 1000000",
	                               o->name, value);
}

static int take_line(void *to, const struct argument *o, const char *value)
{
	struct arguments *a = to;
	struct replay_line *l = &a->lines[a->options.line_count];

	if (a->options.line_count == LINES_MAX)
		return command_usage(COMMAND, "--%s: at most %u lines", o->name, LINES_MAX);
	if (command_address(value, &l->address, &l->port) != 0)
		return command_usage(COMMAND,
		                     "--%s: '%s' is not ADDR:PORT, as in 233.54.12.111:26477",
		                     o->name, value);
	a->options.line_count++;
	return EXIT_OK;
}

static const struct argument arguments[] = {
        {ARGUMENT_TAKE, .letter = 'p', .name = "protocol", .value = "itch50|deep10|tops16",
         .text = "MoldUDP64 + TotalView-ITCH 5.0, IEX-TP + DEEP 1.0, or IEX-TP + TOPS 1.6",
         .take = take_protocol},
        {ARGUMENT_TAKE, .letter = 'l', .name = "line", .value = "ADDR:PORT",
         .text = "take only these UDP destinations as lines of the feed (repeatable); without it "
                 "every destination becomes one at its first well-formed datagram",
         .take = take_line},
        {ARGUMENT_TEXT, .letter = 'b', .name = "books", .value = "FILE",
         .text = "write the books at the end as CSV (- for standard output)",
         .offset = offsetof(struct arguments, books)},
        {ARGUMENT_FLAG, .letter = 'j', .name = "json",
         .text = "print one JSON object and nothing else",
         .offset = offsetof(struct arguments, json)},
        {ARGUMENT_TAKE, .letter = 's', .name = "speed", .value = "X",
         .text = "at X times the recorded speed; without it as fast as possible",
         .take = take_speed},
        {ARGUMENT_TEXT, .letter = 'c', .name = "config", .value = "FILE",
         .text = "use the one feed, its lines, shards, groups and components of a configuration; "
                 "its ports are not opened",
         .offset = offsetof(struct arguments, config)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_replay = {
        .name = COMMAND,
        .summary = "read captures through the engine and give books and counters",
        .usage = "--protocol itch50|deep10|tops16 [OPTION...] INPUT...\n--config FILE [OPTION...] "
                 "INPUT...",
        .operand = "FILE",
        .text = "Reads captures through the engine (ports, arbiter, log, shards, books) and prints "
                "its counters.\n\nINPUT is pcap or pcapng, plain or gzipped, or a BinaryFILE of "
                "ITCH 5.0; several are read one after the other.",
        .arguments = arguments,
        .exits = "0 done, whatever the data held; 1 an input cannot be read; 2 wrong usage or "
                 "configuration.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	int rc = argument_parse(&command_replay, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	if (optind == argc)
		return command_usage(COMMAND, "no input given");
	if ((a->options.protocol == NULL) == (a->config == NULL))
		return command_usage(COMMAND, "give either --protocol or --config");
	if (a->config != NULL && a->options.line_count != 0)
		return command_usage(COMMAND,
		                     "--line: with --config the lines are the configuration's");
	if (a->json && a->books != NULL && strcmp(a->books, "-") == 0)
		return command_usage(
		        COMMAND, "--books -: with --json standard output is for the JSON object");
	a->options.lines = a->lines;
	return EXIT_OK;
}

static int replay_all(struct replay *r, int argc, char **argv, const struct arguments *a)
{
	char error[ENGINE_ERROR_BYTES];

	for (int i = optind; i < argc; i++)
		if (replay_input(r, argv[i], error) != 0)
			return command_failed(COMMAND, "%s", error);
	replay_end(r);

	struct replay_totals t;
	int rc = a->books == NULL ? EXIT_OK : write_books(r, a->books);

	if (rc != EXIT_OK)
		return rc;
	if (engine_write_reports(r->engine, error) != 0)
		return command_failed(COMMAND, "%s", error);
	replay_totals(r, &t);
	if (a->json)
		return print_json(r, &t) == 0
		               ? EXIT_OK
		               : command_failed(COMMAND, "standard output: cannot be written");
	if (a->books == NULL || strcmp(a->books, "-") != 0)
		print_text(r, &t);
	return EXIT_OK;
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct config config = {0};
	struct replay r = {0};
	char error[ENGINE_ERROR_BYTES];
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (a.config != NULL) {
		rc = command_load_config(COMMAND, a.config, &config);
		if (rc != EXIT_OK)
			return rc;
		a.options.config = &config;
	}
	if (replay_init(&r, &a.options, error) != 0)
		rc = command_usage(COMMAND, "%s", error);
	else
		rc = replay_all(&r, argc, argv, &a);
	replay_finish(&r);
	config_finish(&config);
	return rc;
}
