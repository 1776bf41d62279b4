/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_options.h"

#include <stdio.h>

#include "app/command.h"
#include "tests/unit/suite.h"

#define ARGUMENTS_MAX 16

/* One command line: "exchange --line-a 239.1.1.1:5" and these words. */
static int parse(struct exchange_options *o, const char *const *words)
{
	static const char *const always[] = {"exchange", "--line-a", "239.1.1.1:5"};
	static char text[ARGUMENTS_MAX][128];
	char *argv[ARGUMENTS_MAX + 1] = {NULL};
	int argc = 0;

	while (argc < 3 || words[argc - 3] != NULL) {
		snprintf(text[argc], sizeof(text[argc]), "%s",
		         argc < 3 ? always[argc] : words[argc - 3]);
		argv[argc] = text[argc];
		argc++;
	}
	static const struct command command = {.name = "exchange",
	                                       .usage = "",
	                                       .text = "",
	                                       .exits = "",
	                                       .arguments = exchange_arguments};

	return exchange_options_parse(o, &command, argc, argv);
}

#define PARSE(o, ...) parse(o, (const char *const[]){__VA_ARGS__, NULL})

static void test_lines(void)
{
	struct exchange_options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--seed", "7"), EXIT_OK);
	CU_ASSERT_EQUAL(o.seed, 7);
	CU_ASSERT_EQUAL(o.line_count, 1);
	CU_ASSERT_STRING_EQUAL(o.line[0].device, "");
	CU_ASSERT_EQUAL(o.line[0].address, 0xef010101);
	CU_ASSERT_EQUAL(o.line[0].udp_port, 5);
	CU_ASSERT_EQUAL(PARSE(&o, "--line-a", "net_af_packet0,iface=eth1=239.1.1.1:5", "--line-b",
	                      "0000:17:00.0=239.1.1.2:6"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(o.line_count, 2);
	CU_ASSERT_STRING_EQUAL(o.line[0].device, "net_af_packet0,iface=eth1");
	CU_ASSERT_STRING_EQUAL(o.line[1].device, "0000:17:00.0");
	CU_ASSERT_EQUAL(PARSE(&o, "--line-b", "239.1.1.1:5"), EXIT_USAGE); /* the same as A */
	CU_ASSERT_EQUAL(PARSE(&o, "--line-b", "net_null0=239.1.1.2:5"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&o, "--line-b", "0.0.0.0:5"), EXIT_USAGE);
}

static void test_servers(void)
{
	struct exchange_options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--line-a", "net_null0=239.1.1.1:5", "--rerequest",
	                      "10.0.0.2:26500,fail=1%", "--service", "x=net_null1=10.0.0.3:5683",
	                      "--glimpse", "127.0.0.1:26600"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(o.servers.count, 2);
	CU_ASSERT_EQUAL(o.servers.list[0].kind, EXCHANGE_REREQUEST);
	CU_ASSERT_EQUAL(o.servers.list[1].kind, EXCHANGE_NODE);
	CU_ASSERT_STRING_EQUAL(o.servers.list[1].device, "net_null1");
	CU_ASSERT_EQUAL(o.servers.glimpse.tcp_port, 26600);
	CU_ASSERT_EQUAL(PARSE(&o, "--rerequest", "10.0.0.2:26500"), EXIT_USAGE); /* no device */
	CU_ASSERT_EQUAL(PARSE(&o, "--line-a", "net_null0=239.1.1.1:5", "--rerequest", "x"),
	                EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&o, "--line-a", "net_null0=239.1.1.1:5", "--glimpse", "x"),
	                EXIT_USAGE);
}

static void test_probabilities(void)
{
	static const struct {
		const char *text;
		uint32_t ppm;
	} right[] = {{"0", 0},        {"10000", 10000},  {"10000ppm", 10000}, {"1%", 10000},
	             {"0.25%", 2500}, {"100%", 1000000}, {"0.0001%", 1}};
	static const char *const wrong[] = {"",   "%",   "1.5", "101%",     "1000001",
	                                    "-1", "1 %", "1pp", "100.0001%"};
	uint32_t ppm = 0;

	for (unsigned i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		CU_ASSERT_EQUAL(exchange_parse_ppm(right[i].text, &ppm), 0);
		CU_ASSERT_EQUAL(ppm, right[i].ppm);
	}
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_NOT_EQUAL(exchange_parse_ppm(wrong[i], &ppm), 0);
}

static void test_what_goes_wrong_on_which_line(void)
{
	struct exchange_options o;
	const struct day_line_options *a = &o.line[0].impairments;
	const struct day_line_options *b = &o.line[1].impairments;

	CU_ASSERT_EQUAL(PARSE(&o, "--loss", "1%", "--loss", "B:2%", "--burst-loss", "A:300/7",
	                      "--reorder", "both:5000/4ms", "--skew", "B:3ms"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(a->loss_ppm, 10000);
	CU_ASSERT_EQUAL(b->loss_ppm, 20000);
	CU_ASSERT_EQUAL(a->burst_loss_ppm, 300);
	CU_ASSERT_EQUAL(a->burst_packets_max, 7);
	CU_ASSERT_EQUAL(b->burst_loss_ppm, 0);
	CU_ASSERT_EQUAL(b->reorder_ppm, 5000);
	CU_ASSERT_EQUAL(b->reorder_ns, 4000000);
	CU_ASSERT_EQUAL(a->skew_ns, 0);
	CU_ASSERT_EQUAL(b->skew_ns, 3000000);
	CU_ASSERT_EQUAL(PARSE(&o, "--corrupt", "A:1", "--duplicate", "2", "--blackout",
	                      "A:1s:250ms", "--blackout", "3s:1s"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(a->corrupt_ppm, 1);
	CU_ASSERT_EQUAL(b->corrupt_ppm, 0);
	CU_ASSERT_EQUAL(a->duplicate_ppm, 2);
	CU_ASSERT_EQUAL(a->blackouts[0].from_ns, 1000000000);
	CU_ASSERT_EQUAL(a->blackouts[0].for_ns, 250000000);
	CU_ASSERT_EQUAL(a->blackouts[1].from_ns, 3000000000);
	CU_ASSERT_EQUAL(b->blackouts[0].from_ns, 3000000000);
	CU_ASSERT_EQUAL(b->blackouts[1].for_ns, 0);
}

static void test_windows_and_bounds(void)
{
	struct exchange_options o;
	const struct day_line_options *a = &o.line[0].impairments;
	const struct day_line_options *b = &o.line[1].impairments;

	CU_ASSERT_EQUAL(PARSE(&o, "--loss", "A:2%@1s:500ms", "--loss", "A:2%@3s:1s", "--loss",
	                      "B:1%", "--reorder", "1%/8", "--reorder", "B:2%/4ms"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(a->loss_ppm, 20000);
	CU_ASSERT_EQUAL(a->losses[0].from_ns, 1000000000);
	CU_ASSERT_EQUAL(a->losses[0].for_ns, 500000000);
	CU_ASSERT_EQUAL(a->losses[1].from_ns, 3000000000);
	CU_ASSERT_EQUAL(b->losses[0].for_ns, 0);
	CU_ASSERT_EQUAL(a->reorder_ppm, 10000);
	CU_ASSERT_EQUAL(a->reorder_packets, 8);
	CU_ASSERT_EQUAL(a->reorder_ns, 0);
	CU_ASSERT_EQUAL(b->reorder_packets, 0);
	CU_ASSERT_EQUAL(b->reorder_ns, 4000000);
	CU_ASSERT_EQUAL(PARSE(&o, "--rate", "messages/s:9@1s:1s", "--rate", "messages/s:5"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(o.pace.per_s, 5);
	CU_ASSERT_EQUAL(o.pace.windows[0].per_s, 9);
	CU_ASSERT_EQUAL(PARSE(&o, "--rate", "messages/s:9@1s:1s", "--rate", "flat"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&o, "--loss", "1%@1s"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&o, "--reorder", "1%/0"), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&o, "--reorder", "1%/65"), EXIT_USAGE);
}

static void test_ends_and_files(void)
{
	struct exchange_options o;

	CU_ASSERT_EQUAL(PARSE(&o, "--count", "9", "--duration", "2s", "--heartbeat", "100ms",
	                      "--linger", "1m"),
	                EXIT_OK);
	CU_ASSERT_EQUAL(o.linger_ns, 60000000000);
	CU_ASSERT_EQUAL(o.count, 9);
	CU_ASSERT_EQUAL(o.duration_ns, 2000000000);
	CU_ASSERT_EQUAL(o.heartbeat_ns, 100000000);
	CU_ASSERT_EQUAL(PARSE(&o, "--input", "f", "--input-line", "A:1.2.3.4:5", "--books", "b"),
	                EXIT_OK);
	CU_ASSERT_STRING_EQUAL(o.input, "f");
	CU_ASSERT_STRING_EQUAL(o.books, "b");
	CU_ASSERT_EQUAL(o.line[0].input_address, 0x01020304);
	CU_ASSERT_EQUAL(o.line[0].input_port, 5);
	CU_ASSERT_EQUAL(o.line[1].input_address, 0);
}

static void test_nonsense_is_refused(void)
{
	static const char *const wrong[][2] = {
	        {"--loss", "C:1"},        {"--loss", ""},
	        {"--skew", "2"},          {"--reorder", "1%/0ms"},
	        {"--reorder", "1%/"},     {"--burst-loss", "1/0"},
	        {"--blackout", "A:1s"},   {"--blackout", "1s:x"},
	        {"--rate", "x"},          {"--duration", "0s"},
	        {"--heartbeat", "1"},     {"--symbols", "0"},
	        {"--sessions", "51"},     {"--messages", "100"},
	        {"--count", "0"},         {"--input-line", "1.2.3.4:5"},
	        {"--protocol", "deep10"}, {"--nonsense", "1"},
	        {"more", "words"},        {"--skew", "25h"}};
	struct exchange_options o;

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(PARSE(&o, wrong[i][0], wrong[i][1]), EXIT_USAGE);
	CU_ASSERT_EQUAL(PARSE(&o, "--blackout", "A:1s:1s", "--blackout", "A:3s:1s", "--blackout",
	                      "A:5s:1s", "--blackout", "A:7s:1s", "--blackout", "A:9s:1s"),
	                EXIT_USAGE);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"lines", test_lines},
	        {"servers", test_servers},
	        {"probabilities", test_probabilities},
	        {"what goes wrong on which line", test_what_goes_wrong_on_which_line},
	        {"windows and bounds", test_windows_and_bounds},
	        {"ends and files", test_ends_and_files},
	        {"nonsense is refused", test_nonsense_is_refused},
	};

	return SUITE_RUN("exchange_options", tests);
}
