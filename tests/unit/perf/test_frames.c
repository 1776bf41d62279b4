/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The frames in memory are the day, cut as asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day.h"
#include "perf/frames.h"
#include "perf/measure.h"
#include "tests/unit/suite.h"

#define MESSAGES 20000u
#define SYMBOLS  50u

static struct frames make(const char *protocol, uint32_t packet_messages)
{
	struct frames_options o = {.protocol = protocol,
	                           .seed = 7,
	                           .messages = MESSAGES,
	                           .symbols = SYMBOLS,
	                           .packet_messages = packet_messages};
	char error[FRAMES_ERROR_BYTES];
	struct frames f;

	CU_ASSERT_EQUAL_FATAL(frames_make(&f, &o, error), 0);
	return f;
}

/* The messages of all packets, in order; every packet's first sequence is what came before, plus
 * one. */
static uint64_t messages_hash(const struct frames *f, uint64_t *messages)
{
	struct feed_packet p;
	uint64_t hash = 0;

	*messages = 0;
	for (uint64_t i = 0; i < f->count; i++) {
		if (!frames_packet(f, i, &p)) {
			CU_ASSERT_EQUAL(f->spans[i].messages, 0);
			continue;
		}
		CU_ASSERT_EQUAL(p.first_sequence, *messages + 1);
		CU_ASSERT_EQUAL(p.block_count, f->spans[i].messages);
		for (const uint8_t *b = p.blocks; b < p.blocks + p.block_bytes;) {
			uint32_t bytes = protocol_block_length(f->protocol, b);

			hash = measure_hash_bytes(hash, b + 2, bytes);
			b += 2 + bytes;
		}
		*messages += p.block_count;
	}
	return hash;
}

static void test_frames_carry_the_day(void)
{
	struct day_options o = {
	        .seed = 7, .messages = MESSAGES, .symbols = SYMBOLS, .no_referee = true};
	uint8_t message[DAY_MESSAGE_BYTES_MAX];
	uint64_t hash = 0, time_ns, messages;
	struct day *d;
	uint32_t bytes;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &o), 0);
	while ((bytes = day_next(d, message, &time_ns)) != 0)
		hash = measure_hash_bytes(hash, message, bytes);
	day_destroy(d);
	for (uint32_t per_packet = 0; per_packet <= 35; per_packet += 5) {
		struct frames f = make("itch50", per_packet);

		CU_ASSERT_EQUAL(messages_hash(&f, &messages), hash);
		CU_ASSERT_EQUAL(messages, MESSAGES);
		CU_ASSERT_EQUAL(f.messages, MESSAGES);
		frames_free(&f);
	}
}

static void test_packets_are_cut_as_asked_for(void)
{
	struct frames f = make("itch50", 10);

	for (uint64_t i = 0, seen = 0; i < f.count; i++) {
		seen += f.spans[i].messages;
		if (f.spans[i].messages > 0 && seen < MESSAGES)
			CU_ASSERT_EQUAL(f.spans[i].messages, 10);
	}
	frames_free(&f);
	f = make("itch50", 1);
	/* One message per packet, and the heartbeat before them. */
	CU_ASSERT_EQUAL(f.count, MESSAGES + 1);
	frames_free(&f);
}

static void test_all_protocols_have_days(void)
{
	static const char *const protocols[] = {"deep10", "tops16"};
	uint64_t messages;

	for (uint32_t i = 0; i < 2; i++) {
		struct frames f = make(protocols[i], 0);

		messages_hash(&f, &messages);
		CU_ASSERT_EQUAL(messages, MESSAGES);
		frames_free(&f);
	}
}

static void test_refusals_say_why(void)
{
	struct frames_options o = {.protocol = "itch51"};
	char error[FRAMES_ERROR_BYTES];
	struct frames f;

	CU_ASSERT_NOT_EQUAL(frames_make(&f, &o, error), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "itch51"));
	o = (struct frames_options){.protocol = "itch50", .capture = "/nowhere/day.pcap"};
	CU_ASSERT_NOT_EQUAL(frames_make(&f, &o, error), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "/nowhere/day.pcap"));
	frames_free(&f);
}

static void test_median_and_hash(void)
{
	double values[] = {5, 1, 4, 2, 3};
	const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

	CU_ASSERT_EQUAL(measure_median(values, 5), 3);
	CU_ASSERT_EQUAL(values[0], 1);
	CU_ASSERT_NOT_EQUAL(measure_hash_bytes(0, bytes, 9), measure_hash_bytes(0, bytes, 8));
	CU_ASSERT_NOT_EQUAL(measure_hash_bytes(0, bytes, 8), measure_hash_bytes(0, bytes + 1, 8));
}

static const struct suite_test tests[] = {
        {"frames carry the day", test_frames_carry_the_day},
        {"packets are cut as asked for", test_packets_are_cut_as_asked_for},
        {"all protocols have days", test_all_protocols_have_days},
        {"refusals say why", test_refusals_say_why},
        {"median and hash", test_median_and_hash},
};

int main(void)
{
	return SUITE_RUN("frames", tests);
}
