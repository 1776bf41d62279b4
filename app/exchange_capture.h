/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Capture source: the datagrams of a capture that are of its lines, to be sent again as they are.
 *
 * A capture's lines are the UDP destinations asked for with --input-line, else the first two that
 * carry MoldUDP64 as they show themselves. Where the capture has one line and the exchange two,
 * both send it. What is left out is counted.
 *
 * Thread rule: control.
 */
#ifndef APP_EXCHANGE_CAPTURE_H
#define APP_EXCHANGE_CAPTURE_H

#include "app/exchange_options.h"
#include "dataplane/port/capture.h"
#include "perf/day_store.h"

#define EXCHANGE_CAPTURE_SESSIONS 64u /* what an engine remembers; packets of more are ignored */

struct exchange_capture {
	const struct exchange_options *options;
	const struct exchange_pace *pace;
	struct capture *capture;
	struct packet packets[PACKET_BURST_MAX];
	uint32_t packet_count;
	uint32_t packet_next;
	struct {
		uint32_t address;
		uint16_t port;
	} line[DAY_FEED_LINES_MAX];
	uint32_t line_count;
	bool copied; /* one line there, two here */
	bool owed;   /* the copy for line B of what `last` is */
	struct day_source_packet last;
	char sessions[EXCHANGE_CAPTURE_SESSIONS][10]; /* their place is their number */
	uint32_t session_count;
	bool begun;
	uint64_t first_ns;
	uint64_t recorded_ns; /* never goes back */
	uint64_t messages;    /* of line A, before the next packet */
	uint64_t packets_taken;
	struct day_store *store; /* NULL: messages are not kept */
	int error;               /* why they could not be kept */
	uint64_t ignored;        /* no datagrams, of other destinations, too long, no MoldUDP64 */
};

/* Reads the file twice: first to learn its lines and counts. 0 or -errno with one line in error[].
 */
int exchange_capture_open(struct exchange_capture *c, const struct exchange_options *o,
                          const struct exchange_pace *pace, char error[CAPTURE_ERROR_BYTES]);
/* For day_feed_create_packets(). */
struct day_packet_source exchange_capture_packets(struct exchange_capture *c);
void exchange_capture_close(struct exchange_capture *c);

#endif
