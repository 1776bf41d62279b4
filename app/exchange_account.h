/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Account: what a right reader of the packets that were sent ends up with, worked out from these
 * packets alone: which messages it was told of, which of them no line carried, and the books of
 * those that came. By the rules of docs/replay.md: a session begins with its first packet, each
 * header claims all that lies before its end, a session that was left is over. A damaged packet
 * brings nothing: the reader is one that verifies checksums (verify_udp_checksum).
 *
 * Shares no code with the engine. Allocates; one owner.
 */
#ifndef APP_EXCHANGE_ACCOUNT_H
#define APP_EXCHANGE_ACCOUNT_H

#include <stdbool.h>

#include "app/exchange_packets.h"
#include "perf/day_referee.h"

struct exchange_line_account { /* of what was sent */
	uint64_t packets;
	uint64_t bytes;
	uint64_t messages; /* whole ones, copies included, damaged packets not */
	uint64_t corrupt_packets;
};

struct exchange_account {
	struct exchange_line_account line[DAY_FEED_LINES_MAX];
	uint64_t delivered; /* different messages that came, over all sessions */
	uint64_t lost;      /* claimed by some header, carried by none */
	uint64_t sessions;  /* entered */
	uint64_t stale_packets;
	struct day_range *ranges; /* lost ones, in order; ordinals are 0 */
	uint64_t range_count;
	uint64_t range_room;
	struct day_referee *books; /* of the last session */
};

/* Of the packets that were sent, or of all. 0 or -ENOMEM. */
int exchange_account_make(struct exchange_account *a, const struct exchange_packets *packets,
                          bool all);
void exchange_account_finish(struct exchange_account *a); /* accepts a zeroed struct */

#endif
