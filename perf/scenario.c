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
#include "config/value.h"
#include "perf/scenario_keys.h"

#define PATH_BYTES    96u
#define ALLOWED_BYTES 256u

struct loader {
	struct scenario *scenario;
	struct arena *arena;
	const struct report *report;
	const struct tree_node *root;
	char path[PATH_BYTES];
};

struct place { /* a mapping of the file and the struct that it fills */
	enum scenario_part part;
	uint32_t index;
	const struct tree_node *node;
	void *base;
};

static int refuse(struct loader *l, const struct scenario_key *k, uint32_t line, const char *what)
{
	char allowed[ALLOWED_BYTES];

	scenario_key_allowed(k, allowed, sizeof(allowed));
	return report_error(l->report, line, l->path, "%s; %s", what, allowed);
}

static void set_path(struct loader *l, const struct place *p, const char *key)
{
	if (p->part == SCENARIO_TOP)
		snprintf(l->path, sizeof(l->path), "%s", key);
	else
		snprintf(l->path, sizeof(l->path), "%s[%" PRIu32 "].%s", scenario_part_key(p->part),
		         p->index, key);
}

static void store(const struct scenario_key *k, void *base, uint64_t value)
{
	uint8_t *to = (uint8_t *)base + k->offset;
	uint32_t word = (uint32_t)value;
	bool flag = value != 0;

	assert(k->width == 8 || k->width == 4 || k->width == 1);
	if (k->width == 8)
		memcpy(to, &value, 8);
	else if (k->width == 4)
		memcpy(to, &word, 4);
	else
		memcpy(to, &flag, 1);
}

/* "2.5" in units of 1 / scale, at most as many places as scale has zeros. False: it is not one. */
static bool decimal(const char *text, uint64_t scale, const char **end, uint64_t *out)
{
	uint64_t value = 0;
	const char *c = text;

	for (; *c >= '0' && *c <= '9' && value < UINT64_MAX / 20 / scale; c++)
		value = value * 10 + (uint64_t)(*c - '0');
	if (c == text)
		return false;
	value *= scale;
	if (*c == '.') {
		const char *point = c++;

		for (; *c >= '0' && *c <= '9' && scale >= 10; c++) {
			scale /= 10;
			value += (uint64_t)(*c - '0') * scale;
		}
		if (c == point + 1)
			return false;
	}
	*end = c;
	*out = value;
	return true;
}

static bool share(const char *text, uint64_t *out)
{
	const char *end;

	if (!decimal(text, 10000, &end, out))
		return false;
	if (strcmp(end, "%") == 0)
		return true;
	*out /= 10000;
	return strcmp(end, "ppm") == 0 && strchr(text, '.') == NULL;
}

static bool factor(const char *text, uint64_t *out)
{
	const char *end;

	return decimal(text, 1000, &end, out) && *end == '\0';
}

static int named(struct loader *l, const struct tree_node *n, uint64_t *out)
{
	struct nearest near;

	nearest_init(&near, n->text);
	for (uint32_t i = 0; i < l->scenario->service_count; i++) {
		const char *name = l->scenario->services[i].name;

		if (name != NULL && strcmp(name, n->text) == 0) {
			*out = i;
			return 0;
		}
		if (name != NULL)
			nearest_offer(&near, name);
	}
	return near.best == NULL
	               ? report_error(l->report, n->line, l->path, "there is no service \"%s\"",
	                              report_quote(n->text).text)
	               : report_error(l->report, n->line, l->path,
	                              "there is no service \"%s\"; did you mean \"%s\"?",
	                              report_quote(n->text).text, near.best);
}

static int word(struct loader *l, const struct scenario_key *k, const struct tree_node *n,
                uint64_t *out)
{
	struct nearest near;
	char what[160];

	nearest_init(&near, n->text);
	for (uint32_t i = 0; k->words[i] != NULL; i++) {
		if (strcmp(k->words[i], n->text) == 0) {
			*out = i;
			return 0;
		}
		nearest_offer(&near, k->words[i]);
	}
	if (near.best == NULL)
		snprintf(what, sizeof(what), "\"%s\" is not allowed", report_quote(n->text).text);
	else
		snprintf(what, sizeof(what), "\"%s\" is not allowed, did you mean \"%s\"?",
		         report_quote(n->text).text, near.best);
	return refuse(l, k, n->line, what);
}

static int names(struct loader *l, const struct scenario_key *k, const struct tree_node *n,
                 void *base)
{
	uint64_t bits = 0;

	if (n->kind != TREE_LIST && !(n->kind == TREE_SCALAR && n->text[0] == '\0'))
		return refuse(l, k, n->line, "is no list");
	for (const struct tree_node *i = n->first; i != NULL; i = i->next) {
		uint64_t at;

		if (i->kind != TREE_SCALAR)
			return refuse(l, k, i->line, "is no name");
		int rc = named(l, i, &at);

		if (rc != 0)
			return rc;
		bits |= 1ull << at;
	}
	store(k, base, bits);
	return 0;
}

/* Reads the text as the key's type. 0; 1: it is none; or an error that was reported. */
static int number(struct loader *l, const struct scenario_key *k, const struct tree_node *n,
                  uint64_t *out)
{
	bool flag;

	switch ((enum scenario_type)k->type) {
	case SCENARIO_COUNT:
	case SCENARIO_PLACE:
		return value_count(n->text, out) != VALUE_OK;
	case SCENARIO_DURATION:
		return value_duration(n->text, out) != VALUE_OK;
	case SCENARIO_SHARE:
		return !share(n->text, out);
	case SCENARIO_FACTOR:
		return !factor(n->text, out);
	case SCENARIO_FLAG:
		if (!value_bool(n->text, &flag))
			return 1;
		*out = flag;
		return 0;
	case SCENARIO_WORD:
		return word(l, k, n, out);
	case SCENARIO_NAMED:
		return named(l, n, out);
	case SCENARIO_TEXT:
	case SCENARIO_NAMES:
		break;
	}
	return 1;
}

static int take_text(struct loader *l, const struct scenario_key *k, const struct tree_node *n,
                     void *base)
{
	size_t bytes = strlen(n->text);

	if (bytes < k->min || bytes > k->max)
		return refuse(l, k, n->line, "is too short or too long");
	char *text = arena_text(l->arena, n->text, bytes);

	if (text == NULL)
		return report_no_memory(l->report);
	memcpy((uint8_t *)base + k->offset, &text, sizeof(text));
	return 0;
}

static int take(struct loader *l, const struct scenario_key *k, const struct tree_node *n,
                void *base)
{
	uint64_t value = 0;

	if (k->type == SCENARIO_NAMES)
		return names(l, k, n, base);
	if (n->kind != TREE_SCALAR)
		return refuse(l, k, n->line, "is a list or a mapping");
	if (k->type == SCENARIO_TEXT)
		return take_text(l, k, n, base);
	int rc = number(l, k, n, &value);

	if (rc > 0)
		return refuse(l, k, n->line, "cannot be read");
	if (rc < 0)
		return rc;
	if (k->max > 0 && (value < k->min || value > k->max))
		return refuse(l, k, n->line, "is out of bounds");
	store(k, base, value);
	return 0;
}

static int take_fallback(struct loader *l, const struct scenario_key *k, const struct place *p)
{
	struct tree_node n = {
	        .kind = TREE_SCALAR, .line = p->node->line, .text = k->fallback, .quoted = true};

	if (k->fallback == NULL)
		return refuse(l, k, p->node->line, "is missing");
	if (k->fallback[0] == '\0' && k->type != SCENARIO_TEXT && k->type != SCENARIO_NAMES) {
		store(k, p->base, SCENARIO_NONE);
		return 0;
	}
	return take(l, k, &n, p->base);
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

static int unknown_key(struct loader *l, const struct place *p, const struct tree_node *n)
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

static int fill(struct loader *l, const struct place *p)
{
	int rc = 0;

	if (p->node->kind != TREE_MAPPING)
		return report_error(l->report, p->node->line, "yaml", "is not a mapping of keys");
	for (const struct tree_node *n = p->node->first; rc == 0 && n != NULL; n = n->next) {
		const struct scenario_key *k = scenario_key_find(p->part, n->key);

		if (is_list_key(p, n->key))
			continue;
		set_path(l, p, n->key);
		rc = k == NULL ? unknown_key(l, p, n) : take(l, k, n, p->base);
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

static int list_node(struct loader *l, const struct list *to, const struct tree_node **out)
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

static int fill_list(struct loader *l, const struct list *to)
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
static int take_names(struct loader *l, const struct list *services)
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
		rc = take(l, k, name, &l->scenario->services[p.index]);
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
static int check(struct loader *l)
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

static int load(struct loader *l)
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
	struct loader l = {.scenario = s, .report = &r};

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

static void rescale(uint64_t *ns, uint64_t from, uint64_t to)
{
	if (*ns != 0 && *ns != UINT64_MAX) {
		uint64_t scaled = *ns / from * to + *ns % from * to / from;

		*ns = scaled == 0 ? 1 : scaled;
	}
}

void scenario_rescale(struct scenario *s, uint64_t second_ns)
{
	uint64_t from = s->second_ns;

	assert(second_ns >= 1000);
	for (uint32_t i = 0; i < scenario_key_count; i++) {
		const struct scenario_key *k = &scenario_keys[i];
		uint32_t count = k->part == SCENARIO_TOP       ? 1
		                 : k->part == SCENARIO_SERVICE ? s->service_count
		                 : k->part == SCENARIO_LOAD    ? s->load_count
		                                               : s->fault_count;

		for (uint32_t j = 0; k->type == SCENARIO_DURATION && j < count; j++) {
			uint8_t *base = k->part == SCENARIO_TOP       ? (uint8_t *)s
			                : k->part == SCENARIO_SERVICE ? (uint8_t *)&s->services[j]
			                : k->part == SCENARIO_LOAD    ? (uint8_t *)&s->loads[j]
			                                              : (uint8_t *)&s->faults[j];
			uint64_t ns;

			memcpy(&ns, base + k->offset, sizeof(ns));
			rescale(&ns, from, second_ns);
			memcpy(base + k->offset, &ns, sizeof(ns));
		}
	}
	s->second_ns = second_ns;
}

uint64_t scenario_events(const struct scenario *s)
{
	uint64_t events = 0;

	for (uint32_t i = 0; i < s->load_count; i++) {
		const struct scenario_load *l = &s->loads[i];

		if (l->until_ns > l->from_ns)
			events += ((l->until_ns - l->from_ns - 1) / l->every_ns + 1) * l->burst;
	}
	return events;
}
