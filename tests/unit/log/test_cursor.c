/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/cursor.h"

#include "resilience/prng.h"
#include "tests/unit/log/fixture.h"
#include "tests/unit/suite.h"

struct world {
	struct pool_fixture pool;
	struct log_fixture log;
	struct log_cursor cursor;
};

static void open_cursor(struct world *w, struct log_cursor *c, bool from_tail)
{
	int slot = log_cursor_register(&w->log.writer.log, LOG_CLAIM_LIVE, from_tail);

	CU_ASSERT_FATAL(slot >= 0);
	cursor_init(c, &w->log.writer.log, (uint32_t)slot);
}

static void world_open(struct world *w)
{
	pool_fixture_open(&w->pool, 8);
	CU_ASSERT_EQUAL_FATAL(log_fixture_open(&w->log, &w->pool.pool, 2, 8), 0);
	open_cursor(w, &w->cursor, false);
}

static void world_close(struct world *w)
{
	log_fixture_close(&w->log);
	pool_fixture_close(&w->pool);
}

static void test_empty_log(void)
{
	struct world w;

	world_open(&w);
	CU_ASSERT_PTR_NULL(cursor_next(&w.cursor));
	CU_ASSERT_PTR_NULL(cursor_next(&w.cursor));
	CU_ASSERT_EQUAL(w.cursor.position, 0);
	CU_ASSERT_EQUAL(cursor_lag_bytes(&w.cursor), 0);
	cursor_release(&w.cursor);
	/* Not published, not seen. */
	CU_ASSERT(log_append(&w.log, 100));
	CU_ASSERT_PTR_NULL(cursor_next(&w.cursor));
	log_writer_publish(&w.log.writer);
	const struct record *r = cursor_next(&w.cursor);

	CU_ASSERT_FATAL(r != NULL && record_check(r, 1));
	CU_ASSERT_PTR_NULL(cursor_next(&w.cursor));
	CU_ASSERT_EQUAL(w.cursor.position, log_head(&w.log.writer.log));
	world_close(&w);
}

static void test_head_is_loaded_when_caught_up(void)
{
	struct world w;

	world_open(&w);
	CU_ASSERT(log_append(&w.log, 8) && log_append(&w.log, 8));
	log_writer_publish(&w.log.writer);
	CU_ASSERT_PTR_NOT_NULL(cursor_next(&w.cursor));
	uint64_t head = w.cursor.head;

	CU_ASSERT(log_append(&w.log, 8));
	log_writer_publish(&w.log.writer);
	CU_ASSERT_PTR_NOT_NULL(cursor_next(&w.cursor));
	CU_ASSERT_EQUAL(w.cursor.head, head);
	CU_ASSERT_EQUAL(cursor_lag_bytes(&w.cursor), 0);
	CU_ASSERT_PTR_NOT_NULL(cursor_next(&w.cursor));
	CU_ASSERT_EQUAL(w.cursor.head, head + 48);
	world_close(&w);
}

/* Random lengths and bursts over many segments: nothing is lost, doubled or torn, and two cursors
 * that have read the same stand at the same position. */
static void test_random_walk(void)
{
	struct world w;
	struct log_cursor second;
	struct prng prng;
	uint64_t read = 1;
	uint64_t read_second = 1;
	const struct record *r;

	world_open(&w);
	open_cursor(&w, &second, false);
	prng_init(&prng, 42);
	while (w.log.writer.write_offset < 40ull * SEGMENT_BYTES) {
		uint64_t burst = 1 + prng_below(&prng, 64);

		for (uint64_t i = 0; i < burst; i++) {
			bool is_long = prng_chance_ppm(&prng, 20000);
			uint32_t bytes = (uint32_t)prng_below(
			        &prng, is_long ? LOG_RECORD_PAYLOAD_MAX + 1 : 1500);

			CU_ASSERT_FATAL(log_append(&w.log, bytes));
		}
		log_writer_publish(&w.log.writer);
		uint64_t budget = prng_below(&prng, 80);

		while (budget-- > 0 && (r = cursor_next(&w.cursor)) != NULL) {
			CU_ASSERT_FATAL(record_check(r, read));
			read++;
		}
		cursor_release(&w.cursor);
		if (prng_chance_ppm(&prng, 900000))
			continue;
		while (w.cursor.position != second.position) {
			r = cursor_next(&second);
			CU_ASSERT_FATAL(r != NULL && record_check(r, read_second));
			read_second++;
		}
		CU_ASSERT_EQUAL(read, read_second);
		cursor_release(&second);
		while ((r = cursor_next(&w.cursor)) != NULL) {
			CU_ASSERT_FATAL(record_check(r, read));
			read++;
		}
		CU_ASSERT_EQUAL(read, w.log.next);
		CU_ASSERT_EQUAL(w.cursor.position, log_head(&w.log.writer.log));
		cursor_release(&w.cursor);
	}
	CU_ASSERT_EQUAL(w.log.writer.stats.append_refused, 0);
	world_close(&w);
}

/* The way of a catch-up cursor: registered at the tail, sent to a place another claim holds. */
static void test_seek(void)
{
	struct world w;
	struct log_cursor catch_up;
	const struct record *r;
	uint64_t place = 0;

	world_open(&w);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 3), 3);
	uint64_t read = 1;

	while (w.cursor.position < 3ull * SEGMENT_BYTES / 2) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(cursor_next(&w.cursor));
		read++;
	}
	place = w.cursor.position;
	open_cursor(&w, &catch_up, true);
	cursor_seek(&catch_up, place);
	CU_ASSERT_EQUAL(atomic_load(&w.log.writer.log.control->cursors[catch_up.slot].position),
	                place);
	cursor_seek(&w.cursor, log_head(&w.log.writer.log));
	CU_ASSERT_PTR_NULL(cursor_next(&w.cursor));
	/* The writer goes on and leaves alone what the catch-up cursor claims. */
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 4), 4);
	CU_ASSERT_EQUAL(log_tail(&w.log.writer.log), SEGMENT_BYTES);
	while ((r = cursor_next(&catch_up)) != NULL) {
		CU_ASSERT_FATAL(record_check(r, read));
		read++;
	}
	CU_ASSERT_EQUAL(read, w.log.next);
	/* Back to the same place, and the same again. */
	cursor_seek(&catch_up, place);
	CU_ASSERT_EQUAL(cursor_lag_bytes(&catch_up), log_head(&w.log.writer.log) - place);
	r = cursor_next(&catch_up);
	CU_ASSERT_FATAL(r != NULL);
	CU_ASSERT(record_check(r, r->first_sequence));
	cursor_seek(&catch_up, 2ull * SEGMENT_BYTES);
	r = cursor_next(&catch_up);
	CU_ASSERT_FATAL(r != NULL);
	CU_ASSERT_EQUAL(catch_up.position - r->bytes, 2ull * SEGMENT_BYTES + SEGMENT_FIRST_RECORD);
	world_close(&w);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"empty log", test_empty_log},
	        {"the head is loaded when caught up", test_head_is_loaded_when_caught_up},
	        {"random walk", test_random_walk},
	        {"seek", test_seek},
	};

	return SUITE_RUN("cursor", tests);
}
