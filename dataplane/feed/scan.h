/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Scan: the message halves, one file per message format (see protocol.h for what they owe).
 *
 * `count` whole blocks stand in blocks[0..bytes), as the transport's parse found them: that is the
 * caller's promise, and asserted.
 */
#ifndef DATAPLANE_FEED_SCAN_H
#define DATAPLANE_FEED_SCAN_H

#include "dataplane/feed/protocol.h"

#define INTEREST_ALL UINT64_MAX

/* ITCH: the interest bit of a stock is its locate modulo 64. All bits for what is not about one
 * stock, for a directory message (R), and for a stock whose directory message has not come in this
 * session. */
uint64_t scan_itch(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count);

/* DEEP, TOPS: the interest bit of a symbol is its hash modulo 64. All bits for system events, for
 * the first sight of a symbol, and for one that the directory has no room for. */
uint64_t scan_deep(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count);
uint64_t scan_tops(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count);

/* Whom a message is about (protocol.h). */
struct message_subject scan_itch_subject(const uint8_t *message, uint32_t bytes);
struct message_subject scan_deep_subject(const uint8_t *message, uint32_t bytes);
struct message_subject scan_tops_subject(const uint8_t *message, uint32_t bytes);

/* What both do; lengths: per type byte, of the protocol. */
uint64_t scan_iex(struct message_scan *s, const uint8_t *blocks, uint32_t bytes, uint32_t count,
                  const uint8_t lengths[256]);
struct message_subject scan_iex_subject(const uint8_t *message, uint32_t bytes,
                                        const uint8_t lengths[256]);

#endif
