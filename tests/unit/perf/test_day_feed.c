/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The lines carry the day, and what they do not carry is known. usage: test_day_feed [SEED
 * [MESSAGES]]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "perf/day.h"
#include "perf/day_feed.h"
#include "tests/unit/suite.h"

#define HASH_START 0xcbf29ce484222325ull

static uint64_t seed = DAY_SEED;
static uint64_t messages = 30000;

static uint64_t hash_bytes(uint64_t h, const void *data, uint64_t bytes)
{
	const uint8_t *p = data;

	for (uint64_t i = 0; i < bytes; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return h;
}

static struct day *make_day(void)
{
	struct day_options o = {
	        .seed = seed, .messages = messages, .symbols = 40, .no_referee = true};
	struct day *d;

	CU_ASSERT_EQUAL_FATAL(day_create(&d, &o), 0);
	return d;
}

/* The day's messages as one block of {length, message} and where each begins. */
static uint8_t *day_blocks(uint32_t *at, uint64_t *bytes)
{
	struct day *d = make_day();
	uint8_t *blocks = malloc(messages * (DAY_MESSAGE_BYTES_MAX + 2));
	uint64_t n = 0, time_ns;
	uint32_t length, end = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(blocks);
	while ((length = day_next(d, blocks + end + 2, &time_ns)) != 0) {
		put_be16(blocks + end, (uint16_t)length);
		at[n++] = end;
		end += 2 + length;
	}
	at[n] = end;
	*bytes = end;
	CU_ASSERT_EQUAL(n, messages);
	day_destroy(d);
	return blocks;
}

/* What a reader of the packets saw. */
struct seen {
	uint64_t packets[2];
	uint64_t carried[2]; /* messages, repeated ones included */
	uint64_t empty[2];
	uint64_t singles;
	uint64_t full;
	uint64_t hash;
	uint64_t early_ns; /* packets out of time order */
	uint64_t wrong;
	uint8_t *by[2]; /* message ordinal -> times carried, per line */
};

static void see_payload(struct seen *s, const uint8_t *payload, const struct day_packet *p,
                        const uint8_t *blocks, const uint32_t *at)
{
	uint64_t sequence = be64(payload + 10);
	uint16_t count = be16(payload + 18);
	uint32_t offset = 20;

	s->wrong += memcmp(payload, "GENESIS001", 10) != 0 || sequence != p->sequence;
	s->packets[p->line]++;
	if (count == 0 || count == 0xffff) {
		s->empty[p->line]++;
		s->wrong += p->payload_bytes != 20 || p->messages != 0;
		s->wrong += (count == 0xffff) != (p->kind == DAY_PACKET_END);
		return;
	}
	s->wrong += count != p->messages || sequence + count > messages + 1;
	offset += at[sequence - 1 + count] - at[sequence - 1];
	s->wrong += offset != p->payload_bytes;
	s->wrong += memcmp(payload + 20, blocks + at[sequence - 1], offset - 20) != 0;
	for (uint32_t i = 0; i < count; i++)
		s->by[p->line][sequence - 1 + i]++;
	s->carried[p->line] += count;
	s->singles += count == 1;
	s->full += offset > 1300;
}

static struct day_feed *run(const struct day_feed_options *o, struct seen *s, struct day **day)
{
	uint32_t *at = calloc(messages + 1, sizeof(*at));
	uint64_t bytes, last_ns = 0;
	uint8_t *blocks = day_blocks(at, &bytes);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	struct day_feed *f;

	*day = make_day();
	struct day_source source = day_source_of(*day);

	memset(s, 0, sizeof(*s));
	s->hash = HASH_START;
	s->by[0] = calloc(messages, 1);
	s->by[1] = calloc(messages, 1);
	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		s->early_ns += p.time_ns < last_ns;
		last_ns = p.time_ns;
		s->hash = hash_bytes(s->hash, &p.time_ns, sizeof(p.time_ns));
		s->hash = hash_bytes(s->hash, buffer + FRAME_HEADER_BYTES, p.payload_bytes);
		see_payload(s, buffer + FRAME_HEADER_BYTES, &p, blocks, at);
	}
	CU_ASSERT_FALSE(day_feed_next(f, buffer, &p));
	CU_ASSERT_EQUAL(s->early_ns, 0);
	CU_ASSERT_EQUAL(s->wrong, 0);
	CU_ASSERT_EQUAL(day_feed_messages(f), messages);
	free(blocks);
	free(at);
	return f;
}

static void finish(struct day_feed *f, struct seen *s, struct day *d)
{
	free(s->by[0]);
	free(s->by[1]);
	day_feed_destroy(f);
	day_destroy(d);
}

/* Line counts and ranges against what the reader saw. */
static void check_account(const struct day_feed *f, const struct seen *s, uint32_t lines)
{
	struct day_range *missing;
	uint64_t count, n = 0, wrong = 0;

	CU_ASSERT_EQUAL_FATAL(day_feed_missing(f, &missing, &count), 0);
	for (uint64_t i = 0; i < messages; i++) {
		bool nobody = s->by[0][i] == 0 && (lines == 1 || s->by[1][i] == 0);

		wrong += day_ranges_hold(missing, count, i) != nobody;
		n += nobody;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(day_ranges_messages(missing, count), n);
	for (uint64_t i = 0; i < count; i++) {
		CU_ASSERT_EQUAL(missing[i].sequence, missing[i].ordinal + 1);
		CU_ASSERT_TRUE(i == 0 ||
		               missing[i].ordinal > missing[i - 1].ordinal + missing[i - 1].count);
	}
	for (uint32_t l = 0; l < lines; l++) {
		const struct day_line_counts *c = day_feed_line_counts(f, l);
		uint64_t once = 0;

		for (uint64_t i = 0; i < messages; i++)
			once += s->by[l][i] > 0;
		CU_ASSERT_EQUAL(c->packets, s->packets[l]);
		CU_ASSERT_EQUAL(c->messages, s->carried[l]);
		CU_ASSERT_EQUAL(c->heartbeats, s->empty[l]);
		CU_ASSERT_EQUAL(c->lost_messages, messages - once);
	}
	free(missing);
}

static void test_a_clean_line_carries_everything_once(void)
{
	struct day_feed_options o = {.seed = seed, .lines = 2};
	struct seen s, again;
	struct day *d;
	struct day_feed *f = run(&o, &s, &d);
	uint64_t once = 0;

	for (uint64_t i = 0; i < messages; i++)
		once += s.by[0][i] == 1 && s.by[1][i] == 1;
	CU_ASSERT_EQUAL(once, messages);
	CU_ASSERT_NOT_EQUAL(s.packets[0], s.packets[1]); /* cuts of their own */
	CU_ASSERT_TRUE(s.singles * 2 > s.packets[0] + s.packets[1] - s.empty[0] - s.empty[1]);
	CU_ASSERT_TRUE(s.full > messages / 1000);
	CU_ASSERT_TRUE(s.empty[0] > 4);
	check_account(f, &s, 2);
	printf("%" PRIu64 " + %" PRIu64 " packets, %" PRIu64 " full, hash %016" PRIx64 " ",
	       s.packets[0], s.packets[1], s.full, s.hash);
	finish(f, &s, d);
	f = run(&o, &again, &d);
	CU_ASSERT_EQUAL(s.hash, again.hash);
	finish(f, &again, d);
	o.same_cuts = true;
	f = run(&o, &again, &d);
	CU_ASSERT_EQUAL(again.packets[0], again.packets[1]);
	CU_ASSERT_NOT_EQUAL(s.hash, again.hash);
	finish(f, &again, d);
}

static void test_impairments_are_accounted_for(void)
{
	struct day_feed_options o = {.seed = seed,
	                             .lines = 2,
	                             .line = {{.loss_ppm = 50000,
	                                       .burst_loss_ppm = 2000,
	                                       .burst_packets_max = 30,
	                                       .duplicate_ppm = 20000,
	                                       .reorder_ppm = 30000,
	                                       .reorder_ns = 5000000},
	                                      {.loss_ppm = 100000,
	                                       .burst_loss_ppm = 1000,
	                                       .burst_packets_max = 50,
	                                       .duplicate_ppm = 20000,
	                                       .reorder_ppm = 30000,
	                                       .reorder_ns = 5000000,
	                                       .skew_ns = 48000000}}};

	for (o.lines = 1; o.lines <= 2; o.lines++) {
		for (uint32_t i = 0; i < 4; i++, o.seed++) {
			struct seen s;
			struct day *d;
			struct day_feed *f = run(&o, &s, &d);
			const struct day_line_counts *c = day_feed_line_counts(f, o.lines - 1);

			CU_ASSERT_TRUE(c->lost_packets > 0);
			CU_ASSERT_TRUE(c->repeated_packets > 0);
			CU_ASSERT_TRUE(c->delayed_packets > 0);
			check_account(f, &s, o.lines);
			finish(f, &s, d);
		}
	}
}

static void test_damage_is_seen_by_who_verifies(void)
{
	struct day_feed_options o = {.seed = seed,
	                             .lines = 1,
	                             .line = {{.corrupt_ppm = 50000, .duplicate_ppm = 100000}}};
	const struct frame_options verify = {.verify_udp_checksum = true};
	struct day *d = make_day();
	struct day_source source = day_source_of(d);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	struct day_feed *f;
	struct day_range *missing;
	uint64_t count, wrong = 0, corrupt = 0, lost = 0;

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		struct datagram g;
		enum frame_verdict v =
		        frame_parse(buffer, day_feed_frame(f, buffer, &p), &verify, &g);

		wrong += v != (p.corrupt ? FRAME_BAD_CHECKSUM : FRAME_OK);
		wrong += p.corrupt && p.kind != DAY_PACKET_DATA;
		corrupt += p.corrupt && !p.repeated;
		lost += p.corrupt && !p.repeated ? p.messages : 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_TRUE(corrupt > 10);
	CU_ASSERT_EQUAL(day_feed_line_counts(f, 0)->corrupt_packets, corrupt);
	CU_ASSERT_EQUAL_FATAL(day_feed_missing(f, &missing, &count), 0);
	CU_ASSERT_EQUAL(day_ranges_messages(missing, count), lost);
	free(missing);
	day_feed_destroy(f);
	day_destroy(d);
}

static void test_loss_keeps_to_its_windows(void)
{
	const uint64_t ten_ns = 10 * 3600 * 1000000000ull, hour_ns = 3600 * 1000000000ull;
	struct day_feed_options o = {
	        .seed = seed,
	        .lines = 1,
	        .line = {{.loss_ppm = 1000000,
	                  .losses = {{ten_ns, hour_ns}, {ten_ns + 2 * hour_ns, hour_ns}}}}};
	struct day *d = make_day();
	struct day_source source = day_source_of(d);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	uint64_t hours[24] = {0};
	struct day_packet p;
	struct day_feed *f;

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p))
		hours[p.time_ns / hour_ns % 24] += p.kind == DAY_PACKET_DATA;
	CU_ASSERT_EQUAL(hours[10], 0);
	CU_ASSERT_EQUAL(hours[12], 0);
	CU_ASSERT_TRUE(hours[9] > 10);
	CU_ASSERT_TRUE(hours[11] > 10);
	CU_ASSERT_TRUE(hours[13] > 10);
	day_feed_destroy(f);
	day_destroy(d);
}

/* A packet that is held back lets others pass, but no more than it was told. */
static void test_reorder_is_bounded_by_packets(void)
{
	struct day_feed_options o = {
	        .seed = seed,
	        .lines = 1,
	        .line = {{.reorder_ppm = 100000, .reorder_packets = 8, .loss_ppm = 10000}}};
	struct day *d = make_day();
	struct day_source source = day_source_of(d);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	uint64_t recent[DAY_REORDER_MAX] = {0};
	uint64_t count = 0, late = 0, last_ns = 0;
	uint32_t most = 0;
	struct day_packet p;
	struct day_feed *f;

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		uint32_t overtaken_by = 0;

		CU_ASSERT_TRUE(p.time_ns >= last_ns);
		last_ns = p.time_ns;
		if (p.kind != DAY_PACKET_DATA)
			continue;
		for (uint32_t i = 0; i < DAY_REORDER_MAX; i++)
			overtaken_by += recent[i] > p.sequence;
		recent[count++ % DAY_REORDER_MAX] = p.sequence;
		late += overtaken_by > 0;
		most = overtaken_by > most ? overtaken_by : most;
	}
	CU_ASSERT_EQUAL(most, 8);
	CU_ASSERT_TRUE(late > 100);
	CU_ASSERT_TRUE(day_feed_line_counts(f, 0)->delayed_packets >= late);
	day_feed_destroy(f);
	day_destroy(d);
}

static void test_nothing_comes_through_a_blackout(void)
{
	const uint64_t from_ns = 10 * 3600 * 1000000000ull; /* at 10 and at 12 */
	struct day_feed_options o = {
	        .seed = seed,
	        .lines = 2,
	        .line = {{.loss_ppm = 10000,
	                  .blackouts = {{from_ns, 1800 * 1000000000ull},
	                                {from_ns / 5 * 6, 60 * 1000000000ull}}},
	                 {.skew_ns = 1000000}}};
	struct day *d = make_day();
	struct day_source source = day_source_of(d);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	uint64_t inside[2] = {0, 0}, between = 0;
	struct day_packet p;
	struct day_feed *f;

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		inside[p.line] +=
		        p.time_ns >= from_ns && p.time_ns < from_ns + 1800 * 1000000000ull;
		between += p.line == 0 && p.time_ns >= from_ns + 1800 * 1000000000ull &&
		           p.time_ns < from_ns / 5 * 6;
	}
	CU_ASSERT_EQUAL(inside[0], 0);
	CU_ASSERT_TRUE(inside[1] > 10);
	CU_ASSERT_TRUE(between > 10);
	CU_ASSERT_TRUE(day_feed_line_counts(f, 0)->blackout_packets > 10);
	CU_ASSERT_EQUAL(day_feed_line_counts(f, 1)->blackout_packets, 0);
	day_feed_destroy(f);
	day_destroy(d);
	struct seen s;

	f = run(&o, &s, &d);
	check_account(f, &s, 2);
	finish(f, &s, d);
}

/* Ten packets of three messages for both lines, as a capture has them. */
struct cut {
	uint32_t next;
	uint8_t payload[60];
};

static bool next_cut(void *state, struct day_source_packet *p)
{
	struct cut *c = state;
	uint32_t i = c->next++;

	memset(c->payload, (int)i, sizeof(c->payload));
	*p = (struct day_source_packet){.payload = c->payload,
	                                .payload_bytes = 20 + i,
	                                .line = i % 2,
	                                .messages = 3,
	                                .sequence = 100 + i / 2 * 3,
	                                .time_ns = i / 2 * 1000,
	                                .kind = DAY_PACKET_DATA};
	return i < 20;
}

static void test_packets_of_others_go_as_they_are(void)
{
	struct day_feed_options o = {
	        .seed = seed, .lines = 2, .line = {{.loss_ppm = 0}, {.skew_ns = 2500}}};
	struct cut c = {0};
	const struct day_packet_source source = {.next = next_cut, .state = &c};
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	struct day_feed *f;
	uint64_t last_ns = 0, n = 0, wrong = 0;

	CU_ASSERT_EQUAL_FATAL(day_feed_create_packets(&f, &o, &source), 0);
	for (; day_feed_next(f, buffer, &p); n++) {
		uint32_t i = p.payload_bytes - 20;

		wrong += p.time_ns < last_ns || i % 2 != p.line || p.messages != 3;
		wrong += p.sequence != 100 + i / 2 * 3;
		wrong += p.time_ns != i / 2 * 1000 + (p.line == 1 ? 2500 : 0);
		wrong += buffer[FRAME_HEADER_BYTES + 10] != i;
		last_ns = p.time_ns;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(n, 20);
	day_feed_destroy(f);
	o.line[0].loss_ppm = 1000000;
	c.next = 0;
	CU_ASSERT_EQUAL_FATAL(day_feed_create_packets(&f, &o, &source), 0);
	for (n = 0; day_feed_next(f, buffer, &p); n++)
		CU_ASSERT_EQUAL(p.line, 1);
	CU_ASSERT_EQUAL(n, 10);
	CU_ASSERT_EQUAL(day_feed_line_counts(f, 0)->lost_packets, 10);
	CU_ASSERT_EQUAL(day_feed_line_counts(f, 0)->lost_messages, 30);
	day_feed_destroy(f);
}

static void test_a_dead_line(void)
{
	struct day_feed_options o = {.seed = seed, .lines = 1, .line = {{.loss_ppm = 1000000}}};
	struct seen s;
	struct day *d;
	struct day_feed *f = run(&o, &s, &d);
	struct day_range *missing;
	uint64_t count;

	CU_ASSERT_EQUAL(s.carried[0], 0);
	CU_ASSERT_EQUAL_FATAL(day_feed_missing(f, &missing, &count), 0);
	CU_ASSERT_EQUAL(count, 1);
	CU_ASSERT_EQUAL(missing[0].sequence, 1);
	CU_ASSERT_EQUAL(missing[0].count, messages);
	free(missing);
	check_account(f, &s, 1);
	finish(f, &s, d);
}

static void test_every_run_begins_and_ends_in_words(void)
{
	struct day_feed_options o = {.seed = seed,
	                             .lines = 2,
	                             .line = {{.loss_ppm = 300000}, {.skew_ns = 1000}},
	                             .time_offset_ns = 1700000000000000000ull};
	struct day *d = make_day();
	struct day_source source = day_source_of(d);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	struct day_feed *f;
	uint64_t ends = 0;
	bool begun[2] = {false, false};

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		if (!begun[p.line]) {
			begun[p.line] = true;
			CU_ASSERT_EQUAL(p.kind, DAY_PACKET_HEARTBEAT);
			CU_ASSERT_EQUAL(p.sequence, 1);
			CU_ASSERT_TRUE(p.time_ns >= o.time_offset_ns);
		}
		if (p.kind == DAY_PACKET_END) {
			CU_ASSERT_EQUAL(p.sequence, messages + 1);
			ends++;
		}
	}
	CU_ASSERT_EQUAL(ends, 6);
	day_feed_destroy(f);
	day_destroy(d);
}

static void test_frames_parse(void)
{
	struct day_feed_options o = {.seed = seed, .lines = 2};
	const struct frame_options verify = {.verify_ip_checksum = true,
	                                     .verify_udp_checksum = true};
	struct day *d = make_day();
	struct day_source source = day_source_of(d);
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;
	struct day_feed *f;
	uint64_t wrong = 0;

	CU_ASSERT_EQUAL_FATAL(day_feed_create(&f, &o, &source), 0);
	while (day_feed_next(f, buffer, &p)) {
		struct datagram g;
		uint32_t bytes = day_feed_frame(f, buffer, &p);

		if (frame_parse(buffer, bytes, &verify, &g) != FRAME_OK) {
			wrong++;
			continue;
		}
		wrong += g.payload_bytes != p.payload_bytes;
		wrong += g.payload != buffer + FRAME_HEADER_BYTES;
		wrong += g.destination_address != day_feed_address(f, p.line)->destination_address;
		wrong += g.destination_port != day_feed_address(f, p.line)->destination_port;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_NOT_EQUAL(day_feed_address(f, 0)->destination_address,
	                    day_feed_address(f, 1)->destination_address);
	day_feed_destroy(f);
	day_destroy(d);
}

static void test_refuses_nonsense(void)
{
	struct day_source source = {0};
	struct day_feed_options o = {.seed = 1};
	struct day_feed *f;

	CU_ASSERT_EQUAL(day_feed_create(&f, &o, &source), -EINVAL);
	o.lines = 3;
	CU_ASSERT_EQUAL(day_feed_create(&f, &o, &source), -EINVAL);
	o.lines = 2;
	o.line[1].payload_bytes_max = DAY_FEED_PAYLOAD_MAX + 1;
	CU_ASSERT_EQUAL(day_feed_create(&f, &o, &source), -EINVAL);
	o.line[1].payload_bytes_max = 0;
	o.transport = 3;
	CU_ASSERT_EQUAL(day_feed_create(&f, &o, &source), -EINVAL);
	day_feed_destroy(NULL);
}

static const struct suite_test tests[] = {
        {"a clean line carries everything once", test_a_clean_line_carries_everything_once},
        {"impairments are accounted for", test_impairments_are_accounted_for},
        {"damage is seen by who verifies", test_damage_is_seen_by_who_verifies},
        {"loss keeps to its windows", test_loss_keeps_to_its_windows},
        {"reorder is bounded by packets", test_reorder_is_bounded_by_packets},
        {"nothing comes through a black-out", test_nothing_comes_through_a_blackout},
        {"packets of others go as they are", test_packets_of_others_go_as_they_are},
        {"a dead line", test_a_dead_line},
        {"every run begins and ends in words", test_every_run_begins_and_ends_in_words},
        {"frames parse", test_frames_parse},
        {"nonsense is refused", test_refuses_nonsense},
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		messages = strtoull(argv[2], NULL, 10);
	printf("seed %" PRIu64 ", %" PRIu64 " messages\n", seed, messages);
	return SUITE_RUN("day_feed", tests);
}
