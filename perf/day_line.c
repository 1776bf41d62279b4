/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/day_line.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/wire/bytes.h"

#define MOLD_HEADER_BYTES  20u
#define IEXTP_HEADER_BYTES 40u
#define IEXTP_TOPS         0x8003u
#define IEXTP_DEEP         0x8004u
#define IEXTP_SESSION      0x43810000u
#define END_PACKETS        3u
#define COPY_DELAY_NS      3000u

static uint32_t header_bytes(const struct day_line *l)
{
	return l->transport != DAY_MOLDUDP64 ? IEXTP_HEADER_BYTES : MOLD_HEADER_BYTES;
}

void day_line_init(struct day_line *l, const struct day_feed_options *o, uint32_t number)
{
	*l = (struct day_line){.options = o->line[number],
	                       .transport = o->transport,
	                       .number = (uint8_t)number,
	                       .together_ns = o->together_ns,
	                       .packet_messages = o->packet_messages};
	prng_init(&l->cut, o->seed * 4 + (o->same_cuts ? 0 : number));
	prng_init(&l->luck, ~o->seed * 4 + number);
	if (l->options.payload_bytes_max == 0)
		l->options.payload_bytes_max = DAY_FEED_PAYLOAD_MAX;
	if (l->options.address.destination_address == 0)
		l->options.address =
		        (struct frame_address){.source_address = 0x0a000001u + number,
		                               .destination_address = 0xe9360c6fu + number,
		                               .source_port = 30000,
		                               .destination_port = (uint16_t)(26477 + number)};
}

void day_line_finish(struct day_line *l)
{
	for (uint32_t i = 0; i < l->heap_count; i++)
		free(l->heap[i].payload);
	for (uint32_t i = 0; i < l->held_count; i++)
		free(l->held[i].packet.payload);
	free(l->heap);
	free(l->lost);
}

static bool earlier(const struct day_line_packet *a, const struct day_line_packet *b)
{
	if (a->packet.time_ns != b->packet.time_ns)
		return a->packet.time_ns < b->packet.time_ns;
	return a->serial < b->serial;
}

static void heap_put(struct day_line *l, const struct day_line_packet *p)
{
	if (l->heap_count == l->heap_room) {
		uint32_t room = l->heap_room == 0 ? 64 : l->heap_room * 2;
		struct day_line_packet *heap = realloc(l->heap, room * sizeof(*heap));

		if (heap == NULL) {
			free(p->payload);
			l->failed = true;
			return;
		}
		l->heap = heap;
		l->heap_room = room;
	}
	uint32_t i = l->heap_count++;

	while (i > 0 && earlier(p, &l->heap[(i - 1) / 2])) {
		l->heap[i] = l->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	l->heap[i] = *p;
}

const struct day_line_packet *day_line_first(const struct day_line *l)
{
	return l->heap_count == 0 ? NULL : &l->heap[0];
}

struct day_line_packet day_line_take(struct day_line *l)
{
	assert(l->heap_count > 0);
	struct day_line_packet top = l->heap[0];
	struct day_line_packet last = l->heap[--l->heap_count];
	uint32_t i = 0;

	for (uint32_t child = 1; child < l->heap_count; child = 2 * i + 1) {
		if (child + 1 < l->heap_count && earlier(&l->heap[child + 1], &l->heap[child]))
			child++;
		if (!earlier(&l->heap[child], &last))
			break;
		l->heap[i] = l->heap[child];
		i = child;
	}
	l->heap[i] = last;
	return top;
}

/* Counts what goes on its way and copies it; payload NULL: no memory. */
static struct day_line_packet copy(struct day_line *l, const struct day_packet *p)
{
	struct day_line_packet on_way = {.packet = *p, .serial = l->serial++};

	on_way.payload = malloc(p->payload_bytes);
	if (on_way.payload == NULL) {
		l->failed = true;
		return on_way;
	}
	memcpy(on_way.payload, l->building, p->payload_bytes);
	l->counts.packets++;
	l->counts.messages += p->messages;
	l->counts.repeated_packets += p->repeated;
	l->counts.heartbeats += p->kind != DAY_PACKET_DATA;
	return on_way;
}

static void send_copy(struct day_line *l, const struct day_packet *p)
{
	struct day_line_packet on_way = copy(l, p);

	if (on_way.payload != NULL)
		heap_put(l, &on_way);
}

/* A packet goes out at time_ns: those that it was the last to overtake follow it. all: whatever is
 * left to overtake. */
static void release_held(struct day_line *l, uint64_t time_ns, bool all)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->held_count; i++) {
		if (!all && --l->held[i].left > 0) {
			l->held[kept++] = l->held[i];
			continue;
		}
		l->held[i].packet.packet.time_ns = time_ns;
		l->held[i].packet.serial = l->serial++;
		heap_put(l, &l->held[i].packet);
	}
	l->held_count = kept;
}

/* Dice say that it is held back by packets. */
static bool is_held(struct day_line *l)
{
	const struct day_line_options *o = &l->options;

	return o->reorder_packets > 0 && o->reorder_ns == 0 &&
	       prng_chance_ppm(&l->luck, o->reorder_ppm) && l->held_count < DAY_REORDER_MAX;
}

static void hold(struct day_line *l, const struct day_packet *p)
{
	struct day_line_packet on_way = copy(l, p);
	uint32_t packets = l->options.reorder_packets;

	if (on_way.payload == NULL)
		return;
	l->held[l->held_count].packet = on_way;
	l->held[l->held_count++].left = 1 + (uint32_t)prng_below(&l->luck, packets);
	l->counts.delayed_packets++;
}

/* A line that takes packets from elsewhere has no ordinals, and so keeps no list. */
static void note_lost(struct day_line *l, const struct day_packet *p)
{
	uint64_t first = l->next_ordinal - l->messages;
	struct day_range *last = l->lost_count > 0 ? &l->lost[l->lost_count - 1] : NULL;

	l->counts.lost_packets++;
	l->counts.lost_messages += p->messages;
	if (l->messages == 0)
		return;
	if (last != NULL && last->run == l->run && last->ordinal + last->count == first) {
		last->count += l->messages;
		return;
	}
	if (l->lost_count == l->lost_room) {
		uint64_t room = l->lost_room == 0 ? 64 : l->lost_room * 2;
		struct day_range *lost = realloc(l->lost, room * sizeof(*lost));

		if (lost == NULL) {
			l->failed = true;
			return;
		}
		l->lost = lost;
		l->lost_room = room;
	}
	l->lost[l->lost_count++] = (struct day_range){.ordinal = first,
	                                              .sequence = l->next_sequence - l->messages,
	                                              .count = l->messages,
	                                              .run = l->run};
}

void day_feed_session(uint32_t run, char session[DAY_FEED_SESSION_BYTES])
{
	char text[24];

	snprintf(text, sizeof(text), "GENESIS%03u", (run + 1) % 1000);
	memcpy(session, text, DAY_FEED_SESSION_BYTES);
}

/* Writes the transport's header in front of building's blocks. */
static void write_header(struct day_line *l, const struct day_packet *p)
{
	uint8_t *h = l->building;
	uint32_t block_bytes = p->payload_bytes - header_bytes(l);

	if (l->transport == DAY_MOLDUDP64) {
		day_feed_session(p->run, (char *)h);
		put_be64(h + 10, p->sequence);
		put_be16(h + 18, p->kind == DAY_PACKET_END ? 0xffff : (uint16_t)p->messages);
		return;
	}
	h[0] = 1;
	h[1] = 0;
	put_le16(h + 2, l->transport == DAY_IEXTP_TOPS ? IEXTP_TOPS : IEXTP_DEEP);
	put_le32(h + 4, 1);
	put_le32(h + 8, IEXTP_SESSION);
	put_le16(h + 12, (uint16_t)block_bytes);
	put_le16(h + 14, (uint16_t)p->messages);
	put_le64(h + 16, l->stream_offset - block_bytes);
	put_le64(h + 24, p->sequence);
	/* The time of its first message: however the lines cut, the packets with sequence 1 are
	 * then none that was sent later than what follows, which would be a new run. */
	put_le64(h + 32, p->messages > 0 ? l->first_ns : p->time_ns - l->options.skew_ns);
}

static uint64_t due(struct day_line *l, uint64_t sent_ns)
{
	uint64_t due_ns = sent_ns + l->options.skew_ns;

	if (due_ns < l->last_due_ns)
		due_ns = l->last_due_ns;
	l->last_due_ns = due_ns;
	return due_ns;
}

static bool is_within(const struct day_window windows[DAY_WINDOWS_MAX], uint64_t time_ns)
{
	for (uint32_t i = 0; i < DAY_WINDOWS_MAX; i++)
		if (time_ns >= windows[i].from_ns &&
		    time_ns - windows[i].from_ns < windows[i].for_ns)
			return true;
	return false;
}

static bool is_dark(const struct day_line *l, uint64_t time_ns)
{
	return is_within(l->options.blackouts, time_ns);
}

/* A packet without messages; only a black-out takes it away. */
static void send_whole(struct day_line *l, const struct day_packet *p)
{
	if (is_dark(l, p->time_ns))
		l->counts.blackout_packets++;
	else
		send_copy(l, p);
}

static void send_empty(struct day_line *l, uint8_t kind, uint64_t now_ns)
{
	struct day_packet p = {.time_ns = due(l, now_ns),
	                       .sequence = l->next_sequence,
	                       .run = l->run,
	                       .payload_bytes = header_bytes(l),
	                       .line = l->number,
	                       .kind = kind};

	assert(l->messages == 0);
	write_header(l, &p);
	send_whole(l, &p);
}

/* By the dice, which are thrown whether it is dark or not: a black-out moves no other loss. */
static bool is_lost(struct day_line *l, uint64_t time_ns)
{
	const struct day_line_options *o = &l->options;

	if (l->burst_left == 0 && o->burst_packets_max > 0 &&
	    prng_chance_ppm(&l->luck, o->burst_loss_ppm))
		l->burst_left = 1 + (uint32_t)prng_below(&l->luck, o->burst_packets_max);
	if (l->burst_left > 0) {
		l->burst_left--;
		return true;
	}
	return prng_chance_ppm(&l->luck, o->loss_ppm) &&
	       (o->losses[0].for_ns == 0 || is_within(o->losses, time_ns));
}

/* The packet in building goes on its way, or does not. */
static void send_impaired(struct day_line *l, struct day_packet p)
{
	bool dark = is_dark(l, p.time_ns);
	bool lost = is_lost(l, p.time_ns);

	l->counts.blackout_packets += dark;
	if (dark || lost) {
		note_lost(l, &p);
		return;
	}
	if (l->options.corrupt_ppm > 0 && prng_chance_ppm(&l->luck, l->options.corrupt_ppm)) {
		p.corrupt = true;
		p.corrupt_bit = (uint32_t)prng_below(&l->luck, p.payload_bytes * 8);
		l->counts.corrupt_packets++;
		note_lost(l, &p);
	}
	if (l->options.reorder_ns > 0 && prng_chance_ppm(&l->luck, l->options.reorder_ppm)) {
		p.time_ns += 1 + prng_below(&l->luck, l->options.reorder_ns);
		l->counts.delayed_packets++;
	}
	if (is_held(l)) {
		release_held(l, p.time_ns, false); /* it may yet overtake them */
		hold(l, &p);
		return;
	}
	send_copy(l, &p);
	release_held(l, p.time_ns, false);
	if (prng_chance_ppm(&l->luck, l->options.duplicate_ppm)) {
		p.time_ns += prng_below(&l->luck, COPY_DELAY_NS);
		p.repeated = true;
		send_copy(l, &p);
	}
}

void day_line_packet_in(struct day_line *l, const struct day_source_packet *in)
{
	struct day_packet p = {.time_ns = due(l, in->time_ns),
	                       .sequence = in->sequence,
	                       .run = in->run,
	                       .messages = in->messages,
	                       .payload_bytes = in->payload_bytes,
	                       .line = l->number,
	                       .kind = in->kind};

	assert(in->payload_bytes > 0);
	assert(in->payload_bytes <= sizeof(l->building));
	memcpy(l->building, in->payload, in->payload_bytes);
	if (p.kind == DAY_PACKET_DATA)
		send_impaired(l, p);
	else
		send_whole(l, &p);
}

void day_line_flush(struct day_line *l)
{
	if (l->messages == 0)
		return;
	struct day_packet p = {.time_ns = due(l, l->last_ns),
	                       .sequence = l->next_sequence - l->messages,
	                       .run = l->run,
	                       .messages = l->messages,
	                       .payload_bytes = l->bytes,
	                       .line = l->number,
	                       .kind = DAY_PACKET_DATA};

	write_header(l, &p);
	send_impaired(l, p);
	l->messages = 0;
	l->bytes = header_bytes(l);
}

void day_line_begin_run(struct day_line *l, uint32_t run, uint64_t now_ns)
{
	l->run = run;
	l->next_sequence = 1;
	l->stream_offset = 0;
	l->bytes = header_bytes(l);
	send_empty(l, DAY_PACKET_HEARTBEAT, now_ns);
}

void day_line_release(struct day_line *l, uint64_t now_ns)
{
	release_held(l, due(l, now_ns), true);
}

void day_line_end_run(struct day_line *l, uint64_t now_ns)
{
	day_line_flush(l);
	day_line_release(l, now_ns);
	for (uint32_t i = 0; i < END_PACKETS; i++)
		send_empty(l, l->transport != DAY_MOLDUDP64 ? DAY_PACKET_HEARTBEAT : DAY_PACKET_END,
		           now_ns + i * 1000000ull);
}

void day_line_heartbeat(struct day_line *l, uint64_t now_ns)
{
	day_line_flush(l);
	send_empty(l, DAY_PACKET_HEARTBEAT, now_ns);
}

/* How many messages the next packet is meant to hold. */
static uint32_t cut(struct day_line *l)
{
	uint32_t kind = (uint32_t)prng_below(&l->cut, 100);

	if (l->packet_messages > 0)
		return l->packet_messages;
	if (l->full_left > 0) {
		l->full_left--;
		return UINT32_MAX;
	}
	if (kind < 82)
		return 1;
	if (kind < 98)
		return 2 + (uint32_t)prng_below(&l->cut, 8);
	l->full_left = (uint32_t)prng_below(&l->cut, 12);
	return UINT32_MAX;
}

void day_line_message(struct day_line *l, const struct day_source_message *m, uint64_t now_ns)
{
	assert(header_bytes(l) + 2 + m->bytes <= l->options.payload_bytes_max);
	if (l->messages > 0 && (l->bytes + 2 + m->bytes > l->options.payload_bytes_max ||
	                        now_ns - l->first_ns > l->together_ns))
		day_line_flush(l);
	if (l->messages == 0) {
		l->messages_wanted = cut(l);
		l->first_ns = now_ns;
	}
	uint8_t *block = l->building + l->bytes;

	if (l->transport != DAY_MOLDUDP64)
		put_le16(block, (uint16_t)m->bytes);
	else
		put_be16(block, (uint16_t)m->bytes);
	if (m->bytes > 0)
		memcpy(block + 2, m->data, m->bytes);
	l->bytes += 2 + m->bytes;
	l->stream_offset += 2 + m->bytes;
	l->messages++;
	l->next_sequence++;
	l->next_ordinal++;
	l->last_ns = now_ns;
	if (l->messages == l->messages_wanted)
		day_line_flush(l);
}

uint64_t day_line_frontier_ns(const struct day_line *l, uint64_t now_ns)
{
	return l->messages > 0 ? l->last_ns : now_ns;
}
