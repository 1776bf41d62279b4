/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Message ids: 16-bit numbers given out in turn, none of them again within its lifetime. One such
 * giver for each pair of source port and node, since that is how far an id must be unique (RFC
 * 7252, 4.4).
 *
 * To remember a time for each of the 65536 ids would take half a megabyte a pair. Instead the ids
 * are dealt out in blocks of 256, and a block remembers when the last of its ids is free again:
 * nothing is reused early, and at most one block's worth of ids waits longer than it must. A lap
 * that finds the next block still in use is exhaustion, a verdict: about (65536 - 256) / lifetime
 * ids a second can be had.
 *
 * O(1). Time is given and never goes back; one owner. Plain bytes, no pointers.
 */
#ifndef DATAPLANE_REQUEST_MESSAGE_IDS_H
#define DATAPLANE_REQUEST_MESSAGE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#define MESSAGE_IDS        65536u
#define MESSAGE_IDS_BLOCK  256u
#define MESSAGE_IDS_BLOCKS (MESSAGE_IDS / MESSAGE_IDS_BLOCK)

struct message_ids {
	uint64_t free_ns[MESSAGE_IDS_BLOCKS]; /* by block: from then on its ids may be used */
	uint16_t next;
	uint8_t is_inside; /* `next` is in a block that was found free */
	uint8_t reserved[5];
};

void message_ids_init(struct message_ids *m, uint16_t first);
/* False: exhausted until message_ids_free_ns(); *id is not touched. */
bool message_ids_take(struct message_ids *m, uint64_t now_ns, uint64_t lifetime_ns, uint16_t *id);
/* From then on an id can be had; not later than now: one can be had now. */
uint64_t message_ids_free_ns(const struct message_ids *m);

#endif
