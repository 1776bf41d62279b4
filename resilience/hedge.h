/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Hedge: when to send a second attempt because the first is late, and whether that is worth it.
 *
 * The delay is a moving quantile of first attempts. Only of those: up to the delay their outcome is
 * always known, even when the hedge wins and they are cancelled (then they are censored above it).
 * The hedges' own times are seen only when they win and would draw it down.
 *
 * The quantile asked for is a little under the fraction that may be hedged, 94.5 % for 5 %. Where
 * exactly 5 % are slow, q95 lies anywhere in the gap between fast and slow, and a hedge helps only
 * at the gap's lower end. The moving quantile leans to that end, but slowly; the learned survival
 * curve knows it: the delay is the lesser of the moving quantile and of the first point of the
 * curve at which no more than 5.5 % are left. (Shifts upward reach the curve when 5.5 % of its
 * samples are new ones, shifts downward reach the moving quantile: both are followed within
 * hundreds.)
 *
 * Worth it: off the hot path, hedge_poll() computes from the learned survival curve S what q99
 * would be with hedges, the least t with S(t) x S(t - delay) <= 1 %, and compares it to q99
 * without. It switches on at a gain of `gain_on_milli` and off under `gain_off_milli`. A light tail
 * gains nothing and costs nothing; a service never heard of is off too (fewer than `samples_min`).
 *
 * How many may be sent is a budget's matter (budget.h): ask it when the delay is over.
 *
 * Pure, one owner, plain bytes without pointers.
 *
 * J. Dean, L. Barroso, "The Tail at Scale" (2013).
 */
#ifndef RESILIENCE_HEDGE_H
#define RESILIENCE_HEDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/latency.h"
#include "resilience/quantile.h"

struct hedge_options {
	struct quantile_options delay; /* of the first attempts */
	uint32_t target_ppm;     /* chance to be longer than what is compared: 10,000 is q99 */
	uint32_t gain_on_milli;  /* less of that quantile, in thousandths; at most 1000 */
	uint32_t gain_off_milli; /* at most gain_on_milli */
	uint32_t samples_min;    /* of the latency's */
	uint64_t delay_min_ns;   /* never earlier */
	bool is_enabled;
};

struct hedge {
	struct quantile first;
	uint64_t delay_max_ns; /* by the survival curve, at the last poll */
	uint32_t gain_milli;   /* at the last poll */
	uint32_t is_on;
	uint64_t switched; /* ever */
};

/* 94.5 %, 1/32, 64; q99; on from 15 %, off under 8 %; 256 samples; no least delay; enabled. */
extern const struct hedge_options hedge_options_default;

/* 0 or -EINVAL. */
int hedge_options_check(const struct hedge_options *o);
/* Also forgets everything. Off until there is knowledge. */
void hedge_init(struct hedge *h, const struct hedge_options *o);
/* Other options from now on; what was learned stays. */
void hedge_set_options(struct hedge *h, const struct hedge_options *o);
/* Whether saved bytes can be taken back under these options; if not, init. */
bool hedge_is_sound(const struct hedge *h, const struct hedge_options *o);
/* To be called for each operation's first attempt only: its reply, or how long it had waited when
 * it was cancelled. */
static inline void hedge_on_first(struct hedge *h, uint64_t ns, enum sample_kind kind)
{
	quantile_on_sample(&h->first, ns, kind);
}
/* To be called when latency_poll() has renewed its cache. */
void hedge_poll(struct hedge *h, const struct hedge_options *o, const struct latency *l);
/* Slow part of what follows. */
uint64_t hedge_delay_now_ns(const struct hedge *h, const struct hedge_options *o);
/* How long to wait for the first attempt; UINT64_MAX: no hedge. */
static inline uint64_t hedge_delay_ns(const struct hedge *h, const struct hedge_options *o)
{
	return h->is_on == 0 ? UINT64_MAX : hedge_delay_now_ns(h, o);
}

#endif
