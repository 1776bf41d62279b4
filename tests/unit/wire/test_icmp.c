/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/icmp.h"

#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "tests/unit/suite.h"

/* Sums done by hand: 0800 + 0001 + 0002 + 6162 is 6965, and its complement stands there. */
static const uint8_t request[] = {8, 0, 0x96, 0x9a, 0, 1, 0, 2, 'a', 'b'};
static const uint8_t reply[] = {0, 0, 0x9e, 0x9a, 0, 1, 0, 2, 'a', 'b'};

static void test_echo(void)
{
	struct icmp_echo e;
	uint8_t p[sizeof(reply)];

	CU_ASSERT_EQUAL(icmp_parse(request, sizeof(request), &e), ICMP_ECHO_REQUEST);
	CU_ASSERT_EQUAL(e.id, 1);
	CU_ASSERT_EQUAL(e.sequence, 2);
	CU_ASSERT_PTR_EQUAL(e.data, request + ICMP_ECHO_BYTES);
	CU_ASSERT_EQUAL(e.data_bytes, 2);
	CU_ASSERT_EQUAL(icmp_build_reply(p, &e), sizeof(reply));
	CU_ASSERT_EQUAL(memcmp(p, reply, sizeof(reply)), 0);
}

static void test_odd_and_no_data(void)
{
	uint8_t p[11] = {8, 0, 0, 0, 0, 7, 0, 9, 'x', 'y', 'z'};
	uint8_t back[sizeof(p)];
	struct icmp_echo e;

	for (uint32_t bytes = ICMP_ECHO_BYTES; bytes <= sizeof(p); bytes++) {
		put_le16(p + 2, 0);
		put_le16(p + 2, checksum_of(p, bytes));
		CU_ASSERT_EQUAL(icmp_parse(p, bytes, &e), ICMP_ECHO_REQUEST);
		CU_ASSERT_EQUAL(icmp_build_reply(back, &e), bytes);
		CU_ASSERT(checksum_is_right(back, bytes));
		CU_ASSERT_EQUAL(memcmp(back + 4, p + 4, bytes - 4), 0);
	}
}

static void test_others(void)
{
	struct icmp_echo e;
	uint8_t p[sizeof(request)];

	CU_ASSERT_EQUAL(icmp_parse(reply, sizeof(reply), &e), ICMP_OTHER);
	for (uint32_t n = 0; n < ICMP_ECHO_BYTES; n++)
		CU_ASSERT_EQUAL(icmp_parse(request, n, &e), ICMP_MALFORMED);
	memcpy(p, request, sizeof(p));
	p[9]++;
	CU_ASSERT_EQUAL(icmp_parse(p, sizeof(p), &e), ICMP_BAD_CHECKSUM);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"echo", test_echo},
	        {"odd and no data", test_odd_and_no_data},
	        {"others", test_others},
	};
	return SUITE_RUN("icmp", tests);
}
