/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_pace.h"

#include "tests/unit/suite.h"

#define SECOND 1000000000ull

static struct exchange_pace parsed(const char *text)
{
	struct exchange_pace p = {0};

	CU_ASSERT_EQUAL(exchange_pace_parse(&p, text), 0);
	return p;
}

static void test_messages_per_second(void)
{
	struct exchange_pace p = parsed("messages/s:4");

	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 0, 77), 0);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 1, 77), SECOND / 4);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 4000000000ull, 0), 1000000000ull * SECOND);
	p = parsed("messages/s:3");
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 1, 0), 333333333);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 3, 0), SECOND); /* no error adds up */
}

static void test_another_rate_for_a_while(void)
{
	struct exchange_pace p = parsed("messages/s:10@4s:1s");

	CU_ASSERT_EQUAL(exchange_pace_parse(&p, "messages/s:100@1s:2s"), 0);
	CU_ASSERT_EQUAL(exchange_pace_parse(&p, "messages/s:2"), 0); /* windows stay */
	CU_ASSERT_EQUAL(p.window_count, 2);
	CU_ASSERT_EQUAL(p.windows[0].per_s, 100);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 1, 0), SECOND / 2);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 2, 0), SECOND);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 102, 0), 2 * SECOND);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 202, 0), 3 * SECOND);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 203, 0), 3 * SECOND + SECOND / 2);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 205, 0), 4 * SECOND + SECOND / 10);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 214, 0), 5 * SECOND);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 216, 0), 6 * SECOND);
	CU_ASSERT_NOT_EQUAL(exchange_pace_parse(&p, "messages/s:5@2s:1s"), 0); /* overlaps */
	CU_ASSERT_NOT_EQUAL(exchange_pace_parse(&p, "messages/s:5@0s:2s"), 0);
	CU_ASSERT_NOT_EQUAL(exchange_pace_parse(&p, "messages/s:5@7s"), 0);
	CU_ASSERT_NOT_EQUAL(exchange_pace_parse(&p, "messages/s:5@7s:0"), 0);
	CU_ASSERT_NOT_EQUAL(exchange_pace_parse(&p, "messages/s:0@7s:1s"), 0);
	CU_ASSERT_EQUAL(exchange_pace_parse(&p, "messages/s:5@3s:1s"), 0); /* exactly between */
	CU_ASSERT_EQUAL(p.windows[1].per_s, 5);
}

static void test_as_recorded(void)
{
	struct exchange_pace p = parsed("times:1");

	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 9, 12345), 12345);
	p = parsed("times:2.5");
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 9, 86400 * SECOND), 34560 * SECOND);
	p = parsed("times:0.001");
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 9, 7), 7000);
}

static void test_packets_per_second(void)
{
	struct exchange_pace p = parsed("packets/s:1000");

	exchange_pace_packets(&p, 500, 2000); /* four messages to a packet */
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 4000, 0), SECOND);
	CU_ASSERT_EQUAL(exchange_pace_packet_ns(&p, 1000), SECOND);
	CU_ASSERT_EQUAL(exchange_pace_packet_ns(&p, 1), SECOND / 1000);
	exchange_pace_packets(&p, 1000000000, 4000000000ull);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 4000, 0), SECOND);
}

static void test_flat_is_a_nominal_million(void)
{
	struct exchange_pace p = parsed("flat");

	CU_ASSERT_EQUAL(p.rate, EXCHANGE_FLAT);
	CU_ASSERT_EQUAL(exchange_pace_message_ns(&p, 1000000, 0), SECOND);
}

static void test_nonsense_is_refused(void)
{
	static const char *const wrong[] = {"",          "fast",           "packets/s:",
	                                    "times:",    "packets/s:0",    "messages/s:-1",
	                                    "times:0",   "times:0.0",      "times:1.2345",
	                                    "times:1.",  "times:.5",       "times:1.2.3",
	                                    "flat:1",    "messages/s:1.5", "packets/s:1000000001",
	                                    "times:1e3", "messages/s:10k", "times:1000001"};
	struct exchange_pace p = parsed("messages/s:5");

	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_NOT_EQUAL(exchange_pace_parse(&p, wrong[i]), 0);
	CU_ASSERT_EQUAL(p.per_s, 5); /* untouched */
}

static void test_decimals(void)
{
	uint64_t v = 0;

	CU_ASSERT_EQUAL(exchange_decimal("0.25", 4, 100, &v), 0);
	CU_ASSERT_EQUAL(v, 2500);
	CU_ASSERT_EQUAL(exchange_decimal("100", 4, 100, &v), 0);
	CU_ASSERT_EQUAL(v, 1000000);
	CU_ASSERT_EQUAL(exchange_decimal("0.0001", 4, 100, &v), 0);
	CU_ASSERT_EQUAL(v, 1);
	CU_ASSERT_EQUAL(exchange_decimal("7", 0, 7, &v), 0);
	CU_ASSERT_EQUAL(v, 7);
	CU_ASSERT_NOT_EQUAL(exchange_decimal("7.0", 0, 7, &v), 0);
	CU_ASSERT_NOT_EQUAL(exchange_decimal("8", 0, 7, &v), 0);
	CU_ASSERT_NOT_EQUAL(exchange_decimal("1.00001", 4, 7, &v), 0);
	CU_ASSERT_NOT_EQUAL(exchange_decimal("1000000000000000000000000000", 0, 7, &v), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"messages per second", test_messages_per_second},
	        {"another rate for a while", test_another_rate_for_a_while},
	        {"as recorded", test_as_recorded},
	        {"packets per second", test_packets_per_second},
	        {"flat is a nominal million", test_flat_is_a_nominal_million},
	        {"nonsense is refused", test_nonsense_is_refused},
	        {"decimals", test_decimals},
	};

	return SUITE_RUN("exchange_pace", tests);
}
