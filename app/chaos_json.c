/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "app/chaos_table.h"

static json_t *number(uint64_t n)
{
	return n == UINT64_MAX ? json_null() : json_integer((json_int_t)n);
}

static json_t *hash_text(uint64_t hash)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	return json_string(text);
}

static json_t *of_services(const struct scenario *s, const struct chaos_result *r)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < s->service_count; i++)
		json_array_append_new(list,
		                      json_pack("{s:s, s:I, s:I, s:I}", "name", s->services[i].name,
		                                "operations", (json_int_t)r->services[i].operations,
		                                "succeeded", (json_int_t)r->services[i].succeeded,
		                                "fallbacks", (json_int_t)r->services[i].fallbacks));
	return list;
}

static json_t *of_classes(const struct chaos_result *r)
{
	static const char *const names[WORK_CLASSES] = {"critical", "normal", "background"};
	json_t *list = json_array();

	for (uint32_t i = 0; i < WORK_CLASSES; i++) {
		const struct chaos_class_result *c = &r->classes[i];

		json_array_append_new(
		        list,
		        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "class", names[i],
		                  "events", (json_int_t)c->events, "in_time",
		                  (json_int_t)c->in_time, "operations", (json_int_t)c->operations,
		                  "succeeded", (json_int_t)c->succeeded, "fallbacks",
		                  (json_int_t)c->fallbacks, "shed", (json_int_t)c->shed));
	}
	return list;
}

static json_t *of_tuning(const struct chaos_result *r)
{
	json_t *tuning = json_object();

	for (uint32_t i = 0; i < TUNING_PARAMETERS; i++)
		json_object_set_new(tuning, tuning_parameter_name((enum tuning_parameter)i),
		                    json_pack("{s:I, s:I}", "changes",
		                              (json_int_t)r->tuning_changes[i], "value",
		                              (json_int_t)r->tuning_value[i]));
	return tuning;
}

static json_t *of_modes(const struct chaos_result *r)
{
	json_t *modes = json_object();

	for (uint32_t i = 0; i < MODE_COUNT; i++)
		json_object_set_new(modes, mode_name((enum mode_id)i),
		                    json_pack("{s:I, s:I}", "entered",
		                              (json_int_t)r->mode_entered[i], "ns",
		                              (json_int_t)r->mode_ns[i]));
	return modes;
}

static json_t *of_result(const struct chaos_result *r)
{
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
	        {"seed", r->seed},
	        {"success_ppm", r->success_ppm},
	        {"events", r->events},
	        {"events_given_up", r->given_up},
	        {"events_processed", r->processed},
	        {"events_in_time", r->in_time},
	        {"operations", r->operations},
	        {"operations_succeeded", r->succeeded},
	        {"operations_fallback", r->fallbacks},
	        {"attempts", r->attempts},
	        {"attempts_overdue", r->overdue},
	        {"attempt_time_ns", r->attempt_ns},
	        {"hedges", r->hedges},
	        {"p50_ns", r->p50_ns},
	        {"p99_ns", r->p99_ns},
	        {"components", r->components},
	        {"components_healthy", r->healthy},
	        {"components_healthy_least", r->healthy_least},
	        {"deaths", r->killed},
	        {"restored", r->restored},
	        {"replayed_events", r->replayed},
	        {"states_equal", r->state_equal},
	        {"recovered_ns", r->recovered_ns},
	        {"mode_transitions", r->mode_transitions},
	        {"forecast_ns", r->forecast_ns},
	        {"failed_ns", r->failed_ns},
	        {"denied_retry", r->denied_retry},
	        {"denied_hedge", r->denied_hedge},
	        {"denied_parallel", r->denied_parallel},
	        {"duration_ns", r->done_ns},
	        {"memory_bytes", r->memory_bytes},
	};
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		json_object_set_new(o, fields[i].name, number(fields[i].value));
	json_object_set_new(o, "modes", of_modes(r));
	json_object_set_new(o, "classes", of_classes(r));
	json_object_set_new(o, "tuning", of_tuning(r));
	json_object_set_new(o, "hash", hash_text(r->hash));
	json_object_set_new(o, "broken",
	                    r->broken[0] == '\0' ? json_null() : json_string(r->broken));
	return o;
}

static json_t *of_cell(const struct chaos_suite *s, uint32_t i, uint32_t k)
{
	const struct chaos_cell *c = chaos_suite_cell(s, i, k);
	char text[CHAOS_CELL_BYTES];
	json_t *o = of_result(&c->result);

	chaos_table_cell(&s->scenarios[i], &c->result, text);
	json_object_set_new(o, "scenario", json_string(s->scenarios[i].name));
	json_object_set_new(o, "profile", json_string(s->profile_names[k]));
	json_object_set_new(o, "result", json_string(text));
	json_object_set_new(o, "report",
	                    json_string(figures_cell(&s->figures, "scenarios", s->scenarios[i].row,
	                                             s->profile_names[k])));
	json_object_set_new(o, "services", of_services(&s->scenarios[i], &c->result));
	json_object_set_new(o, "cpu_ns", number(c->result.cpu_ns));
	return o;
}

static json_t *of_global(const struct chaos_suite *s)
{
	json_t *list = json_array();

	for (uint32_t k = 0; k < s->profile_count; k++) {
		struct chaos_global g;

		chaos_suite_global(s, k, &g);
		json_array_append_new(
		        list,
		        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "profile",
		                  s->profile_names[k], "success_weighted_ppm",
		                  (json_int_t)g.weighted_ppm, "success_mean_ppm",
		                  (json_int_t)g.mean_ppm, "success_worst_ppm",
		                  (json_int_t)g.worst_ppm, "duration_ns", (json_int_t)g.duration_ns,
		                  "active_ppm", (json_int_t)g.active_ppm, "events",
		                  (json_int_t)g.events, "cpu_ns", (json_int_t)g.cpu_ns,
		                  "memory_bytes", (json_int_t)g.memory_bytes));
	}
	return list;
}

static json_t *of_trials(const struct chaos_trials *t)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < chaos_trial_count; i++) {
		if (t->results[i].events == 0)
			continue;
		json_t *o = of_result(&t->results[i]);

		json_object_set_new(o, "group", json_string(chaos_trials[i].group));
		json_object_set_new(o, "name", json_string(chaos_trials[i].name));
		json_object_set_new(o, "scenario", json_string(chaos_trials[i].scenario));
		json_object_set_new(o, "ablation", json_boolean(chaos_trials[i].is_ablation));
		if (chaos_trials[i].is_ablation) {
			enum chaos_metric metric = chaos_trials[i].metric;

			json_object_set_new(o, "measure", json_string(chaos_metric_name(metric)));
			json_object_set_new(o, "with",
			                    number(chaos_metric_value(metric, &t->whole[i])));
			json_object_set_new(o, "without",
			                    number(chaos_metric_value(metric, &t->results[i])));
		}
		json_array_append_new(list, o);
	}
	return list;
}

int chaos_json_print(const struct chaos_suite *s, const struct chaos_trials *t, FILE *out)
{
	json_t *root = json_object();
	json_t *cells = json_array();

	for (uint32_t i = 0; i < s->scenario_count; i++)
		for (uint32_t k = 0; k < s->profile_count; k++)
			json_array_append_new(cells, of_cell(s, i, k));
	json_object_set_new(root, "second_ns", number(s->second_ns));
	json_object_set_new(root, "results", cells);
	json_object_set_new(root, "global", of_global(s));
	if (t != NULL)
		json_object_set_new(root, "trials", of_trials(t));
	json_object_set_new(root, "hash", hash_text(chaos_suite_hash(s)));
	int rc = json_dumpf(root, out, JSON_INDENT(2));

	json_decref(root);
	fputc('\n', out);
	return rc == 0 ? 0 : -EIO;
}
