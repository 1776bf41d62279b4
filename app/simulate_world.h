/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inside the simulation: the engine of a simulated world and what is known of its day.
 */
#ifndef APP_SIMULATE_WORLD_H
#define APP_SIMULATE_WORLD_H

#include "app/engine.h"
#include "app/simulate.h"

#define WORLD_CORES  2u /* with a shard each; the first one has the feed */
#define WORLD_LINES  2u /* polled by one of those, or by a core of their own behind them */
#define WORLD_GROUPS 2u
#define WORLD_PARTS  4u /* groups of each class */

struct world {
	struct config config;
	struct config_core cores[WORLD_CORES + WORLD_LINES];
	struct config_port ports[WORLD_LINES];
	struct config_feed feed;
	struct config_shard shards[WORLD_CORES];
	struct config_group groups[WORLD_GROUPS];
	uint32_t group_shards[WORLD_CORES];
	struct engine *engine;
};

struct day_messages { /* the whole day, back to back */
	uint8_t *bytes;
	uint64_t *offsets; /* count + 1 */
	uint64_t *times_ns;
	uint64_t count;
	char *books; /* the referee's CSV */
	size_t books_bytes;
};

struct day_feed;

/* An engine with two cores, a shard on each, critical and normal groups spread by hash. Where `o`
 * has cores for the lines of `feed`, these are configured, else they are learned (always with feed
 * NULL). 0 or -errno. */
int world_create(struct world *w, const struct simulate_options *o, const struct day_feed *feed);
/* Core that polls the line. */
uint32_t world_line_core(const struct world *w, uint32_t line);
void world_destroy(struct world *w);
/* All cores' turns until all has been applied. */
void world_drain(struct world *w, uint64_t now_ns);
/* XXH3 over the used bytes of all groups' regions and what was counted of messages. */
uint64_t world_hash(const struct world *w);
/* Books of the feed as CSV in memory; the caller frees. NULL: out of memory, or a book could not be
 * read. */
char *world_books(const struct world *w, size_t *bytes);
/* The first thing that is wrong inside a book set, or NULL. */
const char *world_check(const struct world *w);

int day_messages_make(struct day_messages *m, const struct simulate_options *o);
void day_messages_free(struct day_messages *m);

#endif
