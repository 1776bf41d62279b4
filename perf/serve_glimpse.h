/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Snapshot server of one GLIMPSE client: it waits for the login, answers it when the script says,
 * sends the messages of a snapshot one after the other, at last 'G' with the sequence from which
 * the live feed goes on, and the end of the session; then it is over. Any user and password will
 * do; a session is refused that is not the current one, and a sequence other than 0 or 1.
 *
 * How the script shows: latency is the login's; an error refuses it; where it is lost there is
 * never an answer; a stall or a black hole holds up everything; a truncated answer ends in the
 * middle of a packet, half-way.
 *
 * Pure: a byte stream and time in, a byte stream out, at most as much as asked for. The snapshot is
 * taken by the owner at the moment the login is answered: until serve_glimpse_wants() it is not
 * needed, so what the client gets is as late as can be.
 *
 * Thread rule: one owner. Specs: SoupBinTCP 3.00, GLIMPSE 5.0.
 */
#ifndef PERF_SERVE_GLIMPSE_H
#define PERF_SERVE_GLIMPSE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/wire/soup.h"
#include "perf/day_state.h"
#include "perf/serve_script.h"

#define SERVE_GLIMPSE_IN_BYTES  1024u
#define SERVE_GLIMPSE_OUT_BYTES 128u /* of room that output always finds enough */
#define SERVE_GLIMPSE_LOGIN_NS  30000000000ull

enum serve_glimpse_state {
	SERVE_GLIMPSE_LOGIN,   /* not logged in yet */
	SERVE_GLIMPSE_ANSWER,  /* the answer has its time */
	SERVE_GLIMPSE_SENDING, /* the snapshot */
	SERVE_GLIMPSE_OVER,    /* whatever was put out is the last */
};

enum serve_glimpse_end {
	SERVE_GLIMPSE_NOT_YET,
	SERVE_GLIMPSE_DONE,       /* all was put out */
	SERVE_GLIMPSE_REFUSED,    /* the login was: by the script */
	SERVE_GLIMPSE_NO_SESSION, /* another session or sequence was asked for */
	SERVE_GLIMPSE_CUT,        /* by the script, half-way */
	SERVE_GLIMPSE_LEFT,       /* the client logged out or went away */
	SERVE_GLIMPSE_SILENT,     /* no login, or nothing for long */
	SERVE_GLIMPSE_NONSENSE,   /* what came was no SoupBinTCP */
	SERVE_GLIMPSE_ENDS,
};

struct serve_glimpse {
	const struct serve_script *script;
	uint64_t ordinal;  /* of the client: its dice */
	uint64_t start_ns; /* where the script's times begin */
	uint64_t came_ns;
	uint64_t heard_ns;
	uint64_t answer_ns;
	struct serve_fate fate;
	struct soup_reader reader;
	const struct day_snapshot *snapshot; /* the owner's */
	uint64_t at;                         /* byte of the snapshot */
	uint64_t sent;                       /* messages of it */
	uint64_t sequence;                   /* of the live feed */
	char session[SOUP_SESSION_BYTES + 1];
	char wanted[SOUP_SESSION_BYTES + 1]; /* "": the current one */
	bool wants_beginning;
	uint8_t state; /* enum serve_glimpse_state */
	uint8_t end;   /* enum serve_glimpse_end */
	uint8_t in[SERVE_GLIMPSE_IN_BYTES];
};

/* A client came. script outlives it. */
void serve_glimpse_init(struct serve_glimpse *g, const struct serve_script *script,
                        uint64_t ordinal, uint64_t start_ns, uint64_t now_ns);
/* Bytes came; 0: the client will send no more. */
void serve_glimpse_on_bytes(struct serve_glimpse *g, const uint8_t *bytes, uint32_t count,
                            uint64_t now_ns);
/* True when the answer to the login is due: call serve_glimpse_give() then. */
bool serve_glimpse_wants(const struct serve_glimpse *g, uint64_t now_ns);
/* The current session (10 bytes), its snapshot, and the sequence that follows it. The snapshot is
 * kept by the owner until the machine is over. */
void serve_glimpse_give(struct serve_glimpse *g, const char *session,
                        const struct day_snapshot *snapshot, uint64_t sequence);
/* Whole packets (but for a cut) into out, capacity at least SERVE_GLIMPSE_OUT_BYTES. 0: nothing
 * now. */
uint32_t serve_glimpse_output(struct serve_glimpse *g, uint8_t *out, uint32_t capacity,
                              uint64_t now_ns);
/* Sees to who says nothing for too long. */
void serve_glimpse_poll(struct serve_glimpse *g, uint64_t now_ns);

static inline bool serve_glimpse_is_over(const struct serve_glimpse *g)
{
	return g->state == SERVE_GLIMPSE_OVER;
}

const char *serve_glimpse_end_name(enum serve_glimpse_end e);

#endif
