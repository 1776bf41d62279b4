/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A call's way: into a frame, back by a datagram, and every way in which it does not come about.
 */
#include "dataplane/request/requester.h"

#include <errno.h>

#include "tests/unit/request/requester_world.h"

static struct requester_world w;

static void open_world(void)
{
	requester_world_defaults(&w);
	CU_ASSERT_FATAL(requester_world_open(&w));
}

static void test_one_success(void)
{
	struct requester_call c = requester_world_call(1, "a/b");
	struct sent s;
	uint8_t bytes[64];

	open_world();
	CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_ACCEPTED);
	CU_ASSERT_EQUAL(w.done[0].outcome, REQUESTER_UNDER_WAY);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(frame_ring_count(&w.ring), 0);
	CU_ASSERT_EQUAL(s.service, 1);
	CU_ASSERT_EQUAL(s.node, 0);
	CU_ASSERT_EQUAL(s.mac, WORLD_NODE_MAC);
	CU_ASSERT_TRUE(s.source_port == WORLD_SOURCE + 10 || s.source_port == WORLD_SOURCE + 11);
	CU_ASSERT_EQUAL(s.path_bytes, 3);
	CU_ASSERT_EQUAL(memcmp(s.path, "a/b", 3), 0);
	w.now_ns += 3 * MS;
	struct datagram d = requester_world_answer(&s, 'Y', bytes);

	CU_ASSERT_EQUAL_FATAL(requester_world_hear(&w, &d), 1);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_SUCCESS);
	CU_ASSERT_EQUAL(w.done[0].tag, requester_tag(REQUESTER_COMPONENT, 42));
	CU_ASSERT_EQUAL(requester_asker(w.done[0].tag), REQUESTER_COMPONENT);
	CU_ASSERT_EQUAL(w.done[0].latency_ns, 3 * MS);
	CU_ASSERT_EQUAL(w.done[0].node, 0);
	CU_ASSERT_EQUAL(w.done[0].code, 'Y');
	CU_ASSERT_PTR_EQUAL(w.done[0].payload, bytes + 9);
	CU_ASSERT_EQUAL(w.done[0].payload_bytes, 4);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 1)->under_way, 0);
	CU_ASSERT_EQUAL(w.requester.stats.operations, 0);
	CU_ASSERT_EQUAL(w.requester.stats.sent, 1);
	/* The same once more is nothing. */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	CU_ASSERT_EQUAL(w.requester.stats.unexpected, 1);
	requester_world_close(&w);
}

/* Everything that looks almost like the reply. None of it completes; the reply then does. */
static void test_bad_replies(void)
{
	struct requester_call c = requester_world_call(0, "x");
	struct sent s;
	uint8_t bytes[64];

	open_world();
	requester_world_submit(&w, &c);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	const struct datagram good = requester_world_answer(&s, 'Y', bytes);
	struct datagram d = good;

	d.source_address = WORLD_NODE(WORLD_NODES); /* a stranger */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	d = good;
	d.source_port++; /* another program there */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	d = good;
	d.destination_address++; /* not to us */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	d = good;
	d.destination_port = WORLD_SOURCE + 5; /* to no source port */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	d = good;
	d.vlan_count = 1; /* in a VLAN that is not the port's */
	d.vlan[0] = 8;
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	CU_ASSERT_EQUAL(requester_on_datagram(&w.requester, &good, 1, w.now_ns, w.done), 0);
	CU_ASSERT_EQUAL(w.requester.stats.foreign, 6);
	d = good;
	d.source_address = WORLD_NODE(1); /* another node than was asked */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	d = good;
	d.destination_port ^= 1; /* to the service's other source port */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	CU_ASSERT_EQUAL(w.requester.stats.unexpected, 2);
	d = good;
	d.payload_bytes = 8; /* cut */
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	d.payload_bytes = 0;
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 0);
	CU_ASSERT_EQUAL(w.requester.stats.malformed, 2);
	CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'P'), 0);
	CU_ASSERT_EQUAL(w.requester.stats.progress, 1);
	CU_ASSERT_EQUAL(w.requester.services[0].stats.bad_replies, 9);
	CU_ASSERT_EQUAL(w.requester.stats.operations, 1);
	requester_world_answer(&s, 'Y', bytes);
	d = good;
	d.vlan_count = 1;
	d.vlan[0] = 7;
	CU_ASSERT_EQUAL(requester_world_hear(&w, &d), 1);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_SUCCESS);
	CU_ASSERT_EQUAL(w.requester.stats.datagrams, 12);
	requester_world_close(&w);
}

/* No, reset and unusable are the node's failure: the operation goes on, or ends with them. */
static void test_refusals(void)
{
	struct requester_call c = requester_world_call(0, "x");
	static const char kinds[] = "NRU";
	struct sent s;

	requester_world_defaults(&w);
	w.resilience[0].max_retries = 2;
	w.resilience[0].choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(requester_world_open(&w));
	requester_world_submit(&w, &c);
	for (uint32_t i = 0; i < 3; i++) {
		CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
		CU_ASSERT_EQUAL(s.node, i);
		CU_ASSERT_EQUAL(requester_world_reply(&w, &s, kinds[i]), i == 2);
		CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'Y'), 0);
	}
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_FAILURE);
	CU_ASSERT_EQUAL(w.done[0].code, 'U');
	CU_ASSERT_EQUAL(w.done[0].node, 2);
	CU_ASSERT_EQUAL(w.requester.stats.replies, 1);
	CU_ASSERT_EQUAL(w.requester.stats.refused, 1);
	CU_ASSERT_EQUAL(w.requester.stats.unusable, 1);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	requester_world_close(&w);
}

static void test_timeout_and_recall(void)
{
	struct requester_call c = requester_world_call(0, "x");
	struct sent s;

	open_world();
	c.deadline_ns = w.now_ns + 5 * MS;
	requester_world_submit(&w, &c);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(requester_world_poll(&w), 0);
	w.now_ns += 7 * MS;
	CU_ASSERT_EQUAL_FATAL(requester_world_poll(&w), 1);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_TIMEOUT);
	CU_ASSERT_PTR_NULL(w.done[0].payload);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	c.deadline_ns = UINT64_MAX;
	requester_world_submit(&w, &c);
	uint64_t operation = w.done[0].operation;

	CU_ASSERT_TRUE(requester_recall(&w.requester, operation, w.now_ns, w.done));
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_ABANDONED);
	CU_ASSERT_FALSE(requester_recall(&w.requester, operation, w.now_ns, w.done));
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	requester_world_close(&w);
}

static void test_refused_calls(void)
{
	struct requester_call c = requester_world_call(WORLD_SERVICES, "x");

	open_world();
	CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_REJECTED_INVALID);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_REJECTED);
	CU_ASSERT_EQUAL(w.done[0].tag, c.tag);
	c = requester_world_call(0, "x");
	c.request.method = SERVICE_METHODS;
	CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_REJECTED_INVALID);
	c = requester_world_call(0, "x");
	c.deadline_ns = w.now_ns;
	CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_REJECTED_EXPIRED);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_TIMEOUT);
	c.deadline_ns = UINT64_MAX;
	for (uint32_t i = 0; i < 64; i++)
		CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_ACCEPTED);
	CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_REJECTED_FULL);
	CU_ASSERT_EQUAL(w.requester.services[0].stats.refused, 3);
	requester_world_close(&w);
}

/* What cannot be sent is nobody's failure; what can never be said ends at once. */
static void test_unsent(void)
{
	struct requester_call c = requester_world_call(0, "x");
	static char path[WORLD_PATH_MAX + 2];
	struct sent s;

	open_world();
	requester_world_codec(&w, 0)->no_ids = true;
	CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_ACCEPTED);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_FAILURE);
	CU_ASSERT_EQUAL(w.requester.stats.unsent_id, 1);
	requester_world_codec(&w, 0)->no_ids = false;
	for (uint32_t i = 0; i < w.neighbours.count; i++)
		neighbours_set(&w.neighbours, i, NEIGHBOUR_UNKNOWN, 0);
	requester_world_submit(&w, &c);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_FAILURE);
	CU_ASSERT_EQUAL(w.requester.stats.unsent_mac, 1);
	CU_ASSERT_TRUE(neighbours_take_wanted(&w.neighbours, 0));
	CU_ASSERT_FALSE(neighbours_take_wanted(&w.neighbours, 0));
	CU_ASSERT_FALSE(neighbours_take_wanted(&w.neighbours, 1));
	requester_world_know(&w);
	const struct requester_port none = {0};
	struct requester_port port = w.requester.ports[0];

	requester_set_port(&w.requester, 0, &none);
	requester_world_submit(&w, &c);
	CU_ASSERT_EQUAL(w.requester.stats.unsent_port, 1);
	requester_set_port(&w.requester, 0, &port);
	while (frame_ring_push(&w.ring, (const uint8_t *)path, 1)) {
	}
	requester_world_submit(&w, &c);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_FAILURE);
	CU_ASSERT_EQUAL(w.requester.stats.unsent_room, 1);
	frame_ring_release(&w.ring, WORLD_SLOTS);
	CU_ASSERT_EQUAL(w.requester.operations.stats.unsent, 4);
	CU_ASSERT_EQUAL(requester_machine(&w.requester, 0)->state->health.nodes[0].pending, 0);
	c = requester_world_call(0, "!");
	requester_world_submit(&w, &c);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_ABANDONED);
	memset(path, 'p', sizeof(path) - 1);
	c = requester_world_call(0, path);
	requester_world_submit(&w, &c);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_ABANDONED);
	CU_ASSERT_EQUAL(w.requester.stats.too_long, 1);
	CU_ASSERT_EQUAL(w.requester.stats.unspeakable, 1);
	CU_ASSERT_EQUAL(w.requester.stats.sent, 0);
	CU_ASSERT_FALSE(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	requester_world_close(&w);
}

/* A station that does not answer ARP: its nodes fail, other nodes are asked. */
static void test_silent_station(void)
{
	struct requester_call c = requester_world_call(0, "x");
	struct requester_call post = requester_world_call(0, "y");
	struct sent s;

	requester_world_defaults(&w);
	w.resilience[0].max_retries = 1;
	w.resilience[0].choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(requester_world_open(&w));
	neighbours_set(&w.neighbours, 0, NEIGHBOUR_SILENT, 0);
	requester_world_submit(&w, &c);
	CU_ASSERT_EQUAL(w.done[0].outcome, REQUESTER_UNDER_WAY);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(s.node, 1);
	CU_ASSERT_EQUAL(w.requester.stats.unreachable, 1);
	CU_ASSERT_EQUAL(w.requester.operations.stats.unreachable, 1);
	CU_ASSERT_TRUE(neighbours_take_wanted(&w.neighbours, 0));
	CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'Y'), 1);
	/* What may be sent once only was not sent at all, and is told so. */
	post.request.method = SERVICE_POST;
	requester_world_submit(&w, &post);
	CU_ASSERT_NOT_EQUAL(w.done[0].outcome, OPERATION_UNKNOWN);
	CU_ASSERT_EQUAL(w.requester.stats.unreachable, 2);
	requester_world_close(&w);
}

/* An older write is not sent again after a newer one; the newer one is. */
static void test_superseded(void)
{
	struct requester_call older = requester_world_call(0, "p");
	struct requester_call newer = requester_world_call(0, "p");
	struct sent s;
	struct sent t;

	requester_world_defaults(&w);
	w.resilience[0].max_retries = 3;
	w.services[0].reorder_safe = true;
	CU_ASSERT_FATAL(requester_world_open(&w));
	older.request.method = newer.request.method = SERVICE_PUT;
	newer.tag++;
	requester_world_submit(&w, &older);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'N'), 0); /* again */
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	requester_world_submit(&w, &newer);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &t));
	CU_ASSERT_EQUAL_FATAL(requester_world_reply(&w, &s, 'N'), 1);
	CU_ASSERT_EQUAL(w.done[0].tag, older.tag);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_ABANDONED);
	CU_ASSERT_EQUAL(w.requester.stats.superseded, 1);
	CU_ASSERT_FALSE(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(requester_world_reply(&w, &t, 'N'), 0);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &t));
	CU_ASSERT_EQUAL(requester_world_reply(&w, &t, 'Y'), 1);
	CU_ASSERT_EQUAL(w.done[0].tag, newer.tag);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	requester_world_close(&w);
}

/* A write that may not be repeated and is not answered: nobody knows. */
static void test_write_unknown(void)
{
	struct requester_call c = requester_world_call(0, "p");
	struct sent s;

	requester_world_defaults(&w);
	w.resilience[0].max_retries = 3;
	CU_ASSERT_FATAL(requester_world_open(&w));
	c.request.method = SERVICE_PUT;
	c.deadline_ns = w.now_ns + 5 * MS;
	requester_world_submit(&w, &c);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	w.now_ns += 10 * MS;
	CU_ASSERT_EQUAL_FATAL(requester_world_poll(&w), 1);
	CU_ASSERT_EQUAL(w.done[0].outcome, OPERATION_UNKNOWN);
	/* This one says by itself that it bears a late copy. */
	c.reorder_safe = true;
	c.deadline_ns = UINT64_MAX;
	requester_world_submit(&w, &c);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'N'), 0);
	CU_ASSERT_TRUE(requester_world_take(&w, &s));
	requester_world_close(&w);
}

static void test_receipt(void)
{
	struct requester_call c = requester_world_call(0, "x");
	struct sent s;
	struct sent receipt;

	open_world();
	requester_world_submit(&w, &c);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'C'), 1);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &receipt));
	CU_ASSERT_EQUAL(receipt.path_bytes, 2);
	CU_ASSERT_EQUAL(memcmp(receipt.path, "OK", 2), 0);
	CU_ASSERT_EQUAL(receipt.source_port, s.source_port);
	CU_ASSERT_EQUAL(receipt.node, s.node);
	CU_ASSERT_EQUAL(w.requester.stats.receipts, 1);
	CU_ASSERT_EQUAL(w.requester.stats.sent, 1);
	requester_world_close(&w);
}

/* Two at once: the loser is forgotten. A poll that has room for fewer than have ended goes on. */
static void test_parallel_and_poll_room(void)
{
	struct requester_call c = requester_world_call(0, "x");
	struct sent s;
	struct sent t;
	uint32_t ended = 0;

	requester_world_defaults(&w);
	w.resilience[0].parallel_max = 3;
	w.resilience[0].choice = SERVICE_CHOOSE_IN_TURN;
	CU_ASSERT_FATAL(requester_world_open(&w));
	c.parallel_attempts = 2;
	requester_world_submit(&w, &c);
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &s));
	CU_ASSERT_TRUE_FATAL(requester_world_take(&w, &t));
	CU_ASSERT_NOT_EQUAL(s.node, t.node);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 2);
	CU_ASSERT_EQUAL(requester_world_reply(&w, &t, 'Y'), 1);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	CU_ASSERT_EQUAL(requester_world_reply(&w, &s, 'Y'), 0);
	c.parallel_attempts = 1;
	c.deadline_ns = w.now_ns + MS;
	for (uint32_t i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(requester_world_submit(&w, &c), OPERATION_ACCEPTED);
	w.now_ns += 5 * MS;
	for (uint32_t i = 0; i < 50; i++) {
		uint32_t n = requester_poll(&w.requester, w.now_ns, w.done, 9);

		CU_ASSERT_TRUE_FATAL(n <= 9);
		ended += n;
	}
	CU_ASSERT_EQUAL(ended, 50);
	CU_ASSERT_EQUAL(requester_world_codec(&w, 0)->under_way, 0);
	requester_world_close(&w);
}

static void test_options(void)
{
	const char *why = NULL;

	requester_world_defaults(&w);
	w.options.service_count = 0;
	CU_ASSERT_EQUAL(requester_bytes(&w.options), 0);
	requester_world_defaults(&w);
	w.options.attempts_max = w.options.operations_max - 1;
	CU_ASSERT_EQUAL(requester_bytes(&w.options), 0);
	requester_world_defaults(&w);
	w.services[0].source_port = 65535; /* and a second one there is not */
	CU_ASSERT_EQUAL(requester_bytes(&w.options), 0);
	requester_world_defaults(&w);
	w.services[1].source_port = WORLD_SOURCE + 1; /* the other's */
	uint64_t bytes = requester_bytes(&w.options);

	CU_ASSERT_NOT_EQUAL_FATAL(bytes, 0);
	w.memory = aligned_alloc(REQUESTER_ALIGN, bytes);
	CU_ASSERT_EQUAL(requester_init(&w.requester, w.memory, &w.options, 1, &why), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(why);
	requester_world_close(&w);
}

static const struct suite_test tests[] = {
        {"one success", test_one_success},
        {"bad replies complete nothing", test_bad_replies},
        {"refusals", test_refusals},
        {"timeout, recall", test_timeout_and_recall},
        {"calls that are not let in", test_refused_calls},
        {"what cannot be sent", test_unsent},
        {"a station that is silent", test_silent_station},
        {"an older write is not sent again", test_superseded},
        {"a write of which nobody knows", test_write_unknown},
        {"receipts", test_receipt},
        {"two at once; polls with little room", test_parallel_and_poll_room},
        {"options", test_options},
};

int main(void)
{
	return SUITE_RUN("requester", tests);
}
