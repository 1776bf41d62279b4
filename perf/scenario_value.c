/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A value's text as what its key says it is.
 */
#include "perf/scenario_value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/arena.h"
#include "config/nearest.h"
#include "config/report.h"
#include "config/tree.h"
#include "config/value.h"

#define ALLOWED_BYTES 256u

int scenario_refuse(struct scenario_loader *l, const struct scenario_key *k, uint32_t line,
                    const char *what)
{
	char allowed[ALLOWED_BYTES];

	scenario_key_allowed(k, allowed, sizeof(allowed));
	return report_error(l->report, line, l->path, "%s; %s", what, allowed);
}

void scenario_store(const struct scenario_key *k, void *base, uint64_t value)
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

static int named(struct scenario_loader *l, const struct tree_node *n, uint64_t *out)
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

static int word(struct scenario_loader *l, const struct scenario_key *k, const struct tree_node *n,
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
	return scenario_refuse(l, k, n->line, what);
}

static int names(struct scenario_loader *l, const struct scenario_key *k, const struct tree_node *n,
                 void *base)
{
	uint64_t bits = 0;

	if (n->kind != TREE_LIST && !(n->kind == TREE_SCALAR && n->text[0] == '\0'))
		return scenario_refuse(l, k, n->line, "is no list");
	for (const struct tree_node *i = n->first; i != NULL; i = i->next) {
		uint64_t at;

		if (i->kind != TREE_SCALAR)
			return scenario_refuse(l, k, i->line, "is no name");
		int rc = named(l, i, &at);

		if (rc != 0)
			return rc;
		bits |= 1ull << at;
	}
	scenario_store(k, base, bits);
	return 0;
}

/* Reads the text as the key's type. 0; 1: it is none; or an error that was reported. */
static int number(struct scenario_loader *l, const struct scenario_key *k,
                  const struct tree_node *n, uint64_t *out)
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

static int take_text(struct scenario_loader *l, const struct scenario_key *k,
                     const struct tree_node *n, void *base)
{
	size_t bytes = strlen(n->text);

	if (bytes < k->min || bytes > k->max)
		return scenario_refuse(l, k, n->line, "is too short or too long");
	char *text = arena_text(l->arena, n->text, bytes);

	if (text == NULL)
		return report_no_memory(l->report);
	memcpy((uint8_t *)base + k->offset, &text, sizeof(text));
	return 0;
}

int scenario_take(struct scenario_loader *l, const struct scenario_key *k,
                  const struct tree_node *n, void *base)
{
	uint64_t value = 0;

	if (k->type == SCENARIO_NAMES)
		return names(l, k, n, base);
	if (n->kind != TREE_SCALAR)
		return scenario_refuse(l, k, n->line, "is a list or a mapping");
	if (k->type == SCENARIO_TEXT)
		return take_text(l, k, n, base);
	int rc = number(l, k, n, &value);

	if (rc > 0)
		return scenario_refuse(l, k, n->line, "cannot be read");
	if (rc < 0)
		return rc;
	if (k->max > 0 && (value < k->min || value > k->max))
		return scenario_refuse(l, k, n->line, "is out of bounds");
	scenario_store(k, base, value);
	return 0;
}
