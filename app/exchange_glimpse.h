/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Snapshots on the kernel's TCP: a listening socket on the address that was asked for and no other,
 * up to EXCHANGE_GLIMPSE_CLIENTS_MAX clients, each with a machine of its own (perf/serve_glimpse.h)
 * and a snapshot frozen when its login was answered. Meanwhile the state of the day follows what
 * the store was told of, message by message.
 *
 * Thread rule: the thread that sends; sockets are non-blocking and looked at once per millisecond.
 */
#ifndef APP_EXCHANGE_GLIMPSE_H
#define APP_EXCHANGE_GLIMPSE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/exchange_feed.h"
#include "perf/serve_glimpse.h"

#define EXCHANGE_GLIMPSE_CLIENTS_MAX 8u

struct exchange_glimpse_counts {
	uint64_t clients;
	uint64_t turned_away; /* there were too many already */
	uint64_t logins;      /* that were answered */
	uint64_t messages;    /* of snapshots, put out */
	uint64_t bytes;       /* taken by the kernel */
	uint64_t ends[SERVE_GLIMPSE_ENDS];
};

struct exchange_glimpse; /* opaque: exchange_glimpse.c */

/* 0 or -errno with one line in error[]. */
int exchange_glimpse_open(struct exchange_glimpse **out, const struct exchange_glimpse_options *o,
                          const struct day_store *store, char error[EXCHANGE_ERROR_BYTES]);
void exchange_glimpse_start(struct exchange_glimpse *g, uint64_t now_ns);
/* True: there is more to do at once. */
bool exchange_glimpse_turn(struct exchange_glimpse *g, uint64_t now_ns);
const struct exchange_glimpse_counts *exchange_glimpse_counts(const struct exchange_glimpse *g);
void exchange_glimpse_close(struct exchange_glimpse *g); /* NULL is fine */

#endif
