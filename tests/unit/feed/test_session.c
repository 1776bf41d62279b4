/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whose packet is this: the rules by themselves, then as the arbiter follows them.
 */
#include "dataplane/feed/session.h"

#include "tests/unit/suite.h"
#include "tests/unit/feed/feed_double.h"

static struct world world;

static struct feed_packet packet(const char *name, uint64_t first, uint64_t sent_ns)
{
	struct feed_packet p = {.first_sequence = first, .send_time_ns = sent_ns};

	memcpy(p.session.name, name, strlen(name));
	return p;
}

static enum session_verdict ask(const struct sessions *s, bool runs, const char *name,
                                uint64_t first, uint64_t sent_ns)
{
	struct feed_packet p = packet(name, first, sent_ns);
	enum session_verdict verdict = session_classify(s, runs, &p);

	/* The short way may only say what the long way says. */
	if (session_plainly_current(s, runs, &p))
		CU_ASSERT_EQUAL(verdict, SESSION_CURRENT);
	return verdict;
}

static void enter(struct sessions *s, const char *name, uint64_t first, uint64_t sent_ns)
{
	struct feed_packet p = packet(name, first, sent_ns);

	session_await(s, &p);
	session_enter(s);
}

static void note(struct session_run *r, uint64_t first, uint64_t sent_ns)
{
	struct feed_packet p = packet("", first, sent_ns);

	session_note(r, &p);
}

static void test_by_name(void)
{
	struct sessions s = {0};

	CU_ASSERT_EQUAL(ask(&s, false, "ONE", 1, 0), SESSION_NEW);
	/* An all-zero name is no session either. */
	CU_ASSERT_EQUAL(ask(&s, false, "", 1, 0), SESSION_NEW);
	enter(&s, "ONE", 1, 0);
	CU_ASSERT_EQUAL(ask(&s, false, "ONE", 9, 0), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, false, "ONE", 1, 0), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, false, "ONE ", 1, 0), SESSION_NEW);
	enter(&s, "TWO", 1, 0);
	CU_ASSERT_EQUAL(ask(&s, false, "ONE", 50, 0), SESSION_STALE);
	CU_ASSERT_EQUAL(ask(&s, false, "TWO", 50, 0), SESSION_CURRENT);
	/* All 24 bytes count. */
	enter(&s, "8004:1:4381000012345678", 1, 0);
	CU_ASSERT_EQUAL(ask(&s, false, "8004:1:4381000012345679", 1, 0), SESSION_NEW);
}

static void test_the_next_one_waits(void)
{
	struct sessions s = {0};
	struct feed_packet p = packet("TWO", 1, 0);

	enter(&s, "ONE", 1, 0);
	session_await(&s, &p);
	CU_ASSERT_EQUAL(ask(&s, false, "ONE", 9, 0), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, false, "TWO", 9, 0), SESSION_NEXT);
	CU_ASSERT_EQUAL(ask(&s, false, "THREE", 9, 0), SESSION_NEW);
}

static void test_left_names_are_bounded(void)
{
	static struct sessions s;
	char name[16];
	/* In the second round each name that comes pushes the oldest one out. */
	const uint32_t last = 2 * SESSION_LEFT_MAX + 1;

	for (uint32_t i = 0; i <= last; i++) {
		snprintf(name, sizeof(name), "S%u", i);
		enter(&s, name, 1, 0);
	}
	CU_ASSERT_EQUAL(ask(&s, false, name, 1, 0), SESSION_CURRENT);
	for (uint32_t i = 0; i < last; i++) {
		bool remembered = i >= last - SESSION_LEFT_MAX;

		snprintf(name, sizeof(name), "S%u", i);
		CU_ASSERT_EQUAL(ask(&s, false, name, 1, 0),
		                remembered ? SESSION_STALE : SESSION_NEW);
	}
}

static void test_runs(void)
{
	struct sessions s = {0};

	enter(&s, "X", 1, 100);
	/* One again, but nothing higher came: heartbeats before the first message. */
	CU_ASSERT_EQUAL(ask(&s, true, "X", 1, 200), SESSION_CURRENT);
	note(&s.current, 5, 300);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 1, 299), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 1, 300), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 2, 301), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 1, 301), SESSION_NEW);
	CU_ASSERT_EQUAL(ask(&s, false, "X", 1, 301), SESSION_CURRENT);
	/* No run of this name was left yet: early send times are only reorder. */
	CU_ASSERT_EQUAL(ask(&s, true, "X", 3, 50), SESSION_CURRENT);
	enter(&s, "X", 1, 301);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 6, 300), SESSION_STALE);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 2, 301), SESSION_CURRENT);
	/* Its name was not left, only its run. */
	enter(&s, "Y", 1, 400);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 2, 500), SESSION_STALE);
	CU_ASSERT_EQUAL(ask(&s, true, "Y", 9, 1), SESSION_CURRENT);
}

static void test_a_run_waits(void)
{
	struct sessions s = {0};
	struct feed_packet p = packet("X", 1, 500);

	enter(&s, "X", 1, 100);
	note(&s.current, 9, 300);
	session_await(&s, &p);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 10, 310), SESSION_CURRENT);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 2, 500), SESSION_NEXT);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 1, 600), SESSION_NEXT);
	note(&s.next, 4, 600);
	CU_ASSERT_EQUAL(ask(&s, true, "X", 1, 601), SESSION_NEW);
}

/* ---- the arbiter ---- */

#define AT(now_ns, ...) world_send_at(&world, now_ns, (struct send){__VA_ARGS__})

static const struct arbiter_stats *open_with(const struct protocol *p, uint64_t grace_ns)
{
	struct arbiter_options o = double_options();

	o.reset_grace_ns = grace_ns;
	CU_ASSERT_EQUAL_FATAL(world_open(&world, p, &o), 0);
	return arbiter_stats(&world.arbiter);
}

static void test_switch_at_once(void)
{
	const struct arbiter_stats *s = open_with(&double_mold, 0);

	AT(1, .session = 'A', .first = 1, .count = 2);
	AT(2, .session = 'A', .first = 4, .count = 1);
	AT(3, .session = 'A', .first = 7, .kind = FEED_HEARTBEAT);
	AT(4, .session = 'B', .first = 1, .count = 2);
	AT(5, .session = 'A', .line = 1, .first = 3, .count = 1); /* too late */
	AT(6, .session = 'B', .first = 3, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 G3s D4 G5-6s R1 D1-2 D3");
	EXPECT_EQUAL(s->session_resets, 1);
	EXPECT_EQUAL(s->stale_session_packets, 1);
	EXPECT_EQUAL(s->packets, 6);
	EXPECT_EQUAL(s->late, 0);
	EXPECT_EQUAL(s->duplicates, 0);
	EXPECT_EQUAL(s->gaps, 2);
	EXPECT_EQUAL(s->lost_by_reason[GAP_SESSION], 3);
	EXPECT_EQUAL(scan_double.resets, 1);
	EXPECT_EQUAL(arbiter_epoch(&world.arbiter), 2);
	EXPECT_EQUAL(arbiter_session(&world.arbiter)->name[0], 'B');
	EXPECT_EQUAL(log_double.records[6]->epoch, 2);
	world_close(&world);
}

static void test_a_heartbeat_switches_and_joins(void)
{
	open_with(&double_mold, 0);
	AT(1, .session = 'A', .first = 1, .count = 2);
	AT(2, .session = 'B', .first = 6, .kind = FEED_HEARTBEAT);
	AT(3, .session = 'B', .first = 6, .count = 1);
	AT(4, .session = 'B', .first = 2, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 R6 D6");
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->duplicates, 1);
	/* A gap of the session before says nothing about this one. */
	AT(5, .session = 'C', .first = 9, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 R6 D6 R9 D9");
	world_close(&world);
}

static void test_end_then_new_session(void)
{
	open_with(&double_mold, 1000);
	AT(1, .session = 'A', .first = 1, .count = 2);
	AT(2, .session = 'A', .first = 3, .kind = FEED_END);
	AT(3, .session = 'B', .first = 1, .count = 1); /* nothing to wait for */
	EXPECT_LOG(&world, "R1 D1-2 E3 R1 D1");
	world_close(&world);
}

static void test_unfinished_end_goes_out_with_its_session(void)
{
	open_with(&double_mold, 0);
	AT(1, .session = 'A', .first = 1, .count = 2);
	AT(2, .session = 'A', .first = 5, .kind = FEED_END);
	AT(3, .session = 'B', .first = 1, .count = 1);
	EXPECT_LOG(&world, "R1 D1-2 G3-4s E5 R1 D1");
	EXPECT_EQUAL(arbiter_stats(&world.arbiter)->sessions_ended, 1);
	world_close(&world);
}

static void test_iex_restart(void)
{
	const struct arbiter_stats *s = open_with(&double_iex, 0);

	AT(1, .first = 1, .count = 3, .sent_ns = 100);
	AT(2, .first = 4, .count = 1, .sent_ns = 110);
	AT(3, .line = 1, .first = 1, .count = 3, .sent_ns = 100);
	EXPECT_EQUAL(s->duplicates, 3);
	AT(4, .first = 1, .kind = FEED_HEARTBEAT, .sent_ns = 200); /* a new run */
	AT(5, .line = 1, .first = 4, .count = 1, .sent_ns = 110);  /* of the old one */
	AT(6, .first = 1, .count = 1, .sent_ns = 210);
	AT(7, .line = 1, .first = 1, .kind = FEED_HEARTBEAT, .sent_ns = 200);
	AT(8, .line = 1, .first = 1, .count = 1, .sent_ns = 210);
	EXPECT_LOG(&world, "R1 D1-3 D4 R1 D1");
	EXPECT_EQUAL(s->session_resets, 1);
	EXPECT_EQUAL(s->stale_session_packets, 1);
	EXPECT_EQUAL(s->duplicates, 4);
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"by name", test_by_name},
	        {"the next one waits", test_the_next_one_waits},
	        {"left names are bounded", test_left_names_are_bounded},
	        {"runs", test_runs},
	        {"a run waits", test_a_run_waits},
	        {"switch at once", test_switch_at_once},
	        {"a heartbeat switches and joins", test_a_heartbeat_switches_and_joins},
	        {"end, then a new session", test_end_then_new_session},
	        {"an unfinished end goes out with its session",
	         test_unfinished_end_goes_out_with_its_session},
	        {"IEX restart", test_iex_restart},
	};

	return SUITE_RUN("feed_session", tests);
}
