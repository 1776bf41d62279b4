/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whose datagram is it: the service by the source port that it came to, the node by where it came
 * from.
 */
#include "dataplane/request/requester_private.h"

static uint32_t route_at(uint16_t source_port)
{
	return source_port * 0x9e3779b1u >> 8;
}

/* Routes are at most half full, so the walk ends. */
static struct requester_route *route_find(const struct requester *r, uint16_t source_port)
{
	for (uint32_t i = route_at(source_port);; i++) {
		struct requester_route *e = &r->routes[i & r->route_mask];

		if (e->source_port == source_port || e->source_port == 0)
			return e;
	}
}

void requester_node_route(struct requester *r, uint16_t source_port, uint32_t service)
{
	struct requester_route *e = route_find(r, source_port);

	assert(source_port != 0);
	*e = (struct requester_route){.source_port = source_port, .service = (uint16_t)service};
}

uint32_t requester_node_service(const struct requester *r, uint16_t source_port)
{
	const struct requester_route *e = route_find(r, source_port);

	return source_port != 0 && e->source_port == source_port ? e->service
	                                                         : REQUESTER_NO_SERVICE;
}

bool requester_has_source_port(const struct requester *r, uint16_t source_port)
{
	return requester_node_service(r, source_port) != REQUESTER_NO_SERVICE;
}

uint32_t requester_node_of(const struct requester_service *s, const struct datagram *d)
{
	const struct requester_service_options *o = s->options;

	for (uint32_t i = 0; i < o->resilience->nodes; i++)
		if (o->nodes[i].address == d->source_address &&
		    o->nodes[i].udp_port == d->source_port)
			return i;
	return REQUESTER_NO_NODE;
}
