/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/deep.h"
#include "tests/unit/suite.h"
#include "tests/unit/wire/vectors.h"

/* One message of each of the 13 types. Every number and letter encodes where it stands, so that a
 * field read at a wrong offset or in a wrong width cannot come out right; prices alternate in
 * sign. */
static const char *const hex[] = {
        "535a131415161718191a",
        "44a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2dff2f",
        "485a131415161718191a4b4c4d4e4f50512053545520",
        "495a131415161718191a4b4c4d4e4f505120",
        "4f5a131415161718191a4b4c4d4e4f505120",
        "50a5131415161718191a4b4c4d4e4f50512073",
        "455a131415161718191a4b4c4d4e4f505120",
        "38a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2d01",
        "35a5131415161718191a4b4c4d4e4f505120232425262728292a2b2c2dff",
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
        .count = DEEP_TYPES,
        .golden = "deep_all_types.txt",
        .describe = deep_describe,
        .length = deep_length,
};

static void test_describe_matches_golden(void)
{
	CU_ASSERT_EQUAL(sizeof(hex) / sizeof(hex[0]), DEEP_TYPES);
	vectors_check_text(&vectors);
}

static void test_lengths(void)
{
	vectors_check_lengths(&vectors);
	for (unsigned type = 0; type < 256; type++) {
		uint32_t length = deep_length((uint8_t)type);

		CU_ASSERT_TRUE(length == 0 ||
		               iex_has_symbol((uint8_t)type) == (length >= IEX_AT_SYMBOL + 8));
	}
}

static void test_readers(void)
{
	const uint8_t *m = vector(&vectors, '8');
	uint64_t symbol = iex_symbol(m);

	CU_ASSERT_EQUAL(iex_type(m), '8');
	CU_ASSERT_EQUAL(iex_flags(m), 0xa5);
	CU_ASSERT_TRUE(deep_level_event_complete(m));
	CU_ASSERT_EQUAL(iex_timestamp_ns(m), 0x1a19181716151413);
	CU_ASSERT_EQUAL(memcmp(&symbol, "KLMNOPQ ", 8), 0);
	CU_ASSERT_EQUAL(deep_level_size(m), 0x26252423);
	CU_ASSERT_EQUAL(deep_level_price(m), 0x012d2c2b2a292827);
	m = vector(&vectors, '5');
	CU_ASSERT_EQUAL(deep_level_price(m), (int64_t)0xff2d2c2b2a292827);
	m = vector(&vectors, 'T');
	CU_ASSERT_EQUAL(iex_trade_size(m), 0x26252423);
	CU_ASSERT_EQUAL(iex_trade_price(m), 0x012d2c2b2a292827);
	CU_ASSERT_EQUAL(iex_trade_id(m), 0x363534333231302f);
	CU_ASSERT_EQUAL(iex_official_price(vector(&vectors, 'X')), (int64_t)0xff29282726252423);
}

static const struct suite_test tests[] = {
        {"all 13 types match the golden text", test_describe_matches_golden},
        {"lengths", test_lengths},
        {"readers", test_readers},
};

int main(void)
{
	return SUITE_RUN("deep", tests);
}
