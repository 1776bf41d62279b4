/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/exchange_server_options.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct exchange_servers_options o;
static char error[SERVE_TEXT_BYTES];

static int parse(enum exchange_server_kind kind, const char *text)
{
	error[0] = '\0';
	int rc = exchange_servers_parse(&o, kind, text, error);

	CU_ASSERT_EQUAL(rc != 0, error[0] != '\0');
	return rc;
}

static void a_device_ends_where_an_address_follows(void)
{
	o = (struct exchange_servers_options){0};
	CU_ASSERT_EQUAL(parse(EXCHANGE_REREQUEST, "10.0.0.2:26500"), 0);
	CU_ASSERT_STRING_EQUAL(o.list[0].device, "");
	CU_ASSERT_TRUE(o.list[0].address == 0x0a000002 && o.list[0].udp_port == 26500);
	CU_ASSERT_EQUAL(
	        parse(EXCHANGE_REREQUEST,
	              "net_af_packet0,iface=eth1,framecnt=512=10.0.0.3:1,latency=2ms,fail=1%"),
	        0);
	CU_ASSERT_STRING_EQUAL(o.list[1].device, "net_af_packet0,iface=eth1,framecnt=512");
	CU_ASSERT_EQUAL(o.list[1].script.latency.scale_ns, 2000000);
	CU_ASSERT_EQUAL(o.list[1].script.failure_ppm, 10000);
	CU_ASSERT_EQUAL(parse(EXCHANGE_REREQUEST, "0000:17:00.0=10.0.0.4:1"), 0);
	CU_ASSERT_STRING_EQUAL(o.list[2].device, "0000:17:00.0");
	CU_ASSERT_EQUAL(o.count, 3);
	CU_ASSERT_TRUE(exchange_servers_any(&o));
}

static void a_node_has_a_name(void)
{
	o = (struct exchange_servers_options){0};
	CU_ASSERT_EQUAL(parse(EXCHANGE_NODE, "quotes=10.0.0.2:5683,loss=1%"), 0);
	CU_ASSERT_STRING_EQUAL(o.list[0].name, "quotes");
	CU_ASSERT_STRING_EQUAL(o.list[0].device, "");
	CU_ASSERT_EQUAL(o.list[0].script.loss_ppm, 10000);
	CU_ASSERT_EQUAL(parse(EXCHANGE_NODE, "quotes=net_tap0,iface=t=10.0.0.3:5683"), 0);
	CU_ASSERT_STRING_EQUAL(o.list[1].name, "quotes");
	CU_ASSERT_STRING_EQUAL(o.list[1].device, "net_tap0,iface=t");
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_NODE, "10.0.0.4:5683"), 0);
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_NODE, "=10.0.0.4:5683"), 0);
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_NODE, "a b=10.0.0.4:5683"), 0);
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_NODE, "n2345678901234567890123456789012=10.0.0.4:1"), 0);
	CU_ASSERT_EQUAL(o.count, 2);
}

static void what_cannot_be_is_refused(void)
{
	static const char *const wrong[] = {"",
	                                    "10.0.0.2",
	                                    "10.0.0.2:0",
	                                    "10.0.0.256:1",
	                                    "0.0.0.0:1",
	                                    "255.255.255.255:1",
	                                    "239.1.1.1:1",
	                                    "net_tap0=",
	                                    "10.0.0.2:1,",
	                                    "10.0.0.2:1,wrong=late",
	                                    "10.0.0.2:1,latency=2ms,"};
	char text[32];

	o = (struct exchange_servers_options){0};
	for (unsigned i = 0; i + 3 < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_REREQUEST, wrong[i]), 0);
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_REREQUEST, wrong[9]), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "wrong=late"));
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_REREQUEST, wrong[10]), 0);
	CU_ASSERT_EQUAL(o.count, 0);
	CU_ASSERT_EQUAL(parse(EXCHANGE_REREQUEST, "10.0.0.2:1"), 0);
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_NODE, "x=10.0.0.2:1"), 0); /* the same place */
	for (unsigned i = 2; i <= EXCHANGE_REREQUESTS_MAX; i++) {
		snprintf(text, sizeof(text), "10.0.0.2:%u", i);
		CU_ASSERT_EQUAL(parse(EXCHANGE_REREQUEST, text), 0);
	}
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_REREQUEST, "10.0.0.2:99"), 0);
	for (unsigned i = 1; i <= EXCHANGE_NODES_MAX; i++) {
		snprintf(text, sizeof(text), "x=10.0.0.3:%u", i);
		CU_ASSERT_EQUAL(parse(EXCHANGE_NODE, text), 0);
	}
	CU_ASSERT_NOT_EQUAL(parse(EXCHANGE_NODE, "x=10.0.0.3:99"), 0);
}

static void a_snapshot_server_is_one(void)
{
	o = (struct exchange_servers_options){0};
	CU_ASSERT_FALSE(exchange_servers_any(&o));
	CU_ASSERT_EQUAL(exchange_servers_parse_glimpse(&o, "127.0.0.1:26600,fail=5%", error), 0);
	CU_ASSERT_TRUE(o.glimpse.address == 0x7f000001 && o.glimpse.tcp_port == 26600);
	CU_ASSERT_EQUAL(o.glimpse.script.failure_ppm, 50000);
	CU_ASSERT_TRUE(exchange_servers_any(&o));
	CU_ASSERT_EQUAL(exchange_servers_parse_glimpse(&o, "127.0.0.1:1,wrong=truncated:1%", error),
	                0);
	CU_ASSERT_NOT_EQUAL(exchange_servers_parse_glimpse(&o, "127.0.0.1:1,wrong=token:1%", error),
	                    0);
	CU_ASSERT_NOT_EQUAL(exchange_servers_parse_glimpse(&o, "0.0.0.0:26600", error), 0);
	CU_ASSERT_NOT_EQUAL(exchange_servers_parse_glimpse(&o, "26600", error), 0);
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"a device ends where an address follows", a_device_ends_where_an_address_follows},
	        {"a node has a name", a_node_has_a_name},
	        {"what cannot be is refused", what_cannot_be_is_refused},
	        {"a snapshot server is one", a_snapshot_server_is_one},
	};

	return SUITE_RUN("exchange_server_options", tests);
}
