/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/simulate_world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "perf/day.h"
#include "perf/day_feed.h"

#define HOLD_NS 3600000000000ull /* longer than anything a line delays */
/* Longer than lines differ, shorter than turns: what waits in a ring would look lost. */
#define HOLD_APART_NS 100000000ull
#define LOG_BYTES     (16ull << 20)
#define PARK_BYTES    (64ull << 20)
#define BUDGET        64u

/* The lines' ports, and cores for them where they have their own. */
static void configure_lines(struct world *w, enum simulate_receive receive,
                            const struct day_feed *feed)
{
	static const char *const names[WORLD_LINES] = {"r0", "r1"};
	uint32_t core = WORLD_CORES;

	for (uint32_t i = 0; i < WORLD_LINES; i++) {
		const struct frame_address *a = day_feed_address(feed, i);
		bool own = receive == SIMULATE_RECEIVE_APART || i != 0;

		if (own)
			w->cores[core] = (struct config_core){.name = names[i], .cpu = CONFIG_NONE};
		w->ports[i] = (struct config_port){.name = names[i], .core = own ? core++ : 0};
		w->feed.lines[i] = (struct config_line){.name = names[i],
		                                        .port = i,
		                                        .address = a->destination_address,
		                                        .udp_port = a->destination_port};
	}
	w->feed.line_count = WORLD_LINES;
	w->feed.gap_hold_max_ns = HOLD_APART_NS;
	w->cores[0].hand_over_bytes = HAND_OVER_BYTES_MIN;
	w->config.ports = w->ports;
	w->config.port_count = WORLD_LINES;
	w->config.core_count = core;
}

int world_create(struct world *w, const struct simulate_options *o, const struct day_feed *feed)
{
	struct engine_options eo = {.boards = true};
	char error[ENGINE_ERROR_BYTES];

	*w = (struct world){0};
	for (uint32_t i = 0; i < WORLD_CORES; i++) {
		w->cores[i] =
		        (struct config_core){.name = i == 0 ? "c0" : "c1", .cpu = CONFIG_NONE};
		w->shards[i] = (struct config_shard){.name = i == 0 ? "s0" : "s1",
		                                     .core = i,
		                                     .critical_budget = BUDGET,
		                                     .normal_budget = BUDGET,
		                                     .catch_up_budget = BUDGET};
		w->group_shards[i] = i;
	}
	w->feed = (struct config_feed){
	        .name = "feed",
	        .protocol = "itch50",
	        .gap_hold_max_ns = HOLD_NS,
	        .gap_parking_bytes = PARK_BYTES,
	        .gap_pieces_max = 1u << 16,
	        .symbols_max = o->symbols + 16,
	        .log_bytes_min = LOG_BYTES,
	        .log_bytes_max = 16 * LOG_BYTES,
	};
	for (uint32_t i = 0; i < WORLD_GROUPS; i++)
		w->groups[i] = (struct config_group){
		        .name = i == 0 ? "critical" : "normal",
		        .shards = w->group_shards,
		        .shard_count = WORLD_CORES,
		        .count = WORLD_PARTS,
		        .class = i == 0 ? CONFIG_CRITICAL : CONFIG_NORMAL,
		        .select = CONFIG_SELECT_HASH,
		        .symbols_max = o->symbols + 16,
		        .orders_max = 1u << 20,
		        .levels_max = 1u << 20,
		};
	w->config = (struct config){
	        .engine = {.name = "simulate",
	                   .pool_bytes = 20 * LOG_BYTES + 2 * PARK_BYTES,
	                   .publish_turns = 1u << 30},
	        .cores = w->cores,
	        .feeds = &w->feed,
	        .shards = w->shards,
	        .groups = w->groups,
	        .core_count = WORLD_CORES,
	        .feed_count = 1,
	        .shard_count = WORLD_CORES,
	        .group_count = WORLD_GROUPS,
	        .path = "simulate",
	};
	eo.learn_lines = feed == NULL || simulate_receive_of(o) == SIMULATE_RECEIVE_TOGETHER;
	if (!eo.learn_lines)
		configure_lines(w, simulate_receive_of(o), feed);
	int rc = engine_create(&w->engine, &w->config, &eo, error);

	if (rc != 0)
		fprintf(stderr, "genesis simulate: %s\n", error);
	return rc;
}

uint32_t world_line_core(const struct world *w, uint32_t line)
{
	return w->config.port_count == 0 ? 0 : w->ports[line].core;
}

void world_destroy(struct world *w)
{
	engine_destroy(w->engine);
	w->engine = NULL;
}

void world_drain(struct world *w, uint64_t now_ns)
{
	bool done = false;

	while (!done) {
		done = true;
		for (uint32_t i = 0; i < WORLD_CORES; i++) {
			uint32_t moved = engine_core_work(&w->engine->cores[i], now_ns);

			done &= moved == 0 && engine_core_at_head(&w->engine->cores[i]);
		}
	}
}

uint64_t world_hash(const struct world *w)
{
	XXH3_state_t *state = XXH3_createState();
	const struct message_counts *m = &w->engine->feeds[0].scan->counts;

	if (state == NULL)
		return 0;
	XXH3_64bits_reset(state);
	for (uint32_t i = 0; i < w->engine->group_count; i++) {
		const struct region *r = &w->engine->groups[i].group.region;

		/* Untouched pages are zero on every run: hashing the pages that were written is
		 * enough, and which they are is part of the state. */
		for (uint64_t page = 0;
		     page < (r->used_bytes + REGION_PAGE_BYTES - 1) / REGION_PAGE_BYTES; page++) {
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

char *world_books(const struct world *w, size_t *bytes)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, bytes);

	if (f == NULL)
		return NULL;
	int rc = engine_write_books(w->engine, 0, f);

	if (fclose(f) != 0 || rc != 0) {
		free(text);
		return NULL;
	}
	return text;
}

const char *world_check(const struct world *w)
{
	for (uint32_t i = 0; i < w->engine->group_count; i++) {
		const char *broken = book_set_check(&w->engine->groups[i].group.books);

		if (broken != NULL)
			return broken;
	}
	return NULL;
}

int day_messages_make(struct day_messages *m, const struct simulate_options *o)
{
	struct day_options d = {.seed = o->seed, .messages = o->messages, .symbols = o->symbols};
	struct day *day;
	uint64_t room = o->messages + 1024;

	*m = (struct day_messages){0};
	int rc = day_create(&day, &d);

	if (rc != 0)
		return rc;
	m->bytes = malloc(room * DAY_MESSAGE_BYTES_MAX);
	m->offsets = calloc(room + 1, sizeof(*m->offsets));
	m->times_ns = calloc(room, sizeof(*m->times_ns));
	FILE *f = open_memstream(&m->books, &m->books_bytes);

	if (m->bytes == NULL || m->offsets == NULL || m->times_ns == NULL || f == NULL)
		rc = -ENOMEM;
	while (rc == 0) {
		uint8_t message[DAY_MESSAGE_BYTES_MAX];
		uint64_t time_ns;
		uint32_t bytes = day_next(day, message, &time_ns);

		if (bytes == 0)
			break;
		if (m->count == room) {
			rc = -E2BIG;
			break;
		}
		memcpy(m->bytes + m->offsets[m->count], message, bytes);
		m->times_ns[m->count] = time_ns;
		m->offsets[m->count + 1] = m->offsets[m->count] + bytes;
		m->count++;
	}
	if (rc == 0)
		rc = day_write_books_csv(day, f);
	if (f != NULL)
		fclose(f);
	day_destroy(day);
	if (rc != 0)
		day_messages_free(m);
	return rc;
}

void day_messages_free(struct day_messages *m)
{
	free(m->bytes);
	free(m->offsets);
	free(m->times_ns);
	free(m->books);
	*m = (struct day_messages){0};
}
