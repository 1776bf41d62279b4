/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/scan.h"
#include "dataplane/wire/tops.h"
#include "tests/unit/feed/scan_world.h"
#include "tests/unit/suite.h"

static const char types[] = "SDHIOPQTXBA";

static struct scan_world *w;

static void message(char type, uint32_t bytes, const char *symbol)
{
	uint8_t *m = scan_world_block(w, &protocol_tops16, bytes);
	uint64_t name = symbol == NULL ? SYMBOL_BLANK : symbol_from_text(symbol);

	if (bytes > 0)
		m[0] = (uint8_t)type;
	if (bytes >= 18)
		memcpy(m + IEX_AT_SYMBOL, &name, 8);
}

static uint64_t one(char type, const char *symbol)
{
	message(type, tops_length((uint8_t)type), symbol);
	return scan_world_run(w, &protocol_tops16);
}

static uint64_t bit(const char *symbol)
{
	return 1ull << (symbol_hash(symbol_from_text(symbol)) & 63);
}

static void test_all_types_are_counted(void)
{
	w = scan_world_create(16);
	CU_ASSERT_EQUAL(strlen(types), TOPS_TYPES);
	for (unsigned i = 0; i < TOPS_TYPES; i++) {
		uint32_t length = tops_length((uint8_t)types[i]);

		one(types[i], "ABC");
		message(types[i], length + 5, "ABC");
		scan_world_run(w, &protocol_tops16);
		CU_ASSERT_EQUAL(w->scan.counts.by_type[(uint8_t)types[i]], 2);
		message(types[i], length - 1, "SHORT");
		CU_ASSERT_EQUAL(scan_world_run(w, &protocol_tops16), 0);
		CU_ASSERT_EQUAL(w->scan.counts.by_type[(uint8_t)types[i]], 2);
		CU_ASSERT_EQUAL(w->scan.counts.unknown, i + 1);
	}
	CU_ASSERT_EQUAL(directory_count(&w->directory), 1);
	scan_world_destroy(w);
}

static void test_unknown_and_empty(void)
{
	uint64_t known = 0;

	w = scan_world_create(16);
	for (unsigned type = 0; type < 256; type++) {
		message((char)type, 80, "ABC");
		CU_ASSERT_EQUAL(scan_world_run(w, &protocol_tops16) == 0,
		                tops_length((uint8_t)type) == 0);
		known += tops_length((uint8_t)type) != 0;
	}
	CU_ASSERT_EQUAL(known, TOPS_TYPES);
	CU_ASSERT_EQUAL(w->scan.counts.unknown, 256 - known);
	message(0, 0, NULL);
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_tops16), 0);
	CU_ASSERT_EQUAL(w->scan.counts.by_type['8'] + w->scan.counts.by_type['5'], 0);
	CU_ASSERT_EQUAL(w->scan.counts.by_type['E'], 0);
	CU_ASSERT_EQUAL(w->scan.counts.empty, 1);
	CU_ASSERT_EQUAL(w->scan.counts.messages, 257);
	scan_world_destroy(w);
}

static void test_interest(void)
{
	w = scan_world_create(16);
	for (unsigned i = 0; i < TOPS_TYPES; i++) {
		char symbol[3] = {'Z', types[i], '\0'};

		CU_ASSERT_EQUAL(one(types[i], symbol), INTEREST_ALL); /* first sight */
		CU_ASSERT_EQUAL(one(types[i], symbol),
		                types[i] == 'S' ? INTEREST_ALL : bit(symbol));
	}
	CU_ASSERT_EQUAL(directory_count(&w->directory), TOPS_TYPES - 1);
	message('Q', 42, "ZQ");
	message('T', 38, "ZT");
	message('z', 38, "ZA");
	message(0, 0, NULL);
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_tops16), bit("ZQ") | bit("ZT"));
	scan_world_destroy(w);
}

static void test_symbols_stay_known_over_a_reset(void)
{
	w = scan_world_create(16);
	one('Q', "ABC");
	message_scan_reset(&w->scan);
	CU_ASSERT_EQUAL(one('Q', "ABC"), bit("ABC"));
	scan_world_destroy(w);
}

static void test_full_directory(void)
{
	w = scan_world_create(1);
	CU_ASSERT_EQUAL(one('Q', "ABC"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one('Q', "DEF"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one('Q', "DEF"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one('Q', "ABC"), bit("ABC"));
	CU_ASSERT_EQUAL(w->directory.refused, 2);
	scan_world_destroy(w);
}

static void test_blank_symbol_is_none(void)
{
	w = scan_world_create(16);
	CU_ASSERT_EQUAL(one('Q', NULL), INTEREST_ALL);
	CU_ASSERT_EQUAL(one('Q', NULL), INTEREST_ALL);
	uint8_t *m = scan_world_block(w, &protocol_tops16, 42);

	m[0] = 'Q'; /* eight zero bytes of symbol */
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_tops16), INTEREST_ALL);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 0);
	CU_ASSERT_EQUAL(w->directory.refused, 0);
	scan_world_destroy(w);
}

static const struct suite_test tests[] = {
        {"all 11 types are counted", test_all_types_are_counted},
        {"unknown and empty", test_unknown_and_empty},
        {"interest", test_interest},
        {"symbols stay known over a reset", test_symbols_stay_known_over_a_reset},
        {"a full directory", test_full_directory},
        {"a blank symbol is none", test_blank_symbol_is_none},
};

int main(void)
{
	return SUITE_RUN("scan_tops", tests);
}
