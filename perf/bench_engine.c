/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The engine from log to board: what a message costs in a shard, with books by order and by level,
 * page tracking and board on, over 1, 16 and 256 groups and 1 and 35 messages per packet, early and
 * late in the day.
 *
 * The day is made beforehand. Each round appends a burst of packets through the real arbiter and
 * then turns the shards to the head; the two are timed apart. The books' hash must be the same for
 * every row.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>

#include "app/engine.h"
#include "dataplane/wire/bytes.h"
#include "perf/day.h"

#define BURST_MESSAGES 1120u /* appended, then applied, between two looks at the clock */

struct options {
	uint64_t messages;
	uint32_t symbols;
	uint32_t live;
	uint32_t rounds;
	bool json;
};

struct stream { /* the day as blocks, back to back */
	uint8_t *bytes;
	uint64_t *offsets;
	uint64_t count;
};

struct row {
	uint32_t groups;
	uint32_t per_packet;
	double append_ns;
	double apply_ns;
	double early_ns; /* apply, first fifth */
	double late_ns;  /* apply, last fifth */
	uint64_t hash;
	double bytes_per_order;
};

/* This thread's CPU time: what other processes take does not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int make_stream(struct stream *s, const struct options *o)
{
	struct day_options d = {.seed = 1,
	                        .messages = o->messages,
	                        .symbols = o->symbols,
	                        .orders_live_max = o->live,
	                        .no_referee = true};
	struct day *day;
	int rc = day_create(&day, &d);

	if (rc != 0)
		return rc;
	s->bytes = malloc((o->messages + 1024) * (DAY_MESSAGE_BYTES_MAX + 2));
	s->offsets = malloc((o->messages + 1025) * sizeof(*s->offsets));
	if (s->bytes == NULL || s->offsets == NULL) {
		day_destroy(day);
		return -ENOMEM;
	}
	s->offsets[0] = 0;
	for (s->count = 0; s->count < o->messages + 1024; s->count++) {
		uint8_t *at = s->bytes + s->offsets[s->count];
		uint64_t time_ns;
		uint32_t bytes = day_next(day, at + 2, &time_ns);

		if (bytes == 0)
			break;
		put_be16(at, (uint16_t)bytes);
		s->offsets[s->count + 1] = s->offsets[s->count] + 2 + bytes;
	}
	day_destroy(day);
	return 0;
}

struct bench_engine {
	struct config config;
	struct config_core core;
	struct config_feed feed;
	struct config_shard shard;
	struct config_group group;
	uint32_t group_shard;
	struct engine *engine;
};

static int make_engine(struct bench_engine *b, const struct options *o, uint32_t groups)
{
	struct engine_options eo = {.learn_lines = true, .boards = true};
	char error[ENGINE_ERROR_BYTES];
	/* Generous: a busy symbol may fill its group many times over its fair share. */
	uint32_t room = groups == 1 ? 8 : groups / 2;

	*b = (struct bench_engine){
	        .core = {.name = "bench", .cpu = CONFIG_NONE},
	        .feed = {.name = "feed",
	                 .protocol = "itch50",
	                 .gap_hold_max_ns = 1000000000,
	                 .gap_parking_bytes = 8u << 20,
	                 .gap_pieces_max = 1024,
	                 .symbols_max = o->symbols + 16,
	                 .log_bytes_min = 8u << 20,
	                 .log_bytes_max = 8u << 20},
	        .shard = {.name = "shard",
	                  .critical_budget = 4096,
	                  .normal_budget = 4096,
	                  .catch_up_budget = 64},
	        .group = {.name = "books",
	                  .shards = &b->group_shard,
	                  .shard_count = 1,
	                  .count = groups,
	                  .select = groups == 1 ? CONFIG_SELECT_ALL : CONFIG_SELECT_HASH,
	                  .symbols_max = o->symbols + 16,
	                  .orders_max = (16 * o->live + 65536) / room,
	                  .levels_max = (16 * o->live + (1u << 20)) / room + 16384},
	};
	b->config = (struct config){
	        .engine = {.name = "bench", .pool_bytes = 64u << 20, .publish_turns = 1u << 30},
	        .cores = &b->core,
	        .feeds = &b->feed,
	        .shards = &b->shard,
	        .groups = &b->group,
	        .core_count = 1,
	        .feed_count = 1,
	        .shard_count = 1,
	        .group_count = 1,
	        .path = "bench",
	};
	int rc = engine_create(&b->engine, &b->config, &eo, error);

	if (rc != 0)
		fprintf(stderr, "bench_engine: %s\n", error);
	return rc;
}

static uint64_t books_hash(const struct engine *e)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *f = open_memstream(&text, &bytes);
	uint64_t hash = 0;

	if (f == NULL)
		return 0;
	if (engine_write_books(e, 0, f) == 0 && fflush(f) == 0)
		hash = XXH3_64bits(text, bytes);
	fclose(f);
	free(text);
	return hash;
}

/* Touched pages of all groups' regions per order that rests at the end: books, index, levels,
 * everything. */
static double bytes_per_order(const struct engine *e)
{
	uint64_t pages = 0;
	uint64_t orders = 0;

	for (uint32_t i = 0; i < e->group_count; i++) {
		const struct region *r = &e->groups[i].group.region;

		for (uint64_t p = 0; p < r->bytes / REGION_PAGE_BYTES; p++)
			pages += r->page_epoch[p] != 0;
		orders += book_set_stats(&e->groups[i].group.books)->orders_live;
	}
	return orders == 0 ? 0 : (double)(pages * REGION_PAGE_BYTES) / (double)orders;
}

static void measure(struct row *r, const struct stream *s, struct engine *e, const char *session)
{
	struct receiver_feed *f = &e->feeds[0].receive;
	struct feed_packet p = {.kind = FEED_DATA};
	uint64_t append_ns = 0;
	uint64_t apply_ns[3] = {0, 0, 0}; /* early, middle, late */
	uint64_t messages[3] = {0, 0, 0};

	snprintf(p.session.name, sizeof(p.session.name), "%s", session);
	for (uint64_t i = 0; i < s->count;) {
		uint64_t start = cpu_ns();
		uint64_t from = i;

		for (uint32_t n = 0; n < BURST_MESSAGES && i < s->count; n += r->per_packet) {
			uint64_t left = s->count - i;

			p.block_count = left < r->per_packet ? (uint32_t)left : r->per_packet;
			p.claimed_count = p.block_count;
			p.first_sequence = i + 1;
			p.blocks = s->bytes + s->offsets[i];
			p.block_bytes = (uint32_t)(s->offsets[i + p.block_count] - s->offsets[i]);
			arbiter_on_packet(&f->arbiter, 0, &p, start, TIME_TURN);
			i += p.block_count;
		}
		log_writer_publish(&f->log);
		uint64_t middle = cpu_ns();

		while (shard_step(e->shards[0], middle) != 0)
			;
		uint64_t end = cpu_ns();
		int part = from < s->count / 5 ? 0 : from < s->count - s->count / 5 ? 1 : 2;

		append_ns += middle - start;
		apply_ns[part] += end - middle;
		messages[part] += i - from;
	}
	r->append_ns = (double)append_ns / (double)s->count;
	r->apply_ns = (double)(apply_ns[0] + apply_ns[1] + apply_ns[2]) / (double)s->count;
	r->early_ns = (double)apply_ns[0] / (double)messages[0];
	r->late_ns = (double)apply_ns[2] / (double)messages[2];
	r->hash = books_hash(e);
	r->bytes_per_order = bytes_per_order(e);
}

static int compare_apply(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	return (x->apply_ns > y->apply_ns) - (x->apply_ns < y->apply_ns);
}

/* The median round by apply_ns. */
static int measure_row(struct row *r, const struct stream *s, const struct options *o)
{
	struct row rounds[16];

	for (uint32_t i = 0; i < o->rounds; i++) {
		struct bench_engine b;
		int rc = make_engine(&b, o, r->groups);

		if (rc != 0)
			return rc;
		rounds[i] = *r;
		/* The first day touches the memory, as a live engine does at its start; the second,
		 * a new session with empty books, is measured. */
		measure(&rounds[i], s, b.engine, "BENCH00001");
		measure(&rounds[i], s, b.engine, "BENCH00002");
		engine_destroy(b.engine);
		if (rounds[i].hash != rounds[0].hash)
			return -EBADMSG;
	}
	qsort(rounds, o->rounds, sizeof(rounds[0]), compare_apply);
	*r = rounds[o->rounds / 2];
	return 0;
}

static void print_row(const struct row *r, bool json, bool last)
{
	if (json)
		printf("{\"groups\":%u,\"per_packet\":%u,\"append_ns\":%.1f,\"apply_ns\":%.1f,"
		       "\"early_ns\":%.1f,"
		       "\"late_ns\":%.1f,\"bytes_per_order\":%.0f,\"hash\":\"%016" PRIx64 "\"}%s",
		       r->groups, r->per_packet, r->append_ns, r->apply_ns, r->early_ns, r->late_ns,
		       r->bytes_per_order, r->hash, last ? "" : ",");
	else
		printf("%6u %10u %12.1f %12.1f %12.1f %12.1f %14.0f   %016" PRIx64 "\n", r->groups,
		       r->per_packet, r->append_ns, r->apply_ns, r->early_ns, r->late_ns,
		       r->bytes_per_order, r->hash);
}

static int run(const struct options *o)
{
	static const uint32_t groups[] = {1, 16, 256};
	static const uint32_t per_packet[] = {35, 1};
	struct stream s = {0};
	uint64_t hash = 0;
	int rc = make_stream(&s, o);

	if (rc == 0 && o->json)
		printf("{\"messages\":%" PRIu64 ",\"symbols\":%u,\"rows\":[", s.count, o->symbols);
	else if (rc == 0)
		printf("%" PRIu64
		       " messages, %u symbols, up to %u live orders; ns per message, median of %u\n"
		       "groups per packet       append        apply  early apply   late apply "
		       "bytes per order   books\n",
		       s.count, o->symbols, o->live, o->rounds);
	for (uint32_t g = 0; rc == 0 && g < 3; g++)
		for (uint32_t k = 0; rc == 0 && k < 2; k++) {
			struct row r = {.groups = groups[g], .per_packet = per_packet[k]};

			rc = measure_row(&r, &s, o);
			if (rc == 0 && hash != 0 && r.hash != hash)
				rc = -EBADMSG;
			hash = r.hash;
			if (rc == 0)
				print_row(&r, o->json, g == 2 && k == 1);
			fflush(stdout);
		}
	if (rc == 0 && o->json)
		printf("]}\n");
	if (rc != 0)
		fprintf(stderr, "bench_engine: %s\n",
		        rc == -EBADMSG ? "books differ between rows: nothing measured here counts"
		                       : strerror(-rc));
	free(s.bytes);
	free(s.offsets);
	return rc == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	        {"messages", required_argument, NULL, 'm'},
	        {"symbols", required_argument, NULL, 'y'},
	        {"live", required_argument, NULL, 'l'},
	        {"rounds", required_argument, NULL, 'r'},
	        {"json", no_argument, NULL, 'j'},
	        {NULL, 0, NULL, 0},
	};
	struct options o = {.messages = 5000000, .symbols = 8000, .live = 1200000, .rounds = 3};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'm':
			o.messages = strtoull(optarg, NULL, 10);
			break;
		case 'y':
			o.symbols = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'l':
			o.live = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'r':
			o.rounds = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'j':
			o.json = true;
			break;
		default:
			return 2;
		}
	if (o.rounds == 0 || o.rounds > 16 || o.symbols == 0 ||
	    o.messages < day_messages_min(o.symbols)) {
		fprintf(stderr, "usage: bench_engine [--messages N] [--symbols N] [--live N] "
		                "[--rounds 1..16] [--json]\n");
		return 2;
	}
	return run(&o);
}
