/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/igmp.h"

#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"
#include "tests/unit/suite.h"

#define SECOND_NS 1000000000ull
#define GROUP     0xef010101u /* 239.1.1.1 */

/* Sums done by hand. */
static const uint8_t v1_query[] = {0x11, 0x00, 0xee, 0xff, 0, 0, 0, 0};
static const uint8_t v2_query[] = {0x11, 0x64, 0xee, 0x9b, 0, 0, 0, 0};
static const uint8_t v3_query[] = {0x11, 0x64, 0xec, 0x1e, 0, 0, 0, 0, 0x02, 0x7d, 0, 0};
static const uint8_t v2_report[] = {0x16, 0x00, 0xf9, 0xfc, 239, 1, 1, 1};
static const uint8_t v3_report[] = {0x22, 0, 0xe9, 0xfb, 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 1, 1};

static enum igmp_verdict parse(uint8_t *p, uint32_t bytes, struct igmp *m)
{
	put_le16(p + 2, 0);
	put_le16(p + 2, checksum_of(p, bytes));
	return igmp_parse(p, bytes, m);
}

static void test_queries_of_old_versions(void)
{
	struct igmp m;
	uint8_t specific[] = {0x11, 10, 0, 0, 239, 1, 1, 1};

	CU_ASSERT_EQUAL(igmp_parse(v1_query, sizeof(v1_query), &m), IGMP_QUERY);
	CU_ASSERT_EQUAL(m.version, 1);
	CU_ASSERT_EQUAL(m.response_ns, 10 * SECOND_NS);
	CU_ASSERT_EQUAL(igmp_parse(v2_query, sizeof(v2_query), &m), IGMP_QUERY);
	CU_ASSERT_EQUAL(m.version, 2);
	CU_ASSERT_EQUAL(m.group, 0);
	CU_ASSERT_EQUAL(m.response_ns, 10 * SECOND_NS);
	CU_ASSERT_EQUAL(parse(specific, sizeof(specific), &m), IGMP_QUERY);
	CU_ASSERT_EQUAL(m.group, GROUP);
	CU_ASSERT_EQUAL(m.response_ns, SECOND_NS);
}

static void test_query_v3(void)
{
	struct igmp m;
	uint8_t q[] = {0x11, 1, 0, 0, 239, 1, 1, 1, 0x0f, 0x80, 0, 2, 10, 0, 0, 1, 10, 0, 0, 2};

	CU_ASSERT_EQUAL(igmp_parse(v3_query, sizeof(v3_query), &m), IGMP_QUERY);
	CU_ASSERT_EQUAL(m.version, 3);
	CU_ASSERT_EQUAL(m.robustness, 2);
	CU_ASSERT_EQUAL(m.interval_ns, 125 * SECOND_NS);
	CU_ASSERT_EQUAL(m.source_count, 0);
	CU_ASSERT_EQUAL(parse(q, sizeof(q), &m), IGMP_QUERY);
	CU_ASSERT_EQUAL(m.group, GROUP);
	CU_ASSERT_EQUAL(m.response_ns, SECOND_NS / 10);
	CU_ASSERT_EQUAL(m.robustness, 7); /* the S flag is another's */
	CU_ASSERT_EQUAL(m.interval_ns, 128 * SECOND_NS);
	CU_ASSERT_EQUAL_FATAL(m.source_count, 2);
	CU_ASSERT_EQUAL(igmp_source(&m, 0), 0x0a000001);
	CU_ASSERT_EQUAL(igmp_source(&m, 1), 0x0a000002);
	q[11] = 3; /* more sources than there are */
	CU_ASSERT_EQUAL(parse(q, sizeof(q), &m), IGMP_MALFORMED);
	q[10] = 0xff;
	q[11] = 0xff;
	CU_ASSERT_EQUAL(parse(q, sizeof(q), &m), IGMP_MALFORMED);
}

static void test_floating_point_codes(void)
{
	static const struct {
		uint8_t code;
		uint32_t value;
	} cases[] = {{0, 0}, {127, 127}, {0x80, 128}, {0x8f, 248}, {0x91, 272}, {0xff, 31744}};
	uint8_t q[12] = {0x11};
	struct igmp m;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		q[1] = cases[i].code;
		q[9] = cases[i].code;
		CU_ASSERT_EQUAL(parse(q, sizeof(q), &m), IGMP_QUERY);
		CU_ASSERT_EQUAL(m.response_ns, cases[i].value * (SECOND_NS / 10));
		CU_ASSERT_EQUAL(m.interval_ns, cases[i].value * SECOND_NS);
	}
}

static void test_reports_are_told_apart(void)
{
	uint8_t v1[] = {0x12, 0, 0, 0, 239, 1, 1, 1};
	uint8_t leave[] = {0x17, 0, 0, 0, 239, 1, 1, 1};
	struct igmp m;

	CU_ASSERT_EQUAL(igmp_parse(v2_report, sizeof(v2_report), &m), IGMP_REPORT);
	CU_ASSERT_EQUAL(m.group, GROUP);
	CU_ASSERT_EQUAL(m.version, 2);
	CU_ASSERT_EQUAL(parse(v1, sizeof(v1), &m), IGMP_REPORT);
	CU_ASSERT_EQUAL(m.version, 1);
	CU_ASSERT_EQUAL(parse(leave, sizeof(leave), &m), IGMP_OTHER);
	CU_ASSERT_EQUAL(igmp_parse(v3_report, sizeof(v3_report), &m), IGMP_OTHER);
}

static void test_faults(void)
{
	uint8_t p[12] = {0x11, 0x64, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0};
	struct igmp m;

	for (uint32_t n = 0; n < IGMP_BYTES; n++)
		CU_ASSERT_EQUAL(igmp_parse(v2_query, n, &m), IGMP_MALFORMED);
	for (uint32_t n = 9; n < 12; n++) /* no version's length: RFC 3376, 7.1 */
		CU_ASSERT_EQUAL(parse(p, n, &m), IGMP_MALFORMED);
	memcpy(p, v2_query, sizeof(v2_query));
	p[7] = 1;
	CU_ASSERT_EQUAL(igmp_parse(p, IGMP_BYTES, &m), IGMP_BAD_CHECKSUM);
}

static void test_build(void)
{
	static const uint32_t sources[] = {0x0a000001, 0x0a000002};
	static const uint8_t block[] = {6, 0, 0, 2, 239, 1, 1, 1, 10, 0, 0, 1, 10, 0, 0, 2};
	uint8_t p[64];

	CU_ASSERT_EQUAL(igmp_build(p, IGMP_V2_REPORT, GROUP), IGMP_BYTES);
	CU_ASSERT_EQUAL(memcmp(p, v2_report, IGMP_BYTES), 0);
	CU_ASSERT_EQUAL(igmp_build(p, IGMP_V2_LEAVE, GROUP), IGMP_BYTES);
	CU_ASSERT_EQUAL(p[0], 0x17);
	CU_ASSERT(checksum_is_right(p, IGMP_BYTES));
	CU_ASSERT_EQUAL(igmp_build_record(p + IGMP_BYTES, IGMP_TO_EXCLUDE, GROUP, NULL, 0), 8);
	igmp_build_report(p, 1, 16);
	CU_ASSERT_EQUAL(memcmp(p, v3_report, sizeof(v3_report)), 0);
	CU_ASSERT_EQUAL(igmp_build_record(p, IGMP_BLOCK, GROUP, sources, 2), sizeof(block));
	CU_ASSERT_EQUAL(memcmp(p, block, sizeof(block)), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"queries of old versions", test_queries_of_old_versions},
	        {"query of version 3", test_query_v3},
	        {"floating point codes", test_floating_point_codes},
	        {"reports are told apart", test_reports_are_told_apart},
	        {"faults", test_faults},
	        {"build", test_build},
	};
	return SUITE_RUN("igmp", tests);
}
