/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Re-request server of MoldUDP64: what a client asks for in 20 bytes (session, first sequence,
 * count) it gets in one downstream packet that begins at that sequence and has as many whole
 * messages as were wanted, are known, and fit. It knows what the store was told of, and says
 * nothing of anything else, nor of requests that are none.
 *
 * How the script shows: an error is silence, MoldUDP64 has no other. Wrong answers: another
 * session's name (token), a packet that ends within a message (truncated), messages that stand
 * elsewhere in the session, with their right sequences (range), twice, late.
 *
 * Pure: bytes and time in, answers and times out (serve_queue.h). One owner.
 *
 * Spec: MoldUDP64 1.00.
 */
#ifndef PERF_SERVE_MOLD_H
#define PERF_SERVE_MOLD_H

#include "perf/day_store.h"
#include "perf/serve_counts.h"
#include "perf/serve_queue.h"
#include "perf/serve_script.h"

#define SERVE_MOLD_PAYLOAD_BYTES 1400u /* a message that is longer by itself goes alone */

struct serve_mold {
	const struct day_store *store;
	const struct serve_script *script;
	struct serve_queue queue;
	struct serve_counts counts;
	uint64_t start_ns; /* where the script's times begin */
};

/* store and script outlive it; memory: serve_queue_bytes(room), the caller's. */
void serve_mold_init(struct serve_mold *m, const struct day_store *store,
                     const struct serve_script *script, void *memory, uint32_t room);
/* A datagram came. */
void serve_mold_on_request(struct serve_mold *m, const uint8_t *payload, uint32_t bytes,
                           const struct serve_peer *peer, uint64_t now_ns);
/* The next answer that is due; NULL: none. Valid until the next call. */
const struct serve_reply *serve_mold_poll(struct serve_mold *m, uint64_t now_ns);

#endif
