/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Replay: files through the engine's own path. Each input is read as a port; its recorded time is
 * the engine's time; one thread turns receiver and shards in turn. Used by `genesis replay` and by
 * tests.
 */
#ifndef APP_REPLAY_H
#define APP_REPLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/engine.h"

struct replay_line {
	uint32_t address;
	uint16_t port;
};

struct replay_options {
	const char *protocol;        /* "itch50", "deep10", "tops16"; NULL: from config */
	const struct config *config; /* NULL: one group with every symbol */
	const struct replay_line *lines;
	uint32_t line_count; /* 0: every line that shows itself */
	double speed;        /* 0: as fast as possible; else multiple of the recorded speed */
};

struct replay {
	struct engine *engine;
	struct config *own_config; /* when none was given */
	struct config_core core;
	struct config_feed feed;
	struct config_shard shard;
	struct config_group group;
	uint32_t group_shard;
	struct replay_options options;
	uint64_t now_ns; /* recorded time; never goes back */
	uint64_t recorded_start_ns;
	uint64_t real_start_ns;
	uint64_t cut_messages; /* BinaryFILEs that ended inside a record */
	uint64_t cut_captures;
	uint64_t inputs;
};

/* 0 or -errno with one clear line. */
int replay_init(struct replay *r, const struct replay_options *o, char error[ENGINE_ERROR_BYTES]);
/* Reads one input to its end. 0, or -errno with "PATH: what": it cannot be read. */
int replay_input(struct replay *r, const char *path, char error[ENGINE_ERROR_BYTES]);
/* After the last input: gives up what is missing, lets the shards finish. */
void replay_end(struct replay *r);
void replay_finish(struct replay *r); /* accepts a zeroed struct */

/* Books of the replayed feed as CSV. 0 or -errno. */
int replay_write_books(const struct replay *r, FILE *out);

/* The counters of the contract, summed over the engine. */
struct replay_totals {
	uint64_t packets;
	uint64_t messages;
	uint64_t duplicates;
	uint64_t gaps;
	uint64_t lost_messages;
	uint64_t late_messages;
	uint64_t malformed_packets;
	uint64_t empty_messages;
	uint64_t unknown_messages;
	uint64_t orphan_references;
	uint64_t session_resets;
	uint64_t symbols;
	uint64_t orders_live;
	uint64_t refused_symbols; /* what did not fit into directory and books */
	uint64_t refused_orders;
	uint64_t refused_levels;
	const struct message_counts *counts;
	const struct arbiter_stats *arbiter;
	const struct receiver_stats *receiver;
};

void replay_totals(const struct replay *r, struct replay_totals *t);

#endif
