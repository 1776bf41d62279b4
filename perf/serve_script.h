/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Script: how a made-up server behaves: how long its answers take, what it loses and fails, what
 * it answers wrongly, and the troubles that hold at their times. Every request has dice of its own,
 * thrown by (seed, ordinal of the request): the same script meets the same requests alike, whatever
 * else happens meanwhile.
 *
 * As text, one comma-separated line (SERVE_SCRIPT_HELP says all of it):
 *
 *   latency=lognormal:200us:0.5,fail=1%,blackhole=5s+2s,wrong=truncated:0.1%
 *
 * Times count from where now_ns does. Pure; integers only.
 */
#ifndef PERF_SERVE_SCRIPT_H
#define PERF_SERVE_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/distribution.h"
#include "perf/trouble.h"

#define SERVE_TROUBLES_MAX 8u
#define SERVE_TEXT_BYTES   192u /* of an error */
#define SERVE_NEVER        UINT64_MAX

/* What is wrong with an answer. What each means for a protocol, its server says. */
enum serve_wrong {
	SERVE_WRONG_TOKEN,     /* names another request, or session */
	SERVE_WRONG_TRUNCATED, /* cut short */
	SERVE_WRONG_RANGE,     /* of something else than was asked for */
	SERVE_WRONG_DUPLICATE, /* comes twice */
	SERVE_WRONG_LATE,      /* comes late_ns later */
	SERVE_WRONG_COUNT,
	SERVE_RIGHT = SERVE_WRONG_COUNT,
};

struct serve_script {
	struct distribution latency;
	uint64_t seed;
	uint32_t loss_ppm;
	uint32_t failure_ppm;
	uint32_t wrong_ppm[SERVE_WRONG_COUNT]; /* one at most is thrown: together up to 100 % */
	uint64_t late_ns;
	struct trouble troubles[SERVE_TROUBLES_MAX];
	uint32_t trouble_count;
};

struct serve_fate {
	uint64_t time_ns; /* of the answer; SERVE_NEVER: the request is lost */
	bool is_good;     /* false: the answer is an error, or, where there are none, silence */
	enum serve_wrong wrong;
};

/* For --help: what can be said, in one paragraph. */
#define SERVE_SCRIPT_HELP                                                                   \
	"A SCRIPT is a comma-separated list of items; none: every request is answered at "  \
	"once. P is a share such as 0.5%, T a time from the start, D for how long, both "   \
	"with units. `latency=T`, `latency=uniform:T:SPREAD`, `latency=lognormal:T:SIGMA` " \
	"(T the median), `latency=pareto:T:ALPHA` (T the least) or "                        \
	"`latency=bimodal:T:P:FACTOR`: how long answers take; `slow=P:FACTOR`: a share "    \
	"takes so many times as long, on top of any of these; `loss=P`: requests that "     \
	"vanish; `fail=P`: requests answered with an error; `blackhole=T+D`: all vanish; "  \
	"`failing=T+D`: all fail; `stall=T+D`: nothing is answered until it is over, then " \
	"all; `slower=T+D:FACTOR`: all take so many times as long; "                        \
	"`slowstart=T+D:FACTOR`: the factor falls to 1 over D; `slowdown=T+D:FACTOR`: it "  \
	"rises from 1; `wrong=KIND:P`: answers that name another request (token), are cut " \
	"short (truncated), are of something else (range), come twice (duplicate) or too "  \
	"late (late; `wrong=late:P:TIME` says by how much, default 1s); `seed=N`: other "   \
	"dice."

/* Answers at once, always, rightly. */
void serve_script_init(struct serve_script *s);
/* "" is that too. 0, or -EINVAL with one line in error[] that names the item. */
int serve_script_parse(struct serve_script *s, const char *text, char error[SERVE_TEXT_BYTES]);
/* What becomes of request `ordinal`, which came at now_ns. */
struct serve_fate serve_script_fate(const struct serve_script *s, uint64_t ordinal,
                                    uint64_t now_ns);
/* Whether a stall or a black hole holds now: for servers of streams. */
bool serve_script_is_held(const struct serve_script *s, uint64_t now_ns);
const char *serve_wrong_name(enum serve_wrong w);

#endif
