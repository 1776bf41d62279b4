/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/deadline.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#define MILLI          1000u
#define MULTIPLIER_MAX 1000000u     /* 1,000 times: 20 bits */
#define SMALL_NS       (1ull << 44) /* times that, within 64 bits */

const struct deadline_options deadline_options_default = {.terms = DEADLINE_ALL,
                                                          .expected_multiplier_milli = 2500,
                                                          .deviation_multiplier_milli = 4000,
                                                          .tail_multiplier_milli = 1250,
                                                          .tail_cap_milli = 32000};

int deadline_options_check(const struct deadline_options *o)
{
	assert(o != NULL);
	if ((o->terms & ~(uint32_t)DEADLINE_ALL) != 0)
		return -EINVAL;
	if (o->expected_multiplier_milli > MULTIPLIER_MAX ||
	    o->deviation_multiplier_milli > MULTIPLIER_MAX)
		return -EINVAL;
	if (o->tail_multiplier_milli > MULTIPLIER_MAX || o->tail_cap_milli > MULTIPLIER_MAX)
		return -EINVAL;
	return 0;
}

static inline uint64_t times(uint64_t ns, uint32_t milli)
{
	uint64_t whole;

	if (ns < SMALL_NS)
		return ns * milli / MILLI;
	if (__builtin_mul_overflow(ns / MILLI, milli, &whole))
		return UINT64_MAX;
	return deadline_at_ns(whole, ns % MILLI * milli / MILLI);
}

static inline void at_least(struct deadline_answer *a, uint64_t ns, enum deadline_term term)
{
	if (ns <= a->timeout_ns)
		return;
	a->timeout_ns = ns;
	a->term = term;
}

static uint64_t tail(const struct deadline_options *o, const struct deadline_facts *f)
{
	uint64_t ns = times(f->tail_ns, o->tail_multiplier_milli);
	uint64_t cap_ns = times(f->smoothed_ns, o->tail_cap_milli);

	if (o->tail_cap_milli == 0)
		return ns;
	return ns < cap_ns ? ns : cap_ns;
}

struct deadline_answer deadline_timeout(const struct deadline_options *o,
                                        const struct deadline_facts *f)
{
	struct deadline_answer a = {.timeout_ns = 0, .term = DEADLINE_NONE};

	assert(o != NULL);
	assert(f != NULL);
	if ((o->terms & DEADLINE_BASE) != 0)
		at_least(&a, f->base_ns, DEADLINE_BASE);
	if ((o->terms & DEADLINE_EXPECTED) != 0)
		at_least(&a, times(f->expected_ns, o->expected_multiplier_milli),
		         DEADLINE_EXPECTED);
	if ((o->terms & DEADLINE_RTT) != 0 && f->smoothed_ns != 0)
		at_least(&a,
		         deadline_at_ns(f->smoothed_ns,
		                        times(f->deviation_ns, o->deviation_multiplier_milli)),
		         DEADLINE_RTT);
	if ((o->terms & DEADLINE_TAIL) != 0)
		at_least(&a, tail(o, f), DEADLINE_TAIL);
	/* Nothing known. */
	if (o->terms != 0)
		at_least(&a, a.timeout_ns == 0 ? f->base_ns : 0, DEADLINE_BASE);
	if (a.timeout_ns == 0)
		a.timeout_ns = UINT64_MAX;
	if (f->remaining_ns < a.timeout_ns)
		return (struct deadline_answer){f->remaining_ns, DEADLINE_REMAINING};
	return a;
}
