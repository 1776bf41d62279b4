/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Book set: the books of one group, by order (ITCH) or by level (DEEP, TOPS), in one region.
 *
 * Position-independent: indices into arrays of the region. A book is found by its slot (0, 1, ...
 * in order of first sight in this group), an order by its reference alone, as the exchange means
 * it: reference -> order by a bounded hash index, order -> level by index; a ladder per side sorts
 * the levels, best last, so that work near the touch moves little (level.h). Orders at a level form
 * a queue in time priority. Level sums are 64 bits wide.
 *
 * Nothing grows without bound: orders, levels and symbols have maxima; what does not fit is refused
 * with a verdict, the book is marked DEGRADED until its next reset, and a counter says so.
 *
 * Every change goes through book_*() below, marks the pages it touches, and leaves a struct
 * book_change for dependants. While a book is being changed its version is odd; readers in other
 * processes use book_read.h. One owner: the shard.
 *
 * Spec of the semantics: TotalView-ITCH 5.0 section 4, IEX DEEP 1.0, IEX TOPS 1.6; the corner cases
 * are those of `genesis replay` (docs/replay.md).
 */
#ifndef DATAPLANE_BOOK_BOOK_H
#define DATAPLANE_BOOK_BOOK_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/memory/region.h"

#define BOOK_NONE UINT32_MAX

enum book_side_index { BOOK_BID, BOOK_ASK };

enum book_flags {
	BOOK_DEGRADED = 1u << 0, /* something did not fit since the last reset */
	BOOK_HALTED = 1u << 1,   /* trading state is not 'T' */
	BOOK_HEURISTIC =
	        1u << 2, /* by level: good again after a GAP by the rule of book_is_good() */
};

struct book_level {
	int64_t price; /* 4 decimals */
	uint64_t quantity;
	uint32_t orders; /* 0 for feeds by price */
	uint32_t head;   /* first order in time priority; BOOK_NONE for feeds by price */
	uint32_t tail;
	union {
		uint32_t generation; /* by level: the set's gap generation at its last update */
		uint32_t place;      /* by order: where it stood when something was added to it */
	};
};

static_assert(sizeof(struct book_level) == 32, "two levels a cache line");

struct book_side {
	uint32_t first;       /* first rung of its ladder (level.h) */
	uint32_t count;       /* levels in use; the best stands on rung first + count - 1 */
	uint32_t capacity;    /* rungs of its room */
	uint32_t unconfirmed; /* by level: levels not updated since the last GAP */
	uint32_t best;        /* its best level, where count is not 0 */
};

struct book {
	uint64_t symbol;
	uint32_t symbol_id;       /* in the feed's directory */
	_Atomic uint32_t version; /* odd while changing */
	struct book_side side[2];
	int64_t trade_price; /* last trade (executions, trades, crosses) */
	uint64_t trade_quantity;
	uint64_t volume;        /* printable shares, crosses included */
	uint64_t trades;        /* printable */
	uint64_t notional;      /* sum of price x shares of printable trades, wraps at 2^64 */
	uint64_t good_sequence; /* complete from this sequence on; the feed's GAP word says whether
	                           that is enough */
	uint32_t good_epoch;
	uint32_t flags;      /* enum book_flags */
	uint32_t generation; /* by level: gap generation that side[].unconfirmed refers to */
	char state; /* trading state: 'H','P','Q','T' as on the wire; 0 not yet known (treat as
	               halted) */
	char operational;    /* operational halt: 'H' or 'T'; 0 unknown */
	char short_sale;     /* Reg SHO / SSR action as on the wire; 0 unknown */
	char security_event; /* DEEP: 'O','C' opening/closing process complete; 0 unknown */
	char reason[4];      /* of the trading state */
	uint8_t pad[4];
};

static_assert(sizeof(struct book) == 128, "two cache lines, what every change needs in the first");
static_assert(offsetof(struct book, trade_quantity) == 64, "the first line is full");

struct book_options {
	uint32_t symbols_max;
	uint32_t orders_max; /* 0: a set by level */
	uint32_t levels_max; /* over all books of the set */
};

struct book_set_stats {
	uint64_t orders_live;         /* gauge */
	uint64_t orphan_references;   /* E, C, X, D, U of an order that is not here */
	uint64_t replaced_references; /* a second Add of a live reference */
	uint64_t refused_symbols;
	uint64_t refused_orders;
	uint64_t refused_levels;
	uint64_t ignored;        /* 0 shares, or a side that is neither B nor S */
	uint64_t overtaken;      /* more taken than rested */
	uint64_t books_degraded; /* gauge */
};

struct book_set_state; /* in the region, book.c */
struct order;          /* in the region, order.h */
struct order_index;

struct book_set { /* process-local handle */
	struct region *region;
	struct book_set_state *state;
	struct book *books;
	struct book_level *levels;
	int64_t *keys;   /* of the ladders, sorted per side: see level.h */
	uint32_t *rungs; /* beside each key, its level */
	struct order *orders;
	struct order_index *index;
	struct book_options options;
	uint64_t state_offset; /* of state in the region: what an outside reader starts from */
};

/* What happened, for dependants. Prices with 4 decimals. */
enum book_change_kind {
	BOOK_CHANGE_NONE,
	BOOK_ADDED,     /* an order (or level quantity) came */
	BOOK_REDUCED,   /* part of an order was cancelled */
	BOOK_REMOVED,   /* an order is gone by cancel or delete */
	BOOK_REPLACED,  /* removed and added again with a new reference */
	BOOK_EXECUTED,  /* an order traded: price and quantity are the execution's */
	BOOK_LEVEL_SET, /* by level: price level's quantity is now `quantity` (0: gone) */
	BOOK_TRADED,    /* a trade or cross that changes no book */
	BOOK_TRADE_BROKEN,
	BOOK_STATUS,  /* trading state, halt, short-sale state */
	BOOK_CLEARED, /* session reset */
};

struct book_change {
	uint8_t kind;      /* enum book_change_kind */
	uint8_t side;      /* enum book_side_index, where it applies */
	bool best_changed; /* best bid or ask (price or quantity) is another than before */
	bool printable;    /* the trade counts as volume */
	uint32_t slot;
	uint64_t reference; /* of the order; the new one where it was replaced */
	int64_t price;
	uint64_t quantity;
	uint32_t other_slot; /* BOOK_NONE, or another book that lost its order of this reference,
	                        because the feed gave it out again: look at that book, too */
	bool cross;          /* BOOK_TRADED in an auction; said by the shard */
	uint8_t reserved[3];
};

uint64_t book_set_bytes(const struct book_options *o);
/* Places a set in the region. 0, -EINVAL, -ENOSPC. */
int book_set_init(struct book_set *s, struct region *r, const struct book_options *o);
/* A handle on the set whose state stands at state_offset (a restored or adopted region). 0, or
 * -EPROTO when there is none of this version. */
int book_set_attach(struct book_set *s, struct region *r, uint64_t state_offset);
/* A session reset: all books empty, orders forgotten; slots and symbols stay. Cost: linear in what
 * is live. */
void book_set_clear(struct book_set *s, uint32_t epoch, uint64_t good_sequence);
/* A GAP of the feed: by-level books count what is not confirmed. O(1). */
void book_set_on_gap(struct book_set *s);

/* The slot of a symbol, made now if new; BOOK_NONE when symbols_max is reached (counted). */
uint32_t book_slot(struct book_set *s, uint32_t symbol_id, uint64_t symbol);
uint32_t book_count(const struct book_set *s);
const struct book_set_stats *book_set_stats(const struct book_set *s);

/* By order. All fill *c (kind NONE when nothing changed); false: the reference is not in this set
 * (orphan, not yet counted: the shard may ask the next group, and calls book_orphan() when nobody
 * had it). */
void book_order_add(struct book_set *s, uint32_t slot, uint64_t reference, char side,
                    uint32_t shares, uint32_t price, struct book_change *c);
/* Execution at the order's price, or (with_price) at another; printable says whether it counts as
 * volume. */
bool book_order_execute(struct book_set *s, uint64_t reference, uint32_t shares,
                        struct book_change *c);
bool book_order_execute_at(struct book_set *s, uint64_t reference, uint32_t shares, uint32_t price,
                           bool printable, struct book_change *c);
bool book_order_cancel(struct book_set *s, uint64_t reference, uint32_t shares,
                       struct book_change *c);
bool book_order_delete(struct book_set *s, uint64_t reference, struct book_change *c);
bool book_order_replace(struct book_set *s, uint64_t reference, uint64_t new_reference,
                        uint32_t shares, uint32_t price, struct book_change *c);
void book_orphan(struct book_set *s);
/* By level: sets the quantity of a price level; 0 removes it. */
void book_level_update(struct book_set *s, uint32_t slot, enum book_side_index side, int64_t price,
                       uint64_t quantity, struct book_change *c);

/* By level, for feeds that tell the best of both sides at once: sets the whole book to this quote,
 * in one step for readers; quantity 0: no level on that side. Fills c with what changed, at most
 * one level gone and one set per side, bid first, and returns how many; each change of a level here
 * is one of the best. A set is kept by quotes or by single levels, not by both. */
#define BOOK_QUOTE_CHANGES_MAX 4u
struct book_quote { /* by enum book_side_index */
	int64_t price[2];
	uint64_t quantity[2];
};
uint32_t book_level_quote(struct book_set *s, uint32_t slot, const struct book_quote *q,
                          struct book_change c[BOOK_QUOTE_CHANGES_MAX]);

/* Trades that touch no order; status words. */
void book_trade(struct book_set *s, uint32_t slot, int64_t price, uint64_t quantity, bool printable,
                struct book_change *c);
enum book_status_word {
	BOOK_WORD_STATE,
	BOOK_WORD_OPERATIONAL,
	BOOK_WORD_SHORT_SALE,
	BOOK_WORD_SECURITY_EVENT
};
void book_status(struct book_set *s, uint32_t slot, enum book_status_word word, char value,
                 const char reason[4], struct book_change *c);

/* Is the book good although the feed had a GAP that ended before (gap_epoch, gap_end_sequence)? By
 * order: only after a reset or snapshot beyond the gap. By level: heuristic, once the book was
 * updated after the GAP and every level that is there was, too; the GAP must be one that
 * book_set_on_gap() was told of. */
bool book_is_good(const struct book_set *s, uint32_t slot, uint32_t gap_epoch,
                  uint64_t gap_end_sequence);

static inline const struct book *book_at(const struct book_set *s, uint32_t slot)
{
	return &s->books[slot];
}

/* Best level of a side, or NULL. */
static inline const struct book_level *book_best(const struct book_set *s, const struct book *b,
                                                 enum book_side_index i)
{
	const struct book_side *side = &b->side[i];

	return side->count == 0 ? NULL : &s->levels[side->best];
}

/* n-th level from the best (0), or NULL. */
static inline const struct book_level *book_level(const struct book_set *s, const struct book *b,
                                                  enum book_side_index i, uint32_t n)
{
	const struct book_side *side = &b->side[i];

	return n >= side->count ? NULL : &s->levels[s->rungs[side->first + side->count - 1 - n]];
}

/* Orders in time priority, for readers and checks: calls visit(reference, shares) down the queue of
 * a level. */
typedef void book_order_visit(void *arg, uint64_t reference, uint32_t shares);
void book_level_orders(const struct book_set *s, const struct book_level *l,
                       book_order_visit *visit, void *arg);

/* Checks everything that must hold (sums, queues, order, index); for tests and the simulator. NULL:
 * all is well, else a static text saying what is broken. */
const char *book_set_check(const struct book_set *s);

#endif
