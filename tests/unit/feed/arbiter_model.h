/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The arbiter again, naive: one entry per sequence, walked one by one. It has no pieces, no holes
 * and no common case; each message remembers whether it is there, lost, or known missing since
 * when. Slow, and plain enough to be right.
 */
#ifndef TESTS_UNIT_FEED_ARBITER_MODEL_H
#define TESTS_UNIT_FEED_ARBITER_MODEL_H

#include "dataplane/feed/skew.h"
#include "tests/unit/feed/arbiter_model_wait.h"
#include "tests/unit/feed/feed_double.h"

#define MODEL_MESSAGES 4096u
#define MODEL_EVENTS   (1u << 17)
#define MODEL_QUEUE    65536u

/* ---- what went out, one entry per message ---- */

struct event {
	uint64_t sequence;
	uint64_t time_ns; /* DATA only */
	uint32_t epoch;
	uint8_t kind;
	uint8_t reason;
	char session; /* RESET only */
};

struct events {
	struct event list[MODEL_EVENTS];
	uint32_t count;
};

static struct events wanted; /* what the model wrote */

static void event_add(struct events *e, struct event v)
{
	assert(e->count < MODEL_EVENTS);
	e->list[e->count++] = v;
}

/* ---- packets ---- */

struct packet_sent {
	struct send send;
	uint64_t time_ns; /* of arrival */
	uint64_t order;
	bool malformed;
};

/* ---- the model ---- */

struct model_message {
	bool have;
	bool lost;
	bool absent; /* known missing */
	uint64_t absent_ns;
	uint64_t absent_packets;
	uint32_t absent_line;
	uint64_t time_ns; /* of the first copy, */
	uint32_t line;    /* and who brought it */
	bool line_missing[LINES_MAX];
};

struct model_run {
	char key;
	uint64_t began_ns;
	uint64_t sent_ns_max;
	uint64_t first_max;
	bool restarted;
};

static struct model {
	struct arbiter_options options;
	bool runs;
	uint64_t origin; /* position of messages[0] */
	struct model_message messages[MODEL_MESSAGES];
	bool joined;
	bool active; /* there is a current session */
	bool waiting;
	struct model_run current;
	struct model_run next;
	char left[256];
	uint32_t left_count;
	uint32_t epoch;
	uint64_t expected;
	uint64_t known_end;
	bool end_known;
	bool ended;
	uint64_t end_position;
	uint64_t grace_end_ns;
	uint64_t now_ns;
	bool line_joined[LINES_MAX];
	uint64_t line_next[LINES_MAX];
	uint32_t queued;
	uint64_t datagrams; /* malformed ones too */
	uint64_t early;     /* messages given up before hold_ns: the wait was learned */
	struct arbiter_stats stats;
	struct line_stats lines[LINES_MAX];
} model;

static struct packet_sent model_queue[MODEL_QUEUE];

static struct model_message *model_at(uint64_t position)
{
	assert(position >= model.origin);
	assert(position - model.origin < MODEL_MESSAGES);
	return &model.messages[position - model.origin];
}

static void model_count_gaps(void)
{
	for (uint32_t i = 0; i < MODEL_MESSAGES; i++)
		if (model.messages[i].lost && (i == 0 || !model.messages[i - 1].lost))
			model.stats.gaps++;
}

static void model_check_end(void)
{
	if (!model.end_known || model.ended || model.expected < model.end_position)
		return;
	model.ended = true;
	model.stats.sessions_ended++;
	event_add(&wanted, (struct event){.kind = RECORD_END,
	                                  .epoch = model.epoch,
	                                  .sequence = model.expected + 1});
}

static void model_deliver(void)
{
	while (model.expected - model.origin < MODEL_MESSAGES && model_at(model.expected)->have) {
		event_add(&wanted, (struct event){.kind = RECORD_DATA,
		                                  .epoch = model.epoch,
		                                  .time_ns = model_at(model.expected)->time_ns,
		                                  .sequence = model.expected + 1});
		model.expected++;
		model_check_end();
	}
}

static void model_give_up_one(enum gap_reason reason)
{
	model_at(model.expected)->lost = true;
	model.stats.lost_messages++;
	model.stats.lost_by_reason[reason]++;
	event_add(&wanted, (struct event){.kind = RECORD_GAP,
	                                  .epoch = model.epoch,
	                                  .reason = (uint8_t)reason,
	                                  .sequence = model.expected + 1});
	model.expected++;
	model_check_end();
	model_deliver();
}

static void model_give_up_all(enum gap_reason reason)
{
	while (model.expected < model.known_end)
		model_give_up_one(reason);
}

static void model_give_up_due(void)
{
	uint64_t hold_ns = model.options.hold_ns;
	uint64_t wait_ns = hold_ns;

	if (model.options.learned_wait)
		wait_ns = model_learned_wait_ns(model.options.line_count, hold_ns);
	assert(wait_ns <= hold_ns);
	while (model.expected < model.known_end) {
		const struct model_message *m = model_at(model.expected);

		if (model.datagrams - m->absent_packets < model.options.hold_packets)
			return;
		if (wait_ns != 0 &&
		    (model.now_ns < m->absent_ns || model.now_ns - m->absent_ns < wait_ns))
			return;
		model.early += wait_ns != 0 && model.now_ns - m->absent_ns < hold_ns;
		model_give_up_one(GAP_AGE);
	}
}

static void model_begin(uint64_t first)
{
	model_count_gaps();
	memset(model.messages, 0, sizeof(model.messages));
	memset(model.line_joined, 0, sizeof(model.line_joined));
	if (model.epoch++ != 0)
		model.stats.session_resets++;
	model.expected = model.options.join == ARBITER_JOIN_FROM_ONE ? 0 : first;
	model.origin = model.expected > 2000 ? model.expected - 2000 : 0;
	model.known_end = model.expected;
	model.end_known = false;
	model.ended = false;
	model.joined = true;
	event_add(&wanted, (struct event){.kind = RECORD_RESET,
	                                  .epoch = model.epoch,
	                                  .session = model.current.key,
	                                  .sequence = model.expected + 1});
}

static void model_take_message(uint32_t line, uint64_t position, uint64_t time_ns)
{
	struct line_stats *l = &model.lines[line];

	l->messages++;
	if (position < model.expected) {
		bool lost = position >= model.origin && model_at(position)->lost;

		model.stats.late += lost;
		l->late += lost;
		model.stats.duplicates += !lost;
		l->duplicates += !lost;
		return;
	}
	struct model_message *m = model_at(position);

	if (m->have) {
		model.stats.duplicates++;
		l->duplicates++;
		return;
	}
	m->have = true;
	m->time_ns = time_ns;
	m->line = line;
	l->wins++;
	if (position != model.expected)
		model.stats.parked++;
	if (m->absent) {
		model.stats.healed++;
		model.stats.healed_by_other_line += m->absent_line != line;
	}
}

static void model_take_line(const struct send *m, uint64_t first, uint64_t claimed)
{
	uint64_t *next = &model.line_next[m->line];

	if (!model.line_joined[m->line])
		*next = first;
	model.line_joined[m->line] = true;
	for (uint64_t p = *next > model.origin ? *next : model.origin; p < claimed; p++)
		model_at(p)->line_missing[m->line] = true;
	model.lines[m->line].lost += claimed > *next ? claimed - *next : 0;
	*next = claimed > *next ? claimed : *next;
	for (uint64_t p = first; p < first + m->count; p++) {
		if (p < model.origin || !model_at(p)->line_missing[m->line])
			continue;
		model_at(p)->line_missing[m->line] = false;
		model.lines[m->line].lost--;
	}
}

/* A copy tells how late its line is, where a sampled message of it went out before. */
static void model_take_skew(const struct packet_sent *v)
{
	const struct send *m = &v->send;
	uint64_t first = m->first - 1;

	for (uint64_t p = first; p < first + m->count; p++) {
		if (p % SKEW_STRIDE != 0)
			continue;
		if (p < model.origin || p >= model.expected || !model_at(p)->have)
			return;
		if (model_at(p)->line != m->line && v->time_ns >= model_at(p)->time_ns)
			model_skew_sample(m->line, v->time_ns - model_at(p)->time_ns);
		return;
	}
}

static void model_take(const struct packet_sent *v)
{
	const struct send *m = &v->send;
	uint64_t first = m->first - 1;
	uint64_t claimed = first + (m->claimed != 0 ? m->claimed : m->count);

	if (!model.joined)
		model_begin(first);
	model_take_skew(v);
	model.stats.rewinds += claimed < model.expected && model.expected - claimed > 65536;
	for (uint64_t p = first; p < first + m->count; p++) {
		model_take_message(m->line, p, v->time_ns);
		/* What the packet jumped over is missing even if a later message of it is not. */
		model_deliver();
	}
	for (uint64_t p = model.expected; p < claimed; p++) {
		struct model_message *x = model_at(p);

		if (x->have || x->absent)
			continue;
		x->absent = true;
		x->absent_ns = v->time_ns;
		x->absent_packets = model.datagrams;
		x->absent_line = m->line;
	}
	model.known_end = claimed > model.known_end ? claimed : model.known_end;
	if (model.expected > model.known_end)
		model.known_end = model.expected;
	if (m->kind == FEED_END && !model.ended) {
		if (!model.end_known || claimed > model.end_position)
			model.end_position = claimed;
		model.end_known = true;
		model_check_end();
	}
	model_take_line(m, first, claimed);
}

static void model_enter_next(void)
{
	model_give_up_all(GAP_SESSION);
	if (model.active && model.current.key != model.next.key)
		model.left[model.left_count++] = model.current.key;
	model.current = model.next;
	model.active = true;
	model.waiting = false;
	model.joined = false;
	for (uint32_t i = 0; i < model.queued; i++)
		model_take(&model_queue[i]);
	model.queued = 0;
}

enum model_verdict { MODEL_CURRENT, MODEL_NEXT, MODEL_STALE, MODEL_NEW };

static bool model_restarts(const struct model_run *r, const struct send *m)
{
	return model.runs && m->first == 1 && r->first_max > 1 && m->sent_ns > r->sent_ns_max;
}

static enum model_verdict model_classify(const struct send *m)
{
	if (model.waiting && m->session == model.next.key &&
	    !(model.next.restarted && m->sent_ns < model.next.began_ns))
		return model_restarts(&model.next, m) ? MODEL_NEW : MODEL_NEXT;
	if (!model.active)
		return MODEL_NEW;
	if (m->session == model.current.key) {
		if (!model.waiting && model_restarts(&model.current, m))
			return MODEL_NEW;
		if (model.runs && model.current.restarted && m->sent_ns < model.current.began_ns)
			return MODEL_STALE;
		return MODEL_CURRENT;
	}
	for (uint32_t i = 0; i < model.left_count; i++)
		if (model.left[i] == m->session)
			return MODEL_STALE;
	return MODEL_NEW;
}

static void model_note(struct model_run *r, const struct send *m)
{
	r->sent_ns_max = m->sent_ns > r->sent_ns_max ? m->sent_ns : r->sent_ns_max;
	r->first_max = m->first > r->first_max ? m->first : r->first_max;
}

static void model_on_new(const struct packet_sent *v)
{
	const struct send *m = &v->send;

	model.next = (struct model_run){
	        .key = m->session,
	        .began_ns = m->sent_ns,
	        .sent_ns_max = m->sent_ns,
	        .first_max = m->first,
	        .restarted = model.active && model.current.key == m->session,
	};
	if (!model.active || model.ended || model.options.reset_grace_ns == 0) {
		model_enter_next();
		model_take(v);
		return;
	}
	model.waiting = true;
	model.grace_end_ns = model.now_ns + model.options.reset_grace_ns;
	model_queue[model.queued++] = *v;
}

static void model_settle(void)
{
	model_give_up_due();
	if (model.waiting && (model.ended || model.now_ns >= model.grace_end_ns)) {
		model_enter_next();
		model_give_up_due();
	}
}

static void model_on_packet(const struct packet_sent *v)
{
	const struct send *m = &v->send;

	model.now_ns = v->time_ns;
	model.datagrams++;
	model.lines[m->line].packets++;
	if (v->malformed) {
		model.lines[m->line].malformed++;
		model_settle();
		return;
	}
	model.stats.packets++;
	model.lines[m->line].heartbeats += m->kind == FEED_HEARTBEAT;
	if (model.waiting && model.now_ns >= model.grace_end_ns)
		model_enter_next();
	if (model.waiting && model_classify(m) == MODEL_NEW)
		model_enter_next();
	switch (model_classify(m)) {
	case MODEL_CURRENT:
		model_note(&model.current, m);
		model_take(v);
		break;
	case MODEL_NEXT:
		model_note(&model.next, m);
		assert(model.queued < MODEL_QUEUE);
		model_queue[model.queued++] = *v;
		break;
	case MODEL_STALE:
		model.stats.stale_session_packets++;
		break;
	case MODEL_NEW:
		model_on_new(v);
		break;
	}
	model_settle();
}

static void model_poll(uint64_t now_ns)
{
	model.now_ns = now_ns;
	model_settle();
}

static void model_on_input_end(void)
{
	if (model.waiting)
		model_enter_next();
	model_give_up_all(GAP_INPUT);
	model_count_gaps();
}

#endif
