/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One operation from submission to its end: verdicts, outcomes, who may complete it.
 */
#include "resilience/operation.h"

#include <errno.h>

#include "tests/unit/suite.h"
#include "tests/unit/resilience/operation_world.h"

static struct world world;

#define STATS (&world.table.stats)

static void test_one_success(void)
{
	world_defaults(&world);
	CU_ASSERT_FATAL(world_open(&world));
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 42), OPERATION_ACCEPTED);
	EXPECT_SAID(&world, "S0f");
	CU_ASSERT_EQUAL(operation_live(&world.table), 1);
	world_pass(&world, 30 * MS);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_SUCCESS);
	EXPECT_SAID(&world, "Ds");
	CU_ASSERT_EQUAL(world.last.tag, 42);
	CU_ASSERT_EQUAL(world.last.token, world.tokens[0]);
	CU_ASSERT_EQUAL(world.last.operation, world.ids[0]);
	CU_ASSERT_EQUAL(world.last.node, 0);
	CU_ASSERT_EQUAL(world.last.time_ns, 30 * MS);
	CU_ASSERT_EQUAL(world.last.reason, 1); /* attempts */
	CU_ASSERT_EQUAL(STATS->outcomes[OPERATION_SUCCESS], 1);
	CU_ASSERT_EQUAL(STATS->attempt_time_ns, 30 * MS);
	CU_ASSERT_EQUAL(STATS->operation_time_ns, 30 * MS);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_options(void)
{
	struct operation_options o = {
	        .pool = {.operations_max = 1, .attempts_max = 1}, .tick_ns = 1, .service_count = 1};

	CU_ASSERT_NOT_EQUAL(operation_wheel_bytes(&o), 0);
	o.service_count = 0;
	CU_ASSERT_EQUAL(operation_wheel_bytes(&o), 0);
	o.service_count = OPERATION_SERVICES_MAX + 1;
	CU_ASSERT_EQUAL(operation_wheel_bytes(&o), 0);
	o.service_count = 1;
	o.tick_ns = 0;
	CU_ASSERT_EQUAL(operation_wheel_bytes(&o), 0);
	o.tick_ns = 1;
	o.pool.operations_max = 0;
	CU_ASSERT_EQUAL(operation_wheel_bytes(&o), 0);
	world_defaults(&world);
	world.options.pool.attempts_max = world.options.pool.operations_max - 1;
	CU_ASSERT_FALSE(world_open(&world));
	world_close(&world);
}

/* Without any mechanism an operation waits as long as it may, then ends. */
static void test_unbounded_wait(void)
{
	world_defaults(&world);
	world.options.tick_ns = SECOND;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .deadline_ns = world.now_ns + 5000 * SECOND);
	SUBMIT(&world, .deadline_ns = UINT64_MAX);
	world_pass(&world, 4999 * SECOND);
	EXPECT_SAID(&world, "S0f S0f");
	world_pass(&world, 1 * SECOND);
	EXPECT_SAID(&world, "C0o Dt");
	world_pass(&world, 5000 * SECOND);
	EXPECT_SAID(&world, "");
	CU_ASSERT_EQUAL(world_reply(&world, 1, true), OPERATION_HEARD_SUCCESS);
	EXPECT_SAID(&world, "Ds");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_refusal(void)
{
	world_defaults(&world);
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	CU_ASSERT_EQUAL(world_reply(&world, 0, false), OPERATION_HEARD_FAILURE);
	EXPECT_SAID(&world, "S0f Df");
	CU_ASSERT_EQUAL(world.last.node, OPERATION_NODE_UNKNOWN);
	CU_ASSERT_EQUAL(world.last.token, 0);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_attempt_timeout(void)
{
	world_defaults(&world);
	world.service_options[0].deadline.terms = DEADLINE_BASE;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	CU_ASSERT_EQUAL(world.items[0].time_ns, world.now_ns + SECOND);
	world_pass(&world, SECOND - 1);
	EXPECT_SAID(&world, "S0f");
	world_pass(&world, MS);
	EXPECT_SAID(&world, "C0o Dt");
	/* The deadline is earlier than the timeout. */
	SUBMIT(&world, .deadline_ns = world.now_ns + SECOND / 2);
	world_pass(&world, SECOND / 2 + MS);
	EXPECT_SAID(&world, "S0f C0o Dt");
	CU_ASSERT(world.last.time_ns <= SECOND / 2 + MS);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_operation_timeout(void)
{
	world_defaults(&world);
	world.service_options[0].operation_timeout_ns = 2330 * MS;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .deadline_ns = UINT64_MAX);
	world_pass(&world, 2329 * MS);
	EXPECT_SAID(&world, "S0f");
	world_pass(&world, 2 * MS);
	EXPECT_SAID(&world, "C0o Dt");
	world_close(&world);
}

static void test_bad_requests(void)
{
	world_defaults(&world);
	CU_ASSERT_FATAL(world_open(&world));
	CU_ASSERT_EQUAL(SUBMIT(&world, .service = 1), OPERATION_REJECTED_INVALID);
	CU_ASSERT_EQUAL(SUBMIT(&world, .service = UINT32_MAX), OPERATION_REJECTED_INVALID);
	CU_ASSERT_EQUAL(SUBMIT(&world, .class = WORK_CLASSES), OPERATION_REJECTED_INVALID);
	CU_ASSERT_EQUAL(SUBMIT(&world, .parallel_attempts = 4), OPERATION_REJECTED_INVALID);
	CU_ASSERT_EQUAL(SUBMIT(&world, .latency_optimization = 3), OPERATION_REJECTED_INVALID);
	CU_ASSERT_EQUAL(SUBMIT(&world, .deadline_ns = 1), OPERATION_REJECTED_EXPIRED);
	CU_ASSERT_EQUAL(SUBMIT(&world, .deadline_ns = world.now_ns), OPERATION_REJECTED_EXPIRED);
	struct operation_request r = {.repeat = 3};

	CU_ASSERT_EQUAL(world_submit_request(&world, r), OPERATION_REJECTED_INVALID);
	r = (struct operation_request){.max_retries = SERVICE_ROUNDS_MAX + 1};
	CU_ASSERT_EQUAL(world_submit_request(&world, r), OPERATION_REJECTED_INVALID);
	EXPECT_SAID(&world, "");
	CU_ASSERT_EQUAL(STATS->verdicts[OPERATION_REJECTED_INVALID], 7);
	CU_ASSERT_EQUAL(STATS->verdicts[OPERATION_REJECTED_EXPIRED], 2);
	CU_ASSERT_EQUAL(STATS->submitted, 9);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_full(void)
{
	world_defaults(&world);
	world.options.pool.operations_max = 2;
	world.options.pool.attempts_max = 2;
	CU_ASSERT_FATAL(world_open(&world));
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 1), OPERATION_ACCEPTED);
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 2), OPERATION_ACCEPTED);
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 3), OPERATION_REJECTED_FULL);
	world_reply(&world, 0, true);
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 4), OPERATION_ACCEPTED);
	EXPECT_SAID(&world, "S0f S0f Ds S0f");
	world_close(&world);
}

static void test_replies_of_others(void)
{
	world_defaults(&world);
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	struct operation_reply r = {.token = world.tokens[0] + (1ull << 24), .node = 0, .ok = true};

	CU_ASSERT_EQUAL(operation_on_reply(&world.table, &r, world.now_ns, &world.out),
	                OPERATION_HEARD_FOREIGN);
	r.token = world.tokens[0];
	r.node = 1; /* the right token from the wrong node */
	CU_ASSERT_EQUAL(operation_on_reply(&world.table, &r, world.now_ns, &world.out),
	                OPERATION_HEARD_FOREIGN);
	r.token = UINT64_MAX;
	CU_ASSERT_EQUAL(operation_on_reply(&world.table, &r, world.now_ns, &world.out),
	                OPERATION_HEARD_FOREIGN);
	CU_ASSERT_EQUAL(world.out.count, 0);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_SUCCESS);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_DUPLICATE);
	EXPECT_SAID(&world, "S0f Ds");
	SUBMIT(&world, .tag = 2); /* the slot is used again */
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_FOREIGN);
	EXPECT_SAID(&world, "S0f");
	CU_ASSERT_EQUAL(STATS->heard[OPERATION_HEARD_FOREIGN], 4);
	world_close(&world);
}

/* A late reply teaches how slow the node is, and nothing else, and only once. */
static void test_late_reply(void)
{
	world_defaults(&world);
	world.service_options[0].deadline.terms = DEADLINE_BASE;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	world_pass(&world, 1001 * MS);
	EXPECT_SAID(&world, "S0f C0o Dt");
	CU_ASSERT_EQUAL(world.states[0].rtt.samples, 0);
	world_pass(&world, 999 * MS);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_LATE);
	EXPECT_SAID(&world, "");
	CU_ASSERT_EQUAL(world.states[0].rtt.samples, 1);
	CU_ASSERT_EQUAL(rtt_smoothed_ns(&world.states[0].rtt), 2 * SECOND);
	CU_ASSERT_EQUAL(breaker_latency_mean_ns(&world.states[0].breaker), 2 * SECOND);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_DUPLICATE);
	CU_ASSERT_EQUAL(world.states[0].rtt.samples, 1);
	CU_ASSERT_EQUAL(world.states[0].counters.late, 1);
	CU_ASSERT_EQUAL(world.states[0].counters.spurious, 1);
	world_close(&world);
}

/* What lost a race did not time out, however late its reply. */
static void test_late_loser(void)
{
	world_defaults(&world);
	world.service_options[0].choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1, .parallel_attempts = 2);
	world_pass(&world, 10 * MS);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_SUCCESS);
	world_pass(&world, 10 * MS);
	CU_ASSERT_EQUAL(world_reply(&world, 1, true), OPERATION_HEARD_LATE);
	CU_ASSERT_EQUAL(world.states[0].counters.late, 1);
	CU_ASSERT_EQUAL(world.states[0].counters.spurious, 0);
	world_close(&world);
}

/* The reply comes at the deadline and before the poll: too late. */
static void test_reply_at_the_deadline(void)
{
	world_defaults(&world);
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .deadline_ns = world.now_ns + 100);
	world.now_ns += 100;
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_LATE);
	EXPECT_SAID(&world, "S0f C0o Dt");
	CU_ASSERT_EQUAL(world.states[0].rtt.samples, 1);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_once(void)
{
	world_defaults(&world);
	world.service_options[0].max_retries = 3;
	world.service_options[0].parallel_attempts = 3;
	world.service_options[0].choice = SERVICE_CHOOSE_BEST;
	world.service_options[0].breaker.fallback = BREAKER_ALL;
	CU_ASSERT_FATAL(world_open(&world));
	struct operation_request r = {.repeat = OPERATION_ONCE,
	                              .max_retries = 3,
	                              .parallel_attempts = 3,
	                              .fallback = true};

	/* Answered no: it is known that it failed, so the other answer may be used. */
	world_submit_request(&world, r);
	world_reply(&world, 0, false);
	EXPECT_SAID(&world, "S0f Db");
	/* No answer: nobody knows. */
	world_submit_request(&world, r);
	world_pass(&world, 6001 * MS);
	EXPECT_SAID(&world, "S0f C0o Du");
	world_submit_request(&world, r);
	operation_on_unreachable(&world.table, world.tokens[2], world.now_ns, &world.out);
	world_read(&world);
	EXPECT_SAID(&world, "S0f C0o Du");
	/* Recalled: nobody knows either. */
	world_submit_request(&world, r);
	CU_ASSERT_TRUE(operation_recall(&world.table, world.ids[3], world.now_ns, &world.out));
	world_read(&world);
	EXPECT_SAID(&world, "S0f C0e Du");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

/* What could not be sent was not sent: it may be tried again, whatever it is. */
static void test_unsent(void)
{
	world_defaults(&world);
	world.service_options[0].max_retries = 1;
	CU_ASSERT_FATAL(world_open(&world));
	struct operation_request r = {.repeat = OPERATION_ONCE, .max_retries = 1};

	world_submit_request(&world, r);
	operation_on_unsent(&world.table, world.tokens[0], world.now_ns, &world.out);
	world_read(&world);
	EXPECT_SAID(&world, "S0f S0r");
	operation_on_unsent(&world.table, world.tokens[1], world.now_ns, &world.out);
	world_read(&world);
	EXPECT_SAID(&world, "Df");
	CU_ASSERT_EQUAL(STATS->unsent, 2);
	/* Nobody's failure. */
	CU_ASSERT_EQUAL(world.states[0].breaker.samples, 0);
	CU_ASSERT_EQUAL(world.states[0].health.nodes[0].samples, 0);
	CU_ASSERT_EQUAL(world.states[0].health.nodes[0].pending, 0);
	/* Sent the second time: then no third. */
	world_submit_request(&world, r);
	operation_on_unsent(&world.table, world.tokens[2], world.now_ns, &world.out);
	world_pass(&world, 6001 * MS);
	EXPECT_SAID(&world, "S0f S0r C0o Du");
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

/* Where sends are reported, what was not is known not to have left. */
static void test_reported_sends(void)
{
	world_defaults(&world);
	world.options.sends_are_reported = true;
	world.service_options[0].deadline.terms = DEADLINE_BASE;
	CU_ASSERT_FATAL(world_open(&world));
	struct operation_request r = {.repeat = OPERATION_ONCE, .max_retries = 0};

	world_submit_request(&world, r);
	world_pass(&world, 1001 * MS);
	EXPECT_SAID(&world, "S0f C0o Dt"); /* not unknown */
	CU_ASSERT_EQUAL(STATS->unneeded, 1);
	CU_ASSERT_EQUAL(STATS->overdue, 0);
	CU_ASSERT_EQUAL(world.states[0].breaker.samples, 0);
	/* The time counts from when it left. */
	world_submit_request(&world, r);
	world_pass(&world, 500 * MS);
	operation_on_sent(&world.table, world.tokens[1], world.now_ns);
	operation_on_unsent(&world.table, world.tokens[1], world.now_ns, &world.out); /* too late */
	world_pass(&world, 999 * MS);
	EXPECT_SAID(&world, "S0f");
	CU_ASSERT_EQUAL(world_reply(&world, 1, true), OPERATION_HEARD_SUCCESS);
	CU_ASSERT_EQUAL(rtt_smoothed_ns(&world.states[0].rtt), 999 * MS);
	EXPECT_SAID(&world, "Ds");
	world_submit_request(&world, r);
	operation_on_sent(&world.table, world.tokens[2], world.now_ns);
	world_pass(&world, 1001 * MS);
	EXPECT_SAID(&world, "S0f C0o Du");
	/* Facts about what is over are nothing. */
	operation_on_sent(&world.table, world.tokens[2], world.now_ns);
	operation_on_sent(&world.table, 12345, world.now_ns);
	operation_on_unsent(&world.table, world.tokens[2], world.now_ns, &world.out);
	operation_on_unreachable(&world.table, 12345, world.now_ns, &world.out);
	CU_ASSERT_EQUAL(world.out.count, 0);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_recall(void)
{
	world_defaults(&world);
	world.service_options[0].breaker.fallback = BREAKER_ALL;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 1, .fallback = true);
	CU_ASSERT_FALSE(operation_recall(&world.table, world.ids[0] + (1ull << 32), world.now_ns,
	                                 &world.out));
	CU_ASSERT_FALSE(operation_recall(&world.table, UINT64_MAX, world.now_ns, &world.out));
	CU_ASSERT_TRUE(operation_recall(&world.table, world.ids[0], world.now_ns, &world.out));
	world_read(&world);
	EXPECT_SAID(&world, "S0f C0e Da");
	CU_ASSERT_FALSE(operation_recall(&world.table, world.ids[0], world.now_ns, &world.out));
	CU_ASSERT_EQUAL(world.states[0].breaker.samples, 0); /* says nothing of the service */
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_fallback_by_state(void)
{
	static const uint8_t states[] = {0, BREAKER_BIT(BREAKER_RESILIENT), BREAKER_ALL};
	static const char *closed[] = {"S0f Df", "S0f Df", "S0f Db"};
	static const char *resilient[] = {"S0f Df", "S0f Db", "S0f Db"};

	for (uint32_t i = 0; i < 3; i++) {
		world_defaults(&world);
		world.service_options[0].breaker.fallback = states[i];
		world.service_options[0].breaker.states =
		        BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_RESILIENT);
		world.service_options[0].parallel_max = 1;
		CU_ASSERT_FATAL(world_open(&world));
		SUBMIT(&world, .fallback = true);
		world_reply(&world, 0, false);
		EXPECT_SAID(&world, closed[i]);
		while (world.states[0].breaker.state == BREAKER_CLOSED) {
			SUBMIT(&world, .tag = 1);
			world_reply(&world, world.sends - 1, false);
		}
		world.text[0] = 0;
		SUBMIT(&world, .fallback = true);
		world_reply(&world, world.sends - 1, false);
		EXPECT_SAID(&world, resilient[i]);
		SUBMIT(&world, .fallback = false);
		world_reply(&world, world.sends - 1, false);
		EXPECT_SAID(&world, "S0f Df");
		world_close(&world);
	}
}

/* Open: nothing is sent. The reply of an operation of before changes nothing. */
static void test_open(void)
{
	world_defaults(&world);
	world.service_options[0].breaker.states = BREAKER_BIT(BREAKER_CLOSED) |
	                                          BREAKER_BIT(BREAKER_OPEN) |
	                                          BREAKER_BIT(BREAKER_HALF_OPEN);
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .tag = 1);
	while (world.states[0].breaker.state != BREAKER_OPEN) {
		SUBMIT(&world, .tag = 2);
		world_reply(&world, world.sends - 1, false);
	}
	world.text[0] = 0;
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 3), OPERATION_REJECTED_OPEN);
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 3, .fallback = true), OPERATION_REJECTED_OPEN);
	CU_ASSERT_EQUAL(world_reply(&world, 0, true), OPERATION_HEARD_SUCCESS);
	EXPECT_SAID(&world, "Ds");
	CU_ASSERT_EQUAL(world.states[0].breaker.latency_samples, 0); /* of before the opening */
	CU_ASSERT_EQUAL(world.states[0].breaker.state, BREAKER_OPEN);
	/* After its time a few may try; those who find the door shut are turned away. */
	world_pass(&world, SECOND);
	for (uint32_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 4), OPERATION_ACCEPTED);
	CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 5), OPERATION_REJECTED_OPEN);
	for (uint32_t i = world.sends - 3; i < world.sends; i++)
		world_reply(&world, i, true);
	CU_ASSERT_EQUAL(world.states[0].breaker.state, BREAKER_CLOSED);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_open_with_fallback(void)
{
	world_defaults(&world);
	world.service_options[0].breaker.states =
	        BREAKER_BIT(BREAKER_CLOSED) | BREAKER_BIT(BREAKER_OPEN);
	world.service_options[0].breaker.fallback = BREAKER_BIT(BREAKER_OPEN);
	CU_ASSERT_FATAL(world_open(&world));
	while (world.states[0].breaker.state != BREAKER_OPEN) {
		SUBMIT(&world, .tag = 2);
		world_reply(&world, world.sends - 1, false);
	}
	CU_ASSERT_EQUAL(SUBMIT(&world, .fallback = true), OPERATION_ANSWERED);
	CU_ASSERT_EQUAL(SUBMIT(&world, .fallback = false), OPERATION_REJECTED_OPEN);
	CU_ASSERT_EQUAL(STATS->verdicts[OPERATION_ANSWERED], 1);
	world_close(&world);
}

/* A probe that was never sent gives its lease back. */
static void test_probe_without_news(void)
{
	world_defaults(&world);
	world.service_options[0].breaker.states = BREAKER_BIT(BREAKER_CLOSED) |
	                                          BREAKER_BIT(BREAKER_OPEN) |
	                                          BREAKER_BIT(BREAKER_HALF_OPEN);
	CU_ASSERT_FATAL(world_open(&world));
	while (world.states[0].breaker.state != BREAKER_OPEN) {
		SUBMIT(&world, .tag = 2);
		world_reply(&world, world.sends - 1, false);
	}
	world_pass(&world, SECOND);
	for (uint32_t i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(SUBMIT(&world, .tag = 4), OPERATION_ACCEPTED);
		CU_ASSERT_EQUAL(world.states[0].breaker.state, BREAKER_HALF_OPEN);
		operation_on_unsent(&world.table,
		                    world.tokens[(world.sends - 1) % WORLD_TOKENS_MAX],
		                    world.now_ns, &world.out);
		world_read(&world);
	}
	CU_ASSERT_EQUAL(breaker_probes_out(&world.states[0].breaker), 0);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

static void test_throttle(void)
{
	world_defaults(&world);
	world.service_options[0].throttle =
	        (struct throttle_options){.enabled = true}; /* no ramp */
	world.service_options[0].breaker.fallback = BREAKER_ALL;
	CU_ASSERT_FATAL(world_open(&world));
	operation_set_mode(&world.table, &mode_policy_standard, MODE_SAFE, world.now_ns);
	uint32_t normal = 0;

	for (uint32_t i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(SUBMIT(&world, .class = WORK_CRITICAL), OPERATION_ACCEPTED);
		CU_ASSERT_EQUAL(SUBMIT(&world, .class = WORK_BACKGROUND),
		                OPERATION_REJECTED_THROTTLED);
		normal += SUBMIT(&world, .class = WORK_NORMAL) == OPERATION_ACCEPTED;
	}
	CU_ASSERT_EQUAL(normal, 5);
	CU_ASSERT_EQUAL(SUBMIT(&world, .class = WORK_BACKGROUND, .fallback = true),
	                OPERATION_ANSWERED);
	operation_set_mode(&world.table, &mode_policy_standard, MODE_NORMAL, world.now_ns);
	CU_ASSERT_EQUAL(SUBMIT(&world, .class = WORK_BACKGROUND), OPERATION_ACCEPTED);
	world_close(&world);
}

/* Attempts to a node that cannot be reached end as polls come by, others stay. */
static void test_node_unreachable(void)
{
	world_defaults(&world);
	world.service_options[0].choice = SERVICE_CHOOSE_IN_TURN;
	world.service_options[0].max_retries = 1;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 2);
	SUBMIT(&world, .parallel_attempts = 1);
	EXPECT_SAID(&world, "S0f S1p S0f");
	operation_on_node_unreachable(&world.table, 9, 0, world.now_ns);
	operation_on_node_unreachable(&world.table, 0, 9, world.now_ns);
	CU_ASSERT_NOT_EQUAL(operation_deadline_ns(&world.table), 0);
	operation_on_node_unreachable(&world.table, 0, 0, world.now_ns);
	CU_ASSERT_EQUAL(operation_deadline_ns(&world.table), 0);
	world_pass(&world, 2 * MS);
	EXPECT_SAID(&world, "C0o C0o S1r");
	CU_ASSERT_EQUAL(STATS->unreachable, 2);
	SUBMIT(&world, .parallel_attempts = 1); /* later ones are not touched */
	world_pass(&world, 2 * MS);
	EXPECT_SAID(&world, "S0f");
	world_close(&world);
}

static void test_poll_is_bounded_by_room(void)
{
	world_defaults(&world);
	CU_ASSERT_FATAL(world_open(&world));
	for (uint32_t i = 0; i < 40; i++)
		SUBMIT(&world, .deadline_ns = world.now_ns + SECOND);
	world.text[0] = 0;
	world.now_ns += 2 * SECOND;
	struct operation_outputs out = {.items = world.items,
	                                .capacity = 2 * OPERATION_OUTPUTS_PER_FACT};
	uint32_t calls = 0;
	uint32_t done = 0;

	for (bool more = true; more; calls++) {
		more = operation_poll(&world.table, world.now_ns, &out);
		CU_ASSERT(out.count <= out.capacity);
		for (uint32_t i = 0; i < out.count; i++)
			done += out.items[i].kind == OPERATION_DONE;
		out.count = 0;
	}
	CU_ASSERT_EQUAL(done, 40);
	CU_ASSERT(calls > 5);
	CU_ASSERT_TRUE(world_is_empty(&world));
	world_close(&world);
}

/* The reply of a loser that never comes is given up after a while, and tells how long it was
 * waited for. */
static void test_unheard(void)
{
	world_defaults(&world);
	world.service_options[0].choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(world_open(&world));
	SUBMIT(&world, .parallel_attempts = 2);
	world_pass(&world, 100 * MS);
	world_reply(&world, 0, true);
	EXPECT_SAID(&world, "S0f S1p C1l Ds");
	world_pass(&world, 9 * SECOND);
	CU_ASSERT_EQUAL(world.states[0].counters.unheard, 0);
	world_pass(&world, 2 * SECOND);
	CU_ASSERT_EQUAL(world.states[0].counters.unheard, 1);
	CU_ASSERT_EQUAL(world.states[0].latency.halves[0].censored, 1);
	CU_ASSERT_EQUAL(world_reply(&world, 1, true), OPERATION_HEARD_DUPLICATE);
	world_close(&world);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"one success", test_one_success},
	        {"options", test_options},
	        {"unbounded wait", test_unbounded_wait},
	        {"refusal", test_refusal},
	        {"an attempt times out", test_attempt_timeout},
	        {"an operation times out", test_operation_timeout},
	        {"bad requests", test_bad_requests},
	        {"full", test_full},
	        {"replies of others", test_replies_of_others},
	        {"a late reply", test_late_reply},
	        {"a late loser", test_late_loser},
	        {"a reply at the deadline", test_reply_at_the_deadline},
	        {"once", test_once},
	        {"unsent", test_unsent},
	        {"reported sends", test_reported_sends},
	        {"recall", test_recall},
	        {"fallback by state", test_fallback_by_state},
	        {"open", test_open},
	        {"open with fallback", test_open_with_fallback},
	        {"a probe without news", test_probe_without_news},
	        {"throttle", test_throttle},
	        {"a node cannot be reached", test_node_unreachable},
	        {"poll is bounded by room", test_poll_is_bounded_by_room},
	        {"unheard", test_unheard},
	};

	return SUITE_RUN("operation", tests);
}
