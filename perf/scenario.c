/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The walk: lists of services first, since the others call them by name; then every part along the
 * table of keys.
 */
#include "perf/scenario.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/arena.h"
#include "config/nearest.h"
#include "config/report.h"
#include "config/tree.h"
#include "perf/scenario_keys.h"
#include "perf/scenario_value.h"

struct place { /* a mapping of the file and the struct that it fills */
	enum scenario_part part;
	uint32_t index;
	const struct tree_node *node;
	void *base;
};

static void set_path(struct scenario_loader *l, const struct place *p, const char *key)
{
	if (p->part == SCENARIO_TOP)
		snprintf(l->path, sizeof(l->path), "%s", key);
	else
		snprintf(l->path, sizeof(l->path), "%s[%" PRIu32 "].%s", scenario_part_key(p->part),
		         p->index, key);
}

static int take_fallback(struct scenario_loader *l, const struct scenario_key *k,
                         const struct place *p)
{
	struct tree_node n = {
	        .kind = TREE_SCALAR, .line = p->node->line, .text = k->fallback, .quoted = true};

	if (k->fallback == NULL)
		return scenario_refuse(l, k, p->node->line, "is missing");
	if (k->fallback[0] == '\0' && k->type != SCENARIO_TEXT && k->type != SCENARIO_NAMES) {
		scenario_store(k, p->base, SCENARIO_NONE);
		return 0;
	}
	return scenario_take(l, k, &n, p->base);
}

static bool is_list_key(const struct place *p, const char *key)
{
	if (p->part != SCENARIO_TOP)
		return false;
	for (enum scenario_part part = SCENARIO_SERVICE; part <= SCENARIO_FAULT; part++)
		if (strcmp(scenario_part_key(part), key) == 0)
			return true;
	return false;
}

static int unknown_key(struct scenario_loader *l, const struct place *p, const struct tree_node *n)
{
	struct nearest near;

	nearest_init(&near, n->key);
	for (uint32_t i = 0; i < scenario_key_count; i++)
		if (scenario_keys[i].part == p->part)
			nearest_offer(&near, scenario_keys[i].name);
	for (enum scenario_part part = SCENARIO_SERVICE; part <= SCENARIO_FAULT; part++)
		if (p->part == SCENARIO_TOP)
			nearest_offer(&near, scenario_part_key(part));
	set_path(l, p, report_quote(n->key).text);
	return near.best == NULL
	               ? report_error(l->report, n->key_line, l->path, "there is no such key")
	               : report_error(l->report, n->key_line, l->path,
	                              "there is no such key; did you mean \"%s\"?", near.best);
}

static int fill(struct scenario_loader *l, const struct place *p)
{
	int rc = 0;

	if (p->node->kind != TREE_MAPPING)
		return report_error(l->report, p->node->line, "yaml", "is not a mapping of keys");
	for (const struct tree_node *n = p->node->first; rc == 0 && n != NULL; n = n->next) {
		const struct scenario_key *k = scenario_key_find(p->part, n->key);

		if (is_list_key(p, n->key))
			continue;
		set_path(l, p, n->key);
		rc = k == NULL ? unknown_key(l, p, n) : scenario_take(l, k, n, p->base);
	}
	for (uint32_t i = 0; rc == 0 && i < scenario_key_count; i++) {
		const struct scenario_key *k = &scenario_keys[i];

		if (k->part != p->part || tree_member(p->node, k->name) != NULL)
			continue;
		set_path(l, p, k->name);
		rc = take_fallback(l, k, p);
	}
	return rc;
}

struct list { /* of the scenario */
	enum scenario_part part;
	uint8_t *items;
	size_t item_bytes;
	uint32_t *count;
	uint32_t max;
};

static int list_node(struct scenario_loader *l, const struct list *to, const struct tree_node **out)
{
	const char *key = scenario_part_key(to->part);
	const struct tree_node *n = tree_member(l->root, key);

	*out = n;
	if (n == NULL)
		return 0;
	if (n->kind != TREE_LIST)
		return report_error(l->report, n->line, key, "is no list");
	if (n->count > to->max)
		return report_error(l->report, n->line, key,
		                    "has %" PRIu32 " items; up to %" PRIu32, n->count, to->max);
	*to->count = n->count;
	return 0;
}

static int fill_list(struct scenario_loader *l, const struct list *to)
{
	const struct tree_node *n;
	uint32_t index = 0;
	int rc = list_node(l, to, &n);

	for (const struct tree_node *i = n == NULL ? NULL : n->first; rc == 0 && i != NULL;
	     i = i->next, index++)
		rc = fill(l, &(struct place){.part = to->part,
		                             .index = index,
		                             .node = i,
		                             .base = to->items + index * to->item_bytes});
	return rc;
}

/* Names of services, before anything calls them by these. */
static int take_names(struct scenario_loader *l, const struct list *services)
{
	const struct scenario_key *k = scenario_key_find(SCENARIO_SERVICE, "name");
	const struct tree_node *n;
	struct place p = {.part = SCENARIO_SERVICE};
	int rc = list_node(l, services, &n);

	for (const struct tree_node *i = n == NULL ? NULL : n->first; rc == 0 && i != NULL;
	     i = i->next, p.index++) {
		const struct tree_node *name =
		        i->kind == TREE_MAPPING ? tree_member(i, "name") : NULL;

		if (name == NULL)
			continue; /* fill() will say so */
		set_path(l, &p, "name");
		rc = scenario_take(l, k, name, &l->scenario->services[p.index]);
		l->scenario->services[p.index].name_line = name->line;
		for (uint32_t j = 0; rc == 0 && j < p.index; j++)
			if (l->scenario->services[j].name != NULL &&
			    strcmp(l->scenario->services[j].name, name->text) == 0)
				rc = report_error(l->report, name->line, l->path,
				                  "there is another service of that name");
	}
	return rc;
}

/* What only shows across keys. */
static int check(struct scenario_loader *l)
{
	struct scenario *s = l->scenario;

	for (uint32_t i = 0; i < s->service_count; i++) {
		const struct scenario_service *v = &s->services[i];

		snprintf(l->path, sizeof(l->path), "services[%" PRIu32 "]", i);
		if (v->latency_min_ns > v->latency_max_ns)
			return report_error(l->report, v->name_line, l->path,
			                    "latency_min is above latency_max");
		if (v->hosts != SCENARIO_NONE && v->hosts + v->nodes > s->components)
			return report_error(l->report, v->name_line, l->path,
			                    "there are not so many components");
	}
	for (uint32_t i = 0; i < s->load_count; i++) {
		struct scenario_load *o = &s->loads[i];

		snprintf(l->path, sizeof(l->path), "loads[%" PRIu32 "]", i);
		if (o->count == 0 && o->first < s->components)
			o->count = s->components - o->first;
		if (o->first + o->count > s->components || o->count == 0)
			return report_error(l->report, tree_line(l->root, l->path), l->path,
			                    "there are not so many components");
		if (o->until_ns > s->end_ns)
			return report_error(l->report, tree_line(l->root, l->path), l->path,
			                    "goes on beyond the end");
	}
	if (s->cores > s->components)
		return report_error(l->report, tree_line(l->root, "cores"), "cores",
		                    "there are more cores than components");
	return 0;
}

static int load(struct scenario_loader *l)
{
	struct scenario *s = l->scenario;
	struct list lists[] = {
	        {SCENARIO_SERVICE, (uint8_t *)s->services, sizeof(s->services[0]),
	         &s->service_count, SCENARIO_SERVICES_MAX},
	        {SCENARIO_LOAD, (uint8_t *)s->loads, sizeof(s->loads[0]), &s->load_count,
	         SCENARIO_LOADS_MAX},
	        {SCENARIO_FAULT, (uint8_t *)s->faults, sizeof(s->faults[0]), &s->fault_count,
	         SCENARIO_FAULTS_MAX},
	};
	int rc = 0;

	if (l->root->kind != TREE_MAPPING)
		return report_error(l->report, l->root->line, "yaml", "the file is not a mapping");
	rc = take_names(l, &lists[0]);
	if (rc == 0)
		rc = fill(l, &(struct place){.part = SCENARIO_TOP, .node = l->root, .base = s});
	for (uint32_t i = 0; rc == 0 && i < 3; i++)
		rc = fill_list(l, &lists[i]);
	return rc == 0 ? check(l) : rc;
}

int scenario_load_text(struct scenario *s, const char *text, uint64_t bytes, const char *name,
                       struct config_error *error)
{
	const struct report r = {.error = error, .name = name};
	struct scenario_loader l = {.scenario = s, .report = &r};

	*s = (struct scenario){.second_ns = SCENARIO_SECOND_NS};
	*error = (struct config_error){0};
	l.arena = arena_create();
	if (l.arena == NULL)
		return report_no_memory(&r);
	struct tree_node *root;
	int rc = yaml_read(l.arena, &r, text, bytes, &root);

	l.root = root;
	if (rc == 0)
		rc = load(&l);
	if (rc != 0) {
		arena_destroy(l.arena);
		*s = (struct scenario){0};
		assert(error->text[0] != '\0');
		return rc;
	}
	s->arena = l.arena;
	return 0;
}

int scenario_load(struct scenario *s, const char *path, struct config_error *error)
{
	const struct report r = {.error = error, .name = path};
	static char text[TREE_FILE_BYTES_MAX + 1];

	*s = (struct scenario){0};
	*error = (struct config_error){0};
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return report_error(&r, 0, NULL, "cannot be read: %s", strerror(errno));
	size_t bytes = fread(text, 1, sizeof(text), f);
	bool failed = ferror(f) != 0;

	fclose(f);
	if (failed)
		return report_error(&r, 0, NULL, "cannot be read");
	return scenario_load_text(s, text, bytes, path, error);
}

void scenario_finish(struct scenario *s)
{
	arena_destroy(s->arena);
	*s = (struct scenario){0};
}
