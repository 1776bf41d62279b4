/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who is asked, and from where: texts become addresses, what was left out gets a port and source
 * ports. Names are left as they are: a simulation needs no addresses, and `genesis run` says that
 * it does.
 */
#include "config/load.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/value.h"

#define SOURCE_PORT_FIRST 40000u /* of those that are given out */
#define SOURCE_PORTS      65536u
#define MAC_BYTES         6u

static const char *const nothing[] = {NULL};

static uint32_t count_texts(const char *const *texts)
{
	uint32_t count = 0;

	while (texts[count] != NULL)
		count++;
	return count;
}

/* "02:00:00:00:00:01", a station's. */
static bool read_mac(const char *text, uint64_t *out)
{
	uint64_t mac = 0;

	for (uint32_t i = 0; i < MAC_BYTES; i++) {
		static const char digits[] = "0123456789abcdef";

		for (uint32_t n = 0; n < 2; n++, text++) {
			char c = (char)(*text >= 'A' && *text <= 'F' ? *text - 'A' + 'a' : *text);
			const char *digit = c == '\0' ? NULL : strchr(digits, c);

			if (digit == NULL)
				return false;
			mac = mac << 4 | (uint64_t)(digit - digits);
		}
		if (*text++ != (i + 1 < MAC_BYTES ? ':' : '\0'))
			return false;
	}
	*out = mac;
	return mac != 0 && (mac >> 40 & 1) == 0;
}

static bool read_neighbour(const char *text, struct config_neighbour *out)
{
	const char *equals = strchr(text, '=');
	char address[VALUE_TEXT_BYTES];

	if (equals == NULL || (size_t)(equals - text) >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(equals - text), text);
	return value_station(address, &out->address) && read_mac(equals + 1, &out->mac);
}

static int resolve_neighbours(struct load *l, uint32_t port)
{
	struct config_port *p = &l->config->ports[port];

	if (p->neighbour_texts == NULL)
		p->neighbour_texts = nothing;
	p->neighbour_count = count_texts(p->neighbour_texts);
	struct config_neighbour *items =
	        arena_take(l->arena, (p->neighbour_count + 1ull) * sizeof(*items));

	if (items == NULL)
		return report_no_memory(&l->report);
	p->neighbours = items;
	for (uint32_t i = 0; i < p->neighbour_count; i++) {
		if (read_neighbour(p->neighbour_texts[i], &items[i]))
			continue;
		snprintf(l->path, sizeof(l->path), "ports[%" PRIu32 "].neighbours", port);
		return report_error(&l->report, tree_line(l->root, l->path), l->path,
		                    "\"%s\" is not a station and its MAC; as "
		                    "\"10.1.2.3=02:00:00:00:00:01\"",
		                    report_quote(p->neighbour_texts[i]).text);
	}
	return 0;
}

static uint32_t port_with_address(const struct config *c)
{
	for (uint32_t i = 0; i < c->port_count; i++)
		if (c->ports[i].address != 0)
			return i;
	return 0;
}

static void read_node(const char *text, struct config_node *out)
{
	*out = (struct config_node){0};
	if (!value_address(text, &out->address, &out->udp_port))
		*out = (struct config_node){0};
}

static int resolve_recovery(struct load *l, uint32_t feed)
{
	struct config_recovery *r = &l->config->feeds[feed].recovery;

	if (r->servers == NULL)
		r->servers = nothing;
	if (r->port == CONFIG_NONE)
		r->port = port_with_address(l->config);
	r->server_count = count_texts(r->servers);
	for (uint32_t i = 0; i < r->server_count; i++) {
		read_node(r->servers[i], &r->nodes[i]);
		if (r->nodes[i].address != 0)
			continue;
		snprintf(l->path, sizeof(l->path), "feeds[%" PRIu32 "].recovery.servers", feed);
		return report_error(&l->report, tree_line(l->root, l->path), l->path,
		                    "\"%s\" is not a server's address and port; as "
		                    "\"10.1.2.3:7000\"",
		                    report_quote(r->servers[i]).text);
	}
	return 0;
}

static void resolve_service(struct load *l, uint32_t service)
{
	struct config_service *s = &l->config->services[service];

	if (s->port == CONFIG_NONE)
		s->port = port_with_address(l->config);
	for (uint32_t i = 0; s->nodes[i] != NULL; i++)
		read_node(s->nodes[i], &s->addresses[i]);
	snprintf(l->path, sizeof(l->path), "services[%" PRIu32 "]", service);
	s->line = tree_line(l->root, l->path);
}

/* Source ports: whose they are; 0: nobody's, a service's number + 1, or a feed's behind them. */
struct source_ports {
	struct load *load;
	uint16_t owner[SOURCE_PORTS];
};

static const char *owner_name(const struct config *c, uint32_t owner)
{
	return owner <= c->service_count ? c->services[owner - 1].name
	                                 : c->feeds[owner - c->service_count - 1].name;
}

/* The range is the owner's, or it is refused for what it has in common with another's. */
static int claim(struct source_ports *s, uint32_t first, uint32_t count, uint32_t owner)
{
	struct load *l = s->load;
	uint32_t line = tree_line(l->root, l->path);

	if (first + count > SOURCE_PORTS)
		return report_error(&l->report, line, l->path,
		                    "%" PRIu32 " and what follows for each core, %" PRIu32
		                    " in all, goes beyond 65535; less",
		                    first, count);
	for (uint32_t i = first; i < first + count; i++) {
		if (s->owner[i] != 0)
			return report_error(&l->report, line, l->path,
			                    "UDP port %" PRIu32 " is one of \"%s\" already; each "
			                    "port once",
			                    i, owner_name(l->config, s->owner[i]));
		s->owner[i] = (uint16_t)owner;
	}
	return 0;
}

/* The first range of so many that is nobody's; 0: there is none. */
static uint32_t find_free(const struct source_ports *s, uint32_t count)
{
	uint32_t run = 0;

	for (uint32_t i = SOURCE_PORT_FIRST; i < SOURCE_PORTS; i++) {
		run = s->owner[i] == 0 ? run + 1 : 0;
		if (run == count)
			return i + 1 - count;
	}
	return 0;
}

static int give_out(struct source_ports *s, uint32_t *source_port, uint32_t count, uint32_t owner,
                    bool given)
{
	if ((*source_port != 0) != given)
		return 0;
	if (!given)
		*source_port = find_free(s, count);
	if (*source_port != 0)
		return claim(s, *source_port, count, owner);
	return report_error(&s->load->report, tree_line(s->load->root, s->load->path),
	                    s->load->path,
	                    "no %" PRIu32 " UDP ports in a row are left for it above %u; fewer "
	                    "source_ports",
	                    count, SOURCE_PORT_FIRST);
}

/* One pass for those that the file gives, one for the others. */
static int give_out_all(struct source_ports *s, bool given)
{
	struct load *l = s->load;
	struct config *c = l->config;
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < c->service_count; i++) {
		struct config_service *x = &c->services[i];

		snprintf(l->path, sizeof(l->path), "services[%" PRIu32 "].source_port", i);
		status =
		        give_out(s, &x->source_port, x->source_ports * c->core_count, i + 1, given);
	}
	for (uint32_t i = 0; status == 0 && i < c->feed_count; i++) {
		struct config_recovery *r = &c->feeds[i].recovery;

		if (r->server_count == 0)
			continue;
		snprintf(l->path, sizeof(l->path), "feeds[%" PRIu32 "].recovery.source_port", i);
		status = give_out(s, &r->source_port, 1, c->service_count + i + 1, given);
	}
	return status;
}

static int resolve_source_ports(struct load *l)
{
	struct source_ports *s = arena_take(l->arena, sizeof(*s));

	if (s == NULL)
		return report_no_memory(&l->report);
	memset(s, 0, sizeof(*s));
	s->load = l;
	int status = give_out_all(s, true);

	return status != 0 ? status : give_out_all(s, false);
}

int resolve_requests(struct load *l)
{
	struct config *c = l->config;
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < c->port_count; i++)
		status = resolve_neighbours(l, i);
	for (uint32_t i = 0; status == 0 && i < c->feed_count; i++)
		status = resolve_recovery(l, i);
	for (uint32_t i = 0; i < c->service_count; i++)
		resolve_service(l, i);
	return status != 0 ? status : resolve_source_ports(l);
}
