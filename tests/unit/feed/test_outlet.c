/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A log without room: messages may be lost, the news of it may not.
 */
#include "dataplane/feed/outlet.h"

#include "tests/unit/suite.h"
#include "tests/unit/feed/feed_double.h"

static struct world world;

#define AT(now_ns, ...) world_send_at(&world, now_ns, (struct send){__VA_ARGS__})

static const struct arbiter_stats *open_default(void)
{
	struct arbiter_options o = double_options();

	o.hold_ns = 0;
	o.hold_packets = 0;
	CU_ASSERT_EQUAL_FATAL(world_open(&world, &double_mold, &o), 0);
	return arbiter_stats(&world.arbiter);
}

static void test_overload_is_a_gap(void)
{
	const struct arbiter_stats *s = open_default();

	AT(1, .first = 1, .count = 2);
	log_double.refuse = true;
	AT(2, .first = 3, .count = 2);
	AT(3, .first = 5, .count = 1);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 6);
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), 0);
	EXPECT_EQUAL(scan_double.messages, 2);
	log_double.refuse = false;
	AT(4, .first = 6, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 G3-5o D6");
	EXPECT_EQUAL(s->gaps, 1);
	EXPECT_EQUAL(s->lost_messages, 3);
	EXPECT_EQUAL(s->lost_by_reason[GAP_OVERLOAD], 3);
	AT(5, .line = 1, .first = 3, .count = 4); /* given up is given up */
	EXPECT_EQUAL(s->late, 3);
	EXPECT_EQUAL(s->duplicates, 1);
	EXPECT_EQUAL(log_double.records[2]->time_ns, 2);
	EXPECT_EQUAL(log_double.records[2]->interest, UINT64_MAX);
	world_close(&world);
}

static void test_poll_brings_the_news(void)
{
	open_default();
	AT(1, .first = 1, .count = 1);
	log_double.refuse = true;
	AT(2, .first = 2, .count = 1);
	arbiter_poll(&world.arbiter, 3);
	EXPECT_LOG(&world, "R1 D1");
	log_double.refuse = false;
	arbiter_poll(&world.arbiter, 4);
	EXPECT_LOG(&world, "R1 D1 G2o");
	EXPECT_EQUAL(arbiter_deadline_ns(&world.arbiter), UINT64_MAX);
	world_close(&world);
}

/* Room for a small record, but not for the next run: no hail of small gaps. */
static void test_almost_full(void)
{
	open_default();
	AT(1, .first = 1, .count = 1);
	log_double.refuse_above = 64;
	for (uint64_t i = 0; i < 10; i++)
		AT(2 + i, .first = 2 + i * 20, .count = 20);
	EXPECT_LOG(&world, "R1 D1");
	AT(20, .first = 202, .count = 1);
	EXPECT_LOG(&world, "R1 D1 G2-201o D202");
	world_close(&world);
}

static void test_what_waited_is_lost_alike(void)
{
	struct arbiter_options o = double_options();

	CU_ASSERT_EQUAL_FATAL(world_open(&world, &double_mold, &o), 0);
	AT(1, .first = 1, .count = 1);
	AT(1, .first = 3, .count = 2);
	AT(1, .first = 7, .count = 1);
	log_double.refuse = true;
	AT(1, .first = 2, .count = 1);
	EXPECT_EQUAL(segment_double.held, 1); /* 7 */
	log_double.refuse = false;
	AT(1, .first = 5, .count = 2);
	EXPECT_LOG(&world, "R1 D1 G2-4o D5-6 D7");
	EXPECT_EQUAL(segment_double.held, 0);
	world_close(&world);
}

static void test_reasons_are_kept_apart(void)
{
	const struct arbiter_stats *s = open_default();

	AT(1, .first = 1, .count = 1);
	log_double.refuse = true;
	AT(2, .first = 2, .count = 1);
	AT(3, .first = 5, .count = 1); /* 3-4 by age, 5 by overload */
	AT(4, .first = 6, .kind = FEED_END);
	log_double.refuse = false;
	AT(5, .first = 6, .count = 1);
	EXPECT_LOG(&world, "R1 D1 G2o G3-4a G5o E6 D6");
	EXPECT_EQUAL(s->gaps, 1);
	EXPECT_EQUAL(s->sessions_ended, 1);
	world_close(&world);
}

static void test_news_keeps_its_order(void)
{
	open_default();
	AT(1, .first = 1, .count = 1);
	log_double.refuse = true;
	AT(2, .first = 2, .count = 1);
	log_double.refuse = false;
	AT(3, .first = 5, .count = 1); /* the log's first record after the refusal is another gap */
	EXPECT_LOG(&world, "R1 D1 G2o G3-4a D5");
	world_close(&world);
}

static void test_reset_is_never_lost(void)
{
	const struct arbiter_stats *s = open_default();

	log_double.refuse = true;
	AT(1, .session = 'A', .first = 1, .count = 1);
	AT(2, .session = 'A', .first = 2, .kind = FEED_END);
	AT(3, .session = 'B', .first = 5, .count = 2);
	log_double.refuse = false;
	AT(4, .session = 'B', .first = 7, .count = 1);
	EXPECT_LOG(&world, "R1 G1o E2 R5 G5-6o D7");
	EXPECT_EQUAL(s->session_resets, 1);
	EXPECT_EQUAL(log_double.records[0]->epoch, 1);
	EXPECT_EQUAL(log_double.records[2]->epoch, 1);
	EXPECT_EQUAL(log_double.records[3]->epoch, 2);
	EXPECT_EQUAL(log_double.records[5]->epoch, 2);
	world_close(&world);
}

/* Alternating reasons, then sessions that come and go, all unseen: bounded, and the newest session
 * is announced. */
static void test_long_refusal(void)
{
	const struct arbiter_stats *s = open_default();

	AT(1, .session = 'A', .first = 1, .count = 1);
	log_double.refuse = true;
	for (uint64_t i = 0; i < 50; i++)
		AT(2, .session = 'A', .first = 3 + 2 * i, .count = 1);
	for (char session = 'B'; session <= 'Z'; session++) {
		AT(3, .session = session, .first = 1, .count = 1);
		AT(3, .session = session, .first = 3, .kind = FEED_END);
		AT(3, .session = session, .first = 3, .count = 1);
	}
	log_double.refuse = false;
	AT(4, .session = 'Z', .first = 4, .count = 1);
	EXPECT_EQUAL(s->lost_messages, 100 + 25 * 3);
	EXPECT_EQUAL(s->session_resets, 25);
	CU_ASSERT(log_double.count <= 2 + OUTLET_KEPT_MAX + 1);
	uint64_t next = 0;
	uint32_t epoch = 1;
	const char *text = world_log(&world);

	CU_ASSERT_PTR_NOT_NULL(strstr(text, "G2a G3o G4a G5o "));
	/* Within a session nothing is left out. */
	for (uint32_t i = 0; i < log_double.count; i++) {
		const struct record *r = log_double.records[i];
		const struct record_gap *g =
		        (const struct record_gap *)(const void *)record_payload(r);

		if (r->kind == RECORD_RESET) {
			if (i > 0)
				EXPECT_EQUAL(next, epoch == 1 ? 102 : 4);
			next = r->first_sequence;
			epoch = r->epoch;
		}
		EXPECT_EQUAL(r->first_sequence, next);
		EXPECT_EQUAL(r->epoch, epoch);
		next += r->kind == RECORD_GAP ? g->missing : r->count;
	}
	EXPECT_EQUAL(epoch, 26);
	EXPECT_EQUAL(next, 5);
	world_close(&world);
}

static void test_input_ends_while_refused(void)
{
	open_default();
	AT(1, .first = 1, .count = 1);
	log_double.refuse = true;
	AT(2, .first = 2, .count = 1);
	arbiter_on_input_end(&world.arbiter, 3);
	log_double.refuse = false;
	arbiter_on_input_end(&world.arbiter, 4);
	EXPECT_LOG(&world, "R1 D1 G2o");
	world_close(&world);
}

/* The longest message a block can name fits a record. */
static void test_longest_message(void)
{
	open_default();
	static uint8_t blocks[2 + 65535];
	struct feed_packet p = {
	        .session = {.name = "A"},
	        .first_sequence = 1,
	        .blocks = blocks,
	        .block_bytes = sizeof(blocks),
	        .claimed_count = 1,
	        .block_count = 1,
	};

	double_put(blocks, 'A', 1);
	put_be16(blocks, 65535);
	arbiter_on_packet(&world.arbiter, 0, &p, 1, TIME_NONE);
	AT(2, .first = 2, .count = 1);
	EXPECT_LOG(&world, "R1 D1 D2");
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"overload is a gap", test_overload_is_a_gap},
	        {"poll brings the news", test_poll_brings_the_news},
	        {"almost full", test_almost_full},
	        {"what waited is lost alike", test_what_waited_is_lost_alike},
	        {"reasons are kept apart", test_reasons_are_kept_apart},
	        {"news keeps its order", test_news_keeps_its_order},
	        {"a reset is never lost", test_reset_is_never_lost},
	        {"long refusal", test_long_refusal},
	        {"the input ends while refused", test_input_ends_while_refused},
	        {"the longest message", test_longest_message},
	};

	return SUITE_RUN("feed_outlet", tests);
}
