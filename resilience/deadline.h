/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Deadline: how long an attempt may take.
 *
 *   clamp(max(base, expected x 2.5, SRTT + 4 x RTTVAR, min(1.25 x q99.9, N x SRTT)), 0, remaining)
 *
 * Each term is a bit of the options and is used when it is known: the caller passes 0 for what is
 * not. `base` comes from the breaker's state. The cap N x SRTT keeps the tail's term from rare
 * outliers of a fast service, so that one keeps exactly its base; without SRTT the tail's term is
 * not known either.
 *
 * No term switched on: no timeout but the remaining budget. Terms switched on but none known: the
 * base, if it is not 0, whether or not its bit is set, else the remaining budget: an attempt is
 * never given 0 for want of knowledge.
 *
 * Pure; multipliers in thousandths; results never overflow but stop at UINT64_MAX.
 */
#ifndef RESILIENCE_DEADLINE_H
#define RESILIENCE_DEADLINE_H

#include <stdint.h>

/* Bits of options.terms, and which one decided. */
enum deadline_term {
	DEADLINE_NONE = 0,
	DEADLINE_BASE = 1,
	DEADLINE_EXPECTED = 2,
	DEADLINE_RTT = 4,
	DEADLINE_TAIL = 8,
	DEADLINE_REMAINING = 16, /* in answers only: the budget was shorter */
};

#define DEADLINE_ALL (DEADLINE_BASE | DEADLINE_EXPECTED | DEADLINE_RTT | DEADLINE_TAIL)

struct deadline_options {
	uint32_t terms; /* enum deadline_term */
	uint32_t expected_multiplier_milli;
	uint32_t deviation_multiplier_milli;
	uint32_t tail_multiplier_milli;
	uint32_t tail_cap_milli; /* N; 0: no cap */
};

/* 0: not known. */
struct deadline_facts {
	uint64_t base_ns;
	uint64_t expected_ns;
	uint64_t smoothed_ns; /* SRTT and RTTVAR: rtt.h */
	uint64_t deviation_ns;
	uint64_t tail_ns;      /* q99.9: latency.h */
	uint64_t remaining_ns; /* UINT64_MAX: no end; 0 is 0 */
};

struct deadline_answer {
	uint64_t timeout_ns;     /* UINT64_MAX: none */
	enum deadline_term term; /* that decided */
};

/* All terms: 2500, 4000, 1250, 32000. */
extern const struct deadline_options deadline_options_default;

/* 0 or -EINVAL. */
int deadline_options_check(const struct deadline_options *o);
struct deadline_answer deadline_timeout(const struct deadline_options *o,
                                        const struct deadline_facts *f);

/* now + timeout, never past UINT64_MAX. */
static inline uint64_t deadline_at_ns(uint64_t now_ns, uint64_t timeout_ns)
{
	return timeout_ns < UINT64_MAX - now_ns ? now_ns + timeout_ns : UINT64_MAX;
}

#endif
