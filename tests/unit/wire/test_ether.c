/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/ether.h"

#include <string.h>

#include "tests/unit/suite.h"

#define MACS 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2

static const uint8_t plain[] = {MACS, 0x08, 0x06, 0xaa, 0xbb};
static const uint8_t tagged[] = {MACS, 0x81, 0x00, 0xe0, 0x05, 0x08, 0x00, 0xaa};
static const uint8_t priority[] = {MACS, 0x81, 0x00, 0xe0, 0x00, 0x08, 0x00};
static const uint8_t twice[] = {MACS, 0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x08, 0x08, 0x06};
static const uint8_t thrice[] = {MACS, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x81, 0, 0, 9, 0x08, 6};

static void test_parse(void)
{
	struct ether e;

	CU_ASSERT(ether_parse(plain, sizeof(plain), &e));
	CU_ASSERT_EQUAL(e.destination, 0x020000000001);
	CU_ASSERT_EQUAL(e.source, 0x020000000002);
	CU_ASSERT_EQUAL(e.type, ETHER_TYPE_ARP);
	CU_ASSERT_EQUAL(e.vlan, 0);
	CU_ASSERT_EQUAL(e.tag_count, 0);
	CU_ASSERT_PTR_EQUAL(e.payload, plain + 14);
	CU_ASSERT_EQUAL(e.payload_bytes, 2);
}

static void test_tags(void)
{
	struct ether e;

	CU_ASSERT(ether_parse(tagged, sizeof(tagged), &e));
	CU_ASSERT_EQUAL(e.vlan, 5);
	CU_ASSERT_EQUAL(e.tag_count, 1);
	CU_ASSERT_EQUAL(e.type, ETHER_TYPE_IPV4);
	CU_ASSERT_EQUAL(e.payload_bytes, 1);
	CU_ASSERT(ether_parse(priority, sizeof(priority), &e));
	CU_ASSERT_EQUAL(e.vlan, 0);
	CU_ASSERT_EQUAL(e.tag_count, 1);
	CU_ASSERT(ether_parse(twice, sizeof(twice), &e));
	CU_ASSERT_EQUAL(e.vlan, 7);
	CU_ASSERT_EQUAL(e.tag_count, 2);
	CU_ASSERT_EQUAL(e.type, ETHER_TYPE_ARP);
	CU_ASSERT_FALSE(ether_parse(thrice, sizeof(thrice), &e));
}

static void test_every_cut_is_refused(void)
{
	struct ether e;

	for (uint32_t n = 0; n < 14; n++)
		CU_ASSERT_FALSE(ether_parse(plain, n, &e));
	for (uint32_t n = 0; n < 18; n++)
		CU_ASSERT_FALSE(ether_parse(tagged, n, &e));
	for (uint32_t n = 0; n < 22; n++)
		CU_ASSERT_FALSE(ether_parse(twice, n, &e));
}

static void test_build(void)
{
	const struct ether to = {
	        .destination = 0x020000000001, .source = 0x020000000002, .type = ETHER_TYPE_ARP};
	const struct ether in_vlan = {.destination = 0x020000000001,
	                              .source = 0x020000000002,
	                              .vlan = 5,
	                              .type = ETHER_TYPE_IPV4};
	static const uint8_t want[] = {MACS, 0x81, 0x00, 0x00, 0x05, 0x08, 0x00};
	uint8_t frame[ETHER_HEADER_BYTES_MAX];

	CU_ASSERT_EQUAL(ether_build(frame, &to), 14);
	CU_ASSERT_EQUAL(memcmp(frame, plain, 14), 0);
	CU_ASSERT_EQUAL(ether_build(frame, &in_vlan), 18);
	CU_ASSERT_EQUAL(memcmp(frame, want, 18), 0);
}

static void test_made_addresses(void)
{
	CU_ASSERT_EQUAL(ether_of_group(0xe0000016), 0x01005e000016);
	CU_ASSERT_EQUAL(ether_of_group(0xefff1234), 0x01005e7f1234); /* 23 bits */
	CU_ASSERT_EQUAL(ether_of_address(0x0a010203), 0x02000a010203);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"parse", test_parse},
	        {"tags", test_tags},
	        {"every cut is refused", test_every_cut_is_refused},
	        {"build", test_build},
	        {"made addresses", test_made_addresses},
	};
	return SUITE_RUN("ether", tests);
}
