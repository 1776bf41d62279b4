/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/chaos_component.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define PAGE CHAOS_PAGE_BYTES

static uint64_t asker_bytes(const struct component_settings *s, uint32_t symbols_max,
                            const char **error)
{
	(void)s;
	(void)symbols_max;
	(void)error;
	return sizeof(struct chaos_component_state);
}

static struct chaos_component *owner(struct component_context *c)
{
	/* The settings are the first member; only their owner is written to, never they. */
	return (struct chaos_component *)(uintptr_t)c->settings;
}

static enum component_verdict asker_on_message(struct component_context *c,
                                               const struct component_message *m)
{
	struct chaos_component *o = owner(c);
	struct chaos_component_state *s = c->state;
	struct chaos_ask ask;

	if (!chaos_feed_read(m->bytes, m->length, &ask))
		return COMPONENT_OK;
	o->disorder += m->sequence <= s->last_sequence;
	s->events++;
	s->last_sequence = m->sequence;
	s->digest = (s->digest ^ ask.event) * 0x9e3779b97f4a7c15ull + m->sequence;
	component_mark(c, s, sizeof(*s));
	assert(o->outbox_count < CHAOS_OUTBOX_MAX);
	ask.component = o->index;
	o->outbox[o->outbox_count++] = ask;
	return COMPONENT_OK;
}

static enum component_verdict asker_on_event(struct component_context *c,
                                             const struct component_event *e)
{
	struct chaos_component_state *s = c->state;

	if (e->kind == COMPONENT_GAP) {
		s->gaps++;
		s->missing += e->missing;
		component_mark(c, s, sizeof(*s));
	}
	return COMPONENT_OK;
}

static const struct component_ops asker_ops = {
        .abi = COMPONENT_ABI,
        .name = "asker",
        .help = "asks a service for each of its events",
        .depends_on = {"book"},
        .state_bytes = asker_bytes,
        .on_message = asker_on_message,
        .on_event = asker_on_event,
};

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static struct group_options group_options_of(const struct chaos_component *c)
{
	return (struct group_options){
	        .name = "chaos",
	        .class = c->is_critical ? CLASS_CRITICAL : CLASS_NORMAL,
	        .selector = {.kind = SELECT_LIST, .names = &c->name, .name_count = 1},
	        .books = {.symbols_max = 1, .levels_max = 16},
	        .components = &c->part,
	        .component_count = 1,
	};
}

static int build(struct chaos_component *c, const struct chaos_feed *feed)
{
	const char *why = NULL;
	struct group *groups[] = {&c->group};
	struct shard_options o = {.feed_count = 1,
	                          .feeds = {{.protocol = &protocol_tops16,
	                                     .log = &feed->log.log,
	                                     .directory = &feed->directory}},
	                          .groups = groups,
	                          .group_count = 1,
	                          .critical_budget = 1,
	                          .normal_budget = 1,
	                          .catch_up_budget = 1};

	c->group = (struct group){.options = c->options};
	c->region_bytes = page_up(group_bytes(&c->options, &why));
	uint64_t epoch_bytes = page_up(c->region_bytes / REGION_PAGE_BYTES);
	uint64_t shard_at = c->region_bytes + epoch_bytes;
	uint64_t bytes = page_up(shard_bytes(&o));

	c->memory_bytes = shard_at + bytes;
	/* From the heap: lives are many and small, and the system's pages cost more than they. */
	c->memory = aligned_alloc(PAGE, c->memory_bytes);
	if (c->memory == NULL)
		return -ENOMEM;
	memset(c->memory, 0, c->memory_bytes);
	int rc = group_init(&c->group, &c->options, c->memory, c->region_bytes,
	                    c->memory + c->region_bytes, &why);

	return rc == 0 ? shard_init(&c->shard, c->memory + shard_at, bytes, &o) : rc;
}

int chaos_component_begin(struct chaos_component *c, const struct chaos_feed *feed, uint32_t index,
                          bool is_critical)
{
	assert(c->shard == NULL);
	c->settings = (struct component_settings){.name = "chaos"};
	c->part = (struct group_component){.ops = &asker_ops, .settings = &c->settings};
	c->feed = feed;
	c->index = index;
	c->is_critical = is_critical;
	c->name = chaos_feed_symbol(index);
	c->options = group_options_of(c);
	c->outbox_count = 0;
	c->lives++;
	int rc = build(c, feed);

	if (rc != 0) {
		free(c->memory);
		c->memory = NULL;
		c->shard = NULL;
	}
	return rc;
}

void chaos_component_end(struct chaos_component *c)
{
	if (c->shard == NULL)
		return;
	shard_finish(c->shard);
	free(c->memory);
	c->memory = NULL;
	c->shard = NULL;
	c->outbox_count = 0;
}

bool chaos_component_step(struct chaos_component *c, uint64_t now_ns)
{
	assert(c->shard != NULL);
	assert(c->outbox_count < CHAOS_OUTBOX_MAX);
	uint32_t before = c->outbox_count;

	while (c->outbox_count == before)
		if (shard_step(c->shard, now_ns) == 0)
			return false;
	return true;
}

const struct chaos_component_state *chaos_component_state(const struct chaos_component *c)
{
	assert(c->shard != NULL);
	return c->group.contexts[0].state;
}

bool chaos_component_equal(const struct chaos_component *a, const struct chaos_component *b)
{
	const struct region *x = &a->group.region;
	const struct region *y = &b->group.region;

	return a->shard != NULL && b->shard != NULL && x->used_bytes == y->used_bytes &&
	       memcmp(x->base, y->base, x->used_bytes) == 0;
}

uint64_t chaos_component_hash(const struct chaos_component *c)
{
	return c->shard == NULL ? 0 : XXH3_64bits(c->group.region.base, c->group.region.used_bytes);
}
