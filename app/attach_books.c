/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The whole books, for `genesis books`; apart from attach.c, which readers outside the program
 * link.
 */
#include <errno.h>

#include "app/attach.h"
#include "app/books_csv.h"

int attach_books(const struct attach *a, uint32_t feed, struct books_csv_source *sources)
{
	int count = 0;

	for (uint32_t class = CLASS_CRITICAL; class <= CLASS_NORMAL; class ++)
		for (uint32_t i = 0; i < a->shared->group_count; i++) {
			const struct shared_group *g = &a->shared->groups[i];

			if (g->feed != feed || g->class != class)
				continue;
			if (g->region_offset > a->state.bytes ||
			    g->region_bytes > a->state.bytes - g->region_offset)
				return -EPROTO;
			sources[count].by_order = a->shared->feeds[feed].by_order;
			if (book_view_attach(&sources[count].view, a->state.base + g->region_offset,
			                     g->region_bytes, g->books_offset) != 0)
				return -EPROTO;
			count++;
		}
	return count;
}
