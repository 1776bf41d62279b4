/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Asker: the component on top of a simulated book. It counts what it is told, notes every n-th
 * trade or change of the best prices as something to ask a service, and keeps a digest of the
 * order. All of it is in the group's region and depends on the messages only: after a death it is
 * there again, and nothing has to be remembered of what was noted but how much of it was asked.
 */
#ifndef APP_WORLD_ASKER_H
#define APP_WORLD_ASKER_H

#include <stdint.h>

#include "dataplane/shard/group.h"

#define WORLD_ASKER_NAME  "asker"
#define WORLD_ASKER_EVERY 8u /* trades and changes of the best prices */

struct world_asker_state { /* in the region */
	uint64_t messages;
	uint64_t last_sequence;
	uint64_t disorder; /* messages that came twice or out of order */
	uint64_t changes;  /* trades, and changes of the best prices */
	uint64_t asks;     /* what has been noted, ever */
	uint64_t missing;
	uint64_t digest;
	uint32_t epoch;
	uint32_t reserved;
};

extern const struct component_ops world_asker_ops;

/* Of a group whose first component is an asker. */
const struct world_asker_state *world_asker_state(const struct group *g);

#endif
