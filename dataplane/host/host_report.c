/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What is said about groups: one report of version 3 for as many as fit a frame, or a message per
 * group of version 1 or 2. All carry router alert and live for one hop.
 */
#include <assert.h>

#include "dataplane/host/host_private.h"
#include "dataplane/wire/igmp.h"

static_assert(IPV4_ALERT_BYTES + IGMP_BYTES + IGMP_RECORD_BYTES +
                              HOST_SOURCES_MAX * IGMP_SOURCE_BYTES <=
                      HOST_MTU_MIN,
              "any record fits an empty report");

/* An IGMP message on its way into a frame. */
struct message {
	uint8_t *frame;
	uint8_t *ip;
	uint8_t *igmp;
	uint32_t bytes; /* of the message so far */
	uint32_t bytes_max;
	uint16_t records;
};

static void begin(const struct host *h, uint32_t destination, uint8_t *out, struct message *m)
{
	*m = (struct message){
	        .frame = out,
	        .ip = host_begin(h, ether_of_group(destination), ETHER_TYPE_IPV4, out),
	        .bytes = IGMP_BYTES,
	        .bytes_max = h->options.mtu - IPV4_ALERT_BYTES,
	};
	m->igmp = m->ip + IPV4_ALERT_BYTES;
}

static uint32_t finish(struct host *h, uint32_t destination, struct message *m)
{
	const struct ipv4 header = {
	        .source = h->options.address,
	        .destination = destination,
	        .id = h->ip_id++,
	        .protocol = IPV4_PROTOCOL_IGMP,
	        .ttl = 1,
	        .tos = IPV4_TOS_CONTROL,
	        .router_alert = true,
	        .payload_bytes = m->bytes,
	};

	ipv4_build(m->ip, &header);
	return host_end(m->frame, m->igmp + m->bytes);
}

/* A message about one group of versions 1 and 2. */
static uint32_t say(struct host *h, enum igmp_message type, uint32_t group, uint8_t *out)
{
	uint32_t destination = type == IGMP_V2_LEAVE ? IGMP_ALL_ROUTERS : group;
	struct message m;

	begin(h, destination, out, &m);
	igmp_build(m.igmp, type, group);
	if (type == IGMP_V2_LEAVE)
		h->stats.igmp_leaves++;
	else
		h->stats.igmp_reports++;
	return finish(h, destination, &m);
}

static uint32_t finish_report(struct host *h, struct message *m)
{
	if (h->closed)
		h->stats.igmp_leaves++;
	else
		h->stats.igmp_reports++;
	igmp_build_report(m->igmp, m->records, m->bytes);
	return finish(h, IGMP_V3_ROUTERS, m);
}

static void add_record(struct message *m, enum igmp_record type, uint32_t group,
                       const uint32_t *sources, uint32_t count)
{
	m->bytes += igmp_build_record(m->igmp + m->bytes, type, group, sources, (uint16_t)count);
	m->records++;
}

static enum igmp_record record_of(enum host_sweep sweep, bool any_source)
{
	switch (sweep) {
	case HOST_SWEEP_JOIN:
		return any_source ? IGMP_TO_EXCLUDE : IGMP_ALLOW;
	case HOST_SWEEP_LEAVE:
		return any_source ? IGMP_TO_INCLUDE : IGMP_BLOCK;
	case HOST_SWEEP_NONE:
	case HOST_SWEEP_CURRENT:
		break;
	}
	return any_source ? IGMP_IS_EXCLUDE : IGMP_IS_INCLUDE;
}

/* The record of the group at the sweep's place, if it still fits. */
static bool add_next(struct host *h, struct message *m)
{
	const struct host_group *g = &h->groups[h->sweep_group];

	if (m->bytes_max - m->bytes < IGMP_RECORD_BYTES + g->source_count * IGMP_SOURCE_BYTES)
		return false;
	add_record(m, record_of(h->sweep, g->source_count == 0), g->address, g->sources,
	           g->source_count);
	h->sweep_group++;
	return true;
}

static uint32_t report_v3(struct host *h, uint8_t *out)
{
	struct message m;

	begin(h, IGMP_V3_ROUTERS, out, &m);
	while (h->sweep_group < h->group_count && add_next(h, &m))
		;
	return finish_report(h, &m);
}

uint32_t host_report_sweep(struct host *h, uint8_t *out)
{
	if (h->sweep_group == h->group_count)
		return 0;
	if (h->version == 3)
		return report_v3(h, out);
	uint32_t group = h->groups[h->sweep_group++].address;

	if (h->sweep != HOST_SWEEP_LEAVE)
		return say(h, h->version == 1 ? IGMP_V1_REPORT : IGMP_V2_REPORT, group, out);
	/* Version 1 has no word for leaving: it is noticed in time. */
	return h->version == 1 ? 0 : say(h, IGMP_V2_LEAVE, group, out);
}

/* Which of the sources that were asked about are wanted: all where the group is wanted from any
 * (RFC 3376, 5.2). */
static uint32_t wanted(const struct host_group *g, uint32_t sources[HOST_SOURCES_MAX])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < g->asked_count; i++) {
		bool is_wanted = g->source_count == 0;

		for (uint32_t n = 0; n < g->source_count; n++)
			is_wanted |= g->sources[n] == g->asked[i];
		if (is_wanted)
			sources[count++] = g->asked[i];
	}
	return count;
}

uint32_t host_report_group(struct host *h, struct host_group *g, uint8_t *out)
{
	uint32_t sources[HOST_SOURCES_MAX];
	uint32_t count = 0;
	struct message m;

	if (h->version < 3)
		return say(h, h->version == 1 ? IGMP_V1_REPORT : IGMP_V2_REPORT, g->address, out);
	begin(h, IGMP_V3_ROUTERS, out, &m);
	if (g->asked_count == 0) {
		add_record(&m, record_of(HOST_SWEEP_CURRENT, g->source_count == 0), g->address,
		           g->sources, g->source_count);
		return finish_report(h, &m);
	}
	count = wanted(g, sources);
	if (count == 0)
		return 0;
	add_record(&m, IGMP_IS_INCLUDE, g->address, sources, count);
	return finish_report(h, &m);
}
