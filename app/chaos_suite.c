/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_suite.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "config/nearest.h"
#include "config/profile.h"

#define FIGURES_NAME "report.yaml"
#define PPM          1000000u

/* In the source tree that the program was built from, or installed. */
static const char *suite_folder(void)
{
	return access(CHAOS_SOURCE "/" FIGURES_NAME, R_OK) == 0 ? CHAOS_SOURCE : CHAOS_INSTALLED;
}

int chaos_suite_init(struct chaos_suite *s, uint64_t second_ns, struct config_error *error)
{
	char path[CHAOS_PATH_BYTES];

	*s = (struct chaos_suite){.second_ns = second_ns};
	snprintf(path, sizeof(path), "%s/%s", suite_folder(), FIGURES_NAME);
	return figures_load(&s->figures, path, error);
}

static int add_path(struct chaos_suite *s, const char *path, bool even_large,
                    struct config_error *error)
{
	struct scenario *to = &s->scenarios[s->scenario_count];

	if (s->scenario_count == CHAOS_SCENARIOS_MAX) {
		snprintf(error->text, sizeof(error->text), "%.400s: one scenario too many", path);
		return -E2BIG;
	}
	int rc = scenario_load(to, path, error);

	if (rc != 0)
		return rc;
	if (to->is_large && !even_large) {
		scenario_finish(to);
		return 0;
	}
	scenario_rescale(to, s->second_ns);
	s->scenario_count++;
	return 0;
}

static int is_scenario(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".yaml") == 0 && strcmp(d->d_name, FIGURES_NAME) != 0;
}

static int add_all(struct chaos_suite *s, struct config_error *error)
{
	struct dirent **names;
	const char *folder = suite_folder();
	int count = scandir(folder, &names, is_scenario, alphasort);
	int rc = 0;

	if (count < 0) {
		rc = -errno;
		snprintf(error->text, sizeof(error->text), "%s: %s", folder, strerror(errno));
		return rc;
	}
	for (int i = 0; i < count; i++) {
		char path[CHAOS_PATH_BYTES];

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		rc = rc == 0 ? add_path(s, path, false, error) : rc;
		free(names[i]);
	}
	free(names);
	return rc;
}

/* Who mistyped a name is told the nearest one. */
static void suggest_scenario(const char *name, struct config_error *error)
{
	struct dirent **names;
	int count = scandir(suite_folder(), &names, is_scenario, alphasort);
	struct nearest n;

	nearest_init(&n, name);
	for (int i = 0; i < count; i++) {
		*strrchr(names[i]->d_name, '.') = '\0';
		nearest_offer(&n, names[i]->d_name);
	}
	snprintf(error->text, sizeof(error->text),
	         "there is no scenario \"%s\"%s%s%s; they are the files of %s, or give a path",
	         name, n.best != NULL ? ", did you mean \"" : "", n.best != NULL ? n.best : "",
	         n.best != NULL ? "\"?" : "", suite_folder());
	for (int i = 0; i < count; i++)
		free(names[i]);
	if (count >= 0)
		free(names);
}

int chaos_suite_find_scenario(const char *name, char path[CHAOS_PATH_BYTES],
                              struct config_error *error)
{
	bool is_path = strchr(name, '/') != NULL || strstr(name, ".yaml") != NULL;

	if (is_path) {
		snprintf(path, CHAOS_PATH_BYTES, "%s", name);
		return 0;
	}
	snprintf(path, CHAOS_PATH_BYTES, "%s/%s.yaml", suite_folder(), name);
	if (access(path, F_OK) == 0)
		return 0;
	suggest_scenario(name, error);
	return -ENOENT;
}

int chaos_suite_add_scenario(struct chaos_suite *s, const char *name, struct config_error *error)
{
	char path[CHAOS_PATH_BYTES];

	if (name == NULL)
		return add_all(s, error);
	int rc = chaos_suite_find_scenario(name, path, error);

	return rc != 0 ? rc : add_path(s, path, true, error);
}

static int add_profile(struct chaos_suite *s, const char *name, struct config_error *error)
{
	if (s->profile_count == CHAOS_PROFILES_MAX) {
		snprintf(error->text, sizeof(error->text), "%s: one profile too many", name);
		return -E2BIG;
	}
	struct resilience_options *o = &s->profiles[s->profile_count];
	int rc = config_profile_load(name, o, error);

	if (rc != 0)
		return rc;
	config_profile_scale(o, s->second_ns);
	s->profile_names[s->profile_count++] = name;
	return 0;
}

int chaos_suite_add_profile(struct chaos_suite *s, const char *name, struct config_error *error)
{
	int rc = 0;

	if (name != NULL && strcmp(name, "all") != 0)
		return add_profile(s, name, error);
	for (uint32_t i = 0; rc == 0 && i < FIGURES_VERSIONS; i++)
		rc = add_profile(s, figures_versions[i], error);
	return rc;
}

static int run_cell(struct chaos_suite *s, uint32_t i, uint32_t k)
{
	struct chaos_cell *cell = &s->cells[i * s->profile_count + k];
	return chaos_run(&(struct chaos_options){.scenario = &s->scenarios[i],
	                                         .profile = &s->profiles[k],
	                                         .profile_name = s->profile_names[k],
	                                         .seed = s->seed},
	                 &cell->result);
}

int chaos_suite_run(struct chaos_suite *s, const struct chaos_progress *progress)
{
	uint32_t all = s->scenario_count * s->profile_count;
	int rc = 0;

	free(s->cells);
	s->cells = calloc(all + 1u, sizeof(*s->cells));
	if (s->cells == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; rc == 0 && i < s->scenario_count; i++)
		for (uint32_t k = 0; rc == 0 && k < s->profile_count; k++) {
			if (progress != NULL)
				progress->tell(progress->to, s->scenarios[i].name,
				               s->profile_names[k], i * s->profile_count + k, all);
			rc = run_cell(s, i, k);
		}
	return rc;
}

void chaos_suite_finish(struct chaos_suite *s)
{
	for (uint32_t i = 0; i < s->scenario_count; i++)
		scenario_finish(&s->scenarios[i]);
	figures_finish(&s->figures);
	free(s->cells);
	*s = (struct chaos_suite){0};
}

const struct chaos_cell *chaos_suite_cell(const struct chaos_suite *s, uint32_t scenario,
                                          uint32_t profile)
{
	assert(scenario < s->scenario_count);
	assert(profile < s->profile_count);
	return &s->cells[scenario * s->profile_count + profile];
}

bool chaos_suite_broken(const struct chaos_suite *s, uint32_t *scenario, uint32_t *profile)
{
	for (*scenario = 0; *scenario < s->scenario_count; (*scenario)++)
		for (*profile = 0; *profile < s->profile_count; (*profile)++)
			if (chaos_suite_cell(s, *scenario, *profile)->result.broken[0] != '\0')
				return true;
	return false;
}

uint64_t chaos_suite_hash(const struct chaos_suite *s)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i < s->scenario_count * s->profile_count; i++)
		hash = XXH3_64bits_withSeed(&s->cells[i].result.hash, sizeof(uint64_t), hash);
	return hash;
}

void chaos_suite_global(const struct chaos_suite *s, uint32_t profile, struct chaos_global *out)
{
	uint64_t weight = 0;
	uint64_t weighted = 0;
	uint64_t sum = 0;
	uint64_t healthy = 0;
	uint64_t components = 0;
	uint32_t count = 0;

	*out = (struct chaos_global){.worst_ppm = PPM};
	for (uint32_t i = 0; i < s->scenario_count; i++) {
		const struct chaos_cell *c = chaos_suite_cell(s, i, profile);
		const struct chaos_result *r = &c->result;
		uint64_t size = r->operations + r->events;

		/* Which modes were visited is no rate of success. */
		if (s->scenarios[i].row[0] == '\0' || s->scenarios[i].score == SCENARIO_MODES)
			continue;
		weight += size;
		weighted += size * r->success_ppm;
		sum += r->success_ppm;
		count++;
		out->worst_ppm = r->success_ppm < out->worst_ppm ? r->success_ppm : out->worst_ppm;
		out->duration_ns += r->done_ns;
		out->cpu_ns += r->cpu_ns;
		out->events += r->events;
		out->memory_bytes =
		        r->memory_bytes > out->memory_bytes ? r->memory_bytes : out->memory_bytes;
		healthy += r->healthy;
		components += r->components;
	}
	if (count == 0)
		return;
	out->weighted_ppm = (uint32_t)(weighted / weight);
	out->mean_ppm = (uint32_t)(sum / count);
	out->active_ppm = (uint32_t)(healthy * PPM / components);
}
