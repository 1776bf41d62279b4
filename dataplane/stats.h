/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The counters of the dataplane, as one table per owner: id, unit, help. The owner keeps plain
 * 64-bit integers in its own struct and publishes copies; whoever shows counters (status, replay,
 * metrics) walks these tables. A static assert ties each table to its struct, so a counter without
 * a name does not compile.
 */
#ifndef DATAPLANE_STATS_H
#define DATAPLANE_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct counter {
	const char *id;   /* lower_case, unique within its table */
	const char *unit; /* "packets", "messages", "bytes", "ns", ...; empty: none */
	const char *help; /* one sentence */
	bool gauge;       /* may go down */
};

struct counter_table {
	const char *name; /* "port", "host", "receiver", "line", "feed", "recovery", "log",
	                     "shard", "group", "books" */
	const struct counter *counters;
	uint32_t count; /* = sizeof(struct) / 8 */
};

extern const struct counter_table counters_port;
extern const struct counter_table counters_host;
extern const struct counter_table counters_receiver;
extern const struct counter_table counters_line;
extern const struct counter_table counters_arbiter;
extern const struct counter_table counters_ladder;
extern const struct counter_table counters_log;
extern const struct counter_table counters_shard;
extern const struct counter_table counters_group;
extern const struct counter_table counters_books;
extern const struct counter_table counters_requester;
extern const struct counter_table counters_operations;
extern const struct counter_table counters_service;

#endif
