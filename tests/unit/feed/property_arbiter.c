/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Property: whatever the lines do, the arbiter equals a naive model of itself.
 *
 * Per seed a message stream (one or more sessions) is cut into packets at random for each line on
 * its own, with heartbeats, overruns, ends, loss, copies, reorder, malformed datagrams and strays.
 * The model keeps one entry per sequence and looks at nothing else; log and counters must be equal,
 * message by message. In `tight` rounds (little parking, a log that refuses) only what must hold
 * always is checked: in order, once, and what is not delivered stands in a GAP. In `learned` rounds
 * holes wait as long as the lines' skew says, which changes on the way; nothing is given up sooner
 * or later than the model does, which never waits longer than hold_ns.
 *
 *     property_arbiter [SEEDS [FIRST_SEED]]
 */
#include "tests/unit/feed/feed_double.h"
#include "tests/unit/feed/arbiter_model.h"
#include "resilience/health.h"
#include "resilience/prng.h"

#define SENT_MAX 16384u
#define KEYS_MAX 16u

/* ---- the exchange and its lines ---- */

struct source { /* one session or run, as the exchange sends it */
	char key;
	uint64_t first; /* sequence */
	uint32_t messages;
	uint64_t start_ns;
};

static struct exchange {
	struct prng random;
	struct arbiter_options options;
	struct source sources[KEYS_MAX];
	uint32_t source_count;
	bool runs;
	bool tight;
	bool learned;
	bool calm;        /* nothing is lost */
	uint64_t unit_ns; /* of all times */
	uint32_t lose_ppm;
	uint32_t copy_ppm;
	uint32_t delay_ppm;
	uint32_t overrun_ppm;
	uint64_t delay_ns;
	struct packet_sent sent[SENT_MAX];
	uint32_t count;
} x;

static uint64_t random_below(uint64_t bound)
{
	return prng_below(&x.random, bound);
}

static bool chance(uint32_t ppm)
{
	return prng_chance_ppm(&x.random, ppm);
}

static uint64_t pick(const uint64_t *values, uint32_t count)
{
	return values[random_below(count)];
}

#define PICK(...)                             \
	pick((const uint64_t[]){__VA_ARGS__}, \
	     sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void exchange_arrive(struct send m, uint64_t time_ns)
{
	if (x.count == SENT_MAX)
		return;
	if (chance(x.delay_ppm))
		time_ns += random_below(x.delay_ns);
	x.sent[x.count] = (struct packet_sent){.send = m, .time_ns = time_ns, .order = x.count};
	x.sent[x.count++].malformed = chance(5000);
}

/* One packet leaves on one line. */
static void exchange_send(struct send m, uint64_t lag_ns)
{
	if (!x.calm && chance(x.lose_ppm))
		return;
	exchange_arrive(m, m.sent_ns + lag_ns);
	if (chance(x.copy_ppm))
		exchange_arrive(m, m.sent_ns + lag_ns + random_below(x.delay_ns));
}

static void exchange_send_line(const struct source *s, uint32_t line)
{
	uint64_t lag_ns = random_below(300) * x.unit_ns;
	uint32_t turn = x.learned ? (uint32_t)random_below(2 * s->messages) : UINT32_MAX;
	uint64_t now_ns = s->start_ns;
	uint64_t cut_max = 1 + random_below(12);
	uint32_t at = 0;

	while (at < s->messages) {
		struct send m = {.line = line, .session = s->key, .first = s->first + at};

		x.calm = x.learned && at < s->messages / 3;
		if (at >= turn) { /* the way has become another one */
			lag_ns = random_below(300) * x.unit_ns;
			turn = UINT32_MAX;
		}
		now_ns += random_below(60) * x.unit_ns;
		m.sent_ns = now_ns;
		m.kind = chance(80000) ? FEED_HEARTBEAT : FEED_DATA;
		if (m.kind == FEED_DATA) {
			uint64_t claimed = 1 + random_below(cut_max);
			uint64_t left = s->messages - at;

			m.claimed = (uint32_t)(claimed < left ? claimed : left);
			m.count = m.claimed;
			if (chance(x.overrun_ppm))
				m.count = (uint32_t)random_below(m.claimed);
			/* What was cut off sometimes comes again on the same line. */
			at += chance(300000) ? m.count : m.claimed;
		}
		exchange_send(m, lag_ns);
	}
	x.calm = false;
	for (uint64_t i = random_below(4); i > 0; i--)
		exchange_send((struct send){.line = line,
		                            .session = s->key,
		                            .first = s->first + s->messages,
		                            .sent_ns = now_ns += 50 * x.unit_ns,
		                            .kind = chance(700000) ? FEED_END : FEED_HEARTBEAT},
		              lag_ns);
}

static int by_arrival(const void *a, const void *b)
{
	const struct packet_sent *p = a;
	const struct packet_sent *q = b;

	if (p->time_ns != q->time_ns)
		return p->time_ns < q->time_ns ? -1 : 1;
	return p->order < q->order ? -1 : 1;
}

/* So that skews are known by when messages are missing. */
static void exchange_choose_learned(void)
{
	x.options.learned_wait = true;
	x.options.line_count = (uint32_t)PICK(1, 2, 2, 2, 3, 8);
	x.options.hold_ns = PICK(300, 3000, 30000, 1000000000) * x.unit_ns;
	x.options.hold_packets = PICK(0, 0, 3, 40);
	x.lose_ppm = (uint32_t)PICK(10000, 100000, 200000);
	x.delay_ppm = (uint32_t)PICK(0, 20000, 300000);
}

static void exchange_choose(uint64_t seed, bool tight, bool learned)
{
	prng_init(&x.random, seed);
	x.count = 0;
	x.tight = tight;
	x.learned = learned;
	x.unit_ns = learned ? PICK(100, 1000, 10000) : 1;
	x.runs = chance(400000);
	x.lose_ppm = (uint32_t)PICK(0, 10000, 100000, 400000);
	x.copy_ppm = (uint32_t)PICK(0, 50000, 300000);
	x.delay_ppm = (uint32_t)PICK(0, 20000, 300000, 1000000);
	x.overrun_ppm = (uint32_t)PICK(0, 0, 30000, 300000);
	x.delay_ns = PICK(50, 500, 5000) * x.unit_ns;
	x.options = (struct arbiter_options){
	        .hold_ns = PICK(0, 100, 1000, 1000000000),
	        .hold_packets = PICK(0, 0, 3, 40, 1000000),
	        .reset_grace_ns = PICK(0, 0, 200, 3000, 1000000) * x.unit_ns,
	        .parking_segments_max = tight ? 1 : 8,
	        .parking_pieces_max = tight ? (uint32_t)PICK(1, 2, 5, 30) : 4096,
	        .line_count = (uint32_t)PICK(1, 2, 2, 2, 3, 8),
	        .join = chance(300000) ? ARBITER_JOIN_FROM_ONE : ARBITER_JOIN_FIRST_SEEN,
	};
	if (learned)
		exchange_choose_learned();
	x.source_count = (uint32_t)PICK(1, 1, 2, 4);
	uint64_t start_ns = 1000;

	for (uint32_t i = 0; i < x.source_count; i++) {
		struct source *s = &x.sources[i];
		bool same_key = i > 0 && x.runs && chance(500000);

		s->key = same_key ? x.sources[i - 1].key : (char)('A' + i);
		s->messages = 1 + (uint32_t)random_below(learned ? 1500 : 400);
		s->first = PICK(1, 1, 40, 1ull << 40, UINT64_MAX - 900);
		/* Runs of one name may overlap in time, so they stay near each other. */
		if (learned || x.options.join == ARBITER_JOIN_FROM_ONE ||
		    (x.runs && x.source_count > 1))
			s->first = PICK(1, 40);
		if (same_key)
			s->first = 1;
		s->start_ns = start_ns;
		for (uint32_t line = 0; line < x.options.line_count; line++)
			exchange_send_line(s, line);
		start_ns += random_below(s->messages * 40) * x.unit_ns;
		start_ns += chance(500000) ? 30000 * x.unit_ns : 0;
	}
	qsort(x.sent, x.count, sizeof(x.sent[0]), by_arrival);
}

/* ---- one round ---- */

static struct world world;
static struct events got; /* what stands in the log */
static uint32_t refuse_left;

static bool refuse_sometimes(uint32_t bytes)
{
	(void)bytes;
	if (refuse_left > 0) {
		refuse_left--;
		return true;
	}
	if (chance(3000))
		refuse_left = (uint32_t)random_below(60);
	return false;
}

/* Which lines are not worth waiting for is not what is shown here. */
static void model_look_at_lines(void)
{
	for (uint32_t i = 0; i < x.options.line_count; i++)
		model_skews[i].ejected =
		        arbiter_line_stats(&world.arbiter, i)->state == HEALTH_EJECTED;
}

static void poll_both(uint64_t now_ns)
{
	arbiter_poll(&world.arbiter, now_ns);
	model_look_at_lines();
	model_poll(now_ns);
}

static void feed_both(const struct packet_sent *v)
{
	struct feed_packet p = double_build(&v->send);

	if (v->malformed)
		arbiter_on_malformed(&world.arbiter, v->send.line, v->time_ns);
	else
		arbiter_on_packet(&world.arbiter, v->send.line, &p, v->time_ns, TIME_CAPTURE);
	model_on_packet(v);
}

/* A packet from nowhere: far behind, or ahead of all that was sent. */
static void feed_stray(uint64_t time_ns)
{
	if (!model.joined || model.waiting || model.expected < 3)
		return;
	struct packet_sent v = {
	        .time_ns = time_ns,
	        .send = {.line = (uint32_t)random_below(x.options.line_count),
	                 .session = model.current.key,
	                 .sent_ns = model.current.sent_ns_max,
	                 .kind = chance(300000) ? FEED_HEARTBEAT : FEED_DATA},
	};

	if (chance(500000))
		v.send.first = 2 + random_below(model.expected - 1);
	else if (model.known_end - model.origin < 3500)
		v.send.first = model.known_end + 1 + random_below(20);
	else
		return;
	/* The model knows nothing of a line that begins below its messages. */
	if (v.send.first <= model.origin && !model.line_joined[v.send.line])
		return;
	if (v.send.kind == FEED_DATA)
		v.send.count = 1 + (uint32_t)random_below(6);
	feed_both(&v);
}

static bool read_record(const struct record *r, char *session)
{
	const struct record_gap *g = (const struct record_gap *)(const void *)record_payload(r);
	const uint8_t *payload = record_payload(r);
	struct event e = {.sequence = r->first_sequence, .epoch = r->epoch, .kind = r->kind};
	bool right = true;

	switch ((enum record_kind)r->kind) {
	case RECORD_DATA:
		e.time_ns = r->time_ns;
		for (uint32_t i = 0; i < r->count; i++, e.sequence++) {
			right = right && double_is(payload, *session, e.sequence);
			payload += 2u + be16(payload);
			event_add(&got, e);
		}
		return right && payload == record_payload(r) + r->payload_bytes;
	case RECORD_GAP:
		e.reason = (uint8_t)g->reason;
		if (g->missing > MODEL_MESSAGES || g->reserved != 0)
			return false;
		for (uint64_t i = 0; i < g->missing; i++, e.sequence++)
			event_add(&got, e);
		return true;
	case RECORD_RESET:
		*session = (char)payload[0];
		e.session = *session;
		event_add(&got, e);
		return true;
	case RECORD_END:
		event_add(&got, e);
		return true;
	case RECORD_PAD:
		break;
	}
	return false;
}

static bool read_log(void)
{
	char session = '?';
	bool right = true;

	got.count = 0;
	for (uint32_t i = 0; i < log_double.count; i++)
		right = read_record(log_double.records[i], &session) && right;
	if (!right)
		printf("  a record is not what it says\n");
	return right;
}

static bool events_equal(void)
{
	uint32_t count = got.count < wanted.count ? got.count : wanted.count;

	for (uint32_t i = 0; i < count; i++) {
		const struct event *g = &got.list[i];
		const struct event *w = &wanted.list[i];

		if (g->kind == w->kind && g->sequence == w->sequence && g->epoch == w->epoch &&
		    g->reason == w->reason && g->session == w->session && g->time_ns == w->time_ns)
			continue;
		printf("  event %u: kind %u epoch %u sequence %" PRIu64 " reason %u time %" PRIu64
		       ", wanted kind %u epoch %u sequence %" PRIu64 " reason %u time %" PRIu64
		       "\n",
		       i, g->kind, g->epoch, g->sequence, g->reason, g->time_ns, w->kind, w->epoch,
		       w->sequence, w->reason, w->time_ns);
		return false;
	}
	if (got.count != wanted.count)
		printf("  %u events, wanted %u\n", got.count, wanted.count);
	return got.count == wanted.count;
}

static bool same(const char *name, uint64_t is, uint64_t should_be)
{
	if (is != should_be)
		printf("  %s is %" PRIu64 ", wanted %" PRIu64 "\n", name, is, should_be);
	return is == should_be;
}

/* Says every difference, not only the first. */
#define SAME(counter) right = same(#counter, is->counter, should->counter) && right

static bool stats_equal(void)
{
	const struct arbiter_stats *is = arbiter_stats(&world.arbiter);
	const struct arbiter_stats *should = &model.stats;
	bool right = true;

	SAME(packets);
	SAME(duplicates);
	SAME(late);
	SAME(parked);
	SAME(healed);
	SAME(healed_by_other_line);
	SAME(gaps);
	SAME(lost_messages);
	SAME(session_resets);
	SAME(sessions_ended);
	SAME(stale_session_packets);
	SAME(rewinds);
	SAME(parking_bytes);
	SAME(parking_pieces);
	SAME(parking_full);
	for (uint32_t i = 0; i < GAP_REASON_COUNT; i++)
		SAME(lost_by_reason[i]);
	return right;
}

static bool lines_equal(void)
{
	bool right = true;

	for (uint32_t i = 0; i < x.options.line_count; i++) {
		const struct line_stats *is = arbiter_line_stats(&world.arbiter, i);
		const struct line_stats *should = &model.lines[i];

		SAME(packets);
		SAME(messages);
		SAME(wins);
		SAME(duplicates);
		SAME(late);
		SAME(lost);
		SAME(malformed);
		SAME(heartbeats);
		right = same("skew_ns", is->skew_ns, (uint64_t)model_skews[i].mean / 256) && right;
	}
	return right;
}

/* In every epoch: in order, once, without holes, and GAPs are what the counters say. */
static bool log_holds_always(void)
{
	const struct arbiter_stats *s = arbiter_stats(&world.arbiter);
	uint64_t next = 0;
	uint64_t lost = 0;
	uint64_t gaps = 0;
	uint64_t data = 0;
	uint32_t ends = 0;
	uint32_t epoch = 0;
	bool in_gap = false;

	for (uint32_t i = 0; i < got.count; i++) {
		const struct event *e = &got.list[i];
		bool reset = e->kind == RECORD_RESET;

		if (reset ? e->epoch != epoch + 1 : e->epoch != epoch || e->sequence != next)
			return same("a record's place", e->sequence, next);
		next = e->kind == RECORD_DATA || e->kind == RECORD_GAP ? e->sequence + 1
		                                                       : e->sequence;
		epoch = e->epoch;
		gaps += e->kind == RECORD_GAP && !in_gap;
		in_gap = e->kind == RECORD_GAP || (in_gap && e->kind == RECORD_END);
		lost += e->kind == RECORD_GAP;
		data += e->kind == RECORD_DATA;
		ends += e->kind == RECORD_END;
	}
	bool right = same("gaps", s->gaps, gaps);

	right = same("lost", s->lost_messages, lost) && right;
	right = same("ends", s->sessions_ended, ends) && right;
	right = same("epoch", epoch, model.epoch) && right;
	right = same("scanned", scan_double.messages, data) && right;
	right = same("last position", next, model.expected + 1) && right;
	right = same("pieces", s->parking_pieces, 0) && right;
	right = same("bytes", s->parking_bytes, 0) && right;
	right = same("segments", segment_double.held, 0) && right;
	return right;
}

/* Polls, sometimes at the very moment that the arbiter says there is something to do, or just
 * before. */
static void poll_sometimes(uint64_t now_ns, uint64_t next_ns)
{
	uint64_t due_ns = arbiter_deadline_ns(&world.arbiter);

	if (chance(100000))
		poll_both(now_ns);
	if (x.learned && due_ns > now_ns && due_ns < next_ns && chance(500000)) {
		poll_both(due_ns - 1);
		poll_both(due_ns);
	}
}

static bool round_run(uint64_t seed, bool tight, bool learned)
{
	exchange_choose(seed, tight, learned);
	memset(&model, 0, sizeof(model));
	memset(model_skews, 0, sizeof(model_skews));
	model.options = x.options;
	model.runs = x.runs;
	wanted.count = 0;
	int error = world_open(&world, x.runs ? &double_iex : &double_mold, &x.options);

	assert(error == 0);
	refuse_left = 0;
	if (tight && chance(500000))
		log_double.decide = refuse_sometimes;
	uint64_t now_ns = 0;

	for (uint32_t i = 0; i < x.count; i++) {
		now_ns = x.sent[i].time_ns;
		feed_both(&x.sent[i]);
		if (chance(10000))
			feed_stray(now_ns);
		poll_sometimes(now_ns, i + 1 < x.count ? x.sent[i + 1].time_ns : now_ns);
	}
	log_double.decide = NULL;
	arbiter_on_input_end(&world.arbiter, now_ns);
	model_on_input_end();
	bool right = read_log();

	if (!model.active)
		right = same("records", got.count, 0) && right;
	else
		right = log_holds_always() && right;
	if (!tight) {
		right = events_equal() && right;
		right = stats_equal() && right;
		right = lines_equal() && right;
	}
	world_close(&world);
	return right;
}

static const char *const round_kinds[] = {"", " (learned)", "", " (tight)"};

int main(int argc, char **argv)
{
	uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 500;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t messages = 0;
	uint64_t early = 0;
	uint32_t wrong = 0;

	printf("property_arbiter: seeds %" PRIu64 " to %" PRIu64 "\n", first, first + seeds - 1);
	for (uint64_t seed = first; seed < first + seeds && wrong < 10; seed++) {
		bool tight = seed % 4 == 3;
		bool learned = seed % 4 == 1;

		if (!round_run(seed, tight, learned)) {
			printf("seed %" PRIu64 " fails%s; again: property_arbiter 1 %" PRIu64 "\n",
			       seed, round_kinds[seed % 4], seed);
			wrong++;
		}
		messages += got.count;
		early += model.early;
	}
	printf("%" PRIu64 " messages and marks, %" PRIu64 " given up early by a learned wait, "
	       "%u wrong seeds\n",
	       messages, early, wrong);
	/* A check of what never happens is none. */
	return wrong == 0 && (early > 0 || seeds < 100) ? 0 : 1;
}
