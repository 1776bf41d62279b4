/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ICMP: echo requests and what answers them; everything else is only told apart. Pure; RFC 792,
 * 1122 (3.2.2.6: the data comes back as it came).
 */
#ifndef DATAPLANE_WIRE_ICMP_H
#define DATAPLANE_WIRE_ICMP_H

#include <stdint.h>

#define ICMP_ECHO_BYTES 8u /* without data */

enum icmp_verdict {
	ICMP_ECHO_REQUEST,
	ICMP_OTHER,
	ICMP_MALFORMED, /* shorter than its header */
	ICMP_BAD_CHECKSUM,
};

struct icmp_echo {
	uint16_t id;
	uint16_t sequence;
	const uint8_t *data;
	uint32_t data_bytes;
};

/* Fills *out only on ICMP_ECHO_REQUEST. */
enum icmp_verdict icmp_parse(const uint8_t *p, uint32_t bytes, struct icmp_echo *out);
/* Writes the reply, ICMP_ECHO_BYTES + data_bytes; returns its length. data must not lie in p. */
uint32_t icmp_build_reply(uint8_t *p, const struct icmp_echo *e);

#endif
