/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The gap trial's exchange: messages that say who they are, packets of some of them, two lines that
 * lose; and the reader at the log's other end.
 */
#include <string.h>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/packet.h"
#include "perf/gap_trial_private.h"

#define MESSAGE_BYTES_MIN 20u
#define MESSAGE_BYTES_VAR 41u
#define STORM_MESSAGES    (1ull << 40)
#define TAIL_HEARTBEATS   8u

static uint32_t message_bytes(uint64_t sequence)
{
	return MESSAGE_BYTES_MIN +
	       (uint32_t)((sequence * 0x9e3779b97f4a7c15ull >> 40) % MESSAGE_BYTES_VAR);
}

/* {u16 length, sequence, filling} */
static uint32_t message_put(uint8_t *p, uint64_t sequence)
{
	uint32_t bytes = message_bytes(sequence);

	put_be16(p, (uint16_t)bytes);
	put_be64(p + 2, sequence);
	memset(p + 10, (int)(sequence & 0xff), bytes - 8);
	return 2 + bytes;
}

static bool message_is(const uint8_t *p, uint64_t sequence)
{
	uint8_t want[2 + MESSAGE_BYTES_MIN + MESSAGE_BYTES_VAR];

	return memcmp(p, want, message_put(want, sequence)) == 0;
}

static uint64_t trial_scan(struct message_scan *s, const uint8_t *blocks, uint32_t bytes,
                           uint32_t count)
{
	(void)s;
	(void)blocks;
	(void)bytes;
	(void)count;
	return UINT64_MAX;
}

const struct protocol trial_protocol = {
        .name = "trial", .blocks_big_endian = true, .header_bytes = 20, .scan = trial_scan};

static const struct session_key session = {.name = "TRIAL"};

struct feed_packet trial_build(struct trial *t, uint64_t first, uint32_t count, uint32_t bytes)
{
	struct feed_packet p = {.session = session,
	                        .first_sequence = first,
	                        .blocks = t->blocks,
	                        .kind = FEED_DATA};

	bytes = bytes < TRIAL_BLOCKS_MAX ? bytes : TRIAL_BLOCKS_MAX;
	for (; p.block_count < count; p.block_count++) {
		if (p.block_bytes + 2 + message_bytes(first + p.block_count) > bytes)
			break;
		p.block_bytes += message_put(t->blocks + p.block_bytes, first + p.block_count);
	}
	p.claimed_count = p.block_count;
	return p;
}

/* ---- lines ---- */

uint64_t trial_send_ns(const struct trial *t)
{
	uint64_t all = t->options->packets + TAIL_HEARTBEATS;

	return t->packet >= all ? UINT64_MAX
	                        : t->start_ns + (t->packet + 1) * t->options->interval_ns;
}

/* Both lines begin to lose. */
static void trial_begin_gap(struct trial *t)
{
	const struct gap_trial_options *o = t->options;
	uint64_t packets = 1 + prng_below(&t->random, o->gap_packets_max);

	if (o->gap_every == 0 || t->packet % o->gap_every != o->gap_every - 1)
		return;
	if (t->packet + o->gap_every > o->packets)
		return;
	t->result->gaps++;
	if (o->long_every != 0 && t->result->gaps % o->long_every == 0)
		packets = o->long_packets;
	t->lose_until = t->packet + packets;
	t->gaps[t->result->gaps - 1] =
	        (struct trial_gap){.first = t->next_sequence, .end = t->next_sequence};
}

static void trial_line(struct trial *t, uint8_t line, struct trial_event e)
{
	const struct gap_trial_options *o = t->options;
	uint64_t skew_ns = line == 0 || o->skew_ns == 0
	                           ? 0
	                           : o->skew_ns / 2 + prng_below(&t->random, o->skew_ns);
	bool lost = prng_chance_ppm(&t->random, o->lose_ppm);

	e.line = line;
	e.time_ns = t->now_ns + skew_ns;
	if (o->storm_at != 0 && t->packet == o->storm_at && line == 1)
		e.claim = t->next_sequence + STORM_MESSAGES;
	if (e.claim != 0 || (!lost && t->packet >= t->lose_until))
		trial_add(t, e);
}

bool trial_send(struct trial *t)
{
	const struct gap_trial_options *o = t->options;
	struct trial_event e = {.what = TRIAL_PACKET, .first = t->next_sequence};

	if (trial_send_ns(t) > t->now_ns)
		return false;
	trial_begin_gap(t);
	if (t->packet >= o->packets)
		e.claim = t->next_sequence; /* the day's end: what is missing is told */
	else
		e.count = 1 + (uint32_t)prng_below(&t->random, o->messages_max);
	t->next_sequence += e.count;
	if (t->packet < t->lose_until)
		t->gaps[t->result->gaps - 1].end = t->next_sequence;
	trial_line(t, 0, e);
	trial_line(t, 1, e);
	t->packet++;
	return true;
}

/* The arbiter is about to get it. */
void trial_give(struct trial *t, const struct feed_packet *p)
{
	for (uint32_t i = 0; i < p->block_count; i++)
		if (p->first_sequence + i < t->have_max)
			t->have[p->first_sequence + i] = 1;
}

/* ---- the log's other end ---- */

static void trial_read_gap(struct trial *t, const struct record *r)
{
	const struct record_gap *g = (const struct record_gap *)(const void *)record_payload(r);

	t->result->lost += g->missing;
	t->result->last_lost_ns = t->now_ns - t->start_ns;
	for (uint64_t i = t->gap_at; i < t->result->gaps; i++)
		if (t->gaps[i].first < r->first_sequence + g->missing &&
		    r->first_sequence < t->gaps[i].end)
			t->gaps[i].lost = true;
	t->read_sequence += g->missing;
}

static void trial_read_data(struct trial *t, const struct record *r)
{
	const uint8_t *p = record_payload(r);
	uint32_t at = 0;

	for (uint32_t i = 0; i < r->count; i++) {
		t->result->disorder += !message_is(p + at, r->first_sequence + i);
		at += 2u + be16(p + at);
	}
	t->result->disorder += at != r->payload_bytes;
	t->result->delivered += r->count;
	t->read_sequence += r->count;
}

void trial_read_log(struct trial *t)
{
	const struct record *r;

	while ((r = cursor_next(&t->cursor)) != NULL) {
		t->result->hash = (t->result->hash ^ r->first_sequence ^ (uint64_t)r->kind << 56 ^
		                   (uint64_t)r->count << 40 ^ r->time_ns << 8) *
		                  0x9e3779b97f4a7c15ull;
		if (r->kind == RECORD_RESET)
			t->read_sequence = t->result->joined = r->first_sequence;
		t->result->disorder += r->first_sequence != t->read_sequence;
		if (r->kind == RECORD_GAP)
			trial_read_gap(t, r);
		else if (r->kind == RECORD_DATA)
			trial_read_data(t, r);
	}
	cursor_release(&t->cursor);
}
