/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include "dataplane/log/cursor.h"
#include "tests/unit/log/fixture.h"
#include "tests/unit/suite.h"

struct world {
	struct pool_fixture pool;
	struct log_fixture log;
};

static void world_open(struct world *w, uint32_t segments, uint32_t min, uint32_t max)
{
	pool_fixture_open(&w->pool, segments);
	CU_ASSERT_EQUAL_FATAL(log_fixture_open(&w->log, &w->pool.pool, min, max), 0);
}

static void world_close(struct world *w)
{
	log_fixture_close(&w->log);
	pool_fixture_close(&w->pool);
}

static struct log_cursor cursor_open(struct log_fixture *f, bool from_tail)
{
	struct log_cursor c;
	int slot = log_cursor_register(&f->writer.log, LOG_CLAIM_LIVE, from_tail);

	CU_ASSERT_FATAL(slot >= 0);
	cursor_init(&c, &f->writer.log, (uint32_t)slot);
	return c;
}

static const struct segment_header *header_of(const struct log_fixture *f, uint64_t offset)
{
	return (const struct segment_header *)(const void *)log_address(
	        &f->writer.log, offset & ~(uint64_t)(SEGMENT_BYTES - 1));
}

static void test_init_refuses(void)
{
	struct world w;
	struct log_writer writer;
	struct log_options o = {.segments_min = 2, .segments_max = 4};

	world_open(&w, 6, 2, 4);
	uint64_t bytes = w.log.control_bytes;
	void *control = aligned_alloc(64, bytes);

	memset(control, 0, bytes);
	struct segment_pool *p = &w.pool.pool;

	CU_ASSERT_EQUAL(log_writer_init(&writer, NULL, bytes, p, &o), -EINVAL);
	CU_ASSERT_EQUAL(log_writer_init(&writer, control, bytes - 1, p, &o), -EINVAL);
	o.segments_min = 1;
	CU_ASSERT_EQUAL(log_writer_init(&writer, control, bytes, p, &o), -EINVAL);
	o.segments_min = 5;
	CU_ASSERT_EQUAL(log_writer_init(&writer, control, bytes, p, &o), -EINVAL);
	o = (struct log_options){.segments_min = 2, .segments_max = LOG_SEGMENTS_MAX + 1};
	CU_ASSERT_EQUAL(log_writer_init(&writer, control, bytes, p, &o), -EINVAL);
	o = (struct log_options){.segments_min = 4, .segments_max = 4};
	CU_ASSERT_EQUAL(log_writer_init(&writer, control, bytes, p, &o), 0);
	CU_ASSERT_EQUAL(log_writer_init(&writer, control, bytes, p, &o), -ENOSPC);
	free(control);
	world_close(&w);
}

static void test_attach(void)
{
	struct world w;
	struct log l;

	world_open(&w, 6, 2, 5);
	CU_ASSERT_EQUAL(w.log.writer.log.mask, 7);
	CU_ASSERT_EQUAL(log_attach(&l, w.log.control, w.log.control_bytes, &w.pool.pool), 0);
	CU_ASSERT_EQUAL(l.mask, 7);
	CU_ASSERT_EQUAL(log_attach(&l, w.log.control, w.log.control_bytes - 64, &w.pool.pool),
	                -EPROTO);
	CU_ASSERT_EQUAL(log_attach(&l, NULL, w.log.control_bytes, &w.pool.pool), -EPROTO);
	w.log.writer.log.control->segments_max = 7;
	CU_ASSERT_EQUAL(log_attach(&l, w.log.control, w.log.control_bytes, &w.pool.pool), -EPROTO);
	w.log.writer.log.control->segments_max = 8;
	w.log.writer.log.control->magic++;
	CU_ASSERT_EQUAL(log_attach(&l, w.log.control, w.log.control_bytes, &w.pool.pool), -EPROTO);
	world_close(&w);
}

static void test_head_moves_at_publish(void)
{
	struct world w;

	world_open(&w, 4, 2, 4);
	CU_ASSERT_EQUAL(log_head(&w.log.writer.log), 0);
	CU_ASSERT(log_append(&w.log, 13));
	CU_ASSERT_EQUAL(log_head(&w.log.writer.log), 0);
	log_writer_publish(&w.log.writer);
	CU_ASSERT_EQUAL(log_head(&w.log.writer.log), SEGMENT_FIRST_RECORD + 56);
	const struct segment_header *h = header_of(&w.log, 0);

	CU_ASSERT_EQUAL(h->magic, SEGMENT_MAGIC);
	CU_ASSERT_EQUAL(h->owner, w.log.writer.user);
	CU_ASSERT_EQUAL(h->owner, w.log.writer.log.control->user);
	CU_ASSERT_EQUAL(h->base_offset, 0);
	CU_ASSERT_EQUAL(h->first_sequence, 1);
	CU_ASSERT_EQUAL(h->epoch, 1);
	CU_ASSERT(h->generation > 0);
	const struct record *r =
	        (const struct record *)(const void *)log_address(&w.log.writer.log, 64);

	CU_ASSERT(record_check(r, 1));
	CU_ASSERT_EQUAL(r->bytes, 56);
	/* A reservation that is forgotten leaves nothing behind. */
	CU_ASSERT_PTR_NOT_NULL(log_writer_reserve(&w.log.writer, 1000));
	log_writer_publish(&w.log.writer);
	CU_ASSERT_EQUAL(log_head(&w.log.writer.log), SEGMENT_FIRST_RECORD + 56);
	CU_ASSERT_EQUAL(w.log.writer.stats.records, 1);
	CU_ASSERT_EQUAL(w.log.writer.stats.bytes, 56);
	world_close(&w);
}

static void test_padding_is_zeroed(void)
{
	struct world w;

	world_open(&w, 4, 2, 4);
	struct record *r = log_writer_reserve(&w.log.writer, 64);

	memset(r, 0xee, 104);
	for (uint32_t payload = 0; payload <= 17; payload++) {
		r = log_writer_reserve(&w.log.writer, payload + 8);
		memset(r, 0xee, record_bytes(payload) + 16);
		record_fill(r, w.log.next, payload);
		log_writer_commit(&w.log.writer, r);
		CU_ASSERT(record_check(r, w.log.next));
		CU_ASSERT_EQUAL(r->bytes, (40 + payload + 7) / 8 * 8);
		w.log.next++;
	}
	world_close(&w);
}

/* Fills to `left`, appends one record more that does not fit there, and reads all of it. */
static void cross(uint64_t left, uint32_t payload_bytes)
{
	struct world w;

	world_open(&w, 6, 4, 6);
	struct log_cursor c = cursor_open(&w.log, false);
	uint64_t read = 1;
	const struct record *r;

	CU_ASSERT(log_fill(&w.log, left));
	log_writer_publish(&w.log.writer);
	/* One cursor stands at the end before the crossing, one comes from the start. */
	struct log_cursor late = cursor_open(&w.log, true);

	while ((r = cursor_next(&c)) != NULL)
		CU_ASSERT(record_check(r, read++));
	CU_ASSERT_EQUAL(c.position, SEGMENT_BYTES - left);
	CU_ASSERT_EQUAL(c.position, log_head(&w.log.writer.log));
	CU_ASSERT(log_append(&w.log, payload_bytes));
	CU_ASSERT(log_append(&w.log, 8));
	log_writer_publish(&w.log.writer);
	uint64_t end = SEGMENT_BYTES + SEGMENT_FIRST_RECORD + record_bytes(payload_bytes) + 48;

	CU_ASSERT_EQUAL(log_head(&w.log.writer.log), end);
	while ((r = cursor_next(&c)) != NULL)
		CU_ASSERT(record_check(r, read++));
	CU_ASSERT_EQUAL(read, w.log.next);
	read = 1;
	while ((r = cursor_next(&late)) != NULL)
		CU_ASSERT(record_check(r, read++));
	CU_ASSERT_EQUAL(read, w.log.next);
	CU_ASSERT_EQUAL(late.position, end);
	CU_ASSERT_EQUAL(c.position, end);
	CU_ASSERT_EQUAL(header_of(&w.log, SEGMENT_BYTES)->base_offset, SEGMENT_BYTES);
	CU_ASSERT_EQUAL(header_of(&w.log, SEGMENT_BYTES)->first_sequence, w.log.next - 2);
	const struct record *pad = (const struct record *)(const void *)log_address(
	        &w.log.writer.log, SEGMENT_BYTES - left);

	if (left >= sizeof(struct record)) {
		CU_ASSERT_EQUAL(pad->kind, RECORD_PAD);
		CU_ASSERT_EQUAL(pad->bytes, left);
	}
	world_close(&w);
}

static void test_segment_crossing(void)
{
	for (uint64_t left = 0; left < 96; left += 8)
		cross(left, 60000);
	cross(40, 1);
	cross(48, 9);
	cross(65568, LOG_RECORD_PAYLOAD_MAX);
}

static void test_exact_fit(void)
{
	for (uint32_t payload = 0; payload <= 16; payload += 8) {
		struct world w;
		uint64_t bytes = record_bytes(payload);

		world_open(&w, 6, 4, 6);
		CU_ASSERT(log_fill(&w.log, bytes));
		CU_ASSERT(log_append(&w.log, payload));
		CU_ASSERT_EQUAL(log_segment_left(&w.log), 0);
		log_writer_publish(&w.log.writer);
		CU_ASSERT_EQUAL(log_head(&w.log.writer.log), SEGMENT_BYTES);
		CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 1);
		world_close(&w);
		cross(0, payload);
	}
}

static void test_no_reader_no_growth(void)
{
	struct world w;

	world_open(&w, 10, 3, 10);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 20), 20);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 3);
	CU_ASSERT_EQUAL(segment_pool_held(&w.pool.pool, w.log.writer.user), 3);
	CU_ASSERT_EQUAL(log_tail(&w.log.writer.log), 17ull * SEGMENT_BYTES);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_taken, 3);
	CU_ASSERT_EQUAL(w.log.writer.stats.append_refused, 0);
	/* The floor's history can be read by whoever comes now. */
	struct log_cursor c = cursor_open(&w.log, true);
	const struct record *r = cursor_next(&c);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	CU_ASSERT(record_check(r, header_of(&w.log, 17ull * SEGMENT_BYTES)->first_sequence));
	world_close(&w);
}

static void test_lag_grows_and_shrinks(void)
{
	struct world w;
	const struct record *r;
	uint64_t read = 1;

	world_open(&w, 10, 2, 6);
	struct log_cursor c = cursor_open(&w.log, false);

	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 7), 6);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 6);
	CU_ASSERT_EQUAL(w.log.writer.stats.append_refused, 1);
	CU_ASSERT_FALSE(log_append(&w.log, 0));
	CU_ASSERT_EQUAL(w.log.writer.stats.append_refused, 2);
	CU_ASSERT_EQUAL(atomic_load(&w.log.writer.log.control->dropped_appends), 2);
	CU_ASSERT_EQUAL(log_tail(&w.log.writer.log), 0);
	/* Trimming takes nothing from a cursor that has released nothing. */
	log_writer_trim(&w.log.writer);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 6);
	while (c.position < 2ull * SEGMENT_BYTES) {
		r = cursor_next(&c);
		CU_ASSERT_FATAL(r != NULL && record_check(r, read));
		read++;
	}
	CU_ASSERT_FALSE(log_append(&w.log, 0));
	cursor_release(&c);
	/* One segment is used again, the other goes back. */
	CU_ASSERT(log_append(&w.log, 0));
	log_writer_publish(&w.log.writer);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 5);
	CU_ASSERT_EQUAL(log_tail(&w.log.writer.log), 2ull * SEGMENT_BYTES);
	while ((r = cursor_next(&c)) != NULL)
		CU_ASSERT(record_check(r, read++));
	CU_ASSERT_EQUAL(read, w.log.next);
	cursor_release(&c);
	log_writer_trim(&w.log.writer);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 2);
	CU_ASSERT_EQUAL(segment_pool_free(&w.pool.pool), 8);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_given, 4);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 5), 5);
	world_close(&w);
}

static void test_refused_and_going_on(void)
{
	struct world w;

	world_open(&w, 2, 2, 2);
	struct log_cursor c = cursor_open(&w.log, false);
	const struct record *r;
	uint64_t read = 1;

	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 1), 1);
	CU_ASSERT(log_append(&w.log, 0));
	CU_ASSERT(log_fill(&w.log, 120));
	/* What is too long is refused; what still fits into the 120 bytes left is taken. */
	CU_ASSERT_FALSE(log_append(&w.log, 100));
	CU_ASSERT(log_append(&w.log, 40));
	CU_ASSERT_FALSE(log_append(&w.log, 8));
	CU_ASSERT(log_append(&w.log, 0));
	CU_ASSERT_FALSE(log_append(&w.log, 0));
	CU_ASSERT_EQUAL(log_segment_left(&w.log), 0);
	log_writer_publish(&w.log.writer);
	while ((r = cursor_next(&c)) != NULL)
		CU_ASSERT(record_check(r, read++));
	CU_ASSERT_EQUAL(read, w.log.next);
	CU_ASSERT_EQUAL(c.position, 2ull * SEGMENT_BYTES);
	cursor_release(&c);
	for (uint32_t i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(log_fill_segments(&w.log, 1), 1);
		while ((r = cursor_next(&c)) != NULL)
			CU_ASSERT(record_check(r, read++));
		cursor_release(&c);
	}
	CU_ASSERT_EQUAL(read, w.log.next);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 2);
	world_close(&w);
}

static void test_image_claim(void)
{
	struct world w;

	world_open(&w, 8, 2, 6);
	struct log *l = &w.log.writer.log;
	int image = log_cursor_register(l, LOG_CLAIM_IMAGE, false);
	int newer = log_cursor_register(l, LOG_CLAIM_IMAGE, false);

	CU_ASSERT_FATAL(image >= 0);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 5), 5);
	log_claim_move(l, (uint32_t)newer, 3ull * SEGMENT_BYTES);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 1), 1);
	/* Honoured up to the ceiling. */
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 6);
	CU_ASSERT_EQUAL(log_tail(l), 0);
	CU_ASSERT_FALSE(log_claim_revoked(l, (uint32_t)image));
	/* Then the oldest goes, and what only it held. */
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 1), 1);
	CU_ASSERT_TRUE(log_claim_revoked(l, (uint32_t)image));
	CU_ASSERT_FALSE(log_claim_revoked(l, (uint32_t)newer));
	CU_ASSERT_EQUAL(log_tail(l), 3ull * SEGMENT_BYTES);
	CU_ASSERT_EQUAL(w.log.writer.stats.segments_held, 4);
	CU_ASSERT_EQUAL(w.log.writer.stats.claims_revoked, 1);
	CU_ASSERT_EQUAL(w.log.writer.stats.append_refused, 0);
	/* Registered anew it holds again. */
	log_cursor_unregister(l, (uint32_t)image);
	image = log_cursor_register(l, LOG_CLAIM_IMAGE, true);
	CU_ASSERT_FALSE(log_claim_revoked(l, (uint32_t)image));
	CU_ASSERT_EQUAL(atomic_load(&l->control->cursors[image].position), 3ull * SEGMENT_BYTES);
	/* What a live cursor holds is not had by revoking: the append is refused, claims stay. */
	struct log_cursor c = cursor_open(&w.log, true);

	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 3), 2);
	CU_ASSERT_FALSE(log_claim_revoked(l, (uint32_t)image));
	CU_ASSERT_EQUAL(w.log.writer.stats.append_refused, 1);
	cursor_seek(&c, log_head(l));
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 1), 1);
	CU_ASSERT_TRUE(log_claim_revoked(l, (uint32_t)image));
	CU_ASSERT_TRUE(log_claim_revoked(l, (uint32_t)newer));
	CU_ASSERT_EQUAL(w.log.writer.stats.claims_revoked, 3);
	world_close(&w);
}

static void test_many_logs_one_pool(void)
{
	struct pool_fixture pool;
	struct log_fixture logs[4];
	uint32_t greedy_held;

	pool_fixture_open(&pool, 16);
	for (uint32_t i = 0; i < 4; i++)
		CU_ASSERT_EQUAL_FATAL(log_fixture_open(&logs[i], &pool.pool, 2, 12), 0);
	struct log_cursor lagging = cursor_open(&logs[0], false);

	greedy_held = log_fill_segments(&logs[0], 20);
	CU_ASSERT_EQUAL(greedy_held, 10);
	/* The pool is dry; the others live on their floors and lose nothing. */
	for (uint32_t i = 1; i < 4; i++) {
		CU_ASSERT_EQUAL(log_fill_segments(&logs[i], 9), 9);
		CU_ASSERT_EQUAL(logs[i].writer.stats.segments_held, 2);
	}
	CU_ASSERT_EQUAL(segment_pool_free(&pool.pool), 0);
	/* The lagging one catches up and what it gives back, another may borrow. */
	const struct record *r;
	uint64_t read = 1;

	while ((r = cursor_next(&lagging)) != NULL)
		CU_ASSERT(record_check(r, read++));
	CU_ASSERT_EQUAL(read, logs[0].next);
	cursor_release(&lagging);
	log_writer_trim(&logs[0].writer);
	CU_ASSERT_EQUAL(segment_pool_free(&pool.pool), 8);
	struct log_cursor other = cursor_open(&logs[1], false);

	CU_ASSERT_EQUAL(log_fill_segments(&logs[1], 12), 10);
	CU_ASSERT_EQUAL(logs[1].writer.stats.segments_held, 10);
	for (uint32_t i = 0; i < 4; i++)
		log_fixture_close(&logs[i]);
	(void)other;
	pool_fixture_close(&pool);
}

static void append(struct log_writer *w, struct record header, const void *payload, uint32_t bytes)
{
	struct record *r = log_writer_reserve(w, bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	header.payload_bytes = bytes;
	*r = header;
	memcpy(r + 1, payload, bytes);
	log_writer_commit(w, r);
}

/* For display: what the head leads to, whatever the last record is. */
static void test_messages_behind(void)
{
	static const char zeros[24];
	const struct record_gap gap = {.missing = 90, .reason = GAP_AGE};
	struct world w;

	world_open(&w, 6, 3, 6);
	struct log_writer *x = &w.log.writer;
	struct log *l = &x->log;

	CU_ASSERT_EQUAL(log_messages_behind(l, 0, 0), 0);
	append(x, (struct record){.kind = RECORD_RESET, .first_sequence = 1, .epoch = 1}, zeros,
	       24);
	append(x, (struct record){.kind = RECORD_DATA, .first_sequence = 1, .epoch = 1, .count = 2},
	       zeros, 4);
	CU_ASSERT_EQUAL(log_messages_behind(l, 1, 1), 0); /* not published */
	log_writer_publish(x);
	CU_ASSERT_EQUAL(log_messages_behind(l, 1, 1), 2);
	CU_ASSERT_EQUAL(log_messages_behind(l, 1, 3), 0);
	append(x, (struct record){.kind = RECORD_GAP, .first_sequence = 3, .epoch = 1}, &gap,
	       sizeof(gap));
	log_writer_publish(x);
	CU_ASSERT_EQUAL(log_messages_behind(l, 1, 3), 90);
	append(x, (struct record){.kind = RECORD_END, .first_sequence = 93, .epoch = 1}, zeros, 0);
	log_writer_publish(x);
	CU_ASSERT_EQUAL(log_messages_behind(l, 1, 90), 3);
	append(x, (struct record){.kind = RECORD_RESET, .first_sequence = 1, .epoch = 2}, zeros,
	       24);
	append(x, (struct record){.kind = RECORD_DATA, .first_sequence = 1, .epoch = 2, .count = 5},
	       zeros, 10);
	log_writer_publish(x);
	CU_ASSERT_EQUAL(log_messages_behind(l, 1, 90), 5); /* the new session's */
	CU_ASSERT_EQUAL(log_messages_behind(l, 2, 4), 2);
	world_close(&w);
}

static void test_registration(void)
{
	struct world w;

	world_open(&w, 6, 3, 6);
	struct log *l = &w.log.writer.log;
	uint64_t lag;

	CU_ASSERT_EQUAL(log_slowest(l, &lag), LOG_CURSORS_MAX);
	CU_ASSERT_EQUAL(log_fill_segments(&w.log, 4), 4);
	for (uint32_t i = 0; i < LOG_CURSORS_MAX; i++)
		CU_ASSERT_EQUAL(log_cursor_register(l, LOG_CLAIM_LIVE, i == 5), (int)i);
	CU_ASSERT_EQUAL(log_cursor_register(l, LOG_CLAIM_LIVE, false), -EMFILE);
	CU_ASSERT_EQUAL(atomic_load(&l->control->cursors[4].position), 4ull * SEGMENT_BYTES);
	CU_ASSERT_EQUAL(atomic_load(&l->control->cursors[5].position), SEGMENT_BYTES);
	CU_ASSERT_EQUAL(log_slowest(l, &lag), 5);
	CU_ASSERT_EQUAL(lag, 3ull * SEGMENT_BYTES);
	log_cursor_unregister(l, 5);
	CU_ASSERT_EQUAL(log_cursor_register(l, LOG_CLAIM_IMAGE, false), 5);
	CU_ASSERT_EQUAL(log_slowest(l, &lag), 0);
	CU_ASSERT_EQUAL(lag, 0);
	world_close(&w);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"init refuses", test_init_refuses},
	        {"attach", test_attach},
	        {"the head moves at publish only", test_head_moves_at_publish},
	        {"padding is zeroed", test_padding_is_zeroed},
	        {"records never cross a segment", test_segment_crossing},
	        {"exact fit", test_exact_fit},
	        {"a log without readers does not grow", test_no_reader_no_growth},
	        {"lag grows the log, catching up shrinks it", test_lag_grows_and_shrinks},
	        {"refused, and going on", test_refused_and_going_on},
	        {"image claims hold until segments run out", test_image_claim},
	        {"many logs share a pool", test_many_logs_one_pool},
	        {"messages behind", test_messages_behind},
	        {"registration", test_registration},
	};

	return SUITE_RUN("log", tests);
}
