/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/feed/protocol.h"
#include "tests/unit/suite.h"

static void test_find(void)
{
	CU_ASSERT_PTR_EQUAL(protocol_find("itch50"), &protocol_itch50);
	CU_ASSERT_PTR_EQUAL(protocol_find("deep10"), &protocol_deep10);
	CU_ASSERT_PTR_EQUAL(protocol_find("tops16"), &protocol_tops16);
	CU_ASSERT_PTR_NULL(protocol_find("itch"));
	CU_ASSERT_PTR_NULL(protocol_find(""));
}

static void test_table_is_complete(void)
{
	unsigned count = 0;

	for (const struct protocol *const *p = protocol_all(); *p != NULL; p++, count++) {
		CU_ASSERT_PTR_EQUAL(protocol_find((*p)->name), *p);
		CU_ASSERT_PTR_NOT_NULL((*p)->transport);
		CU_ASSERT_TRUE((*p)->header_bytes > 0);
		CU_ASSERT_TRUE((*p)->parse != NULL);
		CU_ASSERT_TRUE((*p)->recognise != NULL);
		CU_ASSERT_TRUE((*p)->scan != NULL);
		CU_ASSERT_TRUE((*p)->describe != NULL);
	}
	CU_ASSERT_EQUAL(count, 3);
}

static void test_block_length(void)
{
	static const uint8_t block[] = {0x01, 0x02};

	CU_ASSERT_EQUAL(protocol_block_length(&protocol_itch50, block), 0x0102);
	CU_ASSERT_EQUAL(protocol_block_length(&protocol_deep10, block), 0x0201);
	CU_ASSERT_EQUAL(protocol_block_length(&protocol_tops16, block), 0x0201);
}

static void test_scan_init_and_reset(void)
{
	static struct message_scan s;
	struct directory *d = (struct directory *)&s; /* only kept, not looked into */

	memset(&s, 0xee, sizeof(s));
	message_scan_init(&s, d);
	CU_ASSERT_PTR_EQUAL(s.directory, d);
	CU_ASSERT_EQUAL(s.counts.messages, 0);
	CU_ASSERT_EQUAL(s.locate_symbol[65535], 0);
	CU_ASSERT_EQUAL(s.locate_listed[1023], 0);
	s.counts.messages = 7;
	s.counts.by_type['A'] = 5;
	s.locate_symbol[65535] = 1;
	s.locate_listed[1023] = 1;
	message_scan_reset(&s);
	CU_ASSERT_PTR_EQUAL(s.directory, d);
	CU_ASSERT_EQUAL(s.counts.messages, 7);
	CU_ASSERT_EQUAL(s.counts.by_type['A'], 5);
	CU_ASSERT_EQUAL(s.locate_symbol[65535], 0);
	CU_ASSERT_EQUAL(s.locate_listed[1023], 0);
}

static const struct suite_test tests[] = {
        {"find", test_find},
        {"the table is complete", test_table_is_complete},
        {"block length", test_block_length},
        {"scan init and reset", test_scan_init_and_reset},
};

int main(void)
{
	return SUITE_RUN("protocol", tests);
}
