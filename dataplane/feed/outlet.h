/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Outlet: the arbiter's way into the log, and what is done when the log has no room.
 *
 * The log may refuse a record; nobody waits for it. Messages that do not fit are lost (the caller
 * declares that range as a GAP), but a GAP, a RESET or an END is never lost: it is kept here, in
 * order, and goes out before anything else as soon as the log takes records again. Nothing else
 * goes out in between, so what is kept is a run of touching gaps with at most one END and one RESET
 * per session. That is bounded: gaps merge, and when more sessions come and go than fit, those of
 * which nothing ever stood in the log are dropped whole; the last RESET always stays, its epoch
 * shows the jump.
 */
#ifndef DATAPLANE_FEED_OUTLET_H
#define DATAPLANE_FEED_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/feed/protocol.h"

#define OUTLET_KEPT_MAX   32u
#define OUTLET_KEPT_EXACT 16u /* beyond this, touching gaps merge whatever their reasons are */

struct arbiter;

struct outlet_note { /* a record that is no DATA */
	uint64_t first_sequence;
	uint64_t missing;
	uint64_t time_ns;
	uint32_t epoch;
	uint32_t reason;
	uint8_t kind; /* enum record_kind */
	uint8_t time_source;
	uint8_t reserved[6];
	struct session_key session;
};

struct outlet { /* in the arbiter's region */
	uint32_t count;
	uint32_t reserved;
	struct outlet_note kept[OUTLET_KEPT_MAX]; /* oldest first */
};

struct outlet_run { /* messages in order, ready to go */
	uint64_t first_sequence;
	uint64_t time_ns;
	const uint8_t *blocks;
	uint32_t bytes;
	uint32_t count;
	uint32_t epoch;
	uint8_t time_source;
};

/* Appends a DATA record. False: the log refused; the caller declares the range lost. */
bool outlet_data(struct arbiter *a, const struct outlet_run *run);
/* Appends a GAP, RESET or END, now or later. */
void outlet_note(struct arbiter *a, const struct outlet_note *note);
/* Tries to write what is kept. True: nothing is kept any more. */
bool outlet_flush(struct arbiter *a);

#endif
