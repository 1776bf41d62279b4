/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Sample: what a measured time of one attempt says, for all estimators of this room.
 *
 *   exact      the reply came after this long. Late replies of cancelled losers are exact too
 *   censored   no reply up to now, and nobody will know (a cancelled loser, or a timed-out attempt
 *              whose late reply could not be told): it takes at least this long, or forever
 *   ambiguous  the reply may belong to another sending of the same request (Karn's rule): it says
 *              nothing, and no estimator moves. With generation-tagged attempts this does not occur
 *
 * One attempt gives one sample: whoever reports a loser as censored must not report its late reply
 * as exact afterwards. Waiting for late replies gives the better estimates; a censored sample is
 * for those that can no longer come.
 *
 * A lost attempt would have taken forever, but its timeout is all that is seen. A timeout that
 * learned from its own censored samples would run away from them; rtt.h and latency.h say how they
 * are bounded.
 *
 * P. Karn, C. Partridge, "Improving Round-Trip Time Estimates in Reliable Transport Protocols"
 * (1987).
 */
#ifndef RESILIENCE_SAMPLE_H
#define RESILIENCE_SAMPLE_H

#include <stdint.h>

enum sample_kind { SAMPLE_EXACT, SAMPLE_CENSORED, SAMPLE_AMBIGUOUS };

/* 73 minutes. Longer ones count as this long: it keeps all fixed-point products within 64 bits. */
#define SAMPLE_NS_MAX ((1ull << 42) - 1)

/* Counts, and stops at the maximum. */
static inline void sample_count(uint32_t *count)
{
	if (__builtin_expect(++*count == 0, 0))
		*count = UINT32_MAX;
}

static inline uint64_t sample_clamp(uint64_t ns)
{
	return ns < SAMPLE_NS_MAX ? ns : SAMPLE_NS_MAX;
}

#endif
