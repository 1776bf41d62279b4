/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One line of a feed: cuts messages into packets, then loses, doubles and delays them. Private to
 * day_feed.c.
 */
#ifndef PERF_DAY_LINE_H
#define PERF_DAY_LINE_H

#include "perf/day_feed.h"
#include "resilience/prng.h"

struct day_line_packet { /* on its way */
	struct day_packet packet;
	uint64_t serial; /* ties in time keep the order of sending */
	uint8_t *payload;
};

struct day_line {
	struct day_line_options options;
	struct day_line_counts counts;
	struct prng cut;
	struct prng luck;
	uint32_t transport; /* enum day_transport */
	uint8_t number;
	uint64_t together_ns;
	uint32_t packet_messages; /* 0: by the dice */

	uint8_t building[DAY_FEED_PAYLOAD_MAX];
	uint32_t bytes; /* of the packet under construction, its header included */
	uint32_t messages;
	uint32_t messages_wanted;
	uint32_t full_left;  /* packets of the current burst of full frames */
	uint32_t burst_left; /* packets of the current burst of loss */
	uint32_t run;
	uint64_t next_sequence;
	uint64_t next_ordinal;
	uint64_t stream_offset; /* IEX-TP: bytes of blocks of this run */
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t last_due_ns; /* packets that are not held back stay in order */

	struct {
		struct day_line_packet packet;
		uint32_t left; /* packets that still overtake it */
	} held[DAY_REORDER_MAX];
	uint32_t held_count;

	struct day_line_packet *heap; /* by (time, serial) */
	uint32_t heap_count;
	uint32_t heap_room;
	uint64_t serial;

	struct day_range *lost; /* not merged across runs */
	uint64_t lost_count;
	uint64_t lost_room;
	bool failed; /* out of memory */
};

void day_line_init(struct day_line *l, const struct day_feed_options *o, uint32_t number);
void day_line_finish(struct day_line *l);
/* A new run begins: sequence 1, announced by a heartbeat. */
void day_line_begin_run(struct day_line *l, uint32_t run, uint64_t now_ns);
void day_line_end_run(struct day_line *l, uint64_t now_ns);
void day_line_message(struct day_line *l, const struct day_source_message *m, uint64_t now_ns);
void day_line_flush(struct day_line *l);
void day_line_heartbeat(struct day_line *l, uint64_t now_ns);
/* A packet cut by somebody else. */
void day_line_packet_in(struct day_line *l, const struct day_source_packet *p);
/* What is held back until others have overtaken it need not wait any more. */
void day_line_release(struct day_line *l, uint64_t now_ns);
/* No packet sent from now on can be due before this. */
uint64_t day_line_frontier_ns(const struct day_line *l, uint64_t now_ns);
/* The packet that comes next, or NULL. */
const struct day_line_packet *day_line_first(const struct day_line *l);
/* Takes it out; its payload is the caller's to free(). */
struct day_line_packet day_line_take(struct day_line *l);

#endif
