/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/status_port.h"

#include <inttypes.h>

#include "app/status_number.h"
#include "dataplane/wire/ipv4.h"

#define ADDRESS_BYTES 24u

static uint64_t load(const _Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

void status_counters_text(FILE *out, const struct counter_table *t, const _Atomic uint64_t *words,
                          const char *indent)
{
	int column = 0;

	for (uint32_t i = 0; i < t->count; i++) {
		uint64_t v = load(&words[i]);

		if (v == 0)
			continue;
		if (column == 0)
			fputs(indent, out);
		column += fprintf(out, "%s %" PRIu64 "  ", t->counters[i].id, v);
		if (column > 90) {
			fputc('\n', out);
			column = 0;
		}
	}
	if (column != 0)
		fputc('\n', out);
}

json_t *status_counters_json(const struct counter_table *t, const _Atomic uint64_t *words)
{
	json_t *o = json_object();

	for (uint32_t i = 0; i < t->count; i++)
		json_object_set_new(o, t->counters[i].id, status_number(load(&words[i])));
	return o;
}

static const char *address_text(uint64_t a, char text[ADDRESS_BYTES])
{
	snprintf(text, ADDRESS_BYTES, "%u.%u.%u.%u", (unsigned)(a >> 24 & 255),
	         (unsigned)(a >> 16 & 255), (unsigned)(a >> 8 & 255), (unsigned)(a & 255));
	return text;
}

static const char *mac_text(uint64_t m, char text[ADDRESS_BYTES])
{
	snprintf(text, ADDRESS_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(m >> 40 & 255),
	         (unsigned)(m >> 32 & 255), (unsigned)(m >> 24 & 255), (unsigned)(m >> 16 & 255),
	         (unsigned)(m >> 8 & 255), (unsigned)(m & 255));
	return text;
}

/* The host's counters as its struct. */
static struct host_stats host_stats(const struct shared_port *p)
{
	struct host_stats h;

	SHARED_COPY(&h, p->host);
	return h;
}

/* The index-th membership of the port: a line with a group, or NULL. Before the port has joined and
 * after it has left there is none. */
static const struct shared_line *membership(const struct shared *s, uint32_t port, uint32_t index)
{
	if (host_stats(&s->ports[port]).groups == 0)
		return NULL;
	for (uint32_t f = 0; f < s->feed_count; f++)
		for (uint32_t n = 0; n < s->feeds[f].line_count; n++) {
			const struct shared_line *l = &s->feeds[f].lines[n];

			if (l->port == port && ipv4_is_multicast(l->address) && index-- == 0)
				return l;
		}
	return NULL;
}

static void print_groups(const struct shared *s, uint32_t port, FILE *out)
{
	const struct shared_line *l;
	char text[ADDRESS_BYTES];

	for (uint32_t i = 0; (l = membership(s, port, i)) != NULL; i++) {
		fprintf(out, "%s%s", i == 0 ? ", in " : ", ", address_text(l->address, text));
		if (l->source != 0)
			fprintf(out, " from %s", address_text(l->source, text));
	}
}

static void print_host(const struct shared *s, uint32_t port, FILE *out)
{
	const struct shared_port *p = &s->ports[port];
	struct host_stats h = host_stats(p);
	char text[ADDRESS_BYTES];

	fprintf(out, "  address %s/%u", address_text(p->address, text), p->prefix_bits);
	fprintf(out, " at %s", mac_text(p->mac, text));
	if (p->vlan != 0)
		fprintf(out, " in VLAN %u", p->vlan);
	if (h.igmp_version == 0) {
		fputs(", igmp off", out);
	} else {
		fprintf(out, ", igmp v%" PRIu64 ", ", h.igmp_version);
		if (load(&p->querier) != 0)
			fprintf(out, "querier %s", address_text(load(&p->querier), text));
		else
			fputs("no querier heard", out);
		print_groups(s, port, out);
	}
	fputc('\n', out);
	status_counters_text(out, &counters_host, p->host, "  host: ");
	if (load(&p->conflict_mac) != 0)
		fprintf(out, "  CONFLICT: %s uses this address, too\n",
		        mac_text(load(&p->conflict_mac), text));
}

void status_port_text(const struct shared *s, uint32_t port, FILE *out)
{
	const struct shared_port *p = &s->ports[port];

	fprintf(out, "port %s: %s\n", p->name, p->description);
	status_counters_text(out, &counters_port, p->stats, "  ");
	if (p->address != 0)
		print_host(s, port, out);
}

/* The address in words, or null for none. */
static void set_address(json_t *o, const char *key, uint64_t address)
{
	char text[ADDRESS_BYTES];

	json_object_set_new(o, key,
	                    address == 0 ? json_null() : json_string(address_text(address, text)));
}

static json_t *groups_json(const struct shared *s, uint32_t port)
{
	json_t *groups = json_array();
	const struct shared_line *l;

	for (uint32_t i = 0; (l = membership(s, port, i)) != NULL; i++) {
		json_t *o = json_object();

		set_address(o, "group", l->address);
		set_address(o, "source", l->source);
		json_array_append_new(groups, o);
	}
	return groups;
}

static json_t *host_json(const struct shared *s, uint32_t port)
{
	const struct shared_port *p = &s->ports[port];
	json_t *o = status_counters_json(&counters_host, p->host);
	uint64_t conflict_mac = load(&p->conflict_mac);
	char text[ADDRESS_BYTES];

	set_address(o, "address", p->address);
	json_object_set_new(o, "prefix_bits", json_integer(p->prefix_bits));
	json_object_set_new(o, "vlan", json_integer(p->vlan));
	json_object_set_new(o, "mac", json_string(mac_text(p->mac, text)));
	set_address(o, "querier", load(&p->querier));
	json_object_set_new(o, "conflict_mac",
	                    conflict_mac == 0 ? json_null()
	                                      : json_string(mac_text(conflict_mac, text)));
	json_object_set_new(o, "memberships", groups_json(s, port));
	return o;
}

json_t *status_port_json(const struct shared *s, uint32_t port)
{
	const struct shared_port *p = &s->ports[port];
	json_t *o = status_counters_json(&counters_port, p->stats);

	json_object_set_new(o, "name", json_string(p->name));
	json_object_set_new(o, "description", json_string(p->description));
	json_object_set_new(o, "host", p->address == 0 ? json_null() : host_json(s, port));
	return o;
}
