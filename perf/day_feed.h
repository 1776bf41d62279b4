/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Feed: a day's messages as the packets of one or two lines, with everything that goes wrong on
 * them.
 *
 * Every line cuts the same message stream into packets of its own (mostly one message, sometimes a
 * few, bursts of full frames), then loses, doubles, damages, delays and reorders them by its own
 * dice. What was lost is written down exactly: after the end, day_feed_missing() says which
 * messages no line carried whole.
 *
 * So that an exact account is possible for the reader too, some packets are not impaired except by
 * a black-out: each run (session) begins on every line with a heartbeat at sequence 1 and ends with
 * packets that name the next sequence. Between two runs the source must leave more time than the
 * lines may differ by.
 *
 * Instead of messages the source may bring whole packets, say of a capture; then nothing is cut, no
 * heartbeat is added, and the lines impair what they are given.
 *
 * Seeded, same options and source, same packets. Allocates as it needs; one owner.
 */
#ifndef PERF_DAY_FEED_H
#define PERF_DAY_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/frame.h"

#define DAY_FEED_LINES_MAX     2u
#define DAY_FEED_FRAME_BYTES   2048u /* room for any frame */
#define DAY_FEED_PAYLOAD_MAX   1472u
#define DAY_SOURCE_BYTES_MAX   1430u /* fits a packet, with either header */
#define DAY_WINDOWS_MAX        4u    /* of a kind, per line */
#define DAY_REORDER_MAX        64u   /* packets that may overtake one */
#define DAY_FEED_SESSION_BYTES 10u

/* What is to be sent. Runs count up from 0; their sequences start at 1. */
struct day_source_message {
	uint8_t data[DAY_SOURCE_BYTES_MAX];
	uint32_t bytes; /* 0 is a message too */
	uint32_t run;
	uint64_t time_ns; /* does not decrease */
};

struct day_source {
	bool (*next)(void *state, struct day_source_message *m); /* false: the end */
	void *state;
};

struct day;
/* A day as one run. The day stays the caller's. */
struct day_source day_source_of(struct day *d);

/* A packet that somebody else has cut. One that is for both lines is brought twice. */
struct day_source_packet {
	const uint8_t *payload; /* valid until the next call */
	uint32_t payload_bytes; /* at most DAY_FEED_PAYLOAD_MAX */
	uint32_t line;
	uint32_t run;
	uint32_t messages; /* 0: a heartbeat or an end, which only a black-out takes away */
	uint64_t sequence;
	uint64_t time_ns; /* does not decrease */
	uint8_t kind;     /* enum day_packet_kind */
};

struct day_packet_source {
	bool (*next)(void *state, struct day_source_packet *p); /* false: the end */
	void *state;
};

enum day_transport { DAY_MOLDUDP64, DAY_IEXTP_DEEP, DAY_IEXTP_TOPS };

struct day_window {       /* [from_ns, from_ns + for_ns) */
	uint64_t from_ns; /* as packets' times */
	uint64_t for_ns;  /* 0: none */
};

struct day_line_options {
	struct frame_address address;              /* zero: a default per line */
	uint32_t payload_bytes_max;                /* 0: DAY_FEED_PAYLOAD_MAX */
	uint32_t loss_ppm;                         /* packets lost one by one ... */
	struct day_window losses[DAY_WINDOWS_MAX]; /* ... in these windows; none: always */
	uint32_t burst_loss_ppm;    /* chance per packet that a burst of loss starts with it */
	uint32_t burst_packets_max; /* its length is 1 .. this */
	uint32_t duplicate_ppm;
	uint32_t reorder_ppm;     /* packets held back ... */
	uint64_t reorder_ns;      /* ... by up to this, or, where it is 0, ... */
	uint32_t reorder_packets; /* ... until 1 .. this of the line have overtaken it */
	uint64_t skew_ns;         /* the line runs behind by this */
	uint32_t corrupt_ppm; /* packets with one bit of the payload flipped behind the checksum */
	struct day_window blackouts[DAY_WINDOWS_MAX]; /* nothing comes through */
};

struct day_feed_options {
	uint64_t seed;
	uint32_t transport; /* enum day_transport */
	uint32_t lines;     /* 1 or 2 */
	struct day_line_options line[DAY_FEED_LINES_MAX];
	bool same_cuts;           /* both lines cut alike */
	uint64_t time_offset_ns;  /* added to the messages' times (midnight, for a day) */
	uint64_t heartbeat_ns;    /* idle time that brings one; 0: 1 s */
	uint32_t heartbeats_max;  /* in one idle stretch; 0: 3 */
	uint64_t together_ns;     /* messages further apart do not share a packet; 0: 1 ms */
	uint32_t packet_messages; /* in every packet, as far as they fit; 0: as in real captures */
};

enum day_packet_kind { DAY_PACKET_DATA, DAY_PACKET_HEARTBEAT, DAY_PACKET_END };

struct day_packet {
	uint64_t time_ns;  /* when the line brings it; does not decrease from packet to packet */
	uint64_t sequence; /* of its first message, or the next expected one */
	uint32_t run;
	uint32_t messages;
	uint32_t payload_bytes;
	uint8_t line;
	uint8_t kind;         /* enum day_packet_kind */
	bool repeated;        /* the second copy of a packet doubled by its line */
	bool corrupt;         /* day_feed_frame() will flip a bit: who verifies sees it */
	uint32_t corrupt_bit; /* of the payload */
};

struct day_range {        /* of messages */
	uint64_t ordinal; /* of the first, counted from 0 over all runs */
	uint64_t sequence;
	uint64_t count;
	uint32_t run;
	uint32_t reserved;
};

struct day_line_counts {
	uint64_t packets; /* brought; heartbeats and repeated ones included */
	uint64_t messages;
	uint64_t heartbeats;   /* ends of session included */
	uint64_t lost_packets; /* of data: by loss, in bursts, by black-outs, and damaged ones */
	uint64_t lost_messages;
	uint64_t corrupt_packets;  /* brought, but damaged; also in lost_packets */
	uint64_t blackout_packets; /* of any kind; those of data also in lost_packets */
	uint64_t repeated_packets;
	uint64_t delayed_packets;
};

struct day_feed;

/* 0, -EINVAL or -ENOMEM. */
int day_feed_create(struct day_feed **out, const struct day_feed_options *o,
                    const struct day_source *source);
/* The same of packets. day_feed_messages() and day_feed_missing() then know nothing. */
int day_feed_create_packets(struct day_feed **out, const struct day_feed_options *o,
                            const struct day_packet_source *source);
void day_feed_destroy(struct day_feed *f); /* NULL is fine */

/* The next packet of all lines in order of time: the payload goes to buffer + FRAME_HEADER_BYTES,
 * buffer being DAY_FEED_FRAME_BYTES long. false: the end. */
bool day_feed_next(struct day_feed *f, uint8_t *buffer, struct day_packet *p);
/* Puts Ethernet, IPv4 and UDP in front of it, and damages it where the packet says so; returns the
 * frame's length. */
uint32_t day_feed_frame(const struct day_feed *f, uint8_t *buffer, const struct day_packet *p);
const struct frame_address *day_feed_address(const struct day_feed *f, uint32_t line);

/* After the end: the maximal ranges of messages that no line carried, in order; the caller's to
 * free(). 0 or -ENOMEM. */
int day_feed_missing(const struct day_feed *f, struct day_range **ranges, uint64_t *count);
/* What a run is called in MoldUDP64. */
void day_feed_session(uint32_t run, char session[DAY_FEED_SESSION_BYTES]);
/* Messages of the source so far. */
uint64_t day_feed_messages(const struct day_feed *f);
const struct day_line_counts *day_feed_line_counts(const struct day_feed *f, uint32_t line);

/* Is the message in one of the ranges? */
bool day_ranges_hold(const struct day_range *ranges, uint64_t count, uint64_t ordinal);
uint64_t day_ranges_messages(const struct day_range *ranges, uint64_t count);

#endif
