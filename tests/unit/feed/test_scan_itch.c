/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/scan.h"
#include "dataplane/wire/itch.h"
#include "tests/unit/feed/scan_world.h"
#include "tests/unit/suite.h"

static const char types[] = "SRHYLVWKJhAFECXDUPQBINO";
static const char without_stock[] = "SVWECXDUB";
static const char feed_wide[] = "SVW";

static struct scan_world *w;

static uint8_t *message(char type, uint32_t bytes, uint16_t locate, const char *stock)
{
	uint8_t *m = scan_world_block(w, &protocol_itch50, bytes);

	if (bytes > 0)
		m[0] = (uint8_t)type;
	if (bytes >= 11)
		put_be16(m + 1, locate);
	if (stock != NULL) {
		uint64_t symbol = symbol_from_text(stock);

		memcpy(m + itch_stock_offsets[(uint8_t)type], &symbol, 8);
	}
	return m;
}

static uint64_t one(char type, uint16_t locate, const char *stock)
{
	message(type, itch_length((uint8_t)type), locate, stock);
	return scan_world_run(w, &protocol_itch50);
}

static bool carries_stock(char type)
{
	return strchr(without_stock, type) == NULL;
}

static void test_all_types_are_counted(void)
{
	w = scan_world_create(16);
	CU_ASSERT_EQUAL(strlen(types), ITCH_TYPES);
	for (unsigned i = 0; i < ITCH_TYPES; i++) {
		CU_ASSERT_EQUAL(carries_stock(types[i]),
		                itch_stock_offsets[(uint8_t)types[i]] != 0);
		one(types[i], 5, carries_stock(types[i]) ? "AAPL" : NULL);
		message(types[i], itch_length((uint8_t)types[i]) + 3, 5, NULL); /* longer is fine */
		scan_world_run(w, &protocol_itch50);
		CU_ASSERT_EQUAL(w->scan.counts.by_type[(uint8_t)types[i]], 2);
		message(types[i], itch_length((uint8_t)types[i]) - 1, 5, NULL);
		scan_world_run(w, &protocol_itch50);
		CU_ASSERT_EQUAL(w->scan.counts.by_type[(uint8_t)types[i]], 2);
		CU_ASSERT_EQUAL(w->scan.counts.unknown, i + 1);
	}
	CU_ASSERT_EQUAL(w->scan.counts.messages, 3 * ITCH_TYPES);
	scan_world_destroy(w);
}

static void test_unknown_and_empty(void)
{
	uint64_t known = 0;

	w = scan_world_create(16);
	for (unsigned type = 0; type < 256; type++) {
		message((char)type, 64, 9, NULL);
		CU_ASSERT_EQUAL(scan_world_run(w, &protocol_itch50) == 0,
		                itch_length((uint8_t)type) == 0);
		known += itch_length((uint8_t)type) != 0;
		message((char)type, 1, 9, NULL);
		CU_ASSERT_EQUAL(scan_world_run(w, &protocol_itch50), 0);
	}
	CU_ASSERT_EQUAL(known, ITCH_TYPES);
	CU_ASSERT_EQUAL(w->scan.counts.unknown, 512 - known);
	message(0, 0, 0, NULL);
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_itch50), 0);
	CU_ASSERT_EQUAL(w->scan.counts.empty, 1);
	CU_ASSERT_EQUAL(w->scan.counts.messages, 513);
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_itch50), 0); /* no messages at all */
	scan_world_destroy(w);
}

static void test_short_messages_have_no_effect(void)
{
	w = scan_world_create(16);
	message('R', 38, 9, "ABC");
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_itch50), 0);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 0);
	CU_ASSERT_EQUAL(w->scan.locate_listed[0], 0);
	scan_world_destroy(w);
}

static void test_every_stock_is_learned(void)
{
	w = scan_world_create(64);
	for (unsigned i = 0; i < ITCH_TYPES; i++) {
		char stock[3] = {'Z', types[i], '\0'};

		if (!carries_stock(types[i]))
			continue;
		one(types[i], (uint16_t)(100 + i), stock);
		CU_ASSERT_NOT_EQUAL(directory_find(&w->directory, symbol_from_text(stock)),
		                    SYMBOL_NONE);
		CU_ASSERT_EQUAL(w->scan.locate_symbol[100 + i], symbol_from_text(stock));
	}
	CU_ASSERT_EQUAL(directory_count(&w->directory), ITCH_TYPES - strlen(without_stock));
	scan_world_destroy(w);
}

static void test_blank_stock_is_none(void)
{
	uint64_t blank = SYMBOL_BLANK;

	w = scan_world_create(16);
	one('A', 3, NULL); /* eight zero bytes */
	memcpy(message('A', 36, 3, NULL) + ITCH_AT_ADD_STOCK, &blank, 8);
	scan_world_run(w, &protocol_itch50);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 0);
	scan_world_destroy(w);
}

static void test_a_locate_may_change_its_stock(void)
{
	w = scan_world_create(16);
	one('R', 3, "ABC");
	CU_ASSERT_EQUAL(one('A', 3, "ABC"), 1ull << 3);
	CU_ASSERT_EQUAL(one('A', 3, "DEF"), 1ull << 3);
	CU_ASSERT_EQUAL(one('A', 3, "ABC"), 1ull << 3);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 2);
	CU_ASSERT_EQUAL(directory_find(&w->directory, symbol_from_text("DEF")), 1);
	scan_world_destroy(w);
}

static void test_interest(void)
{
	w = scan_world_create(16);
	for (unsigned i = 0; i < ITCH_TYPES; i++) {
		bool wide = strchr(feed_wide, types[i]) != NULL;
		const char *stock = carries_stock(types[i]) ? "ABC" : NULL;

		/* Not listed: whoever may own the stock must look. */
		message_scan_reset(&w->scan);
		for (unsigned again = 0; again < 2; again++) {
			if (types[i] == 'R' && again == 1)
				break; /* listed by itself */
			CU_ASSERT_EQUAL(one(types[i], 131, stock),
			                stock != NULL || wide ? INTEREST_ALL : 1ull << 3);
		}
		/* The directory message itself is for all, and lists. */
		CU_ASSERT_EQUAL(one('R', 131, "ABC"), INTEREST_ALL);
		CU_ASSERT_EQUAL(one(types[i], 131, stock),
		                types[i] == 'R' || wide ? INTEREST_ALL : 1ull << 3);
		/* Locate 0 is nobody's. */
		CU_ASSERT_EQUAL(one(types[i], 0, stock), INTEREST_ALL);
	}
	scan_world_destroy(w);
}

static void test_locate_0_is_for_all_even_when_listed(void)
{
	w = scan_world_create(16);
	one('R', 0, "ABC");
	CU_ASSERT_EQUAL(one('A', 0, "ABC"), INTEREST_ALL);
	CU_ASSERT_EQUAL(one('D', 0, NULL), INTEREST_ALL);
	scan_world_destroy(w);
}

static void test_interest_adds_up_over_a_record(void)
{
	w = scan_world_create(16);
	one('R', 70, "ABC");
	one('R', 65535, "DEF");
	message('A', 36, 70, "ABC");
	message('D', 19, 64, NULL);
	message('z', 19, 9, NULL);
	message(0, 0, 0, NULL);
	message('X', 10, 8, NULL);
	message('F', 40, 65535, "DEF");
	CU_ASSERT_EQUAL(scan_world_run(w, &protocol_itch50), 1ull << 6 | 1ull << 0 | 1ull << 63);
	scan_world_destroy(w);
}

static void test_reset_forgets_locates_and_keeps_symbols(void)
{
	w = scan_world_create(16);
	one('R', 7, "ABC");
	message_scan_reset(&w->scan);
	CU_ASSERT_EQUAL(one('A', 7, "ABC"), INTEREST_ALL);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 1);
	CU_ASSERT_EQUAL(w->scan.counts.messages, 2);
	scan_world_destroy(w);
}

static void test_full_directory_refuses(void)
{
	w = scan_world_create(1);
	one('R', 1, "ABC");
	one('R', 2, "DEF");
	for (unsigned i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(one('A', 2, "DEF"), 1ull << 2);
	CU_ASSERT_EQUAL(directory_count(&w->directory), 1);
	CU_ASSERT_EQUAL(w->directory.refused, 1); /* once per change of the locate's stock */
	scan_world_destroy(w);
}

static const struct suite_test tests[] = {
        {"all 23 types are counted", test_all_types_are_counted},
        {"unknown and empty", test_unknown_and_empty},
        {"short messages have no effect", test_short_messages_have_no_effect},
        {"every stock is learned", test_every_stock_is_learned},
        {"a blank stock is none", test_blank_stock_is_none},
        {"a locate may change its stock", test_a_locate_may_change_its_stock},
        {"interest of every type", test_interest},
        {"locate 0 is for all", test_locate_0_is_for_all_even_when_listed},
        {"interest adds up over a record", test_interest_adds_up_over_a_record},
        {"reset forgets locates, keeps symbols", test_reset_forgets_locates_and_keeps_symbols},
        {"a full directory refuses", test_full_directory_refuses},
};

int main(void)
{
	return SUITE_RUN("scan_itch", tests);
}
