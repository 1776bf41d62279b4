/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Protocol: the one interface by which a feed format joins Genesis.
 *
 * Two halves. The transport half (MoldUDP64, IEX-TP) turns a UDP payload into a session, a sequence
 * and message blocks; the arbiter sees only that. The message half (ITCH 5.0, DEEP 1.0, TOPS 1.6)
 * walks the blocks of one record once, at append: it counts types, learns symbols and says which
 * symbols the record touches. Another protocol adds a table row and touches neither the arbiter nor
 * the log. What a message does to a book is dataplane/shard's word (apply_*.c).
 *
 * Specs: Nasdaq MoldUDP64 1.00, TotalView-ITCH 5.0; IEX-TP 1, IEX DEEP 1.0, IEX TOPS 1.6.
 */
#ifndef DATAPLANE_FEED_PROTOCOL_H
#define DATAPLANE_FEED_PROTOCOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct directory;

/* A session's name on the wire, zero padded: 10 ASCII bytes for MoldUDP64; for IEX-TP the protocol
 * id, channel and session id as text ("8004:1:43810000"). Compared bytewise. */
struct session_key {
	char name[24];
};

enum feed_packet_kind { FEED_DATA, FEED_HEARTBEAT, FEED_END };

enum feed_verdict {
	FEED_OK,
	FEED_DAMAGED,   /* counts as malformed, but what *out describes is accepted */
	FEED_MALFORMED, /* brings nothing; *out is not filled */
};

/* One datagram, read. Points into the datagram. Sequences are 1-based; a packet covers
 * [first_sequence, first_sequence + claimed_count), of which the first block_count messages are
 * present as whole blocks. first_sequence + claimed_count never exceeds 2^64 (it may equal it:
 * compare positions, i.e. sequence - 1). */
struct feed_packet {
	struct session_key session;
	uint64_t first_sequence;
	uint64_t send_time_ns;  /* 0: the protocol has none */
	const uint8_t *blocks;  /* {u16 length, message} back to back */
	uint32_t block_bytes;   /* bytes of the whole blocks */
	uint32_t claimed_count; /* messages the header claims; 0 for heartbeat and end */
	uint32_t block_count;   /* whole blocks present */
	uint8_t kind;           /* enum feed_packet_kind */
};

/* Counted once per delivered message, by the log's writer. */
struct message_counts {
	uint64_t messages;
	uint64_t empty;
	uint64_t unknown;      /* unknown type, or known type shorter than its specification */
	uint64_t by_type[256]; /* known types of sufficient length only */
};

/* State of the message half; one per feed, owned by the log's writer. Cleared by scan_reset() at a
 * new session. */
struct message_scan {
	struct directory *directory;
	struct message_counts counts;
	uint64_t locate_symbol[65536]; /* ITCH: last symbol seen with this locate, as 8 raw bytes; 0
	                                  none. Word-wise atomic: readers outside look them up,
	                                  see message_scan_locate() */
	uint64_t locate_listed[1024]; /* ITCH: bitmap of locates whose directory message (R) came in
	                                 this session */
	_Atomic uint64_t resets;      /* sessions left behind so far */
};

/* Whom a message is about, as far as it says so itself. */
struct message_subject {
	uint64_t name;   /* symbol as 8 raw bytes; 0: it names none */
	uint32_t locate; /* ITCH: of the symbol, within the session; 0: none */
};

/* Whose messages they are: what they do is said by format in dataplane/shard. */
enum message_format { FORMAT_ITCH, FORMAT_DEEP, FORMAT_TOPS };

struct protocol {
	const char *name;       /* as in configuration: "itch50", "deep10", "tops16" */
	const char *transport;  /* "moldudp64", "iextp" */
	bool blocks_big_endian; /* byte order of block lengths */
	bool restarts_at_one;   /* IEX-TP: first sequence 1 after a higher one, sent later, is a new
	                           run */
	bool by_order;          /* the feed carries orders (ITCH); else price levels (DEEP, TOPS)
	                         */
	uint8_t format;         /* enum message_format */
	uint32_t header_bytes;  /* of the transport */

	/* Reads one datagram. Never reads beyond payload[0..bytes). */
	enum feed_verdict (*parse)(const uint8_t *payload, uint32_t bytes, struct feed_packet *out);

	/* True when the datagram is well-formed to the letter: how replay finds the lines in a
	 * capture. */
	bool (*recognise)(const uint8_t *payload, uint32_t bytes);

	/* Walks `count` whole blocks; returns the record's interest mask: bit (symbol's interest
	 * bit) per message, all bits where every shard must look (feed-wide messages, first sight
	 * of a symbol). */
	uint64_t (*scan)(struct message_scan *s, const uint8_t *blocks, uint32_t bytes,
	                 uint32_t count);

	/* Whom a message is about; nobody where it is feed-wide, of unknown type or too short. */
	struct message_subject (*subject)(const uint8_t *message, uint32_t bytes);

	/* One line of text for a message, for people (`--dump`, tests against independent
	 * decoders). Returns the length as snprintf does. */
	int (*describe)(const uint8_t *message, uint32_t bytes, char *text, uint32_t text_bytes);
};

extern const struct protocol protocol_itch50;
extern const struct protocol protocol_deep10;
extern const struct protocol protocol_tops16;

/* By configuration name; NULL when there is none. */
const struct protocol *protocol_find(const char *name);
/* The table, ended by NULL. */
const struct protocol *const *protocol_all(void);

void message_scan_init(struct message_scan *s, struct directory *d);
/* A new session: forgets locates, keeps counts and the directory's symbols. */
void message_scan_reset(struct message_scan *s);
/* Any reader: the symbol that a locate stands for in the session before which `resets` others were
 * left; 0: not known, or the scan is in another session by now. */
uint64_t message_scan_locate(const struct message_scan *s, uint32_t locate, uint64_t resets);

/* Block length at p in the protocol's byte order. */
static inline uint32_t protocol_block_length(const struct protocol *p, const uint8_t *block)
{
	uint32_t a = block[0];
	uint32_t b = block[1];

	return p->blocks_big_endian ? (a << 8 | b) : (b << 8 | a);
}

#endif
