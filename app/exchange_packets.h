/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Packets: all that the exchange is going to send, built to the last byte before the first one
 * leaves, in the order of sending. So flat out means the port's speed and not the maker's, and the
 * account is of what was sent and not of what was meant.
 *
 * Frames lie in chunks that never move. Allocates as it grows; one owner.
 */
#ifndef APP_EXCHANGE_PACKETS_H
#define APP_EXCHANGE_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/day_feed.h"

struct exchange_packet {
	const uint8_t *frame;
	uint64_t due_ns;   /* from the start */
	uint64_t sequence; /* as the header says */
	uint32_t run;      /* session, counted from 0 */
	uint16_t claimed;  /* messages by the header; 0 for heartbeats and ends */
	uint16_t whole;    /* messages that are there */
	uint16_t bytes;    /* of the frame */
	uint8_t line;
	uint8_t kind; /* enum day_packet_kind */
	bool corrupt;
	bool sent;
};

struct exchange_chunk;

struct exchange_packets {
	struct exchange_packet *list;
	uint64_t count;
	uint64_t room;
	struct exchange_chunk *chunks; /* newest first */
};

/* Copies the frame; the rest of *p is as given. 0 or -ENOMEM. */
int exchange_packets_add(struct exchange_packets *s, const struct exchange_packet *p,
                         const uint8_t *frame);
void exchange_packets_finish(struct exchange_packets *s); /* accepts a zeroed struct */

/* A MoldUDP64 payload as it is: its header, and how many whole messages follow. */
struct exchange_mold {
	char session[10];
	uint64_t sequence;
	uint16_t claimed; /* 0: heartbeat, or end */
	uint16_t whole;
	uint8_t kind; /* enum day_packet_kind */
};

/* false: no header, sequence 0, or messages numbered beyond 64 bits: such a packet brings nothing.
 */
bool exchange_mold_read(struct exchange_mold *m, const uint8_t *payload, uint32_t bytes);

#endif
