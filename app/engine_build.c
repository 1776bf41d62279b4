/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Building an engine: first everything is measured, then two blocks are mapped (segments; state),
 * then everything is placed. Measuring and placing walk the same lists, so they cannot disagree.
 */
#include "app/engine_build.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/clock.h"
#include "app/engine_input.h"
#include "app/engine_request.h"
#include "app/library.h"
#include "dataplane/feed/protocol.h"

static_assert(CONFIG_FEEDS_MAX <= RECEIVER_FEEDS_MAX, "every feed may be on one core");
static_assert(CONFIG_FEEDS_MAX <= SHARD_FEEDS_MAX, "every shard may read every feed");
static_assert(CONFIG_LINES_MAX <= LINES_MAX, "");
static_assert(CONFIG_SHARDS_MAX <= BOARD_SHARDS_MAX, "");
static_assert(CONFIG_SHARDS_MAX == SHARED_SHARDS_MAX, "");
static_assert(CONFIG_CORES_MAX <= SHARED_SHARDS_MAX, "");
static_assert(CONFIG_FEEDS_MAX == SHARED_FEEDS_MAX, "");
static_assert(CONFIG_PORTS_MAX == SHARED_PORTS_MAX, "");
static_assert(CONFIG_GROUPS_MAX == SHARED_GROUPS_MAX, "");
static_assert(CONFIG_COMPONENTS_MAX <= GROUP_COMPONENTS_MAX, "");

#define LINE_ALIGN 64u

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + REGION_PAGE_BYTES - 1) & ~(uint64_t)(REGION_PAGE_BYTES - 1);
}

static uint32_t segments_of(uint64_t bytes)
{
	return (uint32_t)((bytes + SEGMENT_BYTES - 1) >> SEGMENT_SHIFT);
}

static void arbiter_options_of(const struct config_feed *f, const struct engine_options *o,
                               struct arbiter_options *a)
{
	*a = (struct arbiter_options){
	        .hold_ns = f->gap_hold_max_ns,
	        .hold_packets = o->hold_packets,
	        .learned_wait = f->gap_wait == CONFIG_WAIT_LEARNED,
	        .reset_grace_ns = f->reset_grace_ns,
	        .parking_segments_max = segments_of(f->gap_parking_bytes),
	        .parking_pieces_max = f->gap_pieces_max,
	        .line_count = o->learn_lines ? LINES_MAX : f->line_count,
	        .ladder = o->requests != ENGINE_REQUESTS_NONE && f->recovery.server_count != 0,
	        .join_hold_ns = f->recovery.deadline_ns,
	        .join = f->join == CONFIG_JOIN_ONE ? ARBITER_JOIN_FROM_ONE
	                                           : ARBITER_JOIN_FIRST_SEEN,
	};
}

static uint64_t feed_region_bytes(const struct config_feed *f, const struct engine_options *o)
{
	struct arbiter_options a;

	arbiter_options_of(f, o, &a);
	/* One page of slack for the alignment between the two. */
	return page_up(arbiter_bytes(&a) + directory_bytes(f->symbols_max) + REGION_PAGE_BYTES);
}

static bool engine_has_boards(const struct engine_options *o)
{
	return o->shared || o->boards;
}

static const struct component_ops *component_find(const struct engine_options *o,
                                                  const struct config_component *c,
                                                  char error[LIBRARY_ERROR_BYTES])
{
	for (uint32_t i = 0; o->components != NULL && o->components[i] != NULL; i++)
		if (c->library == NULL && strcmp(o->components[i]->name, c->type) == 0)
			return o->components[i];
	return library_find(c->type, c->library, error);
}

/* What the configuration says about group `i` of an entry, in the room's words. */
static int group_options_of(const struct engine *e, struct engine_group *g,
                            const struct config_group *cg, uint32_t i, struct group_options *o,
                            char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	const struct protocol *p = protocol_find(c->feeds[cg->feed].protocol);

	assert(p != NULL);
	g->config = cg;
	if (cg->count > 1)
		snprintf(g->name, sizeof(g->name), "%.28s-%u", cg->name, i);
	else
		snprintf(g->name, sizeof(g->name), "%.39s", cg->name);
	g->shard = cg->shards[i % cg->shard_count];
	*o = (struct group_options){
	        .name = g->name,
	        .feed = cg->feed,
	        .class = cg->class == CONFIG_CRITICAL ? CLASS_CRITICAL : CLASS_NORMAL,
	        .books = {.symbols_max = cg->symbols_max,
	                  .orders_max = p->by_order ? cg->orders_max : 0,
	                  .levels_max = cg->levels_max},
	        .components = g->components,
	        .component_count = cg->component_count,
	        .services = e->services,
	        .service_count = c->service_count,
	};
	switch (cg->select) {
	case CONFIG_SELECT_ALL:
		o->selector.kind = SELECT_ALL;
		break;
	case CONFIG_SELECT_PATTERN:
		o->selector = (struct selector){.kind = SELECT_PATTERN, .pattern = cg->pattern};
		break;
	case CONFIG_SELECT_HASH:
		o->selector = (struct selector){.kind = SELECT_HASH, .part = i, .parts = cg->count};
		break;
	case CONFIG_SELECT_LIST:
		g->names = calloc(cg->symbol_count, sizeof(*g->names));
		if (g->names == NULL)
			return -ENOMEM;
		for (uint32_t n = 0; n < cg->symbol_count; n++)
			g->names[n] = symbol_from_text(cg->symbols[n]);
		o->selector = (struct selector){
		        .kind = SELECT_LIST, .names = g->names, .name_count = cg->symbol_count};
		break;
	}
	for (uint32_t n = 0; n < cg->component_count; n++) {
		const struct config_component *cc = &cg->components[n];
		char why[LIBRARY_ERROR_BYTES];

		static_assert(sizeof(struct config_setting) == sizeof(struct component_setting),
		              "same shape");
		static_assert(offsetof(struct config_setting, value) ==
		                      offsetof(struct component_setting, value),
		              "");
		g->settings[n] = (struct component_settings){
		        .name = cc->name,
		        .items = (const struct component_setting *)(const void *)cc->settings,
		        .count = cc->setting_count};
		g->components[n] = (struct group_component){
		        .ops = component_find(&e->options, cc, why), .settings = &g->settings[n]};
		if (g->components[n].ops == NULL) {
			snprintf(error, ENGINE_ERROR_BYTES,
			         "%s:%u: groups.%s.components.%s: %.350s", c->path, cg->line,
			         cg->name, cc->name, why);
			return -EINVAL;
		}
	}
	return 0;
}

static uint32_t group_total(const struct config *c)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < c->group_count; i++)
		total += c->groups[i].count;
	return total;
}

/* Resolves every group and its size. */
static int measure_groups(struct engine *e, struct group_options *options, struct engine_sizes *z,
                          char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->group_count; i++) {
		for (uint32_t k = 0; k < c->groups[i].count; k++, n++) {
			const char *why = "does not fit";
			int rc = group_options_of(e, &e->groups[n], &c->groups[i], k, &options[n],
			                          error);

			if (rc != 0)
				return rc;
			uint64_t bytes = group_bytes(&options[n], &why);

			if (bytes == 0) {
				snprintf(error, ENGINE_ERROR_BYTES, "%s:%u: groups.%s: %s", c->path,
				         c->groups[i].line, e->groups[n].name, why);
				return -EINVAL;
			}
			bytes = page_up(bytes);
			/* The region, page aligned, and its page epochs. */
			z->groups_bytes +=
			        bytes + REGION_PAGE_BYTES + page_up(bytes / REGION_PAGE_BYTES);
			/* shard_bytes() asks for the groups' options only. */
			uint32_t s = e->groups[n].shard;

			e->groups[n].group.options = options[n];
			e->shard_groups[(uint64_t)s * e->group_count + e->shard_group_count[s]++] =
			        &e->groups[n].group;
		}
	}
	return 0;
}

static void shard_options_of(struct engine *e, uint32_t s, struct shard_options *o)
{
	const struct config *c = e->config;

	*o = (struct shard_options){
	        .id = s,
	        .feed_count = c->feed_count,
	        .groups = &e->shard_groups[(uint64_t)s * e->group_count],
	        .group_count = e->shard_group_count[s],
	        .critical_budget = c->shards[s].critical_budget,
	        .normal_budget = c->shards[s].normal_budget,
	        .catch_up_budget = c->shards[s].catch_up_budget,
	        .inputs = &e->inputs[s].log,
	};
	for (uint32_t i = 0; i < c->feed_count; i++) {
		struct engine_feed *f = &e->feeds[i];

		o->feeds[i] = (struct shard_feed_setup){
		        .protocol = protocol_find(c->feeds[i].protocol),
		        .log = &f->receive.log.log,
		        .directory = &f->directory,
		        .board = engine_has_boards(&e->options) ? &f->board : NULL,
		};
	}
}

static int measure(struct engine *e, struct group_options *options, struct engine_sizes *z,
                   char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	int rc = measure_groups(e, options, z, error);

	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < c->feed_count; i++) {
		const struct config_feed *f = &c->feeds[i];
		uint64_t region = feed_region_bytes(f, &e->options);

		/* shard_bytes() asks how many symbols a feed may have. */
		e->feeds[i].directory.symbols_max = f->symbols_max;
		z->feeds_bytes += region + REGION_PAGE_BYTES + page_up(region / REGION_PAGE_BYTES) +
		                  page_up(log_control_bytes(segments_of(f->log_bytes_max))) +
		                  page_up(sizeof(struct message_scan)) + REGION_PAGE_BYTES;
		if (engine_has_boards(&e->options))
			z->boards_bytes += page_up(board_bytes(f->symbols_max)) + REGION_PAGE_BYTES;
	}
	for (uint32_t i = 0; i < c->shard_count; i++) {
		struct shard_options o;

		shard_options_of(e, i, &o);
		z->shards_bytes +=
		        page_up(shard_bytes(&o)) + REGION_PAGE_BYTES + engine_input_bytes(&o);
	}
	rc = engine_requests_plan(e, error);
	if (rc != 0)
		return rc;
	z->requests_bytes = engine_requests_bytes(e);
	z->requester_count = e->requests.count;
	z->hand_overs_bytes = engine_lines_measure(e);
	z->hand_over_count = e->hand_over_count;
	e->pool_segments = segments_of(c->engine.pool_bytes);
	z->segments_bytes = segment_pool_bytes(e->pool_segments);
	z->state_bytes = z->feeds_bytes + z->boards_bytes + z->shards_bytes + z->groups_bytes +
	                 z->hand_overs_bytes + z->requests_bytes;
	z->group_count = e->group_count;
	return 0;
}

static int alloc_tables(struct engine *e, struct group_options **options)
{
	const struct config *c = e->config;

	e->group_count = group_total(c);
	e->groups = calloc(e->group_count + 1, sizeof(*e->groups));
	e->shard_groups =
	        calloc((uint64_t)c->shard_count * e->group_count + 1, sizeof(*e->shard_groups));
	e->inputs = calloc(c->shard_count + 1, sizeof(*e->inputs));
	e->cores = aligned_alloc(LINE_ALIGN, (c->core_count * sizeof(*e->cores) + LINE_ALIGN - 1) &
	                                             ~(LINE_ALIGN - 1ull));
	*options = calloc(e->group_count + 1, sizeof(**options));
	if (e->groups == NULL || e->shard_groups == NULL || e->inputs == NULL || e->cores == NULL ||
	    *options == NULL)
		return -ENOMEM;
	memset(e->cores, 0, c->core_count * sizeof(*e->cores));
	for (uint32_t i = 0; i < c->service_count; i++)
		e->services[i] = c->services[i].name;
	return 0;
}

int engine_measure(const struct config *c, struct engine_sizes *sizes,
                   char error[ENGINE_ERROR_BYTES])
{
	struct engine *e = calloc(1, sizeof(*e));
	struct group_options *options = NULL;
	int rc = -ENOMEM;

	*sizes = (struct engine_sizes){0};
	snprintf(error, ENGINE_ERROR_BYTES, "out of memory");
	if (e != NULL) {
		e->config = c;
		e->options = (struct engine_options){.shared = true,
		                                     .requests = ENGINE_REQUESTS_POSSIBLE};
		rc = alloc_tables(e, &options);
		if (rc == 0)
			rc = measure(e, options, sizes, error);
	}
	free(options);
	engine_destroy(e);
	return rc;
}

static int place_region(struct engine *e, struct region *r, uint64_t bytes)
{
	uint8_t *base = memory_place(&e->state, bytes, REGION_PAGE_BYTES);
	uint8_t *epochs =
	        memory_place(&e->state, page_up(bytes / REGION_PAGE_BYTES), REGION_PAGE_BYTES);

	return region_init(r, base, bytes, epochs);
}

static int build_feed(struct engine *e, uint32_t i, char error[ENGINE_ERROR_BYTES])
{
	const struct config_feed *cf = &e->config->feeds[i];
	struct engine_feed *f = &e->feeds[i];
	uint64_t log_bytes = log_control_bytes(segments_of(cf->log_bytes_max));
	struct arbiter_setup setup = {.region = &f->region,
	                              .pool = &e->pool,
	                              .log = &f->receive.log,
	                              .protocol = protocol_find(cf->protocol)};
	struct log_options lo = {.log_id = i,
	                         .segments_min = segments_of(cf->log_bytes_min),
	                         .segments_max = segments_of(cf->log_bytes_max)};

	f->config = cf;
	f->core = cf->core;
	f->scan = memory_place(&e->state, sizeof(*f->scan), REGION_PAGE_BYTES);
	setup.scan = f->scan;
	arbiter_options_of(cf, &e->options, &setup.options);
	int rc = place_region(e, &f->region, feed_region_bytes(cf, &e->options));

	if (rc == 0)
		rc = log_writer_init(&f->receive.log,
		                     memory_place(&e->state, page_up(log_bytes), REGION_PAGE_BYTES),
		                     page_up(log_bytes), &e->pool, &lo);
	if (rc == 0)
		rc = directory_init(&f->directory, &f->region, cf->symbols_max);
	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "feed %s: cannot build its log and directory: %s", cf->name,
		         rc == -ENOSPC ? "the pool is smaller than the logs' minimum sizes together"
		                       : strerror(-rc));
		return rc;
	}
	message_scan_init(f->scan, &f->directory);
	rc = arbiter_init(&f->receive.arbiter, &setup);
	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES, "feed %s: cannot build its arbiter: %s",
		         cf->name, strerror(-rc));
		return rc;
	}
	f->receive.scan = f->scan;
	f->receive.protocol = setup.protocol;
	if (engine_has_boards(&e->options)) {
		uint64_t bytes = page_up(board_bytes(cf->symbols_max));

		rc = board_init(&f->board, memory_place(&e->state, bytes, REGION_PAGE_BYTES), bytes,
		                cf->symbols_max, i);
	}
	return rc;
}

static int build_group(struct engine *e, uint32_t n, const struct group_options *o,
                       char error[ENGINE_ERROR_BYTES])
{
	struct engine_group *g = &e->groups[n];
	const char *why = "does not fit";
	uint64_t bytes = page_up(group_bytes(o, &why));
	uint8_t *base = memory_place(&e->state, bytes, REGION_PAGE_BYTES);
	uint8_t *epochs =
	        memory_place(&e->state, page_up(bytes / REGION_PAGE_BYTES), REGION_PAGE_BYTES);
	int rc = group_init(&g->group, o, base, bytes, epochs, &why);

	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES, "%s:%u: groups.%s: %s", e->config->path,
		         g->config->line, g->name, why);
		return rc;
	}
	return 0;
}

static int build_cores(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;

	for (uint32_t i = 0; i < c->core_count; i++) {
		e->cores[i].engine = e;
		e->cores[i].index = i;
		receiver_init(&e->cores[i].receiver, &(struct frame_options){0},
		              e->options.learn_lines);
	}
	int rc = engine_build_lines(e, error);

	rc = rc != 0 ? rc : engine_requests_build(e, error);
	rc = rc != 0 ? rc : engine_requests_build_replies(e, error);
	if (rc != 0)
		return rc;
	for (uint32_t i = 0; i < c->shard_count; i++) {
		struct engine_core *core = &e->cores[c->shards[i].core];

		core->shards[core->shard_count++] = i;
		engine_input_connect(e, i);
	}
	return 0;
}

static int build(struct engine *e, const struct group_options *options,
                 char error[ENGINE_ERROR_BYTES])
{
	const struct config *c = e->config;
	int rc = segment_pool_init(&e->pool, e->segments.base, e->segments.bytes, e->pool_segments);

	if (rc != 0) {
		snprintf(error, ENGINE_ERROR_BYTES, "cannot format the segment pool: %s",
		         strerror(-rc));
		return rc;
	}
	for (uint32_t i = 0; rc == 0 && i < c->feed_count; i++)
		rc = build_feed(e, i, error);
	for (uint32_t i = 0; rc == 0 && i < e->group_count; i++)
		rc = build_group(e, i, &options[i], error);
	for (uint32_t i = 0; rc == 0 && i < c->shard_count; i++) {
		struct shard_options o;

		shard_options_of(e, i, &o);
		uint64_t bytes = page_up(shard_bytes(&o));

		rc = engine_input_build(e, i, &o, error);
		if (rc != 0)
			return rc;
		rc = shard_init(&e->shards[i], memory_place(&e->state, bytes, REGION_PAGE_BYTES),
		                bytes, &o);
		if (rc != 0)
			snprintf(error, ENGINE_ERROR_BYTES, "shard %s: cannot be built: %s",
			         c->shards[i].name, strerror(-rc));
	}
	return rc == 0 ? build_cores(e, error) : rc;
}

static int map_blocks(struct engine *e, const struct engine_sizes *z,
                      char error[ENGINE_ERROR_BYTES])
{
	const struct config_engine *ce = &e->config->engine;
	enum memory_pages pages = ce->huge_pages == CONFIG_HUGE_YES  ? MEMORY_PAGES_HUGE
	                          : ce->huge_pages == CONFIG_HUGE_NO ? MEMORY_PAGES_SMALL
	                                                             : MEMORY_PAGES_ANY;
	int rc;

	if (!e->options.shared) {
		rc = memory_anonymous(&e->control, sizeof(struct shared));
		if (rc == 0)
			rc = memory_anonymous(&e->segments, z->segments_bytes);
		if (rc == 0)
			rc = memory_anonymous(&e->state, z->state_bytes);
		if (rc != 0)
			snprintf(error, ENGINE_ERROR_BYTES, "cannot map %llu bytes: %s",
			         (unsigned long long)(z->segments_bytes + z->state_bytes),
			         strerror(-rc));
		return rc;
	}
	rc = engine_claim_name(e, error);
	if (rc == 0)
		rc = memory_create(&e->segments, ce->name, "segments", z->segments_bytes, pages,
		                   error);
	if (rc == 0)
		rc = memory_create(&e->state, ce->name, "state", z->state_bytes, pages, error);
	if (rc == 0)
		rc = memory_small_fits(e->control.bytes +
		                               (e->segments.huge ? 0 : e->segments.bytes) +
		                               (e->state.huge ? 0 : e->state.bytes),
		                       error);
	return rc;
}

int engine_create(struct engine **out, const struct config *c, const struct engine_options *o,
                  char error[ENGINE_ERROR_BYTES])
{
	struct engine *e = calloc(1, sizeof(*e));
	struct group_options *options = NULL;
	struct engine_sizes sizes = {0};
	int rc = -ENOMEM;

	snprintf(error, ENGINE_ERROR_BYTES, "out of memory");
	if (e == NULL)
		return rc;
	e->config = c;
	e->options = *o;
	e->control.fd = e->segments.fd = e->state.fd = -1;
	rc = alloc_tables(e, &options);
	if (rc == 0)
		rc = measure(e, options, &sizes, error);
	if (rc == 0)
		rc = map_blocks(e, &sizes, error);
	if (rc == 0)
		rc = build(e, options, error);
	if (rc == 0) {
		e->shared = (struct shared *)(void *)e->control.base;
		engine_describe(e);
	}
	free(options);
	if (rc != 0) {
		engine_destroy(e);
		return rc;
	}
	*out = e;
	return 0;
}

void engine_destroy(struct engine *e)
{
	if (e == NULL)
		return;
	engine_close_ports(e);
	if (e->shared != NULL)
		atomic_store_explicit(&e->shared->state, SHARED_STOPPED, memory_order_release);
	memory_destroy(&e->state);
	memory_destroy(&e->segments);
	memory_destroy(&e->control);
	for (uint32_t i = 0; e->groups != NULL && i < e->group_count; i++)
		free(e->groups[i].names);
	free(e->groups);
	free(e->shard_groups);
	free(e->inputs);
	engine_requests_free(e);
	free(e->cores);
	free(e);
}
