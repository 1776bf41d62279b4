/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The rules across keys, each at its edge: what just fits loads, one step further does not. (What
 * is said about it is in tests/golden/config/bad.)
 */
#include "tests/unit/config/context.h"
#include "tests/unit/suite.h"

static struct config_error error;

static bool loads(const char *text)
{
	struct config c;
	int status = context_load(&c, text, &error);

	config_finish(&c);
	return status == 0;
}

static void the_pool_holds_the_logs(void)
{
	static const char feeds[] =
	        CONTEXT_PORTS "feeds:\n"
	                      "  - {protocol: itch50, log: {min: 16MiB}, lines: [{address: "
	                      "239.0.0.1:1}]}\n"
	                      "  - {protocol: itch50, log: {min: 4MiB}, lines: [{address: "
	                      "239.0.0.2:1}]}\n";
	char text[1024];

	snprintf(text, sizeof(text), "engine: {pool: 28MiB}\n%s", feeds);
	CU_ASSERT_TRUE(loads(text));
	snprintf(text, sizeof(text), "engine: {pool: 26MiB}\n%s", feeds);
	CU_ASSERT_FALSE(loads(text));
	CU_ASSERT_EQUAL(error.line, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "26MiB do not hold the logs' min of 20MiB"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "at least 28MiB"));
}

static void the_log_grows_to_no_less_than_its_min(void)
{
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "    log: {min: 16MiB, max: 16MiB}\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "    log: {min: 16MiB, max: 14MiB}\n"));
	CU_ASSERT_TRUE(loads("engine: {pool: 1GiB}\n" CONTEXT_LEAST "    log: {min: 512MiB}\n"));
}

static void buffers_fill_the_queues(void)
{
	CU_ASSERT_TRUE(loads("ports: [{device: d, queues: 2, descriptors: 1024, buffers: "
	                     "2560}]\n" CONTEXT_FEEDS));
	CU_ASSERT_FALSE(loads("ports: [{device: d, queues: 2, descriptors: 1024, buffers: "
	                      "2559}]\n" CONTEXT_FEEDS));
}

static bool port_loads(const char *keys)
{
	char text[512];

	snprintf(text, sizeof(text), "ports: [{device: d, %s}]\n" CONTEXT_FEEDS, keys);
	return loads(text);
}

static void an_address_is_a_stations(void)
{
	CU_ASSERT_TRUE(port_loads("address: 10.1.2.3/24"));
	CU_ASSERT_TRUE(port_loads("address: 10.1.2.0/31"));
	CU_ASSERT_TRUE(port_loads("address: 10.1.2.255/32"));
	CU_ASSERT_TRUE(port_loads("address: 10.1.2.255/23"));
	CU_ASSERT_FALSE(port_loads("address: 10.1.2.0/24"));
	CU_ASSERT_FALSE(port_loads("address: 10.1.2.255/24"));
	CU_ASSERT_FALSE(loads("ports: [{device: d, address: 10.1.2.3/24}, {device: e, address: "
	                      "10.1.2.3/32}]\n" CONTEXT_FEEDS));
	CU_ASSERT_TRUE(port_loads("address: 10.1.2.3/24, frame_bytes_max: 602"));
	CU_ASSERT_FALSE(port_loads("address: 10.1.2.3/24, frame_bytes_max: 601"));
	CU_ASSERT_TRUE(port_loads("frame_bytes_max: 601"));
}

static void igmp_needs_an_address(void)
{
	struct config c;

	CU_ASSERT_TRUE(port_loads("igmp: off"));
	CU_ASSERT_FALSE(port_loads("igmp: v3"));
	CU_ASSERT_FALSE(port_loads("igmp: v2"));
	CU_ASSERT_TRUE(port_loads("address: 10.1.2.3/24, igmp: off"));
	CU_ASSERT_EQUAL_FATAL(context_load(&c, CONTEXT_LEAST, &error), 0);
	CU_ASSERT_EQUAL(c.ports[0].igmp, CONFIG_IGMP_OFF);
	config_finish(&c);
	CU_ASSERT_EQUAL_FATAL(
	        context_load(&c, "ports: [{device: d, address: 10.1.2.3/24}]\n" CONTEXT_FEEDS,
	                     &error),
	        0);
	CU_ASSERT_EQUAL(c.ports[0].igmp, CONFIG_IGMP_V3);
	CU_ASSERT_EQUAL(c.ports[0].address, 0x0a010203);
	CU_ASSERT_EQUAL(c.ports[0].prefix_bits, 24);
	config_finish(&c);
}

static void cores_share_a_cpu_only_where_both_yield(void)
{
	CU_ASSERT_TRUE(loads("cores: [{name: a, cpu: 1}, {name: b, cpu: 2}]\n" CONTEXT_LEAST));
	CU_ASSERT_TRUE(
	        loads("cores: [{cpu: 1, idle: yield}, {cpu: 1, idle: yield}]\n" CONTEXT_LEAST));
	CU_ASSERT_FALSE(
	        loads("cores: [{cpu: 1, idle: yield}, {cpu: 1, idle: pause}]\n" CONTEXT_LEAST));
	CU_ASSERT_FALSE(loads("cores: [{cpu: 1}, {cpu: 1, idle: yield}]\n" CONTEXT_LEAST));
	CU_ASSERT_TRUE(loads("cores: [{idle: spin}, {idle: spin}]\n" CONTEXT_LEAST));
}

#define TWO_PORTS(second_core)                         \
	"cores: [{name: x}, {name: y}]\n"              \
	"ports:\n  - {name: a, device: d0, core: x}\n" \
	"  - {name: b, device: d1, core: " second_core "}\n"

static void a_core_has_a_destination_once(void)
{
	static const char feeds[] =
	        "feeds:\n"
	        "  - {protocol: itch50, lines: [{port: a, address: 239.0.0.1:1}]}\n"
	        "  - {protocol: itch50, lines: [{port: b, address: 239.0.0.1:1}]}\n";
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", TWO_PORTS("y"), feeds);
	CU_ASSERT_TRUE(loads(text)); /* two cores: two receivers */
	snprintf(text, sizeof(text), "%s%s", TWO_PORTS("x"), feeds);
	CU_ASSERT_FALSE(loads(text));
	CU_ASSERT_TRUE(loads(CONTEXT_PORTS
	                     "feeds: [{protocol: itch50, lines: [{address: 239.0.0.1:1}, "
	                     "{address: 239.0.0.1:2}]}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_PORTS "feeds: [{protocol: itch50, lines: [{address: "
	                                    "239.0.0.1:1}, {address: 239.0.0.1:1}]}]\n"));
}

static void groups_are_bounded_after_they_are_spread(void)
{
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "groups: [{symbols: hash, count: 1023}, {}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "groups: [{symbols: hash, count: 1023}, {}, {}]\n"));
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "groups: [{symbols: hash, count: 1024}]\n"));
}

static void hash_and_count_go_together(void)
{
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "groups: [{symbols: hash}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "groups: [{symbols: all, count: 2}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "groups: [{symbols: [A, B], count: 2}]\n"));
	/* What config_print() says of every group. */
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "groups: [{symbols: all, count: 1}]\n"));
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "groups: [{symbols: hash, count: 1}]\n"));
}

static void symbols_max_lies_between_list_and_feed(void)
{
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "groups: [{symbols: [A, B], symbols_max: 2}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "groups: [{symbols: [A, B], symbols_max: 1}]\n"));
	CU_ASSERT_TRUE(loads(CONTEXT_LEAST "    symbols_max: 5\ngroups: [{symbols_max: 5}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "    symbols_max: 5\ngroups: [{symbols_max: 6}]\n"));
	CU_ASSERT_FALSE(loads(CONTEXT_LEAST "    symbols_max: 1\ngroups: [{symbols: [A, B]}]\n"));
}

int main(void)
{
	static const struct suite_test tests[] = {
	        {"the pool holds the logs", the_pool_holds_the_logs},
	        {"the log grows to no less than its min", the_log_grows_to_no_less_than_its_min},
	        {"buffers fill the queues", buffers_fill_the_queues},
	        {"an address is a station's", an_address_is_a_stations},
	        {"IGMP needs an address", igmp_needs_an_address},
	        {"cores share a CPU only where both yield",
	         cores_share_a_cpu_only_where_both_yield},
	        {"a core has a destination once", a_core_has_a_destination_once},
	        {"groups are bounded after they are spread",
	         groups_are_bounded_after_they_are_spread},
	        {"hash and count go together", hash_and_count_go_together},
	        {"symbols_max lies between list and feed", symbols_max_lies_between_list_and_feed},
	};

	return SUITE_RUN("config_check", tests);
}
