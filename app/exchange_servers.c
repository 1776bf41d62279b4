/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_servers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_ROOM     4096u   /* answers of a server that wait for their times */
#define RESOURCES_ROOM 256u    /* of a service */
#define TURN_NS        150000u /* how long a request may wait to be looked at */
#define HOSTS_NS       100000000u

static struct exchange_station *find_station(struct exchange_servers *s, const char *device)
{
	for (uint32_t i = 0; i < s->station_count; i++)
		if (strcmp(s->stations[i].device, device) == 0)
			return &s->stations[i];
	return NULL;
}

/* The server's port: a line's, another server's, or one of its own. */
static int take_station(struct exchange_servers *s, struct exchange_server *server,
                        const struct exchange_options *o, const struct exchange_sender *sender,
                        char error[EXCHANGE_ERROR_BYTES])
{
	const char *device = server->options->device;
	struct port *port = NULL;
	int rc = 0;

	if (device[0] == '\0')
		device = o->line[0].device;
	server->station = find_station(s, device);
	for (uint32_t i = 0; i < o->line_count; i++)
		if (strcmp(device, o->line[i].device) == 0)
			port = sender->line[i].port;
	if (server->station == NULL) {
		server->station = &s->stations[s->station_count++];
		rc = exchange_station_open(server->station, device, port, error);
	}
	if (rc != 0)
		return rc;
	rc = exchange_station_add(server->station, server->options->address);
	if (rc != 0)
		snprintf(error, EXCHANGE_ERROR_BYTES, "%s: a server's address: %s", device,
		         strerror(-rc));
	return rc;
}

/* Of the service; NULL: no memory. */
static struct serve_resources *resources_of(struct exchange_servers *s, const char *name)
{
	for (uint32_t i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i], name) == 0)
			return &s->resources[i];
	void *memory = malloc(serve_resources_bytes(RESOURCES_ROOM));

	if (memory == NULL)
		return NULL;
	s->names[s->name_count] = name;
	serve_resources_init(&s->resources[s->name_count], memory, RESOURCES_ROOM);
	return &s->resources[s->name_count++];
}

static int start_server(struct exchange_servers *s, struct exchange_server *server,
                        const struct day_store *store)
{
	const struct exchange_server_options *o = server->options;

	if (o->kind == EXCHANGE_REREQUEST) {
		server->memory = malloc(serve_queue_bytes(QUEUE_ROOM));
		if (server->memory == NULL)
			return -ENOMEM;
		serve_mold_init(&server->mold, store, &o->script, server->memory, QUEUE_ROOM);
		return 0;
	}
	struct serve_resources *resources = resources_of(s, o->name);

	server->memory = malloc(serve_coap_bytes(QUEUE_ROOM));
	if (resources == NULL || server->memory == NULL)
		return -ENOMEM;
	serve_coap_init(&server->coap, resources, &o->script, server->memory, QUEUE_ROOM);
	return 0;
}

static int open_servers(struct exchange_servers *s, const struct exchange_options *o,
                        const struct day_store *store, const struct exchange_sender *sender,
                        char error[EXCHANGE_ERROR_BYTES])
{
	for (uint32_t i = 0; i < o->servers.count; i++) {
		struct exchange_server *server = &s->list[s->count++];

		server->options = &o->servers.list[i];
		int rc = take_station(s, server, o, sender, error);

		if (rc != 0)
			return rc;
		rc = start_server(s, server, store);
		if (rc != 0) {
			snprintf(error, EXCHANGE_ERROR_BYTES, "a server: %s", strerror(-rc));
			return rc;
		}
	}
	if (o->servers.glimpse.address == 0)
		return 0;
	return exchange_glimpse_open(&s->glimpse, &o->servers.glimpse, store, error);
}

int exchange_servers_open(struct exchange_servers **out, const struct exchange_options *o,
                          const struct day_store *store, struct exchange_sender *sender,
                          char error[EXCHANGE_ERROR_BYTES])
{
	*out = NULL;
	if (!exchange_servers_any(&o->servers))
		return 0;
	struct exchange_servers *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		snprintf(error, EXCHANGE_ERROR_BYTES, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	int rc = open_servers(s, o, store, sender, error);

	if (rc != 0) {
		exchange_servers_close(s);
		return rc;
	}
	sender->aside = (struct exchange_aside){.turn = exchange_servers_turn, .state = s};
	*out = s;
	return 0;
}

void exchange_servers_start(struct exchange_servers *s, uint64_t now_ns)
{
	for (uint32_t i = 0; i < s->count; i++)
		s->list[i].mold.start_ns = s->list[i].coap.start_ns = now_ns;
	if (s->glimpse != NULL)
		exchange_glimpse_start(s->glimpse, now_ns);
}

static void hear(void *state, const struct datagram *d, const struct serve_peer *from,
                 uint64_t now_ns)
{
	struct exchange_servers *s = state;

	for (uint32_t i = 0; i < s->count; i++) {
		struct exchange_server *server = &s->list[i];

		if (server->options->address != d->destination_address ||
		    server->options->udp_port != d->destination_port)
			continue;
		if (server->options->kind == EXCHANGE_REREQUEST)
			serve_mold_on_request(&server->mold, d->payload, d->payload_bytes, from,
			                      now_ns);
		else
			serve_coap_on_request(&server->coap, d->payload, d->payload_bytes, from,
			                      now_ns);
		return;
	}
	s->unclaimed++;
}

/* Sends what is due; returns when more will be. */
static uint64_t answer(struct exchange_server *server, uint64_t now_ns)
{
	const struct exchange_server_options *o = server->options;
	bool is_mold = o->kind == EXCHANGE_REREQUEST;
	const struct serve_reply *r;

	while ((r = is_mold ? serve_mold_poll(&server->mold, now_ns)
	                    : serve_coap_poll(&server->coap, now_ns)) != NULL)
		exchange_station_send(server->station, o->address, o->udp_port, r);
	return serve_queue_next_ns(is_mold ? &server->mold.queue : &server->coap.queue);
}

uint64_t exchange_servers_turn(void *state, uint64_t now_ns)
{
	struct exchange_servers *s = state;
	const struct exchange_listener listener = {.hear = hear, .state = s};
	uint64_t next_ns = now_ns + TURN_NS;

	for (uint32_t i = 0; i < s->station_count; i++) {
		if (exchange_station_receive(&s->stations[i], &listener, now_ns) > 0)
			next_ns = now_ns;
		if (now_ns >= s->poll_ns)
			exchange_station_poll(&s->stations[i], now_ns);
	}
	if (now_ns >= s->poll_ns)
		s->poll_ns = now_ns + HOSTS_NS;
	for (uint32_t i = 0; i < s->count; i++) {
		uint64_t at_ns = answer(&s->list[i], now_ns);

		next_ns = at_ns < next_ns ? at_ns : next_ns;
	}
	if (s->glimpse != NULL && exchange_glimpse_turn(s->glimpse, now_ns))
		next_ns = now_ns;
	return next_ns;
}

const struct serve_counts *exchange_server_counts(const struct exchange_server *s)
{
	return s->options->kind == EXCHANGE_REREQUEST ? &s->mold.counts : &s->coap.counts;
}

void exchange_servers_close(struct exchange_servers *s)
{
	if (s == NULL)
		return;
	exchange_glimpse_close(s->glimpse);
	for (uint32_t i = 0; i < s->station_count; i++)
		exchange_station_close(&s->stations[i]);
	for (uint32_t i = 0; i < s->count; i++)
		free(s->list[i].memory);
	for (uint32_t i = 0; i < s->name_count; i++)
		free(s->resources[i].list);
	free(s);
}
