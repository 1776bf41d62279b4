/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Checksum: the Internet's one's complement sum, taken in native byte order, which RFC 1071 allows
 * so long as the result is stored in the same order (put_le16). Add up, then fold; what includes a
 * right checksum folds to 0xffff. Pure.
 */
#ifndef DATAPLANE_WIRE_CHECKSUM_H
#define DATAPLANE_WIRE_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/bytes.h"

/* Carries gather in the upper half: 2^32 words before it could overflow. Only the last piece that
 * is added may have an odd length. */
static inline uint64_t checksum_add(uint64_t sum, const uint8_t *p, uint32_t bytes)
{
	for (; bytes >= 4; p += 4, bytes -= 4)
		sum += le32(p);
	if (bytes >= 2) {
		sum += le16(p);
		p += 2;
		bytes -= 2;
	}
	if (bytes != 0)
		sum += *p;
	return sum;
}

static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)sum;
}

static inline bool checksum_is_right(const uint8_t *p, uint32_t bytes)
{
	return checksum_fold(checksum_add(0, p, bytes)) == 0xffff;
}

/* What to store (put_le16) where p[0..bytes) holds 0 in its place. */
static inline uint16_t checksum_of(const uint8_t *p, uint32_t bytes)
{
	return (uint16_t)~checksum_fold(checksum_add(0, p, bytes));
}

#endif
