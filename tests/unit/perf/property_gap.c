/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Property: whatever lines and servers do, every message comes out once, in order and with its
 * bytes, or stands in a GAP; the stream never waits longer than it may, asks are never more than
 * allowed and never for what is there, and nothing is left over.
 *
 * Per seed a day is played in which lines lose a little or a lot, alone and together, servers are
 * slow, lose requests, answer in part, twice, wrongly, or fall silent; holding times, tables,
 * budgets and parking are of any size, the feed may be joined late, and a line may lie.
 *
 *     property_gap [SEEDS [FIRST_SEED]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "perf/gap_trial.h"

#define US 1000ull
#define MS 1000000ull

static struct prng dice;

static uint64_t below(uint64_t bound)
{
	return prng_below(&dice, bound);
}

static uint64_t pick(const uint64_t *values, uint32_t count)
{
	return values[below(count)];
}

#define PICK(...)                             \
	pick((const uint64_t[]){__VA_ARGS__}, \
	     sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))

static void choose_node(struct gap_trial_node *n, uint64_t day_ns)
{
	*n = (struct gap_trial_node){
	        .latency = {.kind = DISTRIBUTION_LOGNORMAL,
	                    .scale_ns = PICK(20 * US, 200 * US, 200 * US, 2 * MS),
	                    .shape_milli = (uint32_t)PICK(0, 100, 500, 1000)},
	        .lose_ppm = (uint32_t)PICK(0, 0, 5000, 300000),
	        .partial_ppm = (uint32_t)PICK(0, 0, 50000, 1000000),
	        .duplicate_ppm = (uint32_t)PICK(0, 0, 100000, 1000000),
	        .wrong_ppm = (uint32_t)PICK(0, 0, 20000, 500000, 1000000),
	};
	if (below(3) == 0) {
		n->mute_from_ns = below(day_ns);
		n->mute_until_ns = n->mute_from_ns + below(day_ns);
	}
}

static void choose_ladder(struct ladder_options *o)
{
	o->hold_ns = PICK(0, 300 * US, 2 * MS, 10 * MS, 50 * MS);
	o->deadline_ns = PICK(500 * US, 5 * MS, 100 * MS);
	o->wait_ns = PICK(0, 50 * US, 500 * US);
	o->retry_ns = PICK(100 * US, MS);
	o->pieces = (uint32_t)PICK(1, 2, 16, 16, LADDER_PIECES_MAX);
	o->reply_messages = (uint32_t)PICK(1, 10, 35, 200);
	o->recover_max = PICK(0, 30, 2000, 1000000);
	o->snapshot_above = PICK(0, 50, 100000);
	o->budget.burst = (uint32_t)PICK(0, 1, 20, 1024);
	o->budget.period_ns = PICK(0, 20 * US, 200 * US);
	o->overload_ns = PICK(0, MS, 10 * MS);
}

static void choose(struct gap_trial_options *o, uint64_t seed)
{
	prng_init(&dice, seed);
	gap_trial_standard(o);
	o->seed = seed;
	o->packets = 500 + below(2000);
	o->interval_ns = PICK(10 * US, 50 * US, 200 * US);
	o->skew_ns = PICK(0, 20 * US, 500 * US);
	o->gap_every = PICK(0, 10, 50, 199);
	o->gap_packets_max = (uint32_t)PICK(1, 3, 30);
	o->long_every = (uint32_t)PICK(0, 0, 3, 10);
	o->long_packets = (uint32_t)PICK(40, 150);
	o->lose_ppm = (uint32_t)PICK(0, 5000, 100000, 400000);
	o->messages_max = (uint32_t)PICK(1, 6, 30);
	o->reply_bytes = (uint32_t)PICK(70, 400, 1400, 1400);
	o->parking_segments = (uint32_t)PICK(1, 8, 8);
	o->join_late = below(4) == 0 ? 1 + below(3000) : 0;
	o->storm_at = below(8) == 0 ? below(o->packets) : 0;
	o->service.nodes = (uint8_t)(1 + below(4));
	for (uint32_t i = 0; i < o->service.nodes; i++)
		choose_node(&o->nodes[i], o->packets * o->interval_ns);
	choose_ladder(&o->ladder);
}

static bool judge(const struct gap_trial_options *o, const struct gap_trial_result *r,
                  uint64_t seed)
{
	bool whole = o->storm_at != 0 || r->delivered + r->lost + r->joined - 1 == r->messages;
	bool good = whole && r->disorder == 0 && r->overdue == 0 && r->excess == 0 &&
	            r->needless == 0 && r->left == 0;

	if (!good)
		printf("seed %" PRIu64 ": messages %" PRIu64 " joined %" PRIu64
		       " delivered %" PRIu64 " lost %" PRIu64 " disorder %" PRIu64
		       " overdue %" PRIu64 " (%" PRIu64 " ns) excess %" PRIu64 " needless %" PRIu64
		       " left %" PRIu64 "\n",
		       seed, r->messages, r->joined, r->delivered, r->lost, r->disorder, r->overdue,
		       r->wait_max_ns, r->excess, r->needless, r->left);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 0) : 200;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	uint64_t wrong = 0;
	struct ladder_stats sum = {0};

	printf("property_gap: seeds %" PRIu64 " to %" PRIu64 "\n", first, first + seeds - 1);
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		struct gap_trial_options o;
		struct gap_trial_result r;

		choose(&o, seed);
		if (gap_trial_run(&o, &r) != 0) {
			printf("seed %" PRIu64 ": refused\n", seed);
			wrong++;
			continue;
		}
		wrong += !judge(&o, &r, seed);
		sum.asks += r.ladder.asks;
		sum.recovered += r.ladder.recovered;
		sum.partial += r.ladder.partial;
		sum.wrong += r.ladder.wrong;
		sum.recalled += r.ladder.recalled;
		sum.refused += r.ladder.refused;
		sum.storms += r.ladder.storms;
		sum.given_up_messages += r.lost;
	}
	printf("%" PRIu64 " asks, %" PRIu64 " messages recovered, %" PRIu64 " partial, %" PRIu64
	       " wrong, %" PRIu64 " recalled, %" PRIu64 " refused, %" PRIu64 " storms; %" PRIu64
	       " wrong seeds\n",
	       sum.asks, sum.recovered, sum.partial, sum.wrong, sum.recalled, sum.refused,
	       sum.storms, wrong);
	/* A day in which nothing of it happened would prove nothing. */
	return wrong == 0 && (seeds < 100 ||
	                      (sum.recovered != 0 && sum.partial != 0 && sum.wrong != 0 &&
	                       sum.recalled != 0 && sum.refused != 0 && sum.storms != 0))
	               ? 0
	               : 1;
}
