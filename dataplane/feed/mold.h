/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MoldUDP64: header of session (10 bytes of text), sequence of the first message, message count,
 * then blocks. A count of 0 is a heartbeat, 0xffff the end of the session; both carry the next
 * sequence to come and no blocks.
 *
 * Spec: Nasdaq MoldUDP64 Protocol Specification 1.00.
 */
#ifndef DATAPLANE_FEED_MOLD_H
#define DATAPLANE_FEED_MOLD_H

#include "dataplane/feed/protocol.h"

#define MOLD_HEADER_BYTES  20u
#define MOLD_SESSION_BYTES 10u
#define MOLD_SEQUENCE      10u /* offset */
#define MOLD_COUNT         18u /* offset */
#define MOLD_COUNT_END     0xffffu
#define MOLD_COUNT_MAX     0xfffeu /* messages of one packet, or asked for in one request */
#define MOLD_REQUEST_BYTES MOLD_HEADER_BYTES

/* As struct protocol demands. Malformed: shorter than its header, sequence 0, or messages numbered
 * beyond 2^64 - 1. Damaged: blocks that overrun the datagram, or bytes after what the header
 * announces. */
enum feed_verdict mold_parse(const uint8_t *payload, uint32_t bytes, struct feed_packet *out);
/* Well-formed, and a session of printable ASCII. */
bool mold_recognise(const uint8_t *payload, uint32_t bytes);

/* What a client asks a re-request server for: a packet of the header alone, in which the count is
 * of the messages wanted. It is answered by one ordinary packet that begins at first_sequence and
 * has as many of them as fit, or not at all; the rest is asked for again. Only its direction tells
 * a request from a broken packet of data. */
struct mold_request {
	struct session_key session;
	uint64_t first_sequence; /* from 1 */
	uint32_t count;          /* 1 to MOLD_COUNT_MAX; none beyond sequence 2^64 - 1 */
};

/* Writes MOLD_REQUEST_BYTES. False: out of these bounds, or a session longer than
 * MOLD_SESSION_BYTES; nothing is written. */
bool mold_request_build(uint8_t *out, const struct mold_request *r);
/* False: not a request in these bounds, *out is not filled. */
bool mold_request_parse(const uint8_t *payload, uint32_t bytes, struct mold_request *out);

#endif
