/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/feed/ladder_piece.h"

#include <assert.h>

#include "dataplane/feed/session.h"

/* Messages that fit a reply are reckoned in 32nds: it grows by one of them for each full reply, so
 * that few replies turn out too small for what was asked. */
#define LADDER_ROOM_ONE  32u
#define LADDER_ROOM_MAX  (65534u * LADDER_ROOM_ONE)
#define LADDER_RETRY_MAX 10u /* doublings of the pause */
#define LADDER_SLOT_BITS 8u
#define LADDER_SLOT_MASK ((1u << LADDER_SLOT_BITS) - 1)

static_assert(LADDER_PIECES_MAX <= 1u << LADDER_SLOT_BITS, "a slot fits the tag");
static_assert(LADDER_TAG_BITS == LADDER_SLOT_BITS + 32, "slot and generation");

static void ladder_piece_due(struct ladder *l, uint64_t ns)
{
	l->due_ns = ns < l->due_ns ? ns : l->due_ns;
}

static uint64_t ladder_piece_tag(const struct ladder *l, const struct ladder_piece *p)
{
	return l->tag_base | (uint64_t)p->generation << LADDER_SLOT_BITS |
	       (uint64_t)(p - l->pieces);
}

/* The piece whose present ask it is; NULL: that ask is over. */
static struct ladder_piece *ladder_piece_find(struct ladder *l, uint64_t tag)
{
	uint64_t slot = tag & LADDER_SLOT_MASK;

	if (slot >= LADDER_PIECES_MAX)
		return NULL;
	struct ladder_piece *p = &l->pieces[slot];

	return p->state == LADDER_PIECE_ASKED && ladder_piece_tag(l, p) == tag ? p : NULL;
}

static void ladder_piece_leave(struct ladder *l, struct ladder_piece *p,
                               enum ladder_piece_state state)
{
	l->asked_count -= p->state == LADDER_PIECE_ASKED;
	l->gap_count -= p->state == LADDER_PIECE_GAP;
	l->gap_count += state == LADDER_PIECE_GAP;
	p->state = (uint8_t)state;
}

void ladder_piece_free(struct ladder *l, struct ladder_piece *p)
{
	assert(p->state != LADDER_PIECE_FREE);
	ladder_piece_leave(l, p, LADDER_PIECE_FREE);
	l->piece_count--;
}

void ladder_piece_give_up(struct ladder *l, struct ladder_piece *p, enum gap_reason reason)
{
	assert(p->state != LADDER_PIECE_FREE);
	ladder_piece_leave(l, p, LADDER_PIECE_GAP);
	p->gap = (uint8_t)reason;
}

static void ladder_piece_want(struct ladder *l, struct ladder_piece *p, uint64_t wanted_ns)
{
	ladder_piece_leave(l, p, LADDER_PIECE_WANTED);
	p->wanted_ns = wanted_ns;
	ladder_piece_due(l, wanted_ns);
}

/* ---- asking ---- */

/* Until the budget may grant another ask. */
static uint64_t ladder_piece_earn_ns(const struct ladder *l)
{
	uint64_t period_ns = l->options.budget.period_ns;

	return period_ns != 0 ? period_ns : l->options.retry_ns;
}

/* False: no more asks now. */
static bool ladder_piece_ask(struct ladder *l, struct arbiter *a, struct ladder_piece *p,
                             uint64_t now_ns, struct ladder_output *out, uint32_t *count,
                             uint32_t max)
{
	uint64_t first = p->first;
	uint64_t end = p->end;
	uint64_t room = l->reply_room / LADDER_ROOM_ONE;

	if (l->asked_count == l->options.pieces)
		return false;
	if (!arbiter_missing(a, &first, &end)) {
		ladder_piece_free(l, p);
		return true;
	}
	if (*count == max) {
		ladder_piece_due(l, now_ns);
		return false;
	}
	if (!budget_take(&l->budget, now_ns)) {
		l->stats.budget_waits++;
		ladder_piece_due(l, now_ns + ladder_piece_earn_ns(l));
		return false;
	}
	p->first = first;
	p->asked_end = end - first < room ? end : first + room;
	p->operation = 0;
	p->generation++;
	p->state = LADDER_PIECE_ASKED;
	l->asked_count++;
	l->stats.asks++;
	l->stats.asked_messages += p->asked_end - first;
	l->stats.again += p->failures != 0;
	arbiter_note_asked(a, p->asked_end);
	out[(*count)++] = (struct ladder_output){
	        .tag = ladder_piece_tag(l, p),
	        .first_sequence = first + 1,
	        .count = p->asked_end - first,
	        .deadline_ns = p->deadline_ns,
	        .session = *arbiter_session(a),
	        .kind = LADDER_ASK,
	};
	return true;
}

/* The lowest one that is to be asked now; NULL: none is. */
static struct ladder_piece *ladder_piece_lowest(struct ladder *l, uint64_t now_ns)
{
	struct ladder_piece *lowest = NULL;

	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++) {
		struct ladder_piece *p = &l->pieces[i];

		if (p->state != LADDER_PIECE_WANTED || now_ns < p->wanted_ns)
			continue;
		if (lowest == NULL || p->first < lowest->first)
			lowest = p;
	}
	return lowest;
}

/* Pieces whose time is over; the others say when there is something to do. */
static void ladder_piece_expire(struct ladder *l, uint64_t now_ns)
{
	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++) {
		struct ladder_piece *p = &l->pieces[i];

		if (p->state != LADDER_PIECE_WANTED)
			continue;
		if (now_ns >= p->deadline_ns) {
			ladder_piece_give_up(l, p, GAP_UNANSWERED);
			continue;
		}
		ladder_piece_due(l, p->deadline_ns);
		if (p->wanted_ns > now_ns)
			ladder_piece_due(l, p->wanted_ns);
	}
}

void ladder_piece_ask_waiting(struct ladder *l, struct arbiter *a, uint64_t now_ns,
                              struct ladder_output *out, uint32_t *count, uint32_t max)
{
	if (l->piece_count == l->asked_count)
		return;
	ladder_piece_expire(l, now_ns);
	if (now_ns < l->overload_until_ns)
		return;
	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++) {
		struct ladder_piece *p = ladder_piece_lowest(l, now_ns);

		if (p == NULL || !ladder_piece_ask(l, a, p, now_ns, out, count, max))
			return;
	}
}

bool ladder_piece_cut(struct ladder *l, struct arbiter *a, struct ladder_range *r, uint64_t now_ns,
                      struct ladder_output *out, uint32_t *count, uint32_t max)
{
	uint64_t room = l->reply_room / LADDER_ROOM_ONE;

	while (r->first < r->end) {
		uint64_t first = r->first;
		uint64_t end = r->end;
		uint32_t slot = 0;

		if (!arbiter_missing(a, &first, &end)) {
			r->first = r->end;
			return true;
		}
		if (l->piece_count == LADDER_PIECES_MAX || l->asked_count == l->options.pieces)
			return false;
		while (l->pieces[slot].state != LADDER_PIECE_FREE)
			slot++;
		struct ladder_piece *p = &l->pieces[slot];

		*p = (struct ladder_piece){
		        .first = first,
		        .end = end - first < room ? end : first + room,
		        .since_ns = r->since_ns,
		        .deadline_ns = r->deadline_ns,
		        .wanted_ns = now_ns,
		        .generation = p->generation,
		        .state = LADDER_PIECE_WANTED,
		};
		l->piece_count++;
		if (!ladder_piece_ask(l, a, p, now_ns, out, count, max)) {
			ladder_piece_free(l, p); /* the range keeps it */
			return false;
		}
		r->first = p->end;
	}
	return true;
}

/* ---- taking back ---- */

static bool ladder_piece_recall(struct ladder *l, struct ladder_piece *p, struct ladder_output *out,
                                uint32_t *count, uint32_t max)
{
	if (p->state == LADDER_PIECE_ASKED) {
		if (*count == max)
			return false;
		l->stats.recalled++;
		out[(*count)++] = (struct ladder_output){.tag = ladder_piece_tag(l, p),
		                                         .operation = p->operation,
		                                         .kind = LADDER_RECALL};
	}
	ladder_piece_free(l, p);
	return true;
}

bool ladder_piece_prune(struct ladder *l, const struct arbiter *a, struct ladder_output *out,
                        uint32_t *count, uint32_t max)
{
	for (uint32_t i = 0; i < LADDER_PIECES_MAX && l->piece_count != 0; i++) {
		struct ladder_piece *p = &l->pieces[i];
		uint64_t first = p->first;
		uint64_t end = p->end;

		if (p->state == LADDER_PIECE_FREE || arbiter_missing(a, &first, &end))
			continue;
		if (!ladder_piece_recall(l, p, out, count, max))
			return false;
	}
	return true;
}

bool ladder_piece_clear(struct ladder *l, struct ladder_output *out, uint32_t *count, uint32_t max)
{
	for (uint32_t i = 0; i < LADDER_PIECES_MAX && l->piece_count != 0; i++)
		if (l->pieces[i].state != LADDER_PIECE_FREE &&
		    !ladder_piece_recall(l, &l->pieces[i], out, count, max))
			return false;
	return true;
}

/* ---- facts ---- */

/* No server lets itself be asked, and nobody of ours is on the way to find out whether one would:
 * what is known missing now is given up. What comes later asks again. */
static void ladder_piece_refuse_all(struct ladder *l)
{
	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++)
		if (l->pieces[i].state == LADDER_PIECE_WANTED)
			ladder_piece_give_up(l, &l->pieces[i], GAP_REFUSED);
	for (uint32_t i = 0; i < l->range_count; i++) {
		struct ladder_range *r = &l->ranges[i];

		if (r->step != LADDER_SERVERS && r->step != LADDER_SNAPSHOT)
			continue;
		r->step = LADDER_GAP;
		r->gap = GAP_REFUSED;
		l->gap_count++;
	}
}

void ladder_on_verdict(struct ladder *l, uint64_t tag, enum operation_verdict verdict,
                       uint64_t operation, uint64_t now_ns)
{
	struct ladder_piece *p = ladder_piece_find(l, tag);

	if (p == NULL) {
		l->stats.stale++;
		return;
	}
	l->stats.refused += verdict != OPERATION_ACCEPTED;
	switch (verdict) {
	case OPERATION_ACCEPTED:
		p->operation = operation;
		return;
	case OPERATION_REJECTED_FULL:
	case OPERATION_REJECTED_THROTTLED:
		ladder_piece_want(l, p, now_ns + l->options.retry_ns);
		return;
	case OPERATION_REJECTED_EXPIRED:
	case OPERATION_REJECTED_HOPELESS:
		ladder_piece_due(l, now_ns);
		ladder_piece_give_up(l, p, GAP_UNANSWERED);
		return;
	case OPERATION_ANSWERED:
	case OPERATION_REJECTED_OPEN:
	case OPERATION_REJECTED_INVALID:
		/* A half-open breaker takes few at a time: those that it took may close it. */
		ladder_piece_want(l, p, now_ns + l->options.retry_ns);
		if (l->asked_count == 0) {
			ladder_piece_due(l, now_ns);
			ladder_piece_refuse_all(l);
		}
		return;
	}
}

bool ladder_expects(struct ladder *l, uint64_t tag, const struct arbiter *a,
                    const struct feed_packet *packet)
{
	const struct ladder_piece *p = ladder_piece_find(l, tag);

	if (p == NULL) {
		l->stats.stale++;
		return false;
	}
	bool good = packet->kind == FEED_DATA && packet->first_sequence == p->first + 1 &&
	            packet->block_count != 0 && packet->block_count <= p->asked_end - p->first &&
	            session_key_equal(arbiter_session(a), &packet->session);

	l->stats.wrong += !good;
	return good;
}

/* How many messages fit a reply, by one that was asked for `asked` and had `had`. */
static void ladder_piece_learn(struct ladder *l, uint64_t asked, uint64_t had)
{
	uint32_t room = l->reply_room;

	if (had < asked) {
		l->stats.partial++;
		l->reply_is_known = true;
		if (had * LADDER_ROOM_ONE < room)
			room -= (room - (uint32_t)had * LADDER_ROOM_ONE + 3) / 4;
	} else if (had == room / LADDER_ROOM_ONE) {
		room += l->reply_is_known ? 1 : LADDER_ROOM_ONE;
	}
	room = room < LADDER_ROOM_ONE ? LADDER_ROOM_ONE : room;
	l->reply_room = room > LADDER_ROOM_MAX ? LADDER_ROOM_MAX : room;
}

/* One was answered: those that wait because others were not need not wait longer. */
static void ladder_piece_wake(struct ladder *l, uint64_t now_ns)
{
	for (uint32_t i = 0; i < LADDER_PIECES_MAX; i++)
		if (l->pieces[i].state == LADDER_PIECE_WANTED && l->pieces[i].wanted_ns > now_ns)
			l->pieces[i].wanted_ns = now_ns;
}

static void ladder_piece_answered(struct ladder *l, struct ladder_piece *p,
                                  const struct ladder_end *end, uint64_t now_ns)
{
	uint64_t asked = p->asked_end - p->first;

	assert(end->messages <= asked);
	assert(end->fresh <= end->messages);
	l->stats.replies++;
	l->stats.recovered += end->fresh;
	l->stats.duplicates += end->messages - end->fresh;
	ladder_piece_learn(l, asked, end->messages);
	p->first += end->messages;
	p->failures = 0;
	if (p->first == p->end)
		ladder_piece_free(l, p);
	else
		ladder_piece_want(l, p, now_ns);
	ladder_piece_wake(l, now_ns);
}

void ladder_on_done(struct ladder *l, const struct ladder_end *end, uint64_t now_ns)
{
	struct ladder_piece *p = ladder_piece_find(l, end->tag);

	l->due_ns = now_ns < l->due_ns ? now_ns : l->due_ns;
	if (p == NULL) {
		l->stats.stale++;
		l->stats.recovered += end->fresh;
		return;
	}
	if (end->outcome == OPERATION_SUCCESS && end->messages != 0) {
		ladder_piece_answered(l, p, end, now_ns);
		return;
	}
	l->stats.unanswered++;
	uint64_t pause_ns = l->options.retry_ns << p->failures;

	p->failures = (uint8_t)(p->failures + (p->failures < LADDER_RETRY_MAX));
	if (now_ns >= p->deadline_ns)
		ladder_piece_give_up(l, p, GAP_UNANSWERED);
	else
		ladder_piece_want(l, p, now_ns + pause_ns);
}
