/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/follower.h"

#include "tests/unit/log/fixture.h"
#include "tests/unit/suite.h"

#define BUFFER_BYTES (sizeof(struct record) + LOG_RECORD_PAYLOAD_MAX + 8)

struct world {
	struct pool_fixture pool;
	struct log_fixture log;
	struct log_follower follower;
	struct record *buffer;
};

static void world_open(struct world *w)
{
	pool_fixture_open(&w->pool, 4);
	CU_ASSERT_EQUAL_FATAL(log_fixture_open(&w->log, &w->pool.pool, 2, 4), 0);
	w->buffer = aligned_alloc(8, BUFFER_BYTES);
	follower_init(&w->follower, &w->log.writer.log, true);
}

static void world_close(struct world *w)
{
	free(w->buffer);
	log_fixture_close(&w->log);
	pool_fixture_close(&w->pool);
}

static enum follower_verdict next(struct world *w)
{
	return follower_next(&w->follower, w->buffer, BUFFER_BYTES);
}

static struct record *record_at(struct world *w, uint64_t position)
{
	return (struct record *)(void *)log_address(&w->log.writer.log, position);
}

static void test_follows(void)
{
	struct world w;
	uint64_t read = 1;

	world_open(&w);
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_AT_HEAD);
	for (uint32_t i = 0; i < 100000; i++) {
		CU_ASSERT_FATAL(log_append(&w.log, i % 900));
		if (i % 7 != 0)
			continue;
		log_writer_publish(&w.log.writer);
		while (next(&w) == FOLLOWER_RECORD) {
			CU_ASSERT_FATAL(record_check(w.buffer, read));
			read++;
		}
		CU_ASSERT_EQUAL_FATAL(read, w.log.next);
	}
	CU_ASSERT_EQUAL(w.follower.missed_times, 0);
	CU_ASSERT_EQUAL(w.follower.position, log_head(&w.log.writer.log));
	struct log_follower at_head;

	follower_init(&at_head, &w.log.writer.log, false);
	CU_ASSERT_EQUAL(follower_next(&at_head, w.buffer, BUFFER_BYTES), FOLLOWER_AT_HEAD);
	world_close(&w);
}

static void test_overtaken(void)
{
	struct world w;

	world_open(&w);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 1), 1);
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_RECORD);
	uint64_t position = w.follower.position;

	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 5), 5);
	uint64_t tail = log_tail(&w.log.writer.log);

	CU_ASSERT_EQUAL(tail, 4ull * SEGMENT_BYTES);
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_MISSED);
	CU_ASSERT_EQUAL(w.follower.missed_times, 1);
	CU_ASSERT_EQUAL(w.follower.missed_bytes, tail - position);
	CU_ASSERT_EQUAL(w.follower.position, tail);
	uint64_t read = 0;

	while (next(&w) == FOLLOWER_RECORD) {
		read = read == 0 ? w.buffer->first_sequence : read;
		CU_ASSERT_FATAL(record_check(w.buffer, read));
		read++;
	}
	CU_ASSERT_EQUAL(read, w.log.next);
	CU_ASSERT_EQUAL(w.follower.missed_times, 1);
	world_close(&w);
}

/* Bytes that are no record are never believed, whatever they claim. */
static void test_corrupt(void)
{
	static const struct {
		uint32_t bytes;
		uint32_t payload_bytes;
		uint8_t kind;
	} bad[] = {
	        {0, 100, RECORD_DATA},
	        {39, 0, RECORD_DATA},
	        {32, 0, RECORD_DATA},
	        {144, 105, RECORD_DATA},
	        {144, 96, RECORD_DATA},
	        {145, 104, RECORD_DATA},
	        {UINT32_MAX - 7, 100, RECORD_DATA},
	        {144, UINT32_MAX, RECORD_DATA},
	        {144, 100, RECORD_END + 1},
	        {144, 100, RECORD_PAD},
	        {152, 112, RECORD_DATA} /* beyond the head */,
	};
	struct world w;

	world_open(&w);
	CU_ASSERT(log_append(&w.log, 100));
	log_writer_publish(&w.log.writer);
	struct record *r = record_at(&w, SEGMENT_FIRST_RECORD);

	for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r->bytes = bad[i].bytes;
		r->payload_bytes = bad[i].payload_bytes;
		r->kind = bad[i].kind;
		CU_ASSERT_EQUAL(next(&w), FOLLOWER_CORRUPT);
		CU_ASSERT(w.follower.position <= SEGMENT_FIRST_RECORD);
	}
	record_fill(r, 1, 100);
	r->bytes = record_bytes(100);
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_RECORD);
	CU_ASSERT(record_check(w.buffer, 1));
	world_close(&w);
}

static void test_corrupt_directory_and_header(void)
{
	struct world w;

	world_open(&w);
	CU_ASSERT(log_append(&w.log, 100));
	log_writer_publish(&w.log.writer);
	_Atomic uint32_t *entry = &w.log.writer.log.control->directory[0];
	uint32_t segment = atomic_load(entry);
	struct segment_header *h =
	        (struct segment_header *)(void *)segment_at(&w.pool.pool, segment);

	atomic_store(entry, 4);
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_CORRUPT);
	atomic_store(entry, SEGMENT_NONE);
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_CORRUPT);
	atomic_store(entry, segment);
	h->base_offset += SEGMENT_BYTES;
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_CORRUPT);
	h->base_offset -= SEGMENT_BYTES;
	h->magic++;
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_CORRUPT);
	h->magic--;
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_RECORD);
	/* A head that no record ends at. */
	atomic_store(&w.log.writer.log.control->head, SEGMENT_BYTES + 8);
	w.follower.position = SEGMENT_BYTES;
	CU_ASSERT_EQUAL(next(&w), FOLLOWER_CORRUPT);
	world_close(&w);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"follows", test_follows},
	        {"overtaken", test_overtaken},
	        {"bytes that are no record", test_corrupt},
	        {"directory and header are checked", test_corrupt_directory_and_header},
	};

	return SUITE_RUN("follower", tests);
}
