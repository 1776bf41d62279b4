/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Trouble: what a fault does, while it holds, to what a made-up service answers. Simulated services
 * (scenarios of chaos) and servers on the wire (serve_script.h) mean the same by the same words.
 *
 * Pure; randomness and time are given.
 */
#ifndef PERF_TROUBLE_H
#define PERF_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/prng.h"

enum trouble_kind {
	TROUBLE_STALL,      /* nothing is answered until it is over, then all */
	TROUBLE_FAIL,       /* everything is answered with an error */
	TROUBLE_BLACK_HOLE, /* everything vanishes */
	TROUBLE_SLOW,       /* latency times factor */
	TROUBLE_SLOW_START, /* latency times factor, falling to 1 over the time */
	TROUBLE_SLOW_DOWN,  /* latency times factor, rising to it over the time */
	TROUBLE_LOSS,       /* a share vanishes */
};

struct trouble {
	enum trouble_kind kind;
	uint64_t at_ns;
	uint64_t for_ns;
	uint32_t share_ppm;    /* of a loss */
	uint32_t factor_milli; /* of slowness */
};

/* How an answer is going to be; latency and goodness as they were without trouble, held_until_ns
 * the time of the request, to begin with. It comes at held_until_ns + latency_ns. */
struct trouble_answer {
	uint64_t latency_ns;
	uint64_t held_until_ns;
	bool is_good;
};

static inline bool trouble_holds(const struct trouble *t, uint64_t now_ns)
{
	return now_ns >= t->at_ns && now_ns - t->at_ns < t->for_ns;
}

/* For a trouble that holds: does it take the request away? Throws dice for a loss only. */
bool trouble_loses(const struct trouble *t, struct prng *p);
/* For a trouble that holds at now_ns: what it makes of the answer. */
void trouble_meet(const struct trouble *t, uint64_t now_ns, struct trouble_answer *a);

#endif
