/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a made-up server on datagrams did. Every request is counted once among malformed, unknown,
 * lost, failed and repeated, or else it was answered.
 */
#ifndef PERF_SERVE_COUNTS_H
#define PERF_SERVE_COUNTS_H

#include "perf/serve_script.h"

struct serve_counts {
	uint64_t requests;  /* datagrams that came */
	uint64_t malformed; /* no request */
	uint64_t unknown;   /* asked for what is not here: not answered, or with an error */
	uint64_t lost;      /* by the script: vanished */
	uint64_t failed;    /* by the script: answered with an error, or with silence */
	uint64_t repeated;  /* had come before */
	uint64_t full;      /* answers that found no room in the queue */
	uint64_t replies;   /* handed out, right and wrong */
	uint64_t messages;  /* of market data, in answers that are not wrong but by time */
	uint64_t wrong[SERVE_WRONG_COUNT];
};

#endif
