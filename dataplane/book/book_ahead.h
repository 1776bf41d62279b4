/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Looking ahead: what messages will touch is asked for while others are applied.
 *
 * An order message touches places that depend on each other: index bucket, order, level and
 * neighbours in the queue; or, an Add, book, ladder, level, last order of its queue. One at a time
 * each is a cache miss. So the messages to come stand in two rings, orders and Adds, and each that
 * is added pushes those before it one stage further: what a stage reads was asked for
 * BOOK_AHEAD_STEP messages of its kind ago, and nobody waits (Chen et al., "Improving hash join
 * performance through prefetching", 2004). Two rings, because which of the two a message is cannot
 * be foretold, and a wrongly foretold branch per stage costs as much as the stage. Messages of any
 * sets may be mixed.
 *
 *     book_ahead_add(&a, set, &intent);      up to BOOK_AHEAD_MAX before the message is applied
 *     book_ahead_finish(&a);                 when no more will come before the next is applied
 *
 * Only hints: nothing is changed, what is guessed wrong costs time alone. An intent must not name a
 * slot that the set does not have. One owner.
 */
#ifndef DATAPLANE_BOOK_BOOK_AHEAD_H
#define DATAPLANE_BOOK_BOOK_AHEAD_H

#include "dataplane/book/book.h"

#define BOOK_AHEAD_STEP  8u
#define BOOK_AHEAD_ITEMS 32u /* of a ring; a power of two above what three steps hold back */
#define BOOK_AHEAD_MAX   48u /* messages: half of each kind through three stages */

struct book_intent {
	uint64_t reference;
	uint64_t new_reference; /* of a replacement, else 0 */
	uint32_t slot;          /* of an Add; BOOK_NONE: an order that is there, or not known */
	uint32_t price;         /* of an Add */
	char side;
};

struct book_ahead_item {
	const struct book_set *set;
	uint32_t hash;      /* order */
	uint32_t slot_side; /* Add */
	uint32_t price;     /* Add */
	uint32_t found;     /* order, or the Add's level; BOOK_NONE: not known */
};

struct book_ahead_ring {
	uint32_t added;
	uint32_t stage[3]; /* items that have passed it */
	struct book_ahead_item items[BOOK_AHEAD_ITEMS];
};

struct book_ahead {
	struct book_ahead_ring orders;
	struct book_ahead_ring adds;
};

void book_ahead_init(struct book_ahead *a);
void book_ahead_add(struct book_ahead *a, const struct book_set *s, const struct book_intent *i);
void book_ahead_finish(struct book_ahead *a);

#endif
