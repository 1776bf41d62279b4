/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Cursor: one consumer's place in a log.
 *
 *     while (budget-- && (r = cursor_next(&c)))
 *             apply(r);
 *     cursor_release(&c);
 *
 * The head is acquire-loaded only when the cursor has caught up with the last one it saw; the
 * release, once per turn, lets the writer reuse what lies before.
 *
 * A record stays valid until cursor_release(). One owner.
 */
#ifndef DATAPLANE_LOG_CURSOR_H
#define DATAPLANE_LOG_CURSOR_H

#include "dataplane/log/log.h"

struct log_cursor {
	struct log log;
	uint64_t position;   /* end of the last record returned; the next one is at
	                        log_record_position() of it */
	uint64_t head;       /* last head seen */
	const uint8_t *next; /* address of position while inside a segment, else NULL */
	uint32_t slot;
};

/* Takes over a registered slot. */
void cursor_init(struct log_cursor *c, const struct log *l, uint32_t slot);

/* Slow path of cursor_next(): refreshes head, crosses segments. */
const struct record *cursor_next_slow(struct log_cursor *c);

/* The next record, never a PAD; NULL at the head. */
static inline const struct record *cursor_next(struct log_cursor *c)
{
	if (__builtin_expect(c->next != NULL && c->position < c->head, 1)) {
		const struct record *r = (const struct record *)(const void *)c->next;

		if (__builtin_expect(r->kind != RECORD_PAD, 1)) {
			c->position += r->bytes;
			c->next = (c->position & (SEGMENT_BYTES - 1)) + sizeof(struct record) <=
			                                  SEGMENT_BYTES &&
			                          (c->position & (SEGMENT_BYTES - 1)) != 0
			                  ? c->next + r->bytes
			                  : NULL;
			return r;
		}
	}
	return cursor_next_slow(c);
}

/* Moves to an offset that is a record boundary at or after the tail (rejoin, catch-up), and
 * publishes it at once. Backwards only to where some claim still holds the log. */
void cursor_seek(struct log_cursor *c, uint64_t position);

/* Publishes the position. Release: pairs with the writer's acquire before it reuses a segment. */
static inline void cursor_release(struct log_cursor *c)
{
	atomic_store_explicit(&c->log.control->cursors[c->slot].position, c->position,
	                      memory_order_release);
}

/* Bytes between the cursor and the head it last saw. */
static inline uint64_t cursor_lag_bytes(const struct log_cursor *c)
{
	return c->head - c->position;
}

#endif
