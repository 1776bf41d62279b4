/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ladder's options, and those of a service of re-request servers.
 */
#include <assert.h>
#include <stddef.h>

#include "dataplane/feed/ladder.h"

#define MS 1000000ull

#define LADDER_REPLY_MAX    65534u
#define LADDER_RETRY_NS_MAX (1ull << 43)

void ladder_options_standard(struct ladder_options *o, uint64_t hold_ns)
{
	*o = (struct ladder_options){
	        .wait_ns = 500000,
	        .hold_ns = hold_ns,
	        .deadline_ns = 1000000000,
	        .retry_ns = 1000000,
	        .overload_ns = 10000000,
	        .recover_max = 1000000,
	        .snapshot_above = 100000,
	        .pieces = 16,
	        .reply_messages = 35,
	        .budget = {.burst = 1024, .period_ns = 20000},
	};
}

const char *ladder_options_check(const struct ladder_options *o)
{
	if (o->pieces == 0 || o->pieces > LADDER_PIECES_MAX)
		return "pieces: 1 to 64";
	if (o->reply_messages == 0 || o->reply_messages > LADDER_REPLY_MAX)
		return "reply_messages: 1 to 65534";
	if (o->retry_ns == 0 || o->retry_ns > LADDER_RETRY_NS_MAX)
		return "retry_ns: 1 to 2^43";
	if (budget_options_check(&o->budget) != 0)
		return "budget";
	return NULL;
}

void ladder_service_options(struct service_options *o, uint32_t nodes)
{
	assert(nodes >= 1 && nodes <= SERVICE_NODES_MAX);
	/* A round trip is a fraction of a millisecond, so that is what the report's second is. */
	service_options_report(o, MS);
	o->nodes = (uint8_t)nodes;
	/* A dead server stays dead for longer than that: to look for it too often costs gaps. */
	o->health.eject_ns = 1000 * MS;
	o->health.eject_max_ns = 30000 * MS;
	o->health.half_life_ns = 5000 * MS;
	o->health.eject_after = 2;
	/* Until a round trip is known it may be anything: a server that is only far away must not
	 * be out before its first answer. */
	o->expected_ns = 4 * MS;
	/* Asking everybody at once is not what servers of a market are for: hedges do. */
	o->breaker.states &= (uint8_t)~BREAKER_BIT(BREAKER_ULTRA_RESILIENT);
	o->latency_optimization = false;
}
