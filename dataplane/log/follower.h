/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Follower: a reader with no claim on the log: in another process, on read-only memory. It disturbs
 * nobody: it copies a record with relaxed word loads, then re-checks the tail (acquire fence in
 * between), and only then lets anyone parse it. When the writer has overtaken it, it is told how
 * many bytes it missed and goes on at the tail.
 *
 * Spec: H.-J. Boehm, "Can seqlocks get along with programming language memory models?" (2012).
 */
#ifndef DATAPLANE_LOG_FOLLOWER_H
#define DATAPLANE_LOG_FOLLOWER_H

#include "dataplane/log/log.h"

enum follower_verdict {
	FOLLOWER_RECORD,  /* one record copied */
	FOLLOWER_AT_HEAD, /* nothing new */
	FOLLOWER_MISSED,  /* overtaken: missed_bytes grew, the position is now the tail; call again
	                   */
	FOLLOWER_CORRUPT, /* the bytes are no record although nobody overtook: give up on this log
	                   */
};

struct log_follower {
	struct log log;
	uint64_t position;
	uint64_t missed_bytes;
	uint64_t missed_times;
};

/* Starts at the oldest record held, or at the head. */
void follower_init(struct log_follower *f, const struct log *l, bool from_tail);

/* buffer: at least sizeof(struct record) + LOG_RECORD_PAYLOAD_MAX + 8 bytes, 8-byte aligned. */
enum follower_verdict follower_next(struct log_follower *f, struct record *buffer,
                                    uint32_t buffer_bytes);

#endif
