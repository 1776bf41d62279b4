/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Budget: how many extra attempts may be made. A token bucket that is filled by time (a token per
 * `period_ns`) and by deeds (`earn_ppm` millionths of a token for each): retries earn 20 % of each
 * success plus a floor by time, hedges 5 % of each request.
 *
 * Over any window, tokens taken <= burst + window / period + deeds in it x earn / 10^6, exactly:
 * the bucket holds millionths of a token, rounding loses and never gains, and a full one gains
 * nothing.
 *
 * An empty budget stops new attempts only. A mode may scale all three figures (budgets x 3): see
 * budget_scale().
 *
 * Pure, one owner, plain bytes without pointers. A time that runs backwards fills nothing.
 */
#ifndef RESILIENCE_BUDGET_H
#define RESILIENCE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_TOKEN         1000000u     /* a token in millionths */
#define BUDGET_PERIOD_NS_MAX (1ull << 43) /* 2.4 hours */

struct budget_options {
	uint32_t burst; /* tokens the bucket holds, full at the start; 0: nothing is ever granted */
	uint32_t earn_ppm;  /* for each deed; at most 10^6 */
	uint64_t period_ns; /* a token each; 0: time earns nothing; at most BUDGET_PERIOD_NS_MAX */
	bool is_unlimited;  /* grants everything, counts it */
};

struct budget {
	uint64_t level_ppm;    /* millionths of a token */
	uint64_t since_ns;     /* time has been paid up to here */
	uint64_t capacity_ppm; /* burst, scaled */
	uint64_t period_ns;    /* scaled */
	uint32_t earn_ppm;     /* scaled; at most 10^6 */
	uint32_t is_unlimited;
	uint64_t granted; /* ever */
	uint64_t refused; /* ever */
};

/* 0 or -EINVAL. */
int budget_options_check(const struct budget_options *o);
void budget_init(struct budget *b, const struct budget_options *o, uint64_t now_ns);
/* Whether saved bytes can be taken back; if not, init. */
bool budget_is_sound(const struct budget *b);
/* Takes one token, or nothing and says no. */
bool budget_take(struct budget *b, uint64_t now_ns);
/* Whole tokens there are now; UINT32_MAX when unlimited. Takes none. */
uint32_t budget_left(const struct budget *b, uint64_t now_ns);
/* Burst, rate and earnings x multiplier / 1000 from now on (the mode changed); 1000 is as
 * configured, 0 grants nothing; a period beyond the maximum earns nothing. What is in the bucket
 * stays, up to its size. */
void budget_scale(struct budget *b, const struct budget_options *o, uint32_t multiplier_milli,
                  uint64_t now_ns);

/* To be called for each success (retries) or request (hedges, parallel attempts). */
static inline void budget_earn(struct budget *b)
{
	if (__builtin_expect(b->level_ppm == b->capacity_ppm, 1))
		return; /* a full one gains nothing */
	uint64_t level_ppm = b->level_ppm + b->earn_ppm;

	b->level_ppm = level_ppm < b->capacity_ppm ? level_ppm : b->capacity_ppm;
}

#endif
