/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What stands behind genesis.h's handles. Private to libgenesis (genesis*.c).
 */
#ifndef APP_GENESIS_PRIVATE_H
#define APP_GENESIS_PRIVATE_H

#include <string.h>

#include "app/attach.h"
#include "app/genesis.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/log/follower.h"

struct genesis_source { /* a feed */
	const struct shared_feed *shared;
	const struct protocol *protocol;
	const struct message_scan *scan;
	struct directory directory;
	struct board board;
	struct log log;
};

struct genesis {
	struct attach attach;
	struct genesis_source sources[SHARED_FEEDS_MAX];
	uint32_t source_count;
};

/* As much of `from` as the caller's struct has room for; zeroes behind what we know. */
static inline void reader_give(void *to, size_t to_bytes, const void *from, size_t from_bytes)
{
	size_t bytes = to_bytes < from_bytes ? to_bytes : from_bytes;

	memcpy(to, from, bytes);
	if (to_bytes > bytes)
		memset((uint8_t *)to + bytes, 0, to_bytes - bytes);
}

#define GENESIS_LOCATES    65536u
#define GENESIS_COPY_BYTES (sizeof(struct record) + LOG_RECORD_PAYLOAD_MAX + 8)

struct genesis_log {
	struct log_follower follower;
	const struct genesis_source *source;
	struct genesis_log_stats stats;
	/* The message that should come next; epoch 0: not known, nothing was read yet. */
	uint64_t sequence;
	uint32_t epoch;
	bool has_missed; /* to be told before the record */
	bool has_record; /* the copy holds what was not told yet */
	bool is_corrupt;
	uint32_t left;                     /* messages of a DATA record still to be told */
	uint32_t offset;                   /* of the next one's block, in the payload */
	uint64_t missed_bytes;             /* to be told */
	uint32_t locates_epoch;            /* the session that the locates are of */
	uint32_t locates[GENESIS_LOCATES]; /* ITCH: symbol id + 1; 0: not known */
	_Alignas(8) uint8_t copy[GENESIS_COPY_BYTES];
};

static inline const struct record *reader_record(const struct genesis_log *l)
{
	return (const struct record *)(const void *)l->copy;
}

/* 1: the copy holds a record that was not told yet; 0: there is none; -EPROTO. */
int reader_fetch(struct genesis_log *l);
/* Where the copy's record stands: its next message. */
uint64_t reader_sequence(const struct genesis_log *l);
/* Of a GAP: how many, and why. */
uint64_t reader_gap(const struct genesis_log *l, uint32_t *reason);
/* Tells the record, or its next message; false: its blocks do not add up. */
bool reader_take(struct genesis_log *l, struct genesis_event *e);

#endif
