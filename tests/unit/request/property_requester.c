/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Property: whatever nodes, networks and stations do, every call ends exactly once; a forged or
 * damaged reply ends none; only a good reply that was sent succeeds; and when all is over nothing
 * is left: no operation, no attempt in a codec.
 *
 *   property_requester [PLAYS [SEED]]
 */
#include <inttypes.h>
#include <stdio.h>

#include "tests/unit/request/requester_play.h"

static struct play p;
static char paths[PLAY_CALLS][8];

static const char *fault(void)
{
	const struct requester *r = &p.world.requester;

	if (p.wrong != 0)
		return "a call ended twice, by a forged reply, or without its answer";
	for (uint32_t i = 0; i < p.calls; i++)
		if (p.ended[i] == 0)
			return "a call did not end";
	if (operation_live(&r->operations) != 0 || r->operations.pool.attempts_live != 0)
		return "operations are left";
	for (uint32_t i = 0; i < WORLD_SERVICES; i++)
		if (requester_world_codec(&p.world, i)->under_way != 0 ||
		    requester_world_codec(&p.world, i)->not_forgotten != 0)
			return "a codec still waits";
	for (uint32_t i = 0; i < WORLD_SERVICES; i++)
		for (uint32_t n = 0; n < WORLD_NODES; n++)
			if (requester_machine(r, i)->state->health.nodes[n].pending != 0)
				return "a node still has attempts";
	return NULL;
}

int main(int argc, char **argv)
{
	uint32_t plays = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 20;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	uint64_t calls = 0;
	uint64_t forged = 0;
	uint64_t outcomes[OPERATION_OUTCOMES] = {0};

	printf("property_requester: seeds %" PRIu64 " to %" PRIu64 "\n", seed, seed + plays - 1);
	for (uint32_t i = 0; i < plays; i++) {
		if (!play_open(&p, seed + i))
			return 1;
		play_run(&p, 8000, paths);
		const char *why = fault();

		if (why != NULL) {
			printf("seed %" PRIu64 ": %s\n", seed + i, why);
			return 1;
		}
		calls += p.calls;
		forged += p.forged;
		for (uint32_t n = 0; n < OPERATION_OUTCOMES; n++)
			outcomes[n] += p.outcomes[n];
		requester_world_close(&p.world);
	}
	printf("%" PRIu64 " calls, %" PRIu64 " forged replies; outcomes", calls, forged);
	for (uint32_t n = 0; n < OPERATION_OUTCOMES; n++)
		printf(" %" PRIu64, outcomes[n]);
	putchar('\n');
	/* Or the property is one of nothing. */
	for (uint32_t n = 0; n < OPERATION_OUTCOMES; n++)
		if (outcomes[n] == 0)
			return 1;
	return forged == 0;
}
