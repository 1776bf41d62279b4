/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ladder, step by step: when it asks, for what, and when it gives up.
 */
#include "dataplane/feed/ladder.h"

#include "tests/unit/feed/arbiter_world.h"
#include "tests/unit/suite.h"

#define OUT_MAX 80u

static struct ladder ladder;
static struct ladder_options options;
static struct ladder_output out[OUT_MAX];
static uint32_t outs;

static void begin(void)
{
	ladder_options_standard(&options, 10000);
	options.wait_ns = 100;
	options.deadline_ns = 50000;
	options.retry_ns = 500;
	options.overload_ns = 3000;
	options.recover_max = 1000;
	options.snapshot_above = 500;
	options.pieces = 4;
	options.reply_messages = 10;
}

static void open_ladder(bool from_one)
{
	struct arbiter_options o = double_options();

	o.hold_ns = options.hold_ns;
	o.join_hold_ns = options.deadline_ns;
	o.ladder = true;
	o.join = from_one ? ARBITER_JOIN_FROM_ONE : ARBITER_JOIN_FIRST_SEEN;
	open_with(o);
	CU_ASSERT_EQUAL_FATAL(ladder_init(&ladder, &options, 7ull << LADDER_TAG_BITS, 0), 0);
}

static uint32_t poll_at(uint64_t now_ns)
{
	outs = ladder_poll(&ladder, &world.arbiter, now_ns, out, OUT_MAX);
	arbiter_poll(&world.arbiter, now_ns);
	return outs;
}

static void expect_ask(uint32_t i, uint64_t first, uint64_t count)
{
	CU_ASSERT_FATAL(i < outs);
	EXPECT_EQUAL(out[i].kind, LADDER_ASK);
	EXPECT_EQUAL(out[i].first_sequence, first);
	EXPECT_EQUAL(out[i].count, count);
	EXPECT_EQUAL(out[i].tag >> LADDER_TAG_BITS, 7);
}

static uint64_t ask(uint32_t i)
{
	CU_ASSERT_FATAL(i < outs);
	ladder_on_verdict(&ladder, out[i].tag, OPERATION_ACCEPTED, 100 + i, 0);
	return out[i].tag;
}

/* The server's reply to an ask. */
static bool reply(uint64_t tag, uint64_t first, uint32_t count, uint64_t now_ns)
{
	struct feed_packet p = double_build(&(struct send){.first = first, .count = count});

	if (!ladder_expects(&ladder, tag, &world.arbiter, &p))
		return false;
	uint64_t fresh = arbiter_on_recovered(&world.arbiter, &p, now_ns, TIME_TURN);

	ladder_on_done(&ladder,
	               &(struct ladder_end){.tag = tag,
	                                    .messages = count,
	                                    .fresh = fresh,
	                                    .outcome = OPERATION_SUCCESS},
	               now_ns);
	return true;
}

static void fail(uint64_t tag, enum operation_outcome outcome, uint64_t now_ns)
{
	ladder_on_done(&ladder, &(struct ladder_end){.tag = tag, .outcome = outcome}, now_ns);
}

static void close_ladder(void)
{
	world_close(&world);
}

/* ---- steps ---- */

static void test_waits_for_the_other_line_then_asks(void)
{
	begin();
	open_ladder(false);
	AT(1000, .first = 1, .count = 2);
	EXPECT_EQUAL(poll_at(1000), 0);
	EXPECT_EQUAL(ladder_deadline_ns(&ladder), UINT64_MAX);
	AT(1000, .first = 6, .count = 2);
	EXPECT_EQUAL(poll_at(1000), 0);
	EXPECT_EQUAL(ladder_deadline_ns(&ladder), 1100);
	EXPECT_EQUAL(ladder.stats.current_step, LADDER_LINES);
	EXPECT_EQUAL(ladder.stats.current_sequence, 3);
	EXPECT_EQUAL(ladder.stats.current_messages, 3);
	EXPECT_EQUAL(ladder.stats.current_since_ns, 1000);
	EXPECT_EQUAL(poll_at(1099), 0);
	EXPECT_EQUAL(poll_at(1100), 1);
	expect_ask(0, 3, 3);
	EXPECT_EQUAL(out[0].deadline_ns, 11000);
	CU_ASSERT_EQUAL(out[0].session.name[0], 'A');
	EXPECT_EQUAL(ladder.stats.current_step, LADDER_SERVERS);
	uint64_t tag = ask(0);

	EXPECT_EQUAL(poll_at(1200), 0); /* not twice */
	CU_ASSERT(reply(tag, 3, 3, 1300));
	EXPECT_EQUAL(poll_at(1300), 0);
	EXPECT_LOG(&world, "R1 D1-2 D3-5 D6-7");
	EXPECT_EQUAL(ladder.stats.recovered, 3);
	EXPECT_EQUAL(ladder.stats.current_step, LADDER_IDLE);
	EXPECT_EQUAL(ladder.piece_count, 0);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->healed_by_recovery, 3);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->healed_by_other_line, 0);
	EXPECT_EQUAL(LINE(2)->wins, 3);
	close_ladder();
}

static void test_the_other_line_heals_and_the_ask_is_recalled(void)
{
	begin();
	open_ladder(false);
	AT(1000, .first = 1, .count = 1);
	AT(1000, .first = 4, .count = 1);
	EXPECT_EQUAL(poll_at(1100), 1);
	uint64_t tag = ask(0);

	AT(1150, .line = 1, .first = 2, .count = 2);
	EXPECT_EQUAL(poll_at(1150), 1);
	EXPECT_EQUAL(out[0].kind, LADDER_RECALL);
	EXPECT_EQUAL(out[0].tag, tag);
	EXPECT_EQUAL(out[0].operation, 100);
	CU_ASSERT_FALSE(reply(tag, 2, 2, 1200)); /* nobody waits for it */
	fail(tag, OPERATION_ABANDONED, 1200);
	EXPECT_EQUAL(ladder.stats.stale, 2);
	EXPECT_EQUAL(ladder.stats.recalled, 1);
	EXPECT_LOG(&world, "R1 D1 D2-3 D4");
	close_ladder();
}

/* A reply holds what fits: the rest is asked at once, and the next piece is smaller. */
static void test_partial_replies(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 26, .count = 1);
	EXPECT_EQUAL(poll_at(100), 3);
	expect_ask(0, 2, 10);
	expect_ask(1, 12, 10);
	expect_ask(2, 22, 4);
	uint64_t tags[] = {ask(0), ask(1), ask(2)};

	CU_ASSERT(reply(tags[0], 2, 6, 200));
	EXPECT_EQUAL(poll_at(200), 1);
	expect_ask(0, 8, 4);
	EXPECT_EQUAL(ladder.stats.partial, 1);
	EXPECT_EQUAL(ladder.stats.reply_messages, 9);
	uint64_t rest = ask(0);

	CU_ASSERT(reply(tags[1], 12, 10, 300));
	CU_ASSERT(reply(rest, 8, 4, 300));
	CU_ASSERT(reply(tags[2], 22, 4, 300));
	EXPECT_EQUAL(poll_at(300), 0);
	EXPECT_EQUAL(ladder.piece_count, 0);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 27);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->gaps, 0);
	close_ladder();
}

static void test_room_of_replies_grows_with_full_ones(void)
{
	begin();
	options.pieces = 1;
	options.snapshot_above = UINT64_MAX;
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 1000, .count = 1);
	for (uint64_t first = 2, room = 10; room < 20; room++) {
		EXPECT_EQUAL(poll_at(100), 1);
		expect_ask(0, first, room);
		CU_ASSERT_FATAL(reply(ask(0), first, (uint32_t)room, 100));
		first += room;
	}
	close_ladder();
}

static void test_pieces_under_way_are_bounded(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 102, .count = 1);
	EXPECT_EQUAL(poll_at(100), 4);
	EXPECT_EQUAL(ladder.stats.asks_now, 4);
	uint64_t tag = ask(1);

	EXPECT_EQUAL(poll_at(150), 0);
	CU_ASSERT(reply(tag, 12, 10, 200));
	EXPECT_EQUAL(poll_at(200), 1);
	CU_ASSERT_EQUAL(out[0].first_sequence, 42);
	close_ladder();
}

static void test_budget_bounds_asks(void)
{
	begin();
	options.pieces = 64;
	options.budget = (struct budget_options){.burst = 3, .period_ns = 1000};
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 102, .count = 1);
	EXPECT_EQUAL(poll_at(100), 3);
	EXPECT_EQUAL(ladder.stats.budget_waits, 1);
	EXPECT_EQUAL(poll_at(200), 0);
	EXPECT_EQUAL(ladder_deadline_ns(&ladder), 1200);
	EXPECT_EQUAL(poll_at(1200), 1);
	close_ladder();
}

static void test_only_what_is_missing_is_asked(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 20, .count = 1);
	AT(50, .first = 5, .count = 3);
	AT(60, .first = 12, .count = 1);
	EXPECT_EQUAL(poll_at(100), 3);
	expect_ask(0, 2, 3);
	expect_ask(1, 8, 4);
	expect_ask(2, 13, 7);
	close_ladder();
}

static void test_wrong_replies_are_none(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 5, .count = 1);
	EXPECT_EQUAL(poll_at(100), 1);
	uint64_t tag = ask(0);
	struct feed_packet other =
	        double_build(&(struct send){.first = 2, .count = 3, .session = 'B'});

	CU_ASSERT_FALSE(reply(tag, 3, 2, 200));
	CU_ASSERT_FALSE(reply(tag, 2, 4, 200));
	CU_ASSERT_FALSE(ladder_expects(&ladder, tag, &world.arbiter, &other));
	EXPECT_EQUAL(arbiter_on_recovered(&world.arbiter, &other, 200, TIME_TURN), 0);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->recovered_refused, 1);
	CU_ASSERT_FALSE(reply(tag + 256, 2, 3, 200)); /* another generation */
	EXPECT_EQUAL(ladder.stats.wrong, 3);
	EXPECT_EQUAL(ladder.stats.stale, 1);
	CU_ASSERT(reply(tag, 2, 3, 300));
	EXPECT_LOG(&world, "R1 D1 D2-4 D5");
	close_ladder();
}

/* ---- the end ---- */

static void test_unanswered_is_asked_again_until_its_time_is_over(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 3, .count = 1);
	EXPECT_EQUAL(poll_at(100), 1);
	fail(ask(0), OPERATION_TIMEOUT, 1000);
	EXPECT_EQUAL(poll_at(1000), 0);
	EXPECT_EQUAL(ladder_deadline_ns(&ladder), 1500);
	EXPECT_EQUAL(poll_at(1500), 1);
	expect_ask(0, 2, 1);
	EXPECT_EQUAL(ladder.stats.again, 1);
	fail(ask(0), OPERATION_FAILURE, 2000);
	EXPECT_EQUAL(poll_at(2999), 0); /* twice the pause */
	EXPECT_EQUAL(poll_at(3000), 1);
	uint64_t tag = ask(0);

	EXPECT_EQUAL(poll_at(9999), 0);
	EXPECT_LOG(&world, "R1 D1");
	fail(tag, OPERATION_TIMEOUT, 10000);
	EXPECT_EQUAL(poll_at(10000), 0);
	EXPECT_LOG(&world, "R1 D1 G2u D3");
	EXPECT_EQUAL(ladder.stats.unanswered, 3);
	EXPECT_EQUAL(ladder.piece_count, 0);
	/* What comes then is late. */
	struct feed_packet p = double_build(&(struct send){.first = 2, .count = 1});

	EXPECT_EQUAL(arbiter_on_recovered(&world.arbiter, &p, 11000, TIME_TURN), 0);
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->late, 1);
	close_ladder();
}

/* Also when nobody tells the ladder: the arbiter does not wait for it. */
static void test_the_stream_waits_no_longer_than_it_may(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 3, .count = 1);
	EXPECT_EQUAL(poll_at(100), 1);
	ask(0);
	AT(10000, .first = 4, .count = 1);
	EXPECT_LOG(&world, "R1 D1 G2u D3 D4");
	EXPECT_EQUAL(poll_at(10000), 1);
	EXPECT_EQUAL(out[0].kind, LADDER_RECALL);
	close_ladder();
}

static void test_open_breaker_ends_it_at_once(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 22, .count = 1);
	EXPECT_EQUAL(poll_at(100), 2);
	ladder_on_verdict(&ladder, out[0].tag, OPERATION_REJECTED_OPEN, 0, 100);
	ladder_on_verdict(&ladder, out[1].tag, OPERATION_REJECTED_OPEN, 0, 100);
	EXPECT_EQUAL(poll_at(100), 0);
	EXPECT_LOG(&world, "R1 D1 G2-11r G12-21r D22");
	EXPECT_EQUAL(ladder.stats.refused, 2);
	EXPECT_EQUAL(ladder.stats.given_up_messages, 20);
	EXPECT_EQUAL(ladder.gap_count, 0);
	close_ladder();
}

/* A half-open breaker takes one: the others wait for it. */
static void test_refused_beside_an_accepted_one_waits(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 22, .count = 1);
	EXPECT_EQUAL(poll_at(100), 2);
	uint64_t tag = ask(0);

	ladder_on_verdict(&ladder, out[1].tag, OPERATION_REJECTED_OPEN, 0, 100);
	EXPECT_EQUAL(poll_at(200), 0);
	CU_ASSERT(reply(tag, 2, 10, 300));
	EXPECT_EQUAL(poll_at(300), 1);
	expect_ask(0, 12, 10);
	close_ladder();
}

static void test_hold_of_zero_asks_nothing(void)
{
	begin();
	options.hold_ns = 0;
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 3, .count = 1);
	EXPECT_EQUAL(poll_at(0), 0);
	EXPECT_LOG(&world, "R1 D1 G2a D3");
	close_ladder();
}

static void test_storm_is_not_asked(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .line = 1, .first = 1ull << 40, .count = 1);
	EXPECT_EQUAL(poll_at(100), 1);
	EXPECT_EQUAL(out[0].kind, LADDER_WANT_SNAPSHOT);
	EXPECT_EQUAL(out[0].reason, LADDER_SNAPSHOT_UNASKED);
	EXPECT_EQUAL(out[0].first_sequence, 2);
	EXPECT_EQUAL(out[0].count, (1ull << 40) - 2);
	EXPECT_EQUAL(ladder.stats.storms, 1);
	EXPECT_EQUAL(ladder.stats.asks, 0);
	EXPECT_LOG(&world, "R1 D1 G2-1099511627775r D1099511627776");
	close_ladder();
}

static void test_long_range_wants_a_snapshot_too(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 602, .count = 1);
	EXPECT_EQUAL(poll_at(100), 5);
	EXPECT_EQUAL(out[0].kind, LADDER_WANT_SNAPSHOT);
	EXPECT_EQUAL(out[0].reason, LADDER_SNAPSHOT_LONG);
	expect_ask(1, 2, 10);
	EXPECT_EQUAL(poll_at(200), 0); /* said once */
	close_ladder();
}

static void test_nothing_is_asked_in_overload(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	ladder_on_drop(&ladder, 0);
	AT(0, .first = 4, .count = 1); /* our own doing */
	EXPECT_EQUAL(poll_at(0), 0);
	EXPECT_EQUAL(ladder.stats.is_overloaded, 1);
	EXPECT_EQUAL(poll_at(100), 0);
	AT(200, .first = 5, .count = 1); /* the GAP waits for the next record, as in any overload */
	EXPECT_LOG(&world, "R1 D1 G2-3o D4 D5");
	EXPECT_EQUAL(ladder.stats.overload_messages, 2);
	AT(5000, .first = 7, .count = 1);
	EXPECT_EQUAL(poll_at(5000), 0);
	EXPECT_EQUAL(ladder.stats.is_overloaded, 0);
	EXPECT_EQUAL(poll_at(5100), 1);
	expect_ask(0, 6, 1);
	close_ladder();
}

/* The range before the joining point has a time of its own. */
static void test_joining_late_from_one(void)
{
	begin();
	options.hold_ns = 1000;
	open_ladder(true);
	AT(0, .first = 25, .count = 1);
	EXPECT_EQUAL(poll_at(100), 3);
	expect_ask(0, 1, 10);
	EXPECT_EQUAL(out[0].deadline_ns, 50000);
	uint64_t tags[] = {ask(0), ask(1), ask(2)};

	EXPECT_EQUAL(poll_at(20000), 0);
	EXPECT_LOG(&world, "R1");
	CU_ASSERT(reply(tags[1], 11, 10, 30000));
	CU_ASSERT(reply(tags[0], 1, 10, 30000));
	EXPECT_LOG(&world, "R1 D1-10 D11-20");
	fail(tags[2], OPERATION_TIMEOUT, 50000);
	poll_at(50000);
	EXPECT_LOG(&world, "R1 D1-10 D11-20 G21-24u D25");
	close_ladder();
}

static void test_a_new_session_forgets(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 3, .count = 1);
	EXPECT_EQUAL(poll_at(100), 1);
	uint64_t tag = ask(0);

	AT(200, .first = 1, .count = 1, .session = 'B');
	AT(200, .first = 5, .count = 1, .session = 'B');
	EXPECT_EQUAL(poll_at(200), 1);
	EXPECT_EQUAL(out[0].kind, LADDER_RECALL);
	EXPECT_EQUAL(out[0].tag, tag);
	EXPECT_EQUAL(poll_at(300), 1);
	expect_ask(0, 2, 3);
	CU_ASSERT_EQUAL(out[0].session.name[0], 'B');
	CU_ASSERT_NOT_EQUAL(out[0].tag, tag);
	close_ladder();
}

/* Whatever room the caller has for outputs. */
static void test_outputs_that_do_not_fit_come_later(void)
{
	begin();
	open_ladder(false);
	AT(0, .first = 1, .count = 1);
	AT(0, .first = 42, .count = 1);
	for (uint64_t i = 0; i < 4; i++) {
		outs = ladder_poll(&ladder, &world.arbiter, 100, out, 1);
		EXPECT_EQUAL(outs, 1);
		expect_ask(0, 2 + 10 * i, 10);
	}
	AT(150, .line = 1, .first = 2, .count = 40);
	for (uint64_t i = 0; i < 4; i++) {
		outs = ladder_poll(&ladder, &world.arbiter, 150, out, 1);
		EXPECT_EQUAL(outs, 1);
		EXPECT_EQUAL(out[0].kind, LADDER_RECALL);
	}
	EXPECT_EQUAL(ladder_poll(&ladder, &world.arbiter, 150, out, 1), 0);
	close_ladder();
}

static void test_more_holes_than_the_table_has_room_for(void)
{
	begin();
	options.pieces = LADDER_PIECES_MAX;
	open_ladder(false);
	for (uint64_t i = 0; i < 2 * LADDER_RANGES_MAX; i++)
		AT(0, .first = 1 + 2 * i, .count = 1);
	uint64_t asked = 0;

	for (uint64_t turn = 0; turn < 40; turn++) {
		poll_at(100);
		for (uint32_t i = 0; i < outs; i++) {
			EXPECT_EQUAL(out[i].first_sequence, 2 + 2 * asked);
			CU_ASSERT_FATAL(reply(ask(i), out[i].first_sequence, 1, 100));
			asked++;
		}
	}
	EXPECT_EQUAL(asked, 2 * LADDER_RANGES_MAX - 1);
	EXPECT_EQUAL(arbiter_next_sequence(&world.arbiter), 4 * LADDER_RANGES_MAX);
	close_ladder();
}

static void test_options_are_checked(void)
{
	begin();
	CU_ASSERT_PTR_NULL(ladder_options_check(&options));
	CU_ASSERT_EQUAL(ladder_init(&ladder, &options, 1, 0), -EINVAL);
	options.pieces = 0;
	CU_ASSERT_EQUAL(ladder_init(&ladder, &options, 0, 0), -EINVAL);
	options.pieces = LADDER_PIECES_MAX + 1;
	CU_ASSERT_PTR_NOT_NULL(ladder_options_check(&options));
	begin();
	options.reply_messages = 65535;
	CU_ASSERT_PTR_NOT_NULL(ladder_options_check(&options));
	begin();
	options.retry_ns = 0;
	CU_ASSERT_PTR_NOT_NULL(ladder_options_check(&options));
	struct service_options s;

	ladder_service_options(&s, 3);
	CU_ASSERT_PTR_NULL(service_options_check(&s));
	struct arbiter_options o = double_options();

	o.ladder = true;
	o.line_count = LINES_MAX; /* none is left for what servers bring */
	CU_ASSERT_EQUAL(world_open(&world, &double_mold, &o), -EINVAL);
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"waits for the other line, then asks", test_waits_for_the_other_line_then_asks},
	        {"the other line heals, the ask is recalled",
	         test_the_other_line_heals_and_the_ask_is_recalled},
	        {"partial replies", test_partial_replies},
	        {"room of replies grows", test_room_of_replies_grows_with_full_ones},
	        {"pieces under way are bounded", test_pieces_under_way_are_bounded},
	        {"budget bounds asks", test_budget_bounds_asks},
	        {"only what is missing is asked", test_only_what_is_missing_is_asked},
	        {"wrong replies are none", test_wrong_replies_are_none},
	        {"unanswered is asked again",
	         test_unanswered_is_asked_again_until_its_time_is_over},
	        {"the stream waits no longer than it may",
	         test_the_stream_waits_no_longer_than_it_may},
	        {"open breaker ends it at once", test_open_breaker_ends_it_at_once},
	        {"refused beside an accepted one", test_refused_beside_an_accepted_one_waits},
	        {"hold of zero asks nothing", test_hold_of_zero_asks_nothing},
	        {"storm is not asked", test_storm_is_not_asked},
	        {"long range wants a snapshot too", test_long_range_wants_a_snapshot_too},
	        {"nothing is asked in overload", test_nothing_is_asked_in_overload},
	        {"joining late from one", test_joining_late_from_one},
	        {"a new session forgets", test_a_new_session_forgets},
	        {"outputs that do not fit", test_outputs_that_do_not_fit_come_later},
	        {"more holes than the table", test_more_holes_than_the_table_has_room_for},
	        {"options are checked", test_options_are_checked},
	};

	return SUITE_RUN("feed_ladder", tests);
}
