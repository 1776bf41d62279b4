/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/replay.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/clock.h"
#include "dataplane/port/capture.h"

/* A message is given up no earlier than this after its absence was seen (docs/replay.md). */
#define REPLAY_HOLD_NS      1000000000ull
#define REPLAY_HOLD_PACKETS 1024u

/* Maxima, not needs: private memory that is touched only as far as the input asks for it. The log
 * must take in one step all that can wait at a time, with a record's header for every piece of it:
 * the shards only get their turn between packets. */
#define REPLAY_PARKING_BYTES (8ull << 30)
#define REPLAY_LOG_BYTES_MIN (64ull << 20)
#define REPLAY_LOG_BYTES_MAX (12ull << 30)
#define REPLAY_PIECES_MAX    (16u << 20)
#define REPLAY_SYMBOLS_MAX   (4u << 20)
#define REPLAY_ORDERS_MAX    (64u << 20)
#define REPLAY_LEVELS_MAX    (64u << 20)

static int default_config(struct replay *r, char error[ENGINE_ERROR_BYTES])
{
	r->own_config = calloc(1, sizeof(*r->own_config));
	if (r->own_config == NULL) {
		snprintf(error, ENGINE_ERROR_BYTES, "out of memory");
		return -ENOMEM;
	}
	r->core = (struct config_core){.name = "replay", .cpu = CONFIG_NONE};
	r->feed = (struct config_feed){
	        .name = "feed",
	        .protocol = r->options.protocol,
	        .gap_hold_max_ns = REPLAY_HOLD_NS,
	        .gap_parking_bytes = REPLAY_PARKING_BYTES,
	        .gap_pieces_max = REPLAY_PIECES_MAX,
	        .symbols_max = REPLAY_SYMBOLS_MAX,
	        .log_bytes_min = REPLAY_LOG_BYTES_MIN,
	        .log_bytes_max = REPLAY_LOG_BYTES_MAX,
	};
	r->shard = (struct config_shard){.name = "shard",
	                                 .critical_budget = 4096,
	                                 .normal_budget = 4096,
	                                 .catch_up_budget = 4096};
	r->group = (struct config_group){
	        .name = "books",
	        .shards = &r->group_shard,
	        .shard_count = 1,
	        .count = 1,
	        .select = CONFIG_SELECT_ALL,
	        .symbols_max = REPLAY_SYMBOLS_MAX,
	        .orders_max = REPLAY_ORDERS_MAX,
	        .levels_max = REPLAY_LEVELS_MAX,
	};
	*r->own_config = (struct config){
	        .engine = {.name = "replay",
	                   .pool_bytes = REPLAY_PARKING_BYTES + REPLAY_LOG_BYTES_MAX,
	                   .publish_turns = 1u << 30},
	        .cores = &r->core,
	        .feeds = &r->feed,
	        .shards = &r->shard,
	        .groups = &r->group,
	        .core_count = 1,
	        .feed_count = 1,
	        .shard_count = 1,
	        .group_count = 1,
	        .path = "replay",
	};
	return 0;
}

int replay_init(struct replay *r, const struct replay_options *o, char error[ENGINE_ERROR_BYTES])
{
	struct engine_options eo = {.hold_packets = REPLAY_HOLD_PACKETS,
	                            .learn_lines = o->config == NULL};

	*r = (struct replay){.options = *o};
	const struct config *c = o->config;

	if (c == NULL) {
		int rc = default_config(r, error);

		if (rc != 0)
			return rc;
		c = r->own_config;
	} else if (c->feed_count != 1 || c->core_count == 0) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "%s: replay reads one feed, this configuration has %u", c->path,
		         c->feed_count);
		return -EINVAL;
	}
	int rc = engine_create(&r->engine, c, &eo, error);

	for (uint32_t i = 0; rc == 0 && i < o->line_count; i++) {
		rc = receiver_allow(&r->engine->cores[0].receiver, o->lines[i].address,
		                    o->lines[i].port);
		if (rc != 0)
			snprintf(error, ENGINE_ERROR_BYTES, "more than %u lines", LINES_MAX);
	}
	return rc;
}

void replay_finish(struct replay *r)
{
	engine_destroy(r->engine);
	free(r->own_config);
	*r = (struct replay){0};
}

/* Every core's turn until all shards have applied all there is. */
static void drain(struct replay *r)
{
	struct engine *e = r->engine;
	bool done = false;

	while (!done) {
		done = true;
		for (uint32_t i = 0; i < e->config->core_count; i++) {
			uint32_t moved = engine_core_work(&e->cores[i], r->now_ns);

			done &= moved == 0 && engine_core_at_head(&e->cores[i]);
		}
	}
}

/* Waits until recorded time may go on, when it is to go on at a multiple of its own speed. */
static void pace(struct replay *r)
{
	if (r->options.speed <= 0)
		return;
	if (r->recorded_start_ns == 0) {
		r->recorded_start_ns = r->now_ns;
		r->real_start_ns = clock_monotonic_ns();
		return;
	}
	double due_ns = (double)(r->now_ns - r->recorded_start_ns) / r->options.speed;
	uint64_t target = r->real_start_ns + (due_ns < 1e18 ? (uint64_t)due_ns : (uint64_t)1e18);
	struct timespec t = {.tv_sec = (time_t)(target / 1000000000u),
	                     .tv_nsec = (long)(target % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static struct receiver *feed_receiver(const struct replay *r)
{
	return &r->engine->cores[r->engine->feeds[0].core].receiver;
}

static void replay_packets(struct replay *r, struct capture *c)
{
	struct packet burst[PACKET_BURST_MAX];
	struct engine_core *core = &r->engine->cores[r->engine->feeds[0].core];
	uint32_t n;

	while ((n = capture_receive(c, burst, PACKET_BURST_MAX)) != 0) {
		for (uint32_t i = 0; i < n; i++) {
			/* Recorded time is the engine's time, packet by packet: how long a gap was
			 * held must not depend on how many packets we read at once. */
			if (burst[i].time_ns > r->now_ns)
				r->now_ns = burst[i].time_ns;
			/* And it never steps back, or one stamp from the future would make
			 * all that is missed after it look old. */
			burst[i].time_ns = r->now_ns;
			pace(r);
			engine_core_packets(core, &burst[i], 1, r->now_ns);
			receiver_poll(feed_receiver(r), r->now_ns);
		}
		drain(r);
	}
	r->cut_captures += capture_cut(c);
}

static void replay_messages(struct replay *r, struct capture *c)
{
	struct receiver_feed *f = &r->engine->feeds[0].receive;
	struct feed_packet p = {.first_sequence = 1, .kind = FEED_DATA};

	/* A BinaryFILE is a session of its own. */
	snprintf(p.session.name, sizeof(p.session.name), "BinaryFILE %llu",
	         (unsigned long long)r->inputs);
	while ((p.block_count = capture_blocks(c, &p.blocks, &p.block_bytes)) != 0) {
		p.claimed_count = p.block_count;
		arbiter_on_packet(&f->arbiter, 0, &p, r->now_ns, TIME_NONE);
		log_writer_publish(&f->log);
		p.first_sequence += p.block_count;
		drain(r);
	}
	r->cut_messages += capture_cut(c);
}

int replay_input(struct replay *r, const char *path, char error[ENGINE_ERROR_BYTES])
{
	struct capture *c;
	int rc = capture_open(&c, path, error);

	if (rc != 0)
		return rc;
	r->inputs++;
	if (capture_kind(c) == CAPTURE_PACKETS) {
		replay_packets(r, c);
	} else if (strcmp(r->engine->feeds[0].config->protocol, "itch50") == 0) {
		replay_messages(r, c);
	} else {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "%s: is neither pcap nor pcapng, and BinaryFILEs hold ITCH 5.0 only "
		         "(--protocol itch50)",
		         path);
		rc = -EPROTONOSUPPORT;
	}
	capture_close(c);
	return rc;
}

void replay_end(struct replay *r)
{
	struct receiver_feed *f = &r->engine->feeds[0].receive;

	arbiter_on_input_end(&f->arbiter, r->now_ns);
	log_writer_publish(&f->log);
	drain(r);
	/* Once more for a log that was full when the last words were due. */
	receiver_poll(feed_receiver(r), r->now_ns);
	log_writer_publish(&f->log);
	drain(r);
}

int replay_write_books(const struct replay *r, FILE *out)
{
	return engine_write_books(r->engine, 0, out);
}

void replay_totals(const struct replay *r, struct replay_totals *t)
{
	const struct engine *e = r->engine;
	const struct receiver_feed *f = &e->feeds[0].receive;
	const struct arbiter_stats *a = arbiter_stats(&f->arbiter);
	const struct message_counts *m = &e->feeds[0].scan->counts;

	*t = (struct replay_totals){
	        .packets = f->packets,
	        .messages = m->messages,
	        .duplicates = a->duplicates,
	        .gaps = a->gaps,
	        .lost_messages = a->lost_messages,
	        .late_messages = a->late,
	        .malformed_packets = f->malformed_packets + r->cut_messages,
	        .empty_messages = m->empty,
	        .unknown_messages = m->unknown,
	        .session_resets = a->session_resets,
	        .symbols = directory_count(&e->feeds[0].directory),
	        .counts = m,
	        .arbiter = a,
	        .receiver = &feed_receiver(r)->stats,
	};
	for (uint32_t i = 0; i < e->config->shard_count; i++)
		t->orphan_references += shard_stats(e->shards[i])->orphan_references;
	t->refused_symbols = e->feeds[0].directory.refused;
	for (uint32_t i = 0; i < e->group_count; i++) {
		const struct book_set_stats *b = book_set_stats(&e->groups[i].group.books);

		t->orders_live += b->orders_live;
		t->refused_symbols += b->refused_symbols;
		t->refused_orders += b->refused_orders;
		t->refused_levels += b->refused_levels;
	}
}
