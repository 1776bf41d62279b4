/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Record: what stands in the log. A fixed header, then the message blocks as they came, 8-byte
 * aligned; a record never crosses a segment. Described byte by byte in docs/formats/log.md.
 *
 * Logically a position is (epoch, sequence); physically a byte offset that only grows (log.h).
 * Records of one log are in order of both. Time and cut are the receiver's business: component
 * state may depend on (epoch, sequence, message bytes) only, never on time_ns or on which messages
 * share a record (invariant 1).
 */
#ifndef DATAPLANE_LOG_RECORD_H
#define DATAPLANE_LOG_RECORD_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum record_kind {
	RECORD_PAD,   /* rest of a segment; readers step over it */
	RECORD_DATA,  /* count messages from first_sequence on */
	RECORD_GAP,   /* struct record_gap: a range given up */
	RECORD_RESET, /* struct record_reset: a new session epoch starts; first_sequence is its
	                 first expected one */
	RECORD_END,   /* the exchange ended the session; first_sequence is the next expected one */
};

enum gap_reason {
	GAP_AGE,        /* no line brought it within the holding time */
	GAP_PARKING,    /* parking space ran out */
	GAP_OVERLOAD,   /* the log had no segment to append to */
	GAP_SESSION,    /* still missing when the session was left */
	GAP_INPUT,      /* still missing at the end of a replayed input */
	GAP_UNANSWERED, /* servers were asked, and none brought it in time */
	GAP_REFUSED,    /* no server could be asked, or the range was too long to ask for */
	GAP_REASON_COUNT,
};

struct record {
	uint64_t first_sequence; /* 1-based */
	uint64_t time_ns;        /* of the packet that completed it, see time_source */
	uint64_t interest;       /* which symbols' bits it touches; GAP, RESET, END: all */
	uint32_t bytes;          /* header + payload + padding, multiple of 8 */
	uint32_t payload_bytes;
	uint32_t epoch;      /* session epoch, from 1 */
	uint16_t count;      /* messages; 0 but for DATA */
	uint8_t kind;        /* enum record_kind */
	uint8_t time_source; /* enum time_source */
};

static_assert(sizeof(struct record) == 40, "the log's format (docs/formats/log.md)");

struct record_gap {
	uint64_t missing; /* messages given up: [first_sequence, first_sequence + missing) */
	uint32_t reason;  /* enum gap_reason */
	uint32_t reserved;
};

struct record_reset {
	char session[24]; /* struct session_key */
};

static_assert(sizeof(struct record_gap) == 16, "the log's format");
static_assert(sizeof(struct record_reset) == 24, "the log's format");

#define RECORD_ALIGN 8u

static inline uint32_t record_bytes(uint32_t payload_bytes)
{
	return (uint32_t)((sizeof(struct record) + payload_bytes + (RECORD_ALIGN - 1)) &
	                  ~(uint32_t)(RECORD_ALIGN - 1));
}

static inline const uint8_t *record_payload(const struct record *r)
{
	return (const uint8_t *)(r + 1);
}

#endif
