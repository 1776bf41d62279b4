/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/ladder.h"

#include <errno.h>
#include <stddef.h>

#include "dataplane/feed/ladder_piece.h"
#include "dataplane/feed/ladder_range.h"
#include "resilience/deadline.h"

int ladder_init(struct ladder *l, const struct ladder_options *o, uint64_t tag_base,
                uint64_t now_ns)
{
	if (ladder_options_check(o) != NULL || (tag_base & ((1ull << LADDER_TAG_BITS) - 1)) != 0)
		return -EINVAL;
	*l = (struct ladder){
	        .options = *o,
	        .tag_base = tag_base,
	        .due_ns = UINT64_MAX,
	        .reply_room = o->reply_messages * 32,
	};
	l->stats.reply_messages = o->reply_messages;
	budget_init(&l->budget, &o->budget, now_ns);
	return 0;
}

/* ---- signs of overload ---- */

static void ladder_overload(struct ladder *l, uint64_t now_ns)
{
	l->overload_until_ns = deadline_at_ns(now_ns, l->options.overload_ns);
}

void ladder_on_drop(struct ladder *l, uint64_t now_ns)
{
	ladder_overload(l, now_ns);
}

/* The log or the parking has run out of segments since the last look. */
static void ladder_look_for_overload(struct ladder *l, const struct arbiter *a, uint64_t now_ns)
{
	const struct arbiter_stats *s = arbiter_stats(a);
	uint64_t drops = s->lost_by_reason[GAP_OVERLOAD] + s->parking_full - l->own_drops;

	if (drops != l->drops)
		ladder_overload(l, now_ns);
	l->drops = drops;
	l->stats.is_overloaded = now_ns < l->overload_until_ns;
}

/* ---- what is given up ---- */

struct ladder_verdict { /* what is to be given up at a position */
	uint64_t end;
	struct ladder_piece *piece; /* NULL: a range */
	uint32_t range;
	enum gap_reason reason;
};

static bool ladder_given_up_at(struct ladder *l, uint64_t at, struct ladder_verdict *v)
{
	for (uint32_t i = 0; i < l->range_count; i++) {
		const struct ladder_range *r = &l->ranges[i];

		if (r->step != LADDER_GAP || at < r->first || at >= r->end)
			continue;
		*v = (struct ladder_verdict){
		        .end = r->end, .range = i, .reason = (enum gap_reason)r->gap};
		return true;
	}
	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++) {
		struct ladder_piece *p = &l->pieces[i];

		if (p->state != LADDER_PIECE_GAP || at < p->first || at >= p->end)
			continue;
		*v = (struct ladder_verdict){
		        .end = p->end, .piece = p, .reason = (enum gap_reason)p->gap};
		return true;
	}
	return false;
}

/* Gives up what the stream has come to. */
static void ladder_give_up(struct ladder *l, struct arbiter *a, uint64_t now_ns)
{
	struct ladder_verdict v;
	uint64_t lost = arbiter_stats(a)->lost_messages;

	while (l->gap_count != 0 && l->epoch == arbiter_epoch(a) &&
	       ladder_given_up_at(l, arbiter_expected(a), &v)) {
		uint64_t at = arbiter_expected(a);
		uint64_t drops = arbiter_stats(a)->lost_by_reason[GAP_OVERLOAD];
		bool done = arbiter_give_up(a, at, v.end, v.reason, now_ns);

		if (v.reason == GAP_OVERLOAD)
			l->own_drops += arbiter_stats(a)->lost_by_reason[GAP_OVERLOAD] - drops;
		if (done && arbiter_expected(a) < v.end)
			continue;
		if (v.piece != NULL) {
			ladder_piece_free(l, v.piece);
			continue;
		}
		l->ranges[v.range].first = l->ranges[v.range].end;
		ladder_range_prune(l, a);
	}
	l->stats.given_up_messages += arbiter_stats(a)->lost_messages - lost;
}

/* ---- one turn ---- */

/* Lines, servers and time have moved on: what is settled is forgotten. False: no room for what has
 * to be recalled. */
static bool ladder_settle(struct ladder *l, const struct arbiter *a, struct ladder_output *out,
                          uint32_t *count, uint32_t max)
{
	uint64_t settled = arbiter_expected(a) + arbiter_stats(a)->healed;

	if (l->epoch != arbiter_epoch(a)) {
		if (!ladder_piece_clear(l, out, count, max))
			return false;
		ladder_range_clear(l);
		l->epoch = arbiter_epoch(a);
	}
	if (settled == l->settled)
		return true;
	if (!ladder_piece_prune(l, a, out, count, max))
		return false;
	ladder_range_prune(l, a);
	l->settled = settled;
	return true;
}

static void ladder_ask(struct ladder *l, struct arbiter *a, uint64_t now_ns,
                       struct ladder_output *out, uint32_t *count, uint32_t max)
{
	bool may_ask = now_ns >= l->overload_until_ns;

	ladder_piece_ask_waiting(l, a, now_ns, out, count, max);
	for (uint32_t i = 0; i < l->range_count; i++) {
		if (ladder_range_climb(l, a, i, now_ns, out, count, max) && may_ask)
			may_ask = ladder_piece_cut(l, a, &l->ranges[i], now_ns, out, count, max);
	}
	if (now_ns < l->overload_until_ns && l->overload_until_ns < l->due_ns)
		l->due_ns = l->overload_until_ns;
}

/* What the stream waits for. */
static void ladder_publish(struct ladder *l, const struct arbiter *a)
{
	struct ladder_stats *s = &l->stats;
	uint64_t at = arbiter_expected(a);
	uint64_t end = UINT64_MAX;

	s->asks_now = l->asked_count;
	s->ranges_now = l->range_count;
	s->reply_messages = l->reply_room / 32;
	s->current_sequence = s->current_messages = s->current_since_ns = 0;
	s->current_step = LADDER_IDLE;
	if (!arbiter_missing(a, &at, &end))
		return;
	s->current_sequence = at + 1;
	s->current_messages = end - at;
	for (uint32_t i = 0; i < l->range_count; i++) {
		const struct ladder_range *r = &l->ranges[i];

		if (at < r->first || at >= r->end)
			continue;
		s->current_step = r->step;
		s->current_since_ns = r->since_ns;
	}
	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++) {
		const struct ladder_piece *p = &l->pieces[i];

		if (p->state == LADDER_PIECE_FREE || at < p->first || at >= p->end)
			continue;
		s->current_step = p->state == LADDER_PIECE_GAP ? LADDER_GAP : LADDER_SERVERS;
		s->current_since_ns = p->since_ns;
	}
}

uint32_t ladder_poll(struct ladder *l, struct arbiter *a, uint64_t now_ns,
                     struct ladder_output *out, uint32_t max)
{
	uint32_t count = 0;

	assert(max != 0);
	ladder_look_for_overload(l, a, now_ns);
	if (arbiter_stats(a)->parking_pieces == 0 && l->range_count == 0 && l->piece_count == 0 &&
	    l->epoch == arbiter_epoch(a)) {
		l->due_ns = UINT64_MAX;
		l->stats.current_step = LADDER_IDLE;
		l->stats.current_sequence = 0;
		l->stats.current_messages = l->stats.current_since_ns = 0;
		l->stats.asks_now = l->stats.ranges_now = 0;
		return 0;
	}
	l->due_ns = UINT64_MAX;
	if (!ladder_settle(l, a, out, &count, max)) {
		l->due_ns = now_ns;
		return count;
	}
	ladder_range_scan(l, a, now_ns);
	ladder_give_up(l, a, now_ns);
	ladder_ask(l, a, now_ns, out, &count, max);
	ladder_give_up(l, a, now_ns);
	ladder_range_prune(l, a);
	ladder_publish(l, a);
	return count;
}
