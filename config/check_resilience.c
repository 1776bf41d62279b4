/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Check of resilience: relations between keys, as far as possible as data. What is blamed is the
 * key that the file gives, else the one of the profile. In the end the machines themselves are
 * asked whether they take the options.
 */
#include "config/load.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEYS "resilience."

struct relation {
	const char *low;
	const char *high;
	bool may_equal;
};

/* Keys of a struct service_options, of a service or of resilience. */
static const struct relation of_service[] = {
        {"breaker.samples", "breaker.window", true},
        {"breaker.clear_at", "breaker.resilient_at", false},
        {"breaker.resilient_at", "breaker.open_at", true},
        {"breaker.ultra_leave", "breaker.ultra_latency", false},
        {"breaker.open", "breaker.open_max", true},
        {"breaker.ramp.start", "breaker.ramp.end", false},
        {"retry.backoff", "retry.backoff_max", true},
        {"hedge.gain_off", "hedge.gain_on", true},
        {"parallel.two_above", "parallel.three_above", true},
        {"health.eject", "health.eject_max", true},
};

/* Keys of a struct resilience_options. */
static const struct relation of_engine[] = {
        {"modes.leave.forecast", "modes.enter.forecast", true},
        {"modes.leave.degraded", "modes.enter.degraded", true},
        {"modes.leave.slow", "modes.enter.slow", true},
        {"modes.leave.unhealthy", "modes.enter.unhealthy", true},
        {"modes.leave.backlog", "modes.enter.backlog", true},
        {"modes.leave.recoverable", "modes.enter.recoverable", true},
        {"modes.leave.restoring", "modes.enter.restoring", true},
        {"modes.leave.collapsed", "modes.enter.collapsed", true},
        {"modes.leave.stalled", "modes.enter.stalled", true},
        {"modes.leave.recoverable_share", "modes.enter.recoverable_share", true},
        {"modes.leave.success", "modes.enter.success", true},
        {"processing.segments_min", "processing.segments_max", true},
        {"processing.parallelism_min", "processing.parallelism_max", true},
        {"tuning.expected_multiplier.min", "tuning.expected_multiplier.max", true},
        {"tuning.expected_multiplier.low", "tuning.expected_multiplier.high", false},
        {"tuning.ultra_latency.min", "tuning.ultra_latency.max", true},
        {"tuning.resilient_at.min", "tuning.resilient_at.max", true},
        {"tuning.hedge_quantile.min", "tuning.hedge_quantile.max", true},
        {"tuning.hedge_quantile.low", "tuning.hedge_quantile.high", false},
};

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

struct scope {            /* whose options are looked at */
	const char *path; /* "resilience", "services[2]" */
	const void *base;
};

static bool is_given(struct load *l, const struct tree_node *root, const struct scope *s,
                     const char *key)
{
	snprintf(l->path, sizeof(l->path), "%s.%s", s->path, key);
	return root != NULL && tree_at(root, l->path) != NULL;
}

/* Sets the path that the error is about: of two keys the one that stands in the file, else in the
 * profile, else the first. Whose line it is. */
static const struct report *blame(struct load *l, const struct scope *s, const char *key,
                                  const char *other, uint32_t *line)
{
	bool in_file = is_given(l, l->root, s, other) || is_given(l, l->root, s, key);
	bool in_profile =
	        !in_file && (is_given(l, l->profile, s, other) || is_given(l, l->profile, s, key));
	const struct tree_node *root = in_profile ? l->profile : l->root;

	if (!is_given(l, root, s, key) && is_given(l, root, s, other))
		key = other;
	snprintf(l->path, sizeof(l->path), "%s.%s", s->path, key);
	*line = tree_line(root, l->path);
	return in_profile ? &l->profile_report : &l->report;
}

static const struct option *row_of(const char *key)
{
	char path[LOAD_PATH_BYTES];

	snprintf(path, sizeof(path), KEYS "%s", key);
	const struct option *o = option_find(path);

	assert(o != NULL);
	return o;
}

static int check_relations(struct load *l, const struct scope *s, const struct relation *relations,
                           size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct relation *r = &relations[i];
		const struct option *low = row_of(r->low);
		const struct option *high = row_of(r->high);
		uint64_t a = store_read_number(low, s->base);
		uint64_t b = store_read_number(high, s->base);
		char low_text[VALUE_TEXT_BYTES];
		char high_text[VALUE_TEXT_BYTES];
		uint32_t line;

		if (a < b || (r->may_equal && a == b))
			continue;
		option_value_text(low, s->base, low_text);
		option_value_text(high, s->base, high_text);
		const struct report *report = blame(l, s, r->low, r->high, &line);

		return report_error(report, line, l->path,
		                    "%s is %s, %s is %s; the first is %s the second", r->low,
		                    low_text, r->high, high_text,
		                    r->may_equal ? "at most" : "less than");
	}
	return 0;
}

static int check_breaker(struct load *l, const struct scope *s, const struct breaker_options *o)
{
	const uint32_t half_open = BREAKER_BIT(BREAKER_HALF_OPEN);
	uint32_t line;

	if ((o->states & half_open) != 0 && (o->states & BREAKER_BIT(BREAKER_OPEN)) == 0) {
		const struct report *r = blame(l, s, "breaker.states", "breaker.states", &line);

		return report_error(r, line, l->path,
		                    "half_open without open, from which alone it is entered; both");
	}
	if (o->ultra_min > 1u << o->latency_shift) {
		const struct report *r =
		        blame(l, s, "breaker.ultra_samples", "breaker.latency_shift", &line);

		return report_error(r, line, l->path,
		                    "ultra_samples is %u, and the mean is over 2^latency_shift = "
		                    "%u; at most as many",
		                    o->ultra_min, 1u << o->latency_shift);
	}
	return 0;
}

static int check_service(struct load *l, const struct scope *s, const struct service_options *o)
{
	const struct scope inner = {.path = s->path, .base = o};
	int status = check_relations(l, &inner, of_service, COUNT_OF(of_service));

	status = status != 0 ? status : check_breaker(l, s, &o->breaker);
	if (status != 0)
		return status;
	const char *why = service_options_check(o);

	why = why != NULL ? why : forecast_options_check(&o->forecast);
	if (why == NULL)
		return 0;
	snprintf(l->path, sizeof(l->path), "%s", s->path);
	return report_error(&l->report, tree_line(l->root, l->path), l->path,
	                    "does not fit together; %s", why);
}

/* Whatever is let in of a class is let in of those before it. */
static int check_policy(struct load *l, const struct scope *s, const struct resilience_options *o)
{
	static const char *const modes[MODE_COUNT] = {"normal", "pre_safe", "latency",  "safe",
	                                              "ultra",  "recovery", "emergency"};
	char key[64];
	uint32_t line;

	for (uint32_t i = 0; i < MODE_COUNT; i++) {
		const struct mode_class_policy *class = o->policy.mode[i].class;

		if (class[WORK_NORMAL].admit_ppm <= class[WORK_CRITICAL].admit_ppm &&
		    class[WORK_BACKGROUND].admit_ppm <= class[WORK_NORMAL].admit_ppm)
			continue;
		snprintf(key, sizeof(key), "modes.policy.%s.admit", modes[i]);
		const struct report *r = blame(l, s, key, key, &line);

		return report_error(r, line, l->path,
		                    "lets in more of a later class; critical, normal, background, "
		                    "each at most the one before");
	}
	return 0;
}

static int check_tuning(struct load *l, const struct scope *s, const struct resilience_options *o)
{
	static const struct {
		const char *name;
		const char *tuned;
	} rules[TUNING_PARAMETERS] = {
	        [TUNING_LATENCY_MULTIPLIER] = {"tuning.expected_multiplier",
	                                       "timeout.expected_multiplier"},
	        [TUNING_ULTRA_LATENCY] = {"tuning.ultra_latency", "breaker.ultra_latency"},
	        [TUNING_RESILIENT_AT] = {"tuning.resilient_at", "breaker.resilient_at"},
	        [TUNING_HEDGE_QUANTILE] = {"tuning.hedge_quantile", "hedge.quantile"},
	};
	uint32_t line;

	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++) {
		const struct tuning_rule *rule = &o->tuning.rule[i];
		char text[VALUE_TEXT_BYTES];

		if (rule->min <= rule->initial && rule->initial <= rule->max)
			continue;
		option_value_text(row_of(rules[i].tuned), &o->service, text);
		const struct report *r = blame(l, s, rules[i].name, rules[i].tuned, &line);

		return report_error(r, line, l->path,
		                    "%s begins at %s, which is not between min and max; within "
		                    "them",
		                    rules[i].tuned, text);
	}
	return 0;
}

static int check_engine(struct load *l)
{
	const struct resilience_options *o = &l->config->resilience;
	const struct scope s = {.path = "resilience", .base = o};
	int status = check_relations(l, &s, of_engine, COUNT_OF(of_engine));

	status = status != 0 ? status : check_policy(l, &s, o);
	status = status != 0 ? status : check_tuning(l, &s, o);
	status = status != 0 ? status : check_service(l, &s, &o->service);
	if (status != 0)
		return status;
	const char *why = mode_policy_check(&o->policy);

	why = why != NULL ? why : mode_options_check(&o->mode);
	why = why != NULL ? why : tuning_options_check(&o->tuning);
	snprintf(l->path, sizeof(l->path), "resilience");
	return why == NULL ? 0
	                   : report_error(&l->report, tree_line(l->root, l->path), l->path,
	                                  "does not fit together; %s", why);
}

/* Each node once: two attempts at once go to two of them. */
static int check_nodes(struct load *l, uint32_t service)
{
	const struct config_service *s = &l->config->services[service];

	snprintf(l->path, sizeof(l->path), "services[%" PRIu32 "].nodes", service);
	for (uint32_t i = 1; i < s->options.nodes; i++)
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(s->nodes[i], s->nodes[j]) == 0)
				return report_error(&l->report, tree_line(l->root, l->path),
				                    l->path, "\"%s\" stands twice; each node once",
				                    report_quote(s->nodes[i]).text);
	return 0;
}

int check_resilience(struct load *l)
{
	int status = check_engine(l);

	for (uint32_t i = 0; status == 0 && i < l->config->service_count; i++) {
		char path[64];
		const struct scope s = {.path = path, .base = &l->config->services[i]};

		snprintf(path, sizeof(path), "services[%" PRIu32 "]", i);
		status = check_nodes(l, i);
		status = status != 0 ? status
		                     : check_service(l, &s, &l->config->services[i].options);
	}
	return status;
}
