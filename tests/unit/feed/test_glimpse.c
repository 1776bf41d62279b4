/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/glimpse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define BYTES(text) (text), sizeof(text) - 1
#define SECOND      1000000000ull
#define ACCEPTED   \
	"\x00\x1f" \
	"A       DAY                   1"
#define SNAPSHOT "\x00\x16SG            12345678"

static uint8_t buffer[GLIMPSE_BUFFER_MIN];
static struct glimpse g;
static struct glimpse_options options;
static struct glimpse_message message;
static uint64_t now_ns;

static void start(void)
{
	glimpse_defaults(&options);
	memcpy(options.user, "genes", 6);
	memcpy(options.password, "secret", 7);
	now_ns = 5 * SECOND;
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), 0);
}

static void take_outgoing(void)
{
	uint32_t bytes;

	if (glimpse_outgoing(&g, &bytes) != NULL)
		glimpse_sent(&g, bytes);
}

static void connect(void)
{
	start();
	glimpse_on_connected(&g, now_ns);
	take_outgoing();
}

static void receive(const char *bytes, size_t count)
{
	uint32_t room;
	uint8_t *p = glimpse_room(&g, &room);

	CU_ASSERT_FATAL(count <= room);
	memcpy(p, bytes, count);
	glimpse_on_bytes(&g, (uint32_t)count, now_ns);
}

static void login(void)
{
	connect();
	receive(BYTES(ACCEPTED));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
	CU_ASSERT_EQUAL(g.state, GLIMPSE_RECEIVING);
}

/* Failed for that reason, with one line of text that says so, and for good. */
static void check_failed(enum glimpse_fault fault, const char *text)
{
	uint32_t bytes;

	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_FAILED);
	CU_ASSERT_EQUAL(g.fault, fault);
	CU_ASSERT_PTR_NOT_NULL(strstr(g.text, text));
	CU_ASSERT_PTR_NULL(strchr(g.text, '\n'));
	CU_ASSERT_TRUE(strlen(g.text) < GLIMPSE_TEXT_BYTES - 1);
	CU_ASSERT_PTR_NULL(strstr(g.text, "secret"));
	CU_ASSERT_PTR_NULL(glimpse_outgoing(&g, &bytes));
	CU_ASSERT_EQUAL(glimpse_deadline_ns(&g), UINT64_MAX);
	CU_ASSERT_EQUAL(g.feed_sequence, 0);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_FAILED);
}

static void test_options(void)
{
	start();
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, GLIMPSE_BUFFER_MIN - 1), -EINVAL);
	options.heartbeat_ns = options.dead_ns;
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), -EINVAL);
	options.heartbeat_ns = 0;
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), -EINVAL);
	start();
	options.login_ns = 0;
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), -EINVAL);
	start();
	options.messages_max = 0;
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), -EINVAL);
	start();
	memset(options.user, 'u', sizeof(options.user));
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), -EINVAL);
	start();
	options.session[0] = '\n';
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), -EINVAL);
}

static void test_login_goes_out_first(void)
{
	static const char golden[] = "\x00\x2fLgenes secret              "
	                             "                   1";
	uint32_t bytes;

	start();
	CU_ASSERT_PTR_NULL(glimpse_outgoing(&g, &bytes));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
	glimpse_on_connected(&g, now_ns);
	const uint8_t *out = glimpse_outgoing(&g, &bytes);

	CU_ASSERT_EQUAL_FATAL(bytes, 49);
	CU_ASSERT_EQUAL(memcmp(out, golden, 49), 0);
	/* Taken in two pieces. */
	glimpse_sent(&g, 40);
	out = glimpse_outgoing(&g, &bytes);
	CU_ASSERT_EQUAL_FATAL(bytes, 9);
	CU_ASSERT_EQUAL(memcmp(out, golden + 40, 9), 0);
	glimpse_sent(&g, 9);
	CU_ASSERT_PTR_NULL(glimpse_outgoing(&g, &bytes));
}

static void test_snapshot(void)
{
	uint32_t bytes;

	login();
	CU_ASSERT_STRING_EQUAL(g.session, "DAY");
	receive(BYTES("\x00\x03SAa\x00\x01H\x00\x04SBbb\x00\x03+hi\x00\x01S" SNAPSHOT
	              "\x00\x02Sx"));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	CU_ASSERT_EQUAL(message.number, 1);
	CU_ASSERT_EQUAL(message.bytes, 2);
	CU_ASSERT_EQUAL(memcmp(message.data, "Aa", 2), 0);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	CU_ASSERT_EQUAL(message.number, 2);
	CU_ASSERT_EQUAL(memcmp(message.data, "Bbb", 3), 0);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	CU_ASSERT_EQUAL(message.bytes, 0);
	CU_ASSERT_EQUAL(g.feed_sequence, 0);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_DONE);
	CU_ASSERT_EQUAL(g.feed_sequence, 12345678);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_DONE);
	CU_ASSERT_EQUAL(g.stats.messages, 3);
	CU_ASSERT_EQUAL(g.stats.heartbeats_received, 1);
	CU_ASSERT_EQUAL(g.stats.ignored, 1);
	/* It logs out; nothing is due any more, and a closed connection is no fault. */
	CU_ASSERT_EQUAL(memcmp(glimpse_outgoing(&g, &bytes), "\x00\x01O", 3), 0);
	CU_ASSERT_EQUAL(bytes, 3);
	CU_ASSERT_EQUAL(glimpse_deadline_ns(&g), UINT64_MAX);
	glimpse_on_closed(&g);
	glimpse_poll(&g, now_ns + 100 * SECOND);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_DONE);
}

static void test_rejected(void)
{
	connect();
	receive(BYTES("\x00\x02JA"));
	check_failed(GLIMPSE_REJECTED_LOGIN, "user 'genes' or its password");
	start();
	memcpy(options.session, "MONDAY", 7);
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), 0);
	glimpse_on_connected(&g, now_ns);
	receive(BYTES("\x00\x02JS"));
	check_failed(GLIMPSE_REJECTED_SESSION, "session 'MONDAY'");
	connect();
	receive(BYTES("\x00\x02J\n"));
	check_failed(GLIMPSE_REJECTED_OTHERWISE, "0x0a");
	connect();
	receive(BYTES("\x00\x01J"));
	check_failed(GLIMPSE_BAD_PACKET, "refusal");
	login();
	receive(BYTES("\x00\x02JA"));
	check_failed(GLIMPSE_BAD_PACKET, "refusal");
}

static void test_wrong_start(void)
{
	connect();
	receive(BYTES("\x00\x1f"
	              "A       DAY                   2"));
	check_failed(GLIMPSE_WRONG_START, "message 2");
	start();
	memcpy(options.session, "MONDAY", 7);
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), 0);
	glimpse_on_connected(&g, now_ns);
	receive(BYTES(ACCEPTED));
	check_failed(GLIMPSE_WRONG_START, "'DAY', not in 'MONDAY'");
}

static void test_bad_digits(void)
{
	connect();
	receive(BYTES("\x00\x1f"
	              "A       DAY                  1x"));
	check_failed(GLIMPSE_BAD_DIGITS, "login");
	connect();
	receive(BYTES("\x00\x1f"
	              "A       D\nY                   1"));
	check_failed(GLIMPSE_BAD_DIGITS, "login");
	login();
	receive(BYTES("\x00\x16SG                   x"));
	check_failed(GLIMPSE_BAD_DIGITS, "last message");
	login();
	receive(BYTES("\x00\x16SG                   0"));
	check_failed(GLIMPSE_BAD_DIGITS, "last message");
	login();
	receive(BYTES("\x00\x16SG99999999999999999999"));
	check_failed(GLIMPSE_BAD_DIGITS, "last message");
	login();
	receive(BYTES("\x00\x16SG                    "));
	check_failed(GLIMPSE_BAD_DIGITS, "last message");
	login();
	receive(BYTES("\x00\x16SG18446744073709551615"));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_DONE);
	CU_ASSERT_EQUAL(g.feed_sequence, UINT64_MAX);
}

static void test_bad_packets(void)
{
	connect();
	receive(BYTES("\x00\x02SA"));
	check_failed(GLIMPSE_BAD_PACKET, "before the login");
	connect();
	receive(BYTES("\x00\x1e"
	              "A       DAY                  1"));
	check_failed(GLIMPSE_BAD_PACKET, "login");
	login();
	receive(BYTES(ACCEPTED));
	check_failed(GLIMPSE_BAD_PACKET, "login");
	login();
	receive(BYTES("\x00\x00"));
	check_failed(GLIMPSE_BAD_PACKET, "without a type");
	login();
	receive(BYTES("\x00\x02H."));
	check_failed(GLIMPSE_BAD_PACKET, "heartbeat");
	login();
	receive(BYTES("\x00\x15SG           12345678"));
	check_failed(GLIMPSE_BAD_PACKET, "20 bytes, not 21");
	login();
	receive(BYTES("\x03\xff")); /* 2 + 1023 > 1024 */
	check_failed(GLIMPSE_TOO_LONG, "1024");
	login();
	receive(BYTES("\x03\xfeS")); /* just fits */
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
}

static void test_endings(void)
{
	login();
	receive(BYTES("\x00\x02SA\x00\x01Z"));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	check_failed(GLIMPSE_SESSION_ENDED, "after 1 messages");
	/* What came before the connection closed is still handed out; half a packet is not. */
	login();
	receive(BYTES("\x00\x02SA\x00\x02S"));
	glimpse_on_closed(&g);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	check_failed(GLIMPSE_CLOSED, "after 1 messages");
	login();
	receive(BYTES(SNAPSHOT));
	glimpse_on_closed(&g);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_DONE);
	start();
	glimpse_on_closed(&g);
	check_failed(GLIMPSE_CLOSED, "no connection");
}

static void test_too_many_messages(void)
{
	start();
	options.messages_max = 2;
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), 0);
	glimpse_on_connected(&g, now_ns);
	receive(BYTES(ACCEPTED "\x00\x02SA\x00\x02SA" SNAPSHOT));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_DONE);
	CU_ASSERT_EQUAL(glimpse_init(&g, &options, buffer, sizeof(buffer)), 0);
	glimpse_on_connected(&g, now_ns);
	receive(BYTES(ACCEPTED "\x00\x02SA\x00\x02SA\x00\x02SA"));
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_MESSAGE);
	check_failed(GLIMPSE_TOO_MANY, "more than 2");
}

static void test_heartbeats(void)
{
	uint32_t bytes;

	login();
	CU_ASSERT_EQUAL(glimpse_deadline_ns(&g), now_ns + SECOND);
	glimpse_poll(&g, now_ns + SECOND - 1);
	CU_ASSERT_PTR_NULL(glimpse_outgoing(&g, &bytes));
	glimpse_poll(&g, now_ns + SECOND);
	CU_ASSERT_EQUAL(memcmp(glimpse_outgoing(&g, &bytes), "\x00\x01R", 3), 0);
	CU_ASSERT_EQUAL(bytes, 3);
	CU_ASSERT_EQUAL(glimpse_deadline_ns(&g), now_ns + 2 * SECOND);
	/* A connection that takes nothing is not heaped up. */
	for (uint32_t i = 0; i < 1000; i++) {
		now_ns += SECOND;
		receive(BYTES("\x00\x01H"));
		glimpse_poll(&g, now_ns + SECOND);
		CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
	}
	glimpse_outgoing(&g, &bytes);
	CU_ASSERT_TRUE(bytes <= sizeof(g.out));
	CU_ASSERT_EQUAL(g.stats.heartbeats_sent, bytes / 3);
	CU_ASSERT_EQUAL(g.stats.heartbeats_received, 1000);
}

static void test_dead_link(void)
{
	login();
	glimpse_poll(&g, now_ns + 15 * SECOND - 1);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
	CU_ASSERT_EQUAL(glimpse_deadline_ns(&g), now_ns + 15 * SECOND);
	glimpse_poll(&g, now_ns + 15 * SECOND);
	check_failed(GLIMPSE_DEAD, "15000 ms");
	/* Any byte is life, even half a packet. */
	login();
	now_ns += 14 * SECOND;
	receive(BYTES("\x00"));
	glimpse_poll(&g, now_ns + 14 * SECOND);
	CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
	/* A read of nothing is not. */
	glimpse_on_bytes(&g, 0, now_ns + 14 * SECOND);
	glimpse_poll(&g, now_ns + 15 * SECOND);
	check_failed(GLIMPSE_DEAD, "15000 ms");
}

static void test_login_without_an_answer(void)
{
	connect();
	for (uint32_t i = 0; i < 29; i++) {
		now_ns += SECOND;
		receive(BYTES("\x00\x01H"));
		glimpse_poll(&g, now_ns);
		CU_ASSERT_EQUAL(glimpse_next(&g, &message), GLIMPSE_WAIT);
		take_outgoing();
	}
	CU_ASSERT_EQUAL(glimpse_deadline_ns(&g), now_ns + SECOND);
	glimpse_poll(&g, now_ns + SECOND);
	check_failed(GLIMPSE_NO_LOGIN, "30000 ms");
}

/* However the stream is cut: the same messages, the same end. */
static void test_any_cut(void)
{
	static uint8_t stream[20000];

	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct prng p;
		uint32_t bytes = sizeof(ACCEPTED) - 1;
		uint32_t count;
		uint32_t seen = 0;
		bool good = true;

		prng_init(&p, seed);
		count = (uint32_t)prng_below(&p, 200);
		memcpy(stream, ACCEPTED, bytes);
		for (uint32_t i = 0; i < count; i++) {
			uint8_t text[64];
			uint32_t length = 4 + (uint32_t)prng_below(&p, 60);

			memset(text, 'A', sizeof(text));
			memcpy(text, &i, sizeof(i));
			text[0] = (uint8_t)(i & 63); /* never 'G' */
			text[3] = (uint8_t)(i >> 6);
			bytes += soup_build(stream + bytes, (uint32_t)sizeof(stream) - bytes,
			                    SOUP_SEQUENCED, text, length);
			if (prng_below(&p, 8) == 0)
				bytes += soup_build_empty(stream + bytes, SOUP_SERVER_HEARTBEAT);
		}
		memcpy(stream + bytes, SNAPSHOT, sizeof(SNAPSHOT) - 1);
		bytes += sizeof(SNAPSHOT) - 1;
		connect();
		enum glimpse_step step = GLIMPSE_WAIT;

		for (uint32_t at = 0; at < bytes && good;) {
			uint32_t room;
			uint8_t *to = glimpse_room(&g, &room);
			uint32_t piece = 1 + (uint32_t)prng_below(&p, prng_below(&p, 2) ? 4 : 800);

			CU_ASSERT_FATAL(room > 0);
			piece = piece < room ? piece : room;
			piece = piece < bytes - at ? piece : bytes - at;
			memcpy(to, stream + at, piece);
			at += piece;
			glimpse_on_bytes(&g, piece, now_ns);
			while ((step = glimpse_next(&g, &message)) == GLIMPSE_MESSAGE) {
				good = good && message.number == seen + 1 &&
				       message.data[0] == (seen & 63) &&
				       message.data[3] == seen >> 6;
				seen++;
			}
			good = good && step == (at < bytes ? GLIMPSE_WAIT : GLIMPSE_DONE);
		}
		good = good && seen == count && g.feed_sequence == 12345678;
		if (!good)
			printf("seed %llu\n", (unsigned long long)seed);
		CU_ASSERT_TRUE(good);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"options", test_options},
	        {"login goes out first", test_login_goes_out_first},
	        {"snapshot", test_snapshot},
	        {"rejected", test_rejected},
	        {"wrong start", test_wrong_start},
	        {"bad digits", test_bad_digits},
	        {"bad packets", test_bad_packets},
	        {"endings", test_endings},
	        {"too many messages", test_too_many_messages},
	        {"heartbeats", test_heartbeats},
	        {"dead link", test_dead_link},
	        {"login without an answer", test_login_without_an_answer},
	        {"any cut", test_any_cut},
	};

	return SUITE_RUN("feed_glimpse", tests);
}
