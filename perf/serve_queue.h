/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Queue of answers that are to leave at their times, earliest first, and of one time in the order
 * they were put in. Bounded: what finds no room is counted and gone, as in a server that has too
 * much to do.
 *
 * Memory is the caller's. One owner.
 */
#ifndef PERF_SERVE_QUEUE_H
#define PERF_SERVE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define SERVE_REPLY_BYTES 1472u /* of a UDP payload */
#define SERVE_QUEUE_MAX   65536u

/* Who asked: where the answer goes. A server only hands it back. */
struct serve_peer {
	uint64_t mac; /* as in wire/ether.h; 0 where there is none */
	uint32_t address;
	uint16_t port;
	uint16_t reserved;
};

struct serve_reply {
	uint64_t time_ns;
	uint64_t ordinal; /* the queue's: breaks ties */
	struct serve_peer peer;
	uint32_t bytes;
	uint8_t data[SERVE_REPLY_BYTES];
};

struct serve_queue {
	struct serve_reply *replies;
	uint32_t *heap; /* places in replies: [0, count) by time, the others are free */
	uint32_t room;
	uint32_t count;
	uint64_t pushed;
	uint64_t dropped; /* no room */
};

/* Memory for `room` replies, 1 to SERVE_QUEUE_MAX. */
uint64_t serve_queue_bytes(uint32_t room);
/* memory: 8-byte aligned, the caller's, for as long as the queue is used. */
void serve_queue_init(struct serve_queue *q, void *memory, uint32_t room);
/* Copies; bytes at most SERVE_REPLY_BYTES. False: no room. */
bool serve_queue_push(struct serve_queue *q, uint64_t time_ns, const struct serve_peer *peer,
                      const uint8_t *data, uint32_t bytes);
/* The earliest that is due, taken out; NULL: none is. Valid until the next push. */
const struct serve_reply *serve_queue_pop(struct serve_queue *q, uint64_t now_ns);

/* When the next is due; UINT64_MAX: none waits. */
static inline uint64_t serve_queue_next_ns(const struct serve_queue *q)
{
	return q->count == 0 ? UINT64_MAX : q->replies[q->heap[0]].time_ns;
}

#endif
