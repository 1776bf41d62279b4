/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Messages: a made-up day, whole, back to back in memory, and the books of its referee. Lines and
 * the reference engine both take it from here.
 */
#ifndef APP_WORLD_MESSAGES_H
#define APP_WORLD_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#include "perf/day_feed.h"

struct world_messages {
	uint8_t *bytes;
	uint64_t *offsets; /* count + 1 */
	uint64_t *times_ns;
	uint64_t count;
	char *books; /* the referee's CSV */
	size_t books_bytes;
	uint64_t next; /* of the source */
	uint64_t from_ns;
	uint64_t until_ns;
};

/* 0 or -errno. */
int world_messages_make(struct world_messages *m, uint64_t seed, uint64_t count, uint32_t symbols);
void world_messages_free(struct world_messages *m); /* accepts a zeroed struct */
/* The day once, its times spread over [from, until) in proportion; messages keep what they say of
 * their time. */
struct day_source world_messages_source(struct world_messages *m, uint64_t from_ns,
                                        uint64_t until_ns);

#endif
