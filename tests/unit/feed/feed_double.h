/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A small world around an arbiter for tests: a protocol whose messages say who they are, packets by
 * a few numbers, and the log as one line of text:
 *
 *     R1 D1-3 G4-5a D6 E7     reset, its first sequence 1; messages 1 to 3; 4 and 5 given up by
 *                             age; message 6; end of session, next would be 7
 *
 * Reasons: a age, p parking, o overload, s session, i input, u unanswered, r refused.
 */
#ifndef TESTS_UNIT_FEED_FEED_DOUBLE_H
#define TESTS_UNIT_FEED_FEED_DOUBLE_H

#include <inttypes.h>
#include <stdio.h>

#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/protocol.h"
#include "dataplane/wire/bytes.h"
#include "dataplane/wire/packet.h"
#include "tests/unit/feed/log_double.h"

#define DOUBLE_PACKET_BYTES 65536u

/* ---- messages: {u16 length, session letter, sequence, filling}; some are empty ---- */

static inline uint32_t double_message_bytes(uint64_t sequence)
{
	return sequence % 7 == 3 ? 0 : 9 + (uint32_t)(sequence % 5);
}

static inline uint32_t double_put(uint8_t *p, char session, uint64_t sequence)
{
	uint32_t bytes = double_message_bytes(sequence);

	put_be16(p, (uint16_t)bytes);
	if (bytes == 0)
		return 2;
	memset(p + 2, (int)(sequence & 0xff), bytes);
	p[2] = (uint8_t)session;
	put_be64(p + 3, sequence);
	return 2 + bytes;
}

static inline bool double_is(const uint8_t *p, char session, uint64_t sequence)
{
	uint8_t want[32];
	uint32_t bytes = double_put(want, session, sequence);

	/* The longest message there can be begins like any other. */
	if (be16(p) == UINT16_MAX)
		return memcmp(p + 2, want + 2, bytes - 2) == 0;
	return memcmp(p, want, bytes) == 0;
}

static struct scan_double {
	uint64_t messages;
	uint64_t calls;
	uint32_t resets;
	uint32_t overrun;
} scan_double;

static inline uint64_t double_scan(struct message_scan *s, const uint8_t *blocks, uint32_t bytes,
                                   uint32_t count)
{
	uint32_t offset = 0;

	(void)s;
	for (uint32_t i = 0; i < count; i++)
		offset += 2u + be16(blocks + offset);
	scan_double.overrun += offset != bytes;
	scan_double.messages += count;
	scan_double.calls++;
	return 0x40 + count;
}

void message_scan_reset(struct message_scan *s)
{
	(void)s;
	scan_double.resets++;
}

static const struct protocol double_mold = {
        .name = "double",
        .blocks_big_endian = true,
        .header_bytes = 20,
        .scan = double_scan,
};

static const struct protocol double_iex = {
        .name = "double-runs",
        .blocks_big_endian = true,
        .restarts_at_one = true,
        .header_bytes = 40,
        .scan = double_scan,
};

/* ---- the world ---- */

struct world {
	struct arbiter arbiter;
	struct region region;
	struct segment_pool pool;
	struct log_writer writer;
	uint8_t *page_epoch;
	char text[1u << 16];
};

struct send { /* one packet; claimed 0: as many as there are */
	uint32_t line;
	uint32_t count;
	uint64_t first;
	uint64_t sent_ns;
	uint32_t claimed;
	enum feed_packet_kind kind;
	char session; /* 0: 'A' */
};

static uint8_t double_packet[DOUBLE_PACKET_BYTES];

static inline struct feed_packet double_build(const struct send *m)
{
	char session = m->session == 0 ? 'A' : m->session;
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < m->count; i++)
		bytes += double_put(double_packet + bytes, session, m->first + i);
	return (struct feed_packet){
	        .session = {.name = {session}},
	        .first_sequence = m->first,
	        .send_time_ns = m->sent_ns,
	        .blocks = double_packet,
	        .block_bytes = bytes,
	        .claimed_count = m->claimed == 0 ? m->count : m->claimed,
	        .block_count = m->count,
	        .kind = (uint8_t)m->kind,
	};
}

static inline struct arbiter_options double_options(void)
{
	return (struct arbiter_options){
	        .hold_ns = 1000,
	        .hold_packets = 4,
	        .parking_segments_max = 8,
	        .parking_pieces_max = 1024,
	        .line_count = 2,
	};
}

static inline int world_open(struct world *w, const struct protocol *p,
                             const struct arbiter_options *o)
{
	uint64_t bytes = arbiter_bytes(o);

	*w = (struct world){0};
	scan_double = (struct scan_double){0};
	log_double_open(&w->pool, LOG_DOUBLE_SEGMENTS);
	uint8_t *base = aligned_alloc(REGION_PAGE_BYTES, bytes);

	w->page_epoch = calloc(bytes / REGION_PAGE_BYTES, 1);
	assert(base != NULL);
	assert(w->page_epoch != NULL);
	memset(base, 0, bytes);
	int error = region_init(&w->region, base, bytes, w->page_epoch);

	assert(error == 0);
	return arbiter_init(&w->arbiter, &(struct arbiter_setup){
	                                         .region = &w->region,
	                                         .pool = &w->pool,
	                                         .log = &w->writer,
	                                         .protocol = p,
	                                         .options = *o,
	                                 });
}

static inline void world_close(struct world *w)
{
	free(w->region.base);
	free(w->page_epoch);
}

static inline void world_send_at(struct world *w, uint64_t now_ns, struct send m)
{
	struct feed_packet p = double_build(&m);

	arbiter_on_packet(&w->arbiter, m.line, &p, now_ns, TIME_CAPTURE);
}

#define SEND_AT(w, now_ns, ...) world_send_at(w, now_ns, (struct send){__VA_ARGS__})

/* ---- the log as text ---- */

static inline size_t double_print(const struct record *r, char *session, char *text, size_t room)
{
	const struct record_gap *g = (const struct record_gap *)(const void *)record_payload(r);
	const uint8_t *payload = record_payload(r);
	uint64_t first = r->first_sequence;
	int n = 0;

	switch ((enum record_kind)r->kind) {
	case RECORD_DATA:
		for (uint32_t i = 0; i < r->count; i++) {
			if (!double_is(payload, *session, first + i))
				n = -1;
			payload += 2u + be16(payload);
		}
		if (n < 0 || payload != record_payload(r) + r->payload_bytes)
			return (size_t)snprintf(text, room, "BAD%" PRIu64 " ", first);
		if (r->count == 1)
			n = snprintf(text, room, "D%" PRIu64 " ", first);
		else
			n = snprintf(text, room, "D%" PRIu64 "-%" PRIu64 " ", first,
			             first + r->count - 1);
		break;
	case RECORD_GAP:
		if (g->missing == 1)
			n = snprintf(text, room, "G%" PRIu64 "%c ", first, "aposiur"[g->reason]);
		else
			n = snprintf(text, room, "G%" PRIu64 "-%" PRIu64 "%c ", first,
			             first + g->missing - 1, "aposiur"[g->reason]);
		break;
	case RECORD_RESET:
		*session = (char)payload[0];
		n = snprintf(text, room, "R%" PRIu64 " ", first);
		break;
	case RECORD_END:
		n = snprintf(text, room, "E%" PRIu64 " ", first);
		break;
	case RECORD_PAD:
		n = snprintf(text, room, "PAD ");
		break;
	}
	return (size_t)n;
}

static inline const char *world_log(struct world *w)
{
	size_t used = 0;
	char session = '?';

	w->text[0] = '\0';
	for (uint32_t i = 0; i < log_double.count && used < sizeof(w->text) - 64; i++)
		used += double_print(log_double.records[i], &session, w->text + used,
		                     sizeof(w->text) - used);
	if (used > 0)
		w->text[used - 1] = '\0';
	return w->text;
}

/* Compares the whole log; prints both when they differ. */
#define EXPECT_LOG(w, want)                                                                       \
	do {                                                                                      \
		const char *got_ = world_log(w);                                                  \
		if (strcmp(got_, want) != 0)                                                      \
			printf("\n%s:%d: log is  %s\n    wanted  %s\n", __FILE__, __LINE__, got_, \
			       want);                                                             \
		CU_ASSERT_STRING_EQUAL(got_, want);                                               \
	} while (0)

#define EXPECT_EQUAL(got, want)                                                              \
	do {                                                                                 \
		uint64_t got_ = (uint64_t)(got);                                             \
		uint64_t want_ = (uint64_t)(want);                                           \
		if (got_ != want_)                                                           \
			printf("\n%s:%d: %s is %" PRIu64 ", wanted %" PRIu64 "\n", __FILE__, \
			       __LINE__, #got, got_, want_);                                 \
		CU_ASSERT_EQUAL(got_, want_);                                                \
	} while (0)

#endif
