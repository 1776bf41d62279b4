/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Attach: another process's view of a running engine: its control, state and segment files mapped
 * read-only. Nothing here can disturb the engine: there is no word it writes.
 */
#ifndef APP_ATTACH_H
#define APP_ATTACH_H

#include "app/memory.h"
#include "app/shared.h"
#include "dataplane/feed/directory.h"
#include "dataplane/shard/board.h"

#define ATTACH_ERROR_BYTES 512u

struct books_csv_source;

struct attach {
	struct memory control;
	struct memory state;
	struct memory segments;   /* only after attach_segments() */
	struct segment_pool pool; /* likewise */
	const struct shared *shared;
};

/* name NULL: the one engine that is there. 0, or -errno with one clear line (none running, several
 * running, another build). */
int attach_open(struct attach *a, const char *name, char error[ATTACH_ERROR_BYTES]);
void attach_close(struct attach *a); /* accepts a zeroed struct */

/* Is the process that wrote it still there? */
bool attach_is_alive(const struct attach *a);

/* The index of a feed by name (NULL: the only one), or -ENOENT with text. */
int attach_feed(const struct attach *a, const char *name, char error[ATTACH_ERROR_BYTES]);

/* Maps the segments as well, which the logs stand in. 0 or -errno with one clear line. */
int attach_segments(struct attach *a, char error[ATTACH_ERROR_BYTES]);

/* Parts of a feed: board, symbols, log (needs the segments), the writer's message scan. 0 or
 * -EPROTO. */
int attach_board(const struct attach *a, uint32_t feed, struct board *b);
int attach_directory(const struct attach *a, uint32_t feed, struct directory *d);
int attach_log(struct attach *a, uint32_t feed, struct log *l);
const struct message_scan *attach_scan(const struct attach *a, uint32_t feed);

/* The book views of a feed's groups, critical first, into sources[SHARED_GROUPS_MAX]; returns how
 * many, or -EPROTO. */
int attach_books(const struct attach *a, uint32_t feed, struct books_csv_source *sources);

#endif
