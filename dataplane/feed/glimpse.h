/* SPDX-License-Identifier: BSD-3-Clause
 *
 * GLIMPSE: how the state of the market is fetched when its history is too long to ask for. A client
 * logs in over SoupBinTCP, asks for sequence 1 and is sent messages of the feed's own format, one
 * after the other, that build up the state; at last a message 'G' with 20 digits: from that
 * sequence on the live feed goes on. Nothing before it is complete, so done is done only with it.
 *
 * A pure machine: bytes come in, bytes are to be sent out, time is given; whoever owns the
 * connection (a socket, a simulator, a test) does the rest:
 *
 *   glimpse_init(); glimpse_on_connected()            the login is in glimpse_outgoing()
 *   loop: p = glimpse_room(&n); read(p, n); glimpse_on_bytes(read, now)
 *         while (glimpse_next(&m) == GLIMPSE_MESSAGE) use m
 *         glimpse_poll(now); send glimpse_outgoing(&n); glimpse_sent(sent)
 *   until glimpse_next() says GLIMPSE_DONE or GLIMPSE_FAILED
 *
 * What comes is not believed: sequences are counted, packets bounded, every way to end without a
 * snapshot is a verdict with one line of text. How long it may take in all is the caller's
 * deadline: a server that sends heartbeats alone is alive. Control path: nothing here is hot. One
 * owner; process-local. Specs: Nasdaq SoupBinTCP 3.00, GLIMPSE 5.0.
 */
#ifndef DATAPLANE_FEED_GLIMPSE_H
#define DATAPLANE_FEED_GLIMPSE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/soup.h"

#define GLIMPSE_SNAPSHOT_TYPE  'G'
#define GLIMPSE_SNAPSHOT_BYTES (1u + SOUP_SEQUENCE_BYTES)
#define GLIMPSE_BUFFER_MIN     1024u
#define GLIMPSE_TEXT_BYTES     160u
#define GLIMPSE_LOGIN_NS       30000000000ull /* for the login's answer */

enum glimpse_state {
	GLIMPSE_NOT_CONNECTED,
	GLIMPSE_LOGGING_IN,
	GLIMPSE_RECEIVING,
	GLIMPSE_COMPLETE, /* the snapshot's sequence is known */
	GLIMPSE_BROKEN,
};

/* Why there is no snapshot. */
enum glimpse_fault {
	GLIMPSE_NO_FAULT,
	GLIMPSE_REJECTED_LOGIN,
	GLIMPSE_REJECTED_SESSION,
	GLIMPSE_REJECTED_OTHERWISE, /* by a reason that is not in the specification */
	GLIMPSE_NO_LOGIN,           /* no answer to the login in time */
	GLIMPSE_DEAD,               /* nothing came for dead_ns */
	GLIMPSE_CLOSED,             /* the connection ended before the snapshot */
	GLIMPSE_SESSION_ENDED,      /* end of session before the snapshot */
	GLIMPSE_WRONG_START,        /* accepted, but not from sequence 1, or in another session */
	GLIMPSE_BAD_DIGITS,         /* a sequence that is no number, or 0 */
	GLIMPSE_TOO_LONG,           /* a packet beyond the buffer */
	GLIMPSE_BAD_PACKET,         /* length 0, a known type of wrong length or at a wrong time */
	GLIMPSE_TOO_MANY,           /* more than messages_max */
};

#define GLIMPSE_FAULTS 13u

struct glimpse_options {
	char user[SOUP_USER_BYTES + 1];
	char password[SOUP_PASSWORD_BYTES + 1];
	char session[SOUP_SESSION_BYTES + 1]; /* "": whichever is current */
	uint64_t heartbeat_ns;                /* SOUP_HEARTBEAT_NS */
	uint64_t dead_ns;                     /* SOUP_DEAD_NS */
	uint64_t login_ns;                    /* GLIMPSE_LOGIN_NS */
	uint64_t messages_max;                /* of one snapshot */
};

struct glimpse_message {
	const uint8_t *data; /* into the buffer, until glimpse_room() */
	uint32_t bytes;
	uint64_t number; /* 1, 2, ... in this snapshot; not a sequence of the feed */
};

enum glimpse_step {
	GLIMPSE_MESSAGE, /* *out is filled; ask again */
	GLIMPSE_WAIT,    /* for more bytes */
	GLIMPSE_DONE,    /* glimpse.feed_sequence */
	GLIMPSE_FAILED,  /* glimpse.fault, glimpse.text */
};

struct glimpse_stats {
	uint64_t bytes;
	uint64_t messages;
	uint64_t heartbeats_received;
	uint64_t heartbeats_sent;
	uint64_t ignored; /* debug packets, unsequenced data, types not known */
};

struct glimpse {
	struct glimpse_options options;
	struct soup_reader reader;
	struct glimpse_stats stats;
	uint64_t received_ns; /* last byte */
	uint64_t sent_ns;     /* last packet put out */
	uint64_t connected_ns;
	uint64_t feed_sequence; /* DONE: first message of the live feed to be applied */
	uint32_t out_bytes;     /* waiting to be sent */
	uint8_t state;          /* enum glimpse_state */
	uint8_t fault;          /* enum glimpse_fault */
	bool is_closed;
	char session[SOUP_SESSION_BYTES + 1]; /* the server's, once accepted */
	uint8_t out[SOUP_LOGIN_BYTES + 2 * SOUP_HEADER_BYTES];
	char text[GLIMPSE_TEXT_BYTES]; /* FAILED: one line, for people */
};

/* The specification's times, no names, no bound on messages. */
void glimpse_defaults(struct glimpse_options *o);
/* The buffer bounds the packets; it is the caller's and outlives the machine. 0, or -EINVAL: buffer
 * smaller than GLIMPSE_BUFFER_MIN, times or messages_max of 0, heartbeat_ns >= dead_ns, names not
 * zero terminated or not printable. */
int glimpse_init(struct glimpse *g, const struct glimpse_options *o, uint8_t *buffer,
                 uint32_t capacity);

/* The connection is there. */
void glimpse_on_connected(struct glimpse *g, uint64_t now_ns);
uint8_t *glimpse_room(struct glimpse *g, uint32_t *bytes);
/* So many bytes were put there. */
void glimpse_on_bytes(struct glimpse *g, uint32_t bytes, uint64_t now_ns);
/* The connection is gone, by either side; what came before may still be taken out. */
void glimpse_on_closed(struct glimpse *g);
enum glimpse_step glimpse_next(struct glimpse *g, struct glimpse_message *out);

/* Heartbeats and deadlines: at glimpse_deadline_ns(), or whenever; after what came was read. */
void glimpse_poll(struct glimpse *g, uint64_t now_ns);
uint64_t glimpse_deadline_ns(const struct glimpse *g); /* UINT64_MAX: none */
/* What is to be sent, in this order; NULL and 0: nothing. */
const uint8_t *glimpse_outgoing(const struct glimpse *g, uint32_t *bytes);
/* So many of its bytes are on their way. */
void glimpse_sent(struct glimpse *g, uint32_t bytes);

#endif
