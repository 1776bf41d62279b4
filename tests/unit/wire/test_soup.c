/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/wire/soup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resilience/prng.h"
#include "tests/unit/suite.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static uint8_t buffer[SOUP_PACKET_MAX];
static struct soup_reader reader;
static struct soup_packet packet;
static struct prng dice;

static uint32_t below(uint32_t bound)
{
	return (uint32_t)prng_below(&dice, bound);
}

static void start(uint32_t capacity)
{
	soup_reader_init(&reader, buffer, capacity);
}

static bool is_packet(uint8_t type, const char *payload)
{
	return soup_reader_next(&reader, &packet) == SOUP_PACKET && packet.type == type &&
	       packet.payload_bytes == strlen(payload) &&
	       memcmp(packet.payload, payload, packet.payload_bytes) == 0;
}

static void test_logins(void)
{
	static const char golden[] = "\x00\x2fLuser  secret    "
	                             "       DAY"
	                             "                   1";
	const struct soup_login l = {
	        .user = "user", .password = "secret", .session = "DAY", .sequence = 1};
	struct soup_login back;
	uint8_t out[SOUP_LOGIN_BYTES];

	CU_ASSERT_EQUAL(SOUP_LOGIN_BYTES, 49);
	CU_ASSERT_EQUAL(sizeof(golden) - 1, 49);
	CU_ASSERT_EQUAL(soup_build_login(out, &l), 49);
	CU_ASSERT_EQUAL(memcmp(out, golden, 49), 0);
	start(64);
	CU_ASSERT_EQUAL(soup_reader_take(&reader, out, 49), 49);
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_PACKET);
	CU_ASSERT_TRUE(soup_parse_login(&packet, &back));
	CU_ASSERT_STRING_EQUAL(back.user, "user");
	CU_ASSERT_STRING_EQUAL(back.password, "secret");
	CU_ASSERT_STRING_EQUAL(back.session, "DAY");
	CU_ASSERT_EQUAL(back.sequence, 1);
	packet.payload_bytes--;
	CU_ASSERT_FALSE(soup_parse_login(&packet, &back));
	packet.payload_bytes++;
	packet.type = 'A';
	CU_ASSERT_FALSE(soup_parse_login(&packet, &back));
}

static void test_login_of_full_width(void)
{
	const struct soup_login l = {.user = "sixsix",
	                             .password = "tententent",
	                             .session = "0123456789",
	                             .sequence = UINT64_MAX};
	struct soup_login back;
	uint8_t out[SOUP_LOGIN_BYTES];

	soup_build_login(out, &l);
	packet = (struct soup_packet){
	        .payload = out + 3, .payload_bytes = SOUP_LOGIN_PAYLOAD, .type = 'L'};
	CU_ASSERT_TRUE(soup_parse_login(&packet, &back));
	CU_ASSERT_STRING_EQUAL(back.user, l.user);
	CU_ASSERT_STRING_EQUAL(back.password, l.password);
	CU_ASSERT_STRING_EQUAL(back.session, l.session);
	CU_ASSERT_EQUAL(back.sequence, l.sequence);
	out[3] = 0x07; /* no text */
	CU_ASSERT_FALSE(soup_parse_login(&packet, &back));
}

static void test_answers_to_logins(void)
{
	static const char accepted[] = "\x00\x1f"
	                               "A   SESSION"
	                               "                  42";
	struct soup_accepted a = {.session = "SESSION", .sequence = 42};
	uint8_t out[SOUP_ACCEPTED_BYTES];
	uint8_t reason = 0;

	CU_ASSERT_EQUAL(soup_build_accepted(out, &a), 33);
	CU_ASSERT_EQUAL(memcmp(out, accepted, 33), 0);
	packet = (struct soup_packet){.payload = out + 3, .payload_bytes = 30, .type = 'A'};
	memset(&a, 0, sizeof(a));
	CU_ASSERT_TRUE(soup_parse_accepted(&packet, &a));
	CU_ASSERT_STRING_EQUAL(a.session, "SESSION");
	CU_ASSERT_EQUAL(a.sequence, 42);
	packet.payload_bytes = 29;
	CU_ASSERT_FALSE(soup_parse_accepted(&packet, &a));
	packet.payload_bytes = 30;
	out[32] = 'x';
	CU_ASSERT_FALSE(soup_parse_accepted(&packet, &a));

	CU_ASSERT_EQUAL(soup_build_rejected(out, SOUP_NO_SESSION), 4);
	CU_ASSERT_EQUAL(memcmp(out, "\x00\x02JS", 4), 0);
	packet = (struct soup_packet){.payload = out + 3, .payload_bytes = 1, .type = 'J'};
	CU_ASSERT_TRUE(soup_parse_rejected(&packet, &reason));
	CU_ASSERT_EQUAL(reason, 'S');
	packet.payload_bytes = 0;
	CU_ASSERT_FALSE(soup_parse_rejected(&packet, &reason));
}

static void test_empty_packets(void)
{
	uint8_t out[3];

	CU_ASSERT_EQUAL(soup_build_empty(out, SOUP_SERVER_HEARTBEAT), 3);
	CU_ASSERT_EQUAL(memcmp(out, "\x00\x01H", 3), 0);
	soup_build_empty(out, SOUP_CLIENT_HEARTBEAT);
	CU_ASSERT_EQUAL(memcmp(out, "\x00\x01R", 3), 0);
	soup_build_empty(out, SOUP_END_OF_SESSION);
	CU_ASSERT_EQUAL(memcmp(out, "\x00\x01Z", 3), 0);
	soup_build_empty(out, SOUP_LOGOUT_REQUEST);
	CU_ASSERT_EQUAL(memcmp(out, "\x00\x01O", 3), 0);
}

static void test_numbers(void)
{
	static const struct {
		const char *text; /* 20 characters */
		uint64_t value;
	} good[] = {{"                   0", 0},
	            {"                   1", 1},
	            {"00000000000000000007", 7},
	            {"18446744073709551615", UINT64_MAX}};
	static const char *const bad[] = {"                    ", "18446744073709551616",
	                                  "99999999999999999999", "1                   ",
	                                  "        1 2         ", "                  -1",
	                                  "                  0x", "         +1         "};
	uint64_t value;
	uint8_t out[20];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_TRUE(soup_parse_number((const uint8_t *)good[i].text, 20, &value));
		CU_ASSERT_EQUAL(value, good[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		value = 77;
		CU_ASSERT_FALSE(soup_parse_number((const uint8_t *)bad[i], 20, &value));
		CU_ASSERT_EQUAL(value, 77);
	}
	soup_put_number(out, 0);
	CU_ASSERT_EQUAL(memcmp(out, good[0].text, 20), 0);
	soup_put_number(out, UINT64_MAX);
	CU_ASSERT_EQUAL(memcmp(out, good[3].text, 20), 0);
}

static void test_partial_and_multiple_packets(void)
{
	static const char stream[] = "\x00\x01H\x00\x06Shello\x00\x01S\x00\x02Z?";

	/* One byte at a time. */
	start(16);
	for (uint32_t i = 0; i < sizeof(stream) - 1; i++) {
		bool ends = i == 2 || i == 10 || i == 13 || i == 17;

		CU_ASSERT_EQUAL(soup_reader_take(&reader, (const uint8_t *)stream + i, 1), 1);
		CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), ends ? SOUP_PACKET : SOUP_MORE);
	}
	/* All at once. */
	start(32);
	CU_ASSERT_EQUAL(soup_reader_take(&reader, BYTES(stream)), sizeof(stream) - 1);
	CU_ASSERT_TRUE(is_packet('H', ""));
	CU_ASSERT_TRUE(is_packet('S', "hello"));
	CU_ASSERT_TRUE(is_packet('S', ""));
	CU_ASSERT_TRUE(is_packet('Z', "?"));
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_MORE);
}

static void test_bounded_buffer(void)
{
	static uint8_t stream[64];
	uint32_t room;

	start(8);
	stream[1] = 6; /* the longest that fits: 2 + 6 */
	stream[2] = 'S';
	CU_ASSERT_EQUAL(soup_reader_take(&reader, stream, 64), 8);
	CU_ASSERT_EQUAL(soup_reader_take(&reader, stream, 64), 0);
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_PACKET);
	CU_ASSERT_EQUAL(packet.payload_bytes, 5);
	CU_ASSERT_PTR_EQUAL(soup_reader_room(&reader, &room), buffer);
	CU_ASSERT_EQUAL(room, 8);
	stream[1] = 7;
	CU_ASSERT_EQUAL(soup_reader_take(&reader, stream, 2), 2);
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_TOO_LONG);
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_TOO_LONG);
	start(8);
	CU_ASSERT_EQUAL(soup_reader_take(&reader, BYTES("\x00\x00S")), 3);
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_EMPTY);
}

static void test_longest_packet(void)
{
	static uint8_t payload[SOUP_PAYLOAD_MAX + 1];
	static uint8_t out[SOUP_PACKET_MAX + 1];

	memset(payload, 'p', sizeof(payload));
	CU_ASSERT_EQUAL(soup_build(out, sizeof(out), SOUP_SEQUENCED, payload, SOUP_PAYLOAD_MAX),
	                SOUP_PACKET_MAX);
	CU_ASSERT_EQUAL(soup_build(out, sizeof(out), SOUP_SEQUENCED, payload, SOUP_PAYLOAD_MAX + 1),
	                0);
	CU_ASSERT_EQUAL(soup_build(out, 7, SOUP_SEQUENCED, payload, 5), 0);
	CU_ASSERT_EQUAL(soup_build(out, 3, SOUP_DEBUG, NULL, 0), 3);
	soup_build(out, sizeof(out), SOUP_SEQUENCED, payload, SOUP_PAYLOAD_MAX);
	start(SOUP_PACKET_MAX);
	CU_ASSERT_EQUAL(soup_reader_take(&reader, out, SOUP_PACKET_MAX), SOUP_PACKET_MAX);
	CU_ASSERT_EQUAL(soup_reader_next(&reader, &packet), SOUP_PACKET);
	CU_ASSERT_EQUAL(packet.payload_bytes, SOUP_PAYLOAD_MAX);
}

/* However the stream is cut, the same packets come out. */
static void test_any_cut(void)
{
	static uint8_t stream[20000];
	static uint8_t payload[200];

	for (uint64_t seed = 1; seed <= 300; seed++) {
		uint32_t bytes = 0;
		uint32_t count = 0;
		uint32_t lengths[100];
		bool good = true;

		prng_init(&dice, seed);
		while (count < 100) {
			lengths[count] = below(below(2) ? 8 : 200);
			memset(payload, (int)count, lengths[count]);
			bytes += soup_build(stream + bytes, (uint32_t)sizeof(stream) - bytes,
			                    SOUP_SEQUENCED, payload, lengths[count]);
			count++;
		}
		start(203);
		uint32_t seen = 0;

		for (uint32_t at = 0; good && at < bytes;) {
			uint32_t piece = 1 + below(below(2) ? 3 : 400);

			piece = piece < bytes - at ? piece : bytes - at;
			at += soup_reader_take(&reader, stream + at, piece);
			while (good && soup_reader_next(&reader, &packet) == SOUP_PACKET) {
				good = packet.type == 'S' && packet.payload_bytes == lengths[seen];
				for (uint32_t i = 0; good && i < packet.payload_bytes; i++)
					good = packet.payload[i] == seen;
				seen++;
			}
		}
		if (!good || seen != count)
			printf("seed %llu\n", (unsigned long long)seed);
		CU_ASSERT_TRUE(good);
		CU_ASSERT_EQUAL(seen, count);
	}
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"logins", test_logins},
	        {"login of full width", test_login_of_full_width},
	        {"answers to logins", test_answers_to_logins},
	        {"empty packets", test_empty_packets},
	        {"numbers", test_numbers},
	        {"partial and multiple packets", test_partial_and_multiple_packets},
	        {"bounded buffer", test_bounded_buffer},
	        {"longest packet", test_longest_packet},
	        {"any cut", test_any_cut},
	};

	return SUITE_RUN("wire_soup", tests);
}
