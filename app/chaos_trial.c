/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_trial.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "app/chaos_suite.h"
#include "config/profile.h"

#define PROFILE "ultimate"

static const struct {
	const char *name;
	bool more_is_worse;
} metrics[] = {
        [CHAOS_SUCCESS] = {"success, ppm", false},
        [CHAOS_IN_TIME] = {"events in time", false},
        [CHAOS_P99] = {"p99, us", true},
        [CHAOS_REQUESTS] = {"requests", true},
        [CHAOS_OVERDUE] = {"waits in vain", true},
        [CHAOS_CRITICAL] = {"critical, us", true},
        [CHAOS_CRITICAL_SUCCESS] = {"critical answers", false},
};

const char *chaos_metric_name(enum chaos_metric metric)
{
	assert(metric <= CHAOS_CRITICAL_SUCCESS);
	return metrics[metric].name;
}

uint64_t chaos_metric_value(enum chaos_metric metric, const struct chaos_result *r)
{
	switch (metric) {
	case CHAOS_SUCCESS:
		return r->success_ppm;
	case CHAOS_IN_TIME:
		return r->in_time;
	case CHAOS_P99:
		return r->p99_ns / 1000;
	case CHAOS_REQUESTS:
		return r->attempts;
	case CHAOS_OVERDUE:
		return r->overdue;
	case CHAOS_CRITICAL:
		return r->critical_ns / (r->critical + 1) / 1000;
	case CHAOS_CRITICAL_SUCCESS:
		return r->classes[WORK_CRITICAL].succeeded;
	}
	return 0;
}

bool chaos_trial_is_worse(enum chaos_metric metric, const struct chaos_result *a,
                          const struct chaos_result *b)
{
	uint64_t x = chaos_metric_value(metric, a);
	uint64_t y = chaos_metric_value(metric, b);

	return metrics[metric].more_is_worse ? x > y : x < y;
}

struct setting {
	uint64_t second_ns;
	uint64_t seed;
	const struct chaos_trial *trial;
	bool is_changed; /* false: `ultimate` as it is, in the trial's scenario */
};

static int run_one(const struct setting *x, struct chaos_result *result, struct config_error *error)
{
	const struct chaos_trial *trial = x->trial;
	struct resilience_options options;
	struct scenario s;
	char path[CHAOS_PATH_BYTES];
	int rc = config_profile_load(PROFILE, &options, error);

	if (rc == 0)
		rc = chaos_suite_find_scenario(trial->scenario, path, error);
	if (rc == 0)
		rc = scenario_load(&s, path, error);
	if (rc != 0)
		return rc;
	scenario_rescale(&s, x->second_ns);
	if (x->is_changed)
		trial->change(&options, trial->value);
	config_profile_scale(&options, x->second_ns);
	rc = chaos_run(&(struct chaos_options){.scenario = &s,
	                                       .profile = &options,
	                                       .profile_name = PROFILE,
	                                       .seed = x->seed},
	               result);
	scenario_finish(&s);
	if (rc != 0)
		snprintf(error->text, sizeof(error->text), "%s: %s", trial->name, strerror(-rc));
	return rc;
}

/* What an ablation is compared with: run once for each scenario. */
static int run_whole(struct chaos_trials *t, uint32_t i, const struct setting *x,
                     struct config_error *error)
{
	struct setting whole = *x;

	whole.is_changed = false;
	for (uint32_t k = 0; k < i; k++)
		if (t->whole[k].events > 0 &&
		    strcmp(chaos_trials[k].scenario, chaos_trials[i].scenario) == 0) {
			t->whole[i] = t->whole[k];
			return 0;
		}
	return run_one(&whole, &t->whole[i], error);
}

int chaos_trials_run(struct chaos_trials *t, const char *group, uint64_t second_ns, uint64_t seed,
                     const struct chaos_progress *progress, struct config_error *error)
{
	int rc = 0;

	*t = (struct chaos_trials){0};
	assert(second_ns >= 1000);
	for (uint32_t i = 0; rc == 0 && i < chaos_trial_count; i++) {
		struct setting x = {second_ns, seed, &chaos_trials[i], true};

		if (group != NULL && strcmp(group, chaos_trials[i].group) != 0)
			continue;
		if (progress != NULL)
			progress->tell(progress->to, chaos_trials[i].group, chaos_trials[i].name, i,
			               chaos_trial_count);
		rc = run_one(&x, &t->results[i], error);
		if (rc == 0 && chaos_trials[i].is_ablation)
			rc = run_whole(t, i, &x, error);
		t->count++;
	}
	return rc;
}
