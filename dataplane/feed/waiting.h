/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting: packets of the next session, whole and in the order they came, while the old session is
 * still open (reset_grace). They share the parking's segments but may fill at most half of what it
 * may hold; the other half stays free for what is out of order. Full means the grace is over.
 */
#ifndef DATAPLANE_FEED_WAITING_H
#define DATAPLANE_FEED_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/parking.h"
#include "dataplane/feed/protocol.h"

struct waiting_packet { /* stored before the packet's blocks */
	uint64_t first_sequence;
	uint64_t time_ns;
	uint32_t claimed_count;
	uint32_t block_count;
	uint32_t block_bytes;
	uint8_t kind; /* enum feed_packet_kind */
	uint8_t line;
	uint8_t time_source;
	uint8_t reserved;
	struct parking_spot blocks;
	struct parking_spot next;
	uint32_t has_next;
	uint32_t reserved2;
};

struct waiting { /* in the region */
	struct parking_spot first;
	struct parking_spot last;
	uint64_t bytes;
	uint32_t packets;
	uint32_t reserved;
};

/* False: no room, nothing changed. */
bool waiting_add(struct waiting *w, struct parking_room *k, const struct feed_packet *p,
                 const struct waiting_packet *facts);
/* Fills *p (its blocks stay in the segment until waiting_drop()) and *facts from the oldest
 * packet. False: none waits. */
bool waiting_first(const struct waiting *w, const struct parking_room *k, struct feed_packet *p,
                   struct waiting_packet *facts);
/* Forgets the oldest packet. */
void waiting_drop(struct waiting *w, struct parking_room *k);

#endif
