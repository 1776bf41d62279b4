/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf/gap_trial.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/feed/session.h"
#include "dataplane/wire/packet.h"
#include "perf/gap_trial_private.h"

#define MS      1000000ull
#define FOREVER UINT64_MAX

void gap_trial_standard(struct gap_trial_options *o)
{
	*o = (struct gap_trial_options){
	        .packets = 200 * 1000,
	        .interval_ns = 100000,
	        .skew_ns = 20000,
	        .gap_every = 199,
	        .tick_ns = 10000,
	        .seed = 1,
	        .gap_packets_max = 3,
	        .lose_ppm = 5000,
	        .messages_max = 6,
	        .reply_bytes = 1400,
	        .parking_segments = 8,
	};
	ladder_service_options(&o->service, 3);
	ladder_options_standard(&o->ladder, 50 * MS);
	for (uint32_t i = 0; i < SERVICE_NODES_MAX; i++)
		o->nodes[i].latency = (struct distribution){.kind = DISTRIBUTION_LOGNORMAL,
		                                            .scale_ns = GAP_TRIAL_RTT_NS,
		                                            .shape_milli = 100};
	o->nodes[0].mute_until_ns = FOREVER;
	o->nodes[1].latency.scale_ns *= 5;
}

void gap_trial_fixed(struct gap_trial_options *o)
{
	struct service_options *s = &o->service;

	s->nodes = 1;
	o->nodes[0] = o->nodes[2]; /* the one that is well */
	s->choice = SERVICE_CHOOSE_PRIMARY;
	s->breaker.states = BREAKER_BIT(BREAKER_CLOSED);
	s->breaker.base_timeout_ns[BREAKER_CLOSED] = 1000 * MS;
	s->deadline.terms = DEADLINE_BASE;
	s->health.eject_after = 0;
	s->health.outlier_ppm = 0;
	s->hedge.is_enabled = false;
	s->forecast.detectors = 0;
	s->abandon_below_ppm = 0;
	s->backoff.base_ns = 0;
	s->retry_budget.is_unlimited = true;
	o->ladder.pieces = LADDER_PIECES_MAX; /* it may take its time */
	o->ladder.hold_ns = 10000 * MS;
	o->ladder.deadline_ns = 10000 * MS;
}

/* ---- the caller ---- */

static void trial_read_outputs(struct trial *t, const struct feed_packet *reply, uint64_t fresh)
{
	for (uint32_t i = 0; i < t->out.count; i++) {
		const struct operation_output x = t->items[i];

		t->result->hash = (t->result->hash ^ x.tag ^ x.time_ns ^ (uint64_t)x.kind << 56) *
		                  0x9e3779b97f4a7c15ull;
		if (x.kind == OPERATION_SEND)
			trial_request(t, &x);
		if (x.kind != OPERATION_DONE)
			continue;
		bool won = x.outcome == OPERATION_SUCCESS;

		assert(!won || reply != NULL);
		ladder_on_done(&t->ladder,
		               &(struct ladder_end){.tag = x.tag,
		                                    .messages = won ? reply->block_count : 0,
		                                    .fresh = won ? fresh : 0,
		                                    .outcome = (enum operation_outcome)x.outcome},
		               t->now_ns);
	}
	t->out.count = 0;
}

/* Something was asked: what for, and is it right to? */
static void trial_note_ask(struct trial *t, const struct ladder_output *x)
{
	t->asks[x->tag % 256] =
	        (struct trial_ask){.tag = x->tag, .first = x->first_sequence, .count = x->count};
	for (uint64_t i = 0; i < x->count; i++)
		t->result->needless +=
		        x->first_sequence + i < t->have_max && t->have[x->first_sequence + i] != 0;
	for (uint64_t i = t->gap_at; i < t->result->gaps; i++) {
		struct trial_gap *g = &t->gaps[i];

		if (g->request_ns != 0 || x->first_sequence >= g->end ||
		    x->first_sequence + x->count <= g->first)
			continue;
		g->request_ns = t->now_ns;
		g->measured = trial_measures(t);
	}
}

static void trial_submit(struct trial *t, const struct ladder_output *x)
{
	const struct operation_request r = {.tag = x->tag,
	                                    .deadline_ns = x->deadline_ns,
	                                    .class = WORK_CRITICAL,
	                                    .repeat = OPERATION_FREELY,
	                                    .max_retries = OPERATION_ROUNDS_AS_SERVICE};

	trial_note_ask(t, x);
	enum operation_verdict v = operation_submit(&t->table, &r, t->now_ns, &t->out);
	bool accepted = v == OPERATION_ACCEPTED;

	t->result->asks_all += accepted;
	t->result->asks += accepted && trial_measures(t);
	ladder_on_verdict(&t->ladder, x->tag, v, accepted ? t->items[0].operation : 0, t->now_ns);
	trial_read_outputs(t, NULL, 0);
}

static void trial_ladder(struct trial *t)
{
	struct ladder_output out[8];
	uint32_t count;

	do {
		count = ladder_poll(&t->ladder, &t->arbiter, t->now_ns, out, 8);
		for (uint32_t i = 0; i < count; i++) {
			if (out[i].kind == LADDER_ASK)
				trial_submit(t, &out[i]);
			if (out[i].kind != LADDER_RECALL)
				continue;
			operation_recall(&t->table, out[i].operation, t->now_ns, &t->out);
			trial_read_outputs(t, NULL, 0);
		}
	} while (count == 8);
}

static void trial_on_reply(struct trial *t, const struct trial_event *e)
{
	struct feed_packet p = trial_reply(t, e);
	const struct operation_reply r = {.token = e->token, .node = e->node, .ok = true};
	uint64_t fresh = 0;

	/* As a codec does: what cannot be an answer to this attempt is none. */
	if (p.first_sequence != e->first || p.block_count > e->asked ||
	    !session_key_equal(&p.session, arbiter_session(&t->arbiter))) {
		if (ladder_expects(&t->ladder, e->tag, &t->arbiter, &p))
			t->result->disorder++;
		return;
	}
	trial_give(t, &p);
	fresh = arbiter_on_recovered(&t->arbiter, &p, t->now_ns, TIME_TURN);
	operation_on_reply(&t->table, &r, t->now_ns, &t->out);
	trial_read_outputs(t, &p, fresh);
}

static void trial_on_packet(struct trial *t, const struct trial_event *e)
{
	struct feed_packet p = trial_build(t, e->first, e->claim != 0 ? 0 : e->count, UINT32_MAX);

	if (e->claim != 0) {
		p.kind = FEED_HEARTBEAT;
		p.first_sequence = e->claim;
	}
	trial_give(t, &p);
	arbiter_on_packet(&t->arbiter, e->line, &p, t->now_ns, TIME_TURN);
}

/* ---- time ---- */

/* Gaps that the stream has passed. */
static void trial_settle_gaps(struct trial *t)
{
	struct gap_trial_result *r = t->result;

	for (; t->gap_at < r->gaps; t->gap_at++) {
		const struct trial_gap *g = &t->gaps[t->gap_at];

		if (t->packet < t->lose_until || t->read_sequence < g->end)
			return;
		if (!g->lost && g->request_ns != 0 && g->measured)
			t->samples[r->measured++] = t->now_ns - g->request_ns;
	}
}

static void trial_check(struct trial *t)
{
	struct gap_trial_result *r = t->result;
	struct arbiter_hole hole;
	uint64_t from = arbiter_expected(&t->arbiter);
	uint64_t live = operation_live(&t->table);

	if (live > r->operations_max)
		r->operations_max = live;
	r->excess += live > t->options->ladder.pieces;
	if (arbiter_stats(&t->arbiter)->parking_bytes > r->parking_bytes_max)
		r->parking_bytes_max = arbiter_stats(&t->arbiter)->parking_bytes;
	if (arbiter_holes(&t->arbiter, &from, &hole, 1) == 0 ||
	    hole.first != arbiter_expected(&t->arbiter))
		return;
	uint64_t wait_ns = t->now_ns - hole.since_ns;
	uint64_t may_ns =
	        hole.is_joining ? t->options->ladder.deadline_ns : t->options->ladder.hold_ns;

	if (wait_ns > r->wait_max_ns)
		r->wait_max_ns = wait_ns;
	r->overdue += wait_ns > may_ns + t->options->tick_ns;
}

static void trial_turn(struct trial *t)
{
	while (trial_send(t))
		;
	while (t->events != 0 && t->heap[0].time_ns <= t->now_ns) {
		struct trial_event e = trial_take(t);

		if (e.what == TRIAL_PACKET)
			trial_on_packet(t, &e);
		else
			trial_on_reply(t, &e);
	}
	while (operation_poll(&t->table, t->now_ns, &t->out))
		trial_read_outputs(t, NULL, 0);
	trial_read_outputs(t, NULL, 0);
	trial_ladder(t);
	arbiter_poll(&t->arbiter, t->now_ns);
	log_writer_publish(&t->log);
	trial_read_log(t);
	trial_settle_gaps(t);
	trial_check(t);
}

static uint64_t trial_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* To the next moment at which something happens, `limit_ns` at the latest; timers by ticks. */
static void trial_pass(struct trial *t, uint64_t limit_ns)
{
	uint64_t next_ns = operation_deadline_ns(&t->table);
	uint64_t tick_ns = t->options->tick_ns;

	if (next_ns != UINT64_MAX)
		next_ns = (next_ns / tick_ns + 1) * tick_ns;
	if (t->events != 0)
		next_ns = trial_min(next_ns, t->heap[0].time_ns);
	next_ns = trial_min(next_ns, trial_send_ns(t));
	next_ns = trial_min(next_ns, ladder_deadline_ns(&t->ladder));
	next_ns = trial_min(next_ns, arbiter_deadline_ns(&t->arbiter));
	next_ns = trial_min(next_ns, limit_ns);
	t->now_ns = next_ns > t->now_ns ? next_ns : t->now_ns + 1;
}

static void trial_play(struct trial *t)
{
	const struct gap_trial_options *o = t->options;
	uint64_t tail_ns = 2 * (o->ladder.hold_ns + o->ladder.deadline_ns);
	uint64_t end_ns = t->now_ns + (o->packets + 16) * o->interval_ns + tail_ns;

	while (t->now_ns < end_ns) {
		trial_pass(t, end_ns);
		trial_turn(t);
	}
}

/* ---- memory ---- */

struct trial_memory {
	struct trial *trial;
	void *segments;
	void *control;
	void *region;
	uint8_t *page_epoch;
	void *wheel;
};

static void *trial_zeroed(uint64_t align, uint64_t bytes)
{
	void *p = aligned_alloc(align, (bytes + align - 1) / align * align);

	return p == NULL ? NULL : memset(p, 0, (bytes + align - 1) / align * align);
}

static struct arbiter_options trial_arbiter_options(const struct gap_trial_options *o)
{
	return (struct arbiter_options){
	        .hold_ns = o->ladder.hold_ns,
	        .join_hold_ns = o->ladder.deadline_ns,
	        .parking_segments_max = o->parking_segments,
	        .parking_pieces_max = 65536,
	        .line_count = 2,
	        .learned_wait = true,
	        .ladder = true,
	        .join = o->join_late != 0 ? ARBITER_JOIN_FROM_ONE : ARBITER_JOIN_FIRST_SEEN,
	};
}

static int trial_allocate(struct trial_memory *m, const struct gap_trial_options *o,
                          struct gap_trial_result *r)
{
	const struct arbiter_options ao = trial_arbiter_options(o);
	struct trial *t = m->trial = trial_zeroed(64, sizeof(*t));

	if (t == NULL)
		return -ENOMEM;
	t->options = o;
	t->result = r;
	t->have_max = o->join_late + (o->packets + 1) * o->messages_max + 2;
	t->table_options = (struct operation_options){
	        .pool = {.operations_max = TRIAL_LIVE_MAX,
	                 .attempts_max = 3 * TRIAL_LIVE_MAX,
	                 .first_use = 1},
	        .tick_ns = o->tick_ns,
	        .late_ns = 1000 * MS,
	        .service_count = 1,
	};
	m->segments = aligned_alloc(SEGMENT_BYTES, segment_pool_bytes(TRIAL_SEGMENTS));
	m->control = trial_zeroed(4096, log_control_bytes(32));
	m->region = trial_zeroed(REGION_PAGE_BYTES, arbiter_bytes(&ao));
	m->page_epoch = calloc(arbiter_bytes(&ao) / REGION_PAGE_BYTES + 1, 1);
	m->wheel = trial_zeroed(8, operation_wheel_bytes(&t->table_options) + 8);
	t->state = trial_zeroed(64, sizeof(*t->state));
	t->scan = calloc(1, sizeof(*t->scan));
	t->have = calloc(t->have_max, 1);
	t->gaps = calloc(o->gap_every == 0 ? 1 : o->packets / o->gap_every + 2, sizeof(*t->gaps));
	t->samples =
	        calloc(o->gap_every == 0 ? 1 : o->packets / o->gap_every + 2, sizeof(*t->samples));
	bool all = m->segments != NULL && m->control != NULL && m->region != NULL &&
	           m->page_epoch != NULL && m->wheel != NULL && t->state != NULL &&
	           t->scan != NULL && t->have != NULL && t->gaps != NULL && t->samples != NULL;

	if (!all)
		return -ENOMEM;
	memset(m->segments, 0, SEGMENT_BYTES); /* what the pool keeps; the rest is written first */
	return 0;
}

static void trial_free(struct trial_memory *m)
{
	struct trial *t = m->trial;

	free(m->segments);
	free(m->control);
	free(m->region);
	free(m->page_epoch);
	free(m->wheel);
	if (t == NULL)
		return;
	free(t->state);
	free(t->scan);
	free(t->have);
	free(t->gaps);
	free(t->samples);
	free(t);
}

static int trial_open_feed(struct trial *t, struct trial_memory *m)
{
	const struct arbiter_options ao = trial_arbiter_options(t->options);
	const struct log_options lo = {.segments_min = 2, .segments_max = 32};
	int error = segment_pool_init(&t->pool, m->segments, segment_pool_bytes(TRIAL_SEGMENTS),
	                              TRIAL_SEGMENTS);

	if (error == 0)
		error = log_writer_init(&t->log, m->control, log_control_bytes(32), &t->pool, &lo);
	if (error == 0)
		error = region_init(&t->region, m->region, arbiter_bytes(&ao), m->page_epoch);
	if (error != 0)
		return error;
	int slot = log_cursor_register(&t->log.log, LOG_CLAIM_LIVE, true);

	if (slot < 0)
		return slot;
	cursor_init(&t->cursor, &t->log.log, (uint32_t)slot);
	const struct arbiter_setup as = {.region = &t->region,
	                                 .pool = &t->pool,
	                                 .log = &t->log,
	                                 .scan = t->scan,
	                                 .protocol = &trial_protocol,
	                                 .options = ao};

	return arbiter_init(&t->arbiter, &as);
}

static int trial_open(struct trial *t, struct trial_memory *m)
{
	const struct gap_trial_options *o = t->options;

	t->start_ns = t->now_ns = 1000 * MS;
	t->next_sequence = 1 + o->join_late;
	t->out = (struct operation_outputs){.items = t->items, .capacity = TRIAL_OUTPUTS_MAX};
	prng_init(&t->random, o->seed);
	prng_init(&t->jitter, o->seed + 1);
	prng_init(&t->fate, o->seed + 2);
	const struct service_setup su = {.state = t->state,
	                                 .options = &o->service,
	                                 .breaker_counters = &t->result->breaker,
	                                 .health_counters = &t->result->health,
	                                 .prng = &t->jitter};
	const struct operation_setup u = {.options = &t->table_options,
	                                  .operations = t->operations,
	                                  .attempts = t->attempts,
	                                  .services = &t->service,
	                                  .wheel = m->wheel,
	                                  .wheel_bytes = operation_wheel_bytes(&t->table_options)};
	int error = trial_open_feed(t, m);

	if (error == 0)
		error = service_init(&t->service, &su, t->now_ns);
	if (error == 0)
		error = operation_init(&t->table, &u, t->now_ns);
	if (error == 0)
		error = ladder_init(&t->ladder, &o->ladder, 0, t->now_ns);
	return error;
}

static int trial_by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void trial_close(struct trial *t)
{
	struct gap_trial_result *r = t->result;

	r->messages = t->next_sequence - 1;
	r->left = operation_live(&t->table) + t->ladder.piece_count + t->ladder.range_count +
	          (t->next_sequence > t->read_sequence ? t->next_sequence - t->read_sequence : 0);
	r->ladder = t->ladder.stats;
	r->arbiter = *arbiter_stats(&t->arbiter);
	r->operations = t->table.stats;
	if (r->measured == 0)
		return;
	qsort(t->samples, r->measured, sizeof(t->samples[0]), trial_by_size);
	r->q50_ns = t->samples[r->measured / 2];
	r->q99_ns = t->samples[r->measured * 99 / 100];
	r->max_ns = t->samples[r->measured - 1];
}

int gap_trial_run(const struct gap_trial_options *o, struct gap_trial_result *r)
{
	struct trial_memory m = {0};

	memset(r, 0, sizeof(*r));
	int error = trial_allocate(&m, o, r);

	if (error == 0)
		error = trial_open(m.trial, &m);
	if (error == 0) {
		trial_play(m.trial);
		trial_close(m.trial);
	}
	trial_free(&m);
	return error;
}
