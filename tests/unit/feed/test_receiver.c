/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The receiver against a fake arbiter and a fake log: what it hands on, and how often it publishes.
 */
#include <errno.h>
#include <string.h>

#include "dataplane/feed/receiver.h"
#include "dataplane/wire/bytes.h"
#include "tests/unit/suite.h"

#define GROUP_A 0xe9360c6fu
#define GROUP_B 0xe9360c70u
#define PORT    26477u
#define FEEDS   2u

/* What the fake arbiter saw, by feed. */
static struct seen {
	struct arbiter *arbiter;
	uint32_t packets;
	uint32_t malformed;
	uint32_t polls;
	uint32_t publishes;
	uint32_t line;
	uint64_t first_sequence;
	uint32_t block_count;
	uint64_t now_ns;
	uint8_t time_source;
} seen[FEEDS];

static struct receiver receiver;
static struct receiver_feed feeds[FEEDS];
static bool poll_makes_dirty;

static struct seen *seen_by(const struct arbiter *a)
{
	return &seen[a == &feeds[1].arbiter];
}

void arbiter_on_packet(struct arbiter *a, uint32_t line, const struct feed_packet *p,
                       uint64_t now_ns, uint8_t time_source)
{
	struct seen *s = seen_by(a);

	s->packets++;
	s->line = line;
	s->first_sequence = p->first_sequence;
	s->block_count = p->block_count;
	s->now_ns = now_ns;
	s->time_source = time_source;
}

void arbiter_on_malformed(struct arbiter *a, uint32_t line, uint64_t now_ns)
{
	struct seen *s = seen_by(a);

	s->malformed++;
	s->line = line;
	s->now_ns = now_ns;
}

void arbiter_poll(struct arbiter *a, uint64_t now_ns)
{
	seen_by(a)->polls++;
	seen_by(a)->now_ns = now_ns;
	if (poll_makes_dirty)
		feeds[a == &feeds[1].arbiter].log.dirty = true;
}

void log_writer_publish(struct log_writer *w)
{
	seen[w == &feeds[1].log].publishes++;
	w->dirty = false;
}

static uint64_t trims;

void log_writer_trim(struct log_writer *w)
{
	(void)w;
	trims++;
}

static void world(bool learn, uint32_t feed_count, uint32_t line_count)
{
	static const struct frame_options frame = {false, false};

	memset(seen, 0, sizeof(seen));
	memset(feeds, 0, sizeof(feeds));
	poll_makes_dirty = false;
	receiver_init(&receiver, &frame, learn);
	for (uint32_t i = 0; i < feed_count; i++) {
		feeds[i].protocol = i == 0 ? &protocol_itch50 : &protocol_deep10;
		feeds[i].arbiter.options.line_count = line_count;
		CU_ASSERT_EQUAL(receiver_add_feed(&receiver, &feeds[i]), 0);
	}
}

struct sent {
	uint32_t address;
	uint16_t port;
	uint64_t sequence;
	uint32_t count;       /* in the header */
	uint32_t blocks;      /* of 19 bytes that follow */
	uint32_t extra_bytes; /* after them */
	const char *session;  /* NULL: a printable one */
};

static uint8_t frames[PACKET_BURST_MAX][256];

static struct packet build(uint32_t slot, const struct sent *s)
{
	uint8_t *p = frames[slot] + FRAME_HEADER_BYTES;
	uint32_t bytes = 20;
	const struct frame_address a = {0x0a000001, s->address, 4000, s->port};

	memset(frames[slot], 0, sizeof(frames[slot]));
	memcpy(p, s->session != NULL ? s->session : "000010059B", 10);
	put_be64(p + 10, s->sequence);
	put_be16(p + 18, (uint16_t)s->count);
	for (uint32_t i = 0; i < s->blocks; i++, bytes += 21)
		put_be16(p + bytes, 19);
	return (struct packet){
	        .data = frames[slot],
	        .bytes = frame_build(frames[slot], bytes + s->extra_bytes, &a),
	        .time_source = TIME_TURN,
	        .time_ns = 55,
	};
}

static void send_one(struct sent s)
{
	struct packet p = build(0, &s);

	receiver_on_packets(&receiver, &p, 1, 1000);
}

static void send_good(uint32_t address, uint16_t port)
{
	send_one((struct sent){
	        .address = address, .port = port, .sequence = 1, .count = 1, .blocks = 1});
}

static void test_configured_lines(void)
{
	world(false, 1, 2);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_A, PORT), 0);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_B, PORT), 1);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_B, PORT), -EEXIST);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_B, PORT + 1), -EMFILE);
	send_good(GROUP_B, PORT);
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	CU_ASSERT_EQUAL(seen[0].line, 1);
	CU_ASSERT_EQUAL(seen[0].block_count, 1);
	CU_ASSERT_EQUAL(seen[0].now_ns, 1000);
	send_good(GROUP_A, PORT);
	CU_ASSERT_EQUAL(seen[0].line, 0);
	send_good(GROUP_A, PORT + 1);
	send_good(GROUP_A + 7, PORT);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 2);
	CU_ASSERT_EQUAL(receiver.stats.packets, 4);
	CU_ASSERT_EQUAL(receiver.stats.feed_packets, 2);
	CU_ASSERT_EQUAL(receiver.stats.frames[FRAME_OK], 4);
	CU_ASSERT_EQUAL(feeds[0].packets, 2);
	CU_ASSERT_EQUAL(feeds[0].malformed_packets, 0);
}

static void test_a_line_may_have_one_source(void)
{
	world(false, 1, 2);
	receiver_add_line(&receiver, 0, GROUP_A, PORT);
	receiver_add_line(&receiver, 0, GROUP_B, PORT);
	CU_ASSERT_EQUAL(receiver_only_from(&receiver, GROUP_A, PORT + 1, 1), -ENOENT);
	CU_ASSERT_EQUAL(receiver_only_from(&receiver, GROUP_A, PORT, 0x0a000001), 0);
	CU_ASSERT_EQUAL(receiver_only_from(&receiver, GROUP_B, PORT, 0x0a000002), 0);
	send_good(GROUP_A, PORT); /* from 0x0a000001 */
	send_good(GROUP_B, PORT);
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	CU_ASSERT_EQUAL(receiver.stats.other_source, 1);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 0);
	CU_ASSERT_EQUAL(receiver.stats.feed_packets, 1);
}

/* An ARP frame that came in at a port. */
static void send_arp(uint8_t port, uint32_t bytes)
{
	const struct packet p = {.data = frames[0], .bytes = bytes, .port = port};

	memset(frames[0], 0, sizeof(frames[0]));
	put_be16(frames[0] + 12, 0x0806);
	frames[0][20] = 77;
	receiver_on_packets(&receiver, &p, 1, 1000);
}

static void test_frames_for_a_host(void)
{
	static uint8_t memory[4 * 128] __attribute__((aligned(8)));
	static struct frame_ring ring;

	world(false, 1, 1);
	frame_ring_init(&ring, memory, 4, 100);
	receiver_add_line(&receiver, 0, GROUP_A, PORT);
	receiver_add_host(&receiver, 3, &ring, 0x0a010203);
	send_arp(3, 60);
	CU_ASSERT_EQUAL_FATAL(frame_ring_count(&ring), 1);
	CU_ASSERT_EQUAL(frame_ring_at(&ring, 0)->bytes, 60);
	CU_ASSERT_EQUAL(frame_ring_at(&ring, 0)->data[20], 77);
	send_arp(2, 60); /* no host there */
	send_good(GROUP_A, PORT);
	CU_ASSERT_EQUAL(frame_ring_count(&ring), 1);
	CU_ASSERT_EQUAL(receiver.stats.host_frames, 1);
	CU_ASSERT_EQUAL(receiver.stats.frames[FRAME_NOT_IPV4], 2);
	for (int i = 0; i < 5; i++)
		send_arp(3, 60);
	CU_ASSERT_EQUAL(frame_ring_count(&ring), 4);
	CU_ASSERT_EQUAL(frame_ring_dropped(&ring), 2);
}

static void test_damaged_and_malformed_count(void)
{
	world(false, 1, 2);
	receiver_add_line(&receiver, 0, GROUP_A, PORT);
	/* Damaged: what is whole goes on. */
	send_one((struct sent){GROUP_A, PORT, 5, 3, 2, 0, NULL});
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	CU_ASSERT_EQUAL(seen[0].first_sequence, 5);
	CU_ASSERT_EQUAL(seen[0].block_count, 2);
	CU_ASSERT_EQUAL(feeds[0].malformed_packets, 1);
	/* Malformed: sequence 0. */
	send_one((struct sent){GROUP_A, PORT, 0, 1, 1, 0, NULL});
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	CU_ASSERT_EQUAL(seen[0].malformed, 1);
	CU_ASSERT_EQUAL(seen[0].now_ns, 1000);
	CU_ASSERT_EQUAL(feeds[0].packets, 2);
	CU_ASSERT_EQUAL(feeds[0].malformed_packets, 2);
	CU_ASSERT_EQUAL(receiver.stats.malformed_packets, 2);
	CU_ASSERT_EQUAL(receiver.stats.feed_packets, 2);
}

static void test_frames_are_counted_by_reason(void)
{
	world(true, 1, 2);
	struct sent s = {GROUP_A, PORT, 1, 1, 1, 0, NULL};
	struct packet p = build(0, &s);

	p.bytes = 30;
	receiver_on_packets(&receiver, &p, 1, 0);
	p = build(0, &s);
	frames[0][23] = 6;
	receiver_on_packets(&receiver, &p, 1, 0);
	p = build(0, &s);
	put_be16(frames[0] + 20, 0x2000);
	receiver_on_packets(&receiver, &p, 1, 0);
	CU_ASSERT_EQUAL(receiver.stats.frames[FRAME_RUNT], 1);
	CU_ASSERT_EQUAL(receiver.stats.frames[FRAME_NOT_UDP], 1);
	CU_ASSERT_EQUAL(receiver.stats.frames[FRAME_FRAGMENT], 1);
	CU_ASSERT_EQUAL(receiver.stats.packets, 3);
	CU_ASSERT_EQUAL(receiver.stats.feed_packets, 0);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 0);
	CU_ASSERT_EQUAL(feeds[0].packets, 0);
	CU_ASSERT_EQUAL(seen[0].publishes, 0);
}

static void test_learns_at_the_first_well_formed_datagram(void)
{
	static const struct sent not_yet[] = {
	        {GROUP_A, PORT, 0, 1, 1, 0, NULL}, /* malformed */
	        {GROUP_A, PORT, 1, 2, 1, 0, NULL}, /* overrun */
	        {GROUP_A, PORT, 1, 1, 1, 1, NULL}, /* trailing byte */
	        {GROUP_A, PORT, 1, 0, 1, 0, NULL}, /* bytes after a heartbeat */
	        {GROUP_A, PORT, 1, 1, 1, 0,
	         "00001\0"
	         "059B"}, /* session does not print */
	};

	world(true, 1, 2);
	for (unsigned i = 0; i < 5; i++)
		send_one(not_yet[i]);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 5);
	CU_ASSERT_EQUAL(receiver.lines_used, 0);
	send_one((struct sent){GROUP_A, PORT, 9, 0, 0, 0, NULL}); /* a heartbeat will do */
	CU_ASSERT_EQUAL(receiver.lines_used, 1);
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	CU_ASSERT_EQUAL(seen[0].first_sequence, 9);
	/* From then on everything counts. */
	for (unsigned i = 0; i < 5; i++)
		send_one(not_yet[i]);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 5);
	CU_ASSERT_EQUAL(feeds[0].packets, 6);
	CU_ASSERT_EQUAL(feeds[0].malformed_packets, 4);
	CU_ASSERT_EQUAL(seen[0].packets, 5);
	CU_ASSERT_EQUAL(seen[0].malformed, 1);
	send_good(GROUP_B, PORT);
	CU_ASSERT_EQUAL(seen[0].line, 1);
	send_good(GROUP_A, PORT + 1); /* the port is part of the destination */
	CU_ASSERT_EQUAL(receiver.lines_used, 3);
}

static void test_no_learning_unless_asked(void)
{
	world(false, 1, 2);
	send_good(GROUP_A, PORT);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 1);
	CU_ASSERT_EQUAL(receiver.lines_used, 0);
}

static void test_further_destinations_share_the_last_line(void)
{
	world(true, 1, 3);
	for (uint32_t i = 0; i < RECEIVER_LINE_SLOTS / 2 + 5; i++)
		send_good(GROUP_A + i, PORT);
	CU_ASSERT_EQUAL(feeds[0].line_count, 3);
	CU_ASSERT_EQUAL(receiver.lines_used, RECEIVER_LINE_SLOTS / 2);
	CU_ASSERT_EQUAL(seen[0].packets, RECEIVER_LINE_SLOTS / 2);
	CU_ASSERT_EQUAL(seen[0].line, 2);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 5);
	for (uint32_t i = 0; i < 4; i++) {
		send_good(GROUP_A + i, PORT);
		CU_ASSERT_EQUAL(seen[0].line, i < 2 ? i : 2);
	}
}

static void test_allow_list(void)
{
	world(true, 1, 4);
	CU_ASSERT_EQUAL(receiver_allow(&receiver, GROUP_A, PORT), 0);
	CU_ASSERT_EQUAL(receiver_allow(&receiver, GROUP_B, PORT), 0);
	send_good(GROUP_A + 9, PORT);
	send_good(GROUP_A, PORT + 1);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 2);
	send_one((struct sent){GROUP_B, PORT, 0, 1, 1, 0, NULL}); /* allowed, not yet well-formed */
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 3);
	send_good(GROUP_B, PORT);
	CU_ASSERT_EQUAL(seen[0].line, 0);
	send_good(GROUP_A, PORT);
	CU_ASSERT_EQUAL(seen[0].line, 1);
	CU_ASSERT_EQUAL(receiver.lines_used, 2);
	for (uint32_t i = 2; i < RECEIVER_ALLOW_MAX; i++)
		CU_ASSERT_EQUAL(receiver_allow(&receiver, i, 1), 0);
	CU_ASSERT_EQUAL(receiver_allow(&receiver, 1, 1), -EMFILE);
}

static void test_any_address(void)
{
	world(false, 1, 2);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, 0, PORT), 0);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, 0, PORT), -EEXIST);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_B, PORT), 1);
	send_good(0x0a000002, PORT);
	CU_ASSERT_EQUAL(seen[0].line, 0);
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	send_good(GROUP_B, PORT); /* the exact one goes first */
	CU_ASSERT_EQUAL(seen[0].line, 1);
	send_good(0x0a000002, PORT + 1);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 1);
}

static void test_learned_address_0_is_no_wildcard(void)
{
	world(true, 1, 2);
	send_good(0, PORT);
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	receiver.learn = false;
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, 0, PORT + 1), 1); /* this one is */
	send_good(GROUP_A, PORT);
	CU_ASSERT_EQUAL(seen[0].packets, 1);
	CU_ASSERT_EQUAL(receiver.stats.unknown_destination, 1);
}

static void test_two_feeds_publish_once_per_burst(void)
{
	struct packet burst[PACKET_BURST_MAX];
	struct sent s = {GROUP_A, PORT, 1, 1, 1, 0, NULL};

	world(false, 2, 2);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_A, PORT), 0);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 1, GROUP_B, PORT), 0);
	for (uint32_t i = 0; i < PACKET_BURST_MAX; i++)
		burst[i] = build(i, &s);
	receiver_on_packets(&receiver, burst, PACKET_BURST_MAX, 1000);
	CU_ASSERT_EQUAL(seen[0].packets, PACKET_BURST_MAX);
	CU_ASSERT_EQUAL(seen[0].publishes, 1);
	CU_ASSERT_EQUAL(seen[1].publishes, 0);
	/* Each feed reads its own protocol: this one is no IEX-TP. */
	s.address = GROUP_B;
	burst[1] = build(1, &s);
	receiver_on_packets(&receiver, burst, 2, 1000);
	CU_ASSERT_EQUAL(seen[0].publishes, 2);
	CU_ASSERT_EQUAL(seen[1].publishes, 1);
	CU_ASSERT_EQUAL(seen[1].malformed, 1);
	receiver_on_packets(&receiver, burst, 0, 1000);
	CU_ASSERT_EQUAL(seen[0].publishes, 2);
}

static void test_poll(void)
{
	world(false, 2, 2);
	receiver_poll(&receiver, 77);
	CU_ASSERT_EQUAL(seen[0].polls, 1);
	CU_ASSERT_EQUAL(seen[1].polls, 1);
	CU_ASSERT_EQUAL(seen[1].now_ns, 77);
	CU_ASSERT_EQUAL(seen[0].publishes, 0);
	poll_makes_dirty = true;
	receiver_poll(&receiver, 78);
	CU_ASSERT_EQUAL(seen[0].publishes, 1);
	CU_ASSERT_EQUAL(seen[1].publishes, 1);
}

static void test_time_of_a_packet(void)
{
	static const struct {
		uint8_t source;
		uint64_t want_ns;
	} cases[] = {{TIME_NONE, 1000}, {TIME_TURN, 1000}, {TIME_HARDWARE, 55}, {TIME_CAPTURE, 55}};
	struct sent s = {GROUP_A, PORT, 1, 1, 1, 0, NULL};

	world(true, 1, 2);
	for (unsigned i = 0; i < 4; i++) {
		struct packet p = build(0, &s);

		p.time_source = cases[i].source;
		receiver_on_packets(&receiver, &p, 1, 1000);
		CU_ASSERT_EQUAL(seen[0].now_ns, cases[i].want_ns);
		CU_ASSERT_EQUAL(seen[0].time_source, cases[i].source);
	}
}

static void test_feeds_max(void)
{
	static struct receiver_feed more;

	world(false, 2, 2);
	more.protocol = &protocol_itch50;
	for (uint32_t i = 2; i < RECEIVER_FEEDS_MAX; i++)
		CU_ASSERT_EQUAL(receiver_add_feed(&receiver, &more), 0);
	CU_ASSERT_EQUAL(receiver_add_feed(&receiver, &more), -EMFILE);
}

/* A log that fell silent gives back what it grew by, now and then, not every turn. */
static void test_trims_in_quiet_turns(void)
{
	world(false, 1, 1);
	poll_makes_dirty = false;
	trims = 0;
	for (int i = 0; i < 100000; i++)
		receiver_poll(&receiver, 1000);
	CU_ASSERT_TRUE(trims > 10);
	CU_ASSERT_TRUE(trims < 10000);
	poll_makes_dirty = true;
	trims = 0;
	for (int i = 0; i < 100000; i++)
		receiver_poll(&receiver, 1000);
	CU_ASSERT_EQUAL(trims, 0);
	poll_makes_dirty = false;
}

/* -- lines of other cores -- */

static struct receiver poller;
static struct hand_over ring;
static alignas(64) uint8_t ring_bytes[HAND_OVER_BYTES_MIN];

/* Feed 0 with line 0 polled by its own core and line 1 by `poller`. */
static void world_of_two(void)
{
	struct receiver_line passed = {.address = GROUP_B, .port = PORT};

	world(false, 1, 2);
	receiver_init(&poller, &(struct frame_options){false, false}, false);
	CU_ASSERT_EQUAL(hand_over_init(&ring, ring_bytes, sizeof(ring_bytes)), 0);
	CU_ASSERT_EQUAL(receiver_add_exit(&poller, &ring), 0);
	CU_ASSERT_EQUAL(receiver_add_entry(&receiver, &ring), 0);
	CU_ASSERT_EQUAL(receiver_add_line(&receiver, 0, GROUP_A, PORT), 0);
	passed.line = (uint8_t)receiver_reserve_line(&receiver, 0);
	CU_ASSERT_EQUAL(passed.line, 1);
	CU_ASSERT_EQUAL(receiver_reserve_line(&receiver, 0), -EMFILE);
	CU_ASSERT_EQUAL(receiver_pass_line(&poller, 0, &passed), 0);
	CU_ASSERT_EQUAL(receiver_pass_line(&poller, 0, &passed), -EEXIST);
	receiver_take(&receiver, 0);
}

static void poll_burst(uint32_t count, uint64_t now_ns)
{
	struct packet burst[PACKET_BURST_MAX];
	struct sent s = {GROUP_B, PORT, 7, 2, 2, 0, NULL};

	for (uint32_t i = 0; i < count; i++)
		burst[i] = build(i, &s);
	receiver_on_packets(&poller, burst, count, now_ns);
}

static void test_a_line_of_another_core(void)
{
	world_of_two();
	CU_ASSERT_EQUAL(receiver_take(&receiver, 1000), 0);
	poll_burst(3, 900);
	memset(frames, 0, sizeof(frames)); /* the port has its buffers back */
	CU_ASSERT_TRUE(receiver_is_waiting(&receiver));
	CU_ASSERT_EQUAL(seen[0].packets, 0);
	CU_ASSERT_EQUAL(receiver_take(&receiver, 1000), 3);
	CU_ASSERT_FALSE(receiver_is_waiting(&receiver));
	CU_ASSERT_EQUAL(seen[0].packets, 3);
	CU_ASSERT_EQUAL(seen[0].publishes, 1);
	CU_ASSERT_EQUAL(seen[0].line, 1);
	CU_ASSERT_EQUAL(seen[0].first_sequence, 7);
	CU_ASSERT_EQUAL(seen[0].block_count, 2);
	CU_ASSERT_EQUAL(seen[0].now_ns, 900); /* when it was received, not when it was taken */
	CU_ASSERT_EQUAL(seen[0].time_source, TIME_TURN);
	CU_ASSERT_EQUAL(poller.stats.packets, 3);
	CU_ASSERT_EQUAL(poller.stats.handed_over, 3);
	CU_ASSERT_EQUAL(poller.stats.feed_packets, 0);
	CU_ASSERT_EQUAL(receiver.stats.packets, 0);
	CU_ASSERT_EQUAL(receiver.stats.taken_over, 3);
	CU_ASSERT_EQUAL(receiver.stats.feed_packets, 3);
	CU_ASSERT_EQUAL(feeds[0].packets, 3);
}

static void test_a_full_ring_drops_and_counts(void)
{
	uint64_t sent = 0;
	uint64_t taken = 0;
	uint32_t n;

	world_of_two();
	for (; poller.stats.hand_over_full == 0; sent += PACKET_BURST_MAX)
		poll_burst(PACKET_BURST_MAX, 900);
	CU_ASSERT_EQUAL(poller.stats.handed_over + poller.stats.hand_over_full, sent);
	/* A burst per turn, and what waits is shown. */
	while ((n = receiver_take(&receiver, 1000)) != 0) {
		CU_ASSERT_TRUE(n <= PACKET_BURST_MAX);
		taken += n;
		CU_ASSERT_EQUAL(receiver.stats.waiting_bytes != 0,
		                taken < poller.stats.handed_over);
	}
	CU_ASSERT_EQUAL(taken, poller.stats.handed_over);
	CU_ASSERT_EQUAL(seen[0].packets, taken);
}

static void test_holes_age_no_further_than_what_waits(void)
{
	world(false, 1, 2);
	receiver_take(&receiver, 500);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 0); /* no entries: not this room's business */
	world_of_two();
	receiver_take(&receiver, 1000);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 1000);
	for (uint32_t i = 0; i < 3; i++)
		poll_burst(PACKET_BURST_MAX, 900 + i);
	receiver_take(&receiver, 2000);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 901);
	receiver_take(&receiver, 2001);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 902);
	receiver_take(&receiver, 2002);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 2002);
}

/* A core that has packets of its own before its first turn knows nothing of its entries. */
static void test_holes_do_not_age_before_the_first_turn(void)
{
	struct sent s = {GROUP_A, PORT, 7, 2, 2, 0, NULL};
	struct packet p = build(0, &s);

	world_of_two();
	receiver.has_horizon = false;
	feeds[0].arbiter.horizon_ns = UINT64_MAX;
	receiver_on_packets(&receiver, &p, 1, 700);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 700);
	receiver_on_packets(&receiver, &p, 1, 900);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 700);
	receiver_take(&receiver, 1000);
	receiver_on_packets(&receiver, &p, 1, 1100);
	CU_ASSERT_EQUAL(feeds[0].arbiter.horizon_ns, 1000);
}

static const struct suite_test tests[] = {
        {"a line may have one source", test_a_line_may_have_one_source},
        {"frames for a host", test_frames_for_a_host},
        {"a line of another core", test_a_line_of_another_core},
        {"a full ring drops and counts", test_a_full_ring_drops_and_counts},
        {"holes age no further than what waits", test_holes_age_no_further_than_what_waits},
        {"holes do not age before the first turn", test_holes_do_not_age_before_the_first_turn},
        {"trims in quiet turns", test_trims_in_quiet_turns},
        {"configured lines", test_configured_lines},
        {"damaged and malformed count", test_damaged_and_malformed_count},
        {"frames are counted by reason", test_frames_are_counted_by_reason},
        {"learns at the first well-formed datagram", test_learns_at_the_first_well_formed_datagram},
        {"no learning unless asked", test_no_learning_unless_asked},
        {"further destinations share the last line", test_further_destinations_share_the_last_line},
        {"allow list", test_allow_list},
        {"any address", test_any_address},
        {"a learned address 0 is no wildcard", test_learned_address_0_is_no_wildcard},
        {"two feeds publish once per burst", test_two_feeds_publish_once_per_burst},
        {"poll", test_poll},
        {"time of a packet", test_time_of_a_packet},
        {"feeds max", test_feeds_max},
};

int main(void)
{
	return SUITE_RUN("receiver", tests);
}
