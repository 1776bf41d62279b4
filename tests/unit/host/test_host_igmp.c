/* SPDX-License-Identifier: BSD-3-Clause
 *
 * When a host speaks about its groups; test_host_report.c has what it says.
 */
#include "tests/unit/host/host_world.h"

struct query {
	uint32_t destination;
	uint32_t group;
	uint8_t code; /* response time: tenths of a second */
	uint8_t version;
	bool no_alert;
	uint16_t source_count;
	uint32_t sources[80];
};

#define GENERAL(version_, code_)                                                      \
	{                                                                             \
		.destination = IGMP_ALL_HOSTS, .code = (code_), .version = (version_) \
	}

static void hear_igmp(uint32_t destination, bool alert, const uint8_t *message, uint32_t bytes)
{
	uint8_t frame[600];
	const struct ether e = {.destination = ether_of_group(destination),
	                        .source = PEER_MAC,
	                        .type = ETHER_TYPE_IPV4};
	const struct ipv4 ip = {.source = PEER,
	                        .destination = destination,
	                        .protocol = IPV4_PROTOCOL_IGMP,
	                        .ttl = 1,
	                        .router_alert = alert,
	                        .payload_bytes = bytes};
	uint32_t at = ether_build(frame, &e);

	at += ipv4_build(frame + at, &ip);
	memcpy(frame + at, message, bytes);
	put_le16(frame + at + 2, 0);
	put_le16(frame + at + 2, checksum_of(frame + at, bytes));
	hear(frame, at + bytes);
}

static void hear_query(const struct query *q)
{
	uint8_t p[12 + 4 * 80] = {0x11, q->version == 1 ? 0 : q->code};
	uint32_t bytes = q->version < 3 ? 8 : 12u + 4u * q->source_count;

	put_be32(p + 4, q->group);
	p[8] = 2;
	p[9] = 125;
	put_be16(p + 10, q->source_count);
	for (uint32_t i = 0; i < q->source_count; i++)
		put_be32(p + 12 + 4 * i, q->sources[i]);
	hear_igmp(q->destination, q->version > 1 && !q->no_alert, p, bytes);
}

static void hear_report(uint8_t type, uint32_t group)
{
	uint8_t p[8] = {type};

	put_be32(p + 4, group);
	hear_igmp(group, true, p, sizeof(p));
}

/* Joined long ago: all that was said about it is forgotten. */
static void settled(enum host_igmp igmp, uint64_t seed)
{
	fresh_with(igmp, 0, seed);
	CU_ASSERT_EQUAL(host_join(&host, GROUP, 0), 0);
	CU_ASSERT_EQUAL(host_join(&host, GROUP + 1, SOURCE), 0);
	host_on_link_up(&host, now_ns);
	pass(30 * SECOND);
	forget();
}

static void test_joins_are_repeated(void)
{
	for (uint64_t seed = 1; seed < 50; seed++) {
		fresh_with(HOST_IGMP_V3, 0, seed);
		host_join(&host, GROUP, 0);
		host_on_link_up(&host, now_ns);
		poll_now();
		CU_ASSERT_EQUAL_FATAL(said_count, 2); /* with the announcement */
		forget();
		pass(SECOND);
		CU_ASSERT_EQUAL(said_count, 1); /* within a second, once */
		pass(10 * SECOND);
		CU_ASSERT_EQUAL(host.stats.igmp_reports, 2);
	}
}

static void test_general_query(void)
{
	static const struct query q = GENERAL(3, 50);
	uint64_t least_ns = UINT64_MAX;
	uint64_t most_ns = 0;

	for (uint64_t seed = 1; seed < 200; seed++) {
		settled(HOST_IGMP_V3, seed);
		uint64_t asked_ns = now_ns;

		hear_query(&q);
		pass(30 * SECOND);
		CU_ASSERT_EQUAL_FATAL(said_count, 1);
		uint64_t after_ns = said[0].ns - asked_ns;

		CU_ASSERT(after_ns <= 5 * SECOND + MS);
		least_ns = after_ns < least_ns ? after_ns : least_ns;
		most_ns = after_ns > most_ns ? after_ns : most_ns;
	}
	CU_ASSERT(least_ns < 500 * MS); /* all over the time given */
	CU_ASSERT(most_ns > 4500 * MS);
	CU_ASSERT_EQUAL(host.stats.igmp_queries_v3, 1);
	CU_ASSERT_EQUAL(host.querier, PEER);
}

static void test_a_sooner_answer_covers_later_ones(void)
{
	static const struct query soon = GENERAL(3, 1);
	static const struct query late = GENERAL(3, 100);
	static const struct query specific = {GROUP, GROUP, 100, 3, false, 0, {0}};

	settled(HOST_IGMP_V3, 1);
	hear_query(&soon);
	hear_query(&late);
	hear_query(&specific);
	pass(30 * SECOND);
	CU_ASSERT_EQUAL(said_count, 1);
}

static void test_group_query(void)
{
	static const struct query ours = {GROUP, GROUP, 10, 3, false, 0, {0}};
	static const struct query not_ours = {IGMP_ALL_HOSTS, GROUP + 9, 10, 3, false, 0, {0}};

	settled(HOST_IGMP_V3, 1);
	hear_query(&not_ours);
	pass(30 * SECOND);
	CU_ASSERT_EQUAL(said_count, 0);
	hear_query(&ours);
	hear_query(&ours); /* a querier asks twice */
	pass(SECOND + MS);
	CU_ASSERT_EQUAL(said_count, 1);
}

static uint32_t asked_sources(const struct query *a, const struct query *b, uint32_t *type)
{
	forget();
	hear_query(a);
	if (b != NULL)
		hear_query(b);
	pass(2 * SECOND);
	if (said_count == 0)
		return UINT32_MAX;
	const uint8_t *record = igmp_of(0, IGMP_V3_ROUTERS) + 8;

	CU_ASSERT_EQUAL(said_count, 1);
	CU_ASSERT_EQUAL(be32(record + 4), a->group);
	*type = record[0];
	return be16(record + 2);
}

static void test_group_and_source_query(void)
{
	struct query any = {GROUP, GROUP, 10, 3, false, 2, {SOURCE, SOURCE + 1}};
	struct query one = {GROUP + 1, GROUP + 1, 10, 3, false, 2, {SOURCE, SOURCE + 1}};
	struct query none = {GROUP + 1, GROUP + 1, 10, 3, false, 1, {SOURCE + 1}};
	struct query whole = {GROUP, GROUP, 10, 3, false, 0, {0}};
	uint32_t type = 0;

	settled(HOST_IGMP_V3, 1);
	CU_ASSERT_EQUAL(asked_sources(&any, NULL, &type), 2); /* all of them are wanted */
	CU_ASSERT_EQUAL(type, IGMP_IS_INCLUDE);
	CU_ASSERT_EQUAL(asked_sources(&one, NULL, &type), 1); /* the one that is */
	CU_ASSERT_EQUAL(type, IGMP_IS_INCLUDE);
	CU_ASSERT_EQUAL(asked_sources(&none, NULL, &type), UINT32_MAX);
	CU_ASSERT_EQUAL(asked_sources(&any, &any, &type), 4); /* what was asked adds up */
	CU_ASSERT_EQUAL(asked_sources(&any, &whole, &type), 0);
	CU_ASSERT_EQUAL(type, IGMP_IS_EXCLUDE);
	CU_ASSERT_EQUAL(asked_sources(&whole, &any, &type), 0);
	CU_ASSERT_EQUAL(type, IGMP_IS_EXCLUDE);
	any.source_count = 65; /* more than is kept: the whole is the answer */
	CU_ASSERT_EQUAL(asked_sources(&any, NULL, &type), 0);
	CU_ASSERT_EQUAL(type, IGMP_IS_EXCLUDE);
}

static void test_falls_back_to_v2(void)
{
	static const struct query q = GENERAL(2, 100);

	settled(HOST_IGMP_V3, 1);
	CU_ASSERT_EQUAL(host.version, 3);
	hear_query(&q);
	CU_ASSERT_EQUAL(host.version, 2);
	CU_ASSERT_EQUAL(host.stats.igmp_version, 2);
	pass(10 * SECOND + MS);
	CU_ASSERT_EQUAL_FATAL(said_count, 2); /* a report per group, to the group */
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t group = be32(ip_of(i) + 16);

		CU_ASSERT_EQUAL(igmp_of(i, group)[0], 0x16);
		CU_ASSERT_EQUAL(be32(igmp_of(i, group) + 4), group);
	}
	pass(250 * SECOND - 2 * MS); /* 2 x 125 s + 10 s after the query */
	CU_ASSERT_EQUAL(host.version, 2);
	pass(2 * MS);
	CU_ASSERT_EQUAL(host.version, 3);
	CU_ASSERT_EQUAL(host.stats.igmp_version_changes, 2);
}

static void test_a_change_forgets_what_was_due(void)
{
	static const struct query q3 = GENERAL(3, 100);
	static const struct query q2 = {GROUP, GROUP, 1, 2, false, 0, {0}};
	static const struct query q1 = GENERAL(1, 0);

	settled(HOST_IGMP_V3, 1);
	hear_query(&q3);
	hear_query(&q2); /* for a group: no sign of an old querier */
	CU_ASSERT_EQUAL(host.version, 3);
	hear_query(&q1);
	CU_ASSERT_EQUAL(host.version, 1);
	pass(11 * SECOND);
	CU_ASSERT_EQUAL_FATAL(said_count, 2);
	CU_ASSERT_EQUAL(igmp_of(0, be32(ip_of(0) + 16))[0], 0x12);
	CU_ASSERT_EQUAL(host.stats.igmp_queries_v1, 1);
}

static void test_v2_is_never_more(void)
{
	static const struct query q = GENERAL(3, 10);

	settled(HOST_IGMP_V2, 1);
	hear_query(&q);
	pass(2 * SECOND);
	CU_ASSERT_EQUAL_FATAL(said_count, 2);
	CU_ASSERT_EQUAL(igmp_of(0, be32(ip_of(0) + 16))[0], 0x16);
	CU_ASSERT_EQUAL(host.version, 2);
}

static void test_v2_delays(void)
{
	static const struct query slow = GENERAL(2, 250);
	static const struct query fast = {GROUP, GROUP, 1, 2, false, 0, {0}};

	settled(HOST_IGMP_V2, 3);
	hear_query(&slow);
	hear_query(&fast); /* an answer is wanted sooner than it was due */
	pass(200 * MS);
	CU_ASSERT_EQUAL_FATAL(said_count, 1);
	CU_ASSERT_EQUAL(be32(ip_of(0) + 16), GROUP);
	pass(26 * SECOND);
	CU_ASSERT_EQUAL(said_count, 2);
}

static void test_v2_suppression(void)
{
	static const struct query q = GENERAL(2, 100);

	settled(HOST_IGMP_V2, 1);
	hear_query(&q);
	hear_report(0x16, GROUP);
	hear_report(0x12, GROUP + 1); /* a report of version 1 will do */
	hear_report(0x16, GROUP + 5); /* none of ours */
	pass(30 * SECOND);
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.igmp_suppressed, 2);
	CU_ASSERT_EQUAL(host.stats.igmp_reports_heard, 2);
	settled(HOST_IGMP_V3, 1); /* version 3 speaks for itself */
	hear_query(&(struct query){GROUP, GROUP, 100, 3, false, 0, {0}});
	hear_report(0x16, GROUP);
	pass(30 * SECOND);
	CU_ASSERT_EQUAL(said_count, 1);
}

static void test_queries_from_afar_are_ignored(void)
{
	static const struct query others[] = {
	        {IGMP_ALL_HOSTS, 0, 1, 3, true, 0, {0}}, /* no router alert */
	        {IGMP_ALL_HOSTS, 0, 1, 2, true, 0, {0}},
	        {GROUP, 0, 1, 3, false, 0, {0}},             /* general, not to all hosts */
	        {GROUP + 9, GROUP + 9, 1, 3, false, 0, {0}}, /* to a group of others */
	        {ADDRESS + 1, 0, 1, 3, false, 0, {0}},
	};

	settled(HOST_IGMP_V3, 1);
	host.stats.ignored = 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		hear_query(&others[i]);
	pass(2 * SECOND);
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.ignored, sizeof(others) / sizeof(others[0]));
	hear_query(&(struct query){
	        ADDRESS, 0, 1, 3, false, 0, {0}}); /* to us alone: RFC 3376, 4.1.12 */
	pass(2 * SECOND);
	CU_ASSERT_EQUAL(said_count, 1);
}

static void test_robustness_is_the_queriers(void)
{
	uint8_t p[12] = {0x11, 1, 0, 0, 0, 0, 0, 0, 4, 20, 0, 0};

	settled(HOST_IGMP_V3, 1);
	hear_igmp(IGMP_ALL_HOSTS, true, p, sizeof(p));
	CU_ASSERT_EQUAL(host.robustness, 4);
	CU_ASSERT_EQUAL(host.query_interval_ns, 20 * SECOND);
	pass(2 * SECOND);
	forget();
	host_on_link_up(&host, now_ns);
	pass(30 * SECOND);
	CU_ASSERT_EQUAL(said_count, 2 + 4); /* announcements; reports */
}

static void test_faults(void)
{
	uint8_t p[12] = {0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 1};

	settled(HOST_IGMP_V3, 1);
	hear_igmp(IGMP_ALL_HOSTS, true, p, sizeof(p));
	hear_igmp(IGMP_ALL_HOSTS, true, p, 4);
	CU_ASSERT_EQUAL(host.stats.malformed, 2);
	p[0] = 0x13; /* DVMRP */
	hear_igmp(IGMP_ALL_HOSTS, true, p, 8);
	CU_ASSERT_EQUAL(host.stats.ignored, 1);
	pass(30 * SECOND);
	CU_ASSERT_EQUAL(said_count, 0);
}

static void test_off(void)
{
	settled(HOST_IGMP_OFF, 1);
	hear_query(&(struct query)GENERAL(3, 1));
	pass(2 * SECOND);
	host_leave(&host);
	poll_now();
	CU_ASSERT_EQUAL(said_count, 0);
	CU_ASSERT_EQUAL(host.stats.igmp_version, 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"joins are repeated", test_joins_are_repeated},
	        {"general query", test_general_query},
	        {"a sooner answer covers later ones", test_a_sooner_answer_covers_later_ones},
	        {"group query", test_group_query},
	        {"group and source query", test_group_and_source_query},
	        {"falls back to version 2", test_falls_back_to_v2},
	        {"a change forgets what was due", test_a_change_forgets_what_was_due},
	        {"version 2 is never more", test_v2_is_never_more},
	        {"version 2: delays", test_v2_delays},
	        {"version 2: suppression", test_v2_suppression},
	        {"queries from afar are ignored", test_queries_from_afar_are_ignored},
	        {"robustness is the querier's", test_robustness_is_the_queriers},
	        {"faults", test_faults},
	        {"off", test_off},
	};
	return SUITE_RUN("host igmp", tests);
}
