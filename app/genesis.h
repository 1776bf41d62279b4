/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Genesis, read from another process: the board (the newest top of every book) and the log (every
 * message of a feed, in order, once) of an engine that runs on this machine. docs/readers.md tells
 * the guarantees and the costs. `pkg-config --cflags --libs genesis`; C11 and C++.
 *
 * A reader maps the engine's files read-only and writes nothing, so it can disturb nobody: not by
 * being slow, by stopping, or by dying. What a slow reader could not read is told to it exactly.
 *
 * Nothing here blocks or waits: a reader polls at its own pace. genesis_open() and
 * genesis_log_open() allocate; nothing else does, and only they, the two closes and genesis_state()
 * make system calls.
 *
 * Threads: a struct genesis is not changed after genesis_open(): any number of threads may read the
 * board through one. A struct genesis_log belongs to one thread at a time. Logs are closed before
 * their genesis.
 *
 * Errors: functions that return int return 0 or more, or a negative errno. The two that open also
 * write one clear line into error[GENESIS_ERROR_BYTES].
 *
 * Growth: structs that functions fill are passed with their size, sizeof(*s) as the caller was
 * compiled. They only grow at the end: a library that knows more fields writes as many as there is
 * room for, one that knows fewer leaves the rest zero. Enums may get new values; skip what you do
 * not know.
 *
 * Times are nanoseconds since 1970 (UTC). Prices are in 1/10000. Quantities are shares.
 */
#ifndef GENESIS_H
#define GENESIS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GENESIS_ERROR_BYTES  512u
#define GENESIS_NAME_BYTES   40u
#define GENESIS_SYMBOL_BYTES 9u         /* 8 and the ending zero */
#define GENESIS_NONE         UINT32_MAX /* no symbol */
#define GENESIS_UNKNOWN      UINT64_MAX /* a number that nobody can know */

struct genesis;     /* an attached engine */
struct genesis_log; /* a place in the log of one of its feeds */

/* ---- the engine ---- */

/* Attaches to the engine of this name (engine.name of its configuration); NULL: the only one that
 * is there. -ENOENT: there is none; -EAGAIN: it has not finished starting; -EPROTO: it is of
 * another build than this library, whose memory cannot be read; -EINVAL: NULL, and there are
 * several; -EACCES, -ENOMEM, ... */
int genesis_open(struct genesis **g, const char *name, char *error);
void genesis_close(struct genesis *g); /* accepts NULL */

enum genesis_state {
	GENESIS_STARTING, /* ports are being opened */
	GENESIS_RUNNING,
	GENESIS_STOPPED,  /* it ended in good order */
	GENESIS_DEAD,     /* its process is gone without having said so */
	GENESIS_REPLACED, /* it is gone, and another engine of its name runs: close, open again */
};

/* As of now. An engine that is gone leaves its last board and log readable: whoever is attached can
 * read to the end. Costs a system call or more: a few times per second is plenty. */
enum genesis_state genesis_state(const struct genesis *g);

struct genesis_engine {
	char name[GENESIS_NAME_BYTES];
	char version[16];
	uint64_t pid;
	uint64_t started_ns;   /* with pid: which life of the engine this is */
	uint64_t heartbeat_ns; /* written a few times per second; stands still: the process hangs */
	uint32_t feeds;        /* how many; the first is feed 0 */
	uint32_t reserved;
};

int genesis_engine_read(const struct genesis *g, struct genesis_engine *e, size_t bytes);
/* "0.1.0", of the library. */
const char *genesis_version(void);

/* ---- its feeds and their symbols ---- */

struct genesis_feed { /* numbers are published by the engine now and then: a little behind */
	char name[GENESIS_NAME_BYTES];
	char protocol[16]; /* "itch50", "deep10", "tops16": what the messages are */
	char session[32];  /* its name as text; "" before the first one */
	uint32_t symbols_max;
	uint32_t symbols; /* known so far; their ids are 0 to symbols - 1 */
	uint64_t epoch;   /* sessions since the engine started, from 1; 0: none yet */
	uint64_t next_sequence;
	uint64_t messages;      /* in the log since the engine started */
	uint64_t lost_messages; /* given up: the sum of its GAPs */
};

/* By name; NULL: the only one. -ENOENT, or -EINVAL when there are several. */
int genesis_feed_find(const struct genesis *g, const char *name);
int genesis_feed_read(const struct genesis *g, uint32_t feed, struct genesis_feed *f, size_t bytes);

/* A symbol's id, its row in the board: the same for the engine's whole life; GENESIS_NONE: not
 * (yet) known. One look into a hash table. */
uint32_t genesis_symbol_find(const struct genesis *g, uint32_t feed, const char *name);
/* Writes its name into text[GENESIS_SYMBOL_BYTES], "" when the id is not known; returns text. */
const char *genesis_symbol_name(const struct genesis *g, uint32_t feed, uint32_t symbol,
                                char *text);

/* ---- the board ---- */

enum genesis_flags {
	GENESIS_SUSPECT = 1 << 0,   /* the feed had a gap that this book may have missed */
	GENESIS_STALE = 1 << 1,     /* its group lags behind or is set aside */
	GENESIS_DEGRADED = 1 << 2,  /* something did not fit into the book */
	GENESIS_HALTED = 1 << 3,    /* trading is */
	GENESIS_HEURISTIC = 1 << 4, /* good again by a by-level rule, not by proof */
};

struct genesis_top {
	char name[GENESIS_SYMBOL_BYTES];
	char trading;     /* state, as in the protocol's messages; 0: not told yet. Likewise: */
	char operational; /* operational halt */
	char short_sale;  /* restriction */
	char security_event;
	char reserved[3];
	int64_t bid_price;
	uint64_t bid_quantity; /* 0: no bids */
	int64_t ask_price;
	uint64_t ask_quantity; /* 0: no asks */
	uint32_t bid_orders;   /* at the best price; 0 for feeds by price */
	uint32_t ask_orders;
	int64_t trade_price; /* of the last one; trades 0: none yet */
	uint64_t trade_quantity;
	uint64_t volume; /* of the session */
	uint64_t trades;
	uint64_t sequence;      /* of the message that made it so */
	uint64_t good_sequence; /* complete for what came from this sequence of the epoch on */
	uint64_t time_ns;       /* when that message was received */
	uint32_t epoch;
	uint32_t flags; /* enum genesis_flags */
};

/* The newest top of a symbol's book, always whole. 0; -ENOENT: no such symbol, or no book of it has
 * changed yet; -EAGAIN: it changes faster than it can be copied (try again). */
int genesis_top_read(const struct genesis *g, uint32_t feed, uint32_t symbol,
                     struct genesis_top *top, size_t bytes);

/* ---- the log ---- */

/* Starts at the head: what comes from now on. */
int genesis_log_open(struct genesis_log **l, const struct genesis *g, uint32_t feed, char *error);
void genesis_log_close(struct genesis_log *l); /* accepts NULL */

/* Other places to go on at, at any time. They walk at most a segment (2 MiB). 0; -EPROTO as in
 * genesis_log_next().
 *
 * seek: the message of this epoch and sequence; where it is no longer held, at the oldest one that
 * is, and what lies between is told as missed. -ERANGE: that is not in the log yet; stands at the
 * head then. Epochs count the sessions of one life of an engine: after a restart they mean others.
 */
int genesis_log_to_head(struct genesis_log *l);
int genesis_log_to_oldest(struct genesis_log *l);
int genesis_log_seek(struct genesis_log *l, uint32_t epoch, uint64_t sequence);

enum genesis_kind {
	GENESIS_MESSAGE,
	GENESIS_GAP,    /* messages that no line brought in time: the engine has not got them */
	GENESIS_RESET,  /* a new session begins */
	GENESIS_END,    /* the exchange ended the session */
	GENESIS_MISSED, /* this reader was too slow: the engine had them, they were overwritten */
};

enum genesis_gap {                         /* why a GAP */
	           GENESIS_GAP_AGE,        /* not come within the holding time */
	           GENESIS_GAP_PARKING,    /* no room to park what came behind */
	           GENESIS_GAP_OVERLOAD,   /* the log was full */
	           GENESIS_GAP_SESSION,    /* missing when the session was left */
	           GENESIS_GAP_INPUT,      /* missing at the end of a replayed input */
	           GENESIS_GAP_UNANSWERED, /* servers were asked, none brought it in time */
	           GENESIS_GAP_REFUSED, /* no server could be asked, or it was too much to ask for
	                                 */
};

enum genesis_time { /* where time_ns comes from */
	            GENESIS_TIME_NONE,
	            GENESIS_TIME_TURN, /* the receiving core's clock, read once per turn: a little
	                                  late */
	            GENESIS_TIME_HARDWARE, /* the network card's stamp */
	            GENESIS_TIME_CAPTURE,  /* a capture file's */
};

struct genesis_event {
	uint32_t kind;        /* enum genesis_kind */
	uint32_t epoch;       /* of the session, from 1 */
	uint64_t sequence;    /* MESSAGE: its number; GAP, MISSED: the first one that is not there;
	                         RESET,    END: the next one expected */
	uint64_t messages;    /* MESSAGE: 1; GAP, MISSED: how many are not there; MISSED across
	                         sessions:    GENESIS_UNKNOWN */
	uint64_t time_ns;     /* of the packet that brought it, or decided it */
	uint32_t time_source; /* enum genesis_time */
	uint32_t symbol;      /* MESSAGE: id, GENESIS_NONE: of none or of one not known */
	const uint8_t *data;  /* MESSAGE: as on the wire, without its length; RESET: the session's
	                         name  as text. Until the next call for this log */
	uint32_t data_bytes;
	uint32_t reason; /* GAP: enum genesis_gap */
	/* MISSED only: */
	uint64_t missed_bytes; /* of log, record headers included; 0: overwritten before a seek */
	uint64_t end_sequence; /* where it goes on; epoch and sequence above: from where */
	uint32_t end_epoch;
	uint32_t reserved;
};

/* The next event. 1: there is one; 0: nothing new; -EPROTO: the log's bytes make no sense, nothing
 * more can be read of it. Within an epoch sequences are contiguous: each MESSAGE, GAP or MISSED
 * begins where the last one ended. */
int genesis_log_next(struct genesis_log *l, struct genesis_event *e, size_t bytes);

struct genesis_log_stats { /* since genesis_log_open() */
	uint64_t messages;
	uint64_t gaps;
	uint64_t gap_messages;
	uint64_t missed_times;
	uint64_t missed_bytes;
	uint64_t missed_messages; /* where their number is known */
	uint64_t lag_bytes;       /* from here to the head, now */
	uint64_t held_bytes; /* from the oldest byte held to the head, now: a lag beyond it is lost
	                      */
};

int genesis_log_stats_read(const struct genesis_log *l, struct genesis_log_stats *s, size_t bytes);

/* ---- messages ---- */

/* Writes a message of a feed's protocol as one line of text, for people. As snprintf: returns the
 * line's whole length. */
int genesis_describe(const struct genesis *g, uint32_t feed, const uint8_t *message, uint32_t bytes,
                     char *text, size_t text_bytes);

#ifdef __cplusplus
}
#endif

#endif
