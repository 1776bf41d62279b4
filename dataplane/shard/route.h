/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Route: from a symbol to the groups of one class that take it.
 *
 * A symbol's route is a chain of links, one per group, in the order of the groups. It is decided by
 * the selectors when the symbol is first met and never changes: ids mean the same symbol for the
 * engine's life, so a route holds at every position and cursors of one class share it. What does
 * depend on the position of a group, its slot for the symbol, is made when the group itself first
 * meets the symbol.
 *
 * A symbol here is its id in the directory, or blank_symbol() for the blank name, which the
 * directory does not number but an order may carry.
 *
 * Links are bounded: each group has symbols_max of its own and, beyond that (its book set refuses
 * those symbols anyway and counts them), a share in a common rest.
 */
#ifndef DATAPLANE_SHARD_ROUTE_H
#define DATAPLANE_SHARD_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/shard/group.h"

#define ROUTE_NONE      UINT32_MAX /* no group; end of a chain */
#define ROUTE_UNDECIDED (UINT32_MAX - 1u)
#define ROUTE_MULTI     (UINT32_MAX - 2u) /* a locate that several routes share */
#define SLOT_UNMADE     (UINT32_MAX - 1u) /* BOOK_NONE: refused */

struct route_link {
	uint32_t member; /* index of the group in the shard */
	uint32_t slot;
	uint32_t next;
	uint32_t symbol;
};

struct route_table {
	uint32_t *first; /* by symbol; symbols_max + 1 entries */
	struct route_link *links;
	uint32_t symbols_max;
	uint32_t link_count;
	uint32_t link_capacity;
	uint32_t rest; /* links left in the common rest */
	uint64_t refused;
};

void route_init(struct route_table *t);
/* Appends a link for `member` to the chain that ends in *tail (ROUTE_NONE: a new chain). own: the
 * group still has links of its own. Returns the link, or ROUTE_NONE: no room. */
uint32_t route_append(struct route_table *t, uint32_t symbol, uint32_t member, bool own,
                      uint32_t tail);
/* Do the two chains name the same groups? */
bool route_same_members(const struct route_table *t, uint32_t a, uint32_t b);

static inline uint32_t blank_symbol(const struct route_table *t)
{
	return t->symbols_max;
}

#endif
