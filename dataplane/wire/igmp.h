/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IGMP: who wants which multicast group? Queries of versions 1 to 3 and reports of versions 1 and 2
 * are read; reports of versions 1 to 3 and version 2's leave are written. What a query's numbers
 * mean is worked out here, what follows from them is the host's. Pure; RFC 1112, 2236, 3376 (source
 * filters, floating point codes), 4607.
 */
#ifndef DATAPLANE_WIRE_IGMP_H
#define DATAPLANE_WIRE_IGMP_H

#include <stdint.h>

#define IGMP_ALL_HOSTS   0xe0000001u /* 224.0.0.1: general queries go there */
#define IGMP_ALL_ROUTERS 0xe0000002u /* 224.0.0.2: version 2's leaves */
#define IGMP_V3_ROUTERS  0xe0000016u /* 224.0.0.22: version 3's reports */

#define IGMP_BYTES        8u /* versions 1 and 2, and before the records of version 3's reports */
#define IGMP_RECORD_BYTES 8u /* without sources */
#define IGMP_SOURCE_BYTES 4u

enum igmp_verdict {
	IGMP_QUERY,
	IGMP_REPORT, /* of version 1 or 2: somebody else wants the group */
	IGMP_OTHER,  /* version 3's reports, leaves, routing protocols on the same number */
	IGMP_MALFORMED,
	IGMP_BAD_CHECKSUM,
};

struct igmp {
	uint32_t group;  /* of a query: 0: general */
	uint8_t version; /* of the sender, 1 to 3 */
	/* Queries: */
	uint8_t robustness;     /* version 3; 0: not said */
	uint16_t source_count;  /* version 3, of a query for sources of the group */
	uint64_t interval_ns;   /* between general queries; version 3, else 0 */
	uint64_t response_ns;   /* answer within; version 1: always 10 s */
	const uint8_t *sources; /* source_count addresses as on the wire: igmp_source() */
};

/* Fills *out only on IGMP_QUERY and IGMP_REPORT. */
enum igmp_verdict igmp_parse(const uint8_t *p, uint32_t bytes, struct igmp *out);
uint32_t igmp_source(const struct igmp *m, uint16_t index); /* host order */

enum igmp_message { IGMP_V1_REPORT = 0x12, IGMP_V2_REPORT = 0x16, IGMP_V2_LEAVE = 0x17 };

/* Writes a message of versions 1 and 2; returns IGMP_BYTES. */
uint32_t igmp_build(uint8_t *p, enum igmp_message type, uint32_t group);

/* Group records of version 3. IS_: how things are, in answer to a query; the others: a change. */
enum igmp_record {
	IGMP_IS_INCLUDE = 1,
	IGMP_IS_EXCLUDE = 2,
	IGMP_TO_INCLUDE = 3,
	IGMP_TO_EXCLUDE = 4,
	IGMP_ALLOW = 5,
	IGMP_BLOCK = 6,
};

/* Writes one record at p; returns its length. Records stand behind IGMP_BYTES left free, which
 * igmp_build_report() then fills. */
uint32_t igmp_build_record(uint8_t *p, enum igmp_record type, uint32_t group,
                           const uint32_t *sources, uint16_t source_count);
void igmp_build_report(uint8_t *p, uint16_t record_count, uint32_t bytes);

#endif
