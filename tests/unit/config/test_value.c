/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

struct number_case {
	const char *text;
	enum value_verdict verdict;
	uint64_t value;
};

static void expect_all(const struct number_case *cases, size_t count,
                       enum value_verdict (*parse)(const char *, uint64_t *))
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;
		enum value_verdict v = parse(cases[i].text, &value);

		if (v != cases[i].verdict || (v == VALUE_OK && value != cases[i].value))
			printf("\n\"%s\": verdict %d, %" PRIu64 "\n", cases[i].text, (int)v, value);
		CU_ASSERT_EQUAL(v, cases[i].verdict);
		if (v == VALUE_OK)
			CU_ASSERT_EQUAL(value, cases[i].value);
	}
}

#define EXPECT_ALL(cases, parse) expect_all(cases, sizeof(cases) / sizeof((cases)[0]), parse)

static void counts(void)
{
	static const struct number_case cases[] = {
	        {"0", VALUE_OK, 0},
	        {"1", VALUE_OK, 1},
	        {"18446744073709551615", VALUE_OK, UINT64_MAX},
	        {"18446744073709551616", VALUE_OVERFLOW, 0},
	        {"99999999999999999999999", VALUE_OVERFLOW, 0},
	        {"", VALUE_MALFORMED, 0},
	        {"-1", VALUE_MALFORMED, 0},
	        {"+1", VALUE_MALFORMED, 0},
	        {" 1", VALUE_MALFORMED, 0},
	        {"1 ", VALUE_MALFORMED, 0},
	        {"01", VALUE_MALFORMED, 0},
	        {"00", VALUE_MALFORMED, 0},
	        {"0x10", VALUE_MALFORMED, 0},
	        {"1_000", VALUE_MALFORMED, 0},
	        {"1k", VALUE_MALFORMED, 0},
	        {"1.0", VALUE_MALFORMED, 0},
	};

	EXPECT_ALL(cases, value_count);
}

static void durations(void)
{
	static const struct number_case cases[] = {
	        {"0", VALUE_OK, 0},
	        {"0ns", VALUE_OK, 0},
	        {"1ns", VALUE_OK, 1},
	        {"250us", VALUE_OK, 250000},
	        {"50ms", VALUE_OK, 50000000},
	        {"3s", VALUE_OK, 3000000000},
	        {"2m", VALUE_OK, 120000000000},
	        {"1h", VALUE_OK, 3600000000000},
	        {"18446744073709551615ns", VALUE_OK, UINT64_MAX},
	        {"18446744073709552us", VALUE_OVERFLOW, 0},
	        {"5124096h", VALUE_OVERFLOW, 0},
	        {"5", VALUE_UNIT_MISSING, 0},
	        {"5min", VALUE_UNIT_UNKNOWN, 0},
	        {"5S", VALUE_UNIT_UNKNOWN, 0},
	        {"5 s", VALUE_MALFORMED, 0},
	        {"5.5s", VALUE_MALFORMED, 0},
	        {"5s ", VALUE_MALFORMED, 0},
	        {"s", VALUE_MALFORMED, 0},
	        {"-5s", VALUE_MALFORMED, 0},
	};

	EXPECT_ALL(cases, value_duration);
}

static void sizes(void)
{
	static const struct number_case cases[] = {
	        {"0", VALUE_OK, 0},
	        {"7B", VALUE_OK, 7},
	        {"1KiB", VALUE_OK, 1024},
	        {"64MiB", VALUE_OK, 64u << 20},
	        {"3GiB", VALUE_OK, 3ull << 30},
	        {"17179869183GiB", VALUE_OK, 17179869183ull << 30},
	        {"17179869184GiB", VALUE_OVERFLOW, 0},
	        {"64", VALUE_UNIT_MISSING, 0},
	        {"64KB", VALUE_UNIT_DECIMAL, 0},
	        {"64MB", VALUE_UNIT_DECIMAL, 0},
	        {"64M", VALUE_UNIT_DECIMAL, 0},
	        {"64k", VALUE_UNIT_DECIMAL, 0},
	        {"64mib", VALUE_UNIT_DECIMAL, 0},
	        {"64ms", VALUE_UNIT_UNKNOWN, 0},
	        {"MiB", VALUE_MALFORMED, 0},
	        {"1.5GiB", VALUE_MALFORMED, 0},
	};

	EXPECT_ALL(cases, value_bytes);
}

static void percentages(void)
{
	static const struct number_case cases[] = {
	        {"0", VALUE_OK, 0},
	        {"0%", VALUE_OK, 0},
	        {"10%", VALUE_OK, 100000},
	        {"10 %", VALUE_OK, 100000},
	        {"0.5%", VALUE_OK, 5000},
	        {"99.95%", VALUE_OK, 999500},
	        {"0.0001%", VALUE_OK, 1},
	        {"100%", VALUE_OK, 1000000},
	        {"1844674407370955.1615%", VALUE_OK, UINT64_MAX},
	        {"1844674407370955.1616%", VALUE_OVERFLOW, 0},
	        {"99999999999999999999%", VALUE_OVERFLOW, 0},
	        {"0.00001%", VALUE_DECIMALS, 0},
	        {"10", VALUE_UNIT_MISSING, 0},
	        {"0.5", VALUE_UNIT_MISSING, 0},
	        {"10ppm", VALUE_UNIT_UNKNOWN, 0},
	        {"10  %", VALUE_MALFORMED, 0},
	        {"10%%", VALUE_MALFORMED, 0},
	        {".5%", VALUE_MALFORMED, 0},
	        {"5.%", VALUE_MALFORMED, 0},
	        {"05%", VALUE_MALFORMED, 0},
	        {"-5%", VALUE_MALFORMED, 0},
	        {"%", VALUE_MALFORMED, 0},
	};

	EXPECT_ALL(cases, value_percent);
}

static void multipliers(void)
{
	static const struct number_case cases[] = {
	        {"0", VALUE_OK, 0},
	        {"1", VALUE_OK, 1000},
	        {"2.5", VALUE_OK, 2500},
	        {"1.25", VALUE_OK, 1250},
	        {"0.001", VALUE_OK, 1},
	        {"18446744073709551.615", VALUE_OK, UINT64_MAX},
	        {"18446744073709551.616", VALUE_OVERFLOW, 0},
	        {"0.0001", VALUE_DECIMALS, 0},
	        {"2,5", VALUE_MALFORMED, 0},
	        {"2.5x", VALUE_MALFORMED, 0},
	        {"2.", VALUE_MALFORMED, 0},
	        {".5", VALUE_MALFORMED, 0},
	        {"1e3", VALUE_MALFORMED, 0},
	        {"", VALUE_MALFORMED, 0},
	};

	EXPECT_ALL(cases, value_multiplier);
}

/* A small generator of its own, as the room stands alone; every magnitude is as likely. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> (*seed % 64);
}

static uint64_t first_seed = 1;
static uint64_t seed_count = 100000;

static void what_is_printed_reads_back(void)
{
	uint64_t seed = first_seed * 0x9e3779b97f4a7c15ull | 1;
	static const uint64_t factors[] = {1, 1000, 1024, 1000000, 1u << 20, 60000000000ull};
	char text[VALUE_TEXT_BYTES];

	printf(" seed %" PRIu64 ", %" PRIu64 " values ", first_seed, seed_count);
	for (uint64_t i = 0; i < seed_count; i++) {
		uint64_t value = next(&seed);
		uint64_t again = ~value;

		if (i % 2 == 0)
			value = value % 100000 * factors[i / 2 % 6];
		value_print_duration(value, text);
		CU_ASSERT_EQUAL_FATAL(value_duration(text, &again), VALUE_OK);
		CU_ASSERT_EQUAL_FATAL(again, value);
		value_print_bytes(value, text);
		CU_ASSERT_EQUAL_FATAL(value_bytes(text, &again), VALUE_OK);
		CU_ASSERT_EQUAL_FATAL(again, value);
		value_print_percent(value, text);
		CU_ASSERT_EQUAL_FATAL(value_percent(text, &again), VALUE_OK);
		CU_ASSERT_EQUAL_FATAL(again, value);
		value_print_multiplier(value, text);
		CU_ASSERT_EQUAL_FATAL(value_multiplier(text, &again), VALUE_OK);
		CU_ASSERT_EQUAL_FATAL(again, value);
		uint32_t address;
		uint16_t port;
		uint16_t wanted = (uint16_t)(value >> 16 | 1);

		value_print_address((uint32_t)value, wanted, text);
		CU_ASSERT_TRUE_FATAL(value_address(text, &address, &port));
		CU_ASSERT_EQUAL_FATAL(address, (uint32_t)value);
		CU_ASSERT_EQUAL_FATAL(port, wanted);
	}
}

static void the_largest_whole_unit_is_printed(void)
{
	char text[VALUE_TEXT_BYTES];

	value_print_duration(0, text);
	CU_ASSERT_STRING_EQUAL(text, "0");
	value_print_duration(1500000, text);
	CU_ASSERT_STRING_EQUAL(text, "1500us");
	value_print_duration(7200000000000, text);
	CU_ASSERT_STRING_EQUAL(text, "2h");
	value_print_duration(90000000000, text);
	CU_ASSERT_STRING_EQUAL(text, "90s");
	value_print_bytes(1536, text);
	CU_ASSERT_STRING_EQUAL(text, "1536B");
	value_print_bytes(1ull << 40, text);
	CU_ASSERT_STRING_EQUAL(text, "1024GiB");
}

static void decimals_end_where_they_can(void)
{
	char text[VALUE_TEXT_BYTES];

	value_print_percent(100000, text);
	CU_ASSERT_STRING_EQUAL(text, "10%");
	value_print_percent(999500, text);
	CU_ASSERT_STRING_EQUAL(text, "99.95%");
	value_print_percent(1, text);
	CU_ASSERT_STRING_EQUAL(text, "0.0001%");
	value_print_percent(0, text);
	CU_ASSERT_STRING_EQUAL(text, "0%");
	value_print_multiplier(2500, text);
	CU_ASSERT_STRING_EQUAL(text, "2.5");
	value_print_multiplier(1050, text);
	CU_ASSERT_STRING_EQUAL(text, "1.05");
	value_print_multiplier(3000, text);
	CU_ASSERT_STRING_EQUAL(text, "3");
}

static void switches(void)
{
	bool value;

	CU_ASSERT(value_bool("yes", &value) && value);
	CU_ASSERT(value_bool("true", &value) && value);
	CU_ASSERT(value_bool("no", &value) && !value);
	CU_ASSERT(value_bool("false", &value) && !value);
	CU_ASSERT_FALSE(value_bool("Yes", &value));
	CU_ASSERT_FALSE(value_bool("on", &value));
	CU_ASSERT_FALSE(value_bool("1", &value));
	CU_ASSERT_FALSE(value_bool("", &value));
}

static void addresses(void)
{
	static const char *const wrong[] = {
	        "",           "1.2.3.4",     "1.2.3.4:",    "1.2.3.4:0",  "1.2.3.4:65536",
	        "1.2.3:4",    "1.2.3.4.5:6", "256.2.3.4:5", "1.2.3.4:5 ", " 1.2.3.4:5",
	        "01.2.3.4:5", "1.2.3.4:05",  "1.2.3.-4:5",  "host:5",     "1..3.4:5",
	        "[::1]:5",    "1.2.3.4:5:6", "1.2.3.4:0x5", ":5",
	};
	uint32_t address;
	uint16_t port;

	CU_ASSERT(value_address("233.54.12.111:26477", &address, &port));
	CU_ASSERT_EQUAL(address, 0xe9360c6f);
	CU_ASSERT_EQUAL(port, 26477);
	CU_ASSERT(value_address("0.0.0.0:1", &address, &port));
	CU_ASSERT(value_address("255.255.255.255:65535", &address, &port));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_FALSE(value_address(wrong[i], &address, &port));
}

static void stations(void)
{
	static const char *const wrong[] = {"",          "none",      "10.1.2",  "10.1.2.3.4",
	                                    "10.1.2.3 ", "10.1.2.3/", "0.0.0.0", "255.255.255.255",
	                                    "224.0.0.1", "239.1.1.1", "host",    "10.1.2.3:4"};
	static const char *const wrong_prefixes[] = {"10.1.2.3",    "10.1.2.3/",   "10.1.2.3/0",
	                                             "10.1.2.3/33", "10.1.2.3/08", "0.0.0.0/8",
	                                             "239.1.1.1/8", "10.1.2/24",   "10.1.2.3/24 "};
	char text[VALUE_TEXT_BYTES];
	uint32_t address;
	uint32_t bits;

	CU_ASSERT_TRUE_FATAL(value_station("10.1.2.3", &address));
	CU_ASSERT_EQUAL(address, 0x0a010203);
	value_print_station(address, text);
	CU_ASSERT_STRING_EQUAL(text, "10.1.2.3");
	CU_ASSERT_TRUE_FATAL(value_prefix("10.1.2.3/24", &address, &bits));
	CU_ASSERT_EQUAL(address, 0x0a010203);
	CU_ASSERT_EQUAL(bits, 24);
	value_print_prefix(address, bits, text);
	CU_ASSERT_STRING_EQUAL(text, "10.1.2.3/24");
	CU_ASSERT(value_prefix("240.0.0.1/1", &address, &bits));
	CU_ASSERT(value_prefix("10.1.2.3/32", &address, &bits));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_FALSE(value_station(wrong[i], &address));
	for (size_t i = 0; i < sizeof(wrong_prefixes) / sizeof(wrong_prefixes[0]); i++)
		CU_ASSERT_FALSE(value_prefix(wrong_prefixes[i], &address, &bits));
}

static void names_and_symbols(void)
{
	CU_ASSERT(value_is_name("a"));
	CU_ASSERT(value_is_name("A-1_x.y"));
	CU_ASSERT(value_is_name("0"));
	CU_ASSERT_FALSE(value_is_name(""));
	CU_ASSERT_FALSE(value_is_name("-a"));
	CU_ASSERT_FALSE(value_is_name(".a"));
	CU_ASSERT_FALSE(value_is_name("a b"));
	CU_ASSERT_FALSE(value_is_name("a/b"));
	CU_ASSERT_FALSE(value_is_name("caf\xc3\xa9"));
	CU_ASSERT(value_is_symbol("AAPL"));
	CU_ASSERT(value_is_symbol("ABCDEFGH"));
	CU_ASSERT(value_is_symbol("BRK.A"));
	CU_ASSERT(value_is_symbol("A*"));
	CU_ASSERT_FALSE(value_is_symbol(""));
	CU_ASSERT_FALSE(value_is_symbol("ABCDEFGHI"));
	CU_ASSERT_FALSE(value_is_symbol("A B"));
	CU_ASSERT_FALSE(value_is_symbol("A\t"));
	CU_ASSERT_FALSE(value_is_symbol("\xc3\x89"));
}

static void patterns(void)
{
	static const char *const good[] = {
	        "*",    "A*",   "?",    "[A-M]*",   "[!A-M]*",  "[^X]", "*A*B*C*",   "[]]",
	        "[!]]", "[a-]", "[-a]", "????????", "********", "A",    "[A-CX-Z]?", "a]"};
	static const char *const bad[] = {"[",         "[A",        "[]",           "[!]", "A[B*",
	                                  "[B-A]",     "?????????", "ABCDEFGHI",    "A B", "A\\*",
	                                  "\xc3\x89*", "[[]",       "[A-M]????????"};
	char text[VALUE_PATTERN_BYTES + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (value_pattern_fault(good[i]) != NULL)
			printf("\n%s: %s\n", good[i], value_pattern_fault(good[i]));
		CU_ASSERT_PTR_NULL(value_pattern_fault(good[i]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (value_pattern_fault(bad[i]) == NULL)
			printf("\n%s: no fault\n", bad[i]);
		CU_ASSERT_PTR_NOT_NULL(value_pattern_fault(bad[i]));
	}
	memset(text, '*', sizeof(text));
	text[VALUE_PATTERN_BYTES] = '\0';
	CU_ASSERT_PTR_NULL(value_pattern_fault(text));
	text[VALUE_PATTERN_BYTES] = '*';
	text[VALUE_PATTERN_BYTES + 1] = '\0';
	CU_ASSERT_PTR_NOT_NULL(value_pattern_fault(text));
	CU_ASSERT(value_has_wildcard("A?"));
	CU_ASSERT(value_has_wildcard("*"));
	CU_ASSERT(value_has_wildcard("[A]"));
	CU_ASSERT_FALSE(value_has_wildcard("AAPL"));
}

int main(int argc, char **argv)
{
	static const struct suite_test tests[] = {
	        {"counts", counts},
	        {"durations", durations},
	        {"sizes", sizes},
	        {"percentages", percentages},
	        {"multipliers", multipliers},
	        {"what is printed reads back", what_is_printed_reads_back},
	        {"the largest whole unit is printed", the_largest_whole_unit_is_printed},
	        {"decimals end where they can", decimals_end_where_they_can},
	        {"switches", switches},
	        {"addresses", addresses},
	        {"stations", stations},
	        {"names and symbols", names_and_symbols},
	        {"patterns", patterns},
	};

	first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : first_seed;
	seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : seed_count;
	return SUITE_RUN("config_value", tests);
}
