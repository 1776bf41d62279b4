/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Verdict: what the exchange says it sent beside what the engine says it has, from the reports and
 * books that the two commands wrote.
 *
 * On a veth pair a busy machine may drop packets, and an engine that is not scheduled for a second
 * gives up what comes later. Neither is a wrong result: it is said, checked for consistency, and
 * what then cannot be compared is not. Otherwise everything must be equal.
 */
#ifndef APP_DEMO_VERDICT_H
#define APP_DEMO_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/demo_plan.h"
#include "resilience/histogram.h"

struct demo_sent { /* the exchange's account */
	uint64_t messages;
	uint64_t lost; /* on no line */
	uint64_t gaps;
	uint64_t packets[2];
	uint64_t lost_by_line[2]; /* messages */
};

struct demo_outside {             /* what only a look from outside tells */
	uint64_t kernel_drops[2]; /* by line: of the veth pairs */
	uint64_t books;
	uint64_t suspect;
	struct histogram until_gap; /* latency until messages were waited for in vain */
	int engine_status;
	int exchange_status;
};

/* exchange.json. 0 or -EPROTO. */
int demo_sent_read(const struct demo_plan *p, struct demo_sent *s);
/* Prints every check; EXIT_OK or EXIT_FAILED. */
int demo_verdict(const struct demo_plan *p, const struct demo_sent *s,
                 const struct demo_outside *outside, FILE *out);

#endif
