/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Board: the newest top of every book of a feed, for anyone who maps it: other cores, other
 * processes, `genesis books`.
 *
 * A row per symbol id, one writer per row (the shard that owns the symbol's book: it claims the row
 * before its first write). Each row is a two-slot latch of atomic words: the writer fills the slot
 * nobody is sent to and then release-stores the version; a reader acquire-loads the version, copies
 * that slot, and is done when the version is still the same. A dead writer therefore never makes a
 * reader spin. Words are release-stored and acquire-loaded (plain moves on x86) in place of fences:
 * who sees a word of a newer version also sees that the version moved. Rows are written only on
 * change, positions never decrease within an epoch.
 *
 * The header has the feed's GAP word (all books of the feed are suspect up to there) and each
 * class's position per shard.
 */
#ifndef DATAPLANE_SHARD_BOARD_H
#define DATAPLANE_SHARD_BOARD_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BOARD_SHARDS_MAX 64u
#define BOARD_CLASSES    2u

enum board_flags {
	BOARD_SUSPECT = 1u << 0, /* the feed had a GAP that this book may have missed */
	BOARD_STALE =
	        1u
	        << 1, /* its group is detached: the book lags behind on purpose or is quarantined */
	BOARD_DEGRADED = 1u << 2, /* something did not fit (BOOK_DEGRADED) */
	BOARD_HALTED = 1u << 3,
	BOARD_HEURISTIC = 1u << 4, /* good again by a by-level rule, not by proof */
};

struct board_top { /* what a reader gets; 8-byte words, no padding */
	uint64_t symbol;
	int64_t bid_price;
	uint64_t bid_quantity;
	int64_t ask_price;
	uint64_t ask_quantity;
	uint32_t bid_orders; /* 0 for feeds by price; levels empty: quantity 0 */
	uint32_t ask_orders;
	int64_t trade_price;
	uint64_t trade_quantity;
	uint64_t volume;
	uint64_t trades;
	uint64_t good_sequence; /* complete from this sequence of `epoch` on: suspect when the
	                           feed's GAP word lies beyond */
	uint64_t sequence;      /* of the message that made it so */
	uint32_t epoch;
	uint32_t flags;   /* enum board_flags, as of writing */
	uint64_t time_ns; /* receive time of that message's record */
	char state;
	char operational;
	char short_sale;
	char security_event;
	uint32_t shard;
};

#define BOARD_WORDS (sizeof(struct board_top) / 8)
static_assert(sizeof(struct board_top) == 120, "15 words");

struct board_row {
	_Atomic uint64_t version; /* 0: never written; slot version & 1 is current */
	_Atomic uint64_t slot[2][BOARD_WORDS];
	_Atomic uint64_t owner; /* shard id + 1 of its one writer; 0: nobody yet */
};

static_assert(sizeof(struct board_row) == 256, "four cache lines, one writer");

struct board_class_position {      /* one cache line, written by its shard */
	_Atomic uint64_t sequence; /* next to be applied */
	_Atomic uint64_t epoch;
	_Atomic uint64_t lag_bytes;
	uint8_t pad[40];
};

struct board_control {
	uint64_t magic;
	uint32_t rows_max;
	uint32_t feed_id;
	_Atomic uint64_t gap_epoch; /* written by the feed's receive core, epoch before end */
	_Atomic uint64_t gap_end_sequence; /* all books are suspect for what they know from before
	                                      this sequence */
	_Atomic uint64_t gaps;
	_Atomic uint64_t system_event; /* last system event code, as on the wire */
	uint64_t pad[1];
	struct board_class_position positions[BOARD_SHARDS_MAX][BOARD_CLASSES];
	struct board_row rows[];
};

struct board {
	struct board_control *control;
};

uint64_t board_bytes(uint32_t rows_max);
/* Formats zeroed memory. 0 or -EINVAL. */
int board_init(struct board *b, void *base, uint64_t bytes, uint32_t rows_max, uint32_t feed_id);
/* A reader's attach. 0 or -EPROTO. */
int board_attach(struct board *b, void *base, uint64_t bytes);

/* May `shard` write the row? The first to ask gets it for good, so that two shards which take one
 * symbol never write one row. */
bool board_claim(struct board *b, uint32_t row, uint32_t shard);
/* The row's one writer. */
void board_write(struct board *b, uint32_t row, const struct board_top *t);
/* Anyone. 0; -ENOENT: row never written; -EAGAIN: it changed `tries` times while being read. */
int board_read(const struct board *b, uint32_t row, struct board_top *t, uint32_t tries);

/* A shard's class, once per turn that moved it. */
struct board_position {
	uint32_t epoch;
	uint64_t sequence; /* next to be applied */
	uint64_t lag_bytes;
};
void board_set_position(struct board *b, uint32_t shard, uint32_t class,
                        const struct board_position *p);
void board_get_position(const struct board *b, uint32_t shard, uint32_t class,
                        struct board_position *p);

/* The receive core, when a GAP record was appended; positions only move forward. */
void board_gap(struct board *b, uint32_t epoch, uint64_t end_sequence);
void board_gap_read(const struct board *b, uint32_t *epoch, uint64_t *end_sequence);
/* A row's flags as of now: it may have been written before the feed's last gap was known, so the
 * header decides. */
uint32_t board_flags_now(const struct board *b, const struct board_top *t);

#endif
