/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/arbiter.h"

#include <assert.h>
#include <errno.h>

#include "dataplane/feed/arbiter_state.h"
#include "dataplane/feed/stream.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

static void arbiter_mark(struct arbiter *a)
{
	region_mark(a->region, a->state, ARBITER_HOT_BYTES);
}

static uint64_t arbiter_state_bytes(const struct arbiter_options *o)
{
	return ARBITER_PARKING_OFFSET +
	       parking_bytes(o->parking_segments_max, o->parking_pieces_max);
}

uint64_t arbiter_bytes(const struct arbiter_options *o)
{
	/* Whole pages, and one more: the region may be in the middle of one. */
	uint64_t bytes = arbiter_state_bytes(o) + 2 * (uint64_t)REGION_PAGE_BYTES - 1;

	return bytes & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

static bool arbiter_options_valid(const struct arbiter_options *o)
{
	if (o->line_count == 0 || o->line_count > LINES_MAX)
		return false;
	if (o->parking_segments_max == 0 || o->parking_segments_max > PARKING_SEGMENTS_MAX)
		return false;
	if (o->parking_pieces_max == 0 || o->parking_pieces_max > PARKING_PIECES_MAX)
		return false;
	if (o->ladder && o->line_count == LINES_MAX)
		return false;
	return o->join == ARBITER_JOIN_FIRST_SEEN || o->join == ARBITER_JOIN_FROM_ONE;
}

int arbiter_init(struct arbiter *a, const struct arbiter_setup *s)
{
	if (!arbiter_options_valid(&s->options))
		return -EINVAL;
	uint64_t place =
	        region_place(s->region, arbiter_state_bytes(&s->options), REGION_PAGE_BYTES);

	if (place == UINT64_MAX)
		return -ENOSPC;
	int user = segment_pool_user(s->pool, 1, s->options.parking_segments_max);

	if (user < 0)
		return user;
	*a = (struct arbiter){
	        .state = region_at(s->region, place),
	        .region = s->region,
	        .pool = s->pool,
	        .log = s->log,
	        .scan = s->scan,
	        .protocol = s->protocol,
	        .options = s->options,
	        .horizon_ns = UINT64_MAX,
	        .pool_user = (uint32_t)user,
	};
	a->state->grace_end_ns = UINT64_MAX;
	line_health_init(&a->state->health, s->options.line_count);
	struct parking_room k = arbiter_parking(a);

	parking_init(k.state, s->options.parking_segments_max, s->options.parking_pieces_max);
	arbiter_mark(a);
	region_mark(a->region, k.state, sizeof(*k.state));
	return 0;
}

/* ---- sessions ---- */

/* Leaves the current session and enters the one at the door, with the packets that waited there. */
static void arbiter_enter_next(struct arbiter *a)
{
	struct arbiter_state *s = a->state;
	struct parking_room k = arbiter_parking(a);
	struct waiting_packet facts;
	struct feed_packet p;

	stream_give_up_all(a, GAP_SESSION);
	session_enter(&s->sessions);
	region_mark_range(a->region, &s->sessions, sizeof(s->sessions));
	s->grace_end_ns = UINT64_MAX;
	s->joined = 0;
	while (waiting_first(&s->waiting, &k, &p, &facts)) {
		struct stream_arrival v =
		        stream_arrival(&p, facts.line, facts.time_ns, facts.time_source);

		stream_take(a, &v);
		waiting_drop(&s->waiting, &k);
	}
	stream_publish_gauges(a);
}

/* A packet of the session at the door. False: no room to wait. */
static bool arbiter_keep_waiting(struct arbiter *a, const struct stream_arrival *v)
{
	struct parking_room k = arbiter_parking(a);
	struct waiting_packet facts = {
	        .time_ns = v->time_ns,
	        .line = (uint8_t)v->line,
	        .time_source = v->time_source,
	};

	return waiting_add(&a->state->waiting, &k, v->packet, &facts);
}

/* A packet of a session never seen. */
static void arbiter_on_new_session(struct arbiter *a, struct stream_arrival *v)
{
	struct arbiter_state *s = a->state;
	uint64_t grace_ns = a->options.reset_grace_ns;
	bool at_once = s->epoch == 0 || s->ended != 0 || grace_ns == 0;

	session_await(&s->sessions, v->packet);
	if (at_once || !arbiter_keep_waiting(a, v)) {
		arbiter_enter_next(a);
		stream_take(a, v);
		return;
	}
	s->grace_end_ns =
	        grace_ns < UINT64_MAX - v->time_ns ? v->time_ns + grace_ns : UINT64_MAX - 1;
}

/* A packet that is not plainly the current session's. */
static void arbiter_on_any_session(struct arbiter *a, struct stream_arrival *v)
{
	struct arbiter_state *s = a->state;
	bool restarts = a->protocol->restarts_at_one;

	if (s->sessions.has_next != 0 && s->now_ns >= s->grace_end_ns)
		arbiter_enter_next(a);
	enum session_verdict verdict = session_classify(&s->sessions, restarts, v->packet);

	if (verdict == SESSION_NEW && s->sessions.has_next != 0) { /* one door, one at it */
		arbiter_enter_next(a);
		verdict = session_classify(&s->sessions, restarts, v->packet);
	}
	switch (verdict) {
	case SESSION_CURRENT:
		session_note(&s->sessions.current, v->packet);
		stream_take(a, v);
		break;
	case SESSION_NEXT:
		session_note(&s->sessions.next, v->packet);
		if (!arbiter_keep_waiting(a, v)) {
			arbiter_enter_next(a);
			stream_take(a, v);
		}
		break;
	case SESSION_STALE:
		s->stats.stale_session_packets++;
		break;
	case SESSION_NEW:
		arbiter_on_new_session(a, v);
		break;
	}
	region_mark(a->region, &s->sessions, offsetof(struct sessions, left));
}

/* ---- packets ---- */

/* The two packets that make up almost all traffic: the next one, and the copy of one just
 * delivered. True: that was it. */
static inline bool arbiter_on_common(struct arbiter *a, uint32_t line, const struct feed_packet *p,
                                     uint64_t time_ns, uint8_t time_source)
{
	struct arbiter_state *s = a->state;
	struct line *l = &s->lines[line];
	uint64_t messages = p->block_count;
	uint64_t first = p->first_sequence - 1;
	uint64_t end = first + messages;

	if (UNLIKELY(messages != p->claimed_count || messages == 0))
		return false;
	if (first == s->expected) {
		if (UNLIKELY(s->stats.parking_pieces != 0 || messages > UINT16_MAX ||
		             p->block_bytes > LOG_RECORD_PAYLOAD_MAX))
			return false;
		stream_deliver(a, &(struct stream_run){
		                          .first = first,
		                          .end = end,
		                          .blocks = p->blocks,
		                          .time_ns = time_ns,
		                          .bytes = p->block_bytes,
		                          .line = line,
		                          .time_source = time_source,
		                  });
		l->stats.wins += messages;
	} else {
		if (end > s->expected || first < s->lost.end || s->expected - end > UINT16_MAX)
			return false;
		s->stats.duplicates += messages;
		l->stats.duplicates += messages;
		stream_sample_skew(a, line, first, end, time_ns);
	}
	stream_account_line(a, line, &(struct line_span){first, end, end});
	return true;
}

/* Any other packet of the current session. */
static __attribute__((noinline)) void arbiter_on_uncommon(struct arbiter *a, uint32_t line,
                                                          const struct feed_packet *p,
                                                          uint64_t time_ns, uint8_t time_source)
{
	struct stream_arrival v = stream_arrival(p, line, time_ns, time_source);

	stream_take(a, &v);
}

/* After every packet and in every turn. */
static inline void arbiter_settle(struct arbiter *a)
{
	struct arbiter_state *s = a->state;

	if (LIKELY(s->stats.parking_pieces == 0 && s->grace_end_ns == UINT64_MAX))
		return;
	stream_give_up_due(a);
	if (s->sessions.has_next != 0 && (s->ended != 0 || s->now_ns >= s->grace_end_ns)) {
		arbiter_enter_next(a);
		stream_give_up_due(a);
	}
	stream_publish_gauges(a);
}

static inline void arbiter_set_now(struct arbiter *a, uint64_t now_ns)
{
	a->state->now_ns = now_ns < a->horizon_ns ? now_ns : a->horizon_ns;
}

static inline struct line *arbiter_count(struct arbiter *a, uint32_t line, uint64_t now_ns)
{
	struct arbiter_state *s = a->state;
	struct line *l = &s->lines[line];

	assert(line < a->options.line_count);
	arbiter_set_now(a, now_ns);
	s->datagrams++;
	l->stats.packets++;
	l->stats.last_seen_ns = now_ns;
	arbiter_mark(a);
	return l;
}

void arbiter_on_packet(struct arbiter *a, uint32_t line, const struct feed_packet *p,
                       uint64_t now_ns, uint8_t time_source)
{
	struct arbiter_state *s = a->state;
	struct line *l = arbiter_count(a, line, now_ns);
	bool restarts = a->protocol->restarts_at_one;

	s->stats.packets++;
	l->stats.bytes += a->protocol->header_bytes + p->block_bytes;
	l->stats.heartbeats += p->kind == FEED_HEARTBEAT;
	s->time_source = time_source;
	if (LIKELY(session_plainly_current(&s->sessions, restarts, p))) {
		if (restarts)
			session_note(&s->sessions.current, p);
		if (UNLIKELY(!arbiter_on_common(a, line, p, now_ns, time_source)))
			arbiter_on_uncommon(a, line, p, now_ns, time_source);
	} else {
		struct stream_arrival v = stream_arrival(p, line, now_ns, time_source);

		arbiter_on_any_session(a, &v);
	}
	arbiter_settle(a);
}

void arbiter_on_malformed(struct arbiter *a, uint32_t line, uint64_t now_ns)
{
	arbiter_count(a, line, now_ns)->stats.malformed++;
	arbiter_settle(a);
}

/* What was asked for lies in the current session and below what lines have claimed. */
static bool arbiter_is_recovery(const struct arbiter *a, const struct feed_packet *p)
{
	const struct arbiter_state *s = a->state;
	struct parking_room k = arbiter_parking(a);
	uint64_t known_end = parking_end(&k);

	if (!a->options.ladder || p->kind != FEED_DATA || p->block_count == 0)
		return false;
	if (s->joined == 0 || !session_key_equal(&s->sessions.current.key, &p->session))
		return false;
	if (known_end < s->expected)
		known_end = s->expected;
	return p->first_sequence - 1 <= known_end &&
	       p->block_count <= known_end - (p->first_sequence - 1);
}

uint64_t arbiter_on_recovered(struct arbiter *a, const struct feed_packet *p, uint64_t now_ns,
                              uint8_t time_source)
{
	struct arbiter_state *s = a->state;
	struct line_stats *l = &s->lines[a->options.line_count].stats;

	arbiter_mark(a);
	if (!arbiter_is_recovery(a, p)) {
		s->stats.recovered_refused++;
		return 0;
	}
	uint64_t wins = l->wins;
	struct stream_arrival v = stream_arrival(p, a->options.line_count, now_ns, time_source);

	arbiter_set_now(a, now_ns);
	s->time_source = time_source;
	l->packets++;
	l->last_seen_ns = now_ns;
	l->bytes += a->protocol->header_bytes + p->block_bytes;
	l->messages += p->block_count;
	stream_take_recovered(a, &v);
	arbiter_settle(a);
	return l->wins - wins;
}

bool arbiter_give_up(struct arbiter *a, uint64_t first, uint64_t end, enum gap_reason reason,
                     uint64_t now_ns)
{
	struct arbiter_state *s = a->state;

	if (s->stats.parking_pieces == 0 || s->expected < first || s->expected >= end)
		return false;
	arbiter_set_now(a, now_ns);
	stream_give_up_to(a, end, reason);
	arbiter_settle(a);
	arbiter_mark(a);
	return true;
}

void arbiter_poll(struct arbiter *a, uint64_t now_ns)
{
	arbiter_set_now(a, now_ns);
	if (UNLIKELY(a->state->outlet.count != 0))
		outlet_flush(a);
	line_health_poll(&a->state->health, a->state->lines, a->state->now_ns);
	arbiter_settle(a);
	arbiter_mark(a);
}

uint64_t arbiter_deadline_ns(const struct arbiter *a)
{
	const struct arbiter_state *s = a->state;

	if (s->outlet.count != 0)
		return 0; /* the log may have room at any moment */
	if (s->stats.parking_pieces == 0)
		return s->grace_end_ns;
	uint64_t due_ns = stream_due_ns(a);

	return due_ns < s->grace_end_ns ? due_ns : s->grace_end_ns;
}

void arbiter_on_input_end(struct arbiter *a, uint64_t now_ns)
{
	struct arbiter_state *s = a->state;

	s->now_ns = now_ns;
	if (s->sessions.has_next != 0)
		arbiter_enter_next(a);
	stream_give_up_all(a, GAP_INPUT);
	outlet_flush(a);
	stream_publish_gauges(a);
	arbiter_mark(a);
}

/* ---- what others ask ---- */

const struct arbiter_stats *arbiter_stats(const struct arbiter *a)
{
	return &a->state->stats;
}

const struct line_stats *arbiter_line_stats(const struct arbiter *a, uint32_t line)
{
	assert(line < a->options.line_count + a->options.ladder);
	return &a->state->lines[line].stats;
}

void arbiter_last_gap(const struct arbiter *a, uint32_t *epoch, uint64_t *end_sequence)
{
	*epoch = a->state->gap_epoch;
	*end_sequence = a->state->gap_end_sequence;
}

uint32_t arbiter_epoch(const struct arbiter *a)
{
	return a->state->epoch;
}

uint64_t arbiter_next_sequence(const struct arbiter *a)
{
	return a->state->joined == 0 ? 0 : stream_sequence(a->state->expected);
}

const struct session_key *arbiter_session(const struct arbiter *a)
{
	return &a->state->sessions.current.key;
}
