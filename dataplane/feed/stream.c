/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/stream.h"

#include <assert.h>

#include "dataplane/feed/arbiter_state.h"

/* A copy no more than this far behind the stream is an ordinary duplicate. */
#define STREAM_REWIND_MESSAGES 65536u

static_assert(LOG_RECORD_PAYLOAD_MAX <= PARKING_BYTES_MAX, "any run can be parked");

static uint64_t stream_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void stream_add(uint64_t *counter, uint64_t n)
{
	*counter = n > UINT64_MAX - *counter ? UINT64_MAX : *counter + n;
}

struct stream_arrival stream_arrival(const struct feed_packet *p, uint32_t line, uint64_t time_ns,
                                     uint8_t time_source)
{
	uint64_t first = p->first_sequence - 1;

	assert(p->first_sequence != 0);
	assert(p->block_count <= p->claimed_count);
	assert(p->claimed_count <= UINT64_MAX - first);
	return (struct stream_arrival){
	        .packet = p,
	        .first = first,
	        .end = first + p->block_count,
	        .claimed_end = first + p->claimed_count,
	        .time_ns = time_ns,
	        .walked = first,
	        .line = line,
	        .time_source = time_source,
	};
}

/* ---- what goes out ---- */

static void stream_note(struct arbiter *a, struct outlet_note note)
{
	note.time_ns = a->state->now_ns;
	note.time_source = (uint8_t)a->state->time_source;
	note.epoch = a->state->epoch;
	outlet_note(a, &note);
}

/* [first, end) will not be delivered. */
static void stream_lose(struct arbiter *a, uint64_t first, uint64_t end, enum gap_reason reason)
{
	struct arbiter_state *s = a->state;

	assert(first == s->expected);
	assert(first < end);
	if (lost_add(&s->lost, a->region, first, end))
		s->stats.gaps++;
	stream_add(&s->stats.lost_messages, end - first);
	stream_add(&s->stats.lost_by_reason[reason], end - first);
	s->gap_epoch = s->epoch;
	s->gap_end_sequence = stream_sequence(end);
	stream_note(a, (struct outlet_note){.kind = RECORD_GAP,
	                                    .first_sequence = first + 1,
	                                    .missing = end - first,
	                                    .reason = reason});
}

/* True: the session's END is yet to be written and lies below `to`. */
static bool stream_ends_before(const struct arbiter_state *s, uint64_t to)
{
	return __builtin_expect(s->end_known != 0 && s->ended == 0 && s->end_position < to, 0);
}

static void stream_advance(struct arbiter *a, uint64_t to)
{
	struct arbiter_state *s = a->state;

	assert(to >= s->expected);
	s->expected = to;
	if (__builtin_expect(s->end_known == 0 || s->ended != 0 || to < s->end_position, 1))
		return;
	s->ended = 1;
	s->stats.sessions_ended++;
	stream_note(
	        a, (struct outlet_note){.kind = RECORD_END, .first_sequence = stream_sequence(to)});
}

static void stream_deliver_whole(struct arbiter *a, const struct stream_run *run)
{
	struct arbiter_state *s = a->state;
	struct outlet_run out = {
	        .first_sequence = run->first + 1,
	        .time_ns = run->time_ns,
	        .blocks = run->blocks,
	        .bytes = run->bytes,
	        .count = (uint32_t)(run->end - run->first),
	        .epoch = s->epoch,
	        .time_source = run->time_source,
	};

	assert(run->first == s->expected);
	if (__builtin_expect(!outlet_data(a, &out), 0))
		stream_lose(a, run->first, run->end, GAP_OVERLOAD);
	else if (__builtin_expect(run->line < a->options.line_count, 1))
		skew_on_delivery(&s->skew, a->region,
		                 &(struct skew_delivery){.first = run->first,
		                                         .end = run->end,
		                                         .time_ns = run->time_ns,
		                                         .line = run->line});
	stream_advance(a, run->end);
}

/* The first part of a run, up to `to`; *run keeps the rest. */
static struct stream_run stream_cut(const struct arbiter *a, struct stream_run *run, uint64_t to)
{
	struct stream_run head = *run;

	head.bytes = 0;
	for (uint64_t at = run->first; at < to; at++)
		head.bytes += 2 + protocol_block_length(a->protocol, run->blocks + head.bytes);
	assert(head.bytes <= run->bytes);
	head.end = to;
	run->first = to;
	run->blocks += head.bytes;
	run->bytes -= head.bytes;
	return head;
}

void stream_deliver(struct arbiter *a, const struct stream_run *run)
{
	/* Where END stands in the log must not depend on how packets are cut. */
	if (stream_ends_before(a->state, run->end)) {
		struct stream_run rest = *run;
		struct stream_run head = stream_cut(a, &rest, a->state->end_position);

		stream_deliver_whole(a, &head);
		stream_deliver_whole(a, &rest);
		return;
	}
	stream_deliver_whole(a, run);
}

/* Delivers what waits at `expected`, as far as it is without holes. */
static void stream_release(struct arbiter *a, struct parking_room *k)
{
	for (;;) {
		uint32_t i = parking_first(k);

		if (i == 0 || k->pieces[i].first != a->state->expected)
			return;
		struct parking_piece piece = k->pieces[i];

		parking_unlink_first(k);
		parking_put(k, i);
		if (piece.end == piece.first)
			continue;
		stream_deliver(a, &(struct stream_run){
		                          .first = piece.first,
		                          .end = piece.end,
		                          .blocks = parking_at(k, piece.spot),
		                          .time_ns = piece.time_ns,
		                          .bytes = piece.bytes,
		                          .line = piece.line,
		                          .time_source = piece.time_source,
		                  });
		parking_unstore(k, piece.spot, piece.bytes);
	}
}

static void stream_give_up(struct arbiter *a, struct parking_room *k, uint64_t to,
                           enum gap_reason reason)
{
	if (stream_ends_before(a->state, to))
		to = a->state->end_position; /* the rest is given up when the caller looks again */
	stream_lose(a, a->state->expected, to, reason);
	stream_advance(a, to);
	stream_release(a, k);
}

/* Something does not fit: the lowest hole below `position` is given up, which either frees what
 * waits behind it or makes the position the next to be delivered. */
static void stream_make_room(struct arbiter *a, struct parking_room *k, uint64_t position)
{
	uint32_t i = parking_first(k);
	uint64_t to = i != 0 ? stream_min(k->pieces[i].first, position) : position;

	a->state->stats.parking_full++;
	stream_give_up(a, k, to, GAP_PARKING);
}

/* ---- what comes in ---- */

static void stream_begin(struct arbiter *a, uint64_t first)
{
	struct arbiter_state *s = a->state;
	bool is_reset = s->epoch != 0;

	s->epoch = s->epoch == UINT32_MAX ? 1 : s->epoch + 1;
	s->expected = a->options.join == ARBITER_JOIN_FROM_ONE ? 0 : first;
	s->joined = 1;
	s->join_end = first;
	s->asked_end = 0;
	s->end_known = 0;
	s->ended = 0;
	s->end_position = 0;
	lost_clear(&s->lost);
	skew_clear(&s->skew, a->region);
	for (uint32_t i = 0; i < a->options.line_count; i++)
		line_on_session(&s->lines[i], &s->windows[i]);
	region_mark_range(a->region, s, offsetof(struct arbiter_state, lost.ranges));
	if (is_reset) {
		s->stats.session_resets++;
		message_scan_reset(a->scan);
	}
	stream_note(a, (struct outlet_note){.kind = RECORD_RESET,
	                                    .first_sequence = stream_sequence(s->expected),
	                                    .session = s->sessions.current.key});
}

static void stream_count_duplicates(struct arbiter *a, uint32_t line, uint64_t messages)
{
	a->state->stats.duplicates += messages;
	a->state->lines[line].stats.duplicates += messages;
}

/* Messages below `expected`. */
static void stream_count_settled(struct arbiter *a, const struct stream_arrival *v, uint64_t from,
                                 uint64_t to)
{
	struct arbiter_state *s = a->state;
	uint64_t late = from < s->lost.end ? lost_overlap(&s->lost, from, to) : 0;

	s->stats.late += late;
	s->lines[v->line].stats.late += late;
	stream_count_duplicates(a, v->line, to - from - late);
}

static void stream_heal(struct arbiter *a, uint32_t line, const struct parking_absence *absence,
                        uint64_t messages)
{
	a->state->stats.healed += messages;
	if (line == a->options.line_count)
		a->state->stats.healed_by_recovery += messages;
	else if (absence->line != line)
		a->state->stats.healed_by_other_line += messages;
}

/* Where the piece that holds `position` ends; `position` when none does. */
static uint64_t stream_covered(const struct parking_room *k, const struct parking_path *path,
                               uint64_t position)
{
	const struct parking_piece *before = &k->pieces[path->before[0]];
	const struct parking_piece *after = &k->pieces[parking_after(k, path)];

	if (before->end > position)
		return before->end;
	if (after != k->pieces && after->first == position)
		return after->end;
	return position;
}

/* The blocks of [from, to), or as many of them as fit a record. */
static struct stream_run stream_slice(const struct arbiter *a, struct stream_arrival *v,
                                      uint64_t from, uint64_t to)
{
	const struct feed_packet *p = v->packet;
	struct stream_run run = {
	        .first = from,
	        .end = from,
	        .time_ns = v->time_ns,
	        .line = v->line,
	        .time_source = v->time_source,
	};

	for (; v->walked < from; v->walked++)
		v->offset += 2 + protocol_block_length(a->protocol, p->blocks + v->offset);
	run.blocks = p->blocks + v->offset;
	to = from + stream_min(to - from, UINT16_MAX);
	while (run.end < to) {
		uint32_t block = 2 + protocol_block_length(a->protocol, run.blocks + run.bytes);

		if (run.end != from && run.bytes + block > LOG_RECORD_PAYLOAD_MAX)
			break;
		run.bytes += block;
		run.end++;
	}
	assert(v->offset + run.bytes <= p->block_bytes);
	return run;
}

/* The run at `from`, which nobody brought before: up to the next waiting message. */
static struct stream_run stream_next_run(const struct arbiter *a, const struct parking_room *k,
                                         const struct parking_path *path, struct stream_arrival *v,
                                         uint64_t from)
{
	const struct feed_packet *p = v->packet;
	uint32_t i = parking_after(k, path);
	uint64_t to = v->end;

	for (; i != 0 && k->pieces[i].first < to; i = k->pieces[i].next[0])
		if (k->pieces[i].end != k->pieces[i].first)
			to = k->pieces[i].first;
	if (from == v->first && to == v->end && p->block_bytes <= LOG_RECORD_PAYLOAD_MAX &&
	    p->block_count <= UINT16_MAX)
		return (struct stream_run){
		        .first = from,
		        .end = to,
		        .blocks = p->blocks,
		        .time_ns = v->time_ns,
		        .bytes = p->block_bytes,
		        .line = v->line,
		        .time_source = v->time_source,
		};
	return stream_slice(a, v, from, to);
}

/* The run fills (part of) the holes it lies in: markers inside or at its ends are needed no more.
 * Returns since when the hole below the run is known. */
static struct parking_absence stream_fill(struct arbiter *a, struct parking_room *k,
                                          const struct parking_path *path,
                                          const struct stream_run *run)
{
	struct parking_absence below = {
	        .ns = run->time_ns, .packets = a->state->datagrams, .line = run->line};
	uint64_t from = run->first;
	uint32_t i = parking_after(k, path);
	bool known = false;

	while (i != 0 && k->pieces[i].first == k->pieces[i].end && k->pieces[i].first <= run->end) {
		const struct parking_piece *marker = &k->pieces[i];

		stream_heal(a, run->line, &marker->absence, marker->first - from);
		from = marker->first;
		if (!known)
			below = marker->absence;
		known = true;
		parking_unlink(k, path);
		parking_put(k, i);
		i = parking_after(k, path);
	}
	if (i == 0)
		return below; /* beyond all that was claimed */
	stream_heal(a, run->line, &k->pieces[i].absence, run->end - from);
	return known ? below : k->pieces[i].absence;
}

/* False: no room. */
static bool stream_park(struct arbiter *a, struct parking_room *k, const struct parking_path *path,
                        const struct stream_run *run)
{
	uint32_t i = parking_take(k);
	struct parking_spot spot;

	if (i == 0)
		return false;
	if (!parking_store(k, run->blocks, run->bytes, &spot)) {
		parking_put(k, i);
		return false;
	}
	struct parking_absence below = stream_fill(a, k, path, run);

	k->pieces[i] = (struct parking_piece){
	        .first = run->first,
	        .end = run->end,
	        .absence = below,
	        .time_ns = run->time_ns,
	        .spot = spot,
	        .bytes = run->bytes,
	        .line = (uint8_t)run->line,
	        .time_source = run->time_source,
	};
	parking_link(k, path, i);
	a->state->stats.parked += run->end - run->first;
	return true;
}

static void stream_take_blocks(struct arbiter *a, struct parking_room *k, struct stream_arrival *v)
{
	struct arbiter_state *s = a->state;
	uint64_t at = v->first;

	while (at < v->end) {
		struct parking_path path;
		uint64_t to = stream_min(s->expected, v->end);

		if (at < to) {
			stream_count_settled(a, v, at, to);
			at = to;
			continue;
		}
		parking_seek(k, at, &path);
		to = stream_min(stream_covered(k, &path, at), v->end);
		if (at < to) {
			stream_count_duplicates(a, v->line, to - at);
			at = to;
			continue;
		}
		struct stream_run run = stream_next_run(a, k, &path, v, at);

		if (at == s->expected) {
			stream_fill(a, k, &path, &run);
			stream_deliver(a, &run);
			stream_release(a, k);
		} else if (!stream_park(a, k, &path, &run)) {
			stream_make_room(a, k, at);
			continue; /* the numbers may have moved on */
		}
		s->lines[v->line].stats.wins += run.end - run.first;
		at = run.end;
	}
}

/* Everything below the arrival's claimed end exists: a marker ends the hole nobody has an end of
 * yet. */
static void stream_take_claim(struct arbiter *a, struct parking_room *k,
                              const struct stream_arrival *v)
{
	uint32_t i = 0;

	while (i == 0) {
		if (v->claimed_end <= a->state->expected || v->claimed_end <= parking_end(k))
			return;
		i = parking_take(k);
		if (i == 0)
			stream_make_room(a, k, v->claimed_end);
	}
	struct parking_path path;

	k->pieces[i] = (struct parking_piece){
	        .first = v->claimed_end,
	        .end = v->claimed_end,
	        .absence = {.ns = v->time_ns, .packets = a->state->datagrams, .line = v->line},
	};
	parking_seek(k, v->claimed_end, &path);
	parking_link(k, &path, i);
}

void stream_take(struct arbiter *a, struct stream_arrival *v)
{
	struct arbiter_state *s = a->state;
	struct parking_room k = arbiter_parking(a);

	if (s->joined == 0)
		stream_begin(a, v->first);
	if (v->claimed_end < s->expected && s->expected - v->claimed_end > STREAM_REWIND_MESSAGES)
		s->stats.rewinds++;
	if (v->first < v->end && v->first < s->expected)
		stream_sample_skew(a, v->line, v->first, v->end, v->time_ns);
	stream_take_blocks(a, &k, v);
	stream_take_claim(a, &k, v);
	if (v->packet->kind == FEED_END && s->ended == 0) {
		if (v->claimed_end > s->end_position)
			s->end_position = v->claimed_end;
		s->end_known = 1;
		stream_advance(a, s->expected);
	}
	stream_account_line(a, v->line, &(struct line_span){v->first, v->end, v->claimed_end});
	stream_publish_gauges(a);
}

void stream_take_recovered(struct arbiter *a, struct stream_arrival *v)
{
	struct parking_room k = arbiter_parking(a);

	assert(a->state->joined != 0);
	stream_take_blocks(a, &k, v);
	stream_publish_gauges(a);
}

/* ---- what is given up ---- */

/* How long the hole before a piece is waited for. */
static uint64_t stream_wait_ns(const struct arbiter *a, const struct parking_piece *piece)
{
	const struct arbiter_state *s = a->state;

	if (a->options.ladder)
		return piece->first <= s->join_end ? a->options.join_hold_ns : a->options.hold_ns;
	if (!a->options.learned_wait)
		return a->options.hold_ns;
	return line_wait_ns(&s->health, s->lines, a->options.hold_ns);
}

/* By packets. */
static bool stream_has_aged(const struct arbiter *a, const struct parking_absence *absence)
{
	return a->options.ladder ||
	       a->state->datagrams - absence->packets >= a->options.hold_packets;
}

static bool stream_is_due(const struct arbiter *a, const struct parking_absence *absence,
                          uint64_t wait_ns)
{
	const struct arbiter_state *s = a->state;

	if (!stream_has_aged(a, absence))
		return false;
	if (wait_ns == 0)
		return true;
	/* Recorded time may step back. */
	return s->now_ns >= absence->ns && s->now_ns - absence->ns >= wait_ns;
}

void stream_give_up_due(struct arbiter *a)
{
	struct parking_room k = arbiter_parking(a);

	if (parking_first(&k) == 0)
		return;
	a->state->stats.wait_ns = stream_wait_ns(a, &k.pieces[parking_first(&k)]);
	for (;;) {
		uint32_t i = parking_first(&k);

		if (i == 0)
			return;
		if (a->options.ladder)
			a->state->stats.wait_ns = stream_wait_ns(a, &k.pieces[i]);
		if (!stream_is_due(a, &k.pieces[i].absence, a->state->stats.wait_ns))
			return;
		bool asked = a->options.ladder && a->state->expected < a->state->asked_end;

		stream_give_up(a, &k, k.pieces[i].first, asked ? GAP_UNANSWERED : GAP_AGE);
	}
}

void stream_give_up_to(struct arbiter *a, uint64_t end, enum gap_reason reason)
{
	struct parking_room k = arbiter_parking(a);
	uint32_t i = parking_first(&k);

	assert(i != 0);
	stream_give_up(a, &k, stream_min(end, k.pieces[i].first), reason);
	stream_publish_gauges(a);
}

void stream_give_up_all(struct arbiter *a, enum gap_reason reason)
{
	struct parking_room k = arbiter_parking(a);

	while (parking_first(&k) != 0)
		stream_give_up(a, &k, k.pieces[parking_first(&k)].first, reason);
	assert(k.state->pieces == 0);
}

uint64_t stream_due_ns(const struct arbiter *a)
{
	struct parking_room k = arbiter_parking(a);
	uint32_t i = parking_first(&k);

	if (i == 0)
		return UINT64_MAX;
	const struct parking_absence *absence = &k.pieces[i].absence;

	if (!stream_has_aged(a, absence))
		return UINT64_MAX;
	uint64_t wait_ns = stream_wait_ns(a, &k.pieces[i]);

	return absence->ns > UINT64_MAX - wait_ns ? UINT64_MAX : absence->ns + wait_ns;
}

void stream_publish_gauges(struct arbiter *a)
{
	struct parking_room k = arbiter_parking(a);

	a->state->stats.parking_bytes = k.state->bytes;
	a->state->stats.parking_pieces = k.state->pieces;
}
