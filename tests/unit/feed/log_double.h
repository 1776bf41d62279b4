/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A log and a segment pool for tests of the arbiter: records go into a plain list, and both can be
 * told to refuse. Included by one source file per program; takes the place of dataplane/log.
 */
#ifndef TESTS_UNIT_FEED_LOG_DOUBLE_H
#define TESTS_UNIT_FEED_LOG_DOUBLE_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/log/log.h"

#define LOG_DOUBLE_RECORDS  (1u << 16)
#define LOG_DOUBLE_BYTES    (16u << 20)
#define LOG_DOUBLE_SEGMENTS 64u

static struct log_double {
	struct record *records[LOG_DOUBLE_RECORDS];
	uint32_t count;
	uint32_t used; /* bytes */
	uint8_t *bytes;
	struct record *reserved;
	bool refuse;                    /* every reservation */
	uint32_t refuse_above;          /* reservations of more payload than this; 0: none */
	bool (*decide)(uint32_t bytes); /* if set: true refuses */
	uint64_t refused;
} log_double;

static struct segment_double {
	uint8_t *memory;
	bool taken[LOG_DOUBLE_SEGMENTS];
	uint32_t held;
	uint32_t limit;
	uint32_t floor;
	uint32_t ceiling;
	int user;
} segment_double;

/* The memory is taken once and kept for the next world. */
static inline void log_double_open(struct segment_pool *pool, uint32_t segments)
{
	uint8_t *bytes = log_double.bytes;
	uint8_t *memory = segment_double.memory;

	assert(segments <= LOG_DOUBLE_SEGMENTS);
	if (bytes == NULL)
		bytes = malloc(LOG_DOUBLE_BYTES);
	if (memory == NULL)
		memory = aligned_alloc(SEGMENT_BYTES, (size_t)LOG_DOUBLE_SEGMENTS * SEGMENT_BYTES);
	assert(bytes != NULL);
	assert(memory != NULL);
	log_double.count = 0;
	log_double.used = 0;
	log_double.bytes = bytes;
	log_double.reserved = NULL;
	log_double.refuse = false;
	log_double.refuse_above = 0;
	log_double.decide = NULL;
	log_double.refused = 0;
	segment_double = (struct segment_double){.memory = memory, .limit = segments, .user = 3};
	*pool = (struct segment_pool){.segments = memory, .count = segments};
}

struct record *log_writer_reserve(struct log_writer *w, uint32_t payload_bytes)
{
	(void)w;
	assert(payload_bytes <= LOG_RECORD_PAYLOAD_MAX);
	log_double.reserved = NULL;
	if (log_double.refuse ||
	    (log_double.refuse_above != 0 && payload_bytes > log_double.refuse_above) ||
	    (log_double.decide != NULL && log_double.decide(payload_bytes))) {
		log_double.refused++;
		return NULL;
	}
	assert(log_double.count < LOG_DOUBLE_RECORDS);
	assert(log_double.used + record_bytes(payload_bytes) <= LOG_DOUBLE_BYTES);
	struct record *r = (struct record *)(void *)(log_double.bytes + log_double.used);

	memset(r, 0xa5, record_bytes(payload_bytes)); /* whoever forgets a field will see */
	r->payload_bytes = payload_bytes;
	log_double.reserved = r;
	return r;
}

void log_writer_commit(struct log_writer *w, struct record *r)
{
	(void)w;
	assert(r != NULL && r == log_double.reserved);
	r->bytes = record_bytes(r->payload_bytes);
	log_double.records[log_double.count++] = r;
	log_double.used += r->bytes;
	log_double.reserved = NULL;
}

void log_writer_publish(struct log_writer *w)
{
	(void)w;
}

int segment_pool_user(struct segment_pool *p, uint32_t floor, uint32_t ceiling)
{
	(void)p;
	segment_double.floor = floor;
	segment_double.ceiling = ceiling;
	return segment_double.user;
}

uint32_t segment_take(struct segment_pool *p, uint32_t user)
{
	(void)p;
	assert(user == (uint32_t)segment_double.user);
	for (uint32_t i = 0; i < segment_double.limit; i++) {
		if (segment_double.taken[i])
			continue;
		segment_double.taken[i] = true;
		segment_double.held++;
		return i;
	}
	return SEGMENT_NONE;
}

void segment_give(struct segment_pool *p, uint32_t user, uint32_t segment)
{
	(void)p;
	assert(user == (uint32_t)segment_double.user);
	assert(segment < LOG_DOUBLE_SEGMENTS && segment_double.taken[segment]);
	segment_double.taken[segment] = false;
	segment_double.held--;
	/* Whoever still reads it will see. */
	memset(segment_double.memory + ((size_t)segment << SEGMENT_SHIFT), 0xdb, 4096);
}

#endif
