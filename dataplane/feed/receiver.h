/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Receiver: packets in, feeds fed. Frame -> line (by UDP destination) -> transport -> arbiter ->
 * log. One per receive core; owns its feeds' arbiters and log writers. Every packet that goes no
 * further is counted by reason.
 *
 * A line may belong to a feed of another core: its datagrams leave by an exit (hand_over.h) once
 * frame and destination are known, and enter that core's receiver with the time at which they were
 * received here. Where packets wait in an entry, the holes of all feeds here age no further than
 * the oldest of them: what is missing may be among them.
 *
 * In live use lines are configured. In replay a destination becomes a line at its first well-formed
 * datagram of the protocol (`learn`); what came to it before is not feed. Should more destinations
 * be learned than the arbiter has lines, the last line stands for all further ones: lines are
 * bookkeeping, messages are arbitrated by sequence alone.
 *
 * Beside lines there are destinations to which answers come: their datagrams go to whoever asks
 * (receiver_set_replies()), here or by an exit to the core that does.
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
#include "dataplane/feed/hand_over.h"
#include "dataplane/wire/frame.h"
#include "dataplane/wire/frame_ring.h"
#include "dataplane/wire/packet.h"

#define RECEIVER_FEEDS_MAX   8u
#define RECEIVER_LINE_SLOTS  8192u /* open addressing, at most half full */
#define RECEIVER_ALLOW_MAX   64u
#define RECEIVER_PORTS_MAX   16u
#define RECEIVER_EXITS_MAX   64u /* other cores with feeds, or that ask by ports polled here */
#define RECEIVER_ENTRIES_MAX 16u /* other cores that poll ports */

struct receiver_stats {
	uint64_t packets;
	uint64_t frames[FRAME_VERDICT_COUNT]; /* by verdict; FRAME_OK: datagrams */
	uint64_t unknown_destination;         /* datagrams to no line */
	uint64_t other_source;                /* datagrams to a line, not from its source */
	uint64_t feed_packets;                /* datagrams of lines, malformed included */
	uint64_t malformed_packets;
	uint64_t replies;        /* datagrams to where answers come */
	uint64_t host_frames;    /* frames that may be for a port's host */
	uint64_t handed_over;    /* datagrams given to the core of their feed */
	uint64_t hand_over_full; /* datagrams dropped: that core is behind, its ring was full */
	uint64_t taken_over;     /* datagrams from cores that poll for this one */
	uint64_t waiting_bytes;  /* gauge: in the rings to this core, after its last turn */
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
	uint8_t exit;        /* 0: the feed is here; else exit - 1 leads to it */
	uint8_t is_reply;    /* no line: answers to what is asked come there */
};

struct receiver_allowed {
	uint32_t address;
	uint16_t port;
};

struct receiver_host {
	struct frame_ring *ring; /* NULL: the port has no host */
	uint32_t address;
};

/* A datagram to a reply port. Its payload is good until the call returns. */
typedef void receiver_on_reply(void *context, const struct datagram *d, uint8_t port,
                               uint64_t now_ns);

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
	struct hand_over *exits[RECEIVER_EXITS_MAX];
	struct hand_over *entries[RECEIVER_ENTRIES_MAX];
	uint32_t exit_count;
	uint32_t entry_count;
	bool has_horizon;            /* the arbiters know how far holes may age (entries) */
	uint64_t exits_touched;      /* bit per exit: something to publish in this burst */
	receiver_on_reply *on_reply; /* NULL: nobody asks here */
	void *context;               /* its */
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
/* For a feed of this receiver whose line another core polls: the line's number within the feed, or
 * -EMFILE. */
int receiver_reserve_line(struct receiver *r, uint32_t feed);
/* Number of the exit, or -EMFILE. */
int receiver_add_exit(struct receiver *r, struct hand_over *to);
/* 0 or -EMFILE. */
int receiver_add_entry(struct receiver *r, struct hand_over *from);
/* Datagrams to this destination leave by the exit; feed and line are the numbers they have at its
 * other end. 0, -EEXIST, -EMFILE. */
int receiver_pass_line(struct receiver *r, uint32_t exit, const struct receiver_line *line);
/* What comes to this destination is given to on_reply(): answers to what is asked from there. With
 * an exit (its number + 1; 0: none) to that of the core at its other end. 0, -EEXIST, -EMFILE. */
int receiver_add_reply(struct receiver *r, uint32_t address, uint16_t port, uint32_t exit);
void receiver_set_replies(struct receiver *r, receiver_on_reply *on_reply, void *context);
/* Restricts learning: with at least one of these, nothing else becomes a line. 0 or -EMFILE. */
int receiver_allow(struct receiver *r, uint32_t address, uint16_t port);

/* A burst; publishes each touched log and exit once. */
void receiver_on_packets(struct receiver *r, const struct packet *packets, uint32_t count,
                         uint64_t now_ns);
/* Once per turn, before receiver_poll(): what came in by the entries, a burst of each. Returns the
 * datagrams taken. */
uint32_t receiver_take(struct receiver *r, uint64_t now_ns);
/* Looks again: does anything wait in an entry? */
bool receiver_is_waiting(struct receiver *r);
/* Once per turn: ages gaps; publishes. */
void receiver_poll(struct receiver *r, uint64_t now_ns);

#endif
