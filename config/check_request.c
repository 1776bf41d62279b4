/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Check of who is asked, and by what way. That services have addresses and ports that have some is
 * left to whoever wants to send: a simulation needs neither.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/load.h"
#include "config/value.h"

static int fail(struct load *l, const char *format, const char *text)
{
	return report_error(&l->report, tree_line(l->root, l->path), l->path, format, text);
}

static bool is_near(const struct config_port *p, uint32_t address)
{
	return p->prefix_bits != 0 &&
	       ((p->address ^ address) & UINT32_MAX << (32 - p->prefix_bits)) == 0 &&
	       address != p->address;
}

/* The gateway and the neighbours are stations of the port's network. */
static int check_way(struct load *l, uint32_t port)
{
	const struct config_port *p = &l->config->ports[port];
	char text[VALUE_TEXT_BYTES];

	snprintf(l->path, sizeof(l->path), "ports[%" PRIu32 "].gateway", port);
	value_print_station(p->gateway, text);
	if (p->gateway != 0 && !is_near(p, p->gateway))
		return fail(l, "%s is no other station of the port's own network; one of it", text);
	snprintf(l->path, sizeof(l->path), "ports[%" PRIu32 "].neighbours", port);
	for (uint32_t i = 0; i < p->neighbour_count; i++) {
		value_print_station(p->neighbours[i].address, text);
		if (!is_near(p, p->neighbours[i].address))
			return fail(l,
			            "%s is no other station of the port's own network; one of it",
			            text);
		for (uint32_t j = 0; j < i; j++)
			if (p->neighbours[j].address == p->neighbours[i].address)
				return fail(l, "%s stands twice; each station once", text);
	}
	return 0;
}

static int check_recovery(struct load *l, uint32_t feed)
{
	const struct config_recovery *r = &l->config->feeds[feed].recovery;
	const struct config_port *p = &l->config->ports[r->port];

	if (r->server_count == 0)
		return 0;
	snprintf(l->path, sizeof(l->path), "feeds[%" PRIu32 "].recovery.port", feed);
	if (p->address == 0)
		return fail(l,
		            "port \"%s\" has no address that could be answered to; give it "
		            "ports[].address",
		            p->name);
	snprintf(l->path, sizeof(l->path), "feeds[%" PRIu32 "].recovery.servers", feed);
	for (uint32_t i = 0; i < r->server_count; i++) {
		if (!is_near(p, r->nodes[i].address) && p->gateway == 0)
			return fail(l,
			            "%s is in another network than its port; give the port a "
			            "gateway",
			            r->servers[i]);
		for (uint32_t j = 0; j < i; j++)
			if (strcmp(r->servers[i], r->servers[j]) == 0)
				return fail(l, "%s stands twice; each server once", r->servers[i]);
	}
	snprintf(l->path, sizeof(l->path), "feeds[%" PRIu32 "].recovery.snapshot_above", feed);
	return r->snapshot_above <= r->recover_max
	               ? 0
	               : fail(l, "is more than %s; at most as many", "recover_max");
}

int check_requests(struct load *l)
{
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < l->config->port_count; i++)
		status = check_way(l, i);
	for (uint32_t i = 0; status == 0 && i < l->config->feed_count; i++)
		status = check_recovery(l, i);
	return status;
}
