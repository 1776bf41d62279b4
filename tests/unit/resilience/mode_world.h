/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tests of modes share: the rules of docs/resilience/modes.md written a second time, as
 * plain ifs instead of a table; all combinations of facts that the rules can tell apart; the
 * profiles' sets of modes.
 */
#ifndef TESTS_UNIT_RESILIENCE_MODE_WORLD_H
#define TESTS_UNIT_RESILIENCE_MODE_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "resilience/mode.h"

#define BACKLOG_LIMIT 100u

/* Sets of modes: of the five profiles, and some that are odd. */
static const uint32_t mode_sets[] = {
        MODE_BIT(MODE_NORMAL),
        MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_SAFE),
        MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_PRE_SAFE) | MODE_BIT(MODE_SAFE),
        MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_SAFE) | MODE_BIT(MODE_ULTRA),
        MODE_ALL,
        MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_EMERGENCY),
        MODE_BIT(MODE_NORMAL) | MODE_BIT(MODE_LATENCY) | MODE_BIT(MODE_RECOVERY),
};

#define MODE_SETS (sizeof(mode_sets) / sizeof(mode_sets[0]))

/* Facts as the rules see them; components stand for both kinds, in thousandths. */
struct seen {
	uint32_t unhealthy;
	uint32_t forecasts;
	uint32_t backlog;
	uint32_t restoring;
	uint32_t slow;
	uint32_t succeeded;   /* of 1000 attempts */
	uint32_t recoverable; /* of the unhealthy, thousandths */
};

static const uint32_t seen_unhealthy[] = {0, 50, 100, 200, 300, 400, 500, 700, 800};
static const uint32_t seen_backlog[] = {0, BACKLOG_LIMIT / 2, BACKLOG_LIMIT};
static const uint32_t seen_slow[] = {0, 2, 3};
static const uint32_t seen_succeeded[] = {799, 800, 900};
static const uint32_t seen_recoverable[] = {390, 400, 500};

#define SEEN_COUNT (9u * 2 * 3 * 2 * 3 * 3 * 3)

static inline struct seen seen_at(uint32_t i)
{
	struct seen s;

	s.unhealthy = seen_unhealthy[i % 9];
	i /= 9;
	s.forecasts = i % 2;
	i /= 2;
	s.backlog = seen_backlog[i % 3];
	i /= 3;
	s.restoring = i % 2;
	i /= 2;
	s.slow = seen_slow[i % 3];
	i /= 3;
	s.succeeded = seen_succeeded[i % 3];
	i /= 3;
	s.recoverable = seen_recoverable[i % 3];
	return s;
}

static inline struct mode_facts facts_of(const struct seen *s)
{
	return (struct mode_facts){
	        .components = 1000,
	        .components_unhealthy = s->unhealthy,
	        .components_with_image = s->unhealthy * s->recoverable / 1000,
	        .services = 1000,
	        .forecasts = s->forecasts,
	        .restoring = s->restoring,
	        .backlog = s->backlog,
	        .attempts = 1000,
	        .attempts_succeeded = s->succeeded,
	        .attempts_slow = s->slow,
	};
}

/* Which causes hold a mode (`stays`: by the lower thresholds), as bits. `idle` in the unit of the
 * limits. */
static inline uint32_t causes_expected(const struct seen *s, uint64_t idle, uint64_t idle_enter,
                                       uint64_t idle_leave, bool stays)
{
	uint32_t c = 0;

	if (s->forecasts >= 1)
		c |= 1u << MODE_CAUSE_FORECAST;
	if (s->unhealthy >= (stays ? 50 : 100))
		c |= 1u << MODE_CAUSE_DEGRADED;
	if (s->slow >= (stays ? 2 : 3) && s->succeeded >= (stays ? 800 : 900))
		c |= 1u << MODE_CAUSE_SLOW;
	if (s->unhealthy >= (stays ? 200 : 300))
		c |= 1u << MODE_CAUSE_UNHEALTHY;
	if (s->backlog >= (stays ? BACKLOG_LIMIT / 2 : BACKLOG_LIMIT))
		c |= 1u << MODE_CAUSE_BACKLOG;
	if (s->unhealthy >= (stays ? 400 : 500) && s->recoverable >= (stays ? 400 : 500))
		c |= 1u << MODE_CAUSE_RECOVERABLE;
	if (s->restoring >= 1)
		c |= 1u << MODE_CAUSE_RESTORING;
	if (s->unhealthy >= (stays ? 700 : 800))
		c |= 1u << MODE_CAUSE_COLLAPSED;
	if (idle >= (stays ? idle_leave : idle_enter))
		c |= 1u << MODE_CAUSE_STALLED;
	return c;
}

/* Bits of the causes that belong to a mode. */
static inline uint32_t causes_of_mode(enum mode_id id)
{
	switch (id) {
	case MODE_NORMAL:
		return 0;
	case MODE_PRE_SAFE:
		return 1u << MODE_CAUSE_FORECAST | 1u << MODE_CAUSE_DEGRADED;
	case MODE_LATENCY:
		return 1u << MODE_CAUSE_SLOW;
	case MODE_SAFE:
		return 1u << MODE_CAUSE_UNHEALTHY | 1u << MODE_CAUSE_BACKLOG;
	case MODE_ULTRA:
		return 1u << MODE_CAUSE_RECOVERABLE;
	case MODE_RECOVERY:
		return 1u << MODE_CAUSE_RESTORING;
	case MODE_EMERGENCY:
		return 1u << MODE_CAUSE_COLLAPSED | 1u << MODE_CAUSE_STALLED;
	}
	return 0;
}

/* Precedence, highest first. */
static const enum mode_id precedence[MODE_COUNT] = {MODE_EMERGENCY, MODE_RECOVERY, MODE_ULTRA,
                                                    MODE_SAFE,      MODE_LATENCY,  MODE_PRE_SAFE,
                                                    MODE_NORMAL};

/* The mode that is wanted in `id`, of which the causes `held` held it so far. */
static inline enum mode_id wanted_expected(uint32_t set, enum mode_id id, uint32_t held,
                                           uint32_t enters, uint32_t stays)
{
	for (uint32_t i = 0; i < MODE_COUNT; i++) {
		enum mode_id at = precedence[i];
		uint32_t own = causes_of_mode(at);

		if ((set & MODE_BIT(at)) == 0)
			continue;
		if ((enters & own) != 0 || (at == id && (stays & held & own) != 0))
			return at;
	}
	return MODE_NORMAL;
}

#endif
