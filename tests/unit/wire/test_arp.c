/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/arp.h"

#include <string.h>

#include "tests/unit/suite.h"

/* 10.1.2.1 at 02:00:00:00:00:aa asks who has 10.1.2.3. */
static const uint8_t request[ARP_BYTES] = {0,  1, 8, 0, 6, 4, 0, 1, 2, 0, 0,  0, 0, 0xaa,
                                           10, 1, 2, 1, 0, 0, 0, 0, 0, 0, 10, 1, 2, 3};

static void test_parse(void)
{
	struct arp a;

	CU_ASSERT(arp_parse(request, sizeof(request), &a));
	CU_ASSERT_EQUAL(a.operation, ARP_REQUEST);
	CU_ASSERT_EQUAL(a.sender_mac, 0x0200000000aa);
	CU_ASSERT_EQUAL(a.sender_address, 0x0a010201);
	CU_ASSERT_EQUAL(a.target_mac, 0);
	CU_ASSERT_EQUAL(a.target_address, 0x0a010203);
}

static void test_other_kinds_are_refused(void)
{
	static const struct {
		uint32_t at;
		uint8_t value;
	} faults[] = {{1, 6}, {2, 0x86}, {4, 8}, {5, 16}, {7, 0}, {7, 3}, {6, 1}};
	struct arp a;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		uint8_t p[ARP_BYTES];

		memcpy(p, request, sizeof(p));
		p[faults[i].at] = faults[i].value;
		CU_ASSERT_FALSE(arp_parse(p, sizeof(p), &a));
	}
	for (uint32_t n = 0; n < ARP_BYTES; n++)
		CU_ASSERT_FALSE(arp_parse(request, n, &a));
}

static void test_build(void)
{
	const struct arp reply = {.operation = ARP_REPLY,
	                          .sender_mac = 0x020000000003,
	                          .sender_address = 0x0a010203,
	                          .target_mac = 0x0200000000aa,
	                          .target_address = 0x0a010201};
	static const uint8_t want[ARP_BYTES] = {0,  1, 8, 0, 6, 4, 0, 2, 2, 0,    0,  0, 0, 3,
	                                        10, 1, 2, 3, 2, 0, 0, 0, 0, 0xaa, 10, 1, 2, 1};
	uint8_t p[ARP_BYTES];
	struct arp a;

	CU_ASSERT_EQUAL(arp_build(p, &reply), ARP_BYTES);
	CU_ASSERT_EQUAL(memcmp(p, want, sizeof(want)), 0);
	CU_ASSERT(arp_parse(p, sizeof(p), &a));
	CU_ASSERT_EQUAL(a.operation, ARP_REPLY);
	CU_ASSERT_EQUAL(a.target_mac, reply.target_mac);
	CU_ASSERT_EQUAL(a.target_address, reply.target_address);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"parse", test_parse},
	        {"other kinds are refused", test_other_kinds_are_refused},
	        {"build", test_build},
	};
	return SUITE_RUN("arp", tests);
}
