/* SPDX-License-Identifier: BSD-3-Clause
 *
 * IEX-TP 1: a 40-byte little-endian header (protocol id, channel, session, payload length, count,
 * stream offset, first sequence, send time), then blocks. A count of 0 is a heartbeat; there is no
 * end of session. The header's payload length bounds the blocks, the datagram bounds both.
 *
 * Spec: IEX Transport Specification 1.25.
 */
#ifndef DATAPLANE_FEED_IEXTP_H
#define DATAPLANE_FEED_IEXTP_H

#include "dataplane/feed/protocol.h"

#define IEXTP_HEADER_BYTES 40u
#define IEXTP_VERSION      1u

enum iextp_protocol {
	IEXTP_TOPS = 0x8003,
	IEXTP_DEEP = 0x8004,
};

/* Offsets in the header. */
enum iextp_offset {
	IEXTP_AT_VERSION = 0,
	IEXTP_AT_PROTOCOL = 2,
	IEXTP_AT_CHANNEL = 4,
	IEXTP_AT_SESSION = 8,
	IEXTP_AT_PAYLOAD_LENGTH = 12,
	IEXTP_AT_COUNT = 14,
	IEXTP_AT_STREAM_OFFSET = 16,
	IEXTP_AT_SEQUENCE = 24,
	IEXTP_AT_SEND_TIME = 32,
};

/* As struct protocol demands, for one protocol id. Malformed: shorter than its header, another
 * version or protocol id, sequence 0, or messages numbered beyond 2^64 - 1. Damaged: blocks that
 * overrun payload or datagram, a payload length other than the datagram's, or bytes after what the
 * header announces. */
enum feed_verdict iextp_parse(const uint8_t *payload, uint32_t bytes, enum iextp_protocol id,
                              struct feed_packet *out);
enum feed_verdict iextp_parse_deep(const uint8_t *payload, uint32_t bytes, struct feed_packet *out);
enum feed_verdict iextp_parse_tops(const uint8_t *payload, uint32_t bytes, struct feed_packet *out);
/* Well-formed to the letter. */
bool iextp_recognise_deep(const uint8_t *payload, uint32_t bytes);
bool iextp_recognise_tops(const uint8_t *payload, uint32_t bytes);

#endif
