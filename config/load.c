/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The walk: the tree and the option table side by side, with a stack of its own. Keys come in the
 * file's order, so the first error reported is the first in the file; then a section's defaults.
 */
#include "config/load.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FRAMES_MAX 8u /* a section and its list are two: groups[].components[] is at depth 5 */

struct frame {
	const struct option *section;  /* NULL: the whole configuration */
	const struct tree_node *node;  /* MAPPING, or the LIST of a MAPPINGS section */
	const struct tree_node *next;  /* member or item to come */
	char *base;                    /* the struct, or the list's array */
	size_t path_bytes;             /* of the path of this frame */
	const struct option *left_out; /* mapping: the last section looked at that it may lack */
	uint32_t index; /* mapping: its place in its list; list: of the item to come */
	bool is_list;
	bool keeps; /* what is left out stays as it is: no defaults */
};

struct walk {
	struct load *load;
	struct frame frames[FRAMES_MAX];
	uint32_t depth;
	const struct tree_node *late; /* the member that is walked when all others have been */
	bool is_late;
};

int load_refuse(struct load *l, const struct load_value *v, const char *what)
{
	char allowed[OPTION_ALLOWED_BYTES];
	uint32_t line = v->node->kind != TREE_SCALAR && v->node->key != NULL ? v->node->key_line
	                                                                     : v->node->line;

	option_allowed_text(v->option, allowed);
	return report_error(&l->report, line, l->path, "%s; %s", what, allowed);
}

int load_refuse_text(struct load *l, const struct load_value *v, const char *what)
{
	char text[CONFIG_ERROR_BYTES];

	snprintf(text, sizeof(text), "\"%s\" %s", report_quote(v->node->text).text, what);
	return load_refuse(l, v, text);
}

static struct frame *push(struct walk *w)
{
	assert(w->depth < FRAMES_MAX);
	struct frame *f = &w->frames[w->depth++];

	f->path_bytes = strlen(w->load->path);
	return f;
}

static void path_key(struct load *l, size_t above, const char *key)
{
	snprintf(l->path + above, sizeof(l->path) - above, "%s%s", above == 0 ? "" : ".", key);
}

static int unknown_key(struct walk *w, const struct frame *f, const struct tree_node *member)
{
	struct load *l = w->load;
	struct nearest near;
	char keys[256];
	size_t used = 0;

	nearest_init(&near, member->key);
	keys[0] = '\0';
	for (const struct option *o = option_next(f->section, NULL); o != NULL;
	     o = option_next(f->section, o)) {
		nearest_offer(&near, option_key(o));
		if (used < sizeof(keys))
			used += (size_t)snprintf(keys + used, sizeof(keys) - used, "%s%s",
			                         used == 0 ? "" : ", ", option_key(o));
	}
	path_key(l, f->path_bytes, report_quote(member->key).text);
	if (near.best != NULL)
		return report_error(&l->report, member->key_line, l->path,
		                    "there is no such key; did you mean \"%s\"?", near.best);
	return report_error(&l->report, member->key_line, l->path,
	                    "there is no such key; the keys here are %s", keys);
}

/* Whether the section's keys have values already: a profile's, or another section's. */
static bool keeps(const struct load *l, const struct frame *above, const struct option *section)
{
	return above->keeps || section->like != NULL || (section->if_given && l->profile != NULL);
}

/* A section inside of the section's struct. */
static int enter_mapping(struct walk *w, const struct frame *f, const struct load_value *v)
{
	if (v->node->kind != TREE_MAPPING && !tree_is_nothing(v->node))
		return load_refuse(w->load, v,
		                   v->node->kind == TREE_LIST ? "is a list" : "is a text");
	struct frame *child = push(w);

	*child = (struct frame){.section = v->option,
	                        .node = v->node,
	                        .next = v->node->first,
	                        .base = (char *)v->base + v->option->offset,
	                        .path_bytes = child->path_bytes,
	                        .index = f->index,
	                        .keeps = keeps(w->load, f, v->option)};
	if (v->option->if_given)
		((char *)v->base)[v->option->offset_second] = true;
	return 0;
}

/* A service has what resilience says, until it says otherwise. */
static void begin_services(struct load *l, struct config_service *services, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		services[i].options = l->config->resilience.service;
	l->config->has_resilience = true;
}

static int enter_list(struct walk *w, const struct load_value *v)
{
	const struct option *o = v->option;
	char *at = (char *)v->base + o->offset;
	char what[64];

	if (v->node->kind != TREE_LIST)
		return load_refuse(w->load, v,
		                   v->node->kind == TREE_MAPPING ? "is a mapping"
		                   : tree_is_nothing(v->node)    ? "has no value"
		                                                 : "is a text");
	if (v->node->count < o->min || v->node->count > o->max) {
		snprintf(what, sizeof(what), "has %" PRIu32 " items", v->node->count);
		return load_refuse(w->load, v, v->node->count == 0 ? "is an empty list" : what);
	}
	char *items = at;

	if (!o->in_place) {
		items = arena_take(w->load->arena, (uint64_t)v->node->count * o->item_bytes);
		if (items == NULL)
			return report_no_memory(&w->load->report);
		memcpy(at, &items, sizeof(items));
	}
	memcpy((char *)v->base + o->offset_second, &v->node->count, sizeof(v->node->count));
	if (o->item_bytes == sizeof(struct config_service) && o->last)
		begin_services(w->load, (struct config_service *)(void *)items, v->node->count);
	struct frame *child = push(w);

	*child = (struct frame){.section = o,
	                        .node = v->node,
	                        .next = v->node->first,
	                        .base = items,
	                        .path_bytes = child->path_bytes,
	                        .is_list = true};
	return 0;
}

static int take_member(struct walk *w, struct frame *f)
{
	const struct tree_node *member = f->next;
	struct load *l = w->load;
	struct load_value v = {
	        .option = option_child(f->section, member->key), .node = member, .base = f->base};

	f->next = w->is_late && f->section == NULL ? NULL : member->next;
	if (v.option == NULL)
		return unknown_key(w, f, member);
	if (v.option->last && !w->is_late) {
		w->late = member;
		return 0;
	}
	path_key(l, f->path_bytes, member->key);
	if (v.option->type == OPTION_MAPPING)
		return enter_mapping(w, f, &v);
	if (v.option->type == OPTION_MAPPINGS)
		return enter_list(w, &v);
	return store_value(l, &v);
}

static int take_item(struct walk *w, struct frame *list)
{
	const struct tree_node *item = list->next;
	struct load *l = w->load;

	snprintf(l->path + list->path_bytes, sizeof(l->path) - list->path_bytes, "[%" PRIu32 "]",
	         list->index);
	if (item->kind != TREE_MAPPING)
		return report_error(&l->report, item->line, l->path,
		                    "is not a mapping; an item of %s is a mapping of keys",
		                    option_key(list->section));
	struct frame *child = push(w);

	*child =
	        (struct frame){.section = list->section,
	                       .node = item,
	                       .next = item->first,
	                       .base = list->base + (size_t)list->index * list->section->item_bytes,
	                       .path_bytes = child->path_bytes,
	                       .index = list->index};
	list->next = item->next;
	list->index++;
	return 0;
}

/* "core{n}" -> "core2", "{L}" -> "C". */
static const char *spell_default(struct load *l, const char *fallback, uint32_t index)
{
	const char *brace = strchr(fallback, '{');
	char text[OPTION_NAME_MAX + 1];

	if (brace == NULL)
		return fallback;
	if (brace[1] == 'L') {
		assert(index < 26);
		snprintf(text, sizeof(text), "%.*s%c", (int)(brace - fallback), fallback,
		         (char)('A' + index));
	} else {
		snprintf(text, sizeof(text), "%.*s%" PRIu32, (int)(brace - fallback), fallback,
		         index);
	}
	return arena_text(l->arena, text, strlen(text));
}

/* "[a, b]" as a list of texts; else it is one text. */
static int spell_list(struct load *l, struct tree_node *node)
{
	const char *at = node->text + 1;
	struct tree_node **end = &node->first;

	if (node->text[0] != '[')
		return 0;
	node->kind = TREE_LIST;
	while (*at != ']') {
		size_t bytes = strcspn(at, ",]");
		struct tree_node *item = arena_take(l->arena, sizeof(*item));
		char *text = arena_text(l->arena, at, bytes);

		if (item == NULL || text == NULL)
			return report_no_memory(&l->report);
		*item = (struct tree_node){.kind = TREE_SCALAR, .line = node->line, .text = text};
		*end = item;
		end = &item->next;
		node->count++;
		at += bytes;
		at += strspn(at, ", ");
	}
	return 0;
}

/* What the section left out. */
static int take_default(struct load *l, const struct frame *f, const struct option *o)
{
	char allowed[OPTION_ALLOWED_BYTES];
	struct tree_node text = {.kind = TREE_SCALAR, .line = f->node->line, .quoted = true};
	struct load_value v = {.option = o, .node = &text, .base = f->base};

	path_key(l, f->path_bytes, option_key(o));
	if (o->required) {
		option_allowed_text(o, allowed);
		return report_error(&l->report, f->node->line, l->path, "is missing; %s", allowed);
	}
	if (o->type == OPTION_REFERENCE)
		store_number(o, f->base, CONFIG_NONE);
	if (o->fallback == NULL)
		return 0;
	text.text = spell_default(l, o->fallback, f->index);
	if (text.text == NULL)
		return report_no_memory(&l->report);
	int status = o->values != 0 || o->type == OPTION_FLAGS ? spell_list(l, &text) : 0;

	return status != 0 ? status : store_value(l, &v);
}

static bool is_given(const struct frame *f, const struct option *o)
{
	return f->node->kind == TREE_MAPPING && tree_member(f->node, option_key(o)) != NULL;
}

static int take_defaults(struct load *l, const struct frame *f)
{
	for (const struct option *o = option_next(f->section, NULL); o != NULL;
	     o = option_next(f->section, o)) {
		if (is_given(f, o))
			continue;
		int status = take_default(l, f, o);

		if (status != 0)
			return status;
	}
	return 0;
}

/* A section (gap, log) that the file leaves out still has its defaults. */
static const struct tree_node nothing = {.kind = TREE_SCALAR, .text = ""};

/* What the mapping lacks: first its keys, then one section after the other. */
static int finish_mapping(struct walk *w, struct frame *f)
{
	int status = f->left_out == NULL && !f->keeps ? take_defaults(w->load, f) : 0;
	const struct option *o = option_next(f->section, f->left_out);

	while (o != NULL && (o->type != OPTION_MAPPING || is_given(f, o)))
		o = option_next(f->section, o);
	if (status != 0 || o == NULL) {
		w->depth--;
		return status;
	}
	f->left_out = o;
	w->load->path[f->path_bytes] = '\0';
	path_key(w->load, f->path_bytes, option_key(o));
	struct frame *child = push(w);

	*child = (struct frame){.section = o,
	                        .node = &nothing,
	                        .base = f->base + o->offset,
	                        .path_bytes = child->path_bytes,
	                        .index = f->index,
	                        .keeps = keeps(w->load, f, o)};
	return 0;
}

int load_defaults(struct load *l, const struct option *section, void *base)
{
	const struct frame f = {.section = section, .node = &nothing, .base = base};

	l->path[0] = '\0';
	return take_defaults(l, &f);
}

static int run(struct walk *w)
{
	int status = 0;

	while (status == 0 && w->depth > 0) {
		struct frame *f = &w->frames[w->depth - 1];

		w->load->path[f->path_bytes] = '\0';
		if (f->next == NULL && f->is_list)
			w->depth--;
		else if (f->next == NULL)
			status = finish_mapping(w, f);
		else
			status = f->is_list ? take_item(w, f) : take_member(w, f);
	}
	return status;
}

int load_section(struct load *l, const struct option *section, const struct tree_node *node,
                 void *base)
{
	struct walk w = {.load = l, .depth = 1};

	assert(section->type == OPTION_MAPPING);
	assert(node->kind == TREE_MAPPING || tree_is_nothing(node));
	snprintf(l->path, sizeof(l->path), "%s", section->path);
	w.frames[0] = (struct frame){.section = section,
	                             .node = node,
	                             .next = node->first,
	                             .base = base,
	                             .path_bytes = strlen(section->path)};
	return run(&w);
}

int load_tree(struct load *l)
{
	struct walk w = {.load = l, .depth = 1};

	if (l->root->kind != TREE_MAPPING)
		return report_error(&l->report, l->root->line, "yaml",
		                    "the file is not a mapping; its keys are engine, cores, ports, "
		                    "feeds, shards, groups, resilience, profile and services");
	w.frames[0] =
	        (struct frame){.node = l->root, .next = l->root->first, .base = (char *)l->config};
	int status = run(&w);

	if (status != 0 || w.late == NULL)
		return status;
	w.is_late = true;
	w.depth = 1;
	w.frames[0] = (struct frame){
	        .node = l->root, .next = w.late, .base = (char *)l->config, .keeps = true};
	return run(&w);
}
