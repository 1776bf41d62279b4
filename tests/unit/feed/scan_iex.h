/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The scan of DEEP and TOPS, which share all but their types: one set of tests over a dialect that
 * the file that includes this has defined.
 */
#ifndef TESTS_UNIT_FEED_SCAN_IEX_H
#define TESTS_UNIT_FEED_SCAN_IEX_H

#include "dataplane/feed/scan.h"
#include "dataplane/wire/iex.h"
#include "tests/unit/feed/scan_world.h"
#include "tests/unit/suite.h"

struct dialect {
	const struct protocol *protocol;
	const char *types;
	uint32_t count;
	uint32_t (*length)(uint8_t type); /* 0: no such type */
	char book;                        /* the type that changes a book */
};

static const struct dialect dialect;

static struct scan_world *w;

static void message(char type, uint32_t bytes, const char *symbol)
{
	uint8_t *m = scan_world_block(w, dialect.protocol, bytes);
	uint64_t name = symbol == NULL ? SYMBOL_BLANK : symbol_from_text(symbol);

	if (bytes > 0)
		m[0] = (uint8_t)type;
	if (bytes >= 18)
		memcpy(m + IEX_AT_SYMBOL, &name, 8);
}

static uint64_t one(char type, const char *symbol)
{
	message(type, dialect.length((uint8_t)type), symbol);
	return scan_world_run(w, dialect.protocol);
}

static uint64_t bit(const char *symbol)
{
	return 1ull << (symbol_hash(symbol_from_text(symbol)) & 63);
}

static void test_all_types_are_counted(void)
{
	w = scan_world_create(16);
	CU_ASSERT_EQUAL(strlen(dialect.types), dialect.count);
	for (unsigned i = 0; i < dialect.count; i++) {
		uint32_t length = dialect.length((uint8_t)dialect.types[i]);

		one(dialect.types[i], "ABC");
		message(dialect.types[i], length + 5, "ABC");
		scan_world_run(w, dialect.protocol);
		CU_ASSERT_EQUAL(w->scan.counts.by_type[(uint8_t)dialect.types[i]], 2);
		message(dialect.types[i], length - 1, "SHORT");
		CU_ASSERT_EQUAL(scan_world_run(w, dialect.protocol), 0);
		CU_ASSERT_EQUAL(w->scan.counts.by_type[(uint8_t)dialect.types[i]], 2);
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
		CU_ASSERT_EQUAL(scan_world_run(w, dialect.protocol) == 0,
		                dialect.length((uint8_t)type) == 0);
		known += dialect.length((uint8_t)type) != 0;
	}
	CU_ASSERT_EQUAL(known, dialect.count);
	CU_ASSERT_EQUAL(w->scan.counts.unknown, 256 - known);
	message(0, 0, NULL);
	CU_ASSERT_EQUAL(scan_world_run(w, dialect.protocol), 0);
	for (unsigned type = 0; type < 256; type++)
		CU_ASSERT_EQUAL(w->scan.counts.by_type[type], dialect.length((uint8_t)type) != 0);
	CU_ASSERT_EQUAL(w->scan.counts.empty, 1);
	CU_ASSERT_EQUAL(w->scan.counts.messages, 257);
	scan_world_destroy(w);
}

static void test_interest(void)
{
	const char book[3] = {'Z', dialect.book, '\0'};

	w = scan_world_create(16);
	for (unsigned i = 0; i < dialect.count; i++) {
		char symbol[3] = {'Z', dialect.types[i], '\0'};

		CU_ASSERT_EQUAL(one(dialect.types[i], symbol), INTEREST_ALL); /* first sight */
		CU_ASSERT_EQUAL(one(dialect.types[i], symbol),
		                dialect.types[i] == 'S' ? INTEREST_ALL : bit(symbol));
	}
	CU_ASSERT_EQUAL(directory_count(&w->directory), dialect.count - 1);
	message(dialect.book, dialect.length((uint8_t)dialect.book), book);
	message('T', 38, "ZT");
	message('z', 38, "ZA");
	message(0, 0, NULL);
	CU_ASSERT_EQUAL(scan_world_run(w, dialect.protocol), bit(book) | bit("ZT"));
	scan_world_destroy(w);
}

static void test_symbols_stay_known_over_a_reset(void)
{
	w = scan_world_create(16);
	one(dialect.book, "ABC");
	message_scan_reset(&w->scan);
	CU_ASSERT_EQUAL(one(dialect.book, "ABC"), bit("ABC"));
	scan_world_destroy(w);
}

static void test_full_directory(void)
{
	w = scan_world_create(1);
	CU_ASSERT_EQUAL(one(dialect.book, "ABC"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one(dialect.book, "DEF"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one(dialect.book, "DEF"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one(dialect.book, "ABC"), bit("ABC"));
	CU_ASSERT_EQUAL(w->directory.refused, 2);
	scan_world_destroy(w);
}

static void test_blank_symbol_is_none(void)
{
	w = scan_world_create(16);
	CU_ASSERT_EQUAL(one(dialect.book, NULL), INTEREST_ALL);
	CU_ASSERT_EQUAL(one(dialect.book, NULL), INTEREST_ALL);
	uint8_t *m = scan_world_block(w, dialect.protocol, dialect.length((uint8_t)dialect.book));

	m[0] = (uint8_t)dialect.book; /* eight zero bytes of symbol */
	CU_ASSERT_EQUAL(scan_world_run(w, dialect.protocol), INTEREST_ALL);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 0);
	CU_ASSERT_EQUAL(w->directory.refused, 0);
	scan_world_destroy(w);
}

static const struct suite_test tests[] = {
        {"all types are counted", test_all_types_are_counted},
        {"unknown and empty", test_unknown_and_empty},
        {"interest", test_interest},
        {"symbols stay known over a reset", test_symbols_stay_known_over_a_reset},
        {"a full directory", test_full_directory},
        {"a blank symbol is none", test_blank_symbol_is_none},
};

#endif
