/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/icmp.h"

#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"

#define TYPE_ECHO_REPLY   0u
#define TYPE_ECHO_REQUEST 8u

enum icmp_verdict icmp_parse(const uint8_t *p, uint32_t bytes, struct icmp_echo *out)
{
	if (bytes < ICMP_ECHO_BYTES)
		return ICMP_MALFORMED;
	if (!checksum_is_right(p, bytes))
		return ICMP_BAD_CHECKSUM;
	if (p[0] != TYPE_ECHO_REQUEST || p[1] != 0)
		return ICMP_OTHER;
	*out = (struct icmp_echo){
	        .id = be16(p + 4),
	        .sequence = be16(p + 6),
	        .data = p + ICMP_ECHO_BYTES,
	        .data_bytes = bytes - ICMP_ECHO_BYTES,
	};
	return ICMP_ECHO_REQUEST;
}

uint32_t icmp_build_reply(uint8_t *p, const struct icmp_echo *e)
{
	uint32_t bytes = ICMP_ECHO_BYTES + e->data_bytes;

	p[0] = TYPE_ECHO_REPLY;
	p[1] = 0;
	put_le16(p + 2, 0);
	put_be16(p + 4, e->id);
	put_be16(p + 6, e->sequence);
	if (e->data_bytes != 0)
		memcpy(p + ICMP_ECHO_BYTES, e->data, e->data_bytes);
	put_le16(p + 2, checksum_of(p, bytes));
	return bytes;
}
