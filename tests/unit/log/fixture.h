/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A pool and a log in memory of their own, and records whose content follows from their sequence,
 * so that whoever reads one can tell whether it is whole.
 */
#ifndef TESTS_UNIT_LOG_FIXTURE_H
#define TESTS_UNIT_LOG_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "dataplane/log/log.h"

struct pool_fixture {
	struct segment_pool pool;
	void *mapping;
	size_t mapping_bytes;
	void *base;
	uint64_t bytes;
};

static inline void pool_fixture_open(struct pool_fixture *f, uint32_t segments)
{
	f->bytes = segment_pool_bytes(segments);
	f->mapping_bytes = f->bytes + SEGMENT_BYTES;
	f->mapping = mmap(NULL, f->mapping_bytes, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->mapping == MAP_FAILED)
		abort();
	uintptr_t base =
	        ((uintptr_t)f->mapping + SEGMENT_BYTES - 1) & ~(uintptr_t)(SEGMENT_BYTES - 1);

	f->base = (void *)base;
	if (segment_pool_init(&f->pool, f->base, f->bytes, segments) != 0)
		abort();
}

static inline void pool_fixture_close(struct pool_fixture *f)
{
	munmap(f->mapping, f->mapping_bytes);
}

struct log_fixture {
	struct log_writer writer;
	void *control;
	uint64_t control_bytes;
	uint64_t next; /* sequence of the next record */
};

static inline int log_fixture_open(struct log_fixture *f, struct segment_pool *pool, uint32_t min,
                                   uint32_t max)
{
	const struct log_options o = {.log_id = 7, .segments_min = min, .segments_max = max};

	memset(f, 0, sizeof(*f));
	f->control_bytes = log_control_bytes(max);
	f->control = aligned_alloc(64, f->control_bytes);
	if (f->control == NULL)
		abort();
	memset(f->control, 0, f->control_bytes);
	f->next = 1;
	return log_writer_init(&f->writer, f->control, f->control_bytes, pool, &o);
}

static inline void log_fixture_close(struct log_fixture *f)
{
	free(f->control);
}

/* Word i of the payload of record `sequence`. */
static inline uint64_t payload_word(uint64_t sequence, uint64_t i)
{
	return (sequence * 0x9e3779b97f4a7c15ull) ^ (i * 0xc2b2ae3d27d4eb4full);
}

static inline void record_fill(struct record *r, uint64_t sequence, uint32_t payload_bytes)
{
	*r = (struct record){
	        .first_sequence = sequence,
	        .time_ns = sequence * 3,
	        .interest = ~sequence,
	        .payload_bytes = payload_bytes,
	        .epoch = (uint32_t)(sequence >> 16) + 1,
	        .count = 1,
	        .kind = RECORD_DATA,
	};
	uint8_t *p = (uint8_t *)(r + 1);

	for (uint32_t i = 0; i < payload_bytes; i += 8) {
		uint64_t word = payload_word(sequence, i / 8);
		uint32_t left = payload_bytes - i;

		memcpy(p + i, &word, left < 8 ? left : 8);
	}
}

/* True when the record is whole and is the one of this sequence. */
static inline bool record_check(const struct record *r, uint64_t sequence)
{
	if (r->first_sequence != sequence || r->time_ns != sequence * 3 ||
	    r->interest != ~sequence || r->epoch != (uint32_t)(sequence >> 16) + 1 ||
	    r->kind != RECORD_DATA || r->bytes != record_bytes(r->payload_bytes))
		return false;
	const uint8_t *p = record_payload(r);

	for (uint32_t i = 0; i < r->payload_bytes; i += 8) {
		uint64_t word = payload_word(sequence, i / 8);
		uint32_t left = r->payload_bytes - i;

		if (memcmp(p + i, &word, left < 8 ? left : 8) != 0)
			return false;
		const uint8_t zero[8] = {0};

		if (left < 8 && memcmp(p + i + left, zero, 8 - left) != 0)
			return false;
	}
	return true;
}

/* Appends the next record, unpublished; false: refused. */
static inline bool log_append(struct log_fixture *f, uint32_t payload_bytes)
{
	struct record *r = log_writer_reserve(&f->writer, payload_bytes);

	if (r == NULL)
		return false;
	record_fill(r, f->next, payload_bytes);
	log_writer_commit(&f->writer, r);
	f->next++;
	return true;
}

static inline uint64_t log_segment_left(const struct log_fixture *f)
{
	return (uint64_t)(f->writer.segment_end - f->writer.write);
}

/* Appends until exactly `left` bytes (a multiple of 8) of a segment are left. */
static inline bool log_fill(struct log_fixture *f, uint64_t left)
{
	if (f->writer.write == NULL && !log_append(f, 0))
		return false;
	while (log_segment_left(f) > left + 70000)
		if (!log_append(f, 60000))
			return false;
	while (log_segment_left(f) > left) {
		uint64_t bytes = log_segment_left(f) - left;

		bytes = bytes > 60000 ? 30000 : bytes;
		if (bytes < sizeof(struct record) || !log_append(f, (uint32_t)(bytes - 40)))
			return false;
	}
	return log_segment_left(f) == left;
}

/* Fills and publishes whole segments. Returns how many could be filled. */
static inline uint32_t log_fill_segments(struct log_fixture *f, uint32_t segments)
{
	for (uint32_t i = 0; i < segments; i++) {
		if (log_segment_left(f) == 0 && !log_append(f, 8))
			return i;
		if (!log_fill(f, 0))
			return i;
		log_writer_publish(&f->writer);
	}
	return segments;
}

#endif
