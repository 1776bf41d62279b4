/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Membership of groups: when something has to be said. What is said is in host_report.c.
 *
 * Timers: change_ns (joining is reported again), general_ns (a general query of version 3 is
 * answered), each group's response_ns (a query for it, or in versions 1 and 2 any query, is
 * answered), v1_until_ns and v2_until_ns (an old querier is forgotten).
 */
#include <errno.h>
#include <stddef.h>

#include "dataplane/host/host_private.h"
#include "dataplane/wire/igmp.h"

#define ROBUSTNESS_DEFAULT    2u /* RFC 3376, 8.1 */
#define QUERY_INTERVAL_NS     (125 * HOST_SECOND_NS)
#define RESPONSE_INTERVAL_NS  (10 * HOST_SECOND_NS)
#define CHANGE_INTERVAL_V3_NS HOST_SECOND_NS        /* RFC 3376, 8.11 */
#define CHANGE_INTERVAL_V2_NS (10 * HOST_SECOND_NS) /* RFC 2236, 8.10 */

static uint8_t version_max(const struct host *h)
{
	switch (h->options.igmp) {
	case HOST_IGMP_V3:
		return 3;
	case HOST_IGMP_V2:
		return 2;
	case HOST_IGMP_OFF:
		break;
	}
	return 0;
}

/* Nothing is due any more. */
static void cancel(struct host *h)
{
	h->general_ns = UINT64_MAX;
	h->change_ns = UINT64_MAX;
	h->change_left = 0;
	h->sweep = HOST_SWEEP_NONE;
	for (uint32_t i = 0; i < h->group_count; i++) {
		h->groups[i].response_ns = UINT64_MAX;
		h->groups[i].asked_count = 0;
	}
}

void host_init_igmp(struct host *h)
{
	h->robustness = ROBUSTNESS_DEFAULT;
	h->query_interval_ns = QUERY_INTERVAL_NS;
	h->version = version_max(h);
	h->stats.igmp_version = h->version;
	cancel(h);
}

static struct host_group *find(struct host *h, uint32_t group)
{
	for (uint32_t i = 0; i < h->group_count; i++)
		if (h->groups[i].address == group)
			return &h->groups[i];
	return NULL;
}

static bool has_source(const struct host_group *g, uint32_t source)
{
	for (uint32_t i = 0; i < g->source_count; i++)
		if (g->sources[i] == source)
			return true;
	return false;
}

static int add_source(struct host_group *g, uint32_t source)
{
	if (g->source_count == 0)
		return 0; /* any: this one is among them */
	if (source == 0) {
		g->source_count = 0;
		return 0;
	}
	if (has_source(g, source))
		return 0;
	if (g->source_count == HOST_SOURCES_MAX)
		return -EMFILE;
	g->sources[g->source_count++] = source;
	return 0;
}

int host_join(struct host *h, uint32_t group, uint32_t source)
{
	if (!ipv4_is_multicast(group))
		return -EINVAL;
	if (group == IGMP_ALL_HOSTS || h->version == 0)
		return 0;
	struct host_group *g = find(h, group);

	if (g != NULL)
		return add_source(g, source);
	if (h->group_count == HOST_GROUPS_MAX)
		return -EMFILE;
	g = &h->groups[h->group_count++];
	*g = (struct host_group){.address = group, .response_ns = UINT64_MAX};
	if (source != 0)
		g->sources[g->source_count++] = source;
	h->stats.groups = h->group_count;
	return 0;
}

void host_start_igmp(struct host *h, uint64_t now_ns)
{
	if (h->version == 0 || h->group_count == 0)
		return;
	h->change_left = h->robustness;
	h->change_ns = now_ns;
}

/* RFC 3376, 7.2.1: the oldest querier that was heard lately decides; a change forgets what is due.
 */
static void choose_version(struct host *h, uint64_t now_ns)
{
	uint8_t version = version_max(h);

	if (now_ns >= h->v1_until_ns)
		h->v1_until_ns = 0;
	if (now_ns >= h->v2_until_ns)
		h->v2_until_ns = 0;
	if (h->v1_until_ns != 0)
		version = 1;
	else if (h->v2_until_ns != 0)
		version = 2;
	if (version == h->version)
		return;
	h->version = version;
	h->stats.igmp_version = version;
	h->stats.igmp_version_changes++;
	cancel(h);
}

static void hear_old_querier(struct host *h, const struct igmp *query, uint64_t now_ns)
{
	uint64_t until_ns = now_ns + h->robustness * h->query_interval_ns + RESPONSE_INTERVAL_NS;

	if (query->version == 1)
		h->v1_until_ns = until_ns;
	else if (query->version == 2 && query->group == 0)
		h->v2_until_ns = until_ns;
	if (query->robustness != 0)
		h->robustness = query->robustness;
	if (query->interval_ns != 0)
		h->query_interval_ns = query->interval_ns;
	choose_version(h, now_ns);
}

/* Keeps what was asked about before and adds what is asked now; where either asks for the whole
 * group, or more than there is room for, the whole group is the answer. */
static void ask(struct host_group *g, const struct igmp *query, bool pending)
{
	if (query->source_count == 0 || (pending && g->asked_count == 0) ||
	    query->source_count > HOST_SOURCES_MAX - g->asked_count) {
		g->asked_count = 0;
		return;
	}
	for (uint16_t i = 0; i < query->source_count; i++)
		g->asked[g->asked_count++] = igmp_source(query, i);
}

static void ask_group(struct host *h, struct host_group *g, const struct igmp *query,
                      uint64_t due_ns)
{
	bool pending = g->response_ns != UINT64_MAX;

	if (h->version == 3)
		ask(g, query, pending);
	if (due_ns < g->response_ns)
		g->response_ns = due_ns;
}

/* RFC 3376, 5.2; for versions 1 and 2: RFC 2236, 3. Each group of these draws its own delay. */
static void schedule(struct host *h, const struct igmp *query, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + prng_below(&h->prng, query->response_ns + 1);

	if (h->general_ns <= due_ns)
		return; /* everything is going to be said sooner anyway */
	if (query->group != 0) {
		struct host_group *g = find(h, query->group);

		if (g != NULL)
			ask_group(h, g, query, due_ns);
		return;
	}
	if (h->version == 3) {
		h->general_ns = due_ns;
		return;
	}
	for (uint32_t i = 0; i < h->group_count; i++) {
		ask_group(h, &h->groups[i], query, due_ns);
		due_ns = now_ns + prng_below(&h->prng, query->response_ns + 1);
	}
}

static void on_query(struct host *h, const struct ipv4 *ip, const struct igmp *query,
                     uint64_t now_ns)
{
	uint64_t *const counters[] = {&h->stats.igmp_queries_v1, &h->stats.igmp_queries_v2,
	                              &h->stats.igmp_queries_v3};

	/* RFC 3376, 9.1: else anyone far away could make us talk. */
	if ((query->version > 1 && !ip->router_alert) ||
	    (query->group == 0 && ipv4_is_multicast(ip->destination) &&
	     ip->destination != IGMP_ALL_HOSTS)) {
		h->stats.ignored++;
		return;
	}
	(*counters[query->version - 1])++;
	h->querier = ip->source;
	hear_old_querier(h, query, now_ns);
	schedule(h, query, now_ns);
}

/* Versions 1 and 2: one report on a network is enough. */
static void on_report(struct host *h, const struct igmp *report)
{
	struct host_group *g = find(h, report->group);

	h->stats.igmp_reports_heard++;
	if (h->version == 3 || g == NULL || g->response_ns == UINT64_MAX)
		return;
	g->response_ns = UINT64_MAX;
	h->stats.igmp_suppressed++;
}

void host_on_igmp(struct host *h, const struct ipv4 *ip, uint64_t now_ns)
{
	struct igmp m;

	if (h->version == 0 ||
	    (ip->destination != IGMP_ALL_HOSTS && ip->destination != h->options.address &&
	     find(h, ip->destination) == NULL)) {
		h->stats.ignored++;
		return;
	}
	switch (igmp_parse(ip->payload, ip->payload_bytes, &m)) {
	case IGMP_QUERY:
		on_query(h, ip, &m, now_ns);
		break;
	case IGMP_REPORT:
		on_report(h, &m);
		break;
	case IGMP_OTHER:
		h->stats.ignored++;
		break;
	case IGMP_MALFORMED:
		h->stats.malformed++;
		break;
	case IGMP_BAD_CHECKSUM:
		h->stats.bad_checksum++;
		break;
	}
}

static void start_sweep(struct host *h, enum host_sweep sweep)
{
	h->sweep = sweep;
	h->sweep_group = 0;
}

static void start_join(struct host *h, uint64_t now_ns)
{
	uint64_t interval_ns = h->version == 3 ? CHANGE_INTERVAL_V3_NS : CHANGE_INTERVAL_V2_NS;

	start_sweep(h, HOST_SWEEP_JOIN);
	h->change_ns =
	        --h->change_left > 0 ? now_ns + 1 + prng_below(&h->prng, interval_ns) : UINT64_MAX;
}

static uint32_t next_of_sweep(struct host *h, uint8_t *out)
{
	while (h->sweep != HOST_SWEEP_NONE) {
		uint32_t bytes = host_report_sweep(h, out);

		if (bytes != 0)
			return bytes;
		bool again = h->sweep == HOST_SWEEP_LEAVE && --h->leave_left > 0;

		start_sweep(h, again ? HOST_SWEEP_LEAVE : HOST_SWEEP_NONE);
	}
	return 0;
}

static uint32_t next_of_groups(struct host *h, uint64_t now_ns, uint8_t *out)
{
	for (uint32_t i = 0; i < h->group_count; i++) {
		struct host_group *g = &h->groups[i];

		if (now_ns < g->response_ns)
			continue;
		g->response_ns = UINT64_MAX;
		uint32_t bytes = host_report_group(h, g, out);

		g->asked_count = 0;
		if (bytes != 0)
			return bytes;
	}
	return 0;
}

uint32_t host_poll_igmp(struct host *h, uint64_t now_ns, uint8_t *out)
{
	if (h->version == 0)
		return 0;
	if (!h->closed)
		choose_version(h, now_ns);
	uint32_t bytes = next_of_sweep(h, out);

	if (bytes != 0 || h->closed)
		return bytes;
	if (now_ns >= h->change_ns) {
		start_join(h, now_ns);
	} else if (now_ns >= h->general_ns) {
		h->general_ns = UINT64_MAX;
		start_sweep(h, HOST_SWEEP_CURRENT);
	}
	bytes = next_of_sweep(h, out);
	return bytes != 0 ? bytes : next_of_groups(h, now_ns, out);
}

void host_leave_igmp(struct host *h)
{
	cancel(h);
	h->v1_until_ns = 0;
	h->v2_until_ns = 0;
	h->stats.groups = 0;
	if (h->version == 0 || h->group_count == 0)
		return;
	h->leave_left = h->robustness;
	start_sweep(h, HOST_SWEEP_LEAVE);
}
