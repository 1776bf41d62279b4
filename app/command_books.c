/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "app/attach.h"
#include "app/books_csv.h"
#include "app/command.h"
#include "app/status_number.h"
#include "dataplane/feed/directory.h"

#define COMMAND "books"
#define TRIES   1000u

struct arguments {
	const char *engine;
	const char *feed;
	const char *symbol;
	uint64_t wanted; /* symbol as a word */
	bool top;
	bool json;
};

static int take_symbol(void *to, const struct argument *o, const char *value)
{
	struct arguments *a = to;

	a->symbol = value;
	a->wanted = symbol_from_text(value);
	return a->wanted != 0 ? EXIT_OK
	                      : command_usage(COMMAND, "--%s: '%s' is not 1 to 8 characters",
	                                      o->name, value);
}

static const struct argument arguments[] = {
        {ARGUMENT_FLAG, .letter = 't', .name = "top",
         .text = "the best bid and ask, last trade and flags of every book, from the board",
         .offset = offsetof(struct arguments, top)},
        {ARGUMENT_TAKE, .letter = 'y', .name = "symbol", .value = "SYMBOL",
         .text = "only this symbol", .take = take_symbol},
        {ARGUMENT_TEXT, .letter = 'f', .name = "feed", .value = "NAME",
         .text = "which feed, when there are several", .offset = offsetof(struct arguments, feed)},
        {ARGUMENT_FLAG, .letter = 'j', .name = "json", .text = "with `--top`: one JSON array",
         .offset = offsetof(struct arguments, json)},
        {ARGUMENT_END},
};

static int enter(int argc, char **argv);

const struct command command_books = {
        .name = COMMAND,
        .summary = "show the books of a running engine",
        .usage = "[OPTION...] [ENGINE]",
        .operand = "ENGINE",
        .text = "Prints the books of a running engine as CSV, whole depth: "
                "symbol,side,price,quantity,orders. Each book is one consistent copy; the engine "
                "is not disturbed. ENGINE is its engine.name; it may be left out when one runs.",
        .arguments = arguments,
        .notes = "Flags of `--top`: S suspect (the feed had a gap this book may have missed), L "
                 "stale (its group lags or is set aside), D degraded (something did not fit), H "
                 "halted, h good again by a by-level rule, not by proof.",
        .exits = "0 done; 1 no engine, or it cannot be read; 2 wrong usage.",
        .run = enter,
};

static int parse(int argc, char **argv, struct arguments *a)
{
	int rc = argument_parse(&command_books, argc, argv, a);

	if (rc != EXIT_OK)
		return rc;
	if (optind + 1 < argc)
		return command_usage(COMMAND, "give at most one engine");
	if (a->json && !a->top)
		return command_usage(COMMAND, "--json goes with --top");
	a->engine = argv[optind];
	return EXIT_OK;
}

static const char *flags_text(uint32_t flags, char text[8])
{
	uint32_t n = 0;

	if (flags & BOARD_SUSPECT)
		text[n++] = 'S';
	if (flags & BOARD_STALE)
		text[n++] = 'L';
	if (flags & BOARD_DEGRADED)
		text[n++] = 'D';
	if (flags & BOARD_HALTED)
		text[n++] = 'H';
	if (flags & BOARD_HEURISTIC)
		text[n++] = 'h';
	text[n] = '\0';
	return text;
}

static json_t *top_json(const struct board_top *t, uint32_t flags)
{
	char symbol[9];
	char text[8];
	json_t *o = json_object();

	json_object_set_new(o, "symbol", json_string(symbol_text(t->symbol, symbol)));
	json_object_set_new(o, "bid_price", json_integer(t->bid_price));
	json_object_set_new(o, "bid_quantity", status_number(t->bid_quantity));
	json_object_set_new(o, "bid_orders", json_integer(t->bid_orders));
	json_object_set_new(o, "ask_price", json_integer(t->ask_price));
	json_object_set_new(o, "ask_quantity", status_number(t->ask_quantity));
	json_object_set_new(o, "ask_orders", json_integer(t->ask_orders));
	json_object_set_new(o, "trade_price", json_integer(t->trade_price));
	json_object_set_new(o, "trade_quantity", status_number(t->trade_quantity));
	json_object_set_new(o, "volume", status_number(t->volume));
	json_object_set_new(o, "trades", status_number(t->trades));
	json_object_set_new(o, "epoch", json_integer(t->epoch));
	json_object_set_new(o, "sequence", status_number(t->sequence));
	json_object_set_new(o, "time_ns", status_number(t->time_ns));
	json_object_set_new(o, "state", json_stringn(&t->state, t->state == '\0' ? 0 : 1));
	json_object_set_new(o, "flags", json_string(flags_text(flags, text)));
	return o;
}

static void top_text(const struct board_top *t, uint32_t flags)
{
	char symbol[9];
	char text[8];
	char bid[24] = "-";
	char ask[24] = "-";
	char trade[24] = "-";

	if (t->bid_quantity != 0)
		books_csv_price(t->bid_price, bid);
	if (t->ask_quantity != 0)
		books_csv_price(t->ask_price, ask);
	if (t->trades != 0)
		books_csv_price(t->trade_price, trade);
	printf("%-8s %10" PRIu64 " %12s %12s %10" PRIu64 " %12s %12" PRIu64 " %c %s\n",
	       symbol_text(t->symbol, symbol), t->bid_quantity, bid, ask, t->ask_quantity, trade,
	       t->volume, t->state == '\0' ? '-' : t->state, flags_text(flags, text));
}

static int print_top(const struct attach *at, uint32_t feed, const struct arguments *a)
{
	struct board b;
	json_t *all = a->json ? json_array() : NULL;
	int rc = attach_board(at, feed, &b);

	if (rc != 0)
		return command_failed(COMMAND, "engine %s: feed %s has no readable board",
		                      at->shared->engine, at->shared->feeds[feed].name);
	if (!a->json)
		printf("%-8s %10s %12s %12s %10s %12s %12s %s %s\n", "symbol", "bid qty", "bid",
		       "ask", "ask qty", "last", "volume", "s", "flags");
	for (uint32_t i = 0; i < at->shared->feeds[feed].symbols_max; i++) {
		struct board_top t;

		if (board_read(&b, i, &t, TRIES) != 0 ||
		    (a->symbol != NULL && t.symbol != a->wanted))
			continue;
		if (a->json)
			json_array_append_new(all, top_json(&t, board_flags_now(&b, &t)));
		else
			top_text(&t, board_flags_now(&b, &t));
	}
	if (a->json) {
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	}
	return EXIT_OK;
}

static int print_books(const struct attach *at, uint32_t feed, const struct arguments *a)
{
	struct books_csv_source *sources = calloc(SHARED_GROUPS_MAX, sizeof(*sources));
	int count = sources == NULL ? -ENOMEM : attach_books(at, feed, sources);
	int rc = count < 0 ? count
	                   : books_csv_write(stdout, sources, (uint32_t)count,
	                                     a->symbol == NULL ? NULL : &a->wanted);

	free(sources);
	if (rc == -EAGAIN)
		return command_failed(COMMAND,
		                      "a book changes faster than it can be copied; try again");
	return rc == 0 ? EXIT_OK
	               : command_failed(COMMAND, "the books cannot be read: %s", strerror(-rc));
}

static int enter(int argc, char **argv)
{
	struct arguments a = {0};
	struct attach at;
	char error[ATTACH_ERROR_BYTES];
	int rc = parse(argc, argv, &a);

	if (rc != EXIT_OK)
		return rc;
	if (attach_open(&at, a.engine, error) != 0)
		return command_failed(COMMAND, "%s", error);
	int feed = attach_feed(&at, a.feed, error);

	if (feed < 0)
		rc = command_failed(COMMAND, "%s", error);
	else
		rc = a.top ? print_top(&at, (uint32_t)feed, &a)
		           : print_books(&at, (uint32_t)feed, &a);
	if (!attach_is_alive(&at))
		fprintf(stderr, "genesis books: engine %s is dead; these are its last books\n",
		        at.shared->engine);
	attach_close(&at);
	return rc;
}
