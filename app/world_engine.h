/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Engine of a simulated world: a real one, private, of one feed over two lines, a shard on each of
 * its cores, critical and normal groups spread by hash with an asker each. Memory is as little as
 * the day needs, and the log holds all of it where that is not too much.
 */
#ifndef APP_WORLD_ENGINE_H
#define APP_WORLD_ENGINE_H

#include <stddef.h>

#include "app/engine.h"
#include "app/world.h"

#define WORLD_CORES_MAX 2u /* with a shard each; the first one has the feed */
#define WORLD_LINES     2u /* polled by one of those, or by a core of their own behind them */

struct day_feed;

struct world_engine {
	struct config config;
	struct config_core cores[WORLD_CORES_MAX + WORLD_LINES];
	struct config_port ports[WORLD_LINES];
	struct config_feed feed;
	struct config_shard shards[WORLD_CORES_MAX];
	struct config_group groups[WORLD_CLASSES];
	uint32_t group_shards[WORLD_CORES_MAX];
	uint32_t core_count; /* with shards */
	struct engine *engine;
};

struct world_engine_options {
	const struct day_feed *lines; /* where they have cores of their own; NULL: learned */
	uint64_t messages;
	uint32_t symbols;
	uint32_t cores;  /* with a shard; at most WORLD_CORES_MAX */
	uint32_t budget; /* of a shard's lane in a turn */
	enum world_receive receive;
	bool boards;
};

/* 0, or -errno and a line on stderr. */
int world_engine_create(struct world_engine *w, const struct world_engine_options *o);
void world_engine_destroy(struct world_engine *w); /* accepts a zeroed struct */
/* Core that polls the line; one of those without a shard is >= core_count. */
uint32_t world_engine_line_core(const struct world_engine *w, uint32_t line);
/* Turns of all cores until all has been applied. */
void world_engine_drain(struct world_engine *w, uint64_t now_ns);

/* Which groups count, a bit each, in what follows. */
#define WORLD_GROUPS_ALL ((1u << WORLD_GROUPS) - 1)

/* XXH3 over what groups wrote into their regions, and what was counted of messages. */
uint64_t world_engine_hash(const struct world_engine *w, uint32_t groups);
/* Their books as CSV in memory; the caller frees. NULL: out of memory, or one could not be read. */
char *world_engine_books(const struct world_engine *w, uint32_t groups, size_t *bytes);
/* The first thing that is wrong inside a book set, or NULL. */
const char *world_engine_check(const struct world_engine *w, uint32_t groups);
/* The first group whose bytes are not the other's; NULL: there is none. *at: where. */
const char *world_engine_differs(const struct world_engine *a, const struct world_engine *b,
                                 uint32_t groups, uint64_t *at);

#endif
