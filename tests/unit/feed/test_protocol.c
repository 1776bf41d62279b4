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
		CU_ASSERT_TRUE((*p)->subject != NULL);
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

/* A locate means something in its own session only, also to those who look from outside. */
static void test_scan_locate(void)
{
	static struct message_scan s;

	message_scan_init(&s, NULL);
	s.counts.messages = 1; /* it has seen one */
	s.locate_symbol[7] = 42;
	CU_ASSERT_EQUAL(message_scan_locate(&s, 7, 0), 42);
	CU_ASSERT_EQUAL(message_scan_locate(&s, 8, 0), 0);
	CU_ASSERT_EQUAL(message_scan_locate(&s, 7, 1), 0);
	message_scan_reset(&s);
	CU_ASSERT_EQUAL(message_scan_locate(&s, 7, 1), 0);
	s.locate_symbol[7] = 43;
	CU_ASSERT_EQUAL(message_scan_locate(&s, 7, 1), 43);
	CU_ASSERT_EQUAL(message_scan_locate(&s, 7, 0), 0);
}

static void test_subject(void)
{
	uint8_t m[64] = {'A', 0, 7};
	struct message_subject s;

	memcpy(m + 24, "MSFT    ", 8); /* of an add order */
	s = protocol_itch50.subject(m, 36);
	CU_ASSERT_EQUAL(s.locate, 7);
	CU_ASSERT_EQUAL(memcmp(&s.name, "MSFT    ", 8), 0);
	s = protocol_itch50.subject(m, 35);
	CU_ASSERT_TRUE(s.locate == 0 && s.name == 0);
	s = protocol_itch50.subject(m, 0);
	CU_ASSERT_TRUE(s.locate == 0 && s.name == 0);
	m[0] = 'D';
	s = protocol_itch50.subject(m, 19);
	CU_ASSERT_TRUE(s.locate == 7 && s.name == 0);
	m[0] = '?';
	s = protocol_itch50.subject(m, 60);
	CU_ASSERT_TRUE(s.locate == 0 && s.name == 0);

	memset(m, 0, sizeof(m));
	m[0] = 'Q'; /* a TOPS quote; DEEP knows no such type */
	memcpy(m + 10, "ZIEXT   ", 8);
	s = protocol_tops16.subject(m, 42);
	CU_ASSERT_TRUE(s.locate == 0 && memcmp(&s.name, "ZIEXT   ", 8) == 0);
	CU_ASSERT_EQUAL(protocol_tops16.subject(m, 41).name, 0);
	CU_ASSERT_EQUAL(protocol_deep10.subject(m, 42).name, 0);
	m[0] = 'S'; /* system event: for all */
	CU_ASSERT_EQUAL(protocol_deep10.subject(m, 42).name, 0);
}

static const struct suite_test tests[] = {
        {"find", test_find},
        {"the table is complete", test_table_is_complete},
        {"block length", test_block_length},
        {"scan init and reset", test_scan_init_and_reset},
        {"locates seen from outside", test_scan_locate},
        {"whom a message is about", test_subject},
};

int main(void)
{
	return SUITE_RUN("protocol", tests);
}
