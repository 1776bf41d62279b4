/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/simulate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/simulate_world.h"
#include "dataplane/wire/bytes.h"
#include "perf/day.h"
#include "perf/day_feed.h"
#include "resilience/prng.h"

#define MIDNIGHT_NS   1767571200000000000ull /* the virtual day begins here: 2026-01-05 */
#define CHECK_PACKETS 20000u                 /* book sets are checked whole every so many packets */
#define SESSION       "SIMULATE01"

__attribute__((format(printf, 3, 4))) static void
broken(struct simulate_result *r, unsigned invariant, const char *format, ...)
{
	if (r->broken[0] != '\0')
		return; /* the first one is what counts */
	int n = snprintf(r->broken, sizeof(r->broken), "invariant %u at packet %" PRIu64 ": ",
	                 invariant, r->packets);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(r->broken + n, sizeof(r->broken) - (size_t)n, format, arguments);
	va_end(arguments);
}

/* Each seed has its own weather: some lines are clean, some are terrible. */
static void weather(struct day_line_options *l, struct prng *p, bool lossless)
{
	static const uint32_t levels_ppm[] = {0, 1000, 10000, 50000};

	*l = (struct day_line_options){
	        .loss_ppm = lossless ? 0 : levels_ppm[prng_below(p, 4)],
	        .burst_loss_ppm = lossless ? 0 : (uint32_t)prng_below(p, 3) * 100,
	        .burst_packets_max = 1 + (uint32_t)prng_below(p, 50),
	        .duplicate_ppm = levels_ppm[prng_below(p, 4)],
	        .reorder_ppm = levels_ppm[prng_below(p, 4)],
	        .reorder_ns = 1 + prng_below(p, 5000000),
	        .skew_ns = prng_below(p, 2) == 0 ? 0 : prng_below(p, 50000000),
	};
}

enum simulate_receive simulate_receive_of(const struct simulate_options *o)
{
	struct prng p;

	if (o->receive != SIMULATE_RECEIVE_BY_SEED)
		return o->receive;
	prng_init(&p, o->seed ^ 0xc0de5);
	return SIMULATE_RECEIVE_TOGETHER + (enum simulate_receive)prng_below(&p, 3);
}

struct run {
	const struct simulate_options *o;
	struct simulate_result *r;
	struct world world;
	struct day_feed *feed;
	struct prng pace;
	struct prng stall;
	uint64_t stall_packets; /* so many more before the feed's core has a turn again */
	uint64_t now_ns;
};

/* Where others receive for it, the feed's core may stand still for a while: what waits for it must
 * not look lost. */
static bool is_stalled(struct run *x)
{
	if (x->world.engine->hand_over_count == 0)
		return false;
	if (x->stall_packets > 0) {
		x->stall_packets--;
		return true;
	}
	if (prng_below(&x->stall, 1000) == 0)
		x->stall_packets = prng_below(&x->stall, 300);
	return false;
}

/* Cores run at their own random pace, so that cursors stand apart. */
static void turn_cores(struct run *x)
{
	bool stalled = is_stalled(x);

	for (uint32_t i = 0; i < WORLD_CORES; i++)
		if (prng_below(&x->pace, 3) == 0 && !(i == 0 && stalled))
			engine_core_work(&x->world.engine->cores[i], x->now_ns);
}

static void send_day(struct run *x)
{
	uint8_t buffer[DAY_FEED_FRAME_BYTES];
	struct day_packet p;

	while (x->r->broken[0] == '\0' && day_feed_next(x->feed, buffer, &p)) {
		struct packet packet = {.data = buffer,
		                        .bytes = day_feed_frame(x->feed, buffer, &p),
		                        .port = p.line,
		                        .time_source = TIME_CAPTURE,
		                        .time_ns = p.time_ns};

		x->now_ns = p.time_ns;
		x->r->packets++;
		engine_core_packets(&x->world.engine->cores[world_line_core(&x->world, p.line)],
		                    &packet, 1, x->now_ns);
		turn_cores(x);
		if (x->r->packets % CHECK_PACKETS == 0) {
			const char *what = world_check(&x->world);

			if (what != NULL)
				broken(x->r, 1, "%s", what);
		}
	}
	struct receiver_feed *f = &x->world.engine->feeds[0].receive;

	while (!engine_core_took_all(&x->world.engine->cores[0]))
		engine_core_work(&x->world.engine->cores[0], x->now_ns);
	arbiter_on_input_end(&f->arbiter, x->now_ns);
	log_writer_publish(&f->log);
	world_drain(&x->world, x->now_ns);
}

/* Gives the reference engine what was delivered, in order, cut by other dice, and the same ranges
 * missing. */
static int feed_reference(struct world *w, const struct day_messages *m,
                          const struct day_range *lost, uint64_t lost_count, uint64_t seed)
{
	struct receiver_feed *f = &w->engine->feeds[0].receive;
	struct prng p;
	uint8_t blocks[8192];
	uint64_t range = 0;
	uint64_t i = 0;

	prng_init(&p, seed);
	while (i < m->count) {
		if (range < lost_count && lost[range].ordinal == i) {
			i += lost[range++].count;
			continue;
		}
		uint64_t end = range < lost_count ? lost[range].ordinal : m->count;
		uint64_t want = 1 + prng_below(&p, prng_below(&p, 8) == 0 ? 60 : 3);
		struct feed_packet packet = {
		        .session = {SESSION}, .first_sequence = i + 1, .blocks = blocks};

		for (; i < end && packet.block_count < want; i++, packet.block_count++) {
			uint32_t bytes = (uint32_t)(m->offsets[i + 1] - m->offsets[i]);

			put_be16(blocks + packet.block_bytes, (uint16_t)bytes);
			memcpy(blocks + packet.block_bytes + 2, m->bytes + m->offsets[i], bytes);
			packet.block_bytes += 2 + bytes;
		}
		packet.claimed_count = packet.block_count;
		arbiter_on_packet(&f->arbiter, 0, &packet, MIDNIGHT_NS + i, TIME_CAPTURE);
		log_writer_publish(&f->log);
		if (prng_below(&p, 16) == 0)
			world_drain(w, MIDNIGHT_NS + i);
	}
	struct feed_packet end = {
	        .session = {SESSION}, .first_sequence = m->count + 1, .kind = FEED_END};

	arbiter_on_packet(&f->arbiter, 0, &end, MIDNIGHT_NS + i, TIME_CAPTURE);
	arbiter_on_input_end(&f->arbiter, MIDNIGHT_NS + i);
	log_writer_publish(&f->log);
	world_drain(w, MIDNIGHT_NS + i);
	return 0;
}

static void check_counts(struct run *x, const struct day_messages *m, const struct day_range *lost,
                         uint64_t lost_count)
{
	const struct engine_feed *f = &x->world.engine->feeds[0];
	const struct arbiter_stats *a = arbiter_stats(&f->receive.arbiter);
	uint64_t missing = day_ranges_messages(lost, lost_count);

	x->r->delivered = f->scan->counts.messages;
	x->r->lost = a->lost_messages;
	x->r->gaps = a->gaps;
	x->r->duplicates = a->duplicates;
	x->r->healed = a->healed;
	x->r->handed_over = x->world.engine->cores[0].receiver.stats.taken_over;
	if (x->r->delivered + x->r->lost != m->count)
		broken(x->r, 2, "%" PRIu64 " delivered + %" PRIu64 " lost, the day has %" PRIu64,
		       x->r->delivered, x->r->lost, m->count);
	if (x->r->lost != missing)
		broken(x->r, 2, "%" PRIu64 " lost, no line carried %" PRIu64, x->r->lost, missing);
	if (x->r->gaps != lost_count)
		broken(x->r, 2, "%" PRIu64 " gaps, %" PRIu64 " ranges were carried by no line",
		       x->r->gaps, lost_count);
	const char *what = world_check(&x->world);

	if (what != NULL)
		broken(x->r, 1, "%s", what);
}

static bool regions_equal(const struct world *a, const struct world *b, char where[64])
{
	for (uint32_t i = 0; i < a->engine->group_count; i++) {
		const struct region *x = &a->engine->groups[i].group.region;
		const struct region *y = &b->engine->groups[i].group.region;

		for (uint64_t at = 0; at < x->used_bytes; at += REGION_PAGE_BYTES)
			/* Pages that neither wrote are zero in both. */
			if ((x->page_epoch[at / REGION_PAGE_BYTES] |
			     y->page_epoch[at / REGION_PAGE_BYTES]) != 0 &&
			    memcmp(x->base + at, y->base + at, REGION_PAGE_BYTES) != 0) {
				snprintf(where, 64, "%.32s at byte %" PRIu64,
				         a->engine->groups[i].name, at);
				return false;
			}
	}
	return true;
}

static int compare_reference(struct run *x, const struct day_messages *m,
                             const struct day_range *lost, uint64_t lost_count)
{
	struct world reference;
	char where[64];
	size_t bytes[2] = {0, 0};
	int rc = world_create(&reference, x->o, NULL);

	if (rc != 0)
		return rc;
	rc = feed_reference(&reference, m, lost, lost_count, x->o->seed ^ 0x5eed);
	char *ours = world_books(&x->world, &bytes[0]);
	char *theirs = world_books(&reference, &bytes[1]);

	if (ours == NULL || theirs == NULL)
		rc = -ENOMEM;
	else if (bytes[0] != bytes[1] || memcmp(ours, theirs, bytes[0]) != 0)
		broken(x->r, 1, "books differ from those of the same messages in other packets");
	else if (lost_count == 0 &&
	         (bytes[0] != m->books_bytes || memcmp(ours, m->books, bytes[0]) != 0))
		broken(x->r, 1, "books differ from the referee's");
	else if (lost_count == 0 && !regions_equal(&x->world, &reference, where))
		broken(x->r, 1, "same messages, other packets, other bytes: group %s", where);
	free(ours);
	free(theirs);
	world_destroy(&reference);
	return rc;
}

static int make_feed(struct run *x, struct day *day)
{
	struct day_feed_options fo = {.seed = x->o->cut_seed != 0 ? x->o->cut_seed : x->o->seed,
	                              .transport = DAY_MOLDUDP64,
	                              .lines = 2,
	                              .time_offset_ns = MIDNIGHT_NS};
	struct day_source source = day_source_of(day);
	struct prng p;

	prng_init(&p, x->o->seed ^ 0x77ea7e7);
	for (uint32_t i = 0; i < fo.lines; i++)
		weather(&fo.line[i], &p, x->o->lossless);
	prng_init(&x->pace, fo.seed ^ 0xace);
	prng_init(&x->stall, fo.seed ^ 0x57a11);
	return day_feed_create(&x->feed, &fo, &source);
}

int simulate(const struct simulate_options *o, struct simulate_result *result)
{
	struct run x = {.o = o, .r = result};
	struct day_messages m;
	struct day_range *lost = NULL;
	uint64_t lost_count = 0;
	struct day *day = NULL;
	struct day_options d = {.seed = o->seed,
	                        .messages = o->messages,
	                        .symbols = o->symbols,
	                        .no_referee = true};

	*result = (struct simulate_result){0};
	int rc = day_messages_make(&m, o);

	if (rc != 0)
		return rc;
	rc = day_create(&day, &d);
	if (rc == 0)
		rc = make_feed(&x, day);
	if (rc == 0)
		rc = world_create(&x.world, o, x.feed);
	if (rc == 0) {
		result->messages = m.count;
		send_day(&x);
		result->virtual_ns = x.now_ns - (MIDNIGHT_NS + m.times_ns[0]);
		result->hash = world_hash(&x.world);
		rc = day_feed_missing(x.feed, &lost, &lost_count);
	}
	if (rc == 0 && result->broken[0] == '\0') {
		check_counts(&x, &m, lost, lost_count);
		rc = compare_reference(&x, &m, lost, lost_count);
	}
	free(lost);
	world_destroy(&x.world);
	day_feed_destroy(x.feed);
	day_destroy(day);
	day_messages_free(&m);
	return rc;
}
