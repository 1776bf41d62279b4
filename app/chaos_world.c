/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_world.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PARKING_SEGMENTS 2u /* a feed's arbiter may take */
#define LATE_BUDGETS     2u /* so many budgets long a late reply is awaited */

void chaos_broken(struct chaos_world *w, unsigned invariant, const char *format, ...)
{
	struct chaos_result *r = w->result;
	va_list arguments;

	assert(invariant >= 1 && invariant <= RESILIENCE_INVARIANTS);
	if ((w->profile->invariants_given_up & RESILIENCE_INVARIANT_BIT(invariant)) != 0) {
		r->given_up_invariants[invariant]++;
		return;
	}
	if (r->broken[0] != '\0')
		return; /* the first one is what counts */
	int n = snprintf(r->broken, sizeof(r->broken), "invariant %u at step %" PRIu64 ": ",
	                 invariant, w->steps);

	va_start(arguments, format);
	vsnprintf(r->broken + n, sizeof(r->broken) - (size_t)n, format, arguments);
	va_end(arguments);
}

/* Limits of each feed's log in segments: the profile's, or what holds the whole run. */
static void segments_of(const struct chaos_world *w, struct chaos_feed_options *o)
{
	const struct processing_options *p = &w->profile->processing;
	const struct scenario *s = w->scenario;

	uint32_t share = s->segments_max / s->cores;
	bool is_fixed = p->segments_max <= p->segments_min;

	/* A fixed queue has its share of what there is, elastic ones lend each other theirs. */
	o->segments_min = p->segments_min < share ? p->segments_min : share;
	o->segments_min = o->segments_min < 2 ? 2 : o->segments_min;
	o->segments_max = is_fixed                            ? o->segments_min
	                  : p->segments_max < s->segments_max ? p->segments_max
	                                                      : s->segments_max;
	if (o->segments_max < o->segments_min)
		o->segments_max = o->segments_min;
	o->hold = s->keep_log && w->profile->recovery.may_replay &&
	          w->profile->recovery.checkpoint != RECOVERY_NONE;
	if (s->keep_log) {
		o->segments_min = 2;
		o->segments_max = s->segments_max;
	}
}

void *chaos_world_take(const struct chaos_options *o, uint32_t which, uint64_t *bytes)
{
	struct chaos_reuse *r = o->reuse;

	if (r == NULL || r->memory[which] == NULL)
		return chaos_memory(*bytes, SEGMENT_BYTES);
	void *memory = r->memory[which];
	uint64_t there = r->bytes[which];

	r->memory[which] = NULL;
	if (there < *bytes) {
		chaos_memory_free(memory, there);
		return chaos_memory(*bytes, SEGMENT_BYTES);
	}
	/* Only the pool's control page has to be new: segments are used again and again anyway. */
	if (madvise(memory, SEGMENT_BYTES, MADV_DONTNEED) != 0) {
		chaos_memory_free(memory, there);
		return NULL;
	}
	*bytes = there;
	return memory;
}

void chaos_world_give(const struct chaos_options *o, uint32_t which, void *memory, uint64_t bytes)
{
	struct chaos_reuse *r = o->reuse;

	if (r == NULL || memory == NULL || r->memory[which] != NULL) {
		chaos_memory_free(memory, bytes);
		return;
	}
	r->memory[which] = memory;
	r->bytes[which] = bytes;
}

void chaos_reuse_finish(struct chaos_reuse *r)
{
	for (uint32_t i = 0; i < 2; i++)
		chaos_memory_free(r->memory[i], r->bytes[i]);
	*r = (struct chaos_reuse){0};
}

static int create_pool(struct chaos_world *w)
{
	struct chaos_feed_options o;

	segments_of(w, &o);
	uint32_t least = w->scenario->cores * (o.segments_min + PARKING_SEGMENTS);
	uint32_t count = w->scenario->segments_max + w->scenario->cores * PARKING_SEGMENTS;

	count = count < least ? least : count;
	w->pool_bytes = segment_pool_bytes(count);
	w->pool_memory = chaos_world_take(w->options, 0, &w->pool_bytes);
	if (w->pool_memory == NULL)
		return -ENOMEM;
	return segment_pool_init(&w->pool, w->pool_memory, w->pool_bytes, count);
}

static uint32_t items_max(const struct chaos_world *w)
{
	return w->member_count * (w->profile->processing.parallelism_max + CHAOS_OUTBOX_MAX);
}

static int create_items(struct chaos_world *w)
{
	w->item_count = items_max(w);
	w->items = calloc(w->item_count, sizeof(*w->items));
	if (w->items == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < w->item_count; i++)
		w->items[i].next = i + 1 < w->item_count ? i + 1 : CHAOS_NONE;
	return 0;
}

/* The profile's service, with the scenario's nodes. */
static int create_service_options(struct chaos_world *w)
{
	const struct scenario *s = w->scenario;

	w->service_options = calloc(s->service_count + 1u, sizeof(*w->service_options));
	if (w->service_options == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->service_count; i++) {
		w->service_options[i] = w->profile->service;
		w->service_options[i].nodes = (uint8_t)s->services[i].nodes;
		if (service_options_check(&w->service_options[i]) != NULL)
			return -EINVAL;
	}
	return 0;
}

static int create_services(struct chaos_world *w, struct chaos_core *c)
{
	uint32_t count = w->scenario->service_count;

	c->services = calloc(count + 1u, sizeof(*c->services));
	c->states = aligned_alloc(64, (count + 1u) * ((sizeof(*c->states) + 63) / 64 * 64));
	c->breaker_counters = calloc(count + 1u, sizeof(*c->breaker_counters));
	c->health_counters = calloc(count + 1u, sizeof(*c->health_counters));
	if (c->services == NULL || c->states == NULL || c->breaker_counters == NULL ||
	    c->health_counters == NULL)
		return -ENOMEM;
	memset(c->states, 0, (count + 1u) * sizeof(*c->states));
	int rc = event_ring_init(&c->ring, c->events, CHAOS_EVENTS_MAX);

	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = service_init(&c->services[i],
		                  &(struct service_setup){.state = &c->states[i],
		                                          .options = &w->service_options[i],
		                                          .breaker_counters = c->breaker_counters,
		                                          .health_counters = c->health_counters,
		                                          .events = &c->ring,
		                                          .prng = &c->prng,
		                                          .subject = i},
		                  0);
	return rc;
}

static int create_operations(struct chaos_world *w, struct chaos_core *c)
{
	uint32_t most =
	        c->member_count * (w->profile->processing.parallelism_max + CHAOS_OUTBOX_MAX);

	/* One more: a table without services is none, but a scenario may ask nothing. */
	if (w->scenario->service_count == 0)
		return 0;
	c->options = (struct operation_options){
	        .pool = {.operations_max = most, .attempts_max = 3 * most},
	        .tick_ns = w->scenario->tick_ns / 10 + 1,
	        .late_ns = w->scenario->budget_ns * LATE_BUDGETS,
	        .service_count = w->scenario->service_count,
	};
	c->wheel_bytes = operation_wheel_bytes(&c->options);
	if (c->wheel_bytes == 0)
		return -EINVAL;
	c->operation_slots = calloc(most, sizeof(*c->operation_slots));
	c->attempt_slots = calloc(3 * (size_t)most, sizeof(*c->attempt_slots));
	c->wheel = calloc(1, c->wheel_bytes);
	if (c->operation_slots == NULL || c->attempt_slots == NULL || c->wheel == NULL)
		return -ENOMEM;
	return operation_init(&c->operations,
	                      &(struct operation_setup){.options = &c->options,
	                                                .operations = c->operation_slots,
	                                                .attempts = c->attempt_slots,
	                                                .services = c->services,
	                                                .wheel = c->wheel,
	                                                .wheel_bytes = c->wheel_bytes},
	                      0);
}

/* Critical components stand first, background ones last. */
static int share_members(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];

	c->members = calloc(w->member_count, sizeof(*c->members));
	if (c->members == NULL)
		return -ENOMEM;
	for (uint32_t class = 0; class < WORK_CLASSES; class ++)
		for (uint32_t i = 0; i < w->member_count; i++)
			if (w->members[i].core == core && w->members[i].class == class) {
				c->members[c->member_count++] = i;
				c->class_count[class]++;
			}
	return 0;
}

static int create_core(struct chaos_world *w, uint32_t core)
{
	struct chaos_core *c = &w->cores[core];
	struct chaos_feed_options o = {.id = core,
	                               .components = w->scenario->components,
	                               .event_bytes = w->scenario->event_bytes,
	                               .lines = w->scenario->lines,
	                               .gap_hold_ns = w->scenario->gap_hold_ns};

	prng_init(&c->prng, w->options->seed ^ (0x0c07e5ull + core));
	c->poll_at_ns = UINT64_MAX;
	segments_of(w, &o);
	int rc = share_members(w, core);

	if (rc == 0)
		rc = chaos_feed_create(&c->feed, &w->pool, &o);
	if (rc == 0)
		rc = create_services(w, c);
	if (rc == 0)
		rc = create_operations(w, c);
	for (uint32_t i = 0; rc == 0 && i < c->member_count; i++) {
		struct chaos_member *m = &w->members[c->members[i]];

		m->is_alive = true;
		m->window = chaos_core_window(w);
		m->oldest_ns = UINT64_MAX;
		if (m->group == NULL)
			rc = chaos_component_begin(&m->component, &c->feed, c->members[i],
			                           m->is_critical);
	}
	return rc;
}

/* Whether the n-th of many is one of a share that is spread evenly over them. */
static bool is_of_share(uint64_t n, uint32_t ppm)
{
	return n * ppm / 1000000 != (n + 1) * ppm / 1000000;
}

static void set_classes(struct chaos_world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t others = 0;

	for (uint32_t i = 0; i < s->components; i++) {
		struct chaos_member *m = &w->members[i];

		m->is_critical = is_of_share(i, s->critical_ppm);
		m->class = m->is_critical                             ? WORK_CRITICAL
		           : is_of_share(others++, s->background_ppm) ? WORK_BACKGROUND
		                                                      : WORK_NORMAL;
	}
}

/* Who there is, and on which core. */
static int create_members(struct chaos_world *w)
{
	const struct scenario *s = w->scenario;

	w->member_count = s->components + (w->options->day != NULL ? WORLD_GROUPS : 0);
	w->members = calloc(w->member_count, sizeof(*w->members));
	if (w->members == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < s->components; i++)
		w->members[i].core = i % s->cores;
	set_classes(w);
	if (w->options->day == NULL)
		return 0;
	int rc = world_day_create(w, w->options->day);

	if (rc == 0)
		world_group_join(w);
	return rc;
}

static int create(struct chaos_world *w)
{
	const struct scenario *s = w->scenario;

	w->cores = calloc(s->cores, sizeof(*w->cores));
	if (w->cores == NULL)
		return -ENOMEM;
	int rc = create_members(w);

	if (rc == 0)
		rc = create_pool(w);
	if (rc == 0)
		rc = create_items(w);
	if (rc == 0)
		rc = create_service_options(w);
	if (rc == 0)
		rc = chaos_tuning_create(w);
	for (uint32_t i = 0; rc == 0 && i < s->cores; i++)
		rc = create_core(w, i);
	return rc == 0 ? chaos_control_start(w) : rc;
}

int chaos_world_create(struct chaos_world *w, const struct chaos_options *o, struct chaos_result *r)
{
	*w = (struct chaos_world){
	        .options = o, .scenario = o->scenario, .profile = o->profile, .result = r};
	chaos_queue_init(&w->queue);
	prng_init(&w->prng, o->seed ^ 0xc4a05);
	histogram_init(&w->latency);
	if (chaos_script_check(o->scenario) != NULL)
		return -EINVAL;
	int rc = create(w);

	if (rc != 0)
		chaos_world_destroy(w);
	return rc;
}

void chaos_world_destroy(struct chaos_world *w)
{
	for (uint32_t i = 0; w->members != NULL && i < w->member_count; i++)
		chaos_component_end(&w->members[i].component);
	for (uint32_t i = 0; w->cores != NULL && i < w->scenario->cores; i++) {
		struct chaos_core *c = &w->cores[i];

		chaos_feed_destroy(&c->feed);
		free(c->services);
		free(c->states);
		free(c->breaker_counters);
		free(c->health_counters);
		free(c->operation_slots);
		free(c->attempt_slots);
		free(c->wheel);
		free(c->members);
	}
	free(w->cores);
	free(w->members);
	free(w->items);
	free(w->service_options);
	chaos_tuning_destroy(w);
	world_day_destroy(w);
	chaos_queue_finish(&w->queue);
	chaos_world_give(w->options, 0, w->pool_memory, w->pool_bytes);
	w->cores = NULL;
	w->members = NULL;
	w->items = NULL;
	w->service_options = NULL;
	w->pool_memory = NULL;
}
