/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Check: what no single key shows. Everything is resolved; the first thing that does not fit
 * together is reported, with the numbers.
 */
#include "config/load.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"

#define POOL_SPARE_PER_FEED                                                           \
	(4ull << 20)         /* beyond the log's floor: parking, and a log that grows \
	                      */
#define BUFFERS_IN_WORK 512u /* bursts handed out, and the buffer pool's own cache */

/* Sets the path that the next error is about. */
__attribute__((format(printf, 2, 3))) static void at(struct load *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(l->path, sizeof(l->path), format, args);
	va_end(args);
}

#define FAIL(l, ...) \
	report_error(&(l)->report, tree_line((l)->root, (l)->path), (l)->path, __VA_ARGS__)

static int check_cores(struct load *l)
{
	const struct config_core *cores = l->config->cores;

	for (uint32_t i = 1; i < l->config->core_count; i++) {
		for (uint32_t j = 0; j < i; j++) {
			if (cores[i].cpu == CONFIG_NONE || cores[i].cpu != cores[j].cpu)
				continue;
			if (cores[i].idle == CONFIG_IDLE_YIELD &&
			    cores[j].idle == CONFIG_IDLE_YIELD)
				continue;
			at(l, "cores[%" PRIu32 "].cpu", i);
			return FAIL(l,
			            "%" PRIu32 " is the CPU of core \"%s\" already; a CPU each, or "
			            "idle: yield for both",
			            cores[i].cpu, cores[j].name);
		}
	}
	return 0;
}

/* Of the network as a whole, or everybody in it? /31 and /32 have neither. */
static bool is_network_wide(const struct config_port *p)
{
	uint32_t bits = p->prefix_bits >= 31 ? 0 : UINT32_MAX >> p->prefix_bits;

	return bits != 0 && ((p->address & bits) == 0 || (p->address & bits) == bits);
}

/* What a port's own address needs; looks at the ports before it, too. */
static int check_station(struct load *l, uint32_t port)
{
	const struct config_port *ports = l->config->ports;
	const struct config_port *p = &ports[port];
	char text[VALUE_TEXT_BYTES];

	if (p->address == 0) {
		at(l, "ports[%" PRIu32 "].igmp", port);
		return p->igmp == CONFIG_IGMP_OFF
		               ? 0
		               : FAIL(l, "the port has no address that reports could come from; "
		                         "give it ports[].address, or igmp: off");
	}
	value_print_prefix(p->address, p->prefix_bits, text);
	at(l, "ports[%" PRIu32 "].address", port);
	if (is_network_wide(p))
		return FAIL(l, "%s is the address of a whole network; one station's", text);
	for (uint32_t i = 0; i < port; i++)
		if (ports[i].address == p->address)
			return FAIL(l,
			            "%s is the address of port \"%s\" already; each address once",
			            text, ports[i].name);
	at(l, "ports[%" PRIu32 "].frame_bytes_max", port);
	if (p->frame_bytes_max < CONFIG_FRAME_HOST_MIN)
		return FAIL(l, "%" PRIu32 " are too few for a port with an address; at least %u",
		            p->frame_bytes_max, CONFIG_FRAME_HOST_MIN);
	return 0;
}

static int check_ports(struct load *l)
{
	const struct config_port *ports = l->config->ports;

	for (uint32_t i = 0; i < l->config->port_count; i++) {
		const struct config_port *p = &ports[i];
		uint64_t needed = (uint64_t)p->queues * p->descriptors + BUFFERS_IN_WORK;

		if (p->buffers < needed) {
			at(l, "ports[%" PRIu32 "].buffers", i);
			return FAIL(l,
			            "%" PRIu32 " are too few for %" PRIu32 " queues of %" PRIu32
			            " descriptors; at least %" PRIu64,
			            p->buffers, p->queues, p->descriptors, needed);
		}
		for (uint32_t j = 0; j < i; j++) {
			if (strcmp(p->device, ports[j].device) != 0)
				continue;
			at(l, "ports[%" PRIu32 "].device", i);
			return FAIL(l,
			            "\"%s\" is the device of port \"%s\" already; each device once",
			            report_quote(p->device).text, ports[j].name);
		}
		int status = check_station(l, i);

		if (status != 0)
			return status;
	}
	return 0;
}

/* A receive core tells lines apart by the datagrams' destination alone. */
static bool is_same_destination(const struct config *c, const struct config_line *a,
                                const struct config_line *b)
{
	return a->address == b->address && a->udp_port == b->udp_port &&
	       c->ports[a->port].core == c->ports[b->port].core;
}

/* Compares a line with all before it. */
static int check_destination(struct load *l, uint32_t feed, uint32_t line)
{
	const struct config *c = l->config;
	const struct config_line *mine = &c->feeds[feed].lines[line];
	char address[VALUE_TEXT_BYTES];

	for (uint32_t i = 0; i <= feed; i++) {
		const struct config_feed *f = &c->feeds[i];
		uint32_t count = i == feed ? line : f->line_count;

		for (uint32_t j = 0; j < count; j++) {
			if (!is_same_destination(c, mine, &f->lines[j]))
				continue;
			value_print_address(mine->address, mine->udp_port, address);
			at(l, "feeds[%" PRIu32 "].lines[%" PRIu32 "].address", feed, line);
			return FAIL(l,
			            "%s is line \"%s\" of feed \"%s\" already, polled by the same "
			            "core; "
			            "each destination once",
			            address, f->lines[j].name, f->name);
		}
	}
	return 0;
}

static int check_log(struct load *l, uint32_t feed)
{
	const struct config_feed *f = &l->config->feeds[feed];
	char min[VALUE_TEXT_BYTES];
	char max[VALUE_TEXT_BYTES];

	if (f->log_bytes_min <= f->log_bytes_max)
		return 0;
	value_print_bytes(f->log_bytes_min, min);
	value_print_bytes(f->log_bytes_max, max);
	at(l, "feeds[%" PRIu32 "].log.max", feed);
	return FAIL(l, "%s is less than min, %s; at least %s", max, min, min);
}

static int check_pool(struct load *l)
{
	const struct config *c = l->config;
	uint64_t floors = 0;
	char pool[VALUE_TEXT_BYTES];
	char sum[VALUE_TEXT_BYTES];
	char needed[VALUE_TEXT_BYTES];

	for (uint32_t i = 0; i < c->feed_count; i++)
		floors += c->feeds[i].log_bytes_min;
	uint64_t least = floors + c->feed_count * POOL_SPARE_PER_FEED;

	if (c->engine.pool_bytes >= least)
		return 0;
	value_print_bytes(c->engine.pool_bytes, pool);
	value_print_bytes(floors, sum);
	value_print_bytes(least, needed);
	at(l, "engine.pool");
	return FAIL(l,
	            "%s do not hold the logs' min of %s in all and 4MiB for each of %" PRIu32
	            " feeds; at least %s",
	            pool, sum, c->feed_count, needed);
}

static int check_feeds(struct load *l)
{
	for (uint32_t i = 0; i < l->config->feed_count; i++) {
		int status = 0;

		for (uint32_t j = 0; status == 0 && j < l->config->feeds[i].line_count; j++)
			status = check_destination(l, i, j);
		status = status != 0 ? status : check_log(l, i);
		if (status != 0)
			return status;
	}
	return check_pool(l);
}

static int check_shards(struct load *l, uint32_t group)
{
	const struct config_group *g = &l->config->groups[group];

	at(l, "groups[%" PRIu32 "].shard", group);
	if (tree_at(l->root, l->path) != NULL) {
		at(l, "groups[%" PRIu32 "].shards", group);
		if (tree_at(l->root, l->path) != NULL)
			return FAIL(l, "stands beside shard; one of the two");
	}
	at(l, "groups[%" PRIu32 "].shards", group);
	for (uint32_t i = 1; i < g->shard_count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (g->shards[i] == g->shards[j])
				return FAIL(l, "\"%s\" stands twice; each shard once",
				            l->config->shards[g->shards[i]].name);
	if (g->shard_count > g->count)
		return FAIL(l, "has %" PRIu32 " shards for %" PRIu32 "; not more than count",
		            g->shard_count, g->count);
	return 0;
}

static int check_selection(struct load *l, uint32_t group)
{
	const struct config_group *g = &l->config->groups[group];
	const struct config_feed *f = &l->config->feeds[g->feed];

	at(l, "groups[%" PRIu32 "].count", group);
	bool has_count = tree_at(l->root, l->path) != NULL;

	if (g->select == CONFIG_SELECT_HASH && !has_count)
		return FAIL(l,
		            "is missing; with symbols: hash, into how many groups they are dealt");
	if (g->select != CONFIG_SELECT_HASH && has_count && g->count != 1)
		return FAIL(
		        l, "%" PRIu32 " groups of the same symbols; only symbols: hash has a count",
		        g->count);
	at(l, "groups[%" PRIu32 "].symbols_max", group);
	if (g->symbols_max > f->symbols_max)
		return FAIL(l, "%" PRIu32 " is more than feed \"%s\" has; at most its %" PRIu32,
		            g->symbols_max, f->name, f->symbols_max);
	if (g->select == CONFIG_SELECT_LIST && g->symbols_max < g->symbol_count)
		return FAIL(l, "%" PRIu32 " is less than the list has; at least its %" PRIu32,
		            g->symbols_max, g->symbol_count);
	return 0;
}

static int check_groups(struct load *l)
{
	const struct config *c = l->config;
	uint64_t parts = 0;

	for (uint32_t i = 0; i < c->group_count; i++) {
		int status = check_selection(l, i);

		status = status != 0 ? status : check_shards(l, i);
		if (status != 0)
			return status;
		parts += c->groups[i].count;
		if (parts > CONFIG_GROUPS_MAX) {
			at(l, "groups[%" PRIu32 "].count", i);
			return FAIL(l, "makes %" PRIu64 " groups in all; up to %u", parts,
			            CONFIG_GROUPS_MAX);
		}
	}
	return 0;
}

int check_config(struct load *l)
{
	int status = check_cores(l);

	status = status != 0 ? status : check_ports(l);
	status = status != 0 ? status : check_feeds(l);
	return status != 0 ? status : check_groups(l);
}
