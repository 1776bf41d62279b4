/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The demo's live view, drawn from the engine's shared block and board, which any other process
 * could map as well. A terminal of 80 x 24 is painted over; elsewhere it is a line per round.
 */
#ifndef APP_DEMO_VIEW_H
#define APP_DEMO_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/demo_plan.h"
#include "app/shared.h"
#include "dataplane/shard/board.h"

struct demo_sample { /* what rates are worked out from */
	uint64_t time_ns;
	uint64_t messages;
	uint64_t packets[2];
	struct histogram latency;
};

struct demo_view {
	const struct demo_plan *plan;
	const struct shared *shared;
	const struct board *board;
	bool repaint;       /* a terminal */
	uint32_t act_shown; /* plus one; 0: none yet */
	struct demo_sample last;
	struct histogram until_gap; /* latency before the act in which messages are waited for */
};

/* elapsed_ns: since the first packet. Says when another act has begun; in a terminal the next
 * picture does. */
void demo_view_act(struct demo_view *v, uint64_t elapsed_ns, FILE *out);
void demo_view_draw(struct demo_view *v, uint64_t elapsed_ns, FILE *out);
/* Books that something may be missing in now, and how many there are. */
void demo_view_suspects(const struct shared *s, const struct board *b, uint64_t *suspect,
                        uint64_t *books);

#endif
