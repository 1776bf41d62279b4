/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/shard/group.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "dataplane/shard/component_inputs.h"

#define GROUP_STATE_ALIGN 64u

/* Start-up only: what an error text names is known when it happens. Valid until the next error of
 * this thread. */
__attribute__((format(printf, 1, 2))) static const char *group_error(const char *format, ...)
{
	static _Thread_local char text[256];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return text;
}

static const char *group_component_name(const struct group_component *c)
{
	return c->settings != NULL && c->settings->name != NULL ? c->settings->name : c->ops->name;
}

/* What a component must have before anything of it is called. NULL: all well. */
static const char *group_check_component(const struct group_options *o, uint32_t i)
{
	const struct component_ops *ops = o->components[i].ops;

	if (ops->abi != COMPONENT_ABI)
		return group_error("component %s: built for interface version %u, this is %u",
		                   group_component_name(&o->components[i]), ops->abi,
		                   COMPONENT_ABI);
	if (ops->requests_max > COMPONENT_OPEN_MAX)
		return group_error("component %s: %u requests at a time, at most %u are allowed",
		                   group_component_name(&o->components[i]), ops->requests_max,
		                   COMPONENT_OPEN_MAX);
	if (ops->requests_max != 0 && ops->on_reply == NULL)
		return group_error("component %s makes requests and has no on_reply",
		                   group_component_name(&o->components[i]));
	for (uint32_t d = 0; d < COMPONENT_DEPENDS_MAX && ops->depends_on[d] != NULL; d++) {
		bool there = strcmp(ops->depends_on[d], "book") == 0;

		for (uint32_t j = 0; j < i && !there; j++)
			there = strcmp(o->components[j].ops->name, ops->depends_on[d]) == 0;
		if (!there)
			return group_error("component %s depends on %s, which must stand before it "
			                   "in the same group",
			                   group_component_name(&o->components[i]),
			                   ops->depends_on[d]);
	}
	return NULL;
}

static const char *group_check(const struct group_options *o)
{
	if (o->component_count > GROUP_COMPONENTS_MAX)
		return group_error("%u components in a group, at most %u are allowed",
		                   o->component_count, GROUP_COMPONENTS_MAX);
	if (o->books.symbols_max == 0 || o->books.levels_max == 0)
		return "a group needs room for at least one symbol and one level";
	if (o->selector.kind == SELECT_HASH &&
	    (o->selector.parts == 0 || o->selector.part >= o->selector.parts))
		return "a hash selector's part must be below its parts";
	if (o->selector.kind == SELECT_PATTERN && o->selector.pattern == NULL)
		return "a pattern selector needs a pattern";
	for (uint32_t i = 0; i < o->component_count; i++) {
		const char *wrong = group_check_component(o, i);

		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

/* Bytes of one component's state; false with *error set when it refuses its settings. */
static bool group_state_bytes(const struct group_options *o, uint32_t i, uint64_t *bytes,
                              const char **error)
{
	const struct group_component *c = &o->components[i];
	const char *why = NULL;

	*bytes = 0;
	if (c->ops->state_bytes == NULL)
		return true;
	*bytes = c->ops->state_bytes(c->settings, o->books.symbols_max, &why);
	if (*bytes == 0 && why != NULL)
		*error = group_error("component %s: %s", group_component_name(c), why);
	return *bytes != 0 || why == NULL;
}

static uint64_t align(uint64_t bytes)
{
	return (bytes + GROUP_STATE_ALIGN - 1) & ~(uint64_t)(GROUP_STATE_ALIGN - 1);
}

uint64_t group_bytes(const struct group_options *o, const char **error)
{
	*error = group_check(o);
	if (*error != NULL)
		return 0;
	uint64_t bytes = book_set_bytes(&o->books);

	for (uint32_t i = 0; i < o->component_count; i++) {
		uint64_t state;

		if (!group_state_bytes(o, i, &state, error))
			return 0;
		bytes = align(bytes) + state;
		if (component_has_inputs(o->components[i].ops))
			bytes = align(bytes) +
			        component_inputs_bytes(o->components[i].ops->requests_max);
	}
	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

/* False: the region is too small. */
static bool group_place_inputs(struct group *g, uint32_t i)
{
	const struct component_ops *ops = g->options.components[i].ops;
	struct component_context *context = &g->contexts[i];

	if (!component_has_inputs(ops))
		return true;
	uint64_t bytes = component_inputs_bytes(ops->requests_max);
	uint64_t offset = region_place(&g->region, bytes, GROUP_STATE_ALIGN);

	if (offset == UINT64_MAX)
		return false;
	context->inputs = region_at(&g->region, offset);
	component_inputs_init(context->inputs, ops->requests_max);
	component_mark(context, context->inputs, bytes);
	return true;
}

static int group_start_component(struct group *g, uint32_t i, const char **error)
{
	const struct group_component *c = &g->options.components[i];
	struct component_context *context = &g->contexts[i];
	uint64_t bytes;

	if (!group_state_bytes(&g->options, i, &bytes, error))
		return -EINVAL;
	uint64_t offset = region_place(&g->region, bytes, GROUP_STATE_ALIGN);

	if (offset == UINT64_MAX) {
		*error = "the group's region is too small";
		return -ENOSPC;
	}
	*context = (struct component_context){
	        .state = bytes == 0 ? NULL : region_at(&g->region, offset),
	        .settings = c->settings,
	        .books = &g->books,
	        .region = &g->region,
	        .symbols_max = g->options.books.symbols_max,
	        .services = g->options.services,
	        .service_count = g->options.service_count,
	};
	if (!group_place_inputs(g, i)) {
		*error = "the group's region is too small";
		return -ENOSPC;
	}
	int rc = c->ops->start == NULL ? 0 : c->ops->start(context);

	if (rc != 0)
		*error = group_error("component %s did not start: error %d",
		                     group_component_name(c), -rc);
	return rc;
}

int group_init(struct group *g, const struct group_options *o, void *base, uint64_t bytes,
               uint8_t *page_epoch, const char **error)
{
	*error = group_check(o);
	if (*error != NULL)
		return -EINVAL;
	*g = (struct group){.options = *o, .state = GROUP_ATTACHED};
	int rc = region_init(&g->region, base, bytes, page_epoch);

	if (rc != 0) {
		*error = "the group's region is not page aligned";
		return rc;
	}
	rc = book_set_init(&g->books, &g->region, &o->books);
	if (rc != 0) {
		*error = rc == -ENOSPC ? "the group's region is too small"
		                       : "the book set refuses its options";
		return rc;
	}
	for (uint32_t i = 0; i < o->component_count; i++) {
		rc = group_start_component(g, i, error);
		if (rc != 0)
			return rc;
	}
	assert(*error == NULL);
	return 0;
}

int group_restart(struct group *g, const char **error)
{
	struct group former = *g;
	const struct region *r = &former.region;

	assert(r->epoch != 0);
	for (uint64_t page = 0; page < r->bytes / REGION_PAGE_BYTES; page++) {
		if (r->page_epoch[page] == 0)
			continue; /* never written */
		memset(r->base + page * REGION_PAGE_BYTES, 0, REGION_PAGE_BYTES);
		r->page_epoch[page] = 0;
	}
	int rc = group_init(g, &former.options, r->base, r->bytes, r->page_epoch, error);

	g->stats = former.stats;
	g->state = former.state;
	g->offset = former.offset;
	g->sequence = former.sequence;
	g->epoch = former.epoch;
	return rc;
}

bool group_on_change(struct group *g, const struct book_change *c)
{
	assert(c->kind != BOOK_CHANGE_NONE);
	for (uint32_t i = 0; i < g->options.component_count; i++) {
		const struct component_ops *ops = g->options.components[i].ops;

		if (ops->on_book_change != NULL &&
		    ops->on_book_change(&g->contexts[i], c) != COMPONENT_OK) {
			g->stats.failures++;
			return false;
		}
	}
	return true;
}

bool group_on_message(struct group *g, const struct component_message *m)
{
	for (uint32_t i = 0; i < g->options.component_count; i++) {
		const struct component_ops *ops = g->options.components[i].ops;

		if (ops->on_message != NULL &&
		    ops->on_message(&g->contexts[i], m) != COMPONENT_OK) {
			g->stats.failures++;
			return false;
		}
	}
	return true;
}

bool group_on_event(struct group *g, const struct component_event *e)
{
	for (uint32_t i = 0; i < g->options.component_count; i++) {
		const struct component_ops *ops = g->options.components[i].ops;

		if (ops->on_event != NULL && ops->on_event(&g->contexts[i], e) != COMPONENT_OK) {
			g->stats.failures++;
			return false;
		}
	}
	return true;
}

bool group_has_inputs(const struct group_options *o)
{
	for (uint32_t i = 0; i < o->component_count; i++)
		if (component_has_inputs(o->components[i].ops))
			return true;
	return false;
}
