/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Resolve: what was left out is filled in, and names become indices. Before it, an index that was
 * left out is CONFIG_NONE.
 */
#include "config/load.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LOG_BYTES_MAX_DEFAULT (128ull << 20)
#define ORDERS_MAX_DEFAULT    2097152u
#define LEVELS_MAX_DEFAULT    1048576u
#define ORDERS_PER_SYMBOL     65536u
#define LEVELS_PER_SYMBOL     16384u
#define SYMBOLS_SPARE         64u   /* of a part, over twice its fair share */
#define ORDERS_SPARE          1024u /* the same */

static_assert(offsetof(struct config_core, name) == 0, "names come first");
static_assert(offsetof(struct config_port, name) == 0, "names come first");
static_assert(offsetof(struct config_feed, name) == 0, "names come first");
static_assert(offsetof(struct config_line, name) == 0, "names come first");
static_assert(offsetof(struct config_shard, name) == 0, "names come first");
static_assert(offsetof(struct config_group, name) == 0, "names come first");
static_assert(offsetof(struct config_component, name) == 0, "names come first");
static_assert(offsetof(struct config_service, name) == 0, "names come first");

struct names { /* of the items of a list */
	const void *items;
	size_t item_bytes;
	uint32_t count;
};

static const char *name_at(const struct names *n, uint32_t i)
{
	const char *name;

	assert(i < n->count);
	memcpy(&name, (const char *)n->items + (size_t)i * n->item_bytes, sizeof(name));
	return name;
}

static struct names names_of(const struct config *c, enum option_target target)
{
	switch (target) {
	case OPTION_TO_CORE:
		return (struct names){c->cores, sizeof(*c->cores), c->core_count};
	case OPTION_TO_PORT:
		return (struct names){c->ports, sizeof(*c->ports), c->port_count};
	case OPTION_TO_FEED:
		return (struct names){c->feeds, sizeof(*c->feeds), c->feed_count};
	case OPTION_TO_SHARD:
		break;
	}
	return (struct names){c->shards, sizeof(*c->shards), c->shard_count};
}

/* "a, b, c", as far as it fits. */
static void print_names(const struct names *n, char *out, size_t bytes)
{
	size_t used = 0;

	out[0] = '\0';
	for (uint32_t i = 0; i < n->count && used < bytes; i++)
		used += (size_t)snprintf(out + used, bytes - used, "%s%s", i == 0 ? "" : ", ",
		                         name_at(n, i));
}

/* Was the key in the file? */
__attribute__((format(printf, 2, 3))) static bool is_given(struct load *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(l->path, sizeof(l->path), format, args);
	va_end(args);
	return tree_at(l->root, l->path) != NULL;
}

static int check_unique(struct load *l, const char *list, const struct names *n)
{
	for (uint32_t i = 1; i < n->count; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (strcmp(name_at(n, i), name_at(n, j)) != 0)
				continue;
			snprintf(l->path, sizeof(l->path), "%s[%" PRIu32 "].name", list, i);
			return report_error(&l->report, tree_line(l->root, l->path), l->path,
			                    "\"%s\" is the name of %s[%" PRIu32
			                    "] already; each name once",
			                    name_at(n, i), list, j);
		}
	}
	return 0;
}

static int check_names(struct load *l)
{
	const struct config *c = l->config;
	const struct names groups = {c->groups, sizeof(*c->groups), c->group_count};
	const struct names cores = names_of(c, OPTION_TO_CORE);
	const struct names ports = names_of(c, OPTION_TO_PORT);
	const struct names feeds = names_of(c, OPTION_TO_FEED);
	const struct names shards = names_of(c, OPTION_TO_SHARD);
	const struct names services = {c->services, sizeof(*c->services), c->service_count};
	char list[LOAD_PATH_BYTES];
	int status = check_unique(l, "cores", &cores);

	status = status != 0 ? status : check_unique(l, "ports", &ports);
	status = status != 0 ? status : check_unique(l, "feeds", &feeds);
	status = status != 0 ? status : check_unique(l, "shards", &shards);
	status = status != 0 ? status : check_unique(l, "groups", &groups);
	status = status != 0 ? status : check_unique(l, "services", &services);
	for (uint32_t i = 0; status == 0 && i < c->feed_count; i++) {
		const struct config_feed *f = &c->feeds[i];
		const struct names lines = {f->lines, sizeof(f->lines[0]), f->line_count};

		snprintf(list, sizeof(list), "feeds[%" PRIu32 "].lines", i);
		status = check_unique(l, list, &lines);
	}
	for (uint32_t i = 0; status == 0 && i < c->group_count; i++) {
		const struct config_group *g = &c->groups[i];
		const struct names components = {g->components, sizeof(g->components[0]),
		                                 g->component_count};

		snprintf(list, sizeof(list), "groups[%" PRIu32 "].components", i);
		status = check_unique(l, list, &components);
	}
	return status;
}

/* Room for count items of a list that the file left out, each with its defaults. */
static int make_items(struct load *l, const char *list, uint32_t count, void *out)
{
	const struct option *section = option_find(list);
	char *items = arena_take(l->arena, (uint64_t)count * section->item_bytes);

	if (items == NULL)
		return report_no_memory(&l->report);
	for (uint32_t i = 0; i < count; i++) {
		int status = load_defaults(l, section, items + (size_t)i * section->item_bytes);

		if (status != 0)
			return status;
	}
	memcpy(out, &items, sizeof(items));
	return 0;
}

static int fill_cores(struct load *l)
{
	struct config *c = l->config;

	if (c->core_count == 0) {
		int status = make_items(l, "cores", 1, &c->cores);

		if (status != 0)
			return status;
		c->core_count = 1;
		c->cores[0].name = "worker";
	}
	for (uint32_t i = 0; i < c->core_count; i++)
		if (!is_given(l, "cores[%" PRIu32 "].idle", i))
			c->cores[i].idle = c->cores[i].cpu == CONFIG_NONE ? CONFIG_IDLE_YIELD
			                                                  : CONFIG_IDLE_SPIN;
	return 0;
}

static int fill_shards(struct load *l)
{
	struct config *c = l->config;

	if (c->shard_count != 0)
		return 0;
	int status = make_items(l, "shards", 1, &c->shards);

	if (status != 0)
		return status;
	c->shard_count = 1;
	c->shards[0].name = "shard";
	return 0;
}

static int fill_groups(struct load *l)
{
	struct config *c = l->config;

	if (c->group_count != 0)
		return 0;
	int status = make_items(l, "groups", c->feed_count, &c->groups);

	if (status != 0)
		return status;
	c->group_count = c->feed_count;
	for (uint32_t i = 0; i < c->group_count; i++) {
		c->groups[i].name = c->feed_count == 1 ? "books" : c->feeds[i].name;
		c->groups[i].feed = i;
	}
	return 0;
}

static void name_components(struct config *c)
{
	for (uint32_t i = 0; i < c->group_count; i++) {
		struct config_group *g = &c->groups[i];

		for (uint32_t j = 0; j < g->component_count; j++)
			if (g->components[j].name == NULL)
				g->components[j].name = g->components[j].type;
	}
}

static int resolve_reference(struct load *l, const struct load_reference *r)
{
	const struct names names = names_of(l->config, r->option->target);
	const char *kind = option_target_text(r->option->target);
	struct nearest near;
	char all[160];

	nearest_init(&near, r->name);
	for (uint32_t i = 0; i < names.count; i++) {
		if (strcmp(name_at(&names, i), r->name) == 0) {
			*r->target = i;
			return 0;
		}
		nearest_offer(&near, name_at(&names, i));
	}
	print_names(&names, all, sizeof(all));
	if (near.best != NULL)
		return report_error(&l->report, r->line, r->path,
		                    "there is no %s \"%s\", did you mean \"%s\"?; the %ss are %s",
		                    kind, report_quote(r->name).text, near.best, kind, all);
	return report_error(&l->report, r->line, r->path, "there is no %s \"%s\"; the %ss are %s",
	                    kind, report_quote(r->name).text, kind, all);
}

/* A reference that was left out and has no single answer. */
static int refuse_open(struct load *l, enum option_target target, const char *of)
{
	const struct names names = names_of(l->config, target);
	const char *kind = option_target_text(target);
	char all[160];

	print_names(&names, all, sizeof(all));
	return report_error(&l->report, tree_line(l->root, l->path), l->path,
	                    "is missing, and there are %" PRIu32
	                    " %ss; the %s of the %s, one of %s",
	                    names.count, kind, kind, of, all);
}

static int fill_lines(struct load *l, uint32_t feed)
{
	struct config_feed *f = &l->config->feeds[feed];

	for (uint32_t i = 0; i < f->line_count; i++) {
		if (f->lines[i].port != CONFIG_NONE)
			continue;
		snprintf(l->path, sizeof(l->path), "feeds[%" PRIu32 "].lines[%" PRIu32 "].port",
		         feed, i);
		if (l->config->port_count > 1)
			return refuse_open(l, OPTION_TO_PORT, "line");
		f->lines[i].port = 0;
	}
	if (f->core == CONFIG_NONE)
		f->core = l->config->ports[f->lines[0].port].core;
	return 0;
}

static int fill_references(struct load *l)
{
	struct config *c = l->config;

	for (uint32_t i = 0; i < c->port_count; i++)
		if (c->ports[i].core == CONFIG_NONE)
			c->ports[i].core = 0;
	for (uint32_t i = 0; i < c->shard_count; i++)
		if (c->shards[i].core == CONFIG_NONE)
			c->shards[i].core = 0;
	for (uint32_t i = 0; i < c->feed_count; i++) {
		int status = fill_lines(l, i);

		if (status != 0)
			return status;
	}
	for (uint32_t i = 0; i < c->group_count; i++) {
		if (c->groups[i].feed != CONFIG_NONE)
			continue;
		snprintf(l->path, sizeof(l->path), "groups[%" PRIu32 "].feed", i);
		if (c->feed_count > 1)
			return refuse_open(l, OPTION_TO_FEED, "group");
		c->groups[i].feed = 0;
	}
	return 0;
}

/* All shards in order, as many as there are parts. */
static int deal_shards(struct load *l, struct config_group *g)
{
	if (g->shard_count != 0)
		return 0;
	uint32_t count = l->config->shard_count < g->count ? l->config->shard_count : g->count;
	uint32_t *shards = arena_take(l->arena, count * sizeof(*shards));

	if (shards == NULL)
		return report_no_memory(&l->report);
	for (uint32_t i = 0; i < count; i++)
		shards[i] = i;
	g->shards = shards;
	g->shard_count = count;
	return 0;
}

static uint32_t at_most(uint64_t n, uint32_t max)
{
	return n < max ? (uint32_t)n : max;
}

/* How much room a group has when the file does not say: all of the feed's; what its list can need;
 * or of a deal by hash twice the fair share, as hashes and symbols are not even. */
static void fill_bounds(const struct config *c, struct config_group *g)
{
	uint32_t feed_symbols = c->feeds[g->feed].symbols_max;
	uint64_t symbols = feed_symbols;
	uint64_t orders = ORDERS_MAX_DEFAULT;
	uint64_t levels = LEVELS_MAX_DEFAULT;

	if (g->select == CONFIG_SELECT_LIST) {
		symbols = g->symbol_count;
		orders = (uint64_t)ORDERS_PER_SYMBOL * symbols;
		levels = (uint64_t)LEVELS_PER_SYMBOL * symbols;
	} else if (g->select == CONFIG_SELECT_HASH) {
		symbols = 2 * symbols / g->count + SYMBOLS_SPARE;
		orders = 2 * orders / g->count + ORDERS_SPARE;
		levels = 2 * levels / g->count + ORDERS_SPARE;
	}
	/* 0 is not a value that a file can give. */
	if (g->symbols_max == 0)
		g->symbols_max = at_most(symbols, feed_symbols);
	if (g->orders_max == 0)
		g->orders_max = at_most(orders, ORDERS_MAX_DEFAULT);
	if (g->levels_max == 0)
		g->levels_max = at_most(levels, LEVELS_MAX_DEFAULT);
}

static int fill_group_values(struct load *l)
{
	struct config *c = l->config;

	for (uint32_t i = 0; i < c->group_count; i++) {
		struct config_group *g = &c->groups[i];
		int status = deal_shards(l, g);

		if (status != 0)
			return status;
		fill_bounds(c, g);
		snprintf(l->path, sizeof(l->path), "groups[%" PRIu32 "]", i);
		g->line = tree_line(l->root, l->path);
	}
	return 0;
}

static void fill_ports(struct load *l)
{
	struct config *c = l->config;

	for (uint32_t i = 0; i < c->port_count; i++)
		if (!is_given(l, "ports[%" PRIu32 "].igmp", i))
			c->ports[i].igmp =
			        c->ports[i].address == 0 ? CONFIG_IGMP_OFF : CONFIG_IGMP_V3;
}

static void fill_logs(struct config *c)
{
	for (uint32_t i = 0; i < c->feed_count; i++) {
		struct config_feed *f = &c->feeds[i];

		if (f->log_bytes_max == 0)
			f->log_bytes_max = f->log_bytes_min > LOG_BYTES_MAX_DEFAULT
			                           ? f->log_bytes_min
			                           : LOG_BYTES_MAX_DEFAULT;
	}
}

int resolve_config(struct load *l)
{
	static const char *const no_arguments[] = {NULL};
	struct config *c = l->config;
	int status = fill_cores(l);

	status = status != 0 ? status : fill_shards(l);
	status = status != 0 ? status : fill_groups(l);
	if (status != 0)
		return status;
	name_components(c);
	fill_ports(l);
	fill_logs(c);
	if (c->engine.eal == NULL)
		c->engine.eal = no_arguments;
	status = check_names(l);
	for (const struct load_reference *r = l->references; status == 0 && r != NULL; r = r->next)
		status = resolve_reference(l, r);
	status = status != 0 ? status : fill_references(l);
	return status != 0 ? status : fill_group_values(l);
}
