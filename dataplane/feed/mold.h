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

/* As struct protocol demands. Malformed: shorter than its header, sequence 0, or messages numbered
 * beyond 2^64 - 1. Damaged: blocks that overrun the datagram, or bytes after what the header
 * announces. */
enum feed_verdict mold_parse(const uint8_t *payload, uint32_t bytes, struct feed_packet *out);
/* Well-formed, and a session of printable ASCII. */
bool mold_recognise(const uint8_t *payload, uint32_t bytes);

#endif
