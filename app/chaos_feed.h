/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Feed of a core in a world of chaos: its events as messages of a session, through the real arbiter
 * into a real log. An event is a trade message of its component's symbol, padded to the scenario's
 * size; it carries when it came, which event it is and which service it asks. When the log is full
 * the arbiter gives events up, as it does with a real feed: they become a GAP.
 *
 * Owns its memory; segments come from a pool that the feeds share.
 */
#ifndef APP_CHAOS_FEED_H
#define APP_CHAOS_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/arbiter.h"
#include "dataplane/feed/directory.h"
#include "dataplane/log/cursor.h"
#include "dataplane/log/log.h"

#define CHAOS_MESSAGE_BYTES_MIN 44u
#define CHAOS_PAGE_BYTES        4096u
#define CHAOS_NO_SERVICE        0xffffffu

struct chaos_ask { /* what an event is about */
	uint64_t event;
	uint64_t arrival_ns;
	uint32_t component;
	uint32_t service; /* CHAOS_NO_SERVICE: it asks nothing */
};

struct chaos_feed {
	struct segment_pool *pool;
	struct region region;
	struct directory directory;
	struct message_scan *scan;
	struct log_writer log;
	struct arbiter arbiter;
	uint64_t sequence; /* of the next message */
	uint8_t *memory;
	uint64_t memory_bytes;
	uint8_t *block; /* of the message at hand */
	uint32_t event_bytes;
	int hold;                   /* claim on everything there ever was; -1: there is none */
	struct log_cursor observer; /* sees what is appended, event by event */
	const uint8_t *block_next;  /* of the record that the observer is in */
	const uint8_t *block_end;
	uint64_t announced; /* messages that are no events */
};

struct chaos_feed_options {
	uint32_t id;
	uint32_t components; /* of the world */
	uint32_t segments_min;
	uint32_t segments_max;
	uint32_t event_bytes;
	uint32_t lines;
	uint64_t gap_hold_ns; /* how long a hole waits for a line */
	bool hold;            /* the log back to its start, as long as there is room */
};

/* Zeroed memory straight from the system, page by page as it is used; NULL: there is none. */
void *chaos_memory(uint64_t bytes, uint64_t align);
void chaos_memory_free(void *p, uint64_t bytes);

/* 0 or -errno. Also announces the symbols of all components. */
int chaos_feed_create(struct chaos_feed *f, struct segment_pool *pool,
                      const struct chaos_feed_options *o);
void chaos_feed_destroy(struct chaos_feed *f); /* accepts a zeroed struct */
/* The next event's place in the stream. */
uint64_t chaos_feed_next(struct chaos_feed *f);
/* A line brings the event of that place. */
void chaos_feed_bring(struct chaos_feed *f, const struct chaos_ask *a, uint64_t sequence,
                      uint32_t line, uint64_t now_ns);
/* Holes that have waited long enough are given up. */
void chaos_feed_poll(struct chaos_feed *f, uint64_t now_ns);
/* The stream is over: what is missing is known from now on. */
void chaos_feed_end(struct chaos_feed *f, uint64_t now_ns);
/* The next event that has come into the log; false: there is none. */
bool chaos_feed_appended(struct chaos_feed *f, struct chaos_ask *out);
/* Events that never will. */
uint64_t chaos_feed_lost(const struct chaos_feed *f);
/* Whether everything since the start can still be read. */
bool chaos_feed_is_whole(const struct chaos_feed *f);
void chaos_feed_trim(struct chaos_feed *f);

/* The component's symbol, as in messages. */
uint64_t chaos_feed_symbol(uint32_t component);
/* Reads an event's message; false: it is another one. */
bool chaos_feed_read(const uint8_t *message, uint32_t bytes, struct chaos_ask *out);

#endif
