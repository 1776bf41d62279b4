/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/tuning.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "resilience/event.h"

#define PPM       1000000u
#define PPB       1000000000u
#define SHIFT_MAX 16u

void tuning_options_standard(struct tuning_options *o, uint64_t interval_ns,
                             uint64_t ultra_latency_ns)
{
	assert(ultra_latency_ns >= 20);
	*o = (struct tuning_options){
	        .rule = {[TUNING_LATENCY_MULTIPLIER] = {.initial = 2500,
	                                                .min = 1000,
	                                                .max = 5000,
	                                                .step_ppm = 50000,
	                                                .samples_min = 5000,
	                                                .low_ppm = 200,
	                                                .high_ppm = 1000},
	                 [TUNING_ULTRA_LATENCY] = {.initial = ultra_latency_ns,
	                                           .min = ultra_latency_ns / 20,
	                                           .max = ultra_latency_ns,
	                                           .step_ppm = 100000,
	                                           .samples_min = 1000,
	                                           .low_ppm = 100000,
	                                           .factor_milli = 4000},
	                 [TUNING_RESILIENT_AT] = {.initial = 100000,
	                                          .min = 50000,
	                                          .max = 250000,
	                                          .step_ppm = 100000,
	                                          .samples_min = 1000,
	                                          .low_ppm = 100000,
	                                          .factor_milli = 5000},
	                 [TUNING_HEDGE_QUANTILE] = {.initial = 950000,
	                                            .min = 900000,
	                                            .max = 990000,
	                                            .step_ppm = 100000,
	                                            .samples_min = 200,
	                                            .low_ppm = 50000,
	                                            .high_ppm = 200000,
	                                            .extra_max_ppm = 50000}},
	        .level_shift = 6,
	};
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		o->rule[i].interval_ns = interval_ns;
		o->rule[i].automatic = true;
	}
}

static bool follows_level(enum tuning_parameter p)
{
	switch (p) {
	case TUNING_ULTRA_LATENCY:
	case TUNING_RESILIENT_AT:
		return true;
	case TUNING_LATENCY_MULTIPLIER:
	case TUNING_HEDGE_QUANTILE:
		return false;
	}
	return false;
}

static const char *check_rule(const struct tuning_rule *r, enum tuning_parameter p)
{
	if (r->min == 0 || r->max > UINT64_MAX / 2)
		return "min and max: more than 0, less than 2^63";
	if (r->min > r->initial || r->initial > r->max)
		return "the initial value is not between min and max";
	if (p == TUNING_HEDGE_QUANTILE && r->max >= PPM)
		return "hedge_quantile: max is below 1000000 ppm";
	if (!r->automatic)
		return NULL;
	if (r->step_ppm == 0 || r->step_ppm >= PPM)
		return "step: more than 0, less than 1000000 ppm";
	if (r->samples_min == 0)
		return "samples_min: 1 or more";
	if (follows_level(p))
		return r->factor_milli > 0 ? NULL : "factor: more than 0";
	return r->low_ppm < r->high_ppm ? NULL : "low is below high";
}

const char *tuning_options_check(const struct tuning_options *o)
{
	assert(o != NULL);
	if (o->level_shift > SHIFT_MAX)
		return "level_shift: 0 to 16";
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		const char *wrong = check_rule(&o->rule[i], (enum tuning_parameter)i);

		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

int tuning_init(struct tuning *t, const struct tuning_options *o, uint64_t now_ns)
{
	if (tuning_options_check(o) != NULL)
		return -EINVAL;
	memset(t, 0, sizeof(*t));
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		t->parameter[i].value = o->rule[i].initial;
		t->parameter[i].changed_ns = now_ns;
		t->parameter[i].reason = TUNING_NONE;
	}
	return 0;
}

/* value x part / whole in two parts, as the product may not fit; saturates. */
static uint64_t scaled(uint64_t value, uint64_t part, uint64_t whole)
{
	uint64_t high = value / whole;

	if (part != 0 && high > (UINT64_MAX >> 1) / part)
		return UINT64_MAX >> 1;
	return high * part + value % whole * part / whole;
}

/* part / whole in units of 1 / unit, at most `unit`. */
static uint64_t share(uint64_t part, uint64_t whole, uint64_t unit)
{
	if (whole == 0)
		return 0;
	if (part >= whole)
		return unit;
	while (part > UINT64_MAX / unit) {
		part >>= 1;
		whole >>= 1;
	}
	return part * unit / whole;
}

static uint64_t step_of(uint64_t value, const struct tuning_rule *r)
{
	uint64_t step = scaled(value, r->step_ppm, PPM);

	return step == 0 ? 1 : step;
}

static uint64_t within(uint64_t value, const struct tuning_rule *r)
{
	return value < r->min ? r->min : value > r->max ? r->max : value;
}

/* A rule's answer: the value it wants next, and why; TUNING_NONE: the value stays. */
struct wish {
	uint64_t value;
	enum tuning_reason why;
};

static struct wish wish_multiplier(const struct tuning_value *v, const struct tuning_rule *r)
{
	uint64_t spurious_ppm = share(v->hits, v->samples, PPM);

	if (spurious_ppm > r->high_ppm)
		return (struct wish){within(v->value + step_of(v->value, r), r),
		                     TUNING_SPURIOUS_MANY};
	if (spurious_ppm < r->low_ppm)
		return (struct wish){within(v->value - step_of(v->value, r), r),
		                     TUNING_SPURIOUS_FEW};
	return (struct wish){v->value, TUNING_NONE};
}

static struct wish wish_level(const struct tuning_value *v, const struct tuning_rule *r,
                              uint64_t level, enum tuning_reason why)
{
	uint64_t target = within(scaled(level, r->factor_milli, 1000), r);
	uint64_t band = scaled(v->value, r->low_ppm, PPM);
	uint64_t step = step_of(v->value, r);
	uint64_t away = target > v->value ? target - v->value : v->value - target;

	if (away <= band)
		return (struct wish){v->value, TUNING_NONE};
	step = away < step ? away : step;
	return (struct wish){target > v->value ? v->value + step : v->value - step, why};
}

static struct wish wish_quantile(const struct tuning_value *v, const struct tuning_rule *r)
{
	uint64_t step = step_of(PPM - v->value, r);
	uint64_t won_ppm = share(v->hits, v->samples, PPM);
	uint64_t extra_ppm = share(v->samples, v->base, PPM);

	if (extra_ppm > r->extra_max_ppm)
		return (struct wish){within(v->value + step, r), TUNING_HEDGES_COSTLY};
	if (won_ppm < r->low_ppm)
		return (struct wish){within(v->value + step, r), TUNING_HEDGES_LOSE};
	/* A wider tail means as many more hedges: only if they would still be few enough. */
	if (won_ppm > r->high_ppm &&
	    extra_ppm + scaled(extra_ppm, r->step_ppm, PPM) <= r->extra_max_ppm)
		return (struct wish){within(v->value - step, r), TUNING_HEDGES_WIN};
	return (struct wish){v->value, TUNING_NONE};
}

static struct wish wish_of(const struct tuning *t, const struct tuning_options *o,
                           enum tuning_parameter p)
{
	const struct tuning_value *v = &t->parameter[p];
	const struct tuning_rule *r = &o->rule[p];

	switch (p) {
	case TUNING_LATENCY_MULTIPLIER:
		return wish_multiplier(v, r);
	case TUNING_ULTRA_LATENCY:
		return wish_level(v, r, t->latency_level_ns, TUNING_LATENCY_LEVEL);
	case TUNING_RESILIENT_AT:
		return wish_level(v, r, t->failure_level_ppb / 1000, TUNING_FAILURE_LEVEL);
	case TUNING_HEDGE_QUANTILE:
		return wish_quantile(v, r);
	}
	assert(false);
	return (struct wish){v->value, TUNING_NONE};
}

static uint64_t follow(uint64_t level, uint64_t seen, uint32_t shift)
{
	return seen > level ? level + ((seen - level) >> shift) : level - ((level - seen) >> shift);
}

static void learn_levels(struct tuning *t, const struct tuning_options *o,
                         const struct tuning_observation *seen)
{
	if (seen->latency_ns > 0) {
		/* A level is never 0, which would mean that none is known. */
		uint64_t level_ns =
		        t->latency_level_ns == 0
		                ? seen->latency_ns
		                : follow(t->latency_level_ns, seen->latency_ns, o->level_shift);

		t->latency_level_ns = level_ns == 0 ? 1 : level_ns;
		t->parameter[TUNING_ULTRA_LATENCY].samples += seen->attempts;
	}
	if (seen->attempts > 0) {
		uint64_t failures =
		        seen->failures < seen->attempts ? seen->failures : seen->attempts;
		uint64_t ppb = scaled(PPB, failures, seen->attempts);

		t->failure_level_ppb = t->failures_known != 0
		                               ? follow(t->failure_level_ppb, ppb, o->level_shift)
		                               : ppb;
		t->failures_known = 1;
		t->parameter[TUNING_RESILIENT_AT].samples += seen->attempts;
	}
}

static void gather(struct tuning *t, const struct tuning_options *o,
                   const struct tuning_observation *seen)
{
	struct tuning_value *multiplier = &t->parameter[TUNING_LATENCY_MULTIPLIER];
	struct tuning_value *quantile = &t->parameter[TUNING_HEDGE_QUANTILE];

	multiplier->samples += seen->attempts;
	multiplier->hits += seen->spurious;
	quantile->samples += seen->hedges;
	quantile->hits += seen->hedges_won;
	quantile->base += seen->operations;
	if (seen->calm)
		learn_levels(t, o, seen);
}

/* True: it changed. */
static bool decide(struct tuning *t, const struct tuning_options *o, enum tuning_parameter p,
                   uint64_t now_ns, struct event_ring *events)
{
	struct tuning_value *v = &t->parameter[p];
	const struct tuning_rule *r = &o->rule[p];

	assert(now_ns >= v->changed_ns);
	if (!r->automatic || v->samples < r->samples_min || now_ns - v->changed_ns < r->interval_ns)
		return false;
	struct wish w = wish_of(t, o, p);

	v->samples = 0;
	v->hits = 0;
	v->base = 0;
	assert(w.value >= r->min);
	assert(w.value <= r->max);
	if (w.value == v->value)
		return false;
	event_push(events, &(struct event){.time_ns = now_ns,
	                                   .subject = o->subject,
	                                   .kind = EVENT_TUNING,
	                                   .from = (uint8_t)p,
	                                   .to = (uint8_t)p,
	                                   .reason = (uint8_t)w.why,
	                                   .value = w.value,
	                                   .detail = v->value});
	v->value = w.value;
	v->changed_ns = now_ns;
	v->reason = (uint32_t)w.why;
	v->changes++;
	return true;
}

uint32_t tuning_observe(struct tuning *t, const struct tuning_options *o,
                        const struct tuning_observation *seen, uint64_t now_ns,
                        struct event_ring *events)
{
	uint32_t changed = 0;

	if (t->frozen != 0)
		return 0;
	gather(t, o, seen);
	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++)
		if (decide(t, o, (enum tuning_parameter)i, now_ns, events))
			changed |= 1u << i;
	return changed;
}

void tuning_freeze(struct tuning *t, bool frozen)
{
	t->frozen = frozen ? 1 : 0;
}

const char *tuning_parameter_name(enum tuning_parameter p)
{
	switch (p) {
	case TUNING_LATENCY_MULTIPLIER:
		return "latency_multiplier";
	case TUNING_ULTRA_LATENCY:
		return "ultra_latency";
	case TUNING_RESILIENT_AT:
		return "resilient_at";
	case TUNING_HEDGE_QUANTILE:
		return "hedge_quantile";
	}
	return "?";
}

const char *tuning_reason_name(enum tuning_reason r)
{
	switch (r) {
	case TUNING_NONE:
		return "none";
	case TUNING_SPURIOUS_MANY:
		return "spurious_many";
	case TUNING_SPURIOUS_FEW:
		return "spurious_few";
	case TUNING_LATENCY_LEVEL:
		return "latency_level";
	case TUNING_FAILURE_LEVEL:
		return "failure_level";
	case TUNING_HEDGES_WIN:
		return "hedges_win";
	case TUNING_HEDGES_LOSE:
		return "hedges_lose";
	case TUNING_HEDGES_COSTLY:
		return "hedges_costly";
	}
	return "?";
}
