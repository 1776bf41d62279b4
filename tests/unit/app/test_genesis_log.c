/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The public log reader on a log in memory, written as the arbiter writes it: ITCH messages in DATA
 * records, GAP, RESET, END.
 */
#include <errno.h>

#include "app/genesis_private.h"
#include "tests/unit/log/fixture.h"
#include "tests/unit/suite.h"

#define SYMBOLS_MAX  16u
#define ADD_BYTES    36u
#define DELETE_BYTES 19u

struct world {
	struct genesis g;
	struct shared_feed shared;
	struct message_scan scan;
	struct pool_fixture pool;
	struct log_fixture log;
	struct region region;
	struct directory directory; /* the writer's */
	void *memory;
	uint8_t *epochs;
	struct genesis_log *reader;
	struct genesis_event e;
	uint32_t epoch;
	uint64_t next;
};

static struct world *world_open(uint32_t segments)
{
	struct world *w = calloc(1, sizeof(*w));
	uint64_t bytes = directory_bytes(SYMBOLS_MAX);
	char error[GENESIS_ERROR_BYTES];

	w->memory = aligned_alloc(REGION_PAGE_BYTES, bytes);
	memset(w->memory, 0, bytes);
	w->epochs = calloc(1, bytes / REGION_PAGE_BYTES);
	CU_ASSERT_EQUAL_FATAL(region_init(&w->region, w->memory, bytes, w->epochs), 0);
	CU_ASSERT_EQUAL_FATAL(directory_init(&w->directory, &w->region, SYMBOLS_MAX), 0);
	message_scan_init(&w->scan, &w->directory);
	pool_fixture_open(&w->pool, segments);
	CU_ASSERT_EQUAL_FATAL(log_fixture_open(&w->log, &w->pool.pool, segments, segments), 0);
	w->epoch = 1;
	w->next = 1;
	w->g.source_count = 1;
	struct genesis_source *s = &w->g.sources[0];

	s->shared = &w->shared;
	s->protocol = &protocol_itch50;
	s->scan = &w->scan;
	s->directory = w->directory;
	s->log = w->log.writer.log;
	CU_ASSERT_EQUAL_FATAL(genesis_log_open(&w->reader, &w->g, 0, error), 0);
	return w;
}

static void world_close(struct world *w)
{
	genesis_log_close(w->reader);
	log_fixture_close(&w->log);
	pool_fixture_close(&w->pool);
	free(w->epochs);
	free(w->memory);
	free(w);
}

static struct record *reserve(struct world *w, uint32_t bytes, enum record_kind kind)
{
	struct record *r = log_writer_reserve(&w->log.writer, bytes);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	*r = (struct record){
	        .first_sequence = w->next,
	        .time_ns = 1000 + w->next,
	        .interest = UINT64_MAX,
	        .payload_bytes = bytes,
	        .epoch = w->epoch,
	        .kind = (uint8_t)kind,
	        .time_source = GENESIS_TIME_TURN,
	};
	return r;
}

static void commit(struct world *w, struct record *r)
{
	log_writer_commit(&w->log.writer, r);
	log_writer_publish(&w->log.writer);
}

/* `count` messages of one length: adds of "S7" with locate 7, or deletes with locate 7. */
static void put_data(struct world *w, uint32_t count, bool adds)
{
	uint32_t length = adds ? ADD_BYTES : DELETE_BYTES;
	struct record *r = reserve(w, count * (length + 2), RECORD_DATA);
	uint8_t *p = (uint8_t *)(r + 1);

	memset(p, 0, r->payload_bytes);
	for (uint32_t i = 0; i < count; i++, p += length + 2) {
		p[1] = (uint8_t)length;
		p[2] = adds ? 'A' : 'D';
		p[4] = 7;
		if (adds)
			memcpy(p + 2 + 24, "S7      ", 8);
		uint64_t sequence = w->next + i;

		memcpy(p + 2 + 11, &sequence, sizeof(sequence));
	}
	r->count = (uint16_t)count;
	w->scan.counts.messages = 0;
	protocol_itch50.scan(&w->scan, record_payload(r), r->payload_bytes, count);
	w->next += count;
	commit(w, r);
}

static void put_gap(struct world *w, uint64_t missing, enum gap_reason reason)
{
	struct record *r = reserve(w, sizeof(struct record_gap), RECORD_GAP);
	struct record_gap gap = {.missing = missing, .reason = reason};

	memcpy(r + 1, &gap, sizeof(gap));
	w->next += missing;
	commit(w, r);
}

static void put_reset(struct world *w, uint32_t epoch, uint64_t first)
{
	struct record_reset reset = {.session = "DAY"};

	w->epoch = epoch;
	w->next = first;
	struct record *r = reserve(w, sizeof(reset), RECORD_RESET);

	reset.session[3] = (char)('0' + epoch);
	memcpy(r + 1, &reset, sizeof(reset));
	if (epoch > 1)
		message_scan_reset(&w->scan);
	commit(w, r);
}

static void put_end(struct world *w)
{
	commit(w, reserve(w, 0, RECORD_END));
}

/* Whole segments of messages. */
static void put_segments(struct world *w, uint32_t segments)
{
	uint64_t end = log_head(&w->log.writer.log) + (uint64_t)segments * SEGMENT_BYTES;

	while (log_head(&w->log.writer.log) < end)
		put_data(w, 1000, false);
}

static int next(struct world *w)
{
	return genesis_log_next(w->reader, &w->e, sizeof(w->e));
}

static bool is_message(struct world *w, uint64_t sequence)
{
	uint64_t inside;

	if (next(w) != 1 || w->e.kind != GENESIS_MESSAGE || w->e.data_bytes < DELETE_BYTES)
		return false;
	memcpy(&inside, w->e.data + 11, sizeof(inside));
	return w->e.sequence == sequence && inside == sequence && w->e.epoch == w->epoch &&
	       w->e.messages == 1;
}

static void test_events(void)
{
	struct world *w = world_open(4);
	struct genesis_log_stats s;

	CU_ASSERT_EQUAL(next(w), 0);
	put_reset(w, 1, 1);
	put_data(w, 3, true);
	put_gap(w, 5, GAP_PARKING);
	put_data(w, 1, false);
	put_end(w);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_RESET);
	CU_ASSERT_EQUAL(w->e.sequence, 1);
	CU_ASSERT_EQUAL(w->e.epoch, 1);
	CU_ASSERT_EQUAL(w->e.data_bytes, 4);
	CU_ASSERT_EQUAL(memcmp(w->e.data, "DAY1", 4), 0);
	for (uint64_t i = 1; i <= 3; i++) {
		CU_ASSERT(is_message(w, i));
		CU_ASSERT_EQUAL(w->e.data_bytes, ADD_BYTES);
		CU_ASSERT_EQUAL(w->e.data[0], 'A');
		CU_ASSERT_EQUAL(w->e.time_ns, 1001);
		CU_ASSERT_EQUAL(w->e.time_source, GENESIS_TIME_TURN);
		CU_ASSERT_EQUAL(w->e.symbol, 0);
	}
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_GAP);
	CU_ASSERT_EQUAL(w->e.sequence, 4);
	CU_ASSERT_EQUAL(w->e.messages, 5);
	CU_ASSERT_EQUAL(w->e.reason, GENESIS_GAP_PARKING);
	CU_ASSERT_PTR_NULL(w->e.data);
	CU_ASSERT(is_message(w, 9));
	CU_ASSERT_EQUAL(w->e.symbol, 0); /* by its locate alone */
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_END);
	CU_ASSERT_EQUAL(w->e.sequence, 10);
	CU_ASSERT_EQUAL(next(w), 0);
	CU_ASSERT_EQUAL(genesis_log_stats_read(w->reader, &s, sizeof(s)), 0);
	CU_ASSERT_EQUAL(s.messages, 4);
	CU_ASSERT_EQUAL(s.gaps, 1);
	CU_ASSERT_EQUAL(s.gap_messages, 5);
	CU_ASSERT_EQUAL(s.missed_times, 0);
	CU_ASSERT_EQUAL(s.lag_bytes, 0);
	CU_ASSERT_EQUAL(s.held_bytes, log_head(&w->log.writer.log));
	world_close(w);
}

/* What was seen, missed and given up is all there was, to the message. */
static void test_missed(void)
{
	struct world *w = world_open(3);
	struct genesis_log_stats s;
	uint64_t seen = 0;

	put_reset(w, 1, 1);
	put_data(w, 10, true);
	put_gap(w, 2, GAP_AGE);
	CU_ASSERT_EQUAL(next(w), 1);
	for (; seen < 4; seen++)
		CU_ASSERT(is_message(w, seen + 1));
	put_segments(w, 9);
	/* The record in hand is a copy: it is told to its end. */
	for (; seen < 10; seen++)
		CU_ASSERT(is_message(w, seen + 1));
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_MISSED);
	CU_ASSERT_EQUAL(w->e.sequence, 11);
	CU_ASSERT_EQUAL(w->e.epoch, 1);
	CU_ASSERT_EQUAL(w->e.end_epoch, 1);
	CU_ASSERT_EQUAL(w->e.messages, w->e.end_sequence - 11);
	CU_ASSERT(w->e.missed_bytes > 6ull * SEGMENT_BYTES);
	CU_ASSERT_PTR_NULL(w->e.data);
	uint64_t missed = w->e.messages;

	for (uint64_t sequence = w->e.end_sequence; sequence < w->next; sequence++, seen++)
		CU_ASSERT_FATAL(is_message(w, sequence));
	CU_ASSERT_EQUAL(next(w), 0);
	CU_ASSERT_EQUAL(seen + missed, w->next - 1);
	CU_ASSERT_EQUAL(genesis_log_stats_read(w->reader, &s, sizeof(s)), 0);
	CU_ASSERT_EQUAL(s.missed_times, 1);
	CU_ASSERT_EQUAL(s.missed_messages, missed);
	CU_ASSERT_EQUAL(s.messages, seen);
	world_close(w);
}

/* Opened at the head it knows what comes next, so even a miss before the first message is exact. */
static void test_missed_from_the_head_on(void)
{
	struct world *w = world_open(3);

	put_reset(w, 1, 1);
	put_data(w, 10, true);
	CU_ASSERT_EQUAL(genesis_log_to_head(w->reader), 0);
	CU_ASSERT_EQUAL(next(w), 0);
	put_segments(w, 5);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_MISSED);
	CU_ASSERT_EQUAL(w->e.sequence, 11);
	CU_ASSERT_EQUAL(w->e.messages, w->e.end_sequence - 11);
	world_close(w);
}

/* Over the end of a session nobody can say how many messages it was. */
static void test_missed_across_sessions(void)
{
	struct world *w = world_open(3);

	put_reset(w, 1, 1);
	put_data(w, 10, true);
	CU_ASSERT_EQUAL(genesis_log_to_head(w->reader), 0);
	put_reset(w, 2, 1);
	put_segments(w, 5);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_MISSED);
	CU_ASSERT_EQUAL(w->e.epoch, 1);
	CU_ASSERT_EQUAL(w->e.sequence, 11);
	CU_ASSERT_EQUAL(w->e.end_epoch, 2);
	CU_ASSERT_EQUAL(w->e.messages, GENESIS_UNKNOWN);
	CU_ASSERT(is_message(w, w->e.end_sequence));
	world_close(w);
}

static void test_places(void)
{
	struct world *w = world_open(16);
	struct genesis_log_stats s;

	put_reset(w, 1, 1);
	put_data(w, 10, true);
	put_gap(w, 5, GAP_AGE);
	put_segments(w, 6);
	uint64_t last = w->next - 1;

	CU_ASSERT_EQUAL(genesis_log_to_oldest(w->reader), 0);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_RESET);
	CU_ASSERT(is_message(w, 1));
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, 7), 0);
	CU_ASSERT(is_message(w, 7));
	/* Within a gap: the gap, whole. */
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, 13), 0);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_GAP);
	CU_ASSERT_EQUAL(w->e.sequence, 11);
	for (uint64_t sequence = 16; sequence <= last; sequence += 7919) {
		CU_ASSERT_EQUAL_FATAL(genesis_log_seek(w->reader, 1, sequence), 0);
		CU_ASSERT_FATAL(is_message(w, sequence));
	}
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, last), 0);
	CU_ASSERT(is_message(w, last));
	/* The next one to come is the head; what lies beyond is no place yet. */
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, last + 1), 0);
	CU_ASSERT_EQUAL(next(w), 0);
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, last + 2), -ERANGE);
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 2, 1), -ERANGE);
	CU_ASSERT_EQUAL(next(w), 0);
	/* Beyond the end of a session that is over: the next one, and nothing was missed. */
	put_reset(w, 2, 1);
	put_data(w, 1, true);
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, last + 100), 0);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_RESET);
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 2, 1), 0);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_RESET);
	CU_ASSERT(is_message(w, 1));
	genesis_log_stats_read(w->reader, &s, sizeof(s));
	CU_ASSERT_EQUAL(s.missed_times, 0);
	world_close(w);
}

/* What is no longer held is told as missed from where it was wanted. */
static void test_seek_to_what_is_gone(void)
{
	struct world *w = world_open(3);

	put_reset(w, 1, 1);
	put_segments(w, 8);
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 1, 500), 0);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT_EQUAL(w->e.kind, GENESIS_MISSED);
	CU_ASSERT_EQUAL(w->e.sequence, 500);
	CU_ASSERT_EQUAL(w->e.missed_bytes, 0);
	uint64_t end = w->e.end_sequence;

	CU_ASSERT_EQUAL(w->e.messages, end - 500);
	CU_ASSERT(is_message(w, end));
	CU_ASSERT_EQUAL(genesis_log_to_oldest(w->reader), 0);
	CU_ASSERT(is_message(w, end));
	world_close(w);
}

/* A locate is told by the engine's table while that is of the same session, by what was read
 * before, or not at all. */
static void test_symbols(void)
{
	struct world *w = world_open(4);

	put_reset(w, 1, 1);
	put_data(w, 1, true);
	CU_ASSERT_EQUAL(genesis_log_to_head(w->reader), 0);
	put_data(w, 1, false);
	CU_ASSERT(is_message(w, 2));
	CU_ASSERT_EQUAL(w->e.symbol, 0);
	CU_ASSERT_EQUAL(genesis_symbol_find(&w->g, 0, "S7"), 0);
	CU_ASSERT_EQUAL(genesis_symbol_find(&w->g, 0, "S8"), GENESIS_NONE);
	char text[GENESIS_SYMBOL_BYTES];

	CU_ASSERT_STRING_EQUAL(genesis_symbol_name(&w->g, 0, 0, text), "S7");
	CU_ASSERT_STRING_EQUAL(genesis_symbol_name(&w->g, 0, 1, text), "");
	/* A new session, in which nobody has said what locate 7 is. */
	put_reset(w, 2, 1);
	put_data(w, 1, false);
	CU_ASSERT_EQUAL(next(w), 1);
	CU_ASSERT(is_message(w, 1));
	CU_ASSERT_EQUAL(w->e.symbol, GENESIS_NONE);
	/* A reader that comes too late for session 2, whose table is gone. */
	put_data(w, 1, true);
	put_data(w, 1, false);
	put_reset(w, 3, 1);
	w->epoch = 2;
	CU_ASSERT_EQUAL(genesis_log_seek(w->reader, 2, 3), 0);
	CU_ASSERT(is_message(w, 3));
	CU_ASSERT_EQUAL(w->e.symbol, 0); /* its walk has met the add */
	struct genesis_log *late;
	char error[GENESIS_ERROR_BYTES];

	CU_ASSERT_EQUAL(genesis_log_open(&late, &w->g, 0, error), 0);
	genesis_log_close(late);
	CU_ASSERT_EQUAL(genesis_log_open(&late, &w->g, 1, error), -ENOENT);
	world_close(w);
}

/* A caller compiled with an older header gets what it knows, one with a newer gets zeroes. */
static void test_sizes(void)
{
	struct world *w = world_open(4);
	uint8_t room[sizeof(struct genesis_event) + 16];
	size_t known = offsetof(struct genesis_event, messages);

	put_reset(w, 1, 1);
	put_data(w, 2, true);
	CU_ASSERT_EQUAL(next(w), 1);
	memset(room, 0xee, sizeof(room));
	CU_ASSERT_EQUAL(genesis_log_next(w->reader, (void *)room, known), 1);
	CU_ASSERT_EQUAL(room[known], 0xee);
	CU_ASSERT_EQUAL(room[offsetof(struct genesis_event, sequence)], 1);
	CU_ASSERT_EQUAL(genesis_log_next(w->reader, (void *)room, sizeof(room)), 1);
	CU_ASSERT_EQUAL(room[offsetof(struct genesis_event, sequence)], 2);
	for (size_t i = sizeof(struct genesis_event); i < sizeof(room); i++)
		CU_ASSERT_EQUAL(room[i], 0);
	world_close(w);
}

static void test_corrupt(void)
{
	struct world *w = world_open(4);

	put_reset(w, 1, 1);
	put_data(w, 2, true);
	CU_ASSERT_EQUAL(next(w), 1);
	/* The second block claims more than there is. */
	uint64_t position = SEGMENT_FIRST_RECORD + record_bytes(sizeof(struct record_reset));
	uint8_t *blocks = log_address(&w->log.writer.log, position) + sizeof(struct record);

	blocks[ADD_BYTES + 2] = 0xff;
	CU_ASSERT(is_message(w, 1));
	CU_ASSERT_EQUAL(next(w), -EPROTO);
	CU_ASSERT_EQUAL(next(w), -EPROTO);
	CU_ASSERT_EQUAL(genesis_log_to_head(w->reader), -EPROTO);
	world_close(w);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"events", test_events},
	        {"missed", test_missed},
	        {"missed from the head on", test_missed_from_the_head_on},
	        {"missed across sessions", test_missed_across_sessions},
	        {"places", test_places},
	        {"a place that is gone", test_seek_to_what_is_gone},
	        {"symbols", test_symbols},
	        {"sizes", test_sizes},
	        {"corrupt", test_corrupt},
	};

	return SUITE_RUN("genesis_log", tests);
}
