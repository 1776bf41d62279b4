/* SPDX-License-Identifier: BSD-3-Clause */
#include "resilience/mode_table.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

const struct mode_condition mode_conditions[MODE_CAUSES] = {
        {MODE_CAUSE_FORECAST, MODE_PRE_SAFE, MODE_MEASURE_FORECASTS, MODE_GUARD_NONE, "forecast",
         "services and components forecast to degrade"},
        {MODE_CAUSE_DEGRADED, MODE_PRE_SAFE, MODE_MEASURE_UNHEALTHY_PPM, MODE_GUARD_NONE,
         "degraded", "unhealthy components or services"},
        {MODE_CAUSE_SLOW, MODE_LATENCY, MODE_MEASURE_SLOW_ATTEMPTS, MODE_GUARD_SUCCEEDING, "slow",
         "slow attempts, while attempts succeed"},
        {MODE_CAUSE_UNHEALTHY, MODE_SAFE, MODE_MEASURE_UNHEALTHY_PPM, MODE_GUARD_NONE, "unhealthy",
         "unhealthy components or services"},
        {MODE_CAUSE_BACKLOG, MODE_SAFE, MODE_MEASURE_BACKLOG, MODE_GUARD_NONE, "backlog",
         "backlog of the worst shard"},
        {MODE_CAUSE_RECOVERABLE, MODE_ULTRA, MODE_MEASURE_UNHEALTHY_PPM, MODE_GUARD_RECOVERABLE,
         "recoverable", "unhealthy components or services, while they are recoverable"},
        {MODE_CAUSE_RESTORING, MODE_RECOVERY, MODE_MEASURE_RESTORING, MODE_GUARD_NONE, "restoring",
         "components being restored"},
        {MODE_CAUSE_COLLAPSED, MODE_EMERGENCY, MODE_MEASURE_UNHEALTHY_PPM, MODE_GUARD_NONE,
         "collapsed", "unhealthy components or services"},
        {MODE_CAUSE_STALLED, MODE_EMERGENCY, MODE_MEASURE_IDLE_NS, MODE_GUARD_NONE, "stalled",
         "time without progress, while work waits"},
};

/* admit, budget, checkpoint, parallel, hedge, latency_optimization, probes */
#define AS_ALWAYS                               \
	{                                       \
		1000000, 1000, 1000, 1, 1, 0, 1 \
	}

const struct mode_policy mode_policy_standard = {
        .mode = {
                [MODE_NORMAL] = {.class = {AS_ALWAYS, AS_ALWAYS, AS_ALWAYS}, .publish_milli = 1000},
                [MODE_PRE_SAFE] = {.class = {{1000000, 1000, 500, 1, 1, 0, 1},
                                             {1000000, 1000, 500, 1, 1, 0, 1},
                                             {800000, 1000, 500, 1, 1, 0, 1}},
                                   .publish_milli = 250},
                [MODE_LATENCY] = {.class = {{1000000, 1000, 1000, 2, 1, 1, 1},
                                            {700000, 1000, 1000, 1, 1, 0, 1},
                                            {700000, 1000, 1000, 1, 1, 0, 1}},
                                  .publish_milli = 1000,
                                  .dynamic_timeout = 1},
                [MODE_SAFE] = {.class = {AS_ALWAYS,
                                         {500000, 1000, 1000, 1, 0, 0, 1},
                                         {0, 1000, 1000, 1, 0, 0, 1}},
                               .publish_milli = 1000},
                [MODE_ULTRA] = {.class = {{1000000, 3000, 250, 3, 1, 0, 1},
                                          {1000000, 3000, 250, 2, 1, 0, 1},
                                          {1000000, 3000, 250, 1, 1, 0, 1}},
                                .publish_milli = 1000},
                [MODE_RECOVERY] = {.class = {AS_ALWAYS,
                                             {500000, 1000, 1000, 1, 1, 0, 1},
                                             {0, 1000, 1000, 1, 1, 0, 1}},
                                   .publish_milli = 1000,
                                   .restore_critical_first = 1},
                [MODE_EMERGENCY] = {.class = {AS_ALWAYS,
                                              {0, 1000, 1000, 1, 0, 0, 1},
                                              {0, 1000, 1000, 1, 0, 0, 1}},
                                    .publish_milli = 1000},
        }};

const char *mode_name(enum mode_id id)
{
	switch (id) {
	case MODE_NORMAL:
		return "NORMAL";
	case MODE_PRE_SAFE:
		return "PRE_SAFE";
	case MODE_LATENCY:
		return "LATENCY";
	case MODE_SAFE:
		return "SAFE";
	case MODE_ULTRA:
		return "ULTRA";
	case MODE_RECOVERY:
		return "RECOVERY";
	case MODE_EMERGENCY:
		return "EMERGENCY";
	}
	return "?";
}

const char *mode_cause_name(enum mode_cause cause)
{
	if (cause == MODE_CAUSE_OVER)
		return "over";
	return cause < MODE_CAUSES ? mode_conditions[cause].name : "?";
}

static bool factor_is_good(uint32_t milli)
{
	return milli > 0 && milli <= MODE_FACTOR_MAX;
}

static const char *check_class(const struct mode_class_policy *c)
{
	if (c->admit_ppm > 1000000)
		return "a class is admitted more than whole";
	if (c->parallel < 1 || c->parallel > MODE_PARALLEL_MAX)
		return "parallel attempts are not 1 to 3";
	if (!factor_is_good(c->budget_milli) || !factor_is_good(c->checkpoint_milli))
		return "a factor is 0 or greater than 16";
	if (c->admit_ppm == 0 && c->probes == 0)
		return "a class that is shed does not let probes pass: a mode may never end";
	if (c->hedge > 1 || c->latency_optimization > 1 || c->probes > 1)
		return "a switch is neither 0 nor 1";
	return NULL;
}

const char *mode_policy_check(const struct mode_policy *p)
{
	assert(p != NULL);
	for (uint32_t id = 0; id < MODE_COUNT; id++) {
		const struct mode_policy_row *row = &p->mode[id];
		const char *wrong = NULL;

		for (uint32_t c = 0; c < WORK_CLASSES && wrong == NULL; c++) {
			wrong = check_class(&row->class[c]);
			if (wrong == NULL && c > 0 &&
			    row->class[c].admit_ppm > row->class[c - 1].admit_ppm)
				wrong = "more is admitted of a later class than of an earlier one";
		}
		if (wrong == NULL && !factor_is_good(row->publish_milli))
			wrong = "a factor is 0 or greater than 16";
		if (wrong == NULL && (row->restore_critical_first > 1 || row->dynamic_timeout > 1))
			wrong = "a switch is neither 0 nor 1";
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}
