/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Store: one value of the tree into one field, checked against its option's row.
 */
#include "config/load.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"

static void *field(const struct load_value *v)
{
	return (char *)v->base + v->option->offset;
}

static void *second_field(const struct load_value *v)
{
	return (char *)v->base + v->option->offset_second;
}

static void store_pointer(const struct load_value *v, const void *p)
{
	memcpy(field(v), &p, sizeof(p));
}

static bool has_capital_or_dot(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text >= 'A' && *text <= 'Z') || *text == '.')
			return true;
	return false;
}

static int store_text(struct load *l, const struct load_value *v)
{
	const struct option *o = v->option;
	const char *text = v->node->text;
	size_t bytes = strlen(text);

	if (bytes < o->min)
		return load_refuse(l, v, "is an empty text");
	if (bytes > o->max)
		return load_refuse_text(l, v, "is too long");
	if (o->type == OPTION_NAME &&
	    (!value_is_name(text) || (o->lower && has_capital_or_dot(text))))
		return load_refuse_text(l, v, "is not a name");
	store_pointer(v, text);
	return 0;
}

static int store_protocol(struct load *l, const struct load_value *v)
{
	const char *text = v->node->text;
	struct nearest near;
	char what[256];
	size_t used = 0;

	nearest_init(&near, text);
	for (const char *const *p = l->context->protocols; *p != NULL; p++) {
		if (strcmp(*p, text) == 0) {
			store_pointer(v, text);
			return 0;
		}
		nearest_offer(&near, *p);
	}
	what[0] = '\0';
	for (const char *const *p = l->context->protocols; *p != NULL && used < sizeof(what); p++)
		used += (size_t)snprintf(what + used, sizeof(what) - used, "%s%s",
		                         used == 0 ? "" : ", ", *p);
	return report_error(
	        &l->report, v->node->line, l->path, "\"%s\" is not a protocol%s%s%s; one of %s",
	        report_quote(text).text, near.best == NULL ? "" : ", did you mean \"",
	        near.best == NULL ? "" : near.best, near.best == NULL ? "" : "\"?", what);
}

static int store_address(struct load *l, const struct load_value *v)
{
	uint32_t address;
	uint16_t port;

	if (!value_address(v->node->text, &address, &port))
		return load_refuse_text(l, v, "is not an address and port");
	memcpy(field(v), &address, sizeof(address));
	memcpy(second_field(v), &port, sizeof(port));
	return 0;
}

/* none is 0, which is nobody's address. */
static int store_station(struct load *l, const struct load_value *v)
{
	uint32_t address = 0;

	if (strcmp(v->node->text, "none") != 0 && !value_station(v->node->text, &address))
		return load_refuse_text(l, v, "is not a station's address");
	memcpy(field(v), &address, sizeof(address));
	return 0;
}

static int store_prefix(struct load *l, const struct load_value *v)
{
	uint32_t address = 0;
	uint32_t bits = 0;

	if (strcmp(v->node->text, "none") != 0 && !value_prefix(v->node->text, &address, &bits))
		return load_refuse_text(l, v, "is not a station's address and its network's bits");
	memcpy(field(v), &address, sizeof(address));
	memcpy(second_field(v), &bits, sizeof(bits));
	return 0;
}

static int note_reference(struct load *l, const struct load_value *v, const struct tree_node *node,
                          uint32_t *target)
{
	if (node->kind != TREE_SCALAR || tree_is_nothing(node))
		return load_refuse(l, v, "has an item that is no name");
	struct load_reference *r = arena_take(l->arena, sizeof(*r));
	char *path = arena_text(l->arena, l->path, strlen(l->path));

	if (r == NULL || path == NULL)
		return report_no_memory(&l->report);
	*r = (struct load_reference){.option = v->option,
	                             .target = target,
	                             .name = node->text,
	                             .path = path,
	                             .line = node->line};
	*l->references_end = r;
	l->references_end = &r->next;
	*target = CONFIG_NONE;
	return 0;
}

static int refuse_count(struct load *l, const struct load_value *v)
{
	char what[64];

	if (v->node->count == 0)
		return load_refuse(l, v, "is an empty list");
	snprintf(what, sizeof(what), "has %u items", v->node->count);
	return load_refuse(l, v, what);
}

static int store_references(struct load *l, const struct load_value *v)
{
	const struct tree_node *item = v->node;
	uint32_t count = 1;

	if (v->node->kind == TREE_LIST) {
		if (v->node->count < v->option->min || v->node->count > v->option->max)
			return refuse_count(l, v);
		item = v->node->first;
		count = v->node->count;
	}
	uint32_t *indices = arena_take(l->arena, count * sizeof(*indices));

	if (indices == NULL)
		return report_no_memory(&l->report);
	store_pointer(v, indices);
	memcpy(second_field(v), &count, sizeof(count));
	for (uint32_t i = 0; i < count; i++, item = item->next) {
		int status = note_reference(l, v, item, &indices[i]);

		if (status != 0)
			return status;
	}
	return 0;
}

/* The items of a list of texts; NULL-terminated. */
static int take_texts(struct load *l, const struct load_value *v, const char ***out)
{
	const char **texts = arena_take(l->arena, (v->node->count + 1ull) * sizeof(*texts));
	uint32_t count = 0;

	if (texts == NULL)
		return report_no_memory(&l->report);
	for (const struct tree_node *n = v->node->first; n != NULL; n = n->next) {
		if (n->kind != TREE_SCALAR || n->text[0] == '\0')
			return load_refuse(l, v, "has an item that is no text");
		texts[count++] = n->text;
	}
	assert(count == v->node->count);
	*out = texts;
	return 0;
}

static int store_texts(struct load *l, const struct load_value *v)
{
	const char **texts;

	if (v->node->count < v->option->min || v->node->count > v->option->max)
		return refuse_count(l, v);
	int status = take_texts(l, v, &texts);

	if (status == 0)
		store_pointer(v, texts);
	return status;
}

static int store_symbol_list(struct load *l, const struct load_value *v, struct config_group *g)
{
	const char **symbols = NULL;

	if (v->node->count < v->option->min || v->node->count > v->option->max)
		return refuse_count(l, v);
	int status = take_texts(l, v, &symbols);

	if (status != 0)
		return status;
	assert(symbols != NULL);
	uint32_t i = 0;

	for (const struct tree_node *n = v->node->first; n != NULL; n = n->next, i++) {
		if (!value_is_symbol(n->text))
			return report_error(
			        &l->report, n->line, l->path,
			        "\"%s\" is not a symbol; 1 to %u printable characters, no "
			        "blanks",
			        report_quote(n->text).text, CONFIG_SYMBOL_BYTES);
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(symbols[j], n->text) == 0)
				return report_error(&l->report, n->line, l->path,
				                    "\"%s\" stands twice; each symbol once",
				                    n->text);
	}
	g->select = CONFIG_SELECT_LIST;
	g->symbols = symbols;
	g->symbol_count = i;
	return 0;
}

static int store_symbols(struct load *l, const struct load_value *v)
{
	struct config_group *g = v->base;
	const char *text = v->node->text;

	if (v->node->kind == TREE_LIST)
		return store_symbol_list(l, v, g);
	if (strcmp(text, "all") == 0) {
		g->select = CONFIG_SELECT_ALL;
		return 0;
	}
	if (strcmp(text, "hash") == 0) {
		g->select = CONFIG_SELECT_HASH;
		return 0;
	}
	if (!value_has_wildcard(text))
		return load_refuse_text(l, v, "is none of its forms");
	const char *fault = value_pattern_fault(text);

	if (fault != NULL)
		return report_error(
		        &l->report, v->node->line, l->path,
		        "\"%s\" is not a pattern: %s; * any characters, ? one, [A-M] one "
		        "of a set, [!A-M] one not of it",
		        report_quote(text).text, fault);
	g->select = CONFIG_SELECT_PATTERN;
	g->pattern = text;
	return 0;
}

static int store_settings(struct load *l, const struct load_value *v)
{
	uint32_t count = v->node->kind == TREE_MAPPING ? v->node->count : 0;
	struct config_setting *settings = NULL;
	uint32_t i = 0;

	if (count > v->option->max) {
		char what[64];

		snprintf(what, sizeof(what), "has %u keys", count);
		return load_refuse(l, v, what);
	}
	if (count > 0) {
		settings = arena_take(l->arena, count * sizeof(*settings));
		if (settings == NULL)
			return report_no_memory(&l->report);
	}
	for (const struct tree_node *n = count == 0 ? NULL : v->node->first; n != NULL;
	     n = n->next) {
		if (n->kind != TREE_SCALAR)
			return report_error(&l->report, n->key_line, l->path,
			                    "\"%s\" is not a text; a setting is one text",
			                    report_quote(n->key).text);
		settings[i++] = (struct config_setting){.key = n->key, .value = n->text};
	}
	store_pointer(v, settings);
	memcpy(second_field(v), &count, sizeof(count));
	return 0;
}

/* Is the node of a kind that the option can take? "key:" with nothing behind it is nothing. */
static int check_kind(struct load *l, const struct load_value *v)
{
	static const char *const kinds[] = {"is a text", "is a mapping", "is a list"};
	enum tree_kind kind = v->node->kind;
	enum option_type type = v->option->type;
	bool may_be_list = type == OPTION_TEXTS || type == OPTION_SYMBOLS ||
	                   type == OPTION_REFERENCES || type == OPTION_FLAGS ||
	                   v->option->values != 0;
	bool may_be_text = type != OPTION_TEXTS && type != OPTION_SETTINGS;

	if (tree_is_nothing(v->node))
		return type == OPTION_SETTINGS ? 0 : load_refuse(l, v, "has no value");
	if ((kind == TREE_SCALAR && may_be_text) || (kind == TREE_LIST && may_be_list) ||
	    (kind == TREE_MAPPING && type == OPTION_SETTINGS))
		return 0;
	return load_refuse(l, v, kinds[kind]);
}

static int store_one(struct load *l, const struct load_value *v)
{
	switch (v->option->type) {
	case OPTION_TEXT:
	case OPTION_NAME:
		return store_text(l, v);
	case OPTION_PROTOCOL:
		return store_protocol(l, v);
	case OPTION_BOOL:
	case OPTION_COUNT:
	case OPTION_DURATION:
	case OPTION_BYTES:
	case OPTION_PERCENT:
	case OPTION_MULTIPLIER:
	case OPTION_ENUM:
	case OPTION_FLAGS:
	case OPTION_CPU:
		return store_number_value(l, v);
	case OPTION_ADDRESS:
		return store_address(l, v);
	case OPTION_STATION:
		return store_station(l, v);
	case OPTION_PREFIX:
		return store_prefix(l, v);
	case OPTION_REFERENCE:
		return note_reference(l, v, v->node, field(v));
	case OPTION_REFERENCES:
		return store_references(l, v);
	case OPTION_TEXTS:
		return store_texts(l, v);
	case OPTION_SYMBOLS:
		return store_symbols(l, v);
	case OPTION_SETTINGS:
		return store_settings(l, v);
	case OPTION_MAPPING:
	case OPTION_MAPPINGS:
		break;
	}
	return 0; /* a section is walked, not stored */
}

/* One for all, or a list with one for each. */
static int store_values(struct load *l, const struct load_value *v)
{
	const struct option *o = v->option;
	bool is_list = v->node->kind == TREE_LIST;
	const struct tree_node *n = is_list ? v->node->first : v->node;

	if (is_list && v->node->count != o->values)
		return refuse_count(l, v);
	for (uint32_t i = 0; i < o->values; i++) {
		const struct load_value one = {.option = o,
		                               .node = n,
		                               .base = (char *)v->base + (size_t)i * o->item_bytes};

		if (n->kind != TREE_SCALAR || tree_is_nothing(n))
			return load_refuse(l, v, "has an item that is no value");
		int status = store_one(l, &one);

		if (status != 0)
			return status;
		n = is_list ? n->next : n;
	}
	return 0;
}

int store_value(struct load *l, const struct load_value *v)
{
	assert(!option_is_section(v->option));
	int status = check_kind(l, v);

	if (status != 0)
		return status;
	return v->option->values != 0 ? store_values(l, v) : store_one(l, v);
}
