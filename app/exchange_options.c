/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "config/value.h"
#include "perf/day.h"

#define COMMAND           "exchange"
#define WORD_BYTES        64u
#define PPM               1000000u
#define BURST_PACKETS_MAX 40u
#define REORDER_NS        2000000u
#define MESSAGES_MAX      1000000000u

enum key {
	KEY_SEED = 256,
	KEY_MESSAGES,
	KEY_SYMBOLS,
	KEY_LIVE_ORDERS,
	KEY_PROTOCOL,
	KEY_LINE_A,
	KEY_LINE_B,
	KEY_RATE,
	KEY_LOSS,
	KEY_BURST_LOSS,
	KEY_DUPLICATE,
	KEY_REORDER,
	KEY_SKEW,
	KEY_CORRUPT,
	KEY_BLACKOUT,
	KEY_HEARTBEAT,
	KEY_SESSIONS,
	KEY_COUNT,
	KEY_DURATION,
	KEY_LINGER,
	KEY_INPUT,
	KEY_INPUT_LINE,
	KEY_WRITE_PCAP,
	KEY_WRITE_BINARY,
	KEY_BOOKS,
	KEY_REPORT,
	KEY_REREQUEST,
	KEY_SERVICE,
	KEY_GLIMPSE,
};

static int take(void *to, const struct argument *a, const char *text);

static_assert(EXCHANGE_SESSIONS_MAX == 50, "as the table says");
static_assert(EXCHANGE_WINDOWS_MAX == 8 && DAY_WINDOWS_MAX == 4, "as the table says");
static_assert(DAY_REORDER_MAX == 64, "as the table says");
static_assert(EXCHANGE_REREQUESTS_MAX == 8 && EXCHANGE_NODES_MAX == 16, "as the table says");

const struct argument exchange_arguments[] = {
        {ARGUMENT_HEADING, .text = "What is sent"},
        {ARGUMENT_TAKE, .name = "seed", .value = "N",
         .text = "another day (default 1); the same options give the same packets", .take = take,
         .key = KEY_SEED},
        {ARGUMENT_TAKE, .name = "messages", .value = "N", .text = "of a session (default 100000)",
         .take = take, .key = KEY_MESSAGES},
        {ARGUMENT_TAKE, .name = "symbols", .value = "N", .text = "(default 1000)", .take = take,
         .key = KEY_SYMBOLS},
        {ARGUMENT_TAKE, .name = "live-orders", .value = "N",
         .text = "orders resting at most (default: what suits the number of messages)",
         .take = take, .key = KEY_LIVE_ORDERS},
        {ARGUMENT_TAKE, .name = "protocol", .value = "itch50", .text = "the only one", .take = take,
         .key = KEY_PROTOCOL},
        {ARGUMENT_TAKE, .name = "sessions", .value = "N",
         .text = "days one after the other, up to 50, each a session and a seed of its own "
                 "(default 1)",
         .take = take, .key = KEY_SESSIONS},
        {ARGUMENT_TAKE, .name = "heartbeat", .value = "TIME",
         .text = "idle time that brings a heartbeat (default 1s)", .take = take,
         .key = KEY_HEARTBEAT},
        {ARGUMENT_TAKE, .name = "input", .value = "FILE",
         .text = "instead of a made-up day: a BinaryFILE, or a capture whose MoldUDP64 datagrams "
                 "are sent again as they are",
         .take = take, .key = KEY_INPUT},
        {ARGUMENT_TAKE, .name = "input-line", .value = "A:ADDR:PORT",
         .text = "what line A takes of a capture; then B:ADDR:PORT (default: the first two "
                 "destinations; where there is one, both lines send it)",
         .take = take, .key = KEY_INPUT_LINE},
        {ARGUMENT_HEADING, .text = "Where to and how fast"},
        {ARGUMENT_TAKE, .name = "line-a", .value = "[DEVICE=]ADDR:PORT",
         .text = "line A: a device as in configurations, and its UDP destination. Without a device "
                 "nothing is sent, only files are written",
         .take = take, .key = KEY_LINE_A},
        {ARGUMENT_TAKE, .name = "line-b", .value = "[DEVICE=]ADDR:PORT",
         .text = "line B; both may name one device", .take = take, .key = KEY_LINE_B},
        {ARGUMENT_TAKE, .name = "rate", .value = "RATE",
         .text = "packets/s:N (both lines together), messages/s:N, times:X (as recorded, X times "
                 "faster) or flat (as fast as the ports take it); default messages/s:100000. Once "
                 "more as messages/s:N@T:D: that rate from T after the start for D, up to 8 times",
         .take = take, .key = KEY_RATE},
        {ARGUMENT_TAKE, .name = "count", .value = "N", .text = "ends after N packets", .take = take,
         .key = KEY_COUNT},
        {ARGUMENT_TAKE, .name = "duration", .value = "TIME", .text = "ends after so long",
         .take = take, .key = KEY_DURATION},
        {ARGUMENT_TAKE, .name = "linger", .value = "TIME",
         .text = "keeps its ports open for so long when all is sent and written, or until a signal",
         .take = take, .key = KEY_LINGER},
        {ARGUMENT_HEADING, .text = "What goes wrong; VALUE for both lines, A:VALUE or B:VALUE for "
                                   "one. P is parts per million of packets, or 0.1%; times are of "
                                   "sending (flat: as if a million messages were sent per second)"},
        {ARGUMENT_TAKE, .name = "loss", .value = "P[@T:D]",
         .text = "lost one by one; with @T:D only from T after the start for D, up to 4 times per "
                 "line",
         .take = take, .key = KEY_LOSS},
        {ARGUMENT_TAKE, .name = "burst-loss", .value = "P[/N]",
         .text = "chance that a loss of 1 to N (default 40) packets begins", .take = take,
         .key = KEY_BURST_LOSS},
        {ARGUMENT_TAKE, .name = "duplicate", .value = "P", .text = "sent twice", .take = take,
         .key = KEY_DUPLICATE},
        {ARGUMENT_TAKE, .name = "reorder", .value = "P[/BY]",
         .text = "held back by up to a time (default 2ms), or until up to so many packets of the "
                 "line, at most 64, have overtaken it",
         .take = take, .key = KEY_REORDER},
        {ARGUMENT_TAKE, .name = "skew", .value = "TIME", .text = "the line runs behind by TIME",
         .take = take, .key = KEY_SKEW},
        {ARGUMENT_TAKE, .name = "corrupt", .value = "P",
         .text = "one bit of the payload flipped, the checksum left as it was; counted as lost, "
                 "for a reader that verifies checksums (verify_udp_checksum)",
         .take = take, .key = KEY_CORRUPT},
        {ARGUMENT_TAKE, .name = "blackout", .value = "T:D",
         .text = "from T after the start nothing comes for D, heartbeats neither; up to 4 per line",
         .take = take, .key = KEY_BLACKOUT},
        {ARGUMENT_HEADING, .text = "What it serves, while it sends and lingers"},
        {ARGUMENT_TAKE, .name = "rerequest", .value = "[DEVICE=]ADDR:PORT[,SCRIPT]",
         .text = "a MoldUDP64 re-request server at this address and UDP port (DEVICE: default line "
                 "A's), up to 8; it knows what was sent so far, whether a line carried it or not",
         .take = take, .key = KEY_REREQUEST},
        {ARGUMENT_TAKE, .name = "service", .value = "NAME=[DEVICE=]ADDR:PORT[,SCRIPT]",
         .text = "a CoAP node of the service NAME, up to 16; nodes of one name have the same "
                 "resources",
         .take = take, .key = KEY_SERVICE},
        {ARGUMENT_TAKE, .name = "glimpse", .value = "ADDR:PORT[,SCRIPT]",
         .text = "a GLIMPSE snapshot server (SoupBinTCP) on this address and port of the kernel's "
                 "own TCP",
         .take = take, .key = KEY_GLIMPSE},
        {ARGUMENT_HEADING, .text = "What is written"},
        {ARGUMENT_TAKE, .name = "write-pcap", .value = "FILE",
         .text = "the packets as they are to be sent, at their times", .take = take,
         .key = KEY_WRITE_PCAP},
        {ARGUMENT_TAKE, .name = "write-binary", .value = "FILE",
         .text = "the messages of the whole day, unimpaired (BinaryFILE)", .take = take,
         .key = KEY_WRITE_BINARY},
        {ARGUMENT_TAKE, .name = "books", .value = "FILE",
         .text = "the books of a right reader of what was sent, as CSV", .take = take,
         .key = KEY_BOOKS},
        {ARGUMENT_TAKE, .name = "report", .value = "FILE",
         .text = "the account as JSON: per line, and every range of messages that no line carried",
         .take = take, .key = KEY_REPORT},
        {ARGUMENT_FLAG, .letter = 'q', .name = "quiet", .text = "no summary",
         .offset = offsetof(struct exchange_options, quiet)},
        {ARGUMENT_END},
};

int exchange_parse_ppm(const char *text, uint32_t *ppm)
{
	char number[WORD_BYTES];
	size_t bytes = strspn(text, "0123456789.");
	const bool percent = strcmp(text + bytes, "%") == 0;
	uint64_t value;

	if (bytes == 0 || bytes >= sizeof(number) ||
	    (!percent && text[bytes] != '\0' && strcmp(text + bytes, "ppm") != 0))
		return -EINVAL;
	memcpy(number, text, bytes);
	number[bytes] = '\0';
	if (exchange_decimal(number, percent ? 4 : 0, PPM, &value) != 0 || value > PPM)
		return -EINVAL;
	*ppm = (uint32_t)value;
	return 0;
}

/* Which lines a value is for, as a bit mask; *text moves behind "A:". */
static uint32_t lines_of(const char **text)
{
	static const struct {
		const char *prefix;
		uint32_t lines;
	} prefixes[] = {{"A:", 1}, {"B:", 2}, {"both:", 3}};

	for (uint32_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t bytes = strlen(prefixes[i].prefix);

		if (strncmp(*text, prefixes[i].prefix, bytes) == 0) {
			*text += bytes;
			return prefixes[i].lines;
		}
	}
	return 3;
}

static bool duration(const char *text, uint64_t *ns)
{
	return value_duration(text, ns) == VALUE_OK && *ns <= EXCHANGE_TIME_MAX_NS;
}

/* "VALUE" or "VALUE/MORE": cuts at the slash. */
static const char *cut(char word[WORD_BYTES], const char *text, char at)
{
	snprintf(word, WORD_BYTES, "%s", text);
	char *more = strchr(word, at);

	if (more == NULL)
		return NULL;
	*more = '\0';
	return more + 1;
}

/* "T:D", into the first free place. */
static bool take_window(struct day_window windows[DAY_WINDOWS_MAX], const char *text)
{
	char word[WORD_BYTES];
	const char *length = cut(word, text, ':');
	struct day_window w;

	if (length == NULL || !duration(word, &w.from_ns) || !duration(length, &w.for_ns))
		return false;
	for (uint32_t i = 0; i < DAY_WINDOWS_MAX; i++)
		if (windows[i].for_ns == 0) {
			windows[i] = w;
			return true;
		}
	return false;
}

/* "P" or "P@T:D"; further windows come with the same P. */
static bool take_loss(struct day_line_options *l, const char *text)
{
	char word[WORD_BYTES];
	const char *window = cut(word, text, '@');

	if (exchange_parse_ppm(word, &l->loss_ppm) != 0)
		return false;
	return window == NULL || take_window(l->losses, window);
}

/* "P", "P/TIME" or "P/N". */
static bool take_reorder(struct day_line_options *l, const char *text)
{
	char word[WORD_BYTES];
	const char *more = cut(word, text, '/');
	uint64_t packets = 0;

	l->reorder_ns = REORDER_NS;
	l->reorder_packets = 0;
	if (more != NULL && command_number(more, 1, DAY_REORDER_MAX, &packets) == 0) {
		l->reorder_ns = 0;
		l->reorder_packets = (uint32_t)packets;
	} else if (more != NULL && (!duration(more, &l->reorder_ns) || l->reorder_ns == 0)) {
		return false;
	}
	return exchange_parse_ppm(word, &l->reorder_ppm) == 0;
}

static bool impair(struct day_line_options *l, int key, const char *text)
{
	char word[WORD_BYTES];
	const char *more;
	uint64_t packets = BURST_PACKETS_MAX;

	switch (key) {
	case KEY_LOSS:
		return take_loss(l, text);
	case KEY_BURST_LOSS:
		more = cut(word, text, '/');
		if (more != NULL && command_number(more, 1, 1000000, &packets) != 0)
			return false;
		l->burst_packets_max = (uint32_t)packets;
		return exchange_parse_ppm(word, &l->burst_loss_ppm) == 0;
	case KEY_DUPLICATE:
		return exchange_parse_ppm(text, &l->duplicate_ppm) == 0;
	case KEY_REORDER:
		return take_reorder(l, text);
	case KEY_SKEW:
		return duration(text, &l->skew_ns);
	case KEY_CORRUPT:
		return exchange_parse_ppm(text, &l->corrupt_ppm) == 0;
	case KEY_BLACKOUT:
		return take_window(l->blackouts, text);
	default:
		return false;
	}
}

static const char *name_of(int key)
{
	const struct argument *a = exchange_arguments;

	while (a->key != key)
		a++;
	return a->name;
}

static int take_impairment(struct exchange_options *o, int key, const char *text)
{
	const char *value = text;
	uint32_t lines = lines_of(&value);

	for (uint32_t i = 0; i < DAY_FEED_LINES_MAX; i++)
		if ((lines >> i & 1) != 0 && !impair(&o->line[i].impairments, key, value))
			return command_usage(COMMAND, "--%s: '%s' is not understood", name_of(key),
			                     text);
	return EXIT_OK;
}

/* "DEVICE=ADDR:PORT" or "ADDR:PORT". Devices have '=' in them too, so it is the last one. */
static int take_line(struct exchange_line *l, int key, const char *text)
{
	const char *equals = strrchr(text, '=');
	const char *address = equals == NULL ? text : equals + 1;
	size_t bytes = equals == NULL ? 0 : (size_t)(equals - text);

	if (bytes >= sizeof(l->device))
		return command_usage(COMMAND, "--%s: the device is too long", name_of(key));
	memcpy(l->device, text, bytes);
	l->device[bytes] = '\0';
	if (command_address(address, &l->address, &l->udp_port) != 0 || l->address == 0)
		return command_usage(COMMAND, "--%s: '%s' is not DEVICE=ADDR:PORT", name_of(key),
		                     text);
	return EXIT_OK;
}

static int take_number(struct exchange_options *o, int key, const char *text)
{
	const struct {
		int key;
		uint64_t min, max;
	} bounds[] = {
	        {KEY_SEED, 0, UINT64_MAX / 2},
	        {KEY_MESSAGES, 1, MESSAGES_MAX},
	        {KEY_SYMBOLS, 1, DAY_SYMBOLS_MAX},
	        {KEY_LIVE_ORDERS, DAY_ORDERS_LIVE_MIN, UINT32_MAX / 2},
	        {KEY_SESSIONS, 1, EXCHANGE_SESSIONS_MAX},
	        {KEY_COUNT, 1, UINT64_MAX},
	};
	uint64_t v = 0;

	for (uint32_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		if (bounds[i].key == key &&
		    command_number(text, bounds[i].min, bounds[i].max, &v) != 0)
			return command_usage(COMMAND, "--%s: '%s' is not %" PRIu64 " to %" PRIu64,
			                     name_of(key), text, bounds[i].min, bounds[i].max);
	switch (key) {
	case KEY_SEED:
		o->seed = v;
		break;
	case KEY_MESSAGES:
		o->messages = v;
		break;
	case KEY_SYMBOLS:
		o->symbols = (uint32_t)v;
		break;
	case KEY_LIVE_ORDERS:
		o->live_orders = (uint32_t)v;
		break;
	case KEY_SESSIONS:
		o->sessions = (uint32_t)v;
		break;
	default:
		o->count = v;
		break;
	}
	return EXIT_OK;
}

static int take_time(struct exchange_options *o, int key, const char *text)
{
	uint64_t *ns = key == KEY_HEARTBEAT ? &o->heartbeat_ns
	               : key == KEY_LINGER  ? &o->linger_ns
	                                    : &o->duration_ns;

	if (!duration(text, ns) || *ns == 0)
		return command_usage(COMMAND, "--%s: '%s' is not a time such as 500ms",
		                     name_of(key), text);
	return EXIT_OK;
}

static int take_input_line(struct exchange_options *o, const char *text)
{
	const char *value = text;
	uint32_t lines = lines_of(&value);
	struct exchange_line *l = &o->line[lines >> 1];

	if (value == text || lines == 3 ||
	    command_address(value, &l->input_address, &l->input_port) != 0)
		return command_usage(COMMAND,
		                     "--input-line: '%s' is not A:ADDR:PORT or "
		                     "B:ADDR:PORT",
		                     text);
	return EXIT_OK;
}

static int take_text(struct exchange_options *o, int key, const char *text)
{
	switch (key) {
	case KEY_INPUT:
		o->input = text;
		break;
	case KEY_WRITE_PCAP:
		o->write_pcap = text;
		break;
	case KEY_WRITE_BINARY:
		o->write_binary = text;
		break;
	case KEY_BOOKS:
		o->books = text;
		break;
	default:
		o->report = text;
		break;
	}
	return EXIT_OK;
}

static int take_server(struct exchange_options *o, int key, const char *text)
{
	char error[SERVE_TEXT_BYTES];
	int rc;

	if (key == KEY_GLIMPSE)
		rc = exchange_servers_parse_glimpse(&o->servers, text, error);
	else
		rc = exchange_servers_parse(&o->servers,
		                            key == KEY_SERVICE ? EXCHANGE_NODE : EXCHANGE_REREQUEST,
		                            text, error);
	return rc == 0 ? EXIT_OK
	               : command_usage(COMMAND, "--%s: '%s': %s", name_of(key), text, error);
}

static int take(void *to, const struct argument *a, const char *text)
{
	struct exchange_options *o = to;
	int key = a->key;

	switch (key) {
	case KEY_LINE_A:
	case KEY_LINE_B:
		return take_line(&o->line[key - KEY_LINE_A], key, text);
	case KEY_RATE:
		if (exchange_pace_parse(&o->pace, text) == 0)
			return EXIT_OK;
		return command_usage(COMMAND,
		                     "--rate: '%s' is not packets/s:N, messages/s:N, "
		                     "times:X, flat, or messages/s:N@T:D",
		                     text);
	case KEY_PROTOCOL:
		if (strcmp(text, "itch50") == 0)
			return EXIT_OK;
		return command_usage(COMMAND, "--protocol: '%s' is not itch50", text);
	case KEY_INPUT_LINE:
		return take_input_line(o, text);
	case KEY_HEARTBEAT:
	case KEY_DURATION:
	case KEY_LINGER:
		return take_time(o, key, text);
	case KEY_SEED:
	case KEY_MESSAGES:
	case KEY_SYMBOLS:
	case KEY_LIVE_ORDERS:
	case KEY_SESSIONS:
	case KEY_COUNT:
		return take_number(o, key, text);
	case KEY_INPUT:
	case KEY_WRITE_PCAP:
	case KEY_WRITE_BINARY:
	case KEY_BOOKS:
	case KEY_REPORT:
		return take_text(o, key, text);
	case KEY_REREQUEST:
	case KEY_SERVICE:
	case KEY_GLIMPSE:
		return take_server(o, key, text);
	default:
		return take_impairment(o, key, text);
	}
}

/* What fits no single option. */
static int check(struct exchange_options *o)
{
	if (o->line[0].address == 0)
		return command_usage(COMMAND, "--line-a is missing");
	o->line_count = o->line[1].address != 0 ? 2 : 1;
	if (o->line_count == 2 && (o->line[0].device[0] == '\0') != (o->line[1].device[0] == '\0'))
		return command_usage(COMMAND, "give both lines a device, or none");
	if (o->line_count == 2 && o->line[0].address == o->line[1].address &&
	    o->line[0].udp_port == o->line[1].udp_port)
		return command_usage(COMMAND, "lines A and B are the same destination");
	if (o->input == NULL && o->messages < day_messages_min(o->symbols))
		return command_usage(
		        COMMAND, "a day of %" PRIu32 " symbols has at least %" PRIu64 " messages",
		        o->symbols, day_messages_min(o->symbols));
	if (o->pace.window_count > 0 && o->pace.rate != EXCHANGE_MESSAGES)
		return command_usage(COMMAND, "--rate: N@T:D goes with messages/s only");
	if (exchange_servers_any(&o->servers) && o->line[0].device[0] == '\0')
		return command_usage(COMMAND, "servers go with lines that have a device");
	if (o->write_binary != NULL && o->sessions > 1)
		return command_usage(COMMAND, "--write-binary: a BinaryFILE has one session");
	return EXIT_OK;
}

int exchange_options_parse(struct exchange_options *o, const struct command *c, int argc,
                           char **argv)
{
	*o = (struct exchange_options){.seed = 1,
	                               .messages = 100000,
	                               .symbols = 1000,
	                               .sessions = 1,
	                               .heartbeat_ns = 1000000000u,
	                               .count = UINT64_MAX,
	                               .duration_ns = UINT64_MAX};
	exchange_pace_parse(&o->pace, "messages/s:100000");
	int rc = argument_parse(c, argc, argv, o);

	if (rc != EXIT_OK)
		return rc;
	if (optind != argc)
		return command_usage(COMMAND, "takes options only, not '%s'", argv[optind]);
	return check(o);
}
