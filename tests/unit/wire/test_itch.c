/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/itch.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire/vectors.h"

/* One message of each of the 23 types. Every number and letter encodes where it stands, so that a
 * field read at a wrong offset or in a wrong width cannot come out right. */
static const char *const hex[] = {
        "534142434495969798999a6c",
        "524142434495969798999a4c4d4e4f505120207475a5a6a7a87a614220646566"
        "6768b2b3b4b56d",
        "484142434495969798999a4c4d4e4f50512020747556572020",
        "594142434495969798999a4c4d4e4f5051202074",
        "4c4142434495969798999a4c4d2020505152535455202078797a",
        "564142434495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
        "b0b1b2",
        "574142434495969798999a6c",
        "4b4142434495969798999a4c4d4e4f50512020a3a4a5a678a8a9aaab",
        "4a4142434495969798999a4c4d4e4f50512020a3a4a5a6a7a8a9aaabacadaeaf"
        "b0b1b2",
        "684142434495969798999a4c4d4e4f505120207475",
        "414142434495969798999a9b9c9d9e9fa0a1a274a4a5a6a7595a414243442020"
        "b0b1b2b3",
        "464142434495969798999a9b9c9d9e9fa0a1a274a4a5a6a7595a414243442020"
        "b0b1b2b34b4c2020",
        "454142434495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadae",
        "434142434495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadae66"
        "b0b1b2b3",
        "584142434495969798999a9b9c9d9e9fa0a1a2a3a4a5a6",
        "444142434495969798999a9b9c9d9e9fa0a1a2",
        "554142434495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
        "b0b1b2",
        "504142434495969798999a9b9c9d9e9fa0a1a274a4a5a6a7595a414243442020"
        "b0b1b2b3b4b5b6b7b8b9babb",
        "514142434495969798999a9b9c9d9e9fa0a1a25455565758592020abacadaeaf"
        "b0b1b2b3b4b5b66e",
        "424142434495969798999a9b9c9d9e9fa0a1a2",
        "494142434495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aa6243444546"
        "47482020b4b5b6b7b8b9babbbcbdbebf7778",
        "4e4142434495969798999a4c4d4e4f5051202074",
        "4f4142434495969798999a4c4d4e4f5051202074a4a5a6a7a8a9aaabacadaeaf"
        "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf",
};

static const struct vectors vectors = {
        .hex = hex,
        .count = ITCH_TYPES,
        .golden = "itch_all_types.txt",
        .describe = itch_describe,
        .length = itch_length,
};

static void test_describe_matches_golden(void)
{
	CU_ASSERT_EQUAL(sizeof(hex) / sizeof(hex[0]), ITCH_TYPES);
	vectors_check_text(&vectors);
}

static void test_lengths(void)
{
	vectors_check_lengths(&vectors);
}

static void test_common_readers(void)
{
	const uint8_t *m = vector(&vectors, 'A');

	CU_ASSERT_EQUAL(itch_type(m), 'A');
	CU_ASSERT_EQUAL(itch_locate(m), 0x4142);
	CU_ASSERT_EQUAL(itch_tracking(m), 0x4344);
	CU_ASSERT_EQUAL(itch_timestamp_ns(m), 0x95969798999a);
}

/* Where the symbol stands: after the field before it, as the vectors' letters tell. */
static void test_stock_offsets(void)
{
	static const char with_stock[] = "RHYLKJhAFPQINO";
	unsigned count = 0;

	for (unsigned type = 0; type < 256; type++)
		count += itch_stock_offsets[type] != 0;
	CU_ASSERT_EQUAL(count, strlen(with_stock));
	for (const char *t = with_stock; *t != '\0'; t++) {
		const uint8_t *m = vector(&vectors, *t);
		uint32_t at = itch_stock_offsets[(uint8_t)*t];
		uint64_t stock = itch_stock(m);
		char text[8];

		for (uint32_t i = 0; i < 8; i++)
			text[i] = i < 6 ? (char)('A' + (at + i) % 26) : ' ';
		CU_ASSERT_EQUAL(memcmp(&stock, text, 8), 0);
	}
}

static void test_readers(void)
{
	const uint8_t *m = vector(&vectors, 'S');

	CU_ASSERT_EQUAL(itch_system_event_code(m), 'l');
	CU_ASSERT_EQUAL(itch_action_state(vector(&vectors, 'H')), 't');
	CU_ASSERT_EQUAL(itch_mwcb_breached(vector(&vectors, 'W')), 'l');
	CU_ASSERT_EQUAL(itch_halt_action(vector(&vectors, 'h')), 'u');
	m = vector(&vectors, 'F');
	CU_ASSERT_EQUAL(itch_add_reference(m), 0x9b9c9d9e9fa0a1a2);
	CU_ASSERT_EQUAL(itch_add_side(m), 't');
	CU_ASSERT_EQUAL(itch_add_shares(m), 0xa4a5a6a7);
	CU_ASSERT_EQUAL(itch_add_stock(m), itch_stock(m));
	CU_ASSERT_EQUAL(itch_add_price(m), 0xb0b1b2b3);
	m = vector(&vectors, 'C');
	CU_ASSERT_EQUAL(itch_executed_reference(m), 0x9b9c9d9e9fa0a1a2);
	CU_ASSERT_EQUAL(itch_executed_shares(m), 0xa3a4a5a6);
	CU_ASSERT_EQUAL(itch_executed_match(m), 0xa7a8a9aaabacadae);
	CU_ASSERT_EQUAL(itch_executed_printable(m), 'f');
	CU_ASSERT_EQUAL(itch_executed_price(m), 0xb0b1b2b3);
	m = vector(&vectors, 'X');
	CU_ASSERT_EQUAL(itch_cancel_reference(m), 0x9b9c9d9e9fa0a1a2);
	CU_ASSERT_EQUAL(itch_cancel_shares(m), 0xa3a4a5a6);
	CU_ASSERT_EQUAL(itch_delete_reference(vector(&vectors, 'D')), 0x9b9c9d9e9fa0a1a2);
	m = vector(&vectors, 'U');
	CU_ASSERT_EQUAL(itch_replace_reference(m), 0x9b9c9d9e9fa0a1a2);
	CU_ASSERT_EQUAL(itch_replace_new_reference(m), 0xa3a4a5a6a7a8a9aa);
	CU_ASSERT_EQUAL(itch_replace_shares(m), 0xabacadae);
	CU_ASSERT_EQUAL(itch_replace_price(m), 0xafb0b1b2);
	m = vector(&vectors, 'P');
	CU_ASSERT_EQUAL(itch_trade_reference(m), 0x9b9c9d9e9fa0a1a2);
	CU_ASSERT_EQUAL(itch_trade_side(m), 't');
	CU_ASSERT_EQUAL(itch_trade_shares(m), 0xa4a5a6a7);
	CU_ASSERT_EQUAL(itch_trade_price(m), 0xb0b1b2b3);
	CU_ASSERT_EQUAL(itch_trade_match(m), 0xb4b5b6b7b8b9babb);
	m = vector(&vectors, 'Q');
	CU_ASSERT_EQUAL(itch_cross_shares(m), 0x9b9c9d9e9fa0a1a2);
	CU_ASSERT_EQUAL(itch_cross_price(m), 0xabacadae);
}

static void test_describe_odd_messages(void)
{
	char text[64];

	itch_describe((const uint8_t *)"", 0, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "empty");
	itch_describe((const uint8_t *)"G12345", 6, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "G unknown bytes=6");
	itch_describe((const uint8_t *)"A12345", 6, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "A short bytes=6 of=36");
}

static const struct suite_test tests[] = {
        {"all 23 types match the golden text", test_describe_matches_golden},
        {"lengths", test_lengths},
        {"common readers", test_common_readers},
        {"stock offsets", test_stock_offsets},
        {"readers", test_readers},
        {"odd messages", test_describe_odd_messages},
};

int main(void)
{
	return SUITE_RUN("itch", tests);
}
