/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The demo's live view, drawn from the shared block and the board, as any other process could draw
 * it.
 */
#ifndef APP_DEMO_VIEW_H
#define APP_DEMO_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/shared.h"
#include "dataplane/shard/board.h"

struct demo_view {
	const struct shared *shared;
	const struct board *board;
	uint64_t messages_expected;
	bool repaint; /* a terminal: draw over the last picture; else one line per round */
	uint64_t last_ns;
	uint64_t last_messages;
};

void demo_view_draw(struct demo_view *v, uint64_t elapsed_ns, FILE *out);

#endif
