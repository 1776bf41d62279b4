/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/books_csv.h"
#include "app/engine_host.h"
#include "app/engine_input.h"
#include "app/engine_request.h"
#include "dataplane/wire/igmp.h"

/* Under load turns are long: what a core counts is to be seen all the same. */
#define PUBLISH_NS 100000000u

/* Tells each board of the core about GAP records that its feed has written since the last turn. */
static void show_gaps(struct engine_core *c)
{
	for (uint32_t i = 0; i < c->feed_count; i++) {
		struct engine_feed *f = &c->engine->feeds[c->feeds[i]];
		uint64_t gaps = arbiter_stats(&f->receive.arbiter)->gaps;

		if (gaps == f->gaps_shown)
			continue;
		uint32_t epoch;
		uint64_t end_sequence;

		f->gaps_shown = gaps;
		arbiter_last_gap(&f->receive.arbiter, &epoch, &end_sequence);
		if (f->board.control != NULL)
			board_gap(&f->board, epoch, end_sequence);
	}
}

void engine_core_packets(struct engine_core *c, const struct packet *packets, uint32_t count,
                         uint64_t now_ns)
{
	receiver_on_packets(&c->receiver, packets, count, now_ns);
}

uint32_t engine_core_work(struct engine_core *c, uint64_t now_ns)
{
	uint32_t moved = receiver_take(&c->receiver, now_ns);

	if (c->requester != NULL)
		moved += engine_request_step(c->requester, now_ns);
	receiver_poll(&c->receiver, now_ns);
	show_gaps(c);
	for (uint32_t i = 0; i < c->shard_count; i++) {
		uint32_t shard = c->shards[i];

		moved += shard_step(c->engine->shards[shard], now_ns);
		if (c->engine->inputs[shard].flights != NULL)
			moved += engine_input_step(c->engine, shard, now_ns);
	}
	return moved;
}

uint32_t engine_core_step(struct engine_core *c, uint64_t now_ns)
{
	struct packet burst[PACKET_BURST_MAX];
	uint32_t moved = 0;

	for (uint32_t i = 0; i < c->queue_count; i++) {
		uint32_t n = port_receive(c->queues[i], burst, PACKET_BURST_MAX, now_ns);

		if (n != 0)
			receiver_on_packets(&c->receiver, burst, n, now_ns);
		moved += n;
	}
	moved += engine_core_work(c, now_ns);
	for (uint32_t i = 0; i < c->host_count; i++)
		engine_host_step(c->hosts[i]);
	for (struct engine_sender *x = c->senders; x != NULL; x = x->next)
		if (frame_ring_count(x->ring) != 0)
			engine_request_send(x);

	uint64_t turn_ns = now_ns - c->last_ns;

	if (c->last_ns != 0 && turn_ns > c->turn_ns_max)
		c->turn_ns_max = turn_ns;
	c->last_ns = now_ns;
	c->turns++;
	c->busy_turns += moved != 0;
	if (c->turns % c->engine->config->engine.publish_turns == 0 ||
	    now_ns - c->published_ns >= PUBLISH_NS) {
		engine_core_publish(c);
		c->published_ns = now_ns;
	}
	return moved;
}

bool engine_core_took_all(struct engine_core *c)
{
	return !receiver_is_waiting(&c->receiver);
}

bool engine_core_at_head(const struct engine_core *c)
{
	for (uint32_t i = 0; i < c->shard_count; i++)
		if (!shard_at_head(c->engine->shards[c->shards[i]]))
			return false;
	return true;
}

static void publish_feed(struct engine *e, uint32_t i)
{
	struct engine_feed *f = &e->feeds[i];
	struct shared_feed *s = &e->shared->feeds[i];
	const struct arbiter *a = &f->receive.arbiter;
	const struct session_key *key = arbiter_session(a);

	static_assert(sizeof(*key) == sizeof(s->session), "a session's name is three words");
	shared_publish(s->session, key, sizeof(*key) / 8);
	atomic_store_explicit(&s->epoch, arbiter_epoch(a), memory_order_relaxed);
	atomic_store_explicit(&s->next_sequence, arbiter_next_sequence(a), memory_order_relaxed);
	atomic_store_explicit(&s->packets, f->receive.packets, memory_order_relaxed);
	atomic_store_explicit(&s->malformed_packets, f->receive.malformed_packets,
	                      memory_order_relaxed);
	atomic_store_explicit(&s->symbols, directory_count(&f->directory), memory_order_relaxed);
	atomic_store_explicit(&s->symbols_refused, f->directory.refused, memory_order_relaxed);
	SHARED_PUBLISH(s->messages, &f->scan->counts);
	SHARED_PUBLISH(s->arbiter, arbiter_stats(a));
	SHARED_PUBLISH(s->log, &f->receive.log.stats);
	if (f->has_ladder)
		SHARED_PUBLISH(s->ladder, &f->ladder.stats);
	for (uint32_t n = 0; n < s->line_count; n++)
		SHARED_PUBLISH(s->lines[n].stats, arbiter_line_stats(a, n));
}

static void publish_group(struct engine *e, uint32_t i)
{
	const struct group *g = &e->groups[i].group;
	struct shared_group *s = &e->shared->groups[i];

	atomic_store_explicit(&s->state, (uint64_t)g->state, memory_order_relaxed);
	SHARED_PUBLISH(s->stats, &g->stats);
	SHARED_PUBLISH(s->books, book_set_stats(&g->books));
	for (uint32_t n = 0; n < s->component_count; n++)
		shared_publish(s->values[n], g->contexts[n].values, COMPONENT_VALUES_MAX);
}

void engine_core_publish(struct engine_core *c)
{
	struct engine *e = c->engine;
	struct shared_core *s = &e->shared->cores[c->index];

	atomic_store_explicit(&s->turns, c->turns, memory_order_relaxed);
	atomic_store_explicit(&s->busy_turns, c->busy_turns, memory_order_relaxed);
	atomic_store_explicit(&s->turn_ns_max, c->turn_ns_max, memory_order_relaxed);
	SHARED_PUBLISH(s->receiver, &c->receiver.stats);
	for (uint32_t i = 0; i < c->feed_count; i++)
		publish_feed(e, c->feeds[i]);
	for (uint32_t i = 0; i < c->shard_count; i++) {
		struct shard *shard = e->shards[c->shards[i]];

		SHARED_PUBLISH(e->shared->shards[c->shards[i]].stats, shard_stats(shard));
		SHARED_PUBLISH(e->shared->shards[c->shards[i]].latency, shard_latency(shard));
	}
	for (uint32_t i = 0; i < e->group_count; i++)
		if (e->config->shards[e->groups[i].shard].core == c->index)
			publish_group(e, i);
	if (c->requester != NULL)
		engine_request_publish(c->requester);
}

void engine_control_poll(struct engine *e, uint64_t now_ns)
{
	struct shared *s = e->shared;

	for (uint32_t i = 0; i < e->port_count; i++) {
		port_poll(e->ports[i], now_ns);
		SHARED_PUBLISH(s->ports[i].stats, port_stats(e->ports[i]));
	}
	engine_requests_control(e, now_ns);
	atomic_store_explicit(&s->pool_free, segment_pool_free(&e->pool), memory_order_relaxed);
	atomic_store_explicit(&s->heartbeat_ns, now_ns, memory_order_relaxed);
}

static void port_groups(const struct config *c, uint32_t port, uint32_t groups[PORT_GROUPS_MAX],
                        uint32_t *count)
{
	*count = 0;
	if (c->ports[port].igmp != CONFIG_IGMP_OFF)
		groups[(*count)++] = IGMP_ALL_HOSTS; /* where queries go */
	for (uint32_t f = 0; f < c->feed_count; f++)
		for (uint32_t n = 0; n < c->feeds[f].line_count; n++) {
			const struct config_line *l = &c->feeds[f].lines[n];

			if (l->port == port && l->address >> 28 == 0xe && *count < PORT_GROUPS_MAX)
				groups[(*count)++] = l->address;
		}
}

static int open_port(struct engine *e, uint32_t i, char error[ENGINE_ERROR_BYTES])
{
	const struct config_port *cp = &e->config->ports[i];
	uint32_t groups[PORT_GROUPS_MAX];
	uint32_t group_count;
	struct engine_core *core = &e->cores[cp->core];

	port_groups(e->config, i, groups, &group_count);
	struct port_options o = {
	        .name = cp->name,
	        .device = cp->device,
	        .queues = (uint16_t)cp->queues,
	        .descriptors = (uint16_t)cp->descriptors,
	        .buffers = cp->buffers,
	        .frame_bytes_max = (uint16_t)cp->frame_bytes_max,
	        .groups = groups,
	        .group_count = group_count,
	        .all_multicast = cp->multicast == CONFIG_MULTICAST_ALL,
	        .promiscuous = cp->promiscuous,
	        .hardware_timestamps = cp->hardware_timestamps,
	        .socket = -1,
	        .index = (uint8_t)i,
	        .transmit = cp->address != 0,
	};
	int rc = port_open(&e->ports[i], &o, error);

	if (rc == -ENOMEM) {
		size_t used = strlen(error);

		snprintf(error + used, ENGINE_ERROR_BYTES - used,
		         " (the buffers of all ports lie in engine.dpdk_memory, %u MiB)",
		         e->config->engine.dpdk_memory_mib);
	}
	if (rc != 0)
		return rc;
	e->port_count = i + 1;
	rc = port_start(e->ports[i], error);
	if (rc != 0)
		return rc;
	snprintf(e->shared->ports[i].description, sizeof(e->shared->ports[i].description), "%s",
	         port_description(e->ports[i]));
	for (uint16_t q = 0; q < cp->queues; q++) {
		if (core->queue_count == ENGINE_QUEUES_MAX) {
			snprintf(error, ENGINE_ERROR_BYTES, "core %s polls more than %u queues",
			         e->config->cores[cp->core].name, ENGINE_QUEUES_MAX);
			return -EMFILE;
		}
		core->queues[core->queue_count++] = port_queue(e->ports[i], q);
	}
	return cp->address == 0 ? 0 : engine_host_open(e, i, error);
}

int engine_open_ports(struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	for (uint32_t i = 0; i < e->config->port_count; i++) {
		int rc = open_port(e, i, error);

		if (rc != 0)
			return rc;
	}
	engine_requests_open(e);
	return 0;
}

void engine_close_ports(struct engine *e)
{
	engine_requests_close(e);
	for (uint32_t i = 0; e->cores != NULL && i < e->config->core_count; i++) {
		for (uint32_t q = 0; q < e->cores[i].queue_count; q++)
			port_release(e->cores[i].queues[q]);
		e->cores[i].queue_count = 0;
		e->cores[i].host_count = 0;
	}
	for (uint32_t i = 0; i < e->port_count; i++) {
		port_stop(e->ports[i]);
		port_close(e->ports[i]);
		engine_host_close(e, i);
	}
	e->port_count = 0;
}

int engine_write_books(const struct engine *e, uint32_t feed, FILE *out)
{
	struct books_csv_source *sources = calloc(e->group_count + 1, sizeof(*sources));
	uint32_t count = 0;
	int rc = sources == NULL ? -ENOMEM : 0;

	/* Critical groups first: where both classes have a symbol, theirs is the book. */
	for (int class = CLASS_CRITICAL; class <= CLASS_NORMAL; class ++)
		for (uint32_t i = 0; rc == 0 && i < e->group_count; i++) {
			const struct group *g = &e->groups[i].group;

			if (g->options.feed != feed || (int)g->options.class != class)
				continue;
			sources[count].by_order = e->feeds[feed].receive.protocol->by_order;
			rc = book_view_attach(&sources[count++].view, g->region.base,
			                      g->region.bytes, g->books.state_offset);
		}
	if (rc == 0)
		rc = books_csv_write(out, sources, count, NULL);
	free(sources);
	return rc;
}

/* Has a group before this one written to the same file? */
static bool report_is_first(const struct engine *e, uint32_t group, uint32_t component)
{
	const char *path = e->groups[group].config->components[component].report;

	for (uint32_t i = 0; i <= group; i++)
		for (uint32_t n = 0; n < e->groups[i].config->component_count; n++) {
			const char *other = e->groups[i].config->components[n].report;

			if (i == group && n == component)
				return true;
			if (other != NULL && strcmp(other, path) == 0)
				return false;
		}
	return true;
}

/* Groups of one configuration entry write to one file: it begins with one header. */
static void copy_report(FILE *out, const char *text, bool header)
{
	const char *from = header ? text : strchr(text, '\n');

	if (from != NULL)
		fputs(header ? from : from + 1, out);
}

static int write_report(const struct engine_group *g, uint32_t n, bool first,
                        char error[ENGINE_ERROR_BYTES])
{
	const struct component_ops *ops = g->components[n].ops;
	const char *path = g->config->components[n].report;
	char *text = NULL;
	size_t bytes = 0;

	if (ops->report == NULL) {
		snprintf(error, ENGINE_ERROR_BYTES,
		         "component %s of group %s writes no report (`report: %s`)",
		         g->config->components[n].name, g->name, path);
		return -ENOTSUP;
	}
	FILE *memory = open_memstream(&text, &bytes);
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, first ? "w" : "a");
	int rc = memory == NULL || out == NULL ? -errno : 0;

	if (memory != NULL) {
		ops->report(&g->group.contexts[n], memory);
		if (fclose(memory) != 0 && rc == 0)
			rc = -errno;
	}
	if (rc == 0)
		copy_report(out, text, first);
	if (out != NULL && (out == stdout ? fflush(out) : fclose(out)) != 0 && rc == 0)
		rc = -errno;
	free(text);
	if (rc != 0)
		snprintf(error, ENGINE_ERROR_BYTES, "%s: %s", path, strerror(-rc));
	return rc;
}

int engine_write_reports(const struct engine *e, char error[ENGINE_ERROR_BYTES])
{
	for (uint32_t i = 0; i < e->group_count; i++)
		for (uint32_t n = 0; n < e->groups[i].config->component_count; n++) {
			if (e->groups[i].config->components[n].report == NULL)
				continue;
			int rc = write_report(&e->groups[i], n, report_is_first(e, i, n), error);

			if (rc != 0)
				return rc;
		}
	return 0;
}
