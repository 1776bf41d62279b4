/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/igmp.h"

#include <assert.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"

#define TYPE_QUERY     0x11u
#define TYPE_V3_REPORT 0x22u
#define QUERY_V3_BYTES 12u
#define TENTH_NS       100000000ull
#define SECOND_NS      1000000000ull
#define V1_RESPONSE_NS (10 * SECOND_NS)

/* RFC 3376, 4.1.1 and 4.1.7: from 128 on a floating point number. */
static uint32_t code_value(uint8_t code)
{
	return code < 128 ? code : ((code & 15u) | 16u) << ((code >> 4 & 7u) + 3);
}

static enum igmp_verdict parse_query(const uint8_t *p, uint32_t bytes, struct igmp *out)
{
	struct igmp m = {.group = be32(p + 4)};

	if (bytes == IGMP_BYTES) { /* RFC 3376, 7.1: versions are told apart like this */
		m.version = p[1] == 0 ? 1 : 2;
		m.response_ns = p[1] == 0 ? V1_RESPONSE_NS : p[1] * TENTH_NS;
		*out = m;
		return IGMP_QUERY;
	}
	if (bytes < QUERY_V3_BYTES)
		return IGMP_MALFORMED;
	m.version = 3;
	m.response_ns = code_value(p[1]) * TENTH_NS;
	m.robustness = p[8] & 7;
	m.interval_ns = code_value(p[9]) * SECOND_NS;
	m.source_count = be16(p + 10);
	m.sources = p + QUERY_V3_BYTES;
	if (m.source_count > (bytes - QUERY_V3_BYTES) / IGMP_SOURCE_BYTES)
		return IGMP_MALFORMED;
	*out = m;
	return IGMP_QUERY;
}

enum igmp_verdict igmp_parse(const uint8_t *p, uint32_t bytes, struct igmp *out)
{
	if (bytes < IGMP_BYTES)
		return IGMP_MALFORMED;
	if (!checksum_is_right(p, bytes))
		return IGMP_BAD_CHECKSUM;
	if (p[0] == TYPE_QUERY)
		return parse_query(p, bytes, out);
	if (p[0] != IGMP_V1_REPORT && p[0] != IGMP_V2_REPORT)
		return IGMP_OTHER;
	*out = (struct igmp){.group = be32(p + 4), .version = p[0] == IGMP_V1_REPORT ? 1 : 2};
	return IGMP_REPORT;
}

uint32_t igmp_source(const struct igmp *m, uint16_t index)
{
	assert(index < m->source_count);
	return be32(m->sources + (uint32_t)index * IGMP_SOURCE_BYTES);
}

uint32_t igmp_build(uint8_t *p, enum igmp_message type, uint32_t group)
{
	p[0] = (uint8_t)type;
	p[1] = 0;
	put_le16(p + 2, 0);
	put_be32(p + 4, group);
	put_le16(p + 2, checksum_of(p, IGMP_BYTES));
	return IGMP_BYTES;
}

uint32_t igmp_build_record(uint8_t *p, enum igmp_record type, uint32_t group,
                           const uint32_t *sources, uint16_t source_count)
{
	p[0] = (uint8_t)type;
	p[1] = 0; /* no auxiliary data: none is defined */
	put_be16(p + 2, source_count);
	put_be32(p + 4, group);
	for (uint32_t i = 0; i < source_count; i++)
		put_be32(p + IGMP_RECORD_BYTES + i * IGMP_SOURCE_BYTES, sources[i]);
	return IGMP_RECORD_BYTES + source_count * IGMP_SOURCE_BYTES;
}

void igmp_build_report(uint8_t *p, uint16_t record_count, uint32_t bytes)
{
	assert(bytes >= IGMP_BYTES);
	p[0] = TYPE_V3_REPORT;
	p[1] = 0;
	put_le16(p + 2, 0);
	put_be16(p + 4, 0);
	put_be16(p + 6, record_count);
	put_le16(p + 2, checksum_of(p, bytes));
}
