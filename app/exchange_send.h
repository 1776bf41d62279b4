/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sender: prepared packets onto ports, each when it is due, in bursts per line. A port that takes
 * nothing is waited for: what the lines lose was decided beforehand, and everything else is counted
 * as refused and offered again. Lines stay together: none runs ahead of the other by more than
 * EXCHANGE_AHEAD_MAX packets, and a session begins only when all lines have ended the one before.
 *
 * It opens the ports of its lines and no others, and sends to the lines' addresses only.
 *
 * Thread rule: one thread, which opens, sends and closes.
 */
#ifndef APP_EXCHANGE_SEND_H
#define APP_EXCHANGE_SEND_H

#include <signal.h>
#include <stdbool.h>

#include "app/exchange_feed.h"
#include "dataplane/port/port.h"

#define EXCHANGE_AHEAD_MAX 1024u

struct exchange_cursor { /* of a line */
	struct port *port;
	uint64_t *packets; /* the line's, as places in the list */
	uint64_t count;
	uint64_t next;
	bool port_shared; /* with the line before */
};

/* What is done beside sending, on the same thread. */
struct exchange_aside {
	/* Once per turn; returns when the next is wanted at the latest, UINT64_MAX: whenever. */
	uint64_t (*turn)(void *state, uint64_t now_ns);
	void *state;
};

struct exchange_sender {
	struct exchange_packets *packets;
	const struct exchange_options *options;
	struct exchange_cursor line[DAY_FEED_LINES_MAX];
	uint32_t line_count;
	bool flat;
	struct exchange_aside aside; /* turn NULL: nothing */
	struct day_store *store;     /* is told of what was sent; NULL: nobody asks */
	uint32_t run;                /* the session that is being sent */
	uint64_t run_from_ns;        /* not before */

	uint64_t sent;
	uint64_t start_ns;
	uint64_t end_ns;     /* of the last packet */
	uint64_t lag_ns_max; /* behind the pace, at worst */
	uint64_t full;       /* bursts cut short: no room */
	uint64_t no_buffer;  /* bursts cut short: the pool was empty */
	bool interrupted;
};

/* Opens the lines' ports and waits for their links. 0 or -errno with one line in error[]. */
int exchange_sender_open(struct exchange_sender *s, struct exchange_packets *packets,
                         const struct exchange_options *o, char error[EXCHANGE_ERROR_BYTES]);
/* A port as the lines' ones are, started. 0 or -errno with one line in error[]. */
int exchange_sender_open_port(struct port **port, const char *name, const char *device,
                              char error[EXCHANGE_ERROR_BYTES]);
/* For what follows the sending: the aside alone, until end_ns or *stop. */
void exchange_sender_linger(const struct exchange_sender *s, uint64_t end_ns,
                            const volatile sig_atomic_t *stop);
/* Until all is sent, the duration is over, or *stop. -EIO with one line: a port takes nothing. */
int exchange_sender_run(struct exchange_sender *s, const volatile sig_atomic_t *stop,
                        char error[EXCHANGE_ERROR_BYTES]);
/* Counters of the line's port (which may be both lines'). */
const struct port_stats *exchange_sender_stats(const struct exchange_sender *s, uint32_t line);
void exchange_sender_close(struct exchange_sender *s); /* accepts a zeroed struct */

#endif
