/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/log/cursor.h"

void cursor_init(struct log_cursor *c, const struct log *l, uint32_t slot)
{
	assert(slot < LOG_CURSORS_MAX);
	const struct log_cursor_slot *s = &l->control->cursors[slot];

	assert(atomic_load_explicit(&s->claim, memory_order_relaxed) != LOG_CLAIM_FREE);
	uint64_t position = atomic_load_explicit(&s->position, memory_order_relaxed);

	*c = (struct log_cursor){.log = *l, .position = position, .slot = slot};
	c->head = log_head(l);
	assert(c->position <= c->head);
}

const struct record *cursor_next_slow(struct log_cursor *c)
{
	for (;;) {
		if (c->position >= c->head) {
			c->head = log_head(&c->log);
			if (c->position >= c->head)
				return NULL;
		}
		uint64_t position = log_record_position(c->position);

		/* The head is the end of a record, so one begins before it. */
		assert(position < c->head);
		if (c->next == NULL)
			c->next = log_address(&c->log, position);
		c->position = position;
		const struct record *r = (const struct record *)(const void *)c->next;

		if (r->kind != RECORD_PAD)
			return cursor_next(c);
		c->position += r->bytes;
		c->next = NULL;
	}
}

void cursor_seek(struct log_cursor *c, uint64_t position)
{
	/* Not held against the tail: the writer may just be taking it back (tail_move() in log.c),
	 * and only the caller knows which claim holds the place. */
	c->head = log_head(&c->log);
	assert(position <= c->head);
	c->position = position;
	c->next = NULL;
	cursor_release(c);
}
