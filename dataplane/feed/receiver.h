/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Receiver: packets in, feeds fed. Frame -> line (by UDP destination) -> transport -> arbiter ->
 * log. One per receive core; owns its feeds' arbiters and log writers. Every packet that goes no
 * further is counted by reason.
 *
 * In live use lines are configured. In replay a destination becomes a line at its first well-formed
 * datagram of the protocol (`learn`); what came to it before is not feed. Should more destinations
 * be learned than the arbiter has lines, the last line stands for all further ones: lines are
 * bookkeeping, messages are arbitrated by sequence alone.
 *
 * Frames that are no datagrams may be for the host on the port (ARP, ping, IGMP): where a port has
 * one, those are copied into its ring. A datagram costs nothing for it.
 *
 * The time of a packet is its own where the port knows it (hardware, capture), else the turn's.
 */
#ifndef DATAPLANE_FEED_RECEIVER_H
#define DATAPLANE_FEED_RECEIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/arbiter.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/frame_ring.h"
#include "dataplane/wire/packet.h"

#define RECEIVER_FEEDS_MAX  8u
#define RECEIVER_LINE_SLOTS 8192u /* open addressing, at most half full */
#define RECEIVER_ALLOW_MAX  64u
#define RECEIVER_PORTS_MAX  16u

struct receiver_stats {
	uint64_t packets;
	uint64_t frames[FRAME_VERDICT_COUNT]; /* by verdict; FRAME_OK: datagrams */
	uint64_t unknown_destination;         /* datagrams to no line */
	uint64_t other_source;                /* datagrams to a line, not from its source */
	uint64_t feed_packets;                /* datagrams of lines, malformed included */
	uint64_t malformed_packets;
	uint64_t host_frames; /* frames that may be for a port's host */
};

struct receiver_feed {
	struct arbiter arbiter;
	struct log_writer log;
	struct message_scan *scan;
	const struct protocol *protocol;
	uint64_t packets;           /* datagrams of its lines */
	uint64_t malformed_packets; /* of these: damaged or malformed */
	uint32_t line_count;
	bool touched; /* has records to publish in this burst */
};

struct receiver_line {
	uint32_t address;
	uint32_t source; /* 0: any */
	uint16_t port;
	uint8_t feed;
	uint8_t line;
	uint8_t used;
	uint8_t any_address; /* unicast tests: match by port alone */
};

struct receiver_allowed {
	uint32_t address;
	uint16_t port;
};

struct receiver_host {
	struct frame_ring *ring; /* NULL: the port has no host */
	uint32_t address;
};

struct receiver {
	struct receiver_stats stats;
	struct frame_options frame;
	struct receiver_feed *feeds[RECEIVER_FEEDS_MAX];
	uint32_t feed_count;
	struct receiver_line lines[RECEIVER_LINE_SLOTS];
	uint32_t lines_used;
	uint32_t lines_any_address;
	uint32_t polls;
	bool learn;                                        /* replay: feed 0 learns lines */
	struct receiver_allowed allow[RECEIVER_ALLOW_MAX]; /* if any: only these may be learned */
	uint32_t allow_count;
	struct receiver_host hosts[RECEIVER_PORTS_MAX]; /* by packet.port */
};

void receiver_init(struct receiver *r, const struct frame_options *frame, bool learn);
/* 0 or -EMFILE. */
int receiver_add_feed(struct receiver *r, struct receiver_feed *f);
/* Line number within the feed, or -EMFILE (the feed has as many lines as its arbiter was made for,
 * or the receiver has no slot left), -EEXIST (the destination is a line already). Address 0: any
 * address, for datagrams to that port that no other line takes. */
int receiver_add_line(struct receiver *r, uint32_t feed, uint32_t address, uint16_t port);
/* Takes the line at this destination from one source only. 0, or -ENOENT: it is no line. */
int receiver_only_from(struct receiver *r, uint32_t address, uint16_t port, uint32_t source);
/* Copies what may be for the host with this address on a port into ring, which the receiver is the
 * producer of and which must outlive it. */
void receiver_add_host(struct receiver *r, uint32_t port, struct frame_ring *ring,
                       uint32_t address);
/* Restricts learning: with at least one of these, nothing else becomes a line. 0 or -EMFILE. */
int receiver_allow(struct receiver *r, uint32_t address, uint16_t port);

/* A burst; publishes each touched log once. */
void receiver_on_packets(struct receiver *r, const struct packet *packets, uint32_t count,
                         uint64_t now_ns);
/* Once per turn: ages gaps; publishes. */
void receiver_poll(struct receiver *r, uint64_t now_ns);

#endif
