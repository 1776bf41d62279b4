/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/tops.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire/vectors.h"

/* One message of each of the 11 types. Every number and letter encodes where it stands, so that a
 * field read at a wrong offset or in a wrong width cannot come out right; prices alternate in
 * sign. */
static const char *const hex[] = {
        "535a131415161718191a",
        "44a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2dff2f",
        "485a131415161718191a4b4c4d4e4f50512053545520",
        "495a131415161718191a4b4c4d4e4f505120",
        "4f5a131415161718191a4b4c4d4e4f505120",
        "50a5131415161718191a4b4c4d4e4f50512073",
        "51a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2d012f30"
        "3132333435ff3738393a",
        "54a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2d012f30"
        "313233343536",
        "585a131415161718191a4b4c4d4e4f50512023242526272829ff",
        "42a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2d012f30"
        "313233343536",
        "415a131415161718191a4b4c4d4e4f505120232425262728292a2b2c2dff2f30"
        "3132333435013738393a713c3d3e3f4041424344454647ff494a4b4c4d4e4f01"
        "51525354555657ff595a5b5c5d5e5f01",
};

static const struct vectors vectors = {
        .hex = hex,
        .count = TOPS_TYPES,
        .golden = "tops_all_types.txt",
        .describe = tops_describe,
        .length = tops_length,
};

static void test_describe_matches_golden(void)
{
	CU_ASSERT_EQUAL(sizeof(hex) / sizeof(hex[0]), TOPS_TYPES);
	vectors_check_text(&vectors);
}

static void test_lengths(void)
{
	vectors_check_lengths(&vectors);
	for (unsigned type = 0; type < 256; type++) {
		uint32_t length = tops_length((uint8_t)type);

		CU_ASSERT_TRUE(length == 0 ||
		               iex_has_symbol((uint8_t)type) == (length >= IEX_AT_SYMBOL + 8));
	}
}

static void test_readers(void)
{
	const uint8_t *m = vector(&vectors, 'Q');
	uint64_t symbol = iex_symbol(m);

	CU_ASSERT_EQUAL(iex_type(m), TOPS_QUOTE);
	CU_ASSERT_EQUAL(iex_flags(m), 0xa5);
	CU_ASSERT_EQUAL(iex_timestamp_ns(m), 0x1a19181716151413);
	CU_ASSERT_EQUAL(memcmp(&symbol, "KLMNOPQ ", 8), 0);
	CU_ASSERT_EQUAL(tops_quote_bid_size(m), 0x26252423);
	CU_ASSERT_EQUAL(tops_quote_bid_price(m), 0x012d2c2b2a292827);
	CU_ASSERT_EQUAL(tops_quote_ask_price(m), (int64_t)0xff3534333231302f);
	CU_ASSERT_EQUAL(tops_quote_ask_size(m), 0x3a393837);
}

/* A quote by hand: 9,700 at 99.05 bid, 1,000 at 99.07
 * asked. */
static void test_a_quote_by_hand(void)
{
	uint8_t message[64];
	char text[256];

	golden_bytes("5100ac63c02096866d145a4945585420202"
	             "0e4250000241d0f0000000000ec1d0f0000000000e8030000",
	             message);
	tops_describe(message, 42, text, sizeof(text));
	CU_ASSERT_STRING_EQUAL(text, "Q timestamp=1471980632572715948 flags=0x00 symbol=ZIEXT "
	                             "bid_size=9700 bid_price=99.0500 ask_price=99.0700 "
	                             "ask_size=1000");
}

static const struct suite_test tests[] = {
        {"all 11 types match the golden text", test_describe_matches_golden},
        {"lengths", test_lengths},
        {"readers", test_readers},
        {"a quote", test_a_quote_by_hand},
};

int main(void)
{
	return SUITE_RUN("tops", tests);
}
