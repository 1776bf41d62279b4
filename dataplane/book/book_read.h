/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reading a book from outside: another process maps the region read-only and copies one book, whole
 * depth, without the owner noticing. The book's version is odd while it changes; the reader copies
 * with bounds-checked indices, re-checks the version and tries again. What it gets is one
 * consistent book at one position. Formally a race, settled by the version check (Boehm 2012); the
 * owner stores the version with the fences of book.c.
 */
#ifndef DATAPLANE_BOOK_BOOK_READ_H
#define DATAPLANE_BOOK_BOOK_READ_H

#include "dataplane/book/book.h"

struct book_view { /* attached read-only to a region */
	const uint8_t *base;
	uint64_t bytes;
	const struct book_set_state *state;
	const struct book *books;
	const struct book_level *levels;
	const uint32_t *rungs;
	struct book_options options;
};

/* 0, or -EPROTO when there is no book set of this version at state_offset. */
int book_view_attach(struct book_view *v, const void *base, uint64_t bytes, uint64_t state_offset);
uint32_t book_view_count(const struct book_view *v);

/* Copies book `slot`; levels of side i go to levels[i][0..], best first, at most levels_max. 0;
 * -EAGAIN after `tries` attempts met a change each time; -ENOSPC when a side has more levels
 * (counts then say how many); -EINVAL. */
int book_view_copy(const struct book_view *v, uint32_t slot, struct book *book,
                   struct book_level *levels[2], uint32_t levels_max, uint32_t tries);

#endif
