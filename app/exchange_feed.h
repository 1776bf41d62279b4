/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Feed: from what was asked for to packets ready to be sent: source, cut and impairments
 * (perf/day_feed.h), pace, and the limits of count and duration. Nothing is sent here.
 *
 * Thread rule: control.
 */
#ifndef APP_EXCHANGE_FEED_H
#define APP_EXCHANGE_FEED_H

#include "app/exchange_options.h"
#include "app/exchange_packets.h"
#include "perf/day_store.h"

#define EXCHANGE_ERROR_BYTES 512u

struct exchange_made {
	struct exchange_packets packets;
	uint64_t start_ns; /* recorded time of the first message, since the Unix epoch */
	uint64_t messages; /* of the source: all sessions, each once; 0 for captures */
	uint64_t ignored;  /* packets of a capture that are none of its lines' */
	bool limited;      /* there were more packets than count or duration allow */
	/* What the lines did to all packets of the source. */
	struct day_line_counts line[DAY_FEED_LINES_MAX];
	struct day_store *store; /* all messages of the source, if servers were asked for */
	uint64_t missing; /* messages that no line carried whole, by the lines' own account */
};

/* 0, or -errno with one line in error[]. */
int exchange_make(struct exchange_made *m, const struct exchange_options *o,
                  char error[EXCHANGE_ERROR_BYTES]);
void exchange_made_finish(struct exchange_made *m); /* accepts a zeroed struct */

#endif
