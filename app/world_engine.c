/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/world_engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "app/books_csv.h"
#include "app/world_asker.h"
#include "perf/day_feed.h"

/* Longer than lines differ, shorter than turns: what waits at a port or in a ring would look lost.
 */
#define HOLD_NS         100000000ull
#define MESSAGE_BYTES   192ull /* in the log, if it is alone in its record */
#define PARKED_BYTES    64ull  /* that wait, per message of the day */
#define LOG_BYTES_MIN   ((uint64_t)2 * SEGMENT_BYTES)
#define LOG_BYTES_MAX   (1ull << 30)
#define PARK_BYTES_MIN  ((uint64_t)2 * SEGMENT_BYTES)
#define PARK_BYTES_MAX  (64ull << 20)
#define HAND_OVER_BYTES (64ull << 20)
#define ROWS_MIN        1024u
#define ROWS_MAX        (1u << 20)
#define SYMBOLS_MORE    16u
#define PUBLISH_NEVER   (1u << 30)

static uint64_t between(uint64_t v, uint64_t least, uint64_t most)
{
	return v < least ? least : v > most ? most : v;
}

static uint32_t power_of_two(uint64_t least)
{
	uint32_t v = 1;

	while (v < least)
		v <<= 1;
	return v;
}

/* The lines' ports, and cores for them where they have their own. */
static void configure_lines(struct world_engine *w, const struct world_engine_options *o)
{
	static const char *const names[WORLD_LINES] = {"r0", "r1"};
	uint32_t core = w->core_count;

	for (uint32_t i = 0; i < WORLD_LINES; i++) {
		const struct frame_address *a = day_feed_address(o->lines, i);
		bool own = o->receive == WORLD_RECEIVE_APART || i != 0;

		if (own)
			w->cores[core] = (struct config_core){.name = names[i], .cpu = CONFIG_NONE};
		w->ports[i] = (struct config_port){.name = names[i], .core = own ? core++ : 0};
		w->feed.lines[i] = (struct config_line){.name = names[i],
		                                        .port = i,
		                                        .address = a->destination_address,
		                                        .udp_port = a->destination_port};
	}
	w->feed.line_count = WORLD_LINES;
	w->cores[0].hand_over_bytes = between(power_of_two(o->messages * MESSAGE_BYTES),
	                                      HAND_OVER_BYTES_MIN, HAND_OVER_BYTES);
	w->config.ports = w->ports;
	w->config.port_count = WORLD_LINES;
	w->config.core_count = core;
}

static void configure_cores(struct world_engine *w, const struct world_engine_options *o)
{
	static const char *const names[WORLD_CORES_MAX][2] = {{"c0", "s0"}, {"c1", "s1"}};

	for (uint32_t i = 0; i < w->core_count; i++) {
		w->cores[i] = (struct config_core){.name = names[i][0], .cpu = CONFIG_NONE};
		w->shards[i] = (struct config_shard){.name = names[i][1],
		                                     .core = i,
		                                     .critical_budget = o->budget,
		                                     .normal_budget = o->budget,
		                                     .catch_up_budget = o->budget};
		w->group_shards[i] = i;
	}
}

static void configure_groups(struct world_engine *w, const struct world_engine_options *o)
{
	uint32_t rows = power_of_two(between(o->messages, ROWS_MIN, ROWS_MAX));

	for (uint32_t i = 0; i < WORLD_CLASSES; i++) {
		w->groups[i] = (struct config_group){
		        .name = i == 0 ? "critical" : "normal",
		        .shards = w->group_shards,
		        .shard_count = w->core_count,
		        .count = WORLD_PARTS,
		        .class = i == 0 ? CONFIG_CRITICAL : CONFIG_NORMAL,
		        .select = CONFIG_SELECT_HASH,
		        .symbols_max = o->symbols + SYMBOLS_MORE,
		        .orders_max = rows,
		        .levels_max = rows,
		        .component_count = 1,
		};
		w->groups[i].components[0] = (struct config_component){.name = WORLD_ASKER_NAME,
		                                                       .type = WORLD_ASKER_NAME};
	}
}

static void configure(struct world_engine *w, const struct world_engine_options *o)
{
	uint64_t log_bytes =
	        between(LOG_BYTES_MIN + o->messages * MESSAGE_BYTES, LOG_BYTES_MIN, LOG_BYTES_MAX);
	uint64_t park_bytes = between(o->messages * PARKED_BYTES, PARK_BYTES_MIN, PARK_BYTES_MAX);

	w->core_count = o->cores;
	w->feed = (struct config_feed){
	        .name = "feed",
	        .protocol = "itch50",
	        .gap_hold_max_ns = HOLD_NS,
	        .gap_parking_bytes = park_bytes,
	        .gap_pieces_max = power_of_two(between(o->messages, ROWS_MIN, 1u << 16)),
	        .symbols_max = o->symbols + SYMBOLS_MORE,
	        .log_bytes_min = LOG_BYTES_MIN,
	        .log_bytes_max = log_bytes,
	};
	configure_cores(w, o);
	configure_groups(w, o);
	w->config = (struct config){
	        .engine = {.name = "simulate",
	                   .pool_bytes = log_bytes + park_bytes + LOG_BYTES_MIN,
	                   .publish_turns = PUBLISH_NEVER},
	        .cores = w->cores,
	        .feeds = &w->feed,
	        .shards = w->shards,
	        .groups = w->groups,
	        .core_count = w->core_count,
	        .feed_count = 1,
	        .shard_count = w->core_count,
	        .group_count = WORLD_CLASSES,
	        .path = "simulate",
	};
	if (o->lines != NULL && o->receive != WORLD_RECEIVE_TOGETHER)
		configure_lines(w, o);
}

int world_engine_create(struct world_engine *w, const struct world_engine_options *o)
{
	static const struct component_ops *const components[] = {&world_asker_ops, NULL};
	struct engine_options eo = {.boards = o->boards, .components = components};
	char error[ENGINE_ERROR_BYTES];

	assert(o->cores >= 1 && o->cores <= WORLD_CORES_MAX);
	*w = (struct world_engine){0};
	configure(w, o);
	eo.learn_lines = w->config.port_count == 0;
	int rc = engine_create(&w->engine, &w->config, &eo, error);

	if (rc != 0) {
		fprintf(stderr, "genesis simulate: %s\n", error);
		return rc;
	}
	assert(w->engine->group_count == WORLD_GROUPS);
	/* All that was ever told is needed again by who dies; without room this claim goes first.
	 */
	return log_cursor_register(&w->engine->feeds[0].receive.log.log, LOG_CLAIM_IMAGE, true) < 0
	               ? -EMFILE
	               : 0;
}

void world_engine_destroy(struct world_engine *w)
{
	engine_destroy(w->engine);
	w->engine = NULL;
}

uint32_t world_engine_line_core(const struct world_engine *w, uint32_t line)
{
	return w->config.port_count == 0 ? 0 : w->ports[line].core;
}

void world_engine_drain(struct world_engine *w, uint64_t now_ns)
{
	bool done = false;

	while (!done) {
		done = true;
		for (uint32_t i = 0; i < w->core_count; i++) {
			uint32_t moved = engine_core_work(&w->engine->cores[i], now_ns);

			done &= moved == 0 && engine_core_at_head(&w->engine->cores[i]);
		}
	}
}

static uint64_t pages_of(const struct region *r)
{
	return (r->used_bytes + REGION_PAGE_BYTES - 1) / REGION_PAGE_BYTES;
}

uint64_t world_engine_hash(const struct world_engine *w, uint32_t groups)
{
	XXH3_state_t *state = XXH3_createState();
	const struct message_counts *m = &w->engine->feeds[0].scan->counts;

	if (state == NULL)
		return 0;
	XXH3_64bits_reset(state);
	for (uint32_t i = 0; i < w->engine->group_count; i++) {
		const struct region *r = &w->engine->groups[i].group.region;

		if ((groups & 1u << i) == 0)
			continue;
		/* Untouched pages are zero on every run: hashing the pages that were written is
		 * enough, and which they are is part of the state. */
		for (uint64_t page = 0; page < pages_of(r); page++) {
			if (r->page_epoch[page] == 0)
				continue;
			XXH3_64bits_update(state, &page, sizeof(page));
			XXH3_64bits_update(state, r->base + page * REGION_PAGE_BYTES,
			                   REGION_PAGE_BYTES);
		}
	}
	XXH3_64bits_update(state, m, sizeof(*m));
	uint64_t hash = XXH3_64bits_digest(state);

	XXH3_freeState(state);
	return hash;
}

char *world_engine_books(const struct world_engine *w, uint32_t groups, size_t *bytes)
{
	struct books_csv_source sources[WORLD_GROUPS];
	uint32_t count = 0;
	char *text = NULL;
	int rc = 0;

	/* Critical ones come first: where both classes have a symbol, theirs is the book. */
	for (uint32_t i = 0; rc == 0 && i < WORLD_GROUPS; i++) {
		const struct group *g = &w->engine->groups[i].group;

		if ((groups & 1u << i) == 0)
			continue;
		sources[count].by_order = true;
		rc = book_view_attach(&sources[count++].view, g->region.base, g->region.bytes,
		                      g->books.state_offset);
	}
	FILE *f = rc == 0 ? open_memstream(&text, bytes) : NULL;

	if (f == NULL)
		return NULL;
	rc = books_csv_write(f, sources, count, NULL);
	if (fclose(f) == 0 && rc == 0)
		return text;
	free(text);
	return NULL;
}

const char *world_engine_check(const struct world_engine *w, uint32_t groups)
{
	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		const char *broken = (groups & 1u << i) == 0
		                             ? NULL
		                             : book_set_check(&w->engine->groups[i].group.books);

		if (broken != NULL)
			return broken;
	}
	return NULL;
}

const char *world_engine_differs(const struct world_engine *a, const struct world_engine *b,
                                 uint32_t groups, uint64_t *at)
{
	for (uint32_t i = 0; i < WORLD_GROUPS; i++) {
		const struct region *x = &a->engine->groups[i].group.region;
		const struct region *y = &b->engine->groups[i].group.region;

		if ((groups & 1u << i) == 0)
			continue;
		for (uint64_t page = 0; page < pages_of(x); page++) {
			*at = page * REGION_PAGE_BYTES;
			/* Pages that neither wrote are zero in both. */
			if ((x->page_epoch[page] | y->page_epoch[page]) != 0 &&
			    memcmp(x->base + *at, y->base + *at, REGION_PAGE_BYTES) != 0)
				return a->engine->groups[i].name;
		}
	}
	return NULL;
}
